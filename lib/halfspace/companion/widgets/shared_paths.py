"""Figure: the paths that two inputs on the circle share, layer by layer."""

from collections.abc import Mapping, Sequence
from copy import deepcopy

import numpy as np
import torch

from halfspace.companion.plots import COLORS, INK, figure
from halfspace.companion.widgets.kit import InteractiveFigure, drawn
from halfspace.datasets import circle_points
from halfspace.nets import DLGN
from halfspace.overlap import overlap_kernel
from halfspace.regions import half_spaces

__all__ = ["shared_paths"]

DIGITS = 6  # of the normals' angles, in degrees; the script looks at whole degrees only


def shared_paths(
    nets: Mapping[int, Sequence[DLGN]],
    *,
    width: int,
    depth: int,
    angles: tuple[int, int],
) -> InteractiveFigure:
    """Show which units two inputs share in each layer, and how many paths that makes.

    Args:
        nets: by width as many DLGNs, at least one, with two inputs and without biases, all of the
            same depth. Their first layers are shown as nets of smaller depth.
        width: the width to begin with.
        depth: the number of layers to begin with.
        angles: of the two inputs to begin with, whole degrees from 0 to 359.

    Raises:
        ValueError: if a net or a setting is not like that.

    Example:
        >>> from halfspace.gates import HardGate
        >>> nets = {4: [DLGN(2, width=4, depth=2, gate=HardGate())]}
        >>> shared_paths(nets, width=4, depth=2, angles=(40, 75)).name
        'shared_paths'
    """
    every = [net for row in nets.values() for net in row]
    if len({len(row) for row in nets.values()}) != 1 or not every:
        raise ValueError(
            f"each width needs as many nets, at least one; got {[*map(len, nets.values())]}"
        )
    for net in every:
        if not isinstance(net, DLGN) or net.d_in != 2 or net.has_bias:
            raise ValueError(f"nets must be DLGNs with two inputs and no biases; got {net}")
    for expected, row in nets.items():
        if {(net.width, net.depth) for net in row} != {(expected, every[0].depth)}:
            raise ValueError("nets must have the width that they stand under, and one depth")
    if width not in nets or not 1 <= depth <= every[0].depth:
        raise ValueError(f"no net has width {width} and {depth} layers")
    if not all(angle in range(360) for angle in angles):
        raise ValueError(f"angles must be whole degrees from 0 to 359; got {angles}")
    data = dict(
        nets={str(m): [_normals(net) for net in row] for m, row in nets.items()},
        start=dict(width=width, depth=depth, angles=list(angles)),
        color=COLORS["dlgn"],
    )
    alt = (
        "The share of its active paths that an input on the circle shares with the inputs around "
        "it, against the angle between them: a line with steps for one random DLGN, and the curve "
        "of wide nets, dashed. Both fall from 100 % at 0° to 0 at 180°."
    )
    still = _still(nets[width][0], depth, angles)
    return InteractiveFigure("shared_paths", ("shared_paths.js",), data, still, alt)


def _normals(net: DLGN) -> list[list[float]]:
    """Return the angle of each unit's normal, in degrees, by layer."""
    normals = half_spaces(deepcopy(net).double())[0].detach().numpy()
    degrees = np.degrees(np.arctan2(normals[..., 1], normals[..., 0]))
    return degrees.round(DIGITS).tolist()


@torch.no_grad()
def _still(net: DLGN, depth: int, angles: tuple[int, int]) -> str:
    degrees = np.arange(-180, 181)
    around = circle_points(torch.from_numpy(np.radians(angles[0] + degrees)))
    gates = deepcopy(net).double().gates(around)[:, :depth]
    kernel = overlap_kernel(gates[180:181], gates)[0].numpy()
    drawing, axes = figure(height=2.6)
    axis = axes[0, 0]
    axis.plot(degrees, kernel / max(kernel[180], 1), color=COLORS["dlgn"], label="one net")
    limit = (1 - np.abs(degrees) / 180) ** depth
    axis.plot(degrees, limit, color=INK, ls="--", lw=1, label="wide nets")
    axis.axvline((angles[1] - angles[0] + 180) % 360 - 180, color=INK, lw=1)
    ticks = range(-180, 181, 90)
    axis.set_xticks(ticks, [f"{tick}°".replace("-", "−") for tick in ticks])
    axis.set_yticks((0, 0.5, 1), ("0", "50 %", "100 %"))
    axis.set(xlabel="angle of x′ from x", ylabel="active paths shared")
    axis.legend()
    return drawn(drawing)
