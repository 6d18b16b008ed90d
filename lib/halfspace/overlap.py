"""Overlap kernel and path counts, exact: how many active paths two inputs share.

``Λ(x, x') = |A(x) ∩ A(x')| = ∏_ℓ ⟨g_ℓ(x), g_ℓ(x')⟩`` where ``g_ℓ`` holds layer ℓ's hard gates. With
biases, paths start at the constant unit of any layer k too, and ``Λ = Σ_{k=0..H} ∏_{ℓ>k} ⟨g_ℓ,
g'_ℓ⟩``.

Counts are exact int64 numbers; counts that could overflow are refused. The log forms return float64
and work at any size.

Reference: Section 3.2; neural path kernel: Lakshminarayanan and Singh 2020.
"""

import itertools
import math
from collections.abc import Iterable

import torch
from torch import Tensor

from halfspace._checks import check_finite, check_hard, check_shape, exact

__all__ = [
    "active_path_counts",
    "log_active_path_counts",
    "log_overlap_kernel",
    "neural_path_kernel",
    "overlap_kernel",
]

_INT64_MAX = 2**63 - 1
_FLOAT64_REACH = 2**1000
_TILE = 256  # three single-precision tiles of this side fit a core's second-level cache


@exact()
def overlap_kernel(
    gates: Tensor,
    other: Tensor | None = None,
    *,
    bias: bool = False,
    out: Tensor | None = None,
) -> Tensor:
    """Count the paths that are active for both inputs of each pair.

    The kernel is computed in tiles that stay in the processor's cache. Each layer's inner products
    are computed in single precision, where they are exact, and their product in the narrowest type
    that holds it exactly. Without a second set, only the upper triangle is computed. Apart from the
    result, the working memory is a copy of the gates in single precision and a few tiles.

    Args:
        gates: hard gates, 0 or 1, shape (..., n, H, m).
        other: hard gates of a second set, shape (..., n', H, m); the first set if ``None``.
        bias: also count the paths that start at the constant unit of a layer.
        out: where to write the result, int64, shape (..., n, n'); a new tensor if ``None``. A
            tensor mapped to a file (``torch.from_file``) can hold a kernel larger than the memory.

    Returns:
        Exact counts, int64, shape (..., n, n'); ``out`` if given.

    Raises:
        ValueError: if gates are not 0/1, the two sets differ in (H, m) or in leading axes, or
            ``out`` does not fit.
        OverflowError: if a count could exceed 2^63 - 1; use ``log_overlap_kernel`` instead.

    Example:
        Two inputs, two layers of three units; the two share one active unit in the first layer and
        two in the second.

        >>> gates = torch.tensor([[[1, 1, 0], [1, 0, 1]], [[1, 0, 0], [1, 1, 1]]])
        >>> overlap_kernel(gates).tolist()
        [[4, 2], [2, 3]]
        >>> overlap_kernel(gates, bias=True).tolist()
        [[7, 5], [5, 7]]
    """
    first, second = _layers_first(gates, other)
    bounds = _bounds(first, second)
    _refuse_overflow(bounds, bias, "log_overlap_kernel")
    tile = _exact_tile(_exact_types(bounds, bias), bias, gates.device)
    return _fill(out, first, second, tile, torch.int64, symmetric=other is None)


@exact()
def log_overlap_kernel(
    gates: Tensor,
    other: Tensor | None = None,
    *,
    bias: bool = False,
    out: Tensor | None = None,
) -> Tensor:
    """Compute the natural logarithm of the overlap kernel, rounded, at any width and depth.

    Computed in tiles, like ``overlap_kernel``. The running product is in double precision, with a
    separate exponent where it could overflow.

    Args:
        gates: hard gates, 0 or 1, shape (..., n, H, m).
        other: hard gates of a second set, shape (..., n', H, m); the first set if ``None``.
        bias: also count the paths that start at the constant unit of a layer.
        out: where to write the result, float64, shape (..., n, n'); a new tensor if ``None``.

    Returns:
        Rounded logarithms, float64, shape (..., n, n'), minus infinity where no path is shared;
        ``out`` if given. For counts up to e^2000, their exponential has a relative error below
        1e-12; for larger ones, the logarithm is within 2 units in float64's last place.

    Raises:
        ValueError: if gates are not 0/1, the two sets differ in (H, m) or in leading axes, or
            ``out`` does not fit.

    Example:
        >>> gates = torch.ones(1, 100, 10)  # all 10^100 paths are active
        >>> round(log_overlap_kernel(gates).item() / math.log(10), 9)
        100.0
    """
    first, second = _layers_first(gates, other)
    tile = _log_tile(_bounds(first, second), bias, gates.device)
    return _fill(out, first, second, tile, torch.float64, symmetric=other is None)


