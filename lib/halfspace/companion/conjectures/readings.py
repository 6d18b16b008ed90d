"""What the runs on the conjectures say: frozen gates on the circle and on images, pairs of nets.

K epochs at which gates are frozen or nets compared, S seeds.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from halfspace.companion.circle.readings import log_error, total_loss
from halfspace.companion.intervals import geometric_intervals, interval_text, mean_intervals
from halfspace.companion.origin import origin
from halfspace.companion.spec import Result

__all__ = [
    "EARLY",
    "EARLY_ON_IMAGES",
    "accuracy",
    "accuracy_cost_of_freezing",
    "accuracy_curves",
    "accuracy_gained",
    "accuracy_gained_later",
    "circle_freezing_numbers",
    "closer_to_partner",
    "correlation_terms",
    "cost_of_freezing",
    "error_curves",
    "error_removed",
    "error_removed_later",
    "image_freezing_numbers",
    "paths_gained",
    "row_at",
    "similarity_curves",
    "surrogate_numbers",
]

EARLY = 30
"""Epoch at which features on the circle count as early: the error is still half its start."""

EARLY_ON_IMAGES = 1
"""The same for images."""

_FROZEN = {
    "fresh": "reinitialised value network",
    "continued": "own value network",
    "kernel": "kernel regression",
}
_ITSELF = "the net at that epoch"
_COMPARED = {
    "own": "DLGN, ReLU net of its seed",
    "others": "DLGN, other ReLU nets",
    "relu": "two ReLU nets",
}
_SIMILARITIES = ("function", "overlap", "ntk")


def row_at(result: Result, epoch: float) -> int:
    """Return which row of a result's arrays belongs to an epoch.

    Raises:
        ValueError: if nothing was recorded at the epoch.
    """
    return list(result.at).index(epoch)


def error_removed(result: Result, name: str) -> np.ndarray:
    """Return how much smaller an error is along the gates of the end than of the start.

    Args:
        result: of ``CircleFreezing``.
        name: ``"fresh"`` (a reinitialised value network) or ``"kernel"`` (the regression).

    Returns:
        Differences of ln error, shape (S,).
    """
    errors = log_error(result, name)
    return errors[0] - errors[-1]


def error_removed_later(result: Result) -> np.ndarray:
    """Return the part of ``error_removed(result, "fresh")`` after the epoch ``EARLY``, (S,)."""
    errors = log_error(result, "fresh")
    return errors[row_at(result, EARLY)] - errors[-1]


def cost_of_freezing(result: Result) -> np.ndarray:
    """Return the ln error with gates frozen at epoch ``EARLY`` minus that of the whole net, (S,).

    Args:
        result: of ``CircleFreezing``; the frozen net trains on with its own value network.
    """
    return log_error(result, "continued")[row_at(result, EARLY)] - log_error(result)[-1]


def error_curves(result: Result) -> dict[str, np.ndarray]:
    """Return errors by the epoch at which gates are frozen, with their intervals.

    Args:
        result: of ``CircleFreezing``.

    Returns:
        By label, geometric mean over seeds and its interval's ends, shape (K, 3).
    """
    names = {"loss": _ITSELF} | _FROZEN
    return {label: geometric_intervals(total_loss(result, name)) for name, label in names.items()}


def circle_freezing_numbers(results: Mapping[str, Result]) -> dict[str, object]:
    """Return what the text says of frozen gates on the circle.

    Args:
        results: of ``CircleFreezing``, by the net's label; all with the same seeds.
    """
    training = next(iter(results.values())).spec.training
    numbers = {
        "conjecture-seeds": training.seeds,
        "conjecture-first": training.first_seed,
        "conjecture-last": training.first_seed + training.seeds - 1,
        "from-freezing": origin(*results.values()),
    }
    for label, result in results.items():
        early_error = np.exp(log_error(result)[row_at(result, EARLY)].mean())
        numbers[f"better {label}"] = interval_text(error_removed(result, "fresh"))
        numbers[f"later {label}"] = interval_text(error_removed_later(result))
        numbers[f"loss{EARLY} {label}"] = f"{early_error:.2f}"
    return numbers


def accuracy(result: Result, name: str) -> np.ndarray:
    """Return the share of test images classified correctly, shape (K, S).

    Args:
        result: of ``FashionFreezing``.
        name: ``"accuracy"``, ``"fresh"``, ``"continued"`` or ``"kernel"``.
    """
    return result.arrays[name].astype(np.float64).mean(-1)


def accuracy_gained(result: Result, name: str) -> np.ndarray:
    """Return how much higher an accuracy is along the gates of the end than of the start, (S,)."""
    levels = accuracy(result, name)
    return levels[-1] - levels[0]


def accuracy_gained_later(result: Result) -> np.ndarray:
    """Return the part of ``accuracy_gained(result, "fresh")`` after ``EARLY_ON_IMAGES``, (S,)."""
    levels = accuracy(result, "fresh")
    return levels[-1] - levels[row_at(result, EARLY_ON_IMAGES)]


def accuracy_cost_of_freezing(result: Result) -> np.ndarray:
    """Return the whole net's accuracy minus that with gates frozen at ``EARLY_ON_IMAGES``, (S,)."""
    frozen = accuracy(result, "continued")[row_at(result, EARLY_ON_IMAGES)]
    return accuracy(result, "accuracy")[-1] - frozen


