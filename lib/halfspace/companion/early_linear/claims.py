"""Claims on the early time of training (Hu, Xiao, Adlam, Pennington), and on DLGNs beside it.

Of the paper the abstract was read. What it states is ``related``; formulas for DLGNs, data, sizes
and the other claims are ours.
"""

from collections.abc import Callable
from functools import partial

import numpy as np

from halfspace.companion.circle.readings import path_gain
from halfspace.companion.claims import Case, Claim
from halfspace.companion.early_linear.conditions import SIZES
from halfspace.companion.early_linear.readings import (
    EARLY_EPOCH,
    constant_first,
    error_exponent,
    fits_more,
    gain_over_relu,
    gates_speed,
    kernel_over_rival,
    linear_at,
    loss_left,
    nearer_to_own,
    nonlinear_excess,
    part_falls,
    rival_factor,
    size_exponent,
)
from halfspace.companion.spec import Result
from halfspace.early_time import linear_model
from halfspace.gates import SoftGate

__all__ = ["CLAIMS", "GATES_FACTOR"]

_HU = "Related: Hu, Xiao, Adlam, Pennington 2020, abstract"
_OURS = "ours: after Hu et al. 2020"
_SEEN = (
    "A prototype's numbers on seeds 0 to 9 and 100 to 119 were known, and while the code was "
    "written those of one or two runs on seeds from 0; none of these runs' were."
)
_NETS = {"ReLU net": "relu", "DLGN": "pwl", "DLGN-PWC": "pwc"}
_DLGNS = {"DLGN": "pwl", "DLGN-PWC": "pwc"}

GATES_FACTOR = float(
    np.log(
        linear_model("pwc", 1, gate=SoftGate(4.0), trained=True).slope
        / linear_model("pwc", 1).slope
    )
)
"""ln of how much faster trained gates of sharpness 4 make what gates learn, in theory."""

_HALF_FACTOR = round(GATES_FACTOR / 2, 3)  # as the rule's text shows it

Value = Callable[..., np.ndarray]


def _one(name: str, runs: str | tuple[str, ...], value: Value, test="above", level=0.0, **options):
    needs = (runs,) if isinstance(runs, str) else runs
    return Case(name=name, needs=needs, value=value, test=test, level=level, **options)


def _factor(name: str, runs: str | tuple[str, ...], value: Value) -> Case:
    return _one(name, runs, value, factor=True)


def _nets(run: str, points: int = 1000) -> str:
    return f"early nets: {run}: {points} points"


def _data(data: str, net: str) -> str:
    return f"early data: {data}: {net}"


def _constant_later(result: Result) -> np.ndarray:
    return -constant_first(result)


def _less_half(value: Value) -> Value:
    return lambda result: value(result) - 0.5


def _follows(name: str, net: str) -> tuple[Case, ...]:
    return (
        _factor(f"{name}, rival", _nets(net), rival_factor),
        _one(f"{name}, sizes", tuple(_nets(net, points) for points, _ in SIZES), size_exponent),
    )


