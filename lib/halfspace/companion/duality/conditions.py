"""The recorded runs on the dual view.

Seeds start at 3000: a prototype's results on other seeds were known when the rules were chosen.
"""

from halfspace.companion.duality.ladder import ConvLadder, Ladder
from halfspace.companion.duality.specs import (
    BlocksUsed,
    Bundles,
    ConvSpread,
    KernelDescent,
    ShiftedRegression,
    Shifts,
    SignedConv,
    SignedDense,
    SignedResidual,
)
from halfspace.companion.seeds import FRESH_SEED
from halfspace.companion.spec import Spec

__all__ = [
    "STUDIES",
    "conv_ladder_conditions",
    "identity_conditions",
    "kernel_conditions",
    "ladder_conditions",
]

_MANY = dict(first_seed=FRESH_SEED, seeds=50)
_TWENTY = dict(first_seed=FRESH_SEED, seeds=20)
_TEN = dict(first_seed=FRESH_SEED, seeds=10)
_FIVE = dict(first_seed=FRESH_SEED, seeds=5)


def identity_conditions() -> dict[str, Spec]:
    """Return the comparisons of path kernels with exact means and with lists of paths."""
    return {
        "dense: 1 layer": SignedDense(d_in=3, width=3, depth=1, **_MANY),
        "dense: 2 layers": SignedDense(d_in=2, width=3, depth=2, **_MANY),
        "dense: 3 layers": SignedDense(d_in=2, width=2, depth=3, **_MANY),
        "ring, pooled": SignedConv(size=(1, 5), channels=2, filters=2, units=2, **_MANY),
        "ring, pooled, 2 convolutions": SignedConv(channels=2, depth=2, units=2, **_MANY),
        "torus, pooled": SignedConv(size=(3, 3), units=2, **_MANY),
        "ring, not pooled": SignedConv(filters=2, pooled=False, **_MANY),
        "ring, not pooled, 2 convolutions": SignedConv(depth=2, units=2, pooled=False, **_MANY),
        "skips": SignedResidual(**_MANY),
        "skips, gated sums": SignedResidual(after=True, **_MANY),
        "bundles: ring": Bundles(size=(1, 6), filters=3, **_MANY),
        "bundles: torus": Bundles(filters=3, depth=3, **_MANY),
        "spread": ConvSpread(**_TEN),
    }


def kernel_conditions() -> dict[str, Spec]:
    """Return the experiments on what pooling, skips and training do."""
    return {
        "shifts": Shifts(**_MANY),
        "regression": ShiftedRegression(**_TEN),
        "regression: short": ShiftedRegression(count=40, first_seed=FRESH_SEED, seeds=2),
        "blocks": BlocksUsed(**_TWENTY),
        "descent": KernelDescent(**_TWENTY),
    }


def ladder_conditions() -> dict[str, Spec]:
    """Return the nets with random, learnt, shuffled and trained gates, by data."""
    return {
        "clothes": Ladder(**_FIVE),
        "tree": Ladder(data="tree", points=20_000, epochs=40, **_FIVE),
        "short": Ladder(points=1000, epochs=4, regression=200, first_seed=FRESH_SEED, seeds=3),
    }


def conv_ladder_conditions() -> dict[str, Spec]:
    """Return the nets of ``ladder_conditions`` with convolutions, on photographs."""
    return {
        "photographs": ConvLadder(first_seed=FRESH_SEED, seeds=3),
        "short": ConvLadder(
            data="synthetic", points=320, test=200, epochs=3, first_seed=FRESH_SEED, seeds=3
        ),
    }


STUDIES = {
    "duality": identity_conditions,
    "dual kernels": kernel_conditions,
    "dual ladder": ladder_conditions,
    "dual conv ladder": conv_ladder_conditions,
}
