"""Interpolants built by hand: networks that add to any other one a narrow correction at each point.

A network f and n training points give residuals ``ρ_i = y_i - f(x_i)``. Adding a function of height
ρ_i and radius τ around each point makes the training error zero, and changes f nowhere else. Two
shapes are explicit networks:

- a *bump* ``max(0, 1 - |x - x_i|₁/τ)``, from a ReLU net of two hidden layers (``bump_net``);
- a *box*, 1 where ``|x - x_i|∞ <= τ``, from a DLGN whose value network reads ones (``box_net``). It
  is one path for each point.

``side_by_side`` joins them with f in one wider network. Sums of bumps and their costs are also
computed directly (``bump_sum``, ``bump_cost``, ``box_cost``), at any number of points.

References: Lin, Wang and Zhou 2021, Generalization Performance of Empirical Risk Minimization on
Over-parameterized Deep ReLU Nets, for the question. Only the abstract was read: these constructions
are our own.
"""

import math

import torch
from torch import Tensor

from halfspace._checks import check_finite, check_integer, check_shape, exact
from halfspace.gates import HardGate
from halfspace.nets import DLGN, Linear, ReLUNet

__all__ = [
    "bump_cost",
    "bump_net",
    "bump_sum",
    "box_cost",
    "box_net",
    "least_gap",
    "side_by_side",
]

_CHUNK = 2**22  # distances in memory at a time, 32 MB


@exact()
def least_gap(points: Tensor, p: float = 1.0) -> float:
    """Return the least distance between two of the points.

    Bumps of a radius up to the least gap leave each other's centres alone; up to half of it, they
    do not overlap. For boxes, the same holds with ``p = inf``.

    Args:
        points: shape (n, d), n at least 2.
        p: which norm, 1 or infinity for example.

    Raises:
        ValueError: if there are fewer than two points, or one is not finite.

    Example:
        >>> least_gap(torch.tensor([[0.0, 0.0], [1.0, 1.0], [3.0, 0.0]]))
        2.0
        >>> least_gap(torch.tensor([[0.0, 0.0], [1.0, 1.0], [3.0, 0.0]]), p=math.inf)
        1.0
    """
    if points.ndim != 2 or len(points) < 2:
        raise ValueError(f"points must have shape (n, d), n >= 2; got {tuple(points.shape)}")
    check_finite("points", points)
    return torch.nn.functional.pdist(points.double(), p).min().item()


@exact()
def bump_net(points: Tensor, values: Tensor, radius: float) -> ReLUNet:
    """Build the ReLU net ``x -> Σ_i ρ_i max(0, 1 - |x - x_i|₁/τ)``.

    For each point and coordinate, three units of the first layer make a hat over that coordinate;
    one unit of the second layer adds a point's d hats and takes d - 1 away, which leaves the bump.
    Both layers have 3dn units; all but n of the second stay at zero.

    Args:
        points: centres x_i, shape (n, d).
        values: heights ρ_i, shape (n,).
        radius: τ.

    Returns:
        A net of two hidden layers with biases, float64. Its rounding error is some ``1e-16/τ``.

    Raises:
        ValueError: if a shape is wrong, a number is not finite, or the radius is not positive.

    Example:
        >>> points = torch.tensor([[0.2, 0.5], [0.8, 0.5]])
        >>> net = bump_net(points, torch.tensor([1.0, -2.0]), radius=0.3)
        >>> x = torch.tensor([[0.2, 0.5], [0.8, 0.35], [0.5, 0.5]]).double()
        >>> net(x)[:, 0].round(decimals=6).tolist()
        [1.0, -1.0, 0.0]
    """
    count, d_in = _check(points, values, radius)
    net = _zeroed(ReLUNet(d_in, width=3 * d_in * count, depth=2, bias=True, generator=_unused()))
    first, second, last = net.value
    with torch.no_grad():
        weight = first.weight.view(count, d_in, 3, d_in)
        weight[:] = torch.eye(d_in).double().view(1, d_in, 1, d_in) / radius
        shifts = torch.tensor([1.0, 0.0, -1.0]).double()
        first.bias.view(count, d_in, 3)[:] = shifts - points.double()[..., None] / radius
        hats = torch.tensor([1.0, -2.0, 1.0]).double().repeat(d_in)
        second.weight[:count] = torch.block_diag(*[hats] * count)
        second.bias[:count] = 1.0 - d_in
        last.weight[0, :count] = values
    return net


