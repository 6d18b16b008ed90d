"""What results say of globally gated nets and coding schemes, each statistic once."""

from collections.abc import Mapping

import numpy as np

from halfspace.companion.globally_gated.capacity import GATE_KINDS, independent_products
from halfspace.companion.intervals import (
    factor_text,
    fit_power_law,
    geometric_intervals,
    interval_text,
    mean_intervals,
)
from halfspace.companion.origin import origin
from halfspace.companion.spec import Result
from halfspace.companion.text import plain_number, scientific, significant, thousands

__all__ = [
    "PEAK",
    "STORED",
    "bias_curves",
    "bias_gain",
    "carrier_curve",
    "carrier_curves",
    "cluster_gain",
    "carrier_exponent",
    "coding_numbers",
    "coupling",
    "descent_curves",
    "distance_curves",
    "error_exponent",
    "error_over_relu",
    "gated_numbers",
    "has_its_rank",
    "identical",
    "joined",
    "kernel_exponent",
    "many_curves",
    "many_numbers",
    "nearer",
    "nearer_error",
    "nearer_relu",
    "ntk_excess",
    "ntk_exponent",
    "order_images",
    "peak_gain",
    "peaks",
    "rank_rows",
    "sampled_curves",
    "storage_curves",
    "stores_its_numbers",
    "trained_curves",
    "transfer_curves",
    "transfer_gain",
    "transfer_rows",
    "variance_nearer",
]

PEAK = 5
"""Number of gates at which features are as many as points: 100 points in 20 dimensions."""

STORED = 1e-6
"""Mean squared error below which random labels, of variance 1, count as stored."""


def _column(result: Result, name: str, width: int) -> np.ndarray:
    """Return an array's values at one of the spec's widths, shape (S,)."""
    return result.arrays[name][:, result.spec.widths.index(width)]


def joined(*results: Result, axis: int = 1) -> Result:
    """Return one result with the widths of several runs on the same seeds, in increasing order.

    Args:
        results: whose specs have ``widths``; the first one's other fields stand for all.
        axis: of the widths in every array that has it; the other arrays are the first one's.

    Raises:
        ValueError: if the runs' seeds differ.
    """
    first = results[0]
    if len({(result.spec.first_seed, result.spec.seeds) for result in results}) > 1:
        raise ValueError("runs can only be joined if they have the same seeds")
    widths = np.concatenate([result.spec.widths for result in results])
    order = np.argsort(widths)
    arrays = {
        name: np.concatenate([result.arrays[name] for result in results], axis).take(order, axis)
        if array.ndim > axis
        else array
        for name, array in first.arrays.items()
    }
    spec = first.spec.replace(widths=tuple(widths[order].tolist()))
    return Result(spec, arrays, first.provenance, first.source)


def ntk_excess(result: Result, width: int) -> np.ndarray:
    """Return the mean NTK of ``TangentMean`` along its expectation, minus 1, shape (S,)."""
    return _column(result, "ratios", width) - 1


def ntk_exponent(result: Result) -> np.ndarray:
    """Return the exponent of the NTK's relative spread against the width, plus 1/2, (S,)."""
    return fit_power_law(result.spec.widths, result.errors)[0] + 0.5


def nearer(result: Result, width: int, what: str = "") -> np.ndarray:
    """Return ln of how many times nearer the theory is than infinite width, shape (S,).

    Args:
        result: with distances ``theory`` and ``limit``, shape (S, W).
        width: N.
        what: the distances' prefix, as ``"mean_"``.
    """
    limit, theory = (_column(result, f"{what}{name}", width) for name in ("limit", "theory"))
    return np.log(limit / theory)


def variance_nearer(result: Result, width: int) -> np.ndarray:
    """Return ``nearer`` for the mean variance of ``FiniteWidth``, by its difference, (S,)."""
    limit, theory = (_column(result, f"variance_{name}", width) for name in ("limit", "theory"))
    return np.log(np.abs(limit - 1) / np.abs(theory - 1))


