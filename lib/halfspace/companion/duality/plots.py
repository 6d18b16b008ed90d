"""Figures of the dual view."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter
from numpy.typing import ArrayLike

from halfspace.companion.plots import COLORS, INK, interval_curves

__all__ = ["blocks", "descent", "ladder", "shifted", "slide"]

_KERNELS = {
    "mean over pixels": ("ours", "-"),
    "border of zeros": ("equal paths", "--"),
    "no mean": ("dlgn", "-"),
    "dense": ("linear", ":"),
}
_GATES = {"DLGN gates": ("dlgn", "-"), "ReLU gates": ("relu", "-")}
_FAR, _NEAR = [20, 30, 50, 90], [50, 60, 70, 80, 90]  # marks, as the values need
_DESCENT = {
    "kernel ⟨x, x'⟩": ("linear", "--"),
    "neural path kernel": ("ours", "-"),
    "slope −1/2": ("none", ":"),
}


def slide(axis: Axes, curves: Mapping[str, ArrayLike]) -> None:
    """Draw kernel values over the shift of the second image, as shares of the unshifted one.

    Args:
        axis: where to draw.
        curves: by kernel, shape (k,), for shifts 0 to k - 1.
    """
    for label, values in curves.items():
        color, style = _KERNELS[label]
        axis.plot(np.arange(len(values)), values, style, color=COLORS[color], label=label)
    axis.axhline(0, color=INK, lw=0.8)
    axis.set(xlabel="shift of the second image (pixels)", ylabel="kernel over unshifted")


def shifted(axis: Axes, rows: Mapping[str, tuple[ArrayLike, ArrayLike]]) -> None:
    """Draw accuracies in place and shifted as pairs of bars.

    Args:
        axis: where to draw.
        rows: by kernel, mean and interval in place, and shifted, (3,) each, in percent.
    """
    places = np.arange(len(rows))
    looks = (("in place", "ours"), ("shifted", "dlgn"))
    for side, (label, color) in enumerate(looks):
        mean, low, high = np.array([pair[side] for pair in rows.values()]).T
        axis.bar(
            places + 0.4 * side - 0.2, mean, 0.36, color=COLORS[color], label=label,
            yerr=[mean - low, high - mean], ecolor=INK, error_kw={"lw": 1},
        )  # fmt: skip
    axis.axhline(10, color=INK, lw=0.8, ls=":")
    axis.set_xticks(places, rows)
    axis.set_ylabel("right test images (%)")


def blocks(axis: Axes, angles: ArrayLike, rows: Mapping[str, ArrayLike]) -> None:
    """Draw the mean number of blocks in use over the angle between two inputs.

    Args:
        axis: where to draw.
        angles: in degrees, shape (A,).
        rows: by gates, mean and interval, shape (A, 3).
    """
    interval_curves(axis, angles, rows, _GATES)
    axis.set_xticks(range(0, 181, 45), [f"{degrees}°" for degrees in range(0, 181, 45)])
    axis.set_ylim(bottom=0)
    axis.set(xlabel="angle between the inputs", ylabel="blocks in use, of ten")


def descent(axis: Axes, widths: ArrayLike, rows: Mapping[str, ArrayLike]) -> None:
    """Draw the distance of trained nets to kernel descent over the width, and a slope of -1/2.

    Args:
        axis: where to draw.
        widths: m, shape (W,).
        rows: by kernel, geometric mean and interval, shape (W, 3).
    """
    interval_curves(axis, widths, rows, _DESCENT)
    axis.set(xscale="log", yscale="log", xlabel="units m", ylabel="distance to descent")
    axis.xaxis.set_major_locator(FixedLocator(list(widths)))
    for marks in (axis.xaxis, axis.yaxis):
        marks.set_minor_formatter(NullFormatter())
        marks.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.yaxis.set_major_locator(FixedLocator([0.03, 0.1, 0.3, 1]))


def ladder(axis: Axes, rows: Mapping[str, tuple[ArrayLike, str]], chance: float) -> None:
    """Draw shares of wrong test points as dots with intervals, a row for each net.

    Args:
        axis: where to draw.
        rows: by net, mean and interval in percent, (3,), and a key of ``COLORS``.
        chance: the share when guessing, in percent.
    """
    for place, (value, color) in enumerate(rows.values()):
        mean, low, high = value
        axis.errorbar(
            [mean], [place], xerr=[[mean - low], [high - mean]], fmt="o", ms=4, lw=1.4,
            color=COLORS[color],
        )  # fmt: skip
    axis.axvline(chance, color=INK, lw=0.8, ls=":")
    axis.set_yticks(range(len(rows)), rows, fontsize=9)
    axis.set_ylim(len(rows) - 0.5, -0.5)
    axis.set_xscale("log")
    low = min(value[1] for value, _ in rows.values())
    axis.xaxis.set_major_locator(FixedLocator(_FAR if low < _NEAR[0] - 10 else _NEAR))
    axis.xaxis.set_minor_locator(FixedLocator([]))
    axis.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.grid(axis="x")
