"""All claims, and how they are judged."""

from halfspace.claims._cifar import CIFAR_CLAIMS
from halfspace.claims._circle import CIRCLE_CLAIMS
from halfspace.claims._conjectures import CONJECTURE_CLAIMS
from halfspace.claims._fashion import FASHION_CLAIMS
from halfspace.claims._reallocation import REALLOCATION_CLAIMS
from halfspace.claims._rules import Claim, Finding, Verdict
from halfspace.claims._theory import THEORY_CLAIMS
from halfspace.experiments.studies import condition

__all__ = ["CLAIMS", "judge"]

CLAIMS: tuple[Claim, ...] = (
    THEORY_CLAIMS
    + CIRCLE_CLAIMS
    + FASHION_CLAIMS
    + CONJECTURE_CLAIMS
    + REALLOCATION_CLAIMS
    + CIFAR_CLAIMS
)


def judge(claim: Claim) -> tuple[Verdict, list[Finding] | None]:
    """Decide a claim from the recorded runs.

    Returns:
        The verdict, and a finding for each case and control; ``None`` while a run is missing.

    Raises:
        ValueError: if no study lists a run that the claim needs, or a recorded run is damaged.
    """
    results = {name: condition(name).recorded() for name in claim.needs}
    if any(result is None for result in results.values()):
        return claim.verdict(None), None
    findings = [case.judge(results) for case in claim.cases + claim.controls]
    return claim.verdict(findings), findings
