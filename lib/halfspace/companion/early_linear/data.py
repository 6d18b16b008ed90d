"""Data whose functions are split into what a linear model can learn and what it cannot."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from halfspace.companion.circle.target import Circle
from halfspace.datasets import circle_grid, fashion_mnist

__all__ = [
    "DATA",
    "GAUSS_FACTORS",
    "SPHERE_FACTORS",
    "Problem",
    "clothes",
    "draw_problem",
    "harmonic",
]

DATA = ("gauss", "sphere", "circle", "clothes")
"""Normal inputs, inputs on a sphere, the book's circle, and images of Fashion-MNIST."""

GAUSS_FACTORS = (0.6, 0.6, 0.5)
"""Factors of 1, x_1 and (x_2² - 1)/√2 in the target on normal inputs."""

SPHERE_FACTORS = (3**-0.5,) * 3
"""Factors of the harmonics of degrees 1, 2 and 3 in the target on a sphere."""

_SIDE = 14  # pixels of the smaller images
_CIRCLE_TEST = 512


@dataclass(frozen=True, kw_only=True)
class Problem:
    """Training and test points, float64, centred, with ``E |x|² = d``.

    Attributes:
        x: inputs, shape (n, d).
        y: targets, shape (n,).
        test_x: shape (n', d).
        test_y: shape (n',).
        spread: trace of the inputs' squared covariance, over d.
        test_parts: the functions that the target is a sum of, at the test points, shape (n', 3);
            ``None`` if it is no such sum.
    """

    x: Tensor
    y: Tensor
    test_x: Tensor
    test_y: Tensor
    spread: float
    test_parts: Tensor | None = None


def draw_problem(kind: str, seed: int, *, d_in: int, points: int, test: int) -> Problem:
    """Draw training and test points.

    Args:
        kind: ``"gauss"``: standard normal x, ``y = 0.6 + 0.6 x_1 + 0.5 (x_2² - 1)/√2``.
            ``"sphere"``: uniform on ``|x| = √d``; y is the sum of the harmonics of degrees 1, 2 and
            3 around x_1, over √3. ``"circle"``: the book's points and target, times √2; tested
            between them. ``"clothes"``: see ``clothes``.
        seed: of the points; the circle's are always the same.
        d_in: d; 2 for the circle, 196 for images.
        points: n.
        test: n'.

    Raises:
        ValueError: if ``kind`` is unknown.
    """
    generator = torch.Generator().manual_seed(seed)
    if kind == "clothes":
        return clothes(points, test, generator)
    if kind == "circle":
        circle = Circle(n=points)
        angles, grid = circle_grid(_CIRCLE_TEST, torch.float64)
        return Problem(
            x=circle.points(torch.float64) * math.sqrt(2),
            y=circle.values(torch.float64)[:, 0],
            test_x=grid * math.sqrt(2),
            test_y=circle.target(angles),
            spread=1.0,
        )
    if kind not in ("gauss", "sphere"):
        raise ValueError(f"kind must be one of {DATA}; got {kind!r}")
    x = torch.randn(points + test, d_in, generator=generator, dtype=torch.float64)
    if kind == "gauss":
        parts = [torch.ones_like(x[:, 0]), x[:, 0], (x[:, 1] ** 2 - 1) / math.sqrt(2)]
        factors = GAUSS_FACTORS
    else:
        x = x / x.norm(dim=1, keepdim=True) * math.sqrt(d_in)
        parts = [harmonic(degree, x[:, 0] / math.sqrt(d_in), d_in) for degree in (1, 2, 3)]
        factors = SPHERE_FACTORS
    parts = torch.stack(parts, 1)
    y = parts @ torch.tensor(factors, dtype=torch.float64)
    return Problem(
        x=x[:points],
        y=y[:points],
        test_x=x[points:],
        test_y=y[points:],
        spread=1.0,
        test_parts=parts[points:],
    )


def harmonic(degree: int, cosine: Tensor, d_in: int) -> Tensor:
    """Return the spherical harmonic around an axis, with mean square 1 on the sphere.

    Args:
        degree: 1, 2 or 3; on a circle, the frequency.
        cosine: of the angle to the axis.
        d_in: dimension of the space, at least 2.
    """
    polynomial, count = {
        1: (cosine, d_in),
        2: ((d_in * cosine**2 - 1) / (d_in - 1), (d_in + 2) * (d_in - 1) / 2),
        3: (
            ((d_in + 2) * cosine**3 - 3 * cosine) / (d_in - 1),
            d_in * (d_in + 4) * (d_in - 1) / 6,
        ),
    }[degree]
    return polynomial * math.sqrt(count)


def clothes(points: int, test: int, generator: torch.Generator) -> Problem:
    """Draw images of 14 × 14 pixels; y is -1 for the classes 0 to 4, and 1 for 5 to 9.

    Images are centred on the training images' mean and divided by one number, which makes the
    training images' mean square norm 196. Each class has the same number of images.

    Args:
        points: training images, a multiple of 10.
        test: test images, a multiple of 10.
        generator: of the choice of training images; the test images are the first of each class.
    """
    data = fashion_mnist()
    drawn = [
        rows[torch.randperm(len(rows), generator=generator)[: points // 10]]
        for rows in _by_class(data.train_labels)
    ]
    first = [rows[: test // 10] for rows in _by_class(data.test_labels)]
    chosen, asked = torch.cat(drawn), torch.cat(first)
    x, test_x = _small(data.train_images[chosen]), _small(data.test_images[asked])
    centre = x.mean(0)
    scale = ((x - centre).square().sum(1).mean() / x.shape[1]).sqrt()
    x, test_x = (x - centre) / scale, (test_x - centre) / scale
    covariance = x.T @ x / len(x)
    return Problem(
        x=x,
        y=_sides(data.train_labels[chosen]),
        test_x=test_x,
        test_y=_sides(data.test_labels[asked]),
        spread=(covariance.square().sum() / x.shape[1]).item(),
    )


def _by_class(labels: Tensor) -> list[Tensor]:
    return [(labels == number).nonzero()[:, 0] for number in range(10)]


def _small(images: Tensor) -> Tensor:
    """Average grey values over squares of 2 × 2 pixels: (n, 784) to (n, 196)."""
    squares = images.double().view(-1, _SIDE, 2, _SIDE, 2)
    return squares.mean((2, 4)).flatten(1) / 255


def _sides(labels: Tensor) -> Tensor:
    return torch.where(labels < 5, -1.0, 1.0).double()
