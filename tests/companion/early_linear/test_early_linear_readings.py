"""Statistics of early training on small arrays by hand, figures, and whose the claims are."""

from types import SimpleNamespace

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from halfspace.companion import plots
from halfspace.companion.early_linear import plots as early_plots
from halfspace.companion.early_linear import readings
from halfspace.companion.early_linear.claims import CLAIMS, GATES_FACTOR
from halfspace.companion.early_linear.conditions import (
    DIMS,
    SIZES,
    data_conditions,
    normal_conditions,
)


@pytest.fixture(autouse=True)
def own_figures():
    with mpl.rc_context({"backend": "agg"}):
        yield
    plt.close("all")


def run(spec=None, **arrays):
    arrays = {name: np.asarray(values, dtype=float) for name, values in arrays.items()}
    return SimpleNamespace(spec=SimpleNamespace(**spec or {}), arrays=arrays, **arrays)


def test_half_times_lie_on_straight_lines():
    parts = np.zeros((2, 4, 3))
    parts[0, :, 0] = [0, 0.15, 0.45, 0.6]  # of 0.6: half between steps 1 and 4
    parts[1, :, 0] = [0, 0.1, 0.2, 0.2]
    parts[:, :, 1] = [[0, 0.3, 0.4, 0.5], [0, 0.1, 0.2, 0.4]]
    result = run(steps=[[0, 1, 4, 8]] * 2, parts=parts)
    assert readings.half_times(result, 0).tolist() == pytest.approx([2.5, np.inf])
    assert readings.half_times(result, 1).tolist() == pytest.approx([1, 6])
    assert readings.constant_first(result)[0] == pytest.approx(np.log(1 / 2.5))
    slower = run(steps=[[0, 2, 8, 16]] * 2, parts=parts)
    assert np.exp(readings.gates_speed(slower, result, 1)).tolist() == pytest.approx([2, 2])


def test_the_nonlinear_part_is_taken_when_half_of_the_linear_one_is_learned():
    parts = np.zeros((1, 3, 3))
    parts[0, :, 0], parts[0, :, 1], parts[0, :, 2] = [0, 0.4, 0.8], [0, 0.1, 0.5], [0, 0, 0.4]
    parts /= np.sqrt(3)
    relu, pwc = (run(dict(net=net), steps=[[0, 1, 2]], parts=parts) for net in ("relu", "pwc"))
    assert readings.part_at_half(relu).tolist() == pytest.approx([0.2])
    assert readings.part_at_half(pwc).tolist() == pytest.approx([0.1])
    assert readings.part_falls(relu, pwc).tolist() == pytest.approx([0.1])
    never = run(dict(net="relu"), steps=[[0, 1, 2]], parts=0.1 * parts)
    assert np.isnan(readings.part_at_half(never)).all()


def test_distances_are_taken_when_the_linear_part_is_learned():
    spec = dict(record=[0, 5, 9], early_step=5, points=100)
    small = run(spec, distance=[[0, 0.4, 0.1]], rival=[[0, 0.8, 0.1]])
    large = run(spec | dict(points=400), distance=[[0, 0.2, 0.9]], rival=[[0, 0.2, 0.9]])
    assert np.exp(readings.rival_factor(small)).tolist() == pytest.approx([2])
    assert readings.size_exponent(small, large).tolist() == pytest.approx([0.5])


def test_progress_is_the_first_step_with_the_loss_gone():
    result = run(loss=[[2, 1.9, 1.4], [1, 0.7, 0.9]], share=[[1, 0.9, 0.8], [1, 0.6, 0.5]])
    assert readings.nonlinear_share(result, 0.05).tolist() == pytest.approx([0.1, 0.4])
    assert readings.nonlinear_share(result, 0.25).tolist() == pytest.approx([0.2, 0.4])
    late = readings.nonlinear_share(result, 0.3)
    assert late.tolist() == pytest.approx([0.2, 0.4])
    assert np.isnan(readings.nonlinear_share(result, 0.31)).all()
    assert readings.nonlinear_excess(result, result, 0.05).tolist() == [0, 0]


def test_later_the_end_counts():
    result = run(
        loss=[[1, 0.1]], linear_loss=[[1, 0.3]], distance=[[0, 0.6]], own_distance=[[0, 0.1]]
    )
    assert np.exp(readings.fits_more(result)).tolist() == pytest.approx([3])
    assert np.exp(readings.nearer_to_own(result)).tolist() == pytest.approx([6])


def test_exponents_of_kernels():
    dims = np.array([16, 64, 256])
    result = run(dict(dims=tuple(dims)), error_relu=[1 / dims], rival_relu=[dims**0.0 / 4])
    assert readings.error_exponent(result, "relu").tolist() == pytest.approx([0.25])
    assert np.exp(readings.kernel_over_rival(result, "relu")).tolist() == pytest.approx([64])


