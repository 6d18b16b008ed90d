"""What results say of catapults, each statistic once."""

import numpy as np

from halfspace.companion.spec import Result

__all__ = [
    "alive",
    "at_rate",
    "ends_below",
    "flatter",
    "flies",
    "grows_sparser",
    "has_diverged",
    "loses_paths",
    "more_turned",
    "off_half",
    "rises",
    "sparser",
    "turned",
]

START, EQUAL, END = 0, 1, 2
"""The times of ``Catapults``, along the first axis of its arrays."""

_NOTHING = 1e-6  # of the loss at the start


def at_rate(result: Result, name: str, rate: float, when: int | None = None) -> np.ndarray:
    """Return one rate's values, shape (S,).

    Args:
        result: of ``OneDatum`` or ``Catapults``.
        name: of the array.
        rate: learning rate times the NTK's largest eigenvalue at the start.
        when: the time, for arrays that have one.
    """
    values = result.arrays[name]
    return (values if when is None else values[when])[:, result.spec.rates.index(rate)]


def flies(result: Result, rate: float) -> np.ndarray:
    """Return for which seeds the smallest model's loss rises and then goes to zero, (S,)."""
    return (at_rate(result, "peak", rate) > 1) & (at_rate(result, "last", rate) < _NOTHING)


def has_diverged(result: Result, rate: float) -> np.ndarray:
    """Return which seeds have diverged, bool, shape (S,)."""
    return at_rate(result, "diverged", rate)


def rises(result: Result, rate: float) -> np.ndarray:
    """Return which nets' losses exceed their start within the first 40 steps, bool, (S,)."""
    return at_rate(result, "peak", rate) > at_rate(result, "first", rate)


def ends_below(result: Result, rate: float) -> np.ndarray:
    """Return which nets' losses end below their start, bool, shape (S,)."""
    return at_rate(result, "last", rate) < at_rate(result, "first", rate)


def flatter(result: Result, rate: float, slow: float) -> np.ndarray:
    """Return which nets fly over a barrier and land flatter and lighter, bool, shape (S,).

    Their loss rises within 40 steps, and ends below its start; the NTK's largest eigenvalue and the
    squared norm of the value weights end below their starts, and below the ends of the same net's
    training at a slow rate, at which the loss does not rise.

    Args:
        result: of ``Catapults``.
        rate: the fast rate.
        slow: the slow one.
    """
    lands = rises(result, rate) & ~rises(result, slow) & ends_below(result, rate)
    for name in ("eigenvalue", "norm"):
        end = at_rate(result, name, rate, END)
        lands &= end < at_rate(result, name, rate, START)
        lands &= end < at_rate(result, name, slow, END)
    return lands


def off_half(result: Result) -> np.ndarray:
    """Return the largest distance of the mean gate from ½, over times and rates, shape (S,)."""
    return np.nanmax(np.abs(result.activity - 0.5), axis=(0, 2))


def turned(result: Result, rate: float = 3.5, slow: float = 1.8) -> np.ndarray:
    """Return by how much more gates a fast rate flips than a slow one, at equal time, (S,).

    The difference of shares of gates that differ from the start's; NaN if one has diverged.
    """
    return at_rate(result, "flips", rate, EQUAL) - at_rate(result, "flips", slow, EQUAL)


def more_turned(result: Result, other: Result) -> np.ndarray:
    """Return for which seeds the first net's gates are ``turned`` more, bool, shape (S,)."""
    return turned(result) > turned(other)


def grows_sparser(result: Result, rates: tuple[float, ...]) -> np.ndarray:
    """Return for which seeds the mean gate at the end falls from each rate to the next, (S,)."""
    ends = np.stack([at_rate(result, "activity", rate, END) for rate in rates])
    return (np.diff(ends, axis=0) < 0).all(0)


def alive(result: Result, rate: float) -> np.ndarray:
    """Return which nets have not diverged and end below the loss of their start, bool, (S,)."""
    return ~has_diverged(result, rate) & ends_below(result, rate)


def loses_paths(result: Result, rate: float) -> np.ndarray:
    """Return which living nets end with fewer active paths (mean of the logarithm), bool, (S,)."""
    end, start = (at_rate(result, "paths", rate, when) for when in (END, START))
    return alive(result, rate) & (end < start)


def sparser(result: Result, rate: float) -> np.ndarray:
    """Return which living nets end with a smaller mean gate than they started with, bool, (S,)."""
    end, start = (at_rate(result, "activity", rate, when) for when in (END, START))
    return alive(result, rate) & (end < start)
