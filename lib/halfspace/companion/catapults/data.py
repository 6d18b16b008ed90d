"""Data of the catapults: the circle, and two classes of clothes with and without their mean."""

import math

import torch
from torch import Tensor
from torch.nn import functional

from halfspace.companion.circle.target import Circle
from halfspace.datasets import circle_grid, fashion_mnist

__all__ = ["circle", "clothes"]

_CLASSES = (0, 9)  # T-shirts and ankle boots
_EACH = 32
_DRAWN = 1000
_SIDE = 28


def circle() -> tuple[Tensor, Tensor, Tensor]:
    """Return 64 points of the circle (64, 2), targets (64, 1), and a grid (256, 2); float64.

    Points and grid are closed under x → −x.
    """
    target = Circle(n=64)
    grid = circle_grid(256, torch.float64)[1]
    return target.points(torch.float64), target.values(torch.float64), grid


def clothes(centred: bool) -> tuple[Tensor, Tensor]:
    """Return 64 images of T-shirts and ankle boots, (64, 196), and targets ±1, (64, 1); float64.

    Pixels are means of 2 × 2 pixels; each image is scaled to the squared length 2.

    Args:
        centred: whether the mean of the first 1000 images, of all classes, is taken off before.
    """
    data = fashion_mnist(_DRAWN)
    pixels = data.train_images.double().view(-1, 1, _SIDE, _SIDE) / 255
    images = functional.avg_pool2d(pixels, 2).flatten(1)
    if centred:
        images = images - images.mean(0)
    first = [(data.train_labels == label).nonzero()[:_EACH, 0] for label in _CLASSES]
    x = images[torch.cat(first)]
    y = torch.tensor([1.0, -1.0], dtype=torch.float64).repeat_interleave(_EACH)
    return math.sqrt(2) * x / x.norm(dim=1, keepdim=True), y.unsqueeze(1)
