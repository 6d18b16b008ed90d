"""Counts, faces and convexity of random nets' regions."""

import itertools

import numpy as np
import pytest
import torch
from halfspace import paths, polygons, regions
from halfspace.companion import seeds
from halfspace.companion.regions import statistics as regions_statistics
from halfspace.gates import HardGate, SoftGate
from halfspace.nets import DGN, DLGN

WINDOW = polygons.square(3.0)


def test_counts_stay_below_what_is_possible_and_one_layer_has_no_empty_path():
    for kind in seeds.KINDS:
        counts = regions_statistics.region_counts(kind, [(4, 1), (4, 3)], (0, 1), window=WINDOW)
        assert counts["paths"].shape == counts["patterns"].shape == (2, 2)
        assert (counts["paths"][1] <= 4**3).all() and (counts["paths"] > 0).all()
        assert (counts["patterns"][0] <= regions_statistics.arrangement_bound(4)).all()
        straight = regions_statistics.arrangement_bound(12)
        assert (counts["patterns"][1] <= regions_statistics.relu_bound(4, 3)).all()
        if kind == "dlgn":
            assert (counts["patterns"][1] <= straight).all()


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
    counts = regions_statistics.region_counts("dlgn", [(5, 1), (5, 2)], (0, 1, 2), window=wide)
    assert (
        counts["patterns"].T == [regions_statistics.arrangement_bound(n) for n in (5, 10)]
    ).all()


def test_counted_paths_are_those_with_cells():
    counts = regions_statistics.region_counts("relu", [(3, 2)], (5,), window=WINDOW)
    net = seeds.random_net("relu", 5, width=3, depth=2)
    cut = regions.partition(net, WINDOW)
    every = itertools.product(range(3), repeat=2)
    assert counts["paths"][0, 0] == sum(len(regions.path_region_cells(cut, p)) > 0 for p in every)
    assert counts["patterns"][0, 0] == len(cut.cells)


def test_dlgn_path_regions_are_convex_and_some_relu_ones_are_not():
    dlgn = regions_statistics.hull_shares("dlgn", range(5), width=3, depth=3, window=WINDOW)
    relu = regions_statistics.hull_shares("relu", range(5), width=3, depth=3, window=WINDOW)
    np.testing.assert_allclose(dlgn, 1, atol=1e-9)
    assert relu.min() < 0.9 and relu.max() < 1 + 1e-9


def test_faces_reach_the_depth_once_the_dimension_allows_it():
    faces = regions_statistics.faces_by_dimension((1, 6), range(4), width=4, depth=3)
    assert (faces["path"][0] <= 2).all() and (faces["path"][1] == 3).all()
    assert (faces["pattern"] >= faces["path"]).all() and (faces["pattern"] <= 12).all()


@pytest.mark.parametrize("kind", seeds.KINDS)
def test_the_union_identity_holds_on_a_tiny_net(kind):
    net = seeds.random_net(kind, 0, width=3, depth=2)
    occupied = 0
    for path in itertools.product(range(3), repeat=2):
        union = regions_statistics.union_identity(net, path, WINDOW)
        assert union["patterns"] == 2 ** ((3 - 1) * 2)
        slack = 1e-9 if kind == "dlgn" else 0.1  # the grid misses the edges: 0.012 wide, < 10 long
        assert union["union"] == pytest.approx(union["region"], abs=slack)
        occupied += union["occupied"]
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
    strongest = regions_statistics.strongest_paths(net, x)
    active = size.max(dim=1).values > 0
    assert active.any() and torch.equal(strongest[active], every[size.argmax(dim=1)[active]])
    assert (strongest[~active] == -1).all()


def test_without_an_active_path_there_is_no_strongest():
    net = seeds.random_net("dlgn", 3, width=2, depth=2)
    with torch.no_grad():
        net.gating[1].weight.zero_()
        net.gating[1].bias.fill_(-1)
    assert regions_statistics.strongest_paths(net, torch.ones(1, 2).double()).tolist() == [[-1, -1]]


def test_soft_gates_count_as_hard():
    x = torch.randn(50, 2, generator=torch.Generator().manual_seed(0)).double()
    for kind in (DLGN, DGN):
        sizes = dict(width=3, depth=2, bias=True)
        hard, soft = (
            kind(2, gate=gate, generator=torch.Generator().manual_seed(3), **sizes).double()
            for gate in (HardGate(), SoftGate(4.0))
        )
        paths_of_hard = regions_statistics.strongest_paths(hard, x)
        assert torch.equal(regions_statistics.strongest_paths(soft, x), paths_of_hard)
        every = paths.enumerate_paths(3, 2)
        size = (paths.path_gates(hard, x) * paths.path_experts(hard, x)[..., 0]).abs()[:, :9]
        active = size.max(dim=1).values > 0
        assert torch.equal(paths_of_hard[active], every[size.argmax(dim=1)[active]])
        for path in every.tolist():
            union = regions_statistics.union_identity(soft, path, WINDOW)
            assert union == regions_statistics.union_identity(hard, path, WINDOW)
            assert union["union"] == pytest.approx(union["region"], abs=0.1)


def test_possible_counts_of_each_size():
    assert regions_statistics.count_bounds([(2, 1), (2, 3)]) == {
        "possible paths": [2, 8],
        "possible patterns": [4, 64],
        "cells of mH lines": [4, 22],
        "ReLU bound": [4, 64],
    }


def test_active_paths_of_each_cell_are_counted():
    net = seeds.random_net("relu", 1, width=3, depth=2)
    cut = regions.partition(net, WINDOW)
    counts = [
        sum(pattern[0, i] and pattern[1, j] for i, j in itertools.product(range(3), repeat=2))
        for pattern in cut.patterns
    ]
    logs = regions_statistics.log_active_paths(cut)
    np.testing.assert_allclose(logs, np.log10(1 + np.array(counts)), atol=1e-12)
    assert len(set(counts)) > 2


def test_the_region_of_the_strongest_path_holds_the_input():
    net = seeds.random_net("dlgn", 3, width=4, depth=3)
    x = torch.tensor([[0.5, 0.5], [-1.0, 0.7], [0.2, -1.5]]).double()
    strongest = regions_statistics.strongest_regions(net, x, WINDOW)
    for point, path, region in zip(
        x.numpy(), regions_statistics.strongest_paths(net, x).tolist(), strongest, strict=True
    ):
        assert region.active and region.normals.shape == (3, 2)
        assert (region.normals @ point + region.offsets >= 0).all()
        corners = region.polygon @ region.normals.T + region.offsets
        assert len(region.polygon) > 2 and (corners > -1e-9).all()
        np.testing.assert_array_equal(region.polygon, regions.path_region(net, path, WINDOW))
    with torch.no_grad():
        net.gating[1].weight.zero_()
        net.gating[1].bias.fill_(-1)
    (nothing,) = regions_statistics.strongest_regions(net, x[:1], WINDOW)
    assert not nothing.active
    assert (len(nothing.polygon), len(nothing.normals), len(nothing.offsets)) == (0, 0, 0)
