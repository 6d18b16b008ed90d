"""Figures that several subjects draw: arrays and Axes in, nothing else."""

from halfspace.companion.plots.curves import (
    angle_axis,
    band_panels,
    ends_within,
    factor_axis,
    forest,
    interval_curve,
    interval_curves,
    label_outer,
    legend_above,
    mark_values,
    one_seed,
    seed_bands,
)
from halfspace.companion.plots.images import CIRCLE_TICKS, kernel_row
from halfspace.companion.plots.style import CMAP, COLORS, INK, figure, tag_panels, use_style
from halfspace.companion.plots.tables import html_table, transposed

__all__ = [
    "CIRCLE_TICKS",
    "CMAP",
    "COLORS",
    "INK",
    "angle_axis",
    "band_panels",
    "ends_within",
    "factor_axis",
    "figure",
    "forest",
    "html_table",
    "interval_curve",
    "interval_curves",
    "kernel_row",
    "label_outer",
    "legend_above",
    "mark_values",
    "one_seed",
    "seed_bands",
    "tag_panels",
    "transposed",
    "use_style",
]
