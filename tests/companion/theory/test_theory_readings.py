"""What chapters 1 and 3 quote: values worked out by hand or from all paths."""

from functools import partial

import numpy as np
import pytest
import torch
from halfspace.companion.spec import Result
from halfspace.companion.theory import measures, readings
from halfspace.companion.theory.specs import ConstantExperts, NeuralPathLimit
from halfspace.datasets import circle_grid
from halfspace.gates import HardGate
from halfspace.nets import DLGN, ReLUNet
from halfspace.paths import path_gates

WIDTHS = (4, 16, 64)


def limit(errors, ratios=1.0, **arrays):
    """Return a result of the width sweep: errors and ratios by seed and width."""
    ratios = np.broadcast_to(ratios, np.shape(errors))
    spec = NeuralPathLimit(widths=WIDTHS, seeds=len(errors))
    return Result(spec, dict(errors=np.asarray(errors), ratios=ratios) | arrays, {}, "computed")


def power_laws(*exponents):
    """Return errors that are 1 at width 16 and exact power laws, one a seed."""
    return np.array([(np.array(WIDTHS) / 16) ** exponent for exponent in exponents])


def test_path_sums_without_and_with_biases(monkeypatch):
    generator = torch.Generator().manual_seed(0)
    sizes = dict(width=4, depth=2, generator=generator)
    makers = {
        "ReLU net": partial(ReLUNet, 2, **sizes),
        "DLGN": partial(DLGN, 2, gate=HardGate(), **sizes),
    }
    x = torch.randn(9, 2, generator=generator, dtype=torch.float64)
    rows = readings.path_sum_rows(makers, x)
    assert [(row["model"], row["biases"], row["paths"]) for row in rows] == [
        ("ReLU net", False, 16),
        ("ReLU net", True, 16 + 4 + 1),
        ("DLGN", False, 16),
        ("DLGN", True, 16 + 4 + 1),
    ]
    assert readings.largest_difference(rows) < 1e-14
    monkeypatch.setattr(readings, "mixture_of_experts", lambda net, x: 1.5 * net(x))
    for row in readings.path_sum_rows(makers, x):
        assert row["largest difference"] == pytest.approx(0.5 * row["largest output"])


def test_products_are_compared_with_counts_of_all_paths(monkeypatch):
    nets = {"plain": ReLUNet(2, width=3, depth=2), "other": ReLUNet(2, width=3, depth=2, bias=True)}
    rows = readings.product_rows(nets, circle_grid(8)[1])
    assert [tuple(row.values()) for row in rows] == [
        ("plain", 9, 0),
        ("other", 13, 0),
    ]
    right = measures.overlap_kernel
    monkeypatch.setattr(measures, "overlap_kernel", lambda gates, bias: right(gates, bias=bias) + 2)
    assert readings.largest_difference(readings.product_rows(nets, circle_grid(8)[1])) == 2


def test_rounding_is_quoted_by_width():
    rows = readings.rounding_rows([(8, 2), (512, 6)], seed=1)
    assert [row["paths"] for row in rows] == ["64", "18,014,398,509,481,984"]
    assert rows[0]["wrong"] == "0.0%" and float(rows[1]["wrong"].rstrip("%")) > 50
    net = DLGN(2, width=8, depth=2, gate=HardGate(), generator=torch.Generator().manual_seed(1))
    largest = path_gates(net, circle_grid(256)[1]).sum(-1).max()
    assert rows[0]["largest count"] == str(int(largest))
    assert readings.rounding_values(rows) == {
        "paths-8": "64",
        "wrong-8": "0.0%",
        "paths-512": rows[1]["paths"],
        "wrong-512": rows[1]["wrong"],
    }


def test_halves_and_opposite_inputs_are_those_of_all_paths():
    x = circle_grid(256)[1]
    sizes = dict(width=12, depth=2, gate=HardGate())
    nets = [
        DLGN(2, **sizes, generator=torch.Generator().manual_seed(7)),
        DLGN(2, bias=True, **sizes, generator=torch.Generator().manual_seed(7)),
    ]
    counts = path_gates(nets[0], x).sum(-1)
    ratios = readings.half_ratios([7, 8], width=12, depth=2)
    assert ratios[0] == pytest.approx((counts[:128].mean() / counts[128:].mean()).item())
    assert len(ratios) == 2 and ratios[0] != ratios[1]
    values = readings.circle_values(nets, np.arange(101.0))
    assert (values["ratio-low"], values["ratio-median"], values["ratio-high"]) == (5, 50, 95)
    assert values["ratio-nets"] == 101
    for name, net in zip(("opposite", "opposite-bias"), nets, strict=True):
        active = path_gates(net, x)
        assert values[name] == (active[:128] * active[128:]).sum(-1).max()
    assert values["opposite"] == 0 < values["opposite-bias"]
    plain = path_gates(nets[0], x)  # one step further than the opposite input, a path is shared
    assert (plain * plain.roll(127, 0)).sum(-1).max() == 1


