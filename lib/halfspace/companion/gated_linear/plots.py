"""Figures on gated linear nets: task, races of pathways, census of gates, held-out pairs, XOR."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from halfspace.companion.plots import COLORS, INK
from halfspace.companion.text import raised

__all__ = [
    "census_bars",
    "crossings",
    "gates_by_context",
    "held_out",
    "kernels",
    "losses",
    "mode_curves",
    "refreshed",
    "reuse",
    "scaling",
    "task",
    "xor_shares",
]

_STEPS = ("#2f8fd0", "#00806a", "#9e9100", "#c08700", "#e0662a", "#b56ad0")
_COUNTS = ("#8c8c8c", "#2f8fd0", "#12a37f", "#c08700", "#b56ad0")


def task(axes: ArrayLike, x: ArrayLike, y: ArrayLike, contexts: int) -> None:
    """Draw inputs and targets as images, a point in each column.

    Args:
        axes: two Axes.
        x: inputs, shape (n, d).
        y: targets, shape (n, c).
        contexts: C; white lines separate them, and the targets' blocks.
    """
    top, bottom = np.ravel(axes)
    for axis, values, title in ((top, np.asarray(x), "input"), (bottom, np.asarray(y), "target")):
        axis.imshow(values.T, aspect="auto", vmin=0, vmax=1, interpolation="nearest")
        _context_ticks(axis, len(values), contexts)
        axis.set_title(title)
    size, blocks = np.shape(y)[1] // (contexts + 1), contexts + 1
    for block in range(1, blocks):
        bottom.axhline(block * size - 0.5, color="white", lw=0.8)
    places = size * (np.arange(blocks) + 0.5) - 0.5
    bottom.set_yticks(places, ["common", *(f"block {number + 1}" for number in range(contexts))])
    items = np.shape(x)[1] - contexts
    top.axhline(items - 0.5, color="white", lw=0.8)
    top.set_yticks([items / 2 - 0.5, items + contexts / 2 - 0.5], ["item", "context"])
    top.set_xticklabels([])


def _context_ticks(axis: Axes, points: int, contexts: int) -> None:
    size = points // contexts
    for context in range(1, contexts):
        axis.axvline(context * size - 0.5, color="white", lw=0.8)
    names = [f"context {number + 1}" for number in range(contexts)]
    axis.set_xticks(size * (np.arange(contexts) + 0.5) - 0.5, names)
    axis.tick_params(length=0)
    for spine in axis.spines.values():
        spine.set_visible(False)


def refreshed(axis: Axes, intervals: Mapping[str, Sequence[float]]) -> None:
    """Draw the time to a loss of 0.1 for gates taken anew less and less often.

    Args:
        axis: where to draw.
        intervals: by how often, mean time, lower and upper end; the first is the ReLU net's.
    """
    mean, low, high = np.array(list(intervals.values())).T
    places = np.arange(len(mean))
    axis.plot(places, mean, color=COLORS["frozen"], lw=1)
    for at in places:
        color = COLORS["relu"] if at == 0 else COLORS["frozen"]
        bar = [[mean[at] - low[at]], [high[at] - mean[at]]]
        axis.errorbar(at, mean[at], yerr=bar, fmt="o", ms=5, color=color, lw=1.5)
    axis.set_xticks(places, intervals)
    axis.set_ylim(0, 1.15 * high.max())
    axis.set(xlabel="steps between taking gates anew", ylabel="time to a loss of 0.1")


def mode_curves(
    axis: Axes,
    times: ArrayLike,
    simulated: Mapping[str, ArrayLike],
    predicted: Mapping[str, ArrayLike],
) -> None:
    """Draw how strongly modes are learned: a net's as dots, sigmoids as lines.

    Args:
        axis: where to draw.
        times: shape (k,).
        simulated: by mode, shape (k,).
        predicted: by mode, shape (k,).
    """
    sparse = slice(None, None, max(1, len(np.asarray(times)) // 40))
    for color, (name, curve) in zip(_STEPS, predicted.items(), strict=False):
        axis.plot(times, curve, color=color, lw=1.4, label=name)
        axis.plot(np.asarray(times)[sparse], np.asarray(simulated[name])[sparse], ".", color=color)
    axis.set(xlabel="time (learning rate × steps)", ylabel="strength of the mode")


def losses(
    axes: ArrayLike,
    panels: Mapping[str, Mapping[str, tuple[ArrayLike, ArrayLike, ArrayLike | None]]],
    colors: Mapping[str, str],
) -> None:
    """Draw losses over time on logarithmic axes, and what modes predict dashed.

    Args:
        axes: as many Axes as panels.
        panels: by title and label: times (k,), mean loss (k,), predicted loss (k,) or ``None``.
        colors: by label, keys of ``COLORS``.
    """
    for axis, (title, curves) in zip(np.ravel(axes), panels.items(), strict=True):
        for label, (times, curve, predicted) in curves.items():
            color = COLORS[colors[label]]
            axis.plot(times, curve, color=color, label=label)
            if predicted is not None:
                axis.plot(times, predicted, "--", color=INK, lw=1, zorder=3)
        axis.set(ylabel="loss", title=title, yscale="log", ylim=(0.01, 5))
        axis.set_yticks([0.01, 0.1, 1], ["0.01", "0.1", "1"])
        axis.minorticks_off()
    np.ravel(axes)[-1].plot([], [], "--", color=INK, lw=1, label="predicted by modes")
    np.ravel(axes)[-1].set_xlabel("time (learning rate × steps)")


def scaling(
    axis: Axes, lines: Mapping[str, tuple[ArrayLike, ArrayLike]], colors: Mapping[str, str]
) -> None:
    """Draw the time to a loss of 0.1 against the size of the initial weights.

    Args:
        axis: where to draw.
        lines: by label, standard deviations (k,) and times with their intervals (k, 3).
        colors: by label, keys of ``COLORS``.
    """
    for label, (stds, intervals) in lines.items():
        mean, low, high = np.transpose(intervals)
        color = COLORS[colors[label]]
        axis.plot(stds, mean, "o-", color=color, ms=4, label=label)
        axis.fill_between(stds, low, high, color=color, alpha=0.2, lw=0)
    axis.set_xscale("log")
    axis.invert_xaxis()
    axis.minorticks_off()
    axis.set_ylim(0)
    axis.set(xlabel="standard deviation of initial weights", ylabel="time to a loss of 0.1")


def census_bars(axis: Axes, times: ArrayLike, shares: ArrayLike) -> None:
    """Draw stacked shares of energy in units on in 0, 1, ..., C contexts, a bar for each time.

    Args:
        axis: where to draw.
        times: shape (T,).
        shares: shape (T, C + 1).
    """
    shares, places = np.asarray(shares), np.arange(len(np.asarray(times)))
    bottom = np.zeros(len(places))
    for count, share in enumerate(100 * shares.T):
        if count == 0 and share.max() < 0.5:
            continue
        color = _COUNTS[count % len(_COUNTS)]
        axis.bar(places, share, 0.8, bottom=bottom, color=color, label=f"on in {count}")
        bottom += share
    axis.set_xticks(places, [f"{time:.0f}" for time in times])
    axis.set(xlabel="time (learning rate × steps)", ylabel="share of energy (%)")
    axis.set_ylim(0, 100)


def gates_by_context(axis: Axes, gates: ArrayLike, contexts: int) -> None:
    """Draw which units are on at which points, a point in each column.

    Args:
        axis: where to draw.
        gates: units in the order of their rows, 0 or 1, shape (m, n).
        contexts: C.
    """
    axis.imshow(gates, aspect="auto", vmin=0, vmax=1, interpolation="nearest")
    _context_ticks(axis, np.shape(gates)[1], contexts)
    axis.set_ylabel("large units")
    axis.set_yticks([])


def kernels(axes: ArrayLike, matrices: Mapping[str, ArrayLike], contexts: int) -> None:
    """Draw energy-weighted overlap kernels; points are ordered by context.

    Args:
        axes: as many Axes.
        matrices: by title, shape (n, n), entries from 0 to 1.
        contexts: C.
    """
    for axis, (title, matrix) in zip(np.ravel(axes), matrices.items(), strict=True):
        image = axis.imshow(matrix, vmin=0, vmax=1, interpolation="nearest")
        _context_ticks(axis, len(matrix), contexts)
        size = len(matrix) // contexts
        for context in range(1, contexts):
            axis.axhline(context * size - 0.5, color="white", lw=0.8)
        places = size * (np.arange(contexts) + 0.5) - 0.5
        numbers = [f"{number + 1}" for number in range(contexts)]
        axis.set_xticks(places, numbers)
        axis.set_yticks(places, numbers)
        axis.set_title(title)
    figure = np.ravel(axes)[0].figure
    bar = figure.colorbar(
        image, ax=list(np.ravel(axes)), location="bottom", fraction=0.05, pad=0.03
    )
    bar.set_label("share of energy on at both points")
    bar.outline.set_visible(False)


def reuse(axis: Axes, series: Mapping[str, tuple[ArrayLike, ArrayLike]]) -> None:
    """Draw the effective number of contexts of a unit against the number of contexts.

    Args:
        axis: where to draw.
        series: by label, numbers of contexts (k,) and values with intervals (k, 3); the last is
            drawn hollow and dashed.
    """
    for index, (label, (contexts, intervals)) in enumerate(series.items()):
        mean, low, high = np.transpose(intervals)
        last = index == len(series) - 1
        axis.errorbar(
            contexts,
            mean,
            yerr=[mean - low, high - mean],
            fmt="o--" if last else "o-",
            mfc="none" if last else None,
            color=INK if last else COLORS["relu"],
            label=label,
            ms=5,
        )
    axis.set_xticks(np.asarray(contexts))
    axis.set(xlabel="contexts", ylabel="effective contexts of a unit")


def held_out(
    axis: Axes,
    points: Mapping[str, tuple[ArrayLike, ArrayLike]],
    colors: Mapping[str, str],
    level: float,
) -> None:
    """Draw the time to learn the training pairs against the loss on held-out ones, a dot each net.

    Args:
        axis: where to draw.
        points: by label, times (S,) and losses (S,).
        colors: by label, keys of ``COLORS``.
        level: the loss of the best linear map, drawn as a line.
    """
    for marker, (label, (times, values)) in zip("osD^v", points.items(), strict=False):
        axis.plot(times, values, marker, ms=4, alpha=0.75, color=COLORS[colors[label]], label=label)
    axis.axhline(level, color=COLORS["linear"], lw=1, ls=":")
    axis.set(xlabel="time to a training loss of 0.1", ylabel="loss on held-out pairs")
    axis.set_ylim(0)
    axis.set_xlim(0)


def xor_shares(
    axis: Axes, deltas: ArrayLike, shares: Mapping[float, ArrayLike], level: float
) -> None:
    """Draw the share of units on at single points against the shortcut, a line for each start.

    Args:
        axis: where to draw.
        deltas: shape (D,).
        shares: by standard deviation, single points' share of both kinds, shape (D,).
        level: the predicted crossing, drawn as a line.
    """
    for color, (std, share) in zip(_STEPS, shares.items(), strict=False):
        label = f"std 10{raised(round(np.log10(std)))}"
        axis.plot(deltas, 100 * np.asarray(share), color=color, lw=1.4, label=label)
    axis.axvline(level, color=INK, lw=1, ls="--")
    axis.axhline(50, color=INK, lw=0.6)
    axis.set(xlabel="size of the shortcut δ", ylabel="units on at one point (%)")
    axis.set_ylim(0, 100)


def crossings(
    axis: Axes, places: ArrayLike, intervals: ArrayLike, limit: float, level: float
) -> None:
    """Draw where both kinds are level against the start, with the line that extrapolates it.

    Args:
        axis: where to draw.
        places: 1/ln(1/std), shape (k,).
        intervals: crossings with their intervals, shape (k, 3).
        limit: the extrapolated crossing.
        level: the predicted one, drawn as a line.
    """
    places = np.asarray(places)
    mean, low, high = np.transpose(intervals)
    slope = np.polyfit(places, mean, 1)[0]
    reach = np.array([0, places.max()])
    axis.plot(reach, limit + slope * reach, color=COLORS["relu"], lw=1)
    axis.errorbar(places, mean, yerr=[mean - low, high - mean], fmt="o", ms=5, color=COLORS["relu"])
    axis.axhline(level, color=INK, lw=1, ls="--")
    axis.set_xlim(0)
    axis.set(xlabel="1 / ln(1/std)", ylabel="shortcut δ at the crossing")
