"""Small throw-away projects on which the commands are tried."""

import hashlib
import json
import re
import shutil
import subprocess
import sys
import venv
import zipfile
from dataclasses import replace
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import yaml
from nbformat import v4
from trials import Command

__all__ = [
    "COMMANDS",
    "LIGHT_BOOK",
    "LIGHT_SWEEP",
    "marks",
    "put_project",
    "timeless",
    "unreadable",
]

ROOT = Path(__file__).parents[2]
_LEFT_OUT = ("data/results/", "benchmarks/results/", "chapters/", "tests/", "audit/")
_KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}


def put_project(folder: Path) -> None:
    """Copy the project without its chapters and records, as a clean git clone with a venv.

    The venv has the packages of this one and the copy's own library.
    """
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout
    for name in filter(None, listed.decode().split("\0")):
        if not name.startswith(_LEFT_OUT) and (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    (folder / "data/results").mkdir(parents=True)
    (folder / "data/results/.keep").touch()
    git = ["git", "-C", str(folder), "-c", "user.name=a", "-c", "user.email=a@b"]
    for words in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "Copy"]):
        subprocess.run([*git, *words], check=True)
    venv.create(folder / ".venv", symlinks=True)
    (site,) = (folder / ".venv/lib").glob("python*/site-packages")
    packages = [path for path in sys.path if path.endswith("site-packages")]
    # Relative to its own folder, so that the project can be copied.
    (site / "project.pth").write_text("\n".join(["../../../../lib", *packages]) + "\n")
    (folder / ".venv/.stamp").touch()


def unreadable(paths) -> list[str]:
    """Return the files among some that are not whole."""
    return [path.name for path in sorted(paths) if path.is_file() and not _whole(path)]


def _whole(path: Path) -> bool:
    try:
        if path.suffix in (".json", ".ipynb", ".done"):
            json.loads(path.read_text(encoding="utf8"))
        elif path.suffix == ".npz":
            _arrays(path)
        elif path.suffix == ".parquet":
            pd.read_parquet(path)
        elif path.suffix == ".html":
            return path.read_text(encoding="utf8").rstrip().endswith("</html>")
        elif path.suffix == ".csv":
            return path.read_bytes().endswith(b"\n")
        return True
    except (OSError, ValueError, zipfile.BadZipFile):
        return False


def _arrays(path: Path) -> dict[str, np.ndarray]:
    with np.load(path) as stored:
        return {name: stored[name] for name in stored.files}


def _visible(folder: Path, *patterns: str) -> list[Path]:
    """Return files that match; hidden ones are drafts."""
    found = (path for pattern in patterns for path in folder.glob(pattern))
    return sorted(path for path in found if path.name[0] != ".")


def marks(paths) -> dict[str, object]:
    """Return digests: each file holds how long its run took, and another one would differ.

    Times of files would not do: Snakemake sets them anew when it sees that a job has ended.
    """
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


def _shown(notebook: Path) -> str:
    """Return what a notebook's cells are and show."""
    cells = nbformat.read(notebook, 4).cells
    return json.dumps([[cell.source, cell.get("outputs")] for cell in cells], sort_keys=True)


# --- make book ---


def _chapter(name: str) -> nbformat.NotebookNode:
    cells = [
        v4.new_markdown_cell(f"# Chapter {name}\n\nWords.", id="t"),
        v4.new_code_cell("seed: int = 0", id="p", metadata={"tags": ["parameters"]}),
        v4.new_code_cell("import time", id="i"),
        v4.new_code_cell("time.sleep(0.3)", id="s"),  # a kernel that runs for a while
        v4.new_code_cell(f"print('{name}', seed + 1)", id="o"),
    ]
    return v4.new_notebook(cells=cells, metadata={"kernelspec": _KERNEL})


_NO_SPHINX = """
from pathlib import Path


def main(arguments, standalone_mode):
    html = Path(arguments[arguments.index("--path-output") + 1], "_build/html")
    (html / "chapters").mkdir(parents=True)
    for name in ("index", "chapters/a", "chapters/b"):
        (html / f"{name}.html").write_text(f"<html>{name}</html>")
"""


