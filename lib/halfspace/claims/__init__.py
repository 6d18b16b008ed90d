"""The paper's claims, each with a rule fixed beforehand and the verdict that recorded runs give.

Verdicts are computed from ``data/results``; nothing here holds one.
"""

from halfspace.claims._register import CLAIMS, judge
from halfspace.claims._report import interval_text, markdown_report, report, summary, verdict_rows
from halfspace.claims._rules import VERDICTS, Case, Claim, Finding, Verdict

__all__ = [
    "CLAIMS",
    "VERDICTS",
    "Case",
    "Claim",
    "Finding",
    "Verdict",
    "interval_text",
    "judge",
    "markdown_report",
    "report",
    "summary",
    "verdict_rows",
]
