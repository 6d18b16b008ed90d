"""One style for every figure: sizes, colours, colour maps.

Figures are 4.4 in wide with 10 pt type, which is 11 px on a phone and 18 px where a page has
room for 560 px. Their ground is transparent; pages show them on white and on black. Type is the
grey that has a contrast of 4.5 : 1 with both. Colours come from Okabe and Ito's palette, which
suits people with colour-blindness, adjusted to at least 3 : 1 with both.
"""

import os
import sys

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

__all__ = ["CMAP", "COLORS", "INK", "figure", "tag_panels", "use_style"]

INK = "#757575"
COLORS = {
    "relu": "#2f8fd0",
    "dlgn": "#e0662a",
    "dgn": "#9e9100",
    "frozen": "#b56ad0",
    "linear": "#8c8c8c",
    "low": "#12a37f",
    "simple": "#12a37f",
    "high": "#c08700",
    "complex": "#c08700",
    "target": INK,
    "none": INK,
    "paper": INK,
    "ours": "#5d7fe0",
    "rebalanced loss": "#c9679b",
    "equal paths": "#379bc8",
    "own step sizes": "#9e9100",
    "new half-spaces": "#00806a",
    "leave-one-out": "#12a37f",
    "modular": "#c08700",
    "all six": "#c9679b",
    "common only": "#8c8c8c",
}
CMAP = "viridis"

_WIDTH = 4.4
_INLINE = "module://matplotlib_inline.backend_inline"  # a kernel's default


def use_style() -> None:
    """Set matplotlib's defaults for this process, whatever a matplotlibrc says.

    In a notebook whose backend comes from the variable ``MPLBACKEND``, figures are shown inline.
    """
    _show_in_notebook()
    mpl.rcdefaults()
    mpl.rcParams.update(
        {
            "figure.dpi": 240,
            "savefig.transparent": True,
            "figure.facecolor": "none",
            "axes.facecolor": "none",
            "legend.framealpha": 0,
            "legend.fontsize": 10,
            "font.size": 10,
            "axes.titlesize": 10,
            "axes.labelsize": 10,
            "text.color": INK,
            "axes.labelcolor": INK,
            "axes.edgecolor": INK,
            "axes.titlecolor": INK,
            "xtick.color": INK,
            "ytick.color": INK,
            "grid.color": INK,
            "grid.alpha": 0.25,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "lines.linewidth": 1.8,
            "image.cmap": CMAP,
        }
    )


def _show_in_notebook() -> None:
    """Choose the inline backend where a kernel runs and the environment chose another one.

    Clusters and CI often export ``MPLBACKEND``; a notebook's figures then go nowhere. A backend
    that the reader chose in the notebook (``%matplotlib widget``) stays.
    """
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    exported = os.environ.get("MPLBACKEND", _INLINE).lower()
    # Without a display, matplotlib takes agg instead of a backend that opens windows.
    exported_holds = mpl.get_backend().lower() in (exported, "agg")
    if hasattr(shell, "kernel") and exported != _INLINE and exported_holds:
        shell.enable_matplotlib("inline")


def figure(
    rows: int = 1, columns: int = 1, *, height: float = 2.6, **options
) -> tuple[Figure, np.ndarray]:
    """Make a figure of phone-readable width.

    Args:
        rows: rows of panels.
        columns: columns of panels; more than two are for bare images only.
        height: height of one row, in inches.
        **options: passed to ``plt.subplots`` (``sharex``, ``subplot_kw``, ...).

    Returns:
        The figure and a two-dimensional array of its axes, shape (rows, columns).
    """
    use_style()
    return plt.subplots(
        rows,
        columns,
        figsize=(_WIDTH, height * rows),
        squeeze=False,
        layout="constrained",
        **options,
    )


def tag_panels(axes: np.ndarray, titles: list[str]) -> None:
    """Write a title over each panel, in reading order.

    Args:
        axes: the panels' Axes, any shape.
        titles: as many titles.

    Raises:
        ValueError: if the numbers differ.
    """
    panels: list[Axes] = list(np.ravel(axes))
    if len(panels) != len(titles):
        raise ValueError(f"{len(panels)} panels need as many titles; got {len(titles)}")
    for axis, title in zip(panels, titles, strict=True):
        axis.set_title(title)
