"""The thesis "features early, linear combination later", and the DLGN as a surrogate."""

import math

import numpy as np

from halfspace.companion.claims import Claim, cases
from halfspace.companion.conjectures.readings import (
    accuracy_cost_of_freezing,
    accuracy_gained,
    accuracy_gained_later,
    closer_to_partner,
    correlation_terms,
    cost_of_freezing,
    error_removed,
    error_removed_later,
    row_at,
)
from halfspace.companion.spec import Result

__all__ = ["CLAIMS"]

_TWICE = math.log(2)
_EARLY_FUNCTION = 20  # epoch at which learned functions are compared
_HUNDREDTH = 0.01  # of the test images
_FIVE = "chapters/05_resource_allocation.html#fig-fashion-freezing"
_FOUR = "chapters/04_feature_learning.html#fig-conjecture-"
_CIRCLE = {"ReLU net": "freezing: circle: relu", "DLGN": "freezing: circle: dlgn"}
_CIRCLE_CONTROLS = {
    "DLGN, straight-through gates": "freezing: circle: dlgn: straight-through",
    "DLGN, β = 30": "freezing: circle: dlgn: beta 30",
}
_FASHION = {
    "ReLU net": "freezing: fashion: relu: modified",
    "DLGN": "freezing: fashion: dlgn: modified",
}
_FASHION_CONTROLS = {
    "ReLU net, original labels": "freezing: fashion: relu: original",
    "DLGN, original labels": "freezing: fashion: dlgn: original",
}
_PAIRS = {"DLGN, β = 4": "surrogate: beta 4"}
_PAIRS_CONTROLS = {
    "DLGN, straight-through gates": "surrogate: straight-through",
    "DLGN, β = 30": "surrogate: beta 30",
}


def _error_removed(name: str):
    return lambda result: error_removed(result, name)


def _accuracy_gained(name: str):
    return lambda result: accuracy_gained(result, name)


def _kernels_closer_at_the_end(result: Result) -> np.ndarray:
    return closer_to_partner(result, "overlap")[-1]


def _functions_closer_early(result: Result) -> np.ndarray:
    return closer_to_partner(result, "function")[row_at(result, _EARLY_FUNCTION)]


