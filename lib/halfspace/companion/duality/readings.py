"""What results say of the dual view, each statistic once."""

from collections.abc import Mapping

import numpy as np
import torch

from halfspace.companion.claims import EXACT
from halfspace.companion.duality.data import small_clothes
from halfspace.companion.duality.ladder import KERNELS, NETS
from halfspace.companion.duality.specs import ANGLES
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
from halfspace.companion.text import scientific, significant, thousands
from halfspace.conv import ConvDLGN
from halfspace.gates import HardGate
from halfspace.nets import DLGN
from halfspace.overlap import neural_path_kernel
from halfspace.path_kernels import conv_path_kernel

__all__ = [
    "SIGNED",
    "accuracy",
    "block_curves",
    "blocks_drop",
    "conv_numbers",
    "descent_curves",
    "descent_exponent",
    "descent_gain",
    "drop_excess",
    "dual_numbers",
    "gate_share",
    "kept",
    "kernel_gain",
    "ladder_dots",
    "lead",
    "lost_by_shifts",
    "misses",
    "other_over_learnt",
    "part_of_gates",
    "relative_loss",
    "shift_bars",
    "sign_rows",
    "slide_curves",
    "spread_excess",
    "spread_exponent",
    "wider_loss",
]

Runs = Mapping[str, Result]


def misses(result: Result, gap: str) -> np.ndarray:
    """Return for which seeds a rival differs by more than rounding, bool, shape (S,)."""
    return result.arrays[gap] > EXACT


def spread_excess(result: Result, filters: int) -> np.ndarray:
    """Return the mean NTK of ``ConvSpread`` along its expectation, minus 1, shape (S,)."""
    return result.ratios[:, result.spec.filters.index(filters)] - 1


def spread_exponent(result: Result) -> np.ndarray:
    """Return the exponent of the NTK's relative spread over the filters, plus 1/2, (S,)."""
    return fit_power_law(result.spec.filters, result.errors)[0] + 0.5


def lost_by_shifts(result: Result, kernel: str) -> np.ndarray:
    """Return the accuracy lost when test images are shifted, in percentage points, (S,)."""
    in_place, moved = result.arrays[kernel].T
    return 100 * (in_place - moved)


def blocks_drop(result: Result, gates: str) -> np.ndarray:
    """Return how many more blocks equal inputs use than orthogonal ones, shape (S,)."""
    used = result.arrays[gates]
    return used[:, ANGLES.index(0)] - used[:, ANGLES.index(90)]


def drop_excess(result: Result) -> np.ndarray:
    """Return ``blocks_drop`` with gates of a linear network minus that of a ReLU net, (S,)."""
    return blocks_drop(result, "dlgn") - blocks_drop(result, "dgn")


def descent_gain(result: Result, width: int) -> np.ndarray:
    """Return ln of the trained net's distance to descent, inner products over NPK, (S,)."""
    place = result.spec.widths.index(width)
    return np.log(result.inner[:, place] / result.npk[:, place])


def descent_exponent(result: Result) -> np.ndarray:
    """Return the exponent of the distance to kernel descent over the width, shape (S,)."""
    return fit_power_law(result.spec.widths, result.npk)[0]


def accuracy(result: Result, net: str) -> np.ndarray:
    """Return a net's test accuracy in the ``Ladder`` or ``ConvLadder``, shape (S,)."""
    return result.accuracies[:, result.spec.nets.index(net)]


def gate_share(result: Result) -> np.ndarray:
    """Return the share of the ReLU net's lead over random gates that learnt gates keep, (S,)."""
    random = accuracy(result, "random gates")
    return (accuracy(result, "learnt gates") - random) / (accuracy(result, "relu") - random)


def other_over_learnt(result: Result) -> np.ndarray:
    """Return what another point's gates keep of a constant input's accuracy above chance, (S,).

    The value network reads ones, so that all it knows of a point is the gates.
    """
    chance = result.spec.chance
    other, learnt = (
        accuracy(result, f"{gates} gates, constant") - chance for gates in ("other", "learnt")
    )
    return other / learnt


