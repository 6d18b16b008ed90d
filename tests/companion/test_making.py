"""`make results` on a small clone of the project: recorded, refused, failed, cut, stopped."""

import hashlib
import json
import os
import signal
import subprocess

import numpy as np
import pytest
from toy_project import Project, alive, wait_for


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    return Project(tmp_path_factory.mktemp("project"))


@pytest.fixture
def project(clone):
    """The clone, with empty folders."""
    yield clone
    for folder in (clone.results, clone.marks, clone.folder.parent / "cache"):
        subprocess.run(["rm", "-rf", folder], check=True)
    clone.marks.mkdir()
    subprocess.run(["rm", "-rf", clone.folder / "_build"], check=True)


def provenance(project):
    return [json.loads(path.read_text())["provenance"] for path in project.results.glob("*/*.json")]


def test_missing_runs_are_recorded_and_code_without_a_commit_records_nothing(project):
    status, out, err = project.make("--experiment", "quick")
    assert (status, out) == (0, "3 recorded, 0 missing\n"), err
    assert err.startswith("3 runs to record: about ") and "3 of 3 runs 100%" in err
    head = project.git("rev-parse", "--short=12", "HEAD")
    assert [told["commit"] for told in provenance(project)] == [head] * 3
    assert {told["threads"] for told in provenance(project)} == {1}
    assert len(set(path.name.split("-")[1] for path in project.marks.iterdir())) <= 2
    assert not project.left_over()
    before = {path: path.stat().st_mtime_ns for path in project.results.glob("*/*")}
    # A killed call left a folder. Nothing else is to do; where it is, the code must be committed.
    plans = project.folder / "_build/results"
    place = hashlib.sha256(str(project.results).encode()).hexdigest()[:8]
    (plans / f"{place}-1/.snakemake/incomplete").mkdir(parents=True)
    assert project.make("--experiment", "quick")[:2] == (0, "0 recorded, 0 missing\n")
    assert {path: path.stat().st_mtime_ns for path in project.results.glob("*/*")} == before
    assert not list(plans.iterdir())
    changed = project.lib / "halfspace/gates.py"
    text = changed.read_text()
    changed.write_text(text + "\n")
    try:
        status, out, err = project.make("--experiment", "failing")
    finally:
        changed.write_text(text)
    assert status == 1 and err.startswith("a recorded run needs committed code; commit")


def test_a_failed_run_is_a_sentence_and_the_others_are_kept(project):
    status, out, err = project.make("--experiment", "failing")
    assert status == 1 and "1 recorded, 2 missing" in out and "Traceback" not in err
    said = err.splitlines()[-3:]
    assert said[:2] == [
        "failing: memory: there is not enough memory; try CORES=1",
        "failing: value: this value is wrong",
    ]
    logs = project.folder / "_build/results"
    assert said[2].startswith(f"The logs are in {logs}")
    assert "this value is wrong" in "".join(p.read_text() for p in logs.glob("*/logs/*.txt"))


def test_a_run_with_checkpoints_goes_on_after_a_time_limit(project):
    assert project.make("--experiment", "steps", "--minutes", "0")[1].endswith(
        "0 recorded, 1 missing\n"
    )
    assert not list(project.marks.iterdir())
    running = project.start("make", "--experiment", "steps", "--minutes", "0.4")
    # However long loading takes, the limit comes after the first step and before the last.
    out, err = running.communicate(timeout=900)
    checkpoints = list((project.folder.parent / "cache/checkpoints").glob("*.npz"))
    if "0 recorded" in out:
        assert running.returncode == 0, err
        assert not checkpoints or "(1 unfinished, will continue)" in out
    assert project.make("--experiment", "steps")[0] == 0
    (told,) = provenance(project)
    assert len(told["pieces"]) == 1 + bool(checkpoints)
    (path,) = project.results.glob("*/*.npz")
    expected = sum(np.random.default_rng(step).normal() for step in range(12))
    assert float(np.load(path)["total"]) == pytest.approx(expected, abs=0)
    assert not list((project.folder.parent / "cache/checkpoints").glob("*.npz"))


def begin(project):
    """Start a command that has recorded one run and works on two others."""
    running = project.start("make", "--experiment", "waiting")

    def at_work():
        assert running.poll() is None, running.communicate()
        return len(project.recorded()) == 1 and len(project.at_work()) == 2

    wait_for(at_work)
    return running, project.at_work()


def test_a_commit_during_a_run_changes_nothing_and_a_second_recorder_is_refused(project):
    running, _ = begin(project)
    old = project.git("rev-parse", "--short=12", "HEAD")
    new = project.commit("moved")
    status, _, err = project.make("--experiment", "quick")
    assert status == 1 and err.startswith("another process is recording runs in")
    (project.marks / "go").touch()
    out, err = running.communicate(timeout=900)
    assert out == "4 recorded, 0 missing\n", err
    commits = [told["commit"] for told in provenance(project)]
    assert old != new and commits.count(old) == 3 and commits.count(new) == 1  # began later


def test_ctrl_c_ends_all_in_a_sentence_and_the_next_call_continues(project):
    running, pids = begin(project)
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=900)
    assert running.returncode == 130 and "Traceback" not in err
    assert err.splitlines()[-1].startswith("Stopped. Finished runs are kept")
    assert not any(map(alive, pids))
    (project.marks / "go").touch()
    assert project.make("--experiment", "waiting")[1] == "3 recorded, 0 missing\n"
    assert not project.left_over()


def test_a_killed_command_leaves_no_process_and_no_lock(project):
    running, pids = begin(project)
    running.kill()
    running.wait()  # not for its output, which its processes could go on writing
    wait_for(lambda: not any(map(alive, pids)), 30)
    (project.marks / "go").touch()
    assert project.make("--experiment", "waiting")[1] == "3 recorded, 0 missing\n"
    assert not project.left_over()


def test_a_command_ends_with_the_make_that_started_it(project):
    make = subprocess.Popen(
        ["sh", "-c", '"$@"; true', "sh", *project.command("make", "--experiment", "waiting")],
        cwd=project.folder,
        env=project.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    wait_for(lambda: len(project.at_work()) == 2)
    make.kill()
    make.wait()
    wait_for(lambda: not any(map(alive, project.at_work())), 60)


def test_a_killed_process_is_a_sentence_and_the_others_go_on(project):
    running, pids = begin(project)
    os.kill(min(pids), signal.SIGKILL)
    (project.marks / "go").touch()
    out, err = running.communicate(timeout=900)
    assert running.returncode == 1 and "3 recorded, 1 missing" in out, err
    assert "Traceback" not in err and "a process was killed, probably because memory ran" in err
    assert "CORES=1" in err


def test_a_profile_must_be_one(project):
    status, _, err = project.make("--experiment", "quick", "--profile", "book")
    assert status == 1 and err.startswith("PROFILE must be a folder with a profile of Snakemake")
