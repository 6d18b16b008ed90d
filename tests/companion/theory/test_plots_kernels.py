"""Figures of kernels draw the numbers that they are given, and say what they are."""

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from halfspace.companion import plots
from halfspace.companion.cifar import plots as cifar_plots
from halfspace.companion.theory import plots as theory_plots

KERNELS = [np.diag([1.0, 2.0, 3.0]), np.full((3, 3), 7e4), np.diag([-2.0, 0.0, 1.0])]
TITLES = ["start", "early", "end"]


@pytest.fixture(autouse=True)
def own_figures():
    """Draw without a screen; leave matplotlib as it was found."""
    with mpl.rc_context({"backend": "agg"}):
        yield
    plt.close("all")


def texts(figure) -> list[str]:
    figure.canvas.draw()
    found = figure.findobj(mpl.text.Text)
    return [text.get_text() for text in found if text.get_visible() and text.get_text()]


def test_kernel_row_draws_each_kernel_with_its_own_scale():
    figure, axes = plots.figure(1, 3)
    plots.kernel_row(axes, KERNELS, TITLES, label="shared paths")
    images = [axis.images[0] for axis in axes[0]]
    for image, kernel in zip(images, KERNELS, strict=True):
        np.testing.assert_array_equal(image.get_array(), kernel)
        assert image.origin == "lower"
    assert [image.get_clim() for image in images] == [(0, 3), (0, 7e4), (-2, 1)]
    written = texts(figure)
    assert written.count("shared paths") == 3
    for text in [*TITLES, "2π", "π", "3", "−2", r"$7.0{\cdot}10^{4}$"]:
        assert text in written


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
    with pytest.raises(ValueError, match="must be as many; got 3, 2 and 3"):
        plots.kernel_row(axes, KERNELS[:2], TITLES)
    with pytest.raises(ValueError, match=r"kernels must be square; got shape \(3, 2\)"):
        plots.kernel_row(axes, [*KERNELS[:2], np.ones((3, 2))], TITLES)


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
    np.testing.assert_array_equal(line.get_ydata(), np.cos(angles))
    np.testing.assert_array_equal(dots.get_ydata(), -angles[::2])
    assert {"few", "many", "target", "2π"} <= set(texts(figure))
    with pytest.raises(ValueError, match="shorter"):
        theory_plots.regression(axes, angles, np.ones(96), kernel, descent, ["few"])


def test_drawing_leaves_the_current_figure_alone():
    _, axes = plots.figure(1, 1)
    _, ratio = plots.figure(1, 1)
    _, current = plt.subplots()
    plots.kernel_row(axes, KERNELS[:1], TITLES[:1])
    theory_plots.mean_ratio(ratio[0, 0], [8, 32], {"one": [(1, 0.9, 1.1)] * 2}, color="dlgn")
    assert plt.gca() is current
    assert not current.lines and not current.images and not current.get_title()


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
