"""Our question: does it help to work around the allocation of paths?"""

from collections.abc import Callable

import numpy as np

from halfspace.companion.claims import Claim, cases
from halfspace.companion.reallocation.conditions import FASHION_RATES, plain_at_rate_of
from halfspace.companion.reallocation.readings import (
    NETS,
    accuracy_gain,
    allocation_undone,
    better_rate,
    error_gain,
    relative_cost,
    sooner,
)
from halfspace.companion.spec import Result

__all__ = ["CLAIMS"]

_WHERE = "ours: after Section 6"
_RENEWED = "new half-spaces"
_RATE = ", plain descent at the idea's learning rate"
_TEXTS = {
    "rebalanced loss": "Weighting points by their loss helps: the error gets smaller.",
    "equal paths": "Weighting points against their number of paths helps: the error gets smaller.",
    "own step sizes": "A higher learning rate of the gating network, or of the first layer, helps.",
    _RENEWED: "Reinitialising redundant units helps: the error gets smaller.",
}
_GAIN = (
    "ln of the circle's mean squared error after 100 epochs, plain descent over the idea, each at "
    "its own learning rate (controls: plain descent at the idea's learning rate; between the "
    "training points; share of seeds whose error falls below 0.05 at an earlier epoch than by "
    "plain descent, minus the share at a later one; test accuracy on the complex images of "
    "modified Fashion-MNIST, idea minus plain, each at the learning rate that fits training images "
    "better)"
)
_LESS = (
    "path gain of plain descent minus that with reinitialised units, after 100 epochs; path gain: "
    "ln of the ratio of mean numbers of active paths, low half over high half, minus its start "
    "(controls: plain descent at the same learning rate)"
)
_COST = (
    "ln of the circle's mean squared error after 100 epochs, reinitialised units over plain "
    "descent, in standard deviations between the seeds of plain descent: less than half of what "
    "two seeds differ by (controls: plain descent at the same learning rate; between the training "
    "points)"
)
_WHY_SIGN = (
    "Our own threshold, a factor of 1.5 or one percent, decided; now the sign decides, plain "
    "descent also runs at the idea's learning rate, and there are 100 seeds on the circle."
)


def _circle_runs(idea: str, suffix: str = "") -> dict[str, tuple[str, ...]]:
    return {
        f"{label}{suffix}": tuple(f"reallocation: circle: {net}: {what}" for what in ("none", idea))
        for label, net in NETS.items()
    }


def _runs_at_one_rate(idea: str) -> dict[str, tuple[str, ...]]:
    """Return the runs of nets for which plain descent and the idea differ in learning rate."""
    return {
        f"{label}{_RATE}": tuple(
            f"reallocation: {run}"
            for run in (plain_at_rate_of(net, idea), f"circle: {net}: {idea}")
        )
        for label, net in NETS.items()
        if plain_at_rate_of(net, idea) != plain_at_rate_of(net, "none")
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


def _of(reading: Callable[..., np.ndarray], name: str):
    return lambda plain, idea: reading(plain, idea, name)


def _accuracy_gain(*results: Result) -> np.ndarray:
    """Return the gain on the complex images: two rates of plain descent, two of the idea."""
    return accuracy_gain(better_rate(*results[:2]), better_rate(*results[2:]))


def _helps(idea: str, text: str) -> Claim:
    id = f"reallocate-{idea.replace(' ', '-')}"
    return Claim(
        id=f"{id}-2",
        kind="ours",
        text=text,
        where=_WHERE,
        statistic=_GAIN,
        cases=cases(_circle_runs(idea), error_gain, "above", factor=True),
        controls=cases(_runs_at_one_rate(idea), error_gain, "above", factor=True)
        + cases(
            _circle_runs(idea, ", between the points"),
            _of(error_gain, "between"),
            "above",
            factor=True,
        )
        + cases(_circle_runs(idea, ", sooner"), sooner, "above")
        + cases(_image_runs(idea), _accuracy_gain, "above"),
        figure="fig-reallocation-circle",
        replaces=(id,),
        why=_WHY_SIGN,
        idea=True,
    )


CLAIMS = (
    *(_helps(idea, text) for idea, text in _TEXTS.items()),
    Claim(
        id="reallocation-evens-paths",
        kind="ours",
        text="Reinitialising redundant units leaves less of the allocation of paths.",
        where=_WHERE,
        statistic=_LESS,
        cases=cases(_circle_runs(_RENEWED), allocation_undone, "above", factor=True),
        controls=cases(_runs_at_one_rate(_RENEWED), allocation_undone, "above", factor=True),
        figure="fig-reallocation-allocation",
    ),
    Claim(
        id="reallocation-costs-nothing",
        kind="ours",
        text="Reinitialising redundant units costs nothing: the error is that of plain descent.",
        where=_WHERE,
        statistic=_COST,
        cases=cases(_circle_runs(_RENEWED), relative_cost, "equal", 0.5),
        controls=cases(_runs_at_one_rate(_RENEWED), relative_cost, "equal", 0.5)
        + cases(
            _circle_runs(_RENEWED, ", between the points"),
            _of(relative_cost, "between"),
            "equal",
            0.5,
        ),
        figure="fig-reallocation-circle",
    ),
)
