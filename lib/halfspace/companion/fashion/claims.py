"""Section 5's claims on modified Fashion-MNIST."""

from functools import partial

import numpy as np

from halfspace.companion.claims import Case, Claim, cases, relabelled
from halfspace.companion.fashion.readings import (
    IMAGES,
    NETS,
    accuracy_difference,
    agreement,
    ahead_throughout,
    contrast_effect,
    contrast_from_training,
    early_accuracy_gap,
    early_effect,
    hard_cost,
    label_effect,
    middle_contrast_gain,
    middle_gain,
    middle_not_learned,
    moved_beyond_twin,
    path_correlation,
    path_correlation_beyond_chance,
    path_gain,
    simple_first,
)
from halfspace.companion.spec import Result

__all__ = ["CLAIMS"]

_ALIKE = (1.03 + 5) / 2
"""Percentage points: halfway from 1.03, "similar" in the paper, to 5, "slightly worse"."""
_SEEN = "all of them, in the first edition"
_NO_THRESHOLD = "Its threshold had no basis; now the sign decides, and the size is shown."
_NO_LOGARITHM = (
    "It averaged ln(1 + paths), in which images without a path weigh most; now mean path counts "
    "are compared."
)


def _each(images: str, *labels: str, study: str = "fashion") -> dict[str, tuple[str, ...]]:
    """Return each net's runs: one, or one for each kind of labels, to be compared."""
    return {
        f"{name}, {images} images": tuple(f"{study}: {net}: {images}: {given}" for given in labels)
        for net, name in NETS.items()
    }


def _labelled(runs: dict[str, tuple[str, ...]], label: str) -> dict[str, tuple[str, ...]]:
    """Return runs, each named after what distinguishes it."""
    return {f"{name}, {label}": needs for name, needs in runs.items()}


def _pairs(
    labels: str, prefix: str = "", nets: tuple[str, str] = ("relu", "dlgn")
) -> dict[str, tuple[str, ...]]:
    """Return two nets' runs on both kinds of images, to be compared."""
    return {
        f"{prefix}{images} images": tuple(f"fashion: {net}: {images}: {labels}" for net in nets)
        for images in IMAGES
    }


def _between(first: str, second: str, name: str) -> dict[str, tuple[str, ...]]:
    """Return the runs of few epochs of two nets on both kinds of images, to be compared."""
    return {
        f"{name}, {images} images": tuple(
            f"fashion-between: {net}: {images}" for net in (first, second)
        )
        for images in IMAGES
    }


_MODIFIED_AND_SWAPPED = {
    **_each("raw", "modified", "swapped"),
    **_each("normalised", "modified", "swapped"),
}
_OTHER_SETTINGS = (
    _each("normalised", "modified")
    | _labelled(_each("raw", "swapped"), "swapped labels")
    | _labelled(_each("normalised", "random"), "random halves")
)
_MIDDLE = _each("raw", "modified", study="fashion-middle")
_MIDDLE_CONTROLS = _each("normalised", "modified", study="fashion-middle") | _labelled(
    _each("raw", "swapped", study="fashion-middle"), "swapped labels"
)


def _label(case: Case) -> str:
    """Return a case's name with the labels of its images, where it does not say them."""
    settings = list(dict.fromkeys(run.split(": ")[3] for run in case.needs if run.count(": ") == 3))
    told = "halves" in case.name or any(f"{setting} labels" in case.name for setting in settings)
    if told or not settings:
        return case.name
    return f"{case.name}, {' minus '.join(settings)} labels"


def _effect_at_the_end(modified: Result, swapped: Result) -> np.ndarray:
    return label_effect(modified, swapped)[-1]


