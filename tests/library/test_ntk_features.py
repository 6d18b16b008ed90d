"""Gradient features are each point's own gradient, and their inner products are the kernel's."""

import math

import pytest
import torch
from halfspace.conv import ConvDeepLinearNet, ConvDGN, ConvDLGN, ConvReLUNet
from halfspace.gates import HardGate, SoftGate
from halfspace.nets import DLGN, ReLUNet, stack
from halfspace.ntk import empirical_ntk, gradient_features
from halfspace.resnet import ReLUResNet
from torch.func import functional_call, jacrev

CLOSE = dict(rtol=1e-10, atol=1e-13)
SIZES = dict(channels=2, filters=3, depth=3, units=4, classes=5)
NETS = {
    "relu": lambda g: ConvReLUNet(**SIZES, generator=g),
    "linear": lambda g: ConvDeepLinearNet(**SIZES, generator=g),
    "dlgn": lambda g: ConvDLGN(gate=SoftGate(4.0), **SIZES, generator=g),
    "dlgn, hard": lambda g: ConvDLGN(gate=HardGate(), **SIZES, generator=g),
    "dlgn-pwc": lambda g: ConvDLGN(gate=SoftGate(4.0), constant_input=True, **SIZES, generator=g),
    "dgn": lambda g: ConvDGN(gate=SoftGate(4.0), **SIZES, generator=g),
}


def images(generator, channels=2):
    return torch.randn(7, channels, 6, 5, generator=generator, dtype=torch.float64)


def one_by_one(net, x):
    """Return each point's gradient of the sum of its outputs over √c, by a pass of its own."""
    trained = [p for p in net.parameters() if p.requires_grad]
    rows = []
    for point in x:
        outputs = net(point[None])[0]
        grads = torch.autograd.grad(
            outputs.sum() / math.sqrt(len(outputs)),
            trained,
            allow_unused=True,
            materialize_grads=True,
        )
        rows.append(torch.cat([grad.flatten() for grad in grads]))
    return torch.stack(rows)


@pytest.mark.parametrize("kind", NETS)
def test_features_are_each_points_gradient(kind, generator):
    net = NETS[kind](generator).double()
    x = images(generator)
    found = gradient_features(net, x)
    assert found.shape == (7, sum(p.numel() for p in net.parameters()))
    assert not found.requires_grad and found.dtype == torch.float64
    torch.testing.assert_close(found, one_by_one(net, x), **CLOSE)


def test_features_are_the_jacobians_mean_row(generator):
    net = NETS["relu"](generator).double()
    x = images(generator)
    parameters = {name: p.detach() for name, p in net.named_parameters()}
    jacobian = jacrev(lambda p: functional_call(net, p, (x,)))(parameters)
    rows = torch.cat([part.flatten(2) for part in jacobian.values()], dim=2)
    torch.testing.assert_close(gradient_features(net, x), rows.sum(1) / math.sqrt(5), **CLOSE)


def test_inner_products_are_the_blocks_sums(generator):
    net = NETS["dlgn"](generator).double()
    x = images(generator)
    features = gradient_features(net, x)
    blocks = empirical_ntk(net, x, outputs="full").sum((-2, -1)) / 5
    torch.testing.assert_close(features @ features.T, blocks, **CLOSE)


def test_pixels_side_by_side_in_memory_change_nothing(generator):
    net = NETS["relu"](generator).double()
    x = images(generator)
    expected = gradient_features(net, x)
    net.to(memory_format=torch.channels_last)
    other = gradient_features(net, x.contiguous(memory_format=torch.channels_last))
    torch.testing.assert_close(other, expected, **CLOSE)


def test_dense_and_normalised_nets_have_features_too(generator):
    net = ReLUNet(3, width=4, depth=2, d_out=2, bias=True, generator=generator).double()
    net.value[1].weight.requires_grad_(False)
    x = torch.randn(6, 3, generator=generator, dtype=torch.float64)
    torch.testing.assert_close(gradient_features(net, x), one_by_one(net, x), **CLOSE)
    residual = ReLUResNet(8, classes=3, generator=generator).double().eval()
    x = images(generator, channels=3)[:3]
    torch.testing.assert_close(gradient_features(residual, x), one_by_one(residual, x), **CLOSE)


def test_refusals(generator):
    nets = [ReLUNet(2, width=3, depth=2, generator=generator) for _ in range(2)]
    with pytest.raises(ValueError, match=r"net must be a single net; it maps x to \(2,\) copies"):
        gradient_features(stack(nets), torch.ones(4, 2))
    with pytest.raises(ValueError, match=r"stem.1 \(BatchNorm2d\) normalises by statistics"):
        gradient_features(ReLUResNet(8, generator=generator), torch.ones(2, 3, 32, 32))
    with pytest.raises(ValueError, match="none needs a gradient"):
        net = DLGN(2, width=3, depth=2, gate=HardGate(), generator=generator)
        gradient_features(net.requires_grad_(False), torch.ones(2, 2))
