"""Figures of kernels and the diagram draw what they are given, and say what they are."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from conftest import texts
from halfspace.companion import plots
from halfspace.companion.theory import plots as theory_plots

pytestmark = pytest.mark.usefixtures("own_figures")


def test_convergence_draws_seeds_mean_fit_and_expectation():
    sizes, figure_axes = np.array([4, 16, 64]), plots.figure(1, 2, sharey=True)
    errors = 3 * sizes**-0.5 * np.array([[0.5], [2.0]])
    series = {"DLGN": (errors, (-0.5, np.log(3)), "dlgn"), "PWC": (errors, (-1, 0), "frozen")}
    theory_plots.convergence(figure_axes[1], sizes, series, expected_slope=-0.5)
    left = figure_axes[1][0, 0]
    seeds, (mean, fit, expected) = left.lines[:2], left.lines[2:]
    for line, error in zip(seeds, errors, strict=True):
        np.testing.assert_allclose(line.get_ydata(), error)
    for line in (mean, fit, expected):
        np.testing.assert_allclose(line.get_ydata(), 3 * sizes**-0.5)
    assert left.get_xscale() == left.get_yscale() == "log"
    written = texts(figure_axes[0])
    for text in ("DLGN", "PWC", "width m", "relative RMS error", "power law", "slope −0.5", "64"):
        assert text in written


def test_mean_ratio_draws_intervals():
    figure, axes = plots.figure()
    one, two = [(1.0, 0.8, 1.3), (1.1, 0.7, 1.4)], [(0.9, 0.8, 1.0), (1.0, 0.9, 1.1)]
    theory_plots.mean_ratio(axes[0, 0], [8, 32], {"one": one, "two": two}, color="dlgn")
    bars = [bar for bar in axes[0, 0].containers]
    segments = bars[0].lines[2][0].get_segments()
    np.testing.assert_allclose([segment[:, 1] for segment in segments], [[0.8, 1.3], [0.7, 1.4]])
    first, second = (bar.lines[0].get_xdata() for bar in bars)
    assert (first < [8, 32]).all() and (second > [8, 32]).all()
    assert {"one", "two", "width m", "mean / expected"} <= set(texts(figure))


def test_regression_draws_both_sides():
    figure, axes = plots.figure(1, 2)
    angles = np.linspace(0, 6, 96)
    kernel, descent = [np.sin(angles), np.cos(angles)], [angles, -angles]
    theory_plots.regression(axes, angles, np.ones(96), kernel, descent, ["few", "many"])
    target, line, dots = axes[0, 1].lines
    np.testing.assert_array_equal(target.get_ydata(), 1)
    np.testing.assert_allclose(line.get_xdata(), np.degrees(angles))
    np.testing.assert_array_equal(line.get_ydata(), np.cos(angles))
    np.testing.assert_array_equal(dots.get_ydata(), -angles[::2])
    assert {"few", "many", "target", "270°", "angle of x", "output"} <= set(texts(figure))
    with pytest.raises(ValueError, match="shorter"):
        theory_plots.regression(axes, angles, np.ones(96), kernel, descent, ["few"])


def test_depth_curves_draw_shares_and_formula_and_name_each_depth():
    figure, axes = plots.figure()
    degrees = np.array([0.0, 90.0, 180.0])
    measured = {1: [1, 0.4, 0], 3: [1, 0.2, 0]}
    expected = {1: [1, 0.5, 0], 3: [1, 0.1, 0]}
    theory_plots.depth_curves(axes[0, 0], degrees, measured, expected)
    lines = iter(axes[0, 0].lines)
    for layers in (1, 3):
        for values in (expected, measured):
            line = next(lines)
            np.testing.assert_array_equal(line.get_xdata(), degrees)
            np.testing.assert_array_equal(line.get_ydata(), values[layers])
    written = texts(figure)
    for text in ("1 layer", "3 layers", "135°", "75 %", "active paths shared"):
        assert text in written
    names = {text.get_text(): text.xy for text in axes[0, 0].texts}
    assert names["1 layer"] == pytest.approx((135, 0.25))  # on its line


def test_kernels_on_the_circle_have_angles_at_their_axes():
    figure, axes = plots.figure(2, 2)
    kernels = [np.eye(4) * scale for scale in (1, 2, 3, 4)]
    theory_plots.circle_kernels(axes, kernels, list("abcd"), label="shared paths")
    np.testing.assert_array_equal(axes[1, 1].images[0].get_array(), kernels[3])
    written = texts(figure)
    assert written.count("angle of x") == written.count("angle of x′") == 2
    assert {"0°", "180°", "360°", "shared paths"} <= set(written)
    figure.draw_without_rendering()
    left, right = (axis.get_xticklabels() for axis in axes[1])
    assert left[-1].get_window_extent().x1 + 5 < right[0].get_window_extent().x0


def test_drawing_leaves_the_current_figure_alone():
    _, ratio = plots.figure(1, 1)
    _, current = plt.subplots()
    theory_plots.mean_ratio(ratio[0, 0], [8, 32], {"one": [(1, 0.9, 1.1)] * 2}, color="dlgn")
    assert plt.gca() is current
    assert not current.lines and not current.get_title()


def test_the_diagram_marks_one_path_in_both_networks():
    _, axes = plots.figure()
    theory_plots.dlgn_diagram(axes[0, 0], depth=3, width=3, path=(1, 0, 2))
    bold = [line for line in axes[0, 0].lines if line.get_linewidth() > 2]
    # Two edges from the inputs and two between layers; below one more to the output.
    assert len(bold) == 4 + 5
    with pytest.raises(ValueError, match=r"each of 3 layers; got \(1, 3, 0\)"):
        theory_plots.dlgn_diagram(axes[0, 0], depth=3, width=3, path=(1, 3, 0))


def test_each_path_has_a_panel_with_its_weights_gate_and_expert():
    figure, axes = plots.figure(1, 2)
    weights = [np.array([[1.5, -2.0], [4.0, 5.0]]), np.array([[6.0, 7.0]])]
    theory_plots.path_panels(axes, [3.0, 8.0], weights, [(0,), (1,)], [0.0, 1.0], [2.0, -0.5])
    left, right = ([text.get_text() for text in axis.texts] for axis in axes[0])
    assert left == ["1.5", "−2", "6", "3", "8"] and right == ["4", "5", "7", "3", "8"]
    assert "gate 0 × expert 2 = 0" in texts(figure)
    assert "gate 1 × expert −0.5 = −0.5" in texts(figure)
    bold = [{line.get_color() for line in a.lines if line.get_linewidth() > 2} for a in axes[0]]
    assert bold == [{plots.INK}, {plots.COLORS["relu"]}]
    sizes = [line.get_markersize() for line in axes[0, 0].lines if line.get_marker() == "o"]
    assert sizes == [11, 11, 11, 5, 11]  # two inputs, the path's unit, the other one, the output
    with pytest.raises(ValueError, match="shorter"):
        theory_plots.path_panels(axes, [3.0, 8.0], weights, [(0,)], [0.0, 1.0], [2.0, -0.5])
