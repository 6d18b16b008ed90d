"""What is read off runs on CIFAR, in percent and percentage points, beside the paper's numbers."""

from collections.abc import Collection, Mapping

import numpy as np

from halfspace.companion.cifar.specs import TABLE_1
from halfspace.companion.inference import share
from halfspace.companion.intervals import interval_text, mean_interval, mean_intervals
from halfspace.companion.origin import origin
from halfspace.companion.spec import Result, Spec
from halfspace.datasets import CIFAR_CLASSES
from halfspace.image_training import Curves

__all__ = [
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
    "appendix_rows",
    "appendix_table",
    "best_gap",
    "ceiling_numbers",
    "ceiling_rows",
    "epoch_curves",
    "gap",
    "gap_to_training",
    "gate_numbers",
    "gate_rows",
    "hard_against_soft",
    "hard_cost",
    "joined",
    "learning_curves",
    "long_curves",
    "long_progress",
    "long_rows",
    "paper_levels",
    "path_numbers",
    "percent",
    "recorded",
    "recovered",
    "right",
    "run_numbers",
    "shared_paths",
    "table_1",
    "table_numbers",
    "test_at_training_level",
    "test_rows",
]

CLASS_ORDER = (0, 1, 8, 9, 2, 3, 4, 5, 6, 7)
"""CIFAR-10's classes with the vehicles first, then the animals."""

CLASS_NAMES = tuple(CIFAR_CLASSES["cifar10"][number] for number in CLASS_ORDER)
"""The classes' names in this order."""

_VEHICLES = 4  # how many of them

GATED_NETS = {"dlgn": "DLGN", "dlgn-pwc": "DLGN-PWC"}
"""Table 1's nets with a gating network: the name that a reader sees, by model."""

NONLINEAR_NETS = {"relu": "ReLU net"} | GATED_NETS
"""Likewise, those whose gates depend on the image."""

NETS = NONLINEAR_NETS | {"linear": "DLN"}
"""Likewise, all of them."""

_TABLE_LABELS = NETS | {
    "dgn": "DGN",
    "ntk, initial": "linear, NTK at start",
    "ntk, trained": "linear, NTK at end",
}
"""Names of the rows of Table 1, the paper's and ours."""

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

_APPENDIX_LABELS = {
    ("resnet-34", "relu"): "ResNet-34, ReLU",
    ("resnet-34", "dlgn"): "ResNet-34, DLGN",
    ("resnet-34", "linear"): "ResNet-34, linear",
    ("resnet-110", "relu"): "ResNet-110, ReLU",
    ("resnet-110", "dlgn"): "ResNet-110, DLGN",
    ("resnet-110", "linear"): "ResNet-110, linear",
}
"""Names of the rows of appendix 2, the paper's and ours."""

SETS = {"cifar10": "CIFAR-10", "cifar100": "CIFAR-100"}
"""The name that a reader sees, by data set."""

_MISSING = "–"
_WAITING = "waits for a GPU"


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
        *results: the runs of the first net, then as many of the second net, which is subtracted. A
            run of one seed is compared with each seed of the other.
        part: as for ``percent``.
    """
    first, second = _halves(results)
    return percent(*first, part=part) - percent(*second, part=part)


def test_at_training_level(*results: Result, level: float) -> np.ndarray:
    """Return the test accuracy at the first epoch with a training accuracy, percent, shape (S,).

    Args:
        *results: of ``Table1Training``, one for each seed.
        level: the training accuracy, percent, while trained on; NaN for a net that never has it.
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
        *results: of ``Table1Training``: the runs of the first net, then as many of the second.
    """
    best = 100 * np.array([result.test_curve.max() for result in results], dtype=np.float64)
    return best[: len(best) // 2] - best[len(best) // 2 :]


def recovered(*results: Result) -> np.ndarray:
    """Return the second net's test accuracy as a share of the first net's, percent, shape (S,).

    Args:
        *results: the runs of the first net, then as many of the second net.
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


def gap_to_training(result: Result) -> np.ndarray:
    """Return test minus training accuracy, percentage points, shape (S,)."""
    return percent(result) - percent(result, part="train")


def hard_cost(result: Result) -> np.ndarray:
    """Return the loss of test accuracy with hard gates, percentage points, shape (S,)."""
    return percent(result) - percent(result, part="test_hard")


def hard_against_soft(*results: Result) -> np.ndarray:
    """Return one net's test accuracy with hard gates minus another's with its own, points, (S,).

    Args:
        *results: the runs of the first net, then as many of the second.
    """
    first, second = _halves(results)
    return percent(*first, part="test_hard") - percent(*second)


