"""Rows of kernels."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from halfspace.companion.plots.curves import ends_within
from halfspace.companion.text import rounded

__all__ = ["CIRCLE_TICKS", "kernel_row"]

# Inputs at equispaced angles: the top half of the circle comes first.
CIRCLE_TICKS = ((0.0, "0°"), (0.5, "180°"), (1.0, "360°"))


def kernel_row(
    axes: ArrayLike,
    kernels: Sequence[ArrayLike],
    titles: Sequence[str],
    *,
    ticks: Sequence[tuple[float, str]] = CIRCLE_TICKS,
    shared: bool = False,
    label: str = "",
) -> None:
    """Draw square kernels as images; both axes grow away from the lower left corner.

    The inputs come in two groups of equal size; white lines separate them.

    Three panels side by side need a row height of 2.6 in, two panels 3.2 in.

    Args:
        axes: one Axes per kernel, any shape.
        kernels: as many kernels, each of shape (n, n).
        titles: as many titles.
        ticks: (position, text) pairs for both axes, positions as fractions of the axis from 0 to 1.
        shared: whether all kernels share one colour scale and one colour bar; otherwise each has
            its own.
        label: what the colours measure, written once under the row.

    Raises:
        ValueError: if the numbers of axes, kernels and titles differ or a kernel is not square.
    """
    panels: list[Axes] = list(np.ravel(axes))
    arrays = [np.asarray(kernel, dtype=float) for kernel in kernels]
    if not len(panels) == len(arrays) == len(titles):
        raise ValueError(
            "axes, kernels and titles must be equally many; "
            f"got {len(panels)}, {len(arrays)} and {len(titles)}"
        )
    for array in arrays:
        if array.ndim != 2 or array.shape[0] != array.shape[1]:
            raise ValueError(f"kernels must be square; got shape {array.shape}")
    ranges = [_color_range(array) for array in arrays]
    if shared:
        ranges = [(min(low for low, _ in ranges), max(high for _, high in ranges))] * len(arrays)
    for panel, array, title, limits in zip(panels, arrays, titles, ranges, strict=True):
        image = panel.imshow(
            array,
            origin="lower",
            extent=(0, 1, 0, 1),
            vmin=limits[0],
            vmax=limits[1],
            rasterized=True,
        )
        panel.set_title(title)
        _label_sides(panel, ticks)
        if not shared:
            _colorbar([panel], image, limits)
    if shared:
        _colorbar(panels, image, limits)
    if label:
        panels[0].figure.supxlabel(label, fontsize="medium")


def _color_range(array: np.ndarray) -> tuple[float, float]:
    low, high = min(0.0, float(np.nanmin(array))), float(np.nanmax(array))
    return low, high if high > low else low + 1.0


def _label_sides(panel: Axes, ticks: Sequence[tuple[float, str]]) -> None:
    places, texts = zip(*ticks, strict=True)
    first_column = panel.get_subplotspec() is None or panel.get_subplotspec().is_first_col()
    panel.set_xticks(places, texts)
    panel.set_yticks(places, texts if first_column else [""] * len(texts))
    if all(0 < place < 1 for place in places):
        # Names of groups lie along the axis and need no tick mark.
        panel.tick_params(length=0)
        for text in panel.get_yticklabels():
            text.set(rotation=90, verticalalignment="center")
    if places[0] == 0:
        ends_within(panel)
    panel.axhline(0.5, color="white", linewidth=0.8, alpha=0.8)
    panel.axvline(0.5, color="white", linewidth=0.8, alpha=0.8)
    for spine in panel.spines.values():
        spine.set_visible(False)


def _colorbar(panels: list[Axes], image, limits: tuple[float, float]) -> None:
    bar = panels[0].figure.colorbar(
        image, ax=panels, location="bottom", fraction=0.06, aspect=18 * len(panels), pad=0.03
    )
    bar.set_ticks(limits, labels=[rounded(value) for value in limits])
    ends_within(bar.ax)
    bar.outline.set_visible(False)
