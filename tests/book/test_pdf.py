"""The one page that is printed as the PDF: what it joins, links and leaves out."""

import sys
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

sys.path.insert(0, str(Path(__file__).parents[2] / "book"))

import pdf  # noqa: E402

MENU = """\
<nav class="bd-docs-nav"><ul><li class="toctree-l1"><a href="#">Where?</a></li></ul>
<p class="caption">Evidence</p><ul><li class="toctree-l1"><a href="report.html">1. The "report"</a>
</li></ul></nav><a class="navbar-brand"><img alt="A Book - Home"></a>"""
INDEX = """\
<h1 id="top">Where?</h1>
<div class="cards"><article><h3><a href="report.html">1. The report</a></h3></article></div>
<p>At <span class="math">x</span>), and so on.</p>
<a href="report.html#claim-x">claim</a> <a href="data/runs.npz">runs</a>
<a href="https://example.org/paper">paper</a>"""
REPORT = """\
<h1>1. The "report"</h1><p id="claims-shown">2 claims</p>
<section class="claim" id="claim-x"><details><summary>Rule</summary>kept rule</details></section>
<table><tr><td>then<details><summary>rule</summary>old rule</details></td>
<td data-label="now">now<details><summary>rule</summary>rule again</details></td></tr></table>
<div class="cell tag_hide-input"><div class="cell_input">folded code</div>
<div class="cell_output">output</div></div>"""


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    for name, article in (("index", INDEX), ("report", REPORT)):
        text = f"<html><head></head><body>{MENU}<article>{article}</article></body></html>"
        (folder / f"{name}.html").write_text(text, encoding="utf8")
    return BeautifulSoup(pdf.joined(folder), "html.parser")


def test_links_lead_to_places_within_or_to_addresses_outside(book):
    targets = {link.text: link.get("href") for link in book.select("#index > a")}
    assert targets == {
        "claim": "#report--claim-x",
        "runs": None,
        "paper": "https://example.org/paper",
    }
    assert book.select_one(targets["claim"]) is not None


def test_each_page_has_its_title_at_the_top_of_its_sheets(book):
    style = " ".join(part.text for part in book.select("style"))
    assert "#report {page: report}" in style
    assert '@page report {@top-right {content: "1. The ”report”"}}' in style


def test_paper_leaves_out_what_is_folded_what_answers_and_what_stands_elsewhere(book):
    text = book.main.get_text(" ")
    for part in ("kept rule", "old rule", "output"):
        assert part in text
    for part in ("rule again", "2 claims", "folded code"):
        assert part not in text
    assert all(fold.has_attr("open") for fold in book.select("details"))


def test_bookmarks_name_a_chapter_once(book):
    headings = [heading.text for heading in book.select("h1, h2, h3, h4")]
    assert headings == ["Contents", "Where?", '1. The "report"']


def test_a_formula_keeps_the_mark_that_follows_it(book):
    assert book.select_one("#index p").decode_contents() == (
        'At <span class="whole"><span class="math">x</span>),</span> and so on.'
    )
