"""Numbers that chapters 1 and 3 quote, worked out by hand or from all paths."""

from functools import partial

import numpy as np
import pytest
import torch
from halfspace.companion.spec import Result
from halfspace.companion.theory import measures, readings
from halfspace.companion.theory.specs import ConstantExperts, NeuralPathLimit
from halfspace.datasets import circle_grid, circle_points
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


def test_paths_are_listed_with_their_sum():
    net = ReLUNet(2, width=2, depth=1)
    net.value[0].weight.data = torch.tensor([[1.0, 1.0], [0.0, -1.0]])
    net.value[1].weight.data = torch.tensor([[-2.0, 5.0]])
    rows = readings.path_rows(net, torch.tensor([[3.0, 0.5]]))
    assert [tuple(row.values()) for row in rows] == [
        ("1", "1", "−7", "−7"),
        ("2", "0", "−2.5", "0"),
        ("sum of all paths", "", "", "−7"),
        ("the net's output", "", "", "−7"),
    ]


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


def test_paths_are_listed_with_their_gates():
    gates = torch.tensor([[[1, 1], [1, 0]], [[0, 1], [1, 1]]])
    rows = [tuple(row.values()) for row in readings.shared_path_rows(gates)]
    assert rows == [("1 → 1", 1, 0, 0), ("1 → 2", 0, 0, 0), ("2 → 1", 1, 1, 1), ("2 → 2", 0, 1, 0)]
    assert list(readings.shared_path_rows(gates)[0]) == [
        "path",
        "gate at x",
        "gate at x′",
        "shared",
    ]


def normal_dlgns(count, **sizes):
    """Draw DLGNs with normal weights; the seeds are fixed, so what is asserted holds each time."""
    for seed in range(count):
        generator = torch.Generator().manual_seed(seed)
        yield DLGN(2, gate=HardGate(), init="he", **sizes, generator=generator)


def standard_errors(values, expected):
    """Return how far the mean over seeds is from what is expected, in its standard errors."""
    values = np.asarray(values)
    return np.abs(values.mean(axis=0) - expected) * np.sqrt(len(values)) / values.std(axis=0)


# Four standard errors: a true expectation is farther from the mean in one of 16 000 draws, and what
# is told apart below is farther by more than that.
FAR = 4


def test_a_unit_of_any_layer_and_width_agrees_with_the_probability_of_the_theorem():
    x = circle_points(torch.tensor([0.0, np.pi / 3]))
    gates = [net.gates(x) for net in normal_dlgns(1000, width=2, depth=4)]
    agree = [(first == second).float().mean(-1).numpy() for first, second in gates]  # by layer
    assert (standard_errors(agree, 1 - 60 / 180) < FAR).all()
    assert (standard_errors(agree, (1 - 60 / 180) ** 2) > FAR).all()


def test_one_layer_keeps_the_exact_share_at_any_width():
    degrees = np.array([30, 90, 150])
    kept = readings.kept_by_angle(normal_dlgns(600, width=3, depth=1), degrees)
    assert kept.shape[1:] == (1, 3) and 500 < len(kept) < 600  # some have no active unit
    assert (standard_errors(kept[:, 0], 1 - degrees / 180) < FAR).all()


def test_depth_sharpens_the_kernel_as_the_theorem_says():
    degrees = np.array([30, 60, 120])
    kept = readings.kept_by_angle(normal_dlgns(300, width=64, depth=5), degrees)
    for layers in (1, 2, 5):
        expected = readings.expected_share(degrees, layers, 64)
        assert (standard_errors(kept[:, layers - 1], expected) < FAR).all()
        assert (standard_errors(kept[:, layers - 1], expected**1.2)[:2] > FAR).all()


def test_narrow_deep_networks_need_the_term_of_their_width():
    kept = readings.kept_by_angle(normal_dlgns(500, width=16, depth=8), [45])[:, -1, 0]
    assert standard_errors(kept, readings.expected_share(45, 8, 16)) < FAR
    assert standard_errors(kept, readings.expected_share(45, 8)) > FAR


def test_expected_shares():
    assert readings.expected_share(45, 1, width=4) == 0.75  # exact at every width
    np.testing.assert_allclose(readings.expected_share(np.array([0, 90, 180]), 3), [1, 0.125, 0])
    # Four times the third power of 1/2, less two: binomial (4, 3) = 4.
    wide = readings.expected_share(90, 3, width=10)
    assert wide == pytest.approx(0.125 + 4 * 0.5 / (np.pi**2 * 10))