def active_path_counts(gates: Tensor, *, bias: bool = False) -> Tensor:
    """Count each input's active paths: the overlap kernel's diagonal.

    Args:
        gates: hard gates, shape (..., n, H, m).
        bias: also count the paths that start at the constant unit of a layer.

    Returns:
        Exact counts, int64, shape (..., n).

    Raises:
        ValueError: if gates are not 0/1.
        OverflowError: if a count could exceed 2^63 - 1; use ``log_active_path_counts`` instead.

    Example:
        >>> gates = torch.tensor([[[1, 1, 0], [1, 0, 1]], [[1, 0, 0], [1, 1, 1]]])
        >>> active_path_counts(gates).tolist()
        [4, 3]
    """
    factors = _active_units(gates)
    _refuse_overflow(_largest(factors), bias, "log_active_path_counts")
    return _sum_of_products([f.to(torch.int64) for f in factors], bias)


def log_active_path_counts(gates: Tensor, *, bias: bool = False) -> Tensor:
    """Compute the natural logarithm of each input's number of active paths.

    Args:
        gates: hard gates, shape (..., n, H, m).
        bias: also count the paths that start at the constant unit of a layer.

    Returns:
        float64, shape (..., n), minus infinity where no path is active; the rounding errors are
        those of ``log_overlap_kernel``.

    Raises:
        ValueError: if gates are not 0/1.

    Example:
        >>> gates = torch.tensor([[[1, 1, 0], [1, 0, 1]], [[1, 0, 1], [0, 0, 0]]])
        >>> log_active_path_counts(gates).exp().tolist()
        [4.0, 0.0]
    """
    factors = _active_units(gates)
    return _log_sum_of_products(factors, _largest(factors), bias, factors[0].double())


@exact()
def neural_path_kernel(
    x: Tensor, gates: Tensor, other_x: Tensor | None = None, other_gates: Tensor | None = None
) -> Tensor:
    """Multiply the overlap kernel by the inner products of the inputs, for nets without biases.

    Args:
        x: inputs, shape (n, d).
        gates: their hard gates, shape (..., n, H, m).
        other_x: inputs of a second set, shape (n', d), or ``None``.
        other_gates: hard gates of the second set, shape (..., n', H, m), or ``None``.

    Returns:
        float64, shape (..., n, n').

    Raises:
        ValueError: if gates are not 0/1, inputs are not finite, the numbers of points differ, or
            only one of the second set's tensors is given.
        OverflowError: if a count could exceed 2^63 - 1.

    Example:
        >>> x = torch.tensor([[1.0, 2.0], [3.0, 0.0]])
        >>> gates = torch.tensor([[[1, 1, 0], [1, 0, 1]], [[1, 0, 0], [1, 1, 1]]])
        >>> neural_path_kernel(x, gates).tolist()
        [[20.0, 6.0], [6.0, 27.0]]

    Reference: Lakshminarayanan and Singh 2020, Neural Path Features and Neural Path Kernel.
    """
    if (other_x is None) != (other_gates is None):
        raise ValueError("other_x and other_gates go together; got only one of them")
    for name, points, their_gates in (("x", x, gates), ("other_x", other_x, other_gates)):
        if points is not None:
            check_hard(their_gates)
            check_shape(name, points, (their_gates.shape[-3], *x.shape[1:2]))
            check_finite(name, points)
    other_x = x if other_x is None else other_x
    inner = x.double() @ other_x.double().mT
    return inner * overlap_kernel(gates, other_gates).double()


def _hard(gates: Tensor) -> Tensor:
    check_hard(gates)
    # float32 needs one BLAS call per layer and is exact here: inner products are sums of at most m
    # ones, and float32 holds whole numbers up to 2^24, far beyond any width.
    return gates.detach().to(torch.float32)


