"""Pages that a build keeps from the one before, when only texts have changed."""

import filecmp
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
import yaml
from nbformat import v4

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "book"))

import executed_copies  # noqa: E402
import kept_pages  # noqa: E402
from whole import write_whole  # noqa: E402

TEXT = """# Chapter {name}

:::{{opening}} fig-{name}
**Question.** Is it so?

**Answer.** It is.
:::

(part-{name})=
## A part

Words, {{term}}`path`, {{cite}}`yadav2024half`, and {{doc}}`{other}`, {{numref}}`fig-{other}`.

$$ x = 1 $$ (eq-{name})

```{{exercise}} Why?
:label: ex-{name}

Say it.
```
"""
GLOSSARY = "# Glossary\n\n```{glossary}\npath\n  A choice of one unit for each layer.\n```\n"
DOT = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADU"
    "lEQVR42mNk+M/wHwAEBgIApD5fRAAAAABJRU5ErkJggg=="
)


def chapter(name, other):
    about = {"figure": {"name": f"fig-{name}", "caption": "A caption."}, "image": {"alt": "A dot."}}
    cells = [
        v4.new_markdown_cell(TEXT.format(name=name, other=other), id="a"),
        v4.new_code_cell("seed: int = 0", id="b", metadata={"tags": ["parameters"]}),
        v4.new_code_cell("draw(seed)", id="c", metadata={"mystnb": about}),
    ]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})


def run(notebook):
    executed = nbformat.from_dict(json.loads(nbformat.writes(notebook)))
    executed.cells[2].outputs = [v4.new_output("display_data", data={"image/png": DOT})]
    executed.metadata["papermill"] = {
        "parameters": {},
        "duration": 1.0,
        "start_time": "2026-01-02T03:04:05+00:00",
    }
    return executed_copies.sealed(executed)


@pytest.fixture
def book(tmp_path, monkeypatch):
    """A book of two chapters with this book's configuration and extensions."""
    monkeypatch.chdir(tmp_path)
    for name in ("_config.yml", "references.bib", "about.md", "bibliography.md"):
        shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(ROOT / "book", "book")
    Path("index.md").write_text("# Index\n\n```{chapter-cards}\n```\n")
    Path("reproduction.md").write_text("# Report\n")
    Path("glossary.md").write_text(GLOSSARY)
    names = ("chapters/x", "chapters/y", "reproduction", "glossary", "bibliography", "about")
    part = {"numbered": True, "chapters": [{"file": name} for name in names]}
    toc = {"format": "jb-book", "root": "index", "parts": [part]}
    Path("_toc.yml").write_text(yaml.safe_dump(toc))
    Path("chapters").mkdir()
    executed_copies.EXECUTED.mkdir(parents=True)
    for name, other in ("xy", "yx"):
        nbformat.write(chapter(name, other), f"chapters/{name}.ipynb")
        write_whole(executed_copies.EXECUTED / f"{name}.ipynb", run(chapter(name, other)))
    Path("_build/inputs").mkdir()
    Path("_build/inputs/pages.json").write_text('{"all but texts": "as they are"}')
    return tmp_path


