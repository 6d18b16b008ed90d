"""What results of runs on the circle say: every statistic of Section 4, once.

Claims judge these statistics, and the chapters quote them. E evaluation epochs, S seeds; *result*
is that of a ``CircleTraining`` or of a ``CircleStudy`` where nothing else is said.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Literal

import numpy as np

from halfspace.companion.intervals import (
    first_below,
    geometric_intervals,
    interval_text,
    mean_interval,
    mean_intervals,
)
from halfspace.companion.origin import origin
from halfspace.companion.records import Check
from halfspace.companion.spec import Result

__all__ = [
    "EARLY",
    "FACING_BY_CHANCE",
    "FIT_LEVEL",
    "allocation_intervals",
    "allocation_numbers",
    "artefact_ratio",
    "block_rows",
    "changes_alike",
    "check_rows",
    "closer_than_at_start",
    "condition_numbers",
    "control_numbers",
    "control_summaries",
    "design_rows",
    "epochs_to_fit",
    "error_between_points",
    "error_ratio",
    "error_rows",
    "evaluation_epochs",
    "explanation_numbers",
    "facing_low",
    "final_allocations",
    "fit_numbers",
    "fit_times",
    "fitted_apart_rows",
    "fitted_with_hard_gates",
    "functions_after_start",
    "gain_beside",
    "gain_beyond_chance",
    "half_fitted_by",
    "half_losses_at",
    "half_space_numbers",
    "kernel_curves",
    "kernel_numbers",
    "kernel_rows",
    "kernel_summary",
    "later_gain",
    "later_units_for_low_half",
    "layer_intervals",
    "linearised_curves",
    "linearised_low_first",
    "linearised_numbers",
    "log_error",
    "log_ratio",
    "loss_at",
    "losses_by_gate",
    "low_and_high",
    "low_half_first",
    "moved_beyond_a_new_draw",
    "overlap_change_while_high",
    "path_gain",
    "path_gains",
    "path_ratios",
    "recorded_numbers",
    "resultant_by_chance",
    "resultant_change",
    "run_numbers",
    "share_without_path",
    "single_curves",
    "starved_and_stalled",
    "summary",
    "summary_rows",
    "total_loss",
    "units_for_low_half",
]


FIT_LEVEL = 0.05  # mean squared error at which a net counts as having fitted the target
EARLY = 20  # the epoch at which chapter 4 reads path ratios and kernels early in training
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
        second: likewise.
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


def epochs_to_fit(result: Result) -> np.ndarray:
    """Return each seed's first evaluation epoch below ``FIT_LEVEL``, NaN for never, shape (S,)."""
    return first_below(evaluation_epochs(result), total_loss(result), FIT_LEVEL)


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
    fitted = np.sort(epochs_to_fit(result))  # NaN comes last
    middle = fitted[(len(fitted) - 1) // 2]
    last = evaluation_epochs(result)[-1]
    return f"after {last:.0f}" if np.isnan(middle) else f"{middle:.0f}"


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

    Of the halves' mean numbers of active paths, hard gates. To each mean one path at one point of
    the half is added, so that a half without any path has a logarithm.
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

    Above 0 the gain is larger than nets differ before training.
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

    Shape (E, S); of a ``CircleTraining``'s kernels (3, S).
    """
    low, high = low_and_high(result, name)
    return np.log(low / high)


# Kernels and half-spaces of a ``CircleStudy``


def changes_alike(result: Result, epoch: int | None = None) -> np.ndarray:
    """Return how alike the NTK and the overlap kernel of a net change, minus other nets', (S,).

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
    """Return how much closer the NTK is to the overlap kernel of then than to that of the start.

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
        Mean cosine of a first NTK with other seeds' first NTKs, minus that of the last with it.
    """
    return result.ntk_others.astype(np.float64) - result.first[-1]


def overlap_change_while_high(result: Result) -> np.ndarray:
    """Return the part of the overlap kernel's change that is over while the error is high, (S,).

    The change is 1 − cosine with the kernel at the start. The error is high at the evaluations up
    to the last one at which it is above three quarters of its start: half of it is left when the
    low half is fitted alone. Of a net whose error stays high the part is 0.
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

    A unit prefers the half where it is active at the larger share of points; of all layers.
    """
    return _preference(result).mean(-1)


def later_units_for_low_half(result: Result) -> np.ndarray:
    """Return that difference of shares in the last layer minus in the first, shape (S,)."""
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


def summary(result: Result) -> dict[str, str]:
    """Describe a study in a table's row: speed of fitting, stalled seeds, paths, allocation."""
    fitted = epochs_to_fit(result)
    ratios = np.median(np.exp(path_ratios(result)), axis=1)
    low_error, high_error = (np.median(loss[-1]) for loss in low_and_high(result, "loss"))
    early = _early_row(result)
    return {
        "seeds": str(len(fitted)),
        "half of them fitted by epoch": half_fitted_by(result),
        "seeds that stalled": str(int(np.isnan(fitted).sum())),
        "seeds that diverged": str(int(result.diverged.sum())),
        "median error, low half": f"{low_error:.2g}",
        "median error, high half": f"{high_error:.2g}",
        "path ratio low/high, start": f"{ratios[0]:.2f}",
        f"path ratio, epoch {evaluation_epochs(result)[early]:.0f}": f"{ratios[early]:.2f}",
        "path ratio, end": f"{ratios[-1]:.2f}",
        "allocation (95 % interval)": interval_text(path_gain(result)),
    }


def summary_rows(runs: Mapping[str, Result]) -> list[dict[str, str]]:
    """Return each run's ``summary`` as a table's row that begins with the run's label."""
    return [{"net": label} | summary(run) for label, run in runs.items()]


def single_curves(
    runs: Mapping[str, Result], reading: Callable[[Result], np.ndarray]
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return a reading of each run's first seed: evaluation epochs and values, shape (E,) each.

    Args:
        runs: by label.
        reading: maps a result to values of shape (E, S), such as ``total_loss``.
    """
    return {label: (evaluation_epochs(run), reading(run)[:, 0]) for label, run in runs.items()}


def fit_times(runs: Mapping[str, Result]) -> tuple[dict[str, np.ndarray], dict[str, int]]:
    """Return each run's ``epochs_to_fit``, shape (S,), and its last epoch, both by label."""
    fitted = {label: epochs_to_fit(run) for label, run in runs.items()}
    return fitted, {label: int(evaluation_epochs(run)[-1]) for label, run in runs.items()}


def losses_by_gate(runs: Mapping[str, Result]) -> dict[str, dict[str, np.ndarray]]:
    """Return each run's error under the gate of its training and under hard gates, (E, S) each."""
    names = {"gate of the training": "loss", "hard gates": "hard_loss"}
    return {
        label: {line: total_loss(run, name) for line, name in names.items()}
        for label, run in runs.items()
    }


def kernel_summary(result: Result) -> dict[str, dict[str, str]]:
    """Describe the kernels of a ``CircleTraining``'s first seed at the start, early and the end.

    ``-`` stands for the early epoch of a seed that had none.
    """
    early = int(result.early_epoch[0])
    epochs = ("0", str(early) if early >= 0 else "-", str(result.spec.epochs))
    return {
        time: {
            "epoch": epoch,
            "NTK: alignment with its start": f"{result.ntk_alignment[k, 0]:.2f}",
            "Λ: alignment with its start": f"{result.overlap_alignment[k, 0]:.2f}",
            "NTK diagonal: ln(low/high)": f"{log_ratio(result, 'ntk')[k, 0]:.2f}",
        }
        for k, (time, epoch) in enumerate(zip(("start", "early", "end"), epochs, strict=True))
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


def kernel_rows(runs: Mapping[str, Result]) -> list[dict[str, str]]:
    """Return the ``kernel_summary`` of ``CircleTraining`` runs as a table's rows."""
    return [
        {"net": label, "time": time} | row
        for label, run in runs.items()
        for time, row in kernel_summary(run).items()
    ]


def kernel_curves(runs: Mapping[str, Result]) -> dict[str, dict[str, np.ndarray]]:
    """Return what chapter 4 draws of kernels over training, by panel and run, (E, S) each.

    Args:
        runs: of ``CircleStudy``, by label.
    """
    return {
        "NTK and its start": {label: run.ntk_start for label, run in runs.items()},
        "Λ and its start": {label: run.overlap_start for label, run in runs.items()},
        "NTK and Λ": {label: run.ntk_overlap for label, run in runs.items()},
        "NTK diagonal": {label: log_ratio(run, "ntk") for label, run in runs.items()},
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
            "low half, at the points": low,
            "high half, at the points": high,
            "low half, between them": low_between,
            "high half, between them": high_between,
        }
        written = {name: f"{error:.2g}" for name, error in errors.items()}
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


def final_allocations(
    runs: Mapping[str, Result], conditions: Mapping[str, str] | None = None
) -> dict[str, dict[str, tuple[float, float, float]]]:
    """Return the final allocation under several conditions, mean over seeds with its interval.

    Args:
        runs: by name, ``"net: condition"``.
        conditions: the conditions' titles, by name; ``None`` takes all, under their names.

    Returns:
        By net, ``"ReLU net"`` and ``"DLGN"``, and title: (mean, lower end, upper end).
    """
    if conditions is None:
        names = [name.split(": ", 1)[1] for name in runs]
        conditions = dict(zip(names, names, strict=True))
    return {
        label: {title: mean_interval(path_gain(run)) for title, run in titled.items()}
        for label, titled in _runs_of_nets(runs, conditions).items()
    }


def control_summaries(
    runs: Mapping[str, Result], conditions: Mapping[str, str]
) -> list[dict[str, str]]:
    """Return the ``summary_rows`` of both nets under several conditions.

    Args: those of ``final_allocations``.
    """
    labelled = {
        f"{label}, {title}": run
        for label, titled in _runs_of_nets(runs, conditions).items()
        for title, run in titled.items()
    }
    return summary_rows(labelled)


# Numbers that the text of chapter 4 quotes


def run_numbers(recorded: Mapping[str, Result], live: Mapping[str, Result]) -> dict[str, object]:
    """Return how the runs of chapter 4 were made.

    Args:
        recorded: of ``CircleStudy``, by condition.
        live: of ``CircleTraining``, by label.
    """
    training = recorded["relu: base"].spec.training
    seconds = sum(run.provenance["seconds"] for run in recorded.values())
    return {
        "points": training.target.n,
        "rate": training.learning_rate,
        "batch": training.batch_size,
        "gain": training.gain,
        "beta": f"{recorded['dlgn: base'].spec.training.beta:g}",
        "seeds": training.seeds,
        "first-seed": training.first_seed,
        "last-seed": training.first_seed + training.seeds - 1,
        "live-seed": live["DLGN"].spec.first_seed,
        "looks": _listed(recorded["dlgn: base"]),
        "frozen-looks": _listed(recorded["frozen: beta 4"]),
        "frozen-seeds": recorded["frozen: beta 4"].spec.training.seeds,
        "commit": ", ".join(sorted({run.provenance["commit"] for run in recorded.values()})),
        "minutes": round(seconds / 60),
        "from-runs": origin(*recorded.values()),
        "from-live": origin(*live.values()),
    }


def _listed(result: Result) -> str:
    return ", ".join(map(str, evaluation_epochs(result)))


def allocation_numbers(
    recorded: Mapping[str, Result], live: Mapping[str, Result]
) -> dict[str, object]:
    """Return each net's allocation, and how many seeds fitted the low half first.

    Args:
        recorded: of ``CircleStudy``, by condition.
        live: of ``CircleTraining``, by label.
    """
    numbers = {}
    for label, net in _NETS.items():
        run = recorded[f"{net}: base"]
        numbers |= {
            f"allocation_{net}": interval_text(path_gain(run)),
            f"positive_{net}": int((path_gain(run) > 0).sum()),
            f"live_{net}": f"{path_gain(live[label])[0]:.2f}",
            f"low_first_{net}": int(low_half_first(run).sum()),
        }
    return numbers


def kernel_numbers(recorded: Mapping[str, Result]) -> dict[str, object]:
    """Return each net's kernels early and at the end, of ``CircleStudy`` runs by condition."""
    dlgn = recorded["dlgn: base"]
    numbers = {"diagonal_epoch": int(evaluation_epochs(dlgn)[_early_row(dlgn)])}
    for net in _NETS.values():
        run = recorded[f"{net}: base"]
        diagonal = log_ratio(run, "ntk")
        numbers |= {
            f"diagonal_early_{net}": interval_text(diagonal[_early_row(run)]),
            f"diagonal_end_{net}": interval_text(diagonal[-1]),
            f"ntk_end_{net}": interval_text(run.ntk_start[-1]),
            f"ntk_overlap_{net}": interval_text(run.ntk_overlap[-1]),
        }
    return numbers


def half_space_numbers(result: Result) -> dict[str, object]:
    """Return how the half-spaces of a DLGN's first and fifth layer lie after training."""
    numbers = {
        "chance": f"{resultant_by_chance(result):.2f}",
        "width": result.spec.training.width,
    }
    for layer in (1, 5):
        numbers[f"facing_top_{layer}"] = interval_text(facing_low(result, layer))
        numbers[f"resultant_{layer}"] = interval_text(result.resultant[-1, :, layer - 1])
    return numbers


def fit_numbers(recorded: Mapping[str, Result]) -> dict[str, object]:
    """Return when DLGNs with trained and with frozen gates fitted the target.

    Args:
        recorded: of ``CircleStudy``, by condition.
    """
    frozen = recorded["frozen: beta 4"]
    names = [f"{gates}: beta {beta}" for gates in ("dlgn", "frozen") for beta in (10, 30)]
    numbers = {
        f"fit {name.replace(':', '')}": half_fitted_by(recorded[name])
        for name in (*names, "dlgn: straight-through", "frozen: hard")
    }
    ratio = error_ratio(recorded["frozen: hard"], recorded["dlgn: straight-through"], 300)
    return numbers | {
        "frozen hard ratio": f"{np.exp(ratio.mean()):.1f}",
        "stalled_frozen": str(int(np.isnan(epochs_to_fit(frozen)).sum())),
        "frozen_last": int(evaluation_epochs(frozen)[-1]),
    }


def control_numbers(runs: Mapping[str, Result], conditions: Mapping[str, str]) -> dict[str, str]:
    """Return the final allocation of each net under each condition, ``"title label"``.

    Args: those of ``final_allocations``.
    """
    return {
        f"{title} {label}": interval_text(path_gain(run))
        for label, titled in _runs_of_nets(runs, conditions).items()
        for title, run in titled.items()
    }


# The page of all conditions

_MISSING = "not recorded"
_TOO_FEW = "–"


def recorded_numbers(
    recorded: Mapping[str, Result], conditions: Mapping[str, object]
) -> dict[str, object]:
    """Return how many conditions are recorded, when and on what.

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
    return interval_text(path_gain(recorded[name])) if name in recorded else _MISSING


def _difference_text(recorded: Mapping[str, Result], first: str, second: str) -> str:
    """Write the difference of two conditions' final allocations, paired by seed."""
    if not {first, second} <= recorded.keys():
        return _MISSING
    return interval_text(path_gain(recorded[first]) - path_gain(recorded[second]))


def condition_numbers(recorded: Mapping[str, Result]) -> dict[str, object]:
    """Return the final allocation under several conditions, and where it is above zero.

    Args:
        recorded: by name, ``"net: condition"``.
    """
    numbers = {}
    for label, net in _NETS.items():
        for condition in ("base", "init he", "biases", "sgd", "halves swapped"):
            numbers[f"{net} {condition}"] = _text(recorded, f"{net}: {condition}")
        intervals = final_allocations(recorded)[label].values()
        numbers[f"{net} above"] = sum(low > 0 for _, low, _ in intervals)
        numbers[f"{net} rows"] = len(intervals)
    for condition in ("straight-through", "straight-through, biases"):
        numbers[f"dlgn {condition}"] = _text(recorded, f"dlgn: {condition}")
    return numbers


_ZERO, _WEAK = "amplitude of low half 0.0", "amplitude of low half 0.3"
_EXPLANATIONS = ("simplicity", "early signal", "frequency", "magnitude")
_DESIGNS = {  # a condition, and what each explanation predicts for it
    "low half zero": (_ZERO, "+", "−", "", "−"),
    "low half constant": ("constant low half", "+", "+", "+", ""),
    "low half's amplitude 0.3": (_WEAK, "+", "+", "+", "smaller"),
    "high frequency 4": ("high frequency 4", "", "", "smaller", ""),
    "high frequency 16": ("high frequency 16", "", "", "larger", ""),
    "constant target": ("constant target", "0", "0", "0", "0"),
    "zero target": ("zero target", "0", "0", "0", "0"),
    "base recipe": ("base", "+", "+", "+", "+"),
}


def design_rows(recorded: Mapping[str, Result]) -> list[dict[str, str]]:
    """Return what four explanations predict under several designs, and what happened.

    Args:
        recorded: by name, ``"net: condition"``.
    """
    return [
        {"design": design, **dict(zip(_EXPLANATIONS, predicted, strict=True))}
        | {label: _text(recorded, f"{net}: {condition}") for label, net in _NETS.items()}
        for design, (condition, *predicted) in _DESIGNS.items()
    ]


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
            f"{net} weaker": _difference_text(recorded, f"{net}: base", f"{net}: {_WEAK}"),
            f"{net} frequency": _difference_text(
                recorded, f"{net}: high frequency 16", f"{net}: high frequency 4"
            ),
        }
    frozen = recorded.get("frozen: hard")
    first, seeds = _MISSING, _MISSING
    if frozen is not None:
        first, seeds = int(low_half_first(frozen).sum()), frozen.spec.training.seeds
    return numbers | {"frozen first": first, "frozen seeds": seeds}


def fitted_apart_rows(recorded: Mapping[str, Result], shown: Mapping[str, str]) -> list[dict]:
    """Return the allocation of nets that fitted the target and of those that stalled, as rows.

    Args:
        recorded: by name, ``"net: condition"``.
        shown: the conditions' names, by the reader's name.

    Returns:
        For each condition how many nets fitted, both groups' allocations with intervals, and the
        share of training points without an active path.
    """
    rows = []
    for label, name in shown.items():
        if name not in recorded:
            continue
        run = recorded[name]
        fitted, row = loss_at(run) < FIT_LEVEL, {"nets": label}
        for group, chosen in {"fitted": fitted, "stalled": ~fitted}.items():
            gains, bare = path_gain(run)[chosen], share_without_path(run)[chosen]
            row[group] = str(chosen.sum())
            row[f"allocation, {group}"] = interval_text(gains) if len(gains) > 1 else _TOO_FEW
            row[f"without a path, {group}"] = f"{bare.mean():.0%}" if len(bare) else _TOO_FEW
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
            rows.append({"net": label, "seeds": seeds, "allocation": interval_text(block)})
    return rows


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
    halves = zip(("low half", "high half"), low_and_high(result, "loss"), strict=True)
    return {label: geometric_intervals(loss) for label, loss in halves}


def allocation_intervals(
    recorded: Mapping[str, Result], shown: Mapping[str, str]
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return the allocation over training, for those of the conditions that are recorded.

    Args:
        recorded: by name, ``"net: condition"``.
        shown: the conditions' names, by label.

    Returns:
        By label: evaluation epochs, shape (E,), and mean, lower end, upper end, shape (E, 3).
    """
    return {
        label: (evaluation_epochs(recorded[name]), mean_intervals(path_gains(recorded[name])))
        for label, name in shown.items()
        if name in recorded
    }


def check_rows(
    checks: Mapping[str, Sequence[Check]], names: Sequence[str]
) -> list[dict[str, str | bool]]:
    """Return how arrays that were computed again compare with the recorded ones, as table rows.

    Args:
        checks: those of ``records.verify``, by label.
        names: the arrays that are shown.
    """
    return [
        {
            "net": label,
            "quantity": check.name,
            "recorded": f"{check.recorded:.5g}",
            "now": f"{check.recomputed:.5g}",
            "bounds": f"{check.low:.5g} to {check.high:.5g}",
            "agrees": check.passed,
        }
        for label, made in checks.items()
        for check in made
        if check.name in names
    ]
