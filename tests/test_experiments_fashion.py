"""Modified Fashion-MNIST: the arrays say what they claim, on a small run."""

import math

import numpy as np
import pytest
import torch
from halfspace.datasets import fashion_mnist, modified_labels, subset_by_class
from halfspace.experiments import fashion
from halfspace.experiments._base import Result
from halfspace.experiments.fashion import SETTINGS, ModifiedFashionMNIST
from halfspace.gates import HardGate
from halfspace.intervals import interval_text
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


def hard_net(net):
    """Return the same net with hard gates, whose paths can be enumerated."""
    if hasattr(net, "gate"):
        net.gate = HardGate()
    return net


@pytest.mark.parametrize("kind", KINDS)
def test_start_is_the_untrained_net(results, kind):
    """Path counts by enumeration, accuracy by hand, for each class of the training sample."""
    result = results[kind]
    data = fashion_mnist(300)
    chosen = subset_by_class(data.train_labels, 20)
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
    assert result.test_paths.shape == (2, 3, 2, 10)
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
    first, second = (result.spec.net(seed) for seed in (4, 5))
    ntk, other_ntk = (empirical_ntk(net, x).detach() for net in (first, second))
    active = path_gates(hard_net(first), x).long()
    for setting, classes in enumerate(SETTINGS.values()):
        assert np.array_equal(result.overlap[0, setting], active @ active.T)
        np.testing.assert_allclose(result.ntk[0, setting], ntk, rtol=1e-3, atol=1e-5)
        labels = modified_labels(data, seed=4, complex_classes=classes)[0][chosen]
        assert np.array_equal(result.labels[setting], labels)
    off_diagonal = ~torch.eye(30, dtype=torch.bool)
    block = torch.zeros_like(off_diagonal)
    block[6:9, 6:9] = True
    assert result.ntk_blocks[0, 2, 1, 2, 2] == pytest.approx(
        other_ntk[block & off_diagonal].mean().item(), rel=1e-3
    )
    assert result.ntk_blocks[0, 0, 1, 2, 5] == pytest.approx(
        other_ntk[6:9, 15:18].mean().item(), rel=1e-3, abs=1e-6
    )


@pytest.mark.parametrize("kind", KINDS)
def test_middle_is_where_the_simple_part_reaches_the_level(results, kind):
    result = results[kind]
    for number, setting in enumerate(SETTINGS):
        simple, _ = fashion.parts(result.accuracy, setting)
        for seed, middle in enumerate(result.middle_epoch[number]):
            if math.isnan(middle):
                middle_blocks, end_blocks = result.overlap_blocks[1:, number, seed]
                assert np.array_equal(middle_blocks, end_blocks)
                continue
            # Looked for every 20 steps, which is once an epoch here.
            assert middle == round(middle)
            looked = (result.epochs % 1 == 0) & (result.epochs < middle)
            assert (simple[looked, seed] < 0.5).all()
            assert (simple[result.epochs == middle, seed] >= 0.5).all()
    assert np.isfinite(result.middle_epoch).any()


def test_each_seed_and_setting_is_its_own_run(results, tmp_path, monkeypatch):
    """A seed trained alone gives the same accuracies as in company."""
    monkeypatch.setenv("HALFSPACE_CACHE", str(tmp_path))
    together = results["relu", "normalised"]
    alone = together.spec.replace(first_seed=5, seeds=1).result(device="cpu")
    np.testing.assert_allclose(alone.loss[:, :, 0], together.loss[:, :, 1], rtol=1e-4)
    assert not np.allclose(together.loss[:, :, 0], together.loss[:, :, 1], rtol=1e-4)
    np.testing.assert_allclose(alone.log_paths[0, :, 0], together.log_paths[0, :, 1])


def made_up(**arrays):
    return Result(ModifiedFashionMNIST(model="relu", images="raw"), arrays, {}, source="computed")


