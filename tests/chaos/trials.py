"""Kill commands at random times, run them again, and count what a user would have to put right.

``make chaos`` runs it: ``python tests/chaos/trials.py [COMMAND ...] [--trials 26] [--seed 0]``.

A trial copies a small project, starts a command there, and kills its process group with
``kill -9`` at a time drawn uniformly from the duration of an undisturbed run. Then the same plain
command must go on, at once in every second trial, and in the others when nothing of the killed run
is left. Counted are:

- half-written: files at their final place that cannot be read when the command was killed;
- lost: runs that were finished when the command was killed, and were made again or are gone;
- orphans: processes of the killed run that live ``GRACE`` seconds longer;
- stuck: the plain command did not go on;
- leftovers: files that an undisturbed run does not leave, after the command has succeeded;
- different: results that are not those of an undisturbed run.
"""

import argparse
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["COUNTS", "GRACE", "Command", "Reference", "Trial", "main", "table", "trials"]

COUNTS = ("half-written", "lost", "orphans", "stuck", "leftovers", "different")
GRACE = 20.0
"""Seconds in which all processes of a killed run must end: each notices within about one."""

pause = time.sleep  # until the kill; tests replace it
_LONGEST = 600  # seconds of a run; a longer one hangs
_MARK = "HALFSPACE_CHAOS"  # its value is inherited by all processes of a run
_TOKENS = re.compile(r"\w+|\W")
# Snakemake names a log after the time of each call; bytecode comes as modules are imported.
_BY_CALL = re.compile(r"(^|/)(\.snakemake/log/|__pycache__/)")


@dataclass(frozen=True)
class Command:
    """A command to try.

    Attributes:
        name: what the table calls it.
        arguments: of ``make``.
        template: writes the small project into a new folder.
        finished: returns, for a project, the finished runs by name, each with a mark that changes
            if it is made again.
        broken: returns the output files that cannot be read.
        results: returns what must be equal to an undisturbed run, by name; texts are compared up
            to the words in which two undisturbed runs differ.
        twice: whether undisturbed runs can differ, so that two are needed.
    """

    name: str
    arguments: tuple[str, ...]
    template: Callable[[Path], None]
    finished: Callable[[Path], dict[str, object]]
    broken: Callable[[Path], list[str]]
    results: Callable[[Path], dict[str, str | bytes]]
    twice: bool = False


@dataclass
class Trial:
    """What one trial found.

    Attributes:
        after: seconds from the start to the kill.
        share: the same as a share of an undisturbed run's seconds.
        at_once: whether the command was run again while processes of the killed run could live.
        hit: whether the command still ran when it was killed.
        seconds: until the last process of the killed run had ended.
        found: by the names in ``COUNTS``, what was found wrong.
    """

    after: float
    share: float
    at_once: bool
    hit: bool = True
    seconds: float = 0.0
    found: dict[str, list[str]] = field(default_factory=lambda: {name: [] for name in COUNTS})


@dataclass(frozen=True)
class Reference:
    """Undisturbed runs: their seconds, files, and the results of two of them."""

    seconds: float
    files: set[str]
    results: tuple[dict, dict]


