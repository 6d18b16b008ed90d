"""What results say of catapults, each statistic once."""

from collections.abc import Mapping

import numpy as np

from halfspace.companion.intervals import factor_text, interval_text, mean_interval
from halfspace.companion.origin import origin
from halfspace.companion.spec import Result
from halfspace.companion.text import rounded, scientific

__all__ = [
    "CLOTHES_NETS",
    "DEEP_NETS",
    "FLAT_NETS",
    "alive",
    "at_rate",
    "cata_numbers",
    "clothes_rows",
    "diverged_shares",
    "ends_below",
    "flatter",
    "flies",
    "flip_curves",
    "gate_curves",
    "grown",
    "grows_sparser",
    "halves_moved",
    "has_diverged",
    "living",
    "living_curve",
    "loses_paths",
    "more_turned",
    "off_half",
    "path_curves",
    "paths_grown",
    "rises",
    "sparser",
    "turned",
]

Runs = Mapping[str, Result]

START, EQUAL, END = 0, 1, 2
"""The times of ``Catapults``, along the first axis of its arrays."""

_NOTHING = 1e-6  # of the loss at the start

FLAT_NETS = {
    "ReLU net": "1 layer: relu",
    "DLGN": "1 layer: soft",
    "fast gates": "1 layer: fast",
    "straight-through": "1 layer: straight-through",
    "frozen gates": "1 layer: frozen gates",
}
"""Nets of one hidden layer on the circle: names for readers, and their runs."""

DEEP_NETS = {
    "ReLU net": "2 layers: relu",
    "DLGN": "2 layers: soft",
    "frozen gates": "2 layers: frozen gates",
    "with biases": "2 layers: biases",
}
"""Those of two hidden layers."""

CLOTHES_NETS = {
    "ReLU net": "relu",
    "DLGN, slow gates": "soft",
    "DLGN, fast gates": "fast",
    "ReLU net, centred": "centred: relu",
}
"""Those on images."""


def at_rate(result: Result, name: str, rate: float, when: int | None = None) -> np.ndarray:
    """Return one rate's values, shape (S,).

    Args:
        result: of ``OneDatum`` or ``Catapults``.
        name: of the array.
        rate: learning rate times the NTK's largest eigenvalue at the start.
        when: the time, for arrays that have one.
    """
    values = result.arrays[name]
    return (values if when is None else values[when])[:, result.spec.rates.index(rate)]


def flies(result: Result, rate: float) -> np.ndarray:
    """Return for which seeds the smallest model's loss rises and then goes to zero, (S,)."""
    return (at_rate(result, "peak", rate) > 1) & (at_rate(result, "last", rate) < _NOTHING)


def has_diverged(result: Result, rate: float) -> np.ndarray:
    """Return which seeds have diverged, bool, shape (S,)."""
    return at_rate(result, "diverged", rate)


def rises(result: Result, rate: float) -> np.ndarray:
    """Return which nets' losses exceed their start within the first 40 steps, bool, (S,)."""
    return at_rate(result, "peak", rate) > at_rate(result, "first", rate)


def ends_below(result: Result, rate: float) -> np.ndarray:
    """Return which nets' losses end below their start, bool, shape (S,)."""
    return at_rate(result, "last", rate) < at_rate(result, "first", rate)


def flatter(result: Result, rate: float, slow: float) -> np.ndarray:
    """Return which nets fly over a barrier and land flatter and lighter, bool, shape (S,).

    Their loss rises within 40 steps, and ends below its start; the NTK's largest eigenvalue and the
    squared norm of the value weights end below their starts, and below the ends of the same net's
    training at a slow rate, at which the loss does not rise.

    Args:
        result: of ``Catapults``.
        rate: the fast rate.
        slow: the slow one.
    """
    lands = rises(result, rate) & ~rises(result, slow) & ends_below(result, rate)
    for name in ("eigenvalue", "norm"):
        end = at_rate(result, name, rate, END)
        lands &= end < at_rate(result, name, rate, START)
        lands &= end < at_rate(result, name, slow, END)
    return lands


def off_half(result: Result) -> np.ndarray:
    """Return the largest distance of the mean gate from ½, over times and rates, shape (S,)."""
    return np.nanmax(np.abs(result.activity - 0.5), axis=(0, 2))


