"""The recorded runs on intrinsic dimension.

Seeds start at 3000: results of seeds 0 to 2 were known when the rules were chosen.
"""

from halfspace.companion.intrinsic_dimension.specs import DimensionNets, DimensionPeers
from halfspace.companion.seeds import FRESH_SEED
from halfspace.companion.spec import Spec

__all__ = ["AMBIENT", "POINTS", "STUDIES", "dimension_conditions"]

POINTS = (256, 1024, 4096)
"""Numbers of training points."""

AMBIENT = (4, 8, 16)
"""Dimensions of the domain."""

_SEEDS = dict(first_seed=FRESH_SEED, seeds=8)


def dimension_conditions() -> dict[str, Spec]:
    """Return the experiments on functions of the nearest point on a torus."""
    dlgn, peers = DimensionNets(**_SEEDS), DimensionPeers(**_SEEDS)
    relu, frozen = dlgn.replace(model="relu"), dlgn.replace(gates="frozen")
    methods = {"relu": relu, "dlgn": dlgn, "dlgn, frozen": frozen, "peers": peers}
    conditions = {}
    for name, base in methods.items():
        for d_in in AMBIENT:
            conditions[f"{name}: D {d_in}, n 4096"] = base.replace(d_in=d_in)
        if name != "dlgn, frozen":
            conditions[f"{name}: d 2, D 8, n 4096"] = base.replace(d_in=8, intrinsic=2)
        conditions[f"{name}: tube"] = base.replace(tube=True)
    conditions["relu: shuffled"] = relu.replace(shuffled=True)
    conditions["dlgn: shuffled"] = dlgn.replace(shuffled=True)
    conditions["dlgn, frozen in the plane"] = frozen.replace(gates="plane")
    hard = dlgn.replace(gate="straight-through")
    conditions["dlgn, hard: beta 4"] = hard
    conditions["dlgn, hard: beta 30"] = hard.replace(beta=30)
    for points in (1024, 256):
        for name, base in methods.items():
            for d_in in (4, 16):
                conditions[f"{name}: D {d_in}, n {points}"] = base.replace(d_in=d_in, points=points)
    for points in POINTS:
        oracle = peers.replace(coordinates="plane", points=points)
        conditions[f"peers, in the plane: n {points}"] = oracle
    return conditions


STUDIES = {"intrinsic dimension": dimension_conditions}
