"""Section 4's data: points on a circle whose two halves differ in frequency."""

import math
from typing import Annotated

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor

from halfspace.companion.spec import Integer
from halfspace.datasets import angle_midpoints, circle_points

__all__ = ["Circle"]

_Finite = Annotated[float, Field(allow_inf_nan=False)]
_NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Circle(BaseModel):
    """A target on the unit circle, ``a sin(f θ + φ)``, with separate a, f and φ for each half.

    The top half is 0 < θ < π, the bottom half π < θ < 2π. Each half is sampled at equally spaced
    angles, half a step away from its ends, so that no point lies where the halves meet.

    Attributes:
        n: number of points.
        frequencies: f on the top and on the bottom half, periods per turn, at least zero.
        amplitudes: a on the top and on the bottom half, at least zero.
        phases: φ on the top and on the bottom half, radians; with f = 0 and φ = π/2 the target is
            constant there.
        top_share: share of the points that lie on the top half, strictly between 0 and 1.

    Raises:
        ValueError: if a field is out of range, or a half would have no point.

    Reference: Section 4; the numbers are ours, chosen to look like the paper's Figure 2.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    n: Integer = Field(256, ge=2, strict=True)
    frequencies: tuple[_NotNegative, _NotNegative] = (2.0, 8.0)
    amplitudes: tuple[_NotNegative, _NotNegative] = (1.0, 1.0)
    phases: tuple[_Finite, _Finite] = (0.0, 0.0)
    top_share: float = Field(0.5, gt=0, lt=1)

    def model_post_init(self, _context) -> None:
        """Refuse a half without points."""
        if not 0 < self._n_top < self.n:
            raise ValueError(
                "top_share must leave a point on each half; "
                f"got {self.top_share} of {self.n} points"
            )

    @property
    def _n_top(self) -> int:
        return round(self.n * self.top_share)

    def angles(self, dtype: torch.dtype = torch.float32) -> Tensor:
        """Return the points' angles θ in increasing order, radians, shape (n,)."""
        n_bottom = self.n - self._n_top
        halves = [angle_midpoints(self._n_top), math.pi + angle_midpoints(n_bottom)]
        return torch.cat(halves).to(dtype)

    def points(self, dtype: torch.dtype = torch.float32) -> Tensor:
        """Return the points (cos θ, sin θ), shape (n, 2)."""
        return circle_points(self.angles(torch.float64)).to(dtype)

    def values(self, dtype: torch.dtype = torch.float32) -> Tensor:
        """Return the target at the points, shape (n, 1)."""
        return self.target(self.angles(torch.float64)).unsqueeze(-1).to(dtype)

    def top(self) -> Tensor:
        """Return which points lie on the top half, boolean, shape (n,)."""
        return torch.arange(self.n, device="cpu") < self._n_top

    def target(self, angles: Tensor) -> Tensor:
        """Evaluate the target at any angles (radians); same shape as ``angles``."""
        on_top = angles.remainder(2 * math.pi) < math.pi
        top, bottom = (
            a * torch.sin(f * angles + phase)
            for a, f, phase in zip(self.amplitudes, self.frequencies, self.phases, strict=True)
        )
        return torch.where(on_top, top, bottom)
