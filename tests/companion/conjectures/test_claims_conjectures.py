"""Values that the claims on the conjectures compute from a run, worked out by hand."""

import numpy as np
import pytest
from halfspace.companion.circle.conditions import circle_conditions
from halfspace.companion.conjectures.claims import CLAIMS as CONJECTURE_CLAIMS
from halfspace.companion.conjectures.claims import TASKS
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


# How good two seeds are at five epochs of freezing. Their losses are high up to the second epoch
# and up to the third; on the circle they are e to the power of minus the net's own level.
LOSS = np.array([[8, 8], [5, 9], [3.9, 5], [3, 3.9], [1, 0.5]])
LEVELS = {
    "itself": [[1, 2], [1.2, 2.1], [6, 2.2], [7, 5], [9, 13]],
    "fresh": [[0, 1], [2, 2], [3, 5], [6, 6], [8, 10]],
    "continued": [[3, 3], [4, 5], [5, 6], [7, 8], [9, 11]],
    "kernel": [[1, 1], [2, 3], [2, 4], [5, 5], [6, 9]],
    "fresh_matched": [[4, 3], [6, 4], [7, 5], [7, 9], [8, 10]],
    "continued_matched": [[5, 5], [8, 6], [8, 7], [9, 8], [9, 12]],
    "kernel_matched": [[3, 7], [4, 8], [5, 8], [5, 8], [6, 9]],
    "fresh_random": [5, 4],
    "kernel_random": [4, 10],
    "fresh_softened": [2, 2],
    "kernel_softened": [2, 0],
    "fresh_hard_random": [3, 6],
    "kernel_hard_random": [5, 3],
    "fresh_hard_trained": [7, 7],
    "kernel_hard_trained": [4, 6],
}
BY_HAND = {
    "features-learned": {
        "": [8 - 5, 10 - 4],
        ", own start for another draw": [8 - 4, 10 - 3],
        ", both as soft as the start": [2 - 0, 2 - 1],
        ", both hard": [7 - 3, 7 - 6],
    },
    "path-kernel-learned": {
        "": [6 - 4, 9 - 10],
        ", own start for another draw": [6 - 3, 9 - 7],
        ", both as soft as the start": [2 - 1, 0 - 1],
        ", both hard": [4 - 5, 6 - 3],
    },
    "gates-early": {
        "": [6 - 4 - (8 - 6), 5 - 3 - (10 - 5)],
        ", until then": [6 - 4, 5 - 3],
        ", in all": [8 - 4, 10 - 3],
    },
    "linear-later": {
        "": [8 - 1.2 - (9 - 8), 7 - 2.2 - (13 - 7)],
        ", better than at the start": [6 - 4, 5 - 3],
    },
}


def check(claim_id, levels, unit):
    """Compare the value of each part of a claim with the one worked out by hand."""
    by_hand = BY_HAND[claim_id[:-2].removesuffix("-fashion")]
    for part in parts(claim_id):
        (name,) = part.needs
        ending = next(e for e in sorted(by_hand, key=len, reverse=True) if part.name.endswith(e))
        values = unit * part.value(result(name, levels))
        np.testing.assert_allclose(values, by_hand[ending], atol=1e-9)


@pytest.mark.parametrize("claim_id", BY_HAND)
def test_errors_on_the_circle_count_by_their_logarithms(claim_id):
    errors = {name: np.exp(-np.array(levels, dtype=float)) for name, levels in LEVELS.items()}
    errors["loss"] = errors.pop("itself")
    edition = 3 if claim_id == "gates-early" else 2
    check(f"{claim_id}-{edition}", errors, unit=1)


@pytest.mark.parametrize("claim_id", BY_HAND)
def test_images_count_by_the_share_classified_correctly(claim_id):
    shares = {
        name: (np.array(levels)[..., None] + 0.5 * SIGNS) / 20 for name, levels in LEVELS.items()
    }
    shares["accuracy"] = shares.pop("itself")
    check(f"{claim_id}-fashion-2", shares | {"sample_loss": LOSS}, unit=20)


