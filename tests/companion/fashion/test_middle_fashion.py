"""The studies of few epochs: the middle point of Figure 7, and the deep linear network."""

import numpy as np
import pytest
import torch
from halfspace.companion.fashion.between import FashionAccuracy
from halfspace.companion.fashion.data import fashion_inputs
from halfspace.companion.fashion.middle import FashionMiddle
from halfspace.companion.fashion.study import FashionStudy
from halfspace.datasets import fashion_mnist, subset_by_class
from halfspace.kernels import cosine
from halfspace.nets import DeepLinearNet
from halfspace.ntk import empirical_ntk

CPU = torch.device("cpu")
SMALL = dict(n_train=1000, width=12, depth=2, epochs=6, seeds=2, first_seed=3)


def middle(**changes):
    fields = dict(model="relu", images="normalised", labels="modified", sample=30, level=0.4)
    return FashionMiddle(**(fields | SMALL | dict(learning_rate=3e-3) | changes))


@pytest.fixture(scope="module")
def arrays():
    return middle().run(CPU)[0]


def test_start_and_end_are_those_of_the_long_study(arrays):
    fields = middle().model_dump()
    study = FashionStudy(**{k: v for k, v in fields.items() if k in FashionStudy.model_fields})
    long, _ = study.run(CPU)
    for name in ("accuracy", "hard_accuracy", "paths", "log_paths", "zero"):
        np.testing.assert_allclose(arrays[name][[0, -1]], long[name][[0, -1]], rtol=1e-4)
    for name in ("overlap_within", "ntk_within"):
        np.testing.assert_allclose(arrays[name][[0, -1]], long[name], rtol=1e-3)
    np.testing.assert_array_equal(arrays["initial"], long["initial"])
    np.testing.assert_array_equal(arrays["complex"], long["complex"])


def test_the_middle_is_where_the_simple_part_comes_to_the_level(arrays):
    assert (arrays["middle_epoch"] > 0).all() and (arrays["middle_epoch"] < 6).all()
    simple = arrays["accuracy"][:, :, :5].mean(-1)
    assert (simple[0] < 0.4).all() and (simple[1] >= 0.4).all()
    spec = middle(labels="swapped", level=1.0)
    swapped, _ = spec.run(CPU)
    assert swapped["complex"][0].tolist() == [1] * 5 + [0] * 5
    assert np.isnan(swapped["middle_epoch"]).all()
    np.testing.assert_array_equal(swapped["paths"][1], swapped["paths"][2])


def test_kernels_are_compared_with_the_start_and_with_another_seeds(arrays):
    data = fashion_mnist(1000)
    x = fashion_inputs(data.train_images, data.train_images, "normalised")
    x = x[subset_by_class(data.train_labels, 20)]
    for column, seed in enumerate((3, 4)):
        own, other = (empirical_ntk(middle().net(s), x).detach() for s in (seed, seed + 500))
        assert arrays["ntk_twin"][column] == pytest.approx(cosine(own, other).item(), rel=1e-4)
    for name in ("overlap_start", "ntk_start"):
        assert arrays[name].shape == (3, 2) and arrays[name][0] == pytest.approx(1)
        assert (arrays[name][1:] < 0.99).all()


@pytest.mark.parametrize("model", ["relu", "dlgn", "linear"])
def test_test_accuracies_of_all_kinds_of_nets(model):
    spec = FashionAccuracy(model=model, images="raw", **SMALL)
    arrays, _ = spec.run(CPU)
    assert arrays["test_accuracy"].shape == (2, 10) and arrays["loss"].shape == (6, 2)
    assert arrays["test_accuracy"].mean() > 0.3 and not arrays["diverged"].any()
    net = spec.net(4)
    total = sum(p.double().sum() for p in net.parameters()).item()
    assert arrays["initial"][1] == pytest.approx(total)
    assert isinstance(net, DeepLinearNet) == (model == "linear")


def test_fields_change_the_key():
    for spec, changes in (
        (middle(), dict(model="dlgn", labels="swapped", epochs=2, level=0.6, sample=20)),
        (FashionAccuracy(model="relu", images="raw"), dict(model="linear", epochs=2, seeds=3)),
    ):
        keys = {spec.replace(**{name: value}).key() for name, value in changes.items()}
        assert len(keys | {spec.key()}) == len(changes) + 1
