"""Claims of Sections 2 and 3: theorems, counts of paths and regions, Figure 1.

What is proved is checked in double precision on random nets, every one of which must agree: a share
of 50 nets has its 95 % interval above 0.9 only if it is all of them.
"""

import math

import numpy as np

from halfspace.claims._rules import Case, Claim, cases
from halfspace.experiments import Result
from halfspace.experiments.limits import fit_power_law

__all__ = ["THEORY_CLAIMS"]

_EXACT = 1e-10  # relative, in double precision: some thousand roundings, no more
_ALL = 0.9
_GRID = 0.005  # share of the window: 500 x 500 points miss a border by 0.001 at most; a few borders
_JUMP = 0.1  # share of the window: what counts as drastic

_NETS = {"ReLU net": "relu", "DLGN": "dlgn"}
_DLGNS = {"DLGN": "dlgn", "DLGN-PWC": "dlgn-pwc"}
_ONE = "chapters/01_mixture_of_experts.html#fig-"
_TWO = "chapters/02_active_path_regions.html#fig-"
_THREE = "chapters/03_overlap_kernel.html#fig-"


def _named(nets: dict[str, str], run: str, label: str = "") -> dict[str, str]:
    """Return each net's run, by the name that a reader sees."""
    return {f"{name}{label}": run.format(net) for name, net in nets.items()}


def _of_sizes(*sizes: tuple[int, int], label: str) -> dict[str, tuple[str, ...]]:
    return {
        f"{name}, {label}": tuple(f"regions: {net}: {depth} x {width}" for width, depth in sizes)
        for name, net in _NETS.items()
    }


def _all_nets(needs: dict[str, str], value) -> tuple[Case, ...]:
    return cases(needs, value, "share", _ALL)


def _exact(name: str):
    return lambda result: result.arrays[name] < _EXACT


def _counts_agree(result: Result) -> np.ndarray:
    return (result.overlap_gap == 0) & (result.count_gap == 0)


def _apart(result: Result) -> np.ndarray:
    return result.apart > 0


def _convex(result: Result) -> np.ndarray:
    whole = (result.several == 0) & (result.clip_gap < _EXACT)
    return whole & (result.faces <= result.spec.depth)


def _is_union(result: Result) -> np.ndarray:
    spec = result.spec
    counted = result.union_patterns == 2 ** ((spec.width - 1) * spec.depth)
    return counted & (result.union_gap < _GRID)


def _mean_ntk(result: Result) -> np.ndarray:
    return result.ratios.mean(axis=1) - 1


def _spread_slope(result: Result) -> np.ndarray:
    return fit_power_law(result.spec.widths, result.errors)[0] + 0.5


def _growth(*results: Result) -> np.ndarray:
    """Exponent of the number of pattern regions against the number of units, minus 2."""
    units = np.array([result.spec.width * result.spec.depth for result in results])
    return fit_power_law(units, np.array([result.patterns for result in results]).T)[0] - 2


def _patterns_over_paths(result: Result) -> np.ndarray:
    return np.log(result.patterns / result.paths)


def _change(result: Result) -> np.ndarray:
    return np.log(result.patterns[-1] / result.patterns[0])