_NAMED_BY_RULES = (
    Claim(
        id="fashion-simple-ahead-2",
        kind="paper",
        text="On modified Fashion-MNIST the simple part has more active paths throughout training.",
        where="Section 5, Figure 7",
        quote="the number of paths allocated to the simple part of the input space is consistently "
        "higher than the complex part",
        paper="consistently higher",
        statistic="share of seeds whose simple part has the larger mean path count at every look "
        "after the start",
        cases=cases(_each("raw", "modified"), ahead_throughout, "share", 0.5),
        controls=cases(
            _each("normalised", "modified") | _labelled(_each("raw", "swapped"), "swapped labels"),
            ahead_throughout,
            "share",
            0.5,
        ),
        figure="fig-fashion-paths",
        seen=_SEEN,
        replaces=("fashion-simple-ahead",),
        why=_NO_LOGARITHM,
    ),
    Claim(
        id="fashion-simple-gains-2",
        kind="reading",
        text="Training on modified labels moves paths to the simple part.",
        where="Section 5, Figure 7",
        statistic="ln of the ratio of mean path counts, simple over complex part, end minus start",
        cases=cases(_each("raw", "modified"), path_gain, "above", factor=True),
        controls=cases(_OTHER_SETTINGS, path_gain, "above", factor=True),
        figure="fig-fashion-paths",
        seen=_SEEN,
        replaces=("fashion-simple-gains",),
        why=f"{_NO_LOGARITHM} {_NO_THRESHOLD}",
    ),
    Claim(
        id="fashion-middle-paths",
        kind="reading",
        text="Paths have moved to the simple part by the time it is almost learned.",
        where="Section 5, Figure 7; appendix 5.1",
        statistic="ln of the ratio of mean path counts, simple over complex part, when 72 % of the "
        "simple part's training images are first right (looked at every 20 steps), minus the start",
        cases=cases(_MIDDLE, middle_gain, "above", factor=True),
        controls=cases(_MIDDLE_CONTROLS, middle_gain, "above", factor=True),
    ),
    Claim(
        id="fashion-middle-kernels",
        kind="reading",
        text="By then the simple part's block of the kernels has brightened beside the other's.",
        where="Section 5, Figure 7; appendix 5.1",
        paper="three snapshots",
        statistic="ln of a kernel's mean within the simple part's classes over that within the "
        "complex part's, when 72 % of the simple part's training images are first right (looked at "
        "every 20 steps), minus the start",
        cases=cases(
            _labelled(_MIDDLE, "overlap kernel"),
            partial(middle_contrast_gain, kernel="overlap"),
            "above",
            factor=True,
        )
        + cases(
            _labelled(_MIDDLE, "NTK"),
            partial(middle_contrast_gain, kernel="ntk"),
            "above",
            factor=True,
        ),
        controls=cases(
            _labelled(_MIDDLE_CONTROLS, "overlap kernel"),
            partial(middle_contrast_gain, kernel="overlap"),
            "above",
            factor=True,
        )
        + cases(
            _labelled(_MIDDLE_CONTROLS, "NTK"),
            partial(middle_contrast_gain, kernel="ntk"),
            "above",
            factor=True,
        ),
    ),
    Claim(
        id="fashion-middle-complex",
        kind="paper",
        text="When the simple part is almost learned, most of the complex part is not.",
        where="Appendix 5.1",
        quote="but the hard mode is still mostly not learned yet",
        paper="mostly not learned yet",
        statistic="share of the complex part's training images that are not right, when 72 % of "
        "the simple part's first are (looked at every 20 steps), minus one half",
        cases=cases(_MIDDLE, middle_not_learned, "above"),
        controls=cases(_MIDDLE_CONTROLS, middle_not_learned, "above"),
    ),
    Claim(
        id="fashion-label-effect-early-2",
        kind="control",
        text="The labels cause it, all else equal: early in training.",
        where="Section 5; told apart from the images",
        statistic="half of the gap of classes 0-4 over 5-9 in ln of mean path counts, modified "
        "minus swapped labels, epoch 1",
        cases=cases(_MODIFIED_AND_SWAPPED, early_effect, "above", factor=True),
        figure="fig-fashion-early",
        seen=_SEEN,
        replaces=("fashion-label-effect-early",),
        why=f"{_NO_LOGARITHM} {_NO_THRESHOLD}",
    ),
    Claim(
        id="fashion-label-effect-end-2",
        kind="control",
        text="The labels cause it, all else equal: to the end.",
        where="Section 5; told apart from the images",
        statistic="half of the gap of classes 0-4 over 5-9 in ln of mean path counts, modified "
        "minus swapped labels, the end",
        cases=cases(_MODIFIED_AND_SWAPPED, _effect_at_the_end, "above", factor=True),
        figure="fig-fashion-early",
        seen=_SEEN,
        replaces=("fashion-label-effect-end",),
        why=f"{_NO_LOGARITHM} {_NO_THRESHOLD}",
    ),
    Claim(
        id="fashion-simple-first",
        kind="paper",
        text="The simple part is learned first.",
        where="Section 5, Figure 7; appendix 5.1",
        quote="is almost learned(72 out of 85) but the hard mode is still mostly not learned yet",
        paper="simple part first",
        statistic="share of seeds whose simple part has a training accuracy of 72 % at an earlier "
        "look than the complex part (controls on accuracy: simple minus complex part, epoch 1)",
        cases=cases(_each("raw", "modified"), simple_first, "share", 0.5),
        controls=cases(_OTHER_SETTINGS, simple_first, "share", 0.5)
        + cases(
            _labelled(_each("raw", "modified"), "accuracy at epoch 1"), early_accuracy_gap, "above"
        )
        + cases(
            _labelled(_each("raw", "swapped"), "swapped labels, accuracy at epoch 1"),
            early_accuracy_gap,
            "above",
        ),
        figure="fig-fashion-accuracy",
        seen=_SEEN,
        replaces=("fashion-simple-learned-better",),
        why="The paper says that the simple part is learned first, not that it is learned better "
        "in the end.",
    ),
    Claim(
        id="fashion-blocks-are-labels-2",
        kind="control",
        text="The brighter block of the overlap kernel is due to training, not to the raw images.",
        where="Section 5, Figure 7",
        statistic="ln of the overlap kernel within classes 0-4 over within 5-9: what training "
        "adds, minus the absolute value at the start (controls: half of the end's difference, "
        "modified minus swapped labels)",
        cases=cases(_each("raw", "modified"), contrast_from_training, "above"),
        controls=cases(_MODIFIED_AND_SWAPPED, contrast_effect, "above"),
        figure="fig-fashion-contrast",
        seen=_SEEN,
        replaces=("fashion-blocks-are-labels",),
        why="It asked for no contrast before training, to ln 1.1, a number without a basis; now "
        "what training adds is compared with what was there.",
    ),
    Claim(
        id="ntk-fashion-moves-2",
        kind="paper",
        text="On modified Fashion-MNIST the NTK is far from constant.",
        where="Section 5, Figure 7",
        quote="the NTK is far from constant during the training process",
        paper="three snapshots",
        statistic="cosine of two seeds' NTKs before training, minus that of a net's NTK after 10 "
        "epochs with its own before: training moves it further than another draw of the weights",
        cases=cases(_MIDDLE, partial(moved_beyond_twin, kernel="ntk"), "above"),
        controls=cases(_MIDDLE_CONTROLS, partial(moved_beyond_twin, kernel="ntk"), "above"),
        replaces=("ntk-fashion-moves",),
        why="The paper says that the NTK changes, not that it comes closer to the labels, and 0.05 "
        "had no basis.",
    ),
    Claim(
        id="overlap-fashion-moves-2",
        kind="reading",
        text="On modified Fashion-MNIST the overlap kernel is far from constant: the paths move.",
        where="Section 5, conjecture 2",
        statistic="cosine of two seeds' overlap kernels before training, minus that of a net's "
        "after 10 epochs with its own before: training moves it further than another draw of the "
        "weights",
        cases=cases(_MIDDLE, partial(moved_beyond_twin, kernel="overlap"), "above"),
        controls=cases(_MIDDLE_CONTROLS, partial(moved_beyond_twin, kernel="overlap"), "above"),
        replaces=("overlap-fashion-moves",),
        why="As in the claim on the NTK, the kernel is compared with its own start.",
    ),
    Claim(
        id="surrogate-fashion-paths-2",
        kind="reading",
        text="The DLGN moves its paths as the ReLU net does: class by class, seed by seed.",
        where="Section 3, conjecture 4",
        statistic="arctanh of the correlation over the ten classes of the gain in ln of the mean "
        "path count, ReLU net and DLGN of one seed",
        cases=cases(_pairs("modified"), path_correlation, "above"),
        controls=cases(
            _pairs("modified", "own partner minus others, "),
            path_correlation_beyond_chance,
            "above",
        ),
        seen=_SEEN,
        replaces=("surrogate-fashion-paths",),
        why=f"{_NO_LOGARITHM} {_NO_THRESHOLD} Correlations are averaged on Fisher's scale.",
    ),
    Claim(
        id="surrogate-fashion-functions-2",
        kind="reading",
        text="The DLGN gives images the same labels as its ReLU net, as often as another "
        "ReLU net does.",
        where="Section 3, conjecture 4",
        statistic="share of test images with one predicted label: ReLU net and DLGN of one seed, "
        "minus ReLU nets of two seeds, in standard deviations between pairs of ReLU nets",
        cases=cases(_pairs("original", "original labels, "), agreement, "equal", 1.0),
        controls=cases(_pairs("modified", "modified labels, "), agreement, "equal", 1.0),
        seen=_SEEN,
        replaces=("surrogate-fashion-functions",),
        why="2 % had no basis; the yardstick is now how pairs of ReLU nets differ.",
    ),
    Claim(
        id="pwc-like-pwl-fashion-2",
        kind="paper",
        text="Constant experts do as well as linear ones: Fashion-MNIST, original labels.",
        where="Section 2.3",
        quote="its empirical performance on most datasets (in terms of test accuracy) is "
        "indistinguishable from the piece-wise-linear DLGN",
        paper="indistinguishable",
        statistic="test accuracy, linear minus constant experts, percentage points; up to 1.03 the "
        "paper calls similar, from 5 on slightly worse, and the margin is the middle",
        cases=cases(
            _pairs("original", "DLGN, ", ("dlgn, linear experts", "dlgn")),
            accuracy_difference,
            "equal",
            _ALIKE,
        ),
        figure="own-gates-and-hard-gates-constant-and-linear-experts",
        seen=_SEEN,
        replaces=("pwc-like-pwl-fashion",),
        why="1 point had no basis; the margin now follows from the paper's own words.",
    ),
    Claim(
        id="dlgn-like-relu-fashion-2",
        kind="reading",
        text="The DLGN classifies nearly as well as the ReLU net: Fashion-MNIST, original labels.",
        where="Section 2.3, in the sense of Table 1",
        statistic="test accuracy, ReLU net minus DLGN, percentage points; up to 1.03 the paper "
        "calls similar, from 5 on slightly worse, and the margin is the middle",
        cases=cases(_pairs("original"), accuracy_difference, "equal", _ALIKE),
        figure="own-gates-and-hard-gates-constant-and-linear-experts",
        seen=_SEEN,
        replaces=("dlgn-like-relu-fashion",),
        why="2 points had no basis; the margin now follows from the paper's own words.",
    ),
    Claim(
        id="fashion-dlgn-between",
        kind="reading",
        text="A DLGN stands between a deep linear network and a ReLU net: Fashion-MNIST, original "
        "labels.",
        where="Abstract; Sections 2.3 and 4",
        paper="mid-way",
        statistic="difference of test accuracies after 10 epochs, percentage points",
        cases=cases(_between("relu", "dlgn", "ReLU net above DLGN"), accuracy_difference, "above"),
        controls=cases(
            _between("dlgn", "linear", "DLGN above deep linear net"), accuracy_difference, "above"
        ),
    ),
    Claim(
        id="hard-gates-are-the-net-fashion-2",
        kind="reading",
        text="Hard gates in place of soft ones cost the trained DLGN little accuracy.",
        where="Section 2: training with soft gates",
        statistic="test accuracy under the own gates minus under hard gates, percentage points; up "
        "to 1.03 the paper calls similar, from 5 on slightly worse, and the margin is the middle",
        cases=cases(
            {"DLGN, normalised images": "fashion: dlgn: normalised: original"},
            hard_cost,
            "equal",
            _ALIKE,
        ),
        controls=cases(
            {"DLGN, raw images": "fashion: dlgn: raw: original"},
            hard_cost,
            "equal",
            _ALIKE,
        ),
        figure="own-gates-and-hard-gates-constant-and-linear-experts",
        seen=_SEEN,
        replaces=("hard-gates-are-the-net-fashion",),
        why="2 points had no basis; the margin now follows from the paper's own words.",
    ),
)

CLAIMS = relabelled(_NAMED_BY_RULES, _label)
