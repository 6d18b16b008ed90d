"""What runs say of hardness, each statistic once. Allocation and starvation are the circle's."""

from collections.abc import Callable, Mapping

import numpy as np
from scipy import stats

from halfspace.companion.circle.readings import (
    FIT_LEVEL,
    fitted_with_hard_gates,
    low_and_high,
    path_gain,
    path_gains,
    resultant_change,
    share_without_path,
    total_loss,
)
from halfspace.companion.fashion.readings import alignment_change, hard_cost, label_effect
from halfspace.companion.hardness.images import COMMON_STEP, STEP_SIZES, image_run
from halfspace.companion.intervals import (
    factor_text,
    geometric_intervals,
    interval_text,
    mean_interval,
    mean_intervals,
)
from halfspace.companion.origin import origin
from halfspace.companion.spec import Result
from halfspace.companion.text import significant

__all__ = [
    "IMAGE_NETS",
    "WAYS",
    "clustering",
    "cost_saved",
    "final_label_effect",
    "fit_ratio",
    "fresh_ratio",
    "hard_fitted",
    "hard_images_gain",
    "hardness_at_start",
    "hardness_beats_scale",
    "hardness_curves",
    "hardness_numbers",
    "history_curves",
    "image_numbers",
    "image_panels",
    "kept_allocation",
    "label_effect_at_one_step",
    "label_effect_lost",
    "more_coherent",
    "nearer_labels_than_pixels",
    "order",
    "panels",
    "partial_effects",
    "path_changes",
    "predicted_turns",
    "relu_intervals",
    "task_rows",
    "undone_allocation",
    "undone_clustering",
]

_DIGITS = 12  # of rank correlations: equal ones stay equal, which a bootstrap needs
_LOW, _HIGH = 0.1, 0.9  # hardnesses between which an effect is told
Statistic = Callable[[Result], np.ndarray]
Runs = Mapping[str, Result]

WAYS = ("0", "10", "30", "100", "300", "annealed")
"""How gates became hard in ``HardeningHistory``: the epoch, or annealing; in its arrays' order."""

_HARDENED, _END = 1, 2  # times of ``HardeningHistory``


def hardness_at_start(result: Result) -> np.ndarray:
    """Return each net's hardness at the start, (S,)."""
    return result.hardness[0].astype(np.float64)


def clustering(result: Result) -> np.ndarray:
    """Return the change of the length of the last layer's mean unit normal, (S,)."""
    return resultant_change(result, result.spec.training.depth)


def order(*results: Result, statistic: Statistic) -> np.ndarray:
    """Return, for each seed, minus the rank correlation of hardness at the start with a statistic.

    Args:
        *results: of ``GateHardness``, one for each condition; the correlation is over these.
        statistic: maps a result to one number a seed.

    Returns:
        Shape (S,); 0 for a seed whose statistic is the same in all conditions.
    """
    hard = np.stack([hardness_at_start(result) for result in results], axis=1)
    values = np.stack([statistic(result) for result in results], axis=1)
    found = np.array([_rank_fall(*pair) for pair in zip(hard, values, strict=True)])
    return found.round(_DIGITS)


def _rank_fall(hard: np.ndarray, values: np.ndarray) -> float:
    return 0.0 if np.ptp(values) == 0 else -float(stats.spearmanr(hard, values).statistic)


def hardness_beats_scale(*results: Result, sign: int) -> np.ndarray:
    """Return hardness's effect on the allocation, plus or minus that of the scale, (S,).

    Args:
        *results: of ``GateHardness``: G of low hardness, G of high hardness at the same G scales,
            and two at one level of hardness: of a large and of a small initial scale.
        sign: of the scale's effect.

    Returns:
        Mean allocation of the first G minus that of the next G, plus sign times the difference of
        the last two.
    """
    *many, large, small = [path_gain(result) for result in results]
    half = len(many) // 2
    effect = np.mean(many[:half], axis=0) - np.mean(many[half:], axis=0)
    return effect + sign * (large - small)


