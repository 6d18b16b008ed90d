import itertools

import pytest
import torch
from halfspace.conv import ConvReLUNet
from halfspace.conv_overlap import conv_overlap_kernel


def count_by_enumeration(gates, channels, side):
    """Shared active paths of each pair, path by path."""
    *convolutions, dense = gates
    pixels = list(itertools.product(range(side), repeat=2))
    filters = range(convolutions[0].shape[1])
    n = len(dense)
    counts = torch.zeros(n, n, dtype=torch.float64)
    for places in itertools.product(pixels, repeat=len(convolutions) + 1):
        steps = itertools.pairwise(places)
        if any(abs(a - c) > 1 or abs(b - d) > 1 for (a, b), (c, d) in steps):
            continue
        for chosen in itertools.product(filters, repeat=len(convolutions)):
            active = torch.ones(n, dtype=torch.float64)
            for g, f, (row, column) in zip(convolutions, chosen, places[1:], strict=True):
                active = active * g[:, f, row, column]
            counts += channels * torch.outer(active, active)
    return counts * (dense @ dense.T)


def test_overlap_counts_shared_active_paths():
    generator = torch.Generator().manual_seed(0)
    net = ConvReLUNet(channels=2, filters=2, depth=2, units=3, generator=generator).double()
    x = torch.randn(11, 2, 3, 3, dtype=torch.float64, generator=generator)
    gates = net.gates(x)
    expected = count_by_enumeration(gates, channels=2, side=3)
    assert expected.min() < expected.max()
    torch.testing.assert_close(conv_overlap_kernel(gates, channels=2), expected, rtol=1e-12, atol=0)


def test_overlap_refuses_dense_gates():
    with pytest.raises(ValueError, match=r"gates must be .* got \[\(2, 3\), \(2, 3\)\]"):
        conv_overlap_kernel([torch.ones(2, 3), torch.ones(2, 3)])
