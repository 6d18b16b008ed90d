"""Claims on globally gated nets: whose they are."""

import pytest
from halfspace.companion.globally_gated.claims import CLAIMS

each_claim = pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.id)


@each_claim
def test_a_claim_of_the_papers_quotes_their_abstracts(claim):
    assert bool(claim.quote) == (claim.kind == "related") == ("abstract" in claim.where)
