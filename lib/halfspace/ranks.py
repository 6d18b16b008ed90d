"""Ranks: of the map that a net applies at an input, layer by layer, and effective ranks.

Symbols: n points, d inputs, H gated layers, m units in each. At an input x with hard gates g_ℓ(x),
the first ℓ layers of a value network without biases apply the matrix
``J_ℓ(x) = G_ℓ U_ℓ ⋯ G_1 U_1``, with the gates on the diagonal of G_ℓ. It is the sum over all active
path beginnings, and for a ReLU net the Jacobian of the layer's activities.
"""

import torch
from torch import Tensor, nn

from halfspace._checks import check_finite, check_weights, uncompiled
from halfspace.gates import HardGate

__all__ = ["effective_rank", "jacobian_ranks", "jacobian_singular_values"]

_TOLERANCE = 1e-10


def effective_rank(singular_values: Tensor) -> Tensor:
    """Return the effective rank: how many equal singular values have the same entropy.

    ``exp(-Σ p log p)`` with ``p = σ² / Σ σ²``: k for k equal values, 1 for a single one.

    Args:
        singular_values: not negative, shape (..., r).

    Returns:
        Shape (...); NaN where all values are zero.

    Raises:
        ValueError: if a value is negative, NaN or infinite, or there is none.

    Reference: Roy and Vetterli (2007), The effective rank, who take σ in place of σ².

    Example:
        >>> effective_rank(torch.tensor([[2.0, 2.0, 0.0], [1.0, 0.0, 0.0]]))
        tensor([2., 1.])
    """
    check_finite("singular_values", singular_values)
    if not singular_values.shape[-1] or (singular_values < 0).any():
        raise ValueError("singular_values must be at least one, and none negative")
    squares = singular_values.square()
    shares = squares / squares.sum(-1, keepdim=True)
    return torch.special.entr(shares).sum(-1).exp()


def jacobian_singular_values(net: nn.Module, x: Tensor) -> Tensor:
    """Return the singular values of ``J_ℓ(x)`` under hard gates, decreasing, in float64.

    Args:
        net: one dense net of ``halfspace.nets`` without biases, whose value network reads the
            input.
        x: points, shape (n, d).

    Returns:
        Shape (n, H, min(d, m)).

    Raises:
        ValueError: if the net is stacked, has biases, a constant input (then the Jacobian is zero)
            or weights that are not finite, or x does not fit it.

    Example:
        >>> from halfspace.nets import DeepLinearNet
        >>> net = DeepLinearNet(2, width=3, depth=2)
        >>> net.value[0].weight.data = torch.tensor([[3.0, 0.0], [0.0, 1.0], [0.0, 0.0]])
        >>> net.value[1].weight.data = torch.diag(torch.tensor([1.0, 0.0, 5.0]))
        >>> jacobian_singular_values(net, torch.ones(1, 2)).tolist()
        [[[3.0, 1.0], [3.0, 0.0]]]
    """
    net, gates = _checked_gates(net, x)
    weights = [layer.weight.detach().double() for layer in net.value[:-1]]
    # U_1 = Rᵀ Qᵀ: the orthonormal Qᵀ changes no singular value of what stands before it.
    jacobian = torch.linalg.qr(weights[0].mT).R.mT
    values = []
    for layer, weight in enumerate(weights):
        jacobian = gates[:, layer, :, None] * (weight @ jacobian if layer else jacobian)
        values.append(torch.linalg.svdvals(jacobian))
    return torch.stack(values, 1)


def jacobian_ranks(net: nn.Module, x: Tensor) -> Tensor:
    """Return the numerical rank of ``J_ℓ(x)`` under hard gates.

    It counts singular values above 1e-10 of the largest. At generic weights it is the smaller of d
    and the least number of active units in the layers up to ℓ.

    Args: those of ``jacobian_singular_values``, which says what is refused.

    Returns:
        int64, shape (n, H).

    Raises:
        ValueError: as ``jacobian_singular_values``.

    Example:
        >>> from halfspace.nets import ReLUNet
        >>> net = ReLUNet(4, width=8, depth=3, generator=torch.Generator().manual_seed(0))
        >>> x = torch.randn(5, 4, generator=torch.Generator().manual_seed(1))
        >>> active = net.gates(x).sum(-1).cummin(1).values.clamp(max=4)
        >>> torch.equal(jacobian_ranks(net, x), active.long())
        True
    """
    values = jacobian_singular_values(net, x)
    return (values > _TOLERANCE * values[..., :1]).sum(-1)


def _checked_gates(net: nn.Module, x: Tensor) -> tuple[nn.Module, Tensor]:
    """Return the net and its hard gates at x, float64; refuse what has no such Jacobian."""
    net = uncompiled(net)
    if net.value[0].weight.ndim > 2:
        raise ValueError("net must be a single one; got a stack (use unstack)")
    if net.has_bias or net.constant_input:
        what = "biases" if net.has_bias else "a constant input"
        raise ValueError(f"net must have neither biases nor a constant input; it has {what}")
    check_weights(net)
    if x.ndim != 2:
        raise ValueError(f"x must have shape (n, {net.d_in}); got {tuple(x.shape)}")
    return net, net.gates(x, HardGate()).detach().double()
