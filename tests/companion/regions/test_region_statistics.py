"""Counts, faces and convexity of random nets' regions."""

import itertools

import numpy as np
import pytest
import torch
from halfspace import paths, polygons, regions
from halfspace.companion import seeds
from halfspace.companion.regions import statistics as regions_statistics

WINDOW = polygons.square(3.0)


def test_counts_stay_below_what_is_possible_and_one_layer_has_no_empty_path():
    for kind in seeds.KINDS:
        found = regions_statistics.region_counts(kind, [(4, 1), (4, 3)], (0, 1), window=WINDOW)
        assert found["paths"].shape == found["patterns"].shape == (2, 2)
        assert (found["paths"][1] <= 4**3).all() and (found["paths"] > 0).all()
        assert (found["patterns"][0] <= regions_statistics.arrangement_bound(4)).all()
        straight = regions_statistics.arrangement_bound(12)
        assert (found["patterns"][1] <= regions_statistics.relu_bound(4, 3)).all()
        if kind == "dlgn":
            assert (found["patterns"][1] <= straight).all()


def test_bounds():
    assert [regions_statistics.arrangement_bound(lines) for lines in (0, 1, 2, 3, 4, 12)] == [
        1,
        2,
        4,
        7,
        11,
        79,
    ]
    assert (
        regions_statistics.relu_bound(4, 1) == 11 and regions_statistics.relu_bound(4, 3) == 11**3
    )


def test_lines_in_general_position_reach_the_bound():
    wide = polygons.square(1e5)
    found = regions_statistics.region_counts("dlgn", [(5, 1), (5, 2)], (0, 1, 2), window=wide)
    assert (found["patterns"].T == [regions_statistics.arrangement_bound(n) for n in (5, 10)]).all()


def test_counted_paths_are_those_with_cells():
    found = regions_statistics.region_counts("relu", [(3, 2)], (5,), window=WINDOW)
    net = seeds.random_net("relu", 5, width=3, depth=2)
    cut = regions.partition(net, WINDOW)
    every = itertools.product(range(3), repeat=2)
    assert found["paths"][0, 0] == sum(len(regions.path_region_cells(cut, p)) > 0 for p in every)
    assert found["patterns"][0, 0] == len(cut.cells)


def test_dlgn_path_regions_are_convex_and_some_relu_ones_are_not():
    dlgn = regions_statistics.hull_shares("dlgn", range(5), width=3, depth=3, window=WINDOW)
    relu = regions_statistics.hull_shares("relu", range(5), width=3, depth=3, window=WINDOW)
    np.testing.assert_allclose(dlgn, 1, atol=1e-9)
    assert relu.min() < 0.9 and relu.max() < 1 + 1e-9


def test_faces_reach_the_depth_once_the_dimension_allows_it():
    found = regions_statistics.faces_by_dimension((1, 6), range(4), width=4, depth=3)
    assert (found["path"][0] <= 2).all() and (found["path"][1] == 3).all()
    assert (found["pattern"] >= found["path"]).all() and (found["pattern"] <= 12).all()


@pytest.mark.parametrize("kind", seeds.KINDS)
def test_the_union_identity_holds_on_a_tiny_net(kind):
    net = seeds.random_net(kind, 0, width=3, depth=2)
    occupied = 0
    for path in itertools.product(range(3), repeat=2):
        found = regions_statistics.union_identity(net, path, WINDOW)
        assert found["patterns"] == 2 ** ((3 - 1) * 2)
        slack = 1e-9 if kind == "dlgn" else 0.1  # the grid misses the edges: 0.012 wide, < 10 long
        assert found["union"] == pytest.approx(found["region"], abs=slack)
        occupied += found["occupied"]
    assert occupied > 0


def test_the_union_identity_refuses_a_large_net():
    net = seeds.random_net("dlgn", 0, width=9, depth=2)
    with pytest.raises(ValueError, match="at most 16 gated units; the net has 18"):
        regions_statistics.union_identity(net, (0, 0), WINDOW)


def test_an_unknown_kind_is_refused():
    with pytest.raises(ValueError, match="one of .*got 'deep'"):
        seeds.random_net("deep", 0, width=2, depth=2)


@pytest.mark.parametrize("constant_input", [False, True])
def test_strongest_paths_are_those_of_the_enumeration(constant_input):
    net = seeds.random_net("dlgn", 3, width=4, depth=3)
    net.constant_input = constant_input
    x = torch.randn(50, 2, generator=torch.Generator().manual_seed(0)).double()
    every = paths.enumerate_paths(4, 3)
    size = (paths.path_gates(net, x) * paths.path_experts(net, x)[..., 0]).abs()[:, : len(every)]
    found = regions_statistics.strongest_paths(net, x)
    active = size.max(dim=1).values > 0
    assert active.any() and torch.equal(found[active], every[size.argmax(dim=1)[active]])
    assert (found[~active] == -1).all()


def test_without_an_active_path_there_is_no_strongest():
    net = seeds.random_net("dlgn", 3, width=2, depth=2)
    with torch.no_grad():
        net.gating[1].weight.zero_()
        net.gating[1].bias.fill_(-1)
    assert regions_statistics.strongest_paths(net, torch.ones(1, 2).double()).tolist() == [[-1, -1]]
