"""Section 5 in numbers: paths and accuracies by class, seed by seed, under one setting of labels.

Nets of one seed start from the same weights and see the same batches whatever the labels, so that
conditions are compared seed by seed.
"""

import math
from typing import Literal

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn

from halfspace.companion.fashion.data import SETTINGS, fashion_inputs, modified_labels
from halfspace.companion.fashion.measures import statistics
from halfspace.companion.fashion.specs import FashionTraining
from halfspace.companion.spec import Integer
from halfspace.datasets import fashion_mnist, subset_by_class
from halfspace.gates import is_active
from halfspace.kernels import alignment, block_means
from halfspace.nets import stack
from halfspace.ntk import empirical_ntk
from halfspace.overlap import overlap_kernel
from halfspace.training import fit, weight_sums

__all__ = ["FashionStudy"]

_EARLY_STEPS = (0, 20, 60, 160, 320)
_KERNEL_SAMPLE = 20  # training images of each class at which kernels are computed
_SHOWN = 100  # test images of each class whose predicted labels are kept


class FashionStudy(FashionTraining):
    """Train nets of one kind on Fashion-MNIST and record scalars of every seed by class.

    Attributes (besides those of ``FashionTraining``):
        labels: whose labels are complicated: ``"modified"`` (classes 5-9), ``"swapped"`` (0-4),
            ``"random"`` (five classes drawn for each seed) or ``"original"`` (none).
        epochs: passes through the training images.
        seeds: S, how many; a seed decides initial weights, batches, the draw of the labels and of
            the complex classes.
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
        seeds = range(self.first_seed, self.first_seed + self.seeds)
        data = fashion_mnist(self.n_train)
        chosen = [self.complex_classes(seed) for seed in seeds]
        drawn = [
            modified_labels(data, seed=seed, complex_classes=classes)
            for seed, classes in zip(seeds, chosen, strict=True)
        ]
        y, test_y = (torch.stack(labels).to(device) for labels in zip(*drawn, strict=True))
        x = fashion_inputs(data.train_images, data.train_images, self.images).to(device)
        net = stack([self.net(seed) for seed in seeds]).to(device)
        few = subset_by_class(data.train_labels, min(self.sample, self.n_train // 10)).to(device)
        x_few, y_few = x[few], y[:, few]
        kernel_points = subset_by_class(data.train_labels, _KERNEL_SAMPLE).to(device)
        kernels = [_kernels(net, x[kernel_points], y[:, kernel_points])]
        batches = math.ceil(self.n_train / self.batch_size)
        history = fit(
            net,
            x,
            y,
            seeds=seeds,
            epochs=self.epochs,
            learning_rate=self.learning_rate,
            batch_size=min(self.batch_size, self.n_train),
            loss="cross_entropy",
            measure=lambda net: statistics(net, x_few, y_few),
            record=_record_times(self.epochs, batches),
            snapshots=(0,),
            description=f"{self.model}, {self.images}, {self.labels}, {self.seeds} seeds",
        )
        kernels.append(_kernels(net, x[kernel_points], y[:, kernel_points]))
        order = subset_by_class(data.test_labels, 1000)
        test_x = fashion_inputs(data.test_images[order], data.train_images, self.images).to(device)
        with torch.no_grad():
            test = statistics(net, test_x, test_y[:, order.to(device)])
            shown = test_x.unflatten(0, (10, -1))[:, :_SHOWN].flatten(0, 1)
            predicted = net(shown).argmax(-1).to(torch.uint8).cpu().numpy()
        arrays = dict(history.measures) | {"epochs": history.record, "loss": history.batch_loss}
        for name in ("accuracy", "hard_accuracy"):
            arrays[f"test_{name}"] = test[name].cpu().numpy()
        arrays["complex"] = np.array([[c in classes for c in range(10)] for classes in chosen])
        for name in kernels[0]:
            arrays[name] = torch.stack([look[name] for look in kernels]).cpu().numpy()
        small = {name: values.astype(np.float32) for name, values in arrays.items()}
        return small | {
            "predicted": predicted,
            "initial": weight_sums(history.snapshots[0]),
            "diverged": history.diverged,
        }


def _kernels(net: nn.Module, x: Tensor, y: Tensor) -> dict[str, Tensor]:
    """Describe the kernels on images sorted by class; see ``FashionStudy``."""
    with torch.no_grad():
        overlap = overlap_kernel(is_active(net.preactivations(x))).double()
    same_label = (y.unsqueeze(-1) == y.unsqueeze(-2)).double()
    pixels = x.double() @ x.double().T
    found = {}
    for name, kernel in dict(overlap=overlap, ntk=empirical_ntk(net, x).double()).items():
        found[f"{name}_within"] = block_means(kernel).diagonal(dim1=-2, dim2=-1)
        found[f"{name}_labels"] = alignment(kernel, same_label)
        found[f"{name}_pixels"] = alignment(kernel, pixels.expand_as(kernel))
    return found


def _record_times(epochs: int, batches: int) -> list[float]:
    early = [step / batches for step in _EARLY_STEPS if step < batches]
    late = np.unique(np.geomspace(1, epochs, 10).round())
    return [*early, *late.tolist()]
