"""Empirical NTK: equal to the Jacobian's Gram matrix."""

import pytest
import torch
from conftest import NET_KINDS
from halfspace.gates import HardGate
from halfspace.nets import DLGN, ReLUNet, stack
from halfspace.ntk import empirical_ntk
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.func import functional_call, jacrev, vmap


def jacobian_ntk(net, x, other):
    """Return the contraction of PyTorch's tutorial, summed over outputs."""
    trained = {name: p.detach() for name, p in net.named_parameters() if p.requires_grad}
    fixed = {name: p.detach() for name, p in net.named_parameters() if not p.requires_grad}

    def output(parameters, point):
        return functional_call(net, {**parameters, **fixed}, (point[None],))[0]

    first, second = (vmap(jacrev(output), (None, 0))(trained, points) for points in (x, other))
    return sum(
        torch.einsum("ncp,mcp->nm", first[name].flatten(2), second[name].flatten(2))
        for name in trained
    )


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    kind=st.sampled_from(sorted(NET_KINDS)),
    depth=st.integers(1, 4),
    width=st.integers(1, 6),
    d_out=st.integers(1, 3),
    bias=st.booleans(),
    rows=st.integers(1, 6),
    seed=st.integers(0, 2**31 - 1),
)
def test_equals_the_jacobian_form(kind, depth, width, d_out, bias, rows, seed):
    generator = torch.Generator().manual_seed(seed)
    net = NET_KINDS[kind](
        3, width=width, depth=depth, d_out=d_out, bias=bias, generator=generator
    ).double()
    x, other = (torch.randn(n, 3, generator=generator, dtype=torch.float64) for n in (5, 4))
    expected = jacobian_ntk(net, x, other)
    torch.testing.assert_close(
        empirical_ntk(net, x, other, rows=rows), expected, rtol=1e-10, atol=1e-14
    )
    same = empirical_ntk(net, x, rows=rows)
    torch.testing.assert_close(same, jacobian_ntk(net, x, x), rtol=1e-10, atol=1e-14)


def test_stacked_nets_have_their_own_kernels(generator):
    nets = [ReLUNet(2, width=5, depth=3, d_out=2, generator=generator).double() for _ in range(3)]
    x = torch.randn(6, 2, generator=generator, dtype=torch.float64)
    together = empirical_ntk(stack(nets), x)
    assert together.shape == (3, 6, 6)
    for index, net in enumerate(nets):
        torch.testing.assert_close(together[index], empirical_ntk(net, x), rtol=1e-10, atol=1e-14)


def test_leaves_no_hooks_and_no_gradients(generator):
    net = ReLUNet(2, width=3, depth=2, generator=generator)
    empirical_ntk(net, torch.ones(2, 2))
    assert all(not module._forward_hooks for module in net.modules())
    assert all(parameter.grad is None for parameter in net.parameters())


def test_refusals(generator):
    net = DLGN(2, width=3, depth=2, gate=HardGate(), generator=generator)
    with pytest.raises(ValueError, match="rows must be positive; got 0"):
        empirical_ntk(net, torch.ones(2, 2), rows=0)
    with pytest.raises(ValueError, match="none needs a gradient"):
        empirical_ntk(net.requires_grad_(False), torch.ones(2, 2))
