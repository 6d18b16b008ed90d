"""Modified Fashion-MNIST: inputs, and labels of which half are complicated."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
import torch
from sklearn.cluster import KMeans
from threadpoolctl import threadpool_limits
from torch import Tensor
from torch.nn import functional

from halfspace._checks import check_integer, check_shape
from halfspace.datasets import FashionMNIST, fashion_mnist, subset_by_class

__all__ = [
    "PARTS",
    "SETTINGS",
    "FashionProblem",
    "cluster_means",
    "fashion_inputs",
    "fashion_problem",
    "modified_labels",
    "normalise",
]


SETTINGS = {"modified": (5, 6, 7, 8, 9), "swapped": (0, 1, 2, 3, 4), "original": ()}
"""Complex classes of each label setting, in the order of the results' axis."""


PARTS = ((0, 1, 2, 3, 4), (5, 6, 7, 8, 9))
"""The two halves of the classes: T-shirt to Coat, Sandal to Ankle boot."""


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


_CLUSTERS = 5


def normalise(images: Tensor, reference: Tensor) -> Tensor:
    """Subtract the mean image of a reference set, then scale each image to unit norm.

    Args:
        images: shape (n, d), floating point.
        reference: the images to average, usually the training images, shape (n', d).

    Returns:
        Shape (n, d). Scaling alone cannot change a bias-free net's gates; subtracting the mean can.

    Raises:
        ValueError: if ``reference`` is empty or its images have a different size.

    Example:
        >>> images = torch.tensor([[1.0, 5.0], [7.0, -3.0]])
        >>> normalise(images, images).mul(5).round().tolist()
        [[-3.0, 4.0], [3.0, -4.0]]
    """
    check_shape("reference", reference, (max(1, len(reference)), *images.shape[1:]))
    return functional.normalize(images - reference.mean(0), dim=-1)


def modified_labels(
    data: FashionMNIST, *, seed: int, complex_classes: tuple[int, ...] = (5, 6, 7, 8, 9)
) -> tuple[Tensor, Tensor]:
    """Make the labels of some classes a complicated function of the image.

    Each complex class is split into five clusters by k-means on raw pixels. The complex classes'
    labels are given to the clusters at random, each label to five clusters. The other classes keep
    their labels. A test image belongs to the cluster of its class with the nearest centroid.

    Args:
        data: images and original labels.
        seed: decides which cluster gets which label; the clusters are the same for every seed.
        complex_classes: numbers of the classes to split.

    Returns:
        New labels of the training and of the test images, int64, shapes (n,) and (10000,).

    Raises:
        ValueError: if the seed is not an integer of at least 0.

    Example:
        >>> from halfspace.datasets import fashion_mnist
        >>> data = fashion_mnist(100)
        >>> labels, test_labels = modified_labels(data, seed=0, complex_classes=(8, 9))
        >>> bool((labels == data.train_labels)[data.train_labels < 8].all())
        True
        >>> labels[data.train_labels == 9].unique().tolist()
        [8, 9]

    Reference: Section 5; the paper does not name its "type of clustering", and k-means is our
    choice.
    """
    new_labels = torch.from_numpy(_drawn_labels(seed, complex_classes))
    train, test = data.train_labels.clone(), data.test_labels.clone()
    for number, of_clusters in zip(complex_classes, new_labels, strict=True):
        train_clusters, test_clusters = _clusters(data, number)
        train[data.train_labels == number] = of_clusters[train_clusters]
        test[data.test_labels == number] = of_clusters[test_clusters]
    return train, test


