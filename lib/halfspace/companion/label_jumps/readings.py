"""Statistics of the runs on trees, clusters and ranks, for the claims and for the chapter."""

from collections.abc import Mapping

import numpy as np

from halfspace.companion.intervals import (
    factor_text,
    interval_text,
    mean_interval,
    mean_intervals,
)
from halfspace.companion.label_jumps.data import influences, levels
from halfspace.companion.label_jumps.measures import NEAR
from halfspace.companion.origin import origin
from halfspace.companion.spec import Result
from halfspace.companion.text import plain_number, scientific, thousands

__all__ = [
    "SOLVED",
    "accuracies",
    "accuracy_gain",
    "all_nodes_nearer",
    "captured",
    "captured_first",
    "capture_times",
    "chain_factor",
    "chain_clusters",
    "circle_agreement",
    "chain_fall",
    "chain_gap",
    "cluster_numbers",
    "cluster_shares",
    "distance_curves",
    "dose_curves",
    "dose_numbers",
    "is_computed",
    "layer_ranks",
    "level_rows",
    "lost_without_jumps",
    "node_rows",
    "normal_ranks",
    "rank_fall",
    "rank_numbers",
    "read_rows",
    "right_weight",
    "right_where_any",
    "through_gates",
    "tree_numbers",
    "unused_moved",
]

Runs = Mapping[str, Result]

SOLVED = 0.999
"""Accuracy above which a small net has solved the switch of bits."""


def is_computed(result: Result) -> np.ndarray:
    """Return for which trees both DLGNs give every point its label, bool, shape (S,)."""
    return (result.shallow == 0) & (result.deep == 0)


# Gates and nodes


def all_nodes_nearer(result: Result) -> np.ndarray:
    """Return for which trees every node ends nearer to a gate than any unused direction, (S,)."""
    return result.distance[-1].max(-1) < result.unused_least[-1]


def captured(result: Result, level: int | None = None) -> np.ndarray:
    """Return the share of nodes with a gate within 0.3 at the end, shape (S,).

    Args:
        result: of ``TreeTraining``.
        level: of the nodes; all if ``None``.
    """
    near = result.distance[-1] < NEAR
    if level is not None:
        near = near[:, levels(result.spec.depth) == level]
    return near.mean(-1)


def unused_moved(result: Result, control: Result | None = None) -> np.ndarray:
    """Return how much farther the unused directions' nearest gates are at the end, shape (S,).

    Args:
        result: of ``TreeTraining``.
        control: another run of the same seeds, whose change is subtracted.
    """
    moved = result.unused_mean[-1] - result.unused_mean[0]
    return moved if control is None else moved - unused_moved(control)


def accuracy_gain(result: Result, other: Result) -> np.ndarray:
    """Return by how much the first run's final score exceeds the second's, shape (S,)."""
    return result.score[-1] - other.score[-1]


def capture_times(result: Result) -> np.ndarray:
    """Return the first recorded epoch with a gate within 0.3 of each node, (S, N); inf if never."""
    near = result.distance < NEAR
    times = result.epochs[near.argmax(0)]
    return np.where(near.any(0), times, np.inf)


def captured_first(result: Result, first: int, later: tuple[int, ...]) -> np.ndarray:
    """Return the share of pairs of nodes in which the one of an earlier level is captured first.

    Args:
        result: of ``TreeTraining``.
        first: level of the pairs' first nodes.
        later: levels of their second nodes.

    Returns:
        Minus one half, which is chance, shape (S,). Ties, and pairs never captured, count half.
    """
    times, level = capture_times(result), levels(result.spec.depth)
    one = times[:, level == first][:, :, None]
    other = times[:, np.isin(level, later)][:, None, :]
    return ((one < other) + 0.5 * (one == other)).mean((1, 2)) - 0.5


def lost_without_jumps(labels: Result, margin: Result) -> np.ndarray:
    """Return half the share of nodes captured with labels minus that with margins, shape (S,)."""
    return captured(labels) / 2 - captured(margin)


