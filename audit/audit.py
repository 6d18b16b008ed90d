"""Recompute every finding of the reproduction report from the recorded files, and compare.

It is written independently, from the claims' texts and the arrays' documentation, with only NumPy
and SciPy, and imports nothing from the repository. See the README beside it.
"""

import argparse
import json
import math
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations, groupby
from pathlib import Path

import numpy as np
from scipy import stats

RELATIVE = 1e-9
"""Largest relative difference of two numbers that agree: both are float64 arithmetic on one file.

For a mean and its interval it is relative to the largest of them, since a mean near zero is a small
difference of larger numbers.
"""

SMALL_P = 1e-12
"""Largest difference of two p-values that agree: 1 - p has no more digits than that."""

FIT = 0.05  # mean squared error below which the circle's data count as fitted
EARLY = 40  # epoch on the circle
PAPER = {  # Table 1: training and test accuracy, percent
    "relu": (96.3, 72.17),
    "dlgn": (85.3, 73.2),
    "dlgn-pwc": (84.9, 72.2),
    "linear": (42.3, 40.79),
}
APPENDIX = {  # appendix 2: test accuracy, ReLU minus DLGN, percentage points
    ("resnet-34", "cifar10"): 91 - 86,
    ("resnet-34", "cifar100"): 56.68 - 51.6,
    ("resnet-110", "cifar10"): 94 - 89,
    ("resnet-110", "cifar100"): 73 - 67,
}
SLIGHT = 6.0  # percentage points
PATHWAYS = ("common only", "modular", "leave-one-out", "all six")
SAID = {  # settings that a run's name tells
    "std": r"^gated-.+: (\d\.\d+|\de-\d\d)$",
    "contexts": r"(\d) contexts",
    "depth": r"^gated-depth: (\d)",
    "refresh": r"gates every (\d+)",
    "similarity": r"ρ = (\S+)$",
    "temperature": r"T = (\S+)$",
    "d_in": r"^intrinsic dimension: .*D (\d+), n",
    "intrinsic": r"^intrinsic dimension: .*d (\d+), D",
    "points": r"^intrinsic dimension: .*n (\d+)$",
    "beta": r"^intrinsic dimension: .*beta (\d+)$",
}
LEVELS = ((1.03 + 5) / 2, 0.4079, 1 - 0.7217)
"""Levels that follow from the paper's numbers and that a rule's text rounds to three digits."""


# Recorded runs


@dataclass(frozen=True)
class Run:
    """A recorded run: its name in the register, its spec, its arrays."""

    name: str
    spec: dict
    arrays: dict[str, np.ndarray]

    @classmethod
    def read(cls, name: str, path: Path) -> "Run":
        """Read an ``.npz`` file and the ``.json`` file beside it."""
        with np.load(path, allow_pickle=False) as stored:
            arrays = {key: stored[key] for key in stored.files}
        return cls(name, json.loads(path.with_suffix(".json").read_text())["spec"], arrays)

    def __getitem__(self, name: str) -> np.ndarray:
        """Return an array in double precision."""
        return np.asarray(self.arrays[name], dtype=np.float64)

    @property
    def training(self) -> dict:
        """The part of the spec that names net, target and seeds."""
        return self.spec.get("training") or self.spec.get("relu") or self.spec

    @property
    def seeds(self) -> list[int]:
        """The nets' seeds."""
        first = self.training["first_seed"]
        return list(range(first, first + self.training["seeds"]))

    def row(self, epoch: int) -> int:
        """Return the index of an evaluation epoch."""
        times = self.arrays["at" if "at" in self.arrays else "epochs"].tolist()
        return times.index(epoch)

    def problems(self) -> Iterator[str]:
        """Yield where the spec is not what the run's name says, or its seeds were explored."""
        words = [part.split(", ")[0] for part in self.name.split(": ")]
        nets = [word for word in words if word in (*PAPER, "frozen", "shallow", *PATHWAYS)]
        net = self.training.get("model")
        if nets and net and net not in nets:
            yield f"{self.name}: its spec is of {net}"
        task = self.spec.get("task")
        settings = self.spec | (task if isinstance(task, dict) else {})
        for setting, form in SAID.items():
            found = re.search(form, self.name)
            if found and setting in settings and settings[setting] != float(found[1]):
                yield f"{self.name}: its spec's {setting} is {settings[setting]}"
        named = int(words[-1]) if words[-1].isdigit() else None
        if named is not None and self.seeds != [named] and self.spec.get("points") != named:
            yield f"{self.name}: its seeds are {self.seeds}"
        if "first_seed" in self.training and self.seeds[0] < 1000:
            yield f"{self.name}: seeds below 1000 were for exploration"


def paired(*measured: tuple[Sequence[int], np.ndarray]) -> list[np.ndarray]:
    """Return each run's values of the seeds that all runs have; a run is given with its seeds."""
    common = sorted(set.intersection(*(set(seeds) for seeds, _ in measured)))
    return [values[[list(seeds).index(s) for s in common]] for seeds, values in measured]


def difference(reading: Callable[[Run], np.ndarray], first: Run, second: Run) -> np.ndarray:
    """Return a reading of the first run minus that of the second, seed by seed."""
    one, other = paired(*((run.seeds, reading(run)) for run in (first, second)))
    return one - other


def others_mean(matrix: np.ndarray) -> np.ndarray:
    """Return each row's mean without the diagonal, shape (S,)."""
    return (matrix.sum(1) - np.diagonal(matrix)) / (len(matrix) - 1)


