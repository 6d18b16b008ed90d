"""Figures of hardness."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from halfspace.companion.plots import COLORS, INK, interval_curve

__all__ = ["MARKS", "STYLES", "first_turns", "over_hardness", "over_ways"]

STYLES = {
    "scale 0.6": ("dlgn", ":"),
    "scale 1": ("dlgn", "-"),
    "scale 1.7": ("dlgn", "--"),
}
"""Colour and line of DLGNs of each initial scale."""

MARKS = {
    "when gates become hard": ("dlgn", False),
    "at the end": ("dlgn", True),
    "fresh value network": ("frozen", True),
    "at the start": ("dlgn", False),
    "own gates": ("dlgn", False),
    "hard gates": ("dlgn", True),
    "of pixels": ("none", False),
}
"""Colour of a way's mark, and whether it is filled."""

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
    axis.set(ylabel=ylabel, xlim=(0, 1.16))
    axis.set_xticks([0, 0.5, 1])


def first_turns(axis: Axes, expected: ArrayLike, measured: ArrayLike, title: str) -> None:
    """Draw by how much units' normals turn against what was expected; the line is equality.

    Args:
        axis: where to draw.
        expected: angles in degrees, shape (k,).
        measured: of the same shape.
        title: of the panel.
    """
    expected, measured = np.asarray(expected), np.asarray(measured)
    end = 1.1 * max(np.abs(expected).max(), np.abs(measured).max())
    axis.plot([-end, end], [-end, end], color=INK, lw=0.8)
    axis.plot(expected, measured, "o", ms=3.5, mfc="none", color=COLORS["dlgn"])
    axis.set(xlim=(-end, end), ylim=(-end, end), xlabel="expected (°)", title=title)


def over_ways(axis: Axes, rows: Mapping[str, ArrayLike], ways: Sequence[str], ylabel: str) -> None:
    """Draw values with intervals for each way of hardening, or for each of several nets.

    Args:
        axis: where to draw.
        rows: by label, a name of ``MARKS``, value and interval for each way, (P, 3).
        ways: their names; a line sets the last one apart.
        ylabel: what is drawn.
    """
    relu = np.array([way == "ReLU" for way in ways])
    for number, (label, values) in enumerate(rows.items()):
        color, filled = MARKS[label]
        mean, low, high = np.asarray(values).T
        x = np.arange(len(ways)) + 0.2 * number - 0.1
        for shown, kind in ((~relu, color), (relu, "relu" if color == "dlgn" else color)):
            axis.vlines(x[shown], low[shown], high[shown], color=COLORS[kind], lw=1)
            face = COLORS[kind] if filled else "none"
            name = None if shown is relu else label
            axis.plot(x[shown], mean[shown], "o", ms=4.5, color=COLORS[kind], mfc=face, label=name)
    axis.axvline(len(ways) - 1.5, color=INK, lw=0.8, ls=":")
    axis.set(ylabel=ylabel)
    axis.set_xticks(range(len(ways)), ways)
