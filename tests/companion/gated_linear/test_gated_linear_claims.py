"""The rules on gated linear nets hold, fail or abstain as they should; what statistics read."""

import math

import numpy as np
import pytest
from halfspace.companion.gated_linear import readings
from halfspace.companion.gated_linear.claims import CLAIMS
from halfspace.companion.gated_linear.conditions import STUDIES
from halfspace.companion.gated_linear.reduction import AlignedReduction
from halfspace.companion.gated_linear.specs import (
    LEVELS,
    VARIANTS,
    ContextTraining,
    CopiedGates,
    HeldOutPairs,
)
from halfspace.companion.gated_linear.xor import XorRace
from halfspace.companion.registry import condition
from halfspace.companion.spec import Result

BY_ID = {claim.id: claim for claim in CLAIMS}
NAMES = [f"{study}: {name}" for study, listed in STUDIES.items() for name in listed()]


def fake(spec, rng):
    """Return a result with the arrays that a spec's run has, drawn at random."""
    s = spec.seeds
    if isinstance(spec, ContextTraining):
        arrays = {"times": np.sort(rng.uniform(1, 200, (len(LEVELS), s)), axis=0)}
        if spec.model == "relu":
            shape = (3, spec.depth, s)
            arrays["on_share"] = rng.dirichlet(np.ones(spec.task.contexts + 1), shape)
            arrays |= {
                name: rng.random(shape) for name in ("effective", "data_on", "alone", "index")
            }
            arrays["looks"] = np.array([0.0, 10.0, 100.0])
        elif spec.pathways is not None:
            arrays["predicted"] = rng.uniform(1, 200, (3, len(LEVELS)))
    elif isinstance(spec, HeldOutPairs):
        arrays = {name: rng.random((len(VARIANTS), s)) for name in ("train", "test", "time")}
    elif isinstance(spec, XorRace):
        shape = (len(spec.deltas), s)
        single = np.linspace(1, 0, shape[0])[:, None] + 0.01 * rng.random(shape)
        arrays = {"single": single, "pair": 1 - single, "time": rng.random(shape)}
    else:
        names = ("gap", "gap_items", "gap_missing")
        arrays = {name: rng.random(s) for name in names[: 3 if is_aligned(spec) else 1]}
    return Result(spec, arrays, {}, "recorded")


def is_aligned(spec):
    return isinstance(spec, AlignedReduction)


@pytest.fixture
def found():
    rng = np.random.default_rng(0)
    return {name: fake(condition(name), rng) for name in NAMES}


def test_every_case_gives_one_value_per_seed(found):
    for claim in CLAIMS:
        for part in claim.cases + claim.controls:
            finding = part.judge(found)
            assert finding.seeds == min(found[name].spec.seeds for name in part.needs), part.name
            assert finding.low <= finding.effect <= finding.high


def test_seeds_are_fresh():
    second = {name for name in NAMES if "beside the crossing" in name}
    assert {condition(name).first_seed for name in second} == {3100}
    assert {condition(name).first_seed for name in set(NAMES) - second} == {3000}


def with_arrays(name, **arrays):
    spec = condition(name)
    return Result(spec, arrays, {}, "recorded")


RELU, MODULAR = (
    "gated-contexts: relu: 3 contexts: 1e-03",
    "gated-contexts: modular: 3 contexts: 1e-03",
)


def times_result(name, values):
    return with_arrays(name, times=np.tile(values, (len(LEVELS), 1)))


def test_times_are_compared_seed_by_seed():
    relu = times_result(RELU, np.full(20, 100.0))
    gated = times_result(MODULAR, np.full(10, 50.0))
    np.testing.assert_allclose(readings.drops(relu, gated), math.log(2))
    assert len(readings.drops(relu, gated)) == 10


def test_slopes_in_the_logarithm_of_the_start():
    stds = ("1e-02", "1e-03", "1e-04")
    runs = {
        (name, std): times_result(
            f"gated-contexts: {name}: 3 contexts: {std}",
            slope * -math.log(float(std)) + np.linspace(0, 1, seeds) * -math.log(float(std)),
        )
        for name, slope, seeds in (("relu", 9, 20), ("modular", 24, 10))
        for std in stds
    }
    relu, gated = ([runs[name, std] for std in stds] for name in ("relu", "modular"))
    np.testing.assert_allclose(readings.time_slope(*relu), np.linspace(9, 10, 20))
    excess = readings.slope_excess(*gated, *relu)
    np.testing.assert_allclose(excess, np.linspace(24, 25, 10) - np.linspace(9, 10, 20)[:10])
    spread = np.linspace(9, 10, 20).std(ddof=1)
    np.testing.assert_allclose(readings.slope_excess(*gated, *relu, spread=True), excess / spread)


def test_a_prediction_is_compared_with_those_of_other_amplitudes():
    predicted = np.tile([[10.0], [11.0], [9.0]], (1, 6))
    predicted[:, -1] = np.nan  # a level that is never reached
    times = np.full((6, 4), 10.1)
    times[-1] = np.nan
    gain = readings.prediction_gain(with_arrays(MODULAR, times=times, predicted=predicted))
    np.testing.assert_allclose(gain, math.log(11 / 10.1) - math.log(10.1 / 10))


