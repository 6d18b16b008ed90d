"""Statistics of the runs with the ideas.

Functions that take ``runs`` read results by net and idea, ``("ReLU net", "equal paths")``; see
``on_circle`` and ``on_images``. S seeds.
"""

from collections.abc import Iterable, Mapping

import numpy as np

from halfspace.companion.circle.readings import log_error, low_and_high, path_gain, total_loss
from halfspace.companion.fashion.data import PARTS
from halfspace.companion.fashion.readings import halves_ratio
from halfspace.companion.intervals import (
    factor_text,
    geometric_intervals,
    interval_text,
    mean_interval,
)
from halfspace.companion.origin import origin
from halfspace.companion.reallocation.ideas import IDEAS, LABELS
from halfspace.companion.spec import Result
from halfspace.companion.text import thousands

__all__ = [
    "NETS",
    "PLAIN_AT",
    "accuracy_gain",
    "accuracy_gains",
    "allocation_undone",
    "allocations",
    "better_rate",
    "circle_numbers",
    "control_gains",
    "part_accuracy",
    "error_curves",
    "error_gain",
    "error_gains",
    "fit_rows",
    "help_rows",
    "helps",
    "image_numbers",
    "learning_rates",
    "on_circle",
    "on_images",
    "relative_cost",
    "sooner",
]

NETS = {"ReLU net": "relu", "DLGN": "dlgn"}
"""The kinds of nets by their labels."""

PLAIN_AT = "none at the rate of"
"""What plain descent at an idea's learning rate is called in ``on_circle``'s keys, and the idea."""

_TRIED = IDEAS[1:]
_PARTS = dict(zip(("simple", "complex"), PARTS, strict=True))

Runs = Mapping[tuple[str, str], Result]


def on_circle(results: Mapping[str, Result]) -> dict[tuple[str, str], Result]:
    """Return the runs on the circle by net and idea, from those of the study by condition.

    Plain descent at the learning rate of an idea is ``f"{PLAIN_AT} {idea}"``.
    """
    runs = {}
    for label, net in NETS.items():
        for idea in IDEAS:
            run = runs[label, idea] = results[f"circle: {net}: {idea}"]
            plain = run.spec.replace(idea="none")
            (runs[label, f"{PLAIN_AT} {idea}"],) = (
                other for other in results.values() if other.spec == plain
            )
    return runs


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


def sooner(plain: Result, idea: Result) -> np.ndarray:
    """Return 1 for seeds that fit at an earlier epoch with an idea, −1 at a later one, shape (S,).

    0 for those that fit at the same epoch or in neither run; a seed that never fits is the latest.

    Args:
        plain: of ``CircleReallocation`` without an idea.
        idea: the same seeds with one.
    """
    first, second = (np.nan_to_num(run.fit_epoch, nan=np.inf) for run in (plain, idea))
    return (first > second).astype(np.float64) - (first < second)


def relative_cost(plain: Result, idea: Result, name: str = "loss") -> np.ndarray:
    """Return ``error_gain`` with the opposite sign, in standard deviations of plain seeds, (S,).

    The standard deviation is that of plain descent's ln error at the end.

    Args: those of ``error_gain``.
    """
    return -error_gain(plain, idea, name) / log_error(plain, name)[-1].std(ddof=1)


def allocation_undone(plain: Result, idea: Result) -> np.ndarray:
    """Return by how much less the low half gains in paths with an idea, shape (S,).

    Args:
        plain: of ``CircleReallocation`` without an idea.
        idea: the same seeds with one.
    """
    return path_gain(plain) - path_gain(idea)


def helps(gains: np.ndarray) -> str:
    """Put (S,) gains into words: ``helps`` if the interval of their mean lies above 0.

    ``does not help`` if it lies below; ``undecided`` if it contains 0.
    """
    _, low, high = mean_interval(gains)
    return "helps" if low > 0 else "does not help" if high < 0 else "undecided"


def error_gains(runs: Runs) -> dict[str, dict[str, tuple[float, float, float]]]:
    """Return each idea's ``error_gain`` over plain descent, mean and interval, by net.

    At the training points, each at its own learning rate.
    """
    return {
        label: {
            LABELS[idea]: mean_interval(error_gain(runs[label, "none"], runs[label, idea]))
            for idea in _TRIED
        }
        for label in NETS
    }


def control_gains(runs: Runs) -> dict[str, dict[str, tuple[float, float, float]]]:
    """Return each idea's ``error_gain``, measured in two more ways, mean and interval, by net.

    Between the training points; and at them, over plain descent at the idea's learning rate.
    """
    gains = {}
    for label in NETS:
        gains[label] = rows = {}
        for idea in _TRIED:
            plain, at_its_rate, run = (
                runs[label, name] for name in ("none", f"{PLAIN_AT} {idea}", idea)
            )
            between = error_gain(plain, run, "between")
            rows[f"{LABELS[idea]},\nbetween points"] = mean_interval(between)
            at_one_rate = error_gain(at_its_rate, run)
            rows[f"{LABELS[idea]},\nat one rate"] = mean_interval(at_one_rate)
    return gains


