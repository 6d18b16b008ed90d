"""Modes of gated linear nets: the sigmoid, and the reduction against the whole net's descent."""

import math

import pytest
import torch
from halfspace.gates import HardGate
from halfspace.modes import (
    Modes,
    aligned_weights,
    context_modes,
    haar_basis,
    mode_descent,
    random_amplitude,
    sigmoid,
)
from halfspace.nets import DLGN
from torch import Tensor

ITEMS, CONTEXTS = 4, 3
GATES = torch.tensor([[1, 1, 1], [0, 1, 1], [1, 0, 0]], dtype=torch.float64)
START = torch.tensor([0.1, 0.2, 0.15], dtype=torch.float64)
RATE, STEPS, UNITS = 0.1, 400, 9


def task() -> tuple[Tensor, Tensor]:
    """Inputs (n, I + C) and targets (C, I, c); each mode asks for an own direction."""
    generator = torch.Generator().manual_seed(3)
    scale = torch.rand(ITEMS, CONTEXTS, generator=generator, dtype=torch.float64)
    basis = haar_basis(ITEMS)
    targets = torch.einsum("kc,ki,kj->cij", scale, basis, basis)
    items = torch.eye(ITEMS, dtype=torch.float64).repeat(CONTEXTS, 1)
    contexts = torch.eye(CONTEXTS, dtype=torch.float64).repeat_interleave(ITEMS, 0)
    return torch.cat([items, contexts], 1), targets


def whole_net(
    weights: tuple[Tensor, Tensor], x: Tensor, y: Tensor, gates: Tensor, keep: Tensor | slice = ...
) -> Tensor:
    """Losses of the package's net under given gates, by full-batch gradient descent."""
    first, second = weights
    net = DLGN(x.shape[1], width=len(first), depth=1, d_out=y.shape[1], gate=HardGate()).double()
    net.value[0].weight.data, net.value[1].weight.data = first.clone(), second.clone()
    x, y, gates = x[keep], y[keep], gates[keep]
    optimizer = torch.optim.SGD(net.value.parameters(), lr=RATE)
    losses = []
    for _ in range(STEPS + 1):
        loss = (net(x, gates=gates) - y).square().sum() / (2 * len(x))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.detach())
    return torch.stack(losses)


@pytest.fixture
def modes() -> Modes:
    return context_modes(task()[1], haar_basis(ITEMS))


@pytest.fixture
def weights(modes) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    return aligned_weights(modes, GATES, start=START, units=UNITS, generator=generator)


def unit_gates() -> Tensor:
    """Gates of every point and unit, (n, 1, P units)."""
    return GATES.repeat_interleave(UNITS, 0).T.repeat_interleave(ITEMS, 0).unsqueeze(1)


@pytest.fixture
def reduced(modes):
    return mode_descent(modes, GATES, start=START, learning_rate=RATE, steps=STEPS, record=[STEPS])


def test_the_reduction_is_the_whole_nets_descent(modes, weights, reduced):
    x, targets = task()
    full = whole_net(weights, x, targets.flatten(0, 1), unit_gates())
    assert full[-1] < 0.2 * full[0]
    torch.testing.assert_close(reduced.losses, full, rtol=1e-11, atol=0)


def test_the_maps_are_the_nets_own(modes, reduced):
    """At the end the maps of the pathways that are on add up to the targets of each context."""
    total = torch.einsum("kpoq,pc,kcq->kco", reduced.maps[0], GATES, modes.inputs)
    loss = (modes.targets - total).square().sum() / (2 * modes.points)
    torch.testing.assert_close(loss, reduced.losses[-1])
    assert modes.points == ITEMS * CONTEXTS


def test_gates_of_items_and_missing_items_break_it(weights, reduced):
    x, targets = task()
    y, gates = targets.flatten(0, 1), unit_gates()
    other = gates.clone()
    other[0, 0, :UNITS] = 0
    assert (whole_net(weights, x, y, other) - reduced.losses).abs().max() > 1e-4
    assert (whole_net(weights, x, y, gates, slice(1, None)) - reduced.losses).abs().max() > 1e-4


def test_the_sigmoid_solves_its_equation():
    strength, power, start = 0.7, 1.3, 0.05
    times = torch.linspace(0, 20, 9, dtype=torch.float64, requires_grad=True)
    product = sigmoid(times, strength=strength, power=power, start=start)
    assert product[0].item() == pytest.approx(start**2)
    assert product[-1].item() == pytest.approx(strength / power)
    (slope,) = torch.autograd.grad(product.sum(), times)
    # Both layers' weights are √product, and each grows by the other times what is missing.
    torch.testing.assert_close(slope, 2 * product * (strength - power * product))


