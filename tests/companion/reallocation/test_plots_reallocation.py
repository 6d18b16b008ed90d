"""Figures on reallocation draw what they are given."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from halfspace.companion.plots import COLORS
from halfspace.companion.reallocation import plots
from halfspace.companion.reallocation.ideas import IDEAS, LABELS


@pytest.fixture
def axis():
    figure, axis = plt.subplots()
    yield axis
    plt.close(figure)


def test_errors_are_a_curve_for_each_idea_in_its_colour(axis):
    curves = {idea: np.arange(1.0, 7.0).reshape(2, 3) + k for k, idea in enumerate(IDEAS)}
    plots.errors(axis, [0, 10], curves, LABELS)
    assert [line.get_label() for line in axis.lines] == [*LABELS.values()]
    for line, (idea, curve) in zip(axis.lines, curves.items(), strict=True):
        np.testing.assert_array_equal(line.get_ydata(), curve[:, 0])
        assert line.get_color() == COLORS[idea]
    assert axis.get_yscale() == "log"


def test_paths_along_the_circle_are_drawn_plus_one(axis):
    angles = np.linspace(0, 6, 4)
    curves = {idea: (angles, np.array([0, 1, 2, k])) for k, idea in enumerate(IDEAS[:2])}
    plots.paths_along_circle(axis, curves, LABELS)
    assert [line.get_label() for line in axis.lines] == ["plain descent", "rebalanced loss"]
    np.testing.assert_array_equal(axis.lines[1].get_ydata(), [1, 2, 3, 2])
    np.testing.assert_allclose(axis.lines[1].get_xdata(), np.degrees(angles))
    ticks = [label.get_text() for label in axis.get_xticklabels()]
    assert ticks == ["0°", "90°", "180°", "270°", "360°"]
    (shaded,) = axis.patches
    assert shaded.get_x() == 0 and shaded.get_width() == 180
