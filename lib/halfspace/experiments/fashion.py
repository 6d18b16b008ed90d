"""Section 5: modified Fashion-MNIST, where half of the classes get complicated labels (Figure 7).

Where the paper is silent the values are ours: the clustering (``datasets.modified_labels``), the
batch, the number of epochs, PyTorch's default initialisation for all layers, the DLGN's soft gate.
"""

import math
from collections.abc import Iterable
from typing import Literal, Self

import numpy as np
import torch
from pydantic import Field, field_validator
from torch import Tensor

from halfspace.datasets import (
    fashion_checksums,
    fashion_mnist,
    modified_labels,
    normalise,
    subset_by_class,
)
from halfspace.experiments._base import Result, Spec
from halfspace.gates import HardGate, SoftGate
from halfspace.intervals import interval_text
from halfspace.nets import DLGN, ReLUNet, stack
from halfspace.ntk import empirical_ntk
from halfspace.overlap import active_path_counts, overlap_kernel
from halfspace.training import Crossing, State, fit

__all__ = [
    "FashionSpec",
    "FashionTraining",
    "ModifiedFashionMNIST",
    "PARTS",
    "SETTINGS",
    "UntrainedNets",
    "accuracies",
    "advantage",
    "allocations",
    "block_means",
    "block_contrast",
    "effects",
    "fashion_inputs",
    "initial_advantage",
    "label_effect",
    "parts",
    "statistics",
    "tally",
]

SETTINGS = {"modified": (5, 6, 7, 8, 9), "swapped": (0, 1, 2, 3, 4), "original": ()}
"""Complex classes of each label setting, in the order of the results' axis."""

PARTS = ((0, 1, 2, 3, 4), (5, 6, 7, 8, 9))
"""The two halves of the classes: T-shirt to Coat, Sandal to Ankle boot."""

_EARLY_STEPS = (0, 5, 10, 20, 40, 60, 80, 120, 160, 240, 320)
_CHUNK = 1000  # images looked at together: bounds the memory of the gates


class FashionSpec(Spec):
    """What the specs share: which net, which images.

    Attributes:
        model: ``"relu"`` or ``"dlgn"`` (soft gates in training).
        images: ``"raw"`` (pixels from 0 to 1) or ``"normalised"`` (minus the mean training image,
            then unit norm).
        constant_input: whether the DLGN's value network is fed ones (DLGN-PWC) or the image.
        width: m.
        depth: H.
        beta: sharpness of the DLGN's gate; the ReLU net has none.
        first_seed: the nets' seeds are first_seed, first_seed + 1, ...
    """

    model: Literal["relu", "dlgn"]
    images: Literal["raw", "normalised"]
    constant_input: bool = True
    width: int = Field(128, ge=1)  # appendix 3.2
    depth: int = Field(5, ge=1)  # appendix 3.2
    beta: float = Field(4.0, gt=0)  # as in the authors' published code
    first_seed: int = Field(0, ge=0)

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

    def data_checksums(self) -> dict[str, str]:
        """Return the SHA-256 of the images' and labels' files, uncompressed."""
        return fashion_checksums()


class FashionTraining(FashionSpec):
    """What the specs that train share.

    Attributes (besides those of ``FashionSpec``):
        n_train: training images, balanced.
        learning_rate: of Adam.
        batch_size: images in a batch.
    """

    n_train: int = Field(60_000, ge=10, le=60_000)
    learning_rate: float = Field(2e-4, gt=0)  # appendix 3.2
    batch_size: int = Field(128, ge=1)

    @field_validator("n_train")
    @classmethod
    def _balanced(cls, n_train: int) -> int:
        if n_train % 10:
            raise ValueError(f"n_train must be a multiple of 10; got {n_train}")
        return n_train

    def one_seed(self, index: int) -> Self:
        """Return the spec of one of its seeds, counted from 0."""
        return self.replace(first_seed=self.first_seed + index, seeds=1)


