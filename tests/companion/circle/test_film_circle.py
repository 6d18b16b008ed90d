"""The film keeps what its net does."""

import numpy as np
import pytest
import torch
from halfspace.companion.circle.film import CircleFilm
from halfspace.companion.circle.measures import hard_gates
from halfspace.companion.circle.specs import recipe
from halfspace.datasets import circle_grid
from halfspace.overlap import active_path_counts

CPU = torch.device("cpu")


@pytest.mark.parametrize("model", ["relu", "dlgn", "frozen"])
def test_each_frame_is_the_net_of_that_epoch(model):
    training = recipe(model, epochs=2, seeds=1, first_seed=5)
    arrays, _ = CircleFilm(training=training, at=(0, 1, 2), grid=8).run(CPU)
    _, points = circle_grid(8)
    for row, epochs in ((0, 0), (1, 1), (2, 2)):
        net = training.net(5)
        if epochs:
            net, _ = training.replace(epochs=epochs, function_epochs=(0,)).train(CPU)
        with torch.no_grad():
            outputs = net(points).squeeze(-1).reshape(-1)
            paths = active_path_counts(hard_gates(net, points)).reshape(-1)
        np.testing.assert_allclose(arrays["outputs"][row, 0], outputs, rtol=1e-6, atol=1e-7)
        np.testing.assert_array_equal(arrays["paths"][row, 0], paths)
    assert arrays["loss"].shape == (3, 1)
    moved = (arrays["paths"][0] != arrays["paths"][-1]).any()
    assert not moved or model != "frozen"
