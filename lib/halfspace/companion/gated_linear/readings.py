"""What the runs on gated linear nets say: each statistic once, for claims and for the chapter."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import torch

from halfspace.companion.claims import EXACT
from halfspace.companion.gated_linear.data import ITEMS
from halfspace.companion.gated_linear.measures import pointwise_energy
from halfspace.companion.gated_linear.specs import LEVELS, VARIANTS, ContextTraining
from halfspace.companion.intervals import factor_text, interval_text, mean_interval
from halfspace.companion.origin import origin
from halfspace.companion.spec import Result
from halfspace.modes import context_modes, haar_basis, random_amplitude, sigmoid
from halfspace.nets import ReLUNet

__all__ = [
    "COLORS",
    "CROSSING",
    "SHOWN",
    "agrees",
    "alone_share",
    "always_on_early",
    "breaks",
    "census_gain",
    "census_rows",
    "context_numbers",
    "crossing",
    "crossing_limit",
    "depth_rows",
    "drops",
    "held_out_numbers",
    "held_out_points",
    "held_out_rows",
    "lead",
    "lead_slope",
    "live_gates",
    "live_modes",
    "log_time",
    "loss_panels",
    "majority_excess",
    "mixed_excess",
    "mixed_gain",
    "on_gain",
    "on_in",
    "prediction_errors",
    "prediction_gain",
    "race_rate",
    "rate_gap",
    "rate_slopes",
    "refreshed",
    "reuse_gain",
    "reuse_series",
    "run_name",
    "scaling_lines",
    "slope_excess",
    "test_cost",
    "time_slope",
    "train_gain",
    "xor_crossings",
    "xor_lines",
    "xor_numbers",
]

Runs = Mapping[str, Result]

CROSSING = math.sqrt(2 / 3)
"""The delta at which single points and class pairs grow equally fast."""

_NEARLY = LEVELS.index(0.1)


# What is exact


def agrees(result: Result, gap: str = "gap") -> np.ndarray:
    """Return for which seeds two computations differ by less than rounding, bool, shape (S,)."""
    return result.arrays[gap] < EXACT


def breaks(result: Result, gap: str) -> np.ndarray:
    """Return for which seeds two computations differ by more than rounding, bool, shape (S,)."""
    return result.arrays[gap] > EXACT


# Times


def log_time(result: Result) -> np.ndarray:
    """Return ln of the time to a loss of 0.1, shape (S,); NaN for a net that never reached it."""
    return np.log(result.times[_NEARLY].astype(np.float64))


def drops(later: Result, sooner: Result) -> np.ndarray:
    """Return ln of one net's time to a loss of 0.1 over another's of the same seed, shape (S,).

    Where the runs differ in their number of seeds, the first ones count.
    """
    one, other = log_time(later), log_time(sooner)
    common = min(len(one), len(other))
    return one[:common] - other[:common]


def time_slope(*results: Result) -> np.ndarray:
    """Return the slope of the time to a loss of 0.1 in ln(1/std), shape (S,).

    Args:
        *results: of one model at several standard deviations.
    """
    logs = np.array([-math.log(result.spec.std) for result in results])
    times = np.stack([result.times[_NEARLY].astype(np.float64) for result in results])
    return np.polyfit(logs, times, 1)[0]


def slope_excess(*results: Result, spread: bool = False) -> np.ndarray:
    """Return how much steeper a gated net's ``time_slope`` is than the ReLU net's, shape (S,).

    Args:
        *results: the gated net's at several standard deviations, then the ReLU net's at the same.
        spread: whether the unit is the standard deviation between ReLU nets' slopes.
    """
    half = len(results) // 2
    gated, relu = time_slope(*results[:half]), time_slope(*results[half:])
    excess = gated - relu[: len(gated)]
    return excess / relu.std(ddof=1) if spread else excess


def prediction_gain(result: Result) -> np.ndarray:
    """Return how much better the derived amplitude predicts than half or twice it does, (S,).

    The error of a prediction is the mean over the levels that both reach of the distance of the
    logarithms of simulated and predicted time. The better of the two others counts.
    """
    errors = prediction_errors(result)
    return np.minimum(errors[1], errors[2]) - errors[0]


def prediction_errors(result: Result) -> np.ndarray:
    """Return the errors of the predictions from each of ``FACTORS``, shape (3, S)."""
    with np.errstate(invalid="ignore"):
        ratios = np.log(result.times[None].astype(np.float64) / result.predicted[..., None])
    return np.nanmean(np.abs(ratios), axis=1)


# The census


def on_in(result: Result, contexts: int, look: int = -1) -> np.ndarray:
    """Return the share of energy in units that are on in so many contexts, first layer, (S,).

    Args:
        result: of a ReLU net on the contextual task.
        contexts: number of them; negative ones count from all.
        look: index of the look.
    """
    share = result.on_share[look, 0].astype(np.float64)
    return share[:, contexts if contexts >= 0 else share.shape[1] - 1 + contexts]


def majority_excess(result: Result) -> np.ndarray:
    """Return the share of energy in units on in all contexts but one, minus one half, (S,)."""
    return on_in(result, -1) - 0.5


def on_gain(result: Result) -> np.ndarray:
    """Return the change, over training, of the share on in all contexts but one, (S,)."""
    return on_in(result, -1) - on_in(result, -1, 0)


def mixed_excess(result: Result, look: int = -1) -> np.ndarray:
    """Return the share of energy in units on in two or more contexts, minus that in one, (S,)."""
    share = result.on_share[look, 0].astype(np.float64)
    return share[:, 2:].sum(1) - share[:, 1]


def mixed_gain(result: Result) -> np.ndarray:
    """Return the change of ``mixed_excess`` over training, shape (S,)."""
    return mixed_excess(result) - mixed_excess(result, 0)


def always_on_early(result: Result, time: float = 10.0) -> np.ndarray:
    """Return the share of energy in units on in every context at a time, minus one half, (S,)."""
    look = int(np.abs(result.looks - time).argmin())
    return result.on_share[look, 0, :, -1].astype(np.float64) - 0.5


def alone_share(result: Result) -> np.ndarray:
    """Return the share of energy in units gated by the context alone, minus one half, (S,)."""
    return result.alone[-1, 0].astype(np.float64) - 0.5


def census_gain(result: Result, name: str = "effective") -> np.ndarray:
    """Return the change of a number of the census over training, first layer, shape (S,)."""
    values = result.arrays[name][:, 0].astype(np.float64)
    return values[-1] - values[0]


def reuse_gain(more: Result, fewer: Result, name: str = "effective") -> np.ndarray:
    """Return one net's ``census_gain`` minus another's, seed by seed, shape (S,)."""
    return census_gain(more, name) - census_gain(fewer, name)


# Held-out pairs


def _of(result: Result, array: str, variant: str) -> np.ndarray:
    return result.arrays[array][VARIANTS.index(variant)].astype(np.float64)


def test_cost(result: Result, worse: str, better: str = "relu") -> np.ndarray:
    """Return one variant's loss on held-out pairs minus another's, shape (S,)."""
    return _of(result, "test", worse) - _of(result, "test", better)


def train_gain(result: Result, later: str = "relu", sooner: str = "frozen") -> np.ndarray:
    """Return ln of one variant's time to a training loss of 0.1 over another's, shape (S,)."""
    return np.log(_of(result, "time", later) / _of(result, "time", sooner))


# XOR


def crossing(result: Result) -> np.ndarray:
    """Return the delta at which single points and class pairs have equal shares, shape (S,).

    Linear between the last delta at which single points are ahead and the next; NaN if they are
    ahead at none or at the last.
    """
    deltas, lead = np.array(result.spec.deltas), (result.single - result.pair).astype(np.float64)
    found = np.full(lead.shape[1], np.nan)
    for seed, values in enumerate(lead.T):
        ahead = np.flatnonzero(values > 0)
        if len(ahead) and ahead[-1] + 1 < len(deltas):
            at = ahead[-1]
            part = values[at] / (values[at] - values[at + 1])
            found[seed] = deltas[at] + part * (deltas[at + 1] - deltas[at])
    return found


def crossing_limit(*results: Result) -> np.ndarray:
    """Return the limit of ``crossing`` for small starts: linear in 1/ln(1/std), shape (S,).

    Args:
        *results: of ``XorRace`` at several standard deviations.
    """
    places = np.array([-1 / math.log(result.spec.std) for result in results])
    return np.polyfit(places, np.stack([crossing(result) for result in results]), 1)[1]


def lead(result: Result, delta: float) -> np.ndarray:
    """Return the share of single points minus that of class pairs at a delta, shape (S,)."""
    row = int(np.abs(np.array(result.spec.deltas) - delta).argmin())
    return (result.single - result.pair)[row].astype(np.float64)


def lead_slope(*results: Result, delta: float) -> np.ndarray:
    """Return the slope of the ``lead`` at a shortcut in ln(1/std), shape (S,).

    Args:
        *results: of ``XorRace`` at several standard deviations.
        delta: the shortcut.
    """
    logs = np.array([-math.log(result.spec.std) for result in results])
    return np.polyfit(logs, np.stack([lead(result, delta) for result in results]), 1)[0]


def race_rate(delta: float) -> float:
    """Return the rate at which the faster set grows in XOR with a shortcut, by gradient flow."""
    single = math.sqrt(2 + delta**2) / 4 if delta < math.sqrt(2) else 0.0
    return max(single, delta / 2)


def rate_slopes(results: Sequence[Result], row: int) -> np.ndarray:
    """Return the slope of the time to learn XOR in ln(1/std), of one delta, shape (S,)."""
    logs = np.array([-math.log(result.spec.std) for result in results])
    return np.polyfit(logs, np.stack([result.time[row] for result in results]), 1)[0]


def rate_gap(*results: Result, row: int) -> np.ndarray:
    """Return how far a slope is from that of gradient descent, beside gradient flow's distance.

    A set that grows at rate r takes ``1/r`` for each factor e by gradient flow, and ``α/ln(1 + α
    r)`` by descent with learning rate α.

    Args:
        *results: of ``XorRace`` at several standard deviations.
        row: number of the delta.

    Returns:
        Shape (S,); 0 is descent's slope, -1 is that of gradient flow.
    """
    spec = results[0].spec
    rate = race_rate(spec.deltas[row])
    descent = spec.learning_rate / math.log1p(spec.learning_rate * rate)
    return (rate_slopes(results, row) - descent) / (descent - 1 / rate)


# What the chapter shows


COLORS = {
    "ReLU net": "relu",
    "frozen gates": "frozen",
    "leave-one-out": "leave-one-out",
    "modular": "modular",
    "all six": "all six",
    "common only": "common only",
    "final gates": "dlgn",
}
"""Keys of the figures' colours, by label."""


