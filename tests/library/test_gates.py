"""Gates: values, limits, derivatives, refusals."""

from dataclasses import dataclass

import pytest
import torch
from halfspace.gates import (
    HardGate,
    SoftGate,
    StraightThroughGate,
    gate_named,
    stack_gates,
    unstack_gate,
)
from halfspace.nets import DLGN, stack, unstack


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


@pytest.mark.parametrize("kind", [SoftGate, StraightThroughGate])
@pytest.mark.parametrize("shape", [(3, 5), (3, 7, 5), (3, 3, 3, 3)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_betas_act_along_the_first_axis(kind, shape, dtype, generator):
    betas = (0.25, 1.0, 8.0)
    eta = torch.randn(shape, dtype=dtype, generator=generator).requires_grad_()
    out = kind(betas)(eta)
    each = [kind(beta)(part) for beta, part in zip(betas, eta, strict=True)]
    assert out.dtype == dtype
    torch.testing.assert_close(out, torch.stack(each))
    (ours,) = torch.autograd.grad(out.sum(), eta)
    (theirs,) = torch.autograd.grad(sum(part.sum() for part in each), eta)
    torch.testing.assert_close(ours, theirs)


def test_betas_first_seen_in_inference_mode_can_be_trained_with():
    gate, eta = SoftGate((0.125, 0.375)), torch.ones(2, 1, requires_grad=True)
    with torch.inference_mode():
        gate(eta)
    gate(eta).sum().backward()
    assert eta.grad.shape == (2, 1)


def test_gates_are_joined_and_split():
    soft = [SoftGate(1.0), SoftGate(2.0)]
    assert stack_gates(soft) == SoftGate((1.0, 2.0))
    assert unstack_gate(stack_gates(soft), 2) == soft
    assert stack_gates(soft[:1] * 3) == soft[0]
    assert unstack_gate(soft[0], 3) == soft[:1] * 3
    assert stack_gates([HardGate()] * 2) == HardGate()
    assert unstack_gate(HardGate(), 2) == [HardGate()] * 2


def test_refusals_of_many_betas():
    with pytest.raises(ValueError, match=r"beta must be positive; got \(1.0, 0.0\)"):
        SoftGate((1.0, 0.0))
    with pytest.raises(ValueError, match="must be of one kind; got SoftGate, StraightThroughGate"):
        stack_gates([StraightThroughGate(1.0), SoftGate(1.0)])
    with pytest.raises(ValueError, match=r"must have one beta each; got \(1.0, 2.0\)"):
        stack_gates([SoftGate((1.0, 2.0))] * 2)
    with pytest.raises(ValueError, match=r"first axis of 2 copies, .* got shape \(1, 2\)"):
        SoftGate((1.0, 2.0))(torch.zeros(1, 2))


@dataclass(frozen=True)
class LeakyGate:
    """A reader's own gate: hard, with a slope where the unit is not active."""

    slope: float

    def __call__(self, preactivation):
        return self.slope + (1 - self.slope) * HardGate()(preactivation)


@dataclass(frozen=True)
class LeakySoftGate:
    """A reader's own gate with a sharpness, one number for all copies or one for each."""

    beta: float | tuple[float, ...]
    slope: float = 0.1

    def __call__(self, preactivation):
        return self.slope + (1 - self.slope) * SoftGate(self.beta)(preactivation)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (LeakyGate(0.1), LeakyGate(0.9)),
        (LeakySoftGate(2.0, slope=0.1), LeakySoftGate(2.0, slope=0.9)),
        (LeakySoftGate(2.0, slope=0.1), LeakySoftGate(3.0, slope=0.9)),
        (lambda preactivation: preactivation, torch.sigmoid),
        (torch.relu, torch.sigmoid),
    ],
)
def test_gates_that_differ_in_more_than_beta_are_not_stacked(one, other):
    with pytest.raises(ValueError, match="must be of one kind; got|may differ in beta only; got"):
        stack_gates([one, one, other])
    with pytest.raises(ValueError, match="must be of one kind; got|may differ in beta only; got"):
        stack([DLGN(2, width=2, depth=1, gate=gate) for gate in (one, other)])


def test_two_kinds_of_one_name_are_not_stacked():
    other_kind = dataclass(frozen=True)(type("LeakyGate", (LeakyGate,), {}))
    with pytest.raises(ValueError, match="must be of one kind; got LeakyGate"):
        stack_gates([LeakyGate(0.1), other_kind(0.1)])


def test_gates_of_a_readers_own_kind_are_stacked(generator):
    gates = [LeakySoftGate(1.0), LeakySoftGate(4.0)]
    assert stack_gates(gates) == LeakySoftGate((1.0, 4.0))
    assert unstack_gate(stack_gates(gates), 2) == gates
    assert stack_gates([LeakyGate(0.1)] * 3) == LeakyGate(0.1)
    nets = [DLGN(2, width=3, depth=2, gate=gate, generator=generator) for gate in gates]
    x = torch.randn(5, 2, generator=generator)
    torch.testing.assert_close(stack(nets)(x), torch.stack([net(x) for net in nets]))
    assert [net.gate for net in unstack(stack(nets))] == gates


@pytest.mark.parametrize("gate", [SoftGate(3.0), StraightThroughGate(3.0), SoftGate((3.0, 5.0))])
def test_the_derivative_is_the_one_that_autograd_uses(gate):
    eta = torch.linspace(-2, 2, 14, dtype=torch.float64).view(2, 7).requires_grad_(True)
    (expected,) = torch.autograd.grad(gate(eta).sum(), eta)
    torch.testing.assert_close(gate.derivative(eta.detach()), expected, rtol=1e-12, atol=0)


def test_no_gradient_passes_a_hard_gate():
    assert HardGate().derivative(torch.ones(3)) is None
