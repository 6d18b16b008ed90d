"""Statistics of label jumps on small arrays by hand, and what figures draw."""

from types import SimpleNamespace

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from halfspace.companion import plots
from halfspace.companion.label_jumps import plots as jump_plots
from halfspace.companion.label_jumps import readings


@pytest.fixture(autouse=True)
def own_figures():
    with mpl.rc_context({"backend": "agg"}):
        yield
    plt.close("all")


def run(distance, **arrays):
    """A result of trees of depth 2 (3 nodes): distances of shape (E, S, 3)."""
    distance = np.asarray(distance, dtype=float)
    return SimpleNamespace(
        spec=SimpleNamespace(depth=2),
        distance=distance,
        epochs=np.arange(len(distance), dtype=float),
        **arrays,
    )


def test_captures_and_their_order():
    # Tree 0: root at epoch 1, then node 1 at 2, node 2 never. Tree 1: node 1 first, others never.
    result = run(
        [
            [[1, 1, 1], [1, 1, 1]],
            [[0.2, 1, 1], [1, 0.1, 1]],
            [[0.5, 0.2, 1], [1, 0.1, 0.31]],
        ]
    )
    expected = [[1, 2, np.inf], [np.inf, 1, np.inf]]
    assert np.array_equal(readings.capture_times(result), expected)
    first = readings.captured_first(result, 0, (1,))
    assert first.tolist() == [0.5, (0 + 0.5) / 2 - 0.5]
    assert readings.captured(result).tolist() == pytest.approx([1 / 3, 1 / 3])
    assert readings.captured(result, level=1).tolist() == [0.5, 0.5]
    assert readings.captured(result, level=0).tolist() == [0, 0]


def test_nodes_are_compared_with_the_nearest_unused_direction():
    least = np.array([[0.1, 0.1], [0.6, 0.5]])
    result = run([[[0, 0, 0]] * 2, [[0.5, 0.1, 0.1], [0.1, 0.5, 0.1]]], unused_least=least)
    assert readings.all_nodes_nearer(result).tolist() == [True, False]


def test_unused_directions_are_compared_with_their_start_and_a_control():
    one = SimpleNamespace(unused_mean=np.array([[1.0, 0.9], [1.2, 1.0]]))
    other = SimpleNamespace(unused_mean=np.array([[1.0, 0.9], [1.1, 0.8]]))
    assert readings.unused_moved(one).tolist() == pytest.approx([0.2, 0.1])
    assert readings.unused_moved(one, other).tolist() == pytest.approx([0.1, 0.2])


def test_without_jumps_half_as_many_would_be_captured():
    labels = run([[[0.1, 0.1, 0.1]]])
    margin = run([[[0.1, 0.9, 0.9]]])
    assert readings.lost_without_jumps(labels, margin).tolist() == pytest.approx([1 / 2 - 1 / 3])


def test_only_nets_that_solve_the_switch_of_bits_count():
    arrays = dict(
        accuracy=np.array([1.0, 0.9]),
        right=np.array([0.7, 0.2]),
        mute=np.array([0.2, 1.0]),
        through=np.array([1.0, 0.1]),
    )
    bits = SimpleNamespace(spec=SimpleNamespace(data="bits"), **arrays)
    continuous = SimpleNamespace(spec=SimpleNamespace(data="continuous"), **arrays)
    assert readings.right_weight(bits).tolist() == pytest.approx([0.2])
    assert readings.right_where_any(bits).tolist() == pytest.approx([0.7 / 0.8 - 0.5])
    assert readings.through_gates(continuous).tolist() == pytest.approx([0.5, -0.4])


def test_falls_of_ranks():
    images = SimpleNamespace(ranks=np.array([[[5, 4, 3], [5, 5, 4]]]))
    assert readings.rank_fall(images, 0).tolist() == [2]
    assert readings.rank_fall(images, 1).tolist() == [1]
    chain = SimpleNamespace(ranks=np.array([[[9, 6.0]], [[9, 2.0]]]))
    shallow = SimpleNamespace(ranks=np.array([[[9, 9.0]], [[9, 8.0]]]))
    assert np.exp(readings.chain_factor(chain, shallow)).tolist() == pytest.approx([4])
    assert np.exp(readings.chain_fall(chain)).tolist() == pytest.approx([3])
    assert np.exp(readings.chain_fall(chain, shallow)).tolist() == pytest.approx([3 * 8 / 9])


def test_later_layers_agree_more_than_the_first_at_the_end():
    def agreeing(first, last):
        return SimpleNamespace(agreement=np.array([[[0.9, 0.9]], [[first, last]]]))

    chain, shallow = agreeing(0.2, 0.6), agreeing(0.2, 0.3)
    np.testing.assert_allclose(readings.chain_clusters(chain), 0.4)
    np.testing.assert_allclose(readings.chain_gap(chain, shallow), 0.3)


def test_nodes_read_are_named_by_the_nearest_true_one():
    rows = readings.node_rows(np.array([[0, -1.0], [0, 0], [1, 0]]), np.eye(2))
    assert [row["nearest true node"] for row in rows] == ["1", "no split", "0"]
    assert [row["|cos|"] for row in rows] == ["1.000", "", "1.000"]


def band(*values):
    return np.array([[value, value - 1, value + 1] for value in values])


def test_doses_are_joined_but_for_the_last_two():
    _, axes = plots.figure()
    jump_plots.doses(axes[0, 0], "abcd", {"DLGN": band(1, 2, 3, 4)}, "captured")
    dots, line = axes[0, 0].get_lines()[0], axes[0, 0].get_lines()[-1]
    assert dots.get_ydata().tolist() == [1, 2, 3, 4] and line.get_ydata().tolist() == [1, 2]
    assert [text.get_text() for text in axes[0, 0].get_xticklabels()] == list("abcd")


def test_rows_are_drawn_from_the_top():
    _, axes = plots.figure(1, 2)
    jump_plots.accuracies(axes[0, 0], {"a": ("DLGN", (90, 89, 91)), "b": ("rival", (60, 59, 61))})
    top, below, chance = (line.get_xydata().tolist() for line in axes[0, 0].get_lines())
    assert top == [[90, 0]] and below == [[60, 1]] and chance[0][0] == chance[1][0] == 50
    low, high = axes[0, 0].get_ylim()
    assert low > high
    marks = {"right weight": (40, 39, 41), "no weight at all": (50, 49, 51)}
    jump_plots.shares(axes[0, 1], {"net": marks})
    first = axes[0, 1].get_lines()[0]
    assert first.get_xdata().tolist() == [40]


def test_a_globe_is_blank_beside_the_sphere_and_even_about_zero():
    _, axes = plots.figure()
    seen = np.array([[False, True], [True, True]])
    jump_plots.globe(axes[0, 0], np.array([9, 1, -2, 1]), seen, "labels")
    (image,) = axes[0, 0].get_images()
    assert image.get_clim() == (-2, 2) and image.get_array().mask.tolist() == (~seen).tolist()


def test_every_curve_has_a_style_with_a_colour():
    assert {color for color, _ in jump_plots.STYLES.values()} <= plots.COLORS.keys()
    names = {*readings.LEVEL_NAMES, readings.UNUSED, *readings.NET_NAMES.values()}
    assert names <= jump_plots.STYLES.keys()