class Project:
    """A throw-away project with a home and a folder for temporary files of its own."""

    def __init__(self, template: Path, folder: Path):
        shutil.copytree(template, folder / "project", symlinks=True)
        self.folder, self.root = folder, folder / "project"
        for name in ("home", "tmp"):
            (folder / name).mkdir()

    def start(self, arguments: Sequence[str], mark: str) -> subprocess.Popen:
        """Start make as the leader of a process group; all its processes carry the mark."""
        names = ("PATH", "LANG", "LC_ALL", "OMP_NUM_THREADS")
        environment = {name: os.environ[name] for name in names if name in os.environ}
        environment |= {"MPLCONFIGDIR": str(self.folder.parent / "matplotlib")}
        environment |= {"HOME": str(self.folder / "home"), "TMPDIR": str(self.folder / "tmp")}
        with open(self.folder / f"{mark.rpartition('/')[2]}.log", "w", encoding="utf8") as log:
            return subprocess.Popen(
                ["make", "--no-print-directory", *arguments],
                cwd=self.root,
                env=environment | {_MARK: mark},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def run(self, arguments: Sequence[str], mark: str) -> str | None:
        """Run make to its end; return why it failed, if it did."""
        making = self.start(arguments, mark)
        try:
            status = making.wait(_LONGEST)
        except subprocess.TimeoutExpired:
            os.killpg(making.pid, signal.SIGKILL)
            making.wait()
            status = f"none within {_LONGEST} s"
        text = (self.folder / f"{mark.rpartition('/')[2]}.log").read_text(encoding="utf8")
        return f"status {status}: {text[-2000:]}" if status else None

    def files(self) -> set[str]:
        """Return the names of all files, those of home and temporary files included."""
        found = {
            path.relative_to(self.folder).as_posix()
            for name in ("project", "home", "tmp")
            for path in (self.folder / name).rglob("*")
            if not path.is_dir() or path.is_symlink()
        }
        # git writes what it has looked up into its index, not into new files.
        return {name for name in found if not _BY_CALL.search(name)}


def living(mark: str) -> dict[int, str]:
    """Return the processes that carry a mark: ids and command lines."""
    wanted, found = f"{_MARK}={mark}".encode(), {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if wanted in (folder / "environ").read_bytes().split(b"\0"):
                state = (folder / "stat").read_text().rpartition(")")[2].split()[0]
                if state not in "ZX":
                    line = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                    found[int(folder.name)] = line
        except OSError:  # another user's, or it has just ended
            continue
    return found


def reference(command: Command, template: Path, folder: Path) -> Reference:
    """Run a command without disturbance, twice if such runs can differ."""
    seconds, files, results = [], set(), []
    for number in range(1 + command.twice):
        project = Project(template, folder / f"undisturbed-{number}")
        started = time.monotonic()
        if failure := project.run(command.arguments, f"{project.folder}/undisturbed"):
            raise RuntimeError(f"{command.name} fails without disturbance, {failure}")
        seconds.append(time.monotonic() - started)
        files |= project.files()
        results.append(command.results(project.root))
        shutil.rmtree(project.folder)
    if not results[0]:
        raise RuntimeError(f"{command.name} leaves no results that could be compared")
    return Reference(seconds=min(seconds), files=files, results=(results[0], results[-1]))


def trial(command: Command, known: Reference, template: Path, folder: Path, told: Trial) -> Trial:
    """Kill a command once, run it again, and note what is wrong."""
    project, found = Project(template, folder), told.found
    mark = f"{folder}/killed"
    making = project.start(command.arguments, mark)
    pause(told.after)
    told.hit = making.poll() is None
    killed = time.monotonic()
    if told.hit:
        os.killpg(making.pid, signal.SIGKILL)
        making.wait()
    if not told.at_once:
        found["orphans"] += _outlived(mark, killed, told)
    found["half-written"] += command.broken(project.root)
    before = command.finished(project.root)
    if failure := project.run(command.arguments, f"{folder}/again"):
        found["stuck"].append(failure)
    if told.at_once:
        found["orphans"] += _outlived(mark, killed, told)
    after = command.finished(project.root)
    found["lost"] += sorted(name for name in before if after.get(name) != before[name])
    found["half-written"] += command.broken(project.root)
    found["leftovers"] += sorted(project.files() - known.files)
    found["orphans"] += living(f"{folder}/again").values()
    found["different"] += differences(command.results(project.root), known.results)
    for process in living(mark) | living(f"{folder}/again"):
        os.kill(process, signal.SIGKILL)
    return told


def _outlived(mark: str, killed: float, told: Trial) -> list[str]:
    """Wait for the end of the killed run's processes; return those that outlive the grace."""
    while (left := living(mark)) and time.monotonic() - killed < GRACE:
        time.sleep(0.1)
    told.seconds = time.monotonic() - killed
    return sorted(left.values())


def differences(results: dict, undisturbed: tuple[dict, dict]) -> list[str]:
    """Return the names of results that differ from those of undisturbed runs."""
    first, second = undisturbed
    wrong = sorted(results.keys() ^ first.keys())
    for name in sorted(results.keys() & first.keys()):
        texts = (results[name], first[name], second[name])
        if texts[0] != texts[1] and (isinstance(texts[0], bytes) or not _same_words(*texts)):
            wrong.append(name)
    return wrong


def _same_words(text: str, first: str, second: str) -> bool:
    """Return whether a text is the first but for words in which the first and second differ."""
    words, ours, theirs = (_TOKENS.findall(each) for each in (text, first, second))
    if not len(words) == len(ours) == len(theirs):
        return False
    return all(
        word == our or our != their for word, our, their in zip(words, ours, theirs, strict=True)
    )


def trials(
    command: Command, number: int, seed: int, folder: Path, jobs: int = 1, said: Callable = print
) -> tuple[Reference, list[Trial]]:
    """Run trials of one command.

    Args:
        command: which.
        number: how many.
        seed: of the times of the kills.
        folder: an empty one; what the trials leave there is kept if they found something.
        jobs: trials at a time.
        said: called with a line for each trial.
    """
    template = folder / "template"
    command.template(template)
    # Matplotlib lists the fonts once, which takes seconds; here it would do so in each new home.
    fonts = os.environ | {"MPLCONFIGDIR": str(folder / "matplotlib")}
    subprocess.run([sys.executable, "-c", "import matplotlib.font_manager"], env=fonts, check=True)
    known = reference(command, template, folder)
    draw = random.Random(f"{command.name} {seed}")
    shares = [draw.random() for _ in range(number)]
    planned = [Trial(share * known.seconds, share, k % 2 == 0) for k, share in enumerate(shares)]

    def one(place: int) -> Trial:
        told = trial(command, known, template, folder / f"trial-{place}", planned[place])
        wrong = {name: what for name, what in told.found.items() if what}
        said(
            f"{command.name}, trial {place}: killed after {told.after:.1f} s "
            f"({100 * told.share:.0f} %), {'at once' if told.at_once else 'waited'}: "
            f"{wrong or 'nothing wrong'}"
        )
        if not wrong:
            shutil.rmtree(folder / f"trial-{place}")
        return told

    with ThreadPoolExecutor(jobs) as pool:
        return known, list(pool.map(one, range(number)))


def table(done: dict[str, tuple[Reference, list[Trial]]]) -> str:
    """Return the counts of each command as a table in Markdown."""
    heads = ("command", "undisturbed, s", "trials", "killed while running", *COUNTS)
    rows = [heads, tuple("---" if k == 0 else "--:" for k in range(len(heads)))]
    for name, (known, told) in done.items():
        counts = (str(sum(len(each.found[count]) for each in told)) for count in COUNTS)
        hits = str(sum(each.hit for each in told))
        rows.append((name, f"{known.seconds:.0f}", str(len(told)), hits, *counts))
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def main(arguments: list[str] | None = None) -> int:
    """Read the command line and run the trials; the exit status is 1 if anything was found."""
    from projects import COMMANDS

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("commands", nargs="*", metavar="COMMAND", help=", ".join(COMMANDS))
    parser.add_argument("--trials", type=int, default=26, help="of each command")
    parser.add_argument("--seed", type=int, default=0, help="of the times of the kills")
    parser.add_argument("--jobs", type=int, default=2, help="trials at a time")
    options = parser.parse_args(arguments)
    if unknown := sorted(set(options.commands) - set(COMMANDS)):
        parser.error(f"there is no command {', '.join(unknown)}; there are {', '.join(COMMANDS)}")
    done, started = {}, time.monotonic()
    home = Path(tempfile.mkdtemp(prefix="chaos-"))
    for name in options.commands or COMMANDS:
        folder = home / name
        folder.mkdir()
        done[COMMANDS[name].name] = trials(
            COMMANDS[name],
            options.trials,
            options.seed,
            folder,
            options.jobs,
            said=lambda line: print(line, flush=True),
        )
    print(table(done))
    print(f"seed {options.seed}, {time.monotonic() - started:.0f} s")
    wrong = any(what for _, told in done.values() for each in told for what in each.found.values())
    if wrong:
        print(f"What the trials left is in {home}")
    else:
        shutil.rmtree(home)
    return int(wrong)


if __name__ == "__main__":
    sys.exit(main())