def turned(result: Result, rate: float = 3.5, slow: float = 1.8) -> np.ndarray:
    """Return by how much more gates a fast rate flips than a slow one, at equal time, (S,).

    The difference of shares of gates that differ from the start's; NaN if one has diverged.
    """
    return at_rate(result, "flips", rate, EQUAL) - at_rate(result, "flips", slow, EQUAL)


def more_turned(result: Result, other: Result) -> np.ndarray:
    """Return for which seeds the first net's gates are ``turned`` more, bool, shape (S,)."""
    return turned(result) > turned(other)


def grows_sparser(result: Result, rates: tuple[float, ...]) -> np.ndarray:
    """Return for which seeds the mean gate at the end falls from each rate to the next, (S,)."""
    ends = np.stack([at_rate(result, "activity", rate, END) for rate in rates])
    return (np.diff(ends, axis=0) < 0).all(0)


def alive(result: Result, rate: float) -> np.ndarray:
    """Return which nets have not diverged and end below the loss of their start, bool, (S,)."""
    return ~has_diverged(result, rate) & ends_below(result, rate)


def loses_paths(result: Result, rate: float) -> np.ndarray:
    """Return which living nets end with fewer active paths (mean of the logarithm), bool, (S,)."""
    end, start = (at_rate(result, "paths", rate, when) for when in (END, START))
    return alive(result, rate) & (end < start)


def sparser(result: Result, rate: float) -> np.ndarray:
    """Return which living nets end with a smaller mean gate than they started with, bool, (S,)."""
    end, start = (at_rate(result, "activity", rate, when) for when in (END, START))
    return alive(result, rate) & (end < start)


