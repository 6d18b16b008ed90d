"""A linear model on NTK features: the regression is scikit-learn's, and test images come last."""

import io
from dataclasses import replace

import numpy as np
import pytest
import torch
from halfspace.companion import records
from halfspace.companion.cifar import ntk_features, specs
from halfspace.companion.cifar.ntk_features import NTKFeatures, ridge
from halfspace.companion.cifar.specs import CifarTraining
from halfspace.conv import ConvReLUNet
from halfspace.image_training import OutOfTime, Recipe, standardise
from halfspace.ntk import gradient_features
from sklearn.linear_model import Ridge

CPU = torch.device("cpu")
RECIPE = Recipe(epochs=2, batch_size=20, learning_rate=2e-2)
PENALTIES = (1e-4, 1e-2, 1.0)
NEAR = dict(rtol=1e-6, atol=1e-6)  # float64, divided by the condition number of 1e8 at most
FEATURES = 240  # of the small net


def spec(state="initial", n_train=400, seeds=1, **changes):
    training = CifarTraining(network="conv", model="relu", recipe=RECIPE, n_train=n_train)
    fields = dict(state=state, n_validation=100, penalties=PENALTIES)
    training = training.replace(seeds=seeds, first_seed=3)
    return NTKFeatures(**(fields | dict(training=training) | changes))


@pytest.fixture
def data(noise_cifar, monkeypatch):
    """Small nets, in several portions."""
    sizes = dict(filters=3, depth=2, units=6)
    monkeypatch.setattr(specs, "ConvReLUNet", lambda **o: ConvReLUNet(**sizes, **o))
    monkeypatch.setattr(ntk_features, "_PORTION", 130)
    monkeypatch.setattr(ntk_features, "_BLOCK", 100)
    return noise_cifar


def regression(n, width, generator):
    x = torch.randn(n, width, generator=generator, dtype=torch.float64)
    x = x * torch.logspace(0, -2, width, dtype=torch.float64) + 3.0
    return x, torch.randn(n, 2, generator=generator, dtype=torch.float64) + 1.0


@pytest.mark.parametrize(("n", "width"), [(60, 23), (23, 60), (30, 30)])
@pytest.mark.parametrize("portion", [7, 100])
def test_ridge_is_scikit_learns(n, width, portion, generator, monkeypatch):
    monkeypatch.setattr(ntk_features, "_PORTION", portion)
    monkeypatch.setattr(ntk_features, "_BLOCK", 9)
    x, y = regression(n, width, generator)
    weights, intercepts = ridge(x.split(portion), y, PENALTIES)
    scale = (x - x.mean(0)).square().sum().item() / n
    for number, penalty in enumerate(PENALTIES):
        expected = Ridge(alpha=penalty * scale, solver="svd").fit(x, y)
        np.testing.assert_allclose(weights[number].T, expected.coef_, **NEAR)
        np.testing.assert_allclose(intercepts[number], expected.intercept_, **NEAR)


def test_the_two_systems_have_one_solution(generator):
    x, y = regression(20, 15, generator)
    by_features = ridge([x], y, PENALTIES)
    wide = torch.cat([x, torch.zeros(20, 10, dtype=torch.float64)], dim=1)
    weights, intercepts = ridge([wide], y, PENALTIES)
    torch.testing.assert_close(weights[:, :15], by_features[0], **NEAR)
    torch.testing.assert_close(intercepts, by_features[1], **NEAR)
    assert (weights[:, 15:] == 0).all()


@pytest.mark.parametrize("n", [50, 25])
def test_what_is_linear_is_found(n, generator):
    x, _ = regression(n, 30, generator)
    true = torch.randn(30, 4, generator=generator, dtype=torch.float64)
    y = x.float().double() @ true + 5.0
    weights, intercepts = ridge(x.float().split(10), y, (1e-12,))
    predicted = x.float().double() @ weights[0] + intercepts[0]
    torch.testing.assert_close(predicted, y, **NEAR)


def by_hand(spec, data, net):
    """Return scikit-learn's accuracies: held out for each penalty, fitted and test images."""
    each = spec.training.n_train // 10
    held = spec.n_validation // 10
    rows = torch.arange(400).view(10, 40)[:, :each]
    parts = dict(
        fitted=(data.train_images, data.train_labels, rows[:, : each - held].flatten()),
        held=(data.train_images, data.train_labels, rows[:, each - held :].flatten()),
        test=(data.test_images, data.test_labels, torch.arange(60)),
    )
    x, y = {}, {}
    for name, (images, labels, chosen) in parts.items():
        pixels = standardise(images[chosen], data.train_images)
        x[name], y[name] = gradient_features(net, pixels).double().numpy(), labels[chosen].numpy()
    scale = np.square(x["fitted"] - x["fitted"].mean(0)).sum() / len(x["fitted"])
    found = {name: [] for name in parts}
    for penalty in spec.penalties:
        model = Ridge(alpha=penalty * scale, solver="svd").fit(x["fitted"], np.eye(10)[y["fitted"]])
        for name in parts:
            right = model.predict(x[name]).argmax(1) == y[name]
            found[name].append([right[y[name] == k].mean() for k in range(10)])
    return {name: np.array(values) for name, values in found.items()}


