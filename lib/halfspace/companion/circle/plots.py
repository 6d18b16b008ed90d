"""Figures of Section 4: the circle, its nets over many seeds, their half-spaces."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Wedge
from numpy.typing import ArrayLike

from halfspace.companion.plots import COLORS, INK, interval_curve

__all__ = [
    "allocation_over_time",
    "half_space_grid",
    "halves",
    "layer_shares",
    "linearised_errors",
    "learned_functions",
    "times_to_level",
]

_ANGLE_TICKS = ([0, np.pi, 2 * np.pi], ["0", "π", "2π"])


def halves(axis: Axes, angles: ArrayLike, target: ArrayLike) -> None:
    """Draw a target over the angle, one colour for each half.

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
    axis.set_xlabel("first evaluation epoch with MSE < 0.05")
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


def allocation_over_time(
    axis: Axes,
    curves: Mapping[str, tuple[ArrayLike, ArrayLike]],
    styles: Mapping[str, tuple[str, str]],
) -> None:
    """Draw the mean allocation over training with its interval, a curve per condition.

    Args:
        axis: where to draw.
        curves: by label, epochs, shape (E,), and mean, lower end, upper end, shape (E, 3).
        styles: by label, a key of ``COLORS`` and the line's style.
    """
    for label, (epochs, curve) in curves.items():
        color, style = styles[label]
        interval_curve(axis, epochs, curve, label, color=color, style=style)
    axis.set(xlabel="epoch", ylabel="allocation (ln paths)", xscale="symlog")
    axis.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)


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
