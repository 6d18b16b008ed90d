"""What results say of early training, each statistic once."""

import math
from collections.abc import Mapping

import numpy as np

from halfspace.companion.circle.readings import path_gain, path_gains
from halfspace.companion.early_linear.data import GAUSS_FACTORS, SPHERE_FACTORS
from halfspace.companion.intervals import (
    factor_text,
    fit_power_law,
    geometric_intervals,
    interval_text,
    mean_interval,
    mean_intervals,
)
from halfspace.companion.origin import origin
from halfspace.companion.spec import Result
from halfspace.companion.text import factor, rounded, significant
from halfspace.early_time import NETS

__all__ = [
    "EARLY_EPOCH",
    "HARDER",
    "NET_NAMES",
    "at_progress",
    "constant_first",
    "data_numbers",
    "dimension_curves",
    "early_distance",
    "error_exponent",
    "fits_more",
    "gain_over_relu",
    "gates_speed",
    "half_time_rows",
    "half_times",
    "kernel_over_rival",
    "kernel_rows",
    "later_rows",
    "linear_at",
    "loss_left",
    "nearer_to_own",
    "nonlinear_excess",
    "nonlinear_share",
    "normal_numbers",
    "part_at_half",
    "part_falls",
    "recipe_curves",
    "rival_factor",
    "share_curves",
    "size_curves",
    "size_exponent",
    "time_curves",
]

NET_NAMES = {"relu": "ReLU net", "pwl": "DLGN", "pwc": "DLGN-PWC"}
"""Names of the nets for readers."""

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
    return np.log(half_times(result, 1)) - np.log(half_times(result, 0))


def gates_speed(hard: Result, trained: Result, part: int) -> np.ndarray:
    """Return ln of the half-time with hard, frozen gates over that with trained ones, (S,)."""
    return np.log(half_times(hard, part)) - np.log(half_times(trained, part))


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
    return np.log(result.linear_loss[:, -1] / result.loss[:, -1])


def nearer_to_own(result: Result) -> np.ndarray:
    """Return ln of the distance to the linear model over that to the own first kernel, at the end.

    Returns:
        Shape (S,).
    """
    return np.log(result.distance[:, -1] / result.own_distance[:, -1])


# Paths in the book's recipe


def linear_at(result: Result, epoch: int = EARLY_EPOCH) -> np.ndarray:
    """Return the linear share of the function at an epoch, shape (S,)."""
    return result.share[result.at.tolist().index(epoch)].astype(float)


def loss_left(result: Result, epoch: int = EARLY_EPOCH) -> np.ndarray:
    """Return the share of the first loss that is left at an epoch, shape (S,)."""
    loss = result.loss.astype(float)
    return loss[result.at.tolist().index(epoch)] / loss[0]


def gain_over_relu(dlgn: Result, relu: Result, epoch: int = EARLY_EPOCH) -> np.ndarray:
    """Return the DLGN's allocation at an epoch minus the ReLU net's at the same loss, shape (S,).

    The ReLU net's is taken at the first recorded epoch at which its loss is as low.
    """
    level = dlgn.loss[dlgn.at.tolist().index(epoch)]
    low = relu.loss <= level
    reached = path_gains(relu)[low.argmax(0), np.arange(len(level))]
    return path_gain(dlgn, epoch) - np.where(low.any(0), reached, np.nan)


# What the chapter shows

Runs = Mapping[str, Result]


def kernel_rows(result: Result) -> list[dict[str, str]]:
    """Return the table of errors by dimension, and of the models' linear part, in thousandths."""

    def cells(name: str, column: int) -> dict[str, str]:
        return {
            label: rounded(1000 * result.arrays[f"{name}_{net}"][:, column].mean())
            for net, label in NET_NAMES.items()
        }

    rows = []
    for column, d_in in enumerate(result.spec.dims):
        linear = rounded(1000 * result.linear_relu[:, column].mean())
        rows.append({"d": str(d_in)} | cells("error", column) | {"linear part": linear})
    wrong = {"d": f"{result.spec.dims[-1]}, wrong model"} | cells("rival", -1)
    return [*rows, wrong | {"linear part": ""}]


