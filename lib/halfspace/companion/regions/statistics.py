"""Statistics of active path regions and activation pattern regions of random nets (Section 3.1).

Each function draws its nets from the seeds it is given, with PyTorch's default initialisation and
biases, in float64.
"""

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from halfspace import polygons, regions
from halfspace._checks import check_hard, check_weights, single_precision, uncompiled
from halfspace.companion.seeds import random_net
from halfspace.gates import HardGate
from halfspace.nets import DGN, DLGN, ReLUNet

__all__ = [
    "StrongestRegion",
    "arrangement_bound",
    "count_bounds",
    "faces_by_dimension",
    "hull_shares",
    "log_active_paths",
    "region_counts",
    "relu_bound",
    "strongest_paths",
    "strongest_regions",
    "union_identity",
]


def region_counts(
    kind: str, sizes: Iterable[tuple[int, int]], seeds: Iterable[int], *, window: np.ndarray
) -> dict[str, np.ndarray]:
    """Count the non-empty path regions and pattern regions of random nets in a window.

    Args:
        kind: ``"relu"`` or ``"dlgn"``.
        sizes: pairs of a width and a depth.
        seeds: a net of each size is drawn with each.
        window: a convex polygon.

    Returns:
        ``"paths"`` and ``"patterns"``, int64, each of shape (sizes, seeds).
    """
    counts = {"paths": [], "patterns": []}
    for width, depth in sizes:
        cuts = [
            regions.partition(random_net(kind, seed, width=width, depth=depth), window)
            for seed in seeds
        ]
        counts["paths"].append([regions.count_path_regions(cut) for cut in cuts])
        counts["patterns"].append([len(cut.cells) for cut in cuts])
    return {name: np.array(values) for name, values in counts.items()}


def arrangement_bound(lines: int) -> int:
    """Return the largest number of pieces into which lines can cut the plane (Zaslavsky 1975)."""
    return 1 + lines + math.comb(lines, 2)


def relu_bound(width: int, depth: int) -> int:
    """Bound the number of linear regions of a ReLU net on the plane.

    Each layer can cut every piece of the layer below like an arrangement of ``width`` lines.

    Reference: Montúfar 2017, Notes on the number of linear regions of deep neural networks,
    Proposition 3, with two inputs.
    """
    return arrangement_bound(width) ** depth


def count_bounds(sizes: Iterable[tuple[int, int]]) -> dict[str, list[float]]:
    """Return how many paths, patterns and regions are possible, for nets of some sizes.

    Args:
        sizes: k pairs of a width and a depth.

    Returns:
        By label k numbers: paths, patterns, and the bounds of a DLGN's and a ReLU net's regions.
    """
    sizes = list(sizes)
    return {
        "possible paths": [width**depth for width, depth in sizes],
        "possible patterns": [2.0 ** (width * depth) for width, depth in sizes],
        "cells of mH lines": [arrangement_bound(width * depth) for width, depth in sizes],
        "ReLU bound": [relu_bound(width, depth) for width, depth in sizes],
    }


def log_active_paths(cut: regions.Partition) -> np.ndarray:
    """Return log₁₀(1 + number of active paths from the input) of each cell, shape (C,)."""
    return np.log1p(cut.patterns.sum(axis=2).prod(axis=1)) / np.log(10)


def hull_shares(
    kind: str, seeds: Iterable[int], *, width: int, depth: int, window: np.ndarray
) -> np.ndarray:
    """Measure how convex path regions are: the share of its convex hull that each one fills.

    Args:
        kind: ``"relu"`` or ``"dlgn"``.
        seeds: a net is drawn with each.
        width: m.
        depth: H.
        window: a convex polygon, shape (j, 2).

    Returns:
        One share per non-empty path region of all the nets, shape (k,); 1 for a convex region.
    """
    shares = []
    for seed in seeds:
        cut = regions.partition(random_net(kind, seed, width=width, depth=depth), window)
        for path in regions.path_regions(cut).paths:
            shares.append(regions.hull_share(cut, regions.path_region_cells(cut, path)))
    return np.array(shares)


def faces_by_dimension(
    dimensions: Iterable[int], seeds: Iterable[int], *, width: int, depth: int
) -> dict[str, np.ndarray]:
    """Count the faces of DLGN regions around random points, without a window.

    Around a standard normal point: the pattern region that holds it (``m H`` half-spaces), and the
    region of one path that is active there, drawn at random (``H`` half-spaces). The point is drawn
    again where no path is active.

    Args:
        dimensions: numbers of inputs.
        seeds: a net and a point are drawn with each.
        width: m.
        depth: H.

    Returns:
        ``"path"`` and ``"pattern"``, int64, each of shape (dimensions, seeds).
    """
    faces = {"path": [], "pattern": []}
    for d_in in dimensions:
        rows = [_faces(d_in, seed, width, depth) for seed in seeds]
        for name, numbers in faces.items():
            numbers.append([row[name] for row in rows])
    return {name: np.array(numbers) for name, numbers in faces.items()}


