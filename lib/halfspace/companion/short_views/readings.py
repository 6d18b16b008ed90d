"""What the short views' results say, each statistic once, for claims and the chapter."""

import numpy as np

from halfspace.companion.claims import EXACT
from halfspace.companion.intervals import fit_power_law
from halfspace.companion.short_views.directions import RATIOS
from halfspace.companion.short_views.hinge import HINGE_NETS
from halfspace.companion.spec import Result

__all__ = [
    "aligned",
    "depth_gain",
    "flips_factor",
    "half_of_profile",
    "misses",
    "range_excess",
    "slow_lead",
    "turned_share",
    "with_points",
]

_PROFILE = 0.5  # of the variance over directions


def misses(result: Result, gap: str) -> np.ndarray:
    """Return for which seeds a rival differs by more than rounding, bool, shape (S,)."""
    return result.arrays[gap] > EXACT


# Directions


def direction_range(result: Result) -> np.ndarray:
    """Return the largest minus the smallest accuracy over the directions, shape (S,)."""
    return np.ptp(result.accuracy, axis=1)


def range_excess(result: Result, other: Result) -> np.ndarray:
    """Return by how many points the accuracies of one net range wider, shape (S,)."""
    return 100 * (direction_range(result) - direction_range(other))


def half_of_profile(result: Result, other: Result, sign: int = 1) -> np.ndarray:
    """Return how much of a net's variance over directions another net's accuracies say, (S,).

    It is ``1 - Σ (a - b)² / Σ (a - mean a)²`` minus one half, times the sign.
    """
    a, b = result.accuracy, other.accuracy
    around = np.square(a - a.mean(1, keepdims=True)).sum(1)
    return sign * (1 - np.square(a - b).sum(1) / around - _PROFILE)


def slow_lead(result: Result, scales: tuple[float, float], sign: int = 1) -> np.ndarray:
    """Return accuracy by the slow direction alone minus by the fast one, in points, (S,).

    Args:
        result: of ``TwoDirections``.
        scales: of the slow and the fast direction, one of ``RATIOS``.
        sign: factor.
    """
    slow, fast = result.accuracy[:, RATIOS.index(scales)].T
    return 100 * sign * (slow - fast)


# Hinge loss


def with_points(result: Result, name: str, expected: float) -> np.ndarray:
    """Return an array's exponent over the number of points, minus the expected one, (S,).

    Args:
        result: of ``HingeStart``.
        name: of the array.
        expected: exponent.
    """
    return fit_power_law(result.spec.counts, result.arrays[name])[0] - expected


def _ends(result: Result, name: str, net: str, alpha: float) -> np.ndarray:
    place = result.spec.alphas.index(alpha), HINGE_NETS.index(net)
    return result.arrays[name][:, *place]


def flips_factor(result: Result, net: str) -> np.ndarray:
    """Return ln of the share of gates that changed, smallest over largest α, shape (S,)."""
    alphas = result.spec.alphas
    rich, lazy = (_ends(result, "flips", net, alpha) for alpha in (min(alphas), max(alphas)))
    return np.log(rich / lazy)


def aligned(result: Result, net: str, vectors: str, alpha: float) -> np.ndarray:
    """Return what training adds to the mean |cos| of vectors with the label's direction, (S,).

    Args:
        result: of ``HingeEnds``.
        net: one of ``HINGE_NETS``.
        vectors: ``"gates"`` (normals of half-spaces) or ``"values"``.
        alpha: α.
    """
    after, before = (_ends(result, name, net, alpha) for name in (vectors, f"{vectors}_before"))
    return after - before


def turned_share(result: Result, alpha: float) -> np.ndarray:
    """Return what the DLGN's half-spaces gain in |cos|, over the mean gain of its values, (S,)."""
    gain = aligned(result, "dlgn", "values", alpha).mean()
    return aligned(result, "dlgn", "gates", alpha) / gain


# Edges


def depth_gain(learned: Result, fixed: Result) -> np.ndarray:
    """Return how much deeper paths are after training with learned edges than fixed ones, (S,)."""
    return learned.depth[1] - fixed.depth[1]
