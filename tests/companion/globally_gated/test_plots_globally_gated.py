"""Figures on globally gated nets: what is drawn is what was given."""

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from halfspace.companion import plots
from halfspace.companion.globally_gated import plots as gated_plots
from halfspace.companion.globally_gated.readings import SCHEMES


@pytest.fixture(autouse=True)
def own_figures():
    with mpl.rc_context({"backend": "agg"}):
        yield
    plt.close("all")


def band(*values):
    return np.array([[value, value / 2, value * 2] for value in values])


def test_curves_are_drawn_at_their_places_and_short_ones_at_the_ends():
    _, axes = plots.figure()
    gated_plots.curves(axes[0, 0], (1, 2, 4), {"s = 1": band(1, 2, 3), "one gate": band(5, 6)})
    long, short = axes[0, 0].get_lines()
    assert long.get_xydata().tolist() == [[1, 1], [2, 2], [4, 3]]
    assert short.get_xydata().tolist() == [[1, 5], [4, 6]]
    assert axes[0, 0].get_xscale() == axes[0, 0].get_yscale() == "log"


def test_ticks_are_plain_numbers():
    figure, axes = plots.figure()
    gated_plots.curves(axes[0, 0], (1, 100), {"s = 1": band(0.1, 10)})
    gated_plots.ticks(axes[0, 0], "y", (0.1, 1, 10))
    figure.canvas.draw()
    texts = [label.get_text() for label in axes[0, 0].get_yticklabels()]
    assert [text for text in texts if text] == ["0.1", "1", "10"]


def test_transfer_has_a_line_for_each_width_and_dots_for_exact_ones():
    _, axes = plots.figure()
    theory, exact = {"N = 5": band(1, 2)}, {"N = 5": band(3, 4)}
    rows = {"limit": {"infinite width": band(5, 6)}, "theory": theory, "exact": exact}
    gated_plots.transfer(axes[0, 0], (-0.5, 0.5), rows)
    lines = axes[0, 0].get_lines()
    assert [line.get_ydata().tolist() for line in lines] == [[5, 6], [1, 2], [3, 4]]
    assert lines[2].get_marker() == "o" and lines[1].get_color() == lines[2].get_color()


def test_images_share_a_scale_that_is_even_about_zero():
    _, axes = plots.figure(1, 2)
    gated_plots.order_grid(axes, [np.eye(2), -2 * np.eye(2)], ["a", "b"])
    assert [axis.get_images()[0].get_clim() for axis in axes[0]] == [(-2, 2)] * 2
    assert [axis.get_title() for axis in axes[0]] == ["a", "b"]


def test_kernels_of_tasks_keep_their_signs_and_are_divided():
    _, axes = plots.figure(1, 2)
    kernels = [np.array([[9.0, -3.0], [-3.0, 9.0]]), np.zeros((2, 2))]
    gated_plots.task_kernels(axes[0], kernels, ["a", "b"], border=1)
    (image,) = axes[0, 0].get_images()
    assert image.get_array().tolist() == [[9, -3], [-3, 9]]
    assert [axis.get_images()[0].get_clim() for axis in axes[0]] == [(-3, 3)] * 2
    assert [line.get_ydata()[0] for line in axes[0, 0].get_lines()][0] == 0.5


def test_storage_is_drawn_against_how_full_a_net_is():
    _, axes = plots.figure()
    rows = {"N = 1": np.array([[0.9, 1.0], [1.1, 0.0]]), "N = 6": np.array([[1.0, 0.5]])}
    gated_plots.storage(axes[0, 0], rows)
    full, one, six = axes[0, 0].get_lines()
    assert full.get_xdata() == [1, 1]
    assert one.get_xydata().tolist() == [[0.9, 1], [1.1, 0]] and one.get_label() == "N = 1"
    assert six.get_xydata().tolist() == [[1, 0.5]] and six.get_marker() != one.get_marker()


def test_every_curve_has_a_style_with_a_colour():
    assert {color for color, _ in gated_plots.STYLES.values()} <= plots.COLORS.keys()
    assert set(SCHEMES.values()) <= gated_plots.STYLES.keys()
