"""Figures of timings draw the numbers that they are given."""

import numpy as np
import pytest
from conftest import texts
from halfspace.companion import plots
from halfspace.companion.speed import plots as speed_plots

SIZES = np.array([100, 200, 400])


pytestmark = pytest.mark.usefixtures("own_figures")


def test_cost_curves_draw_seconds_and_laws():
    figure, axes = plots.figure()
    series = {"halfspace": (SIZES, 2e-6 * SIZES**2), "peer": (SIZES[:2], [0.1, 0.3])}
    speed_plots.cost_curves(axes[0, 0], series, {"halfspace": (2.0, 2e-6)}, xlabel="points N")
    law, ours, peer = axes[0, 0].lines
    for line in (law, ours):
        np.testing.assert_allclose(line.get_xdata(), SIZES)
        np.testing.assert_allclose(line.get_ydata(), 2e-6 * SIZES**2)
    np.testing.assert_allclose(peer.get_ydata(), [0.1, 0.3])
    assert peer.get_color() != ours.get_color() and peer.get_marker() != ours.get_marker()
    assert axes[0, 0].get_xscale() == axes[0, 0].get_yscale() == "log"
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.texts] == ["halfspace: exponent 2.00", "peer"]
    assert [text.get_text() for text in axes[0, 0].get_xticklabels()] == ["100", "200", "400"]
    assert (axes[0, 0].get_xlabel(), axes[0, 0].get_ylabel()) == ("points N", "seconds")


def test_a_falling_law_has_a_true_minus_sign():
    figure, axes = plots.figure()
    speed_plots.cost_curves(
        axes[0, 0], {"ours": (SIZES, 1 / SIZES)}, {"ours": (-1.0, 1.0)}, xlabel="N"
    )
    assert figure.legends[0].texts[0].get_text() == "ours: exponent −1.00"


def test_large_sizes_have_a_space():
    _, axes = plots.figure()
    speed_plots.cost_curves(axes[0, 0], {"ours": ([500, 4000], [1, 2])}, {}, xlabel="N")
    assert [text.get_text() for text in axes[0, 0].get_xticklabels()] == ["500", "4\u202f000"]


def test_cost_curves_refuse_what_they_cannot_show():
    _, axes = plots.figure()
    with pytest.raises(ValueError, match="markers for 6 series; got 7"):
        many = {str(number): (SIZES, SIZES) for number in range(7)}
        speed_plots.cost_curves(axes[0, 0], many, {}, xlabel="")
    with pytest.raises(ValueError, match=r"got \['theirs'\] besides \['ours'\]"):
        series, laws = {"ours": (SIZES, SIZES)}, {"theirs": (1.0, 1.0)}
        speed_plots.cost_curves(axes[0, 0], series, laws, xlabel="")


def test_machine_shares_draw_medians_and_quartiles_in_percent():
    _, axes = plots.figure()
    shares = {
        "ours": [(0.1, 0.2, 0.4), (0.3, 0.5, 0.6), (0.5, 0.5, 0.5)],
        "peer": [(0.1, 0.1, 0.1)],
    }
    sizes = {"ours": SIZES, "peer": SIZES[:1]}
    speed_plots.machine_shares(axes[0, 0], sizes, shares, xlabel="points N")
    ours, peer = (bar.lines[0] for bar in axes[0, 0].containers)
    np.testing.assert_allclose(ours.get_xdata(), SIZES)
    np.testing.assert_allclose(ours.get_ydata(), [20, 50, 50])
    assert peer.get_linestyle() != ours.get_linestyle()
    assert peer.get_marker() != ours.get_marker()
    segments = [s[:, 1] for s in axes[0, 0].containers[0].lines[2][0].get_segments()]
    np.testing.assert_allclose(segments, [[10, 40], [30, 60], [50, 50]])
    assert axes[0, 0].get_xscale() == "log" and axes[0, 0].get_ylim()[0] == 0
    assert (axes[0, 0].get_xlabel(), axes[0, 0].get_ylabel()) == (
        "points N",
        "% of the rate of products",
    )
    assert [text.get_text() for text in axes[0, 0].get_xticklabels()] == ["100", "200", "400"]
    assert [text.get_text() for text in axes[0, 0].get_legend().texts] == ["ours", "peer"]
    with pytest.raises(ValueError, match="must share their names"):
        speed_plots.machine_shares(axes[0, 0], {"other": SIZES}, shares, xlabel="points N")


def test_ratio_dots_draw_a_row_a_method_and_mark_what_is_lost():
    figure, axes = plots.figure()
    ratios = {"work: one": [0.5, 20.0, 3.0], "work: two": [15000.0]}
    speed_plots.ratio_dots(axes[0, 0], ratios)
    dots = [line for line in axes[0, 0].lines if line.get_marker() == "o"]
    drawn = {
        (float(x), float(y), line.get_markerfacecolor() == "none")
        for line in dots
        for x, y in zip(line.get_xdata(), line.get_ydata(), strict=True)
    }
    assert drawn == {(0.5, 0, True), (20, 0, False), (3, 0, False), (15000, 1, False)}
    written = texts(figure)
    for text in (*ratios, "×1", "×100", "×10\u202f000"):
        assert text in written
    assert axes[0, 0].get_xscale() == "log" and axes[0, 0].yaxis_inverted()


def test_predictions_are_drawn_against_records():
    _, axes = plots.figure()
    speed_plots.predictions(axes[0, 0], [1.0, 20.0], [2.0, 10.0])
    dots, agreement = axes[0, 0].lines
    np.testing.assert_allclose(dots.get_xydata(), [[2, 1], [10, 20]])
    np.testing.assert_allclose(agreement.get_xydata(), [[1, 1], [20, 20]])
    assert axes[0, 0].get_xscale() == axes[0, 0].get_yscale() == "log"


def test_makespans_have_their_ideal_lines():
    figure, axes = plots.figure()
    curves = {"a": ([1, 2, 4], [4.0, 2.5, 2.0], [4.0, 2.0, 1.0])}
    speed_plots.makespans(axes[0, 0], curves)
    ideal, hours = axes[0, 0].lines
    np.testing.assert_allclose(hours.get_xydata(), [[1, 4], [2, 2.5], [4, 2]])
    np.testing.assert_allclose(ideal.get_ydata(), [4, 2, 1])
    assert ideal.get_linewidth() < hours.get_linewidth()
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.texts] == ["a"]


def test_shares_are_stacked_in_percent():
    figure, axes = plots.figure(2, 1)
    parts = {"runs": [0.5, 0.25], "loading code": [0.25, 0.25], "waiting": [0.25, 0.5]}
    speed_plots.time_shares(axes[:, 0], {"a": parts, "b": parts}, (1, 16))
    for axis in axes[:, 0]:
        ends = [(bar.get_x(), bar.get_x() + bar.get_width()) for bar in axis.patches]
        assert ends == [(0, 50), (0, 25), (50, 75), (25, 50), (75, 100), (50, 100)]
    labels = [text.get_text() for text in axes[1, 0].get_yticklabels()]
    assert labels == ["1 core", "16 cores"]
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.texts] == ["runs", "loading code", "waiting"]
