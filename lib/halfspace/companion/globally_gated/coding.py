"""Coding schemes: how many hidden units carry the classes, by Hamiltonian Monte Carlo."""

import math
from typing import ClassVar, Literal

import numpy as np
import torch
from pydantic import Field
from torch import Tensor

from halfspace.companion.seeds import SeedStudy
from halfspace.companion.spec import Integer

__all__ = ["Carriers"]

_TEMPERATURE = 0.01
_CLASSES, _PER_CLASS, _D_IN = 3, 5, 40
_EVERY = 20  # trajectories between states that count
_WARM = 200  # trajectories in which the step adapts; none of them counts


class Carriers(SeedStudy):
    """Count the hidden units that carry three classes of five points, in networks of the posterior.

    ``f(x) = scale Σ_i a_i act(w_i·x / √d)`` has three outputs and standard normal prior weights.
    The scale is 1/N and the energy (N/2T) Σ |y - f|², or, for ``lazy``, 1/√N and (1/2T) Σ |y - f|².
    The inputs enter by their coordinates in the space that the points span: what the weights are
    across it stays prior and changes nothing.

    Attributes:
        activation: ``"linear"``, ``"erf"`` or ``"relu"``.
        lazy: whether the readout is scaled with 1/√N.
        widths: N, increasing.
        trajectories: of 20 to 40 leapfrog steps; the step adapts in the first 200.
        start: ``"prior"``, or ``"sparse"``: one unit for each class does it all, the readouts of
            the others are small.

    The result's arrays (S seeds, W widths, 2 halves of the chain): carriers: (Σ c)² / Σ c² where
    unit i carries c_i = |a_i|² Σ_x act_i(x)², mean over every 20th state; flatness: mean over
    classes of Σ q |H| / √(Σ q H²), H the class's mean activities and q a unit's share of Σ |a|²;
    top: share of Σ c that the ten largest units have; misfit: mean squared error at the points.
    accepted (S, W): share of trajectories accepted after adapting. initial (S,): sum of the inputs.
    """

    # Rounding decides where a chain goes: of 40 whose inputs differ by 1e-15, one is off by 0.4.
    tolerance: ClassVar[float] = 0.5

    activation: Literal["linear", "erf", "relu"] = "relu"
    lazy: bool = False
    widths: tuple[Integer, ...] = (50, 100, 200, 400)
    trajectories: Integer = Field(800, ge=_WARM + 2 * _EVERY)
    start: Literal["prior", "sparse"] = "prior"

    @property
    def verifiable(self) -> bool:
        """Whether the run takes less than a CPU minute."""
        return self.seeds * sum(self.widths) * self.trajectories < 100_000

    def _run(self, device: torch.device) -> dict[str, np.ndarray]:
        seeds = range(self.first_seed, self.first_seed + self.seeds)
        x = torch.stack([_points(seed) for seed in seeds])
        chains = [_Chains(self, x, width, seeds) for width in self.widths]
        rows = [chain.run() for chain in chains]
        arrays = {name: np.stack([row[name] for row in rows], 1) for name in rows[0]}
        return {"initial": x.sum((-1, -2)).numpy()} | arrays

    def _measure(self, seed: int) -> dict[str, float]:
        raise NotImplementedError("chains of all seeds run side by side")


def _points(seed: int) -> Tensor:
    """Return the points' coordinates in the space that they span over √d, shape (15, 15)."""
    x = np.random.default_rng(seed).normal(size=(_CLASSES * _PER_CLASS, _D_IN))
    return torch.from_numpy(np.linalg.cholesky(x @ x.T / _D_IN))


def _act(activation: str, z: Tensor) -> tuple[Tensor, Tensor | float]:
    """Return activities and their derivatives."""
    if activation == "linear":
        return z, 1.0
    if activation == "relu":
        positive = z > 0
        return z * positive, positive
    return torch.erf(math.sqrt(math.pi) / 2 * z), torch.exp(-math.pi / 4 * z.square())


