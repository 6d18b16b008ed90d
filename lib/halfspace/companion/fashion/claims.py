"""Section 5's claims on modified Fashion-MNIST."""

import math

import numpy as np

from halfspace.companion.claims import Claim, cases
from halfspace.companion.fashion.readings import (
    IMAGES,
    NETS,
    accuracy_difference,
    agreement,
    ahead_throughout,
    alignment_change,
    block_contrast,
    early_effect,
    hard_cost,
    label_effect,
    path_correlation,
    path_correlation_beyond_chance,
    path_gain,
    simple_ahead,
)
from halfspace.companion.spec import Result

__all__ = ["CLAIMS"]

_FACTOR = math.log(1.2)  # smallest effect that counts: a fifth more paths
_TENTH = math.log(1.1)
_CHAPTER = "chapters/05_resource_allocation.html#fig-fashion-"


def _each(images: str, *labels: str) -> dict[str, tuple[str, ...]]:
    """Return each net's runs: one, or one for each kind of labels, to be compared."""
    return {
        f"{name}, {images} images": tuple(f"fashion: {net}: {images}: {given}" for given in labels)
        for net, name in NETS.items()
    }


def _pairs(
    labels: str, prefix: str = "", nets: tuple[str, str] = ("relu", "dlgn")
) -> dict[str, tuple[str, ...]]:
    """Return two nets' runs on both kinds of images, to be compared."""
    return {
        f"{prefix}{images} images": tuple(f"fashion: {net}: {images}: {labels}" for net in nets)
        for images in IMAGES
    }


_MODIFIED_AND_SWAPPED = {
    **_each("raw", "modified", "swapped"),
    **_each("normalised", "modified", "swapped"),
}
_MOVED_CONTROLS = _each("normalised", "modified") | _each("raw", "original")


def _effect_at_the_end(modified: Result, swapped: Result) -> np.ndarray:
    return label_effect(modified, swapped)[-1]


def _accuracy_gap(result: Result) -> np.ndarray:
    return simple_ahead(result, "accuracy")[-1]


def _contrast_at_the_start(result: Result) -> np.ndarray:
    return block_contrast(result, "overlap")[0]


def _test_difference(first: Result, second: Result) -> np.ndarray:
    return accuracy_difference(first, second) / 100


def _hard_loss_of_accuracy(result: Result) -> np.ndarray:
    return hard_cost(result) / 100


def _moved(name: str):
    return lambda result: alignment_change(result, name)