def error_exponent(result: Result) -> np.ndarray:
    """Return the exponent of the order parameter's error in ``FiniteWidth`` over N, (S,)."""
    return fit_power_law(result.spec.widths, result.order_theory)[0]


def identical(result: Result) -> np.ndarray:
    """Return whether the mean of ``WidthAndScale`` is the same at all widths and scales, (S,)."""
    return (result.gap < 1e-10).all((1, 2))


def bias_gain(result: Result, std: float, width: int) -> np.ndarray:
    """Return ln of the bias at infinite width over that at a finite one, shape (S,)."""
    row = result.spec.stds.index(std)
    bias = result.bias[:, row, result.spec.widths.index(width)]
    return np.log(result.limit[:, row] / bias)


def transfer_gain(result: Result, width: int, over: str = "limit") -> np.ndarray:
    """Return ln of the second task's error without sharing over that of the posterior, (S,).

    Args:
        result: of ``Transfer``.
        width: N.
        over: ``"limit"``: infinite width; ``"untied"``: each gate has hidden units of its own.
    """
    alone = result.limit if over == "limit" else _column(result, "untied", width)
    return np.log(alone / _column(result, "exact", width))


def coupling(result: Result, width: int) -> np.ndarray:
    """Return the gates' coupling in the exact posterior, shape (S,)."""
    return _column(result, "coupling_exact", width)


def peaks(result: Result, row: int) -> np.ndarray:
    """Return whether the error of ``DescentPeak`` is largest at ``PEAK`` gates, (S,).

    Args:
        result: at a low temperature.
        row: 0 for infinite width, then the spec's widths.
    """
    return result.errors[:, row].argmax(-1) == result.spec.counts.index(PEAK)


def peak_gain(low: Result, high: Result, row: int) -> np.ndarray:
    """Return ln of the error at the peak, low temperature over high, shape (S,)."""
    at = low.spec.counts.index(PEAK)
    return np.log(low.errors[:, row, at] / high.errors[:, row, at])


def nearer_error(result: Result, width: int) -> np.ndarray:
    """Return ln of how much nearer to trained nets' error the theory's is than infinite width's.

    Args:
        result: of ``TrainedNets``.
        width: N.

    Returns:
        Shape (S,).
    """
    trained = _column(result, "mean", width)
    gaps = result.error_limit - trained, _column(result, "error_theory", width) - trained
    return np.log(np.abs(gaps[0]) / np.abs(gaps[1]))


def stores_its_numbers(result: Result, width: int) -> np.ndarray:
    """Return whether as many points are fitted as a net has free numbers, and two more are not.

    Args:
        result: of ``Storage``; fitted is a mean squared error below 1e-6.
        width: N.

    Returns:
        Shape (S,), bool.
    """
    errors = _column(result, "errors", width)
    return (errors[:, 0] < STORED) & (errors[:, 1] >= STORED)


def has_its_rank(result: Result, kind: str) -> np.ndarray:
    """Return whether the features have the rank of the formula, at every depth and gate number.

    Args:
        result: of ``FeatureRanks``.
        kind: one of ``GATE_KINDS``.

    Returns:
        Shape (S,), bool.
    """
    spec = result.spec
    expected = [
        [spec.d_in * independent_products(kind, count, depth) for count in spec.counts]
        for depth in spec.depths
    ]
    return (result.ranks[:, GATE_KINDS.index(kind)] == np.array(expected)).all((1, 2))


def nearer_relu(result: Result) -> np.ndarray:
    """Return ln of the distance to the ReLU net's predictor, 10 gates over 1,000, shape (S,)."""
    few, many = (result.distances[:, result.spec.counts.index(count)] for count in (10, 1000))
    return np.log(few / many)


def error_over_relu(result: Result, rival: str) -> np.ndarray:
    """Return by how much 1,000 gates err more than a ReLU kernel, shape (S,).

    Args:
        result: of ``ManyGates``.
        rival: ``"relu"`` or ``"relu_ntk"``.

    Returns:
        In units of how much more the linear kernel errs on average.
    """
    error, relu = result.errors[:, result.spec.counts.index(1000)], result.arrays[rival]
    return (error - relu) / (result.linear - relu).mean()