def relative_loss(result: Result, net: str, base: str = "learnt gates") -> np.ndarray:
    """Return what a net gains over another, in units of what learnt gates gain over random, (S,).

    Args:
        result: of ``Ladder``.
        net: the net.
        base: the other one.
    """
    unit = (accuracy(result, "learnt gates") - accuracy(result, "random gates")).mean()
    return (accuracy(result, net) - accuracy(result, base)) / unit


def lead(result: Result, net: str, over: str) -> np.ndarray:
    """Return by how many points one net is more accurate than another, shape (S,)."""
    return 100 * (accuracy(result, net) - accuracy(result, over))


def part_of_gates(result: Result, net: str, base: str) -> np.ndarray:
    """Return what a net gains over another, in units of what that one gains by gates, (S,).

    The unit is the other one's mean lead over the deep linear net of the same shape.

    Args:
        result: of ``ConvLadder``.
        net: the net.
        base: the other one.
    """
    unit = (accuracy(result, base) - accuracy(result, "deep linear")).mean()
    return (accuracy(result, net) - accuracy(result, base)) / unit


def wider_loss(result: Result) -> np.ndarray:
    """Return how many points more a constant input costs behind random gates than learnt, (S,)."""
    random, learnt = (
        accuracy(result, f"{gates} gates") - accuracy(result, f"{gates} gates, constant")
        for gates in ("random", "learnt")
    )
    return 100 * (random - learnt)


def kept(result: Result, net: str) -> np.ndarray:
    """Return a net's accuracy over the ReLU net's, shape (S,)."""
    return accuracy(result, net) / accuracy(result, "relu")


def kernel_gain(result: Result, kernel: str, over: str) -> np.ndarray:
    """Return by how many points one kernel regression is more accurate than another, (S,)."""
    one, other = (result.kernels[:, KERNELS.index(name)] for name in (kernel, over))
    return 100 * (one - other)


SIGNED = {
    "dense: 1 layer": ("dense, 1 layer", "other_gates", "gates of another input"),
    "dense: 2 layers": ("dense, 2 layers", "one_variance", "one mean variance"),
    "dense: 3 layers": ("dense, 3 layers", "one_variance", "one mean variance"),
    "ring, pooled": ("ring, 1 convolution, mean", "unshifted", "equal paths only"),
    "ring, pooled, 2 convolutions": ("ring, 2 convolutions, mean", "unshifted", "equal paths only"),
    "torus, pooled": ("torus, 1 convolution, mean", "unshifted", "equal paths only"),
    "ring, not pooled": ("ring, 1 convolution, no mean", "unshifted", "all shifts"),
    "ring, not pooled, 2 convolutions": (
        "ring, 2 convolutions, no mean",
        "unshifted",
        "all shifts",
    ),
    "skips": ("2 blocks with skips", "deepest", "deepest sub-network alone"),
    "skips, gated sums": ("the same, sums gated", "shallowest", "shallowest alone"),
}
"""By run: the net, and a formula that is not its own, with the array that tells its error."""

_DOTS = {
    "linear": ("linear model", "linear"),
    "deep linear": ("deep linear net", "linear"),
    "relu": ("ReLU net", "relu"),
    "random gates": ("random gates", "frozen"),
    "random gates, constant": ("random gates, ones", "frozen"),
    "learnt gates": ("learnt gates", "ours"),
    "learnt gates, constant": ("learnt gates, ones", "ours"),
    "learnt gates, reversed": ("learnt gates, reversed", "ours"),
    "other gates": ("other point's gates", "none"),
    "other gates, constant": ("other point's, ones", "none"),
    "dgn": ("DGN", "equal paths"),
    "dlgn": ("DLGN", "dlgn"),
    "dlgn, constant": ("DLGN, ones", "dlgn"),
    "dlgn, reversed": ("DLGN, reversed", "dlgn"),
}


def sign_rows(runs: Runs) -> list[dict[str, str]]:
    """Return how exact means over all signs compare with two formulas, as a table's rows."""
    return [
        {
            "net": net,
            "largest difference": scientific(runs[name].gap.max()),
            "another formula": rival,
            "its median difference": f"{np.median(runs[name].arrays[array]):.2f}",
        }
        for name, (net, array, rival) in SIGNED.items()
    ]


