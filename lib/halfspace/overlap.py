"""Overlap kernel and path counts, exact: how many active paths two inputs share.

``Λ(x, x') = |A(x) ∩ A(x')| = ∏_ℓ ⟨g_ℓ(x), g_ℓ(x')⟩`` where ``g_ℓ`` holds layer ℓ's hard gates. With
biases, paths start at the constant unit of any layer k too, and ``Λ = Σ_{k=0..H} ∏_{ℓ>k} ⟨g_ℓ,
g'_ℓ⟩``.

Counts are int64 and exact, or refused; the log forms are float64 and serve any size.

Reference: Section 3.2; neural path kernel: Lakshminarayanan and Singh 2020.
"""

import itertools
import math

import torch
from torch import Tensor

__all__ = [
    "active_path_counts",
    "log_active_path_counts",
    "log_overlap_kernel",
    "neural_path_kernel",
    "overlap_kernel",
]

_INT64_MAX = 2**63 - 1
_TILE = 256  # three single-precision tiles of this side fit a core's second-level cache


def overlap_kernel(
    gates: Tensor,
    other: Tensor | None = None,
    *,
    bias: bool = False,
    out: Tensor | None = None,
) -> Tensor:
    """Count the paths that are active for both inputs of each pair.

    The kernel is made in tiles that stay in the processor's cache: each layer's inner products in
    single precision, where they are exact, and their product in the narrowest type that holds it
    exactly. Without a second set only the upper triangle is computed. Beside the result the working
    memory is a copy of the gates in single precision and a few tiles.

    Args:
        gates: hard gates, 0 or 1, shape (..., n, H, m).
        other: hard gates of a second set, shape (..., n', H, m); the first set if ``None``.
        bias: also count the paths that start at the constant unit of a layer.
        out: where to write the result, int64, shape (..., n, n'); a fresh tensor if ``None``. A
            tensor mapped to a file (``torch.from_file``) holds kernels larger than the memory.

    Returns:
        Exact counts, int64, shape (..., n, n'); ``out`` if given.

    Raises:
        ValueError: if gates are not 0/1, the two sets differ in (H, m), or ``out`` does not fit.
        OverflowError: if a count could exceed 2^63 - 1; ``log_overlap_kernel`` serves there.
    """
    first, second = _layers_first(gates, other)
    bounds = _bounds(first, second)
    _refuse_overflow(bounds, bias, "log_overlap_kernel")
    shape = (*first.shape[:-3], first.shape[-2], second.shape[-2])
    if out is None:
        out = torch.empty(shape, dtype=torch.int64, device=gates.device)
    elif out.shape != shape or out.dtype != torch.int64:
        raise ValueError(
            f"out must be int64 of shape {tuple(shape)}; got {out.dtype} of {tuple(out.shape)}"
        )
    types = _exact_types(bounds, bias)
    lead = first.shape[:-3]
    for index in itertools.product(*map(range, lead)):
        _fill(out[index], first[index], second[index], types, bias, symmetric=other is None)
    return out


def log_overlap_kernel(gates: Tensor, other: Tensor | None = None, *, bias: bool = False) -> Tensor:
    """Natural logarithm of the overlap kernel, at any width and depth.

    Args:
        gates: hard gates, shape (..., n, H, m).
        other: hard gates of a second set, or ``None``.
        bias: also count the paths that start at the constant unit of a layer.

    Returns:
        float64, rounded (not exact), minus infinity where no path is shared; shape (..., n, n').

    Raises:
        ValueError: if gates are not 0/1 or the two sets differ in (H, m).
    """
    return _log_sum_of_products(_layer_overlaps(gates, other), bias)


def active_path_counts(gates: Tensor, *, bias: bool = False) -> Tensor:
    """Count each input's active paths: the overlap kernel's diagonal.

    Args:
        gates: hard gates, shape (..., n, H, m).
        bias: also count the paths that start at the constant unit of a layer.

    Returns:
        Exact counts, int64, shape (..., n).

    Raises:
        ValueError: if gates are not 0/1.
        OverflowError: if a count could exceed 2^63 - 1; ``log_active_path_counts`` serves there.
    """
    factors = _active_units(gates)
    _refuse_overflow(
        [int(f.max()) if f.numel() else 0 for f in factors], bias, "log_active_path_counts"
    )
    return _sum_of_products([f.to(torch.int64) for f in factors], bias)


def log_active_path_counts(gates: Tensor, *, bias: bool = False) -> Tensor:
    """Natural logarithm of each input's number of active paths.

    Args:
        gates: hard gates, shape (..., n, H, m).
        bias: also count the paths that start at the constant unit of a layer.

    Returns:
        float64, minus infinity where no path is active; shape (..., n).

    Raises:
        ValueError: if gates are not 0/1.
    """
    return _log_sum_of_products(_active_units(gates), bias)


def neural_path_kernel(
    x: Tensor, gates: Tensor, other_x: Tensor | None = None, other_gates: Tensor | None = None
) -> Tensor:
    """Overlap kernel times the inner product of the inputs, for nets without biases.

    Args:
        x: inputs, shape (n, d).
        gates: their hard gates, shape (n, H, m).
        other_x: inputs of a second set, shape (n', d), or ``None``.
        other_gates: hard gates of the second set, or ``None``.

    Returns:
        float64, shape (n, n').

    Raises:
        ValueError: if gates are not 0/1, or only one of the second set's tensors is given.
        OverflowError: if a count could exceed 2^63 - 1.

    Reference: Lakshminarayanan and Singh 2020, Neural Path Features and Neural Path Kernel.
    """
    if (other_x is None) != (other_gates is None):
        raise ValueError("other_x and other_gates go together; got only one of them")
    other_x = x if other_x is None else other_x
    inner = x.double() @ other_x.double().mT
    return inner * overlap_kernel(gates, other_gates).double()


