"""Measures of nets early in training: their kernel in the NTK parametrisation, linear shares."""

import torch
from torch import Tensor, nn

from halfspace.early_time import tangent_factors
from halfspace.ntk import empirical_ntk

__all__ = ["LinearShare", "scaled_ntk"]

_ZERO = 1e-20  # a sum of squares that rounding leaves of a constant


def scaled_ntk(net: nn.Module, x: Tensor, other: Tensor | None = None) -> Tensor:
    """Return the NTK of a net whose layers' steps have the factors of ``tangent_factors``, (n, n').

    Args:
        net: with one output; its weights keep what they need of gradients.
        x: inputs, shape (n, d).
        other: a second set, shape (n', d); the first if ``None``.
    """
    factors = tangent_factors(net)
    total = 0
    for chosen, factor in factors.items():
        for name in factors:
            net.get_submodule(name).requires_grad_(name == chosen)
        total = total + factor * empirical_ntk(net, x, other).detach()
    for name in factors:
        net.get_submodule(name).requires_grad_(True)
    return total


class LinearShare:
    """How much of a function's variance a least-squares fit on 1, x and the norm of x explains.

    Args:
        x: points, shape (n, d); a norm that is the same everywhere is left out by itself.
    """

    def __init__(self, x: Tensor):
        features = torch.cat([x, x.norm(dim=1, keepdim=True)], 1).double()
        vectors, sizes, _ = torch.linalg.svd(features - features.mean(0), full_matrices=False)
        self._basis = vectors[:, sizes > 1e-9 * sizes[0]]

    def __call__(self, values: Tensor) -> Tensor:
        """Return the share for values of shape (..., n), shape (...); 1 for a constant."""
        centred = values.double() - values.double().mean(-1, keepdim=True)
        explained = (centred @ self._basis).square().sum(-1)
        total = centred.square().sum(-1)
        return torch.where(total > _ZERO, explained / total, 1.0)
