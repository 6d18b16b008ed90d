"""What a job costs besides its work: loading Python and the package, Snakemake, papermill.

Each is measured from outside, as the seconds of a process from its start to its end, in rounds that
take all of them in turn.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import nbformat
from nbformat import v4
from tqdm import tqdm

__all__ = ["FULL", "QUICK", "run"]

FULL = dict(
    rounds=7,
    loaded=("Python", "torch", "halfspace", "recorded runs"),
    jobs=(1, 50, 200),
    cells=(1, 41),
)
QUICK = dict(rounds=1, loaded=("Python",), jobs=(1, 3), cells=(2,))

_ROOT = Path(__file__).resolve().parents[1]
_LOADED = {
    "Python": "pass",
    "torch": "import torch",
    "halfspace": "import halfspace",
    "recorded runs": "import halfspace.companion.registry",
}
_SNAKEFILE = """
rule all:
    input: expand("done/{{n}}", n=range({jobs}))
rule one:
    output: "done/{{n}}"
    shell: "exec touch {{output}}"
"""
_KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}


def run(
    quick: bool,
    *,
    rounds: int,
    loaded: tuple[str, ...],
    jobs: tuple[int, ...],
    cells: tuple[int, ...],
) -> dict:
    """Measure the seconds of processes.

    Args:
        quick: not used: the sizes say it all.
        rounds: times that each process is run.
        loaded: what a Python process loads; names in ``_LOADED``.
        jobs: numbers of jobs of a Snakemake workflow, whose jobs do next to nothing.
        cells: numbers of cells of a notebook, whose cells do next to nothing.

    Returns:
        Facts: ``loading``: by what is loaded, seconds in each round. ``snakemake`` and
        ``notebook``: a list of ``{"size": ..., "seconds": [...]}``.
    """
    loading: dict[str, list[float]] = {name: [] for name in loaded}
    flows: dict[int, list[float]] = {number: [] for number in jobs}
    notebooks: dict[int, list[float]] = {number: [] for number in cells}
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        for turn in tqdm(range(rounds), desc="overhead", unit="round", leave=False):
            for name in loaded:
                loading[name].append(_seconds([sys.executable, "-c", _LOADED[name]], home))
            for number in jobs:
                flows[number].append(_workflow(home / f"{turn} {number}", number))
            for number in cells:
                notebooks[number].append(_notebook(home / f"{turn}-{number}", number))
    facts = {"loading": loading, "snakemake": _listed(flows), "notebook": _listed(notebooks)}
    return {"rows": [], "fits": [], "facts": facts}


def _listed(seconds: dict[int, list[float]]) -> list[dict]:
    return [{"size": size, "seconds": measured} for size, measured in seconds.items()]


def _seconds(command: list, folder: Path, check: Callable[[], bool] = lambda: True) -> float:
    """Return the seconds of a command that must succeed."""
    started = time.perf_counter()
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, env=_environment())
    seconds = time.perf_counter() - started
    if done.returncode or not check():
        raise RuntimeError(f"{command} failed: {done.stderr[-2000:]}")
    return seconds


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("SNAKEMAKE")}


def _workflow(folder: Path, jobs: int) -> float:
    folder.mkdir()
    (folder / "Snakefile").write_text(_SNAKEFILE.format(jobs=jobs), encoding="utf8")
    options = ["--cores", "1", "--quiet", "all", "--scheduler", "greedy"]
    command = [sys.executable, "-m", "snakemake", *options]
    return _seconds(command, folder, lambda: len(list(folder.glob("done/*"))) == jobs)


def _notebook(folder: Path, cells: int) -> float:
    """Execute a notebook of trivial cells as the book does."""
    folder.mkdir()
    written = [v4.new_code_cell("1 + 1", id=f"c{number}") for number in range(cells)]
    notebook = v4.new_notebook(cells=written, metadata={"kernelspec": _KERNEL})
    nbformat.write(notebook, folder / "n.ipynb")
    command = [sys.executable, _ROOT / "book/execute.py", "n.ipynb", "log.ipynb", "out.ipynb"]
    seconds = _seconds(command, folder, (folder / "out.ipynb").exists)
    shown = json.loads((folder / "out.ipynb").read_text(encoding="utf8"))["cells"][-1]["outputs"]
    if not shown:
        raise RuntimeError(f"the notebook of {cells} cells shows nothing")
    return seconds
