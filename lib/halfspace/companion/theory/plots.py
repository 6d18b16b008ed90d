"""Figures of Sections 2 and 3: the DLGN's diagram, kernel regression, the NTK against width."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch
from numpy.typing import ArrayLike

from halfspace.companion.plots import COLORS, INK, angle_axis, ends_within, kernel_row
from halfspace.companion.text import plain_number

__all__ = [
    "circle_kernels",
    "convergence",
    "depth_curves",
    "dlgn_diagram",
    "mean_ratio",
    "path_panels",
    "regression",
    "shared_by_source",
]

_SOURCES = {
    "deep linear net": "linear",
    "gated linear net": "leave-one-out",
    "globally gated net": "dlgn",
    "DLGN": "dlgn",
    "DGN": "dgn",
    "ReLU net": "relu",
}
"""Colour of the network that sets the gates, by its name."""


def circle_kernels(
    axes: np.ndarray, kernels: Sequence[ArrayLike], titles: Sequence[str], **options
) -> None:
    """Draw kernels of equispaced inputs on the circle, with angles in degrees at both axes.

    Args:
        axes: one Axes per kernel, shape (rows, columns).
        kernels: as many kernels, each of shape (n, n).
        titles: as many titles.
        **options: passed to ``kernel_row``.
    """
    kernel_row(axes, kernels, titles, **options)
    for axis in axes[-1]:
        axis.set_xlabel("angle of x")
    for axis in axes[:, 0]:
        axis.set_ylabel("angle of x′")


def depth_curves(
    axis: Axes,
    degrees: ArrayLike,
    measured: Mapping[int, ArrayLike],
    expected: Mapping[int, ArrayLike],
) -> None:
    """Draw the share of active paths that two inputs share against the angle between them.

    Args:
        axis: where to draw.
        degrees: angles, shape (n,).
        measured: by number of layers the measured shares, shape (n,), as points.
        expected: by number of layers what the formula gives, shape (n,), as lines.
    """
    degrees, color = np.asarray(degrees), COLORS["dlgn"]
    for layers, share in expected.items():
        axis.plot(degrees, share, color=color, lw=1.2)
        axis.plot(degrees, measured[layers], "o", color=color, ms=3)
        # Names stand to the right of the curves, at one height; the steepest one's to its left.
        steepest = layers == max(expected)
        height, side = (0.1, "right") if steepest else (0.25, "left")
        place = np.interp(height, share[::-1], degrees[::-1])
        axis.annotate(
            f"{layers} layer{'s' if layers > 1 else ''}",
            (place, height),
            (-8 if steepest else 8, 0),
            textcoords="offset points",
            ha=side,
            va="center",
        )
    axis.plot([], [], "o", color=color, ms=3, label="mean over random DLGNs")
    axis.plot([], [], color=color, lw=1.2, label="(1 − θ/180°) to the number of layers")
    axis.set_xticks(range(0, 181, 45), [f"{degrees}°" for degrees in range(0, 181, 45)])
    axis.set_yticks(np.linspace(0, 1, 5), [f"{percent} %" for percent in range(0, 101, 25)])
    axis.set(xlabel="angle θ between the inputs", ylabel="active paths shared")
    axis.figure.legend(loc="outside upper center", handlelength=1.2)


def shared_by_source(
    axes: np.ndarray, one: Mapping[str, ArrayLike], means: Mapping[str, ArrayLike]
) -> None:
    """Draw which share of an input's active paths the inputs around it have, a panel for each net.

    Args:
        axes: one Axes per network, shape (rows, columns).
        one: by network, shares of one draw and one input, shape (n,), from angle 0 on, as an area.
        means: by network, means over inputs and draws, shape (n,), as a line.
    """
    for axis, (name, shares) in zip(axes.flat, one.items(), strict=True):
        degrees = np.linspace(-180, 180, len(shares) + 1)
        color = COLORS[_SOURCES[name]]
        turned = (np.roll(row, len(shares) // 2) for row in (shares, means[name]))
        area, mean = (np.append(row, row[0]) for row in turned)
        axis.fill_between(degrees, area, step="mid", color=color, alpha=0.3, lw=0)
        axis.plot(degrees, mean, color=color)
        axis.set_title(name)
        axis.set_xticks((-180, -90, 0, 90, 180), ("−180°", "", "0°", "", "180°"))
        axis.set_yticks((0, 0.5, 1), ("0", "50 %", "100 %"))
        axis.set_ylim(0, 1.05)
    for axis in axes[-1]:
        ends_within(axis)
    axes[0, 0].figure.supxlabel("angle between the inputs", fontsize="medium")
    axes[0, 0].figure.supylabel("active paths shared", fontsize="medium")


def convergence(
    axes: ArrayLike,
    sizes: ArrayLike,
    series: Mapping[str, tuple[ArrayLike, tuple[float, float], str]],
    *,
    expected_slope: float,
) -> None:
    """Draw errors against width on log axes: each seed's curve, their mean and a fitted power law.

    Args:
        axes: one Axes per series, any shape.
        sizes: shape (W,).
        series: for each title the errors, positive, one row a seed, shape (S, W), the fitted line's
            (slope, intercept) in natural logarithms, and a key of ``COLORS``.
        expected_slope: a dotted line of this slope goes through the mean at the largest width.

    Raises:
        ValueError: if the numbers of axes and series differ.
    """
    panels: list[Axes] = list(np.ravel(axes))
    sizes = np.asarray(sizes, dtype=float)
    for panel, (title, (errors, fit, color)) in zip(panels, series.items(), strict=True):
        mean = np.exp(np.log(errors).mean(axis=0))
        line = np.exp(fit[1]) * sizes ** fit[0]
        expected = mean[-1] * (sizes / sizes[-1]) ** expected_slope
        panel.loglog(sizes, np.transpose(errors), color=COLORS[color], linewidth=0.6, alpha=0.35)
        panel.loglog(sizes, mean, "o", color=COLORS[color], markersize=5, label="mean over seeds")
        panel.loglog(sizes, line, color=COLORS[color], label="power law")
        panel.loglog(sizes, expected, ":", color=INK, label=f"slope {plain_number(expected_slope)}")
        panel.set_title(title)
        panel.set(xlabel="width m", ylabel="relative RMS error")
        _label_sizes(panel, sizes, every=len(panels))
        low, high = panel.get_ylim()
        ticks = [tick for tick in (0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5) if low < tick < high]
        panel.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
        panel.label_outer()
    handles, labels = panels[0].get_legend_handles_labels()
    panels[0].figure.legend(handles, labels, loc="outside upper center", ncols=len(labels))


def mean_ratio(
    axis: Axes,
    sizes: ArrayLike,
    series: Mapping[str, Sequence[tuple[float, float, float]]],
    *,
    color: str,
) -> None:
    """Draw means over their expectation, with their intervals, about the line at one.

    Args:
        axis: where to draw.
        sizes: shape (W,).
        series: for each label (mean, lower end, upper end) for each size; all but the first are
            drawn with hollow squares.
        color: a key of ``COLORS``.
    """
    sizes = np.asarray(sizes, dtype=float)
    axis.axhline(1, color=INK, linewidth=1, zorder=0)
    for index, (label, intervals) in enumerate(series.items()):
        beside = sizes * 1.1 ** (index - (len(series) - 1) / 2)  # so that the bars do not cover
        mean, low, high = np.transpose(intervals)
        axis.errorbar(
            beside,
            mean,
            yerr=[mean - low, high - mean],
            fmt="s" if index else "o",
            color=COLORS[color],
            markerfacecolor="none" if index else COLORS[color],
            markersize=4,
            linewidth=1.2,
            label=label,
        )
    axis.set_xscale("log")
    _label_sizes(axis, sizes)
    axis.set(xlabel="width m", ylabel="mean / expected")
    axis.figure.legend(loc="outside upper center", ncols=len(series))


def regression(
    axes: ArrayLike,
    angles: ArrayLike,
    target: ArrayLike,
    kernel: Sequence[ArrayLike],
    descent: Sequence[ArrayLike],
    titles: Sequence[str],
) -> None:
    """Draw functions on the circle: target, kernel prediction (line), gradient descent (dots).

    Args:
        axes: one Axes per function, any shape.
        angles: in radians, increasing, shape (n,); drawn in degrees.
        target: shape (n,).
        kernel: closed-form predictions, each of shape (n,).
        descent: predictions of gradient descent, each of shape (n,).
        titles: one per function.

    Raises:
        ValueError: if the numbers of axes, predictions and titles differ.
    """
    panels: list[Axes] = list(np.ravel(axes))
    angles = np.degrees(angles)
    sparse = slice(None, None, max(1, len(angles) // 48))
    for panel, line, dots, title in zip(panels, kernel, descent, titles, strict=True):
        panel.plot(angles, target, color=INK, linewidth=1, linestyle=":", label="target")
        panel.plot(angles, line, color=COLORS["linear"], label="kernel, closed form")
        panel.plot(
            angles[sparse],
            np.asarray(dots)[sparse],
            ".",
            color=COLORS["frozen"],
            markersize=5,
            label="experts, gradient descent",
        )
        angle_axis(panel)
        panel.set_title(title)
        panel.set(xlabel="angle of x", ylabel="output")
        panel.label_outer()
    lines, names = panels[0].get_legend_handles_labels()
    panels[0].figure.legend(lines, names, loc="outside upper center", ncols=2, handlelength=1.2)


def _label_sizes(axis: Axes, sizes: np.ndarray, every: int = 1) -> None:
    """Put a tick at each size; label every so many, from the largest down."""
    labelled = set(sizes[::-1][::every])
    axis.set_xticks(sizes, [f"{size:g}" if size in labelled else "" for size in sizes])
    axis.minorticks_off()


def dlgn_diagram(axis: Axes, *, depth: int = 3, width: int = 3, path: Sequence[int]) -> None:
    """Draw a DLGN: gating network above, value network below, products between, one path marked.

    Args:
        axis: where to draw.
        depth: H.
        width: m.
        path: the units of the marked path, one per layer, from 0 (top) on.

    Raises:
        ValueError: if the path does not name a unit of each layer.
    """
    if len(path) != depth or not all(0 <= unit < width for unit in path):
        raise ValueError(f"path must name a unit of each of {depth} layers; got {tuple(path)}")
    gating, value, gate = _columns(depth, width, 5.2), _columns(depth, width, 0.9), 3.05
    marked = [None, *path]
    _network(axis, gating, marked, COLORS["linear"])
    _network(axis, [*value, np.array([[depth + 1.0, 0.9]])], [*marked, 0], COLORS["dlgn"])
    for layer in range(1, depth + 1):
        low, high = gating[layer][-1, 1] - 0.25, value[layer][0, 1] + 0.25
        _box(axis, (layer, gate), rf"$g_{{{layer},\pi_{layer}}}$")
        _arrow(axis, (layer, low), (layer, gate + 0.36))
        _arrow(axis, (layer, gate - 0.36), (layer, high))
        axis.text(layer + 0.08, (gate - 0.36 + high) / 2, "×", size=13, va="center")
        axis.text(layer - 0.5, 6.45, f"$W_{layer}$", ha="center", va="center")
        axis.text(layer - 0.5, -0.35, f"$U_{layer}$", ha="center", va="center")
        axis.text(layer, 6.45, rf"$\eta_{layer}$", ha="center", va="center")
        axis.text(layer, -0.35, f"$z_{layer}$", ha="center", va="center")
    axis.text(depth + 0.55, -0.35, r"$U_{\mathrm{out}}$", ha="center", va="center")
    axis.text(depth + 1, -0.35, r"$\hat y$", ha="center", va="center")
    axis.text(0, 6.45, "$x$", ha="center", va="center")
    axis.text(0, -0.35, "$x$ or $1$", ha="center", va="center")
    axis.text(depth + 0.3, 5.2, "gating\nnetwork:\ndeep linear", va="center", size=9)
    axis.text(depth + 0.42, gate, "gates\n" + r"$1[\eta\geq 0]$", va="center", size=9)
    axis.text(depth + 0.5, 1.7, "value\nnetwork", va="center", size=9)
    axis.set(xlim=(-0.35, depth + 1.35), ylim=(-0.7, 6.8))
    axis.set_axis_off()


def path_panels(
    axes: ArrayLike,
    x: ArrayLike,
    weights: Sequence[ArrayLike],
    paths: Sequence[Sequence[int]],
    gates: ArrayLike,
    experts: ArrayLike,
) -> None:
    """Draw the paths of a small ReLU net at one input, a panel each, with the weights along them.

    Args:
        axes: as many Axes as paths, any shape.
        x: the input, shape (2,).
        weights: the layers' weights, shapes (m, 2), (m, m), ..., (1, m).
        paths: the units of each path, from 0 on.
        gates: of the paths; those of open ones are coloured.
        experts: of the paths.

    Raises:
        ValueError: if the numbers of axes, paths, gates and experts differ.
    """
    depth, width = len(weights) - 1, len(weights[0])
    columns = [*_columns(depth, width, 0.0), np.array([[depth + 1.0, 0.0]])]
    for axis, path, gate, expert in zip(np.ravel(axes), paths, gates, experts, strict=True):
        marked = [None, *path, 0]
        _network(axis, columns, marked, COLORS["relu"] if gate else INK)
        for layer, matrix in enumerate(weights, 1):
            for unit in range(len(matrix[0])):
                if marked[layer - 1] in (None, unit):
                    start, end = columns[layer - 1][unit], columns[layer][marked[layer]]
                    _weight(axis, start + 0.42 * (end - start), matrix[marked[layer]][unit])
        for place, entry in zip(columns[0], x, strict=True):
            axis.text(place[0] - 0.15, place[1], plain_number(entry), ha="right", va="center")
        value = plain_number(gate * expert)
        axis.set_title(f"gate {plain_number(gate)} × expert {plain_number(expert)} = {value}")
        axis.set(xlim=(-0.5, depth + 1.3), ylim=(-0.9, 0.9))
        axis.set_axis_off()


def _weight(axis: Axes, place: np.ndarray, value: float) -> None:
    box = dict(boxstyle="round,pad=0.1", facecolor="#404040", edgecolor="none")
    axis.text(*place, plain_number(value), ha="center", va="center", color="white", bbox=box)


def _columns(depth: int, width: int, middle: float) -> list[np.ndarray]:
    """Return the positions of two inputs, then of each layer's units, top first, each (k, 2)."""
    heights = middle + 0.75 * ((width - 1) / 2 - np.arange(width))
    inputs = np.array([(0.0, middle + 0.4), (0.0, middle - 0.4)])
    return [inputs, *(np.stack([np.full(width, x), heights], 1) for x in range(1, depth + 1))]