def path_changes(result: Result) -> np.ndarray:
    """Return ln of the mean numbers of active paths at the end over the start, shape (2, S).

    Of the low-frequency half, and of the other one. As for the allocation, one path at one point is
    added to each mean; all halves have equally many points.
    """
    one = 1 / result.spec.target.top().sum().item()
    halves = np.log(np.stack(low_and_high(result, "paths")) + one)
    return halves[:, -1] - halves[:, 0]


def predicted_turns(result: Result) -> np.ndarray:
    """Return the rank correlation of predicted and measured angles of the first epoch, (S,)."""
    return result.predicted.astype(np.float64)


def more_coherent(soft: Result, hard: Result) -> np.ndarray:
    """Return by how much more the first layer's normals move along one axis, soft minus hard."""
    return soft.coherence.astype(np.float64) - hard.coherence


def kept_allocation(result: Result, way: str) -> np.ndarray:
    """Return the final allocation of one way of hardening minus that of nets hard throughout, (S,).

    Args:
        result: of ``HardeningHistory``.
        way: of ``WAYS``.
    """
    gains = path_gain(result)
    return gains[WAYS.index(way)] - gains[WAYS.index("0")]


def undone_allocation(result: Result, way: str) -> np.ndarray:
    """Return the allocation when gates became hard minus the final one, (S,).

    Args:
        result: of ``HardeningHistory``.
        way: of ``WAYS``.
    """
    gains = path_gains(result)[:, WAYS.index(way)]
    return gains[_HARDENED] - gains[_END]


def undone_clustering(result: Result, way: str) -> np.ndarray:
    """Return the resultant of the last layer's normals when gates became hard minus at the end.

    Args:
        result: of ``HardeningHistory``.
        way: of ``WAYS``.
    """
    lengths = result.resultant[:, WAYS.index(way), :, -1].astype(np.float64)
    return lengths[_HARDENED] - lengths[_END]


def hard_fitted(result: Result, way: str) -> np.ndarray:
    """Return which nets' errors are below ``FIT_LEVEL`` at the end, under hard gates, (S,).

    Args:
        result: of ``HardeningHistory``.
        way: of ``WAYS``.
    """
    return total_loss(result, "hard_loss")[_END, WAYS.index(way)] < FIT_LEVEL


def fit_ratio(result: Result) -> np.ndarray:
    """Return ln of the soft net's final error over the annealed net's under hard gates, (S,).

    Args:
        result: of ``HardeningHistory``.
    """
    soft = total_loss(result)[_HARDENED, WAYS.index("300")]
    return np.log(soft / total_loss(result, "hard_loss")[_END, WAYS.index("annealed")])


def fresh_ratio(result: Result, way: str) -> np.ndarray:
    """Return ln of the error of fresh value networks on the gates of the start over others, (S,).

    Args:
        result: of ``HardeningHistory``.
        way: whose hard gates the others are, of ``WAYS``.
    """
    return np.log(result.fresh_random / result.fresh[WAYS.index(way)].astype(np.float64))


def cost_saved(softer: Result, harder: Result) -> np.ndarray:
    """Return how many points of test accuracy less hard gates cost the harder nets, (S,).

    Args:
        softer: of ``HardImages``.
        harder: the same, on the same labels.
    """
    return hard_cost(softer) - hard_cost(harder)


def hard_images_gain(hard: Result, soft: Result) -> np.ndarray:
    """Return by how many points the first nets classify better, under hard gates, (S,).

    Args:
        hard: of ``HardImages``; evaluated under hard gates.
        soft: the same; evaluated under their own gates.
    """
    first, second = hard.test_hard_accuracy, soft.test_accuracy
    return 100 * (first.astype(np.float64).mean(-1) - second.astype(np.float64).mean(-1))


def final_label_effect(modified: Result, swapped: Result) -> np.ndarray:
    """Return how far complicated labels have moved paths at the end, ``label_effect``, (S,)."""
    return label_effect(modified, swapped)[-1]


def label_effect_lost(*results: Result) -> np.ndarray:
    """Return how much less the labels move paths at the end in harder nets, (S,).

    Args:
        *results: of ``HardImages``: of the softer nets with modified and with swapped labels, and
            of the harder ones.
    """
    return final_label_effect(*results[:2]) - final_label_effect(*results[2:])


