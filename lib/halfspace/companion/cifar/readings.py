"""Statistics of runs on CIFAR, in percent and percentage points, beside the paper's numbers."""

import re
from collections.abc import Collection, Mapping

import numpy as np

from halfspace.companion.cifar.specs import TABLE_1
from halfspace.companion.inference import share
from halfspace.companion.intervals import interval_text, mean_interval, mean_intervals
from halfspace.companion.origin import origin
from halfspace.companion.spec import Result, Spec
from halfspace.companion.text import thousands
from halfspace.datasets import CIFAR_CLASSES
from halfspace.image_training import Curves

__all__ = [
    "CLASS_GROUPS",
    "CLASS_NAMES",
    "CLASS_ORDER",
    "GATED_NETS",
    "NETS",
    "NONLINEAR_NETS",
    "PAPER_APPENDIX",
    "PAPER_TABLE_1",
    "SETS",
    "above_mean",
    "across_kinds",
    "best_gap",
    "ceiling_numbers",
    "ceiling_rows",
    "class_rows",
    "color_rows",
    "gap",
    "gate_numbers",
    "gate_rows",
    "hard_against_soft",
    "hard_cost",
    "hundred_epochs_text",
    "joined",
    "live_numbers",
    "live_rows",
    "long_curves",
    "long_gates_text",
    "long_progress",
    "missing_text",
    "ntk_levels",
    "paper_levels",
    "path_numbers",
    "percent",
    "recorded",
    "recovered",
    "residual_numbers",
    "residual_rows",
    "right",
    "run_numbers",
    "shared_paths",
    "short_curves",
    "table_numbers",
    "table_rows",
    "test_at_training_level",
    "test_rows",
    "train_gap",
]

CLASS_ORDER = (0, 1, 8, 9, 2, 3, 4, 5, 6, 7)
"""CIFAR-10's classes with the vehicles first, then the animals."""

CLASS_NAMES = tuple(CIFAR_CLASSES["cifar10"][number] for number in CLASS_ORDER)
"""The classes' names in this order."""

CLASS_GROUPS = {"vehicles": 4, "animals": 6}
"""The number of classes of each kind."""

GATED_NETS = {"dlgn": "DLGN", "dlgn-pwc": "DLGN-PWC"}
"""Table 1's nets with a gating network: the name that a reader sees, by model."""

NONLINEAR_NETS = {"relu": "ReLU net"} | GATED_NETS
"""The names of Table 1's nets whose gates depend on the image, by model."""

NETS = NONLINEAR_NETS | {"linear": "DLN"}
"""The names of all of Table 1's nets, by model."""

_HARDENING = "DLGN, hardening"

_LONG_NETS = NETS | {"dlgn, hardening": _HARDENING}
"""The names of the nets that are trained for 100 epochs, by model."""

_TABLE_LABELS = {f"conv: {model}": label for model, label in NETS.items()} | {
    "pixels: cifar10": "linear, pixels",
    "conv: ntk, initial": "linear, NTK before",
    "conv: ntk, trained": "linear, NTK after",
}
"""Names of the rows of Table 1, by run."""

PAPER_TABLE_1 = {
    "relu": (96.3, 72.17),
    "dlgn": (85.3, 73.2),
    "dlgn-pwc": (84.9, 72.2),
    "linear": (42.3, 40.79),
}
"""The paper's Table 1: training and test accuracy in percent, by model."""

PAPER_APPENDIX = {
    ("resnet-34", "relu"): {"cifar10": 91, "cifar100": 56.68},
    ("resnet-34", "dlgn"): {"cifar10": 86, "cifar100": 51.6},
    ("resnet-110", "relu"): {"cifar10": 94, "cifar100": 73},
    ("resnet-110", "dlgn"): {"cifar10": 89, "cifar100": 67},
}
"""The paper's appendix 2: test accuracy in percent, by network and model, and by data set."""

SETS = {"cifar10": "CIFAR-10", "cifar100": "CIFAR-100"}
"""The name that a reader sees, by data set."""

_MISSING = "–"

_OWN_GATES = "as trained"
_HARD_GATES = "hard gates"