def kernel_exponent(result: Result) -> np.ndarray:
    """Return the exponent of the kernel's distance to its limit, 10 gates on, plus 1/2, (S,)."""
    counts = np.array(result.spec.counts)
    return fit_power_law(counts[counts >= 10], result.kernel_distances[:, counts >= 10])[0] + 0.5


def cluster_gain(result: Result, count: int) -> np.ndarray:
    """Return test error with random gates minus that with gates from clusters, in points, (S,)."""
    place = result.spec.clusters.index(count)
    return 100 * (result.unclustered[:, place] - result.clustered[:, place])


def carrier_exponent(result: Result, half: int = 1) -> np.ndarray:
    """Return the exponent of the number of carriers against the width, shape (S,).

    Args:
        result: of ``Carriers``.
        half: of the chain, 0 or 1.
    """
    return fit_power_law(result.spec.widths, result.carriers[:, :, half])[0]


# Curves and tables of the chapter

SCHEMES = {"linear": "linear", "erf": "erf", "relu": "ReLU"}
"""What readers call the activations of the runs on coding schemes."""

Runs = Mapping[str, Result]


def distance_curves(result: Result, what: str = "") -> dict[str, np.ndarray]:
    """Return the distances of theory and infinite width over N, geometric mean and interval.

    Args:
        result: with distances ``theory`` and ``limit``, shape (S, W).
        what: the distances' prefix, as ``"mean_"``.

    Returns:
        By name, shape (W, 3).
    """
    names = {"infinite width": "limit", "renormalised kernel": "theory"}
    return {
        label: geometric_intervals(result.arrays[f"{what}{name}"].T)
        for label, name in names.items()
    }


def sampled_curves(result: Result) -> dict[str, np.ndarray]:
    """Return ``distance_curves`` of ``SampledNets`` with the sampling error, shape (W, 3)."""
    return distance_curves(result) | {"sampling error": geometric_intervals(result.halves.T)}


def order_images(result: Result, widths: tuple[int, ...]) -> tuple[list[np.ndarray], list[str]]:
    """Return order parameters of the first seed, a row for each width, and titles.

    Returns:
        For each width three (M, M) arrays, at infinite width, by theory and exact; and as many
        titles.
    """
    images, titles = [], []
    for width in widths:
        place = result.spec.widths.index(width)
        saddle, exact = result.saddles[0, place], result.posteriors[0, place]
        images += [np.eye(len(saddle)), saddle, exact]
        titles += ["N infinite", f"N = {width}, theory", f"N = {width}, exact"]
    return images, titles


def transfer_curves(runs: Mapping[float, Result]) -> dict[str, dict[str, np.ndarray]]:
    """Return the second task's mean squared error over the similarity ρ.

    Args:
        runs: ``Transfer`` by ρ, increasing.

    Returns:
        ``"theory"``, ``"exact"``, ``"untied"``, each by width; ``"limit"`` by its name; and
        ``"coupling"`` by width. Means over seeds with intervals, shape (ρ, 3).
    """
    first = next(iter(runs.values()))

    def curve(name: str, width: int) -> np.ndarray:
        return mean_intervals(np.array([_column(run, name, width) for run in runs.values()]))

    names = {name: name for name in ("theory", "exact", "untied")}
    names["coupling"] = "coupling_exact"
    curves = {
        label: {f"N = {width}": curve(name, width) for width in first.spec.widths}
        for label, name in names.items()
    }
    limit = mean_intervals(np.array([run.limit for run in runs.values()]))
    return curves | {"limit": {"infinite width": limit}}


