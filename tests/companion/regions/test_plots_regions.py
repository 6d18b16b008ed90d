"""Figures of regions: what is drawn is what was given."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from halfspace import polygons
from halfspace.companion import plots
from halfspace.companion.regions import plots as regions_plots
from matplotlib.collections import LineCollection
from matplotlib.patches import PathPatch

WINDOW = polygons.square(2.0)
LEFT, RIGHT = polygons.rectangle(-2, 0, -2, 2), polygons.rectangle(0, 2, -2, 2)


@pytest.fixture
def axes():
    yield plots.figure(2, 2)[1]
    plt.close("all")


MIDDLE = np.array([[(0.0, -2.0), (0.0, 2.0)]])


def filled(axis):
    """The polygons of each shape that an Axes fills."""
    shapes = [shape for shape in axis.patches if isinstance(shape, PathPatch)]
    return [[ring[:-1] for ring in shape.get_path().to_polygons()] for shape in shapes]


def lines(axis):
    collections = [c for c in axis.collections if isinstance(c, LineCollection)]
    return [c.get_segments() for c in collections]


def names(axis):
    return {text.get_text(): text.xy for text in axis.texts}


def test_a_path_region_shows_its_components_borders_and_labels(axes):
    regions_plots.path_region(
        axes[0, 0], [LEFT, RIGHT], [[1]], [MIDDLE, MIDDLE[:0]], WINDOW, color="relu", labels=["it"]
    )
    ((region,),) = filled(axes[0, 0])
    np.testing.assert_array_equal(region, RIGHT)
    np.testing.assert_array_equal(lines(axes[0, 0]), [MIDDLE])
    text = axes[0, 0].texts[0]
    assert text.get_text() == "it" and text.get_position() == (1, 0)
    assert axes[0, 0].get_xlim() == (-2, 2)


def test_labels_must_be_as_many_as_components(axes):
    with pytest.raises(ValueError):
        regions_plots.path_region(
            axes[0, 0], [LEFT, RIGHT], [[0], [1]], [MIDDLE], WINDOW, color="relu", labels="a"
        )


def test_only_outer_panels_name_their_axes(axes):
    for axis in axes.flat:
        regions_plots.path_region(axis, [LEFT, RIGHT], [], [MIDDLE], WINDOW, color="relu")
    assert [axis.get_xlabel() for axis in axes.flat] == ["", "", "$x_1$", "$x_1$"]
    assert [axis.get_ylabel() for axis in axes.flat] == ["$x_2$", "", "$x_2$", ""]


def test_unit_rows_end_with_the_intersection(axes):
    active = [[True, False], [True, True], [True, False]]
    titles, borders = ["1", "2", "3", "all"], [MIDDLE, MIDDLE[:0], MIDDLE]
    cells = [LEFT, RIGHT]
    regions_plots.unit_rows(axes, cells, active, borders, WINDOW, titles, color="relu")
    assert [len(filled(axis)[0]) for axis in axes.flat] == [1, 2, 1, 1]
    assert [len(lines(axis)[0]) for axis in axes.flat] == [1, 0, 1, 2]
    assert [axis.get_title() for axis in axes.flat] == titles
    with pytest.raises(ValueError, match="one more than the layers; got 4, 4 and 2"):
        regions_plots.unit_rows(axes, cells, active[:2], borders, WINDOW, titles, color="relu")


def test_cell_values_share_one_scale(axes):
    values = [np.array([1.0, 5.0]), np.array([2.0, 3.0])]
    regions_plots.cell_values(
        axes[0], [[LEFT, RIGHT]] * 2, values, WINDOW, ["a", "b"], label="v", circle=True
    )
    for axis in axes[0]:
        assert axis.collections[0].get_clim() == (1, 5)
        assert len(axis.patches) == 1


def test_the_scale_of_cell_values_tells_numbers(axes):
    values = [np.log10(1 + np.array([20, 4000]))]
    regions_plots.cell_values(axes[:1, 0], [[LEFT, RIGHT]], values, WINDOW, ["a"], label="paths")
    scale = axes[0, 0].figure.axes[-1]
    written = [tick.get_text() for tick in scale.get_xticklabels()]
    assert written == ["30", "100", "300", "1\u202f000", "3\u202f000"]
    np.testing.assert_allclose(scale.get_xticks()[1], np.log10(101))


def test_a_clipped_region_has_its_lines(axes):
    normals, offsets = np.array([(1.0, 0.0), (0.0, 2.0)]), np.array([-1.0, 1.0])
    regions_plots.clipped_region(axes[0, 0], RIGHT, normals, offsets, WINDOW, point=(1.0, 1.0))
    for line, normal, offset in zip(lines(axes[0, 0])[0], normals, offsets, strict=True):
        np.testing.assert_allclose(line @ normal + offset, 0, atol=1e-12)
    regions_plots.clipped_region(axes[0, 1], RIGHT[:0], normals[:0], offsets[:0], WINDOW)
    assert len(axes[0, 0].collections) == 2 and len(axes[0, 1].collections) == 1


def test_curves_carry_their_values(axes):
    colors = {"ReLU": "relu", "DLGN": "dlgn"}
    areas = {"ReLU": [0.1, 0.5], "DLGN": [0.1, 0.2]}
    regions_plots.area_curves(axes[0, 0], [0, 1], areas, colors, dashed=["DLGN"], xlabel="w")
    first, second = axes[0, 0].lines
    assert list(first.get_ydata()) == [0.1, 0.5] and second.get_linestyle() == "--"
    counted = {"ReLU": [[10, 20], [100, 300]]}
    regions_plots.count_curves(
        axes[0, 1], [1, 2], {"possible": [16, 2560]}, counted, colors, xlabel="H"
    )
    assert axes[0, 1].lines[1].get_ydata().tolist() == [15, 200]
    assert axes[0, 1].get_ylim()[1] > 2560
    assert names(axes[0, 1]) == {"possible": (2, 2560), "ReLU": (2, 200)}
    bounds = {"ReLU": ("mH = 400", 400)}
    regions_plots.face_counts(axes[1, 0], [1, 2], counted, bounds, color="relu")
    assert names(axes[1, 0]) == {"mH = 400": (2, 400), "ReLU": (2, 200)}
    assert axes[1, 0].lines[0].get_ydata().tolist() == [15, 200]
    (band,) = axes[1, 0].collections
    corners = {(x, y) for x, y in band.get_paths()[0].vertices.tolist()}
    assert corners == {(1, 10), (1, 20), (2, 100), (2, 300)}
    assert set(axes[1, 0].lines[1].get_ydata()) == {400}
    regions_plots.shares_below(axes[1, 1], {"ReLU": [0.5, 1.0]}, colors, xlabel="share")
    assert axes[1, 1].lines[0].get_xdata()[-1] == 1.0


def test_names_of_curves_that_end_together_do_not_touch(axes):
    counted = {name: [[1, 1], [100 + place, 100]] for place, name in enumerate("abc")}
    colors = dict.fromkeys("abc", "relu")
    regions_plots.count_curves(axes[0, 0], [1, 2], {}, counted, colors, xlabel="H")
    heights = sorted(text.xyann[1] for text in axes[0, 0].texts)
    assert (np.diff(heights) > 11).all() and np.mean(heights) == pytest.approx(0, abs=1)


def test_names_of_curves_that_end_apart_stand_at_their_ends(axes):
    counted = {name: [[1], [height]] for name, height in [("low", 10), ("high", 1000)]}
    colors = dict.fromkeys(counted, "relu")
    regions_plots.count_curves(axes[0, 0], [1, 2], {}, counted, colors, xlabel="H")
    assert [text.xyann[1] for text in axes[0, 0].texts] == pytest.approx([0, 0])


def test_sizes_have_ticks_and_those_with_room_have_numbers(axes):
    regions_plots.count_curves(
        axes[0, 0], [0, 20, 100, 300], {"all": [1] * 4}, {}, {}, xlabel="epoch"
    )
    assert axes[0, 0].get_xticks().tolist() == [0, 20, 100, 300]
    written = [tick.get_text() for tick in axes[0, 0].get_xticklabels()]
    assert written == ["0", "", "100", "300"]


def test_tick_labels_of_neighbouring_panels_do_not_touch(axes):
    for axis in axes.flat:
        regions_plots.path_region(axis, [LEFT, RIGHT], [], [MIDDLE], WINDOW, color="relu")
    axes[0, 0].figure.draw_without_rendering()
    left, right = (axis.get_xticklabels() for axis in axes[1])
    assert left[-1].get_window_extent().x1 + 5 < right[0].get_window_extent().x0
