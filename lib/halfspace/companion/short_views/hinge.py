"""Descent of the hinge loss in networks of one hidden layer: what moves, and how far."""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from pydantic import Field
from torch import Tensor

from halfspace._checks import single_precision
from halfspace.companion.seeds import SeedStudy
from halfspace.companion.short_views.data import label_on_sphere
from halfspace.companion.short_views.measures import first_mean, free_growth
from halfspace.companion.spec import Integer

__all__ = ["HINGE_NETS", "HingeEnds", "HingeStart", "Units"]

HINGE_NETS = ("relu", "dlgn")

_BETA = 4.0
_STEP = 0.1


@dataclass
class Units:
    """M units of a net ``f(x) = (1/M) Σ a g(w · x) (u · x)``.

    The ReLU net has one weight vector in both roles, u = w, and hard gates. The DLGN has two, and
    the gate ``sigmoid(β w · x)`` with β = 4.

    Attributes:
        gating: w, shape (M, d).
        value: u, shape (M, d); the same tensor as w in a ReLU net.
        outer: a, shape (M,).
    """

    gating: Tensor
    value: Tensor
    outer: Tensor

    @classmethod
    def drawn(cls, kind: str, units: int, d_in: int, generator: torch.Generator) -> "Units":
        """Draw units in pairs whose output weights differ in sign, so that f = 0."""
        half = units // 2

        def vectors() -> Tensor:
            return torch.randn(half, d_in, generator=generator).repeat(2, 1) / math.sqrt(d_in)

        outer = torch.randn(half, generator=generator)
        gating, value = vectors(), vectors()
        return cls(gating, gating if kind == "relu" else value, torch.cat([outer, -outer]))

    @property
    def is_relu(self) -> bool:
        """Whether w and u are one."""
        return self.gating is self.value

    def gates(self, x: Tensor) -> Tensor:
        """Return the gates of points (n, d), shape (n, M)."""
        eta = x @ self.gating.T
        return (eta >= 0).to(x.dtype) if self.is_relu else torch.sigmoid(_BETA * eta)

    def output(self, x: Tensor) -> Tensor:
        """Return f, shape (n,)."""
        return (self.gates(x) * (x @ self.value.T)) @ self.outer / len(self.outer)

    def step(self, x: Tensor, y: Tensor, alpha: float, length: float) -> float:
        """Take one step of descent of ``mean max(0, 1 - α y f) / α``, at M times the rate.

        Returns:
            The share of points that are satisfied, ``α y f ≥ 1``, and so do not push.
        """
        gates, along = self.gates(x), x @ self.value.T
        f = (gates * along) @ self.outer / len(self.outer)
        pushes = (alpha * y * f < 1).to(x.dtype)
        force = (pushes * y / len(x)).unsqueeze(1)
        gated = force * gates
        value = self.outer.unsqueeze(1) * (gated.T @ x)
        outer = (gated * along).sum(0)
        if not self.is_relu:
            turning = force * _BETA * gates * (1 - gates) * along
            self.gating = self.gating + length * self.outer.unsqueeze(1) * (turning.T @ x)
            self.value = self.value + length * value
        else:
            self.gating = self.value = self.value + length * value
        self.outer = self.outer + length * outer
        return 1 - pushes.mean().item()


def _moved(start: Units, end: Units) -> float:
    """Return the mean distance that gating vectors went, over their length at the start."""
    lengths = start.gating.norm(dim=1)
    return ((end.gating - start.gating).norm(dim=1) / lengths).mean().item()


def _cosine(vectors: Tensor) -> float:
    """Return the mean |cos| of the vectors and the label's direction, the first axis."""
    return (vectors[:, 0].abs() / vectors.norm(dim=1)).mean().item()


class _Hinge(SeedStudy):
    """Points on the sphere of radius √d, labelled by the sign of the first coordinate.

    Attributes:
        d_in: d.
        units: M, an even number; weights normal with variance 1/d, output weights standard normal.
    """

    d_in: Integer = Field(50, ge=2)
    units: Integer = Field(100, ge=2, multiple_of=2)


