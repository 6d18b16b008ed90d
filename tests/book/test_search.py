"""The texts that the search page searches."""

import json
import sys
from pathlib import Path
from types import SimpleNamespace

from docutils import nodes
from docutils.core import publish_doctree

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "book"))

import search_index  # noqa: E402

PAGE = """\
Kernels
=======

First *words*
over two lines.

.. figure:: a.png

   Shared paths of Fig. 1. Brightness counts.

Inner
-----

Second ``words``.

::

   code = 1

Term
   What it means.
"""


def entries():
    settings = {"doctitle_xform": False, "report_level": 5}
    document = publish_doctree(PAGE, settings_overrides=settings)
    (figure,) = document.findall(nodes.figure)
    figure["ids"] = ["fig-a"]
    return search_index.page_entries("chapters/a", document)


def test_pages_sections_and_figures_are_found_with_their_own_words():
    page, inner, figure = entries()
    assert page == {
        "kind": "page",
        "to": "chapters/a.html",
        "title": "Kernels",
        "near": "",
        "text": "First words over two lines.",
    }
    assert (inner["kind"], inner["to"]) == ("section", "chapters/a.html#inner")
    assert (inner["title"], inner["near"]) == ("Inner", "Kernels") and inner[
        "text"
    ] == "Second words."
    assert (figure["kind"], figure["to"]) == ("figure", "chapters/a.html#fig-a")
    assert (figure["title"], figure["near"]) == ("Shared paths of Fig. 1", "Kernels")
    assert figure["text"] == "Shared paths of Fig. 1. Brightness counts."


def test_terms_are_found_by_their_definition():
    document = publish_doctree("Term\n   What it means.\n")
    (item,) = document.findall(nodes.term)
    item["ids"] = ["term-a"]
    (term,) = search_index.page_entries("glossary", document)
    assert term == {
        "kind": "term",
        "to": "glossary.html#term-a",
        "title": "Term",
        "near": "glossary",
        "text": "What it means.",
    }


def test_formulas_are_readable_in_excerpts():
    assert search_index.readable(r"\pi = (\pi_1, \dots, \pi_H)") == "π = (π_1, …, π_H)"
    assert search_index.readable(r"\Lambda^{mH} \cdot \lambda") == "Λ^mH · λ"


def test_claims_are_found_by_their_words_and_ids():
    found = search_index.claim_entries(search_index.claims())
    assert len({entry["to"] for entry in found}) == len(found) > 100
    (claim,) = (e for e in found if e["to"] == "reproduction.html#claim-paths-stay-2")
    assert (
        "low-frequency half" in claim["title"] and claim["near"] and "paths-stay-2" in claim["text"]
    )


def test_the_entries_are_a_script(tmp_path):
    app = SimpleNamespace(
        builder=SimpleNamespace(format="html"),
        outdir=tmp_path,
        search_entries={"chapters/a": entries(), "b": [], "gone": entries()},
        env=SimpleNamespace(found_docs={"chapters/a", "b"}),
    )
    search_index.write_entries(app, None)
    text = (tmp_path / search_index.FILE).read_text(encoding="utf8")
    assert text.startswith("const searchEntries = [") and text.endswith("];\n")
    listed = json.loads(text.removeprefix("const searchEntries = ").removesuffix(";\n"))
    assert listed[0]["title"] == "Kernels" and listed[-1]["kind"] == "claim"
    assert listed[3]["kind"] == "claim"  # a page that is not in the book has no entries
    app.search_entries = {"b": []}  # only this page is written, the others are kept
    search_index.write_entries(app, None)
    assert (tmp_path / search_index.FILE).read_text(encoding="utf8") == text
    assert "fetch(" not in (ROOT / "book/static/search.js").read_text(encoding="utf8")
