"""What results say of globally gated nets and coding schemes, each statistic once."""

import numpy as np

from halfspace.companion.intervals import fit_power_law
from halfspace.companion.spec import Result

__all__ = [
    "PEAK",
    "bias_gain",
    "carrier_exponent",
    "coupling",
    "descends_to",
    "error_exponent",
    "identical",
    "nearer",
    "nearer_error",
    "ntk_excess",
    "ntk_exponent",
    "peak_gain",
    "peaks",
    "transfer_gain",
    "variance_nearer",
]

PEAK = 5
"""Number of gates at which features are as many as points: 100 points in 20 dimensions."""


def _column(result: Result, name: str, width: int) -> np.ndarray:
    """Return an array's values at one of the spec's widths, shape (S,)."""
    return result.arrays[name][:, result.spec.widths.index(width)]


def ntk_excess(result: Result, width: int) -> np.ndarray:
    """Return the mean NTK of ``TangentMean`` along its expectation, minus 1, shape (S,)."""
    return _column(result, "ratios", width) - 1


def ntk_exponent(result: Result) -> np.ndarray:
    """Return the exponent of the NTK's relative spread against the width, plus 1/2, (S,)."""
    return fit_power_law(result.spec.widths, result.errors)[0] + 0.5


def nearer(result: Result, width: int, what: str = "") -> np.ndarray:
    """Return ln of how many times nearer the theory is than infinite width, shape (S,).

    Args:
        result: with distances ``theory`` and ``limit``, shape (S, W).
        width: N.
        what: the distances' prefix, as ``"mean_"``.
    """
    limit, theory = (_column(result, f"{what}{name}", width) for name in ("limit", "theory"))
    return np.log(limit / theory)


def variance_nearer(result: Result, width: int) -> np.ndarray:
    """Return ``nearer`` for the mean variance of ``FiniteWidth``, by its difference, (S,)."""
    limit, theory = (_column(result, f"variance_{name}", width) for name in ("limit", "theory"))
    return np.log(np.abs(limit - 1) / np.abs(theory - 1))


def error_exponent(result: Result) -> np.ndarray:
    """Return the exponent of the order parameter's error in ``FiniteWidth`` over N, (S,)."""
    return fit_power_law(result.spec.widths, result.order_theory)[0]


def identical(result: Result) -> np.ndarray:
    """Return whether the mean of ``WidthAndScale`` is the same at all widths and scales, (S,)."""
    return (result.gap < 1e-10).all((1, 2))


def bias_gain(result: Result, std: float, width: int) -> np.ndarray:
    """Return ln of the bias at infinite width over that at a finite one, shape (S,)."""
    row = result.spec.stds.index(std)
    bias = result.bias[:, row, result.spec.widths.index(width)]
    return np.log(result.limit[:, row] / bias)


def transfer_gain(result: Result, width: int, over: str = "limit") -> np.ndarray:
    """Return ln of the second task's error without sharing over that of the posterior, (S,).

    Args:
        result: of ``Transfer``.
        width: N.
        over: ``"limit"``: infinite width; ``"untied"``: each gate has hidden units of its own.
    """
    alone = result.limit if over == "limit" else _column(result, "untied", width)
    return np.log(alone / _column(result, "exact", width))


def coupling(result: Result, width: int) -> np.ndarray:
    """Return the gates' coupling in the exact posterior, shape (S,)."""
    return _column(result, "coupling_exact", width)


def peaks(result: Result, row: int) -> np.ndarray:
    """Return whether the error of ``DescentPeak`` is largest at ``PEAK`` gates, (S,).

    Args:
        result: at a low temperature.
        row: 0 for infinite width, then the spec's widths.
    """
    return result.errors[:, row].argmax(-1) == result.spec.counts.index(PEAK)


def peak_gain(low: Result, high: Result, row: int) -> np.ndarray:
    """Return ln of the error at the peak, low temperature over high, shape (S,)."""
    at = low.spec.counts.index(PEAK)
    return np.log(low.errors[:, row, at] / high.errors[:, row, at])


def descends_to(result: Result, row: int) -> np.ndarray:
    """Return ln of the error at four gates over that at the most gates, shape (S,)."""
    before = result.errors[:, row, result.spec.counts.index(PEAK - 1)]
    return np.log(before / result.errors[:, row, -1])


def nearer_error(result: Result, width: int) -> np.ndarray:
    """Return ln of how much nearer to trained nets' error the theory's is than infinite width's.

    Args:
        result: of ``TrainedNets``.
        width: N.

    Returns:
        Shape (S,).
    """
    trained = _column(result, "mean", width)
    gaps = result.error_limit - trained, _column(result, "error_theory", width) - trained
    return np.log(np.abs(gaps[0]) / np.abs(gaps[1]))


def carrier_exponent(result: Result, half: int = 1) -> np.ndarray:
    """Return the exponent of the number of carriers against the width, shape (S,).

    Args:
        result: of ``Carriers``.
        half: of the chain, 0 or 1.
    """
    return fit_power_law(result.spec.widths, result.carriers[:, :, half])[0]
