"""Statistics of runs on the circle: each statistic of Section 4 is defined here, once.

Claims judge these statistics, and the chapters quote them. E evaluation epochs, S seeds; *result*
is that of a ``CircleTraining`` or of a ``CircleStudy`` unless stated otherwise.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Literal

import numpy as np
from scipy import stats

from halfspace.companion.intervals import (
    factor_text,
    first_below,
    geometric_intervals,
    interval_text,
    mean_interval,
    mean_intervals,
)
from halfspace.companion.origin import origin
from halfspace.companion.records import Check
from halfspace.companion.spec import Result
from halfspace.companion.text import NOT_RECORDED, factor, significant, thousands

__all__ = [
    "EARLY",
    "ERRORS_AT",
    "FACING_BY_CHANCE",
    "FIT_LEVEL",
    "LATE",
    "allocation_intervals",
    "allocation_numbers",
    "allocations_by_net",
    "artefact_factors",
    "artefact_ratio",
    "attractions",
    "block_rows",
    "changes_alike",
    "check_rows",
    "closer_than_at_start",
    "condition_numbers",
    "condition_rows",
    "condition_title",
    "control_numbers",
    "control_rows",
    "design_rows",
    "dose_responses",
    "epochs_to_fit",
    "error_between_points",
    "error_fallen",
    "error_ratio",
    "error_rows",
    "evaluation_epochs",
    "explanation_numbers",
    "facing_low",
    "fit_numbers",
    "fit_rows",
    "fitted",
    "fitted_apart_rows",
    "fitted_with_hard_gates",
    "functions_after_start",
    "gain_beside",
    "gain_beyond_chance",
    "gate_rows",
    "half_fitted_by",
    "half_losses_at",
    "half_space_numbers",
    "halves_fitted",
    "kernel_curves",
    "kernel_numbers",
    "knob_rows",
    "later_gain",
    "later_units_for_low_half",
    "layer_intervals",
    "linearised_curves",
    "linearised_low_first",
    "linearised_numbers",
    "live_allocations",
    "log_error",
    "log_ratio",
    "loss_at",
    "losses_by_gate",
    "low_and_high",
    "low_half_first",
    "median_seed",
    "moved_beyond_a_new_draw",
    "only_low_half_fitted",
    "overlap_change_while_high",
    "path_gain",
    "path_gains",
    "path_ratios",
    "pictured_seeds",
    "recorded_numbers",
    "resultant_by_chance",
    "resultant_change",
    "run_numbers",
    "seed_allocations",
    "seed_errors",
    "share_fitted",
    "share_without_path",
    "shares_of_halves",
    "single_curves",
    "stalled_over_fitted",
    "starved_and_stalled",
    "total_loss",
    "units_for_low_half",
]


FIT_LEVEL = 0.05  # mean squared error at which a net counts as having fitted the target
LATE = 100  # the epoch after which the paper sees the fast half fitted
ERRORS_AT = 300  # the epoch at which the errors of two kinds of nets are compared
EARLY = 20  # the epoch at which chapter 4 reads path ratios and kernels early in training
_ENOUGH = 3  # fewest seeds for which a group's interval is shown
_TOO_FEW = "–"
FACING_BY_CHANCE = 0.25  # share of random normals within 45° of a half's middle


# Halves, epochs, losses


def low_and_high(result: Result, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return an array's values on the low-frequency half and on the high-frequency half.

    Args:
        result: the result.
        name: the array's name without ``_top`` or ``_bottom``.

    Returns:
        Two float64 arrays of one shape; where the halves' frequencies are equal, top and bottom.
    """
    f_top, f_bottom = result.spec.target.frequencies
    halves = ("top", "bottom") if f_top <= f_bottom else ("bottom", "top")
    return tuple(result.arrays[f"{name}_{half}"].astype(np.float64) for half in halves)


def evaluation_epochs(result: Result) -> np.ndarray:
    """Return the epochs at which a ``CircleTraining`` or a ``CircleStudy`` measured, shape (E,)."""
    return result.arrays["at" if "at" in result.arrays else "epochs"]


def _row(result: Result, epoch: int | None) -> int:
    """Return the row of an evaluation epoch; of the last one for ``None``."""
    if epoch is None:
        return -1
    epochs = evaluation_epochs(result).tolist()
    if epoch not in epochs:
        raise ValueError(f"epoch must be one of {epochs}; got {epoch}")
    return epochs.index(epoch)


def _early_row(result: Result) -> int:
    """Return the row of the first evaluation at epoch ``EARLY`` or later, or the last row."""
    epochs = evaluation_epochs(result)
    return min(int(np.searchsorted(epochs, EARLY)), len(epochs) - 1)


def total_loss(result: Result, name: str = "loss") -> np.ndarray:
    """Return the mean squared error over all training points, float64, shape (E, S).

    Args:
        result: the result.
        name: an error that is recorded on each half: ``"loss"``, under the net's gate, or
            ``"hard_loss"``, under hard gates; other studies on the circle record more.
    """
    share = result.spec.target.top().double().mean().item()
    top, bottom = (result.arrays[f"{name}_{half}"].astype(float) for half in ("top", "bottom"))
    return share * top + (1 - share) * bottom


def loss_at(result: Result, epoch: int | None = None) -> np.ndarray:
    """Return the mean squared error at an evaluation epoch, or at the end, shape (S,).

    Raises:
        ValueError: if the net was not evaluated at that epoch.
    """
    return total_loss(result)[_row(result, epoch)]


def error_ratio(first: Result, second: Result, epoch: int | None = None) -> np.ndarray:
    """Return the logarithm of the first result's error over the second's, shape (S,).

    Raises:
        ValueError: if a net was not evaluated at that epoch.
    """
    return np.log(np.divide(*_same_seeds(loss_at(first, epoch), loss_at(second, epoch))))


def artefact_ratio(first: Result, second: Result, name: str = "artefacts") -> np.ndarray:
    """Return the logarithm of the low half's artefacts at the end, first over second, shape (S,).

    Args:
        first: of ``CircleStudy``.
        second: of ``CircleStudy``.
        name: ``"artefacts"``: the residual's power at and above the low frequency;
            ``"overtones"``: above it.
    """
    powers = (low_and_high(result, name)[0][-1] for result in (first, second))
    return np.log(np.divide(*_same_seeds(*powers)))


def fitted_with_hard_gates(result: Result) -> np.ndarray:
    """Return which seeds' errors are below ``FIT_LEVEL`` at the end under hard gates, (S,)."""
    return total_loss(result, "hard_loss")[-1] < FIT_LEVEL


