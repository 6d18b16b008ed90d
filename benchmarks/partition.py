"""The partition of a window against cutting it polygon by polygon."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from halfspace import polygons, regions
from halfspace.companion.seeds import random_net
from halfspace.nets import DLGN, ReLUNet

from benchmarks.harness import Competitor, compare

__all__ = ["FULL", "QUICK", "Pieces", "layer_by_layer", "polygon_by_polygon", "run"]

# Kind, width, depth, whether the polygons are cut one by one, too.
FULL = dict(
    cases=(
        ("ReLU", 16, 5, True),
        ("ReLU", 32, 3, True),
        ("ReLU", 64, 3, True),
        ("ReLU", 128, 3, False),
        ("DLGN", 16, 5, True),
        ("DLGN", 32, 3, True),
    )
)
QUICK = dict(cases=(("ReLU", 4, 2, True), ("DLGN", 4, 2, True)))
_AREA_TOLERANCE = 1e-9  # of the window's area
_SAMPLED = 2000


class Pieces(NamedTuple):
    """The naive form's result: patterns (C, H, m) and areas (C,), as in a ``regions.Partition``."""

    patterns: np.ndarray
    areas: np.ndarray


def run(quick: bool, *, cases: tuple[tuple[str, int, int, bool], ...]) -> dict:
    """Cut the square of side 4 with random nets with biases, each in both ways."""
    return {"rows": [_row(*case, quick) for case in cases], "fits": [], "facts": {}}


def _row(kind: str, width: int, depth: int, naive: bool, quick: bool) -> dict:
    window = polygons.square(2.0)
    net = random_net(kind.lower(), 0, width=width, depth=depth)
    competitors = [
        Competitor(
            name="ours",
            own=True,
            work=lambda: regions.partition(net, window),
            tolerance=_AREA_TOLERANCE,
        )
    ]
    if naive:
        competitors.append(
            Competitor(
                name="polygon by polygon",
                work=lambda: polygon_by_polygon(net, window),
                tolerance=_AREA_TOLERANCE,
            )
        )
    cells = []
    row = compare(
        kind,
        f"partition, {kind} {width}×{depth}",
        dict(width=width, depth=depth),
        competitors,
        _error(net, cells),
        quick=quick,
    )
    return row | {"facts": {"cells": cells[0]}}


def _error(net: ReLUNet | DLGN, cells: list[int]) -> Callable[[object], float]:
    """Return the error of the areas' sum, or the share of sampled points without a cell.

    The answers' numbers of cells are appended to ``cells``; a number that differs from the first is
    wrong.
    """
    points = torch.rand(
        _SAMPLED, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(1)
    )
    with torch.no_grad():
        gates = net.gates(4 * points - 2).bool().flatten(1).numpy()
    sampled = {pattern.tobytes() for pattern in gates}

    def error(answer) -> float:
        cells.append(len(answer.areas))
        if cells[-1] != cells[0]:
            return float("inf")
        known = {np.ascontiguousarray(pattern).tobytes() for pattern in answer.patterns}
        missed = len(sampled - known) / len(sampled)
        return max(abs(float(answer.areas.sum()) - 16) / 16, missed)

    return error


def polygon_by_polygon(net: ReLUNet | DLGN, window: np.ndarray) -> Pieces:
    """Cut the window unit by unit, one polygon after the other: the readable form."""
    return layer_by_layer(net, window, _by_each_unit)


def layer_by_layer(net: ReLUNet | DLGN, window: np.ndarray, cut: Callable) -> Pieces:
    """Cut a window into regions, each region by the units of the next layer.

    Args:
        net: a net of two inputs with biases.
        window: corners anticlockwise, shape (j, 2).
        cut: maps a polygon, shape (j, 2), and the units' lines on it, normals (m, 2) and offsets
            (m,), to pairs of a finer polygon and its units' gates, (m,).
    """
    pieces = [(window, np.eye(2), np.zeros(2), [])]  # polygon, the layer below as a map, gates
    for layer in net.gate_layers:
        weight, bias = layer.weight.detach().numpy(), layer.bias.detach().numpy()
        finer = []
        for polygon, matrix, shift, gates in pieces:
            normals, offsets = weight @ matrix, weight @ shift + bias
            for part, active in cut(polygon, normals, offsets):
                slope = np.ones(len(active)) if net.has_linear_gating else np.array(active)
                finer.append((part, normals * slope[:, None], offsets * slope, [*gates, active]))
        pieces = finer
    patterns = np.array([gates for _, _, _, gates in pieces])
    return Pieces(patterns, np.array([polygons.area(part) for part, _, _, _ in pieces]))


def _by_each_unit(polygon: np.ndarray, normals: np.ndarray, offsets: np.ndarray) -> list[tuple]:
    cut = [(polygon, [])]
    for normal, offset in zip(normals, offsets, strict=True):
        sides = []
        for part, active in cut:
            inside, outside = polygons.split(part, normal, offset)
            sides += [(inside, [*active, True])] if len(inside) else []
            sides += [(outside, [*active, False])] if len(outside) else []
        cut = sides
    return cut
