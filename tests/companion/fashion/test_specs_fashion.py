"""Modified Fashion-MNIST: the arrays say what they claim, on a small run."""

import math

import numpy as np
import pytest
import torch
from halfspace.companion.fashion import readings as fashion_readings
from halfspace.companion.fashion.conditions import fashion_conditions, with_changes
from halfspace.companion.fashion.data import SETTINGS, modified_labels
from halfspace.companion.fashion.specs import ModifiedFashionMNIST
from halfspace.datasets import fashion_mnist, subset_by_class
from halfspace.gates import HardGate
from halfspace.kernels import block_means
from halfspace.ntk import empirical_ntk
from halfspace.paths import path_gates

SMALL = dict(
    n_train=300, width=8, depth=3, epochs=6, seeds=2, first_seed=4, sample=20, kernel_sample=3,
    batch_size=15, learning_rate=1e-2, level=0.5,
)  # fmt: skip
KINDS = [("relu", "raw"), ("relu", "normalised"), ("dlgn", "raw"), ("dlgn", "normalised")]


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HALFSPACE_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield {
            (model, images): ModifiedFashionMNIST(model=model, images=images, **SMALL).result(
                device="cpu"
            )
            for model, images in KINDS
        }


def inputs(result, images):
    pixels = images.float() / 255
    if result.spec.images == "raw":
        return pixels
    shifted = pixels - (fashion_mnist(300).train_images.float() / 255).mean(0)
    return shifted / shifted.norm(dim=1, keepdim=True)


def training_sample():
    """Return the data, and which of its training images are measured."""
    data = fashion_mnist(300)
    return data, subset_by_class(data.train_labels, 20)


def hard_net(net):
    """Return the same net with hard gates, whose paths can be enumerated."""
    if hasattr(net, "gate"):
        net.gate = HardGate()
    return net


@pytest.mark.parametrize("kind", KINDS)
def test_start_is_the_untrained_net(results, kind):
    """Path counts by enumeration, accuracy by hand, for each class of the training sample."""
    result = results[kind]
    data, chosen = training_sample()
    x = inputs(result, data.train_images[chosen])
    for number in range(2):
        seed = 4 + number
        net = result.spec.net(seed)
        right = {
            setting: net(x).argmax(1)
            == modified_labels(data, seed=seed, complex_classes=classes)[0][chosen]
            for setting, classes in SETTINGS.items()
        }
        counts = path_gates(hard_net(net), x).sum(1).double()
        for name, values in {
            "paths": counts,
            "log_paths": counts.log1p(),
            "zero": (counts == 0).double(),
        }.items():
            expected = values.reshape(10, 20).mean(1)
            for setting in range(3):  # one initialisation for all settings
                np.testing.assert_allclose(
                    result.arrays[name][0, setting, number], expected, rtol=1e-10
                )
        for setting, hits in enumerate(right.values()):
            np.testing.assert_allclose(
                result.accuracy[0, setting, number], hits.double().reshape(10, 20).mean(1)
            )


@pytest.mark.parametrize("kind", KINDS)
def test_shapes_and_records(results, kind):
    result = results[kind]
    assert result.epochs[0] == 0 and result.epochs[-1] == 6
    assert result.epochs[1] == 0.25  # five steps of twenty
    assert result.accuracy.shape == (len(result.epochs), 3, 2, 10)
    assert result.loss.shape == (6, 3, 2)
    assert (result.loss[-1] < result.loss[0]).all()
    assert not result.diverged.any()
    if kind[0] == "relu":
        assert np.array_equal(result.accuracy, result.hard_accuracy)
    else:
        assert not np.array_equal(result.accuracy, result.hard_accuracy)


@pytest.mark.parametrize("kind", KINDS)
def test_kernels_of_the_start(results, kind):
    result = results[kind]
    data = fashion_mnist(300)
    chosen = subset_by_class(data.train_labels, 3)
    x = inputs(result, data.train_images[chosen])
    first = result.spec.net(4)
    ntk = empirical_ntk(first, x).detach()
    active = path_gates(hard_net(first), x).long()
    for setting, classes in enumerate(SETTINGS.values()):
        assert np.array_equal(result.overlap[0, setting], active @ active.T)
        np.testing.assert_allclose(result.ntk[0, setting], ntk, rtol=1e-3, atol=1e-5)
        labels = modified_labels(data, seed=4, complex_classes=classes)[0][chosen]
        assert np.array_equal(result.labels[setting], labels)


@pytest.mark.parametrize("kind", KINDS)
def test_middle_is_where_the_simple_part_reaches_the_level(results, kind):
    result = results[kind]
    for number, setting in enumerate(SETTINGS):
        simple, _ = fashion_readings.parts(
            fashion_readings.one_setting(result, setting), "accuracy"
        )
        for seed, middle in enumerate(result.middle_epoch[number]):
            if math.isnan(middle):
                if seed == 0:  # the kernels are the first seed's
                    middle_kernel, end_kernel = result.overlap[1:, number]
                    assert np.array_equal(middle_kernel, end_kernel)
                continue
            # Looked for every 20 steps, which is once an epoch here.
            assert middle == round(middle)
            looked = (result.epochs % 1 == 0) & (result.epochs < middle)
            assert (simple[looked, seed] < 0.5).all()
            assert (simple[result.epochs == middle, seed] >= 0.5).all()
    assert np.isfinite(result.middle_epoch).any()


