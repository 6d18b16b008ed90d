"""Overlap kernel and path counts, exact: how many active paths two inputs share.

``Λ(x, x') = |A(x) ∩ A(x')| = ∏_ℓ ⟨g_ℓ(x), g_ℓ(x')⟩`` where ``g_ℓ`` holds layer ℓ's hard gates. With
biases, paths start at the constant unit of any layer k too, and ``Λ = Σ_{k=0..H} ∏_{ℓ>k} ⟨g_ℓ,
g'_ℓ⟩``.

Counts are int64 and exact, or refused; the log forms are float64 and serve any size.

Reference: Section 3.2; neural path kernel: Lakshminarayanan and Singh 2020.
"""

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


def overlap_kernel(gates: Tensor, other: Tensor | None = None, *, bias: bool = False) -> Tensor:
    """Count the paths that are active for both inputs of each pair.

    Args:
        gates: hard gates, 0 or 1, shape (..., n, H, m).
        other: hard gates of a second set, shape (..., n', H, m); the first set if ``None``.
        bias: also count the paths that start at the constant unit of a layer.

    Returns:
        Exact counts, int64, shape (..., n, n').

    Raises:
        ValueError: if gates are not 0/1 or the two sets differ in (H, m).
        OverflowError: if a count could exceed 2^63 - 1; ``log_overlap_kernel`` serves there.
    """
    factors = _layer_overlaps(gates, other)
    _refuse_overflow(
        [int(f.max()) if f.numel() else 0 for f in factors], bias, "log_overlap_kernel"
    )
    return _sum_of_products([f.to(torch.int64) for f in factors], bias)


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
    first = _check_hard(gates)
    second = first if other is None else _check_hard(other)
    if first.shape[-2:] != second.shape[-2:]:
        raise ValueError(
            f"gates must share (H, m); got {tuple(first.shape[-2:])} and {tuple(second.shape[-2:])}"
        )
    layers = range(first.shape[-2])
    return [first[..., layer, :] @ second[..., layer, :].mT for layer in layers]


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
