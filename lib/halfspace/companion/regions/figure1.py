"""Figure 1 of the paper: what can go wrong with a ReLU path's active region.

Figure 1a is a search, and Figure 1b a construction. Both are fast, so neither has a spec.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from halfspace import regions
from halfspace._checks import check_shape, single_precision
from halfspace.companion.seeds import random_net
from halfspace.gates import HardGate
from halfspace.nets import DLGN, ReLUNet

__all__ = [
    "DisconnectedRegion",
    "DisconnectedSearch",
    "JUMP_PATH",
    "jump_dlgn",
    "jump_relu",
    "jump_sweep",
    "path_areas",
    "search_disconnected",
    "shut_off",
    "unit_borders",
    "unit_norms",
    "weight_distance",
]

# First unit of layer 1, then first unit of layer 2: the path whose region jumps.
JUMP_PATH = (0, 0)
_OPEN_NORMALS = ((1.0, 0.3), (-1.0, 0.6))
_OPPOSITE_NORMALS = ((1.0, 0.3), (-1.0, -0.3))
_SECOND_UNIT = (0.6, -0.7)
_WEIGHT_ON_B = 0.8
_BESIDE = 1e-6  # distance from an edge at which its other side is checked


@dataclass(frozen=True)
class DisconnectedRegion:
    """A path's active region that has several components.

    Attributes:
        seed: seed of the net.
        net: the net.
        path: the path.
        cut: the net's partition of the window.
        components: the region's components, cell numbers, the largest first.
        shares: the components' shares of the window's area, shape (components,).
    """

    seed: int
    net: ReLUNet
    path: tuple[int, ...]
    cut: regions.Partition
    components: list[np.ndarray]
    shares: np.ndarray


@dataclass(frozen=True)
class DisconnectedSearch:
    """Result of a search for disconnected active path regions.

    Attributes:
        seeds: the nets were drawn with these seeds.
        min_share: share of the window that each component of a region must exceed.
        regions: how many non-empty active path regions the nets have in the window.
        disconnected: how many of those have two components or more.
        all_large: how many of those have components that all exceed ``min_share``.
        largest: of those, the most pronounced region: the smallest of its components' shares and of
            the shares that each unit alone shuts off (``shut_off``) is the largest; ``None`` if
            there is none.
    """

    seeds: range
    min_share: float
    regions: int
    disconnected: int
    all_large: int
    largest: DisconnectedRegion | None


@single_precision()
def search_disconnected(
    seeds: range, *, width: int, depth: int, window: np.ndarray, min_share: float
) -> DisconnectedSearch:
    """Search random ReLU nets with biases for a path whose active region is disconnected.

    Every path of every net is examined; PyTorch's default initialisation, float64.

    Args:
        seeds: one net is drawn with each.
        width: m.
        depth: H.
        window: where regions are compared, a convex polygon, shape (j, 2).
        min_share: share of the window that each component of the region must exceed.
    """
    largest, best = None, -1.0
    examined = disconnected = all_large = 0
    for seed in seeds:
        net = random_net("relu", seed, width=width, depth=depth)
        cut = regions.partition(net, window)
        paths = regions.path_regions(cut).paths
        examined += len(paths)
        for path in paths[regions.component_counts(cut, paths) > 1]:
            parts = regions.components(cut, regions.path_region_cells(cut, path))
            shares = np.array([cut.areas[part].sum() for part in parts]) / cut.areas.sum()
            disconnected += 1
            if shares.min() <= min_share:
                continue
            all_large += 1
            weakest = min(shares.min(), shut_off(cut, path).min())
            if weakest > best:
                best, units = weakest, tuple(path.tolist())
                largest = DisconnectedRegion(seed, net, units, cut, parts, shares)
    return DisconnectedSearch(seeds, min_share, examined, disconnected, all_large, largest)


def shut_off(cut: regions.Partition, path: Sequence[int]) -> np.ndarray:
    """Measure the area that each unit of a path alone removes from the path's region.

    Args:
        cut: a net's partition of a window.
        path: a unit of each layer.

    Returns:
        Shares of the window where all of the path's units but this one are active, shape (H,).
    """
    active = cut.patterns[:, range(len(path)), path]
    others = [np.delete(active, layer, axis=1).all(axis=1) for layer in range(len(path))]
    areas = [cut.areas[rest & ~on].sum() for rest, on in zip(others, active.T, strict=True)]
    return np.array(areas) / cut.areas.sum()


@torch.no_grad()
def unit_borders(
    net: ReLUNet | DLGN, cut: regions.Partition, path: Sequence[int]
) -> list[np.ndarray]:
    """Return where each unit of a path switches: edges of cells, the unit active on one side.

    Args:
        net: the net, float64.
        cut: its partition of a window.
        path: a unit of each layer.

    Returns:
        For each layer the ends of edges, shape (k, 2, 2).
    """
    borders = []
    for layer, unit in enumerate(path):
        active = [cut.cells[cell] for cell in cut.patterns[:, layer, unit].nonzero()[0]]
        starts = np.concatenate([np.empty((0, 2)), *active])
        ends = np.concatenate([np.empty((0, 2)), *(np.roll(c, -1, axis=0) for c in active)])
        along = ends - starts
        outwards = np.stack([along[:, 1], -along[:, 0]], 1)  # corners run counterclockwise
        beside = (starts + ends) / 2 + _BESIDE * outwards / np.linalg.norm(along, axis=1)[:, None]
        outside = net.gates(torch.from_numpy(beside), HardGate())[:, layer, unit].numpy() == 0
        borders.append(np.stack([starts, ends], axis=1)[outside])
    return borders


@single_precision()
def jump_relu(weight: float) -> ReLUNet:
    """Build a ReLU net in which one path's region jumps as ``weight`` passes through zero.

    Layer 1 has the units A and B, without biases. Unit C of layer 2 sees A with strength ``weight``
    and B with a large one. Where A alone is active, C's pre-activation is ``weight`` times a
    positive number: its sign is the weight's.

    Args:
        weight: C's weight on A; C's other weight keeps its norm above 0.5.
    """
    return _with_weights(ReLUNet(2, width=2, depth=2), _OPEN_NORMALS, weight)


@single_precision()
def jump_dlgn(weight: float, *, opposite: bool = False) -> DLGN:
    """Build the DLGN whose gating network has the weights of ``jump_relu``.

    Args:
        weight: C's weight on A.
        opposite: let B's normal be the opposite of A's, so that C's effective normal passes through
            zero as ``weight`` passes through C's weight on B. Otherwise it only turns.
    """
    net = DLGN(2, width=2, depth=2, gate=HardGate())
    return _with_weights(net, _OPPOSITE_NORMALS if opposite else _OPEN_NORMALS, weight)


def jump_sweep(weights: Sequence[float], window: np.ndarray) -> dict[str, np.ndarray]:
    """Measure the region of ``JUMP_PATH`` while C's weight on A changes.

    Args:
        weights: k values of that weight.
        window: a convex polygon, shape (j, 2).

    Returns:
        Shares of the window's area, each of shape (k,), of a ReLU net, a DLGN, and a DLGN with
        opposite normals.
    """
    nets = {
        "ReLU net": [jump_relu(weight) for weight in weights],
        "DLGN": [jump_dlgn(weight) for weight in weights],
        "DLGN, opposite normals": [jump_dlgn(weight, opposite=True) for weight in weights],
    }
    return {name: path_areas(swept, JUMP_PATH, window) for name, swept in nets.items()}


def path_areas(
    nets: Sequence[ReLUNet | DLGN], path: Sequence[int], window: np.ndarray
) -> np.ndarray:
    """Measure one path's active region in several nets: shares of the window's area, shape (k,)."""
    shares = []
    for net in nets:
        cut = regions.partition(net, window)
        shares.append(cut.areas[regions.path_region_cells(cut, path)].sum() / cut.areas.sum())
    return np.array(shares)


@torch.no_grad()
def weight_distance(first: ReLUNet | DLGN, second: ReLUNet | DLGN) -> float:
    """Return the Euclidean distance of two nets' parameters.

    Raises:
        ValueError: if the nets differ in their parameters' shapes.
    """
    pairs = list(zip(first.parameters(), second.parameters(), strict=True))
    for a, b in pairs:
        check_shape("second's parameters", b, a.shape)
    return sum(float((a - b).square().sum()) for a, b in pairs) ** 0.5


def unit_norms(net: ReLUNet | DLGN) -> np.ndarray:
    """Return the norm of the weight vector of every unit that has a gate, shape (H, m)."""
    return np.array([layer.weight.detach().norm(dim=-1).numpy() for layer in net.gate_layers])


@torch.no_grad()
def _with_weights(
    net: ReLUNet | DLGN, normals: Sequence[tuple[float, float]], weight: float
) -> ReLUNet | DLGN:
    """Set the weights of A and B to the normals, C's weight on A to the weight; float64."""
    net = net.double()
    first, second = net.gate_layers
    first.weight.copy_(torch.tensor(normals, dtype=torch.float64))
    units = [(weight, _WEIGHT_ON_B), _SECOND_UNIT]
    second.weight.copy_(torch.tensor(units, dtype=torch.float64))
    net.value[-1].weight.fill_(1.0)
    return net
