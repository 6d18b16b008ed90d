"""Gates: how a unit's pre-activation becomes an activity between 0 and 1.

A unit is *active* where its pre-activation is at least zero. The hard gate is 1 there and 0
elsewhere; it has no useful gradient. The soft gate is a sigmoid, which gradient descent can train.
The straight-through gate is hard in the forward pass and has the soft gate's derivative in the
backward pass. The hard gate of a pre-activation that is NaN or infinite is NaN; functions that
count paths or cut regions refuse it.

The gate of a stacked net (``halfspace.nets.stack``) may have a different sharpness for each copy.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import torch
from torch import Tensor

__all__ = [
    "Gate",
    "HardGate",
    "SoftGate",
    "StraightThroughGate",
    "gate_named",
    "is_active",
    "stack_gates",
    "unstack_gate",
]


@dataclass(frozen=True)
class HardGate:
    """Indicator ``1[η >= 0]``: the gate of the paper's definitions (Equations 2 and 4).

    Example:
        >>> HardGate()(torch.tensor([-0.5, 0.0, 2.0]))
        tensor([0., 1., 1.])
    """

    def __call__(self, preactivation: Tensor) -> Tensor:
        """Return 0/1 activities of the same shape and dtype as ``preactivation``.

        NaN where the pre-activation is NaN or infinite.
        """
        eta = preactivation.detach()
        # ``eta - eta`` is exactly zero where eta is finite, and NaN elsewhere.
        return is_active(eta) + (eta - eta)

    def derivative(self, preactivation: Tensor) -> None:
        """Return ``None``: a hard gate passes no gradient."""


@dataclass(frozen=True)
class SoftGate:
    """Sigmoid ``1 / (1 + exp(-β η))``, which tends to the hard gate as β grows.

    Attributes:
        beta: sharpness, positive; in inverse units of the pre-activation. A tuple holds one for
            each copy of a stacked net.

    Raises:
        ValueError: if ``beta`` is not positive.

    Example:
        >>> SoftGate(4.0)(torch.tensor([-1.0, 0.0, 1.0]))
        tensor([0.0180, 0.5000, 0.9820])
    """

    beta: float | tuple[float, ...]

    def __post_init__(self):
        _check_beta(self.beta)

    def __call__(self, preactivation: Tensor) -> Tensor:
        """Return activities in (0, 1) of the shape of ``preactivation``.

        Raises:
            ValueError: if there is a beta for each copy and the size of the first axis is not the
                number of copies.
        """
        return torch.sigmoid(_sharpen(self.beta, preactivation))

    def derivative(self, preactivation: Tensor) -> Tensor:
        """Return the derivative of the backward pass, of the shape of ``preactivation``."""
        return _sigmoid_derivative(self.beta, preactivation)


@dataclass(frozen=True)
class StraightThroughGate:
    """Hard gate forward, derivative of ``SoftGate(beta)`` backward.

    Reference: Bengio, Léonard and Courville (2013), Estimating or Propagating Gradients Through
    Stochastic Neurons for Conditional Computation.

    Attributes:
        beta: sharpness of the soft gate whose derivative is used, positive; in inverse units of the
            pre-activation. A tuple holds one for each copy of a stacked net.

    Raises:
        ValueError: if ``beta`` is not positive.

    Example:
        >>> eta = torch.tensor([-1.0, 0.0, 1.0], requires_grad=True)
        >>> activities = StraightThroughGate(4.0)(eta)
        >>> activities.tolist()
        [0.0, 1.0, 1.0]
        >>> activities.sum().backward()
        >>> eta.grad
        tensor([0.0707, 1.0000, 0.0707])
    """

    beta: float | tuple[float, ...]

    def __post_init__(self):
        _check_beta(self.beta)

    def __call__(self, preactivation: Tensor) -> Tensor:
        """Return 0/1 activities of the shape of ``preactivation``, NaN where the hard gate is.

        Raises:
            ValueError: if there is a beta for each copy and the size of the first axis is not the
                number of copies.
        """
        soft = torch.sigmoid(_sharpen(self.beta, preactivation))
        hard = HardGate()(preactivation)
        # ``soft - soft.detach()`` is exactly zero, so the activities stay exactly 0 and 1.
        return hard + (soft - soft.detach())

    def derivative(self, preactivation: Tensor) -> Tensor:
        """Return the derivative of the backward pass, of the shape of ``preactivation``."""
        return _sigmoid_derivative(self.beta, preactivation)


Gate = HardGate | SoftGate | StraightThroughGate

_KINDS = {"soft": SoftGate, "straight-through": StraightThroughGate}


def is_active(preactivation: Tensor) -> Tensor:
    """Return 1 where a pre-activation is at least zero, else 0, in its shape and dtype.

    Unlike the hard gate, it counts NaN as not active, and infinity by its sign. Studies of many
    copies use it, so that a copy that diverged can be recorded with the others.

    Example:
        >>> is_active(torch.tensor([-1.0, 0.0, float("nan")]))
        tensor([0., 1., 0.])
    """
    return (preactivation >= 0).to(preactivation.dtype)


def gate_named(kind: str, beta: float) -> Gate:
    """Build a gate from its name, for specs and parameter files.

    Args:
        kind: ``"hard"``, ``"soft"`` or ``"straight-through"``.
        beta: sharpness; ignored for the hard gate, which has none.

    Raises:
        ValueError: if ``kind`` is not one of the three.

    Example:
        >>> gate_named("soft", 4.0)
        SoftGate(beta=4.0)
    """
    if kind == "hard":
        return HardGate()
    if kind not in _KINDS:
        raise ValueError(f"gate must be 'hard', 'soft' or 'straight-through'; got {kind!r}")
    return _KINDS[kind](beta)


def stack_gates(gates: Sequence[Gate]) -> Gate:
    """Combine the gates of S nets into the gate of the stacked net.

    Gates may be of any kind that is a dataclass, and may differ in ``beta`` only.

    Returns:
        The common gate, or one with a beta for each copy where they differ.

    Raises:
        ValueError: if the gates differ in kind or in a parameter other than ``beta``, or if one
            already has a beta for each copy.

    Example:
        >>> stack_gates([SoftGate(1.0), SoftGate(4.0)])
        SoftGate(beta=(1.0, 4.0))
    """
    first = gates[0]
    if any(type(gate) is not type(first) for gate in gates):
        kinds = ", ".join(sorted({type(gate).__name__ for gate in gates}))
        raise ValueError(f"gates of stacked nets must be of one kind; got {kinds}")
    betas = tuple(getattr(gate, "beta", None) for gate in gates)
    several = [beta for beta in betas if isinstance(beta, tuple)]
    if several:
        raise ValueError(f"gates of stacked nets must have one beta each; got {several[0]}")
    for gate, beta in zip(gates, betas, strict=True):
        if (gate if beta is None else replace(gate, beta=betas[0])) != first:
            raise ValueError(
                f"gates of stacked nets may differ in beta only; got {first} and {gate}"
            )
    return first if len(set(betas)) == 1 else replace(first, beta=betas)


def unstack_gate(gate: Gate, copies: int) -> list[Gate]:
    """Split the gate of a stacked net into its copies' gates: the inverse of ``stack_gates``.

    Example:
        >>> unstack_gate(SoftGate((1.0, 4.0)), copies=2)
        [SoftGate(beta=1.0), SoftGate(beta=4.0)]
    """
    beta = getattr(gate, "beta", None)
    if isinstance(beta, tuple):
        return [replace(gate, beta=each) for each in beta]
    return [gate] * copies


def _check_beta(beta: float | tuple[float, ...]) -> None:
    for each in beta if isinstance(beta, tuple) else (beta,):
        if not each > 0:
            raise ValueError(f"beta must be positive; got {beta}")


def _sharpen(beta: float | tuple[float, ...], preactivation: Tensor) -> Tensor:
    """Return β η, or, for several β, each β times its entry of the first axis."""
    if not isinstance(beta, tuple):
        return beta * preactivation
    if preactivation.shape[0] != len(beta):
        raise ValueError(
            f"preactivation must have a first axis of {len(beta)} copies, one for each beta; "
            f"got shape {tuple(preactivation.shape)}"
        )
    column = _column(beta, preactivation.dtype, preactivation.device)
    return column.view(-1, *[1] * (preactivation.ndim - 1)) * preactivation


def _sigmoid_derivative(beta: float | tuple[float, ...], preactivation: Tensor) -> Tensor:
    soft = torch.sigmoid(_sharpen(beta, preactivation))
    return _sharpen(beta, soft * (1 - soft))


@lru_cache
def _column(beta: tuple[float, ...], dtype: torch.dtype, device: torch.device) -> Tensor:
    """Return the betas as a tensor, copied to the device once rather than at each call."""
    with torch.inference_mode(False):  # a tensor made in inference mode could not be trained with
        return torch.tensor(beta, dtype=dtype, device=device)
