"""The thesis "features early, linear combination later", and the DLGN as a surrogate."""

import math

import numpy as np

from halfspace.companion.circle.readings import low_and_high
from halfspace.companion.claims import Claim, cases
from halfspace.companion.spec import Result

__all__ = ["CLAIMS"]

_TWICE = math.log(2)
_EARLY, _EARLY_FASHION = 30, 1  # epochs: the circle's error is still half its start
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


def _at(result: Result, epoch: float) -> int:
    return list(result.at).index(epoch)


def _log_error(result: Result, name: str, row: int) -> np.ndarray:
    return np.log(sum(low_and_high(result, name))[row] / 2)


def _improvement(name: str):
    """How much better the gates of the end serve than those of the start."""
    return lambda result: _log_error(result, name, 0) - _log_error(result, name, -1)


def _still_to_learn(result: Result) -> np.ndarray:
    return _log_error(result, "fresh", _at(result, _EARLY)) - _log_error(result, "fresh", -1)


def _cost_of_freezing(result: Result) -> np.ndarray:
    return _log_error(result, "continued", _at(result, _EARLY)) - _log_error(result, "loss", -1)


def _accuracy(result: Result, name: str, row: int) -> np.ndarray:
    return result.arrays[name][row].astype(np.float64).mean(-1)


def _better(name: str):
    return lambda result: _accuracy(result, name, -1) - _accuracy(result, name, 0)


def _still_to_learn_fashion(result: Result) -> np.ndarray:
    early = _accuracy(result, "fresh", _at(result, _EARLY_FASHION))
    return _accuracy(result, "fresh", -1) - early


def _cost_of_freezing_fashion(result: Result) -> np.ndarray:
    frozen = _accuracy(result, "continued", _at(result, _EARLY_FASHION))
    return _accuracy(result, "accuracy", -1) - frozen


def _gaps_together(result: Result) -> np.ndarray:
    """Products of the standardised gains of paths, whose mean is their correlation."""
    gains = [(gap[-1] - gap[0]).astype(np.float64) for gap in (result.gap_relu, result.gap_dlgn)]
    return np.prod([(gain - gain.mean()) / gain.std() for gain in gains], axis=0)


def _closer(name: str, epoch: int | None = None):
    def value(result: Result) -> np.ndarray:
        row = -1 if epoch is None else _at(result, epoch)
        own, others = (result.arrays[f"{name}_{who}"][row] for who in ("own", "others"))
        return own.astype(np.float64) - others

    return value


