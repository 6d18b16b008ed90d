"""The shared style: sizes, grounds and colours."""

import os
import subprocess
import sys

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from halfspace.companion import plots
from matplotlib.colors import to_rgb
from nbclient import NotebookClient
from nbformat import v4

LIGHT, DARK = "#ffffff", "#000000"  # the two grounds of the book's figures
TYPE, LINES = 4.5, 3  # the least contrasts, of WCAG 2


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
    assert contrast(color, ground) >= (TYPE if name == "INK" else LINES)


def test_networks_can_be_told_apart():
    colors = [np.array(to_rgb(plots.COLORS[name])) for name in ("relu", "dlgn", "frozen", "linear")]
    for index, first in enumerate(colors):
        for second in colors[:index]:
            assert np.abs(first - second).max() > 0.2


def test_figure_fits_a_phone_and_is_transparent():
    figure, axes = plots.figure(2, 2, height=2.0)
    assert axes.shape == (2, 2)
    assert figure.get_figwidth() <= 4.4
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


RC = """\
text.usetex: True
font.family: cursive
axes.prop_cycle: cycler(color=["red"])
lines.marker: o
savefig.dpi: 30
axes.grid: True
image.origin: lower
"""
DRAW = """\
from halfspace.companion import plots
figure, axes = plots.figure(1, 2)
axes[0, 0].plot([1, 2], label="a label")
axes[0, 0].legend()
axes[0, 1].imshow([[0, 1], [2, 3]])
figure.savefig("figure.png", metadata={"Software": None})
"""


def drawn_in(folder, **variables):
    environment = {**os.environ, "MPLBACKEND": "agg", **variables}
    subprocess.run([sys.executable, "-c", DRAW], cwd=folder, env=environment, check=True)
    return (folder / "figure.png").read_bytes()


def test_a_matplotlibrc_changes_nothing(tmp_path):
    plain = drawn_in(tmp_path)
    (tmp_path / "matplotlibrc").write_text(RC)
    assert drawn_in(tmp_path, MATPLOTLIBRC=str(tmp_path)) == plain


def images(*sources):
    """Run cells in a kernel; return how many images each shows."""
    cells = [v4.new_code_cell(source) for source in sources]
    NotebookClient(notebook := v4.new_notebook(cells=cells), kernel_name="python3").execute()
    shown = [[*output.get("data", {})] for cell in notebook.cells for output in cell.outputs]
    return sum("image/png" in kinds for kinds in shown)


@pytest.mark.parametrize("backend", ["Agg", "TkAgg"])
def test_figures_are_shown_in_a_notebook_whatever_the_environment_says(monkeypatch, backend):
    monkeypatch.setenv("MPLBACKEND", backend)
    draw = "figure, axes = plots.figure()\naxes[0, 0].plot([1, 2]);"
    assert images("from halfspace.companion import plots", draw, draw) == 2


def test_a_backend_chosen_in_the_notebook_stays(monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "Agg")
    draw = "from halfspace.companion import plots\nplots.figure();"
    assert images("%matplotlib svg", draw, "assert plots.style.mpl.get_backend() == 'svg'") == 0
