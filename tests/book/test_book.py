"""The book's Sphinx extension, the publishing address, the workflows and what git holds."""

import html
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest
import yaml
from nbformat import v4

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "book"))

import executed_copies  # noqa: E402
import halfspace_book  # noqa: E402
import parameter_sets  # noqa: E402

KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
PARAMETERS = """\
seed: int = 0  # any whole number: 0, 1 …
names: list[str] = ["é", "b"]  # a list
rate: float = (
    2e-4  # over lines
)
device: str = "auto"  # where"""


def chapter(extra=""):
    cells = [
        v4.new_markdown_cell("# Title", id="a"),
        v4.new_code_cell(PARAMETERS, id="b", metadata={"tags": ["parameters"]}),
        v4.new_code_cell("print(seed)" + extra, id="c"),
    ]
    return v4.new_notebook(cells=cells, metadata={"kernelspec": KERNEL})


def executed(parameters, **changes):
    notebook = chapter(**changes)
    injected = v4.new_code_cell(
        "seed = 3", id="x", metadata={"tags": ["injected-parameters"]}, execution_count=2
    )
    if parameters:
        notebook.cells.insert(2, injected)
    notebook.cells[-1].outputs = [v4.new_output("stream", text="3")]
    notebook.metadata["papermill"] = {
        "parameters": parameters,
        "duration": 61.4,
        "start_time": "2026-01-02T03:04:05.000000+00:00",
    }
    notebook.metadata["halfspace"] = {"device": "A device", "versions": {"torch": "2"}}
    return notebook


def test_the_page_shows_the_values_of_the_run():
    values = {"seed": 3, "names": ["x"], "rate": 0.5}
    source = halfspace_book.shown(PARAMETERS, values)
    namespace = {}
    exec(source, namespace)
    assert {name: namespace[name] for name in values} == values
    assert namespace["device"] == "auto"
    assert "seed: int = 3  # any whole number: 0, 1 …" in source
    assert "names: list[str] = ['x']  # a list" in source


def test_the_injected_cell_is_hidden_and_outputs_are_kept():
    page = halfspace_book.swap(chapter(), executed({"seed": 3}))
    assert [cell.id for cell in page.cells] == ["a", "b", "c"]
    assert "seed: int = 3" in page.cells[1].source
    assert page.cells[2].outputs[0].text == "3"


def test_a_run_without_parameters_shows_the_defaults():
    assert halfspace_book.swap(chapter(), executed({})).cells[1].source == PARAMETERS


def test_other_cells_are_refused():
    with pytest.raises(ValueError, match="^has different cells from the chapter$"):
        halfspace_book.swap(chapter(extra="  # edited"), executed({"seed": 3}))


def test_text_and_captions_are_the_chapters():
    """They may have changed since the run; what the run printed stays."""
    now = chapter()
    now.cells.insert(0, v4.new_markdown_cell("# A new title", id="n"))
    now.cells[-1].metadata["mystnb"] = {"image": {"alt": "New words"}}
    page = halfspace_book.swap(now, executed({"seed": 3}))
    assert page.cells[0].source == "# A new title" and page.cells[1].id == "a"
    assert page.cells[-1].metadata.mystnb.image.alt == "New words"
    assert page.cells[-1].outputs[0].text == "3" and page.metadata.papermill.duration == 61.4
    now.cells[-1].metadata["mystnb"] = {"figure": {"name": "fig-new"}}
    with pytest.raises(ValueError, match="^has no image of fig-new$"):
        halfspace_book.swap(now, executed({"seed": 3}))


@pytest.fixture
def app(tmp_path, monkeypatch):
    """The part of a Sphinx application that the extension uses; it collects warnings."""
    said = []
    monkeypatch.setattr(
        halfspace_book.logger, "warning", lambda text, *values, **_: said.append(text % values)
    )
    env = SimpleNamespace(note_dependency=lambda path: None)
    return SimpleNamespace(srcdir=tmp_path, env=env, said=said)


def put(folder, notebook):
    path = folder / "_build/executed/chapters/x.ipynb"
    path.parent.mkdir(parents=True)
    path.write_text(executed_copies.sealed(notebook), encoding="utf8")
    return path


