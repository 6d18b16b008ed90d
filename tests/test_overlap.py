"""Overlap kernel: equal to enumeration, exact at any size or refused."""

import math

import pytest
import torch
from conftest import NET_KINDS
from halfspace.overlap import (
    active_path_counts,
    log_active_path_counts,
    log_overlap_kernel,
    neural_path_kernel,
    overlap_kernel,
)
from halfspace.paths import path_gates
from hypothesis import given, settings
from hypothesis import strategies as st

HARD = ["relu", "linear", "dlgn-hard", "dlgn-pwc-hard"]


@settings(max_examples=80, deadline=None, derandomize=True)
@given(
    kind=st.sampled_from(HARD),
    depth=st.integers(1, 4),
    width=st.integers(1, 5),
    bias=st.booleans(),
    seed=st.integers(0, 2**31 - 1),
)
def test_product_form_equals_enumeration(kind, depth, width, bias, seed):
    generator = torch.Generator().manual_seed(seed)
    net = NET_KINDS[kind](3, width=width, depth=depth, bias=bias, generator=generator)
    x, other = (torch.randn(n, 3, generator=generator) for n in (5, 4))
    active, active_other = (path_gates(net, points).long() for points in (x, other))
    gates, gates_other = net.gates(x), net.gates(other)
    assert torch.equal(overlap_kernel(gates, bias=bias), active @ active.T)
    assert torch.equal(overlap_kernel(gates, gates_other, bias=bias), active @ active_other.T)
    assert torch.equal(active_path_counts(gates, bias=bias), active.sum(1))
    logs = log_overlap_kernel(gates, gates_other, bias=bias)
    torch.testing.assert_close(
        logs, (active @ active_other.T).double().log(), rtol=1e-12, atol=1e-12
    )


@pytest.mark.parametrize(
    ("width", "depth"),
    [(127, 4), (509, 6), (128, 8), (1023, 6)],
    ids=["2^28", "2^54", "2^56", "2^60"],
)
def test_counts_are_exact_beyond_float_precision(width, depth, generator):
    gates = torch.randint(0, 2, (6, depth, width), generator=generator, dtype=torch.int64)
    expected = [
        [math.prod(int(g @ h) for g, h in zip(a, b, strict=True)) for b in gates] for a in gates
    ]
    assert overlap_kernel(gates).tolist() == expected
    assert active_path_counts(gates).tolist() == [expected[i][i] for i in range(6)]


def test_all_ones_just_below_the_limit_and_just_above():
    below, above = torch.ones(1, 9, 127), torch.ones(1, 9, 128)
    assert overlap_kernel(below).item() == 127**9
    with pytest.raises(OverflowError, match="use log_overlap_kernel instead"):
        overlap_kernel(above)
    with pytest.raises(OverflowError, match="use log_active_path_counts instead"):
        active_path_counts(above)
    assert log_overlap_kernel(above).item() == pytest.approx(63 * math.log(2), rel=1e-12)
    assert log_active_path_counts(above).item() == pytest.approx(63 * math.log(2), rel=1e-12)


def test_biases_count_towards_the_limit():
    gates = torch.ones(1, 3, 2**21)
    with pytest.raises(OverflowError):
        active_path_counts(gates)
    assert active_path_counts(torch.ones(1, 2, 3), bias=True).item() == 9 + 3 + 1


def test_stacked_gates_and_none_shared(generator):
    gates = torch.randint(0, 2, (2, 4, 3, 5), generator=generator)
    both = overlap_kernel(gates)
    assert torch.equal(both[1], overlap_kernel(gates[1]))
    dead = torch.zeros(1, 2, 3)
    assert overlap_kernel(dead).item() == 0
    assert log_overlap_kernel(dead).item() == -math.inf
    assert overlap_kernel(dead, bias=True).item() == 1


def test_neural_path_kernel(generator):
    x = torch.randn(4, 3, generator=generator)
    gates = torch.randint(0, 2, (4, 2, 5), generator=generator)
    expected = (x.double() @ x.double().T) * overlap_kernel(gates).double()
    torch.testing.assert_close(neural_path_kernel(x, gates), expected, rtol=1e-12, atol=0)
    with pytest.raises(ValueError, match="other_x and other_gates go together"):
        neural_path_kernel(x, gates, other_x=x)


def test_refusals():
    with pytest.raises(ValueError, match=r"gates must share \(H, m\); got \(2, 3\) and \(2, 4\)"):
        overlap_kernel(torch.ones(1, 2, 3), torch.ones(1, 2, 4))
    with pytest.raises(ValueError, match="must be hard"):
        overlap_kernel(torch.full((1, 2, 3), 0.5))
    with pytest.raises(ValueError, match=r"must have shape \(..., n, H, m\); got \(2, 3\)"):
        active_path_counts(torch.ones(2, 3))


def plain_kernel(gates, other, bias):
    """Return the counts from the definition of the product form, int64 throughout."""
    factors = [a @ b.T for a, b in zip(gates.long().unbind(1), other.long().unbind(1), strict=True)]
    total = torch.ones_like(factors[0])
    for factor in factors:
        total = total * factor + bias
    return total


@pytest.mark.parametrize(("n", "others"), [(256, 257), (300, 20), (513, 700), (1, 600)])
@pytest.mark.parametrize(
    ("width", "depth"), [(4, 3), (16, 5), (128, 5), (512, 6)], ids=["2^6", "2^20", "2^35", "2^54"]
)
@pytest.mark.parametrize("bias", [False, True])
def test_tiles_cover_the_kernel_exactly(n, others, width, depth, bias, generator):
    gates, other = (
        torch.randint(0, 2, (count, depth, width), generator=generator) for count in (n, others)
    )
    gates[n // 2 :, 0] |= 1  # so that counts reach close to their bound
    assert torch.equal(overlap_kernel(gates, bias=bias), plain_kernel(gates, gates, bias))
    assert torch.equal(overlap_kernel(gates, other, bias=bias), plain_kernel(gates, other, bias))


@pytest.mark.parametrize("limit", [2**24, 2**53])
def test_counts_around_a_types_limit_are_exact(limit):
    # Two layers whose widths multiply to just beyond what single (double) precision holds.
    root = math.isqrt(limit) + 1
    widths = (root, root) if limit == 2**24 else (2**21 + 1, 2**11 + 1, 2**21 + 1)
    gates = torch.zeros(3, len(widths), max(widths))
    for layer, width in enumerate(widths):
        gates[:, layer, :width] = 1
        gates[1, layer, 0] = 0
    active = gates.sum(-1).long().tolist()
    expected = [
        [math.prod(min(a, b) for a, b in zip(x, y, strict=True)) for y in active] for x in active
    ]
    assert overlap_kernel(gates).tolist() == expected


def test_out_is_filled_and_checked(generator, tmp_path):
    gates = torch.randint(0, 2, (300, 3, 8), generator=generator)
    mapped = torch.from_file(
        str(tmp_path / "kernel.bin"), shared=True, size=300 * 300, dtype=torch.int64
    ).view(300, 300)
    assert overlap_kernel(gates, out=mapped) is mapped
    assert torch.equal(mapped, overlap_kernel(gates))
    with pytest.raises(ValueError, match=r"out must be int64 of shape \(300, 300\); got"):
        overlap_kernel(gates, out=torch.empty(300, 300))
