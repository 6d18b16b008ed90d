"""Small nets with two inputs, as the scripts of figures in the plane read them."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection

from halfspace.companion.plots import COLORS, INK
from halfspace.gates import HardGate
from halfspace.nets import DLGN, ReLUNet
from halfspace.polygons import square
from halfspace.regions import partition, path_region_cells

__all__ = [
    "HALF",
    "PLANE_COLORS",
    "WINDOW",
    "draw_region",
    "gated_twin",
    "region_cells",
    "weights",
]

HALF = 2.0  # half the side of the window
WINDOW = square(HALF)
PLANE_COLORS = {name: COLORS[name] for name in ("relu", "dlgn")}


@torch.no_grad()
def gated_twin(net: ReLUNet) -> DLGN:
    """Return the DLGN with hard gates whose gating and value network have a ReLU net's weights.

    Args:
        net: without biases.

    Example:
        >>> twin = gated_twin(ReLUNet(2, width=3, depth=2))
        >>> bool((twin.gating[1].weight == twin.value[1].weight).all())
        True
    """
    sizes = dict(width=net.width, depth=net.depth, d_out=net.d_out)
    twin = DLGN(net.d_in, gate=HardGate(), **sizes).to(net.value[0].weight)
    for layer, copy in zip(net.value, twin.value, strict=True):
        copy.weight.copy_(layer.weight)
    for layer, copy in zip(net.value, twin.gating, strict=False):
        copy.weight.copy_(layer.weight)
    return twin


def weights(net: ReLUNet) -> dict[str, Mapping[str, object]]:
    """Return a ReLU net and its twin among the DLGNs, for ``plane.js``.

    Args:
        net: with two inputs and one output, without biases.

    Raises:
        ValueError: if the net is not like that.
    """
    if not isinstance(net, ReLUNet) or (net.d_in, net.d_out, net.has_bias) != (2, 1, False):
        raise ValueError(
            f"the figure needs a ReLU net with two inputs, one output and no biases; got {net}"
        )
    value = [layer.weight.tolist() for layer in net.value]
    both = dict(gating=value[:-1], value=value)
    return {
        "relu": both | dict(label="ReLU net", gated=False),
        "dlgn": both | dict(label="DLGN", gated=True),
    }


def region_cells(net: ReLUNet | DLGN, path: Sequence[int]) -> list[np.ndarray]:
    """Return polygons that make up a path's region in the window, each of shape (k, 2).

    Args:
        net: with two inputs, in double precision.
        path: a unit of each layer, from 0 on.
    """
    cut = partition(net, WINDOW)
    return [cut.cells[cell] for cell in path_region_cells(cut, path)]


def draw_region(axis: Axes, cells: Sequence[np.ndarray], *, color: str) -> None:
    """Draw where a path is open in the window.

    Args:
        axis: where to draw.
        cells: polygons, each of shape (k, 2).
        color: a key of ``PLANE_COLORS``.
    """
    fill = PLANE_COLORS[color]  # the edges too, or cells would show as such
    axis.add_collection(PolyCollection(cells, facecolor=fill, edgecolor=fill, lw=0.3))
    for line in (axis.axhline, axis.axvline):
        line(0, color=INK, lw=0.6)
    axis.set(xlim=(-HALF, HALF), ylim=(-HALF, HALF), aspect="equal")
    axis.set(xticks=(-HALF, 0, HALF), yticks=(-HALF, 0, HALF))
