"""What the runs with the ideas say.

Functions that take ``runs`` read results by net and idea, ``("ReLU net", "equal paths")``; see
``on_circle`` and ``on_images``. S seeds.
"""

from collections.abc import Iterable, Mapping

import numpy as np

from halfspace.companion.circle.readings import log_error, low_and_high, total_loss
from halfspace.companion.fashion.data import PARTS
from halfspace.companion.fashion.readings import advantage
from halfspace.companion.intervals import geometric_intervals, interval_text, mean_interval
from halfspace.companion.origin import origin
from halfspace.companion.reallocation.ideas import IDEAS, LABELS
from halfspace.companion.spec import Result

__all__ = [
    "NETS",
    "accuracy_gain",
    "accuracy_gains",
    "allocations",
    "better_rate",
    "circle_numbers",
    "part_accuracy",
    "error_curves",
    "error_gain",
    "error_gains",
    "image_numbers",
    "learning_rates",
    "on_circle",
    "on_images",
]

NETS = {"ReLU net": "relu", "DLGN": "dlgn"}
"""The kinds of nets by their labels."""

_TRIED = IDEAS[1:]
_WHERE = {"loss": "at the points", "between": "between them"}
_PARTS = dict(zip(("simple", "complex"), PARTS, strict=True))

Runs = Mapping[tuple[str, str], Result]


def allocation(result: Result) -> np.ndarray:
    """Return how much more the low half gained in mean ln(1 + paths), shape (K, S)."""
    low, high = low_and_high(result, "log_paths")
    return low - high - (low - high)[0]


def on_circle(results: Mapping[str, Result]) -> dict[tuple[str, str], Result]:
    """Return the runs on the circle by net and idea, from those of the study by condition."""
    return {
        (label, idea): results[f"circle: {net}: {idea}"]
        for label, net in NETS.items()
        for idea in IDEAS
    }


def on_images(
    results: Mapping[str, Result], rates: Iterable[float]
) -> dict[tuple[str, str], Result]:
    """Return the runs on images by net and idea, each at its ``better_rate``.

    Args:
        results: of the study, by condition.
        rates: the learning rates among which to choose.
    """
    rates = tuple(rates)
    return {
        (label, idea): better_rate(*(results[f"fashion: {net}: {idea}: {rate}"] for rate in rates))
        for label, net in NETS.items()
        for idea in IDEAS
    }


def better_rate(*results: Result) -> Result:
    """Return the ``FashionReallocation`` result with the largest training accuracy at the end."""
    return max(results, key=lambda result: result.accuracy[-1].mean())


def learning_rates(runs: Runs) -> dict[str, dict[str, str]]:
    """Return the learning rate of each net and idea on the circle, a table by net."""
    return {
        label: {
            name: f"{runs[label, idea].spec.training.learning_rate:g}"
            for idea, name in LABELS.items()
        }
        for label in NETS
    }


def error_curves(runs: Runs, label: str) -> dict[str, np.ndarray]:
    """Return the training error over time of one net by idea, (K, 3).

    Geometric means over seeds with their intervals, K epochs.
    """
    return {idea: geometric_intervals(total_loss(runs[label, idea])) for idea in IDEAS}


def error_gain(plain: Result, idea: Result, name: str = "loss") -> np.ndarray:
    """Return the ln error of plain descent minus that with an idea, at the end, shape (S,).

    Args:
        plain: of ``CircleReallocation`` without an idea.
        idea: the same seeds with one.
        name: ``"loss"`` at the training points, ``"between"`` between them.
    """
    return log_error(plain, name)[-1] - log_error(idea, name)[-1]


def error_gains(runs: Runs) -> dict[str, dict[str, tuple[float, float, float]]]:
    """Return each idea's ``error_gain`` at and between the points, mean and interval, by net."""
    return {
        label: {
            f"{LABELS[idea]}, {where}": mean_interval(
                error_gain(runs[label, "none"], runs[label, idea], name)
            )
            for idea in _TRIED
            for name, where in _WHERE.items()
        }
        for label in NETS
    }


def allocations(runs: Runs) -> dict[str, dict[str, tuple[float, float, float]]]:
    """Return each idea's allocation of paths at the end, mean and interval, by net."""
    return {
        label: {
            name: mean_interval(allocation(runs[label, idea])[-1]) for idea, name in LABELS.items()
        }
        for label in NETS
    }


def circle_numbers(runs: Runs) -> dict[str, object]:
    """Return what the text says of the runs on the circle."""
    training = runs["DLGN", "none"].spec.training
    numbers = {
        "budget": training.epochs,
        "seeds": training.seeds,
        "first-seed": training.first_seed,
        "last-seed": training.first_seed + training.seeds - 1,
        "from-circle": origin(*runs.values()),
    }
    for (label, idea), run in runs.items():
        fitted = run.fit_epoch[~np.isnan(run.fit_epoch)]
        gain = error_gain(runs[label, "none"], run)
        numbers[f"gain {idea} {label}"] = interval_text(gain)
        numbers[f"unfitted {idea} {label}"] = len(run.fit_epoch) - len(fitted)
        numbers[f"fit {idea} {label}"] = f"{np.median(fitted):.0f}"
        numbers[f"moved {idea} {label}"] = interval_text(allocation(run)[-1])
    return numbers


def part_accuracy(result: Result, part: str = "complex") -> np.ndarray:
    """Return the share of a part's test images classified correctly, shape (S,).

    Args:
        result: of ``FashionReallocation``.
        part: ``"simple"`` or ``"complex"``.
    """
    return result.test_accuracy[:, list(_PARTS[part])].astype(np.float64).mean(-1)


def accuracy_gain(plain: Result, idea: Result, part: str = "complex") -> np.ndarray:
    """Return a part's test accuracy with an idea minus that of plain descent, shape (S,).

    Args:
        plain: of ``FashionReallocation`` without an idea.
        idea: the same seeds with one.
        part: ``"simple"`` or ``"complex"``.
    """
    return part_accuracy(idea, part) - part_accuracy(plain, part)


def accuracy_gains(runs: Runs) -> dict[str, dict[str, tuple[float, float, float]]]:
    """Return each idea's ``accuracy_gain`` on both parts in points, mean and interval, by net."""
    return {
        label: {
            f"{LABELS[idea]}, {part}": mean_interval(
                100 * accuracy_gain(runs[label, "none"], runs[label, idea], part)
            )
            for idea in _TRIED
            for part in _PARTS
        }
        for label in NETS
    }


def image_numbers(runs: Runs) -> dict[str, object]:
    """Return what the text says of the runs on images, accuracies in percent."""
    spec = runs["DLGN", "none"].spec
    numbers = {
        "image-depth": spec.depth,
        "image-width": spec.width,
        "image-n": f"{spec.n_train:,}",
        "image-epochs": spec.epochs,
        "image-seeds": spec.seeds,
        "from-images": origin(*runs.values()),
    }
    for (label, idea), run in runs.items():
        gain = accuracy_gain(runs[label, "none"], run)
        numbers[f"complex {idea} {label}"] = interval_text(100 * part_accuracy(run))
        numbers[f"more {idea} {label}"] = interval_text(100 * gain)
    for label in NETS:
        gap = advantage(runs[label, "none"])
        numbers[f"gap {label}"] = interval_text(gap[-1] - gap[0])
    return numbers
