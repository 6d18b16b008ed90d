"""The Fashion-MNIST study measures what it says, copy by copy."""

import numpy as np
import pytest
import torch
from halfspace.companion.fashion.data import fashion_inputs, modified_labels
from halfspace.companion.fashion.study import FashionStudy
from halfspace.datasets import fashion_checksums, fashion_mnist, subset_by_class
from halfspace.gates import HardGate
from halfspace.ntk import empirical_ntk
from halfspace.overlap import active_path_counts, overlap_kernel

CPU = torch.device("cpu")
SMALL = dict(n_train=1000, width=12, depth=2, epochs=1, seeds=2, sample=30, first_seed=3)


def study(**changes):
    return FashionStudy(
        **dict(model="dlgn", images="normalised", labels="modified") | SMALL | changes
    )


@pytest.fixture(scope="module")
def runs():
    return {
        labels: study(labels=labels).run(CPU)[0] for labels in ("modified", "random", "original")
    }


def alignment_by_hand(first, second):
    centre = torch.eye(len(first)) - 1 / len(first)
    a, b = ((centre.double() @ kernel @ centre.double()).flatten() for kernel in (first, second))
    return (a @ b / a.norm() / b.norm()).item()


def test_the_start_is_that_of_each_net(runs):
    arrays, spec = runs["modified"], study()
    data = fashion_mnist(1000)
    x = fashion_inputs(data.train_images, data.train_images, "normalised")
    chosen = subset_by_class(data.train_labels, 30)
    kernel_points = subset_by_class(data.train_labels, 20)
    kernel_x = x[kernel_points]
    for column, seed in enumerate((3, 4)):
        net = spec.net(seed)
        counts = active_path_counts(HardGate()(net.preactivations(x[chosen]))).double()
        by_class = counts.log1p().reshape(10, 30).mean(-1)
        np.testing.assert_allclose(arrays["log_paths"][0, column], by_class.numpy(), rtol=1e-5)
        labels, _ = modified_labels(data, seed=seed)
        right = (net(x[chosen]).argmax(-1) == labels[chosen]).double().reshape(10, 30).mean(-1)
        np.testing.assert_allclose(arrays["accuracy"][0, column], right.numpy(), atol=1e-6)
        kernel = overlap_kernel(HardGate()(net.preactivations(kernel_x))).double()[40:60, 40:60]
        within = (kernel.sum() - kernel.diagonal().sum()) / (20 * 19)
        assert arrays["overlap_within"][0, column, 2] == pytest.approx(within.item(), rel=1e-5)
        ideal = (labels[kernel_points][:, None] == labels[kernel_points]).double()
        whole = overlap_kernel(HardGate()(net.preactivations(kernel_x))).double()
        for other, target in dict(
            labels=ideal, pixels=kernel_x.double() @ kernel_x.double().T
        ).items():
            expected = alignment_by_hand(whole, target)
            assert arrays[f"overlap_{other}"][0, column] == pytest.approx(expected, rel=1e-5)
            expected = alignment_by_hand(empirical_ntk(net, kernel_x).double(), target)
            assert arrays[f"ntk_{other}"][0, column] == pytest.approx(expected, rel=1e-4)
        total = sum(p.double().sum() for p in net.parameters()).item()
        assert arrays["initial"][column] == pytest.approx(total, rel=1e-10)


def test_it_learns_and_says_which_classes_are_complex(runs):
    for labels, arrays in runs.items():
        assert arrays["loss"].shape == (1, 2) and not arrays["diverged"].any()
        assert arrays["epochs"][0] == 0 and arrays["epochs"][-1] == 1
        expected = {"modified": 5, "random": 5, "original": 0}[labels]
        assert (arrays["complex"].sum(-1) == expected).all()
        assert arrays["test_accuracy"].shape == arrays["test_hard_accuracy"].shape == (2, 10)
    assert runs["modified"]["complex"][0].tolist() == [0] * 5 + [1] * 5
    assert not np.array_equal(runs["random"]["complex"][0], runs["random"]["complex"][1])


def test_the_predictions_are_those_that_the_accuracy_counts(runs):
    data = fashion_mnist(1000)
    order = subset_by_class(data.test_labels, 100)
    for column, seed in enumerate((3, 4)):
        predicted = runs["modified"]["predicted"][column]
        assert predicted.shape == (1000,) and predicted.max() < 10
        _, labels = modified_labels(data, seed=seed)
        share = (predicted == labels[order].numpy()).reshape(10, 100).mean(-1)
        # A tenth of the images stands for all: some ten points of sampling error.
        assert np.abs(share - runs["modified"]["test_accuracy"][column]).max() < 0.15


def test_one_seeds_nets_differ_by_the_labels_alone(runs):
    for name in ("log_paths", "overlap_within", "ntk_within"):
        np.testing.assert_array_equal(runs["modified"][name][0], runs["original"][name][0])
    assert not np.array_equal(runs["modified"]["loss"], runs["original"]["loss"])


def test_fields_checksums_and_refusals():
    base = study()
    changes = dict(
        model="relu", images="raw", labels="swapped", constant_input=False, beta=2.0, n_train=2000,
        width=13, depth=3, learning_rate=1e-3, batch_size=64, epochs=2, first_seed=4, seeds=3,
        sample=31,
    )  # fmt: skip
    assert set(changes) == set(FashionStudy.model_fields)
    keys = {base.replace(**{name: value}).key() for name, value in changes.items()}
    assert len(keys | {base.key()}) == len(changes) + 1
    assert base.data_checksums() == fashion_checksums() and len(fashion_checksums()) == 4
    with pytest.raises(ValueError, match="n_train must be a multiple of 10; got 1001"):
        study(n_train=1001)
