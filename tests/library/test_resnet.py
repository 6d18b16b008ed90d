"""Residual networks: structure, half-spaces at evaluation, and a dense unrolling as reference."""

import math

import pytest
import torch
from halfspace.gates import HardGate, SoftGate
from halfspace.resnet import DLGNResNet, LinearResNet, ReLUResNet
from torch import nn
from torchvision.models import resnet34

KINDS = {
    "relu": ReLUResNet,
    "linear": LinearResNet,
    "dlgn": lambda layers, **options: DLGNResNet(layers, gate=SoftGate(4.0), **options),
}
EXACT = dict(rtol=1e-10, atol=1e-10)  # float64 algebra on numbers of order 1


def built(kind, generator, *, layers=8, training=False):
    """A float64 net of 3 classes whose normalisations are not the initial ones."""
    net = KINDS[kind](layers, classes=3, generator=generator).double()
    for norm in (module for module in net.modules() if isinstance(module, nn.BatchNorm2d)):
        norm.running_mean.normal_(generator=generator)
        norm.running_var.uniform_(0.5, 2, generator=generator)
        nn.init.uniform_(norm.weight, 0.5, 2, generator=generator)
        nn.init.normal_(norm.bias, generator=generator)
    return net.train(training)


def images(generator, n=4):
    return torch.randn(n, 3, 8, 8, dtype=torch.float64, generator=generator)


def is_affine(function, generator):
    """Whether function keeps the lines through pairs of images, entry for entry."""
    x, y = images(generator), images(generator)
    with torch.no_grad():
        between, ends = function(2.5 * x - 1.5 * y), 2.5 * function(x) - 1.5 * function(y)
    return torch.allclose(between, ends, **EXACT)


@pytest.mark.parametrize("layers", [8, 14])
def test_at_evaluation_the_gating_network_is_affine_and_the_relu_net_is_not(layers, generator):
    dlgn, relu = (built(kind, generator, layers=layers) for kind in ("dlgn", "relu"))
    for site in range(layers - 1):
        assert is_affine(lambda x, site=site: dlgn.preactivations(x)[site], generator)
        # Nothing stands before the first ReLU.
        affine = is_affine(lambda x, site=site: relu.preactivations(x)[site], generator)
        assert affine == (site == 0)
    assert not is_affine(dlgn, generator)
    assert not is_affine(relu, generator)


def test_half_spaces_have_an_offset(generator):
    first, *_ = built("dlgn", generator).preactivations(torch.zeros(1, 3, 8, 8).double())
    assert (first != 0).all()


def test_along_given_gates_the_value_network_is_affine(generator):
    net = built("dlgn", generator)
    gates = net.gates(images(generator))
    assert is_affine(lambda x: net(x, gates=gates), generator)


def test_the_linear_net_is_affine_at_evaluation_only(generator):
    assert is_affine(built("linear", generator), generator)
    assert not is_affine(built("linear", generator, training=True), generator)


@pytest.mark.parametrize("kind", KINDS)
def test_images_meet_in_training_only(kind, generator):
    net, x = built(kind, generator), images(generator)
    torch.testing.assert_close(net(x[:2]), net(x)[:2], **EXACT)
    net.train()
    assert not torch.allclose(net(x[:2]), net(x)[:2], rtol=1e-3)


def dense(piece, shape):
    """The affine map ``piece`` of one image of this shape as a matrix and an offset."""
    zero = torch.zeros(1, *shape, dtype=torch.float64)
    basis = torch.eye(zero.numel(), dtype=torch.float64).view(-1, *shape)
    offset = piece(zero)
    return (piece(basis) - offset).flatten(1).T, offset.flatten(), offset.shape[1:]


def unrolled(network, image, activation):
    """Features of one flat image from matrices alone, and what arrived at the activation sites."""
    arrived = []

    def gated(pre):
        arrived.append(pre)
        return activation(len(arrived) - 1, pre)

    matrix, offset, shape = dense(network.stem, (3, 8, 8))
    h = gated(matrix @ image + offset)
    for block in network.blocks:
        first, first_offset, inner = dense(block.first, shape)
        second, second_offset, outer = dense(block.second, inner)
        skip, skip_offset, _ = dense(block.skip, shape)
        u = gated(first @ h + first_offset)
        h = gated(second @ u + second_offset + skip @ h + skip_offset)
        shape = outer
    return h.view(shape), arrived


def flat(tensors, image):
    return [tensor[image].flatten() for tensor in tensors]


@torch.no_grad()
def test_a_dense_unrolling_gives_the_relu_net(generator):
    net, x = built("relu", generator), images(generator)
    features, arrived = unrolled(net.value, x[1].flatten(), lambda _, pre: (pre >= 0) * pre)
    output = net.dense.weight @ features.mean((1, 2)) + net.dense.bias
    torch.testing.assert_close(output, net(x)[1], **EXACT)
    torch.testing.assert_close(arrived, flat(net.preactivations(x), 1), **EXACT)
    signs = [(pre >= 0).double() for pre in arrived]
    torch.testing.assert_close(signs, flat(net.gates(x), 1), rtol=0, atol=0)


