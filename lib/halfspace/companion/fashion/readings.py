"""What runs on Fashion-MNIST say: two parts, differences of path counts, effects of the labels.

All functions but ``one_setting`` read results of ``FashionStudy``: E records, S seeds, 10 original
classes.
"""

from collections.abc import Iterable

import numpy as np

from halfspace.companion.fashion.data import PARTS, SETTINGS
from halfspace.companion.intervals import interval_text
from halfspace.companion.spec import Result

__all__ = [
    "accuracies",
    "accuracy_difference",
    "advantage",
    "alignment_changes",
    "allocations",
    "block_contrast",
    "effects",
    "hard_cost",
    "image_effect",
    "label_effect",
    "look",
    "one_setting",
    "parts",
    "simple_ahead",
    "tally",
]

_BY_CLASS = ("accuracy", "hard_accuracy", "paths", "log_paths", "zero")


def one_setting(result: Result, setting: str) -> Result:
    """Read one setting of a ``ModifiedFashionMNIST`` result like a result of ``FashionStudy``."""
    row = list(SETTINGS).index(setting)
    arrays = {name: result.arrays[name][:, row] for name in _BY_CLASS if name in result.arrays}
    complicated = np.isin(np.arange(10), SETTINGS[setting])
    seeds = result.log_paths.shape[2]
    arrays |= {"epochs": result.epochs, "complex": np.tile(complicated, (seeds, 1))}
    return Result(result.spec, arrays, result.provenance, result.source)


