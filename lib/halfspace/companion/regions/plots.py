"""Figures of regions in the plane: cells, path regions, half-spaces, counts."""

from collections.abc import Mapping, Sequence

import numpy as np
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.patches import Circle, PathPatch
from matplotlib.path import Path
from matplotlib.ticker import PercentFormatter
from numpy.typing import ArrayLike
from scipy.optimize import isotonic_regression

from halfspace.companion.plots import CMAP, COLORS, INK, ends_within, mark_values
from halfspace.companion.text import thousands

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
    borders: Sequence[ArrayLike],
    window: ArrayLike,
    *,
    color: str,
    labels: Sequence[str] = (),
) -> None:
    """Draw a path's region, and where the path's own units switch.

    Args:
        axis: where to draw.
        cells: the partition's polygons, each of shape (k, 2).
        parts: cell numbers of the region's components.
        borders: for each unit of the path the ends of segments, shape (k, 2, 2).
        window: the window's corners, shape (j, 2).
        color: a key of ``COLORS``.
        labels: a text for each component, written into its largest cell; or none.
    """
    _frame(axis, window)
    for part in parts:
        _fill(axis, [cells[cell] for cell in part], COLORS[color])
    axis.add_collection(LineCollection(np.concatenate(borders), colors=INK, lw=1.2))
    for part, label in zip(parts, labels, strict=bool(labels)):
        x, y = _roomiest(cells, part)
        axis.text(x, y, label, color="black", ha="center", va="center", weight="bold")


