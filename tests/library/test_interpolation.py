"""Interpolants built by hand: exact at the points, at the stated cost, one path for each point."""

import math

import pytest
import torch
from halfspace.gates import HardGate, SoftGate
from halfspace.interpolation import (
    box_cost,
    box_net,
    bump_cost,
    bump_net,
    bump_sum,
    least_gap,
    side_by_side,
)
from halfspace.nets import DLGN, ReLUNet, stack
from halfspace.overlap import overlap_kernel


@pytest.fixture
def data(generator):
    points = torch.rand(6, 2, generator=generator).double()
    return points, torch.randn(6, generator=generator).double()


def grid(side, d_in):
    """Midpoints of a grid over the unit cube."""
    line = (torch.arange(side).double() + 0.5) / side
    return torch.cartesian_prod(*[line] * d_in).view(-1, d_in)


def plain_bump(x, centre, radius):
    return max(0.0, 1 - sum(abs(a - b) for a, b in zip(x, centre, strict=True)) / radius)


def test_the_gap_is_the_least_of_all_pairs(data):
    points, _ = data
    pairs = [(points[i] - points[j]).abs() for i in range(6) for j in range(i)]
    assert math.isclose(least_gap(points), min(pair.sum().item() for pair in pairs))
    assert math.isclose(least_gap(points, math.inf), min(pair.max().item() for pair in pairs))


@pytest.mark.parametrize("d_in", [1, 2, 3])
def test_the_bump_net_is_the_sum_of_bumps(generator, d_in):
    points = torch.rand(5, d_in, generator=generator).double()
    values = torch.randn(5, generator=generator).double()
    x = torch.cat([torch.rand(200, d_in, generator=generator).double(), points])
    plain = [
        sum(
            value * plain_bump(one, centre, 0.3)
            for centre, value in zip(points.tolist(), values.tolist(), strict=True)
        )
        for one in x.tolist()
    ]
    net = bump_net(points, values, 0.3)
    assert net.width == 15 * d_in
    torch.testing.assert_close(net(x)[:, 0], torch.tensor(plain).double())
    torch.testing.assert_close(bump_sum(x, points, values, 0.3), torch.tensor(plain).double())
    assert any(plain)


@pytest.mark.parametrize("d_in", [1, 2, 3])
def test_the_box_net_is_the_sum_of_boxes(generator, d_in):
    points = torch.rand(5, d_in, generator=generator).double()
    values = torch.randn(5, generator=generator).double()
    x = torch.cat([torch.rand(500, d_in, generator=generator).double(), points])
    inside = (x[:, None] - points).abs().amax(-1) <= 0.2
    net = box_net(points, values, 0.2)
    assert (net.depth, net.width) == (2 * d_in, 5 + d_in)
    torch.testing.assert_close(net(x)[:, 0], inside.double() @ values)
    assert inside.any(0).all() and not inside.all()


def test_one_path_of_the_box_net_is_active_in_each_box(data):
    points, values = data
    net = box_net(points, values, 0.49 * least_gap(points, math.inf))
    own = net.gates(points)[..., 2:]  # without the units that carry the input
    assert torch.equal(own.prod(1), torch.eye(6).double())  # paths (i, i, i, i)
    # Paths without weight, which pass from one point's unit to another's, are active too.
    assert (overlap_kernel(own) > torch.eye(6)).any()


@pytest.mark.parametrize("reach", [0.5, 0.99, 1.5])
def test_the_training_error_is_zero_up_to_the_gap(data, reach):
    points, values = data
    for net, p in ((bump_net, 1), (box_net, math.inf)):
        made = net(points, values, reach * least_gap(points, p))
        error = (made(points)[:, 0] - values).abs().max()
        assert (error < 1e-12) == (reach < 1)


@pytest.mark.parametrize(("d_in", "side"), [(1, 20_000), (2, 400), (3, 60)])
def test_costs_are_the_integrals(generator, d_in, side):
    points = torch.full((1, d_in), 0.5).double()
    values, radius, x = torch.tensor([-1.5]).double(), 0.4, grid(side, d_in)
    bump, box = bump_net(points, values, radius), box_net(points, values, radius)
    with torch.no_grad():
        assert math.isclose(bump(x).square().mean(), bump_cost(values, radius, d_in), rel_tol=5e-3)
        assert math.isclose(box(x).square().mean(), box_cost(values, radius, d_in), rel_tol=2e-2)


def test_many_points_are_summed_in_parts(data, monkeypatch):
    points, values = data
    x = grid(9, 2)
    whole = bump_sum(x, points, values, 0.3)
    monkeypatch.setattr("halfspace.interpolation._CHUNK", 20)
    assert torch.equal(bump_sum(x, points, values, 0.3), whole)
    assert bump_sum(x[:0], points, values, 0.3).shape == (0,)


@pytest.mark.parametrize("shallow", [False, True])
def test_joined_nets_add_up(generator, shallow):
    x = torch.randn(9, 3, generator=generator).double()
    sizes = dict(depth=3, d_out=2, bias=True, generator=generator)
    gated = dict(gate=SoftGate(4.0), shallow=shallow, **sizes)
    for made in (
        [ReLUNet(3, width=width, **sizes).double() for width in (2, 5, 4)],
        [DLGN(3, width=width, **gated).double() for width in (2, 5, 4)],
    ):
        joined = side_by_side(*made)
        assert joined.width == 11
        torch.testing.assert_close(joined(x), sum(net(x) for net in made))


def test_building_leaves_the_global_generator_alone(data):
    before = torch.get_rng_state()
    side_by_side(bump_net(*data, 0.1), bump_net(*data, 0.2))
    box_net(*data, 0.1)
    assert torch.equal(torch.get_rng_state(), before)


def test_an_interpolant_of_a_trained_net_is_one_net(generator, data):
    points, values = data
    base = ReLUNet(2, width=7, depth=2, bias=True, generator=generator).double()
    residual = (values - base(points)[:, 0]).detach()
    built = side_by_side(base, bump_net(points, residual, 0.49 * least_gap(points)))
    torch.testing.assert_close(built(points)[:, 0], values)


def test_wrong_input_is_refused(data):
    points, values = data
    for make in (bump_net, box_net):
        with pytest.raises(ValueError, match="radius"):
            make(points, values, 0.0)
        with pytest.raises(ValueError, match="values"):
            make(points, values[:3], 0.1)
        with pytest.raises(ValueError, match="finite"):
            make(points * math.nan, values, 0.1)
        with pytest.raises(ValueError, match="points"):
            make(points[0], values[0], 0.1)
    with pytest.raises(ValueError, match="x must"):
        bump_sum(points[:, :1], points, values, 0.1)
    with pytest.raises(ValueError, match="n >= 2"):
        least_gap(points[:1])
    with pytest.raises(ValueError, match="d_in"):
        bump_cost(values, 0.1, 0)
    with pytest.raises(ValueError, match="d_in"):
        box_cost(values, 0.1, 0)
    one, other = (ReLUNet(2, width=3, depth=depth, bias=True) for depth in (2, 3))
    with pytest.raises(ValueError, match="one kind"):
        side_by_side(one, other)
    plain = ReLUNet(2, width=3, depth=2)
    with pytest.raises(ValueError, match="biases"):
        side_by_side(plain, plain)
    with pytest.raises(ValueError, match="stacked"):
        side_by_side(stack([one, one]), stack([one, one]))
    soft, hard = (
        DLGN(2, width=3, depth=2, bias=True, gate=gate) for gate in (SoftGate(1.0), HardGate())
    )
    with pytest.raises(ValueError, match="one kind"):
        side_by_side(soft, hard)
