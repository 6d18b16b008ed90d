"""The definition: a network as a mixture of one simple expert per path, by enumeration.

Slow and readable on purpose: the tests compare every fast form in the package with this one.

A path ``(π_1, …, π_H)`` picks one unit of each hidden layer. With biases, each layer k also has a
constant unit, and paths can start there: such a path picks units of the layers k+1 … H only. The
constant unit of layer 0 belongs to the input (its paths have an affine expert instead of a linear
one), so paths start at k = 0 … H.

Reference: Half-Space Feature Learning in Neural Networks, Equations 1-5 and Theorems 1 and 2.
"""

import torch
from torch import Tensor, nn

from halfspace._checks import (
    check_finite,
    check_integer,
    check_shape,
    check_weights,
    exact,
    uncompiled,
)

__all__ = [
    "MAX_PATHS",
    "count_paths",
    "enumerate_paths",
    "mixture_of_experts",
    "path_experts",
    "path_gates",
]

MAX_PATHS = 100_000


def count_paths(width: int, depth: int, *, bias: bool = False) -> int:
    """Count the paths of a network: ``m^H``, or ``Σ_{k=0..H} m^{H-k}`` with biases.

    Args:
        width: m, units in each hidden layer.
        depth: H, hidden layers.
        bias: also count the paths that start at the constant unit of a layer.

    Returns:
        The exact count, of any size.

    Raises:
        ValueError: if a size is not a positive integer.

    Example:
        >>> count_paths(10, 3), count_paths(10, 3, bias=True)
        (1000, 1111)
    """
    width, depth = check_integer("width", width), check_integer("depth", depth)
    return sum(width ** (depth - start) for start in range(depth + 1 if bias else 1))


def enumerate_paths(width: int, depth: int, start: int = 0) -> Tensor:
    """List the paths that start at layer ``start``, in lexicographic order.

    Args:
        width: m, units in each hidden layer.
        depth: H, hidden layers.
        start: 0 for paths from the input, k for paths from the constant unit of layer k.

    Returns:
        Unit numbers in layers start+1 … H, int64, shape (m^(H-start), H-start).

    Raises:
        ValueError: if ``start`` is not a layer, a size is not a positive integer, or there are more
            than ``MAX_PATHS`` paths.

    Example:
        >>> enumerate_paths(2, 2).tolist()
        [[0, 0], [0, 1], [1, 0], [1, 1]]
        >>> enumerate_paths(2, 2, start=1).tolist()
        [[0], [1]]
    """
    width, depth = check_integer("width", width), check_integer("depth", depth)
    start = check_integer("start", start, least=None)
    if not 0 <= start <= depth:
        raise ValueError(f"start must be a layer from 0 to {depth}; got {start}")
    _refuse_above_limit(width ** (depth - start), width, depth)
    if start == depth:
        return torch.empty((1, 0), dtype=torch.int64, device="cpu")
    units = torch.arange(width, device="cpu")
    return torch.cartesian_prod(*[units] * (depth - start)).reshape(-1, depth - start)


@exact()
def path_gates(net: nn.Module, x: Tensor) -> Tensor:
    """Evaluate every path's gate ``g_π(x)``: the product of its units' activities.

    Args:
        net: a network of ``halfspace.nets`` (its own gate, hard or soft, is used).
        x: inputs, shape (n, d).

    Returns:
        Shape (n, P): first the paths with start 0, then those with start 1, and so on, each group
        in the order of ``enumerate_paths``.

    Raises:
        ValueError: if the net has more than ``MAX_PATHS`` paths or is stacked, x does not fit it,
            or its weights or x are not finite.

    Example:
        >>> from halfspace.nets import ReLUNet
        >>> net = ReLUNet(2, width=2, depth=1)
        >>> net.value[0].weight.data = torch.eye(2)
        >>> path_gates(net, torch.tensor([[3.0, -1.0], [2.0, 5.0]])).tolist()
        [[1.0, 0.0], [1.0, 1.0]]

    Reference: Equation 1, with the gates of Equations 2 (ReLU) and 4 (DLGN).
    """
    net = _checked(net, x)
    gates = net.gates(x)
    columns = []
    for start, paths in _paths_by_start(net):
        product = x.new_ones((x.shape[0], len(paths)))
        for step in range(net.depth - start):
            product = product * gates[:, start + step, paths[:, step]]
        columns.append(product)
    return torch.cat(columns, dim=1)