# Clusters


def _solved(result: Result) -> np.ndarray:
    """Return which nets count, bool, (S,): of those on bits the ones that solve the task."""
    if result.spec.data == "continuous":
        return np.ones(len(result.accuracy), bool)
    return result.accuracy > SOLVED


def right_weight(result: Result) -> np.ndarray:
    """Return the share of inputs whose deciding input has the larger weight, minus 1/2, (nets,)."""
    return result.right[_solved(result)] - 0.5


def right_where_any(result: Result) -> np.ndarray:
    """Return the same share of the inputs that have any weight at all, minus 1/2, (nets,)."""
    counts = _solved(result)
    return result.right[counts] / (1 - result.mute[counts]) - 0.5


def through_gates(result: Result) -> np.ndarray:
    """Return the share of class changes that change the cluster, minus 1/2, shape (nets,)."""
    return result.through[_solved(result)] - 0.5


# Ranks


def rank_fall(result: Result, when: int) -> np.ndarray:
    """Return the mean rank of the first layer's Jacobian minus the last one's, shape (S,).

    Args:
        result: of ``FashionRanks``.
        when: 0 before training, 1 after.
    """
    return result.ranks[:, when, 0] - result.ranks[:, when, -1]


def chain_factor(chain: Result, shallow: Result) -> np.ndarray:
    """Return ln of the last layer's effective rank after training, DLGN-SF over DLGN, (S,)."""
    return np.log(shallow.ranks[1, :, -1] / chain.ranks[1, :, -1])


def chain_fall(result: Result, shallow: Result | None = None) -> np.ndarray:
    """Return ln of the last layer's effective rank, start over end of training, shape (S,).

    Args:
        result: of ``TreeTraining``.
        shallow: a run of the same seeds, whose fall is subtracted.
    """
    fall = np.log(result.ranks[0, :, -1] / result.ranks[1, :, -1])
    return fall if shallow is None else fall - chain_fall(shallow)


def chain_clusters(result: Result) -> np.ndarray:
    """Return how much more the last layer's half-spaces agree than the first's at the end, (S,).

    Args:
        result: of ``CircleChain``.
    """
    return result.agreement[1, :, -1] - result.agreement[1, :, 0]


def chain_gap(chain: Result, shallow: Result) -> np.ndarray:
    """Return by how much ``chain_clusters`` of a chain exceeds that of shallow gating, (S,)."""
    return chain_clusters(chain) - chain_clusters(shallow)


# Curves, tables and numbers of the chapter

LEVEL_NAMES = ("root", "level 1", "level 2", "level 3")
UNUSED = "unused directions"
NET_NAMES = {"shallow": "DLGN-SF", "dlgn": "DLGN"}
SUCCESSOR = {"dlgn": 65.0, "shallow": 63.8}
"""The authors' best test accuracies in 500 dimensions, percent (their public code)."""

CLUSTER_NAMES = {
    "4-2, L1": "10-4-2, L1",
    "8-4, L1": "10-8-4, L1",
    "8-4, weak L1": "10-8-4, weak L1",
    "8-4": "10-8-4",
    "32-32": "10-32-32",
    "8-4, continuous": "continuous",
}


def distance_curves(result: Result) -> dict[str, np.ndarray]:
    """Return the mean distance to the nearest gate over training, by level of the nodes.

    Returns:
        By level, and of the unused directions: mean over trees with interval, shape (E, 3).
    """
    level = levels(result.spec.depth)
    curves = {
        name: mean_intervals(result.distance[:, :, level == number].mean(-1))
        for number, name in enumerate(LEVEL_NAMES)
    }
    return curves | {UNUSED: mean_intervals(result.unused_mean)}


