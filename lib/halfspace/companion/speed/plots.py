"""Figures of timings: cost against size, and how much of the machine is used."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from halfspace.companion.plots import COLORS

__all__ = ["cost_curves", "machine_shares"]

_STYLES = tuple(
    zip(("dlgn", "high", "relu", "frozen", "low", "linear"), "os^Dv*", strict=True)
)  # colour and marker of the first, second … series


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
        ValueError: if there are more series than styles, or a law's name is not among the series.
    """
    if len(series) > len(_STYLES):
        raise ValueError(f"there are styles for {len(_STYLES)} series; got {len(series)}")
    if unknown := sorted(set(laws) - set(series)):
        raise ValueError(f"laws must belong to the series; got {unknown} besides {list(series)}")
    for (name, (sizes, seconds)), (color, marker) in zip(series.items(), _STYLES, strict=False):
        sizes, label = np.asarray(sizes, dtype=float), name
        if name in laws:
            slope, factor = laws[name]
            label = f"{name}: exponent " + f"{slope:.2f}".replace("-", "−")
            axis.loglog(sizes, factor * sizes**slope, color=COLORS[color], linewidth=1.2)
        axis.loglog(sizes, seconds, marker, color=COLORS[color], markersize=5, label=label)
    axis.set(xlabel=xlabel, ylabel="seconds")
    every = np.unique(np.concatenate([np.asarray(sizes) for sizes, _ in series.values()]))
    axis.set_xticks(every, [f"{size:g}" for size in every])
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
    for name, (color, marker) in zip(sizes, _STYLES, strict=False):
        low, median, high = 100 * np.transpose(shares[name])
        axis.errorbar(
            sizes[name],
            median,
            yerr=[median - low, high - median],
            fmt=f"{marker}-",
            color=COLORS[color],
            markersize=5,
            capsize=3,
            label=name,
        )
    every = np.unique(np.concatenate([np.asarray(values) for values in sizes.values()]))
    axis.set_xscale("log")
    axis.set_xticks(every, [f"{size:g}" for size in every])
    axis.set_xticks([], minor=True)
    axis.set_ylim(bottom=0)
    axis.set(xlabel=xlabel, ylabel="% of the GEMM rate")
    axis.legend()