def line(x: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return slopes and intercepts of (points, S) values, by least squares."""
    away = x - x.mean()
    slopes = away @ values / (away @ away)
    return slopes, values.mean(0) - slopes * x.mean()


def slope(sizes: Sequence[float], values: np.ndarray) -> np.ndarray:
    """Return the exponents of power laws: values of shape (S, sizes)."""
    return line(np.log(sizes), np.log(values).T)[0]


# Sections 2 and 3


def below(name: str, run: Run) -> np.ndarray:
    return run[name] < 1e-10


def counts_exact(run: Run) -> np.ndarray:
    return (run["overlap_gap"] == 0) & (run["count_gap"] == 0)


def ntk_excess(run: Run) -> np.ndarray:
    return run["ratios"].mean(1) - 1


def ntk_spread(run: Run) -> np.ndarray:
    return slope(run.spec["widths"], run["errors"]) + 0.5


def trained_in_pieces(run: Run) -> np.ndarray:
    return run["disconnected"][-1] > 0


def jump_left(large: Run, small: Run) -> np.ndarray:
    with np.errstate(invalid="ignore"):
        share = small["jump"] / large["jump"]
    return np.where(small["jump"] == 0, 0, share)


def convex(run: Run) -> np.ndarray:
    whole = (run["several"] == 0) & (run["clip_gap"] < 1e-10)
    return whole & (run["faces"] <= run.spec["depth"])


def union(run: Run) -> np.ndarray:
    width, depth = run.spec["width"], run.spec["depth"]
    counted = run["union_patterns"] == 2 ** ((width - 1) * depth)
    return counted & (run["union_gap"] <= 0.005)


def patterns_over_paths(run: Run) -> np.ndarray:
    return np.log(run["patterns"] / run["paths"])


def polynomial(*runs: Run) -> np.ndarray:
    units = [run.spec["width"] * run.spec["depth"] for run in runs]
    return slope(units, np.stack([run["patterns"] for run in runs], axis=1)) - 2


def pattern_growth(run: Run) -> np.ndarray:
    return np.log(run["patterns"][-1] / run["patterns"][0])


def degree_growth(run: Run) -> np.ndarray:
    net = run.training
    units = net.get("width", 16) * net.get("depth", 5)  # if there are none: the base recipe's
    return pattern_growth(run) / np.log(units)


def growth_in_deviations(run: Run) -> np.ndarray:
    return pattern_growth(run) / np.log(run["patterns"][0]).std(ddof=1)


# Section 4: the circle


def halves(run: Run) -> tuple[str, str]:
    """Return the names of the low and of the high half; top and bottom if they are equal."""
    top, bottom = run.training["target"]["frequencies"]
    return ("top", "bottom") if top <= bottom else ("bottom", "top")


def points(run: Run) -> dict[str, int]:
    """Return the number of training points on each half."""
    target = run.training["target"]
    top = round(target["n"] * target["top_share"])
    return {"top": top, "bottom": target["n"] - top}


def whole(run: Run, name: str) -> np.ndarray:
    """Return the mean over all training points, of an array that is given for each half."""
    n = points(run)
    return sum(n[half] * run[f"{name}_{half}"] for half in n) / sum(n.values())


def error(epoch: int, run: Run, name: str = "loss") -> np.ndarray:
    return whole(run, name)[run.row(epoch)]


def log_error(epoch: int, run: Run) -> np.ndarray:
    return np.log(error(epoch, run))


def allocation(run: Run, ending: str = "") -> np.ndarray:
    """Return ln of mean paths, low over high, one path at a point of each added, shape (K, S)."""
    n = points(run)
    low, high = (run[f"paths_{half}{ending}"] + 1 / n[half] for half in halves(run))
    return np.log(low / high)


def gain(run: Run, start: int = 0, end: int | None = None) -> np.ndarray:
    """Return the change of the allocation between two epochs, shape (S,)."""
    values = allocation(run)
    return values[-1 if end is None else run.row(end)] - values[run.row(start)]


def fitted(epoch: int, run: Run) -> np.ndarray:
    return error(epoch, run) < FIT


def unfitted(epoch: int, run: Run) -> np.ndarray:
    return error(epoch, run) >= FIT


def first_time(times: Sequence[float], reached: np.ndarray) -> np.ndarray:
    """Return when each column of a (K, S) array is first true; infinity for never."""
    times = np.asarray(times, dtype=np.float64)
    return np.where(reached, times[:, None], np.inf).min(0)


def last_true(reached: np.ndarray) -> np.ndarray:
    """Return the last row of a (K, S) array in which each column is true; 0 for never."""
    return np.where(reached, np.arange(len(reached))[:, None], 0).max(0)


def low_first(run: Run) -> np.ndarray:
    low, high = (first_time(run["at"], run[f"loss_{half}"] < FIT) for half in halves(run))
    return low < high


def low_halved_first(run: Run) -> np.ndarray:
    losses = (run[f"loss_{half}"] for half in halves(run))
    low, high = (first_time(run["at"], loss < loss[0] / 2) for loss in losses)
    return low < high


def high_late(run: Run) -> np.ndarray:
    low, high = (run[f"loss_{half}"][run.row(100)] for half in halves(run))
    return (low < FIT) & (high >= FIT)


def residual_power(name: str, frozen: Run, trained: Run) -> np.ndarray:
    fixed, free = (
        (run.seeds, np.log(run[f"{name}_{halves(run)[0]}"][run.row(epoch)]))
        for run, epoch in ((frozen, 8000), (trained, 300))
    )
    return np.subtract(*paired(fixed, free))


def gain_in_deviations(run: Run) -> np.ndarray:
    return gain(run) / allocation(run)[0].std(ddof=1) - 1


def later_share(run: Run) -> np.ndarray:
    return gain(run, EARLY) / gain(run, 0, EARLY).mean()


def starved_and_error(run: Run) -> np.ndarray:
    return np.stack([whole(run, "zero")[-1], whole(run, "loss")[-1]])


def share_of_base(run: Run, base: Run) -> np.ndarray:
    return gain(run) / gain(base).mean()


def ntk_moves(run: Run) -> np.ndarray:
    return run["ntk_others"] - run["first"][-1]


def changes_explained(epoch: int, run: Run) -> np.ndarray:
    return (run["changes_own"] - run["changes_others"])[run.row(epoch)]


def kernels_explained(epoch: int, run: Run) -> np.ndarray:
    return (run["own"] - run["start"])[run.row(epoch)]


def clustering(run: Run, other: Run | None = None) -> np.ndarray:
    def change(run: Run) -> np.ndarray:
        return (run["resultant"][1] - run["resultant"][0])[:, 4]

    return change(run) if other is None else difference(change, run, other)


def clustering_in_depth(run: Run, other: Run | None = None) -> np.ndarray:
    def change(run: Run) -> np.ndarray:
        moved = run["resultant"][1] - run["resultant"][0]
        return moved[:, 4] - moved[:, 0]

    return change(run) if other is None else difference(change, run, other)


def faces_low(run: Run) -> np.ndarray:
    return run[f"facing_{halves(run)[0]}"][1, :, 4] - 0.5


def preference(run: Run) -> np.ndarray:
    """Return by layer the share of units for the low half minus that for the high half, (S, H)."""
    low, high = (run[f"prefer_{half}"][1] for half in halves(run))
    return low - high


def units_in_depth(run: Run) -> np.ndarray:
    return preference(run)[:, 4] - preference(run)[:, 0]


def features_early(run: Run) -> np.ndarray:
    change, loss = 1 - run["overlap_start"], whole(run, "loss")
    high = loss > 0.75 * loss[0]
    last = last_true(high)
    part = change[last, np.arange(len(last))] / change[-1]
    return np.where(high[-1], 0, part) - 0.5


def hard_fits(run: Run) -> np.ndarray:
    return whole(run, "hard_loss")[-1] < FIT


def constant_experts_cost(constant: Run, linear: Run) -> np.ndarray:
    reading = partial(log_error, 300)
    return difference(reading, constant, linear) / reading(linear).std(ddof=1)


# Section 5: Fashion-MNIST


def parts(run: Run, name: str = "paths") -> tuple[np.ndarray, np.ndarray]:
    """Return means over the simple and over the complex classes, shape (looks, S) each."""
    complicated = run["complex"]
    values = run[name]
    return tuple((values * w).sum(-1) / w.sum(-1) for w in (1 - complicated, complicated))


def log_parts(run: Run, name: str = "paths") -> np.ndarray:
    simple, complicated = parts(run, name)
    return np.log(simple / complicated)


def log_classes(run: Run, name: str = "paths") -> np.ndarray:
    """Return ln of the mean of classes 0-4 over that of classes 5-9, shape (looks, S)."""
    values = run[name]
    return np.log(values[..., :5].mean(-1) / values[..., 5:].mean(-1))


def simple_ahead(run: Run) -> np.ndarray:
    simple, complicated = parts(run)
    return (simple > complicated)[1:].all(0)


def simple_gains(run: Run, name: str = "paths") -> np.ndarray:
    values = log_parts(run, name)
    return values[-1] - values[0]


def at_middle(run: Run, values: np.ndarray) -> np.ndarray:
    """Return the middle point's row; NaN for a net that never reached it."""
    return np.where(np.isnan(run["middle_epoch"]), np.nan, values[1])


def middle_gain(name: str, run: Run) -> np.ndarray:
    values = log_parts(run, name)
    return at_middle(run, values) - values[0]


def middle_wrong(run: Run) -> np.ndarray:
    return at_middle(run, 1 - parts(run, "accuracy")[1]) - 0.5


def label_effect(look: int, modified: Run, swapped: Run) -> np.ndarray:
    def gap(run: Run) -> np.ndarray:
        return log_classes(run)[run.row(look) if look >= 0 else look]

    return difference(gap, modified, swapped) / 2


def simple_first(run: Run) -> np.ndarray:
    # Shares of 1,000 images, rounded to single precision: 72 % is met by 0.72 as single precision.
    simple, complicated = (
        first_time(run["epochs"], part >= 0.72 - 1e-6) for part in parts(run, "accuracy")
    )
    return simple < complicated


def accuracy_ahead(run: Run) -> np.ndarray:
    simple, complicated = parts(run, "accuracy")
    return (simple - complicated)[run.row(1)]


def blocks(run: Run, swapped: Run | None = None) -> np.ndarray:
    def ratio(run: Run) -> np.ndarray:
        return log_classes(run, "overlap_within")

    if swapped is not None:
        return difference(lambda run: ratio(run)[1], run, swapped) / 2
    start, end = ratio(run)
    return end - start - abs(start)


def moved_further(name: str, run: Run) -> np.ndarray:
    return run[f"{name}_twin"] - run[f"{name}_start"][-1]


def class_correlations(relu: Run, dlgn: Run) -> np.ndarray:
    """Return arctanh of correlations over classes of each ReLU net with each DLGN, (S, S)."""
    gains = [np.log(run["paths"][-1]) - np.log(run["paths"][0]) for run in (relu, dlgn)]
    s = len(gains[0])
    return np.arctanh(np.corrcoef(*gains)[:s, s:])


def partners(relu: Run, dlgn: Run) -> np.ndarray:
    return np.diagonal(class_correlations(relu, dlgn))


def partners_over_others(relu: Run, dlgn: Run) -> np.ndarray:
    matrix = class_correlations(relu, dlgn)
    return np.diagonal(matrix) - others_mean(matrix)


def same_labels(relu: Run, dlgn: Run) -> np.ndarray:
    own, other = (run.arrays["predicted"] for run in (relu, dlgn))
    among = (own[:, None] == own[None]).mean(-1)
    pairs = [among[i, j] for i, j in combinations(range(len(own)), 2)]
    return ((own == other).mean(-1) - others_mean(among)) / np.std(pairs, ddof=1)


def percent(run: Run, name: str = "test_accuracy") -> np.ndarray:
    return 100 * run[name].mean(-1)


def hard_cost(run: Run) -> np.ndarray:
    return percent(run) - percent(run, "test_hard_accuracy")


def hard_over_own(hard: Run, soft: Run) -> np.ndarray:
    return percent(hard, "test_hard_accuracy") - percent(soft)


def effect_lost(*runs: Run) -> np.ndarray:
    return label_effect(-1, *runs[:2]) - label_effect(-1, *runs[2:])


def labels_moved(run: Run) -> np.ndarray:
    return run["overlap_labels"][-1] - run["overlap_labels"][0]


def beyond_pixels(run: Run) -> np.ndarray:
    return run["overlap_labels"][-1] - run["pixels_with_labels"]


# Section 4's conjectures


def trained_over(before: str, after: str, run: Run) -> np.ndarray:
    """Return the score with the gates ``after`` minus the score with the gates ``before``.

    If gates are given for several epochs, ``after`` uses the last and ``before`` the first.
    """
    worse, better = reached(run, before), reached(run, after)
    return (better[-1] if better.ndim == 2 else better) - (worse[0] if worse.ndim == 2 else worse)


def reached(run: Run, name: str) -> np.ndarray:
    """Return an array's score, (K, S) or (S,): accuracy, or minus ln of the error."""
    values = run[name]
    return values.mean(-1) if "labels" in run.spec else -np.log(values)


def turning_point(run: Run) -> tuple[np.ndarray, np.ndarray]:
    """Return as an index the last epoch of freezing before the loss first falls below a part."""
    fashion = "labels" in run.spec
    loss = run["sample_loss" if fashion else "loss"]
    fallen = loss < (0.5 if fashion else 0.75) * loss[0]
    return last_true(~np.logical_or.accumulate(fallen)), np.arange(loss.shape[1])


def early_gain(run: Run) -> np.ndarray:
    done = reached(run, "fresh_matched")
    return done[turning_point(run)] - done[0]


def whole_gain(run: Run) -> np.ndarray:
    done = reached(run, "fresh_matched")
    return done[-1] - done[0]


def gates_early(run: Run) -> np.ndarray:
    return early_gain(run) - (whole_gain(run) - early_gain(run))


def linear_later(run: Run) -> np.ndarray:
    net = reached(run, "accuracy" if "labels" in run.spec else "loss")
    frozen, turn = reached(run, "continued_matched"), turning_point(run)
    return (frozen[turn] - net[turn]) - (net[-1] - frozen[turn])


def features_of(kind: str) -> dict[str, Callable]:
    """Return the statistics of ``features-learned`` and ``path-kernel-learned`` by case."""
    return {
        "": partial(trained_over, f"{kind}_random", kind),
        "own start for another draw": partial(trained_over, f"{kind}_matched", kind),
        "both as soft as the start": partial(trained_over, kind, f"{kind}_softened"),
        "both hard": partial(trained_over, f"{kind}_hard_random", f"{kind}_hard_trained"),
    }


GATES_EARLY = {"": gates_early, "until then": early_gain, "in all": whole_gain}
LINEAR_LATER = {"": linear_later, "better than at the start": early_gain}


def gates_over(other: str, run: Run) -> np.ndarray:
    return run["ntk_end_gates"] - run[other]


def gains_of_tasks(*runs: Run) -> np.ndarray:
    means = [[gain(r).mean() for r in runs if r.training["model"] == m] for m in ("relu", "dlgn")]
    return np.array(means)


def gains_of_partners(run: Run) -> np.ndarray:
    values = [allocation(run, f"_{net}") for net in ("relu", "dlgn")]
    return np.stack([value[-1] - value[0] for value in values])


def own_over_others(name: str, epoch: int, run: Run) -> np.ndarray:
    return (run[f"{name}_own"] - run[f"{name}_others"])[run.row(epoch)]


# Reallocation


def log_last(name: str, run: Run) -> np.ndarray:
    """Return ln of the last error at the training points or between: there halves are equal."""
    if name == "between":
        return np.log((run["between_top"][-1] + run["between_bottom"][-1]) / 2)
    return np.log(whole(run, name)[-1])


def helps(name: str, plain: Run, idea: Run) -> np.ndarray:
    return difference(partial(log_last, name), plain, idea)


def sooner(plain: Run, idea: Run) -> np.ndarray:
    before, after = (np.nan_to_num(run["fit_epoch"], nan=np.inf) for run in (plain, idea))
    return (after < before).astype(float) - (after > before)


def images_right(*runs: Run) -> np.ndarray:
    def best(pair: Sequence[Run]) -> Run:
        return max(pair, key=lambda run: run["accuracy"][-1].mean())

    plain, idea = best(runs[:2]), best(runs[2:])
    return difference(lambda run: run["test_accuracy"][:, 5:].mean(-1), idea, plain)


def cost(name: str, plain: Run, idea: Run) -> np.ndarray:
    reading = partial(log_last, name)
    return difference(reading, idea, plain) / reading(plain).std(ddof=1)


IDEA = {
    "": partial(helps, "loss"),
    "between the points": partial(helps, "between"),
    "sooner": sooner,
    "images": images_right,
}


# CIFAR


def by_net(runs: Sequence[Run], reading: Callable[[Run], np.ndarray] = percent) -> list[tuple]:
    """Return seeds and values of each net; the seeds of one net may be separate runs."""

    def kind(run: Run) -> tuple:
        return tuple(run.training.get(key) for key in ("network", "model", "final_beta", "data"))

    nets = []
    for _, group in groupby(runs, kind):
        group = list(group)
        seeds = [seed for run in group for seed in run.seeds]
        nets.append((seeds, np.concatenate([reading(run) for run in group])))
    return nets


def accuracy_gap(*runs: Run, reading: Callable[[Run], np.ndarray] = percent) -> np.ndarray:
    return np.subtract(*paired(*by_net(runs, reading)))


def best_epoch(run: Run) -> np.ndarray:
    return 100 * run["test_curve"].max(0)


def at_training_level(run: Run) -> np.ndarray:
    train, test = PAPER[run.spec["model"]]
    reached = 100 * run["accuracy"] >= train
    row = reached.argmax(0)
    values = 100 * np.take_along_axis(run["test_curve"], row[None], 0)[0]
    return np.where(reached.any(0), values, np.nan) - test


def table_row(*runs: Run) -> np.ndarray:
    return by_net(runs, at_training_level)[0][1]


def table_row_at_end(*runs: Run) -> np.ndarray:
    return by_net(runs, lambda run: percent(run) - PAPER[run.spec["model"]][1])[0][1]


def over_slight(*runs: Run) -> np.ndarray:
    return accuracy_gap(*runs) - SLIGHT


def over_mean(*runs: Run) -> np.ndarray:
    """Return how far the nets are above the mean of the last run, beyond what is slight."""
    return by_net(runs[:-1])[0][1] - percent(runs[-1]).mean() - SLIGHT


def hard_against_soft(*runs: Run) -> np.ndarray:
    (seeds, hard), _ = by_net(runs, partial(percent, name="test_hard_accuracy"))
    _, soft = by_net(runs)
    return np.subtract(*paired((seeds, hard), soft)) + LEVELS[0]


def share_of_papers_gap(*runs: Run) -> np.ndarray:
    spec = runs[0].spec
    return accuracy_gap(*runs) / APPENDIX[spec["network"], spec["data"]] - 1


def over_whole(*runs: Run) -> np.ndarray:
    return by_net(runs, partial(percent, name="train_accuracy"))[0][1] - 99.5


def recovered(*runs: Run) -> np.ndarray:
    relu, dlgn = paired(*by_net(runs))
    return 100 * dlgn / relu - 83.5


def classified(share: str, run: Run) -> np.ndarray:
    return run.arrays[f"{share}_right"]


def misclassified(share: str, run: Run) -> np.ndarray:
    return ~run.arrays[f"{share}_right"]


def pixels_over_ceiling(pixels: Run, ceiling: Run) -> np.ndarray:
    return percent(pixels) - 100 * ceiling["test_right"].mean()


# Globally gated nets and coding schemes


def at_width(run: Run, name: str, width: int) -> np.ndarray:
    """Return an array's column of one width, shape (S,)."""
    return run[name][:, run.spec["widths"].index(width)]


def each_width(reading: Callable[..., np.ndarray], *widths: int) -> dict[str, Callable]:
    """Return a statistic for each width that a case's name tells; the longest names come first."""
    ordered = sorted(widths, reverse=True)
    return {f"N = {width}": partial(reading, width=width) for width in ordered}


def tangent_excess(run: Run, width: int) -> np.ndarray:
    return at_width(run, "ratios", width) - 1


def tangent_spread(run: Run) -> np.ndarray:
    return slope(run.spec["widths"], run["errors"]) + 0.5


def limit_over_theory(run: Run, width: int, what: str = "") -> np.ndarray:
    return np.log(at_width(run, f"{what}limit", width) / at_width(run, f"{what}theory", width))


def variances_over(run: Run) -> np.ndarray:
    off = [np.abs(at_width(run, f"variance_{name}", 10) - 1) for name in ("limit", "theory")]
    return np.log(off[0] / off[1])


def order_falls(run: Run) -> np.ndarray:
    exact = run["posteriors"]
    errors = np.linalg.norm(run["saddles"] - exact, axis=(2, 3))
    return -slope(run.spec["widths"], errors / np.linalg.norm(exact, axis=(2, 3)))


def same_mean(run: Run) -> np.ndarray:
    return (run["gap"] < 1e-10).all((1, 2))


def error_of_limit(std: float, width: int, sign: int, run: Run) -> np.ndarray:
    row, at = run.spec["stds"].index(std), run.spec["widths"].index(width)
    return sign * np.log(run["limit"][:, row] / run["bias"][:, row, at])


def second_task(run: Run, width: int = 10) -> np.ndarray:
    return np.log(run["limit"] / at_width(run, "exact", width))


def second_task_untied(run: Run) -> np.ndarray:
    return np.log(at_width(run, "untied", 10) / at_width(run, "exact", 10))


def second_task_cost(run: Run) -> np.ndarray:
    return -second_task(run)


def signed_coupling(run: Run) -> np.ndarray:
    return np.sign(run.spec["similarity"]) * at_width(run, "coupling_exact", 10)


def largest_at_five(row: int, run: Run) -> np.ndarray:
    return np.array(run.spec["counts"])[run["errors"][:, row].argmax(1)] == 5


def peak_lower(row: int, low: Run, high: Run) -> np.ndarray:
    five = low.spec["counts"].index(5)
    return np.log(low["errors"][:, row, five]) - np.log(high["errors"][:, row, five])


def error_nearer(run: Run, width: int) -> np.ndarray:
    trained = at_width(run, "mean", width)
    far, near = run["error_limit"] - trained, at_width(run, "error_theory", width) - trained
    return np.log(np.abs(far / near))


def carriers_grow(run: Run, half: int = 1) -> np.ndarray:
    return slope(run.spec["widths"], run["carriers"][:, :, half])


def carriers_stay(run: Run, half: int = 1) -> np.ndarray:
    return 0.5 - carriers_grow(run, half)


def stores_numbers(run: Run, width: int) -> np.ndarray:
    gates, inputs = 6, 12
    n = min(width, gates, inputs)
    points = n * (gates + inputs - n)
    if np.any(at_width(run, "points", width) != [points, points + 2]):
        raise ValueError("the points are not as many as the rule says")
    few, more = at_width(run, "errors", width).T
    return (few < 1e-6) & (more >= 1e-6)


def all_ranks(products: Callable[[int, int], int], row: int, run: Run) -> np.ndarray:
    """Return whether each rank is inputs times products of gates, by gates and depth, (S,)."""
    spec = run.spec
    wanted = [
        [spec["d_in"] * products(m, depth) for m in spec["counts"]] for depth in spec["depths"]
    ]
    return np.all(run["ranks"][:, row] == wanted, (1, 2))


def monomials(gates: int, depth: int) -> int:
    return math.comb(gates + depth - 1, depth)


def subsets(gates: int, depth: int) -> int:
    return sum(math.comb(gates, k) for k in range(1, depth + 1))


def subsets_of_others(gates: int, depth: int) -> int:
    return 1 + subsets(gates - 1, depth)


def gates_to_relu(run: Run) -> np.ndarray:
    few, many = (run.spec["counts"].index(count) for count in (10, 1000))
    return np.log(run["distances"][:, few] / run["distances"][:, many])


def over_relu(rival: str, run: Run) -> np.ndarray:
    error = run["errors"][:, run.spec["counts"].index(1000)]
    return (error - run[rival]) / np.mean(run["linear"] - run[rival])


def to_limit(run: Run) -> np.ndarray:
    first = run.spec["counts"].index(10)
    return slope(run.spec["counts"][first:], run["kernel_distances"][:, first:]) + 0.5


def clusters_help(run: Run, count: int) -> np.ndarray:
    at = run.spec["clusters"].index(count)
    return 100 * run["unclustered"][:, at] - 100 * run["clustered"][:, at]


GATED_ROWS = {"infinite width": 0, "N = 30": 1, "N = 100": 2}
DOUBLE_DESCENT = {
    f"lower at T = 0.01, {name}": partial(peak_lower, row) for name, row in GATED_ROWS.items()
} | {name: partial(largest_at_five, GATED_ROWS[name]) for name in GATED_ROWS}
WIDTH_AND_SCALE = {
    f"s = {std:g}, N = {width}: {way}": partial(error_of_limit, std, width, sign)
    for std, width in ((1, 10), (1, 100), (2, 20), (0.3, 10), (0.3, 100))
    for way, sign in {"better": 1, "worse": -1}.items()
}
TRAINED = {
    f"test error, {tasks}{name}": f
    for tasks in ("", "ρ = 0.95, ", "ρ = -0.95, ")
    for name, f in each_width(error_nearer, 10, 30, 100).items()
} | each_width(limit_over_theory, 10, 30, 100)
CARRIERS = {
    "first half": partial(carriers_stay, half=0),
    "stay": carriers_stay,
    "": lambda run: carriers_grow(run) - 0.5,
}


# Label jumps, clusters and ranks


def labels_all_right(run: Run) -> np.ndarray:
    return (run["shallow"] + run["deep"]) == 0


def nodes_before_unused(run: Run) -> np.ndarray:
    nodes, unused = run["distance"][-1], run["unused_least"][-1]
    return (nodes < unused[:, np.newaxis]).all(axis=1)


def unused_change(*runs: Run) -> np.ndarray:
    changes = [run["unused_mean"][-1] - run["unused_mean"][0] for run in runs]
    return changes[0] - sum(changes[1:])


def last_score(one: Run, other: Run) -> np.ndarray:
    return one["score"][-1] - other["score"][-1]


def earlier_node(level: int, run: Run) -> np.ndarray:
    """Return how often a node of one level is captured before one of a later level, minus 1/2."""
    epochs, near = run["epochs"], run["distance"] < 0.3
    node_levels = [int(np.log2(node + 1)) for node in range(near.shape[2])]
    shares = []
    for copy in range(near.shape[1]):
        first = [min(epochs[near[:, copy, node]], default=np.inf) for node in range(near.shape[2])]
        wins = [
            (first[a] < first[b]) + 0.5 * (first[a] == first[b])
            for a, upper in enumerate(node_levels)
            for b, lower in enumerate(node_levels)
            if upper == level < lower
        ]
        shares.append(sum(wins) / len(wins) - 0.5)
    return np.array(shares)


def last_level_earlier(run: Run) -> np.ndarray:
    """Return how often one of nodes 7 to 14 is captured before one of nodes 3 to 6, minus 1/2."""
    shares = []
    for distances in np.swapaxes(run["distance"], 0, 1):  # of one tree, (epochs, nodes)
        caught = [np.flatnonzero(column < 0.3) for column in distances.T]
        first = [run["epochs"][found[0]] if len(found) else np.inf for found in caught]
        pairs = [(first[low], first[high]) for low in range(7, 15) for high in range(3, 7)]
        won = [1.0 if low < high else 0.5 if low == high else 0.0 for low, high in pairs]
        shares.append(np.mean(won) - 0.5)
    return np.array(shares)


def share_captured(run: Run) -> np.ndarray:
    return np.mean(run["distance"][-1] < 0.3, axis=1)


def more_captured(run: Run, other: Run) -> np.ndarray:
    return share_captured(run) - share_captured(other)


def few_without_jumps(labels: Run, margins: Run) -> np.ndarray:
    return 0.5 * share_captured(labels) - share_captured(margins)


def read_over(name: str, run: Run, rival: Run) -> np.ndarray:
    return run["read_accuracy"] - rival[name]


def that_solve(run: Run, name: str) -> np.ndarray:
    """Return an array of the nets on bits that solve the task, or of all nets on others."""
    everything = run.spec["data"] == "continuous"
    return run[name][(run["accuracy"] > 0.999) | everything] - 0.5


def right_of_speaking(run: Run) -> np.ndarray:
    """Return the share of right weights among the inputs whose cluster has any, minus 1/2."""
    chosen = (run["accuracy"] > 0.999) | (run.spec["data"] == "continuous")
    speaking = 1 - run["mute"][chosen]
    return run["right"][chosen] / speaking - 0.5


def rank_lost(when: int, run: Run) -> np.ndarray:
    first, *_, last = np.moveaxis(run["ranks"][:, when], 1, 0)
    return first - last


def rank_differs(when: int, run: Run) -> np.ndarray:
    return run["differ"][:, when]


def last_layer(run: Run, when: int) -> np.ndarray:
    return np.log(run["ranks"][when][:, -1])


def layer_fall(*runs: Run) -> np.ndarray:
    falls = [last_layer(run, 0) - last_layer(run, 1) for run in runs]
    return falls[0] - sum(falls[1:])


def shallow_over_chain(chain: Run, shallow: Run) -> np.ndarray:
    return last_layer(shallow, 1) - last_layer(chain, 1)


def last_over_first_layer(*runs: Run) -> np.ndarray:
    """Return the end's agreement of layer 5 minus layer 1, minus the same of the second run."""
    growth = [run["agreement"][-1][:, 4] - run["agreement"][-1][:, 0] for run in runs]
    return growth[0] - (growth[1] if len(growth) > 1 else 0)


# Intrinsic dimension


def doubled(sign: int, name: str, *runs: Run) -> np.ndarray:
    """Return ln of what doubling d costs over what doubling D costs, or of the inverse."""
    both, wide, narrow = (run[name] for run in runs)
    return sign * np.log(both * narrow / wide**2)


def dearer(name: str, high: Run, low: Run, net_high: Run, net_low: Run) -> np.ndarray:
    return np.log(high[name] / low[name]) - np.log(net_high["risk"] / net_low["risk"])


def flatter(name: str, other: str, *runs: Run) -> np.ndarray:
    """Return the first method's exponent in the number of points minus the second's."""
    exponents = []
    for array, pair in ((name, runs[:2]), (other, runs[2:])):
        sizes = [run.spec["points"] for run in pair]
        exponents.append(slope(sizes, np.stack([run[array] for run in pair], axis=1)))
    return exponents[0] - exponents[1]


def log_risks(first: str, second: str, one: Run, other: Run) -> np.ndarray:
    return np.log(one[first]) - np.log(other[second])


def frozen_costs(high: Run, free_high: Run, low: Run, free_low: Run) -> np.ndarray:
    ratios = high["risk"] / free_high["risk"], low["risk"] / free_low["risk"]
    return np.log(ratios[0]) - np.log(ratios[1])


def turned_more(layer: int, run: Run, shuffled: Run) -> np.ndarray:
    growths = [part["shares"][-1] / part["shares"][0] for part in (run, shuffled)]
    return np.log(growths[0] / growths[1])[:, layer - 1]


def share_over_below(layer: int, run: Run) -> np.ndarray:
    last = run["shares"][-1]
    return np.log(last[:, layer - 1] / last[:, layer - 2])


def third_share(one: Run, other: Run) -> np.ndarray:
    return np.log(one["shares"][-1][:, 2] / other["shares"][-1][:, 2])


HARD = partial(percent, name="test_hard_accuracy")
TABLE_ROW = {"": table_row, "epoch 100": table_row_at_end}


# Gated linear nets


LOSSES = (3.0, 2.0, 1.0, 0.5, 0.1, 0.01)  # whose first times are recorded
GATES = (  # of the nets with held-out pairs
    "relu",
    "frozen",
    "new weights",
    "same start",
    "large units",
    "repeated",
    "leave-one-out",
    "modular",
    "linear",
)


def differ(name: str, run: Run) -> np.ndarray:
    return run[name] > 1e-10


def learned(run: Run) -> np.ndarray:
    """Return the times to a loss of 0.1, (S,).

    Raises:
        ValueError: if the loss curves, which have fewer points, do not fit them.
    """
    times, at = run["times"][LOSSES.index(0.1)], run["at"]
    seen = first_time(at, run["loss"] < 0.1)
    # Where gates are taken anew a loss may rise again, and the curve see it later.
    early = np.diff(at).max() + run.spec["learning_rate"] * (run.spec["refresh"] - 1)
    if np.any((times > seen + 1e-4) | (times < seen - early)):  # times have single precision
        raise ValueError("times do not fit the loss curves")
    return times


def log_ratio(later: Run, sooner: Run) -> np.ndarray:
    return difference(lambda run: np.log(learned(run)), later, sooner)


def logs(runs: Sequence[Run]) -> np.ndarray:
    """Return each run's ln(1/std)."""
    return -np.log([run.spec["std"] for run in runs])


def slope_over_relu(*runs: Run, in_deviations: bool = False) -> np.ndarray:
    half = len(runs) // 2
    gated, relu = (
        (part[0].seeds, line(logs(part), np.stack([learned(run) for run in part]))[0])
        for part in (runs[:half], runs[half:])
    )
    one, other = paired(gated, relu)
    return (one - other) / (relu[1].std(ddof=1) if in_deviations else 1)


def better_than_rivals(run: Run) -> np.ndarray:
    """Mean over the losses that simulation or prediction reaches; unknown if only one does."""
    predicted, times = run["predicted"][:, :, None], run["times"]
    apart = np.abs(np.log(predicted / times))
    never = np.isnan(predicted) & np.isnan(times)
    derived, half, twice = np.ma.array(apart, mask=never).mean(1).filled(np.nan)
    return np.minimum(half, twice) - derived


def on_in(run: Run, *contexts: int) -> np.ndarray:
    """Return the first layer's share of energy on in so many contexts, (looks, S)."""
    return run["on_share"][:, 0][..., list(contexts)].sum(-1)


def on_in_all_but(off: int, run: Run) -> np.ndarray:
    return on_in(run, run.spec["task"]["contexts"] - off)


def on_in_several(run: Run) -> np.ndarray:
    return on_in(run, *range(2, run.spec["task"]["contexts"] + 1)) - on_in(run, 1)


def change(reading: Callable[[Run], np.ndarray], run: Run) -> np.ndarray:
    values = reading(run)
    return values[-1] - values[0]


def everywhere_at_10(run: Run) -> np.ndarray:
    (look,) = np.flatnonzero(np.isclose(run["looks"], 10))
    return on_in_all_but(0, run)[look] - 0.5


def more_reuse(name: str, more: Run, fewer: Run) -> np.ndarray:
    return difference(partial(change, lambda run: run[name][:, 0]), more, fewer)


def held_out_cost(worse: str, better: str, run: Run) -> np.ndarray:
    return run["test"][GATES.index(worse)] - run["test"][GATES.index(better)]


def learned_sooner(run: Run) -> np.ndarray:
    return np.log(run["time"][GATES.index("relu")] / run["time"][GATES.index("frozen")])


def singles_ahead(delta: float, run: Run) -> np.ndarray:
    """Return single points' share minus class pairs', shape (S,)."""
    return (run["single"] - run["pair"])[run.spec["deltas"].index(delta)]


def pairs_ahead(delta: float, run: Run) -> np.ndarray:
    return -singles_ahead(delta, run)


def slope_in_start(reading: Callable[[Run], np.ndarray], *runs: Run) -> np.ndarray:
    return line(logs(runs), np.stack([reading(run) for run in runs]))[0]


def level_delta(run: Run) -> np.ndarray:
    """Return the one shortcut at which the kinds change places.

    Raises:
        ValueError: if a net has none or several.
    """
    deltas, lead = np.array(run.spec["deltas"]), run["single"] - run["pair"]
    turns = np.diff(np.sign(lead), axis=0) != 0
    if np.any(turns.sum(0) != 1):
        raise ValueError("the kinds do not change places just once")
    before, after = lead[:-1].T[turns.T], lead[1:].T[turns.T]
    at = turns.argmax(0)
    return (deltas[at] * after - deltas[at + 1] * before) / (after - before)


def limit_over_crossing(*runs: Run) -> np.ndarray:
    deltas = np.stack([level_delta(run) for run in runs])
    return line(1 / logs(runs), deltas)[1] - np.sqrt(2 / 3)


def fastest(delta: float) -> float:
    """Return the largest rate of units that are on at one point, or at one class, and stay so.

    Such units grow along the sum of these points, at its length over the number of points.
    """
    x = np.array([[1, 1, -delta], [-1, -1, -delta], [1, -1, delta], [-1, 1, delta]])
    rates = []
    for points in ([0], [1], [2], [3], [0, 1], [2, 3]):
        along = x[points].sum(0)
        if np.flatnonzero(x @ along > 0).tolist() == points:
            rates.append(np.linalg.norm(along) / 4)
    return max(rates)


def over_descent(delta: float, *runs: Run) -> np.ndarray:
    """In units of what separates the time for a factor e by descent and by gradient flow."""
    spec, rate = runs[0].spec, fastest(delta)
    row, step = spec["deltas"].index(delta), spec["learning_rate"]
    found = slope_in_start(lambda run: run["time"][row], *runs)
    descent, flow = step / np.log1p(step * rate), 1 / rate
    return (found - descent) / (descent - flow)


# The dual view

LADDER = (
    "linear",
    "deep linear",
    "relu",
    "random",
    "random, ones",
    "learnt",
    "learnt, ones",
    "learnt, reversed",
    "other",
    "other, ones",
    "dgn",
    "dlgn",
    "dlgn, ones",
    "dlgn, reversed",
)
CONV_LADDER = tuple(net for net in LADDER if net not in ("random, ones", "other"))
REGRESSIONS = ("inner", "start", "start, overlap", "learnt", "learnt, overlap")


def beyond(name: str, run: Run) -> np.ndarray:
    return run[name] > 1e-10


def along_mean(run: Run, filters: int) -> np.ndarray:
    return run["ratios"][:, run.spec["filters"].index(filters)] - 1


def scatter(run: Run) -> np.ndarray:
    return slope(run.spec["filters"], run["errors"]) + 0.5


def points_lost(name: str, run: Run) -> np.ndarray:
    return 100 * (run[name][:, 0] - run[name][:, 1])


def fewer_blocks(name: str, run: Run) -> np.ndarray:
    angles = [0, 15, 45, 90, 135, 180]
    return run[name][:, angles.index(0)] - run[name][:, angles.index(90)]


def nearer_descent(run: Run, width: int) -> np.ndarray:
    column = run.spec["widths"].index(width)
    return np.log(run["inner"][:, column]) - np.log(run["npk"][:, column])


def right(run: Run, net: str) -> np.ndarray:
    nets = LADDER if "regression" in run.spec else CONV_LADDER
    return run["accuracies"][:, nets.index(net)]


def share_in_gates(run: Run) -> np.ndarray:
    return 1 - (right(run, "relu") - right(run, "learnt")) / (
        right(run, "relu") - right(run, "random")
    )


def above_chance(run: Run) -> np.ndarray:
    guess = 0.5 if run.spec.get("data") == "tree" else 0.1
    return (right(run, "other, ones") - guess) / (right(run, "learnt, ones") - guess)


def over_gain(net: str, base: str, run: Run) -> np.ndarray:
    gain = right(run, "learnt").mean() - right(run, "random").mean()
    return (right(run, net) - right(run, base)) / gain


def points_more(net: str, base: str, run: Run) -> np.ndarray:
    return 100 * (right(run, net) - right(run, base))


def over_gates(net: str, base: str, run: Run) -> np.ndarray:
    gain = np.mean(right(run, base) - right(run, "deep linear"))
    return (right(run, net) - right(run, base)) / gain


def costs_more(run: Run) -> np.ndarray:
    cost = {name: right(run, name) - right(run, f"{name}, ones") for name in ("random", "learnt")}
    return 100 * (cost["random"] - cost["learnt"])


def ratio_to_relu(net: str, run: Run) -> np.ndarray:
    return right(run, net) / right(run, "relu")


def regression_gain(kernel: str, over: str, run: Run) -> np.ndarray:
    columns = (REGRESSIONS.index(name) for name in (kernel, over))
    first, second = (run["kernels"][:, k] for k in columns)
    return 100 * (first - second)


def column(run: Run, rate: float) -> int:
    """Return the index of a learning rate, in units of 1/λ at the start."""
    return run.spec["rates"].index(rate)


def lost(rate: float, run: Run) -> np.ndarray:
    return run["diverged"][:, column(run, rate)] == 1


def takes_off_and_lands(rate: float, run: Run) -> np.ndarray:
    k = column(run, rate)
    return (run["peak"][:, k] > 1) & (run["last"][:, k] < 1e-6)


def never_above_start(rate: float, run: Run) -> np.ndarray:
    return run["peak"][:, column(run, rate)] <= 1


def lands_flatter(run: Run) -> np.ndarray:
    fast, slow = column(run, 3.5), column(run, 1.8)
    first, peak, last = run["first"], run["peak"], run["last"]
    found = (peak[:, fast] > first[:, fast]) & (last[:, fast] < first[:, fast])
    found &= peak[:, slow] <= first[:, slow]
    for name in ("eigenvalue", "norm"):
        begin, _, end = run[name]
        found &= (end[:, fast] < begin[:, fast]) & (end[:, fast] < end[:, slow])
    return found


def extra_flips(run: Run) -> np.ndarray:
    late = run["flips"][1]
    return late[:, column(run, 3.5)] - late[:, column(run, 1.8)]


def flipped_more(one: Run, other: Run) -> np.ndarray:
    return extra_flips(one) - extra_flips(other) > 0


def from_one_half(run: Run) -> np.ndarray:
    return np.nanmax(abs(run["activity"] - 0.5), axis=2).max(0)


def ever_sparser(run: Run) -> np.ndarray:
    slow, middle, fast = (run["activity"][2][:, column(run, rate)] for rate in (1.8, 3.5, 6))
    return (middle < slow) & (fast < middle)


def lives(rate: float, run: Run) -> np.ndarray:
    k = column(run, rate)
    return (run["diverged"][:, k] == 0) & (run["last"][:, k] < run["first"][:, k])


def lives_with_less(name: str, rate: float, run: Run) -> np.ndarray:
    k = column(run, rate)
    return lives(rate, run) & (run[name][2][:, k] < run[name][0][:, k])


def lands(rate: float, run: Run) -> np.ndarray:
    k = column(run, rate)
    return lives(rate, run) & (run["peak"][:, k] > run["first"][:, k])


# Global minima


def measured(name: str, run: Run) -> np.ndarray:
    return run[name]


def away_from_formula(name: str, run: Run) -> np.ndarray:
    deviations = (run[f"{name}_cost"] - 1) / run[f"{name}_noise"]
    return deviations.sum(1) / len(run.spec["radii"])


def learning_rate(name: str, run: Run) -> np.ndarray:
    points = run.spec["points"]
    first = points.index(128)
    return -slope(points[first:], run[name][:, first:])


def of_noise(share: float, name: str, run: Run) -> np.ndarray:
    column = run.spec["points"].index(4096)
    return np.log(run[name][:, column]) - math.log(share * run.spec["noise"] ** 2)


def adam_over_built(*runs: Run) -> np.ndarray:
    adam, built = runs[0]["risk"][-1], runs[-1]["built_risk"]
    return np.log(adam) - np.log(built)


def sharing_left(run: Run) -> np.ndarray:
    shared = run["overlap"]
    return shared[-1] / shared[0] - 1 / 2


# Early training

PARTS = {"gauss": (0.6, 0.6, 0.5), "sphere": (3**-0.5, 3**-0.5, 3**-0.5)}
EARLY_NETS = {"ReLU net": "relu", "DLGN-PWC": "pwc", "DLGN": "pwl"}
HIGHER = {"relu": 2, "pwl": 2, "pwc": 3}  # degree of the first nonlinear harmonic of a net


def affine_error(net: str, run: Run) -> np.ndarray:
    return -slope(run.spec["dims"], run[f"error_{net}"]) - 0.75


def wrong_kernel(net: str, run: Run) -> np.ndarray:
    column = run.spec["dims"].index(256)
    return np.log(run[f"rival_{net}"][:, column]) - np.log(run[f"error_{net}"][:, column])


def when_half(run: Run, part: int, other: int | None = None) -> np.ndarray:
    """Return the step at which half of a part is learned, or how much of another one is then."""
    learned = run["parts"] / np.array(PARTS[run.spec["data"]])
    found = []
    for steps, row in zip(run["steps"], learned, strict=True):
        late = np.flatnonzero(row[:, part] >= 0.5)
        if not len(late):
            found.append(np.inf if other is None else np.nan)
            continue
        span = slice(late[0] - 1, late[0] + 1)
        wanted = steps if other is None else row[:, other]
        found.append(np.interp(0.5, row[span, part], wanted[span]))
    return np.array(found)


def constant_ahead(run: Run) -> np.ndarray:
    return np.log(when_half(run, 1)) - np.log(when_half(run, 0))


def constant_behind(run: Run) -> np.ndarray:
    return -constant_ahead(run)


def sooner_trained(part: int, hard: Run, trained: Run) -> np.ndarray:
    return difference(lambda run: np.log(when_half(run, part)), hard, trained)


def apart_early(run: Run, name: str = "distance") -> np.ndarray:
    """Return a distance at the step where rate times steps is 2d."""
    step = round(2 * run.spec["d_in"] / run.spec["rate"])
    return run[name][:, run["steps"][0].tolist().index(step)]


def wrong_apart(run: Run) -> np.ndarray:
    return np.log(apart_early(run, "rival")) - np.log(apart_early(run))


def apart_by_size(*runs: Run) -> np.ndarray:
    distances = np.stack([apart_early(run) for run in runs], axis=1)
    return -slope([run.spec["points"] for run in runs], distances)


def not_linear(gone: float, run: Run) -> np.ndarray:
    """Return one minus the linear share when as much of the loss is gone."""
    found = []
    for loss, share in zip(run["loss"], run["share"], strict=True):
        there = np.flatnonzero(1 - loss / loss[0] >= gone)
        found.append(1 - share[there[0]] if len(there) else np.nan)
    return np.array(found)


def nonlinear_known(run: Run) -> np.ndarray:
    return when_half(run, 0, HIGHER[run.spec["net"]] - 1)


def model_misfit(run: Run) -> np.ndarray:
    return np.log(run["linear_loss"][:, -1]) - np.log(run["loss"][:, -1])


def own_nearer(run: Run) -> np.ndarray:
    return np.log(run["distance"][:, -1]) - np.log(run["own_distance"][:, -1])


def over_relu_at_loss(dlgn: Run, relu: Run) -> np.ndarray:
    level = dlgn["loss"][dlgn.row(5)]
    moved = allocation(relu) - allocation(relu)[0]
    first = [np.flatnonzero(loss <= top) for loss, top in zip(relu["loss"].T, level, strict=True)]
    at = [moved[there[0], seed] if len(there) else np.nan for seed, there in enumerate(first)]
    return gain(dlgn, end=5) - np.array(at)


# Short views


def widest_minus(conv: Run, dense: Run) -> np.ndarray:
    """Return how much wider accuracies range over directions, in percentage points, (S,)."""
    spans = []
    for run in (conv, dense):
        ordered = np.sort(100 * run["accuracy"], axis=1)
        spans.append(ordered[:, -1] - ordered[:, 0])
    return spans[0] - spans[1]


def explained_over_half(dlgn: Run, relu: Run) -> np.ndarray:
    """Return 1/2 minus the squared error of one net's accuracies as the other's, over variance."""
    error = np.mean((dlgn["accuracy"] - relu["accuracy"]) ** 2, axis=1)
    return 0.5 - error / np.var(dlgn["accuracy"], axis=1)


def slow_minus_fast(scales: int, run: Run) -> np.ndarray:
    """Return accuracy by the slow direction alone minus by the fast one; 1: fast one larger."""
    tested = 100 * run["accuracy"][:, scales]
    return tested[:, 0] - tested[:, 1]


def over_points(name: str, power: float, run: Run) -> np.ndarray:
    return slope(run.spec["counts"], run[name]) - power


def hinge_net(net: int, name: str, alpha: float, run: Run) -> np.ndarray:
    return run[name][:, run.spec["alphas"].index(alpha), net]


def rich_over_lazy(net: int, run: Run) -> np.ndarray:
    changed = [hinge_net(net, "flips", alpha, run) for alpha in (0.1, 100.0)]
    return np.log(changed[0]) - np.log(changed[1])


def added_cosine(net: int, name: str, alpha: float, run: Run) -> np.ndarray:
    end, start = (hinge_net(net, part, alpha, run) for part in (name, f"{name}_before"))
    return end - start


def gates_over_values(alpha: float, run: Run) -> np.ndarray:
    gates, values = (added_cosine(1, name, alpha, run) for name in ("gates", "values"))
    return gates / np.mean(values)


def deeper(learned: Run, fixed: Run) -> np.ndarray:
    """Return the difference of effective depths after training, from the paths' shares."""
    depths = []
    for run in (learned, fixed):
        shares = run["shares"][1]
        depths.append((shares * np.arange(shares.shape[1])).sum(1))
    return depths[0] - depths[1]


# Hardness of the gates


def falls_with_hardness(what: Callable[[Run], np.ndarray], *runs: Run) -> np.ndarray:
    """Return minus each seed's rank correlation, over runs, of hardness at the start with what."""
    hard = np.stack([run["hardness"][0] for run in runs])
    values = np.stack([what(run) for run in runs])
    found = np.zeros(hard.shape[1])
    for seed in range(len(found)):
        if np.unique(values[:, seed]).size > 1:
            x, y = stats.rankdata(hard[:, seed]), stats.rankdata(values[:, seed])
            x, y = x - x.mean(), y - y.mean()
            found[seed] = round(-(x @ y) / math.sqrt((x @ x) * (y @ y)), 12)
    return found


def clustered(run: Run) -> np.ndarray:
    return run["resultant"][1, :, -1] - run["resultant"][0, :, -1]


def starved(run: Run) -> np.ndarray:
    return whole(run, "zero")[-1]


def hardness_and_scale(sign: int, *runs: Run) -> np.ndarray:
    """Return the effect of hardness plus or minus that of the scale: the last two runs'."""
    gains = [gain(run) for run in runs]
    count = (len(gains) - 2) // 2
    effect = sum(gains[:count]) / count - sum(gains[count : 2 * count]) / count
    return effect + sign * (gains[-2] - gains[-1])


def under_half(hard: Run, soft: Run) -> np.ndarray:
    return 0.5 - gain(hard) / gain(soft).mean()


def allocates_less(one: Run, other: Run) -> np.ndarray:
    return gain(other) - gain(one)


def fits(name: str, run: Run) -> np.ndarray:
    return whole(run, name)[-1] < FIT


def way_of(run: Run, way: str) -> int:
    """Return the row of one way of becoming hard: at an epoch, or annealed, the last."""
    return -1 if way == "annealed" else run.spec["at"].index(int(way))


def later_gain(way: str, run: Run) -> np.ndarray:
    ends = allocation(run)[-1] - allocation(run)[0]
    return ends[way_of(run, way)] - ends[0]


def shrinks(what: str, way: str, run: Run) -> np.ndarray:
    """Return what there is of it when gates become hard minus what there is at the end."""
    values = allocation(run) if what == "allocation" else run["resultant"][..., -1]
    return np.subtract(*values[1:, way_of(run, way)])


def fits_hard(way: str, run: Run) -> np.ndarray:
    return whole(run, "hard_loss")[2, way_of(run, way)] < FIT


def soft_over_annealed(run: Run) -> np.ndarray:
    return np.log(whole(run, "loss")[1, -2] / whole(run, "hard_loss")[2, -1])


def fresh_on_random(way: str, run: Run) -> np.ndarray:
    return np.log(run["fresh_random"]) - np.log(run["fresh"][way_of(run, way)])


def ways(statistic: Callable) -> dict[str, Callable]:
    """Return a statistic for each way of becoming hard, by the end of a case's name."""
    names = {f"epoch {epoch}": str(epoch) for epoch in (300, 100, 30, 10, 0)}
    return {
        name: partial(statistic, way) for name, way in (names | {"annealed": "annealed"}).items()
    }


# What each claim measures


STATISTICS: dict[str, Callable | dict[str, Callable]] = {
    "theorem-1": partial(below, "sum_gap"),
    "theorem-2": {"": partial(below, "sum_gap"), "soft gates": partial(below, "soft_gap")},
    "overlap-product": counts_exact,
    "constant-experts": {
        "gradient descent": partial(below, "descent_gap"),
        "ridge penalty": partial(below, "ridge_gap"),
    },
    "ntk-mean": ntk_excess,
    "ntk-mean-relu": ntk_excess,
    "ntk-spread": ntk_spread,
    "relu-disconnected-2": {"": lambda run: run["apart"] > 0, "trained": trained_in_pieces},
    "relu-jump-2": partial(difference, lambda run: run["jump"]),
    "dlgn-continuous-2": jump_left,
    "convex-paths": convex,
    "union-of-patterns": union,
    "fewer-path-regions-2": patterns_over_paths,
    "fewer-faces-2": lambda run: run["pattern"] - run["path"],
    "regions-polynomial": polynomial,
    "region-counts-stable-2": {"": degree_growth, "as random nets differ": growth_in_deviations},
    "circle-fit-2": {"": partial(fitted, 200), "not yet at 100": partial(unfitted, 100)},
    "frozen-slow": partial(unfitted, 2000),
    "frozen-artefacts-2": {
        "": partial(residual_power, "artefacts"),
        "overtones": partial(residual_power, "overtones"),
    },
    "low-half-first-2": low_first,
    "linearised-low-first": low_halved_first,
    "high-half-late-2": high_late,
    "paths-early-2": partial(gain, end=EARLY),
    "paths-stay-2": gain,
    "paths-much-larger": gain_in_deviations,
    "paths-unchanged-later": later_share,
    "starved-nets-stall": starved_and_error,
    "paths-need-training-2": share_of_base,
    "paths-simplicity-2": gain,
    "paths-simplicity-without-signal": gain,
    "paths-early-signal-2": lambda run: -gain(run),
    "paths-frequency-2": partial(difference, gain),
    "paths-magnitude-2": partial(difference, gain),
    "ntk-moves-2": ntk_moves,
    "overlap-explains-ntk-early-2": {
        "": partial(changes_explained, EARLY),
        "kernels themselves": partial(kernels_explained, EARLY),
    },
    "overlap-explains-ntk-end-2": {
        "": partial(changes_explained, 300),
        "kernels themselves": partial(kernels_explained, 300),
    },
    "half-spaces-cluster-2": clustering,
    "later-layers-cluster-more-2": clustering_in_depth,
    "last-layer-faces-low-2": faces_low,
    "most-units-low": lambda run: preference(run).mean(-1),
    "units-low-in-depth": units_in_depth,
    "frozen-hurts-2": partial(difference, partial(log_error, 300)),
    "features-early-2": features_early,
    "hard-gates-are-the-net-2": hard_fits,
    "pwc-like-pwl-circle-2": constant_experts_cost,
    "dlgn-between-circle": partial(difference, partial(log_error, 300)),
    "fashion-simple-ahead-2": simple_ahead,
    "fashion-simple-gains-2": simple_gains,
    "fashion-middle-paths": partial(middle_gain, "paths"),
    "fashion-middle-kernels": {
        "overlap kernel": partial(middle_gain, "overlap_within"),
        "NTK": partial(middle_gain, "ntk_within"),
    },
    "fashion-middle-complex": middle_wrong,
    "fashion-label-effect-early-2": partial(label_effect, 1),
    "fashion-label-effect-end-2": partial(label_effect, -1),
    "fashion-simple-first": {"": simple_first, "accuracy at epoch 1": accuracy_ahead},
    "fashion-blocks-are-labels-2": blocks,
    "ntk-fashion-moves-2": partial(moved_further, "ntk"),
    "overlap-fashion-moves-2": partial(moved_further, "overlap"),
    "surrogate-fashion-paths-2": {
        "": partners,
        "own partner minus others": partners_over_others,
    },
    "surrogate-fashion-functions-2": same_labels,
    "pwc-like-pwl-fashion-2": partial(difference, percent),
    "dlgn-like-relu-fashion-2": partial(difference, percent),
    "fashion-dlgn-between": partial(difference, percent),
    "hard-gates-are-the-net-fashion-2": hard_cost,
    "features-learned-2": features_of("fresh"),
    "gates-early-3": GATES_EARLY,
    "linear-later-2": LINEAR_LATER,
    "path-kernel-learned-2": features_of("kernel"),
    "features-learned-fashion-2": features_of("fresh"),
    "gates-early-fashion-2": GATES_EARLY,
    "linear-later-fashion-2": LINEAR_LATER,
    "path-kernel-learned-fashion-2": features_of("kernel"),
    "paths-change-ntk-2": {
        "": partial(gates_over, "ntk_end_values"),
        "closer than the start": partial(gates_over, "ntk_start"),
    },
    "surrogate-tasks": gains_of_tasks,
    "surrogate-paths-2": gains_of_partners,
    "surrogate-kernels-2": partial(own_over_others, "overlap", 300),
    "surrogate-functions-2": partial(own_over_others, "function", 20),
    "reallocate-rebalanced-loss-2": IDEA,
    "reallocate-equal-paths-2": IDEA,
    "reallocate-own-step-sizes-2": IDEA,
    "reallocate-new-half-spaces-2": IDEA,
    "reallocation-evens-paths": partial(difference, gain),
    "reallocation-costs-nothing": {
        "": partial(cost, "loss"),
        "between the points": partial(cost, "between"),
    },
    "table-1-relu": TABLE_ROW,
    "table-1-dlgn": TABLE_ROW,
    "table-1-pwc": TABLE_ROW,
    "table-1-dln": TABLE_ROW,
    "table-1-similar": {"": accuracy_gap, "best epochs": partial(accuracy_gap, reading=best_epoch)},
    "table-1-pwc-like-pwl": accuracy_gap,
    "table-1-linear": over_slight,
    "table-1-ntk": over_mean,
    "table-1-hard-gates": {
        "": hard_against_soft,
        "both under hard gates": partial(accuracy_gap, reading=HARD),
    },
    "resnet34-gap-2": share_of_papers_gap,
    "resnet110-gap-2": share_of_papers_gap,
    "resnets-interpolate": over_whole,
    "resnets-beat-linear-2": {"": over_mean, "deep linear net": over_slight},
    "dlgn-recovers-2": recovered,
    "resnet-20-gap": accuracy_gap,
    "resnet-20-hard-gates": partial(accuracy_gap, reading=HARD),
    "dln-ceiling": {
        "": partial(classified, "test"),
        "training images": partial(classified, "train"),
    },
    "dln-ceiling-below-others": {
        "": partial(misclassified, "test"),
        "training images": partial(misclassified, "train"),
    },
    "dln-ceiling-below-pixels": pixels_over_ceiling,
    "cifar-short-linear-2": accuracy_gap,
    "cifar-short-faster": accuracy_gap,
    "gated-copies": partial(below, "gap"),
    "gated-stale": log_ratio,
    "gated-reduction": partial(below, "gap"),
    "gated-reduction-limits": {
        "gate": partial(differ, "gap_items"),
        "missing": partial(differ, "gap_missing"),
    },
    "gated-sigmoid": partial(below, "gap"),
    "gated-prediction": better_than_rivals,
    "gated-not-modular": {
        "": lambda run: on_in_several(run)[-1],
        "change": partial(change, on_in_several),
    },
    "gated-all-but-one": lambda run: on_in_all_but(1, run)[-1] - 0.5,
    "gated-all-but-one-learned": partial(change, partial(on_in_all_but, 1)),
    "gated-always-on-first": everywhere_at_10,
    "gated-by-context-alone": lambda run: run["alone"][-1, 0] - 0.5,
    "gated-reuse-contexts": partial(more_reuse, "effective"),
    "gated-reuse-depth": {
        "": partial(more_reuse, "effective"),
        "share of points": partial(more_reuse, "data_on"),
    },
    "gated-reuse-is-fast": log_ratio,
    "gated-same-trajectory": partial(slope_over_relu, in_deviations=True),
    "gated-slower-from-small": slope_over_relu,
    "gated-frozen-faster": {"": learned_sooner, "all pairs": log_ratio},
    "gated-frozen-worse": partial(held_out_cost, "frozen", "relu"),
    "gated-gain-in-path": {start: partial(held_out_cost, start, "relu") for start in GATES[2:6]},
    "gated-sharing-generalises": partial(held_out_cost, "modular", "leave-one-out"),
    "gated-xor-sides": {
        "single points": partial(singles_ahead, 0.7),
        "class pairs": partial(pairs_ahead, 1.0),
    },
    "gated-xor-crossing": limit_over_crossing,
    "gated-xor-turns": {
        "single points": partial(slope_in_start, partial(singles_ahead, 0.78)),
        "class pairs": partial(slope_in_start, partial(pairs_ahead, 0.86)),
    },
    "gated-xor-rates": {
        "0.2": partial(over_descent, 0.2),
        "1.6": partial(over_descent, 1.6),
    },
    "gated-tied-dlgn": partial(below, "output_gap"),
    "gated-limit-kernel": partial(below, "kernel_gap"),
    "gated-ntk-mean": each_width(tangent_excess, 4, 64),
    "gated-ntk-spread": tangent_spread,
    "renormalised-kernel": {
        "variance": variances_over,
        **each_width(partial(limit_over_theory, what="mean_"), 10, 40, 160),
    },
    "renormalised-order": order_falls,
    "renormalised-sampled-nets": each_width(limit_over_theory, 10, 20, 30, 40),
    "renormalised-sampled-wider": partial(limit_over_theory, width=80),
    "one-gate-no-width": same_mean,
    "width-and-scale": WIDTH_AND_SCALE,
    "width-carries-knowledge": {
        "over untied": second_task_untied,
        "N = 100": partial(second_task, width=100),
        "worse": second_task_cost,
        "": second_task,
    },
    "gates-couple": signed_coupling,
    "gated-double-descent": DOUBLE_DESCENT,
    "gated-capacity": each_width(stores_numbers, 1, 2, 3, 4, 6, 8),
    "gated-ranks": {
        "one open": partial(all_ranks, subsets_of_others, 2),
        "0 or 1": partial(all_ranks, subsets, 1),
        "normal": partial(all_ranks, monomials, 0),
    },
    "gated-like-relu": {
        "nearer": gates_to_relu,
        "Gaussian process": partial(over_relu, "relu"),
        "tangent kernel": partial(over_relu, "relu_ntk"),
        "exponent": to_limit,
    },
    "gated-clusters": {f"{m} gates": partial(clusters_help, count=m) for m in (30, 10, 3)},
    "gated-gradient-descent": TRAINED,
    "gated-gradient-descent-wider": TRAINED,
    "coding-carriers": CARRIERS,
    "coding-carriers-wider": CARRIERS,
    "dual-dense-mean": {
        "not another input": partial(beyond, "other_gates"),
        "not one variance": partial(beyond, "one_variance"),
        "": partial(below, "gap"),
    },
    "dual-conv-mean": {
        "not unshifted": partial(beyond, "unshifted"),
        "not shifted": partial(beyond, "unshifted"),
        "pooled, torus": partial(below, "pooled"),
        "flat,": partial(below, "flat"),
        "zeros,": partial(below, "zeros"),
        "shifts,": partial(below, "shifts"),
        "torus, pooled": partial(below, "gap"),
        "ring,": partial(below, "gap"),
        "pooled, ring": partial(below, "pooled"),
    },
    "dual-conv-spread": {
        **{f"F = {count}": partial(along_mean, filters=count) for count in (64, 16, 4)},
        "spread": scatter,
    },
    "dual-shift-invariant": {
        "DLGN": partial(below, "dlgn"),
        "ReLU": partial(below, "dgn"),
        "zeros": partial(beyond, "zeros"),
        "not pooled": partial(beyond, "flat"),
        "dense": partial(beyond, "dense"),
        "stay": partial(beyond, "still"),
        "turned": partial(beyond, "turned"),
    },
    "dual-shifted-images": {
        "not pooled": partial(points_lost, "flat"),
        "dense": partial(points_lost, "dense"),
        "pooled": partial(points_lost, "pooled"),
    },
    "dual-skip-ensemble": {
        "sum,": partial(below, "ensemble"),
        "deepest": partial(beyond, "deepest"),
        "shallowest": partial(beyond, "shallowest"),
        "": partial(below, "gap"),
    },
    "dual-shallow-for-unlike": {
        "more than": lambda run: fewer_blocks("dlgn", run) - fewer_blocks("dgn", run),
        "DLGN": partial(fewer_blocks, "dlgn"),
        "ReLU": partial(fewer_blocks, "dgn"),
    },
    "dual-training-follows": {
        "with width": lambda run: -slope(run.spec["widths"], run["npk"]),
        **{f"m = {width}": partial(nearer_descent, width=width) for width in (256, 64, 16)},
    },
    "dual-gates-hold": {
        "worse": lambda run: 100 * (right(run, "learnt") - right(run, "other")),
        "chance": above_chance,
        "": share_in_gates,
    },
    "dual-constant-and-order": {
        "lose more": costs_more,
        "DLGN, constant": partial(over_gain, "dlgn, ones", "dlgn"),
        "DLGN, reversed": partial(over_gain, "dlgn, reversed", "dlgn"),
        "constant": partial(over_gain, "learnt, ones", "learnt"),
        "reversed": partial(over_gain, "learnt, reversed", "learnt"),
    },
    "dual-order-dense": {
        "changes": partial(beyond, "order"),
        "dense": partial(below, "dense_order"),
    },
    "dual-dlgn-keeps": {
        "linear": lambda run: 0.835 - ratio_to_relu("linear", run),
        "": partial(ratio_to_relu, "dlgn"),
    },
    "dual-conv-dlgn-keeps": {
        "DGN": partial(ratio_to_relu, "dgn"),
        "deep linear": lambda run: 0.835 - ratio_to_relu("deep linear", run),
        "a linear model does not": lambda run: 0.835 - ratio_to_relu("linear", run),
        "better": partial(points_more, "dlgn", "linear"),
        "": partial(ratio_to_relu, "dlgn"),
    },
    "dual-conv-gates-hold": {
        "random": partial(points_more, "learnt", "random"),
        "none": partial(points_more, "learnt", "deep linear"),
        "another": above_chance,
    },
    "dual-conv-constant-and-order": {
        "DLGN, constant": partial(over_gates, "dlgn, ones", "dlgn"),
        "DLGN, reversed": partial(over_gates, "dlgn, reversed", "dlgn"),
        "constant": partial(over_gates, "learnt, ones", "learnt"),
        "reversed": partial(over_gates, "learnt, reversed", "learnt"),
    },
    "dual-kernel-learns": {
        "inner": partial(regression_gain, "learnt", "inner"),
        "overlaps": partial(regression_gain, "learnt, overlap", "start, overlap"),
        "": partial(regression_gain, "learnt", "start"),
    },
    "tree-dlgn": labels_all_right,
    "tree-gates-move": {
        "not so": lambda run: ~nodes_before_unused(run),
        "": nodes_before_unused,
    },
    "tree-gates-leave": unused_change,
    "tree-gates-accuracy": last_score,
    "tree-order": {"root": partial(earlier_node, 0), "level 1": partial(earlier_node, 1)},
    "tree-slow-order": last_level_earlier,
    "labels-must-jump": few_without_jumps,
    "smooth-attracts": more_captured,
    "tree-read-off": {
        "SVM": partial(read_over, "svm"),
        "frozen": partial(read_over, "read_accuracy"),
        "": partial(read_over, "cart"),
    },
    "tree-more-data": last_score,
    "cluster-affine": lambda run: run["gap"],
    "cluster-weights": partial(that_solve, name="right"),
    "cluster-weights-where-any": right_of_speaking,
    "cluster-gates": partial(that_solve, name="through"),
    "rank-falls": {
        "start: falls": partial(rank_lost, 0),
        "trained: falls": partial(rank_lost, 1),
        "start: least": partial(rank_differs, 0),
        "trained: least": partial(rank_differs, 1),
    },
    "rank-chain": {
        "after training": shallow_over_chain,
        "": layer_fall,
    },
    "rank-chain-circle": last_over_first_layer,
    "cata-window": {
        **{f"flies at {r}": partial(takes_off_and_lands, r) for r in (3.8, 3.5, 2.5, 2.2)},
        "flies at 3": partial(takes_off_and_lands, 3),
        **{f"rise at {rate}": partial(never_above_start, rate) for rate in (1.9, 1)},
        **{f"diverges at {rate}": partial(lost, rate) for rate in (4.1, 4.5)},
        "plane map": partial(below, "gap"),
        "kept": partial(beyond, "frozen_gap"),
    },
    "cata-norm": {"not": partial(beyond, "gap"), "": partial(below, "gap")},
    "cata-flatter": lands_flatter,
    "cata-turns": {"fast over slow": lambda run: extra_flips(run) > 0, "": flipped_more},
    "cata-half": {"not": lambda run: from_one_half(run) > 1e-10, "": from_one_half},
    "cata-sparse": ever_sparser,
    "cata-survive": {
        **{f"lives at {r}": partial(lives_with_less, "paths", r) for r in (6, 12)},
        "net lives at 8": partial(lives_with_less, "paths", 8),
        "biases: lives": partial(lives, 8),
        "at 8": partial(lost, 8),
        "close at 4.5": partial(lives_with_less, "paths", 4.5),
    },
    "cata-one-sided": {
        "lands": partial(lands, 2.5),
        **{f"diverges at {rate}": partial(lost, rate) for rate in (6, 12, 4.5)},
        **{f"net, {rate}": partial(lives_with_less, "activity", rate) for rate in (6, 12)},
        "fast gates": partial(lives_with_less, "activity", 4.5),
    },
    "interp-explicit": {
        "ReLU": partial(measured, "relu_error"),
        "0.99": partial(measured, "edge_error"),
        "constant": partial(measured, "bad_error"),
        "boxes": partial(measured, "dlgn_error"),
        "1.5": partial(measured, "wide_error"),
        "no bumps": partial(measured, "base_error"),
    },
    "interp-one-path": {
        "weight": partial(measured, "kernel_gap"),
        "all paths": partial(measured, "shared"),
    },
    "interp-cost": {
        "constant": partial(away_from_formula, "bad"),
        "bumps": partial(away_from_formula, "relu"),
        "boxes": partial(away_from_formula, "dlgn"),
    },
    "interp-good-rate": {
        "bumps": partial(learning_rate, "good"),
        "risk of": lambda run: (np.log(run["good"]) - np.log(run["spline"])).mean(1),
    },
    "interp-bad-rate": {
        "plus 1": partial(learning_rate, "bad"),
        "lines": partial(learning_rate, "linear"),
        "label": partial(learning_rate, "nearest"),
    },
    "interp-noise-floor": {
        "lines": partial(of_noise, 2 / 3, "linear"),
        "label": partial(of_noise, 1.0, "nearest"),
    },
    "interp-adam-worse": adam_over_built,
    "interp-paths-shared": sharing_left,
    "early-kernel": {
        **{f"{name}, wrong": partial(wrong_kernel, net) for name, net in EARLY_NETS.items()},
        **{name: partial(affine_error, net) for name, net in EARLY_NETS.items()},
    },
    "early-follows": {"rival": wrong_apart, "sizes": apart_by_size},
    "early-constant": {"later": constant_behind, "": constant_ahead},
    "early-gates": {
        "constant": partial(sooner_trained, 0),
        "linear part": partial(sooner_trained, 1),
    },
    "early-dimension": partial(difference, nonlinear_known),
    "early-images": {
        "25 %": partial(difference, partial(not_linear, 0.25)),
        "": partial(difference, partial(not_linear, 0.05)),
    },
    "early-leaves": {"fits more": model_misfit, "own kernel": own_nearer},
    "early-paths": {
        "allocation": partial(gain, end=5),
        "linear share": lambda run: run["share"][run.row(5)] - 0.5,
        "loss left": lambda run: run["loss"][run.row(5)] / run["loss"][0] - 0.5,
        "over ReLU": over_relu_at_loss,
    },
    "view-directions": widest_minus,
    "view-directions-gates": {
        "dense": lambda *runs: -explained_over_half(*runs),
        "": explained_over_half,
    },
    "view-underspecified": {
        "slow larger": partial(slow_minus_fast, 2),
        "conv": partial(slow_minus_fast, 1),
        "dense": lambda run: -slow_minus_fast(1, run),
    },
    "view-hinge-early": {
        "ReLU net, closed form": partial(over_points, "relu_error", -0.5),
        "DLGN, closed form": partial(over_points, "dlgn_error", -0.5),
        "DLGN, half-spaces": partial(over_points, "dlgn_turned", -0.5),
        "ReLU net, half-spaces": partial(over_points, "relu_turned", 0),
    },
    "view-hinge-crossover": {
        "ReLU": partial(rich_over_lazy, 0),
        "DLGN": partial(rich_over_lazy, 1),
    },
    "view-hinge-direction": {
        "ReLU net's half-spaces, α = 0.1": partial(added_cosine, 0, "gates", 0.1),
        "ReLU net's half-spaces, α = 1": partial(added_cosine, 0, "gates", 1.0),
        "half-spaces, α = 0.1": partial(gates_over_values, 0.1),
        "half-spaces, α = 1": partial(gates_over_values, 1.0),
        "values, α = 0.1": partial(added_cosine, 1, "values", 0.1),
        "values, α = 1": partial(added_cosine, 1, "values", 1.0),
    },
    "view-edges-kernel": {
        "product": partial(below, "product"),
        "not unsquared": partial(beyond, "unsquared"),
        "not the chain": partial(beyond, "chain"),
        "": partial(below, "gap"),
    },
    "view-edges-depth": deeper,
    "intr-ambient": {
        "kernel": partial(doubled, -1, "ridge"),
        "neighbours": partial(doubled, -1, "neighbours"),
        "": partial(doubled, 1, "risk"),
    },
    "intr-adapts": {
        "kernel": partial(dearer, "ridge"),
        "neighbours": partial(dearer, "neighbours"),
    },
    "intr-rate": {
        "kernel ridge, D": partial(flatter, "ridge", "ridge"),
        "neighbours, D": partial(flatter, "neighbours", "neighbours"),
        "kernel": partial(flatter, "ridge", "risk"),
        "neighbours": partial(flatter, "neighbours", "risk"),
    },
    "intr-not-free": partial(log_risks, "risk", "risk"),
    "intr-direction": {
        "frozen over trained": frozen_costs,
        "": partial(log_risks, "risk", "risk"),
    },
    "intr-turn": {
        "layer 1, over": partial(turned_more, 1),
        "layer 2, over": partial(turned_more, 2),
        "layer 3, over": partial(turned_more, 3),
        "layer 2 over": partial(share_over_below, 2),
        "layer 3 over": partial(share_over_below, 3),
        "": third_share,
    },
    "intr-tube": {
        "full": partial(log_risks, "ridge", "risk"),
        "": partial(log_risks, "risk", "ridge"),
    },
    "intr-hard": {
        "made hard": lambda run: np.log(run["hard_risk"]) - np.log(run["risk"]),
        "kernel": partial(log_risks, "ridge", "risk"),
        "": third_share,
    },
    "hard-orders": {
        "allocation": partial(falls_with_hardness, gain),
        "clustering": partial(falls_with_hardness, clustered),
        "starvation": partial(falls_with_hardness, starved),
    },
    "hard-not-scale": {
        "larger scale less": partial(hardness_and_scale, 1),
        "larger scale more": partial(hardness_and_scale, -1),
    },
    "hard-fades": under_half,
    "hard-below-relu": allocates_less,
    "hard-fits": {"own gates": partial(fits, "loss"), "hard gates": partial(fits, "hard_loss")},
    "hard-first-turn": lambda run: run["predicted"],
    "hard-together": lambda soft, hard: soft["coherence"] - hard["coherence"],
    "hard-history": ways(later_gain),
    "hard-undo": {
        f"{what}, epoch {way}": partial(shrinks, what, way)
        for what in ("allocation", "clustering")
        for way in ("100", "30", "10")
    },
    "hard-fits-later": ways(fits_hard),
    "hard-annealed": {"fitted": partial(fits_hard, "annealed"), "error": soft_over_annealed},
    "hard-fresh": ways(fresh_on_random),
    "hard-images-cost": partial(difference, hard_cost),
    "hard-images-no-loss": hard_over_own,
    "hard-images-labels": {"moves them": partial(label_effect, -1), "": effect_lost},
    "hard-images-kernels": {"beyond pixels": beyond_pixels, "": labels_moved},
    "hard-where": {
        "weak": allocates_less,
        "zero": lambda run: -gain(run),
        "": gain,
    },
}
"""By claim: a function of its runs; where its cases differ, one for each word in their names."""


def statistic_of(claim: str, case: str) -> Callable:
    """Return the statistic of a claim's case."""
    found = STATISTICS[claim]
    if callable(found):
        return found
    fitting = [statistic for word, statistic in found.items() if word and word in case]
    return fitting[0] if fitting else found[""]


# Inference


@dataclass(frozen=True)
class Rule:
    """What decides a case: ``"mean"``, ``"share"``, ..., whether within ±level or above it."""

    kind: str
    equal: bool
    level: float

    def holds(self, low: float, high: float) -> bool | None:
        """Decide from the interval."""
        bottom, top = (-self.level, self.level) if self.equal else (self.level, np.inf)
        if low > bottom and high < top:
            return True
        return False if high < bottom or low > top else None


def rule_of(entry: dict, finding: dict) -> Rule:
    """Read a case's rule in an entry's text.

    Raises:
        ValueError: if it has none.
    """
    role = "Control" if finding["control"] else "Case"
    start = f"{role} {finding['case']}: {' and '.join(finding['needs'])}: 95 % interval of the "
    kinds = "mean|share of seeds|correlation|rank correlation"
    form = re.escape(start) + rf"({kinds}) (above |within ±)(\S+)\.(?: |$)"
    found = re.search(form, entry["rule"])
    if not found:
        raise ValueError("its rule does not say how it is decided")
    kind, where, text = found.groups()
    exact = [level for level in LEVELS if f"{level:.3g}" == text]
    return Rule(kind, where.startswith("within"), exact[0] if exact else float(text))


def judged(rule: Rule, values: np.ndarray) -> dict:
    """Return a finding's numbers."""
    if rule.kind != "share of seeds" and not np.isfinite(values).all():
        numbers = dict.fromkeys(("effect", "low", "high", "median", "p")) | {"interval": "t"}
        return numbers | {"seeds": values.shape[-1], "holds": None}
    if rule.kind == "mean":
        numbers = of_mean(values, rule)
    elif rule.kind == "share of seeds":
        numbers = of_share(values, rule.level)
    else:
        numbers = of_correlation(*values, rule.level, ranks=rule.kind.startswith("rank"))
    holds = rule.holds(numbers["low"], numbers["high"])
    known = {name: None if value != value else value for name, value in numbers.items()}
    return known | {"seeds": values.shape[-1], "holds": holds}  # JSON has no NaN


def of_mean(values: np.ndarray, rule: Rule) -> dict:
    """Student's t, or the BCa bootstrap for at least 20 seeds with a skewness above 1."""
    mean, n = values.mean(), len(values)
    numbers = {"effect": mean, "median": np.median(values), "interval": "t"}
    levels = (-rule.level, rule.level) if rule.equal else (rule.level,)
    if np.ptp(values) <= 1e-12 * abs(mean):  # all values are equal: there is nothing to estimate
        low = high = mean
        less, more = ([float(mean <= a) for a in levels], [float(mean >= a) for a in levels])
    elif n >= 20 and abs(skewness(values)) > 1:
        made = stats.bootstrap(
            (values,),
            np.mean,
            vectorized=True,
            n_resamples=9999,
            method="BCa",
            rng=np.random.default_rng(0),
        )
        low, high = made.confidence_interval
        means = made.bootstrap_distribution
        # One more of each kind: no number of resamples shows that a chance is zero.
        less = [(np.sum(means <= a) + 1) / (len(means) + 1) for a in levels]
        more = [(np.sum(means >= a) + 1) / (len(means) + 1) for a in levels]
        numbers["interval"] = "bootstrap"
    else:
        se = values.std(ddof=1) / np.sqrt(n)
        low, high = mean + se * stats.t.ppf([0.025, 0.975], n - 1)
        t = [(mean - a) / se for a in levels]
        less, more = stats.t.sf(t, n - 1), stats.t.cdf(t, n - 1)
    # Small chances speak against a mean of at most the level (``less``), of at least it (``more``).
    p = max(less[0], more[1]) if rule.equal else min(1, 2 * min(less[0], more[0]))
    return numbers | {"low": low, "high": high, "p": p}


def skewness(values: np.ndarray) -> float:
    """Return the sample's skewness without bias."""
    n, away = len(values), values - values.mean()
    biased = (away**3).mean() / (away**2).mean() ** 1.5
    return np.sqrt(n * (n - 1)) / (n - 2) * biased


def of_share(values: np.ndarray, level: float) -> dict:
    """Wilson's interval, and the p-value of the exact binomial test."""
    n, k, z = len(values), int(values.sum()), stats.norm.ppf(0.975)
    share = k / n
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    reach = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    low, high = (0.0 if k == 0 else centre - reach), (1.0 if k == n else centre + reach)
    chances = stats.binom.pmf(np.arange(n + 1), n, level)
    p = min(1, chances[chances <= chances[k] * (1 + 1e-7)].sum())
    return dict(effect=share, low=low, high=high, median=share, p=p, interval="Wilson")


def of_correlation(x: np.ndarray, y: np.ndarray, level: float, ranks: bool) -> dict:
    """Fisher's interval; of ranks the variance is larger, after Bonett and Wright."""
    if ranks:
        x, y = stats.rankdata(x), stats.rankdata(y)
    x, y = x - x.mean(), y - y.mean()
    with np.errstate(invalid="ignore"):  # a constant has none
        r = x @ y / np.sqrt((x @ x) * (y @ y))
    se = np.sqrt((1 + ranks * r**2 / 2) / (len(x) - 3))
    z = np.arctanh(min(max(r, -1 + 1e-12), 1 - 1e-12))
    low, high = np.tanh(z + se * stats.norm.ppf([0.025, 0.975]))
    p = 2 * stats.norm.sf(abs(z - np.arctanh(level)) / se)
    return dict(effect=r, low=low, high=high, median=r, p=p, interval="Fisher")


def holm(p: Sequence[float]) -> list[float]:
    """Adjust p-values for their number by Holm's method."""
    order, adjusted, largest = np.argsort(p, kind="stable"), [0.0] * len(p), 0.0
    for rank, index in enumerate(order):
        largest = max(largest, min(1.0, (len(p) - rank) * p[index]))
        adjusted[index] = largest
    return adjusted


def verdict_of(findings: list[dict]) -> str:
    """Return a claim's verdict: the cases decide, and controls limit."""
    if not findings:
        return "pending"
    cases = [f["holds"] for f in findings if not f["control"]]
    controls = [f["holds"] for f in findings if f["control"]]
    if all(h is True for h in cases + controls):
        return "reproduced"
    if any(cases):
        limited = any(h is False for h in cases + controls) or all(h is True for h in cases)
        return "reproduced under conditions" if limited else "undecided"
    return "not reproduced" if any(h is False for h in cases) else "undecided"


# Comparison


def agree(name: str, ours: object, theirs: object, scale: float) -> bool:
    """Return whether a number, or a missing one, agrees with the report's."""
    if ours is None or theirs is None or isinstance(theirs, str | bool):
        return ours is theirs if not isinstance(theirs, str) else ours == theirs
    if name in ("p", "holm"):
        return abs(ours - theirs) <= RELATIVE * abs(theirs) + SMALL_P
    return abs(ours - theirs) <= RELATIVE * scale


def differences(ours: dict, theirs: dict) -> Iterator[str]:
    """Yield the fields of a finding in which the two differ."""
    ends = (theirs[name] or 0 for name in ("effect", "low", "high"))
    scale = max(abs(value) for value in ends)
    for name, value in ours.items():
        if name in theirs and not agree(name, value, theirs[name], scale):
            yield f"{name} is {value}, reported {theirs[name]}"


class Audit:
    """Recomputes a report's findings and keeps what disagrees."""

    def __init__(self, results: Path):
        self.results = results
        self.lines: list[str] = []
        self.findings = self.claims = 0
        self._runs: dict[str, Run] = {}

    def check(self, report: list[dict]) -> None:
        """Compare a report's entries."""
        for subject, entries in groupby(report, lambda entry: entry["subject"]):
            made = [(entry, self._claim(entry)) for entry in entries]
            self._family([(e, new) for e, new in made if e["kind"] != "proved"], subject)
            for entry, new in made:
                if any("holds" not in finding for finding in new):
                    continue
                if (verdict := verdict_of(new)) != entry["verdict"]:
                    self._say(entry, f"verdict is {verdict}, reported {entry['verdict']}")

    def _say(self, entry: dict, what: str) -> None:
        self.lines.append(f"{entry['id']}: {what}")

    def _claim(self, entry: dict) -> list[dict]:
        """Recompute a claim's findings; a finding that failed has no ``holds``."""
        if not entry["findings"]:
            return []
        self.claims += 1
        files = {run["name"]: run["file"] for run in entry["runs"]}
        ruled = re.findall(r"(?:Case|Control) [^:]+: .+?: 95 %", entry["rule"])
        if len(ruled) != len(entry["findings"]):
            self._say(entry, f"{len(entry['findings'])} findings for {len(ruled)} rules")
        return [self._finding(entry, finding, files) for finding in entry["findings"]]

    def _finding(self, entry: dict, finding: dict, files: dict[str, str]) -> dict:
        self.findings += 1
        label = f"{'control' if finding['control'] else 'case'} {finding['case']}"
        new = {"control": finding["control"]}
        if entry["id"] not in STATISTICS:
            self._say(entry, f"{label}: the audit has no statistic of this claim")
            return new
        try:
            runs = [self._run(name, files[name]) for name in finding["needs"]]
            values = statistic_of(entry["id"], finding["case"])(*runs)
            new |= judged(rule_of(entry, finding), values)
        except (ValueError, KeyError, OSError, IndexError) as problem:
            self._say(entry, f"{label}: {type(problem).__name__}: {problem}")
            return new
        for what in differences(new, finding):
            self._say(entry, f"{label}: {what}")
        return new

    def _run(self, name: str, file: str) -> Run:
        if name not in self._runs:
            run = Run.read(name, self.results / Path(file).parent.name / Path(file).name)
            self.lines += run.problems()
            self._runs[name] = run
        return self._runs[name]

    def _family(self, made: list[tuple[dict, list[dict]]], subject: str) -> None:
        """Compare the p-values adjusted for a subject's findings."""
        pairs = [
            (entry, new, old)
            for entry, findings in made
            for new, old in zip(findings, entry["findings"], strict=True)
        ]
        if any("holds" not in new for _, new, _ in pairs):
            self.lines.append(f"{subject}: p-values are not adjusted, since findings are missing")
            return
        adjusted = holm([1.0 if new["p"] is None else new["p"] for _, new, _ in pairs])
        for (entry, _, old), p in zip(pairs, adjusted, strict=True):
            # Each is a p-value times at most the number of findings, and so is its rounding.
            if abs(p - old["holm"]) > RELATIVE * p + len(pairs) * SMALL_P:
                self._say(entry, f"{old['case']}: holm is {p}, reported {old['holm']}")


def main() -> int:
    """Run the audit."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("report", type=Path, help="the report's entries as JSON")
    parser.add_argument("--results", type=Path, default=Path("data/results"))
    options = parser.parse_args()
    audit = Audit(options.results)
    audit.check(json.loads(options.report.read_text()))
    for line in audit.lines:
        print(line)
    counts = f"{audit.findings} findings of {audit.claims} claims recomputed"
    print(f"{counts}, {len(audit.lines)} disagree")
    return 1 if audit.lines else 0


if __name__ == "__main__":
    sys.exit(main())
