"""The rules of Sections 2 and 3 on path sums and kernels hold, fail or abstain as they should."""

import numpy as np
import pytest
from halfspace.companion.registry import condition
from halfspace.companion.spec import Result
from halfspace.companion.theory.claims import CLAIMS

BY_ID = {claim.id: claim for claim in CLAIMS}


def judged(id, **arrays):
    """Judge the claim's first case on results that all have the same arrays, 50 seeds."""
    part = BY_ID[id].cases[0]
    full = {name: np.broadcast_to(value, (50,)) for name, value in arrays.items()}
    results = {name: Result(condition(name), full, {}, "recorded") for name in part.needs}
    return part.judge(results).holds


ONE_OFF = np.r_[np.ones(1), np.zeros(49)]


@pytest.mark.parametrize(
    ("id", "good", "bad"),
    [
        ("theorem-1", dict(sum_gap=1e-15), dict(sum_gap=ONE_OFF)),
        ("theorem-2", dict(sum_gap=1e-15), dict(sum_gap=1e-9 * ONE_OFF)),
        ("overlap-product", dict(overlap_gap=0, count_gap=0), dict(overlap_gap=ONE_OFF)),
        ("overlap-product", dict(overlap_gap=0, count_gap=0), dict(count_gap=ONE_OFF)),
        ("constant-experts", dict(descent_gap=1e-13), dict(descent_gap=ONE_OFF)),
    ],
)
def test_a_theorem_holds_for_every_net_or_is_not_reproduced(id, good, bad):
    assert judged(id, **good) is True
    assert judged(id, **good | bad) is None
    everywhere = {name: np.max(values) for name, values in bad.items()}
    assert judged(id, **good | everywhere) is False


def test_the_ntk_is_measured_against_one_and_one_half():
    widths = np.array(condition("theory: dlgn: ntk").widths, dtype=float)
    for slope, ratio, holds in ((-0.5, 1.0, True), (-0.2, 1.2, False)):
        arrays = dict(errors=np.tile(3 * widths**slope, (20, 1)), ratios=np.full((20, 5), ratio))
        for id in ("ntk-mean", "ntk-mean-relu", "ntk-spread"):
            for part in BY_ID[id].cases:
                results = {n: Result(condition(n), arrays, {}, "recorded") for n in part.needs}
                assert part.judge(results).holds is holds
