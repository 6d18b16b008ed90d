"""The jobs of ``make results`` by a dry run of its workflow, for several numbers of cores.

Only the recorded runs count that were made on a CPU, as if none of them were recorded yet.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from halfspace.companion import jobs
from halfspace.companion.registry import STUDIES
from halfspace.companion.spec import Spec

__all__ = ["FULL", "QUICK", "run"]

FULL = dict(cores=(1, 16, 256), studies=tuple(STUDIES))
QUICK = dict(cores=(2,), studies=("theory",))

_WORKFLOW = Path(__file__).resolve().parents[1] / "workflow/results.smk"
_RESULTS = "HALFSPACE_RESULTS"


def run(quick: bool, *, cores: tuple[int, ...], studies: tuple[str, ...]) -> dict:
    """List the jobs.

    Args:
        quick: not used: the sizes say it all.
        cores: numbers of cores for which jobs are planned.
        studies: whose runs count.

    Returns:
        Facts: ``plans``, a list of ``{"cores": ..., "jobs": [...], "seconds": ...}``. A job is a
        text, the names of its runs, ``experiment/key`` each; the seconds are those of the dry run.
    """
    conditions = {
        f"{study}: {name}": spec
        for study in studies
        for name, spec in STUDIES[study]().items()
        if _recorded_on_cpu(spec)
    }
    plans = [_plan(conditions, number) for number in cores]
    return {"rows": [], "fits": [], "facts": {"plans": plans}}


def _recorded_on_cpu(spec: Spec) -> bool:
    recorded = spec.recorded()
    return recorded is not None and recorded.provenance["device"] == "CPU"


def _plan(conditions: dict[str, Spec], cores: int) -> dict:
    """Plan the jobs as ``make results`` does, in an empty folder, and list them by a dry run."""
    before = os.environ.get(_RESULTS)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ[_RESULTS] = name
        try:
            plan = jobs.plan(conditions, workers=cores, device="cpu")
        finally:
            os.environ.pop(_RESULTS)
            if before is not None:
                os.environ[_RESULTS] = before
        text = json.dumps(plan | {"folder": name})
        (folder / "plan.json").write_text(text, encoding="utf8")
        started = time.perf_counter()
        listed = _dry_run(folder, cores)
        seconds = time.perf_counter() - started
    runs = {
        job: " ".join("/".join(Path(run["path"]).parts[-2:]) for run in planned["runs"])
        for job, planned in plan["jobs"].items()
    }
    return {"cores": cores, "jobs": [runs[job] for job in listed], "seconds": seconds}


def _dry_run(folder: Path, cores: int) -> list[str]:
    """Return the names of the jobs that Snakemake would start, in the order of their priority."""
    command = [sys.executable, "-m", "snakemake", "--snakefile", _WORKFLOW, "--dry-run"]
    command += ["--configfile", folder / "plan.json", "--directory", folder, "--nolock"]
    command += ["--cores", str(cores), "--scheduler", "greedy"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    names = re.findall(r"^rule (job_\d+):", done.stdout + done.stderr, re.MULTILINE)
    return sorted(names)  # by priority
