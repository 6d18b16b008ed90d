"""What the checks of Sections 2 and 3 say: the statistics of the claims and of chapters 1 and 3."""

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from halfspace.companion.claims import EXACT
from halfspace.companion.intervals import fit_power_law, mean_interval, mean_intervals
from halfspace.companion.spec import Result
from halfspace.companion.theory.measures import count_gaps, half_ratio, share_rounded
from halfspace.datasets import circle_grid
from halfspace.gates import HardGate
from halfspace.nets import DGN, DLGN, ReLUNet
from halfspace.overlap import overlap_kernel
from halfspace.paths import count_paths, mixture_of_experts

__all__ = [
    "agrees",
    "circle_values",
    "counts_agree",
    "draw_values",
    "experts_values",
    "half_ratios",
    "largest_difference",
    "limit_values",
    "mean_law",
    "mean_ntk_excess",
    "mean_ratios",
    "path_sum_rows",
    "product_rows",
    "relu_limit_values",
    "rounding_rows",
    "rounding_values",
    "spread_laws",
    "with_active_paths",
]

Net = ReLUNet | DLGN | DGN

_POINTS = 256  # inputs on the circle, as in the paper's Section 4


# Statistics of recorded runs


def agrees(result: Result, gap: str) -> np.ndarray:
    """Return for which nets two computations agree, bool, shape (S,).

    Args:
        result: of a study with an array of relative gaps, shape (S,).
        gap: the array's name.
    """
    return result.arrays[gap] < EXACT


def counts_agree(result: Result) -> np.ndarray:
    """Return for which nets of ``PathSums`` both counts of paths are equal, bool, shape (S,)."""
    return (result.overlap_gap == 0) & (result.count_gap == 0)


def mean_ntk_excess(result: Result) -> np.ndarray:
    """Return the mean NTK of ``NeuralPathLimit`` along its expectation, minus 1, shape (S,)."""
    return result.ratios.mean(axis=1) - 1


