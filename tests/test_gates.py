"""Gates: values, limits, derivatives, refusals."""

import pytest
import torch
from halfspace.gates import HardGate, SoftGate, StraightThroughGate, gate_named


def test_hard_gate_is_active_at_zero_and_above():
    values = HardGate()(torch.tensor([-1e-9, 0.0, 2.0], dtype=torch.float64))
    assert values.tolist() == [0.0, 1.0, 1.0]
    assert values.dtype == torch.float64


def test_soft_gate_tends_to_the_hard_gate():
    eta = torch.tensor([-0.5, 0.5], dtype=torch.float64)
    assert torch.allclose(SoftGate(1000.0)(eta), HardGate()(eta), atol=1e-12)
    assert SoftGate(4.0)(torch.zeros(1)).item() == 0.5


def test_straight_through_gate_is_hard_forward_and_soft_backward():
    eta = torch.linspace(-2, 2, 41, dtype=torch.float64, requires_grad=True)
    out = StraightThroughGate(4.0)(eta)
    assert torch.equal(out, HardGate()(eta))
    (through,) = torch.autograd.grad(out.sum(), eta)
    (soft,) = torch.autograd.grad(SoftGate(4.0)(eta).sum(), eta)
    assert torch.allclose(through, soft, rtol=1e-12)


@pytest.mark.parametrize("kind", [SoftGate, StraightThroughGate])
@pytest.mark.parametrize("beta", [0.0, -1.0, float("nan")])
def test_beta_must_be_positive(kind, beta):
    with pytest.raises(ValueError, match=f"beta must be positive; got {beta}"):
        kind(beta)


def test_gates_by_name():
    assert gate_named("hard", 4.0) == HardGate()
    assert gate_named("soft", 4.0) == SoftGate(4.0)
    assert gate_named("straight-through", 2.0) == StraightThroughGate(2.0)
    with pytest.raises(ValueError, match="'hard', 'soft' or 'straight-through'; got 'sotf'"):
        gate_named("sotf", 4.0)