CLAIMS = (
    Claim(
        id="fashion-simple-ahead",
        kind="reading",
        text="On modified Fashion-MNIST the simple part has more active paths throughout training.",
        where="Section 5, Figure 7",
        paper="consistently more",
        statistic="share of seeds whose simple part is ahead, mean ln(1 + paths), at every look",
        cases=cases(_each("raw", "modified"), ahead_throughout, "share", 0.5),
        controls=cases(
            _each("normalised", "modified") | _each("raw", "swapped"),
            ahead_throughout,
            "share",
            0.5,
        ),
        figure=f"{_CHAPTER}paths",
    ),
    Claim(
        id="fashion-simple-gains",
        kind="reading",
        text="Training on modified labels moves paths to the simple part.",
        where="Section 5, Figure 7",
        statistic="mean ln(1 + paths), simple minus complex part, end minus start",
        cases=cases(_each("raw", "modified"), path_gain, "mean", _FACTOR),
        # Not one mapping: the modified and the random labels' cases have the same names.
        controls=cases(_each("normalised", "modified"), path_gain, "mean", _FACTOR)
        + cases(_each("normalised", "random"), path_gain, "mean", _FACTOR),
        figure=f"{_CHAPTER}paths",
    ),
    Claim(
        id="fashion-label-effect-early",
        kind="reading",
        text="The labels cause it, all else equal: early in training.",
        where="Section 5; told apart from the images",
        statistic="half of the gap of classes 0-4 over 5-9, modified minus swapped labels, epoch 1",
        cases=cases(_MODIFIED_AND_SWAPPED, early_effect, "mean", _FACTOR),
        figure=f"{_CHAPTER}early",
    ),
    Claim(
        id="fashion-label-effect-end",
        kind="reading",
        text="The labels cause it, all else equal: to the end.",
        where="Section 5; told apart from the images",
        statistic="half of the gap of classes 0-4 over 5-9, modified minus swapped labels, the end",
        cases=cases(_MODIFIED_AND_SWAPPED, _effect_at_the_end, "mean", _FACTOR),
        figure=f"{_CHAPTER}settings",
    ),
    Claim(
        id="fashion-simple-learned-better",
        kind="reading",
        text="The simple part is learned better than the complex one.",
        where="Section 5, Figure 7",
        paper="simple part first",
        statistic="accuracy on training images, simple minus complex part, at the end",
        cases=cases(_each("raw", "modified"), _accuracy_gap, "mean", 0.05),
        controls=cases(
            _each("raw", "swapped") | _each("normalised", "random"), _accuracy_gap, "mean", 0.05
        ),
        figure=f"{_CHAPTER}accuracy",
    ),
    Claim(
        id="fashion-blocks-are-labels",
        kind="reading",
        text="The brighter block of the overlap kernel is due to training, not to the raw images.",
        where="Section 5, Figure 7",
        statistic="ln of the overlap kernel within classes 0-4 over within 5-9, before training",
        cases=cases(_each("raw", "modified"), _contrast_at_the_start, "equal", _TENTH),
        controls=cases(_each("normalised", "modified"), _contrast_at_the_start, "equal", _TENTH),
        figure=f"{_CHAPTER}contrast",
    ),
    Claim(
        id="ntk-fashion-moves",
        kind="reading",
        text="On modified Fashion-MNIST the NTK moves towards the labels.",
        where="Section 5, Figure 7",
        paper="three snapshots",
        statistic="centred alignment of the NTK with the labels' kernel, end minus start",
        cases=cases(_each("raw", "modified"), _moved("ntk_labels"), "mean", 0.05),
        controls=cases(_MOVED_CONTROLS, _moved("ntk_labels"), "mean", 0.05),
        figure=f"{_CHAPTER}ntk-relu",
    ),
    Claim(
        id="overlap-fashion-moves",
        kind="reading",
        text="On modified Fashion-MNIST the overlap kernel moves towards the labels: the paths do.",
        where="Section 5, conjecture 2",
        statistic="centred alignment of the paths' kernel with the labels' kernel, end minus start",
        cases=cases(_each("raw", "modified"), _moved("overlap_labels"), "mean", 0.05),
        controls=cases(_MOVED_CONTROLS, _moved("overlap_labels"), "mean", 0.05),
        figure=f"{_CHAPTER}overlap-relu",
    ),
    Claim(
        id="surrogate-fashion-paths",
        kind="reading",
        text="The DLGN moves its paths as the ReLU net does: class by class, seed by seed.",
        where="Section 3, conjecture 4",
        statistic="correlation over the ten classes of the gain in mean ln(1 + paths), ReLU net "
        "and DLGN of one seed",
        cases=cases(_pairs("modified"), path_correlation, "mean", 0.5),
        controls=cases(
            _pairs("modified", "own partner minus others, "),
            path_correlation_beyond_chance,
            "mean",
            0.1,
        ),
        figure=f"{_CHAPTER}paths",
    ),
    Claim(
        id="surrogate-fashion-functions",
        kind="reading",
        text="The DLGN gives images the labels that the ReLU net gives, as another ReLU net would.",
        where="Section 3, conjecture 4",
        statistic="share of test images with one predicted label: ReLU net and DLGN of one seed, "
        "minus ReLU nets of two seeds",
        cases=cases(_pairs("original", "original labels, "), agreement, "equal", 0.02),
        controls=cases(_pairs("modified", "modified labels, "), agreement, "equal", 0.02),
        figure=f"{_CHAPTER}accuracy",
    ),
    Claim(
        id="pwc-like-pwl-fashion",
        kind="reading",
        text="Constant experts do as well as linear ones: Fashion-MNIST, original labels.",
        where="Section 3",
        paper="indistinguishable",
        statistic="test accuracy, linear minus constant experts",
        cases=cases(
            _pairs("original", "DLGN, ", ("dlgn, linear experts", "dlgn")),
            _test_difference,
            "equal",
            0.01,
        ),
        figure=f"{_CHAPTER}accuracy",
    ),
    Claim(
        id="dlgn-like-relu-fashion",
        kind="reading",
        text="The DLGN classifies nearly as well as the ReLU net: Fashion-MNIST, original labels.",
        where="Section 3, in the sense of Table 1",
        statistic="test accuracy, ReLU net minus DLGN",
        cases=cases(_pairs("original"), _test_difference, "equal", 0.02),
        figure=f"{_CHAPTER}accuracy",
    ),
    Claim(
        id="hard-gates-are-the-net-fashion",
        kind="reading",
        text="Hard gates in place of soft ones cost the trained DLGN little accuracy.",
        where="Section 2: training with soft gates",
        statistic="test accuracy under the own gates minus under hard gates",
        cases=cases(
            {"DLGN, normalised images": "fashion: dlgn: normalised: original"},
            _hard_loss_of_accuracy,
            "equal",
            0.02,
        ),
        controls=cases(
            {"DLGN, raw images": "fashion: dlgn: raw: original"},
            _hard_loss_of_accuracy,
            "equal",
            0.02,
        ),
        figure=f"{_CHAPTER}accuracy",
    ),
)
