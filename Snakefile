"""Chapters -> executed chapters -> book. `make book` runs it; so does `snakemake --cores 2`.

The environment variable HALFSPACE_PARAMETERS names the parameter set.
"""

import hashlib
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


def kept(name, content):
    """Return a file that holds what a job depends on, and only changes when that does.

    Snakemake looks at each input many times while jobs run, and there are thousands of files.
    """
    path, text = Path(f"_build/inputs/{name}.json"), json.dumps(content, indent=1) + "\n"
    if not path.exists() or path.read_text(encoding="utf8") != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, text)
    return str(path)


def digest(paths):
    """Return a checksum of files' names and contents."""
    found = hashlib.sha256()
    for path in sorted(map(os.path.relpath, paths)):
        found.update(f"{path} {hashlib.sha256(Path(path).read_bytes()).hexdigest()}\n".encode())
    return found.hexdigest()


def code(name):
    """Return the code of a chapter's cells, and which of them are the parameters."""
    cells = json.loads(Path(f"chapters/{name}.ipynb").read_text(encoding="utf8"))["cells"]
    cells = [cell for cell in cells if cell["cell_type"] == "code"]
    return [["".join(c["source"]), "parameters" in c["metadata"].get("tags", [])] for c in cells]


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
RECORDS = files("data/results", "*/*.json", "*/*.npz")
# Chapters that read recorded runs: they import conditions, or claims, which conditions describe.
READERS = {name for name, used in USED.items() if any(p.name == "conditions.py" for p in used)}
TIMINGS = {"how_fast_how_exact": files("benchmarks/results", "*.json")}
TIMINGS["running_at_scale"] = TIMINGS["how_fast_how_exact"] + RECORDS
SCRIPTS = [f"book/{name}.py" for name in ("execute", "executed_copies", "project_files", "whole")]
OF_ALL = digest(["requirements.lock", *SCRIPTS])
OF_RECORDS = digest(RECORDS)
# What a chapter is executed again for: not its text, which the pages take from the notebook.
INPUTS = {
    name: kept(
        name,
        {
            "code": code(name),
            "package": digest(USED[name]),
            "environment and scripts": OF_ALL,
            "timings": digest(TIMINGS.get(name, [])),
            "records": OF_RECORDS if name in READERS else None,
        },
    )
    for name in PARAMETERS
}
CHAPTERS = [f"chapters/{name}.ipynb" for name in PARAMETERS]
PAPERS = [path.stem for path in map(Path, files("papers", "*.typ")) if path.stem in PARAMETERS]
SETTINGS = ["_config.yml", "_toc.yml", "references.bib"]
TEXTS = [*CHAPTERS, *files(".", "*.md")]
SCRIPTS_OF_PAGES = files("lib", "**/*.js", "**/*.css")
OTHERS = ["requirements.lock", *SETTINGS, *files("book", "**/*"), *PACKAGE, *SCRIPTS_OF_PAGES]
PAGES = kept(
    "pages",
    {"texts": digest(TEXTS), "all but texts": f"{SET} {digest(OTHERS)} {OF_RECORDS}"},
)


rule book:
    input:
        expand("_build/executed/chapters/{chapter}.ipynb", chapter=PARAMETERS),
        expand("_build/papers/{chapter}.pdf", chapter=PAPERS),
        PAGES,
    output:
        "_build/book.done",
    params:
        set=SET,
    threads: workflow.cores  # runs alone: it reads every chapter's output
    shell:
        "HALFSPACE_PARAMETERS={params.set:q} exec {PYTHON:q} book/pages.py"


rule paper:
    input:
        "papers/{chapter}.typ",
        "chapters/{chapter}.ipynb",
        "_build/executed/chapters/{chapter}.ipynb",
        "references.bib",
        "book/short_paper.py",
    output:
        "_build/papers/{chapter}.pdf",
    shell:
        "exec {PYTHON:q} book/short_paper.py {input[0]:q} {input[1]:q} {input[2]:q} {output:q}"


rule execute:
    input:
        lambda wildcards: INPUTS[wildcards.chapter],
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
