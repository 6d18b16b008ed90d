"""Claims of the short views: whose they are, their statistics by hand, and what figures draw."""

from types import SimpleNamespace

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from halfspace.companion import plots
from halfspace.companion.short_views import plots as view_plots
from halfspace.companion.short_views import readings
from halfspace.companion.short_views.claims import CLAIMS
from halfspace.companion.short_views.conditions import (
    direction_conditions,
    edge_conditions,
    hinge_conditions,
)


@pytest.fixture(autouse=True)
def own_figures():
    with mpl.rc_context({"backend": "agg"}):
        yield
    plt.close("all")


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.id)
def test_a_claim_of_the_papers_quotes_their_abstracts(claim):
    assert bool(claim.quote) == (claim.kind == "related") == ("abstract" in claim.where)
    assert claim.figure and claim.seen


def accuracies(*rows):
    return SimpleNamespace(accuracy=np.array(rows, dtype=float))


def test_ranges_are_compared_in_points():
    wide = accuracies([0.5, 0.9, 0.6], [0.5, 0.5, 0.5])
    narrow = accuracies([0.7, 0.8, 0.7], [0.6, 0.6, 0.9])
    np.testing.assert_allclose(readings.range_excess(wide, narrow), [30, -30])


def test_a_profile_is_explained_by_itself_and_not_by_its_mean():
    one = accuracies([0.5, 0.9, 0.7])
    np.testing.assert_allclose(readings.half_of_profile(one, one), 0.5)
    mean = accuracies([0.7, 0.7, 0.7])
    np.testing.assert_allclose(readings.half_of_profile(one, mean), -0.5)
    np.testing.assert_allclose(readings.half_of_profile(one, mean, sign=-1), 0.5)
    near = accuracies([0.6, 0.9, 0.7])  # 0.01 of 0.08
    np.testing.assert_allclose(readings.half_of_profile(one, near), 0.5 - 0.125)


def test_the_slow_direction_leads_by_the_difference_of_its_accuracy():
    run = accuracies([[0.8, 0.7], [0.9, 0.5], [1.0, 0.6]])
    np.testing.assert_allclose(readings.slow_lead(run, (1.0, 3.0)), 40)
    np.testing.assert_allclose(readings.slow_lead(run, (1.0, 3.0), sign=-1), -40)
    np.testing.assert_allclose(readings.slow_lead(run, (3.0, 1.0)), 40)
    np.testing.assert_allclose(readings.slow_lead(run, (1.0, 1.0)), 10)


def test_the_exponent_over_points():
    counts = (1000, 4000, 16_000)
    arrays = {"relu_error": np.array([counts, counts], dtype=float) ** -0.5}
    run = SimpleNamespace(spec=SimpleNamespace(counts=counts), arrays=arrays)
    np.testing.assert_allclose(readings.with_points(run, "relu_error", -0.5), 0, atol=1e-12)
    np.testing.assert_allclose(readings.with_points(run, "relu_error", 0), -0.5)


def hinge_ends():
    """Two values of α, two nets (ReLU first), two seeds."""
    start = np.full((2, 2, 2), 0.1)
    gates, values = start.copy(), start.copy()
    gates[:, 0, 0] = values[:, 0, 0] = 0.9  # the ReLU net, small α
    values[:, 0, 1] = [0.7, 0.9]  # the DLGN's values
    gates[:, 0, 1] = [0.17, 0.03]
    flips = np.array([[[0.4, 0.2], [0.01, 0.005]]] * 2)
    arrays = dict(flips=flips, gates=gates, values=values)
    arrays |= dict(gates_before=start, values_before=start)
    return SimpleNamespace(spec=SimpleNamespace(alphas=(0.1, 100.0)), arrays=arrays, **arrays)


