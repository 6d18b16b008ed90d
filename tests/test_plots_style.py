"""The shared style: sizes, grounds and colours."""

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from halfspace import plots
from matplotlib.colors import to_rgb

LIGHT, DARK = "#ffffff", "#121212"  # the book's two grounds
LEAST_CONTRAST = 2.5  # for lines and large type that must be told from either ground


@pytest.fixture(autouse=True)
def own_figures():
    """Draw without a screen; leave matplotlib as it was found."""
    with mpl.rc_context({"backend": "agg"}):
        yield
    plt.close("all")


def luminance(color: str) -> float:
    """Relative luminance as in WCAG 2."""
    channels = np.array(to_rgb(color))
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def contrast(first: str, second: str) -> float:
    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_computed_as_defined():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("ground", [LIGHT, DARK])
@pytest.mark.parametrize("name", [*plots.COLORS, "INK"])
def test_colors_stand_out_on_both_grounds(name, ground):
    color = plots.INK if name == "INK" else plots.COLORS[name]
    assert contrast(color, ground) >= (4 if name == "INK" else LEAST_CONTRAST)


def test_networks_can_be_told_apart():
    colors = [np.array(to_rgb(plots.COLORS[name])) for name in ("relu", "dlgn", "frozen", "linear")]
    for index, first in enumerate(colors):
        for second in colors[:index]:
            assert np.abs(first - second).max() > 0.2


def test_figure_fits_a_phone_and_is_transparent():
    figure, axes = plots.figure(2, 2, height=2.0)
    assert axes.shape == (2, 2)
    assert figure.get_figwidth() <= 5.2
    assert figure.get_figheight() == 4
    assert figure.get_facecolor()[3] == 0
    assert axes[0, 0].get_facecolor()[3] == 0
    assert mpl.rcParams["font.size"] >= 10


def test_panels_and_titles_are_as_many():
    figure, axes = plots.figure(1, 2)
    plots.tag_panels(axes, ["one", "two"])
    assert [axis.get_title() for axis in axes[0]] == ["one", "two"]
    with pytest.raises(ValueError, match="2 panels need as many titles; got 1"):
        plots.tag_panels(axes, ["one"])
