"""Glossary terms carry their definitions, and citations of one year carry letters."""

import re
from pathlib import Path

import pytest
from sphinx.testing.util import SphinxTestApp

BOOK = Path(__file__).parents[2] / "book"
CONF = f"""\
import sys
sys.path.insert(0, {str(BOOK)!r})
source_suffix = dict([(".md", "markdown")])
extensions = ["myst_parser", "sphinxcontrib.bibtex", "citations", "terms"]
myst_enable_extensions = ["dollarmath"]
bibtex_bibfiles = ["r.bib"]
bibtex_reference_style = "lettered"
bibtex_default_style = "author_year_list"
"""
PAGES = {
    "index": """\
# Title

```{toctree}
glossary
other
references
```

A {term}`path`, a {term}`Wide gate`, the {term}`path` again. {cite}`b,a` {cite:t}`a` {cite:t}`c`
{cite}`d` {cite:author}`d`
""",
    "other": "# Other\n\nNo term.\n",
    "glossary": """\
# Glossary

```{glossary}
path
  One unit a layer, see {term}`Wide gate`; $m^H$ of them.

gate
Wide gate
  It opens.

unused
  Nobody links here.
```
""",
    "references": "# References\n\n```{bibliography}\n```\n",
}
WORK = "@misc{{{key}, author = {{{author}}}, title = {{{key}}}, year = {{{year}}}}}\n"
WORKS = [
    ("a", "Hanin, Boris and Rolnick, David", 2019),
    ("b", "Hanin, Boris and Rolnick, David", 2019),
    ("c", "Hanin, Boris and Rolnick, David", 2020),
    ("d", "van der Vaart, A. and Two, B. and Three, C.", 2019),
]


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    """Build a book of four pages; return the pages and the search index."""
    folder = tmp_path_factory.mktemp("book")
    (folder / "conf.py").write_text(CONF)
    works = (WORK.format(key=key, author=author, year=year) for key, author, year in WORKS)
    (folder / "r.bib").write_text("".join(works))
    for name, text in PAGES.items():
        (folder / f"{name}.md").write_text(text)
    app = SphinxTestApp("html", srcdir=folder)
    app.build()
    assert app.warning.getvalue() == ""
    app.cleanup()
    built = folder / "_build/html"
    html = {name: (built / f"{name}.html").read_text(encoding="utf8") for name in PAGES}
    return html | {"search": (built / "searchindex.js").read_text(encoding="utf8")}


def words(html):
    return " ".join(re.sub("<[^>]+>", "", html).split())


def test_a_page_carries_the_definitions_that_it_links_to(book):
    boxes = re.findall(r'<div class="term-definition" .*?</div>', book["index"], re.DOTALL)
    assert [re.search('id="([^"]+)" hidden', box)[1] for box in boxes] == [
        "definition-term-path",
        "definition-term-Wide-gate",
    ]
    assert all('role="tooltip"' in box for box in boxes)
    assert words(boxes[0]).startswith("path One unit a layer, see Wide gate;")
    assert 'class="math' in boxes[0] and "<a " not in boxes[0]
    assert words(boxes[1]).endswith("It opens.")
    assert 'href="glossary.html#term-path"' in book["index"], "a plain link without scripts"


def test_other_pages_and_the_search_index_carry_none(book):
    assert "term-definition" not in book["other"] + book["glossary"]
    assert re.search(r'"open": 0\b', book["search"]), "the glossary alone is found by its words"


def test_two_works_of_one_year_are_told_apart(book):
    text = words(book["index"])
    assert "[Hanin and Rolnick, 2019a, Hanin and Rolnick, 2019b]" in text
    assert "Hanin and Rolnick [2019a] Hanin and Rolnick [2020]" in text
    assert "[van der Vaart et al., 2019]" in text


def test_the_list_has_the_labels_of_the_text(book):
    labels = re.findall(r"\[([^]]+, 20\d\d\w?)\]", words(book["references"]))
    assert labels == [
        "Hanin and Rolnick, 2019a",
        "Hanin and Rolnick, 2019b",
        "Hanin and Rolnick, 2020",
        "van der Vaart et al., 2019",
    ]
