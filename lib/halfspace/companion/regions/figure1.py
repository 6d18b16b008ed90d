"""Figure 1 of the paper: what can go wrong with a ReLU path's active region.

Figure 1a is a search, not a training run, and Figure 1b a construction; neither needs a cached
spec.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from halfspace import regions
from halfspace._checks import check_shape, single_precision
from halfspace.gates import HardGate
from halfspace.nets import DLGN, ReLUNet

__all__ = [
    "DisconnectedSearch",
    "JUMP_PATH",
    "NoneFound",
    "jump_dlgn",
    "jump_relu",
    "path_areas",
    "search_disconnected",
    "unit_norms",
    "weight_distance",
]

# First unit of layer 1, then first unit of layer 2: the path whose region jumps.
JUMP_PATH = (0, 0)
_OPEN_NORMALS = ((1.0, 0.3), (-1.0, 0.6))
_OPPOSITE_NORMALS = ((1.0, 0.3), (-1.0, -0.3))
_SECOND_UNIT = (0.6, -0.7)
_SIGHT_OF_B = 0.8


class NoneFound(ValueError):
    """A search ended without what it looked for."""


@dataclass(frozen=True)
class DisconnectedSearch:
    """What a search for disconnected active path regions found.

    Attributes:
        seeds: the nets tried were drawn with these seeds.
        regions: how many non-empty active path regions they have in the window.
        disconnected: how many of those have two components or more.
        all_large: how many of those have components that are all larger than the wanted share of
            the window.
        seed: seed of the best one: the region whose smallest component is largest.
        net: its net.
        path: its path.
        cut: its partition of the window.
        components: its components, cell numbers, the largest first.
        shares: the components' shares of the window's area.
    """

    seeds: range
    regions: int
    disconnected: int
    all_large: int
    seed: int
    net: ReLUNet
    path: tuple[int, ...]
    cut: regions.Partition
    components: list[np.ndarray]
    shares: np.ndarray


@single_precision()
def search_disconnected(
    seeds: range, *, width: int, depth: int, window: np.ndarray, min_share: float
) -> DisconnectedSearch:
    """Look through random ReLU nets with biases for a path whose active region falls apart.

    Every path of every net is examined; PyTorch's default initialisation, float64.

    Args:
        seeds: one net is drawn with each.
        width: m.
        depth: H.
        window: where regions are compared, a convex polygon.
        min_share: share of the window that each component of the region must exceed.

    Raises:
        NoneFound: if no region qualifies.
    """
    best, best_share = None, min_share
    seen = disconnected = all_large = 0
    for seed in seeds:
        generator = torch.Generator().manual_seed(seed)
        net = ReLUNet(2, width=width, depth=depth, bias=True, generator=generator).double()
        cut = regions.partition(net, window)
        paths = regions.path_regions(cut).paths
        seen += len(paths)
        for path in paths[regions.component_counts(cut, paths) > 1]:
            parts = regions.components(cut, regions.path_region_cells(cut, path))
            shares = np.array([cut.areas[part].sum() for part in parts]) / cut.areas.sum()
            disconnected += 1
            all_large += bool(shares.min() > min_share)
            if shares.min() > best_share:
                best_share = shares.min()
                best = dict(
                    seed=seed,
                    net=net,
                    path=tuple(path.tolist()),
                    cut=cut,
                    components=parts,
                    shares=shares,
                )
    if best is None:
        raise NoneFound(
            f"no active path region among {len(seeds)} nets that has several components, each with "
            f"more than {min_share} of the window; try more nets, or a smaller min_share"
        )
    return DisconnectedSearch(
        seeds=seeds, regions=seen, disconnected=disconnected, all_large=all_large, **best
    )


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
            zero as ``weight`` passes through C's weight on B. Else it only turns.
    """
    net = DLGN(2, width=2, depth=2, gate=HardGate())
    return _with_weights(net, _OPPOSITE_NORMALS if opposite else _OPEN_NORMALS, weight)


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


def unit_norms(net: ReLUNet) -> np.ndarray:
    """Return the norm of every hidden unit's weight vector, shape (H, m)."""
    return np.array([layer.weight.detach().norm(dim=-1).numpy() for layer in net.value[:-1]])


@torch.no_grad()
def _with_weights(net, normals, weight):
    net = net.double()
    layers = net.gating if isinstance(net, DLGN) else net.value
    layers[0].weight.copy_(torch.tensor(normals, dtype=torch.float64))
    second = [(weight, _SIGHT_OF_B), _SECOND_UNIT]
    layers[1].weight.copy_(torch.tensor(second, dtype=torch.float64))
    net.value[-1].weight.fill_(1.0)
    return net
