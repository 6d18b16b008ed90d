"""Figures of kernels: rows of kernel images, and how estimates approach a limit."""

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from halfspace.plots.style import COLORS, INK

__all__ = ["CIRCLE_TICKS", "HALVES_TICKS", "convergence", "kernel_row", "mean_ratio", "regression"]

CIRCLE_TICKS = ((0.0, "0"), (0.5, "π"), (1.0, "2π"))
"""Inputs at equispaced angles: the upper half of the circle comes first."""

HALVES_TICKS = ((0.25, "simple"), (0.75, "complex"))
"""Inputs sorted into two equal groups, the simple one first."""


def kernel_row(
    axes: ArrayLike,
    kernels: Sequence[ArrayLike],
    titles: Sequence[str],
    *,
    ticks: Sequence[tuple[float, str]] = CIRCLE_TICKS,
    boundary: float | None = 0.5,
    shared: bool = False,
    label: str = "",
) -> None:
    """Draw square kernels as images; both axes grow away from the lower left corner.

    Three panels side by side need a row height of 2.6 in, two panels 3.2 in.

    Args:
        axes: one Axes per kernel, any shape.
        kernels: as many kernels, each of shape (n, n).
        titles: as many titles.
        ticks: (position, text) pairs for both axes, positions as fractions of the axis from 0 to 1.
        boundary: where to draw the line between the two groups of inputs, as a fraction;
            ``None`` for no line.
        shared: whether all kernels share one colour scale and one colour bar; otherwise each has
            its own.
        label: what the colours measure, written at the colour bars.

    Raises:
        ValueError: if the numbers of axes, kernels and titles differ or a kernel is not square.
    """
    panels: list[Axes] = list(np.ravel(axes))
    arrays = [np.asarray(kernel, dtype=float) for kernel in kernels]
    if not len(panels) == len(arrays) == len(titles):
        raise ValueError(
            "axes, kernels and titles must be as many; "
            f"got {len(panels)}, {len(arrays)} and {len(titles)}"
        )
    for array in arrays:
        if array.ndim != 2 or array.shape[0] != array.shape[1]:
            raise ValueError(f"kernels must be square; got shape {array.shape}")
    ranges = [_color_range(array) for array in arrays]
    if shared:
        ranges = [(min(low for low, _ in ranges), max(high for _, high in ranges))] * len(arrays)
    for panel, array, title, limits in zip(panels, arrays, titles, ranges, strict=True):
        image = panel.imshow(
            array,
            origin="lower",
            extent=(0, 1, 0, 1),
            vmin=limits[0],
            vmax=limits[1],
            rasterized=True,
        )
        panel.set_title(title)
        _label_sides(panel, ticks, boundary)
        if not shared:
            _colorbar([panel], image, limits, label)
    if shared:
        _colorbar(panels, image, limits, label)


def convergence(
    axis: Axes,
    sizes: ArrayLike,
    errors: ArrayLike,
    *,
    label: str,
    color: str,
    fit: tuple[float, float] | None = None,
) -> None:
    """Draw errors against size on log axes: each seed's curve, their mean and a fitted power law.

    Args:
        axis: where to draw.
        sizes: shape (W,).
        errors: positive, one row a seed, shape (S, W).
        label: what the curve shows.
        color: a key of ``COLORS``.
        fit: (slope, intercept) of the straight line in natural logarithms.
    """
    sizes, errors = np.asarray(sizes, dtype=float), np.asarray(errors, dtype=float)
    axis.loglog(sizes, errors.T, color=COLORS[color], linewidth=0.6, alpha=0.35)
    mean = np.exp(np.log(errors).mean(axis=0))
    axis.loglog(sizes, mean, "o", color=COLORS[color], markersize=5, label=label)
    if fit is not None:
        slope, intercept = fit
        axis.loglog(sizes, np.exp(intercept) * sizes**slope, color=COLORS[color])
    axis.set_xticks(sizes, [f"{size:g}" for size in sizes])
    axis.minorticks_off()
    low, high = errors.min(), errors.max()
    decades = [t for t in (0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5) if low / 1.5 <= t <= high * 1.5]
    axis.set_yticks(decades, [f"{t:g}" for t in decades])
    axis.set(xlabel="width m", ylabel="relative RMS error")
    axis.legend(loc="lower left")


