import itertools

import pytest
import torch
from halfspace.conv import ConvDeepLinearNet, ConvDGN, ConvDLGN, ConvReLUNet
from halfspace.gates import HardGate, SoftGate

SMALL = dict(channels=2, filters=2, depth=2, units=3, classes=2)
SIDE = 2


def drawn(kind, seed=0, **changes):
    generator = torch.Generator().manual_seed(seed)
    gate = {} if kind in (ConvReLUNet, ConvDeepLinearNet) else dict(gate=SoftGate(4.0))
    return kind(**(SMALL | gate | changes), generator=generator).double()


def images(n=5, channels=2, seed=1):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(n, channels, SIDE, SIDE, dtype=torch.float64, generator=generator)


def matrix(layer, shape):
    """The matrix of a linear layer, from what it does to basis vectors of the given shape."""
    size = torch.Size(shape).numel()
    basis = torch.eye(size, dtype=torch.float64).view(size, *shape)
    return layer(basis).flatten(1).T


def matrices(layers):
    hidden = (SMALL["filters"], SIDE, SIDE)
    shapes = [(SMALL["channels"], SIDE, SIDE)] + [hidden] * SMALL["depth"] + [(SMALL["units"],)]
    return [matrix(layer, shape) for layer, shape in zip(layers, shapes, strict=True)]


def sum_over_paths(net, gates, x):
    """Enumerate every path of the unrolled net: a unit for each hidden layer, a factor each."""
    first, *middle, last = matrices(net.value)
    flat = [g.flatten(1) for g in gates]
    start = x.flatten(1) @ first.T
    total = torch.zeros(len(x), last.shape[0], dtype=torch.float64)
    for path in itertools.product(*(range(g.shape[1]) for g in flat)):
        gate = torch.stack([g[:, unit] for g, unit in zip(flat, path, strict=True)]).prod(0)
        weight = torch.ones((), dtype=torch.float64)
        for step, (before, after) in enumerate(itertools.pairwise(path)):
            weight = weight * middle[step][after, before]
        expert = start[:, path[0]] * weight
        total += (gate * expert).unsqueeze(1) * last[:, path[-1]]
    return total


@pytest.mark.parametrize("kind", [ConvReLUNet, ConvDLGN, ConvDGN])
def test_output_is_the_sum_over_paths(kind):
    net, x = drawn(kind), images()
    torch.testing.assert_close(sum_over_paths(net, net.gates(x), x), net(x), rtol=1e-10, atol=0)


def test_constant_input_makes_experts_constant():
    net, x = drawn(ConvDLGN, constant_input=True), images()
    expected = sum_over_paths(net, net.gates(x), torch.ones_like(x))
    torch.testing.assert_close(net(x), expected, rtol=1e-10, atol=0)


def test_deep_linear_net_is_its_matrices_product():
    net, x = drawn(ConvDeepLinearNet), images()
    h = x.flatten(1)
    for layer in matrices(net.value):
        h = h @ layer.T
    torch.testing.assert_close(net(x), h, rtol=1e-10, atol=0)


def test_a_deep_linear_net_gives_inner_pixels_one_weight():
    net, side = drawn(ConvDeepLinearNet), 9
    border = SMALL["depth"]  # each convolution carries the border's zeros one pixel further
    x = torch.randn(1, SMALL["channels"], side, side, dtype=torch.float64, requires_grad=True)
    net(x)[0, 0].backward()
    weights = x.grad[0]
    inner = weights[:, border:-border, border:-border]
    torch.testing.assert_close(inner, inner[:, :1, :1].expand_as(inner))
    assert not torch.isclose(weights[:, border - 1, 4], inner[:, 0, 0]).any()


def test_dlgn_gates_are_half_spaces_and_relu_gates_are_not():
    x, y = images(seed=2), images(seed=3)

    def misfit(net):
        pairs = zip(
            net.preactivations(2 * x - 3 * y),
            net.preactivations(x),
            net.preactivations(y),
            strict=True,
        )
        return max(
            float((both - (2 * one - 3 * other)).detach().abs().max()) for both, one, other in pairs
        )

    assert misfit(drawn(ConvDLGN)) < 1e-12
    assert misfit(drawn(ConvReLUNet)) > 1e-3
    assert misfit(drawn(ConvDGN)) > 1e-3


def test_dgn_of_one_relu_nets_weights_is_that_net():
    relu, x = drawn(ConvReLUNet), images()
    dgn = drawn(ConvDGN, gate=HardGate())
    dgn.value.load_state_dict(relu.value.state_dict())
    dgn.gating.load_state_dict({k: v for k, v in relu.value.state_dict().items() if k[0] != "3"})
    torch.testing.assert_close(dgn(x), relu(x), rtol=1e-10, atol=0)


def test_foreign_gates_are_used():
    net, x = drawn(ConvDLGN), images()
    hard = net.gates(x, HardGate())
    assert all(set(g.unique().tolist()) <= {0.0, 1.0} for g in hard)
    torch.testing.assert_close(net(x, gates=hard), sum_over_paths(net, hard, x), rtol=1e-10, atol=0)


@pytest.mark.parametrize("kind", [ConvReLUNet, ConvDeepLinearNet, ConvDLGN, ConvDGN])
def test_every_net_answers_under_hard_gates(kind):
    net, x = drawn(kind), images()
    hard = net.gates(x, HardGate())
    expected = [HardGate()(pre) for pre in net.preactivations(x)]
    if kind is ConvDeepLinearNet:
        expected = [torch.ones_like(pre) for pre in net.preactivations(x)]
    assert all(map(torch.equal, hard, expected))
    output = net(x, gates=hard)
    torch.testing.assert_close(output, sum_over_paths(net, hard, x), rtol=1e-10, atol=1e-12)
    assert torch.allclose(output, net(x)) == (kind in (ConvReLUNet, ConvDeepLinearNet))


def test_preactivations_of_a_deep_linear_net():
    net, x = drawn(ConvDeepLinearNet), images()
    for layer, pre in zip(net.value, net.preactivations(x), strict=False):
        x = layer(x)
        torch.testing.assert_close(pre, x)


def test_table_1_shapes():
    net = ConvDLGN(gate=SoftGate(4.0))
    shapes = [tuple(eta.shape) for eta in net.preactivations(torch.zeros(2, 3, 32, 32))]
    assert shapes == [(2, 26, 32, 32)] * 5 + [(2, 64)]
    hidden = 9 * 26 * 3 + 4 * 9 * 26 * 26 + 26 * 64
    assert sum(p.numel() for p in ConvReLUNet().parameters()) == hidden + 64 * 10
    assert sum(p.numel() for p in net.parameters()) == 2 * hidden + 64 * 10


def test_weights_come_from_the_generator_in_glorots_range():
    one, same, other = drawn(ConvDLGN), drawn(ConvDLGN), drawn(ConvDLGN, seed=1)
    for a, b, c in zip(*(net.parameters() for net in (one, same, other)), strict=True):
        assert torch.equal(a, b) and not torch.equal(a, c)
    largest = ConvReLUNet().value[1].weight.abs().max() * (2 * 26 * 9 / 6) ** 0.5
    assert 0.98 < largest <= 1


def test_sizes_are_checked():
    with pytest.raises(ValueError, match="filters must be a positive integer; got 0"):
        ConvReLUNet(filters=0)
