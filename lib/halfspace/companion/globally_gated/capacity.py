"""How many points with random labels a globally gated net with one hidden layer can store."""

import numpy as np
from pydantic import Field
from scipy.optimize import least_squares

from halfspace.companion.seeds import SeedStudy
from halfspace.companion.spec import Integer

__all__ = ["Storage", "numbers"]


def numbers(width: int, count: int, d_in: int) -> int:
    """Return how many free numbers the net has: n (M + d - n), n the least of N, M and d.

    Its output is g(x)ᵀ B x with a matrix B of shape (M, d) and of rank at most N.
    """
    rank = min(width, count, d_in)
    return rank * (count + d_in - rank)


class Storage(SeedStudy):
    """Fit random labels by least squares, as many as ``numbers`` and some more.

    Gates, inputs and labels are standard normal.

    Attributes:
        widths: N.
        count: M.
        d_in: d.
        extras: points beyond ``numbers``.
        starts: of the fit; the best one counts.

    The result's arrays (S seeds, W widths, P extras): errors (S, W, P): mean squared errors, labels
    have variance 1. points (S, W, P): numbers of points. initial (S,): sum of the first labels.
    """

    widths: tuple[Integer, ...] = (1, 2, 3, 4, 6, 8)
    count: Integer = Field(6, ge=1)
    d_in: Integer = Field(12, ge=1)
    extras: tuple[Integer, ...] = (0, 2)
    starts: Integer = Field(4, ge=1)

    def _measure(self, seed: int) -> dict[str, object]:
        rng = np.random.default_rng(seed)
        places = [
            [numbers(width, self.count, self.d_in) + extra for extra in self.extras]
            for width in self.widths
        ]
        errors, initial = np.empty((len(self.widths), len(self.extras))), 0.0
        for i, width in enumerate(self.widths):
            for j, points in enumerate(places[i]):
                gates, x = (
                    rng.normal(size=(points, self.count)),
                    rng.normal(size=(points, self.d_in)),
                )
                y = rng.normal(size=points)
                initial += y[0]
                errors[i, j] = min(self._fit(gates, x, y, width, rng) for _ in range(self.starts))
        return {"initial": initial, "errors": errors, "points": np.array(places)}

    def _fit(
        self, gates: np.ndarray, x: np.ndarray, y: np.ndarray, width: int, rng: np.random.Generator
    ) -> float:
        """Return the mean squared error that one start reaches."""
        cut = self.count * width

        def sides(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            return gates @ values[:cut].reshape(-1, width), x @ values[cut:].reshape(-1, width)

        def gap(values: np.ndarray) -> np.ndarray:
            left, right = sides(values)
            return (left * right).sum(1) - y

        def slope(values: np.ndarray) -> np.ndarray:
            left, right = sides(values)
            parts = gates[:, :, None] * right[:, None], x[:, :, None] * left[:, None]
            return np.concatenate([part.reshape(len(y), -1) for part in parts], 1)

        start = rng.normal(size=cut + self.d_in * width) / np.sqrt(width)
        stops = dict(max_nfev=400, gtol=1e-14, ftol=1e-14)
        found = least_squares(gap, start, slope, method="trf", **stops)
        return float(np.mean(found.fun**2))
