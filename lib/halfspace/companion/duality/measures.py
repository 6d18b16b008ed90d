"""Exact means over all signs of the weights, bundles of paths, kernel regression and descent."""

import itertools
import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.func import jacrev, vmap

__all__ = [
    "NEIGHBOURS",
    "bundle_features",
    "conv_output",
    "dense_output",
    "kernel_descent",
    "means_over_signs",
    "residual_output",
    "ridge_regression",
    "tangent_kernels",
    "trained_output",
]

NEIGHBOURS = {
    "ring": [(0, step) for step in (-1, 0, 1)],
    "torus": list(itertools.product((-1, 0, 1), repeat=2)),
}
"""Offsets of a convolution's window, on images of one row and on others."""

_CHUNK = 2**16
_RIDGES = (1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1)

Output = Callable[[list[Tensor]], Tensor]


def dense_output(weights: Sequence[Tensor], x: Tensor, gates: Tensor) -> Tensor:
    """Return outputs of a dense net with given gates.

    Args:
        weights: shape (..., out, in) for each layer, one output.
        x: shape (n, d).
        gates: shape (n, H, m).

    Returns:
        Shape (..., n).
    """
    z = x
    for weight, mask in zip(weights[:-1], gates.unbind(1), strict=True):
        z = mask * (z @ weight.mT)
    return (z @ weights[-1].mT)[..., 0]


def conv_output(
    weights: Sequence[Tensor], x: Tensor, gates: Sequence[Tensor], window: str, pooled: bool
) -> Tensor:
    """Return outputs of circular convolutions and dense layers with given gates.

    Args:
        weights: K of shape (..., F, C, offsets), then (..., out, in) for each dense layer; the last
            has one output.
        x: images, shape (n, C, h, w).
        gates: K of shape (n, F, h, w), then (n, m) for each dense layer but the last.
        window: a key of ``NEIGHBOURS``.
        pooled: whether a mean over pixels follows the convolutions.

    Returns:
        Shape (..., n).
    """
    depth = sum(g.ndim == 4 for g in gates)
    z = x
    for weight, mask in zip(weights[:depth], gates[:depth], strict=True):
        moved = torch.stack([_shifted(z, step) for step in NEIGHBOURS[window]], -1)
        z = mask * torch.einsum("...fcs,...nchws->...nfhw", weight, moved)
    z = z.mean((-1, -2)) if pooled else z.flatten(-3)
    for weight, mask in zip(weights[depth:-1], gates[depth:], strict=True):
        z = mask * (z @ weight.mT)
    return (z @ weights[-1].mT)[..., 0]


def _shifted(z: Tensor, step: tuple[int, int]) -> Tensor:
    """Return z at pixel p + step, modulo the image's sides."""
    return z.roll([-part for part in step], (-2, -1))


def residual_output(
    weights: Sequence[Tensor], x: Tensor, gates: Tensor, layers: int, sums: Tensor | None = None
) -> Tensor:
    """Return outputs of a residual net with given gates inside its blocks, and after its sums.

    Args:
        weights: shape (..., out, in): first layer, blocks' layers, one output.
        x: shape (n, d).
        gates: shape (n, 1 + b q, m).
        layers: q.
        sums: shape (n, b, m); none if ``None``.

    Returns:
        Shape (..., n).
    """
    masks = gates.unbind(1)
    z = masks[0] * (x @ weights[0].mT)
    for block, start in enumerate(range(1, len(masks), layers)):
        deep = z
        for layer in range(start, start + layers):
            deep = masks[layer] * (deep @ weights[layer].mT)
        z = z + deep if sums is None else (z + deep) * sums[:, block]
    return (z @ weights[-1].mT)[..., 0]


def means_over_signs(
    output: Output, shapes: Sequence[tuple[int, ...]], variances: Sequence[float]
) -> tuple[Tensor, Tensor]:
    """Average over all 2^N signs of N weights ±√v: no draws, no error but rounding.

    No path uses a weight twice, so the output is linear in each weight, and its derivative is a
    difference of outputs.

    Args:
        output: maps weights, shape (B, ...) each, to outputs (B, n).
        shapes: of each layer's weights.
        variances: v of each layer.

    Returns:
        The mean of ``y yᵀ`` and of the NTK, shape (n, n) each.
    """
    sizes = [math.prod(shape) for shape in shapes]
    total = sum(sizes)
    places = torch.arange(total - 1, -1, -1)
    outputs = []
    for start in range(0, 2**total, _CHUNK):
        numbers = torch.arange(start, min(start + _CHUNK, 2**total))
        signs = 2.0 * ((numbers[:, None] >> places) & 1).double() - 1
        parts = zip(signs.split(sizes, 1), shapes, variances, strict=True)
        outputs.append(output([math.sqrt(v) * part.view(-1, *shape) for part, shape, v in parts]))
    y = torch.cat(outputs)
    tangent = torch.zeros_like(y.T @ y)
    each = [v for v, size in zip(variances, sizes, strict=True) for _ in range(size)]
    for weight, v in enumerate(each):
        low, high = y.view(2**weight, 2, -1, y.shape[1]).unbind(1)
        derivative = ((high - low) / (2 * math.sqrt(v))).flatten(0, 1)
        tangent += derivative.T @ derivative / len(derivative)
    return y.T @ y / len(y), tangent


