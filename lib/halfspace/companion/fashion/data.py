"""Modified Fashion-MNIST: inputs, and labels of which half are complicated."""

from functools import lru_cache
from typing import Literal

import numpy as np
import torch
from sklearn.cluster import KMeans
from torch import Tensor
from torch.nn import functional

from halfspace._checks import check_integer, check_shape
from halfspace.datasets import FashionMNIST

__all__ = ["PARTS", "SETTINGS", "fashion_inputs", "modified_labels", "normalise"]


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
    generator = np.random.default_rng(check_integer("seed", seed, least=0))
    drawn = generator.permutation(np.repeat(complex_classes, _CLUSTERS))
    new_labels = drawn.reshape(len(complex_classes), _CLUSTERS)
    train, test = data.train_labels.clone(), data.test_labels.clone()
    for number, of_clusters in zip(complex_classes, torch.from_numpy(new_labels), strict=True):
        train_clusters, test_clusters = _clusters(data, number)
        train[data.train_labels == number] = of_clusters[train_clusters]
        test[data.test_labels == number] = of_clusters[test_clusters]
    return train, test


@lru_cache(maxsize=20)
def _clusters(data: FashionMNIST, number: int) -> tuple[Tensor, Tensor]:
    """Split one class; return the clusters of its training and of its test images."""
    train = data.train_images[data.train_labels == number].float().numpy()
    test = data.test_images[data.test_labels == number].float().numpy()
    # Single starts differ by up to 2 % in inertia; the best of four is the same for every draw.
    means = KMeans(_CLUSTERS, n_init=4, random_state=0).fit(train)
    return torch.from_numpy(means.labels_).long(), torch.from_numpy(means.predict(test)).long()
