"""Convex polygons: areas, cuts, degenerate cases."""

import numpy as np
import pytest
from halfspace import polygons
from hypothesis import given, settings
from hypothesis import strategies as st

WINDOW = polygons.square(1.0)
numbers = st.floats(-2, 2, allow_nan=False, width=32).map(float)
lines = st.lists(st.tuples(numbers, numbers, numbers), min_size=1, max_size=6)


def convex(polygon, slack=1e-9):
    arms = np.roll(polygon, -1, axis=0) - polygon
    after = np.roll(arms, -1, axis=0)
    return (arms[:, 0] * after[:, 1] - arms[:, 1] * after[:, 0] >= -slack).all()


def test_a_rectangle_has_its_area_and_centre():
    box = polygons.rectangle(1, 4, -1, 1)
    assert polygons.area(box) == 6
    np.testing.assert_allclose(polygons.centroid(box), (2.5, 0), atol=1e-15)
    middles, lengths = polygons.edges(box)
    assert lengths.tolist() == [3, 2, 3, 2]
    assert middles.tolist() == [[2.5, -1], [4, 0], [2.5, 1], [1, 0]]


def test_a_triangle_has_its_area_and_centre():
    triangle = np.array([(1.0, 1.0), (4.0, 1.0), (1.0, 7.0)])
    assert polygons.area(triangle) == 9
    np.testing.assert_allclose(polygons.centroid(triangle), (2, 3))


def test_a_rectangle_without_area_is_refused():
    with pytest.raises(ValueError, match="left < right"):
        polygons.rectangle(1, 1, 0, 2)


def test_the_empty_polygon_has_no_area_no_centre_and_no_pieces():
    empty = WINDOW[:0]
    assert polygons.area(empty) == 0
    assert [len(piece) for piece in polygons.split(empty, np.array([1.0, 0.0]), 0.0)] == [0, 0]
    with pytest.raises(ValueError, match="no centroid"):
        polygons.centroid(empty)


@settings(deadline=None, derandomize=True)
@given(lines)
def test_cuts_keep_the_area_and_give_convex_anticlockwise_pieces(drawn):
    pieces = [WINDOW]
    for a, b, c in drawn:
        pieces = [
            part
            for piece in pieces
            for part in polygons.split(piece, np.array([a, b]), c)
            if len(part)
        ]
    areas = [polygons.area(piece) for piece in pieces]
    assert min(areas) >= 0
    assert sum(areas) == pytest.approx(4, abs=1e-12)
    assert all(len(piece) >= 3 and convex(piece) for piece in pieces)


@settings(deadline=None, derandomize=True)
@given(numbers, numbers, numbers)
def test_corners_of_the_pieces_lie_on_their_sides(a, b, c):
    inside, outside = polygons.split(WINDOW, np.array([a, b]), c)
    assert (inside @ (a, b) + c >= -1e-9).all()
    assert (outside @ (a, b) + c <= 1e-9).all()


def test_a_line_through_corners_cuts_along_the_diagonal():
    inside, outside = polygons.split(WINDOW, np.array([1.0, -1.0]), 0.0)
    assert polygons.area(inside) == polygons.area(outside) == 2
    assert len(inside) == len(outside) == 3


def test_a_line_along_a_side_cuts_nothing():
    inside, outside = polygons.split(WINDOW, np.array([1.0, 0.0]), 1.0)
    assert len(inside) == 4 and len(outside) == 0
    inside, outside = polygons.split(WINDOW, np.array([1.0, 0.0]), -1.0)
    assert len(inside) == 0 and len(outside) == 4


def test_a_piece_thinner_than_the_tolerance_is_dropped():
    thin = polygons.TOLERANCE / 2
    assert len(polygons.split(WINDOW, np.array([7.0, 0.0]), 7 * (1 - thin))[1]) == 0
    assert len(polygons.split(WINDOW, np.array([7.0, 0.0]), 7 * (1 - 4 * thin))[1]) == 4


@pytest.mark.parametrize(("offset", "kept"), [(1.0, 4), (0.0, 4), (-1.0, 0)])
def test_without_a_normal_the_offset_decides(offset, kept):
    assert len(polygons.clip(WINDOW, np.zeros(2), offset)) == kept


