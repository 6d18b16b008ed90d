"""What the short views' results say, each statistic once, for claims and the chapter."""

import math
from collections.abc import Mapping

import numpy as np

from halfspace.companion.claims import EXACT
from halfspace.companion.intervals import (
    factor_text,
    fit_power_law,
    interval_text,
    mean_intervals,
)
from halfspace.companion.origin import origin
from halfspace.companion.short_views.directions import RATIOS
from halfspace.companion.short_views.hinge import HINGE_NETS
from halfspace.companion.spec import Result
from halfspace.companion.text import plain_number, scientific, thousands

__all__ = [
    "aligned",
    "cosine_curves",
    "depth_gain",
    "direction_curves",
    "direction_numbers",
    "edge_numbers",
    "flip_curves",
    "flips_factor",
    "half_of_profile",
    "hinge_numbers",
    "misses",
    "range_excess",
    "share_curves",
    "slow_lead",
    "turned_share",
    "two_rows",
    "with_points",
]

Runs = Mapping[str, Result]

_PROFILE = 0.5  # of the variance over directions


def misses(result: Result, gap: str) -> np.ndarray:
    """Return for which seeds a rival differs by more than rounding, bool, shape (S,)."""
    return result.arrays[gap] > EXACT


# Directions


def direction_range(result: Result) -> np.ndarray:
    """Return the largest minus the smallest accuracy over the directions, shape (S,)."""
    return np.ptp(result.accuracy, axis=1)


def range_excess(result: Result, other: Result) -> np.ndarray:
    """Return by how many points the accuracies of one net range wider, shape (S,)."""
    return 100 * (direction_range(result) - direction_range(other))


def half_of_profile(result: Result, other: Result, sign: int = 1) -> np.ndarray:
    """Return how much of a net's variance over directions another net's accuracies say, (S,).

    It is ``1 - Σ (a - b)² / Σ (a - mean a)²`` minus one half, times the sign.
    """
    a, b = result.accuracy, other.accuracy
    around = np.square(a - a.mean(1, keepdims=True)).sum(1)
    return sign * (1 - np.square(a - b).sum(1) / around - _PROFILE)


def slow_lead(result: Result, scales: tuple[float, float], sign: int = 1) -> np.ndarray:
    """Return accuracy by the slow direction alone minus by the fast one, in points, (S,).

    Args:
        result: of ``TwoDirections``.
        scales: of the slow and the fast direction, one of ``RATIOS``.
        sign: factor.
    """
    slow, fast = result.accuracy[:, RATIOS.index(scales)].T
    return 100 * sign * (slow - fast)


# Hinge loss


def with_points(result: Result, name: str, expected: float) -> np.ndarray:
    """Return an array's exponent over the number of points, minus the expected one, (S,).

    Args:
        result: of ``HingeStart``.
        name: of the array.
        expected: exponent.
    """
    return fit_power_law(result.spec.counts, result.arrays[name])[0] - expected


def _ends(result: Result, name: str, net: str, alpha: float) -> np.ndarray:
    place = result.spec.alphas.index(alpha), HINGE_NETS.index(net)
    return result.arrays[name][:, *place]


def flips_factor(result: Result, net: str) -> np.ndarray:
    """Return ln of the share of gates that changed, smallest over largest α, shape (S,)."""
    alphas = result.spec.alphas
    rich, lazy = (_ends(result, "flips", net, alpha) for alpha in (min(alphas), max(alphas)))
    return np.log(rich / lazy)


def aligned(result: Result, net: str, vectors: str, alpha: float) -> np.ndarray:
    """Return what training adds to the mean |cos| of vectors with the label's direction, (S,).

    Args:
        result: of ``HingeEnds``.
        net: one of ``HINGE_NETS``.
        vectors: ``"gates"`` (normals of half-spaces) or ``"values"``.
        alpha: α.
    """
    after, before = (_ends(result, name, net, alpha) for name in (vectors, f"{vectors}_before"))
    return after - before


def turned_share(result: Result, alpha: float) -> np.ndarray:
    """Return what the DLGN's half-spaces gain in |cos|, over the mean gain of its values, (S,)."""
    gain = aligned(result, "dlgn", "values", alpha).mean()
    return aligned(result, "dlgn", "gates", alpha) / gain


# Edges


def depth_gain(learned: Result, fixed: Result) -> np.ndarray:
    """Return how much deeper paths are after training with learned edges than fixed ones, (S,)."""
    return learned.depth[1] - fixed.depth[1]


# Curves, tables and numbers of the chapter

NET_NAMES = {"relu": "ReLU net", "dlgn": "DLGN"}


def direction_curves(runs: Runs) -> dict[str, np.ndarray]:
    """Return test accuracies in percent by net and direction, mean and interval, (D, 3).

    Dense nets are those of the harder setting.
    """
    named = {label: f"conv {net}" for net, label in NET_NAMES.items()}
    named |= {f"{label}, dense": f"dense {net}, harder" for net, label in NET_NAMES.items()}
    return {label: mean_intervals(100 * runs[run].accuracy.T) for label, run in named.items()}


def two_rows(runs: Runs) -> list[dict[str, str]]:
    """Return the accuracies by one of two informative directions, as a table's rows."""
    rows = []
    for layers in ("conv", "dense"):
        for net, label in NET_NAMES.items():
            accuracy = 100 * runs[f"two: {layers} {net}"].accuracy.mean(0)
            row = {"net": f"{'conv.' if layers == 'conv' else 'dense'} {label}"}
            for scales, pair in zip(RATIOS, accuracy, strict=True):
                ratio = ":".join(f"{scale:g}" for scale in scales)
                row[f"scales {ratio}"] = " / ".join(f"{value:.0f}" for value in pair)
            rows.append(row)
    return rows