# --- One statistic of runs, a number for each seed ---


def percent(*results: Result, part: str = "test") -> np.ndarray:
    """Return the share of images classified right, percent, shape (S,).

    Args:
        *results: one run, or several of one condition whose seeds are joined.
        part: ``"test"`` or ``"train"``, or ``"test_hard"`` or ``"train_hard"`` for hard gates.
    """
    return 100 * joined(f"{part}_accuracy", *results).astype(np.float64).mean(-1)


def right(ceiling: Result, part: str = "test") -> np.ndarray:
    """Return which images the linear model of a ``DLNCeiling`` classifies right: bool, shape (n,).

    Args:
        ceiling: the result.
        part: ``"test"`` or ``"train"``.
    """
    return ceiling.arrays[f"{part}_right"]


def joined(name: str, *results: Result) -> np.ndarray:
    """Join an array (S, c) of several runs along the seeds."""
    return np.concatenate([result.arrays[name] for result in results])


def gap(*results: Result, part: str = "test") -> np.ndarray:
    """Return the difference of two nets' shares seed by seed, percentage points, shape (S,).

    Args:
        *results: the runs of the first net, then equally many of the second net, which is
            subtracted. A run of one seed is compared with each seed of the other.
        part: as for ``percent``.
    """
    first, second = _halves(results)
    return percent(*first, part=part) - percent(*second, part=part)


def test_at_training_level(*results: Result, level: float) -> np.ndarray:
    """Return the test accuracy at the first epoch with a training accuracy, percent, shape (S,).

    Args:
        *results: of ``Table1Training``, one for each seed.
        level: the training accuracy, percent, measured during training; the result is NaN for a net
            that never reaches it.
    """
    values = []
    for result in results:
        reached = 100 * result.accuracy[:, 0].astype(np.float64) >= level
        test = 100 * result.test_curve[reached.argmax(), 0].astype(np.float64)
        values.append(test if reached.any() else np.nan)
    return np.array(values)


