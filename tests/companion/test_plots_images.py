"""Rows of kernels draw the numbers that they are given, and say what they are."""

import itertools

import matplotlib.pyplot as plt
import numpy as np
import pytest
from conftest import texts
from halfspace.companion import plots

KERNELS = [np.diag([1.0, 2.0, 3.0]), np.full((3, 3), 7e4), np.diag([-2.0, 0.0, 1.0])]
TITLES = ["start", "early", "end"]


pytestmark = pytest.mark.usefixtures("own_figures")


def test_kernel_row_draws_each_kernel_with_its_own_scale():
    figure, axes = plots.figure(1, 3)
    plots.kernel_row(axes, KERNELS, TITLES, label="shared paths")
    images = [axis.images[0] for axis in axes[0]]
    for image, kernel in zip(images, KERNELS, strict=True):
        np.testing.assert_array_equal(image.get_array(), kernel)
        assert image.origin == "lower"
    assert [image.get_clim() for image in images] == [(0, 3), (0, 7e4), (-2, 1)]
    written = texts(figure)
    assert written.count("shared paths") == 1
    for text in [*TITLES, "360°", "180°", "3", "−2", "70\u202f000"]:
        assert text in written


def test_labels_at_the_ends_of_a_panel_meet_no_neighbour():
    figure, axes = plots.figure(1, 3, height=2.6)
    plots.kernel_row(axes, KERNELS, TITLES)
    figure.canvas.draw()
    boxes = [t.get_window_extent() for axis in axes[0] for t in axis.get_xticklabels()]
    assert all(left.x1 < right.x0 for left, right in itertools.pairwise(boxes))


def test_kernel_row_can_share_one_scale():
    figure, axes = plots.figure(1, 3)
    plots.kernel_row(axes, KERNELS, TITLES, shared=True, label="shared paths")
    assert {axis.images[0].get_clim() for axis in axes[0]} == {(-2, 7e4)}
    assert texts(figure).count("shared paths") == 1


def test_kernel_row_marks_groups_and_their_boundary():
    figure, axes = plots.figure(1, 2)
    ticks = ((0.25, "simple"), (0.75, "complex"))
    plots.kernel_row(axes, KERNELS[:2], TITLES[:2], ticks=ticks)
    written = texts(figure)
    assert written.count("simple") == 3 and written.count("complex") == 3
    for axis in axes[0]:
        across, up = axis.lines
        assert list(across.get_ydata()) == [0.5, 0.5]
        assert list(up.get_xdata()) == [0.5, 0.5]


def test_kernel_row_takes_a_kernel_of_zeros():
    figure, axes = plots.figure(1, 1)
    plots.kernel_row(axes, [np.zeros((4, 4))], ["none"])
    low, high = axes[0, 0].images[0].get_clim()
    assert low == 0 < high


def test_kernel_row_refuses_what_does_not_match():
    _, axes = plots.figure(1, 3)
    with pytest.raises(ValueError, match="must be equally many; got 3, 2 and 3"):
        plots.kernel_row(axes, KERNELS[:2], TITLES)
    with pytest.raises(ValueError, match=r"kernels must be square; got shape \(3, 2\)"):
        plots.kernel_row(axes, [*KERNELS[:2], np.ones((3, 2))], TITLES)


def test_drawing_leaves_the_current_figure_alone():
    _, axes = plots.figure(1, 1)
    _, current = plt.subplots()
    plots.kernel_row(axes, KERNELS[:1], TITLES[:1])
    assert plt.gca() is current
    assert not current.images and not current.get_title()