def run_name(model: str, std: str = "1e-03", contexts: int = 3) -> str:
    """Return a condition's name in ``context_conditions``."""
    return f"{model}: {contexts} contexts: {std}"


def refreshed(runs: Runs, refresh: Sequence[int]) -> dict[str, tuple[float, float, float]]:
    """Return the time to a loss of 0.1, mean and interval, by how old gates may become.

    Args:
        runs: of ``context_conditions``, by name.
        refresh: numbers of steps; the last is as long as training.
    """
    names = {"1": run_name("relu")}
    for steps in refresh:
        label = "never" if steps == refresh[-1] else f"{steps}"
        names[label] = run_name(f"relu, gates every {steps}")
    return {label: mean_interval(runs[name].times[_NEARLY]) for label, name in names.items()}


def loss_panels(runs: Runs, stds: Sequence[str], models: Mapping[str, str]) -> dict[str, dict]:
    """Return loss curves by start and model: times, mean over seeds, prediction or ``None``.

    Args:
        runs: of ``context_conditions``, by name.
        stds: standard deviations as conditions name them.
        models: the models by label.
    """
    panels = {}
    for std in stds:
        curves = panels[f"std {float(std):g}"] = {}
        for label, model in models.items():
            run = runs[run_name(model, std)]
            shown = run.at <= 250
            predicted = run.arrays.get("predicted_loss")
            curves[label] = (
                run.at[shown],
                run.loss.mean(1)[shown],
                None if predicted is None else predicted[shown],
            )
    return panels


