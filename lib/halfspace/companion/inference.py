"""Estimates with 95 % intervals and p-values: of means, shares and correlations over seeds."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy import stats

from halfspace.companion.intervals import bootstrapped_mean, is_skewed, mean_interval

__all__ = ["Estimate", "correlation", "holm", "mean_or_skewed", "share"]


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """An estimate.

    Attributes:
        effect: mean, share or correlation.
        low: lower end of the 95 % interval.
        high: upper end.
        median: median over seeds; for a share or a correlation, the effect.
        p: p-value; see the functions.
        interval: ``"t"``, ``"bootstrap"``, ``"Wilson"`` or ``"Fisher"``.
    """

    effect: float
    low: float
    high: float
    median: float
    p: float
    interval: str

    @classmethod
    def unknown(cls) -> Self:
        """Return the estimate where a seed has no value."""
        nothing = float("nan")
        values = dict.fromkeys(("effect", "low", "high", "median", "p"), nothing)
        return cls(**values, interval="t")


def mean_or_skewed(values: np.ndarray, level: float, *, equal: bool = False) -> Estimate:
    """Estimate a mean over seeds.

    The interval is Student's. With at least 20 seeds and a sample skewness above 1 in absolute
    value it is that of the bias-corrected and accelerated bootstrap.

    Args:
        values: shape (S,), finite, S at least 2.
        level: the p-value is two-sided, for a mean equal to the level.
        equal: the p-value is the larger of the one-sided ones, for a mean of at most ``-level`` or
            at least ``level``.

    Raises:
        ValueError: as ``mean_interval``.
    """
    values = np.asarray(values, dtype=np.float64)
    mean, low, high = mean_interval(values)
    kind = "t"
    levels = (-level, level) if equal else (level,)
    if low == high:
        sided = [(float(mean <= bound), float(mean >= bound)) for bound in levels]
    elif is_skewed(values):
        kind = "bootstrap"
        *_, drawn = bootstrapped_mean(values)
        sided = [(_share_of(drawn <= bound), _share_of(drawn >= bound)) for bound in levels]
    else:
        sided = []
        for bound in levels:
            below = stats.ttest_1samp(values, bound, alternative="greater").pvalue
            sided.append((float(below), float(1 - below)))
    # The first of a pair speaks against a mean above the bound, the second against one below.
    p = max(sided[0][0], sided[1][1]) if equal else min(1.0, 2 * min(sided[0]))
    return Estimate(
        effect=mean,
        low=float(low),
        high=float(high),
        median=float(np.median(values)),
        p=p,
        interval=kind,
    )


def _share_of(drawn: np.ndarray) -> float:
    return float((drawn.sum() + 1) / (drawn.size + 1))


def share(values: np.ndarray, level: float) -> Estimate:
    """Estimate the share of seeds for which something holds, with Wilson's interval.

    Args:
        values: bool, shape (S,).
        level: the p-value is the binomial test's, two-sided, for a share equal to the level.
    """
    test = stats.binomtest(int(values.sum()), len(values), level)
    low, high = test.proportion_ci(method="wilson")
    effect = float(np.mean(values))
    return Estimate(
        effect=effect,
        low=float(low),
        high=float(high),
        median=effect,
        p=float(test.pvalue),
        interval="Wilson",
    )


def correlation(
    first: np.ndarray, second: np.ndarray, level: float = 0.0, *, ranks: bool = False
) -> Estimate:
    """Estimate a correlation with Fisher's interval.

    Args:
        first: shape (S,), S at least 4.
        second: shape (S,).
        level: the p-value is two-sided, for a correlation equal to the level.
        ranks: whether ranks are correlated (Spearman); the variance of the transformed coefficient
            is then larger by the factor 1 + r²/2 (Bonett and Wright 2000).
    """
    r = float((stats.spearmanr if ranks else stats.pearsonr)(first, second).statistic)
    error = np.sqrt((1 + r**2 / 2 if ranks else 1) / (len(first) - 3))
    centre = np.arctanh(np.clip(r, -1 + 1e-12, 1 - 1e-12))
    reach = stats.norm.ppf(0.975) * error
    return Estimate(
        effect=r,
        low=float(np.tanh(centre - reach)),
        high=float(np.tanh(centre + reach)),
        median=r,
        p=float(2 * stats.norm.sf(abs(centre - np.arctanh(level)) / error)),
        interval="Fisher",
    )


def holm(p: np.ndarray) -> np.ndarray:
    """Return p-values adjusted for their number by Holm's method.

    Args:
        p: shape (k,); NaN counts as 1.

    Returns:
        Shape (k,), in the same order.

    Reference: Holm 1979.
    """
    p = np.nan_to_num(np.asarray(p, dtype=np.float64), nan=1.0)
    order = np.argsort(p, kind="stable")
    adjusted = np.empty_like(p)
    steps = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    adjusted[order] = np.minimum(steps, 1.0)
    return adjusted
