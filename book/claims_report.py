"""Sphinx extension: the register of claims as a table, in short, and as files beside the pages.

The table filters without scripts: radio buttons before it, and style rules that hide rows. Browsers
that do not know ``:has`` show all rows.
"""

import json
from functools import cache
from html import escape
from pathlib import Path

from docutils import nodes
from halfspace.companion.claims import KINDS, VERDICTS
from halfspace.companion.editions import changes
from halfspace.companion.report import (
    finding_text,
    markdown_report,
    report,
    summary_by_kind,
    survivors,
)
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

SIGNS = dict(zip(VERDICTS, "✓◐✗?…", strict=True))
SECTIONS = (
    "Abstract",
    "Introduction",
    *(f"Section {number}" for number in range(2, 7)),
    "Appendix",
    "ours",
)


@cache
def entries() -> list[dict]:
    """Return the report, judged once per build."""
    return report()


def slug(text: str) -> str:
    """Return a name fit for a class or an id."""
    return text.lower().replace(" ", "-")


def section(entry: dict) -> str:
    """Return which of ``SECTIONS`` a claim belongs to, ``other`` if none."""
    return next((name for name in SECTIONS if entry["where"].startswith(name)), "other")


def filters(kind: str, names: tuple[str, ...], labels: dict[str, str] | None = None) -> str:
    """Return radio buttons, the first for all, with the names or their labels."""
    buttons = [(f"{kind}-all", "all", " checked")]
    buttons += [(f"{kind}-{slug(name)}", (labels or {}).get(name, name), "") for name in names]
    return "".join(
        f'<label for="{id}"><input type="radio" name="{kind}" id="{id}"{checked}> '
        f"{escape(text)}</label>"
        for id, text, checked in buttons
    )


def hiding_rules() -> str:
    """Return the style that hides the rows that a chosen button does not stand for."""
    names = [("v", slug(name)) for name in VERDICTS] + [("s", slug(name)) for name in SECTIONS]
    names += [("k", kind) for kind in KINDS]
    rules = (
        f".claims:has(#{kind}-{name}:checked) tbody tr:not(.{kind}-{name}) {{display: none}}"
        for kind, name in names
    )
    return f"<style>{' '.join(rules)}</style>"


def escaped(run: dict) -> dict[str, str]:
    """Return what a run's record tells, fit for HTML."""
    return {name: escape(str(value)) for name, value in run.items()}


def notes(finding: dict) -> str:
    """Return what is told beside a finding: the median of skewed values, Holm's p-value."""
    told = []
    if finding["interval"] == "bootstrap":
        told.append(f"median {finding['median']:.2f}".replace("-", "−"))
    if finding["holm"] is not None:
        p = finding["holm"]
        told.append("Holm p < 0.001" if p < 0.001 else f"Holm p = {p:.3f}")
    return f" <small>{', '.join(told)}</small>" if told else ""


def row(entry: dict, files: str) -> str:
    """Return a claim's row; ``files`` is the address below which the repository's files lie."""
    findings = [
        f"<li{' class=control' if f['control'] else ''}>{escape(f['case'])}: "
        f"{escape(finding_text(f))}{notes(f)}</li>"
        for f in entry["findings"]
    ]
    runs = "".join(
        f'<li>{run["name"]}: <a href="{files}/{run["file"]}">{run["file"]}</a>, '
        f"{run['when'][:10]}, commit {run['commit']}, {run['device']}</li>"
        for run in (escaped(run) for run in entry["runs"])
    )
    ours = f"<ul>{''.join(findings)}</ul>" if findings else "<p>no run yet</p>"
    figure = f', <a href="{escape(entry["figure"])}">our figure</a>' if entry["figure"] else ""
    quote = f"<br><q>{escape(entry['quote'])}</q>" if entry["quote"] else ""
    seen = f"<p>Seen before the rule: {escape(entry['seen'])}.</p>" if entry["seen"] else ""
    verdict, kind = entry["verdict"], entry["kind"]
    classes = f"v-{slug(verdict)} s-{slug(section(entry))} k-{kind}"
    return (
        f'<tr id="claim-{escape(entry["id"])}" class="{classes}">'
        f"<td>{escape(entry['claim'])}<br><small><em>{KINDS[kind]}</em>: {escape(entry['where'])}"
        f"{figure}{quote}</small></td>"
        f"<td>{escape(entry['paper']) or '–'}</td>"
        f"<td><small>{escape(entry['statistic'])}</small>{ours}</td>"
        f"<td><strong>{SIGNS[verdict]} {escape(verdict)}</strong>"
        f"<details><summary>rule, runs</summary><p>{escape(entry['rule'])}</p>{seen}"
        f"<ul>{runs}</ul></details></td></tr>"
    )


