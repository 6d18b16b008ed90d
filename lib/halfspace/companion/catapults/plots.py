"""Figures of the catapults."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from halfspace.companion.plots import (
    COLORS,
    INK,
    factor_axis,
    interval_curve,
    label_outer,
    mark_values,
)

__all__ = ["STYLES", "activation_maps", "flights", "over_rates", "plane"]

STYLES = {
    "ReLU net": ("relu", "-"),
    "DLGN": ("dlgn", "-"),
    "frozen gates": ("frozen", "-"),
    "straight-through": ("complex", "-"),
    "fast gates": ("simple", "--"),
    "with biases": ("simple", "--"),
}
"""Colour and line of each net, by its label."""

_ORDER = ("none", "ours", "low", "high", "rebalanced loss", "frozen")  # of rates
_SHOWN = (1, 2, 3.5, 6, 12)  # numbers of a logarithmic axis of rates


def plane(axis: Axes, paths: Mapping[str, ArrayLike]) -> None:
    """Draw trajectories of the plane map, and its two limits.

    Args:
        axis: where to draw.
        paths: by learning rate, six at most, s and κ of each step, shape (k, 2).
    """
    for number, (label, path) in enumerate(paths.items()):
        s, kappa = np.asarray(path).T
        inside = (s > 1e-12) & (s < 1e3) & (np.abs(kappa) < 20)
        color = COLORS[_ORDER[number]]
        axis.plot(kappa[inside], s[inside], "-o", ms=2, lw=1, color=color, label=label)
    for limit in (2, 4):
        axis.axvline(limit, color=INK, lw=0.8, ls=":")
    axis.set(yscale="log", ylim=(1e-8, 30), xlim=(-0.2, 6.2))
    axis.set(xlabel="κ, learning rate times NTK", ylabel="s, loss times α²")


def flights(axes: np.ndarray, histories: Mapping[str, Mapping[str, ArrayLike]], rates) -> None:
    """Draw loss, αλ and the norm over steps, one column for each net, a curve for each rate.

    Args:
        axes: shape (3, number of nets).
        histories: by net: steps (k,), and loss, kappa and norm, each (k, R), the loss and the norm
            over their starts; what is not finite is left out.
        rates: R, six at most, learning rates times the NTK's largest eigenvalue at the start.
    """
    rows = {"loss": "loss, × start", "kappa": "αλ", "norm": "norm², × start"}
    for column, (title, history) in zip(axes.T, histories.items(), strict=True):
        for axis, name in zip(column, rows, strict=True):
            for number, rate in enumerate(rates):
                values = np.asarray(history[name])[:, number]
                seen = np.isfinite(values) & np.isfinite(np.asarray(history["loss"])[:, number])
                axis.plot(
                    history["steps"][seen], values[seen], lw=1.2, label=f"{rate:g}",
                    color=COLORS[_ORDER[number]],
                )  # fmt: skip
            axis.set_xscale("symlog", linthresh=10)
            axis.set_xticks([0, 10, 100], ["0", "10", "100"])
            axis.set_xticks([], minor=True)
        column[0].set_title(title)
        for limit in (2, 4):
            column[1].axhline(limit, color=INK, lw=0.8, ls=":")
        column[2].axhline(1, color=INK, lw=0.8, ls=":")
        column[0].set(yscale="log", ylim=(0.1, 50))
        column[1].set(ylim=(0, 6))
        column[2].set(ylim=(0, 1.8))
    label_outer(axes, "step", "")
    for axis, name in zip(axes[:, 0], rows.values(), strict=True):
        axis.set_ylabel(name)


def over_rates(
    axis: Axes, rows: Mapping[str, tuple[ArrayLike, ArrayLike]], ylabel: str, *, factor=False
) -> None:
    """Draw curves over the learning rate, which is in units of 1/λ at the start.

    Args:
        axis: where to draw.
        rows: by net, a name of ``STYLES``: rates (k,), and values (k,) or means with intervals
            (k, 3).
        ylabel: what is drawn.
        factor: whether values are factors.
    """
    for label, (rates, values) in rows.items():
        color, style = STYLES[label]
        values = np.asarray(values)
        curve = values if values.ndim == 2 else np.stack([values] * 3, 1)
        interval_curve(axis, rates, curve, label, color=color, style=style)
        axis.plot(rates, curve[:, 0], "o", ms=3, color=COLORS[color])
    for limit in (2, 4):
        axis.axvline(limit, color=INK, lw=0.8, ls=":")
    axis.set_xscale("log")
    mark_values(axis, _SHOWN, gap=0.02)
    axis.set_ylabel(ylabel)
    if factor:
        factor_axis(axis, "y")


def activation_maps(axes: np.ndarray, maps: Mapping[str, ArrayLike]) -> None:
    """Draw gates as images, units by inputs, each panel's units in the order of their share open.

    Args:
        axes: as many Axes as maps, any shape.
        maps: by title, hard gates of one layer, shape (n, m).
    """
    panels = np.ravel(axes)
    for axis, (title, gates) in zip(panels, maps.items(), strict=True):
        gates = np.asarray(gates)
        order = np.argsort(-gates.mean(0), kind="stable")
        axis.imshow(gates[:, order].T, cmap="cividis", aspect="auto", interpolation="nearest")
        axis.set(title=title, xticks=[], yticks=[], xlabel="images")
    panels[0].set_ylabel("units")