def tangent_kernels(output: Output, weights: Sequence[Tensor]) -> Tensor:
    """Return the NTK of each of several nets, shape (copies, n, n).

    Args:
        output: maps one net's weights to outputs (n,).
        weights: shape (copies, ...) each.
    """

    def single(*one: Tensor) -> Tensor:
        return output(list(one))

    jacobians = vmap(jacrev(single, tuple(range(len(weights)))))(*weights)
    return sum(j.flatten(2) @ j.flatten(2).mT for j in jacobians)


def bundle_features(
    x: Tensor, gates: Sequence[Tensor], *, border: str = "circular", window: str = "torus"
) -> Tensor:
    """List the features of all paths, bundle by bundle: paths that differ by a shift share weights.

    Args:
        x: images, shape (n, C, h, w).
        gates: K of shape (n, F, h, w), then (n, m).
        border: ``"circular"`` or ``"zeros"``.
        window: a key of ``NEIGHBOURS``.

    Returns:
        Shape (n, bundles, h w), by the pixel where a path ends; a pooled net adds them up.
    """
    *convolutions, dense = gates
    features = x
    for mask in convolutions:
        moved = []
        for step in NEIGHBOURS[window]:
            part = _shifted(features, step)
            if border == "zeros":
                part = part * _shifted_inside(x.shape[2:], step)
            moved.append(part)
        paths = torch.stack(moved, 1).flatten(1, 2)  # (n, offsets × bundles, h, w)
        features = (mask[:, :, None] * paths[:, None]).flatten(1, 2)
    return (features.unsqueeze(1) * dense[:, :, None, None, None]).flatten(1, 2).flatten(2)


def _shifted_inside(size: Sequence[int], step: tuple[int, int]) -> Tensor:
    """Return where p + step is a pixel of the image, (h, w)."""
    inside = [
        (torch.arange(side) + part >= 0) & (torch.arange(side) + part < side)
        for side, part in zip(size, step, strict=True)
    ]
    return (inside[0][:, None] & inside[1]).double()


def ridge_regression(kernel: Tensor, labels: Tensor, classes: int, *others: Tensor) -> list[Tensor]:
    """Classify by kernel ridge regression on one-hot targets; the ridge by leaving one out.

    Args:
        kernel: of the training points, shape (n, n).
        labels: shape (n,).
        classes: c.
        *others: kernels of test points with the training points, shape (n', n) each.

    Returns:
        Predicted classes, shape (n',), for each.
    """
    targets = torch.nn.functional.one_hot(labels, classes).double() - 1 / classes
    values, vectors = torch.linalg.eigh(kernel.double())
    turned = vectors.T @ targets
    best, dual = math.inf, None
    for ridge in _RIDGES:
        inverse = 1 / (values.clamp_min(0) + ridge * values.mean())
        found = vectors @ (inverse[:, None] * turned)
        error = (found / (vectors.square() @ inverse)[:, None]).square().mean().item()
        if error < best:
            best, dual = error, found
    return [(other.double() @ dual).argmax(1) for other in others]


def kernel_descent(
    kernel: Tensor, across: Tensor, residual: Tensor, rate: float, steps: int
) -> Tensor:
    """Return what gradient descent with a fixed kernel adds to the start, at other points.

    Args:
        kernel: of the training points, shape (n, n).
        across: of other points with the training points, shape (n', n).
        residual: targets minus outputs at the start, shape (n,).
        rate: of steps on half the mean squared error.
        steps: T.

    Returns:
        Shape (n',).
    """
    values, vectors = torch.linalg.eigh(kernel)
    safe = values.clamp_min(values.max() * 1e-15)
    left = (1 - rate * safe / len(kernel)) ** steps
    return across @ (vectors @ ((1 - left) / safe * (vectors.T @ residual)))


def trained_output(
    weights: Sequence[Tensor],
    train: tuple[Tensor, Tensor, Tensor],
    test: tuple[Tensor, Tensor],
    rate: float,
    steps: int,
) -> tuple[Tensor, Tensor, Tensor]:
    """Train a dense net with fixed gates by gradient descent on half the mean squared error.

    Args:
        weights: shape (out, in) each; they stay as they are.
        train: points (n, d), their gates (n, H, m), targets (n,).
        test: points (n', d) and their gates.
        rate: of the steps.
        steps: T.

    Returns:
        Outputs at the training points before, at the test points before and after.
    """
    x, gates, y = train
    moving = [weight.clone().requires_grad_() for weight in weights]
    with torch.no_grad():
        before = dense_output(weights, x, gates), dense_output(weights, *test)
    for _ in range(steps):
        loss = (dense_output(moving, x, gates) - y).square().mean() / 2
        slopes = torch.autograd.grad(loss, moving)
        with torch.no_grad():
            for weight, slope in zip(moving, slopes, strict=True):
                weight -= rate * slope
    with torch.no_grad():
        return *before, dense_output(moving, *test)
