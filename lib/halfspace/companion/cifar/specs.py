"""Table 1 and appendix 2: convolutional and residual networks on CIFAR-10 and CIFAR-100.

Where the paper gives no value, we chose one: batches of 32 images and Glorot's initial weights in
Table 1 (Keras's defaults: appendix 3.1 describes the layers in its terms), standardised channels, a
DLGN's soft gate, the residual nets' recipe.
"""

import math
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np
import torch
from pydantic import Field, field_validator
from torch import Tensor, nn

from halfspace._checks import single_precision
from halfspace.companion.cifar.measures import accuracies, path_overlaps, stacked
from halfspace.companion.cifar.synthetic import (
    SYNTHETIC_CLASSES,
    synthetic_checksums,
    synthetic_images,
)
from halfspace.companion.commit import code_version
from halfspace.companion.seeds import weight_sum
from halfspace.companion.spec import Integer, Spec, device_name
from halfspace.companion.store import cache_folder
from halfspace.conv import ConvDeepLinearNet, ConvDGN, ConvDLGN, ConvReLUNet
from halfspace.datasets import CIFAR, CIFAR_CLASSES, cifar, cifar_checksums, subset_by_class
from halfspace.gates import SoftGate
from halfspace.image_training import Curves, Recipe, standardise, train
from halfspace.resnet import DLGNResNet, LinearResNet, ReLUResNet

__all__ = ["APPENDIX", "EVALUATED", "CifarTraining", "TABLE_1"]

TABLE_1 = Recipe(epochs=100, optimizer="adam", learning_rate=2e-4)
"""Appendix 3.1's recipe: Adam with learning rate 2e-4, no augmentation."""

APPENDIX = Recipe(
    epochs=30,
    optimizer="sgd",
    learning_rate=0.4,
    batch_size=512,
    schedule="one-cycle",
    weight_decay=5e-4,
    label_smoothing=0.1,
    augment=True,
)
"""The residual nets' recipe, for ReLU nets and DLGNs; the paper gives none."""

_CLASSES = CIFAR_CLASSES | {"synthetic": SYNTHETIC_CLASSES}
_MODELS = {
    "conv": ("relu", "dlgn", "dlgn-pwc", "dgn", "linear"),
    "resnet-34": ("relu", "dlgn", "linear"),
    "resnet-110": ("relu", "dlgn", "linear"),
    "resnet-20": ("relu", "dlgn", "linear"),
    "resnet-8": ("relu", "dlgn", "linear"),
    "pixels": ("linear",),
}
_KERNEL_SAMPLE = 20  # training images of each class at which overlaps are computed
_TRAIN_SAMPLE = 10_000  # training images, balanced, on which the trained net is evaluated
EVALUATED = {"cpu": 32, "cuda": 500}
"""Images evaluated together, by kind of device: on a CPU, small batches are faster."""


