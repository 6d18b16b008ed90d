"""Other overlap kernels, and nets with a fixed kernel, on nets made by hand."""

import numpy as np
import pytest
import torch
from halfspace.companion.circle.explanations import (
    CircleKernels,
    CircleLinearised,
    linearised_losses,
)
from halfspace.companion.circle.measures import hard_gates
from halfspace.companion.circle.specs import recipe
from halfspace.datasets import circle_grid
from halfspace.ntk import empirical_ntk
from halfspace.overlap import overlap_kernel

CPU = torch.device("cpu")


def small(model):
    return recipe(model, epochs=2, seeds=3, first_seed=40, function_epochs=(0, 2))


def cosine(first, second):
    return torch.cosine_similarity(first.double().ravel(), second.double().ravel(), dim=0).item()


def shape(kernel):
    """A kernel, centred and of length 1."""
    kernel = kernel.double()
    kernel = kernel - kernel.mean(0) - kernel.mean(1, keepdim=True) + kernel.mean()
    return kernel / kernel.norm()


def unstack_state(spec, state):
    nets = [spec.net(seed) for seed in (40, 41, 42)]
    for index, net in enumerate(nets):
        net.load_state_dict({name: values[index] for name, values in state.items()})
    return nets


@pytest.mark.parametrize("model", ["relu", "dlgn"])
def test_kernels_are_compared_net_by_net(model):
    spec = CircleKernels(training=small(model), at=(0, 2), grid=32)
    arrays, _ = spec.run(CPU)
    points = circle_grid(32)[1]
    nets = [spec.training.net(seed) for seed in (40, 41, 42)]
    ntks = [empirical_ntk(net, points) for net in nets]
    overlaps = [overlap_kernel(hard_gates(net, points)) for net in nets]
    expected = {
        "own": cosine(ntks[1], overlaps[1]),
        "start": cosine(ntks[1], overlaps[1]),
        "others": np.mean([cosine(ntks[1], overlaps[other]) for other in (0, 2)]),
        "first": 1.0,
    }
    for name, value in expected.items():
        assert arrays[name][0, 1] == pytest.approx(value, rel=1e-5), name
    assert arrays["changes_own"][0].tolist() == arrays["changes_others"][0].tolist() == [0, 0, 0]
    _, history = spec.training.train(CPU, snapshots=(0, 2))
    ends = unstack_state(spec.training, history.snapshots[2])
    moved = {
        "ntk": [
            shape(empirical_ntk(net, points)) - shape(k) for net, k in zip(ends, ntks, strict=True)
        ],
        "overlap": [
            shape(overlap_kernel(hard_gates(net, points))) - shape(k)
            for net, k in zip(ends, overlaps, strict=True)
        ],
    }
    own = cosine(moved["ntk"][1], moved["overlap"][1])
    assert arrays["changes_own"][1, 1] == pytest.approx(own, rel=1e-4)
    cosines = [cosine(moved["ntk"][1], moved["overlap"][other]) for other in (0, 2)]
    assert arrays["changes_others"][1, 1] == pytest.approx(np.mean(cosines), rel=1e-4)
    others = np.mean([cosine(ntks[1], ntks[other]) for other in (0, 2)])
    assert arrays["ntk_others"][1] == pytest.approx(others, rel=1e-5)
    assert spec.one_seed(1) == spec  # seeds are compared with one another


def test_a_linear_model_follows_the_closed_form():
    generator = torch.Generator().manual_seed(0)
    features = torch.randn(1, 6, 4, generator=generator, dtype=torch.float64)
    residual = torch.randn(1, 6, generator=generator, dtype=torch.float64)
    kernel, top = features @ features.mT, torch.arange(6) < 2
    largest = torch.linalg.eigvalsh(kernel)[0, -1].item()
    # Gradient descent with small steps on the mean squared error of a model linear in features:
    # time 3 in units of n over twice the largest eigenvalue.
    weights, step = torch.zeros(4, dtype=torch.float64), 1e-4
    for _ in range(round(3 * 6 / (2 * largest) / step)):
        left = residual[0] - features[0] @ weights
        weights += step * 2 / 6 * features[0].T @ left
    left = residual[0] - features[0] @ weights
    losses = linearised_losses(kernel, residual, np.array([0.0, 3.0]), top)
    assert losses["loss_top"][0].item() == pytest.approx(residual[0, :2].square().mean().item())
    for half, chosen in dict(top=top, bottom=~top).items():
        expected = left[chosen].square().mean().item()
        assert losses[f"loss_{half}"][1].item() == pytest.approx(expected, rel=1e-2)


def test_a_run_starts_from_the_nets_own_error():
    spec = CircleLinearised(training=small("relu"), times=3, span=100.0)
    arrays, _ = spec.run(CPU)
    assert arrays["at"].tolist() == [0, 1, 100] and arrays["loss_top"].shape == (3, 3)
    assert (np.diff(arrays["loss_top"] + arrays["loss_bottom"], axis=0) <= 0).all()
    alone, _ = spec.one_seed(1).run(CPU)
    assert alone["initial"][0] == arrays["initial"][1]
    np.testing.assert_allclose(alone["loss_bottom"][:, 0], arrays["loss_bottom"][:, 1], rtol=1e-4)
    assert spec.target == spec.training.target
