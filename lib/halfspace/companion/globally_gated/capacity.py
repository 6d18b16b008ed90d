"""How much a globally gated net can store: random labels at finite width, features at infinite."""

from math import comb

import numpy as np
import torch
from pydantic import Field
from scipy.optimize import least_squares

from halfspace.companion.seeds import SeedStudy
from halfspace.companion.spec import Integer
from halfspace.renormalisation import gate_products

__all__ = ["GATE_KINDS", "FeatureRanks", "Storage", "independent_products", "numbers"]

GATE_KINDS = ("normal", "0 or 1", "0 or 1, one open")
"""Gates whose products are counted: of any real value; 0 or 1; the same with the first always 1."""

_ROUNDING = 1e-12  # eigenvalues below this share of the largest one count as zero


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


def independent_products(kind: str, count: int, depth: int) -> int:
    """Return how many products of L gates, one of each layer, are linearly independent.

    Args:
        kind: one of ``GATE_KINDS``.
        count: M.
        depth: L.

    Returns:
        For real gates the monomials of degree L. A gate that is 0 or 1 is its own square, so for
        those the products of 1 to L different gates; with one that is always 1, the products of 0
        to L of the others.
    """
    if kind == "normal":
        return comb(count + depth - 1, depth)
    if kind == "0 or 1":
        return sum(comb(count, k) for k in range(1, depth + 1))
    return sum(comb(count - 1, k) for k in range(depth + 1))


class FeatureRanks(SeedStudy):
    """Count the independent features φ(x) ⊗ x of nets at infinite width, φ the products of gates.

    Inputs and real gates are standard normal, gates of 0 or 1 are fair coins. Half-spaces
    at random would not do: where a pattern of gates is rare, too few points have it.

    Attributes:
        depths: L.
        counts: M.
        d_in: d.
        points: n, at least the largest number of features that is expected.

    The result's arrays (S, kinds, L, M): ranks, of the features at the points, for each of
    ``GATE_KINDS``; kept, dropped: smallest eigenvalue of the features' inner products that counts
    and largest one that does not, over the largest. initial (S,): sum of the inputs.
    """

    depths: tuple[Integer, ...] = (1, 2, 3)
    counts: tuple[Integer, ...] = (1, 2, 3, 4, 6)
    d_in: Integer = Field(10, ge=1)
    points: Integer = Field(1000, ge=2)

    def _measure(self, seed: int) -> dict[str, object]:
        rng, largest = np.random.default_rng(seed), max(self.counts)
        x = rng.normal(size=(self.points, self.d_in))
        real = rng.normal(size=(self.points, largest))
        coins = rng.integers(0, 2, real.shape).astype(float)
        sets = [real, coins, np.c_[np.ones(len(x)), coins[:, 1:]]]
        rows = np.array(
            [
                [
                    [self._rank(x, gates[:, :count], depth) for count in self.counts]
                    for depth in self.depths
                ]
                for gates in sets
            ]
        )
        names = ("ranks", "kept", "dropped")
        return {"initial": x.sum()} | dict(zip(names, np.moveaxis(rows, -1, 0), strict=True))

    def _rank(self, x: np.ndarray, gates: np.ndarray, depth: int) -> tuple[float, float, float]:
        """Return the rank, the smallest eigenvalue that counts and the largest that does not."""
        products = gate_products(torch.from_numpy(gates), depth)
        features = (products.unsqueeze(-1) * torch.from_numpy(x).unsqueeze(1)).flatten(1)
        tall = features.shape[0] > features.shape[1]
        values = torch.linalg.eigvalsh(features.mT @ features if tall else features @ features.mT)
        values = (values / values[-1]).abs()
        counted = values > _ROUNDING
        rest = values[~counted]
        return (
            counted.sum().item(),
            values[counted].min().item(),
            rest.max().item() if len(rest) else 0.0,
        )
