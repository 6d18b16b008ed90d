"""Global minima, built and trained: data, risks without missed bumps, and what small runs give."""

import math

import numpy as np
import pytest
import torch
from halfspace.companion.interpolation import data, measures, specs, training
from halfspace.companion.interpolation.conditions import STUDIES
from halfspace.companion.interpolation.training import TrainedMinima
from halfspace.interpolation import bump_sum, least_gap
from halfspace.nets import ReLUNet, stack
from halfspace.paths import path_gates
from halfspace.training import net_losses

SMALL = dict(points=20, validation=30, test=50, width=16, epochs=6, times=4, seeds=2)


def run(spec):
    return spec.run(torch.device("cpu"))[0]


def test_points_of_the_square_keep_apart():
    x, y = data.noisy_square(np.random.default_rng(0), 8, 0.3)
    assert x.shape == (64, 2) and least_gap(torch.from_numpy(x), math.inf) >= 1 / 16
    assert x.min() >= 1 / 32 and x.max() <= 31 / 32
    assert 0.2 < (y - data.square_target(x)).std() < 0.4
    assert math.isclose(data.square_target(np.array([[0.25, 1.0]]))[0], -1)


def test_levels_of_noise_share_their_draws():
    sizes = dict(points=9, validation=5, test=7)
    loud, quiet, clean = (data.cube_problem(4, noise=noise, **sizes) for noise in (0.5, 0.25, 0))
    np.testing.assert_array_equal(loud.x, clean.x)
    np.testing.assert_allclose(loud.y - clean.y, 2 * (quiet.y - clean.y))
    np.testing.assert_allclose(clean.validation_y, data.cube_target(clean.validation_x))
    np.testing.assert_allclose(loud.test_y, data.cube_target(loud.test_x))
    assert math.isclose(data.cube_target(np.array([[0.5, 2, 3, 9, 9]]))[0], 7)


def test_noise_is_normal():
    sizes = dict(points=3000, validation=1, test=1)
    problem = data.cube_problem(0, noise=0.5, **sizes)
    errors = (problem.y - data.cube_target(problem.x)) / 0.5
    for bound, share in {1: 0.683, 2: 0.954}.items():
        assert abs((np.abs(errors) < bound).mean() - share) < 0.03


def test_a_line_s_points_are_sorted_and_its_target_known():
    x, y = data.noisy_line(1, 50, 0.0)
    assert (np.diff(x) > 0).all() and x.min() >= 0 and x.max() <= 1
    np.testing.assert_allclose(y, np.sin(2 * np.pi * x) + np.cos(6 * np.pi * x) / 2)


def test_fitted_outputs_leave_residuals_that_no_unit_explains(generator):
    x = torch.rand(30, 2, generator=generator).double()
    y = torch.randn(30, generator=generator).double()
    net = measures.fit_output(specs.bases(0, 5)["relu"], x, y)
    rest = y - net(x)[:, 0]
    hidden = net.value[0](x).relu()
    hidden = net.value[1](hidden).relu()
    assert abs(rest.mean()) < 1e-10 and (hidden.T @ rest).abs().max() < 1e-10
    assert 0.1 < rest.std() / y.std() < 1


def test_only_equal_units_count_in_the_kernel_of_pairs():
    gates = torch.tensor([[[1, 1, 0], [1, 0, 1]], [[1, 0, 0], [1, 1, 1]]]).double()
    assert measures.pair_kernel(gates).tolist() == [[1, 1], [1, 1]]
    gates[0, 1, 0] = 0
    assert measures.pair_kernel(gates).tolist() == [[0, 0], [0, 1]]


def test_a_spline_has_the_least_error_of_its_kind():
    x, y = data.noisy_line(2, 200, 0.3)
    spline = measures.linear_spline(x, y, 5)
    knots = np.linspace(0, 1, 6)
    hats = np.maximum(0, 1 - np.abs(x[:, None] - knots) * 5)
    np.testing.assert_allclose(hats.T @ (y - spline(x)), 0, atol=1e-10)
    np.testing.assert_allclose(
        spline(knots[:-1] + 0.1), (spline(knots)[:-1] + spline(knots)[1:]) / 2
    )


def test_the_nearest_label_is_that():
    x, y = data.noisy_line(3, 40, 0.3)
    at = np.random.default_rng(0).random(300)
    expected = y[np.abs(at[:, None] - x).argmin(1)]
    np.testing.assert_array_equal(measures.nearest_label(x, y)(at), expected)


def test_bumps_on_a_line_are_the_library_s():
    x, values = data.noisy_line(4, 30, 0.3)
    radius = 0.49 * np.diff(x).min()
    at = np.concatenate([x, x + 0.3 * radius, np.random.default_rng(0).random(50)])
    made = measures.line_bumps(at, x, values, radius)
    parts = [torch.from_numpy(part) for part in (at[:, None], x[:, None], values)]
    np.testing.assert_allclose(made, bump_sum(*parts, radius), atol=1e-12)