def transfer_rows(runs: Mapping[float, Result], width: int) -> list[dict[str, str]]:
    """Return what the second task gains at one width, as a table's rows."""
    rows = []
    for rho, run in runs.items():
        rows.append(
            {
                "ρ": plain_number(rho),
                f"error, N = {width}": f"{_column(run, 'exact', width).mean():.3f}",
                "infinite width": f"{run.limit.mean():.3f}",
                "smaller by": factor_text(transfer_gain(run, width)),
                "coupling": interval_text(coupling(run, width)),
            }
        )
    return rows


def bias_curves(four: Result, one: Result) -> dict[str, np.ndarray]:
    """Return the bias over that at infinite width, by weight scale; last that of one gate.

    Args:
        four: ``WidthAndScale`` with four gates.
        one: with one; its largest deviation from infinite width stands for all scales.

    Returns:
        Geometric means with intervals, shape (W, 3); for one gate, those of its own widths.
    """
    curves = {
        f"s = {std:g}": geometric_intervals((four.bias[:, row] / four.limit[:, row, None]).T)
        for row, std in enumerate(four.spec.stds)
    }
    flat = one.bias[:, 1] / one.limit[:, 1, None]
    return curves | {"one gate": geometric_intervals(flat.T)}


def descent_curves(run: Result) -> dict[str, np.ndarray]:
    """Return the test error over the number of gates, geometric mean and interval, (C, 3)."""
    names = ["infinite width"] + [f"N = {width}" for width in run.spec.widths]
    return {name: geometric_intervals(run.errors[:, row].T) for row, name in enumerate(names)}


def trained_curves(run: Result) -> dict[str, np.ndarray]:
    """Return test errors of ``TrainedNets`` over the width, mean and interval, shape (W, 3)."""
    limit = np.repeat(run.error_limit[:, None], len(run.spec.widths), 1)
    rows = {
        "infinite width": limit,
        "one trained net": run.single,
        "mean of trained nets": run.mean,
        "renormalised kernel": run.error_theory,
    }
    return {name: mean_intervals(values.T) for name, values in rows.items()}


def many_curves(run: Result) -> dict[str, np.ndarray]:
    """Return test errors of ``ManyGates`` in percent over the number of gates, shape (C, 3).

    The kernels that have no gates to count are given at the first and the last number, (2, 3).
    """
    names = {"linear kernel": "linear", "ReLU net": "relu", "ReLU net, NTK": "relu_ntk"}
    names["limit of many gates"] = "limit"
    curves = {"globally gated": mean_intervals(100 * run.errors.T)}
    for label, name in names.items():
        curves[label] = mean_intervals(np.stack([100 * run.arrays[name]] * 2))
    return curves


def storage_curves(run: Result) -> dict[str, np.ndarray]:
    """Return which share of problems nets of each width store, against how full they are.

    Returns:
        By width, for each number of points that number over the net's free numbers, and the share
        of problems, shape (P, 2).
    """
    free = run.spec.extras.index(0)
    stored = (run.errors < STORED).mean(0)
    return {
        f"N = {width}": np.stack([points / points[free], shares], 1)
        for width, points, shares in zip(run.spec.widths, run.points[0], stored, strict=True)
    }


def rank_rows(run: Result) -> list[dict[str, str]]:
    """Return the mean number of independent features with one gate open, as a table's rows."""
    ranks = run.ranks[:, GATE_KINDS.index("0 or 1, one open")].mean(0)
    return [
        {"gates M": str(count)}
        | {f"L = {depth}": f"{rank:.0f}" for depth, rank in zip(run.spec.depths, row, strict=True)}
        for count, row in zip(run.spec.counts, ranks.T, strict=True)
    ]


