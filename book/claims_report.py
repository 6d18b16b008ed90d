"""Sphinx extension: the register of claims as cards, in short, and as files beside the pages.

The cards filter without scripts: radio buttons before them, and style rules that hide cards.
Browsers that do not know ``:has`` show all. ``report.js`` counts what is shown and keeps the choice
in the address.
"""

import contextlib
import csv
import io
import json
import os
import zipfile
from collections import Counter
from functools import cache
from html import escape
from pathlib import Path

import executed_copies
import numpy as np
from claims_cards import SECTIONS, card, csv_name, filters, hiding_rules, typeset
from claims_topics import TOPICS, sentence
from docutils import nodes
from figure_places import places, verdict_tables
from halfspace.companion.claims import KINDS, SIGNS, VERDICTS
from halfspace.companion.editions import changes
from halfspace.companion.plots import tables
from halfspace.companion.report import markdown_report, report, summary_by_kind, survivors
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective, SphinxRole
from whole import write_whole

__all__ = [
    "ClaimRole",
    "ClaimsChanges",
    "ClaimsReport",
    "ClaimsSummary",
    "ClaimsSurvivors",
    "setup",
]

WORDS = dict(
    zip(
        VERDICTS,
        (
            "reproduced, holds, helps",
            "under conditions",
            "not reproduced, does not hold",
            "undecided",
            "pending",
        ),
        strict=True,
    )
)
"""What a reader sees of a verdict where the kinds are mixed."""

KEPT = Path("_build/cache/report.json")


@cache
def entries() -> list[dict]:
    """Return the report, judged once for a state of package and runs, if the build names it."""
    state = os.environ.get("HALFSPACE_EVIDENCE")
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        kept = json.loads(KEPT.read_text(encoding="utf8"))
        if state and kept["state"] == state:
            return kept["entries"]
    judged = report()
    if state:
        KEPT.parent.mkdir(parents=True, exist_ok=True)
        write_whole(KEPT, json.dumps({"state": state, "entries": judged}, allow_nan=False))
    return judged


def claim(id: str) -> dict:
    """Return a claim's entry in the report.

    Raises:
        ValueError: if there is none.
    """
    by_id = {entry["id"]: entry for entry in entries()}
    if id not in by_id:
        raise ValueError(f"claim must be one of {', '.join(by_id)}; got {id!r}")
    return by_id[id]


def files_of(entries: list[dict]) -> list[str]:
    """Return the recorded runs' files, each once, relative to the repository."""
    return sorted({run["file"] for entry in entries for run in entry["runs"]})


def change_row(change: dict) -> str:
    """Return the row of a claim of the first edition and of what stands in its place."""
    old = change["old"]
    texts = []
    for new in change["new"]:
        link = f'<a href="reproduction.html#claim-{escape(new["id"])}">{typeset(new["claim"])}</a>'
        why = typeset(new["why"]) or "The rule is the same."
        verdict = f"<strong>{SIGNS[new['verdict']]} {escape(new['worded'])}</strong>"
        texts.append(
            f"<p>{link} {verdict}<br>{why}</p>"
            f"<details><summary>rule</summary><p>{typeset(new['rule'])}</p></details>"
        )
    return (
        f"<tr><td>{typeset(old['claim'])}<details><summary>rule</summary>"
        f"<p>{typeset(old['rule'])}</p></details></td>"
        f"<td>{SIGNS[old['verdict']]} {escape(old['verdict'])}</td><td>{''.join(texts)}</td></tr>"
    )


class ClaimsReport(SphinxDirective):
    """Directive ``claims-report``: all claims as cards, a section for each topic."""

    def run(self) -> list[nodes.Node]:
        """Return the filters and the sections."""
        root = Path(self.env.srcdir)
        found = places(root)
        at = {e["id"]: e["figure"] for e in entries() if e["figure"] in found}
        shown = {
            "see the figure": {i: found[n] for i, n in at.items() if n.startswith("fig-")},
            "see the section": {i: found[n] for i, n in at.items() if not n.startswith("fig-")},
            "see the chapter’s verdicts": verdict_tables(root / executed_copies.EXECUTED),
        }
        whose = {entry["kind"] for entry in entries()}
        choices = {
            "verdict": WORDS,
            "whose": {kind: KINDS[kind] for kind in KINDS if kind in whose},
            "where": {name: name for name in SECTIONS},
        }
        buttons = "".join(filters(name, labels, entries()) for name, labels in choices.items())
        html = (
            f'{hiding_rules()}<div class="claims"><p>Choose which claims to see. The address of '
            f"the page keeps the choice.</p>{buttons}</div>"
            f'<p id="claims-shown" role="status">{len(entries())} claims</p>'
        )
        topics = [self._topic(subject, shown) for subject in TOPICS]
        return [nodes.raw("", html, format="html"), *topics]

    def _topic(self, subject: str, shown: dict[str, dict[str, str]]) -> nodes.section:
        topic = TOPICS[subject]
        its_own = [entry for entry in entries() if entry["subject"] == subject]
        counts = Counter(f"{SIGNS[entry['verdict']]} {entry['worded']}" for entry in its_own)
        counted = " · ".join(f"{worded}: {number}" for worded, number in counts.most_common())
        cards = []
        for entry in its_own:
            links = {
                what: pages[entry["id"]] for what, pages in shown.items() if entry["id"] in pages
            }
            cards.append(card(entry, links))
        section = nodes.section("", nodes.title("", topic.title), ids=[f"topic-{subject}"])
        section += nodes.paragraph("", sentence(topic, entries()))
        section += nodes.paragraph("", f"{len(its_own)} claims: {counted}.")
        section += nodes.raw("", "".join(cards), format="html")
        return section


