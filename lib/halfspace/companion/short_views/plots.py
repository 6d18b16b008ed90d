"""Figures of the short views."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.offsetbox import AnnotationBbox, OffsetImage
from numpy.typing import ArrayLike

from halfspace.companion.plots import COLORS, INK, interval_curves

__all__ = ["STYLES", "curves", "profiles"]

STYLES = {
    "ReLU net": ("relu", "-"),
    "DLGN": ("dlgn", "-"),
    "ReLU net, dense": ("relu", "--"),
    "DLGN, dense": ("dlgn", "--"),
    "DLGN, half-spaces": ("dlgn", "-"),
    "DLGN, values": ("new half-spaces", "--"),
    "start": ("none", ":"),
    "fixed edges": ("frozen", "-"),
    "learned edges": ("new half-spaces", "-"),
}
"""Colour and line of each curve of the chapter, by its label; marks of dashed ones are hollow."""

_THUMBNAIL = 2.2  # points a pixel


def profiles(
    axis: Axes,
    rows: Mapping[str, ArrayLike],
    images: Sequence[ArrayLike],
    names: Sequence[str],
) -> None:
    """Draw accuracies by direction, a row each, the first on top, with a picture of each direction.

    Args:
        axis: where to draw.
        rows: by net, mean and interval in percent, shape (D, 3).
        images: of the directions, D.
        names: of the directions, D.
    """
    places = np.arange(len(names))
    for number, (label, row) in enumerate(rows.items()):
        color, line = STYLES[label]
        mean, low, high = np.asarray(row).T
        axis.errorbar(
            mean,
            places + 0.17 * (number - (len(rows) - 1) / 2),
            xerr=[mean - low, high - mean],
            fmt="o" if line == "-" else "s",
            ms=5,
            color=COLORS[color],
            mfc=COLORS[color] if line == "-" else "none",
            label=label,
        )
    axis.axvline(50, color=INK, lw=0.8)
    for place, image in zip(places, images, strict=True):
        reach = np.abs(np.asarray(image)).max()
        picture = OffsetImage(
            image,
            zoom=_THUMBNAIL,
            cmap="PuOr",
            norm=Normalize(-reach, reach),
            interpolation="nearest",
        )
        at = (-0.2, place)
        box = AnnotationBbox(picture, at, xycoords=axis.get_yaxis_transform(), frameon=False)
        axis.add_artist(box)
    axis.set_yticks(places, names)
    axis.set_ylim(len(names) - 0.5, -0.5)
    axis.set(xlabel="test accuracy (%)", xlim=(47, 101))
    axis.grid(axis="x")


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