def many_numbers(runs: Runs) -> dict[str, object]:
    """Return what the text says of the runs with many gates, errors in percent."""
    clothes, ranks, around = runs["clothes"], runs["ranks"], runs["storage: around the limit"]
    stored, free = (around.errors < STORED).sum(0), around.spec.extras.index(0)
    counts = clothes.spec.counts
    numbers = {
        "clothes-seeds": clothes.spec.seeds,
        "from-clothes": origin(clothes),
        "from-storage": origin(around),
        "from-ranks": origin(ranks),
        "storage-seeds": around.spec.seeds,
        "storage-starts": around.spec.starts,
        "stored-full": int(stored[:, free].min()),
        "stored-one-more": int(stored[:, free + 1].max()),
        "stored-more": int(stored[:, free + 2 :].max()),
        "first-starts": runs["storage"].spec.starts,
        "stored-eight": int((_column(runs["storage"], "errors", 8)[:, 0] < STORED).sum()),
        "eight-seeds": runs["storage"].spec.seeds,
        "ranks-seeds": ranks.spec.seeds,
        "distance-10": f"{clothes.distances[:, counts.index(10)].mean():.2f}",
        "distance-1000": f"{clothes.distances[:, counts.index(1000)].mean():.2f}",
        "distance-limit": f"{clothes.distance_limit.mean():.3f}",
        "error-1000": f"{100 * clothes.errors[:, counts.index(1000)].mean():.1f}",
        "relu-over-limit": interval_text(100 * (clothes.relu - clothes.limit)),
    }
    for name in ("linear", "relu", "relu_ntk", "limit"):
        numbers[f"error-{name}"] = f"{100 * clothes.arrays[name].mean():.1f}"
    for count in clothes.spec.clusters:
        numbers[f"clusters-{count}"] = interval_text(cluster_gain(clothes, count))
    return numbers


def carrier_curve(run: Result, half: int = 1) -> np.ndarray:
    """Return the number of carriers over the width in one half of the chain, (W, 3)."""
    return geometric_intervals(run.carriers[:, :, half].T)


def carrier_curves(runs: Runs, *, lazy: bool) -> dict[str, np.ndarray]:
    """Return ``carrier_curve`` of each activation up to 400 units, by its name for readers."""
    end = ", lazy" if lazy else ""
    return {label: carrier_curve(runs[f"wider: {name}{end}"]) for name, label in SCHEMES.items()}


