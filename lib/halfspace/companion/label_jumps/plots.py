"""Figures on trees and their gates, clusters and ranks."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from halfspace.companion.plots import COLORS, INK, interval_curves

__all__ = ["STYLES", "accuracies", "curves", "doses", "globe", "shares"]

STYLES = {
    "root": ("complex", "-"),
    "level 1": ("simple", "-"),
    "level 2": ("ours", "-"),
    "level 3": ("rebalanced loss", "-"),
    "unused directions": ("none", "--"),
    "DLGN-SF": ("new half-spaces", "-"),
    "DLGN": ("dlgn", "-"),
    "DLGN, start": ("dlgn", ":"),
    "orthogonal start": ("own step sizes", "--"),
    "ReLU net": ("relu", "-"),
    "deep linear": ("linear", "--"),
    "rival": ("linear", "-"),
    "linear fit": ("linear", "-"),
    "right weight": ("simple", "-"),
    "no weight at all": ("none", "-"),
    "through the gates": ("dlgn", "-"),
}
"""Colour and line of each curve or mark of the chapter, by its label."""


def globe(axis: Axes, values: ArrayLike, seen: ArrayLike, title: str) -> None:
    """Draw values on the visible half of a sphere, on a scale that is even about zero.

    Args:
        axis: where to draw.
        values: of every pixel, shape (size²,).
        seen: which pixels show the sphere, bool, shape (size, size).
        title: of the panel.
    """
    image = np.ma.masked_where(~np.asarray(seen), np.reshape(values, np.shape(seen)))
    reach = np.abs(image).max()
    axis.imshow(image, cmap="PuOr", vmin=-reach, vmax=reach, interpolation="nearest")
    axis.set(title=title, xticks=[], yticks=[])
    for spine in axis.spines.values():
        spine.set_visible(False)


def curves(axis: Axes, x: ArrayLike, rows: Mapping[str, ArrayLike], **labels: str) -> None:
    """Draw means in their intervals, in the chapter's styles.

    Args:
        axis: where to draw.
        x: shape (k,).
        rows: by label, mean and interval, shape (k, 3).
        **labels: ``xlabel``, ``ylabel``, ``title``.
    """
    interval_curves(axis, x, rows, STYLES)
    axis.set(**labels)


def accuracies(axis: Axes, rows: Mapping[str, tuple[str, Sequence[float]]]) -> None:
    """Draw test accuracies with intervals, a row each, the first on top; a line marks chance.

    Args:
        axis: where to draw.
        rows: by label, a name of ``STYLES`` and mean, lower and upper end, in percent.
    """
    for place, (kind, (mean, low, high)) in enumerate(rows.values()):
        color = COLORS[STYLES[kind][0]]
        axis.errorbar(mean, place, xerr=[[mean - low], [high - mean]], fmt="o", ms=5, color=color)
    axis.axvline(50, color=INK, lw=0.8)
    axis.set_yticks(range(len(rows)), rows)
    axis.set_ylim(len(rows) - 0.5, -0.5)
    axis.set(xlabel="test accuracy (%)", xlim=(47, 101))
    axis.grid(axis="x")


def doses(axis: Axes, names: Sequence[str], rows: Mapping[str, ArrayLike], ylabel: str) -> None:
    """Draw what each target does, one place each; a line joins all but the last two.

    Args:
        axis: where to draw.
        names: of the targets, T.
        rows: by label, mean and interval, shape (T, 3).
        ylabel: what is drawn.
    """
    for number, (label, row) in enumerate(rows.items()):
        color = COLORS[STYLES[label][0]]
        mean, low, high = np.asarray(row).T
        places = np.arange(len(names)) + 0.12 * (number - (len(rows) - 1) / 2)
        axis.errorbar(
            places, mean, yerr=[mean - low, high - mean], fmt="o", ms=4, color=color, label=label
        )
        axis.plot(places[:-2], mean[:-2], color=color, lw=1)
    axis.set_xticks(range(len(names)), names)
    axis.set_ylim(bottom=0)
    axis.set_ylabel(ylabel)


def shares(axis: Axes, rows: Mapping[str, Mapping[str, Sequence[float]]]) -> None:
    """Draw shares with intervals, a row for each net; a line marks one half.

    Args:
        axis: where to draw.
        rows: by net and share, mean, lower and upper end, in percent.
    """
    for place, row in enumerate(rows.values()):
        for number, (label, (mean, low, high)) in enumerate(row.items()):
            axis.errorbar(
                mean, place + 0.2 * (number - 1), xerr=[[mean - low], [high - mean]],
                fmt="osD"[number], ms=4, color=COLORS[STYLES[label][0]], label=label,
            )  # fmt: skip
    axis.axvline(50, color=INK, lw=0.8)
    axis.set_yticks(range(len(rows)), rows)
    axis.set_ylim(len(rows) - 0.5, -0.5)
    axis.set(xlabel="inputs (%)", xlim=(-4, 104))
    axis.grid(axis="x")