def time_curves(runs: Runs, points: int = 1000) -> dict[str, tuple]:
    """Return the distance to the linear model over rate times steps over d, by net."""
    rows = {}
    for net, label in NET_NAMES.items():
        run = runs[f"{net}: {points} points"]
        times = run.steps[0] * run.spec.rate / run.spec.d_in
        rows[label] = times[1:], mean_intervals(run.distance[:, 1:].T)
    return rows


def size_curves(runs: Runs, sizes: tuple[tuple[int, int], ...]) -> dict[str, tuple]:
    """Return the early distance over the number of points, by net."""
    counts = [points for points, _ in sizes]
    rows = {}
    for net, label in NET_NAMES.items():
        values = np.stack([early_distance(runs[f"{net}: {count} points"]) for count in counts])
        rows[label] = counts, geometric_intervals(values)
    return rows


def half_time_rows(runs: Runs, part: int) -> dict[str, dict[str, tuple]]:
    """Return half-times of a part in the nets and in their linear models, by net."""
    named = {label: runs[f"{net}: 1000 points"] for net, label in NET_NAMES.items()}
    for net in ("pwl", "pwc"):
        named[f"{NET_NAMES[net]}, hard"] = runs[f"{net}: hard gates"]
    order = ("ReLU net", "DLGN", "DLGN, hard", "DLGN-PWC", "DLGN-PWC, hard")
    return {
        label: {
            "linear model": mean_interval(half_times(named[label], part, "linear_parts")),
            "net": mean_interval(half_times(named[label], part)),
        }
        for label in order
    }


def dimension_curves(runs: Runs, dims: tuple[int, ...]) -> dict[str, tuple]:
    """Return ``part_at_half`` in percent over the dimension, by net."""
    rows = {}
    for net, label in NET_NAMES.items():
        values = np.stack([part_at_half(runs[f"sphere {d_in}: {net}"]) for d_in in dims])
        rows[label] = dims, 100 * mean_intervals(values)
    return rows


def share_curves(runs: Runs, data: str) -> dict[str, tuple]:
    """Return the linear share in percent over the share of the loss that is gone, by net.

    A net is drawn as far as all seeds come.
    """
    rows = {}
    for net, label in NET_NAMES.items():
        run = runs[f"{data}: {net}"]
        gone = 1 - run.loss / run.loss[:, :1]
        progress = np.linspace(0.02, gone.max(1).min(), 30)
        shares = [
            np.interp(progress, np.maximum.accumulate(row[1:]), share[1:])
            for row, share in zip(gone, run.share, strict=True)
        ]
        rows[label] = 100 * progress, 100 * mean_intervals(np.transpose(shares))
    return rows


def later_rows(runs: Runs, data: str) -> dict[str, dict[str, tuple]]:
    """Return the distances to the linear model and to the own first kernel at the end, by net."""
    return {
        label: {
            name: tuple(geometric_intervals(runs[f"{data}: {net}"].arrays[key][:, -1][None])[0])
            for name, key in {
                "to the linear model": "distance",
                "to its own first kernel": "own_distance",
            }.items()
        }
        for net, label in NET_NAMES.items()
    }


def recipe_curves(runs: Runs, last: int = 30) -> tuple[dict[str, tuple], dict[str, tuple]]:
    """Return linear shares in percent, and allocations as factors, over the first epochs."""
    shares, gains = {}, {}
    for net, label in (("relu", "ReLU net"), ("dlgn", "DLGN-PWC")):
        run = runs[f"recipe: {net}"]
        kept = run.at <= last
        shares[label] = run.at[kept], 100 * mean_intervals(run.share[kept].astype(float))
        gains[label] = run.at[kept], np.exp(mean_intervals(path_gains(run)[kept]))
    return shares, gains


