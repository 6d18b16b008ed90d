"""Claims on catapults (Lewkowycz et al., Meltzer and Liu), in gated nets.

Of the papers the abstracts were read. What they state is ``related``; sizes and the other claims
are ours.
"""

from collections.abc import Callable
from functools import partial

import numpy as np

from halfspace.companion.catapults.readings import (
    alive,
    flatter,
    flies,
    grows_sparser,
    has_diverged,
    loses_paths,
    more_turned,
    off_half,
    rises,
    sparser,
    turned,
)
from halfspace.companion.claims import EXACT, Case, Claim, all_nets, cases
from halfspace.companion.spec import Result
from halfspace.companion.theory.readings import agrees

__all__ = ["CLAIMS"]

_2020 = "Related: Lewkowycz, Bahri, Dyer, Sohl-Dickstein, Gur-Ari 2020, abstract"
_2023 = "Related: Meltzer and Liu 2023, abstract"
_OURS = "ours: after Meltzer and Liu 2023"
_SEEN = (
    "A prototype's numbers on seeds 0 to 9 and 100 to 109 were known, and while the code was "
    "written those of these runs on seeds 0 to 2; none of the recorded seeds' were."
)
_NETS = {
    "DLGN, frozen gates": "frozen gates",
    "DLGN": "soft",
    "DLGN, straight-through": "straight-through",
    "ReLU net": "relu",
}
_SPARSER = (1.8, 3.5, 6)
_MOST = 0.5

Value = Callable[..., np.ndarray]


def _most(name: str, runs: str | tuple[str, ...], value: Value, **options) -> tuple[Case, ...]:
    """Return one case: it is so for most seeds."""
    return cases({name: runs}, partial(value, **options), "share", _MOST)


def _all(name: str, run: str, value: Value, **options) -> tuple[Case, ...]:
    return all_nets({name: run}, partial(value, **options))


def _stays(result: Result, rate: float) -> np.ndarray:
    """Return for which seeds the smallest model's loss never exceeds its start."""
    return result.peak[:, result.spec.rates.index(rate)] <= 1


def _misses(result: Result, gap: str = "gap") -> np.ndarray:
    return result.arrays[gap] > EXACT


def _is_turned(result: Result) -> np.ndarray:
    return turned(result) > 0


def _is_off_half(result: Result) -> np.ndarray:
    return off_half(result) > EXACT


_MODEL = "catapult model: n = 512"
_LAYERS = ("1 layer", "3 layers")

