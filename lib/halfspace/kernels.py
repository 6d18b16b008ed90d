"""Similarity of kernels: cosine, centred alignment, and the mean similarity to other partners."""

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from halfspace._checks import check_shape

__all__ = [
    "alignment",
    "block_means",
    "centred",
    "cosine",
    "mean_of_others",
    "pairwise_cosines",
]


def cosine(first: Tensor, second: Tensor) -> Tensor:
    """Return the cosine similarity of kernels, taken as vectors of their entries.

    Args:
        first: shape (..., N, N).
        second: shape (..., N, N); the leading axes are broadcast.

    Returns:
        Shape (...), from -1 to 1; 1 for kernels that differ by a positive factor only.

    Raises:
        ValueError: if the kernels differ in size.

    Example:
        >>> kernel = torch.tensor([[2.0, 1.0], [1.0, 2.0]])
        >>> round(cosine(kernel, 3 * kernel).item(), 4)
        1.0
        >>> round(cosine(kernel, torch.eye(2)).item(), 4)
        0.8944
    """
    if first.ndim < 2 or first.shape[-2:] != second.shape[-2:]:
        raise ValueError(
            "first and second must share their last two sizes; "
            f"got shapes {tuple(first.shape)} and {tuple(second.shape)}"
        )
    return torch.cosine_similarity(first.flatten(-2), second.flatten(-2), dim=-1)


def pairwise_cosines(first: Tensor, second: Tensor) -> Tensor:
    """Return the cosine similarity of every kernel of one set with every kernel of another.

    Args:
        first: shape (S, N, k).
        second: shape (T, N, k).

    Returns:
        Shape (S, T): a row for each of ``first``.

    Raises:
        ValueError: if the kernels differ in size.

    Example:
        >>> kernels = torch.stack([torch.eye(2), torch.ones(2, 2)])
        >>> pairwise_cosines(kernels, torch.eye(2)[None]).mT
        tensor([[1.0000, 0.7071]])
    """
    check_shape("second", second, (len(second), *first.shape[1:]))
    return functional.normalize(first.flatten(1)) @ functional.normalize(second.flatten(1)).mT


def centred(kernel: Tensor) -> Tensor:
    """Centre a kernel: subtract the mean over the N points from the features behind it.

    Args:
        kernel: shape (..., N, N).

    Returns:
        The centred kernel, shape (..., N, N); its rows and columns sum to zero.

    Raises:
        ValueError: if the kernel is not square.

    Example:
        >>> centred(torch.tensor([[4.0, 0.0], [0.0, 0.0]])).tolist()
        [[1.0, -1.0], [-1.0, 1.0]]
    """
    if kernel.ndim < 2 or kernel.shape[-1] != kernel.shape[-2]:
        raise ValueError(f"kernel must have shape (..., N, N); got {tuple(kernel.shape)}")
    rows = kernel - kernel.mean(-1, keepdim=True)
    return rows - rows.mean(-2, keepdim=True)


def alignment(kernel: Tensor, other: Tensor) -> Tensor:
    """Return the centred alignment of two kernels.

    This is the cosine similarity of the centred kernels. A constant added to all entries of a
    kernel changes nothing, as it changes nothing in a regression with an intercept.

    Args:
        kernel: shape (..., N, N).
        other: shape (..., N, N), for example the products of the targets.

    Returns:
        Shape (...), from -1 to 1.

    Raises:
        ValueError: if the kernels are not square or differ in size.

    Example:
        >>> kernel = torch.tensor([[2.0, 1.0, 0.0], [1.0, 2.0, 0.0], [0.0, 0.0, 2.0]])
        >>> round(alignment(kernel, kernel + 5).item(), 4)
        1.0
        >>> targets = torch.tensor([[1.0], [1.0], [-1.0]])
        >>> round(alignment(kernel, targets @ targets.T).item(), 4)
        0.9191

    Reference: Cortes, Mohri and Rostamizadeh 2012, Algorithms for Learning Kernels Based on
    Centered Alignment.
    """
    return cosine(centred(kernel), centred(other))


def mean_of_others(pairs: np.ndarray | Tensor) -> np.ndarray | Tensor:
    """Average each row of a square matrix over its entries off the diagonal.

    Args:
        pairs: similarity of each of S items (rows) to each of S partners (columns); the diagonal
            holds each item's similarity to its own partner. Shape (S, S), S at least 2.

    Returns:
        Mean similarity to the partners of the other items, shape (S,).

    Raises:
        ValueError: if there are fewer than two items, or the matrix is not square.

    Example:
        >>> mean_of_others(np.array([[9.0, 1.0, 2.0], [3.0, 9.0, 5.0], [4.0, 8.0, 9.0]])).tolist()
        [1.5, 4.0, 6.0]
    """
    check_shape("pairs", pairs, (max(2, len(pairs)),) * 2)
    return (pairs.sum(1) - pairs.diagonal()) / (len(pairs) - 1)


def block_means(kernel: Tensor) -> Tensor:
    """Average kernels over the pairs of distinct points of each pair of ten classes.

    Args:
        kernel: shape (..., N, N); the points are sorted by class, N / 10 of each.

    Returns:
        Shape (..., 10, 10).

    Example:
        >>> block_means(torch.ones(20, 20))[0, :2]
        tensor([1., 1.])
    """
    count = kernel.shape[-1] // 10
    sums = kernel.unflatten(-1, (10, count)).unflatten(-3, (10, count)).sum((-3, -1))
    trace = kernel.diagonal(dim1=-2, dim2=-1).unflatten(-1, (10, count)).sum(-1)
    pairs = torch.full((10, 10), float(count**2), dtype=kernel.dtype, device=kernel.device)
    pairs.fill_diagonal_(count * (count - 1))
    return (sums - torch.diag_embed(trace)) / pairs
