"""Networks: shapes, initialisation, gates, stacking."""

import math

import pytest
import torch
from conftest import NET_KINDS
from halfspace.gates import HardGate, SoftGate, StraightThroughGate
from halfspace.nets import DGN, DLGN, DeepLinearNet, Linear, ReLUNet, stack, unstack
from torch import nn


@pytest.mark.parametrize("kind", NET_KINDS)
@pytest.mark.parametrize("bias", [False, True])
def test_shapes_of_one_net_and_of_many(kind, bias, generator):
    nets = [
        NET_KINDS[kind](3, width=4, depth=2, d_out=2, bias=bias, generator=generator)
        for _ in range(5)
    ]
    x = torch.randn(7, 3, generator=generator)
    assert nets[0](x).shape == (7, 2)
    assert nets[0].gates(x).shape == (7, 2, 4)
    joined = stack(nets)
    assert joined(x).shape == (5, 7, 2)
    assert joined.gates(x).shape == (5, 7, 2, 4)
    torch.testing.assert_close(joined(x), torch.stack([net(x) for net in nets]))
    for single, again in zip(nets, unstack(joined), strict=True):
        assert torch.equal(single(x), again(x))


def test_relu_net_equals_the_plain_pytorch_one(generator):
    net = ReLUNet(3, width=8, depth=2, bias=True, generator=generator)
    plain = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 1))
    for ours, theirs in zip(net.value, plain[::2], strict=True):
        theirs.load_state_dict(ours.state_dict())
    x = torch.randn(11, 3, generator=generator)
    torch.testing.assert_close(net(x), plain(x))


def test_default_init_has_the_law_of_pytorch(generator):
    ours = Linear(64, 4000, bias=True, init="default", generator=generator)
    bound = 1 / 8
    assert ours.weight.abs().max() <= bound and ours.bias.abs().max() <= bound
    # Variance of U(-b, b) is b²/3; 256,000 draws put its estimate within 1 % (4 standard errors are
    # 0.7 %).
    assert ours.weight.var().item() == pytest.approx(bound**2 / 3, rel=0.01)


@pytest.mark.parametrize("kind", NET_KINDS)
def test_an_initial_standard_deviation_holds_for_every_layer(kind, generator):
    sizes = dict(width=300, depth=2, d_out=200, bias=True, generator=generator)
    net = NET_KINDS[kind](250, init="normal", std=0.01, **sizes)
    for name, parameter in net.named_parameters():
        if name.endswith("bias"):
            assert (parameter == 0).all()
        else:
            assert parameter.std().item() == pytest.approx(0.01, rel=0.02)
            assert parameter.abs().max() > 0.035  # normal: a uniform law ends at √3 of them


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (dict(init="normal"), "init='normal' needs std, a positive number; got None"),
        (dict(init="normal", std=0.0), "init='normal' needs std, a positive number; got 0.0"),
        (dict(std=0.1), "std is for init='normal' alone; got std=0.1 with init='default'"),
    ],
)
@pytest.mark.parametrize("kind", NET_KINDS)
def test_a_standard_deviation_that_does_not_fit_is_refused(kind, options, message):
    with pytest.raises(ValueError, match=message):
        NET_KINDS[kind](2, width=2, depth=1, **options)


@pytest.mark.parametrize(("init", "variance"), [("xavier", 2 / (64 + 4000)), ("he", 2 / 64)])
def test_named_inits_have_their_variance(init, variance, generator):
    layer = Linear(64, 4000, bias=True, init=init, gain=0.5, generator=generator)
    # As above; a normal's variance estimate has standard error √(2/256,000) = 0.3 %, so 4 of them.
    assert layer.weight.var().item() == pytest.approx(0.25 * variance, rel=0.012)
    assert torch.equal(layer.bias, torch.zeros(4000))


def test_gain_scales_hidden_layers_only():
    seeded = [torch.Generator().manual_seed(1) for _ in range(2)]
    plain = ReLUNet(2, width=4, depth=3, generator=seeded[0])
    scaled = ReLUNet(2, width=4, depth=3, gain=0.6, generator=seeded[1])
    for layer in range(3):
        torch.testing.assert_close(scaled.value[layer].weight, 0.6 * plain.value[layer].weight)
    assert torch.equal(scaled.value[3].weight, plain.value[3].weight)


def test_gating_network_is_linear_and_may_be_frozen(generator):
    net = DLGN(2, width=4, depth=3, gate=SoftGate(4.0), frozen_gating=True, generator=generator)
    x = torch.randn(5, 2, generator=generator)
    eta = net.preactivations(x)
    torch.testing.assert_close(net.preactivations(2 * x), 2 * eta)
    net(x).sum().backward()
    assert all(parameter.grad is None for parameter in net.gating.parameters())
    assert all(parameter.grad is not None for parameter in net.value.parameters())
    assert torch.equal(net.gates(x, HardGate()), (eta >= 0).float())