CLAIMS = (
    Claim(
        id="cata-window",
        kind="related",
        text="In the smallest model, descent is smooth up to learning rates of 2/λ, takes off and "
        "lands between 2/λ and 4/λ, and diverges beyond.",
        where=_2020,
        quote="One key prediction of our model is a narrow range of large, stable learning rates.",
        statistic="share of seeds (u and v of 512 normal entries) whose loss exceeds its start "
        "and ends below a millionth of it, rates in units of 1/λ at the start (controls: the loss "
        "never exceeds its start below 2, diverges above 4; each of 30 steps is the plane map's "
        "within 1e-10, and is not with λ kept at its start)",
        cases=tuple(
            case
            for rate in (2.2, 2.5, 3, 3.5, 3.8)
            for case in _all(f"flies at {rate:g}", _MODEL, flies, rate=rate)
        ),
        controls=tuple(
            case
            for rate in (1, 1.9)
            for case in _all(f"no rise at {rate:g}", _MODEL, _stays, rate=rate)
        )
        + tuple(
            case
            for rate in (4.1, 4.5)
            for case in _all(f"diverges at {rate:g}", _MODEL, has_diverged, rate=rate)
        )
        + _all("the plane map", _MODEL, agrees, gap="gap")
        + _all("not with λ kept", _MODEL, _misses, gap="frozen_gap"),
        figure="fig-cata-plane",
        seen=_SEEN,
    ),
    Claim(
        id="cata-norm",
        kind="proved",
        text="How a step changes the norm of the value weights follows from errors and kernel, for "
        "any gate: it falls where the error is large and the rate is below 2p over the kernel's "
        "largest eigenvalue, p being the number of layers.",
        where=_OURS,
        statistic="share of nets (m = 64, circle, ten steps at 3/λ) whose changes of squared norm "
        "differ from the formula by less than 1e-10 of the largest one (controls: that they "
        "differ by more for all weights of a DLGN, and with biases, in most nets)",
        cases=tuple(
            case
            for label, name in _NETS.items()
            for layers in _LAYERS
            for case in _all(
                f"{label}, {layers}", f"catapult norms: {name}: {layers}", agrees, gap="gap"
            )
        ),
        controls=tuple(
            case
            for label, run in {
                "not all weights, DLGN": "soft: all weights",
                "not all weights, straight-through": "straight-through: all weights",
                "not with biases, ReLU net": "relu: biases",
                "not with biases, DLGN": "soft: biases",
            }.items()
            for case in _most(label, f"catapult norms: {run}", _misses)
        ),
        figure="what-a-step-does-to-the-norm",
        seen=_SEEN,
    ),
    Claim(
        id="cata-flatter",
        kind="related",
        text="Gated nets take off, too, and land where the kernel is smaller and the weights are "
        "lighter.",
        where=_2020,
        quote="At large learning rates the model captures qualitatively distinct phenomena, "
        "including the convergence of gradient descent dynamics to flatter minima.",
        statistic="share of nets (one hidden layer, m = 128, circle) whose loss at 3.5/λ rises "
        "within 40 steps and ends below its start, while the NTK's largest eigenvalue and the "
        "squared norm of the value weights end below their starts and below their ends at 1.8/λ, "
        "where the loss does not rise; the level, one half, is most nets",
        cases=tuple(
            case
            for label, name in _NETS.items()
            for case in _most(label, f"catapults: 1 layer: {name}", flatter, rate=3.5, slow=1.8)
        ),
        figure="fig-cata-flight",
        seen=_SEEN,
    ),
    Claim(
        id="cata-turns",
        kind="ours",
        text="The flight turns a ReLU net's half-spaces, whose weights carry half of the kernel, "
        "more than a DLGN's; gates with a larger share of the kernel are turned more.",
        where=_OURS,
        statistic="share of seeds in which, one hidden layer on the circle, the share of gates "
        "that differ from the start's is larger at 3.5/λ than at 1.8/λ after equal time (steps "
        "times rate); in which that difference is larger for the ReLU net than for the DLGN; and "
        "larger for a DLGN with fast gates (weights 0.3 times as large, sharpness over 0.3) than "
        "for the DLGN; the level, one half, is most seeds",
        cases=_most("ReLU net, fast over slow", "catapults: 1 layer: relu", _is_turned)
        + _most(
            "ReLU net over DLGN",
            ("catapults: 1 layer: relu", "catapults: 1 layer: soft"),
            more_turned,
        )
        + _most(
            "fast gates over slow gates",
            ("catapults: 1 layer: fast", "catapults: 1 layer: soft"),
            more_turned,
        ),
        controls=_most(
            "ReLU net over fast gates",
            ("catapults: 1 layer: relu", "catapults: 1 layer: fast"),
            more_turned,
        ),
        figure="fig-cata-flips",
        seen=_SEEN,
    ),
    Claim(
        id="cata-half",
        kind="proved",
        text="A DLGN without biases cannot close gates on the circle: on inputs closed under "
        "reflection, the mean gate is one half at every moment of every training.",
        where="ours: gates of x and −x add up to one",
        statistic="largest distance of the mean gate from one half at the start, late and at the "
        "end of training, over all rates at which the net lives, two hidden layers; margin 1e-10 "
        "(controls: share of nets in which it is larger, for a ReLU net and a DLGN with biases)",
        cases=cases(
            {
                "DLGN": "catapults: 2 layers: soft",
                "DLGN, frozen gates": "catapults: 2 layers: frozen gates",
            },
            off_half,
            "equal",
            EXACT,
        ),
        controls=_most("not the ReLU net", "catapults: 2 layers: relu", _is_off_half)
        + _most("not with biases", "catapults: 2 layers: biases", _is_off_half),
        figure="fig-cata-survival",
        seen=_SEEN,
    ),
    Claim(
        id="cata-sparse",
        kind="related",
        text="The larger the learning rate, the sparser the gates of a ReLU net.",
        where=_2023,
        quote="the activation map of ReLU nets trained with super-critical learning rates becomes "
        "increasingly sparse as we increase the learning rate",
        statistic="share of nets whose mean gate at the end falls from 1.8/λ to 3.5/λ and from "
        "there to 6/λ (a net that diverges does not count as one); the level, one half, is most "
        "nets (controls: one layer on the circle; images whose mean is taken off)",
        cases=_most("circle, 2 layers", "catapults: 2 layers: relu", grows_sparser, rates=_SPARSER)
        + _most("images", "catapults on clothes: relu", grows_sparser, rates=_SPARSER),
        controls=_most("circle, 1 layer", "catapults: 1 layer: relu", grows_sparser, rates=_SPARSER)
        + _most(
            "centred images", "catapults on clothes: centred: relu", grows_sparser, rates=_SPARSER
        ),
        figure="fig-cata-survival",
        seen=_SEEN,
    ),
    Claim(
        id="cata-survive",
        kind="ours",
        text="Far beyond 4/λ a ReLU net of two layers lives on by closing paths; a DLGN without "
        "biases cannot, and dies.",
        where=_OURS,
        statistic="share of nets on the circle: ReLU nets that have not diverged, end below the "
        "loss of their start, and with a smaller mean of ln(active paths); DLGNs that diverge; "
        "the level, one half, is most nets (controls, if closing paths is what saves: a DLGN with "
        "biases, which can close some, does so at 4.5/λ, and lives at 8/λ)",
        cases=tuple(
            case
            for rate in (6, 8, 12)
            for case in _most(
                f"ReLU net lives at {rate}", "catapults: 2 layers: relu", loses_paths, rate=rate
            )
        )
        + _most("DLGN dies at 8", "catapults: 2 layers: soft", has_diverged, rate=8)
        + _most("frozen gates die at 8", "catapults: 2 layers: frozen gates", has_diverged, rate=8),
        controls=_most(
            "biases: paths close at 4.5", "catapults: 2 layers: biases", loses_paths, rate=4.5
        )
        + _most("biases: lives at 8", "catapults: 2 layers: biases", alive, rate=8),
        figure="fig-cata-survival",
        seen=_SEEN,
    ),
    Claim(
        id="cata-one-sided",
        kind="ours",
        text="Closing gates needs data on one side: with the images' mean a net can live on "
        "sparsely, without it it diverges.",
        where=_OURS,
        statistic="share of nets of one hidden layer on images: ReLU nets that live at 6/λ and "
        "12/λ with a smaller mean gate than at the start; the same with the mean taken off that "
        "diverge; DLGNs with fast gates that live at 4.5/λ with a smaller mean gate; the level, "
        "one half, is most nets (controls: a DLGN with slow gates diverges at 4.5/λ; without the "
        "mean a ReLU net still takes off and lands at 2.5/λ)",
        cases=tuple(
            case
            for rate in (6, 12)
            for case in (
                *_most(f"ReLU net, {rate}", "catapults on clothes: relu", sparser, rate=rate),
                *_most(
                    f"ReLU net, centred, diverges at {rate}",
                    "catapults on clothes: centred: relu",
                    has_diverged,
                    rate=rate,
                ),
            )
        )
        + _most("DLGN, fast gates, 4.5", "catapults on clothes: fast", sparser, rate=4.5),
        controls=_most(
            "DLGN, slow gates, diverges at 4.5",
            "catapults on clothes: soft",
            has_diverged,
            rate=4.5,
        )
        + _most(
            "ReLU net, centred, lands at 2.5",
            "catapults on clothes: centred: relu",
            lambda result: rises(result, 2.5) & alive(result, 2.5),
        ),
        figure="fig-cata-heat",
        seen=_SEEN,
    ),
)
