"""Final changes to built pages: tables that fit, names and roles, light images and icons."""

import io
import shutil
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pydata_sphinx_theme
import pytest
from bs4 import BeautifulSoup
from fontTools.ttLib import TTFont
from PIL import Image

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "book"))

import finish  # noqa: E402
import markup  # noqa: E402
import pdf  # noqa: E402
import weight  # noqa: E402
from halfspace.companion.plots import html_table  # noqa: E402
from halfspace.companion.text import Link, scientific  # noqa: E402


def article(html):
    page = BeautifulSoup(f"<article>{html}</article>", "html.parser")
    markup.mend_roles(page)
    markup.list_verdicts(page)
    markup.complete_tables(page)
    return page


def cells(page):
    return [[cell.get_text() for cell in row.select("th, td")] for row in page.select("tbody tr")]


def test_cells_know_their_column_and_numbers_stand_right():
    page = article(
        "<table><thead><tr><th></th><th>loss</th></tr></thead>"
        "<tbody><tr><td>a net</td><td>-0.5</td></tr></tbody></table>"
    )
    name, loss = page.select("tbody td")
    assert "data-label" not in name.attrs and loss["data-label"] == "loss"
    assert loss["class"] == ["number"] and loss.get_text() == "−0.5"
    assert page.thead.find().find().name == "td"  # a header that says nothing is none


@pytest.mark.parametrize(
    ("text", "number"),
    [
        (scientific(9.1e-5, decimals=1), True),
        ("after 8\u202f000", True),
        ("×1.2", True),
        ("48 %", True),
        ("3 to 10", True),
        ("4 of 5", False),
    ],
)
def test_what_stands_right_is_a_number(text, number):
    page = article(
        f"<table><thead><tr><th>a</th></tr></thead><tbody><tr><td>{text}</td></tr></table>"
    )
    assert (page.select_one("tbody td").get("class") == ["number"]) == number


def test_a_column_stands_right_if_most_of_its_cells_are_numbers():
    page = article(
        html_table([{"a": a, "b": b} for a, b in (("1", "x"), ("never", "y"), ("2", 3))])
    )
    assert [cell.get("class") for cell in page.select("tbody td")] == [["number"], None] * 3


def test_a_line_does_not_end_within_a_number():
    page = BeautifulSoup("<article><p>47 % of 0–4</p><pre>47 %</pre></article>", "html.parser")
    markup.hold_together(page)
    assert page.p.get_text() == "47\u00a0% of 0\u2060–\u20604"
    assert page.pre.get_text() == "47 %"
    text = "<article><p><span>47</span> % of it, <span>5 (4 to 6)</span> % or (6) %</p></article>"
    page = BeautifulSoup(text, "html.parser")
    markup.hold_together(page)
    assert page.p.get_text().count("\u00a0%") == 3
    markup.hold_together(BeautifulSoup("<p>a page without an article</p>", "html.parser"))


def test_pandas_spans_and_headers_become_plain_rows():
    index = pd.MultiIndex.from_tuples([("a", 1), ("a", 2), ("b", 1)], names=["net", "seed"])
    page = article(pd.DataFrame({"x": [-1.0, 2.0, 3.0]}, index=index).to_html())
    assert cells(page) == [["a", "1", "−1.0"], ["a", "2", "2.0"], ["b", "1", "3.0"]]
    assert markup.column_labels(page.table) == ["net", "seed", "x"]
    assert len(page.select("thead tr")) == 1 and "border" not in page.table.attrs


def test_columns_with_several_headers_are_told_by_all_of_them():
    columns = pd.MultiIndex.from_tuples([("ReLU", "start"), ("ReLU", "end"), ("DLGN", "end")])
    page = article(pd.DataFrame([[1, 2, 3]], columns=columns).to_html())
    assert [cell.get("data-label") for cell in page.select("tbody tr > *")] == [
        None,
        "ReLU · start",
        "ReLU · end",
        "DLGN · end",
    ]


@pytest.mark.parametrize("rows, folded", [(10, False), (11, True)])
def test_a_long_table_folds(rows, folded):
    page = article(html_table([{"n": n} for n in range(rows)]))
    assert bool(page.select(".table-box > details.fold")) is folded
    assert not folded or "Show all 11 rows" in page.get_text()
    with_places = html_table([{"n": n} for n in range(rows)]).replace("<tr><td>", "<tr id=x><td>")
    assert not article(with_places).select("details")  # a link may lead to any of its rows


