"""Claims on hardness: it orders where paths go, at any scale; and hardening costs nothing."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np

from halfspace.companion.circle.readings import (
    fitted,
    fitted_with_hard_gates,
    gain_beside,
    path_gain,
    share_without_path,
)
from halfspace.companion.claims import Case, Claim
from halfspace.companion.fashion.readings import alignment_change
from halfspace.companion.hardness.images import COMMON_STEP, STEP_SIZES, image_run
from halfspace.companion.hardness.readings import (
    WAYS,
    clustering,
    cost_saved,
    final_label_effect,
    fit_ratio,
    fresh_ratio,
    hard_fitted,
    hard_images_gain,
    hardness_beats_scale,
    kept_allocation,
    label_effect_lost,
    more_coherent,
    nearer_labels_than_pixels,
    order,
    predicted_turns,
    undone_allocation,
    undone_clustering,
)
from halfspace.companion.spec import Result

__all__ = ["CLAIMS"]

_LEVELS, _GAINS, _FEW_GAINS = (0.1, 0.3, 0.5, 0.7, 0.9), (0.6, 1.0, 1.7), (0.6, 1.7)
_FEW_LEVELS = (0.1, 0.5, 0.9)
_LOW, _HIGH = 0.1, 0.9
_DESIGNS = {"biases": "with biases", "2 layers": "2 layers"}
_SEEN = (
    "Known were the recorded runs of Section 4 on seeds 3000 to 3099, which include β from 1 to "
    "30, straight-through gates, He's initialisation and ReLU nets of several scales, and pilot "
    "runs on seeds 0 to 9: allocation, clustering, starvation and errors of the 15 conditions "
    "with five layers and no biases, angles after one epoch of nine of them{more}; nothing of "
    "the recorded seeds, 5000 to 5099."
)
_FACTORIAL = _SEEN.format(more="")
_HISTORY = _SEEN.format(more=", and six nets of each way of hardening, seeds 0 to 5")
_IMAGES = (
    "Known were the recorded runs of Section 5, which include costs of hard gates, label effects "
    "and alignments of soft nets of β = 4; and, of nets of seeds 0 to 2 of β = 4, 30 and 100, "
    "accuracies under own and hard gates on held-out training images at three step sizes: there "
    "the cost fell with β and with the step size, and a second reader of the first draft of these "
    "rules saw that step sizes chosen for each β would decide two of them. Nothing was known of "
    "nets with straight-through or annealed gates when the rules were last changed (their step "
    "sizes were chosen after that), and nothing of the recorded seeds, 5000 to 5009."
)
_MARGIN = 0.6  # percentage points: 1.96 √(0.9 · 0.1 / 10,000), rounded
_HALF, _MOST = 0.5, 0.5
_DOUBLED = float(np.log(2))


def _run(level: float, gain: float, design: str = "5 layers") -> str:
    return f"hardness: {design}, h {level}, gain {gain}"


def _all(design: str, levels: tuple, gains: tuple) -> tuple[str, ...]:
    return tuple(_run(level, gain, design) for gain in gains for level in levels)


def _case(name: str, needs: str | tuple[str, ...], value: Callable, test="above", level=0.0):
    runs = (needs,) if isinstance(needs, str) else needs
    return Case(name=name, needs=runs, value=value, test=test, level=level)


def _at_each_gain(name: str, level: float, value: Callable, test="above", at=0.0):
    """Return a case for each initial scale, at one hardness."""
    return tuple(
        _case(f"{name}scale {gain}", _run(level, gain), value, test, at) for gain in _GAINS
    )


def _beats_scale(name: str, level: float, design: str, gains: tuple) -> tuple[Case, ...]:
    """Return the two cases that hardness has a larger effect than the scale, whatever its sign."""
    needs = tuple(_run(end, gain, design) for end in (_LOW, _HIGH) for gain in gains)
    needs += (_run(level, gains[-1], design), _run(level, gains[0], design))
    return tuple(
        _case(f"{name}h = {level}, {word}", needs, partial(hardness_beats_scale, sign=sign))
        for word, sign in {"larger scale less": 1, "larger scale more": -1}.items()
    )


def _undone(way: str) -> tuple[Case, ...]:
    """Return the cases that allocation and clustering shrink after hardening at an epoch."""
    return tuple(
        _case(f"{name}, epoch {way}", "hardening: dlgn", partial(value, way=way))
        for name, value in {
            "allocation": undone_allocation,
            "clustering": undone_clustering,
        }.items()
    )


def _loses_half(hard: Result, soft: Result) -> np.ndarray:
    return _HALF - gain_beside(hard, soft)


def _less(one: Result, other: Result) -> np.ndarray:
    return path_gain(other) - path_gain(one)


def _away(result: Result) -> np.ndarray:
    return -path_gain(result)


_SOFT = "soft, beta {}".format
_THROUGH, _ANNEALED = "straight-through", "annealed"
_STEPS = {"β from 4 to 30": (_SOFT(4), _SOFT(30)), "β from 30 to 100": (_SOFT(30), _SOFT(100))}
_OTHER_LABELS = ("modified", "swapped")


def _image(net: str, labels: str = "original") -> str:
    """Name the run of a net on images with its own step size."""
    return f"hard images: {image_run(net, STEP_SIZES[net], labels)}"


def _at_one_step(nets: tuple[str, ...], labels: str) -> tuple[str, ...]:
    return tuple(f"hard images: {image_run(net, COMMON_STEP, labels)}" for net in nets)


def _under_both(*nets: str) -> tuple[str, ...]:
    return tuple(
        run for net in nets for labels in _OTHER_LABELS for run in _at_one_step((net,), labels)
    )


def _no_loss(name: str, net: str, labels: str) -> Case:
    needs = (_image(net, labels), _image(_SOFT(4), labels))
    return _case(name, needs, hard_images_gain, level=-_MARGIN)


def _of_each(value: Callable, told: str = "", labels: str = "original") -> tuple[Case, ...]:
    """Return a case for each kind of net; the rules name them as the runs do."""
    cases = (
        _case(f"{net}{told}", _image(net, labels), value) for net in (_THROUGH, _ANNEALED, _SOFT(4))
    )
    return tuple(replace(case, label=case.name.replace("beta 4", "β = 4")) for case in cases)


_moved = partial(alignment_change, name="overlap_labels")

_TASKS = {
    "halves swapped": path_gain,
    "low half zero": _away,
    "low half constant": path_gain,
}

CLAIMS = (
    Claim(
        id="hard-orders",
        kind="ours",
        text="On the base target, the harder a DLGN's gates are at the start, the less it "
        "allocates paths, the less its last layer's half-spaces cluster, and the fewer points it "
        "leaves without a path.",
        where="ours: on Section 4",
        statistic="minus the rank correlation, within a seed and over 15 conditions (five "
        "hardnesses h at the start, each from three pairs of β and initial scale), of h with the "
        "final allocation, with the change of the resultant of the last layer's normals, and with "
        "the final share of points without a path; 0 where the latter is the same in all "
        "conditions (controls: allocation with biases and in two layers, over six conditions)",
        cases=tuple(
            _case(
                name,
                _all("5 layers", _LEVELS, _GAINS),
                partial(order, statistic=statistic),
            )
            for name, statistic in {
                "allocation": path_gain,
                "clustering": clustering,
                "starvation": share_without_path,
            }.items()
        ),
        controls=tuple(
            _case(
                f"allocation, {label}",
                _all(design, _FEW_LEVELS, _FEW_GAINS),
                partial(order, statistic=path_gain),
            )
            for design, label in _DESIGNS.items()
        ),
        seen=_FACTORIAL,
        figure="fig-hardness",
    ),
    Claim(
        id="hard-not-scale",
        kind="ours",
        text="On the base target, allocation depends more on the hardness at the start, from 0.1 "
        "to 0.9, than on the pair of β and initial scale, from 0.6 to 1.7, that makes it.",
        where="ours: on Section 4",
        statistic="effect of hardness, the mean over scales of the final allocation at h = 0.1 "
        "minus that at h = 0.9, plus or minus the effect of the scale at one h, the allocation at "
        "the largest scale (smallest β) minus that at the smallest scale (largest β); both must be "
        "above 0 (controls: with biases and in two layers)",
        cases=tuple(
            case for level in _LEVELS for case in _beats_scale("", level, "5 layers", _GAINS)
        ),
        controls=tuple(
            case
            for design, label in _DESIGNS.items()
            for case in _beats_scale(f"{label}, ", 0.5, design, _FEW_GAINS)
        ),
        seen=_FACTORIAL,
        figure="fig-hardness",
    ),
    Claim(
        id="hard-fades",
        kind="ours",
        text="On the base target, a DLGN with hard gates at the start allocates less than half of "
        "what it does with soft ones.",
        where="ours: on Section 4",
        statistic="one half minus the final allocation at h = 0.9 over the mean one at h = 0.1, at "
        "each initial scale (controls: with biases and in two layers)",
        cases=tuple(
            _case(f"scale {gain}", (_run(_HIGH, gain), _run(_LOW, gain)), _loses_half)
            for gain in _GAINS
        ),
        controls=tuple(
            _case(
                f"{label}, scale {gain}",
                (_run(_HIGH, gain, design), _run(_LOW, gain, design)),
                _loses_half,
            )
            for design, label in _DESIGNS.items()
            for gain in _FEW_GAINS
        ),
        seen=_FACTORIAL,
        figure="fig-hardness",
    ),
    Claim(
        id="hard-below-relu",
        kind="ours",
        text="With hard gates at the start, a DLGN allocates less than a ReLU net of the base "
        "recipe.",
        where="ours: on Section 4",
        statistic="final allocation of the ReLU net of the base recipe (scale 0.6) minus that of "
        "the DLGN at h = 0.9, at each initial scale (controls: minus that of the DLGN of scale 1, "
        "for ReLU nets of other scales)",
        cases=tuple(
            _case(f"scale {gain}", (_run(_HIGH, gain), "hardness of relu: gain 0.6"), _less)
            for gain in _GAINS
        ),
        controls=tuple(
            _case(
                f"ReLU net of scale {gain}",
                (_run(_HIGH, 1.0), f"hardness of relu: gain {gain}"),
                _less,
            )
            for gain in (0.3, 1.0, 1.5, 2.0)
        ),
        seen=_FACTORIAL,
        figure="fig-hardness",
    ),
    Claim(
        id="hard-fits",
        kind="ours",
        text="Most DLGNs with hard gates at the start fit the base target, under their own gates "
        "and under hard ones.",
        where="ours: on Section 4",
        statistic="share of nets with a mean squared error below 0.05 at epoch 300, h = 0.9 at the "
        "start, under their own gates and under hard gates; the level, one half, is most nets",
        cases=_at_each_gain("own gates, ", _HIGH, fitted, "share", _MOST)
        + _at_each_gain("hard gates, ", _HIGH, fitted_with_hard_gates, "share", _MOST),
        seen=_FACTORIAL,
        figure="fig-hardness",
    ),
    Claim(
        id="hard-first-turn",
        kind="ours",
        text="The signs of the first gradients order half-spaces by the angle, from clockwise to "
        "counter-clockwise, by which they turn in the first epoch, with soft gates and with hard "
        "ones.",
        where="ours: gradients of a DLGN's gating network in closed form",
        statistic="rank correlation, over a net's 80 units, of the angle by which each normal "
        "turns in the first epoch (eight steps of Adam) with the angle after eight steps along "
        "the signs of the first gradients, to first order",
        cases=tuple(
            case
            for level in _FEW_LEVELS
            for case in _at_each_gain(f"h = {level}, ", level, predicted_turns)
        ),
        seen=_FACTORIAL,
        figure="fig-hard-turns",
    ),
    Claim(
        id="hard-together",
        kind="ours",
        text="Soft gates first move the first layer's half-spaces along one axis more than hard "
        "gates do.",
        where="ours: β σ′(β η) is the same for all units and points where gates are soft",
        statistic="length of the mean direction of displacement of the first layer's normals in "
        "the first epoch, opposite directions counted as one, at h = 0.1 minus at h = 0.9, at "
        "each initial scale",
        cases=tuple(
            _case(f"scale {gain}", (_run(_LOW, gain), _run(_HIGH, gain)), more_coherent)
            for gain in _GAINS
        ),
        seen=_FACTORIAL,
        figure="what-moves-first",
    ),
    Claim(
        id="hard-history",
        kind="ours",
        text="Nets whose gates were soft at first end with more allocation than nets that were "
        "hard from the start.",
        where="ours: on Section 4",
        statistic="final allocation of a DLGN whose soft gates (β = 4) become straight-through "
        "ones at some epoch, minus that of the same net hardened before training; 300 epochs in "
        "all (controls: hardened at the end; annealed, β from 4 to 1000)",
        cases=tuple(
            _case(f"epoch {way}", "hardening: dlgn", partial(kept_allocation, way=way))
            for way in WAYS[1:4]
        ),
        controls=tuple(
            _case(name, "hardening: dlgn", partial(kept_allocation, way=way))
            for name, way in {"epoch 300": "300", "annealed": "annealed"}.items()
        ),
        seen=_HISTORY,
        figure="fig-hard-history",
    ),
    Claim(
        id="hard-undo",
        kind="ours",
        text="After soft gates have become hard early in training, allocation and clustering "
        "shrink.",
        where="ours: on Section 4",
        statistic="allocation, and change of the resultant of the last layer's normals since the "
        "start, when soft gates (β = 4) become straight-through ones, minus the same at epoch 300 "
        "(controls: hardened at epoch 100)",
        cases=_undone("10") + _undone("30"),
        controls=_undone("100"),
        seen=_HISTORY,
        figure="fig-hard-history",
    ),
    Claim(
        id="hard-fits-later",
        kind="ours",
        text="Most nets whose gates become hard by epoch 100 fit the target under hard gates.",
        where="ours: on Section 4",
        statistic="share of nets with a mean squared error below 0.05 under hard gates after 300 "
        "epochs in all, for DLGNs whose gates become hard at some epoch; the level, one half, is "
        "most nets",
        cases=tuple(
            _case(f"epoch {way}", "hardening: dlgn", partial(hard_fitted, way=way), "share", _MOST)
            for way in WAYS[:4]
        ),
        seen=_HISTORY,
        figure="fig-hard-history",
    ),
    Claim(
        id="hard-annealed",
        kind="ours",
        text="Annealing makes half-spaces literally true at no loss: under hard gates an annealed "
        "net fits as well as a soft net under its own.",
        where="ours: on Section 4",
        statistic="share of annealed DLGNs (β from 4 to 1000) with a mean squared error below 0.05 "
        "under hard gates, where one half is most nets; and ln of the soft net's final error under "
        "its own gates over the annealed net's under hard gates, where the level is an error "
        "twice as large",
        cases=(
            _case(
                "fitted", "hardening: dlgn", partial(hard_fitted, way="annealed"), "share", _MOST
            ),
            _case("error", "hardening: dlgn", fit_ratio, level=-_DOUBLED),
        ),
        seen=_HISTORY,
        figure="fig-hard-history",
    ),
    Claim(
        id="hard-fresh",
        kind="ours",
        text="At equal hardness, gates that were soft first serve fresh value networks better than "
        "random ones.",
        where="ours: after Section 4",
        statistic="ln of the final error of fresh value networks on the hard gates of the start "
        "over that on the hard gates of nets hardened at some epoch or annealed (control: of nets "
        "hardened before training)",
        cases=tuple(
            _case(name, "hardening: dlgn", partial(fresh_ratio, way=way))
            for name, way in {
                **{f"epoch {way}": way for way in WAYS[1:5]},
                "annealed": "annealed",
            }.items()
        ),
        controls=(_case("epoch 0", "hardening: dlgn", partial(fresh_ratio, way="0")),),
        seen=_HISTORY,
        figure="fig-hard-history",
    ),
    Claim(
        id="hard-where",
        kind="ours",
        text="At low and at high hardness, paths go to the half of low frequency on either side of "
        "the circle and also if it is constant, and away from it if it is zero.",
        where="ours: on Section 4",
        statistic="final allocation to the low-frequency half (its sign turned for a low half that "
        "is zero, which gives no signal), at h = 0.1 and h = 0.9 (controls: less allocation than "
        "with the base target where the low half has amplitude 0.3)",
        cases=tuple(
            _case(f"{task}, h = {level}", f"hardness and tasks: {task}, h {level}", value)
            for task, value in _TASKS.items()
            for level in (_LOW, _HIGH)
        ),
        controls=tuple(
            _case(
                f"low half weak, h = {level}",
                (f"hardness and tasks: low half weak, h {level}", _run(level, 1.0)),
                _less,
            )
            for level in (_LOW, _HIGH)
        ),
        seen=_FACTORIAL,
        figure="other-targets",
    ),
    Claim(
        id="hard-images-cost",
        kind="ours",
        text="On Fashion-MNIST, nets trained with soft gates of a larger β lose less accuracy when "
        "their gates become hard.",
        where="ours: on Section 5",
        statistic="test accuracy under the net's own gates minus that under hard gates, in "
        "percentage points; that of nets trained with a smaller β minus that with a larger β, all "
        "with one step size (controls: the same under modified and under swapped labels)",
        cases=tuple(
            _case(name, _at_one_step(pair, "original"), cost_saved) for name, pair in _STEPS.items()
        ),
        controls=tuple(
            _case(f"{name}, {labels} labels", _at_one_step(pair, labels), cost_saved)
            for labels in _OTHER_LABELS
            for name, pair in _STEPS.items()
        ),
        seen=_IMAGES,
        figure="fig-hard-images",
    ),
    Claim(
        id="hard-images-no-loss",
        kind="ours",
        text="On Fashion-MNIST, half-spaces can be made literally true at a loss of at most 0.6 "
        "points of accuracy: nets trained with straight-through or annealed gates, under hard "
        "gates, against soft nets under their own.",
        where="ours: on Section 5",
        statistic="test accuracy under hard gates minus that of soft nets (β = 4) under their own "
        "gates, in percentage points, each with its own step size; the level, −0.6 points, is a "
        "margin that we chose: half the width of the 95 % interval of one accuracy of 90 % on "
        "10,000 images (controls: the same under modified and under swapped labels)",
        cases=tuple(_no_loss(net, net, "original") for net in (_THROUGH, _ANNEALED)),
        controls=tuple(
            _no_loss(f"{net}, {labels} labels", net, labels)
            for labels in _OTHER_LABELS
            for net in (_THROUGH, _ANNEALED)
        ),
        seen=_IMAGES,
        figure="fig-hard-images",
    ),
    Claim(
        id="hard-images-labels",
        kind="ours",
        text="On Fashion-MNIST, the larger the β of soft gates, the less complicated labels move "
        "paths away from their classes.",
        where="ours: on Section 5",
        statistic="label effect at the end (half of ln of the ratio of mean path counts, classes "
        "0-4 over 5-9, under modified labels minus under swapped ones): with β = 4, above 0; of "
        "nets trained with a smaller β minus that with a larger β, all with one step size "
        "(controls: β = 4 minus straight-through and minus annealed)",
        cases=(
            _case("β = 4 moves them", _under_both(_SOFT(4)), final_label_effect),
            *(_case(name, _under_both(*pair), label_effect_lost) for name, pair in _STEPS.items()),
        ),
        controls=tuple(
            _case(net, _under_both(_SOFT(4), net), label_effect_lost)
            for net in (_THROUGH, _ANNEALED)
        ),
        seen=_IMAGES,
        figure="fig-hard-images",
    ),
    Claim(
        id="hard-images-kernels",
        kind="ours",
        text="On Fashion-MNIST, training brings Λ nearer to the labels in nets whose gates end "
        "hard, as it does in soft nets.",
        where="ours: on Section 5",
        statistic="alignment of Λ (hard gates) with the labels' kernel on 200 training images, at "
        "the end minus at the start, each net with its own step size (controls: at the end minus "
        "that of the images' inner products; at the end minus at the start under modified labels)",
        cases=_of_each(_moved),
        controls=(
            *_of_each(nearer_labels_than_pixels, ", beyond pixels"),
            *_of_each(_moved, ", modified labels", "modified"),
        ),
        seen=_IMAGES,
        figure="fig-hard-images",
    ),
)