def mean_ratio(
    axis: Axes, sizes: ArrayLike, ratios: ArrayLike, errors: ArrayLike, *, label: str, color: str
) -> None:
    """Draw mean estimate over expectation, with two standard errors, about the line at one.

    Args:
        axis: where to draw.
        sizes: shape (W,).
        ratios: mean over expectation, shape (W,).
        errors: standard errors of ``ratios``, shape (W,).
        label: what the points show.
        color: a key of ``COLORS``.
    """
    sizes = np.asarray(sizes, dtype=float)
    axis.axhline(1, color=INK, linewidth=1, zorder=0)
    axis.errorbar(
        sizes,
        ratios,
        yerr=2 * np.asarray(errors),
        fmt="o",
        color=COLORS[color],
        capsize=3,
        label=label,
    )
    axis.set_xscale("log", base=2)
    axis.set_xticks(sizes, [f"{size:g}" for size in sizes])
    axis.minorticks_off()
    axis.set(xlabel="width m", ylabel="mean / expected")
    axis.legend(loc="upper right")


def regression(
    axes: ArrayLike,
    angles: ArrayLike,
    target: ArrayLike,
    kernel: Sequence[ArrayLike],
    descent: Sequence[ArrayLike],
    titles: Sequence[str],
) -> None:
    """Draw functions on the circle: target, kernel prediction (line), gradient descent (dots).

    Args:
        axes: one Axes per function, any shape.
        angles: in radians, increasing, shape (n,).
        target: shape (n,).
        kernel: closed-form predictions, each of shape (n,).
        descent: predictions of gradient descent, each of shape (n,).
        titles: one per function.

    Raises:
        ValueError: if the numbers of axes, predictions and titles differ.
    """
    panels: list[Axes] = list(np.ravel(axes))
    angles = np.asarray(angles)
    few = slice(None, None, max(1, len(angles) // 48))
    for panel, line, dots, title in zip(panels, kernel, descent, titles, strict=True):
        panel.plot(angles, target, color=INK, linewidth=1, linestyle=":", label="target")
        panel.plot(angles, line, color=COLORS["linear"], label="kernel, closed form")
        panel.plot(
            angles[few],
            np.asarray(dots)[few],
            ".",
            color=COLORS["dlgn"],
            markersize=5,
            label="experts, gradient descent",
        )
        panel.set_xticks([0, math.pi, 2 * math.pi], ["0", "π", "2π"])
        panel.set_title(title)
    lines, names = panels[0].get_legend_handles_labels()
    panels[0].figure.legend(lines, names, loc="outside lower center", ncols=3, handlelength=1.2)


def _color_range(array: np.ndarray) -> tuple[float, float]:
    low, high = min(0.0, float(np.nanmin(array))), float(np.nanmax(array))
    return low, high if high > low else low + 1.0


def _label_sides(panel: Axes, ticks: Sequence[tuple[float, str]], boundary: float | None) -> None:
    places, texts = zip(*ticks, strict=True)
    first_column = panel.get_subplotspec() is None or panel.get_subplotspec().is_first_col()
    panel.set_xticks(places, texts)
    panel.set_yticks(places, texts if first_column else [""] * len(texts))
    if all(0 < place < 1 for place in places):
        # Names of groups lie along the axis and need no tick mark.
        panel.tick_params(length=0)
        for text in panel.get_yticklabels():
            text.set(rotation=90, verticalalignment="center")
    if boundary is not None:
        panel.axhline(boundary, color="white", linewidth=0.8, alpha=0.8)
        panel.axvline(boundary, color="white", linewidth=0.8, alpha=0.8)
    for spine in panel.spines.values():
        spine.set_visible(False)


def _colorbar(panels: list[Axes], image, limits: tuple[float, float], label: str) -> None:
    bar = panels[0].figure.colorbar(
        image, ax=panels, location="bottom", fraction=0.06, aspect=18 * len(panels), pad=0.03
    )
    bar.set_ticks(limits, labels=[_compact(value) for value in limits])
    bar.ax.get_xticklabels()[0].set_horizontalalignment("left")
    bar.ax.get_xticklabels()[-1].set_horizontalalignment("right")
    bar.outline.set_visible(False)
    if label:
        bar.set_label(label, labelpad=-9 if len(panels) > 1 else 0)


def _compact(value: float) -> str:
    """Write a number with two figures: 0, 0.42, 37, 5.2·10⁴."""
    if value == 0:
        return "0"
    exponent = math.floor(math.log10(abs(value)))
    if -3 < exponent < 4:
        return f"{value:.2g}" if exponent < 2 else f"{value:.0f}"
    return rf"${value / 10**exponent:.1f}{{\cdot}}10^{{{exponent}}}$"
