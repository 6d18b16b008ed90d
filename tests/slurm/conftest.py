"""Slurm with one node on this machine, for the tests that are marked ``slurm``."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

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
