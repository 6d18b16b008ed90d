"""Active path regions as sets of a partition's cells, for ReLU nets and DLGNs."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from halfspace.regions._checks import check_path, check_paths
from halfspace.regions._partition import Partition

__all__ = [
    "MAX_PATHS",
    "PathRegions",
    "component_counts",
    "count_active_somewhere",
    "count_path_regions",
    "path_region_cells",
    "path_regions",
]

MAX_PATHS = 2**28  # takes minutes
_BLOCK = 2**24  # numbers held in memory together: 128 MiB


class PathRegions(NamedTuple):
    """The active path regions that have an area in a window.

    Attributes:
        paths: a unit of each layer, numbered from 0, in lexicographic order, int64, shape (R, H).
        areas: the regions' areas, float64, shape (R,).

    Example:
        >>> import torch
        >>> from halfspace.nets import ReLUNet
        >>> from halfspace.polygons import square
        >>> from halfspace.regions import partition
        >>> net = ReLUNet(2, width=2, depth=1)
        >>> net.value[0].weight.data = torch.eye(2)
        >>> regions = path_regions(partition(net, square(1.0)))
        >>> regions.paths.tolist(), regions.areas.tolist()
        ([[0], [1]], [2.0, 2.0])
    """

    paths: np.ndarray
    areas: np.ndarray


def path_region_cells(cut: Partition, path: Sequence[int]) -> np.ndarray:
    """Return the numbers of the cells that make up a path's active region.

    Args:
        cut: a partition.
        path: a unit of each layer, numbered from 0, H numbers.

    Returns:
        Cell numbers, increasing, int64, shape (k,).

    Raises:
        ValueError: if the path does not fit the partition's net.

    Example:
        >>> import torch
        >>> from halfspace.nets import ReLUNet
        >>> from halfspace.polygons import square
        >>> from halfspace.regions import partition
        >>> net = ReLUNet(2, width=2, depth=1)
        >>> net.value[0].weight.data = torch.eye(2)
        >>> cut = partition(net, square(1.0))
        >>> cells = path_region_cells(cut, (1,))
        >>> cut.patterns[cells, 0].astype(int).tolist()
        [[1, 1], [0, 1]]
    """
    path = check_path(path, *cut.patterns.shape[1:])
    return np.flatnonzero(cut.patterns[:, range(len(path)), path].all(axis=1))


def path_regions(cut: Partition) -> PathRegions:
    """Find every path whose active region has an area in the window, and the areas.

    Split each path into a lower and an upper half. Let ``l_c = 1`` where all units of the lower
    half are active on cell c, and define ``u_c`` in the same way for the upper half. The region's
    area is then ``Σ_c area_c l_c u_c``. So one matrix product of all lower halves with all upper
    halves gives all areas. Halves that are active nowhere are left out.

    Args:
        cut: a partition.

    Raises:
        ValueError: if the net has more than ``MAX_PATHS`` paths.

    Example:
        >>> import torch
        >>> from halfspace.nets import ReLUNet
        >>> from halfspace.polygons import square
        >>> from halfspace.regions import partition
        >>> net = ReLUNet(2, width=2, depth=2)
        >>> net.value[0].weight.data = torch.eye(2)
        >>> net.value[1].weight.data = torch.tensor([[1.0, -1.0], [-1.0, -1.0]])
        >>> regions = path_regions(partition(net, square(1.0)))
        >>> regions.paths.tolist(), regions.areas.tolist()
        ([[0, 0], [1, 0]], [1.5, 0.5])
    """
    paths, areas = [np.empty((0, cut.patterns.shape[1]), dtype=np.int64)], [np.empty(0)]
    for lower, upper, block in _area_blocks(cut.patterns, cut.areas):
        row, column = np.nonzero(block)
        paths.append(np.concatenate([lower[row], upper[column]], axis=1))
        areas.append(block[row, column])
    return PathRegions(np.concatenate(paths), np.concatenate(areas))


def count_path_regions(cut: Partition) -> int:
    """Count the paths whose active region has an area in the window.

    Args:
        cut: a partition.

    Raises:
        ValueError: if the net has more than ``MAX_PATHS`` paths.

    Example:
        >>> import torch
        >>> from halfspace.nets import ReLUNet
        >>> from halfspace.polygons import square
        >>> from halfspace.regions import partition
        >>> net = ReLUNet(2, width=2, depth=1)
        >>> net.value[0].weight.data = torch.eye(2)
        >>> count_path_regions(partition(net, square(1.0)))
        2
    """
    return count_active_somewhere(cut.patterns)


def count_active_somewhere(patterns: np.ndarray) -> int:
    """Count the paths that are active in at least one of some activation patterns.

    Args:
        patterns: gates of cells or of inputs, bool, shape (C, H, m).

    Raises:
        ValueError: if there are more than ``MAX_PATHS`` paths, or ``patterns`` has a different
            shape or type.

    Example:
        >>> count_active_somewhere(np.array([[[1, 0], [0, 1]], [[1, 1], [0, 1]]], dtype=bool))
        2
    """
    if patterns.ndim != 3 or patterns.dtype != bool:
        raise ValueError(
            f"patterns must be bool of shape (C, H, m); got {patterns.dtype} {patterns.shape}"
        )
    blocks = _area_blocks(patterns, np.ones(len(patterns)))
    return sum(int(np.count_nonzero(block)) for _, _, block in blocks)


def component_counts(cut: Partition, paths: ArrayLike) -> np.ndarray:
    """Count the connected components of many paths' active regions (of their interiors).

    Args:
        cut: a partition.
        paths: a unit of each layer, numbered from 0, shape (R, H).

    Returns:
        int64, shape (R,); 0 where the region is empty. A DLGN's regions are convex, so each one has
        at most one component.

    Raises:
        ValueError: if a path does not fit the partition's net.

    Example:
        The second layer's unit is active where |y| - |x| >= 0, above and below the origin.

        >>> import torch
        >>> from halfspace.nets import ReLUNet
        >>> from halfspace.polygons import square
        >>> from halfspace.regions import partition
        >>> net = ReLUNet(2, width=4, depth=2)
        >>> net.value[0].weight.data = torch.tensor([[0.0, 1], [0, -1], [1, 0], [-1, 0]])
        >>> net.value[1].weight.data = torch.tensor([[1.0, 1, -1, -1]]).repeat(4, 1)
        >>> cut = partition(net, square(1.0))
        >>> component_counts(cut, [(0, 0), (2, 0)]).tolist()
        [1, 2]
    """
    from scipy.sparse import coo_array  # SciPy is slow to import, and needed only here
    from scipy.sparse.csgraph import connected_components

    paths = check_paths(paths, *cut.patterns.shape[1:])
    layers = np.ascontiguousarray(cut.patterns.transpose(1, 2, 0))
    first, second = np.ascontiguousarray(cut.neighbours.T)
    step = max(1, _BLOCK // (len(cut.cells) + len(first) + 1))
    counts = np.zeros(len(paths), dtype=np.int64)
    for start in range(0, len(paths), step):
        block = paths[start : start + step]
        member = np.ones((len(block), len(cut.cells)), dtype=bool)
        for layer, units in zip(layers, block.T, strict=True):
            member &= layer.take(units, axis=0)
        # SciPy's search is called once for all paths, not once for each: in one graph, each cell of
        # each region is a node, and edges join nodes of the same region only.
        path, edge = np.nonzero(member.take(first, axis=1) & member.take(second, axis=1))
        owner, cell = np.nonzero(member)
        node = np.empty(member.shape, dtype=np.int32)
        node[owner, cell] = np.arange(len(owner))
        links = node[path, first[edge]], node[path, second[edge]]
        graph = coo_array((np.ones(len(edge), dtype=bool), links), shape=(len(owner),) * 2)
        count, label = connected_components(graph, directed=False)
        of_component = np.empty(count, dtype=np.int64)
        of_component[label] = owner
        counts[start : start + step] = np.bincount(of_component, minlength=len(block))
    return counts


def _area_blocks(
    patterns: np.ndarray, areas: np.ndarray
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Yield lower halves (L, k), upper halves (U, H - k) and the areas of their paths (L, U)."""
    cells, depth, width = patterns.shape
    if width**depth > MAX_PATHS:
        raise ValueError(
            f"at most {MAX_PATHS} paths can be examined; {depth} layers of {width} units have "
            f"{width**depth}"
        )
    layers = patterns.transpose(1, 2, 0)
    lower, lower_cells = _halves(layers[: depth // 2])
    upper, upper_cells = _halves(layers[depth // 2 :])
    rows = max(1, _BLOCK // max(cells, len(upper), 1))
    columns = max(1, _BLOCK // max(cells, 1))
    # Sums of at most C areas, all positive: an entry is zero exactly where the region is empty.
    for top in range(0, len(lower), rows):
        weighted = _unpacked(lower_cells[top : top + rows], cells) * areas
        products = [
            weighted @ _unpacked(upper_cells[left : left + columns], cells).T
            for left in range(0, len(upper), columns)
        ]
        if products:  # without an active upper half there is nothing to concatenate
            yield lower[top : top + rows], upper, np.concatenate(products, axis=1)


def _halves(layers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """List the choices of one unit in each of some layers that are active in at least one cell.

    The list grows layer by layer, and a choice that is active nowhere is dropped at once, so the
    list stays far shorter than m^k. The cells are packed into bits: eight of them cost one byte and
    one "and".

    Args:
        layers: the layers' gates by cell, bool, shape (k, m, C).

    Returns:
        Units, int64, shape (L, k), and the cells where all of them are active, as bits, uint8,
        shape (L, C / 8).
    """
    _, width, cells = layers.shape
    paths = np.empty((1, 0), dtype=np.int64)
    bits = np.packbits(np.ones((1, cells), dtype=bool), axis=1)
    for layer in layers:
        both = bits[:, None] & np.packbits(layer, axis=1)
        both = both.reshape(len(bits) * width, bits.shape[1])
        paths = np.concatenate(
            [paths.repeat(width, axis=0), np.tile(np.arange(width), len(paths))[:, None]], axis=1
        )
        somewhere = both.any(axis=1)
        paths, bits = paths[somewhere], both[somewhere]
    return paths, bits


def _unpacked(bits: np.ndarray, cells: int) -> np.ndarray:
    """Return bits as numbers 0.0 and 1.0, shape (L, C)."""
    return np.unpackbits(bits, axis=1, count=cells).astype(np.float64)
