"""Statistics of the runs on intrinsic dimension, for the claims and for the chapter."""

from collections.abc import Mapping

import numpy as np

from halfspace.companion.spec import Result

__all__ = [
    "ambient_cost",
    "cost_gap",
    "fall",
    "fall_gap",
    "frozen_loss",
    "growth",
    "hard_loss",
    "layer_lead",
    "log_risk",
    "log_share",
    "loss",
    "turned",
]

Runs = Mapping[str, Result]


def log_risk(result: Result, peer: str = "risk") -> np.ndarray:
    """Return ln of the risk on fresh points without noise, shape (S,).

    Args:
        result: of ``DimensionNets``, or of ``DimensionPeers``.
        peer: of the latter, ``"ridge"`` or ``"neighbours"``.
    """
    return np.log(result.arrays[peer])


def loss(result: Result, other: Result, peer: str = "risk", other_peer: str = "risk") -> np.ndarray:
    """Return ln of the first run's risk over the second's, shape (S,)."""
    return log_risk(result, peer) - log_risk(other, other_peer)


# Costs of dimensions


def ambient_cost(high: Result, low: Result, peer: str = "risk") -> np.ndarray:
    """Return ln of the risk in the larger domain over that in the smaller one, shape (S,)."""
    return loss(high, low, peer, peer)


def cost_gap(
    high: Result, low: Result, other_high: Result, other_low: Result, peer: str, other_peer: str
) -> np.ndarray:
    """Return what larger dimensions cost the first method minus what they cost the second."""
    return ambient_cost(high, low, peer) - ambient_cost(other_high, other_low, other_peer)


def fall(many: Result, few: Result, peer: str = "risk") -> np.ndarray:
    """Return the slope of ln risk in ln n, shape (S,)."""
    return loss(many, few, peer, peer) / np.log(many.spec.points / few.spec.points)


def fall_gap(
    many: Result, few: Result, other_many: Result, other_few: Result, peer: str, other_peer: str
) -> np.ndarray:
    """Return the first method's slope minus the second's, shape (S,)."""
    return fall(many, few, peer) - fall(other_many, other_few, other_peer)


# Half-spaces


def frozen_loss(frozen: Result, trained: Result, low_frozen: Result, low: Result) -> np.ndarray:
    """Return ln of risk with frozen over trained gates, minus the same in the smaller domain."""
    return loss(frozen, trained) - loss(low_frozen, low)


def log_share(result: Result, layer: int, when: int = -1) -> np.ndarray:
    """Return ln of a layer's share in the plane of the signal, shape (S,).

    Args:
        result: of ``DimensionNets``.
        layer: from 0.
        when: number of the record; 0 is the start, -1 the end.
    """
    return np.log(result.shares[when, :, layer])


def turned(result: Result, layer: int, control: Result | None = None) -> np.ndarray:
    """Return ln of a layer's share at the end over that at the start, shape (S,).

    Args:
        result: of ``DimensionNets``.
        layer: from 0.
        control: another run from the same starts, whose change is subtracted.
    """
    change = log_share(result, layer) - log_share(result, layer, 0)
    return change if control is None else change - turned(control, layer)


def layer_lead(result: Result, layer: int, below: int) -> np.ndarray:
    """Return ln of a layer's share at the end over a lower layer's, shape (S,)."""
    return log_share(result, layer) - log_share(result, below)


def growth(result: Result, other: Result, layer: int) -> np.ndarray:
    """Return ln of a layer's share at the end over that in another run, shape (S,)."""
    return log_share(result, layer) - log_share(other, layer)


def hard_loss(result: Result) -> np.ndarray:
    """Return ln of the risk with hard gates over that with the net's own, shape (S,)."""
    return np.log(result.hard_risk / result.risk)
