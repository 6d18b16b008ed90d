"""A claim of the report as HTML: a card with verdict, words, findings, rule and runs."""

import re
from html import escape
from pathlib import PurePosixPath

from halfspace.companion.claims import KINDS, SIGNS, VERDICTS
from halfspace.companion.plots import tables
from halfspace.companion.report import direction, finding_text, level_text

__all__ = [
    "SECTIONS",
    "card",
    "csv_name",
    "filters",
    "hiding_rules",
    "section",
    "slug",
    "typeset",
]

SECTIONS = (
    "Abstract",
    "Introduction",
    *(f"Section {number}" for number in range(2, 7)),
    "Appendix",
    "Related",
    "ours",
)
_HOLDS = {True: ("holds", "✓"), False: ("fails", "✗"), None: ("open", "?")}
_UNFOLDED = 4  # controls that are shown without a click
_WIDTH, _HEIGHT, _MARGIN = 240, 18, 8  # of a strip


def slug(text: str) -> str:
    """Return a name fit for a class or an id."""
    return text.lower().replace(" ", "-")


def typeset(text: str) -> str:
    """Return a text as HTML: its numbers as in tables, with powers, indices and apostrophes."""
    html = escape(tables.typeset(text), quote=False).replace("x'", "x′").replace("'", "’")
    html = re.sub(r"\b1e-0?(\d+)", r"10<sup>−\1</sup>", html)
    html = re.sub(r"\^\(((?:[^()]|\([^()]*\))+)\)", r"<sup>\1</sup>", html)
    html = re.sub(r"\^(\w)", r"<sup>\1</sup>", html)
    html = re.sub(r"\b([A-Z])_(\d+)", r"\1<sub>\2</sub>", html)
    return re.sub(r"(\d)-(\d)", r"\1–\2", html)


def section(entry: dict) -> str:
    """Return which of ``SECTIONS`` a claim belongs to, ``other`` if none."""
    return next((name for name in SECTIONS if entry["where"].startswith(name)), "other")


def classes(entry: dict) -> dict[str, str]:
    """Return what a claim can be filtered by."""
    return {
        "verdict": slug(entry["verdict"]),
        "where": slug(section(entry)),
        "whose": entry["kind"],
    }


def filters(name: str, labels: dict[str, str], entries: list[dict]) -> str:
    """Return radio buttons, the first for all, each with its number of claims.

    Args:
        name: a key of ``classes``.
        labels: what a reader sees, by value.
        entries: of the report.
    """
    values = [classes(entry)[name] for entry in entries]
    buttons = [("all", "all", len(values))]
    buttons += [(slug(value), text, values.count(slug(value))) for value, text in labels.items()]
    shown = "".join(
        f'<label for="{name}-{value}"><input type="radio" name="{name}" id="{name}-{value}" '
        f'autocomplete="off"{"" if number else " checked"}> {escape(text)} <small>{count}</small>'
        "</label>"
        for number, (value, text, count) in enumerate(buttons)
    )
    return f"<fieldset><legend>{name}</legend>{shown}</fieldset>"


def hiding_rules() -> str:
    """Return the style that hides the cards that a chosen button does not stand for."""
    names = [("verdict", slug(name)) for name in VERDICTS]
    names += [("where", slug(name)) for name in SECTIONS] + [("whose", kind) for kind in KINDS]
    rules = (
        f"body:has(#{name}-{value}:checked) .claim:not(.{name}-{value}) {{display: none}}"
        for name, value in names
    )
    return f"<style>{' '.join(rules)}</style>"


def scale(findings: list[dict]) -> tuple[float, float]:
    """Return the ends of an axis that holds all intervals and levels."""
    if all(finding["test"] == "share" for finding in findings):
        return 0.0, 1.0
    ends = [finding[end] for finding in findings for end in ("low", "high")]
    ends += [finding["level"] for finding in findings]
    ends += [-finding["level"] for finding in findings if finding["test"] == "equal"]
    low, high = min(ends), max(ends)
    return (low, high) if high > low else (low - 1, high + 1)


def strip(finding: dict, ends: tuple[float, float]) -> str:
    """Draw an effect with its interval and its level; a control's mark is hollow."""
    low, high = ends

    def at(value: float) -> str:
        inner = _WIDTH - 2 * _MARGIN
        return f"{_MARGIN + inner * (min(max(value, low), high) - low) / (high - low):.1f}"

    level, middle = finding["level"], _HEIGHT // 2
    if finding["test"] == "equal":
        width = float(at(level)) - float(at(-level))
        mark = f'<rect x="{at(-level)}" width="{width:.1f}" height="{_HEIGHT}"/>'
    else:
        mark = f'<path class="level" d="M{at(level)} 0V{_HEIGHT}"/>'
    within = "within ±" if finding["test"] == "equal" else ""
    told = f"{finding_text(finding)}; level {within}{level_text(finding)}"
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{escape(told)}">{mark}'
        f'<path d="M{at(finding["low"])} {middle}H{at(finding["high"])}"/>'
        f'<circle cx="{at(finding["effect"])}" cy="{middle}" r="4"/></svg>'
    )


