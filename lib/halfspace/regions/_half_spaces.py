"""Half-spaces of a DLGN's gating units, and results that need no partition of a window."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import ArrayLike
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
    "planes",
]


def half_spaces(dlgn: DLGN) -> tuple[Tensor, Tensor]:
    """Write each gating unit's pre-activation as an affine function of the input.

    Unit i of layer ℓ is active where ``normals[ℓ, i] · x + offsets[ℓ, i] >= 0``. The gating network
    is linear, so the normals are products of its weights; with shallow gating they are its weights.

    Args:
        dlgn: one DLGN or a stacked one.

    Returns:
        Effective normals, shape (..., H, m, d), and offsets, shape (..., H, m); without biases the
        offsets are zero.

    Raises:
        ValueError: if the net is not a DLGN (a ReLU unit's active region is not a half-space).

    Example:
        >>> from halfspace.gates import HardGate
        >>> dlgn = DLGN(2, width=2, depth=2, gate=HardGate())
        >>> dlgn.gating[0].weight.data = torch.eye(2)
        >>> dlgn.gating[1].weight.data = torch.tensor([[1.0, 1.0], [1.0, -1.0]])
        >>> normals, offsets = half_spaces(dlgn)
        >>> normals.tolist()
        [[[1.0, 0.0], [0.0, 1.0]], [[1.0, 1.0], [1.0, -1.0]]]
        >>> offsets.tolist()
        [[0.0, 0.0], [0.0, 0.0]]

    Reference: Equation 4 and Section 2.2.
    """
    return _multiplied_out(dlgn, None)


@exact()
def _multiplied_out(dlgn: DLGN, dtype: torch.dtype | None) -> tuple[Tensor, Tensor]:
    """Compute ``half_spaces`` in the given precision, or in the weights' own if it is ``None``."""
    dlgn = uncompiled(dlgn)
    if not (dlgn.has_gating and dlgn.has_linear_gating):
        raise ValueError(f"half_spaces needs a DLGN; got {type(dlgn).__name__}")
    normals, offsets = [], []
    for layer in dlgn.gating:
        weight = layer.weight.to(dtype)
        if normals and not dlgn.shallow:
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
        path: a unit of each layer, numbered from 0, H numbers.

    Returns:
        bool, shape (..., n).

    Raises:
        ValueError: if the path does not fit the gates, or they are not 0/1.

    Example:
        >>> gates = torch.tensor([[[1, 0], [0, 1]], [[1, 1], [1, 0]]])
        >>> in_path_region(gates, (0, 1)).tolist()
        [True, False]
    """
    check_hard(gates)
    path = check_path(path, *gates.shape[-2:])
    return (gates[..., range(len(path)), path] == 1).all(dim=-1)


def path_region(dlgn: DLGN, path: Sequence[int], window: np.ndarray) -> np.ndarray:
    """Clip a window to the active region of a DLGN's path: H half-planes.

    Args:
        dlgn: one DLGN with two inputs.
        path: a unit of each layer, numbered from 0, H numbers.
        window: a convex polygon, shape (j, 2).

    Returns:
        The region's polygon, float64, shape (k, 2); (0, 2) if the region misses the window.

    Raises:
        ValueError: if the net is not one DLGN with two inputs and finite weights, or the path or
            the window does not fit.

    Example:
        >>> from halfspace.gates import HardGate
        >>> dlgn = DLGN(2, width=2, depth=2, gate=HardGate())
        >>> dlgn.gating[0].weight.data = torch.eye(2)
        >>> dlgn.gating[1].weight.data = torch.tensor([[1.0, 1.0], [1.0, -1.0]])
        >>> region = path_region(dlgn, (1, 1), polygons.square(1.0))  # y >= 0 and x - y >= 0
        >>> region.tolist()
        [[1.0, 0.0], [1.0, 1.0], [0.0, 0.0]]
    """
    dlgn = check_planar(dlgn)
    path = check_path(path, dlgn.depth, dlgn.width)
    normals, offsets = planes(dlgn)
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
        The numbers of the Q paths whose region has an area in the window, increasing, int64, shape
        (Q,), and their regions' polygons, Q of them.

    Raises:
        ValueError: if the net is not one DLGN with two inputs and finite weights, or a path or the
            window does not fit.

    Example:
        >>> from halfspace.gates import HardGate
        >>> dlgn = DLGN(2, width=2, depth=2, gate=HardGate())
        >>> dlgn.gating[0].weight.data = torch.eye(2)
        >>> dlgn.gating[1].weight.data = torch.tensor([[-1.0, 0.0], [1.0, -1.0]])
        >>> numbers, regions = path_polygons(dlgn, [(0, 0), (0, 1), (1, 1)], polygons.square(1.0))
        >>> numbers.tolist(), regions.areas.tolist()
        ([1, 2], [1.5, 0.5])
    """
    dlgn = check_planar(dlgn)
    normals, offsets = planes(dlgn)
    paths = check_paths(paths, dlgn.depth, dlgn.width)
    window = check_window(window)
    if not len(window):
        return np.arange(0), Polygons.of([])
    # ``remaining`` are the numbers of the paths whose region so far has an area; the region of path
    # ``remaining[r]`` is ``pieces[piece_of[r]]``.
    remaining, piece_of = np.arange(len(paths)), np.zeros(len(paths), int)
    pieces = Polygons.of([window])
    for layer in range(dlgn.depth):
        # Paths with the same piece and the same next unit have the same beginning: clip it once.
        keys = piece_of * dlgn.width + paths[remaining, layer]
        beginnings, beginning_of = np.unique(keys, return_inverse=True)
        piece_before, unit = np.divmod(beginnings, dlgn.width)
        with_area, pieces = polygons.clip_many(
            pieces.take(piece_before), normals[layer, unit], offsets[layer, unit]
        )
        new_number = np.full(len(beginnings), -1)
        new_number[with_area] = np.arange(len(with_area))
        piece_of = new_number[beginning_of]
        remaining, piece_of = remaining[piece_of >= 0], piece_of[piece_of >= 0]
    return remaining, pieces.take(piece_of)


def count_faces(normals: np.ndarray, offsets: np.ndarray, inside: np.ndarray) -> int:
    """Count the faces of an intersection of half-spaces, in any dimension.

    Each half-space is the side of its hyperplane on which ``inside`` lies. Its hyperplane has a
    face if the intersection of the other half-spaces reaches beyond it; a linear programme decides
    this.

    Args:
        normals: the hyperplanes' normals, shape (k, d).
        offsets: the hyperplanes' offsets, shape (k,).
        inside: a point on none of the hyperplanes, shape (d,).

    Raises:
        ValueError: if the point lies on a hyperplane, a shape does not fit, or a number is not
            finite.

    Example:
        The triangle x >= 0, y >= 0, x + y <= 1; the fourth half-space, x <= 5, has no face.

        >>> normals = np.array([(1.0, 0.0), (0.0, 1.0), (1.0, 1.0), (1.0, 0.0)])
        >>> count_faces(normals, np.array([0.0, 0.0, -1.0, -5.0]), np.array([0.25, 0.25]))
        3
    """
    from scipy.optimize import linprog  # slow to import, and needed only here

    check_shape("normals", normals, (len(normals), *inside.shape))
    check_shape("offsets", offsets, (len(normals),))
    for name, numbers in dict(normals=normals, offsets=offsets, inside=inside).items():
        check_finite(name, numbers)
    values = normals @ inside + offsets
    if (values == 0).any():
        raise ValueError(f"inside must lie on no hyperplane; got one of {values}")
    # With y = x - inside every half-space reads outward · y <= 1.
    outward = -normals / values[:, None]
    faces = 0
    for number, direction in enumerate(outward):
        # Move this hyperplane away to twice its distance: can its direction now exceed 1?
        limits = np.ones(len(outward))
        limits[number] = 2.0
        best = linprog(-direction, A_ub=outward, b_ub=limits, bounds=(None, None))
        faces += bool(-best.fun > 1 + 1e-7)
    return faces


def planes(dlgn: DLGN) -> tuple[np.ndarray, np.ndarray]:
    """Return normals and offsets in float64, from weights in float64 as in ``partition``."""
    normals, offsets = _multiplied_out(dlgn, torch.float64)
    return normals.detach().cpu().numpy(), offsets.detach().cpu().numpy()