class ModifiedFashionMNIST(FashionTraining):
    """Train nets of one kind on images of one kind, under all three label settings at once.

    The nets of one seed start from the same weights and see the same batches under all settings:
    they differ by the labels alone.

    Attributes (besides those of ``FashionTraining``):
        epochs: passes through the training images.
        seeds: S, how many; a seed decides initial weights, batches and the draw of the labels.
        sample: training images of each class at which accuracy and paths are recorded.
        kernel_sample: training images of each class at which kernels are computed.
        level: the middle point in time is where the simple part's accuracy first reaches this.

    The result's arrays (E records, 3 settings in the order of ``SETTINGS``, S seeds, 10 original
    classes; in time, 3 points: start, middle, end; N images of the kernel sample, sorted by class):
        epochs (E,); accuracy, hard_accuracy, paths, log_paths, zero (E, 3, S, 10): share of images
        classified right under the net's own gate and with hard gates, mean number of active paths,
        mean of ln(1 + number), share of images without one (hard gates), on the training sample;
        test_* (2, 3, S, 10): the same on the test set, at the start and at the end.
        loss (epochs, 3, S): mean batch loss of each epoch. middle_epoch (3, S): NaN for never, and
        the end stands in for the middle. overlap (3 points, 3, N, N) int64 and ntk (3 points, 3, N,
        N): kernels of the first seed, hard gates for the overlap, own gates for the NTK;
        overlap_blocks, ntk_blocks (3 points, 3, S, 10, 10): their means over pairs of distinct
        images of two classes. labels (3, N): labels of the kernel sample, first seed.
        diverged (3, S).
    """

    epochs: int = Field(20, ge=1)
    seeds: int = Field(1, ge=1)
    sample: int = Field(500, ge=1)
    kernel_sample: int = Field(20, ge=2)
    level: float = Field(0.72, gt=0, le=1)  # appendix 5.1, as we read it

    def _run(self, device: torch.device) -> dict[str, np.ndarray]:
        seeds = range(self.first_seed, self.first_seed + self.seeds)
        data = fashion_mnist(self.n_train)
        drawn = [
            modified_labels(data, seed=seed, complex_classes=classes)
            for classes in SETTINGS.values()
            for seed in seeds
        ]
        y, test_y = (torch.stack(labels).to(device) for labels in zip(*drawn, strict=True))
        x = fashion_inputs(data.train_images, data.train_images, self.images).to(device)
        net = stack([self.net(seed) for _ in SETTINGS for seed in seeds]).to(device)
        few = min(self.sample, self.n_train // 10)
        chosen = subset_by_class(data.train_labels, few).to(device)
        x_few, y_few = x[chosen], y[:, chosen]
        simple = _simple_classes(self.seeds).to(device)

        def simple_accuracy(net) -> Tensor:
            by_class = _accuracy(net, x_few, y_few)
            return (by_class * simple).sum(-1) / simple.sum(-1)

        batches = math.ceil(self.n_train / self.batch_size)
        history = fit(
            net,
            x,
            y,
            seeds=[seed for _ in SETTINGS for seed in seeds],
            epochs=self.epochs,
            learning_rate=self.learning_rate,
            batch_size=min(self.batch_size, self.n_train),
            loss="cross_entropy",
            measure=lambda net: statistics(net, x_few, y_few),
            record=_record_times(self.epochs, batches),
            snapshots=(0, self.epochs),
            crossings=[
                Crossing(
                    name="middle", measure=simple_accuracy, level=self.level, below=False, every=20
                )
            ],
            description=f"{self.model}, {self.images} images, {3 * self.seeds} nets",
        )
        middle = history.crossings["middle"]
        states = [history.snapshots[0], middle.state, history.snapshots[self.epochs]]
        step = middle.step.numpy()
        arrays = {name: self._split(values, 1) for name, values in history.measures.items()}
        arrays |= {
            "epochs": history.record,
            "loss": self._split(history.batch_loss, 1),
            "middle_epoch": self._split(np.where(step >= 0, step / batches, np.nan), 0),
            "diverged": self._split(history.diverged, 0),
        }
        order = subset_by_class(data.test_labels, 1000)
        test_x = fashion_inputs(data.test_images[order], data.train_images, self.images).to(device)
        arrays |= self._test(net, [states[0], states[2]], test_x, test_y[:, order.to(device)])
        kernel_images = subset_by_class(data.train_labels, min(self.kernel_sample, few)).to(device)
        arrays["labels"] = y[:: self.seeds, kernel_images].cpu().numpy()
        return arrays | self._kernels(net, states, x[kernel_images])

    def _split(self, values: np.ndarray, axis: int) -> np.ndarray:
        """Split the copies' axis into (3 settings, S seeds)."""
        lead, rest = values.shape[:axis], values.shape[axis + 1 :]
        return values.reshape(*lead, len(SETTINGS), self.seeds, *rest)

    def _test(self, net, states: list[State], x: Tensor, y: Tensor) -> dict[str, np.ndarray]:
        found = []
        for state in states:
            net.load_state_dict(state)
            with torch.no_grad():
                found.append(statistics(net, x, y))
        stacked = {name: torch.stack([each[name] for each in found]).cpu() for name in found[0]}
        return {f"test_{name}": self._split(v.numpy(), 1) for name, v in stacked.items()}

    def _kernels(self, net, states: list[State], x: Tensor) -> dict[str, np.ndarray]:
        found = {"overlap": [], "ntk": [], "overlap_blocks": [], "ntk_blocks": []}
        for state in states:
            net.load_state_dict(state)
            with torch.no_grad():
                overlap = overlap_kernel(HardGate()(net.preactivations(x)))
            kernels = {"overlap": overlap, "ntk": empirical_ntk(net, x).detach()}
            for name, kernel in kernels.items():
                found[name].append(kernel[:: self.seeds].cpu().numpy())
                blocks = block_means(kernel.double()).cpu().numpy()
                found[f"{name}_blocks"].append(self._split(blocks, 0))
        return {name: np.stack(values) for name, values in found.items()}


class UntrainedNets(FashionSpec):
    """Look at many nets before any training: what the images alone do to paths and kernels.

    Attributes (besides those of ``FashionSpec``):
        draws: D, nets to draw, one for each seed from ``first_seed`` on.
        kernel_sample: training images of each class.

    The result's arrays: log_paths (1, 1, D, 10): mean of ln(1 + number of active paths) by class;
    overlap_blocks, ntk_blocks (1, 1, D, 10, 10): as in ``ModifiedFashionMNIST``.
    """

    draws: int = Field(50, ge=2)
    kernel_sample: int = Field(20, ge=2)

    def _run(self, device: torch.device) -> dict[str, np.ndarray]:
        data = fashion_mnist()
        chosen = subset_by_class(data.train_labels, self.kernel_sample)
        x = fashion_inputs(data.train_images[chosen], data.train_images, self.images).to(device)
        found = {"log_paths": [], "overlap_blocks": [], "ntk_blocks": []}
        for start in range(0, self.draws, 10):  # ten nets at a time bound the memory
            seeds = range(start, min(start + 10, self.draws))
            net = stack([self.net(self.first_seed + seed) for seed in seeds]).to(device)
            with torch.no_grad():
                overlap = overlap_kernel(HardGate()(net.preactivations(x)))
            counts = overlap.diagonal(dim1=-2, dim2=-1)
            found["log_paths"].append(_by_class(counts.double().log1p()))
            found["overlap_blocks"].append(block_means(overlap.double()))
            found["ntk_blocks"].append(block_means(empirical_ntk(net, x).double()))
        return {name: torch.cat(all_).cpu().numpy()[None, None] for name, all_ in found.items()}


def fashion_inputs(images: Tensor, reference: Tensor, kind: Literal["raw", "normalised"]) -> Tensor:
    """Turn bytes into inputs.

    Args:
        images: grey values from 0 to 255, shape (n, 784).
        reference: the training images, whose mean is subtracted.
        kind: ``"raw"`` (pixels from 0 to 1) or ``"normalised"`` (minus the mean training image,
            then unit norm).
    """
    pixels = images.float() / 255
    return pixels if kind == "raw" else normalise(pixels, reference.float() / 255)


def parts(values: np.ndarray, setting: str) -> tuple[np.ndarray, np.ndarray]:
    """Average an array over the classes of the simple part and of the complex part.

    Args:
        values: by class, shape (..., 3, S, 10), as in a ``ModifiedFashionMNIST`` result.
        setting: one of ``SETTINGS``. Under the original labels no part is complex; classes 0-4 take
            the simple part's place, as under the modified labels.

    Returns:
        Means of the simple and of the complex part, each of shape (..., S).
    """
    chosen = values[..., list(SETTINGS).index(setting), :, :]
    simple, complicated = PARTS[::-1] if setting == "swapped" else PARTS
    return chosen[..., list(simple)].mean(-1), chosen[..., list(complicated)].mean(-1)


def advantage(result: Result, setting: str) -> np.ndarray:
    """Return by how much the log path count of classes 0-4 exceeds that of classes 5-9.

    The same two halves under every setting, so that settings can be compared: labels that make
    classes 5-9 complex should raise it, labels that make classes 0-4 complex should lower it.

    Returns:
        Difference of the halves' means of ln(1 + number of active paths), shape (E, S).
    """
    first, second = _halves(result.log_paths[:, list(SETTINGS).index(setting)])
    return first - second


def initial_advantage(untrained: Result) -> np.ndarray:
    """Return the same difference for each of the ``UntrainedNets``, shape (D,)."""
    first, second = _halves(untrained.log_paths[0, 0])
    return first - second


def _halves(by_class: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return tuple(by_class[..., list(part)].mean(-1) for part in PARTS)


def block_contrast(result: Result, name: Literal["overlap", "ntk"]) -> np.ndarray:
    """Return ln of the mean kernel value within classes 0-4 over that within classes 5-9.

    Pairs of distinct images only. NaN where a mean is not positive, as an NTK's may be.

    Args:
        result: of ``ModifiedFashionMNIST`` or ``UntrainedNets``.
        name: which kernel.

    Returns:
        Shape (3 points in time, 3 settings, S), or (1, 1, D).
    """
    blocks = result.arrays[f"{name}_blocks"]
    first, second = (blocks[..., list(part), :][..., list(part)].mean((-2, -1)) for part in PARTS)
    positive = (first > 0) & (second > 0)
    ratio = np.divide(first, second, out=np.full_like(first, np.nan), where=positive)
    return np.log(ratio)


def label_effect(result: Result) -> np.ndarray:
    """Return what complicated labels do to the allocation of paths, all else equal.

    Half of the ``advantage`` under the modified labels minus that under the swapped ones. The nets
    of one seed share initial weights, images and batches, so that whatever the images alone do
    cancels. Positive: paths move away from the part with complicated labels. Shape (E, S).
    """
    return (advantage(result, "modified") - advantage(result, "swapped")) / 2


def effects(result: Result) -> dict[str, str]:
    """Describe the label effect in a table's row: mean over seeds, and how many are positive.

    Means of two seeds and more come with their 95 % interval.

    The middle of a seed is the record nearest to the mean of its modified and its swapped net's
    middles; seeds of which one never reached the level are left out there.
    """
    effect = label_effect(result)
    middles = result.middle_epoch[:2].mean(0)
    at_middle = np.array(
        [
            curve[np.abs(result.epochs - middle).argmin()]
            for curve, middle in zip(effect.T, middles, strict=True)
            if np.isfinite(middle)
        ]
    )
    times = {
        "middle": at_middle,
        "after epoch 1": effect[np.searchsorted(result.epochs, 1)],
        "end": effect[-1],
    }
    row = {}
    for name, values in times.items():
        if len(values) == 0:
            row[name] = "not reached"
        else:
            row[name] = interval_text(values) if len(values) > 1 else f"{values[0]:+.2f}"
        row[f"positive, {name}"] = f"{(values > 0).sum()} of {len(values)}"
    return row


def accuracies(result: Result, setting: str) -> dict[str, object]:
    """Describe how well one setting's nets learned, a table's row; means over seeds, at the end."""
    row = {}
    for name, values in {
        "train": result.accuracy,
        "test": result.test_accuracy,
        "test, hard gates": result.test_hard_accuracy,
    }.items():
        simple, complicated = parts(values, setting)
        row[f"{name}: simple / complex"] = f"{simple[-1].mean():.1%} / {complicated[-1].mean():.1%}"
    return row


def allocations(result: Result, setting: str) -> dict[str, str]:
    """Describe one setting's path counts, simple minus complex part, in a table's row.

    Differences of the parts' means of ln(1 + number of active paths): averages over seeds, and how
    many seeds have the simple part ahead.
    """
    simple, complicated = parts(result.log_paths, setting)
    gap = simple - complicated
    seeds = gap.shape[1]
    return {
        "at start": f"{gap[0].mean():+.2f}",
        "at end": f"{gap[-1].mean():+.2f}",
        "end − start": f"{(gap[-1] - gap[0]).mean():+.2f}",
        "ahead throughout": f"{(gap[1:] > 0).all(0).sum()} of {seeds}",
        "ahead at end": f"{(gap[-1] > 0).sum()} of {seeds}",
        "gained by the end": f"{(gap[-1] > gap[0]).sum()} of {seeds}",
    }


def tally(results: Iterable[Result], setting: str) -> dict[str, int]:
    """Count the nets of one setting, over seeds and results, whose simple part is ahead in paths.

    Returns:
        ``nets`` of all; those ``ahead`` at every record after the start; those that have ``gained``
        by the end, in log path count, on the difference that they were born with.
    """
    gaps = [np.subtract(*parts(result.log_paths, setting)) for result in results]
    return {
        "nets": sum(gap.shape[1] for gap in gaps),
        "ahead": int(sum((gap[1:] > 0).all(0).sum() for gap in gaps)),
        "gained": int(sum((gap[-1] > gap[0]).sum() for gap in gaps)),
    }


def _record_times(epochs: int, batches: int) -> list[float]:
    """Records from initialisation on: dense in the first epoch, where path counts move most."""
    early = [step / batches for step in _EARLY_STEPS if step < batches]
    late = np.unique(np.geomspace(1, epochs, 30).round())
    return [*early, *late.tolist()]


def _simple_classes(seeds: int) -> Tensor:
    """Return 1 for the classes that keep their labels, for each copy, shape (3S, 10).

    Under the original labels no class is complex; classes 0-4 count, as under the modified ones.
    """
    rows = torch.zeros(len(SETTINGS), 10)
    for row, setting in zip(rows, SETTINGS, strict=True):
        row[list(PARTS[1] if setting == "swapped" else PARTS[0])] = 1
    return rows.repeat_interleave(seeds, 0)


def _accuracy(net, x: Tensor, y: Tensor) -> Tensor:
    """Share of images classified right, by original class, shape (copies, 10).

    Args:
        net: stacked.
        x: images sorted by class, equally many of each, shape (n, d).
        y: labels, shape (copies, n).
    """
    right = [
        net(images).argmax(-1) == labels
        for images, labels in zip(x.split(_CHUNK), y.split(_CHUNK, dim=1), strict=True)
    ]
    return _by_class(torch.cat(right, dim=1))


def statistics(net, x: Tensor, y: Tensor) -> dict[str, Tensor]:
    """Accuracies and path counts by original class, shape (copies, 10) each; see ``_accuracy``."""
    found = {"accuracy": [], "hard_accuracy": [], "paths": [], "log_paths": [], "zero": []}
    for images, labels in zip(x.split(_CHUNK), y.split(_CHUNK, dim=1), strict=True):
        preactivations = net.preactivations(images)
        hard = HardGate()(preactivations)
        if isinstance(net, DLGN):
            own_outputs = net(images, gates=net.gate(preactivations))
            hard_outputs = net(images, gates=hard)
        else:
            own_outputs = hard_outputs = net(images)
        counts = active_path_counts(hard)
        found["accuracy"].append(own_outputs.argmax(-1) == labels)
        found["hard_accuracy"].append(hard_outputs.argmax(-1) == labels)
        found["paths"].append(counts)
        found["log_paths"].append(counts.double().log1p())
        found["zero"].append(counts == 0)
    return {name: _by_class(torch.cat(values, dim=1)) for name, values in found.items()}


def _by_class(values: Tensor) -> Tensor:
    """Average (copies, n) values over each of the 10 classes' consecutive images."""
    return values.double().unflatten(1, (10, -1)).mean(-1)


def block_means(kernel: Tensor) -> Tensor:
    """Average (..., N, N) kernels over pairs of distinct images of two classes, (..., 10, 10)."""
    count = kernel.shape[-1] // 10
    sums = kernel.unflatten(-1, (10, count)).unflatten(-3, (10, count)).sum((-3, -1))
    trace = kernel.diagonal(dim1=-2, dim2=-1).unflatten(-1, (10, count)).sum(-1)
    pairs = torch.full((10, 10), float(count**2), dtype=kernel.dtype, device=kernel.device)
    pairs.fill_diagonal_(count * (count - 1))
    return (sums - torch.diag_embed(trace)) / pairs
