"""Data: points on the circle, Fashion-MNIST, CIFAR-10 and CIFAR-100.

Letters: n points, d inputs, c outputs.
"""

from halfspace.datasets._cifar import CIFAR, CIFAR_CLASSES, cifar, cifar_checksums
from halfspace.datasets._circle import angle_midpoints, circle_grid, circle_points
from halfspace.datasets._fashion import (
    CLASSES,
    FashionMNIST,
    fashion_checksums,
    fashion_mnist,
    subset_by_class,
)

__all__ = [
    "CIFAR",
    "CIFAR_CLASSES",
    "CLASSES",
    "FashionMNIST",
    "angle_midpoints",
    "cifar",
    "cifar_checksums",
    "circle_grid",
    "circle_points",
    "fashion_checksums",
    "fashion_mnist",
    "subset_by_class",
]