@torch.no_grad()
def slide_curves(seed: int) -> dict[str, np.ndarray]:
    """Return kernel values of two images as the second slides around the torus, by kernel.

    Args:
        seed: of images of clothes, 7 × 7 pixels, and of the nets that make the gates; the one dense
            unit of the convolutional nets is open.

    Returns:
        Values at shifts of 0 to 7 columns, over the value at 0, shape (8,) each.
    """
    generator = torch.Generator().manual_seed(seed)
    one, other = small_clothes(seed, 2)[0].split(1)
    sizes = dict(gate=HardGate(), channels=1, filters=16, depth=3, units=1, generator=generator)
    nets = {border: ConvDLGN(border=border, **sizes).double() for border in ("circular", "zeros")}
    dense = DLGN(49, width=64, depth=3, gate=HardGate(), generator=generator).double()
    moved = torch.cat([other.roll(step, 3) for step in range(8)])

    def conv(border: str, pooled: bool) -> np.ndarray:
        pairs = []
        for images in (one, moved):
            *convolutions, last = nets[border].gates(images)
            pairs += [images, [*convolutions, torch.ones_like(last)]]
        return conv_path_kernel(*pairs, border=border, pooled=pooled)[0].numpy()

    a, b = one.flatten(1), moved.flatten(1)
    curves = {
        "mean over pixels": conv("circular", True),
        "border of zeros": conv("zeros", True),
        "no mean": conv("circular", False),
        "dense": neural_path_kernel(a, dense.gates(a), b, dense.gates(b))[0].numpy(),
    }
    return {name: values / values[0] for name, values in curves.items()}


def shift_bars(run: Result) -> dict[str, np.ndarray]:
    """Return accuracies of ``ShiftedRegression`` in percent, by kernel, shape (2, 3)."""
    names = {"mean over pixels": "pooled", "no mean": "flat", "dense": "dense"}
    return {label: mean_intervals(100 * run.arrays[name].T) for label, name in names.items()}


def block_curves(run: Result) -> dict[str, np.ndarray]:
    """Return the mean number of blocks over the angle, by gates, shape (A, 3)."""
    names = {"DLGN gates": "dlgn", "ReLU gates": "dgn"}
    return {label: mean_intervals(run.arrays[name].T) for label, name in names.items()}


def descent_curves(run: Result) -> dict[str, np.ndarray]:
    """Return distances to kernel descent over the width, shape (W, 3), and a slope of -1/2."""
    rows = {
        "kernel ⟨x, x'⟩": geometric_intervals(run.inner.T),
        "neural path kernel": geometric_intervals(run.npk.T),
    }
    widths = np.array(run.spec.widths)
    line = rows["neural path kernel"][0, 0] * (widths / widths[0]) ** -0.5
    return rows | {"slope −1/2": np.repeat(line[:, None], 3, 1)}


def ladder_dots(run: Result) -> dict[str, tuple[tuple[float, float, float], str]]:
    """Return shares of wrong test points in percent with intervals, and colours, by net."""
    return {
        label: (mean_interval(100 - 100 * accuracy(run, name)), color)
        for name, (label, color) in _DOTS.items()
        if name in run.spec.nets
    }


def conv_numbers(run: Result) -> dict[str, object]:
    """Return what the text says of the ``ConvLadder``; accuracies and shares in percent."""
    numbers = {
        "from": origin(run),
        "seeds": run.spec.seeds,
        "points": thousands(run.spec.points),
        "epochs": run.spec.epochs,
        "learnt-over-random": interval_text(lead(run, "learnt gates", "random gates"), 1),
        "learnt-over-none": interval_text(lead(run, "learnt gates", "deep linear"), 1),
        "constant-loss": interval_text(lead(run, "learnt gates, constant", "learnt gates"), 1),
        "reversed-loss": interval_text(lead(run, "learnt gates, reversed", "learnt gates"), 1),
        "dlgn-constant-gain": interval_text(lead(run, "dlgn, constant", "dlgn"), 1),
        "dlgn-reversed-gain": interval_text(lead(run, "dlgn, reversed", "dlgn"), 1),
        "dlgn-over-linear": interval_text(lead(run, "dlgn", "linear"), 1),
    }
    for name in run.spec.nets:
        key = name.replace(", ", "-").replace(" ", "-")
        numbers[key] = _percent(accuracy(run, name))
        numbers[f"kept-{key}"] = _percent(kept(run, name))
    return numbers


