"""Where units and paths are active: half-spaces, active path regions, activation pattern regions.

A *path* picks one unit of each gated layer; its *active path region* is the set of inputs at which
all of them are active. An *activation pattern region* is the set of inputs that share every unit's
gate. In the plane both are computed exactly, in float64, inside a window: a convex polygon of
``halfspace.polygons``.

Reference: Half-Space Feature Learning in Neural Networks, Sections 2.2 and 3.1.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from scipy.optimize import linprog
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import ConvexHull, cKDTree
from torch import Tensor, nn

from halfspace import polygons
from halfspace.nets import DLGN, ReLUNet

__all__ = [
    "ActivationPatterns",
    "Partition",
    "activation_patterns",
    "components",
    "count_faces",
    "count_path_regions",
    "half_spaces",
    "hull_share",
    "in_path_region",
    "partition",
    "path_region",
    "path_region_cells",
]

# Two edges are one when their midpoints are this near, relative to the window; shorter edges join
# nothing.
_EDGE_TOLERANCE = 1e-7


class ActivationPatterns(NamedTuple):
    """The distinct gate patterns of a set of inputs.

    Attributes:
        patterns: 0/1, shape (k, H, m).
        counts: how many inputs show each, shape (k,).
        inverse: each input's pattern number, shape (n,).
    """

    patterns: Tensor
    counts: Tensor
    inverse: Tensor


@dataclass(frozen=True)
class Partition:
    """A window cut into the activation pattern regions of a net.

    Attributes:
        window: the window, shape (j, 2).
        cells: convex polygons, each of shape (k, 2); every gate is constant inside a cell.
        patterns: the cells' gates, bool, shape (C, H, m).
        areas: the cells' areas, shape (C,).
    """

    window: np.ndarray
    cells: tuple[np.ndarray, ...]
    patterns: np.ndarray
    areas: np.ndarray


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
    if not isinstance(dlgn, DLGN):
        raise ValueError(f"half_spaces needs a DLGN; got {type(dlgn).__name__}")
    normals, offsets = [], []
    for layer in dlgn.gating:
        weight = layer.weight
        if normals:
            normal, offset = weight @ normals[-1], (weight @ offsets[-1].unsqueeze(-1)).squeeze(-1)
        else:
            normal, offset = weight, torch.zeros_like(weight[..., 0])
        normals.append(normal)
        offsets.append(offset if layer.bias is None else offset + layer.bias)
    return torch.stack(normals, dim=-3), torch.stack(offsets, dim=-2)


def in_path_region(gates: Tensor, path: Sequence[int]) -> Tensor:
    """Tell which inputs lie in a path's active region.

    Args:
        gates: hard gates, shape (..., n, H, m).
        path: a unit of each layer, numbered from 0.

    Returns:
        bool, shape (..., n).

    Raises:
        ValueError: if the path does not fit the gates.
    """
    path = _checked_path(path, *gates.shape[-2:])
    return (gates[..., range(len(path)), path] == 1).all(dim=-1)


def activation_patterns(gates: Tensor) -> ActivationPatterns:
    """Collect the distinct activation patterns of a set of inputs.

    Args:
        gates: hard gates, shape (n, H, m).

    Raises:
        ValueError: if ``gates`` has another number of axes.
    """
    if gates.ndim != 3:
        raise ValueError(f"gates must have shape (n, H, m); got {tuple(gates.shape)}")
    patterns, inverse, counts = torch.unique(gates, dim=0, return_inverse=True, return_counts=True)
    return ActivationPatterns(patterns, counts, inverse)


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
    _check_planar(dlgn)
    path = _checked_path(path, dlgn.depth, dlgn.width)
    normals, offsets = (t.detach().double().cpu().numpy() for t in half_spaces(dlgn))
    region = np.asarray(window, dtype=np.float64)
    for layer, unit in enumerate(path):
        region = polygons.clip(region, normals[layer, unit], offsets[layer, unit])
    return region


def partition(net: ReLUNet | DLGN, window: np.ndarray) -> Partition:
    """Cut a window of the plane into a net's activation pattern regions, exactly.

    Layer by layer: on a cell every pre-activation of the next layer is affine, so each unit's zero
    line cuts the cell along a straight line or not at all. A unit that is constantly zero on a cell
    counts as active there.

    Args:
        net: one ReLU net or DLGN with two inputs; its weights are taken in float64.
        window: a convex polygon, shape (j, 2).

    Raises:
        ValueError: if the net is of another kind, stacked, or has not two inputs.
    """
    _check_planar(net)
    window = np.asarray(window, dtype=np.float64)
    # A cell: its polygon, its patterns so far, and the affine map from the input to the layer
    # below.
    cells = [(window, [], np.eye(2), np.zeros(2))]
    for weight, bias in _gating_layers(net):
        found = []
        for polygon, pattern, matrix, shift in cells:
            normals, offsets = weight @ matrix, weight @ shift + bias
            for piece, active in _cut_by_all(polygon, normals, offsets):
                keep = active if isinstance(net, ReLUNet) else np.ones_like(active)
                affine = normals * keep[:, None], offsets * keep
                found.append((piece, [*pattern, active], *affine))
        cells = found
    pieces = tuple(cell[0] for cell in cells)
    return Partition(
        window=window,
        cells=pieces,
        patterns=np.array([cell[1] for cell in cells]),
        areas=np.array([polygons.area(piece) for piece in pieces]),
    )


def path_region_cells(cut: Partition, path: Sequence[int]) -> np.ndarray:
    """Number the cells of a partition that make up a path's active region.

    Raises:
        ValueError: if the path does not fit the partition's net.
    """
    path = _checked_path(path, *cut.patterns.shape[1:])
    return np.flatnonzero(cut.patterns[:, range(len(path)), path].all(axis=1))


def components(cut: Partition, members: np.ndarray) -> list[np.ndarray]:
    """Split a set of cells into the connected components of its interior.

    Two cells belong together when they share an edge of positive length; cells that meet in a
    corner do not.

    Args:
        cut: a partition.
        members: cell numbers, shape (k,).

    Returns:
        Cell numbers of each component, the largest area first.
    """
    if not len(members):
        return []
    reach = _EDGE_TOLERANCE * np.abs(cut.window).max()
    middles, owners = [], []
    for position, cell in enumerate(members):
        middle, length = polygons.edges(cut.cells[cell])
        # The margin over the matching distance keeps both ends of a short edge from being taken for
        # it.
        long_enough = length > 10 * reach
        middles.append(middle[long_enough])
        owners.append(np.full(long_enough.sum(), position))
    owner = np.concatenate(owners)
    pairs = cKDTree(np.concatenate(middles)).query_pairs(reach, output_type="ndarray")
    first, second = owner[pairs].T
    links = coo_array((np.ones(len(pairs)), (first, second)), shape=(len(members),) * 2)
    count, label = connected_components(links, directed=False)
    parts = [members[label == part] for part in range(count)]
    return sorted(parts, key=lambda part: -cut.areas[part].sum())


def count_path_regions(cut: Partition) -> int:
    """Count the paths whose active region has an area in the window.

    A path's region is not empty when some cell has all its units active. Each unit is the set of
    its cells, a path the intersection of H such sets; prefixes that are empty already are not
    followed.
    """
    masks = [
        [int("".join(map(str, unit)), 2) for unit in layer.T]
        for layer in cut.patterns.astype(int).transpose(1, 0, 2)
    ]

    def extend(cells: int, layer: int) -> int:
        if layer == len(masks):
            return 1
        return sum(extend(cells & mask, layer + 1) for mask in masks[layer] if cells & mask)

    return extend((1 << len(cut.cells)) - 1, 0)


def hull_share(cut: Partition, members: np.ndarray) -> float:
    """Return the share of its convex hull's area that a set of cells fills: 1 if it is convex.

    Raises:
        ValueError: if there are no cells.
    """
    if not len(members):
        raise ValueError("an empty region has no convex hull")
    corners = np.concatenate([cut.cells[cell] for cell in members])
    return float(cut.areas[members].sum() / ConvexHull(corners).volume)


def count_faces(normals: np.ndarray, offsets: np.ndarray, inside: np.ndarray) -> int:
    """Count the faces of an intersection of half-spaces, in any dimension.

    Each half-space is the side of its hyperplane on which ``inside`` lies. It has a face when the
    others alone would leave room beyond it, which a linear programme decides.

    Args:
        normals: shape (k, d).
        offsets: shape (k,).
        inside: a point on none of the hyperplanes, shape (d,).

    Raises:
        ValueError: if the point lies on a hyperplane.
    """
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


def _cut_by_all(polygon: np.ndarray, normals: np.ndarray, offsets: np.ndarray):
    """List the pieces of a polygon cut by m lines, each with the lines' sides, bool, shape (m,)."""
    pieces = [(polygon, [])]
    for normal, offset in zip(normals, offsets, strict=True):
        found = []
        for piece, sides in pieces:
            inside, outside = polygons.split(piece, normal, offset)
            if len(inside):
                found.append((inside, [*sides, True]))
            if len(outside):
                found.append((outside, [*sides, False]))
        pieces = found
    return [(piece, np.array(sides)) for piece, sides in pieces]


def _gating_layers(net: ReLUNet | DLGN) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return the weights and biases that decide the gates, float64."""
    layers = net.gating if isinstance(net, DLGN) else net.value[:-1]
    found = []
    for layer in layers:
        bias = layer.weight.new_zeros(layer.weight.shape[0]) if layer.bias is None else layer.bias
        found.append(tuple(t.detach().double().cpu().numpy() for t in (layer.weight, bias)))
    return found


def _check_planar(net: nn.Module) -> None:
    if not isinstance(net, ReLUNet | DLGN):
        raise ValueError(f"net must be a ReLUNet or a DLGN; got {type(net).__name__}")
    if net.d_in != 2:
        raise ValueError(f"net must have 2 inputs to be drawn in the plane; got {net.d_in}")
    lead = tuple(net.value[0].weight.shape[:-2])
    if lead:
        raise ValueError(f"net must be a single one; got a stack of shape {lead} (use unstack)")


def _checked_path(path: Sequence[int], depth: int, width: int) -> list[int]:
    units = [int(unit) for unit in path]
    if len(units) != depth or not all(0 <= unit < width for unit in units):
        raise ValueError(
            f"path must name a unit from 0 to {width - 1} in each of {depth} layers; got {units}"
        )
    return units
