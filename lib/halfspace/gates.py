"""Gates: how a unit's pre-activation becomes an activity between 0 and 1.

A unit is *active* where its pre-activation is at least zero. The hard gate says just that; it has
no useful gradient. The soft gate is what gradient descent can train; the straight-through gate is
hard in the forward pass and borrows the soft gate's derivative.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

__all__ = ["Gate", "HardGate", "SoftGate", "StraightThroughGate", "gate_named"]


@dataclass(frozen=True)
class HardGate:
    """Indicator ``1[η >= 0]``: the gate of the paper's definitions (Equations 2 and 4)."""

    def __call__(self, preactivation: Tensor) -> Tensor:
        """Return 0/1 activities of the same shape and dtype as ``preactivation``."""
        return (preactivation >= 0).to(preactivation.dtype)


@dataclass(frozen=True)
class SoftGate:
    """Sigmoid ``1 / (1 + exp(-β η))``, which tends to the hard gate as β grows.

    Attributes:
        beta: sharpness, positive; in inverse units of the pre-activation.

    Raises:
        ValueError: if ``beta`` is not positive.
    """

    beta: float

    def __post_init__(self):
        _check_beta(self.beta)

    def __call__(self, preactivation: Tensor) -> Tensor:
        """Return activities in (0, 1) of the shape of ``preactivation``."""
        return torch.sigmoid(self.beta * preactivation)


@dataclass(frozen=True)
class StraightThroughGate:
    """Hard gate forward, derivative of ``SoftGate(beta)`` backward.

    Attributes:
        beta: sharpness of the borrowed derivative, positive.

    Raises:
        ValueError: if ``beta`` is not positive.
    """

    beta: float

    def __post_init__(self):
        _check_beta(self.beta)

    def __call__(self, preactivation: Tensor) -> Tensor:
        """Return 0/1 activities of the shape of ``preactivation``."""
        soft = torch.sigmoid(self.beta * preactivation)
        hard = (preactivation >= 0).to(soft.dtype)
        # ``soft - soft.detach()`` is exactly zero, so the activities stay exactly 0 and 1.
        return hard + (soft - soft.detach())


Gate = HardGate | SoftGate | StraightThroughGate

_KINDS = {"soft": SoftGate, "straight-through": StraightThroughGate}


def gate_named(kind: str, beta: float) -> Gate:
    """Build a gate from its name, for specs and parameter files.

    Args:
        kind: ``"hard"``, ``"soft"`` or ``"straight-through"``.
        beta: sharpness; the hard gate has none and ignores it.

    Raises:
        ValueError: if ``kind`` is none of the three.
    """
    if kind == "hard":
        return HardGate()
    if kind not in _KINDS:
        raise ValueError(f"gate must be 'hard', 'soft' or 'straight-through'; got {kind!r}")
    return _KINDS[kind](beta)


def _check_beta(beta: float) -> None:
    if not beta > 0:
        raise ValueError(f"beta must be positive; got {beta}")
