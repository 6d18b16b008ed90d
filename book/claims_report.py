"""Sphinx extension: the register of claims as a table, in short, and as files beside the pages.

The table filters without scripts: radio buttons before it, and style rules that hide rows. Browsers
that do not know ``:has`` show all rows.
"""

import json
from functools import cache
from html import escape
from pathlib import Path

from docutils import nodes
from halfspace.companion.claims import VERDICTS
from halfspace.companion.report import finding_text, markdown_report, report, summary
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from whole import write_whole

__all__ = ["ClaimsReport", "ClaimsSummary", "setup"]

SIGNS = dict(zip(VERDICTS, "✓◐✗?…", strict=True))
SECTIONS = ("Introduction", "Section 2", "Section 3", "Section 4", "Section 5", "Appendix", "ours")


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


def filters(kind: str, names: tuple[str, ...]) -> str:
    """Return radio buttons, the first for all."""
    buttons = [(f"{kind}-all", "all", " checked")]
    buttons += [(f"{kind}-{slug(name)}", name, "") for name in names]
    return "".join(
        f'<label for="{id}"><input type="radio" name="{kind}" id="{id}"{checked}> '
        f"{escape(text)}</label>"
        for id, text, checked in buttons
    )


def hiding_rules() -> str:
    """Return the style that hides the rows that a chosen button does not stand for."""
    names = [("v", slug(name)) for name in VERDICTS] + [("s", slug(name)) for name in SECTIONS]
    rules = (
        f".claims:has(#{kind}-{name}:checked) tbody tr:not(.{kind}-{name}) {{display: none}}"
        for kind, name in names
    )
    return f"<style>{' '.join(rules)}</style>"


def escaped(run: dict) -> dict[str, str]:
    """Return what a run's record tells, fit for HTML."""
    return {name: escape(str(value)) for name, value in run.items()}


def row(entry: dict, files: str) -> str:
    """Return a claim's row; ``files`` is the address below which the repository's files lie."""
    findings = [
        f"<li{' class=control' if f['control'] else ''}>{escape(f['case'])}: "
        f"{escape(finding_text(f))}</li>"
        for f in entry["findings"]
    ]
    runs = "".join(
        f'<li>{run["name"]}: <a href="{files}/{run["file"]}">{run["file"]}</a>, '
        f"{run['when'][:10]}, commit {run['commit']}, {run['device']}</li>"
        for run in (escaped(run) for run in entry["runs"])
    )
    ours = f"<ul>{''.join(findings)}</ul>" if findings else "<p>no run yet</p>"
    figure = f', <a href="{escape(entry["figure"])}">our figure</a>' if entry["figure"] else ""
    verdict = entry["verdict"]
    return (
        f'<tr id="claim-{escape(entry["id"])}" class="v-{slug(verdict)} s-{slug(section(entry))}">'
        f"<td>{escape(entry['claim'])}<br><small>{escape(entry['where'])}{figure}</small></td>"
        f"<td>{escape(entry['paper']) or '–'}</td>"
        f"<td><small>{escape(entry['statistic'])}</small>{ours}</td>"
        f"<td><strong>{SIGNS[verdict]} {escape(verdict)}</strong>"
        f"<details><summary>rule, runs</summary><p>{escape(entry['rule'])}</p><ul>{runs}</ul>"
        "</details></td></tr>"
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
            f"{filters('s', SECTIONS)}</fieldset>"
            f'<div class="table-scroll"><table class="claims-table"><thead><tr>{head}</tr></thead>'
            f"<tbody>{rows}</tbody></table></div></div>"
        )
        return [nodes.raw("", html, format="html")]


class ClaimsSummary(SphinxDirective):
    """Directive ``claims-summary``: how many claims have which verdict."""

    def run(self) -> list[nodes.Node]:
        """Return a small table."""
        self.env.note_reread()
        counts = summary(entries())
        lines = ["| verdict | claims |", "|---|--:|"]
        lines += [f"| {SIGNS[name]} {name} | {count} |" for name, count in counts.items()]
        return self.parse_text_to_nodes("\n".join(lines))


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
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
