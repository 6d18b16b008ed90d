"""Claims on hardness: it orders where paths go, at any scale; and hardening costs nothing."""

from collections.abc import Callable
from functools import partial

import numpy as np

from halfspace.companion.circle.readings import (
    fitted,
    fitted_with_hard_gates,
    gain_beside,
    path_gain,
    share_without_path,
)
from halfspace.companion.claims import Case, Claim
from halfspace.companion.hardness.readings import (
    clustering,
    hardness_beats_scale,
    more_coherent,
    order,
    predicted_turns,
)
from halfspace.companion.spec import Result

__all__ = ["CLAIMS"]

_LEVELS, _GAINS, _FEW_GAINS = (0.1, 0.3, 0.5, 0.7, 0.9), (0.6, 1.0, 1.7), (0.6, 1.7)
_FEW_LEVELS = (0.1, 0.5, 0.9)
_LOW, _HIGH = 0.1, 0.9
_DESIGNS = {"biases": "with biases", "2 layers": "2 layers"}
_SEEN = (
    "Known were the recorded runs of Section 4 on seeds 3000 to 3099, which include β from 1 to "
    "30, straight-through gates, He's initialisation and ReLU nets of several scales, and pilot "
    "runs on seeds 0 to 9: allocation, clustering, starvation and errors of the 15 conditions "
    "with five layers and no biases, angles after one epoch of nine of them{more}; nothing of "
    "the recorded seeds, 5000 to 5099."
)
_FACTORIAL = _SEEN.format(more="")
_HALF, _MOST = 0.5, 0.5


def _run(level: float, gain: float, design: str = "5 layers") -> str:
    return f"hardness: {design}, h {level}, gain {gain}"


def _all(design: str, levels: tuple, gains: tuple) -> tuple[str, ...]:
    return tuple(_run(level, gain, design) for gain in gains for level in levels)


def _case(name: str, needs: str | tuple[str, ...], value: Callable, test="above", level=0.0):
    runs = (needs,) if isinstance(needs, str) else needs
    return Case(name=name, needs=runs, value=value, test=test, level=level)


def _at_each_gain(name: str, level: float, value: Callable, test="above", at=0.0):
    """Return a case for each initial scale, at one hardness."""
    return tuple(
        _case(f"{name}scale {gain}", _run(level, gain), value, test, at) for gain in _GAINS
    )


def _beats_scale(name: str, level: float, design: str, gains: tuple) -> tuple[Case, ...]:
    """Return the two cases that hardness has a larger effect than the scale, whatever its sign."""
    needs = tuple(_run(end, gain, design) for end in (_LOW, _HIGH) for gain in gains)
    needs += (_run(level, gains[-1], design), _run(level, gains[0], design))
    return tuple(
        _case(f"{name}h = {level}, {word}", needs, partial(hardness_beats_scale, sign=sign))
        for word, sign in {"larger scale less": 1, "larger scale more": -1}.items()
    )


def _loses_half(hard: Result, soft: Result) -> np.ndarray:
    return _HALF - gain_beside(hard, soft)


def _less(one: Result, other: Result) -> np.ndarray:
    return path_gain(other) - path_gain(one)


def _away(result: Result) -> np.ndarray:
    return -path_gain(result)


_TASKS = {
    "halves swapped": path_gain,
    "low half zero": _away,
    "low half constant": path_gain,
}

