"""Ideas against the allocation of paths."""

import math

import pytest
import torch
from halfspace.companion.reallocation import ideas
from halfspace.companion.reallocation.ideas import (
    IDEAS,
    idea_options,
    path_weights,
    rebalanced_weights,
    renew_half_spaces,
)
from halfspace.gates import HardGate, SoftGate
from halfspace.nets import DGN, DLGN, ReLUNet, stack, unstack
from halfspace.overlap import active_path_counts
from halfspace.training import fit


def nets(kind, generator, copies=2, width=6, depth=3, bias=False, d=2):
    options = dict(width=width, depth=depth, bias=bias, generator=generator)
    if kind != "relu":
        options |= dict(gate=SoftGate(4.0), constant_input=kind == "dlgn")
    make = {"relu": ReLUNet, "dgn": DGN}.get(kind, DLGN)
    return stack([make(d, **options) for _ in range(copies)])


def test_rebalanced_weights_are_half_a_share_of_the_loss(generator):
    net = nets("relu", generator)
    x, y = torch.randn(30, 2, generator=generator), torch.randn(30, 1, generator=generator)
    weights = rebalanced_weights(net, x, y, "mse")
    errors = (net(x) - y).square().squeeze(-1)
    torch.testing.assert_close(weights, 0.5 + 0.5 * errors / errors.mean(-1, keepdim=True))
    torch.testing.assert_close(weights.mean(-1), torch.ones(2))
    classes = stack([ReLUNet(2, width=4, depth=1, d_out=3, generator=generator)])
    labels = torch.randint(0, 3, (1, 30), generator=generator)
    nats = -classes(x).log_softmax(-1)[0, torch.arange(30), labels[0]]
    weights = rebalanced_weights(classes, x, labels, "cross_entropy")[0]
    torch.testing.assert_close(weights, 0.5 + 0.5 * nats / nats.mean())


@pytest.mark.parametrize("kind", ["relu", "dlgn"])
@pytest.mark.parametrize("bias", [False, True])
def test_path_weights_fall_with_the_root_of_the_count(bias, kind, generator):
    net, x = nets(kind, generator, bias=bias), torch.randn(2500, 2, generator=generator)
    weights = path_weights(net, x)
    counts = active_path_counts(HardGate()(net.preactivations(x)), bias=bias).double()
    for row, number in zip(weights, counts, strict=True):
        relative = (number.median() / number).sqrt().clamp(0.1, 10)
        wanted = relative / relative.mean()
        # The median of counts and of their logarithms are the same point.
        torch.testing.assert_close(row, wanted.float(), rtol=1e-4, atol=1e-6)
    torch.testing.assert_close(weights.mean(-1), torch.ones(2))


def test_path_weights_stay_within_a_factor_of_ten():
    net = stack([DLGN(2, width=8, depth=3, gate=HardGate(), constant_input=True)])
    with torch.no_grad():
        for layer in net.gating:
            layer.weight.zero_()
            layer.weight[0, 0, 1 if layer is net.gating[0] else 0] = 1  # unit 0 sees x[1]
            layer.weight[0, 1:, 0 if layer is net.gating[0] else 1] = 1  # the others see x[0]
    # 1 path, three times; 8³ paths, so that the root says 1 / 22; none.
    x = torch.tensor([[-1.0, 1.0], [-1.0, 1.0], [-1.0, 1.0], [1.0, 1.0], [-1.0, -1.0]])
    wanted = torch.tensor([[1.0, 1.0, 1.0, 0.1, 10.0]])
    torch.testing.assert_close(path_weights(net, x), wanted / wanted.mean())


