"""Figures of the chapter on CIFAR."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike

from halfspace.companion.plots import COLORS, interval_curve, legend_above

__all__ = ["class_shares", "learning_curves", "long_learning_curves", "start_and_end"]

_STROKES = {
    "ReLU net": ("relu", "-"),
    "DLGN": ("dlgn", "-"),
    "DLGN-PWC": ("dlgn", "--"),
    "DLN": ("linear", "-"),
    "DLGN, hardening": ("dlgn", ":"),
}  # each net's colour and line style


def learning_curves(panels: ArrayLike, curves: Mapping[str, Mapping[str, ArrayLike]]) -> None:
    """Draw means over seeds with intervals from epoch 1 on, under one legend.

    Args:
        panels: one Axes for each measured quantity, any shape; the last one gets the epochs.
        curves: by the label of the vertical axis and by net, (mean, lower end, upper end), shape
            (E, 3).
    """
    panels = list(np.ravel(panels))
    for panel, (ylabel, by_net) in zip(panels, curves.items(), strict=True):
        for net, curve in by_net.items():
            color, style = _STROKES[net]
            epochs = range(1, len(curve) + 1)
            interval_curve(panel, epochs, curve, net, color=color, style=style)
        panel.set_ylabel(ylabel)
    panels[-1].set(xlabel="epoch", xticks=epochs)
    legend_above(panels[0].figure, panels[0], columns=2)


def long_learning_curves(
    panels: ArrayLike,
    curves: Mapping[str, Mapping[str, ArrayLike]],
    paper: Mapping[str, Mapping[str, float]],
) -> None:
    """Draw single nets' curves as far as they got, beside the paper's numbers as short dashes.

    Args:
        panels: one Axes for each part of the images, any shape; the last one gets the epochs.
        curves: by part and by net, percent, shape (E,).
        paper: likewise, the paper's number, percent, of the nets that are drawn.
    """
    panels = list(np.ravel(panels))
    for panel, (part, by_net) in zip(panels, curves.items(), strict=True):
        for net, curve in by_net.items():
            color, style = _STROKES[net]
            panel.plot(range(1, len(curve) + 1), curve, style, color=COLORS[color], label=net)
            panel.axhline(paper[part][net], 0.94, 1.0, color=COLORS[color], ls=style, lw=2)
        panel.set_ylabel(f"{part} (%)")
    panels[-1].set_xlabel("epoch")
    legend_above(panels[0].figure, panels[0], columns=2)


def start_and_end(
    axes: ArrayLike, shares: Mapping[str, ArrayLike], classes: Sequence[str], *, label: str
) -> None:
    """Draw ``class_shares`` at the start and at the end of training, a row of panels for each net.

    Args:
        axes: Axes, shape (nets, 2).
        shares: by net, shape (2, c, c).
        classes: c names.
        label: what the colours mean.
    """
    for row, (net, matrices) in zip(axes, shares.items(), strict=True):
        class_shares(row, matrices, [f"{net}, start", "end"], classes, label=label)


def class_shares(
    panels: ArrayLike,
    shares: Sequence[ArrayLike],
    titles: Sequence[str],
    classes: Sequence[str],
    *,
    label: str,
) -> None:
    """Draw matrices over pairs of classes side by side, on one scale of colours from zero.

    Args:
        panels: one Axes per matrix, any shape.
        shares: not negative, shape (c, c) each; the first class is in the first row from the top.
        titles: one per matrix.
        classes: c names.
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
    for number, (panel, matrix, title) in enumerate(zip(panels, shares, titles, strict=True)):
        image = panel.imshow(matrix, vmin=0, vmax=top)
        panel.set_title(title)
        panel.set_xticks(range(len(classes)), classes, rotation=90, fontsize=8)
        panel.set_yticks(range(len(classes)), [] if number else classes, fontsize=8)
        panel.tick_params(length=0)
    bar = panels[0].figure.colorbar(image, ax=panels, fraction=0.05, aspect=24, label=label)
    bar.outline.set_visible(False)
