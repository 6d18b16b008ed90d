"""The recorded experiments: for each, its conditions by name.

Seeds start at 1000: none was looked at while recipes and rules were chosen.
"""

import math
from collections.abc import Callable
from difflib import get_close_matches
from functools import cache

from halfspace.datasets import Circle
from halfspace.experiments._base import Spec
from halfspace.experiments.cifar_studies import (
    cifar_conditions,
    short_conditions,
    synthetic_conditions,
)
from halfspace.experiments.circle import recipe
from halfspace.experiments.circle_study import CircleStudy
from halfspace.experiments.conjecture_studies import (
    freezing_conditions,
    reallocation_conditions,
    step_size_conditions,
    surrogate_conditions,
)
from halfspace.experiments.fashion_study import FashionStudy
from halfspace.experiments.limits import NeuralPathLimit
from halfspace.experiments.region_study import (
    WHOLE_PLANE,
    FaceNumbers,
    PathShapes,
    RegionJump,
    RegionNumbers,
)
from halfspace.experiments.regions_in_training import CountsDuringTraining, RegionsDuringTraining
from halfspace.experiments.theory_study import FreeExperts, PathSums

__all__ = [
    "FIRST_SEED",
    "NEED_GPU",
    "STUDIES",
    "circle_conditions",
    "condition",
    "fashion_conditions",
    "region_conditions",
    "theory_conditions",
]

FIRST_SEED = 1000
_SEEDS = 20
_FASHION_SEEDS = 10
_PIECES_SEEDS = 10
_REGION_SIZES = ((8, 3), (16, 3), (32, 3), (64, 3), (16, 1), (16, 2), (16, 5))  # width, depth
_FROZEN_AT = (0, 5, 10, 20, 40, 80, 150, 300, 1000, 2000, 4000, 8000)
_QUARTER_TURN = math.pi / 2


def circle_conditions() -> dict[str, CircleStudy]:
    """Return Section 4's conditions by name, ``model: condition``.

    The low half is the top one, with frequency 2 against 8, where the name does not say otherwise.
    """
    found = {}
    for model in ("relu", "dlgn"):
        for name, changes in (_common(model) | _own(model)).items():
            found[f"{model}: {name}"] = _study(model, **changes)
    for name, changes in _gates(frozen=True).items():
        found[f"frozen: {name}"] = _study("frozen", **changes)
    return found


def fashion_conditions() -> dict[str, FashionStudy]:
    """Return Section 5's conditions by name, ``model: images: labels``.

    The linear experts of the last two are compared with constant ones on the original labels.
    """
    seeds = dict(first_seed=FIRST_SEED, seeds=_FASHION_SEEDS)
    found = {
        f"{model}: {images}: {labels}": FashionStudy(
            model=model, images=images, labels=labels, **seeds
        )
        for labels in ("modified", "swapped", "original", "random")
        for images in ("raw", "normalised")
        for model in ("relu", "dlgn")
    }
    for images in ("raw", "normalised"):
        found[f"dlgn, linear experts: {images}: original"] = FashionStudy(
            model="dlgn", images=images, labels="original", constant_input=False, **seeds
        )
    return found


def theory_conditions() -> dict[str, Spec]:
    """Return the checks of Sections 2 and 3 on random nets by name, ``model: statement``."""
    found = {}
    for model in ("relu", "dlgn", "dlgn-pwc"):
        sums = PathSums(model=model, first_seed=FIRST_SEED)
        found[f"{model}: path sums"] = sums
        found[f"{model}: path sums, biases"] = sums.replace(bias=True)
        found[f"{model}: ntk"] = NeuralPathLimit(
            model=model, widths=(16, 32, 64, 128, 256), first_seed=FIRST_SEED, seeds=_SEEDS
        )
    return found | {"dlgn: free experts": FreeExperts(first_seed=FIRST_SEED)}


def region_conditions() -> dict[str, Spec]:
    """Return the region counts of Sections 2 and 3 by name, ``model: what``.

    Counts are taken in nearly the whole plane where the name does not say otherwise.
    """
    found = {}
    for model in ("relu", "dlgn"):
        shapes = PathShapes(model=model, first_seed=FIRST_SEED)
        found[f"{model}: shapes"] = shapes
        found[f"{model}: shapes, no biases"] = shapes.replace(bias=False)
        for step in (1e-3, 1e-9):
            found[f"{model}: jump {step:g}"] = RegionJump(
                model=model, step=step, first_seed=FIRST_SEED
            )
        for width, depth in _REGION_SIZES:
            found[f"{model}: {depth} x {width}"] = RegionNumbers(
                model=model, width=width, depth=depth, first_seed=FIRST_SEED, seeds=_SEEDS
            )
        found[f"{model}: learning, near the data"] = RegionsDuringTraining(
            model=model, first_seed=FIRST_SEED, seeds=_PIECES_SEEDS
        )
        found[f"{model}: learning"] = _learning(model)
        found[f"{model}: learning, He"] = _learning(model, init="he", gain=1.0)
    found["relu: learning, gain 1"] = _learning("relu", gain=1.0)
    for d_in in (2, 16):
        found[f"dlgn: faces, {d_in} inputs"] = FaceNumbers(d_in=d_in, first_seed=FIRST_SEED)
    return found