THEORY_CLAIMS = (
    Claim(
        id="theorem-1",
        text="A ReLU net's output is the sum of its paths' experts, each times its gate.",
        where="Section 2.1, Theorem 1",
        statistic="share of random nets whose output and sum over all paths differ by less than "
        "1e-10 of the largest output",
        cases=_all_nets({"ReLU net": "theory: relu: path sums"}, _exact("sum_gap")),
        controls=_all_nets(
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
        cases=_all_nets(_named(_DLGNS, "theory: {}: path sums"), _exact("sum_gap")),
        controls=_all_nets(
            _named(_DLGNS, "theory: {}: path sums", ", soft gates"), _exact("soft_gap")
        )
        + _all_nets(_named(_DLGNS, "theory: {}: path sums, biases", ", biases"), _exact("sum_gap")),
        figure=f"{_ONE}dlgn",
    ),
    Claim(
        id="relu-disconnected",
        text="The active region of a ReLU path need not be connected.",
        where="Section 2.1, Figure 1a",
        paper="one example",
        statistic="share of nets with a path region in pieces (one if they meet in the origin)",
        cases=cases({"random nets with biases": "regions: relu: shapes"}, _apart, "share", 0.05),
        controls=cases(
            {"random nets without biases": "regions: relu: shapes, no biases"},
            _apart,
            "share",
            0.05,
        )
        + cases(
            {"trained on the circle, near the data": "regions: relu: learning, near the data"},
            lambda result: result.disconnected[-1] > 0,
            "share",
            0.05,
        ),
        figure=f"{_ONE}disconnected",
    ),
    Claim(
        id="relu-jump",
        text="In ReLU nets as near to each other as one likes a path's region differs drastically.",
        where="Section 2.1, Figure 1b",
        paper="one example",
        statistic="share of the window by which the region of one path differs",
        cases=cases(
            {f"weights {step} apart": f"regions: relu: jump {step}" for step in ("0.001", "1e-09")},
            lambda result: result.jump,
            "mean",
            _JUMP,
        ),
        figure=f"{_ONE}jump",
    ),
    Claim(
        id="dlgn-continuous",
        text="A DLGN's path regions move little when its weights do.",
        where="Section 2.2, against Figure 1b",
        statistic="share of random nets in which the region of one path changes by a share of the "
        "window of less than ten times the distance of the weights",
        cases=cases(
            {f"weights {step} apart": f"regions: dlgn: jump {step}" for step in ("0.001", "1e-09")},
            lambda result: result.jump < 10 * result.spec.step,
            "share",
            0.8,
        ),
        figure=f"{_ONE}sweep",
    ),
    Claim(
        id="convex-paths",
        text="A DLGN's path region is an intersection of half-spaces, one for each layer.",
        where="Section 2.2; Section 3.1 for the faces",
        statistic="share of random nets all of whose path regions are in one piece, have the area "
        "of that intersection and at most as many sides as the net has layers",
        cases=_all_nets(
            {"DLGN": "regions: dlgn: shapes, no biases", "DLGN, biases": "regions: dlgn: shapes"},
            _convex,
        ),
        figure=f"{_TWO}convex",
    ),
    Claim(
        id="union-of-patterns",
        text="A path's region is a union of pattern regions, of all that have its units on.",
        where="Section 3.1",
        paper="2^((m−1)H) pattern regions",
        statistic="share of random nets in which 2^((m-1)H) bit patterns have a path's bits on and "
        "their regions have the area of the path's, to 0.005 of the window",
        cases=_all_nets(_named(_NETS, "regions: {}: shapes"), _is_union)
        + _all_nets(_named(_NETS, "regions: {}: shapes, no biases", ", no biases"), _is_union),
        figure=f"{_TWO}counts",
    ),
    Claim(
        id="fewer-path-regions",
        text="There are fewer active path regions than activation pattern regions.",
        where="Section 3.1",
        paper="m^H against 2^(mH) possible ones",
        statistic="ln of the number of non-empty pattern regions over that of path regions, random "
        "nets with 2 inputs, nearly the whole plane",
        cases=cases(
            _of_sizes((16, 2), label="2 layers of 16") | _of_sizes((16, 5), label="5 layers of 16"),
            _patterns_over_paths,
            "mean",
            math.log(1.5),
        ),
        figure=f"{_TWO}counts",
    ),
    Claim(
        id="fewer-faces",
        text="A DLGN's path regions have fewer faces than its pattern regions.",
        where="Section 3.1",
        paper="H against m·H possible ones",
        statistic="faces of the pattern region around a random point minus those of a path's",
        cases=cases(
            {f"{count} inputs": f"regions: dlgn: faces, {count} inputs" for count in (2, 16)},
            lambda result: result.pattern - result.path,
            "mean",
            1.0,
        ),
        figure=f"{_TWO}faces",
    ),
    Claim(
        id="regions-polynomial",
        text="A random net has only polynomially many pattern regions.",
        where="Section 3.1, after Hanin and Rolnick",
        paper="polynomial; the square of the number of units in the plane",
        statistic="exponent of the number of regions against the number of units, minus 2, nearly "
        "the whole plane",
        cases=cases(
            _of_sizes((8, 3), (16, 3), (32, 3), (64, 3), label="by width")
            | _of_sizes((16, 1), (16, 2), (16, 3), (16, 5), label="by depth"),
            _growth,
            "equal",
            0.25,
        ),
        figure=f"{_TWO}counts-width",
    ),
    Claim(
        id="region-counts-stable",
        text="The number of pattern regions changes little during training.",
        where="Section 3.1, after Hanin and Rolnick",
        paper="changes little",
        statistic="ln of the number of pattern regions, end over start, nets with biases on the "
        "circle",
        cases=cases(
            _named(_NETS, "regions: {}: learning", ", nearly the whole plane"),
            _change,
            "equal",
            math.log(2),
        ),
        controls=cases(
            _named(_NETS, "regions: {}: learning, near the data", ", near the data")
            | {"ReLU net, PyTorch's initialisation": "regions: relu: learning, gain 1"}
            | _named(_NETS, "regions: {}: learning, He", ", He, biases from zero"),
            _change,
            "equal",
            math.log(2),
        ),
        figure=f"{_TWO}counts-learning",
    ),
    Claim(
        id="overlap-product",
        text="The number of active paths that two inputs share is a product over the layers.",
        where="Section 3.2",
        statistic="share of random nets whose products equal counts of all paths one by one, for "
        "pairs of inputs and for single ones",
        cases=_all_nets(_named(_NETS, "theory: {}: path sums"), _counts_agree),
        figure=f"{_THREE}overlap-random",
    ),
    Claim(
        id="constant-experts",
        text="With gates fixed, training free constant experts is regression with the overlap "
        "kernel.",
        where="Section 3.2",
        statistic="share of random nets for which the two predictions differ by less than 1e-10 of "
        "the largest",
        cases=_all_nets({"gradient descent": "theory: dlgn: free experts"}, _exact("descent_gap"))
        + _all_nets({"ridge penalty": "theory: dlgn: free experts"}, _exact("ridge_gap")),
        figure=f"{_THREE}constant-experts",
    ),
    Claim(
        id="ntk-mean",
        text="At fixed gates the mean NTK is a multiple of inner product times overlap kernel.",
        where="Section 3.2, after Lakshminarayanan and Singh",
        statistic="mean NTK along the kernel (H+1)σ^(2H)⟨x,x'⟩Λ, relative to it, minus 1",
        cases=cases(_named(_DLGNS, "theory: {}: ntk"), _mean_ntk, "equal", 0.05),
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
        cases=cases(_named(_DLGNS, "theory: {}: ntk"), _spread_slope, "equal", 0.1),
        figure=f"{_THREE}npk-convergence",
    ),
)
