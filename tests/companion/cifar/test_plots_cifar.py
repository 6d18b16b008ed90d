"""Figures of the chapter on CIFAR draw the numbers that they are given."""

import numpy as np
import pytest
from conftest import texts
from halfspace.companion import plots
from halfspace.companion.cifar import plots as cifar_plots
from halfspace.companion.cifar import readings as cifar_readings

pytestmark = pytest.mark.usefixtures("own_figures")


PARTS = ("training images", "test images")
NETS = list(cifar_readings.NETS.values())
SHORT = {
    "training images": {net: [(10, 9, 11), (20, 19, 21)] for net in NETS},
    "test images": {net: [(15.0 + number, 14, 30)] for number, net in enumerate(NETS)},
}
PAPER = {part: dict.fromkeys(NETS, 72.2) for part in PARTS}


def test_learning_curves_of_few_epochs_stand_alone():
    figure, axes = plots.figure(2, 1, sharex=True)
    cifar_plots.learning_curves(axes, SHORT, dict.fromkeys(PARTS, {}), PAPER, {})
    for panel, part in zip(axes[:, 0], PARTS, strict=True):
        assert panel.get_ylabel() == f"{part} (%)"
    curves, dashes = axes[0, 0].lines[::2], axes[0, 0].lines[1::2]
    for curve, dash in zip(curves, dashes, strict=True):
        np.testing.assert_array_equal(curve.get_xdata(), [1, 2])
        np.testing.assert_array_equal(curve.get_ydata(), [10, 20])
        assert set(dash.get_ydata()) == {72.2} and dash.get_color() == curve.get_color()
    assert len({(line.get_color(), line.get_linestyle()) for line in curves}) == 4
    dots = [line for line in axes[1, 0].lines if line.get_marker() == "o"]
    assert [(*dot.get_xdata(), *dot.get_ydata()) for dot in dots] == [
        (2, 15), (2, 16), (2, 17), (2, 18)
    ]  # fmt: skip
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.texts] == NETS
    assert axes[1, 0].get_xlabel() == "epoch"


def test_long_curves_end_where_training_does():
    figure, axes = plots.figure(2, 1, sharex=True)
    long = {part: {"ReLU net": [10, 20, 30], "DLGN, hardening": [15]} for part in PARTS}
    levels = {"linear, NTK before": 61.5}
    cifar_plots.learning_curves(axes, SHORT, long, PAPER, levels)
    for panel in axes[:, 0]:
        (own,) = [line for line in panel.lines if list(line.get_ydata()) == [10, 20, 30]]
        np.testing.assert_array_equal(own.get_xdata(), [1, 2, 3])
        assert any(list(line.get_ydata()) == [15] for line in panel.lines)
    assert 61.5 in axes[1, 0].lines[-1].get_ydata() and 61.5 not in axes[0, 0].lines[-1].get_ydata()
    assert "linear, NTK before" in texts(figure)
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.texts] == [*NETS, "DLGN, hardening"]


def test_marks_tell_series_by_fill_and_nets_by_colour():
    figure, axes = plots.figure()
    rows = {
        "ours": {"ReLU net": (47, 44, 50), "DLGN, 100 epochs": (56, 52, 59)},
        "paper": {"ReLU net": (72, 72, 72), "linear, pixels": (39, 38, 40)},
    }
    cifar_plots.net_marks(axes[0, 0], rows, "right (%)", ink=["paper"])
    marks = [
        line for line in axes[0, 0].lines if line.get_marker() in "oD" and len(line.get_xdata())
    ]
    relu, dlgn, theirs, pixels = marks
    assert relu.get_color() == plots.COLORS["relu"] == relu.get_markerfacecolor()
    assert dlgn.get_color() == plots.COLORS["dlgn"]
    assert theirs.get_color() == pixels.get_color() == plots.INK
    assert theirs.get_markerfacecolor() == "none" and theirs.get_marker() != relu.get_marker()
    names = [label.get_text() for label in axes[0, 0].get_yticklabels()]
    assert names == ["ReLU net", "DLGN, 100 epochs", "linear, pixels"]
    assert [round(float(mark.get_ydata()[0])) for mark in marks] == [0, 1, 0, 2]
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.texts] == ["ours", "paper"]


