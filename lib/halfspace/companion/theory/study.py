"""Sections 2 and 3 seed by seed: what is proved about path sums, checked on random nets."""

from typing import Literal

import numpy as np
import torch
from pydantic import Field
from torch import Tensor

from halfspace.companion.seeds import SeedStudy, random_net, weight_sum
from halfspace.companion.spec import Integer
from halfspace.companion.theory.specs import ConstantExperts
from halfspace.gates import HardGate, SoftGate
from halfspace.overlap import active_path_counts, overlap_kernel
from halfspace.paths import mixture_of_experts, path_gates

__all__ = ["FreeExperts", "PathSums"]


class PathSums(SeedStudy):
    """Compare fast forms with sums over all paths, at random inputs, in float64.

    Attributes:
        model: ``"relu"``, ``"dlgn"`` or ``"dlgn-pwc"``.
        bias: whether the layers have constant units.
        width: m.
        depth: H.
        d_in: inputs.
        points: n, standard normal inputs.

    The result's arrays (S,): sum_gap: largest difference of the output and the sum over all paths,
    relative to the largest output; soft_gap: the same with soft gates, β = 4 (DLGNs only).
    overlap_gap: largest difference of the overlap kernel and the number of shared active paths
    counted one by one; count_gap: of the number of active paths. active: mean number of them.

    Reference: Theorems 1 and 2, Section 3.2.
    """

    model: Literal["relu", "dlgn", "dlgn-pwc"]
    bias: bool = False
    width: Integer = Field(5, ge=1)
    depth: Integer = Field(4, ge=1)
    d_in: Integer = Field(3, ge=1)
    points: Integer = Field(64, ge=1)

    @torch.no_grad()
    def _measure(self, seed: int) -> dict[str, float]:
        sizes = dict(width=self.width, depth=self.depth, d_in=self.d_in, bias=self.bias)
        net = random_net(self.model.removesuffix("-pwc"), seed, **sizes)
        x = torch.from_numpy(np.random.default_rng(seed).normal(size=(self.points, self.d_in)))
        found = {"initial": weight_sum(net)}
        if self.model != "relu":
            net.constant_input = self.model == "dlgn-pwc"
            net.gate = SoftGate(beta=4.0)
            found["soft_gap"] = _gap(net(x), mixture_of_experts(net, x))
            net.gate = HardGate()
        active, gates = path_gates(net, x), net.gates(x)
        shared, counts = active @ active.mT, active.sum(-1)
        found["sum_gap"] = _gap(net(x), mixture_of_experts(net, x))
        found["overlap_gap"] = (overlap_kernel(gates, bias=self.bias) - shared).abs().max().item()
        found["count_gap"] = (active_path_counts(gates, bias=self.bias) - counts).abs().max().item()
        found["active"] = counts.mean().item()
        return found


class FreeExperts(SeedStudy):
    """Train one constant per path with fixed gates, and do kernel regression with the overlap.

    Attributes:
        width: m.
        depth: H.
        steps: numbers of descent steps after which predictions are compared, increasing.

    The result's arrays (S,): descent_gap, ridge_gap: largest difference of the two predictions on
    the circle, relative to the largest prediction, under gradient descent after any of the steps
    and with a ridge penalty. floor: mean squared error that no choice of constants can go below.

    Reference: Section 3.2; ``halfspace.companion.theory.specs.ConstantExperts``.
    """

    width: Integer = Field(5, ge=1)
    depth: Integer = Field(3, ge=1)
    steps: tuple[Integer, ...] = (1, 10, 100)

    def _measure(self, seed: int) -> dict[str, float]:
        sizes = dict(width=self.width, depth=self.depth)
        found, _ = ConstantExperts(seed=seed, steps=self.steps, grid=64, **sizes).run(
            torch.device("cpu")
        )
        gaps = {
            f"{name}_gap": _gap(
                *(torch.from_numpy(found[f"{form}_{name}"]) for form in ("experts", "kernel"))
            )
            for name in ("descent", "ridge")
        }
        initial = weight_sum(random_net("dlgn", seed, bias=False, **sizes))
        return {"initial": initial, "floor": float(found["floor"])} | gaps


def _gap(found: Tensor, expected: Tensor) -> float:
    """Return the largest difference relative to the largest expected value; 0 if all are zero."""
    scale = expected.abs().max().clamp_min(torch.finfo(expected.dtype).tiny)
    return ((found - expected).abs().max() / scale).item()