class CifarTraining(Spec):
    """Train nets of one kind on CIFAR, one after the other.

    Attributes:
        network: ``"conv"`` (Table 1), ``"resnet-34"``, ``"resnet-110"`` (appendix 2;
            ``"resnet-20"`` is ours, ``"resnet-8"`` a small one for trials) or ``"pixels"`` (no
            hidden layer).
        model: ``"relu"``, ``"dlgn"``, ``"linear"`` (every gate is 1); of convolutions also
            ``"dlgn-pwc"`` (constant experts) and ``"dgn"`` (gates from a ReLU net). Without a
            hidden layer there is only ``"linear"``.
        data: ``"cifar10"``, ``"cifar100"``, or ``"synthetic"`` (few images made from a seed, on
            which ``make verify`` checks the code).
        recipe: the hyperparameters.
        n_train: training images, balanced.
        beta: sharpness of the soft gates; other nets have none.
        first_seed: the nets' seeds are first_seed, first_seed + 1, ...
        seeds: S, number of seeds; a seed decides initial weights, order and augmentation.

    The result's arrays (E epochs, S seeds, c classes): loss, accuracy, seconds (E, S): mean batch
        loss, share classified right while trained on, and duration of each epoch; train_accuracy,
        test_accuracy (S, c): share of each class classified right at the end, of 10,000 training
        images and of all test images, under the net's own gates; of gated nets also
        train_hard_accuracy, test_hard_accuracy (S, c), with hard gates; of nets with convolutions
        and gates (not on CIFAR-100), at initialisation and at the end, overlap (2, S, c, c): mean
        over pairs of distinct training images of the share of paths active for both,
        Λ(x, x') / √(Λ(x, x) Λ(x', x')), hard gates, and overlap_labels (2, S): alignment of these
        shares with the kernel of the labels. initial (S,): sum of the initial weights; diverged
        (S,). All are float32 except ``diverged`` and ``initial``.
    """

    resumes: ClassVar[bool] = True
    # After a few epochs in bfloat16, two images in twenty may flip, since processors round
    # differently.
    tolerance: ClassVar[float] = 0.1
    shares: ClassVar[tuple[str, ...]] = (
        "accuracy",
        "train_accuracy",
        "train_hard_accuracy",
        "test_accuracy",
        "test_hard_accuracy",
    )
    timings: ClassVar[tuple[str, ...]] = ("seconds",)
    memory: ClassVar[int] = 8000
    minutes: ClassVar[float] = 120.0

    network: Literal["conv", "resnet-34", "resnet-110", "resnet-20", "resnet-8", "pixels"]
    model: Literal["relu", "dlgn", "dlgn-pwc", "dgn", "linear"]
    data: Literal["cifar10", "cifar100", "synthetic"] = "cifar10"
    recipe: Recipe
    n_train: Integer = Field(50_000, ge=100, le=50_000)
    beta: float = Field(4.0, gt=0)
    first_seed: Integer = Field(0, ge=0)
    seeds: Integer = Field(1, ge=1)

    @field_validator("model")
    @classmethod
    def _built(cls, model: str, info) -> str:
        network = info.data.get("network")
        if network in _MODELS and model not in _MODELS[network]:
            known = ", ".join(_MODELS[network])
            raise ValueError(f"model must be one of {known} for {network}; got {model!r}")
        return model

    @field_validator("n_train")
    @classmethod
    def _balanced(cls, n_train: int) -> int:
        if n_train % 100:
            raise ValueError(f"n_train must be a multiple of 100; got {n_train}")
        return n_train

    @property
    def unsettled(self) -> tuple[str, ...]:
        """Return the arrays that rounding decides: accuracies after the few steps of a trial.

        A convolutional net's outputs are nearly the same for all images then.
        """
        trial = self.network == "conv" and self.data == "synthetic"
        return tuple(name for name in self.shares if name != "accuracy") if trial else ()

    @property
    def verifiable(self) -> bool:
        """Whether ``make verify`` can recompute it: training on CIFAR takes hours on a CPU."""
        return self.data == "synthetic"

    @property
    def gpus(self) -> int:
        """Return how many GPUs a run asks of a cluster; runs of few epochs need none."""
        return int(self.data != "synthetic" and self.recipe.epochs >= APPENDIX.epochs)

    @property
    def classes(self) -> int:
        """Number of classes of the images."""
        return len(_CLASSES[self.data])

    @single_precision()
    def net(self, seed: int) -> nn.Module:
        """Return the net of one seed at its initialisation, on the CPU."""
        generator = torch.Generator().manual_seed(seed)
        classes = self.classes
        if self.network == "pixels":
            linear = nn.Linear(3 * 32 * 32, classes)
            nn.init.xavier_uniform_(linear.weight, generator=generator)
            nn.init.zeros_(linear.bias)
            return _PixelModel(nn.Flatten(), linear)
        options = dict(classes=classes, generator=generator)
        if self.model in ("dlgn", "dlgn-pwc", "dgn"):
            options["gate"] = SoftGate(self.beta)
        if self.model == "dlgn-pwc":
            options["constant_input"] = True
        if self.network == "conv":
            kinds = dict(relu=ConvReLUNet, linear=ConvDeepLinearNet, dgn=ConvDGN)
            return kinds.get(self.model, ConvDLGN)(**options)
        kind = dict(relu=ReLUResNet, linear=LinearResNet, dlgn=DLGNResNet)[self.model]
        return kind(int(self.network.removeprefix("resnet-")), **options)

    def data_checksums(self) -> dict[str, str]:
        """Return the SHA-256 of the images and labels."""
        return synthetic_checksums() if self.data == "synthetic" else cifar_checksums(self.data)

    def images(self) -> tuple[CIFAR, Tensor]:
        """Return the data and the indices of the training images used, sorted by class, (n,)."""
        data = synthetic_images() if self.data == "synthetic" else cifar(self.data)
        each = self.n_train // self.classes
        return data, subset_by_class(data.train_labels, each)

    def checkpoint(self, seed: int) -> Path:
        """Return the file that an unfinished run of one seed leaves in the local cache."""
        folder = cache_folder() / "checkpoints" / self.recorded_as
        return folder / f"{self.key()[:16]}-{seed}.pt"

    def trained(
        self, seed: int, x: Tensor, y: Tensor, deadline: float = math.inf, **each_epoch
    ) -> tuple[nn.Module, Curves]:
        """Return a seed's net after training, and its curves.

        Args:
            seed: of the net and its training.
            x: standardised images, shape (n, 3, 32, 32).
            y: class numbers, shape (n,).
            deadline: see ``Spec.run``.
            **each_epoch: the functions that ``train`` calls before and after each epoch.
        """
        net = self.net(seed).to(x.device)
        curves = train(
            net,
            x,
            y,
            self.recipe,
            seed=seed,
            checkpoint=self.checkpoint(seed),
            deadline=deadline,
            metadata=dict(commit=code_version(), device=device_name(x.device)),
            description=f"{self.network}, {self.model}, {self.data}, seed {seed}",
            **each_epoch,
        )
        return net.eval(), curves

    def checkpoints(self) -> list[Path]:
        """Return the files that an unfinished run left."""
        seeds = range(self.first_seed, self.first_seed + self.seeds)
        return [path for path in map(self.checkpoint, seeds) if path.exists()]

    def _run(
        self, device: torch.device, deadline: float = math.inf
    ) -> tuple[dict[str, np.ndarray], list[dict]]:
        data, chosen = self.images()
        x = standardise(data.train_images[chosen], data.train_images).to(device)
        y = data.train_labels[chosen].to(device)
        kernel_images = x.unflatten(0, (self.classes, -1))[:, :_KERNEL_SAMPLE]
        sample = subset_by_class(y.cpu(), min(_TRAIN_SAMPLE, self.n_train) // self.classes)
        evaluation = dict(classes=self.classes, portion=EVALUATED[device.type])
        per_seed, sessions = [], []
        for seed in range(self.first_seed, self.first_seed + self.seeds):
            start = self.net(seed)
            initial = weight_sum(start)
            at_start = self._overlaps(start.to(device), kernel_images)
            test_x = standardise(data.test_images, data.train_images).to(device)
            test_y = data.test_labels.to(device)
            each_epoch = self._each_epoch(test_x, test_y)
            net, curves = self.trained(seed, x, y, deadline, **each_epoch)
            at_end = self._overlaps(net, kernel_images)
            per_seed.append(
                self._curves(curves)
                | dict(
                    initial=initial,
                    diverged=not np.isfinite(curves.loss).all(),
                )
                | accuracies("train", net, x[sample], y[sample], **evaluation)
                | accuracies("test", net, test_x, test_y, **evaluation)
                | {name: np.stack([at_start[name], at_end[name]]) for name in at_start}
            )
            sessions += [dict(seed=seed) | session for session in curves.pieces]
        return stacked(per_seed), sessions

    def _each_epoch(self, test_x: Tensor, test_y: Tensor) -> dict:
        """Return the functions that ``train`` calls before and after each epoch; none by default.

        Args:
            test_x: standardised test images, on the device.
            test_y: their class numbers.
        """
        return {}

    def _curves(self, curves: Curves) -> dict[str, np.ndarray]:
        """Return one seed's arrays over epochs, shape (E,) each."""
        return {name: np.array(getattr(curves, name)) for name in ("loss", "accuracy", "seconds")}

    def _overlaps(self, net: nn.Module, images: Tensor) -> dict:
        """Return ``path_overlaps`` if they are recorded; see the class."""
        has_gates = hasattr(net, "gate")
        recorded = self.network == "conv" and has_gates and self.data != "cifar100"
        return path_overlaps(net, images) if recorded else {}


class _PixelModel(nn.Sequential):
    """A linear model on the pixels. It has no hidden layer, hence no gates."""

    has_gating = False
