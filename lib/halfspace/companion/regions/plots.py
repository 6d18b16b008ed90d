"""Figures of regions in the plane: cells, path regions, half-spaces, counts."""

from collections.abc import Mapping, Sequence

import numpy as np
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.patches import Circle
from numpy.typing import ArrayLike

from halfspace.companion.plots import CMAP, COLORS, INK

__all__ = [
    "area_curves",
    "cell_values",
    "clipped_region",
    "count_curves",
    "face_counts",
    "path_region",
    "shares_below",
    "unit_rows",
]


def path_region(
    axis: Axes,
    cells: Sequence[ArrayLike],
    parts: Sequence[Sequence[int]],
    window: ArrayLike,
    *,
    color: str,
    labels: Sequence[str] = (),
) -> None:
    """Draw a path's region over the edges of all cells.

    Args:
        axis: where to draw.
        cells: the partition's polygons, each of shape (k, 2).
        parts: cell numbers of the region's components.
        window: the window's corners, shape (j, 2).
        color: a key of ``COLORS``.
        labels: a text for each component, written into its largest cell; or none.
    """
    _frame(axis, window)
    for part in parts:
        chosen = [cells[cell] for cell in part]
        axis.add_collection(PolyCollection(chosen, facecolor=COLORS[color], lw=0))
    axis.add_collection(PolyCollection(cells, facecolor="none", edgecolor=INK, lw=0.5))
    for part, label in zip(parts, labels, strict=bool(labels)):
        x, y = _roomiest(cells, part)
        axis.text(x, y, label, color="white", ha="center", va="center", weight="bold")


def unit_rows(
    axes: ArrayLike,
    cells: Sequence[ArrayLike],
    active: ArrayLike,
    window: ArrayLike,
    titles: Sequence[str],
    *,
    color: str,
) -> None:
    """Draw where each unit of a path is active, a panel per layer, and where all are, last.

    Args:
        axes: H + 1 Axes, any shape.
        cells: the partition's polygons.
        active: the path's gates by layer and cell, bool, shape (H, C).
        window: the window's corners, shape (j, 2).
        titles: H + 1 titles.
        color: of the last panel, a key of ``COLORS``.

    Raises:
        ValueError: if the numbers of panels, titles and layers do not fit.
    """
    panels, active = list(np.ravel(axes)), np.asarray(active, dtype=bool)
    if not len(panels) == len(titles) == len(active) + 1:
        raise ValueError(
            "axes and titles must be one more than the layers; "
            f"got {len(panels)}, {len(titles)} and {len(active)}"
        )
    rows = [*active, active.all(axis=0)]
    for number, (panel, on, title) in enumerate(zip(panels, rows, titles, strict=True)):
        _frame(panel, window)
        panel.set_title(title)
        chosen = [cell for cell, inside in zip(cells, on, strict=True) if inside]
        tone = COLORS[color] if number == len(active) else INK
        alpha = 1.0 if number == len(active) else 0.45
        panel.add_collection(PolyCollection(chosen, facecolor=tone, lw=0, alpha=alpha))
        panel.add_collection(
            PolyCollection(cells, facecolor="none", edgecolor=INK, lw=0.3, alpha=0.6)
        )


def cell_values(
    axes: ArrayLike,
    cells: Sequence[Sequence[ArrayLike]],
    values: Sequence[ArrayLike],
    window: ArrayLike,
    titles: Sequence[str],
    *,
    label: str,
    circle: bool = False,
) -> None:
    """Colour the cells of several partitions by a value, on one scale.

    Args:
        axes: a panel per partition, any shape.
        cells: each partition's polygons.
        values: each partition's values, shape (C,).
        window: the window's corners, shape (j, 2).
        titles: a title per panel.
        label: what the colours measure.
        circle: whether to draw the unit circle, where the data lie.
    """
    panels: list[Axes] = list(np.ravel(axes))
    limits = min(np.min(v) for v in values), max(np.max(v) for v in values)
    for panel, polygons, value, title in zip(panels, cells, values, titles, strict=True):
        _frame(panel, window)
        panel.set_title(title)
        image = PolyCollection(polygons, array=value, cmap=CMAP, edgecolor="face", lw=0.2)
        image.set_clim(*limits)
        panel.add_collection(image)
        if circle:
            panel.add_patch(Circle((0, 0), 1, fill=False, edgecolor="white", lw=1.2))
    bar = panels[0].figure.colorbar(
        image, ax=panels, location="bottom", fraction=0.05, aspect=40, pad=0.02
    )
    bar.set_label(label)
    bar.outline.set_visible(False)


def clipped_region(
    axis: Axes,
    polygon: ArrayLike,
    normals: ArrayLike,
    offsets: ArrayLike,
    window: ArrayLike,
    *,
    point: ArrayLike | None = None,
) -> None:
    """Draw a DLGN's path region and the boundaries of its half-spaces.

    Args:
        axis: where to draw.
        polygon: the region, shape (k, 2), possibly empty.
        normals: the half-spaces' normals, shape (H, 2).
        offsets: their offsets, shape (H,).
        window: the window's corners, shape (j, 2).
        point: an input to mark, shape (2,).
    """
    _frame(axis, window)
    if len(polygon):
        axis.add_collection(PolyCollection([polygon], facecolor=COLORS["dlgn"], lw=0, alpha=0.75))
    reach = 3 * np.abs(window).max()
    lines = []
    for normal, offset in zip(np.asarray(normals), np.asarray(offsets), strict=True):
        foot = -offset * normal / (normal @ normal)
        along = reach * np.array([-normal[1], normal[0]]) / np.linalg.norm(normal)
        lines.append([foot - along, foot + along])
    axis.add_collection(LineCollection(lines, colors=INK, lw=1.2))
    axis.add_patch(Circle((0, 0), 1, fill=False, edgecolor=INK, lw=0.8, ls=":"))
    if point is not None:
        axis.plot(*point, "o", ms=6, color=COLORS["low"], mec="white")