class HingeStart(_Hinge):
    """Compare what the units do before any example is satisfied with a closed form.

    Attributes:
        counts: numbers of points N.
        alpha: α, small enough for no example to be satisfied.
        steps: number of steps, of length 0.1.

    The result's arrays (S, K) for K numbers of points, for both nets: relu_error, dlgn_error: size
    of the difference of all weights (w and a, or u and a) from the closed form, over the size of
    the change in the closed form; relu_turned, dlgn_turned: mean distance of the gating vectors
    from their start, over their length; satisfied: largest share of satisfied points. initial (S,):
    sum of the output weights' first half.
    """

    tolerance: ClassVar[float] = 1e-3

    counts: tuple[Integer, ...] = (1000, 4000, 16_000)
    alpha: float = Field(0.1, gt=0)
    steps: Integer = Field(20, ge=1)

    @single_precision()
    def _measure(self, seed: int) -> dict[str, np.ndarray]:
        rows = {f"{kind}_{name}": [] for kind in HINGE_NETS for name in ("error", "turned")}
        rows["satisfied"] = []
        rate = _STEP * first_mean(self.d_in) / 2
        for count in self.counts:
            generator = torch.Generator().manual_seed(seed)
            satisfied = []
            for kind in HINGE_NETS:
                start = Units.drawn(kind, self.units, self.d_in, generator)
                x, y = label_on_sphere(count, self.d_in, generator)
                end = Units(start.gating, start.value, start.outer)
                for _ in range(self.steps):
                    satisfied.append(end.step(x, y, self.alpha, _STEP))
                along, outer = free_growth(start.value[:, 0], start.outer, rate, self.steps)
                value = torch.cat([along.unsqueeze(1), start.value[:, 1:]], 1)
                wrong = (end.value - value).square().sum() + (end.outer - outer).square().sum()
                size = (value - start.value).square().sum() + (outer - start.outer).square().sum()
                rows[f"{kind}_error"].append((wrong / size).sqrt().item())
                rows[f"{kind}_turned"].append(_moved(start, end))
            rows["satisfied"].append(max(satisfied))
        initial = Units.drawn("relu", self.units, self.d_in, torch.Generator().manual_seed(seed))
        total = initial.outer[: self.units // 2].double().sum().item()
        return {"initial": total} | {name: np.array(row) for name, row in rows.items()}


class HingeEnds(_Hinge):
    """Train with the hinge loss to the end, from small α (rich) to large (lazy).

    Attributes:
        alphas: α; the step is 0.1 / max(1, α) long.
        points: N, for training and for counting gates.
        steps: number of steps.

    The result's arrays (S, A, 2) for A values of α and ``HINGE_NETS``: flips: share of the hard
    gates at the training points that differ from the start's; gates, values: mean |cos| of the
    gating and of the value vectors with the label's direction at the end; gates_before,
    values_before: at the start; satisfied: share of satisfied training points at the last step;
    accuracy: on 5,000 other points. initial (S,): sum of the output weights' first half.
    """

    tolerance: ClassVar[float] = 1e-2

    alphas: tuple[float, ...] = (0.1, 1.0, 10.0, 100.0)
    points: Integer = Field(5000, ge=1)
    steps: Integer = Field(400, ge=1)

    @single_precision()
    def _measure(self, seed: int) -> dict[str, np.ndarray]:
        generator = torch.Generator().manual_seed(seed)
        starts = {kind: Units.drawn(kind, self.units, self.d_in, generator) for kind in HINGE_NETS}
        x, y = label_on_sphere(self.points, self.d_in, generator)
        test = label_on_sphere(5000, self.d_in, generator)
        total = starts["relu"].outer[: self.units // 2].double().sum().item()
        rows = [
            [self._ends(starts[kind], x, y, test, alpha) for kind in HINGE_NETS]
            for alpha in self.alphas
        ]
        names = rows[0][0]
        return {"initial": total} | {
            name: np.array([[row[name] for row in pair] for pair in rows]) for name in names
        }

    def _ends(
        self, start: Units, x: Tensor, y: Tensor, test: tuple[Tensor, Tensor], alpha: float
    ) -> dict[str, float]:
        end = Units(start.gating, start.value, start.outer)
        for _ in range(self.steps):
            satisfied = end.step(x, y, alpha, _STEP / max(1.0, alpha))
        before, after = (x @ units.gating.T >= 0 for units in (start, end))
        test_x, test_y = test
        return {
            "flips": (before != after).double().mean().item(),
            "gates": _cosine(end.gating),
            "values": _cosine(end.value),
            "gates_before": _cosine(start.gating),
            "values_before": _cosine(start.value),
            "satisfied": satisfied,
            "accuracy": ((end.output(test_x) > 0) == (test_y > 0)).double().mean().item(),
        }
