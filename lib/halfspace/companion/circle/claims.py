"""Section 4's claims on the circle, and tests that separate its explanations."""

import math
from collections.abc import Callable

import numpy as np

from halfspace.companion.circle import readings
from halfspace.companion.claims import Claim, cases
from halfspace.companion.spec import Result

__all__ = ["CLAIMS"]

_FACTOR = math.log(1.5)  # smallest effect that counts: half as many paths again
_EARLY = 40  # epoch

_CHAPTER = "chapters/04_feature_learning.html#fig-circle-"
_CONDITIONS = "chapters/circle_conditions.html#fig-conditions"

_NETS = {"relu": "ReLU net", "dlgn": "DLGN"}
_LABELS = {  # of conditions, where a reader sees another name
    "init xavier": "Xavier",
    "init he": "He",
    "sgd": "SGD",
    "width 64": "64 units",
    "straight-through": "straight-through gates",
    "beta 30": "β = 30",
    "equal frequencies 2": "equal low frequencies",
    "equal frequencies 8": "equal high frequencies",
    "amplitude of low half 0.0": "low half zero",
    "constant low half": "low half constant",
}


def _runs(*conditions: str, nets: tuple[str, ...] = ("relu", "dlgn")) -> dict[str, str]:
    """Return each net's run under each condition, by the name that a reader sees."""
    runs = {}
    for condition in conditions:
        label = "" if condition == "base" else f", {_LABELS.get(condition, condition)}"
        runs |= {f"{_NETS[net]}{label}": f"circle: {net}: {condition}" for net in nets}
    return runs


def _dlgn(*conditions: str) -> dict[str, str]:
    return _runs(*conditions, nets=("dlgn",))


def _against(*conditions: str) -> dict[str, tuple[str, ...]]:
    """Return each net's runs under some conditions, to be compared with one another."""
    return {
        label: tuple(f"circle: {net}: {condition}" for condition in conditions)
        for net, label in _NETS.items()
    }


_GENERAL = _runs("biases", "halves swapped", "init xavier", "init he", "sgd")
_ALLOCATION_CONTROLS = _GENERAL | _dlgn("straight-through", "beta 30", "linear experts")
_FROZEN_HARDER = {
    "β = 10": "circle: frozen: beta 10",
    "β = 30": "circle: frozen: beta 30",
    "hard gates": "circle: frozen: hard",
}
_FROZEN_AND_TRAINED = {"soft gates, β = 4": ("circle: frozen: beta 4", "circle: dlgn: base")}
_HARD_FROZEN_AND_TRAINED = {
    "hard against straight-through gates": (
        "circle: frozen: hard",
        "circle: dlgn: straight-through",
    )
}


def _at(epoch: int, statistic: Callable[..., np.ndarray]) -> Callable[..., np.ndarray]:
    """Return a statistic with its evaluation epoch filled in."""
    return lambda *results: statistic(*results, epoch=epoch)


def _allocation_difference(first: Result, second: Result) -> np.ndarray:
    return readings.allocation_at(first) - readings.allocation_at(second)


def _fitted_at_300(result: Result) -> np.ndarray:
    return readings.loss_at(result, 300) < readings.FIT_LEVEL


def _unfitted_at_2000(result: Result) -> np.ndarray:
    return readings.loss_at(result, 2000) >= readings.FIT_LEVEL


def _high_half_unfitted_at_80(result: Result) -> np.ndarray:
    return readings.high_half_loss_at(result, 80) >= readings.FIT_LEVEL


def _last_layer_clusters(result: Result) -> np.ndarray:
    return readings.resultant_change(result, 5)


def _last_layer_clusters_more(result: Result) -> np.ndarray:
    return readings.resultant_change(result, 5) - readings.resultant_change(result, 1)


def _last_layer_faces_low(result: Result) -> np.ndarray:  # the low half is the top one
    return readings.facing_top(result, 5) - readings.FACING_BY_CHANCE