def test_a_table_of_verdicts_becomes_a_list():
    claim = Link("It is so after 2,000 epochs.", "../reproduction.html#claim-a", "verdict-a")
    row = {"claim": claim, "verdict": "✗ not reproduced", "ours": "x: -1; y: 2"}
    row |= {"measured": "a mean"}
    pending = row | {"verdict": "… not recorded yet", "ours": "–"}
    page = article(html_table([row, pending]))
    first, second = page.select("ul.judged > li")
    assert not page.select("table") and first.strong.get_text() == "✗ not reproduced"
    assert first.a.get_text() == "It is so after 2\u202f000 epochs."
    assert first.strong["class"] == ["badge", "sign-no"]
    assert first.a["id"] == "verdict-a" and first.a["href"] == "../reproduction.html#claim-a"
    assert first.summary.get_text() == "2 findings"
    assert [item.get_text() for item in first.select("details li")] == ["x: −1", "y: 2"]
    assert first.p.get_text() == "Measured: a mean."
    assert second.strong.get_text() == "… not recorded yet" and not second.select("details")


def png():
    pixels = np.zeros((60, 60, 4), np.uint8)
    pixels[..., 3], pixels[10:30, 10:30, 0] = 255, 200
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, format="PNG", compress_level=0)
    return pixels, content.getvalue()


def test_an_image_in_few_colours_is_lighter_and_looks_the_same(tmp_path):
    pixels, content = png()
    light = weight.light_png(content, tmp_path)
    assert len(light) < len(content) / 10
    shown = np.asarray(Image.open(io.BytesIO(light)).convert("RGBA"))
    assert np.array_equal(shown, pixels)


def test_an_image_is_made_light_once(tmp_path, monkeypatch):
    _, content = png()
    kept = tmp_path / "cache/light"
    light = weight.light_png(content, kept)
    assert [path.read_bytes() for path in kept.iterdir()] == [light]
    monkeypatch.setattr(weight, "_few_colours", None)
    assert weight.light_png(content, kept) == light
    with pytest.raises(TypeError):  # another image
        weight.light_png(content + b" ", kept)


def test_a_light_image_is_kept_whole_or_not_at_all(tmp_path, monkeypatch):
    _, content = png()
    with monkeypatch.context() as full:
        full.setattr("whole.os.replace", lambda *paths: (_ for _ in ()).throw(OSError(28, "full")))
        with pytest.raises(OSError, match="full"):
            weight.light_png(content, tmp_path)
    assert not list(tmp_path.iterdir())
    assert weight.light_png(content, tmp_path)


def test_code_in_a_cell_stays_as_it_is():
    page = article("<table><tr><td><code>-1</code></td><td>-1</td></tr></table>")
    assert page.get_text() == "-1−1"


def test_a_table_that_has_no_room_on_a_phone_becomes_cards():
    wide = [{f"a long header {i}": "something" for i in range(6)}]
    assert "stacked" in article(html_table(wide)).table["class"]
    assert "stacked" not in article(html_table([{"net": "DLGN", "n": 1}])).table["class"]


def test_an_indexed_image_looks_the_same_and_keeps_the_ink(tmp_path):
    x, y = np.meshgrid(np.linspace(0, 255, 300), np.linspace(0, 255, 200))
    pixels = np.stack([x, y, x, 0 * x + 255], -1).astype(np.uint8)
    pixels[:60] = [0x75, 0x75, 0x75, 255]
    pixels[60:120] = [0, 0, 0, 0]
    Image.fromarray(pixels).save(tmp_path / "a.png")
    made = weight.indexed(tmp_path / "a.png")
    shown = np.asarray(Image.open(made).convert("RGBA"))
    assert (shown[:60] == [0x75, 0x75, 0x75, 255]).all() and (shown[60:120, :, 3] == 0).all()
    assert np.abs(shown[120:].astype(int) - pixels[120:]).mean() < 16
    assert len({*map(tuple, shown.reshape(-1, 4))}) <= weight.EXACT + weight.COLOURS
    assert weight.indexed(tmp_path / "a.png") == made


