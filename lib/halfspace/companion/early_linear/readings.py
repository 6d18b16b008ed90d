"""What results say of early training, each statistic once."""

import math

import numpy as np

from halfspace.companion.circle.readings import path_gain, path_gains
from halfspace.companion.early_linear.data import GAUSS_FACTORS, SPHERE_FACTORS
from halfspace.companion.intervals import fit_power_law
from halfspace.companion.spec import Result

__all__ = [
    "EARLY_EPOCH",
    "HARDER",
    "at_progress",
    "constant_first",
    "early_distance",
    "error_exponent",
    "fits_more",
    "gain_over_relu",
    "gates_speed",
    "half_times",
    "kernel_over_rival",
    "linear_at",
    "loss_left",
    "nearer_to_own",
    "nonlinear_excess",
    "nonlinear_share",
    "part_at_half",
    "part_falls",
    "rival_factor",
    "size_exponent",
]

EARLY_EPOCH = 5
"""The epoch of the book's recipe at which the DLGN's paths are asked for."""

HARDER = {"relu": 1, "pwl": 1, "pwc": 2}
"""Column of the first harmonic above the linear one that a net can learn: degree 2, 2, 3."""


# Kernels


def error_exponent(result: Result, net: str) -> np.ndarray:
    """Return with which power of 1/d the linear model's error falls, minus 3/4, shape (S,)."""
    return -fit_power_law(result.spec.dims, result.arrays[f"error_{net}"])[0] - 0.75


def kernel_over_rival(result: Result, net: str) -> np.ndarray:
    """Return ln of the rival's error over the linear model's, at the largest d, shape (S,)."""
    return np.log(result.arrays[f"rival_{net}"] / result.arrays[f"error_{net}"])[:, -1]


# Rates


def _first_half(steps: np.ndarray, values: np.ndarray, others: np.ndarray) -> tuple:
    """Return when values first reach 1/2, and what others are then, by straight lines.

    Infinite and NaN if they never do.
    """
    reached = values >= 0.5
    if not reached.any():
        return math.inf, math.nan
    after = int(reached.argmax())
    if not after:
        return float(steps[0]), float(others[0])
    low, high = values[after - 1 : after + 1]
    part = (0.5 - low) / (high - low)
    return tuple(
        float(row[after - 1] + part * (row[after] - row[after - 1])) for row in (steps, others)
    )


def half_times(result: Result, part: int, name: str = "parts") -> np.ndarray:
    """Return after how many steps half of a part of the target is learned, shape (S,).

    Args:
        result: of an ``EarlyTraining`` on normal inputs.
        part: 0 for the constant, 1 for the linear part.
        name: ``"parts"`` of the net, ``"linear_parts"`` of the linear model.
    """
    learned = result.arrays[name][..., part] / GAUSS_FACTORS[part]
    pairs = zip(result.steps, learned, strict=True)
    return np.array([_first_half(steps, row, row)[0] for steps, row in pairs])


def constant_first(result: Result) -> np.ndarray:
    """Return ln of the linear part's half-time over the constant's, shape (S,)."""
    return np.log(half_times(result, 1) / half_times(result, 0))


def gates_speed(hard: Result, trained: Result, part: int) -> np.ndarray:
    """Return ln of the half-time with hard, frozen gates over that with trained ones, (S,)."""
    return np.log(half_times(hard, part) / half_times(trained, part))


# Distances to the linear model


def early_distance(result: Result, name: str = "distance") -> np.ndarray:
    """Return the distance to the linear model at ``early_step``, shape (S,)."""
    spec = result.spec
    return result.arrays[name][:, spec.record.index(spec.early_step)]


def rival_factor(result: Result) -> np.ndarray:
    """Return ln of the distance to the rival over that to the linear model, early, shape (S,)."""
    return np.log(early_distance(result, "rival") / early_distance(result))


def size_exponent(*results: Result) -> np.ndarray:
    """Return with which power of 1/n the early distance falls, runs by n, shape (S,)."""
    distances = np.stack([early_distance(result) for result in results], 1)
    return -fit_power_law([result.spec.points for result in results], distances)[0]


# Linear shares


def at_progress(result: Result, progress: float, name: str) -> np.ndarray:
    """Return a recorded value at the first step with a share of the loss gone; NaN for never, (S,).

    Args:
        result: of an ``EarlyTraining``.
        progress: the share.
        name: of an array (S, T).
    """
    gone = 1 - result.loss / result.loss[:, :1] >= progress
    values = result.arrays[name][np.arange(len(gone)), gone.argmax(1)]
    return np.where(gone.any(1), values, np.nan)


def nonlinear_share(result: Result, progress: float) -> np.ndarray:
    """Return the share of the net's variance that no linear fit explains, at a progress, (S,)."""
    return 1 - at_progress(result, progress, "share")


def nonlinear_excess(circle: Result, images: Result, progress: float) -> np.ndarray:
    """Return how much larger the nonlinear share is on the circle than on images, shape (S,)."""
    return nonlinear_share(circle, progress) - nonlinear_share(images, progress)


def part_at_half(result: Result) -> np.ndarray:
    """Return which share of its first nonlinear harmonic a net knows when half the linear one is.

    Returns:
        Shape (S,).
    """
    learned = result.parts / SPHERE_FACTORS
    harder = HARDER[result.spec.net]
    return np.array(
        [
            _first_half(steps, row[:, 0], row[:, harder])[1]
            for steps, row in zip(result.steps, learned, strict=True)
        ]
    )


def part_falls(low: Result, high: Result) -> np.ndarray:
    """Return ``part_at_half`` in a low dimension minus that in a high one, shape (S,)."""
    return part_at_half(low) - part_at_half(high)


# Later


def fits_more(result: Result) -> np.ndarray:
    """Return ln of the linear model's training loss over the net's, at the end, shape (S,)."""
    return np.log(result.linear_loss / result.loss)[:, -1]


def nearer_to_own(result: Result) -> np.ndarray:
    """Return ln of the distance to the linear model over that to the own first kernel, at the end.

    Returns:
        Shape (S,).
    """
    return np.log(result.distance / result.own_distance)[:, -1]


# Paths in the book's recipe


def linear_at(result: Result, epoch: int = EARLY_EPOCH) -> np.ndarray:
    """Return the linear share of the function at an epoch, shape (S,)."""
    return result.share[result.at.tolist().index(epoch)].astype(float)


def loss_left(result: Result, epoch: int = EARLY_EPOCH) -> np.ndarray:
    """Return the share of the first loss that is left at an epoch, shape (S,)."""
    return (result.loss[result.at.tolist().index(epoch)] / result.loss[0]).astype(float)


def gain_over_relu(dlgn: Result, relu: Result, epoch: int = EARLY_EPOCH) -> np.ndarray:
    """Return the DLGN's allocation at an epoch minus the ReLU net's at the same loss, shape (S,).

    The ReLU net's is taken at the first recorded epoch at which its loss is as low.
    """
    level = dlgn.loss[dlgn.at.tolist().index(epoch)]
    low = relu.loss <= level
    reached = path_gains(relu)[low.argmax(0), np.arange(len(level))]
    return path_gain(dlgn, epoch) - np.where(low.any(0), reached, np.nan)
