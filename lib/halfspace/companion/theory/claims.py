"""Claims of Sections 2 and 3: theorems, counts of paths and regions, Figure 1.

What is proved is checked in double precision on random nets, every one of which must agree: a share
of 50 nets has its 95 % interval above 0.9 only if it is all of them.
"""

import numpy as np

from halfspace.companion.claims import EXACT, Claim, all_nets, cases, runs_named
from halfspace.companion.intervals import fit_power_law
from halfspace.companion.spec import Result

__all__ = ["CLAIMS"]


_NETS = {"ReLU net": "relu", "DLGN": "dlgn"}
_DLGNS = {"DLGN": "dlgn", "DLGN-PWC": "dlgn-pwc"}
_ONE = "chapters/01_mixture_of_experts.html#fig-"
_THREE = "chapters/03_overlap_kernel.html#fig-"


def _exact(name: str):
    return lambda result: result.arrays[name] < EXACT


def _counts_agree(result: Result) -> np.ndarray:
    return (result.overlap_gap == 0) & (result.count_gap == 0)


def _mean_ntk(result: Result) -> np.ndarray:
    return result.ratios.mean(axis=1) - 1


def _spread_slope(result: Result) -> np.ndarray:
    return fit_power_law(result.spec.widths, result.errors)[0] + 0.5


CLAIMS = (
    Claim(
        id="theorem-1",
        text="A ReLU net's output is the sum of its paths' experts, each times its gate.",
        where="Section 2.1, Theorem 1",
        statistic="share of random nets whose output and sum over all paths differ by less than "
        "1e-10 of the largest output",
        cases=all_nets({"ReLU net": "theory: relu: path sums"}, _exact("sum_gap")),
        controls=all_nets(
            {"ReLU net, biases": "theory: relu: path sums, biases"}, _exact("sum_gap")
        ),
        figure=f"{_ONE}dlgn",
    ),
    Claim(
        id="theorem-2",
        text="A DLGN's sum over all paths is computed layer by layer, without listing any.",
        where="Section 2.2, Theorem 2; Section 2.3 for constant experts",
        statistic="share of random nets whose output and sum over all paths differ by less than "
        "1e-10 of the largest output",
        cases=all_nets(runs_named(_DLGNS, "theory: {}: path sums"), _exact("sum_gap")),
        controls=all_nets(
            runs_named(_DLGNS, "theory: {}: path sums", ", soft gates"), _exact("soft_gap")
        )
        + all_nets(
            runs_named(_DLGNS, "theory: {}: path sums, biases", ", biases"), _exact("sum_gap")
        ),
        figure=f"{_ONE}dlgn",
    ),
    Claim(
        id="overlap-product",
        text="The number of active paths that two inputs share is a product over the layers.",
        where="Section 3.2",
        statistic="share of random nets whose products equal counts of all paths one by one, for "
        "pairs of inputs and for single ones",
        cases=all_nets(runs_named(_NETS, "theory: {}: path sums"), _counts_agree),
        figure=f"{_THREE}overlap-random",
    ),
    Claim(
        id="constant-experts",
        text="With gates fixed, training free constant experts is regression with the overlap "
        "kernel.",
        where="Section 3.2",
        statistic="share of random nets for which the two predictions differ by less than 1e-10 of "
        "the largest",
        cases=all_nets({"gradient descent": "theory: dlgn: free experts"}, _exact("descent_gap"))
        + all_nets({"ridge penalty": "theory: dlgn: free experts"}, _exact("ridge_gap")),
        figure=f"{_THREE}constant-experts",
    ),
    Claim(
        id="ntk-mean",
        text="At fixed gates the mean NTK is a multiple of inner product times overlap kernel.",
        where="Section 3.2, after Lakshminarayanan and Singh",
        statistic="mean NTK along the kernel (H+1)σ^(2H)⟨x,x'⟩Λ, relative to it, minus 1",
        cases=cases(runs_named(_DLGNS, "theory: {}: ntk"), _mean_ntk, "equal", 0.05),
        figure=f"{_THREE}npk-ratio",
    ),
    Claim(
        id="ntk-mean-relu",
        text="A ReLU net's mean NTK is the same multiple of the overlap kernel of its own gates.",
        where="Section 3.2; ours: beyond fixed gates",
        statistic="mean NTK along the kernel (H+1)σ^(2H)⟨x,x'⟩Λ, relative to it, minus 1",
        cases=cases({"ReLU net": "theory: relu: ntk"}, _mean_ntk, "equal", 0.05),
        figure=f"{_THREE}npk-convergence",
    ),
    Claim(
        id="ntk-spread",
        text="At fixed gates the NTK's spread about its mean falls like one over the root of the "
        "width.",
        where="Section 3.2, after Lakshminarayanan and Singh",
        statistic="exponent of the relative spread against the width, plus one half",
        cases=cases(runs_named(_DLGNS, "theory: {}: ntk"), _spread_slope, "equal", 0.1),
        figure=f"{_THREE}npk-convergence",
    ),
)
