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
