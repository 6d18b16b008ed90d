"""Table 1 and appendix 2: convolutional and residual networks on CIFAR-10 and CIFAR-100.

Where the paper is silent the values are ours: batches of 32 images and Glorot's initial weights in
Table 1 (Keras's defaults: its words for the layers are in appendix 3.1), standardised channels, a
DLGN's soft gate, the residual nets' recipe.
"""

import math
from pathlib import Path
from typing import ClassVar, Literal, Self

import numpy as np
import torch
from pydantic import Field, field_validator
from torch import Tensor, nn

from halfspace._checks import single_precision
from halfspace.companion.cifar.synthetic import (
    SYNTHETIC_CLASSES,
    synthetic_checksums,
    synthetic_images,
)
from halfspace.companion.spec import Integer, Spec, device_name
from halfspace.companion.store import cache_folder, code_version
from halfspace.conv import ConvDeepLinearNet, ConvDGN, ConvDLGN, ConvReLUNet
from halfspace.conv_overlap import conv_overlap_kernel
from halfspace.datasets import CIFAR, CIFAR_CLASSES, cifar, cifar_checksums, subset_by_class
from halfspace.gates import HardGate, SoftGate, is_active
from halfspace.image_training import Curves, Recipe, standardise, train
from halfspace.kernels import alignment, block_means
from halfspace.resnet import DLGNResNet, LinearResNet, ReLUResNet

__all__ = ["APPENDIX", "CLASS_NUMBERS", "CifarTraining", "TABLE_1"]

TABLE_1 = Recipe(epochs=100, optimizer="adam", learning_rate=2e-4)
"""Appendix 3.1's recipe: Adam with step size 2e-4, no augmentation."""

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
"""The residual nets' recipe, ReLU and DLGN alike; the paper gives none."""

CLASS_NUMBERS = {name: len(classes) for name, classes in CIFAR_CLASSES.items()}
"""Number of classes of each data set."""

_MODELS = {
    "conv": ("relu", "dlgn", "dlgn-pwc", "dgn", "linear"),
    "resnet-34": ("relu", "dlgn", "linear"),
    "resnet-110": ("relu", "dlgn", "linear"),
    "resnet-8": ("relu", "dlgn", "linear"),
    "pixels": ("linear",),
}
_KERNEL_SAMPLE = 20  # training images of each class at which overlaps are computed
_TRAIN_SAMPLE = 10_000  # training images, balanced, on which the trained net is evaluated
_EVALUATED = {"cpu": 32, "cuda": 500}  # images evaluated together: on a CPU few are faster