def area_curves(
    axis: Axes,
    weights: ArrayLike,
    curves: Mapping[str, ArrayLike],
    colors: Mapping[str, str],
    *,
    dashed: Sequence[str] = (),
    xlabel: str,
) -> None:
    """Draw the area of a path's region against a weight.

    Args:
        axis: where to draw.
        weights: increasing, shape (k,).
        curves: by label, shares of the window's area, shape (k,).
        colors: by label, keys of ``COLORS``.
        dashed: labels drawn dashed.
        xlabel: which weight.
    """
    for number, (label, areas) in enumerate(curves.items()):
        style = "--" if label in dashed else "-"
        # The first curve is broad, so that it shows where another one covers it.
        broad = 4.0 if number == 0 else 1.6
        axis.plot(weights, areas, style, color=COLORS[colors[label]], lw=broad, label=label)
    axis.set_xlabel(xlabel)
    axis.set_ylabel("share of the window")
    axis.set_ylim(-0.02, None)
    axis.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0))


def count_curves(
    axis: Axes,
    sizes: ArrayLike,
    possible: Mapping[str, ArrayLike],
    counted: Mapping[str, ArrayLike],
    colors: Mapping[str, str],
    *,
    xlabel: str,
) -> None:
    """Draw counts on a log scale: possible ones as grey lines, counted ones as coloured markers.

    Args:
        axis: where to draw.
        sizes: shape (k,).
        possible: by label, shape (k,).
        counted: by label, shape (k, S) for S seeds; drawn are the mean and each seed.
        colors: by the counted labels, keys of ``COLORS``.
        xlabel: what ``sizes`` are.
    """
    styles = ("--", ":", "-.", (0, (5, 1, 1, 1, 1, 1)))
    for style, (label, values) in zip(styles, possible.items(), strict=False):
        axis.plot(sizes, np.asarray(values, dtype=float), ls=style, color=INK, label=label)
    for marker, (label, values) in zip("osDv^<", counted.items(), strict=False):
        color, values = COLORS[colors[label]], np.asarray(values, dtype=float)
        filled = color if marker in "oD" else "none"
        axis.plot(
            sizes, values.mean(axis=1), f"{marker}-", color=color, mfc=filled, lw=1, label=label
        )
        axis.plot(sizes, values, marker, color=color, ms=2, alpha=0.5)
    axis.set_yscale("log")
    # Possible counts may grow beyond all bounds; let them leave the picture.
    every = np.concatenate([np.ravel(values) for values in counted.values()])
    axis.set_ylim(every[every > 0].min() / 2, 100 * every.max())
    axis.set_xticks(sizes)
    axis.set_xlabel(xlabel)
    axis.set_ylabel("regions")
    axis.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)


def face_counts(
    axis: Axes,
    dimensions: ArrayLike,
    counts: Mapping[str, ArrayLike],
    bounds: Mapping[str, float],
    colors: Mapping[str, str],
) -> None:
    """Draw numbers of faces against the input's dimension, with their bounds.

    Args:
        axis: where to draw.
        dimensions: shape (k,).
        counts: by label, shape (k, S).
        bounds: by the same labels, the largest possible number.
        colors: by label, keys of ``COLORS``.
    """
    for label, values in counts.items():
        color, values = COLORS[colors[label]], np.asarray(values, dtype=float)
        places = np.repeat(dimensions, values.shape[1])
        style = dict(marker="o", mec=color, errorbar=("pi", 100), err_kws={"lw": 0})
        sns.lineplot(x=places, y=values.ravel(), color=color, label=label, ax=axis, **style)
        axis.axhline(bounds[label], color=color, lw=1, ls=":")
    axis.set_xlabel("input dimension d")
    axis.set_ylabel("faces")
    axis.set_ylim(0, None)
    axis.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)


def shares_below(
    axis: Axes, shares: Mapping[str, ArrayLike], colors: Mapping[str, str], *, xlabel: str
) -> None:
    """Draw which part of the regions lies at or below each value (cumulative distribution).

    Args:
        axis: where to draw.
        shares: by label, values in [0, 1], shape (k,).
        colors: by label, keys of ``COLORS``.
        xlabel: what the values are.
    """
    for number, (label, values) in enumerate(shares.items()):
        broad = 4.0 if number == 0 else 1.6  # so that the first shows where another covers it
        axis.ecdf(np.asarray(values), color=COLORS[colors[label]], lw=broad, label=label)
    axis.set_xlim(0, 1.03)
    axis.set_xlabel(xlabel)
    axis.set_ylabel("part of the regions")
    axis.legend(loc="upper left")


def _frame(axis: Axes, window: ArrayLike) -> None:
    window = np.asarray(window)
    (left, bottom), (right, top) = window.min(axis=0), window.max(axis=0)
    axis.set(xlim=(left, right), ylim=(bottom, top), aspect="equal")
    axis.set_xticks([left, 0, right] if left < 0 < right else [left, right])
    axis.set_yticks([bottom, 0, top] if bottom < 0 < top else [bottom, top])
    axis.spines[:].set_visible(True)


def _roomiest(cells: Sequence[ArrayLike], part: Sequence[int]) -> np.ndarray:
    """Return the mean corner of the part's cell whose shorter extent is largest."""
    chosen = [np.asarray(cells[cell]) for cell in part]
    return max(chosen, key=lambda cell: np.ptp(cell, axis=0).min()).mean(axis=0)
