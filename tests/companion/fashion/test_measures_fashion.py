"""Measurements of nets on images, class by class."""

import numpy as np
import pytest
import torch
from conftest import NET_KINDS
from halfspace.companion.fashion.measures import accuracy, by_class, simple_classes, statistics
from halfspace.gates import HardGate, SoftGate
from halfspace.nets import DGN, stack
from halfspace.overlap import active_path_counts


def shares(outputs, labels):
    return (outputs.argmax(-1) == labels).double().reshape(-1, 10, 200).mean(-1)


@pytest.mark.parametrize("kind", ["relu", "dlgn-soft", "dlgn-straight-through", "dgn-pwc-soft"])
def test_hard_accuracy_is_that_of_the_net_under_hard_gates(kind, generator):
    make = NET_KINDS[kind]
    sizes = dict(width=6, depth=2, d_out=10, generator=generator)
    net = stack([make(5, **sizes) for _ in range(2)])
    x = torch.randn(2000, 5, generator=generator)
    y = net(x, gates=net.gates(x, HardGate())).argmax(-1)  # so that hard gates are always right
    y[:, ::4] = (y[:, ::4] + 1) % 10  # but for every fourth image
    measured = statistics(net, x, y)
    assert (measured["hard_accuracy"] == 0.75).all()
    torch.testing.assert_close(measured["accuracy"], shares(net(x), y))
    torch.testing.assert_close(measured["accuracy"], accuracy(net, x, y))
    assert torch.equal(measured["accuracy"], measured["hard_accuracy"]) == (
        kind in ("relu", "dlgn-straight-through")
    )
    counts = active_path_counts(net.gates(x, HardGate())).double()
    torch.testing.assert_close(measured["paths"], by_class(counts))
    torch.testing.assert_close(measured["log_paths"], by_class(counts.log1p()))
    torch.testing.assert_close(measured["zero"], by_class(counts == 0))


def test_a_soft_dgn_has_its_relu_nets_accuracy_under_hard_gates(generator):
    sizes = dict(width=6, depth=2, d_out=10)
    relu = NET_KINDS["relu"](5, generator=generator, **sizes)
    soft = DGN(5, gate=SoftGate(4.0), **sizes)
    soft.value.load_state_dict(relu.value.state_dict())
    soft.gating.load_state_dict(relu.value[:-1].state_dict())
    x = torch.randn(2000, 5, generator=generator)
    y = relu(x).argmax(-1)[None]
    measured = statistics(stack([soft]), x, y)
    assert (measured["hard_accuracy"] == 1).all() and (measured["accuracy"] < 1).any()


def test_by_class_averages_consecutive_images():
    values = torch.arange(40.0).reshape(2, 20)
    np.testing.assert_array_equal(by_class(values)[1], 20.5 + 2 * np.arange(10))


def test_simple_classes_follow_the_setting():
    rows = simple_classes(2)
    first, second = [1] * 5 + [0] * 5, [0] * 5 + [1] * 5
    assert rows.tolist() == [first, first, second, second, first, first]
