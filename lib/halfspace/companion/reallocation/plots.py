"""Figures on reallocation: errors over training, and paths along the circle."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from halfspace.companion.plots import COLORS, angle_axis, interval_curve

__all__ = ["errors", "paths_along_circle"]


def errors(
    axis: Axes, epochs: ArrayLike, curves: Mapping[str, ArrayLike], labels: Mapping[str, str]
) -> None:
    """Draw errors over training, a curve with its interval for each idea.

    Args:
        axis: where to draw.
        epochs: shape (K,).
        curves: by idea, mean and interval, shape (K, 3).
        labels: of the ideas.
    """
    for idea, curve in curves.items():
        interval_curve(axis, epochs, curve, labels[idea], color=idea)
    axis.set(yscale="log", ylabel="training MSE")


def paths_along_circle(
    axis: Axes, curves: Mapping[str, tuple[ArrayLike, ArrayLike]], labels: Mapping[str, str]
) -> None:
    """Draw numbers of active paths along the circle, plus one; the top half is shaded.

    Args:
        axis: where to draw.
        curves: by idea, angles in radians (drawn in degrees) and numbers, shape (N,) each.
        labels: of the ideas.
    """
    for idea, (angles, counts) in curves.items():
        degrees = np.degrees(angles)
        axis.plot(degrees, 1 + np.asarray(counts), color=COLORS[idea], label=labels[idea])
    axis.axvspan(0, 180, color=COLORS["low"], alpha=0.12, lw=0)
    angle_axis(axis)
    axis.set(yscale="log", xlabel="angle", ylabel="1 + active paths")
