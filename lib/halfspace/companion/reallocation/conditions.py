"""The recorded runs that try to work around the allocation of paths.

Seeds start at 3000: results of those from 1000 and from 2000 on were known when the rules were
chosen. Learning rates were chosen with seeds 0 to 19.
"""

import itertools

from halfspace.companion.circle.specs import recipe
from halfspace.companion.reallocation.ideas import IDEAS
from halfspace.companion.reallocation.specs import CircleReallocation, FashionReallocation
from halfspace.companion.seeds import FRESH_SEED
from halfspace.companion.spec import Spec

__all__ = [
    "FASHION_RATES",
    "STUDIES",
    "plain_at_rate_of",
    "reallocation_conditions",
    "step_size_conditions",
]


_BUDGET = 100  # epochs on the circle: a third of the base recipe's


_CIRCLE = dict(first_seed=FRESH_SEED, seeds=100)
_FASHION = dict(first_seed=FRESH_SEED, seeds=5, images="normalised")

_TRIED_RATES = (0.0005, 0.001, 0.002, 0.004, 0.008)


# Each idea has its own learning rate, and plain descent too: of those tried, the one with the
# smallest mean logarithm of the error at the end; one at which a seed diverges is excluded. The
# recorded runs of ``step_size_conditions`` are the basis. Neighbours often tie within their noise.
_CIRCLE_RATES = {
    "relu": {
        "none": 0.002,
        "rebalanced loss": 0.002,
        "equal paths": 0.002,
        "own step sizes": 0.004,
        "new half-spaces": 0.004,
    },
    "dlgn": {
        "none": 0.004,
        "rebalanced loss": 0.001,
        "equal paths": 0.002,
        "own step sizes": 0.001,
        "new half-spaces": 0.004,
    },
}


# On images runs at both are recorded; see ``readings.better_rate``.
FASHION_RATES = (0.0002, 0.0006)


def step_size_conditions() -> dict[str, Spec]:
    """Return the nets by which each idea's learning rate was chosen, by net, idea and rate."""
    conditions = {}
    for model, idea, rate in itertools.product(("relu", "dlgn"), IDEAS, _TRIED_RATES):
        training = recipe(model, learning_rate=rate, epochs=_BUDGET, first_seed=0, seeds=20)
        name = f"{model}: {idea}: {rate}"
        conditions[name] = CircleReallocation(training=training, idea=idea, at=(0, _BUDGET))
    return conditions


def plain_at_rate_of(model: str, idea: str) -> str:
    """Return the name of the runs of plain descent on the circle at the learning rate of an idea.

    Args:
        model: ``"relu"`` or ``"dlgn"``.
        idea: one of ``IDEAS``.
    """
    rate = _CIRCLE_RATES[model][idea]
    own = rate == _CIRCLE_RATES[model]["none"]
    return f"circle: {model}: none" if own else f"circle: {model}: none: {rate}"


def reallocation_conditions() -> dict[str, Spec]:
    """Return the nets trained with each idea at its own learning rate, by data, net and idea.

    On the circle plain descent also runs at the learning rate of each idea; see
    ``plain_at_rate_of``.
    """
    conditions = {}
    for model, rates in _CIRCLE_RATES.items():
        for idea, rate in rates.items():
            training = recipe(model, learning_rate=rate, epochs=_BUDGET, **_CIRCLE)
            run = CircleReallocation(training=training, idea=idea)
            conditions[f"circle: {model}: {idea}"] = run
            conditions[plain_at_rate_of(model, idea)] = run.replace(idea="none")
    for model, idea, rate in itertools.product(("relu", "dlgn"), IDEAS, FASHION_RATES):
        conditions[f"fashion: {model}: {idea}: {rate}"] = FashionReallocation(
            model=model, idea=idea, learning_rate=rate, **_FASHION
        )
    return conditions


STUDIES = {"step sizes": step_size_conditions, "reallocation": reallocation_conditions}
