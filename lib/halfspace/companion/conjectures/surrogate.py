"""Is the DLGN a faithful surrogate of the ReLU net? Both, of one seed, compared in training.

The gating network of a DLGN and the ReLU net of the same seed start from proportional weights (one
generator draws both), and both see the same batches. If the DLGN is a surrogate of *this* ReLU net,
and not of any ReLU net, it is more similar to its partner than to the ReLU nets of other seeds.
"""

from typing import ClassVar

import numpy as np
import torch
from pydantic import Field, model_validator
from torch import Tensor

from halfspace.companion.arrays import as_float32
from halfspace.companion.circle.measures import hard_gates, path_statistics
from halfspace.companion.circle.specs import CircleTraining
from halfspace.companion.spec import Integer, Spec
from halfspace.datasets import circle_grid
from halfspace.kernels import centred, mean_of_others, pairwise_cosines
from halfspace.ntk import empirical_ntk
from halfspace.overlap import overlap_kernel
from halfspace.training import weight_sums

__all__ = ["CircleSurrogate"]

_KINDS = ("relu", "dlgn")


class CircleSurrogate(Spec):
    """Train ReLU nets and DLGNs of the same seeds on the circle and compare them pair by pair.

    Attributes:
        relu: the ReLU nets' training run.
        dlgn: the DLGNs', with the same target, seeds and epochs.
        at: epochs at which they are compared, increasing from 0; training ends with the last.
        grid: N, points of the circle at which functions and kernels are taken.

    The result's arrays, float32, K epochs, S seeds: at (K,); paths_{top, bottom}_{relu, dlgn} (K,
        S): mean number of active paths at the training points, hard gates. For each of *function*
        (outputs under the own gate), *overlap* (kernel, hard gates) and *ntk* (own gates):
        {name}_own (K, S): similarity of a seed's DLGN to its ReLU net; {name}_others (K, S): mean
        similarity to the other seeds' ReLU nets; {name}_relu (K, S): mean similarity of the seed's
        ReLU net to the others'. Similarity is the cosine of kernels once centred, or the
        correlation of functions over the grid. initial (S,), initial_dlgn (S,): sums of initial
        weights; diverged (S,).
    """

    version: ClassVar[int] = 2
    early: ClassVar[float] = 10.0

    relu: CircleTraining
    dlgn: CircleTraining
    at: tuple[Integer, ...] = (0, 5, 10, 20, 40, 80, 150, 300)
    grid: Integer = Field(128, ge=32)

    @model_validator(mode="after")
    def _pairs(self):
        for name in ("target", "epochs", "seeds", "first_seed", "batch_size", "bias"):
            first, second = getattr(self.relu, name), getattr(self.dlgn, name)
            if first != second:
                raise ValueError(f"relu and dlgn must share {name}; got {first} and {second}")
        if self.relu.model != "relu" or self.dlgn.model != "dlgn":
            raise ValueError(
                "relu and dlgn must be runs of a ReLU net and of a DLGN; got "
                f"{self.relu.model!r} and {self.dlgn.model!r}"
            )
        if self.relu.seeds < 3:
            raise ValueError(f"seeds must be at least 3, to have others; got {self.relu.seeds}")
        ordered = list(self.at) == sorted(set(self.at))
        if not (ordered and self.at[0] == 0 and self.at[-1] == self.relu.epochs):
            raise ValueError(
                f"at must increase from 0 to the runs' epochs, {self.relu.epochs}; got {self.at}"
            )
        return self

    def _run(self, device: torch.device) -> dict[str, np.ndarray]:
        measured, starts, diverged = {}, {}, False
        for kind in _KINDS:
            spec = getattr(self, kind)
            net, history = spec.train(device, snapshots=self.at)
            starts[kind] = weight_sums(history.snapshots[0])
            diverged = diverged | history.diverged
            measured[kind] = []
            for epoch in self.at:
                net.load_state_dict(history.snapshots[epoch])
                measured[kind].append(self._measure(net, device))
        arrays = {
            f"{name}_{kind}": torch.stack([epoch[name] for epoch in measured[kind]])
            for kind in _KINDS
            for name in ("paths_top", "paths_bottom")
        }
        for name in ("function", "overlap", "ntk"):
            pairs = [
                pairwise_cosines(dlgn[name], relu[name])
                for relu, dlgn in zip(measured["relu"], measured["dlgn"], strict=True)
            ]
            among = [pairwise_cosines(relu[name], relu[name]) for relu in measured["relu"]]
            arrays[f"{name}_own"] = torch.stack([p.diagonal() for p in pairs])
            arrays[f"{name}_others"] = torch.stack([mean_of_others(p) for p in pairs])
            arrays[f"{name}_relu"] = torch.stack([mean_of_others(p) for p in among])
        return as_float32(arrays) | {
            "at": np.array(self.at),
            "initial": starts["relu"],
            "initial_dlgn": starts["dlgn"],
            "diverged": diverged,
        }

    def _measure(self, net, device: torch.device) -> dict[str, Tensor]:
        target, points = self.relu.target, circle_grid(self.grid)[1].to(device)
        with torch.no_grad():
            paths = path_statistics(net, target.points().to(device), target.top().to(device))
            function = net(points).squeeze(-1).double()
            overlap = overlap_kernel(hard_gates(net, points), bias=net.has_bias)
        return {
            "paths_top": paths["paths_top"],
            "paths_bottom": paths["paths_bottom"],
            # A function's correlation is the cosine of the function minus its mean.
            "function": (function - function.mean(-1, keepdim=True)).unsqueeze(-1),
            "overlap": centred(overlap.double()),
            "ntk": centred(empirical_ntk(net, points).double()),
        }