def recipe(loss, paths, share):
    """Two seeds, epochs 0, 3, 5; paths of the low half, one on the other; the top half is low."""
    target = SimpleNamespace(
        frequencies=(2, 8), top=lambda: np.repeat([True, False], 2**30)[:: 2**24]
    )
    return run(
        dict(target=target),
        at=[0, 3, 5],
        loss=loss,
        share=share,
        paths_top=paths,
        paths_bottom=np.ones((3, 2)),
    )


def test_the_relu_net_is_asked_at_the_same_loss():
    dlgn = recipe(
        [[1, 1], [1, 1], [0.9, 0.8]], [[1, 1], [2, 2], [9, 9]], [[1, 1]] * 2 + [[0.8, 0.7]]
    )
    relu = recipe([[1, 1], [0.9, 0.9], [0.5, 0.8]], [[1, 1], [3, 3], [4, 4]], np.ones((3, 2)))
    assert readings.linear_at(dlgn).tolist() == [0.8, 0.7]
    assert readings.loss_left(dlgn).tolist() == [0.9, 0.8]
    found = readings.gain_over_relu(dlgn, relu)
    moved = [readings.path_gains(relu)[1, 0], readings.path_gains(relu)[2, 1]]
    assert found.tolist() == pytest.approx((readings.path_gain(dlgn, 5) - moved).tolist())
    slow = recipe(np.ones((3, 2)), np.ones((3, 2)), np.ones((3, 2)))
    assert np.isnan(readings.gain_over_relu(dlgn, slow)).all()


def test_the_margin_is_half_of_what_trained_gates_make():
    (control,) = next(claim for claim in CLAIMS if claim.id == "early-gates").controls
    assert control.level == pytest.approx(GATES_FACTOR / 2, abs=5e-4)
    assert np.exp(GATES_FACTOR) == pytest.approx(3 * 0.3647**2 / (2 * 0.3989**2), rel=1e-3)


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.id)
def test_a_claim_of_the_paper_quotes_its_abstract(claim):
    assert bool(claim.quote) == (claim.kind == "related")
    assert not claim.quote or "abstract" in claim.where


def test_rows_are_drawn_from_the_top():
    _, axes = plots.figure()
    rows = {"a": {"net": (2, 1, 3), "linear model": (4, 3, 5)}, "b": {"net": (6, 5, 7)}}
    early_plots.pairs(axes[0, 0], rows, title="constant")
    drawn = [line.get_xydata().tolist() for line in axes[0, 0].get_lines()]
    assert [[2, 0]] in drawn and [[6, 1]] in drawn
    low, high = axes[0, 0].get_ylim()
    assert low > high and axes[0, 0].get_title() == "constant"


def test_curves_take_their_own_x():
    _, axes = plots.figure()
    band = np.array([[1, 0.5, 2], [3, 2, 4]])
    early_plots.curves(axes[0, 0], {"DLGN": ([1, 10], band)}, xlabel="step")
    early_plots.number_axis(axes[0, 0], "x", [1, 10])
    (line,) = axes[0, 0].get_lines()
    assert line.get_xydata().tolist() == [[1, 1], [10, 3]]
    assert [text.get_text() for text in axes[0, 0].get_xticklabels()] == ["1", "10"]


def test_what_the_chapter_shows_agrees_with_the_claims():
    normal = {name: spec.recorded() for name, spec in normal_conditions().items()}
    runs = {name: spec.recorded() for name, spec in data_conditions().items()}
    numbers = readings.normal_numbers(normal) | readings.data_numbers(runs)
    assert numbers["sphere-seeds"] == 10 and numbers["recipe-seeds"] == 20
    _, curve = readings.dimension_curves(runs, DIMS)["ReLU net"]
    assert curve[0, 0] - curve[-1, 0] == pytest.approx(
        100 * readings.part_falls(runs["sphere 2: relu"], runs["sphere 64: relu"]).mean()
    )
    counts, distances = readings.size_curves(normal, SIZES)["DLGN"]
    assert list(counts) == [250, 500, 1000] and (np.diff(distances[:, 0]) < 0).all()
    progress, shares = readings.share_curves(runs, "circle")["DLGN"]
    at_quarter = np.interp(25, progress, shares[:, 0])
    assert at_quarter == pytest.approx(100 - float(numbers["circle-pwl-25"]), abs=3)
    rows = readings.half_time_rows(normal, 0)
    assert rows["DLGN, hard"]["net"][0] > rows["DLGN"]["net"][0]
    assert readings.later_rows(runs, "clothes")["DLGN"]["to the linear model"][0] > 0.1
    shares, gains = readings.recipe_curves(runs)
    assert gains["DLGN-PWC"][1][0].tolist() == [1, 1, 1] and len(shares["ReLU net"][0]) == 31
    assert [row["d"] for row in readings.kernel_rows(normal["kernels"])] == [
        "16",
        "64",
        "256",
        "256, wrong model",
    ]