CLAIMS = (
    Claim(
        id="circle-fit",
        kind="reading",
        text="The ReLU net and the DLGN both fit the circle data in about 200 epochs.",
        where="Section 4, Figure 2",
        paper="about 200 epochs",
        statistic="share of seeds with a mean squared error below 0.05 at epoch 300",
        cases=cases(_runs("base"), _fitted_at_300, "share", 0.5),
        figure=f"{_CHAPTER}loss",
    ),
    Claim(
        id="frozen-slow",
        kind="reading",
        text="With its gates fixed at their random start the DLGN needs more than 2,000 epochs.",
        where="Section 4, Figure 2",
        paper="more than 2,000 epochs",
        statistic="share of seeds with a mean squared error of 0.05 or more at epoch 2,000",
        cases=cases(
            {"soft gates, β = 4": "circle: frozen: beta 4"}, _unfitted_at_2000, "share", 0.5
        ),
        controls=cases(_FROZEN_HARDER, _unfitted_at_2000, "share", 0.5),
        figure=f"{_CHAPTER}frozen-times",
    ),
    Claim(
        id="frozen-artefacts",
        kind="reading",
        text="With fixed gates the easy half shows artefacts even after 8,000 epochs.",
        where="Section 4, Figure 5",
        paper="artefacts at epoch 8,000",
        statistic="ln of the low half's error: fixed gates at epoch 8,000 over trained ones at 300",
        cases=cases(_FROZEN_AND_TRAINED, readings.low_half_error_ratio, "mean", math.log(2)),
        controls=cases(
            _HARD_FROZEN_AND_TRAINED, readings.low_half_error_ratio, "mean", math.log(2)
        ),
        figure=f"{_CHAPTER}functions-frozen",
    ),
    Claim(
        id="low-half-first",
        kind="reading",
        text="The low-frequency half is fitted before the high-frequency half.",
        where="Section 4, Figure 5",
        paper="a few epochs against more than 100",
        statistic="share of seeds whose low half is below an error of 0.05 at an earlier look",
        cases=cases(_runs("base"), readings.low_half_first, "share", 0.8),
        controls=cases(_runs("halves swapped", "biases"), readings.low_half_first, "share", 0.8),
        figure=f"{_CHAPTER}functions",
    ),
    Claim(
        id="high-half-late",
        kind="reading",
        text="The high-frequency half takes more than 100 epochs.",
        where="Section 4, Figure 5",
        paper="more than 100 epochs",
        statistic="share of seeds whose high half has an error of 0.05 or more at epoch 80",
        cases=cases(_runs("base"), _high_half_unfitted_at_80, "share", 0.5),
        figure=f"{_CHAPTER}functions",
    ),
    Claim(
        id="paths-early",
        kind="reading",
        text="The low-frequency half gets more active paths early in training.",
        where="Section 4, Figure 3",
        paper="visible early",
        statistic="mean ln(1 + active paths), low minus high half, epoch 40 minus start",
        cases=cases(_runs("base"), _at(_EARLY, readings.allocation_at), "mean", _FACTOR),
        controls=cases(_ALLOCATION_CONTROLS, _at(_EARLY, readings.allocation_at), "mean", _FACTOR),
        figure=f"{_CONDITIONS}-time",
    ),
    Claim(
        id="paths-stay",
        kind="reading",
        text="The low-frequency half keeps its larger number of active paths to the end.",
        where="Section 4, Figure 3",
        paper="stays",
        statistic="mean ln(1 + active paths), low minus high half, end minus start",
        cases=cases(_runs("base"), readings.allocation_at, "mean", _FACTOR),
        controls=cases(_ALLOCATION_CONTROLS, readings.allocation_at, "mean", _FACTOR),
        figure=_CONDITIONS,
    ),
    Claim(
        id="paths-need-training",
        kind="control",
        text="The allocation comes from training on the target, not from the architecture.",
        where="ours: control",
        statistic="change of the paths' gap between the halves (ln, top minus bottom) by the end",
        cases=cases(
            _runs("zero target", "constant target", "equal frequencies 2", "equal frequencies 8"),
            readings.allocation_at,
            "equal",
            _FACTOR,
        ),
        figure=_CONDITIONS,
    ),
    Claim(
        id="paths-simplicity",
        kind="reading",
        text="Paths go where the target is simple, whether or not there is a signal there.",
        where="Section 4, conjecture 1; told apart from an early signal",
        statistic="change of the paths' gap, low (simpler) minus high half, by the end",
        cases=cases(
            _runs("amplitude of low half 0.0", "constant low half"),
            readings.allocation_at,
            "mean",
            _FACTOR,
        ),
        figure=_CONDITIONS,
    ),
    Claim(
        id="paths-early-signal",
        kind="ours",
        text="Paths go where the signal can be learned first, which is the only half that has one.",
        where="ours: rival of simplicity",
        statistic="change of the paths' gap, high minus (zero) low half, by the end",
        cases=cases(
            _runs("amplitude of low half 0.0"),
            lambda result: -readings.allocation_at(result),
            "mean",
            _FACTOR,
        ),
        figure=_CONDITIONS,
    ),
    Claim(
        id="paths-frequency",
        kind="reading",
        text="The larger the gap of the frequencies, the more paths the low half gains.",
        where="Section 4, conjecture 1",
        statistic="change of the paths' gap by the end, high frequency 16 minus high frequency 3",
        cases=cases(
            _against("high frequency 16", "high frequency 3"),
            _allocation_difference,
            "mean",
            _FACTOR,
        ),
        figure=_CONDITIONS,
    ),
    Claim(
        id="paths-magnitude",
        kind="ours",
        text="Paths go where the gradient is large: a weaker low half gets fewer.",
        where="ours: rival of simplicity",
        statistic="change of the paths' gap by the end, low half's amplitude 1 minus 0.3",
        cases=cases(
            _against("base", "amplitude of low half 0.3"),
            _allocation_difference,
            "mean",
            _FACTOR,
        ),
        figure=_CONDITIONS,
    ),
    Claim(
        id="ntk-moves",
        kind="reading",
        text="The empirical NTK is far from constant during training.",
        where="Section 4, Figure 4",
        paper="far from constant",
        statistic="1 − cosine of the NTK at the end with the NTK at the start",
        cases=cases(_runs("base"), readings.ntk_change, "mean", 0.2),
        controls=cases(_runs("init he", "width 64"), readings.ntk_change, "mean", 0.2),
        figure=f"{_CHAPTER}ntk-relu",
    ),
    Claim(
        id="overlap-explains-ntk-early",
        kind="reading",
        text="The overlap kernel explains the NTK's change: early in training.",
        where="Section 4, conjecture 5",
        statistic="cosine of the NTK at epoch 40 with the overlap kernel, minus with the first NTK",
        cases=cases(_runs("base"), _at(_EARLY, readings.overlap_gain), "mean", 0.1),
        figure=f"{_CHAPTER}ntk-dlgn",
    ),
    Claim(
        id="overlap-explains-ntk-end",
        kind="reading",
        text="The overlap kernel explains the NTK's change: up to the end.",
        where="Section 4, conjecture 5",
        statistic="cosine of the NTK at the end with the overlap kernel, minus with the first NTK",
        cases=cases(_runs("base"), readings.overlap_gain, "mean", 0.1),
        controls=cases(_dlgn("straight-through"), readings.overlap_gain, "mean", 0.1),
        figure=f"{_CHAPTER}ntk-dlgn",
    ),
    Claim(
        id="half-spaces-cluster",
        kind="reading",
        text="The last layer's half-spaces cluster during training.",
        where="Section 4, Figure 6, conjecture 3",
        paper="later layers cluster",
        statistic="length of layer 5's mean unit normal (0 scattered, 1 equal), end minus start",
        cases=cases(_dlgn("base"), _last_layer_clusters, "mean", 0.1),
        controls=cases(
            _dlgn("straight-through", "beta 30", "init he", "halves swapped"),
            _last_layer_clusters,
            "mean",
            0.1,
        ),
        figure=f"{_CHAPTER}half-spaces-end",
    ),
    Claim(
        id="later-layers-cluster-more",
        kind="reading",
        text="Later layers cluster more than the first, though their units are of one kind.",
        where="Section 4, Figure 6, conjecture 3",
        paper="later layers cluster",
        statistic="change of the mean unit normal's length, layer 5 minus layer 1",
        cases=cases(_dlgn("base"), _last_layer_clusters_more, "mean", 0.1),
        figure=f"{_CHAPTER}half-spaces-end",
    ),
    Claim(
        id="last-layer-faces-low",
        kind="reading",
        text="Most of the last layer's half-spaces face the low-frequency half after training.",
        where="Section 4, Figure 6",
        paper="3 of 4 shown",
        statistic="share of layer 5's normals within 45° of the low half's middle, minus 1/4",
        cases=cases(_dlgn("base"), _last_layer_faces_low, "mean", 0.25),
        controls=cases(_dlgn("straight-through"), _last_layer_faces_low, "mean", 0.25),
        figure=f"{_CHAPTER}facing",
    ),
    Claim(
        id="frozen-hurts",
        kind="reading",
        text="Without feature learning (frozen gates) optimisation suffers.",
        where="Section 4, conjecture 2",
        statistic="ln of the error at epoch 300, frozen over trained gates, same sharpness",
        cases=cases(_FROZEN_AND_TRAINED, _at(300, readings.error_ratio), "mean", math.log(2)),
        controls=cases(
            _HARD_FROZEN_AND_TRAINED, _at(300, readings.error_ratio), "mean", math.log(2)
        ),
        figure=f"{_CHAPTER}loss",
    ),
    Claim(
        id="features-early",
        kind="reading",
        text="Features are learned early, while the error is high: the overlap kernel's change.",
        where="Introduction",
        paper="early, while the loss is high",
        statistic="part of the overlap kernel's change (1 − cosine with the start) that is over "
        "while the error is above half its start, minus 1/2",
        cases=cases(
            _runs("base"),
            lambda result: readings.overlap_change_while_high(result) - 0.5,
            "mean",
            0.1,
        ),
        figure=f"{_CHAPTER}overlap-dlgn",
    ),
    Claim(
        id="hard-gates-are-the-net",
        kind="reading",
        text="The trained DLGN is a net of half-spaces: hard gates for soft ones change little.",
        where="Section 2: training with soft gates",
        statistic="ln of the error under hard gates over the error under the own gate, at the end",
        cases=cases(
            {"soft gates, β = 4": "circle: dlgn: base"},
            readings.hard_gate_cost,
            "equal",
            math.log(2),
        ),
        controls=cases(
            {"β = 30": "circle: dlgn: beta 30"}, readings.hard_gate_cost, "equal", math.log(2)
        ),
        figure=f"{_CHAPTER}hard",
    ),
    Claim(
        id="pwc-like-pwl-circle",
        kind="reading",
        text="Constant experts do as linear ones: the circle.",
        where="Section 3",
        paper="indistinguishable",
        statistic="change of the paths' gap by the end, constant minus linear experts",
        cases=cases(
            {"DLGN": ("circle: dlgn: base", "circle: dlgn: linear experts")},
            _allocation_difference,
            "equal",
            _FACTOR,
        ),
        figure=_CONDITIONS,
    ),
)
