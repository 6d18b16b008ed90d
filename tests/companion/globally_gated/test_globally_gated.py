"""Globally gated nets: data, networks and posterior against plain definitions."""

import itertools
import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from halfspace.companion import records
from halfspace.companion.globally_gated import capacity, data, readings
from halfspace.companion.globally_gated.capacity import (
    GATE_KINDS,
    FeatureRanks,
    Storage,
    independent_products,
    numbers,
)
from halfspace.companion.globally_gated.many_gates import ManyGates
from halfspace.companion.globally_gated.measures import (
    descend,
    exact_posterior,
    gibbs_means,
    output,
    prior_weights,
    relative_distance,
    tangent_kernel,
    tied_net,
)
from halfspace.companion.globally_gated.specs import (
    DescentPeak,
    FiniteWidth,
    SampledNets,
    TangentMean,
    TiedNets,
    TrainedNets,
    Transfer,
    WidthAndScale,
)
from halfspace.companion.registry import condition
from halfspace.companion.spec import Result
from halfspace.ntk import empirical_ntk

CPU = torch.device("cpu")


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def points(n=6, d=5, count=3, seed=0):
    rng = np.random.default_rng(seed)
    x = torch.from_numpy(rng.normal(size=(n, d)))
    return x, torch.from_numpy((rng.normal(size=(n, count)) > 0).astype(float))


def by_loops(weights, x, gates):
    """The definition, unit by unit and gate by gate, of a net with two hidden layers."""
    (n, d), count, width = x.shape, gates.shape[1], len(weights[0])
    result = torch.zeros(n, dtype=torch.float64)
    for p in range(n):
        first = [weights[0][i] @ x[p] / math.sqrt(d) for i in range(width)]
        second = [
            sum(
                gates[p, m] * weights[1][i, m * width + j] * first[j]
                for m in range(count)
                for j in range(width)
            )
            / math.sqrt(width * count)
            for i in range(width)
        ]
        result[p] = sum(
            gates[p, m] * weights[2][0, m * width + i] * second[i]
            for m in range(count)
            for i in range(width)
        ) / math.sqrt(width * count)
    return result


def test_outputs_are_those_of_the_definition_and_of_the_tied_dlgn():
    x, gates = points()
    weights = [weight[0] for weight in prior_weights((5, 4, 3, 2), generator())]
    expected = by_loops(weights, x, gates)
    torch.testing.assert_close(output(weights, x, gates), expected)
    repeated = gates.repeat_interleave(4, 1).unsqueeze(1).expand(-1, 2, -1)
    with torch.no_grad():
        tied = tied_net(weights, 3)(x, gates=repeated).squeeze(-1)
    torch.testing.assert_close(tied, expected)


def test_the_tangent_kernel_is_that_of_the_tied_weights():
    x, gates = points()
    weights = [weight[0].requires_grad_() for weight in prior_weights((5, 4, 3, 2), generator())]
    rows = []
    for value in output(weights, x, gates):
        gradients = torch.autograd.grad(value, weights, retain_graph=True)
        rows.append(torch.cat([gradient.flatten() for gradient in gradients]))
    jacobian = torch.stack(rows)
    kernel = tangent_kernel([weight.detach() for weight in weights], x, gates)
    torch.testing.assert_close(kernel, jacobian @ jacobian.mT)


def test_untied_the_same_net_has_another_tangent_kernel():
    """``empirical_ntk`` counts repeated weights as separate."""
    x, gates = points()
    weights = [weight[0] for weight in prior_weights((5, 4, 3, 1), generator())]
    net = tied_net(weights, 3)
    net.gates = lambda x: gates.repeat_interleave(4, 1).unsqueeze(1)
    wide = empirical_ntk(net, x)
    assert relative_distance(wide, tangent_kernel(weights, x, gates)) > 0.01


def test_importance_sampling_agrees_with_draws_from_the_prior():
    problem = data.transfer(0, 0.5)
    regression = problem.regression(temperature=5.0)
    (saddle,) = regression.saddle(8)
    found = exact_posterior(problem, regression, saddle, 8, 4000, generator())
    rows = torch.randn(20_000, 8, 2, generator=generator(1), dtype=torch.float64)
    drawn = rows.mT @ rows / 8
    weights = torch.softmax(regression.log_likelihood(drawn), 0)
    expected = torch.einsum("k,kij->ij", weights, drawn)
    assert relative_distance(found.order, expected) < 0.05
    assert 0.3 < found.share < 1 and (found.variance > 0).all()


