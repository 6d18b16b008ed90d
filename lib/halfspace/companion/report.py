"""The claims and their verdicts: as rows for pages, as JSON and as Markdown."""

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict

from halfspace.companion.claims import KINDS, SIGNS, VERDICTS, Case, Claim, Finding
from halfspace.companion.inference import holm
from halfspace.companion.text import Link, factor, scientific

__all__ = [
    "direction",
    "finding_text",
    "level_text",
    "markdown_report",
    "report",
    "summary",
    "summary_by_kind",
    "survivors",
    "verdict_rows",
]

_NUMBERS = ("effect", "low", "high", "median", "p")


def report() -> list[dict]:
    """Return one entry per claim, in the register's order, ready for JSON.

    Keys: id, subject, kind, claim, where, quote, paper (its number or finding), statistic, rule,
    figure (name of the figure or section that shows it), seen, replaces, why, verdict, worded (the
    verdict as a reader sees it), findings (one for each case and control, or none), runs (file,
    commit, device and date of each recorded run). A finding's ``label`` is its case's name as a
    reader sees it, ``factor`` tells whether its numbers are logarithms that a reader sees as
    factors, ``needs`` are the names of its runs; its ``holm`` is its p-value, adjusted for all
    findings of the subject's claims but those that are proved; it is ``None`` for these.
    """
    from halfspace.companion.registry import CLAIMS_OF  # loads all subjects

    entries = []
    for subject, claims in CLAIMS_OF.items():
        entries += _adjusted([_entry(subject, claim) for claim in claims])
    return entries


def _entry(subject: str, claim: Claim) -> dict:
    from halfspace.companion.registry import condition, judge

    verdict, findings = judge(claim)
    entry = {
        "id": claim.id,
        "subject": subject,
        "kind": claim.kind,
        "claim": claim.text,
        "where": claim.where,
        "quote": claim.quote,
        "paper": claim.paper,
        "statistic": claim.statistic,
        "rule": claim.rule,
        "figure": claim.figure,
        "seen": claim.seen,
        "replaces": list(claim.replaces),
        "why": claim.why,
        "verdict": verdict,
        "worded": claim.worded(verdict),
        "findings": _described(claim, findings or []),
        "runs": [],
    }
    for name in claim.needs:
        spec = condition(name)
        recorded = spec.recorded()
        if recorded is not None:
            path = spec.record_path()
            origin = {key: recorded.provenance[key] for key in ("when", "commit", "device")}
            file = f"data/results/{path.parent.name}/{path.name}.npz"
            entry["runs"].append({"name": name, "file": file} | origin)
    return entry


def _described(claim: Claim, findings: list[Finding]) -> list[dict]:
    """Return findings with their cases' data for display, ready for JSON."""
    described = []
    for number, (case, finding) in enumerate(zip(_parts(claim, findings), findings, strict=True)):
        row = asdict(finding) | {"control": number >= len(claim.cases), "needs": list(case.needs)}
        row |= {"label": case.label or case.name, "factor": case.factor}
        row |= {"test": case.test, "level": case.level}
        for name in _NUMBERS:  # JSON has no NaN
            row[name] = row[name] if math.isfinite(row[name]) else None
        described.append(row)
    return described


def _parts(claim: Claim, findings: list[Finding]) -> tuple[Case, ...]:
    return (claim.cases + claim.controls)[: len(findings)]


def _adjusted(entries: list[dict]) -> list[dict]:
    """Give a subject's findings their p-values adjusted by Holm's method."""
    family = [f for entry in entries if entry["kind"] != "proved" for f in entry["findings"]]
    adjusted = holm([math.nan if f["p"] is None else f["p"] for f in family])
    for finding, p in zip(family, adjusted.tolist(), strict=True):
        finding["holm"] = p
    for entry in entries:
        for finding in entry["findings"]:
            finding.setdefault("holm", None)
    return entries


def verdict_rows(claims: Iterable[Claim], *ids: str) -> list[dict[str, str]]:
    """Return claims with their cases' findings and verdicts, as the rows of a chapter's table.

    The claims are links to the report. A verdict's sign stands before its words.

    Args:
        claims: those of one or several subjects.
        *ids: which of them, in the order of the rows; all if none is named.

    Raises:
        ValueError: if no claim has an id.
    """
    from halfspace.companion.registry import judge

    by_id = {claim.id: claim for claim in claims}
    rows = []
    for id in ids or by_id:
        if id not in by_id:
            raise ValueError(f"id must be one of {', '.join(by_id)}; got {id!r}")
        claim = by_id[id]
        verdict, findings = judge(claim)
        ours = [_told(finding) for finding in _described(claim, findings or [])]
        row = {
            "claim": Link(claim.text, f"../reproduction.html#claim-{id}", f"verdict-{id}"),
            "verdict": f"{SIGNS[verdict]} {claim.worded(verdict)}",
            "ours": "; ".join(ours[: len(claim.cases)]) or "no run yet",
        }
        shown = "; logarithms are shown as factors" if any(c.factor for c in claim.cases) else ""
        rows.append(row | {"measured": claim.statistic + shown})
    return rows


