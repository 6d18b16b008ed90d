"""What is read off runs on CIFAR, in percent and percentage points, beside the paper's numbers."""

from collections.abc import Mapping

import numpy as np

from halfspace.companion.intervals import mean_interval
from halfspace.companion.spec import Result

__all__ = [
    "CLASS_ORDER",
    "across_kinds",
    "appendix_rows",
    "appendix_table",
    "gap",
    "gap_to_training",
    "hard_cost",
    "joined",
    "percent",
    "shared_paths",
    "table_1",
    "test_rows",
]

CLASS_ORDER = (0, 1, 8, 9, 2, 3, 4, 5, 6, 7)
"""CIFAR-10's classes with the vehicles first, then the animals."""

_VEHICLES = 4  # how many of them

_TABLE_1 = {
    "relu": ("ReLU net", 96.3, 72.17),
    "dlgn": ("DLGN", 85.3, 73.2),
    "dlgn-pwc": ("DLGN-PWC", 84.9, 72.2),
    "linear": ("DLN", 42.3, 40.79),
    "dgn": ("DGN", None, None),
    "ntk, initial": ("linear, NTK at start", None, None),
    "ntk, trained": ("linear, NTK at end", None, None),
}
"""Rows of the paper's Table 1 (training, test; percent), and ours beside them."""

_APPENDIX = {
    ("resnet-34", "relu"): ("ResNet-34, ReLU", {"cifar10": 91, "cifar100": 56.68}),
    ("resnet-34", "dlgn"): ("ResNet-34, DLGN", {"cifar10": 86, "cifar100": 51.6}),
    ("resnet-34", "linear"): ("ResNet-34, linear", {}),
    ("resnet-110", "relu"): ("ResNet-110, ReLU", {"cifar10": 94, "cifar100": 73}),
    ("resnet-110", "dlgn"): ("ResNet-110, DLGN", {"cifar10": 89, "cifar100": 67}),
    ("resnet-110", "linear"): ("ResNet-110, linear", {}),
}
"""Rows of the paper's appendix 2 (test, percent), and ours beside them."""

_SETS = {"cifar10": "CIFAR-10", "cifar100": "CIFAR-100"}
_MISSING = "–"
_WAITING = "waits for a GPU"


def percent(*results: Result, part: str = "test") -> np.ndarray:
    """Return the share of images classified right, percent, shape (S,).

    Args:
        *results: one run, or several of one condition whose seeds are joined.
        part: ``"test"`` or ``"train"``, or ``"test_hard"`` or ``"train_hard"`` for hard gates.
    """
    return 100 * joined(f"{part}_accuracy", *results).astype(np.float64).mean(-1)


def gap(first: Result, second: Result, part: str = "test") -> np.ndarray:
    """Return the difference of two nets' shares seed by seed, percentage points, shape (S,).

    A run of one seed is compared with each seed of the other.
    """
    return percent(first, part=part) - percent(second, part=part)


def hard_cost(result: Result) -> np.ndarray:
    """Return the loss of test accuracy with hard gates, percentage points, shape (S,)."""
    return percent(result) - percent(result, part="test_hard")


def shared_paths(result: Result) -> np.ndarray:
    """Return the classes' mean share of common paths over the seeds, (2, 10, 10).

    At the start and at the end, classes in the order of ``CLASS_ORDER``.
    """
    mean = result.overlap.astype(np.float64).mean(1)
    return mean[:, CLASS_ORDER][:, :, CLASS_ORDER]


def across_kinds(result: Result) -> np.ndarray:
    """Return the share of common paths of a vehicle and an animal over that within a kind, (2, S).

    At the start and at the end; within a kind, the pairs of different classes count.
    """
    share = result.overlap.astype(np.float64)
    vehicle = np.isin(np.arange(len(CLASS_ORDER)), CLASS_ORDER[:_VEHICLES])
    alike = vehicle[:, None] == vehicle
    different = ~np.eye(len(CLASS_ORDER), dtype=bool)
    return share[..., ~alike].mean(-1) / share[..., alike & different].mean(-1)


def joined(name: str, *results: Result) -> np.ndarray:
    """Join an array (S, c) of several runs along the seeds."""
    return np.concatenate([result.arrays[name] for result in results])


