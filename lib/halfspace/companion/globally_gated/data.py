"""Problems for globally gated nets: training and test points with gates, drawn from a seed."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from halfspace.renormalisation import GatedRegression

__all__ = ["Problem", "descent", "linear", "piecewise", "transfer"]


@dataclass(frozen=True)
class Problem:
    """Training points and test points, in float64.

    Attributes:
        x: training inputs, shape (n, d).
        gates: of x, shape (n, M).
        y: their targets, shape (n,).
        test_x: shape (k, d).
        test_gates: shape (k, M).
        test_y: what the test points' outputs should be, without noise, shape (k,).
    """

    x: Tensor
    gates: Tensor
    y: Tensor
    test_x: Tensor
    test_gates: Tensor
    test_y: Tensor

    def regression(self, **options) -> GatedRegression:
        """Return the training points with a prior; options as ``GatedRegression`` takes them."""
        return GatedRegression(self.x, self.gates, self.y, **options)

    def predict(self, regression: GatedRegression, order: Tensor) -> tuple[Tensor, Tensor]:
        """Return mean and variance at the test points; see ``GatedRegression.predict``."""
        return regression.predict(order, self.test_x, self.test_gates)

    def error(self, mean: Tensor) -> float:
        """Return the mean squared error of a mean at the test points, shape (k,)."""
        return (mean - self.test_y).square().mean().item()


def _problem(x, gates, y, test_x, test_gates, test_y) -> Problem:
    arrays = (x, gates, y, test_x, test_gates, test_y)
    return Problem(*(torch.from_numpy(np.asarray(array, dtype=np.float64)) for array in arrays))


def piecewise(seed: int, *, count: int = 3, always_on: bool = False) -> Problem:
    """Draw a target that is linear on each side of one gate's boundary: 60 points in 40 dimensions.

    Args:
        seed: of the problem.
        count: M.
        always_on: whether the first gate is 1 everywhere, so that no gate tells the two sides.
    """
    rng = np.random.default_rng(seed)
    x, v = rng.normal(size=(60, 40)), rng.normal(size=(count, 40))
    test, w = rng.normal(size=(200, 40)), rng.normal(size=(2, 40))

    def gates(points: np.ndarray) -> np.ndarray:
        on = points @ v.T >= 0
        on[:, 0] |= always_on
        return on

    def target(points: np.ndarray) -> np.ndarray:
        return np.where(points @ v[0] > 0, points @ w[0], points @ w[1]) / np.sqrt(40)

    return _problem(x, gates(x), target(x), test, gates(test), target(test))


def linear(seed: int) -> Problem:
    """Return the first 30 points of ``piecewise`` under one gate that is always on."""
    whole = piecewise(seed, count=4)
    ones = torch.ones(len(whole.test_x), 1, dtype=torch.float64)
    return Problem(whole.x[:30], ones[:30], whole.y[:30], whole.test_x, ones, whole.test_y)


def transfer(seed: int, similarity: float) -> Problem:
    """Draw two linear tasks, 60 points of the first and 12 of the second; a gate tells the task.

    Args:
        seed: of the problem.
        similarity: ρ, cosine of the angle between the tasks' weights.
    """
    rng, d = np.random.default_rng(seed), 30
    first, other = rng.normal(size=(2, d))
    other -= first * (first @ other) / (first @ first)
    first, other = (np.sqrt(d) * w / np.linalg.norm(w) for w in (first, other))
    second = similarity * first + np.sqrt(1 - similarity**2) * other
    x, noise, test = rng.normal(size=(72, d)), rng.normal(size=72), rng.normal(size=(500, d))
    task = np.repeat([0, 1], (60, 12))
    clean = np.where(task == 0, x @ first, x @ second) / np.sqrt(d)
    gates, test_gates = np.eye(2)[task], np.tile([0.0, 1.0], (500, 1))
    return _problem(x, gates, clean + 0.1 * noise, test, test_gates, test @ second / np.sqrt(d))


def descent(seed: int, count: int) -> Problem:
    """Draw a noisy ReLU teacher, 100 points in 20 dimensions, under random gates, one always on.

    The problem is the same for every number of gates, and the first gates are, too.

    Args:
        seed: of the problem.
        count: M, at most 30.
    """
    rng, d = np.random.default_rng(seed), 20
    x, test, v = (rng.normal(size=(size, d)) for size in (100, 500, 30))
    units, readout = rng.normal(size=(200, d)) / np.sqrt(d), rng.normal(size=200)
    noise = rng.normal(size=100)

    def teacher(points: np.ndarray) -> np.ndarray:
        return np.maximum(points @ units.T, 0) @ readout

    def gates(points: np.ndarray) -> np.ndarray:
        on = points @ v[:count].T >= 0
        on[:, 0] = True
        return on

    spread = teacher(rng.normal(size=(2000, d))).std()
    y, test_y = teacher(x) / spread + 0.3 * noise, teacher(test) / spread
    return _problem(x, gates(x), y, test, gates(test), test_y)
