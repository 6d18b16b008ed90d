"""Ideas against the allocation of paths."""

import pytest
import torch
from halfspace import reallocation
from halfspace.gates import HardGate, SoftGate
from halfspace.nets import DLGN, ReLUNet, stack, unstack
from halfspace.overlap import active_path_counts
from halfspace.reallocation import (
    IDEAS,
    idea_options,
    path_weights,
    rebalanced_weights,
    renew_half_spaces,
)
from halfspace.training import fit


def nets(kind, generator, copies=2, width=6, depth=3):
    if kind == "relu":
        make = ReLUNet
        options = {}
    else:
        make, options = DLGN, dict(gate=SoftGate(4.0), constant_input=True)
    return stack(
        [make(2, width=width, depth=depth, generator=generator, **options) for _ in range(copies)]
    )


def test_rebalanced_weights_are_half_a_share_of_the_loss(generator):
    net = nets("relu", generator)
    x, y = torch.randn(30, 2, generator=generator), torch.randn(30, 1, generator=generator)
    found = rebalanced_weights(net, x, y, "mse")
    errors = (net(x) - y).square().squeeze(-1)
    torch.testing.assert_close(found, 0.5 + 0.5 * errors / errors.mean(-1, keepdim=True))
    torch.testing.assert_close(found.mean(-1), torch.ones(2))
    classes = stack([ReLUNet(2, width=4, depth=1, d_out=3, generator=generator)])
    labels = torch.randint(0, 3, (1, 30), generator=generator)
    nats = -classes(x).log_softmax(-1)[0, torch.arange(30), labels[0]]
    found = rebalanced_weights(classes, x, labels, "cross_entropy")[0]
    torch.testing.assert_close(found, 0.5 + 0.5 * nats / nats.mean())


@pytest.mark.parametrize("kind", ["relu", "dlgn"])
def test_path_weights_fall_with_the_root_of_the_count(kind, generator):
    net, x = nets(kind, generator), torch.randn(2500, 2, generator=generator)
    weights = path_weights(net, x)
    counts = active_path_counts(HardGate()(net.preactivations(x))).double()
    for row, number in zip(weights, counts, strict=True):
        relative = (number.median() / number).sqrt().clamp(0.1, 10)
        wanted = relative / relative.mean()
        # The median of counts and of their logarithms are the same point.
        torch.testing.assert_close(row, wanted.float(), rtol=1e-4, atol=1e-6)
    torch.testing.assert_close(weights.mean(-1), torch.ones(2))


@pytest.mark.parametrize(("kind", "depth"), [("relu", 1), ("dlgn", 2)])
def test_a_doubled_unit_is_merged_and_drawn_anew_without_a_change_of_the_function(
    kind, depth, generator
):
    net = nets(kind, generator, width=4, depth=depth)
    x = torch.randn(200, 2, generator=generator)
    drawing = net.gating if kind == "dlgn" else net.value
    if kind == "dlgn":
        net.gate = HardGate()  # under soft gates twins of different lengths differ
    with torch.no_grad():
        drawing[0].weight[1, 3] = 1.5 * drawing[0].weight[1, 2]
    before, hard = net(x).clone(), HardGate()(net.preactivations(x))
    lengths = drawing[0].weight.norm(dim=-1).clone()
    assert renew_half_spaces(net, x, [(0,), (1,)]) == [[], [(0, 3)]]  # no other unit has a twin
    changed = HardGate()(net.preactivations(x))
    assert not torch.equal(changed[1, :, 0, 3], hard[1, :, 0, 3])
    torch.testing.assert_close(drawing[0].weight.norm(dim=-1), lengths)
    assert (net.value[1].weight[1, :, 3] == 0).all()
    torch.testing.assert_close(net(x), before, rtol=1e-4, atol=1e-6)


def test_only_the_copy_with_twins_is_touched_and_draws_are_its_own(generator):
    net, x = nets("relu", generator, width=3, depth=1), torch.randn(500, 2, generator=generator)
    with torch.no_grad():
        net.value[0].weight[1, 2] = net.value[0].weight[1, 0]
    first, second = (stack(unstack(net)) for _ in range(2))
    renew_half_spaces(first, x, [(0,), (1,)])
    renew_half_spaces(second, x, [(0,), (2,)])
    assert torch.equal(first.value[0].weight[0], net.value[0].weight[0])
    assert not torch.equal(first.value[0].weight[1], second.value[0].weight[1])


@pytest.mark.parametrize("kind", ["relu", "dlgn"])
@pytest.mark.parametrize("idea", IDEAS)
def test_each_idea_changes_training_and_is_the_same_alone(kind, idea, generator):
    x = torch.randn(40, 2, generator=generator)
    y = (3 * x[:, :1]).sin()
    states = []
    for copies in (2, 1):
        net = nets(kind, torch.Generator().manual_seed(0), copies=copies, width=16)
        seeds = range(copies)
        options = idea_options(idea, kind, x, y, seeds=seeds, epochs=40, loss="mse")
        assert (options == {}) == (idea == "none")
        fit(net, x, y, seeds=seeds, epochs=40, learning_rate=3e-3, batch_size=20, **options)
        states.append(net(x)[0].detach())
    torch.testing.assert_close(*states, rtol=1e-3, atol=1e-4)
    plain = nets(kind, torch.Generator().manual_seed(0), copies=1, width=16)
    fit(plain, x, y, seeds=[0], epochs=40, learning_rate=3e-3, batch_size=20)
    same = torch.allclose(plain(x)[0], states[1], atol=1e-6)
    assert same == (idea == "none")


def test_an_unknown_idea_is_refused():
    x = torch.zeros(1, 2)
    with pytest.raises(ValueError, match="idea must be one of .*; got 'luck'"):
        idea_options("luck", "relu", x, x, seeds=(0, 1), epochs=1, loss="mse")


def test_half_spaces_are_renewed_twelve_times_in_the_first_part(generator, monkeypatch):
    calls = []
    monkeypatch.setattr(reallocation, "renew_half_spaces", lambda net, x, e: calls.append(e[0][1]))
    net, x = nets("relu", generator), torch.randn(8, 2, generator=generator)
    told = dict(seeds=(3, 4), epochs=100, loss="mse")
    options = idea_options("new half-spaces", "relu", x, x[:, :1], **told)
    fit(net, x, x[:, :1], seeds=(3, 4), epochs=100, learning_rate=1e-3, **options)
    assert calls == [5 * k for k in range(1, 13)]
