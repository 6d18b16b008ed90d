"""Theorems 1 and 2: the sum over paths equals the forward pass."""

import pytest
import torch
from conftest import NET_KINDS
from halfspace.nets import ReLUNet
from halfspace.paths import (
    count_paths,
    enumerate_paths,
    mixture_of_experts,
    path_experts,
    path_gates,
)
from hypothesis import given, settings
from hypothesis import strategies as st


@settings(max_examples=250, deadline=None, derandomize=True)
@given(
    kind=st.sampled_from(sorted(NET_KINDS)),
    depth=st.integers(1, 4),
    width=st.integers(1, 5),
    d_in=st.integers(1, 4),
    d_out=st.integers(1, 3),
    bias=st.booleans(),
    init=st.sampled_from(["default", "xavier", "he"]),
    seed=st.integers(0, 2**31 - 1),
)
def test_sum_over_paths_equals_forward(kind, depth, width, d_in, d_out, bias, init, seed):
    generator = torch.Generator().manual_seed(seed)
    net = NET_KINDS[kind](
        d_in, width=width, depth=depth, d_out=d_out, bias=bias, init=init, generator=generator
    ).double()
    x = torch.randn(6, d_in, generator=generator, dtype=torch.float64)
    # Float64 algebra; atol covers outputs that cancel to nearly nothing.
    torch.testing.assert_close(mixture_of_experts(net, x), net(x), rtol=1e-10, atol=1e-12)


def test_enumeration_lists_each_path_once():
    paths = enumerate_paths(3, 2)
    assert paths.tolist() == [[i, j] for i in range(3) for j in range(3)]
    assert enumerate_paths(3, 2, start=1).tolist() == [[0], [1], [2]]
    assert enumerate_paths(3, 2, start=2).shape == (1, 0)


@pytest.mark.parametrize(("width", "depth"), [(1, 1), (2, 3), (16, 5)])
def test_counts(width, depth):
    assert count_paths(width, depth) == width**depth
    assert count_paths(width, depth, bias=True) == sum(width**k for k in range(depth + 1))


def test_shapes_with_biases(generator):
    net = ReLUNet(2, width=3, depth=2, d_out=2, bias=True, generator=generator)
    x = torch.randn(4, 2, generator=generator)
    assert path_gates(net, x).shape == (4, 13)
    assert path_experts(net, x).shape == (4, 13, 2)
    assert torch.equal(path_gates(net, x)[:, -1], torch.ones(4))


def test_too_many_paths_are_refused_with_their_number():
    with pytest.raises(
        ValueError, match="at most 100,000 paths; width 16 and depth 5 make 1,048,576"
    ):
        path_gates(ReLUNet(2, width=16, depth=5), torch.zeros(1, 2))
    with pytest.raises(ValueError, match="start must be a layer from 0 to 2; got 3"):
        enumerate_paths(2, 2, start=3)