def test_reading_swaps_the_executed_copy_in(app):
    put(app.srcdir, executed({"seed": 3}))
    source = [nbformat.writes(chapter())]
    halfspace_book.read_executed(app, "chapters/x", source)
    assert json.loads(source[0])["cells"][-1]["outputs"]
    assert app.said == []


def test_a_missing_copy_is_a_warning(app):
    source = [nbformat.writes(chapter())]
    halfspace_book.read_executed(app, "chapters/x", source)
    assert app.said == ["the executed copy is not there"]


def test_a_copy_of_other_cells_is_a_warning(app):
    put(app.srcdir, executed({}, extra="  # older"))
    source = [nbformat.writes(chapter())]
    halfspace_book.read_executed(app, "chapters/x", source)
    assert app.said == ["the executed copy has different cells from the chapter"]
    assert not json.loads(source[0])["cells"][-1]["outputs"]


def refused(app):
    """Return why the page build does not show the copy of chapter x, and check that it does not."""
    source = [nbformat.writes(chapter())]
    halfspace_book.read_executed(app, "chapters/x", source)
    assert not json.loads(source[0])["cells"][-1]["outputs"]
    (said,) = app.said
    return said


def test_a_copy_that_was_edited_by_hand_is_refused(app):
    path = put(app.srcdir, executed({"seed": 3}))
    path.write_text(path.read_text().replace('"3"', '"FORGED-NUMBER 123"'))
    assert refused(app) == "the executed copy was changed after it was written"


def test_a_copy_whose_provenance_was_edited_is_refused(app):
    path = put(app.srcdir, executed({"seed": 3}))
    path.write_text(path.read_text().replace("A device", "Another"))
    assert refused(app) == "the executed copy was changed after it was written"


@pytest.mark.parametrize("size", [0, 1, 300])
def test_a_copy_that_is_cut_is_refused(size, app):
    path = put(app.srcdir, executed({"seed": 3}))
    path.write_bytes(path.read_bytes()[:size])
    assert refused(app).startswith("the executed copy is damaged (")


def test_a_copy_without_its_figures_is_refused(app):
    notebook = executed({"seed": 3})
    notebook.cells[-1].metadata["mystnb"] = {"figure": {"name": "fig-x"}}
    put(app.srcdir, notebook)
    assert refused(app) == "the executed copy has no image of fig-x"


@pytest.mark.parametrize("kind", ["image/svg+xml", "text/html"])
def test_a_figure_in_any_image_format_counts(kind):
    notebook = executed({})
    notebook.cells[-1].metadata["mystnb"] = {"figure": {"name": "fig-x"}}
    assert executed_copies.figures_without_image(notebook) == ["fig-x"]
    table = {"text/plain": "x", "text/html": "<table></table>"}
    notebook.cells[-1].outputs.append(v4.new_output("display_data", data=table))
    assert executed_copies.figures_without_image(notebook) == ["fig-x"]
    data = {"text/plain": "x", kind: '<div><img src="data:,"></div>'}
    notebook.cells[-1].outputs.append(v4.new_output("display_data", data=data))
    assert executed_copies.figures_without_image(notebook) == []


@pytest.mark.parametrize(
    "text", ["a|b", "<script>x</script>", "`a` *b* [c](d) $e$", "{{f}}", "1.0"]
)
def test_what_a_record_tells_is_shown_as_it_stands(text):
    from markdown_it import MarkdownIt

    table = f"| a | b |\n|---|---|\n| {halfspace_book.plain(text)} | {halfspace_book.code(text)} |"
    page = MarkdownIt("commonmark", {"html": True}).enable("table").render(table)
    shown = html.escape(text, quote=False)
    assert f"<td>{shown}</td>" in page and f"<td><code>{shown}</code></td>" in page


