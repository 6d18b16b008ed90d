"""What results say of global minima, each statistic once."""

from collections.abc import Mapping

import numpy as np

from halfspace.companion.interpolation.data import line_target, noisy_line
from halfspace.companion.interpolation.measures import line_bumps, linear_spline
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
from halfspace.companion.text import factor, scientific, significant, thousands

__all__ = [
    "FLOORS",
    "cost_score",
    "exponent",
    "good_and_bad",
    "log_ratio",
    "minima_numbers",
    "over_floor",
    "overlap_curves",
    "overlap_kept",
    "rate_curves",
    "ratio_rows",
    "same_risk",
    "training_curves",
]

Runs = Mapping[str, Result]

FLOORS = {"linear": 2 / 3, "nearest": 1.0}
"""What straight lines, or the nearest label, keep of the noise's variance where points are many."""

_FROM = 128  # points: with fewer, the target itself is not yet resolved


def cost_score(result: Result, name: str) -> np.ndarray:
    """Return how far a change's mean square is from its formula, mean over radii, shape (S,).

    It is in standard deviations over draws of the test points.
    """
    return ((result.arrays[f"{name}_cost"] - 1) / result.arrays[f"{name}_noise"]).mean(1)


def exponent(result: Result, name: str) -> np.ndarray:
    """Return a in risk ~ n^-a, from 128 points on, shape (S,)."""
    points = np.array(result.spec.points)
    kept = points >= _FROM
    return -fit_power_law(points[kept], result.arrays[name][:, kept])[0]


def same_risk(result: Result) -> np.ndarray:
    """Return ln of the good interpolant's risk over the spline's, mean over n, shape (S,)."""
    return np.log(result.good / result.spline).mean(1)


def over_floor(result: Result, name: str) -> np.ndarray:
    """Return ln of the risk at the largest n over what noise alone would leave, shape (S,)."""
    return np.log(result.arrays[name][:, -1] / (FLOORS[name] * result.spec.noise**2))


def log_ratio(trained: Result, built: Result | None = None) -> np.ndarray:
    """Return ln of the trained net's risk over that of the interpolant that was built, (S,).

    Args:
        trained: the run of the trained net.
        built: the run of the stopped net that the interpolant was built of; the same if ``None``.
    """
    return np.log(trained.risk[-1] / (trained if built is None else built).built_risk)


def overlap_kept(result: Result) -> np.ndarray:
    """Return the overlap of two training points after training over that before, (S,)."""
    return result.overlap[-1] / result.overlap[0]


def good_and_bad(seed: int, points: int = 24) -> dict[str, dict[str, tuple[np.ndarray, ...]]]:
    """Return two interpolants of one draw of points on a line, by panel and curve.

    Args:
        seed: of the points and their labels.
        points: n.

    Returns:
        For ``"good"`` and ``"bad"``: places and values of the target, of the interpolant, and of
        the data. The bad one is 3 below the spline where no bump is.
    """
    x, y = noisy_line(seed, points, 0.3)
    spline, radius = linear_spline(x, y, 6), 0.49 * np.diff(x).min()
    corners = x[:, None] + radius * np.array([-1, 0, 1])
    at = np.sort(np.concatenate([corners.ravel(), np.linspace(0, 1, 301)]).clip(0, 1))
    grid = np.linspace(0, 1, 301)
    panels = {}
    for name, level in {"good": 0.0, "bad": -3.0}.items():
        values = y - spline(x) - level
        made = spline(at) + level + line_bumps(at, x, values, radius)
        panels[name] = {
            "target": (grid, line_target(grid)), "interpolant": (at, made), "data": (x, y)
        }  # fmt: skip
    return panels


def rate_curves(run: Result) -> dict[str, np.ndarray]:
    """Return risks over the number of points, shape (N, 3), and a slope of -4/5."""
    names = {
        "shifted + bumps": "bad",
        "nearest label": "nearest",
        "straight lines": "linear",
        "spline": "spline",
        "spline + bumps": "good",
    }
    rows = {label: geometric_intervals(run.arrays[name].T) for label, name in names.items()}
    points = np.array(run.spec.points)
    line = rows["spline"][-1, 0] * (points / points[-1]) ** -0.8
    return rows | {"slope −4/5": np.repeat(line[:, None], 3, 1)}


def training_curves(run: Result) -> tuple[dict[str, np.ndarray], float]:
    """Return risk and training error over the records, shape (E, 3), and the built nets' risk."""
    rows = {"risk": run.risk, "training error": np.maximum(run.train, 1e-12)}
    curves = {label: geometric_intervals(values) for label, values in rows.items()}
    return curves, float(geometric_intervals(run.built_risk[None])[0, 0])