def test_a_heavy_image_has_no_more_pixels_than_the_page_gives_it(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (600, 1000, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "a.png")
    assert Image.open(weight.indexed(tmp_path / "a.png")).width == weight.WIDTH


def test_a_page_loads_later_images_on_demand_and_mathjax_for_formulas_alone(tmp_path):
    (tmp_path / "_images").mkdir()
    Image.new("RGB", (30, 20)).save(tmp_path / "_images/a.png")
    head = '<head><script>window.MathJax = {}</script><script src="mathjax/startup.js"></script>'
    head += '<script defer src="scripts/fontawesome.js"></script></head>'
    body = '<article><img src="_images/a.png"><img src="_images/a.png">{}</article>'
    page = finish.finished(head + body.format(""), tmp_path / "index.html")
    first, second = BeautifulSoup(page, "html.parser").select("img")
    assert "loading" not in first.attrs and second["loading"] == "lazy"
    assert (first["width"], first["height"]) == ("30", "20") and first["src"].endswith(".webp")
    assert "<script" not in page
    page = finish.finished(
        head + body.format('<span class="math">x</span>'), tmp_path / "index.html"
    )
    assert page.count("<script") == 2


def test_numbers_of_pages_are_read_from_a_pdf():
    text = b"""1 0 obj
<</Type /Pages /Kids [2 0 R 3 0 R]>>
endobj
2 0 obj
<</Type /Page>>
endobj
3 0 obj
<</Type /Pages /Kids [4 0 R]>>
endobj
4 0 obj
<</Type /Page>>
endobj
5 0 obj
<</one [2 0 R /XYZ 0 0 0]
/two-x [4 0 R /XYZ 0 0 0]>>
endobj
6 0 obj
<</Type /Catalog
/Pages 1 0 R>>
endobj
"""
    assert pdf.first_pages(text) == {"one": 1, "two-x": 2}


def test_the_joined_book_links_within_itself(tmp_path):
    nav = """<div class="navbar-brand"><img alt="A Book - Home"></div><nav class="bd-docs-nav">
      <li class="toctree-l1"><a href="#">Home</a></li><p class="caption">Part</p>
      <li class="toctree-l1"><a href="chapters/a.html">1. A</a></li></nav>"""
    index = f"""{nav}<article><h1 id="top">Home</h1><a href="chapters/a.html#one">to one</a>
      <a href="report.json">file</a><a href="https://arxiv.org">paper</a></article>"""
    chapter = """<article><h1 id="one">A</h1><a href="../index.html">back</a>
      <a href="#one">up</a><details class="hide"><pre>code</pre></details></article>"""
    (tmp_path / "chapters").mkdir()
    (tmp_path / "index.html").write_text(index)
    (tmp_path / "chapters/a.html").write_text(chapter)
    book = BeautifulSoup(pdf.joined(tmp_path), "html.parser")
    assert book.title.string == "A Book" and book.select_one("nav .pdf-part").string == "Part"
    links = [link.get("href") for link in book.select("a")]
    assert links == [
        "#index",
        "#chapters-a",
        "#chapters-a--one",
        None,
        "https://arxiv.org",
        "#index",
        "#chapters-a--one",
    ]
    places = {part["id"] for part in book.select("[id]")}
    assert {link[1:] for link in links if link and link[0] == "#"} <= places


def test_the_pdf_says_what_it_lacks(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit, match="run make book first"):
        pdf.main()
    Path("_build/html").mkdir(parents=True)
    Path("_build/html/index.html").touch()
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SystemExit, match="install chromium"):
        pdf.main()


def test_icon_fonts_hold_what_pages_and_styles_use_and_no_more(tmp_path):
    static = Path(pydata_sphinx_theme.__file__).parent / "theme/pydata_sphinx_theme/static"
    theme, fonts = tmp_path / weight.THEME, tmp_path / weight.FONTS
    theme.parent.mkdir(parents=True)
    fonts.mkdir(parents=True)
    (tmp_path / "_static/scripts").mkdir()
    shutil.copy(static / "vendor/fontawesome/webfonts/fa-solid-900.ttf", fonts)
    theme.write_text(
        '.fa-bars:before{content:"\\f0c9"}.fa-anchor:before{content:"\\f13d"}'
        ":root{--pst-icon-info-circle:'\uf05a'}"
        "@font-face{src:url(../webfonts/fa-solid-900.woff2)}"
    )
    theme.with_name("other.css").write_text(
        'p::after{content: "\\f303"} b::after{content:"\uf0f3"}'
    )
    weight.lighten_icons(tmp_path, ['<i class="fa-solid fa-bars"></i>'])
    held = TTFont(fonts / "fa-solid-900.woff").getBestCmap()
    assert {0xF0C9, 0xF05A, 0xF303, 0xF0F3} <= set(held) and 0xF13D not in held
    assert "fa-bars" in theme.read_text() and "fa-anchor" not in theme.read_text()
    assert "fa-solid-900.woff)" in theme.read_text()
    assert [path.name for path in fonts.iterdir()] == ["fa-solid-900.woff"]
