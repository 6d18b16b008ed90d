"""Globally gated networks themselves, and their exact posterior at finite width.

A network is a list of L + 1 weights, with any leading axes: W¹ of shape (N, d), the others of shape
(N, M N), the readout (1, M N). Column m N + i holds the weight from unit i under gate m.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from halfspace.companion.globally_gated.data import Problem
from halfspace.gates import HardGate
from halfspace.nets import DLGN
from halfspace.renormalisation import GatedRegression

__all__ = [
    "Posterior",
    "descend",
    "exact_posterior",
    "gibbs_means",
    "output",
    "prior_weights",
    "relative_distance",
    "tangent_kernel",
    "tied_net",
]

_CHUNK = 100  # draws that are evaluated together: bounds the memory


def relative_distance(values: Tensor, reference: Tensor) -> float:
    """Return the norm of a difference relative to the reference's."""
    return ((values - reference).norm() / reference.norm()).item()


@dataclass(frozen=True)
class Posterior:
    """What importance sampling says of a net with one hidden layer.

    Attributes:
        order: mean of U, shape (M, M).
        mean: predictor's mean at the test points, shape (k,).
        variance: predictor's variance there, shape (k,).
        share: effective number of draws, over the number of draws.
    """

    order: Tensor
    mean: Tensor
    variance: Tensor
    share: float


def exact_posterior(
    problem: Problem,
    regression: GatedRegression,
    saddle: Tensor,
    width: int,
    draws: int,
    generator: torch.Generator,
) -> Posterior:
    """Sample the exact posterior of a net with one hidden layer by independent weighted draws.

    U is drawn from the Wishart distribution with N degrees of freedom around the saddle U*. The
    prior is the one around s², so that a draw's weight is the likelihood of y times
    exp((N/2) tr((U*⁻¹ - 1/s²) U)).

    Args:
        problem: the data.
        regression: the same data with their prior, one hidden layer.
        saddle: U*, shape (M, M).
        width: N.
        draws: how many.
        generator: of the draws.
    """
    count, factor = len(saddle), torch.linalg.cholesky(saddle)
    tilt = torch.linalg.inv(saddle) - torch.eye(count) / regression.std**2
    orders, logs, means, variances = [], [], [], []
    for start in range(0, draws, _CHUNK):
        size = (min(_CHUNK, draws - start), width, count)
        rows = torch.randn(size, generator=generator, dtype=torch.float64) @ factor.mT
        order = rows.mT @ rows / width
        orders.append(order)
        logs.append(regression.log_likelihood(order) + width / 2 * (tilt * order).sum((-1, -2)))
        mean, variance = problem.predict(regression, order)
        means.append(mean)
        variances.append(variance)
    logs, means, variances = torch.cat(logs), torch.cat(means), torch.cat(variances)
    weights = torch.softmax(logs, 0)
    mean = weights @ means
    return Posterior(
        order=torch.einsum("k,kij->ij", weights, torch.cat(orders)),
        mean=mean,
        variance=weights @ (variances + (means - mean).square()),
        share=1 / (len(weights) * weights.square().sum().item()),
    )


def prior_weights(
    sizes: tuple[int, int, int, int], generator: torch.Generator, *, copies: int = 1
) -> list[Tensor]:
    """Draw networks from the prior with s = 1.

    Args:
        sizes: d, N, M, L.
        generator: of the weights.
        copies: how many networks.

    Returns:
        L + 1 weights with a leading axis for the copies.
    """
    d, width, count, depth = sizes
    wide = width * count
    shapes = [(width, d)] + [(width, wide)] * (depth - 1) + [(1, wide)]
    options = dict(generator=generator, dtype=torch.float64)
    return [torch.randn(copies, *shape, **options) for shape in shapes]


def _gated(h: Tensor, gates: Tensor) -> Tensor:
    """Return what the next layer receives: a copy of the units for each gate, (..., n, M N)."""
    copies = (gates.unsqueeze(-1) * h.unsqueeze(-2)).flatten(-2)
    return copies / math.sqrt(copies.shape[-1])


def output(weights: list[Tensor], x: Tensor, gates: Tensor) -> Tensor:
    """Return networks' outputs, shape (..., n), of x (n, d) with gates (n, M)."""
    return _sides(weights, x, gates)[0]


