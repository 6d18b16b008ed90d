"""Kernel renormalisation against plain definitions, scalar equations and exact sampling."""

import itertools
import math

import numpy as np
import pytest
import torch
from halfspace.overlap import neural_path_kernel
from halfspace.renormalisation import GatedRegression, gate_products
from scipy.optimize import brentq


def draw(points=12, d=8, count=3, seed=0, **options):
    rng = np.random.default_rng(seed)
    x = torch.from_numpy(rng.normal(size=(points, d)))
    gates = (torch.from_numpy(rng.normal(size=(points, count))) > 0).double()
    gates[:, 0] = 1
    y = torch.from_numpy(rng.normal(size=points))
    return GatedRegression(x, gates, y, **dict(temperature=0.1) | options)


def random_order(size, seed=1):
    factor = torch.from_numpy(np.random.default_rng(seed).normal(size=(size, size)))
    return factor @ factor.mT / size


@pytest.mark.parametrize("depth", [1, 2])
def test_the_kernel_is_a_sum_over_gates(depth):
    problem, count = draw(depth=depth, std=1.5), 3
    order = random_order(count**depth)
    expected = torch.zeros(12, 12, dtype=torch.float64)
    words = list(itertools.product(range(count), repeat=depth))
    for (i, one), (j, other) in itertools.product(enumerate(words), repeat=2):
        left = math.prod(problem.gates[:, m] for m in one)
        right = math.prod(problem.gates[:, m] for m in other)
        expected += order[i, j] * left[:, None] * right
    expected *= 1.5**2 * (problem.x @ problem.x.mT) / 8 / count**depth
    torch.testing.assert_close(problem.kernel(order), expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_the_infinite_width_kernel_counts_shared_paths(depth):
    problem = draw(depth=depth, std=0.7)
    *_, order = problem.gaussian_process()
    layers = problem.gates.unsqueeze(1).expand(-1, depth, -1)
    paths = neural_path_kernel(problem.x, layers)
    expected = 0.7 ** (2 * depth + 2) * paths / (8 * 3**depth)
    torch.testing.assert_close(problem.kernel(order), expected, rtol=1e-12, atol=1e-12)


def test_the_action_is_what_its_formula_says():
    problem, width = draw(std=1.3), 7
    order = random_order(3)
    kernel = problem.kernel(order) + 0.1 * torch.eye(12, dtype=torch.float64)
    data = kernel.logdet() + problem.y @ torch.linalg.solve(kernel, problem.y)
    expected = width / 2 * (order.trace() / 1.3**2 - order.logdet()) + data / 2
    torch.testing.assert_close(problem.action([order], width), expected)


def test_the_action_of_two_layers_uses_the_kronecker_product():
    problem, width = draw(depth=2, std=1.3), 7
    first, second = random_order(3), random_order(9, seed=2)
    wide = torch.kron(first, torch.eye(3, dtype=torch.float64))
    prior = first.trace() / 1.3**2 - first.logdet()
    prior += torch.linalg.solve(wide, second).trace() / 1.3**2 + wide.logdet() - second.logdet()
    expected = width / 2 * prior - problem.log_likelihood(second)
    torch.testing.assert_close(problem.action([first, second], width), expected)


@pytest.mark.parametrize("depth", [1, 2])
@pytest.mark.parametrize("width", [5, 50])
def test_the_saddle_solves_the_equations_by_hand(depth, width):
    problem = draw(depth=depth, std=1.2)
    orders = problem.saddle(width)
    assert problem.residual(orders, width) < 1e-7  # half of float64's digits
    size, eye = 3**depth, torch.eye(12, dtype=torch.float64)
    kernel = problem.kernel(orders[-1]) + 0.1 * eye
    inverse = torch.linalg.inv(kernel)
    dual = inverse @ problem.y
    products = gate_products(problem.gates, depth)
    base = 1.2**2 * problem.x @ problem.x.mT / 8 / size
    pull = products.mT @ (base * (inverse - torch.outer(dual, dual))) @ products
    before = torch.eye(3**depth) if depth == 1 else torch.kron(orders[0], torch.eye(3))
    expected = torch.linalg.inv(before.double()) / 1.2**2 + pull / width
    torch.testing.assert_close(torch.linalg.inv(orders[-1]), expected, rtol=1e-6, atol=1e-7)
    if depth == 2:
        traced = orders[1].unflatten(0, (3, 3)).unflatten(2, (3, 3)).diagonal(dim1=1, dim2=3)
        square = 1.2**4 * (3 - 1) ** 2 / 4 * torch.eye(3, dtype=torch.float64) + traced.sum(-1)
        values, vectors = torch.linalg.eigh(square)
        root = vectors @ values.sqrt().diag() @ vectors.mT
        by_hand = root - 1.2**2 * (3 - 1) / 2 * torch.eye(3, dtype=torch.float64)
        torch.testing.assert_close(orders[0], by_hand, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("depth", [1, 2])
def test_one_gate_gives_the_scalar_equation_and_a_mean_without_the_width(depth):
    rng = np.random.default_rng(3)
    x, y = (torch.from_numpy(rng.normal(size=size)) for size in ((8, 12), 8))
    std, width, ones = 0.8, 15, torch.ones(8, 1)
    problem = GatedRegression(x, ones, y, depth=depth, std=std, temperature=0)
    kernel = std**2 * x @ x.mT / 12
    energy = (y @ torch.linalg.solve(kernel, y)).item()

    def excess(u):
        return 1 - u / std**2 - (8 - energy / u**depth) / width

    u = brentq(excess, 1e-3, 100, xtol=1e-14)
    *_, order = problem.saddle(width)
    assert order.item() == pytest.approx(u**depth, rel=1e-6)
    means = [problem.predict(u, x + 1, ones)[0] for u in (order, problem.gaussian_process()[-1])]
    torch.testing.assert_close(*means, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("temperature", [0, 0.1])
def test_the_search_leaves_its_start_though_its_first_step_meets_zero(temperature):
    """With s = 1, one gate and small targets, the first step leads from U = 1 to 0."""
    for seed in range(10):
        x, y = torch.from_numpy(np.random.default_rng(seed).normal(size=(2, 8, 12)))
        problem = GatedRegression(x, torch.ones(8, 1), y[:, 0] / 10, temperature=temperature)
        orders = problem.saddle(30)
        assert problem.residual(orders, 30) < 1e-7
        assert orders[0].item() < 0.99


def test_without_noise_the_trace_obeys_the_sum_rule():
    problem, width = draw(points=10, d=20, temperature=0, std=1.1), 12
    (order,) = problem.saddle(width)
    energy = problem.y @ torch.linalg.solve(problem.kernel(order), problem.y)
    assert order.trace() / 1.1**2 == pytest.approx(3 - (10 - energy.item()) / width, rel=1e-7)


def test_untied_order_parameters_are_diagonal():
    problem = draw()
    (order,) = problem.saddle(6, untied=True)
    (tied,) = problem.saddle(6)
    assert torch.equal(order, order.diagonal().diag())
    assert problem.action([tied], 6) < problem.action([order], 6)


def test_the_saddle_is_the_mean_of_the_exact_posterior():
    """Importance sampling of U ~ Wishart(N, s² / N), from the prior itself."""
    problem, width = draw(points=4, temperature=0.5), 400
    (order,) = problem.saddle(width)
    values = np.random.default_rng(4).normal(size=(20_000, width, 3)).astype(np.float32)
    drawn = torch.from_numpy(np.einsum("kni,knj->kij", values, values) / width).double()
    logs = problem.log_likelihood(drawn)
    weights = (logs - logs.max()).exp()
    mean = torch.einsum("k,kij->ij", weights / weights.sum(), drawn)
    limit, *_ = problem.gaussian_process()
    assert (order - mean).norm() < (limit - mean).norm() / 3


def test_the_predictor_conditions_a_gaussian():
    problem, rng = draw(), np.random.default_rng(5)
    x, gates = torch.from_numpy(rng.normal(size=(5, 8))), torch.ones(5, 3, dtype=torch.float64)
    order = random_order(3)
    mean, variance = problem.predict(order, x, gates)
    both = GatedRegression(
        torch.cat([problem.x, x]), torch.cat([problem.gates, gates]), torch.zeros(17), temperature=0
    ).kernel(order)
    kernel, cross = both[:12, :12] + 0.1 * torch.eye(12), both[12:, :12]
    gain = cross @ torch.linalg.inv(kernel)
    torch.testing.assert_close(mean, gain @ problem.y)
    torch.testing.assert_close(variance, (both[12:, 12:] - gain @ cross.mT).diagonal())
    many = problem.predict(torch.stack([order, 2 * order]), x, gates)
    assert many[0].shape == many[1].shape == (2, 5)
    torch.testing.assert_close(many[0][0], mean)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (dict(y=torch.zeros(4)), r"y must have shape \(5,\)"),
        (dict(gates=torch.ones(4, 2)), r"gates must have shape \(5, 2\)"),
        (dict(gates=torch.ones(5)), r"x and gates must have shapes"),
        (dict(x=torch.full((5, 3), math.nan)), "x must be finite"),
        (dict(std=0.0), "std must be positive"),
        (dict(temperature=-1.0), "temperature must not be negative"),
        (dict(depth=0), "depth must be a positive integer"),
    ],
)
def test_wrong_problems_are_refused(changes, message):
    good = dict(x=torch.ones(5, 3), gates=torch.ones(5, 2), y=torch.zeros(5), temperature=0.1)
    with pytest.raises(ValueError, match=message):
        GatedRegression(**(good | changes))


def test_wrong_orders_and_inputs_are_refused():
    problem, order = draw(), random_order(3)
    with pytest.raises(ValueError, match="order must have shape"):
        problem.kernel(random_order(2))
    with pytest.raises(ValueError, match="orders must be 1, one a layer; got 2"):
        problem.action([order, order], 5)
    with pytest.raises(ValueError, match="x must have shape"):
        problem.predict(order, torch.ones(2, 7), torch.ones(2, 3))
    with pytest.raises(ValueError, match="gates must have shape"):
        problem.predict(order, torch.ones(2, 8), torch.ones(3, 3))
    with pytest.raises(ValueError, match="width must be a positive integer"):
        problem.saddle(0)
    with pytest.raises(ValueError, match="gates must have shape"):
        gate_products(torch.ones(3), 1)
