"""Measures of exactness report the errors that are planted."""

import numpy as np
import pytest
import torch
from halfspace import polygons, regions
from halfspace.companion.seeds import random_net
from halfspace.companion.speed import measures
from halfspace.datasets import circle_grid

WINDOW = polygons.square(1.0)


def errors(*shares):
    return dict(zip(("halfspace", "single precision", "double precision"), shares, strict=True))


def test_counts_over_the_precision_are_wrong():
    # 257 ** 3 is odd and above 2 ** 24, so float32 has to round it; two layers' product is not.
    gates = torch.ones(2, 3, 257)
    assert measures.count_errors(gates) == errors(0, 1, 0)
    gates[1] = 0  # now one of the four entries counts, and the others are zero
    gates[1, :, 0] = 1  # now all do: 257 ** 3, and 1 three times
    assert measures.count_errors(gates) == errors(0, 0.25, 0)
    gates[1] = 0
    assert measures.count_errors(gates) == errors(0, 1, 0)


def test_a_wrong_count_of_ours_is_seen(monkeypatch):
    kernel = torch.tensor([[8, 8], [8, 9]])
    monkeypatch.setattr(measures, "overlap_kernel", lambda gates: kernel)
    assert measures.count_errors(torch.ones(2, 3, 2))["halfspace"] == 0.25


def test_errors_of_tangent_kernels(monkeypatch):
    net, x = random_net("relu", 0, width=4, depth=2, bias=False), circle_grid(6)[1].double()
    assert measures.tangent_error(net, x) < 1e-12
    right = measures.empirical_ntk
    monkeypatch.setattr(measures, "empirical_ntk", lambda net, x: 1.01 * right(net, x))
    assert measures.tangent_error(net, x) == pytest.approx(0.01)


def test_errors_of_areas(monkeypatch):
    net = random_net("relu", 0, width=3, depth=2)
    found = measures.area_errors(net, WINDOW)
    cut = regions.partition(net, WINDOW)
    assert found["cells"] == len(cut.areas) > 1
    assert found["path regions"] == len(regions.path_regions(cut).areas)
    assert (
        found["error of their areas"] < 1e-12 and found["error of the path regions' areas"] < 1e-12
    )
    wrong = regions.Partition(
        window=cut.window, cells=cut.cells, patterns=cut.patterns, areas=1.25 * cut.areas
    )
    right_paths = regions.path_regions(cut)
    monkeypatch.setattr(regions, "partition", lambda net, window: wrong)
    monkeypatch.setattr(regions, "path_regions", lambda cut: right_paths)
    found = measures.area_errors(net, WINDOW)
    assert found["error of their areas"] == pytest.approx(0.25)
    assert found["error of the path regions' areas"] == pytest.approx(0.2)  # 1 - 1 / 1.25


def test_rows_are_of_the_sizes_and_nets_that_the_page_names(monkeypatch):
    monkeypatch.setattr(measures, "_COUNTED", ((4, 2), (8, 3)))
    x = circle_grid(8)[1]
    counts = measures.count_rows(x, 0)
    exact = {f"wrong, {name}": "0.0 %" for name in errors(0, 0, 0)}
    assert counts == [
        {"units × layers": "4 × 2"} | exact | {"paths": "16"},
        {"units × layers": "8 × 3"} | exact | {"paths": "512"},
    ]
    tangents = measures.tangent_rows(x, 0)
    assert [row["network"] for row in tangents] == ["ReLU net", "DLGN"]
    assert all(0 < row["largest error"] < 1e-5 for row in tangents)
    areas = measures.area_rows(0)
    assert [row["network"] for row in areas] == ["ReLU net", "DLGN"]
    assert np.all([row["error of the path regions' areas"] < 1e-12 for row in areas])
