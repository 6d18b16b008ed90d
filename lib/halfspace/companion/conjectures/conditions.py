"""The recorded conditions of the experiments on the conjectures.

Seeds start at 3000: results of those below were known when the rules were chosen.
"""

from halfspace.companion.circle.specs import CircleTraining, recipe
from halfspace.companion.conjectures.freezing import CircleFreezing, FashionFreezing
from halfspace.companion.conjectures.surrogate import CircleSurrogate
from halfspace.companion.conjectures.swapping import CircleSwap
from halfspace.companion.seeds import FRESH_SEED
from halfspace.companion.spec import Spec

__all__ = ["STUDIES", "freezing_conditions", "surrogate_conditions", "swap_conditions"]

_CIRCLE = dict(first_seed=FRESH_SEED, seeds=100)
_FASHION = dict(first_seed=FRESH_SEED, seeds=5, images="normalised")
_GATES = {
    "straight-through": dict(gate="straight-through"),
    "beta 30": dict(beta=30.0, gating_gain=0.6),
}


def freezing_conditions() -> dict[str, Spec]:
    """Return the nets whose gates are frozen in training, by data and net."""
    freezing = {f"circle: {name}": CircleFreezing(training=run) for name, run in _nets().items()}
    for labels in ("modified", "original"):
        for model in ("relu", "dlgn"):
            name = f"fashion: {model}: {labels}"
            freezing[name] = FashionFreezing(model=model, labels=labels, **_FASHION)
    return freezing


def swap_conditions() -> dict[str, Spec]:
    """Return the nets whose gates and value weights come from two times in training, by net."""
    return {name: CircleSwap(training=run) for name, run in _nets().items()}


def _nets() -> dict[str, CircleTraining]:
    nets = {model: recipe(model, **_CIRCLE) for model in ("relu", "dlgn")}
    return nets | {f"dlgn: {name}": recipe("dlgn", **g, **_CIRCLE) for name, g in _GATES.items()}


def surrogate_conditions() -> dict[str, Spec]:
    """Return the pairs of ReLU nets and DLGNs, by the DLGN's gate in training."""
    relu = recipe("relu", **_CIRCLE)
    return {
        name: CircleSurrogate(relu=relu, dlgn=recipe("dlgn", **changes, **_CIRCLE))
        for name, changes in ({"beta 4": {}} | _GATES).items()
    }


STUDIES = {
    "freezing": freezing_conditions,
    "surrogate": surrogate_conditions,
    "swap": swap_conditions,
}
