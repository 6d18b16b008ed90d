"""The kernel limits: descent on constants against their kernel, the NTK against its expectation."""

import numpy as np
import pytest
import torch
from halfspace.companion.circle.target import Circle
from halfspace.companion.intervals import fit_power_law
from halfspace.companion.theory.specs import ConstantExperts, NeuralPathLimit
from halfspace.datasets import circle_grid
from halfspace.gates import HardGate
from halfspace.nets import DLGN
from halfspace.paths import path_gates

SMALL_EXPERTS = dict(target=Circle(n=20), width=3, depth=2, seed=4, steps=(1, 7, 300), grid=30)
SMALL_LIMIT = dict(widths=(3, 6), depth=2, draws=40, points=5, seeds=4)


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("HALFSPACE_CACHE", str(tmp_path))


@pytest.fixture
def experts(own_cache):
    return ConstantExperts(**SMALL_EXPERTS).result(device="cpu")


def gating(spec):
    generator = torch.Generator().manual_seed(spec.seed)
    net = DLGN(2, width=spec.width, depth=spec.depth, gate=HardGate(), generator=generator)
    return net.double()


def test_kernel_form_is_descent_in_function_space(experts):
    """Step by step ``f += η/n Λ (y - f)``, with Λ from enumerated paths: no eigenvectors."""
    spec, net = experts.spec, gating(experts.spec)
    features = path_gates(net, spec.target.points(torch.float64))
    grid = path_gates(net, circle_grid(spec.grid, torch.float64)[1])
    gram, cross = features @ features.mT, grid @ features.mT
    y = spec.target.values(torch.float64)
    rate = 1 / torch.linalg.eigvalsh(gram)[-1]
    seen, unseen = torch.zeros_like(y), torch.zeros(spec.grid, 1, dtype=torch.float64)
    for count in range(1, max(spec.steps) + 1):
        residual = y - seen
        seen, unseen = seen + rate * gram @ residual, unseen + rate * cross @ residual
        if count in spec.steps:
            index = spec.steps.index(count)
            np.testing.assert_allclose(experts.kernel_descent[index], unseen, atol=1e-10)
            assert experts.train_kernel[index] == pytest.approx((seen - y).square().mean().item())


@pytest.mark.parametrize("name", ["descent", "limit", "ridge"])
def test_constants_and_kernel_agree(experts, name):
    constants, kernel = experts.arrays[f"experts_{name}"], experts.arrays[f"kernel_{name}"]
    assert np.abs(kernel).max() > 0.05
    np.testing.assert_allclose(constants, kernel, atol=1e-10)


def test_descent_tends_to_the_limit_and_the_floor(experts):
    longer = experts.spec.replace(steps=(50_000,)).result(device="cpu")
    np.testing.assert_allclose(longer.kernel_descent[-1], experts.kernel_limit, atol=1e-3)
    assert longer.train_experts[-1] == pytest.approx(experts.floor.item(), abs=1e-5)
    assert 0.01 < experts.floor < experts.train_experts[-1] < experts.train_experts[0]


def test_ridge_pulls_towards_zero(experts):
    assert np.linalg.norm(experts.kernel_ridge) < np.linalg.norm(experts.kernel_limit)


def test_paths_and_patterns_are_counted(experts):
    features = path_gates(gating(experts.spec), experts.spec.target.points(torch.float64))
    assert experts.paths == 9
    assert experts.patterns == len({tuple(row) for row in features.tolist()})


def test_steps_and_widths_must_increase():
    with pytest.raises(ValueError, match=r"steps\s+Value error, counts must be increasing"):
        ConstantExperts(steps=(5, 2))
    with pytest.raises(ValueError, match=r"widths\s+Value error, .* increasing; got \(4, 4"):
        NeuralPathLimit(widths=(4, 4))


@pytest.mark.parametrize("model", ["dlgn", "dlgn-pwc"])
def test_mean_ntk_is_its_expectation(model):
    spec = NeuralPathLimit(**SMALL_LIMIT | dict(draws=1000), model=model)
    result = spec.result(device="cpu")
    # Five standard errors, estimated from the spread.
    bound = 5 * result.errors / np.sqrt(result.draws)
    assert (np.abs(result.ratios - 1) < bound).all()
    assert (bound < 0.3).all()
    distance = np.linalg.norm(result.mean_ntk - result.expected) / np.linalg.norm(result.expected)
    assert distance < bound[0, 0]


def test_relu_net_is_off_the_formula_by_more_than_chance():
    spec = NeuralPathLimit(model="relu", widths=(256,), depth=2, draws=6, points=6, seeds=2)
    free = spec.replace(model="dlgn").result(device="cpu")
    assert spec.result(device="cpu").errors.mean() > 2 * free.errors.mean()


def test_relu_net_keeps_the_formula_where_inputs_agree():
    """At x = x' its mean NTK is the formula's; with two opposite inputs there is nothing else."""
    spec = NeuralPathLimit(model="relu", widths=(128,), depth=2, draws=100, points=2, seeds=2)
    np.testing.assert_allclose(spec.result(device="cpu").ratios, 1, atol=0.06)


@pytest.mark.parametrize("model", ["dlgn", "dlgn-pwc"])
def test_expectation_counts_paths(model):
    result = NeuralPathLimit(**SMALL_LIMIT, model=model).result(device="cpu")
    net = DLGN(2, width=3, depth=2, gate=HardGate(), generator=torch.Generator().manual_seed(0))
    x = circle_grid(5)[1]
    active = path_gates(net, x)
    inner = torch.full((5, 5), 2.0) if model == "dlgn-pwc" else x @ x.mT
    expected = 3 * (2 / 3) ** 2 * inner * (active @ active.mT)
    np.testing.assert_allclose(result.expected, expected, atol=1e-5)


def test_spread_of_one_layer_is_known():
    """Two opposite points share no unit; k active units give a relative variance of 1/k."""
    spec = NeuralPathLimit(widths=(12,), depth=1, draws=20_000, points=2, seeds=1)
    result = spec.result(device="cpu")
    active = np.diag(result.expected) / (2 * 2 / 12)
    assert active.sum() == pytest.approx(12)
    known = np.sqrt(active.sum() / (active**2).sum())
    assert result.errors[0, 0] == pytest.approx(known, rel=0.05)


def test_spread_falls_with_width():
    spec = NeuralPathLimit(widths=(8, 16, 32, 64), depth=1, draws=50, points=8, seeds=4)
    result = spec.result(device="cpu")
    slopes, _ = fit_power_law(spec.widths, result.errors)
    assert slopes.mean() == pytest.approx(-0.5, abs=0.06)
    np.testing.assert_array_equal(result.draws, [400, 200, 100, 50])


@pytest.mark.parametrize(
    ("spec", "changes"),
    [
        (
            ConstantExperts(),
            dict(target=Circle(n=10), width=2, depth=1, seed=1, steps=(1,), ridge=1.0, grid=9),
        ),
        (
            NeuralPathLimit(),
            dict(widths=(2,), depth=1, draws=1, points=2, model="relu")
            | dict(first_seed=1, seeds=1),
        ),
    ],
)
def test_each_field_changes_the_key(spec, changes):
    assert changes.keys() == type(spec).model_fields.keys()
    keys = {spec.key(), *(spec.replace(**{name: value}).key() for name, value in changes.items())}
    assert len(keys) == len(changes) + 1
