"""What results say of the dual view, each statistic once."""

from collections.abc import Mapping

import numpy as np

from halfspace.companion.claims import EXACT
from halfspace.companion.duality.ladder import KERNELS, NETS
from halfspace.companion.duality.specs import ANGLES
from halfspace.companion.intervals import fit_power_law
from halfspace.companion.spec import Result

__all__ = [
    "accuracy",
    "blocks_drop",
    "descent_exponent",
    "descent_gain",
    "drop_excess",
    "gate_share",
    "kept",
    "kernel_gain",
    "lost_by_shifts",
    "misses",
    "other_over_learnt",
    "relative_loss",
    "spread_excess",
    "spread_exponent",
    "wider_loss",
]

Runs = Mapping[str, Result]


def misses(result: Result, gap: str) -> np.ndarray:
    """Return for which seeds a rival differs by more than rounding, bool, shape (S,)."""
    return result.arrays[gap] > EXACT


def spread_excess(result: Result, filters: int) -> np.ndarray:
    """Return the mean NTK of ``ConvSpread`` along its expectation, minus 1, shape (S,)."""
    return result.ratios[:, result.spec.filters.index(filters)] - 1


def spread_exponent(result: Result) -> np.ndarray:
    """Return the exponent of the NTK's relative spread over the filters, plus 1/2, (S,)."""
    return fit_power_law(result.spec.filters, result.errors)[0] + 0.5


def lost_by_shifts(result: Result, kernel: str) -> np.ndarray:
    """Return the accuracy lost when test images are shifted, in percentage points, (S,)."""
    in_place, moved = result.arrays[kernel].T
    return 100 * (in_place - moved)


def blocks_drop(result: Result, gates: str) -> np.ndarray:
    """Return how many more blocks equal inputs use than orthogonal ones, shape (S,)."""
    used = result.arrays[gates]
    return used[:, ANGLES.index(0)] - used[:, ANGLES.index(90)]


def drop_excess(result: Result) -> np.ndarray:
    """Return ``blocks_drop`` with gates of a linear network minus that of a ReLU net, (S,)."""
    return blocks_drop(result, "dlgn") - blocks_drop(result, "dgn")


def descent_gain(result: Result, width: int) -> np.ndarray:
    """Return ln of the trained net's distance to descent, inner products over NPK, (S,)."""
    place = result.spec.widths.index(width)
    return np.log(result.inner[:, place] / result.npk[:, place])


def descent_exponent(result: Result) -> np.ndarray:
    """Return the exponent of the distance to kernel descent over the width, shape (S,)."""
    return fit_power_law(result.spec.widths, result.npk)[0]


def accuracy(result: Result, net: str) -> np.ndarray:
    """Return a net's test accuracy in the ``Ladder``, shape (S,)."""
    return result.accuracies[:, NETS.index(net)]


def gate_share(result: Result) -> np.ndarray:
    """Return the share of the ReLU net's lead over random gates that learnt gates keep, (S,)."""
    random = accuracy(result, "random gates")
    return (accuracy(result, "learnt gates") - random) / (accuracy(result, "relu") - random)


def other_over_learnt(result: Result) -> np.ndarray:
    """Return what another point's gates keep of a constant input's accuracy above chance, (S,).

    The value network reads ones, so that all it knows of a point is the gates.
    """
    chance = 1 / (10 if result.spec.data == "clothes" else 2)
    other, learnt = (
        accuracy(result, f"{gates} gates, constant") - chance for gates in ("other", "learnt")
    )
    return other / learnt


def relative_loss(result: Result, net: str, base: str = "learnt gates") -> np.ndarray:
    """Return what a net gains over another, in units of what learnt gates gain over random, (S,).

    Args:
        result: of ``Ladder``.
        net: the net.
        base: the other one.
    """
    unit = (accuracy(result, "learnt gates") - accuracy(result, "random gates")).mean()
    return (accuracy(result, net) - accuracy(result, base)) / unit


def wider_loss(result: Result) -> np.ndarray:
    """Return how many points more a constant input costs behind random gates than learnt, (S,)."""
    random, learnt = (
        accuracy(result, f"{gates} gates") - accuracy(result, f"{gates} gates, constant")
        for gates in ("random", "learnt")
    )
    return 100 * (random - learnt)


def kept(result: Result, net: str) -> np.ndarray:
    """Return a net's accuracy over the ReLU net's, shape (S,)."""
    return accuracy(result, net) / accuracy(result, "relu")


def kernel_gain(result: Result, kernel: str, over: str) -> np.ndarray:
    """Return by how many points one kernel regression is more accurate than another, (S,)."""
    one, other = (result.kernels[:, KERNELS.index(name)] for name in (kernel, over))
    return 100 * (one - other)