def accuracies(runs: Runs) -> dict[str, tuple[str, tuple[float, float, float]]]:
    """Return test accuracies in percent: by label, the kind of net, and mean with interval."""
    rivals = runs["baselines"]
    rows = {
        "DLGN-SF": ("DLGN-SF", runs["shallow"].score[-1]),
        "frozen at the tree": ("DLGN-SF", runs["shallow: gates at the tree"].score[-1]),
        "frozen at random": ("DLGN-SF", runs["shallow: frozen"].score[-1]),
        "shuffled labels": ("DLGN-SF", runs["shallow: shuffled labels"].score[-1]),
        "DLGN": ("DLGN", runs["dlgn"].score[-1]),
        "DLGN, frozen": ("DLGN", runs["dlgn: frozen"].score[-1]),
        "ReLU net": ("ReLU net", runs["relu"].score[-1]),
        "Gaussian SVM": ("rival", rivals.svm),
        "random forest": ("rival", runs["forest"].forest),
        "CART, depth 10": ("rival", rivals.cart_10),
        "CART, depth 4": ("rival", rivals.cart),
        "linear": ("rival", rivals.logistic),
    }
    return {name: (kind, mean_interval(100 * values)) for name, (kind, values) in rows.items()}


def _median_epoch(times: np.ndarray) -> str:
    middle = np.median(times)
    return plain_number(middle) if np.isfinite(middle) else "never"


def level_rows(runs: Runs) -> list[dict[str, object]]:
    """Return for each level its influence, and when nodes are captured and by how many gates."""
    first = runs["shallow"]
    level, influence = levels(first.spec.depth), influences(first.spec.depth)
    rows = []
    for number, name in enumerate(LEVEL_NAMES):
        here = level == number
        row = {"nodes": name, "influence": f"1/{round(1 / influence[here][0])}"}
        for key, label in NET_NAMES.items():
            row[f"{label}: epoch"] = _median_epoch(capture_times(runs[key])[:, here])
        row["ReLU net: epoch"] = _median_epoch(capture_times(runs["relu"])[:, here])
        for key, label in NET_NAMES.items():
            row[f"{label}: gates"] = f"{runs[key].near[:, here].mean():.1f}"
        rows.append(row)
    return rows


def dose_curves(runs: Runs, kappas: tuple[float, ...]) -> dict[str, dict[str, np.ndarray]]:
    """Return the share of nodes captured, in percent, and R² of a linear fit, by target.

    Targets: smooth trees of increasing sharpness, the labels, and margins last.

    Returns:
        ``"captured"`` by net, and ``"linear"`` by ``"linear fit"``: mean and interval, (T, 3).
    """
    names = [*(f"kappa {kappa:g}" for kappa in kappas), "labels", "margin"]
    curves = {
        label: mean_intervals(100 * np.array([captured(runs[f"{key}: {name}"]) for name in names]))
        for key, label in NET_NAMES.items()
    }
    linear = mean_intervals(np.array([runs[f"shallow: {name}"].linear for name in names]))
    return {"captured": curves, "linear": {"linear fit": linear}}


def read_rows(runs: Runs) -> list[dict[str, object]]:
    """Return how good the trees are that were read off nets, as a table's rows."""
    rows = []
    for key, label in NET_NAMES.items():
        for run, name in ((runs[key], label), (runs[f"{key}: frozen"], f"{label}, frozen gates")):
            trees = run.spec.seeds
            rows.append(
                {
                    "net": name,
                    "accuracy (%)": f"{100 * run.score[-1].mean():.1f}",
                    "of its tree (%)": f"{100 * run.read_accuracy.mean():.1f}",
                    "true root": f"{run.read_root.sum()} of {trees}",
                    "nodes in place": f"{run.read_places.mean():.1f} of {run.near.shape[1]}",
                }
            )
    return rows


