"""Figures of hardness."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from halfspace.companion.plots import COLORS, INK, interval_curve

__all__ = ["STYLES", "over_hardness"]

STYLES = {
    "scale 0.6": ("dlgn", ":"),
    "scale 1": ("dlgn", "-"),
    "scale 1.7": ("dlgn", "--"),
}
"""Colour and line of DLGNs of each initial scale."""

_BESIDE = 1.04  # where ReLU nets, whose hardness is 1, are drawn


def over_hardness(
    axis: Axes,
    curves: Mapping[str, tuple[ArrayLike, ArrayLike]],
    relu: Mapping[float, ArrayLike],
    ylabel: str,
) -> None:
    """Draw a statistic over the hardness at the start; ReLU nets at its right end.

    Args:
        axis: where to draw.
        curves: by label, a name of ``STYLES``: hardness (k,), and mean with interval (k, 3).
        relu: of ReLU nets by initial scale, mean and interval (3,).
        ylabel: what is drawn, with its unit.
    """
    axis.axhline(0, color=INK, lw=0.8)
    for label, (hard, rows) in curves.items():
        color, style = STYLES[label]
        interval_curve(axis, hard, rows, f"DLGN, {label}", color=color, style=style)
        axis.plot(hard, np.asarray(rows)[:, 0], "o", ms=3, color=COLORS[color])
    if relu:
        means, lows, highs = np.array(list(relu.values())).T
        places = _BESIDE + 0.02 * np.arange(len(relu))
        axis.vlines(places, lows, highs, color=COLORS["relu"], lw=1)
        axis.plot(places, means, "D", ms=3, color=COLORS["relu"], label="ReLU nets")
    axis.set(xlabel="hardness at the start", ylabel=ylabel, xlim=(0, 1.16))
    axis.set_xticks([0, 0.5, 1])
