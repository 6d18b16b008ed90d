"""How well ReLU nets, DLGNs and deep linear networks classify images with their own labels."""

from typing import Literal

import numpy as np
import torch
from pydantic import Field

from halfspace._checks import single_precision
from halfspace.companion.arrays import as_float32
from halfspace.companion.fashion.measures import accuracy
from halfspace.companion.fashion.specs import FashionTraining
from halfspace.companion.spec import Integer
from halfspace.nets import DLGN, DeepLinearNet, ReLUNet, stack
from halfspace.training import fit, weight_sums

__all__ = ["FashionAccuracy"]


class FashionAccuracy(FashionTraining):
    """Train nets of one kind on Fashion-MNIST with its own labels and record test accuracies.

    Attributes (besides those of ``FashionTraining``):
        model: ``"relu"``, ``"dlgn"`` or ``"linear"`` (deep linear network: every gate is 1).
        epochs: passes through the training images.
        seeds: S, number of seeds; a seed decides initial weights and batches.

    The result's arrays (S seeds, 10 classes): test_accuracy (S, 10), float32: share of each class's
        test images classified right at the end; loss (epochs, S); initial (S,): sum of the initial
        weights; diverged (S,).
    """

    model: Literal["relu", "dlgn", "linear"]
    epochs: Integer = Field(10, ge=1)
    seeds: Integer = Field(10, ge=1)

    @single_precision()
    def net(self, seed: int) -> ReLUNet | DLGN | DeepLinearNet:
        """Return the net of one seed at its initialisation, on the CPU."""
        if self.model != "linear":
            return super().net(seed)
        generator = torch.Generator().manual_seed(seed)
        sizes = dict(width=self.width, depth=self.depth, d_out=10)
        return DeepLinearNet(784, **sizes, generator=generator)

    def _run(self, device: torch.device) -> dict[str, np.ndarray]:
        problem = self.problem([(seed, ()) for seed in self.all_seeds], device)
        net = stack([self.net(seed) for seed in self.all_seeds]).to(device)
        history = fit(
            net,
            problem.x,
            problem.y,
            seeds=self.all_seeds,
            epochs=self.epochs,
            snapshots=(0,),
            description=f"{self.model}, {self.images}, {self.seeds} seeds",
            **self.fit_options,
        )
        with torch.no_grad():
            right = accuracy(net, *problem.test(1000))
        return as_float32({"test_accuracy": right, "loss": history.batch_loss}) | {
            "initial": weight_sums(history.snapshots[0]),
            "diverged": history.diverged,
        }
