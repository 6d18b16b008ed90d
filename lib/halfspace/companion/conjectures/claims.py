"""The thesis "features early, linear combination later", and the DLGN as a surrogate."""

from collections.abc import Callable, Mapping

import numpy as np

from halfspace.companion.claims import Case, Claim, cases
from halfspace.companion.conjectures.readings import (
    closer_to_partner,
    early_rather_than_late,
    gained_early,
    gains_by_task,
    gates_rather_than_nothing,
    gates_rather_than_values,
    learned,
    learned_by_hard_gates,
    learned_since_start,
    learned_when_softened,
    paths_gained,
    reached_rather_than_missed,
    row_at,
)
from halfspace.companion.spec import Result

__all__ = ["CLAIMS", "TASKS"]

_EARLY_FUNCTION = 20  # epoch at which learned functions are compared
_NETS = {"ReLU net": "relu", "DLGN": "dlgn"}
_GATES = {
    "DLGN, straight-through gates": "dlgn: straight-through",
    "DLGN, β = 30": "dlgn: beta 30",
}
_PAIRS = {"DLGN, β = 4": "surrogate: beta 4"}
_PAIRS_CONTROLS = {
    "DLGN, straight-through gates": "surrogate: straight-through",
    "DLGN, β = 30": "surrogate: beta 30",
}
TASKS = (
    *("base", "halves swapped", "zero target", "constant target", "constant low half"),
    *(f"equal frequencies {frequency}" for frequency in (2, 4, 8)),
    *(f"high frequency {frequency}" for frequency in (3, 4, 6, 12, 16)),
    *(f"amplitude of {half} half {a}" for half in ("low", "high") for a in (0.0, 0.1, 0.3, 0.6)),
    *(f"share of points on low half {share}" for share in (0.2, 0.35, 0.65, 0.8)),
    *(f"gain {gain}" for gain in (0.3, 1.5, 2.0)),
    *("init xavier", "init he", "biases", "sgd"),
    *("biases, amplitude of low half 0.0", "biases, amplitude of low half 0.3"),
    "biases, constant low half",
    *(f"width {width}" for width in (8, 32, 64)),
    *(f"depth {depth}" for depth in (2, 3, 8)),
)
"""The conditions of the circle that ReLU nets and DLGNs share."""

_TASK_RUNS = tuple(f"circle: {net}: {task}" for task in TASKS for net in ("relu", "dlgn"))

_THESIS = "Introduction, thesis"
_QUOTE = "Neural networks learn data-appropriate non-linear features"
_EARLY = f"{_QUOTE} in the early stages of SGD training while the loss is still high"
_LATER = "combine these features linearly to learn a low-loss model in the later stages"
_HARDNESS = (
    "Soft gates that only become harder also make a value network learn faster. Now gates are "
    "compared with equally hard ones, and the sign decides, not a size that we chose."
)
_HALF = (
    "It compared gates that were not equally hard, at an epoch that we chose, and asked for "
    "equality within a size that we chose. Now each seed's loss defines what is early, and early "
    "gains are compared with late ones."
)
_HIGH = "the last epoch of freezing before the loss first falls below three quarters of its start"
_HIGH_IMAGES = "the last epoch of freezing before the loss first falls below half of its start"
_AS_HARD = "random directions (another draw's, as hard as the trained ones; a ReLU net's gates)"


def _circle(nets: Mapping[str, str], label: str = "") -> dict[str, str]:
    return {f"{name}{label}": f"freezing: circle: {net}" for name, net in nets.items()}


def _images(labels: str, nets: Mapping[str, str] = _NETS, label: str = "") -> dict[str, str]:
    return {f"{name}{label}": f"freezing: fashion: {net}: {labels}" for name, net in nets.items()}


def _along(reading: Callable[[Result, str], np.ndarray], kind: str):
    return lambda result: reading(result, kind)


def _matched(
    kind: str, nets: Callable[..., dict[str, str]], others: Mapping[str, str]
) -> dict[str, tuple[Case, ...]]:
    """Return cases and controls of a claim that trained gates are better.

    Args:
        kind: ``"fresh"`` or ``"kernel"``.
        nets: returns the runs of some nets, by their names with a label.
        others: further runs on which the claim should hold.
    """
    dlgn = {"DLGN": "dlgn"}
    factor = nets is _circle  # of errors; on images, accuracies are subtracted
    controls = cases(others, _along(learned, kind), "above", factor=factor)
    for reading, where, label in (
        (learned_since_start, _NETS, ", own start for another draw"),
        (learned_when_softened, dlgn, ", both as soft as the start"),
        (learned_by_hard_gates, dlgn, ", both hard"),
    ):
        runs = nets(nets=where, label=label)
        controls += cases(runs, _along(reading, kind), "above", factor=factor)
    both = cases(nets(nets=_NETS), _along(learned, kind), "above", factor=factor)
    return dict(cases=both, controls=controls)


def _modified(nets: Mapping[str, str], label: str = "") -> dict[str, str]:
    return _images("modified", nets, label)


_ORIGINAL = _images("original", label=", original labels")