def test_sampled_networks_agree_with_the_exact_posterior():
    problem = data.piecewise(0)
    regression = problem.regression(temperature=0.1)
    (saddle,) = regression.saddle(10)
    exact = exact_posterior(problem, regression, saddle, 10, 1000, generator())
    options = dict(width=10, depth=1, temperature=0.1, sweeps=600, burn=100)
    halves = gibbs_means(problem, **options, generator=generator())
    assert relative_distance(halves.mean(0), exact.mean) < 0.15
    (limit,) = regression.gaussian_process()
    assert relative_distance(problem.predict(regression, limit)[0], exact.mean) > 0.25


def test_descent_follows_the_gradient_and_fits():
    problem = data.transfer(0, 0.95)
    options = dict(width=10, nets=2, rate=0.15)
    weights = prior_weights((30, 10, 2, 1), generator(), copies=2)
    leaves = [weight.clone().requires_grad_() for weight in weights]
    loss = (output(leaves, problem.x, problem.gates) - problem.y).square().sum() / 2
    gradients = torch.autograd.grad(loss, leaves)
    moved = [w - 0.15 * g for w, g in zip(weights, gradients, strict=True)]
    expected = output(moved, problem.test_x, problem.test_gates)
    torch.testing.assert_close(
        descend(problem, steps=1, **options, generator=generator()), expected
    )


def test_problems_are_what_their_names_say():
    problem = data.transfer(3, 0.5)
    assert problem.gates.sum(0).tolist() == [60, 12] and problem.test_gates[:, 1].all()
    weights = torch.linalg.lstsq(problem.test_x, problem.test_y).solution
    assert weights.norm().item() == pytest.approx(1)
    halves = data.piecewise(3)
    for side in (0.0, 1.0):
        chosen = halves.test_gates[:, 0] == side
        fit = torch.linalg.lstsq(halves.test_x[chosen], halves.test_y[chosen]).solution
        torch.testing.assert_close(halves.test_x[chosen] @ fit, halves.test_y[chosen])
    few, many = data.descent(3, 2), data.descent(3, 30)
    assert torch.equal(few.gates, many.gates[:, :2]) and torch.equal(few.y, many.y)
    assert few.gates[:, 0].all() and many.gates.shape == (100, 30)
    one = data.linear(3)
    assert len(one.x) == 30 and one.gates.all() and one.test_gates.all()


