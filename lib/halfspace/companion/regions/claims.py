"""Claims of Sections 2 and 3 on regions, including Figure 1."""

from halfspace.companion.claims import Claim, all_nets, cases, runs_named
from halfspace.companion.regions import readings

__all__ = ["CLAIMS"]

_NETS = {"ReLU net": "relu", "DLGN": "dlgn"}
_SEEN = "all of them, in the first edition"
_NO_THRESHOLD = "Its threshold had no basis; now the sign decides, and the size is shown."


def _of_sizes(*sizes: tuple[int, int], label: str) -> dict[str, tuple[str, ...]]:
    return {
        f"{name}, {label}": tuple(f"regions: {net}: {depth} x {width}" for width, depth in sizes)
        for name, net in _NETS.items()
    }


CLAIMS = (
    Claim(
        id="relu-disconnected-2",
        kind="paper",
        text="The active region of a ReLU path need not be connected.",
        where="Section 2.1, Figure 1a",
        quote="is not even a connected set for some path",
        paper="one example",
        statistic="share of nets with a path region in pieces (one if they meet in the origin); "
        "its interval is above 0 as soon as one net has such a region, which is all that is "
        "claimed",
        cases=cases(
            {"random nets with biases": "regions: relu: shapes"}, readings.falls_apart, "share"
        ),
        controls=cases(
            {"trained on the circle, near the data": "regions: relu: learning, near the data"},
            readings.falls_apart_trained,
            "share",
        ),
        figure="fig-disconnected",
        seen=_SEEN,
        replaces=("relu-disconnected",),
        why="The control without biases could not hold: all such regions reach the origin. And the "
        "threshold of 5 % of the nets had no basis.",
    ),
    Claim(
        id="relu-jump-2",
        kind="paper",
        text="In two ReLU nets that are arbitrarily close, a path's region can differ drastically.",
        where="Section 2.1, Figure 1b",
        quote="is drastically different for these two parameter settings",
        paper="one example",
        statistic="share of the window by which the region of one path differs between two ReLU "
        "nets, minus the same of two DLGNs as near to each other",
        cases=cases(
            {
                f"weights {step} apart": tuple(
                    f"regions: {net}: jump {step}" for net in ("relu", "dlgn")
                )
                for step in ("0.001", "1e-09")
            },
            readings.jumps_further,
            "above",
        ),
        figure="fig-jump",
        seen=_SEEN,
        replaces=("relu-jump",),
        why="A tenth of the window had no basis; now the DLGN is the yardstick for drastic.",
    ),
    Claim(
        id="dlgn-continuous-2",
        kind="reading",
        text="A DLGN's path regions move in proportion to its weights.",
        where="Section 2.2, against Figure 1b",
        statistic="change of one path's region at weights 1e-09 apart, as a share of the change "
        "at weights 0.001 apart: 1e-06 if proportional, 1 if it jumps; 0.001 is their middle, by "
        "logarithms",
        cases=cases(
            {"random nets": ("regions: dlgn: jump 0.001", "regions: dlgn: jump 1e-09")},
            readings.jump_left,
            "equal",
            1e-3,
        ),
        controls=cases(
            {
                "opposite normals": (
                    "regions: dlgn: jump 0.001, opposite normals",
                    "regions: dlgn: jump 1e-09, opposite normals",
                )
            },
            readings.jump_left,
            "equal",
            1e-3,
        ),
        figure="fig-sweep",
        seen="those without opposite normals, in the first edition",
        replaces=("dlgn-continuous",),
        why="A factor of ten had no basis, and nets in which an effective normal passes "
        "through zero were left out.",
    ),
    Claim(
        id="convex-paths",
        kind="proved",
        text="A DLGN's path region is an intersection of half-spaces, one for each layer.",
        where="Section 2.2; Section 3.1 for the faces",
        statistic="share of random nets all of whose path regions are in one piece, have the area "
        "of that intersection and at most as many sides as the net has layers",
        cases=all_nets(
            {"DLGN": "regions: dlgn: shapes, no biases", "DLGN, biases": "regions: dlgn: shapes"},
            readings.all_convex,
        ),
        figure="fig-convex",
    ),
    Claim(
        id="union-of-patterns",
        kind="proved",
        text="A path's region is a union of pattern regions, of all that have its units on.",
        where="Section 3.1",
        paper="2^((m−1)H) pattern regions",
        statistic="share of random nets in which 2^((m-1)H) bit patterns have a path's bits on and "
        "their regions have the area of the path's, to 0.005 of the window",
        cases=all_nets(runs_named(_NETS, "regions: {}: shapes"), readings.is_union)
        + all_nets(
            runs_named(_NETS, "regions: {}: shapes, no biases", ", no biases"), readings.is_union
        ),
        figure="two-kinds-of-region",
    ),
    Claim(
        id="fewer-path-regions-2",
        kind="paper",
        text="There are fewer active path regions than activation pattern regions.",
        where="Section 3.1",
        quote="they are lesser in number",
        paper="m^H against 2^(mH) possible ones",
        statistic="ln of the number of non-empty pattern regions over that of path regions, random "
        "nets with 2 inputs, nearly the whole plane",
        cases=cases(
            _of_sizes((16, 2), label="2 layers of 16") | _of_sizes((16, 5), label="5 layers of 16"),
            readings.log_patterns_over_paths,
            "above",
            factor=True,
        ),
        figure="fig-counts",
        seen=_SEEN,
        replaces=("fewer-path-regions",),
        why=_NO_THRESHOLD,
    ),
    Claim(
        id="fewer-faces-2",
        kind="paper",
        text="A DLGN's path regions have fewer faces than its pattern regions.",
        where="Section 3.1",
        quote="and have simpler structures",
        paper="H against m·H possible ones",
        statistic="faces of the pattern region around a random point minus those of a path's",
        cases=cases(
            {f"{count} inputs": f"regions: dlgn: faces, {count} inputs" for count in (2, 16)},
            readings.face_difference,
            "above",
        ),
        figure="fig-faces",
        seen=_SEEN,
        replaces=("fewer-faces",),
        why=_NO_THRESHOLD,
    ),
    Claim(
        id="regions-polynomial",
        kind="proved",
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
        figure="fig-counts-width",
    ),
    Claim(
        id="region-counts-stable-2",
        kind="paper",
        text="A ReLU net's number of pattern regions does not change drastically during training.",
        where="Section 3.1, after Hanin and Rolnick",
        quote="this number also has been observed empirically to not change drastically during "
        "training",
        paper="not drastically",
        statistic="ln of the number of pattern regions, end over start, over ln of the number of "
        "units, ReLU nets with biases on the circle: by how much the number's power of the units "
        "grows; within one half the nearest whole power stays (last control: in standard "
        "deviations between the untrained nets, within one)",
        cases=cases(
            {
                "nearly the whole plane": "regions: relu: learning",
                "PyTorch's initialisation": "regions: relu: learning, gain 1",
            },
            readings.degree_growth,
            "equal",
            0.5,
        ),
        controls=cases(
            {
                "near the data": "regions: relu: learning, near the data",
                "He, biases from zero": "regions: relu: learning, He",
            },
            readings.degree_growth,
            "equal",
            0.5,
        )
        + cases(
            {"as random nets differ": "regions: relu: learning"},
            readings.growth_in_deviations,
            "equal",
            1.0,
        ),
        figure="fig-counts-learning",
        seen=_SEEN,
        replaces=("region-counts-stable",),
        why="The sentence is about ReLU nets, and a factor of two had no basis.",
    ),
)
