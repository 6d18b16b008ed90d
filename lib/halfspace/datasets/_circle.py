"""Points on the unit circle."""

import math

import torch
from torch import Tensor

from halfspace._checks import check_integer

__all__ = ["angle_midpoints", "circle_grid", "circle_points"]


def circle_grid(n: int = 256, dtype: torch.dtype = torch.float32) -> tuple[Tensor, Tensor]:
    """Return n equally spaced angles and their points, shapes (n,) and (n, 2).

    The angles are half a step away from 0; for an even n none lies where the halves meet.

    Raises:
        ValueError: if n is not a positive integer.
    """
    n = check_integer("n", n)
    angles = 2 * angle_midpoints(n)
    return angles.to(dtype), circle_points(angles).to(dtype)


def circle_points(angles: Tensor) -> Tensor:
    """Map angles of shape (n,) to points of the unit circle, shape (n, 2)."""
    return torch.stack([angles.cos(), angles.sin()], dim=-1)


def angle_midpoints(n: int) -> Tensor:
    """Return n angles equally spaced in (0, π), half a step from its ends."""
    return (torch.arange(n, dtype=torch.float64, device="cpu") + 0.5) * (math.pi / n)