def test_experts_are_quoted_with_their_largest_gaps():
    gaps = {"descent": [[0.0, -3.0]], "limit": [1.0, 0.0], "ridge": [0.5, 0.25]}
    arrays = {f"experts_{name}": np.array(values) for name, values in gaps.items()}
    arrays |= {f"kernel_{name}": np.zeros_like(arrays[f"experts_{name}"]) for name in gaps}
    arrays |= dict(paths=np.array(27), patterns=np.array(5), floor=np.array(0.1))
    arrays |= dict(train_experts=np.array([0.9, 0.2]), steps=np.array([1, 30]))
    result = Result(ConstantExperts(), arrays, {}, "computed")
    assert readings.experts_values(result) == {
        "descent-gap": 3,
        "limit-gap": 1,
        "ridge-gap": 0.5,
        "experts-paths": 27,
        "experts-points": 64,
        "experts-patterns": 5,
        "experts-floor": 0.1,
        "experts-last": 0.2,
        "experts-steps": 30,
    }


def test_seeds_without_an_active_path_are_left_out():
    errors = power_laws(-0.5, -0.6, -0.7)
    errors[1, 0] = np.nan
    result = readings.with_active_paths(limit(errors, ratios=[[1], [np.nan], [2]]))
    np.testing.assert_array_equal(result.errors, errors[[0, 2]])
    np.testing.assert_array_equal(result.ratios[:, 0], [1, 2])


def test_spread_is_fitted_from_a_width_on():
    errors = power_laws(-0.5, -1.0)
    errors[:, 0] = 7.0  # not on the law
    exponents, factors = readings.spread_laws(limit(errors), fit_from=16)
    np.testing.assert_allclose(exponents, [-0.5, -1.0])
    np.testing.assert_allclose(np.exp(factors), [4.0, 16.0])
    assert readings.mean_law(limit(errors), 5) == pytest.approx((-0.75, np.log(8.0)))
    assert (readings.spread_laws(limit(errors))[0] < [-0.6, -1.0]).all()


def test_the_mean_ntk_is_compared_with_one():
    result = limit(np.ones((2, 3)), ratios=[[1.0, 1.2, 1.4], [0.9, 0.9, 0.9]])
    np.testing.assert_allclose(readings.mean_ntk_excess(result), [0.2, -0.1])
    # t(0.975, 1 degree of freedom) is 12.706; the standard error of 1.0 and 0.9 is 0.05.
    assert readings.mean_ratios(result)[0] == pytest.approx(
        [0.95, 0.95 - 12.706 * 0.05, 0.95 + 12.706 * 0.05], rel=1e-4
    )


def test_draws_are_quoted_at_the_smallest_width():
    result = limit(
        power_laws(-0.5),
        mean_ntk=np.array([[3.0, 0.0], [0.0, 4.0]]) * 1.5,
        expected=np.array([[3.0, 0.0], [0.0, 4.0]]),
        draws=np.array([160, 40, 10]),
    )
    assert readings.draw_values(result) == {
        "n-widths": 3,
        "smallest-width": 4,
        "smallest-draws": 160,
        "mean-gap": 0.5,
        "one-draw-gap": 2.0,
    }


def test_limits_are_quoted_with_their_intervals():
    errors = power_laws(-0.4, -0.6)
    errors[:, 0] *= 4.0 ** np.array([0.3, 0.3])
    near, far = [[1.0, 1.0, 1.0], [1.1, 1.1, 1.1]], [[1.5, 1.0, 0.5], [1.51, 1.1, 0.51]]
    values = readings.limit_values({"a": limit(errors, near), "b": limit(errors, far)}, 16)
    assert values["limit-seeds"] == 2 and (values["a-missed"], values["b-missed"]) == (0, 2)
    reach = 12.706 * 0.1
    slopes = [values[f"a-wide-{end}"] for end in ("slope", "low", "high")]
    assert slopes == pytest.approx([-0.5, -0.5 - reach, -0.5 + reach], rel=1e-4)
    # Raising the first of three equidistant points by 4^0.3 tilts the line by half of -0.3.
    assert values["b-all-slope"] == pytest.approx(-0.5 - 0.15)


def test_a_relu_net_is_quoted_beside_a_dlgn():
    relu, linear = limit(power_laws(-0.1, -0.1)), limit(power_laws(-0.5, -0.5))
    assert readings.relu_limit_values(relu, linear, 5) == pytest.approx(
        {
            "relu-slope": -0.1,
            "relu-low": -0.1,
            "relu-high": -0.1,
            "relu-first": 1.0,
            "relu-last": 4**-0.1,
            "pwl-first": 1.0,
            "pwl-last": 4**-0.5,
            "fit-from": 16,
            "largest-width": 64,
        }
    )
