"""Gradient descent with a rate for each copy, by hand; largest eigenvalues, by Jacobian."""

import pytest
import torch
from halfspace.descent import descend, largest_eigenvalue
from halfspace.gates import HardGate, SoftGate
from halfspace.nets import DLGN, ReLUNet, stack, unstack
from halfspace.training import fit


def nets_of(kind, generator, copies=3, d_out=1):
    kinds = {
        "relu": lambda: ReLUNet(3, width=5, depth=2, d_out=d_out, generator=generator),
        "soft": lambda: DLGN(
            3, width=5, depth=2, d_out=d_out, gate=SoftGate(4.0), generator=generator
        ),
        "frozen": lambda: DLGN(
            3, width=5, depth=2, gate=HardGate(), frozen_gating=True, d_out=d_out,
            generator=generator,
        ),
    }  # fmt: skip
    return [kinds[kind]().double() for _ in range(copies)]


def data(generator, d_out=1):
    x = torch.randn(7, 3, generator=generator, dtype=torch.float64)
    return x, torch.randn(7, d_out, generator=generator, dtype=torch.float64)


def losses_by_hand(net, x, y, rate, steps):
    weights = [weight for weight in net.parameters() if weight.requires_grad]
    found = []
    for step in range(steps + 1):
        loss = (net(x) - y).square().sum() / (2 * len(x))
        found.append(loss.item())
        if step < steps:
            for weight, gradient in zip(weights, torch.autograd.grad(loss, weights), strict=True):
                weight.data -= rate * gradient
    return found


@pytest.mark.parametrize("d_out", [1, 2])
@pytest.mark.parametrize("kind", ["relu", "soft", "frozen"])
def test_each_copy_descends_with_its_own_rate(kind, d_out, generator):
    nets, (x, y) = nets_of(kind, generator, d_out=d_out), data(generator, d_out)
    rates = torch.tensor([0.1, 0.5, 0.02])
    found = descend(stack(nets), x, y, rates=rates, steps=6)
    for number, net in enumerate(nets):
        expected = losses_by_hand(net, x, y, rates[number].double(), 6)
        assert found.losses[:, number] == pytest.approx(expected)
    assert not found.diverged.any()


def test_with_one_rate_it_is_fit_s_descent(generator):
    nets, (x, y) = nets_of("relu", generator), data(generator)
    one, other = stack(nets), stack(nets)
    descend(one, x, y, rates=torch.full((3,), 0.2), steps=5)
    options = dict(seeds=[0, 1, 2], epochs=5, optimizer="sgd")
    fit(other, x, y, learning_rate=0.1, **options)  # the loss there is twice as large
    torch.testing.assert_close(one.state_dict(), other.state_dict())


def test_a_copy_that_diverges_keeps_still_and_disturbs_no_other(generator):
    nets, (x, y) = nets_of("soft", generator), data(generator)
    rates, alone = torch.tensor([0.1, 1e4, 0.1]), stack([nets[0], nets[2]])
    descend(alone, x, y, rates=rates[::2], steps=30)
    both, kept = stack(nets), {}

    def measure(net):
        kept["weights"] = net.value[0].weight[1].clone()
        return {"norm": net.value[0].weight.square().sum((1, 2))}

    found = descend(both, x, y, rates=rates, steps=30, measure=measure, record=[30, 0, 20])
    assert found.diverged.tolist() == [False, True, False]
    assert (found.losses[:, 1] == float("inf")).sum() > 20 and found.losses[0, 1] < 1e9
    assert found.record.tolist() == [0, 20, 30] and found.measures["norm"].shape == (3, 3)
    assert found.measures["norm"][1, 1] == found.measures["norm"][2, 1]
    assert torch.equal(kept["weights"], both.value[0].weight[1])
    for one, other in zip(unstack(alone), unstack(both)[::2], strict=True):
        torch.testing.assert_close(one.state_dict(), other.state_dict())


def test_frozen_gates_stay(generator):
    (net,), (x, y) = nets_of("frozen", generator, copies=1), data(generator)
    stacked = stack([net])
    descend(stacked, x, y, rates=torch.tensor([0.5]), steps=3)
    assert torch.equal(stacked.gating[0].weight[0], net.gating[0].weight)
    assert not torch.equal(stacked.value[0].weight[0], net.value[0].weight)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"rates": torch.ones(2)}, "rates"),
        ({"rates": torch.tensor([1.0, 0.0, 1.0])}, "positive"),
        ({"steps": 0}, "steps"),
        ({"record": [0]}, "measure"),
        ({"record": [9], "measure": lambda net: {}}, "from 0 to 4"),
    ],
)
def test_it_refuses_wrong_arguments(changes, message, generator):
    x, y = data(generator)
    options = {"rates": torch.ones(3), "steps": 4} | changes
    with pytest.raises(ValueError, match=message):
        descend(stack(nets_of("relu", generator)), x, y, **options)


@pytest.mark.parametrize("d_out", [1, 2])
@pytest.mark.parametrize("kind", ["relu", "soft", "frozen"])
def test_the_largest_eigenvalue_is_that_of_the_jacobian(kind, d_out, generator):
    nets, (x, _) = nets_of(kind, generator, d_out=d_out), data(generator)
    found = largest_eigenvalue(stack(nets), x)
    for net, value in zip(nets, found, strict=True):
        weights = [weight for weight in net.parameters() if weight.requires_grad]
        rows = [
            torch.cat([g.flatten() for g in torch.autograd.grad(out, weights, retain_graph=True)])
            for out in net(x).flatten()
        ]
        expected = torch.linalg.svdvals(torch.stack(rows))[0] ** 2 / len(x)
        torch.testing.assert_close(value, expected.detach())


def test_a_broken_copy_has_no_eigenvalue(generator):
    nets, (x, _) = nets_of("relu", generator), data(generator)
    nets[1].value[0].weight.data[0, 0] = float("inf")
    assert largest_eigenvalue(stack(nets), x).isnan().tolist() == [False, True, False]


def test_two_over_it_is_the_limit_of_stability(generator):
    (net,), (x, _) = nets_of("frozen", generator, copies=1), data(generator)
    both = stack([net, net])
    torch.nn.init.zeros_(both.value[-1].weight)  # the model is then linear in what is trained first
    both.value[0].requires_grad_(False)
    both.value[1].requires_grad_(False)
    rates = torch.tensor([1.9, 2.1]) / largest_eigenvalue(both, x)
    losses = descend(both, x, x[:, :1], rates=rates, steps=200).losses
    assert losses[-1, 0] < losses[0, 0] < losses[-1, 1]