def _check_hard(gates: Tensor) -> Tensor:
    if gates.ndim < 3:
        raise ValueError(f"gates must have shape (..., n, H, m); got {tuple(gates.shape)}")
    if not ((gates == 0) | (gates == 1)).all():
        raise ValueError("gates must be hard (0 or 1) to count paths; got other values")
    # Sums of at most m ones: float32 is exact to 2^24, far beyond any width; one BLAS call a layer.
    return gates.to(torch.float32)


def _layer_overlaps(gates: Tensor, other: Tensor | None) -> list[Tensor]:
    """Return each layer's ⟨g_ℓ, g'_ℓ⟩, float32 but whole numbers, shape (..., n, n')."""
    first, second = _layers_first(gates, other)
    return [a @ b.mT for a, b in zip(first.unbind(-3), second.unbind(-3), strict=True)]


def _layers_first(gates: Tensor, other: Tensor | None) -> tuple[Tensor, Tensor]:
    """Check both sets and lay them out layer by layer, float32, shape (..., H, n, m)."""
    first = _check_hard(gates)
    second = first if other is None else _check_hard(other)
    if first.shape[-2:] != second.shape[-2:]:
        raise ValueError(
            f"gates must share (H, m); got {tuple(first.shape[-2:])} and {tuple(second.shape[-2:])}"
        )
    first_layers = first.transpose(-3, -2).contiguous()
    if other is None:
        return first_layers, first_layers
    return first_layers, second.transpose(-3, -2).contiguous()


def _bounds(first: Tensor, second: Tensor) -> list[int]:
    """Bound each layer's inner products: the largest number of units that one input has active."""
    if not first.numel() or not second.numel():
        return [0] * first.shape[-3]
    depth = first.shape[-3]
    largest = [g.sum(-1).amax(-1).reshape(-1, depth).amax(0) for g in (first, second)]
    return torch.minimum(*largest).long().tolist()


def _exact_types(bounds: list[int], bias: bool) -> list[torch.dtype]:
    """For each layer, the narrowest type that holds the running product exactly."""
    types, total = [], 1
    for bound in bounds:
        total = total * bound + bias
        exact_in = torch.float32 if total <= 2**24 else torch.float64
        types.append(exact_in if total <= 2**53 else torch.int64)
    return types


def _fill(out: Tensor, first: Tensor, second: Tensor, types, bias: bool, symmetric: bool) -> None:
    """Write the kernel of two sets, each (H, n, m), into ``out``, tile by tile."""
    rows, columns = first.shape[1], second.shape[1]
    factor_buffer = first.new_empty(_TILE * _TILE)
    buffers = {
        dtype: torch.empty(_TILE * _TILE, dtype=dtype, device=first.device) for dtype in set(types)
    }
    for top in range(0, rows, _TILE):
        for left in range(top if symmetric else 0, columns, _TILE):
            a, b = first[:, top : top + _TILE], second[:, left : left + _TILE]
            shape = (a.shape[1], b.shape[1])
            size = shape[0] * shape[1]
            factor, total = factor_buffer[:size].view(shape), None
            for layer, dtype in enumerate(types):
                target = buffers[dtype][:size].view(shape)
                if total is None and dtype == torch.float32:
                    torch.mm(a[layer], b[layer].T, out=target)
                else:
                    torch.mm(a[layer], b[layer].T, out=factor)
                    if total is None:
                        target.copy_(factor)
                    elif total is target:
                        target.mul_(factor.to(dtype) if dtype == torch.int64 else factor)
                    else:
                        target.copy_(total).mul_(factor.to(dtype))
                if bias:
                    target.add_(1)
                total = target
            out[top : top + _TILE, left : left + _TILE] = total
            if symmetric and left > top:
                out[left : left + _TILE, top : top + _TILE] = total.T


def _active_units(gates: Tensor) -> list[Tensor]:
    counts = _check_hard(gates).sum(-1)
    return list(counts.unbind(-1))


def _refuse_overflow(largest: list[int], bias: bool, alternative: str) -> None:
    bound = math.prod(largest)
    if bias:
        bound = sum(math.prod(largest[start:]) for start in range(len(largest) + 1))
    if bound > _INT64_MAX:
        raise OverflowError(
            f"counts could reach {bound:.3g}, beyond int64's 2^63 - 1; use {alternative} instead"
        )


def _sum_of_products(factors: list[Tensor], bias: bool) -> Tensor:
    # Horner's scheme from the input up: paths that end in layer ℓ, ending paths plus a fresh start.
    total = torch.ones_like(factors[0])
    for factor in factors:
        total = total * factor
        if bias:
            total = total + 1
    return total


def _log_sum_of_products(factors: list[Tensor], bias: bool) -> Tensor:
    total = torch.zeros_like(factors[0], dtype=torch.float64)
    for factor in factors:
        total = total + factor.double().log()
        if bias:
            total = torch.logaddexp(total, torch.zeros_like(total))
    return total
