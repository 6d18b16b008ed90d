"""What results say of global minima, each statistic once."""

from collections.abc import Mapping

import numpy as np

from halfspace.companion.intervals import fit_power_law
from halfspace.companion.spec import Result

__all__ = [
    "FLOORS",
    "cost_score",
    "exponent",
    "log_ratio",
    "over_floor",
    "overlap_kept",
    "same_risk",
]

Runs = Mapping[str, Result]

FLOORS = {"linear": 2 / 3, "nearest": 1.0}
"""What straight lines, or the nearest label, keep of the noise's variance where points are many."""

_FROM = 128  # points: with fewer, the target itself is not yet resolved


def cost_score(result: Result, name: str) -> np.ndarray:
    """Return how far a change's mean square is from its formula, mean over radii, shape (S,).

    It is in standard deviations over draws of the test points.
    """
    return ((result.arrays[f"{name}_cost"] - 1) / result.arrays[f"{name}_noise"]).mean(1)


def exponent(result: Result, name: str) -> np.ndarray:
    """Return a in risk ~ n^-a, from 128 points on, shape (S,)."""
    points = np.array(result.spec.points)
    kept = points >= _FROM
    return -fit_power_law(points[kept], result.arrays[name][:, kept])[0]


def same_risk(result: Result) -> np.ndarray:
    """Return ln of the good interpolant's risk over the spline's, mean over n, shape (S,)."""
    return np.log(result.good / result.spline).mean(1)


def over_floor(result: Result, name: str) -> np.ndarray:
    """Return ln of the risk at the largest n over what noise alone would leave, shape (S,)."""
    return np.log(result.arrays[name][:, -1] / (FLOORS[name] * result.spec.noise**2))


def log_ratio(trained: Result, built: Result | None = None) -> np.ndarray:
    """Return ln of the trained net's risk over that of the interpolant that was built, (S,).

    Args:
        trained: the run of the trained net.
        built: the run of the stopped net that the interpolant was built of; the same if ``None``.
    """
    return np.log(trained.risk[-1] / (trained if built is None else built).built_risk)


def overlap_kept(result: Result) -> np.ndarray:
    """Return the overlap of two training points after training over that before, (S,)."""
    return result.overlap[-1] / result.overlap[0]