def _put_light_book(folder: Path) -> None:
    """Put a book without Sphinx and PyTorch, which take most of the time."""
    _put_book(folder)
    (folder / "book/jupyter_book/cli").mkdir(parents=True)
    (folder / "book/jupyter_book/__init__.py").touch()
    (folder / "book/jupyter_book/cli/main.py").write_text(_NO_SPHINX)
    (folder / "book/torch.py").write_text("class cuda: is_available = lambda: False\n")


def _put_book(folder: Path) -> None:
    put_project(folder)
    for path in folder.glob("*.md"):
        path.unlink()
    chapters = folder / "chapters"
    (chapters / "parameters").mkdir(parents=True)
    names = ("a", "b")
    for name in names:
        nbformat.write(_chapter(name), chapters / f"{name}.ipynb")
    (chapters / "parameters/default.yaml").write_text("a: {seed: 4}\n")
    (folder / "index.md").write_text("# Index\n\nWords.\n")
    (folder / "bibliography.md").write_text("# Bibliography\n")
    (folder / "reproduction.md").write_text("# Report\n")
    shutil.copy2(ROOT / "about.md", folder)
    pages = [f"chapters/{name}" for name in names] + ["reproduction", "bibliography", "about"]
    toc = {"format": "jb-book", "root": "index", "chapters": [{"file": name} for name in pages]}
    (folder / "_toc.yml").write_text(yaml.safe_dump(toc))


_NUMBERS = re.compile(r'"\d+": ?(\d+|\[[\d, ]*\]),? ?')
# In the table of chapters and in what the search finds, seconds follow the time.
_TIMES = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d(?: UTC\s+\d+\b)?")
_SECONDS = re.compile(r'(?<=data-label="Seconds"><p>)\d+')


def _book_results(folder: Path) -> dict[str, str | bytes]:
    html, executed = folder / "_build/html", folder / "_build/executed/chapters"
    results: dict = {path.name: _shown(path) for path in executed.glob("*.ipynb")}
    for path in html.rglob("*"):
        if path.is_file():
            name = path.relative_to(folder).as_posix()
            if path.suffix == ".ipynb":
                results[name] = _shown(path)
            elif path.suffix in (".html", ".js", ".txt"):
                results[name] = timeless(path.read_text(encoding="utf8"))
            else:
                results[name] = path.read_bytes()
            if path.name == "searchindex.js":  # lists the numbers of times and durations
                results[name] = _NUMBERS.sub("", results[name])
    return results


def timeless(text: str) -> str:
    """Leave out when a chapter ran and for how long.

    Two undisturbed runs may show the same minute or second by chance.
    """
    return _SECONDS.sub("", _TIMES.sub("", text))


_BOOK = Command(
    name="make book",
    arguments=("book",),
    template=_put_book,
    twice=True,
    finished=lambda folder: marks(_visible(folder, "_build/executed/chapters/*.ipynb")),
    broken=lambda folder: unreadable(
        _visible(
            folder,
            "_build/*.done",
            "_build/executed/**/*",
            "_build/html/*.html",
            "_build/html/chapters/*",
        )
    ),
    results=_book_results,
)


LIGHT_BOOK = replace(_BOOK, template=_put_light_book, twice=False)


# --- make results ---


def _record_results(folder: Path) -> dict[str, str | bytes]:
    results: dict = {}
    for path in _visible(folder, "data/results/*/*.json"):
        kept = json.loads(path.read_text(encoding="utf8"))
        results[path.stem] = json.dumps(kept["spec"], sort_keys=True)
        for name, array in _arrays(path.with_suffix(".npz")).items():
            if name == "seconds":
                continue
            head = f"{array.dtype.str} {array.shape} ".encode()
            results[f"{path.stem} {name}"] = head + array.tobytes()
    return results


_SHORT = {  # runs of a second or less that the projects lack, by study
    "theory": (
        "relu: path sums",
        "relu: path sums, biases",
        "dlgn: path sums",
        "dlgn: path sums, biases",
        "dlgn-pwc: path sums",
        "dlgn: free experts",
    ),
    # Runs that go on from checkpoints, and one that does not.
    "cifar-synthetic": ("pixels: linear", "conv: linear", "dln ceiling"),
}


