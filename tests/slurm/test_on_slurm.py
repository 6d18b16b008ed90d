"""Recorded runs and a sweep through Slurm, with cut and cancelled jobs and a node that fails.

What comes out equals what is made here.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from toy_project import Project, wait_for

pytestmark = pytest.mark.slurm

ROOT = Path(__file__).parents[2]
SLURM = ROOT / "profiles/slurm"
SETTINGS = Path("/etc/slurm/slurm.conf")
OFTEN = "seconds-between-status-checks: 5\nslurm-init-seconds-before-status-checks: 5\n"
SWEEP = """\
title: Allocation by gain and sharpness
experiment: CircleTraining
base: {model: dlgn, seeds: 2, epochs: 4, function_epochs: [0, 4], record_every: 2, grid: 32}
parameters: {gating_gain: [0.5, 2.0], beta: [4.0, 30.0]}
numbers: {allocation: circle.readings.path_gain, log error: circle.readings.log_error}
minutes: 5
"""


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
    if not SETTINGS.exists() and not SETTINGS.is_symlink():  # as a killed trial leaves it
        killed = tmp_path_factory.mktemp("killed") / "slurm.conf"
        killed.write_text("ClusterName=trial\n")
        SETTINGS.symlink_to(killed)
    started = subprocess.run([SLURM / "start.sh", folder], capture_output=True, text=True)
    assert started.returncode == 0, started.stderr
    yield folder
    subprocess.run([SLURM / "stop.sh", folder], check=True)


def found(program):
    return shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin:/sbin")


@pytest.fixture(scope="module")
def project(tmp_path_factory, slurm_cluster):
    """A small clone with a profile that looks at jobs often, and one with a limit of a minute."""
    project = Project(tmp_path_factory.mktemp("project"))
    slurm, short = (project.folder / "profiles" / name for name in ("slurm", "short"))
    settings = (slurm / "config.yaml").read_text() + OFTEN
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


@pytest.mark.skipif(
    SETTINGS.exists() or os.geteuid() or not found("slurmctld"), reason="no Slurm to try here"
)
@pytest.mark.parametrize("text", ["ClusterName=ours\n", None])
def test_a_clusters_link_stays(text, tmp_path):
    """Also one whose file is away for now, such as on a shared disk."""
    shared = tmp_path / "slurm.conf"
    if text:
        shared.write_text(text)
    SETTINGS.symlink_to(shared)
    try:
        done = subprocess.run([SLURM / "start.sh", tmp_path / "x"], capture_output=True, text=True)
        assert done.returncode == 1 and "belongs to a cluster already" in done.stderr
        assert SETTINGS.readlink() == shared
    finally:
        SETTINGS.unlink()


def test_a_second_start_is_refused(slurm_cluster, tmp_path):
    refused = subprocess.run([SLURM / "start.sh", tmp_path], capture_output=True, text=True)
    assert refused.returncode == 1
    assert refused.stderr == (
        f"Slurm runs already, with its state in {slurm_cluster}: "
        f"stop it first, with stop.sh {slurm_cluster}\n"
    )


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
    update = ["scontrol", "update", f"nodename={node}"]
    subprocess.run([*update, "state=down", "reason=trial"], check=True)
    # A node that answers may have come back by itself; then it cannot be resumed.
    subprocess.run([*update, "state=resume"], check=False)
    state = ["sinfo", "--noheader", "--format=%T"]
    wait_for(lambda: "down" not in subprocess.check_output(state, text=True))
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


def sweep(folder, out, profile=""):
    """Start the sweep of the folder; runs that another call has made are not read."""
    settings = dict(NAME=folder / "gain.yaml", OUT=folder / out, CORES="1", PROFILE=profile)
    settings |= {"HALFSPACE_CACHE": folder / f"{out} cache"}
    return subprocess.Popen(
        [sys.executable, "book/sweep.py"],
        cwd=ROOT,
        env=os.environ | {name: str(value) for name, value in settings.items()},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_a_sweep_goes_on_after_a_cancelled_job_and_equals_the_one_made_here(
    slurm_cluster, tmp_path
):
    (tmp_path / "gain.yaml").write_text(SWEEP)
    profile = tmp_path / "profile"
    profile.mkdir()
    (profile / "config.yaml").write_text((SLURM / "config.yaml").read_text() + OFTEN)
    running = sweep(tmp_path, "slurm", profile)
    begun = tmp_path / "slurm/rows"
    wait_for(lambda: list(begun.glob(".*.begun")))
    (job,) = squeue("RUNNING")
    subprocess.run(["scancel", job], check=True)
    said = running.communicate(timeout=1800)[0]
    assert running.returncode == 1 and "1 of 4 runs failed or are missing" in said
    table = pd.read_parquet(tmp_path / "slurm/table.parquet")
    assert sorted(table["status"]) == ["done"] * 3 + ["failed"]
    assert "ended without a result" in table["reason"][table["status"] == "failed"].item()

    again = sweep(tmp_path, "slurm", profile)
    assert "4 runs, 1 to make" in again.communicate(timeout=1800)[0] and again.returncode == 0
    here = sweep(tmp_path, "here")
    here.communicate(timeout=1800)
    assert here.returncode == 0
    tables = [pd.read_parquet(tmp_path / out / "table.parquet") for out in ("slurm", "here")]
    same = ["gating_gain", "beta", "allocation", "log error", "status"]
    pd.testing.assert_frame_equal(tables[0][same], tables[1][same], check_exact=True)
    assert not squeue("PENDING,RUNNING")
