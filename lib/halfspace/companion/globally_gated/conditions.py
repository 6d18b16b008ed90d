"""The recorded runs on globally gated nets and on coding schemes.

Seeds start at 3000: results of seeds 0 to 4 and 100 to 109 were known when the rules were chosen.
Larger sizes came second, with claims of their own, when results at the smaller ones were known.
"""

from halfspace.companion.globally_gated.capacity import FeatureRanks, Storage
from halfspace.companion.globally_gated.coding import Carriers
from halfspace.companion.globally_gated.many_gates import ManyGates
from halfspace.companion.globally_gated.specs import (
    DescentPeak,
    FiniteWidth,
    SampledNets,
    TangentMean,
    TiedNets,
    TrainedNets,
    Transfer,
    WidthAndScale,
)
from halfspace.companion.seeds import FRESH_SEED
from halfspace.companion.spec import Spec

__all__ = [
    "DEPTHS",
    "SIMILARITIES",
    "STUDIES",
    "coding_conditions",
    "gated_conditions",
    "many_conditions",
]

DEPTHS = {1: "one layer", 2: "two layers"}
SIMILARITIES = (-0.95, -0.5, 0.0, 0.5, 0.95)

_MANY = dict(first_seed=FRESH_SEED, seeds=50)
_TWENTY = dict(first_seed=FRESH_SEED, seeds=20)
_TEN = dict(first_seed=FRESH_SEED, seeds=10)


def gated_conditions() -> dict[str, Spec]:
    """Return the experiments on globally gated nets by name."""
    conditions = {}
    for depth, name in DEPTHS.items():
        conditions[f"tied: {name}"] = TiedNets(depth=depth, **_MANY)
        conditions[f"ntk: {name}"] = TangentMean(depth=depth, **_TWENTY)
    scales = dict(widths=(10, 100), stds=(0.3, 1, 4))
    conditions["scale: one gate"] = WidthAndScale(gates="one", **scales, **_MANY)
    for data in ("piecewise", "transfer"):
        conditions[f"width: {data}"] = FiniteWidth(data=data, **_TEN)
    for rho in SIMILARITIES:
        conditions[f"transfer: ρ = {rho:g}"] = Transfer(similarity=rho, **_TEN)
    for temperature in (1e-6, 1e-2):
        conditions[f"descent: T = {temperature:g}"] = DescentPeak(temperature=temperature, **_TEN)
    conditions["scale: four gates"] = WidthAndScale(**_TEN)
    conditions["trained"] = TrainedNets(**_TEN)
    conditions["sampled: one layer"] = SampledNets(depth=1, **_TEN)
    conditions["sampled: two layers"] = SampledNets(
        depth=2, widths=(10, 20, 40), sweeps=2000, burn=400, **_TEN
    )
    conditions["sampled: two layers, 80 units"] = SampledNets(
        depth=2, widths=(80,), sweeps=1200, burn=400, **_TEN
    )
    conditions["scale: four gates, 300 units"] = WidthAndScale(widths=(300,), **_TEN)
    conditions["trained: 100 units"] = TrainedNets(widths=(100,), **_TEN)
    conditions["trained: opposite"] = TrainedNets(similarity=-0.95, widths=(10, 30, 100), **_TEN)
    return conditions


def coding_conditions() -> dict[str, Spec]:
    """Return the networks whose carriers are counted, by activation, scaling and start."""
    base = Carriers(widths=(50, 100, 200), **_TEN)
    wider = Carriers(first_seed=FRESH_SEED + 10, seeds=10)  # 50 to 400 units
    lazy = wider.replace(lazy=True, seeds=5)
    return {
        "linear": base.replace(activation="linear"),
        "erf": base.replace(activation="erf"),
        "relu: lazy": base.replace(lazy=True),
        "relu: sparse start": base.replace(start="sparse"),
        "relu": base.replace(trajectories=3200),
        "relu: short": Carriers(widths=(20,), trajectories=300, first_seed=FRESH_SEED, seeds=1),
        "wider: linear": wider.replace(activation="linear"),
        "wider: erf": wider.replace(activation="erf"),
        "wider: relu": wider.replace(trajectories=3200),
        "wider: linear, lazy": lazy.replace(activation="linear"),
        "wider: erf, lazy": lazy.replace(activation="erf"),
        "wider: relu, lazy": lazy,
    }


def many_conditions() -> dict[str, Spec]:
    """Return the experiments with many gates on images, and on how much a net can store."""
    sizes = dict(widths=(1, 2, 3, 4, 6), extras=(-4, -2, -1, 0, 1, 2, 4), starts=8)
    return {
        "clothes": ManyGates(**_TWENTY),
        "storage": Storage(**_TEN),
        "storage: around the limit": Storage(**sizes, **_TEN),
        "ranks": FeatureRanks(**_MANY),
    }


STUDIES = {
    "globally gated": gated_conditions,
    "many gates": many_conditions,
    "coding": coding_conditions,
}
