"""Checks shared by the modules of this package."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike
from torch import nn

from halfspace import polygons
from halfspace._checks import check_finite, check_integer, check_weights, uncompiled
from halfspace.nets import DGN, DLGN, ReLUNet

__all__ = ["check_path", "check_paths", "check_planar", "check_single", "check_window"]


def check_planar(net: nn.Module) -> ReLUNet | DLGN | DGN:
    """Return one gated dense net with two inputs and finite weights; refuse others."""
    net = check_single(net)
    if net.d_in != 2:
        raise ValueError(
            f"net must have 2 inputs to be drawn in the plane; got {net.d_in} (Plane.restricted "
            "cuts it there)"
        )
    return net


def check_single(net: nn.Module) -> ReLUNet | DLGN | DGN:
    """Return one gated dense net with finite weights; refuse others."""
    net = uncompiled(net)
    if not (hasattr(net, "gate") and hasattr(net, "gate_layers")):
        raise ValueError(f"net must be a ReLUNet, a DLGN or a DGN; got {type(net).__name__}")
    lead = tuple(net.value[0].weight.shape[:-2])
    if lead:
        raise ValueError(f"net must be a single one; got a stack of shape {lead} (use unstack)")
    check_weights(net)
    return net


def check_window(window: ArrayLike) -> np.ndarray:
    """Return a convex polygon, or the empty one, as float64 of shape (j, 2); refuse others."""
    corners = np.array(window, dtype=np.float64)
    if corners.ndim != 2 or corners.shape[1] != 2:
        raise ValueError(f"window must have shape (j, 2); got {corners.shape}")
    check_finite("window", corners)
    if len(corners):
        arms = np.roll(corners, -1, axis=0) - corners
        after = np.roll(arms, -1, axis=0)
        turns = arms[:, 0] * after[:, 1] - arms[:, 1] * after[:, 0]
        if not (polygons.area(corners) > 0 and turns.min() >= 0):
            raise ValueError(
                "window must be a convex polygon with an area, its corners anticlockwise; "
                f"got {corners.tolist()}"
            )
    return corners


def check_path(path: Sequence[int], depth: int, width: int) -> list[int]:
    """Return a path as a list of units, one for each layer; refuse one that does not fit."""
    units = [check_integer("a path's unit", unit, least=None) for unit in path]
    if len(units) != depth or not all(0 <= unit < width for unit in units):
        raise ValueError(
            f"path must name a unit from 0 to {width - 1} in each of {depth} layers; got {units}"
        )
    return units


def check_paths(paths: ArrayLike, depth: int, width: int) -> np.ndarray:
    """Return paths as an integer array of shape (R, H); refuse what does not fit."""
    units = np.asarray(paths)
    if units.ndim != 2 or units.shape[1] != depth or units.dtype.kind not in "iu":
        raise ValueError(
            f"paths must be whole numbers of shape (R, {depth}); got {units.dtype} {units.shape}"
        )
    outside = ((units < 0) | (units >= width)).any(axis=1)
    if outside.any():
        check_path(units[outside][0], depth, width)
    return units.astype(np.int64)
