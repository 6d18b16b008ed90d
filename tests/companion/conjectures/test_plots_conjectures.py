"""Figures on the conjectures draw what they are given."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from halfspace.companion.conjectures import plots


@pytest.fixture
def axis():
    figure, axis = plt.subplots()
    yield axis
    plt.close(figure)


def curves(*labels):
    return {label: np.arange(9.0).reshape(3, 3) + k for k, label in enumerate(labels)}


def test_frozen_gates_are_four_lines_on_an_axis_that_shows_epoch_0(axis):
    given = curves("the net", "fresh", "own", "kernel")
    options = dict(title="a net", color="relu", linear_until=1)
    plots.frozen_gates(axis, [0, 1, 10], given, 7.5, **options)
    *lines, random = axis.lines
    assert [line.get_label() for line in lines] == [*given]
    assert len({line.get_linestyle() for line in lines}) == 4
    assert set(random.get_ydata()) == {7.5}
    for line, curve in zip(lines, given.values(), strict=True):
        np.testing.assert_array_equal(line.get_ydata(), curve[:, 0])
    assert axis.get_xscale() == "symlog" and axis.get_title() == "a net"


def test_panels_without_a_run_say_so():
    figure, axes = plt.subplots(1, 2)
    given = curves("the net", "fresh", "own", "kernel")
    panels = {"a net": ([0, 1, 10], given, 7.5, "relu"), "another": None}
    plots.frozen_gate_panels(axes, panels, linear_until=0.1)
    assert len(axes[0].lines) == 5 and not axes[1].lines
    assert axes[0].get_xlabel() == "gates frozen at epoch" and axes[0].get_xlim() == (0, 10)
    assert axes[1].get_title() == "another" and not axes[1].axison and axes[0].axison
    assert [text.get_text() for text in axes[1].texts] == ["not recorded yet"]
    (legend,) = figure.legends
    assert len(legend.texts) == 5
    assert len({text.get_window_extent().x0 for text in legend.texts}) == 1  # one column
    plt.close(figure)
    figure, axes = plt.subplots()
    plots.frozen_gate_panels(axes, {"none": None}, linear_until=0.1)
    assert not figure.legends
    plt.close(figure)


def test_similarities_tell_pairs_from_others_and_from_relu_nets(axis):
    given = curves("pair", "others", "ReLU nets")
    plots.similarities(axis, [0, 10, 100], given, title="a kernel")
    pair, others, relu = axis.lines
    assert pair.get_color() == others.get_color() != relu.get_color()
    assert pair.get_linestyle() != others.get_linestyle()
    np.testing.assert_array_equal(relu.get_ydata(), given["ReLU nets"][:, 0])


def test_gains_of_tasks_are_a_dot_a_task(axis):
    plots.gains_of_tasks(axis, np.log([1, 2]), np.log([0.25, 5]))
    np.testing.assert_allclose(axis.lines[0].get_xydata(), [[1, 0.25], [2, 5]])
    assert axis.get_xscale() == axis.get_yscale() == "log"


def test_gains_of_pairs_are_a_dot_a_seed(axis):
    plots.gains_of_pairs(axis, np.log([1, 2, 3]), np.log([4, 5, 6]))
    np.testing.assert_allclose(axis.lines[0].get_xydata(), [[1, 4], [2, 5], [3, 6]])