def test_what_the_census_statistics_read():
    share = np.zeros((3, 1, 2, 4))
    share[0, 0] = [0.1, 0.2, 0.3, 0.4]
    share[1, 0] = [0, 0, 0.2, 0.8]
    share[2, 0] = [0, 0.1, 0.7, 0.2]
    effective = np.array([[[1.0, 1.0]], [[2.0, 2.0]], [[1.5, 1.7]]])
    result = with_arrays(
        RELU, on_share=share, looks=np.array([0, 10.2, 450]), effective=effective,
        alone=np.array([[[0.3, 0.2]], [[0, 0]], [[0.01, 0.02]]]),
    )  # fmt: skip
    np.testing.assert_allclose(readings.majority_excess(result), 0.2)
    np.testing.assert_allclose(readings.on_gain(result), 0.4)
    np.testing.assert_allclose(readings.mixed_excess(result), 0.8)
    np.testing.assert_allclose(readings.always_on_early(result), 0.3)
    np.testing.assert_allclose(readings.alone_share(result), [-0.49, -0.48])
    np.testing.assert_allclose(readings.census_gain(result), [0.5, 0.7])
    np.testing.assert_allclose(readings.reuse_gain(result, result), 0)


def test_a_crossing_is_found_between_two_shortcuts():
    deltas = np.array(condition("gated-xor: 1e-03").deltas)
    single = 0.5 + (0.87 - deltas)[:, None] * np.ones(3)
    result = with_arrays("gated-xor: 1e-03", single=single, pair=1 - single)
    np.testing.assert_allclose(readings.crossing(result), 0.87)
    np.testing.assert_allclose(readings.lead(result, 0.7), 2 * 0.17)
    never = with_arrays("gated-xor: 1e-03", single=0 * single, pair=1 - 0 * single)
    assert np.isnan(readings.crossing(never)).all()


def test_the_lead_turns_with_the_start():
    results = []
    for std, single in (("1e-02", 0.6), ("1e-04", 0.7), ("1e-08", 0.9)):
        name = f"gated-xor: beside the crossing: {std}"
        shares = np.array([[single], [1 - single]]) * np.ones((2, 3))
        results.append(with_arrays(name, single=shares, pair=1 - shares))
    slope = 0.2 / (2 * math.log(10))
    np.testing.assert_allclose(readings.lead_slope(*results, delta=0.78), slope)
    np.testing.assert_allclose(readings.lead_slope(*results, delta=0.86), -slope)


def test_the_crossings_limit_is_that_of_small_starts():
    results = []
    for std in ("1e-02", "1e-04", "1e-08"):
        name = f"gated-xor: {std}"
        at = 0.8 + 0.5 / -math.log(float(std))
        single = 0.5 + (at - np.array(condition(name).deltas))[:, None] * np.ones(2)
        results.append(with_arrays(name, single=single, pair=1 - single))
    np.testing.assert_allclose(readings.crossing_limit(*results), 0.8)


def test_rates_of_the_race():
    assert readings.race_rate(0.2) == pytest.approx(math.sqrt(2.04) / 4)
    assert readings.race_rate(1.6) == pytest.approx(0.8)
    assert readings.race_rate(readings.CROSSING) == pytest.approx(readings.CROSSING / 2)
    slope = 0.05 / math.log1p(0.05 * readings.race_rate(0.2))
    names = [f"gated-xor: rates: {std}" for std in ("1e-02", "1e-04")]
    for factor, gap in ((slope, 0.0), (1 / readings.race_rate(0.2), -1.0)):
        results = [
            with_arrays(name, time=np.full((2, 3), -factor * math.log(condition(name).std)))
            for name in names
        ]
        np.testing.assert_allclose(readings.rate_gap(*results, row=0), gap, atol=1e-9)


@pytest.mark.parametrize(
    ("id", "good", "bad"),
    [
        ("gated-copies", dict(gap=np.full(40, 1e-15)), dict(gap=np.full(40, 1e-3))),
        ("gated-reduction-limits", dict(gap_items=np.ones(40)), dict(gap_items=np.zeros(40))),
    ],
)
def test_what_is_proved_holds_for_every_net(id, good, bad):
    part = BY_ID[id].cases[0]
    for arrays, holds in ((good, True), (bad, False)):
        assert part.judge({n: with_arrays(n, **arrays) for n in part.needs}).holds is holds


def test_the_paper_is_quoted_where_a_claim_is_its_own():
    related = {claim.id for claim in CLAIMS if claim.kind == "related"}
    assert related == {
        "gated-not-modular", "gated-reuse-contexts", "gated-reuse-depth", "gated-reuse-is-fast",
    }  # fmt: skip
    assert all(claim.seen for claim in CLAIMS)
    assert isinstance(condition("gated-exact: copied gates"), CopiedGates)