def _sides(
    weights: list[Tensor], x: Tensor, gates: Tensor
) -> tuple[Tensor, list[Tensor], list[Tensor]]:
    """Return outputs, and for each weight W what stands left and right of it.

    The output at a point is ``left · W right`` plus nothing else, for each weight.
    """
    rights = [x / math.sqrt(x.shape[1])]
    for weight in weights[:-1]:
        rights.append(_gated(rights[-1] @ weight.mT, gates))
    f = (rights[-1] @ weights[-1].mT).squeeze(-1)
    lefts = [x.new_ones(len(x), 1)]
    for weight in reversed(weights[1:]):
        back = (lefts[0] @ weight).unflatten(-1, (gates.shape[1], -1))
        summed = (gates.unsqueeze(-1) * back).sum(-2) / math.sqrt(weight.shape[-1])
        lefts.insert(0, summed)
    return f, lefts, rights


def tangent_kernel(weights: list[Tensor], x: Tensor, gates: Tensor) -> Tensor:
    """Return the inner products of the gradients with respect to the tied weights, (..., n, n)."""
    _, lefts, rights = _sides(weights, x, gates)
    return sum((a @ a.mT) * (b @ b.mT) for a, b in zip(lefts, rights, strict=True))


def tied_net(weights: list[Tensor], count: int) -> DLGN:
    """Return one network as a DLGN of width N M with frozen gates whose weights repeat.

    Unit m N + i of a layer has gate m, so its gates are the M gates, each N times.

    Args:
        weights: of one network, without leading axes.
        count: M.
    """
    (width, d), depth = weights[0].shape, len(weights) - 1
    sizes = dict(width=width * count, depth=depth, gate=HardGate(), frozen_gating=True)
    net = DLGN(d, **sizes, generator=torch.Generator().manual_seed(0)).double()
    for layer, weight in enumerate(weights):
        copies = 1 if layer == depth else count
        net.value[layer].weight.data = weight.repeat(copies, 1) / math.sqrt(weight.shape[1])
    return net


def gibbs_means(
    problem: Problem,
    *,
    width: int,
    depth: int,
    temperature: float,
    sweeps: int,
    burn: int,
    generator: torch.Generator,
) -> Tensor:
    """Sample networks from the posterior (s = 1) and average what they say at the test points.

    A layer given the others is linear regression with ``left ⊗ right`` as features, so each layer
    is drawn exactly, one after the other.

    Args:
        problem: the data.
        width: N.
        depth: L.
        temperature: T.
        sweeps: through all layers.
        burn: sweeps at the start that do not count.
        generator: of weights and draws.

    Returns:
        Means of the two halves of the chain, shape (2, k).
    """
    x, gates, y = problem.x, problem.gates, problem.y
    sizes = (x.shape[1], width, gates.shape[1], depth)
    weights = [weight[0] for weight in prior_weights(sizes, generator)]
    noise = temperature * torch.eye(len(x), dtype=x.dtype)
    halves = torch.zeros(2, len(problem.test_x), dtype=x.dtype)
    options = dict(generator=generator, dtype=x.dtype)
    for sweep in range(sweeps):
        for layer in range(depth + 1):
            _, lefts, rights = _sides(weights, x, gates)
            left, right = lefts[layer], rights[layer]
            drawn = torch.randn(weights[layer].shape, **options)
            error = math.sqrt(temperature) * torch.randn(len(x), **options)
            gram = (left @ left.mT) * (right @ right.mT) + noise
            gap = y - error - ((left @ drawn) * right).sum(-1)
            dual = torch.linalg.solve(gram, gap)
            weights[layer] = drawn + left.mT @ (dual.unsqueeze(-1) * right)
        if sweep >= burn:
            half = int(sweep >= (sweeps + burn) / 2)
            halves[half] += output(weights, problem.test_x, problem.test_gates)
    return halves / ((sweeps - burn) / 2)


def descend(
    problem: Problem, *, width: int, nets: int, rate: float, steps: int, generator: torch.Generator
) -> Tensor:
    """Train networks with one hidden layer from the prior (s = 1) by plain gradient descent.

    The loss is half the squared error, summed over the points.

    Args:
        problem: the data.
        width: N.
        nets: how many networks.
        rate: the learning rate.
        steps: of descent.
        generator: of the first weights.

    Returns:
        Their outputs at the test points, shape (nets, k).
    """
    x, gates, y = problem.x, problem.gates, problem.y
    sizes = (x.shape[1], width, gates.shape[1], 1)
    first, readout = prior_weights(sizes, generator, copies=nets)
    readout = readout.squeeze(1).unflatten(-1, (-1, width))
    scale = (x.shape[1] * readout[0].numel()) ** -0.5
    for _ in range(steps):
        f = scale * ((gates @ (readout @ first)) * x).sum(-1)  # g(x)ᵀ A W x
        pull = rate * scale * gates.mT @ ((f - y).unsqueeze(-1) * x)
        readout, first = readout - pull @ first.mT, first - readout.mT @ pull
    return output([first, readout.flatten(1).unsqueeze(1)], problem.test_x, problem.test_gates)
