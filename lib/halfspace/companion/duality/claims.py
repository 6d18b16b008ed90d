"""Claims of the dual view: what fixed gates make of a net, and how much the gates hold.

Of the papers only the abstracts were read; what they state is ``related`` or, where it is a theorem
that we derived anew, ``proved``. Settings and formulas are ours.
"""

from functools import partial

from halfspace.companion.claims import EXACT, Case, Claim, all_nets, cases
from halfspace.companion.duality.readings import (
    accuracy,
    blocks_drop,
    descent_exponent,
    descent_gain,
    drop_excess,
    gate_share,
    kept,
    kernel_gain,
    lead,
    lost_by_shifts,
    misses,
    other_over_learnt,
    part_of_gates,
    relative_loss,
    spread_excess,
    spread_exponent,
    wider_loss,
)
from halfspace.companion.spec import Result
from halfspace.companion.theory.readings import agrees

__all__ = ["CLAIMS"]

_2020 = "Related: Lakshminarayanan and Singh 2020, abstract"
_2021 = "Related: Lakshminarayanan and Singh 2021, abstract"
_2022 = "Related: Lakshminarayanan, Singh and Rajkumar 2022, abstract"
_AFTER_2020 = "ours: after Lakshminarayanan and Singh 2020"
_AFTER_2021 = "ours: after Lakshminarayanan and Singh 2021"
_SEEN = (
    "A prototype's numbers on other seeds were known, and trial runs on seeds 0 and 1 with a few "
    "epochs; none of these runs' were."
)
_SEEN_CONV = (
    "A prototype's numbers on one other seed and 2,000 test images were known: linear model 0.366, "
    "deep linear net 0.316, ReLU net 0.412, DGN 0.452, DLGN 0.419 (constant input 0.459, reversed "
    "0.422), random gates 0.416, learnt gates 0.421 (constant 0.422, reversed 0.432), other "
    "image's gates 0.106; and a trial of four epochs on seed 0. The linear model was expected to "
    "keep more than 83.5 %."
)
_DATA = {"Fashion-MNIST": "clothes", "tree": "tree"}


def _misses(needs: dict[str, str], gap: str) -> tuple[Case, ...]:
    return cases(needs, partial(misses, gap=gap), "share", 0.5)


def _exact(needs: dict[str, str], gap: str = "gap") -> tuple[Case, ...]:
    return all_nets(needs, partial(agrees, gap=gap))


def _ladder(label: str, value, level: float = 0.0, test: str = "above") -> tuple[Case, ...]:
    named = {f"{data}{label}": f"dual ladder: {run}" for data, run in _DATA.items()}
    return cases(named, value, test, level)


def _other_loss(result: Result):
    return 100 * (accuracy(result, "learnt gates") - accuracy(result, "other gates"))


def _photographs(name: str, value, level: float = 0.0, test: str = "above") -> tuple[Case, ...]:
    return cases({name: "dual conv ladder: photographs"}, value, test, level)


_DENSE = {
    f"{n} layer{'s' * (n > 1)}": f"duality: dense: {n} layer{'s' * (n > 1)}" for n in (1, 2, 3)
}
_POOLED = {
    "ring, pooled": "duality: ring, pooled",
    "ring, pooled, 2 convolutions": "duality: ring, pooled, 2 convolutions",
    "torus, pooled": "duality: torus, pooled",
}
_FLAT = {
    "ring, not pooled": "duality: ring, not pooled",
    "ring, not pooled, 2 convolutions": "duality: ring, not pooled, 2 convolutions",
}
_SKIPS = {"gates inside": "duality: skips", "gated sums": "duality: skips, gated sums"}
_BUNDLES = {"ring": "duality: bundles: ring", "torus": "duality: bundles: torus"}

