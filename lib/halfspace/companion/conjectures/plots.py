"""Figures on the conjectures: value networks along frozen gates, pairs of nets."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from halfspace.companion.plots import COLORS, INK, factor_axis, interval_curve, legend_above
from halfspace.companion.text import NOT_RECORDED

__all__ = ["frozen_gate_panels", "frozen_gates", "gains_of_pairs", "gains_of_tasks", "similarities"]


def frozen_gates(
    axis: Axes,
    epochs: ArrayLike,
    curves: Mapping[str, ArrayLike],
    random: float,
    *,
    title: str,
    color: str,
    linear_until: float,
) -> None:
    """Draw what a net and the ways to go on from its frozen gates reach.

    Args:
        axis: where to draw.
        epochs: at which the gates are frozen, shape (K,).
        curves: by label, mean and interval, shape (K, 3); first the net itself, then three ways.
        random: what a reinitialised value network reaches along random directions.
        title: of the panel.
        color: a key of ``COLORS``.
        linear_until: epoch up to which the time axis is linear; it is logarithmic from there on.
    """
    for (label, curve), style in zip(curves.items(), (":", "-", "--", "-."), strict=True):
        interval_curve(axis, epochs, curve, label, color=color, style=style)
    axis.axhline(random, color=INK, lw=0.8, label="random directions")
    axis.set_title(title)
    axis.set_xscale("symlog", linthresh=linear_until)


def frozen_gate_panels(
    axes: ArrayLike, panels: Mapping[str, tuple | None], *, linear_until: float
) -> None:
    """Draw ``frozen_gates`` in several panels under one legend; some may wait for their run.

    Args:
        axes: as many Axes as panels, any shape.
        panels: by title, its epochs, curves, random level and colour, or ``None`` without a run.
        linear_until: as for ``frozen_gates``.
    """
    drawn = []
    for axis, (title, panel) in zip(np.ravel(axes), panels.items(), strict=True):
        if panel is None:
            axis.set_title(title)
            axis.set_axis_off()
            axis.text(0.5, 0.5, NOT_RECORDED, transform=axis.transAxes, ha="center", color=INK)
            continue
        *values, color = panel
        frozen_gates(axis, *values, title=title, color=color, linear_until=linear_until)
        axis.set_xticks([0, 1, 10], ["0", "1", "10"])
        axis.set(xlabel="gates frozen at epoch", ylabel="correct (%)", xlim=(0, values[0][-1]))
        drawn.append(axis)
    if drawn:
        legend_above(drawn[0].figure, drawn[0], columns=1)


def similarities(
    axis: Axes, epochs: ArrayLike, curves: Mapping[str, ArrayLike], *, title: str
) -> None:
    """Draw the similarities of DLGNs to ReLU nets, and those among ReLU nets, over training.

    Args:
        axis: where to draw.
        epochs: shape (K,).
        curves: by label, mean and interval, shape (K, 3): a DLGN and its partner, a DLGN and other
            ReLU nets, two ReLU nets.
        title: of the panel.
    """
    strokes = (("dlgn", "-"), ("dlgn", "--"), ("relu", ":"))
    for (label, curve), (color, style) in zip(curves.items(), strokes, strict=True):
        interval_curve(axis, epochs, curve, label, color=color, style=style)
    axis.set_xscale("symlog", linthresh=5)
    axis.set(title=title, xlabel="epoch")
    axis.set_xticks([0, 10, 100], ["0", "10", "100"])


def gains_of_pairs(axis: Axes, relu: ArrayLike, dlgn: ArrayLike) -> None:
    """Draw each seed's allocation in the ReLU net and in the DLGN, logarithms, (S,) each."""
    _factors(axis, relu, dlgn)
    axis.set(title="allocation", xlabel="ReLU net", ylabel="DLGN")


def gains_of_tasks(axis: Axes, relu: ArrayLike, dlgn: ArrayLike) -> None:
    """Draw each task's mean allocation in ReLU nets and in DLGNs, logarithms, (tasks,) each."""
    _factors(axis, relu, dlgn)
    axis.set(xlabel="allocation, ReLU nets", ylabel="allocation, DLGNs")


def _factors(axis: Axes, relu: ArrayLike, dlgn: ArrayLike) -> None:
    axis.plot(np.exp(relu), np.exp(dlgn), "o", ms=4, color=COLORS["dlgn"])
    factor_axis(axis, "x")
    factor_axis(axis, "y")
