"""Statistics of active path regions and activation pattern regions of random nets (Section 3.1).

Each function draws its nets from the seeds it is given, with PyTorch's default initialisation and
biases, in float64.
"""

import itertools
import math
from collections.abc import Iterable

import numpy as np
import torch

from halfspace import polygons, regions
from halfspace._checks import check_hard, check_weights, single_precision, uncompiled
from halfspace.companion.seeds import random_net
from halfspace.gates import HardGate
from halfspace.nets import DLGN, ReLUNet

__all__ = [
    "arrangement_bound",
    "faces_by_dimension",
    "hull_shares",
    "region_counts",
    "relu_bound",
    "strongest_paths",
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
    found = {"paths": [], "patterns": []}
    for width, depth in sizes:
        cuts = [
            regions.partition(random_net(kind, seed, width=width, depth=depth), window)
            for seed in seeds
        ]
        found["paths"].append([regions.count_path_regions(cut) for cut in cuts])
        found["patterns"].append([len(cut.cells) for cut in cuts])
    return {name: np.array(values) for name, values in found.items()}


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


def hull_shares(
    kind: str, seeds: Iterable[int], *, width: int, depth: int, window: np.ndarray
) -> np.ndarray:
    """Measure how convex path regions are: the share of its convex hull that each one fills.

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

    Returns:
        ``"path"`` and ``"pattern"``, int64, each of shape (dimensions, seeds).
    """
    found = {"path": [], "pattern": []}
    for d_in in dimensions:
        rows = [_faces(d_in, seed, width, depth) for seed in seeds]
        for name in found:
            found[name].append([row[name] for row in rows])
    return {name: np.array(values) for name, values in found.items()}


def union_identity(
    net: ReLUNet | DLGN, path: tuple[int, ...], window: np.ndarray
) -> dict[str, float]:
    """Compare a path's region with the pattern regions that have its bits on, by enumeration.

    Every one of the ``2^(mH)`` bit patterns is looked at, so the net must be tiny.

    Returns:
        ``patterns``: bit patterns with the path's bits on; ``occupied``: those that occur in the
        window; ``union``: their regions' total area; ``region``: the path region's area found
        another way, for a DLGN by clipping (exact), for a ReLU net by asking the gates at the
        points of a 500 × 500 grid over the window's bounding box (about three digits).

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
    places = [layer * net.width + unit for layer, unit in enumerate(path)]
    wanted = [
        pattern
        for pattern in itertools.product((False, True), repeat=bits)
        if all(pattern[place] for place in places)
    ]
    occupied = [pattern for pattern in wanted if pattern in area_of]
    if isinstance(net, DLGN):
        region = polygons.area(regions.path_region(net, path, window))
    else:
        region = _sampled_area(net, path, window)
    return {
        "patterns": len(wanted),
        "occupied": len(occupied),
        "union": sum(area_of[pattern] for pattern in occupied),
        "region": region,
    }


@torch.no_grad()
def strongest_paths(dlgn: DLGN, x: torch.Tensor) -> torch.Tensor:
    """Find each input's active path with the largest expert in absolute value (hard gates).

    The expert is a product of weights along the path, so the best path to each unit extends a
    best path to a unit of the layer below; paths from the input only, first output.

    Args:
        dlgn: one DLGN.
        x: inputs, shape (n, d).

    Returns:
        Units, int64, shape (n, H); a row of -1 where no path is active.

    Raises:
        ValueError: if x or the weights are not finite.
    """
    dlgn = uncompiled(dlgn)
    check_weights(dlgn)
    active = dlgn.gates(x, HardGate())
    check_hard(active)
    source = torch.ones_like(x) if dlgn.constant_input else x
    strength = dlgn.value[0](source).abs() * active[:, 0]
    steps = []
    for layer in range(1, dlgn.depth):
        reach = strength[:, None, :] * dlgn.value[layer].weight.abs() * active[:, layer, :, None]
        strength, below = reach.max(dim=-1)
        steps.append(below)
    last = (strength * dlgn.value[-1].weight[0].abs()).argmax(dim=-1)
    path = [last]
    for below in reversed(steps):
        path.append(below.gather(1, path[-1][:, None]).squeeze(1))
    found = torch.stack(path[::-1], dim=1)
    found[~active.any(dim=-1).all(dim=-1)] = -1
    return found


@torch.no_grad()
def _sampled_area(net: ReLUNet, path: tuple[int, ...], window: np.ndarray) -> float:
    steps = (np.arange(500) + 0.5) / 500
    low, high = window.min(axis=0), window.max(axis=0)
    points = low + np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2) * (high - low)
    inside = regions.in_path_region(net.gates(torch.from_numpy(points)), path)
    return float(inside.double().mean()) * float(np.prod(high - low))


@single_precision()
def _faces(d_in: int, seed: int, width: int, depth: int) -> dict[str, int]:
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
