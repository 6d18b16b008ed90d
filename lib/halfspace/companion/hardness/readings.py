"""What runs say of hardness, each statistic once. Allocation and starvation are the circle's."""

from collections.abc import Callable, Mapping

import numpy as np
from scipy import stats

from halfspace.companion.circle.readings import (
    FIT_LEVEL,
    fitted_with_hard_gates,
    path_gain,
    path_gains,
    resultant_change,
    share_without_path,
    total_loss,
)
from halfspace.companion.intervals import factor_text, interval_text, mean_interval, mean_intervals
from halfspace.companion.spec import Result
from halfspace.companion.text import significant

__all__ = [
    "WAYS",
    "clustering",
    "fit_ratio",
    "fresh_ratio",
    "hard_fitted",
    "hardness_at_start",
    "hardness_beats_scale",
    "hardness_curves",
    "history_rows",
    "kept_allocation",
    "more_coherent",
    "order",
    "panels",
    "partial_effects",
    "predicted_turns",
    "relu_intervals",
    "undone_allocation",
    "undone_clustering",
]

_LOW, _HIGH = 0.1, 0.9  # hardnesses between which an effect is told
Statistic = Callable[[Result], np.ndarray]
Runs = Mapping[str, Result]

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


def kept_allocation(result: Result, way: str, other: str = "0") -> np.ndarray:
    """Return the final allocation of one way of hardening minus that of another, (S,).

    Args:
        result: of ``HardeningHistory``.
        way: of ``WAYS``.
        other: of ``WAYS``.
    """
    gains = path_gain(result)
    return gains[WAYS.index(way)] - gains[WAYS.index(other)]


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


def fit_ratio(result: Result, way: str = "annealed") -> np.ndarray:
    """Return ln of the soft net's final error over a hardened net's under hard gates, (S,).

    Args:
        result: of ``HardeningHistory``.
        way: of ``WAYS``.
    """
    soft = total_loss(result)[_HARDENED, WAYS.index("300")]
    return np.log(soft / total_loss(result, "hard_loss")[_END, WAYS.index(way)])


def fresh_ratio(result: Result, way: str, other: str = "random") -> np.ndarray:
    """Return ln of the error of fresh value networks on some hard gates over that on others, (S,).

    Args:
        result: of ``HardeningHistory``.
        way: the gates in the denominator, of ``WAYS``.
        other: those in the numerator, of ``WAYS``, or ``"random"``: those before training.
    """
    fresh = result.fresh.astype(np.float64)
    above = result.fresh_random if other == "random" else fresh[WAYS.index(other)]
    return np.log(above / fresh[WAYS.index(way)])


# What a page shows


def hardness_curves(
    runs: Runs, statistic: Statistic, design: str = "5 layers"
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return a statistic over the hardness at the start, a curve for each initial scale.

    Args:
        runs: of ``GateHardness``, by the names of the factorial's conditions.
        statistic: maps a result to one number a seed.
        design: the beginning of the names.

    Returns:
        By label, from the smallest scale on: mean hardness (k,), increasing, and the statistic's
        mean with its interval (k, 3).
    """
    by_scale: dict[float, list[Result]] = {}
    for name, run in runs.items():
        if name.startswith(f"{design}, "):
            by_scale.setdefault(run.spec.training.gating_gain, []).append(run)
    curves = {}
    for scale in sorted(by_scale):
        ordered = sorted(by_scale[scale], key=lambda run: hardness_at_start(run).mean())
        hard = np.array([hardness_at_start(run).mean() for run in ordered])
        rows = mean_intervals(np.stack([statistic(run) for run in ordered]).astype(np.float64))
        curves[f"scale {scale:g}"] = (hard, rows)
    return curves


def relu_intervals(runs: Runs, statistic: Statistic) -> dict[float, tuple[float, float, float]]:
    """Return a statistic of ReLU nets by their initial scale: mean and interval."""
    return {run.spec.training.gain: mean_interval(statistic(run)) for run in runs.values()}


def panels(runs: Runs, relu: Runs) -> dict[str, tuple[dict, dict]]:
    """Return what the figure of everything against hardness shows, by panel.

    Args:
        runs: of ``GateHardness``, by the names of the factorial's conditions.
        relu: of ReLU nets, by scale.

    Returns:
        By the panel's label: ``hardness_curves``, and ``relu_intervals``, which is empty for the
        clustering: a ReLU net's units have no half-spaces. Shares are in percent.
    """
    statistics = {
        "allocation": path_gain,
        "clustering": clustering,
        "points without a path (%)": lambda run: 100 * share_without_path(run),
        "fitted, hard gates (%)": lambda run: 100.0 * fitted_with_hard_gates(run),
    }
    return {
        label: (
            hardness_curves(runs, statistic),
            {} if statistic is clustering else relu_intervals(relu, statistic),
        )
        for label, statistic in statistics.items()
    }


def partial_effects(runs: Runs, statistic: Statistic) -> dict[str, np.ndarray]:
    """Return the effects of hardness and of the scale on a statistic, each with the other fixed.

    In each seed the statistic is fitted by least squares, over the conditions without biases and
    with five layers, by a constant, the hardness at the start and the logarithm of the scale.

    Returns:
        ``hardness`` (S,): the change from h = 0.1 to 0.9; ``scale`` (S,): from the smallest scale
        to the largest.
    """
    chosen = [run for name, run in runs.items() if name.startswith("5 layers, ")]
    scales = np.log([run.spec.training.gating_gain for run in chosen])
    hard = np.stack([hardness_at_start(run) for run in chosen], axis=1)
    values = np.stack([statistic(run) for run in chosen], axis=1).astype(np.float64)
    slopes = []
    for row, found in zip(hard, values, strict=True):
        columns = np.stack([np.ones_like(row), row, scales], axis=1)
        slopes.append(np.linalg.lstsq(columns, found, rcond=None)[0][1:])
    by_hardness, by_scale = np.array(slopes).T
    return {"hardness": by_hardness * (_HIGH - _LOW), "scale": by_scale * np.ptp(scales)}


def history_rows(result: Result) -> list[dict[str, str]]:
    """Return what becomes of nets that harden, as a table's rows.

    Args:
        result: of ``HardeningHistory``.
    """
    gains, errors = path_gains(result), total_loss(result, "hard_loss")[_END]
    lengths = result.resultant[..., -1].astype(np.float64)
    rows = []
    for number, way in enumerate(WAYS):
        clustered = lengths[_END, number] - lengths[0, number]
        rows.append(
            {
                "gates become hard": way if way == "annealed" else f"at epoch {way}",
                "allocation then": factor_text(gains[_HARDENED, number]) if number else "–",
                "allocation at the end": factor_text(gains[_END, number]),
                "clustering at the end": interval_text(clustered),
                "fitted with hard gates": f"{(errors[number] < FIT_LEVEL).sum()}",
                "error": significant(np.median(errors[number]), 2),
                "error, fresh values": significant(np.median(result.fresh[number]), 2),
            }
        )
    return rows
