"""Profiles of clusters: the script that makes jobs of Kubernetes, with a stand-in for kubectl."""

import os
import subprocess
from pathlib import Path

import pytest
import yaml

PROFILES = Path(__file__).parents[1] / "profiles"

KUBECTL = """#!/bin/sh
case $1 in
create) cat >"$STATE/job.yaml" ;;
get) cat "$STATE/status" ;;
delete) echo "$@" >"$STATE/deleted" ;;
esac
"""


@pytest.fixture
def job(tmp_path):
    (tmp_path / "kubectl").write_text(KUBECTL)
    (tmp_path / "kubectl").chmod(0o755)
    settings = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "STATE": str(tmp_path)}

    def run(*words, image="registry/halfspace"):
        return subprocess.run(
            [PROFILES / "kubernetes/job.sh", *words],
            env=os.environ | settings | ({"HALFSPACE_IMAGE": image} if image else {}),
            capture_output=True,
            text=True,
        )

    return run


def test_a_job_of_kubernetes_has_the_jobs_needs(job, tmp_path):
    name = job("submit", "2", "8000", "90", "1", "/volume/script.sh").stdout.strip()
    made = yaml.safe_load((tmp_path / "job.yaml").read_text())
    assert made["metadata"]["name"] == name and name.startswith("halfspace-")
    assert made["spec"]["activeDeadlineSeconds"] == 5400 and made["spec"]["backoffLimit"] == 0
    (container,) = made["spec"]["template"]["spec"]["containers"]
    assert container["image"] == "registry/halfspace"
    assert container["command"] == ["sh", "/volume/script.sh"]
    assert container["resources"] == {
        "requests": {"cpu": "2", "memory": "8000M"},
        "limits": {"memory": "8000M", "nvidia.com/gpu": "1"},
    }
    claim = yaml.safe_load((PROFILES / "kubernetes/volume.yaml").read_text())
    (volume,) = made["spec"]["template"]["spec"]["volumes"]
    assert volume["persistentVolumeClaim"]["claimName"] == claim["metadata"]["name"]


def test_without_an_image_nothing_is_submitted(job, tmp_path):
    done = job("submit", "1", "2000", "6", "0", "/volume/script.sh", image=None)
    assert done.returncode != 0 and "HALFSPACE_IMAGE: names the image" in done.stderr


@pytest.mark.parametrize(
    ("status", "told"), [("1 ", "success"), (" ", "running"), ("", "running"), (" 1", "failed")]
)
def test_the_state_of_a_job_is_told(status, told, job, tmp_path):
    (tmp_path / "status").write_text(status)
    assert job("status", "halfspace-1").stdout == f"{told}\n"


def test_jobs_are_cancelled_by_name(job, tmp_path):
    assert job("cancel", "halfspace-1", "halfspace-2").returncode == 0
    assert (tmp_path / "deleted").read_text().split()[-2:] == ["halfspace-1", "halfspace-2"]


@pytest.mark.parametrize("name", ["slurm", "kubernetes"])
def test_a_profile_names_settings_of_snakemake(name):
    profile = yaml.safe_load((PROFILES / name / "config.yaml").read_text())
    assert profile["executor"] in ("slurm", "cluster-generic") and profile["latency-wait"] >= 30
