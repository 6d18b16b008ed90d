"""Shapes, numbers and jumps of regions, seed by seed."""

import itertools

import numpy as np
import pytest
import torch
from halfspace import polygons, regions
from halfspace.companion.regions import specs as regions_specs
from halfspace.companion.regions.figure1 import weight_distance
from halfspace.companion.regions.specs import FaceNumbers, PathShapes, RegionJump, RegionNumbers
from halfspace.companion.regions.statistics import hull_shares
from halfspace.companion.seeds import random_net

CPU = torch.device("cpu")
SMALL = dict(width=3, depth=2, half_side=3.0)


@pytest.mark.parametrize("bias", [False, True])
def test_dlgn_path_regions_are_flat_sided_and_whole(bias):
    arrays, _ = PathShapes(model="dlgn", bias=bias, **SMALL, seeds=3).run(CPU)
    assert (arrays["several"] == 0).all() and (arrays["apart"] == 0).all()
    assert (arrays["clip_gap"] < 1e-12).all() and (arrays["union_gap"] < 1e-12).all()
    assert (arrays["faces"] == 2).all() and (arrays["union_patterns"] == 2**4).all()


def test_a_region_that_is_no_intersection_is_seen(monkeypatch):
    """With ReLU gates in place of the DLGN's, the clipped polygons differ."""
    spec = PathShapes(model="dlgn", **SMALL, seeds=3)
    relu = {seed: random_net("relu", seed, width=3, depth=2) for seed in range(3)}
    right = regions_specs.regions.partition
    nets = iter(relu.values())
    monkeypatch.setattr(regions_specs.regions, "partition", lambda net, w: right(next(nets), w))
    monkeypatch.setattr(
        regions_specs, "union_identity", lambda *_: dict(patterns=16, union=0.0, region=1.8)
    )
    arrays, _ = spec.run(CPU)
    assert (arrays["clip_gap"] > 0.01).all()
    np.testing.assert_allclose(arrays["union_gap"], 1.8 / 36)


def test_relu_path_regions_fall_apart_with_biases_only():
    sizes = dict(width=4, depth=3, half_side=3.0, seeds=8)
    by_bias = {
        bias: PathShapes(model="relu", bias=bias, **sizes).run(CPU)[0] for bias in (False, True)
    }
    assert (
        by_bias[True]["apart"].sum() > 0
        and (by_bias[True]["apart"] == by_bias[True]["several"]).all()
    )
    assert by_bias[False]["apart"].sum() == 0 < by_bias[False]["several"].sum()
    assert max(by_bias[False]["union_gap"].max(), by_bias[True]["union_gap"].max()) < 0.005
    for seed in range(8):
        net = random_net("relu", seed, width=4, depth=3)
        cut = regions.partition(net, polygons.square(3.0))
        members = [
            regions.path_region_cells(cut, path) for path in itertools.product(range(4), repeat=3)
        ]
        pieces = [len(regions.components(cut, cells)) for cells in members]
        assert by_bias[True]["paths"][seed] == np.count_nonzero(pieces)
        assert by_bias[True]["apart"][seed] == sum(count > 1 for count in pieces)
        assert by_bias[True]["patterns"][seed] == len(cut.cells)
    convex = hull_shares("relu", range(8), width=4, depth=3, window=polygons.square(3.0))
    assert (convex < 1 - 1e-9).any()


def test_cells_that_hold_the_origin():
    net = random_net("relu", 0, width=4, depth=3)
    cut = regions.partition(net, polygons.square(3.0))
    held = regions_specs._holds_origin(cut)
    pattern = net.gates(torch.zeros(1, 2, dtype=torch.float64))[0].bool().numpy()
    assert held.sum() == 1 and (cut.patterns[held] == pattern).all()
    sectors = regions.partition(random_net("relu", 0, width=4, depth=3, bias=False), cut.window)
    assert len(sectors.cells) > 4 and regions_specs._holds_origin(sectors).all()
    away = regions.partition(net, polygons.rectangle(1, 2, 1, 2))
    assert not regions_specs._holds_origin(away).any()


def test_a_net_without_regions_is_measured(monkeypatch):
    def dead(*options, **sizes):
        net = random_net(*options, **sizes)
        with torch.no_grad():
            net.value[0].weight.zero_()
            net.value[0].bias.fill_(-1)
        return net

    monkeypatch.setattr(regions_specs, "random_net", dead)
    arrays, _ = PathShapes(model="relu", **SMALL, seeds=1).run(CPU)
    assert arrays["paths"] == arrays["several"] == arrays["union_gap"] == 0


