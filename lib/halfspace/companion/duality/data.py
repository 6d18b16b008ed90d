"""Data of the dual view: clothes, small images of them, small photographs, and a tree's labels."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from halfspace.companion.label_jumps.data import tree_problem
from halfspace.datasets import CIFAR, fashion_mnist

__all__ = [
    "Problem",
    "clothes",
    "halves_of_the_circle",
    "small_clothes",
    "small_photographs",
    "tree",
]

_SIDE = 28
_POOL = 4
_DEPTH = 4


@dataclass(frozen=True)
class Problem:
    """Labelled points to train and to test on.

    Attributes:
        x: inputs, float32, shape (n, d), or images, shape (n, C, h, w).
        y: class numbers, shape (n,).
        test_x: the same of n' points.
        test_y: shape (n',).
        classes: c.
    """

    x: Tensor
    y: Tensor
    test_x: Tensor
    test_y: Tensor
    classes: int


def clothes(seed: int, count: int) -> Problem:
    """Draw training images of Fashion-MNIST; the test set is the whole one.

    Pixels are from 0 to 1, minus the mean of the images drawn, over one global standard deviation.

    Args:
        seed: of the draw.
        count: n.
    """
    data = fashion_mnist()
    chosen = np.random.default_rng(seed).permutation(len(data.train_images))[:count]
    x = data.train_images[chosen].flatten(1).float() / 255
    mean = x.mean(0)
    scale = (x - mean).std()
    test = data.test_images.flatten(1).float() / 255
    return Problem(
        x=(x - mean) / scale,
        y=data.train_labels[chosen],
        test_x=(test - mean) / scale,
        test_y=data.test_labels,
        classes=10,
    )


def small_clothes(seed: int, count: int) -> tuple[Tensor, Tensor]:
    """Draw images of 7 × 7 pixels: means of 4 × 4 pixels, minus one number, their mean.

    The mean *image* would not commute with shifts; a number does.

    Args:
        seed: of the draw.
        count: n.

    Returns:
        Images, float64, shape (n, 1, 7, 7), and their classes, shape (n,).
    """
    data = fashion_mnist()
    chosen = np.random.default_rng(seed).permutation(len(data.train_images))[:count]
    images = data.train_images[chosen].double().view(-1, 1, _SIDE, _SIDE) / 255
    small = functional.avg_pool2d(images, _POOL)
    return small - small.mean(), data.train_labels[chosen]


def small_photographs(data: CIFAR, seed: int, count: int, test: int) -> Problem:
    """Draw images of 16 × 16 pixels: means of 2 × 2 pixels.

    Each channel is standardised over the training images drawn.

    Args:
        data: larger images, such as those of CIFAR-10.
        seed: of the draw, of training images and of test images.
        count: n.
        test: n'.
    """
    rng, parts, moments = np.random.default_rng(seed), [], None
    for images, labels, number in (
        (data.train_images, data.train_labels, count),
        (data.test_images, data.test_labels, test),
    ):
        chosen = rng.permutation(len(images))[:number]
        x = functional.avg_pool2d(images[chosen].float() / 255, 2)
        if moments is None:
            moments = x.mean((0, 2, 3), keepdim=True), x.std((0, 2, 3), keepdim=True)
        x = (x - moments[0]) / moments[1]
        parts += [x.contiguous(memory_format=torch.channels_last), labels[chosen]]
    return Problem(*parts, classes=10)


def tree(seed: int, count: int, test: int = 5000, dimension: int = 20) -> Problem:
    """Draw points on a sphere of radius √d, labelled by a complete oblique tree of depth 4.

    The tree's 15 hyperplanes are orthogonal to each other and contain the origin. From node i one
    goes to node 2i + 2 on the positive side, to 2i + 1 on the other; siblings have different
    classes, so that both are equally likely, and only the last level has a linear trace.

    Args:
        seed: of the tree and the points.
        count: n.
        test: n'.
        dimension: d, at least 15.
    """
    drawn = tree_problem(seed, d_in=dimension, depth=_DEPTH, points=count, test=test)
    parts = []
    for x in (drawn.x, drawn.test_x):
        parts.append(torch.from_numpy(x * np.sqrt(dimension)).float())
        parts.append(torch.from_numpy(drawn.tree.labels(x) > 0).long())
    return Problem(*parts, classes=2)


def halves_of_the_circle(degrees: Tensor) -> tuple[Tensor, Tensor]:
    """Return points of the unit circle and targets: sin 2θ on the upper half, sin 4θ on the lower.

    Args:
        degrees: angles, shape (n,).

    Returns:
        Points (n, 2) and targets (n,), float64.
    """
    theta = degrees.double().deg2rad()
    points = torch.stack([theta.cos(), theta.sin()], 1)
    return points, torch.where(points[:, 1] >= 0, (2 * theta).sin(), (4 * theta).sin())
