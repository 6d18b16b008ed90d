"""Claims of Sections 2 and 3: the theorems, counts of paths, kernels.

Proved statements are checked in double precision on random nets, and every net must agree: a share
of 50 nets has its 95 % interval above 0.9 only if all of them agree.
"""

from functools import partial

from halfspace.companion.claims import Claim, all_nets, cases, runs_named
from halfspace.companion.theory.readings import (
    agrees,
    counts_agree,
    mean_ntk_excess,
    spread_laws,
)

__all__ = ["CLAIMS"]

_NETS = {"ReLU net": "relu", "DLGN": "dlgn"}
_DLGNS = {"DLGN": "dlgn", "DLGN-PWC": "dlgn-pwc"}

_SUM_AGREES = partial(agrees, gap="sum_gap")


CLAIMS = (
    Claim(
        id="theorem-1",
        kind="proved",
        text="A ReLU net's output is the sum of its paths' experts, each times its gate.",
        where="Section 2.1, Theorem 1",
        statistic="share of random nets whose output and sum over all paths differ by less than "
        "1e-10 of the largest output",
        cases=all_nets({"ReLU net": "theory: relu: path sums"}, _SUM_AGREES),
        controls=all_nets({"ReLU net, biases": "theory: relu: path sums, biases"}, _SUM_AGREES),
        figure="the-theorems-checked",
    ),
    Claim(
        id="theorem-2",
        kind="proved",
        text="A DLGN's sum over all paths is computed layer by layer, without listing any.",
        where="Section 2.2, Theorem 2; Section 2.3 for constant experts",
        statistic="share of random nets whose output and sum over all paths differ by less than "
        "1e-10 of the largest output",
        cases=all_nets(runs_named(_DLGNS, "theory: {}: path sums"), _SUM_AGREES),
        controls=all_nets(
            runs_named(_DLGNS, "theory: {}: path sums", ", soft gates"),
            partial(agrees, gap="soft_gap"),
        )
        + all_nets(runs_named(_DLGNS, "theory: {}: path sums, biases", ", biases"), _SUM_AGREES),
        figure="the-theorems-checked",
    ),
    Claim(
        id="overlap-product",
        kind="proved",
        text="The number of active paths that two inputs share is a product over the layers.",
        where="Section 3.2",
        statistic="share of random nets whose products equal counts of all paths one by one, for "
        "pairs of inputs and for single ones",
        cases=all_nets(runs_named(_NETS, "theory: {}: path sums"), counts_agree),
        figure="a-count-of-shared-paths",
    ),
    Claim(
        id="constant-experts",
        kind="proved",
        text="With gates fixed, training free constant experts is regression with the overlap "
        "kernel.",
        where="Section 3.2",
        statistic="share of random nets for which the two predictions differ by less than 1e-10 of "
        "the largest",
        cases=all_nets(
            {"gradient descent": "theory: dlgn: free experts"}, partial(agrees, gap="descent_gap")
        )
        + all_nets(
            {"ridge penalty": "theory: dlgn: free experts"}, partial(agrees, gap="ridge_gap")
        ),
        figure="fig-constant-experts",
    ),
    Claim(
        id="ntk-mean",
        kind="proved",
        text="At fixed gates the mean NTK is a multiple of inner product times overlap kernel.",
        where="Section 3.2, after Lakshminarayanan and Singh",
        statistic="mean NTK along the kernel (H+1)σ^(2H)⟨x,x'⟩Λ, relative to it, minus 1",
        cases=cases(runs_named(_DLGNS, "theory: {}: ntk"), mean_ntk_excess, "equal", 0.05),
        figure="fig-npk-ratio",
    ),
    Claim(
        id="ntk-mean-relu",
        kind="ours",
        text="A ReLU net's mean NTK is the same multiple of the overlap kernel of its own gates.",
        where="Section 3.2; ours: beyond fixed gates",
        statistic="mean NTK along the kernel (H+1)σ^(2H)⟨x,x'⟩Λ, relative to it, minus 1",
        cases=cases({"ReLU net": "theory: relu: ntk"}, mean_ntk_excess, "equal", 0.05),
        figure="the-value-network-neural-path-kernel-and-ntk",
    ),
    Claim(
        id="ntk-spread",
        kind="proved",
        text="At fixed gates the NTK's spread about its mean falls like one over the root of the "
        "width.",
        where="Section 3.2, after Lakshminarayanan and Singh",
        statistic="exponent of the relative spread against the width, plus one half",
        cases=cases(
            runs_named(_DLGNS, "theory: {}: ntk"),
            lambda result: spread_laws(result)[0] + 0.5,
            "equal",
            0.1,
        ),
        figure="fig-npk-convergence",
    ),
)
