import numpy as np
import pytest
from halfspace.companion.inference import correlation, holm, mean_or_skewed, share
from scipy import stats

SPREAD = np.linspace(-1, 1, 20)


def test_a_symmetric_sample_gets_students_interval():
    values = 0.5 + SPREAD
    estimate = mean_or_skewed(values, 0.2)
    test = stats.ttest_1samp(values, 0.2)
    assert (estimate.effect, estimate.median) == pytest.approx((0.5, 0.5))
    assert (estimate.low, estimate.high) == pytest.approx(test.confidence_interval(0.95))
    assert estimate.p == pytest.approx(test.pvalue) and estimate.interval == "t"


def test_a_skewed_sample_is_bootstrapped_and_tells_its_median():
    values = np.random.default_rng(3).lognormal(sigma=1.2, size=60)
    estimate = mean_or_skewed(values, 1.0)
    assert estimate.interval == "bootstrap" and estimate.median == pytest.approx(np.median(values))
    low, high = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    # The interval of a mean of positive skewed values is shifted to the right of Student's.
    assert estimate.low > low and estimate.high > high
    assert estimate == mean_or_skewed(values, 1.0)  # drawn from a fixed seed
    assert mean_or_skewed(values[:20], 1.0).interval == "bootstrap"
    assert mean_or_skewed(values[:19], 1.0).interval == "t"  # too few to be resampled
    assert mean_or_skewed(values, values.mean()).p > 0.5
    assert mean_or_skewed(values, 0.0).p == pytest.approx(2 / 10_000)


def test_an_equality_has_the_larger_of_two_one_sided_p_values():
    values = 0.5 + SPREAD
    expected = max(
        stats.ttest_1samp(values, 1.0, alternative="less").pvalue,
        stats.ttest_1samp(values, -1.0, alternative="greater").pvalue,
    )
    assert mean_or_skewed(values, 1.0, equal=True).p == pytest.approx(expected)
    assert mean_or_skewed(values, 0.3, equal=True).p > 0.5


def test_equal_values_are_a_point():
    estimate = mean_or_skewed(np.full(5, 2.0), 1.0)
    assert estimate.low == estimate.high == 2.0 and estimate.p == 0.0
    assert mean_or_skewed(np.full(5, 1.0), 1.0).p == 1.0
    assert mean_or_skewed(np.full(5, 2.0), 3.0, equal=True).p == 0.0


def test_a_share_has_wilsons_interval_and_the_binomial_tests_p_value():
    estimate = share(np.arange(20) < 15, 0.5)
    assert (estimate.effect, estimate.interval) == (0.75, "Wilson")
    assert (estimate.low, estimate.high) == pytest.approx((0.531299, 0.888139), abs=1e-6)
    assert estimate.p == pytest.approx(stats.binomtest(15, 20, 0.5).pvalue)


def test_a_correlation_has_fishers_interval():
    rng = np.random.default_rng(0)
    first = rng.normal(size=50)
    second = first + rng.normal(size=50)
    estimate = correlation(first, second)
    test = stats.pearsonr(first, second)
    assert estimate.effect == pytest.approx(test.statistic)
    assert (estimate.low, estimate.high) == pytest.approx(tuple(test.confidence_interval(0.95)))
    assert correlation(first, -second).effect == pytest.approx(-estimate.effect)
    ranks = correlation(np.exp(first), second, ranks=True)
    assert ranks.effect == pytest.approx(stats.spearmanr(first, second).statistic)
    assert ranks.high - ranks.low > 0.9 * (estimate.high - estimate.low)


def test_holms_method_by_hand():
    # 3 · 0.01, then 2 · 0.02, then 0.03, which may not fall below the one before.
    np.testing.assert_allclose(holm([0.03, 0.01, 0.02]), [0.04, 0.03, 0.04])
    np.testing.assert_allclose(holm([0.4, np.nan, 0.9]), [1, 1, 1])
    assert holm([]).shape == (0,)
