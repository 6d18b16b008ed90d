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


def test_one_disconnected_region_is_an_example():
    assert judged("relu-disconnected-2", apart=np.arange(50) == 7) is True
    assert judged("relu-disconnected-2", apart=0) is None  # 50 nets cannot exclude one in many


def jumps(part, **by_condition):
    """Judge a case on jumps by the beginning of a run's name."""
    results = {}
    for name in part.needs:
        (jump,) = [jump for key, jump in by_condition.items() if key in name.replace(":", "")]
        arrays = {"jump": np.broadcast_to(np.asarray(jump, dtype=float), (50,))}
        results[name] = Result(condition(name), arrays, {}, "recorded")
    return part.judge(results)


def test_a_relu_nets_jump_is_compared_with_a_dlgns():
    for part in BY_ID["relu-jump-2"].cases:
        apart = jumps(part, **{"relu jump": np.linspace(0.0, 0.5, 50), "dlgn jump": 0.1})
        assert apart.effect == pytest.approx(0.15) and apart.holds is True
        alike = jumps(part, **{"relu jump": 0.1, "dlgn jump": np.linspace(0.1, 0.3, 50)})
        assert alike.holds is False


@pytest.mark.parametrize(
    ("narrow", "left", "holds"), [(1e-8, 1e-6, True), (0.0, 0.0, True), (0.01, 1.0, False)]
)
def test_a_jump_is_proportional_or_constant(narrow, left, holds):
    claim = BY_ID["dlgn-continuous-2"]
    for part in claim.cases + claim.controls:
        finding = jumps(part, **{"jump 0.001": 0.01, "jump 1e-09": narrow})
        assert finding.effect == pytest.approx(left) and finding.holds is holds


def test_counts_of_regions():
    assert judged("fewer-path-regions-2", patterns=300.0, paths=100.0) is True
    assert judged("fewer-path-regions-2", patterns=100.0, paths=300.0) is False
    assert judged("fewer-faces-2", pattern=5, path=3) is True
    assert judged("fewer-faces-2", pattern=3, path=5) is False


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


def test_stable_counts_keep_their_power_of_the_units():
    claim = BY_ID["region-counts-stable-2"]
    *by_power, by_spread = claim.cases + claim.controls
    assert [part.level for part in by_power] == [0.5] * 4 and by_spread.level == 1.0
    start = np.array([80.0, 125.0] * 5)
    spread = np.log(start).std(ddof=1)
    for factor, holds in ((8.0, True), (1 / 8, True), (10.0, False), (0.1, False)):
        counts = np.array([start, 5 * start, factor * start])
        for part in (*by_power, by_spread):
            (name,) = part.needs
            finding = part.judge(
                {name: Result(condition(name), {"patterns": counts}, {}, "recorded")}
            )
            if part is by_spread:
                assert finding.effect == pytest.approx(math.log(factor) / spread)
                assert finding.holds is False
            else:
                assert finding.effect == pytest.approx(math.log(factor) / math.log(80))
                assert finding.holds is holds
