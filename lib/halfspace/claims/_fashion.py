"""Section 5's claims on modified Fashion-MNIST."""

import math

import numpy as np

from halfspace.claims._rules import Case, Claim
from halfspace.experiments import Result

__all__ = ["FASHION_CLAIMS"]

_FACTOR = math.log(1.2)  # smallest effect that counts: a fifth more paths
_TENTH = math.log(1.1)
_FIRST, _SECOND = [0, 1, 2, 3, 4], [5, 6, 7, 8, 9]
_NETS = {"relu": "ReLU net", "dlgn": "DLGN"}


def _gap(result: Result, name: str = "log_paths") -> np.ndarray:
    """Mean over the simple classes minus mean over the complex ones, (E, S)."""
    values, mask = result.arrays[name].astype(np.float64), result.complex.astype(bool)
    complicated = np.where(mask, values, 0).sum(-1) / mask.sum(-1)
    return np.where(mask, 0, values).sum(-1) / (~mask).sum(-1) - complicated


def _ahead_throughout(result: Result) -> np.ndarray:
    return (_gap(result)[1:] > 0).all(axis=0)


def _gained(result: Result) -> np.ndarray:
    gap = _gap(result)
    return gap[-1] - gap[0]


def _label_effect(epoch: float):
    """Half of the gap of classes 0-4 over 5-9 under modified minus under swapped labels."""

    def value(modified: Result, swapped: Result) -> np.ndarray:
        row = -1 if epoch < 0 else int(np.argmin(np.abs(modified.epochs - epoch)))
        first, second = (
            (r.log_paths[row][:, _FIRST].mean(-1) - r.log_paths[row][:, _SECOND].mean(-1))
            for r in (modified, swapped)
        )
        return (first.astype(np.float64) - second) / 2

    return value


def _accuracy_gap(name: str):
    return lambda result: _gap(result, name)[-1]


def _block_contrast(name: str):
    """Logarithm of the mean kernel within classes 0-4 over within classes 5-9, at the start."""

    def value(result: Result) -> np.ndarray:
        within = result.arrays[f"{name}_within"][0].astype(np.float64)
        return np.log(within[:, _FIRST].mean(-1) / within[:, _SECOND].mean(-1))

    return value


def _test_difference(first: Result, second: Result) -> np.ndarray:
    return (first.test_accuracy.astype(np.float64) - second.test_accuracy).mean(-1)


def _hard_loss_of_accuracy(result: Result) -> np.ndarray:
    return (result.test_accuracy.astype(np.float64) - result.test_hard_accuracy).mean(-1)


def _each(images: str, labels: str, value, kind: str, level: float) -> tuple[Case, ...]:
    return tuple(
        Case(
            name=f"{label}, {images} images",
            needs=(f"fashion: {net}: {images}: {labels}",),
            value=value,
            kind=kind,
            level=level,
        )
        for net, label in _NETS.items()
    )


def _pairs(images: str, value) -> tuple[Case, ...]:
    return tuple(
        Case(
            name=f"{label}, {images} images",
            needs=(f"fashion: {net}: {images}: modified", f"fashion: {net}: {images}: swapped"),
            value=value,
            kind="mean",
            level=_FACTOR,
        )
        for net, label in _NETS.items()
    )


def _moved(name: str):
    def value(result: Result) -> np.ndarray:
        start, end = result.arrays[name].astype(np.float64)
        return end - start

    return value


def _correlations(relu: Result, dlgn: Result) -> np.ndarray:
    """Correlate the classes' gains of each ReLU net with those of each DLGN, shape (S, S)."""
    gains = [(r.log_paths[-1].astype(np.float64) - r.log_paths[0]) for r in (relu, dlgn)]
    unit = [g - g.mean(-1, keepdims=True) for g in gains]
    unit = [g / np.linalg.norm(g, axis=-1, keepdims=True) for g in unit]
    return unit[0] @ unit[1].T