def test_what_the_hinge_loss_turns():
    run = hinge_ends()
    np.testing.assert_allclose(readings.flips_factor(run, "relu"), np.log(40))
    np.testing.assert_allclose(readings.flips_factor(run, "dlgn"), np.log(40))
    np.testing.assert_allclose(readings.aligned(run, "relu", "gates", 0.1), 0.8)
    np.testing.assert_allclose(readings.aligned(run, "dlgn", "values", 0.1), [0.6, 0.8])
    np.testing.assert_allclose(readings.turned_share(run, 0.1), [0.1, -0.1])


def test_depths_are_compared_after_training():
    learned = SimpleNamespace(depth=np.array([[1.0, 1.0], [3.0, 2.0]]))
    fixed = SimpleNamespace(depth=np.array([[1.0, 1.0], [1.5, 2.5]]))
    np.testing.assert_allclose(readings.depth_gain(learned, fixed), [1.5, -0.5])


def test_a_difference_beyond_rounding_is_a_miss():
    run = SimpleNamespace(arrays={"gap": np.array([1e-12, 1e-3])})
    assert readings.misses(run, "gap").tolist() == [False, True]


# On the recorded runs


@pytest.fixture(scope="module")
def recorded():
    studies = (direction_conditions, hinge_conditions, edge_conditions)
    return [{name: spec.recorded() for name, spec in study().items()} for study in studies]


def test_every_number_of_the_text_is_written(recorded):
    directions, hinge, edges = recorded
    numbers = readings.direction_numbers(directions)
    numbers |= readings.hinge_numbers(hinge) | readings.edge_numbers(edges)
    assert not [name for name, value in numbers.items() if "nan" in str(value)]


def test_the_effective_depth_is_the_mean_of_the_shares(recorded):
    for name, run in recorded[2].items():
        if "signs" not in name:
            np.testing.assert_allclose(run.shares @ np.arange(6), run.depth, rtol=1e-9)


def test_no_example_is_satisfied_while_the_closed_form_is_compared(recorded):
    assert (recorded[1]["start"].satisfied == 0).all()


def test_the_figures_show_the_runs(recorded):
    found, pushed, joined = recorded
    _, axes = plots.figure(1, 1)
    rows = readings.direction_curves(found)
    images, names = np.zeros((8, 8, 8)), [str(k) for k in range(8)]
    view_plots.profiles(axes[0, 0], rows, images, names)
    assert list(rows) == ["ReLU net", "DLGN", "ReLU net, dense", "DLGN, dense"]
    drawn = [bar.lines[0].get_xdata() for bar in axes[0, 0].containers]
    np.testing.assert_allclose(drawn[1], 100 * found["conv dlgn"].accuracy.mean(0))
    np.testing.assert_allclose(drawn[2], 100 * found["dense relu, harder"].accuracy.mean(0))
    assert len(axes[0, 0].artists) == 8

    flips = readings.flip_curves(pushed["ends"])
    np.testing.assert_allclose(flips["DLGN"][:, 0], 100 * pushed["ends"].flips.mean(0)[:, 1])
    cosines = readings.cosine_curves(pushed["ends"])
    np.testing.assert_allclose(
        cosines["DLGN, half-spaces"][:, 0], pushed["ends"].gates.mean(0)[:, 1]
    )
    shares = readings.share_curves(joined, ", from 1")
    for row in shares.values():
        assert row[:, 0].sum() == pytest.approx(100)
    expected = 100 * joined["learned, from 1"].shares[1].mean(0)
    np.testing.assert_allclose(shares["learned edges"][:, 0], expected)
    _, axes = plots.figure(1, 1)
    view_plots.curves(axes[0, 0], range(6), shares, title="shares")
    assert [line.get_label() for line in axes[0, 0].lines] == list(shares)


def test_the_table_of_two_directions_shows_the_runs(recorded):
    rows = readings.two_rows(recorded[0])
    assert [row["net"] for row in rows][1] == "conv. DLGN"
    slow, fast = 100 * recorded[0]["two: dense relu"].accuracy[:, 1].mean(0)
    assert rows[2]["scales 1:3"] == f"{slow:.0f} / {fast:.0f}"