def unit_rows(
    axes: ArrayLike,
    cells: Sequence[ArrayLike],
    active: ArrayLike,
    borders: Sequence[ArrayLike],
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
        borders: for each layer the ends of the segments where its unit switches, shape (k, 2, 2).
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
    for panel, on, lines, title in zip(panels, active, borders, titles, strict=False):
        _frame(panel, window)
        panel.set_title(title)
        _fill(panel, [cells[cell] for cell in on.nonzero()[0]], INK, alpha=0.35)
        panel.add_collection(LineCollection(lines, colors=INK, lw=1.2))
    members = active.all(axis=0).nonzero()[0]
    path_region(panels[-1], cells, [members], borders, window, color=color)
    panels[-1].set_title(titles[-1])


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
    """Colour the cells of several partitions by a number, on one logarithmic scale.

    Args:
        axes: a panel per partition, any shape.
        cells: each partition's polygons.
        values: each partition's numbers n, as log₁₀(1 + n), shape (C,).
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
    numbers = [0] + [digit * 10**power for power in range(18) for digit in (1, 3)]
    ticks = [n for n in numbers if limits[0] <= np.log10(1 + n) <= limits[1]]
    bar.set_ticks([np.log10(1 + n) for n in ticks], labels=[thousands(n) for n in ticks])
    bar.minorticks_off()
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
        axis.plot(*point, "o", ms=6, color=INK, mec="white", mew=1.2)


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
    axis.locator_params(axis="x", nbins=5)
    axis.yaxis.set_major_formatter(_percent())
    axis.figure.legend(loc="outside upper center", ncols=2)


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

    Each curve is named at its right end.

    Args:
        axis: where to draw.
        sizes: shape (k,).
        possible: by label, shape (k,).
        counted: by label, shape (k, S) for S seeds; drawn are the mean and each seed.
        colors: by the counted labels, keys of ``COLORS``.
        xlabel: what ``sizes`` are.
    """
    ends = {}
    for style, (label, values) in zip(("--", ":", "-."), possible.items(), strict=False):
        axis.plot(sizes, np.asarray(values, dtype=float), ls=style, color=INK)
        ends[label] = (values[-1], INK)
    for marker, (label, values) in zip("osDv^<", counted.items(), strict=False):
        color, values = COLORS[colors[label]], np.asarray(values, dtype=float)
        filled = color if marker in "oD" else "none"
        axis.plot(sizes, values.mean(axis=1), f"{marker}-", color=color, mfc=filled, lw=1)
        axis.plot(sizes, values, marker, color=color, ms=2, alpha=0.5)
        ends[label] = (values[-1].mean(), color)
    axis.set_yscale("log")
    mark_values(axis, sizes, gap=0.03)
    axis.set_xlabel(xlabel)
    axis.set_ylabel("regions")
    _name_ends(axis, sizes[-1], ends)


def face_counts(
    axis: Axes,
    dimensions: ArrayLike,
    counts: Mapping[str, ArrayLike],
    bounds: Mapping[str, tuple[str, float]],
    *,
    color: str,
) -> None:
    """Draw numbers of faces against the input's dimension, with their bounds.

    Args:
        axis: where to draw.
        dimensions: shape (k,).
        counts: by label, shape (k, S).
        bounds: by the same labels, the largest possible number and its name.
        color: a key of ``COLORS``; the first curve's markers are filled, the others' hollow.
    """
    ends, color = {}, COLORS[color]
    for marker, (label, values) in zip("os", counts.items(), strict=False):
        values = np.asarray(values, dtype=float)
        places = np.repeat(dimensions, values.shape[1])
        face = color if marker == "o" else "none"
        style = dict(marker=marker, mec=color, mfc=face, errorbar=("pi", 100), err_kws={"lw": 0})
        sns.lineplot(x=places, y=values.ravel(), color=color, ax=axis, **style)
        ends[label] = (values[-1].mean(), color)
        name, bound = bounds[label]
        axis.plot([dimensions[0], dimensions[-1]], [bound, bound], color=color, lw=1, ls=":")
        ends[name] = (bound, INK)
    mark_values(axis, dimensions, gap=0.03)
    axis.set_xlabel("input dimension d")
    axis.set_ylabel("faces")
    axis.set_ylim(0, None)
    _name_ends(axis, dimensions[-1], ends)


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
    for ticks in (axis.xaxis, axis.yaxis):
        ticks.set_major_formatter(_percent())
    axis.set_xlabel(xlabel)
    axis.set_ylabel("part of the regions")
    axis.legend(loc="upper left")


def _frame(axis: Axes, window: ArrayLike) -> None:
    window = np.asarray(window)
    (left, bottom), (right, top) = window.min(axis=0), window.max(axis=0)
    axis.set(xlim=(left, right), ylim=(bottom, top), aspect="equal")
    axis.set_xticks([left, 0, right] if left < 0 < right else [left, right])
    axis.set_yticks([bottom, 0, top] if bottom < 0 < top else [bottom, top])
    for ticks in (axis.xaxis, axis.yaxis):
        ticks.set_major_formatter("{x:g}")
    # The outer labels stay within the panel, so that those of neighbours do not touch.
    ends_within(axis)
    axis.set(xlabel="$x_1$", ylabel="$x_2$")
    axis.label_outer()
    axis.spines[:].set_visible(True)


def _fill(axis: Axes, polygons: Sequence[ArrayLike], color: str, alpha: float = 1.0) -> None:
    """Fill polygons that share edges as one shape, without seams between them."""
    if len(polygons):
        rings = [Path(np.append(ring, ring[:1], axis=0), closed=True) for ring in polygons]
        shape = Path.make_compound_path(*rings)
        axis.add_patch(PathPatch(shape, facecolor=color, alpha=alpha, lw=0))


def _percent() -> PercentFormatter:
    return PercentFormatter(1, decimals=0, symbol="\u00a0%")


def _name_ends(axis: Axes, right: float, ends: Mapping[str, tuple[float, str]]) -> None:
    """Write names beside the right ends of curves, moved apart where they would touch.

    Args:
        axis: where the curves are drawn; its scales and limits stay as they are.
        right: where the curves end.
        ends: by name, the height and the colour.
    """
    ends = sorted(ends.items(), key=lambda end: end[1][0])
    places = axis.transData.transform([(right, height) for _, (height, _) in ends])[:, 1]
    places *= 72 / axis.figure.dpi
    # The places nearest to the ends that are a line apart; they increase, less the lines between.
    lines = 13.0 * np.arange(len(ends))
    shifts = isotonic_regression(places - lines).x + lines - places
    for (name, (height, color)), shift in zip(ends, shifts, strict=True):
        axis.annotate(
            name, (right, height), (8, shift), textcoords="offset points", color=color, va="center"
        )


def _roomiest(cells: Sequence[ArrayLike], part: Sequence[int]) -> np.ndarray:
    """Return the mean corner of the part's cell whose shorter extent is largest."""
    chosen = [np.asarray(cells[cell]) for cell in part]
    return max(chosen, key=lambda cell: np.ptp(cell, axis=0).min()).mean(axis=0)
