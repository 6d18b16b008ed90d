"""Measures of nets on the circle: any net answers under hard gates."""

import pytest
import torch
from conftest import NET_KINDS
from halfspace.companion.circle.measures import hard_forward, hard_gates, losses
from halfspace.datasets import circle_grid
from halfspace.gates import HardGate, SoftGate
from halfspace.nets import DGN, ReLUNet, stack

SIZES = dict(width=6, depth=3)


def test_a_soft_dgn_is_measured_hard(generator):
    soft = DGN(2, gate=SoftGate(4.0), **SIZES, generator=generator)
    hard = DGN(2, gate=HardGate(), **SIZES)
    hard.load_state_dict(soft.state_dict())
    x = circle_grid(32)[1]
    assert set(hard_gates(soft, x).unique().tolist()) == {0.0, 1.0}
    assert torch.equal(hard_gates(soft, x), (soft.preactivations(x) >= 0).float())
    assert torch.equal(hard_forward(soft, x), hard(x))
    assert not torch.allclose(hard_forward(soft, x), soft(x), rtol=1e-2)


@pytest.mark.parametrize("kind", NET_KINDS)
def test_hard_answers_are_those_of_hard_gates(kind, generator):
    net, x = NET_KINDS[kind](2, **SIZES, generator=generator), circle_grid(16)[1]
    assert torch.equal(hard_gates(net, x), net.gates(x, HardGate()))
    assert torch.equal(hard_forward(net, x), net(x, gates=net.gates(x, HardGate())))


def test_a_relu_nets_two_losses_are_one(generator):
    net = stack([ReLUNet(2, **SIZES, generator=generator)])
    angles, x = circle_grid(16)
    errors = losses(net, x, angles.sin().unsqueeze(-1), angles < torch.pi)
    for part in ("", "_top", "_bottom"):
        assert torch.equal(errors[f"loss{part}"], errors[f"hard_loss{part}"])
    whole = (errors["loss_top"] + errors["loss_bottom"]) / 2
    assert errors["loss"].item() == pytest.approx(whole.item())
