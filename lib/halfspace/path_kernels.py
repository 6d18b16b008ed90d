"""Neural path kernels of nets with convolutions, pooling and skips, and the NTKs they stand for.

A path's *feature* is the input that it starts at, times its gates; its *value* is the product of
its weights; the output is their inner product. The neural path kernel (NPK) is the inner product of
two inputs' features. With gates held fixed and value weights that are independent, of mean zero,
and of variance v_ℓ in layer ℓ, it decides the mean tangent kernel at every width: every path uses
at most one weight of each layer, so the mean of ``y(x) y(x')`` is a polynomial of degree at most 1
in each v_ℓ, and ``E[NTK] = Σ_ℓ ∂/∂v_ℓ E[y y']``.

- **No skips**: ``E[y y'] = (∏_ℓ v_ℓ) N`` and ``E[NTK] = (Σ_ℓ ∏_{k≠ℓ} v_k) N``: ``tangent_factor``.
  In dense nets N is the inner product of the inputs times the overlap kernel
  (``halfspace.overlap.neural_path_kernel``).
- **Convolutions** (``conv_path_kernel``): paths that differ by a shift have the same weights, so
  their features are added first. With a mean over pixels, N pairs every path with all its shifts:
  ``A_0[p, q] = Σ_c x[c, p] x'[c, q]``, ``A_ℓ[p, q] = ⟨g_ℓ[p], g'_ℓ[q]⟩ Σ_s A_{ℓ-1}[p + s, q + s]``
  with s in the 3 × 3 window, and ``N = (1/P²) Σ_{p,q} A[p, q] ⟨h, h'⟩`` for P pixels and a dense
  layer with gates h. Without the mean, only p = q counts.
- **Skips** (``residual_tangent_kernel``): E[NTK] is a sum over the 2^b sub-networks that pass
  through some of the b blocks, without cross terms (``residual_ensemble_weights``).
- **Convolutions, skips and a mean** (``resnet_path_kernel``, ``resnet_tangent_kernel``), as in
  ``halfspace.resnet``: the recursion of convolutions, and a sum over sub-networks. A skip keeps a
  filter and its pixel, so a path that takes it needs this filter's gates after each sum on the way.
  With K_i[p, q] for what block i adds, and G_i for the product of the gates after the sums from
  block i on, the sum over filters is ``Σ_i K_i[p, q] ⟨G_i[p], G'_i[q]⟩``: an array of pairs of
  pixels for each block of a stage, whatever the number of filters.

References: Lakshminarayanan and Singh, Neural Path Features and Neural Path Kernel (2020), for
dense nets; Disentangling deep neural networks with rectified linear units using duality (2021),
whose abstract states the structures of convolutions and skips. The formulas here are derived anew.
"""

import itertools
import math
from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor

from halfspace._checks import (
    BORDERS,
    check_border,
    check_conv_gates,
    check_finite,
    check_hard,
    check_images,
    check_integer,
    check_shape,
    check_zero_one,
    exact,
)

__all__ = [
    "conv_path_kernel",
    "residual_ensemble_weights",
    "residual_tangent_kernel",
    "resnet_path_kernel",
    "resnet_tangent_kernel",
    "tangent_factor",
]

_COPIES = 4  # arrays of a tile's size that live at a time
_NORMALISED = 1 / (1 + 1e-5)  # square of a new batch normalisation's factor, at evaluation


def tangent_factor(variances: Sequence[float]) -> float:
    """Return ``Σ_ℓ ∏_{k≠ℓ} v_k``: the mean NTK over the neural path kernel, in nets without skips.

    Args:
        variances: v_ℓ of each layer of weights, input first; a layer that is not trained has no
            term, and its variance is a factor on the result.

    Raises:
        ValueError: if there is no layer, or a variance is negative or not finite.

    Example:
        >>> tangent_factor([0.5, 0.5, 2.0])
        2.25
    """
    if not variances or not all(0 <= v < math.inf for v in variances):
        raise ValueError(f"variances must be finite numbers of at least 0; got {variances!r}")
    return sum(
        math.prod([*variances[:layer], *variances[layer + 1 :]]) for layer in range(len(variances))
    )