def cluster_means(
    data: FashionMNIST, *, seed: int, complex_classes: tuple[int, ...] = (5, 6, 7, 8, 9)
) -> dict[int, dict[tuple[int, int], Tensor]]:
    """Return the mean training image of each cluster by the label that ``modified_labels`` gives.

    Args: those of ``modified_labels``.

    Returns:
        By new label, by number of the class and of its cluster, shape (784,) each.
    """
    new_labels = _drawn_labels(seed, complex_classes)
    means = {label: {} for label in complex_classes}
    for number, of_clusters in zip(complex_classes, new_labels.tolist(), strict=True):
        images = data.train_images[data.train_labels == number].float()
        clusters, _ = _clusters(data, number)
        for cluster, label in enumerate(of_clusters):
            means[label][number, cluster] = images[clusters == cluster].mean(0)
    return means


def _drawn_labels(seed: int, complex_classes: tuple[int, ...]) -> np.ndarray:
    """Draw the label of each complex class's clusters, shape (classes, clusters)."""
    generator = np.random.default_rng(check_integer("seed", seed, least=0))
    drawn = generator.permutation(np.repeat(complex_classes, _CLUSTERS))
    return drawn.reshape(len(complex_classes), _CLUSTERS)


@lru_cache(maxsize=20)
def _clusters(data: FashionMNIST, number: int) -> tuple[Tensor, Tensor]:
    """Split one class; return the clusters of its training and of its test images."""
    train = data.train_images[data.train_labels == number].float().numpy()
    test = data.test_images[data.test_labels == number].float().numpy()
    # Single starts differ by up to 2 % in inertia; the best of four is the same for every draw.
    # With another number of threads, sums are rounded differently and a class may split
    # differently. One thread always gives the recorded runs' clusters.
    with threadpool_limits(1):
        means = KMeans(_CLUSTERS, n_init=4, random_state=0).fit(train)
    return torch.from_numpy(means.labels_).long(), torch.from_numpy(means.predict(test)).long()


@dataclass(frozen=True, kw_only=True)
class FashionProblem:
    """Inputs and labels of several copies of a net; see ``fashion_problem``.

    Attributes:
        data: images and original labels.
        images: ``"raw"`` or ``"normalised"``, see ``fashion_inputs``.
        x: training inputs, shape (n, 784).
        y: each copy's training labels, shape (copies, n).
        test_labels: each copy's labels of all test images, shape (copies, 10000), on the CPU.
    """

    data: FashionMNIST
    images: Literal["raw", "normalised"]
    x: Tensor
    y: Tensor
    test_labels: Tensor

    def sample(self, per_class: int) -> Tensor:
        """Return the numbers of the first training images of each class, sorted by class.

        Args:
            per_class: how many of each; all if there are fewer.
        """
        count = min(per_class, len(self.x) // 10)
        return subset_by_class(self.data.train_labels, count).to(self.x.device)

    def test(self, per_class: int) -> tuple[Tensor, Tensor]:
        """Return inputs and labels of test images, sorted by class.

        Args:
            per_class: how many of each class, at most 1000.

        Returns:
            Shapes (10 per_class, 784) and (copies, 10 per_class).
        """
        chosen = subset_by_class(self.data.test_labels, per_class)
        x = fashion_inputs(self.data.test_images[chosen], self.data.train_images, self.images)
        return x.to(self.x.device), self.test_labels[:, chosen].to(self.x.device)


def fashion_problem(
    n_train: int,
    images: Literal["raw", "normalised"],
    draws: Sequence[tuple[int, tuple[int, ...]]],
    device: torch.device,
) -> FashionProblem:
    """Prepare images and labels for training several copies of a net.

    Args:
        n_train: training images, balanced.
        images: ``"raw"`` or ``"normalised"``, see ``fashion_inputs``.
        draws: for each copy, the seed of its labels and the classes whose labels are complicated.
        device: where training happens.
    """
    data = fashion_mnist(n_train)
    labels = [modified_labels(data, seed=seed, complex_classes=classes) for seed, classes in draws]
    train_labels, test_labels = (torch.stack(each) for each in zip(*labels, strict=True))
    x = fashion_inputs(data.train_images, data.train_images, images)
    return FashionProblem(
        data=data,
        images=images,
        x=x.to(device),
        y=train_labels.to(device),
        test_labels=test_labels,
    )
