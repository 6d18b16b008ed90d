"""Figure 1: the search for a disconnected region and the nets whose region jumps."""

import numpy as np
import pytest
import torch
from halfspace import polygons, regions
from halfspace.companion.regions import figure1

WINDOW = polygons.square(3.0)


@pytest.fixture(scope="module")
def search():
    return figure1.search_disconnected(range(40), width=3, depth=3, window=WINDOW, min_share=0.05)


def test_the_region_is_disconnected_with_large_components(search):
    assert search.all_large <= search.disconnected <= search.regions <= 40 * 3**3
    region = search.largest
    assert len(region.components) >= 2 and (region.shares > 0.05).all()
    members = regions.path_region_cells(region.cut, region.path)
    assert sorted(np.concatenate(region.components)) == sorted(members)
    areas = [region.cut.areas[part].sum() / 36 for part in region.components]
    np.testing.assert_allclose(region.shares, areas)
    assert region.net.has_bias and region.net.value[0].weight.dtype == torch.float64


def test_a_straight_line_between_the_components_leaves_the_region(search):
    region = search.largest
    ends = [polygons.centroid(region.cut.cells[part[0]]) for part in region.components[:2]]
    line = torch.from_numpy(np.linspace(*ends, 1001))
    inside = regions.in_path_region(region.net.gates(line), region.path)
    assert inside[0] and inside[-1] and not inside.all()


def test_the_search_does_not_depend_on_where_it_starts(search):
    seed = search.largest.seed
    again = figure1.search_disconnected(
        range(seed, seed + 1), width=3, depth=3, window=WINDOW, min_share=0.05
    )
    assert again.largest.path == search.largest.path
    np.testing.assert_array_equal(again.largest.shares, search.largest.shares)


def test_the_region_shown_needs_all_of_its_units():
    options = dict(width=4, depth=3, window=WINDOW, min_share=0.05)
    alone = figure1.search_disconnected(range(10, 11), **options).largest
    shown = figure1.search_disconnected(range(10, 28), **options).largest
    # Net 10 has larger pieces, but one unit of the path shuts nothing off.
    assert figure1.shut_off(alone.cut, alone.path).min() == 0
    assert figure1.shut_off(shown.cut, shown.path).min() > 0.05
    assert alone.shares.min() > shown.shares.min()


def test_a_unit_shuts_off_what_the_other_units_of_the_path_leave_open():
    net = figure1.jump_relu(0.25)
    cut = regions.partition(net, WINDOW)
    (both,) = figure1.path_areas([net], figure1.JUMP_PATH, WINDOW)
    first, second = figure1.shut_off(cut, figure1.JUMP_PATH)
    active = cut.patterns[:, [0, 1], [0, 0]]
    shares = cut.areas / cut.areas.sum()
    assert first == pytest.approx(shares[active[:, 1]].sum() - both)
    assert second == pytest.approx(shares[active[:, 0]].sum() - both)


def test_units_switch_across_their_borders(search):
    region = search.largest
    borders = figure1.unit_borders(region.net, region.cut, region.path)
    for layer, (unit, ends) in enumerate(zip(region.path, borders, strict=True)):
        assert len(ends) > 0
        points = torch.from_numpy(ends.reshape(-1, 2))
        eta = region.net.preactivations(points)[:, layer, unit]
        np.testing.assert_allclose(eta.detach(), 0, atol=1e-9)
    # The first layer's border is one line across the window: two half-planes.
    ends = borders[0].reshape(-1, 2)
    lengths = np.linalg.norm(borders[0][:, 1] - borders[0][:, 0], axis=1)
    assert lengths.sum() == pytest.approx(np.linalg.norm(np.ptp(ends, axis=0)))


def test_a_search_without_success_has_no_region():
    search = figure1.search_disconnected(range(2), width=2, depth=1, window=WINDOW, min_share=0.9)
    assert search.largest is None and search.all_large == 0
    assert search.regions == 4 and search.seeds == range(2) and search.min_share == 0.9


def test_the_sweep_measures_each_net_at_each_weight():
    curves = figure1.jump_sweep([-0.5, 0.8], WINDOW)
    assert list(curves) == ["ReLU net", "DLGN", "DLGN, opposite normals"]
    for name, nets in {
        "ReLU net": [figure1.jump_relu(-0.5), figure1.jump_relu(0.8)],
        "DLGN": [figure1.jump_dlgn(-0.5), figure1.jump_dlgn(0.8)],
        "DLGN, opposite normals": [figure1.jump_dlgn(w, opposite=True) for w in (-0.5, 0.8)],
    }.items():
        areas = figure1.path_areas(nets, figure1.JUMP_PATH, WINDOW)
        np.testing.assert_array_equal(curves[name], areas)
    assert len({tuple(areas) for areas in curves.values()}) == 3


def test_the_relu_region_jumps_between_nearly_equal_nets():
    step = 5e-7
    below, above = figure1.jump_relu(-step / 2), figure1.jump_relu(step / 2)
    assert figure1.weight_distance(below, above) == pytest.approx(step, rel=1e-6)
    assert figure1.unit_norms(below).min() >= 0.5
    small, large = figure1.path_areas([below, above], figure1.JUMP_PATH, WINDOW)
    assert large - small > 0.25
    # By hand: above zero it is the half-plane of A, below zero B must be active too: a wedge.
    assert large == pytest.approx(0.5, abs=1e-6)
    angle = np.arctan2(1, -0.3) - np.arctan2(1, 0.6)
    points = torch.randn(200_000, 2, generator=torch.Generator().manual_seed(0)).double()
    share = regions.in_path_region(below.gates(points), figure1.JUMP_PATH).double().mean()
    assert share.item() == pytest.approx(angle / (2 * np.pi), abs=0.005)  # 5 standard errors


def test_the_dlgn_region_moves_little_unless_its_normal_vanishes():
    step = 5e-7
    weights = [-step / 2, step / 2]
    near = figure1.path_areas([figure1.jump_dlgn(w) for w in weights], figure1.JUMP_PATH, WINDOW)
    assert abs(near[1] - near[0]) < 1e-5
    zero = 0.8
    opposite = [figure1.jump_dlgn(w + zero, opposite=True) for w in weights]
    far = figure1.path_areas(opposite, figure1.JUMP_PATH, WINDOW)
    assert far.tolist() == [0.0, pytest.approx(0.5)]
    normals = regions.half_spaces(figure1.jump_dlgn(zero, opposite=True))[0]
    assert normals[1, 0].abs().max() < 1e-15  # zero but for the rounding of float64


def test_gates_of_either_family_have_the_weights():
    for net in (figure1.jump_relu(0.25), figure1.jump_dlgn(0.25)):
        assert net.gate_layers[0].weight.tolist() == [[1.0, 0.3], [-1.0, 0.6]]
        assert net.gate_layers[1].weight.tolist() == [[0.25, 0.8], [0.6, -0.7]]
        np.testing.assert_allclose(
            figure1.unit_norms(net), np.sqrt([[1.09, 1.36], [0.0625 + 0.64, 0.85]])
        )