@torch.no_grad()
def test_a_dense_unrolling_gives_the_dlgn(generator):
    net, x = built("dlgn", generator), images(generator)
    _, etas = unrolled(net.gating, x[1].flatten(), lambda _, eta: eta)
    gates = [1 / (1 + torch.exp(-4 * eta)) for eta in etas]
    features, _ = unrolled(net.value, x[1].flatten(), lambda site, pre: gates[site] * pre)
    output = net.dense.weight @ features.mean((1, 2)) + net.dense.bias
    torch.testing.assert_close(output, net(x)[1], **EXACT)
    torch.testing.assert_close(etas, flat(net.preactivations(x), 1), **EXACT)
    torch.testing.assert_close(gates, flat(net.gates(x), 1), **EXACT)


@pytest.mark.parametrize("kind", KINDS)
def test_every_net_answers_under_hard_gates(kind, generator):
    net, x = built(kind, generator), images(generator)
    hard = net.gates(x, HardGate())
    expected = [(pre >= 0).double() for pre in net.preactivations(x)]
    if kind == "linear":
        expected = [torch.ones_like(pre) for pre in net.preactivations(x)]
    assert len(hard) == net.layers - 1 and all(map(torch.equal, hard, expected))
    assert torch.allclose(net(x, gates=hard), net(x), **EXACT) == (kind != "dlgn")


@torch.no_grad()
def test_a_dense_unrolling_gives_the_linear_net(generator):
    net, x = built("linear", generator), images(generator)
    features, arrived = unrolled(net.value, x[1].flatten(), lambda _, pre: pre)
    output = net.dense.weight @ features.mean((1, 2)) + net.dense.bias
    torch.testing.assert_close(output, net(x)[1], **EXACT)
    torch.testing.assert_close(arrived, flat(net.preactivations(x), 1), **EXACT)


@pytest.mark.parametrize("training", [False, True])
def test_a_relu_nets_weights_along_its_own_gates_give_that_net(training, generator):
    relu, dlgn = (built(kind, generator, training=training) for kind in ("relu", "dlgn"))
    dlgn.value.load_state_dict(relu.value.state_dict())
    dlgn.dense.load_state_dict(relu.dense.state_dict())
    x = images(generator)
    torch.testing.assert_close(dlgn(x, gates=relu.gates(x)), relu(x), **EXACT)
    # With these gates only: its own are others.
    assert not torch.allclose(dlgn(x), relu(x), rtol=1e-3)


def test_along_gates_of_one_a_dlgn_is_the_linear_net(generator):
    linear, dlgn = built("linear", generator), built("dlgn", generator)
    dlgn.value.load_state_dict(linear.value.state_dict())
    dlgn.dense.load_state_dict(linear.dense.state_dict())
    x = images(generator)
    ones = [torch.ones_like(eta) for eta in dlgn.preactivations(x)]
    torch.testing.assert_close(dlgn(x, gates=ones), linear(x), **EXACT)


def test_a_trained_net_may_be_gated_hard(generator):
    net, x = built("dlgn", generator), images(generator)
    gates = net.gates(x, HardGate())
    signs = [(eta >= 0).double() for eta in net.preactivations(x)]
    torch.testing.assert_close(gates, signs, rtol=0, atol=0)
    output = net(x, gates=gates)
    assert not torch.allclose(output, net(x), rtol=1e-3)
    net.gate = HardGate()
    assert torch.equal(output, net(x))


def test_resnet34_is_torchvisions_with_another_beginning(generator):
    theirs = resnet34(num_classes=3).double().eval()
    theirs.conv1 = nn.Conv2d(3, 64, 3, padding=1, bias=False).double()
    theirs.maxpool = nn.Identity()
    ours = built("relu", generator, layers=34)
    tensors = zip(theirs.state_dict(), ours.state_dict().values(), strict=True)
    theirs.load_state_dict(dict(tensors))
    x = images(generator, 1)
    with torch.no_grad():
        torch.testing.assert_close(ours(x), theirs(x), **EXACT)


def three_by_three(net):
    convolutions = [m for m in net.value.modules() if isinstance(m, nn.Conv2d)]
    return [m for m in convolutions if m.kernel_size == (3, 3)]


def expected_parameters(stages, classes):
    """Parameters of a residual network with projections: each convolution has no bias, each
    normalisation two numbers a filter."""
    before = stages[0][1]
    count = 9 * 3 * before + 2 * before
    for blocks, filters in stages:
        for _ in range(blocks):
            count += 9 * before * filters + 9 * filters * filters + 4 * filters
            if filters != before:
                count += before * filters + 2 * filters
            before = filters
    return count + before * classes + classes


