"""Planes and segments in the input space: nets with many inputs, cut exactly."""

import numpy as np
import pytest
import torch
from halfspace.gates import HardGate, SoftGate
from halfspace.nets import DGN, DLGN, ReLUNet, stack
from halfspace.overlap import active_path_counts
from halfspace.polygons import square
from halfspace.regions import (
    Plane,
    count_active_somewhere,
    count_segment_regions,
    half_spaces,
    partition,
    path_regions,
    segments,
)

D = 7
NETS = {
    "relu": lambda **o: ReLUNet(D, **o),
    "relu, biases": lambda **o: ReLUNet(D, bias=True, **o),
    "dlgn": lambda **o: DLGN(D, gate=HardGate(), **o),
    "dlgn, biases": lambda **o: DLGN(D, gate=SoftGate(3.0), bias=True, **o),
    "pwc": lambda **o: DLGN(D, gate=HardGate(), constant_input=True, **o),
    "shallow": lambda **o: DLGN(D, gate=SoftGate(3.0), shallow=True, bias=True, **o),
    "dgn": lambda **o: DGN(D, gate=HardGate(), bias=True, **o),
}


def drawn(name, generator, **sizes):
    sizes = dict(width=6, depth=3, d_out=2) | sizes
    return NETS[name](**sizes, generator=generator)


@pytest.fixture
def plane(generator):
    return Plane.through(torch.randn(3, D, generator=generator))


@pytest.mark.parametrize("name", NETS)
def test_a_restricted_net_is_the_net_on_the_plane(name, plane, generator):
    net = drawn(name, generator)
    before = {key: value.clone() for key, value in net.state_dict().items()}
    flat = plane.restricted(net)
    at = torch.randn(50, 2, generator=generator, dtype=torch.float64)
    x = torch.from_numpy(plane.points(at))
    same = drawn(name, generator)
    same.load_state_dict(before)
    same.double()
    torch.testing.assert_close(flat(at), same(x), rtol=1e-12, atol=1e-12)
    etas = flat.preactivations(at), same.preactivations(x)
    torch.testing.assert_close(*etas, rtol=1e-12, atol=1e-12)
    assert all(torch.equal(value, before[key]) for key, value in net.state_dict().items())
    assert net.d_in == D and flat.d_in == 2 and flat.gate == net.gate


@pytest.mark.parametrize("name", NETS)
def test_a_slice_is_cut_exactly(name, plane, generator):
    """Every cell's pattern is that of inputs in it, and grid points find no other pattern."""
    net = drawn(name, generator).double()
    cut = partition(plane.restricted(net), square(3.0))
    middles = np.array([cut.cells[k].mean(axis=0) for k in range(len(cut.cells))])
    gates = net.gates(torch.from_numpy(plane.points(middles)), HardGate())
    np.testing.assert_array_equal(gates.detach().numpy().astype(bool), cut.patterns)
    assert cut.areas.sum() == pytest.approx(36, rel=1e-9)
    axis = np.linspace(-2.99, 2.99, 60)
    grid = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    seen = net.gates(torch.from_numpy(plane.points(grid)), HardGate()).bool().flatten(1)
    known = {row.tobytes() for row in cut.patterns.reshape(len(cut.patterns), -1)}
    assert {row.tobytes() for row in seen.numpy()} <= known and len(known) > 10


def test_path_counts_on_a_slice_are_those_of_its_inputs(plane, generator):
    net = drawn("dlgn", generator).double()
    cut = partition(plane.restricted(net), square(3.0))
    area = path_regions(cut).areas.sum()
    counts = active_path_counts(torch.from_numpy(cut.patterns))
    assert area == pytest.approx((counts.numpy() * cut.areas).sum(), rel=1e-9)


def test_coordinates_are_distances(plane, generator):
    points = torch.randn(3, D, generator=generator, dtype=torch.float64)
    plane = Plane.through(points)
    at = plane.coordinates(points)
    np.testing.assert_allclose(plane.points(at), points, atol=1e-12)
    np.testing.assert_allclose(
        np.linalg.norm(at[1] - at[2]), torch.linalg.norm(points[1] - points[2]), rtol=1e-12
    )
    assert at[0].tolist() == [0, 0] and at[1, 0] > 0 and abs(at[1, 1]) < 1e-12 and at[2, 1] > 0
    beside = points + 5 * torch.linalg.svd(torch.from_numpy(plane.directions)).Vh[-1]
    np.testing.assert_allclose(plane.coordinates(beside), at, atol=1e-12)


