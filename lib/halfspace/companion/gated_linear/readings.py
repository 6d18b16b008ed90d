"""What the runs on gated linear nets say: each statistic once, for claims and for the chapter."""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from halfspace.companion.claims import EXACT
from halfspace.companion.gated_linear.specs import LEVELS, VARIANTS
from halfspace.companion.spec import Result

__all__ = [
    "CROSSING",
    "agrees",
    "alone_share",
    "always_on_early",
    "breaks",
    "census_gain",
    "crossing",
    "crossing_limit",
    "drops",
    "lead",
    "log_time",
    "majority_excess",
    "mixed_excess",
    "mixed_gain",
    "on_gain",
    "on_in",
    "prediction_errors",
    "prediction_gain",
    "race_rate",
    "rate_gap",
    "rate_slopes",
    "reuse_gain",
    "slope_excess",
    "test_cost",
    "time_slope",
    "train_gain",
]

Runs = Mapping[str, Result]

CROSSING = math.sqrt(2 / 3)
"""The delta at which single points and class pairs grow equally fast."""

_NEARLY = LEVELS.index(0.1)


# What is exact


def agrees(result: Result, gap: str = "gap") -> np.ndarray:
    """Return for which seeds two computations differ by less than rounding, bool, shape (S,)."""
    return result.arrays[gap] < EXACT


def breaks(result: Result, gap: str) -> np.ndarray:
    """Return for which seeds two computations differ by more than rounding, bool, shape (S,)."""
    return result.arrays[gap] > EXACT


# Times


def log_time(result: Result) -> np.ndarray:
    """Return ln of the time to a loss of 0.1, shape (S,); NaN for a net that never reached it."""
    return np.log(result.times[_NEARLY].astype(np.float64))


def drops(later: Result, sooner: Result) -> np.ndarray:
    """Return ln of one net's time to a loss of 0.1 over another's of the same seed, shape (S,).

    Where the runs differ in their number of seeds, the first ones count.
    """
    one, other = log_time(later), log_time(sooner)
    common = min(len(one), len(other))
    return one[:common] - other[:common]


def time_slope(*results: Result) -> np.ndarray:
    """Return the slope of the time to a loss of 0.1 in ln(1/std), shape (S,).

    Args:
        *results: of one model at several standard deviations.
    """
    logs = np.array([-math.log(result.spec.std) for result in results])
    times = np.stack([result.times[_NEARLY].astype(np.float64) for result in results])
    return np.polyfit(logs, times, 1)[0]


def slope_excess(*results: Result, spread: bool = False) -> np.ndarray:
    """Return how much steeper a gated net's ``time_slope`` is than the ReLU net's, shape (S,).

    Args:
        *results: the gated net's at several standard deviations, then the ReLU net's at the same.
        spread: whether the unit is the standard deviation between ReLU nets' slopes.
    """
    half = len(results) // 2
    gated, relu = time_slope(*results[:half]), time_slope(*results[half:])
    excess = gated - relu[: len(gated)]
    return excess / relu.std(ddof=1) if spread else excess


def prediction_gain(result: Result) -> np.ndarray:
    """Return how much better the derived amplitude predicts than half or twice it does, (S,).

    The error of a prediction is the mean over the levels that both reach of the distance of the
    logarithms of simulated and predicted time. The better of the two others counts.
    """
    errors = prediction_errors(result)
    return np.minimum(errors[1], errors[2]) - errors[0]


def prediction_errors(result: Result) -> np.ndarray:
    """Return the errors of the predictions from each of ``FACTORS``, shape (3, S)."""
    with np.errstate(invalid="ignore"):
        ratios = np.log(result.times[None].astype(np.float64) / result.predicted[..., None])
    return np.nanmean(np.abs(ratios), axis=1)


# The census


def on_in(result: Result, contexts: int, look: int = -1) -> np.ndarray:
    """Return the share of energy in units that are on in so many contexts, first layer, (S,).

    Args:
        result: of a ReLU net on the contextual task.
        contexts: number of them; negative ones count from all.
        look: index of the look.
    """
    share = result.on_share[look, 0].astype(np.float64)
    return share[:, contexts if contexts >= 0 else share.shape[1] - 1 + contexts]


def majority_excess(result: Result) -> np.ndarray:
    """Return the share of energy in units on in all contexts but one, minus one half, (S,)."""
    return on_in(result, -1) - 0.5


def on_gain(result: Result) -> np.ndarray:
    """Return the change, over training, of the share on in all contexts but one, (S,)."""
    return on_in(result, -1) - on_in(result, -1, 0)


def mixed_excess(result: Result, look: int = -1) -> np.ndarray:
    """Return the share of energy in units on in two or more contexts, minus that in one, (S,)."""
    share = result.on_share[look, 0].astype(np.float64)
    return share[:, 2:].sum(1) - share[:, 1]


