"""What the studies share: estimators by least squares, and risks in which no bump is missed."""

import numpy as np
import torch
from torch import Tensor

from halfspace.companion.interpolation.data import line_target
from halfspace.nets import DLGN, ReLUNet

__all__ = [
    "fit_output",
    "line_bumps",
    "line_risk",
    "linear_spline",
    "nearest_label",
    "pair_kernel",
]

_GRID = 100_000  # midpoints of equal cells of [0, 1]
_NODES = 41  # of the trapezoidal rule over each bump


@torch.no_grad()
def fit_output(net: ReLUNet | DLGN, x: Tensor, y: Tensor) -> ReLUNet | DLGN:
    """Set a net's output weights by least squares, and return it.

    Args:
        net: with biases and one output; its other weights stay.
        x: points, shape (n, d).
        y: labels, shape (n,).
    """
    layer = net.value[-1]
    layer.weight.zero_()
    layer.bias.zero_()
    last = []
    handle = layer.register_forward_pre_hook(lambda _, inputs: last.append(inputs[0]))
    net(x)
    handle.remove()
    features = torch.cat([last[0], torch.ones(len(x), 1, dtype=x.dtype)], 1)
    solution = torch.linalg.lstsq(features, y.unsqueeze(1), driver="gelsd").solution[:, 0]
    layer.weight[0], layer.bias[0] = solution[:-1], solution[-1]
    return net


def pair_kernel(gates: Tensor) -> Tensor:
    """Count the paths (i, i, ..., i) that are active for both inputs of each pair.

    Args:
        gates: hard gates, shape (n, H, m).

    Returns:
        Shape (n, n).
    """
    active = gates.prod(1)
    return active @ active.T


def linear_spline(x: np.ndarray, y: np.ndarray, cells: int):
    """Return the least-squares piecewise linear function with equal cells on [0, 1].

    It is a ReLU net of as many units whose first layer is fixed.

    Args:
        x: points, shape (n,).
        y: labels, shape (n,).
        cells: K.

    Returns:
        A function of points of any shape.
    """
    knots = np.linspace(0, 1, cells + 1)
    hats = np.maximum(0, 1 - np.abs(x[:, None] - knots) * cells)
    heights = np.linalg.lstsq(hats, y, rcond=None)[0]
    return lambda at: np.interp(at, knots, heights)


def nearest_label(x: np.ndarray, y: np.ndarray):
    """Return the function that takes the label of the nearest point; x is sorted, shape (n,)."""
    between = (x[1:] + x[:-1]) / 2
    return lambda at: y[np.searchsorted(between, at)]


def line_bumps(at: np.ndarray, x: np.ndarray, values: np.ndarray, radius: float) -> np.ndarray:
    """Return a sum of bumps that do not overlap, on a line.

    Only the nearest bump is evaluated, as ``max(0, 1 - |t|/τ)``: differences of ReLUs would lose
    digits at the radii of thousands of points.

    Args:
        at: where, shape (k,).
        x: centres, increasing, shape (n,).
        values: heights, shape (n,).
        radius: τ, at most half the least gap.
    """
    near = np.searchsorted((x[1:] + x[:-1]) / 2, at)
    return values[near] * np.maximum(0, 1 - np.abs(at - x[near]) / radius)


def line_risk(
    function, x: np.ndarray | None = None, values: np.ndarray | None = None, radius: float = 0.0
) -> float:
    """Return the risk of a function on [0, 1], and of bumps on it if there are any.

    The function is compared with the target at the midpoints of 100,000 cells. A grid would miss
    narrow bumps: what they add is integrated on nodes of their own.

    Args:
        function: of points of any shape.
        x: centres, shape (n,).
        values: heights, shape (n,).
        radius: τ; bumps that reach beyond [0, 1] are cut there.
    """
    grid = (np.arange(_GRID) + 0.5) / _GRID
    risk = np.square(function(grid) - line_target(grid)).mean()
    if x is None:
        return risk
    ends = np.maximum(x - radius, 0), np.minimum(x + radius, 1)
    at = np.linspace(*ends, _NODES)  # (nodes, n)
    bumps = values * np.maximum(0, 1 - np.abs(at - x) / radius)
    added = bumps * (2 * (function(at) - line_target(at)) + bumps)
    return risk + np.trapezoid(added, at, axis=0).sum()
