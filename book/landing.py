"""Sphinx extension: what the landing page shows besides text.

A moving figure, sentences that are held to the verdicts of claims, a card for each chapter, and the
tags that other sites read to preview a page.
"""

import math
import re
import shutil
from html import escape, unescape
from pathlib import Path
from urllib.parse import urlsplit

from claims_report import claim
from docutils import nodes
from docutils.parsers.rst import directives
from halfspace.companion.claims import SIGNS, VERDICTS
from halfspace.companion.origin import origin
from halfspace.companion.plots.style import COLORS
from halfspace.companion.report import finding_text
from halfspace.companion.text import factor
from moving import FRAMES, SECONDS, drawing, films, frames, half_means, largest
from openings import minutes
from PIL import Image
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective, SphinxRole
from weight import webp

__all__ = ["Cards", "Minutes", "MovingFigure", "ResultSentence", "setup"]

NETS = {"ReLU net": "relu", "DLGN": "dlgn", "DLGN, frozen gates": "frozen"}
SHOWN = "DLGN"
PREVIEW = "social.png"
_THUMBNAIL = 480  # pixels


def finding(text: str) -> dict:
    """Return the finding that ``CLAIM: CASE`` names.

    Raises:
        ValueError: if there is none.
    """
    id, _, case = text.partition(": ")
    by_case = {finding["case"]: finding for finding in claim(id)["findings"]}
    if case not in by_case:
        raise ValueError(f"a case of {id} must be one of {'; '.join(by_case)}; got {case!r}")
    return by_case[case]


def count(finding: dict) -> str:
    """Write a share of seeds as a number, ``4 of 10``."""
    return f"{round(finding['effect'] * finding['seeds'])} of {finding['seeds']}"


def check_sentence(entry: dict, verdict: str, holds: list[str], fails: list[str]) -> None:
    """Refuse a sentence that the claim does not bear any longer.

    Args:
        entry: the claim's.
        verdict: the one that the sentence was written for.
        holds: cases that it says hold.
        fails: cases that it says do not.

    Raises:
        ValueError: if one of them differs.
    """
    id = entry["id"]
    if entry["verdict"] != verdict:
        raise ValueError(f"{id} is {entry['verdict']}, and its sentence was written for {verdict}")
    for case, expected in [*((c, True) for c in holds), *((c, False) for c in fails)]:
        found = finding(f"{id}: {case}")["holds"]
        if found is not expected:
            raise ValueError(f"{id}: {case}: holds is {found}; its sentence says {expected}")


def together(verdicts: list[str]) -> str:
    """Return one verdict for several claims, by the rule for the cases of one claim.

    Reproduced if all are; not reproduced if none is, under conditions or without, and some are
    not; under conditions if some are and some are not; pending claims count only if all are.
    """
    judged = [verdict for verdict in verdicts if verdict != "pending"]
    if not judged:
        return "pending"
    if set(judged) == {"reproduced"}:
        return "reproduced"
    if any(verdict.startswith("reproduced") for verdict in judged):
        return "reproduced under conditions"
    return "not reproduced" if "not reproduced" in judged else "undecided"


class ResultSentence(SphinxDirective):
    """Directive ``result``: a sentence with the verdict of the claim that it rests on.

    The options name the verdict and the cases that the sentence was written for. The build fails
    when one of them changes.
    """

    required_arguments = 1
    option_spec = {
        "verdict": lambda text: directives.choice(text, VERDICTS),
        "holds": directives.unchanged,
        "fails": directives.unchanged,
    }
    has_content = True

    def run(self) -> list[nodes.Node]:
        """Return the sentence."""
        entry = claim(self.arguments[0])
        check_sentence(entry, self.options["verdict"], *map(self._cases, ("holds", "fails")))
        box = nodes.container(classes=["result"])
        address = f"reproduction.html#claim-{entry['id']}"
        sign = (
            f'<a class="sign" href="{address}" title="{escape(entry["verdict"])}">'
            f'{SIGNS[entry["verdict"]]}<span class="visually-hidden">'
            f" {escape(entry['verdict'])}</span></a>"
        )
        box += nodes.raw("", sign, format="html")
        box += self.parse_content_to_nodes()
        return [box]

    def _cases(self, option: str) -> list[str]:
        return [case.strip() for case in self.options.get(option, "").split(";") if case.strip()]


class FactorRole(SphinxRole):
    """Role ``factor``: a case's effect, shown as a factor; the content is CLAIM: CASE."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return the text."""
        return [nodes.Text(finding_text(finding(self.text)))], []


