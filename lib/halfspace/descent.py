"""Full-batch gradient descent with a step of its own for each copy, and the curvature it meets.

The loss of a copy is ``L = Σ_i |e_i|² / (2n)``, with the errors ``e_i = y(x_i) - y_i`` at n points.
Linearised at a net, descent on it multiplies the errors by ``I - α Θ / n`` at each step: it is
stable if the learning rate α is below 2 over the largest eigenvalue of ``Θ / n``.

Reference: Lewkowycz, Bahri, Dyer, Sohl-Dickstein and Gur-Ari 2020, The Large Learning Rate Phase of
Deep Learning: the Catapult Mechanism, which asks what happens beyond.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from halfspace._checks import check_integer, check_shape
from halfspace.nets import GatedNet
from halfspace.ntk import empirical_ntk
from halfspace.training import net_losses

__all__ = ["Descent", "descend", "largest_eigenvalue"]

Measure = Callable[[GatedNet], Mapping[str, Tensor]]


@dataclass(frozen=True, kw_only=True)
class Descent:
    """The record of ``descend``.

    Attributes:
        losses: loss before each step and after the last, float64, shape (steps + 1, S); infinite
            from the step on at which a copy diverged.
        diverged: copies that did, bool, shape (S,).
        record: recorded steps, in order, shape (T,).
        measures: by name, the values at these steps, shape (T, S, ...).

    Example:
        >>> from halfspace.nets import ReLUNet, stack
        >>> net = stack([ReLUNet(2, width=4, depth=1) for _ in range(3)])
        >>> x = torch.ones(5, 2)
        >>> found = descend(net, x, x[:, :1], rates=torch.full((3,), 0.1), steps=4)
        >>> found.losses.shape, found.diverged.shape
        ((5, 3), (3,))
    """

    losses: np.ndarray
    diverged: np.ndarray
    record: np.ndarray
    measures: dict[str, np.ndarray]


def descend(
    net: GatedNet,
    x: Tensor,
    y: Tensor,
    *,
    rates: Tensor,
    steps: int,
    measure: Measure | None = None,
    record: Sequence[int] = (),
    limit: float = 1e9,
) -> Descent:
    """Train a stacked net in place, all copies on all points.

    A copy whose loss is not finite, or above a limit, has diverged: it keeps its weights from then
    on and does not disturb the others.

    Args:
        net: S stacked copies.
        x: inputs, shape (n, d).
        y: targets, shape (n, c).
        rates: each copy's learning rate, positive, shape (S,).
        steps: how many.
        measure: maps the net to named values of shape (S, ...), called without gradients at the
            recorded steps.
        record: these, each from 0 to ``steps``.
        limit: of the loss.

    Raises:
        ValueError: if a number is out of range, or a shape is wrong.

    Example:
        One net with a step below the limit of stability, and the same net with one above:

        >>> from halfspace.nets import DeepLinearNet, stack
        >>> start = torch.Generator().manual_seed(0)
        >>> net = DeepLinearNet(2, width=4, depth=1, generator=start).double()
        >>> x, both = torch.eye(2).double(), stack([net, net])
        >>> rates = torch.tensor([0.5, 50.0]) / largest_eigenvalue(both, x)
        >>> descend(both, x, x[:, :1], rates=rates, steps=50).diverged.tolist()
        [False, True]
    """
    steps = check_integer("steps", steps)
    copies = len(net.value[0].weight)
    check_shape("rates", rates, (copies,))
    if not (rates > 0).all():
        raise ValueError(f"rates must be positive; got {rates.tolist()}")
    wanted = sorted(set(record))
    if wanted and (measure is None or not 0 <= wanted[0] <= wanted[-1] <= steps):
        raise ValueError(f"record needs a measure, and steps from 0 to {steps}; got {wanted}")
    weights = [weight for weight in net.parameters() if weight.requires_grad]
    options = {}
    if getattr(net, "frozen_gating", False):
        with torch.no_grad():
            options["gates"] = net.gates(x)
    alive = torch.ones(copies, dtype=torch.bool, device=x.device)
    losses, rows = [], []
    for step in range(steps + 1):
        if step in wanted:
            with torch.no_grad():
                rows.append({name: v.cpu().numpy() for name, v in measure(net).items()})
        loss = net_losses(net(x, **options), y, "mse") * (y.shape[-1] / 2)
        alive = alive & (loss.detach() <= limit)  # false for NaN
        losses.append(torch.where(alive, loss.detach(), math.inf).double().cpu().numpy())
        if step == steps:
            break
        gradients = torch.autograd.grad(loss.sum(), weights)
        with torch.no_grad():
            for weight, gradient in zip(weights, gradients, strict=True):
                shape = (copies, *[1] * (weight.ndim - 1))
                move = rates.to(weight.dtype).view(shape) * gradient
                weight -= torch.where(alive.view(shape), move, 0)
    return Descent(
        losses=np.stack(losses),
        diverged=~alive.cpu().numpy(),
        record=np.array(wanted, dtype=np.int64),
        measures={name: np.stack([row[name] for row in rows]) for name in rows[0]} if rows else {},
    )


def largest_eigenvalue(net: GatedNet, x: Tensor) -> Tensor:
    """Return the largest eigenvalue of the empirical NTK over the number of points, Θ / n.

    With several outputs, Θ has a row and a column for each output of each point.

    Args:
        net: a net of ``halfspace.nets``, possibly stacked.
        x: inputs, shape (n, d).

    Returns:
        Shape (...,): those of the stack; NaN for copies whose weights or kernel are not finite.

    Example:
        A linear model of two orthogonal inputs has the kernel ⟨x, x'⟩.

        >>> from torch import nn
        >>> x = torch.tensor([[2.0, 0.0], [0.0, 1.0]])
        >>> largest_eigenvalue(nn.Linear(2, 1, bias=False), x)
        tensor(2.)
    """
    kernel = empirical_ntk(net, x, outputs="full").transpose(-3, -2)  # (..., n, c, n, c)
    size = kernel.shape[-4] * kernel.shape[-3]
    matrices = kernel.reshape(*kernel.shape[:-4], size, size)
    finite = matrices.isfinite().all(-1).all(-1)[..., None, None]
    largest = torch.linalg.eigvalsh(torch.where(finite, matrices, 0))[..., -1] / x.shape[0]
    return torch.where(finite[..., 0, 0], largest, math.nan)
