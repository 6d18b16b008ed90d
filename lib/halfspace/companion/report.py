"""The register as a table: for pages, for machines, for people without a browser."""

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict

from halfspace.companion.claims import KINDS, VERDICTS, Claim
from halfspace.companion.inference import holm
from halfspace.companion.registry import CLAIMS_OF, condition, judge

__all__ = [
    "finding_text",
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
    figure (where the book shows it), seen, replaces, why, verdict, findings (one for each case and
    control, or none), runs (file, commit, device and date of each recorded run). A finding's
    ``needs`` are the names of its runs; its ``holm`` is its p-value, adjusted for all findings of
    the subject's claims but those that are proved; it is ``None`` for these.
    """
    entries = []
    for subject, claims in CLAIMS_OF.items():
        entries += _adjusted([_entry(subject, claim) for claim in claims])
    return entries


def _entry(subject: str, claim: Claim) -> dict:
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
        "findings": [asdict(finding) for finding in findings or []],
        "runs": [],
    }
    for number, finding in enumerate(entry["findings"]):
        finding["control"] = number >= len(claim.cases)
        finding["needs"] = list((claim.cases + claim.controls)[number].needs)
        for name in _NUMBERS:  # JSON has no NaN
            finding[name] = finding[name] if math.isfinite(finding[name]) else None
    for name in claim.needs:
        spec = condition(name)
        recorded = spec.recorded()
        if recorded is not None:
            path = spec.record_path()
            origin = {key: recorded.provenance[key] for key in ("when", "commit", "device")}
            file = f"data/results/{path.parent.name}/{path.name}.npz"
            entry["runs"].append({"name": name, "file": file} | origin)
    return entry


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
    """Return claims with their cases' findings and verdicts, as the rows of a table.

    Args:
        claims: those of one or several subjects.
        *ids: which of them, in the order of the rows; all if none is named.

    Raises:
        ValueError: if no claim has an id.
    """
    by_id = {claim.id: claim for claim in claims}
    rows = []
    for id in ids or by_id:
        if id not in by_id:
            raise ValueError(f"id must be one of {', '.join(by_id)}; got {id!r}")
        claim = by_id[id]
        verdict, findings = judge(claim)
        cases = [asdict(finding) for finding in (findings or [])[: len(claim.cases)]]
        ours = "; ".join(f"{finding['case']}: {finding_text(finding)}" for finding in cases)
        row = {"claim": claim.text, "verdict": verdict, "ours": ours or "no run yet"}
        rows.append(row | {"measured": claim.statistic})
    return rows


def summary(entries: list[dict]) -> dict[str, int]:
    """Count the claims of each verdict, in the verdicts' order."""
    counts = Counter(entry["verdict"] for entry in entries)
    return {verdict: counts[verdict] for verdict in VERDICTS}


def summary_by_kind(entries: list[dict]) -> dict[str, dict[str, int]]:
    """Count the claims of each verdict, by the kinds' names, in the order of ``KINDS``."""
    return {
        name: summary([entry for entry in entries if entry["kind"] == kind])
        for kind, name in KINDS.items()
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
        ours = "; ".join(f"{f['case']}: {finding_text(f)}" for f in entry["findings"])
        cells = (
            entry["claim"],
            KINDS[entry["kind"]],
            entry["where"],
            entry["paper"] or "–",
            ours or "no run yet",
            entry["verdict"],
        )
        lines.append("| " + " | ".join(cells) + " |")
    lines += ["", "Decision rules, fixed before the runs where nothing else is said:", ""]
    for entry in entries:
        seen = f" Seen before the rule was written: {entry['seen']}." if entry["seen"] else ""
        lines.append(f"- **{entry['id']}**: {entry['rule']}{seen}")
    return "\n".join(lines) + "\n"


def finding_text(finding: dict) -> str:
    """Write a finding's effect with its interval."""
    if finding["effect"] is None or not math.isfinite(finding["effect"]):
        return "not finite for every seed"
    text = f"{finding['effect']:.2f} ({finding['low']:.2f} to {finding['high']:.2f})"
    return text.replace("-", "−")
