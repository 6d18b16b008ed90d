"""Half-spaces of a DLGN's gating units, and what follows from them without cutting a window."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import ArrayLike
from scipy.optimize import linprog
from torch import Tensor

from halfspace import polygons
from halfspace._checks import check_finite, check_hard, check_shape, exact, uncompiled
from halfspace.nets import DLGN
from halfspace.polygons import Polygons
from halfspace.regions._checks import check_path, check_paths, check_planar, check_window

__all__ = [
    "count_faces",
    "half_spaces",
    "in_path_region",
    "path_polygons",
    "path_region",
]


def half_spaces(dlgn: DLGN) -> tuple[Tensor, Tensor]:
    """Write each gating unit's pre-activation as an affine function of the input.

    Unit i of layer ℓ is active where ``normals[ℓ, i] · x + offsets[ℓ, i] >= 0``: the gating network
    is linear, so its layers multiply out.

    Args:
        dlgn: one DLGN or a stacked one.

    Returns:
        Effective normals, shape (..., H, m, d), and offsets, shape (..., H, m); without biases the
        offsets are zero.

    Raises:
        ValueError: if the net is not a DLGN (a ReLU unit's active region is no half-space).
    """
    return _multiplied_out(dlgn, None)


@exact()
def _multiplied_out(dlgn: DLGN, dtype: torch.dtype | None) -> tuple[Tensor, Tensor]:
    """Do what ``half_spaces`` does, in a precision of its own or, for ``None``, the weights'."""
    dlgn = uncompiled(dlgn)
    if not isinstance(dlgn, DLGN):
        raise ValueError(f"half_spaces needs a DLGN; got {type(dlgn).__name__}")
    normals, offsets = [], []
    for layer in dlgn.gating:
        weight = layer.weight.to(dtype)
        if normals:
            normal, offset = weight @ normals[-1], (weight @ offsets[-1].unsqueeze(-1)).squeeze(-1)
        else:
            normal, offset = weight, torch.zeros_like(weight[..., 0])
        normals.append(normal)
        offsets.append(offset if layer.bias is None else offset + layer.bias.to(dtype))
    return torch.stack(normals, dim=-3), torch.stack(offsets, dim=-2)


def in_path_region(gates: Tensor, path: Sequence[int]) -> Tensor:
    """Tell which inputs lie in a path's active region.

    Args:
        gates: hard gates, shape (..., n, H, m).
        path: a unit of each layer, numbered from 0.

    Returns:
        bool, shape (..., n).

    Raises:
        ValueError: if the path does not fit the gates, or they are not 0/1.
    """
    check_hard(gates)
    path = check_path(path, *gates.shape[-2:])
    return (gates[..., range(len(path)), path] == 1).all(dim=-1)


def path_region(dlgn: DLGN, path: Sequence[int], window: np.ndarray) -> np.ndarray:
    """Clip a window to the active region of a DLGN's path: H half-planes.

    Args:
        dlgn: one DLGN with two inputs.
        path: a unit of each layer, numbered from 0.
        window: a convex polygon, shape (j, 2).

    Returns:
        The region's polygon, float64, shape (k, 2); (0, 2) if the region misses the window.

    Raises:
        ValueError: if the net is not one planar DLGN or the path does not fit it.
    """
    dlgn = check_planar(dlgn)
    path = check_path(path, dlgn.depth, dlgn.width)
    normals, offsets = _planes(dlgn)
    region = check_window(window)
    for layer, unit in enumerate(path):
        region = polygons.clip(region, normals[layer, unit], offsets[layer, unit])
    return region


def path_polygons(dlgn: DLGN, paths: ArrayLike, window: ArrayLike) -> tuple[np.ndarray, Polygons]:
    """Clip a window to the active regions of many of a DLGN's paths.

    Paths that begin with the same units share the clipping of that beginning.

    Args:
        dlgn: one DLGN with two inputs.
        paths: a unit of each layer, numbered from 0, shape (R, H).
        window: a convex polygon, shape (j, 2).

    Returns:
        The numbers of the paths whose region has an area in the window, increasing, and their
        regions' polygons.

    Raises:
        ValueError: if the net is not one planar DLGN, or a path or the window does not fit.
    """
    dlgn = check_planar(dlgn)
    normals, offsets = _planes(dlgn)
    paths = check_paths(paths, dlgn.depth, dlgn.width)
    window = check_window(window)
    if not len(window):
        return np.arange(0), Polygons.of([])
    left, owner, pieces = np.arange(len(paths)), np.zeros(len(paths), int), Polygons.of([window])
    for layer in range(dlgn.depth):
        keys = owner * dlgn.width + paths[left, layer]
        beginnings, number = np.unique(keys, return_inverse=True)
        before, unit = np.divmod(beginnings, dlgn.width)
        kept, pieces = polygons.clip_many(
            pieces.take(before), normals[layer, unit], offsets[layer, unit]
        )
        place = np.full(len(beginnings), -1)
        place[kept] = np.arange(len(kept))
        owner = place[number]
        left, owner = left[owner >= 0], owner[owner >= 0]
    return left, pieces.take(owner)


def count_faces(normals: np.ndarray, offsets: np.ndarray, inside: np.ndarray) -> int:
    """Count the faces of an intersection of half-spaces, in any dimension.

    Each half-space is the side of its hyperplane on which ``inside`` lies. It has a face when the
    others alone would leave room beyond it, which a linear programme decides.

    Args:
        normals: shape (k, d).
        offsets: shape (k,).
        inside: a point on none of the hyperplanes, shape (d,).

    Raises:
        ValueError: if the point lies on a hyperplane, a shape does not fit, or a number is not
            finite.
    """
    check_shape("normals", normals, (len(normals), *inside.shape))
    check_shape("offsets", offsets, (len(normals),))
    for name, numbers in dict(normals=normals, offsets=offsets, inside=inside).items():
        check_finite(name, numbers)
    values = normals @ inside + offsets
    if (values == 0).any():
        raise ValueError(f"inside must lie on no hyperplane; got one of {values}")
    # With y = x - inside every half-space reads outward · y <= 1.
    outward = -normals / values[:, None]
    found = 0
    for number, direction in enumerate(outward):
        room = np.ones(len(outward))
        room[number] = 2.0
        best = linprog(-direction, A_ub=outward, b_ub=room, bounds=(None, None))
        found += -best.fun > 1 + 1e-7
    return found


def _planes(dlgn: DLGN) -> tuple[np.ndarray, np.ndarray]:
    """Return the half-spaces with the weights taken in float64, as ``partition`` takes them."""
    normals, offsets = _multiplied_out(dlgn, torch.float64)
    return normals.detach().cpu().numpy(), offsets.detach().cpu().numpy()