CLAIMS = (
    Claim(
        id="features-learned",
        text="Training learns features: gates of the end serve a fresh value network better than "
        "random ones.",
        where="Introduction, thesis; conjecture 2",
        statistic="ln of a fresh value network's error, gates of the start over gates of the end",
        cases=cases(_CIRCLE, _improvement("fresh"), "mean", _TWICE),
        controls=cases(_CIRCLE_CONTROLS, _improvement("fresh"), "mean", _TWICE),
        figure=f"{_FOUR}freezing",
    ),
    Claim(
        id="gates-early",
        text="Features are learned early: later gates serve no better than those of epoch 30.",
        where="Introduction, thesis",
        paper="early, while the loss is high",
        statistic="ln of a fresh value network's error, gates of epoch 30 over gates of the end",
        cases=cases(_CIRCLE, _still_to_learn, "equal", _TWICE),
        controls=cases(_CIRCLE_CONTROLS, _still_to_learn, "equal", _TWICE),
        figure=f"{_FOUR}freezing",
    ),
    Claim(
        id="linear-later",
        text="The rest is linear: with its gates stopped at epoch 30 a net comes as far.",
        where="Introduction, thesis",
        paper="combined linearly later",
        statistic="ln of the error, gates stopped at epoch 30 over all weights trained to the end",
        cases=cases(_CIRCLE, _cost_of_freezing, "equal", _TWICE),
        controls=cases(_CIRCLE_CONTROLS, _cost_of_freezing, "equal", _TWICE),
        figure=f"{_FOUR}freezing",
    ),
    Claim(
        id="path-kernel-learned",
        text="Training makes the kernel of the paths a better one for the target.",
        where="Section 3, conjecture 2",
        statistic="ln of the error of regression with the gates' kernel, start over end",
        cases=cases(_CIRCLE, _improvement("kernel"), "mean", _TWICE),
        controls=cases(_CIRCLE_CONTROLS, _improvement("kernel"), "mean", _TWICE),
        figure=f"{_FOUR}freezing",
    ),
    Claim(
        id="features-learned-fashion",
        text="Training learns features of images: gates of the end serve a fresh value network "
        "better.",
        where="Introduction, thesis; Section 5",
        statistic="test accuracy of a fresh value network, gates of the end minus of the start",
        cases=cases(_FASHION, _better("fresh"), "mean", _HUNDREDTH),
        controls=cases(_FASHION_CONTROLS, _better("fresh"), "mean", _HUNDREDTH),
        figure=_FIVE,
    ),
    Claim(
        id="gates-early-fashion",
        text="Features of images are learned early: later gates serve no better than epoch 1's.",
        where="Introduction, thesis; Section 5",
        paper="early, while the loss is high",
        statistic="test accuracy of a fresh value network, gates of the end minus of epoch 1",
        cases=cases(_FASHION, _still_to_learn_fashion, "equal", _HUNDREDTH),
        controls=cases(_FASHION_CONTROLS, _still_to_learn_fashion, "equal", _HUNDREDTH),
        figure=_FIVE,
    ),
    Claim(
        id="linear-later-fashion",
        text="The rest is linear on images: with gates stopped at epoch 1 a net comes as far.",
        where="Introduction, thesis; Section 5",
        paper="combined linearly later",
        statistic="test accuracy, all weights trained minus gates stopped at epoch 1",
        cases=cases(_FASHION, _cost_of_freezing_fashion, "equal", _HUNDREDTH),
        controls=cases(_FASHION_CONTROLS, _cost_of_freezing_fashion, "equal", _HUNDREDTH),
        figure=_FIVE,
    ),
    Claim(
        id="path-kernel-learned-fashion",
        text="Training makes the kernel of the paths a better one for images.",
        where="Section 5, conjecture 2",
        statistic="test accuracy of regression with the gates' kernel, end minus start",
        cases=cases(_FASHION, _better("kernel"), "mean", _HUNDREDTH),
        controls=cases(_FASHION_CONTROLS, _better("kernel"), "mean", _HUNDREDTH),
        figure=_FIVE,
    ),
    Claim(
        id="surrogate-paths",
        text="A seed whose ReLU net moves many paths to the low half is one whose DLGN does.",
        where="Section 3, conjecture 4",
        statistic="correlation over seeds of the paths that the low half gained, ReLU net and DLGN",
        cases=cases(_PAIRS, _gaps_together, "mean", 0.3),
        controls=cases(_PAIRS_CONTROLS, _gaps_together, "mean", 0.3),
        figure=f"{_FOUR}surrogate",
    ),
    Claim(
        id="surrogate-kernels",
        text="A DLGN's overlap kernel is that of its own ReLU net more than of another.",
        where="Section 3, conjecture 4",
        statistic="centred cosine of overlap kernels at the end, own seed minus other seeds",
        cases=cases(_PAIRS, _closer("overlap"), "mean", 0.05),
        controls=cases(_PAIRS_CONTROLS, _closer("overlap"), "mean", 0.05),
        figure=f"{_FOUR}surrogate",
    ),
    Claim(
        id="surrogate-functions",
        text="A DLGN learns the function of its own ReLU net, on the way: epoch 20.",
        where="Section 3, conjecture 4",
        statistic="correlation of the outputs along the circle, own seed minus other seeds",
        cases=cases(_PAIRS, _closer("function", 20), "mean", 0.05),
        controls=cases(_PAIRS_CONTROLS, _closer("function", 20), "mean", 0.05),
        figure=f"{_FOUR}surrogate",
    ),
)
