"""The runs of a sweep: `make sweep` runs it, with the folder that holds the sweep's plan.

A failed run also leaves a row, so that its job ends well and the other runs go on.
"""

import json
import os
import sys
from pathlib import Path

sys.path.insert(0, "book")
import processes

if "HALFSPACE_BUILD" in os.environ:
    processes.end_with_parent()

FOLDER = str(config["folder"])
PLAN = json.loads(Path(FOLDER, "plan.json").read_text(encoding="utf8"))
PYTHON = sys.executable


rule sweep:
    input:
        expand(FOLDER + "/rows/{run}.json", run=[run["id"] for run in PLAN["runs"]]),


rule run:
    output:
        FOLDER + "/rows/{run}.json",
    log:
        FOLDER + "/logs/{run}.txt",
    params:
        folder=FOLDER,
    threads: PLAN["threads"]
    resources:
        runtime=PLAN["minutes"],
    group:
        "runs"
    shell:
        "exec {PYTHON:q} book/sweep_run.py {params.folder:q} {wildcards.run} > {log:q} 2>&1"
