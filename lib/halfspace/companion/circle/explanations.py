"""Two rivals of Section 4's explanation, in numbers: other overlap kernels, and a fixed NTK.

Does the overlap kernel explain how the NTK changes, or would any overlap kernel do? And is the low
half fitted first because paths move there, or would a net with a fixed NTK do the same?
"""

from typing import Self

import numpy as np
import torch
from pydantic import Field
from torch import Tensor
from torch.nn import functional

from halfspace.companion.arrays import as_float32
from halfspace.companion.circle.measures import hard_gates
from halfspace.companion.circle.specs import CircleEvaluation, CircleTraining
from halfspace.companion.circle.target import Circle
from halfspace.companion.spec import Integer, Spec
from halfspace.datasets import circle_grid
from halfspace.kernels import centred, cosine, mean_of_others, pairwise_cosines
from halfspace.nets import stack
from halfspace.ntk import empirical_ntk
from halfspace.overlap import overlap_kernel
from halfspace.training import weight_sums

__all__ = ["CircleKernels", "CircleLinearised", "linearised_losses"]


class CircleKernels(CircleEvaluation):
    """Train as ``CircleTraining`` does and compare each net's NTK with several kernels.

    Attributes (besides those of ``CircleEvaluation``):
        grid: N, points of the circle at which kernels are taken.

    The result's arrays, float32, K epochs, S seeds: at (K,); cosine of the NTK (own gates) with the
        overlap kernel (hard gates) of the same epoch, own (K, S), of the start, start (K, S), and
        of the other seeds' nets at the same epoch, others (K, S), a mean; with the NTK of the
        start, first (K, S). changes_own, changes_others (K, S): cosine of the NTK's change since
        the start with the overlap kernel's, the net's own and a mean over the other seeds', all
        kernels being centred and of length 1 before the difference is taken; 0 at the start.
        ntk_others (S,): mean cosine of a seed's first NTK with the other seeds' first ones.
        diverged (S,); initial (S,): sum of the initial weights.
    """

    at: tuple[Integer, ...] = (0, 5, 10, 20, 40, 80, 150, 300)
    grid: Integer = Field(128, ge=32)

    def one_seed(self, index: int) -> Self:
        """Return the whole spec: a seed is compared with the others."""
        return self

    def _run(self, device: torch.device) -> dict[str, np.ndarray]:
        points = circle_grid(self.grid)[1].to(device)
        net, history = self.training.train(device, snapshots=self.at)
        names = ("own", "start", "others", "first", "changes_own", "changes_others")
        rows = {name: [] for name in names}
        start = None
        for epoch in self.at:
            net.load_state_dict(history.snapshots[epoch])
            overlap = overlap_kernel(hard_gates(net, points), bias=net.has_bias).double()
            ntk = empirical_ntk(net, points).double()
            start = start or (overlap, ntk)
            pairs = pairwise_cosines(ntk, overlap)
            rows["own"].append(pairs.diagonal())
            rows["others"].append(mean_of_others(pairs))
            rows["start"].append(cosine(ntk, start[0]))
            rows["first"].append(cosine(ntk, start[1]))
            moved = [_shape(k) - _shape(k0) for k, k0 in zip((overlap, ntk), start, strict=True)]
            pairs = pairwise_cosines(moved[1], moved[0])
            rows["changes_own"].append(pairs.diagonal())
            rows["changes_others"].append(mean_of_others(pairs))
        arrays = {name: torch.stack(row) for name, row in rows.items()}
        arrays["ntk_others"] = mean_of_others(pairwise_cosines(start[1], start[1]))
        return as_float32(arrays) | {
            "at": np.array(self.at),
            "initial": weight_sums(history.snapshots[0]),
            "diverged": history.diverged,
        }


def _shape(kernel: Tensor) -> Tensor:
    """Return (S, N, N) kernels, centred and of length 1."""
    return functional.normalize(centred(kernel).flatten(1)).view_as(kernel)


class CircleLinearised(Spec):
    """Follow the training error of linearised nets, whose NTK stays fixed.

    Gradient flow on the mean squared error, in closed form: the residual at the training points is
    ``exp(−2 t Θ / n) r``, with the initial NTK Θ and the initial residual r. No weights are moved.

    Attributes:
        training: a training run, whose nets and target are taken at the start.
        times: T, points in time: 0, then a geometric series from 1 on.
        span: the last time. Time is measured in units of n over twice the NTK's
            largest eigenvalue, in which its leading component falls by the factor e.

    The result's arrays, T times, S seeds: at (T,); loss_{top, bottom} (T, S), float32: mean squared
        error on each half; initial (S,): sum of the initial weights.
    """

    training: CircleTraining
    times: Integer = Field(62, ge=3)
    span: float = Field(1e6, gt=1)

    @property
    def target(self) -> Circle:
        """The training run's target."""
        return self.training.target

    def one_seed(self, index: int) -> Self:
        """Return the spec of one of its seeds, counted from 0."""
        first = self.training.first_seed + index
        return self.replace(training=self.training.replace(seeds=1, first_seed=first))

    def _run(self, device: torch.device) -> dict[str, np.ndarray]:
        spec, target = self.training, self.training.target
        x, y = (part(torch.float64).to(device) for part in (target.points, target.values))
        seeds = range(spec.first_seed, spec.first_seed + spec.seeds)
        net = stack([spec.net(seed) for seed in seeds]).to(device)
        initial = weight_sums(net.state_dict())
        net = net.double()  # late times multiply the error of small eigenvalues by a million
        with torch.no_grad():
            residual = (y - net(x)).squeeze(-1)
        at = np.append(0, np.geomspace(1, self.span, self.times - 1))
        losses = linearised_losses(empirical_ntk(net, x), residual, at, target.top())
        return as_float32(losses) | {"at": at, "initial": initial}


def linearised_losses(ntk: Tensor, residual: Tensor, times: np.ndarray, top: Tensor) -> dict:
    """Return the mean squared error on each half under gradient flow with a fixed kernel.

    Args:
        ntk: S kernels at n points, float64, shape (S, n, n).
        residual: target minus output at the start, shape (S, n).
        times: T times, in the unit of ``CircleLinearised``.
        top: which points lie on the top half, bool, shape (n,).

    Returns:
        ``loss_top`` and ``loss_bottom``, shape (T, S).
    """
    values, vectors = torch.linalg.eigh(ntk)
    rates = (values / values[:, -1:]).clamp(min=0)  # rounding makes small ones negative
    components = (vectors.mT @ residual.unsqueeze(-1)).squeeze(-1)
    errors = {"loss_top": [], "loss_bottom": []}
    for time in times:
        left = (vectors @ (torch.exp(-time * rates) * components).unsqueeze(-1)).squeeze(-1)
        errors["loss_top"].append(left[:, top].square().mean(-1))
        errors["loss_bottom"].append(left[:, ~top].square().mean(-1))
    return {name: torch.stack(rows) for name, rows in errors.items()}
