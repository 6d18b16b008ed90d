"""Our claims on CIFAR: every value by hand, and the verdicts that results of a known kind give."""

import numpy as np
import pytest
from halfspace.companion.cifar.claims import OWN_CLAIMS
from halfspace.companion.registry import condition
from halfspace.companion.spec import Result

CLAIMS = {claim.id: claim for claim in OWN_CLAIMS}


def ceiling(train, test):
    """A result of 50,000 and 10,000 images, of which these shares are classified right."""
    arrays = {
        "train_right": np.arange(50_000) < 50_000 * train,
        "test_right": np.arange(10_000) < 10_000 * test,
    }
    return {"dln ceiling: depth 5": Result(None, arrays, {}, "recorded")}


def shares(**percents):
    """A result of seeds, with these shares of images right, percent."""
    arrays = {
        f"{name}_accuracy": np.tile(np.array(values, dtype=float)[:, None] / 100, (1, 10))
        for name, values in percents.items()
    }
    return Result(None, arrays, {}, "recorded")


def verdict(id, found):
    claim = CLAIMS[id]
    return claim.verdict([part.judge(found) for part in claim.cases + claim.controls])


def test_every_run_that_a_claim_needs_is_listed():
    for claim in OWN_CLAIMS:
        for name in claim.needs:
            condition(name)


@pytest.mark.parametrize(
    ("train", "test", "above", "below"),
    [
        (0.45, 0.43, "reproduced", "reproduced"),
        (0.45, 0.41, "undecided", "reproduced"),  # within a point of the paper's 40.79
        (0.42, 0.43, "reproduced under conditions", "reproduced"),
        (0.45, 0.39, "not reproduced", "reproduced"),
        (0.90, 0.70, "reproduced", "reproduced under conditions"),
        (0.90, 0.75, "reproduced", "not reproduced"),
    ],
)
def test_the_ceiling_is_compared_with_the_papers_shares(train, test, above, below):
    found = ceiling(train, test)
    assert verdict("dln-ceiling", found) == above
    assert verdict("dln-ceiling-below-others", found) == below


def test_pixels_are_compared_with_the_ceiling():
    found = ceiling(0.5, 0.4) | {"cifar-short: pixels: cifar10": shares(test=[41, 42, 43])}
    (part,) = CLAIMS["dln-ceiling-below-pixels"].cases
    values = part.value(*(found[name] for name in part.needs))
    np.testing.assert_allclose(values, [1, 2, 3])


def test_residual_nets_are_compared_seed_by_seed():
    found = {}
    for seed in (3000, 3001):
        more = seed - 3000
        found |= {
            f"resnet-20: relu: {seed}": shares(test=[91 + more]),
            f"resnet-20: dlgn: {seed}": shares(test=[86 + 2 * more], test_hard=[70 + more]),
            f"resnet-20: dlgn, hardening: {seed}": shares(test=[0], test_hard=[85 - more]),
        }
    values = {}
    for id in ("resnet-20-gap", "resnet-20-hard-gates"):
        (part,) = CLAIMS[id].cases
        values[id] = part.value(*(found[name] for name in part.needs))
    np.testing.assert_allclose(values["resnet-20-gap"], [5, 4])
    np.testing.assert_allclose(values["resnet-20-hard-gates"], [15, 13])
