"""The recorded runs on early training.

Seeds start at 3000: results of other seeds were known when the rules were chosen.
"""

from halfspace.companion.circle.specs import recipe
from halfspace.companion.early_linear.specs import EarlyKernels, EarlyPaths, EarlyTraining
from halfspace.companion.seeds import FRESH_SEED
from halfspace.companion.spec import Spec

__all__ = ["DIMS", "GATED", "SIZES", "STUDIES", "data_conditions", "normal_conditions"]

_TEN = dict(first_seed=FRESH_SEED, seeds=10)
_FIVE = dict(first_seed=FRESH_SEED, seeds=5)
_TWENTY = dict(first_seed=FRESH_SEED, seeds=20)
GATED = {"relu": dict(net="relu"), "pwl": dict(net="pwl", beta=4), "pwc": dict(net="pwc", beta=4)}
"""The nets, with trained gates."""

SIZES = ((250, 128), (500, 256), (1000, 512))
"""Training points and units of the runs on normal inputs."""

DIMS = (2, 8, 64)
"""Dimensions of the runs on spheres."""

# Twice as long as half of the linear part takes; DLGN-PWC is slow in high dimension.
_SPHERE_STEPS = {"relu": (50, 150, 200), "pwl": (50, 150, 200), "pwc": (50, 150, 600)}


def normal_conditions() -> dict[str, Spec]:
    """Return the comparison of kernels, and the nets on normal inputs in 32 dimensions."""
    conditions = {"kernels": EarlyKernels(**_TWENTY)}
    for name, net in GATED.items():
        for points, width in SIZES:
            conditions[f"{name}: {points} points"] = EarlyTraining(
                **net, points=points, width=width, test=1000, **_TEN
            )
    for name in ("pwl", "pwc"):
        conditions[f"{name}: hard gates"] = EarlyTraining(net=name, test=1000, **_TEN)
    return conditions


def data_conditions() -> dict[str, Spec]:
    """Return the nets on the circle, on images and on spheres, and the book's recipe."""
    conditions = {}
    slow = dict(rate=0.2, relative=True, width=256, points=500)
    for name, net in GATED.items():
        base = EarlyTraining(**net, **slow, test=2000, data="sphere", **_TEN)
        for d_in, steps in zip(DIMS, _SPHERE_STEPS[name], strict=True):
            conditions[f"sphere {d_in}: {name}"] = base.replace(d_in=d_in, steps=steps)
        long = base.replace(own_kernel=True, test=1000, steps=1000, **_FIVE)
        conditions[f"circle: {name}"] = long.replace(data="circle", d_in=2, points=256)
        conditions[f"clothes: {name}"] = long.replace(data="clothes", d_in=196)
    for model in ("relu", "dlgn"):
        conditions[f"recipe: {model}"] = EarlyPaths(
            training=recipe(model, own_order=True, **_TWENTY)
        )
    return conditions


STUDIES = {"early nets": normal_conditions, "early data": data_conditions}