@pytest.mark.parametrize("n_train", [400, 200])  # 300 and 100 images for 240 features
@pytest.mark.parametrize("state", ["initial", "trained"])
def test_accuracies_are_those_of_the_regression(data, state, n_train):
    own = spec(state, n_train)
    arrays, provenance = own.run(CPU)
    pieces = provenance["pieces"]
    net = own.fitted().net(3)
    total = sum(p.detach().double().sum().item() for p in net.parameters())
    assert arrays["initial"].tolist() == [total]
    assert sum(p.numel() for p in net.parameters()) == FEATURES
    if state == "trained":
        assert [(piece["seed"], piece["epochs"]) for piece in pieces] == [(3, 2)]
        content = own.checkpoints()[0].read_bytes()[32:]  # behind its checksum
        net.load_state_dict(torch.load(io.BytesIO(content))["net"])
    else:
        assert pieces == []
    expected = by_hand(own, data, net)
    validation = expected["held"].mean(1)
    best = validation.argmax()
    np.testing.assert_allclose(arrays["validation_accuracy"][0], validation, atol=1e-6)
    assert arrays["penalty"][0] == np.float32(PENALTIES[best])
    np.testing.assert_allclose(arrays["train_accuracy"][0], expected["fitted"][best], atol=1e-6)
    np.testing.assert_allclose(arrays["test_accuracy"][0], expected["test"][best], atol=1e-6)
    with torch.no_grad():
        outputs = net(standardise(data.test_images, data.train_images))
    right = (outputs.argmax(1) == data.test_labels).float().view(10, 6).mean(1)
    np.testing.assert_allclose(arrays["net_accuracy"][0], right, atol=1e-6)


def test_held_out_images_choose_and_nothing_else_does(data, monkeypatch):
    before, _ = spec("trained").run(CPU)
    spec("trained").clear()
    other = dict(vars(data))
    other["test_labels"] = data.test_labels.flip(0)
    changed = type(data)(**other)
    monkeypatch.setattr(specs, "cifar", lambda name: changed)
    after, _ = spec("trained").run(CPU)
    for name in ("validation_accuracy", "penalty", "train_accuracy"):
        np.testing.assert_array_equal(before[name], after[name])
    for name in ("test_accuracy", "net_accuracy"):
        assert not np.array_equal(before[name], after[name])


def test_seeds_have_a_row_each(data):
    arrays, _ = spec(seeds=2).run(CPU)
    shapes = {name: array.shape for name, array in arrays.items()}
    assert shapes == dict(
        train_accuracy=(2, 10), test_accuracy=(2, 10), net_accuracy=(2, 10),
        validation_accuracy=(2, 3), penalty=(2,), initial=(2,),
    )  # fmt: skip
    assert {array.dtype for name, array in arrays.items() if name != "initial"} == {
        np.dtype(np.float32)
    }
    second = spec()
    second = second.replace(training=second.training.replace(first_seed=4))
    alone, _ = second.run(CPU)
    for name, array in alone.items():
        np.testing.assert_array_equal(arrays[name][1:], array)


def test_training_goes_on_from_its_checkpoint(data, monkeypatch):
    own = spec("trained")
    real = specs.train

    def cut_short(net, x, y, recipe, *, deadline, **options):
        real(net, x, y, replace(recipe, epochs=1), **options)
        raise OutOfTime

    monkeypatch.setattr(specs, "train", cut_short)
    assert records.record(own, CPU, deadline=0.0) is None
    assert len(own.checkpoints()) == 1 and own.recorded() is None
    monkeypatch.setattr(specs, "train", real)
    assert records.record(own, CPU) is not None
    assert own.checkpoints() == []
    provenance = own.recorded().provenance
    assert [(piece["seed"], piece["epochs"]) for piece in provenance["pieces"]] == [(3, 1), (3, 1)]
    assert provenance["data"] == own.training.data_checksums()


def test_every_field_matters():
    base = spec()
    changes = dict(
        training=base.training.replace(beta=2.0),
        state="trained",
        n_validation=200,
        penalties=(1e-3,),
    )
    assert set(changes) == set(NTKFeatures.model_fields)
    keys = {base.replace(**{name: value}).key() for name, value in changes.items()}
    assert len(keys | {base.key()}) == len(changes) + 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            dict(n_validation=150),
            "n_validation must be a multiple of 100 and leave .* got 150 of 4",
        ),
        (dict(n_validation=400), "n_validation must be a multiple of 100 and leave .* 400 of 400"),
        (dict(penalties=()), r"penalties must be positive and increase; got \(\)"),
        (dict(penalties=(1.0, 0.1)), "penalties must be positive and increase"),
        (dict(penalties=(0.0, 0.1)), "penalties must be positive and increase"),
        (dict(state="final"), "Input should be 'initial' or 'trained'"),
        (
            dict(training=dict(network="pixels", model="linear", recipe=RECIPE)),
            "training must be of conv nets; got pixels",
        ),
    ],
)
def test_refusals(changes, message):
    with pytest.raises(ValueError, match=message):
        spec(**changes)