def help_rows(runs: Runs) -> list[dict[str, str]]:
    """Return whether each idea helps on the circle, as a table's rows; gains are factors."""
    rows = []
    for idea in _TRIED:
        for label in NETS:
            plain, at_its_rate, run = (
                runs[label, name] for name in ("none", f"{PLAIN_AT} {idea}", idea)
            )
            gain = error_gain(plain, run)
            same = plain.spec.training.learning_rate == run.spec.training.learning_rate
            rows.append(
                {
                    "does it help?": helps(gain),
                    "idea": LABELS[idea],
                    "net": label,
                    "gain": factor_text(gain),
                    "at one rate": "same" if same else factor_text(error_gain(at_its_rate, run)),
                }
            )
    return rows


def fit_rows(runs: Runs) -> list[dict[str, str]]:
    """Return when the nets fit the circle, and their error at the end, as a table's rows."""
    return [
        {
            "idea": name,
            "net": label,
            "seeds that fit": f"{np.isfinite(run.fit_epoch).sum()} of {len(run.fit_epoch)}",
            "sooner minus later (%)": "–"
            if idea == "none"
            else interval_text(100 * sooner(runs[label, "none"], run), 0),
            "half fitted by epoch": _middle(run.fit_epoch),
            "error, geometric mean": f"{np.exp(log_error(run)[-1].mean()):.2g}",
        }
        for label in NETS
        for idea, name in LABELS.items()
        for run in [runs[label, idea]]
    ]


def _middle(epochs: np.ndarray) -> str:
    """Write the epoch by which half of the seeds had fitted; NaN for those that never did."""
    middle = np.sort(epochs)[(len(epochs) - 1) // 2]  # NaN comes last
    return "never" if np.isnan(middle) else f"{middle:.0f}"


def allocations(runs: Runs) -> dict[str, dict[str, tuple[float, float, float]]]:
    """Return each idea's ``path_gain`` at the end, mean and interval, by net."""
    return {
        label: {name: mean_interval(path_gain(runs[label, idea])) for idea, name in LABELS.items()}
        for label in NETS
    }


def circle_numbers(runs: Runs) -> dict[str, object]:
    """Return the text's numbers on the runs on the circle."""
    training = runs["DLGN", "none"].spec.training
    numbers = {
        "budget": training.epochs,
        "seeds": training.seeds,
        "first-seed": training.first_seed,
        "last-seed": training.first_seed + training.seeds - 1,
        "from-circle": origin(*runs.values()),
    }
    for label in NETS:
        plain, renewed = runs[label, "none"], runs[label, "new half-spaces"]
        told = {idea: helps(error_gain(plain, runs[label, idea])) for idea in _TRIED}
        for word in ("helps", "does not help", "undecided"):
            numbers[f"{word} {label}"] = _listed(
                [LABELS[idea] for idea, said in told.items() if said == word]
            )
        for idea in ("none", "new half-spaces"):
            run = runs[label, idea]
            numbers[f"moved {idea} {label}"] = factor_text(path_gain(run))
            for half, share in zip(("low", "high"), low_and_high(run, "zero"), strict=True):
                numbers[f"without {half} {idea} {label}"] = f"{100 * share[-1].mean():.1f}"
            fitted = np.isfinite(run.fit_epoch)
            numbers[f"fit {idea} {label}"] = f"{fitted.sum()} of {len(fitted)}"
        numbers[f"gain {label}"] = factor_text(error_gain(plain, renewed))
        numbers[f"cost {label}"] = interval_text(relative_cost(plain, renewed))
    return numbers


def _listed(names: list[str]) -> str:
    """Write names as a list in a sentence."""
    *before, last = names or ["none of them"]
    return f"{', '.join(before)} and {last}" if before else last


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
            f"{LABELS[idea]},\n{part} part": mean_interval(
                100 * accuracy_gain(runs[label, "none"], runs[label, idea], part)
            )
            for idea in _TRIED
            for part in _PARTS
        }
        for label in NETS
    }


def image_numbers(runs: Runs) -> dict[str, object]:
    """Return the text's numbers on the runs on images, accuracies in percent."""
    spec = runs["DLGN", "none"].spec
    numbers = {
        "image-depth": spec.depth,
        "image-width": spec.width,
        "image-n": thousands(spec.n_train),
        "image-epochs": spec.epochs,
        "image-seeds": spec.seeds,
        "from-images": origin(*runs.values()),
    }
    for label in NETS:
        plain = runs[label, "none"]
        told = {idea: helps(accuracy_gain(plain, runs[label, idea])) for idea in _TRIED}
        for word in ("helps", "does not help"):
            numbers[f"image {word} {label}"] = _listed(
                [LABELS[idea] for idea, said in told.items() if said == word]
            )
        numbers[f"complex none {label}"] = f"{100 * part_accuracy(plain).mean():.1f}"
        ratio = halves_ratio(plain)
        numbers[f"gap {label}"] = factor_text(ratio[-1] - ratio[0])
    return numbers
