"""Curves over training, intervals and legends: what several subjects draw."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter
from numpy.typing import ArrayLike

from halfspace.companion.plots.style import COLORS, INK

__all__ = [
    "angle_axis",
    "band_panels",
    "ends_within",
    "factor_axis",
    "forest",
    "interval_curve",
    "interval_curves",
    "label_outer",
    "legend_above",
    "mark_values",
    "one_seed",
    "seed_bands",
]

_DECADES = tuple(10.0**power for power in range(-6, 7))
_THREES = (0.3, 3, 30, 300)


def angle_axis(axis: Axes) -> None:
    """Mark the quarters of a circle along the horizontal axis, in degrees."""
    axis.set_xticks(range(0, 361, 90), [f"{degrees}°" for degrees in range(0, 361, 90)])


def ends_within(axis: Axes) -> None:
    """Keep the first and last label of the horizontal axis beside it, clear of other panels'."""
    first, *_, last = axis.get_xticklabels()
    first.set_horizontalalignment("left")
    last.set_horizontalalignment("right")


def mark_values(axis: Axes, values: ArrayLike, *, gap: float) -> None:
    """Put a tick at each value along the horizontal axis, and its number where there is room.

    Args:
        axis: where to draw; its scale must be set.
        values: increasing, shape (K,).
        gap: the room that a character needs, as a share of the axis.
    """
    places = np.log(values) if axis.get_xscale() == "log" else np.asarray(values, dtype=float)
    names, last = [], -np.inf
    for value, place in zip(values, places, strict=True):
        name = f"{value:g}"
        room = place - last >= gap * (1 + len(name)) * np.ptp(places)
        names.append(name if room else "")
        last = place if room else last
    axis.set_xticks(values, names)
    axis.set_xticks([], minor=True)


def seed_bands(
    axis: Axes,
    times: ArrayLike,
    curves: Mapping[str, ArrayLike],
    *,
    colors: Mapping[str, str],
    ylabel: str,
    dashed: Sequence[str] = (),
    log_time: bool = False,
    log_value: bool = False,
) -> None:
    """Draw medians over seeds with bands from the 5th to the 95th percentile.

    Args:
        axis: where to draw.
        times: epochs, shape (E,), or a mapping from the curves' labels to such arrays.
        curves: by label, shape (E, S).
        colors: by label, keys of ``COLORS``.
        ylabel: what the curves are.
        dashed: labels drawn dashed.
        log_time: logarithmic epochs; epoch 0 is left out.
        log_value: logarithmic values.
    """
    for label, values in curves.items():
        x = np.asarray(times[label] if isinstance(times, Mapping) else times)
        curve = np.percentile(np.asarray(values), [50, 5, 95], axis=1).T
        keep = x > 0 if log_time else x >= 0
        style = "--" if label in dashed else "-"
        interval_curve(axis, x[keep], curve[keep], label, color=colors[label], style=style)
    axis.set_xscale("log" if log_time else "linear")
    axis.set_yscale("log" if log_value else "linear")
    axis.set_xlabel("epoch")
    axis.set_ylabel(ylabel)
    axis.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)


def one_seed(
    axis: Axes, curves: Mapping[str, tuple[ArrayLike, ArrayLike]], colors: Mapping[str, str]
) -> None:
    """Draw single nets' curves, thin and dotted, over what ``seed_bands`` drew.

    Args:
        axis: where to draw.
        curves: by label, epochs and values, shape (E,) each; on logarithmic epochs those above 0
            are drawn.
        colors: by label, keys of ``COLORS``.
    """
    for label, (times, values) in curves.items():
        times, values = np.asarray(times), np.asarray(values)
        keep = times > 0 if axis.get_xscale() == "log" else times >= 0
        axis.plot(times[keep], values[keep], ":", lw=1.2, color=COLORS[colors[label]])


def band_panels(
    axes: ArrayLike,
    times: ArrayLike,
    panels: Mapping[str, Mapping[str, ArrayLike]],
    *,
    colors: Mapping[str, str],
    ylabels: Sequence[str],
    **options,
) -> None:
    """Draw ``seed_bands`` in several panels under one legend.

    Args:
        axes: as many Axes as panels, any shape.
        times: epochs, shape (E,).
        panels: by title, curves by label as ``seed_bands`` takes them; labels are the same in each.
        colors: by label, keys of ``COLORS``.
        ylabels: of each panel.
        **options: passed to ``seed_bands``.
    """
    drawn = np.ravel(axes)
    for axis, (title, curves), ylabel in zip(drawn, panels.items(), ylabels, strict=True):
        seed_bands(axis, times, curves, colors=colors, ylabel=ylabel, **options)
        axis.get_legend().remove()
        axis.set_title(title)
    handles, labels = drawn[0].get_legend_handles_labels()
    drawn[0].figure.legend(handles, labels, loc="outside upper center", ncols=len(labels))


