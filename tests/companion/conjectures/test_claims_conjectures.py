"""What the claims on the conjectures read from a run: values worked out by hand."""

import math

import numpy as np
import pytest
from halfspace.companion.conjectures.claims import CLAIMS as CONJECTURE_CLAIMS
from halfspace.companion.registry import CLAIMS, condition
from halfspace.companion.spec import Result

BY_ID = {claim.id: claim for claim in CLAIMS}
SIGNS = np.array([1, -1] * 5)  # over the ten classes: their mean is zero


def parts(claim_id):
    claim = BY_ID[claim_id]
    return claim.cases + claim.controls


def result(name, arrays):
    """Return a recorded result of a condition."""
    spec = condition(name)
    epochs = {} if "at" in arrays else {"at": np.array(spec.at)}
    return Result(spec, epochs | arrays, {}, "recorded")


def halves(name, logs, end=1.8):
    """Return errors whose mean over both halves is exp(logs), in shares that change."""
    mean = np.exp(np.array(logs, dtype=float))
    top = np.linspace(0.4, end, len(mean))[:, None]
    return {f"{name}_top": top * mean, f"{name}_bottom": (2 - top) * mean}


# The ln of errors, for two seeds, at epochs 0, 1, 3, 10, 30, 100 and 300.
CIRCLE_LOGS = {
    "loss": [[0, 0], [-1, -1], [-2, -1], [-3, -4], [-4, -6], [-9, -10], [-14, -17]],
    "fresh": [[1, 0], [0, -1], [-1, -2], [-3, -4], [-7, -5], [-11, -12], [-16, -20]],
    "continued": [[2, 3], [1, 2], [0, 1], [-1, -2], [-6, -8], [-8, -9], [-15, -18]],
    "kernel": [[0, 1], [-1, 0], [-2, -3], [-4, -4], [-5, -6], [-6, -7], [-9, -13]],
}


@pytest.mark.parametrize(
    ("claim_id", "by_hand"),
    [
        ("features-learned", [1 + 16, 0 + 20]),  # fresh: start, end
        ("gates-early", [-7 + 16, -5 + 20]),  # fresh: epoch 30, end
        ("linear-later", [-6 + 14, -8 + 17]),  # continued from epoch 30, all weights trained
        ("path-kernel-learned", [0 + 9, 1 + 13]),  # kernel: start, end
    ],
)
def test_worse_errors_of_earlier_gates_count_as_positive(claim_id, by_hand):
    arrays = {}
    for name, logs in CIRCLE_LOGS.items():
        arrays |= halves(name, logs)
    for part in parts(claim_id):
        (name,) = part.needs
        np.testing.assert_allclose(part.value(result(name, arrays)), by_hand)


# Test accuracies in hundredths, for two seeds, at epochs 0, 0.1, 0.3, 1, 3, 10 and 20.
FASHION_HUNDREDTHS = {
    "accuracy": [[10, 11], [40, 41], [50, 52], [60, 63], [70, 71], [80, 82], [85, 90]],
    "fresh": [[45, 44], [46, 47], [51, 53], [58, 59], [64, 66], [72, 74], [81, 83]],
    "continued": [[47, 43], [48, 49], [55, 57], [67, 62], [73, 75], [78, 79], [86, 88]],
    "kernel": [[30, 35], [31, 32], [36, 38], [41, 42], [54, 56], [68, 69], [76, 77]],
}


@pytest.mark.parametrize(
    ("claim_id", "by_hand"),
    [
        ("features-learned-fashion", [0.81 - 0.45, 0.83 - 0.44]),  # fresh: end, start
        ("gates-early-fashion", [0.81 - 0.58, 0.83 - 0.59]),  # fresh: end, epoch 1
        ("linear-later-fashion", [0.85 - 0.67, 0.90 - 0.62]),  # all trained, frozen at epoch 1
        ("path-kernel-learned-fashion", [0.76 - 0.30, 0.77 - 0.35]),  # kernel: end, start
    ],
)
def test_better_images_of_later_gates_count_as_positive(claim_id, by_hand):
    arrays = {
        name: np.array(levels)[..., None] / 100 + 0.01 * np.arange(7)[:, None, None] * SIGNS
        for name, levels in FASHION_HUNDREDTHS.items()
    }
    for part in parts(claim_id):
        (name,) = part.needs
        np.testing.assert_allclose(part.value(result(name, arrays)), by_hand)


def test_gains_of_paths_go_together_as_their_correlation_says():
    # What matters are gains from the first epoch to the last: -1, 0, 1 and 0, 0, 3 besides a shift.
    gaps = {
        "gap_relu": np.array([[5.0, 1.0, 2.0], [9.0, 0.0, 4.0], [6.0, 3.0, 5.0]]),
        "gap_dlgn": np.array([[1.0, 7.0, 0.0], [0.0, 2.0, 8.0], [1.0, 7.0, 3.0]]),
    }
    root = math.sqrt(3)
    for part in parts("surrogate-paths"):
        (name,) = part.needs
        values = part.value(result(name, gaps | {"at": np.array([0, 5, 300])}))
        np.testing.assert_allclose(values, [root / 2, 0, root], atol=1e-12)
        np.testing.assert_allclose(values.mean(), np.corrcoef([-1, 0, 1], [0, 0, 3])[0, 1])
        reversed_gain = gaps | {"gap_dlgn": -gaps["gap_dlgn"], "at": np.array([0, 5, 300])}
        np.testing.assert_allclose(part.value(result(name, reversed_gain)), -values, atol=1e-12)


@pytest.mark.parametrize(
    ("claim_id", "array", "by_hand"),
    [
        ("surrogate-kernels", "overlap", [0.7 - 0.2, 0.4 - 0.6]),  # at the end
        ("surrogate-functions", "function", [0.5 - 0.4, 0.9 - 0.1]),  # at epoch 20
    ],
)
def test_a_pairs_similarity_is_compared_with_that_to_others(claim_id, array, by_hand):
    rng = np.random.default_rng(0)
    names = [f"{a}_{who}" for a in ("overlap", "function", "ntk") for who in ("own", "others")]
    at = np.array([0, 10, 20, 300])
    arrays = {"at": at} | {name: rng.random((4, 2)) for name in [*names, f"{array}_relu"]}
    row = 3 if claim_id == "surrogate-kernels" else 2
    arrays[f"{array}_own"][row] = {3: [0.7, 0.4], 2: [0.5, 0.9]}[row]
    arrays[f"{array}_others"][row] = {3: [0.2, 0.6], 2: [0.4, 0.1]}[row]
    for part in parts(claim_id):
        (name,) = part.needs
        np.testing.assert_allclose(part.value(result(name, arrays)), by_hand)


def test_a_part_is_named_after_the_run_that_it_reads():
    words = {
        "ReLU net": ": relu",
        "original labels": ": original",
        "straight-through": "straight-through",
        "β = 30": "beta 30",
        "β = 4": "beta 4",
    }
    for claim in CONJECTURE_CLAIMS:
        for part in claim.cases + claim.controls:
            (run,) = part.needs
            assert all((word in part.name) == (mark in run) for word, mark in words.items()), run
