"""Does the NTK change because the gates do? Gates from one time, weights from another."""

import copy
from typing import ClassVar

import numpy as np
import torch
from pydantic import Field
from torch import Tensor

from halfspace.companion.arrays import as_float32
from halfspace.companion.circle.specs import CircleEvaluation
from halfspace.companion.conjectures.freezing import with_state, with_values
from halfspace.companion.spec import Integer
from halfspace.datasets import circle_grid
from halfspace.kernels import cosine
from halfspace.nets import GatedNet
from halfspace.ntk import empirical_ntk
from halfspace.training import weight_sums

__all__ = ["CircleSwap", "swapped"]


class CircleSwap(CircleEvaluation):
    """Combine gates and value weights of the start and of the end, and compare NTKs with the end's.

    Attributes (besides those of ``CircleEvaluation``; ``at`` holds the start and the end):
        grid: N, points of the circle at which the NTK is taken.

    The result's arrays, float32, S seeds: the cosine of the trained net's NTK with the NTK of the
        net at the start, ntk_start; with the gates of the end and the value weights of the start,
        ntk_end_gates; with the gates of the start and the value weights of the end, ntk_end_values
        (S,) each. The NTK covers all weights that the net trains, including a DLGN's gating
        network. at (2,); diverged (S,); initial (S,): sum of the initial weights.
    """

    late: ClassVar[tuple[str, ...]] = ("ntk_start", "ntk_end_gates", "ntk_end_values")

    at: tuple[Integer, Integer] = (0, 300)
    grid: Integer = Field(128, ge=32)

    def _run(self, device: torch.device) -> dict[str, np.ndarray]:
        net, history = self.training.train(device, snapshots=self.at)
        start, end = (with_state(net, history.snapshots[epoch]) for epoch in self.at)
        trained = self._ntk(end, device)
        kernels = {
            "ntk_start": start,
            "ntk_end_gates": swapped(end, start),
            "ntk_end_values": swapped(start, end),
        }
        arrays = {
            name: cosine(self._ntk(mixed, device), trained) for name, mixed in kernels.items()
        }
        return as_float32(arrays) | {
            "at": np.array(self.at),
            "initial": weight_sums(history.snapshots[0]),
            "diverged": history.diverged,
        }

    def _ntk(self, net: GatedNet, device: torch.device) -> Tensor:
        return empirical_ntk(net, circle_grid(self.grid)[1].to(device)).double()


def swapped(gates: GatedNet, values: GatedNet) -> GatedNet:
    """Return a net with the gates of one and the value weights of another.

    Args:
        gates: stacked. A ReLU net's gates become those of a DGN, as in ``frozen_copy``: its NTK,
            that of the value weights, is the ReLU net's if gates and values come from one net.
        values: of the same shape.
    """
    if gates.has_gating:
        mixed = copy.deepcopy(gates)
        mixed.value.load_state_dict(values.value.state_dict())
        return mixed
    return with_values(gates, values)