def _network(axis: Axes, columns: list[np.ndarray], marked: list[int | None], color: str) -> None:
    """Draw units and edges; ``marked`` names a column's unit on the path, ``None`` all of them."""
    for layer in range(1, len(columns)):
        for i, end in enumerate(columns[layer]):
            for j, start in enumerate(columns[layer - 1]):
                on_path = i == marked[layer] and marked[layer - 1] in (None, j)
                axis.plot(
                    *zip(start, end, strict=True),
                    color=color if on_path else INK,
                    lw=2.2 if on_path else 0.5,
                    alpha=1 if on_path else 0.6,
                    zorder=2 if on_path else 1,
                )
    for places, unit in zip(columns, marked, strict=True):
        for number, place in enumerate(places):
            on_path = unit in (
                None,
                number,
            )  # others are small: a light one would glare in the dark
            axis.plot(
                *place,
                "o",
                ms=11 if on_path else 5,
                mfc=color if on_path else INK,
                mec=INK,
                zorder=3,
            )


def _box(axis: Axes, centre: tuple[float, float], text: str) -> None:
    x, y = centre
    axis.add_patch(
        FancyBboxPatch(
            (x - 0.17, y - 0.28), 0.34, 0.56, boxstyle="round,pad=0.03", fill=False, edgecolor=INK
        )
    )
    axis.text(x, y, text, ha="center", va="center")


def _arrow(axis: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    axis.annotate("", end, start, arrowprops=dict(arrowstyle="-|>", color=INK, lw=1.2))