def across_kinds(result: Result) -> np.ndarray:
    """Return the share of common paths of a vehicle and an animal over that within a kind, (2, S).

    At the start and at the end; within a kind, the pairs of different classes count.
    """
    share = result.overlap.astype(np.float64)
    vehicle = np.isin(np.arange(len(CLASS_ORDER)), CLASS_ORDER[:_VEHICLES])
    alike = vehicle[:, None] == vehicle
    different = ~np.eye(len(CLASS_ORDER), dtype=bool)
    return share[..., ~alike].mean(-1) / share[..., alike & different].mean(-1)


def _halves(results: tuple[Result, ...]) -> tuple[tuple[Result, ...], tuple[Result, ...]]:
    half = len(results) // 2
    return results[:half], results[half:]


# --- Tables and figures ---


def long_progress(conditions: Mapping[str, Spec], seed: int) -> dict[str, Curves]:
    """Return how far Table 1's runs of a seed got, by the net's name; those that have begun.

    Args:
        conditions: those of Table 1 on a CPU, by name.
        seed: of the nets.
    """
    labels = NETS | {"dlgn, hardening": "DLGN, hardening"}
    curves = {label: conditions[f"{net}: {seed}"].progress() for net, label in labels.items()}
    return {label: made for label, made in curves.items() if made is not None}


def paper_levels(nets: Collection[str]) -> dict[str, dict[str, float]]:
    """Return the paper's numbers of Table 1 by part of the images and by net, percent.

    Args:
        nets: names; the DLGN whose gates harden is beside the paper's DLGN.
    """
    labels = {label: net for net, label in NETS.items()} | {"DLGN, hardening": "dlgn"}
    return {
        part: {net: PAPER_TABLE_1[labels[net]][column] for net in nets}
        for column, part in enumerate(("training images", "test images"))
    }