def nearer_labels_than_pixels(result: Result) -> np.ndarray:
    """Return the alignment of Λ with the labels at the end minus that of the pixels, (S,).

    Args:
        result: of ``HardImages``.
    """
    return result.overlap_labels[-1].astype(np.float64) - result.pixels_with_labels


# What a page shows


def hardness_curves(
    runs: Runs, statistic: Statistic, design: str = "5 layers"
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return a statistic over the hardness at the start, a curve for each initial scale.

    Args:
        runs: of ``GateHardness``, by the names of the factorial's conditions.
        statistic: maps a result to one number a seed.
        design: the beginning of the names.

    Returns:
        By label, from the smallest scale on: mean hardness (k,), increasing, and the statistic's
        mean with its interval (k, 3).
    """
    by_scale: dict[float, list[Result]] = {}
    for name, run in runs.items():
        if name.startswith(f"{design}, "):
            by_scale.setdefault(run.spec.training.gating_gain, []).append(run)
    curves = {}
    for scale in sorted(by_scale):
        ordered = sorted(by_scale[scale], key=lambda run: hardness_at_start(run).mean())
        hard = np.array([hardness_at_start(run).mean() for run in ordered])
        rows = mean_intervals(np.stack([statistic(run) for run in ordered]).astype(np.float64))
        curves[f"scale {scale:g}"] = (hard, rows)
    return curves


def relu_intervals(runs: Runs, statistic: Statistic) -> dict[float, tuple[float, float, float]]:
    """Return a statistic of ReLU nets by their initial scale: mean and interval."""
    return {run.spec.training.gain: mean_interval(statistic(run)) for run in runs.values()}


def panels(runs: Runs, relu: Runs) -> dict[str, tuple[dict, dict]]:
    """Return what the figure of everything against hardness shows, by panel.

    Args:
        runs: of ``GateHardness``, by the names of the factorial's conditions.
        relu: of ReLU nets, by scale.

    Returns:
        By the panel's label: ``hardness_curves``, and ``relu_intervals``, which is empty for the
        clustering: a ReLU net's units have no half-spaces. Shares are in percent.
    """
    statistics = {
        "allocation": path_gain,
        "clustering": clustering,
        "points without a path (%)": lambda run: 100 * share_without_path(run),
        "fitted, hard gates (%)": lambda run: 100.0 * fitted_with_hard_gates(run),
    }
    return {
        label: (
            hardness_curves(runs, statistic),
            {} if statistic is clustering else relu_intervals(relu, statistic),
        )
        for label, statistic in statistics.items()
    }


def partial_effects(runs: Runs, statistic: Statistic) -> dict[str, np.ndarray]:
    """Return the effects of hardness and of the scale on a statistic, each with the other fixed.

    In each seed the statistic is fitted by least squares, over the conditions without biases and
    with five layers, by a constant, the hardness at the start and the logarithm of the scale.

    Returns:
        ``hardness`` (S,): the change from h = 0.1 to 0.9; ``scale`` (S,): from the smallest scale
        to the largest.
    """
    chosen = [run for name, run in runs.items() if name.startswith("5 layers, ")]
    scales = np.log([run.spec.training.gating_gain for run in chosen])
    hard = np.stack([hardness_at_start(run) for run in chosen], axis=1)
    values = np.stack([statistic(run) for run in chosen], axis=1).astype(np.float64)
    slopes = []
    for row, found in zip(hard, values, strict=True):
        columns = np.stack([np.ones_like(row), row, scales], axis=1)
        slopes.append(np.linalg.lstsq(columns, found, rcond=None)[0][1:])
    by_hardness, by_scale = np.array(slopes).T
    return {"hardness": by_hardness * (_HIGH - _LOW), "scale": by_scale * np.ptp(scales)}


def history_curves(result: Result) -> dict[str, dict[str, np.ndarray]]:
    """Return what the figure of nets that harden shows, by panel and label.

    Args:
        result: of ``HardeningHistory``.

    Returns:
        For each of ``WAYS`` a value and its interval, (P, 3). Of the allocation when gates became
        hard and at the end, the mean; of the errors under hard gates, of the net and of fresh value
        networks on its gates, the geometric mean.
    """
    gains = path_gains(result).astype(np.float64)
    own, fresh = total_loss(result, "hard_loss")[_END], result.fresh.astype(np.float64)
    return {
        "allocation": {
            "when gates become hard": mean_intervals(gains[_HARDENED]),
            "at the end": mean_intervals(gains[_END]),
        },
        "error under hard gates": {
            "fresh value network": geometric_intervals(fresh),
            "at the end": geometric_intervals(own),
        },
    }


def task_rows(runs: Runs, tasks: Runs) -> list[dict[str, str]]:
    """Return the allocation on each target at low and at high hardness, as a table's rows.

    Args:
        runs: of ``GateHardness`` on the base target, by the names of the factorial's conditions.
        tasks: on the other targets.
    """
    base = {f"base, h {h}": runs[f"5 layers, h {h}, gain 1.0"] for h in (_LOW, _HIGH)}
    rows: dict[str, dict[str, str]] = {}
    for name, run in (base | dict(tasks)).items():
        target, level = name.split(", h ")
        rows.setdefault(target, {"target": target})[f"h = {level}"] = factor_text(path_gain(run))
    return list(rows.values())


IMAGE_NETS = {
    "β = 4": "soft, beta 4",
    "β = 30": "soft, beta 30",
    "β = 100": "soft, beta 100",
    "straight-\nthrough": "straight-through",
    "annealed": "annealed",
    "ReLU": "relu",
}
"""Nets on Fashion-MNIST by the names that a figure gives them."""


def image_panels(runs: Runs) -> dict[str, dict[str, np.ndarray]]:
    """Return what the figure of nets on Fashion-MNIST shows, by panel.

    Accuracies and alignments are those of nets with their own step sizes, under the original
    labels; label effects those of nets with one step size, which ReLU nets (NaN) lack.

    Args:
        runs: of ``HardImages``, by the names of ``image_conditions``.

    Returns:
        By the panel's label: by label, a name of ``plots.MARKS``, mean and interval for each net of
        ``IMAGE_NETS``, (P, 3).
    """
    own = [runs[image_run(net, STEP_SIZES[net])] for net in IMAGE_NETS.values()]
    gated = [net for net in IMAGE_NETS.values() if net != "relu"]
    effects = mean_intervals(np.stack([label_effect_at_one_step(runs, net) for net in gated]))

    def rows(statistic: Statistic) -> np.ndarray:
        return mean_intervals(np.stack([statistic(run) for run in own]).astype(np.float64))

    return {
        "test accuracy (%)": {
            "own gates": rows(lambda run: 100 * run.test_accuracy.mean(-1)),
            "hard gates": rows(lambda run: 100 * run.test_hard_accuracy.mean(-1)),
        },
        "label effect": {"at the end": np.vstack([effects, np.full(3, np.nan)])},
        "alignment with labels": {
            "at the start": rows(lambda run: run.overlap_labels[0]),
            "at the end": rows(lambda run: run.overlap_labels[-1]),
            "of pixels": rows(lambda run: run.pixels_with_labels),
        },
    }


def label_effect_at_one_step(runs: Runs, net: str) -> np.ndarray:
    """Return ``final_label_effect`` of a net's runs with the common step size, (S,)."""
    return final_label_effect(
        *(runs[image_run(net, COMMON_STEP, labels)] for labels in ("modified", "swapped"))
    )


def image_numbers(runs: Runs) -> dict[str, object]:
    """Return the numbers of nets on Fashion-MNIST as texts, by name.

    Args:
        runs: of ``HardImages``, by the names of ``image_conditions``.
    """
    soft = runs[image_run("soft, beta 4", STEP_SIZES["soft, beta 4"])]
    numbers: dict[str, object] = {"seeds": soft.spec.seeds, "epochs": soft.spec.epochs}
    numbers["rate-of-all"] = f"{COMMON_STEP:g}"
    for net in ("straight-through", "annealed"):
        noisy, rival = (
            runs[image_run(each, STEP_SIZES[each], "modified")] for each in (net, "soft, beta 4")
        )
        numbers[f"loss-modified-{net}"] = interval_text(-hard_images_gain(noisy, rival))
    for net, rate in STEP_SIZES.items():
        run, key = runs[image_run(net, rate)], net.replace("soft, beta ", "")
        numbers[f"own-{key}"] = f"{100 * run.test_accuracy.mean(dtype=np.float64):.1f}"
        numbers[f"hard-{key}"] = f"{100 * run.test_hard_accuracy.mean(dtype=np.float64):.1f}"
        numbers[f"loss-{key}"] = interval_text(-hard_images_gain(run, soft))
        numbers[f"rate-{key}"] = f"{rate:g}"
        numbers[f"moved-{key}"] = interval_text(alignment_change(run, "overlap_labels"))
        numbers[f"ntk-moved-{key}"] = interval_text(alignment_change(run, "ntk_labels"))
        if net == "relu":
            continue
        numbers[f"effect-{key}"] = interval_text(label_effect_at_one_step(runs, net))
        numbers[f"hardness-{key}"] = f"{run.hardness[0].mean():.2f}"
        if net.startswith("soft"):
            at_one_step = runs[image_run(net, COMMON_STEP)]
            numbers[f"cost-{key}"] = interval_text(hard_cost(at_one_step))
            with_noise = runs[image_run(net, COMMON_STEP, "modified")]
            numbers[f"cost-modified-{key}"] = interval_text(hard_cost(with_noise))
    return numbers | {"from": origin(*runs.values())}


def hardness_numbers(runs: Runs, relu: Runs, tasks: Runs, history: Result) -> dict[str, object]:
    """Return the chapter's numbers as texts, by name.

    Args:
        runs: of ``GateHardness``, by the names of the factorial's conditions.
        relu: of ReLU nets.
        tasks: of the other targets.
        history: of ``HardeningHistory``.
    """
    deep = {name: run for name, run in runs.items() if name.startswith("5 layers, ")}
    numbers: dict[str, object] = {"seeds": history.spec.training.seeds}
    for name, statistic in {"allocation": path_gain, "clustering": clustering}.items():
        effects = partial_effects(runs, statistic)
        numbers |= {f"{name}-by-{cause}": interval_text(found) for cause, found in effects.items()}
    for level in (_LOW, _HIGH):
        run = runs[f"5 layers, h {level}, gain 1.0"]
        numbers[f"allocation-{level}"] = factor_text(path_gain(run))
        numbers[f"starved-{level}"] = f"{100 * share_without_path(run).mean():.1f}"
        numbers[f"hard-fitted-{level}"] = int(fitted_with_hard_gates(run).sum())
        numbers[f"turns-{level}"] = f"{predicted_turns(run).mean():.2f}"
        numbers[f"coherence-{level}"] = f"{run.coherence.mean():.2f}"
        for half, change in zip(("low", "high"), path_changes(run), strict=True):
            numbers[f"{half}-{level}"] = factor_text(change)
    numbers["relu"] = factor_text(path_gain(relu["gain 0.6"]))
    numbers["half-constant"] = factor_text(path_gain(tasks[f"low half constant, h {_HIGH}"]))
    gains = path_gains(history)
    for place, way in enumerate(WAYS):
        numbers[f"fresh-{way}"] = factor_text(fresh_ratio(history, way))
        numbers[f"history-fitted-{way}"] = int(hard_fitted(history, way).sum())
        numbers[f"history-{way}"] = factor_text(gains[_END, place])
        numbers[f"error-{way}"] = _typical(total_loss(history, "hard_loss")[_END, place])
    for way in WAYS[1:3]:
        numbers[f"undone-{way}"] = interval_text(undone_allocation(history, way))
        stays = gains[_HARDENED, WAYS.index(way)] - gains[_END, WAYS.index("300")]
        numbers[f"undone-soft-{way}"] = interval_text(stays)
    numbers["soft-error"] = _typical(total_loss(history)[_HARDENED, WAYS.index("300")])
    numbers["fresh-error"] = _typical(history.fresh_random)
    groups = {"factorial": (*deep.values(), *relu.values()), "tasks": tuple(tasks.values())}
    groups |= {"turns": tuple(deep.values()), "history": (history,)}
    return numbers | {f"from-{name}": origin(*group) for name, group in groups.items()}


def _typical(errors: np.ndarray) -> str:
    return significant(stats.gmean(errors), 2)