def test_no_bump_is_missed_in_the_risk():
    x, values = np.array([0.001, 0.3, 0.7]), np.array([1.0, -2.0, 3.0])
    grid = (np.arange(2_000_000) + 0.5) / 2_000_000

    def base(at):
        return 0.5 * at

    plain = base(grid) + measures.line_bumps(grid, x, values, 0.01)
    expected = np.square(plain - data.line_target(grid)).mean()
    assert math.isclose(measures.line_risk(base, x, values, 0.01), expected, rel_tol=1e-3)
    without = np.square(base(grid) - data.line_target(grid)).mean()
    assert math.isclose(measures.line_risk(base), without, rel_tol=1e-6)
    narrow = measures.line_risk(base, x, values, 1e-8)
    assert 0 < abs(narrow - without) < 1e-6  # far narrower than a cell of the grid


def test_built_minima_are_exact_and_cost_what_they_should():
    arrays = run(specs.BuiltMinima(side=4, width=6, radii=(0.06, 0.03), test=20_000, seeds=2))
    for name in ("relu", "bad", "dlgn", "edge"):
        assert (arrays[f"{name}_error"] < 1e-12).all(), name
    assert (arrays["wide_error"] > 1e-3).all() and (arrays["base_error"] > 1e-3).all()
    assert (arrays["kernel_gap"] == 0).all() and (arrays["shared"] > 0).all()
    for name in ("relu", "bad", "dlgn"):
        assert arrays[f"{name}_cost"].shape == (2, 2)
        score = (arrays[f"{name}_cost"] - 1) / arrays[f"{name}_noise"]
        assert (np.abs(score) < 4).all(), name
    assert (arrays["bad_risk"] > 5).all() and (arrays["relu_risk"] < 1).all()


@pytest.mark.parametrize("boxes", [False, True])
def test_the_deviation_of_a_cost_is_that_of_its_draws(generator, boxes):
    values, radius, test = torch.tensor([1.0, -2.0]).double(), 0.1, 400
    points = torch.tensor([[0.3, 0.3], [0.7, 0.6]]).double()
    x = torch.rand(2000 * test, 2, generator=generator).double()
    if boxes:
        outputs = ((x[:, None] - points).abs().amax(-1) <= radius).double() @ values
    else:
        outputs = bump_sum(x, points, values, radius)
    means = outputs.square().view(2000, test).mean(1)
    cost, deviation = specs._expected(values, radius, boxes, test)
    assert math.isclose(means.mean(), cost, rel_tol=0.03)
    assert math.isclose(means.std(), deviation, rel_tol=0.1)


def test_rates_tell_good_minima_from_bad_ones():
    arrays = run(specs.InterpolationRates(points=(64, 512), seeds=3))
    assert (arrays["misfit"] < 1e-12).all()
    assert (arrays["good"][:, 1] < arrays["good"][:, 0] / 2).all()
    np.testing.assert_allclose(arrays["good"], arrays["spline"], rtol=0.01)
    assert (arrays["bad"] > 0.7).all() and (abs(arrays["linear"][:, 1] - 0.06) < 0.02).all()


@pytest.mark.parametrize("model", ["relu", "dlgn"])
def test_a_stopped_net_with_bumps_fits_every_label(model):
    arrays = run(TrainedMinima(model=model, **SMALL))
    assert arrays["epochs"].tolist() == [0, 1, 2, 3, 6]
    assert (arrays["misses"] == 0).all() and (arrays["cost"] > 0).all()
    best = arrays["risk"][arrays["stop"], range(2)]
    np.testing.assert_allclose(arrays["built_risk"], best, rtol=0.05)
    assert (arrays["validation"][arrays["stop"], range(2)] == arrays["validation"].min(0)).all()
    assert ((arrays["overlap"] > 0) & (arrays["overlap"] < 1)).all()


def test_points_that_are_held_out_are_not_trained_on():
    spec = TrainedMinima(model="relu", held=8, first_seed=3, **(SMALL | dict(seeds=1)))
    arrays, problem, net = run(spec), spec.problem(3), spec.net(3)
    for name, part in {"train": slice(0, 12), "validation": slice(12, 20)}.items():
        x, y = (torch.from_numpy(whole[part]).float() for whole in (problem.x, problem.y))
        loss = net_losses(net(x)[None], y[:, None], "mse")
        assert math.isclose(arrays[name][0, 0], loss.item(), rel_tol=1e-5)
    assert (arrays["misses"] == 0).all()  # of all 20 points
    with pytest.raises(ValueError, match="held"):
        spec.replace(held=20)


def test_the_overlap_counts_shared_paths(generator):
    net = ReLUNet(5, width=3, depth=2, bias=True, generator=generator)
    x = torch.randn(6, 5, generator=generator)
    gates = path_gates(net, x)  # the constant unit's path to the output is always active
    counts = gates @ gates.T
    own = counts.diagonal()
    shares = (counts / (own[:, None] * own).sqrt()).fill_diagonal_(0)
    made = training._mean_overlap(stack([net]), x[None])
    assert math.isclose(made.item(), shares.sum().item() / 30, rel_tol=1e-5)


def test_recorded_seeds_are_new():
    for conditions in STUDIES.values():
        assert {spec.first_seed for spec in conditions().values()} == {3000}
