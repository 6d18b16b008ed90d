"""Statistics of runs on Fashion-MNIST: the two parts, path counts, effects of the labels.

Functions of a ``result`` read one of ``FashionStudy``: E records, S seeds, 10 original classes; an
axis of two entries is the start and the end. Functions of ``runs`` read such results by condition,
``"model: images: labels"``.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
import torch
from torch import nn

from halfspace.companion.claims import SIGNS
from halfspace.companion.fashion.data import PARTS, SETTINGS
from halfspace.companion.intervals import (
    factor_text,
    interval_text,
    mean_interval,
    mean_intervals,
)
from halfspace.companion.origin import origin
from halfspace.companion.spec import Result
from halfspace.companion.text import NOT_RECORDED, scientific, thousands
from halfspace.kernels import mean_of_others
from halfspace.regions import Partition, Segments, count_segment_regions

__all__ = [
    "EARLY",
    "IMAGES",
    "KINDS",
    "LEVEL",
    "MODELS",
    "NETS",
    "accuracies",
    "accuracy_difference",
    "accuracy_numbers",
    "agreement",
    "ahead_throughout",
    "alignment_change",
    "alignment_changes",
    "alignment_numbers",
    "alignment_panels",
    "allocations",
    "block_contrast",
    "box_around",
    "comparison_panels",
    "contrast_effect",
    "contrast_from_training",
    "contrast_panels",
    "decided_first",
    "difference_rows",
    "differences_on_test_images",
    "early_accuracy_gap",
    "early_effect",
    "effect_panels",
    "effects",
    "effects_by_kind",
    "ends_of_training",
    "gains_by_role",
    "halves_ratio",
    "hard_cost",
    "image_effect",
    "kernel_numbers",
    "label_effect",
    "label_numbers",
    "live_effect_panels",
    "middle_contrast_gain",
    "middle_gain",
    "middle_not_learned",
    "moved_beyond_twin",
    "nearest_record",
    "one_setting",
    "part_panels",
    "parts",
    "path_correlation",
    "path_correlation_beyond_chance",
    "path_gain",
    "path_numbers",
    "path_ratio",
    "run_numbers",
    "runs_by_setting",
    "setting_panels",
    "simple_ahead",
    "simple_first",
    "slice_numbers",
    "table",
    "tally",
]

EARLY = 1
"""Epoch at which the early effect of the labels is read."""

LEVEL = 0.72
"""Training accuracy at which a part counts as almost learned: appendix 5.1, as we read it."""

NETS = {"relu": "ReLU net", "dlgn": "DLGN"}
IMAGES = ("raw", "normalised")

KINDS = {f"{net}: {images}": f"{name}, {images}" for images in IMAGES for net, name in NETS.items()}
"""Nets on images, by the beginning of a condition's name: their titles."""

MODELS = {title: kind.split(": ")[0] for kind, title in KINDS.items()}
"""The nets' models by those titles."""

_MARGIN = 0.3  # of the larger side, around the images of a slice
_BY_CLASS = ("accuracy", "hard_accuracy", "paths", "log_paths", "zero")
_COMPARED = ("modified", "original", "swapped")
_NET_NAMES = NETS | {"dlgn, linear experts": "DLGN-PWL"}
_AGAINST = {"own start": None, "swapped labels": "swapped", "original labels": "original"}
_KERNELS = {"overlap": "Λ", "ntk": "NTK"}
_TARGETS = ("labels", "pixels")
_OTHERS = ("twin", "start")  # what a kernel is compared with
_PAIRS = {
    "ReLU net − DLGN": ("relu", "dlgn"),
    "DLGN: linear − constant experts": ("dlgn, linear experts", "dlgn"),
}

Runs = Mapping[str, Result]
Panels = dict[str, tuple[np.ndarray, dict[str, np.ndarray]]]