@exact()
def path_experts(net: nn.Module, x: Tensor) -> Tensor:
    """Evaluate every path's expert ``e_π(x)``: the product of the value weights along it.

    Args:
        net: a network of ``halfspace.nets``.
        x: inputs, shape (n, d).

    Returns:
        Shape (n, P, c), the paths in the order of ``path_gates``.

    Raises:
        ValueError: if the net has more than ``MAX_PATHS`` paths or is stacked, x does not fit it,
            or its weights or x are not finite.

    Example:
        >>> from halfspace.nets import ReLUNet
        >>> net = ReLUNet(2, width=2, depth=1)
        >>> net.value[0].weight.data = torch.eye(2)
        >>> net.value[1].weight.data = torch.tensor([[1.0, 10.0]])
        >>> path_experts(net, torch.tensor([[3.0, -1.0]])).tolist()
        [[[3.0], [-10.0]]]
    """
    net = _checked(net, x)
    source = torch.ones_like(x) if getattr(net, "constant_input", False) else x
    layers, last = net.value[:-1], net.value[-1]
    columns = []
    for start, paths in _paths_by_start(net):
        if start == net.depth:
            columns.append(last.bias.expand(x.shape[0], 1, net.d_out))
            continue
        if start == 0:
            strength = layers[0](source)[:, paths[:, 0]]
        else:
            strength = layers[start].bias[paths[:, 0]].expand(x.shape[0], -1)
        for step in range(1, net.depth - start):
            strength = strength * layers[start + step].weight[paths[:, step], paths[:, step - 1]]
        columns.append(strength.unsqueeze(-1) * last.weight.T[paths[:, -1]])
    return torch.cat(columns, dim=1)


@exact()
def mixture_of_experts(net: nn.Module, x: Tensor) -> Tensor:
    """Sum ``g_π(x) e_π(x)`` over all paths (Equation 1).

    Args:
        net: a network of ``halfspace.nets``.
        x: inputs, shape (n, d).

    Returns:
        Shape (n, c); equal to ``net(x)`` by Theorems 1 and 2, up to rounding.

    Raises:
        ValueError: if the net has more than ``MAX_PATHS`` paths or is stacked, x does not fit it,
            or its weights or x are not finite.

    Example:
        >>> from halfspace.nets import ReLUNet
        >>> generator = torch.Generator().manual_seed(0)
        >>> net = ReLUNet(2, width=3, depth=2, generator=generator)
        >>> x = torch.randn(5, 2, generator=generator)
        >>> torch.allclose(mixture_of_experts(net, x), net(x), atol=1e-6)
        True
    """
    return torch.einsum("np,npc->nc", path_gates(net, x), path_experts(net, x))


def _checked(net: nn.Module, x: Tensor) -> nn.Module:
    """Return the net if it is a single one with finite weights and x fits it; refuse others."""
    net = uncompiled(net)
    if net.value[0].weight.ndim > 2:
        raise ValueError("net must be a single one; got a stack (use unstack)")
    check_shape("x", x, (*x.shape[:1], net.d_in))
    check_finite("x", x)
    check_weights(net)
    return net


def _paths_by_start(net: nn.Module):
    _refuse_above_limit(count_paths(net.width, net.depth, bias=net.has_bias), net.width, net.depth)
    device = net.value[0].weight.device
    for start in range(net.depth + 1 if net.has_bias else 1):
        yield start, enumerate_paths(net.width, net.depth, start).to(device)


def _refuse_above_limit(count: int, width: int, depth: int) -> None:
    if count > MAX_PATHS:
        raise ValueError(
            f"enumeration takes at most {MAX_PATHS:,} paths; "
            f"width {width} and depth {depth} make {count:,}"
        )
