"""The recorded runs on catapults.

Seeds start at 3000: a prototype's results on other seeds were known when the rules were chosen.
"""

from halfspace.companion.catapults.specs import Catapults, NetAtStart, NormAfterStep, OneDatum
from halfspace.companion.seeds import FRESH_SEED
from halfspace.companion.spec import Spec

__all__ = [
    "IMAGE_RATES",
    "STUDIES",
    "circle_conditions",
    "clothes_conditions",
    "model_conditions",
    "norm_conditions",
]

IMAGE_RATES = (1, 1.8, 2.5, 3.5, 4.5, 6, 8, 12)
"""Learning rates on images, times the NTK's largest eigenvalue at the start."""

_FRESH = dict(first_seed=FRESH_SEED)
_NETS = {
    "relu": dict(model="relu"),
    "frozen gates": dict(gates="frozen"),
    "soft": {},
    "straight-through": dict(gates="straight-through", beta=30),
}
_FAST = dict(beta=40 / 3, gating_scale=0.3)


def model_conditions() -> dict[str, Spec]:
    """Return the runs of the smallest model, at two sizes."""
    wide = OneDatum(n=4096, rates=(2.2, 2.5, 3), seeds=20, **_FRESH)
    return {"n = 512": OneDatum(seeds=50, **_FRESH), "n = 4096": wide}


def norm_conditions() -> dict[str, NetAtStart]:
    """Return the comparisons of a step's change of norm with its formula."""
    conditions = {
        f"{name}: {depth} layer{'s' * (depth > 1)}": NormAfterStep(depth=depth, **net, **_FRESH)
        for name, net in _NETS.items()
        for depth in (1, 3)
    }
    for name in ("soft", "straight-through"):
        deep = conditions[f"{name}: 3 layers"]
        conditions[f"{name}: all weights"] = deep.replace(all_weights=True)
    for name in ("relu", "soft"):
        conditions[f"{name}: biases"] = conditions[f"{name}: 3 layers"].replace(bias=True)
    return conditions


def circle_conditions() -> dict[str, Catapults]:
    """Return the nets of one and two hidden layers on the circle."""
    one = {name: Catapults(**net, **_FRESH) for name, net in _NETS.items()}
    one["fast"] = Catapults(**_FAST, **_FRESH)
    conditions = {f"1 layer: {name}": spec for name, spec in one.items()}
    for name in ("relu", "frozen gates", "soft"):
        conditions[f"2 layers: {name}"] = one[name].replace(depth=2, steps=200)
    conditions["2 layers: biases"] = conditions["2 layers: soft"].replace(bias=True)
    return conditions


def clothes_conditions() -> dict[str, Catapults]:
    """Return the nets of one hidden layer on images."""
    sizes = dict(data="clothes", width=256, steps=150, rates=IMAGE_RATES, seeds=10, **_FRESH)
    relu = Catapults(model="relu", **sizes)
    return {
        "relu": relu,
        "soft": Catapults(gating_scale=14, **sizes),
        "fast": Catapults(gating_scale=2.8, beta=20, **sizes),
        "centred: relu": relu.replace(data="centred clothes"),
    }


STUDIES = {
    "catapult model": model_conditions,
    "catapult norms": norm_conditions,
    "catapults": circle_conditions,
    "catapults on clothes": clothes_conditions,
}
