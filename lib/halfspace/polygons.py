"""Convex polygons in the plane: cut them along lines and measure them, exactly up to rounding.

A polygon is a float64 array of shape (k, 2): its corners, anticlockwise. The empty polygon has
shape (0, 2). A line is given by a normal and an offset; its inside is the closed half-plane
``normal · p + offset >= 0``.

``Polygons`` holds many polygons. ``split_many`` and ``clip_many`` cut all of them at once, each
along its own line, by the rules of ``split`` and ``clip``.

A corner counts as lying on a line if it is nearer to it than ``TOLERANCE`` times the polygon's
largest coordinate. A piece whose corners all lie on the line has no area and is dropped, so a cut
never changes the total area.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from halfspace._checks import check_finite, check_shape

__all__ = [
    "Polygons",
    "Split",
    "TOLERANCE",
    "area",
    "centroid",
    "clip",
    "clip_many",
    "edges",
    "free_edges",
    "rectangle",
    "split",
    "split_many",
    "square",
]

TOLERANCE = 1e-10


class Polygons(Sequence):
    """A sequence of P convex polygons in one array.

    Attributes:
        corners: a row of corners for each polygon, the last corner repeated to the end of the row,
            float64, shape (P, K, 2).
        sizes: numbers of corners, int64, shape (P,).

    Example:
        >>> triangle = np.array([(0.0, 0.0), (1.0, 0.0), (0.0, 1.0)])
        >>> polygons = Polygons.of([triangle, square(1.0)])
        >>> len(polygons), polygons.corners.shape, polygons.areas.tolist()
        (2, (2, 4, 2), [0.5, 4.0])
        >>> polygons[0].tolist()
        [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]
    """

    def __init__(self, corners: np.ndarray, sizes: np.ndarray):
        self.corners, self.sizes = corners, sizes

    @classmethod
    def of(cls, polygons: Iterable[np.ndarray]) -> "Polygons":
        """Collect polygons of shape (k, 2), none of them empty.

        Raises:
            ValueError: if one is empty, not of shape (k, 2), or has corners that are not finite.
        """
        listed = list(polygons)
        for polygon in listed:
            _check_polygon("polygons", polygon)
        sizes = np.array([len(polygon) for polygon in listed], dtype=np.int64)
        if not sizes.all():
            raise ValueError(f"polygons must have corners; number {sizes.argmin()} has none")
        columns = np.arange(sizes.max(initial=1))
        rows = [polygon[np.minimum(columns, len(polygon) - 1)] for polygon in listed]
        return cls(np.array(rows, dtype=np.float64).reshape(len(sizes), len(columns), 2), sizes)

    def __len__(self) -> int:
        return len(self.sizes)

    def __getitem__(self, number: int) -> np.ndarray:
        """Return one polygon, shape (k, 2)."""
        return self.corners[number, : self.sizes[number]]

    def take(self, numbers: np.ndarray) -> "Polygons":
        """Return the polygons of the given numbers, or those that a mask of shape (P,) selects."""
        return Polygons(self.corners[numbers], self.sizes[numbers])

    def widened(self, columns: int) -> np.ndarray:
        """Return the corners padded to rows of at least ``columns``, shape (P, >= columns, 2)."""
        missing = columns - self.corners.shape[1]
        if missing <= 0:
            return self.corners
        return np.concatenate([self.corners, self.corners[:, -1:].repeat(missing, axis=1)], axis=1)

    @property
    def extents(self) -> np.ndarray:
        """Each polygon's largest coordinate, in absolute value, shape (P,)."""
        return np.abs(self.corners).max(axis=(1, 2), initial=0.0)

    @property
    def areas(self) -> np.ndarray:
        """The areas, shape (P,)."""
        arms = self.corners[:, 1:] - self.corners[:, :1]
        wedges = arms[:, :-1, 0] * arms[:, 1:, 1] - arms[:, :-1, 1] * arms[:, 1:, 0]
        return wedges.sum(axis=1) / 2

    @property
    def edges(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """All edges: midpoints (E, 2), lengths (E,) and the numbers of their polygons (E,)."""
        following = np.roll(self.corners, -1, axis=1)
        # A padded row repeats the last corner; only its final copy is followed by the first corner.
        real = np.arange(self.corners.shape[1]) < self.sizes[:, None] - 1
        real[:, -1] = True
        middles = ((self.corners + following) / 2)[real]
        return middles, np.linalg.norm(following - self.corners, axis=2)[real], np.nonzero(real)[0]


class Split(NamedTuple):
    """The result of cutting P polygons, each along its own line.

    Attributes:
        cut: numbers of the Q polygons that their lines cut in two, increasing, int64, shape (Q,).
        above: whether each polygon lies inside its line, meaningless for those that are cut;
            bool, shape (P,).
        inside: the inside pieces of the cut polygons, Q polygons.
        outside: the outside pieces of the cut polygons, Q polygons.

    Example:
        >>> polygons = Polygons.of([square(1.0), square(3.0)])
        >>> pieces = split_many(polygons, np.array([(1.0, 0.0)] * 2), np.array([2.0, 2.0]))
        >>> pieces.cut.tolist(), pieces.above.tolist()[0]
        ([1], True)
        >>> pieces.inside.areas.tolist(), pieces.outside.areas.tolist()
        ([30.0], [6.0])
    """

    cut: np.ndarray
    above: np.ndarray
    inside: Polygons
    outside: Polygons


def rectangle(left: float, right: float, bottom: float, top: float) -> np.ndarray:
    """Build the rectangle [left, right] × [bottom, top].

    Args:
        left: smallest first coordinate.
        right: largest first coordinate.
        bottom: smallest second coordinate.
        top: largest second coordinate.

    Returns:
        The corners, float64, shape (4, 2).

    Raises:
        ValueError: if the rectangle has no area, or a side is not finite.

    Example:
        >>> rectangle(0, 2, 0, 1).tolist()
        [[0.0, 0.0], [2.0, 0.0], [2.0, 1.0], [0.0, 1.0]]
    """
    check_finite("rectangle", np.array((left, right, bottom, top), dtype=np.float64))
    if not (left < right and bottom < top):
        raise ValueError(
            f"rectangle needs left < right and bottom < top; got {(left, right, bottom, top)}"
        )
    return np.array([(left, bottom), (right, bottom), (right, top), (left, top)], dtype=np.float64)


def square(half_side: float) -> np.ndarray:
    """Build the square of side ``2 half_side`` around the origin.

    Args:
        half_side: half of a side's length.

    Returns:
        The corners, float64, shape (4, 2).

    Raises:
        ValueError: if ``half_side`` is not positive and finite.

    Example:
        >>> square(1).tolist()
        [[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]]
    """
    return rectangle(-half_side, half_side, -half_side, half_side)


def area(polygon: np.ndarray) -> float:
    """Return the area (shoelace formula); 0 for the empty polygon.

    Args:
        polygon: shape (k, 2).

    Raises:
        ValueError: if the polygon is not of shape (k, 2) or not finite.

    Example:
        >>> area(rectangle(0, 2, 0, 1))
        2.0
    """
    _check_polygon("polygon", polygon)
    return float(_wedges(polygon).sum())


def centroid(polygon: np.ndarray) -> np.ndarray:
    """Return the centre of mass, shape (2,); the mean of the corners if the area is zero.

    Args:
        polygon: shape (k, 2).

    Raises:
        ValueError: if the polygon is empty.

    Example:
        >>> centroid(rectangle(0, 2, 0, 1)).tolist()
        [1.0, 0.5]
    """
    if not len(polygon):
        raise ValueError("the empty polygon has no centroid")
    wedges = _wedges(polygon)
    if wedges.sum() == 0:
        return polygon.mean(axis=0)
    centres = (polygon[0] + polygon[1:-1] + polygon[2:]) / 3
    return wedges @ centres / wedges.sum()


def edges(polygon: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the midpoints and lengths of a polygon's edges.

    Args:
        polygon: shape (k, 2).

    Returns:
        Midpoints, shape (k, 2), and lengths, shape (k,), in the order of the corners.

    Example:
        >>> middles, lengths = edges(rectangle(0, 2, 0, 1))
        >>> middles.tolist(), lengths.tolist()
        ([[1.0, 0.0], [2.0, 0.5], [1.0, 1.0], [0.0, 0.5]], [2.0, 1.0, 2.0, 1.0])
    """
    following = np.roll(polygon, -1, axis=0)
    return (polygon + following) / 2, np.linalg.norm(following - polygon, axis=1)


def split(polygon: np.ndarray, normal: np.ndarray, offset: float) -> tuple[np.ndarray, np.ndarray]:
    """Cut a polygon along a line.

    Args:
        polygon: shape (k, 2).
        normal: the line's normal, shape (2,); if it is zero, the whole plane is inside or outside.
        offset: the line's offset, a number.

    Returns:
        The pieces inside and outside, shapes (k', 2) and (k'', 2); one of them is empty if the line
        does not cut the polygon.

    Raises:
        ValueError: if a shape does not fit or a number is not finite.

    Example:
        >>> inside, outside = split(rectangle(0, 2, 0, 1), (1.0, 0.0), -0.5)
        >>> inside.tolist()
        [[0.5, 0.0], [2.0, 0.0], [2.0, 1.0], [0.5, 1.0]]
        >>> area(outside)
        0.5
    """
    normal = np.asarray(normal, dtype=np.float64)
    _check_polygon("polygon", polygon)
    check_shape("normal", normal, (2,))
    check_shape("offset", np.asarray(offset), ())
    check_finite("normal", normal)
    check_finite("offset", np.asarray(offset))
    empty = polygon[:0]
    if not len(polygon):
        return empty, empty
    values = polygon @ normal + offset
    slack = TOLERANCE * np.abs(polygon).max() * np.hypot(*normal)
    side = np.where(np.abs(values) <= slack, 0.0, np.sign(values))
    if side.min() >= 0 or side.max() <= 0:
        # Not cut. Zero everywhere (a unit that is constantly 0, or a sliver) counts as inside.
        return (polygon, empty) if values.sum() >= 0 else (empty, polygon)
    after = np.roll(values, -1)
    crosses = side * np.roll(side, -1) < 0
    with np.errstate(divide="ignore", invalid="ignore"):
        reach = np.where(crosses, values / (values - after), 0.0)[:, None]
    crossing = polygon + reach * (np.roll(polygon, -1, axis=0) - polygon)
    ring = np.stack([polygon, crossing], axis=1).reshape(-1, 2)
    ring_side = np.stack([side, np.where(crosses, 0.0, np.nan)], axis=1).ravel()
    return ring[ring_side >= 0], ring[ring_side <= 0]


def clip(polygon: np.ndarray, normal: np.ndarray, offset: float) -> np.ndarray:
    """Return the part of a polygon with ``normal · p + offset >= 0``.

    Args:
        polygon: shape (k, 2).
        normal: the line's normal, shape (2,).
        offset: the line's offset, a number.

    Returns:
        The part inside, shape (k', 2); empty if the polygon lies outside.

    Raises:
        ValueError: if a shape does not fit or a number is not finite.

    Example:
        >>> clip(rectangle(0, 2, 0, 1), (1.0, 0.0), -0.5).tolist()
        [[0.5, 0.0], [2.0, 0.0], [2.0, 1.0], [0.5, 1.0]]
    """
    return split(polygon, normal, offset)[0]


def split_many(polygons: Polygons, normals: np.ndarray, offsets: np.ndarray) -> Split:
    """Cut each polygon along its own line: ``split`` for many polygons.

    Args:
        polygons: P polygons.
        normals: the lines' normals, shape (P, 2).
        offsets: the lines' offsets, shape (P,).

    Returns:
        The pieces of the polygons that are cut, and on which side the others lie.

    Raises:
        ValueError: if there are not P lines or a number is not finite.

    Example:
        >>> polygons = Polygons.of([square(1.0), square(1.0)])
        >>> pieces = split_many(polygons, np.array([(1.0, 0.0), (0.0, 1.0)]), np.array([0.5, -9.0]))
        >>> pieces.cut.tolist(), pieces.inside.areas.tolist(), pieces.outside.areas.tolist()
        ([0], [3.0], [1.0])
        >>> bool(pieces.above[1])
        False
    """
    cut, above, ring, sides = _cut_rings(polygons, normals, offsets)
    return Split(cut, above, _compact(ring, sides >= 0), _compact(ring, sides <= 0))


def clip_many(
    polygons: Polygons, normals: np.ndarray, offsets: np.ndarray
) -> tuple[np.ndarray, Polygons]:
    """Keep each polygon's part inside its own line: ``clip`` for many polygons.

    Args:
        polygons: P polygons.
        normals: the lines' normals, shape (P, 2).
        offsets: the lines' offsets, shape (P,).

    Returns:
        The numbers of the Q polygons that have a part inside, increasing, int64, shape (Q,), and
        these parts, Q polygons.

    Raises:
        ValueError: if there are not P lines or a number is not finite.

    Example:
        >>> polygons = Polygons.of([square(1.0), square(1.0)])
        >>> numbers, parts = clip_many(
        ...     polygons, np.array([(1.0, 0.0), (0.0, 1.0)]), np.array([-9.0, 0.5])
        ... )
        >>> numbers.tolist(), parts.areas.tolist()
        ([1], [3.0])
    """
    cut, above, ring, sides = _cut_rings(polygons, normals, offsets)
    pieces = _compact(ring, sides >= 0)
    has_part = above.copy()
    has_part[cut] = True
    columns = max(polygons.corners.shape[1], pieces.corners.shape[1])
    corners, sizes = polygons.widened(columns).copy(), polygons.sizes.copy()
    corners[cut], sizes[cut] = pieces.widened(columns), pieces.sizes
    return np.flatnonzero(has_part), Polygons(corners, sizes).take(has_part)


def free_edges(polygon: np.ndarray, window: np.ndarray) -> int:
    """Count the edges of a polygon that do not lie on a side of the window around it.

    Args:
        polygon: a polygon inside ``window``, shape (k, 2).
        window: a convex polygon, shape (j, 2).

    Raises:
        ValueError: if one is not of that shape or not finite.

    Example:
        >>> free_edges(rectangle(0, 1, -1, 0.5), square(1.0))
        2
    """
    _check_polygon("polygon", polygon)
    _check_polygon("window", window)
    middles, lengths = edges(polygon)
    along = np.roll(window, -1, axis=0) - window
    inward = np.stack([-along[:, 1], along[:, 0]], axis=1)
    inward /= np.linalg.norm(inward, axis=1, keepdims=True)
    distance = ((middles[:, None, :] - window) * inward).sum(-1)
    slack = 10 * TOLERANCE * np.abs(window).max()
    return int(((np.abs(distance) > slack).all(axis=1) & (lengths > slack)).sum())


def _check_polygon(name: str, polygon: np.ndarray) -> None:
    check_shape(name, polygon, (len(polygon), 2))
    check_finite(name, polygon)


def _wedges(polygon: np.ndarray) -> np.ndarray:
    """Return the areas of the triangles that fan out from the first corner."""
    arms = polygon[1:] - polygon[:1]
    return (arms[:-1, 0] * arms[1:, 1] - arms[:-1, 1] * arms[1:, 0]) / 2


def _cut_rings(polygons: Polygons, normals: np.ndarray, offsets: np.ndarray):
    """Find the polygons that are cut, and list their corners and crossings in order.

    Each corner is followed in its ring by the point where the edge that starts there crosses the
    line. If it does not cross the line, or the corner is padding, the entry is ignored.

    Returns:
        Numbers of the cut polygons (Q,); whether each uncut polygon lies inside (P,); rings of
        corners and crossings (Q, 2K, 2); the side of each entry of a ring: 1 inside, 0 on the line,
        -1 outside, NaN if the entry is ignored (Q, 2K).
    """
    corners = polygons.corners
    check_shape("normals", normals, (len(polygons), 2))
    check_shape("offsets", offsets, (len(polygons),))
    check_finite("normals", normals)
    check_finite("offsets", offsets)
    values = np.einsum("pkd,pd->pk", corners, normals) + offsets[:, None]
    slack = (TOLERANCE * polygons.extents * np.hypot(*normals.T))[:, None]
    sides = np.where(np.abs(values) <= slack, 0.0, np.sign(values))
    highest, lowest = values.max(axis=1, initial=-np.inf), values.min(axis=1, initial=np.inf)
    cut = np.flatnonzero((lowest < -slack[:, 0]) & (highest > slack[:, 0]))
    above = highest + lowest >= 0
    values, sides, corners = values[cut], sides[cut], corners[cut]
    # The padding repeats the last corner, so the row's last entry is always followed by the first.
    crosses = sides * np.roll(sides, -1, axis=1) < 0
    steps = np.roll(corners, -1, axis=1) - corners
    drops = np.where(crosses, values - np.roll(values, -1, axis=1), 1.0)
    ring = np.stack([corners, corners + (values / drops)[..., None] * steps], axis=2)
    real = np.arange(corners.shape[1]) < polygons.sizes[cut, None]
    ring_sides = np.stack([np.where(real, sides, np.nan), np.where(crosses, 0.0, np.nan)], axis=2)
    shape = (len(cut), 2 * corners.shape[1])
    return cut, above, ring.reshape(*shape, 2), ring_sides.reshape(shape)


def _compact(ring: np.ndarray, keep: np.ndarray) -> Polygons:
    """Keep the marked points of each ring, in order, and pad the rows with the last one."""
    sizes = keep.sum(axis=1)
    columns = np.arange(sizes.max(initial=1))
    order = np.argsort(~keep, axis=1, kind="stable")
    order = np.take_along_axis(order, np.minimum(columns, sizes[:, None] - 1), axis=1)
    return Polygons(np.take_along_axis(ring, order[..., None], axis=1), sizes)