def counts(relu, dlgn):
    """Return a pair's path counts on the halves; the low one is the top half."""
    nets = {"relu": relu, "dlgn": dlgn}
    top = {f"paths_top_{net}": np.array(paths, dtype=float) for net, paths in nets.items()}
    return top | {name.replace("top", "bottom"): np.ones((3, 3)) for name in top}


def test_a_pairs_gains_of_paths_are_correlated_over_seeds():
    # With a path's 128th of a point added: gains of ln 2, ln 4, ln 8 and of ln 1, ln 1, ln 3.
    small = 1 / 128
    powers, others = np.array([2, 4, 8]), np.array([1, 1, 3])
    found = counts(
        [[1, 1, 1], [9, 9, 9], powers * (1 + small) - small],
        [[1, 1, 1], [0, 5, 2], others * (1 + small) - small],
    )
    for part in parts("surrogate-paths-2"):
        (name,) = part.needs
        run = result(name, found | {"at": np.array([0, 5, 300])})
        np.testing.assert_allclose(part.value(run), np.log([powers, others]), atol=1e-12)


def test_tasks_are_ranked_by_the_mean_gain_of_each_kind_of_net():
    (case,) = parts("surrogate-tasks")
    assert case.test == "rank correlation"
    runs = {}
    for index, name in enumerate(case.needs):
        spec, net = condition(name), name.split(": ")[1]
        low_on_top = spec.target.frequencies[0] <= spec.target.frequencies[1]
        low, high = ("top", "bottom") if low_on_top else ("bottom", "top")
        end = 10 + index // 2 if net == "relu" else 100 - index // 2
        seeds = np.array([[7.0, 7.0], [end, end + 1]])
        arrays = {f"paths_{low}": seeds, f"paths_{high}": np.full((2, 2), 7.0)}
        runs[name] = Result(spec, arrays | {"at": np.array([0, 300])}, {}, "recorded")
    finding = case.judge(runs)
    assert finding.seeds == len(TASKS) and finding.effect < -0.9 and finding.holds is False


def test_the_tasks_are_all_that_both_kinds_of_nets_share():
    listed = circle_conditions()
    shared = {name.split(": ", 1)[1] for name in listed if name.startswith("relu: ")}
    assert set(TASKS) == {name for name in shared if f"dlgn: {name}" in listed}
    for net in ("relu", "dlgn"):
        assert len({listed[f"{net}: {task}"].key() for task in TASKS}) == len(TASKS)


def test_gates_are_held_against_value_weights():
    arrays = {
        "ntk_start": np.array([0.1, 0.2]),
        "ntk_end_gates": np.array([0.9, 0.5], dtype=np.float32),
        "ntk_end_values": np.array([0.6, 0.7], dtype=np.float32),
    }
    for part in parts("paths-change-ntk-2"):
        (name,) = part.needs
        by_hand = [0.8, 0.3] if part.name.endswith("closer than the start") else [0.3, -0.2]
        np.testing.assert_allclose(part.value(result(name, arrays)), by_hand, atol=1e-6)


@pytest.mark.parametrize(
    ("claim_id", "array", "by_hand"),
    [
        ("surrogate-kernels-2", "overlap", [0.7 - 0.2, 0.4 - 0.6]),  # at the end
        ("surrogate-functions-2", "function", [0.5 - 0.4, 0.9 - 0.1]),  # at epoch 20
    ],
)
def test_a_pairs_similarity_is_compared_with_that_to_others(claim_id, array, by_hand):
    rng = np.random.default_rng(0)
    names = [f"{a}_{who}" for a in ("overlap", "function", "ntk") for who in ("own", "others")]
    at = np.array([0, 10, 20, 300])
    arrays = {"at": at} | {name: rng.random((4, 2)) for name in [*names, f"{array}_relu"]}
    row = 3 if claim_id == "surrogate-kernels-2" else 2
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
            if claim.id != "surrogate-tasks":
                (run,) = part.needs
                found = {word: (word in part.name, mark in run) for word, mark in words.items()}
                assert all(named == read for named, read in found.values()), (run, found)