def normal_numbers(runs: Runs) -> dict[str, object]:
    """Return the chapter's numbers on normal inputs."""
    kernels = runs["kernels"]
    numbers = {"kernel-seeds": kernels.spec.seeds, "seeds": runs["relu: 1000 points"].spec.seeds}
    for net in NETS:
        run = runs[f"{net}: 1000 points"]
        numbers[f"exponent-{net}"] = interval_text(-0.75 - error_exponent(kernels, net))
        numbers[f"distance-{net}"] = f"{early_distance(run).mean():.2f}"
        numbers[f"linear-{net}"] = _percent(
            run.share[:, run.spec.record.index(run.spec.early_step)]
        )
        numbers[f"rival-{net}"] = factor(rival_factor(run).mean())
        sized = [runs[f"{net}: {points} points"] for points in (250, 500, 1000)]
        numbers[f"size-{net}"] = interval_text(-size_exponent(*sized))
        for part, name in enumerate(("constant", "slope")):
            numbers[f"{name}-{net}"] = significant(half_times(run, part).mean(), 2)
    hard = {net: runs[f"{net}: hard gates"] for net in ("pwl", "pwc")}
    for net, part, name in (("pwl", 0, "constant"), ("pwl", 1, "slope"), ("pwc", 1, "slope")):
        speed = gates_speed(hard[net], runs[f"{net}: 1000 points"], part)
        numbers[f"gates-{name}-{net}"] = factor_text(speed)
        numbers[f"{name}-{net}-hard"] = significant(half_times(hard[net], part).mean(), 2)
    relu = runs["relu: 1000 points"]
    numbers["flips"] = _percent(relu.flips[:, relu.spec.record.index(relu.spec.early_step)], 1)
    numbers["from-kernels"] = origin(kernels)
    numbers["from-normal"] = origin(*(run for name, run in runs.items() if name != "kernels"))
    return numbers


def data_numbers(runs: Runs) -> dict[str, object]:
    """Return the chapter's numbers on the circle, on images, on spheres and of the recipe."""
    numbers = {
        "seeds": runs["circle: relu"].spec.seeds,
        "sphere-seeds": runs["sphere 2: relu"].spec.seeds,
    }
    for data in ("circle", "clothes"):
        numbers[f"{data}-target"] = _percent(runs[f"{data}: relu"].linear_share)
        for net in NETS:
            run = runs[f"{data}: {net}"]
            for progress in (5, 25):
                share = nonlinear_share(run, progress / 100)
                numbers[f"{data}-{net}-{progress}"] = _percent(share, 1)
            numbers[f"{data}-{net}-fits"] = factor(fits_more(run).mean())
            numbers[f"{data}-{net}-own"] = factor_text(nearer_to_own(run))
            numbers[f"{data}-{net}-flips"] = _percent(run.flips[:, -1], 1)
    for name in ("sphere 2", "sphere 8", "sphere 64"):
        for net in NETS:
            key = f"{name.replace(' ', '-')}-{net}"
            numbers[key] = _percent(part_at_half(runs[f"{name}: {net}"]), 1)
    dlgn, relu = runs["recipe: dlgn"], runs["recipe: relu"]
    numbers |= {
        "epoch": EARLY_EPOCH,
        "recipe-seeds": dlgn.loss.shape[1],
        "recipe-gain": factor_text(path_gain(dlgn, EARLY_EPOCH)),
        "recipe-relu-gain": factor_text(path_gain(relu, EARLY_EPOCH)),
        "recipe-over": factor_text(gain_over_relu(dlgn, relu)),
        "recipe-end": factor_text(path_gain(dlgn)),
        "recipe-relu-end": factor_text(path_gain(relu)),
        "recipe-share": _percent(linear_at(dlgn)),
        "recipe-left": _percent(loss_left(dlgn)),
        "from-data": origin(*(run for name, run in runs.items() if "recipe" not in name)),
        "from-recipe": origin(dlgn, relu),
    }
    return numbers


def _percent(shares: np.ndarray, digits: int = 0) -> str:
    return f"{100 * shares.mean():.{digits}f}".replace("-", "−")
