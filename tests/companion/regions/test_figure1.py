"""Figure 1: the search for a disconnected region and the nets whose region jumps."""

import numpy as np
import pytest
import torch
from halfspace import polygons, regions
from halfspace.companion.regions import figure1 as regions_figure1

WINDOW = polygons.square(3.0)


@pytest.fixture(scope="module")
def search():
    return regions_figure1.search_disconnected(
        range(40), width=3, depth=3, window=WINDOW, min_share=0.05
    )


def test_the_region_found_is_disconnected_with_large_components(search):
    assert search.all_large <= search.disconnected <= search.regions <= 40 * 3**3
    assert len(search.components) >= 2 and (search.shares > 0.05).all()
    members = regions.path_region_cells(search.cut, search.path)
    assert sorted(np.concatenate(search.components)) == sorted(members)
    found = [search.cut.areas[part].sum() / 36 for part in search.components]
    np.testing.assert_allclose(search.shares, found)
    assert search.net.has_bias and search.net.value[0].weight.dtype == torch.float64


def test_a_straight_line_between_the_components_leaves_the_region(search):
    first, second = (polygons.centroid(search.cut.cells[part[0]]) for part in search.components[:2])
    line = torch.from_numpy(np.linspace(first, second, 1001))
    inside = regions.in_path_region(search.net.gates(line), search.path)
    assert inside[0] and inside[-1] and not inside.all()


def test_the_search_does_not_depend_on_where_it_starts(search):
    seeds = range(search.seed, search.seed + 1)
    again = regions_figure1.search_disconnected(
        seeds, width=3, depth=3, window=WINDOW, min_share=0.05
    )
    assert again.path == search.path
    np.testing.assert_array_equal(again.shares, search.shares)


def test_a_search_without_success_says_so():
    with pytest.raises(ValueError, match="among 2 nets .* more than 0.9 of the window"):
        regions_figure1.search_disconnected(
            range(2), width=2, depth=1, window=WINDOW, min_share=0.9
        )


def test_the_relu_region_jumps_between_nearly_equal_nets():
    step = 5e-7
    below, above = regions_figure1.jump_relu(-step / 2), regions_figure1.jump_relu(step / 2)
    assert regions_figure1.weight_distance(below, above) == pytest.approx(step, rel=1e-6)
    assert regions_figure1.unit_norms(below).min() >= 0.5
    small, large = regions_figure1.path_areas([below, above], regions_figure1.JUMP_PATH, WINDOW)
    assert large - small > 0.25
    # By hand: above zero it is the half-plane of A, below zero B must be active too: a wedge.
    assert large == pytest.approx(0.5, abs=1e-6)
    angle = np.arctan2(1, -0.3) - np.arctan2(1, 0.6)
    points = torch.randn(200_000, 2, generator=torch.Generator().manual_seed(0)).double()
    share = regions.in_path_region(below.gates(points), regions_figure1.JUMP_PATH).double().mean()
    assert share.item() == pytest.approx(angle / (2 * np.pi), abs=0.005)  # 5 standard errors


def test_the_dlgn_region_moves_little_unless_its_normal_vanishes():
    step = 5e-7
    weights = [-step / 2, step / 2]
    near = regions_figure1.path_areas(
        [regions_figure1.jump_dlgn(w) for w in weights], regions_figure1.JUMP_PATH, WINDOW
    )
    assert abs(near[1] - near[0]) < 1e-5
    zero = 0.8
    opposite = [regions_figure1.jump_dlgn(w + zero, opposite=True) for w in weights]
    far = regions_figure1.path_areas(opposite, regions_figure1.JUMP_PATH, WINDOW)
    assert far.tolist() == [0.0, pytest.approx(0.5)]
    normals = regions.half_spaces(regions_figure1.jump_dlgn(zero, opposite=True))[0]
    assert normals[1, 0].abs().max() < 1e-15  # zero but for the rounding of float64
