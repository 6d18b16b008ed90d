"""The claims on CIFAR: Table 1, appendix 2, and ours on runs of few epochs."""

import numpy as np

from halfspace.companion.cifar.conditions import APPENDIX_SEEDS, TABLE_1_SEEDS
from halfspace.companion.cifar.readings import (
    GATED_NETS,
    NETS,
    NONLINEAR_NETS,
    PAPER_APPENDIX,
    PAPER_TABLE_1,
    SETS,
    above_mean,
    best_gap,
    gap,
    hard_against_soft,
    hard_cost,
    percent,
    recovered,
    right,
    test_at_training_level,
)
from halfspace.companion.cifar.resnet_20 import RESNET_20_SEEDS
from halfspace.companion.claims import Claim, cases
from halfspace.companion.spec import Result

__all__ = ["CLAIMS", "OWN_CLAIMS"]

_TABLE = "Section 3, Table 1"
_APPENDIX = "Appendix 2"
_OURS = "ours: after Table 1, few epochs"
_CHAPTER = "chapters/06_cifar.html#fig-cifar-"
_TRAINED = ", features of the trained net"
_NEAR = 2.0  # percentage points within which a number of the paper counts as met
_SIMILAR = 3.0  # and two nets as similar
_FAR = 10.0  # "far below", "by a wide margin", "much better"
_SHARE_RECOVERED = 83.5  # percent
_LIKE_SIMILAR = PAPER_TABLE_1["dlgn"][1] - PAPER_TABLE_1["relu"][1]
_SLIGHT = [
    PAPER_APPENDIX[network, "relu"][data] - PAPER_APPENDIX[network, "dlgn"][data]
    for network in ("resnet-34", "resnet-110")
    for data in SETS
]
_ALIKE = (_LIKE_SIMILAR + min(_SLIGHT)) / 2
"""Percentage points: up to 1.03 the paper calls similar, from 5 on slightly worse; the middle."""
_WIDE = max(_SLIGHT)
"""Percentage points: a difference of 6 is the largest that the paper calls slight."""


def _away_from(number: float, part: str = "test"):
    """Return a value function: accuracy minus the paper's number, percentage points."""
    return lambda result: percent(result, part=part) - number


def _met(id: str, text: str, net: str) -> Claim:
    """Return the claim that a row of Table 1 is met."""
    train, test = PAPER_TABLE_1[net]
    run = f"cifar: conv: {net}"
    return Claim(
        id=id,
        kind="reading",
        text=text,
        where=_TABLE,
        paper=f"{train} train, {test} test",
        statistic="accuracy minus the paper's, percentage points",
        cases=cases({"test images": run}, _away_from(test), "equal", _NEAR),
        controls=cases({"training images": run}, _away_from(train, "train"), "equal", _NEAR),
        figure=f"{_CHAPTER}test",
    )


def _against(
    study: str, other: str, nets: dict[str, str], suffix: str = ""
) -> dict[str, tuple[str, str]]:
    return {
        f"{name}{suffix}": (f"{study}: conv: {net}", f"{study}: conv: {other}")
        for net, name in nets.items()
    }


def _resnet_runs(network: str, data: str, *models: str) -> tuple[str, ...]:
    return tuple(
        f"cifar: {network}: {model}: {data}: {seed}" for model in models for seed in APPENDIX_SEEDS
    )


def _about(points: float):
    """Return a value function: the gap of two nets minus the paper's, percentage points."""
    return lambda *results: gap(*results) - points


def _over_share(*results: Result) -> np.ndarray:
    """Return how much more than the paper's share the second net recovers, percent, (S,)."""
    return recovered(*results) - _SHARE_RECOVERED


