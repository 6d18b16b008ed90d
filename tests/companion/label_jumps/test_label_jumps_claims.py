"""Claims on label jumps: whose they are."""

import pytest
from halfspace.companion.label_jumps.claims import CLAIMS

each_claim = pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.id)


@each_claim
def test_a_claim_of_the_papers_quotes_their_abstracts(claim):
    assert bool(claim.quote) == (claim.kind == "related")
    assert not claim.quote or "abstract" in claim.where
