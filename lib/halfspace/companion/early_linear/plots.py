"""Figures on early training."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter
from numpy.typing import ArrayLike

from halfspace.companion.plots import COLORS, INK, interval_curve

__all__ = ["STYLES", "curves", "number_axis", "pairs"]

STYLES = {
    "ReLU net": ("relu", "-"),
    "DLGN": ("dlgn", "-"),
    "DLGN-PWC": ("dlgn", "--"),
    "target": ("target", ":"),
    "net": ("dlgn", "o"),
    "linear model": ("ours", "|"),
    "to the linear model": ("linear", "o"),
    "to its own first kernel": ("ours", "D"),
}
"""Colour, and line or mark, by label."""


def curves(axis: Axes, rows: Mapping[str, tuple[ArrayLike, ArrayLike]], **labels: object) -> None:
    """Draw means in their intervals, in the styles of the nets.

    Args:
        axis: where to draw.
        rows: by label, x, shape (k,), and mean and interval, shape (k, 3).
        **labels: settings of the axis.
    """
    for label, (x, row) in rows.items():
        color, style = STYLES[label]
        interval_curve(axis, x, row, label, color=color, style=style)
    axis.set(**labels)


def number_axis(axis: Axes, side: str, values: ArrayLike) -> None:
    """Make an axis logarithmic, with plain numbers at some values.

    Args:
        axis: where.
        side: ``"x"`` or ``"y"``.
        values: of the ticks.
    """
    axis.set(**{f"{side}scale": "log"})
    ticks = getattr(axis, f"{side}axis")
    ticks.set_major_locator(FixedLocator(list(values)))
    ticks.set_minor_locator(FixedLocator([]))
    ticks.set_minor_formatter(NullFormatter())
    ticks.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))


def pairs(axis: Axes, rows: Mapping[str, Mapping[str, ArrayLike]], **labels: object) -> None:
    """Draw numbers with intervals, a row for each net, the first on top.

    Args:
        axis: where to draw.
        rows: by row and label, mean, lower and upper end.
        **labels: settings of the axis.
    """
    for place, row in enumerate(rows.values()):
        for label, (mean, low, high) in row.items():
            color, mark = STYLES[label]
            axis.errorbar(
                mean, place, xerr=[[mean - low], [high - mean]], fmt=mark,
                ms=12 if mark == "|" else 5, mew=2 if mark == "|" else 1, color=COLORS[color],
                ecolor=INK, elinewidth=1, label=label,
            )  # fmt: skip
    axis.set_yticks(np.arange(len(rows)), rows)
    axis.set_ylim(len(rows) - 0.5, -0.5)
    axis.grid(axis="x")
    axis.set(**labels)
