"""Section 4's claims, and tests that tell its explanations apart, on the circle."""

import math

import numpy as np

from halfspace.claims._rules import Case, Claim
from halfspace.experiments import Result
from halfspace.experiments.circle import allocation, low_and_high

__all__ = ["CIRCLE_CLAIMS"]

_FACTOR = math.log(1.5)  # smallest effect that counts: half as many paths again
_FITTED = 0.05  # mean squared error at which a half counts as fitted; a tenth of the start's
_RELU, _DLGN, _FROZEN = ("circle: relu: ", "circle: dlgn: ", "circle: frozen: ")
_EARLY, _END = 40, -1


def _at(result: Result, epoch: int) -> int:
    return -1 if epoch == _END else list(result.at).index(epoch)


def _allocation(epoch: int):
    return lambda result: allocation(result)[_at(result, epoch)]


def _minus(value):
    return lambda *results: -value(*results)


def _loss(result: Result, epoch: int) -> np.ndarray:
    return sum(low_and_high(result, "loss"))[_at(result, epoch)] / 2


def _both(name: str, prefix: str, value, kind: str, level: float) -> tuple[Case, ...]:
    return tuple(
        Case(name=label, needs=(f"{net}{name}",), value=value, kind=kind, level=level)
        for label, net in ((f"ReLU net{prefix}", _RELU), (f"DLGN{prefix}", _DLGN))
    )


def _one(label: str, needs: str | tuple[str, ...], value, kind: str, level: float) -> Case:
    names = (needs,) if isinstance(needs, str) else needs
    return Case(name=label, needs=names, value=value, kind=kind, level=level)


def _allocation_controls(epoch: int) -> tuple[Case, ...]:
    value = _allocation(epoch)
    found = _both("biases", ", biases", value, "mean", _FACTOR)
    found += _both("halves swapped", ", halves swapped", value, "mean", _FACTOR)
    found += _both("init xavier", ", Xavier", value, "mean", _FACTOR)
    found += _both("init he", ", He", value, "mean", _FACTOR)
    found += _both("sgd", ", SGD", value, "mean", _FACTOR)
    own = {"straight-through": "straight-through gates", "beta 30": "β = 30"}
    own |= {"linear experts": "linear experts"}
    return found + tuple(
        _one(f"DLGN, {label}", f"{_DLGN}{name}", value, "mean", _FACTOR)
        for name, label in own.items()
    )


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


def _early_share(name: str):
    """Share of a kernel's whole change that is over while the error is above half its start."""

    def value(result: Result) -> np.ndarray:
        change = 1 - result.arrays[f"{name}_start"].astype(np.float64)
        loss = sum(low_and_high(result, "loss"))
        last = (loss > loss[0] / 2)[::-1].argmax(axis=0)
        row = len(loss) - 1 - last
        return change[row, np.arange(change.shape[1])] / change[-1] - 0.5

    return value


def _ntk_change(result: Result) -> np.ndarray:
    return 1 - result.ntk_start[-1].astype(np.float64)


def _overlap_gain(epoch: int):
    def value(result: Result) -> np.ndarray:
        gain = result.ntk_overlap.astype(np.float64) - result.ntk_start
        return gain[_at(result, epoch)]

    return value


def _hard_gap(result: Result) -> np.ndarray:
    return np.log(
        sum(low_and_high(result, "hard_loss"))[-1] / sum(low_and_high(result, "loss"))[-1]
    )


def _facing_low(result: Result) -> np.ndarray:
    """Share of layer 5's normals that face the top half, minus chance."""
    return result.facing_top[-1, :, 4].astype(np.float64) - 0.25


def _high_half_unfitted(result: Result) -> np.ndarray:
    return low_and_high(result, "loss")[1][_at(result, 80)] >= _FITTED


def _low_half_error_ratio(frozen: Result, trained: Result) -> np.ndarray:
    return np.log(low_and_high(frozen, "loss")[0][-1] / low_and_high(trained, "loss")[0][-1])


