"""Overlap kernel: equal to enumeration, exact at any size or refused."""

import math

import pytest
import torch
from conftest import NET_KINDS
from halfspace import overlap
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
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

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


def exact_counts(gates, other, bias):
    """Return the counts as Python integers, which have no largest one."""
    active = [[set(layer.nonzero().flatten().tolist()) for layer in point] for point in gates]
    active_other = [[set(layer.nonzero().flatten().tolist()) for layer in point] for point in other]

    def count(x, y):
        total = 1
        for layer, layer_other in zip(x, y, strict=True):
            total = total * len(layer & layer_other) + bias
        return total

    return [[count(x, y) for y in active_other] for x in active]


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize(
    ("width", "depth"),
    [(5, 3), (128, 9), (512, 12), (512, 130), (64, 400)],
    ids=["2^7", "2^63", "2^108", "2^1170", "2^2400"],
)
def test_logarithms_are_within_their_error_at_any_size(width, depth, bias, generator):
    gates, other = ((torch.rand(n, depth, width, generator=generator) < 0.9).long() for n in (4, 5))
    gates[0, depth // 2] = 0  # shares no path but those that start above
    gates[1, -1] = 0  # none at all, but for the last layer's constant unit
    gates[2], other[2] = 1, 1  # the largest count
    counts = exact_counts(gates, other, bias)
    logs = log_overlap_kernel(gates, other, bias=bias)
    assert logs.dtype == torch.float64
    for row, expected in zip(logs.tolist(), counts, strict=True):
        for log, count in zip(row, expected, strict=True):
            assert log == pytest.approx(math.log(count) if count else -math.inf, rel=0, abs=1e-12)
    own = [exact_counts(gates[i : i + 1], gates[i : i + 1], bias)[0][0] for i in range(4)]
    expected = [math.log(count) if count else -math.inf for count in own]
    assert log_active_path_counts(gates, bias=bias).tolist() == pytest.approx(
        expected, rel=0, abs=1e-12
    )
    diagonal = log_overlap_kernel(gates, bias=bias).diagonal().tolist()
    assert diagonal == pytest.approx(expected, rel=0, abs=1e-12)


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


@pytest.mark.parametrize("bias", [False, True])
def test_logarithms_cover_all_tiles(bias, generator):
    gates, other = (torch.randint(0, 2, (n, 5, 16), generator=generator) for n in (513, 300))
    for second in (None, other):
        expected = overlap_kernel(gates, second, bias=bias).double().log()
        found = log_overlap_kernel(gates, second, bias=bias)
        torch.testing.assert_close(found, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("kernel", "dtype"), [(overlap_kernel, torch.int64), (log_overlap_kernel, torch.float64)]
)
def test_out_is_filled_and_checked(kernel, dtype, generator, tmp_path):
    gates = torch.randint(0, 2, (300, 3, 8), generator=generator)
    mapped = torch.from_file(
        str(tmp_path / "kernel.bin"), shared=True, size=300 * 300, dtype=dtype
    ).view(300, 300)
    assert kernel(gates, out=mapped) is mapped
    assert torch.equal(mapped, kernel(gates))
    name = str(dtype).removeprefix("torch.")
    with pytest.raises(ValueError, match=rf"out must be {name} of shape \(300, 300\); got"):
        kernel(gates, out=torch.empty(300, 300))
    with pytest.raises(ValueError, match=rf"out must be {name} of shape \(300, 300\); got"):
        kernel(gates, out=torch.empty(300, 20, dtype=dtype))


class LargestTensor(TorchDispatchMode):
    """Record the bytes of the largest tensor that any operation returns, beside those given."""

    def __init__(self, *given):
        super().__init__()
        self.given, self.largest = {t.untyped_storage().data_ptr() for t in given}, 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        result = function(*args, **(kwargs or {}))
        for leaf in tree_leaves(result):
            if isinstance(leaf, torch.Tensor) and (
                leaf.untyped_storage().data_ptr() not in self.given
            ):
                self.largest = max(self.largest, leaf.untyped_storage().nbytes())
        return result


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize(
    ("kernel", "dtype"), [(overlap_kernel, torch.int64), (log_overlap_kernel, torch.float64)]
)
def test_memory_does_not_grow_with_the_kernel(kernel, dtype, bias, generator, monkeypatch):
    monkeypatch.setattr(overlap, "_FLOAT64_REACH", 2**9)  # so that exponents are kept apart
    n = 1500
    gates = torch.randint(0, 2, (n, 20, 8), generator=generator)
    out = torch.empty(n, n, dtype=dtype)
    with LargestTensor(out, gates) as recorded:
        kernel(gates, bias=bias, out=out)
    assert recorded.largest == max(4 * gates.numel(), 8 * 256 * 256)


def test_straight_through_gates_count_too(generator):
    net = NET_KINDS["dlgn-straight-through"](3, width=4, depth=2, generator=generator)
    gates = net.gates(torch.randn(5, 3, generator=generator))
    assert gates.requires_grad
    assert not overlap_kernel(gates).requires_grad
    assert not log_overlap_kernel(gates).requires_grad
