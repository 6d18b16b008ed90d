"""Training runs on the circle: their arrays say what they claim, on a small run."""

import numpy as np
import pytest
import torch
from halfspace.companion.circle.readings import error_between_points, total_loss
from halfspace.companion.circle.specs import CircleTraining, recipe, trained_net
from halfspace.companion.circle.target import Circle
from halfspace.datasets import circle_grid, circle_points
from halfspace.gates import HardGate
from halfspace.nets import DeepLinearNet
from halfspace.ntk import empirical_ntk
from halfspace.overlap import active_path_counts, overlap_kernel

SMALL = dict(
    width=6, depth=3, epochs=6, seeds=3, grid=32, function_epochs=(0, 2, 6), early_level=0.5
)


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HALFSPACE_CACHE", str(tmp_path_factory.mktemp("cache")))
        models = ("relu", "dlgn", "frozen")
        specs = {model: recipe(model, **SMALL, first_seed=5) for model in models}
        specs["biased"] = recipe("dlgn", **SMALL, bias=True)
        yield {name: spec.result(device="cpu") for name, spec in specs.items()}


def hard_gates(net, x):
    return net.gates(x, HardGate())


@pytest.mark.parametrize("name", ["relu", "dlgn", "frozen", "biased"])
def test_last_record_is_the_trained_net(results, name):
    result = results[name]
    target = result.spec.target
    x, y, top = target.points(), target.values(), target.top()
    for index in range(3):
        net = trained_net(result, index)
        gates = hard_gates(net, x)
        squares = (net(x) - y).square().detach().squeeze(-1)
        hard_output = net(x, gates=gates)
        counts = active_path_counts(gates, bias=net.has_bias).double()
        for array, expected in (
            (result.loss, squares.mean()),
            (result.loss_top, squares[top].mean()),
            (result.loss_bottom, squares[~top].mean()),
            (result.hard_loss, (hard_output - y).square().mean().detach()),
            (result.log_paths_top, counts[top].log1p().mean()),
            (result.paths_bottom, counts[~top].mean()),
            (result.zero_bottom, (counts[~top] == 0).double().mean()),
        ):
            assert array[-1, index] == pytest.approx(expected.item(), rel=1e-4)


@pytest.mark.parametrize("name", ["relu", "dlgn", "frozen", "biased"])
def test_kernels_and_functions_at_start_and_end(results, name):
    result = results[name]
    angles = torch.from_numpy(result.angles)
    fine_grid = circle_points(angles)
    _, grid = circle_grid(32)
    for time, net in ((0, result.spec.net(result.spec.first_seed)), (2, trained_net(result, 0))):
        gates = hard_gates(net, grid)
        assert np.array_equal(result.overlap[time], overlap_kernel(gates, bias=net.has_bias))
        np.testing.assert_allclose(result.ntk[time], empirical_ntk(net, grid), rtol=1e-3, atol=1e-5)
    assert result.functions.shape == (3, 3, 128)
    np.testing.assert_allclose(result.target, result.spec.target.target(angles), rtol=1e-6)
    np.testing.assert_allclose(
        result.functions[-1, 0],
        trained_net(result, 0)(fine_grid).detach()[:, 0],
        rtol=1e-3,
        atol=1e-5,
    )
    np.testing.assert_allclose(result.ntk_alignment[0], 1.0, rtol=1e-9)
    diagonal = np.diagonal(result.ntk[2])
    assert result.ntk_top[2, 0] == pytest.approx(diagonal[:16].mean(), rel=1e-4)
    assert result.ntk_bottom[2, 0] == pytest.approx(diagonal[16:].mean(), rel=1e-4)


def test_frozen_gates_do_not_move_and_trained_ones_do(results):
    frozen, trained = results["frozen"], results["dlgn"]
    assert np.array_equal(frozen.normals_start, frozen.normals_end)
    assert np.ptp(frozen.log_paths_top, axis=0).max() == 0
    assert not np.array_equal(trained.normals_start, trained.normals_end)
    # The three models start from the same seeds: the gating networks agree at the start.
    assert np.array_equal(frozen.normals_start, trained.normals_start)


def test_half_spaces_are_the_gates(results):
    result = results["dlgn"]
    x = result.spec.target.points()
    net = trained_net(result, 1)
    normals = torch.from_numpy(result.normals_end[1])
    active = torch.einsum("lid,nd->nli", normals, x) >= 0
    assert (active.float() == hard_gates(net, x)).float().mean() > 0.999  # ties may round apart


def test_early_is_the_first_epoch_below_the_level(results):
    result = results["dlgn"]
    below = result.loss < result.spec.early_level
    expected = np.where(below.any(axis=0), below.argmax(axis=0), -1)
    assert np.array_equal(result.early_epoch, expected)


def test_the_loss_of_halves_is_the_recorded_one(results):
    for name in ("loss", "hard_loss"):
        loss = total_loss(results["relu"], name)
        np.testing.assert_allclose(loss, results["relu"].arrays[name], rtol=1e-5)


def test_errors_between_points_are_taken_at_no_training_point(results):
    result = results["relu"]
    halves = np.mean(error_between_points(result), axis=0)
    squares = (result.functions[-1] - result.target) ** 2
    np.testing.assert_allclose(halves, squares.mean(1), rtol=1e-6)
    assert not set(np.round(result.spec.target.angles().numpy(), 6)) & set(result.angles.round(6))


def test_recipe_keeps_functions_within_the_training():
    assert recipe("dlgn", epochs=50).function_epochs == (0, 5, 20, 50)
    assert recipe("frozen").function_epochs[-1] == 8000
    with pytest.raises(ValueError, match=r"function_epochs must be from 0 to 50; got \[100, 300\]"):
        CircleTraining(model="dlgn", epochs=50)


def test_specs_check_their_fields():
    base = dict(model="dlgn", function_epochs=(0,))
    keys = {CircleTraining(**base).key()}
    changes = dict(
        model="relu", target=Circle(n=64), width=8, depth=4, gate="hard", beta=10.0, init="he",
        gain=0.5, gating_gain=0.5, bias=True, constant_input=False, optimizer="sgd",
        learning_rate=1e-2, batch_size=64, epochs=10, record_every=2,
        function_epochs=(0, 5), early_level=0.3, first_seed=1, seeds=3, grid=64,
        own_order=True,
    )  # fmt: skip
    assert set(changes) == set(CircleTraining.model_fields)
    keys |= {CircleTraining(**base | {name: value}).key() for name, value in changes.items()}
    assert len(keys) == len(changes) + 1
    with pytest.raises(ValueError, match="index must be from 0 to 2; got 3"):
        trained_net(type("R", (), {"spec": CircleTraining(model="relu", seeds=3)})(), 3)


def test_the_batches_order_can_have_a_separate_stream():
    shared, own = (
        recipe("relu", epochs=1, seeds=1, first_seed=3, own_order=own).run(torch.device("cpu"))[0]
        for own in (False, True)
    )
    np.testing.assert_array_equal(shared["loss"][0], own["loss"][0])
    assert not np.array_equal(shared["loss"][1], own["loss"][1])
    assert recipe("relu", own_order=False).key() == recipe("relu").key()
    assert recipe("relu", own_order=True).key() != recipe("relu").key()


def test_a_deep_linear_net_fits_a_linear_function_alone():
    net = recipe("linear").net(0)
    assert type(net) is DeepLinearNet
    points = torch.tensor([[1.0, 2.0], [-1.0, -2.0]])
    assert net(points)[0].item() == pytest.approx(-net(points)[1].item())
