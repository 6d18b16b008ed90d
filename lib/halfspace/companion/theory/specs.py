"""Section 3: a network with fixed gates as a kernel machine.

Two statements are tested. Constant experts that learn independently of each other perform linear
regression with the overlap kernel. A value network's NTK at fixed gates is, on average over its
weights, a multiple of the neural path kernel, and deviates less from it in wider networks.
"""

import math
from typing import Annotated, ClassVar, Literal

import numpy as np
import torch
from pydantic import AfterValidator, Field
from torch import Tensor

from halfspace.companion.circle.target import Circle
from halfspace.companion.spec import Integer, Spec
from halfspace.datasets import circle_grid, circle_points
from halfspace.gates import HardGate
from halfspace.nets import DLGN, ReLUNet, stack
from halfspace.ntk import empirical_ntk
from halfspace.overlap import neural_path_kernel, overlap_kernel
from halfspace.paths import path_gates

__all__ = ["ConstantExperts", "NeuralPathLimit"]


def _increasing(counts: tuple[int, ...]) -> tuple[int, ...]:
    if not counts or sorted(set(counts)) != list(counts):
        raise ValueError(f"counts must be increasing; got {counts}")
    return counts


_Counts = Annotated[tuple[Annotated[Integer, Field(ge=1)], ...], AfterValidator(_increasing)]

# Eigenvalues of a kernel below this share of the largest are zeros of exact arithmetic.
_RANK_TOLERANCE = 1e-10


class ConstantExperts(Spec):
    """Fit one constant per path, gates fixed, by gradient descent and by kernel regression.

    The features are the hard gates of all paths of a random gating network. The loss is half the
    mean squared error; descent is full-batch, starts at zero and has the learning rate
    n / λ_max(Λ), the largest at which no direction overshoots. All of it is float64.

    Attributes:
        target: training points and their values; default: 64 points of the circle target.
        width: m.
        depth: H.
        seed: of the gating network.
        steps: numbers of descent steps after which predictions are recorded, increasing.
        ridge: weight of the ridge penalty on the constants, as a share of the mean of Λ's diagonal.
        grid: N, number of points on the circle where predictions are recorded.

    The result's arrays (n training points, P paths, K numbers of steps, N grid points):
        angles (N,), target (N,); steps (K,). experts_descent (K, N): predictions of the constants
        themselves; kernel_descent (K, N): the closed form, from Λ alone; train_experts and
        train_kernel (K,): their mean squared errors on the training points. experts_limit,
        kernel_limit (N,): the least-squares constants of smallest norm, and the limit of the closed
        form. experts_ridge, kernel_ridge (N,): both with the ridge penalty. floor (): mean squared
        error that no choice of constants can go below. paths, patterns (): P, and how many sets of
        active paths the training points have.

    Reference: Section 3.2.
    """

    target: Circle = Circle(n=64)
    width: Integer = Field(8, ge=1)
    depth: Integer = Field(3, ge=1)
    seed: Integer = Field(0, ge=0)
    steps: _Counts = (1, 10, 100, 1000, 10_000)
    ridge: float = Field(0.01, gt=0)
    grid: Integer = Field(256, ge=2)

    def _run(self, device: torch.device) -> dict[str, np.ndarray]:
        net = DLGN(
            2,
            width=self.width,
            depth=self.depth,
            gate=HardGate(),
            generator=torch.Generator().manual_seed(self.seed),
        ).double()
        net = net.to(device)
        x = circle_points(self.target.angles(torch.float64)).to(device)
        y = self.target.values(torch.float64).to(device)
        angles, grid = circle_grid(self.grid, torch.float64)
        grid = grid.to(device)
        features, grid_features = path_gates(net, x), path_gates(net, grid)
        gram = overlap_kernel(net.gates(x)).double()
        cross = overlap_kernel(net.gates(grid), net.gates(x)).double()
        closed = _KernelDescent(gram, y)
        constants = _descend(features, y, closed.rate, self.steps)
        penalty = self.ridge * gram.diagonal().mean()
        eye = torch.eye(len(x), dtype=torch.float64, device=device)
        ridge_constants = torch.linalg.solve(
            features.mT @ features + penalty * torch.eye(features.shape[1]).to(features),
            features.mT @ y,
        )
        smallest = torch.linalg.pinv(features, rtol=_RANK_TOLERANCE**0.5) @ y
        duals = [closed.duals(count) for count in self.steps]
        arrays = {
            "angles": angles,
            "target": self.target.target(angles),
            "steps": torch.tensor(self.steps),
            "experts_descent": torch.stack([grid_features @ c for c in constants]),
            "kernel_descent": torch.stack([cross @ d for d in duals]),
            "train_experts": torch.stack([(features @ c - y).square().mean() for c in constants]),
            "train_kernel": torch.stack([(gram @ d - y).square().mean() for d in duals]),
            "experts_limit": grid_features @ smallest,
            "kernel_limit": cross @ closed.duals(math.inf),
            "experts_ridge": grid_features @ ridge_constants,
            "kernel_ridge": cross @ torch.linalg.solve(gram + penalty * eye, y),
            "floor": (features @ smallest - y).square().mean(),
            "paths": torch.tensor(features.shape[1]),
            "patterns": torch.tensor(len(features.unique(dim=0))),
        }
        return {name: array.cpu().numpy() for name, array in arrays.items()}


