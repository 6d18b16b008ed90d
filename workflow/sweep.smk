"""The runs of a sweep: `make sweep` runs it, with the plan in the sweep's folder.

A job makes one run after the other. A failed run also leaves a row, so that its job ends well and
the other runs go on. A job that is killed starts again: the run that it was at gets a row that says
so, and the next one goes on.
"""

import os
import sys

sys.path.insert(0, "book")
import processes

# Where jobs are elsewhere, Ctrl-C cancels them; here they end with this process.
if config["cluster"]:
    processes.end_with_parent(processes.interrupt)
else:
    processes.end_with_parent()
    os.environ.update(processes.environment())  # for jobs

FOLDER = config["folder"]
JOBS = config["jobs"]
PYTHON = sys.executable


def rows(job):
    """Return a job's rows; those that it has written are kept if it starts again."""
    return [update(f"{FOLDER}/rows/{run}.json") for run in JOBS[job]]


rule sweep:
    input:
        [row for job in JOBS for row in rows(job)],
    localrule: True


for job in JOBS:

    rule:
        name: job
        output:
            rows(job),
        params:
            folder=FOLDER,
            call=config["call"],
            runs=JOBS[job],
            log=f"{FOLDER}/logs/{job}.txt",
        threads: config["threads"]
        resources:
            runtime=config["minutes"] * len(JOBS[job]),
        retries: len(JOBS[job])
        shell:
            "exec {PYTHON:q} book/sweep_run.py {params.folder:q} {params.call} {params.runs} "
            ">> {params.log:q} 2>&1"
