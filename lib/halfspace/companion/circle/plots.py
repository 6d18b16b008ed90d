"""Figures of Section 4: the circle, its nets over many seeds, their half-spaces."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import AsinhNorm
from matplotlib.lines import Line2D
from matplotlib.patches import Wedge
from numpy.typing import ArrayLike

from halfspace.companion.plots import (
    CIRCLE_TICKS,
    COLORS,
    INK,
    angle_axis,
    ends_within,
    factor_axis,
    interval_curve,
    kernel_row,
    mark_values,
)
from halfspace.companion.text import rounded

__all__ = [
    "allocation_over_time",
    "dose_response",
    "factors_of_seeds",
    "half_space_grid",
    "halves",
    "halves_fitted",
    "layer_shares",
    "learned_functions",
    "linearised_errors",
    "marks_of_seeds",
    "overlap_kernels",
    "seeds_fitted",
    "strips_of_seeds",
    "tangent_kernels",
]


def halves(axis: Axes, angles: ArrayLike, target: ArrayLike) -> None:
    """Draw a target over the angle, one colour for each half.

    Args:
        axis: where to draw.
        angles: increasing angles in radians, shape (n,).
        target: values, shape (n,).
    """
    angles, target = np.asarray(angles), np.asarray(target)
    for chosen, name, label in (
        (angles < np.pi, "low", "slow half (top)"),
        (angles > np.pi, "high", "fast half (bottom)"),
    ):
        degrees = np.degrees(angles[chosen])
        axis.plot(degrees, target[chosen], ".-", ms=4, lw=1, color=COLORS[name], label=label)
    axis.set_xlabel("angle θ")
    axis.set_ylabel("target y")
    angle_axis(axis)
    axis.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)


def seeds_fitted(
    axis: Axes, curves: Mapping[str, tuple[ArrayLike, ArrayLike]], colors: Mapping[str, str]
) -> None:
    """Draw the share of seeds that have fitted the target by each epoch, as steps.

    Nets are measured at the steps' dots; a curve ends where its training ends.

    Args:
        axis: where to draw.
        curves: by label, epochs, the first of which is 0, and shares, shape (E,) each.
        colors: by label, keys of ``COLORS``.
    """
    for label, (epochs, shares) in curves.items():
        axis.step(
            epochs[1:], 100 * np.asarray(shares)[1:], ".-", where="post", ms=5, lw=1.4,
            color=COLORS[colors[label]], label=label,
        )  # fmt: skip
    axis.set(xscale="log", ylim=(-4, 104), yticks=[0, 50, 100])
    axis.set_xlabel("epoch")
    axis.set_ylabel("seeds fitted (%)")
    axis.grid(axis="y")


def halves_fitted(
    axis: Axes, curves: Mapping[str, tuple[ArrayLike, ArrayLike]], *, mark: float
) -> None:
    """Draw ``seeds_fitted`` for the slow half, the fast half, and the slow half alone.

    Args:
        axis: where to draw.
        curves: of these three, by label, epochs and shares, shape (E,) each.
        mark: an epoch to mark.
    """
    seeds_fitted(axis, curves, dict(zip(curves, ("low", "high", "none"), strict=True)))
    axis.lines[-1].set_linestyle("--")
    axis.axvline(mark, color=INK, lw=0.8, ls=":")


def learned_functions(
    axes: ArrayLike,
    angles: ArrayLike,
    target: ArrayLike,
    epochs: Sequence[int],
    outputs: Mapping[str, ArrayLike],
    colors: Mapping[str, str],
) -> None:
    """Draw learned functions over the target, a panel per epoch.

    Args:
        axes: K Axes, any shape.
        angles: angles in radians, shape (n,).
        target: target at these angles, shape (n,).
        epochs: the K epochs.
        outputs: by label, values, shape (K, n).
        colors: by label, keys of ``COLORS``.
    """
    panels = np.ravel(axes)
    for k, (axis, epoch) in enumerate(zip(panels, epochs, strict=True)):
        degrees = np.degrees(angles)
        axis.plot(degrees, target, color=COLORS["target"], lw=1, label="target")
        for label, values in outputs.items():
            axis.plot(degrees, values[k], color=COLORS[colors[label]], lw=1.4, label=label)
        axis.axvline(180, color=INK, lw=0.6, ls=":")
        axis.set(ylim=(-1.6, 1.6), title=f"epoch {epoch}", ylabel="output")
        angle_axis(axis)
    panels[-1].set_xlabel("angle θ")
    handles, labels = panels[0].get_legend_handles_labels()
    panels[0].figure.legend(handles, labels, loc="outside upper center", ncols=len(labels))


def half_space_grid(axis: Axes, normals: ArrayLike) -> None:
    """Draw every unit's half-space as a disc, a row per layer.

    The sector is the half of the circle on which the unit is active: its part on the top half of
    the circle in the low-frequency colour, its part on the bottom half in the high-frequency
    colour.

    Args:
        axis: where to draw.
        normals: the half-spaces' normals through the origin, shape (H, m, 2).
    """
    normals = np.asarray(normals)
    depth, width = normals.shape[:2]
    for layer in range(depth):
        for unit in range(width):
            centre = (unit, -layer)
            middle = np.degrees(np.arctan2(normals[layer, unit, 1], normals[layer, unit, 0]))
            _sector(axis, centre, middle)
    axis.set_xlim(-0.7, width - 0.3)
    axis.set_ylim(-depth + 0.4, 0.6)
    axis.set_aspect("equal")
    axis.set_yticks(range(0, -depth, -1), [str(layer + 1) for layer in range(depth)])
    axis.set_ylabel("layer")
    axis.set_xticks([])
    axis.spines[:].set_visible(False)
    axis.tick_params(length=0)


def _sector(axis: Axes, centre: tuple[float, float], middle: float) -> None:
    axis.add_patch(Wedge(centre, 0.42, 0, 360, width=0.02, color=INK, lw=0))
    start = (middle - 90) % 360
    for name, first, last in (("low", 0, 180), ("high", 180, 360)):
        # The active sector runs from start to start + 180 and may pass 360: look at both turns.
        for turn in (0, 360):
            begin, end = max(start, first + turn), min(start + 180, last + turn)
            if end > begin:
                axis.add_patch(Wedge(centre, 0.42, begin, end, color=COLORS[name], lw=0))


def overlap_kernels(axes: ArrayLike, kernels: Sequence[ArrayLike], titles: Sequence[str]) -> None:
    """Draw overlap kernels along the circle, each with its own scale.

    Args:
        axes: one Axes per kernel.
        kernels: as many, shape (N, N) each.
        titles: as many.
    """
    kernel_row(axes, kernels, titles, label="shared active paths")


def tangent_kernels(axes: ArrayLike, kernels: Sequence[ArrayLike], titles: Sequence[str]) -> None:
    """Draw kernels with a sign along the circle: blue below zero, red above, each with its scale.

    Colours are compressed (inverse hyperbolic sine), so that small values show beside large ones.

    Args: those of ``overlap_kernels``.
    """
    places, texts = zip(*CIRCLE_TICKS, strict=True)
    for k, (axis, kernel, title) in enumerate(zip(np.ravel(axes), kernels, titles, strict=True)):
        largest = np.abs(kernel).max()
        norm = AsinhNorm(linear_width=largest / 20, vmin=-largest, vmax=largest)
        options = dict(origin="lower", extent=(0, 1, 0, 1), cmap="RdBu_r", rasterized=True)
        image = axis.imshow(kernel, norm=norm, **options)
        axis.set_xticks(places, texts)
        axis.set_yticks(places, texts if k == 0 else [""] * len(texts))
        ends_within(axis)
        axis.axhline(0.5, color=INK, lw=0.6)
        axis.axvline(0.5, color=INK, lw=0.6)
        axis.spines[:].set_visible(False)
        axis.set_title(title)
        bar = axis.figure.colorbar(image, ax=axis, location="bottom", aspect=18, pad=0.03)
        bar.set_ticks([])
        bar.minorticks_off()
        bar.outline.set_visible(False)
        bar.set_label(f"0 ± {rounded(largest)}", fontsize="medium")


def strips_of_seeds(
    axis: Axes, rows: Mapping[str, tuple], colors: Mapping[str, str], *, xlabel: str
) -> None:
    """Draw a value of each seed, a row per condition: a disc if it fitted, a ring if it stalled.

    A bar with its interval is the geometric mean.

    Args:
        axis: where to draw.
        rows: by label, positive values, shape (S,), whether a seed fitted, shape (S,), and
            geometric mean with its interval.
        colors: by label, keys of ``COLORS``.
        xlabel: what the values are.
    """
    for row, (label, (values, fits, (mean, low, high))) in enumerate(rows.items()):
        color = COLORS[colors[label]]
        # Seeds lie beside each other: equidistributed heights keep them apart.
        heights = row + 0.5 * ((np.arange(len(values)) * 0.618) % 1 - 0.5)
        for chosen, face in ((fits, color), (~fits, "none")):
            options = dict(ms=3.5, mew=0.8, color=color, mfc=face, alpha=0.7)
            axis.plot(values[chosen], heights[chosen], "o", **options)
        axis.plot([low, high], [row, row], color=INK, lw=2.5, solid_capstyle="butt")
        axis.plot(mean, row, "|", ms=17, mew=3, color=INK)
    axis.set(xscale="log", xlabel=xlabel)
    axis.set_yticks(range(len(rows)), list(rows))
    axis.set_ylim(len(rows) - 0.4, -0.6)


def factors_of_seeds(
    axis: Axes,
    rows: Mapping[str, tuple],
    colors: Mapping[str, str],
    one: Mapping[str, float],
    *,
    xlabel: str = "allocation at the end",
) -> None:
    """Draw ``strips_of_seeds`` of factors, such as the allocation.

    Args:
        axis: where to draw.
        rows: as ``strips_of_seeds`` takes them.
        colors: by label, keys of ``COLORS``.
        one: by label, the factor of a further net, drawn as a star.
        xlabel: what the factors are.
    """
    strips_of_seeds(axis, rows, colors, xlabel=xlabel)
    for row, label in enumerate(rows):
        if label in one:
            axis.plot(one[label], row - 0.38, "*", ms=8, color=COLORS[colors[label]])
    factor_axis(axis, "x")


def marks_of_seeds(axis: Axes, *, star: bool = False) -> None:
    """Say below a figure what the marks of ``strips_of_seeds`` mean.

    Args:
        axis: one of the figure's.
        star: whether single nets are drawn.
    """
    marks = {
        "fitted": dict(marker="o", ms=4, mfc=INK),
        "stalled": dict(marker="o", ms=4, mfc="none"),
        "mean, 95 %": dict(marker="|", ms=10, mew=2.5),
    }
    if star:
        marks["pictured"] = dict(marker="*", ms=8, mfc=INK)
    handles = [Line2D([], [], ls="", color=INK, **mark) for mark in marks.values()]
    options = dict(ncols=len(marks), columnspacing=1.2, handletextpad=0.3)
    axis.figure.legend(handles, list(marks), loc="outside lower center", **options)


def allocation_over_time(
    axis: Axes,
    curves: Mapping[str, tuple[ArrayLike, ArrayLike]],
    styles: Mapping[str, tuple[str, str]],
) -> None:
    """Draw the mean allocation over training with its interval, a curve per condition.

    Args:
        axis: where to draw.
        curves: by label, epochs, shape (E,), and factors with their intervals, shape (E, 3).
        styles: by label, a key of ``COLORS`` and the line's style.
    """
    for label, (epochs, curve) in curves.items():
        color, style = styles[label]
        interval_curve(axis, epochs, curve, label, color=color, style=style)
    axis.set(xlabel="epoch", ylabel="allocation", xscale="symlog", xticks=[0, 1, 10, 100])
    axis.set_xticklabels(["0", "1", "10", "100"])
    factor_axis(axis, "y")
    axis.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)


def dose_response(
    axis: Axes, curves: Mapping[str, tuple], colors: Mapping[str, str], *, title: str
) -> None:
    """Draw the final allocation against one thing that is changed.

    A disc: at least half of the seeds fitted the target; a ring: most stalled. The base recipe's is
    the large one.

    Args:
        axis: where to draw.
        curves: by label, K values, shape (K,), factors with their intervals, shape (K, 3), at which
            values most seeds fitted, shape (K,), and the base recipe's value.
        colors: by label, keys of ``COLORS``.
        title: what is changed.
    """
    for label, (values, gains, most, base) in curves.items():
        color = COLORS[colors[label]]
        interval_curve(axis, values, gains, label, color=colors[label])
        for value, gain, filled in zip(values, gains[:, 0], most, strict=True):
            size, face = 8 if value == base else 5, color if filled else "none"
            axis.plot([value], [gain], "o", ms=size, mew=1.2, color=color, mfc=face)
        if values[0] > 0 and values[-1] / values[0] >= 8:
            axis.set_xscale("log")
        mark_values(axis, values, gap=0.04)
    axis.set_title(title)
    factor_axis(axis, "y")


def linearised_errors(
    axis: Axes, times: ArrayLike, curves: Mapping[str, ArrayLike], *, title: str
) -> None:
    """Draw the errors of both halves under gradient flow with a kernel that stays.

    Args:
        axis: where to draw.
        times: shape (T,); time 0 is left out.
        curves: of the low and of the high half, by label: value and interval, shape (T, 3).
        title: of the panel.
    """
    for (label, curve), color in zip(curves.items(), ("low", "high"), strict=True):
        interval_curve(axis, times[1:], np.asarray(curve)[1:], label, color=color)
    axis.set(title=title, xlabel="time", ylabel="MSE", xscale="log", yscale="log")


def layer_shares(
    axis: Axes,
    shares: Mapping[str, Sequence[tuple]],
    colors: Mapping[str, str],
    *,
    chance: float,
    ylabel: str,
) -> None:
    """Draw a quantity per layer with its interval.

    Args:
        axis: where to draw.
        shares: by label, for each layer (mean, lower end, upper end).
        colors: by label, keys of ``COLORS``.
        chance: what chance would give, drawn dotted.
        ylabel: what the quantity is.
    """
    for offset, (label, layers) in zip((-0.08, 0.08), shares.items(), strict=True):
        mean, low, high = np.array(layers).T
        x = np.arange(1, len(mean) + 1) + offset
        axis.errorbar(
            x, mean, [mean - low, high - mean], fmt="o-", capsize=3, color=COLORS[colors[label]],
            label=label,
        )  # fmt: skip
    axis.axhline(chance, color=INK, ls=":", lw=1)
    axis.set_xticks(x.round().astype(int))
    axis.set(xlabel="layer", ylabel=ylabel)
    axis.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)
