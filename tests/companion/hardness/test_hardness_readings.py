"""Statistics of hardness on made-up runs, by hand."""

import numpy as np
import pytest
from halfspace.companion.circle.readings import path_gain
from halfspace.companion.circle.specs import recipe
from halfspace.companion.hardness import readings
from halfspace.companion.hardness.claims import CLAIMS
from halfspace.companion.hardness.history import HardeningHistory
from halfspace.companion.hardness.specs import GateHardness
from halfspace.companion.spec import Result


def run(gains, hard=(0.1, 0.1), **arrays):
    """Return a run of two nets with these final allocations."""
    spec = GateHardness(training=recipe("dlgn", seeds=2, epochs=1), at=(0, 1))
    paths = {
        "paths_top": np.stack([np.full(2, 8.0), 8 * np.exp(gains)]) - 1 / 128,
        "paths_bottom": np.full((2, 2), 8.0) - 1 / 128,
        "hardness": np.array([hard, [1.0, 1.0]]),
    }
    return Result(spec, paths | arrays, {}, "")


def test_the_order_is_within_each_seed():
    runs = [run([2.0, 0.0], (0.1, 0.3)), run([1.0, 1.0], (0.2, 0.2)), run([0.0, 3.0], (0.3, 0.1))]
    np.testing.assert_allclose(readings.order(*runs, statistic=path_gain), [1, 1], atol=1e-12)
    np.testing.assert_allclose(readings.order(*runs[::-1], statistic=path_gain), [1, 1])
    turned = [run([2.0, 0.0], (0.3, 0.3)), runs[1], run([0.0, 3.0], (0.1, 0.1))]
    np.testing.assert_allclose(readings.order(*turned, statistic=path_gain), [-1, 1])
    nothing = readings.order(*runs, statistic=lambda result: np.zeros(2))
    assert nothing.tolist() == [0, 0]


def test_hardness_is_set_against_the_scale():
    low, high = [run([2.0, 3.0]), run([4.0, 3.0])], [run([1.0, 1.0]), run([1.0, 0.0])]
    pair = run([5.0, 1.0]), run([1.0, 2.0])
    for sign, expected in ((1, [2 + 4, 2.5 - 1]), (-1, [2 - 4, 2.5 + 1])):
        found = readings.hardness_beats_scale(*low, *high, *pair, sign=sign)
        np.testing.assert_allclose(found, expected, atol=1e-9)


def test_clustering_is_of_the_last_layer():
    resultant = np.zeros((2, 2, 5))
    resultant[0, :, 4], resultant[1, :, 4] = 0.25, [0.5, 0.75]
    np.testing.assert_allclose(readings.clustering(run([0, 0], resultant=resultant)), [0.25, 0.5])


def test_coherence_is_compared():
    soft, hard = (run([0, 0], coherence=np.array(c)) for c in ([0.75, 0.5], [0.25, 0.75]))
    assert readings.more_coherent(soft, hard).tolist() == [0.5, -0.25]


def test_ways_of_hardening_are_compared():
    spec = HardeningHistory(training=recipe("dlgn", seeds=1))
    gains = np.arange(6.0)[:, None]
    arrays = {
        "paths_top": 8 * np.exp(np.stack([0 * gains, gains, 2 * gains])) - 1 / 128,
        "paths_bottom": np.full((3, 6, 1), 8 - 1 / 128),
        "resultant": np.stack([0 * gains, gains, gains**2])[..., None] * [9.0, 0.1],
        "fresh": np.exp(-gains),
        "fresh_random": np.array([np.e]),
    }
    for half in ("top", "bottom"):
        arrays[f"loss_{half}"] = np.full((3, 6, 1), 0.02)
        arrays[f"hard_loss_{half}"] = np.full((3, 6, 1), 9.0)
        arrays[f"hard_loss_{half}"][2] = np.array([0.01, 0.2, 0.01, 0.2, 0.2, 0.04])[:, None]
    found = Result(spec, arrays, {}, "")
    assert readings.kept_allocation(found, "30") == pytest.approx(4)
    assert readings.kept_allocation(found, "annealed") == pytest.approx(10)
    assert readings.undone_allocation(found, "30") == pytest.approx(-2)
    assert readings.undone_clustering(found, "100") == pytest.approx(0.3 - 0.9)
    fitted = [readings.hard_fitted(found, way).item() for way in readings.WAYS]
    assert fitted == [True, False, True, False, False, True]
    assert readings.fit_ratio(found) == pytest.approx(-np.log(2))
    assert readings.fresh_ratio(found, "30") == pytest.approx(3)


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.id)
def test_a_claim_says_what_was_seen(claim):
    assert claim.kind == "ours" and not claim.quote
    assert "seeds 0 to 9" in claim.seen and "nothing of the recorded seeds" in claim.seen
