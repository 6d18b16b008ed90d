"""The experiments with ideas against the allocation."""

import numpy as np
import pytest
import torch
from halfspace.companion.circle.readings import total_loss
from halfspace.companion.circle.specs import recipe
from halfspace.companion.conjectures.conditions import freezing_conditions, surrogate_conditions
from halfspace.companion.fashion.data import fashion_inputs, modified_labels
from halfspace.companion.intervals import first_below
from halfspace.companion.reallocation import specs
from halfspace.companion.reallocation.conditions import (
    FASHION_RATES,
    plain_at_rate_of,
    reallocation_conditions,
    step_size_conditions,
)
from halfspace.companion.reallocation.ideas import IDEAS, idea_options
from halfspace.companion.reallocation.specs import (
    CircleReallocation,
    FashionReallocation,
    path_counts,
)
from halfspace.datasets import circle_grid, fashion_mnist
from halfspace.nets import stack
from halfspace.overlap import active_path_counts
from halfspace.training import fit

CPU = torch.device("cpu")


def circle_spec(idea, **changes):
    training = recipe("dlgn", epochs=4, seeds=2, first_seed=7, function_epochs=(0,))
    return CircleReallocation(training=training, idea=idea, at=(0, 2, 4), grid=32).replace(
        **changes
    )


def weight_sums_of(spec, seeds):
    """Sum the initial weights of some seeds' nets."""
    return [sum(p.double().sum().item() for p in spec.net(seed).parameters()) for seed in seeds]


def test_plain_descent_is_the_plain_training_run():
    spec = circle_spec("none")
    arrays = spec.run(CPU)[0]
    net, _ = spec.training.train(CPU)
    x, y, top = spec.target.points(), spec.target.values(), spec.target.top()
    angles, points = circle_grid(32)
    wanted = spec.target.target(angles).unsqueeze(-1)
    with torch.no_grad():
        errors, between = (net(x) - y).square().squeeze(-1), (net(points) - wanted).square()
        counts = active_path_counts((net.preactivations(x) >= 0).float()).double()
    for half, chosen_points, upper in (
        ("top", top, angles < np.pi),
        ("bottom", ~top, angles > np.pi),
    ):
        by_hand = dict(
            loss=errors[:, chosen_points],
            paths=counts[:, chosen_points],
            zero=(counts[:, chosen_points] == 0).double(),
            between=between[:, upper, 0],
        )
        for name, values in by_hand.items():
            np.testing.assert_allclose(arrays[f"{name}_{half}"][-1], values.mean(-1), rtol=1e-5)
    np.testing.assert_allclose(arrays["initial"], weight_sums_of(spec.training, (7, 8)), rtol=1e-10)
    assert np.isnan(arrays["fit_epoch"]).all() and not arrays["diverged"].any()
    other = circle_spec("own step sizes").run(CPU)[0]
    np.testing.assert_array_equal(other["loss_top"][0], arrays["loss_top"][0])
    assert not np.array_equal(other["loss_top"][-1], arrays["loss_top"][-1])


def test_the_epoch_of_the_fit_is_counted_in_epochs():
    training = recipe("dlgn", epochs=40, seeds=10, learning_rate=4e-3, beta=30.0, gating_gain=0.6)
    spec = circle_spec("none", training=training, at=tuple(range(41)))
    arrays = spec.run(CPU)[0]
    total = (arrays["loss_top"] + arrays["loss_bottom"]) / 2
    expected, later = (first_below(arrays["at"], total, level) for level in (0.05, 0.04))
    np.testing.assert_array_equal(arrays["fit_epoch"], expected)
    assert not np.array_equal(expected, later, equal_nan=True)


def test_a_seed_that_diverges_is_recorded_as_such():
    wild = circle_spec("none").with_training(optimizer="sgd", learning_rate=1e6)
    assert wild.run(CPU)[0]["diverged"].all()
    assert fashion_spec("none", learning_rate=1e30).run(CPU)[0]["diverged"].all()


def test_ideas_receive_the_run_that_they_belong_to(monkeypatch):
    calls = []

    def options(idea, net, x, y, **more):
        calls.append((idea, net.has_gating, len(x), y.shape, more))
        return idea_options(idea, net, x, y, **more)

    monkeypatch.setattr(specs, "idea_options", options)
    circle_spec("rebalanced loss").run(CPU)
    fashion_spec("new half-spaces", model="relu").run(CPU)
    on_circle = dict(seeds=range(7, 9), epochs=4, loss="mse")
    on_images = dict(seeds=range(3, 5), epochs=2, loss="cross_entropy")
    assert calls == [
        ("rebalanced loss", True, 256, (256, 1), on_circle),
        ("new half-spaces", False, 1000, (2, 1000), on_images),
    ]


