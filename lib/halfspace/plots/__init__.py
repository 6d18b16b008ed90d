"""Figures: arrays and Axes in, nothing else."""

from halfspace.plots.kernels import (
    CIRCLE_TICKS,
    HALVES_TICKS,
    convergence,
    kernel_row,
    mean_ratio,
    regression,
)
from halfspace.plots.style import CMAP, COLORS, DIVERGING, INK, figure, tag_panels, use_style

__all__ = [
    "CIRCLE_TICKS",
    "CMAP",
    "COLORS",
    "DIVERGING",
    "HALVES_TICKS",
    "INK",
    "convergence",
    "figure",
    "kernel_row",
    "mean_ratio",
    "regression",
    "tag_panels",
    "use_style",
]
