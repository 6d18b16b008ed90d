"""The circle study measures what it says, copy by copy."""

import math

import numpy as np
import pytest
import torch
from halfspace import regions
from halfspace.companion.circle.measures import hard_forward, hard_gates
from halfspace.companion.circle.specs import recipe
from halfspace.companion.circle.study import CircleStudy
from halfspace.companion.circle.target import Circle
from halfspace.datasets import circle_grid
from halfspace.ntk import empirical_ntk
from halfspace.overlap import active_path_counts, overlap_kernel

AT = (0, 2)
CPU = torch.device("cpu")


def study(model, **changes):
    training = recipe(model, epochs=2, seeds=2, first_seed=40, function_epochs=(0, 2), **changes)
    return CircleStudy(training=training, at=AT, grid=32)


@pytest.fixture(scope="module")
def runs():
    return {
        "relu": study("relu"),
        "dlgn": study("dlgn"),
        "dlgn, biases": study("dlgn", bias=True),
    }


@pytest.fixture(scope="module")
def arrays(runs):
    return {name: spec.run(CPU)[0] for name, spec in runs.items()}


@pytest.mark.parametrize("name", ["relu", "dlgn", "dlgn, biases"])
def test_measures_at_the_start_are_those_of_each_net(runs, arrays, name):
    spec, measured = runs[name].training, arrays[name]
    x, y, top = spec.target.points(), spec.target.values(), spec.target.top()
    arc = circle_grid(2048)[1]
    for column, seed in enumerate((40, 41)):
        net = spec.net(seed).requires_grad_(True)
        expected = {}
        for key, outputs in {"loss": net(x), "hard_loss": hard_forward(net, x)}.items():
            squares = (outputs - y).detach().square()
            expected[f"{key}_top"] = squares[top].mean()
            expected[f"{key}_bottom"] = squares[~top].mean()
        counts = active_path_counts(hard_gates(net, x), bias=net.has_bias).double()
        expected["paths_bottom"] = counts[~top].mean()
        expected["log_paths_top"] = (1 + counts[top]).log().mean()
        expected["zero_top"] = (counts[top] == 0).double().mean()
        gates = hard_gates(net, arc)[:1024].bool().numpy()
        expected["patterns_top"] = len(np.unique(gates, axis=0))
        expected["regions_top"] = regions.count_active_somewhere(gates)
        points = circle_grid(32)[1]
        ntk = empirical_ntk(net, points).double()
        overlap = overlap_kernel(hard_gates(net, points), bias=net.has_bias).double()
        expected["ntk_top"] = ntk.diagonal()[:16].mean()
        expected["ntk_start"] = expected["overlap_start"] = 1
        expected["ntk_overlap"] = torch.cosine_similarity(ntk.ravel(), overlap.ravel(), dim=0)
        expected["initial"] = sum(p.double().sum() for p in net.parameters()).detach()
        for key, value in expected.items():
            got = measured[key][column] if key == "initial" else measured[key][0, column]
            assert float(got) == pytest.approx(float(value), rel=1e-4, abs=1e-9), key


def test_soft_counts_and_normals_belong_to_dlgns(runs, arrays):
    assert "soft_log_paths_top" not in arrays["relu"] and "resultant" not in arrays["relu"]
    assert "resultant" not in arrays["dlgn, biases"]
    spec = runs["dlgn"].training
    net, x, top = spec.net(40), spec.target.points(), spec.target.top()
    # The activities of all paths sum to the product of the layers' sums.
    total = net.gates(x).sum(-1).prod(-1).log()[top].mean().detach()
    assert arrays["dlgn"]["soft_log_paths_top"][0, 0] == pytest.approx(float(total), rel=1e-5)
    normals = regions.half_spaces(net)[0]
    angles = torch.atan2(normals[..., 1], normals[..., 0])
    facing = ((angles - math.pi / 2).abs() <= math.pi / 4).double().mean(-1)
    np.testing.assert_allclose(arrays["dlgn"]["facing_top"][0, 0], facing.numpy(), rtol=1e-6)
    mean = torch.stack([angles.cos().mean(-1), angles.sin().mean(-1)]).norm(dim=0)
    np.testing.assert_allclose(arrays["dlgn"]["resultant"][0, 0], mean.detach(), rtol=1e-4)


def test_the_spectrum_shows_the_targets_frequencies(runs):
    training = runs["relu"].training
    target = training.target.model_copy(update={"frequencies": (4.0, 4.0)})
    whole = CircleStudy(training=training.replace(target=target, gain=1e-3), at=AT, grid=32)
    power = whole.run(CPU)[0]["spectrum"]
    # A nearly zero net leaves the target: one wave of amplitude 1, power 1/4 at its frequency.
    np.testing.assert_allclose(power[0, :, 4], 0.25, rtol=1e-3)
    assert np.delete(power[0], 4, axis=1).max() < 1e-4


def test_alignment_with_the_target_is_centred(runs):
    spec = runs["relu"]
    target = spec.training.target.target(circle_grid(32)[0]).double()
    kernels = {name: (5 + torch.outer(target, target))[None] for name in ("ntk", "overlap")}
    alignments = spec._alignments(kernels, kernels, CPU)
    for name in ("ntk_start", "ntk_overlap", "ntk_target", "overlap_target"):
        assert alignments[name].item() == pytest.approx(1)  # a constant does not count


def test_copies_train_as_they_would_alone(runs, arrays):
    alone = runs["dlgn"].replace(training=runs["dlgn"].training.replace(seeds=1, first_seed=41))
    single, both = alone.run(CPU)[0], arrays["dlgn"]
    assert single["initial"][0] == both["initial"][1]
    np.testing.assert_allclose(single["loss_top"][:, 0], both["loss_top"][:, 1], rtol=1e-4)


def test_epochs_of_measurement_end_with_the_training():
    for at in [(0, 1), (1, 2), (0, 2, 1, 2), (0, 3)]:
        with pytest.raises(ValueError, match="from 0 to training.epochs, 2; got"):
            study("relu").replace(at=at)


def test_each_field_changes_the_key():
    base = study("relu")
    changes = dict(training=base.training.replace(seeds=3), at=(0, 1, 2), grid=64)
    assert set(changes) == set(CircleStudy.model_fields)
    keys = {base.replace(**{name: value}).key() for name, value in changes.items()}
    assert len(keys | {base.key()}) == len(changes) + 1


def test_a_study_of_the_same_training_keeps_its_key():
    base = study("dlgn")
    same = base.with_training(seeds=2, target=Circle(frequencies=(2, 8)), beta=4)
    assert same.key() == base.key()
    other = base.with_training(seeds=3, beta=10.0)
    assert (other.training.seeds, other.training.beta, other.at) == (3, 10.0, AT)
    assert other.key() != base.key()
