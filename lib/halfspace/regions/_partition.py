"""Cut a window of the plane into a net's activation pattern regions, exactly."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from halfspace import polygons
from halfspace._checks import check_finite
from halfspace.nets import DLGN, ReLUNet
from halfspace.polygons import Polygons
from halfspace.regions._checks import check_planar, check_window

__all__ = ["Partition", "components", "gating_layers", "hull_share", "partition"]

# Two neighbouring cells both hold their common edge, equal up to rounding. Two edges count as equal
# if the distance of their midpoints is below this share of the edge's length.
_SAME_EDGE = 1e-3
_BLOCK = 2**20  # numbers handled together: 8 MiB


@dataclass(frozen=True)
class Partition:
    """A window cut into the activation pattern regions of a net.

    Attributes:
        window: the window, float64, shape (j, 2).
        cells: C convex polygons; every gate is constant inside a cell.
        patterns: the cells' gates, bool, shape (C, H, m).
        areas: the cells' areas, float64, shape (C,).

    Example:
        >>> import torch
        >>> from halfspace.nets import ReLUNet
        >>> net = ReLUNet(2, width=2, depth=1)
        >>> net.value[0].weight.data = torch.eye(2)  # the units' zero lines are the two axes
        >>> cut = partition(net, polygons.square(1.0))
        >>> cut.patterns[:, 0].astype(int).tolist()
        [[1, 1], [0, 1], [1, 0], [0, 0]]
        >>> cut.areas.tolist(), sorted(cut.neighbours.tolist())
        ([1.0, 1.0, 1.0, 1.0], [[0, 1], [0, 2], [1, 3], [2, 3]])
    """

    window: np.ndarray
    cells: Polygons
    patterns: np.ndarray
    areas: np.ndarray

    @cached_property
    def neighbours(self) -> np.ndarray:
        """Pairs of cells that share an edge of positive length, int64, shape (E, 2).

        Two edges count as the same if each one's midpoint is the nearest to the other's, however
        small the cells are. Edges as short as the rounding of a cut are left out.
        """
        from scipy.spatial import cKDTree  # here and below: SciPy is slow to import

        middles, lengths, owner = self.cells.edges
        real = lengths > 10 * polygons.TOLERANCE * np.abs(self.window).max(initial=0)
        middles, lengths, owner = middles[real], lengths[real], owner[real]
        if len(owner) < 2:
            return np.empty((0, 2), dtype=np.int64)
        distances, nearest = cKDTree(middles).query(middles, k=2)
        edge = np.arange(len(owner))
        first = (
            nearest[:, 0] != edge
        )  # an edge with the same midpoint may come before the edge itself
        other = np.where(first, nearest[:, 0], nearest[:, 1])
        near = np.where(first, distances[:, 0], distances[:, 1]) < _SAME_EDGE * lengths
        pair = near & (other[other] == edge) & (edge < other)
        return np.stack([owner[edge[pair]], owner[other[pair]]], axis=1)


def partition(net: ReLUNet | DLGN, window: ArrayLike) -> Partition:
    """Cut a window of the plane into a net's activation pattern regions, exactly.

    The cells are cut layer by layer. On a cell, every pre-activation of the next layer is affine,
    so each unit's zero line cuts the cell along a straight line or not at all. One matrix product
    finds which units cut which cells. Then each cell is cut by the first of its units, all pieces
    by the second, and so on. A unit that is constantly zero on a cell counts as active there.

    Args:
        net: one ReLU net or DLGN with two inputs; its weights are converted to float64.
        window: a convex polygon, its corners anticlockwise, shape (j, 2); the empty polygon, (0,
            2), has no cells.

    Raises:
        ValueError: if the net is of a different kind, stacked, or does not have two inputs, if its
            weights are not finite or so large that pre-activations are not, or if the window is not
            such a polygon.

    Example:
        >>> import torch
        >>> from halfspace.gates import HardGate
        >>> dlgn = DLGN(2, width=2, depth=1, gate=HardGate())
        >>> dlgn.gating[0].weight.data = torch.tensor([[1.0, 0.0], [1.0, 1.0]])
        >>> cut = partition(dlgn, polygons.square(1.0))
        >>> cut.patterns[:, 0].astype(int).tolist(), cut.areas.tolist()
        ([[1, 1], [0, 1], [1, 0], [0, 0]], [1.5, 0.5, 0.5, 1.5])
    """
    net = check_planar(net)
    window = check_window(window)
    cells = Polygons.of([window] if len(window) else [])
    patterns = np.empty((len(cells), 0, net.width), dtype=bool)
    # Each cell's affine map from (x, y, 1) to the layer below; at first, to the input.
    maps = np.eye(3, 2)[None].repeat(len(cells), axis=0)
    for weight, bias in gating_layers(net):
        if patterns.shape[1] and not net.has_linear_gating:
            maps *= patterns[:, -1:]
        if net.shallow:  # this layer, too, reads the input
            maps = np.eye(3, 2)[None].repeat(len(cells), axis=0)
        maps = (maps.reshape(-1, maps.shape[2]) @ weight.T).reshape(len(cells), 3, len(bias))
        maps[:, 2] += bias
        check_finite("the net's pre-activations", maps)
        cells, active, origin = _cut_layer(cells, maps)
        patterns = np.concatenate([patterns[origin], active[:, None]], axis=1)
        maps = maps[origin]
    return Partition(window=window, cells=cells, patterns=patterns, areas=cells.areas)


def components(cut: Partition, members: np.ndarray) -> list[np.ndarray]:
    """Split a set of cells into the connected components of its interior.

    Two cells are connected if they share an edge of positive length; a common corner is not enough.

    Args:
        cut: a partition.
        members: cell numbers, int64, shape (k,).

    Returns:
        Cell numbers of each component, the component of largest area first.

    Example:
        >>> import torch
        >>> from halfspace.nets import ReLUNet
        >>> net = ReLUNet(2, width=2, depth=1)
        >>> net.value[0].weight.data = torch.eye(2)
        >>> cut = partition(net, polygons.square(1.0))  # cells 0 and 3 meet in a corner
        >>> [part.tolist() for part in components(cut, np.array([0, 3]))]
        [[0], [3]]
        >>> [part.tolist() for part in components(cut, np.array([0, 1, 3]))]
        [[0, 1, 3]]
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    place = np.full(len(cut.cells), -1)
    place[members] = np.arange(len(members))
    links = place[cut.neighbours]
    links = links[(links >= 0).all(axis=1)]
    graph = coo_array((np.ones(len(links)), links.T), shape=(len(members),) * 2)
    count, label = connected_components(graph, directed=False)
    parts = [members[label == part] for part in range(count)]
    return sorted(parts, key=lambda part: -cut.areas[part].sum())


