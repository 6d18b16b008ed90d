"""Nets on Fashion-MNIST with gates of several kinds: small runs on real images."""

import numpy as np
import pytest
import torch
from halfspace.companion.fashion.study import FashionStudy
from halfspace.companion.hardness import conditions, images
from halfspace.companion.hardness.images import HardImages, StepSizeOnImages
from halfspace.companion.spec import results
from halfspace.gates import StraightThroughGate
from halfspace.kernels import alignment

CPU = torch.device("cpu")
SMALL = dict(
    images="raw", epochs=2, seeds=2, n_train=600, width=8, depth=2, batch_size=50,
    learning_rate=1e-3,
)  # fmt: skip
FIELDS = SMALL | dict(model="dlgn", labels="modified", sample=10)


def test_soft_gates_train_as_in_section_5():
    """The same weights, batches and measurements; further ones are added."""
    ours, theirs = (spec(**FIELDS)._run(CPU) for spec in (HardImages, FashionStudy))
    for name, values in theirs.items():
        np.testing.assert_array_equal(ours[name], values, err_msg=name)
    added = {"hardness", "r2", "starved", "pixels_with_labels"}
    assert ours.keys() - theirs.keys() == added


def test_gates_that_are_hard_in_training_stay_the_same():
    arrays = HardImages(**FIELDS, gate="straight-through")._run(CPU)
    assert (arrays["hardness"] == 1).all() and (arrays["r2"] == 1).all()
    np.testing.assert_array_equal(arrays["test_accuracy"], arrays["test_hard_accuracy"])
    net = HardImages(**FIELDS, gate="straight-through").net(3)
    assert net.gate == StraightThroughGate(4.0)


def test_annealed_gates_end_with_the_last_beta():
    soft, annealed, barely = (
        HardImages(**FIELDS, gate=gate, last_beta=last)._run(CPU)
        for gate, last in (("soft", 1000.0), ("annealed", 1000.0), ("annealed", 4.0))
    )
    assert (annealed["hardness"][0] == soft["hardness"][0]).all()
    assert (annealed["hardness"][1] > 0.9).all() and (soft["hardness"][1] < 0.9).all()
    for name, values in soft.items():  # at a constant β nothing is annealed
        np.testing.assert_array_equal(barely[name], values, err_msg=name)


def test_pixels_are_compared_with_labels_on_the_images_of_the_kernels():
    spec = HardImages(**FIELDS)
    problem = spec.problem([(seed, spec.complex_classes(seed)) for seed in (0, 1)], CPU)
    sample = problem.sample(20)
    x, y = problem.x[sample].double(), problem.y[:, sample]
    expected = [alignment(x @ x.T, (row[:, None] == row).double()).item() for row in y]
    np.testing.assert_allclose(spec._run(CPU)["pixels_with_labels"], expected, rtol=1e-6)
    assert expected[0] != expected[1]  # each seed draws its labels


def test_step_sizes_are_compared_on_images_that_nets_did_not_see(monkeypatch):
    given, real_fit, real_accuracy = {}, images.fit, images.accuracy

    def noting_fit(net, x, y, **options):
        given["trained"] = x
        return real_fit(net, x, y, **options)

    def noting_accuracy(net, x, y):
        given["tested"] = x
        return real_accuracy(net, x, y)

    monkeypatch.setattr(images, "fit", noting_fit)
    monkeypatch.setattr(images, "accuracy", noting_accuracy)
    spec = StepSizeOnImages(**SMALL, model="dlgn")
    arrays = spec._run(CPU)
    assert arrays["accuracy"].shape == arrays["hard_accuracy"].shape == (2,)
    x = spec.problem([(0, ())], CPU).x
    assert len(given["trained"]) == 500 and len(given["tested"]) == 100
    parts = torch.cat([given["trained"], given["tested"]])
    assert {row.numpy().tobytes() for row in parts} == {row.numpy().tobytes() for row in x}


def test_step_sizes_are_chosen_on_other_seeds():
    runs = conditions.step_size_conditions()
    assert len(runs) == len(conditions.NETS_ON_IMAGES) * len(images.RATES)
    assert all(spec.first_seed == 0 and spec.seeds == 3 for spec in runs.values())
    with pytest.raises(ValueError, match="last_beta"):
        HardImages(**FIELDS, gate="annealed", last_beta=0)


def test_each_net_has_the_step_size_that_did_best():
    done = results(conditions.step_size_conditions())
    for name in conditions.NETS_ON_IMAGES:
        scores = {}
        for rate in images.RATES:
            run = done[f"{name}, {rate:g}"]
            assert run.source == "recorded" and not run.diverged.any()
            own = run.hard_accuracy if name == "annealed" else run.accuracy
            scores[rate] = own.mean(dtype=np.float64)
        assert images.STEP_SIZES[name] == max(scores, key=scores.get), scores


def test_nets_on_images_share_their_seeds_and_differ_in_gates_step_size_and_labels():
    runs = conditions.image_conditions()
    assert len(runs) == 19 and len(set(runs.values())) == 19
    one = runs[images.image_run("soft, beta 4", 3e-4, "original")]
    assert (one.first_seed, one.seeds, one.epochs, one.images) == (5000, 10, 15, "raw")
    for spec in runs.values():
        varied = ("model", "beta", "gate", "learning_rate", "labels")
        assert spec.replace(**{name: getattr(one, name) for name in varied}) == one
    for net in ("straight-through", "annealed", "soft, beta 100"):
        for labels in ("modified", "swapped"):
            spec = runs[images.image_run(net, images.COMMON_STEP, labels)]
            assert spec.learning_rate == one.learning_rate
