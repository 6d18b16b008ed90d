"""The subjects of the book, with their recorded studies and their claims.

A subject is a folder beside this module. Its ``conditions`` list the recorded studies, its
``claims`` the claims that these decide. This module imports both by name, so that a chapter depends
only on what it imports itself (``halfspace.companion.sources``).
"""

import importlib
import importlib.util
from collections.abc import Callable
from difflib import get_close_matches
from functools import cache

from halfspace.companion.claims import Claim, Finding, Verdict
from halfspace.companion.spec import Spec

__all__ = ["CLAIMS", "CLAIMS_OF", "NEED_GPU", "STUDIES", "SUBJECTS", "condition", "judge"]

SUBJECTS: dict[str, set[str]] = {
    "theory": {"circle"},
    "regions": {"circle"},
    "circle": set(),
    "fashion": set(),
    "conjectures": {"circle", "fashion"},
    "reallocation": {"circle", "fashion"},
    "cifar": set(),
    "gated_linear": set(),
    "globally_gated": {"theory"},
    "duality": {"theory", "label_jumps", "cifar"},
    "label_jumps": {"circle"},
    "catapults": {"circle", "theory"},
    "early_linear": {"circle"},
    "interpolation": set(),
    "intrinsic_dimension": {"label_jumps"},
    "short_views": {"theory", "duality", "circle"},
    "hardness": {"circle", "conjectures", "fashion"},
    "speed": set(),
}
"""The subjects in the order of the report, and the subjects whose code each may import."""


def _collect(module: str, name: str) -> dict:
    """Return ``name`` of each subject's ``module``, by subject; some subjects have none."""
    collected = {}
    for subject in SUBJECTS:
        path = f"halfspace.companion.{subject}.{module}"
        if importlib.util.find_spec(path):
            collected[subject] = getattr(importlib.import_module(path), name)
    return collected


STUDIES: dict[str, Callable[[], dict[str, Spec]]] = {
    study: conditions
    for studies in _collect("conditions", "STUDIES").values()
    for study, conditions in studies.items()
}
"""The conditions of each recorded study, by the study's name."""

CLAIMS_OF: dict[str, tuple[Claim, ...]] = _collect("claims", "CLAIMS")
"""The claims of each subject that has any, by the subject's name."""

CLAIMS: tuple[Claim, ...] = tuple(claim for part in CLAIMS_OF.values() for claim in part)
"""All claims, subject by subject."""

NEED_GPU = ("cifar: ",)
"""Prefixes of the names, ``"study: condition"``, of runs that take days on a CPU."""


def condition(name: str) -> Spec:
    """Return the spec of a condition, ``"study: condition"``.

    Raises:
        ValueError: if no study lists it; the message names the nearest one.
    """
    study, _, rest = name.partition(": ")
    conditions = _conditions(STUDIES[study]) if study in STUDIES else {}
    if rest not in conditions:
        known = [f"{study}: {rest}" for study, listing in STUDIES.items() for rest in listing()]
        (nearest,) = get_close_matches(name, known, n=1, cutoff=0)
        raise ValueError(
            f"a condition must be one that a study lists; got {name!r}, near {nearest!r}"
        )
    return conditions[rest]


@cache
def _conditions(listing: Callable[[], dict[str, Spec]]) -> dict[str, Spec]:
    return listing()


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