def build():
    environment = os.environ | {"HALFSPACE_PARAMETERS": "default"}
    done = subprocess.run(
        [sys.executable, "book/pages.py"], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def change(old, new, path="chapters/x.ipynb"):
    text = Path(path).read_text(encoding="utf8")
    assert text.count(old) == 1
    Path(path).write_text(text.replace(old, new), encoding="utf8")


def pages(folder):
    """Return all files of the pages, and their contents without what depends on the build.

    That is its time; the versions of styles, which Sphinx only gives to files that are there when
    it writes a page; and Sphinx's own search, which ours replaces.
    """
    varying = re.compile(rb"20\d\d-\d\d-\d\d \d\d:\d\d UTC|\?v=[0-9a-f]+")
    return {
        path.relative_to(folder): varying.sub(b"", path.read_bytes())
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "searchindex.js"
    }


def test_a_changed_sentence_makes_the_same_pages_as_a_build_from_nothing(book):
    build()
    before = Path("_build/html/chapters/y.html").stat().st_mtime_ns
    change("Words, ", f"Other words with an $f(x)$, {'and more ' * 200}")  # minutes on the card
    change("A caption.", "Another caption.")
    build()
    assert "Other words" in Path("_build/html/chapters/x.html").read_text(encoding="utf8")
    assert "3 minutes" in Path("_build/html/index.html").read_text(encoding="utf8")
    assert Path("_build/html/chapters/y.html").stat().st_mtime_ns == before  # kept
    kept = pages(Path("_build/html"))
    shutil.rmtree("_build/kept")
    build()
    assert Path("_build/html/chapters/y.html").stat().st_mtime_ns != before
    made = pages(Path("_build/html"))
    assert kept.keys() == made.keys()
    assert [path for path in kept if kept[path] != made[path]] == []


@pytest.fixture
def kept(book):
    """A book whose pages, which no build has made here, are kept."""
    for name in ("html", "draft/.doctrees", "draft/jupyter_execute"):
        Path("_build", name).mkdir(parents=True)
    Path("_build/html/index.html").write_text("index")
    Path("_build/html/data").mkdir()
    Path("_build/html/data/run.npz").write_text("run")
    kept_pages.keep(Path("_build/html"), Path("_build/draft"))
    shutil.rmtree("_build/draft")
    return book


def begins():
    return kept_pages.begin_with_kept(Path("_build/html"), Path("_build/draft"))


@pytest.mark.parametrize(
    "old, new, path",
    [
        ("Words, ", "Words and words, ", "chapters/x.ipynb"),
        ("A caption.", "Another, {glue:text}`x`.", "chapters/x.ipynb"),
        ("# Report", "# Report\n\nMore.", "reproduction.md"),
    ],
)
def test_a_text_may_change(old, new, path, kept):
    change(old, new, path)
    assert begins()
    assert filecmp.cmp("_build/draft/html/index.html", "_build/html/index.html", shallow=False)
    assert Path("_build/draft/html/data/run.npz").samefile("_build/html/data/run.npz")
    assert not Path("_build/draft/html/index.html").samefile("_build/html/index.html")
    assert Path("_build/draft/.doctrees").is_dir() and not Path("_build/kept").exists()


@pytest.mark.parametrize(
    "old, new, path",
    [
        ("## A part", "## Another part", "chapters/x.ipynb"),
        ("(part-x)=", "(portion-x)=", "chapters/x.ipynb"),
        ("Is it so?", "Is it?", "chapters/x.ipynb"),
        ("{cite}`yadav2024half`, and ", "", "chapters/x.ipynb"),
        ("{term}`path`", "path", "chapters/x.ipynb"),
        ("(eq-x)", "(eq-z)", "chapters/x.ipynb"),
        (":label: ex-x", ":label: ex-z", "chapters/x.ipynb"),
        ("draw(seed)", "draw(seed + 1)", "chapters/x.ipynb"),
        ('"name": "fig-x"', '"name": "fig-z"', "chapters/x.ipynb"),
        ("A dot.", "A small dot.", "chapters/x.ipynb"),
        ("A choice", "One choice", "glossary.md"),
        ("as they are", "others", "_build/inputs/pages.json"),
        ("index", "damaged", "_build/html/index.html"),
        ("draw(seed)", "draw( seed)", "_build/executed/chapters/y.ipynb"),
    ],
)
def test_anything_else_makes_all_pages_anew(old, new, path, kept):
    change(old, new, path)
    assert not begins()
    assert not Path("_build/draft").exists() and not Path("_build/kept").exists()


@pytest.mark.parametrize("gone", ["state.json", ".doctrees", "jupyter_execute"])
def test_an_interrupted_build_keeps_nothing(gone, kept):
    path = Path("_build/kept", gone)
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    assert not begins()
    assert not Path("_build/draft").exists() and not Path("_build/kept").exists()
    assert Path("_build/html/index.html").exists()


def test_a_full_disk_when_pages_are_kept_leaves_the_pages(kept, monkeypatch):
    monkeypatch.setattr(kept_pages, "write_whole", raise_full)
    shutil.copytree("_build/kept", "_build/draft")
    kept_pages.keep(Path("_build/html"), Path("_build/draft"))
    assert Path("_build/html/index.html").exists() and not begins()


def raise_full(*_):
    raise OSError(28, "No space left on device")