@pytest.mark.parametrize("bias", [False, True])
def test_a_dgn_with_a_relu_nets_weights_in_both_networks_is_that_net(bias, generator):
    net = ReLUNet(3, width=5, depth=3, bias=bias, generator=generator)
    twin = DGN(3, width=5, depth=3, bias=bias, gate=HardGate())
    twin.value.load_state_dict(net.value.state_dict())
    twin.gating.load_state_dict(net.value[:-1].state_dict())
    x = torch.randn(50, 3, generator=generator)
    torch.testing.assert_close(twin(x), net(x))
    torch.testing.assert_close(twin.preactivations(x), net.preactivations(x))


@pytest.mark.parametrize("kind", NET_KINDS)
@pytest.mark.parametrize("copies", [1, 3])
def test_every_net_answers_under_hard_gates(kind, copies, generator):
    """With its hard gates, a net multiplies each pre-activation of its value network by 0 or 1."""
    net = stack([NET_KINDS[kind](2, width=4, depth=3, generator=generator) for _ in range(copies)])
    x = torch.randn(5, 2, generator=generator)
    gates = net.gates(x, HardGate())
    expected = torch.ones_like(gates) if kind == "linear" else HardGate()(net.preactivations(x))
    assert torch.equal(gates, expected)
    z = torch.ones_like(x) if getattr(net, "constant_input", False) else x
    for layer, gate in zip(net.value[:-1], gates.unbind(-2), strict=True):
        z = (z @ layer.weight.mT) * gate
    torch.testing.assert_close(net(x, gates=gates), z @ net.value[-1].weight.mT)
    is_hard = kind in ("relu", "linear") or kind.endswith(("hard", "straight-through"))
    assert torch.allclose(net(x, gates=gates), net(x)) == is_hard


def test_a_soft_dgn_answers_under_the_hard_gates_of_its_gating_relu_net(generator):
    net = DGN(3, width=5, depth=3, gate=SoftGate(4.0), generator=generator)
    relu = ReLUNet(3, width=5, depth=3)
    relu.value[:-1].load_state_dict(net.gating.state_dict())
    x = torch.randn(20, 3, generator=generator)
    assert torch.equal(net.gates(x, HardGate()), relu.gates(x))
    hard = DGN(3, width=5, depth=3, gate=HardGate())
    hard.load_state_dict(net.state_dict())
    torch.testing.assert_close(net(x, gates=net.gates(x, HardGate())), hard(x))


def test_gates_of_a_relu_net_and_of_a_deep_linear_net(generator):
    relu, linear = (
        kind(2, width=4, depth=2, bias=True, generator=generator)
        for kind in (ReLUNet, DeepLinearNet)
    )
    x = torch.randn(6, 2, generator=generator)
    assert relu.gate == HardGate() and not hasattr(linear, "gate")
    assert torch.equal(relu.gates(x), HardGate()(relu.preactivations(x)))
    soft = SoftGate(2.0)
    assert torch.equal(relu.gates(x, soft), soft(relu.preactivations(x)))
    for gate in (None, HardGate(), soft):
        assert torch.equal(linear.gates(x, gate), torch.ones(6, 2, 4))
    first = linear.value[0](x)
    torch.testing.assert_close(
        linear.preactivations(x), torch.stack([first, linear.value[1](first)], 1)
    )


def test_a_relu_net_computes_with_relus_bit_for_bit(generator):
    net = ReLUNet(3, width=8, depth=3, bias=True, generator=generator)
    x = torch.randn(11, 3, generator=generator)
    h = x
    for layer in net.value[:-1]:
        h = (h @ layer.weight.mT + layer.bias.unsqueeze(-2)).relu()
    assert torch.equal(net(x), h @ net.value[-1].weight.mT + net.value[-1].bias.unsqueeze(-2))


def test_given_gates_replace_the_own_ones(generator):
    net = DLGN(2, width=4, depth=3, gate=SoftGate(4.0), generator=generator)
    x = torch.randn(5, 2, generator=generator)
    torch.testing.assert_close(net(x, gates=net.gates(x)), net(x))
    ones = torch.ones(5, 3, 4)
    linear = DeepLinearNet(2, width=4, depth=3)
    linear.value.load_state_dict(net.value.state_dict())
    torch.testing.assert_close(net(x, gates=ones), linear(x))


def test_constant_input_is_all_ones_of_the_inputs_size(generator):
    net = DLGN(5, width=4, depth=1, gate=HardGate(), constant_input=True, generator=generator)
    x = torch.randn(3, 5, generator=generator)
    hidden = net.gates(x)[:, 0] * net.value[0].weight.sum(1)
    torch.testing.assert_close(net(x), hidden @ net.value[1].weight.T)


