"""All claims, and how they are judged."""

from halfspace.claims._circle import CIRCLE_CLAIMS
from halfspace.claims._fashion import FASHION_CLAIMS
from halfspace.claims._pending import PENDING_CLAIMS
from halfspace.claims._rules import Claim, Finding, Verdict
from halfspace.experiments.studies import STUDIES

__all__ = ["CLAIMS", "judge"]

CLAIMS: tuple[Claim, ...] = CIRCLE_CLAIMS + FASHION_CLAIMS + PENDING_CLAIMS


def judge(claim: Claim) -> tuple[Verdict, list[Finding] | None]:
    """Decide a claim from the recorded runs.

    Returns:
        The verdict, and a finding for each case and control; ``None`` while a run is missing or
        no rule is fixed yet.

    Raises:
        KeyError: if the claim needs a run that no study lists.
        ValueError: if a recorded run is damaged.
    """
    results = {}
    for name in claim.needs:
        study, condition = name.split(": ", 1)
        results[name] = STUDIES[study]()[condition].recorded()
    if not claim.cases or any(result is None for result in results.values()):
        return claim.verdict(None), None
    findings = [case.judge(results) for case in claim.cases + claim.controls]
    return claim.verdict(findings), findings
