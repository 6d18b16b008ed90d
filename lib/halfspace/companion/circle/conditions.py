"""The recorded conditions of Section 4."""

import itertools
import math
from collections.abc import Iterator, Sequence

from halfspace.companion.circle.explanations import CircleKernels, CircleLinearised
from halfspace.companion.circle.specs import CircleTraining, recipe
from halfspace.companion.circle.study import CircleStudy
from halfspace.companion.circle.target import Circle
from halfspace.companion.seeds import FRESH_SEED
from halfspace.companion.spec import Result

__all__ = [
    "DESIGNS",
    "IS_IT_ESSENTIAL",
    "STUDIES",
    "WHAT_ONE_SEES",
    "chapter_conditions",
    "circle_conditions",
    "kernel_conditions",
    "linearised_conditions",
    "recorded_conditions",
]

_SEEDS = 100
_FROZEN_SEEDS = 40  # their training is the longest
_FROZEN_AT = (0, 5, 10, 20, 40, 80, 150, 300, 1000, 2000, 4000, 8000)
_QUARTER_TURN = math.pi / 2
_CONTROLS = ("base", "halves swapped", "equal frequencies 4", "biases", "init xavier", "init he")
_HARDER = ("straight-through", "beta 30, gating gain 0.6")
DESIGNS = ("amplitude of low half 0.0", "constant low half", "amplitude of low half 0.3")
"""Conditions whose targets tell explanations of the allocation apart."""

WHAT_ONE_SEES = (
    *(f"{net}: {name}" for net in ("relu", "dlgn") for name in _CONTROLS),
    "dlgn: beta 10",
    *(f"dlgn: {gate}" for gate in _HARDER),
    "dlgn: straight-through, biases",
    "dlgn: linear experts",
    "linear: base",
    "frozen: beta 4",
)
"""The conditions of chapter 4."""

IS_IT_ESSENTIAL = (
    *("dlgn: base", "dlgn: beta 10", "dlgn: beta 30", "dlgn: straight-through"),
    *("frozen: beta 4", "frozen: beta 10", "frozen: beta 30", "frozen: hard"),
)
"""The conditions of chapter 5."""


def circle_conditions() -> dict[str, CircleStudy]:
    """Return Section 4's conditions by name, ``model: condition``.

    The low half is the top one, with frequency 2 against 8, where the name does not say otherwise.
    All conditions have the same seeds, so that nets of one shape start from the same weights.
    """
    conditions = {}
    for model in ("relu", "dlgn"):
        for name, changes in (_common(model) | _of_one(model)).items():
            conditions[f"{model}: {name}"] = _study(model, **changes)
    for model, name, changes in _designs():
        conditions[f"{model}: {name}"] = _study(model, **changes)
    conditions["linear: base"] = _study("linear")
    for name, changes in _gates(frozen=True).items():
        conditions[f"frozen: {name}"] = _study("frozen", **changes)
    return conditions


def kernel_conditions() -> dict[str, CircleKernels]:
    """Return the nets whose NTK is compared with several overlap kernels."""
    gates = {name: changes for name, changes in _of_one("dlgn").items() if name in _HARDER}
    trainings = {"relu": _recipe("relu"), "dlgn": _recipe("dlgn")}
    trainings |= {f"dlgn: {name}": _recipe("dlgn", **changes) for name, changes in gates.items()}
    return {name: CircleKernels(training=training) for name, training in trainings.items()}


def linearised_conditions() -> dict[str, CircleLinearised]:
    """Return the linearised nets, whose NTK stays fixed."""
    return {net: CircleLinearised(training=_recipe(net)) for net in ("relu", "dlgn")}


def recorded_conditions() -> dict[str, Result]:
    """Return the recorded runs of Section 4's conditions, by the conditions' names.

    Raises:
        FileNotFoundError: if there is none, for example when the package is used without its
            repository.
    """
    runs = {name: spec.recorded() for name, spec in circle_conditions().items()}
    recorded = {name: run for name, run in runs.items() if run is not None}
    if not recorded:
        raise FileNotFoundError(
            "There is no recorded run of the circle: this page reads data/results of the "
            "repository, so run it in a clone."
        )
    return recorded


def chapter_conditions(
    names: Sequence[str], target: Circle, *, beta: float, seeds: int
) -> dict[str, CircleStudy]:
    """Return a chapter's conditions by name, for a reader's choices.

    If all three choices have their recorded values, these are recorded conditions.

    Args:
        names: ``WHAT_ONE_SEES`` or ``IS_IT_ESSENTIAL``.
        target: the base recipe's; the conditions that change the target follow its frequencies.
        beta: sharpness of the gates, where the recorded condition has the base recipe's.
        seeds: number of seeds; at most 40 for nets with frozen gates.
    """
    conditions = circle_conditions()
    low, high = target.frequencies
    middle = (low * high) ** 0.5
    targets = {
        "halves swapped": Circle(frequencies=(high, low)),
        "equal frequencies 4": Circle(frequencies=(middle, middle)),
    }
    usual_beta = conditions["dlgn: base"].training.beta
    chosen = {}
    for name in names:
        condition = conditions[name]
        changes = {"beta": beta} if condition.training.beta == usual_beta else {}
        changes["target"] = targets.get(name.split(": ")[1], target)
        changes["seeds"] = min(seeds, _FROZEN_SEEDS) if name.startswith("frozen") else seeds
        chosen[name] = condition.with_training(**changes)
    return chosen