def hull_share(cut: Partition, members: np.ndarray) -> float:
    """Return the share of its convex hull's area that a set of cells fills: 1 if it is convex.

    Args:
        cut: a partition.
        members: cell numbers, shape (k,).

    Raises:
        ValueError: if there are no cells.

    Example:
        >>> import torch
        >>> from halfspace.nets import ReLUNet
        >>> net = ReLUNet(2, width=2, depth=1)
        >>> net.value[0].weight.data = torch.eye(2)
        >>> cut = partition(net, polygons.square(1.0))  # four unit squares
        >>> round(hull_share(cut, np.array([0, 1, 2])), 4)  # a square without a quarter
        0.8571
    """
    from scipy.spatial import ConvexHull

    if not len(members):
        raise ValueError("an empty region has no convex hull")
    corners = np.concatenate([cut.cells[cell] for cell in members])
    return float(cut.areas[members].sum() / ConvexHull(corners).volume)


def _cut_layer(cells: Polygons, maps: np.ndarray) -> tuple[Polygons, np.ndarray, np.ndarray]:
    """Cut cells by a layer's units, whose pre-activations on cell p are ``(x, y, 1) @ maps[p]``.

    Returns:
        The P pieces; their units' gates, bool, shape (P, m); the number of the cell that each piece
        comes from, shape (P,).
    """
    crosses, active = _crossing_units(cells, maps)
    count = crosses.sum(axis=1)
    units, first = np.nonzero(crosses)[1], np.cumsum(count) - count
    origin = np.arange(len(cells))
    for turn in range(count.max(initial=0)):
        pending = np.flatnonzero(count[origin] > turn)
        source = origin[pending]
        unit = units[first[source] + turn]
        cut, above, inside, outside = polygons.split_many(
            cells.take(pending), maps[source, :2, unit], maps[source, 2, unit]
        )
        active[pending, unit] = above
        halved, unit = pending[cut], unit[cut]
        active[halved, unit] = True
        added = active[halved]
        added[np.arange(len(cut)), unit] = False
        active = np.concatenate([active, added])
        origin = np.concatenate([origin, origin[halved]])
        cells = _replaced(cells, halved, inside, outside)
    return cells, active, origin


def _crossing_units(cells: Polygons, maps: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Find the units whose zero lines cut each cell, and the other units' gates; bool, (P, m)."""
    count, _, width = maps.shape
    crosses, active = np.empty((2, count, width), dtype=bool)
    reach = polygons.TOLERANCE * cells.extents
    step = max(1, _BLOCK // (cells.corners.shape[1] * width))
    for start in range(0, count, step):
        block = slice(start, start + step)
        values = cells.corners[block] @ maps[block, :2]
        values += maps[block, 2:]
        lowest, highest = values.min(axis=1), values.max(axis=1)
        slack = reach[block, None] * np.hypot(maps[block, 0], maps[block, 1])
        crosses[block] = (lowest < -slack) & (highest > slack)
        active[block] = lowest + highest >= 0
    return crosses, active


def _replaced(cells: Polygons, halved: np.ndarray, inside: Polygons, outside: Polygons) -> Polygons:
    """Put the inside pieces in place of the cells that were cut, and append the outside pieces."""
    columns = max(piece.corners.shape[1] for piece in (cells, inside, outside))
    corners = np.concatenate([cells.widened(columns), outside.widened(columns)])
    corners[halved] = inside.widened(columns)
    sizes = np.concatenate([cells.sizes, outside.sizes])
    sizes[halved] = inside.sizes
    return Polygons(corners, sizes)


def gating_layers(net: ReLUNet | DLGN) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return the weights and biases of the layers that decide the gates, float64."""
    weights = []
    for layer in net.gate_layers:
        bias = layer.weight.new_zeros(layer.weight.shape[0]) if layer.bias is None else layer.bias
        weights.append(tuple(t.detach().double().cpu().numpy() for t in (layer.weight, bias)))
    return weights