@exact()
def box_net(points: Tensor, values: Tensor, radius: float) -> DLGN:
    """Build the DLGN that is the sum of the values of all boxes ``|x - x_i|∞ <= τ`` around x.

    Its value network reads ones, its gates are hard, and it has two layers for each coordinate:
    there, unit d + i asks whether ``x_j <= x_ij + τ``, or ``x_j >= x_ij - τ``. So path (d + i, ...,
    d + i) is active in the box of point i, and its value is ρ_i. The first d units of each layer
    carry the input to the gates above; a linear gating network could not ask for a coordinate that
    it had dropped. No other path carries weight.

    Args:
        points: centres x_i, shape (n, d).
        values: ρ_i, shape (n,).
        radius: τ.

    Returns:
        A net of 2d hidden layers of n + d units, with biases, float64.

    Raises:
        ValueError: if a shape is wrong, a number is not finite, or the radius is not positive.

    Example:
        >>> points = torch.tensor([[0.2, 0.5], [0.8, 0.5]])
        >>> net = box_net(points, torch.tensor([1.0, -2.0]), radius=0.3)
        >>> x = torch.tensor([[0.2, 0.5], [0.8, 0.35], [0.8, 0.1]]).double()
        >>> net(x)[:, 0].tolist()
        [1.0, -2.0, 0.0]
    """
    count, d_in = _check(points, values, radius)
    sizes = dict(width=count + d_in, depth=2 * d_in, bias=True, generator=_unused())
    net = _zeroed(DLGN(d_in, gate=HardGate(), constant_input=True, **sizes))
    with torch.no_grad():
        for number, (gating, value) in enumerate(zip(net.gating, net.value[:-1], strict=True)):
            coordinate, sign = number // 2, 1 if number % 2 == 0 else -1
            gating.weight[:d_in, :d_in] = torch.eye(d_in)
            gating.weight[d_in:, coordinate] = sign
            gating.bias[d_in:] = radius - sign * points[:, coordinate].double()
            if number == 0:
                value.bias[d_in:] = 1
            else:
                value.weight[d_in:, d_in:] = torch.eye(count)
        net.value[-1].weight[0, d_in:] = values
    return net