def union_identity(
    net: ReLUNet | DLGN | DGN, path: Sequence[int], window: np.ndarray
) -> dict[str, float]:
    """Compare a path's region with the pattern regions that have its bits on, by enumeration.

    All ``2^(mH)`` bit patterns are enumerated, so the net must be tiny. Soft gates count as hard.

    Args:
        net: one net with two inputs.
        path: a unit of each layer, from 0 on.
        window: a convex polygon, shape (j, 2).

    Returns:
        ``patterns``: bit patterns with the path's bits on; ``occupied``: those that occur in the
        window; ``union``: their regions' total area; ``region``: the path region's area computed
        in another way: by clipping with half-spaces where units have them (exact), otherwise from
        the gates at the points of a 500 × 500 grid over the window's bounding box (about three
        digits).

    Raises:
        ValueError: if there are more than 2^16 bit patterns.
    """
    bits = net.width * net.depth
    if bits > 16:
        raise ValueError(f"enumeration takes at most 16 gated units; the net has {bits}")
    cut = regions.partition(net, window)
    area_of = {
        tuple(pattern.ravel().tolist()): area
        for pattern, area in zip(cut.patterns, cut.areas, strict=True)
    }
    path_bits = [layer * net.width + unit for layer, unit in enumerate(path)]
    patterns = [
        pattern
        for pattern in itertools.product((False, True), repeat=bits)
        if all(pattern[bit] for bit in path_bits)
    ]
    occupied = [pattern for pattern in patterns if pattern in area_of]
    if net.has_linear_gating:
        region = polygons.area(regions.path_region(net, path, window))
    else:
        region = _sampled_area(net, path, window)
    return {
        "patterns": len(patterns),
        "occupied": len(occupied),
        "union": sum(area_of[pattern] for pattern in occupied),
        "region": region,
    }


@torch.no_grad()
def strongest_paths(net: ReLUNet | DLGN | DGN, x: torch.Tensor) -> torch.Tensor:
    """Find each input's active path with the largest expert in absolute value (hard gates).

    The expert is a product of weights along the path, so the best path to each unit extends a
    best path to a unit of the layer below; paths from the input only, first output.

    Args:
        net: one net.
        x: inputs, shape (n, d).

    Returns:
        Units, int64, shape (n, H); a row of -1 where no path is active.

    Raises:
        ValueError: if x or the weights are not finite.
    """
    net = uncompiled(net)
    check_weights(net)
    active = net.gates(x, HardGate())
    check_hard(active)
    source = torch.ones_like(x) if net.constant_input else x
    strength = net.value[0](source).abs() * active[:, 0]
    steps = []
    for layer in range(1, net.depth):
        reach = strength[:, None, :] * net.value[layer].weight.abs() * active[:, layer, :, None]
        strength, below = reach.max(dim=-1)
        steps.append(below)
    last = (strength * net.value[-1].weight[0].abs()).argmax(dim=-1)
    path = [last]
    for below in reversed(steps):
        path.append(below.gather(1, path[-1][:, None]).squeeze(1))
    paths = torch.stack(path[::-1], dim=1)
    paths[~active.any(dim=-1).all(dim=-1)] = -1
    return paths


@dataclass(frozen=True)
class StrongestRegion:
    """The region of the strongest path of an input, and what bounds it.

    Attributes:
        active: whether any path is active at the input; if not, the rest is empty.
        polygon: the path's region in the window, shape (k, 2).
        normals: of the path's half-spaces, shape (H, 2).
        offsets: of the path's half-spaces, shape (H,).
    """

    active: bool
    polygon: np.ndarray
    normals: np.ndarray
    offsets: np.ndarray


@torch.no_grad()
def strongest_regions(dlgn: DLGN, x: torch.Tensor, window: np.ndarray) -> list[StrongestRegion]:
    """Return the region of each input's strongest path (see ``strongest_paths``).

    Args:
        dlgn: one DLGN with two inputs.
        x: inputs, shape (n, 2).
        window: a convex polygon, shape (j, 2).
    """
    normals, offsets = (tensor.numpy() for tensor in regions.half_spaces(dlgn))
    layers, drawn = np.arange(dlgn.depth), []
    for path in strongest_paths(dlgn, x).numpy():
        active = bool((path >= 0).all())
        on = slice(None) if active else slice(0)
        drawn.append(
            StrongestRegion(
                active=active,
                polygon=regions.path_region(dlgn, path, window) if active else window[:0],
                normals=normals[layers[on], path[on]],
                offsets=offsets[layers[on], path[on]],
            )
        )
    return drawn


@torch.no_grad()
def _sampled_area(net: ReLUNet | DGN, path: Sequence[int], window: np.ndarray) -> float:
    """Return the area of a path's region, from the hard gates at the points of a grid."""
    steps = (np.arange(500) + 0.5) / 500
    low, high = window.min(axis=0), window.max(axis=0)
    points = low + np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2) * (high - low)
    gates = net.gates(torch.from_numpy(points), HardGate())
    inside = regions.in_path_region(gates, path)
    return float(inside.double().mean()) * float(np.prod(high - low))


@single_precision()
def _faces(d_in: int, seed: int, width: int, depth: int) -> dict[str, int]:
    """Count the faces of both regions around a random point of one seed's net."""
    net = random_net("dlgn", seed, width=width, depth=depth, d_in=d_in)
    generator = torch.Generator().manual_seed(seed)
    active = torch.zeros(depth, width)
    while not active.any(dim=-1).all():
        point = torch.randn(1, d_in, dtype=torch.float64, generator=generator)
        active = net.gates(point)[0]
    path = torch.multinomial(active, 1, generator=generator).squeeze(-1)
    normals, offsets = (t.detach().numpy() for t in regions.half_spaces(net))
    inside, layers = point[0].numpy(), np.arange(depth)
    return {
        "path": regions.count_faces(normals[layers, path], offsets[layers, path], inside),
        "pattern": regions.count_faces(normals.reshape(-1, d_in), offsets.ravel(), inside),
    }