_ROWS = {
    "noise 0.5": ("noise 0.5", "noise 0.5"),
    "no further points": ("noise 0.5", "held out"),
    "noise 0.3": ("noise 0.3", "noise 0.3"),
    "no noise": ("noise 0", "noise 0"),
}
_NETS = {"ReLU net": "relu", "DLGN": "dlgn"}


def _ratios(runs: Runs, net: str, row: str) -> np.ndarray:
    trained, built = (runs[f"{net}: {name}"] for name in _ROWS[row])
    return log_ratio(trained, built)


def ratio_rows(runs: Runs) -> dict[str, dict[str, tuple[float, ...]]]:
    """Return factors of the trained nets' risk over the built ones', by net and condition."""
    return {
        label: {row: tuple(np.exp(mean_interval(_ratios(runs, net, row)))) for row in _ROWS}
        for label, net in _NETS.items()
    }


def overlap_curves(runs: Runs) -> dict[str, np.ndarray]:
    """Return the overlap of two training points over the records, shape (E, 3), by net."""
    curves = {}
    for label, net in _NETS.items():
        for end, noise in {"": "0.5", ", no noise": "0"}.items():
            curves[label + end] = mean_intervals(runs[f"{net}: noise {noise}"].overlap)
    return curves | {"built, boxes": np.zeros_like(curves["DLGN"])}


def minima_numbers(built: Runs, trained: Runs) -> dict[str, str]:
    """Return the chapter's numbers as texts, by name."""
    made, rates = built["built"], built["rates"]
    count = rates.spec.points[-1]
    errors = [made.arrays[f"{name}_error"].max() for name in ("relu", "bad", "edge")]
    numbers = {
        "built-seeds": made.spec.seeds,
        "built-points": made.spec.side**2,
        "error-relu": scientific(max(errors)),
        "error-dlgn": scientific(made.dlgn_error.max()),
        "error-wide": f"{100 * made.wide_error.mean():.0f}",
        "shared": thousands(made.shared.mean(), 2),
        "base-risk": significant(made.base_risk.mean(), 2),
        "built-risk": significant(made.relu_risk[:, -1].mean(), 2),
        "bad-risk": significant(made.bad_risk[:, -1].mean(), 2),
        "rate-seeds": rates.spec.seeds,
        "rate-points": thousands(count),
        "exponent-good": interval_text(exponent(rates, "good")),
        "risk-good": significant(np.exp(np.log(rates.good[:, -1]).mean()), 2),
        "risk-bad": significant(np.exp(np.log(rates.bad[:, -1]).mean()), 2),
        "times-worse": thousands(np.exp(np.log(rates.bad / rates.good)[:, -1].mean()), 2),
        "largest-change": significant(100 * np.abs(rates.good / rates.spline - 1).max(), 1),
        "floor-linear": f"{rates.linear[:, -1].mean():.3f}",
        "floor-nearest": f"{rates.nearest[:, -1].mean():.3f}",
        "floor-linear-said": f"{FLOORS['linear'] * rates.spec.noise**2:.3f}",
        "floor-nearest-said": f"{FLOORS['nearest'] * rates.spec.noise**2:.3f}",
        "from-rates": origin(rates),
        "from-trained": origin(*trained.values()),
    }
    for name in ("relu", "dlgn"):
        scores = made.arrays[f"{name}_cost"]
        numbers[f"cost-{name}"] = interval_text(scores[:, 0])
    relu = trained["relu: noise 0.5"]
    numbers |= {
        "relu-seeds": relu.spec.seeds,
        "relu-stop": thousands(np.median(relu.epochs[relu.stop])),
        "relu-risk": significant(relu.risk[-1].mean(), 2),
        "relu-built": significant(relu.built_risk.mean(), 2),
    }
    for net in ("relu", "dlgn"):
        run, clean = (trained[f"{net}: noise {noise}"] for noise in ("0.5", "0"))
        numbers |= {
            f"{net}-left": f"{100 * run.train[-1].max() / run.spec.noise**2:.1g}",
            f"{net}-start": f"{run.overlap[0].mean():.2f}",
            f"{net}-end": f"{run.overlap[-1].mean():.2f}",
            f"{net}-clean": f"{clean.overlap[-1].mean():.2f}",
        }
        for row in _ROWS:
            name = row.replace(" ", "-").replace(".", "")
            numbers[f"{net}-{name}"] = factor(_ratios(trained, net, row).mean())
        numbers[f"{net}-interval"] = factor_text(_ratios(trained, net, "noise 0.5"))
    return numbers
