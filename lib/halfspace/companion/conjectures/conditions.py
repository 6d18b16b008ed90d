"""The recorded conditions of the experiments on the conjectures.

Seeds start at 2000: results of those from 1000 on were known when the rules were chosen.
"""

from halfspace.companion.circle.specs import recipe
from halfspace.companion.conjectures.freezing import CircleFreezing, FashionFreezing
from halfspace.companion.conjectures.surrogate import CircleSurrogate
from halfspace.companion.spec import Spec

__all__ = ["STUDIES", "freezing_conditions", "surrogate_conditions"]

_FIRST_SEED = 2000
_CIRCLE = dict(first_seed=_FIRST_SEED, seeds=20)
_FASHION = dict(first_seed=_FIRST_SEED, seeds=5, images="normalised")
_GATES = {
    "straight-through": dict(gate="straight-through"),
    "beta 30": dict(beta=30.0, gating_gain=0.6),
}


def freezing_conditions() -> dict[str, Spec]:
    """Return the nets whose gates are frozen in training, by data and net."""
    trainings = {f"circle: {model}": recipe(model, **_CIRCLE) for model in ("relu", "dlgn")}
    for name, changes in _GATES.items():
        trainings[f"circle: dlgn: {name}"] = recipe("dlgn", **changes, **_CIRCLE)
    freezing = {name: CircleFreezing(training=training) for name, training in trainings.items()}
    for labels in ("modified", "original"):
        for model in ("relu", "dlgn"):
            name = f"fashion: {model}: {labels}"
            freezing[name] = FashionFreezing(model=model, labels=labels, **_FASHION)
    return freezing


def surrogate_conditions() -> dict[str, Spec]:
    """Return the pairs of ReLU nets and DLGNs, by the DLGN's gate in training."""
    relu = recipe("relu", **_CIRCLE)
    return {
        name: CircleSurrogate(relu=relu, dlgn=recipe("dlgn", **changes, **_CIRCLE))
        for name, changes in ({"beta 4": {}} | _GATES).items()
    }


STUDIES = {"freezing": freezing_conditions, "surrogate": surrogate_conditions}