def _resnet_gap(network: str) -> Claim:
    relu, dlgn = PAPER_APPENDIX[network, "relu"], PAPER_APPENDIX[network, "dlgn"]
    ten, hundred = (f"{relu[data]:g} against {dlgn[data]:g}" for data in SETS)
    return Claim(
        id=f"{network.replace('-', '')}-gap",
        kind="reading",
        text=f"{network.replace('resnet', 'ResNet')} as a DLGN loses five or six points.",
        where=_APPENDIX,
        paper=f"{ten}; CIFAR-100: {hundred}",
        statistic="test accuracy, ReLU minus DLGN, minus the paper's difference, percentage points",
        cases=tuple(
            case
            for data, name in SETS.items()
            for case in cases(
                {name: _resnet_runs(network, data, "relu", "dlgn")},
                _about(relu[data] - dlgn[data]),
                "equal",
                _SIMILAR,
            )
        ),
        figure=f"{_CHAPTER}appendix",
    )


def _table_runs(*models: str) -> tuple[str, ...]:
    return tuple(f"table 1: {model}: {seed}" for model in models for seed in TABLE_1_SEEDS)


def _row(id: str, net: str) -> Claim:
    """Return the claim that a row of Table 1 is met by runs of 100 epochs."""
    train, test = PAPER_TABLE_1[net]

    def away(*results: Result) -> np.ndarray:
        return test_at_training_level(*results, level=train) - test

    def away_at_the_end(*results: Result) -> np.ndarray:
        return percent(*results) - test

    runs = _table_runs(net)
    return Claim(
        id=id,
        kind="reading",
        text=f"{NETS[net]}: when {train:g} % of CIFAR-10's training images are right, "
        f"{test:g} % of the test images are.",
        where=_TABLE,
        paper=f"{train} train, {test} test",
        statistic="test accuracy at the first epoch with the paper's training accuracy, minus the "
        "paper's test accuracy, percentage points; undecided if a net never has it (control: after "
        "100 epochs, whatever the training accuracy)",
        cases=cases({NETS[net]: runs}, away, "equal", _ALIKE),
        controls=cases({"epoch 100": runs}, away_at_the_end, "equal", _ALIKE),
    )


def _table_pairs(other: str, nets: dict[str, str], suffix: str = "") -> dict[str, tuple[str, ...]]:
    return {f"{name}{suffix}": _table_runs(net, other) for net, name in nets.items()}


_SIMILAR_PAIRS = {
    f"{NETS[net]} and {NETS[other]}": _table_runs(net, other)
    for net, other in (("dlgn", "relu"), ("dlgn-pwc", "relu"), ("dlgn-pwc", "dlgn"))
}


def _more_than_slightly(*results: Result) -> np.ndarray:
    """Return the gap of test accuracies beyond what the paper calls slight, points, (S,)."""
    return gap(*results) - _WIDE


def _nearly_as_well(*results: Result) -> np.ndarray:
    """Return a net's hard-gate accuracy minus another's own, plus what counts as similar, (S,)."""
    return hard_against_soft(*results) + _ALIKE


def _hard_gap(*results: Result) -> np.ndarray:
    return gap(*results, part="test_hard")


_RESNETS = {
    f"{network.replace('resnet', 'ResNet')}, {name}": (network, data)
    for network in ("resnet-34", "resnet-110")
    for data, name in SETS.items()
}

