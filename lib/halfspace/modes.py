"""Modes of gated linear nets with one hidden layer: how each is learned, exactly.

Symbols: P pathways, C contexts, I items, n = C I points, c outputs; K modes, q inputs of a mode.

A gated linear net computes ``f(x) = Σ_p g_p(x) B_p A_p x``. Its gates g_p, 0 or 1, are given, not
learned. Let every item appear once in every context, the input be one unit for the item and one
for the context, and the gates depend on the context alone. With an orthonormal basis v_k of the
items, mode k has the targets ``y_k^c = Σ_i v_k[i] y(i, c)``, and the inputs ``z_k^c``: 1, and, for
the constant vector v_0, also √I times the context's unit. If the targets of different modes are
orthogonal, modes do not interact. Gradient descent of the net, from a start in which each mode has
hidden directions of its own, is then gradient descent of

    L = 1/(2n) Σ_k Σ_c |y_k^c - Σ_p g_p(c) W2_pk W1_pk z_k^c|²,

a few small matrices for each mode and pathway. For one pathway and one direction of a mode,
gradient flow is a sigmoid.

References: Saxe, McClelland and Ganguli (2014) for the sigmoid; Saxe, Sodhani and Lewallen (2022)
for gated pathways. The reduction for contexts is derived here.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from halfspace._checks import check_finite, check_integer, check_shape, check_zero_one

__all__ = [
    "ModeDescent",
    "Modes",
    "aligned_weights",
    "context_modes",
    "haar_basis",
    "mode_descent",
    "random_amplitude",
    "sigmoid",
]

_ZERO = 1e-10
"""Relative size below which a number is a zero of exact arithmetic."""


def sigmoid(times: Tensor, *, strength: float, power: float = 1.0, start: float) -> Tensor:
    """Return how strongly one mode is learned along one pathway, by gradient flow.

    The two layers' weights along the mode are equal at the start.

    Args:
        times: t, any shape.
        strength: s, correlation of the mode's input and target; positive.
        power: D, the input's mean square; positive.
        start: the layers' common weight at t = 0; positive.

    Returns:
        The product of the layers' weights, in the shape of ``times``:
        ``(s/D) / (1 + ((s/D)/start² - 1) exp(-2 s t))``.

    Raises:
        ValueError: if strength, power or start is not positive and finite.

    Reference: Saxe, McClelland and Ganguli (2014).

    Example:
        >>> sigmoid(torch.tensor([0.0, 100.0]), strength=0.5, power=0.25, start=0.1)
        tensor([0.0100, 2.0000])
    """
    for name, value in {"strength": strength, "power": power, "start": start}.items():
        if not 0 < value < math.inf:
            raise ValueError(f"{name} must be positive and finite; got {value!r}")
    last = strength / power
    return last / (1 + (last / start**2 - 1) * torch.exp(-2 * strength * times))


def random_amplitude(std: float, units: int | Tensor) -> float | Tensor:
    """Return the amplitude from which a mode grows in a pathway whose weights are all N(0, std²).

    A mode with input direction v and output direction u grows along ``(A v + Bᵀ u)/√2``. At a
    random start that vector has m entries N(0, std²), thus a length of ``std √m``; half its square
    is in each layer. Nothing is fitted.

    Args:
        std: standard deviation of all weights.
        units: m, the pathway's units; several pathways' as a tensor.

    Example:
        >>> random_amplitude(0.01, 50)
        0.05
    """
    return std * (units / 2) ** 0.5


def haar_basis(items: int) -> Tensor:
    """Return the Haar basis of a binary tree's leaves, one vector for each node and a constant one.

    Args:
        items: I, a power of two.

    Returns:
        float64, shape (I, I); rows are orthonormal. The first is constant; then, level by level,
        each node's is positive on its left half of leaves and negative on its right half.

    Raises:
        ValueError: if ``items`` is not a power of two.

    Example:
        >>> haar_basis(4) * 2
        tensor([[ 1.0000,  1.0000,  1.0000,  1.0000],
                [ 1.0000,  1.0000, -1.0000, -1.0000],
                [ 1.4142, -1.4142,  0.0000,  0.0000],
                [ 0.0000,  0.0000,  1.4142, -1.4142]], dtype=torch.float64)
    """
    items = check_integer("items", items)
    if items & (items - 1):
        raise ValueError(f"items must be a power of two; got {items}")
    rows = [torch.ones(items, dtype=torch.float64)]
    size = items
    while size > 1:
        for first in range(0, items, size):
            row = torch.zeros(items, dtype=torch.float64)
            row[first : first + size // 2], row[first + size // 2 : first + size] = 1, -1
            rows.append(row)
        size //= 2
    basis = torch.stack(rows)
    return basis / basis.norm(dim=1, keepdim=True)


@dataclass(frozen=True, kw_only=True)
class Modes:
    """What a task of items in contexts asks of each mode.

    Attributes:
        basis: v, orthonormal rows, the first one constant, shape (K, I), K = I.
        inputs: z, shape (K, C, q), q = 1 + C.
        targets: y, shape (K, C, c).

    Example:
        >>> modes = context_modes(torch.eye(4, dtype=torch.float64).expand(3, 4, 4), haar_basis(4))
        >>> modes.inputs.shape, modes.targets.shape, modes.points
        (torch.Size([4, 3, 4]), torch.Size([4, 3, 4]), 12)
    """

    basis: Tensor
    inputs: Tensor
    targets: Tensor

    @property
    def points(self) -> int:
        """Number n of the task's points."""
        return self.inputs.shape[0] * self.inputs.shape[1]