STUDIES: dict[str, Callable[[], dict[str, Spec]]] = {
    "circle": circle_conditions,
    "fashion": fashion_conditions,
    "theory": theory_conditions,
    "regions": region_conditions,
    "freezing": freezing_conditions,
    "surrogate": surrogate_conditions,
    "step sizes": step_size_conditions,
    "reallocation": reallocation_conditions,
    "cifar-short": short_conditions,
    "cifar": cifar_conditions,
    "cifar-synthetic": synthetic_conditions,
}
"""The conditions of each recorded experiment, by the experiment's name."""

NEED_GPU = ("cifar: ",)
"""Beginnings of the names, ``"study: condition"``, of runs that a CPU would take days for."""


def condition(name: str) -> Spec:
    """Return the spec of a condition, ``"study: condition"``.

    Raises:
        ValueError: if no study lists it; the message tells the nearest name.
    """
    study, _, own = name.partition(": ")
    listed = _listed(STUDIES[study]) if study in STUDIES else {}
    if own not in listed:
        known = [f"{study}: {own}" for study, listing in STUDIES.items() for own in listing()]
        (nearest,) = get_close_matches(name, known, n=1, cutoff=0)
        raise ValueError(
            f"a condition must be one that a study lists; got {name!r}, near {nearest!r}"
        )
    return listed[own]


@cache
def _listed(listing: Callable[[], dict[str, Spec]]) -> dict[str, Spec]:
    return listing()


def _learning(model: str, **changes) -> CountsDuringTraining:
    training = recipe(model, bias=True, first_seed=FIRST_SEED, seeds=_SEEDS, **changes)
    return CountsDuringTraining(training=training, half_side=WHOLE_PLANE)


def _study(model: str, **changes) -> CircleStudy:
    training = recipe(model, first_seed=FIRST_SEED, seeds=_SEEDS, **changes)
    return CircleStudy(training=training, **(dict(at=_FROZEN_AT) if model == "frozen" else {}))


def _common(model: str) -> dict[str, dict]:
    found = {"base": {}, "halves swapped": dict(target=Circle(frequencies=(8.0, 2.0)))}
    for f in (2.0, 4.0, 8.0):
        found[f"equal frequencies {f:.0f}"] = dict(target=Circle(frequencies=(f, f)))
    for f in (3.0, 4.0, 6.0, 12.0, 16.0):
        found[f"high frequency {f:.0f}"] = dict(target=Circle(frequencies=(2.0, f)))
    for a in (0.0, 0.1, 0.3, 0.6):
        found[f"amplitude of low half {a}"] = dict(target=Circle(amplitudes=(a, 1.0)))
        found[f"amplitude of high half {a}"] = dict(target=Circle(amplitudes=(1.0, a)))
    for share in (0.2, 0.35, 0.65, 0.8):
        found[f"share of points on low half {share}"] = dict(target=Circle(top_share=share))
    found["zero target"] = dict(target=Circle(amplitudes=(0.0, 0.0)))
    quarters = (_QUARTER_TURN, _QUARTER_TURN)
    found["constant target"] = dict(target=Circle(frequencies=(0.0, 0.0), phases=quarters))
    found["constant low half"] = dict(
        target=Circle(frequencies=(0.0, 8.0), phases=(_QUARTER_TURN, 0.0))
    )
    base = 0.6 if model == "relu" else 1.0
    for gain in (0.3, 0.6, 1.0, 1.5, 2.0):
        if gain != base:
            both = {} if model == "relu" else dict(gating_gain=gain)
            found[f"gain {gain}"] = dict(gain=gain, **both)
    for init in ("xavier", "he"):
        found[f"init {init}"] = dict(init=init, gain=1.0)
    found["biases"] = dict(bias=True)
    found["sgd"] = dict(optimizer="sgd", learning_rate=0.3)
    for width in (8, 32, 64):
        found[f"width {width}"] = dict(width=width)
    for depth in (2, 3, 8):
        found[f"depth {depth}"] = dict(depth=depth)
    return found


def _own(model: str) -> dict[str, dict]:
    if model == "relu":
        return {}
    found = {name: changes for name, changes in _gates().items() if name != "beta 4"}
    return found | {
        "straight-through": dict(gate="straight-through"),
        "straight-through, biases": dict(gate="straight-through", bias=True),
        "linear experts": dict(constant_input=False),
    }


def _gates(frozen: bool = False) -> dict[str, dict]:
    betas = (4.0, 10.0, 30.0) if frozen else (1.0, 2.0, 4.0, 10.0, 30.0)
    found = {f"beta {beta:.0f}": dict(beta=beta) for beta in betas}
    if frozen:
        return found | {"hard": dict(gate="hard")}
    return found | {"beta 30, gating gain 0.6": dict(beta=30.0, gating_gain=0.6)}
