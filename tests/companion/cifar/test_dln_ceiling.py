"""The features of an image that a deep linear net uses, and the best linear model on them."""

import numpy as np
import pytest
import torch
from halfspace.companion.cifar import dln_ceiling, readings
from halfspace.companion.cifar.dln_ceiling import DLNCeiling, border_classes, border_sums
from halfspace.companion.cifar.synthetic import synthetic_images
from halfspace.companion.inference import share
from halfspace.companion.spec import Result
from halfspace.conv import ConvDeepLinearNet
from halfspace.image_training import standardise
from sklearn.linear_model import LogisticRegression


@pytest.mark.parametrize(("depth", "size"), [(1, 5), (2, 4), (3, 9), (5, 12)])
def test_a_deep_linear_net_is_linear_in_the_sums_over_border_classes(depth, size, generator):
    net = ConvDeepLinearNet(filters=4, depth=depth, units=5, generator=generator).double()
    images = torch.randn(20, 3, size, size + 1, dtype=torch.float64, generator=generator)
    # One pixel of each class, whose sum is 1 and all others 0, gives the class's coefficients.
    rows, columns = border_classes(size, depth), border_classes(size + 1, depth)
    coefficients = torch.zeros(3 * (2 * depth + 1) ** 2, 10, dtype=torch.float64)
    for channel in range(3):
        for row, column in np.ndindex(size, size + 1):
            pixel = torch.zeros(1, 3, size, size + 1, dtype=torch.float64)
            pixel[0, channel, row, column] = 1
            sums = border_sums(pixel, depth)[0]
            assert sums.sum() == 1
            coefficients[sums.argmax()] = net(pixel)[0].detach()
    assert len(set(rows)) == min(size, 2 * depth + 1) and rows[0] == columns[0] == 0
    outputs = net(images).detach()
    error = (border_sums(images, depth) @ coefficients - outputs).abs().max()
    assert error < 1e-10 * outputs.abs().max()


def test_without_zeros_around_it_an_image_has_the_classes_of_twice_the_depth(generator):
    net = ConvDeepLinearNet(filters=4, depth=2, units=5, generator=generator).double()
    for layer in net.value[:2]:
        layer.padding = (0, 0)
    images = torch.randn(2000, 3, 10, 10, dtype=torch.float64, generator=generator)
    outputs = net(images).detach()
    for depth, exact in ((4, True), (3, False)):
        sums = border_sums(images, depth)
        fitted = sums @ torch.linalg.lstsq(sums, outputs, driver="gelsd").solution
        assert ((fitted - outputs).norm() < 1e-10 * outputs.norm()) == exact


def test_fewer_classes_would_not_do(generator):
    net = ConvDeepLinearNet(filters=4, depth=3, units=5, generator=generator).double()
    images = torch.randn(2000, 3, 9, 9, dtype=torch.float64, generator=generator)
    outputs = net(images).detach()

    def unexplained(depth):
        sums = border_sums(images, depth)
        fitted = sums @ torch.linalg.lstsq(sums, outputs, driver="gelsd").solution
        return ((fitted - outputs).norm() / outputs.norm()).item()

    assert unexplained(3) < 1e-12 and unexplained(2) > 1e-3


def test_border_classes_by_hand():
    assert border_classes(5, 1).tolist() == [0, 1, 1, 1, 2]
    assert border_classes(4, 2).tolist() == [0, 1, 3, 4]
    assert border_classes(3, 0).tolist() == [0, 0, 0]
    with pytest.raises(ValueError, match="size must be at least 2 \\* depth, 4; got 3"):
        border_classes(3, 2)


def test_border_sums_by_hand():
    image = torch.arange(16.0).reshape(1, 1, 4, 4)
    wanted = [0, 1 + 2, 3, 4 + 8, 5 + 6 + 9 + 10, 7 + 11, 12, 13 + 14, 15]
    assert border_sums(image, 1).tolist() == [wanted]
    two_channels = torch.cat([image, 2 * image], dim=1)
    assert border_sums(two_channels, 0).tolist() == [[120, 240]]


@pytest.mark.parametrize("depth", [0, 5])
def test_the_optimum_is_that_of_plain_logistic_regression(depth):
    data = synthetic_images()
    arrays, _ = DLNCeiling(depth=depth, data="synthetic").run(torch.device("cpu"))
    assert arrays["train_right"].shape == (400,) and arrays["test_right"].shape == (200,)
    sums = border_sums(standardise(data.train_images, data.train_images), depth).numpy()
    plain = LogisticRegression(C=1e6, fit_intercept=False, tol=1e-9, max_iter=100_000)
    plain.fit(sums / sums.std(0), data.train_labels.numpy())
    logs = plain.predict_log_proba(sums / sums.std(0))
    loss = -logs[np.arange(400), data.train_labels.numpy()].mean()
    assert arrays["gradient"][0] < 1e-4
    if depth == 0:  # three sums do not separate the classes: the optimum is one
        assert arrays["loss"][0] == pytest.approx(loss, rel=1e-4)
        predicted = plain.predict(sums / sums.std(0)) == data.train_labels.numpy()
        np.testing.assert_array_equal(arrays["train_right"], predicted)
    else:
        assert arrays["train_right"].all() and loss < 1e-3 and arrays["loss"][0] < 1e-3


