"""Numbers on regions that chapters 1 and 2 quote, worked out by hand."""

import numpy as np
import pytest
import torch
from halfspace import polygons, regions
from halfspace.companion.circle.specs import recipe
from halfspace.companion.regions import figure1, readings
from halfspace.companion.regions.in_training import RegionsDuringTraining
from halfspace.companion.regions.specs import RegionNumbers
from halfspace.companion.regions.statistics import StrongestRegion, region_counts
from halfspace.companion.seeds import random_net
from halfspace.companion.spec import Result

WINDOW = polygons.square(3.0)


def test_a_search_is_told_in_sentences():
    nothing = figure1.DisconnectedSearch(range(5), 0.25, 9, 2, 0, None)
    assert readings.search_text(nothing).startswith(
        "There is no active path region among 5 nets that has several components, each with more "
        "than 25\u00a0% of the window;"
    )
    shares = np.array([0.4, 0.256])
    net = random_net("relu", 3, width=3, depth=2)
    cut = regions.partition(net, WINDOW)
    region = figure1.DisconnectedRegion(3, net, (0, 2), cut, [], shares)
    text = readings.search_text(figure1.DisconnectedSearch(range(5), 0.25, 9000, 7, 1, region))
    for part in (
        "Of the 9\u202f000 path regions",
        "7 have more than one component, and 1 have components that each fill more than 25\u00a0%",
        "through the units 1, 3 of the net with seed 3. It has 2 components, the smallest of 26",
        f"by at least {100 * figure1.shut_off(cut, (0, 2)).min():.0f}\u00a0% of the window",
    ):
        assert part in text


def test_searches_are_tabled_by_depth():
    searches = {2: figure1.DisconnectedSearch(range(5), 0.25, 80, 7, 1, None)}
    assert readings.search_rows(searches) == [
        {
            "hidden layers": 2,
            "regions in pieces": 7,
            "path regions": 80,
            "share in pieces": "8.8 %",
        }
    ]


def test_jumps_are_quoted_in_percent_and_as_a_share():
    nets = [figure1.jump_relu(-0.25), figure1.jump_relu(0.5)]
    values = readings.jump_values(nets, [0.5, 0.2], [0.30, 0.31])
    # The smallest norm is C's in the first net: its weights are -0.25 and 0.8.
    assert values == {
        "distance": "8\u00a0×\u00a010⁻¹",
        "norm": pytest.approx(np.hypot(0.25, 0.8)),
        "relu_change": pytest.approx(30),
        "dlgn_change": "1\u00a0×\u00a010⁻²",
    }


def test_the_largest_step_of_a_sweep_is_quoted():
    curves = {
        "ReLU net": np.array([0.1, 0.5, 0.5]),
        "DLGN": np.array([0.3, 0.2, 0.15]),
        "DLGN, opposite normals": np.array([0.0, 0.0, 0.75]),
    }
    assert readings.rise_values(curves) == pytest.approx(
        {"relu_rise": 40, "dlgn_rise": 10, "opposite_rise": 75}
    )


def test_unions_are_listed_path_by_path():
    nets = {kind: random_net(kind, 0, width=2, depth=2) for kind in ("dlgn", "relu")}
    rows = readings.union_rows(nets, WINDOW)
    assert [(row["net"], row["path"]) for row in rows[:5]] == [
        ("dlgn", "1, 1"),
        ("dlgn", "1, 2"),
        ("dlgn", "2, 1"),
        ("dlgn", "2, 2"),
        ("relu", "1, 1"),
    ]
    cut = regions.partition(nets["dlgn"], WINDOW)
    for row, path in zip(rows[:4], [(0, 0), (0, 1), (1, 0), (1, 1)], strict=True):
        members = regions.path_region_cells(cut, path)
        assert (row["patterns with its bits"], row["in window"]) == (4, len(members))
        assert row["area of union"] == pytest.approx(cut.areas[members].sum())
        assert row["area of region"] == pytest.approx(cut.areas[members].sum())


def test_unions_are_summed_up_by_net():
    keys = ("net", "patterns with its bits", "in window", "area of union", "area of region")
    values = [("a", 4, 3, 1.0, 1.5), ("b", 8, 2, 2.0, 2.0), ("a", 4, 1, 3.0, 2.0)]
    rows = [dict(zip(keys, row, strict=True)) for row in values]
    assert [tuple(row.values()) for row in readings.union_summary(rows)] == [
        ("a", "1\u00a0×\u00a010⁰", 2, 4, "1 to 3"),
        ("b", "0", 1, 8, "2 to 2"),
    ]


