"""Figures of global minima."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter
from numpy.typing import ArrayLike

from halfspace.companion.plots import (
    COLORS,
    INK,
    forest,
    interval_curve,
    interval_curves,
    mark_values,
)

__all__ = ["STYLES", "fields", "functions", "overlaps", "rates", "ratios", "training"]

STYLES = {
    "target": ("target", ":"),
    "spline": ("low", "-"),
    "interpolant": ("ours", "-"),
    "spline + bumps": ("ours", "--"),
    "shifted + bumps": ("high", "-"),
    "straight lines": ("linear", "-"),
    "nearest label": ("dgn", "-"),
    "slope −4/5": ("none", ":"),
    "training error": ("linear", "--"),
    "risk": ("relu", "-"),
    "ReLU net": ("relu", "-"),
    "ReLU net, no noise": ("relu", "--"),
    "DLGN": ("dlgn", "-"),
    "DLGN, no noise": ("dlgn", "--"),
    "built, boxes": ("ours", "-"),
}
"""Colour and line of each curve of the chapter, by its label."""


def functions(
    axis: Axes,
    curves: Mapping[str, tuple[ArrayLike, ArrayLike]],
    points: tuple[ArrayLike, ArrayLike],
    title: str,
) -> None:
    """Draw functions on [0, 1] and the points that they pass through.

    Args:
        axis: where to draw.
        curves: by label, places and values, shape (k,) each.
        points: places and labels, shape (n,) each.
        title: of the panel.
    """
    for label, (x, y) in curves.items():
        color, style = STYLES[label]
        width = 1.0 if label == "interpolant" else 1.6
        axis.plot(x, y, style, color=COLORS[color], lw=width, label=label)
    axis.plot(*points, "o", ms=3.2, color=INK, label="data", zorder=3)
    axis.set(title=title, xlabel="x")
    axis.set_xticks([0, 1])


def fields(axes: Sequence[Axes], images: Mapping[str, ArrayLike], points: ArrayLike) -> None:
    """Draw functions on the unit square on one scale, with the training points.

    Args:
        axes: as many as there are images.
        images: by title, values of shape (k, k); the first axis is the first coordinate.
        points: shape (n, 2).
    """
    reach = max(np.abs(image).max() for image in images.values())
    for axis, (title, image) in zip(axes, images.items(), strict=True):
        drawn = axis.imshow(
            np.transpose(image), cmap="PuOr", vmin=-reach, vmax=reach, origin="lower",
            extent=(0, 1, 0, 1), interpolation="nearest",
        )  # fmt: skip
        axis.plot(*np.transpose(points), ".", ms=2.5, color="#000000")
        axis.set(title=title, xticks=[0, 1], yticks=[0, 1])
    axes[0].figure.colorbar(drawn, ax=list(axes), shrink=0.8)


def rates(axis: Axes, points: ArrayLike, rows: Mapping[str, ArrayLike]) -> None:
    """Draw risks over the number of points, on logarithmic axes.

    Args:
        axis: where to draw.
        points: n, shape (N,).
        rows: by label, geometric mean and interval, shape (N, 3).
    """
    interval_curves(axis, points, rows, STYLES)
    axis.set(xscale="log", yscale="log", xlabel="training points n", ylabel="risk")
    mark_values(axis, points, gap=0.028)
    axis.yaxis.set_major_locator(FixedLocator([0.001, 0.01, 0.1, 1]))
    axis.yaxis.set_minor_locator(FixedLocator([]))
    axis.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))


def training(axis: Axes, epochs: ArrayLike, rows: Mapping[str, ArrayLike], built: float) -> None:
    """Draw risk and training error over epochs, and the risk of what was built.

    Args:
        axis: where to draw.
        epochs: shape (E,); epoch 0 is left out.
        rows: by label, geometric mean and interval, shape (E, 3).
        built: geometric mean of the built interpolants' risk.
    """
    for label, row in rows.items():
        color, style = STYLES[label]
        interval_curve(axis, epochs[1:], row[1:], label, color=color, style=style)
    axis.axhline(built, color=COLORS["ours"], lw=1.4, ls="-.", label="risk of the built net")
    axis.set(xscale="log", xlabel="epoch", ylabel="mean squared error")
    axis.set_ylim(bottom=0)
    mark_values(axis, [1, 10, 100, 1000], gap=0.03)


def ratios(axis: Axes, rows: Mapping[str, Mapping[str, tuple]]) -> None:
    """Draw factors of the trained nets' risk over the built ones', a row for each condition.

    Args:
        axis: where to draw.
        rows: by net and condition, mean and interval.
    """
    colors = {label: STYLES[label][0] for label in rows}
    forest(axis, rows, colors, "risk of Adam's minimum over the built one's")
    axis.set_xscale("log")
    axis.axvline(1, color=INK, lw=0.8)
    axis.xaxis.set_major_locator(FixedLocator([1, 1.2, 1.5, 2, 2.5]))
    axis.xaxis.set_minor_locator(FixedLocator([]))
    axis.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"×{value:g}"))


def overlaps(axis: Axes, epochs: ArrayLike, rows: Mapping[str, ArrayLike]) -> None:
    """Draw the share of paths that two training points share, over epochs.

    Args:
        axis: where to draw.
        epochs: shape (E,); epoch 0 is left out.
        rows: by label, mean and interval, shape (E, 3).
    """
    for label, row in rows.items():
        color, style = STYLES[label]
        interval_curve(axis, epochs[1:], row[1:], label, color=color, style=style)
    axis.set(xscale="log", xlabel="epoch", ylabel="paths shared by two points")
    axis.set_ylim(-0.02, 0.5)
    mark_values(axis, [1, 10, 100, 1000], gap=0.03)
