"""Sections 2 and 3 seed by seed: what is proved about path sums, checked on random nets."""

from typing import Literal

import numpy as np
import torch
from pydantic import Field

from halfspace.companion.seeds import SeedStudy, random_net, weight_sum
from halfspace.companion.spec import Integer
from halfspace.companion.theory.measures import count_gaps, relative_gap, sum_gap
from halfspace.companion.theory.specs import ConstantExperts
from halfspace.gates import SoftGate
from halfspace.nets import DLGN, ReLUNet

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

    def net(self, seed: int) -> ReLUNet | DLGN:
        """Draw a seed's net, with hard gates, in float64."""
        sizes = dict(width=self.width, depth=self.depth, d_in=self.d_in, bias=self.bias)
        net = random_net(self.model.removesuffix("-pwc"), seed, **sizes)
        if self.model == "dlgn-pwc":
            net.constant_input = True
        return net

    def _measure(self, seed: int) -> dict[str, float]:
        net = self.net(seed)
        x = torch.from_numpy(np.random.default_rng(seed).normal(size=(self.points, self.d_in)))
        values = {"initial": weight_sum(net), "sum_gap": sum_gap(net, x)} | count_gaps(net, x)
        if net.has_gating:
            net.gate = SoftGate(beta=4.0)
            values["soft_gap"] = sum_gap(net, x)
        return values


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
        experts = ConstantExperts(seed=seed, steps=self.steps, grid=64, **sizes)
        arrays, _ = experts.run(torch.device("cpu"))
        return {
            "initial": weight_sum(random_net("dlgn", seed, bias=False, **sizes)),
            "floor": float(arrays["floor"]),
            "descent_gap": _prediction_gap(arrays, "descent"),
            "ridge_gap": _prediction_gap(arrays, "ridge"),
        }


def _prediction_gap(arrays: dict[str, np.ndarray], name: str) -> float:
    """Return the relative gap of the constants' predictions and the kernel's."""
    constants, kernel = (
        torch.from_numpy(arrays[f"{form}_{name}"]) for form in ("experts", "kernel")
    )
    return relative_gap(constants, kernel)
