"""Figures of Section 4: the circle, its nets over many seeds, their half-spaces."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Wedge
from numpy.typing import ArrayLike

from halfspace.plots.style import COLORS, INK

__all__ = [
    "band_panels",
    "forest",
    "half_space_grid",
    "halves",
    "interval_curve",
    "layer_shares",
    "learned_functions",
    "one_seed",
    "seed_bands",
    "times_to_level",
]

_ANGLE_TICKS = ([0, np.pi, 2 * np.pi], ["0", "π", "2π"])


def halves(axis: Axes, angles: ArrayLike, target: ArrayLike) -> None:
    """Draw a target over the angle, its low-frequency half and its high-frequency half apart.

    Args:
        axis: where to draw.
        angles: increasing angles in radians, shape (n,).
        target: values, shape (n,).
    """
    angles, target = np.asarray(angles), np.asarray(target)
    for chosen, name, label in (
        (angles < np.pi, "low", "top half: low frequency"),
        (angles > np.pi, "high", "bottom half: high frequency"),
    ):
        axis.plot(angles[chosen], target[chosen], ".-", ms=4, lw=1, color=COLORS[name], label=label)
    axis.set_xlabel("angle θ")
    axis.set_ylabel("target y")
    axis.set_xticks(*_ANGLE_TICKS)
    axis.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)


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
        low, middle, high = np.percentile(np.asarray(values), [5, 50, 95], axis=1)
        keep = x > 0 if log_time else x >= 0
        color, style = COLORS[colors[label]], "--" if label in dashed else "-"
        axis.fill_between(x[keep], low[keep], high[keep], color=color, alpha=0.18, lw=0)
        axis.plot(x[keep], middle[keep], style, color=color, label=label)
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


def times_to_level(
    axis: Axes,
    times: Mapping[str, ArrayLike],
    limits: Mapping[str, float],
    colors: Mapping[str, str],
    one: Mapping[str, float],
) -> None:
    """Draw when seeds reached a level, a row per kind of net: how many at each epoch, in a disc.

    Seeds that never did are counted in a triangle at the end of their training.

    Args:
        axis: where to draw.
        times: by label, epochs, shape (S,), NaN for never.
        limits: by label, the last epoch of training.
        colors: by label, keys of ``COLORS``.
        one: by label, the epoch of a further net, drawn as a star; NaN draws none.
    """
    for row, (label, epochs) in enumerate(times.items()):
        epochs = np.asarray(epochs, dtype=float)
        reached, counts = np.unique(epochs[~np.isnan(epochs)], return_counts=True)
        never, color = np.isnan(epochs).sum(), COLORS[colors[label]]
        axis.plot(reached, np.full(len(reached), row), "o", ms=15, color=color, mfc="none")
        for epoch, count in zip(reached, counts, strict=True):
            axis.annotate(str(count), (epoch, row), ha="center", va="center", fontsize=8)
        if never:
            axis.plot(limits[label], row, ">", ms=19, color=color, mfc="none")
            axis.annotate(str(never), (limits[label], row), ha="center", va="center", fontsize=8)
        axis.plot(one.get(label, np.nan), row - 0.35, "*", ms=8, color=color)
    axis.set_yticks(range(len(times)), list(times))
    axis.set_ylim(len(times) - 0.5, -0.5)
    axis.set_xscale("log")
    axis.set_xlabel("epoch of the first look with MSE < 0.05")
    axis.margins(x=0.08)
    axis.grid(axis="x")


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
        axis.plot(angles, target, color=COLORS["target"], lw=1, label="target")
        for label, values in outputs.items():
            axis.plot(angles, values[k], color=COLORS[colors[label]], lw=1.4, label=label)
        axis.axvline(np.pi, color=INK, lw=0.6, ls=":")
        axis.set_ylim(-1.6, 1.6)
        axis.set_xticks(*_ANGLE_TICKS)
        axis.set_title(f"epoch {epoch}")
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


def layer_shares(axis: Axes, shares: Mapping[str, Sequence[tuple]], colors, chance: float) -> None:
    """Draw a share per layer with its interval.

    Args:
        axis: where to draw.
        shares: by label, for each layer (mean, lower end, upper end).
        colors: by label, keys of ``COLORS``.
        chance: the share that chance would give, drawn dotted.
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
    axis.set_xlabel("layer")
    axis.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)


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
    axis.set_yticks(range(len(names)), names, fontsize=8)
    axis.set_ylim(len(names) - 0.5, -0.5)
    axis.set_xlabel(xlabel)
    axis.grid(axis="both")
    axis.legend(loc="lower center", bbox_to_anchor=(0.3, 1.0), ncols=len(rows))


def interval_curve(
    axis: Axes, times: ArrayLike, curve: ArrayLike, label: str, *, color: str, style: str = "-"
) -> None:
    """Draw a mean over time with its interval as a band.

    Args:
        axis: where to draw.
        times: shape (k,).
        curve: mean, lower end, upper end at each time, shape (k, 3).
        label: of the curve, for the legend.
        color: a key of ``COLORS``.
        style: the line's style.
    """
    mean, low, high = np.asarray(curve).T
    axis.plot(times, mean, style, color=COLORS[color], label=label)
    axis.fill_between(times, low, high, color=COLORS[color], alpha=0.15, lw=0)
