"""Claims on label jumps: values per seed, rules before runs, whose claim it is."""

import json
import subprocess
from pathlib import Path

import pytest
from halfspace.companion.label_jumps.claims import CLAIMS
from halfspace.companion.registry import condition

ROOT = Path(__file__).parents[3]

each_claim = pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.id)


@each_claim
def test_every_case_gives_one_value_per_seed(claim):
    found = {name: condition(name).recorded() for name in claim.needs}
    for part in claim.cases + claim.controls:
        specs = [found[name].spec for name in part.needs]
        seeds = part.judge(found).seeds
        if claim.id in ("cluster-weights", "cluster-gates"):  # of the nets that solve the task
            assert 10 <= seeds <= specs[0].seeds
        else:
            assert seeds == specs[0].seeds, part.name
        assert all(spec.first_seed == 3000 for spec in specs)


@each_claim
def test_the_rules_are_older_than_the_runs(claim):
    """``seen`` tells of a prototype's seeds; of these runs none was known."""
    for name in claim.needs:
        commit = condition(name).recorded().provenance["commit"]
        command = ["git", "-C", str(ROOT), "show", f"{commit}:data/rules.json"]
        shown = subprocess.run(command, capture_output=True, text=True)
        if shown.returncode:
            pytest.skip("the history is not here")
        assert json.loads(shown.stdout)[claim.id] == claim.rule


@each_claim
def test_a_claim_of_the_papers_quotes_their_abstracts(claim):
    assert bool(claim.quote) == (claim.kind == "related")
    assert not claim.quote or "abstract" in claim.where
