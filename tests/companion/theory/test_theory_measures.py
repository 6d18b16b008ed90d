"""Counts of active paths and sums over them: values worked out by hand."""

import pytest
import torch
from halfspace.companion.theory import measures
from halfspace.nets import ReLUNet


def test_a_gap_is_relative_to_the_largest_value():
    expected = torch.tensor([1.0, -8.0], dtype=torch.float64)
    assert measures.relative_gap(expected + torch.tensor([0.0, 2.0]), expected) == 0.25
    zero = torch.zeros(3, dtype=torch.float64)
    assert measures.relative_gap(zero, zero) == 0
    assert measures.relative_gap(zero + 1e-300, zero) > 1e-10


def test_active_paths_are_counted():
    net = ReLUNet(2, width=2, depth=1)
    net.value[0].weight.data = torch.eye(2)
    x = torch.tensor([[3.0, -1.0], [2.0, 5.0], [1.0, 1.0]])
    gaps = measures.count_gaps(net, x)
    assert gaps == {"overlap_gap": 0, "count_gap": 0, "active": pytest.approx(5 / 3)}
    assert measures.sum_gap(net, x) < 1e-6


def test_an_odd_count_above_two_to_the_24_is_rounded():
    gates = torch.zeros(3, 2, 4097)
    gates[0] = 1  # 4097² active paths, an odd number above 2^24
    gates[1, :, 0] = 1
    # Of the entries 4097², 1, 1 and 1 (the third input has no active path) the first is wrong.
    assert measures.share_rounded(gates) == 0.25


def test_halves_are_compared_by_their_mean_numbers_of_active_paths():
    units = torch.tensor([[2, 2], [1, 2], [1, 1], [0, 1]])  # active ones by layer: 4, 2, 1, 0 paths
    gates = (torch.arange(2) < units.unsqueeze(-1)).float()
    assert measures.half_ratio(gates) == pytest.approx((4 + 2) / (1 + 0))
