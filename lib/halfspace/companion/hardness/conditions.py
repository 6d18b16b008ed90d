"""The recorded runs on hardness.

Seeds start at 5000: no other run has them. Pilot runs had seeds 0 to 9.
"""

import math

from halfspace.companion.circle.specs import CircleTraining, recipe
from halfspace.companion.circle.target import Circle
from halfspace.companion.hardness.history import HardeningHistory
from halfspace.companion.hardness.images import (
    COMMON_STEP,
    RATES,
    STEP_SIZES,
    HardImages,
    StepSizeOnImages,
    image_run,
)
from halfspace.companion.hardness.specs import GateHardness
from halfspace.companion.spec import Spec

__all__ = [
    "FIRST_SEED",
    "GAINS",
    "LABELS",
    "LEVELS",
    "NETS_ON_IMAGES",
    "RELU_GAINS",
    "STUDIES",
    "TASKS",
    "factorial_conditions",
    "history_conditions",
    "image_conditions",
    "relu_conditions",
    "run_name",
    "step_size_conditions",
    "task_conditions",
]

FIRST_SEED = 5000
LEVELS = (0.1, 0.3, 0.5, 0.7, 0.9)
GAINS = (0.6, 1.0, 1.7)
RELU_GAINS = (0.3, 0.6, 1.0, 1.5, 2.0)

BETAS = {
    "5 layers": {
        0.6: (3.52, 16.7, 57.2, 194, 990),
        1.0: (1.41, 5.14, 12.3, 29.7, 116),
        1.7: (0.379, 1.25, 2.54, 5.17, 17.3),
    },
    "biases": {0.6: (1.04, 3.53, 7.33, 14.7, 47.4), 1.7: (0.327, 1.07, 2.18, 4.42, 14.8)},
    "2 layers": {0.6: (1.51, 5.1, 11, 23.9, 81.9), 1.7: (0.359, 1.17, 2.32, 4.62, 15)},
}
"""β with which the mean hardness of seeds 0 to 9 at the start is each of ``LEVELS``.

By design and the factor on the gating network's initial weights; to three digits.
"""

_DESIGNS = {"5 layers": {}, "biases": dict(bias=True), "2 layers": dict(depth=2)}
_FEWER = (0.1, 0.5, 0.9)
_QUARTER_TURN = math.pi / 2

TASKS = {
    "halves swapped": Circle(frequencies=(8.0, 2.0)),
    "low half zero": Circle(amplitudes=(0.0, 1.0)),
    "low half constant": Circle(frequencies=(0.0, 8.0), phases=(_QUARTER_TURN, 0.0)),
    "low half weak": Circle(amplitudes=(0.3, 1.0)),
}
"""The targets besides the base recipe's: as in Section 4's conditions."""


def _training(model: str = "dlgn", **changes) -> CircleTraining:
    return recipe(model, first_seed=FIRST_SEED, seeds=100, own_order=True, **changes)


def run_name(level: float, gain: float, design: str = "5 layers") -> str:
    """Return the name of a factorial's condition."""
    return f"{design}, h {level}, gain {gain}"


def factorial_conditions() -> dict[str, Spec]:
    """Return the DLGNs whose hardness at the start comes from several pairs of β and scale.

    Without biases and with five layers there are all levels and gains; controls have fewer.
    """
    return {
        run_name(level, gain, design): GateHardness(
            training=_training(beta=beta, gating_gain=gain, **_DESIGNS[design])
        )
        for design, by_gain in BETAS.items()
        for gain, betas in by_gain.items()
        for level, beta in zip(LEVELS, betas, strict=True)
        if design == "5 layers" or level in _FEWER
    }


def relu_conditions() -> dict[str, Spec]:
    """Return ReLU nets at several initial scales."""
    return {
        f"gain {gain}": GateHardness(training=_training("relu", gain=gain)) for gain in RELU_GAINS
    }


def task_conditions() -> dict[str, Spec]:
    """Return DLGNs of low and of high hardness, by hardness and target."""
    betas = dict(zip(LEVELS, BETAS["5 layers"][1.0], strict=True))
    return {
        f"{task}, h {level}": GateHardness(training=_training(beta=betas[level], target=target))
        for task, target in TASKS.items()
        for level in (LEVELS[0], LEVELS[-1])
    }


def history_conditions() -> dict[str, Spec]:
    """Return the nets whose gates harden during training."""
    return {"dlgn": HardeningHistory(training=_training())}


NETS_ON_IMAGES = {
    "soft, beta 4": dict(model="dlgn", beta=4.0),
    "soft, beta 30": dict(model="dlgn", beta=30.0),
    "soft, beta 100": dict(model="dlgn", beta=100.0),
    "straight-through": dict(model="dlgn", gate="straight-through"),
    "annealed": dict(model="dlgn", gate="annealed"),
    "relu": dict(model="relu"),
}
"""Fields of the nets on Fashion-MNIST.

Straight-through gates have the derivative of a soft gate of β = 4, and annealed ones begin there.
"""


_ON_IMAGES = dict(images="raw", epochs=15)


def step_size_conditions() -> dict[str, Spec]:
    """Return the nets, of seeds 0 to 2, on which step sizes are chosen, by net and step size."""
    return {
        f"{name}, {rate:g}": StepSizeOnImages(
            **net, **_ON_IMAGES, learning_rate=rate, first_seed=0, seeds=3
        )
        for name, net in NETS_ON_IMAGES.items()
        for rate in RATES
    }


LABELS = ("original", "modified", "swapped")

_SOFT_NETS = ("soft, beta 4", "soft, beta 30", "soft, beta 100")
_RIVALS = ("soft, beta 4", "straight-through", "annealed")  # whose accuracies are compared


def image_conditions() -> dict[str, Spec]:
    """Return nets on Fashion-MNIST with their own and with one step size, by net and labels."""
    own = {(net, STEP_SIZES[net], "original") for net in NETS_ON_IMAGES}
    own |= {(net, STEP_SIZES[net], labels) for net in _RIVALS for labels in LABELS}
    common = {(net, COMMON_STEP, "original") for net in _SOFT_NETS}
    common |= {
        (net, COMMON_STEP, labels) for net in {*_SOFT_NETS, *_RIVALS} for labels in LABELS[1:]
    }
    return {
        image_run(net, rate, labels): HardImages(
            **NETS_ON_IMAGES[net],
            **_ON_IMAGES,
            labels=labels,
            learning_rate=rate,
            first_seed=FIRST_SEED,
            seeds=10,
        )
        for net, rate, labels in sorted(own | common)
    }


STUDIES = {
    "hardness": factorial_conditions,
    "hardness of relu": relu_conditions,
    "hardness and tasks": task_conditions,
    "hardening": history_conditions,
    "step sizes on images": step_size_conditions,
    "hard images": image_conditions,
}
