"""Missing runs -> recorded runs. ``make results`` runs it, with a plan of jobs in its folder.

A job records one run, or several short ones; its outputs are the recorded files.
"""

import os
import sys
from pathlib import Path

ROOT = Path(workflow.basedir).parent
sys.path.insert(0, str(ROOT / "book"))

import processes

# Where jobs are elsewhere, Ctrl-C cancels them; here they end with this process.
if config["cluster"]:
    processes.end_with_parent(processes.interrupt)
else:
    processes.end_with_parent()
    os.environ.update(processes.environment())  # for jobs

JOBS = config["jobs"]
LONGEST = config.get("longest", float("inf"))  # minutes; a profile may name it
PYTHON = sys.executable


def files(job):
    """Return the recorded files of a job. A finished run is kept if its job starts again."""
    runs = JOBS[job]["runs"]
    return [update(run["path"] + suffix) for run in runs for suffix in (".npz", ".json")]


rule results:
    input:
        [path for job in JOBS for path in files(job)],
    localrule: True


for place, (job, needs) in enumerate(JOBS.items()):

    rule:
        name: job
        output:
            files(job),
        params:
            root=ROOT,
            job=job,
            folder=config["folder"],
        threads: needs["threads"]
        resources:
            mem_mb=lambda wildcards, attempt, needs=needs: needs["memory"] * attempt,
            runtime=min(needs["minutes"], LONGEST),
            **({"gpu": needs["gpus"]} if needs["gpus"] else {}),
        priority: len(JOBS) - place
        retries: needs["retries"]
        shell:
            "exec {PYTHON:q} {params.root:q}/workflow/record.py {params.folder:q} {params.job} "
            + ("--minutes {resources.runtime} " if config["cluster"] else "")
            + "2>> {params.folder:q}/logs/{params.job}.txt"