def test_arrows_lead_from_soft_to_hard_gates_and_tell_the_change():
    _, axes = plots.figure()
    own = {"ReLU net": (47, 44, 50), "DLGN": (56, 52, 59), "DLN": (34, 33, 35)}
    cifar_plots.gate_marks(axes[0, 0], {"own": own, "hard": {"DLGN": (34, 27, 40)}}, "right (%)")
    arrow, label = [text for text in axes[0, 0].texts if text.arrow_patch or text.get_text()]
    assert (arrow.xyann, arrow.xy) == ((56, 1), (34, 1))
    assert label.get_text() == "−22 points" and label.xy == (45, 1)


def test_marks_that_overlap_have_no_arrow_and_no_minus_zero():
    _, axes = plots.figure()
    rows = {"own": {"DLGN": (85.3, 85, 86)}, "hard": {"DLGN": (84.9, 84, 85)}}
    cifar_plots.gate_marks(axes[0, 0], rows, "right (%)")
    (label,) = [text for text in axes[0, 0].texts if text.arrow_patch or text.get_text()]
    assert label.get_text() == "0 points"


def test_each_net_has_a_row_of_matrices_at_the_start_and_at_the_end():
    _, axes = plots.figure(2, 2)
    first, second = np.arange(8.0).reshape(2, 2, 2), np.ones((2, 2, 2))
    shares = {"ReLU net": first, "DLGN": second}
    cifar_plots.start_and_end(axes, shares, ["car", "dog"], {"a": 1, "b": 1}, label="share")
    for row, matrices in zip(axes, shares.values(), strict=True):
        for panel, matrix in zip(row, matrices, strict=True):
            np.testing.assert_array_equal(panel.images[0].get_array(), matrix)
    titles = [panel.get_title() for panel in np.ravel(axes)]
    assert titles == ["ReLU net, start", "end", "DLGN, start", "end"]


def test_class_shares_name_classes_and_share_a_scale():
    figure, axes = plots.figure(1, 2)
    first, second = np.array([[1.0, 0.25], [0.5, 0.75]]), np.full((2, 2), 2.0)
    kinds = {"vehicles": 1, "animals": 1}
    cifar_plots.class_shares(
        axes, [first, second], ["start", "end"], ["car", "dog"], kinds, label="share"
    )
    images = [axis.images[0] for axis in axes[0]]
    np.testing.assert_array_equal(images[0].get_array(), first)
    assert images[0].origin == "upper"
    assert [image.get_clim() for image in images] == [(0, 2), (0, 2)]
    figure.draw_without_rendering()
    *_, bar = figure.axes
    assert bar.get_position().y1 < axes[0, 0].get_position().y0  # leaves the width to the panels
    written = texts(figure)
    assert written.count("car") == 1 and {"start", "end", "share"} <= set(written)
    assert [t.get_text() for t in axes[0, 0].get_yticklabels()] == ["car", "dog"]
    for panel in axes[0]:
        assert [t.get_text() for t in panel.get_xticklabels()] == list(kinds)
        assert list(panel.get_xticks()) == [0, 1]
        assert [line.get_xdata()[0] for line in panel.lines[::2]] == [0.5]


@pytest.mark.parametrize(
    ("titles", "classes"), [(["one"], ["cat", "dog"]), (["one", "two"], ["cat"])]
)
def test_class_shares_refuse_what_does_not_fit(titles, classes):
    _, axes = plots.figure(1, 2)
    with pytest.raises(ValueError, match="2 panels need as many titles and matrices of"):
        cifar_plots.class_shares(axes, [np.eye(2)] * 2, titles, classes, {"a": 2}, label="")
