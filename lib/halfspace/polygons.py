"""Convex polygons in the plane: cut by lines, measured exactly up to rounding.

A polygon is a float64 array of shape (k, 2): its corners, anticlockwise. The empty polygon has
shape (0, 2). A line is given by a normal and an offset; its inside is the closed half-plane
``normal · p + offset >= 0``.

``Polygons`` holds many of them; ``split_many`` and ``clip_many`` cut all at once, each along a line
of its own, by the same rules as ``split`` and ``clip`` cut one.

A corner nearer to a line than ``TOLERANCE`` times the polygon's largest coordinate counts as lying
on it. A piece that would have no other corner has no area and is dropped, so a cut never changes
the total area.
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
    """A sequence of convex polygons in one array.

    Attributes:
        corners: each polygon's corners, its last one repeated to the row's end, shape (P, K, 2).
        sizes: numbers of corners, shape (P,).
    """

    def __init__(self, corners: np.ndarray, sizes: np.ndarray):
        self.corners, self.sizes = corners, sizes

    @classmethod
    def of(cls, polygons: Iterable[np.ndarray]) -> "Polygons":
        """Collect polygons, none of them empty.

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
        """Return the polygons of the given numbers (or of a mask)."""
        return Polygons(self.corners[numbers], self.sizes[numbers])

    def widened(self, columns: int) -> np.ndarray:
        """Return the corners in rows of at least ``columns`` corners, shape (P, >= columns, 2)."""
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
        # In a padded row the last corner stands again and again; its final copy leads to the first.
        real = np.arange(self.corners.shape[1]) < self.sizes[:, None] - 1
        real[:, -1] = True
        middles = ((self.corners + following) / 2)[real]
        return middles, np.linalg.norm(following - self.corners, axis=2)[real], np.nonzero(real)[0]


class Split(NamedTuple):
    """Many polygons cut, each along its own line.

    Attributes:
        cut: numbers of the polygons that their lines do cut, shape (Q,).
        above: which polygons lie inside as a whole; of no meaning for those that are cut, bool,
            shape (P,).
        inside: the inside pieces of the cut ones, Q polygons.
        outside: their outside pieces.
    """

    cut: np.ndarray
    above: np.ndarray
    inside: Polygons
    outside: Polygons


def rectangle(left: float, right: float, bottom: float, top: float) -> np.ndarray:
    """Build the rectangle [left, right] × [bottom, top], shape (4, 2).

    Raises:
        ValueError: if it has no area, or an infinite one.
    """
    check_finite("rectangle", np.array((left, right, bottom, top), dtype=np.float64))
    if not (left < right and bottom < top):
        raise ValueError(
            f"rectangle needs left < right and bottom < top; got {(left, right, bottom, top)}"
        )
    return np.array([(left, bottom), (right, bottom), (right, top), (left, top)], dtype=np.float64)


def square(half_side: float) -> np.ndarray:
    """Build the square of side ``2 half_side`` around the origin, shape (4, 2)."""
    return rectangle(-half_side, half_side, -half_side, half_side)


def area(polygon: np.ndarray) -> float:
    """Return the area (shoelace formula); 0 for the empty polygon.

    Raises:
        ValueError: if the polygon is not of shape (k, 2) or not finite.
    """
    _check_polygon("polygon", polygon)
    return float(_wedges(polygon).sum())


def centroid(polygon: np.ndarray) -> np.ndarray:
    """Return the centre of mass, shape (2,); the mean corner if the area is zero.

    Raises:
        ValueError: if the polygon is empty.
    """
    if not len(polygon):
        raise ValueError("the empty polygon has no centroid")
    wedges = _wedges(polygon)
    if wedges.sum() == 0:
        return polygon.mean(axis=0)
    centres = (polygon[0] + polygon[1:-1] + polygon[2:]) / 3
    return wedges @ centres / wedges.sum()


def edges(polygon: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the edges' midpoints, shape (k, 2), and lengths, shape (k,)."""
    following = np.roll(polygon, -1, axis=0)
    return (polygon + following) / 2, np.linalg.norm(following - polygon, axis=1)


def split(polygon: np.ndarray, normal: np.ndarray, offset: float) -> tuple[np.ndarray, np.ndarray]:
    """Cut a polygon along a line.

    Args:
        polygon: shape (k, 2).
        normal: the line's normal, shape (2,); zero makes the whole plane its inside or its outside.
        offset: the line's offset.

    Returns:
        The pieces inside and outside, one of them empty where the line does not cut.

    Raises:
        ValueError: if a shape does not fit or a number is not finite.
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
    """Return the part of a polygon with ``normal · p + offset >= 0``."""
    return split(polygon, normal, offset)[0]


def split_many(polygons: Polygons, normals: np.ndarray, offsets: np.ndarray) -> Split:
    """Cut each polygon along a line of its own: ``split`` for many.

    Args:
        polygons: P polygons.
        normals: the lines' normals, shape (P, 2).
        offsets: the lines' offsets, shape (P,).

    Raises:
        ValueError: if there are not P lines or a number is not finite.
    """
    cut, above, ring, sides = _cut_rings(polygons, normals, offsets)
    return Split(cut, above, _compact(ring, sides >= 0), _compact(ring, sides <= 0))


def clip_many(
    polygons: Polygons, normals: np.ndarray, offsets: np.ndarray
) -> tuple[np.ndarray, Polygons]:
    """Keep each polygon's part inside its own line: ``clip`` for many.

    Args:
        polygons: P polygons.
        normals: shape (P, 2).
        offsets: shape (P,).

    Returns:
        The numbers of the polygons of which something is left, increasing, shape (Q,), and what is
        left of them.

    Raises:
        ValueError: if there are not P lines or a number is not finite.
    """
    cut, above, ring, sides = _cut_rings(polygons, normals, offsets)
    pieces = _compact(ring, sides >= 0)
    left = above.copy()
    left[cut] = True
    columns = max(polygons.corners.shape[1], pieces.corners.shape[1])
    corners, sizes = polygons.widened(columns).copy(), polygons.sizes.copy()
    corners[cut], sizes[cut] = pieces.widened(columns), pieces.sizes
    return np.flatnonzero(left), Polygons(corners, sizes).take(left)


def free_edges(polygon: np.ndarray, window: np.ndarray) -> int:
    """Count the edges of a polygon that do not lie on the sides of the window that holds it.

    Args:
        polygon: a polygon inside ``window``, shape (k, 2).
        window: a convex polygon, shape (j, 2).

    Raises:
        ValueError: if one is not of that shape or not finite.
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
    """Find the polygons that are cut and lay their corners and crossings out in order.

    Returns:
        Numbers of the cut polygons (Q,); the uncut ones' sides (P,); rings of corners and
        crossings (Q, 2K, 2); the rings' sides: 1, 0 and -1, NaN for what is no corner (Q, 2K).
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
    """Keep some corners of each ring, in order, and pad the rows with the last one."""
    sizes = keep.sum(axis=1)
    columns = np.arange(sizes.max(initial=1))
    order = np.argsort(~keep, axis=1, kind="stable")
    order = np.take_along_axis(order, np.minimum(columns, sizes[:, None] - 1), axis=1)
    return Polygons(np.take_along_axis(ring, order[..., None], axis=1), sizes)