def _layers_first(gates: Tensor, other: Tensor | None) -> tuple[Tensor, Tensor]:
    """Check both sets and lay them out layer by layer, float32, shape (..., H, n, m)."""
    first = _hard(gates)
    second = first if other is None else _hard(other)
    if first.shape[-2:] != second.shape[-2:]:
        raise ValueError(
            f"gates must share (H, m); got {tuple(first.shape[-2:])} and {tuple(second.shape[-2:])}"
        )
    if first.shape[:-3] != second.shape[:-3]:
        raise ValueError(
            f"gates must share their leading axes; got {tuple(first.shape)} and "
            f"{tuple(second.shape)}"
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


def _fill(
    out: Tensor | None, first: Tensor, second: Tensor, tile, dtype: torch.dtype, symmetric: bool
) -> Tensor:
    """Write the kernel of two sets, each (..., H, n, m), into ``out``, tile by tile.

    ``tile`` maps blocks (H, r, m) and (H, s, m) to their kernel, (r, s). Its result is copied here
    before the next call, which may overwrite it.
    """
    lead, rows, columns = first.shape[:-3], first.shape[-2], second.shape[-2]
    shape = (*lead, rows, columns)
    if out is None:
        out = torch.empty(shape, dtype=dtype, device=first.device)
    elif out.shape != shape or out.dtype != dtype:
        name = str(dtype).removeprefix("torch.")
        raise ValueError(
            f"out must be {name} of shape {tuple(shape)}; got {out.dtype} of {tuple(out.shape)}"
        )
    for index in itertools.product(*map(range, lead)):
        target, left, right = out[index], first[index], second[index]
        for i in range(0, rows, _TILE):
            for j in range(i if symmetric else 0, columns, _TILE):
                block = tile(left[:, i : i + _TILE], right[:, j : j + _TILE])
                target[i : i + _TILE, j : j + _TILE] = block
                if symmetric and j > i:
                    target[j : j + _TILE, i : i + _TILE] = block.T
    return out


def _exact_tile(types: list[torch.dtype], bias: bool, device: torch.device):
    """Return a function of two blocks of gates, (H, r, m) and (H, s, m), that counts shared paths.

    The running product after layer ℓ is in ``types[ℓ]``. The function keeps its working memory, a
    tile for each type and one for the inner products, from call to call: new tensors for each tile
    cost up to 12 % more time. So its result is valid only until the next call.
    """
    totals = {dtype: _buffer(dtype, device) for dtype in types}
    factors = _buffer(torch.float32, device)

    def tile(a: Tensor, b: Tensor) -> Tensor:
        factor, before = _part(factors, a, b), None  # the product of the layers before
        for left, right, dtype in zip(a, b, types, strict=True):
            total = _part(totals[dtype], a, b)  # the same memory as ``before``, if of its type
            if before is None and dtype == torch.float32:
                torch.mm(left, right.T, out=total)  # saves a copy of the first layer's factor
            else:
                torch.mm(left, right.T, out=factor)
                if before is None:
                    total.copy_(factor)
                elif before.dtype != dtype:
                    total.copy_(before).mul_(factor.to(dtype))
                elif dtype == torch.int64:  # PyTorch does not multiply integers by floats in place
                    total.mul_(factor.to(dtype))
                else:
                    total.mul_(factor)
            if bias:
                total.add_(1)
            before = total
        return before

    return tile


def _log_tile(bounds: list[int], bias: bool, device: torch.device):
    """Return a function of two blocks of gates that computes the logarithms of their counts.

    It keeps its working memory from call to call, like ``_exact_tile``'s function.
    """
    factors, totals = _buffer(torch.float32, device), _buffer(torch.float64, device)

    def tile(a: Tensor, b: Tensor) -> Tensor:
        factor, total = _part(factors, a, b), _part(totals, a, b)
        products = (torch.mm(g, h.T, out=factor) for g, h in zip(a, b, strict=True))
        return _log_sum_of_products(products, bounds, bias, total)

    return tile


def _buffer(dtype: torch.dtype, device: torch.device) -> Tensor:
    return torch.empty(_TILE * _TILE, dtype=dtype, device=device)


def _part(buffer: Tensor, a: Tensor, b: Tensor) -> Tensor:
    rows, columns = a.shape[1], b.shape[1]
    return buffer[: rows * columns].view(rows, columns)


def _active_units(gates: Tensor) -> list[Tensor]:
    counts = _hard(gates).sum(-1)
    return list(counts.unbind(-1))


def _largest(factors: list[Tensor]) -> list[int]:
    return [int(f.max()) if f.numel() else 0 for f in factors]


def _refuse_overflow(largest: list[int], bias: bool, alternative: str) -> None:
    bound = math.prod(largest)
    if bias:
        bound = sum(math.prod(largest[start:]) for start in range(len(largest) + 1))
    if bound > _INT64_MAX:
        raise OverflowError(
            f"counts could reach {bound:.3g}, beyond int64's 2^63 - 1; use {alternative} instead"
        )


def _sum_of_products(factors: list[Tensor], bias: bool) -> Tensor:
    # Horner's scheme from the input up: the paths that have reached layer ℓ, plus one that starts
    # there.
    total = torch.ones_like(factors[0])
    for factor in factors:
        total = total * factor
        if bias:
            total = total + 1
    return total


def _log_sum_of_products(
    factors: Iterable[Tensor], bounds: list[int], bias: bool, total: Tensor
) -> Tensor:
    """Return the logarithm of ``_sum_of_products``; ``total``, float64, is overwritten.

    The running count is total · 2^exponent, with total at most ``reach``. Both are whole numbers as
    long as float64 can hold them, so the only errors are float64's rounding of each product and of
    the logarithm.
    """
    total.fill_(1)
    exponent, reach = None, 1
    for factor, bound in zip(factors, bounds, strict=True):
        if reach * bound + bias > _FLOAT64_REACH:
            total, shift = torch.frexp(total)
            exponent = shift.double() if exponent is None else exponent.add_(shift)
            reach = 1
        total.mul_(factor)
        if bias and exponent is None:
            total.add_(1)
        elif bias:
            exponent.masked_fill_(total == 0, 0)
            total.add_(torch.exp2(-exponent))
        reach = reach * bound + bias
    total.log_()
    return total if exponent is None else total.add_(exponent, alpha=math.log(2))