def gated_numbers(runs: Runs) -> dict[str, object]:
    """Return what the text says of the recorded runs on globally gated nets."""
    tied = [runs[f"tied: {depth}"] for depth in ("one layer", "two layers")]
    ntk = [runs[f"ntk: {depth}"] for depth in ("one layer", "two layers")]
    width = runs["width: piecewise"]
    far, none = runs["transfer: ρ = 0.95"], runs["transfer: ρ = 0"]
    four, one = runs["scale: four gates"], runs["scale: one gate"]
    low, high = (runs[f"descent: T = {noise}"] for noise in ("1e-06", "0.01"))
    place = low.spec.counts.index(PEAK)
    trained = {
        "alike": joined(runs["trained"], runs["trained: 100 units"]),
        "opposite": runs["trained: opposite"],
    }
    numbers = {
        "seeds": width.spec.seeds,
        "many-seeds": tied[0].spec.seeds,
        "tied-gap": scientific(max(run.output_gap.max() for run in tied)),
        "kernel-gap": scientific(max(run.kernel_gap.max() for run in tied)),
        "ntk-excess": f"{100 * max(abs(run.ratios.mean(0) - 1).max() for run in ntk):.1f}",
        "order-exponent": interval_text(error_exponent(width)),
        "share-least": f"{width.share.min():.2f}",
        "linear-gap": scientific(one.gap.max()),
        "rule-gap": scientific(four.rule.max()),
        "peak-low": significant(float(np.exp(np.log(low.errors[:, 0, place]).mean())), 2),
        "peak-high": significant(float(np.exp(np.log(high.errors[:, 0, place]).mean())), 2),
        "last-low": significant(float(low.errors[:, 0, -1].mean()), 2),
        "gain-far": factor_text(transfer_gain(far, 10)),
        "gain-opposite": factor_text(transfer_gain(runs["transfer: ρ = -0.95"], 10)),
        "cost-none": factor_text(-transfer_gain(none, 10)),
        "untied-gap": f"{max(abs(_untied(run)).max() for run in _transfers(runs)):.3f}",
        "far-exact": f"{_column(far, 'exact', 10).mean():.2f}",
        "far-limit": f"{far.limit.mean():.2f}",
        "none-exact": f"{_column(none, 'exact', 10).mean():.2f}",
        "none-limit": f"{none.limit.mean():.2f}",
        "theory-gap": f"{100 * max(_theory_gap(run) for run in _transfers(runs)):.0f}",
    }
    for n in (10, 40, 320):
        for name in ("theory", "limit"):
            error = np.exp(np.log(_column(width, f"mean_{name}", n)).mean())
            numbers[f"mean-{name}-{n}"] = significant(float(error), 2)
            numbers[f"variance-{name}-{n}"] = f"{_column(width, f'variance_{name}', n).mean():.2f}"
    for std, n in ((1, 10), (2, 20), (0.3, 10)):
        numbers[f"bias-{std}-{n}"] = factor_text(-bias_gain(four, std, n))
    for run, n in (
        (runs["sampled: two layers"], 10),
        (runs["sampled: two layers, 80 units"], 80),
    ):
        for name in ("theory", "limit", "halves"):
            value = np.exp(np.log(_column(run, name, n)).mean())
            numbers[f"sampled-{name}-{n}"] = significant(float(value), 2)
    for tasks, run in trained.items():
        for n in run.spec.widths:
            for name in ("mean", "single", "error_theory"):
                numbers[f"{tasks}-{name}-{n}"] = f"{_column(run, name, n).mean():.2f}"
            for name in ("theory", "limit"):
                numbers[f"{tasks}-distance-{name}-{n}"] = f"{_column(run, name, n).mean():.2f}"
        numbers[f"{tasks}-limit"] = f"{run.error_limit.mean():.2f}"
    groups = {
        "identities": tied + ntk,
        "width": [width, runs["width: transfer"]],
        "order": [width],
        "transfer": _transfers(runs),
        "scale": [four, runs["scale: four gates, 300 units"], one],
        "descent": [low, high],
        "sampled": [run for name, run in runs.items() if name.startswith("sampled: ")],
        "trained": [run for name, run in runs.items() if name.startswith("trained")],
    }
    return numbers | {f"from-{name}": origin(*group) for name, group in groups.items()}


def _transfers(runs: Runs) -> list[Result]:
    return [run for name, run in runs.items() if name.startswith("transfer: ")]


def _untied(run: Result) -> np.ndarray:
    """Return by how much the untied net's error differs from that at infinite width, (S, W)."""
    return run.untied - run.limit[:, None]


def _theory_gap(run: Result) -> float:
    """Return the largest relative difference of mean errors, theory and exact, from N = 10 on."""
    ratios = run.theory.mean(0) / run.exact.mean(0) - 1
    return float(np.abs(ratios[np.array(run.spec.widths) >= 10]).max())


def coding_numbers(runs: Runs) -> dict[str, object]:
    """Return what the text says of the recorded chains."""
    wide = {name: run for name, run in runs.items() if name.startswith("wider: ")}
    relu, sparse = wide["wider: relu"], runs["relu: sparse start"]
    widest, last = max(relu.spec.widths), max(sparse.spec.widths)
    numbers = {
        "from-coding": origin(*wide.values(), sparse),
        "coding-seeds": relu.spec.seeds,
        "lazy-seeds": wide["wider: relu, lazy"].spec.seeds,
        "coding-widest": widest,
        "coding-trajectories": thousands(relu.spec.trajectories),
        "sparse-widest": last,
        "carriers-sparse": f"{carrier_curve(sparse)[-1, 0]:.1f}",
        "top-relu": f"{100 * _column(relu, 'top', widest)[:, 1].mean():.0f}",
    }
    for half, name in enumerate(("first", "second")):
        numbers[f"carriers-{name}"] = f"{carrier_curve(relu, half)[-1, 0]:.1f}"
    for name, run in wide.items():
        short = name.removeprefix("wider: ").replace(", ", "-")
        numbers[f"exponent-{short}"] = interval_text(carrier_exponent(run))
    return numbers