def living_curve(result: Result, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return rates at which more than half of the nets live, (k,), and their means, (k, 3).

    Args:
        result: of ``Catapults``.
        values: NaN for nets that have diverged, shape (S, R).
    """
    kept = [np.isfinite(column).mean() > 0.5 for column in values.T]
    rows = [
        mean_interval(column[np.isfinite(column)])
        for column, keep in zip(values.T, kept, strict=True)
        if keep
    ]
    return np.array(result.spec.rates)[kept], np.array(rows)


def flip_curves(runs: Runs) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return percent of gates flipped at equal time over the rate, by net, one hidden layer."""
    return {
        label: living_curve(run, 100 * run.flips[EQUAL])
        for label, run in _named(runs, FLAT_NETS).items()
    }


def diverged_shares(runs: Runs) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return the rates and percent of nets that diverged, by net, two hidden layers."""
    return {
        label: (np.array(run.spec.rates), 100 * run.diverged.mean(0))
        for label, run in _named(runs, DEEP_NETS).items()
    }


def gate_curves(runs: Runs) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return the mean gate in percent at the end over the rate, by net, two hidden layers."""
    return {
        label: living_curve(run, 100 * run.activity[END])
        for label, run in _named(runs, DEEP_NETS).items()
    }


def path_curves(runs: Runs) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return factors on the number of active paths over the rate, by net, two hidden layers."""
    curves = {}
    for label, run in _named(runs, DEEP_NETS).items():
        rates, rows = living_curve(run, run.paths[END] - run.paths[START])
        curves[label] = (rates, np.exp(rows))
    return curves


def _named(runs: Runs, names: Mapping[str, str]) -> dict[str, Result]:
    return {label: runs[name] for label, name in names.items()}


def clothes_rows(runs: Runs) -> list[dict[str, object]]:
    """Return what becomes of nets on images, as a table's rows.

    At each rate: the mean gate at the end, or how many nets diverge, if one does.
    """
    rows = []
    for label, name in CLOTHES_NETS.items():
        run, row = runs[name], {"net": label}
        for rate in (2.5, 4.5, 6, 12):
            lost = has_diverged(run, rate).sum()
            row[f"{rate:g}"] = (
                f"✗ {lost}" if lost else f"{100 * living(run, 'activity', rate).mean():.0f} %"
            )
        rows.append(row)
    return rows


def living(result: Result, name: str, rate: float, when: int = END) -> np.ndarray:
    """Return one rate's values of the nets that have not diverged, shape (k,)."""
    values = at_rate(result, name, rate, when)
    return values[np.isfinite(values)]


def paths_grown(result: Result, rate: float, half: str = "") -> np.ndarray:
    """Return by how much the mean of ln(active paths) grew in living nets, shape (k,).

    Args:
        result: of ``Catapults``.
        rate: the learning rate.
        half: all points, or those of ``"_top"`` or ``"_bottom"`` of the circle.
    """
    start, end = (at_rate(result, f"paths{half}", rate, when) for when in (START, END))
    return (end - start)[np.isfinite(end)]


def halves_moved(result: Result, rate: float) -> np.ndarray:
    """Return by how much more ln(active paths) grew on the top half, living nets, shape (k,)."""
    return paths_grown(result, rate, "_top") - paths_grown(result, rate, "_bottom")


def grown(result: Result, name: str, rate: float) -> np.ndarray:
    """Return ln of the end over the start of what living nets have, shape (k,)."""
    start, end = (at_rate(result, name, rate, when) for when in (START, END))
    return np.log((end / start)[np.isfinite(end)])


def cata_numbers(models: Runs, norms: Runs, circles: Runs, images: Runs) -> dict[str, object]:
    """Return what the text says of the recorded runs on catapults."""
    small, wide = models["n = 512"], models["n = 4096"]
    deep = {name.removeprefix("2 layers: "): circles[name] for name in DEEP_NETS.values()}
    numbers = {
        "model-seeds": small.spec.seeds,
        "norm-seeds": norms["relu: 1 layer"].spec.seeds,
        "seeds": circles["1 layer: relu"].spec.seeds,
        "image-seeds": images["relu"].spec.seeds,
        "map-gap": scientific(small.gap.max()),
        "norm-gap": scientific(max(norms[name].gap.max() for name in norms if _holds(name))),
        "norm-off": f"{100 * min(norms[n].gap.min() for n in norms if not _holds(n)):.1g}",
    }
    for rate in (2.2, 2.5, 3):
        for size, run in (("small", small), ("wide", wide)):
            numbers[f"kappa-{size}-{rate:g}"] = f"{np.median(at_rate(run, 'kappa', rate)):.2f}"
    for name in FLAT_NETS.values():
        run, key = circles[name], name.removeprefix("1 layer: ").replace(" ", "-")
        numbers[f"turned-{key}"] = interval_text(100 * turned(run), 1)
        numbers[f"rise-{key}"] = int(rises(run, 3.5).sum())
        for rate in (1.8, 3.5):
            end = rate * np.exp(grown(run, "eigenvalue", rate))
            numbers[f"flips-{key}-{rate:g}"] = (
                f"{100 * living(run, 'flips', rate, EQUAL).mean():.1f}"
            )
            numbers[f"kappa-{key}-{rate:g}"] = f"{end.mean():.2f}"
            numbers[f"norm-{key}-{rate:g}"] = factor_text(grown(run, "norm", rate))
        for rate in (4.5, 6):
            numbers[f"lost-{key}-{rate:g}"] = int(has_diverged(run, rate).sum())
    for name, run in deep.items():
        key = name.replace(" ", "-")
        for rate in run.spec.rates:
            numbers[f"deep-lost-{key}-{rate:g}"] = int(has_diverged(run, rate).sum())
            if 2 * has_diverged(run, rate).sum() < run.spec.seeds:
                gates = living(run, "activity", rate)
                numbers[f"deep-gates-{key}-{rate:g}"] = f"{100 * gates.mean():.1f}"
                numbers[f"deep-paths-{key}-{rate:g}"] = factor_text(paths_grown(run, rate))
    relu = deep["relu"]
    numbers["one-in-8"] = rounded(np.exp(-paths_grown(relu, 8).mean()))
    for rate in (3.5, 6, 12):
        numbers[f"halves-{rate:g}"] = interval_text(halves_moved(relu, rate))
        numbers[f"deep-norm-{rate:g}"] = factor_text(grown(relu, "norm", rate))
    for name, run in images.items():
        key = name.replace(": ", "-")
        for rate in run.spec.rates:
            numbers[f"image-lost-{key}-{rate:g}"] = int(has_diverged(run, rate).sum())
            if len(gates := living(run, "activity", rate)):
                numbers[f"image-gates-{key}-{rate:g}"] = f"{100 * gates.mean():.0f}"
                numbers[f"image-off-{key}-{rate:g}"] = (
                    f"{100 * living(run, 'off', rate).mean():.0f}"
                )
    groups = {
        "model": [small, wide],
        "norms": norms.values(),
        "flips": [circles[name] for name in FLAT_NETS.values()],
        "survival": deep.values(),
        "images": images.values(),
    }
    return numbers | {f"from-{name}": origin(*group) for name, group in groups.items()}


def _holds(name: str) -> bool:
    """Tell whether the formula of the norm should hold in a run of that name."""
    return name.endswith(("layer", "layers"))
