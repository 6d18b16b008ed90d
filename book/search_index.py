"""Sphinx extension: a search that finds sections, figures, terms and claims, and shows excerpts.

Sphinx's own index knows which words are on which page, and must fetch a page to quote it, which
``file://`` forbids. Here the texts themselves are a script, ``search-entries.js``, that the search
page alone loads; ``search.js`` looks through them.
"""

import json
import re
import unicodedata
from pathlib import Path
from textwrap import shorten

from claims_report import entries as claims
from docutils import nodes
from sphinx.application import Sphinx
from whole import write_whole

__all__ = ["claim_entries", "page_entries", "setup"]

FILE = "search-entries.js"
BEFORE, AFTER = "const searchEntries = ", ";\n"
LEFT_OUT = (nodes.literal_block, nodes.raw, nodes.comment, nodes.image, nodes.target)

SYMBOLS = {
    "ell": "ℓ", "dots": "…", "ldots": "…", "cdot": "·", "times": "×", "le": "≤", "ge": "≥",
    "sum": "∑", "prod": "∏", "in": "∈", "infty": "∞", "to": "→", "approx": "≈", "langle": "⟨",
    "rangle": "⟩",
}  # fmt: skip


def readable(formula: str) -> str:
    """Return a formula's letters and signs, without TeX's commands and braces."""

    def symbol(match: re.Match) -> str:
        name = match[1]
        size = "CAPITAL" if name[0].isupper() else "SMALL"
        letter = {"lambda": "lamda"}.get(name.lower(), name)
        try:
            return unicodedata.lookup(f"GREEK {size} LETTER {letter.upper()}")
        except KeyError:
            return SYMBOLS.get(name, " ")

    return re.sub("[{}\\\\]", "", re.sub(r"\\([a-zA-Z]+)", symbol, formula))


def text_of(node: nodes.Node) -> str:
    """Return a node's words, without code and without parts that have separate entries."""
    apart = (nodes.section, nodes.figure, nodes.definition_list_item, *LEFT_OUT, nodes.title)
    if isinstance(node, nodes.Text):
        return node.astext()
    if isinstance(node, nodes.math | nodes.math_block):
        return readable(node.astext())
    if isinstance(node, nodes.TextElement):
        inner = [text_of(child) for child in node if not isinstance(child, LEFT_OUT)]
        return "".join(inner)
    return " ".join(text_of(child) for child in node.children if not isinstance(child, apart))


def entry(kind: str, page: str, anchor: str, title: str, near: str, text: str) -> dict[str, str]:
    """Return what the search page shows of one place; ``near`` is shown beside the title."""
    address = f"{page}.html#{anchor}" if anchor else f"{page}.html"
    return {"kind": kind, "to": address, "title": title, "near": near} | {
        "text": " ".join(text.split())
    }


def page_entries(page: str, document: nodes.document) -> list[dict[str, str]]:
    """Return an entry for each section, figure and glossary term of a page, in their order."""
    found = []
    sections = [s for s in document.findall(nodes.section) if isinstance(s[0], nodes.title)]
    heading = sections[0][0].astext() if sections else page
    for number, section in enumerate(sections):
        title, near = section[0].astext(), heading if number else ""
        anchor = section["ids"][0] if number else ""
        found.append(
            entry("section" if number else "page", page, anchor, title, near, text_of(section))
        )
    for figure in document.findall(nodes.figure):
        caption = figure.next_node(nodes.caption)
        if figure["ids"] and caption is not None:
            text = text_of(caption)
            title = shorten(re.split(r"(?<!Fig)[.:] ", text)[0].rstrip("."), 90, placeholder=" …")
            found.append(entry("figure", page, figure["ids"][0], title, heading, text))
    for item in document.findall(nodes.definition_list_item):
        term = item.next_node(nodes.term)
        if term["ids"]:
            text = " ".join(map(text_of, item.findall(nodes.definition)))
            found.append(entry("term", page, term["ids"][0], term.astext(), heading, text))
    return found


def claim_entries(report: list[dict]) -> list[dict[str, str]]:
    """Return an entry for each claim of the report."""
    return [
        entry(
            "claim",
            "reproduction",
            f"claim-{claim['id']}",
            claim["claim"],
            claim["worded"],
            f"{claim['id']}. {claim['where']}. {claim['quote']} Measured: {claim['statistic']}.",
        )
        for claim in report
    ]


def collect(app: Sphinx, document: nodes.document, page: str) -> None:
    """Keep a page's entries, now that its references and numbers are filled in."""
    app.search_entries[page] = page_entries(page, document)


def add_script(app: Sphinx, page: str, template: str, context: dict, document: object) -> None:
    """Load the search on the search page."""
    if page == "search":
        app.add_js_file("search.js")


def write_entries(app: Sphinx, error: Exception | None) -> None:
    """Write all entries as a script beside the pages; those of pages that stay are kept."""
    if error or app.builder.format != "html":
        return
    target = Path(app.outdir, FILE)
    pages = {page: app.search_entries.get(page, []) for page in app.env.found_docs}
    if target.exists():
        for each in json.loads(target.read_text(encoding="utf8")[len(BEFORE) : -len(AFTER)]):
            page = each["to"].partition(".html")[0]
            if page in pages.keys() - app.search_entries.keys() and each["kind"] != "claim":
                pages[page].append(each)
    found = [each for page in sorted(pages) for each in pages[page]]
    listed = json.dumps(found + claim_entries(claims()), ensure_ascii=False, indent=0)
    write_whole(target, f"{BEFORE}{listed}{AFTER}")


def setup(app: Sphinx) -> dict:
    """Connect the extension."""
    app.search_entries = {}
    app.connect("doctree-resolved", collect)
    app.connect("html-page-context", add_script)
    app.connect("build-finished", write_entries)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": False}
