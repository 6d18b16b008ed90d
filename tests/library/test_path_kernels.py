"""Neural path kernels of convolutional and residual nets, against enumeration and exact means."""

import itertools
import math

import pytest
import torch
from halfspace.conv import ConvDLGN, ConvReLUNet
from halfspace.conv_overlap import conv_overlap_kernel
from halfspace.gates import HardGate
from halfspace.overlap import neural_path_kernel
from halfspace.path_kernels import (
    conv_path_kernel,
    residual_ensemble_weights,
    residual_tangent_kernel,
    tangent_factor,
)
from halfspace.residual import ResidualDLGN, ResidualReLUNet
from torch.func import functional_call, jacrev, vmap

EXACT = dict(rtol=1e-10, atol=1e-12)


def mean_over_signs(net, x, gates, variances):
    """Mean of y yᵀ and of the NTK over all signs of the weights ±√v, one variance a layer."""
    weights = {name: p.detach() for name, p in net.value.named_parameters()}
    sizes = [p.numel() for p in weights.values()]
    signs = torch.tensor(list(itertools.product((-1.0, 1.0), repeat=sum(sizes)))).double()
    scaled = [part * math.sqrt(v) for part, v in zip(signs.split(sizes, 1), variances, strict=True)]

    def output(*flat):
        shaped = {
            f"value.{name}": part.view_as(p)
            for (name, p), part in zip(weights.items(), flat, strict=True)
        }
        return functional_call(net, shaped, (x, gates))[:, 0]

    y = vmap(output)(*scaled)
    jacobian = torch.cat(
        [j for j in vmap(jacrev(output, tuple(range(len(sizes)))))(*scaled)], dim=-1
    )
    return y.mT @ y / len(signs), (jacobian @ jacobian.mT).mean(0)


def bundles(x, gates, border, pooled):
    """Features of the bundles of paths with the same weights, shape (n, bundles)."""
    *convolutions, dense = gates
    n, channels, *size = x.shape
    filters = [range(g.shape[1]) for g in convolutions]
    steps = list(itertools.product((-1, 0, 1), repeat=2))
    ends = list(itertools.product(*map(range, size)))
    features = []
    for channel, unit in itertools.product(range(channels), range(dense.shape[1])):
        for chosen in itertools.product(*filters):
            for path in itertools.product(steps, repeat=len(chosen)):
                alive = []
                for place in ends:  # from the end of the path to its start
                    value = torch.ones(n, dtype=x.dtype)
                    for g, f, step in reversed(list(zip(convolutions, chosen, path, strict=True))):
                        value = value * g[:, f, place[0], place[1]]
                        place = [a + b for a, b in zip(place, step, strict=True)]
                        if border == "circular":
                            place = [a % side for a, side in zip(place, size, strict=True)]
                        elif not all(0 <= a < side for a, side in zip(place, size, strict=True)):
                            value, place = value * 0, [0, 0]
                    alive.append(value * x[:, channel, place[0], place[1]] * dense[:, unit])
                features += [sum(alive) / len(ends)] if pooled else alive
    return torch.stack(features, 1)


def images(n, channels, height, width, *, filters, depth, units, seed=0):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(n, channels, height, width, generator=generator).double()
    shapes = [(n, filters, height, width)] * depth + [(n, units)]
    return x, [(torch.rand(shape, generator=generator) < 0.75).double() for shape in shapes]


@pytest.mark.parametrize("pooled", [True, False])
@pytest.mark.parametrize("border", ["zeros", "circular"])
@pytest.mark.parametrize(
    ("size", "depth"), [((3, 3), 1), ((3, 3), 2), ((1, 4), 2), ((2, 3), 2), ((1, 1), 2)]
)
def test_the_recursion_sums_over_bundles_of_paths(size, depth, border, pooled):
    x, gates = images(4, 2, *size, filters=2, depth=depth, units=2)
    features = bundles(x, gates, border, pooled)
    kernel = conv_path_kernel(x, gates, border=border, pooled=pooled)
    torch.testing.assert_close(kernel, features @ features.T, **EXACT)


@pytest.mark.parametrize("border", ["zeros", "circular"])
def test_a_conv_net_s_mean_ntk_is_its_path_kernel(border):
    x, gates = images(3, 1, 2, 3, filters=1, depth=1, units=2)
    net = ConvReLUNet(channels=1, filters=1, depth=1, units=2, classes=1, border=border).double()
    variances = (0.3, 0.7, 0.2)
    covariance, tangent = mean_over_signs(net, x, gates, variances)
    kernel = conv_path_kernel(x, gates, border=border)
    torch.testing.assert_close(covariance, math.prod(variances) * kernel, **EXACT)
    torch.testing.assert_close(tangent, tangent_factor(variances) * kernel, **EXACT)
    flat = conv_path_kernel(x, gates, border=border, pooled=False) / 6**2
    assert (flat - kernel).abs().max() > 0.05 * kernel.abs().max()