@exact()
@torch.no_grad()
def conv_path_kernel(
    x: Tensor,
    gates: list[Tensor],
    other_x: Tensor | None = None,
    other_gates: list[Tensor] | None = None,
    *,
    border: str = "zeros",
    pooled: bool = True,
    memory: int = 2**25,
) -> Tensor:
    """Compute the neural path kernel of a net of convolutions and one dense layer.

    For a value network that reads ones instead of the images, pass images of ones. The sums over
    paths are then counts: without the mean, the result is ``conv_overlap_kernel``'s; with it, P²
    times the result counts the pairs of active paths of which one is a shift of the other.

    With the mean, each pair of images takes an array of P × P numbers; the kernel is computed in
    tiles of as many pairs as fit the memory.

    Args:
        x: images, shape (n, C, h, w).
        gates: their hard gates, as ``gates`` of a net in ``halfspace.conv`` returns them: those of
            the convolutions, shape (n, F, h, w) each, then those of the dense layer, (n, m).
        other_x: images of a second set, shape (n', C, h, w); the first set if ``None``.
        other_gates: gates of the second set.
        border: what the convolutions see beyond the border, ``"zeros"`` or ``"circular"``.
        pooled: whether a mean over pixels precedes the dense layer, as in ``halfspace.conv``;
            otherwise the dense layer has a weight for each filter and pixel.
        memory: bytes of working memory; one pair of images is computed in any case.

    Returns:
        float64, shape (n, n'). Sums of whole numbers are exact up to 2⁵³ (the division by P² then
        rounds once); others carry float64's rounding.

    Raises:
        ValueError: if gates are not 0/1 or do not fit the images, images are not finite, the two
            sets differ in shape, only one of the second set's arguments is given, or ``border`` is
            unknown.

    Example:
        Two images of two pixels side by side, one filter, one dense unit; the window reaches both
        pixels. With the mean, a path of the first image also meets the shifted one of the second.

        >>> x = torch.tensor([[1.0, 0.0], [0.0, 1.0]]).view(2, 1, 1, 2)
        >>> gates = [torch.eye(2).view(2, 1, 1, 2), torch.ones(2, 1)]
        >>> conv_path_kernel(x, gates, pooled=False).tolist()
        [[1.0, 0.0], [0.0, 1.0]]
        >>> (4 * conv_path_kernel(x, gates, border="circular")).tolist()
        [[3.0, 3.0], [3.0, 3.0]]

    Reference: this module's documentation.
    """
    check_border(border)
    memory = check_integer("memory", memory)
    if (other_x is None) != (other_gates is None):
        raise ValueError("other_x and other_gates go together; got only one of them")
    first = _images(x, gates)
    second = None if other_x is None else _images(other_x, other_gates)
    pixels = math.prod(x.shape[2:])
    numbers = _COPIES * (pixels**2 if pooled else pixels)

    def tile(a: list[Tensor], b: list[Tensor]) -> Tensor:
        return _tile(a, b, border, pooled)

    total = _in_tiles(first, second, numbers, memory, tile)
    return total / pixels**2 if pooled else total


def _images(x: Tensor, gates: list[Tensor]) -> list[Tensor]:
    """Check images and gates; return them pixels first, (h, w, n, F), and the dense ones (n, m)."""
    check_conv_gates(gates)
    check_images(x, x.shape[1] if x.ndim > 1 else 0)
    check_shape("x", x, (len(gates[0]), x.shape[1], *gates[0].shape[2:]))
    check_finite("x", x)
    return [*map(_by_pixel, (x, *gates[:-1])), gates[-1].detach().double()]


def _by_pixel(part: Tensor) -> Tensor:
    """Put pixels first: (n, F, h, w) to (h, w, n, F)."""
    return part.detach().double().permute(2, 3, 0, 1).contiguous()


