"""Short papers of chapters: they are set with what the executed chapters show."""

import base64
import re
import sys
from pathlib import Path

import nbformat.v4
import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "book"))

import short_paper  # noqa: E402

DOT = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M/wHwAEBgIApD5fRAAAAABJRU5ErkJggg=="
)
HEAD = '#set document(title: "x")\n#let shown = json("shown.json")\n#shown.numbers.at("a-1")\n'


def output(data, **metadata):
    return nbformat.v4.new_output("display_data", data=data, metadata=metadata)


def glued(name, value):
    kind = "application/papermill.record/"
    return output({f"{kind}text/plain": repr(value)}, scrapbook={"name": name, "mime_prefix": kind})


def chapter(numbers, figures=(), tables=()):
    cells = [nbformat.v4.new_code_cell(outputs=[glued(*item) for item in numbers.items()])]
    for name in figures:
        picture = output({"image/png": base64.b64encode(DOT).decode()})
        about = {"mystnb": {"figure": {"name": name}, "image": {"alt": f"A dot, {name}."}}}
        cells.append(nbformat.v4.new_code_cell(outputs=[picture], metadata=about))
    for name in tables:
        head = "<tr><th>verdict</th><th>a &amp; b</th></tr>"
        table = f"<table>{head}<tr><td>✓ holds</td><td> x <i>y</i></td></tr></table>"
        cells.append(nbformat.v4.new_code_cell(outputs=[output({"text/html": table})], id=name))
    return nbformat.v4.new_notebook(cells=cells)


def test_collects_numbers_figures_and_tables(tmp_path):
    short_paper.collect(chapter({"a-1": "−1.6", "b": 3}, ["fig-a"], ["t1"]), tmp_path)
    assert (tmp_path / "fig-a.png").read_bytes() == DOT
    shown = short_paper.json.loads((tmp_path / "shown.json").read_text(encoding="utf8"))
    assert shown == {
        "numbers": {"a-1": "−1.6", "b": "3"},
        "alt": {"fig-a": "A dot, fig-a."},
        "tables": {"t1": [["verdict", "a & b"], ["✓ holds", "x y"]]},
    }


def test_sets_the_same_file_each_time(tmp_path):
    paper = tmp_path / "paper.typ"
    paper.write_text(HEAD, encoding="utf8")
    first, second = (short_paper.compiled(paper, chapter({"a-1": "2.5"})) for _ in range(2))
    assert first[:5] == b"%PDF-" and first == second


@pytest.mark.parametrize("name", ["a-1", "fig-b"])
def test_names_what_the_chapter_lacks(tmp_path, name):
    paper = tmp_path / "paper.typ"
    paper.write_text(f'{HEAD}#image("fig-b.png", alt: "")', encoding="utf8")
    page = chapter({} if name == "a-1" else {"a-1": "2"})
    with pytest.raises(ValueError, match=rf"paper.typ cannot be set(.|\n)*{name}"):
        short_paper.compiled(paper, page)


@pytest.mark.parametrize("paper", sorted((ROOT / "papers").glob("*.typ")), ids=lambda p: p.stem)
def test_text_can_be_set(paper):
    """With stand-ins for what the chapter shows, whose names are those that the chapter has."""
    text = paper.read_text(encoding="utf8")
    page = nbformat.read(ROOT / "chapters" / f"{paper.stem}.ipynb", 4)
    figures = [c.metadata.get("mystnb", {}).get("figure", {}).get("name") for c in page.cells]
    pictures, tables = re.findall(r'#picture\("([^"]+)"', text), re.findall(r"tables\.(\w+)", text)
    assert set(pictures) <= set(figures) and set(tables) <= {cell.id for cell in page.cells}
    numbers = {f"hard-{name}": "1.5" for name in re.findall(r'#n\("([^"]+)"\)', text)}
    assert len(numbers) > 20 and len(pictures) > 2
    stand_in = chapter(numbers, pictures, tables)
    assert short_paper.compiled(paper, stand_in)[:5] == b"%PDF-"
