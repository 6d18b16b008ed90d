"""The circle study measures what it says, copy by copy."""

import math

import numpy as np
import pytest
import torch
from halfspace import regions
from halfspace.companion.circle.measures import hard_forward, hard_gates
from halfspace.companion.circle.specs import recipe
from halfspace.companion.circle.study import CircleStudy, power_from
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
        points = circle_grid(32)[1]
        ntk = empirical_ntk(net, points).double()
        overlap = overlap_kernel(hard_gates(net, points), bias=net.has_bias).double()
        expected["ntk_top"] = ntk.diagonal()[:16].mean()
        expected["ntk_start"] = expected["overlap_start"] = 1
        expected["ntk_overlap"] = expected["ntk_overlap_start"] = torch.cosine_similarity(
            ntk.ravel(), overlap.ravel(), dim=0
        )
        expected["initial"] = sum(p.double().sum() for p in net.parameters()).detach()
        for key, value in expected.items():
            got = measured[key][column] if key == "initial" else measured[key][0, column]
            assert float(got) == pytest.approx(float(value), rel=1e-4, abs=1e-9), key


def test_layers_are_described_at_the_start_and_the_end(runs, arrays):
    for name, measured in arrays.items():
        spec = runs[name].training
        net, x, top = spec.net(41), spec.target.points(), spec.target.top()
        gates = hard_gates(net, x)  # (n, H, m)
        on_top, on_bottom = gates[top].mean(0), gates[~top].mean(0)
        assert measured["active_top"].shape == (2, 2, 5)
        np.testing.assert_allclose(measured["active_bottom"][0, 1], on_bottom.mean(-1), rtol=1e-6)
        for half, more in dict(top=on_top > on_bottom, bottom=on_bottom > on_top).items():
            preferred = more.double().mean(-1)
            np.testing.assert_allclose(measured[f"prefer_{half}"][0, 1], preferred, rtol=1e-6)


def test_normals_belong_to_dlgns_without_biases(runs, arrays):
    assert "resultant" not in arrays["relu"] and "resultant" not in arrays["dlgn, biases"]
    net = runs["dlgn"].training.net(40)
    normals = regions.half_spaces(net)[0]
    angles = torch.atan2(normals[..., 1], normals[..., 0])
    for half, middle in dict(top=math.pi / 2, bottom=-math.pi / 2).items():
        facing = ((angles - middle).abs() <= math.pi / 4).double().mean(-1)
        np.testing.assert_allclose(arrays["dlgn"][f"facing_{half}"][0, 0], facing, rtol=1e-6)
    mean = torch.stack([angles.cos().mean(-1), angles.sin().mean(-1)]).norm(dim=0)
    np.testing.assert_allclose(arrays["dlgn"]["resultant"][0, 0], mean.detach(), rtol=1e-4)


def test_a_deep_linear_net_has_no_half_spaces_and_prefers_no_half():
    measured = study("linear").run(CPU)[0]
    assert "resultant" not in measured
    assert measured["active_top"].min() == 1 and measured["prefer_top"].max() == 0
    assert measured["zero_bottom"].max() == 0


def test_power_from_a_frequency_on():
    angles = math.pi * (np.arange(64) + 0.5) / 64  # of a half of the circle
    waves = np.sin(angles) + 2 * np.sin(2 * angles) + 3 * np.sin(8 * angles)
    powers = [power_from(waves, frequency) for frequency in (0, 0.5, 1, 2, 3, 8, 9)]
    assert powers == pytest.approx([7, 7, 7, 6.5, 4.5, 4.5, 0], abs=1e-12)


def test_artefacts_are_those_of_the_residual(runs):
    training = runs["relu"].training.replace(gain=1e-3)
    target = training.target.model_copy(update={"frequencies": (4.0, 8.0)})
    spec = CircleStudy(training=training.replace(target=target), at=AT, grid=32)
    arrays = spec.run(CPU)[0]
    # A nearly zero net leaves the target, whole waves with mean square 1/2.
    for half in ("top", "bottom"):
        np.testing.assert_allclose(arrays[f"artefacts_{half}"][0], 0.5, rtol=1e-3)
        assert arrays[f"overtones_{half}"].max() < 1e-3


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
