"""Table 1, or a small residual net, on a CPU: runs of hours, with a curve, that can be continued.

A run of 100 epochs takes a CPU core hours. Its checkpoint is small and is kept in the repository,
so that it can be committed and another machine can continue the run.
"""

import math
from pathlib import Path

import numpy as np
import torch
from pydantic import Field, model_validator
from torch import Tensor, nn

from halfspace.companion.cifar.specs import EVALUATED, CifarTraining
from halfspace.companion.spec import Integer
from halfspace.companion.store import results_folder
from halfspace.gates import SoftGate
from halfspace.hardening import Annealing
from halfspace.image_training import Curves, read_curves

__all__ = ["Table1Training"]


class Table1Training(CifarTraining):
    """Train one net and record its accuracy on the test images after each epoch.

    Attributes (besides those of ``CifarTraining``):
        final_beta: sharpness of the soft gates in the last epoch. From ``beta`` in the first epoch
            it rises by the same factor each epoch; ``None`` keeps ``beta``.
        first_seed: the net's seed.
        seeds: 1; each seed has a separate run.

    The result's arrays are those of ``CifarTraining`` and test_curve (E, 1), float32: share of the
        test images classified right after each epoch, under the net's own gates.
    """

    final_beta: float | None = Field(None, gt=0)
    seeds: Integer = Field(1, ge=1, le=1)

    @model_validator(mode="after")
    def _gates_can_harden(self):
        if self.final_beta is not None and self.model not in ("dlgn", "dlgn-pwc", "dgn"):
            raise ValueError(f"final_beta is for nets with soft gates; got model {self.model!r}")
        return self

    @property
    def unsettled(self) -> tuple[str, ...]:
        """Return the arrays that rounding decides: see ``CifarTraining``."""
        return (*super().unsettled, "test_curve") if super().unsettled else ()

    def checkpoint(self, seed: int) -> Path:
        """Return the file that an unfinished run leaves, beside the recorded runs."""
        folder = results_folder()
        if folder is None or self.verifiable:
            return super().checkpoint(seed)
        return folder.parent / "checkpoints" / f"{self.key()[:16]}.pt"

    def progress(self) -> Curves | None:
        """Return the run's curves so far, recorded or not; ``None`` before it has begun.

        Raises:
            ValueError: if the recorded run or the checkpoint is damaged.
        """
        if (recorded := self.recorded()) is not None:
            fields = {name: recorded.arrays[name] for name in ("loss", "accuracy", "seconds")}
            fields["measured"] = recorded.test_curve
            return Curves(**{name: values[:, 0].tolist() for name, values in fields.items()})
        checkpoint = self.checkpoint(self.first_seed)
        return read_curves(checkpoint) if checkpoint.exists() else None

    def beta_at(self, epoch: int) -> float:
        """Return the gates' sharpness in an epoch, counted from 0."""
        return self.beta if self._annealing is None else self._annealing.beta_at(epoch)

    @property
    def _annealing(self) -> Annealing | None:
        if self.final_beta is None:
            return None
        return Annealing(first=self.beta, last=self.final_beta, epochs=self.recipe.epochs)

    def trained(
        self, seed: int, x: Tensor, y: Tensor, deadline: float = math.inf, **each_epoch
    ) -> tuple[nn.Module, Curves]:
        """Return a seed's net after training, and its curves; see ``CifarTraining.trained``."""
        net, curves = super().trained(seed, x, y, deadline, **each_epoch)
        if self.final_beta is not None:  # a net from a checkpoint of the last epoch has the first β
            net.gate = SoftGate(self.final_beta)
        return net, curves

    def _each_epoch(self, test_x: Tensor, test_y: Tensor) -> dict:
        @torch.no_grad()
        def accuracy(net: nn.Module) -> float:
            portions = test_x.split(EVALUATED[test_x.device.type])
            labels = torch.cat([net(images).argmax(-1) for images in portions])
            return (labels == test_y).double().mean().item()

        annealing = {} if self._annealing is None else {"prepare": self._annealing}
        return annealing | {"measure": accuracy}

    def _curves(self, curves: Curves) -> dict[str, np.ndarray]:
        return super()._curves(curves) | {"test_curve": np.array(curves.measured)}
