"""Claims on globally gated nets (Li and Sompolinsky) and coding schemes (van Meegen, Sompolinsky).

Of the papers only the abstracts were read. What they state is ``related``; formulas, settings and
the other claims are ours.
"""

from functools import partial

import numpy as np

from halfspace.companion.claims import Case, Claim, all_nets
from halfspace.companion.globally_gated.capacity import GATE_KINDS
from halfspace.companion.globally_gated.readings import (
    bias_gain,
    carrier_exponent,
    cluster_gain,
    coupling,
    error_exponent,
    error_over_relu,
    has_its_rank,
    identical,
    kernel_exponent,
    nearer,
    nearer_error,
    nearer_relu,
    ntk_excess,
    ntk_exponent,
    peak_gain,
    peaks,
    stores_its_numbers,
    transfer_gain,
    variance_nearer,
)
from halfspace.companion.spec import Result
from halfspace.companion.theory.readings import agrees

__all__ = ["CLAIMS"]

_LI = "Related: Li and Sompolinsky 2022, abstract"
_OURS = "ours: after Li and Sompolinsky 2022"
_SEEN = (
    "A prototype's numbers on seeds 0 to 4 (and 100 to 109 for the transfer between tasks) were "
    "known; none of these runs' were."
)
_WIDER = (
    "Results of this experiment at the smaller sizes, of the claim {}, and a prototype's numbers "
    "were known; none of these runs' were."
)
_DEPTHS = {1: "one layer", 2: "two layers"}


def _run(name: str) -> str:
    return f"globally gated: {name}"


def _one(name: str, run: str | tuple[str, ...], value, test="above", level=0.0, **options) -> Case:
    needs = (run,) if isinstance(run, str) else run
    return Case(name=name, needs=needs, value=value, test=test, level=level, **options)


def _factor(name: str, run: str | tuple[str, ...], value) -> Case:
    return _one(name, run, value, factor=True)


def _less(value, *arguments):
    """Return a statistic with its sign turned."""
    return lambda result: -value(result, *arguments)


def _signed_coupling(result: Result) -> np.ndarray:
    return np.sign(result.spec.similarity) * coupling(result, 10)


_TRAINED = (
    ("ρ = 0.95", 100, _run("trained: 100 units")),
    *(("ρ = -0.95", n, _run("trained: opposite")) for n in (10, 30, 100)),
)
"""Of the wider trained nets: similarity of the tasks, width, run."""


def _below_half(half: int):
    return lambda result: 0.5 - carrier_exponent(result, half)


def _above_half(result: Result) -> np.ndarray:
    return carrier_exponent(result) - 0.5