def scaling_lines(
    runs: Runs, stds: Sequence[str], models: Mapping[str, str]
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return times to a loss of 0.1 by model: standard deviations, means with intervals."""
    lines = {}
    for label, model in models.items():
        chosen = [runs[run_name(model, std)] for std in stds]
        times = np.array([mean_interval(run.times[_NEARLY]) for run in chosen])
        lines[label] = (np.array([float(std) for std in stds]), times)
    return lines


def reuse_series(runs: Runs) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return effective contexts of a unit by number of contexts, trained and at the start."""
    contexts = np.arange(2, 7)
    series = {}
    for label, look in (("trained", -1), ("at the start", 0)):
        found = [runs[run_name("relu", contexts=c)].effective[look, 0] for c in contexts]
        series[label] = (contexts, np.array([mean_interval(values) for values in found]))
    return series


def depth_rows(runs: Runs, depths: Mapping[int, Sequence[str]]) -> list[dict[str, str]]:
    """Return what the first layer of deeper nets says of reuse, as a table's rows.

    Args:
        runs: of ``depth_conditions``, by name.
        depths: standard deviations by depth; the smallest, the last, is shown.
    """
    rows = []
    for contexts in (3, 5):
        for depth, stds in depths.items():
            run = runs[f"{depth}: {contexts} contexts: {stds[-1]}"]
            rows.append(
                {
                    "contexts": contexts,
                    "hidden layers": depth,
                    "effective contexts": interval_text(run.effective[-1, 0]),
                    "at the start": f"{run.effective[0, 0].mean():.2f}",
                    "points on × contexts": interval_text(run.data_on[-1, 0]),
                }
            )
    return rows


def census_rows(runs: Runs) -> list[dict[str, str]]:
    """Return the share of energy by number of contexts a unit is on in, as a table's rows."""
    rows = []
    for contexts in range(2, 7):
        run = runs[run_name("relu", contexts=contexts)]
        share = run.on_share[-1, 0].mean(0)
        most = int(share.argmax())
        rows.append(
            {
                "contexts C": contexts,
                "on in C − 1 (%)": interval_text(100 * on_in(run, -1), 0),
                "at the start (%)": f"{100 * on_in(run, -1, 0).mean():.0f}",
                "most common": f"on in {most} of {contexts} ({100 * share[most]:.0f} %)",
            }
        )
    return rows


SHOWN = {
    "ReLU net": "relu",
    "frozen gates": "frozen",
    "leave-one-out": "leave-one-out",
    "modular": "modular",
    "final gates": "final gates, new weights",
}
"""Variants of ``HeldOutPairs`` that the figure shows, by label."""


def held_out_points(result: Result) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return times to a training loss of 0.1 and held-out losses, by label, (S,) each."""
    return {
        label: (_of(result, "time", variant), _of(result, "test", variant))
        for label, variant in SHOWN.items()
    }


_NAMES = {"relu": "ReLU net", "frozen": "frozen random gates", "linear": "best linear map"}


def held_out_rows(result: Result) -> list[dict[str, str]]:
    """Return each variant's times and held-out losses, and the cost over the ReLU net, as rows."""
    rows = []
    for variant in VARIANTS:
        times = _of(result, "time", variant)
        cost = "–" if variant == "relu" else interval_text(test_cost(result, variant))
        rows.append(
            {
                "net": _NAMES.get(variant, variant),
                "held-out loss": f"{_of(result, 'test', variant).mean():.2f}",
                "above the ReLU net's": cost,
                "time to learn": "never" if np.isnan(times).all() else f"{times.mean():.0f}",
            }
        )
    return sorted(rows, key=lambda row: float(row["held-out loss"]))


def xor_lines(runs: Runs) -> tuple[np.ndarray, dict[float, np.ndarray]]:
    """Return the shortcuts, and single points' share of both kinds by standard deviation.

    Args:
        runs: of ``XorRace`` by name, of one set of shortcuts.
    """
    results = list(runs.values())
    lines = {}
    for run in results:
        single, pair = run.single.mean(1), run.pair.mean(1)
        lines[run.spec.std] = single / (single + pair)
    return np.array(results[0].spec.deltas), lines


def xor_crossings(runs: Runs) -> tuple[np.ndarray, np.ndarray, float]:
    """Return 1/ln(1/std), crossings with intervals (k, 3), and the mean extrapolated one."""
    results = list(runs.values())
    places = np.array([-1 / math.log(run.spec.std) for run in results])
    intervals = np.array([mean_interval(crossing(run)) for run in results])
    return places, intervals, float(crossing_limit(*results).mean())


def context_numbers(runs: Runs, scales: Sequence[str]) -> dict[str, object]:
    """Return what the text says of the runs on the contextual task.

    Args:
        runs: of ``context_conditions``, by name.
        scales: standard deviations of the slopes, as conditions name them.
    """
    base = runs[run_name("relu")]
    numbers = {
        "seeds": base.spec.seeds,
        "gated-seeds": runs[run_name("modular")].spec.seeds,
        "width": base.spec.width,
        "rate": base.spec.learning_rate,
        "from-contexts": origin(*runs.values()),
        "all-but-one": interval_text(100 * on_in(base, -1), 0),
        "all-but-one-start": f"{100 * on_in(base, -1, 0).mean():.0f}",
        "always-10": f"{100 * (always_on_early(base).mean() + 0.5):.0f}",
        "always-end": f"{100 * on_in(base, 3).mean():.0f}",
        "alone": f"{100 * (alone_share(base).mean() + 0.5):.1f}",
        "index-start": f"{base.index[0, 0].mean():.2f}",
        "index-end": f"{base.index[-1, 0].mean():.2f}",
        "lazy": interval_text(100 * on_in(runs[run_name("relu", "1e-01")], -1), 0),
        "fresh-time": f"{base.times[_NEARLY].mean():.0f}",
        "stale-time": f"{runs[run_name('relu, gates every 1500')].times[_NEARLY].mean():.0f}",
    }
    for model in ("leave-one-out", "modular", "all six"):
        run = runs[run_name(model)]
        numbers[f"time {model}"] = f"{run.times[_NEARLY].mean():.0f}"
        numbers[f"error {model}"] = f"{100 * prediction_errors(run)[0].mean():.1f}"
        numbers[f"rival {model}"] = f"{100 * prediction_errors(run)[1:].min(0).mean():.0f}"
    for model in ("relu", "leave-one-out", "modular", "all six"):
        slopes = time_slope(*(runs[run_name(model, std)] for std in scales))
        numbers[f"slope {model}"] = interval_text(slopes, 1)
    return numbers


def held_out_numbers(runs: Runs) -> dict[str, object]:
    """Return what the text says of held-out pairs.

    Args:
        runs: of ``HeldOutPairs`` by standard deviation.
    """
    small, large = runs["1e-03"], runs["1e-01"]
    return {
        "held-out-seeds": small.spec.seeds,
        "from-held-out": origin(*runs.values()),
        "frozen-faster": factor_text(train_gain(small)),
        "frozen-cost": interval_text(test_cost(small, "frozen")),
        "frozen-cost-large": interval_text(test_cost(large, "frozen")),
        "final-cost": interval_text(test_cost(small, "final gates, new weights")),
        "same-cost": interval_text(test_cost(small, "final gates, same start")),
        "final-gain": interval_text(test_cost(small, "frozen", "final gates, new weights")),
        "leave-cost": interval_text(test_cost(small, "leave-one-out")),
        "modular-cost": interval_text(test_cost(small, "modular")),
        "relu-test": f"{_of(small, 'test', 'relu').mean():.2f}",
        "frozen-test": f"{_of(small, 'test', 'frozen').mean():.2f}",
        "worse-nets": int((test_cost(small, "frozen") > 0).sum()),
    }


def xor_numbers(runs: Runs) -> dict[str, object]:
    """Return what the text says of XOR.

    Args:
        runs: of ``XorRace`` by name, of one set of shortcuts.
    """
    results = list(runs.values())
    limit = mean_interval(crossing_limit(*results))
    smaller = mean_interval(crossing_limit(*results[1:]))
    return {
        "xor-seeds": results[0].spec.seeds,
        "from-xor": origin(*results),
        "crossing": f"{CROSSING:.3f}",
        "crossing-largest": f"{crossing(results[0]).mean():.3f}",
        "crossing-smallest": f"{crossing(results[-1]).mean():.3f}",
        "crossing-limit": "{:.3f} ({:.3f} to {:.3f})".format(*limit),
        "crossing-limit-small": "{:.3f} ({:.3f} to {:.3f})".format(*smaller),
    }


# What is made while the page is built


def live_modes(spec: ContextTraining) -> tuple[np.ndarray, dict, dict]:
    """Train one net of a common pathway and compare its modes with sigmoids.

    Args:
        spec: of one pathway, on in every context, and one seed.

    Returns:
        Times (k,); by mode the net's strength, and the sigmoid from the derived amplitude, (k,).
    """
    modes = context_modes(spec.task.targets, haar_basis(ITEMS))
    strength = torch.einsum("kco,kcq->koq", modes.targets, modes.inputs) / modes.points
    left, values, right = torch.linalg.svd(strength, full_matrices=False)
    power = modes.inputs.square().sum(-1).sum(-1) / modes.points
    first, second = left[:, :, 0], right[:, 0]
    basis, maps = modes.basis.float(), []

    def watch(_: int, net) -> None:
        found = net.value[1].weight.data[0] @ net.value[0].weight.data[0]  # (c, I + C)
        items = found[:, :ITEMS] @ basis.mT  # (c, K)
        maps.append(items)

    spec.train(torch.device("cpu"), watch)
    times = spec.learning_rate * torch.arange(spec.steps + 1, dtype=torch.float64)
    start = random_amplitude(spec.std, spec.width)
    simulated, predicted = {}, {}
    for mode, name in ((1, "all eight items"), (2, "four items"), (4, "two items")):
        along = torch.stack([found[:, mode] for found in maps]).double() @ first[mode]
        simulated[name] = (along * second[mode, 0]).numpy()
        options = dict(strength=float(values[mode, 0]), power=float(power[mode]), start=start)
        predicted[name] = sigmoid(times, **options).numpy()
    return times.numpy(), simulated, predicted


def live_gates(
    spec: ContextTraining, looks: Sequence[float]
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Train one ReLU net; return the gates of its large units, and its overlap kernels.

    Args:
        spec: of a ReLU net and one seed.
        looks: times of the kernels, besides the last.

    Returns:
        Gates at the end of the units with 90 % of the energy, in the order of the context in which
        they are on for the fewest items, (units, n); energy-weighted overlap kernels by title.
    """
    x, contexts = spec.task.inputs.float(), spec.task.contexts
    steps = {round(time / spec.learning_rate): time for time in looks}
    steps[spec.steps] = spec.learning_rate * spec.steps
    matrices, last = {}, []

    def watch(step: int, net: ReLUNet) -> None:
        if step in steps:
            ((on, energy),) = pointwise_energy(net, x)
            on, share = on[0].double(), energy[0].sum(0).double()
            matrices[f"time {steps[step]:.0f}"] = ((on * (share / share.sum())) @ on.T).numpy()
            last[:] = [on, share]

    spec.train(torch.device("cpu"), watch)
    on, share = last
    order = share.argsort(descending=True)
    ahead = share[order].cumsum(0) - share[order]
    large = order[ahead < 0.9 * share.sum()]
    by_context = on[:, large].unflatten(0, (contexts, -1)).sum(1)  # (C, units)
    off = by_context.argmin(0)
    sorted_units = large[off.argsort(stable=True)]
    return on[:, sorted_units].T.numpy(), matrices