def notes(finding: dict) -> str:
    """Return what is told beside a finding: a skewed sample's median, and what chance may do."""
    told = []
    if finding["interval"] == "bootstrap":
        told.append(f"median {finding_text(finding, 'median')}")
    p = finding["holm"]  # of an equality it speaks for it, not against it
    decided = finding["holds"] or (finding["holds"] is False and finding["test"] != "equal")
    if decided and p is not None and p >= 0.05:
        told.append(f"Holm p = {p:.2f}: chance is not excluded")
    return f" <small>{'; '.join(told)}</small>" if told else ""


def unit(finding: dict) -> tuple:
    """Return what findings have in common that are drawn on one axis."""
    level = finding["level"] if finding["test"] == "equal" else None
    return finding["test"] == "share", finding["factor"], level


def findings_list(findings: list[dict], axes: dict[tuple, tuple[float, float]]) -> str:
    """Return findings as a list: name, strip, number, direction."""
    items = []
    for finding in findings:
        state, sign = _HOLDS[finding["holds"]]
        drawn = "" if finding["effect"] is None else strip(finding, axes[unit(finding)])
        items.append(
            f'<li class="{state}{" control" if finding["control"] else ""}">'
            f"<span>{typeset(finding['label'])}</span>{drawn}"
            f"<span>{escape(finding_text(finding))} "
            f"<b>{sign} {escape(direction(finding))}</b>{notes(finding)}</span></li>"
        )
    return f'<ul class="findings">{"".join(items)}</ul>' if items else ""


def findings_html(entry: dict) -> str:
    """Return a claim's cases and controls."""
    groups: dict[tuple, list[dict]] = {}
    for finding in entry["findings"]:
        if finding["effect"] is not None:
            groups.setdefault(unit(finding), []).append(finding)
    axes = {key: scale(findings) for key, findings in groups.items()}
    parts = [[f for f in entry["findings"] if f["control"] is control] for control in (False, True)]
    cases, controls = (findings_list(part, axes) for part in parts)
    if not controls:
        return cases
    is_open = "" if len(parts[1]) > _UNFOLDED else " open"
    return (
        f"{cases}<details class=controls{is_open}><summary>Controls</summary>{controls}</details>"
    )


def tally(entry: dict) -> str:
    """Say how many cases and controls hold, and where all of a failed claim's cases lie."""
    told = []
    for name, control in (("case", False), ("control", True)):
        part = [f["holds"] for f in entry["findings"] if f["control"] is control]
        if len(part) > 1:
            told.append(f"{part.count(True)} of {len(part)} {name}s hold")
    failed = {direction(f) for f in entry["findings"] if f["holds"] is False and not f["control"]}
    if entry["verdict"] == "not reproduced" and len(failed) == 1:
        told.insert(0, failed.pop())
    return "; ".join(told)


def csv_name(file: str) -> str:
    """Return the name of a recorded run's CSV archive, of its ``.npz`` file's name."""
    return str(PurePosixPath(file).with_suffix(".csv.zip"))


def runs_html(entry: dict) -> str:
    """Return a claim's recorded runs with links to their files."""
    items = "".join(
        f'<li>{escape(run["name"])}: <a href="{escape(csv_name(run["file"]))}">CSV</a>, '
        f'<a href="{escape(run["file"])}">npz</a>, {escape(run["when"][:10])}, '
        f"commit {escape(run['commit'][:12])}</li>"
        for run in entry["runs"]
    )
    devices = ", ".join(sorted({escape(run["device"]) for run in entry["runs"]}))
    return f"<p>Recorded runs, made on: {devices}.</p><ul>{items}</ul>" if items else ""


def card(entry: dict, links: dict[str, str]) -> str:
    """Return a claim's card.

    Args:
        entry: of the report.
        links: addresses of where the book shows it, by what a reader sees.
    """
    id, verdict, kind = entry["id"], entry["verdict"], entry["kind"]
    names = " ".join(f"{name}-{value}" for name, value in classes(entry).items())
    source = f"<em>{KINDS[kind]}</em>, {typeset(entry['where'].removeprefix(f'{KINDS[kind]}: '))}"
    quote = f"<q>{typeset(entry['quote'])}</q>" if entry["quote"] else ""
    gives = f"The paper: {typeset(entry['paper'])}." if entry["paper"] else ""
    as_factor = any(finding["factor"] for finding in entry["findings"])
    shown = " Logarithms are shown as factors." if as_factor else ""
    findings = findings_html(entry) or "<p>No run yet.</p>"
    seen = f"<p>Seen before the rule: {typeset(entry['seen'])}.</p>" if entry["seen"] else ""
    anchors = " · ".join(f'<a href="{escape(to)}">{text}</a>' for text, to in links.items())
    return (
        f'<section class="claim {names}" id="claim-{escape(id)}" aria-label="{escape(id)}">'
        f"<p><strong class=badge>{SIGNS[verdict]} {escape(entry['worded'])}</strong> "
        f"<small>{escape(tally(entry))}</small>"
        f'<a class="permalink" href="#claim-{escape(id)}" title="link to this claim">'
        f"#{escape(id)}</a></p>"
        f"<p class=words>{typeset(entry['claim'])}</p>"
        f"<p class=source>{source}. {quote} {gives}</p>"
        f"<p class=measured>Measured: {typeset(entry['statistic'])}.{shown}</p>{findings}"
        f"<p class=links>{anchors}</p>"
        f"<details><summary>Rule and runs</summary><p>{typeset(entry['rule'])}</p>{seen}"
        f"{runs_html(entry)}</details></section>"
    )
