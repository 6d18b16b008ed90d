"""Figures on risks by dimension, and on half-spaces that turn into a plane."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from halfspace.companion.plots import COLORS, INK, interval_curves

__all__ = ["STYLES", "domains", "plane", "projections", "risks", "shares"]

STYLES = {
    "ReLU net": ("relu", "-"),
    "DLGN": ("dlgn", "-"),
    "DLGN, frozen gates": ("frozen", "-"),
    "kernel ridge": ("simple", "-"),
    "neighbours": ("complex", "-"),
    "kernel ridge, plane known": ("none", "--"),
    "layer 1": ("dlgn", ":"),
    "layer 2": ("dlgn", "--"),
    "layer 3": ("dlgn", "-"),
    "ReLU net, layer 1": ("relu", "-"),
    "layer 3, shuffled": ("none", "-"),
    "full domain": ("ours", "-"),
    "tube": ("complex", "-"),
}
"""Colour and line of each curve or mark of the chapter, by its label."""


def risks(axis: Axes, points: Sequence[int], rows: Mapping[str, ArrayLike], title: str) -> None:
    """Draw risks against the number of points, on logarithmic axes.

    Args:
        axis: where to draw.
        points: numbers of points, K.
        rows: by label, value and interval, shape (K, 3).
        title: of the panel.
    """
    interval_curves(axis, points, rows, STYLES)
    axis.set(xscale="log", yscale="log", title=title, xlabel="points")
    axis.set_xticks(points, points)
    axis.set_xticks([], minor=True)
    axis.grid(axis="y")


def shares(
    axis: Axes, x: ArrayLike, rows: Mapping[str, ArrayLike], chance: float, **labels: str
) -> None:
    """Draw shares in the plane, in percent; a thin line marks that of random normals.

    Args:
        axis: where to draw.
        x: shape (K,).
        rows: by label, mean and interval, shape (K, 3).
        chance: the share of random normals, in percent.
        **labels: ``xlabel``, ``ylabel``, ``title``.
    """
    interval_curves(axis, x, rows, STYLES)
    axis.axhline(chance, color=INK, lw=0.8)
    axis.set(ylim=(0, 60), **labels)


def projections(axis: Axes, normals: ArrayLike, title: str) -> None:
    """Draw where unit normals fall on a plane, from the centre, within the unit circle.

    Args:
        axis: where to draw.
        normals: their coordinates in the plane, shape (m, 2).
        title: of the panel.
    """
    angles = np.linspace(0, 2 * np.pi, 200)
    axis.plot(np.cos(angles), np.sin(angles), color=INK, lw=0.8)
    ends = np.asarray(normals)
    axis.plot(*np.stack([0 * ends, ends], 1).T, color=COLORS["dlgn"], lw=0.7, alpha=0.5)
    axis.plot(*ends.T, "o", ms=2.5, color=COLORS["dlgn"])
    axis.set(title=title, xticks=[], yticks=[], aspect="equal")
    for spine in axis.spines.values():
        spine.set_visible(False)


def plane(axis: Axes, coordinates: ArrayLike, values: ArrayLike, title: str) -> None:
    """Draw points of the plane in the colours of their values, and the unit circle.

    Args:
        axis: where to draw.
        coordinates: shape (n, 2).
        values: shape (n,), on a scale that is even about zero.
        title: of the panel.
    """
    reach = np.abs(values).max()
    colors = dict(c=values, cmap="PuOr", vmin=-reach, vmax=reach)
    axis.scatter(*np.asarray(coordinates).T, s=3, linewidths=0, **colors)
    angles = np.linspace(0, 2 * np.pi, 200)
    axis.plot(np.cos(angles), np.sin(angles), color=INK, lw=1.2)
    axis.set(title=title, xticks=[], yticks=[], aspect="equal", xlim=(-1.9, 1.9), ylim=(-1.9, 1.9))
    for spine in axis.spines.values():
        spine.set_visible(False)


def domains(axis: Axes, rows: Mapping[str, Mapping[str, Sequence[float]]]) -> None:
    """Draw risks with intervals, a row for each method, on a logarithmic axis.

    Args:
        axis: where to draw.
        rows: by domain and method, value, lower and upper end; the first domain has all methods.
    """
    first, *_ = rows.values()
    places = {label: place for place, label in enumerate(first)}
    for number, (domain, values) in enumerate(rows.items()):
        mean, low, high = np.array(list(values.values())).T
        axis.errorbar(
            mean, [places[label] + 0.2 * number for label in values], fmt="os"[number],
            xerr=[mean - low, high - mean], ms=4, color=COLORS[STYLES[domain][0]], label=domain,
        )  # fmt: skip
    axis.set_yticks(range(len(places)), places)
    axis.set_ylim(len(places) - 0.4, -0.6)
    axis.set(xlabel="risk", xscale="log")
    axis.grid(axis="x")
