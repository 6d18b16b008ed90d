"""Data of the short views: images with one or two informative directions, points on a sphere."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

__all__ = ["SIDE", "cosine_image", "feature_images", "label_on_sphere"]

SIDE = 8
"""Rows and columns of the images."""


def cosine_image(row: int, column: int) -> Tensor:
    """Return an orthonormal direction of the two-dimensional cosine transform, float64, (8, 8).

    Args:
        row: frequency along the rows, in half periods, 0 to 7.
        column: along the columns.
    """
    places = torch.arange(SIDE, dtype=torch.float64) + 0.5
    waves = [torch.cos(math.pi * frequency * places / SIDE) for frequency in (row, column)]
    image = torch.outer(*waves)
    return image / image.norm()


def feature_images(
    count: int,
    directions: Sequence[tuple[int, int]],
    scales: Sequence[float],
    generator: torch.Generator,
    informative: Sequence[bool] | None = None,
) -> tuple[Tensor, Tensor]:
    """Draw noise images that carry the label along some directions.

    Along each direction an image is plus or minus its scale: the label times the scale, or, where
    the direction is not informative, another fair sign. Across them it is standard normal.

    Args:
        count: n.
        directions: frequencies, see ``cosine_image``.
        scales: of each direction.
        generator: source of randomness.
        informative: whether each direction carries the label; all do if ``None``.

    Returns:
        Images, float32, shape (n, 1, 8, 8), and labels 1 and -1, shape (n, 1).
    """
    basis = torch.stack([cosine_image(*direction).flatten() for direction in directions])
    noise = torch.randn(count, SIDE**2, generator=generator, dtype=torch.float64)
    signs = 2.0 * torch.randint(2, (count, 1 + len(basis)), generator=generator).double() - 1
    label, others = signs[:, :1], signs[:, 1:]
    told = torch.tensor([True] * len(basis) if informative is None else list(informative))
    along = torch.where(told, label, others) * torch.tensor(scales, dtype=torch.float64)
    x = noise - noise @ basis.T @ basis + along @ basis
    return x.float().view(count, 1, SIDE, SIDE), label.float()


def label_on_sphere(points: int, d_in: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Draw points uniformly on the sphere of radius √d, and label them by the first coordinate.

    Returns:
        Points, float32, shape (n, d), and labels 1 and -1, shape (n,).
    """
    x = torch.randn(points, d_in, generator=generator)
    x = x * (math.sqrt(d_in) / x.norm(dim=1, keepdim=True))
    return x, torch.where(x[:, 0] >= 0, 1.0, -1.0)
