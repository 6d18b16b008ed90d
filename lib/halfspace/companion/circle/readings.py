"""What results of runs on the circle say."""

from typing import Literal

import numpy as np

from halfspace.companion.intervals import first_below, interval_text
from halfspace.companion.spec import Result

__all__ = [
    "FIT_LEVEL",
    "allocation",
    "epochs_to_fit",
    "error_between_points",
    "half_fitted_by",
    "kernel_summary",
    "log_error",
    "log_ratio",
    "looks",
    "low_and_high",
    "low_half_first",
    "summary",
    "total_loss",
]


FIT_LEVEL = 0.05  # mean squared error at which a net counts as having fitted the target


def low_and_high(result: Result, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return an array's values on the low-frequency half and on the high-frequency half.

    Args:
        result: of a ``CircleTraining`` or a ``CircleStudy``.
        name: the array's name without ``_top`` or ``_bottom``.

    Returns:
        Two float64 arrays of one shape; where the halves' frequencies are equal, top and bottom.
    """
    f_top, f_bottom = result.spec.target.frequencies
    halves = ("top", "bottom") if f_top <= f_bottom else ("bottom", "top")
    return tuple(result.arrays[f"{name}_{half}"].astype(np.float64) for half in halves)


def looks(result: Result) -> np.ndarray:
    """Return the epochs at which a ``CircleTraining`` or a ``CircleStudy`` was looked at, (E,)."""
    return result.arrays["at" if "at" in result.arrays else "epochs"]


def allocation(result: Result) -> np.ndarray:
    """Return how much more the low-frequency half gained in active paths than the other half.

    The mean of ln(1 + number of active paths) over the low half, minus that over the high half,
    minus the same difference at initialisation: 0 at the start, paired by seed; hard gates. Shape
    (E, S).
    """
    low, high = low_and_high(result, "log_paths")
    gap = low - high
    return gap - gap[0]


def total_loss(result: Result, name: Literal["loss", "hard_loss"] = "loss") -> np.ndarray:
    """Return the mean squared error over all training points, float64, shape (E, S).

    Args:
        result: of a ``CircleTraining`` or a ``CircleStudy``.
        name: the error under the gate of the training, or under hard gates.
    """
    share = result.spec.target.top().double().mean().item()
    top, bottom = (result.arrays[f"{name}_{half}"].astype(float) for half in ("top", "bottom"))
    return share * top + (1 - share) * bottom


def log_ratio(result: Result, name: str) -> np.ndarray:
    """Return the logarithm of an array's ratio, low-frequency half over high-frequency half."""
    low, high = low_and_high(result, name)
    return np.log(low / high)


def epochs_to_fit(result: Result) -> np.ndarray:
    """Return each seed's first look with a loss below ``FIT_LEVEL``, NaN for never, shape (S,)."""
    return first_below(looks(result), total_loss(result), FIT_LEVEL)


def low_half_first(result: Result) -> np.ndarray:
    """Return which seeds fitted the low half at an earlier look than the high one, shape (S,)."""
    low, high = (
        first_below(looks(result), loss, FIT_LEVEL) for loss in low_and_high(result, "loss")
    )
    return low < np.nan_to_num(high, nan=np.inf)


def half_fitted_by(result: Result) -> str:
    """Name the look by which at least half of the seeds had fitted the target.

    Seeds that never did count as later than any look.
    """
    fitted = np.sort(epochs_to_fit(result))  # NaN comes last
    middle = fitted[(len(fitted) - 1) // 2]
    return f"after {looks(result)[-1]:.0f}" if np.isnan(middle) else f"{middle:.0f}"


def summary(result: Result) -> dict[str, str]:
    """Describe a study in a table's row: speed of fitting, stalled seeds, paths, allocation."""
    fitted = epochs_to_fit(result)
    low, high = low_and_high(result, "paths")
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = np.median(low / high, axis=1)
    low_error, high_error = (np.median(loss[-1]) for loss in low_and_high(result, "loss"))
    early = min(np.searchsorted(looks(result), 20), len(ratios) - 1)
    return {
        "seeds": str(len(fitted)),
        "half of them fitted by epoch": half_fitted_by(result),
        "seeds that stalled": str(int(np.isnan(fitted).sum())),
        "seeds that diverged": str(int(result.diverged.sum())),
        "median error, low half": f"{low_error:.2g}",
        "median error, high half": f"{high_error:.2g}",
        "path ratio low/high, start": f"{ratios[0]:.2f}",
        f"path ratio, epoch {looks(result)[early]:.0f}": f"{ratios[early]:.2f}",
        "path ratio, end": f"{ratios[-1]:.2f}",
        "allocation (95 % interval)": interval_text(allocation(result)[-1]),
    }


def error_between_points(result: Result) -> tuple[np.ndarray, np.ndarray]:
    """Mean squared error at the end, between the training points, on the low and on the high half.

    Returns:
        Two arrays of shape (S,).
    """
    squares = (result.functions[-1] - result.target) ** 2
    top = result.angles < np.pi
    errors = squares[:, top].mean(1), squares[:, ~top].mean(1)
    f_top, f_bottom = result.spec.target.frequencies
    return errors if f_top <= f_bottom else errors[::-1]


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
