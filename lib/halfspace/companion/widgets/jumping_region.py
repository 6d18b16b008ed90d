"""Figure: a path's region in a ReLU net and in a DLGN, while a weight passes through zero."""

from copy import deepcopy

import numpy as np
import torch
from matplotlib.ticker import PercentFormatter

from halfspace.companion.plots import INK, figure
from halfspace.companion.widgets.kit import InteractiveFigure, drawn
from halfspace.companion.widgets.plane import (
    PLANE_COLORS,
    WINDOW,
    draw_region,
    gated_twin,
    region_cells,
    weights,
)
from halfspace.nets import ReLUNet
from halfspace.polygons import area

__all__ = ["jumping_region"]

PATH = (0, 0)  # through A and C


def jumping_region(net: ReLUNet) -> InteractiveFigure:
    """Show the region of the path through A and C, and its area, for a ReLU net and a DLGN.

    A and B are the units of layer 1, C is the first unit of layer 2. The DLGN has the net's weights
    in its gating network. Controls change C's weights and turn the normals of A and B.

    Args:
        net: a ReLU net with two inputs, one output and two layers of two units, without biases;
            C's weights lie between -1 and 1.

    Raises:
        ValueError: if the net is not like that.

    Example:
        >>> jumping_region(ReLUNet(2, width=2, depth=2)).name
        'jumping_region'
    """
    nets = weights(net)
    if (net.width, net.depth) != (2, 2):
        raise ValueError(
            f"the figure needs two layers of two units; got {net.depth} layers of {net.width}"
        )
    first, second = nets["relu"]["gating"]
    if max(map(abs, second[0])) > 1:
        raise ValueError(f"the weights of C must lie between -1 and 1; got {second[0]}")
    labels = {name: each["label"] for name, each in nets.items()}
    data = dict(normals=first, weights=second[0], labels=labels, colors=PLANE_COLORS)
    alt = (
        "Above: a square for the ReLU net and one for the DLGN, with the region of the path "
        "through A and C. Below: the region's share of the window against the weight of C on A. "
        "The line of the ReLU net jumps at weight zero; that of the DLGN has no jump there."
    )
    scripts = ("plane.js", "jumping_region.js")
    return InteractiveFigure("jumping_region", scripts, data, _still(net), alt)


@torch.no_grad()
def _still(net: ReLUNet) -> str:
    net = deepcopy(net).double()
    nets = dict(relu=net, dlgn=gated_twin(net))
    drawing, axes = figure(2, 2, height=2.2)
    grid = axes[1, 0].get_gridspec()
    for axis in axes[1]:
        axis.remove()
    areas = drawing.add_subplot(grid[1, :])
    start = float(net.value[1].weight[0, 0])
    at = np.sort(np.append(np.linspace(-1, 1, 41), [-1e-7, 1e-7]))
    for axis, (name, each), label in zip(axes[0], nets.items(), ("ReLU net", "DLGN"), strict=True):
        draw_region(axis, region_cells(each, PATH), color=name)
        axis.set_title(label)
        shares = []
        for weight in at:
            each.gate_layers[1].weight[0, 0] = weight
            shares.append(sum(map(area, region_cells(each, PATH))) / area(WINDOW))
        areas.plot(at, shares, color=PLANE_COLORS[name], lw=4 if name == "relu" else 1.6)
    areas.axvline(start, color=INK, lw=1)
    areas.set(xlabel="weight $w$ of C on A", ylabel="share of the window")
    areas.yaxis.set_major_formatter(PercentFormatter(1, decimals=0, symbol=" %"))
    return drawn(drawing)