class CifarTraining(Spec):
    """Train nets of one kind on CIFAR, one after the other.

    Attributes:
        network: ``"conv"`` (Table 1), ``"resnet-34"``, ``"resnet-110"`` (appendix 2; ``"resnet-8"``
            is a small one to try things with) or ``"pixels"`` (no hidden layer).
        model: ``"relu"``, ``"dlgn"``, ``"linear"`` (every gate is 1); of convolutions also
            ``"dlgn-pwc"`` (constant experts) and ``"dgn"`` (gates from a ReLU net). Without a
            hidden layer there is only ``"linear"``.
        data: ``"cifar10"``, ``"cifar100"``, or ``"synthetic"`` (few images made from a seed, on
            which ``make verify`` checks the code).
        recipe: the hyperparameters.
        n_train: training images, balanced.
        beta: sharpness of the soft gates; other nets have none.
        first_seed: the nets' seeds are first_seed, first_seed + 1, ...
        seeds: S, how many; a seed decides initial weights, order and augmentation.

    The result's arrays (E epochs, S seeds, c classes): loss, accuracy, seconds (E, S): mean batch
        loss, share classified right while trained on, and duration of each epoch; train_accuracy,
        test_accuracy (S, c): share of each class classified right at the end, of 10,000 training
        images and of all test images, under the own gates; of gated nets also
        train_hard_accuracy, test_hard_accuracy (S, c), with hard gates; of nets with convolutions
        and gates (not on CIFAR-100), at initialisation and at the end, overlap (2, S, c, c): mean
        over pairs of distinct training images of the share of paths active for both,
        Λ(x, x') / √(Λ(x, x) Λ(x', x')), hard gates, and overlap_labels (2, S): alignment of these
        shares with the kernel of the labels. initial (S,): sum of the initial weights; diverged
        (S,). Float32, ``diverged`` and ``initial`` excepted.
    """

    resumes: ClassVar[bool] = True
    # A few epochs in bfloat16: processors round differently, and one image in twenty may flip.
    tolerance: ClassVar[float] = 0.1
    timings: ClassVar[tuple[str, ...]] = ("seconds",)

    network: Literal["conv", "resnet-34", "resnet-110", "resnet-8", "pixels"]
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
    def verifiable(self) -> bool:
        """Whether ``make verify`` can recompute it: training on CIFAR takes hours on a CPU."""
        return self.data == "synthetic"

    def one_seed(self, index: int) -> Self:
        """Return the spec of one of its seeds, counted from 0."""
        return self.replace(first_seed=self.first_seed + index, seeds=1)

    @property
    def classes(self) -> int:
        """Number of classes of the images."""
        return len(SYNTHETIC_CLASSES) if self.data == "synthetic" else CLASS_NUMBERS[self.data]

    @single_precision()
    def net(self, seed: int) -> nn.Module:
        """Return the net of one seed at its initialisation, on the CPU."""
        generator = torch.Generator().manual_seed(seed)
        classes = self.classes
        if self.network == "pixels":
            linear = nn.Linear(3 * 32 * 32, classes)
            nn.init.xavier_uniform_(linear.weight, generator=generator)
            nn.init.zeros_(linear.bias)
            return nn.Sequential(nn.Flatten(), linear)
        options = dict(classes=classes, generator=generator)
        if self._gated:
            options["gate"] = SoftGate(self.beta)
        if self.model == "dlgn-pwc":
            options["constant_input"] = True
        if self.network == "conv":
            kinds = dict(relu=ConvReLUNet, linear=ConvDeepLinearNet, dgn=ConvDGN)
            return kinds.get(self.model, ConvDLGN)(**options)
        kind = dict(relu=ReLUResNet, linear=LinearResNet, dlgn=DLGNResNet)[self.model]
        return kind(int(self.network.removeprefix("resnet-")), **options)

    @property
    def _gated(self) -> bool:
        """Whether a gating network decides which units count."""
        return self.model not in ("relu", "linear")

    def data_checksums(self) -> dict[str, str]:
        """Return the SHA-256 of the images and labels."""
        return synthetic_checksums() if self.data == "synthetic" else cifar_checksums(self.data)

    def images(self) -> tuple[CIFAR, Tensor]:
        """Return the data and the index of the training images used, sorted by class."""
        data = synthetic_images() if self.data == "synthetic" else cifar(self.data)
        each = self.n_train // self.classes
        return data, subset_by_class(data.train_labels, each)

    def checkpoint(self, seed: int) -> Path:
        """Return the file that an unfinished run of one seed leaves in the local cache."""
        folder = cache_folder() / "checkpoints" / self.recorded_as
        return folder / f"{self.key()[:16]}-{seed}.pt"

    def trained(
        self, seed: int, x: Tensor, y: Tensor, deadline: float = math.inf
    ) -> tuple[nn.Module, Curves]:
        """Return a seed's net after training on standardised images, and its curves."""
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
        few = x.unflatten(0, (self.classes, -1))[:, :_KERNEL_SAMPLE]
        some = subset_by_class(y.cpu(), min(_TRAIN_SAMPLE, self.n_train) // self.classes)
        per_seed, pieces = [], []
        for seed in range(self.first_seed, self.first_seed + self.seeds):
            start = self.net(seed)
            initial = sum(weight.detach().double().sum().item() for weight in start.parameters())
            looks = [self._overlaps(start.to(device), few)]
            net, curves = self.trained(seed, x, y, deadline)
            looks.append(self._overlaps(net, few))
            test_x = standardise(data.test_images, data.train_images).to(device)
            test_y = data.test_labels.to(device)
            per_seed.append(
                dict(
                    loss=np.array(curves.loss),
                    accuracy=np.array(curves.accuracy),
                    seconds=np.array(curves.seconds),
                    initial=initial,
                    diverged=not np.isfinite(curves.loss).all(),
                )
                | self._accuracies("train", net, x[some], y[some])
                | self._accuracies("test", net, test_x, test_y)
                | {name: np.stack([look[name] for look in looks]) for name in looks[0]}
            )
            pieces += [dict(seed=seed) | piece for piece in curves.pieces]
        return _stacked(per_seed), pieces

    def _accuracies(self, part: str, net: nn.Module, x: Tensor, y: Tensor) -> dict:
        """Return the share of each class classified right, (c,), under own and hard gates."""
        names = [f"{part}_accuracy"] + ([f"{part}_hard_accuracy"] if self._gated else [])
        classes = self.classes
        right = torch.zeros(len(names), classes, device=x.device)
        size = _EVALUATED[x.device.type]
        for some_x, some_y in zip(x.split(size), y.split(size), strict=True):
            for row, outputs in zip(right, _outputs(net, some_x, self._gated), strict=True):
                row.index_add_(0, some_y, (outputs.argmax(-1) == some_y).float())
        shares = right / y.bincount(minlength=classes)
        return dict(zip(names, shares.cpu().numpy(), strict=True))

    def _overlaps(self, net: nn.Module, images: Tensor) -> dict:
        """Describe the overlap kernel of images (c, k, channels, h, w); see the class."""
        if self.network != "conv" or self.model == "linear" or self.data == "cifar100":
            return {}
        classes, each = images.shape[:2]
        x = images.flatten(0, 1)
        with torch.no_grad():
            gates = [is_active(eta) for eta in net.preactivations(x)]
        kernel = conv_overlap_kernel(gates)
        size = kernel.diagonal().sqrt()
        share = kernel / size.unsqueeze(0) / size.unsqueeze(1)
        labels = torch.arange(classes, device=x.device).repeat_interleave(each)
        same = (labels.unsqueeze(0) == labels.unsqueeze(1)).double()
        return dict(
            overlap=block_means(share.nan_to_num()).cpu().numpy(),
            overlap_labels=alignment(share.nan_to_num(), same).item(),
        )


@torch.no_grad()
def _outputs(net: nn.Module, x: Tensor, gated: bool) -> list[Tensor]:
    """Return the outputs (n, c) under the own gates and, of a gated net, under hard ones."""
    if not gated:
        return [net(x)]
    etas = net.preactivations(x)
    return [net(x, gates=[gate(eta) for eta in etas]) for gate in (net.gate, HardGate())]


def _stacked(per_seed: list[dict]) -> dict[str, np.ndarray]:
    """Join what the seeds left; S comes after the axis of epochs or looks, before classes."""
    arrays = {}
    for name in per_seed[0]:
        seeds_first = name.startswith(("train_", "test_")) or np.ndim(per_seed[0][name]) == 0
        joined = np.stack([found[name] for found in per_seed], axis=0 if seeds_first else 1)
        exact = name in ("initial", "diverged")
        arrays[name] = joined if exact else joined.astype(np.float32)
    return arrays
