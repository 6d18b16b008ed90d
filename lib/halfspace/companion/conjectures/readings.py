"""Statistics of the runs on the conjectures: frozen gates on circle and images, pairs of nets.

K epochs at which gates are frozen or nets compared, S seeds.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from halfspace.companion.circle.readings import path_gain
from halfspace.companion.conjectures.freezing import FashionFreezing
from halfspace.companion.inference import correlation
from halfspace.companion.intervals import (
    factor_text,
    geometric_intervals,
    interval_text,
    mean_interval,
    mean_intervals,
)
from halfspace.companion.origin import origin
from halfspace.companion.spec import Result, Spec
from halfspace.companion.text import NOT_RECORDED, thousands

__all__ = [
    "accuracy",
    "accuracy_curves",
    "circle_freezing_numbers",
    "closer_to_partner",
    "early_rather_than_late",
    "early_rows",
    "error_curves",
    "gained",
    "gains_by_task",
    "gained_early",
    "gate_rows",
    "gates_rather_than_nothing",
    "gates_rather_than_values",
    "image_freezing_numbers",
    "image_panels",
    "image_rows",
    "last_high",
    "learned",
    "learned_by_hard_gates",
    "learned_since_start",
    "learned_when_softened",
    "linear_rows",
    "paths_gained",
    "random_level",
    "recorded_gains",
    "swap_intervals",
    "reached_and_missed",
    "reached_rather_than_missed",
    "row_at",
    "score",
    "similarity_curves",
    "surrogate_numbers",
    "swap_numbers",
    "task_numbers",
]

_NETS = {"relu": "ReLU net", "dlgn": "DLGN"}

_FROZEN = {
    "fresh_matched": "reinitialised value network",
    "continued_matched": "own value network",
    "kernel_matched": "kernel regression",
}
_ITSELF = "the net at that epoch"
_COMPARED = {
    "own": "DLGN, ReLU net of its seed",
    "others": "DLGN, other ReLU nets",
    "relu": "two ReLU nets",
}
_COMBINED = {
    "ntk_end_gates": "gates of the end",
    "ntk_end_values": "values of the end",
    "ntk_start": "neither",
}
_SIMILARITIES = ("function", "overlap", "ntk")


def row_at(result: Result, epoch: float) -> int:
    """Return which row of a result's arrays belongs to an epoch.

    Raises:
        ValueError: if nothing was recorded at the epoch.
    """
    return list(result.at).index(epoch)


def score(result: Result, name: str) -> np.ndarray:
    """Return the score of a net or a regression: minus ln error on the circle, or accuracy.

    Args:
        result: of ``CircleFreezing`` or ``FashionFreezing``.
        name: an array's, or ``"itself"`` for the net whose gates were frozen.

    Returns:
        float64, shape (K, S), or (S,) for gates that have no epochs.
    """
    if isinstance(result.spec, FashionFreezing):
        return accuracy(result, "accuracy" if name == "itself" else name)
    return -np.log(result.arrays["loss" if name == "itself" else name].astype(np.float64))


def learned(result: Result, kind: str) -> np.ndarray:
    """Return the trained gates' score minus that of equally hard random directions, (S,).

    The random directions come from another draw. A ReLU net's gates are hard, so they are compared
    with another draw's gates.

    Args:
        result: of a freezing study.
        kind: ``"fresh"`` (a reinitialised value network) or ``"kernel"`` (the regression).
    """
    return score(result, kind)[-1] - score(result, f"{kind}_random")


def learned_since_start(result: Result, kind: str) -> np.ndarray:
    """Return ``learned`` with the net's own initial directions in place of another draw's, (S,)."""
    levels = score(result, f"{kind}_matched")
    return levels[-1] - levels[0]


def learned_when_softened(result: Result, kind: str) -> np.ndarray:
    """Return the score of the end's directions minus the start's, both as soft as the start, (S,).

    Args:
        result: of a study of soft gates.
        kind: as in ``learned``.
    """
    return score(result, f"{kind}_softened") - score(result, kind)[0]


def learned_by_hard_gates(result: Result, kind: str) -> np.ndarray:
    """Return the score of the end's directions minus that of another draw's, both hard, (S,).

    Args:
        result: of a study of soft gates.
        kind: as in ``learned``.
    """
    return score(result, f"{kind}_hard_trained") - score(result, f"{kind}_hard_random")


def gained(result: Result, kind: str) -> np.ndarray:
    """Return the score of the end's gates minus the start's, each with its own hardness, (S,)."""
    levels = score(result, kind)
    return levels[-1] - levels[0]


def last_high(result: Result) -> np.ndarray:
    """Return the row of each seed's last epoch of freezing before the loss is low, shape (S,).

    The loss is low once it first falls below a part of its start: half on images, three quarters on
    the circle, where half is left when only the low half is fitted. The end never counts.
    """
    images = isinstance(result.spec, FashionFreezing)
    loss = (result.sample_loss if images else result.loss)[:-1].astype(np.float64)
    low = loss < (0.5 if images else 0.75) * loss[0]
    return np.where(low.any(axis=0), low.argmax(axis=0), len(loss)) - 1


def gained_early(result: Result) -> np.ndarray:
    """Return the directions' gain for a fresh value network until ``last_high``, shape (S,).

    All directions have the end's hardness.
    """
    levels = score(result, "fresh_matched")
    return levels[last_high(result), np.arange(levels.shape[1])] - levels[0]


def early_rather_than_late(result: Result) -> np.ndarray:
    """Return ``gained_early`` minus the directions' gain from there to the end, shape (S,)."""
    early = gained_early(result)
    return early - (learned_since_start(result, "fresh") - early)


