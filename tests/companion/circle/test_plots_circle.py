"""Figures of Section 4: what is drawn is what was given."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from halfspace.companion import plots
from halfspace.companion.circle import plots as circle_plots
from halfspace.companion.plots import COLORS
from matplotlib.colors import to_hex
from matplotlib.patches import Wedge


@pytest.fixture
def axis():
    fig, axes = plots.figure(height=2.0)
    yield axes[0, 0]
    plt.close(fig)


def covered(axis):
    """Return the degrees that each colour's sectors cover."""
    degrees = {"low": 0.0, "high": 0.0}
    for patch in axis.patches:
        for name in degrees:
            if isinstance(patch, Wedge) and to_hex(patch.get_facecolor()) == COLORS[name]:
                degrees[name] += patch.theta2 - patch.theta1
    return degrees


@pytest.mark.parametrize(
    ("normal", "low", "high"),
    [((0, 1), 180, 0), ((0, -1), 0, 180), ((1, 0), 90, 90), ((-2, 0), 90, 90), ((1, 1), 135, 45)],
)
def test_a_discs_colours_are_where_its_half_space_is(axis, normal, low, high):
    circle_plots.half_space_grid(axis, np.array([[normal]], dtype=float))
    assert covered(axis) == pytest.approx({"low": low, "high": high})


def test_layers_run_downward(axis):
    circle_plots.half_space_grid(axis, np.ones((3, 4, 2)))
    assert [label.get_text() for label in axis.get_yticklabels()] == ["1", "2", "3"]
    centres = {patch.center for patch in axis.patches}
    assert centres == {(unit, -layer) for unit in range(4) for layer in range(3)}


def test_halves_split_at_pi(axis):
    angles = np.linspace(0.1, 6.2, 50)
    circle_plots.halves(axis, angles, np.sin(angles))
    low, high = axis.lines
    assert low.get_xdata().max() < 180 < high.get_xdata().min()
    assert [tick.get_text() for tick in axis.get_xticklabels()][::2] == ["0°", "180°", "360°"]
    assert to_hex(low.get_color()) == COLORS["low"]


def test_a_single_net_is_drawn_over_the_bands(axis):
    plots.seed_bands(
        axis, [0, 5], {"a": np.ones((2, 3))}, colors={"a": "relu"}, ylabel="y", log_time=True
    )
    plots.one_seed(axis, {"a": ([0, 1, 5], [3.0, 2.0, 1.0])}, {"a": "relu"})
    line = axis.lines[-1]
    assert line.get_xdata().tolist() == [1, 5] and line.get_ydata().tolist() == [2, 1]
    assert line.get_linestyle() == ":" and to_hex(line.get_color()) == COLORS["relu"]


def test_shares_of_seeds_rise_in_steps_from_the_first_epoch_after_the_start(axis):
    curves = {"a": (np.array([0, 10, 100]), np.array([0.0, 0.25, 1.0]))}
    circle_plots.seeds_fitted(axis, curves, {"a": "frozen"})
    (line,) = axis.lines
    assert line.get_xdata().tolist() == [10, 100] and line.get_ydata().tolist() == [25, 100]
    assert line.get_drawstyle() == "steps-post" and axis.get_xscale() == "log"
    assert to_hex(line.get_color()) == COLORS["frozen"]


def test_the_slow_half_alone_is_dashed_and_an_epoch_marked(axis):
    curves = {name: (np.array([0, 10, 100]), np.zeros(3)) for name in ("slow", "fast", "alone")}
    circle_plots.halves_fitted(axis, curves, mark=50)
    slow, fast, alone, mark = axis.lines
    assert [to_hex(line.get_color()) for line in (slow, fast)] == [COLORS["low"], COLORS["high"]]
    assert alone.get_linestyle() == "--" and list(mark.get_xdata()) == [50, 50]


def test_stalled_seeds_are_rings_and_fitted_ones_discs(axis):
    rows = {"a": (np.array([2.0, 30.0, 4.0]), np.array([True, False, True]), (5.0, 3.0, 8.0))}
    circle_plots.factors_of_seeds(axis, rows, {"a": "dlgn"}, {"a": 7.0})
    discs, rings, interval, mean, star, _ = axis.lines
    assert discs.get_xdata().tolist() == [2, 4] and rings.get_xdata().tolist() == [30]
    assert rings.get_markerfacecolor() == "none" != discs.get_markerfacecolor()
    assert interval.get_xdata().tolist() == [3, 8] and mean.get_xdata().tolist() == [5]
    assert star.get_xdata().tolist() == [7] and star.get_marker() == "*"
    circle_plots.marks_of_seeds(axis)
    circle_plots.marks_of_seeds(axis, star=True)
    marks, with_star = ([t.get_text() for t in x.get_texts()] for x in axis.figure.legends)
    assert marks == ["fitted", "stalled", "mean, 95 %"] and with_star == [*marks, "pictured"]


