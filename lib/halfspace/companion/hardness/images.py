"""Nets on Fashion-MNIST whose gates are soft, hard in training, or become hard."""

from typing import ClassVar, Literal

import numpy as np
import torch
from pydantic import Field

from halfspace.companion.arrays import as_float32
from halfspace.companion.fashion.measures import accuracy
from halfspace.companion.fashion.specs import FashionTraining
from halfspace.companion.fashion.study import KERNEL_SAMPLE, FashionStudy
from halfspace.companion.spec import Integer
from halfspace.datasets import subset_by_class
from halfspace.gates import StraightThroughGate
from halfspace.hardening import Annealing, harden, hardened, hardness
from halfspace.kernels import alignment
from halfspace.nets import DLGN, ReLUNet, stack
from halfspace.training import fit

__all__ = ["COMMON_STEP", "RATES", "STEP_SIZES", "HardImages", "StepSizeOnImages", "image_run"]

RATES = (1e-4, 3e-4, 1e-3)
"""Step sizes of Adam that are tried; the paper's is 2e-4."""

STEP_SIZES = {
    "soft, beta 4": 3e-4,
    "soft, beta 30": 3e-4,
    "soft, beta 100": 1e-4,
    "straight-through": 3e-4,
    "annealed": 1e-4,
    "relu": 1e-3,
}
"""Of ``RATES``, the one with the largest mean accuracy on held-out training images.

Under the nets' own gates; of annealed nets under hard ones.
"""

COMMON_STEP = 3e-4
"""The step size at which nets with gates of several kinds are compared: the middle one."""


def image_run(net: str, rate: float, labels: str = "original") -> str:
    """Name a net on Fashion-MNIST by its kind, step size and labels."""
    return f"{net}, {rate:g}: {labels}"


_HELD_OUT = 1000  # training images of each class, the last ones, on which step sizes are compared
_TEST = 1000  # test images of each class: all


class _Gated(FashionTraining):
    """Fields of nets on Fashion-MNIST with gates of one kind.

    Attributes (besides those of ``FashionTraining``):
        gate: of a DLGN in training: ``"soft"``; ``"straight-through"``, hard with the derivative of
            a soft one; ``"annealed"``, soft, and β rises from ``beta`` to ``last_beta``.
        last_beta: the annealed nets' β in the last epoch.
    """

    gate: Literal["soft", "straight-through", "annealed"] = "soft"
    last_beta: float = Field(1000.0, gt=0)

    def net(self, seed: int) -> ReLUNet | DLGN:
        """Return the net of one seed at its initialisation, on the CPU."""
        net = super().net(seed)
        if self.gate == "straight-through":
            net.gate = StraightThroughGate(self.beta)
        return net

    @property
    def fit_options(self) -> dict[str, object]:
        """Arguments of ``halfspace.training.fit`` besides net, data, seeds and epochs."""
        options = super().fit_options
        if self.gate == "annealed":
            schedule = Annealing(first=self.beta, last=self.last_beta, epochs=self.epochs)
            options["prepare"] = schedule
        return options


class HardImages(_Gated, FashionStudy):
    """Train nets on Fashion-MNIST and measure what hard gates cost, paths and kernels.

    Attributes: those of ``FashionStudy``, and:
        gate: of a DLGN in training: ``"soft"``; ``"straight-through"``, hard with the derivative of
            a soft one; ``"annealed"``, soft, and β rises from ``beta`` to ``last_beta``.
        last_beta: the annealed nets' β in the last epoch.

    The result's arrays: those of ``FashionStudy``, and, float32: hardness (2, S): at the start and
        at the end, of the net's own gates on test images. r2 (S,): share of the variance of the
        outputs on test images that the outputs under hard gates explain. starved (S,): share of
        test images without an active path under hard gates. pixels_with_labels (S,): alignment of
        the images' inner products with the kernel of the labels, on the kernels' sample.
    """

    late: ClassVar[tuple[str, ...]] = ("hardness", "r2", "starved")

    def _run(self, device: torch.device) -> dict[str, np.ndarray]:
        net, problem, arrays = self.trained(device)
        start = stack([self.net(seed) for seed in self.all_seeds]).to(device)
        _, report = harden(net, *problem.test(_TEST), score="accuracy")
        with torch.no_grad():
            at_start = hardness(start, problem.test(_TEST)[0])
        sample = problem.sample(KERNEL_SAMPLE)
        pixels, labels = problem.x[sample].double(), problem.y[:, sample]
        same_label = (labels.unsqueeze(-1) == labels.unsqueeze(-2)).double()
        products = (pixels @ pixels.T).expand_as(same_label)
        return arrays | as_float32(
            {
                "hardness": torch.stack([at_start, report.hardness]),
                "r2": report.r2,
                "starved": report.starved,
                "pixels_with_labels": alignment(same_label, products),
            }
        )


class StepSizeOnImages(_Gated):
    """Train nets on a part of Fashion-MNIST's training images and test them on the others.

    Attributes (besides those of the nets, see ``HardImages``):
        epochs: passes through the training images.
        seeds: S, number of seeds; a seed decides initial weights and batches.

    The result's arrays, float32 (S,): accuracy, hard_accuracy: share of the held-out images, the
        last thousand of each class, that are classified right under the net's own gates and under
        hard ones; loss (epochs, S); diverged (S,).
    """

    epochs: Integer = Field(15, ge=1)
    seeds: Integer = Field(3, ge=1)

    def _run(self, device: torch.device) -> dict[str, np.ndarray]:
        problem = self.problem([(seed, ()) for seed in self.all_seeds], device)
        labels = problem.data.train_labels
        per_class = len(labels) // 10
        held_out_per_class = min(_HELD_OUT, per_class // 6 or 1)
        kept = subset_by_class(labels, per_class - held_out_per_class).to(device)
        held_out = torch.ones(len(labels), dtype=torch.bool, device=device)
        held_out[kept] = False
        x, y = problem.x[held_out], problem.y[:, held_out]
        net = stack([self.net(seed) for seed in self.all_seeds]).to(device)
        history = fit(
            net,
            problem.x[kept],
            problem.y[:, kept],
            seeds=self.all_seeds,
            epochs=self.epochs,
            description=f"{self.model}, step size {self.learning_rate:g}",
            **self.fit_options,
        )
        order = y[0].argsort(stable=True)
        with torch.no_grad():
            own, hard = (
                accuracy(each, x[order], y[:, order]).mean(-1) for each in (net, hardened(net))
            )
        arrays = {"accuracy": own, "hard_accuracy": hard, "loss": history.batch_loss}
        return as_float32(arrays) | {"diverged": history.diverged}