def reached_and_missed(result: Result) -> tuple[np.ndarray, np.ndarray]:
    """Return the further gain of a net with frozen gates, and its shortfall, shape (S,) each.

    The gates are frozen at the epoch of ``last_high``, with the end's hardness. The gain is
    measured from the net at that epoch, the shortfall to the net that trains all weights to the
    end.
    """
    whole, row = score(result, "itself"), last_high(result)
    seeds = np.arange(len(row))
    frozen = score(result, "continued_matched")[row, seeds]
    return frozen - whole[row, seeds], whole[-1] - frozen


def reached_rather_than_missed(result: Result) -> np.ndarray:
    """Return the first of ``reached_and_missed`` minus the second, shape (S,)."""
    reached, missed = reached_and_missed(result)
    return reached - missed


def error_curves(result: Result) -> dict[str, np.ndarray]:
    """Return errors by the epoch at which gates are frozen, with their intervals.

    Args:
        result: of ``CircleFreezing``.

    Returns:
        By label, geometric mean over seeds and its interval's ends, shape (K, 3).
    """
    names = {"loss": _ITSELF} | _FROZEN
    return {label: geometric_intervals(result.arrays[name]) for name, label in names.items()}


def random_level(result: Result) -> float:
    """Return the result of a reinitialised value network with equally hard random directions.

    Mean over seeds: on the circle the geometric mean of errors, on images percent.

    Args:
        result: of a freezing study.
    """
    mean = score(result, "fresh_random").mean()
    return float(100 * mean if isinstance(result.spec, FashionFreezing) else np.exp(-mean))


def circle_freezing_numbers(results: Mapping[str, Result]) -> dict[str, object]:
    """Return the text's numbers on frozen gates on the circle.

    Args:
        results: of ``CircleFreezing``, by the net's label; all with the same seeds.
    """
    training = next(iter(results.values())).spec.training
    numbers = {
        "conjecture-seeds": training.seeds,
        "conjecture-first": training.first_seed,
        "conjecture-last": training.first_seed + training.seeds - 1,
        "from-freezing": origin(*results.values()),
    }
    for label, result in results.items():
        for what, values in _told_of_circle(result).items():
            numbers[f"{what} {label}"] = factor_text(values)
        numbers[f"high {label}"] = _high_until(result)
    return numbers