def spread_laws(result: Result, fit_from: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Fit a power law to the NTK's relative error against the width, seed by seed.

    Args:
        result: of ``NeuralPathLimit``; every seed has active paths at each width.
        fit_from: smallest width that counts.

    Returns:
        Exponents (S,), and the logarithms of the factors (S,).

    Raises:
        ValueError: as ``fit_power_law``.
    """
    chosen = _widths(result) >= fit_from
    return fit_power_law(_widths(result)[chosen], result.errors[:, chosen])


# Chapter 1, and the first part of chapter 3: nets so small that all paths are listed


@torch.no_grad()
def path_sum_rows(
    makers: Mapping[str, Callable[..., Net]], x: Tensor
) -> list[dict[str, str | bool | int | float]]:
    """Compare nets' outputs with sums over all paths, without and with biases.

    Args:
        makers: by the model's name what makes a net, called with ``bias``.
        x: inputs, float64, shape (n, d).

    Returns:
        Rows of a table: model, biases, paths, largest output, largest difference.
    """
    rows = []
    for name, make in makers.items():
        for bias in (False, True):
            net = make(bias=bias).double().to(x.device)
            outputs = net(x)
            difference = outputs - mixture_of_experts(net, x)
            rows.append(
                {
                    "model": name,
                    "biases": bias,
                    "paths": count_paths(net.width, net.depth, bias=bias),
                    "largest output": float(outputs.abs().max()),
                    "largest difference": float(difference.abs().max()),
                }
            )
    return rows


def product_rows(nets: Mapping[str, Net], x: Tensor) -> list[dict[str, str | int]]:
    """Compare the overlap kernel's product form with counts of all shared paths.

    Args:
        nets: by name, with hard gates.
        x: inputs, shape (n, d).

    Returns:
        Rows of a table: network, paths, largest difference.
    """
    return [
        {
            "network": name,
            "paths": count_paths(net.width, net.depth, bias=net.has_bias),
            "largest difference": int(count_gaps(net, x)["overlap_gap"]),
        }
        for name, net in nets.items()
    ]


def largest_difference(rows: Sequence[Mapping[str, float]]) -> float:
    """Return the largest difference in the rows of ``path_sum_rows`` or ``product_rows``."""
    return max(row["largest difference"] for row in rows)


# Chapter 3: the overlap kernel of random nets on the circle


def rounding_rows(sizes: Iterable[tuple[int, int]], seed: int) -> list[dict[str, str | int]]:
    """Tell how often counts of shared paths go wrong in single precision.

    Args:
        sizes: pairs of a width and a depth; a DLGN of each is drawn.
        seed: of each of them.

    Returns:
        Rows of a table: width, depth, paths, largest count, wrong (share of the non-zero entries).
    """
    rows = []
    for width, depth in sizes:
        gates = _circle_gates(seed, width, depth)
        rows.append(
            {
                "width": width,
                "depth": depth,
                "paths": f"{width**depth:,}",
                "largest count": f"{overlap_kernel(gates).max():,}",
                "wrong": f"{share_rounded(gates):.1%}",
            }
        )
    return rows


def rounding_values(rows: Iterable[Mapping[str, str | int]]) -> dict[str, str]:
    """Return what the text quotes of ``rounding_rows``: paths and wrong shares, by the width."""
    return {f"{name}-{row['width']}": row[name] for row in rows for name in ("paths", "wrong")}


def half_ratios(seeds: Iterable[int], *, width: int, depth: int) -> np.ndarray:
    """Compare the circle's halves in random DLGNs without biases.

    Args:
        seeds: one net is drawn with each.
        width: m.
        depth: H.

    Returns:
        Mean number of active paths on the top half over that on the bottom half, shape (S,).
    """
    return np.array([half_ratio(_circle_gates(seed, width, depth)) for seed in seeds])


def circle_values(nets: Iterable[Net], ratios: np.ndarray) -> dict[str, int | float]:
    """Return what the text quotes of random nets on the circle.

    Args:
        nets: some without, some with biases, two inputs.
        ratios: of ``half_ratios``, shape (S,).

    Returns:
        opposite, opposite-bias: largest number of active paths that two opposite inputs share in
        any net without and with biases; ratio-nets: S; ratio-low, ratio-median, ratio-high: the
        5 %, 50 % and 95 % quantiles of the ratios.
    """
    shared = {False: [], True: []}
    for net in nets:
        shared[net.has_bias].append(_opposite_overlap(net))
    low, median, high = np.quantile(ratios, [0.05, 0.5, 0.95])
    return {
        "opposite": max(shared[False]),
        "opposite-bias": max(shared[True]),
        "ratio-nets": len(ratios),
        "ratio-low": float(low),
        "ratio-median": float(median),
        "ratio-high": float(high),
    }


def _circle_gates(seed: int, width: int, depth: int) -> Tensor:
    """Return a random DLGN's hard gates at points of the circle, shape (n, H, m)."""
    generator = torch.Generator().manual_seed(seed)
    net = DLGN(2, width=width, depth=depth, gate=HardGate(), generator=generator)
    return net.gates(circle_grid(_POINTS)[1])


def _opposite_overlap(net: Net) -> int:
    kernel = overlap_kernel(net.gates(circle_grid(_POINTS)[1]), bias=net.has_bias)
    return int(kernel.roll(_POINTS // 2, 0).diagonal().max())


# Chapter 3: constant experts, and the NTK at fixed gates


def experts_values(result: Result) -> dict[str, int | float]:
    """Return what the text quotes of ``ConstantExperts``.

    Returns:
        descent-gap, limit-gap, ridge-gap: largest differences of the constants' predictions and the
        kernel's; experts-paths, experts-points, experts-patterns: numbers of paths, of training
        points and of different sets of active paths; experts-floor: least possible training error;
        experts-steps: number of the last step; experts-last: the training error after it.
    """
    gaps = {
        f"{name}-gap": float(
            np.abs(result.arrays[f"experts_{name}"] - result.arrays[f"kernel_{name}"]).max()
        )
        for name in ("descent", "limit", "ridge")
    }
    return gaps | {
        "experts-paths": int(result.paths),
        "experts-points": result.spec.target.n,
        "experts-patterns": int(result.patterns),
        "experts-floor": float(result.floor),
        "experts-last": float(result.train_experts[-1]),
        "experts-steps": int(result.steps[-1]),
    }


def with_active_paths(result: Result) -> Result:
    """Return a ``NeuralPathLimit`` result without the seeds that lack an active path at a width.

    Such a gating network's expected NTK is zero, and errors relative to it are not finite.
    """
    usable = np.isfinite(result.errors).all(axis=1)
    chosen = {name: result.arrays[name][usable] for name in ("errors", "ratios")}
    return Result(result.spec, result.arrays | chosen, result.provenance, result.source)


def mean_ratios(result: Result) -> np.ndarray:
    """Return each width's mean NTK over its expectation.

    Returns:
        Mean over seeds, lower and upper end of the interval, shape (W, 3).
    """
    return mean_intervals(result.ratios.T)


def mean_law(result: Result, fit_from: int = 1) -> tuple[float, float]:
    """Return the means over seeds of ``spread_laws``: exponent, and the factor's logarithm."""
    slopes, intercepts = spread_laws(result, fit_from)
    return slopes.mean(), intercepts.mean()


def draw_values(result: Result) -> dict[str, int | float]:
    """Return what the text quotes of the smallest width of ``NeuralPathLimit``.

    Returns:
        n-widths: number of widths; smallest-width, smallest-draws: the smallest one and its number
        of draws; mean-gap: relative distance of the mean NTK from its expectation, first seed;
        one-draw-gap: that of a single draw.
    """
    distance = np.linalg.norm(result.mean_ntk - result.expected)
    return {
        "n-widths": len(result.spec.widths),
        "smallest-width": result.spec.widths[0],
        "smallest-draws": int(result.draws[0]),
        "mean-gap": float(distance / np.linalg.norm(result.expected)),
        "one-draw-gap": float(result.errors[0, 0]),
    }


def limit_values(results: Mapping[str, Result], fit_from: int) -> dict[str, int | float]:
    """Return what the text quotes of DLGNs' NTKs against the width.

    Args:
        results: of ``NeuralPathLimit`` by name, of equally many seeds.
        fit_from: smallest width that the fit counts.

    Returns:
        limit-seeds: S. For each name: NAME-missed: number of intervals of ``mean_ratios`` that miss
        1; NAME-wide-slope, -low, -high: mean exponent of ``spread_laws`` with its interval;
        NAME-all-slope, -low, -high: the same over all widths.
    """
    values = {}
    for name, result in results.items():
        values["limit-seeds"] = len(result.errors)
        values[f"{name}-missed"] = sum(not low <= 1 <= high for _, low, high in mean_ratios(result))
        for part, least in (("wide", fit_from), ("all", 1)):
            values |= _exponent(f"{name}-{part}", result, least)
    return values


def relu_limit_values(relu: Result, linear: Result, fit_from: int) -> dict[str, int | float]:
    """Return what the text quotes of a ReLU net's NTK against the width, beside a DLGN's.

    Args:
        relu: of ``NeuralPathLimit``.
        linear: the same with ``model="dlgn"``.
        fit_from: smallest width that the fit counts.

    Returns:
        relu-slope, -low, -high: mean exponent of ``spread_laws`` with its interval; fit-from,
        largest-width: the first and the last width that count; relu-first, relu-last, pwl-first,
        pwl-last: mean errors there, the DLGN's as ``pwl``.
    """
    wide = _widths(relu) >= fit_from
    first = int(wide.argmax())
    values = _exponent("relu", relu, fit_from)
    for name, result in (("relu", relu), ("pwl", linear)):
        values[f"{name}-first"] = float(result.errors[:, first].mean())
        values[f"{name}-last"] = float(result.errors[:, -1].mean())
    return values | {"fit-from": int(_widths(relu)[first]), "largest-width": relu.spec.widths[-1]}


def _widths(result: Result) -> np.ndarray:
    return np.asarray(result.spec.widths)


def _exponent(name: str, result: Result, fit_from: int) -> dict[str, float]:
    slope, low, high = mean_interval(spread_laws(result, fit_from)[0])
    return {f"{name}-slope": slope, f"{name}-low": low, f"{name}-high": high}
