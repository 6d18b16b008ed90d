"""Figures of timings: cost against size, and how much of the machine is used."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from halfspace.companion.plots import COLORS, INK
from halfspace.companion.text import thousands

__all__ = ["cost_curves", "machine_shares", "makespans", "predictions", "ratio_dots", "time_shares"]

_MARKERS = "os^Dv*"  # of the first, second … series
_LINES = ("-", "--", ":")
_SELF = "halfspace"  # its series stand out; those of other packages are grey


def cost_curves(
    axis: Axes,
    series: Mapping[str, tuple[ArrayLike, ArrayLike]],
    laws: Mapping[str, tuple[float, float]],
    *,
    xlabel: str,
) -> None:
    """Draw seconds against size on log axes, with fitted power laws; the legend lies below.

    Args:
        axis: where to draw.
        series: for each name the sizes and the seconds, shape (K,) each; six series at most.
        laws: for some of the names ``seconds = factor · size^slope`` as (slope, factor); the legend
            gives the slope.
        xlabel: what the size is.

    Raises:
        ValueError: if there are more series than markers, or a law's name is not among the series.
    """
    if len(series) > len(_MARKERS):
        raise ValueError(f"there are markers for {len(_MARKERS)} series; got {len(series)}")
    if unknown := sorted(set(laws) - set(series)):
        raise ValueError(f"laws must belong to the series; got {unknown} besides {list(series)}")
    for (name, (sizes, seconds)), marker in zip(series.items(), _MARKERS, strict=False):
        sizes, label = np.asarray(sizes, dtype=float), name
        color = COLORS["ours"] if name.startswith(_SELF) else INK
        if name in laws:
            slope, factor = laws[name]
            label = f"{name}: exponent " + f"{slope:.2f}".replace("-", "−")
            axis.loglog(sizes, factor * sizes**slope, color=color, linewidth=1.2)
        axis.loglog(sizes, seconds, marker, color=color, markersize=5, label=label)
    axis.set(xlabel=xlabel, ylabel="seconds")
    every = np.unique(np.concatenate([np.asarray(sizes) for sizes, _ in series.values()]))
    axis.set_xticks(every, [thousands(round(size)) for size in every])
    axis.set_xticks([], minor=True)
    axis.grid(True, which="major")
    axis.figure.legend(loc="outside lower center", ncols=1)


def machine_shares(
    axis: Axes,
    sizes: Mapping[str, ArrayLike],
    shares: Mapping[str, Sequence[tuple[float, float, float]]],
    *,
    xlabel: str,
) -> None:
    """Draw the share of the machine's rate of matrix products against size, with quartiles.

    Args:
        axis: where to draw.
        sizes: for each name, shape (K,).
        shares: for each name (lower quartile, median, upper quartile) for each size, from 0 up.
        xlabel: what the size is.

    Raises:
        ValueError: if the names differ.
    """
    if list(sizes) != list(shares):
        raise ValueError(
            f"sizes and shares must share their names; got {list(sizes)}, {list(shares)}"
        )
    for name, marker, style in zip(sizes, _MARKERS, _LINES, strict=False):
        low, median, high = 100 * np.transpose(shares[name])
        axis.errorbar(
            sizes[name],
            median,
            yerr=[median - low, high - median],
            fmt=marker + style,
            color=COLORS["ours"],
            markersize=5,
            capsize=3,
            label=name,
        )
    every = np.unique(np.concatenate([np.asarray(values) for values in sizes.values()]))
    axis.set_xscale("log")
    axis.set_xticks(every, [thousands(round(size)) for size in every])
    axis.set_xticks([], minor=True)
    axis.set_ylim(bottom=0)
    axis.set(xlabel=xlabel, ylabel="% of the rate of products")
    axis.legend()


def ratio_dots(axis: Axes, ratios: Mapping[str, Sequence[float]]) -> None:
    """Draw how many times longer others take, a row for each kind of work and competitor.

    Args:
        axis: where to draw.
        ratios: by the row's name the ratios, a dot each; dots below 1 are hollow. A short line
            marks 1 in each row.
    """
    color = COLORS["ours"]
    for row, (name, values) in enumerate(ratios.items()):
        values = np.asarray(values)
        for lost in (False, True):
            shown = values[(values < 1) == lost]
            face = "none" if lost else color
            places = np.full(len(shown), row)
            axis.plot(shown, places, "o", ms=5, mec=color, mfc=face)
        axis.plot([1, 1], [row - 0.22, row + 0.22], color=INK, lw=1, zorder=0)
        place = axis.get_yaxis_transform()
        axis.text(0, row - 0.45, name, transform=place, va="center", size=9, in_layout=False)
    axis.set_xscale("log")
    powers = range(0, int(np.log10(max(map(max, ratios.values())))) + 1, 2)
    axis.set_xticks([10**k for k in powers], [f"×{thousands(10**k)}" for k in powers])
    axis.set_xticks([], minor=True)
    axis.set_yticks([])
    axis.set_ylim(len(ratios) - 0.6, -0.8)
    axis.spines["left"].set_visible(False)
    axis.set_xlabel("time of the other method / time of halfspace")


def predictions(axis: Axes, seconds: ArrayLike, predicted: ArrayLike) -> None:
    """Draw recorded against predicted seconds on log axes, a dot each, with the line of agreement.

    Args:
        axis: where to draw.
        seconds: recorded, shape (K,).
        predicted: shape (K,).
    """
    axis.loglog(predicted, seconds, "o", ms=3, mec="none", mfc=COLORS["ours"], alpha=0.6)
    ends = [min(*seconds, *predicted), max(*seconds, *predicted)]
    axis.loglog(ends, ends, color=INK, lw=1, zorder=0)
    axis.set(xlabel="predicted seconds", ylabel="recorded seconds")


def makespans(
    axis: Axes, curves: Mapping[str, tuple[Sequence[int], Sequence[float], Sequence[float]]]
) -> None:
    """Draw a plan's hours against the number of cores on log axes; thin lines: all cores busy.

    Args:
        axis: where to draw.
        curves: for each plan the numbers of cores, the hours, and the ideal hours; six at most.
    """
    colors = (COLORS["ours"], COLORS["dlgn"], COLORS["low"])
    for (name, (cores, hours, ideal)), color, marker in zip(
        curves.items(), colors, _MARKERS, strict=False
    ):
        axis.loglog(cores, ideal, color=color, lw=0.7, alpha=0.8)
        axis.loglog(cores, hours, marker + "-", color=color, ms=4, label=name)
    axis.set_xticks(cores[::2], [thousands(each) for each in cores[::2]])
    axis.set_xticks([], minor=True)
    axis.set(xlabel="cores", ylabel="hours")
    axis.grid(True, which="major")
    axis.figure.legend(loc="outside lower center", ncols=1)


def time_shares(
    axes: Sequence[Axes], parts: Mapping[str, Mapping[str, Sequence[float]]], cores: Sequence[int]
) -> None:
    """Draw where the time of cores goes: a panel for each plan, a stacked bar for each number.

    Args:
        axes: as many as there are plans.
        parts: by plan, by part: shares from 0 to 1, one for each number of cores.
        cores: the numbers, shape (K,).
    """
    colors = {"runs": COLORS["ours"], "loading code": COLORS["dlgn"], "waiting": "none"}
    places = np.arange(len(cores))
    for axis, (name, shares) in zip(axes, parts.items(), strict=True):
        below = np.zeros(len(cores))
        for part, values in shares.items():
            height = 100 * np.asarray(values)
            bars = dict(color=colors[part], edgecolor=INK, lw=0.7)
            axis.barh(places, height, left=below, label=part, **bars)
            below += height
        axis.set_title(name, loc="left")
        axis.set_yticks(places, [f"{each} cores" if each > 1 else "1 core" for each in cores])
        axis.invert_yaxis()
    axes[-1].set_xlabel("% of the cores' time")
    handles, labels = axes[0].get_legend_handles_labels()
    axes[0].figure.legend(handles, labels, loc="outside lower center", ncols=3)