class NeuralPathLimit(Spec):
    """Compare the NTK at hard gates with a multiple of the neural path kernel, width by width.

    All value weights are normal with variance 2/m, those of the first and last layers too. For each
    seed and width a DLGN's gating network is drawn once, kept fixed, and the value network drawn
    many times: ``draws`` times at the largest width and proportionally more often at smaller ones.
    A ReLU net has only one set of weights; each draw brings its own gates.

    Attributes:
        model: ``"dlgn"``, ``"dlgn-pwc"``, or ``"relu"``, to which the theorem does not apply.
        widths: m, increasing.
        depth: H.
        draws: value networks at the largest width.
        points: N, number of inputs on the circle.
        first_seed: the gating networks' seeds are first_seed, first_seed + 1, ...
        seeds: S, number of seeds.

    The result's arrays (S seeds, W widths, N points), E = (H+1) σ^2H times the neural path kernel:
        errors (S, W): root of the mean over draws of the squared Frobenius distance between NTK and
        E, over E's norm. ratios (S, W): mean over draws of ⟨NTK, E⟩, over E's squared norm.
        draws (W,): value networks per seed. mean_ntk, expected (N, N): means over draws of NTK and
        E at the smallest width for the first seed. angles (N,).

    Reference: Lakshminarayanan and Singh 2020; Section 3.2.
    """

    early: ClassVar[float] = math.inf
    tolerance: ClassVar[float] = 1e-3  # single precision, sums of many terms

    model: Literal["dlgn", "dlgn-pwc", "relu"] = "dlgn"
    widths: _Counts = (4, 8, 16, 32, 64, 128, 256, 512)
    depth: Integer = Field(3, ge=1)
    draws: Integer = Field(16, ge=1)
    points: Integer = Field(16, ge=2)
    first_seed: Integer = Field(0, ge=0)
    seeds: Integer = Field(20, ge=1)

    def _run(self, device: torch.device) -> dict[str, np.ndarray]:
        angles, x = circle_grid(self.points)
        x = x.to(device)
        draws = [self.draws * max(self.widths) // width for width in self.widths]
        errors = np.empty((self.seeds, len(self.widths)))
        ratios = np.empty_like(errors)
        for row in range(self.seeds):
            generator = torch.Generator().manual_seed(self.first_seed + row)
            for column, width in enumerate(self.widths):
                ntk, expected = self._kernels(x, width, draws[column], generator)
                norm = expected.square().sum((-1, -2)).mean()
                spread = (ntk - expected).square().sum((-1, -2)).mean()
                errors[row, column] = (spread / norm).sqrt().item()
                ratios[row, column] = ((ntk * expected).sum((-1, -2)).mean() / norm).item()
                if row == column == 0:
                    means = {"mean_ntk": ntk.mean(0), "expected": expected.mean(0)}
        counts = {"draws": np.array(draws), "angles": angles.numpy()}
        kernels = {name: kernel.cpu().numpy() for name, kernel in means.items()}
        return {"errors": errors, "ratios": ratios} | counts | kernels

    def _kernels(
        self, x: Tensor, width: int, draws: int, generator: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        """Return each draw's NTK (draws, N, N) and E (draws or 1, N, N)."""
        net = self._net(width, generator)
        variance = 2 / width
        many = stack([net] * draws)
        for layer in many.value:
            layer.weight.data.normal_(0, math.sqrt(variance), generator=generator)
        many = many.to(x.device)
        gates = net.to(x.device).gates(x).unsqueeze(0) if net.has_gating else many.gates(x)
        source = torch.ones_like(x) if net.constant_input else x
        factor = (self.depth + 1) * variance**self.depth
        return empirical_ntk(many, x).double(), factor * neural_path_kernel(source, gates)

    def _net(self, width: int, generator: torch.Generator) -> DLGN | ReLUNet:
        sizes = dict(width=width, depth=self.depth, generator=generator)
        if self.model == "relu":
            return ReLUNet(2, **sizes)
        constant = self.model == "dlgn-pwc"
        return DLGN(2, **sizes, gate=HardGate(), constant_input=constant, frozen_gating=True)


class _KernelDescent:
    """Gradient descent on constants per path, solved in closed form from their kernel."""

    def __init__(self, gram: Tensor, y: Tensor):
        values, self._vectors = torch.linalg.eigh(gram)
        largest = values[-1]
        self._values = torch.where(values > _RANK_TOLERANCE * largest, values, 0)
        self._largest, self._coordinates = largest, self._vectors.mT @ y
        self.rate = len(y) / largest

    def duals(self, steps: float) -> Tensor:
        """Return α with prediction Λ(·, X) α after some steps, shape (n, 1); ``inf`` for the limit.

        In an eigenvector's direction, α = (1 - (1 - λ/λ_max)^steps) / λ times y's coordinate. Where
        λ = 0 any α predicts the same; it is 0.
        """
        shrunk = -torch.expm1(steps * torch.log1p(-self._values / self._largest))
        weights = torch.where(self._values > 0, shrunk / self._values, 0)
        return self._vectors @ (weights.unsqueeze(-1) * self._coordinates)


def _descend(features: Tensor, y: Tensor, rate: Tensor, steps: tuple[int, ...]) -> list[Tensor]:
    """Run full-batch gradient descent from zero; return the constants after some of its steps.

    Args:
        features: shape (n, P).
        y: shape (n, 1).
        rate: the learning rate, shape ().
        steps: numbers of steps after which the constants, shape (P, 1), are returned.
    """
    constants, snapshots = features.new_zeros(features.shape[1], 1), []
    for count in range(1, max(steps) + 1):
        constants = constants - rate / len(y) * features.mT @ (features @ constants - y)
        if count in steps:
            snapshots.append(constants)
    return snapshots
