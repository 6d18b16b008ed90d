"""Data: circle targets, Fashion-MNIST and its modified labels, CIFAR-10 and CIFAR-100.

Letters: n points, d inputs, c outputs.
"""

from halfspace.datasets._cifar import CIFAR, CIFAR_CLASSES, cifar, cifar_checksums
from halfspace.datasets._circle import Circle, circle_grid, circle_points
from halfspace.datasets._fashion import (
    CLASSES,
    FashionMNIST,
    fashion_checksums,
    fashion_mnist,
    modified_labels,
    normalise,
    subset_by_class,
)

__all__ = [
    "CIFAR",
    "CIFAR_CLASSES",
    "CLASSES",
    "Circle",
    "FashionMNIST",
    "cifar",
    "cifar_checksums",
    "circle_grid",
    "circle_points",
    "fashion_checksums",
    "fashion_mnist",
    "modified_labels",
    "normalise",
    "subset_by_class",
]
