"""The layers' shares of the kernel, from a and δ, in tiles and blocks of bounded memory.

There are two ways, each used where it is cheap. A dense layer's share is a product of two small
Gram matrices; all dense layers are summed in one tile while it is in the cache, so ``out`` is
written once (``write_dense``). Any other layer needs its Jacobians, which are large: they are
computed for a block of points at a time, and layer by layer (``add_jacobians``).
"""

import math

import torch
from torch import Tensor
from torch.func import functional_call, vjp, vmap

from halfspace.ntk._recording import Layer

__all__ = ["add_jacobians", "factors", "jacobian", "write_dense"]

_TILE = {"cpu": 256}  # tiles of this side fit a core's second-level cache
_TILE_ELSEWHERE = 4096  # an accelerator is faster with fewer, larger products


def factors(a: Layer, b: Layer, full: bool, index: tuple[int, ...]) -> tuple:
    """Return a dense layer's a (n, in) and δ (g, n, k) for both sets, and its trained parameters.

    Both sets' tensors are those of one stacked copy. For the full kernel there are g = c groups of
    k = out gradients, one for each output. For the trace there is a single group of k = c · out:
    the inner product of all outputs' gradients, one after the other, is the sum over outputs.
    """
    sides = []
    for layer in (a, b):
        inputs, deltas = layer.inputs[0], layer.deltas[0]
        inputs = inputs.expand(*deltas.shape[1:-2], *inputs.shape[-2:])[index]
        deltas = deltas[(slice(None), *index)]
        if not full:
            deltas = deltas.movedim(0, 1).flatten(1)[None]
        sides += [inputs, deltas]
    return *sides, a.trained().keys()


def write_dense(out: Tensor, factors: list[tuple], memory: int, symmetric: bool) -> None:
    """Write Σ_ℓ ⟨a, a'⟩ ⟨δ, δ'⟩ over dense layers into ``out`` (n, n', g, g), tile by tile.

    A tile holds g² numbers for each pair of points, so its side in points shrinks with g. All tiles
    use the same working memory: the sum over layers, ⟨δ, δ'⟩ and ⟨a, a'⟩.
    """
    n, n_other, g, _ = out.shape
    largest = _TILE.get(out.device.type, _TILE_ELSEWHERE) // math.isqrt(g)
    side = _side(memory // 3, g, out, largest)
    sums, inners, features = (out.new_empty(k * k * side * side) for k in (g, g, 1))
    for i in range(0, n, side):
        for j in range(i if symmetric else 0, n_other, side):
            r, s = min(side, n - i), min(side, n_other - j)
            total = sums[: g * r * g * s].view(g, r, g, s).zero_()
            inner = inners[: g * r * g * s].view(g * r, g * s)
            feature = features[: r * s].view(r, s)
            for a, delta, a_other, delta_other, trained in factors:
                left = delta[:, i : i + r].reshape(g * r, -1)
                right = delta_other[:, j : j + s].reshape(g * s, -1)
                torch.mm(left, right.T, out=inner)
                if "weight" not in trained:
                    total.add_(inner.view_as(total))
                    continue
                torch.mm(a[i : i + r], a_other[j : j + s].T, out=feature)
                if "bias" in trained:
                    feature.add_(1)  # a bias is the weight of a constant input 1
                total.addcmul_(inner.view_as(total), feature[:, None, :])
            out[i : i + r, j : j + s] = total.permute(1, 3, 0, 2)
            if symmetric and j > i:
                out[j : j + s, i : i + r] = total.permute(3, 1, 2, 0)


def add_jacobians(out: Tensor, first: Layer, second: Layer, memory: int) -> None:
    """Add the Gram matrix of one layer's Jacobians to ``out`` (n, n', g, g), block by block."""
    n, n_other, g, _ = out.shape
    if not (n and n_other):
        return
    symmetric = second is first
    # Half of the memory is for the Gram matrix of two blocks, half for the two blocks' Jacobians.
    # While the first block is held, computing the second takes up to three times its size.
    parameters = sum(p.numel() for p in first.trained().values())
    a_and_delta = sum(a[0].numel() for a in first.inputs)
    a_and_delta += sum(delta[0, 0].numel() for delta in first.deltas)
    bytes_per_point = out.element_size() * g * (4 * parameters + 2 * a_and_delta)
    side = _side(memory // 2, g, out, max(1, memory // 2 // bytes_per_point))
    # The trace is a sum over outputs: one output at a time needs c times less memory.
    for part in [slice(None)] if g > 1 else [slice(c, c + 1) for c in range(len(first.deltas[0]))]:
        for i in range(0, n, side):
            left = jacobian(first, part, slice(i, i + side))
            for j in range(i if symmetric else 0, n_other, side):
                on_diagonal = symmetric and j == i
                right = left if on_diagonal else jacobian(second, part, slice(j, j + side))
                gram = torch.mm(left.flatten(0, 1), right.flatten(0, 1).T)
                gram = gram.view(g, left.shape[1], g, right.shape[1])
                out[i : i + side, j : j + side] += gram.permute(1, 3, 0, 2)
                if symmetric and j > i:
                    out[j : j + side, i : i + side] += gram.permute(3, 1, 2, 0)


@torch.inference_mode(False)  # tensors made in inference mode have no derivatives
def jacobian(layer: Layer, part: slice, points: slice) -> Tensor:
    """Return a layer's Jacobian: the derivatives of some outputs at some points.

    Args:
        layer: a layer with the points along the first axis.
        part: the outputs, g of them.
        points: the points.

    Returns:
        Shape (g, points, parameters), summed over the layer's calls.
    """
    trained = layer.trained()
    if not len(layer.inputs[0]):  # ``vmap`` refuses an empty axis
        width = sum(parameter.numel() for parameter in trained.values())
        return layer.deltas[0].new_zeros(len(layer.deltas[0][part]), 0, width)

    # One point: a single forward pass of the module, then its gradient for each output's δ.
    def pull(a: Tensor, deltas: Tensor) -> Tensor:
        _, back = vjp(lambda p: functional_call(layer.module, p, (a[None].clone(),))[0], trained)
        (grads,) = vmap(back)(deltas)
        return torch.cat([grad.reshape(len(deltas), -1) for grad in grads.values()], dim=1)

    return sum(
        vmap(pull, (0, 1), 1)(a[points], delta[part, points])
        for a, delta in zip(layer.inputs, layer.deltas, strict=True)
    )


def _side(memory: int, g: int, like: Tensor, largest: int) -> int:
    """Return the side of the largest tile whose (g · side)² numbers fit into ``memory`` bytes."""
    return max(1, min(largest, math.isqrt(memory // like.element_size()) // g))