@pytest.mark.parametrize(
    ("spec", "shapes"),
    [
        (TiedNets(seeds=2), {"output_gap": (2,), "kernel_gap": (2,)}),
        (TangentMean(seeds=2, draws=60, widths=(2, 4)), {"ratios": (2, 2), "errors": (2, 2)}),
        (
            FiniteWidth(seeds=1, widths=(10, 20), draws=20),
            {"order_theory": (1, 2), "variance_limit": (1, 2), "posteriors": (1, 2, 3, 3)},
        ),
        (SampledNets(seeds=1, widths=(5,), sweeps=12, burn=2), {"theory": (1, 1)}),
        (
            WidthAndScale(seeds=1, gates="one", widths=(10, 20), stds=(1, 2)),
            {"bias": (1, 2, 2), "limit": (1, 2)},
        ),
        (Transfer(seeds=1, widths=(10,), draws=20), {"exact": (1, 1), "limit": (1,)}),
        (DescentPeak(seeds=1, counts=(5, 6), widths=(30,)), {"errors": (1, 2, 2)}),
        (TrainedNets(seeds=1, widths=(5,), nets=2, steps=3), {"theory": (1, 1), "single": (1, 1)}),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_study_has_its_arrays_and_repeats(spec, shapes):
    arrays, _ = spec.run(CPU)
    assert {name: arrays[name].shape for name in shapes} == shapes
    assert all(np.isfinite(array).all() for array in arrays.values())
    again, _ = spec.one_seed(0).run(CPU)
    assert all(np.allclose(arrays[name][:1], again[name], rtol=1e-9) for name in arrays)


def test_the_error_of_one_gate_is_as_recorded_though_rounding_decided_its_search():
    spec = condition("globally gated: descent: T = 0.01")
    recorded = spec.recorded().errors[:, :, :1]
    arrays, _ = spec.replace(counts=(1,)).run(CPU)
    for index, new in enumerate(arrays["errors"]):
        for factor, passed in ((1, True), (1.01, False)):
            again = factor * new[np.newaxis]
            assert records._compare("errors", recorded, again, index, None, spec).passed == passed


def test_what_is_zero_but_for_rounding_may_differ_by_more_than_itself():
    spec = condition("globally gated: scale: four gates, 300 units")
    old = spec.recorded()
    for name, other in (("rule", "bias"), ("residual", "variance")):
        values = old.arrays[name]
        for more, passed in ((2e-7, True), (2e-6, False)):
            check = records._compare(name, values, values[:1] + more, 0, None, spec)
            assert check.passed == passed
        values = old.arrays[other]
        again = values[:1] * (1 + 1e-5)
        assert not records._compare(other, values, again, 0, None, spec).passed


def test_tied_nets_and_kernels_agree_to_rounding():
    arrays, _ = TiedNets(seeds=3, depth=2).run(CPU)
    assert max(arrays["output_gap"].max(), arrays["kernel_gap"].max()) < 1e-12


def test_one_gate_keeps_the_mean_and_obeys_the_sum_rule():
    arrays, _ = WidthAndScale(seeds=1, gates="one", widths=(10, 50), stds=(0.5, 2)).run(CPU)
    assert arrays["gap"].max() < 1e-10 and arrays["rule"].max() < 1e-4


def result(spec=None, **arrays):
    spec = spec or SimpleNamespace(
        widths=(10, 20), stds=(1, 2), counts=(1, 4, 5, 30), similarity=-1
    )
    return Result(spec, {name: np.array(values) for name, values in arrays.items()}, {}, "")


def test_readings_take_the_row_that_they_name():
    e = math.e
    found = result(mean_limit=[[1.0, e]], mean_theory=[[1.0, 1.0]])
    assert readings.nearer(found, 20, "mean_").tolist() == [1]
    found = result(variance_limit=[[1 - e / 10, 0]], variance_theory=[[1.1, 0]])
    assert readings.variance_nearer(found, 10)[0] == pytest.approx(1)
    assert readings.error_exponent(result(order_theory=[[1.0, 0.5]]))[0] == pytest.approx(-1)
    found = result(bias=[[[1.0, 2], [3, 1 / e]]], limit=[[1.0, 1.0]])
    assert readings.bias_gain(found, 2, 20)[0] == pytest.approx(1)
    found = result(limit=[e], exact=[[1.0, 2]], untied=[[1.0, 2 * e]], coupling_exact=[[3.0, 4]])
    assert readings.transfer_gain(found, 10)[0] == pytest.approx(1)
    assert readings.transfer_gain(found, 20, "untied")[0] == pytest.approx(1)
    assert readings.coupling(found, 20).tolist() == [4]
    low, high = result(errors=[[[0.0, 1, e, 2]]]), result(errors=[[[0.0, 1, 1, 2]]])
    assert readings.peaks(low, 0).tolist() == [True] and readings.peaks(high, 0).tolist() == [False]
    assert readings.peak_gain(low, high, 0)[0] == pytest.approx(1)
    found = result(mean=[[2.0, 0]], error_limit=[2 + e], error_theory=[[1.0, 0]])
    assert readings.nearer_error(found, 10)[0] == pytest.approx(1)
    found = result(carriers=[[[3.0, 3.0], [6.0, 3.0]]])
    assert readings.carrier_exponent(found, 0)[0] == pytest.approx(1)
    assert readings.carrier_exponent(found)[0] == pytest.approx(0)
    found = result(ratios=[[1.0, 1.5]], errors=[[1.0, 0.5]])
    assert readings.ntk_excess(found, 20).tolist() == [0.5]
    assert readings.ntk_exponent(found)[0] == pytest.approx(-0.5)
    assert readings.identical(result(gap=[[[0.0, 1e-12]], [[0.0, 1e-3]]])).tolist() == [True, False]


def test_runs_are_joined_by_their_widths():
    spec = WidthAndScale(seeds=2, widths=(10, 100), stds=(1,))
    bias, limit = np.arange(4.0).reshape(2, 1, 2), np.array([[7.0], [8]])
    two = Result(spec, {"bias": bias, "limit": limit}, {"when": "x"}, "recorded")
    one = Result(spec.replace(widths=(30,)), {"bias": -bias[..., :1], "limit": -limit}, {}, "")
    both = readings.joined(two, one, axis=2)
    assert both.spec.widths == (10, 30, 100) and both.source == "recorded"
    assert both.bias.tolist() == [[[0, 0, 1]], [[2, -2, 3]]] and both.limit is limit
    assert readings.bias_gain(both, 1, 100)[0] == pytest.approx(math.log(7))
    other = Result(spec.replace(first_seed=5), two.arrays, {}, "")
    with pytest.raises(ValueError, match="same seeds"):
        readings.joined(two, other, axis=2)


def test_storage_curves_are_shares_over_how_full_a_net_is():
    spec = Storage(seeds=2, widths=(1, 2), extras=(-3, 0, 3))
    points = np.array([[3, 6, 9], [9, 12, 15]])
    errors = np.array([[[0, 0, 1], [0, 1, 1]], [[0, 1, 1], [0, 1, 1]]])
    found = Result(spec, {"errors": errors, "points": np.stack([points] * 2)}, {}, "")
    curves = readings.storage_curves(found)
    assert curves["N = 1"].tolist() == [[0.5, 1], [1, 0.5], [1.5, 0]]
    assert curves["N = 2"].tolist() == [[0.75, 1], [1, 0], [1.25, 0]]


def test_ranks_in_a_table_are_those_with_one_gate_open():
    spec = FeatureRanks(seeds=1, depths=(1, 2), counts=(1, 3))
    ranks = np.arange(12.0).reshape(1, 3, 2, 2)
    rows = readings.rank_rows(Result(spec, {"ranks": ranks}, {}, ""))
    assert rows == [
        {"gates M": "1", "L = 1": "8", "L = 2": "10"},
        {"gates M": "3", "L = 1": "9", "L = 2": "11"},
    ]


def test_storage_counts_a_matrix_of_low_rank():
    assert [numbers(n, 6, 12) for n in (1, 2, 3, 4, 6, 8)] == [17, 32, 45, 56, 72, 72]
    arrays, _ = Storage(seeds=1, widths=(1, 2), count=3, d_in=4).run(CPU)
    assert arrays["points"].tolist() == [[[6, 8], [10, 12]]]
    stored = Storage(seeds=1, widths=(1, 2), count=3, d_in=4)
    assert readings.stores_its_numbers(Result(stored, arrays, {}, ""), 2).tolist() == [True]


@pytest.mark.parametrize("kind", GATE_KINDS)
def test_independent_products_are_counted_as_distinct_monomials(kind):
    """Of 0/1 gates a square is the gate itself; an open gate is the empty product."""
    for count, depth in itertools.product((1, 2, 4), (1, 2, 3)):
        products = itertools.product(range(count), repeat=depth)
        if kind == "normal":
            distinct = {tuple(sorted(product)) for product in products}
        elif kind == "0 or 1":
            distinct = {frozenset(product) for product in products}
        else:
            distinct = {frozenset(product) - {0} for product in products}
        assert independent_products(kind, count, depth) == len(distinct)


def test_ranks_are_those_of_the_features_and_clear_of_rounding():
    spec = FeatureRanks(seeds=2, depths=(1, 2), counts=(1, 3), d_in=3, points=200)
    arrays, _ = spec.run(CPU)
    assert arrays["ranks"].shape == (2, 3, 2, 2)
    assert arrays["ranks"][0, 0].tolist() == [[3, 9], [3, 18]]
    assert arrays["ranks"][0, 2].tolist() == [[3, 9], [3, 12]]
    assert arrays["kept"].min() > 1e-9 and arrays["dropped"].max() < 1e-14
    found = Result(spec, arrays, {}, "")
    assert all(readings.has_its_rank(found, kind).all() for kind in GATE_KINDS)
    found.arrays["ranks"][1, 1, 1, 1] -= 1
    assert readings.has_its_rank(found, "0 or 1").tolist() == [True, False]


def test_the_storage_s_slope_is_that_of_its_gap(monkeypatch):
    def check(gap, start, slope, **_):
        step = 1e-6 * np.random.default_rng(0).normal(size=start.shape)
        expected = (gap(start + step) - gap(start - step)) / 2
        np.testing.assert_allclose(slope(start) @ step, expected, rtol=1e-5, atol=1e-12)
        return SimpleNamespace(fun=gap(start))

    monkeypatch.setattr(capacity, "least_squares", check)
    Storage(seeds=1, widths=(2,), count=3, d_in=4, starts=1).run(CPU)


def test_many_gates_tend_to_their_limit_and_not_to_the_relu_kernel():
    spec = ManyGates(seeds=2, counts=(1, 10, 1000), clusters=(3,), points=60, test=300)
    arrays, _ = spec.run(CPU)
    assert arrays["clustered"].shape == (2, 1) and arrays["errors"].shape == (2, 3)
    assert (np.diff(arrays["distances"]) < 0).all() and (
        np.diff(arrays["kernel_distances"]) < 0
    ).all()
    assert (arrays["distance_limit"] > 0.01).all()
    assert np.allclose(arrays["errors"][:, 0], arrays["linear"])  # one gate, always on
    assert spec.data_checksums()
    found = Result(spec, arrays, {}, "")
    assert (readings.nearer_relu(found) > 0).all()
    assert readings.cluster_gain(found, 3).shape == readings.error_over_relu(found, "relu").shape
