"""Each fault that the trials count is seen when it is planted; ten trials of the real commands."""

import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import projects  # noqa: E402
import trials  # noqa: E402
from trials import COUNTS, Command, Reference, Trial  # noqa: E402

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux") or not shutil.which("git"), reason="reads Linux's /proc"
)

# Writes three numbers, each in one step, and tells when the first one is finished.
SOUND = """
import os, pathlib, subprocess, sys, tempfile, time

out = pathlib.Path("out")
out.mkdir(exist_ok=True)
{before}
for k in range(3):
    path = out / f"{{k}}.txt"
    if not path.exists() or not path.read_text().endswith("end"):
        {write}
    if k == 1 and not pathlib.Path("../ready").exists():
        pathlib.Path("../ready").touch()
        time.sleep(60)
{after}
"""
WHOLE = "pathlib.Path('out/.draft').write_text(f'{k} end'); os.replace('out/.draft', path)"
FAULTS = {
    "half-written": dict(
        write="path.write_text(f'{k} e' if not pathlib.Path('../ready').exists() else f'{k} end')"
    ),
    "lost": dict(before="[path.unlink() for path in out.glob('*.txt')]"),
    "orphans": dict(
        before="if not pathlib.Path('../ready').exists(): "
        "subprocess.Popen(['sleep', '60'], start_new_session=True)"
    ),
    "stuck": dict(
        before="os.close(os.open('lock', os.O_CREAT | os.O_EXCL))", after="os.unlink('lock')"
    ),
    "leftovers": dict(
        before="file = tempfile.NamedTemporaryFile(delete=False)", after="os.unlink(file.name)"
    ),
    "different": dict(
        before="starts = pathlib.Path('starts')\n"
        "starts.write_text((starts.read_text() if starts.exists() else '') + 'x')",
        after="os.replace('starts', out / 'starts.txt')",
    ),
}


def toy(**parts):
    """A command that writes three files, with faults."""
    code = SOUND.format(**dict(before="", write=WHOLE, after="") | parts)

    def put(folder):
        folder.mkdir(parents=True)
        (folder / "work.py").write_text(code)
        (folder / "Makefile").write_text(f"work:\n\t@{shlex.quote(sys.executable)} -I work.py\n")

    def texts(folder):
        return {path.name: path.read_text() for path in folder.glob("out/[!.]*")}

    return Command(
        name="toy",
        arguments=("work",),
        template=put,
        finished=lambda folder: {
            path.name: path.stat().st_mtime_ns
            for path in folder.glob("out/[0-9]*")
            if path.read_text().endswith("end")
        },
        broken=lambda folder: [
            name for name, text in texts(folder).items() if name[0] != "s" and "end" not in text
        ],
        results=texts,
    )


def tried(command, folder, monkeypatch, *, at_once=False):
    """One trial, killed when the command says that it has written its first files."""
    monkeypatch.setattr(trials, "GRACE", 0.5)
    template = folder / "template"
    command.template(template)
    # An undisturbed run waits for nothing.
    undisturbed = folder / "known"
    undisturbed.mkdir()
    (undisturbed / "ready").touch()
    project = trials.Project(template, undisturbed)
    assert project.run(command.arguments, f"{undisturbed}/run") is None
    results = command.results(project.root)
    known = Reference(seconds=1.0, files=project.files(), results=(results, results))

    def until_ready(seconds):
        end = time.monotonic() + 60
        while not (folder / "trial/ready").exists():
            assert time.monotonic() < end
            time.sleep(0.01)

    monkeypatch.setattr(trials, "pause", until_ready)
    return trials.trial(command, known, template, folder / "trial", Trial(0.0, 0.5, at_once))


@pytest.mark.parametrize("at_once", [False, True])
def test_a_sound_command_passes(at_once, tmp_path, monkeypatch):
    told = tried(toy(), tmp_path, monkeypatch, at_once=at_once)
    assert told.hit and told.found == {name: [] for name in COUNTS}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_seen(fault, tmp_path, monkeypatch):
    told = tried(toy(**FAULTS[fault]), tmp_path, monkeypatch)
    assert told.found[fault], fault
    others = {name for name in COUNTS if told.found[name]} - {fault}
    # A command that is stuck makes nothing of what it should, and keeps its lock.
    assert others <= ({"leftovers", "different"} if fault == "stuck" else set())


def test_an_orphan_is_ended_in_the_end(tmp_path, monkeypatch):
    told = tried(toy(**FAULTS["orphans"]), tmp_path, monkeypatch)
    assert told.found["orphans"] == ["sleep 60 "]
    end = time.monotonic() + 60
    while trials.living(f"{tmp_path}/trial/killed"):
        assert time.monotonic() < end
        time.sleep(0.01)


