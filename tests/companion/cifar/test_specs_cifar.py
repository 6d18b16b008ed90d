import json
import time
from dataclasses import fields, replace

import numpy as np
import pytest
import torch
from halfspace.companion import records
from halfspace.companion.cifar import specs
from halfspace.companion.cifar.specs import APPENDIX, TABLE_1, CifarTraining
from halfspace.conv import ConvDeepLinearNet, ConvDGN, ConvDLGN, ConvReLUNet
from halfspace.conv_overlap import conv_overlap_kernel
from halfspace.gates import HardGate
from halfspace.image_training import OutOfTime, Recipe, standardise
from halfspace.resnet import DLGNResNet, LinearResNet, ReLUResNet

CPU = torch.device("cpu")
RECIPE = Recipe(epochs=2, batch_size=20, learning_rate=1e-3)
KERNEL_IMAGES = 4  # of each class, in ``noise_cifar``
KEY = "190767e978b6f9941e5d67c4525747e65a3c182c5bc4b36720da417c036db5f8"  # of ``small()``


def small(**changes):
    fields = dict(network="conv", model="dlgn", recipe=RECIPE, n_train=100, seeds=2)
    return CifarTraining(**(fields | changes))


def test_the_recipes():
    assert (TABLE_1.optimizer, TABLE_1.learning_rate, TABLE_1.augment) == ("adam", 2e-4, False)
    assert TABLE_1.epochs >= 100 and APPENDIX.augment


@pytest.mark.parametrize(
    ("network", "model", "kind", "gating"),
    [
        ("conv", "relu", ConvReLUNet, {}),
        ("conv", "linear", ConvDeepLinearNet, {}),
        ("conv", "dgn", ConvDGN, dict(constant_input=False)),
        ("conv", "dlgn", ConvDLGN, dict(constant_input=False)),
        ("conv", "dlgn-pwc", ConvDLGN, dict(constant_input=True)),
        ("resnet-8", "relu", ReLUResNet, {}),
        ("resnet-8", "linear", LinearResNet, {}),
        ("resnet-8", "dlgn", DLGNResNet, {}),
    ],
)
def test_each_model_is_the_net_of_that_name(network, model, kind, gating):
    spec = small(network=network, model=model, data="cifar100", beta=7.0)
    net = spec.net(3)
    assert type(net) is kind and net(torch.zeros(1, 3, 32, 32)).shape == (1, 100)
    assert {name: getattr(net, name) for name in gating} == gating
    assert not hasattr(net, "gating") or net.gate.beta == 7.0
    other = spec.net(4)
    assert not torch.equal(next(net.parameters()), next(other.parameters()))


def test_every_field_matters():
    keys = {small().key()}
    changes = dict(
        network="resnet-8",
        model="relu",
        data="cifar100",
        recipe=TABLE_1,
        n_train=200,
        beta=5.0,
        first_seed=1,
        seeds=3,
    )
    assert set(changes) == set(CifarTraining.model_fields)
    keys |= {small(**{name: value}).key() for name, value in changes.items()}
    recipe = dict(
        epochs=3,
        optimizer="sgd",
        learning_rate=1e-2,
        batch_size=10,
        schedule="one-cycle",
        warm_up=0.3,
        momentum=0.8,
        weight_decay=0.1,
        label_smoothing=0.1,
        augment=True,
    )
    assert set(recipe) == {field.name for field in fields(Recipe)}
    for name, value in recipe.items():
        keys.add(small(recipe=replace(RECIPE, **{name: value})).key())
    assert len(keys) == 1 + len(changes) + len(recipe)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (dict(network="pixels"), "model must be one of linear for pixels; got 'dlgn'"),
        (dict(network="resnet-34", model="dgn"), "model must be one of relu, dlgn, linear for"),
        (dict(n_train=250), "n_train must be a multiple of 100; got 250"),
        (dict(recipe=dict(epochs=0)), "epochs must be a positive integer; got 0"),
        (dict(recipe=dict(epochs=1, epoch=2)), "recipe.epoch\n.*Unexpected keyword argument"),
        (dict(sede=1), "Extra inputs are not permitted"),
    ],
)
def test_what_cannot_be_built_is_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        small(**changes)


def test_a_spec_stores_its_recipe_as_it_always_did():
    spec = small(recipe=APPENDIX)
    stored = spec.model_dump(mode="json")
    assert json.dumps(stored["recipe"]) == (
        '{"epochs": 30, "optimizer": "sgd", "learning_rate": 0.4, "batch_size": 512, '
        '"schedule": "one-cycle", "warm_up": 0.2, "momentum": 0.9, "weight_decay": 0.0005, '
        '"label_smoothing": 0.1, "augment": true}'
    )
    for fields_of_spec in (stored, spec.model_dump()):
        again = CifarTraining(**fields_of_spec)
        assert again == spec and type(again.recipe) is Recipe and again.key() == spec.key()
    assert small().key() == KEY
    numbers = replace(RECIPE, epochs=np.int64(2), learning_rate=np.float64(1e-3), weight_decay=0)
    assert small(recipe=numbers).key() == KEY


MODELS = [(network, model) for network, models in specs._MODELS.items() for model in models]


