"""Figures of kernels: rows of kernel images, and how estimates approach a limit."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from halfspace.plots.style import COLORS, INK

__all__ = ["class_shares", "convergence", "kernel_row", "mean_ratio", "regression"]

# Inputs at equispaced angles: the top half of the circle comes first.
_CIRCLE_TICKS = ((0.0, "0"), (0.5, "π"), (1.0, "2π"))


def kernel_row(
    axes: ArrayLike,
    kernels: Sequence[ArrayLike],
    titles: Sequence[str],
    *,
    ticks: Sequence[tuple[float, str]] = _CIRCLE_TICKS,
    shared: bool = False,
    label: str = "",
) -> None:
    """Draw square kernels as images; both axes grow away from the lower left corner.

    The inputs come in two groups of equal size; white lines part them.

    Three panels side by side need a row height of 2.6 in, two panels 3.2 in.

    Args:
        axes: one Axes per kernel, any shape.
        kernels: as many kernels, each of shape (n, n).
        titles: as many titles.
        ticks: (position, text) pairs for both axes, positions as fractions of the axis from 0 to 1.
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
        _label_sides(panel, ticks)
        if not shared:
            _colorbar([panel], image, limits, label)
    if shared:
        _colorbar(panels, image, limits, label)


def class_shares(
    panels: ArrayLike,
    shares: Sequence[ArrayLike],
    titles: Sequence[str],
    classes: Sequence[str],
    *,
    label: str,
) -> None:
    """Draw matrices over pairs of classes side by side, on one scale of colours from zero.

    Args:
        panels: one Axes per matrix, any shape.
        shares: not negative, shape (c, c) each; the first class is in the first row from the top.
        titles: one per matrix.
        classes: c names.
        label: what the colours mean.

    Raises:
        ValueError: if the numbers of panels, matrices and titles differ, or the sizes do.
    """
    panels = list(np.ravel(panels))
    sizes = {np.shape(matrix) for matrix in shares}
    if not len(panels) == len(shares) == len(titles) or sizes != {(len(classes),) * 2}:
        raise ValueError(
            f"{len(panels)} panels need as many titles and matrices of {len(classes)} classes; got "
            f"{len(titles)} titles and sizes {sorted(sizes)}"
        )
    top = max(float(np.max(matrix)) for matrix in shares)
    for number, (panel, matrix, title) in enumerate(zip(panels, shares, titles, strict=True)):
        image = panel.imshow(matrix, vmin=0, vmax=top)
        panel.set_title(title)
        panel.set_xticks(range(len(classes)), classes, rotation=90, fontsize=8)
        panel.set_yticks(range(len(classes)), [] if number else classes, fontsize=8)
        panel.tick_params(length=0)
    bar = panels[0].figure.colorbar(image, ax=panels, fraction=0.05, aspect=24, label=label)
    bar.outline.set_visible(False)


def convergence(
    axes: ArrayLike,
    sizes: ArrayLike,
    series: Mapping[str, tuple[ArrayLike, tuple[float, float], str]],
    *,
    expected_slope: float,
) -> None:
    """Draw errors against width on log axes: each seed's curve, their mean and a fitted power law.

    Args:
        axes: one Axes per series, any shape.
        sizes: shape (W,).
        series: for each title the errors, positive, one row a seed, shape (S, W), the fitted line's
            (slope, intercept) in natural logarithms, and a key of ``COLORS``.
        expected_slope: a dotted line of this slope goes through the mean at the largest width.

    Raises:
        ValueError: if the numbers of axes and series differ.
    """
    panels: list[Axes] = list(np.ravel(axes))
    sizes = np.asarray(sizes, dtype=float)
    for panel, (title, (errors, fit, color)) in zip(panels, series.items(), strict=True):
        mean = np.exp(np.log(errors).mean(axis=0))
        line = np.exp(fit[1]) * sizes ** fit[0]
        expected = mean[-1] * (sizes / sizes[-1]) ** expected_slope
        panel.loglog(sizes, np.transpose(errors), color=COLORS[color], linewidth=0.6, alpha=0.35)
        panel.loglog(sizes, mean, "o", color=COLORS[color], markersize=5, label="mean over seeds")
        panel.loglog(sizes, line, color=COLORS[color], label="power law")
        panel.loglog(
            sizes, expected, ":", color=INK, label=f"slope {expected_slope:g}".replace("-", "−")
        )
        panel.set_title(title)
        panel.set(xlabel="width m", ylabel="relative RMS error")
        _label_sizes(panel, sizes)
        low, high = panel.get_ylim()
        ticks = [tick for tick in (0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5) if low < tick < high]
        panel.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
        panel.label_outer()
    handles, labels = panels[0].get_legend_handles_labels()
    panels[0].figure.legend(handles, labels, loc="outside upper center", ncols=len(labels))


