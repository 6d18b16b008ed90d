"""Every chapter keeps the shape that the book, papermill and Colab rely on."""

import ast
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import nbformat
import papermill
import pytest
import yaml
from halfspace import datasets
from halfspace.companion.cifar import specs
from halfspace.companion.spec import results

ROOT = Path(__file__).parents[2]
URL = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf8"))["repository"]["url"]
BOOTSTRAP = f"""\
import importlib.util
import site
from pathlib import Path

if importlib.util.find_spec("halfspace") is None:  # Colab, or any machine without the package
    url = "{URL}"
    if not Path("halfspaces").exists():
        !git clone -q --depth 1 {{url}} halfspaces
    %pip install --quiet --editable "./halfspaces[chapters]"
    site.main()  # lets this session find it; later ones find it by themselves
    if importlib.util.find_spec("halfspace") is None:
        raise SystemExit("halfspace was not installed: see above; it needs git and a network")"""
CHAPTERS = sorted((ROOT / "chapters").glob("*.ipynb"))
SETS = sorted((ROOT / "chapters" / "parameters").glob("*.yaml"))
TYPES = {"int": int, "float": (int, float), "str": str, "bool": bool, "list": list, "tuple": list}
MOST_LINES = 12
DATA = ("fig-gated-task",)  # figures that show a task and no network
QUIET = re.compile(r"(\w+_)?plots\.")  # these calls return nothing

each_chapter = pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)


WIDGETS = ROOT / "lib/halfspace/companion/widgets"
INTERACTIVE = {path.stem for path in WIDGETS.glob("*.py") if path.with_suffix(".js").exists()}


def is_interactive(node):
    """Whether a statement shows an interactive figure."""
    call = getattr(node, "value", None)
    return isinstance(call, ast.Call) and ast.unparse(call.func) in INTERACTIVE


def read(path):
    return nbformat.read(path, as_version=4)


def tagged(notebook, tag):
    return [cell for cell in notebook.cells if tag in cell.metadata.get("tags", [])]


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def test_the_table_of_contents_names_every_chapter():
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf8"))
    files = [entry["file"] for part in toc["parts"] for entry in part["chapters"]]
    listed = [file for file in files if file.startswith("chapters/")]
    assert [f"chapters/{path.stem}" for path in CHAPTERS] == sorted(listed)


@each_chapter
def test_format(path):
    notebook = read(path)
    nbformat.validate(notebook)
    assert notebook.metadata.kernelspec.language == "python"
    assert notebook.metadata.kernelspec.name == "python3"
    assert notebook.cells[0].source.startswith("# ")


@each_chapter
def test_no_outputs_are_stored(path):
    for cell in code_cells(read(path)):
        assert cell.outputs == [] and cell.execution_count is None, cell.source


@each_chapter
def test_cells_hold_no_logic(path):
    for cell in code_cells(read(path)):
        lines = [x for x in cell.source.splitlines() if x.strip() and x.strip()[0] != "#"]
        if "parameters" not in cell.metadata.get("tags", []):
            assert len(lines) <= MOST_LINES, cell.source
        if "bootstrap" not in cell.metadata.get("tags", []):
            kinds = {type(node) for node in ast.walk(ast.parse(cell.source))}
            assert not kinds & {ast.FunctionDef, ast.ClassDef, ast.While}, cell.source


@each_chapter
def test_the_bootstrap_cell(path):
    (cell,) = tagged(read(path), "bootstrap")
    assert cell.source == BOOTSTRAP
    assert "remove-cell" in cell.metadata.tags


@each_chapter
def test_the_parameters_are_typed_and_explained(path):
    notebook = read(path)
    (cell,) = tagged(notebook, "parameters")
    names = [node.target.id for node in ast.parse(cell.source).body]  # all of them annotated
    assert names[-1] == "device"
    (check,) = tagged(notebook, "check")
    assert notebook.cells.index(check) == notebook.cells.index(cell) + 1
    assert "parameters.check(" in check.source
    inferred = papermill.inspect_notebook(path)
    assert list(inferred) == names  # papermill passes over an equals sign in a comment
    for name, parameter in inferred.items():
        assert parameter["inferred_type_name"] != "None", name
        assert parameter["help"], f"{name} has no comment"