CLAIMS = (
    _row("table-1-relu", "relu"),
    _row("table-1-dlgn", "dlgn"),
    _row("table-1-pwc", "dlgn-pwc"),
    _row("table-1-dln", "linear"),
    Claim(
        id="table-1-similar",
        kind="reading",
        text="DLGN, DLGN-PWC and the ReLU net generalise alike.",
        where=_TABLE,
        paper="73.2 and 72.2 against 72.17",
        statistic="difference of test accuracies after 100 epochs, percentage points (controls: "
        "each net at its best epoch)",
        cases=cases(_SIMILAR_PAIRS, gap, "equal", _ALIKE),
        controls=cases(
            {f"{pair}, best epochs": runs for pair, runs in _SIMILAR_PAIRS.items()},
            best_gap,
            "equal",
            _ALIKE,
        ),
    ),
    Claim(
        id="table-1-linear",
        kind="reading",
        text="All three are far above the deep linear network.",
        where=_TABLE,
        paper="by a wide margin: 72.17 and more against 40.79",
        statistic="test accuracy after 100 epochs minus the deep linear net's, minus the 6 points "
        "that the paper still calls slight, percentage points",
        cases=cases(_table_pairs("linear", NONLINEAR_NETS), _more_than_slightly, "above"),
    ),
    Claim(
        id="table-1-hard-gates",
        kind="ours",
        text="If its gates harden in training, a DLGN of half-spaces does as well as a soft one.",
        where="ours: after Section 2, hard gates",
        statistic=f"test accuracy under hard gates minus the soft DLGN's own, plus {_ALIKE:.3g} "
        "percentage points (control: minus the soft DLGN's under hard gates)",
        cases=cases(
            {"β from 4 to 128": _table_runs("dlgn, hardening", "dlgn")}, _nearly_as_well, "above"
        ),
        controls=cases(
            {"both under hard gates": _table_runs("dlgn, hardening", "dlgn")}, _hard_gap, "above"
        ),
    ),
    _met(
        "table1-relu",
        "A ReLU net of five convolutions classifies CIFAR-10 this well.",
        "relu",
    ),
    _met("table1-dlgn", "The DLGN of the same shape does this well.", "dlgn"),
    _met("table1-pwc", "The DLGN with constant experts does this well.", "dlgn-pwc"),
    _met("table1-dln", "The deep linear network does only this well.", "linear"),
    Claim(
        id="table1-similar",
        kind="reading",
        text="DLGN and DLGN-PWC generalise like the ReLU net.",
        where=_TABLE,
        paper="73.2 and 72.2 against 72.17",
        statistic="test accuracy minus the ReLU net's, percentage points",
        cases=cases(_against("cifar", "relu", GATED_NETS), gap, "equal", _SIMILAR),
        figure=f"{_CHAPTER}test",
    ),
    Claim(
        id="table1-linear",
        kind="reading",
        text="The deep linear network stays far below all three.",
        where=_TABLE,
        paper="40.79 against 72.17 and more",
        statistic="test accuracy minus the deep linear net's, percentage points",
        cases=cases(_against("cifar", "linear", NONLINEAR_NETS), gap, "mean", _FAR),
        figure=f"{_CHAPTER}test",
    ),
    Claim(
        id="table1-ntk",
        kind="reading",
        text="They are far above a linear model on empirical-NTK features, too.",
        where=_TABLE,
        paper="by a wide margin",
        statistic="test accuracy minus the linear model's, percentage points "
        "(controls: features of the trained net)",
        cases=cases(_against("cifar", "ntk, initial", NONLINEAR_NETS), gap, "mean", _FAR),
        controls=cases(
            _against("cifar", "ntk, trained", NONLINEAR_NETS, _TRAINED), gap, "mean", _FAR
        ),
        figure=f"{_CHAPTER}test",
    ),
    _resnet_gap("resnet-34"),
    _resnet_gap("resnet-110"),
    Claim(
        id="resnets-beat-linear",
        kind="reading",
        text="Residual DLGNs are much better than linear models.",
        where=_APPENDIX,
        paper="much better",
        statistic="test accuracy minus a linear model's, percentage points "
        "(controls: the deep linear net of the same shape)",
        cases=cases(
            {
                name: (*_resnet_runs(network, data, "dlgn"), f"cifar-short: pixels: {data}")
                for name, (network, data) in _RESNETS.items()
            },
            above_mean,
            "mean",
            _FAR,
        ),
        controls=cases(
            {
                f"{name}, deep linear net": _resnet_runs(network, data, "dlgn", "linear")
                for name, (network, data) in _RESNETS.items()
            },
            gap,
            "mean",
            _FAR,
        ),
        figure=f"{_CHAPTER}appendix",
    ),
    Claim(
        id="dlgn-recovers",
        kind="reading",
        text="DLGNs recover more than 83.5 % of the performance of ReLU nets.",
        where="Introduction, after Lakshminarayanan and Singh (2021)",
        paper="83.5 %",
        statistic="the DLGN's test accuracy as a share of the ReLU net's, minus 83.5, percent",
        cases=cases({"Table 1": ("cifar: conv: relu", "cifar: conv: dlgn")}, _over_share, "mean", 0)
        + cases(
            {
                name: _resnet_runs(network, data, "relu", "dlgn")
                for name, (network, data) in _RESNETS.items()
            },
            _over_share,
            "mean",
            0,
        ),
        figure=f"{_CHAPTER}appendix",
    ),
    Claim(
        id="cifar-short-linear",
        kind="ours",
        text="The deep linear net falls behind all three within eight epochs of CIFAR-10.",
        where=_OURS,
        statistic="test accuracy minus the deep linear net's, percentage points",
        cases=cases(_against("cifar-short", "linear", NONLINEAR_NETS), gap, "mean", _SIMILAR),
        figure=f"{_CHAPTER}test",
    ),
    Claim(
        id="cifar-short-similar",
        kind="ours",
        text="DLGN and DLGN-PWC keep up with the ReLU net for eight epochs of CIFAR-10.",
        where=_OURS,
        statistic="test accuracy minus the ReLU net's, percentage points",
        cases=cases(_against("cifar-short", "relu", GATED_NETS), gap, "equal", _SIMILAR),
        figure=f"{_CHAPTER}test",
    ),
    Claim(
        id="cifar-short-recovers",
        kind="ours",
        text="After eight epochs a DLGN has more than 83.5 % of the ReLU net's accuracy.",
        where=_OURS,
        statistic="the DLGN's test accuracy as a share of the ReLU net's, minus 83.5, percent",
        cases=cases(_against("cifar-short", "dlgn", {"relu": "DLGN"}), _over_share, "mean", 0)
        + cases(_against("cifar-short", "dlgn-pwc", {"relu": "DLGN-PWC"}), _over_share, "mean", 0),
        figure=f"{_CHAPTER}test",
    ),
    Claim(
        id="cifar-short-ntk",
        kind="ours",
        text="Eight epochs take the three above a linear model on the empirical NTK's features at "
        "initialisation.",
        where=_OURS,
        statistic="test accuracy minus the linear model's, percentage points "
        "(controls: features of the net after the eight epochs)",
        cases=cases(_against("cifar-short", "ntk, initial", NONLINEAR_NETS), gap, "mean", _SIMILAR),
        controls=cases(
            _against("cifar-short", "ntk, trained", NONLINEAR_NETS, _TRAINED), gap, "mean", _SIMILAR
        ),
        figure=f"{_CHAPTER}test",
    ),
    Claim(
        id="cifar-short-hard-gates",
        kind="ours",
        text="After eight epochs with soft gates a DLGN classifies as well with hard ones.",
        where=_OURS,
        statistic="test accuracy, soft minus hard gates, percentage points",
        cases=cases(
            {name: f"cifar-short: conv: {net}" for net, name in GATED_NETS.items()},
            hard_cost,
            "equal",
            _SIMILAR,
        ),
        figure=f"{_CHAPTER}gates",
    ),
)


