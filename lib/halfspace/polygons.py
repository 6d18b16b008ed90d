"""Convex polygons in the plane: cut by lines, measured exactly up to rounding.

A polygon is a float64 array of shape (k, 2): its corners, anticlockwise. The empty polygon has
shape (0, 2). A line is given by a normal and an offset; its inside is the closed half-plane
``normal · p + offset >= 0``.

A corner nearer to a line than ``TOLERANCE`` times the polygon's largest coordinate counts as lying
on it. A piece that would have no other corner has no area and is dropped, so a cut never changes
the total area.
"""

import numpy as np

__all__ = [
    "TOLERANCE",
    "area",
    "centroid",
    "clip",
    "edges",
    "free_edges",
    "rectangle",
    "split",
    "square",
]

TOLERANCE = 1e-10


def rectangle(left: float, right: float, bottom: float, top: float) -> np.ndarray:
    """Build the rectangle [left, right] × [bottom, top], shape (4, 2).

    Raises:
        ValueError: if it has no area.
    """
    if not (left < right and bottom < top):
        raise ValueError(
            f"rectangle needs left < right and bottom < top; got {(left, right, bottom, top)}"
        )
    return np.array([(left, bottom), (right, bottom), (right, top), (left, top)], dtype=np.float64)


def square(half_side: float) -> np.ndarray:
    """Build the square of side ``2 half_side`` around the origin, shape (4, 2)."""
    return rectangle(-half_side, half_side, -half_side, half_side)


def area(polygon: np.ndarray) -> float:
    """Return the area (shoelace formula); 0 for the empty polygon."""
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
    """
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


def free_edges(polygon: np.ndarray, window: np.ndarray) -> int:
    """Count the edges of a polygon that do not lie on the sides of the window that holds it.

    Args:
        polygon: a polygon inside ``window``, shape (k, 2).
        window: a convex polygon, shape (j, 2).
    """
    middles, lengths = edges(polygon)
    along = np.roll(window, -1, axis=0) - window
    inward = np.stack([-along[:, 1], along[:, 0]], axis=1)
    inward /= np.linalg.norm(inward, axis=1, keepdims=True)
    distance = ((middles[:, None, :] - window) * inward).sum(-1)
    slack = 10 * TOLERANCE * np.abs(window).max()
    return int(((np.abs(distance) > slack).all(axis=1) & (lengths > slack)).sum())


def _wedges(polygon: np.ndarray) -> np.ndarray:
    """Return the areas of the triangles that fan out from the first corner."""
    arms = polygon[1:] - polygon[:1]
    return (arms[:-1, 0] * arms[1:, 1] - arms[:-1, 1] * arms[1:, 0]) / 2
