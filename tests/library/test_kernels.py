"""Similarity of kernels."""

import numpy as np
import pytest
import torch
from halfspace.kernels import alignment, centred, cosine, mean_of_others, pairwise_cosines


def kernels(generator, count=3, size=5):
    features = torch.randn(count, size, 4, generator=generator, dtype=torch.float64)
    return features @ features.mT


def test_the_cosine_is_that_of_the_entries(generator):
    first, second = kernels(generator), kernels(generator)
    for a, b, found in zip(first, second, cosine(first, second), strict=True):
        assert found == pytest.approx((a * b).sum().item() / (a.norm() * b.norm()).item())
    assert cosine(3 * first, first) == pytest.approx(np.ones(3))
    assert cosine(first[:, None], second[None]).shape == (3, 3)


def test_pairs_have_a_row_for_each_of_the_first(generator):
    first, second = kernels(generator), kernels(generator, count=2)
    expected = cosine(first[:, None], second[None])
    torch.testing.assert_close(pairwise_cosines(first, second), expected)
    with pytest.raises(ValueError, match="second must have shape"):
        pairwise_cosines(first, second[:, :1])


def test_centring_is_that_of_the_features(generator):
    features = torch.randn(6, 2, generator=generator, dtype=torch.float64)
    mean_free = features - features.mean(0)
    torch.testing.assert_close(centred(features @ features.T), mean_free @ mean_free.T)


def test_a_constant_does_not_count_in_the_alignment(generator):
    first, second = kernels(generator), kernels(generator)
    expected = cosine(centred(first), centred(second))
    torch.testing.assert_close(alignment(first, second), expected)
    torch.testing.assert_close(alignment(first + 7, second - 3), expected)
    assert (cosine(first + 7, second) - cosine(first, second)).abs().max() > 0.01


def test_the_mean_of_others_leaves_out_the_own():
    pairs = np.array([[9.0, 1.0, 2.0], [3.0, 9.0, 5.0], [4.0, 8.0, 9.0]])
    assert mean_of_others(pairs).tolist() == [1.5, 4.0, 6.0]
    assert mean_of_others(torch.from_numpy(pairs)).tolist() == [1.5, 4.0, 6.0]
