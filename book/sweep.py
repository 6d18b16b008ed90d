"""Make a sweep: check all its runs, let Snakemake make what is missing, write table and page."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Mapping
from pathlib import Path

import processes
from build import end_group, interrupt
from whole import write_whole

SWEEPS = Path("sweeps")
FOLDERS = ("rows", "runs", "logs")
PAUSE = 0.5  # seconds between two looks at what has been made
EVERY = 10  # seconds between two lines about progress
JOB_MINUTES = 10  # that a job with several short runs may take
LINES = 15  # of Snakemake's log that are shown where runs are missing
CANCEL = 60  # seconds in which a cluster's jobs are cancelled


def main() -> None:
    """Read the settings NAME, OUT, CORES and PROFILE, and make the sweep."""
    signal.signal(signal.SIGTERM, interrupt)
    if "MAKELEVEL" in os.environ:  # started by make, which may be killed
        processes.end_with_parent(lambda: os.kill(os.getpid(), signal.SIGTERM))
    settings = {name: os.environ.get(name, "") for name in ("NAME", "OUT", "CORES", "PROFILE")}
    try:
        sys.exit(sweep(*settings.values()))
    except KeyboardInterrupt:
        print("Stopped. Finished runs are kept; the same command continues.", flush=True)
        sys.exit(130)
    except OSError as error:
        sys.exit(f"{error.filename} cannot be used ({error.strerror}); fix this and try again")


def sweep(name: str, out: str, cores: str, profile: str) -> int | str:
    """Return the exit status, 1 if a run failed, or a sentence that says what is wrong."""
    import fcntl

    import sweep_points

    if not (cores.isascii() and cores.isdigit() and int(cores) > 0):
        return f"CORES must be a whole number from 1; got {cores!r}"
    if profile and not any(Path(profile).glob("config*.yaml")):
        return f"PROFILE={profile} is no folder with a profile, such as profiles/slurm"
    try:
        plan = sweep_points.plan(sweep_path(name))
        folder = Path(out or f"_build/sweeps/{plan.name}")
        check_folder(folder, plan.name)
    except ValueError as error:
        return str(error)
    for part in FOLDERS:
        (folder / part).mkdir(parents=True, exist_ok=True)
    with open(folder / ".lock", "w", encoding="utf8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return f"Another make sweep is running in {folder}; wait until it has finished."
        return make(folder, plan, int(cores), profile)


def sweep_path(name: str) -> Path:
    """Return the file of a sweep that is named by its stem or its path.

    Raises:
        ValueError: If there is none; the message names the nearest.
    """
    from halfspace.companion.names import unknown

    known = sorted(path.stem for path in SWEEPS.glob("[!.]*.yaml"))
    if not name:
        raise ValueError(f"say which sweep, NAME={known[0] if known else 'x.yaml'}")
    path = Path(name) if name.endswith((".yaml", ".yml")) else SWEEPS / f"{name}.yaml"
    if not path.is_file():
        raise ValueError(f"NAME={name}: {unknown('sweep', name, known)}")
    return path


def check_folder(folder: Path, name: str) -> None:
    """Refuse a folder that holds anything but this sweep.

    Raises:
        ValueError: If it is a file, has braces in its name, or holds something else.
    """
    if set("{}") & set(str(folder)):
        raise ValueError(f"OUT={folder}: the folder's name must have no braces")
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"OUT={folder} is a file; name a folder")
    if not folder.exists() or not any(folder.iterdir()):
        return
    try:
        other = json.loads((folder / "plan.json").read_text(encoding="utf8"))["name"]
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        drafts = {path.name for path in folder.glob(".*.part")}
        if {path.name for path in folder.iterdir()} <= {*FOLDERS, ".lock", *drafts}:
            return  # a sweep that was stopped in its first moment
        raise ValueError(f"OUT={folder} holds other files; name a new folder") from None
    if other != name:
        raise ValueError(f"OUT={folder} holds the sweep {other}; name another folder")


def make(folder: Path, plan, cores: int, profile: str) -> int:
    """Make the missing runs, write the table and the page, and return the exit status."""
    import sweep_table

    write_whole(folder / "plan.json", plan.as_json())
    said = json.loads(plan.as_json())
    kept = sweep_table.read_rows(folder, said)
    clean(folder, {run for run, row in kept.items() if row["status"] == "done"}, plan)
    left = [run.id for run in plan.runs if kept.get(run.id, {}).get("status") != "done"]
    print(f"{plan.name}: {len(plan.runs)} runs, {len(left)} to make", flush=True)
    try:
        if left:
            run(folder, said, left, cores, profile)
    finally:
        remove_drafts(folder)
        table = sweep_table.write(folder, said, sweep_table.read_rows(folder, said))
    failed = int((table["status"] != "done").sum())
    print(f"The table and its page are in {folder}: index.html, table.csv, table.parquet")
    if failed:
        print(
            f"{failed} of {len(table)} runs failed or are missing; the table has the reasons, "
            f"{folder / 'logs'} the logs, and the same command tries them again."
        )
    return int(failed > 0)


def clean(folder: Path, done: set[str], plan) -> None:
    """Remove what a killed run left, and rows that failed or are damaged."""
    remove_drafts(folder)
    for entry in plan.runs:
        if entry.id not in done:
            (folder / "rows" / f"{entry.id}.json").unlink(missing_ok=True)


def remove_drafts(folder: Path) -> None:
    """Remove what nobody needs any more: drafts, notes of runs that were begun, copies of code."""
    shutil.rmtree(folder / "sources", ignore_errors=True)
    for draft in [*folder.glob(".*.part"), *folder.glob("*/.*.part"), *folder.glob("*/.*.begun")]:
        draft.unlink(missing_ok=True)  # a process of a killed run may still be ending


def batches(left: list[str], minutes: int, cores: int) -> dict[str, list[str]]:
    """Return jobs of one run each, or of several short ones, so that loading takes less of a job.

    Args:
        left: the runs' names.
        minutes: that a run may take.
        cores: jobs at a time; there are at least four times as many jobs if there are enough runs.
    """
    size = max(1, min(JOB_MINUTES // minutes, len(left) // (4 * cores)))
    parts = [left[start : start + size] for start in range(0, len(left), size)]
    return {f"job_{number}": part for number, part in enumerate(parts, 1)}


def run(folder: Path, plan: Mapping, left: list[str], cores: int, profile: str) -> None:
    """Let Snakemake make the runs that are left, with progress, and end all of it at the end.

    The lock on the folder replaces Snakemake's own, which would remain after a killed run. Rows are
    whole or not there, so that Snakemake need not note what it has made.
    """
    jobs = batches(left, plan["minutes"], cores)
    config = {"folder": str(folder), "cluster": bool(profile), "jobs": jobs}
    config["call"] = uuid.uuid4().hex  # tells its runs from those of a killed call
    config |= {name: plan[name] for name in ("threads", "minutes")}
    write_whole(folder / "jobs.json", json.dumps(config) + "\n")
    command = [sys.executable, "-m", "snakemake", "--snakefile", "workflow/sweep.smk"]
    command += ["--configfile", str(folder / "jobs.json"), "--nolock", "--keep-going"]
    command += ["--ignore-incomplete", "--keep-incomplete", "--drop-metadata"]
    command += ["--rerun-triggers", "mtime", "--scheduler", "greedy"]
    command += ["--profile", profile, "--jobs"] if profile else ["--cores"]
    command += [str(cores)]
    # By default in the user's cache, where a kill leaves it.
    command += ["--runtime-source-cache-path", folder / "sources"]
    with open(folder / "logs" / "snakemake.txt", "wb") as log:
        snakemake = subprocess.Popen(
            command,
            env=processes.environment(),
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C reaches this process alone, which ends the others
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
    progress = Progress(folder, plan, left)
    try:
        while snakemake.poll() is None:
            progress.look()
            time.sleep(PAUSE)
        progress.look()
    finally:
        if profile and snakemake.poll() is None:
            cancel(snakemake)
        end_group(snakemake)
    if progress.waiting:
        text = (folder / "logs" / "snakemake.txt").read_text(encoding="utf8", errors="replace")
        print(*text.splitlines()[-LINES:], "Snakemake's last lines are above.", sep="\n")


def cancel(snakemake: subprocess.Popen) -> None:
    """Let Snakemake cancel a cluster's jobs; a second Ctrl-C does not wait for that."""
    snakemake.send_signal(signal.SIGINT)
    try:
        snakemake.wait(CANCEL)
    except (KeyboardInterrupt, subprocess.TimeoutExpired):
        pass