@each_chapter
def test_figures_carry_caption_name_and_alt(path):
    names = []
    for cell in code_cells(read(path)):
        mystnb = cell.metadata.get("mystnb", {})
        if "figure" not in mystnb:
            assert "figure(" not in cell.source, f"a figure without a caption: {cell.source}"
            continue
        assert mystnb.figure.caption.strip()
        names.append(mystnb.figure.name)
        last = ast.parse(cell.source).body[-1]  # a value shown would make a second figure
        if is_interactive(last):  # it brings its own alternative text
            continue
        assert mystnb.image.alt.strip()
        quiet = cell.source.endswith(";") or not isinstance(last, ast.Expr)
        assert quiet or QUIET.match(ast.unparse(last)), (
            f"end it with a semicolon: {ast.unparse(last)}"
        )
    assert len(names) == len(set(names))


@each_chapter
def test_captions_say_where_trained_networks_come_from(path):
    runs = False
    for cell in code_cells(read(path)):
        runs |= bool(re.search(r"\bresults?\(|_conditions\(", cell.source))
        figure = cell.metadata.get("mystnb", {}).get("figure")
        if runs and figure and figure.name not in DATA:
            assert re.search(r"[`-]from[-`]|[Rr]ecorded", figure.caption), figure.name


@each_chapter
@pytest.mark.parametrize("set_path", SETS, ids=lambda path: path.stem)
def test_parameter_sets_fit_the_chapter(path, set_path):
    values = yaml.safe_load(set_path.read_text(encoding="utf8")).get(path.stem) or {}
    (cell,) = tagged(read(path), "parameters")
    types = {n.target.id: ast.unparse(n.annotation) for n in ast.parse(cell.source).body}
    for name, value in values.items():
        assert name in types, f"{set_path.name}: {path.stem} has no parameter {name}"
        assert isinstance(value, TYPES[types[name].split("[")[0]]), f"{name}: {value!r}"


def test_figure_names_are_unique_in_the_book():
    names = [
        cell.metadata.mystnb.figure.name
        for path in CHAPTERS
        for cell in code_cells(read(path))
        if "figure" in cell.metadata.get("mystnb", {})
    ]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("path", CHAPTERS[:1], ids=lambda path: path.stem)
def test_papermill_lists_the_parameters(path):
    done = run_papermill("--help-notebook", path, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert "device" in done.stdout and "No parameters found" not in done.stdout


# The bootstrap cell runs before the check: no network here, so it also shows that it does nothing.
# All chapters have the same one; each one's check is tried in test_chapter_ends.
@pytest.mark.parametrize("path", CHAPTERS[:1], ids=lambda path: path.stem)
def test_a_wrong_parameter_stops_a_chapter_in_papermill(path, tmp_path):
    done = run_papermill(path.relative_to(ROOT), tmp_path / "out.ipynb", "-p", "sede", 3, cwd=ROOT)
    assert done.returncode != 0
    assert "There is no parameter sede; the nearest is seed" in done.stderr


@pytest.mark.parametrize("path", CHAPTERS[:1], ids=lambda path: path.stem)
def test_a_chapter_starts_from_its_own_folder(path, tmp_path):
    done = run_papermill(path.name, tmp_path / "out.ipynb", "-p", "sede", 3, cwd=path.parent)
    assert "There is no parameter sede; the nearest is seed" in done.stderr


def cell_with(name, words):
    (cell,) = [c for c in code_cells(read(ROOT / f"chapters/{name}.ipynb")) if words in c.source]
    return cell.source


def test_chapter_9_without_cifar_says_so_in_plain_words(monkeypatch, capsys):
    def offline(name):
        raise FileNotFoundError("the download failed (<urlopen error [Errno -2] ...>)")

    monkeypatch.setattr(datasets, "cifar", offline)
    names = dict(datasets=datasets, specs=specs, replace=replace, results=results)
    values = dict(epochs=1, n_train=100, seed=0, device="cpu")
    exec(cell_with("09_cifar", "datasets.cifar("), names | values)
    assert capsys.readouterr().out == (
        "CIFAR-10 is not at hand, so no net is trained here: see data/README.md.\n"
        "The figures of this chapter show recorded runs, which do not need it.\n"
    )


def run_papermill(*arguments, cwd):
    command = [sys.executable, "-m", "papermill", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=120)
