"""Section 5 in numbers: paths and accuracies by class, seed by seed, under one setting of labels.

Nets of one seed start from the same weights and see the same batches whatever the labels, so that
conditions are compared seed by seed.
"""

import math
from typing import ClassVar, Literal

import numpy as np
import torch
from pydantic import Field, field_validator
from torch import Tensor, nn

from halfspace.datasets import (
    fashion_checksums,
    fashion_mnist,
    modified_labels,
    subset_by_class,
)
from halfspace.experiments._base import Spec
from halfspace.experiments.fashion import SETTINGS, block_means, fashion_inputs, statistics
from halfspace.gates import HardGate, SoftGate
from halfspace.nets import DLGN, ReLUNet, stack
from halfspace.ntk import empirical_ntk
from halfspace.overlap import overlap_kernel
from halfspace.training import fit

__all__ = ["FashionStudy"]

_EARLY_STEPS = (0, 20, 60, 160, 320)
_KERNEL_SAMPLE = 20  # training images of each class at which kernels are computed


class FashionStudy(Spec):
    """Train nets of one kind on Fashion-MNIST and record scalars of every seed by class.

    Attributes:
        model: ``"relu"`` or ``"dlgn"`` (soft gates in training).
        images: ``"raw"`` (pixels from 0 to 1) or ``"normalised"`` (minus the mean training image,
            then unit norm).
        labels: whose labels are complicated: ``"modified"`` (classes 5-9), ``"swapped"`` (0-4),
            ``"random"`` (five classes drawn for each seed) or ``"original"`` (none).
        constant_input: whether the DLGN's value network is fed ones (DLGN-PWC) or the image.
        beta: sharpness of the DLGN's gate.
        n_train: training images, balanced.
        width: m.
        depth: H.
        learning_rate: of Adam.
        batch_size: images in a batch.
        epochs: passes through the training images.
        first_seed: the nets' seeds are first_seed, first_seed + 1, ...
        seeds: S, how many; a seed decides initial weights, batches, the draw of the labels and of
            the complex classes.
        sample: training images of each class at which paths and accuracies are recorded.

    The result's arrays, float32 (E records, S seeds, 10 original classes): epochs (E,); accuracy,
        hard_accuracy, log_paths, paths, zero (E, S, 10), as in ``ModifiedFashionMNIST``, hard gates
        for the last three; test_accuracy, test_hard_accuracy (S, 10) at the end; complex (S, 10):
        1 for the classes with complicated labels; overlap_within, ntk_within (2, S, 10): mean
        kernel value over pairs of distinct images of a class, at the start and at the end; loss
        (epochs, S); diverged (S,); initial (S,): sum of the initial weights.
    """

    affordable: ClassVar[bool] = False  # a seed takes minutes; `make verify` leaves it out

    model: Literal["relu", "dlgn"]
    images: Literal["raw", "normalised"]
    labels: Literal["modified", "swapped", "random", "original"]
    constant_input: bool = True
    beta: float = Field(4.0, gt=0)  # as in the authors' published code
    n_train: int = Field(60_000, ge=10, le=60_000)
    width: int = Field(128, ge=1)  # appendix 3.2
    depth: int = Field(5, ge=1)  # appendix 3.2
    learning_rate: float = Field(2e-4, gt=0)  # appendix 3.2
    batch_size: int = Field(128, ge=1)
    epochs: int = Field(50, ge=1)
    first_seed: int = Field(0, ge=0)
    seeds: int = Field(10, ge=1)
    sample: int = Field(200, ge=1)

    @field_validator("n_train")
    @classmethod
    def _balanced(cls, n_train: int) -> int:
        if n_train % 10:
            raise ValueError(f"n_train must be a multiple of 10; got {n_train}")
        return n_train

    def net(self, seed: int) -> ReLUNet | DLGN:
        """Return the net of one seed at its initialisation, on the CPU."""
        sizes = dict(width=self.width, depth=self.depth, d_out=10)
        generator = torch.Generator().manual_seed(seed)
        if self.model == "relu":
            return ReLUNet(784, **sizes, generator=generator)
        return DLGN(
            784,
            **sizes,
            gate=SoftGate(self.beta),
            constant_input=self.constant_input,
            generator=generator,
        )

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
        kernel_x = x[subset_by_class(data.train_labels, _KERNEL_SAMPLE).to(device)]
        within = [_within(net, kernel_x)]
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
        within.append(_within(net, kernel_x))
        order = subset_by_class(data.test_labels, 1000)
        test_x = fashion_inputs(data.test_images[order], data.train_images, self.images).to(device)
        with torch.no_grad():
            test = statistics(net, test_x, test_y[:, order.to(device)])
        arrays = dict(history.measures) | {"epochs": history.record, "loss": history.batch_loss}
        for name in ("accuracy", "hard_accuracy"):
            arrays[f"test_{name}"] = test[name].cpu().numpy()
        arrays["complex"] = np.array([[c in classes for c in range(10)] for classes in chosen])
        for name in ("overlap_within", "ntk_within"):
            arrays[name] = torch.stack([each[name] for each in within]).cpu().numpy()
        first = history.snapshots[0]
        initial = sum(w.double().flatten(1).sum(1) for w in first.values()).numpy()
        small = {name: values.astype(np.float32) for name, values in arrays.items()}
        return small | {"initial": initial, "diverged": history.diverged}

    def data_checksums(self) -> dict[str, str]:
        """Return the SHA-256 of the images' and labels' files."""
        return fashion_checksums()


def _within(net: nn.Module, x: Tensor) -> dict[str, Tensor]:
    """Mean kernel values over pairs of distinct images of each class, shape (S, 10)."""
    with torch.no_grad():
        overlap = overlap_kernel(HardGate()(net.preactivations(x))).double()
    found = {"overlap_within": overlap, "ntk_within": empirical_ntk(net, x).double()}
    return {name: block_means(kernel).diagonal(dim1=-2, dim2=-1) for name, kernel in found.items()}


def _record_times(epochs: int, batches: int) -> list[float]:
    early = [step / batches for step in _EARLY_STEPS if step < batches]
    late = np.unique(np.geomspace(1, epochs, 10).round())
    return [*early, *late.tolist()]