def test_paths_along_the_circle_are_those_of_the_trained_net():
    spec = circle_spec("own step sizes").with_training(seeds=1)
    angles, counts = path_counts(spec, "cpu")
    net, _ = spec.training.train(CPU, factors={"gating": 3.0})
    points = torch.stack([torch.from_numpy(f(angles)) for f in (np.cos, np.sin)], 1).float()
    gates = (net.preactivations(points) >= 0).float()
    expected = active_path_counts(gates)[0].numpy()
    assert counts.shape == (32,) and (counts != expected).mean() < 0.1  # ties may round apart


def fashion_spec(idea, **changes):
    sizes = dict(n_train=1000, width=12, depth=2, seeds=2, first_seed=3, epochs=2, sample=30)
    given = dict(model="dlgn", images="normalised", idea=idea) | sizes | changes
    return FashionReallocation(**given)


def test_fashion_arrays():
    plain, weighted = (fashion_spec(idea).run(CPU)[0] for idea in ("none", "equal paths"))
    for arrays in (plain, weighted):
        assert arrays["accuracy"].shape == arrays["log_paths"].shape == (3, 2, 10)
        assert arrays["test_accuracy"].shape == (2, 10) and arrays["at"].tolist() == [0, 1, 2]
    np.testing.assert_array_equal(plain["log_paths"][0], weighted["log_paths"][0])
    assert not np.array_equal(plain["log_paths"][-1], weighted["log_paths"][-1])


def test_fashion_arrays_are_those_of_a_run_by_hand():
    spec = fashion_spec("none", learning_rate=2e-3, epochs=3)
    arrays, data = spec.run(CPU)[0], fashion_mnist(1000)
    assert arrays["at"].tolist() == [0, 1, 2, 3]
    x, test_x = (
        fashion_inputs(images, data.train_images, "normalised")
        for images in (data.train_images, data.test_images)
    )
    for copy, seed in enumerate((3, 4)):
        y, test_y = modified_labels(data, seed=seed)
        net = stack([spec.net(seed)])
        options = dict(seeds=[seed], epochs=3, learning_rate=2e-3, batch_size=128)
        history = fit(net, x, y, loss="cross_entropy", **options)
        np.testing.assert_allclose(arrays["loss"][:, copy], history.batch_loss[:, 0], rtol=1e-3)
        with torch.no_grad():
            right, test_right = net(x)[0].argmax(-1) == y, net(test_x)[0].argmax(-1) == test_y
            counts = active_path_counts((net.preactivations(x) >= 0).float())[0].double()
        for k in range(10):
            sample = (data.train_labels == k).nonzero()[:30, 0]
            for name, values, slack in (
                ("accuracy", right.double(), 0.04),
                ("log_paths", counts.log1p(), 0.02),
                ("zero", (counts == 0).double(), 0.04),
            ):
                np.testing.assert_allclose(
                    arrays[name][-1, copy, k], values[sample].mean(), atol=slack
                )
            share = test_right[data.test_labels == k].double().mean()
            np.testing.assert_allclose(arrays["test_accuracy"][copy, k], share, atol=0.005)
    np.testing.assert_allclose(arrays["initial"], weight_sums_of(spec, (3, 4)), rtol=1e-10)
    assert not arrays["diverged"].any()


def test_conditions():
    listed = reallocation_conditions()
    assert len(listed) == 2 * len(IDEAS) * (1 + len(FASHION_RATES)) + 3  # plain, at other rates
    for conditions in (listed, freezing_conditions(), surrogate_conditions()):
        keys = {spec.key() for spec in conditions.values()}
        assert len(keys) == len(conditions)
    assert {spec.idea for spec in listed.values()} == set(IDEAS)


@pytest.mark.parametrize("model", ["relu", "dlgn"])
@pytest.mark.parametrize("idea", IDEAS)
def test_plain_descent_runs_at_the_learning_rate_of_each_idea(model, idea):
    listed = reallocation_conditions()
    plain, own = listed[plain_at_rate_of(model, idea)], listed[f"circle: {model}: {idea}"]
    assert plain == own.replace(idea="none")


def chosen():
    """Return the conditions on the circle, whose learning rates were chosen."""
    listed = reallocation_conditions()
    return [listed[f"circle: {model}: {idea}"] for model in ("relu", "dlgn") for idea in IDEAS]


def test_learning_rates_were_tried_on_other_seeds_and_nothing_else():
    tried = step_size_conditions()
    keys = [spec.key() for spec in tried.values()]
    wanted = {
        spec.with_training(first_seed=0, seeds=20, learning_rate=rate).replace(at=(0, 100)).key()
        for spec in chosen()
        for rate in (0.0005, 0.001, 0.002, 0.004, 0.008)
    }
    assert len(keys) == len(wanted) == 50 and set(keys) == wanted
    for name, spec in tried.items():
        assert name == f"{spec.training.model}: {spec.idea}: {spec.training.learning_rate}"
    assert all(spec.training.first_seed >= 20 for spec in chosen())


def test_the_learning_rates_are_the_best_of_those_tried():
    runs = [spec.recorded() for spec in step_size_conditions().values()]
    if None in runs:
        pytest.skip(
            f"{runs.count(None)} of {len(runs)} runs of learning rates are not recorded yet"
        )
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