def change_row(change: dict) -> str:
    """Return the row of a claim of the first edition and of what stands in its place."""
    old = change["old"]
    texts = []
    for new in change["new"]:
        link = f'<a href="reproduction.html#claim-{escape(new["id"])}">{escape(new["claim"])}</a>'
        why = escape(new["why"]) or "The rule is the same."
        verdict = f"<strong>{SIGNS[new['verdict']]} {escape(new['verdict'])}</strong>"
        texts.append(
            f"<p>{link} {verdict}<br>{why}</p>"
            f"<details><summary>rule</summary><p>{escape(new['rule'])}</p></details>"
        )
    return (
        f"<tr><td>{escape(old['claim'])}<details><summary>rule</summary>"
        f"<p>{escape(old['rule'])}</p></details></td>"
        f"<td>{SIGNS[old['verdict']]} {escape(old['verdict'])}</td><td>{''.join(texts)}</td></tr>"
    )


class ClaimsReport(SphinxDirective):
    """Directive ``claims-report``: the table of all claims."""

    def run(self) -> list[nodes.Node]:
        """Return the table with its filters."""
        self.env.note_reread()
        theme = self.config.html_theme_options
        files = f"{theme['repository_url']}/blob/{theme['repository_branch']}"
        rows = "".join(row(entry, files) for entry in entries())
        head = "".join(f"<th>{name}</th>" for name in ("claim", "paper", "ours", "verdict"))
        html = (
            f'{hiding_rules()}<div class="claims"><fieldset><legend>verdict</legend>'
            f"{filters('v', VERDICTS)}</fieldset><fieldset><legend>where</legend>"
            f"{filters('s', SECTIONS)}</fieldset><fieldset><legend>whose</legend>"
            f"{filters('k', tuple(KINDS), KINDS)}</fieldset>"
            f'<div class="table-scroll"><table class="claims-table"><thead><tr>{head}</tr></thead>'
            f"<tbody>{rows}</tbody></table></div></div>"
        )
        return [nodes.raw("", html, format="html")]


class ClaimsSummary(SphinxDirective):
    """Directive ``claims-summary``: how many claims of each kind have which verdict."""

    def run(self) -> list[nodes.Node]:
        """Return a small table."""
        self.env.note_reread()
        by_kind = summary_by_kind(entries())
        lines = [f"| verdict | {' | '.join(by_kind)} |", "|---" + "|--:" * len(by_kind) + "|"]
        for verdict in VERDICTS:
            counts = " | ".join(str(counts[verdict]) for counts in by_kind.values())
            lines.append(f"| {SIGNS[verdict]} {verdict} | {counts} |")
        return self.parse_text_to_nodes("\n".join(lines))


class ClaimsSurvivors(SphinxDirective):
    """Directive ``claims-survivors``: how many findings survive Holm's correction, by subject."""

    def run(self) -> list[nodes.Node]:
        """Return a small table."""
        self.env.note_reread()
        lines = ["| subject | findings | survive |", "|---|--:|--:|"]
        for subject, (below, total) in survivors(entries()).items():
            lines.append(f"| {subject} | {total} | {below} |")
        return self.parse_text_to_nodes("\n".join(lines))


class ClaimRole(SphinxRole):
    """Role ``claim``: a claim's verdict and text, linked to its row; the content is its id."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return the link.

        Raises:
            ValueError: if there is no such claim.
        """
        by_id = {entry["id"]: entry for entry in entries()}
        if self.text not in by_id:
            raise ValueError(f"claim must be one of {', '.join(by_id)}; got {self.text!r}")
        entry = by_id[self.text]
        text = f"{SIGNS[entry['verdict']]} {entry['claim']}"
        return [nodes.reference("", text, refuri=f"reproduction.html#claim-{entry['id']}")], []


class ClaimsChanges(SphinxDirective):
    """Directive ``claims-changes``: the first edition's claims and what stands in their place."""

    def run(self) -> list[nodes.Node]:
        """Return the table."""
        self.env.note_reread()
        rows = "".join(change_row(change) for change in changes(entries()))
        head = "".join(f"<th>{name}</th>" for name in ("first edition", "verdict then", "now"))
        html = (
            f'<div class="table-scroll"><table class="claims-table"><thead><tr>{head}</tr></thead>'
            f"<tbody>{rows}</tbody></table></div>"
        )
        return [nodes.raw("", html, format="html")]


def write_files(app: Sphinx, error: Exception | None) -> None:
    """Put ``report.json`` and ``report.md`` beside the pages, whole or not at all."""
    if error or app.builder.format != "html":
        return
    text = json.dumps(entries(), indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    for name, content in {"report.json": text, "report.md": markdown_report(entries())}.items():
        write_whole(Path(app.outdir, name), content)


def setup(app: Sphinx) -> dict:
    """Connect the extension."""
    app.connect("build-finished", write_files)
    app.add_directive("claims-report", ClaimsReport)
    app.add_directive("claims-summary", ClaimsSummary)
    app.add_directive("claims-survivors", ClaimsSurvivors)
    app.add_directive("claims-changes", ClaimsChanges)
    app.add_role("claim", ClaimRole())
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