def test_counts_are_those_of_both_kinds():
    sizes, seeds = [(2, 1), (3, 2)], range(4, 7)
    counts = readings.counts_by_net(sizes, seeds, WINDOW)
    nets, kinds = ("DLGN", "ReLU net"), ("paths", "patterns")
    assert list(counts) == [f"{net}: {kind}" for net in nets for kind in kinds]
    for label, kind in (("DLGN", "dlgn"), ("ReLU net", "relu")):
        for name, numbers in region_counts(kind, sizes, seeds, window=WINDOW).items():
            np.testing.assert_array_equal(counts[f"{label}: {name}"], numbers)


SIZES = [(2, 3), (4, 3), (8, 3), (16, 3)]
COUNTS = {
    "DLGN: paths": np.array([[1, 2], [10, 20], [100, 200], [1000, 1048]]),
    "DLGN: patterns": np.array([[9, 9], [36, 36], [144, 144], [588, 588]]),
    "ReLU net: paths": np.array([[1, 1], [2, 2], [3, 3], [4, 6]]),
    "ReLU net: patterns": np.array([[9, 9], [27, 27], [81, 81], [243, 243]]),
}


def test_counts_stand_beside_the_possible_ones():
    rows = readings.count_rows(SIZES, COUNTS)
    assert len(rows) == 8
    assert rows[-2] == {
        "layers H": 3,
        "net": "DLGN",
        "paths per pattern": "1.74",
        "paths in window": "1\u202f024",
        "patterns in window": "588",
        "possible paths": "4\u202f096",
        "possible patterns": "2⁴⁸",
    }
    assert (rows[1]["net"], rows[1]["paths in window"]) == ("ReLU net", "1")


def test_the_deepest_nets_are_quoted():
    assert readings.depth_values(SIZES, COUNTS) == {
        "width": 16,
        "max_depth": 3,
        "path_share": 25,
        "possible_paths": "4\u202f096",
        "possible_patterns": "2⁴⁸",
        "dlgn_paths": "1\u202f024",
        "dlgn_patterns": "588",
        "dlgn_ratio": 1024 / 588,
        "relu_paths": "5",
        "relu_patterns": "243",
        "relu_ratio": 5 / 243,
    }


def test_the_widest_nets_are_compared_with_their_bounds():
    values = readings.width_values(SIZES, COUNTS)
    lines = 1 + 48 + 48 * 47 / 2
    assert values["widest"] == 16
    assert values["dlgn_filled"] == pytest.approx(100 * 588 / lines)
    assert values["relu_filled"] == pytest.approx(100 * 243 / lines)
    assert values["relu_excess"] == "11\u202f000"  # 137 ** 3 / 243 is 10582
    # Over three equidistant logarithms the slope is that of the ends, two doublings apart.
    assert values["dlgn_exponent"] == pytest.approx(np.log2(588 / 36) / 2)
    assert values["relu_exponent"] == pytest.approx(np.log2(3))


def test_growth_is_an_exponent_of_the_number_of_units():
    results = [
        Result(RegionNumbers(model="relu", width=m, depth=h), {"patterns": counts}, {}, "recorded")
        for m, h, counts in [(2, 3, np.array([36.0, 6.0])), (4, 6, np.array([576.0, 24.0]))]
    ]
    np.testing.assert_allclose(readings.pattern_exponents(*results), [2, 1])


def test_faces_are_quoted_at_the_last_dimension():
    faces = {"path": np.array([[1, 1], [3, 4]]), "pattern": np.array([[2, 2], [10, 11]])}
    plane = {"path": np.array([[2, 3]]), "pattern": np.array([[4, 5]])}
    assert readings.face_values(faces, plane) == {
        "path_faces": 3.5,
        "pattern_faces": 10.5,
        "path_faces_plane": 2.5,
        "pattern_faces_plane": 4.5,
    }


def test_convex_regions_fill_their_hulls():
    shares = np.array([1.0, 1 - 1e-12, 0.999, 0.25])
    assert readings.convex_share(shares) == 0.5
    values = readings.convexity_values(shares)
    assert values == {"relu_convex": 50, "relu_regions": "4", "relu_least": 25}


def learning(model, **arrays):
    spec = RegionsDuringTraining(model=model, at=(0, 7), seeds=2)
    arrays = {name: np.array(values) for name, values in arrays.items()}
    return Result(spec, arrays, {}, "computed")


