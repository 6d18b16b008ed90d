"""Sphinx extension: a chapter's opening box, and badges that say where a figure's numbers are from.

``{opening}`` names a figure of its page and shows it beside question and answer. The minutes are
counted from the page. A caption's "Recorded on 2026-01-31 (CPU)." becomes a badge, which shows the
sentence on hover.
"""

import math
import re
from html import escape

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

__all__ = ["Opening", "setup"]

WORDS_A_MINUTE = 200
FIGURES_A_MINUTE = 4
BADGES = {"Recorded": "recorded", "Made in this build": "live"}
ORIGIN = re.compile(rf"({'|'.join(BADGES)}) on [^()]*\([^)]*\)\.")

logger = logging.getLogger(__name__)


class Opening(SphinxDirective):
    """Directive ``opening``: question and answer, a figure, minutes and what a reader needs."""

    required_arguments = 1
    option_spec = {"needs": directives.unchanged_required}
    has_content = True

    def run(self) -> list[nodes.Node]:
        """Return the box; the figure and the minutes are put in when the page has been read."""
        self.assert_has_content()
        name = self.arguments[0]
        text = nodes.container(classes=["opening-text"])
        text += self.parse_content_to_nodes()
        facts = f"You need: {self.options['needs']}." if "needs" in self.options else ""
        text += nodes.container(classes=["opening-facts"])
        text[-1] += self.parse_text_to_nodes(f"MINUTES. {facts}")
        # Not a figure for Sphinx, which would number it.
        figure = nodes.container(classes=["opening-figure"], figure=name)
        figure += _html('<figure class="opening-figure"><figcaption>')
        figure += self.parse_text_to_nodes(f"{{numref}}`Figure %s <{name}>`")
        figure += _html("</figcaption></figure>")
        box = nodes.container("", text, figure, classes=["opening"])
        self.set_source_info(box)
        return [box]


def _html(text: str) -> nodes.raw:
    return nodes.raw("", text, format="html")


def minutes(document: nodes.document) -> int:
    """Return how long a page takes to read."""
    texts = (nodes.paragraph, nodes.title, nodes.caption, nodes.term)
    words = sum(len(node.astext().split()) for node in document.findall(lambda n: type(n) in texts))
    figures = sum(1 for _ in document.findall(nodes.figure))
    return max(1, math.ceil(words / WORDS_A_MINUTE + figures / FIGURES_A_MINUTE))


def complete_openings(app: Sphinx, document: nodes.document) -> None:
    """Put figure and minutes into each opening box of a page."""
    figures = {name: node for node in document.findall(nodes.figure) for name in node["names"]}
    for box in document.findall(nodes.container):
        if "opening" not in box["classes"]:
            continue
        text, figure = box
        number = minutes(document)
        told = "1 minute" if number == 1 else f"{number} minutes"
        for words in list(text[-1].findall(nodes.Text)):
            words.parent.replace(words, nodes.Text(words.replace("MINUTES", told)))
        name = figure.attributes.pop("figure")
        if name not in figures:
            logger.warning("the page has no figure %s", name, location=box, type="halfspace")
            continue
        shown = [child for child in figures[name] if not isinstance(child, nodes.caption)]
        figure[0:1] = [
            _html('<figure class="opening-figure">'),
            *(child.deepcopy() for child in shown),
            _html("<figcaption>"),
        ]


def add_badges(app: Sphinx, document: nodes.document) -> None:
    """Turn the sentences of ``halfspace.companion.origin`` in captions into badges."""
    for emphasis in list(document.findall(nodes.emphasis)):
        text = emphasis.astext()
        if not ORIGIN.search(text):
            continue
        parts, end = [], 0
        for match in ORIGIN.finditer(text):
            parts.append(nodes.inline("", text[end : match.start()]))
            kind = BADGES[match[1]]
            badge = (
                f'<abbr class="origin {kind}" tabindex="0" title="{escape(match[0])}">{kind}</abbr>'
            )
            parts.append(nodes.raw("", badge, format="html"))
            end = match.end()
        parts.append(nodes.inline("", text[end:]))
        emphasis.parent.replace(emphasis, [part for part in parts if part.astext().strip()])


def setup(app: Sphinx) -> dict:
    """Connect the extension."""
    app.add_directive("opening", Opening)
    app.connect("doctree-read", complete_openings, priority=100)  # before images are collected
    app.connect("doctree-read", add_badges, priority=100)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