def test_the_same_line_twice_cuts_once():
    normal = np.array([0.3, 0.7])
    inside, outside = polygons.split(WINDOW, normal, 0.1)
    assert len(polygons.split(inside, 3 * normal, 0.3)[1]) == 0
    assert len(polygons.split(outside, 3 * normal, 0.3)[0]) == 0


def test_free_edges_leaves_out_the_window_sides():
    assert polygons.free_edges(WINDOW, WINDOW) == 0
    corner = polygons.clip(WINDOW, np.array([1.0, 1.0]), -1.0)
    assert polygons.free_edges(corner, WINDOW) == 1
    assert polygons.free_edges(polygons.square(0.5), WINDOW) == 4


def test_polygons_are_kept_as_given():
    triangle = np.array([(0.0, 0.0), (1.0, 0.0), (0.0, 1.0)])
    many = polygons.Polygons.of([triangle, WINDOW])
    assert len(many) == 2
    assert np.array_equal(many[0], triangle) and np.array_equal(many[1], WINDOW)
    assert many.areas.tolist() == [0.5, 4] and many.extents.tolist() == [1, 1]
    middles, lengths, owner = many.edges
    assert owner.tolist() == [0, 0, 0, 1, 1, 1, 1]
    for number, polygon in enumerate(many):
        expected = polygons.edges(polygon)
        assert sorted(lengths[owner == number]) == sorted(expected[1])
        assert sorted(map(tuple, middles[owner == number])) == sorted(map(tuple, expected[0]))
    assert np.array_equal(many.take([1])[0], WINDOW)
    assert np.array_equal(many.take([1]).widened(6)[0], WINDOW[[0, 1, 2, 3, 3, 3]])
    none = polygons.Polygons.of([])
    assert len(none) == 0 and len(none.areas) == len(none.edges[1]) == 0
    with pytest.raises(ValueError, match="must have corners; number 1 has none"):
        polygons.Polygons.of([WINDOW, WINDOW[:0]])


@settings(deadline=None, derandomize=True, max_examples=300)
@given(lines, lines)
def test_many_are_cut_as_each_alone(first, second):
    pieces = [WINDOW]
    for a, b, c in first:
        halves = [polygons.split(piece, np.array([a, b]), c) for piece in pieces]
        pieces = [half for both in halves for half in both if len(half)]
    many = polygons.Polygons.of(pieces)
    drawn = np.array([second[number % len(second)] for number in range(len(pieces))])
    normals, offsets = drawn[:, :2], drawn[:, 2]
    found = polygons.split_many(many, normals, offsets)
    left, clipped = polygons.clip_many(many, normals, offsets)
    clips, number = dict(zip(left, clipped, strict=True)), 0
    for index, piece in enumerate(pieces):
        inside, outside = polygons.split(piece, normals[index], offsets[index])
        assert (index in clips) == (len(inside) > 0)
        if len(inside):
            np.testing.assert_allclose(clips[index], inside, rtol=0, atol=1e-14)
        if len(inside) and len(outside):
            assert found.cut[number] == index
            np.testing.assert_allclose(found.inside[number], inside, rtol=0, atol=1e-14)
            np.testing.assert_allclose(found.outside[number], outside, rtol=0, atol=1e-14)
            number += 1
        else:
            assert found.above[index] == (len(inside) > 0)
    assert number == len(found.cut) == len(found.inside) == len(found.outside)


def test_many_count_near_corners_as_on_the_line_and_zero_as_inside():
    many = polygons.Polygons.of([WINDOW] * 3)
    grazing = 2 - 1e-12  # leaves a corner of the square by a hair
    normals = np.array([(1.0, 1.0), (-1.0, -1.0), (0.0, 0.0)])
    found = polygons.split_many(many, normals, np.array([grazing, -grazing, 0.0]))
    assert len(found.cut) == 0 and found.above.tolist() == [True, False, True]
    left, _ = polygons.clip_many(many, normals, np.array([grazing, -grazing, 0.0]))
    assert left.tolist() == [0, 2]