def _told_of_circle(result: Result) -> dict[str, np.ndarray]:
    """Return logarithms of factors between errors on the circle, by comparison, (S,) each."""
    until_then, (reached, missed) = gained_early(result), reached_and_missed(result)
    told = {
        "as it is": gained(result, "fresh"),
        "learned": learned(result, "fresh"),
        "kernel": learned(result, "kernel"),
        "until then": until_then,
        "later": learned_since_start(result, "fresh") - until_then,
        "reached": reached,
        "missed": missed,
    }
    if "fresh_hard_trained" in result.arrays:
        told["hard"] = learned_by_hard_gates(result, "fresh")
    return told


def gate_rows(results: Mapping[str, Result]) -> list[dict[str, str]]:
    """Return how many times larger errors are along other gates than the end's, as table rows.

    Args:
        results: of ``CircleFreezing``, by the net's label.
    """
    shown = {
        "random directions, equally hard": "learned",
        "random directions, hard gates": "hard",
        "kernel regression: random, equally hard": "kernel",
    }
    return _factor_rows(results, shown)


def early_rows(results: Mapping[str, Result]) -> list[dict[str, str]]:
    """Return the directions' gains while the error is high and later, as table rows.

    Args:
        results: of ``CircleFreezing``, by the net's label.
    """
    shown = {"gain while it is high": "until then", "gain later": "later"}
    rows = _factor_rows(results, shown)
    high = [{"error high until epoch": _high_until(result)} for result in results.values()]
    return [row | more for row, more in zip(rows, high, strict=True)]


def linear_rows(results: Mapping[str, Result]) -> list[dict[str, str]]:
    """Return the results of gates that are frozen while the error is high, as table rows.

    Args:
        results: of ``CircleFreezing``, by the net's label.
    """
    shown = {"the error still falls by": "reached", "and ends above the whole net's by": "missed"}
    return _factor_rows(results, shown)


def _factor_rows(results: Mapping[str, Result], shown: Mapping[str, str]) -> list[dict[str, str]]:
    """Return a row of factors for each net, with a column for each comparison."""
    rows = []
    for label, result in results.items():
        told = _told_of_circle(result)
        texts = {
            column: factor_text(told[what]) if what in told else "–"
            for column, what in shown.items()
        }
        rows.append({"net": label} | texts)
    return rows


_TOLD = {
    "as it is": lambda result: gained(result, "fresh"),
    "learned": lambda result: learned(result, "fresh"),
    "kernel": lambda result: learned(result, "kernel"),
    "early": early_rather_than_late,
    "frozen": reached_rather_than_missed,
}


_ASKED = {
    "Are trained directions better than random ones?": _TOLD["learned"],
    "And for the kernel regression?": _TOLD["kernel"],
    "Is more than half of the directions' gain early?": _TOLD["early"],
    "Is more than half of the rest linear?": _TOLD["frozen"],
}
_ASKED_OF_HARD = "Are they better with hard gates on both sides?"
_ASKED_OF_LOSS = "Last epoch with a high loss"


def accuracy(result: Result, name: str) -> np.ndarray:
    """Return the share of test images classified correctly, shape (K, S) or (S,).

    Args:
        result: of ``FashionFreezing``.
        name: ``"accuracy"`` of the net, or the name of an array of frozen nets.
    """
    return result.arrays[name].astype(np.float64).mean(-1)


def accuracy_curves(result: Result) -> dict[str, np.ndarray]:
    """Return accuracies in percent by the epoch at which gates are frozen, with their intervals.

    Args:
        result: of ``FashionFreezing``.

    Returns:
        By label, mean over seeds and its interval's ends, shape (K, 3).
    """
    names = {"accuracy": _ITSELF} | _FROZEN
    return {label: mean_intervals(100 * accuracy(result, name)) for name, label in names.items()}


def image_panels(
    specs: Mapping[str, Spec], results: Mapping[str, Result]
) -> dict[str, tuple | None]:
    """Return what ``plots.frozen_gate_panels`` draws of frozen gates on images, by title.

    Args: those of ``image_freezing_numbers``.
    """
    panels = {}
    for name, spec in specs.items():
        run = results.get(name)
        title = f"{_NETS[spec.model]}, {spec.labels} labels"
        panels[title] = run and (run.at, accuracy_curves(run), random_level(run), spec.model)
    return panels