def _others(pairs: np.ndarray) -> np.ndarray:
    """Average each row of (S, S) values over the seeds that are not its own, shape (S,)."""
    return (pairs.sum(1) - pairs.diagonal()) / (len(pairs) - 1)


def _paths_together(relu: Result, dlgn: Result) -> np.ndarray:
    return _correlations(relu, dlgn).diagonal()


def _paths_together_beyond_chance(relu: Result, dlgn: Result) -> np.ndarray:
    pairs = _correlations(relu, dlgn)
    return pairs.diagonal() - _others(pairs)


def _agreement(relu: Result, dlgn: Result) -> np.ndarray:
    own = (relu.predicted == dlgn.predicted).mean(-1)
    return own - _others((relu.predicted[:, None] == relu.predicted).mean(-1))


def _partners(labels: str, value, kind: str, level: float, prefix: str = "") -> tuple[Case, ...]:
    return tuple(
        Case(
            name=f"{prefix}{images} images",
            needs=(f"fashion: relu: {images}: {labels}", f"fashion: dlgn: {images}: {labels}"),
            value=value,
            kind=kind,
            level=level,
        )
        for images in ("raw", "normalised")
    )


FASHION_CLAIMS = (
    Claim(
        id="fashion-simple-ahead",
        text="On modified Fashion-MNIST the simple part has more active paths throughout training.",
        where="Section 5, Figure 7",
        paper="consistently more",
        statistic="share of seeds whose simple part is ahead, mean ln(1 + paths), at every look",
        cases=_each("raw", "modified", _ahead_throughout, "share", 0.5),
        controls=_each("normalised", "modified", _ahead_throughout, "share", 0.5)
        + _each("raw", "swapped", _ahead_throughout, "share", 0.5),
    ),
    Claim(
        id="fashion-simple-gains",
        text="Training on modified labels moves paths to the simple part.",
        where="Section 5, Figure 7",
        statistic="mean ln(1 + paths), simple minus complex part, end minus start",
        cases=_each("raw", "modified", _gained, "mean", _FACTOR),
        controls=_each("normalised", "modified", _gained, "mean", _FACTOR)
        + _each("normalised", "random", _gained, "mean", _FACTOR),
    ),
    Claim(
        id="fashion-label-effect-early",
        text="It is the labels that do it, all else equal: early in training.",
        where="Section 5; told apart from the images",
        statistic="half of the gap of classes 0-4 over 5-9, modified minus swapped labels, epoch 1",
        cases=_pairs("raw", _label_effect(1)) + _pairs("normalised", _label_effect(1)),
    ),
    Claim(
        id="fashion-label-effect-end",
        text="It is the labels that do it, all else equal: to the end.",
        where="Section 5; told apart from the images",
        statistic="half of the gap of classes 0-4 over 5-9, modified minus swapped labels, the end",
        cases=_pairs("raw", _label_effect(-1)) + _pairs("normalised", _label_effect(-1)),
    ),
    Claim(
        id="fashion-simple-learned-better",
        text="The simple part is learned better than the complex one.",
        where="Section 5, Figure 7",
        paper="simple part first",
        statistic="accuracy on training images, simple minus complex part, at the end",
        cases=_each("raw", "modified", _accuracy_gap("accuracy"), "mean", 0.05),
        controls=_each("raw", "swapped", _accuracy_gap("accuracy"), "mean", 0.05)
        + _each("normalised", "random", _accuracy_gap("accuracy"), "mean", 0.05),
    ),
    Claim(
        id="fashion-blocks-are-labels",
        text="The brighter block of the overlap kernel is due to training, not to the raw images.",
        where="Section 5, Figure 7",
        statistic="ln of the overlap kernel within classes 0-4 over within 5-9, before training",
        cases=_each("raw", "modified", _block_contrast("overlap"), "equal", _TENTH),
        controls=_each("normalised", "modified", _block_contrast("overlap"), "equal", _TENTH),
    ),
    Claim(
        id="ntk-fashion-moves",
        text="On modified Fashion-MNIST the NTK moves towards the labels.",
        where="Section 5, Figure 7",
        paper="three snapshots",
        statistic="centred alignment of the NTK with the labels' kernel, end minus start",
        cases=_each("raw", "modified", _moved("ntk_labels"), "mean", 0.05),
        controls=_each("normalised", "modified", _moved("ntk_labels"), "mean", 0.05)
        + _each("raw", "original", _moved("ntk_labels"), "mean", 0.05),
    ),
    Claim(
        id="overlap-fashion-moves",
        text="On modified Fashion-MNIST the overlap kernel moves towards the labels: the paths do.",
        where="Section 5, conjecture 2",
        statistic="centred alignment of the paths' kernel with the labels' kernel, end minus start",
        cases=_each("raw", "modified", _moved("overlap_labels"), "mean", 0.05),
        controls=_each("normalised", "modified", _moved("overlap_labels"), "mean", 0.05)
        + _each("raw", "original", _moved("overlap_labels"), "mean", 0.05),
    ),
    Claim(
        id="surrogate-fashion-paths",
        text="The DLGN moves its paths as the ReLU net does: class by class, seed by seed.",
        where="Section 3, conjecture 4",
        statistic="correlation over the ten classes of the gain in mean ln(1 + paths), ReLU net "
        "and DLGN of one seed",
        cases=_partners("modified", _paths_together, "mean", 0.5),
        controls=_partners(
            "modified", _paths_together_beyond_chance, "mean", 0.1, "own partner minus others, "
        ),
    ),
    Claim(
        id="surrogate-fashion-functions",
        text="The DLGN gives images the labels that the ReLU net gives, as another ReLU net would.",
        where="Section 3, conjecture 4",
        statistic="share of test images with one predicted label: ReLU net and DLGN of one seed, "
        "minus ReLU nets of two seeds",
        cases=_partners("original", _agreement, "equal", 0.02, "original labels, "),
        controls=_partners("modified", _agreement, "equal", 0.02, "modified labels, "),
    ),
    Claim(
        id="pwc-like-pwl-fashion",
        text="Constant experts do as well as linear ones: Fashion-MNIST, original labels.",
        where="Section 3",
        paper="indistinguishable",
        statistic="test accuracy, linear minus constant experts",
        cases=tuple(
            Case(
                name=f"DLGN, {images} images",
                needs=(
                    f"fashion: dlgn, linear experts: {images}: original",
                    f"fashion: dlgn: {images}: original",
                ),
                value=_test_difference,
                kind="equal",
                level=0.01,
            )
            for images in ("raw", "normalised")
        ),
    ),
    Claim(
        id="dlgn-like-relu-fashion",
        text="The DLGN classifies nearly as well as the ReLU net: Fashion-MNIST, original labels.",
        where="Section 3, in the sense of Table 1",
        statistic="test accuracy, ReLU net minus DLGN",
        cases=tuple(
            Case(
                name=f"{images} images",
                needs=(f"fashion: relu: {images}: original", f"fashion: dlgn: {images}: original"),
                value=_test_difference,
                kind="equal",
                level=0.02,
            )
            for images in ("raw", "normalised")
        ),
    ),
    Claim(
        id="hard-gates-are-the-net-fashion",
        text="Hard gates in place of soft ones cost the trained DLGN little accuracy.",
        where="Section 2: training with soft gates",
        statistic="test accuracy under the own gates minus under hard gates",
        cases=(
            Case(
                name="DLGN, normalised images",
                needs=("fashion: dlgn: normalised: original",),
                value=_hard_loss_of_accuracy,
                kind="equal",
                level=0.02,
            ),
        ),
        controls=(
            Case(
                name="DLGN, raw images",
                needs=("fashion: dlgn: raw: original",),
                value=_hard_loss_of_accuracy,
                kind="equal",
                level=0.02,
            ),
        ),
    ),
)
