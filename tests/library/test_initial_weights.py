"""Weights that a seed draws: recorded runs and checkpoints rest on these numbers and names."""

import pytest
import torch
from halfspace.conv import ConvDeepLinearNet, ConvDGN, ConvDLGN, ConvReLUNet
from halfspace.gates import HardGate, SoftGate
from halfspace.nets import DGN, DLGN, DeepLinearNet, ReLUNet
from halfspace.resnet import DLGNResNet, LinearResNet, ReLUResNet

DENSE = dict(width=4, depth=2, d_out=2)
CONV = dict(filters=3, depth=2, units=4, classes=5)
SOFT = dict(gate=SoftGate(4.0))

NETS = {
    "relu": lambda g: ReLUNet(2, **DENSE, bias=True, gain=0.7, generator=g),
    "linear": lambda g: DeepLinearNet(2, **DENSE, init="he", generator=g),
    "dlgn": lambda g: DLGN(2, **DENSE, **SOFT, bias=True, init="xavier", generator=g),
    "dlgn-pwc": lambda g: DLGN(2, **DENSE, **SOFT, constant_input=True, generator=g),
    "dgn": lambda g: DGN(2, **DENSE, gate=HardGate(), gating_gain=2.0, generator=g),
    "conv relu": lambda g: ConvReLUNet(**CONV, generator=g),
    "conv linear": lambda g: ConvDeepLinearNet(**CONV, generator=g),
    "conv dlgn": lambda g: ConvDLGN(**CONV, **SOFT, generator=g),
    "conv dlgn-pwc": lambda g: ConvDLGN(**CONV, **SOFT, constant_input=True, generator=g),
    "conv dgn": lambda g: ConvDGN(**CONV, **SOFT, generator=g),
    "resnet relu": lambda g: ReLUResNet(8, generator=g),
    "resnet linear": lambda g: LinearResNet(8, generator=g),
    "resnet dlgn": lambda g: DLGNResNet(8, **SOFT, generator=g),
}


def described(name):
    """Tensors and their first and last names, sums of weights and of outputs of the net of seed 7.

    The weights of a sum have factors 1, 2, ... so that their order counts.
    """
    net = NETS[name](torch.Generator().manual_seed(7)).eval()
    shape = (3, 2) if hasattr(net, "d_in") else (2, 3, 6, 6)
    x = torch.randn(shape, generator=torch.Generator().manual_seed(8))
    state = net.state_dict()
    names = list(state)
    flat = torch.cat([weight.double().flatten() for weight in net.parameters()])
    weights = (flat * torch.arange(1, len(flat) + 1) / len(flat)).sum().item()
    with torch.no_grad():
        return len(names), names[0], names[-1], weights, net(x).double().square().sum().item()


PINNED = {
    "relu": (6, "value.0.weight", "value.2.bias", 0.80486469, 1.380475),
    "linear": (3, "value.0.weight", "value.2.weight", 1.48487, 68.555593),
    "dlgn": (10, "value.0.weight", "gating.1.bias", 0.48102178, 0.20132104),
    "dlgn-pwc": (5, "value.0.weight", "gating.1.weight", 0.2653085, 0.0081882669),
    "dgn": (5, "value.0.weight", "gating.1.weight", 0.33976579, 0.014170983),
    "conv relu": (4, "value.0.weight", "value.3.weight", -0.2704582, 0.032732624),
    "conv linear": (4, "value.0.weight", "value.3.weight", -0.2704582, 0.079666991),
    "conv dlgn": (7, "value.0.weight", "gating.2.weight", -2.875883, 0.00061185927),
    "conv dlgn-pwc": (7, "value.0.weight", "gating.2.weight", -2.875883, 0.012059487),
    "conv dgn": (7, "value.0.weight", "gating.2.weight", -2.875883, 0.0010279104),
    "resnet relu": (56, "value.stem.0.weight", "dense.bias", 166.20939, 0.19375912),
    "resnet linear": (56, "value.stem.0.weight", "dense.bias", 166.20939, 1.2033824),
    "resnet dlgn": (
        110,
        "value.stem.0.weight",
        "gating.blocks.2.skip.1.num_batches_tracked",
        333.60743,
        0.12750101,
    ),
}


@pytest.mark.parametrize("name", NETS)
def test_a_seed_always_draws_the_same_net(name):
    *names, weights, outputs = described(name)
    *names_then, weights_then, outputs_then = PINNED[name]
    assert names == names_then
    assert weights == pytest.approx(weights_then, rel=1e-5)
    assert outputs == pytest.approx(outputs_then, rel=1e-4)
