"""Statistics of the checks of Sections 2 and 3, for the claims and for chapters 1 and 3."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from halfspace.companion.claims import EXACT
from halfspace.companion.intervals import (
    fit_power_law,
    interval_text,
    mean_interval,
    mean_intervals,
)
from halfspace.companion.spec import Result
from halfspace.companion.text import plain_number, scientific, thousands
from halfspace.companion.theory.measures import count_gaps, half_ratio, kept_shares
from halfspace.datasets import circle_grid, circle_points
from halfspace.gates import HardGate
from halfspace.nets import DGN, DLGN, ReLUNet
from halfspace.overlap import overlap_kernel
from halfspace.paths import (
    count_paths,
    enumerate_paths,
    mixture_of_experts,
    path_experts,
    path_gates,
)

__all__ = [
    "agrees",
    "circle_values",
    "counts_agree",
    "depth_values",
    "draw_values",
    "expected_share",
    "experts_values",
    "half_ratios",
    "kept_by_angle",
    "largest_difference",
    "limit_values",
    "mean_law",
    "mean_ntk_excess",
    "mean_ratios",
    "path_rows",
    "path_sum_rows",
    "product_rows",
    "relu_limit_values",
    "share_gap",
    "shared_path_rows",
    "spread_laws",
    "width_rows",
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
def path_rows(net: Net, x: Tensor) -> list[dict[str, str]]:
    """List a small net's paths at one input, their sum and the net's output.

    Args:
        net: without biases, one output.
        x: shape (1, d).

    Returns:
        Rows of a table: path, gate, expert, gate × expert; last their sum and the net's output.
    """
    gates, experts = path_gates(net, x)[0].tolist(), path_experts(net, x)[0, :, 0].tolist()
    rows = [
        {
            "path": " → ".join(str(unit + 1) for unit in path),
            "gate": f"{gate:g}",
            "expert": plain_number(expert),
            "gate × expert": plain_number(gate * expert),
        }
        for path, gate, expert in zip(
            enumerate_paths(net.width, net.depth).tolist(), gates, experts, strict=True
        )
    ]
    total = sum(gate * expert for gate, expert in zip(gates, experts, strict=True))
    empty = {"gate": "", "expert": ""}
    rows.append({"path": "sum of all paths"} | empty | {"gate × expert": plain_number(total)})
    rows.append(
        {"path": "the net's output"} | empty | {"gate × expert": plain_number(float(net(x)))}
    )
    return rows


@torch.no_grad()
def path_sum_rows(
    makers: Mapping[str, Callable[..., Net]], x: Tensor
) -> list[dict[str, str | bool | int]]:
    """Compare nets' outputs with sums over all paths, without and with biases.

    Args:
        makers: functions that make a net, called with ``bias``, by the model's name.
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


def shared_path_rows(gates: Tensor) -> list[dict[str, str | int]]:
    """List all paths and say at which of two inputs they are active.

    Args:
        gates: hard gates at two inputs x and x′, shape (2, H, m).

    Returns:
        Rows of a table: path (its units, counted from 1), gate at x, gate at x′, shared.
    """
    _, depth, width = gates.shape
    rows = []
    for path in enumerate_paths(width, depth).tolist():
        first, second = (int(each[range(depth), path].prod()) for each in gates)
        rows.append(
            {
                "path": " → ".join(str(unit + 1) for unit in path),
                "gate at x": first,
                "gate at x′": second,
                "shared": first * second,
            }
        )
    return rows


# Chapter 3: the overlap kernel of random nets on the circle


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