def test_a_constant_is_an_intercept(monkeypatch, generator):
    data = synthetic_images()  # with labels at random, which no model separates
    labels = data.train_labels[torch.randperm(400, generator=generator)]
    data = type(data)(**(vars(data) | {"train_labels": labels}))
    monkeypatch.setattr(dln_ceiling, "synthetic_images", lambda: data)
    arrays, _ = DLNCeiling(depth=0, data="synthetic", constant=True).run(torch.device("cpu"))
    sums = border_sums(standardise(data.train_images, data.train_images), 0).numpy()
    plain = LogisticRegression(C=1e6, tol=1e-9, max_iter=100_000)
    logs = plain.fit(sums / sums.std(0), data.train_labels).predict_log_proba(sums / sums.std(0))
    loss = -logs[np.arange(400), data.train_labels.numpy()].mean()
    assert arrays["loss"][0] == pytest.approx(loss, rel=1e-4)


def test_test_images_are_not_fitted(monkeypatch):
    spec = DLNCeiling(depth=1, data="synthetic")
    before, _ = spec.run(torch.device("cpu"))
    data = synthetic_images()
    other = type(data)(**(vars(data) | {"test_labels": (data.test_labels + 1) % 10}))
    monkeypatch.setattr(dln_ceiling, "synthetic_images", lambda: other)
    after, _ = spec.run(torch.device("cpu"))
    np.testing.assert_array_equal(before["loss"], after["loss"])
    assert not (before["test_right"] & after["test_right"]).any()


def test_fields_change_the_key():
    base = DLNCeiling()
    changes = dict(depth=2, data="synthetic", constant=True)
    assert set(changes) == set(DLNCeiling.model_fields)
    assert len({base.key(), *(base.replace(**{k: v}).key() for k, v in changes.items())}) == 4
    assert not base.verifiable and base.replace(data="synthetic").verifiable


@pytest.fixture
def made():
    """Ceilings of 100 training and 50 test images, 30 + depth and 20 + depth of them right."""
    specs = dln_ceiling.ceiling_conditions()
    told = {"when": "2026-01-02T03:04:05", "device": "CPU"}
    found = {}
    for name, spec in specs.items():
        more = spec.depth + 10 * spec.constant
        arrays = {
            "train_right": np.arange(100) < 30 + more,
            "test_right": np.arange(50) < 20 + more,
        }
        found[name] = Result(spec, arrays, told, "recorded")
    shares = {"train_accuracy": np.full((2, 10), 0.45), "test_accuracy": np.full((2, 10), 0.41)}
    return found, {"pixels: cifar10": Result(None, shares, told, "recorded")}


def test_rows_of_the_ceiling(made):
    rows = readings.ceiling_rows(*made)
    assert [*rows] == ["test images", "training images"]
    names = [*rows["test images"]]
    assert names[0] == "mean colours" and names[5:] == [
        "sums, 5 convolutions",
        "5, with a constant",
        "5, without zeros",
        "all pixels",
        "the paper's DLN",
    ]
    estimate = share(np.arange(50) < 25, 0.5)
    wanted = [50, 100 * estimate.low, 100 * estimate.high]
    np.testing.assert_allclose(rows["test images"]["sums, 5 convolutions"], wanted)
    assert rows["training images"]["5, with a constant"][0] == pytest.approx(45)
    assert rows["training images"]["all pixels"][0] == pytest.approx(45)
    assert rows["training images"]["the paper's DLN"] == (42.3,) * 3


def test_numbers_of_the_ceiling(made):
    numbers = readings.ceiling_numbers(*made)
    assert (numbers["ceiling classes"], numbers["ceiling sums"]) == (11, 363)
    assert (numbers["ceiling train"], numbers["ceiling test"]) == ("35.0", "50.0")
    assert (numbers["colours train"], numbers["constant test"]) == ("30.0", "70.0")
    assert numbers["no zeros train"] == "40.0"
    assert numbers["ceiling pixels test"] == "41.0"
    assert (numbers["paper dln train"], numbers["paper others test"]) == (42.3, 72.17)
