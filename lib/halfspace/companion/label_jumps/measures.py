"""The tree as a DLGN, and how near a net's gates are to given directions."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from halfspace._checks import single_precision
from halfspace.companion.label_jumps.data import ObliqueTree
from halfspace.gates import HardGate
from halfspace.nets import DLGN, GatedNet
from halfspace.ranks import effective_rank
from halfspace.regions import half_spaces

__all__ = [
    "NEAR",
    "classes_of",
    "distances",
    "direction_ranks",
    "nearest",
    "tree_as_dlgn",
    "unit_normals",
]

NEAR = 0.3
"""Distance of unit normals below which a gate has captured a direction; two random ones in 20
dimensions are 1.2 to 1.4 apart."""


@single_precision()
def tree_as_dlgn(tree: ObliqueTree, *, shallow: bool) -> DLGN:
    """Write a tree as a DLGN-PWC with hard gates that computes its labels exactly.

    Layer k has a pair of units for each node of level k, active on its left and on its right side.
    A unit's only value weight from below leads from the unit that stands for the node's own side of
    its parent. So one path leads to each leaf, and it is active where the leaf is.

    Args:
        tree: the tree, depth D.
        shallow: whether each gating layer reads the input (width 2^D). Otherwise the first gating
            layer holds all normals, and the later ones are permutations that bring a layer's own
            units to the front (width 2 (2^D - 1)).

    Returns:
        One DLGN, float64, D layers.
    """
    depth, (nodes, d_in) = tree.depth, tree.normals.shape
    width = 2**depth if shallow else 2 * nodes
    net = DLGN(
        d_in, width=width, depth=depth, gate=HardGate(), constant_input=True, shallow=shallow
    ).double()
    pairs = torch.from_numpy(np.stack([-tree.normals, tree.normals], 1).reshape(-1, d_in))
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.zero_()
        for level in range(depth):
            first, count = 2 * (2**level - 1), 2 ** (level + 1)
            own = torch.arange(count)
            if shallow:
                net.gating[level].weight[own] = pairs[first : first + count]
            elif level == 0:
                net.gating[0].weight.copy_(pairs)
            else:
                # What the layer below had in front moves to the end.
                before = 2**level
                net.gating[level].weight.copy_(torch.eye(width).roll(before, 1))
            if level == 0:
                net.value[0].weight[own] = 1 / d_in
            else:
                net.value[level].weight[own, own // 2] = 1
        net.value[-1].weight[0, own] = torch.tensor([-1.0, 1.0], dtype=torch.float64)[own % 2]
    return net


def classes_of(net: GatedNet) -> Callable[[np.ndarray], np.ndarray]:
    """Return the function that maps points (n, d) to one net's classes, 1 and -1, shape (n,)."""

    @torch.no_grad()
    def classes(points: np.ndarray) -> np.ndarray:
        return np.sign(net(torch.from_numpy(points).float())[:, 0].numpy())

    return classes


def unit_normals(net: GatedNet) -> Tensor:
    """Return the unit normals of a stacked net's gates, float64, shape (S, H, m, d).

    Of a ReLU net they are those of its first layer, (S, 1, m, d): the only ones that look at x.
    """
    if net.has_linear_gating and net.has_gating:
        normals = half_spaces(net)[0]
    else:
        normals = net.value[0].weight.unsqueeze(1)
    normals = normals.detach().double()
    return normals / normals.norm(dim=-1, keepdim=True)


def distances(directions: Tensor, normals: Tensor) -> Tensor:
    """Return distances of unit vectors up to their sign, ``√(2 - 2 |cos|)``.

    Args:
        directions: shape (..., K, d).
        normals: shape (..., U, d).

    Returns:
        Shape (..., K, U).
    """
    cosines = (directions @ normals.mT).abs()
    return (2 - 2 * cosines).clamp(min=0).sqrt()


def nearest(directions: Tensor, normals: Tensor) -> Tensor:
    """Return each direction's distance to the nearest of all gates.

    Args:
        directions: unit vectors, shape (S, K, d).
        normals: of gates, shape (S, H, m, d).

    Returns:
        Shape (S, K).
    """
    return distances(directions, normals.flatten(1, 2)).amin(-1)


def direction_ranks(normals: Tensor) -> Tensor:
    """Return the effective rank of each layer's unit normals, (S, H) for normals (S, H, m, d)."""
    return effective_rank(torch.linalg.svdvals(normals))


def angle_agreement(normals: Tensor) -> Tensor:
    """Return how much a layer's lines in the plane agree, from 0 (all angles) to 1 (one line).

    It is the length of the mean of the unit normals with their angles doubled, so that opposite
    normals count as equal.

    Args:
        normals: unit vectors in the plane, shape (..., m, 2).

    Returns:
        Shape (...).
    """
    x, y = normals.unbind(-1)
    return torch.stack([x.square() - y.square(), 2 * x * y], -1).mean(-2).norm(dim=-1)