def circle_values(nets: Iterable[Net], ratios: np.ndarray) -> dict[str, int | str]:
    """Return the text's numbers on random nets on the circle.

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
        "opposite-bias": thousands(max(shared[True])),
        "ratio-nets": len(ratios),
        "ratio-low": f"{low:.2f}",
        "ratio-median": f"{median:.2f}",
        "ratio-high": f"{high:.2f}",
    }


@torch.no_grad()
def kept_by_angle(nets: Iterable[Net], degrees: Sequence[float]) -> np.ndarray:
    """Return the share of the paths active at the angle 0 that is active at other angles.

    Args:
        nets: with two inputs, hard gates, no biases, and one width and depth.
        degrees: the other angles, shape (n,).

    Returns:
        Shares of the paths through the first h layers, for each net that has an active path at the
        angle 0, shape (S, H, n).
    """
    x = circle_points(torch.tensor([0.0, *degrees], dtype=torch.float32).deg2rad())
    shares = np.stack([kept_shares(net.gates(x)).numpy() for net in nets])[..., 1:]
    return shares[np.isfinite(shares).all(axis=(1, 2))]


def expected_share(
    degrees: float | np.ndarray, depth: int, width: float = math.inf
) -> float | np.ndarray:
    """Return the mean share of an input's active paths that another input has in a random DLGN.

    The gating network's weights are normal, without biases. At a finite width the formula has the
    first correction to the infinite-width limit, without terms of order 1/m².

    Args:
        degrees: the angle between the inputs.
        depth: H.
        width: m.
    """
    near = 1 - np.divide(degrees, 180)
    spread = np.sin(np.radians(degrees)) ** 2 / (math.pi**2 * width)
    return near**depth + math.comb(depth + 1, 3) * near ** max(depth - 2, 0) * spread


def share_gap(degrees: np.ndarray, shares: np.ndarray, width: float = math.inf) -> float:
    """Return the largest difference of the mean shares from ``expected_share``.

    Args:
        degrees: angles, shape (n,).
        shares: of ``kept_by_angle``, shape (S, H, n).
        width: m.
    """
    expected = [expected_share(degrees, depth + 1, width) for depth in range(shares.shape[1])]
    return float(np.abs(shares.mean(axis=0) - expected).max())


def depth_values(degrees: np.ndarray, shares: np.ndarray, at: float = 45) -> dict[str, str | int]:
    """Return the text's numbers on ``kept_by_angle``.

    Args:
        degrees: angles, shape (n,).
        shares: shape (S, H, n).
        at: one of the angles.

    Returns:
        kept-nets: S; kept-H for each depth H: the mean share at that angle; kept-gap: ``share_gap``
        from the limit of wide networks.
    """
    at_angle = shares[..., np.flatnonzero(degrees == at)[0]].mean(axis=0)
    values = {
        f"kept-{depth}": f"{100 * share:.0f} %" for depth, share in enumerate(at_angle, start=1)
    }
    gap = f"{share_gap(degrees, shares):.3f}"
    return values | {"kept-nets": len(shares), "kept-gap": gap}


def width_rows(
    seeds: Iterable[int], widths: Iterable[int], *, depth: int, at: float = 45
) -> list[dict[str, int | str]]:
    """Compare the measured share of kept paths with the formula at several widths.

    Args:
        seeds: one DLGN is drawn with each, with normal weights.
        widths: m.
        depth: H.
        at: the angle between the inputs, in degrees.

    Returns:
        Rows of a table: width, measured share with its interval, formula, limit of wide networks.
    """
    rows = []
    for width in widths:
        nets = (_random_dlgn(seed, width, depth, "he") for seed in seeds)
        shares = kept_by_angle(nets, [at])[:, -1, 0]
        rows.append(
            {
                "width m": width,
                "measured (95 % interval)": interval_text(shares, 3),
                "formula with its 1/m term": f"{expected_share(at, depth, width):.3f}",
                "limit": f"{expected_share(at, depth):.3f}",
            }
        )
    return rows


def _random_dlgn(seed: int, width: int, depth: int, init: str) -> DLGN:
    """Draw a DLGN with two inputs and hard gates, without biases."""
    generator = torch.Generator().manual_seed(seed)
    sizes = dict(width=width, depth=depth, generator=generator)
    return DLGN(2, gate=HardGate(), init=init, **sizes)


def _circle_gates(seed: int, width: int, depth: int) -> Tensor:
    """Return a random DLGN's hard gates at points of the circle, shape (n, H, m)."""
    return _random_dlgn(seed, width, depth, "default").gates(circle_grid(_POINTS)[1])


