"""What moves a DLGN's half-spaces first: gradients in closed form, and angles that normals turn."""

import torch
from scipy import stats
from torch import Tensor

from halfspace._checks import check_shape
from halfspace.nets import DLGN
from halfspace.regions import half_spaces

__all__ = ["first_normals", "gating_gradients", "rank_correlations", "turned"]


@torch.no_grad()
def gating_gradients(net: DLGN, x: Tensor, y: Tensor) -> list[Tensor]:
    """Return the gradients of the mean squared error by the gating network's weights.

    With residual r = f − y, values z_ℓ = g_ℓ ∘ p_ℓ, p_ℓ = U_ℓ z_{ℓ-1}, and their sensitivities
    c_H = U_outᵀ r, c_{ℓ-1} = U_ℓᵀ (g_ℓ ∘ c_ℓ), the signal at a unit is

        e_ℓ = (2/n) β σ'(β η_ℓ) ∘ c_ℓ ∘ p_ℓ.

    The gating network is linear, so the signals of later layers add to a layer's:
    s_ℓ = e_ℓ + W_{ℓ+1}ᵀ s_{ℓ+1}. The gradient by W_ℓ is the sum of s_ℓ η_{ℓ-1}ᵀ over the points.
    Where gates are soft, β σ' is β/4 for every unit and every point. Where they are hard, it
    differs from zero only near a unit's own boundary.

    Args:
        net: a DLGN with soft or straight-through gates, possibly stacked, not shallow.
        x: inputs, shape (n, d).
        y: targets, shape (n, 1).

    Returns:
        For each layer the gradient of each copy's own loss, of the shape of its weights.

    Raises:
        ValueError: if y has the wrong shape, or the net is shallow or passes no gradient.
    """
    check_shape("y", y, (len(x), 1))
    if net.shallow:
        raise ValueError("gating_gradients is for gating networks whose layers read each other")
    etas = net.preactivations(x)
    slopes = net.gate.derivative(etas)
    if slopes is None:
        raise ValueError("hard gates pass no gradient; use soft or straight-through ones")
    gates = net.gate(etas).unbind(-2)
    values, z = [], net._value_input(x)
    for layer, gate in zip(net.value, gates, strict=False):
        values.append(layer(z))
        z = gate * values[-1]
    signals = 2 / len(x) * (net.value[-1](z) - y)
    own = []
    for layer, gate, value in zip(net.value[:0:-1], gates[::-1], values[::-1], strict=True):
        sensitivity = signals @ layer.weight
        own.append(sensitivity * value)
        signals = sensitivity * gate
    later, gradients = 0, []
    inputs = [x, *etas.unbind(-2)]
    for number, slope in reversed(list(enumerate(slopes.unbind(-2)))):
        signal = slope * own[-1 - number] + later
        gradients.append(signal.mT @ inputs[number])
        later = signal @ net.gating[number].weight
    return gradients[::-1]


@torch.no_grad()
def first_normals(net: DLGN, x: Tensor, y: Tensor, size: float) -> Tensor:
    """Return the half-spaces' normals after the first steps of Adam, as the start predicts them.

    Adam divides a gradient by its size. As long as gradients keep their signs, T steps of rate α
    move each weight by αT against the sign of its gradient, however large that is. The normals
    V_ℓ = W_ℓ ⋯ W_1 then change, to first order, by ΔV_ℓ = ΔW_ℓ V_{ℓ-1} + W_ℓ ΔV_{ℓ-1}.

    Args:
        net: as for ``gating_gradients``, without biases.
        x: inputs, shape (n, d).
        y: targets, shape (n, 1).
        size: αT.

    Returns:
        Shape (..., H, m, d).

    Raises:
        ValueError: as ``gating_gradients``.
    """
    normals = half_spaces(net)[0]
    change, changes = torch.zeros_like(net.gating[0].weight), []
    for number, gradient in enumerate(gating_gradients(net, x, y)):
        step = -size * gradient.sign()
        if number == 0:
            change = step
        else:
            change = step @ normals[..., number - 1, :, :] + net.gating[number].weight @ change
        changes.append(change)
    return normals + torch.stack(changes, dim=-3)


def turned(before: Tensor, after: Tensor) -> Tensor:
    """Return the angles, counter-clockwise, by which normals in the plane turned, in radians.

    Args:
        before: shape (..., 2).
        after: of the same shape.

    Returns:
        Between −π and π, shape (...).
    """
    across = before[..., 0] * after[..., 1] - before[..., 1] * after[..., 0]
    return torch.atan2(across, (before * after).sum(-1))


def rank_correlations(first: Tensor, second: Tensor) -> Tensor:
    """Return the rank correlation of each row of two (S, k) tensors, float64, shape (S,)."""
    pairs = zip(first.numpy(), second.numpy(), strict=True)
    found = [stats.spearmanr(one, other).statistic for one, other in pairs]
    return torch.tensor(found, dtype=torch.float64)