# --- Ours: the deep linear net's ceiling, and ResNet-20 ---

_AFTER_TABLE = "ours: after Section 3, Table 1"
_AFTER_APPENDIX = "ours: after appendix 2"
_CEILING = "dln ceiling: depth 5"
_TRAIN, _TEST = (share / 100 for share in PAPER_TABLE_1["linear"])
_OTHERS = [PAPER_TABLE_1[net] for net in ("relu", "dlgn", "dlgn-pwc")]
_OTHERS_TRAIN, _OTHERS_TEST = (min(shares) / 100 for shares in zip(*_OTHERS, strict=True))


def _right(part: str):
    return lambda ceiling: right(ceiling, part)


def _wrong(part: str):
    return lambda ceiling: ~right(ceiling, part)


def _pixels_over_ceiling(pixels: Result, ceiling: Result) -> np.ndarray:
    """Return how much more the linear models on pixels classify right, points, shape (S,)."""
    return percent(pixels) - 100 * right(ceiling).mean()


def _runs(*models: str) -> tuple[str, ...]:
    return tuple(f"resnet-20: {model}: {seed}" for model in models for seed in RESNET_20_SEEDS)


OWN_CLAIMS = (
    Claim(
        id="dln-ceiling",
        kind="ours",
        text="The best linear model on the sums that a deep linear net of Table 1's shape sees "
        "classifies more images than the paper's deep linear net.",
        where=_AFTER_TABLE,
        paper="42.3 train, 40.79 test",
        statistic="share of the test images that the linear model with the smallest cross-entropy "
        "classifies right, above the paper's share for its deep linear net; each image counts as "
        "a seed (control: training images)",
        cases=cases({"test images": _CEILING}, _right("test"), "share", _TEST),
        controls=cases({"training images": _CEILING}, _right("train"), "share", _TRAIN),
        figure=f"{_CHAPTER}ceiling",
    ),
    Claim(
        id="dln-ceiling-below-others",
        kind="ours",
        text="Even this model stays below the other three nets of Table 1, as the paper has them.",
        where=_AFTER_TABLE,
        paper="at least 84.9 train, 72.17 test",
        statistic="share of the test images that the linear model with the smallest cross-entropy "
        "classifies wrong, above the largest share of the paper's other nets; each image counts as "
        "a seed (control: training images)",
        cases=cases({"test images": _CEILING}, _wrong("test"), "share", 1 - _OTHERS_TEST),
        controls=cases({"training images": _CEILING}, _wrong("train"), "share", 1 - _OTHERS_TRAIN),
        figure=f"{_CHAPTER}ceiling",
    ),
    Claim(
        id="dln-ceiling-below-pixels",
        kind="ours",
        text="A linear model on single pixels classifies more: the mean over pixels costs a "
        "linear net accuracy.",
        where=_AFTER_TABLE,
        statistic="test accuracy of the linear model on pixels minus that of the linear model with "
        "the smallest cross-entropy on the sums, percentage points, seeds of the former",
        cases=cases(
            {"20 epochs on pixels": ("cifar-short: pixels: cifar10", _CEILING)},
            _pixels_over_ceiling,
            "above",
        ),
        figure=f"{_CHAPTER}ceiling",
        seen="the linear models on pixels",
    ),
    Claim(
        id="resnet-20-gap",
        kind="ours",
        text="A residual DLGN of 20 layers classifies fewer images than the ReLU net.",
        where=_AFTER_APPENDIX,
        paper="slightly worse: 5 points for ResNet-34 and ResNet-110 on CIFAR-10",
        statistic="test accuracy after 30 epochs, ReLU minus DLGN, percentage points",
        cases=cases({"ResNet-20, CIFAR-10": _runs("relu", "dlgn")}, gap, "above"),
        figure=f"{_CHAPTER}appendix",
    ),
    Claim(
        id="resnet-20-hard-gates",
        kind="ours",
        text="If its gates harden in training, a residual DLGN classifies more with hard gates.",
        where=_AFTER_APPENDIX,
        statistic="test accuracy under hard gates after 30 epochs, of the DLGN whose gates harden "
        "minus that of the DLGN whose gates stay soft, percentage points",
        cases=cases(
            {"ResNet-20, β from 4 to 128": _runs("dlgn, hardening", "dlgn")}, _hard_gap, "above"
        ),
        figure=f"{_CHAPTER}appendix",
    ),
)
"""Our claims on the ceiling of the deep linear net and on ResNet-20."""

CLAIMS += OWN_CLAIMS
