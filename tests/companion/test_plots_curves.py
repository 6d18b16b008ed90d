"""Curves and intervals that several subjects draw: what is drawn is what was given."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from halfspace.companion import plots
from halfspace.companion.plots import COLORS
from matplotlib.colors import to_hex


@pytest.fixture
def axis():
    fig, axes = plots.figure(height=2.0)
    yield axes[0, 0]
    plt.close(fig)


def test_bands_are_percentiles_over_seeds(axis):
    curves = {"a": np.arange(1.0, 102.0)[None].repeat(3, 0), "b": np.ones((2, 4))}
    times = {"a": np.array([0, 1, 10]), "b": np.array([0, 5])}
    plots.seed_bands(
        axis, times, curves, colors={"a": "relu", "b": "dlgn"}, ylabel="y", log_time=True
    )
    line = axis.lines[0]
    assert line.get_xdata().tolist() == [1, 10]  # epoch 0 has no place on a logarithmic axis
    assert line.get_ydata().tolist() == [51, 51]
    band = axis.collections[0].get_paths()[0].vertices[:, 1]
    assert (band.min(), band.max()) == (6, 96)
    assert [text.get_text() for text in axis.get_legend().get_texts()] == ["a", "b"]


def test_a_single_net_is_drawn_over_the_bands(axis):
    plots.seed_bands(
        axis, [0, 5], {"a": np.ones((2, 3))}, colors={"a": "relu"}, ylabel="y", log_time=True
    )
    plots.one_seed(axis, {"a": ([0, 1, 5], [3.0, 2.0, 1.0])}, {"a": "relu"})
    line = axis.lines[-1]
    assert line.get_xdata().tolist() == [1, 5] and line.get_ydata().tolist() == [2, 1]
    assert line.get_linestyle() == ":" and to_hex(line.get_color()) == COLORS["relu"]


def test_band_panels_share_one_legend():
    fig, axes = plots.figure(1, 2)
    panels = {
        "x": {"own": np.ones((3, 2)), "hard": np.full((3, 2), 2.0)},
        "y": {"own": np.ones((3, 2)), "hard": np.full((3, 2), 3.0)},
    }
    colors = {"own": "dlgn", "hard": "dlgn"}
    options = dict(colors=colors, ylabels=["MSE", "loss"], dashed=["hard"])
    plots.band_panels(axes, np.arange(3), panels, **options)
    assert [axis.lines[1].get_ydata()[0] for axis in axes.flat] == [2, 3]
    assert axes[0, 1].lines[1].get_linestyle() == "--"
    assert [axis.get_title() for axis in axes.flat] == ["x", "y"]
    assert [axis.get_ylabel() for axis in axes.flat] == ["MSE", "loss"]
    assert all(axis.get_legend() is None for axis in axes.flat)
    (legend,) = fig.legends
    assert [text.get_text() for text in legend.get_texts()] == ["own", "hard"]
    plt.close(fig)


def test_a_forest_has_a_row_per_condition_and_a_mark_per_series(axis):
    first = {"base": (1.0, 0.5, 1.5), "biases": (0.0, -0.2, 0.2)}
    second = {"biases": (2.0, 1.0, 3.0), "own": (-1.0, -2.0, 0.0)}
    colors = {"ReLU": "relu", "DLGN": "dlgn"}
    plots.forest(axis, {"ReLU": first, "DLGN": second}, colors, "effect")
    assert [label.get_text() for label in axis.get_yticklabels()] == ["base", "biases", "own"]
    marks = [container.lines[0] for container in axis.containers]
    assert list(marks[0].get_xdata()) == [1, 0] and list(marks[1].get_xdata()) == [2, -1]
    assert list(marks[0].get_ydata()) == pytest.approx([-0.18, 0.82])
    assert list(marks[1].get_ydata()) == pytest.approx([1.18, 2.18])
    (bars,) = axis.containers[1].lines[2]
    np.testing.assert_allclose([s[:, 0].tolist() for s in bars.get_segments()], [[1, 3], [-2, 0]])


def test_an_interval_curve_is_a_line_in_its_band(axis):
    curve = [(0.0, -1.0, 1.0), (2.0, 1.5, 2.5)]
    plots.interval_curve(axis, [0, 10], curve, "x", color="dlgn", style="--")
    assert list(axis.lines[0].get_ydata()) == [0, 2] and axis.lines[0].get_linestyle() == "--"
    corners = axis.collections[0].get_paths()[0].vertices
    assert corners[:, 1].min() == -1 and corners[:, 1].max() == 2.5


def test_interval_curves_have_the_styles_of_their_labels(axis):
    rows = {"a": [(0.0, -1.0, 1.0), (2.0, 1.5, 2.5)], "b": [(1.0, 0.0, 2.0)] * 2}
    plots.interval_curves(axis, [0, 10], rows, {"b": ("relu", ":"), "a": ("dlgn", "--")})
    drawn = {line.get_label(): (line.get_linestyle(), line.get_color()) for line in axis.lines}
    assert drawn == {"a": ("--", plots.COLORS["dlgn"]), "b": (":", plots.COLORS["relu"])}
    assert list(axis.lines[0].get_xdata()) == [0, 10] and len(axis.collections) == 2


def test_factors_are_written_as_such(axis):
    axis.plot([1, 2], [0.2, 40])
    plots.factor_axis(axis, "y")
    axis.figure.canvas.draw()
    low, high = axis.get_ylim()
    shown = {t.get_text() for t in axis.get_yticklabels() if low <= t.get_position()[1] <= high}
    assert shown == {"×0.3", "×1", "×3", "×10", "×30"}
    assert list(axis.lines[-1].get_ydata()) == [1, 1]


def test_threes_are_left_out_where_labels_would_touch(axis):
    axis.plot([1, 2], [1e-2, 1e3])
    plots.factor_axis(axis, "y")
    assert set(axis.get_yticks()) & {0.3, 3, 30} == set()


def test_values_are_named_where_there_is_room(axis):
    plots.mark_values(axis, [0, 0.1, 0.3, 1], gap=0.04)
    assert [text.get_text() for text in axis.get_xticklabels()] == ["0", "", "0.3", "1"]
    plots.mark_values(axis, [3], gap=0.04)
    assert [text.get_text() for text in axis.get_xticklabels()] == ["3"]
    axis.set_xscale("log")  # on which the same distances are others
    plots.mark_values(axis, [1, 1.1, 100, 10000], gap=0.04)
    assert [text.get_text() for text in axis.get_xticklabels()] == ["1", "", "100", "10000"]


def test_end_labels_stay_beside_their_axis(axis):
    axis.set_xticks([0, 1, 2])
    plots.ends_within(axis)
    sides = [text.get_horizontalalignment() for text in axis.get_xticklabels()]
    assert sides == ["left", "center", "right"]
