"""Section 4's claims, and tests that tell its explanations apart, on the circle."""

import math

import numpy as np

from halfspace.companion.circle.readings import allocation, low_and_high
from halfspace.companion.claims import Claim, cases
from halfspace.companion.spec import Result

__all__ = ["CLAIMS"]

_FACTOR = math.log(1.5)  # smallest effect that counts: half as many paths again
_FITTED = 0.05  # mean squared error at which a half counts as fitted; a tenth of the start's
_EARLY, _END = 40, -1

_CHAPTER = "chapters/04_feature_learning.html#fig-circle-"
_NINETY = "chapters/circle_conditions.html#fig-ninety"

_NETS = {"relu": "ReLU net", "dlgn": "DLGN"}
_LABELS = {  # of conditions whose own names would not do
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
    found = {}
    for condition in conditions:
        label = "" if condition == "base" else f", {_LABELS.get(condition, condition)}"
        found |= {f"{_NETS[net]}{label}": f"circle: {net}: {condition}" for net in nets}
    return found


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


def _at(result: Result, epoch: int) -> int:
    return -1 if epoch == _END else list(result.at).index(epoch)


def _allocation(epoch: int):
    return lambda result: allocation(result)[_at(result, epoch)]


def _minus(value):
    return lambda result: -value(result)


def _difference(value):
    return lambda first, second: value(first) - value(second)


def _loss(result: Result, epoch: int) -> np.ndarray:
    return sum(low_and_high(result, "loss"))[_at(result, epoch)] / 2


def _fitted_at_300(result: Result) -> np.ndarray:
    return _loss(result, 300) < _FITTED


def _unfitted_at_2000(result: Result) -> np.ndarray:
    return _loss(result, 2000) >= _FITTED


def _low_half_first(result: Result) -> np.ndarray:
    first = []
    for loss in low_and_high(result, "loss"):
        below = loss < _FITTED
        first.append(np.where(below.any(axis=0), below.argmax(axis=0), len(below)))
    return first[0] < first[1]


def _clustered(layer: int, minus: int | None = None):
    def value(result: Result) -> np.ndarray:
        change = result.resultant[-1] - result.resultant[0]
        return change[:, layer] - (0 if minus is None else change[:, minus])

    return value


def _overlap_change_while_high(result: Result) -> np.ndarray:
    """Share of the overlap kernel's change that is over while the error is above half its start."""
    change = 1 - result.overlap_start.astype(np.float64)
    loss = sum(low_and_high(result, "loss"))
    last = (loss > loss[0] / 2)[::-1].argmax(axis=0)
    row = len(loss) - 1 - last
    return change[row, np.arange(change.shape[1])] / change[-1] - 0.5


def _ntk_change(result: Result) -> np.ndarray:
    return 1 - result.ntk_start[-1].astype(np.float64)


def _overlap_gain(epoch: int):
    def value(result: Result) -> np.ndarray:
        gain = result.ntk_overlap.astype(np.float64) - result.ntk_start
        return gain[_at(result, epoch)]

    return value


def _hard_gap(result: Result) -> np.ndarray:
    hard, own = (sum(low_and_high(result, name))[-1] for name in ("hard_loss", "loss"))
    return np.log(hard / own)


def _facing_low(result: Result) -> np.ndarray:
    """Share of layer 5's normals that face the top half, minus chance."""
    return result.facing_top[-1, :, 4].astype(np.float64) - 0.25


def _high_half_unfitted(result: Result) -> np.ndarray:
    return low_and_high(result, "loss")[1][_at(result, 80)] >= _FITTED


def _low_half_error_ratio(frozen: Result, trained: Result) -> np.ndarray:
    return np.log(low_and_high(frozen, "loss")[0][-1] / low_and_high(trained, "loss")[0][-1])


def _error_ratio_300(frozen: Result, trained: Result) -> np.ndarray:
    return np.log(_loss(frozen, 300) / _loss(trained, 300))


CLAIMS = (
    Claim(
        id="circle-fit",
        text="The ReLU net and the DLGN both fit the circle data in about 200 epochs.",
        where="Section 4, Figure 2",
        paper="about 200 epochs",
        statistic="share of seeds with a mean squared error below 0.05 at epoch 300",
        cases=cases(_runs("base"), _fitted_at_300, "share", 0.5),
        figure=f"{_CHAPTER}loss",
    ),
    Claim(
        id="frozen-slow",
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
        text="With fixed gates the easy half shows artefacts even after 8,000 epochs.",
        where="Section 4, Figure 5",
        paper="artefacts at epoch 8,000",
        statistic="ln of the low half's error: fixed gates at epoch 8,000 over trained ones at 300",
        cases=cases(_FROZEN_AND_TRAINED, _low_half_error_ratio, "mean", math.log(2)),
        controls=cases(_HARD_FROZEN_AND_TRAINED, _low_half_error_ratio, "mean", math.log(2)),
        figure=f"{_CHAPTER}functions-frozen",
    ),
    Claim(
        id="low-half-first",
        text="The low-frequency half is fitted before the high-frequency half.",
        where="Section 4, Figure 5",
        paper="a few epochs against more than 100",
        statistic="share of seeds whose low half is below an error of 0.05 at an earlier look",
        cases=cases(_runs("base"), _low_half_first, "share", 0.8),
        controls=cases(_runs("halves swapped", "biases"), _low_half_first, "share", 0.8),
        figure=f"{_CHAPTER}functions",
    ),
    Claim(
        id="high-half-late",
        text="The high-frequency half takes more than 100 epochs.",
        where="Section 4, Figure 5",
        paper="more than 100 epochs",
        statistic="share of seeds whose high half has an error of 0.05 or more at epoch 80",
        cases=cases(_runs("base"), _high_half_unfitted, "share", 0.5),
        figure=f"{_CHAPTER}functions",
    ),
    Claim(
        id="paths-early",
        text="The low-frequency half gets more active paths early in training.",
        where="Section 4, Figure 3",
        paper="visible early",
        statistic="mean ln(1 + active paths), low minus high half, epoch 40 minus start",
        cases=cases(_runs("base"), _allocation(_EARLY), "mean", _FACTOR),
        controls=cases(_ALLOCATION_CONTROLS, _allocation(_EARLY), "mean", _FACTOR),
        figure=f"{_NINETY}-time",
    ),
    Claim(
        id="paths-stay",
        text="The low-frequency half keeps its larger number of active paths to the end.",
        where="Section 4, Figure 3",
        paper="stays",
        statistic="mean ln(1 + active paths), low minus high half, end minus start",
        cases=cases(_runs("base"), _allocation(_END), "mean", _FACTOR),
        controls=cases(_ALLOCATION_CONTROLS, _allocation(_END), "mean", _FACTOR),
        figure=_NINETY,
    ),
    Claim(
        id="paths-need-training",
        text="The allocation comes from training on the target, not from the architecture.",
        where="ours: control",
        statistic="change of the paths' gap between the halves (ln, top minus bottom) by the end",
        cases=cases(
            _runs("zero target", "constant target", "equal frequencies 2", "equal frequencies 8"),
            _allocation(_END),
            "equal",
            _FACTOR,
        ),
        figure=_NINETY,
    ),
    Claim(
        id="paths-simplicity",
        text="Paths go where the target is simple, be there a signal or not.",
        where="Section 4, conjecture 1; told apart from an early signal",
        statistic="change of the paths' gap, low (simpler) minus high half, by the end",
        cases=cases(
            _runs("amplitude of low half 0.0", "constant low half"),
            _allocation(_END),
            "mean",
            _FACTOR,
        ),
        figure=_NINETY,
    ),
    Claim(
        id="paths-early-signal",
        text="Paths go where the signal can be learned first, which is the only half that has one.",
        where="ours: rival of simplicity",
        statistic="change of the paths' gap, high minus (zero) low half, by the end",
        cases=cases(_runs("amplitude of low half 0.0"), _minus(_allocation(_END)), "mean", _FACTOR),
        figure=_NINETY,
    ),
    Claim(
        id="paths-frequency",
        text="The larger the gap of the frequencies, the more paths the low half gains.",
        where="Section 4, conjecture 1",
        statistic="change of the paths' gap by the end, high frequency 16 minus high frequency 3",
        cases=cases(
            _against("high frequency 16", "high frequency 3"),
            _difference(_allocation(_END)),
            "mean",
            _FACTOR,
        ),
        figure=_NINETY,
    ),
    Claim(
        id="paths-magnitude",
        text="Paths go where the gradient is large: a weaker low half gets fewer.",
        where="ours: rival of simplicity",
        statistic="change of the paths' gap by the end, low half's amplitude 1 minus 0.3",
        cases=cases(
            _against("base", "amplitude of low half 0.3"),
            _difference(_allocation(_END)),
            "mean",
            _FACTOR,
        ),
        figure=_NINETY,
    ),
    Claim(
        id="ntk-moves",
        text="The empirical NTK is far from constant during training.",
        where="Section 4, Figure 4",
        paper="far from constant",
        statistic="1 − cosine of the NTK at the end with the NTK at the start",
        cases=cases(_runs("base"), _ntk_change, "mean", 0.2),
        controls=cases(_runs("init he", "width 64"), _ntk_change, "mean", 0.2),
        figure=f"{_CHAPTER}ntk-relu",
    ),
    Claim(
        id="overlap-explains-ntk-early",
        text="The overlap kernel explains the NTK's change: early in training.",
        where="Section 4, conjecture 5",
        statistic="cosine of the NTK at epoch 40 with the overlap kernel, minus with the first NTK",
        cases=cases(_runs("base"), _overlap_gain(_EARLY), "mean", 0.1),
        figure=f"{_CHAPTER}ntk-dlgn",
    ),
    Claim(
        id="overlap-explains-ntk-end",
        text="The overlap kernel explains the NTK's change: up to the end.",
        where="Section 4, conjecture 5",
        statistic="cosine of the NTK at the end with the overlap kernel, minus with the first NTK",
        cases=cases(_runs("base"), _overlap_gain(_END), "mean", 0.1),
        controls=cases(_dlgn("straight-through"), _overlap_gain(_END), "mean", 0.1),
        figure=f"{_CHAPTER}ntk-dlgn",
    ),
    Claim(
        id="half-spaces-cluster",
        text="The last layer's half-spaces cluster during training.",
        where="Section 4, Figure 6, conjecture 3",
        paper="later layers cluster",
        statistic="length of layer 5's mean unit normal (0 scattered, 1 equal), end minus start",
        cases=cases(_dlgn("base"), _clustered(4), "mean", 0.1),
        controls=cases(
            _dlgn("straight-through", "beta 30", "init he", "halves swapped"),
            _clustered(4),
            "mean",
            0.1,
        ),
        figure=f"{_CHAPTER}half-spaces-end",
    ),
    Claim(
        id="later-layers-cluster-more",
        text="Later layers cluster more than the first, though their units are of one kind.",
        where="Section 4, Figure 6, conjecture 3",
        paper="later layers cluster",
        statistic="change of the mean unit normal's length, layer 5 minus layer 1",
        cases=cases(_dlgn("base"), _clustered(4, 0), "mean", 0.1),
        figure=f"{_CHAPTER}half-spaces-end",
    ),
    Claim(
        id="last-layer-faces-low",
        text="Most of the last layer's half-spaces face the low-frequency half after training.",
        where="Section 4, Figure 6",
        paper="3 of 4 shown",
        statistic="share of layer 5's normals within 45° of the low half's middle, minus 1/4",
        cases=cases(_dlgn("base"), _facing_low, "mean", 0.25),
        controls=cases(_dlgn("straight-through"), _facing_low, "mean", 0.25),
        figure=f"{_CHAPTER}facing",
    ),
    Claim(
        id="frozen-hurts",
        text="Without feature learning (frozen gates) optimisation suffers.",
        where="Section 4, conjecture 2",
        statistic="ln of the error at epoch 300, frozen over trained gates, same sharpness",
        cases=cases(_FROZEN_AND_TRAINED, _error_ratio_300, "mean", math.log(2)),
        controls=cases(_HARD_FROZEN_AND_TRAINED, _error_ratio_300, "mean", math.log(2)),
        figure=f"{_CHAPTER}loss",
    ),
    Claim(
        id="features-early",
        text="Features are learned early, while the error is high: the overlap kernel's change.",
        where="Introduction",
        paper="early, while the loss is high",
        statistic="part of the overlap kernel's change (1 − cosine with the start) that is over "
        "while the error is above half its start, minus 1/2",
        cases=cases(_runs("base"), _overlap_change_while_high, "mean", 0.1),
        figure=f"{_CHAPTER}overlap-dlgn",
    ),
    Claim(
        id="hard-gates-are-the-net",
        text="The trained DLGN is a net of half-spaces: hard gates for soft ones change little.",
        where="Section 2: training with soft gates",
        statistic="ln of the error under hard gates over the error under the own gate, at the end",
        cases=cases({"soft gates, β = 4": "circle: dlgn: base"}, _hard_gap, "equal", math.log(2)),
        controls=cases({"β = 30": "circle: dlgn: beta 30"}, _hard_gap, "equal", math.log(2)),
        figure=f"{_CHAPTER}hard",
    ),
    Claim(
        id="pwc-like-pwl-circle",
        text="Constant experts do as linear ones: the circle.",
        where="Section 3",
        paper="indistinguishable",
        statistic="change of the paths' gap by the end, constant minus linear experts",
        cases=cases(
            {"DLGN": ("circle: dlgn: base", "circle: dlgn: linear experts")},
            _difference(_allocation(_END)),
            "equal",
            _FACTOR,
        ),
        figure=_NINETY,
    ),
)