@pytest.mark.parametrize("memory", [1, 10_000, 2**28])
@pytest.mark.parametrize("pooled", [True, False])
def test_tiles_give_the_whole_kernel(pooled, memory):
    x, gates = images(5, 2, 3, 3, filters=2, depth=2, units=3)
    kernel = conv_path_kernel(x, gates, pooled=pooled)
    other = conv_path_kernel(
        x[:2], [g[:2] for g in gates], x[1:], [g[1:] for g in gates], pooled=pooled, memory=memory
    )
    torch.testing.assert_close(other, kernel[:2, 1:], **EXACT)
    again = conv_path_kernel(x, gates, pooled=pooled, memory=memory)
    torch.testing.assert_close(again, kernel, **EXACT)


def test_without_the_mean_a_constant_image_counts_shared_paths():
    x, gates = images(6, 3, 5, 5, filters=4, depth=3, units=8)
    ones = torch.ones_like(x)
    assert torch.equal(conv_path_kernel(ones, gates, pooled=False), conv_overlap_kernel(gates))
    pooled = 25**2 * conv_path_kernel(ones, gates)
    assert (pooled - pooled.round()).abs().max() < 1e-14 * pooled.max()
    assert (pooled > conv_overlap_kernel(gates)).all()


@pytest.mark.parametrize("make", [ConvReLUNet, lambda **sizes: ConvDLGN(gate=HardGate(), **sizes)])
def test_only_a_circular_border_and_a_mean_ignore_shifts(make, generator):
    sizes = dict(channels=1, filters=3, depth=2, units=4, classes=2, generator=generator)
    x = torch.randn(4, 1, 5, 5, generator=generator).double()
    moved = x.roll((1, 3), (2, 3))
    changes = {}
    for border, pooled in itertools.product(("zeros", "circular"), (True, False)):
        net = make(border=border, **sizes).double()
        kernels = [
            conv_path_kernel(x, net.gates(x), other, net.gates(other), border=border, pooled=pooled)
            for other in (x, moved)
        ]
        change = (kernels[1] - kernels[0]).abs().max() / kernels[0].abs().max()
        changes[border, pooled] = change.item()
    assert changes.pop(("circular", True)) < 1e-12
    assert min(changes.values()) > 1e-3


def test_a_circular_net_ignores_shifts(generator):
    sizes = dict(filters=3, depth=2, units=4, generator=generator)
    x = torch.randn(4, 3, 5, 5, generator=generator)
    moved = x.roll((1, 3), (2, 3))
    circular, zeros = (ConvReLUNet(border=border, **sizes) for border in ("circular", "zeros"))
    torch.testing.assert_close(circular(moved), circular(x))
    assert (zeros(moved) - zeros(x)).abs().max() > 1e-3


@pytest.mark.parametrize(
    "make", [ResidualReLUNet, lambda *a, **b: ResidualDLGN(*a, gate=HardGate(), **b)]
)
def test_a_residual_net_s_mean_ntk_is_its_kernel(make, generator):
    net = make(2, width=2, blocks=2, layers=1, generator=generator).double()
    x = torch.randn(3, 2, generator=generator).double()
    gates = (torch.rand(3, 3, 2, generator=generator) < 0.75).double()
    _, tangent = mean_over_signs(net, x, gates, [0.4] * 4)
    kernel = residual_tangent_kernel(x, gates, layers=1, variance=0.4)
    torch.testing.assert_close(tangent, kernel, **EXACT)


class GatedSums(torch.nn.Module):
    """A residual net with gates after its sums, too."""

    def __init__(self, net):
        super().__init__()
        self.value, self.layers = net.value, net.layers

    def forward(self, x, gates):
        inside, after = (part.unbind(1) for part in gates)
        z = inside[0] * self.value[0](x)
        for block, mask in enumerate(after):
            deep = z
            for layer in range(1 + block * self.layers, 1 + (block + 1) * self.layers):
                deep = inside[layer] * self.value[layer](deep)
            z = mask * (z + deep)
        return self.value[-1](z)


