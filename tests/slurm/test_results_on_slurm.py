"""Recorded runs through Slurm: cut, cancelled, on a node that fails; equal to those made here."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from toy_project import Project, wait_for

pytestmark = pytest.mark.slurm

START = Path(__file__).parents[2] / "profiles/slurm/start.sh"


@pytest.fixture(scope="session")
def slurm_cluster(tmp_path_factory):
    """Start Slurm, and stop it at the end; yields the folder of its logs.

    Tests send jobs to it with a profile of Snakemake. Where Slurm is missing they are skipped.
    """
    missing = [name for name in ("munged", "slurmctld", "slurmd", "sbatch") if not found(name)]
    if missing:
        pytest.skip(f"Slurm is not installed here: {', '.join(missing)} missing")
    if os.geteuid():
        pytest.skip("Slurm's daemons need root")
    folder = tmp_path_factory.mktemp("slurm")
    started = subprocess.run([START, folder], capture_output=True, text=True)
    assert started.returncode == 0, started.stderr
    yield folder
    subprocess.run([START.with_name("stop.sh"), folder], check=True)


def found(program):
    return shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin:/sbin")


@pytest.fixture(scope="module")
def project(tmp_path_factory, slurm_cluster):
    """A small clone with a profile that looks at jobs often, and one with a limit of a minute."""
    project = Project(tmp_path_factory.mktemp("project"))
    slurm, short = (project.folder / "profiles" / name for name in ("slurm", "short"))
    settings = "seconds-between-status-checks: 5\nslurm-init-seconds-before-status-checks: 5\n"
    settings = (slurm / "config.yaml").read_text() + settings
    (slurm / "config.yaml").write_text(settings)
    short.mkdir()
    (short / "config.yaml").write_text(settings + "config: [longest=1]\n")
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
    options = ("--workers", "4", "--profile")
    running = project.start("make", "--experiment", "waiting", *options, "profiles/slurm")
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
    out, err = project.make("--experiment", "long", *options, "profiles/short")[1:]
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
