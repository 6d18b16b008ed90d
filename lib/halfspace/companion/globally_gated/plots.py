"""Figures on globally gated nets and coding schemes."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter
from numpy.typing import ArrayLike

from halfspace.companion.plots import COLORS, INK, interval_curve

__all__ = ["curves", "order_grid", "storage", "task_kernels", "ticks", "transfer"]

STYLES = {
    "infinite width": ("none", "--"),
    "renormalised kernel": ("ours", "-"),
    "sampling error": ("linear", ":"),
    "mean of trained nets": ("dlgn", "-"),
    "one trained net": ("dlgn", ":"),
    "N = 1": ("frozen", "-"),
    "N = 2": ("dlgn", "-"),
    "N = 3": ("new half-spaces", "-"),
    "N = 4": ("ours", "-"),
    "N = 6": ("high", "-"),
    "N = 5": ("frozen", "-"),
    "N = 10": ("dlgn", "-"),
    "N = 30": ("ours", "-"),
    "N = 100": ("new half-spaces", "-"),
    "s = 0.3": ("frozen", "-"),
    "s = 0.5": ("new half-spaces", "-"),
    "s = 1": ("ours", "-"),
    "s = 2": ("high", "-"),
    "s = 4": ("dlgn", "-"),
    "one gate": ("linear", "--"),
    "globally gated": ("dlgn", "-"),
    "linear kernel": ("linear", "--"),
    "ReLU net": ("relu", "-"),
    "ReLU net, NTK": ("relu", ":"),
    "limit of many gates": ("dlgn", "--"),
    "linear": ("linear", "-"),
    "erf": ("frozen", "-"),
    "ReLU": ("relu", "-"),
    "ReLU, sparse start": ("relu", "--"),
}
"""Colour and line of each curve of the chapter, by its label."""


def curves(axis: Axes, x: ArrayLike, rows: Mapping[str, ArrayLike], **labels: str) -> None:
    """Draw curves in their intervals on logarithmic axes, in the chapter's styles.

    Args:
        axis: where to draw.
        x: shape (k,); of curves with fewer values, the first and the last one.
        rows: by label, value and interval, shape (k, 3) or (2, 3).
        **labels: ``xlabel`` and ``ylabel``.
    """
    for label, row in rows.items():
        color, style = STYLES[label]
        places = x if len(row) == len(x) else (x[0], x[-1])
        interval_curve(axis, places, row, label, color=color, style=style)
    axis.set(xscale="log", yscale="log", **labels)


def ticks(axis: Axes, side: str, values: Sequence[float]) -> None:
    """Mark a logarithmic axis at some values, written as plain numbers.

    Args:
        axis: where.
        side: ``"x"`` or ``"y"``.
        values: the marks.
    """
    marks = getattr(axis, f"{side}axis")
    marks.set_major_locator(FixedLocator(values))
    marks.set_minor_locator(FixedLocator([]))
    marks.set_minor_formatter(NullFormatter())
    marks.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))


def transfer(axis: Axes, similarities: ArrayLike, rows: Mapping[str, Mapping]) -> None:
    """Draw the second task's error over the tasks' similarity.

    Args:
        axis: where to draw.
        similarities: ρ, shape (R,).
        rows: ``"limit"`` and ``"theory"``, drawn as lines, and ``"exact"``, drawn as dots, each by
            label, mean and interval, shape (R, 3).
    """
    for label, row in (rows["limit"] | rows["theory"]).items():
        color, style = STYLES[label]
        axis.plot(similarities, np.asarray(row)[:, 0], style, color=COLORS[color], label=label)
    for label, row in rows["exact"].items():
        axis.plot(similarities, np.asarray(row)[:, 0], "o", ms=4, color=COLORS[STYLES[label][0]])
    axis.set(xlabel="similarity ρ of the tasks", ylabel="error of the second task")
    axis.set_ylim(bottom=0)
    axis.set_xticks(similarities, [f"{rho:g}".replace("-", "−") for rho in similarities])


def order_grid(axes: np.ndarray, images: Sequence[ArrayLike], titles: Sequence[str]) -> None:
    """Draw order parameters as images on one colour scale that is even about zero.

    Args:
        axes: as many Axes, any shape.
        images: shape (M, M) each.
        titles: as many.
    """
    reach = max(np.abs(image).max() for image in images)
    for axis, image, title in zip(np.ravel(axes), images, titles, strict=True):
        drawn = axis.imshow(image, cmap="PuOr", vmin=-reach, vmax=reach)
        axis.set_title(title, fontsize=9)
        axis.set(xticks=[], yticks=[])
    bar = axis.figure.colorbar(drawn, ax=axes, shrink=0.7, label="entry of U")
    bar.outline.set_edgecolor(INK)


def storage(axis: Axes, rows: Mapping[str, ArrayLike]) -> None:
    """Draw which share of problems is stored against how full a net is; a line marks fullness.

    Args:
        axis: where to draw.
        rows: by label, points over free numbers and share, shape (P, 2).
    """
    axis.axvline(1, color=INK, lw=0.8)
    for (label, row), marker in zip(rows.items(), "osD^v", strict=False):
        options = dict(color=COLORS[STYLES[label][0]], marker=marker, ms=4, label=label)
        axis.plot(*np.transpose(row), STYLES[label][1], **options)
    axis.set(xlabel="points over free numbers", ylabel="share of problems stored")


def task_kernels(
    axes: np.ndarray, kernels: Sequence[ArrayLike], titles: Sequence[str], *, border: int
) -> None:
    """Draw kernels on one colour scale that is even about zero; lines separate two tasks.

    Args:
        axes: as many Axes, shape (columns,).
        kernels: shape (n, n) each.
        titles: as many.
        border: number of points of the first task.
    """
    # The diagonal exceeds the rest by far; the scale is that of the entries off it.
    reach = max(np.abs(kernel - np.diag(np.diag(kernel))).max() for kernel in kernels)
    for axis, kernel, title in zip(axes, kernels, titles, strict=True):
        drawn = axis.imshow(kernel, cmap="PuOr", vmin=-reach, vmax=reach)
        axis.axhline(border - 0.5, color=INK, lw=1)
        axis.axvline(border - 0.5, color=INK, lw=1)
        axis.set_title(title, fontsize=9)
        axis.set(xticks=[], yticks=[])
    bar = axes[0].figure.colorbar(drawn, ax=axes, shrink=0.8, extend="max")
    bar.outline.set_edgecolor(INK)
