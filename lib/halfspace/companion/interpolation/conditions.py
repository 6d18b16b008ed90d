"""The recorded runs on global minima.

Seeds start at 3000: results on other seeds were known when the rules were chosen.
"""

from halfspace.companion.interpolation.specs import BuiltMinima, InterpolationRates
from halfspace.companion.interpolation.training import TrainedMinima
from halfspace.companion.seeds import FRESH_SEED
from halfspace.companion.spec import Spec

__all__ = ["STUDIES", "built_conditions", "trained_conditions"]

_SEEDS = {"relu": 20, "dlgn": 10}
_HELD = 50  # of 200 points


def built_conditions() -> dict[str, Spec]:
    """Return the studies of global minima that are built by hand."""
    return {
        "built": BuiltMinima(first_seed=FRESH_SEED, seeds=20),
        "rates": InterpolationRates(first_seed=FRESH_SEED, seeds=40),
    }


def trained_conditions() -> dict[str, Spec]:
    """Return the nets that are trained to a loss of zero, by net and noise."""
    conditions = {}
    for model, count in _SEEDS.items():
        seeds = dict(model=model, first_seed=FRESH_SEED, seeds=count)
        for noise in (0.5, 0.3, 0.0):
            conditions[f"{model}: noise {noise:g}"] = TrainedMinima(noise=noise, **seeds)
        conditions[f"{model}: held out"] = TrainedMinima(held=_HELD, **seeds)
    return conditions


STUDIES = {"interpolation": built_conditions, "trained minima": trained_conditions}