def test_kernels_with_a_sign_have_zero_in_the_middle_of_their_colours():
    fig, axes = plots.figure(1, 2)
    kernels = [np.array([[4.0, -1.0], [-1.0, 2.0]]), np.array([[250.0, 0.0], [0.0, 1.0]])]
    circle_plots.tangent_kernels(axes, kernels, ("start", "end"))
    for axis, largest in zip(axes.flat, (4, 250), strict=True):
        (image,) = axis.images
        assert image.get_clim() == (-largest, largest)
        assert image.norm(0) == pytest.approx(0.5)
    bars = [axis.get_xlabel() for axis in fig.axes[2:]]
    assert bars == ["0 ± 4", "0 ± 250"]
    circle_plots.overlap_kernels(axes, np.abs(kernels), ("start", "end"))
    assert [tick.get_text() for tick in axes[0, 0].get_xticklabels()] == ["0°", "180°", "360°"]
    plt.close(fig)


def test_responses_mark_the_base_value_and_where_most_seeds_stalled(axis):
    gains = np.array([[3.0, 2.0, 4.0], [9.0, 8.0, 10.0], [1.0, 0.9, 1.1]])
    curve = (np.array([1, 4, 30]), gains, np.array([True, True, False]), 4)
    circle_plots.dose_response(axis, {"DLGN": curve}, {"DLGN": "dlgn"}, title="β")
    line, *marks, _ = axis.lines
    assert line.get_ydata().tolist() == [3, 9, 1]
    assert [mark.get_markersize() for mark in marks] == [5, 8, 5]
    assert [mark.get_markerfacecolor() == "none" for mark in marks] == [False, False, True]
    assert axis.get_xscale() == "log" and axis.get_title() == "β"
    assert [tick.get_text() for tick in axis.get_xticklabels()] == ["1", "4", "30"]


def test_learned_functions_have_a_panel_per_epoch():
    fig, axes = plots.figure(2, 1, height=1.7)
    angles = np.linspace(0, 6, 5)
    outputs = {"net": np.stack([angles, 2 * angles])}
    circle_plots.learned_functions(axes, angles, np.cos(angles), (5, 20), outputs, {"net": "relu"})
    assert [axis.get_title() for axis in axes.flat] == ["epoch 5", "epoch 20"]
    assert axes[1, 0].lines[1].get_ydata().tolist() == (2 * angles).tolist()
    plt.close(fig)


def test_shares_show_their_intervals():
    fig, axes = plots.figure()
    shares = {"start": [(0.2, 0.1, 0.4)] * 3, "end": [(0.5, 0.4, 0.6)] * 3}
    circle_plots.layer_shares(
        axes[0, 0], shares, {"start": "linear", "end": "dlgn"}, chance=0.25, ylabel="y"
    )
    bar = axes[0, 0].containers[0]
    np.testing.assert_allclose(bar.lines[2][0].get_segments()[0][:, 1], [0.1, 0.4])
    assert [tick.get_text() for tick in axes[0, 0].get_xticklabels()] == ["1", "2", "3"]
    assert axes[0, 0].get_ylabel() == "y"
    plt.close(fig)


def test_the_allocation_over_time_has_a_curve_per_condition(axis):
    curves = {
        "a": (np.array([0, 10]), np.array([[1.0, 1.0, 1.0], [2.0, 1.0, 3.0]])),
        "b": (np.array([0, 5]), np.array([[1.0, 1.0, 1.0], [0.5, 0.2, 0.9]])),
    }
    circle_plots.allocation_over_time(axis, curves, {"a": ("relu", "-"), "b": ("dlgn", "--")})
    first, second, _ = axis.lines
    assert first.get_ydata().tolist() == [1, 2] and second.get_xdata().tolist() == [0, 5]
    assert second.get_linestyle() == "--" and to_hex(second.get_color()) == COLORS["dlgn"]
    assert [text.get_text() for text in axis.get_legend().get_texts()] == ["a", "b"]


def test_errors_of_linearised_nets_are_drawn_after_the_start():
    figure, axes = plots.figure()
    curves = {"low half": [[1, 1, 1], [0.1, 0.05, 0.2]], "high half": [[1, 1, 1], [0.9, 0.8, 1]]}
    circle_plots.linearised_errors(axes[0, 0], np.array([0, 10]), curves, title="DLGN")
    low, high = axes[0, 0].lines
    assert low.get_xdata().tolist() == [10] and low.get_ydata().tolist() == [0.1]
    assert (low.get_color(), high.get_color()) == (plots.COLORS["low"], plots.COLORS["high"])
    assert axes[0, 0].get_xscale() == axes[0, 0].get_yscale() == "log"


def test_values_that_would_touch_are_not_written(axis):
    gains = np.ones((4, 3))
    curve = (np.array([0.0, 0.05, 0.5, 1.0]), gains, np.ones(4, bool), 1.0)
    circle_plots.dose_response(axis, {"DLGN": curve}, {"DLGN": "dlgn"}, title="share")
    assert [text.get_text() for text in axis.get_xticklabels()] == ["0", "", "0.5", "1"]