def _in_tiles(
    first: list[Tensor],
    second: list[Tensor] | None,
    numbers: int,
    memory: int,
    tile: Callable[[list[Tensor], list[Tensor]], Tensor],
) -> Tensor:
    """Compute pairs of two sets, or of one set, in tiles of as many as fit the memory.

    Args:
        first: shape (..., n, F) each.
        second: shape (..., n', F) each; the first set if ``None``.
        numbers: of float64 that a pair takes.
        memory: bytes.
        tile: maps parts of the sets to pairs, shape (..., r, s).

    Returns:
        Shape (..., n, n').
    """
    symmetric = second is None
    second = first if symmetric else second
    shapes = [[(*p.shape[:-2], *p.shape[-1:]) for p in parts] for parts in (first, second)]
    if shapes[0] != shapes[1]:
        raise ValueError(f"both sets must differ in n only; got {shapes[0]} and {shapes[1]}")
    side = max(1, math.isqrt(memory // (8 * numbers)))
    sizes, total = (first[0].shape[-2], second[0].shape[-2]), None
    for rows, columns in _tiles(*sizes, side, symmetric=symmetric):
        block = tile([p[..., rows, :] for p in first], [p[..., columns, :] for p in second])
        if total is None:
            total = block.new_empty(*block.shape[:-2], *sizes)
        total[..., rows, columns] = block
        if symmetric:
            total[..., columns, rows] = block.mT
    return total


def _tiles(rows: int, columns: int, side: int, *, symmetric: bool) -> Iterator[tuple[slice, slice]]:
    for i in range(0, rows, side):
        for j in range(i if symmetric else 0, columns, side):
            yield slice(i, i + side), slice(j, j + side)


def _tile(first: list[Tensor], second: list[Tensor], border: str, pooled: bool) -> Tensor:
    """Sum over pairs of pixels, or over equal pixels, of two sets' images: (r, s)."""
    products = _all_pairs if pooled else torch.matmul
    windows = ((0, 2), (1, 3)) if pooled else ((0,), (1,))  # rows, then columns
    pairs = products(first[0], second[0].mT).contiguous()
    for a, b in zip(first[1:-1], second[1:-1], strict=True):
        for axes in windows:
            pairs = _window_sum(pairs, axes, border)
        pairs.mul_(products(a, b.mT))
    return pairs.flatten(0, -3).sum(0) * (first[-1] @ second[-1].T)


def _all_pairs(a: Tensor, b: Tensor) -> Tensor:
    """Multiply each pixel's matrix of one set with each of the other: (h, w, h, w, r, s)."""
    product = a.flatten(0, 2) @ b.mT.flatten(0, 2).T
    return product.view(*a.shape[:3], *b.shape[:2], b.shape[3]).permute(0, 1, 3, 4, 2, 5)


def _window_sum(pairs: Tensor, axes: tuple[int, ...], border: str) -> Tensor:
    """Add to each entry its neighbours before and after, along all ``axes`` at once."""
    total = pairs.clone()
    inside, around = (slice(1, None), slice(-1)), (slice(1), slice(-1, None))
    for parts in itertools.product((inside, around)[: BORDERS.index(border) + 1], repeat=len(axes)):
        # From the entry after, then from the one before; adding views is faster than rolling.
        for order in (1, -1):
            source, target = ([slice(None)] * 4 for _ in range(2))
            for axis, part in zip(axes, parts, strict=True):
                source[axis], target[axis] = part[::order]
            total[tuple(target)].add_(pairs[tuple(source)])
    return total


@exact()
@torch.no_grad()
def residual_ensemble_weights(
    gates: Tensor, other: Tensor | None = None, *, layers: int, variance: float
) -> Tensor:
    """Weigh the sub-networks of a residual net by the number k of blocks that they pass through.

    The weight of k blocks of q gated layers is ``(2 + q k) v^{qk} e_k(O_1, ..., O_b)``. O_j is the
    product over block j's layers of the number of units that are active for both inputs, and e_k
    the elementary symmetric polynomial: the sum over all choices of k blocks. The mean NTK is
    ``v ⟨x, x'⟩ ⟨g_0, g'_0⟩`` times the sum of the weights.

    Args:
        gates: hard gates, as ``gates`` of a net in ``halfspace.residual`` returns them: those of
            the first layer, then of the blocks' layers, shape (n, 1 + b q, m).
        other: gates of a second set, shape (n', 1 + b q, m); the first set if ``None``.
        layers: q, gated layers of a block.
        variance: v, of all value weights.

    Returns:
        float64, shape (b + 1, n, n').

    Raises:
        ValueError: if gates are not 0/1, the sets differ in shape, their layers are not a first one
            and whole blocks, or the variance is not a positive number.

    Example:
        Two blocks of one layer of two units, all active: each O is 2.

        >>> gates = torch.ones(1, 3, 2)
        >>> residual_ensemble_weights(gates, layers=1, variance=0.5).flatten().tolist()
        [2.0, 6.0, 4.0]

    Reference: this module's documentation.
    """
    _, overlaps = _overlaps(gates, other, layers)
    _check_variance(variance)
    chosen = [torch.ones_like(overlaps[0])] + [torch.zeros_like(o) for o in overlaps]
    for number, overlap in enumerate(overlaps, 1):
        for k in range(number, 0, -1):
            chosen[k] += variance**layers * overlap * chosen[k - 1]
    return torch.stack([(2 + layers * k) * term for k, term in enumerate(chosen)])


@exact()
@torch.no_grad()
def residual_tangent_kernel(
    x: Tensor,
    gates: Tensor,
    other_x: Tensor | None = None,
    other_gates: Tensor | None = None,
    *,
    layers: int,
    variance: float,
    sum_gates: Tensor | None = None,
    other_sum_gates: Tensor | None = None,
) -> Tensor:
    """Compute the mean NTK of a residual net's value network for fixed gates, for one output.

    With gates inside the blocks only, the sum over the 2^b sub-networks is a product over blocks:
    ``cov = v² ⟨x, x'⟩ ⟨g_0, g'_0⟩ ∏_j (1 + v^q O_j)`` is the mean of ``y y'``, and the kernel is
    its derivative, ``(cov / v)(2 + Σ_j q v^q O_j / (1 + v^q O_j))``, with O_j as in
    ``residual_ensemble_weights``. With gates after the sums of skip and block as well, the
    gates of a sub-network's layer are the products of its own and of those after the sums that it
    skips to; a recursion that keeps a number for each unit adds the sub-networks up.

    Args:
        x: inputs, shape (n, d).
        gates: hard gates of the first layer, then of the blocks' layers, shape (n, 1 + b q, m).
        other_x: inputs of a second set, shape (n', d); the first set if ``None``.
        other_gates: gates of the second set.
        layers: q, gated layers of a block.
        variance: v, of all value weights.
        sum_gates: hard gates after each sum, shape (n, b, m); none if ``None``.
        other_sum_gates: those of the second set.

    Returns:
        float64, shape (n, n').

    Raises:
        ValueError: as ``residual_ensemble_weights``, also if x is not finite or an argument of the
            second set is missing or has another shape than the first set's.

    Example:
        >>> x, gates = torch.tensor([[3.0]]), torch.ones(1, 3, 2)
        >>> residual_tangent_kernel(x, gates, layers=1, variance=0.5).item()
        108.0
        >>> weights = residual_ensemble_weights(gates, layers=1, variance=0.5)
        >>> (0.5 * 9 * 2 * weights.sum()).item()  # v ⟨x, x'⟩ ⟨g₀, g'₀⟩ Σ_k
        108.0

    Reference: this module's documentation.
    """
    given = [part is not None for part in (other_x, other_gates, other_sum_gates)]
    if given not in ([False] * 3, [True, True, sum_gates is not None]):
        raise ValueError("other_x, other_gates and other_sum_gates go together; some are missing")
    _check_variance(variance)
    for name, points, theirs in (("x", x, gates), ("other_x", other_x, other_gates)):
        if points is not None:
            check_shape(name, points, (len(theirs), *x.shape[1:2]))
            check_finite(name, points)
    start, overlaps = _overlaps(gates, other_gates, layers)
    inner = x.double() @ (x if other_x is None else other_x).double().T
    if sum_gates is not None:
        first, second = ((gates, sum_gates), (other_gates, other_sum_gates))
        for inside, after in (first, second)[: 1 + given[0]]:
            blocks = (inside.shape[1] - 1) // layers
            check_shape("sum_gates", after, (len(inside), blocks, inside.shape[2]))
            check_hard(after)
        columns = second if given[0] else first
        rows = [
            _unit_recursion(inner[[row]], [g[[row]] for g in first], columns, layers, variance)
            for row in range(len(x))
        ]
        return torch.cat(rows)
    covariance, share = variance**2 * inner * start, torch.full_like(inner, 2)
    for overlap in overlaps:
        block = variance**layers * overlap
        covariance *= 1 + block
        share += layers * block / (1 + block)
    return covariance / variance * share


def _overlaps(gates: Tensor, other: Tensor | None, layers: int) -> tuple[Tensor, list[Tensor]]:
    """Return shared active units of the first layer, (n, n'), and their product in each block."""
    layers = check_integer("layers", layers)
    other = gates if other is None else other
    for part in (gates, other):
        check_hard(part)
    if gates.ndim != 3 or gates.shape[1:] != other.shape[1:] or (gates.shape[1] - 1) % layers:
        raise ValueError(
            f"gates must have shape (n, 1 + blocks × {layers}, m), for both sets; "
            f"got {tuple(gates.shape)} and {tuple(other.shape)}"
        )
    a, b = (part.detach().double().transpose(0, 1) for part in (gates, other))
    start, *rest = (a @ b.mT).unbind(0)
    return start, [math.prod(rest[place : place + layers]) for place in range(0, len(rest), layers)]


def _unit_recursion(
    inner: Tensor,
    first: Sequence[Tensor],
    second: Sequence[Tensor],
    layers: int,
    variance: float,
) -> Tensor:
    """Return the kernel with gates after the sums, of one point with n' others: (1, n')."""
    inside, after = (
        (a.double() * b.double()).transpose(0, 1) for a, b in zip(first, second, strict=True)
    )
    kernel = variance * inner.T * inside[0]  # (n', m): mean of a unit's y y'
    tangent = inner.T * inside[0]

    def through(kernel: Tensor, tangent: Tensor, mask: Tensor | float) -> tuple[Tensor, Tensor]:
        total = kernel.sum(-1, keepdim=True)
        return variance * total * mask, (variance * tangent.sum(-1, keepdim=True) + total) * mask

    for block, mask in enumerate(after):
        deep = (kernel, tangent)
        for layer in range(1 + block * layers, 1 + (block + 1) * layers):
            deep = through(*deep, inside[layer])
        kernel, tangent = (
            (skip + more) * mask for skip, more in zip((kernel, tangent), deep, strict=True)
        )
    return through(kernel, tangent, 1.0)[1].T


def _check_variance(variance: float) -> None:
    if not 0 < variance < math.inf:
        raise ValueError(f"variance must be a positive number; got {variance!r}")


@exact()
@torch.no_grad()
def resnet_path_kernel(
    x: Tensor,
    gates: list[Tensor],
    other_x: Tensor | None = None,
    other_gates: list[Tensor] | None = None,
    *,
    memory: int = 2**25,
) -> Tensor:
    """Add the neural path kernels of all sub-networks of a net of ``halfspace.resnet``.

    A sub-network takes the convolutions or the skip in each block. Paths of different sub-networks
    have different weights, so there are no cross terms. With all weights of variance 1 this is the
    mean of ``y(x) y(x')``. For images of ones, P² times the result counts pairs of active paths
    with the same weights, for P pixels of the last stage.

    Args:
        x: images, shape (n, C, h, w).
        gates: their hard gates, as ``gates`` of a net in ``halfspace.resnet`` returns them at
            evaluation: after the first convolution, then for each block those between its two
            convolutions and those after the sum. Where filters change, the block's first
            convolution and that on its skip, of 1 × 1, have stride 2.
        other_x: images of a second set, shape (n', C, h, w); the first set if ``None``.
        other_gates: gates of the second set.
        memory: bytes of working memory; one pair of images is computed in any case.

    Returns:
        float64, shape (n, n'); exact and rounded as that of ``conv_path_kernel``.

    Raises:
        ValueError: if gates are not 0/1 or are not those of such a net for these images, images are
            not finite, the two sets differ in shape, or only one of the second set's arguments is
            given.

    Example:
        One pixel, one filter, one block, all gates open: the skip, and the convolutions.

        >>> gates = [torch.ones(1, 1, 1, 1)] * 3
        >>> resnet_path_kernel(torch.full((1, 1, 1, 1), 3.0), gates).item()
        18.0

    Reference: this module's documentation.
    """
    ones = [1.0] * len(_drawn_variances(gates))
    return _resnet_kernels(x, gates, other_x, other_gates, ones, 1.0, memory)[0]


@exact()
@torch.no_grad()
def resnet_tangent_kernel(
    x: Tensor,
    gates: list[Tensor],
    other_x: Tensor | None = None,
    other_gates: list[Tensor] | None = None,
    *,
    variances: Sequence[float] | None = None,
    scale: float = _NORMALISED,
    memory: int = 2**25,
) -> Tensor:
    """Compute the mean NTK of a net of ``halfspace.resnet`` for fixed gates, for one output.

    The value network is at evaluation, and its normalisations only scale, as they do before
    training; shifts and the dense layer's bias are no paths. The NTK is that of the weights of all
    convolutions and of the dense layer.

    Args:
        x: images, shape (n, C, h, w).
        gates: their hard gates; see ``resnet_path_kernel``.
        other_x: images of a second set, shape (n', C, h, w); the first set if ``None``.
        other_gates: gates of the second set.
        variances: of the layers' weights: first convolution; for each block its two convolutions
            and, where filters change, that on the skip; dense layer. If ``None``, those with which
            the nets are drawn: 2 / (F k²) for F filters of k × k, and 1 / (3F) for the dense layer.
        scale: square of what each normalisation multiplies by.
        memory: bytes of working memory; one pair of images is computed in any case.

    Returns:
        float64, shape (n, n').

    Raises:
        ValueError: as ``resnet_path_kernel``, also if the number of variances is wrong, or one of
            them or the scale is not a positive number.

    Example:
        Two sub-networks of one path each, of two and of four layers: 9 (2 v + 4 v³).

        >>> gates = [torch.ones(1, 1, 1, 1)] * 3
        >>> x = torch.full((1, 1, 1, 1), 3.0)
        >>> resnet_tangent_kernel(x, gates, variances=[0.5] * 4, scale=1.0).item()
        13.5

    Reference: this module's documentation.
    """
    drawn = _drawn_variances(gates)
    variances = drawn if variances is None else list(variances)
    if len(variances) != len(drawn):
        raise ValueError(f"the net has {len(drawn)} layers of weights; got {variances!r}")
    for value in (*variances, scale):
        _check_variance(value)
    return _resnet_kernels(x, gates, other_x, other_gates, variances, scale, memory)[1]


def _drawn_variances(gates: list[Tensor]) -> list[float]:
    """Return the variances with which a residual net of these gates is drawn."""
    shrinking = _shrinking(gates)
    filters = [gates[0].shape[1], *(g.shape[1] for g in gates[1::2])]
    found = [2 / (9 * filters[0])]
    for shrinks, count in zip(shrinking, filters[1:], strict=True):
        found += [2 / (9 * count)] * 2 + [2 / count] * shrinks
    return [*found, 1 / (3 * filters[-1])]


def _shrinking(gates: list[Tensor]) -> list[bool]:
    """Check the gates of a residual net of images; return whether each block halves the sides."""
    shapes = [tuple(g.shape) for g in gates]
    found, right = [], len(gates) % 2 == 1 and all(len(shape) == 4 for shape in shapes)
    for before, inner, after in zip(shapes[:-1:2], shapes[1::2], shapes[2::2], strict=False):
        if not right:
            break
        found.append(inner[1] != before[1])
        sides = [(side + 1) // 2 if found[-1] else side for side in before[2:]]
        right = inner == after == (before[0], inner[1], *sides)
    if not right:
        raise ValueError(
            "gates must be (n, F, h, w) tensors: one, then two of the same shape for each block, "
            f"with half of the sides where F changes; got {shapes}"
        )
    for g in gates:
        check_zero_one(g)
    return found


def _resnet_kernels(
    x: Tensor,
    gates: list[Tensor],
    other_x: Tensor | None,
    other_gates: list[Tensor] | None,
    variances: list[float],
    scale: float,
    memory: int,
) -> Tensor:
    """Return the mean of y y' and the mean NTK, (2, n, n')."""
    memory = check_integer("memory", memory)
    if (other_x is None) != (other_gates is None):
        raise ValueError("other_x and other_gates go together; got only one of them")
    shrinking = _shrinking(gates)
    sets = []
    for images, theirs in ((x, gates), (other_x, other_gates)):
        if images is not None:
            _shrinking(theirs)
            check_images(images, images.shape[1] if images.ndim > 1 else 0)
            check_shape("x", images, (len(theirs[0]), images.shape[1], *theirs[0].shape[2:]))
            check_finite("x", images)
            sets.append([*map(_by_pixel, (images, *theirs))])
    first, *second = sets

    def tile(a: list[Tensor], b: list[Tensor]) -> Tensor:
        return _resnet_tile(a, b, shrinking, variances, scale)

    stage = 1 + (shrinking.index(True) if True in shrinking else len(shrinking))
    numbers = 2 * (_COPIES + stage) * math.prod(x.shape[2:]) ** 2
    return _in_tiles(first, second[0] if second else None, numbers, memory, tile)


def _resnet_tile(
    first: list[Tensor],
    second: list[Tensor],
    shrinking: list[bool],
    variances: list[float],
    scale: float,
) -> Tensor:
    """Return both kernels of two sets' images, (2, r, s).

    A state is the mean of ``z z'`` and that of the NTK, for two pixels, summed over filters.
    """
    left = iter(variances)

    def through(state: list[Tensor], window: bool, shrinks: bool) -> list[Tensor]:
        """Pass a convolution and its normalisation; a filter is like any other."""
        if window:
            state = [
                _window_sum(_window_sum(part, (0, 2), "zeros"), (1, 3), "zeros") for part in state
            ]
        if shrinks:
            state = [part[::2, ::2, ::2, ::2] for part in state]
        return _weighted(state, next(left), scale)

    start = _all_pairs(first[0], second[0].mT).contiguous()
    added = through([start, torch.zeros_like(start)], window=True, shrinks=False)
    reached = [(added, first[1], second[1])]  # what each block of the stage adds, and its gates
    for shrinks, *masks in zip(
        shrinking, first[2::2], second[2::2], first[3::2], second[3::2], strict=True
    ):
        state = _over_filters(reached)
        added = through(state, window=True, shrinks=shrinks)
        inner = _all_pairs(masks[0], masks[1].mT)
        added = through([part * inner for part in added], window=True, shrinks=False)
        if shrinks:
            skipped = through(state, window=False, shrinks=True)
            added, reached = [a + b for a, b in zip(added, skipped, strict=True)], []
        reached = [(part, a * masks[2], b * masks[3]) for part, a, b in reached]
        reached.append((added, masks[2], masks[3]))
    state = [part.flatten(0, 3).mean(0) for part in _over_filters(reached)]
    return torch.stack(_weighted(state, next(left), 1.0))


def _over_filters(reached: list[tuple[list[Tensor], Tensor, Tensor]]) -> list[Tensor]:
    """Sum over the filters that are open at both pixels: mean of z z' and NTK."""
    total = [0.0, 0.0]
    for added, a, b in reached:
        shared = _all_pairs(a, b.mT)
        total = [old + part * shared for old, part in zip(total, added, strict=True)]
    return total


def _weighted(state: list[Tensor], variance: float, scale: float) -> list[Tensor]:
    """Multiply by weights of this variance: mean of z z', and its derivative by the variances."""
    kernel, tangent = state
    return [scale * variance * kernel, scale * (variance * tangent + kernel)]
