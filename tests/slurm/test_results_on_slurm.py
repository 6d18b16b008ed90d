"""Recorded runs through Slurm: cut, cancelled, on a node that fails; equal to those made here."""

import json
import re
import shutil
import subprocess

import pytest
from toy_project import Project, wait_for

pytestmark = pytest.mark.slurm


@pytest.fixture(scope="module")
def project(tmp_path_factory, slurm_cluster):
    """A small clone; its profile allows a job one minute and looks at jobs every few seconds."""
    project = Project(tmp_path_factory.mktemp("project"))
    profile = project.folder / "profiles/slurm/config.yaml"
    settings = "config: [longest=1]\nseconds-between-status-checks: 5\n"
    settings += "slurm-init-seconds-before-status-checks: 5\n"
    profile.write_text(profile.read_text() + settings)
    project.commit("a trial's profile")
    return project


@pytest.fixture(scope="module")
def here(project):
    """The arrays of the same runs, made without Slurm."""
    (project.marks / "go").touch()
    for study in ("waiting", "steps", "long"):
        assert project.make("--experiment", study)[0] == 0
    arrays = project.arrays()
    clear(project)
    return arrays


def clear(project):
    for folder in (project.results, project.marks):
        shutil.rmtree(folder)
    project.marks.mkdir()


def squeue(state):
    """The ids of the jobs in a state."""
    words = ["squeue", "--noheader", "--format=%i", f"--states={state}"]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout.split()


def test_runs_are_cut_cancelled_and_lose_their_node_and_are_equal_to_those_made_here(project, here):
    options = ("--workers", "4", "--profile", "profiles/slurm")
    running = project.start("make", "--experiment", "waiting", *options)
    wait_for(lambda: len(project.at_work()) == 3)
    cancelled, *_ = squeue("RUNNING")
    subprocess.run(["scancel", cancelled], check=True)
    wait_for(lambda: cancelled not in squeue("RUNNING,COMPLETING"))
    node = subprocess.run(["hostname", "-s"], capture_output=True, text=True).stdout.strip()
    for state in (["down", "reason=trial"], ["resume"]):
        words = [f"nodename={node}", f"state={state[0]}", *state[1:]]
        subprocess.run(["scontrol", "update", *words], check=True)
    (project.marks / "go").touch()
    out, err = running.communicate(timeout=1800)
    assert out == "4 recorded, 0 missing\n", err

    # 75 seconds of steps do not fit into a job of a minute.
    out, err = project.make("--experiment", "long", *options)[1:]
    assert out == "1 recorded, 0 missing\n", err
    (told,) = (json.loads(path.read_text()) for path in project.results.glob("Steps/*.json"))
    pieces = told["provenance"]["pieces"]
    assert len(pieces) >= 2 and pieces[0] == 0 and pieces == sorted(pieces)

    made = project.arrays()
    assert made.items() <= here.items() and len(made) == 5
    commits = {
        json.loads(p.read_text())["provenance"]["commit"] for p in project.results.glob("*/*.json")
    }
    assert len(commits) == 1 and re.fullmatch("[0-9a-f]{12}", *commits)
    assert not project.left_over() and not squeue("PENDING,RUNNING")