def flip_curves(result: Result) -> dict[str, np.ndarray]:
    """Return the share of gates that changed, in percent, by net and α, mean and interval."""
    flips = 100 * np.moveaxis(result.flips, 0, -1)  # (A, 2, S)
    return {
        label: mean_intervals(flips[:, HINGE_NETS.index(net)]) for net, label in NET_NAMES.items()
    }


def cosine_curves(result: Result) -> dict[str, np.ndarray]:
    """Return the mean |cos| with the label's direction at the end, by vectors and α."""
    relu, dlgn = map(HINGE_NETS.index, ("relu", "dlgn"))
    named = {
        "ReLU net": result.gates[..., relu],
        "DLGN, values": result.values[..., dlgn],
        "DLGN, half-spaces": result.gates[..., dlgn],
    }
    return {label: mean_intervals(values.T) for label, values in named.items()}


def share_curves(runs: Runs, ending: str = "") -> dict[str, np.ndarray]:
    """Return the shares of paths by the layers passed, in percent: start, fixed, learned edges."""
    learned, fixed = (runs[f"{name}{ending}"].shares for name in ("learned", "fixed"))
    named = {"start": learned[0], "fixed edges": fixed[1], "learned edges": learned[1]}
    return {label: mean_intervals(100 * shares.T) for label, shares in named.items()}


def direction_numbers(runs: Runs) -> dict[str, object]:
    """Return what the text says of directions; accuracies in percent."""
    share = half_of_profile(runs["conv dlgn"], runs["conv relu"]) + _PROFILE
    numbers = {
        "seeds": runs["conv relu"].spec.seeds,
        "explained": f"{100 * share.mean():.0f}",
        "from-one": origin(*(runs[name] for name in runs if "two" not in name)),
        "from-two": origin(*(runs[name] for name in runs if "two" in name)),
    }
    for net in NET_NAMES:
        for name in (f"conv {net}", f"dense {net}", f"dense {net}, harder"):
            run, short = runs[name], name.replace(", ", "-").replace(" ", "-")
            means = 100 * run.accuracy.mean(0)
            numbers[f"{short}-least"] = f"{means.min():.0f}"
            numbers[f"{short}-most"] = f"{means.max():.0f}"
            numbers[f"{short}-range"] = f"{100 * direction_range(run).mean():.0f}"
    return numbers


def hinge_numbers(runs: Runs) -> dict[str, object]:
    """Return what the text says of the hinge loss."""
    start, ends = runs["start"], runs["ends"]
    few, many = min(start.spec.counts), max(start.spec.counts)
    numbers = {
        "few": thousands(few),
        "many": thousands(many),
        "seeds": start.spec.seeds,
        "runs": ends.spec.seeds,
        "chance": f"{(2 / (math.pi * ends.spec.d_in)) ** 0.5:.2f}",
        "from-start": origin(start),
        "from-ends": origin(ends),
    }
    for net in HINGE_NETS:
        for name in ("error", "turned"):
            values = start.arrays[f"{net}_{name}"].mean(0)
            for when, value in (("few", values[0]), ("many", values[-1])):
                numbers[f"{net}-{name}-{when}"] = f"{100 * value:.0f}"
        numbers[f"{net}-factor"] = factor_text(flips_factor(ends, net))
        for alpha in (0.1, 1.0, 100.0):
            for name in ("flips", "gates", "values", "accuracy"):
                value = _ends(ends, name, net, alpha).mean()
                percent = name in ("flips", "accuracy")
                text = plain_number(float(f"{100 * value:.2g}")) if percent else f"{value:.2f}"
                numbers[f"{net}-{name}-{alpha:g}"] = text
    return numbers


def edge_numbers(runs: Runs) -> dict[str, object]:
    """Return what the text says of edges."""
    signs = [run for name, run in runs.items() if name.startswith("signs")]
    learned, fixed = runs["learned"], runs["fixed"]
    numbers = {
        "nets": signs[0].spec.seeds,
        "gap": scientific(max(run.gap.max() for run in signs)),
        "unsquared": f"{np.median([run.unsquared for run in signs]):.1f}",
        "seeds": learned.spec.seeds,
        "last": f"{learned.edge_sizes[:, -1, -1].mean():.2f}",
        "skip": f"{learned.edge_sizes[:, -1, 0].mean():.2f}",
        "from-signs": origin(*signs),
        "from-depth": origin(*(runs[name] for name in runs if "signs" not in name)),
        "loss": scientific(max(runs[name].loss[1].max() for name in ("learned", "fixed"))),
    }
    for name in ("", ", from 1"):
        short = "-1" if name else ""
        learned, fixed = runs[f"learned{name}"], runs[f"fixed{name}"]
        numbers |= {
            f"start{short}": f"{learned.depth[0].mean():.2f}",
            f"learned{short}": f"{learned.depth[1].mean():.2f}",
            f"fixed{short}": f"{fixed.depth[1].mean():.2f}",
            f"gain{short}": interval_text(depth_gain(learned, fixed)),
            f"deeper{short}": int((depth_gain(learned, fixed) > 0).sum()),
        }
    return numbers
