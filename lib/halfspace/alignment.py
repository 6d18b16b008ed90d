"""How alike two kernels are, and how alike a pair is beside other pairs."""

import numpy as np
import torch
from torch import Tensor

from halfspace._checks import check_shape

__all__ = ["alignment", "centred", "cosine", "mean_of_others"]


def cosine(first: Tensor, second: Tensor) -> Tensor:
    """Return the cosine of kernels, taken as vectors of their entries.

    Args:
        first: shape (..., N, N).
        second: likewise; the leading sizes are broadcast.

    Returns:
        Shape (...): 1 for kernels that are equal but for a positive factor.

    Raises:
        ValueError: if the kernels are not of one size.
    """
    if first.ndim < 2 or first.shape[-2:] != second.shape[-2:]:
        raise ValueError(
            "first and second must share their last two sizes; "
            f"got shapes {tuple(first.shape)} and {tuple(second.shape)}"
        )
    return torch.cosine_similarity(first.flatten(-2), second.flatten(-2), dim=-1)


def centred(kernel: Tensor) -> Tensor:
    """Return the kernel of the features minus their mean over the N points, shape (..., N, N).

    Raises:
        ValueError: if the kernel is not square.
    """
    if kernel.ndim < 2 or kernel.shape[-1] != kernel.shape[-2]:
        raise ValueError(f"kernel must have shape (..., N, N); got {tuple(kernel.shape)}")
    rows = kernel - kernel.mean(-1, keepdim=True)
    return rows - rows.mean(-2, keepdim=True)


def alignment(kernel: Tensor, other: Tensor) -> Tensor:
    """Return the centred alignment of two kernels (Cortes, Mohri and Rostamizadeh, 2012).

    The cosine of both once centred: a constant added to all entries, which no regression with an
    intercept would notice, does not count.

    Args:
        kernel: shape (..., N, N).
        other: likewise, for example the products of targets.

    Returns:
        Shape (...), from -1 to 1.

    Raises:
        ValueError: if the kernels are not square or not of one size.
    """
    return cosine(centred(kernel), centred(other))


def mean_of_others(pairs: np.ndarray | Tensor) -> np.ndarray | Tensor:
    """Average each row over the columns that are not its own.

    Args:
        pairs: likeness of each of S things to each of S partners, shape (S, S), S at least 2.

    Returns:
        Shape (S,).

    Raises:
        ValueError: if there are fewer than two things, or not as many partners.
    """
    check_shape("pairs", pairs, (max(2, len(pairs)),) * 2)
    return (pairs.sum(1) - pairs.diagonal()) / (len(pairs) - 1)
