"""Chapters -> executed chapters -> book. `make book` runs it; so does `snakemake --cores 2`.

The environment variable HALFSPACE_PARAMETERS names the parameter set.
"""

import json
import os
import runpy
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError

sys.path.insert(0, "book")
import parameter_sets
import processes
from whole import write_whole

if "HALFSPACE_BUILD" in os.environ:
    processes.end_with_parent()
    os.environ.update(processes.environment())  # for jobs

SET = os.environ.get("HALFSPACE_PARAMETERS", "default")
try:
    PARAMETERS = parameter_sets.load(SET)
except ValueError as error:
    raise WorkflowError(str(error))


def code_of(name):
    """Return a file with the code of a chapter, which only changes when the code does."""
    cells = json.loads(Path(f"chapters/{name}.ipynb").read_text(encoding="utf8"))["cells"]
    cells = [cell for cell in cells if cell["cell_type"] == "code"]
    code = [["".join(c["source"]), "parameters" in c["metadata"].get("tags", [])] for c in cells]
    path, text = Path(f"_build/code/{name}.json"), json.dumps(code, indent=1) + "\n"
    if not path.exists() or path.read_text(encoding="utf8") != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, text)
    return str(path)


def files(folder, *patterns):
    """Return a folder's files that match a pattern; hidden ones are drafts or an editor's."""
    found = (path for pattern in patterns for path in Path(folder).glob(pattern))
    return sorted(
        str(path)
        for path in found
        if path.is_file() and path.name[0] != "." and path.parent.name != "__pycache__"
    )


PYTHON = sys.executable
THREADS = {"07_resource_allocation": 2}  # trains many wide nets at once; the others take one core
# Loaded by its path: importing the package would import PyTorch.
SOURCES = runpy.run_path("lib/halfspace/companion/sources.py")
PACKAGE = files("lib", "**/*.py")
USED = {name: SOURCES["notebook_sources"](Path(f"chapters/{name}.ipynb")) for name in PARAMETERS}
CODE = {name: code_of(name) for name in PARAMETERS}
RECORDS = files("data/results", "*/*.json", "*/*.npz")
# Chapters that read recorded runs: they import conditions, or claims, which conditions describe.
READERS = {name for name, used in USED.items() if any(p.name == "conditions.py" for p in used)}
PAGES = files(".", "*.md")
TIMINGS = {"how_fast_how_exact": files("benchmarks/results", "*.json")}
TIMINGS["running_at_scale"] = TIMINGS["how_fast_how_exact"] + RECORDS
ASSETS = files("book", "**/*")
SCRIPTS = [f"book/{name}.py" for name in ("execute", "executed_copies", "project_files", "whole")]


rule book:
    input:
        expand("_build/executed/chapters/{chapter}.ipynb", chapter=PARAMETERS),
        expand("chapters/{chapter}.ipynb", chapter=PARAMETERS),
        "_config.yml", "_toc.yml", "references.bib", PAGES, ASSETS, PACKAGE, RECORDS,
    output:
        "_build/book.done",
    params:
        set=SET,
    threads: workflow.cores  # runs alone: it reads every chapter's output
    shell:
        "HALFSPACE_PARAMETERS={params.set:q} exec {PYTHON:q} book/pages.py"


rule execute:
    input:
        # Its text may change: the pages take it from the notebook, and the results from the copy.
        code=lambda wildcards: CODE[wildcards.chapter],
        package=lambda wildcards: sorted(map(os.path.relpath, USED[wildcards.chapter])),
        environment="requirements.lock",
        scripts=SCRIPTS,
        timings=lambda wildcards: TIMINGS.get(wildcards.chapter, []),
        records=lambda wildcards: RECORDS if wildcards.chapter in READERS else [],
    output:
        "_build/executed/chapters/{chapter}.ipynb",
    log:
        "_build/logs/chapters/{chapter}.ipynb",
    params:
        values=lambda wildcards: json.dumps(PARAMETERS[wildcards.chapter], sort_keys=True),
    threads: lambda wildcards: THREADS.get(wildcards.chapter, 1)
    shell:
        "exec {PYTHON:q} book/execute.py chapters/{wildcards.chapter:q}.ipynb {log:q} {output:q} "
        "--threads {threads} --parameters {params.values:q}"
