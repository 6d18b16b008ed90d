"""Table 1's comparison: a linear model on a convolutional net's empirical-NTK features, CIFAR.

The features of an image are the gradient of the net's outputs, in the form of
``halfspace.ntk.gradient_features``, at the initial or at the trained weights. There is one for each
weight of the net, P in all. The linear model is fitted by ridge regression on one-hot labels.

Sums of products are computed and solved in float64: the largest eigenvalue is about ten thousand
times the mean one, so in float32 rounding errors would hide small penalties.
"""

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import ClassVar, Literal, Self

import numpy as np
import torch
from pydantic import Field, field_validator
from torch import Tensor, nn
from torch.nn import functional
from tqdm import tqdm

from halfspace._checks import check_shape
from halfspace.companion.cifar.measures import outputs, shares_right, stacked
from halfspace.companion.cifar.specs import CifarTraining
from halfspace.companion.seeds import weight_sum
from halfspace.companion.spec import Integer, Spec
from halfspace.datasets import CIFAR, subset_by_class
from halfspace.image_training import standardise
from halfspace.ntk import gradient_features

__all__ = ["NTKFeatures", "ridge"]

_PORTION = 500  # images whose features are held at a time, or features of all images
_BLOCK = 4096  # columns of a symmetric matrix that are computed together, from the diagonal down
_TRAIN_SAMPLE = 10_000  # fitted images, balanced, on which the linear model is evaluated