class ClaimsSummary(SphinxDirective):
    """Directive ``claims-summary``: how many claims of each kind have which verdict, with a key."""

    def run(self) -> list[nodes.Node]:
        """Return a small table."""
        lines = [f"| whose | {' | '.join(SIGNS.values())} |", "|---" + "|--:" * len(SIGNS) + "|"]
        for kind, counts in summary_by_kind(entries()).items():
            lines.append(f"| {kind} | {' | '.join(map(str, counts.values()))} |")
        words = "; ".join(f"{sign} {WORDS[verdict]}" for verdict, sign in SIGNS.items())
        lines += ["", f"{words}."]
        return self.parse_text_to_nodes("\n".join(lines))


class ClaimsSurvivors(SphinxDirective):
    """Directive ``claims-survivors``: how many findings survive Holm's correction, by subject."""

    def run(self) -> list[nodes.Node]:
        """Return a small table."""
        lines = ["| subject | findings | survive |", "|---|--:|--:|"]
        for subject, (below, total) in survivors(entries()).items():
            lines.append(f"| {TOPICS[subject].title} | {total} | {below} |")
        return self.parse_text_to_nodes("\n".join(lines))


class ClaimRole(SphinxRole):
    """Role ``claim``: a claim's verdict and text, linked to its row; the content is its id."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return the link.

        Raises:
            ValueError: if there is no such claim.
        """
        entry = claim(self.text)
        text = f"{SIGNS[entry['verdict']]} {tables.typeset(entry['claim'])}"
        return [nodes.reference("", text, refuri=f"reproduction.html#claim-{entry['id']}")], []


class ClaimsChanges(SphinxDirective):
    """Directive ``claims-changes``: the first edition's claims and what stands in their place."""

    def run(self) -> list[nodes.Node]:
        """Return the table."""
        rows = "".join(change_row(change) for change in changes(entries()))
        head = "".join(f"<th>{name}</th>" for name in ("first edition", "verdict then", "now"))
        html = (
            f'<div class="table-scroll"><table class="claims-table"><thead><tr>{head}</tr></thead>'
            f"<tbody>{rows}</tbody></table></div>"
        )
        return [nodes.raw("", html, format="html")]


def claims_by_figure() -> dict[str, list[dict]]:
    """Return the claims that name a figure or a section, by its name."""
    found: dict[str, list[dict]] = {}
    for entry in entries():
        found.setdefault(entry["figure"], []).append(entry)
    found.pop("", None)
    return found


def link_claims(app: Sphinx, document: nodes.document) -> None:
    """Put links to its claims below each figure that claims name."""
    claims = claims_by_figure() if app.env.docname.startswith("chapters/") else {}
    for figure in document.findall(nodes.figure):
        named = [entry for name in figure["names"] for entry in claims.get(name, [])]
        if not named:
            continue
        items = "".join(
            f'<li><a href="../reproduction.html#claim-{entry["id"]}">{SIGNS[entry["verdict"]]} '
            f"{typeset(entry['claim'])}</a></li>"
            for entry in named
        )
        many = f"{len(named)} claims" if len(named) > 1 else "1 claim"
        html = (
            f'<details class="figure-claims"><summary>{many} judged on this</summary>'
            f"<ul>{items}</ul></details>"
        )
        legend = next(iter(figure.findall(nodes.legend)), None)
        if legend is None:
            legend = nodes.legend()
            figure += legend
        legend += nodes.raw("", html, format="html")


def write_files(app: Sphinx, error: Exception | None) -> None:
    """Put the report's data and the recorded runs beside the pages, each whole or not at all."""
    if error or app.builder.format != "html":
        return
    text = json.dumps(entries(), indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    for name, content in {"report.json": text, "report.md": markdown_report(entries())}.items():
        write_whole(Path(app.outdir, name), content)
    for file in files_of(entries()):
        if not Path(app.srcdir, file).exists():  # a book of other chapters, in a folder of its own
            continue
        source, target = Path(app.srcdir, file), Path(app.outdir, file)
        if target.exists():  # kept from the build before, which showed the same runs
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        write_whole(Path(app.outdir, csv_name(file)), as_csv(source))
        write_whole(target, source.read_bytes())


def as_csv(path: Path) -> bytes:
    """Return a recorded run as a ZIP archive with a CSV file for each array.

    A row holds the indices of all axes but the last, then the values along the last one.
    """
    archive = io.BytesIO()
    with np.load(path) as arrays, zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as files:
        for name in arrays.files:
            array = np.atleast_1d(arrays[name])
            *leading, last = array.shape
            table = io.StringIO()
            writer = csv.writer(table, lineterminator="\n")
            writer.writerow([f"axis {axis}" for axis in range(len(leading))] + list(range(last)))
            for index in np.ndindex(*leading):
                writer.writerow([*index, *array[index].astype(str)])
            files.writestr(zipfile.ZipInfo(f"{name}.csv"), table.getvalue(), zipfile.ZIP_DEFLATED)
    return archive.getvalue()


def add_script(app: Sphinx, page: str, template: str, context: dict, document: object) -> None:
    """Load the script of the filters on the report's own page."""
    if page == "reproduction":
        app.add_js_file("report.js")


def setup(app: Sphinx) -> dict:
    """Connect the extension."""
    app.add_css_file("report.css")
    app.connect("html-page-context", add_script)
    app.connect("doctree-read", link_claims)
    app.connect("build-finished", write_files)
    app.add_directive("claims-report", ClaimsReport)
    app.add_directive("claims-summary", ClaimsSummary)
    app.add_directive("claims-survivors", ClaimsSurvivors)
    app.add_directive("claims-changes", ClaimsChanges)
    app.add_role("claim", ClaimRole())
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
