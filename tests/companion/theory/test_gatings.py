"""Gates from six sources: what they are, and what they decide on the circle."""

import math

import numpy as np
import pytest
import torch
from halfspace.companion import plots
from halfspace.companion.theory import gatings
from halfspace.companion.theory import plots as theory_plots
from halfspace.datasets import circle_grid, circle_points
from halfspace.gates import HardGate
from halfspace.nets import DLGN

NAMES = ["deep linear net", "gated linear net", "globally gated net", "DLGN", "DGN", "ReLU net"]


def test_gates_of_each_source():
    x = circle_points(torch.tensor([10.0, 110.0, 130.0, 350.0]).deg2rad())
    gates = gatings.random_gates(x, width=6, depth=2, seed=0)
    assert list(gates) == NAMES
    assert all(g.shape == (4, 2, 6) and set(g.unique().tolist()) <= {0, 1} for g in gates.values())
    assert gates["deep linear net"].all()
    # Contexts are thirds of the circle; the units of one's own group are off.
    first, second, third = [0, 0, 1, 1, 1, 1], [1, 1, 0, 0, 1, 1], [1, 1, 1, 1, 0, 0]
    context = gates["gated linear net"]
    assert context[:, 0].tolist() == [first, first, second, third]
    assert torch.equal(context[:, 0], context[:, 1])
    # Three half-spaces, each for two units of every layer.
    shared = gates["globally gated net"].reshape(4, 2, 3, 2)
    assert torch.equal(shared[..., 0], shared[..., 1])
    assert torch.equal(shared[:, 0], shared[:, 1])
    opposite = gatings.random_gates(-x, width=6, depth=2, seed=0)
    for name in ("globally gated net", "DLGN"):  # a unit is on at one of two opposite inputs
        assert torch.equal(opposite[name], 1 - gates[name])
    assert not torch.equal(opposite["DGN"], 1 - gates["DGN"])
    again = gatings.random_gates(x, width=6, depth=2, seed=1)
    assert not torch.equal(again["DLGN"], gates["DLGN"])


def test_a_width_that_three_gates_cannot_share_is_refused():
    with pytest.raises(ValueError, match="width must be a multiple of 3; got 4"):
        gatings.random_gates(circle_grid(4)[1], width=4, depth=1, seed=0)


def test_the_path_sum_is_the_value_network_under_any_gates():
    x = circle_grid(9)[1].double()
    net = DLGN(2, width=3, depth=3, gate=HardGate(), generator=torch.Generator().manual_seed(0))
    net = net.double()
    for gates in gatings.random_gates(x.float(), width=3, depth=3, seed=0).values():
        total = gatings.path_sum(net, x, gates.double())
        torch.testing.assert_close(total, net(x, gates=gates.double()), rtol=0, atol=1e-14)


def test_shares_start_at_each_input_and_leave_out_those_without_active_paths():
    # Three inputs, one layer of two units: the second input has none.
    gates = torch.tensor([[[1.0, 1.0]], [[0.0, 0.0]], [[1.0, 0.0]]])
    assert gatings.shared_from_first(gates).tolist() == [1, 0, 0.5]
    means = gatings.mean_shares([{"net": gates}, {"net": torch.ones(3, 1, 2)}])
    # Of the first draw: [1, 0, 1/2] and, from the third input on, [1, 1, 0].
    np.testing.assert_allclose(means["net"], [1, 0.75, 0.625])


def test_rows_of_nets_whose_kernels_are_known():
    rows = gatings.source_rows(range(4), width=12, depth=3)
    found = {name: values for name, *values in (row.values() for row in rows)}
    assert list(found) == NAMES
    assert found["deep linear net"] == ["100 %", "100 %", "100 %", "2"]
    # Contexts of 120°: of the pairs at 45°, (120 - 45)/120 lie in one; in two, 1/8 is shared.
    expected = 0.625 + 0.375 / 8
    assert abs(int(found["gated linear net"][1][:-2]) / 100 - expected) < 0.02  # 64 points
    assert found["gated linear net"][3] == "6"
    # Up to six arcs of gates, two numbers for each.
    assert 4 <= float(found["globally gated net"][3]) <= 12
    values = gatings.source_values(rows)
    assert values["rank-deep-linear-net"] == "2" and values["quarter-deep-linear-net"] == "100 %"


def test_a_random_dlgn_s_mean_share_falls_with_the_angle_to_the_depth():
    x = circle_grid(72)[1]
    drawn = [gatings.random_gates(x, width=30, depth=2, seed=seed) for seed in range(40)]
    degrees = np.arange(0, 180, 45)
    shares = gatings.mean_shares(drawn)["DLGN"][degrees // 5]
    # Of wide nets; 0.03 is four standard errors at most, the correction of the width below 0.01.
    np.testing.assert_allclose(shares, (1 - degrees / 180) ** 2, atol=0.03)


def test_the_figure_turns_the_input_to_the_middle():
    shares = np.array([1, 0.75, 0.5, 0.25])
    one = {name: shares for name in NAMES}
    figure, axes = plots.figure(3, 2, sharex=True, sharey=True)
    theory_plots.shared_by_source(axes, one, one)
    assert [axis.get_title() for axis in axes.flat] == NAMES
    (line,) = axes[0, 0].lines
    np.testing.assert_allclose(line.get_xdata(), [-180, -90, 0, 90, 180])
    np.testing.assert_allclose(line.get_ydata(), [0.5, 0.25, 1, 0.75, 0.5])
    figure.draw_without_rendering()
    with pytest.raises(ValueError, match="shorter"):
        theory_plots.shared_by_source(axes, {"DLGN": shares}, one)
    assert math.isclose(axes[0, 0].get_ylim()[1], 1.05)