class Progress:
    """Lines about how many runs have been made, and how long the rest will take."""

    def __init__(self, folder: Path, plan: Mapping, left: list[str]):
        self.folder, self.waiting = folder / "rows", set(left)
        self.total, self.failed = len(left), 0
        self.points = {
            entry["id"]: {name: entry["parameters"].get(name) for name in plan["varied"]}
            for entry in plan["runs"]
        }
        self.start = self.said = time.monotonic()

    def look(self) -> None:
        """Look for new rows, and say what is new at times."""
        new = {path.stem for path in self.folder.glob("[!.]*.json")} & self.waiting
        self.waiting -= new
        for run in sorted(new):
            row = json.loads((self.folder / f"{run}.json").read_text(encoding="utf8"))
            if row["status"] == "failed":
                self.failed += 1
                point = ", ".join(f"{name}={value}" for name, value in self.points[run].items())
                print(f"failed: {point}: {row['reason']}", flush=True)
        now = time.monotonic()
        if new and (now - self.said > EVERY or not self.waiting):
            self.said = now
            print(self.line(now - self.start), flush=True)

    def line(self, seconds: float) -> str:
        """Return how far the sweep is after some seconds."""
        made = self.total - len(self.waiting)
        failed = f", {self.failed} failed" if self.failed else ""
        text = f"{made} of {self.total} runs{failed}, {spoken(seconds)}"
        if self.waiting:
            text += f", about {spoken(seconds / made * len(self.waiting))} left"
        return text


def spoken(seconds: float) -> str:
    """Write a duration.

    Example:
        >>> spoken(42.4), spoken(150), spoken(7300)
        ('42 s', '2 min 30 s', '2 h 2 min')
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


if __name__ == "__main__":
    main()
