"""Regions counted while nets train: the counts of the nets that were kept."""

import numpy as np
import pytest
import torch
from halfspace import regions
from halfspace.companion.circle.specs import recipe, trained_net
from halfspace.companion.regions.in_training import (
    CountsDuringTraining,
    RegionsDuringTraining,
    net_at,
)

SHORT = dict(at=(0, 1, 3), seeds=2, first_seed=7)


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HALFSPACE_CACHE", str(tmp_path_factory.mktemp("cache")))
        return {
            model: RegionsDuringTraining(model=model, **SHORT).result(device="cpu")
            for model in ("relu", "dlgn")
        }


@pytest.mark.parametrize("model", ["relu", "dlgn"])
def test_counts_are_those_of_the_nets_kept(results, model):
    result = results[model]
    assert result.patterns.shape == result.paths.shape == result.loss.shape == (3, 2)
    assert result.at.tolist() == [0, 1, 3]
    target = result.spec.training.target
    for row, epoch in enumerate(SHORT["at"]):
        net = net_at(result, epoch)
        cut = regions.partition(net, result.spec.window)
        occupied = regions.path_regions(cut)
        assert len(cut.cells) == result.patterns[row, 0]
        assert len(occupied.paths) == result.paths[row, 0]
        split = (regions.component_counts(cut, occupied.paths[::50]) > 1).sum()
        assert split <= result.disconnected[row, 0] < len(occupied.paths)
        loss = (net(target.points()) - target.values()).square().mean()
        assert result.loss[row, 0] == pytest.approx(loss.item(), rel=1e-5)


def test_every_seed_has_its_own_counts_and_the_window_its_size(results):
    result = results["relu"]
    first = [result.spec.training.net(seed) for seed in (7, 8)]
    cells = [len(regions.partition(net, result.spec.window).cells) for net in first]
    assert cells == result.patterns[0].tolist() and cells[0] != cells[1]
    wide = result.spec.replace(half_side=2.0).window
    np.testing.assert_allclose(np.abs(wide), 2.0)


def test_only_relu_regions_fall_into_pieces(results):
    assert results["relu"].disconnected.sum() > 0
    assert results["dlgn"].disconnected.sum() == 0
    net = net_at(results["dlgn"], 3)
    cut = regions.partition(net, results["dlgn"].spec.window)
    assert (regions.component_counts(cut, regions.path_regions(cut).paths[:500]) == 1).all()


def test_the_training_is_chapter_4s(results, tmp_path, monkeypatch):
    monkeypatch.setenv("HALFSPACE_CACHE", str(tmp_path))
    spec = results["relu"].spec
    assert spec.training.bias and spec.training.gain == 0.6 and spec.training.epochs == 3
    alone = trained_net(spec.training.replace(seeds=1, grid=8).result(device="cpu"))
    together = net_at(results["relu"], 3)
    x = spec.training.target.points()
    torch.testing.assert_close(alone(x), together(x), rtol=1e-4, atol=1e-5)  # float32, 3 epochs


def test_refusals(results):
    with pytest.raises(ValueError, match=r"epoch must be one of \(0, 1, 3\); got 2"):
        net_at(results["relu"], 2)
    for at in [(), (0,), (3, 1), (1, 1), (-1, 2)]:
        with pytest.raises(ValueError, match="increasing epochs, the last at least 1"):
            RegionsDuringTraining(model="relu", at=at)


def test_each_field_changes_the_key():
    base = RegionsDuringTraining(model="relu")
    changes = dict(model="dlgn", at=(0, 2), half_side=2.0, first_seed=1, seeds=4)
    assert set(changes) == set(RegionsDuringTraining.model_fields)
    keys = {base.replace(**{name: value}).key() for name, value in changes.items()}
    assert len(keys | {base.key()}) == len(changes) + 1
    assert np.array_equal(base.window, base.replace(seeds=4).window)


def counts(**changes):
    training = recipe("relu", bias=True, epochs=3, seeds=2, first_seed=7)
    return CountsDuringTraining(**dict(training=training, at=(0, 1, 3)) | changes)


def run(spec):
    return spec.run(torch.device("cpu"))[0]


def test_counts_alone_are_those_of_the_nets_that_are_kept(results):
    arrays = run(counts())
    np.testing.assert_array_equal(arrays["patterns"], results["relu"].patterns)
    np.testing.assert_allclose(arrays["loss"], results["relu"].loss)
    net = recipe("relu", bias=True).net(8)
    total = sum(parameter.double().sum() for parameter in net.parameters())
    assert arrays["initial"][1] == pytest.approx(total.item()) and not arrays["diverged"].any()
    wider = run(counts(half_side=9.0))
    assert (wider["patterns"] > arrays["patterns"]).all()


def test_one_seed_counts_as_it_does_among_others():
    alone = run(counts().one_seed(1))
    together = run(counts())
    assert alone["initial"][0] == together["initial"][1]
    np.testing.assert_array_equal(alone["patterns"][0, 0], together["patterns"][0, 1])


def test_counting_ends_with_training():
    for at in [(1, 3), (0, 1), (0, 3, 1, 3)]:
        with pytest.raises(ValueError, match="from 0 to training.epochs, 3; got"):
            counts(at=at)


def test_each_field_of_the_counts_changes_the_key():
    changes = dict(training=counts().training.replace(seeds=3), at=(0, 3), half_side=2.0)
    assert set(changes) == set(CountsDuringTraining.model_fields)
    keys = {counts(**{name: value}).key() for name, value in changes.items()}
    assert len(keys | {counts().key()}) == len(changes) + 1
