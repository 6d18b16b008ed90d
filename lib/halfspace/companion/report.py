"""The register as a table: for pages, for machines, for people without a browser."""

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict

from halfspace.companion.claims import VERDICTS, Claim
from halfspace.companion.registry import CLAIMS, condition, judge

__all__ = ["finding_text", "markdown_report", "report", "summary", "verdict_rows"]


def report() -> list[dict]:
    """Return one entry per claim, in the register's order, ready for JSON.

    Keys: id, claim, where, paper (its number or finding), statistic, rule, figure (where the book
    shows it), verdict, findings (one for each case and control, or none), runs (file, commit,
    device and date of each recorded run).
    """
    entries = []
    for claim in CLAIMS:
        verdict, findings = judge(claim)
        entry = {
            "id": claim.id,
            "claim": claim.text,
            "where": claim.where,
            "paper": claim.paper,
            "statistic": claim.statistic,
            "rule": claim.rule,
            "figure": claim.figure,
            "verdict": verdict,
            "findings": [asdict(finding) for finding in findings or []],
            "runs": [],
        }
        for number, finding in enumerate(entry["findings"]):
            finding["control"] = number >= len(claim.cases)
            for name in ("effect", "low", "high"):  # JSON has no NaN
                finding[name] = finding[name] if math.isfinite(finding[name]) else None
        for name in claim.needs:
            spec = condition(name)
            recorded = spec.recorded()
            if recorded is not None:
                path = spec.record_path()
                origin = {key: recorded.provenance[key] for key in ("when", "commit", "device")}
                file = f"data/results/{path.parent.name}/{path.name}.npz"
                entry["runs"].append({"name": name, "file": file} | origin)
        entries.append(entry)
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


def markdown_report(entries: list[dict]) -> str:
    """Write the report as a Markdown document."""
    counts = ", ".join(f"{count} {verdict}" for verdict, count in summary(entries).items())
    lines = ["# Reproduction report", "", f"{len(entries)} claims: {counts}.", ""]
    lines += ["| claim | where | paper | ours | verdict |", "|---|---|---|---|---|"]
    for entry in entries:
        ours = "; ".join(f"{f['case']}: {finding_text(f)}" for f in entry["findings"])
        cells = (
            entry["claim"],
            entry["where"],
            entry["paper"] or "–",
            ours or "no run yet",
            entry["verdict"],
        )
        lines.append("| " + " | ".join(cells) + " |")
    lines += ["", "Decision rules, fixed before the runs:", ""]
    lines += [f"- **{entry['id']}**: {entry['rule']}" for entry in entries]
    return "\n".join(lines) + "\n"


def finding_text(finding: dict) -> str:
    """Write a finding's effect with its interval."""
    if finding["effect"] is None or not math.isfinite(finding["effect"]):
        return "not finite for every seed"
    text = f"{finding['effect']:.2f} ({finding['low']:.2f} to {finding['high']:.2f})"
    return text.replace("-", "−")