class NTKFeatures(Spec):
    """Fit a linear model to the empirical-NTK features of a convolutional net, for each seed.

    The last ``n_validation`` of the training images are held out to choose the penalty: neither the
    linear model nor the net whose features it uses is trained on them.

    Attributes:
        training: the nets, their training and the images, including those held out.
        state: ``"initial"`` or ``"trained"``, the weights at which gradients are taken.
        n_validation: training images held out, balanced.
        penalties: weights of the ridge penalty to choose from, increasing, as shares of the mean
            squared length of a training image's centred features.

    The result's arrays (S seeds, c classes): train_accuracy, test_accuracy (S, c): share of each
        class classified right by the linear model, of at most 10,000 of the images it was fitted on
        and of the test images; net_accuracy (S, c): of the test images by the net itself;
        validation_accuracy (S, penalties): share of the images held out; penalty (S,): the chosen
        one, the smallest in a tie; initial (S,): sum of the initial weights. All are float32 except
        ``initial``.

    Reference: Table 1; Jacot, Gabriel and Hongler 2018; for the features Mohamadi, Bae and
    Sutherland 2023.
    """

    resumes: ClassVar[bool] = True
    tolerance: ClassVar[float] = CifarTraining.tolerance
    shares: ClassVar[tuple[str, ...]] = (
        "train_accuracy",
        "test_accuracy",
        "net_accuracy",
        "validation_accuracy",
    )
    memory: ClassVar[int] = CifarTraining.memory
    minutes: ClassVar[float] = CifarTraining.minutes

    training: CifarTraining
    state: Literal["initial", "trained"]
    n_validation: Integer = Field(5000, ge=100)
    penalties: tuple[float, ...] = (1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0)

    @field_validator("training")
    @classmethod
    def _convolutional(cls, training: CifarTraining) -> CifarTraining:
        if training.network != "conv":
            raise ValueError(f"training must be of conv nets; got {training.network}")
        return training

    @field_validator("n_validation")
    @classmethod
    def _held_out(cls, n_validation: int, info) -> int:
        n_train = info.data["training"].n_train if "training" in info.data else math.inf
        if n_validation % 100 or n_validation >= n_train:
            raise ValueError(
                "n_validation must be a multiple of 100 and leave training images; "
                f"got {n_validation} of {n_train}"
            )
        return n_validation

    @field_validator("penalties")
    @classmethod
    def _increasing(cls, penalties: tuple[float, ...]) -> tuple[float, ...]:
        if not penalties or list(penalties) != sorted(set(penalties)) or penalties[0] <= 0:
            raise ValueError(f"penalties must be positive and increase; got {penalties}")
        return penalties

    @property
    def unsettled(self) -> tuple[str, ...]:
        """Return the arrays that rounding decides: see ``CifarTraining``."""
        trained = self.state == "trained" and self.training.unsettled
        return (*self.shares, "penalty") if trained else ()

    @property
    def verifiable(self) -> bool:
        """Whether ``make verify`` can recompute it: see ``CifarTraining``."""
        return self.training.verifiable

    @property
    def gpus(self) -> int:
        """Return how many GPUs a run asks of a cluster: see ``CifarTraining``."""
        return self.training.gpus

    def one_seed(self, index: int) -> Self:
        """Return the spec of one of its seeds, counted from 0."""
        return self.replace(training=self.training.one_seed(index))

    def fitted(self) -> CifarTraining:
        """Return the training without the images that are held out."""
        return self.training.replace(n_train=self.training.n_train - self.n_validation)

    def data_checksums(self) -> dict[str, str]:
        """Return the SHA-256 of the images and labels."""
        return self.training.data_checksums()

    def checkpoints(self) -> list[Path]:
        """Return the files that unfinished training of the nets left."""
        return self.fitted().checkpoints()

    def _run(
        self, device: torch.device, deadline: float = math.inf
    ) -> tuple[dict[str, np.ndarray], list[dict]]:
        spec = self.fitted()
        data, fitted, held = self._images()

        def on_device(images: Tensor) -> Tensor:
            x = standardise(images, data.train_images).to(device)
            return x.contiguous(memory_format=torch.channels_last)

        x, y = on_device(data.train_images[fitted]), data.train_labels[fitted].to(device)
        held_x, held_y = on_device(data.train_images[held]), data.train_labels[held].to(device)
        sample = subset_by_class(y.cpu(), min(_TRAIN_SAMPLE, spec.n_train) // self._classes)
        targets = functional.one_hot(y, self._classes).double()
        per_seed, sessions = [], []
        for seed in range(spec.first_seed, spec.first_seed + spec.seeds):
            net = spec.net(seed)
            initial = weight_sum(net)
            if self.state == "trained":
                net, curves = spec.trained(seed, x, y, deadline)
                sessions += [dict(seed=seed) | session for session in curves.pieces]
            net = net.to(device, memory_format=torch.channels_last)
            weights, intercepts = ridge(_features(net, x), targets, self.penalties)
            right = _scores(net, held_x, weights, intercepts).argmax(-1) == held_y
            validation = right.double().mean(1).cpu().numpy()
            best = [int(validation.argmax())]
            chosen = weights[best], intercepts[best]
            # All choices are made, so the test images may be used now.
            test_x, test_y = on_device(data.test_images), data.test_labels.to(device)
            train_scores = _scores(net, x[sample], *chosen)[0]
            test_scores = _scores(net, test_x, *chosen)[0]
            net_scores = outputs(net, test_x, _PORTION)[0]
            per_seed.append(
                dict(
                    train_accuracy=shares_right(train_scores, y[sample], self._classes),
                    test_accuracy=shares_right(test_scores, test_y, self._classes),
                    net_accuracy=shares_right(net_scores, test_y, self._classes),
                    validation_accuracy=validation,
                    penalty=self.penalties[best[0]],
                    initial=initial,
                )
            )
        return stacked(per_seed), sessions

    @property
    def _classes(self) -> int:
        return self.training.classes

    def _images(self) -> tuple[CIFAR, Tensor, Tensor]:
        """Return the data and the indices of the images fitted and held out, sorted by class."""
        data, chosen = self.training.images()
        held = self.n_validation // self._classes
        by_class = chosen.view(self._classes, -1)
        return data, by_class[:, :-held].flatten(), by_class[:, -held:].flatten()


def ridge(
    portions: Iterable[Tensor], targets: Tensor, penalties: Sequence[float]
) -> tuple[Tensor, Tensor]:
    """Fit linear models with intercepts by ridge regression.

    Minimises ``|Y - X W - 1 b|² + λ |W|²`` with λ = penalty · |X - mean|² / n. The intercept b is
    not penalised: features and targets are centred.

    The smaller of two systems is solved. The first has a row for each feature, (P, P); its matrix
    is summed over portions of the images. The second, for n < P, has a row for each image, (n, n),
    and needs all features in memory. Two matrices of this size are in memory: 12 GB for Table 1's
    ReLU net.

    Args:
        portions: the features X, shape (k, P) each, n rows in all.
        targets: Y, float64, shape (n, c).
        penalties: K of them.

    Returns:
        W and b, float64, shapes (K, P, c) and (K, c).

    Raises:
        ValueError: if the targets have the wrong shape, or n differs from the features' n.
        torch.linalg.LinAlgError: if a penalty is so small that the matrix is singular.
    """
    if targets.ndim != 2:
        raise ValueError(f"targets must have shape (n, c); got {tuple(targets.shape)}")
    portions = iter(portions)
    first = next(portions)
    portions = itertools.chain([first], portions)
    n, width = len(targets), first.shape[1]
    centre = targets.mean(0)
    if n < width:
        x = torch.cat(list(portions))
        check_shape("features", x, (n, width))
        mean = x.mean(0, dtype=torch.float64)
        gram, right = targets.new_zeros(n, n), targets - centre
        for columns in _columns(x, mean):
            _add_products(gram, columns.T)
    else:
        gram, mean = targets.new_zeros(width, width), targets.new_zeros(width)
        right = targets.new_zeros(width, targets.shape[1])
        centred = (targets - centre).split(len(first))
        for portion, centred_targets in zip(portions, centred, strict=True):
            features = portion.double()
            _add_products(gram, features)
            right.addmm_(features.T, centred_targets)
            mean += features.sum(0) / n
        gram.addr_(mean, mean, alpha=-n)
    diagonal = gram.diagonal().clone()
    solutions = []
    for penalty in penalties:
        gram.diagonal().copy_(diagonal + penalty * diagonal.sum() / n)
        solutions.append(_solved(gram, right))
    weights = torch.stack(solutions)
    if n < width:
        weights = torch.cat([columns.T @ weights for columns in _columns(x, mean)], dim=1)
    return weights, centre - mean @ weights


def _columns(x: Tensor, mean: Tensor) -> Iterator[Tensor]:
    """Yield the centred features of all images, some features at a time."""
    for columns, centre in zip(x.split(_PORTION, dim=1), mean.split(_PORTION), strict=True):
        yield columns.double() - centre


def _add_products(gram: Tensor, part: Tensor) -> None:
    """Add ``partᵀ part`` to the lower triangle, the only part that ``torch.linalg.cholesky`` reads.

    Blocks on the diagonal are added whole, which saves a product.
    """
    for start in range(0, len(gram), _BLOCK):
        block = slice(start, start + _BLOCK)
        gram[start:, block].addmm_(part[:, start:].T, part[:, block])


def _solved(gram: Tensor, right: Tensor) -> Tensor:
    # Not ``torch.cholesky_solve``, which copies the factor.
    factor = torch.linalg.cholesky(gram)
    half = torch.linalg.solve_triangular(factor, right, upper=False)
    return torch.linalg.solve_triangular(factor.mT, half, upper=True)


def _features(net: nn.Module, x: Tensor) -> Iterator[Tensor]:
    for images in tqdm(x.split(_PORTION), desc="NTK features", leave=False):
        yield gradient_features(net, images)


def _scores(net: nn.Module, x: Tensor, weights: Tensor, intercepts: Tensor) -> Tensor:
    """Return the scores of K linear models, shape (K, n, c)."""
    scores = [
        torch.einsum("np,kpc->knc", features.double(), weights) for features in _features(net, x)
    ]
    return torch.cat(scores, dim=1) + intercepts.unsqueeze(1)
