"""Inputs and output gradients of every layer of the nets of ``halfspace.nets``, in closed form.

From output c down, the value network's gradients are ``δ_ℓ = g_ℓ ∘ U_{ℓ+1}ᵀ δ_{ℓ+1}`` with the
gates g; a deep linear net has ones in their place. The gating network of a DLGN gets the gradients
``ε_ℓ = g'_ℓ ∘ (U_ℓ z_{ℓ-1}) ∘ U_{ℓ+1}ᵀ δ_{ℓ+1} + W_{ℓ+1}ᵀ ε_{ℓ+1}``, with the gates' derivative g';
with shallow gating, no layer is above another, and the last term is missing.
"""

import torch
from torch import Tensor, nn

from halfspace.nets import DLGN, DeepLinearNet, ReLUNet
from halfspace.ntk._recording import Layer, Record, check_outputs

__all__ = ["closed_form", "has_closed_form"]


def has_closed_form(net: nn.Module) -> bool:
    """Tell whether the net is one of ``halfspace.nets``, none of whose modules has a hook."""
    return type(net) in (ReLUNet, DeepLinearNet, DLGN) and not any(
        module._forward_hooks or module._forward_pre_hooks for module in net.modules()
    )


@torch.no_grad()
def closed_form(net: nn.Module, leaves: dict[str, nn.Module], x: Tensor) -> Record:
    """Return the result of ``record`` for a net with a closed form."""
    x = x.detach()
    gates, derivatives, lower = _gates(net, x)
    z = torch.ones_like(x[..., :1, :]).expand(x.shape) if net.constant_input else x
    inputs, before = [z], []
    for layer, number in zip(net.value[:-1], range(net.depth), strict=True):
        pre = layer(z)
        if net.has_gating:
            z = pre * gates[number]
        elif net.has_linear_gating:
            z = pre
        else:
            z = pre.relu()
            gates.append((pre > 0).to(pre.dtype))
        before.append(pre)
        inputs.append(z)
    outputs = net.value[-1](z)
    check_outputs(outputs, x)

    a_and_delta = {}
    # One group of gradients for each output, along the first axis.
    units = torch.eye(net.d_out, dtype=outputs.dtype, device=outputs.device)
    lead = (1,) * (outputs.ndim - 1)
    delta = units.view(net.d_out, *lead, net.d_out).expand(net.d_out, *outputs.shape)
    a_and_delta[net.value[-1]] = inputs[-1], delta
    # The output layer's gradients are the same at every point, so one row is enough.
    up, epsilon = delta[..., :1, :] @ net.value[-1].weight, None
    for number in reversed(range(net.depth)):
        if derivatives is not None:
            below = up * before[number] * derivatives[number]
            if epsilon is not None and not net.shallow:
                below = below + epsilon @ net.gating[number + 1].weight
            epsilon = below
            a_and_delta[net.gating[number]] = lower[number], epsilon
        delta = up * gates[number] if gates else up
        delta = delta.expand(net.d_out, *outputs.shape[:-1], net.width)
        a_and_delta[net.value[number]] = inputs[number], delta
        if number:
            up = delta @ net.value[number].weight
    layers = []
    for name, module in leaves.items():
        layer = Layer(name, module, dense=module in a_and_delta)
        if layer.dense:
            a, delta = a_and_delta[module]
            layer.inputs.append(a)
            layer.deltas.append(delta)
        layers.append(layer)
    return Record(outputs, layers)


def _gates(net: nn.Module, x: Tensor) -> tuple[list[Tensor], list[Tensor] | None, list[Tensor]]:
    """Return a DLGN's gates, their derivatives and its gating layers' inputs.

    The derivatives are ``None`` if the gating network gets no gradient; other nets have no gates
    here.
    """
    if not net.has_gating:
        return [], None, []
    gates, derivatives, lower, eta = [], [], [], x
    trained = any(parameter.requires_grad for parameter in net.gating.parameters())
    for layer in net.gating:
        below = x if net.shallow else eta
        lower.append(below)
        eta = layer(below)
        gates.append(net.gate(eta))
        if trained:
            derivatives.append(net.gate.derivative(eta))
    passes = trained and derivatives[0] is not None
    return gates, derivatives if passes else None, lower
