"""Claims of Sections 2 and 3 on regions, Figure 1 included."""

import math

from halfspace.companion.claims import Claim, all_nets, cases, runs_named
from halfspace.companion.regions import readings

__all__ = ["CLAIMS"]

_NETS = {"ReLU net": "relu", "DLGN": "dlgn"}
_JUMP = 0.1  # share of the window: what counts as drastic
_ONE = "chapters/01_mixture_of_experts.html#fig-"
_TWO = "chapters/02_active_path_regions.html#fig-"


def _of_sizes(*sizes: tuple[int, int], label: str) -> dict[str, tuple[str, ...]]:
    return {
        f"{name}, {label}": tuple(f"regions: {net}: {depth} x {width}" for width, depth in sizes)
        for name, net in _NETS.items()
    }


CLAIMS = (
    Claim(
        id="relu-disconnected",
        kind="reading",
        text="The active region of a ReLU path need not be connected.",
        where="Section 2.1, Figure 1a",
        paper="one example",
        statistic="share of nets with a path region in pieces (one if they meet in the origin)",
        cases=cases(
            {"random nets with biases": "regions: relu: shapes"},
            readings.falls_apart,
            "share",
            0.05,
        ),
        controls=cases(
            {"random nets without biases": "regions: relu: shapes, no biases"},
            readings.falls_apart,
            "share",
            0.05,
        )
        + cases(
            {"trained on the circle, near the data": "regions: relu: learning, near the data"},
            readings.falls_apart_trained,
            "share",
            0.05,
        ),
        figure=f"{_ONE}disconnected",
    ),
    Claim(
        id="relu-jump",
        kind="reading",
        text="In two ReLU nets that are arbitrarily close, a path's region can differ drastically.",
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
        kind="reading",
        text="A DLGN's path regions move little when its weights do.",
        where="Section 2.2, against Figure 1b",
        statistic="share of random nets in which the region of one path changes by a share of the "
        "window of less than ten times the distance of the weights",
        cases=cases(
            {f"weights {step} apart": f"regions: dlgn: jump {step}" for step in ("0.001", "1e-09")},
            readings.moves_in_proportion,
            "share",
            0.8,
        ),
        figure=f"{_ONE}sweep",
    ),
    Claim(
        id="convex-paths",
        kind="reading",
        text="A DLGN's path region is an intersection of half-spaces, one for each layer.",
        where="Section 2.2; Section 3.1 for the faces",
        statistic="share of random nets all of whose path regions are in one piece, have the area "
        "of that intersection and at most as many sides as the net has layers",
        cases=all_nets(
            {"DLGN": "regions: dlgn: shapes, no biases", "DLGN, biases": "regions: dlgn: shapes"},
            readings.all_convex,
        ),
        figure=f"{_TWO}convex",
    ),
    Claim(
        id="union-of-patterns",
        kind="reading",
        text="A path's region is a union of pattern regions, of all that have its units on.",
        where="Section 3.1",
        paper="2^((m−1)H) pattern regions",
        statistic="share of random nets in which 2^((m-1)H) bit patterns have a path's bits on and "
        "their regions have the area of the path's, to 0.005 of the window",
        cases=all_nets(runs_named(_NETS, "regions: {}: shapes"), readings.is_union)
        + all_nets(
            runs_named(_NETS, "regions: {}: shapes, no biases", ", no biases"), readings.is_union
        ),
        figure=f"{_TWO}counts",
    ),
    Claim(
        id="fewer-path-regions",
        kind="reading",
        text="There are fewer active path regions than activation pattern regions.",
        where="Section 3.1",
        paper="m^H against 2^(mH) possible ones",
        statistic="ln of the number of non-empty pattern regions over that of path regions, random "
        "nets with 2 inputs, nearly the whole plane",
        cases=cases(
            _of_sizes((16, 2), label="2 layers of 16") | _of_sizes((16, 5), label="5 layers of 16"),
            readings.log_patterns_over_paths,
            "mean",
            math.log(1.5),
        ),
        figure=f"{_TWO}counts",
    ),
    Claim(
        id="fewer-faces",
        kind="reading",
        text="A DLGN's path regions have fewer faces than its pattern regions.",
        where="Section 3.1",
        paper="H against m·H possible ones",
        statistic="faces of the pattern region around a random point minus those of a path's",
        cases=cases(
            {f"{count} inputs": f"regions: dlgn: faces, {count} inputs" for count in (2, 16)},
            readings.face_difference,
            "mean",
            1.0,
        ),
        figure=f"{_TWO}faces",
    ),
    Claim(
        id="regions-polynomial",
        kind="reading",
        text="A random net has only polynomially many pattern regions.",
        where="Section 3.1, after Hanin and Rolnick",
        paper="polynomial; the square of the number of units in the plane",
        statistic="exponent of the number of regions against the number of units, minus 2, nearly "
        "the whole plane",
        cases=cases(
            _of_sizes((8, 3), (16, 3), (32, 3), (64, 3), label="by width")
            | _of_sizes((16, 1), (16, 2), (16, 3), (16, 5), label="by depth"),
            lambda *results: readings.pattern_exponents(*results) - 2,
            "equal",
            0.25,
        ),
        figure=f"{_TWO}counts-width",
    ),
    Claim(
        id="region-counts-stable",
        kind="reading",
        text="The number of pattern regions changes little during training.",
        where="Section 3.1, after Hanin and Rolnick",
        paper="changes little",
        statistic="ln of the number of pattern regions, end over start, nets with biases on the "
        "circle",
        cases=cases(
            runs_named(_NETS, "regions: {}: learning", ", nearly the whole plane"),
            readings.log_growth,
            "equal",
            math.log(2),
        ),
        controls=cases(
            runs_named(_NETS, "regions: {}: learning, near the data", ", near the data")
            | {"ReLU net, PyTorch's initialisation": "regions: relu: learning, gain 1"}
            | runs_named(_NETS, "regions: {}: learning, He", ", He, biases from zero"),
            readings.log_growth,
            "equal",
            math.log(2),
        ),
        figure=f"{_TWO}counts-learning",
    ),
)