def accuracy_curves(result: Result) -> dict[str, np.ndarray]:
    """Return accuracies in percent by the epoch at which gates are frozen, with their intervals.

    Args:
        result: of ``FashionFreezing``.

    Returns:
        By label, mean over seeds and its interval's ends, shape (K, 3).
    """
    names = {"accuracy": _ITSELF} | _FROZEN
    return {label: mean_intervals(100 * accuracy(result, name)) for name, label in names.items()}


def image_freezing_numbers(results: Sequence[Result]) -> dict[str, object]:
    """Return what the text says of frozen gates on images, differences in percentage points.

    Args:
        results: of ``FashionFreezing``, all with the same sizes and seeds.
    """
    spec = results[0].spec
    numbers = {
        "freezing-n": f"{spec.n_train:,}",
        "freezing-seeds": spec.seeds,
        "freezing-first": spec.first_seed,
        "freezing-epochs": spec.refit_epochs,
        "freezing-sample": f"{10 * spec.kernel_sample:,}",
        "from-freezing": origin(*results),
    }
    for result in results:
        differences = {
            "fresh": accuracy_gained(result, "fresh"),
            "kernel": accuracy_gained(result, "kernel"),
            "cost": accuracy_cost_of_freezing(result),
            "rest": accuracy_gained_later(result),
        }
        for what, difference in differences.items():
            name = f"{what} {result.spec.model} {result.spec.labels}"
            numbers[name] = interval_text(100 * difference)
    return numbers


def paths_gained(result: Result, model: str) -> np.ndarray:
    """Return how many ln paths the low half of each net gained over the high half, shape (S,).

    Args:
        result: of ``CircleSurrogate``.
        model: ``"relu"`` or ``"dlgn"``.
    """
    gap = result.arrays[f"gap_{model}"]
    return (gap[-1] - gap[0]).astype(np.float64)


def correlation_terms(result: Result) -> np.ndarray:
    """Return products whose mean over seeds is the correlation of the two nets' gains, (S,).

    Args:
        result: of ``CircleSurrogate``; see ``paths_gained``.
    """
    gains = [paths_gained(result, model) for model in ("relu", "dlgn")]
    return np.prod([(gain - gain.mean()) / gain.std() for gain in gains], axis=0)


def closer_to_partner(result: Result, name: str) -> np.ndarray:
    """Return a DLGN's similarity to its seed's ReLU net minus that to other seeds', (K, S).

    Args:
        result: of ``CircleSurrogate``.
        name: ``"function"``, ``"overlap"`` or ``"ntk"``.
    """
    names = (f"{name}_own", f"{name}_others")
    partner, others = (result.arrays[name].astype(np.float64) for name in names)
    return partner - others


def similarity_curves(result: Result, name: str) -> dict[str, np.ndarray]:
    """Return similarities over training by whose they are, mean and interval, (K, 3) each.

    Args:
        result: of ``CircleSurrogate``.
        name: ``"function"``, ``"overlap"`` or ``"ntk"``.
    """
    return {
        label: mean_intervals(result.arrays[f"{name}_{who}"]) for who, label in _COMPARED.items()
    }


def surrogate_numbers(result: Result) -> dict[str, str]:
    """Return what the text says of the pairs of a ``CircleSurrogate`` at the start and the end."""
    numbers = {}
    for name in _SIMILARITIES:
        similarity = {
            "pair": closer_to_partner(result, name),
            "among": result.arrays[f"{name}_relu"].astype(np.float64),
            "others": result.arrays[f"{name}_others"].astype(np.float64),
        }
        for what, values in similarity.items():
            numbers[f"{name} {what} start"] = interval_text(values[0])
            numbers[f"{name} {what} end"] = interval_text(values[-1])
    return numbers
