"""The partition of a plane through three inputs against SplineCam's method and linear programmes.

Reference: Humayun, Balestriero, Balakrishnan and Baraniuk 2023, SplineCam: Exact Visualization and
Characterization of Deep Network Geometry and Decision Boundaries. Its program cannot be installed
here, so the method is written anew: region by region, the lines of a layer's units make a graph
with their intersections as nodes, and the graph's faces are the finer regions.
"""

from collections.abc import Iterator

import numpy as np
import torch
from halfspace import polygons, regions
from halfspace.companion.seeds import random_net
from halfspace.nets import DLGN, ReLUNet
from scipy.optimize import linprog

from benchmarks.harness import Competitor, compare
from benchmarks.partition import Pieces, layer_by_layer

__all__ = ["FULL", "QUICK", "enumerate_cells", "faces", "region_by_region", "run"]

# Kind, width, depth, and how many regions the linear programmes find (no programmes if 0).
FULL = dict(
    inputs=784,
    cases=(("ReLU", 16, 3, 60), ("ReLU", 64, 3, 0), ("DLGN", 16, 5, 60), ("DLGN", 64, 3, 0)),
)
QUICK = dict(inputs=5, cases=(("ReLU", 4, 2, 5), ("DLGN", 4, 2, 5)))
_AREA_TOLERANCE = 1e-9  # of the window's area
_LEAST_ROOM = 1e-9  # a unit that no point of a region passes by more than this does not bound it


def run(quick: bool, *, inputs: int, cases: tuple[tuple[str, int, int, int], ...]) -> dict:
    """Cut the box around three random inputs, in their plane, with random nets with biases."""
    rows = [_row(inputs, *case, quick) for case in cases]
    return {"rows": rows, "fits": [], "facts": {}}