def image_rows(
    specs: Mapping[str, Spec], results: Mapping[str, Result], labels: str
) -> list[dict[str, str]]:
    """Return the results of frozen gates on images as rows: a question, an answer for each net.

    Answers are differences in percentage points. The interval's sign decides: yes above 0, no below
    0, otherwise open. Without a recorded run there is one row.

    Args:
        specs: of ``FashionFreezing``, by name.
        results: of those that have been run.
        labels: of which runs.
    """
    answers = {
        spec.model: _answers(results[name])
        for name, spec in specs.items()
        if spec.labels == labels and name in results
    }
    asked = (*_ASKED, _ASKED_OF_HARD, _ASKED_OF_LOSS) if answers else ("All questions",)
    return [
        {"question": question}
        | {name: answers.get(net, {}).get(question, NOT_RECORDED) for net, name in _NETS.items()}
        for question in asked
    ]


def _answers(result: Result) -> dict[str, str]:
    """Answer the questions of ``image_rows`` from one run."""
    answers = {question: _answer(reading(result)) for question, reading in _ASKED.items()}
    hard = "its gates are hard"
    if "fresh_hard_trained" in result.arrays:
        hard = _answer(learned_by_hard_gates(result, "fresh"))
    return answers | {_ASKED_OF_HARD: hard, _ASKED_OF_LOSS: _high_until(result)}


def _answer(shares: np.ndarray) -> str:
    _, low, high = mean_interval(shares)
    word = "yes" if low > 0 else "no" if high < 0 else "open"
    return f"{word}: {interval_text(100 * shares)}"


def _high_until(result: Result) -> str:
    """Write the epochs of ``last_high``, from the earliest seed's to the latest's."""
    epochs = np.unique(result.at[last_high(result)])
    return " to ".join(f"{e:g}" for e in dict.fromkeys(epochs[[0, -1]]))


def image_freezing_numbers(
    specs: Mapping[str, Spec], results: Mapping[str, Result]
) -> dict[str, object]:
    """Return the text's numbers on the runs with frozen gates on images.

    Args:
        specs: of ``FashionFreezing``, by name, all with the same sizes and seeds.
        results: of those that have been run.
    """
    spec = next(iter(specs.values()))
    missing = len(specs) - len(results)
    waiting = f"{missing} of the {len(specs)} runs {'is' if missing == 1 else 'are'}"
    return {
        "freezing-n": thousands(spec.n_train),
        "freezing-seeds": spec.seeds,
        "freezing-first": spec.first_seed,
        "freezing-epochs": spec.refit_epochs,
        "freezing-sample": thousands(10 * spec.kernel_sample),
        "from-freezing": origin(*results.values()) if results else f"{NOT_RECORDED.capitalize()}.",
        "freezing-waiting": f"{waiting} {NOT_RECORDED}." if missing else "",
    }


def paths_gained(result: Result) -> np.ndarray:
    """Return the low half's ``path_gain`` in each seed's ReLU net and in its DLGN, shape (2, S).

    Args:
        result: of ``CircleSurrogate``.
    """
    return np.stack([path_gain(_of_net(result, model)) for model in ("relu", "dlgn")])


def _of_net(result: Result, model: str) -> Result:
    """Return the path counts of one of a pair's nets as a result of its training run."""
    names = ("paths_top", "paths_bottom")
    arrays = {name: result.arrays[f"{name}_{model}"] for name in names} | {"at": result.at}
    return Result(getattr(result.spec, model), arrays, result.provenance, result.source)


def gains_by_task(*results: Result) -> np.ndarray:
    """Return the mean ``path_gain`` of ReLU nets and of DLGNs on each task, shape (2, tasks).

    Args:
        results: of the circle's study, ReLU net and DLGN in turn, task by task.
    """
    means = [path_gain(result).mean() for result in results]
    return np.array([means[::2], means[1::2]])