CLAIMS = (
    Claim(
        id="early-kernel",
        kind="related",
        text="In high dimension the first kernel of a net with one hidden layer is nearly affine "
        "in the inputs' products.",
        where=_HU,
        quote="Key to our analysis is to bound the spectral norm of the difference between the "
        "Neural Tangent Kernel (NTK) and an affine transform of the data kernel",
        statistic="exponent of 1/d with which the root mean square of NTK minus linear model "
        "falls, over pairs of different points in 16, 64 and 256 dimensions, minus 3/4; the model "
        "is needed if its error falls faster than its own linear part, as 1/√d, and 3/4 is halfway "
        "to our theory's 1/d. And ln of the error of a wrong model over the model's, d = 256: "
        "without the norm (ReLU net), with the ReLU net's norm (DLGN), without the constant "
        "(DLGN-PWC). Controls: DLGNs with hard gates",
        cases=(
            _one("ReLU net", "early nets: kernels", partial(error_exponent, net="relu")),
            _factor(
                "ReLU net, wrong model",
                "early nets: kernels",
                partial(kernel_over_rival, net="relu"),
            ),
        ),
        controls=tuple(
            _one(name, "early nets: kernels", partial(error_exponent, net=net))
            for name, net in _DLGNS.items()
        )
        + tuple(
            _factor(
                f"{name}, wrong model", "early nets: kernels", partial(kernel_over_rival, net=net)
            )
            for name, net in _DLGNS.items()
        ),
        figure="the-kernel-is-nearly-affine",
        seen=_SEEN,
    ),
    Claim(
        id="early-follows",
        kind="related",
        text="Early in training a net does what its linear model does.",
        where=_HU,
        quote="the early-time learning dynamics of a two-layer fully-connected neural network can "
        "be mimicked by training a simple linear model on the inputs",
        statistic="distance of net and linear model at test points over the linear model's norm, "
        "when rate times steps is 2d, normal inputs in 32 dimensions: ln of the distance to the "
        "wrong model of the claim early-kernel over it, 1000 points; and the exponent with which "
        "it falls as points and units grow together, 250 to 1000 points. Controls: DLGNs with "
        "trained gates",
        cases=_follows("ReLU net", "relu"),
        controls=_follows("DLGN", "pwl") + _follows("DLGN-PWC", "pwc"),
        figure="fig-early-distance",
        seen=_SEEN,
    ),
    Claim(
        id="early-constant",
        kind="ours",
        text="A ReLU net and DLGN-PWC learn a constant before the linear part; a DLGN learns it "
        "after.",
        where=_OURS,
        statistic="ln of half the target's linear part's half-time over the constant's, 1000 "
        "normal inputs in 32 dimensions; for the DLGN the constant's over the linear part's. "
        "Controls: hard, frozen gates",
        cases=(
            _factor("ReLU net", _nets("relu"), constant_first),
            _factor("DLGN-PWC", _nets("pwc"), constant_first),
            _factor("DLGN, constant later", _nets("pwl"), _constant_later),
        ),
        controls=(
            _factor("DLGN-PWC, hard gates", "early nets: pwc: hard gates", constant_first),
            _factor(
                "DLGN, hard gates, constant later", "early nets: pwl: hard gates", _constant_later
            ),
        ),
        figure="fig-early-half-times",
        seen=_SEEN,
    ),
    Claim(
        id="early-gates",
        kind="ours",
        text="Training the gates speeds up what the linear model says: a DLGN's constant and "
        "DLGN-PWC's linear part.",
        where=_OURS,
        statistic="ln of the half-time with hard, frozen gates over that with soft, trained ones "
        "(softness alone would make it slower), 1000 normal inputs in 32 dimensions. Control: the "
        "DLGN's linear part, of which the model says that it stays; the margin is half the factor "
        "that the model gives the other two",
        cases=(
            _factor(
                "DLGN, constant",
                ("early nets: pwl: hard gates", _nets("pwl")),
                partial(gates_speed, part=0),
            ),
            _factor(
                "DLGN-PWC, linear part",
                ("early nets: pwc: hard gates", _nets("pwc")),
                partial(gates_speed, part=1),
            ),
        ),
        controls=(
            _one(
                "DLGN, linear part: no change",
                ("early nets: pwl: hard gates", _nets("pwl")),
                partial(gates_speed, part=1),
                "equal",
                _HALF_FACTOR,
                factor=True,
            ),
        ),
        figure="fig-early-half-times",
        seen=_SEEN,
    ),
    Claim(
        id="early-dimension",
        kind="ours",
        text="It is the dimension that keeps the early function linear.",
        where=_OURS,
        statistic="share that is learned of the first nonlinear harmonic of the target (degree 2; "
        "3 for DLGN-PWC, which learns no even one) when half of the linear one is learned, on the "
        "sphere with the same sum of harmonics: in 2 dimensions minus in 64. Controls: in 8 minus "
        "in 64",
        cases=tuple(
            _one(name, (_data("sphere 2", net), _data("sphere 64", net)), part_falls)
            for name, net in _NETS.items()
        ),
        controls=tuple(
            _one(f"{name}, from 8", (_data("sphere 8", net), _data("sphere 64", net)), part_falls)
            for name, net in _NETS.items()
        ),
        figure="fig-early-dimension",
        seen=_SEEN,
    ),
    Claim(
        id="early-images",
        kind="ours",
        text="On images a net starts nearly linear; on the book's circle it does not, even while a "
        "linear model could still do as well.",
        where=_OURS,
        statistic="share of the net's variance at test points that no least-squares fit on 1, x "
        "and its norm explains: circle minus Fashion-MNIST, when 5 % of the training loss is gone, "
        "which the linear part of either target would allow. Controls: DLGN-PWC; and all nets at "
        "25 %, more than the circle's linear part allows",
        cases=tuple(
            _one(
                name,
                (_data("circle", net), _data("clothes", net)),
                partial(nonlinear_excess, progress=0.05),
            )
            for name, net in _NETS.items()
            if net != "pwc"
        ),
        controls=(
            _one(
                "DLGN-PWC",
                (_data("circle", "pwc"), _data("clothes", "pwc")),
                partial(nonlinear_excess, progress=0.05),
            ),
            *(
                _one(
                    f"{name}, 25 %",
                    (_data("circle", net), _data("clothes", net)),
                    partial(nonlinear_excess, progress=0.25),
                )
                for name, net in _NETS.items()
            ),
        ),
        figure="fig-early-shares",
        seen=_SEEN,
    ),
    Claim(
        id="early-leaves",
        kind="ours",
        text="Later a net fits more than its linear model, and stays nearer to descent with its "
        "own first kernel.",
        where=_OURS,
        statistic="Fashion-MNIST after 1000 steps: ln of the linear model's training loss over the "
        "net's; and ln of the net's distance to its linear model, at test points, over that to "
        "descent with the net's own NTK of the start. Controls: the circle",
        cases=tuple(
            _factor(f"{name}, {what}", _data("clothes", net), value)
            for name, net in _NETS.items()
            for what, value in {"fits more": fits_more, "own kernel": nearer_to_own}.items()
        ),
        controls=tuple(
            _factor(f"circle, {name}, {what}", _data("circle", net), value)
            for name, net in _NETS.items()
            for what, value in {"fits more": fits_more, "own kernel": nearer_to_own}.items()
        ),
        figure="fig-early-later",
        seen=_SEEN,
    ),
    Claim(
        id="early-paths",
        kind="ours",
        text="In the book's recipe a DLGN's paths move to the low-frequency half while its "
        "function is still mostly linear and most of the loss is left.",
        where="ours: Hu et al. 2020 beside Section 4 of the paper",
        statistic=f"at epoch {EARLY_EPOCH}: allocation (ln ratio of active paths, low over high "
        "half, minus its start); linear share of the function's variance minus one half, which is "
        "most; share of the loss that is left, minus one half. Control: the DLGN's allocation "
        "minus the ReLU net's at the first epoch with a loss as low",
        cases=(
            _factor(
                "DLGN-PWC, allocation",
                "early data: recipe: dlgn",
                partial(path_gain, epoch=EARLY_EPOCH),
            ),
            _one("DLGN-PWC, linear share", "early data: recipe: dlgn", _less_half(linear_at)),
            _one("DLGN-PWC, loss left", "early data: recipe: dlgn", _less_half(loss_left)),
        ),
        controls=(
            _factor(
                "over ReLU net",
                ("early data: recipe: dlgn", "early data: recipe: relu"),
                gain_over_relu,
            ),
        ),
        figure="fig-early-paths",
        seen=_SEEN,
    ),
)