def test_refusals(generator):
    with pytest.raises(ValueError, match="width must be a positive integer; got 0"):
        ReLUNet(2, width=0, depth=1)
    with pytest.raises(ValueError, match="init must be one of .*; got 'hee'"):
        ReLUNet(2, width=2, depth=1, init="hee")
    with pytest.raises(ValueError, match="stack needs at least one net"):
        stack([])


def test_default_init_draws_what_it_says_without_a_generator():
    torch.manual_seed(3)
    first = ReLUNet(2, width=3, depth=1)
    torch.manual_seed(3)
    assert torch.equal(first.value[0].weight, ReLUNet(2, width=3, depth=1).value[0].weight)
    assert first.value[0].weight.abs().max() <= 1 / math.sqrt(2)


@pytest.mark.parametrize("kind", [SoftGate, StraightThroughGate])
@pytest.mark.parametrize("frozen", [False, True])
@pytest.mark.parametrize("points", [3, 7])  # 3: as many as copies
def test_each_copy_keeps_its_own_beta(kind, frozen, points, generator):
    nets = [
        DLGN(3, width=4, depth=2, gate=kind(beta), frozen_gating=frozen, generator=generator)
        for beta in (0.5, 4.0, 4.0)
    ]
    x = torch.randn(points, 3, generator=generator)
    joined = stack(nets)
    assert joined.gate == kind((0.5, 4.0, 4.0))
    torch.testing.assert_close(joined.gates(x), torch.stack([net.gates(x) for net in nets]))
    torch.testing.assert_close(joined(x), torch.stack([net(x) for net in nets]))
    joined(x).square().sum().backward()
    for index, net in enumerate(nets):
        net(x).square().sum().backward()
        for ours, theirs in zip(joined.parameters(), net.parameters(), strict=True):
            if theirs.requires_grad:
                torch.testing.assert_close(ours.grad[index], theirs.grad)
    assert [net.gate for net in unstack(joined)] == [net.gate for net in nets]


def test_a_common_beta_stays_one_number(generator):
    nets = [DLGN(2, width=2, depth=1, gate=SoftGate(4.0)) for _ in range(2)]
    assert stack(nets).gate == SoftGate(4.0)
    assert [net.gate for net in unstack(stack(nets))] == [SoftGate(4.0)] * 2


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (dict(d_in=3), "'d_in': 3"),
        (dict(width=3), "'width': 3"),
        (dict(depth=2), "'depth': 2"),
        (dict(d_out=2), "'d_out': 2"),
        (dict(bias=True), "'has_bias': True"),
        (dict(constant_input=True), "'constant_input': True"),
        (dict(frozen_gating=True), "'frozen_gating': True"),
    ],
)
def test_nets_of_two_architectures_are_not_joined(change, named):
    sizes = dict(d_in=2, width=2, depth=1, gate=SoftGate(4.0))
    with pytest.raises(ValueError, match=f"nets must share one architecture; got .* and .*{named}"):
        stack([DLGN(**sizes), DLGN(**(sizes | change))])


def test_nets_and_gates_of_two_kinds_are_not_joined():
    with pytest.raises(ValueError, match="got {'net': 'ReLUNet', .* and {'net': 'DeepLinearNet'"):
        stack([ReLUNet(2, width=2, depth=1), DeepLinearNet(2, width=2, depth=1)])
    gates = SoftGate(4.0), HardGate()
    with pytest.raises(ValueError, match="must be of one kind; got HardGate, SoftGate"):
        stack([DLGN(2, width=2, depth=1, gate=gate) for gate in gates])


def test_shallow_gating_reads_the_input_in_every_layer(generator):
    net = DLGN(
        3, width=4, depth=3, gate=SoftGate(4.0), shallow=True, bias=True, generator=generator
    )
    x = torch.randn(7, 3, generator=generator)
    expected = torch.stack([x @ layer.weight.T + layer.bias for layer in net.gating], 1)
    torch.testing.assert_close(net.preactivations(x), expected)
    torch.testing.assert_close(net(x, gates=net.gates(x)), net(x))
    with pytest.raises(ValueError, match="'shallow': True.*'shallow': False"):
        stack([net, DLGN(3, width=4, depth=3, gate=SoftGate(4.0), bias=True)])


def test_one_layer_of_shallow_gating_is_a_dlgn(generator):
    options = dict(width=4, depth=1, gate=SoftGate(4.0))
    deep = DLGN(3, **options, generator=torch.Generator().manual_seed(0))
    shallow = DLGN(3, **options, shallow=True, generator=torch.Generator().manual_seed(0))
    x = torch.randn(7, 3, generator=generator)
    assert torch.equal(deep(x), shallow(x))
