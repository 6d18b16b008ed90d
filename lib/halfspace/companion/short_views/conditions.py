"""The recorded runs of the short views.

Seeds start at 3000: a prototype's results on other seeds were known when the rules were chosen.
"""

from halfspace.companion.seeds import FRESH_SEED
from halfspace.companion.short_views.directions import OneDirection, TwoDirections
from halfspace.companion.short_views.hinge import HingeEnds, HingeStart
from halfspace.companion.short_views.specs import EdgeDepth, SignedEdges
from halfspace.companion.spec import Spec

__all__ = ["STUDIES", "direction_conditions", "edge_conditions", "hinge_conditions"]

_FIFTY = dict(first_seed=FRESH_SEED, seeds=50)
_TWENTY = dict(first_seed=FRESH_SEED, seeds=20)
_FIVE = dict(first_seed=FRESH_SEED, seeds=5)
_HARDER = dict(layers="dense", points=150, scale=0.4, steps=300)


def direction_conditions() -> dict[str, Spec]:
    """Return the nets trained on one and on two informative directions."""
    conditions = {}
    for model in ("relu", "dlgn"):
        conditions[f"conv {model}"] = OneDirection(model=model, **_FIVE)
        conditions[f"dense {model}"] = OneDirection(model=model, layers="dense", **_FIVE)
        conditions[f"dense {model}, harder"] = OneDirection(model=model, **_HARDER, **_FIVE)
        both = dict(model=model, points=500, steps=400, **_FIVE)
        for layers in ("conv", "dense"):
            conditions[f"two: {layers} {model}"] = TwoDirections(layers=layers, **both)
    return conditions


def hinge_conditions() -> dict[str, Spec]:
    """Return the nets trained with the hinge loss."""
    return {"start": HingeStart(**_TWENTY), "ends": HingeEnds(**_FIVE)}


def edge_conditions() -> dict[str, Spec]:
    """Return the networks with edges between all layers."""
    return {
        "signs: 2 layers": SignedEdges(**_FIFTY),
        "signs: 3 layers": SignedEdges(d_in=1, depth=3, **_FIFTY),
        "learned": EdgeDepth(edges="learned", **_TWENTY),
        "fixed": EdgeDepth(edges="fixed", **_TWENTY),
        "learned, from 1": EdgeDepth(edges="learned", start=1, **_TWENTY),
        "fixed, from 1": EdgeDepth(edges="fixed", start=1, **_TWENTY),
    }


STUDIES = {
    "directions": direction_conditions,
    "hinge": hinge_conditions,
    "edges": edge_conditions,
}
