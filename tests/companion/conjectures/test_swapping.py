"""Gates of one time and value weights of another, and their NTKs."""

import numpy as np
import pytest
import torch
from halfspace.companion.circle.specs import recipe
from halfspace.companion.conjectures.swapping import CircleSwap, swapped
from halfspace.datasets import circle_grid
from halfspace.gates import SoftGate
from halfspace.nets import DLGN, ReLUNet, stack, unstack
from halfspace.ntk import empirical_ntk

FEW = dict(epochs=2, seeds=2, first_seed=5, function_epochs=(0,), learning_rate=1e-2)
MAKERS = {
    "relu": lambda generator: ReLUNet(2, width=4, depth=2, generator=generator),
    "dlgn": lambda generator: DLGN(
        2, width=4, depth=2, gate=SoftGate(4.0), constant_input=True, generator=generator
    ),
}


@pytest.mark.parametrize("kind", MAKERS)
def test_gates_come_from_the_one_and_values_from_the_other(kind, generator):
    first, second = (stack([MAKERS[kind](generator) for _ in range(2)]) for _ in range(2))
    x = torch.randn(9, 2, generator=generator)
    mixed = swapped(first, second)
    assert torch.equal(mixed.gates(x), first.gates(x))
    torch.testing.assert_close(mixed(x), second(x, gates=first.gates(x)))
    kernel = empirical_ntk(swapped(first, first), x)
    torch.testing.assert_close(kernel, empirical_ntk(first, x))


@pytest.mark.parametrize("kind", ["relu", "dlgn"])
def test_arrays_are_cosines_with_the_kernel_of_the_end(kind):
    spec = CircleSwap(training=recipe(kind, **FEW), at=(0, 2), grid=32)
    arrays = spec.run(torch.device("cpu"))[0]
    end, _ = spec.training.train(torch.device("cpu"))
    points = circle_grid(32)[1]
    for copy, last in enumerate(unstack(end)):
        start = spec.training.net(5 + copy)
        swaps = {"start": (start, start), "end_gates": (last, start), "end_values": (start, last)}
        trained = empirical_ntk(last, points).double().flatten().numpy()
        for name, (gates, values) in swaps.items():
            mixed = swapped(stack([gates]), stack([values]))
            kernel = empirical_ntk(mixed, points)[0].double().flatten().numpy()
            cosine = kernel @ trained / np.linalg.norm(kernel) / np.linalg.norm(trained)
            assert arrays[f"ntk_{name}"][copy] == pytest.approx(cosine, rel=1e-4)
        total = sum(p.double().sum() for p in start.parameters()).item()
        assert arrays["initial"][copy] == pytest.approx(total, rel=1e-10)
    assert arrays["at"].tolist() == [0, 2] and not arrays["diverged"].any()
    assert spec.replace(grid=64).key() != spec.key()
