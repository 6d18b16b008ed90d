"""Figures of Section 4: the circle, its nets over many seeds, their half-spaces."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Wedge
from numpy.typing import ArrayLike

from halfspace.plots.style import COLORS, INK

__all__ = [
    "effects",
    "forest",
    "half_space_grid",
    "halves",
    "interval_curve",
    "layer_shares",
    "learned_functions",
    "own_and_hard_loss",
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


def times_to_level(
    axis: Axes,
    times: Mapping[str, ArrayLike],
    limits: Mapping[str, float],
    colors: Mapping[str, str],
) -> None:
    """Draw when each seed reached a level, a row per kind of net; arrows for seeds that never did.

    Args:
        axis: where to draw.
        times: by label, epochs, shape (S,), NaN for never.
        limits: by label, the last epoch of training: where the arrows stand.
        colors: by label, keys of ``COLORS``.
    """
    for row, (label, epochs) in enumerate(times.items()):
        epochs = np.asarray(epochs, dtype=float)
        never = np.isnan(epochs)
        # Spread over the row's height so that no two seeds hide each other.
        height = row + np.linspace(-0.25, 0.25, len(epochs))
        color = COLORS[colors[label]]
        axis.plot(epochs[~never], height[~never], "o", ms=5, color=color, alpha=0.8)
        axis.plot(
            np.full(never.sum(), limits[label]), height[never], ">", ms=6, color=color, mfc="none"
        )
    axis.set_yticks(range(len(times)), list(times))
    axis.set_ylim(len(times) - 0.5, -0.5)
    axis.set_xscale("log")
    axis.set_xlabel("epochs to MSE < 0.05 (▷ not within the training)")
    axis.grid(axis="x")


def own_and_hard_loss(
    axes: ArrayLike, epochs: ArrayLike, own: Mapping[str, ArrayLike], hard: Mapping[str, ArrayLike]
) -> None:
    """Draw the loss under the gate of the training and with hard gates, a panel per gate.

    Args:
        axes: as many Axes as gates, any shape.
        epochs: shape (E,).
        own: by gate, loss under it, shape (E, S); drawn as median and 5-95 % band.
        hard: by gate, loss with hard gates, shape (E, S); likewise, dashed.
    """
    panels = np.ravel(axes)
    for axis, gate in zip(panels, own, strict=True):
        curves = {"gate of the training": own[gate], "hard gates": hard[gate]}
        seed_bands(
            axis, epochs, curves, colors=dict.fromkeys(curves, "dlgn"), ylabel="MSE",
            dashed=["hard gates"], log_value=True,
        )  # fmt: skip
        axis.get_legend().remove()
        axis.set_title(gate)
    handles, labels = panels[0].get_legend_handles_labels()
    panels[0].figure.legend(handles, labels, loc="outside upper center", ncols=2)


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


def effects(axis: Axes, rows: Mapping[str, tuple], colors: Mapping[str, str], xlabel: str) -> None:
    """Draw means with intervals, a row per condition (a forest plot).

    Args:
        axis: where to draw.
        rows: by label, (mean, lower end, upper end).
        colors: by label, keys of ``COLORS``.
        xlabel: what is measured, with its unit.
    """
    for row, (label, (mean, low, high)) in enumerate(rows.items()):
        axis.errorbar(
            mean, row, xerr=[[mean - low], [high - mean]], fmt="o", capsize=3,
            color=COLORS[colors[label]],
        )  # fmt: skip
    axis.axvline(0, color=INK, lw=0.8)
    axis.set_yticks(range(len(rows)), list(rows))
    axis.set_ylim(len(rows) - 0.5, -0.5)
    axis.set_xlabel(xlabel)
    axis.grid(axis="x")
