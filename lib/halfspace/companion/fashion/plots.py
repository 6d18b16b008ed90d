"""Figures of Section 5: two parts of a data set over training, from initialisation on."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.offsetbox import AnnotationBbox, OffsetImage
from matplotlib.ticker import LogFormatterSciNotation, LogLocator, NullLocator
from numpy.typing import ArrayLike

from halfspace.companion.plots import CMAP, COLORS, INK, kernel_row, one_seed, tag_panels

__all__ = [
    "alignments",
    "at_points",
    "clusters",
    "comparisons",
    "contrasts",
    "factor_ticks",
    "from_initialisation",
    "image_row",
    "image_slices",
    "kernels_of_a_net",
    "mark_value",
    "over_training",
]

_PARTS = ((0.25, "0–4"), (0.75, "5–9"))  # where the halves of the classes lie along a kernel's side


def from_initialisation(
    axis: Axes,
    epochs: ArrayLike,
    curves: Mapping[str, ArrayLike],
    *,
    colors: Mapping[str, str],
    styles: Mapping[str, str] | None = None,
    log_value: bool = False,
) -> None:
    """Draw curves over training: mean over seeds, and a band from the least to the greatest seed.

    The time axis is linear from initialisation, at its left end, to the first record after it, and
    logarithmic from there on.

    Args:
        axis: where to draw.
        epochs: times of the records, starting with 0, shape (E,).
        curves: by label, shape (E, S). Means with their intervals, shape (E, 3), are drawn as such.
        colors: by label, keys of ``COLORS``.
        styles: by label, line styles; solid if ``None``.
        log_value: logarithmic values; the mean is then the geometric one.
    """
    epochs = np.asarray(epochs)
    for label, values in curves.items():
        values = np.asarray(values, dtype=float)
        middle = np.exp(np.log(values).mean(1)) if log_value else values.mean(1)
        color, style = COLORS[colors[label]], (styles or {}).get(label, "-")
        axis.fill_between(epochs, values.min(1), values.max(1), color=color, alpha=0.2, lw=0)
        axis.plot(epochs, middle, style, color=color, label=label)
    axis.set_xscale("symlog", linthresh=epochs[1], linscale=0.35)
    ticks = [tick for tick in (0.1, 1, 10, 100) if epochs[1] <= tick <= epochs[-1]]
    axis.set_xticks([0, *ticks], ["0", *(f"{tick:g}" for tick in ticks)])
    axis.minorticks_off()
    axis.set_xlim(0, epochs[-1])
    axis.set_yscale("log" if log_value else "linear")
    if log_value:
        axis.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axis.yaxis.set_major_formatter(LogFormatterSciNotation(minor_thresholds=(9, 9)))
        axis.yaxis.set_minor_locator(NullLocator())
    axis.grid(axis="y")


def over_training(
    axes: ArrayLike,
    panels: Mapping[str, tuple[ArrayLike, Mapping[str, ArrayLike]]],
    colors: Mapping[str, Mapping[str, str] | str],
    *,
    dotted: Mapping[str, tuple[ArrayLike, Mapping[str, ArrayLike]]] | None = None,
    mark: float | None = None,
    **options,
) -> None:
    """Draw ``from_initialisation`` in several panels, and single nets over it.

    Args:
        axes: as many Axes as panels, any shape.
        panels: by title, epochs (E,), and by label the values that ``from_initialisation`` takes.
        colors: by title, a key of ``COLORS`` for each label, or one for all.
        dotted: some panels' single nets in the same form; the first of S seeds is drawn.
        mark: value at which to draw a horizontal line; none if ``None``.
        **options: passed to ``from_initialisation``.
    """
    for axis, (title, (epochs, curves)) in zip(np.ravel(axes), panels.items(), strict=True):
        given = colors[title]
        hues = dict.fromkeys(curves, given) if isinstance(given, str) else given
        from_initialisation(axis, epochs, curves, colors=hues, **options)
        times, nets = (dotted or {}).get(title, ((), {}))
        lines = {label: (times, np.asarray(values)[:, 0]) for label, values in nets.items()}
        one_seed(axis, lines, hues)
        if mark is not None:
            mark_value(axis, mark)
    tag_panels(axes, [*panels])


def mark_value(axis: Axes, value: float) -> None:
    """Mark a value with a thin horizontal line."""
    axis.axhline(value, color=INK, lw=1)


def at_points(
    axis: Axes,
    points: list[str],
    curves: Mapping[str, ArrayLike],
    *,
    colors: Mapping[str, str],
    styles: Mapping[str, str],
) -> None:
    """Draw values at several named points in time, a line per label through the means over seeds.

    Args:
        axis: where to draw.
        points: names of the points in time.
        curves: by label, shape (points, S); each seed's value is a dot.
        colors: by label, keys of ``COLORS``.
        styles: by label, line styles.
    """
    places = np.arange(len(points))
    for label, values in curves.items():
        values, color = np.asarray(values), COLORS[colors[label]]
        axis.plot(places, values, ".", color=color, ms=4, alpha=0.6)
        axis.plot(places, values.mean(1), styles[label], color=color, label=label)
    mark_value(axis, 0)
    axis.set_xticks(places, points)
    axis.set_xlim(-0.2, len(points) - 0.8)


def contrasts(
    axes: ArrayLike,
    panels: Mapping[str, Mapping[str, Mapping[str, ArrayLike]]],
    *,
    colors: Mapping[str, str],
    styles: Mapping[str, str],
) -> None:
    """Draw ``at_points`` of raw images, in grey, and of normalised ones in each panel.

    Args:
        axes: as many Axes as panels, any shape.
        panels: by title, by ``"raw"`` and ``"normalised"``, and by label, values of shape (2, S):
            start and end.
        colors: of the normalised images by title, keys of ``COLORS``.
        styles: by label, line styles.
    """
    for axis, (title, groups) in zip(np.ravel(axes), panels.items(), strict=True):
        for color, images in (("linear", "raw"), (colors[title], "normalised")):
            hues = dict.fromkeys(groups[images], color)
            at_points(axis, ["start", "end"], groups[images], colors=hues, styles=styles)
    tag_panels(axes, [*panels])


def alignments(
    axes: ArrayLike, panels: Mapping[str, Mapping[str, ArrayLike]], *, colors: Mapping[str, str]
) -> None:
    """Draw ``at_points`` at the start and the end; what is of normalised images is dashed.

    Args:
        axes: as many Axes as panels, any shape.
        panels: by title and label, values of shape (2, S); labels end with the kind of images.
        colors: by label, keys of ``COLORS``.
    """
    for axis, curves in zip(np.ravel(axes), panels.values(), strict=True):
        styles = {label: "-" if label.endswith("raw") else "--" for label in curves}
        at_points(axis, ["start", "end"], curves, colors=colors, styles=styles)
    tag_panels(axes, [*panels])


def kernels_of_a_net(axes: ArrayLike, kernels: ArrayLike) -> None:
    """Draw a net's kernel of images sorted by class at the start, in the middle and at the end.

    Args:
        axes: three Axes, any shape.
        kernels: shape (3, N, N).
    """
    kernel_row(axes, list(np.asarray(kernels)), ["start", "middle", "end"], ticks=_PARTS)


def image_row(axes: ArrayLike, images: ArrayLike, titles: list[str]) -> None:
    """Draw square grey images, dark on light, one a panel.

    Args:
        axes: as many Axes as images, any shape.
        images: pixels row by row, shape (images, side * side).
        titles: as many titles.
    """
    for axis, image, title in zip(np.ravel(axes), np.asarray(images), titles, strict=True):
        side = round(len(image) ** 0.5)
        axis.imshow(image.reshape(side, side), cmap="gray_r")
        axis.set_title(title, fontsize=9)
        axis.set_axis_off()


def image_slices(
    axes: ArrayLike,
    cells: Sequence[Sequence[ArrayLike]],
    paths: Sequence[ArrayLike],
    corners: ArrayLike,
    images: ArrayLike,
    titles: Sequence[str],
) -> None:
    """Colour the cells of a slice through three images by their active paths, one net a panel.

    Args:
        axes: a panel per net, any shape.
        cells: each net's polygons, in the plane's coordinates.
        paths: each net's numbers of active paths by cell, shape (C,).
        corners: where the images lie in the plane, shape (3, 2).
        images: their pixels row by row, shape (3, side * side).
        titles: a title per panel.
    """
    panels: list[Axes] = list(np.ravel(axes))
    corners, side = np.asarray(corners), round(len(images[0]) ** 0.5)
    counts = [np.asarray(each) for each in paths]
    power = np.floor(np.log10(max(map(np.max, counts))))
    shares = [each / 10.0**power for each in counts]
    limits = min(map(np.min, shares)), max(map(np.max, shares))
    for panel, polygons, share, title in zip(panels, cells, shares, titles, strict=True):
        shown = PolyCollection(polygons, array=share, cmap=CMAP, edgecolor="face", lw=0.2)
        shown.set(clim=limits, rasterized=True)
        panel.add_collection(shown)
        panel.plot(*corners[[0, 1, 2, 0]].T, color="white", lw=0.8)
        for corner, pixels in zip(corners, np.asarray(images), strict=True):
            picture = OffsetImage(pixels.reshape(side, side), cmap="gray_r", zoom=1.0)
            frame = dict(edgecolor=INK, lw=0.5)
            panel.add_artist(AnnotationBbox(picture, corner, pad=0.1, bboxprops=frame))
        panel.set(title=title, aspect="equal")
        panel.autoscale_view()
        panel.set_axis_off()
    bar = panels[0].figure.colorbar(
        shown, ax=panels, location="bottom", fraction=0.05, aspect=40, pad=0.02
    )
    bar.set_label(f"active paths ($10^{{{power:.0f}}}$)")
    bar.outline.set_visible(False)


def clusters(
    axes: np.ndarray, means: Mapping[int, Mapping[tuple[int, int], ArrayLike]], names: Sequence[str]
) -> None:
    """Draw the mean images of clusters, a row for each label that they share.

    Args:
        axes: shape (labels, clusters of a label).
        means: by label, by number of the class and of its cluster, shape (side * side,).
        names: of all classes.
    """
    for row, (label, images) in zip(axes, means.items(), strict=True):
        image_row(row, [*images.values()], [names[number] for number, _ in images])
        row[0].text(-0.2, 0.5, label, transform=row[0].transAxes, ha="right", va="center")


def comparisons(
    axes: ArrayLike,
    panels: Mapping[str, Mapping[str, tuple[float, float, bool]]],
    *,
    colors: Mapping[str, str],
) -> None:
    """Draw an arrow for each comparison, from what is compared with to what is looked at.

    Args:
        axes: as many Axes as panels, any shape.
        panels: by title and comparison, values at the tail and at the head, and whether the
            interval of their difference leaves out 0; the arrow is solid then, and dotted else.
        colors: by title, keys of ``COLORS``.
    """
    for axis, (title, arrows) in zip(np.ravel(axes), panels.items(), strict=True):
        axis.axvline(0, color=INK, lw=0.8, alpha=0.5)
        for place, (tail, head, decided) in enumerate(arrows.values()):
            color = COLORS[colors[title]]
            look = dict(color=color, lw=2, ls="-" if decided else (0, (1, 1)), shrinkA=0, shrinkB=0)
            axis.plot([tail, head], [place, place], ".", color=color, ms=5, alpha=0.5)
            style = dict(arrowstyle="-|>" if decided else "->", mutation_scale=12, **look)
            axis.annotate("", xy=(head, place), xytext=(tail, place), arrowprops=style)
        axis.set_yticks(range(len(arrows)), [*arrows])
        axis.set_ylim(len(arrows) - 0.5, -0.5)
        axis.grid(axis="x")
    tag_panels(axes, [*panels])


def factor_ticks(axes: ArrayLike, side: str, factors: Sequence[float]) -> None:
    """Mark factors along the sides of panels that show their natural logarithms.

    Args:
        axes: any shape.
        side: ``"x"`` or ``"y"``.
        factors: where to put ticks.
    """
    for axis in np.ravel(axes):
        ticks = dict(ticks=np.log(factors), labels=[f"×{factor:g}" for factor in factors])
        axis.set_xticks(**ticks) if side == "x" else axis.set_yticks(**ticks)
