"""Statistics of the runs on trees, clusters and ranks, for the claims and for the chapter."""

import numpy as np

from halfspace.companion.label_jumps.data import levels
from halfspace.companion.label_jumps.measures import NEAR
from halfspace.companion.spec import Result

__all__ = [
    "SOLVED",
    "accuracy_gain",
    "all_nodes_nearer",
    "captured",
    "captured_first",
    "capture_times",
    "chain_factor",
    "chain_fall",
    "is_computed",
    "lost_without_jumps",
    "rank_fall",
    "right_weight",
    "through_gates",
    "unused_moved",
]

SOLVED = 0.999
"""Accuracy above which a small net has solved the switch of bits."""


def is_computed(result: Result) -> np.ndarray:
    """Return for which trees both DLGNs give every point its label, bool, shape (S,)."""
    return (result.shallow == 0) & (result.deep == 0)


# Gates and nodes


def all_nodes_nearer(result: Result) -> np.ndarray:
    """Return for which trees every node ends nearer to a gate than any unused direction, (S,)."""
    return result.distance[-1].max(-1) < result.unused_least[-1]


def captured(result: Result, level: int | None = None) -> np.ndarray:
    """Return the share of nodes with a gate within 0.3 at the end, shape (S,).

    Args:
        result: of ``TreeTraining``.
        level: of the nodes; all if ``None``.
    """
    near = result.distance[-1] < NEAR
    if level is not None:
        near = near[:, levels(result.spec.depth) == level]
    return near.mean(-1)


def unused_moved(result: Result, control: Result | None = None) -> np.ndarray:
    """Return how much farther the unused directions' nearest gates are at the end, shape (S,).

    Args:
        result: of ``TreeTraining``.
        control: another run of the same seeds, whose change is subtracted.
    """
    moved = result.unused_mean[-1] - result.unused_mean[0]
    return moved if control is None else moved - unused_moved(control)


def accuracy_gain(result: Result, other: Result) -> np.ndarray:
    """Return by how much the first run's final score exceeds the second's, shape (S,)."""
    return result.score[-1] - other.score[-1]


def capture_times(result: Result) -> np.ndarray:
    """Return the first recorded epoch with a gate within 0.3 of each node, (S, N); inf if never."""
    near = result.distance < NEAR
    times = result.epochs[near.argmax(0)]
    return np.where(near.any(0), times, np.inf)


def captured_first(result: Result, first: int, later: tuple[int, ...]) -> np.ndarray:
    """Return the share of pairs of nodes in which the one of an earlier level is captured first.

    Args:
        result: of ``TreeTraining``.
        first: level of the pairs' first nodes.
        later: levels of their second nodes.

    Returns:
        Minus one half, which is chance, shape (S,). Ties, and pairs never captured, count half.
    """
    times, level = capture_times(result), levels(result.spec.depth)
    one = times[:, level == first][:, :, None]
    other = times[:, np.isin(level, later)][:, None, :]
    return ((one < other) + 0.5 * (one == other)).mean((1, 2)) - 0.5


def lost_without_jumps(labels: Result, margin: Result) -> np.ndarray:
    """Return half the share of nodes captured with labels minus that with margins, shape (S,)."""
    return captured(labels) / 2 - captured(margin)


# Clusters


def _solved(result: Result) -> np.ndarray:
    """Return which nets count, bool, (S,): of those on bits the ones that solve the task."""
    if result.spec.data == "continuous":
        return np.ones(len(result.accuracy), bool)
    return result.accuracy > SOLVED


def right_weight(result: Result) -> np.ndarray:
    """Return the share of inputs whose deciding input has the larger weight, minus 1/2, (nets,)."""
    return result.right[_solved(result)] - 0.5


def through_gates(result: Result) -> np.ndarray:
    """Return the share of class changes that change the cluster, minus 1/2, shape (nets,)."""
    return result.through[_solved(result)] - 0.5


# Ranks


def rank_fall(result: Result, when: int) -> np.ndarray:
    """Return the mean rank of the first layer's Jacobian minus the last one's, shape (S,).

    Args:
        result: of ``FashionRanks``.
        when: 0 before training, 1 after.
    """
    return result.ranks[:, when, 0] - result.ranks[:, when, -1]


def chain_factor(chain: Result, shallow: Result) -> np.ndarray:
    """Return ln of the last layer's effective rank after training, DLGN-SF over DLGN, (S,)."""
    return np.log(shallow.ranks[1, :, -1] / chain.ranks[1, :, -1])


def chain_fall(result: Result, shallow: Result | None = None) -> np.ndarray:
    """Return ln of the last layer's effective rank, start over end of training, shape (S,).

    Args:
        result: of ``TreeTraining``.
        shallow: a run of the same seeds, whose fall is subtracted.
    """
    fall = np.log(result.ranks[0, :, -1] / result.ranks[1, :, -1])
    return fall if shallow is None else fall - chain_fall(shallow)
