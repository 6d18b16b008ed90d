"""Our question: does it help to work around the allocation of paths?"""

import math

import numpy as np

from halfspace.companion.claims import Claim, cases
from halfspace.companion.reallocation.conditions import FASHION_RATES
from halfspace.companion.reallocation.readings import (
    NETS,
    accuracy_gain,
    better_rate,
    error_gain,
)
from halfspace.companion.spec import Result

__all__ = ["CLAIMS"]

_FACTOR = math.log(1.5)
_PERCENT = 0.01
_FIGURE = "chapters/reallocating_paths.html#fig-reallocation-circle"
_TEXTS = {
    "rebalanced loss": "Weighting points by their loss helps: the error falls sooner.",
    "equal paths": "Weighting points against their number of paths helps: the error falls sooner.",
    "own step sizes": "A higher learning rate of the gating network, or of the first layer, helps.",
    "new half-spaces": "Reinitialising redundant units helps: the error falls sooner.",
}


def _circle_runs(idea: str, suffix: str = "") -> dict[str, tuple[str, ...]]:
    return {
        f"{label}{suffix}": tuple(f"reallocation: circle: {net}: {what}" for what in ("none", idea))
        for label, net in NETS.items()
    }


def _image_runs(idea: str) -> dict[str, tuple[str, ...]]:
    return {
        f"{label}, images": tuple(
            f"reallocation: fashion: {net}: {what}: {rate}"
            for what in ("none", idea)
            for rate in FASHION_RATES
        )
        for label, net in NETS.items()
    }


def _error_gain(name: str):
    return lambda plain, idea: error_gain(plain, idea, name)


def _accuracy_gain(*results: Result) -> np.ndarray:
    """Return the gain on the complex images: two rates of plain descent, two of the idea."""
    return accuracy_gain(better_rate(*results[:2]), better_rate(*results[2:]))


CLAIMS = tuple(
    Claim(
        id=f"reallocate-{idea.replace(' ', '-')}",
        kind="ours",
        text=text,
        where="ours: after Section 6",
        statistic="ln of the circle's mean squared error at epoch 100, plain descent over the idea "
        "(controls: between the training points; test accuracy on the complex images of modified "
        "Fashion-MNIST, idea minus plain, each at the step size that fits training images better)",
        cases=cases(_circle_runs(idea), _error_gain("loss"), "mean", _FACTOR),
        controls=cases(
            _circle_runs(idea, ", between the points"), _error_gain("between"), "mean", _FACTOR
        )
        + cases(_image_runs(idea), _accuracy_gain, "mean", _PERCENT),
        figure=_FIGURE,
    )
    for idea, text in _TEXTS.items()
)
