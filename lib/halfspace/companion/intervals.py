"""Means over seeds with intervals, and times to a level."""

import numpy as np
from scipy import stats

from halfspace._checks import check_finite, check_shape
from halfspace.companion.text import factor

__all__ = [
    "bootstrapped_mean",
    "factor_text",
    "first_below",
    "fit_power_law",
    "geometric_intervals",
    "interval_text",
    "is_skewed",
    "mean_interval",
    "mean_intervals",
    "power_law_interval",
]


_SKEWED = 1.0  # sample skewness above which the mean's interval is bootstrapped
_LEAST = 20  # fewest seeds for that: fewer do not show how skewed the distribution is
_RESAMPLES = 9999
_SEED = 0


def is_skewed(values: np.ndarray) -> bool:
    """Return whether (S,) values are so skewed that their mean's interval is bootstrapped.

    There are at least 20, and their skewness exceeds 1 in absolute value.
    """
    return len(values) >= _LEAST and abs(stats.skew(values, bias=False)) > _SKEWED


def bootstrapped_mean(
    values: np.ndarray, confidence: float = 0.95
) -> tuple[float, float, np.ndarray]:
    """Return the bias-corrected and accelerated bootstrap of the mean of (S,) values.

    Returns:
        The interval's ends, and the means of 9,999 resamples, drawn from a fixed seed.
    """
    made = stats.bootstrap(
        (values,),
        np.mean,
        confidence_level=confidence,
        n_resamples=_RESAMPLES,
        method="BCa",
        rng=np.random.default_rng(_SEED),
        vectorized=True,
    )
    return *made.confidence_interval, made.bootstrap_distribution


def mean_interval(values: np.ndarray, confidence: float = 0.95) -> tuple[float, float, float]:
    """Mean over seeds and its confidence interval: Student's, or the bootstrap's if ``is_skewed``.

    Args:
        values: one number per seed, shape (S,), S at least 2, all finite.
        confidence: coverage of the interval, between 0 and 1.

    Returns:
        Mean, lower end, upper end.

    Raises:
        ValueError: if there are fewer than two values or one is not finite: a seed that failed must
            be counted by the caller, not lost in a mean.
    """
    values = np.asarray(values, dtype=np.float64)
    if values.ndim != 1 or len(values) < 2:
        raise ValueError(f"an interval needs at least two seeds; got shape {values.shape}")
    if not np.isfinite(values).all():
        raise ValueError(f"values must be finite; {(~np.isfinite(values)).sum()} are not")
    mean = values.mean()
    if np.allclose(values, mean, rtol=1e-12, atol=0):  # the t interval would only measure rounding
        return float(mean), float(mean), float(mean)
    if is_skewed(values):
        low, high, _ = bootstrapped_mean(values, confidence)
    else:
        low, high = stats.ttest_1samp(values, 0.0).confidence_interval(confidence)
    return float(mean), float(low), float(high)


def mean_intervals(values: np.ndarray) -> np.ndarray:
    """Return ``mean_interval`` of each row of (k, S) values, shape (k, 3)."""
    return np.array([mean_interval(row) for row in values])


def geometric_intervals(values: np.ndarray) -> np.ndarray:
    """Return each row's geometric mean over seeds with the interval of its logarithm.

    Args:
        values: positive, shape (k, S).

    Returns:
        Geometric mean, lower end, upper end, shape (k, 3).

    Raises:
        ValueError: as ``mean_interval``, also for a value that is not positive.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.exp(mean_intervals(np.log(np.asarray(values, dtype=np.float64))))


def interval_text(values: np.ndarray, digits: int = 2) -> str:
    """Write the mean of (S,) values with its 95 % interval, ``1.23 (−0.98 to 1.48)``.

    Args:
        values: shape (S,).
        digits: after the decimal point.
    """
    mean, low, high = (_rounded(value, digits) for value in mean_interval(values))
    return f"{mean} ({low} to {high})"


def factor_text(logarithms: np.ndarray) -> str:
    """Write the geometric mean of factors with its 95 % interval, ``×1.23 (0.98 to 1.48)``.

    Args:
        logarithms: natural ones of the factors, shape (S,).
    """
    return factor(*mean_interval(logarithms))


def _rounded(value: float, digits: int) -> str:
    text = f"{value:.{digits}f}"
    return text.replace("-", "−") if float(text) else text.removeprefix("-")


def first_below(times: np.ndarray, curves: np.ndarray, level: float) -> np.ndarray:
    """Time at which each seed's curve is first below a level; NaN where it never is (censored).

    Args:
        times: shape (E,), increasing.
        curves: shape (E, S).
        level: the level.

    Returns:
        Shape (S,), in the unit of ``times``.

    Raises:
        ValueError: if ``times`` and the rows of ``curves`` differ in number.
    """
    times, curves = np.asarray(times), np.asarray(curves)
    check_shape("times", times, curves.shape[:1])
    below = curves < level
    return np.where(below.any(axis=0), times[below.argmax(axis=0)], np.nan)


def fit_power_law(sizes: np.ndarray, errors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Fit ``error = exp(intercept) · size^slope`` to each row by least squares in logarithms.

    Args:
        sizes: positive, shape (W,), at least two different ones.
        errors: positive, shape (S, W).

    Returns:
        Slopes (S,) and intercepts (S,).

    Raises:
        ValueError: if there are fewer than two different sizes, an entry is not positive and
            finite, or there is not an error for each size.
    """
    sizes, errors = np.asarray(sizes, dtype=np.float64), np.asarray(errors, dtype=np.float64)
    if (different := len(set(sizes.tolist()))) < 2:
        raise ValueError(f"a power law needs at least two sizes; got {different}")
    if not ((sizes > 0).all() and (errors > 0).all()):
        raise ValueError("sizes and errors must be positive to have logarithms")
    check_finite("sizes", sizes)
    check_finite("errors", errors)
    check_shape("errors", errors, (len(errors), *sizes.shape))
    slopes, intercepts = np.polyfit(np.log(sizes), np.log(errors).T, 1)
    return slopes, intercepts


def power_law_interval(
    sizes: np.ndarray, values: np.ndarray, confidence: float = 0.95
) -> tuple[float, float, float, float]:
    """Fit ``value = factor · size^slope`` and the Student-t confidence interval of the slope.

    Args:
        sizes: positive, shape (W,).
        values: positive, one per size, shape (W,).
        confidence: coverage of the interval, between 0 and 1.

    Returns:
        Slope, lower end, upper end, factor.

    Raises:
        ValueError: as ``fit_power_law``, also if there are fewer than three sizes.
    """
    if len(sizes) < 3:
        raise ValueError(f"a slope with an interval needs at least three sizes; got {len(sizes)}")
    (slope,), (intercept,) = fit_power_law(sizes, np.asarray(values)[np.newaxis])
    logs, freedom = np.log(sizes), len(sizes) - 2
    residuals = np.log(values) - intercept - slope * logs
    error = np.sqrt(np.square(residuals).sum() / freedom / np.square(logs - logs.mean()).sum())
    reach = stats.t.ppf((1 + confidence) / 2, freedom) * error
    return float(slope), float(slope - reach), float(slope + reach), float(np.exp(intercept))