@pytest.mark.parametrize(("blocks", "layers"), [(2, 1), (1, 2)])
def test_gates_after_the_sums(blocks, layers, generator):
    net = ResidualReLUNet(2, width=2, blocks=blocks, layers=layers).double()
    x = torch.randn(3, 2, generator=generator).double()
    inside = (torch.rand(3, 3, 2, generator=generator) < 0.75).double()
    after = (torch.rand(3, blocks, 2, generator=generator) < 0.75).double()
    options = dict(layers=layers, variance=0.4)
    _, tangent = mean_over_signs(GatedSums(net), x, (inside, after), [0.4] * 4)
    kernel = residual_tangent_kernel(x, inside, sum_gates=after, **options)
    torch.testing.assert_close(tangent, kernel, **EXACT)
    part = residual_tangent_kernel(
        x[:1], inside[:1], x, inside, sum_gates=after[:1], other_sum_gates=after, **options
    )
    torch.testing.assert_close(part, kernel[:1], **EXACT)
    opened = residual_tangent_kernel(x, inside, sum_gates=torch.ones_like(after), **options)
    torch.testing.assert_close(opened, residual_tangent_kernel(x, inside, **options), **EXACT)


@pytest.mark.parametrize("layers", [1, 2])
def test_the_kernel_sums_over_all_sub_networks(layers, generator):
    blocks, variance = 3, 0.3
    x = torch.randn(4, 5, generator=generator).double()
    gates = (torch.rand(4, 1 + blocks * layers, 6, generator=generator) < 0.6).double()
    terms = torch.zeros(blocks + 1, 4, 4, dtype=torch.float64)
    for chosen in itertools.product((0, 1), repeat=blocks):
        kept = [0] + [
            1 + block * layers + layer
            for block, taken in enumerate(chosen)
            for layer in range(layers)
            if taken
        ]
        count = len(kept) + 1  # layers of weights
        path_kernel = neural_path_kernel(x, gates[:, kept])
        terms[sum(chosen)] += count * variance ** (count - 1) * path_kernel
    kernel = residual_tangent_kernel(x, gates, layers=layers, variance=variance)
    torch.testing.assert_close(kernel, terms.sum(0), **EXACT)
    weights = residual_ensemble_weights(gates, layers=layers, variance=variance)
    start = variance * neural_path_kernel(x, gates[:, :1])
    torch.testing.assert_close(start * weights, terms, **EXACT)
    pair = residual_ensemble_weights(gates[:1], gates[1:], layers=layers, variance=variance)
    torch.testing.assert_close(pair, weights[:, :1, 1:], **EXACT)


def test_a_dense_net_s_factor():
    assert tangent_factor([0.5]) == 1
    assert tangent_factor([2.0, 3.0, 5.0]) == 31
    assert tangent_factor([0.0, 3.0]) == 3


X, GATES = images(3, 2, 3, 3, filters=2, depth=1, units=2)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: conv_path_kernel(X, GATES, border="mirror"), "border must be one of"),
        (lambda: conv_path_kernel(X, GATES, X), "go together"),
        (lambda: conv_path_kernel(X[:2], GATES), "x must have shape"),
        (lambda: conv_path_kernel(X * math.nan, GATES), "x must be finite"),
        (lambda: conv_path_kernel(X, [GATES[0] / 2, GATES[1]]), "gates must be hard"),
        (lambda: conv_path_kernel(X, GATES, X[:, :1], GATES), "differ in n only"),
        (lambda: conv_path_kernel(X, GATES, memory=0), "memory must be"),
        (lambda: tangent_factor([]), "variances must be"),
        (lambda: tangent_factor([-1.0]), "variances must be"),
        (
            lambda: residual_ensemble_weights(torch.ones(2, 4, 3), layers=2, variance=0.4),
            "gates must have shape",
        ),
        (
            lambda: residual_ensemble_weights(torch.ones(2, 5, 3), layers=2, variance=0.0),
            "variance must be",
        ),
        (
            lambda: residual_tangent_kernel(
                torch.ones(2, 2), torch.ones(2, 5, 3), torch.ones(2, 2), layers=2, variance=0.4
            ),
            "go together",
        ),
        (
            lambda: residual_tangent_kernel(
                torch.ones(3, 2), torch.ones(2, 5, 3), layers=2, variance=0.4
            ),
            "x must have shape",
        ),
        (
            lambda: residual_tangent_kernel(
                torch.ones(2, 2),
                torch.ones(2, 5, 3),
                sum_gates=torch.ones(2, 1, 3),
                layers=2,
                variance=0.4,
            ),
            "sum_gates must have shape",
        ),
        (lambda: ConvReLUNet(border="mirror"), "border must be one of"),
        (lambda: ResidualReLUNet(2, width=2, blocks=0), "blocks must be"),
    ],
)
def test_wrong_arguments_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