def test_the_commit_is_that_of_the_project_and_of_no_repository_around_it(tmp_path):
    git = ["git", "-C", tmp_path, "-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "x"], check=True)
    assert re.fullmatch("[0-9a-f]{12}", halfspace_book.commit(str(tmp_path)))
    inner = tmp_path / "unpacked"
    inner.mkdir()
    assert halfspace_book.commit(str(inner)) == "not known"


def test_other_pages_are_left_alone(app):
    source = ["# Index"]
    halfspace_book.read_executed(app, "index", source)
    assert source == ["# Index"] and app.said == []


@pytest.fixture
def little_book(tmp_path):
    """A book of one chapter with this book's configuration and extension."""
    for name in ("_config.yml", "references.bib", "about.md", "bibliography.md"):
        shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(ROOT / "book", tmp_path / "book")
    (tmp_path / "index.md").write_text("# Index\n\nWords.\n")
    (tmp_path / "reproduction.md").write_text("# Report\n")
    names = ("chapters/x", "reproduction", "bibliography", "about")
    pages = [{"file": name} for name in names]
    toc = {"format": "jb-book", "root": "index", "chapters": pages}
    (tmp_path / "_toc.yml").write_text(yaml.safe_dump(toc))
    (tmp_path / "chapters").mkdir()
    nbformat.write(chapter(), tmp_path / "chapters/x.ipynb")
    return tmp_path


def build(folder):
    program = Path(sys.executable).with_name("jupyter-book")
    command = [program, "build", ".", "-W", "-n", "--keep-going", "-q"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)


def words(path):
    text = re.sub(r"<[^>]+>", " ", path.read_text(encoding="utf8"))
    return " ".join(html.unescape(text).split())


def test_a_build_shows_runs_and_fails_without_them(little_book):
    put(little_book, executed({"seed": 3}))
    done = build(little_book)
    assert done.returncode == 0, done.stderr
    page = words(little_book / "_build/html/chapters/x.html")
    assert "seed : int = 3" in page and "seed = 3" not in page
    about = words(little_book / "_build/html/about.html")
    assert "Title 2026-01-02 03:04 UTC 61 A device" in about
    assert "Title seed 3 0" in about and "device 'auto'" not in about and "torch 2" in about
    notebook = nbformat.read(little_book / "_build/html/chapters/x.ipynb", 4)
    assert notebook.cells[-1].outputs[0].text == "3"
    page = (little_book / "_build/html/chapters/x.html").read_text(encoding="utf8")
    menu = re.findall(r'<a [^>]*?href="([^"]*ipynb)"[^>]*>(.*?)</a>', page, re.DOTALL)
    offered = {re.sub("<[^>]+>|\\s+", " ", text).strip(): address for address, text in menu}
    assert offered["notebook with results"] == "x.ipynb"
    assert offered["notebook without results"] == "../_sources/chapters/x.ipynb"
    assert str(little_book) not in about
    assert (little_book / "_build/html/_static/mathjax/startup.js").exists()

    shutil.rmtree(little_book / "_build/executed")
    done = build(little_book)
    assert done.returncode != 0
    assert "the executed copy is not there" in done.stderr


def test_parameter_sets(tmp_path):
    (tmp_path / "parameters").mkdir()
    (tmp_path / "a.ipynb").touch()
    (tmp_path / "b.ipynb").touch()
    (tmp_path / "parameters/quick.yaml").write_text("a: {seed: 1}\n")
    (tmp_path / "parameters/wrong.yaml").write_text("c: {seed: 1}\n")
    assert parameter_sets.load("quick", tmp_path) == {"a": {"seed": 1}, "b": {}}
    message = "PARAMETERS=qick: no such parameter set; there are quick, wrong"
    with pytest.raises(ValueError, match=message):
        parameter_sets.load("qick", tmp_path)
    with pytest.raises(ValueError, match="no chapter c; there are"):
        parameter_sets.load("wrong", tmp_path)


# --- what the repository says of itself ---


_BINARY = (".gz", ".npz", ".png", ".pt")


def tracked():
    done = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        pytest.skip("not a git checkout")
    paths = [ROOT / name for name in done.stdout.splitlines()]
    return [path for path in paths if path.is_file() and path.suffix not in _BINARY]


OTHER_PROJECTS = {  # which chapters cite
    "https://github.com/akshaygrao77/DLGN-research",
    "https://github.com/Doeschate/Feature_Learning_DLGN",
}


def test_the_publishing_address_is_the_same_everywhere():
    url = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf8"))["repository"]["url"]
    owner_name = url.removeprefix("https://github.com/")
    own = ["README.md", "CITATION.cff", "pyproject.toml", "_config.yml"]
    own += [str(path.relative_to(ROOT)) for path in (ROOT / "chapters").glob("*.ipynb")]
    for name in own:
        text = (ROOT / name).read_text(encoding="utf8")
        found = set(re.findall(r"git\+https://[^\s\"\\@]+", text))
        found |= set(re.findall(r"https://github\.com/[\w.-]+/[\w.-]+", text))
        own_addresses = {address.removeprefix("git+") for address in found} - OTHER_PROJECTS
        assert own_addresses == {url}, name
        for address in re.findall(r"colab\.research\.google\.com/github/([\w.-]+/[\w.-]+)", text):
            assert address == owner_name, name


def test_the_address_can_be_changed(tmp_path):
    for name in ("README.md", "CITATION.cff", "pyproject.toml", "_config.yml"):
        shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(ROOT / "book", tmp_path / "book")
    shutil.copytree(ROOT / "chapters", tmp_path / "chapters")
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    subprocess.run(["git", "add", "."], cwd=tmp_path, check=True)
    command = [sys.executable, "book/repository_url.py", "https://github.com/someone/else"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    old = "half-space-features/half-space-features"
    for path in tmp_path.rglob("*"):
        if path.is_file() and ".git" not in path.parts and path.suffix not in (".png", ".pyc"):
            assert old not in path.read_text(encoding="utf8"), path
    refused = subprocess.run(
        [*command[:2], "ftp://x"], cwd=tmp_path, capture_output=True, text=True
    )
    assert "https://github.com/OWNER/NAME" in refused.stderr and refused.returncode


def test_without_git_the_address_is_not_changed_and_a_sentence_says_why(tmp_path):
    shutil.copy(ROOT / "_config.yml", tmp_path)
    command = [sys.executable, ROOT / "book/repository_url.py", "https://github.com/someone/else"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1 and done.stderr == (
        "This changes the files that git tracks, but this folder is not a git clone.\n"
    )


SCHEMAS = {path: "github-workflows" for path in (ROOT / ".github/workflows").glob("*.yml")}
SCHEMAS[ROOT / "CITATION.cff"] = "citation-file-format"


@pytest.mark.parametrize("path", sorted(SCHEMAS), ids=lambda path: path.name)
def test_published_schemas(path):
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema"]
    done = subprocess.run(
        [*command, f"vendor.{SCHEMAS[path]}", path], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout


WORKFLOWS = [path for path, schema in SCHEMAS.items() if schema == "github-workflows"]


def steps(workflow):
    return [step for job in workflow["jobs"].values() for step in job["steps"]]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_workflows_name_actions_by_commit_and_grant_little(path):
    text = path.read_text(encoding="utf8")
    workflow = yaml.safe_load(text)
    actions = re.findall(r"uses: (.*)", text)
    assert len(actions) == sum("uses" in step for step in steps(workflow)) > 0
    for action in actions:
        assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}  # v\d+\.\d+\.\d+", action)
    assert workflow["permissions"] == {"contents": "read"}
    for name, job in workflow["jobs"].items():
        if "permissions" in job:
            assert name == "deploy" and not any("run" in step for step in job["steps"])
            assert set(job["permissions"]) == {"pages", "id-token"}
    for step in steps(workflow):
        assert "${{" not in step.get("run", ""), "an input reaches a script through env"


def test_there_are_workflows():
    assert len(SCHEMAS) >= 4


def test_files_name_no_machine_and_no_registry():
    own = Path(__file__).name
    pattern = re.compile(
        r"(?<![\w.~])/(?:home|root|Users|work|tmp)/\w|files\.pythonhosted|--index-url"
    )
    for path in tracked():
        if path.name in (own, "test_browser.py", "Makefile"):
            continue
        found = pattern.search(path.read_text(encoding="utf8"))
        assert not found, f"{path.relative_to(ROOT)}: {found.group()}"


def test_the_lock_is_pinned_with_hashes():
    text = (ROOT / "requirements.lock").read_text(encoding="utf8")
    requirements = re.split(r"\n(?=\S)", text.strip())
    for requirement in requirements:
        assert re.match(r"[a-z0-9-]+==[\w.]+", requirement), requirement[:60]
        assert "--hash=sha256:" in requirement, requirement[:60]
    assert "http" not in re.sub(r"aiohttp", "", text)
