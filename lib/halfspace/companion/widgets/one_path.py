"""Figure: a net's output at a point of the plane, one path at a time."""

from collections.abc import Sequence
from copy import deepcopy

import numpy as np
import torch

from halfspace.companion.plots import INK, figure
from halfspace.companion.widgets.kit import InteractiveFigure, drawn
from halfspace.companion.widgets.plane import HALF, PLANE_COLORS, draw_region, region_cells, weights
from halfspace.nets import ReLUNet
from halfspace.paths import enumerate_paths, path_experts, path_gates

__all__ = ["one_path"]

MAX_PATHS = 9  # as many bars have room side by side on a phone


def one_path(net: ReLUNet, point: Sequence[float], path: Sequence[int]) -> InteractiveFigure:
    """Show where one path is open, what it contributes, and the sum over all paths.

    A switch replaces the ReLU net by the DLGN with the same weights in both of its networks.

    Args:
        net: a ReLU net with two inputs and one output, without biases, with at most nine paths.
        point: the input to begin with, shape (2,), in the window from -2 to 2.
        path: the path to begin with: a unit of each layer, from 0 on.

    Raises:
        ValueError: if the net, the point or the path is not like that.

    Example:
        >>> one_path(ReLUNet(2, width=3, depth=2), point=(1.0, 0.5), path=(0, 2)).name
        'one_path'
    """
    nets = weights(net)
    if net.width**net.depth > MAX_PATHS:
        raise ValueError(
            f"the figure has room for {MAX_PATHS} paths; got {net.width**net.depth}: "
            "take a smaller width or depth"
        )
    paths = enumerate_paths(net.width, net.depth).tolist()
    if list(path) not in paths:
        raise ValueError(f"path must name a unit of each layer, from 0 on; got {tuple(path)}")
    if len(point) != 2 or not np.abs(point).max() <= HALF:
        raise ValueError(f"point must be two numbers from {-HALF:g} to {HALF:g}; got {point}")
    data = dict(nets=nets, point=list(point), path=list(path), half=HALF, colors=PLANE_COLORS)
    alt = (
        "Left: the plane of two inputs, with the region of one path in blue and a dot for the "
        "input. Right: a bar for each path, stacked into a staircase; the values of the open "
        "paths add up to the output of the net, a dashed line."
    )
    still = _still(net, torch.tensor([point], dtype=torch.float64), list(path), paths)
    return InteractiveFigure("one_path", ("plane.js", "one_path.js"), data, still, alt)


@torch.no_grad()
def _still(net: ReLUNet, x: torch.Tensor, path: list[int], paths: list[list[int]]) -> str:
    net = deepcopy(net).double()
    gates, experts = path_gates(net, x)[0].numpy(), path_experts(net, x)[0, :, 0].numpy()
    sums = (gates * experts).cumsum()
    drawing, axes = figure(1, 2, height=2.4, width_ratios=(2, 3))
    plane, bars = axes[0]
    draw_region(plane, region_cells(net, path), color="relu")
    plane.plot(*x[0].tolist(), "o", color=INK, mec="white", mew=1.5, ms=8)
    plane.set(title=f"path {_name(path)}", xlabel="$x_1$", ylabel="$x_2$")
    places = np.arange(len(paths))
    bars.axhline(float(net(x)), color=INK, ls="--", lw=1)
    bars.bar(places, gates * experts, bottom=sums - gates * experts, color=PLANE_COLORS["relu"])
    bars.plot(places, sums, "_", color=INK, ms=10)
    bars.set_xticks(places, [_name(each) for each in paths], size=7)
    bars.set(title="sum so far; dashed: output", xlabel="path")
    return drawn(drawing)


def _name(path: Sequence[int]) -> str:
    return ",".join(str(unit + 1) for unit in path)