CLAIMS = (
    Claim(
        id="hard-orders",
        kind="ours",
        text="The harder a DLGN's gates are at the start, the fewer paths it allocates, the less "
        "its half-spaces cluster, and the fewer points it starves.",
        where="ours: on Section 4",
        statistic="minus the rank correlation, within a seed and over 15 conditions (five "
        "hardnesses h at the start, each from three pairs of β and initial scale), of h with the "
        "final allocation, with the change of the resultant of the last layer's normals, and with "
        "the final share of points without a path; 0 where the latter is the same in all "
        "conditions (controls: allocation with biases and in two layers, over six conditions)",
        cases=tuple(
            _case(
                name,
                _all("5 layers", _LEVELS, _GAINS),
                partial(order, statistic=statistic),
            )
            for name, statistic in {
                "allocation": path_gain,
                "clustering": clustering,
                "starvation": share_without_path,
            }.items()
        ),
        controls=tuple(
            _case(
                f"allocation, {label}",
                _all(design, _FEW_LEVELS, _FEW_GAINS),
                partial(order, statistic=path_gain),
            )
            for design, label in _DESIGNS.items()
        ),
        seen=_FACTORIAL,
    ),
    Claim(
        id="hard-not-scale",
        kind="ours",
        text="At equal hardness at the start, it matters less which β and which initial scale "
        "make it than how hard the gates are.",
        where="ours: on Section 4",
        statistic="effect of hardness, the mean over scales of the final allocation at h = 0.1 "
        "minus that at h = 0.9, plus or minus the effect of the scale at one h, the allocation at "
        "the largest scale (smallest β) minus that at the smallest scale (largest β); both must be "
        "above 0 (controls: with biases and in two layers)",
        cases=tuple(
            case for level in _LEVELS for case in _beats_scale("", level, "5 layers", _GAINS)
        ),
        controls=tuple(
            case
            for design, label in _DESIGNS.items()
            for case in _beats_scale(f"{label}, ", 0.5, design, _FEW_GAINS)
        ),
        seen=_FACTORIAL,
    ),
    Claim(
        id="hard-fades",
        kind="ours",
        text="With hard gates at the start, a DLGN allocates less than half of what it does with "
        "soft ones.",
        where="ours: on Section 4",
        statistic="one half minus the final allocation at h = 0.9 over the mean one at h = 0.1, at "
        "each initial scale (controls: with biases and in two layers)",
        cases=tuple(
            _case(f"scale {gain}", (_run(_HIGH, gain), _run(_LOW, gain)), _loses_half)
            for gain in _GAINS
        ),
        controls=tuple(
            _case(
                f"{label}, scale {gain}",
                (_run(_HIGH, gain, design), _run(_LOW, gain, design)),
                _loses_half,
            )
            for design, label in _DESIGNS.items()
            for gain in _FEW_GAINS
        ),
        seen=_FACTORIAL,
    ),
    Claim(
        id="hard-below-relu",
        kind="ours",
        text="With hard gates at the start, a DLGN allocates less than a ReLU net.",
        where="ours: on Section 4",
        statistic="final allocation of the ReLU net of the base recipe (scale 0.6) minus that of "
        "the DLGN at h = 0.9, at each initial scale (controls: minus that of the DLGN of scale 1, "
        "for ReLU nets of other scales)",
        cases=tuple(
            _case(f"scale {gain}", (_run(_HIGH, gain), "hardness of relu: gain 0.6"), _less)
            for gain in _GAINS
        ),
        controls=tuple(
            _case(
                f"ReLU net of scale {gain}",
                (_run(_HIGH, 1.0), f"hardness of relu: gain {gain}"),
                _less,
            )
            for gain in (0.3, 1.0, 1.5, 2.0)
        ),
        seen=_FACTORIAL,
    ),
    Claim(
        id="hard-fits",
        kind="ours",
        text="The target is fitted without much allocation: most DLGNs with hard gates at the "
        "start fit it, under hard gates too.",
        where="ours: on Section 4",
        statistic="share of nets with a mean squared error below 0.05 at epoch 300, h = 0.9 at the "
        "start, under their own gates and under hard gates; the level, one half, is most nets",
        cases=_at_each_gain("own gates, ", _HIGH, fitted, "share", _MOST)
        + _at_each_gain("hard gates, ", _HIGH, fitted_with_hard_gates, "share", _MOST),
        seen=_FACTORIAL,
    ),
    Claim(
        id="hard-first-turn",
        kind="ours",
        text="The gradient at the start predicts which half-spaces turn first, which way and how "
        "far, with soft gates and with hard ones.",
        where="ours: gradients of a DLGN's gating network in closed form",
        statistic="rank correlation, over a net's 80 units, of the angle by which each normal "
        "turns in the first epoch (eight steps of Adam) with the angle after eight steps along "
        "the signs of the first gradients, to first order",
        cases=tuple(
            case
            for level in _FEW_LEVELS
            for case in _at_each_gain(f"h = {level}, ", level, predicted_turns)
        ),
        seen=_FACTORIAL,
    ),
    Claim(
        id="hard-together",
        kind="ours",
        text="Soft gates first move all half-spaces along one axis; hard gates each on its own.",
        where="ours: β σ′(β η) is the same for all units and points where gates are soft",
        statistic="length of the mean direction of displacement of the first layer's normals in "
        "the first epoch, opposite directions counted as one, at h = 0.1 minus at h = 0.9, at "
        "each initial scale",
        cases=tuple(
            _case(f"scale {gain}", (_run(_LOW, gain), _run(_HIGH, gain)), more_coherent)
            for gain in _GAINS
        ),
        seen=_FACTORIAL,
    ),
    Claim(
        id="hard-where",
        kind="ours",
        text="At each hardness paths go to the half that gives the earlier signal.",
        where="ours: on Section 4",
        statistic="final allocation to the low-frequency half (its sign turned for a low half that "
        "is zero, which gives no signal), at h = 0.1 and h = 0.9 (controls: less allocation than "
        "with the base target where the low half has amplitude 0.3)",
        cases=tuple(
            _case(f"{task}, h = {level}", f"hardness and tasks: {task}, h {level}", value)
            for task, value in _TASKS.items()
            for level in (_LOW, _HIGH)
        ),
        controls=tuple(
            _case(
                f"low half weak, h = {level}",
                (f"hardness and tasks: low half weak, h {level}", _run(level, 1.0)),
                _less,
            )
            for level in (_LOW, _HIGH)
        ),
        seen=_FACTORIAL,
    ),
)