CLAIMS = (
    Claim(
        id="dual-dense-mean",
        kind="proved",
        text="With fixed gates, a dense net's mean NTK is its path kernel, up to a factor from the "
        "weights' variances, at every width.",
        where=_AFTER_2020,
        statistic="share of small nets whose mean NTK over all signs of the weights and the "
        "formula differ by less than 1e-10 of the largest entry (controls: that it differs by "
        "more with the gates of another input, and with one mean variance for all layers)",
        cases=_exact(_DENSE),
        controls=_misses(
            {f"not another input's gates, {k}": v for k, v in _DENSE.items()}, "other_gates"
        )
        + _misses(
            {f"not one variance, {k}": v for k, v in _DENSE.items() if k != "1 layer"},
            "one_variance",
        ),
        figure="fixed-gates-make-a-kernel",
        seen=_SEEN,
    ),
    Claim(
        id="dual-conv-mean",
        kind="proved",
        text="With convolutions, the path kernel adds up paths with the same weights first; a mean "
        "over pixels makes it pair every path with all its shifts.",
        where=_AFTER_2021,
        statistic="share of small nets whose mean NTK over all signs of the weights and the "
        "formula differ by less than 1e-10 of the largest entry (controls: that a formula with "
        "equal paths only, or with all shifts where nothing is pooled, differs by more; that the "
        "recursion agrees with a list of all paths, and the pooled kernel with a sum over shifts)",
        cases=_exact(_POOLED | _FLAT),
        controls=_misses({f"not unshifted, {k}": v for k, v in _POOLED.items()}, "unshifted")
        + _misses({f"not shifted, {k}": v for k, v in _FLAT.items()}, "unshifted")
        + tuple(
            case
            for gap in ("pooled", "flat", "zeros", "shifts")
            for case in _exact({f"{gap}, {k}": v for k, v in _BUNDLES.items()}, gap)
        ),
        figure="pooling-every-shift-counts",
        seen=_SEEN,
    ),
    Claim(
        id="dual-conv-spread",
        kind="proved",
        text="A pooled convolutional net's NTK has this mean at every number of filters, and "
        "scatters about it like one over the root of that number.",
        where=_AFTER_2021,
        statistic="mean NTK along its expectation, relative to it, minus 1, at F filters (margin "
        "of the claim ntk-mean); exponent of the relative spread against F = 4 to 64, plus one "
        "half (margin of the claim ntk-spread)",
        cases=(
            *(
                Case(
                    name=f"mean, F = {count}",
                    needs=("duality: spread",),
                    value=partial(spread_excess, filters=count),
                    test="equal",
                    level=0.05,
                )
                for count in (4, 16, 64)
            ),
            *cases({"spread": "duality: spread"}, spread_exponent, "equal", 0.1),
        ),
        figure="pooling-every-shift-counts",
        seen=_SEEN,
    ),
    Claim(
        id="dual-shift-invariant",
        kind="proved",
        text="Behind circular convolutions and a mean over pixels, the path kernel does not change "
        "when an image is shifted; without either it does.",
        where=_AFTER_2021,
        statistic="share of random nets whose path kernel of clothes (7 × 7 pixels) changes by "
        "less than 1e-10 of the largest entry under four shifts (controls: that it changes by "
        "more with a border of zeros, without the mean, in a dense net, with gates that stay, and "
        "when images are turned by 90° instead)",
        cases=_exact({"DLGN gates": "dual kernels: shifts"}, "dlgn")
        + _exact({"ReLU gates": "dual kernels: shifts"}, "dgn"),
        controls=tuple(
            case
            for name, gap in {
                "border of zeros": "zeros",
                "not pooled": "flat",
                "dense net": "dense",
                "gates that stay": "still",
                "turned by 90°": "turned",
            }.items()
            for case in _misses({f"changes: {name}": "dual kernels: shifts"}, gap)
        ),
        figure="fig-dual-slide",
        seen=_SEEN,
    ),
    Claim(
        id="dual-shifted-images",
        kind="ours",
        text="Kernel regression with the pooled kernel knows a shifted image as well as the image; "
        "with other kernels it does not.",
        where=_AFTER_2021,
        statistic="test accuracy in place minus that on randomly shifted images, in percentage "
        "points, 200 training images of clothes: pooled, within ±1e-10, that is no image; without "
        "the mean and with a dense kernel, above 0",
        cases=cases(
            {"pooled: nothing lost": "dual kernels: regression"},
            partial(lost_by_shifts, kernel="pooled"),
            "equal",
            EXACT,
        )
        + tuple(
            case
            for name, kernel in {"not pooled": "flat", "dense": "dense"}.items()
            for case in cases(
                {f"{name}: lost": "dual kernels: regression"},
                partial(lost_by_shifts, kernel=kernel),
                "above",
            )
        ),
        figure="fig-dual-shifted",
        seen=_SEEN,
    ),
    Claim(
        id="dual-skip-ensemble",
        kind="proved",
        text="With skips, the mean NTK is a sum over all sub-networks that pass through some of "
        "the blocks, without cross terms; with gates inside the blocks it is a product over "
        "them.",
        where=_AFTER_2021,
        statistic="share of small residual nets whose mean NTK over all signs of the weights "
        "differs from the product form (gates inside blocks) or recursion (gated sums), and from "
        "the sum over listed sub-networks, by less than 1e-10 of the largest entry (controls: that "
        "the deepest or the shallowest sub-network alone, scaled to the same trace, differs by "
        "more)",
        cases=_exact(_SKIPS) + _exact({f"sum, {k}": v for k, v in _SKIPS.items()}, "ensemble"),
        controls=_misses({"not the deepest alone": _SKIPS["gates inside"]}, "deepest")
        + _misses({"not the shallowest alone": _SKIPS["gates inside"]}, "shallowest"),
        figure="skips-an-ensemble",
        seen=_SEEN,
    ),
    Claim(
        id="dual-shallow-for-unlike",
        kind="ours",
        text="Unlike inputs are compared by shallower sub-networks than like ones, above all with "
        "gates of half-spaces.",
        where=_AFTER_2021,
        statistic="mean number of blocks (of ten) of a sub-network, weighed by its share of the "
        "mean NTK: equal inputs minus orthogonal ones, gates of a random linear network; and that "
        "drop minus the one with gates of a random ReLU net (control: the drop with a ReLU net's "
        "gates)",
        cases=cases(
            {"DLGN gates": "dual kernels: blocks"}, partial(blocks_drop, gates="dlgn"), "above"
        )
        + cases({"more than ReLU gates": "dual kernels: blocks"}, drop_excess, "above"),
        controls=cases(
            {"ReLU gates": "dual kernels: blocks"}, partial(blocks_drop, gates="dgn"), "above"
        ),
        figure="fig-dual-blocks",
        seen=_SEEN,
    ),
    Claim(
        id="dual-training-follows",
        kind="related",
        text="With fixed gates, training follows gradient descent on the path kernel, the closer "
        "the wider the net.",
        where=_2021,
        quote="learning the weights given the gates is characterised analytically via the so "
        "called neural path kernel (NPK) which depends on inputs and gates",
        statistic="distance of a trained net (three layers, 300 steps on the circle) to descent on "
        "its mean NTK at 200 other angles: ln of the distance to descent with inner products alone "
        "over it, at m units; and minus its exponent against m = 16 to 256",
        cases=(
            *(
                Case(
                    name=f"nearer than inner products, m = {width}",
                    needs=("dual kernels: descent",),
                    value=partial(descent_gain, width=width),
                    test="above",
                    factor=True,
                )
                for width in (16, 64, 256)
            ),
            *cases(
                {"nearer with width": "dual kernels: descent"},
                lambda result: -descent_exponent(result),
                "above",
            ),
        ),
        figure="fig-dual-descent",
        seen=_SEEN,
    ),
    Claim(
        id="dual-gates-hold",
        kind="related",
        text="Most of what training adds to a ReLU net's accuracy is in its gates.",
        where=_2020,
        quote="almost all the information learnt by a DNN with ReLU activations is stored in the "
        "gates",
        statistic="new value network behind the fixed gates of a trained ReLU net: share of the "
        "ReLU net's lead over fixed random gates that it keeps, above one half (controls: points "
        "of accuracy that another point's learnt gates lose; with a constant input as well, what "
        "these keep of the accuracy above chance, within ±0.1)",
        cases=_ladder("", gate_share, 0.5),
        controls=_ladder(", other point's gates are worse", _other_loss)
        + _ladder(", and with a constant input chance", other_over_learnt, 0.1, "equal"),
        figure="fig-dual-ladder",
        seen=_SEEN,
    ),
    Claim(
        id="dual-constant-and-order",
        kind="related",
        text="Behind gates that are learnt, a value network that reads ones, or has the layers' "
        "gates in reverse order, is hardly worse.",
        where=_2022,
        quote="(i) the weights can be trained even with a constant 1 input, (ii) the gating masks "
        "can be shuffled, without any significant loss in performance",
        statistic="test accuracy minus that behind the same gates with the input and in order, "
        "over what learnt gates gain over random ones on average: above −0.25, a loss of less than "
        "a quarter of it (controls: the same for DLGNs trained so from the start, against the "
        "DLGN; and that behind random gates a constant input costs more, in percentage points)",
        cases=_ladder(", constant", partial(relative_loss, net="learnt gates, constant"), -0.25)
        + _ladder(", reversed", partial(relative_loss, net="learnt gates, reversed"), -0.25),
        controls=_ladder(
            ", DLGN, constant", partial(relative_loss, net="dlgn, constant", base="dlgn"), -0.25
        )
        + _ladder(
            ", DLGN, reversed", partial(relative_loss, net="dlgn, reversed", base="dlgn"), -0.25
        )
        + _ladder(", random gates lose more", wider_loss),
        figure="fig-dual-ladder",
        seen=_SEEN,
    ),
    Claim(
        id="dual-order-dense",
        kind="proved",
        text="In dense nets the path kernel is the same for every order of the layers' gates; with "
        "convolutions it is not.",
        where=_AFTER_2021,
        statistic="share of random nets whose path kernel changes by less than 1e-10 of the "
        "largest entry over all 24 orders of four layers (controls: that the pooled kernel "
        "changes by more over the six orders of three convolutions)",
        cases=_exact({"dense": "dual kernels: shifts"}, "dense_order"),
        controls=_misses({"changes: convolutions": "dual kernels: shifts"}, "order"),
        figure="what-the-gates-hold",
        seen=_SEEN,
    ),
    Claim(
        id="dual-dlgn-keeps",
        kind="related",
        text="A DLGN keeps more than 83.5 % of the ReLU net's accuracy.",
        where=_2021,
        quote="the DLGN recovers more than 83.5% of the performance of state-of-the-art DNNs",
        statistic="test accuracy of the DLGN over the ReLU net's, on Fashion-MNIST and on a tree "
        "(the paper has CIFAR) (controls: that a linear model does not keep as much: 0.835 minus "
        "its ratio)",
        cases=_ladder("", partial(kept, net="dlgn"), 0.835),
        controls=_ladder(
            ", a linear model does not", lambda result: 0.835 - kept(result, "linear")
        ),
        paper="more than 83.5 %, on CIFAR-10 and CIFAR-100",
        figure="fig-dual-ladder",
        seen=_SEEN,
    ),
    Claim(
        id="dual-kernel-learns",
        kind="ours",
        text="The path kernel of learnt gates classifies better than that of the gates before "
        "training, without training anything else.",
        where=_AFTER_2020,
        statistic="test accuracy of kernel regression on 2,000 points, percentage points: gates "
        "after training minus before (controls: overlaps alone; learnt gates minus the kernel of "
        "inner products)",
        cases=_ladder("", partial(kernel_gain, kernel="learnt", over="start")),
        controls=_ladder(
            ", overlaps", partial(kernel_gain, kernel="learnt, overlap", over="start, overlap")
        )
        + _ladder(", over inner products", partial(kernel_gain, kernel="learnt", over="inner")),
        figure="what-the-gates-hold",
        seen=_SEEN,
    ),
    Claim(
        id="dual-conv-dlgn-keeps",
        kind="related",
        text="A small convolutional DLGN keeps more than 83.5 % of the ReLU net's accuracy on "
        "small images of CIFAR-10.",
        where=_2021,
        quote="the DLGN recovers more than 83.5% of the performance of state-of-the-art DNNs",
        statistic="test accuracy of the DLGN over that of the ReLU net of the same shape, four "
        "convolutions of 24 filters, 5,000 training images of 16 × 16 pixels (controls: the same "
        "for the DGN; that neither the deep linear net of this shape nor a linear model keeps as "
        "much: 0.835 minus its ratio; percentage points by which the DLGN is better than the "
        "linear model)",
        cases=_photographs("DLGN", partial(kept, net="dlgn"), 0.835),
        controls=_photographs("DGN", partial(kept, net="dgn"), 0.835)
        + _photographs(
            "a deep linear net does not", lambda result: 0.835 - kept(result, "deep linear")
        )
        + _photographs("a linear model does not", lambda result: 0.835 - kept(result, "linear"))
        + _photographs("better than a linear model", partial(lead, net="dlgn", over="linear")),
        paper="more than 83.5 %, on CIFAR-10 and CIFAR-100",
        figure="fig-dual-conv-ladder",
        seen=_SEEN_CONV,
    ),
    Claim(
        id="dual-conv-gates-hold",
        kind="related",
        text="With convolutions, too, learnt gates are worth more than random ones.",
        where=_2020,
        quote="almost all the information learnt by a DNN with ReLU activations is stored in the "
        "gates",
        statistic="test accuracy of a new convolutional value network behind fixed gates, "
        "percentage points: gates of a trained ReLU net minus those of the same net before "
        "training (controls: learnt gates minus the deep linear net; with a constant input, what "
        "another image's learnt gates keep of the accuracy above chance, within ±0.1)",
        cases=_photographs(
            "learnt over random", partial(lead, net="learnt gates", over="random gates")
        ),
        controls=_photographs(
            "learnt over none", partial(lead, net="learnt gates", over="deep linear")
        )
        + _photographs("another image's gates", other_over_learnt, 0.1, "equal"),
        figure="fig-dual-conv-ladder",
        seen=_SEEN_CONV,
    ),
    Claim(
        id="dual-conv-constant-and-order",
        kind="related",
        text="Convolutions that read ones, or have the layers' gates in reverse order, keep most "
        "of what gates add.",
        where=_2022,
        quote="(i) the weights can be trained even with a constant 1 input, (ii) the gating masks "
        "can be shuffled, without any significant loss in performance",
        statistic="test accuracy behind the fixed gates of a trained ReLU net minus that behind "
        "the same gates with the image and in order, over what those gates gain over the deep "
        "linear net on average: above −0.5, a loss of less than half of it (controls: the same "
        "for DLGNs trained so from the start, against the DLGN)",
        cases=_photographs(
            "constant",
            partial(part_of_gates, net="learnt gates, constant", base="learnt gates"),
            -0.5,
        )
        + _photographs(
            "reversed",
            partial(part_of_gates, net="learnt gates, reversed", base="learnt gates"),
            -0.5,
        ),
        controls=_photographs(
            "DLGN, constant", partial(part_of_gates, net="dlgn, constant", base="dlgn"), -0.5
        )
        + _photographs(
            "DLGN, reversed", partial(part_of_gates, net="dlgn, reversed", base="dlgn"), -0.5
        ),
        figure="fig-dual-conv-ladder",
        seen=_SEEN_CONV,
    ),
)