def best_gap(*results: Result) -> np.ndarray:
    """Return the difference of two nets' test accuracies at their best epochs, points, (S,).

    Args:
        *results: of ``Table1Training``: the runs of the first net, then equally many of the second.
    """
    best = 100 * np.array([result.test_curve.max() for result in results], dtype=np.float64)
    return best[: len(best) // 2] - best[len(best) // 2 :]


def recovered(*results: Result) -> np.ndarray:
    """Return the second net's test accuracy as a share of the first net's, percent, shape (S,).

    Args:
        *results: the runs of the first net, then equally many of the second net.
    """
    first, second = _halves(results)
    return 100 * percent(*second) / percent(*first)


def above_mean(*results: Result) -> np.ndarray:
    """Return by how much test accuracy exceeds another net's mean, percentage points, shape (S,).

    Args:
        *results: the runs of a net, and last a run of the other net, whose seeds are averaged.
    """
    *runs, other = results
    return percent(*runs) - percent(other).mean()


def train_gap(result: Result) -> np.ndarray:
    """Return training minus test accuracy, percentage points, shape (S,)."""
    return percent(result, part="train") - percent(result)


def hard_cost(result: Result) -> np.ndarray:
    """Return the loss of test accuracy with hard gates, percentage points, shape (S,)."""
    return percent(result) - percent(result, part="test_hard")


def hard_against_soft(*results: Result) -> np.ndarray:
    """Return one net's test accuracy with hard gates minus another's with its own, points, (S,).

    Args:
        *results: the runs of the first net, then equally many of the second.
    """
    first, second = _halves(results)
    return percent(*first, part="test_hard") - percent(*second)


def across_kinds(result: Result) -> np.ndarray:
    """Return the share of common paths of a vehicle and an animal over that within a kind, (2, S).

    At the start and at the end; within a kind, the pairs of different classes count.
    """
    share = result.overlap.astype(np.float64)
    vehicle = np.isin(np.arange(len(CLASS_ORDER)), CLASS_ORDER[: CLASS_GROUPS["vehicles"]])
    alike = vehicle[:, None] == vehicle
    different = ~np.eye(len(CLASS_ORDER), dtype=bool)
    return share[..., ~alike].mean(-1) / share[..., alike & different].mean(-1)


def _halves(results: tuple[Result, ...]) -> tuple[tuple[Result, ...], tuple[Result, ...]]:
    half = len(results) // 2
    return results[:half], results[half:]


# --- Tables and figures ---


def recorded(conditions: Mapping[str, Spec]) -> dict[str, Result]:
    """Return the recorded runs by name; conditions that have none are left out."""
    results = {name: spec.recorded() for name, spec in conditions.items()}
    return {name: result for name, result in results.items() if result}


def live_rows(live: Mapping[str, Result]) -> list[dict[str, str]]:
    """Return the results of one seed's nets, as a table's rows.

    Args:
        live: results of ``CifarTraining``, by the name that a reader sees.
    """
    return [
        {
            "network": net,
            "test images, own gates (%)": _one(percent(run)),
            "test images, hard gates (%)": _one(percent(run, part="test_hard"))
            if "test_hard_accuracy" in run.arrays
            else _MISSING,
            "training images, last epoch (%)": _one(100 * run.accuracy[-1]),
            "seconds an epoch": _one(run.seconds.mean(0)),
        }
        for net, run in live.items()
    ]


def table_rows(short: Mapping[str, Result]) -> list[dict[str, str]]:
    """Return Table 1's rows: accuracy after few epochs, and the paper's, percent.

    Args:
        short: the runs of few epochs, by name.
    """
    rows = []
    for name, label in _TABLE_LABELS.items():
        paper = PAPER_TABLE_1.get(name.removeprefix("conv: "), (_MISSING, _MISSING))
        rows.append(
            {
                "network": label,
                "test images": _text(percent(short[name])),
                "paper: test": f"{paper[1]}",
                "training images": _text(percent(short[name], part="train")),
                "paper: training": f"{paper[0]}",
            }
        )
    return rows


def test_rows(short: Mapping[str, Result]) -> dict[str, dict]:
    """Return test accuracies on CIFAR-10 for ``net_marks``, by series and network.

    Args: as for ``table_rows``.
    """
    return {
        f"{_epochs(short)} epochs": {
            label: _interval(percent(short[name])) for name, label in _TABLE_LABELS.items()
        },
        "paper": {NETS[model]: (test,) * 3 for model, (_, test) in PAPER_TABLE_1.items()},
    }


def short_curves(short: Mapping[str, Result]) -> dict[str, dict[str, np.ndarray]]:
    """Return accuracies of the runs of few epochs, percent, by part of the images and by network.

    Args: as for ``table_rows``.

    Returns:
        ``"training images"``: (mean, lower end, upper end) after each epoch, (E, 3), while they
        were trained on; ``"test images"``: the same at the end, (1, 3).
    """
    runs = _conv_runs(short)
    return {
        "training images": {
            NETS[model]: mean_intervals(100 * run.accuracy.astype(np.float64))
            for model, run in runs.items()
        },
        "test images": {
            NETS[model]: mean_intervals(percent(run)[np.newaxis]) for model, run in runs.items()
        },
    }


def long_progress(conditions: Mapping[str, Spec], seed: int) -> dict[str, Curves]:
    """Return the progress of a seed's runs of Table 1 that have begun, by the net's name.

    Args:
        conditions: those of Table 1 on a CPU, by name.
        seed: of the nets.
    """
    curves = {label: conditions[f"{net}: {seed}"].progress() for net, label in _LONG_NETS.items()}
    return {label: made for label, made in curves.items() if made is not None}


def long_curves(progress: Mapping[str, Curves]) -> dict[str, dict[str, np.ndarray]]:
    """Return the learning curves of Table 1's runs so far, in percent, by run.

    Args:
        progress: of the runs that have begun, by name.

    Returns:
        ``"training images"`` and ``"test images"``, each by the run's name, shape (E,).
    """
    parts = {"training images": "accuracy", "test images": "measured"}
    return {
        part: {name: 100 * np.array(getattr(curves, field)) for name, curves in progress.items()}
        for part, field in parts.items()
    }


def paper_levels() -> dict[str, dict[str, float]]:
    """Return the paper's numbers of Table 1 by part of the images and by net, percent."""
    return {
        part: {NETS[model]: numbers[column] for model, numbers in PAPER_TABLE_1.items()}
        for column, part in enumerate(("training images", "test images"))
    }


def ntk_levels(long: Mapping[str, Result], seed: int) -> dict[str, float]:
    """Return the recorded test accuracies of linear models on NTK features, percent.

    Args:
        long: the recorded runs of Table 1 on a CPU, by name.
        seed: of the ReLU net whose features they use.
    """
    labels = {"initial": "linear, NTK before", "trained": "linear, NTK after"}
    names = {f"ntk, {state}: {seed}": label for state, label in labels.items()}
    return {label: percent(long[name]).item() for name, label in names.items() if name in long}


def gate_rows(short: Mapping[str, Result], long: Mapping[str, Result]) -> dict[str, dict]:
    """Return test accuracies under the nets' own and under hard gates, by gates and network.

    Args:
        short: the runs of few epochs, by name.
        long: the recorded runs of Table 1 on a CPU, by name; their rows follow.
    """
    runs = {label: [short[f"conv: {model}"]] for model, label in NETS.items()}
    for label, made in _long_gated(long).items():
        runs[f"{label}, {TABLE_1.epochs} epochs"] = made
    gated = {net: made for net, made in runs.items() if "test_hard_accuracy" in made[0].arrays}
    return {
        _OWN_GATES: {net: _interval(percent(*made)) for net, made in runs.items()},
        _HARD_GATES: {
            net: _interval(percent(*made, part="test_hard")) for net, made in gated.items()
        },
    }


def residual_rows(runs: Mapping[str, Result]) -> dict[str, dict]:
    """Return test accuracies under the nets' own and under hard gates, by gates and network.

    With the mean stand the lowest and the highest seed.

    Args:
        runs: the recorded runs of ResNet-20, by name.
    """
    parts = {_OWN_GATES: _residual(runs, "test"), _HARD_GATES: _residual(runs, "test_hard")}
    return {
        gates: {net: (values.mean(), values.min(), values.max()) for net, values in nets.items()}
        for gates, nets in parts.items()
    }


def residual_numbers(runs: Mapping[str, Result]) -> dict[str, str]:
    """Return the mean test accuracies of ResNet-20 in whole percents, by gates and network.

    Besides ``residual own`` and ``residual hard``: the numbers of seeds and epochs, the gap of ReLU
    net and DLGN with its interval in percentage points, and the origin.

    Args:
        runs: the recorded runs of ResNet-20, by name.
    """
    own, hard = _residual(runs, "test"), _residual(runs, "test_hard")
    numbers = {f"residual own {net}": f"{values.mean():.0f}" for net, values in own.items()}
    numbers |= {f"residual hard {net}": f"{values.mean():.0f}" for net, values in hard.items()}
    (epochs,) = {run.spec.recipe.epochs for run in runs.values()}
    return numbers | {
        "residual seeds": len(own["DLGN"]),
        "residual epochs": epochs,
        "residual gap": _text(own["ReLU net"] - own["DLGN"]),
        "from-residual": origin(*runs.values()),
    }


def class_rows(run: Result) -> list[dict[str, str]]:
    """Return each class's test accuracy under soft and hard gates, as a table's rows, percent.

    Args:
        run: of a net with soft gates; means over its seeds.
    """
    soft, hard = (100 * run.arrays[f"test_{gates}accuracy"].mean(0) for gates in ("", "hard_"))
    return [
        {
            "class": name,
            "soft gates": f"{soft[number]:.0f}",
            "hard gates": f"{hard[number]:.0f}",
            "change": _signed(hard[number] - soft[number]),
        }
        for number, name in zip(CLASS_ORDER, CLASS_NAMES, strict=True)
    ]


def color_rows(colors: Result) -> list[dict[str, str]]:
    """Return each class's test accuracy of a ``DLNCeiling``'s linear model, as a table's rows.

    Args:
        colors: the result; test images are sorted by class, equally many of each.
    """
    shares = 100 * right(colors).reshape(len(CLASS_ORDER), -1).mean(-1)
    return [
        {"class": name, "right (%)": f"{shares[number]:.0f}"}
        for number, name in zip(CLASS_ORDER, CLASS_NAMES, strict=True)
    ]


def shared_paths(short: Mapping[str, Result]) -> dict[str, np.ndarray]:
    """Return the classes' mean share of common paths over the seeds, (2, 10, 10), by network.

    At the start and at the end, classes in the order of ``CLASS_ORDER``; of the ReLU net and the
    DLGN.

    Args: as for ``table_rows``.
    """
    means = {
        NETS[model]: short[f"conv: {model}"].overlap.astype(np.float64).mean(1)
        for model in ("relu", "dlgn")
    }
    return {label: mean[:, CLASS_ORDER][:, :, CLASS_ORDER] for label, mean in means.items()}


# --- Numbers that the text quotes, by the names that it uses ---


def run_numbers(short: Mapping[str, Result], ceilings: Mapping[str, Result]) -> dict[str, object]:
    """Return the runs' numbers of seeds and epochs, their recipe and their origin.

    Args:
        short: the runs of few epochs, by name.
        ceilings: of ``DLNCeiling``, by name.
    """
    runs = _conv_runs(short)
    spec = runs["dlgn"].spec
    return {
        "short-epochs": spec.recipe.epochs,
        "short-seeds": spec.seeds,
        "first-seed": spec.first_seed,
        "last-seed": spec.first_seed + spec.seeds - 1,
        "rate": f"{spec.recipe.learning_rate:.4f}",
        "batch": spec.recipe.batch_size,
        "beta": f"{spec.beta:g}",
        "from-short": origin(*runs.values()),
        "from-ceiling": origin(*ceilings.values()),
        "full-epochs": TABLE_1.epochs,
    }


def live_numbers(seed: int, n_train: int, epochs: int) -> dict[str, object]:
    """Return the parameters of the live nets in the form that the text uses."""
    counted = f"{epochs} epoch" + ("" if epochs == 1 else "s")
    return {"seed": seed, "n_train": thousands(n_train), "epochs": counted}


def table_numbers(short: Mapping[str, Result]) -> dict[str, object]:
    """Return the accuracies of Table 1's nets after few epochs, and those of their rivals.

    ``over dln``, ``over relu`` (differences of test accuracy), ``gap`` (training minus test),
    ``ratio`` (to the ReLU net's) and ``cost`` (seconds per epoch) of each net; ``ntk``,
    ``over ntk`` and ``pixels`` of the linear models.

    Args:
        short: the runs of few epochs, by name.
    """
    runs = _conv_runs(short)
    numbers = {}
    for model, run in runs.items():
        numbers |= {
            f"over dln {model}": _text(gap(run, runs["linear"])),
            f"over relu {model}": _text(gap(run, runs["relu"])),
            f"gap {model}": _text(train_gap(run)),
            f"ratio {model}": f"{recovered(runs['relu'], run).mean():.0f}",
            f"cost {model}": f"{np.median(run.seconds):.0f}",
        }
    initial, trained = short["conv: ntk, initial"], short["conv: ntk, trained"]
    for model in NONLINEAR_NETS:
        numbers[f"over ntk {model}"] = _text(gap(runs[model], initial))
    pixels = short["pixels: cifar10"]
    return numbers | {
        "ntk initial": _one(percent(initial)),
        "ntk trained": _one(percent(trained)),
        "ntk net": f"{100 * trained.net_accuracy.mean():.1f}",
        "ntk images": thousands(trained.spec.fitted().n_train),
        "pixels": _text(percent(pixels)),
        "pixels over dln": _text(gap(pixels, runs["linear"])),
        "pixels epochs": pixels.spec.recipe.epochs,
    }


def hundred_epochs_text(progress: Mapping[str, Curves], epochs: int) -> str:
    """Write the progress of Table 1's runs of one seed, and their accuracies so far.

    Args:
        progress: of the runs that have begun, by name.
        epochs: of a whole run.
    """
    if not progress:
        return "No net has begun its first epoch yet"
    return "So far: " + "; ".join(
        f"{name}, {len(made.loss)} of {epochs} epochs, {100 * made.measured[-1]:.1f} % of the test "
        f"images and {100 * made.accuracy[-1]:.1f} % of the training images right"
        for name, made in progress.items()
    )


def long_gates_text(long: Mapping[str, Result]) -> str:
    """Compare hard gates with soft ones in the DLGNs that were trained for 100 epochs.

    Args:
        long: the recorded runs of Table 1 on a CPU, by name.
    """
    found = [
        f"{_text(percent(*made, part='test_hard'))} % with hard gates and "
        f"{_text(percent(*made))} % with soft ones ({label}, {_counted(made, 'seed')})"
        for label, made in _long_gated(long).items()
    ]
    if not found:
        return "No DLGN has been trained for that long yet"
    return f"After {TABLE_1.epochs} epochs the test accuracy is " + ", ".join(found)


def missing_text(studies: Mapping[str, Mapping[str, Spec]]) -> str:
    """Write how many runs of each study are missing.

    Args:
        studies: their conditions, by the name that a reader sees.
    """
    made = {name: len(recorded(conditions)) for name, conditions in studies.items()}
    missing = [
        f"{name} ({len(conditions) - made[name]} of {_counted(conditions, 'run')})"
        for name, conditions in studies.items()
        if made[name] < len(conditions)
    ]
    return ", ".join(missing) or "none"


_CEILINGS = {f"depth {depth}": f"sums, {depth} convolutions" for depth in range(6)} | {
    "depth 0": "mean colours",
    "depth 1": "sums, 1 convolution",
    "depth 5, constant": "5, with a constant",
    "depth 10": "5, without zeros",
}
_PARTS = {"test images": "test", "training images": "train"}


def ceiling_rows(
    ceilings: Mapping[str, Result], short: Mapping[str, Result]
) -> dict[str, dict[str, tuple[float, float, float]]]:
    """Return the shares of images that linear models classify right, for ``net_marks``, percent.

    Args:
        ceilings: of ``DLNCeiling``, by name; intervals are over images.
        short: the runs of few epochs, by name; intervals of the model on pixels are over seeds.
    """
    rows = {}
    for series, part in _PARTS.items():
        rows[series] = by_model = {}
        for name, label in _CEILINGS.items():
            made = share(right(ceilings[name], part), 0.5)
            by_model[label] = tuple(100 * x for x in (made.effect, made.low, made.high))
        by_model["all pixels"] = _interval(percent(short["pixels: cifar10"], part=part))
        paper = dict(zip(("train", "test"), PAPER_TABLE_1["linear"], strict=True))
        by_model["the paper's DLN"] = (paper[part],) * 3
    return rows


def ceiling_numbers(
    ceilings: Mapping[str, Result], short: Mapping[str, Result]
) -> dict[str, object]:
    """Return the text's numbers on the ceiling of the deep linear net, percent.

    Args: those of ``ceiling_rows``.
    """
    depth = ceilings["depth 5"].spec.depth
    numbers = {
        "ceiling classes": 2 * depth + 1,
        "ceiling sums": 3 * (2 * depth + 1) ** 2,
        "ceiling depth": depth,
    }
    for column, part in enumerate(("train", "test")):
        others = [PAPER_TABLE_1[model][column] for model in NONLINEAR_NETS]
        numbers[f"paper dln {part}"] = PAPER_TABLE_1["linear"][column]
        numbers[f"paper others {part}"] = min(others)
        for title, name in {
            "ceiling": "depth 5",
            "colours": "depth 0",
            "constant": "depth 5, constant",
            "no zeros": "depth 10",
        }.items():
            numbers[f"{title} {part}"] = f"{100 * right(ceilings[name], part).mean():.1f}"
        pixels = percent(short["pixels: cifar10"], part=part)
        numbers[f"ceiling pixels {part}"] = f"{pixels.mean():.1f}"
    return numbers


def gate_numbers(short: Mapping[str, Result]) -> dict[str, str]:
    """Return the cost of hard gates, and the lead that remains over nets without a gating network.

    ``own`` and ``hard`` are whole percents of the test images under each kind of gates, ``cost``
    and ``hard over`` percentage points.

    Args: as for ``table_numbers``.
    """
    runs = _conv_runs(short)
    numbers = {f"own {model}": f"{percent(run).mean():.0f}" for model, run in runs.items()}
    for model in GATED_NETS:
        hard = percent(runs[model], part="test_hard")
        numbers[f"hard {model}"] = f"{hard.mean():.0f}"
        numbers[f"cost hard {model}"] = _text(hard_cost(runs[model]))
        for other in ("linear", "relu"):
            numbers[f"hard over {other} {model}"] = _text(hard - percent(runs[other]))
    return numbers


def path_numbers(short: Mapping[str, Result]) -> dict[str, str]:
    """Return the share of common paths at the start, and how it changes in training.

    ``paths``: over all pairs of classes; ``kinds``: see ``across_kinds``; ``labels``: alignment
    with the labels.

    Args: as for ``table_numbers``.
    """
    numbers = {}
    for model in NONLINEAR_NETS:
        run = short[f"conv: {model}"]
        share_start, share_end = run.overlap.astype(np.float64).mean((2, 3))
        kinds_start, kinds_end = across_kinds(run)
        labels_start, labels_end = run.overlap_labels.astype(np.float64)
        numbers |= {
            f"paths {model}": f"{share_start.mean():.2f}",
            f"paths change {model}": _text(share_end - share_start, 2),
            f"kinds {model}": f"{kinds_start.mean():.2f}",
            f"kinds change {model}": _text(kinds_end - kinds_start, 2),
            f"labels {model}": f"{labels_start.mean():.2f}",
            f"labels change {model}": _text(labels_end - labels_start, 2),
        }
    return numbers


def _conv_runs(short: Mapping[str, Result]) -> dict[str, Result]:
    """Return the runs of Table 1's nets, by model."""
    return {model: short[f"conv: {model}"] for model in NETS}


def _long_gated(long: Mapping[str, Result]) -> dict[str, list[Result]]:
    """Return the recorded runs of 100 epochs of nets with soft gates, all seeds, by net."""
    runs = {
        label: [run for name, run in long.items() if name.rpartition(": ")[0] == net]
        for net, label in _LONG_NETS.items()
        if label in GATED_NETS.values() or label == _HARDENING
    }
    return {label: made for label, made in runs.items() if made}


def _residual(runs: Mapping[str, Result], part: str) -> dict[str, np.ndarray]:
    """Return the seeds' accuracies of ResNet-20, percent, by net; hard gates' of gated nets."""
    nets = {"relu": "ReLU net", "dlgn": "DLGN", "dlgn, hardening": _HARDENING}
    made = {
        label: [run for name, run in runs.items() if name.rpartition(": ")[0] == net]
        for net, label in nets.items()
    }
    return {
        label: percent(*seeds, part=part)
        for label, seeds in made.items()
        if f"{part}_accuracy" in seeds[0].arrays
    }


def _epochs(short: Mapping[str, Result]) -> int:
    return short["conv: dlgn"].spec.recipe.epochs


def _counted(things: Collection, noun: str) -> str:
    return f"{len(things)} {noun}" + ("" if len(things) == 1 else "s")


def _text(values: np.ndarray, digits: int = 1) -> str:
    """Write a mean with its interval, or a single seed's number alone."""
    if len(values) == 1:
        return f"{values[0]:.{digits}f}"
    text = interval_text(values, digits=digits)
    return re.sub(r"-(?=0\.0+\b)", "", text).replace("-", "−")


def _one(values: np.ndarray) -> str:
    """Write the mean without an interval."""
    return f"{np.mean(values):.1f}"


def _signed(value: float) -> str:
    return f"{value:+.0f}".replace("-", "−")


def _interval(values: np.ndarray) -> tuple[float, float, float]:
    return mean_interval(values) if len(values) > 1 else (float(values[0]),) * 3
