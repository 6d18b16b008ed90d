"""What the short views compute: sums over edges, a unit's early path, constraints of a net."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from halfspace.nets import GatedNet

__all__ = ["connected_output", "constraints", "first_mean", "free_growth"]


def connected_output(
    weights: Sequence[Tensor], x: Tensor, gates: Tensor, edges: Tensor, outputs: Tensor
) -> Tensor:
    """Return the outputs of many networks of ``halfspace.connectivity`` with the same gates.

    Args:
        weights: U_0, ..., U_H and u, shape (B, ...) each.
        x: inputs, shape (n, d).
        gates: shape (n, H, m).
        edges: c, shape (H, H).
        outputs: o, shape (H + 1,).

    Returns:
        Shape (B, n).
    """
    first, *inner, last = weights
    layers = [x @ first.mT]
    for j, weight in enumerate(inner):
        joined = sum(edges[j, i] * layers[i] for i in range(j + 1))
        layers.append(gates[:, j] * (joined @ weight.mT))
    joined = sum(o * layer for o, layer in zip(outputs, layers, strict=True))
    return (joined @ last.mT).squeeze(-1)


def first_mean(d_in: int) -> float:
    """Return ``E |x_1|`` for x uniform on the sphere of radius √d."""
    # |x_1|/√d has the mean Γ(d/2) / (√π Γ((d + 1)/2)).
    return math.sqrt(d_in / math.pi) * math.exp(math.lgamma(d_in / 2) - math.lgamma((d_in + 1) / 2))


def free_growth(along: Tensor, outer: Tensor, rate: float, steps: int) -> tuple[Tensor, Tensor]:
    """Follow a unit while no example is satisfied: ``v' = r a``, ``a' = r v``, in Euler steps.

    For small steps it is ``v(t) = v cosh(rt) + a sinh(rt)``, and the same with v and a exchanged.

    Args:
        along: v, the component of the unit's weights along the label's direction.
        outer: a, its output weight.
        rate: r times the step's length.
        steps: number of steps.

    Returns:
        v and a after the steps.
    """
    up, down = (1 + rate) ** steps, (1 - rate) ** steps
    even, odd = (up + down) / 2, (up - down) / 2
    return along * even + outer * odd, outer * even + along * odd


@torch.no_grad()
def constraints(net: GatedNet, x: Tensor, gates: Tensor) -> Tensor:
    """Write a net at one input as linear constraints ``z = A z + (x, 0)`` of all its activities.

    z holds the input, the units of all layers and the output, in this order. Entry (k, j) of A is
    the value weight from j to k, times the gate of k. A is nilpotent, so ``(I - A)⁻¹ = Σ_k A^k``
    sums over the active paths between any two units. Its last row is the derivative of the output
    by each activity: the multipliers of the constraints.

    Args:
        net: a dense net without biases and with one output.
        x: one input, shape (d,).
        gates: its gates, shape (H, m).

    Returns:
        A, shape (d + Hm + 1, d + Hm + 1).
    """
    sizes = [len(x), *(len(layer) for layer in gates), 1]
    masks = [*gates, torch.ones_like(gates[0, :1])]
    matrix = x.new_zeros(sum(sizes), sum(sizes))
    start = 0
    for layer, mask, below in zip(net.value, masks, sizes, strict=False):
        above = start + below
        rows, columns = slice(above, above + len(mask)), slice(start, above)
        matrix[rows, columns] = mask[:, None] * layer.weight
        start = above
    return matrix