def table_1(full: Mapping[str, Result], short: Mapping[str, Result]) -> list[dict[str, str]]:
    """Return Table 1's rows: training / test accuracy of the paper, and of our runs.

    Args:
        full: those recorded of the runs that need a GPU, by name.
        short: those recorded of the runs of few epochs, by name.
    """
    rows = []
    for model, (label, train, test) in _TABLE_1.items():
        run, brief = full.get(f"conv: {model}"), short.get(f"conv: {model}")
        rows.append(
            {
                "network": label,
                "paper": f"{train:g} / {test:g}" if test else _MISSING,
                "ours": _both(run) if run else _WAITING,
                "ours, few epochs": _both(brief) if brief else _MISSING,
                "their gap": _text(gap_to_training(brief)) if brief else _MISSING,
            }
        )
    return rows


def gap_to_training(result: Result) -> np.ndarray:
    """Return test minus training accuracy, percentage points, shape (S,)."""
    return percent(result) - percent(result, part="train")


def test_rows(full: Mapping[str, Result], short: Mapping[str, Result]) -> dict[str, dict]:
    """Return test accuracies on CIFAR-10 for ``plots.forest``, by series and network.

    Args: as for ``table_1``.
    """
    paper = {label: (test,) * 3 for label, _, test in _TABLE_1.values() if test}
    ours = {"ours": full, "ours, few epochs": short}
    found = {
        series: {
            label: _interval(percent(runs[f"conv: {model}"]))
            for model, (label, *_) in _TABLE_1.items()
            if f"conv: {model}" in runs
        }
        for series, runs in ours.items()
    }
    return {"paper": paper} | {series: rows for series, rows in found.items() if rows}


def appendix_rows(full: Mapping[str, Result], short: Mapping[str, Result]) -> dict[str, dict]:
    """Return test accuracies of the residual nets for ``plots.forest``, by series and network.

    Args: as for ``table_1``; a net's seeds are runs of their own.
    """
    rows: dict[str, dict] = {"paper": {}, "ours": {}}
    for data, name in _SETS.items():
        for (network, model), (label, paper) in _APPENDIX.items():
            if data in paper:
                rows["paper"][f"{label}, {name}"] = (paper[data],) * 3
            if runs := _seeds_of(full, network, model, data):
                rows["ours"][f"{label}, {name}"] = _interval(percent(*runs))
        if run := short.get(f"pixels: {data}"):
            rows["ours"][f"linear on pixels, {name}"] = _interval(percent(run))
    return {series: found for series, found in rows.items() if found}


def appendix_table(full: Mapping[str, Result], short: Mapping[str, Result]) -> list[dict[str, str]]:
    """Return the appendix table's rows: test accuracy of the paper, and of our runs.

    Args: as for ``table_1``.
    """
    rows = []
    for data, name in _SETS.items():
        for (network, model), (label, paper) in _APPENDIX.items():
            runs = _seeds_of(full, network, model, data)
            rows.append(
                {
                    "network": label,
                    "images": name,
                    "paper": f"{paper[data]:g}" if data in paper else _MISSING,
                    "ours": _text(percent(*runs)) if runs else _WAITING,
                }
            )
        run = short.get(f"pixels: {data}")
        ours = _text(percent(run)) if run else _MISSING
        rows.append(
            {"network": "linear on pixels", "images": name, "paper": _MISSING, "ours": ours}
        )
    return rows


def _seeds_of(runs: Mapping[str, Result], network: str, model: str, data: str) -> list[Result]:
    beginning = f"{network}: {model}: {data}: "
    return [run for name, run in runs.items() if name.startswith(beginning)]


def _both(result: Result) -> str:
    return f"{_text(percent(result, part='train'))} / {_text(percent(result))}"


def _text(values: np.ndarray) -> str:
    """Write a mean with its interval, or a single seed's number alone."""
    mean, low, high = _interval(values)
    return f"{mean:.1f}" if len(values) == 1 else f"{mean:.1f} ({low:.1f} to {high:.1f})"


def _interval(values: np.ndarray) -> tuple[float, float, float]:
    return mean_interval(values) if len(values) > 1 else (float(values[0]),) * 3