def node_rows(found: np.ndarray, true: np.ndarray) -> list[dict[str, str]]:
    """Return a table of the nodes of one tree that was read, beside the true tree's.

    Args:
        found: normals read, zeros for none, shape (N, d).
        true: the tree's normals, shape (N, d).
    """
    rows = []
    for node, normal in enumerate(found):
        cosines = np.abs(true @ normal)
        best = int(cosines.argmax())
        rows.append(
            {
                "node read": str(node),
                "nearest true node": str(best) if normal.any() else "no split",
                "|cos|": f"{cosines[best]:.3f}" if normal.any() else "",
            }
        )
    return rows


def cluster_shares(runs: Runs) -> dict[str, dict[str, tuple[float, float, float]]]:
    """Return shares in percent by net: right weight, no weight, changes through the gates."""
    shares = {}
    for key, label in CLUSTER_NAMES.items():
        run = runs[key]
        values = {
            "right weight": right_weight(run) + 0.5,
            "no weight at all": run.mute[_solved(run)],
            "through the gates": through_gates(run) + 0.5,
        }
        shares[label] = {name: mean_interval(100 * value) for name, value in values.items()}
    return shares


def layer_ranks(runs: Runs) -> dict[str, np.ndarray]:
    """Return the mean rank of the Jacobian after training, by net and layer, (H, 3)."""
    names = {"relu": "ReLU net", "dlgn": "DLGN", "linear": "deep linear"}
    return {
        label: mean_intervals(runs[f"images: {key}"].ranks[:, 1].T) for key, label in names.items()
    }


def normal_ranks(runs: Runs) -> dict[str, np.ndarray]:
    """Return the effective rank of the gates' normals on trees, by net and layer, (H, 3)."""
    chain, shallow = runs["trees: dlgn"], runs["trees: shallow"]
    curves = {
        "DLGN-SF": shallow.ranks[1],
        "DLGN": chain.ranks[1],
        "DLGN, start": chain.ranks[0],
        "orthogonal start": runs["trees: dlgn, orthogonal, small"].ranks[1],
    }
    return {name: mean_intervals(ranks.T) for name, ranks in curves.items()}


def circle_agreement(runs: Runs) -> dict[str, np.ndarray]:
    """Return how much the half-spaces of a layer agree on the circle, by net and layer, (H, 3)."""
    chain = runs["circle: dlgn, beta 4"]
    curves = {
        "DLGN": chain.agreement[1],
        "DLGN, start": chain.agreement[0],
        "orthogonal start": runs["circle: dlgn, orthogonal, beta 4"].agreement[1],
        "DLGN-SF": runs["circle: shallow, beta 4"].agreement[1],
    }
    return {name: mean_intervals(values.T) for name, values in curves.items()}


def _percent(values: np.ndarray) -> str:
    return f"{100 * values.mean():.1f}"


def _first_text(run: Result, first: int, later: tuple[int, ...]) -> str:
    """Write the share of pairs in which the first level's node is captured first, percent."""
    return f"{50 + 100 * captured_first(run, first, later).mean():.0f}"