def _error_ratio_300(frozen: Result, trained: Result) -> np.ndarray:
    return np.log(_loss(frozen, 300) / _loss(trained, 300))


CIRCLE_CLAIMS = (
    Claim(
        id="circle-fit",
        text="The ReLU net and the DLGN both fit the circle data in about 200 epochs.",
        where="Section 4, Figure 2",
        paper="about 200 epochs",
        statistic="share of seeds with a mean squared error below 0.05 at epoch 300",
        cases=_both("base", "", lambda r: _loss(r, 300) < _FITTED, "share", 0.5),
    ),
    Claim(
        id="frozen-slow",
        text="With its gates fixed at their random start the DLGN needs more than 2,000 epochs.",
        where="Section 4, Figure 2",
        paper="more than 2,000 epochs",
        statistic="share of seeds with a mean squared error of 0.05 or more at epoch 2,000",
        cases=(
            _one(
                "soft gates, β = 4",
                f"{_FROZEN}beta 4",
                lambda r: _loss(r, 2000) >= _FITTED,
                "share",
                0.5,
            ),
        ),
        controls=tuple(
            _one(label, f"{_FROZEN}{name}", lambda r: _loss(r, 2000) >= _FITTED, "share", 0.5)
            for name, label in (
                ("beta 10", "β = 10"),
                ("beta 30", "β = 30"),
                ("hard", "hard gates"),
            )
        ),
    ),
    Claim(
        id="frozen-artefacts",
        text="With fixed gates the easy half shows artefacts even after 8,000 epochs.",
        where="Section 4, Figure 5",
        paper="artefacts at epoch 8,000",
        statistic="ln of the low half's error: fixed gates at epoch 8,000 over trained ones at 300",
        cases=(
            _one(
                "soft gates, β = 4",
                (f"{_FROZEN}beta 4", f"{_DLGN}base"),
                _low_half_error_ratio,
                "mean",
                math.log(2),
            ),
        ),
        controls=(
            _one(
                "hard against straight-through gates",
                (f"{_FROZEN}hard", f"{_DLGN}straight-through"),
                _low_half_error_ratio,
                "mean",
                math.log(2),
            ),
        ),
    ),
    Claim(
        id="low-half-first",
        text="The low-frequency half is fitted before the high-frequency half.",
        where="Section 4, Figure 5",
        paper="a few epochs against more than 100",
        statistic="share of seeds whose low half is below an error of 0.05 at an earlier look",
        cases=_both("base", "", _low_half_first, "share", 0.8),
        controls=_both("halves swapped", ", halves swapped", _low_half_first, "share", 0.8)
        + _both("biases", ", biases", _low_half_first, "share", 0.8),
    ),
    Claim(
        id="high-half-late",
        text="The high-frequency half takes more than 100 epochs.",
        where="Section 4, Figure 5",
        paper="more than 100 epochs",
        statistic="share of seeds whose high half has an error of 0.05 or more at epoch 80",
        cases=_both("base", "", _high_half_unfitted, "share", 0.5),
    ),
    Claim(
        id="paths-early",
        text="The low-frequency half gets more active paths early in training.",
        where="Section 4, Figure 3",
        paper="visible early",
        statistic="mean ln(1 + active paths), low minus high half, epoch 40 minus start",
        cases=_both("base", "", _allocation(_EARLY), "mean", _FACTOR),
        controls=_allocation_controls(_EARLY),
    ),
    Claim(
        id="paths-stay",
        text="The low-frequency half keeps its larger number of active paths to the end.",
        where="Section 4, Figure 3",
        paper="stays",
        statistic="mean ln(1 + active paths), low minus high half, end minus start",
        cases=_both("base", "", _allocation(_END), "mean", _FACTOR),
        controls=_allocation_controls(_END),
    ),
    Claim(
        id="paths-need-training",
        text="The allocation comes from training on the target, not from the architecture.",
        where="ours: control",
        statistic="change of the paths' gap between the halves (ln, top minus bottom) by the end",
        cases=tuple(
            case
            for name, label in (
                ("zero target", ", zero target"),
                ("constant target", ", constant target"),
                ("equal frequencies 2", ", equal low frequencies"),
                ("equal frequencies 8", ", equal high frequencies"),
            )
            for case in _both(name, label, _allocation(_END), "equal", _FACTOR)
        ),
    ),
    Claim(
        id="paths-simplicity",
        text="Paths go where the target is simple, be there a signal or not.",
        where="Section 4, conjecture 1; told apart from an early signal",
        statistic="change of the paths' gap, low (simpler) minus high half, by the end",
        cases=_both(
            "amplitude of low half 0.0", ", low half zero", _allocation(_END), "mean", _FACTOR
        )
        + _both("constant low half", ", low half constant", _allocation(_END), "mean", _FACTOR),
    ),
    Claim(
        id="paths-early-signal",
        text="Paths go where the signal can be learned first, which is the only half that has one.",
        where="ours: rival of simplicity",
        statistic="change of the paths' gap, high minus (zero) low half, by the end",
        cases=_both(
            "amplitude of low half 0.0",
            ", low half zero",
            _minus(_allocation(_END)),
            "mean",
            _FACTOR,
        ),
    ),
    Claim(
        id="paths-frequency",
        text="The larger the gap of the frequencies, the more paths the low half gains.",
        where="Section 4, conjecture 1",
        statistic="change of the paths' gap by the end, high frequency 16 minus high frequency 3",
        cases=tuple(
            _one(
                label,
                (f"{net}high frequency 16", f"{net}high frequency 3"),
                lambda far, near: _allocation(_END)(far) - _allocation(_END)(near),
                "mean",
                _FACTOR,
            )
            for label, net in (("ReLU net", _RELU), ("DLGN", _DLGN))
        ),
    ),
    Claim(
        id="paths-magnitude",
        text="Paths go where the gradient is large: a weaker low half gets fewer.",
        where="ours: rival of simplicity",
        statistic="change of the paths' gap by the end, low half's amplitude 1 minus 0.3",
        cases=tuple(
            _one(
                label,
                (f"{net}base", f"{net}amplitude of low half 0.3"),
                lambda full, weak: _allocation(_END)(full) - _allocation(_END)(weak),
                "mean",
                _FACTOR,
            )
            for label, net in (("ReLU net", _RELU), ("DLGN", _DLGN))
        ),
    ),
    Claim(
        id="ntk-moves",
        text="The empirical NTK is far from constant during training.",
        where="Section 4, Figure 4",
        paper="far from constant",
        statistic="1 − cosine of the NTK at the end with the NTK at the start",
        cases=_both("base", "", _ntk_change, "mean", 0.2),
        controls=_both("init he", ", He", _ntk_change, "mean", 0.2)
        + _both("width 64", ", 64 units", _ntk_change, "mean", 0.2),
    ),
    Claim(
        id="overlap-explains-ntk-early",
        text="The overlap kernel explains the NTK's change: early in training.",
        where="Section 4, conjecture 5",
        statistic="cosine of the NTK at epoch 40 with the overlap kernel, minus with the first NTK",
        cases=_both(
            "base",
            "",
            _overlap_gain(_EARLY),
            "mean",
            0.1,
        ),
    ),
    Claim(
        id="overlap-explains-ntk-end",
        text="The overlap kernel explains the NTK's change: up to the end.",
        where="Section 4, conjecture 5",
        statistic="cosine of the NTK at the end with the overlap kernel, minus with the first NTK",
        cases=_both("base", "", _overlap_gain(_END), "mean", 0.1),
        controls=(
            _one(
                "DLGN, straight-through gates",
                f"{_DLGN}straight-through",
                _overlap_gain(_END),
                "mean",
                0.1,
            ),
        ),
    ),
    Claim(
        id="half-spaces-cluster",
        text="The last layer's half-spaces cluster during training.",
        where="Section 4, Figure 6, conjecture 3",
        paper="later layers cluster",
        statistic="length of layer 5's mean unit normal (0 scattered, 1 equal), end minus start",
        cases=(_one("DLGN", f"{_DLGN}base", _clustered(4), "mean", 0.1),),
        controls=tuple(
            _one(f"DLGN, {label}", f"{_DLGN}{name}", _clustered(4), "mean", 0.1)
            for name, label in (
                ("straight-through", "straight-through gates"),
                ("beta 30", "β = 30"),
                ("init he", "He"),
                ("halves swapped", "halves swapped"),
            )
        ),
    ),
    Claim(
        id="later-layers-cluster-more",
        text="Later layers cluster more than the first, though their units are of one kind.",
        where="Section 4, Figure 6, conjecture 3",
        paper="later layers cluster",
        statistic="change of the mean unit normal's length, layer 5 minus layer 1",
        cases=(_one("DLGN", f"{_DLGN}base", _clustered(4, 0), "mean", 0.1),),
    ),
    Claim(
        id="last-layer-faces-low",
        text="Most of the last layer's half-spaces face the low-frequency half after training.",
        where="Section 4, Figure 6",
        paper="3 of 4 shown",
        statistic="share of layer 5's normals within 45° of the low half's middle, minus 1/4",
        cases=(_one("DLGN", f"{_DLGN}base", _facing_low, "mean", 0.25),),
        controls=(
            _one(
                "DLGN, straight-through gates",
                f"{_DLGN}straight-through",
                _facing_low,
                "mean",
                0.25,
            ),
        ),
    ),
    Claim(
        id="frozen-hurts",
        text="Without feature learning (frozen gates) optimisation suffers.",
        where="Section 4, conjecture 2",
        statistic="ln of the error at epoch 300, frozen over trained gates, same sharpness",
        cases=(
            _one(
                "soft gates, β = 4",
                (f"{_FROZEN}beta 4", f"{_DLGN}base"),
                _error_ratio_300,
                "mean",
                math.log(2),
            ),
        ),
        controls=(
            _one(
                "hard against straight-through gates",
                (f"{_FROZEN}hard", f"{_DLGN}straight-through"),
                _error_ratio_300,
                "mean",
                math.log(2),
            ),
        ),
    ),
    Claim(
        id="features-early",
        text="Features are learned early, while the error is high: the overlap kernel's change.",
        where="Introduction",
        paper="early, while the loss is high",
        statistic="part of the overlap kernel's change (1 − cosine with the start) that is over "
        "while the error is above half its start, minus 1/2",
        cases=_both("base", "", _early_share("overlap"), "mean", 0.1),
    ),
    Claim(
        id="hard-gates-are-the-net",
        text="The trained DLGN is a net of half-spaces: hard gates for soft ones change little.",
        where="Section 2: training with soft gates",
        statistic="ln of the error under hard gates over the error under the own gate, at the end",
        cases=(
            _one(
                "soft gates, β = 4",
                f"{_DLGN}base",
                _hard_gap,
                "equal",
                math.log(2),
            ),
        ),
        controls=(
            _one(
                "β = 30",
                f"{_DLGN}beta 30",
                _hard_gap,
                "equal",
                math.log(2),
            ),
        ),
    ),
    Claim(
        id="pwc-like-pwl-circle",
        text="Constant experts do as linear ones: the circle.",
        where="Section 3",
        paper="indistinguishable",
        statistic="change of the paths' gap by the end, constant minus linear experts",
        cases=(
            _one(
                "DLGN",
                (f"{_DLGN}base", f"{_DLGN}linear experts"),
                lambda c, w: _allocation(_END)(c) - _allocation(_END)(w),
                "equal",
                _FACTOR,
            ),
        ),
    ),
)