def context_modes(targets: Tensor, basis: Tensor) -> Modes:
    """Return the modes of a task in which every item appears in every context.

    Args:
        targets: y(i, c), float64, shape (C, I, c).
        basis: orthonormal rows, the first one constant, float64, shape (I, I).

    Raises:
        ValueError: if a shape is wrong, the basis is not orthonormal or does not begin with a
            constant vector, or the targets of two modes are not orthogonal, so that modes interact.

    Example:
        >>> targets = torch.eye(2, dtype=torch.float64).unsqueeze(0)  # one context, two items
        >>> context_modes(targets, haar_basis(2)).targets[1, 0]
        tensor([ 0.7071, -0.7071], dtype=torch.float64)
    """
    if targets.ndim != 3:
        raise ValueError(f"targets must have shape (C, I, c); got {tuple(targets.shape)}")
    contexts, items, _ = targets.shape
    check_shape("basis", basis, (items, items))
    check_finite("targets", targets)
    eye = torch.eye(items, dtype=basis.dtype)
    if not torch.allclose(basis @ basis.mT, eye, atol=_ZERO) or basis[0].std() > _ZERO:
        raise ValueError("basis must be orthonormal rows that begin with a constant one; it is not")
    of_modes = torch.einsum("ki,cio->kco", basis, targets)
    products = torch.einsum("kco,jdo->kcjd", of_modes, of_modes).abs().amax((1, 3))
    if (products - products.diagonal().diag()).max() > _ZERO * products.max():
        raise ValueError("the targets of different modes must be orthogonal; they interact here")
    inputs = torch.zeros(items, contexts, 1 + contexts, dtype=targets.dtype)
    inputs[:, :, 0] = 1
    inputs[0, :, 1:] = math.sqrt(items) * torch.eye(contexts, dtype=targets.dtype)
    return Modes(basis=basis, inputs=inputs, targets=of_modes)


@dataclass(frozen=True, kw_only=True)
class ModeDescent:
    """What ``mode_descent`` computed.

    Attributes:
        losses: the net's loss after each number of steps, float64, shape (steps + 1,).
        maps: ``W2_pk W1_pk`` after the recorded steps, shape (R, K, P, c, q).

    Example:
        >>> modes = context_modes(torch.eye(2, dtype=torch.float64).unsqueeze(0), haar_basis(2))
        >>> gates, start = torch.ones(1, 1, dtype=torch.float64), torch.tensor([0.1])
        >>> done = mode_descent(modes, gates, start=start, learning_rate=0.2, steps=3, record=[0])
        >>> done.losses.shape, done.maps.shape
        (torch.Size([4]), torch.Size([1, 2, 1, 2, 2]))
    """

    losses: Tensor
    maps: Tensor


