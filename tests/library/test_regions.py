"""Half-spaces, path regions and exact partitions against the nets' own gates."""

import itertools
from functools import partial

import numpy as np
import pytest
import torch
from halfspace import polygons, regions
from halfspace.gates import HardGate, SoftGate
from halfspace.nets import DGN, DLGN, DeepLinearNet, ReLUNet, stack
from hypothesis import given, settings
from hypothesis import strategies as st

WINDOW = polygons.square(2.0)
AREA = 16.0


def make(kind, width, depth, bias, seed, d_in=2):
    generator = torch.Generator().manual_seed(seed)
    options = {} if kind is ReLUNet else {"gate": HardGate()}
    net = kind(d_in, width=width, depth=depth, bias=bias, generator=generator, **options)
    return net.double()


SHALLOW = partial(DLGN, shallow=True)

planar_nets = st.builds(
    make,
    st.sampled_from([ReLUNet, DLGN, SHALLOW]),
    st.integers(1, 4),
    st.integers(1, 3),
    st.booleans(),
    st.integers(0, 10**6),
)


def sample(count=300, seed=0):
    return 4 * np.random.default_rng(seed).random((count, 2)) - 2


def holds(polygon, points, slack):
    """Tell which points lie in a polygon: certainly (slack > 0) or possibly (slack < 0)."""
    along = np.roll(polygon, -1, axis=0) - polygon
    inward = np.stack([-along[:, 1], along[:, 0]], axis=1)
    inward /= np.linalg.norm(inward, axis=1, keepdims=True) + 1e-300
    return (((points[:, None] - polygon) * inward).sum(-1) > slack).all(axis=1)


def all_paths(net):
    return itertools.product(range(net.width), repeat=net.depth)