def test_half_spaces_in_general_position_are_all_faces():
    single, _ = FaceNumbers(d_in=4, width=4, depth=1, seeds=2).run(CPU)
    assert single["pattern"].tolist() == [4, 4] and single["path"].tolist() == [1, 1]
    double, _ = FaceNumbers(d_in=4, width=4, depth=2, seeds=2).run(CPU)
    assert double["path"].tolist() == [2, 2] and (double["pattern"] > 2).all()
    for seed in (0, 1):
        net = random_net("dlgn", seed, width=4, depth=2, d_in=4)
        assert double["initial"][seed] == pytest.approx(
            sum(p.sum() for p in net.parameters()).item()
        )


def test_each_seed_has_its_numbers():
    spec = RegionNumbers(model="relu", width=4, depth=2, half_side=2.0, seeds=2, first_seed=3)
    arrays, _ = spec.run(CPU)
    for column, seed in enumerate((3, 4)):
        cut = regions.partition(random_net("relu", seed, width=4, depth=2), polygons.square(2.0))
        assert arrays["patterns"][column] == len(cut.cells)
        assert arrays["paths"][column] == len(regions.path_regions(cut).paths)


def test_nearly_the_whole_plane_holds_nearly_all_crossings():
    counts = [
        RegionNumbers(model="dlgn", width=16, depth=3, half_side=side, seeds=3).run(CPU)[0]
        for side in (regions_specs.WHOLE_PLANE, 1e5)
    ]
    share = counts[0]["patterns"] / counts[1]["patterns"]
    assert (counts[1]["patterns"] == 1 + 48 + 48 * 47 / 2).all() and (share > 0.97).all()


def test_the_relu_region_jumps_by_the_wedge_where_a_alone_is_active():
    spec = RegionJump(model="relu", step=1e-6, seeds=4)
    arrays, _ = spec.run(CPU)
    for seed in range(4):
        below, above = (spec._net(seed, sign * 5e-7) for sign in (-1, 1))
        assert weight_distance(below, above) == pytest.approx(1e-6)
        angles = torch.linspace(-np.pi, np.pi, 200_001, dtype=torch.float64)[:-1]
        circle = torch.stack([angles.cos(), angles.sin()], dim=1)
        first = below.gates(circle)[:, 0]
        alone = (first[:, 0] == 1) & (first[:, 1] == 0)
        # In a square a wedge's share is not its angle's, but the two go together.
        reach = 1 / circle.abs().max(dim=1).values
        wedge = (alone * reach**2).sum() / (reach**2).sum()
        assert arrays["jump"][seed] == pytest.approx(wedge.item(), abs=1e-4)


def test_the_dlgn_region_moves_in_proportion():
    wide, narrow = (
        RegionJump(model="dlgn", step=step, seeds=5).run(CPU)[0]["jump"] for step in (1e-4, 1e-6)
    )
    np.testing.assert_allclose(wide, 100 * narrow, rtol=0.02)


def test_with_opposite_normals_the_dlgn_region_jumps_by_half_the_plane():
    for step in (1e-3, 1e-9):
        arrays, _ = RegionJump(model="dlgn", step=step, opposite=True, seeds=3).run(CPU)
        np.testing.assert_allclose(arrays["jump"], 0.5, atol=1e-6)
    first, second = (
        layer.weight
        for layer in RegionJump(model="dlgn", step=1.0, opposite=True)._net(0, 0.25).gate_layers
    )
    assert first[1].tolist() == (-first[0]).tolist()
    normal = second[0] @ first  # C's effective normal
    torch.testing.assert_close(normal, 0.25 * first[0])


@pytest.mark.parametrize(
    ("spec", "changes"),
    [
        (PathShapes(model="relu"), SMALL | dict(model="dlgn", bias=False)),
        (FaceNumbers(d_in=2), dict(d_in=3, width=4, depth=2)),
        (RegionNumbers(model="relu", width=2, depth=2), SMALL | dict(model="dlgn", depth=1)),
        (RegionJump(model="relu", step=1.0), dict(model="dlgn", step=2.0, opposite=True)),
    ],
)
def test_each_field_changes_the_key(spec, changes):
    changes = changes | dict(first_seed=1, seeds=2)
    assert set(changes) == set(type(spec).model_fields)
    keys = {spec.replace(**{name: value}).key() for name, value in changes.items()}
    assert len(keys | {spec.key()}) == len(changes) + 1
    assert spec.replace(first_seed=7).one_seed(2) == spec.replace(first_seed=9, seeds=1)