@torch.no_grad()
def mode_descent(
    modes: Modes,
    gates: Tensor,
    *,
    start: Tensor,
    learning_rate: float,
    steps: int,
    record: Sequence[int] = (),
) -> ModeDescent:
    """Run gradient descent on the reduced loss, mode by mode.

    It equals full-batch gradient descent of the whole net on ``1/(2n) Σ |y - f(x)|²`` where the net
    starts from ``aligned_weights``. For a net with random weights, start from
    ``random_amplitude``: a prediction of its learning without a fit.

    Args:
        modes: of the task.
        gates: g_p(c), 0 or 1, shape (P, C).
        start: amplitude of each pathway's weights, shape (P,).
        learning_rate: step size of gradient descent; time is learning rate times steps.
        steps: how many.
        record: numbers of steps after which the maps are kept.

    Raises:
        ValueError: if a shape is wrong, a gate is neither 0 nor 1, or ``steps`` is no number of
            steps.

    Example:
        Two pathways, each on in one of two contexts, learn the same loss as one without gates does
        later.

        >>> targets = torch.eye(4, dtype=torch.float64).expand(2, 4, 4)
        >>> modes = context_modes(targets, haar_basis(4))
        >>> options = dict(learning_rate=0.1, steps=500)
        >>> both, own = torch.ones(1, 2), torch.eye(2)
        >>> common = mode_descent(modes, both, start=torch.tensor([0.01]), **options)
        >>> modular = mode_descent(modes, own, start=torch.tensor([0.01, 0.01]), **options)
        >>> bool(common.losses[200] < modular.losses[200])
        True
    """
    steps = check_integer("steps", steps, least=0)
    z, y, n = modes.inputs, modes.targets, modes.points
    gates = gates.to(y)
    first, second = _layers(modes, gates, start)
    kept, losses = {}, []
    for step in range(steps + 1):
        hidden = torch.einsum("kprq,kcq->kprc", first, z)
        outputs = torch.einsum("kpor,kprc,pc->kco", second, hidden, gates)
        error = y - outputs
        losses.append(error.square().sum() / (2 * n))
        if step in record:
            kept[step] = second @ first
        gated = torch.einsum("kco,pc->kpoc", error, gates) / n
        ahead = gated @ hidden.mT
        behind = second.mT @ gated @ z.unsqueeze(1)
        second, first = second + learning_rate * ahead, first + learning_rate * behind
    shape = (0, *(second @ first).shape)
    maps = torch.stack([kept[step] for step in record]) if record else y.new_empty(shape)
    return ModeDescent(losses=torch.stack(losses), maps=maps)


def aligned_weights(
    modes: Modes,
    gates: Tensor,
    *,
    start: Tensor,
    units: int,
    generator: torch.Generator | None = None,
) -> tuple[Tensor, Tensor]:
    """Return weights of a whole net from which its gradient descent is ``mode_descent`` exactly.

    In each pathway the modes have orthonormal directions of its hidden layer, drawn at random.

    Args:
        modes: of the task.
        gates: g_p(c), shape (P, C).
        start: amplitude of each pathway's weights, shape (P,).
        units: in each pathway; at least as many as its modes have directions.
        generator: source of randomness.

    Returns:
        First layer, shape (P units, I + C): inputs are one unit for each item, then one for each
        context; second layer, shape (c, P units). The units of pathway p stand together, in order.

    Raises:
        ValueError: if a shape is wrong, or there are too few units.

    Example:
        >>> modes = context_modes(torch.eye(2, dtype=torch.float64).unsqueeze(0), haar_basis(2))
        >>> first, second = aligned_weights(
        ...     modes, torch.ones(1, 1), start=torch.tensor([0.1]), units=5
        ... )
        >>> first.shape, second.shape
        (torch.Size([5, 3]), torch.Size([2, 5]))
    """
    units = check_integer("units", units)
    first, second = _layers(modes, gates.to(modes.targets), start)
    used = first.abs().amax(-1) > 0  # (K, P, r)
    layers = []
    for pathway in range(len(gates)):
        mine = used[:, pathway].nonzero()
        if len(mine) > units:
            raise ValueError(f"units must be at least {len(mine)}, one a direction; got {units}")
        square = torch.randn(units, units, dtype=torch.float64, generator=generator)
        directions = torch.linalg.qr(square).Q[:, : len(mine)].to(first)
        mode, rank = mine.T
        rows = first[mode, pathway, rank]  # (directions, q): item coefficient, contexts
        rows = torch.cat([rows[:, :1] * modes.basis[mode].to(rows), rows[:, 1:]], dim=1)
        layers.append((directions @ rows, second[mode, pathway, :, rank].mT @ directions.mT))
    before, after = zip(*layers, strict=True)
    return torch.cat(before), torch.cat(after, dim=1)


def _layers(modes: Modes, gates: Tensor, start: Tensor) -> tuple[Tensor, Tensor]:
    """Return the reduced layers at the start, (K, P, r, q) and (K, P, c, r).

    They lie along the singular vectors of each pathway's correlation of targets and inputs; those
    of zeros are left out.
    """
    contexts = modes.inputs.shape[1]
    check_shape("gates", gates, (len(gates), contexts))
    check_zero_one(gates)
    check_shape("start", start, (len(gates),))
    correlation = torch.einsum("kco,kcq,pc->kpoq", modes.targets, modes.inputs, gates)
    left, values, right = torch.linalg.svd(correlation, full_matrices=False)
    scale = start.to(left)[:, None] * (values > _ZERO * values.max())
    return scale.unsqueeze(-1) * right, left * scale.unsqueeze(-2)
