"""Intervals over seeds and times to a level."""

import numpy as np
import pytest
from halfspace.companion import intervals
from halfspace.companion.intervals import (
    factor_text,
    first_below,
    fit_power_law,
    geometric_intervals,
    interval_text,
    mean_interval,
    mean_intervals,
    power_law_interval,
)
from scipy import stats


def test_interval_has_its_coverage():
    draws = np.random.default_rng(7).normal(2.0, 3.0, size=(4000, 8))
    held = [low <= 2.0 <= high for _, low, high in map(mean_interval, draws)]
    # 4000 intervals of 95 %: the share held has standard error 0.34 %, so 4 of them are 1.4 %.
    assert np.mean(held) == pytest.approx(0.95, abs=0.014)


def test_interval_of_equal_values_and_refusals():
    assert mean_interval(np.full(3, 1.5)) == (1.5, 1.5, 1.5)
    with pytest.raises(ValueError, match=r"at least two seeds; got shape \(1,\)"):
        mean_interval(np.ones(1))
    with pytest.raises(ValueError, match="values must be finite; 1 are not"):
        mean_interval(np.array([1.0, np.nan]))


def test_intervals_of_rows_and_of_logarithms():
    values = np.array([[1.0, 2.0, 4.0], [3.0, 3.0, 3.0]])
    assert mean_intervals(values)[0] == pytest.approx(mean_interval(values[0]))
    found = geometric_intervals(values)
    assert found[0] == pytest.approx(np.exp(mean_interval(np.log(values[0]))))
    assert found[0, 0] == pytest.approx(2) and found[1] == pytest.approx([3, 3, 3])
    with pytest.raises(ValueError, match="values must be finite; 1 are not"):
        geometric_intervals(np.array([[0.0, 1.0]]))


def test_interval_as_text():
    # t quantile 12.706 for two values: 1 ± 12.706 · (√2 / √2).
    assert interval_text(np.array([0.0, 2.0])) == "1.00 (−11.71 to 13.71)"
    assert interval_text(np.array([0.0, 2.0]), digits=1) == "1.0 (−11.7 to 13.7)"
    assert interval_text(np.full(2, -0.004)) == "0.00 (0.00 to 0.00)", "no minus before a zero"


def test_interval_of_a_factor_as_text():
    assert factor_text(np.array([0.0, 0.2])) == "×1.11 (0.31 to 3.94)"  # t quantile 12.706
    assert factor_text(np.log([2000.0, 2000.0])) == "×2\u202f000 (2\u202f000 to 2\u202f000)"
    assert factor_text(np.log([0.04, 0.04])) == "×0.04 (0.04 to 0.04)"


def test_first_below_is_nan_for_never():
    curves = np.array([[3.0, 1.0, 3.0], [1.0, 3.0, 3.0], [0.5, 0.5, 2.0]])
    found = first_below(np.array([0.0, 10.0, 20.0]), curves, 2.0)
    np.testing.assert_array_equal(found, [10.0, 0.0, np.nan])


def test_power_law_is_recovered():
    sizes = np.array([2.0, 5.0, 11.0])
    errors = np.array([3 * sizes**-0.5, 0.2 * sizes**-2])
    slopes, intercepts = fit_power_law(sizes, errors)
    np.testing.assert_allclose(slopes, [-0.5, -2], rtol=1e-10)
    np.testing.assert_allclose(np.exp(intercepts), [3, 0.2], rtol=1e-10)


def test_power_law_refuses_what_has_no_logarithm():
    with pytest.raises(ValueError, match="at least two sizes; got 1"):
        fit_power_law([4], [[1.0]])
    with pytest.raises(ValueError, match="at least two sizes; got 1"):
        fit_power_law([4, 4], [[1.0, 2.0]])
    with pytest.raises(ValueError, match="must be positive"):
        fit_power_law([4, 8], [[1.0, 0.0]])


def test_interval_of_a_slope_is_that_of_linear_regression():
    sizes, noise = np.array([4.0, 8, 32, 64, 100]), np.random.default_rng(3).normal(size=5)
    values = 5 * sizes**-0.5 * np.exp(noise)
    slope, low, high, factor = power_law_interval(sizes, values, confidence=0.9)
    line = stats.linregress(np.log(sizes), np.log(values))
    reach = 2.3534 * line.stderr  # t(0.95, 3 degrees of freedom)
    np.testing.assert_allclose(
        [slope, low, high], line.slope + reach * np.array([0, -1, 1]), rtol=1e-4
    )
    assert factor == pytest.approx(np.exp(line.intercept))
    with pytest.raises(ValueError, match="three sizes; got 2"):
        power_law_interval([1, 2], [1, 2])


def test_a_skewed_sample_of_enough_seeds_is_bootstrapped():
    values = np.random.default_rng(3).lognormal(sigma=1.2, size=60)
    assert intervals.is_skewed(values) and intervals.is_skewed(-values[:20])
    assert not intervals.is_skewed(values[:19]) and not intervals.is_skewed(np.arange(60.0))
    mean, low, high = intervals.mean_interval(values)
    *_, drawn = intervals.bootstrapped_mean(values)
    # Bias-corrected: the percentiles are shifted to the right, away from the plain ones.
    plain = np.percentile(drawn, [2.5, 97.5])
    assert mean == pytest.approx(values.mean()) and low > plain[0] and high > plain[1]
    assert intervals.mean_interval(values) == (mean, low, high)