def test_processes_are_known_by_their_mark():
    environment = os.environ | {"HALFSPACE_CHAOS": "mine"}
    process = subprocess.Popen(["sleep", "60"], env=environment)
    try:
        assert trials.living("mine") == {process.pid: "sleep 60 "}
        assert trials.living("min") == {}
    finally:
        process.kill()
        process.wait()
    assert trials.living("mine") == {}


def test_texts_may_differ_only_where_undisturbed_ones_do():
    undisturbed = ({"a": "took 3 s", "b": b"x"}, {"a": "took 4 s", "b": b"x"})
    assert trials.differences({"a": "took 17 s", "b": b"x"}, undisturbed) == []
    assert trials.differences({"a": "takes 3 s", "b": b"x"}, undisturbed) == ["a"]
    assert trials.differences({"a": "took 3 s more", "b": b"x"}, undisturbed) == ["a"]
    assert trials.differences({"a": "took 3 s", "b": b"y"}, undisturbed) == ["b"]
    assert trials.differences({"a": "took 3 s"}, undisturbed) == ["b"]
    assert trials.differences({"a": "took 3 s", "b": b"x", "c": ""}, undisturbed) == ["c"]


def test_the_table_counts():
    told = [Trial(1.0, 0.5, True), Trial(2.0, 0.9, False, hit=False)]
    told[0].found["lost"] += ["a", "b"]
    told[1].found["lost"] += ["c"]
    known = Reference(seconds=2.2, files=set(), results=({}, {}))
    text = trials.table({"make x": (known, told)})
    assert text.splitlines()[2] == "| make x | 2 | 2 | 1 | 0 | 3 | 0 | 0 | 0 | 0 |"


def test_damaged_files_are_seen(tmp_path):
    good = {"a.json": "{}", "b.html": "<html></html>\n", "c.csv": "1\n", "d.txt": "x"}
    for name, text in good.items():
        (tmp_path / name).write_text(text)
    assert projects.unreadable(tmp_path.iterdir()) == []
    for name in ("a.json", "b.html", "c.csv"):
        (tmp_path / name).write_text(good[name][:-2])
    (tmp_path / "e.npz").write_bytes(b"PK")
    assert projects.unreadable(tmp_path.iterdir()) == ["a.json", "b.html", "c.csv", "e.npz"]


def test_a_finished_run_is_known_by_its_content(tmp_path):
    for name in ("a.json", "b.json"):
        (tmp_path / name).write_text('{"seconds": 1.2}')
    before = projects.marks(tmp_path.iterdir())
    os.utime(tmp_path / "a.json", (1, 1))  # as Snakemake does when it sees a job's end
    (tmp_path / "b.json").write_text('{"seconds": 1.3}')
    after = projects.marks(tmp_path.iterdir())
    assert after["a.json"] == before["a.json"] and after["b.json"] != before["b.json"]


TEN = {
    "book": (projects.LIGHT_BOOK, 4),
    "results": (projects.COMMANDS["results"], 3),
    "sweep": (projects.LIGHT_SWEEP, 3),
}


@pytest.mark.parametrize("name", TEN)
def test_ten_trials_find_nothing(name, tmp_path):
    command, number = TEN[name]
    known, told = trials.trials(command, number, seed=0, folder=tmp_path)
    assert len(told) == number and known.seconds > 0
    found = [{name: what for name, what in each.found.items() if what} for each in told]
    assert found == [{}] * number


@pytest.mark.parametrize("name", TEN)
def test_no_process_outlives_a_kill_while_snakemake_loads(name, tmp_path):
    """It must know that it is an orphan though it has never seen its parent."""
    command, _ = TEN[name]
    template = tmp_path / "template"
    command.template(template)
    trial, mark = tmp_path / "trial", str(tmp_path / "killed")
    trial.mkdir()
    project = trials.Project(template, trial)
    making, end = project.start(command.arguments, mark), time.monotonic() + 60
    while not any(" -m snakemake " in words for words in trials.living(mark).values()):
        assert time.monotonic() < end and making.poll() is None
    os.killpg(making.pid, signal.SIGKILL)
    making.wait()
    end = time.monotonic() + trials.GRACE
    while left := trials.living(mark):
        assert time.monotonic() < end, left
        time.sleep(0.1)


def test_times_of_a_build_are_no_difference():
    row = '2026-11-27 08:2{} UTC</p></td><td data-label="Seconds"><p>{}</p>'
    assert projects.timeless(row.format(5, 3)) == projects.timeless(row.format(6, 12))
    found = "Chapter a 2026-11-27 08:2{} UTC {} AMD EPYC, 1 core"
    assert projects.timeless(found.format(5, 3)) == projects.timeless(found.format(6, 12))
    assert projects.timeless(found.format(5, 3)) != projects.timeless(found.format(5, "3 or"))
    built = "Pages built 2026-11-27 08:25 UTC with Jupyter Book {}"
    assert projects.timeless(built.format("1.0.4")) != projects.timeless(built.format("1.0.5"))
