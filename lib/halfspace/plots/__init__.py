"""Figures: arrays and Axes in, nothing else."""

from halfspace.plots.benchmarks import cost_curves, machine_shares
from halfspace.plots.circle import (
    band_panels,
    forest,
    half_space_grid,
    halves,
    interval_curve,
    layer_shares,
    learned_functions,
    one_seed,
    seed_bands,
    times_to_level,
)
from halfspace.plots.fashion import (
    at_points,
    from_initialisation,
    image_row,
    label_outer,
    legend_above,
    mark_value,
)
from halfspace.plots.kernels import (
    convergence,
    kernel_row,
    mean_ratio,
    regression,
)
from halfspace.plots.regions import (
    area_curves,
    cell_values,
    clipped_region,
    count_curves,
    dlgn_diagram,
    face_counts,
    path_region,
    shares_below,
    unit_rows,
)
from halfspace.plots.style import CMAP, COLORS, DIVERGING, INK, figure, tag_panels, use_style
from halfspace.plots.tables import html_table

__all__ = [
    "CMAP",
    "COLORS",
    "DIVERGING",
    "INK",
    "area_curves",
    "at_points",
    "band_panels",
    "cell_values",
    "clipped_region",
    "convergence",
    "cost_curves",
    "count_curves",
    "dlgn_diagram",
    "face_counts",
    "figure",
    "forest",
    "from_initialisation",
    "half_space_grid",
    "halves",
    "html_table",
    "interval_curve",
    "image_row",
    "kernel_row",
    "label_outer",
    "layer_shares",
    "learned_functions",
    "legend_above",
    "machine_shares",
    "mark_value",
    "mean_ratio",
    "one_seed",
    "path_region",
    "regression",
    "seed_bands",
    "shares_below",
    "tag_panels",
    "times_to_level",
    "unit_rows",
    "use_style",
]
