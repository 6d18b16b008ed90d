"""Points on the unit circle."""

import math

import torch
from torch import Tensor

from halfspace._checks import check_integer

__all__ = ["angle_midpoints", "circle_grid", "circle_points"]


def circle_grid(n: int = 256, dtype: torch.dtype = torch.float32) -> tuple[Tensor, Tensor]:
    """Return n equally spaced angles and their points, shapes (n,) and (n, 2).

    The first angle is half a step from 0; for an even n, no angle lies on a half's border.

    Raises:
        ValueError: if n is not a positive integer.

    Example:
        >>> angles, points = circle_grid(4)
        >>> points.sign().tolist()
        [[1.0, 1.0], [-1.0, 1.0], [-1.0, -1.0], [1.0, -1.0]]
    """
    n = check_integer("n", n)
    angles = 2 * angle_midpoints(n)
    return angles.to(dtype), circle_points(angles).to(dtype)


def circle_points(angles: Tensor) -> Tensor:
    """Map angles of shape (n,), in radians, to points of the unit circle, shape (n, 2).

    Example:
        >>> circle_points(torch.zeros(1)).tolist()
        [[1.0, 0.0]]
    """
    return torch.stack([angles.cos(), angles.sin()], dim=-1)


def angle_midpoints(n: int) -> Tensor:
    """Return n angles equally spaced in (0, π), half a step from its ends, float64, shape (n,).

    Example:
        >>> (angle_midpoints(2) / math.pi).tolist()
        [0.25, 0.75]
    """
    return (torch.arange(n, dtype=torch.float64, device="cpu") + 0.5) * (math.pi / n)
