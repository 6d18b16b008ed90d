"""Sphinx extension: the glossary's definitions beside the links to its terms.

Each page that links to a term carries the term's definition, hidden. ``terms.js`` shows it when the
link is pointed at or focused. Without scripts the link leads to the glossary.
"""

from html import escape

from docutils import nodes
from sphinx.application import Sphinx

__all__ = ["definitions", "linked_terms", "setup"]

GLOSSARY = "glossary"


def definitions(app: Sphinx) -> dict[str, str]:
    """Return each term's definition as HTML without links, by the term's id."""
    document = app.env.get_and_resolve_doctree(GLOSSARY, app.builder)
    found = {}
    for item in document.findall(nodes.definition_list_item):
        (definition,) = item.findall(nodes.definition)
        for link in list(definition.findall(nodes.reference)):
            link.parent.replace(link, link.children)
        body = app.builder.render_partial(nodes.container("", *definition.children))["fragment"]
        for term in item.findall(nodes.term):
            found |= dict.fromkeys(term["ids"], f"<strong>{escape(term.astext())}</strong>{body}")
    return found


def linked_terms(document: nodes.document) -> list[str]:
    """Return the ids of the terms that a page links to, in order."""
    ids = [
        link.get("refuri", "").rpartition("#")[2]
        for link in document.findall(nodes.reference)
        if any("std-term" in child.get("classes", []) for child in link.findall(nodes.inline))
    ]
    return list(dict.fromkeys(ids))


def add_definitions(
    app: Sphinx, page: str, template: str, context: dict, document: nodes.document | None
) -> None:
    """Put the definitions that a page needs at its end."""
    if document is None or page == GLOSSARY or not (ids := linked_terms(document)):
        return
    if not hasattr(app.builder, "term_definitions"):
        app.builder.term_definitions = definitions(app)
    boxes = "".join(
        f'<div class="term-definition" role="tooltip" id="definition-{id}" hidden>'
        f"{app.builder.term_definitions[id]}</div>"
        for id in ids
    )
    context["body"] += f'<div class="term-definitions">{boxes}</div>'


def setup(app: Sphinx) -> dict:
    """Connect the extension."""
    app.connect("html-page-context", add_definitions)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