@pytest.mark.parametrize(
    ("layers", "stages", "known"),
    [
        (34, [(3, 64), (4, 128), (6, 256), (3, 512)], 21_282_122),
        # He et al. count 1.7 M; with zero padding at the two changes of shape it is 2,752 less.
        (110, [(18, 16), (18, 32), (18, 64)], 1_730_714),
    ],
)
def test_sizes_of_the_papers_nets(layers, stages, known):
    net = ReLUResNet(layers)
    count = sum(parameter.numel() for parameter in net.parameters())
    assert count == expected_parameters(stages, 10) == known
    assert len(three_by_three(net)) + 1 == layers
    gating = DLGNResNet(layers, gate=SoftGate(4.0), classes=100).gating
    # A gating network is a value network without its dense layer.
    assert sum(p.numel() for p in gating.parameters()) == known - net.dense.weight.numel() - 10


@pytest.mark.parametrize("kind", ["relu", "dlgn"])
def test_shapes_at_the_activation_sites(kind, generator):
    net = KINDS[kind](20, classes=7, generator=generator)
    x = torch.randn(2, 3, 32, 32, generator=generator)
    assert net(x).shape == (2, 7)
    stem_and_first_stage = [(2, 16, 32, 32)] * 7
    expected = stem_and_first_stage + [(2, 32, 16, 16)] * 6 + [(2, 64, 8, 8)] * 6
    assert [pre.shape for pre in net.preactivations(x)] == expected
    assert [g.shape for g in net.gates(x)] == expected


@pytest.mark.parametrize("kind", KINDS)
def test_one_seed_gives_one_net(kind):
    def drawn(seed):
        return KINDS[kind](8, generator=torch.Generator().manual_seed(seed)).state_dict()

    one, again, other = drawn(3), drawn(3), drawn(4)
    assert all(torch.equal(one[name], again[name]) for name in one)
    for name in one:
        drawn_name = one[name].ndim in (2, 4) or name == "dense.bias"
        assert torch.equal(one[name], other[name]) != drawn_name, name


def test_networks_of_a_dlgn_are_drawn_apart(generator):
    net = DLGNResNet(8, gate=SoftGate(4.0), generator=generator)
    for ours, theirs in zip(net.gating.parameters(), net.value.parameters(), strict=True):
        assert ours is not theirs
        assert torch.equal(ours, theirs) == (ours.ndim == 1)


def test_initial_weights_have_their_variance(generator):
    net = ReLUResNet(34, generator=generator)
    for layer in (m for m in net.modules() if isinstance(m, nn.Conv2d)):
        variance = 2 / (layer.out_channels * math.prod(layer.kernel_size))
        # The estimate from N normal weights has standard error √(2/N); 5 of them.
        error = 5 * math.sqrt(2 / layer.weight.numel())
        assert layer.weight.var().item() == pytest.approx(variance, rel=error)
    for norm in (m for m in net.modules() if isinstance(m, nn.BatchNorm2d)):
        assert (norm.weight == 1).all() and (norm.bias == 0).all()
    bound = 1 / math.sqrt(512)
    for parameter in net.dense.parameters():
        assert 0.8 * bound < parameter.abs().max() <= bound


@pytest.mark.parametrize("kind", KINDS)
def test_every_parameter_learns(kind, generator):
    net = built(kind, generator, training=True)
    net(images(generator)).square().sum().backward()
    assert all(parameter.grad.abs().max() > 1e-9 for parameter in net.parameters())


@pytest.mark.parametrize("kind", KINDS)
def test_half_precision_and_channels_last(kind, generator):
    net, x = built(kind, generator).float(), images(generator).float()
    expected = net(x)
    net, x = (each.to(memory_format=torch.channels_last) for each in (net, x))
    torch.testing.assert_close(net(x), expected, rtol=1e-4, atol=1e-4)
    with torch.autocast("cpu", torch.bfloat16):
        output = net(x)
    assert output.dtype == torch.bfloat16
    # bfloat16 keeps 8 bits; errors of 8 layers add up.
    scale = expected.abs().max().item()
    torch.testing.assert_close(output.float(), expected, rtol=0, atol=0.1 * scale)


def test_compiles_into_one_graph(generator):
    net, x = built("dlgn", generator), images(generator)
    compiled = torch.compile(net, backend="eager", fullgraph=True)
    torch.testing.assert_close(compiled(x), net(x), **EXACT)


@pytest.mark.parametrize("layers", [0, 2, 11, 18, 33, 109, -4, 20.0, "34"])
def test_other_numbers_of_layers_are_refused(layers):
    for kind in KINDS.values():
        with pytest.raises(ValueError, match=rf"layers must be 34 or 6n \+ 2 .*; got {layers!r}"):
            kind(layers)


def test_too_few_gates_are_refused(generator):
    net, x = built("dlgn", generator), images(generator)
    with pytest.raises(ValueError, match="gates must be 7 tensors; got 6"):
        net(x, gates=net.gates(x)[:-1])