def _opposite_overlap(net: Net) -> int:
    kernel = overlap_kernel(net.gates(circle_grid(_POINTS)[1]), bias=net.has_bias)
    return int(kernel.roll(_POINTS // 2, 0).diagonal().max())


# Chapter 3: constant experts, and the NTK at fixed gates


def experts_values(result: Result) -> dict[str, int | str]:
    """Return the text's numbers on ``ConstantExperts``.

    Returns:
        descent-gap, limit-gap, ridge-gap: largest differences of the constants' predictions and the
        kernel's; experts-paths, experts-points, experts-patterns: numbers of paths, of training
        points and of different sets of active paths; experts-floor: least possible mean squared
        error in training; experts-steps: number of the last step; experts-last: the error after it.
    """
    gaps = {
        f"{name}-gap": scientific(
            np.abs(result.arrays[f"experts_{name}"] - result.arrays[f"kernel_{name}"]).max()
        )
        for name in ("descent", "limit", "ridge")
    }
    return gaps | {
        "experts-paths": int(result.paths),
        "experts-points": result.spec.target.n,
        "experts-patterns": int(result.patterns),
        "experts-floor": f"{float(result.floor):.3f}",
        "experts-last": f"{result.train_experts[-1]:.3f}",
        "experts-steps": thousands(result.steps[-1]),
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


def draw_values(result: Result) -> dict[str, int | str]:
    """Return the text's numbers on the smallest width of ``NeuralPathLimit``.

    Returns:
        n-widths: number of widths; smallest-width, smallest-draws: the smallest one and its number
        of draws; mean-gap: relative distance of the mean NTK from its expectation, first seed;
        one-draw-gap: that of a single draw.
    """
    distance = np.linalg.norm(result.mean_ntk - result.expected)
    return {
        "n-widths": len(result.spec.widths),
        "smallest-width": result.spec.widths[0],
        "smallest-draws": thousands(result.draws[0]),
        "mean-gap": f"{distance / np.linalg.norm(result.expected):.3f}",
        "one-draw-gap": f"{result.errors[0, 0]:.1f}",
    }


def limit_values(results: Mapping[str, Result], fit_from: int) -> dict[str, int | str]:
    """Return the text's numbers on DLGNs' NTKs against the width.

    Args:
        results: of ``NeuralPathLimit`` by name, of equally many seeds.
        fit_from: smallest width that the fit counts.

    Returns:
        limit-seeds: S. For each name: NAME-held: how many intervals of ``mean_ratios`` contain 1;
        NAME-wide-slope, -low, -high: mean exponent of ``spread_laws`` with its interval;
        NAME-all-slope, -low, -high: the same over all widths.
    """
    values = {}
    for name, result in results.items():
        values["limit-seeds"] = len(result.errors)
        held = [low <= 1 <= high for _, low, high in mean_ratios(result)]
        values[f"{name}-held"] = int(sum(held))  # numpy's numbers would show their type
        for part, least in (("wide", fit_from), ("all", 1)):
            values |= _exponent(f"{name}-{part}", result, least)
    return values


def relu_limit_values(relu: Result, linear: Result, fit_from: int) -> dict[str, int | str]:
    """Return the text's numbers on a ReLU net's NTK against the width, beside a DLGN's.

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
        values[f"{name}-first"] = f"{result.errors[:, first].mean():.2f}"
        values[f"{name}-last"] = f"{result.errors[:, -1].mean():.2f}"
    return values | {"fit-from": int(_widths(relu)[first]), "largest-width": relu.spec.widths[-1]}


def _widths(result: Result) -> np.ndarray:
    return np.asarray(result.spec.widths)


def _exponent(name: str, result: Result, fit_from: int) -> dict[str, str]:
    values = mean_interval(spread_laws(result, fit_from)[0])
    names = (f"{name}-{end}" for end in ("slope", "low", "high"))
    return {name: f"{v:.2f}".replace("-", "−") for name, v in zip(names, values, strict=True)}