def _study(model: str, **changes) -> CircleStudy:
    if model == "frozen":
        return CircleStudy(training=_recipe(model, seeds=_FROZEN_SEEDS, **changes), at=_FROZEN_AT)
    return CircleStudy(training=_recipe(model, **changes))


def _recipe(model: str, seeds: int = _SEEDS, **changes) -> CircleTraining:
    return recipe(model, first_seed=FRESH_SEED, seeds=seeds, own_order=True, **changes)


def _designs() -> Iterator[tuple[str, str, dict]]:
    """Yield the targets that tell explanations apart, under other gates and with biases."""
    gates = {"": {}} | {f"{name}, ": _of_one("dlgn")[name] for name in _HARDER}
    for model, gate, bias in itertools.product(("relu", "dlgn"), gates, (False, True)):
        if (model == "relu" and gate) or not (gate or bias):
            continue  # ReLU nets have one gate; the base recipe's designs are conditions already
        label, changes = gate + ("biases, " if bias else ""), gates[gate] | dict(bias=bias)
        for design in DESIGNS:
            yield model, label + design, changes | _common(model)[design]
        if gate and bias and "straight" not in gate:
            yield model, label.removesuffix(", "), changes


def _common(model: str) -> dict[str, dict]:
    changes = {"base": {}, "halves swapped": dict(target=Circle(frequencies=(8.0, 2.0)))}
    for f in (2.0, 4.0, 8.0):
        changes[f"equal frequencies {f:.0f}"] = dict(target=Circle(frequencies=(f, f)))
    for f in (3.0, 4.0, 6.0, 12.0, 16.0):
        changes[f"high frequency {f:.0f}"] = dict(target=Circle(frequencies=(2.0, f)))
    for a in (0.0, 0.1, 0.3, 0.6):
        changes[f"amplitude of low half {a}"] = dict(target=Circle(amplitudes=(a, 1.0)))
        changes[f"amplitude of high half {a}"] = dict(target=Circle(amplitudes=(1.0, a)))
    for share in (0.2, 0.35, 0.65, 0.8):
        changes[f"share of points on low half {share}"] = dict(target=Circle(top_share=share))
    changes["zero target"] = dict(target=Circle(amplitudes=(0.0, 0.0)))
    quarters = (_QUARTER_TURN, _QUARTER_TURN)
    changes["constant target"] = dict(target=Circle(frequencies=(0.0, 0.0), phases=quarters))
    changes["constant low half"] = dict(
        target=Circle(frequencies=(0.0, 8.0), phases=(_QUARTER_TURN, 0.0))
    )
    base = 0.6 if model == "relu" else 1.0
    for gain in (0.3, 0.6, 1.0, 1.5, 2.0):
        if gain != base:
            both = {} if model == "relu" else dict(gating_gain=gain)
            changes[f"gain {gain}"] = dict(gain=gain, **both)
    for init in ("xavier", "he"):
        changes[f"init {init}"] = dict(init=init, gain=1.0)
    changes["biases"] = dict(bias=True)
    changes["sgd"] = dict(optimizer="sgd", learning_rate=0.3)
    for width in (8, 32, 64):
        changes[f"width {width}"] = dict(width=width)
    for depth in (2, 3, 8):
        changes[f"depth {depth}"] = dict(depth=depth)
    return changes


def _of_one(model: str) -> dict[str, dict]:
    if model == "relu":
        return {}
    gates = {name: gate for name, gate in _gates().items() if name != "beta 4"}
    return gates | {
        "straight-through": dict(gate="straight-through"),
        "straight-through, biases": dict(gate="straight-through", bias=True),
        "linear experts": dict(constant_input=False),
    }


def _gates(frozen: bool = False) -> dict[str, dict]:
    betas = (4.0, 10.0, 30.0) if frozen else (1.0, 2.0, 4.0, 10.0, 30.0)
    changes = {f"beta {beta:.0f}": dict(beta=beta) for beta in betas}
    if frozen:
        return changes | {"hard": dict(gate="hard")}
    return changes | {"beta 30, gating gain 0.6": dict(beta=30.0, gating_gain=0.6)}


STUDIES = {
    "circle": circle_conditions,
    "circle kernels": kernel_conditions,
    "linearised": linearised_conditions,
}
