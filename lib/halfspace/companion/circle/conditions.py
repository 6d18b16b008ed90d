"""The recorded conditions of Section 4."""

import math

from halfspace.companion.circle.specs import recipe
from halfspace.companion.circle.study import CircleStudy
from halfspace.companion.circle.target import Circle
from halfspace.companion.seeds import FIRST_SEED

__all__ = ["STUDIES", "circle_conditions"]


_SEEDS = 20
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


STUDIES = {"circle": circle_conditions}