def tree_numbers(runs: Runs, wide: Runs) -> dict[str, object]:
    """Return what the text says of the runs on trees' labels, shares in percent."""
    construction, rivals = runs["construction"], runs["baselines"]
    numbers = {
        "trees": runs["shallow"].spec.seeds,
        "many-trees": construction.spec.seeds,
        "points": thousands(construction.spec.points),
        "misses": int(construction.shallow.sum() + construction.deep.sum()),
        "from-construction": origin(construction),
        "from-trees": origin(runs["shallow"], runs["dlgn"]),
        "from-accuracy": origin(*runs.values()),
        "from-read": origin(*(runs[f"{n}{r}"] for n in NET_NAMES for r in ("", ": frozen"))),
        "from-wide": origin(*wide.values()),
        "accuracy-forest": _percent(runs["forest"].forest),
        "last-first": _first_text(runs["shallow: other trees"], 3, (2,)),
        "last-first-slow": _first_text(runs["shallow: slow, other trees"], 3, (2,)),
        "last-first-here": _first_text(runs["shallow"], 3, (2,)),
        "last-first-slow-here": _first_text(runs["shallow: slow"], 3, (2,)),
        "relu-times": _median_epoch(capture_times(runs["relu"])[:, 0]),
    }
    for name in ("svm", "cart", "cart_10", "logistic"):
        numbers[f"accuracy-{name}"] = _percent(rivals.arrays[name])
    short = {
        "tree": "shallow: gates at the tree",
        "input": "shallow: input",
        "relu": "relu",
    }
    for key in NET_NAMES:
        short |= {
            key: key,
            f"{key}-frozen": f"{key}: frozen",
            f"{key}-shuffled": f"{key}: shuffled labels",
        }
        run = runs[key]
        numbers |= {
            f"start-{key}": f"{run.distance[0].mean():.2f}",
            f"unused-{key}": f"{run.unused_mean[-1].mean():.2f}",
            f"unused-start-{key}": f"{run.unused_mean[0].mean():.2f}",
            f"unused-least-{key}": f"{run.unused_least[-1].min():.2f}",
            f"nearer-{key}": int(all_nodes_nearer(run).sum()),
            f"hard-{key}": _percent(run.hard_score),
            f"gain-{key}": interval_text(100 * accuracy_gain(run, runs[f"{key}: frozen"]), 1),
            f"read-{key}": _percent(run.read_accuracy),
            f"read-frozen-{key}": _percent(runs[f"{key}: frozen"].read_accuracy),
            f"read-root-{key}": int(run.read_root.sum()),
            f"read-places-{key}": f"{run.read_places.mean():.1f}",
            f"read-all-{key}": int((run.read_places == run.near.shape[1]).sum()),
            f"read-least-{key}": f"{100 * run.read_accuracy.min():.0f}",
            f"largest-{key}": int(run.largest_is_root.sum()),
            f"root-first-{key}": _first_text(run, 0, (1, 2, 3)),
            f"level-1-first-{key}": _first_text(run, 1, (2, 3)),
        }
        for points in (15_000, 30_000):
            run_wide = wide[f"{key}: {points}"]
            numbers[f"wide-{key}-{points}"] = _percent(run_wide.score[-1])
        wider = wide[f"{key}: 500 dimensions"]
        numbers |= {
            f"wider-{key}": _percent(wider.score[-1]),
            f"wider-captured-{key}": f"{100 * captured(wider).mean():.0f}",
            f"successor-{key}": f"{SUCCESSOR[key]:g}",
            "wider-points": thousands(wider.spec.points),
        }
        for level in range(4):
            here = levels(run.spec.depth) == level
            end = run.distance[-1][:, here].mean()
            numbers[f"end-{key}-{level}"] = f"{end:.2f}"
    for name, run in short.items():
        numbers[f"accuracy-{name}"] = _percent(runs[run].score[-1])
        numbers[f"captured-{name}"] = f"{100 * captured(runs[run]).mean():.0f}"
    numbers["wide-seeds"] = wide["dlgn: 15000"].spec.seeds
    return numbers


def dose_numbers(runs: Runs) -> dict[str, object]:
    """Return what the text says of smooth targets, shares in percent."""
    numbers = {"from-dose": origin(*runs.values())}
    for key in NET_NAMES:
        for name in ("kappa 0.5", "kappa 1", "kappa 2", "labels", "margin"):
            run = runs[f"{key}: {name}"]
            short = f"{key}-{name.replace(' ', '-')}"
            numbers[f"captured-{short}"] = f"{100 * captured(run).mean():.0f}"
            numbers[f"end-{short}"] = f"{run.distance[-1].mean():.2f}"
    for name in ("kappa 0.5", "margin"):
        numbers[f"linear-{name.replace(' ', '-')}"] = f"{runs[f'dlgn: {name}'].linear.mean():.2f}"
    return numbers


