"""Claims on other papers' systems: one value per seed, and rules older than the runs they judge."""

import json
import subprocess
from functools import cache
from pathlib import Path

import pytest
from halfspace.companion.registry import CLAIMS_OF, condition

ROOT = Path(__file__).parents[2]
FIRST_SEEDS = {
    "gated_linear": {3000, 3100},
    "globally_gated": {3000, 3010},
    "duality": {3000},
    "catapults": {3000},
    "interpolation": {3000},
    "early_linear": {3000},
    "short_views": {3000},
    "intrinsic_dimension": {3000},
    "label_jumps": {3000, 3100},
    "hardness": {5000},
}
# On nets that solve the task.
SOLVED = ("cluster-weights", "cluster-weights-where-any", "cluster-gates")

each_claim = pytest.mark.parametrize(
    ("subject", "claim"),
    [(subject, claim) for subject in FIRST_SEEDS for claim in CLAIMS_OF[subject]],
    ids=lambda value: getattr(value, "id", value),
)


@cache
def rules_at(commit):
    """Return the rules of a commit by claim; None where the history does not reach it."""
    command = ["git", "-C", str(ROOT), "show", f"{commit}:data/rules.json"]
    shown = subprocess.run(command, capture_output=True, text=True)
    return None if shown.returncode else json.loads(shown.stdout)


def runs_of(claim):
    """Return a claim's recorded runs by name; while one is missing there is nothing to test."""
    found = {name: condition(name).recorded() for name in claim.needs}
    missing = [name for name, run in found.items() if run is None]
    if missing:
        pytest.skip(f"{missing[0]} is not recorded yet")
    return found


@each_claim
def test_every_case_gives_one_value_per_seed(subject, claim):
    found = runs_of(claim)
    for part in claim.cases + claim.controls:
        specs = [getattr(found[name].spec, "training", found[name].spec) for name in part.needs]
        seeds = part.judge(found).seeds
        if claim.id in SOLVED:
            assert 10 <= seeds <= specs[0].seeds
        else:
            assert seeds == specs[0].seeds, part.name
        assert {spec.first_seed for spec in specs} <= FIRST_SEEDS[subject]


@each_claim
def test_the_rules_are_older_than_the_runs(subject, claim):
    """``seen`` tells of a prototype's seeds; of these runs none was known."""
    for name, run in runs_of(claim).items():
        rules = rules_at(run.provenance["commit"])
        if rules is None:
            pytest.skip("the history is not here")
        assert rules[claim.id] == claim.rule, name