def test_small_steps_follow_the_sigmoid():
    """One context and pathway: the singular values of the maps, mode by mode."""
    targets = torch.diag(torch.tensor([3.0, 2.0, 1.0, 0.5])).double() @ haar_basis(4)
    modes = context_modes(targets.T.unsqueeze(0), haar_basis(4))
    options = dict(start=torch.tensor([0.1]), learning_rate=1e-3, record=[2000])
    done = mode_descent(modes, torch.ones(1, 1), steps=2000, **options)
    for mode, size in enumerate((3.0, 2.0, 1.0, 0.5)):
        power = 1 / 4 if mode else (1 + 4) / 4  # the item's mean and the context's unit
        strength = size / 4 if mode else size * math.sqrt(5) / 4
        known = sigmoid(torch.tensor(2.0), strength=strength, power=power, start=0.1)
        largest = torch.linalg.matrix_norm(done.maps[0, mode, 0], ord=2)
        assert largest.item() == pytest.approx(known.item(), rel=5e-3)


def test_the_amplitude_is_that_of_a_random_start():
    generator = torch.Generator().manual_seed(1)
    first = torch.empty(4000, 200, dtype=torch.float64).normal_(0, 0.01, generator=generator)
    lengths = (first / math.sqrt(2)).norm(dim=0)  # half of the growing vector's square
    assert lengths.mean().item() == pytest.approx(random_amplitude(0.01, 4000), rel=1e-2)
    torch.testing.assert_close(
        random_amplitude(0.1, torch.tensor([2, 8])), torch.tensor([0.1, 0.2])
    )


def test_the_haar_basis_is_orthonormal():
    basis = haar_basis(8)
    torch.testing.assert_close(basis @ basis.mT, torch.eye(8, dtype=torch.float64))
    assert [int((row != 0).sum()) for row in basis] == [8, 8, 4, 4, 2, 2, 2, 2]
    with pytest.raises(ValueError, match="items must be a power of two; got 6"):
        haar_basis(6)


BASIS = haar_basis(4)


@pytest.mark.parametrize(
    ("targets", "basis", "message"),
    [
        (torch.zeros(4, 4), BASIS, r"targets must have shape \(C, I, c\); got \(4, 4\)"),
        (torch.zeros(2, 4, 3), BASIS[:2], r"basis must have shape \(4, 4\); got \(2, 4\)"),
        (torch.zeros(2, 4, 3), 2 * BASIS, "basis must be orthonormal rows"),
        (torch.zeros(2, 4, 3), BASIS.flip(0), "that begin with a constant one"),
        (torch.full((2, 4, 3), torch.nan), BASIS, "targets must be finite"),
        (torch.ones(1, 4, 1) + BASIS[1, :, None], BASIS, "different modes must be orthogonal"),
    ],
)
def test_other_tasks_are_refused(targets, basis, message):
    with pytest.raises(ValueError, match=message):
        context_modes(targets.double(), basis)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (dict(gates=torch.ones(3, 2)), r"gates must have shape \(3, 3\); got \(3, 2\)"),
        (dict(gates=torch.full((3, 3), 0.5)), "gates must be hard"),
        (dict(start=torch.ones(2)), r"start must have shape \(3,\); got \(2,\)"),
        (dict(steps=-1), "steps must be an integer of at least 0; got -1"),
    ],
)
def test_wrong_arguments_are_refused(modes, changes, message):
    options = dict(gates=GATES, start=START, learning_rate=0.1, steps=1) | changes
    with pytest.raises(ValueError, match=message):
        mode_descent(modes, options.pop("gates"), **options)


def test_too_few_units_are_refused(modes):
    with pytest.raises(ValueError, match=r"units must be at least \d, one a direction; got 2"):
        aligned_weights(modes, GATES, start=START, units=2)


@pytest.mark.parametrize("name", ["strength", "power", "start"])
def test_a_sigmoid_needs_positive_numbers(name):
    options = dict(strength=1.0, power=1.0, start=0.1) | {name: 0.0}
    with pytest.raises(ValueError, match=f"{name} must be positive and finite; got 0.0"):
        sigmoid(torch.zeros(1), **options)