CLAIMS = (
    Claim(
        id="features-learned",
        kind="reading",
        text="Training learns features: a reinitialised value network does better with the gates "
        "of the end than with random ones.",
        where="Introduction, thesis; conjecture 2",
        statistic="ln of a fresh value network's error, gates of the start over gates of the end",
        cases=cases(_CIRCLE, _error_removed("fresh"), "mean", _TWICE),
        controls=cases(_CIRCLE_CONTROLS, _error_removed("fresh"), "mean", _TWICE),
        figure=f"{_FOUR}freezing",
    ),
    Claim(
        id="gates-early",
        kind="reading",
        text="Features are learned early: later gates are no better than those of epoch 30.",
        where="Introduction, thesis",
        paper="early, while the loss is high",
        statistic="ln of a fresh value network's error, gates of epoch 30 over gates of the end",
        cases=cases(_CIRCLE, error_removed_later, "equal", _TWICE),
        controls=cases(_CIRCLE_CONTROLS, error_removed_later, "equal", _TWICE),
        figure=f"{_FOUR}freezing",
    ),
    Claim(
        id="linear-later",
        kind="reading",
        text="The rest is linear: with gates frozen at epoch 30 the error falls as far.",
        where="Introduction, thesis",
        paper="combined linearly later",
        statistic="ln of the error, gates stopped at epoch 30 over all weights trained to the end",
        cases=cases(_CIRCLE, cost_of_freezing, "equal", _TWICE),
        controls=cases(_CIRCLE_CONTROLS, cost_of_freezing, "equal", _TWICE),
        figure=f"{_FOUR}freezing",
    ),
    Claim(
        id="path-kernel-learned",
        kind="reading",
        text="Training makes the kernel of the paths a better one for the target.",
        where="Section 3, conjecture 2",
        statistic="ln of the error of regression with the gates' kernel, start over end",
        cases=cases(_CIRCLE, _error_removed("kernel"), "mean", _TWICE),
        controls=cases(_CIRCLE_CONTROLS, _error_removed("kernel"), "mean", _TWICE),
        figure=f"{_FOUR}freezing",
    ),
    Claim(
        id="features-learned-fashion",
        kind="reading",
        text="Training learns features of images: a reinitialised value network does better with "
        "the gates of the end.",
        where="Introduction, thesis; Section 5",
        statistic="test accuracy of a fresh value network, gates of the end minus of the start",
        cases=cases(_FASHION, _accuracy_gained("fresh"), "mean", _HUNDREDTH),
        controls=cases(_FASHION_CONTROLS, _accuracy_gained("fresh"), "mean", _HUNDREDTH),
        figure=_FIVE,
    ),
    Claim(
        id="gates-early-fashion",
        kind="reading",
        text="Features of images are learned early: later gates are no better than epoch 1's.",
        where="Introduction, thesis; Section 5",
        paper="early, while the loss is high",
        statistic="test accuracy of a fresh value network, gates of the end minus of epoch 1",
        cases=cases(_FASHION, accuracy_gained_later, "equal", _HUNDREDTH),
        controls=cases(_FASHION_CONTROLS, accuracy_gained_later, "equal", _HUNDREDTH),
        figure=_FIVE,
    ),
    Claim(
        id="linear-later-fashion",
        kind="reading",
        text="The rest is linear on images: with gates frozen at epoch 1 a net is as accurate.",
        where="Introduction, thesis; Section 5",
        paper="combined linearly later",
        statistic="test accuracy, all weights trained minus gates stopped at epoch 1",
        cases=cases(_FASHION, accuracy_cost_of_freezing, "equal", _HUNDREDTH),
        controls=cases(_FASHION_CONTROLS, accuracy_cost_of_freezing, "equal", _HUNDREDTH),
        figure=_FIVE,
    ),
    Claim(
        id="path-kernel-learned-fashion",
        kind="reading",
        text="Training makes the kernel of the paths a better one for images.",
        where="Section 5, conjecture 2",
        statistic="test accuracy of regression with the gates' kernel, end minus start",
        cases=cases(_FASHION, _accuracy_gained("kernel"), "mean", _HUNDREDTH),
        controls=cases(_FASHION_CONTROLS, _accuracy_gained("kernel"), "mean", _HUNDREDTH),
        figure=_FIVE,
    ),
    Claim(
        id="surrogate-paths",
        kind="reading",
        text="A seed whose ReLU net moves many paths to the low half is one whose DLGN does.",
        where="Section 3, conjecture 4",
        statistic="correlation over seeds of the paths that the low half gained, ReLU net and DLGN",
        cases=cases(_PAIRS, correlation_terms, "mean", 0.3),
        controls=cases(_PAIRS_CONTROLS, correlation_terms, "mean", 0.3),
        figure=f"{_FOUR}surrogate",
    ),
    Claim(
        id="surrogate-kernels",
        kind="reading",
        text="A DLGN's overlap kernel is more similar to its own ReLU net's than to another's.",
        where="Section 3, conjecture 4",
        statistic="centred cosine of overlap kernels at the end, own seed minus other seeds",
        cases=cases(_PAIRS, _kernels_closer_at_the_end, "mean", 0.05),
        controls=cases(_PAIRS_CONTROLS, _kernels_closer_at_the_end, "mean", 0.05),
        figure=f"{_FOUR}surrogate",
    ),
    Claim(
        id="surrogate-functions",
        kind="reading",
        text="At epoch 20 a DLGN's outputs are closer to its own ReLU net's than to another's.",
        where="Section 3, conjecture 4",
        statistic="correlation of the outputs along the circle, own seed minus other seeds",
        cases=cases(_PAIRS, _functions_closer_early, "mean", 0.05),
        controls=cases(_PAIRS_CONTROLS, _functions_closer_early, "mean", 0.05),
        figure=f"{_FOUR}surrogate",
    ),
)
