"""Figures: arrays and Axes in, nothing else."""

from halfspace.plots.circle import (
    effects,
    half_space_grid,
    halves,
    layer_shares,
    learned_functions,
    own_and_hard_loss,
    seed_bands,
    times_to_level,
)
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
    "effects",
    "figure",
    "half_space_grid",
    "halves",
    "kernel_row",
    "layer_shares",
    "learned_functions",
    "mean_ratio",
    "own_and_hard_loss",
    "regression",
    "seed_bands",
    "tag_panels",
    "times_to_level",
    "use_style",
]