def _kernels_closer_at_the_end(result: Result) -> np.ndarray:
    return closer_to_partner(result, "overlap")[-1]


def _functions_closer_early(result: Result) -> np.ndarray:
    return closer_to_partner(result, "function")[row_at(result, _EARLY_FUNCTION)]


CLAIMS = (
    Claim(
        id="features-learned-2",
        kind="paper",
        text="Training learns features: a reinitialised value network does better with the "
        "trained directions than with random ones, at the same hardness.",
        where=_THESIS,
        quote=_QUOTE,
        statistic=f"ln of a fresh value network's error, {_AS_HARD} over trained ones",
        **_matched("fresh", _circle, _circle(_GATES)),
        figure="fig-conjecture-freezing",
        replaces=("features-learned",),
        why=_HARDNESS,
    ),
    Claim(
        id="gates-early-3",
        kind="paper",
        text="Features are learned early: most of the directions' gain comes while the loss "
        "is high.",
        where=_THESIS,
        quote=_EARLY,
        paper="early, while the loss is still high",
        statistic="what directions, all as hard as the end's, gain for a fresh value network (ln "
        f"error) until {_HIGH}, minus what they gain from there to the end; a difference, since "
        "the share of a gain near zero says nothing (controls: what they gain until then, "
        "and to the end)",
        cases=cases(_circle(_NETS), early_rather_than_late, "above"),
        controls=cases(_circle(_NETS, ", until then"), gained_early, "above")
        + cases(_circle(_NETS, ", in all"), _along(learned_since_start, "fresh"), "above")
        + cases(_circle(_GATES), early_rather_than_late, "above"),
        figure="fig-conjecture-freezing",
        seen="all of them: a first version counted the gain to the end, without which nothing can "
        "be early, as a case, so that it alone made the claim hold under conditions",
        replaces=("gates-early",),
        why=_HALF,
    ),
    Claim(
        id="linear-later-2",
        kind="paper",
        text="The rest is linear: with directions frozen while the loss is high, the error falls "
        "more than half as far as without freezing.",
        where=_THESIS,
        quote=_LATER,
        paper="combined linearly in the later stages",
        statistic=f"from {_HIGH}: how far the error (ln) falls with that epoch's directions, "
        "frozen at the end's hardness, and the net's own value network, minus how far it stays "
        "above that of the net that trains all weights to the end; a difference, since the share "
        "of a fall near zero says nothing; above 0 the share is above one half (second controls: "
        "what directions gain until then for a fresh value network)",
        cases=cases(_circle(_NETS), reached_rather_than_missed, "above"),
        controls=cases(_circle(_GATES), reached_rather_than_missed, "above")
        + cases(_circle(_NETS, ", better than at the start"), gained_early, "above"),
        figure="fig-conjecture-freezing",
        replaces=("linear-later",),
        why=_HALF,
    ),
    Claim(
        id="path-kernel-learned-2",
        kind="reading",
        text="Training makes the path kernel better for the target than the kernel of random "
        "directions, at the same hardness.",
        where="Section 3, conjecture 2",
        statistic=f"ln of the error of regression with the gates' kernel, {_AS_HARD} over trained "
        "ones",
        **_matched("kernel", _circle, _circle(_GATES)),
        figure="fig-conjecture-freezing",
        replaces=("path-kernel-learned",),
        why=_HARDNESS,
    ),
    Claim(
        id="features-learned-fashion-2",
        kind="paper",
        text="Training learns features of images: a reinitialised value network does better with "
        "the trained directions than with random ones, at the same hardness.",
        where=f"{_THESIS}; Section 5",
        quote=_QUOTE,
        statistic=f"test accuracy of a fresh value network, trained directions minus {_AS_HARD}",
        **_matched("fresh", _modified, _ORIGINAL),
        figure="fig-fashion-freezing",
        replaces=("features-learned-fashion",),
        why=_HARDNESS,
    ),
    Claim(
        id="gates-early-fashion-2",
        kind="paper",
        text="Features of images are learned early: most of the directions' gain comes while the "
        "loss is high.",
        where=f"{_THESIS}; Section 5",
        quote=_EARLY,
        paper="early, while the loss is still high",
        statistic="what directions, all as hard as the end's, gain for a fresh value network "
        f"(test accuracy) until {_HIGH_IMAGES}, minus what they gain from there to the end; a "
        "difference, since the share of a gain near zero says nothing (controls: what they gain "
        "until then, and to the end)",
        cases=cases(_images("modified"), early_rather_than_late, "above"),
        controls=cases(_modified(_NETS, ", until then"), gained_early, "above")
        + cases(_modified(_NETS, ", in all"), _along(learned_since_start, "fresh"), "above")
        + cases(_ORIGINAL, early_rather_than_late, "above"),
        figure="fig-fashion-freezing",
        replaces=("gates-early-fashion",),
        why=_HALF,
    ),
    Claim(
        id="linear-later-fashion-2",
        kind="paper",
        text="The rest is linear on images: with directions frozen while the loss is high, "
        "accuracy rises more than half as far as without freezing.",
        where=f"{_THESIS}; Section 5",
        quote=_LATER,
        paper="combined linearly in the later stages",
        statistic=f"from {_HIGH_IMAGES}: how far test accuracy rises with that epoch's "
        "directions, frozen at the end's hardness, and the net's own value network, minus how far "
        "it stays below that of the net that trains all weights to the end; a difference, since "
        "the share of a "
        "rise near zero says nothing; above 0 the share is above one half (second controls: what "
        "directions gain until then for a fresh value network)",
        cases=cases(_images("modified"), reached_rather_than_missed, "above"),
        controls=cases(_ORIGINAL, reached_rather_than_missed, "above")
        + cases(_modified(_NETS, ", better than at the start"), gained_early, "above"),
        figure="fig-fashion-freezing",
        replaces=("linear-later-fashion",),
        why=_HALF,
    ),
    Claim(
        id="path-kernel-learned-fashion-2",
        kind="reading",
        text="Training makes the path kernel better for images than the kernel of random "
        "directions, at the same hardness.",
        where="Section 5, conjecture 2",
        statistic="test accuracy of regression with the gates' kernel, trained directions minus "
        f"{_AS_HARD}",
        **_matched("kernel", _modified, _ORIGINAL),
        figure="fig-fashion-freezing",
        replaces=("path-kernel-learned-fashion",),
        why=_HARDNESS,
    ),
    Claim(
        id="paths-change-ntk-2",
        kind="paper",
        text="The NTK changes because the gates do: the final gates alone bring it closer to the "
        "final NTK than the final value weights alone.",
        where="Section 4, Figure 4",
        quote="We hypothesize that the active path regions change during training thus causing "
        "the NTK to change.",
        statistic="cosine with the trained net's NTK, gates of the end with the value weights of "
        "the start, minus gates of the start with the value weights of the end (controls: "
        "minus gates and value weights of the start)",
        cases=cases(
            {name: f"swap: {net}" for name, net in _NETS.items()}, gates_rather_than_values, "above"
        ),
        controls=cases(
            {f"{name}, closer than the start": f"swap: {net}" for name, net in _NETS.items()},
            gates_rather_than_nothing,
            "above",
        )
        + cases(
            {name: f"swap: {net}" for name, net in _GATES.items()},
            gates_rather_than_values,
            "above",
        ),
        seen="all of them: a first version counted being closer than the start as a case",
        figure="fig-conjecture-swap",
    ),
    Claim(
        id="surrogate-tasks",
        kind="reading",
        text="Where a task moves many paths in ReLU nets, it moves many in DLGNs.",
        where="Section 4, conjecture 4",
        paper="a faithful surrogate",
        statistic="over the conditions of the circle that both nets share: rank correlation of "
        "the mean gain of the low half (ln of its mean number of active paths over the high "
        "half's, end minus start), ReLU net and DLGN",
        cases=(
            Case(name="all tasks", needs=_TASK_RUNS, value=gains_by_task, test="rank correlation"),
        ),
        figure="fig-conjecture-tasks",
        seen="none; the circle's runs had begun",
    ),
    Claim(
        id="surrogate-paths-2",
        kind="reading",
        text="If a seed's ReLU net moves many paths to the low half, so does its DLGN.",
        where="Section 3, conjecture 4",
        statistic="correlation over seeds of the low half's gain (ln of its mean number of active "
        "paths over the high half's, end minus start), ReLU net and DLGN",
        cases=cases(_PAIRS, paths_gained, "correlation"),
        controls=cases(_PAIRS_CONTROLS, paths_gained, "correlation"),
        figure="fig-conjecture-surrogate",
        replaces=("surrogate-paths",),
        why="Its interval was a mean's, its 20 seeds were too few, its size of 0.3 was ours, and "
        "ln(1 + paths) counted points without any path.",
    ),
    Claim(
        id="surrogate-kernels-2",
        kind="reading",
        text="A DLGN's overlap kernel is more similar to its own ReLU net's than to another's.",
        where="Section 3, conjecture 4",
        statistic="centred cosine of overlap kernels at the end, own seed minus other seeds",
        cases=cases(_PAIRS, _kernels_closer_at_the_end, "above"),
        controls=cases(_PAIRS_CONTROLS, _kernels_closer_at_the_end, "above"),
        figure="fig-conjecture-surrogate",
        replaces=("surrogate-kernels",),
        why="Its 20 seeds were too few, and its size of 0.05 was ours.",
    ),
    Claim(
        id="surrogate-functions-2",
        kind="reading",
        text="At epoch 20 a DLGN's outputs are closer to its own ReLU net's than to another's.",
        where="Section 3, conjecture 4",
        statistic="correlation of the outputs along the circle, own seed minus other seeds",
        cases=cases(_PAIRS, _functions_closer_early, "above"),
        controls=cases(_PAIRS_CONTROLS, _functions_closer_early, "above"),
        figure="fig-conjecture-surrogate",
        replaces=("surrogate-functions",),
        why="Its 20 seeds were too few, and its size of 0.05 was ours.",
    ),
)
