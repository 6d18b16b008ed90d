"""Chapters -> executed chapters -> book. `make book` runs it; so does `snakemake --cores 2`."""

import json
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError

sys.path.insert(0, "book")
import parameter_sets

SET = config.get("parameters", "default")
try:
    PARAMETERS = parameter_sets.load(SET)
except ValueError as error:
    raise WorkflowError(str(error))

PYTHON = sys.executable
JUPYTER_BOOK = Path(sys.executable).with_name("jupyter-book")
THREADS = {"05_resource_allocation": 2}  # trains many wide nets at once; the others take one core
PACKAGE = sorted(map(str, Path("lib").rglob("*.py")))
RECORDS = sorted(map(str, Path("data/results").rglob("*.*")))
READERS = {  # chapters that read recorded runs
    "02_active_path_regions",
    "04_feature_learning",
    "05_resource_allocation",
    "06_cifar",
    "circle_conditions",
    "reallocating_paths",
}
PAGES = sorted(map(str, Path(".").glob("*.md")))
TIMINGS = {"how_fast_how_exact": sorted(map(str, Path("benchmarks/results").glob("*.json")))}
ASSETS = sorted(str(p) for p in Path("book").rglob("*") if p.is_file() and p.suffix != ".pyc")


rule book:
    input:
        expand("_build/executed/chapters/{chapter}.ipynb", chapter=PARAMETERS),
        expand("chapters/{chapter}.ipynb", chapter=PARAMETERS),
        "_config.yml", "_toc.yml", "references.bib", PAGES, ASSETS, PACKAGE, RECORDS,
    output:
        touch("_build/book.done"),
    params:
        set=SET,
    threads: workflow.cores  # alone: it reads what every chapter wrote
    shell:
        "HALFSPACE_PARAMETERS={params.set} {JUPYTER_BOOK} build . -W -n --keep-going --all -q"


rule execute:
    input:
        notebook="chapters/{chapter}.ipynb",
        package=PACKAGE,
        environment="requirements.lock",
        script="book/execute.py",
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
        "{PYTHON} {input.script} {input.notebook} {log} {output} "
        "--threads {threads} --parameters {params.values:q}"
