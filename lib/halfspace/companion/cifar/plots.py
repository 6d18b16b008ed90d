"""Figures of the chapter on CIFAR."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from halfspace.companion.plots import COLORS, INK, interval_curve, legend_above

__all__ = ["class_shares", "gate_marks", "learning_curves", "net_marks", "start_and_end"]

_STROKES = {
    "ReLU net": ("relu", "-"),
    "DLGN": ("dlgn", "-"),
    "DLGN-PWC": ("dlgn", "--"),
    "DLN": ("linear", "-"),
    "DLGN, hardening": ("dlgn", ":"),
}  # each net's colour and line style
_SHORTEST_ARROW = 5  # percentage points; marks closer than this overlap
_TICKS = (1, 2, 5, 10, 20, 50, 100)


def net_marks(
    axis: Axes,
    rows: Mapping[str, Mapping[str, tuple[float, float, float]]],
    xlabel: str,
    *,
    ink: Sequence[str] = (),
    apart: float = 0.3,
) -> None:
    """Draw numbers with intervals, a row for each net in the net's colour.

    The first series has filled marks, the others hollow ones.

    Args:
        axis: where to draw.
        rows: by series and by net, (value, lower end, upper end). A name that begins with a
            net's has its colour, any other that of linear models.
        xlabel: what is measured, with its unit.
        ink: series that are drawn in the colour of the type.
        apart: distance between the first and the last series of a row, in rows.
    """
    names = list(dict.fromkeys(name for series in rows.values() for name in series))
    shifts = np.linspace(-apart / 2, apart / 2, len(rows))
    for shift, marker, (series, by_net) in zip(shifts, "oDs", rows.items(), strict=False):
        style = dict(fmt=marker, ms=6, lw=1.4)
        style |= {} if series == next(iter(rows)) else dict(mfc="none", mew=1.4)
        for net, (value, low, high) in by_net.items():
            reach = [[value - low], [high - value]]
            color = INK if series in ink else _net_color(net)
            axis.errorbar(value, names.index(net) + shift, xerr=reach, color=color, **style)
        axis.errorbar([], [], color=INK, label=series, **style)
    axis.set_yticks(range(len(names)), names)
    axis.set(ylim=(len(names) - 0.5, -0.5), xlabel=xlabel)
    axis.set_xlim(left=0)
    axis.tick_params(axis="y", length=0)
    axis.grid(axis="both")
    legend_above(axis.figure, axis, columns=len(rows))


def gate_marks(axis: Axes, rows: Mapping[str, Mapping[str, tuple]], xlabel: str) -> None:
    """Draw ``net_marks`` of two kinds of gates, and an arrow from one to the other with its length.

    Args:
        axis: where to draw.
        rows: by kind of gates and by net, (value, lower end, upper end), percent; some nets have
            only the first kind.
        xlabel: what is measured, with its unit.
    """
    net_marks(axis, rows, xlabel, apart=0.0)
    first, second = rows.values()
    for net, (end, *_) in second.items():
        start, row = first[net][0], list(first).index(net)
        if abs(end - start) > _SHORTEST_ARROW:
            arrow = dict(arrowstyle="->", color=_net_color(net), shrinkA=6, shrinkB=6)
            axis.annotate("", (end, row), (start, row), arrowprops=arrow)
        change = f"{round(end - start) or 0:+d} points".replace("+0", "0").replace("-", "−")
        axis.annotate(
            change, ((start + end) / 2, row), (0, 6), textcoords="offset points", ha="center"
        )


def learning_curves(
    panels: ArrayLike,
    short: Mapping[str, Mapping[str, ArrayLike]],
    long: Mapping[str, Mapping[str, ArrayLike]],
    paper: Mapping[str, Mapping[str, float]],
    levels: Mapping[str, float],
) -> None:
    """Draw means over seeds with intervals, single longer runs, and the paper's numbers.

    Args:
        panels: one Axes for each part of the images, any shape; the last one gets the epochs.
        short: by part and by net, (mean, lower end, upper end) after each of the first epochs,
            percent, shape (E, 3); with shape (1, 3) after the last of them only.
        long: likewise, one net's number after each epoch, shape (E,); none or some of the nets.
        paper: likewise, the paper's number; a short dash at the right.
        levels: other numbers of the last part, by name; dotted from side to side.
    """
    panels = list(np.ravel(panels))
    epochs = max(len(curve) for by_net in short.values() for curve in by_net.values())
    for panel, (part, by_net) in zip(panels, short.items(), strict=True):
        for net, curve in by_net.items():
            color, style = _STROKES[net]
            if len(curve) > 1:
                interval_curve(panel, range(1, epochs + 1), curve, net, color=color, style=style)
            else:
                ((value, low, high),) = curve
                reach = [[value - low], [high - value]]
                fill = COLORS[color] if style == "-" else "none"
                panel.errorbar(
                    epochs, value, yerr=reach, fmt="o", ms=5, mfc=fill, color=COLORS[color]
                )
            panel.axhline(paper[part][net], 0.94, 1.0, color=COLORS[color], ls=style, lw=2.5)
        for net, curve in long[part].items():
            color, style = _STROKES[net]
            label = None if net in by_net else net
            epoch = range(1, len(curve) + 1)
            panel.plot(epoch, curve, style, lw=1.2, color=COLORS[color], label=label)
        panel.set(ylabel=f"{part} (%)", xscale="log", xlim=(1, 130), ylim=(0, 100))
        panel.set_xticks(_TICKS, _TICKS)
        panel.xaxis.minorticks_off()
        panel.grid()
    for name, level in levels.items():
        panels[-1].axhline(level, color=COLORS["linear"], ls=":", lw=1.2)
        panels[-1].annotate(name, (1.1, level), (0, 2), textcoords="offset points")
    panels[-1].set_xlabel("epoch")
    legend_above(panels[0].figure, panels[0], columns=2)


def start_and_end(
    axes: ArrayLike,
    shares: Mapping[str, ArrayLike],
    classes: Sequence[str],
    groups: Mapping[str, int],
    *,
    label: str,
) -> None:
    """Draw ``class_shares`` at the start and at the end of training, a row of panels for each net.

    Args:
        axes: Axes, shape (nets, 2).
        shares: by net, shape (2, c, c).
        classes: c names.
        groups: how many of the classes, in this order, are of each kind, by the kind's name.
        label: what the colours mean.
    """
    for row, (net, matrices) in zip(axes, shares.items(), strict=True):
        class_shares(row, matrices, [f"{net}, start", "end"], classes, groups, label=label)


def class_shares(
    panels: ArrayLike,
    shares: Sequence[ArrayLike],
    titles: Sequence[str],
    classes: Sequence[str],
    groups: Mapping[str, int],
    *,
    label: str,
) -> None:
    """Draw matrices over pairs of classes side by side, on one scale of colours from zero.

    Rows are named in the first panel; columns have the same order, and only groups are named.

    Args:
        panels: one Axes per matrix, any shape.
        shares: not negative, shape (c, c) each; the first class is in the first row from the top.
        titles: one per matrix.
        classes: c names.
        groups: how many of the classes, in this order, are of each kind, by the kind's name.
        label: what the colours mean.

    Raises:
        ValueError: if the numbers of panels, matrices and titles differ, or the sizes do.
    """
    panels = list(np.ravel(panels))
    sizes = {np.shape(matrix) for matrix in shares}
    if not len(panels) == len(shares) == len(titles) or sizes != {(len(classes),) * 2}:
        raise ValueError(
            f"{len(panels)} panels need as many titles and matrices of {len(classes)} classes; got "
            f"{len(titles)} titles and sizes {sorted(sizes)}"
        )
    top = max(float(np.max(matrix)) for matrix in shares)
    ends = np.cumsum(list(groups.values()))
    middles = ends - (np.array(list(groups.values())) + 1) / 2
    for number, (panel, matrix, title) in enumerate(zip(panels, shares, titles, strict=True)):
        image = panel.imshow(matrix, vmin=0, vmax=top)
        panel.set_title(title)
        panel.set_xticks(middles, list(groups))
        panel.set_yticks(range(len(classes)), [] if number else classes)
        panel.tick_params(length=0)
        for end in ends[:-1] - 0.5:
            panel.axvline(end, color="w", lw=1)
            panel.axhline(end, color="w", lw=1)
    look = dict(location="bottom", fraction=0.05, aspect=30, pad=0.02)
    bar = panels[0].figure.colorbar(image, ax=panels, label=label, **look)
    bar.outline.set_visible(False)


def _net_color(name: str) -> str:
    nets = [net for net in _STROKES if name.startswith(net)]
    return COLORS[_STROKES[max(nets, key=len)][0] if nets else "linear"]