CLAIMS = (
    Claim(
        id="gated-tied-dlgn",
        kind="proved",
        text="A globally gated net is a DLGN with frozen gates, whose units share gates and "
        "weights.",
        where=_OURS,
        statistic="share of random nets whose output and that of the DLGN with repeated weights "
        "differ by less than 1e-10 of the largest",
        cases=tuple(
            case
            for depth, name in _DEPTHS.items()
            for case in all_nets({name: _run(f"tied: {name}")}, partial(agrees, gap="output_gap"))
        ),
        figure="the-book-s-net-with-shared-gates",
        seen=_SEEN,
    ),
    Claim(
        id="gated-limit-kernel",
        kind="proved",
        text="At infinite width its kernel counts shared paths: inner product times overlap "
        "kernel of the gates.",
        where=_OURS,
        statistic="share of random sets of gates for which the kernel at infinite width and the "
        "neural path kernel over d times M^L differ by less than 1e-10 of the largest entry",
        cases=tuple(
            case
            for depth, name in _DEPTHS.items()
            for case in all_nets({name: _run(f"tied: {name}")}, partial(agrees, gap="kernel_gap"))
        ),
        figure="the-book-s-net-with-shared-gates",
        seen=_SEEN,
    ),
    Claim(
        id="gated-ntk-mean",
        kind="proved",
        text="The mean NTK of random globally gated nets is L + 1 times that kernel, at every "
        "width.",
        where=_OURS,
        statistic="mean NTK along L + 1 times the kernel at infinite width, relative to it, minus "
        "1; the margin is that of the claim ntk-mean",
        cases=tuple(
            _one(
                f"{name}, N = {n}",
                _run(f"ntk: {name}"),
                partial(ntk_excess, width=n),
                "equal",
                0.05,
            )
            for depth, name in _DEPTHS.items()
            for n in (4, 64)
        ),
        figure="the-book-s-net-with-shared-gates",
        seen=_SEEN,
    ),
    Claim(
        id="gated-ntk-spread",
        kind="proved",
        text="A globally gated net's NTK scatters about its mean like one over the root of the "
        "width.",
        where=_OURS,
        statistic="exponent of the relative spread against N = 4, 16, 64, plus one half; the "
        "margin is that of the claim ntk-spread",
        cases=tuple(
            _one(name, _run(f"ntk: {name}"), ntk_exponent, "equal", 0.1)
            for depth, name in _DEPTHS.items()
        ),
        figure="the-book-s-net-with-shared-gates",
        seen=_SEEN,
    ),
    Claim(
        id="renormalised-kernel",
        kind="related",
        text="At finite width the predictor is nearer to a Gaussian process whose kernel has "
        "another shape than to the infinitely wide net.",
        where=_LI,
        quote="We find that the statistics of the network predictor can be expressed in terms of "
        "kernels that undergo shape renormalization through a data-dependent order-parameter "
        "matrix compared to the infinite-width Gaussian Process (GP) kernels.",
        statistic="ln of the distance to the exact posterior (importance sampling, one hidden "
        "layer, T = 0.01), infinite width over renormalised kernel; distance of the predictor's "
        "mean at test points, piecewise data (controls: data of two tasks; distance of the mean "
        "variance)",
        cases=tuple(
            _factor(f"N = {n}", _run("width: piecewise"), partial(nearer, width=n, what="mean_"))
            for n in (10, 40, 160)
        ),
        controls=tuple(
            _factor(
                f"two tasks, N = {n}",
                _run("width: transfer"),
                partial(nearer, width=n, what="mean_"),
            )
            for n in (10, 40, 160)
        )
        + tuple(
            _factor(
                f"variance, {name}, N = 10",
                _run(f"width: {data}"),
                partial(variance_nearer, width=10),
            )
            for name, data in {"piecewise": "piecewise", "two tasks": "transfer"}.items()
        ),
        figure="fig-gated-width",
        seen=_SEEN,
    ),
    Claim(
        id="renormalised-order",
        kind="ours",
        text="The saddle's order parameter tends to the exact posterior's mean as the width grows.",
        where=_OURS,
        statistic="minus the exponent of the order parameter's relative error against N = 10 to "
        "320 at 60 (piecewise) or 72 points (two tasks)",
        cases=(
            _one("piecewise", _run("width: piecewise"), _less(error_exponent)),
            _one("two tasks", _run("width: transfer"), _less(error_exponent)),
        ),
        figure="fig-gated-width",
        seen=_SEEN,
    ),
    Claim(
        id="renormalised-sampled-nets",
        kind="ours",
        text="Networks sampled from the posterior are nearer to the renormalised kernel than to "
        "infinite width, with one hidden layer and with two.",
        where=_OURS,
        statistic="ln of the distance of the predictor's mean to that of sampled networks (blocked "
        "Gibbs, T = 0.1), infinite width over renormalised kernel",
        cases=tuple(
            _factor(
                f"{_DEPTHS[depth]}, N = {n}",
                _run(f"sampled: {_DEPTHS[depth]}"),
                partial(nearer, width=n),
            )
            for depth, n in ((1, 10), (1, 30), (2, 10), (2, 20), (2, 40))
        ),
        figure="fig-gated-sampled",
        seen=_SEEN,
    ),
    Claim(
        id="renormalised-sampled-wider",
        kind="ours",
        text="With 80 units in each of two hidden layers, sampled networks are still nearer to the "
        "renormalised kernel than to infinite width.",
        where=_OURS,
        statistic="ln of the distance of the predictor's mean to that of sampled networks (blocked "
        "Gibbs, T = 0.1), infinite width over renormalised kernel",
        cases=(
            _factor(
                "two layers, N = 80",
                _run("sampled: two layers, 80 units"),
                partial(nearer, width=80),
            ),
        ),
        figure="fig-gated-sampled",
        seen=_WIDER.format("renormalised-sampled-nets"),
    ),
    Claim(
        id="one-gate-no-width",
        kind="proved",
        text="Under one gate that is always on, a deep linear net, the mean predictor is the same "
        "at every width and scale of weights.",
        where=_OURS,
        statistic="share of problems (T = 0) whose means at the test points differ from that at "
        "infinite width by less than 1e-10, for N = 10, 100 and s = 0.3, 1, 4",
        cases=all_nets({"one gate": _run("scale: one gate")}, identical),
        figure="fig-gated-bias",
        seen=_SEEN,
    ),
    Claim(
        id="width-and-scale",
        kind="related",
        text="With several gates the width changes the mean predictor's error, and the scale of "
        "the weights decides which way.",
        where=_LI,
        quote="We show that kernel shape renormalization gives rise to rich generalization "
        "properties w.r.t. network width, depth, and L2 regularization amplitude.",
        statistic="ln of the test error of the predictor's mean (T = 1e-8, four gates), infinite "
        "width over width N; its negative where the case says: worse",
        cases=(
            _factor(
                "s = 1, N = 10: better",
                _run("scale: four gates"),
                partial(bias_gain, std=1, width=10),
            ),
            _factor(
                "s = 2, N = 20: better",
                _run("scale: four gates"),
                partial(bias_gain, std=2, width=20),
            ),
            _factor("s = 0.3, N = 10: worse", _run("scale: four gates"), _less(bias_gain, 0.3, 10)),
        ),
        controls=(
            _factor(
                "s = 1, N = 100: better",
                _run("scale: four gates"),
                partial(bias_gain, std=1, width=100),
            ),
            _factor(
                "s = 0.3, N = 100: worse", _run("scale: four gates"), _less(bias_gain, 0.3, 100)
            ),
        ),
        figure="fig-gated-bias",
        seen=_SEEN,
    ),
    Claim(
        id="width-carries-knowledge",
        kind="ours",
        text="At finite width a task with many examples helps a related task with few, more than "
        "at infinite width or with hidden units for each gate.",
        where=_OURS,
        statistic="ln of the second task's test error, infinite width over exact posterior, at "
        "N = 10 and cosine ρ between the tasks (controls: over untied hidden units instead; "
        "N = 100; unrelated tasks, where sharing must not help: its negative)",
        cases=tuple(
            _factor(
                f"ρ = {rho:g}", _run(f"transfer: ρ = {rho:g}"), partial(transfer_gain, width=10)
            )
            for rho in (-0.95, -0.5, 0.5, 0.95)
        ),
        controls=(
            *(
                _factor(
                    f"ρ = {rho:g}, over untied",
                    _run(f"transfer: ρ = {rho:g}"),
                    partial(transfer_gain, width=10, over="untied"),
                )
                for rho in (-0.95, 0.95)
            ),
            _factor(
                "ρ = 0.95, N = 100", _run("transfer: ρ = 0.95"), partial(transfer_gain, width=100)
            ),
            _factor("ρ = 0: worse", _run("transfer: ρ = 0"), _less(transfer_gain, 10)),
        ),
        figure="fig-gated-transfer",
        seen=_SEEN,
    ),
    Claim(
        id="gates-couple",
        kind="ours",
        text="The order parameter couples the gates of two tasks with the sign of their "
        "similarity.",
        where=_OURS,
        statistic="sign of ρ times U_12 over the root of U_11 U_22 in the exact posterior, N = 10",
        cases=tuple(
            _one(f"ρ = {rho:g}", _run(f"transfer: ρ = {rho:g}"), _signed_coupling)
            for rho in (-0.95, -0.5, 0.5, 0.95)
        ),
        figure="fig-gated-transfer",
        seen=_SEEN,
    ),
    Claim(
        id="gated-double-descent",
        kind="ours",
        text="With 100 points in 20 dimensions the test error peaks at five gates, where gates "
        "times inputs are as many as points.",
        where=_OURS,
        statistic="share of problems (100 points in 20 dimensions, T = 1e-6) whose test error is "
        "largest at M = 5 of 1 to 30 gates (controls: noise removes the divergence: ln of the "
        "error at M = 5, T = 1e-6 over T = 0.01)",
        cases=tuple(
            _one(name, _run("descent: T = 1e-06"), partial(peaks, row=row), "share", 0.5)
            for row, name in enumerate(("infinite width", "N = 30", "N = 100"))
        ),
        controls=tuple(
            _factor(
                f"lower at T = 0.01, {name}",
                (_run("descent: T = 1e-06"), _run("descent: T = 0.01")),
                partial(peak_gain, row=row),
            )
            for row, name in enumerate(("infinite width", "N = 30", "N = 100"))
        ),
        figure="fig-gated-descent",
        seen=_SEEN,
    ),
    Claim(
        id="gated-capacity",
        kind="ours",
        text="A net with one hidden layer stores as many random labels as it has free numbers, and "
        "more units than gates do not help.",
        where=_OURS,
        statistic="share of problems (six normal gates, 12 inputs) for which n(M + d - n) points, "
        "n = min(N, M, d), are fitted to a mean squared error below 1e-6 and two more are not",
        cases=tuple(
            _one(
                f"N = {n}",
                "many gates: storage",
                partial(stores_its_numbers, width=n),
                "share",
                0.5,
            )
            for n in (1, 2, 3, 4, 6)
        ),
        controls=(
            _one(
                "N = 8", "many gates: storage", partial(stores_its_numbers, width=8), "share", 0.5
            ),
        ),
        figure="fig-gated-storage",
        seen=_SEEN,
    ),
    Claim(
        id="gated-ranks",
        kind="proved",
        text="At infinite width a net has as many independent features as inputs times independent "
        "products of gates.",
        where=_OURS,
        statistic="share of seeds (10 inputs, 1, 2, 3, 4 and 6 gates, depths L = 1, 2, 3) in which "
        "the rank of the features φ(x) ⊗ x at 1,000 points is always 10 times: binom(M + L - 1, L) "
        "for normal gates; the sum of binom(M, k) over k = 1 to L for gates of 0 or 1, fair coins; "
        "the sum of binom(M - 1, k) over k = 0 to L with one of them always open",
        cases=tuple(
            case
            for kind in GATE_KINDS
            for case in all_nets({kind: "many gates: ranks"}, partial(has_its_rank, kind=kind))
        ),
        figure="what-a-net-can-store",
        seen="A prototype's ranks on seeds 0 to 2 were known; none of this run's were.",
    ),
    Claim(
        id="gated-like-relu",
        kind="related",
        text="With many gates the infinitely wide net behaves like a ReLU net.",
        where=_LI,
        quote="Interestingly, networks with a large number of gating units behave similarly to "
        "standard ReLU architectures.",
        statistic="at infinite width, pullovers against coats: ln of the squared distance to the "
        "predictor of the ReLU net's Gaussian process, 10 gates over 1,000; test error of 1,000 "
        "gates minus that of the ReLU net's Gaussian process or tangent kernel, over the mean of "
        "the linear kernel's minus the latter: within half of what separates linear and ReLU "
        "(controls: exponent of the kernel's distance to its limit against 10 to 3,000 gates, "
        "plus one half; the margin is that of the claim ntk-spread)",
        cases=(
            _factor("nearer with more gates", "many gates: clothes", nearer_relu),
            *(
                _one(
                    f"error like {name}",
                    "many gates: clothes",
                    partial(error_over_relu, rival=rival),
                    "equal",
                    0.5,
                )
                for name, rival in {
                    "Gaussian process": "relu",
                    "tangent kernel": "relu_ntk",
                }.items()
            ),
        ),
        controls=(_one("kernel's exponent", "many gates: clothes", kernel_exponent, "equal", 0.1),),
        figure="fig-gated-many",
        seen=_SEEN,
    ),
    Claim(
        id="gated-clusters",
        kind="related",
        text="Gates that are learned without labels help.",
        where=_LI,
        quote="Although gating units in the model do not participate in supervised learning, we "
        "show the utility of unsupervised learning of the gating parameters.",
        statistic="test error at infinite width (pullovers against coats): random gates minus "
        "gates from k-means centres of 2,000 unlabelled images, percentage points",
        cases=tuple(
            _one(f"{count} gates", "many gates: clothes", partial(cluster_gain, count=count))
            for count in (3, 10, 30)
        ),
        figure="fig-gated-many",
        seen=_SEEN,
    ),
    Claim(
        id="gated-gradient-descent",
        kind="related",
        text="The theory captures nets that are trained by gradient descent, better than infinite "
        "width does.",
        where=_LI,
        quote="Our theory accurately captures the behavior of finite width GGDLNs trained with "
        "gradient descent (GD) dynamics.",
        statistic="ln of the distance to the mean of 40 nets trained by plain descent (two tasks, "
        "ρ = 0.95; neither weight decay nor noise, since the paper's protocol could not be read), "
        "infinite width over renormalised kernel: of the mean at test points (controls: of its "
        "test error)",
        cases=tuple(
            _factor(f"N = {n}", _run("trained"), partial(nearer, width=n)) for n in (10, 30)
        ),
        controls=tuple(
            _factor(f"test error, N = {n}", _run("trained"), partial(nearer_error, width=n))
            for n in (10, 30)
        ),
        figure="fig-gated-trained",
        seen=_SEEN,
    ),
    Claim(
        id="gated-gradient-descent-wider",
        kind="related",
        text="The theory captures nets that are trained by gradient descent better than infinite "
        "width does, wider ones and on opposite tasks, too.",
        where=_LI,
        quote="Our theory accurately captures the behavior of finite width GGDLNs trained with "
        "gradient descent (GD) dynamics.",
        statistic="ln of the distance to the mean of 40 nets trained by plain descent (two tasks, "
        "neither weight decay nor noise, since the paper's protocol could not be read), infinite "
        "width over renormalised kernel: of the mean at test points (controls: of its test error)",
        cases=tuple(
            _factor(f"{name}, N = {n}", run, partial(nearer, width=n)) for name, n, run in _TRAINED
        ),
        controls=tuple(
            _factor(f"test error, {name}, N = {n}", run, partial(nearer_error, width=n))
            for name, n, run in _TRAINED
        ),
        figure="fig-gated-trained",
        seen=_WIDER.format("gated-gradient-descent"),
    ),
    Claim(
        id="coding-carriers",
        kind="related",
        text="With the readout scaled by 1/N, a few ReLU units carry the classes however many "
        "there are; linear and erf units share them.",
        where="Related: van Meegen and Sompolinsky 2025, abstract",
        quote="In linear networks, an analog coding scheme of the task emerges; in nonlinear "
        "networks, strong spontaneous symmetry breaking leads to either redundant or sparse coding "
        "schemes.",
        statistic="exponent of the number of carriers, (Σ c)² / Σ c², against N = 50 to 200 in the "
        "second half of the chain; the yardstick is 0.5, midway between a number that stays and "
        "one that grows like N: 0.5 minus the exponent where carriers should stay, the exponent "
        "minus 0.5 where they should grow (controls: first half of the chain; chain from a sparse "
        "state; readout scaled by 1/√N, where they should grow)",
        cases=(
            _one("ReLU: stay", "coding: relu", _below_half(1)),
            _one("linear: grow", "coding: linear", _above_half),
            _one("erf: grow", "coding: erf", _above_half),
        ),
        controls=(
            _one("ReLU, first half: stay", "coding: relu", _below_half(0)),
            _one("ReLU, from a sparse state: stay", "coding: relu: sparse start", _below_half(1)),
            _one("ReLU, 1/√N: grow", "coding: relu: lazy", _above_half),
        ),
        figure="fig-coding-carriers",
        seen=_SEEN,
    ),
    Claim(
        id="coding-carriers-wider",
        kind="related",
        text="From 50 to 400 units, too, a few ReLU units carry the classes if the readout is "
        "scaled by 1/N, and linear and erf units share them; by 1/√N all share them.",
        where="Related: van Meegen and Sompolinsky 2025, abstract",
        quote="In linear networks, an analog coding scheme of the task emerges; in nonlinear "
        "networks, strong spontaneous symmetry breaking leads to either redundant or sparse coding "
        "schemes.",
        statistic="exponent of the number of carriers, (Σ c)² / Σ c², against N = 50 to 400 in the "
        "second half of the chain; the yardstick is 0.5, midway between a number that stays and "
        "one that grows like N: 0.5 minus the exponent where carriers should stay, the exponent "
        "minus 0.5 where they should grow (controls: first half of the chain; readout scaled by "
        "1/√N, where they should grow)",
        cases=(
            _one("ReLU: stay", "coding: wider: relu", _below_half(1)),
            _one("linear: grow", "coding: wider: linear", _above_half),
            _one("erf: grow", "coding: wider: erf", _above_half),
        ),
        controls=(
            _one("ReLU, first half: stay", "coding: wider: relu", _below_half(0)),
            _one("ReLU, 1/√N: grow", "coding: wider: relu, lazy", _above_half),
            _one("linear, 1/√N: grow", "coding: wider: linear, lazy", _above_half),
            _one("erf, 1/√N: grow", "coding: wider: erf, lazy", _above_half),
        ),
        figure="fig-coding-carriers",
        seen=_WIDER.format("coding-carriers"),
    ),
)