@settings(deadline=None, derandomize=True)
@given(
    st.sampled_from([DLGN, SHALLOW]), st.integers(1, 4), st.integers(1, 4), st.integers(1, 4),
    st.booleans(), st.integers(0, 99),
)  # fmt: skip
def test_half_spaces_reproduce_the_preactivations(kind, d_in, width, depth, bias, seed):
    net = make(kind, width, depth, bias, seed, d_in)
    normals, offsets = regions.half_spaces(net)
    assert normals.shape == (depth, width, d_in) and offsets.shape == (depth, width)
    x = torch.randn(20, d_in, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    found = torch.einsum("hmd,nd->nhm", normals, x) + offsets
    torch.testing.assert_close(found, net.preactivations(x), rtol=1e-10, atol=1e-12)


def test_half_spaces_of_a_stack_are_those_of_its_nets():
    nets = [make(DLGN, 3, 2, True, seed) for seed in range(4)]
    normals, offsets = regions.half_spaces(stack(nets))
    for index, net in enumerate(nets):
        for joint, single in zip((normals, offsets), regions.half_spaces(net), strict=True):
            torch.testing.assert_close(joint[index], single)


def test_half_spaces_refuses_a_relu_net():
    with pytest.raises(ValueError, match="needs a DLGN; got ReLUNet"):
        regions.half_spaces(make(ReLUNet, 2, 2, False, 0))


def test_membership_is_the_product_of_the_gates():
    net = make(ReLUNet, 3, 2, True, 5)
    gates = net.gates(torch.from_numpy(sample()))
    for path in all_paths(net):
        expected = gates[:, 0, path[0]] * gates[:, 1, path[1]] == 1
        assert torch.equal(regions.in_path_region(gates, path), expected)


@pytest.mark.parametrize("path", [(0,), (0, 3), (0, -1), (0, 1, 2)])
def test_a_path_that_does_not_fit_is_refused(path):
    net = make(DLGN, 3, 2, False, 0)
    wanted = r"a unit from 0 to 2 in each of 2 layers; got \["
    with pytest.raises(ValueError, match=wanted):
        regions.in_path_region(net.gates(torch.zeros(1, 2).double()), path)
    with pytest.raises(ValueError, match=wanted):
        regions.path_region(net, path, WINDOW)
    with pytest.raises(ValueError, match=wanted):
        regions.path_region_cells(regions.partition(net, WINDOW), path)


@pytest.mark.parametrize(
    ("paths", "message"),
    [
        ([(0, 1), (0, 3)], r"0 to 2 in each of 2 layers; got \[0, 3\]"),
        ([(0, 1, 2)], r"shape \(R, 2\); got int64 \(1, 3\)"),
        ((0, 1), r"shape \(R, 2\); got int64 \(2,\)"),
        ([(0.0, 1.0)], r"whole numbers of shape \(R, 2\); got float64"),
    ],
)
def test_paths_that_do_not_fit_are_refused(paths, message):
    net = make(DLGN, 3, 2, False, 0)
    with pytest.raises(ValueError, match=message):
        regions.path_polygons(net, paths, WINDOW)
    with pytest.raises(ValueError, match=message):
        regions.component_counts(regions.partition(net, WINDOW), paths)


@settings(deadline=None, derandomize=True, max_examples=40)
@given(planar_nets)
def test_the_cells_fill_the_window_with_the_right_gates(net):
    cut = regions.partition(net, WINDOW)
    assert cut.areas.sum() == pytest.approx(AREA, abs=1e-9)
    assert cut.areas.min() > 0
    points = sample()
    gates = net.gates(torch.from_numpy(points)).numpy()
    covered = np.zeros(len(points), dtype=int)
    for polygon, pattern in zip(cut.cells, cut.patterns, strict=True):
        inside = holds(polygon, points, 1e-8)
        covered += inside
        assert (gates[inside] == pattern).all()
    # All but points within 1e-8 of an edge, of which 300 draws hold none worth the name.
    assert (covered <= 1).all() and covered.sum() >= len(points) - 1


@settings(deadline=None, derandomize=True, max_examples=40)
@given(planar_nets)
def test_a_pattern_occurs_in_one_cell_only(net):
    cut = regions.partition(net, WINDOW)
    flat = cut.patterns.reshape(len(cut.cells), -1)
    assert len(np.unique(flat, axis=0)) == len(flat)


@settings(deadline=None, derandomize=True, max_examples=40)
@given(planar_nets)
def test_a_path_region_is_the_union_of_the_cells_with_its_bits_on(net):
    cut = regions.partition(net, WINDOW)
    points = torch.from_numpy(sample())
    gates = net.gates(points)
    found = 0
    for path in all_paths(net):
        members = regions.path_region_cells(cut, path)
        found += len(members) > 0
        area = cut.areas[members].sum()
        parts = regions.components(cut, members)
        assert sorted(itertools.chain(*parts)) == sorted(members)
        assert sum(cut.areas[part].sum() for part in parts) == pytest.approx(area, abs=1e-12)
        certainly = np.zeros(len(points), dtype=bool)
        possibly = np.zeros(len(points), dtype=bool)
        for cell in members:
            certainly |= holds(cut.cells[cell], points.numpy(), 1e-8)
            possibly |= holds(cut.cells[cell], points.numpy(), -1e-8)
        member = regions.in_path_region(gates, path).numpy()
        assert (member[certainly]).all() and (possibly[member]).all()
        if isinstance(net, DLGN):
            polygon = regions.path_region(net, path, WINDOW)
            assert polygons.area(polygon) == pytest.approx(area, abs=1e-9)
            assert polygons.free_edges(polygon, WINDOW) <= net.depth
            assert len(parts) <= 1
            if len(members):
                assert regions.hull_share(cut, members) == pytest.approx(1, abs=1e-9)
    assert regions.count_path_regions(cut) == found


@settings(deadline=None, derandomize=True, max_examples=40)
@given(planar_nets)
def test_all_path_regions_are_found_with_their_areas_and_components(net):
    cut = regions.partition(net, WINDOW)
    members = {path: regions.path_region_cells(cut, path) for path in all_paths(net)}
    expected = [path for path in all_paths(net) if len(members[path])]
    found = regions.path_regions(cut)
    assert [tuple(path) for path in found.paths.tolist()] == expected
    areas = [cut.areas[members[path]].sum() for path in expected]
    np.testing.assert_allclose(found.areas, areas, rtol=1e-12)
    every = np.array(list(all_paths(net)))
    parts = [len(regions.components(cut, members[tuple(path)])) for path in every.tolist()]
    assert regions.component_counts(cut, every).tolist() == parts
    if isinstance(net, DLGN):
        left, clipped = regions.path_polygons(net, every, WINDOW)
        assert [tuple(path) for path in every[left].tolist()] == expected
        np.testing.assert_allclose(clipped.areas, found.areas, rtol=0, atol=1e-9)
        for number, polygon in zip(left, clipped, strict=True):
            alone = regions.path_region(net, every[number], WINDOW)
            np.testing.assert_allclose(polygon, alone, rtol=0, atol=1e-12)


@pytest.mark.parametrize("half_side", [0.5, 3.0, 100.0])
def test_a_dlgns_path_regions_are_connected_however_small_its_cells(half_side):
    cut = regions.partition(make(DLGN, 16, 5, True, 4), polygons.square(half_side))
    assert cut.areas.min() < 1e-6 * cut.areas.max()
    paths = regions.path_regions(cut).paths[::40]
    assert (regions.component_counts(cut, paths) == 1).all()


def test_a_cell_has_a_neighbour_across_each_edge_inside_the_window():
    for kind in (ReLUNet, DLGN):
        cut = regions.partition(make(kind, 12, 3, True, 8), WINDOW)
        inner = sum(polygons.free_edges(cell, WINDOW) for cell in cut.cells)
        assert 2 * len(cut.neighbours) == inner
        first, second = cut.neighbours.T
        # Two cells on the two sides of one unit's border.
        assert ((cut.patterns[first] != cut.patterns[second]).sum(axis=(1, 2)) == 1).all()


def test_blocks_change_nothing(monkeypatch):
    net = make(ReLUNet, 5, 3, True, 11)
    cut = regions.partition(net, WINDOW)
    found = regions.path_regions(cut)
    counts = regions.component_counts(cut, found.paths)
    assert len(found.paths) > 20 and counts.max() > 1
    monkeypatch.setattr("halfspace.regions._partition._BLOCK", 50)
    monkeypatch.setattr("halfspace.regions._paths._BLOCK", 100)
    again = regions.partition(net, WINDOW)
    assert np.array_equal(again.patterns, cut.patterns)
    np.testing.assert_allclose(again.areas, cut.areas, rtol=1e-12)
    assert np.array_equal(regions.path_regions(cut).paths, found.paths)
    np.testing.assert_allclose(regions.path_regions(cut).areas, found.areas, rtol=1e-12)
    assert np.array_equal(regions.component_counts(cut, found.paths), counts)
    assert regions.count_path_regions(cut) == len(found.paths)


def test_paths_active_in_some_pattern_are_counted_once():
    patterns = np.zeros((3, 2, 3), dtype=bool)
    patterns[0, 0, 0] = patterns[0, 1, :2] = True  # paths (0, 0) and (0, 1)
    patterns[1, 0, :2] = patterns[1, 1, 1] = True  # (0, 1) again and (1, 1)
    patterns[2, 0] = True  # none: no unit of layer 2
    assert regions.count_active_somewhere(patterns) == 3
    assert regions.count_active_somewhere(patterns[2:]) == 0


def test_too_many_paths_are_refused():
    cut = regions.partition(make(DLGN, 17, 7, False, 0), WINDOW)
    for looks in (regions.path_regions, regions.count_path_regions):
        with pytest.raises(ValueError, match="7 layers of 17 units have 410338673"):
            looks(cut)


def test_without_biases_every_cell_is_a_cone():
    for kind in (ReLUNet, DLGN):
        cut = regions.partition(make(kind, 4, 3, False, 3), WINDOW)
        assert all(np.abs(cell).sum(axis=1).min() < 1e-9 for cell in cut.cells)
    assert len(cut.cells) == 2 * 12  # 12 lines through one point


def test_lines_in_general_position_make_the_known_number_of_cells():
    net = make(DLGN, 5, 2, True, 1)
    wide = polygons.square(1e4)  # holds every crossing of the ten lines
    assert len(regions.partition(net, wide).cells) == 1 + 10 + 10 * 9 // 2


def lines_net(kind, *lines):
    """Return a net of one layer whose units' zero lines are given by (normal, offset)."""
    options = {"gate": HardGate()} if kind is DLGN else {}
    net = kind(2, width=len(lines), depth=1, bias=True, **options).double()
    layer = net.gating[0] if kind is DLGN else net.value[0]
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([line[:2] for line in lines]))
        layer.bias.copy_(torch.tensor([line[2] for line in lines]))
    return net