def test_each_seed_and_setting_is_its_own_run(results, tmp_path, monkeypatch):
    """A seed trained alone gives the same accuracies as among others."""
    monkeypatch.setenv("HALFSPACE_CACHE", str(tmp_path))
    together = results["relu", "normalised"]
    alone = together.spec.replace(first_seed=5, seeds=1).result(device="cpu")
    np.testing.assert_allclose(alone.loss[:, :, 0], together.loss[:, :, 1], rtol=1e-4)
    assert not np.allclose(together.loss[:, :, 0], together.loss[:, :, 1], rtol=1e-4)
    np.testing.assert_allclose(alone.log_paths[0, :, 0], together.log_paths[0, :, 1])


CHANGES = dict(
    model="dlgn", images="normalised", n_train=600, width=64, depth=4, learning_rate=1e-3,
    batch_size=64, epochs=2, beta=10.0, first_seed=1, seeds=2, sample=50, kernel_sample=10,
    level=0.5, constant_input=False,
)  # fmt: skip


@pytest.mark.parametrize("field", list(ModifiedFashionMNIST.model_fields))
def test_every_field_is_in_the_key(field):
    base = ModifiedFashionMNIST(model="relu", images="raw")
    assert base.replace(**{field: CHANGES[field]}).key() != base.key()


def test_block_means_leave_out_the_diagonal():
    kernel = torch.arange(400, dtype=torch.float64).reshape(20, 20)
    blocks = block_means(kernel)
    assert blocks[2, 2] == (kernel[4, 5] + kernel[5, 4]) / 2
    assert blocks[2, 5] == kernel[4:6, 10:12].mean()


def test_refuses_unbalanced_training_sets():
    with pytest.raises(ValueError, match="n_train must be a multiple of 10; got 15"):
        ModifiedFashionMNIST(model="relu", images="raw", n_train=15)


def test_records_are_dense_in_the_first_epoch():
    spec = ModifiedFashionMNIST(
        model="relu", images="raw", n_train=1000, batch_size=128, epochs=100, first_seed=4, seeds=3
    )
    assert spec.batches == 8 and spec.all_seeds == range(4, 7)
    assert spec.record_times((0, 2, 7, 8, 20), 3) == [0, 0.25, 0.875, 1, 10, 100]
    assert spec.fit_options["batch_size"] == 128
    assert spec.replace(batch_size=2000).fit_options["batch_size"] == 1000


def test_a_problem_holds_each_copys_labels():
    spec = ModifiedFashionMNIST(model="relu", images="normalised", n_train=300)
    draws = [(4, (5, 6, 7, 8, 9)), (5, ())]
    problem, data = spec.problem(draws, torch.device("cpu")), fashion_mnist(300)
    labels, test_labels = modified_labels(data, seed=4)
    assert torch.equal(problem.y, torch.stack([labels, data.train_labels]))
    sample = problem.sample(2)
    assert data.train_labels[sample].tolist() == sorted([*range(10)] * 2)
    assert len(problem.sample(1000)) == 300
    x, y = problem.test(3)
    chosen = subset_by_class(data.test_labels, 3)
    assert torch.equal(y, torch.stack([test_labels, data.test_labels])[:, chosen])
    pixels = data.test_images[chosen].float() / 255 - (data.train_images.float() / 255).mean(0)
    torch.testing.assert_close(x, pixels / pixels.norm(dim=1, keepdim=True))


def test_changed_conditions_keep_the_relu_nets_sharpness():
    conditions = fashion_conditions()
    changed = with_changes(conditions, beta=9.0, epochs=3)
    assert [*changed] == [*conditions] and {spec.epochs for spec in changed.values()} == {3}
    for name, spec in changed.items():
        before = conditions[name]
        assert spec.beta == (before.beta if name.startswith("relu") else 9.0)
        assert spec.replace(beta=before.beta, epochs=before.epochs) == before
    assert with_changes(conditions, beta=4.0) == conditions


@pytest.mark.parametrize("kind", KINDS)
def test_the_first_net_is_kept_before_and_after_training(results, kind):
    """It is the first seed's under modified labels: paths at the start and at the end."""
    result = results[kind]
    data, chosen = training_sample()
    x = inputs(result, data.train_images[chosen])
    assert list(SETTINGS)[0] == "modified"
    for record, net in zip((0, -1), fashion_readings.ends_of_training(result), strict=True):
        found = path_gates(hard_net(net), x).sum(1).double().reshape(10, 20).mean(1)
        np.testing.assert_allclose(result.paths[record, 0, 0], found, rtol=1e-6)
    start = result.spec.net(4)
    expected = torch.nn.utils.parameters_to_vector(start.parameters()).detach().numpy()
    np.testing.assert_array_equal(result.weights[0], expected)
    assert not np.allclose(result.weights[1], expected)