def test_kept_shares_are_quoted_and_tabled(monkeypatch):
    degrees = np.array([0, 45, 90])
    shares = np.array([[[1, 0.7, 0.5], [1, 0.5, 0.3]], [[1, 0.8, 0.5], [1, 0.6, 0.3]]])
    assert readings.depth_values(degrees, shares) == {
        "kept-1": "75 %",
        "kept-2": "55 %",
        "kept-nets": 2,
        "kept-gap": "0.050",  # 0.3 instead of 0.25
    }
    monkeypatch.setattr(readings, "kept_by_angle", lambda nets, at: shares[..., 1:2])
    (row,) = readings.width_rows([3, 4], [16], depth=2)
    reach = 12.706 * 0.05
    assert row == {
        "width m": 16,
        "measured (95 % interval)": f"0.550 (−{reach - 0.55:.3f} to {0.55 + reach:.3f})",
        "formula with its 1/m term": f"{0.5625 + 0.5 / (np.pi**2 * 16):.3f}",
        "limit": "0.562",
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
    ends = [values[f"ratio-{name}"] for name in ("low", "median", "high")]
    assert ends == ["5.00", "50.00", "95.00"]
    assert values["ratio-nets"] == 101
    for name, net in zip(("opposite", "opposite-bias"), nets, strict=True):
        active = path_gates(net, x)
        assert int(values[name]) == (active[:128] * active[128:]).sum(-1).max()
    assert values["opposite"] == 0 < int(values["opposite-bias"])
    plain = path_gates(nets[0], x)  # one step further than the opposite input, a path is shared
    assert (plain * plain.roll(127, 0)).sum(-1).max() == 1


def test_experts_are_quoted_with_their_largest_gaps():
    gaps = {"descent": [[0.0, -3.0]], "limit": [1.0, 0.0], "ridge": [0.5, 0.25]}
    arrays = {f"experts_{name}": np.array(values) for name, values in gaps.items()}
    arrays |= {f"kernel_{name}": np.zeros_like(arrays[f"experts_{name}"]) for name in gaps}
    arrays |= dict(paths=np.array(27), patterns=np.array(5), floor=np.array(0.1))
    arrays |= dict(train_experts=np.array([0.9, 0.2]), steps=np.array([1, 1030]))
    result = Result(ConstantExperts(), arrays, {}, "computed")
    assert readings.experts_values(result) == {
        "descent-gap": "3\u00a0×\u00a010⁰",
        "limit-gap": "1\u00a0×\u00a010⁰",
        "ridge-gap": "5\u00a0×\u00a010⁻¹",
        "experts-paths": 27,
        "experts-points": 64,
        "experts-patterns": 5,
        "experts-floor": "0.100",
        "experts-last": "0.200",
        "experts-steps": "1\u202f030",
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
        draws=np.array([1600, 40, 10]),
    )
    assert readings.draw_values(result) == {
        "n-widths": 3,
        "smallest-width": 4,
        "smallest-draws": "1\u202f600",
        "mean-gap": "0.500",
        "one-draw-gap": "2.0",
    }


def test_limits_are_quoted_with_their_intervals():
    errors = power_laws(-0.4, -0.6)
    errors[:, 0] *= 4.0 ** np.array([0.3, 0.3])
    near, far = [[1.0, 1.0, 1.0], [1.1, 1.1, 1.1]], [[1.5, 1.0, 0.5], [1.51, 1.1, 0.51]]
    values = readings.limit_values({"a": limit(errors, near), "b": limit(errors, far)}, 16)
    assert values["limit-seeds"] == 2 and (values["a-held"], values["b-held"]) == (3, 1)
    assert type(values["a-held"]) is int  # the page shows its repr
    reach = 12.706 * 0.1
    slopes = [values[f"a-wide-{end}"] for end in ("slope", "low", "high")]
    assert slopes == ["−0.50", f"−{0.5 + reach:.2f}", f"{reach - 0.5:.2f}"]
    # Raising the first of three equidistant points by 4^0.3 tilts the line by half of -0.3.
    assert values["b-all-slope"] == "−0.65"


def test_a_relu_net_is_quoted_beside_a_dlgn():
    relu, linear = limit(power_laws(-0.1, -0.1)), limit(power_laws(-0.5, -0.5))
    assert readings.relu_limit_values(relu, linear, 5) == {
        "relu-slope": "−0.10",
        "relu-low": "−0.10",
        "relu-high": "−0.10",
        "relu-first": "1.00",
        "relu-last": f"{4**-0.1:.2f}",
        "pwl-first": "1.00",
        "pwl-last": "0.50",
        "fit-from": 16,
        "largest-width": 64,
    }