@pytest.mark.parametrize("kind", [ReLUNet, DLGN])
@pytest.mark.parametrize(
    ("lines", "areas"),
    [
        pytest.param([(1.0, 0.0, -1.0), (1.0, 0.0, 1.0)], [4, 4, 8], id="parallel"),
        pytest.param([(1.0, 0.0, -1.0), (2.0, 0.0, -2.0)], [4, 12], id="identical"),
        pytest.param([(1.0, 0.0, -1.0), (-3.0, 0.0, 3.0)], [4, 12], id="opposite"),
        pytest.param([(1.0, 1.0, -4.0), (1.0, -1.0, 0.0)], [8, 8], id="through the corners"),
        pytest.param(
            [(1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (1.0, 1.0, 0.0)],
            [2] * 4 + [4] * 2,
            id="through one point",
        ),
        pytest.param([(1.0, 0.0, 2.0), (0.0, 1.0, -2.0)], [16], id="along the sides"),
        pytest.param([(0.0, 0.0, 0.0), (0.0, 0.0, -1.0), (0.0, 1.0, 5.0)], [16], id="constant"),
    ],
)
def test_lines_in_special_position(kind, lines, areas):
    cut = regions.partition(lines_net(kind, *lines), WINDOW)
    assert sorted(cut.areas.round(12)) == areas
    assert cut.areas.sum() == pytest.approx(AREA, abs=1e-9)
    for cell, pattern in zip(cut.cells, cut.patterns, strict=True):
        values = np.array(lines) @ [*polygons.centroid(cell), 1.0]
        assert (pattern[0] == (values >= 0)).all()


@pytest.mark.parametrize("kind", [ReLUNet, DLGN])
def test_an_empty_window_has_no_cells(kind):
    net = make(kind, 3, 2, True, 0)
    cut = regions.partition(net, WINDOW[:0])
    assert len(cut.cells) == cut.areas.sum() == len(cut.neighbours) == 0
    assert cut.patterns.shape == (0, 2, 3)
    assert len(regions.path_regions(cut).paths) == regions.count_path_regions(cut) == 0
    assert regions.component_counts(cut, [(0, 1)]).tolist() == [0]
    assert regions.components(cut, regions.path_region_cells(cut, (0, 1))) == []
    if kind is DLGN:
        assert len(regions.path_region(net, (0, 1), WINDOW[:0])) == 0
        assert len(regions.path_polygons(net, [(0, 1)], WINDOW[:0])[1]) == 0


@pytest.mark.parametrize(
    ("window", "message"),
    [
        (WINDOW[::-1], "corners anticlockwise"),
        (WINDOW[[0, 2, 1, 3]], "must be a convex polygon"),
        (np.array([(0, 0), (1, 0), (2, 0)]), "with an area"),
        (np.array([(0, 0), (4, 0), (1, 1), (0, 4)]), "must be a convex polygon"),
        (np.zeros((4, 3)), r"shape \(j, 2\); got \(4, 3\)"),
    ],
)
def test_a_window_that_is_no_convex_polygon_is_refused(window, message):
    net = make(DLGN, 2, 1, False, 0)
    with pytest.raises(ValueError, match=message):
        regions.partition(net, window)
    with pytest.raises(ValueError, match=message):
        regions.path_region(net, (0,), window)
    with pytest.raises(ValueError, match=message):
        regions.path_polygons(net, [(0,)], window)


def test_the_window_given_is_left_alone():
    window = polygons.square(2.0)
    cut = regions.partition(make(ReLUNet, 4, 2, True, 3), window)
    assert np.array_equal(window, WINDOW) and np.array_equal(cut.window, WINDOW)


def test_dead_layers_leave_the_next_layer_constant():
    net = make(ReLUNet, 2, 2, True, 0)
    with torch.no_grad():
        net.value[0].weight.zero_()
        net.value[0].bias.fill_(-1.0)
        net.value[1].bias.copy_(torch.tensor([0.0, -1.0]))
    cut = regions.partition(net, WINDOW)
    assert cut.patterns.tolist() == [[[False, False], [True, False]]]
    assert np.array_equal(cut.patterns[0], net.gates(torch.ones(1, 2).double())[0].numpy())
    assert regions.count_path_regions(cut) == len(regions.path_regions(cut).paths) == 0


def test_identical_units_cut_once():
    net = make(DLGN, 3, 2, True, 2)
    with torch.no_grad():
        net.gating[0].weight.copy_(net.gating[0].weight[:1].expand(3, 2))
        net.gating[0].bias.copy_(net.gating[0].bias[:1].expand(3))
        # Layer 2: multiples of the same line, up to rounding.
        net.gating[1].weight.copy_(torch.tensor([[0.1, 0.2, 0.4], [0.3, 0.3, 0.1], [0.7, 0, 0]]))
        net.gating[1].bias.zero_()
    cut = regions.partition(net, polygons.square(5.0))
    assert len(cut.cells) == 2
    assert cut.areas.sum() == pytest.approx(100, abs=1e-9)


def checkerboard():
    """Return a DLGN whose four cells are the quadrants."""
    net = DLGN(2, width=2, depth=1, gate=HardGate()).double()
    with torch.no_grad():
        net.gating[0].weight.copy_(torch.eye(2))
    return regions.partition(net, WINDOW)


def test_cells_that_meet_in_a_corner_are_not_connected():
    cut = checkerboard()
    opposite = np.flatnonzero(cut.patterns.sum(axis=(1, 2)) != 1)
    assert [len(part) for part in regions.components(cut, opposite)] == [1, 1]
    three = np.flatnonzero(cut.patterns.sum(axis=(1, 2)) >= 1)
    assert [len(part) for part in regions.components(cut, three)] == [3]
    assert regions.components(cut, three[:0]) == []


def test_an_edge_as_short_as_rounding_joins_nothing():
    right = np.array([(0.0, -1e-10), (1.0, -1.0), (1.0, 1.0), (0.0, 1e-10)])
    cells = polygons.Polygons.of([right, -right])
    areas = np.array([polygons.area(cell) for cell in cells])
    cut = regions.Partition(WINDOW, cells, np.ones((2, 1, 1), dtype=bool), areas)
    assert len(regions.components(cut, np.array([0, 1]))) == 2


def test_components_come_largest_first():
    net = DLGN(2, width=2, depth=1, bias=True, gate=HardGate()).double()
    with torch.no_grad():
        net.gating[0].weight.copy_(torch.tensor([[1.0, 0.0], [-1.0, 0.0]]))
        net.gating[0].bias.copy_(torch.tensor([-1.5, 0.0]))
    cut = regions.partition(net, WINDOW)
    either = np.flatnonzero(cut.patterns.any(axis=(1, 2)))
    parts = regions.components(cut, either)
    assert [cut.areas[part].sum() for part in parts] == [8, 2]


def test_hull_share_of_a_region_with_a_dent():
    cut = checkerboard()
    three = np.flatnonzero(cut.patterns.sum(axis=(1, 2)) >= 1)
    assert regions.hull_share(cut, three) == pytest.approx(12 / 14)
    with pytest.raises(ValueError, match="empty region"):
        regions.hull_share(cut, three[:0])


def test_count_faces_of_a_cube_with_redundant_half_spaces():
    normals = np.concatenate([np.eye(3), -np.eye(3), np.eye(3)])
    offsets = np.array([1.0] * 6 + [5.0] * 3)
    inside = np.array([0.2, -0.3, 0.1])
    assert regions.count_faces(normals, offsets, inside) == 6
    assert regions.count_faces(-normals, -offsets, inside) == 6
    assert regions.count_faces(normals[:2], offsets[:2], inside) == 2
    with pytest.raises(ValueError, match="on no hyperplane"):
        regions.count_faces(normals, offsets, np.array([1.0, 0.0, 0.0]))


@pytest.mark.parametrize("seed", range(5))
def test_count_faces_agrees_with_clipping_in_the_plane(seed):
    net = make(DLGN, 4, 3, True, seed)
    normals, offsets = (t.detach().numpy() for t in regions.half_spaces(net))
    wide = polygons.square(1e5)
    cut = regions.partition(net, wide)
    for cell in np.flatnonzero(cut.areas < 1e4):
        inside = polygons.centroid(cut.cells[cell])
        faces = regions.count_faces(normals.reshape(-1, 2), offsets.ravel(), inside)
        assert faces == polygons.free_edges(cut.cells[cell], wide) == len(cut.cells[cell])


@pytest.mark.parametrize(
    ("net", "message"),
    [
        (make(ReLUNet, 2, 2, False, 0, d_in=3), "2 inputs to be drawn in the plane; got 3"),
        (stack([make(DLGN, 2, 2, False, s) for s in (0, 1)]), r"got a stack of shape \(2,\)"),
        (DeepLinearNet(2, width=2, depth=2), "ReLUNet, a DLGN or a DGN; got DeepLinearNet"),
    ],
)
def test_what_cannot_be_cut_is_refused(net, message):
    with pytest.raises(ValueError, match=message):
        regions.partition(net, WINDOW)


def test_soft_gates_are_cut_as_hard_ones_and_float32_nets_in_float64():
    net = make(DLGN, 3, 2, True, 7).float()
    soft = DLGN(2, width=3, depth=2, bias=True, gate=SoftGate(beta=4))
    soft.load_state_dict(net.state_dict())
    first, second = regions.partition(net, WINDOW), regions.partition(soft, WINDOW)
    assert np.array_equal(first.patterns, second.patterns)
    assert first.cells[0].dtype == np.float64


def test_a_deep_gated_net_is_cut_as_its_gating_network():
    relu = ReLUNet(2, width=4, depth=3, bias=True, generator=torch.Generator().manual_seed(3))
    dgn = DGN(2, width=4, depth=3, bias=True, gate=SoftGate(4.0))
    dgn.gating.load_state_dict(relu.value[:-1].state_dict())
    window = polygons.square(2.0)
    ours, theirs = regions.partition(dgn, window), regions.partition(relu, window)
    assert np.array_equal(ours.patterns, theirs.patterns)
    assert np.array_equal(ours.areas, theirs.areas)
