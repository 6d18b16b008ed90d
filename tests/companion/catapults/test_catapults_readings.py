"""What is said of catapults: statistics on made-up runs, and texts held to the recorded ones."""

import numpy as np
import pytest
from halfspace.companion.catapults import conditions, readings, specs
from halfspace.companion.catapults.claims import CLAIMS
from halfspace.companion.spec import Result

RATES = (1.8, 3.5, 6)


def made(**arrays):
    """Return a run of two nets at three rates; arrays are given by seed."""
    spec = specs.Catapults(rates=RATES, seeds=2)
    found = {name: np.asarray(values, dtype=float) for name, values in arrays.items()}
    return Result(spec, found, {}, "")


def steps(start, end):
    """Return the values of a time series of (2, 3) at the start, late, and at the end."""
    start, end = np.broadcast_to(start, (2, 3)), np.asarray(end)
    return np.stack([start, (start + end) / 2, end])


def test_a_flight_rises_lands_and_ends_flatter_and_lighter():
    good = dict(
        first=np.ones((2, 3)),
        peak=[[1, 3, 9], [1, 3, 9]],
        last=np.full((2, 3), 0.5),
        eigenvalue=steps(1, [[1.1, 0.6, 0.3], [1.1, 0.6, 0.3]]),
        norm=steps(1, [[1.2, 0.7, 0.3], [1.2, 0.7, 0.3]]),
    )
    assert readings.flatter(made(**good), 3.5, 1.8).tolist() == [True, True]
    spoilt = {
        "peak": ([1, 0.9, 9], [1.1, 3, 9]),  # does not rise; rises at the slow rate, too
        "last": ([0.5, 2, 1],),
        "eigenvalue": ([1.1, 1.05, 0.3], [0.5, 0.6, 0.3]),
        "norm": ([1.2, 1.1, 0.3], [0.6, 0.7, 0.3]),
    }
    for name, rows in spoilt.items():
        for row in rows:
            other = np.array(good[name], dtype=float)
            other[..., 1, :] = [other[0, 1], other[0, 1], row] if other.ndim == 3 else row
            found = readings.flatter(made(**good | {name: other}), 3.5, 1.8)
            assert found.tolist() == [True, False], (name, row)


def test_flips_are_compared_at_equal_time():
    flips = np.zeros((3, 2, 3))
    flips[1] = [[0.1, 0.4, np.nan], [0.2, 0.1, np.nan]]
    flips[2] = 9
    run = made(flips=flips)
    np.testing.assert_allclose(readings.turned(run), [0.3, -0.1])
    other = made(flips=flips[:, ::-1])
    assert readings.more_turned(run, other).tolist() == [True, False]
    lost = flips.copy()
    lost[1, 0, 1] = np.nan
    assert readings.more_turned(made(flips=lost), other).tolist() == [False, False]


def test_what_has_diverged_is_neither_sparser_nor_alive():
    run = made(
        activity=steps(0.5, [[0.5, 0.4, 0.3], [0.5, 0.4, np.nan]]),
        paths=steps(3, [[3, 2, 1], [3, 2, np.nan]]),
        diverged=[[0, 0, 0], [0, 0, 1]],
        first=np.ones((2, 3)),
        last=[[0.5, 0.5, 2], [0.5, 0.5, np.inf]],
    )
    run.arrays["diverged"] = run.diverged.astype(bool)
    assert readings.grows_sparser(run, RATES).tolist() == [True, False]
    assert readings.grows_sparser(run, RATES[::-1]).tolist() == [False, False]
    assert readings.alive(run, 3.5).tolist() == [True, True]
    assert readings.alive(run, 6).tolist() == [False, False]  # the first one ends above its start
    assert readings.loses_paths(run, 3.5).tolist() == readings.sparser(run, 3.5).tolist()
    assert readings.loses_paths(run, 1.8).tolist() == [False, False]
    assert readings.off_half(run) == pytest.approx([0.2, 0.1])


def test_curves_stop_where_most_nets_diverged():
    spec = specs.Catapults(rates=RATES, seeds=4)
    values = np.array([[1.0, 1, 3], [1, 3, np.nan], [1, 2, np.nan], [1, np.nan, 5]])
    rates, rows = readings.living_curve(Result(spec, {}, {}, ""), values)
    assert rates.tolist() == [1.8, 3.5] and rows[:, 0].tolist() == [1, 2]
    assert rows[1, 1] < 2 < rows[1, 2]


@pytest.fixture(scope="module")
def runs():
    listed = (
        conditions.model_conditions,
        conditions.norm_conditions,
        conditions.circle_conditions,
        conditions.clothes_conditions,
    )
    return [{name: spec.recorded() for name, spec in listing().items()} for listing in listed]


def test_the_text_tells_the_recorded_numbers(runs):
    found = readings.cata_numbers(*runs)
    models, norms, circles, images = runs
    place = models["n = 512"].spec.rates.index(2.5)
    assert found["kappa-small-2.5"] == f"{np.median(models['n = 512'].kappa[:, place]):.2f}"
    relu = circles["2 layers: relu"]
    place = relu.spec.rates.index(6)
    assert found["deep-gates-relu-6"] == f"{100 * relu.activity[2, :, place].mean():.1f}"
    assert found["deep-lost-soft-8"] == circles["2 layers: soft"].diverged[:, 7].sum()
    change = np.exp((relu.paths[2] - relu.paths[0])[:, place].mean())
    assert found["deep-paths-relu-6"].startswith(f"×{change:.2f}"[:4])
    share = images["relu"].off[2][:, images["relu"].spec.rates.index(12)].mean()
    assert found["image-off-relu-12"] == f"{100 * share:.0f}"
    assert float(found["norm-off"]) <= 100 * norms["soft: biases"].gap.min() * 1.5


def test_rows_on_clothes_tell_gates_or_losses(runs):
    rows = readings.clothes_rows(runs[3])
    assert [row["net"] for row in rows] == list(readings.CLOTHES_NETS)
    relu, *_, centred = (runs[3][name] for name in readings.CLOTHES_NETS.values())
    assert rows[0]["12"] == f"{100 * relu.activity[2, :, -1].mean():.0f} %"
    assert rows[-1]["4.5"] == f"✗ {centred.diverged[:, 4].sum()}"


def test_halves_move_by_top_minus_bottom():
    run = made(
        paths_top=steps(1, [[2, 1, 1], [4, 1, np.nan]]),
        paths_bottom=steps(2, [[2, 2, 2], [2, 2, np.nan]]),
    )
    assert readings.halves_moved(run, 1.8).tolist() == [1, 3]
    assert readings.halves_moved(run, 6).tolist() == [0]


def test_every_claim_has_a_control_or_is_paired_with_one():
    for claim in CLAIMS:
        assert claim.controls or claim.id == "cata-flatter"