@pytest.mark.parametrize(("network", "model"), MODELS, ids=str)
def test_every_net_is_built_from_its_seed(network, model):
    if network == "resnet-34":
        network = "resnet-8"  # one code, less time
    spec = small(network=network, model=model, data="cifar100")
    states = [spec.net(seed).state_dict() for seed in (3, 3, 4)]
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])
    assert any(not torch.equal(states[0][name], states[2][name]) for name in states[0])
    with torch.no_grad():
        assert spec.net(0).eval()(torch.zeros(2, 3, 32, 32)).shape == (2, 100)


def test_what_a_run_records(noise_cifar):
    spec = small()
    arrays, provenance = spec.run(CPU)
    shapes = {name: array.shape for name, array in arrays.items()}
    assert shapes == dict(
        loss=(2, 2), accuracy=(2, 2), seconds=(2, 2), initial=(2,), diverged=(2,),
        train_accuracy=(2, 10), test_accuracy=(2, 10),
        train_hard_accuracy=(2, 10), test_hard_accuracy=(2, 10),
        overlap=(2, 2, 10, 10), overlap_labels=(2, 2),
    )  # fmt: skip
    assert [piece["seed"] for piece in provenance["pieces"]] == [0, 1]
    assert {piece["epochs"] for piece in provenance["pieces"]} == {2}
    assert provenance["pieces"][0]["device"] == "CPU" and "commit" in provenance["pieces"][0]
    assert not arrays["diverged"].any()
    start = spec.net(1)
    assert arrays["initial"][1] == sum(w.detach().double().sum().item() for w in start.parameters())


def test_accuracies_are_those_of_the_trained_net(noise_cifar):
    spec = small(seeds=1, first_seed=1)
    arrays, _ = spec.run(CPU)
    _, chosen = spec.images()
    assert len(chosen) == 100 and noise_cifar.train_labels[chosen].bincount().tolist() == [10] * 10
    x = standardise(noise_cifar.train_images[chosen], noise_cifar.train_images)
    net, curves = spec.trained(1, x, noise_cifar.train_labels[chosen])  # from its checkpoint
    test_x = standardise(noise_cifar.test_images, noise_cifar.train_images)
    with torch.no_grad():
        soft = net(test_x).argmax(-1) == noise_cifar.test_labels
        hard = (
            net(test_x, gates=net.gates(test_x, HardGate())).argmax(-1) == noise_cifar.test_labels
        )
    for name, right in dict(test_accuracy=soft, test_hard_accuracy=hard).items():
        expected = right.float().view(10, 6).mean(1).numpy()
        np.testing.assert_allclose(arrays[name][0], expected, atol=1e-6)
    np.testing.assert_allclose(arrays["loss"][:, 0], curves.loss, rtol=1e-6)


def test_overlaps_of_active_paths(noise_cifar):
    spec = small(model="relu", seeds=1)
    arrays, _ = spec.run(CPU)
    assert "test_hard_accuracy" not in arrays
    _, chosen = spec.images()
    sample = chosen.view(10, 10)[:, :KERNEL_IMAGES].flatten()
    net = spec.net(0)
    with torch.no_grad():
        x = standardise(noise_cifar.train_images[sample], noise_cifar.train_images)
        kernel = conv_overlap_kernel(net.gates(x))
    share = kernel / torch.sqrt(kernel.diagonal()[:, None] * kernel.diagonal())
    blocks = share.view(10, KERNEL_IMAGES, 10, KERNEL_IMAGES)
    between = float(blocks[2, :, 5].mean())
    within = blocks[3, :, 3][~torch.eye(KERNEL_IMAGES, dtype=torch.bool)].mean()
    assert arrays["overlap"][0, 0, 2, 5] == pytest.approx(between, rel=1e-5)
    assert arrays["overlap"][0, 0, 3, 3] == pytest.approx(float(within), rel=1e-5)


@pytest.mark.parametrize(("network", "model"), [("pixels", "linear"), ("resnet-8", "dlgn")])
def test_nets_without_conv_paths_record_no_overlaps(noise_cifar, network, model):
    arrays, _ = small(network=network, model=model, seeds=1).run(CPU)
    assert "overlap" not in arrays and arrays["test_accuracy"].shape == (1, 10)
    assert ("test_hard_accuracy" in arrays) == (model == "dlgn")


def test_a_run_is_made_in_pieces(noise_cifar, monkeypatch, tmp_path):
    spec = small(model="relu")
    whole, _ = spec.run(CPU)
    spec.clear()
    assert not spec.checkpoints()
    stops = iter([True, False, True])
    real = specs.train

    def cut_short(net, x, y, recipe, *, deadline, **options):
        short = replace(recipe, epochs=1)
        if next(stops, False):  # an epoch, and then the time is over
            real(net, x, y, short, **options)
            raise OutOfTime
        return real(net, x, y, recipe, deadline=deadline, **options)

    monkeypatch.setattr(specs, "train", cut_short)
    assert records.record(spec, CPU, deadline=0.0) is None
    assert spec.recorded() is None and len(spec.checkpoints()) == 1
    monkeypatch.setattr(specs, "train", real)
    assert records.record(spec, CPU) is not None
    assert not spec.checkpoints()
    recorded = spec.recorded()
    for name in ("loss", "test_accuracy", "overlap"):
        np.testing.assert_array_equal(recorded.arrays[name], whole[name])
    pieces = [(piece["seed"], piece["epochs"]) for piece in recorded.provenance["pieces"]]
    assert pieces == [(0, 1), (0, 1), (1, 2)]


def test_a_queue_stops_in_time(noise_cifar):
    late = time.monotonic() - 1
    assert records.record(small(), CPU, deadline=late) is None
    assert small().recorded() is None
