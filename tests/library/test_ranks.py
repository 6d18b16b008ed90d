"""Ranks of Jacobians, against autograd and by counting; effective ranks of known spectra."""

import pytest
import torch
from halfspace.gates import HardGate, SoftGate
from halfspace.nets import DGN, DLGN, DeepLinearNet, ReLUNet, stack
from halfspace.ranks import effective_rank, jacobian_ranks, jacobian_singular_values


def net_of(kind, generator, **sizes):
    gated = {} if kind in (ReLUNet, DeepLinearNet) else {"gate": HardGate()}
    return kind(6, width=9, depth=4, generator=generator, **gated, **sizes).double()


@pytest.mark.parametrize("kind", [ReLUNet, DeepLinearNet, DLGN, DGN])
def test_singular_values_are_those_of_the_jacobian(kind, generator):
    net = net_of(kind, generator)
    x = torch.randn(5, 6, dtype=torch.float64, generator=generator)
    found = jacobian_singular_values(net, x)
    assert found.shape == (5, 4, 6)
    for layer in range(4):

        def activities(point, layer=layer):
            gates = net.gates(point.unsqueeze(0))[0].detach()
            h = point
            for weight, gate in zip(net.value[: layer + 1], gates, strict=False):
                h = gate * weight(h.unsqueeze(0))[0]
            return h

        for point, values in zip(x, found[:, layer], strict=True):
            jacobian = torch.autograd.functional.jacobian(activities, point)
            torch.testing.assert_close(torch.linalg.svdvals(jacobian), values)


@pytest.mark.parametrize("kind", [ReLUNet, DLGN, DGN])
def test_the_rank_is_the_least_number_of_active_units_so_far(kind, generator):
    net = net_of(kind, generator)
    x = torch.randn(40, 6, dtype=torch.float64, generator=generator)
    active = net.gates(x).sum(-1).long()
    ranks = jacobian_ranks(net, x)
    assert torch.equal(ranks, active.cummin(1).values.clamp(max=6))
    assert (ranks.diff(dim=1) < 0).any() and (active.diff(dim=1) > 0).any()


def test_soft_gates_are_taken_as_hard(generator):
    hard = net_of(DLGN, generator)
    soft = DLGN(6, width=9, depth=4, gate=SoftGate(1.0)).double()
    soft.load_state_dict(hard.state_dict())
    x = torch.randn(5, 6, dtype=torch.float64, generator=generator)
    assert torch.equal(jacobian_ranks(soft, x), jacobian_ranks(hard, x))


def test_a_point_without_active_units_has_rank_zero():
    net = ReLUNet(2, width=2, depth=1)
    net.value[0].weight.data = torch.eye(2)
    assert jacobian_ranks(net, -torch.ones(1, 2)).tolist() == [[0]]


def test_effective_rank_of_known_spectra():
    values = torch.tensor([[3.0, 3, 3, 0], [1, 0, 0, 0], [2, 1, 0, 0]], dtype=torch.float64)
    p = torch.tensor([0.8, 0.2], dtype=torch.float64)
    third = (-(p * p.log()).sum()).exp()
    assert effective_rank(values).tolist() == pytest.approx([3, 1, third.item()])
    assert effective_rank(7 * values).tolist() == pytest.approx(effective_rank(values).tolist())
    assert effective_rank(torch.zeros(2)).isnan()


@pytest.mark.parametrize(
    "values", [torch.zeros(3, 0), torch.tensor([1.0, -1]), torch.tensor([1e999])]
)
def test_effective_rank_refuses_what_is_no_spectrum(values):
    with pytest.raises(ValueError, match="singular_values must be"):
        effective_rank(values)


def test_what_has_no_such_jacobian_is_refused(generator):
    x = torch.randn(5, 6)
    refused = {
        "got a stack": stack([ReLUNet(6, width=3, depth=2)] * 2),
        "it has biases": ReLUNet(6, width=3, depth=2, bias=True),
        "it has a constant input": DLGN(6, width=3, depth=2, gate=HardGate(), constant_input=True),
    }
    for message, net in refused.items():
        with pytest.raises(ValueError, match=message):
            jacobian_ranks(net, x)
    with pytest.raises(ValueError, match=r"x must have shape \(n, 6\); got \(1, 5, 6\)"):
        jacobian_ranks(ReLUNet(6, width=3, depth=2), x.unsqueeze(0))
