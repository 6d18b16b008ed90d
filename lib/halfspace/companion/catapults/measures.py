"""The plane map of the smallest model, gates and paths of many nets, and the norm after a step."""

import copy

import numpy as np
import torch
from torch import Tensor

from halfspace.descent import descend, largest_eigenvalue
from halfspace.gates import is_active
from halfspace.nets import GatedNet
from halfspace.ntk import empirical_ntk

__all__ = [
    "flight",
    "gate_numbers",
    "gating_share",
    "norm_change",
    "plane_map",
    "squared_norm",
    "trajectory",
]

Values = float | np.ndarray


def plane_map(s: Values, kappa: Values) -> tuple[Values, Values]:
    """Do one step of gradient descent on ``(u·v)² / 2n``, in two numbers.

    Args:
        s: α² f² / n, for the output ``f = u·v / √n``.
        kappa: the learning rate α times the NTK ``(|u|² + |v|²) / n``.

    Returns:
        Both after the step.
    """
    return s * (1 - kappa + s) ** 2, kappa + s * (kappa - 4)


def trajectory(s: float, kappa: float, steps: int) -> np.ndarray:
    """Return ``plane_map`` iterated, shape (steps + 1, 2); infinite numbers stay."""
    points = [(s, kappa)]
    with np.errstate(over="ignore", invalid="ignore"):
        for _ in range(steps):
            points.append(plane_map(*map(np.float64, points[-1])))
    return np.array(points)


def squared_norm(net: GatedNet, all_weights: bool = False) -> Tensor:
    """Return the squared norm of each copy's value weights, or of all, shape (S,)."""
    weights = (net if all_weights else net.value).parameters()
    return sum(weight.square().flatten(1).sum(1) for weight in weights)


def norm_change(
    net: GatedNet, x: Tensor, y: Tensor, rates: Tensor, all_weights: bool = False
) -> Tensor:
    """Return how much a step changes a squared norm, if the output is homogeneous in the weights.

    With outputs homogeneous of degree p in weights θ, errors e and θ's own NTK Θ, a step changes
    |θ|² by ``(α/n) [eᵀ (α Θ/n − 2p) e − 2p e·y]``. Here p is the number of value layers.

    Args:
        net: S stacked copies with one output.
        x: inputs, shape (n, d).
        y: targets, shape (n, 1).
        rates: learning rates α, shape (S,).
        all_weights: take the gating weights for θ, too.

    Returns:
        Shape (S,).
    """
    with torch.no_grad():
        errors = (net(x) - y)[..., 0]
    if net.has_gating and not all_weights:
        net = copy.deepcopy(net)
        net.gating.requires_grad_(False)
    degree, n = len(net.value), len(x)
    bent = torch.einsum("si,sij,sj->s", errors, empirical_ntk(net, x), errors) / n
    straight = 2 * degree * (errors.square().sum(1) + errors @ y[:, 0])
    return rates / n * (rates * bent - straight)


def gating_share(net: GatedNet, x: Tensor) -> Tensor:
    """Return the share of the weights that decide gates in the NTK's trace, shape (S,).

    Those are the gating weights, none if they are frozen; in a ReLU net all layers but the last.

    Args:
        net: S stacked copies.
        x: inputs, shape (n, d).
    """
    rest = copy.deepcopy(net)
    for layer in rest.gating if rest.has_gating else rest.value[:-1]:
        layer.requires_grad_(False)
    traces = [empirical_ntk(part, x).diagonal(dim1=-2, dim2=-1).sum(-1) for part in (rest, net)]
    return 1 - traces[0] / traces[1]


def gate_numbers(net: GatedNet, points: Tensor, first: Tensor | None) -> tuple[dict, Tensor]:
    """Return what hard gates do at some points.

    Args:
        net: S stacked copies.
        points: shape (n, d).
        first: the hard gates of another time, (S, n, H, m); those of now if ``None``.

    Returns:
        By name, shape (S,): activity: mean gate; flips: share of gates that differ from ``first``;
        off: share of units that are active at no point; paths (S, n): ln of the number of active
        paths, 0 where there is none. Then the gates.
    """
    gates = is_active(net.preactivations(points))
    first = gates if first is None else first
    numbers = {
        "activity": gates.mean((1, 2, 3)),
        "flips": (gates != first).double().mean((1, 2, 3)),
        "off": 1 - gates.amax(1).mean((1, 2)),
        "paths": gates.sum(-1).prod(-1).clamp(min=1).log(),
    }
    return numbers, gates


def flight(
    net: GatedNet, x: Tensor, y: Tensor, rates: Tensor, *, steps: int, every: int
) -> dict[str, np.ndarray]:
    """Train by gradient descent, and return what a flight looks like.

    Args:
        net: S stacked copies, trained in place.
        x: inputs, shape (n, d).
        y: targets, shape (n, 1).
        rates: learning rates α, shape (S,).
        steps: how many.
        every: steps between two records.

    Returns:
        steps (k,); loss, over its start; kappa: α times the NTK's largest eigenvalue over n; norm:
        squared norm of the value weights, over its start; (k, S) each.
    """

    def measure(net: GatedNet) -> dict[str, Tensor]:
        return {"kappa": rates * largest_eigenvalue(net, x), "norm": squared_norm(net)}

    record = range(0, steps + 1, every)
    found = descend(net, x, y, rates=rates, steps=steps, measure=measure, record=record)
    loss, norm = found.losses[list(record)], found.measures["norm"]
    return {
        "steps": found.record,
        "loss": loss / loss[0],
        "kappa": found.measures["kappa"],
        "norm": norm / norm[0],
    }