def summary(entries: list[dict]) -> dict[str, int]:
    """Count the claims of each verdict, in the verdicts' order."""
    counts = Counter(entry["verdict"] for entry in entries)
    return {verdict: counts[verdict] for verdict in VERDICTS}


def summary_by_kind(entries: list[dict]) -> dict[str, dict[str, int]]:
    """Count the claims of each verdict, by the names of the kinds that occur, as in ``KINDS``."""
    return {
        name: summary([entry for entry in entries if entry["kind"] == kind])
        for kind, name in KINDS.items()
        if any(entry["kind"] == kind for entry in entries)
    }


def survivors(entries: list[dict]) -> dict[str, tuple[int, int]]:
    """Count, by subject, the findings with an adjusted p-value below 0.05, and all of them.

    A subject without such findings is left out.
    """
    counted = {}
    for entry in entries:
        adjusted = [f["holm"] for f in entry["findings"] if f["holm"] is not None]
        below, total = counted.get(entry["subject"], (0, 0))
        counted[entry["subject"]] = (below + sum(p < 0.05 for p in adjusted), total + len(adjusted))
    return {subject: counts for subject, counts in counted.items() if counts[1]}


def markdown_report(entries: list[dict]) -> str:
    """Write the report as a Markdown document."""
    lines = ["# Reproduction report", "", f"{len(entries)} claims.", ""]
    lines += ["| kind | " + " | ".join(VERDICTS) + " |", "|---" * (len(VERDICTS) + 1) + "|"]
    for kind, counts in summary_by_kind(entries).items():
        lines.append(f"| {kind} | " + " | ".join(map(str, counts.values())) + " |")
    lines += ["", "| claim | kind | where | paper | ours | verdict |", "|---" * 6 + "|"]
    for entry in entries:
        ours = "; ".join(map(_told, entry["findings"]))
        cells = (
            entry["claim"],
            KINDS[entry["kind"]],
            entry["where"],
            entry["paper"] or "–",
            ours or "no run yet",
            entry["worded"],
        )
        lines.append("| " + " | ".join(cells) + " |")
    lines += ["", "Decision rules, fixed before the runs unless stated otherwise:", ""]
    for entry in entries:
        seen = f" Seen before the rule was written: {entry['seen']}." if entry["seen"] else ""
        lines.append(f"- **{entry['id']}**: {entry['rule']}{seen}")
    return "\n".join(lines) + "\n"


def _told(finding: dict) -> str:
    """Write a finding with its case, and the direction where the sign does not show it."""
    text = f"{finding['label']}: {finding_text(finding)}"
    plain = finding["test"] != "equal" and not finding["level"]
    return text if plain or finding["effect"] is None else f"{text}, {direction(finding)}"


def finding_text(finding: dict, name: str = "") -> str:
    """Write a finding's effect with its interval: a factor, a share in percent, or a number.

    A share of all seeds or of none is written as a count.

    Args:
        finding: of an entry of the report.
        name: ``"median"`` or ``"effect"``, to write that number alone.
    """
    if finding["effect"] is None or not math.isfinite(finding["effect"]):
        return "not finite for every seed"
    if finding["factor"]:
        names = [name] if name else ["effect", "low", "high"]
        return factor(*(finding[each] for each in names))
    if name:
        return _written(finding, name)
    if finding["test"] == "share" and finding["effect"] in (0, 1):
        return f"{'all' if finding['effect'] else 'none of'} {finding['seeds']}"
    effect, low, high = (_written(finding, name) for name in ("effect", "low", "high"))
    if finding["test"] == "share":
        return f"{effect} % ({low} to {high})"
    return f"{effect} ({low} to {high})"


def level_text(finding: dict) -> str:
    """Write the level that a finding is tested against."""
    level = finding["level"]
    if finding["factor"]:
        return f"×{math.exp(level):.3g}"
    if finding["test"] == "share":
        return f"{100 * level:.3g} %"
    return f"{level:.3g}".replace("-", "−")


def direction(finding: dict) -> str:
    """Say on which side of its level a finding's interval lies."""
    level, equal = level_text(finding), finding["test"] == "equal"
    if finding["holds"]:
        return f"within ±{level}" if equal else f"above {level}"
    if finding["effect"] is None:
        return "no number for some seeds"
    if finding["holds"] is False:
        above = equal and finding["low"] > finding["level"]
        beyond = f"above, beyond +{level}" if above else f"below, beyond −{level}"
        return beyond if equal else f"below {level}"
    if not equal:
        return f"includes {level}"
    crossed = [finding["low"] <= -finding["level"], finding["high"] >= finding["level"]]
    ends = [
        end
        for end, is_crossed in zip((f"−{level}", f"+{level}"), crossed, strict=True)
        if is_crossed
    ]
    return f"includes {' and '.join(ends)}"


def _written(finding: dict, name: str) -> str:
    value = finding[name]
    if finding["test"] == "share":
        return f"{100 * value:.0f}"
    width = finding["high"] - finding["low"]
    if abs(value) < 1e-3 and 0 < width < 1e-3:
        return scientific(value, 1)
    decimals = max(2, math.ceil(-math.log10(width)) + 1) if width else 2
    text = f"{value:.{decimals}f}"
    return text.replace("-", "−") if float(text) else text.removeprefix("-")