def forest(
    axis: Axes,
    rows: Mapping[str, Mapping[str, tuple]],
    colors: Mapping[str, str],
    xlabel: str,
) -> None:
    """Draw means with intervals of several series, a row per condition (a forest plot).

    Args:
        axis: where to draw.
        rows: by series and condition, (mean, lower end, upper end). The first series names the
            rows; a condition that it lacks follows below.
        colors: by series, keys of ``COLORS``.
        xlabel: what is measured, with its unit.
    """
    names = list(dict.fromkeys(name for series in rows.values() for name in series))
    places = {name: row for row, name in enumerate(names)}
    offsets = np.linspace(-0.18, 0.18, len(rows))
    for offset, marker, (label, series) in zip(offsets, "osD", rows.items(), strict=False):
        mean, low, high = np.array(list(series.values())).T
        axis.errorbar(
            mean, [places[name] + offset for name in series], xerr=[mean - low, high - mean],
            fmt=marker, ms=3.5, lw=1.2, color=COLORS[colors[label]], label=label,
        )  # fmt: skip
    axis.axvline(0, color=INK, lw=0.8)
    axis.set_yticks(range(len(names)), names, fontsize=9)
    axis.set_ylim(len(names) - 0.5, -0.5)
    axis.set_xlabel(xlabel)
    axis.grid(axis="both")
    axis.legend(loc="lower center", bbox_to_anchor=(0.3, 1.0), ncols=len(rows))


def interval_curve(
    axis: Axes, times: ArrayLike, curve: ArrayLike, label: str, *, color: str, style: str = "-"
) -> None:
    """Draw a curve over time in its band, such as a mean with its interval.

    Args:
        axis: where to draw.
        times: shape (k,).
        curve: value, lower end, upper end at each time, shape (k, 3).
        label: of the curve, for the legend.
        color: a key of ``COLORS``.
        style: the line's style.
    """
    mean, low, high = np.asarray(curve).T
    axis.plot(times, mean, style, color=COLORS[color], label=label)
    axis.fill_between(times, low, high, color=COLORS[color], alpha=0.15, lw=0)


def interval_curves(
    axis: Axes,
    times: ArrayLike,
    curves: Mapping[str, ArrayLike],
    styles: Mapping[str, tuple[str, str]],
) -> None:
    """Draw curves in their bands, see ``interval_curve``.

    Args:
        axis: where to draw.
        times: shape (k,).
        curves: by label, value, lower end, upper end at each time, shape (k, 3).
        styles: by label, a key of ``COLORS`` and the line's style.
    """
    for label, curve in curves.items():
        color, style = styles[label]
        interval_curve(axis, times, curve, label, color=color, style=style)


def factor_axis(axis: Axes, side: str) -> None:
    """Show factors on a logarithmic axis, ×1, ×10, and ×3 where there is room; a line marks ×1.

    Everything must be drawn before: the axis' limits decide whether there is room.

    Args:
        axis: where.
        side: ``"x"`` or ``"y"``.
    """
    axis.set(**{f"{side}scale": "log"})
    ticks = getattr(axis, f"{side}axis")
    shown = (*_DECADES, *_THREES) if _has_room_for_threes(axis, side) else _DECADES
    ticks.set_major_locator(FixedLocator(shown))
    ticks.set_minor_locator(FixedLocator(_THREES))
    ticks.set_minor_formatter(NullFormatter())
    ticks.set_major_formatter(FuncFormatter(lambda value, _: f"×{value:g}"))
    (axis.axhline if side == "y" else axis.axvline)(1, color=INK, lw=0.8)


def _has_room_for_threes(axis: Axes, side: str) -> bool:
    """Return whether labels at ×1 and ×3 of an axis of factors lie far enough apart."""
    box, (low, high) = axis.get_window_extent(), getattr(axis, f"get_{side}lim")()
    length, needed = (box.width, 0.42) if side == "x" else (box.height, 0.2)
    return length / axis.figure.dpi * np.log(3) / np.log(high / low) >= needed


def label_outer(axes: np.ndarray, xlabel: str, ylabel: str) -> None:
    """Label the bottom row's horizontal and the left column's vertical axes, (rows, columns)."""
    for axis in axes[-1]:
        axis.set_xlabel(xlabel)
    for axis in axes[:, 0]:
        axis.set_ylabel(ylabel)


def legend_above(figure: Figure, axis: Axes, columns: int) -> None:
    """Put one panel's legend above the figure; of lines with one label it has the last."""
    named = {label: handle for handle, label in zip(*axis.get_legend_handles_labels(), strict=True)}
    figure.legend(named.values(), named, loc="outside upper center", ncols=columns)
