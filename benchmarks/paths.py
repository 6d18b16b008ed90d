"""All active path regions of a DLGN against one linear programme per path."""

import numpy as np
from halfspace import polygons, regions
from halfspace.companion.seeds import random_net
from halfspace.nets import DLGN
from scipy.optimize import linprog

from benchmarks.harness import Competitor, compare

__all__ = ["FULL", "QUICK", "room", "run"]

FULL = dict(width=16, depth=5, sampled=1000)
QUICK = dict(width=4, depth=2, sampled=10)
_HALF_SIDE = 2.0
_LEAST_ROOM = 1e-7  # a region without a disc of this radius counts as empty


def run(quick: bool, *, width: int, depth: int, sampled: int) -> dict:
    """Find the non-empty path regions and their areas; of random paths, which are empty.

    The programmes' time for all paths is extrapolated from the sampled ones. Both answers are
    compared with the regions that half-plane clipping finds for the sampled paths.
    """
    net = random_net("dlgn", 0, width=width, depth=depth)
    window = polygons.square(_HALF_SIDE)
    paths = np.random.default_rng(0).integers(width, size=(sampled, depth))
    areas = np.array([polygons.area(regions.path_region(net, path, window)) for path in paths])
    numbers = []  # of regions in each answer

    def error(answer) -> float:
        if isinstance(answer, np.ndarray):  # the programmes only tell which regions are not empty
            return float((answer != (areas > 0)).mean())
        numbers.append(len(answer.paths))
        difference = np.abs(_looked_up(answer, paths, width) - areas).max()
        return float(difference / (2 * _HALF_SIDE) ** 2)

    competitors = [
        Competitor(
            name="ours",
            own=True,
            work=lambda: regions.path_regions(regions.partition(net, window)),
            tolerance=1e-9,
        ),
        Competitor(
            name="a linear programme per path",
            work=lambda: _programmes(net, paths),
            tolerance=0,
            part=sampled / width**depth,
        ),
    ]
    sizes = dict(width=width, depth=depth, paths=width**depth)
    row = compare("paths", f"path regions, {width}×{depth}", sizes, competitors, error, quick=quick)
    facts = {
        "sampled": sampled,
        "not_empty": numbers[0],
        "sampled_not_empty": int((areas > 0).sum()),
    }
    return {"rows": [row | {"facts": facts}], "fits": [], "facts": {}}


def _looked_up(every, paths: np.ndarray, width: int) -> np.ndarray:
    """Return the areas of some paths, 0 for those that are not among the regions found."""
    powers = width ** np.arange(paths.shape[1])
    numbers = every.paths @ powers
    order = np.argsort(numbers)
    wanted = paths @ powers
    places = np.minimum(np.searchsorted(numbers, wanted, sorter=order), len(order) - 1)
    return np.where(numbers[order][places] == wanted, every.areas[order][places], 0.0)


def _programmes(net: DLGN, paths: np.ndarray) -> np.ndarray:
    normals, offsets = (t.detach().numpy() for t in regions.half_spaces(net))
    layers = np.arange(paths.shape[1])
    return np.array(
        [room(normals[layers, path], offsets[layers, path]) > _LEAST_ROOM for path in paths]
    )


def room(normals: np.ndarray, offsets: np.ndarray) -> float:
    """Return the radius of the largest disc in the half-planes and the window; -1 if they miss it.

    Args:
        normals: shape (H, 2).
        offsets: shape (H,).
    """
    # The variables are the disc's centre and radius: normal · p + offset >= radius · |normal|.
    lengths = np.linalg.norm(normals, axis=1, keepdims=True)
    window = np.array([[1, 0, 1], [-1, 0, 1], [0, 1, 1], [0, -1, 1]])
    best = linprog(
        [0, 0, -1],
        A_ub=np.concatenate([np.concatenate([-normals, lengths], axis=1), window]),
        b_ub=np.concatenate([offsets, np.full(4, _HALF_SIDE)]),
        bounds=[(None, None), (None, None), (0, None)],
        method="highs",
    )
    return best.x[2] if best.success else -1.0
