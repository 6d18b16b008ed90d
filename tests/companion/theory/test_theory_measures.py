"""Counts of active paths and sums over them: values worked out by hand."""

import pytest
import torch
from halfspace.companion.theory import measures
from halfspace.datasets import circle_grid
from halfspace.gates import HardGate
from halfspace.nets import DLGN, ReLUNet
from halfspace.paths import path_gates


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


def test_kept_shares_are_those_of_all_paths():
    net = DLGN(2, width=4, depth=3, gate=HardGate(), generator=torch.Generator().manual_seed(1))
    x = circle_grid(12)[1]
    active = path_gates(net, x).double()
    shared = active @ active[0] / active[0].sum()
    kept = measures.kept_shares(net.gates(x))
    assert kept.shape == (3, 12)
    torch.testing.assert_close(kept[-1], shared)
    first = net.gates(x)[:, 0].double()  # a network of one layer: its paths are its units
    torch.testing.assert_close(kept[0], first @ first[0] / first[0].sum())
    assert measures.kept_shares(torch.zeros(2, 1, 3)).isnan().all()


def test_halves_are_compared_by_their_mean_numbers_of_active_paths():
    units = torch.tensor([[2, 2], [1, 2], [1, 1], [0, 1]])  # active ones by layer: 4, 2, 1, 0 paths
    gates = (torch.arange(2) < units.unsqueeze(-1)).float()
    assert measures.half_ratio(gates) == pytest.approx((4 + 2) / (1 + 0))
