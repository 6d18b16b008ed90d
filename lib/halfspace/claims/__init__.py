"""The paper's claims, each with a rule fixed beforehand and the verdict that recorded runs give.

Verdicts are computed from ``data/results``; nothing here holds one.
"""

from halfspace.claims._circle import CIRCLE_CLAIMS
from halfspace.claims._fashion import FASHION_CLAIMS
from halfspace.claims._rules import VERDICTS, Case, Claim, Finding, Verdict
from halfspace.experiments.studies import STUDIES

__all__ = ["CLAIMS", "VERDICTS", "Case", "Claim", "Finding", "Verdict", "judge"]

CLAIMS: tuple[Claim, ...] = CIRCLE_CLAIMS + FASHION_CLAIMS


def judge(claim: Claim) -> tuple[Verdict, list[Finding] | None]:
    """Decide a claim from the recorded runs.

    Returns:
        The verdict, and a finding for each case and control; ``None`` while a run is missing.

    Raises:
        KeyError: if the claim needs a run that no study lists.
        ValueError: if a recorded run is damaged.
    """
    results = {}
    for name in claim.needs:
        study, condition = name.split(": ", 1)
        results[name] = STUDIES[study]()[condition].recorded()
    if any(result is None for result in results.values()):
        return claim.verdict(None), None
    findings = [case.judge(results) for case in claim.cases + claim.controls]
    return claim.verdict(findings), findings