def mean_ratio(
    axis: Axes,
    sizes: ArrayLike,
    series: Mapping[str, Sequence[tuple[float, float, float]]],
    *,
    color: str,
) -> None:
    """Draw means over their expectation, with their intervals, about the line at one.

    Args:
        axis: where to draw.
        sizes: shape (W,).
        series: for each label (mean, lower end, upper end) for each size; all but the first are
            drawn with hollow squares.
        color: a key of ``COLORS``.
    """
    sizes = np.asarray(sizes, dtype=float)
    axis.axhline(1, color=INK, linewidth=1, zorder=0)
    for index, (label, intervals) in enumerate(series.items()):
        beside = sizes * 1.1 ** (index - (len(series) - 1) / 2)  # so that the bars do not cover
        mean, low, high = np.transpose(intervals)
        axis.errorbar(
            beside,
            mean,
            yerr=[mean - low, high - mean],
            fmt="s" if index else "o",
            color=COLORS[color],
            markerfacecolor="none" if index else COLORS[color],
            markersize=4,
            linewidth=1.2,
            label=label,
        )
    axis.set_xscale("log")
    _label_sizes(axis, sizes)
    axis.set(xlabel="width m", ylabel="mean / expected")
    axis.figure.legend(loc="outside upper center", ncols=len(series))


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
            color=COLORS["frozen"],
            markersize=5,
            label="experts, gradient descent",
        )
        panel.set_xticks([0, math.pi, 2 * math.pi], ["0", "π", "2π"])
        panel.set_title(title)
    lines, names = panels[0].get_legend_handles_labels()
    panels[0].figure.legend(lines, names, loc="outside upper center", ncols=3, handlelength=1.2)


def _label_sizes(axis: Axes, sizes: np.ndarray) -> None:
    """Put a tick at each size; label every other one, from the largest down, where they crowd."""
    every = 1 if len(sizes) < 6 else 2
    labelled = set(sizes[::-1][::every])
    axis.set_xticks(sizes, [f"{size:g}" if size in labelled else "" for size in sizes])
    axis.minorticks_off()


def _color_range(array: np.ndarray) -> tuple[float, float]:
    low, high = min(0.0, float(np.nanmin(array))), float(np.nanmax(array))
    return low, high if high > low else low + 1.0


def _label_sides(panel: Axes, ticks: Sequence[tuple[float, str]]) -> None:
    places, texts = zip(*ticks, strict=True)
    first_column = panel.get_subplotspec() is None or panel.get_subplotspec().is_first_col()
    panel.set_xticks(places, texts)
    panel.set_yticks(places, texts if first_column else [""] * len(texts))
    if all(0 < place < 1 for place in places):
        # Names of groups lie along the axis and need no tick mark.
        panel.tick_params(length=0)
        for text in panel.get_yticklabels():
            text.set(rotation=90, verticalalignment="center")
    panel.axhline(0.5, color="white", linewidth=0.8, alpha=0.8)
    panel.axvline(0.5, color="white", linewidth=0.8, alpha=0.8)
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
    if value < 0:
        return f"−{_compact(-value)}"
    if value == 0:
        return "0"
    exponent = math.floor(math.log10(value))
    if -3 < exponent < 4:
        return f"{value:.2g}" if exponent < 2 else f"{value:.0f}"
    return rf"${value / 10**exponent:.1f}{{\cdot}}10^{{{exponent}}}$"
