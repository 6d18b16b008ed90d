"""Figures of Section 5 draw what they are given."""

import matplotlib
import numpy as np
import pytest
from halfspace.companion import plots
from halfspace.companion.fashion import plots as fashion_plots

matplotlib.use("Agg")
EPOCHS = np.array([0, 0.05, 1, 10])


@pytest.fixture
def panel():
    figure, axes = plots.figure()
    yield axes[0, 0]
    matplotlib.pyplot.close(figure)


def test_curves_start_at_initialisation(panel):
    curve = np.array([[1, 4], [2, 8], [3, 12], [4, 16.0]])
    fashion_plots.from_initialisation(panel, EPOCHS, {"a": curve}, colors={"a": "simple"})
    (line,) = panel.lines
    assert line.get_xdata()[0] == 0
    np.testing.assert_allclose(line.get_ydata(), curve.mean(1))
    assert panel.get_xlim() == (0, 10)
    assert [text.get_text() for text in panel.get_xticklabels()] == ["0", "0.1", "1", "10"]


def test_log_values_have_a_geometric_mean(panel):
    curve = np.array([[1, 4], [2, 8], [3, 12], [4, 16.0]])
    fashion_plots.from_initialisation(
        panel, EPOCHS, {"a": curve}, colors={"a": "simple"}, log_value=True
    )
    np.testing.assert_allclose(panel.lines[0].get_ydata(), [2, 4, 6, 8])
    assert panel.get_yscale() == "log"


def test_log_values_have_few_ticks(panel):
    curve = np.array([[9e8], [3e9], [7e9]])
    fashion_plots.from_initialisation(
        panel, EPOCHS[:3], {"a": curve}, colors={"a": "simple"}, log_value=True
    )
    low, high = panel.get_ylim()
    np.testing.assert_allclose([y for y in panel.get_yticks() if low < y < high], [1e9, 2e9, 5e9])
    assert not len(panel.yaxis.get_minorticklocs())
    labels = [text.get_text() for text in panel.get_yticklabels()]
    assert any("2" in text and "10^{9}" in text for text in labels)


def test_an_interval_is_drawn_as_such(panel):
    curve = np.array([[0, 0, 0], [2, 1, 3], [4, 3, 5], [6, 4, 8.0]])
    fashion_plots.from_initialisation(panel, EPOCHS, {"a": curve}, colors={"a": "simple"})
    np.testing.assert_allclose(panel.lines[0].get_ydata(), curve[:, 0])
    (band,) = panel.collections
    edges = {tuple(point) for point in band.get_paths()[0].vertices}
    assert {(10, 4), (10, 8)} <= edges


def test_points_in_time_show_every_seed(panel):
    values = np.array([[0, 2], [1, 5], [2, 2.0]])
    fashion_plots.at_points(
        panel, ["start", "middle", "end"], {"a": values}, colors={"a": "relu"}, styles={"a": "--"}
    )
    means = [line.get_ydata() for line in panel.lines if line.get_linestyle() == "--"]
    np.testing.assert_allclose(means, [[1, 3, 2]])
    dots = [line.get_ydata() for line in panel.lines if line.get_marker() == "."]
    np.testing.assert_allclose(np.transpose(dots), values)


def test_images_are_square():
    figure, axes = plots.figure(1, 2)
    fashion_plots.image_row(axes, np.arange(18).reshape(2, 9), ["a", "b"])
    assert axes[0, 1].images[0].get_array()[2, 0] == 15
    with pytest.raises(ValueError):
        fashion_plots.image_row(axes, np.zeros((2, 9)), ["a"])
    matplotlib.pyplot.close(figure)


def test_legend_names_each_label_once(panel):
    for color in ("red", "blue"):
        panel.plot([0, 1], color=color, label="a")
    plots.legend_above(panel.figure, panel, 1)
    (line,) = panel.figure.legends[0].get_lines()
    assert line.get_color() == "blue"


@pytest.fixture
def panels():
    figure, axes = plots.figure(1, 2)
    yield axes
    matplotlib.pyplot.close(figure)


def test_panels_over_training_show_bands_and_single_nets(panels):
    curve = np.array([[1, 4], [2, 8], [3, 12], [4, 16.0]])
    given = {"one": (EPOCHS, {"a": curve, "b": curve + 1}), "two": (EPOCHS, {"a": curve + 2})}
    single = {"two": (EPOCHS[:3], {"a": curve[:3]})}
    colors = {"one": {"a": "simple", "b": "complex"}, "two": "relu"}
    fashion_plots.over_training(panels, given, colors, dotted=single, mark=7)
    first, second = panels.flat
    assert [first.get_title(), second.get_title()] == ["one", "two"]
    assert [line.get_color() for line in first.lines[:2]] == [
        plots.COLORS["simple"],
        plots.COLORS["complex"],
    ]
    means, dotted, mark = second.lines
    np.testing.assert_allclose(means.get_ydata(), curve.mean(1) + 2)
    np.testing.assert_allclose(dotted.get_xydata(), np.transpose([EPOCHS[:3], curve[:3, 0]]))
    assert dotted.get_linestyle() == ":" and dotted.get_color() == plots.COLORS["relu"]
    assert set(mark.get_ydata()) == {7}


