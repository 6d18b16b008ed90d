"""Figures of the chapter on CIFAR draw the numbers that they are given."""

import numpy as np
import pytest
from conftest import texts
from halfspace.companion import plots
from halfspace.companion.cifar import plots as cifar_plots
from halfspace.companion.cifar import readings as cifar_readings

pytestmark = pytest.mark.usefixtures("own_figures")


def test_learning_curves_draw_each_net_from_epoch_1():
    figure, axes = plots.figure(2, 1, sharex=True)
    nets = cifar_readings.NETS.values()
    loss = {net: [(3.0 - number, 0, 4), (1, 0, 2)] for number, net in enumerate(nets)}
    right = {net: [(10, 9, 11), (20, 19, 21)] for net in nets}
    cifar_plots.learning_curves(axes, {"loss (nats)": loss, "right (%)": right})
    for panel, curves, ylabel in zip(axes[:, 0], (loss, right), ("loss", "right"), strict=True):
        assert panel.get_ylabel().startswith(ylabel)
        for line, curve in zip(panel.lines, curves.values(), strict=True):
            np.testing.assert_array_equal(line.get_xdata(), [1, 2])
            np.testing.assert_array_equal(line.get_ydata(), [mean for mean, _, _ in curve])
    strokes = {(line.get_color(), line.get_linestyle()) for line in axes[0, 0].lines}
    assert len(strokes) == 4
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.texts] == list(nets)
    assert axes[1, 0].get_xlabel() == "epoch"


def test_each_net_has_a_row_of_matrices_at_the_start_and_at_the_end():
    _, axes = plots.figure(2, 2)
    first, second = np.arange(8.0).reshape(2, 2, 2), np.ones((2, 2, 2))
    shares = {"ReLU net": first, "DLGN": second}
    cifar_plots.start_and_end(axes, shares, ["cat", "dog"], label="share")
    for row, matrices in zip(axes, shares.values(), strict=True):
        for panel, matrix in zip(row, matrices, strict=True):
            np.testing.assert_array_equal(panel.images[0].get_array(), matrix)
    titles = [panel.get_title() for panel in np.ravel(axes)]
    assert titles == ["ReLU net, start", "end", "DLGN, start", "end"]


def test_class_shares_name_classes_and_share_a_scale():
    figure, axes = plots.figure(1, 2)
    first, second = np.array([[1.0, 0.25], [0.5, 0.75]]), np.full((2, 2), 2.0)
    cifar_plots.class_shares(axes, [first, second], ["start", "end"], ["cat", "dog"], label="share")
    images = [axis.images[0] for axis in axes[0]]
    np.testing.assert_array_equal(images[0].get_array(), first)
    assert images[0].origin == "upper"
    assert [image.get_clim() for image in images] == [(0, 2), (0, 2)]
    written = texts(figure)
    assert written.count("cat") == 3 and {"start", "end", "share"} <= set(written)
    assert [t.get_text() for t in axes[0, 0].get_yticklabels()] == ["cat", "dog"]


@pytest.mark.parametrize(
    ("titles", "classes"), [(["one"], ["cat", "dog"]), (["one", "two"], ["cat"])]
)
def test_class_shares_refuse_what_does_not_fit(titles, classes):
    _, axes = plots.figure(1, 2)
    with pytest.raises(ValueError, match="2 panels need as many titles and matrices of"):
        cifar_plots.class_shares(axes, [np.eye(2)] * 2, titles, classes, label="")


def test_long_curves_end_where_training_does_beside_the_papers_numbers():
    figure, axes = plots.figure(2, 1, sharex=True)
    curves = {
        part: {"ReLU net": [10, 20, 30], "DLGN, hardening": [15]}
        for part in ("training images", "test images")
    }
    paper = {part: {"ReLU net": 72.2, "DLGN, hardening": 73.2} for part in curves}
    cifar_plots.long_learning_curves(axes, curves, paper)
    for panel, part in zip(axes[:, 0], curves, strict=True):
        assert panel.get_ylabel() == f"{part} (%)"
        own, theirs, short, _ = panel.lines
        np.testing.assert_array_equal(own.get_xdata(), [1, 2, 3])
        np.testing.assert_array_equal(short.get_ydata(), [15])
        assert set(theirs.get_ydata()) == {72.2} and own.get_color() == theirs.get_color()
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.texts] == ["ReLU net", "DLGN, hardening"]