def test_nearly_parallel_directions_become_orthogonal():
    plane = Plane.spanned(np.zeros(3), [[1.0, 1.0, 1.0], [1.0, 1.0, 1.0 + 1e-7]])
    np.testing.assert_allclose(plane.directions @ plane.directions.T, np.eye(2), atol=1e-14)


@pytest.mark.parametrize("name", NETS)
def test_a_segment_is_cut_where_gates_change(name, generator):
    net = drawn(name, generator).double()
    ends = torch.randn(2, D, generator=generator, dtype=torch.float64) * 3
    cut = segments(net, *ends)
    assert (np.diff(cut.ends) > 0).all() and cut.ends[[0, -1]].tolist() == [0, 1]
    middles = torch.from_numpy((cut.ends[1:] + cut.ends[:-1]) / 2)[:, None]
    at = ends[0] + middles * (ends[1] - ends[0])
    gates = net.gates(at, HardGate()).bool().numpy()
    np.testing.assert_array_equal(gates, cut.patterns)
    assert (cut.patterns[1:] != cut.patterns[:-1]).any(axis=(1, 2)).all(), "each end is a change"
    fine = ends[0] + torch.linspace(0, 1, 20_001, dtype=torch.float64)[:, None] * (
        ends[1] - ends[0]
    )
    seen = net.gates(fine, HardGate()).bool()
    changes = (seen[1:] != seen[:-1]).any(-1).any(-1).sum().item()
    assert changes <= len(cut.ends) - 2 <= changes + 2, "steps may hold two ends"


@pytest.mark.parametrize("name", ["relu", "dlgn, biases", "dgn"])
def test_path_regions_along_a_segment_are_counted_as_by_enumeration(name, generator):
    net = drawn(name, generator, width=6)
    ends = torch.randn(2, D, generator=generator) * 3
    cut = segments(net, *ends)
    total = 0
    for path in np.ndindex(6, 6, 6):
        active = cut.patterns[:, range(3), path].all(axis=1)
        total += np.count_nonzero(np.diff(active, prepend=False) & active)
    assert count_segment_regions(cut) == total > 10
    if name == "dlgn, biases":  # regions are convex: no path comes back
        assert total == count_active_somewhere(cut.patterns)


def test_path_regions_of_a_wide_net_are_counted_without_overflow(generator):
    """All units are active along the segment: one region for each of 2^68 paths."""
    net = ReLUNet(3, width=16, depth=17, generator=generator).double()
    for layer in net.value:
        layer.weight.data.abs_()
    assert count_segment_regions(segments(net, np.ones(3), 2 * np.ones(3))) == 16**17


def test_a_dlgn_of_many_inputs_is_cut_at_its_half_spaces(generator):
    net = DLGN(784, width=8, depth=4, gate=HardGate(), generator=generator).double()
    first, second = torch.randn(2, 784, generator=generator, dtype=torch.float64)
    normals, offsets = half_spaces(net)
    rise, start = normals @ (second - first), normals @ first + offsets
    zeros = (-start / rise).flatten().detach().numpy()
    zeros = np.sort(zeros[(zeros > 0) & (zeros < 1)])
    np.testing.assert_allclose(segments(net, first, second).ends[1:-1], zeros, atol=1e-9)


def test_what_does_not_fit_is_refused(plane, generator):
    net = drawn("relu", generator)
    with pytest.raises(ValueError, match=r"points must have shape \(3, d\); got \(2, 7\)"):
        Plane.through(torch.zeros(2, 7))
    with pytest.raises(ValueError, match="must not lie on a line"):
        Plane.through([[0.0, 0, 0], [1, 1, 1], [3, 3, 3]])
    with pytest.raises(ValueError, match="parallel or zero"):
        Plane.spanned(np.zeros(3), np.zeros((2, 3)))
    with pytest.raises(
        ValueError, match=r"\(d,\) and directions \(2, d\); got \(3,\) and \(2, 4\)"
    ):
        Plane.spanned(np.zeros(3), np.zeros((2, 4)))
    with pytest.raises(ValueError, match="points must be finite"):
        Plane.through(np.full((3, 2), np.nan))
    with pytest.raises(ValueError, match="net must have 7 inputs, as the plane has; got 2"):
        plane.restricted(ReLUNet(2, width=2, depth=1))
    with pytest.raises(ValueError, match="use unstack"):
        plane.restricted(stack([net]))
    with pytest.raises(ValueError, match=r"first must have shape \(7,\); got \(2,\)"):
        segments(net, np.zeros(2), np.zeros(7))
    with pytest.raises(ValueError, match="Plane.restricted cuts it"):
        partition(net, square(1.0))
