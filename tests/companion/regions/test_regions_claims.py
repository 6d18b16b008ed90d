"""The rules of Sections 2 and 3 on regions and Figure 1 hold, fail or abstain as they should."""

import math

import numpy as np
import pytest
from halfspace.companion.regions.claims import CLAIMS
from halfspace.companion.registry import condition
from halfspace.companion.spec import Result

BY_ID = {claim.id: claim for claim in CLAIMS}


def judged(id, **arrays):
    """Judge the claim's first case on results that all have the same arrays, 50 seeds."""
    part = BY_ID[id].cases[0]
    full = {name: np.broadcast_to(value, (50,)) for name, value in arrays.items()}
    results = {name: Result(condition(name), full, {}, "recorded") for name in part.needs}
    return part.judge(results).holds


ONE_OFF = np.r_[np.ones(1), np.zeros(49)]
SHAPES = dict(several=0, clip_gap=1e-15, faces=3)
UNION = dict(union_patterns=2**9, union_gap=1e-4)


@pytest.mark.parametrize(
    ("id", "good", "bad"),
    [
        ("convex-paths", SHAPES, dict(several=ONE_OFF)),
        ("convex-paths", SHAPES, dict(clip_gap=ONE_OFF)),
        ("convex-paths", SHAPES, dict(faces=3 + ONE_OFF)),
        ("union-of-patterns", UNION, dict(union_patterns=2**9 + ONE_OFF)),
        ("union-of-patterns", UNION, dict(union_gap=0.01 * ONE_OFF)),
    ],
)
def test_a_theorem_holds_for_every_net_or_is_not_reproduced(id, good, bad):
    assert judged(id, **good) is True
    assert judged(id, **good | bad) is None
    everywhere = {name: np.max(values) for name, values in bad.items()}
    assert judged(id, **good | everywhere) is False


def test_one_disconnected_region_in_five_nets_is_an_example():
    assert judged("relu-disconnected", apart=np.arange(50) % 5 == 0) is True
    assert judged("relu-disconnected", apart=0) is None  # 50 nets cannot exclude 5 %
    assert BY_ID["relu-disconnected"].controls[0].level == 0.05


def test_jumps_are_compared_with_the_distance():
    assert judged("relu-jump", jump=np.linspace(0.0, 0.5, 50)) is True
    assert judged("relu-jump", jump=np.linspace(0.0, 0.1, 50)) is False
    assert judged("dlgn-continuous", jump=0.009) is True
    assert judged("dlgn-continuous", jump=0.011) is False


def test_counts_of_regions():
    assert judged("fewer-path-regions", patterns=300.0, paths=100.0) is True
    assert judged("fewer-path-regions", patterns=100.0, paths=300.0) is False
    assert judged("fewer-faces", pattern=5, path=3) is True
    assert judged("fewer-faces", pattern=3, path=3) is False


@pytest.mark.parametrize(("exponent", "holds"), [(2, True), (3, False), (1.5, False)])
def test_the_growth_is_an_exponent_of_the_number_of_units(exponent, holds):
    for part in BY_ID["regions-polynomial"].cases:
        specs = {name: condition(name) for name in part.needs}
        results = {
            name: Result(
                spec,
                {"patterns": np.full(20, 5.0 * (spec.width * spec.depth) ** exponent)},
                {},
                "recorded",
            )
            for name, spec in specs.items()
        }
        finding = part.judge(results)
        assert finding.effect == pytest.approx(exponent - 2) and finding.holds is holds


def test_stable_counts_are_within_a_factor_of_two():
    claim = BY_ID["region-counts-stable"]
    for part in claim.cases + claim.controls:
        (name,) = part.needs
        for factor, holds in ((1.5, True), (0.6, True), (3.0, False), (0.4, False)):
            counts = np.array([[100.0] * 10, [500.0] * 10, [100.0 * factor] * 10])
            results = {name: Result(condition(name), {"patterns": counts}, {}, "recorded")}
            finding = part.judge(results)
            assert finding.effect == pytest.approx(math.log(factor)) and finding.holds is holds
