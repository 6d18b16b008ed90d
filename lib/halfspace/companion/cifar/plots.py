"""Figures of the chapter on CIFAR."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

__all__ = ["class_shares"]


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