@exact()
def bump_sum(x: Tensor, points: Tensor, values: Tensor, radius: float) -> Tensor:
    """Compute ``Σ_i ρ_i max(0, 1 - |x - x_i|₁/τ)`` without a network.

    Args:
        x: inputs, shape (k, d).
        points: centres x_i, shape (n, d).
        values: heights ρ_i, shape (n,).
        radius: τ.

    Returns:
        float64, shape (k,).

    Raises:
        ValueError: if a shape is wrong, a number is not finite, or the radius is not positive.

    Example:
        >>> points = torch.tensor([[0.2, 0.5], [0.8, 0.5]])
        >>> x = torch.tensor([[0.2, 0.5], [0.8, 0.35]])
        >>> bump_sum(x, points, torch.tensor([1.0, -2.0]), radius=0.3).round(decimals=6).tolist()
        [1.0, -1.0]
    """
    count, d_in = _check(points, values, radius)
    check_shape("x", x, (len(x), d_in))
    points, values = points.double(), values.double()
    parts = [
        (1 - torch.cdist(part, points, p=1) / radius).relu() @ values
        for part in x.double().split(max(1, _CHUNK // count))
    ]
    return torch.cat(parts) if parts else x.new_zeros(0, dtype=torch.float64)


def bump_cost(values: Tensor, radius: float, d_in: int) -> float:
    """Return the integral of the square of a sum of bumps that do not overlap.

    It is ``Σ_i ρ_i² · 2 (2τ)^d / (d + 2)!``: how far the bumps move a function, in the mean square
    over a cube of side 1 that holds them.

    Args:
        values: heights ρ_i, shape (n,).
        radius: τ.
        d_in: d.

    Raises:
        ValueError: if d is no positive integer.

    Example:
        >>> bump_cost(torch.ones(1), radius=0.5, d_in=1) == 2 / 6  # of a hat on [0, 1]
        True
    """
    d_in = check_integer("d_in", d_in)
    return _squares(values) * 2 * (2 * radius) ** d_in / math.factorial(d_in + 2)


def box_cost(values: Tensor, radius: float, d_in: int) -> float:
    """Return the integral of the square of a sum of boxes that do not overlap: ``Σ_i ρ_i² (2τ)^d``.

    Args:
        values: ρ_i, shape (n,).
        radius: τ.
        d_in: d.

    Raises:
        ValueError: if d is no positive integer.

    Example:
        >>> box_cost(torch.ones(3), radius=0.25, d_in=2)
        0.75
    """
    return _squares(values) * (2 * radius) ** check_integer("d_in", d_in)


def side_by_side(
    first: ReLUNet | DLGN, second: ReLUNet | DLGN, /, *others: ReLUNet | DLGN
) -> ReLUNet | DLGN:
    """Join nets of one depth into one wider net whose output is the sum of theirs.

    Weights between units of different nets are zero, so no path that carries weight passes through
    two of them.

    Args:
        first: a ReLU net or DLGN with biases.
        second: another one of the same kind, depth and sizes of input and output.
        *others: further ones.

    Returns:
        A net of the first one's type.

    Raises:
        ValueError: if the nets differ in more than their width and weights, have no biases, or are
            stacked.

    Example:
        >>> nets = [ReLUNet(2, width=width, depth=3, bias=True) for width in (4, 7)]
        >>> joined, x = side_by_side(*nets), torch.randn(5, 2)
        >>> joined.width, torch.allclose(joined(x), nets[0](x) + nets[1](x), atol=1e-6)
        (11, True)
    """
    nets = [first, second, *others]
    kinds = [_kind(net) for net in nets]
    for kind in kinds[1:]:
        if kind != kinds[0]:
            raise ValueError(f"nets must be of one kind; got {kinds[0]} and {kind}")
    if not first.has_bias or first.value[0].weight.ndim > 2:
        raise ValueError("nets must have biases and be single ones, not stacked")
    names = ("gate", "constant_input", "frozen_gating", "shallow") if first.has_gating else ()
    sizes = dict(width=sum(net.width for net in nets), depth=first.depth, d_out=first.d_out)
    options = {name: getattr(first, name) for name in names}
    made = type(first)(first.d_in, **sizes, **options, bias=True, generator=_unused())
    made = made.to(first.value[0].weight)
    with torch.no_grad():
        for number, layer in enumerate(made.value):
            _join(layer, [net.value[number] for net in nets], number == 0, number == made.depth)
        for number, layer in enumerate(made.gating if made.has_gating else ()):
            reads_input = number == 0 or made.shallow
            _join(layer, [net.gating[number] for net in nets], reads_input, False)
    return made


def _join(target: Linear, layers: list[Linear], reads_input: bool, is_output: bool) -> None:
    """Set a layer's weights from those of nets that do not see each other."""
    weights, biases = ([getattr(layer, name) for layer in layers] for name in ("weight", "bias"))
    if is_output:
        target.weight[:] = torch.cat(weights, 1)
        target.bias[:] = sum(biases)
    else:
        target.weight[:] = torch.cat(weights) if reads_input else torch.block_diag(*weights)
        target.bias[:] = torch.cat(biases)


def _kind(net: ReLUNet | DLGN) -> dict:
    """Return what nets that are joined must share."""
    names = ["d_in", "d_out", "depth", "has_bias"]
    if net.has_gating:
        names += ["gate", "constant_input", "frozen_gating", "shallow"]
    return {"net": type(net).__name__} | {name: getattr(net, name) for name in names}


def _check(points: Tensor, values: Tensor, radius: float) -> tuple[int, int]:
    """Refuse what gives no bumps, and return the number of points and of coordinates."""
    if points.ndim != 2 or not points.numel():
        raise ValueError(f"points must have shape (n, d); got {tuple(points.shape)}")
    check_shape("values", values, points.shape[:1])
    check_finite("points", points)
    check_finite("values", values)
    if not 0 < radius < math.inf:
        raise ValueError(f"radius must be positive and finite; got {radius!r}")
    return points.shape


def _squares(values: Tensor) -> float:
    return values.double().square().sum().item()


def _zeroed(net: ReLUNet | DLGN) -> ReLUNet | DLGN:
    """Return the net with all weights zero, float64."""
    net = net.double()
    for parameter in net.parameters():
        parameter.data.zero_()
    return net


def _unused() -> torch.Generator:
    """Return a generator for weights that are overwritten, to leave the global one alone."""
    return torch.Generator().manual_seed(0)