def one_setting(result: Result, setting: str) -> Result:
    """Read one setting of a ``ModifiedFashionMNIST`` result like a result of ``FashionStudy``."""
    row = list(SETTINGS).index(setting)
    arrays = {name: result.arrays[name][:, row] for name in _BY_CLASS if name in result.arrays}
    complicated = np.isin(np.arange(10), SETTINGS[setting])
    seeds = result.log_paths.shape[2]
    arrays |= {"epochs": result.epochs, "complex": np.tile(complicated, (seeds, 1))}
    return Result(result.spec, arrays, result.provenance, result.source)


def runs_by_setting(results: Iterable[Result]) -> dict[str, Result]:
    """Return all settings of ``ModifiedFashionMNIST`` results, by condition."""
    return {
        f"{result.spec.model}: {result.spec.images}: {setting}": one_setting(result, setting)
        for result in results
        for setting in SETTINGS
    }


def parts(result: Result, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Average an array over the classes of the simple part and of the complex part.

    Args:
        result: of ``FashionStudy``. Where no class is complex, classes 5-9 take the complex part's
            place, as under the modified labels.
        name: of an array of shape (..., S, 10).

    Returns:
        Means of the simple and of the complex part, each of shape (..., S).
    """
    mask = result.complex.astype(bool)
    mask = np.where(mask.any(-1, keepdims=True), mask, np.isin(np.arange(10), PARTS[1]))
    values = result.arrays[name].astype(np.float64)
    return values.mean(-1, where=~mask), values.mean(-1, where=mask)


def nearest_record(result: Result, epoch: float) -> int:
    """Return which record is nearest to an epoch."""
    return int(np.abs(result.epochs - epoch).argmin())


def simple_ahead(result: Result, name: str) -> np.ndarray:
    """Return the simple part's mean of an array minus the complex part's; see ``parts``.

    Args:
        result: of ``FashionStudy``.
        name: of an array of shape (..., S, 10), such as ``"accuracy"``, or ``"zero"``: the share of
            images without an active path.

    Returns:
        Shape (..., S).
    """
    return np.subtract(*parts(result, name))


def path_ratio(result: Result) -> np.ndarray:
    """Return ln of the ratio of mean path counts, simple over complex part, shape (E, S).

    The mean is over all images of a part; an image without a path counts as zero.
    """
    return np.log(np.divide(*parts(result, "paths")))


def ahead_throughout(result: Result) -> np.ndarray:
    """Return which seeds have the simple part ahead in paths at every record after the start."""
    return (path_ratio(result)[1:] > 0).all(0)


def path_gain(result: Result) -> np.ndarray:
    """Return how much ``path_ratio`` is larger at the end than at the start, shape (S,)."""
    ratio = path_ratio(result)
    return ratio[-1] - ratio[0]


def simple_first(result: Result) -> np.ndarray:
    """Return which seeds' simple part is the first to reach a training accuracy of ``LEVEL``, (S,).

    It must reach it at an earlier record than the complex part, which may never reach it.
    """
    simple, hard = (_first_record(accuracy) for accuracy in parts(result, "accuracy"))
    return simple < hard


def early_accuracy_gap(result: Result) -> np.ndarray:
    """Return the parts' difference of training accuracy near epoch ``EARLY``, shape (S,)."""
    return simple_ahead(result, "accuracy")[nearest_record(result, EARLY)]


def halves_ratio(result: Result) -> np.ndarray:
    """Return ln of the ratio of mean path counts, classes 0-4 over classes 5-9, shape (E, S).

    The same two halves whatever the labels, so that settings can be compared: labels that make
    classes 5-9 complex should raise it, labels that make classes 0-4 complex should lower it.
    """
    return np.log(np.divide(*_halves(result.paths)))


def label_effect(modified: Result, swapped: Result) -> np.ndarray:
    """Return what complicated labels do to the allocation of paths, all else equal.

    Half of the ``halves_ratio`` under the modified labels minus that under the swapped ones. The
    nets of one seed share initial weights, images and batches, so that the effect of the images
    alone cancels. Positive: paths move away from the part with complicated labels. Shape (E, S).
    """
    return (halves_ratio(modified) - halves_ratio(swapped)) / 2


def early_effect(modified: Result, swapped: Result) -> np.ndarray:
    """Return the ``label_effect`` at the record nearest to epoch ``EARLY``, shape (S,)."""
    return label_effect(modified, swapped)[nearest_record(modified, EARLY)]


def image_effect(modified: Result, swapped: Result) -> np.ndarray:
    """Return what the images do to the allocation of paths, whichever half is complicated.

    Mean of the change of the ``halves_ratio`` since the start under the modified and under the
    swapped labels, in which the ``label_effect`` cancels. Positive: paths move to classes 0-4.
    Shape (E, S).
    """
    mean = (halves_ratio(modified) + halves_ratio(swapped)) / 2
    return mean - mean[0]


def block_contrast(result: Result, kernel: str) -> np.ndarray:
    """Return ln of a kernel's mean within the classes 0-4 over that within the classes 5-9.

    Args:
        result: of ``FashionStudy``.
        kernel: ``"overlap"`` or ``"ntk"``; means over pairs of distinct images of one class.

    Returns:
        At the start and at the end, shape (2, S).
    """
    return np.log(np.divide(*_halves(result.arrays[f"{kernel}_within"])))


def contrast_from_training(result: Result) -> np.ndarray:
    """Return how far training raised the overlap's ``block_contrast`` beyond its start, (S,).

    What training added minus the start's absolute value: positive if training contributes more to
    the final contrast than the images.
    """
    start, end = block_contrast(result, "overlap")
    return end - start - np.abs(start)


def contrast_effect(modified: Result, swapped: Result) -> np.ndarray:
    """Return half of the overlap's ``block_contrast`` at the end, modified minus swapped, (S,)."""
    ends = [block_contrast(result, "overlap")[-1] for result in (modified, swapped)]
    return (ends[0] - ends[1]) / 2


def middle_gain(result: Result) -> np.ndarray:
    """Return how much ``path_ratio`` is larger at the middle point than at the start, shape (S,).

    Args:
        result: of ``FashionMiddle``; NaN for nets that never reached the middle point.
    """
    start, middle, _ = path_ratio(result)
    return np.where(np.isnan(result.middle_epoch), np.nan, middle - start)


def middle_contrast_gain(result: Result, kernel: str) -> np.ndarray:
    """Return how much a kernel's contrast is larger at the middle point than at the start, (S,).

    The contrast is ln of the mean within the classes of the simple part over that within the
    complex part's.

    Args:
        result: of ``FashionMiddle``; NaN for nets that never reached the middle point.
        kernel: ``"overlap"`` or ``"ntk"``.
    """
    start, middle, _ = np.log(np.divide(*parts(result, f"{kernel}_within")))
    return np.where(np.isnan(result.middle_epoch), np.nan, middle - start)


def middle_not_learned(result: Result) -> np.ndarray:
    """Return the complex part's share of images not right at the middle point, minus half, (S,).

    Args:
        result: of ``FashionMiddle``; NaN for nets that never reached the middle point.
    """
    _, hard = parts(result, "accuracy")
    return np.where(np.isnan(result.middle_epoch), np.nan, 0.5 - hard[1])


def moved_beyond_twin(result: Result, kernel: str) -> np.ndarray:
    """Return how much further training moved a kernel than another draw of the weights does, (S,).

    Args:
        result: of ``FashionMiddle``.
        kernel: ``"overlap"`` or ``"ntk"``.

    Returns:
        Cosine of two nets' kernels at the start minus cosine of a net's kernel at the end with its
        own at the start.
    """
    twin, start = (result.arrays[f"{kernel}_{other}"].astype(np.float64) for other in _OTHERS)
    return twin - start[-1]


def accuracy_difference(first: Result, second: Result) -> np.ndarray:
    """Return by how many percentage points the first nets' test accuracy is higher, shape (S,)."""
    accuracy = [each.test_accuracy.astype(np.float64).mean(-1) for each in (first, second)]
    return 100 * (accuracy[0] - accuracy[1])


def hard_cost(result: Result) -> np.ndarray:
    """Return how many percentage points of test accuracy hard gates cost, shape (S,)."""
    trained, hard = (
        result.arrays[f"test_{name}"].astype(np.float64).mean(-1)
        for name in ("accuracy", "hard_accuracy")
    )
    return 100 * (trained - hard)


def alignment_change(result: Result, name: str) -> np.ndarray:
    """Return how much an alignment is larger at the end than at the start, float64, shape (S,).

    Args:
        result: of ``FashionStudy``.
        name: ``"{kernel}_{target}"``, such as ``"ntk_labels"``.
    """
    start, end = result.arrays[name].astype(np.float64)
    return end - start


def path_correlation(relu: Result, dlgn: Result) -> np.ndarray:
    """Return arctanh of the correlation of gains in paths of a seed's ReLU net and DLGN, (S,).

    Over the ten classes; a class's gain is ln of its mean path count, end over start.
    """
    return np.arctanh(_correlations(relu, dlgn).diagonal())


def path_correlation_beyond_chance(relu: Result, dlgn: Result) -> np.ndarray:
    """Return ``path_correlation`` minus the mean correlation with other seeds' nets, (S,)."""
    pairs = np.arctanh(_correlations(relu, dlgn))
    return pairs.diagonal() - mean_of_others(pairs)


def agreement(relu: Result, dlgn: Result) -> np.ndarray:
    """Return how much more often two nets of a seed agree than ReLU nets of two seeds do.

    Returns:
        Share of test images with the same predicted label, ReLU net and DLGN of a seed, minus the
        mean share over pairs of its ReLU net with other seeds' ReLU nets, in standard deviations of
        the share between pairs of ReLU nets; shape (S,).
    """
    partners = (relu.predicted == dlgn.predicted).mean(-1)
    pairs = (relu.predicted[:, None] == relu.predicted).mean(-1)
    spread = pairs[np.triu_indices(len(pairs), 1)].std(ddof=1)
    return (partners - mean_of_others(pairs)) / spread


def accuracies(result: Result) -> dict[str, str]:
    """Describe how well nets learned each part, a table's row; means over seeds in percent."""
    training = np.array(parts(result, "accuracy"))
    shares = {
        "training, end (%)": training[:, -1],
        "training, epoch 1 (%)": training[:, nearest_record(result, EARLY)],
        "test, end (%)": parts(result, "test_accuracy"),
        "test, hard gates (%)": parts(result, "test_hard_accuracy"),
    }
    return {
        name: " / ".join(f"{100 * part.mean():.1f}" for part in both)
        for name, both in shares.items()
    }


def alignment_changes(result: Result) -> dict[str, str]:
    """Describe how the kernels' alignments changed from start to end, a table's row."""
    return {
        f"{_KERNELS[kernel]} and {target}": interval_text(
            alignment_change(result, f"{kernel}_{target}")
        )
        for kernel, target in (("overlap", "labels"), ("ntk", "labels"))
    }


def allocations(result: Result) -> dict[str, str]:
    """Describe path counts, simple over complex part, in a table's row.

    Factors of the ratio of mean counts with their 95 % intervals, and how many seeds have the
    simple part ahead.
    """
    return {
        "gained by the end": factor_text(path_gain(result)),
        "seeds that gained": _count(path_gain(result) > 0),
        "ahead throughout": _count(ahead_throughout(result)),
    }


def effects(modified: Result, swapped: Result) -> dict[str, str]:
    """Describe the label effect, as a factor, in a table's row, with 95 % intervals."""
    early, late = early_effect(modified, swapped), label_effect(modified, swapped)[-1]
    return {
        "epoch 1": factor_text(early),
        "the end": factor_text(late),
        "seeds above ×1, epoch 1 / end": f"{(early > 0).sum()} / {(late > 0).sum()}",
    }


def tally(results: Sequence[Result]) -> dict[str, int]:
    """Count the nets, over seeds and results, whose simple part is ahead in paths.

    Returns:
        ``nets`` of all; those ``ahead`` at every record after the start; those that have ``gained``
        by the end: their ratio of path counts is larger than at initialisation.
    """
    ahead = np.concatenate([ahead_throughout(result) for result in results])
    gains = np.concatenate([path_gain(result) for result in results])
    return {"nets": len(ahead), "ahead": int(ahead.sum()), "gained": int((gains > 0).sum())}


def table(runs: Runs, describe: Callable[[Result], Mapping[str, str]]) -> list[dict[str, str]]:
    """Return a table's rows: net, images and labels of each condition, and its description."""
    return [_named(name) | describe(run) for name, run in runs.items()]


def effects_by_kind(runs: Runs) -> list[dict[str, str]]:
    """Return the rows of ``effects`` by net and images."""
    return [_named(kind) | effects(*_label_pair(runs, kind)) for kind in KINDS]


def ends_of_training(result: Result) -> tuple[nn.Module, nn.Module]:
    """Return the first seed's net with modified labels, before and after its training.

    Args:
        result: of ``ModifiedFashionMNIST``.
    """
    nets = tuple(result.spec.net(result.spec.all_seeds[0]) for _ in result.weights)
    for net, weights in zip(nets, result.weights, strict=True):
        nn.utils.vector_to_parameters(torch.tensor(weights), net.parameters())
    return nets


def box_around(corners: np.ndarray) -> np.ndarray:
    """Return an upright box around points, wider than they are on each side, shape (4, 2).

    Args:
        corners: places in a plane, shape (n, 2).
    """
    low, high = corners.min(0), corners.max(0)
    margin = _MARGIN * (high - low).max()
    (left, bottom), (right, top) = low - margin, high + margin
    return np.array([[left, bottom], [right, bottom], [right, top], [left, top]])


def slice_numbers(
    cuts: Sequence[Partition],
    lines: Sequence[Segments],
    paths: Sequence[Sequence[int]],
    names: Sequence[str],
) -> dict[str, str]:
    """Return the numbers of a slice through images as texts, by name, before and after training.

    Args:
        cuts: the plane's partition, by time.
        lines: the segment between two of the images, by time.
        paths: active paths of each image, by time.
        names: of the images.
    """
    numbers = {}
    for when, cut, line, counts in zip(("start", "end"), cuts, lines, paths, strict=True):
        numbers[f"cells {when}"] = thousands(len(cut.cells))
        numbers[f"pieces {when}"] = thousands(len(line.patterns))
        numbers[f"regions {when}"] = scientific(count_segment_regions(line), 1)
        numbers |= {f"{n} {when}": scientific(k, 1) for n, k in zip(names, counts, strict=True)}
    depth, width = lines[0].patterns.shape[1:]
    return numbers | {"all": scientific(width**depth, 1)}


def decided_first(rows: Iterable[Mapping[str, str]]) -> list[dict[str, str]]:
    """Return the rows of ``report.verdict_rows``, the verdict first, with pending claims explained.

    The measurements are left out: the report has them.
    """
    kept = [{name: row[name] for name in ("verdict", "claim", "ours")} for row in rows]
    sign = SIGNS["pending"]
    pending = {"verdict": f"{sign} {NOT_RECORDED}", "ours": "–"}
    return [row | pending if row["verdict"].startswith(sign) else row for row in kept]


def gains_by_role(result: Result) -> dict[str, np.ndarray]:
    """Return each class's gain in paths beyond the mean class, when it is simple and when complex.

    Args:
        result: of ``FashionStudy`` with ``"random"`` labels.

    Returns:
        ``"simple"`` and ``"complex"``, shape (10,) each: ln of the gain since the start, mean over
        the seeds in which the class has that part's labels; NaN for none.
    """
    gains = np.log(result.paths[-1].astype(np.float64) / result.paths[0])
    gains -= gains.mean(-1, keepdims=True)
    hard = result.complex.astype(bool)
    seeds = {"simple": ~hard, "complex": hard}
    return {
        role: np.divide((gains * given).sum(0), given.sum(0), where=given.any(0), out=_unknown())
        for role, given in seeds.items()
    }


def run_numbers(runs: Runs) -> dict[str, object]:
    """Return sizes, seeds and origin of the runs."""
    spec = next(iter(runs.values())).spec
    provenances = [run.provenance for run in runs.values()]
    return {
        "depth": spec.depth,
        "width": spec.width,
        "batch": spec.batch_size,
        "seeds": spec.seeds,
        "study-epochs": spec.epochs,
        "first-seed": spec.first_seed,
        "last-seed": spec.first_seed + spec.seeds - 1,
        "conditions": len(runs),
        "hours": f"{sum(provenance['seconds'] for provenance in provenances) / 3600:.1f}",
        "from-runs": origin(*runs.values()),
    }


def comparison_panels(
    runs: Runs, images: str = "normalised"
) -> dict[str, dict[str, tuple[float, float, bool]]]:
    """Return the comparisons of paths under modified labels, by net and time.

    All values are ln of the ratio of mean path counts, classes 0-4 over 5-9, minus its start.

    Args:
        runs: by condition.
        images: ``"raw"`` or ``"normalised"``.

    Returns:
        By title and comparison: mean with what is compared, mean with modified labels, and whether
        the 95 % interval of the difference leaves out 0.
    """
    panels = {}
    early = nearest_record(runs[f"relu: {images}: modified"], EARLY)
    for row, when in ((early, f"epoch {EARLY}"), (-1, "the end")):
        for net, name in NETS.items():
            gained = {
                setting: _ratio_gained(runs[f"{net}: {images}: {setting}"])[row]
                for setting in _COMPARED
            }
            head = gained["modified"]
            panels[f"{name}, {when}"] = arrows = {}
            for against, setting in _AGAINST.items():
                tail = gained[setting] if setting else np.zeros_like(head)
                arrows[against] = (tail.mean(), head.mean(), _is_decided(head - tail))
    return panels


def part_panels(runs: Runs, name: str) -> Panels:
    """Return the two parts' curves under modified labels, by the title of the nets and images.

    Args:
        runs: by condition; kinds of nets and images that it lacks are left out.
        name: of an array of shape (E, S, 10).

    Returns:
        By title, epochs (E,), and by part values of shape (E, S).
    """
    panels = {}
    for kind, title in KINDS.items():
        if run := runs.get(f"{kind}: modified"):
            simple, hard = parts(run, name)
            panels[title] = (run.epochs, {"simple part": simple, "complex part": hard})
    return panels


def setting_panels(runs: Runs) -> Panels:
    """Return the changes of the ``halves_ratio`` since the start, by title and setting.

    Returns:
        By title, epochs (E,), and by setting mean and interval, shape (E, 3).
    """
    panels = {}
    for kind, title in KINDS.items():
        given = {setting: runs.get(f"{kind}: {setting}") for setting in _COMPARED}
        curves = {
            setting: mean_intervals(_ratio_gained(run)) for setting, run in given.items() if run
        }
        panels[title] = (runs[f"{kind}: modified"].epochs, curves)
    return panels


def effect_panels(runs: Runs) -> Panels:
    """Return the ``label_effect`` by title: epochs (E,), mean and interval (E, 3)."""
    return {
        title: (epochs, {label: mean_intervals(effect) for label, effect in curves.items()})
        for title, (epochs, curves) in live_effect_panels(runs).items()
    }


def live_effect_panels(runs: Runs) -> Panels:
    """Return each seed's ``label_effect`` by title: epochs (E,), values (E, S).

    Kinds of nets and images that ``runs`` lacks are left out.
    """
    panels = {}
    for kind, title in KINDS.items():
        if f"{kind}: modified" in runs:
            modified, swapped = _label_pair(runs, kind)
            panels[title] = (modified.epochs, {"label effect": label_effect(modified, swapped)})
    return panels


def contrast_panels(runs: Runs) -> dict[str, dict[str, dict[str, np.ndarray]]]:
    """Return the ``block_contrast`` of each kernel and net by title, images and setting, (2, S)."""
    panels = {}
    for kernel, symbol in _KERNELS.items():
        for net, label in NETS.items():
            panels[f"{label}, {symbol}"] = {
                images: {
                    setting: block_contrast(runs[f"{net}: {images}: {setting}"], kernel)
                    for setting in _COMPARED
                    if f"{net}: {images}: {setting}" in runs
                }
                for images in IMAGES
            }
    return panels


def alignment_panels(runs: Runs) -> dict[str, dict[str, np.ndarray]]:
    """Return alignments under modified labels by kernel and target, and by ``KINDS``, (2, S)."""
    return {
        f"{symbol} and {target}": {
            title: runs[f"{kind}: modified"].arrays[f"{kernel}_{target}"]
            for kind, title in KINDS.items()
        }
        for kernel, symbol in _KERNELS.items()
        for target in _TARGETS
    }


def differences_on_test_images(runs: Runs) -> dict[str, dict[str, str]]:
    """Return differences of test accuracy under original labels, in points, by images and pair.

    Pairs of which a run is missing are left out.
    """
    differences = {}
    for images in IMAGES:
        differences[images] = {}
        for pair, nets in _PAIRS.items():
            names = [f"{net}: {images}: original" for net in nets]
            if all(name in runs for name in names):
                difference = accuracy_difference(*(runs[name] for name in names))
                differences[images][pair] = interval_text(difference)
    return differences


def difference_rows(runs: Runs) -> list[dict[str, str]]:
    """Return ``differences_on_test_images`` as a table's rows, a row for each pair."""
    differences = differences_on_test_images(runs)
    return [
        {"nets": pair}
        | {images: told.get(pair, NOT_RECORDED) for images, told in differences.items()}
        for pair in _PAIRS
    ]


def accuracy_numbers(runs: Runs) -> dict[str, object]:
    """Return the text's numbers on accuracies, in percent or percentage points."""
    modified = [runs[f"{kind}: modified"] for kind in KINDS]
    early, late = (
        np.array([100 * simple_ahead(run, "accuracy")[row].mean() for run in modified])
        for row in (nearest_record(modified[0], EARLY), -1)
    )
    first, second = parts(runs["relu: raw: original"], "test_accuracy")
    numbers = {
        "lead_least_early": f"{early.min():.0f}",
        "lead_most_early": f"{early.max():.0f}",
        "panels_ahead_late": int((late > 0).sum()),
        "apart_late": f"{np.abs(late).max():.1f}",
        "original_first": f"{100 * first.mean():.1f} %",
        "original_second": f"{100 * second.mean():.1f} %",
    }
    for images, differences in differences_on_test_images(runs).items():
        cost = hard_cost(runs[f"dlgn: {images}: modified"])
        numbers[f"hard_{images}"] = interval_text(cost)
        for short, pair in zip(("nets", "experts"), _PAIRS, strict=True):
            if pair in differences:
                numbers[f"difference {short} {images}"] = differences[pair]
    return numbers


def path_numbers(runs: Runs) -> dict[str, int]:
    """Return the ``tally`` of each setting, of all nets and of those on normalised images."""
    numbers = {}
    for setting in ("modified", "swapped", "random"):
        everywhere = [runs[f"{kind}: {setting}"] for kind in KINDS]
        clean = [run for run in everywhere if run.spec.images == "normalised"]
        numbers |= {f"{setting}_{key}": count for key, count in tally(everywhere).items()}
        numbers |= {f"{setting}_clean_{key}": count for key, count in tally(clean).items()}
    return numbers


def label_numbers(runs: Runs) -> dict[str, object]:
    """Return the text's numbers on the effects of labels and images on path counts, as factors."""
    numbers, between, above = {}, 0, {"early": 0, "late": 0}
    for kind in KINDS:
        name, (modified, swapped) = kind.replace(":", ""), _label_pair(runs, kind)
        effects = {
            "early": early_effect(modified, swapped),
            "late": label_effect(modified, swapped)[-1],
        }
        for when, effect in effects.items():
            numbers[f"{when} {name}"] = factor_text(effect)
            above[when] += mean_interval(effect)[1] > 0
        numbers[f"images {name}"] = factor_text(image_effect(modified, swapped)[-1])
        original = runs[f"{kind}: original"]
        row = nearest_record(original, EARLY)
        low, middle, high = (
            _ratio_gained(run)[row].mean() for run in (swapped, original, modified)
        )
        between += low < middle < high
        numbers[f"original early {name}"] = factor_text(_ratio_gained(original)[row])
        numbers[f"original late {name}"] = factor_text(_ratio_gained(original)[-1])
    counted = {f"{when} above": int(count) for when, count in above.items()}
    return numbers | counted | {"original between": int(between)}


def kernel_numbers(runs: Runs) -> dict[str, str]:
    """Return the text's numbers on path counts and kernels over training, as factors."""
    numbers = {}
    for kind in KINDS:
        name, pair = kind.replace(":", ""), _label_pair(runs, kind)
        numbers[f"paths at start {name}"] = factor_text(path_ratio(pair[0])[0])
        for kernel in _KERNELS:
            for setting, run in zip(("modified", "swapped"), pair, strict=True):
                start, end = block_contrast(run, kernel)
                numbers[f"{kernel} at end {name} {setting}"] = factor_text(end)
                if setting == "modified":  # the start is the same whatever the labels
                    numbers[f"{kernel} at start {name}"] = factor_text(start)
    return numbers


def alignment_numbers(runs: Runs) -> dict[str, str]:
    """Return the text's numbers on the kernels' alignments."""
    at_start = runs["dlgn: raw: modified"].ntk_pixels[0]
    numbers = {"pixels at start": interval_text(at_start)}
    for kind in KINDS:
        name, modified = kind.replace(":", ""), runs[f"{kind}: modified"]
        for array in ("overlap_labels", "ntk_labels", "ntk_pixels"):
            numbers[f"{array} {name}"] = interval_text(alignment_change(modified, array))
        change = alignment_change(runs[f"{kind}: original"], "overlap_labels")
        numbers[f"original labels {name}"] = interval_text(change)
    return numbers


def _named(condition: str) -> dict[str, str]:
    """Return the beginning of a table's row: the parts of a condition's name, in plain words."""
    net, images, *labels = condition.split(": ")
    row = {"net and images": f"{_NET_NAMES[net]}, {images}"}
    return row | {"labels": labels[0]} if labels else row


def _is_decided(values: np.ndarray) -> bool:
    _, low, high = mean_interval(values)
    return low > 0 or high < 0


def _unknown() -> np.ndarray:
    return np.full(10, np.nan)


def _label_pair(runs: Runs, kind: str) -> tuple[Result, Result]:
    """Return the runs with modified and with swapped labels."""
    return runs[f"{kind}: modified"], runs[f"{kind}: swapped"]


def _ratio_gained(result: Result) -> np.ndarray:
    """Return the change of the ``halves_ratio`` since the start, shape (E, S)."""
    values = halves_ratio(result)
    return values - values[0]


def _correlations(relu: Result, dlgn: Result) -> np.ndarray:
    """Correlate the classes' gains of each ReLU net with those of each DLGN, shape (S, S)."""
    gains = [np.log(r.paths[-1].astype(np.float64) / r.paths[0]) for r in (relu, dlgn)]
    unit = [g - g.mean(-1, keepdims=True) for g in gains]
    unit = [g / np.linalg.norm(g, axis=-1, keepdims=True) for g in unit]
    return unit[0] @ unit[1].T


def _first_record(accuracy: np.ndarray) -> np.ndarray:
    """Return the first of E records with ``LEVEL``, E for never; accuracy (E, S), result (S,)."""
    reached = accuracy >= LEVEL
    return np.where(reached.any(0), reached.argmax(0), len(reached))


def _halves(by_class: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return tuple(by_class[..., list(part)].mean(-1, dtype=np.float64) for part in PARTS)


def _count(seeds: np.ndarray) -> str:
    return f"{seeds.sum()} of {len(seeds)}"