def _results(study: str) -> Command:
    """Return ``make results`` in a project that lacks some runs of a study."""

    def put(folder: Path) -> None:
        from halfspace.companion.registry import STUDIES  # loads PyTorch

        put_project(folder)
        for name, spec in STUDIES[study]().items():
            if name not in _SHORT[study]:
                recorded = spec.record_path()
                home = folder / "data/results" / recorded.parent.name
                home.mkdir(exist_ok=True)
                for suffix in (".json", ".npz"):
                    shutil.copy2(recorded.with_suffix(suffix), home)

    return Command(
        name=f"make results EXPERIMENT={study}",
        arguments=("results", f"EXPERIMENT={study}"),
        template=put,
        finished=lambda folder: marks(_visible(folder, "data/results/*/*.json")),
        broken=lambda folder: unreadable(_visible(folder, "data/results/*/*", "_build/cache/**/*")),
        results=_record_results,
    )


# --- make sweep ---

_CHECK = "from halfspace.companion import parameters\n\nparameters.check(seed=(0, 9))"
_WORK = """\
from IPython.display import display

about = {"scrapbook": {"name": "effect", "mime_prefix": "application/papermill.record/"}}
made = {"application/papermill.record/text/plain": repr(seed / 3)}
display(made, metadata=about, raw=True)
"""


def _put_light_sweep(folder: Path) -> None:
    """Put a sweep over a chapter that loads no PyTorch."""
    put_project(folder)
    companion = folder / "lib/halfspace/companion"
    shutil.rmtree(companion.parent)
    companion.mkdir(parents=True)
    for path in (companion.parent, companion):
        (path / "__init__.py").touch()
    for name in ("names", "parameters", "sources"):
        shutil.copy2(ROOT / f"lib/halfspace/companion/{name}.py", companion)
    (folder / "lib/torch.py").write_text("class cuda: is_available = lambda: False\n")
    (folder / "chapters/parameters").mkdir(parents=True)
    (folder / "chapters/parameters/default.yaml").write_text("tiny: {}\n")
    tagged = {"tags": ["parameters"]}
    cells = [v4.new_code_cell("seed: int = 0", id="p", metadata=tagged)]
    cells += [v4.new_code_cell(_CHECK, id="c"), v4.new_code_cell(_WORK, id="w")]
    notebook = v4.new_notebook(cells=cells, metadata={"kernelspec": _KERNEL})
    nbformat.write(notebook, folder / "chapters/tiny.ipynb")
    _put_sweep_file(folder, {"title": "Tiny", "chapter": "tiny", "seeds": [0, 1, 2]})


def _put_sweep(folder: Path) -> None:
    """Put a sweep over nets that are trained for two epochs."""
    put_project(folder)
    base = dict(model="dlgn", seeds=1, epochs=2, function_epochs=[0, 2], record_every=1, grid=8)
    numbers = {"log error": "circle.readings.log_error"}
    sweep = dict(title="Nets", experiment="CircleTraining", base=base, numbers=numbers)
    _put_sweep_file(folder, sweep | {"parameters": {"beta": [1.0, 4.0, 16.0]}})


def _put_sweep_file(folder: Path, sweep: dict) -> None:
    shutil.rmtree(folder / "sweeps", ignore_errors=True)
    (folder / "sweeps").mkdir()
    (folder / "sweeps/tiny.yaml").write_text(yaml.safe_dump(sweep))


def _sweep_results(folder: Path) -> dict[str, str | bytes]:
    home = folder / "_build/sweeps/tiny"
    table = pd.read_csv(home / "table.csv").drop(columns="seconds")
    results: dict = {"table": table.to_csv()}
    results["parquet"] = pd.read_parquet(home / "table.parquet").drop(columns="seconds").to_csv()
    for path in home.glob("runs/*.ipynb"):
        results[path.stem] = json.dumps([cell.source for cell in nbformat.read(path, 4).cells])
    return results


_SWEEP = Command(
    name="make sweep",
    arguments=("sweep", "NAME=tiny"),
    template=_put_sweep,
    finished=lambda folder: marks(_visible(folder, "_build/sweeps/tiny/rows/*.json")),
    broken=lambda folder: unreadable(_visible(folder, "_build/sweeps/tiny/**/*")),
    results=_sweep_results,
)
LIGHT_SWEEP = replace(_SWEEP, template=_put_light_sweep)


COMMANDS = {
    "book": _BOOK,
    "results": _results("theory"),
    "checkpoints": _results("cifar-synthetic"),
    "sweep": _SWEEP,
}