RELU = learning(
    "relu",
    loss=[[4.0, 2.0], [0.5, 0.25]],
    patterns=[[10, 30], [100, 101]],
    paths=[[20, 40], [50, 100]],
    disconnected=[[1, 4], [10, 30]],
)
DLGN = learning("dlgn", loss=[[1.0, 3.0], [0.1, 0.3]], patterns=[[20, 20], [30, 40]])


def test_training_is_tabled_by_epoch():
    first, last = readings.training_rows(RELU, DLGN)
    assert first == {
        "epoch": 0,
        "ReLU net: paths in pieces": "5.0 to 10.0 %",
        "ReLU net: patterns": "20",
        "DLGN: patterns": "20",
        "ReLU net: error": 3,
        "DLGN: error": 2,
    }
    assert last["epoch"] == 7 and last["DLGN: patterns"] == "35"
    assert last["ReLU net: paths in pieces"] == "20.0 to 30.0 %" and last["DLGN: error"] == 0.2


def test_training_is_quoted_from_start_to_end():
    assert readings.training_values(RELU, DLGN) == pytest.approx(
        {
            "relu_growth": 100.5 / 20,
            "dlgn_growth": 35 / 20,
            "split_start": 7.5,
            "split_end": 25,
            "region_seeds": 2,
        }
    )
    np.testing.assert_allclose(readings.log_growth(DLGN), np.log([1.5, 2]))
    assert readings.falls_apart_trained(RELU).all()


def test_where_paths_gather_is_told_in_degrees():
    net = random_net("relu", 0, width=1, depth=1).requires_grad_(False)
    net.value[0].weight.copy_(torch.tensor([[0.0, 1.0]]))
    net.value[0].bias.fill_(-np.cos(np.radians(30)))  # active from 60 to 120 degrees
    values = readings.gathering_values(net)
    assert 60 < values["gather_angle"] < 62 and values["gather_top"] == 100
    assert values["gather_factor"] == pytest.approx(6)


def test_nets_before_and_after_training(tmp_path, monkeypatch):
    monkeypatch.setenv("HALFSPACE_CACHE", str(tmp_path))
    spec = recipe("dlgn", bias=True, epochs=2, record_every=2, grid=8, seeds=1, first_seed=3)
    nets = readings.before_and_after({"biases": spec.result(device="cpu")})
    assert list(nets) == ["biases, start", "biases, trained"]
    start, trained = nets.values()
    assert torch.equal(start.gating[0].weight, spec.net(3).gating[0].weight)
    assert not torch.equal(start.gating[0].weight, trained.gating[0].weight)


def test_trained_nets_are_quoted_at_start_and_end():
    arrays = dict(
        loss=[[3.0], [0.5]],
        hard_loss=[[4.0], [0.75]],
        paths_top=[[10.0], [20.0]],
        paths_bottom=[[11.0], [5.0]],
    )
    arrays = {name: np.array(values) for name, values in arrays.items()}
    plain = Result(recipe("dlgn", seeds=1), arrays, {}, "computed")
    half = {name: values / 2 for name, values in arrays.items()}
    biased = Result(recipe("dlgn", bias=True, seeds=1), half, {}, "computed")
    net = random_net("dlgn", 0, width=2, depth=1)
    cuts = {
        "plain": regions.partition(net, WINDOW),
        "biased": regions.partition(net, polygons.square(1e4)),
    }
    values = readings.trained_values(plain, biased, cuts)
    assert values.pop("biased_cells") == "4"
    assert values.pop("plain_cells") == str(len(cuts["plain"].cells))
    assert values == {
        "plain_loss": 0.5,
        "plain_hard_loss": 0.75,
        "biased_loss": 0.25,
        "biased_hard_loss": 0.375,
        "top_start": "10",
        "top_end": "20",
        "bottom_start": "11",
        "bottom_end": "5",
    }


def test_strongest_regions_are_quoted_by_area_and_sides():
    none = np.empty((0, 2))
    drawn = [
        StrongestRegion(True, polygons.rectangle(-3, 0, -3, 3), none, none[:, 0]),
        StrongestRegion(True, polygons.rectangle(-1, 2, 0, 3), none, none[:, 0]),
        StrongestRegion(False, none, none, none[:, 0]),
    ]
    assert readings.strongest_values(drawn, WINDOW) == {
        "drawn_paths": 2,
        "share_low": 25,
        "share_high": 50,
        "sides": 3,  # of the second; its fourth side lies on the window's border
    }
    assert readings.strongest_values(drawn[:2], WINDOW)["drawn_paths"] == "all"
    assert readings.strongest_values(drawn[2:], WINDOW) == {
        "drawn_paths": 0,
        "share_low": 0,
        "share_high": 0,
        "sides": 0,
    }
