"""The experiments with ideas against the allocation."""

import numpy as np
import pytest
import torch
from halfspace.experiments import Result
from halfspace.experiments.circle import recipe, total_loss
from halfspace.experiments.conjecture_studies import (
    FASHION_RATES,
    freezing_conditions,
    reallocation_conditions,
    step_size_conditions,
    surrogate_conditions,
)
from halfspace.experiments.reallocation import (
    CircleReallocation,
    FashionReallocation,
    better_rate,
    path_counts,
)
from halfspace.overlap import active_path_counts
from halfspace.reallocation import IDEAS

CPU = torch.device("cpu")


def circle_spec(idea, **changes):
    training = recipe("dlgn", epochs=4, seeds=2, first_seed=7, function_epochs=(0,))
    return CircleReallocation(training=training, idea=idea, at=(0, 2, 4), grid=32).replace(
        **changes
    )


def test_plain_descent_is_the_plain_training_run():
    spec = circle_spec("none")
    found = spec._run(CPU)
    net, _ = spec.training.train(CPU)
    x, y, top = spec.target.points(), spec.target.values(), spec.target.top()
    errors = (net(x) - y).square().squeeze(-1)
    np.testing.assert_allclose(found["loss_top"][-1], errors[:, top].mean(-1).detach(), rtol=1e-5)
    assert found["between_bottom"].shape == (3, 2) and np.isnan(found["fit_epoch"]).all()
    other = circle_spec("own step sizes")._run(CPU)
    np.testing.assert_array_equal(other["loss_top"][0], found["loss_top"][0])
    assert not np.array_equal(other["loss_top"][-1], found["loss_top"][-1])


def test_the_epoch_of_the_fit_is_counted_in_epochs():
    training = recipe("dlgn", epochs=60, seeds=1, learning_rate=8e-3, beta=30.0, gating_gain=0.6)
    spec = circle_spec("none", training=training, at=tuple(range(61)))
    found = spec._run(CPU)
    total = (found["loss_top"] + found["loss_bottom"])[:, 0] / 2
    assert found["fit_epoch"][0] == np.argmax(total < 0.05) > 0


def test_paths_along_the_circle_are_those_of_the_trained_net():
    spec = circle_spec("none").with_training(seeds=1)
    angles, counts = path_counts(spec, "cpu")
    net, _ = spec.training.train(CPU)
    points = torch.stack([torch.from_numpy(f(angles)) for f in (np.cos, np.sin)], 1).float()
    gates = (net.preactivations(points) >= 0).float()
    expected = active_path_counts(gates)[0].numpy()
    assert counts.shape == (32,) and (counts != expected).mean() < 0.1  # ties may round apart


def fashion_spec(idea, **changes):
    few = dict(n_train=1000, width=12, depth=2, seeds=2, first_seed=3, epochs=2, sample=30)
    given = dict(model="dlgn", images="normalised", idea=idea) | few | changes
    return FashionReallocation(**given)


def test_fashion_arrays():
    plain, weighted = (fashion_spec(idea)._run(CPU) for idea in ("none", "equal paths"))
    for found in (plain, weighted):
        assert found["accuracy"].shape == found["log_paths"].shape == (3, 2, 10)
        assert found["test_accuracy"].shape == (2, 10) and found["at"].tolist() == [0, 1, 2]
    np.testing.assert_array_equal(plain["log_paths"][0], weighted["log_paths"][0])
    assert not np.array_equal(plain["log_paths"][-1], weighted["log_paths"][-1])


def test_the_better_step_size_is_the_one_that_fits_training_images_better():
    results = [
        Result(None, {"accuracy": np.full((2, 3, 10), level)}, {}, "computed")
        for level in (0.5, 0.7, 0.6)
    ]
    assert better_rate(*results) is results[1]


def test_conditions():
    listed = reallocation_conditions()
    assert len(listed) == 2 * len(IDEAS) * (1 + len(FASHION_RATES))
    for conditions in (listed, freezing_conditions(), surrogate_conditions()):
        keys = {spec.key() for spec in conditions.values()}
        assert len(keys) == len(conditions)
    assert {spec.idea for spec in listed.values()} == set(IDEAS)


def chosen():
    """Return the conditions on the circle, whose step sizes were chosen."""
    listed = reallocation_conditions().values()
    return [spec for spec in listed if isinstance(spec, CircleReallocation)]


def test_step_sizes_were_tried_on_other_seeds_and_nothing_else():
    tried = step_size_conditions()
    keys = [spec.key() for spec in tried.values()]
    wanted = {
        spec.with_training(first_seed=0, learning_rate=rate).replace(at=(0, 100)).key()
        for spec in chosen()
        for rate in (0.0005, 0.001, 0.002, 0.004, 0.008)
    }
    assert len(keys) == len(wanted) == 50 and set(keys) == wanted
    for name, spec in tried.items():
        assert name == f"{spec.training.model}: {spec.idea}: {spec.training.learning_rate}"
    assert all(spec.training.first_seed >= 20 == spec.training.seeds for spec in chosen())


def test_the_step_sizes_are_the_best_of_those_tried():
    runs = [spec.recorded() for spec in step_size_conditions().values()]
    if None in runs:
        pytest.skip(f"{runs.count(None)} of {len(runs)} runs of step sizes are not recorded yet")
    for spec in chosen():
        errors = {}
        for run in runs:
            if (run.spec.training.model, run.spec.idea) == (spec.training.model, spec.idea):
                error = np.log(total_loss(run)[-1]).mean()
                errors[run.spec.training.learning_rate] = np.nan_to_num(error, nan=np.inf)
        assert spec.training.learning_rate == min(errors, key=errors.get), (spec.idea, errors)


def test_fields_change_the_key_and_refusals():
    base = circle_spec("none")
    training = base.training.replace(seeds=3)
    changes = dict(training=training, idea="equal paths", at=(0, 1, 4), grid=64)
    assert set(changes) == set(CircleReallocation.model_fields)
    keys = {base.replace(**{name: value}).key() for name, value in changes.items()}
    assert len(keys | {base.key()}) == len(changes) + 1
    other = fashion_spec("none")
    changes = dict(
        model="relu", images="raw", constant_input=False, width=13, depth=3, beta=2.0,
        first_seed=4, n_train=2000, learning_rate=1e-3, batch_size=64, idea="equal paths",
        epochs=3, seeds=3, sample=20,
    )  # fmt: skip
    assert set(changes) == set(FashionReallocation.model_fields)
    keys = {other.replace(**{name: value}).key() for name, value in changes.items()}
    assert len(keys | {other.key()}) == len(changes) + 1
    with pytest.raises(ValueError, match="increase from 0 to training.epochs, 4; got"):
        base.replace(at=(0, 2))
    for spec in (circle_spec, fashion_spec):
        with pytest.raises(ValueError, match="idea must be one of .*; got 'luck'"):
            spec("luck")
