"""Functions of the nearest point on a torus: few dimensions that matter, in a domain of many."""

from dataclasses import dataclass

import numpy as np

from halfspace._checks import check_integer

__all__ = ["TorusProblem", "nearest_point_function", "torus_problem"]

_NOISE = 0.1
_TUBE = 0.5  # radius of the tube, half the torus' reach
_ERRORS, _ROTATION, *_POINTS = range(5)  # streams of random numbers


@dataclass(frozen=True)
class TorusProblem:
    """Training and test points of one seed.

    Attributes:
        x: training points, shape (n, D).
        y: their noisy targets, shape (n,).
        test_x: test points, shape (n', D).
        test_f: the function's values there, without noise, shape (n',).
        plane: orthonormal columns that span the torus' 2d coordinates, shape (D, 2d).
    """

    x: np.ndarray
    y: np.ndarray
    test_x: np.ndarray
    test_f: np.ndarray
    plane: np.ndarray


def nearest_point_function(coordinates: np.ndarray) -> np.ndarray:
    """Return ``2^(d/2) Π sin 2a_k`` of the angles a_k of the nearest point on the torus.

    The torus is the product of d unit circles, so the nearest point keeps the angles. If these are
    uniform, the function has mean 0 and variance 1.

    Args:
        coordinates: d pairs, one for each circle, none of them (0, 0), shape (..., 2d).

    Returns:
        Shape (...).

    Example:
        >>> nearest_point_function(np.array([[2.0, 2.0], [0.5, 0.0]])).round(3).tolist()
        [1.414, 0.0]
    """
    pairs = coordinates.reshape(*coordinates.shape[:-1], -1, 2)
    factors = 2 * pairs.prod(-1) / np.square(pairs).sum(-1)  # sin 2a = 2 sin a cos a
    return 2 ** (factors.shape[-1] / 2) * factors.prod(-1)


def torus_problem(
    seed: int, *, d_in: int, intrinsic: int = 1, tube: bool = False, points: int, test: int
) -> TorusProblem:
    """Draw points around a torus in D dimensions, turned by a random rotation.

    Angles are uniform. With the full domain, radii are uniform from 0.5 to 1.5 and the D - 2d flat
    coordinates from -1 to 1. In the tube, the D - d coordinates normal to the torus are uniform in
    a ball of radius 0.5. Angles and noise of a seed are the same for every D and domain, and few
    points are the first ones of many.

    Args:
        seed: of all draws.
        d_in: D, at least 2d.
        intrinsic: d, the torus' dimension.
        tube: whether points lie in the tube around the torus.
        points: n, training points.
        test: n', test points.

    Raises:
        ValueError: if a size is not a positive integer, or D is less than 2d.
    """
    least = 2 * check_integer("intrinsic", intrinsic)
    if check_integer("d_in", d_in) < least:
        raise ValueError(f"d_in must be at least twice intrinsic, {least}; got {d_in}")
    check_integer("points", points)
    check_integer("test", test)
    rotation = _random_rotation(np.random.default_rng([seed, _ROTATION]), d_in)
    parts = []
    for part, count in enumerate((points, test)):
        draws = [np.random.default_rng([seed, stream, part]) for stream in _POINTS]
        angles = draws[0].uniform(0, 2 * np.pi, (count, intrinsic))
        normal = (_in_ball if tube else _in_box)(*draws[1:], count, d_in - intrinsic, intrinsic)
        lengths, flat = np.split(normal, [intrinsic], 1)
        circles = np.stack([np.cos(angles), np.sin(angles)], -1) * (1 + lengths)[..., None]
        coordinates = circles.reshape(count, -1)
        x = np.concatenate([coordinates, flat], 1) @ rotation.T
        parts.append((x, nearest_point_function(coordinates)))
    (x, f), (test_x, test_f) = parts
    errors = np.random.default_rng([seed, _ERRORS]).normal(0, _NOISE, points)
    return TorusProblem(x, f + errors, test_x, test_f, rotation[:, :least])


def _in_box(
    first: np.random.Generator, second: np.random.Generator, count: int, normal: int, radial: int
) -> np.ndarray:
    """Draw radii minus 1, then flat coordinates, shape (count, normal)."""
    lengths = first.uniform(-0.5, 0.5, (count, radial))
    return np.concatenate([lengths, second.uniform(-1, 1, (count, normal - radial))], 1)


def _in_ball(
    first: np.random.Generator, second: np.random.Generator, count: int, normal: int, _: int
) -> np.ndarray:
    """Draw the same coordinates from a ball."""
    sizes = _TUBE * first.uniform(size=(count, 1)) ** (1 / normal)
    directions = second.normal(size=(count, normal))
    return sizes * directions / np.linalg.norm(directions, axis=1, keepdims=True)


def _random_rotation(rng: np.random.Generator, size: int) -> np.ndarray:
    q, r = np.linalg.qr(rng.normal(size=(size, size)))
    return q * np.sign(np.diag(r))
