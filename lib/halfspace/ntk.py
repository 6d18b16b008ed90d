"""Empirical neural tangent kernel by layers.

``Θ(x, x') = Σ_c ⟨∇_θ y_c(x), ∇_θ y_c(x')⟩`` over the trained parameters. A dense layer with input a
and pre-activation gradient δ has per-sample weight gradient δ aᵀ, so its share of the kernel is
``⟨δ, δ'⟩ ⟨a, a'⟩`` (and ``⟨δ, δ'⟩`` for its bias): no Jacobian is formed. One forward pass records
every a, one backward pass per output every δ.
"""

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from halfspace.nets import Linear

__all__ = ["empirical_ntk"]


def empirical_ntk(
    net: nn.Module, x: Tensor, other: Tensor | None = None, *, rows: int = 1024
) -> Tensor:
    """Compute the empirical NTK, summed over outputs (its trace form).

    Args:
        net: a network of ``halfspace.nets``, possibly stacked; parameters that need no gradient (a
            frozen gating network) are left out. Its own gate is used: a hard gate passes no
            gradient to the gating network.
        x: inputs, shape (n, d), or (..., n, d) for a stacked net.
        other: inputs of a second set, shape (..., n', d); the first set if ``None``.
        rows: rows of the kernel computed at a time: the working memory is about ``3 · rows · n'``
            numbers.

    Returns:
        Shape (..., n, n'), in the dtype of the net.

    Raises:
        ValueError: if no parameter of the net needs a gradient or ``rows`` is not positive.
    """
    if rows < 1:
        raise ValueError(f"rows must be positive; got {rows}")
    first = _capture(net, x)
    second = first if other is None else _capture(net, other)
    blocks = []
    for start in range(0, x.shape[-2], rows):
        block = slice(start, start + rows)
        blocks.append(sum(_layer_shares(first, second, block)))
    return torch.cat(blocks, dim=-2)


def _layer_shares(first: list, second: list, block: slice) -> Iterator[Tensor]:
    for (layer, a, deltas), (_, a_other, deltas_other) in zip(first, second, strict=True):
        inner = sum(
            d[..., block, :] @ d_other.mT for d, d_other in zip(deltas, deltas_other, strict=True)
        )
        share = 0
        if layer.weight.requires_grad:
            share = inner * (a[..., block, :] @ a_other.mT)
        if layer.bias is not None and layer.bias.requires_grad:
            share = share + inner
        yield share


def _capture(net: nn.Module, x: Tensor) -> list[tuple[Linear, Tensor, list[Tensor]]]:
    """Record each trained layer's input a (..., n, in) and, per output, its δ (..., n, out)."""
    layers = [
        module
        for module in net.modules()
        if isinstance(module, Linear) and any(p.requires_grad for p in module.parameters())
    ]
    if not layers:
        raise ValueError("the NTK needs a net with trained parameters; none needs a gradient")
    seen: dict[Linear, tuple[Tensor, Tensor]] = {}
    hooks = [
        layer.register_forward_hook(lambda module, args, out: seen.update({module: (args[0], out)}))
        for layer in layers
    ]
    try:
        with torch.enable_grad():
            outputs = net(x)
    finally:
        for hook in hooks:
            hook.remove()
    pre = [seen[layer][1] for layer in layers]
    # Samples and stacked copies do not mix, so the gradient of a sum holds every sample's own
    # gradient.
    deltas = [
        torch.autograd.grad(
            outputs[..., c].sum(), pre, retain_graph=True, allow_unused=True, materialize_grads=True
        )
        for c in range(outputs.shape[-1])
    ]
    lead = outputs.shape[:-2]
    return [
        (
            layer,
            seen[layer][0].detach().expand(*lead, *seen[layer][0].shape[-2:]),
            [delta[index] for delta in deltas],
        )
        for index, layer in enumerate(layers)
    ]