def long_curves(progress: Mapping[str, Curves]) -> dict[str, dict[str, np.ndarray]]:
    """Return the learning curves of Table 1's runs as far as they got, in percent, by run.

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


def long_rows(progress: Mapping[str, Curves], epochs: int) -> list[dict[str, str]]:
    """Return how far Table 1's runs got, as a table's rows.

    Args:
        progress: of the runs that have begun, by name.
        epochs: of a whole run.
    """
    return [
        {
            "run": name,
            "epochs": f"{len(curves.loss)} of {epochs}",
            "training images": f"{100 * curves.accuracy[-1]:.1f}",
            "test images": f"{100 * curves.measured[-1]:.1f}",
            "best epoch's test images": f"{100 * max(curves.measured):.1f}",
            "core-hours": f"{sum(curves.seconds) / 3600:.1f}",
        }
        for name, curves in progress.items()
    ]


def recorded(conditions: Mapping[str, Spec]) -> dict[str, Result]:
    """Return the recorded runs by name; conditions that have none are left out."""
    results = {name: spec.recorded() for name, spec in conditions.items()}
    return {name: result for name, result in results.items() if result}


def table_1(full: Mapping[str, Result], short: Mapping[str, Result]) -> list[dict[str, str]]:
    """Return Table 1's rows: training / test accuracy of the paper, and of our runs.

    Args:
        full: those recorded of the runs that need a GPU, by name.
        short: those recorded of the runs of few epochs, by name.
    """
    rows = []
    for model, label in _TABLE_LABELS.items():
        run, brief = full.get(f"conv: {model}"), short.get(f"conv: {model}")
        paper = PAPER_TABLE_1.get(model)
        rows.append(
            {
                "network": label,
                "paper": f"{paper[0]:g} / {paper[1]:g}" if paper else _MISSING,
                "ours": _both(run) if run else _WAITING,
                "ours, few epochs": _both(brief) if brief else _MISSING,
                "their gap": _text(gap_to_training(brief)) if brief else _MISSING,
            }
        )
    return rows


def test_rows(full: Mapping[str, Result], short: Mapping[str, Result]) -> dict[str, dict]:
    """Return test accuracies on CIFAR-10 for ``plots.forest``, by series and network.

    Args: as for ``table_1``.
    """
    paper = {_TABLE_LABELS[model]: (test,) * 3 for model, (_, test) in PAPER_TABLE_1.items()}
    rows = {"paper": paper} | {
        series: {
            label: _interval(percent(runs[f"conv: {model}"]))
            for model, label in _TABLE_LABELS.items()
            if f"conv: {model}" in runs
        }
        for series, runs in {"ours": full, "ours, few epochs": short}.items()
    }
    return {series: by_network for series, by_network in rows.items() if by_network}


def appendix_rows(full: Mapping[str, Result], short: Mapping[str, Result]) -> dict[str, dict]:
    """Return test accuracies of the residual nets for ``plots.forest``, by series and network.

    Args: as for ``table_1``; a net's seeds are runs of their own.
    """
    rows: dict[str, dict] = {"paper": {}, "ours": {}}
    for data, name in SETS.items():
        for (network, model), label in _APPENDIX_LABELS.items():
            paper = PAPER_APPENDIX.get((network, model))
            if paper:
                rows["paper"][f"{label}, {name}"] = (paper[data],) * 3
            if runs := _seeds_of(full, network, model, data):
                rows["ours"][f"{label}, {name}"] = _interval(percent(*runs))
        if run := short.get(f"pixels: {data}"):
            rows["ours"][f"linear on pixels, {name}"] = _interval(percent(run))
    return {series: by_network for series, by_network in rows.items() if by_network}


def appendix_table(full: Mapping[str, Result], short: Mapping[str, Result]) -> list[dict[str, str]]:
    """Return the appendix table's rows: test accuracy of the paper, and of our runs.

    Args: as for ``table_1``.
    """
    rows = []
    for data, name in SETS.items():
        for (network, model), label in _APPENDIX_LABELS.items():
            runs = _seeds_of(full, network, model, data)
            paper = PAPER_APPENDIX.get((network, model))
            rows.append(
                {
                    "network": label,
                    "images": name,
                    "paper": f"{paper[data]:g}" if paper else _MISSING,
                    "ours": _text(percent(*runs)) if runs else _WAITING,
                }
            )
        run = short.get(f"pixels: {data}")
        ours = _text(percent(run)) if run else _MISSING
        rows.append(
            {"network": "linear on pixels", "images": name, "paper": _MISSING, "ours": ours}
        )
    return rows


def epoch_curves(live: Mapping[str, Result]) -> dict[tuple[str, str], np.ndarray]:
    """Return loss, accuracy and seconds of the first seed of each net, rounded, shape (E,)."""
    return {
        (model, name): run.arrays[name][:, 0].round(2)
        for model, run in live.items()
        for name in ("loss", "accuracy", "seconds")
    }


def learning_curves(short: Mapping[str, Result]) -> dict[str, dict[str, np.ndarray]]:
    """Return means with intervals after each epoch, (E, 3), by what is measured and by network.

    Args:
        short: the runs of few epochs, by name.
    """
    measured = {"loss (nats)": ("loss", 1), "right (%)": ("accuracy", 100)}
    return {
        label: {
            NETS[model]: factor * mean_intervals(run.arrays[name].astype(np.float64))
            for model, run in _conv_runs(short).items()
        }
        for label, (name, factor) in measured.items()
    }


def gate_rows(short: Mapping[str, Result]) -> dict[str, dict]:
    """Return test accuracies under soft and hard gates for ``plots.forest``, by gates and network.

    Args: as for ``learning_curves``.
    """
    return {
        gates: {
            label: mean_interval(percent(short[f"conv: {model}"], part=part))
            for model, label in GATED_NETS.items()
        }
        for gates, part in {"soft gates": "test", "hard gates": "test_hard"}.items()
    }


def shared_paths(short: Mapping[str, Result]) -> dict[str, np.ndarray]:
    """Return the classes' mean share of common paths over the seeds, (2, 10, 10), by network.

    At the start and at the end, classes in the order of ``CLASS_ORDER``.

    Args: as for ``learning_curves``.
    """
    means = {
        label: short[f"conv: {model}"].overlap.astype(np.float64).mean(1)
        for model, label in NONLINEAR_NETS.items()
    }
    return {label: mean[:, CLASS_ORDER][:, :, CLASS_ORDER] for label, mean in means.items()}


# --- Numbers that the text quotes, by the names that it uses ---


def run_numbers(
    conditions: Collection[str], full: Mapping[str, Result], short: Mapping[str, Result]
) -> dict[str, object]:
    """Return how many runs there are, of how many seeds and epochs, and where they come from.

    Args:
        conditions: names of all runs that need a GPU, recorded or not.
        full: those recorded of them, by name.
        short: the runs of few epochs, by name.
    """
    runs = _conv_runs(short)
    spec = runs["relu"].spec
    return {
        "short-epochs": spec.recipe.epochs,
        "short-seeds": spec.seeds,
        "first-seed": spec.first_seed,
        "last-seed": spec.first_seed + spec.seeds - 1,
        "from-short": origin(*runs.values()),
        "full-epochs": TABLE_1.epochs,
        "full-runs": len(full),
        "waiting": len(conditions) - len(full),
    }


def table_numbers(short: Mapping[str, Result]) -> dict[str, object]:
    """Return the accuracies of Table 1's nets after few epochs, and what they are compared with.

    ``test``, ``gap`` (training minus test), ``over dln``, ``over relu`` (differences of test
    accuracy), ``ratio`` (to the ReLU net's) and ``cost`` (seconds per epoch) of each net; ``ntk``,
    ``over ntk`` and ``pixels`` of the linear models.

    Args:
        short: the runs of few epochs, by name.
    """
    runs = _conv_runs(short)
    numbers = {}
    for model, run in runs.items():
        numbers |= {
            f"test {model}": interval_text(percent(run)),
            f"over dln {model}": interval_text(gap(run, runs["linear"])),
            f"over relu {model}": interval_text(gap(run, runs["relu"])),
            f"gap {model}": interval_text(-gap_to_training(run)),
            f"ratio {model}": interval_text(recovered(runs["relu"], run)),
            f"cost {model}": f"{np.median(run.seconds):.0f}",
        }
    initial, trained = short["conv: ntk, initial"], short["conv: ntk, trained"]
    for model in NONLINEAR_NETS:
        numbers[f"over ntk {model}"] = interval_text(gap(runs[model], initial))
    pixels = short["pixels: cifar10"]
    return numbers | {
        "ntk initial": f"{percent(initial).mean():.1f}",
        "ntk trained": f"{percent(trained).mean():.1f}",
        "ntk net": f"{100 * trained.net_accuracy.mean():.1f}",
        "ntk images": f"{trained.spec.fitted().n_train:,}",
        "pixels": interval_text(percent(pixels)),
        "pixels over dln": interval_text(gap(pixels, runs["linear"])),
        "pixels epochs": pixels.spec.recipe.epochs,
    }


_CEILINGS = {f"depth {depth}": f"sums, {depth} convolutions" for depth in range(6)} | {
    "depth 0": "mean colours",
    "depth 1": "sums, 1 convolution",
    "depth 5, constant": "5 convolutions, constant",
    "depth 10": "5 convolutions, no zeros",
}
_PARTS = {"test images": "test", "training images": "train"}


def ceiling_rows(
    ceilings: Mapping[str, Result], short: Mapping[str, Result]
) -> dict[str, dict[str, tuple[float, float, float]]]:
    """Return the shares of images that linear models classify right, for ``plots.forest``, percent.

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
    """Return what the text says of the ceiling of the deep linear net, percent.

    Args: those of ``ceiling_rows``.
    """
    depth = ceilings["depth 5"].spec.depth
    numbers = {
        "ceiling classes": 2 * depth + 1,
        "ceiling sums": 3 * (2 * depth + 1) ** 2,
        "ceiling depth": depth,
        "from-ceiling": origin(*ceilings.values()),
    }
    for part in _PARTS.values():
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
    """Return what hard gates cost, and what is left over the nets without a gating network.

    Args: as for ``table_numbers``.
    """
    runs = _conv_runs(short)
    numbers = {"beta": f"{runs['dlgn'].spec.beta:g}"}
    for model in GATED_NETS:
        hard = percent(runs[model], part="test_hard")
        numbers[f"hard {model}"] = interval_text(hard_cost(runs[model]))
        for other in ("linear", "relu"):
            numbers[f"hard over {other} {model}"] = interval_text(hard - percent(runs[other]))
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
            f"paths change {model}": interval_text(share_end - share_start),
            f"kinds {model}": f"{kinds_start.mean():.2f}",
            f"kinds change {model}": interval_text(kinds_end - kinds_start),
            f"labels start {model}": interval_text(labels_start),
            f"labels change {model}": interval_text(labels_end - labels_start),
        }
    return numbers


def _conv_runs(short: Mapping[str, Result]) -> dict[str, Result]:
    """Return the runs of Table 1's nets, by model."""
    return {model: short[f"conv: {model}"] for model in NETS}


def _seeds_of(runs: Mapping[str, Result], network: str, model: str, data: str) -> list[Result]:
    beginning = f"{network}: {model}: {data}: "
    return [run for name, run in runs.items() if name.startswith(beginning)]


def _both(result: Result) -> str:
    return f"{_text(percent(result, part='train'))} / {_text(percent(result))}"


def _text(values: np.ndarray) -> str:
    """Write a mean with its interval, or a single seed's number alone."""
    return interval_text(values, digits=1) if len(values) > 1 else f"{values[0]:.1f}"


def _interval(values: np.ndarray) -> tuple[float, float, float]:
    return mean_interval(values) if len(values) > 1 else (float(values[0]),) * 3
