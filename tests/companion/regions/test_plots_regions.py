"""Figures of regions: what is drawn is what was given."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from halfspace import polygons
from halfspace.companion import plots
from halfspace.companion.regions import plots as regions_plots
from matplotlib.collections import LineCollection, PolyCollection

WINDOW = polygons.square(2.0)
LEFT, RIGHT = polygons.rectangle(-2, 0, -2, 2), polygons.rectangle(0, 2, -2, 2)


@pytest.fixture
def axes():
    yield plots.figure(2, 2)[1]
    plt.close("all")


def drawn(axis, kind=PolyCollection):
    return [[p.vertices for p in c.get_paths()] for c in axis.collections if type(c) is kind]


def test_a_path_region_shows_its_components_and_their_labels(axes):
    regions_plots.path_region(
        axes[0, 0], [LEFT, RIGHT], [[1]], WINDOW, color="relu", labels=["half"]
    )
    region, cells = drawn(axes[0, 0])
    np.testing.assert_array_equal(region[0][:4], RIGHT)
    assert len(region) == 1 and len(cells) == 2
    text = axes[0, 0].texts[0]
    assert text.get_text() == "half" and text.get_position() == (1, 0)
    assert axes[0, 0].get_xlim() == (-2, 2)


def test_labels_must_be_as_many_as_components(axes):
    with pytest.raises(ValueError):
        regions_plots.path_region(
            axes[0, 0], [LEFT, RIGHT], [[0], [1]], WINDOW, color="relu", labels="a"
        )


def test_unit_rows_end_with_the_intersection(axes):
    active = [[True, False], [True, True], [True, False]]
    titles = ["1", "2", "3", "all"]
    regions_plots.unit_rows(axes, [LEFT, RIGHT], active, WINDOW, titles, color="relu")
    assert [len(drawn(axis)[0]) for axis in axes.flat] == [1, 2, 1, 1]
    with pytest.raises(ValueError, match="one more than the layers; got 4, 4 and 2"):
        regions_plots.unit_rows(axes, [LEFT, RIGHT], active[:2], WINDOW, titles, color="relu")


def test_cell_values_share_one_scale(axes):
    values = [np.array([1.0, 5.0]), np.array([2.0, 3.0])]
    regions_plots.cell_values(
        axes[0], [[LEFT, RIGHT]] * 2, values, WINDOW, ["a", "b"], label="v", circle=True
    )
    for axis in axes[0]:
        assert axis.collections[0].get_clim() == (1, 5)
        assert len(axis.patches) == 1


def test_a_clipped_region_has_its_lines(axes):
    normals, offsets = np.array([(1.0, 0.0), (0.0, 2.0)]), np.array([-1.0, 1.0])
    regions_plots.clipped_region(axes[0, 0], RIGHT, normals, offsets, WINDOW, point=(1.0, 1.0))
    lines = drawn(axes[0, 0], LineCollection)[0]
    for line, normal, offset in zip(lines, normals, offsets, strict=True):
        np.testing.assert_allclose(line @ normal + offset, 0, atol=1e-12)
    regions_plots.clipped_region(axes[0, 1], RIGHT[:0], normals[:0], offsets[:0], WINDOW)
    assert drawn(axes[0, 1]) == []


def test_curves_carry_their_values(axes):
    colors = {"ReLU": "relu", "DLGN": "dlgn"}
    areas = {"ReLU": [0.1, 0.5], "DLGN": [0.1, 0.2]}
    regions_plots.area_curves(axes[0, 0], [0, 1], areas, colors, dashed=["DLGN"], xlabel="w")
    first, second = axes[0, 0].lines
    assert list(first.get_ydata()) == [0.1, 0.5] and second.get_linestyle() == "--"
    counted = {"ReLU": [[10, 20], [100, 300]]}
    regions_plots.count_curves(
        axes[0, 1], [1, 2], {"possible": [16, 256]}, counted, colors, xlabel="H"
    )
    assert axes[0, 1].lines[1].get_ydata().tolist() == [15, 200]
    assert axes[0, 1].get_ylim() == (5, 100 * 300)
    regions_plots.face_counts(axes[1, 0], [1, 2], counted, {"ReLU": 400}, colors)
    assert axes[1, 0].lines[0].get_ydata().tolist() == [15, 200]
    (band,) = axes[1, 0].collections
    corners = {(x, y) for x, y in band.get_paths()[0].vertices.tolist()}
    assert corners == {(1, 10), (1, 20), (2, 100), (2, 300)}
    assert set(axes[1, 0].lines[1].get_ydata()) == {400}
    regions_plots.shares_below(axes[1, 1], {"ReLU": [0.5, 1.0]}, colors, xlabel="share")
    assert axes[1, 1].lines[0].get_xdata()[-1] == 1.0
