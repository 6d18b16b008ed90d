"""Section 5 in numbers: paths and accuracies by class, seed by seed, under one setting of labels.

Nets of one seed start from the same weights and see the same batches whatever the labels, so that
conditions are compared seed by seed.
"""

from typing import Literal

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn

from halfspace.companion.arrays import as_float32
from halfspace.companion.fashion.data import SETTINGS, FashionProblem
from halfspace.companion.fashion.measures import kernels, statistics
from halfspace.companion.fashion.specs import FashionTraining
from halfspace.companion.spec import Integer
from halfspace.kernels import alignment, block_means
from halfspace.nets import stack
from halfspace.training import fit, weight_sums

__all__ = ["KERNEL_SAMPLE", "FashionStudy"]

_EARLY_STEPS = (0, 20, 60, 160, 320)
_LATE_RECORDS = 10
KERNEL_SAMPLE = 20
"""Training images of each class at which kernels are computed."""

_SHOWN = 100  # test images of each class whose predicted labels are recorded


class FashionStudy(FashionTraining):
    """Train nets of one kind on Fashion-MNIST and record scalars of every seed by class.

    Attributes (besides those of ``FashionTraining``):
        labels: whose labels are complicated: ``"modified"`` (classes 5-9), ``"swapped"`` (0-4),
            ``"random"`` (five classes drawn for each seed) or ``"original"`` (none).
        epochs: passes through the training images.
        seeds: S, number of seeds; a seed decides initial weights, batches, the draw of the labels
            and of the complex classes.
        sample: training images of each class at which paths and accuracies are recorded.

    The result's arrays, float32 (E records, S seeds, 10 original classes): epochs (E,); accuracy,
        hard_accuracy, log_paths, paths, zero (E, S, 10), as in ``ModifiedFashionMNIST``, hard gates
        for the last three; test_accuracy, test_hard_accuracy (S, 10) at the end; complex (S, 10):
        1 for the classes with complicated labels; loss (epochs, S); diverged (S,); initial (S,):
        sum of the initial weights. Of kernels, at the start and at the end (hard gates for the
        overlap, own gates for the NTK): overlap_within, ntk_within (2, S, 10): mean value over
        pairs of distinct images of a class; {overlap, ntk}_{labels, pixels} (2, S): alignment with
        the kernel of the labels, which is 1 for two images of one label, and with the images'
        inner products. predicted (S, 1000), uint8: labels given to 100 test images of each class.
    """

    labels: Literal["modified", "swapped", "random", "original"]
    epochs: Integer = Field(50, ge=1)
    seeds: Integer = Field(10, ge=1)
    sample: Integer = Field(200, ge=1)

    def complex_classes(self, seed: int) -> tuple[int, ...]:
        """Return the classes whose labels are complicated for one seed, in increasing order."""
        if self.labels == "random":
            drawn = np.random.default_rng([seed, 5]).choice(10, 5, replace=False)
            return tuple(sorted(drawn.tolist()))
        return SETTINGS[self.labels]

    def _run(self, device: torch.device) -> dict[str, np.ndarray]:
        _, _, arrays = self.trained(device)
        return arrays

    def trained(
        self, device: torch.device
    ) -> tuple[nn.Module, FashionProblem, dict[str, np.ndarray]]:
        """Train the nets.

        Returns:
            The stacked nets at the end, images and labels, and the result's arrays.
        """
        draws = [(seed, self.complex_classes(seed)) for seed in self.all_seeds]
        problem = self.problem(draws, device)
        x, y = problem.x, problem.y
        net = stack([self.net(seed) for seed in self.all_seeds]).to(device)
        sample, kernel_sample = problem.sample(self.sample), problem.sample(KERNEL_SAMPLE)
        sample_x, sample_y = x[sample], y[:, sample]
        kernel_x, kernel_y = x[kernel_sample], y[:, kernel_sample]
        kernels_at_start = _kernels(net, kernel_x, kernel_y)
        history = fit(
            net,
            x,
            y,
            seeds=self.all_seeds,
            epochs=self.epochs,
            measure=lambda net: statistics(net, sample_x, sample_y),
            record=self.record_times(_EARLY_STEPS, _LATE_RECORDS),
            snapshots=(0,),
            description=f"{self.model}, {self.images}, {self.labels}, {self.seeds} seeds",
            **self.fit_options,
        )
        kernels_at_end = _kernels(net, kernel_x, kernel_y)
        test_x, test_y = problem.test(1000)
        with torch.no_grad():
            test = statistics(net, test_x, test_y)
            shown = test_x.unflatten(0, (10, -1))[:, :_SHOWN].flatten(0, 1)
            predicted = net(shown).argmax(-1).to(torch.uint8).cpu().numpy()
        arrays = dict(history.measures) | {"epochs": history.record, "loss": history.batch_loss}
        arrays |= {f"test_{name}": test[name] for name in ("accuracy", "hard_accuracy")}
        arrays["complex"] = np.array([np.isin(np.arange(10), classes) for _, classes in draws])
        for name, start in kernels_at_start.items():
            arrays[name] = torch.stack([start, kernels_at_end[name]])
        arrays = as_float32(arrays) | {
            "predicted": predicted,
            "initial": weight_sums(history.snapshots[0]),
            "diverged": history.diverged,
        }
        return net, problem, arrays


def _kernels(net: nn.Module, x: Tensor, y: Tensor) -> dict[str, Tensor]:
    """Describe the kernels on images sorted by class; see ``FashionStudy``."""
    same_label = (y.unsqueeze(-1) == y.unsqueeze(-2)).double()
    pixels = x.double() @ x.double().T
    described = {}
    for name, values in kernels(net, x).items():
        kernel = values.double()
        described[f"{name}_within"] = block_means(kernel).diagonal(dim1=-2, dim2=-1)
        described[f"{name}_labels"] = alignment(kernel, same_label)
        described[f"{name}_pixels"] = alignment(kernel, pixels.expand_as(kernel))
    return described
