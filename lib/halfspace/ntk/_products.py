"""The layers' shares of the kernel, from a and δ, in tiles and blocks of bounded memory.

There are two ways, each used where it is cheap. A dense layer's share is a product of two small
Gram matrices; all dense layers are summed in one tile while it is in the cache, so ``out`` is
written once (``write_dense``). Any other layer needs its Jacobians, which are large: they are
computed for a block of points at a time, and layer by layer (``add_jacobians``).
"""

import math
from collections.abc import Mapping
from functools import reduce

import torch
from torch import Tensor, nn
from torch.func import functional_call, vjp, vmap
from torch.nn.functional import unfold

from halfspace.ntk._recording import Layer

__all__ = ["add_jacobians", "factors", "jacobian", "write_dense"]

_TILE = {"cpu": 256}  # tiles of this side fit a core's second-level cache
_PATCHES = 2**22  # numbers of patches and gradients that are held at a time: 16 MiB in float32
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
    symmetric, count = second is first, len(first.deltas[0])
    # Half of the memory is for the Gram matrix of two blocks, half for the two blocks' Jacobians.
    numbers, each = max(1, memory // 2 // out.element_size()), _numbers(first)
    # The trace is a sum over outputs: if not all fit at once, some at a time need less memory.
    rounds = 1 if g > 1 else min(count, math.ceil(count * n * each / numbers))
    together = math.ceil(count / rounds)
    side = _side(memory // 2, g, out, max(1, numbers // (together * each)))
    for c in range(0, count, together):
        part = slice(c, c + together)
        for i in range(0, n, side):
            left = _jacobians(first, part, slice(i, i + side))
            for j in range(i if symmetric else 0, n_other, side):
                on_diagonal = symmetric and j == i
                right = left if on_diagonal else _jacobians(second, part, slice(j, j + side))
                gram = _gram(left, right, g)
                out[i : i + side, j : j + side] += gram.permute(0, 2, 1, 3)
                if symmetric and j > i:
                    out[j : j + side, i : i + side] += gram.permute(2, 0, 3, 1)


def _gram(left: list[Tensor], right: list[Tensor], g: int) -> Tensor:
    """Return the inner products of Jacobians, (r, g, s, g), summed over the parameters' tensors."""
    r, s = len(left[0]), len(right[0])
    gram = left[0].new_zeros(r * g, s * g)
    for one, other in zip(left, right, strict=True):
        gram.addmm_(one.view(r * g, -1), other.view(s * g, -1).T)
    return gram.view(r, g, s, g)


def _numbers(layer: Layer) -> int:
    """Return how many numbers the Jacobian of a point and an output needs, of two blocks."""
    parameters = sum(p.numel() for p in layer.trained().values())
    if _has_patches(layer):
        return 2 * parameters
    a_and_delta = sum(a[0].numel() for a in layer.inputs)
    a_and_delta += sum(delta[0, 0].numel() for delta in layer.deltas)
    # While one block of points is held, computing another takes up to three times its size.
    return 4 * parameters + 2 * a_and_delta


def jacobian(layer: Layer, part: slice, points: slice) -> Tensor:
    """Return a layer's Jacobian: the derivatives of some outputs at some points.

    Args:
        layer: a layer with the points along the first axis.
        part: the outputs, g of them.
        points: the points.

    Returns:
        Shape (points, g, parameters), summed over the layer's calls.
    """
    return torch.cat(_jacobians(layer, part, points), -1)


@torch.inference_mode(False)  # tensors made in inference mode have no derivatives
def _jacobians(layer: Layer, part: slice, points: slice) -> list[Tensor]:
    """Return a layer's Jacobian by its parameters' tensors: (points, g, numbers), contiguous."""
    trained = layer.trained()
    if not len(layer.inputs[0]):  # ``vmap`` refuses an empty axis
        g = len(layer.deltas[0][part])
        return [layer.deltas[0].new_zeros(0, g, p.numel()) for p in trained.values()]

    # One point: a single forward pass of the module, then its gradient for each output's δ.
    def pull(a: Tensor, deltas: Tensor) -> list[Tensor]:
        _, back = vjp(lambda p: functional_call(layer.module, p, (a[None].clone(),))[0], trained)
        (grads,) = vmap(back)(deltas)
        return [grad.reshape(len(deltas), -1) for grad in grads.values()]

    def of_call(a: Tensor, delta: Tensor) -> list[Tensor]:
        if _has_patches(layer):
            return _from_patches(layer.module, trained, a, delta)
        return vmap(pull, (0, 1))(a, delta)

    calls = [
        of_call(a[points], delta[part, points])
        for a, delta in zip(layer.inputs, layer.deltas, strict=True)
    ]
    return [reduce(torch.add, shares).contiguous() for shares in zip(*calls, strict=True)]


def _has_patches(layer: Layer) -> bool:
    """Tell whether a layer is a plain two-dimensional convolution, called with batches of images.

    Its output is a product of its weights with patches of the input.
    """
    module = layer.module
    return (
        type(module) is nn.Conv2d
        and module.groups == 1
        and module.padding_mode == "zeros"
        and not isinstance(module.padding, str)
        and all(a.ndim == 4 for a in layer.inputs)
    )


def _from_patches(
    module: nn.Conv2d, trained: Mapping[str, Tensor], a: Tensor, delta: Tensor
) -> list[Tensor]:
    """Return a convolution's Jacobian by its parameters' tensors, (points, g, numbers) each.

    The weights' gradient is ``Σ_p δ_p · patch_pᵀ`` over the output's pixels p: for each point, one
    product of the gradients of all outputs and channels with the patches.
    """
    g, n, channels = delta.shape[:3]
    numbers, parts = module.weight[0].numel(), {}
    if "weight" in trained:
        weight = parts["weight"] = delta.new_empty(n, g * channels, numbers)
        pixels = delta[0, 0, 0].numel()
        points = max(1, _PATCHES // (pixels * (numbers + g * channels)))
        for i in range(0, n, points):
            some = slice(i, i + points)
            patches = unfold(
                a[some], module.kernel_size, module.dilation, module.padding, module.stride
            )
            rows = delta[:, some].movedim(0, 1).flatten(3).flatten(1, 2)
            torch.bmm(rows, patches.mT, out=weight[some])
    if "bias" in trained:
        parts["bias"] = delta.sum((-2, -1)).movedim(0, 1)
    return [parts[name].reshape(n, g, -1) for name in trained]


def _side(memory: int, g: int, like: Tensor, largest: int) -> int:
    """Return the side of the largest tile whose (g · side)² numbers fit into ``memory`` bytes."""
    return max(1, min(largest, math.isqrt(memory // like.element_size()) // g))
