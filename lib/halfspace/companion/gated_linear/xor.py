"""The race in its smallest form: XOR with a linear shortcut."""

import math
from typing import ClassVar

import numpy as np
import torch
from pydantic import Field
from torch import Tensor

from halfspace.companion.gated_linear.measures import descend, drawn
from halfspace.companion.seeds import FRESH_SEED
from halfspace.companion.spec import Integer, Spec
from halfspace.nets import ReLUNet
from halfspace.training import weight_sums

__all__ = ["LEARNED", "XorRace", "xor_points"]

LEARNED = 1e-3
"""Loss, half the mean squared error, at which a net has learned the four points."""

_EVERY = tuple(round(0.7 + 0.02 * step, 2) for step in range(21))


def xor_points(delta: float) -> tuple[Tensor, Tensor]:
    """Return XOR's four corners with a third input, the target times delta.

    Returns:
        Inputs, float64, shape (4, 3), the two points of class -1 first, and targets (4, 1).
    """
    corners = torch.tensor([[1, 1], [-1, -1], [1, -1], [-1, 1]], dtype=torch.float64)
    y = -corners.prod(1, keepdim=True)
    return torch.cat([corners, delta * y], 1), y


class XorRace(Spec):
    """Train ReLU nets with one hidden layer on XOR with a linear shortcut, in single precision.

    Every net stops counting where its loss is first below 1e-3.

    Attributes:
        deltas: sizes of the shortcut.
        std: standard deviation of all initial weights.
        width: m.
        learning_rate: of full-batch gradient descent.
        steps: at most.
        first_seed: the nets' seeds are first_seed, first_seed + 1, ...
        seeds: S, how many; each is trained at every delta.

    The result's arrays (D deltas, S seeds): single, pair (D, S): share of the units that are on at
        one point, or at both points of one class and no other; a unit counts with the product of
        its weights' lengths. time (D, S): when the loss was first below 1e-3, NaN for never.
        initial (S,).
    """

    early: ClassVar[float] = math.inf
    tolerance: ClassVar[float] = 2e-2

    deltas: tuple[float, ...] = _EVERY
    std: float = Field(1e-3, gt=0)
    width: Integer = Field(100, ge=1)
    learning_rate: float = Field(0.05, gt=0)
    steps: Integer = Field(6000, ge=1)
    first_seed: Integer = Field(FRESH_SEED, ge=0)
    seeds: Integer = Field(20, ge=1)

    def _run(self, device: torch.device) -> dict[str, np.ndarray]:
        seeds = range(self.first_seed, self.first_seed + self.seeds)
        points = [xor_points(delta) for delta in self.deltas]
        x = torch.stack([inputs for inputs, _ in points]).float().repeat_interleave(self.seeds, 0)
        y = points[0][1].float().to(device)
        sizes = dict(d_in=3, d_out=1, width=self.width, depth=1, std=self.std)
        net = drawn("relu", list(seeds) * len(self.deltas), **sizes).to(device)
        initial = weight_sums(net.state_dict())[: self.seeds]
        x = x.to(device)
        time = torch.full((len(x),), torch.nan, dtype=torch.float64)
        shares = torch.full((2, len(x)), torch.nan, dtype=torch.float64)

        def watch(step: int, losses: Tensor) -> bool:
            new = (losses.cpu() < LEARNED) & time.isnan()
            if new.any():
                time[new] = step * self.learning_rate
                shares[:, new] = point_shares(net, x).cpu().double()[:, new]
            return not time.isnan().any()

        descend(net, x, y, learning_rate=self.learning_rate, steps=self.steps, watch=watch)
        by_delta = (len(self.deltas), self.seeds)
        single, pair = shares.reshape(2, *by_delta).numpy()
        return dict(single=single, pair=pair, time=time.reshape(by_delta).numpy(), initial=initial)


def point_shares(net: ReLUNet, x: Tensor) -> Tensor:
    """Return the shares of units that are on at one point and at one class, shape (2, S)."""
    first, second = (layer.weight.detach() for layer in net.value)
    size = first.norm(dim=-1) * second.norm(dim=-2)  # (S, m)
    on = (x @ first.mT > 0).float()  # (S, 4, m)
    classes = on.unflatten(-2, (2, 2)).sum(-2)  # points of each class
    single = classes.sum(-2) == 1
    pair = (classes.sum(-2) == 2) & (classes.amax(-2) == 2)
    return torch.stack([(size * kind).sum(-1) / size.sum(-1) for kind in (single, pair)])
