"""Claims on global minima of the training loss (Lin, Wang, Zhou 2021).

Of the paper the abstract was read. That good global minima exist is ``related``; constructions and
the other claims are ours.
"""

from functools import partial

from halfspace.companion.claims import EXACT, Case, Claim
from halfspace.companion.interpolation.readings import (
    cost_score,
    exponent,
    log_ratio,
    over_floor,
    overlap_kept,
    same_risk,
)
from halfspace.companion.spec import Result

__all__ = ["CLAIMS"]

_OURS = "ours: after Lin, Wang and Zhou 2021"
_SEEN = (
    "A prototype's numbers on seeds 0 to 2, 100 to 119 and two others were known, and while the "
    "code was written those of three or four runs of each kind on seeds from 300; none of these "
    "runs' were."
)
_BUILT, _RATES = "interpolation: built", "interpolation: rates"
_NETS = {"ReLU net": "relu", "DLGN": "dlgn"}
_OPTIMAL = 4 / 5
_APART = 0.0405  # a tenth of ln(3/2)


def _one(name: str, runs: str | tuple[str, ...], value, test="above", level=0.0, **options) -> Case:
    needs = (runs,) if isinstance(runs, str) else runs
    return Case(name=name, needs=needs, value=value, test=test, level=level, **options)


def _array(name: str):
    return lambda result: result.arrays[name]


def _trained(name: str, *runs: str) -> tuple[Case, ...]:
    """Return a case for each net: trained over built."""
    return tuple(
        _one(
            f"{label}{name}",
            tuple(f"trained minima: {net}: {run}" for run in runs),
            log_ratio,
            factor=True,
        )
        for label, net in _NETS.items()
    )


def _half_kept(result: Result):
    return overlap_kept(result) - 0.5


CLAIMS = (
    Claim(
        id="interp-explicit",
        kind="proved",
        text="Any net becomes a global minimum as one wider net, a good one and a bad one.",
        where=_OURS,
        statistic="largest training error over the largest label, 64 points in two dimensions "
        "(control: bumps that reach beyond the nearest point must miss); the margin is some "
        "thousand roundings",
        cases=(
            _one("ReLU net with bumps", _BUILT, _array("relu_error"), "equal", EXACT),
            _one("bumps of 0.99 gaps", _BUILT, _array("edge_error"), "equal", EXACT),
            _one("constant −3 with bumps", _BUILT, _array("bad_error"), "equal", EXACT),
            _one("DLGN with boxes", _BUILT, _array("dlgn_error"), "equal", EXACT),
        ),
        controls=(
            _one("bumps of 1.5 gaps miss", _BUILT, _array("wide_error"), "above", EXACT),
            _one("no bumps miss", _BUILT, _array("base_error"), "above", EXACT),
        ),
        figure="fig-interp-line",
        seen=_SEEN,
    ),
    Claim(
        id="interp-one-path",
        kind="proved",
        text="In a DLGN, one path a point can memorise: no two training points share a path that "
        "carries weight.",
        where=_OURS,
        statistic="largest difference between the identity and the number of paths with weight "
        "that two training points share (control: the same for all paths, which must differ)",
        cases=(_one("paths with weight", _BUILT, _array("kernel_gap"), "equal", EXACT),),
        controls=(_one("all paths differ", _BUILT, _array("shared"), "above", EXACT),),
        figure="fig-interp-boxes",
        seen=_SEEN,
    ),
    Claim(
        id="interp-cost",
        kind="proved",
        text="What the corrections change elsewhere has a formula, and vanishes with their radius.",
        where=_OURS,
        statistic="mean square of the change at 20,000 uniform points minus the formula's, in "
        "standard deviations over draws of such points, mean over three radii; the margin is one",
        cases=(
            _one("bumps", _BUILT, partial(cost_score, name="relu"), "equal", 1.0),
            _one("bumps, constant −3", _BUILT, partial(cost_score, name="bad"), "equal", 1.0),
            _one("boxes", _BUILT, partial(cost_score, name="dlgn"), "equal", 1.0),
        ),
        figure="one-path-for-each-point",
        seen=_SEEN,
    ),
    Claim(
        id="interp-good-rate",
        kind="related",
        text="Some global minima learn at the optimal rate.",
        where="Related: Lin, Wang, Zhou 2021, abstract",
        quote="we rigorously prove that there exist perfect global minima achieving almost optimal "
        "generalization error bounds for numerous types of data under mild conditions",
        statistic="exponent a of risk ~ n^-a, 128 to 4096 points on a line; 4/5 is the optimal one "
        "for targets with two derivatives; and ln of the risk over that of the spline without "
        "bumps, mean over n, where a hundredth is the margin",
        cases=(
            _one("spline with bumps", _RATES, partial(exponent, name="good"), "above", _OPTIMAL),
            _one("risk of the spline", _RATES, same_risk, "equal", 0.01),
        ),
        figure="fig-interp-rates",
        seen=_SEEN,
    ),
    Claim(
        id="interp-bad-rate",
        kind="ours",
        text="Other global minima learn nothing from more data.",
        where=_OURS,
        statistic="exponent a of risk ~ n^-a, 128 to 4096 points on a line; a tenth of the optimal "
        "exponent, 4/5, is the margin",
        cases=tuple(
            _one(label, _RATES, partial(exponent, name=name), "equal", _OPTIMAL / 10)
            for label, name in {
                "spline plus 1, with bumps": "bad",
                "straight lines": "linear",
                "nearest label": "nearest",
            }.items()
        ),
        figure="fig-interp-rates",
        seen=_SEEN,
    ),
    Claim(
        id="interp-noise-floor",
        kind="ours",
        text="Straight lines from point to point keep two thirds of the noise's variance, the "
        "nearest label all of it.",
        where=_OURS,
        statistic="ln of the risk at 4096 points over this share; the margin is a tenth of ln 3/2, "
        "by which the two differ",
        cases=tuple(
            _one(label, _RATES, partial(over_floor, name=name), "equal", _APART)
            for label, name in {"straight lines": "linear", "nearest label": "nearest"}.items()
        ),
        figure="fig-interp-rates",
        seen=_SEEN,
    ),
    Claim(
        id="interp-adam-worse",
        kind="ours",
        text="On noisy labels, the global minimum that Adam finds is worse than one that is built "
        "of the net where it should have stopped.",
        where=_OURS,
        statistic="ln of the risk after 3000 epochs over that of the net stopped by its error on "
        "200 further points, with bumps at all training points; noise 0.5 (controls: noise 0.3; "
        "the stopped net has no further points, but is trained on 150 of the 200 and stopped by "
        "the other 50)",
        cases=_trained("", "noise 0.5"),
        controls=_trained(", noise 0.3", "noise 0.3")
        + _trained(", no further points", "noise 0.5", "held out"),
        figure="fig-interp-trained",
        seen=_SEEN,
    ),
    Claim(
        id="interp-paths-shared",
        kind="ours",
        text="Trained nets memorise without giving points paths of their own.",
        where=_OURS,
        statistic="active paths that two training points share, over the geometric mean of their "
        "own, mean over pairs: after training over before, minus one half: most sharing stays; "
        "noise 0.5 (control: noise 0)",
        cases=tuple(
            _one(label, f"trained minima: {net}: noise 0.5", _half_kept)
            for label, net in _NETS.items()
        ),
        controls=tuple(
            _one(f"{label}, no noise", f"trained minima: {net}: noise 0", _half_kept)
            for label, net in _NETS.items()
        ),
        figure="fig-interp-overlap",
        seen=_SEEN,
    ),
)
