"""What runs say of hardness, each statistic once. Allocation and starvation are the circle's."""

from collections.abc import Callable

import numpy as np
from scipy import stats

from halfspace.companion.circle.readings import (
    FIT_LEVEL,
    path_gain,
    path_gains,
    resultant_change,
    total_loss,
)
from halfspace.companion.spec import Result

__all__ = [
    "WAYS",
    "clustering",
    "fit_ratio",
    "fresh_ratio",
    "hard_fitted",
    "hardness_at_start",
    "hardness_beats_scale",
    "kept_allocation",
    "more_coherent",
    "order",
    "predicted_turns",
    "undone_allocation",
    "undone_clustering",
]

Statistic = Callable[[Result], np.ndarray]

WAYS = ("0", "10", "30", "100", "300", "annealed")
"""How gates became hard in ``HardeningHistory``: the epoch, or annealing; in its arrays' order."""

_HARDENED, _END = 1, 2  # times of ``HardeningHistory``


def hardness_at_start(result: Result) -> np.ndarray:
    """Return each net's hardness at the start, (S,)."""
    return result.hardness[0].astype(np.float64)


def clustering(result: Result) -> np.ndarray:
    """Return the change of the length of the last layer's mean unit normal, (S,)."""
    return resultant_change(result, result.spec.training.depth)


def order(*results: Result, statistic: Statistic) -> np.ndarray:
    """Return, for each seed, minus the rank correlation of hardness at the start with a statistic.

    Args:
        *results: of ``GateHardness``, one for each condition; the correlation is over these.
        statistic: maps a result to one number a seed.

    Returns:
        Shape (S,); 0 for a seed whose statistic is the same in all conditions.
    """
    hard = np.stack([hardness_at_start(result) for result in results], axis=1)
    values = np.stack([statistic(result) for result in results], axis=1)
    return np.array([_rank_fall(*pair) for pair in zip(hard, values, strict=True)])


def _rank_fall(hard: np.ndarray, values: np.ndarray) -> float:
    return 0.0 if np.ptp(values) == 0 else -float(stats.spearmanr(hard, values).statistic)


def hardness_beats_scale(*results: Result, sign: int) -> np.ndarray:
    """Return hardness's effect on the allocation, plus or minus that of the scale, (S,).

    Args:
        *results: of ``GateHardness``: G of low hardness, G of high hardness at the same G scales,
            and two at one level of hardness: of a large and of a small initial scale.
        sign: of the scale's effect.

    Returns:
        Mean allocation of the first G minus that of the next G, plus sign times the difference of
        the last two.
    """
    *many, large, small = [path_gain(result) for result in results]
    half = len(many) // 2
    effect = np.mean(many[:half], axis=0) - np.mean(many[half:], axis=0)
    return effect + sign * (large - small)


def predicted_turns(result: Result) -> np.ndarray:
    """Return the rank correlation of predicted and measured angles of the first epoch, (S,)."""
    return result.predicted.astype(np.float64)


def more_coherent(soft: Result, hard: Result) -> np.ndarray:
    """Return by how much more the first layer's normals move along one axis, soft minus hard."""
    return soft.coherence.astype(np.float64) - hard.coherence


def kept_allocation(result: Result, way: str) -> np.ndarray:
    """Return the final allocation of one way of hardening minus that of nets hard throughout, (S,).

    Args:
        result: of ``HardeningHistory``.
        way: of ``WAYS``.
    """
    gains = path_gain(result)
    return gains[WAYS.index(way)] - gains[WAYS.index("0")]


def undone_allocation(result: Result, way: str) -> np.ndarray:
    """Return the allocation when gates became hard minus the final one, (S,).

    Args:
        result: of ``HardeningHistory``.
        way: of ``WAYS``.
    """
    gains = path_gains(result)[:, WAYS.index(way)]
    return gains[_HARDENED] - gains[_END]


def undone_clustering(result: Result, way: str) -> np.ndarray:
    """Return the resultant of the last layer's normals when gates became hard minus at the end.

    Args:
        result: of ``HardeningHistory``.
        way: of ``WAYS``.
    """
    lengths = result.resultant[:, WAYS.index(way), :, -1].astype(np.float64)
    return lengths[_HARDENED] - lengths[_END]


def hard_fitted(result: Result, way: str) -> np.ndarray:
    """Return which nets' errors are below ``FIT_LEVEL`` at the end, under hard gates, (S,).

    Args:
        result: of ``HardeningHistory``.
        way: of ``WAYS``.
    """
    return total_loss(result, "hard_loss")[_END, WAYS.index(way)] < FIT_LEVEL


def fit_ratio(result: Result) -> np.ndarray:
    """Return ln of the soft net's final error over the annealed net's under hard gates, (S,).

    Args:
        result: of ``HardeningHistory``.
    """
    soft = total_loss(result)[_HARDENED, WAYS.index("300")]
    return np.log(soft / total_loss(result, "hard_loss")[_END, WAYS.index("annealed")])


def fresh_ratio(result: Result, way: str) -> np.ndarray:
    """Return ln of the error of fresh value networks on the gates of the start over others, (S,).

    Args:
        result: of ``HardeningHistory``.
        way: whose hard gates the others are, of ``WAYS``.
    """
    return np.log(result.fresh_random / result.fresh[WAYS.index(way)].astype(np.float64))