def parts(result: Result, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Average an array over the classes of the simple part and of the complex part.

    Args:
        result: of ``FashionStudy``. Where no class is complex, classes 5-9 take the complex part's
            place, as under the modified labels.
        name: of an array of shape (..., S, 10).

    Returns:
        Means of the simple and of the complex part, each of shape (..., S).
    """
    mask = result.complex.astype(bool)
    mask = np.where(mask.any(-1, keepdims=True), mask, np.isin(np.arange(10), PARTS[1]))
    values = result.arrays[name].astype(np.float64)
    return values.mean(-1, where=~mask), values.mean(-1, where=mask)


def look(result: Result, epoch: float) -> int:
    """Return which record is nearest to an epoch."""
    return int(np.abs(result.epochs - epoch).argmin())


def simple_ahead(result: Result, name: str = "log_paths") -> np.ndarray:
    """Return the simple part's mean of an array minus the complex part's; see ``parts``.

    The array is ln(1 + number of active paths) where no other is named: shape (E, S).
    """
    return np.subtract(*parts(result, name))


def advantage(result: Result) -> np.ndarray:
    """Return by how much the log path count of classes 0-4 exceeds that of classes 5-9.

    The same two halves whatever the labels, so that settings can be compared: labels that make
    classes 5-9 complex should raise it, labels that make classes 0-4 complex should lower it.

    Returns:
        Difference of the halves' means of ln(1 + number of active paths), shape (E, S).
    """
    first, second = _halves(result.log_paths)
    return first - second


def label_effect(modified: Result, swapped: Result) -> np.ndarray:
    """Return what complicated labels do to the allocation of paths, all else equal.

    Half of the ``advantage`` under the modified labels minus that under the swapped ones. The nets
    of one seed share initial weights, images and batches, so that whatever the images alone do
    cancels. Positive: paths move away from the part with complicated labels. Shape (E, S).
    """
    return (advantage(modified) - advantage(swapped)) / 2


def image_effect(modified: Result, swapped: Result) -> np.ndarray:
    """Return what the images do to the allocation of paths, whichever half is complicated.

    Mean of the change of the ``advantage`` since the start under the modified and under the swapped
    labels, in which the ``label_effect`` cancels. Positive: paths move to classes 0-4.
    Shape (E, S).
    """
    mean = (advantage(modified) + advantage(swapped)) / 2
    return mean - mean[0]


def block_contrast(result: Result, kernel: str) -> np.ndarray:
    """Return ln of a kernel's mean within the classes 0-4 over that within the classes 5-9.

    Args:
        result: of ``FashionStudy``.
        kernel: ``"overlap"`` or ``"ntk"``; means over pairs of distinct images of one class.

    Returns:
        At the start and at the end, shape (2, S).
    """
    first, second = _halves(result.arrays[f"{kernel}_within"])
    return np.log(first / second)


def accuracy_difference(first: Result, second: Result) -> np.ndarray:
    """Return by how many percentage points the first nets' test accuracy is higher, shape (S,)."""
    accuracy = [each.test_accuracy.astype(np.float64).mean(-1) for each in (first, second)]
    return 100 * (accuracy[0] - accuracy[1])


def hard_cost(result: Result) -> np.ndarray:
    """Return how many percentage points of test accuracy hard gates cost, shape (S,)."""
    own, hard = (
        result.arrays[f"test_{name}"].astype(np.float64).mean(-1)
        for name in ("accuracy", "hard_accuracy")
    )
    return 100 * (own - hard)


def accuracies(result: Result) -> dict[str, str]:
    """Describe how well nets learned each part, a table's row; means over seeds."""
    training = np.array(parts(result, "accuracy"))
    found = {
        "training, epoch 1": training[:, look(result, 1)],
        "training, end": training[:, -1],
        "test, end": parts(result, "test_accuracy"),
        "test, hard gates": parts(result, "test_hard_accuracy"),
    }
    return {name: " / ".join(f"{part.mean():.1%}" for part in both) for name, both in found.items()}


def alignment_changes(result: Result) -> dict[str, str]:
    """Describe how the kernels' alignments changed from start to end, a table's row."""
    return {
        f"{label} and {target}": interval_text(
            np.diff(result.arrays[f"{kernel}_{target}"], axis=0)[0]
        )
        for kernel, label in {"overlap": "Λ", "ntk": "NTK"}.items()
        for target in ("labels", "pixels")
    }


def allocations(result: Result) -> dict[str, str]:
    """Describe path counts, simple minus complex part, in a table's row.

    Differences of the parts' means of ln(1 + number of active paths), means over seeds with their
    95 % intervals, and how many seeds have the simple part ahead.
    """
    ahead = simple_ahead(result)
    gained = ahead - ahead[0]
    return {
        "at the start": interval_text(ahead[0]),
        "gained by epoch 1": interval_text(gained[look(result, 1)]),
        "gained by the end": interval_text(gained[-1]),
        "ahead throughout": _count((ahead[1:] > 0).all(0)),
        "ahead at the end": _count(ahead[-1] > 0),
        "gained": _count(gained[-1] > 0),
    }


def effects(modified: Result, swapped: Result) -> dict[str, str]:
    """Describe the label effect in a table's row: means over seeds with their 95 % intervals."""
    effect = label_effect(modified, swapped)
    peak = effect.mean(1).argmax()
    early, late = effect[look(modified, 1)], effect[-1]
    return {
        "epoch 1": interval_text(early),
        "positive, epoch 1": _count(early > 0),
        "end": interval_text(late),
        "positive, end": _count(late > 0),
        "of the images, end": interval_text(image_effect(modified, swapped)[-1]),
        "greatest mean": f"{effect[peak].mean():.2f} at epoch {modified.epochs[peak]:.2g}",
    }


def tally(results: Iterable[Result]) -> dict[str, int]:
    """Count the nets, over seeds and results, whose simple part is ahead in paths.

    Returns:
        ``nets`` of all; those ``ahead`` at every record after the start; those that have ``gained``
        by the end, in log path count, on the difference that they were born with.
    """
    gaps = [simple_ahead(result) for result in results]
    return {
        "nets": sum(gap.shape[1] for gap in gaps),
        "ahead": int(sum((gap[1:] > 0).all(0).sum() for gap in gaps)),
        "gained": int(sum((gap[-1] > gap[0]).sum() for gap in gaps)),
    }


def _halves(by_class: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return tuple(by_class[..., list(part)].mean(-1, dtype=np.float64) for part in PARTS)


def _count(seeds: np.ndarray) -> str:
    return f"{seeds.sum()} of {len(seeds)}"