class CountRole(SphinxRole):
    """Role ``count``: of how many seeds a case is true; the content is CLAIM: CASE."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return the text."""
        return [nodes.Text(count(finding(self.text)))], []


class VerdictsRole(SphinxRole):
    """Role ``verdicts``: one verdict for several claims, with how many have which; their ids."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return the verdict and links to the claims."""
        found = [claim(id) for id in self.text.split()]
        verdict = together([entry["verdict"] for entry in found])
        box = nodes.inline(classes=["verdicts"])
        box += nodes.strong("", f"{SIGNS[verdict]} {verdict}")
        box += nodes.Text(" (")
        for number, entry in enumerate(found):
            box += nodes.Text(" " if number else "")
            link = (
                f'<a href="reproduction.html#claim-{entry["id"]}" title="{escape(entry["claim"])}">'
            )
            name = f'<span class="visually-hidden">{escape(entry["claim"])} </span>'
            box += nodes.raw("", f"{link}{name}{SIGNS[entry['verdict']]}</a>", format="html")
        box += nodes.Text(")")
        return [box], []


class MovingFigure(SphinxDirective):
    """Directive ``moving-figure``: nets on the circle while they learn; its content is the caption.

    The nets are trained when the page is built, or come from the cache. RATIOS in the caption
    stands for the ratios of the halves' numbers of paths.
    """

    has_content = True

    def run(self) -> list[nodes.Node]:
        """Return the figure with its caption."""
        made = films()
        scale = largest(made)
        choices, figures = [], []
        for label, film in made.items():
            net, checked = NETS[label], " checked" if label == SHOWN else ""
            choices.append(
                f'<label><input type="radio" name="moving-net" value="{net}"{checked}> '
                f"{escape(label)}</label>"
            )
            ratio = _ratio(film)
            alt = (
                f"{label} after training: {ratio} as many active paths on the slow half of the "
                "circle as on the fast half."
            )
            ring, right = drawing(film, COLORS[net], scale, "indefinite")
            figures.append(
                f'<div class="moving-net {net}" role="img" aria-label="{escape(alt)}">'
                f'<svg viewBox="0 0 300 300" aria-hidden="true">{ring}</svg>'
                f'<svg viewBox="0 0 340 300" aria-hidden="true">{right}</svg></div>'
            )
        epochs = " ".join(str(epoch) for epoch in frames(made[SHOWN].at))
        controls = (
            '<div class="moving-controls" hidden><button type="button">Pause</button>'
            f'<input type="range" min="0" max="{FRAMES - 1}" step="any" value="{FRAMES - 1}" '
            'aria-label="epoch"><output aria-live="off"></output></div>'
        )
        html = (
            f'<figure class="moving" data-seconds="{SECONDS}" data-epochs="{epochs}">'
            f"<fieldset><legend>net</legend>{''.join(choices)}</fieldset>"
            f"{''.join(figures)}{controls}<figcaption>"
        )
        ratios = "; ".join(f"{label} {_ratio(film)}" for label, film in made.items())
        caption = self.parse_text_to_nodes(
            "\n".join(self.content).replace("RATIOS", ratios) + f" *{origin(*made.values())}*"
        )
        end = '</figcaption></figure><script defer src="_static/moving.js"></script>'
        return [
            nodes.raw("", html, format="html"),
            *caption,
            nodes.raw("", end, format="html"),
        ]


def _ratio(film) -> str:
    slow, fast = (means[-1] for means in half_means(film).values())
    return factor(math.log(slow / fast))


class Minutes(nodes.Inline, nodes.Element):
    """Stands for a page's reading minutes until all pages are read."""


class MinutesRole(SphinxRole):
    """Role ``minutes``: how long a page takes to read; the content is the page."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return what stands for the number."""
        return [Minutes(page=self.text)], []


class CardList(nodes.General, nodes.Element):
    """Stands for the chapters' cards until all pages are read."""


class Cards(SphinxDirective):
    """Directive ``chapter-cards``: a card for each chapter in ``_toc.yml``."""

    def run(self) -> list[nodes.Node]:
        """Return what stands for the cards."""
        return [CardList()]


def note_chapter(app: Sphinx, document: nodes.document) -> None:
    """Keep of a chapter what its card tells: minutes, question, figure."""
    figures = {name: node for node in document.findall(nodes.figure) for name in node["names"]}
    box = next((n for n in document.findall(nodes.container) if "opening" in n["classes"]), None)
    named = next(iter(figures), None) if box is None else box[-1]["figure"]
    app.env.metadata[app.env.docname] |= {
        "minutes": minutes(document),
        "question": question(box),
        "figure": named,
    }