def recorded_gains(specs: Mapping[str, Spec], tasks: Sequence[str]) -> np.ndarray:
    """Return ``gains_by_task`` of the tasks that are recorded for both kinds of nets.

    Args:
        specs: of the circle's study, ``"relu: task"`` and ``"dlgn: task"``.
        tasks: their names.
    """
    pairs = [[specs[f"{net}: {task}"].recorded() for net in ("relu", "dlgn")] for task in tasks]
    return gains_by_task(*(result for pair in pairs if all(pair) for result in pair))


def task_numbers(gains: np.ndarray) -> dict[str, str]:
    """Return the text's numbers on ``gains_by_task``; ``-`` where too few tasks are recorded."""
    count = gains.shape[1]
    found = correlation(*gains, ranks=True) if count > 3 else None
    rank = f"{found.effect:.2f} ({found.low:.2f} to {found.high:.2f})" if found else "-"
    return {"tasks": str(count), "task-rank": rank}


def gates_rather_than_values(result: Result) -> np.ndarray:
    """Return how much closer to the final NTK the end's gates are than its value weights, (S,).

    Args:
        result: of ``CircleSwap``; cosines with the end's NTK, of the gates of the end with the
            value weights of the start, minus those of the reverse.
    """
    return result.ntk_end_gates.astype(np.float64) - result.ntk_end_values


def gates_rather_than_nothing(result: Result) -> np.ndarray:
    """Return how much closer to the final NTK the end's gates are than the start's NTK, (S,).

    Args:
        result: of ``CircleSwap``; the value weights are those of the start in both.
    """
    return result.ntk_end_gates.astype(np.float64) - result.ntk_start


def swap_intervals(results: Mapping[str, Result]) -> dict[str, dict[str, tuple]]:
    """Return cosines with the end's NTK, mean and 95 % interval, by what is combined and by net.

    Args:
        results: of ``CircleSwap``, by the net's label.
    """
    return {
        combined: {label: mean_interval(run.arrays[name]) for label, run in results.items()}
        for name, combined in _COMBINED.items()
    }


def swap_numbers(results: Mapping[str, Result]) -> dict[str, object]:
    """Return the text's numbers on the NTK with gates and value weights of different times.

    Args:
        results: of ``CircleSwap``, by the net's label.
    """
    numbers = {"from-swap": origin(*results.values())}
    for label, result in results.items():
        for name in _COMBINED:
            numbers[f"{name} {label}"] = interval_text(result.arrays[name])
    return numbers


def closer_to_partner(result: Result, name: str) -> np.ndarray:
    """Return a DLGN's similarity to its seed's ReLU net minus that to other seeds', (K, S).

    Args:
        result: of ``CircleSurrogate``.
        name: ``"function"``, ``"overlap"`` or ``"ntk"``.
    """
    names = (f"{name}_own", f"{name}_others")
    partner, others = (result.arrays[name].astype(np.float64) for name in names)
    return partner - others


def similarity_curves(result: Result, name: str) -> dict[str, np.ndarray]:
    """Return similarities over training by pair of nets, mean and interval, (K, 3) each.

    Args:
        result: of ``CircleSurrogate``.
        name: ``"function"``, ``"overlap"`` or ``"ntk"``.
    """
    return {
        label: mean_intervals(result.arrays[f"{name}_{who}"]) for who, label in _COMPARED.items()
    }


def surrogate_numbers(result: Result) -> dict[str, str]:
    """Return the text's numbers on the pairs of a ``CircleSurrogate`` at the start and the end."""
    numbers = {}
    for name in _SIMILARITIES:
        similarity = {
            "pair": closer_to_partner(result, name),
            "among": result.arrays[f"{name}_relu"].astype(np.float64),
            "others": result.arrays[f"{name}_others"].astype(np.float64),
        }
        for what, values in similarity.items():
            numbers[f"{name} {what} start"] = interval_text(values[0])
            numbers[f"{name} {what} end"] = interval_text(values[-1])
    return numbers