class _Chains:
    """A chain for each seed, side by side; each has its own generator and its own step."""

    def __init__(self, spec: Carriers, x: Tensor, width: int, seeds: range):
        self.spec, self.x, self.width = spec, x, width
        self.generators = [torch.Generator().manual_seed(seed) for seed in seeds]
        self.scale = width**-0.5 if spec.lazy else 1 / width
        self.stiffness = (1 if spec.lazy else width) / _TEMPERATURE
        eye = torch.eye(_CLASSES, dtype=torch.float64)
        self.targets = (2 * eye - 1).repeat_interleave(_PER_CLASS, 0)
        w, a = self._normal()
        if spec.start == "sparse":
            w, a = self._sparse(w, a)
        self.state = (w, a)

    def _normal(self) -> tuple[Tensor, Tensor]:
        """Draw first weights (S, N, 15) and readouts (S, N, 3)."""
        size, points = (self.width, self.x.shape[1] + _CLASSES), self.x.shape[1]
        drawn = [torch.randn(size, generator=g, dtype=torch.float64) for g in self.generators]
        both = torch.stack(drawn)
        return both[..., :points].contiguous(), both[..., points:].contiguous()

    def _sparse(self, w: Tensor, a: Tensor) -> tuple[Tensor, Tensor]:
        """Let one unit for each class be positive at its points alone, and carry its targets."""
        directions = torch.linalg.solve(self.x, self.targets).mT
        length = directions.square().sum(-1, keepdim=True)
        height = (_CLASSES / (self.scale**2 * length)) ** 0.25  # both weights cost the same
        signs = 2 * torch.eye(_CLASSES, dtype=torch.float64) - 1
        w[:, :_CLASSES] = height * directions
        a *= 0.1
        a[:, :_CLASSES] = signs / (self.scale * height)
        return w, a

    def _forces(self, w: Tensor, a: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return the energy (S,) and its gradient."""
        active, slope = _act(self.spec.activation, self.x @ w.mT)
        gap = self.scale * active @ a - self.targets
        pull = self.stiffness * self.scale * gap
        energy = self.stiffness / 2 * gap.square().sum((-1, -2))
        energy = energy + (w.square().sum((-1, -2)) + a.square().sum((-1, -2))) / 2
        return energy, ((pull @ a.mT) * slope).mT @ self.x + w, active.mT @ pull + a

    def run(self) -> dict[str, np.ndarray]:
        """Return the arrays of ``Carriers`` for one width, without the widths' axis."""
        spec, chains = self.spec, len(self.x)
        step = torch.full((chains, 1, 1), 0.02, dtype=torch.float64)
        accepted, kept = torch.zeros(chains), ([], [])
        lengths = np.random.default_rng(0).integers(20, 41, spec.trajectories)
        forces = self._forces(*self.state)
        for trajectory, length in enumerate(lengths):
            moved, forces, taken = self._trajectory(forces, step, int(length))
            self.state = moved
            if trajectory < _WARM:
                step = step * torch.where(taken, 1.03, 0.93)[:, None, None]
                continue
            accepted += taken
            if trajectory % _EVERY == 0:
                half = int(trajectory >= (_WARM + spec.trajectories) / 2)
                kept[half].append(self._statistics())
        halves = [
            {name: torch.stack([state[name] for state in half]).mean(0) for name in half[0]}
            for half in kept
        ]
        arrays = {name: torch.stack([h[name] for h in halves], -1).numpy() for name in halves[0]}
        return {"accepted": (accepted / (spec.trajectories - _WARM)).numpy()} | arrays

    def _trajectory(self, forces: tuple, step: Tensor, length: int) -> tuple:
        """Move by leapfrog steps; keep the old state where the move is refused."""
        old, momenta = self.state, self._normal()
        energy, *gradients = forces
        start = energy + sum(p.square().sum((-1, -2)) for p in momenta) / 2
        place, half = [q.clone() for q in old], -step / 2
        for p, g in zip(momenta, gradients, strict=True):
            p.addcmul_(half, g)
        for number in range(1, length + 1):
            for q, p in zip(place, momenta, strict=True):
                q.addcmul_(step, p)
            energy, *gradients = self._forces(*place)
            for p, g in zip(momenta, gradients, strict=True):
                p.addcmul_(half if number == length else -step, g)
        end = energy + sum(p.square().sum((-1, -2)) for p in momenta) / 2
        uniform = torch.stack(
            [torch.rand((), generator=g, dtype=torch.float64) for g in self.generators]
        )
        taken = uniform.log() < start - end  # a move that overflowed is refused
        where = taken[:, None, None]
        state = tuple(torch.where(where, new, q) for new, q in zip(place, old, strict=True))
        kept = [torch.where(taken, energy, forces[0])]
        kept += [torch.where(where, g, f) for g, f in zip(gradients, forces[1:], strict=True)]
        return state, tuple(kept), taken

    def _statistics(self) -> dict[str, Tensor]:
        """Return the statistics of the present states, shape (S,) each."""
        w, a = self.state
        active, _ = _act(self.spec.activation, self.x @ w.mT)
        carried = a.square().sum(-1) * active.square().sum(-2)
        share = a.square().sum(-1)
        share = (share / share.sum(-1, keepdim=True)).unsqueeze(-2)
        means = active.unflatten(-2, (_CLASSES, _PER_CLASS)).mean(-2)
        flat = (share * means.abs()).sum(-1) / (share * means.square()).sum(-1).sqrt()
        gap = self.scale * active @ a - self.targets
        return {
            "carriers": carried.sum(-1).square() / carried.square().sum(-1),
            "flatness": flat.mean(-1),
            "top": carried.topk(10).values.sum(-1) / carried.sum(-1),
            "misfit": gap.square().mean((-1, -2)),
        }