def test_contrasts_of_raw_images_are_grey(panels):
    values = np.array([[0, 2], [1, 5.0]])
    groups = {"raw": {"a": values}, "normalised": {"a": values + 1}}
    colors = {"one": "relu", "two": "dlgn"}
    fashion_plots.contrasts(
        panels, dict.fromkeys(colors, groups), colors=colors, styles={"a": "--"}
    )
    for axis, color in zip(panels.flat, colors.values(), strict=True):
        raw, normalised = [line for line in axis.lines if line.get_linestyle() == "--"]
        assert raw.get_color() == plots.COLORS["linear"]
        assert normalised.get_color() == plots.COLORS[color]
        np.testing.assert_allclose(normalised.get_ydata(), [2, 4])


def test_alignments_of_normalised_images_are_dashed(panels):
    values = np.array([[0, 2], [1, 5.0]])
    curves = {"a net, raw": values, "a net, normalised": values + 1}
    fashion_plots.alignments(
        panels, {"one": curves, "two": curves}, colors=dict.fromkeys(curves, "relu")
    )
    styles = {line.get_label(): line.get_linestyle() for line in panels[0, 1].lines}
    assert (styles["a net, raw"], styles["a net, normalised"]) == ("-", "--")


def test_a_nets_kernels_are_drawn_in_time():
    kernels = np.arange(12.0).reshape(3, 2, 2)
    figure, axes = plots.figure(1, 3)
    fashion_plots.kernels_of_a_net(axes, kernels)
    np.testing.assert_array_equal([axis.images[0].get_array() for axis in axes[0]], kernels)
    assert [axis.get_title() for axis in axes[0]] == ["start", "middle", "end"]
    matplotlib.pyplot.close(figure)


def test_clusters_with_one_label_share_a_row(panels):
    means = {5: {(0, 0): np.full(4, 1.0), (1, 3): np.full(4, 2.0)}}
    fashion_plots.clusters(panels[:1], means, ["Sandal", "Bag"])
    assert [axis.get_title() for axis in panels[0]] == ["Sandal", "Bag"]
    assert [axis.images[0].get_array().max() for axis in panels[0]] == [1, 2]
    assert [text.get_text() for text in panels[0, 0].texts] == ["5"]


def test_arrows_are_dotted_where_the_sign_is_open(panels):
    arrows = {"own start": (0.0, 0.3, True), "swapped labels": (0.2, 0.3, False)}
    fashion_plots.comparisons(
        panels, {"one": arrows, "two": arrows}, colors={"one": "relu", "two": "dlgn"}
    )
    fashion_plots.factor_ticks(panels, "x", [0.5, 1, 2])
    axis = panels[0, 1]
    solid, dotted = axis.texts
    assert (solid.xyann, solid.xy) == ((0.0, 0), (0.3, 0)) and dotted.xyann == (0.2, 1)
    assert solid.arrow_patch.get_linestyle() == "-" != dotted.arrow_patch.get_linestyle()
    assert matplotlib.colors.same_color(solid.arrow_patch.get_edgecolor(), plots.COLORS["dlgn"])
    assert [label.get_text() for label in axis.get_yticklabels()] == [*arrows]
    assert [label.get_text() for label in axis.get_xticklabels()] == ["×0.5", "×1", "×2"]
    np.testing.assert_allclose(axis.get_xticks(), np.log([0.5, 1, 2]))
    assert axis.get_ylim()[0] > axis.get_ylim()[1], "the first comparison is the top one"


def test_slices_share_a_scale_and_show_their_images():
    figure, axes = plots.figure(1, 2)
    cells = [[np.array([[0, 0], [1, 0], [0, 1.0]])], [np.array([[0, 0], [2, 0], [0, 2.0]])] * 2]
    counts = [np.array([2e9]), np.array([3e9, 4e9])]
    corners = np.array([[0, 0], [1, 0], [0, 1.0]])
    titles = ["before", "after"]
    fashion_plots.image_slices(axes, cells, counts, corners, np.ones((3, 16)), titles)
    for axis, values in zip(axes.flat, ([2], [3, 4]), strict=True):
        (shown,) = axis.collections
        np.testing.assert_allclose(shown.get_array(), values)
        assert shown.get_clim() == (2, 4)
        assert len([each for each in axis.artists if hasattr(each, "offsetbox")]) == 3
    assert [axis.get_title() for axis in axes.flat] == titles
    assert figure.axes[-1].get_xlabel() == "active paths ($10^{9}$)"
    matplotlib.pyplot.close(figure)