def test_parts_and_differences():
    log_paths = np.zeros((2, 3, 1, 10))
    log_paths[1, 0, 0, :5] = 3.0  # modified: the simple classes gain
    log_paths[1, 1, 0, 5:] = 1.0  # swapped: again the simple classes gain
    result = made_up(log_paths=log_paths)
    for setting, gain in (("modified", 3.0), ("swapped", 1.0), ("original", 0.0)):
        simple, complicated = fashion.parts(log_paths, setting)
        assert simple[1, 0] - complicated[1, 0] == gain
        assert fashion.allocations(result, setting)["end − start"] == f"{gain:+.2f}"
    assert fashion.advantage(result, "swapped")[:, 0].tolist() == [0, -1]
    assert fashion.label_effect(result)[:, 0].tolist() == [0, 2]


def test_block_contrast_leaves_out_what_has_no_logarithm():
    blocks = np.ones((3, 3, 1, 10, 10))
    blocks[..., :5, :5] = math.e
    blocks[2, ..., 5:, 5:] = -1
    contrast = fashion.block_contrast(made_up(ntk_blocks=blocks), "ntk")
    assert contrast.shape == (3, 3, 1)
    assert np.allclose(contrast[:2], 1) and np.isnan(contrast[2]).all()


CHANGES = dict(
    model="dlgn", images="normalised", n_train=600, width=64, depth=4, learning_rate=1e-3,
    batch_size=64, epochs=2, beta=10.0, first_seed=1, seeds=2, sample=50, kernel_sample=10,
    level=0.5, constant_input=False,
)  # fmt: skip


@pytest.mark.parametrize("field", list(ModifiedFashionMNIST.model_fields))
def test_every_field_is_in_the_key(field):
    base = ModifiedFashionMNIST(model="relu", images="raw")
    assert base.replace(**{field: CHANGES[field]}).key() != base.key()


def test_refuses_unbalanced_training_sets():
    with pytest.raises(ValueError, match="n_train must be a multiple of 10; got 15"):
        ModifiedFashionMNIST(model="relu", images="raw", n_train=15)


@pytest.mark.parametrize("model", ["relu", "dlgn"])
def test_untrained_nets_are_the_start_of_training(results, model, tmp_path, monkeypatch):
    monkeypatch.setenv("HALFSPACE_CACHE", str(tmp_path))
    trained = results[model, "raw"]
    few = dict(width=8, depth=3, first_seed=4, draws=2, kernel_sample=3)
    untrained = fashion.UntrainedNets(model=model, images="raw", **few).result(device="cpu")
    for name in ("overlap_blocks", "ntk_blocks"):
        np.testing.assert_allclose(
            untrained.arrays[name][0, 0], trained.arrays[name][0, 2], rtol=1e-3, atol=1e-5
        )
    # The kernel's diagonal counts each image's own paths.
    diagonal = np.diagonal(trained.overlap[0, 2]).astype(float)
    by_class = np.log1p(diagonal).reshape(10, 3).mean(1)
    np.testing.assert_allclose(untrained.log_paths[0, 0, 0], by_class)
    gap = by_class[:5].mean() - by_class[5:].mean()
    assert fashion.initial_advantage(untrained)[0] == pytest.approx(gap)


def test_tally_counts_nets():
    log_paths = np.ones((3, 3, 2, 10))
    log_paths[:, 0, 0, :5] = [[2], [3], [2]]  # ahead throughout, but nothing gained
    log_paths[:, 0, 1, :5] = [[0], [0.5], [0.75]]  # behind throughout, but gained
    assert fashion.tally([made_up(log_paths=log_paths)] * 2, "modified") == {
        "nets": 4,
        "ahead": 2,
        "gained": 2,
    }


def test_effects_are_read_at_the_middle_and_at_the_end():
    log_paths = np.zeros((4, 3, 2, 10))
    log_paths[:, 0, :, :5] = np.array([[0, 0], [2, 4], [1, 1], [-1, 1]])[
        ..., None
    ]  # modified; nothing else moves
    middle_epoch = np.array([[0.4, 0.5], [0.6, np.nan], [0.1, 0.1]])
    result = made_up(
        log_paths=log_paths, middle_epoch=middle_epoch, epochs=np.array([0, 0.5, 1, 9])
    )
    assert fashion.effects(result) == {
        "middle": "+1.00",  # of the first seed, the second one's swapped net never got there
        "positive, middle": "1 of 1",
        "after epoch 1": "0.50 (0.50 to 0.50)",
        "positive, after epoch 1": "2 of 2",
        "end": interval_text(np.array([-0.5, 0.5])),
        "positive, end": "1 of 2",
    }