def question(box: nodes.container | None) -> str:
    """Return what a chapter's opening box asks, nothing where there is none."""
    paragraphs = [] if box is None else box.findall(nodes.paragraph)
    texts = (paragraph.astext().removeprefix("Question.").strip() for paragraph in paragraphs)
    return next((text for text in texts if text.endswith("?")), "")


def resolve(app: Sphinx, document: nodes.document, docname: str) -> None:
    """Put numbers and cards in, now that all pages are read."""
    for place in list(document.findall(Minutes)):
        place.replace_self(nodes.Text(str(app.env.metadata[place["page"]]["minutes"])))
    for place in list(document.findall(CardList)):
        pages = [page for page in app.env.found_docs if page.startswith("chapters/")]
        numbered = {page: app.env.toc_secnumbers.get(page, {}).get("", ()) for page in pages}
        cards = [card(app, page, numbered[page]) for page in sorted(pages, key=numbered.get)]
        html = f'<div class="cards">{"".join(cards)}</div>'
        place.replace_self(nodes.raw("", html, format="html"))


def card(app: Sphinx, page: str, number: tuple[int, ...]) -> str:
    """Return a chapter's card."""
    told = app.env.metadata[page]
    title = "".join(f"{part}. " for part in number) + app.env.titles[page].astext()
    return (
        f'<article><h3><a href="{page}.html">{escape(title)}</a></h3>'
        f"<p>{escape(told['question'])}</p>{thumbnail(app, page, told)}</article>"
    )


def thumbnail(app: Sphinx, page: str, told: dict) -> str:
    """Return a chapter's figure, made small, if it has one, and its minutes."""
    name, minutes = told["figure"], f"{told['minutes']} minutes"
    document = app.env.get_doctree(page)
    figure = next((f for f in document.findall(nodes.figure) if name in f["names"]), None)
    if figure is None:
        return f"<p class=minutes>{minutes}</p>"
    image = next(figure.findall(nodes.image))
    source = Path(app.srcdir, image["uri"])
    target = Path(app.outdir, "_images", f"card-{name}{source.suffix}")
    target.parent.mkdir(parents=True, exist_ok=True)
    size = ""
    if source.suffix == ".png":
        target = target.with_suffix(".webp")
        with Image.open(source) as picture:
            picture.thumbnail((_THUMBNAIL, _THUMBNAIL))
            target.write_bytes(webp(picture.convert("RGBA")))
            size = f' width="{picture.width}" height="{picture.height}"'
    else:
        shutil.copy(source, target)
    fignumbers = app.env.toc_fignumbers[page]["figure"][figure["ids"][0]]
    caption = f"{minutes} · Figure {'.'.join(map(str, fignumbers))}"
    return (
        f'<figure><img src="_images/{target.name}" alt="{escape(image["alt"])}"{size}>'
        f"<figcaption>{caption}</figcaption></figure>"
    )


def add_preview(app: Sphinx, page: str, template: str, context: dict, document) -> None:
    """Add the tags of the Open Graph protocol, which want absolute addresses."""
    tags = {"og:type": "website", "og:site_name": app.config.html_title}
    title = re.sub("<[^>]+>", "", context.get("title", ""))
    tags |= {"og:title": unescape(title), "og:url": f"{site(app)}{page}.html"}
    tags["og:image"] = f"{site(app)}_static/{PREVIEW}"
    context["metatags"] = context.get("metatags", "") + "".join(
        f'<meta property="{name}" content="{escape(content)}">' for name, content in tags.items()
    )


def site(app: Sphinx) -> str:
    """Return the site's address: ``html_baseurl``, or the repository's pages on GitHub."""
    if app.config.html_baseurl:
        return app.config.html_baseurl
    owner, name = (
        urlsplit(app.config.html_theme_options["repository_url"]).path.strip("/").split("/")
    )
    return f"https://{owner}.github.io/{name}/"


def setup(app: Sphinx) -> dict:
    """Connect the extension."""
    app.add_node(Minutes)
    app.add_node(CardList)
    app.add_directive("result", ResultSentence)
    app.add_directive("moving-figure", MovingFigure)
    app.add_directive("chapter-cards", Cards)
    app.add_role("factor", FactorRole())
    app.add_role("count", CountRole())
    app.add_role("verdicts", VerdictsRole())
    app.add_role("minutes", MinutesRole())
    app.add_css_file("landing.css")
    app.connect("doctree-read", note_chapter, priority=90)  # before openings are completed
    app.connect("doctree-resolved", resolve)
    app.connect("html-page-context", add_preview)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