@pytest.mark.parametrize("layer", [0, 1])
@pytest.mark.parametrize("kind", ["relu", "dlgn", "dgn", "linear experts"])
def test_a_doubled_unit_is_merged_and_drawn_anew_without_a_change_of_the_function(
    kind, layer, generator
):
    deeper = kind != "relu"  # there a gating network takes up what the layer passes on
    net = nets(kind, generator, width=4, depth=layer + 1 + deeper, d=6)
    x = torch.randn(300, 6, generator=generator)
    drawn = net.gate_layers[layer].weight
    with torch.no_grad():
        drawn[1, 3] = 1.5 * drawn[1, 2]
        if deeper:
            net.gate = HardGate()  # under soft gates twins of different lengths differ
            net.value[layer].weight[1, 3] = -2 * net.value[layer].weight[1, 2]
    before, hard = net(x).clone(), HardGate()(net.preactivations(x))
    lengths = drawn.norm(dim=-1)
    # No other unit has a twin.
    assert renew_half_spaces(net, x, [(0,), (1,)]) == [[], [(layer, 3)]]
    changed = HardGate()(net.preactivations(x))
    assert not torch.equal(changed[1, :, layer, 3], hard[1, :, layer, 3])
    torch.testing.assert_close(drawn.norm(dim=-1), lengths)
    assert (net.value[layer + 1].weight[1, :, 3] == 0).all()
    torch.testing.assert_close(net(x), before, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("kind", ["dlgn", "linear experts"])
def test_the_share_is_the_best_one_where_twins_do_not_compute_proportional_values(kind, generator):
    net = nets(kind, generator, copies=1, width=4, depth=2)
    x = torch.randn(300, 2, generator=generator)
    with torch.no_grad():
        net.gating[0].weight[0, 3] = 3 * net.gating[0].weight[0, 1]
    inputs = torch.ones_like(x) if kind == "dlgn" else x
    values = (net.gates(x)[0, :, 0] * (inputs @ net.value[0].weight[0].T)).detach()
    unit, twin = values[:, 3], values[:, 1]
    share = (unit @ twin) / (twin @ twin)
    taken_up = net.value[1].weight[0, :, 1] + share * net.value[1].weight[0, :, 3]
    deeper = net.gating[1].weight[0, :, 1] + 3 * net.gating[1].weight[0, :, 3]
    assert (0, 3) in renew_half_spaces(net, x, [(0,)])[0]
    torch.testing.assert_close(net.value[1].weight[0, :, 1], taken_up)
    torch.testing.assert_close(net.gating[1].weight[0, :, 1], deeper)
    assert (net.gating[1].weight[0, :, 3] == 0).all()


def test_units_are_twins_from_98_percent_on_and_of_units_that_stay(generator):
    angles = (torch.arange(720) + 0.5) * math.pi / 360
    x = torch.stack([angles.cos(), angles.sin()], 1) * angles.unsqueeze(1)  # on a spiral
    net = nets("relu", generator, copies=1, width=4, depth=1)
    # Two half-planes differ on a share of the directions of their angle over 180 degrees.
    degrees = torch.tensor([0.0, 3.5, 7.0, 90.0]) * math.pi / 180
    with torch.no_grad():
        net.value[0].weight[0] = torch.stack([degrees.cos(), degrees.sin()], 1)
    first, second = (x @ net.value[0].weight[0, :2].T).relu().detach().unbind(1)
    after = net.value[1].weight[0].detach().clone()
    after[:, 0] += (first @ second) / (first @ first) * after[:, 1]
    after[:, 1] = 0
    assert renew_half_spaces(net, x, [(0,)]) == [[(0, 1)]]
    torch.testing.assert_close(net.value[1].weight[0], after)


def test_each_draw_is_a_different_direction(generator):
    net = nets("dlgn", generator, copies=8, width=4, depth=2, d=4)
    with torch.no_grad():
        for layer in net.gating:
            layer.weight[:, 2:] = layer.weight[:, :1]
    x = torch.randn(300, 4, generator=generator)
    renewed = renew_half_spaces(net, x, [(seed,) for seed in range(8)])
    assert all(
        {(layer, unit) for layer in (0, 1) for unit in (2, 3)} <= {*units} for units in renewed
    )
    rows = torch.cat([layer.weight.data[:, 2:].flatten(0, 1) for layer in net.gating])
    directions = rows / rows.norm(dim=-1, keepdim=True)
    cosines = (directions @ directions.T).fill_diagonal_(0)
    assert cosines.abs().max() < 0.999 and cosines.min() < -0.5


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
        options = idea_options(idea, net, x, y, seeds=seeds, epochs=40, loss="mse")
        assert (options == {}) == (idea == "none")
        fit(net, x, y, seeds=seeds, epochs=40, learning_rate=3e-3, batch_size=20, **options)
        states.append(net(x)[0].detach())
    torch.testing.assert_close(*states, rtol=1e-3, atol=1e-4)
    plain = nets(kind, torch.Generator().manual_seed(0), copies=1, width=16)
    fit(plain, x, y, seeds=[0], epochs=40, learning_rate=3e-3, batch_size=20)
    same = torch.allclose(plain(x)[0], states[1], atol=1e-6)
    assert same == (idea == "none")


@pytest.mark.parametrize(
    ("kind", "part"), [("dlgn", "gating"), ("dgn", "gating"), ("relu", "value.0")]
)
def test_the_gates_learning_rate_is_three_times_as_large(kind, part):
    x = torch.zeros(1, 2)
    net = nets(kind, torch.Generator())
    options = idea_options("own step sizes", net, x, x, seeds=(0,), epochs=1, loss="mse")
    assert options == {"factors": {part: 3.0}}


def test_an_unknown_idea_is_refused():
    x = torch.zeros(1, 2)
    with pytest.raises(ValueError, match="idea must be one of .*; got 'luck'"):
        idea_options(
            "luck", nets("relu", torch.Generator()), x, x, seeds=(0, 1), epochs=1, loss="mse"
        )


def test_half_spaces_are_renewed_twelve_times_in_the_first_part(generator, monkeypatch):
    calls = []
    monkeypatch.setattr(ideas, "renew_half_spaces", lambda *given: calls.append(given))
    net, x = nets("relu", generator), torch.randn(1200, 2, generator=generator)
    run = dict(seeds=(3, 4), epochs=40, loss="mse")
    options = idea_options("new half-spaces", net, x, x[:, :1], **run)
    fit(net, x, x[:, :1], seeds=(3, 4), epochs=40, learning_rate=1e-3, **options)
    assert [seeds for *_, seeds in calls] == [[(3, 2 * k), (4, 2 * k)] for k in range(1, 13)]
    assert all(torch.equal(points, x[:1000]) for _, points, _ in calls)


def test_a_run_too_short_for_twelve_renewals_is_not_renewed_at_its_start(generator, monkeypatch):
    calls = []
    monkeypatch.setattr(ideas, "renew_half_spaces", lambda *given: calls.append(given))
    net, x = nets("relu", generator), torch.randn(8, 2, generator=generator)
    run = dict(seeds=(3, 4), epochs=5, loss="mse")
    options = idea_options("new half-spaces", net, x, x[:, :1], **run)
    fit(net, x, x[:, :1], seeds=(3, 4), epochs=5, learning_rate=1e-3, **options)
    assert [seeds[0][1] for *_, seeds in calls] == [1, 2, 3]
