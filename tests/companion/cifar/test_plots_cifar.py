"""Figures of CIFAR draw the numbers that they are given, and say what they are."""

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from halfspace.companion import plots
from halfspace.companion.cifar import plots as cifar_plots


@pytest.fixture(autouse=True)
def own_figures():
    """Draw without a screen; leave matplotlib unchanged."""
    with mpl.rc_context({"backend": "agg"}):
        yield
    plt.close("all")


def texts(figure) -> list[str]:
    figure.canvas.draw()
    written = figure.findobj(mpl.text.Text)
    return [text.get_text() for text in written if text.get_visible() and text.get_text()]


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