def cluster_numbers(runs: Runs, more: Runs) -> dict[str, object]:
    """Return what the text says of clusters, shares in percent; ``more`` runs have other seeds."""
    numbers = {"from-clusters": origin(*runs.values()), "seeds": runs["8-4"].spec.seeds}
    numbers["gap"] = scientific(max(run.gap.max() for run in runs.values()))
    for key in CLUSTER_NAMES:
        run, counts = runs[key], _solved(runs[key])
        short = key.replace(", ", "-").lower()
        numbers |= {
            f"solved-{short}": int(counts.sum()),
            f"right-{short}": interval_text(100 * (right_weight(run) + 0.5), 0),
            f"mute-{short}": f"{100 * run.mute[counts].mean():.0f}",
            f"through-{short}": f"{100 * (through_gates(run) + 0.5).mean():.0f}",
            f"clusters-{short}": f"{run.clusters[counts].mean():.1f}",
            f"noise-{short}": f"{run.noise[counts].mean():.2f}",
            f"other-{short}": f"{run.other[counts].mean():.1f}",
            f"any-{short}": f"{100 * (right_where_any(more[key]) + 0.5).mean():.0f}",
        }
    return numbers


def rank_numbers(runs: Runs) -> dict[str, object]:
    """Return what the text says of ranks."""
    chain, shallow = runs["trees: dlgn"], runs["trees: shallow"]
    numbers = {
        "from-images": origin(*(runs[f"images: {n}"] for n in ("relu", "dlgn", "linear"))),
        "from-normals": origin(*(run for name, run in runs.items() if name.startswith("trees"))),
        "seeds": runs["images: relu"].spec.seeds,
        "circle-seeds": runs["circle: dlgn, beta 4"].spec.seeds,
        "circle-gap": interval_text(
            chain_gap(runs["circle: dlgn, beta 4"], runs["circle: shallow, beta 4"])
        ),
        "circle-gap-sharp": interval_text(
            chain_gap(runs["circle: dlgn, beta 30"], runs["circle: shallow, beta 30"])
        ),
        "circle-orthogonal": interval_text(
            chain_clusters(runs["circle: dlgn, orthogonal, beta 4"])
        ),
        "circle-orthogonal-sharp": interval_text(
            chain_clusters(runs["circle: dlgn, orthogonal, beta 30"])
        ),
        "from-circle": origin(*(run for name, run in runs.items() if "beta 4" in name)),
        "trees": chain.spec.seeds,
        "factor": factor_text(chain_factor(chain, shallow)),
        "root": f"{100 * chain.root_share[1, :, -1].mean():.0f}",
        "root-shallow": f"{100 * shallow.root_share[1, :, -1].mean():.0f}",
        "differ": plain_number(
            100 * max(runs[f"images: {net}"].differ.max() for net in ("relu", "dlgn"))
        ),
    }
    for key in ("relu", "dlgn", "linear"):
        run = runs[f"images: {key}"]
        for layer in (0, -1):
            place = "first" if layer == 0 else "last"
            numbers[f"{place}-{key}"] = f"{run.ranks[:, 1, layer].mean():.1f}"
            numbers[f"effective-{place}-{key}"] = f"{run.effective[:, 1, layer].mean():.1f}"
        numbers[f"classes-{key}"] = f"{run.class_dimension.mean():.1f}"
    images = runs["images: dlgn"].normals
    numbers["clothes-start"] = f"{images[:, 0, -1].mean():.1f}"
    numbers["clothes-end"] = f"{images[:, 1, -1].mean():.1f}"
    named = {
        "dlgn": chain,
        "shallow": shallow,
        "small": runs["trees: dlgn, orthogonal, small"],
        "scale-1": runs["trees: dlgn, orthogonal, scale 1"],
    }
    for key, run in named.items():
        for when, time in enumerate(("start", "end")):
            numbers[f"{time}-{key}"] = f"{run.ranks[when, :, -1].mean():.1f}"
        numbers[f"accuracy-{key}"] = _percent(run.score[-1])
    return numbers