def _same_seeds(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Leave out the last seeds of the longer one: all studies begin with the same seed."""
    seeds = min(len(first), len(second))
    return first[:seeds], second[:seeds]


def half_losses_at(result: Result, epoch: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Return the error on the low and on the high half at an evaluation epoch, (S,) each."""
    low, high = low_and_high(result, "loss")
    return low[_row(result, epoch)], high[_row(result, epoch)]


def halves_fitted(result: Result) -> tuple[np.ndarray, np.ndarray]:
    """Return where the low and the high half's errors are below ``FIT_LEVEL``, bool, (E, S)."""
    low, high = low_and_high(result, "loss")
    return low < FIT_LEVEL, high < FIT_LEVEL


def only_low_half_fitted(result: Result, epoch: int) -> np.ndarray:
    """Return which seeds have fitted the low half alone at an evaluation epoch, bool, (S,)."""
    low, high = (fits[_row(result, epoch)] for fits in halves_fitted(result))
    return low & ~high


def epochs_to_fit(result: Result) -> np.ndarray:
    """Return each seed's first evaluation epoch below ``FIT_LEVEL``, NaN for never, shape (S,)."""
    return first_below(evaluation_epochs(result), total_loss(result), FIT_LEVEL)


def fitted(result: Result) -> np.ndarray:
    """Return which seeds' final errors are below ``FIT_LEVEL``, bool, (S,): the others stalled."""
    return loss_at(result) < FIT_LEVEL


def median_seed(result: Result) -> int:
    """Return the seed whose final error is the median of all; of two middle ones the lower."""
    order = np.argsort(loss_at(result), kind="stable")
    return result.spec.training.first_seed + int(order[(len(order) - 1) // 2])


def pictured_seeds(recorded: Mapping[str, Result], seed: int) -> dict[str, int]:
    """Return the seed that is pictured for each kind of net.

    Args:
        recorded: of ``CircleStudy``, by condition.
        seed: a seed for all of them; if it is below zero, each net has its own ``median_seed``
            under the base recipe.
    """
    return {
        net: seed if seed >= 0 else median_seed(recorded[f"{net}: base"])
        for net in _NETS.values()
        if f"{net}: base" in recorded
    }


def low_half_first(result: Result) -> np.ndarray:
    """Return which seeds fitted the low half at an earlier evaluation than the high one, (S,)."""
    epochs = evaluation_epochs(result)
    low, high = (first_below(epochs, loss, FIT_LEVEL) for loss in low_and_high(result, "loss"))
    return low < np.nan_to_num(high, nan=np.inf)


def linearised_low_first(result: Result) -> np.ndarray:
    """Return which seeds' linearised nets fit the low half before the high one, bool, (S,).

    Args:
        result: of ``CircleLinearised``; a half is fitted when half of its first error is left.
    """
    low, high = (
        first_below(result.at, loss / loss[0], 0.5) for loss in low_and_high(result, "loss")
    )
    return low < np.nan_to_num(high, nan=np.inf)


def half_fitted_by(result: Result) -> str:
    """Name the evaluation epoch by which at least half of the seeds had fitted the target.

    Seeds that never did count as later than any epoch.
    """
    times = np.sort(epochs_to_fit(result))  # NaN comes last
    middle = times[(len(times) - 1) // 2]
    last = evaluation_epochs(result)[-1]
    return f"after {thousands(last)}" if np.isnan(middle) else f"{middle:.0f}"


def error_between_points(result: Result) -> tuple[np.ndarray, np.ndarray]:
    """Mean squared error at the end, between the training points, on the low and on the high half.

    Args:
        result: of a ``CircleTraining``.

    Returns:
        Two arrays of shape (S,).
    """
    squares = (result.functions[-1] - result.target) ** 2
    top = result.angles < np.pi
    errors = squares[:, top].mean(1), squares[:, ~top].mean(1)
    f_top, f_bottom = result.spec.target.frequencies
    return errors if f_top <= f_bottom else errors[::-1]


# Paths


def path_ratios(result: Result) -> np.ndarray:
    """Return the ln ratio of active paths, low-frequency half over high-frequency half, (E, S).

    The ratio is of the halves' mean numbers of active paths, under hard gates. One path at one
    point is added to each mean, so that a half without any path has a logarithm.
    """
    on_top = result.spec.target.top()
    top, bottom = (
        result.arrays[f"paths_{half}"].astype(np.float64) + 1 / points.sum().item()
        for half, points in (("top", on_top), ("bottom", ~on_top))
    )
    f_top, f_bottom = result.spec.target.frequencies
    return np.log(top / bottom) if f_top <= f_bottom else np.log(bottom / top)


def path_gains(result: Result) -> np.ndarray:
    """Return the allocation: ``path_ratios`` minus their values at initialisation, shape (E, S)."""
    ratios = path_ratios(result)
    return ratios - ratios[0]


def path_gain(result: Result, epoch: int | None = None) -> np.ndarray:
    """Return the allocation at an evaluation epoch, or at the end, shape (S,).

    Raises:
        ValueError: if the net was not evaluated at that epoch.
    """
    return path_gains(result)[_row(result, epoch)]


def gain_beyond_chance(result: Result) -> np.ndarray:
    """Return the final gain in standard deviations of the nets' ratios at the start, minus 1, (S,).

    Above 0, the gain is larger than the spread of nets before training.
    """
    return path_gain(result) / path_ratios(result)[0].std(ddof=1) - 1


def later_gain(result: Result, epoch: int) -> np.ndarray:
    """Return the gain from an epoch to the end, as a share of the mean gain up to it, shape (S,).

    Raises:
        ValueError: if the net was not evaluated at that epoch.
    """
    early = path_gain(result, epoch)
    return (path_gain(result) - early) / early.mean()


def gain_beside(result: Result, other: Result) -> np.ndarray:
    """Return the final gain as a share of another run's mean gain, shape (S,)."""
    return path_gain(result) / path_gain(other).mean()


def share_without_path(result: Result, epoch: int | None = None) -> np.ndarray:
    """Return the share of training points without an active path, shape (S,).

    Raises:
        ValueError: if the net was not evaluated at that epoch.
    """
    return total_loss(result, "zero")[_row(result, epoch)]


def starved_and_stalled(result: Result) -> np.ndarray:
    """Return the final share of points without a path, and the final ln error, shape (2, S)."""
    return np.stack([share_without_path(result), np.log(loss_at(result))])


def log_ratio(result: Result, name: str) -> np.ndarray:
    """Return the logarithm of an array's ratio, low-frequency half over high-frequency half.

    Shape (E, S); for the kernels of a ``CircleTraining``, (3, S).
    """
    low, high = low_and_high(result, name)
    return np.log(low / high)


# Kernels and half-spaces of a ``CircleStudy``


def changes_alike(result: Result, epoch: int | None = None) -> np.ndarray:
    """Compare the NTK's change with the change of the net's own or others' overlap kernel, (S,).

    Args:
        result: of ``CircleKernels``.
        epoch: an evaluation epoch; the end for ``None``.

    Returns:
        Cosine of the NTK's change with the change of the net's own overlap kernel, minus that with
        the change of other seeds'.

    Raises:
        ValueError: if the net was not evaluated at that epoch.
    """
    alike = result.changes_own.astype(np.float64) - result.changes_others
    return alike[_row(result, epoch)]


def closer_than_at_start(result: Result, epoch: int | None = None) -> np.ndarray:
    """Return how much closer the NTK is to the current overlap kernel than to the one at the start.

    Args:
        result: of ``CircleKernels``.
        epoch: an evaluation epoch; the end for ``None``.

    Returns:
        Differences of cosines, shape (S,).

    Raises:
        ValueError: if the net was not evaluated at that epoch.
    """
    return (result.own.astype(np.float64) - result.start)[_row(result, epoch)]


def moved_beyond_a_new_draw(result: Result) -> np.ndarray:
    """Return how much farther the NTK is from its start than another net's first NTK, (S,).

    Args:
        result: of ``CircleKernels``.

    Returns:
        Mean cosine of a first NTK with other seeds' first NTKs, minus that of the last NTK with the
        first.
    """
    return result.ntk_others.astype(np.float64) - result.first[-1]


def overlap_change_while_high(result: Result) -> np.ndarray:
    """Return the part of the overlap kernel's change that happens while the error is high, (S,).

    The change is 1 − cosine with the kernel at the start. The error is high at the evaluations up
    to the last one at which it is above three quarters of its start: half of it is left when the
    low half is fitted alone. For a net whose error stays high, the part is 0.
    """
    change = 1 - result.overlap_start.astype(np.float64)
    loss = total_loss(result)
    high = loss > 0.75 * loss[0]
    last_high = len(loss) - 1 - high[::-1].argmax(axis=0)
    part = change[last_high, np.arange(change.shape[1])] / change[-1]
    return np.where(high[-1], 0.0, part)


def resultant_change(result: Result, layer: int) -> np.ndarray:
    """Return the change of the length of a layer's mean unit normal, end minus start, shape (S,).

    Args:
        result: of a DLGN without biases.
        layer: counted from 1.
    """
    start, end = result.resultant[[0, -1], :, layer - 1].astype(np.float64)
    return end - start


def facing_low(result: Result, layer: int) -> np.ndarray:
    """Return the final share of a layer's normals within 45° of the low half's middle, (S,).

    Args:
        result: of a DLGN without biases.
        layer: counted from 1.
    """
    f_top, f_bottom = result.spec.target.frequencies
    name = "facing_top" if f_top <= f_bottom else "facing_bottom"
    return result.arrays[name][-1, :, layer - 1].astype(np.float64)


def units_for_low_half(result: Result) -> np.ndarray:
    """Return the final share of units that prefer the low half minus that of the high half, (S,).

    The units of all layers count. A unit prefers the half on which it is active at a larger share
    of points.
    """
    return _preference(result).mean(-1)


def later_units_for_low_half(result: Result) -> np.ndarray:
    """Return the last layer's ``units_for_low_half`` minus the first layer's, shape (S,)."""
    preference = _preference(result)
    return preference[:, -1] - preference[:, 0]


def _preference(result: Result) -> np.ndarray:
    """Return each layer's share of units that prefer the low half minus the high half's, (S, H)."""
    low, high = low_and_high(result, "prefer")
    return low[-1] - high[-1]


def resultant_by_chance(result: Result) -> float:
    """Return the mean length of the mean of as many random unit normals as a layer has."""
    return float(np.sqrt(np.pi / (4 * result.spec.training.width)))  # as for a random walk


# Tables and curves of chapter 4


def fit_rows(runs: Mapping[str, Result]) -> list[dict[str, str]]:
    """Return how many seeds fitted the target and when, and median errors, as a table's rows.

    Args:
        runs: of ``CircleStudy``, by label.
    """
    rows = []
    for label, run in runs.items():
        low, high = (np.median(loss[-1]) for loss in low_and_high(run, "loss"))
        rows.append(
            {
                "net": label,
                "stalled": f"{(~fitted(run)).sum()} of {len(fitted(run))}",
                "half fitted by epoch": half_fitted_by(run),
                "error, slow half": significant(low, 2),
                "error, fast half": significant(high, 2),
            }
        )
    return rows


def gate_rows(runs: Mapping[str, Result]) -> list[dict[str, str]]:
    """Return the effect of hard gates on the error of trained DLGNs, as a table's rows.

    Args:
        runs: of ``CircleStudy``, by the gate used in training.
    """
    rows = []
    for label, run in runs.items():
        own, hard = total_loss(run)[-1], total_loss(run, "hard_loss")[-1]
        rows.append(
            {
                "gate in training": label,
                "hard gates change the error by": factor_text(np.log(hard / own)),
                "median error, gate of the training": significant(np.median(own), 2),
                "median error, hard gates": significant(np.median(hard), 2),
            }
        )
    return rows


def single_curves(
    runs: Mapping[str, Result], reading: Callable[[Result], np.ndarray]
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return a reading of each run's first seed: evaluation epochs and values, shape (E,) each.

    Args:
        runs: by label.
        reading: maps a result to values of shape (E, S), such as ``total_loss``.
    """
    return {label: (evaluation_epochs(run), reading(run)[:, 0]) for label, run in runs.items()}


def share_fitted(runs: Mapping[str, Result]) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return the share of seeds that have fitted the target by each evaluation epoch.

    Args:
        runs: of ``CircleStudy``, by label.

    Returns:
        By label, epochs and shares, shape (E,) each.
    """
    curves = {}
    for label, run in runs.items():
        epochs = evaluation_epochs(run)
        curves[label] = epochs, (epochs_to_fit(run) <= epochs[:, np.newaxis]).mean(axis=1)
    return curves


def shares_of_halves(result: Result) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return the share of seeds that have fitted each half, and the slow half alone.

    Args:
        result: of ``CircleStudy``.

    Returns:
        By label, epochs and shares, shape (E,) each.
    """
    slow, fast = halves_fitted(result)
    fits = {"slow half": slow, "fast half": fast, "slow half alone": slow & ~fast}
    epochs = evaluation_epochs(result)
    return {label: (epochs, share.mean(axis=1)) for label, share in fits.items()}


def seed_errors(runs: Mapping[str, Result]) -> dict[str, tuple]:
    """Return each seed's error at epoch ``ERRORS_AT``, and which seeds fit the target there.

    Args:
        runs: of ``CircleStudy``, by label.

    Returns:
        By label: errors, shape (S,), bool, shape (S,), and geometric mean with its interval.
    """
    errors = {label: loss_at(run, ERRORS_AT) for label, run in runs.items()}
    return {
        label: (values, values < FIT_LEVEL, tuple(np.exp(mean_interval(np.log(values)))))
        for label, values in errors.items()
    }


def artefact_factors(
    runs: Mapping[str, Result], pairs: Mapping[str, tuple[str, str]], name: str
) -> dict[str, tuple]:
    """Return each seed's ``artefact_ratio`` as a factor, frozen over trained gates.

    Args:
        runs: of ``CircleStudy``, by condition.
        pairs: by label, the conditions with trained and with frozen gates.
        name: as for ``artefact_ratio``.

    Returns:
        By label: factors, shape (S,), whether the seed with frozen gates fitted the target, shape
        (S,), and geometric mean with its interval.
    """
    rows = {}
    for label, (trained, frozen) in pairs.items():
        ratio = artefact_ratio(runs[frozen], runs[trained], name)
        rows[label] = np.exp(ratio), fitted(runs[frozen]), tuple(np.exp(mean_interval(ratio)))
    return rows


def losses_by_gate(runs: Mapping[str, Result]) -> dict[str, dict[str, np.ndarray]]:
    """Return each run's error under its training gate and under hard gates, (E, S) each."""
    names = {"gate of the training": "loss", "hard gates": "hard_loss"}
    return {
        label: {line: total_loss(run, name) for line, name in names.items()}
        for label, run in runs.items()
    }


def log_error(result: Result, name: str = "loss") -> np.ndarray:
    """Return the logarithm of an error over both halves, weighted as in ``total_loss``.

    Args:
        result: of any study on the circle.
        name: the error's name without ``_top`` or ``_bottom``.

    Returns:
        float64, shape (E, S).
    """
    return np.log(total_loss(result, name))


def kernel_curves(runs: Mapping[str, Result]) -> dict[str, dict[str, np.ndarray]]:
    """Return chapter 4's curves of kernels over training, by panel and run, (E, S) each.

    Args:
        runs: of ``CircleStudy``, by label.
    """
    return {
        "NTK and its start": {label: run.ntk_start for label, run in runs.items()},
        "Λ and its start": {label: run.overlap_start for label, run in runs.items()},
        "NTK and Λ": {label: run.ntk_overlap for label, run in runs.items()},
        "NTK diagonal": {label: np.exp(log_ratio(run, "ntk")) for label, run in runs.items()},
    }


def functions_after_start(
    runs: Mapping[str, Result],
) -> tuple[tuple[int, ...], dict[str, np.ndarray]]:
    """Return the functions that the first seeds of ``CircleTraining`` runs learned.

    Args:
        runs: by label; functions are kept at the same epochs in all of them.

    Returns:
        The K epochs after the start at which functions are kept, and the functions by label, shape
        (K, N).
    """
    epochs = next(iter(runs.values())).spec.function_epochs
    return epochs[1:], {label: run.functions[1:, 0] for label, run in runs.items()}


def layer_intervals(
    result: Result, name: Literal["facing_top", "resultant"]
) -> dict[str, list[tuple[float, float, float]]]:
    """Return each layer's mean over seeds with its interval, at the start and after training.

    Args:
        result: of a DLGN without biases.
        name: the array.

    Returns:
        ``"at the start"`` and ``"after training"``: (mean, lower end, upper end) of each layer.
    """
    start, *_, end = result.arrays[name]
    moments = {"at the start": start, "after training": end}
    return {
        moment: [mean_interval(layer) for layer in values.T] for moment, values in moments.items()
    }


def error_rows(runs: Mapping[str, Result]) -> list[dict[str, str]]:
    """Describe the final errors of ``CircleTraining`` runs' first seeds, as a table's rows."""
    rows = []
    for label, run in runs.items():
        low, high = (loss[-1, 0] for loss in low_and_high(run, "loss"))
        low_between, high_between = (error[0] for error in error_between_points(run))
        errors = {
            "slow half, at the points": low,
            "fast half, at the points": high,
            "slow half, between them": low_between,
            "fast half, between them": high_between,
        }
        written = {name: significant(error, 2) for name, error in errors.items()}
        rows.append({"net": label, "epoch": str(run.spec.epochs)} | written)
    return rows


_NETS = {"ReLU net": "relu", "DLGN": "dlgn"}


def _runs_of_nets(
    runs: Mapping[str, Result], conditions: Mapping[str, str]
) -> dict[str, dict[str, Result]]:
    """Return each net's runs under some conditions, by the conditions' titles."""
    return {
        label: {
            title: runs[f"{net}: {condition}"]
            for condition, title in conditions.items()
            if f"{net}: {condition}" in runs
        }
        for label, net in _NETS.items()
    }


def seed_allocations(runs: Mapping[str, Result]) -> dict[str, tuple]:
    """Return each seed's final allocation as a factor, and which seeds fitted the target.

    Args:
        runs: of ``CircleStudy``, by label.

    Returns:
        By label: factors, shape (S,), bool, shape (S,), and geometric mean with its interval.
    """
    return {
        label: (np.exp(path_gain(run)), fitted(run), tuple(np.exp(mean_interval(path_gain(run)))))
        for label, run in runs.items()
    }


def allocations_by_net(
    runs: Mapping[str, Result], conditions: Mapping[str, str]
) -> dict[str, dict[str, tuple]]:
    """Return the ``seed_allocations`` of both nets under several conditions.

    Args:
        runs: by name, ``"net: condition"``.
        conditions: the conditions' titles, by name.

    Returns:
        By net, ``"ReLU net"`` and ``"DLGN"``, and title.
    """
    titled = _runs_of_nets(runs, conditions)
    return {label: seed_allocations(of_net) for label, of_net in titled.items()}


def live_allocations(live: Mapping[str, Result]) -> dict[str, float]:
    """Return the final allocation of each ``CircleTraining``'s first seed as a factor, by label."""
    return {label: float(np.exp(path_gain(run)[0])) for label, run in live.items()}


def control_rows(runs: Mapping[str, Result], conditions: Mapping[str, str]) -> list[dict[str, str]]:
    """Return the ``fitted_apart_rows`` of both nets under several conditions.

    Args: those of ``allocations_by_net``.
    """
    shown = {
        f"{label}, {title}": f"{net}: {condition}"
        for label, net in _NETS.items()
        for condition, title in conditions.items()
    }
    return fitted_apart_rows(runs, shown)


def stalled_over_fitted(result: Result) -> tuple[float, float, float]:
    """Return by how much more stalled seeds allocate than fitted ones: ln, with interval.

    Difference of the groups' mean allocations, and the 95 % interval of Welch's t test.
    """
    gains, fits = path_gain(result), fitted(result)
    interval = stats.ttest_ind(gains[~fits], gains[fits], equal_var=False).confidence_interval()
    return float(gains[~fits].mean() - gains[fits].mean()), *map(float, interval)


# Numbers that the text of chapter 4 quotes


def run_numbers(recorded: Mapping[str, Result], live: Mapping[str, Result]) -> dict[str, object]:
    """Return how the runs of chapter 4 or 5 were made.

    Args:
        recorded: of ``CircleStudy``, by condition.
        live: of ``CircleTraining``, by label.
    """
    training, frozen = (recorded[name].spec.training for name in ("dlgn: base", "frozen: beta 4"))
    seconds = sum(run.provenance["seconds"] for run in recorded.values())
    numbers = {
        "points": training.target.n,
        "rate": training.learning_rate,
        "batch": training.batch_size,
        "beta": f"{training.beta:g}",
        "seeds": training.seeds,
        "first-seed": training.first_seed,
        "last-seed": training.first_seed + training.seeds - 1,
        "looks": _listed(recorded["dlgn: base"]),
        "frozen-looks": _listed(recorded["frozen: beta 4"]),
        "frozen-seeds": frozen.seeds,
        "frozen-epochs": thousands(frozen.epochs),
        "commit": ", ".join(sorted({run.provenance["commit"] for run in recorded.values()})),
        "minutes": round(seconds / 60),
        "from-runs": origin(*recorded.values()),
        "from-live": origin(*live.values()),
    }
    for label, run in live.items():
        numbers[f"seed {label}"] = run.spec.first_seed
        numbers[f"live error {label}"] = significant(loss_at(run)[0], 2)
    for net in _NETS.values():
        if f"{net}: base" in recorded:
            numbers[f"median error {net}"] = significant(
                np.median(loss_at(recorded[f"{net}: base"])), 2
            )
    return numbers


def _listed(result: Result) -> str:
    return ", ".join(map(str, evaluation_epochs(result)))


def allocation_numbers(
    recorded: Mapping[str, Result], live: Mapping[str, Result]
) -> dict[str, object]:
    """Return each net's allocation, over all seeds and by whether they fitted the target.

    Args:
        recorded: of ``CircleStudy``, by condition.
        live: of ``CircleTraining``, by label.
    """
    numbers = {"late_epoch": LATE, "errors_at": ERRORS_AT}
    for label, net in _NETS.items():
        run = recorded[f"{net}: base"]
        row, fits = _early_row(run), fitted(run)
        numbers |= {
            f"allocation_{net}": factor_text(path_gain(run)),
            f"early_{net}": factor_text(path_gains(run)[row]),
            f"early_error_{net}": significant(np.median(total_loss(run)[row]), 2),
            f"positive_{net}": int((path_gain(run) > 0).sum()),
            f"live_{net}": f"×{live_allocations(live)[label]:.2g}",
            f"low_first_{net}": int(low_half_first(run).sum()),
            f"low_alone_{net}": int(only_low_half_fitted(run, LATE).sum()),
            f"stalled_{net}": int((~fits).sum()),
            f"fitted_{net}": int(fits.sum()),
            f"allocation_fitted_{net}": _factor_of_some(path_gain(run)[fits]),
            f"allocation_stalled_{net}": _factor_of_some(path_gain(run)[~fits]),
            f"early_epoch_{net}": int(evaluation_epochs(run)[row]),
        }
        if min(fits.sum(), (~fits).sum()) >= _ENOUGH:
            numbers[f"stalled_over_fitted_{net}"] = factor(*stalled_over_fitted(run))
        else:
            numbers[f"stalled_over_fitted_{net}"] = _TOO_FEW
    return numbers


def _factor_of_some(logarithms: np.ndarray) -> str:
    """Write ``factor_text``, or a dash if there are too few seeds for an interval."""
    return factor_text(logarithms) if len(logarithms) >= _ENOUGH else _TOO_FEW


def kernel_numbers(recorded: Mapping[str, Result]) -> dict[str, object]:
    """Return each net's kernels early and at the end, of ``CircleStudy`` runs by condition."""
    dlgn = recorded["dlgn: base"]
    numbers = {"diagonal_epoch": int(evaluation_epochs(dlgn)[_early_row(dlgn)])}
    for net in _NETS.values():
        run = recorded[f"{net}: base"]
        diagonal = log_ratio(run, "ntk")
        numbers |= {
            f"diagonal_early_{net}": factor_text(diagonal[_early_row(run)]),
            f"diagonal_end_{net}": factor_text(diagonal[-1]),
            f"ntk_end_{net}": interval_text(run.ntk_start[-1]),
            f"ntk_overlap_{net}": interval_text(run.ntk_overlap[-1]),
        }
    return numbers


def half_space_numbers(result: Result) -> dict[str, object]:
    """Return how the half-spaces of a DLGN's first and fifth layer are oriented after training."""
    numbers = {
        "chance": f"{resultant_by_chance(result):.2f}",
        "width": result.spec.training.width,
    }
    for layer in (1, 5):
        numbers[f"facing_top_{layer}"] = interval_text(facing_low(result, layer))
        numbers[f"resultant_{layer}"] = interval_text(result.resultant[-1, :, layer - 1])
    return numbers


def fit_numbers(recorded: Mapping[str, Result]) -> dict[str, object]:
    """Return when DLGNs with trained and with frozen gates fitted the target, for chapter 5.

    Args:
        recorded: of ``CircleStudy``, by condition.
    """
    frozen = recorded["frozen: beta 4"]
    names = [f"{gates}: beta {beta}" for gates in ("dlgn", "frozen") for beta in (10, 30)]
    numbers = {
        f"fit {name.replace(':', '')}": half_fitted_by(recorded[name])
        for name in (*names, "dlgn: base", "dlgn: straight-through", "frozen: hard")
    }
    ratio = error_ratio(recorded["frozen: hard"], recorded["dlgn: straight-through"], 300)
    return numbers | {
        "frozen hard ratio": factor_text(ratio),
        "artefacts_soft": factor_text(artefact_ratio(frozen, recorded["dlgn: base"])),
        "artefacts_hard": factor_text(
            artefact_ratio(recorded["frozen: hard"], recorded["dlgn: straight-through"])
        ),
        "stalled_frozen": str(int(np.isnan(epochs_to_fit(frozen)).sum())),
        "straight-through allocation": factor_text(path_gain(recorded["dlgn: straight-through"])),
    }


def control_numbers(runs: Mapping[str, Result], conditions: Mapping[str, str]) -> dict[str, str]:
    """Return the final allocation of each net under each condition, ``"title label"``.

    Args: those of ``allocations_by_net``.
    """
    return {
        f"{title} {label}": factor_text(path_gain(run))
        for label, titled in _runs_of_nets(runs, conditions).items()
        for title, run in titled.items()
    }


# The page of all conditions

_TITLES = {  # of conditions, by patterns for parts of their names
    r"base": "base recipe",
    r"halves swapped": "halves swapped",
    r"equal frequencies (\S+)": r"frequency \1 on both halves",
    r"high frequency (\S+)": r"fast half's frequency \1",
    r"amplitude of low half 0.0": "slow half zero",
    r"amplitude of high half 0.0": "fast half zero",
    r"amplitude of low half (\S+)": r"slow half's amplitude \1",
    r"amplitude of high half (\S+)": r"fast half's amplitude \1",
    r"constant low half": "slow half constant",
    r"share of points on low half (\S+)": r"share of points on the slow half \1",
    r"gain (\S+)": r"initial weights × \1",
    r"gating gain (\S+)": r"gating × \1",
    r"init xavier": "Xavier initialisation",
    r"init he": "He initialisation",
    r"sgd": "plain gradient descent",
    r"width (\S+)": r"\1 units a layer",
    r"depth (\S+)": r"\1 layers",
    r"beta (\S+)": r"β = \1",
    r"straight-through": "straight-through gates",
    r"linear experts": "experts linear in the input",
}


def condition_title(condition: str) -> str:
    """Return a condition's name as a reader sees it.

    Args:
        condition: its name without the model's.

    Example:
        >>> condition_title("beta 30, gating gain 0.6, amplitude of low half 0.0")
        'β = 30, gating × 0.6, slow half zero'
    """
    return ", ".join(_part_title(part) for part in condition.split(", "))


def _part_title(part: str) -> str:
    for pattern, shown in _TITLES.items():
        if re.fullmatch(pattern, part):
            return re.sub(pattern, shown, part)
    return part


def recorded_numbers(
    recorded: Mapping[str, Result], conditions: Mapping[str, object]
) -> dict[str, object]:
    """Return how many conditions are recorded, when and on which device.

    Args:
        recorded: those of the conditions that have a recorded run, by name.
        conditions: all of them.
    """
    provenance = [result.provenance for result in recorded.values()]
    return {
        "conditions": len(conditions),
        "recorded": len(recorded),
        "commits": ", ".join(sorted({made["commit"] for made in provenance})),
        "recorded-on": min(made["when"] for made in provenance)[:10],
        "recorded-device": ", ".join(sorted({made["device"] for made in provenance})),
        "seeds": len(next(iter(recorded.values())).diverged),
    }


def _text(recorded: Mapping[str, Result], name: str) -> str:
    """Write a condition's final allocation with its interval."""
    return factor_text(path_gain(recorded[name])) if name in recorded else NOT_RECORDED


def _mean_text(recorded: Mapping[str, Result], name: str) -> str:
    """Write a condition's final allocation without its interval."""
    return _text(recorded, name).split(" (")[0]


def _ratio_text(recorded: Mapping[str, Result], first: str, second: str) -> str:
    """Write the ratio of two conditions' final allocations, paired by seed."""
    if not {first, second} <= recorded.keys():
        return NOT_RECORDED
    return factor_text(path_gain(recorded[first]) - path_gain(recorded[second]))


def condition_numbers(recorded: Mapping[str, Result]) -> dict[str, object]:
    """Return the final allocation and stalled seeds of every condition, and what changes it most.

    Args:
        recorded: by name, ``"net: condition"``.
    """
    numbers = {name.replace(":", ""): _text(recorded, name) for name in recorded}
    for name, run in recorded.items():
        numbers[f"{name.replace(':', '')} stalled"] = int((~fitted(run)).sum())
    for row in knob_rows(recorded):
        numbers[f"spread {row['changed']}"] = row["DLGN: largest over smallest"]
    for net in _NETS.values():
        gains = [path_gain(run) for name, run in recorded.items() if name.startswith(f"{net}:")]
        numbers[f"{net} above"] = sum(mean_interval(gain)[1] > 0 for gain in gains)
        numbers[f"{net} rows"] = len(gains)
    return numbers


def condition_rows(recorded: Mapping[str, Result]) -> list[dict[str, str]]:
    """Return the final allocation of both nets under every condition, as a table's rows.

    Args:
        recorded: by name, ``"net: condition"``.
    """
    of_both = [name.split(": ", 1) for name in recorded]
    conditions = dict.fromkeys(name for net, name in of_both if net in _NETS.values())
    return [
        {"condition": condition_title(condition)}
        | {
            label: _text(recorded, f"{net}: {condition}")
            if f"{net}: {condition}" in recorded
            else _TOO_FEW
            for label, net in _NETS.items()
        }
        for condition in conditions
    ]


_KNOBS = {  # what is changed: the conditions' names, ReLU net's and DLGN's base values, all values
    "initial weights ×": ("gain {}", (0.6, 1.0), (0.3, 0.6, 1.0, 1.5, 2.0)),
    "sharpness β": ("beta {}", (4, 4), (1, 2, 4, 10, 30)),
    "layers": ("depth {}", (5, 5), (2, 3, 5, 8)),
    "units a layer": ("width {}", (16, 16), (8, 16, 32, 64)),
    "fast half's frequency": ("high frequency {}", (8, 8), (3, 4, 6, 8, 12, 16)),
    "slow half's amplitude": ("amplitude of low half {}", (1.0, 1.0), (0.0, 0.1, 0.3, 0.6, 1.0)),
    "fast half's amplitude": ("amplitude of high half {}", (1.0, 1.0), (0.0, 0.1, 0.3, 0.6, 1.0)),
    "share of points on slow half": (
        "share of points on low half {}",
        (0.5, 0.5),
        (0.2, 0.35, 0.5, 0.65, 0.8),
    ),
}


def dose_responses(recorded: Mapping[str, Result]) -> dict[str, dict[str, tuple]]:
    """Return the final allocation against what is changed, one thing at a time.

    Args:
        recorded: by name, ``"net: condition"``.

    Returns:
        By what is changed and net: its K values, shape (K,), the allocation as a factor with its
        interval, shape (K, 3), at which values at least half of the seeds fitted the target, bool,
        shape (K,), and the base recipe's value.
    """
    curves = {}
    for knob, (pattern, usual, values) in _KNOBS.items():
        curves[knob] = {}
        for (label, net), base in zip(_NETS.items(), usual, strict=True):
            names = {v: f"{net}: " + ("base" if v == base else pattern.format(v)) for v in values}
            runs = {v: recorded[n] for v, n in names.items() if n in recorded}
            if len(runs) > 1:
                gains = np.exp(mean_intervals([path_gain(run) for run in runs.values()]))
                most = np.array([fitted(run).mean() >= 0.5 for run in runs.values()])
                curves[knob][label] = np.array([*runs]), gains, most, base
    return curves


def knob_rows(recorded: Mapping[str, Result]) -> list[dict[str, str]]:
    """Return how far each change of the recipe moves the DLGN's allocation, largest first.

    Args:
        recorded: by name, ``"net: condition"``.
    """
    rows = []
    for knob, curves in dose_responses(recorded).items():
        if "DLGN" not in curves:
            continue
        values, gains, *_ = curves["DLGN"]
        spread = gains[:, 0].max() / gains[:, 0].min()
        row = {"changed": knob, "from and to": f"{values[0]:g} to {values[-1]:g}"}
        row["DLGN: largest over smallest"] = f"×{spread:.2g}"
        for label in ("DLGN", "ReLU net"):
            ends = curves[label][1][[0, -1], 0] if label in curves else ()
            row[label] = " to ".join(f"×{end:.2g}" for end in ends) or _TOO_FEW
        rows.append((spread, row))
    return [row for _, row in sorted(rows, key=lambda pair: -pair[0])]


_ZERO, _WEAK = "amplitude of low half 0.0", "amplitude of low half 0.3"
_EXPLANATIONS = ("simplicity", "early signal", "frequency", "magnitude")
_SLOW, _FAST, _NEITHER, _SILENT = "slow half", "fast half", "neither", "–"
_DESIGNS = {  # what each explanation predicts under a condition
    _ZERO: (_SLOW, _FAST, _SILENT, _FAST),
    "amplitude of low half 0.1": (_SLOW, _SILENT, _SLOW, _FAST),
    _WEAK: (_SLOW, _SLOW, _SLOW, "less"),
    "constant low half": (_SLOW, _SLOW, _SLOW, _SILENT),
    "high frequency 4": (_SILENT, _SILENT, "less", _SILENT),
    "high frequency 16": (_SILENT, _SILENT, "more", _SILENT),
    "constant target": (_NEITHER,) * 4,
    "zero target": (_NEITHER,) * 4,
    "base": (_SLOW,) * 4,
}


def design_rows(recorded: Mapping[str, Result]) -> list[dict[str, str]]:
    """Return what four explanations predict under several designs, and what happened.

    Args:
        recorded: by name, ``"net: condition"``.
    """
    return [
        {"design": condition_title(condition)}
        | {label: _mean_text(recorded, f"{net}: {condition}") for label, net in _NETS.items()}
        | dict(zip(_EXPLANATIONS, predicted, strict=True))
        for condition, predicted in _DESIGNS.items()
    ]


_KINDS = r"base|biases|beta \S+|gating gain \S+|straight-through|linear experts"
_NOT_ATTRACTIONS = r"share of points .*|init .*|sgd|width .*|depth .*"
_ALIKE = r"equal frequencies .*"  # halves of which none is preferred, as in the chapter's figure
_MIRRORED = "halves swapped"


def attractions(recorded: Mapping[str, Result]) -> list[dict[str, object]]:
    """Return what was recorded where the target, the initial weights or the kind of net differ.

    Args:
        recorded: by name, ``"net: condition"``.

    Returns:
        For each condition that differs from the base recipe in nothing else, and whose net is
        recorded under the base recipe's target and weights: ``name``, ``net`` and ``spec``;
        ``label`` and ``variant``, the net and what is changed in it as a reader sees them;
        ``usual``, whether its initial weights are those of the net's base recipe; ``allocation``,
        each seed's factor, shape (S,); ``fitted``, shape (S,); ``interval``, geometric mean with
        its interval; ``beside``, the same for the ratio to the net's allocation under the base
        recipe's target and weights, paired by seed; ``explanations``, by name where each of the
        four sends the paths, as ``design_rows`` has it, and whether that is what happened. It is
        empty for a target on which ``design_rows`` has nothing to say. Explanations are about the
        target, whatever the net.
    """
    found = []
    for name, run in recorded.items():
        net, condition = name.split(": ", 1)
        parts = condition.split(", ")
        if net not in _NETS.values() or any(re.fullmatch(_NOT_ATTRACTIONS, part) for part in parts):
            continue
        kind = [part for part in parts if re.fullmatch(_KINDS, part)]
        gain = [part for part in parts if part.startswith("gain ")]
        target = [part for part in parts if part not in kind + gain] or ["base"]
        usual = recorded.get(f"{net}: {', '.join(kind) or 'base'}")
        if usual is None:
            continue
        interval, beside = (
            tuple(np.exp(mean_interval(gains)))
            for gains in (path_gain(run), path_gain(run) - path_gain(usual))
        )
        label = next(label for label, each in _NETS.items() if each == net)
        changes = [condition_title(part) for part in kind if part != "base"]
        found.append(
            {
                "name": name,
                "net": net,
                "label": label,
                "variant": ", ".join(changes),
                "usual": not gain,
                "spec": run.spec.training,
                "allocation": np.exp(path_gain(run)),
                "fitted": fitted(run),
                "interval": interval,
                "beside": beside,
                "explanations": {
                    explanation: (predicted, _judged(predicted, interval, beside))
                    for explanation, predicted in _predictions(target[0]).items()
                },
            }
        )
    return found


def _predictions(target: str) -> dict[str, str]:
    """Return where each explanation sends the paths, for the part of a name about the target."""
    if re.fullmatch(_ALIKE, target):
        predicted = (_NEITHER,) * len(_EXPLANATIONS)
    else:
        predicted = _DESIGNS.get("base" if target == _MIRRORED else target, ())
    return dict(zip(_EXPLANATIONS, predicted, strict=bool(predicted)))


def _judged(predicted: str, interval: Sequence[float], beside: Sequence[float]) -> str:
    """Say whether an allocation's interval is what was predicted; "" if nothing was."""
    _, low, high = beside if predicted in ("less", "more") else interval
    if predicted == _SILENT:
        return ""
    if predicted == _NEITHER:
        return "agrees" if low <= 1 <= high else "disagrees"
    if low <= 1 <= high:
        return "undecided"
    return "agrees" if (low > 1) == (predicted in (_SLOW, "more")) else "disagrees"


def explanation_numbers(recorded: Mapping[str, Result]) -> dict[str, object]:
    """Return what the designs of ``design_rows`` show, and which half frozen hard gates fit first.

    Args:
        recorded: by name, ``"net: condition"``.
    """
    numbers = {}
    for net in _NETS.values():
        numbers |= {
            f"{net} zero": _text(recorded, f"{net}: {_ZERO}"),
            f"{net} constant": _text(recorded, f"{net}: constant low half"),
            f"{net} weaker": _ratio_text(recorded, f"{net}: base", f"{net}: {_WEAK}"),
            f"{net} frequency": _ratio_text(
                recorded, f"{net}: high frequency 16", f"{net}: high frequency 4"
            ),
        }
    frozen = recorded.get("frozen: hard")
    first, seeds = NOT_RECORDED, NOT_RECORDED
    if frozen is not None:
        first, seeds = int(low_half_first(frozen).sum()), frozen.spec.training.seeds
    return numbers | {"frozen first": first, "frozen seeds": seeds}


def fitted_apart_rows(recorded: Mapping[str, Result], shown: Mapping[str, str]) -> list[dict]:
    """Return the allocation of nets that fitted the target and of those that stalled, as rows.

    Args:
        recorded: by name, ``"net: condition"``.
        shown: the conditions' names, by the reader's name.

    Returns:
        For each condition both groups' allocations with intervals, how many nets stalled, and the
        groups' shares of training points without an active path.
    """
    rows = []
    for label, name in shown.items():
        if name not in recorded:
            continue
        run = recorded[name]
        groups = {"fitted": fitted(run), "stalled": ~fitted(run)}
        gains, bare = path_gain(run), share_without_path(run)
        row = {"nets": label}
        row |= {f"allocation, {g}": _factor_of_some(gains[few]) for g, few in groups.items()}
        row["stalled"] = str(groups["stalled"].sum())
        shares = (f"{100 * bare[g].mean():.0f} %" if g.any() else _TOO_FEW for g in groups.values())
        row["points without a path"] = " / ".join(shares)
        rows.append(row)
    return rows


def block_rows(recorded: Mapping[str, Result], size: int = 20) -> list[dict[str, str]]:
    """Return the base recipe's allocation by blocks of seeds, as a table's rows.

    Args:
        recorded: by name, ``"net: condition"``.
        size: seeds of a block.
    """
    rows = []
    for label, net in _NETS.items():
        run = recorded.get(f"{net}: base")
        if run is None:
            continue
        gains, first = path_gain(run), run.spec.training.first_seed
        for start in range(0, len(gains), size):
            block = gains[start : start + size]
            seeds = f"{first + start} to {first + start + len(block) - 1}"
            rows.append({"net": label, "seeds": seeds, "allocation": factor_text(block)})
    return rows


def error_fallen(result: Result, epoch: int) -> np.ndarray:
    """Return how much farther the slow half's error has fallen than the fast half's, shape (S,).

    Raises:
        ValueError: if the net was not evaluated at that epoch.
    """
    (slow, fast), (slow_then, fast_then) = half_losses_at(result, 0), half_losses_at(result, epoch)
    return (slow - slow_then) - (fast - fast_then)


def linearised_numbers(linearised: Mapping[str, Result]) -> dict[str, object]:
    """Return how many linearised nets fit the low half first, by net: ``"relu linearised"``.

    Args:
        linearised: of ``CircleLinearised``, by net.
    """
    return {
        f"{net} linearised": int(linearised_low_first(run).sum()) for net, run in linearised.items()
    }


def linearised_curves(result: Result) -> dict[str, np.ndarray]:
    """Return the halves' errors of linearised nets over time, geometric mean and interval, (T, 3).

    Args:
        result: of ``CircleLinearised``.
    """
    halves = zip(("slow half", "fast half"), low_and_high(result, "loss"), strict=True)
    return {label: geometric_intervals(loss) for label, loss in halves}


def allocation_intervals(
    recorded: Mapping[str, Result], shown: Mapping[str, str]
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return the allocation over training as a factor, for the conditions that are recorded.

    Args:
        recorded: by name, ``"net: condition"``.
        shown: the conditions' names, by label.

    Returns:
        By label: evaluation epochs, shape (E,), and geometric mean with its interval, (E, 3).
    """
    return {
        label: (
            evaluation_epochs(recorded[name]),
            np.exp(mean_intervals(path_gains(recorded[name]))),
        )
        for label, name in shown.items()
        if name in recorded
    }


def check_rows(
    checks: Mapping[str, Sequence[Check]], names: Mapping[str, str]
) -> list[dict[str, str | bool]]:
    """Return how arrays that were computed again compare with the recorded ones, as table rows.

    Args:
        checks: those of ``records.verify``, by label.
        names: what a reader calls the arrays that are shown, by name.
    """
    return [
        {
            "net": label,
            "quantity": names[check.name],
            "agrees": check.passed,
            "recorded": f"{check.recorded:.5g}",
            "now": f"{check.recomputed:.5g}",
            "bounds": f"{check.low:.5g} to {check.high:.5g}",
        }
        for label, made in checks.items()
        for check in made
        if check.name in names
    ]