def _percent(values: np.ndarray) -> str:
    return f"{100 * values.mean():.1f}"


def dual_numbers(identities: Runs, kernels: Runs, ladders: Runs) -> dict[str, object]:
    """Return what the text says of the recorded runs on the dual view."""
    shifts, regression = kernels["shifts"], kernels["regression"]
    blocks, descent = kernels["blocks"], kernels["descent"]
    spread = identities["spread"]
    bundles = [identities[f"bundles: {name}"] for name in ("ring", "torus")]
    signed = [identities[name] for name in SIGNED]
    numbers = {
        "many-seeds": shifts.spec.seeds,
        "seeds": blocks.spec.seeds,
        "descent-seeds": descent.spec.seeds,
        "regression-seeds": regression.spec.seeds,
        "ladder-seeds": ladders["clothes"].spec.seeds,
        "sign-gap": scientific(max(run.gap.max() for run in signed)),
        "bundle-gap": scientific(
            max(run.arrays[name].max() for run in bundles for name in ("pooled", "flat", "zeros"))
        ),
        "shift-gap": scientific(max(shifts.dlgn.max(), shifts.dgn.max())),
        "order-gap": scientific(shifts.dense_order.max()),
        "order-change": f"{100 * shifts.order.mean():.0f}",
        "spread-exponent": interval_text(spread_exponent(spread) - 0.5),
        "mean-excess": f"{100 * max(abs(spread.ratios.mean(0) - 1)):.1f}",
        "drop-dlgn": interval_text(blocks_drop(blocks, "dlgn")),
        "drop-dgn": interval_text(blocks_drop(blocks, "dgn")),
        "full-dlgn": significant(blocks.dlgn_full[:, ANGLES.index(45)].mean(), 1),
        "descent-exponent": interval_text(descent_exponent(descent)),
        "descent-narrow": f"{np.exp(np.log(descent.npk[:, 0]).mean()):.2f}",
        "descent-wide": f"{np.exp(np.log(descent.npk[:, -1]).mean()):.3f}",
        "descent-inner": f"{np.exp(np.log(descent.inner[:, -1]).mean()):.2f}",
        "descent-gain": factor_text(descent_gain(descent, 256)),
    }
    for name in ("zeros", "flat", "dense", "still", "turned"):
        numbers[f"change-{name}"] = f"{shifts.arrays[name].mean():.2f}"
    for name in ("pooled", "flat", "dense"):
        for place, value in zip(("in", "out"), regression.arrays[name].T, strict=True):
            numbers[f"shifted-{name}-{place}"] = _percent(value)
    for angle in (0, 45, 90, 180):
        for name in ("dlgn", "dgn"):
            used = blocks.arrays[name][:, ANGLES.index(angle)]
            numbers[f"blocks-{name}-{angle}"] = f"{used.mean():.1f}"
    for data in ("clothes", "tree"):
        run = ladders[data]
        for name in NETS:
            numbers[f"{data}-{name.replace(', ', '-').replace(' ', '-')}"] = _percent(
                accuracy(run, name)
            )
        for number, name in enumerate(KERNELS):
            key = name.replace(", ", "-")
            numbers[f"{data}-kernel-{key}"] = _percent(run.kernels[:, number])
        numbers[f"{data}-share"] = interval_text(gate_share(run))
        numbers[f"{data}-kept"] = _percent(kept(run, "dlgn"))
        numbers[f"{data}-kept-linear"] = _percent(kept(run, "linear"))
        numbers[f"{data}-kernel-gain"] = interval_text(kernel_gain(run, "learnt", "start"), 1)
        numbers[f"{data}-wider-loss"] = interval_text(wider_loss(run), 1)
    groups = {
        "signs": signed,
        "bundles": bundles,
        "spread": [spread],
        "shifts": [shifts],
        "regression": [regression],
        "blocks": [blocks],
        "descent": [descent],
        "ladder": [ladders["clothes"], ladders["tree"]],
    }
    return numbers | {f"from-{name}": origin(*group) for name, group in groups.items()}
