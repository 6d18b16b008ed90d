"""Regression problems with noise: on a line, on a square, in a cube."""

from dataclasses import dataclass

import numpy as np

__all__ = [
    "Cube",
    "cube_problem",
    "cube_target",
    "line_target",
    "noisy_line",
    "noisy_square",
    "square_target",
]


def line_target(x: np.ndarray) -> np.ndarray:
    """Return ``sin 2πx + ½ cos 6πx``, in the shape of x."""
    return np.sin(2 * np.pi * x) + 0.5 * np.cos(6 * np.pi * x)


def noisy_line(seed: int, points: int, noise: float) -> tuple[np.ndarray, np.ndarray]:
    """Draw points on [0, 1], sorted, and their labels, shape (n,) each.

    Args:
        seed: of the points and the noise; each number of points is a draw of its own.
        points: n.
        noise: σ.
    """
    rng = np.random.default_rng([seed, points])
    x = np.sort(rng.random(points))
    return x, line_target(x) + noise * rng.standard_normal(points)


def square_target(x: np.ndarray) -> np.ndarray:
    """Return ``sin 2πx₁ cos πx₂`` of points (n, 2), shape (n,)."""
    return np.sin(2 * np.pi * x[:, 0]) * np.cos(np.pi * x[:, 1])


def noisy_square(rng: np.random.Generator, side: int, noise: float) -> tuple[np.ndarray, ...]:
    """Draw one point in the middle half of each cell of a grid, and their labels.

    So two points lie at least half a cell apart, in one coordinate, and each a quarter of a cell
    from the border.

    Args:
        rng: source of randomness.
        side: cells along each side of the unit square.
        noise: σ.

    Returns:
        Points, shape (side², 2), and labels, shape (side²,).
    """
    corners = np.stack(np.meshgrid(*[np.arange(side)] * 2, indexing="ij"), -1).reshape(-1, 2)
    x = (corners + rng.uniform(0.25, 0.75, corners.shape)) / side
    return x, square_target(x) + noise * rng.standard_normal(len(x))


def cube_target(x: np.ndarray) -> np.ndarray:
    """Return ``sin πx₁ + x₂ x₃`` of points (n, d), d at least 3, shape (n,)."""
    return np.sin(np.pi * x[:, 0]) + x[:, 1] * x[:, 2]


@dataclass(frozen=True, kw_only=True)
class Cube:
    """Data on the cube [-1, 1]⁵.

    Attributes:
        x: points, shape (n, 5).
        y: their labels, with noise, shape (n,).
        validation_x: further points, shape (v, 5).
        validation_y: their labels, with noise, shape (v,).
        test_x: test points, shape (t, 5).
        test_y: the target there, without noise, shape (t,).
    """

    x: np.ndarray
    y: np.ndarray
    validation_x: np.ndarray
    validation_y: np.ndarray
    test_x: np.ndarray
    test_y: np.ndarray


def cube_problem(seed: int, *, points: int, validation: int, test: int, noise: float) -> Cube:
    """Draw points of the cube; problems that differ in the noise alone share everything else."""
    rng = np.random.default_rng(seed)
    x, validation_x, test_x = (rng.uniform(-1, 1, (n, 5)) for n in (points, validation, test))
    errors = noise * rng.standard_normal(points + validation)
    return Cube(
        x=x,
        y=cube_target(x) + errors[:points],
        validation_x=validation_x,
        validation_y=cube_target(validation_x) + errors[points:],
        test_x=test_x,
        test_y=cube_target(test_x),
    )