def _row(inputs: int, kind: str, width: int, depth: int, sampled: int, quick: bool) -> dict:
    net = random_net(kind.lower(), 0, width=width, depth=depth, d_in=inputs)
    points = torch.rand(3, inputs, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    plane = regions.Plane.through(points)
    corners = plane.coordinates(points)
    window = polygons.square(1.2 * np.abs(corners).max())
    reference = regions.partition(plane.restricted(net), window)
    known = {pattern.tobytes() for pattern in reference.patterns}

    def error(answer) -> float:
        if isinstance(answer, set):  # the programmes find regions, without areas
            return len(answer - known) / max(1, len(answer))
        if {np.ascontiguousarray(pattern).tobytes() for pattern in answer.patterns} != known:
            return float("inf")
        whole = polygons.area(window)
        return abs(float(answer.areas.sum()) - whole) / whole

    limits = dict(tolerance=_AREA_TOLERANCE)
    competitors = [
        Competitor(
            name="ours",
            own=True,
            work=lambda: regions.partition(plane.restricted(net), window),
            **limits,
        ),
        Competitor(
            name="SplineCam's method",
            work=lambda: region_by_region(plane.restricted(net), window),
            **limits,
        ),
    ]
    if sampled:
        competitors.append(
            Competitor(
                name="linear programmes",
                work=lambda: enumerate_cells(plane.restricted(net), window, sampled),
                tolerance=0,
                part=min(1.0, sampled / len(known)),
            )
        )
    sizes = dict(inputs=inputs, width=width, depth=depth, cells=len(known))
    label = f"slice, {inputs} inputs, {kind} {width}×{depth}"
    row = compare("slices", label, sizes, competitors, error, quick=quick)
    return row | {"facts": {"cells": len(known), "sampled": sampled}}


# --- SplineCam's method ---


def region_by_region(net: ReLUNet | DLGN, window: np.ndarray) -> Pieces:
    """Cut a window into regions, layer by layer, each region by all units of the layer at once.

    Args:
        net: a net of two inputs with biases.
        window: corners anticlockwise, shape (j, 2).
    """
    return layer_by_layer(net, window, _by_all_units)


def _by_all_units(polygon: np.ndarray, normals: np.ndarray, offsets: np.ndarray) -> list[tuple]:
    every = faces(polygon, normals, offsets)
    return [(face, face.mean(0) @ normals.T + offsets >= 0) for face in every]


def faces(polygon: np.ndarray, normals: np.ndarray, offsets: np.ndarray) -> list[np.ndarray]:
    """Return the polygons into which lines cut a convex polygon.

    Args:
        polygon: corners anticlockwise, shape (j, 2).
        normals: shape (k, 2).
        offsets: shape (k,); line i is where ``normals[i] @ x + offsets[i]`` is zero. No three lines
            meet, and none meets a corner.
    """
    values = polygon @ normals.T + offsets
    crossing = (values.min(0) < 0) & (values.max(0) > 0)
    if not crossing.any():
        return [polygon]
    places, neighbours = _graph(polygon, values[:, crossing])
    return list(_cycles(places, neighbours))


def _graph(polygon: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, list[np.ndarray]]:
    """Return the places of all nodes and their neighbours, anticlockwise.

    Nodes are the corners, the ends of each line in the polygon, and the lines' intersections.
    """
    j, k = values.shape
    following = np.roll(values, -1, axis=0)
    line, edge = np.nonzero(((values < 0) != (following < 0)).T)  # two edges for each line
    edge = edge.reshape(k, 2)
    line = line.reshape(k, 2)
    share = values[edge, line] / (values[edge, line] - following[edge, line])
    step = np.roll(polygon, -1, axis=0) - polygon
    ends = polygon[edge] + share[..., None] * step[edge]  # k, 2 ends, 2 coordinates
    direction = ends[:, 1] - ends[:, 0]
    one, other = np.triu_indices(k, 1)
    between = ends[other, 0] - ends[one, 0]
    area = _cross(direction[one], direction[other])
    with np.errstate(divide="ignore", invalid="ignore"):  # parallel lines do not meet
        along_one = _cross(between, direction[other]) / area
        along_other = _cross(between, direction[one]) / area
    meet = (along_one > 0) & (along_one < 1) & (along_other > 0) & (along_other < 1)
    one, other, along_one, along_other = (a[meet] for a in (one, other, along_one, along_other))
    crossings = ends[one, 0] + along_one[:, None] * direction[one]
    places = np.concatenate([polygon, ends.reshape(-1, 2), crossings])
    end_nodes = j + np.arange(2 * k).reshape(k, 2)
    nodes = j + 2 * k + np.arange(len(one))
    chains = []
    for i in range(k):
        on = np.concatenate([nodes[one == i], nodes[other == i]])
        along = np.concatenate([along_one[one == i], along_other[other == i]])
        chains.append([end_nodes[i, 0], *on[along.argsort()], end_nodes[i, 1]])
    border = []
    for corner in range(j):
        on = edge == corner
        border += [corner, *end_nodes[on][share[on].argsort()]]
    chains.append([*border, 0])
    pairs = np.concatenate([np.stack([chain[:-1], chain[1:]], 1) for chain in chains])
    pairs = np.concatenate([pairs, pairs[:, ::-1]])
    towards = places[pairs[:, 1]] - places[pairs[:, 0]]
    order = np.lexsort([np.arctan2(towards[:, 1], towards[:, 0]), pairs[:, 0]])
    starts = np.searchsorted(pairs[order, 0], np.arange(1, len(places)))
    return places, np.split(pairs[order, 1], starts)


def _cycles(places: np.ndarray, neighbours: list[np.ndarray]) -> Iterator[np.ndarray]:
    """Yield the faces of a plane graph, anticlockwise, without the outer one."""
    after = {  # coming from b to a, the next node is the neighbour of a clockwise from b
        (b, a): around[i - 1]
        for a, around in enumerate(map(np.ndarray.tolist, neighbours))
        for i, b in enumerate(around)
    }
    while after:
        side = next(iter(after))
        nodes = []
        while side in after:
            nodes.append(side[0])
            side = side[1], after.pop(side)
        face = places[nodes]
        if _cross(face, np.roll(face, -1, axis=0)).sum() > 0:
            yield face


def _cross(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return one[..., 0] * other[..., 1] - one[..., 1] * other[..., 0]


# --- Linear programmes ---


def enumerate_cells(net: ReLUNet | DLGN, window: np.ndarray, most: int) -> set[bytes]:
    """Find regions from neighbour to neighbour: a linear programme tells if a unit bounds a region.

    Args:
        net: a net of two inputs.
        window: an upright box, its corners anticlockwise, shape (4, 2).
        most: how many regions are looked at; their neighbours are found as well.

    Returns:
        The gates of all regions found, bool (H, m), as bytes.
    """
    bounds = list(zip(window.min(0), window.max(0), strict=True))
    middle = torch.from_numpy(window.mean(0, keepdims=True))
    with torch.no_grad():
        waiting = [net.gates(middle)[0].numpy().astype(bool)]
    found = {waiting[0].tobytes()}
    for _ in range(most):
        if not waiting:
            break
        gates = waiting.pop(0)
        normals, offsets = _affine(net, gates)
        signs = np.where(gates.ravel(), 1.0, -1.0)
        normals, offsets = normals * signs[:, None], offsets * signs
        for unit in range(len(offsets)):
            others = np.arange(len(offsets)) != unit
            least = linprog(
                normals[unit],
                A_ub=-normals[others],
                b_ub=offsets[others],
                bounds=bounds,
                method="highs",
            )
            if least.success and least.fun + offsets[unit] < -_LEAST_ROOM:
                neighbour = gates.copy()
                neighbour.flat[unit] ^= True
                if neighbour.tobytes() not in found:
                    found.add(neighbour.tobytes())
                    waiting.append(neighbour)
    return found


def _affine(net: ReLUNet | DLGN, gates: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the pre-activations of all units on a region, as normals (k, 2) and offsets (k,)."""
    matrix, shift, normals, offsets = np.eye(2), np.zeros(2), [], []
    for layer, active in zip(net.gate_layers, gates, strict=True):
        weight, bias = layer.weight.detach().numpy(), layer.bias.detach().numpy()
        normals.append(weight @ matrix)
        offsets.append(weight @ shift + bias)
        slope = np.ones(len(active)) if net.has_linear_gating else active.astype(float)
        matrix, shift = normals[-1] * slope[:, None], offsets[-1] * slope
    return np.concatenate(normals), np.concatenate(offsets)
