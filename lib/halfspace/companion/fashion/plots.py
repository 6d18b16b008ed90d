"""Figures of Section 5: two parts of a data set over training, from initialisation on."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from halfspace.companion.plots import COLORS, INK

__all__ = ["at_points", "from_initialisation", "image_row", "mark_value"]


def from_initialisation(
    axis: Axes,
    epochs: ArrayLike,
    curves: Mapping[str, ArrayLike],
    *,
    colors: Mapping[str, str],
    styles: Mapping[str, str] | None = None,
    log_value: bool = False,
) -> None:
    """Draw curves over training: mean over seeds, and a band from the least to the greatest seed.

    The time axis is linear from initialisation, at its left end, to the first record after it, and
    logarithmic from there on.

    Args:
        axis: where to draw.
        epochs: times of the records, starting with 0, shape (E,).
        curves: by label, shape (E, S). Means with their intervals, shape (E, 3), are drawn as such.
        colors: by label, keys of ``COLORS``.
        styles: by label, line styles; solid if ``None``.
        log_value: logarithmic values; the mean is then the geometric one.
    """
    epochs = np.asarray(epochs)
    for label, values in curves.items():
        values = np.asarray(values, dtype=float)
        middle = np.exp(np.log(values).mean(1)) if log_value else values.mean(1)
        color, style = COLORS[colors[label]], (styles or {}).get(label, "-")
        axis.fill_between(epochs, values.min(1), values.max(1), color=color, alpha=0.2, lw=0)
        axis.plot(epochs, middle, style, color=color, label=label)
    axis.set_xscale("symlog", linthresh=epochs[1], linscale=0.35)
    ticks = [tick for tick in (0.1, 1, 10, 100) if epochs[1] <= tick <= epochs[-1]]
    axis.set_xticks([0, *ticks], ["0", *(f"{tick:g}" for tick in ticks)])
    axis.minorticks_off()
    axis.set_xlim(0, epochs[-1])
    axis.set_yscale("log" if log_value else "linear")
    axis.grid(axis="y")


def mark_value(axis: Axes, value: float) -> None:
    """Mark a value with a thin horizontal line."""
    axis.axhline(value, color=INK, lw=1)


def at_points(
    axis: Axes,
    points: list[str],
    curves: Mapping[str, ArrayLike],
    *,
    colors: Mapping[str, str],
    styles: Mapping[str, str],
) -> None:
    """Draw values at a few named points in time, a line per label through the means over seeds.

    Args:
        axis: where to draw.
        points: names of the points in time.
        curves: by label, shape (points, S); each seed's value is a dot.
        colors: by label, keys of ``COLORS``.
        styles: by label, line styles.
    """
    places = np.arange(len(points))
    for label, values in curves.items():
        values, color = np.asarray(values), COLORS[colors[label]]
        axis.plot(places, values, ".", color=color, ms=4, alpha=0.6)
        axis.plot(places, values.mean(1), styles[label], color=color, label=label)
    mark_value(axis, 0)
    axis.set_xticks(places, points)
    axis.set_xlim(-0.2, len(points) - 0.8)


def image_row(axes: ArrayLike, images: ArrayLike, titles: list[str]) -> None:
    """Draw square grey images, dark on light, one a panel.

    Args:
        axes: as many Axes as images, any shape.
        images: pixels row by row, shape (images, side * side).
        titles: as many titles.
    """
    for axis, image, title in zip(np.ravel(axes), np.asarray(images), titles, strict=True):
        side = round(len(image) ** 0.5)
        axis.imshow(image.reshape(side, side), cmap="gray_r")
        axis.set_title(title, fontsize=9)
        axis.set_axis_off()
