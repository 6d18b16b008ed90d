"""Measures of nets on images: what gates a net is evaluated under, and by whose count."""

import numpy as np
import pytest
import torch
from halfspace.companion.cifar import measures
from halfspace.conv import ConvDeepLinearNet, ConvDGN, ConvDLGN, ConvReLUNet
from halfspace.gates import HardGate, SoftGate
from halfspace.resnet import DLGNResNet

SIZES = dict(filters=3, depth=2, units=4)


@pytest.fixture
def x(generator):
    return torch.randn(7, 3, 8, 8, generator=generator)


@pytest.mark.parametrize(
    "net",
    [
        ConvDLGN(gate=SoftGate(4.0), **SIZES),
        ConvDLGN(gate=SoftGate(4.0), constant_input=True, **SIZES),
        ConvDGN(gate=SoftGate(4.0), **SIZES),
        DLGNResNet(8, gate=SoftGate(4.0)).eval(),
    ],
    ids=lambda net: type(net).__name__,
)
def test_a_soft_gated_net_is_also_measured_under_hard_gates(net, x):
    soft, hard = measures.outputs(net, x, portion=3)
    with torch.no_grad():
        torch.testing.assert_close(soft, net(x))
        net.gate = HardGate()
        torch.testing.assert_close(hard, net(x))
    assert not torch.allclose(soft, hard)


@pytest.mark.parametrize("kind", [ConvReLUNet, ConvDeepLinearNet])
def test_a_net_without_a_gating_network_has_one_output(kind, x):
    net = kind(**SIZES)
    (outputs,) = measures.outputs(net, x, portion=3)
    torch.testing.assert_close(outputs, net(x).detach())
    names = measures.accuracies("test", net, x, torch.arange(7) % 2, classes=10, portion=3)
    assert list(names) == ["test_accuracy"]


def test_shares_are_counted_by_class():
    y = torch.tensor([0, 0, 0, 2, 2, 1])
    decided = torch.tensor([0, 2, 0, 2, 2, 0])
    shares = measures.shares_right(torch.eye(3)[decided], y, 3)
    np.testing.assert_array_equal(shares, np.float32([2 / 3, 0, 1]))
    assert shares.dtype == np.float32


def test_accuracies_are_named_after_their_gates(x):
    net, y = ConvDLGN(gate=SoftGate(0.1), **SIZES), torch.arange(7) % 3
    shares = measures.accuracies("train", net, x, y, classes=3, portion=3)
    assert list(shares) == ["train_accuracy", "train_hard_accuracy"]
    for values, scores in zip(shares.values(), measures.outputs(net, x, 7), strict=True):
        np.testing.assert_array_equal(values, measures.shares_right(scores, y, 3))


def test_overlaps_of_a_soft_dgn_are_those_of_its_hard_gates(generator):
    images = torch.randn(10, 3, 3, 8, 8, generator=generator)  # three of each class
    net = ConvDGN(gate=SoftGate(4.0), generator=generator, **SIZES)
    soft = measures.path_overlaps(net, images)
    net.gate = HardGate()
    with torch.no_grad():
        kernel = measures.conv_overlap_kernel(net.gates(images.flatten(0, 1)))
    share = kernel / torch.sqrt(kernel.diagonal()[:, None] * kernel.diagonal())
    assert soft["overlap"][0, 1] == pytest.approx(share[:3, 3:6].mean().item())
    within = (share[0, 1] + share[0, 2] + share[1, 2]).item() / 3
    assert soft["overlap"][0, 0] == pytest.approx(within)


def test_seeds_are_the_axis_after_that_of_epochs():
    per_seed = [
        dict(loss=np.zeros(5), overlap=np.zeros((2, 3, 3)), test_accuracy=np.zeros(3), initial=0.1),
        dict(loss=np.ones(5), overlap=np.ones((2, 3, 3)), test_accuracy=np.ones(3), initial=0.3),
    ]
    arrays = measures.stacked(per_seed)
    shapes = {name: array.shape for name, array in arrays.items()}
    assert shapes == dict(loss=(5, 2), overlap=(2, 2, 3, 3), test_accuracy=(2, 3), initial=(2,))
    assert arrays["overlap"][:, 1].all() and not arrays["overlap"][:, 0].any()
    assert arrays["loss"].dtype == np.float32 and arrays["initial"].tolist() == [0.1, 0.3]