def mixed_gain(result: Result) -> np.ndarray:
    """Return the change of ``mixed_excess`` over training, shape (S,)."""
    return mixed_excess(result) - mixed_excess(result, 0)


def always_on_early(result: Result, time: float = 10.0) -> np.ndarray:
    """Return the share of energy in units on in every context at a time, minus one half, (S,)."""
    look = int(np.abs(result.looks - time).argmin())
    return result.on_share[look, 0, :, -1].astype(np.float64) - 0.5


def alone_share(result: Result) -> np.ndarray:
    """Return the share of energy in units gated by the context alone, minus one half, (S,)."""
    return result.alone[-1, 0].astype(np.float64) - 0.5


def census_gain(result: Result, name: str = "effective") -> np.ndarray:
    """Return the change of a number of the census over training, first layer, shape (S,)."""
    values = result.arrays[name][:, 0].astype(np.float64)
    return values[-1] - values[0]


def reuse_gain(more: Result, fewer: Result, name: str = "effective") -> np.ndarray:
    """Return one net's ``census_gain`` minus another's, seed by seed, shape (S,)."""
    return census_gain(more, name) - census_gain(fewer, name)


# Held-out pairs


def _of(result: Result, array: str, variant: str) -> np.ndarray:
    return result.arrays[array][VARIANTS.index(variant)].astype(np.float64)


def test_cost(result: Result, worse: str, better: str = "relu") -> np.ndarray:
    """Return one variant's loss on held-out pairs minus another's, shape (S,)."""
    return _of(result, "test", worse) - _of(result, "test", better)


def train_gain(result: Result, later: str = "relu", sooner: str = "frozen") -> np.ndarray:
    """Return ln of one variant's time to a training loss of 0.1 over another's, shape (S,)."""
    return np.log(_of(result, "time", later) / _of(result, "time", sooner))


# XOR


def crossing(result: Result) -> np.ndarray:
    """Return the delta at which single points and class pairs have equal shares, shape (S,).

    Linear between the last delta at which single points are ahead and the next; NaN if they are
    ahead at none or at the last.
    """
    deltas, lead = np.array(result.spec.deltas), (result.single - result.pair).astype(np.float64)
    found = np.full(lead.shape[1], np.nan)
    for seed, values in enumerate(lead.T):
        ahead = np.flatnonzero(values > 0)
        if len(ahead) and ahead[-1] + 1 < len(deltas):
            at = ahead[-1]
            part = values[at] / (values[at] - values[at + 1])
            found[seed] = deltas[at] + part * (deltas[at + 1] - deltas[at])
    return found


def crossing_limit(*results: Result) -> np.ndarray:
    """Return the limit of ``crossing`` for small starts: linear in 1/ln(1/std), shape (S,).

    Args:
        *results: of ``XorRace`` at several standard deviations.
    """
    places = np.array([-1 / math.log(result.spec.std) for result in results])
    return np.polyfit(places, np.stack([crossing(result) for result in results]), 1)[1]


def lead(result: Result, delta: float) -> np.ndarray:
    """Return the share of single points minus that of class pairs at a delta, shape (S,)."""
    row = int(np.abs(np.array(result.spec.deltas) - delta).argmin())
    return (result.single - result.pair)[row].astype(np.float64)


def race_rate(delta: float) -> float:
    """Return the rate at which the faster set grows in XOR with a shortcut, by gradient flow."""
    single = math.sqrt(2 + delta**2) / 4 if delta < math.sqrt(2) else 0.0
    return max(single, delta / 2)


def rate_slopes(results: Sequence[Result], row: int) -> np.ndarray:
    """Return the slope of the time to learn XOR in ln(1/std), of one delta, shape (S,)."""
    logs = np.array([-math.log(result.spec.std) for result in results])
    return np.polyfit(logs, np.stack([result.time[row] for result in results]), 1)[0]


def rate_gap(*results: Result, row: int) -> np.ndarray:
    """Return how far a slope is from that of gradient descent, beside gradient flow's distance.

    A set that grows at rate r takes ``1/r`` for each factor e by gradient flow, and ``α/ln(1 + α
    r)`` by descent with learning rate α.

    Args:
        *results: of ``XorRace`` at several standard deviations.
        row: number of the delta.

    Returns:
        Shape (S,); 0 is descent's slope, -1 is that of gradient flow.
    """
    spec = results[0].spec
    rate = race_rate(spec.deltas[row])
    descent = spec.learning_rate / math.log1p(spec.learning_rate * rate)
    return (rate_slopes(results, row) - descent) / (descent - 1 / rate)
