"""Values that the claims on reallocation compute from a run, worked out by hand."""

import numpy as np
import pytest
from halfspace.companion.reallocation.claims import CLAIMS
from halfspace.companion.reallocation.conditions import FASHION_RATES
from halfspace.companion.reallocation.ideas import IDEAS
from halfspace.companion.registry import condition
from halfspace.companion.spec import Result

BY_ID = {claim.id: claim for claim in CLAIMS}


def result(name, arrays):
    """Return a recorded result of a condition."""
    return Result(condition(name), arrays, {}, "recorded")


def halves(name, logs, end):
    """Return errors whose mean over both halves is exp(logs), in shares that change over training.

    Args:
        name: the error's name.
        logs: shape (K, S).
        end: the top half's share at the end, in halves.
    """
    mean = np.exp(np.array(logs, dtype=float))
    top = np.linspace(0.4, end, len(mean))[:, None]
    return {f"{name}_top": top * mean, f"{name}_bottom": (2 - top) * mean}


def by_condition(part, made):
    """Return the values of a claim's part from results by the condition's own name."""
    return part.value(*(made(name) for name in part.needs))


@pytest.mark.parametrize("idea", IDEAS[1:])
@pytest.mark.parametrize("net", ["relu", "dlgn"])
def test_a_smaller_error_than_plain_descents_at_the_end_is_a_gain(idea, net):
    rate = condition(f"reallocation: circle: {net}: {idea}").training.learning_rate
    other_rate = rate != condition(f"reallocation: circle: {net}: none").training.learning_rate

    def made(name):
        errors = {
            "none": dict(loss=(-3, -4), between=(-2, -1)),
            f"none: {rate}": dict(loss=(-2, -5), between=(0, 0)),
            idea: dict(loss=(-5, -3.5), between=(-2.5, -7)),
        }[name.removeprefix(f"reallocation: circle: {net}: ")]
        arrays = {}
        for kind, logs in errors.items():
            arrays |= halves(kind, [(0.3, 0.7), (-9, -6), logs], end=1.8 if "none" in name else 1.1)
        fit = dict(fit_epoch=np.array([np.nan, 20] if "none" in name else [90, 30.0]))
        return result(name, arrays | fit | {"at": np.array([0, 50, 100])})

    claim = BY_ID[f"reallocate-{idea.replace(' ', '-')}-2"]
    label = {"relu": "ReLU net", "dlgn": "DLGN"}[net]
    (at_points,) = [part for part in claim.cases if part.name == label]
    (between,) = [part for part in claim.controls if part.name == f"{label}, between the points"]
    np.testing.assert_allclose(by_condition(at_points, made), [2, -0.5])
    np.testing.assert_allclose(by_condition(between, made), [0.5, 6])
    (sooner,) = [part for part in claim.controls if part.name == f"{label}, sooner"]
    np.testing.assert_allclose(by_condition(sooner, made), [1, -1])
    same = [p for p in claim.controls if p.name.startswith(f"{label}, plain descent")]
    assert len(same) == other_rate
    for part in same:
        np.testing.assert_allclose(by_condition(part, made), [3, -1.5])


def paths_and_error(name):
    """Return a run whose ratio of paths grew by e⁴, e⁻² or, with an idea, by e or e⁻¹."""
    plain = "none" in name
    rise = [4.0, -2.0] if plain else [1.0, -1.0]
    low = np.array([[3.0, 5.0], 3 * np.exp(rise)]) - 1 / 128
    arrays = dict(paths_top=low, paths_bottom=np.array([[3.0, 5.0], [3.0, 3.0]]) - 1 / 128)
    logs = [(0, 0), (-3, -5) if plain else (-4, -3)]
    other_logs = [(0, 0), (-2, -4) if plain else (-4, -3)]
    arrays |= halves("loss", logs, end=1.5) | halves("between", other_logs, end=0.5)
    return result(name, arrays | {"at": np.array([0, 100])})


def test_undone_is_a_smaller_path_gain():
    claim = BY_ID["reallocation-evens-paths"]
    for part in claim.cases + claim.controls:
        np.testing.assert_allclose(by_condition(part, paths_and_error), [3, -1])


def test_a_cost_is_counted_in_standard_deviations_of_plain_descent():
    claim = BY_ID["reallocation-costs-nothing"]
    for part in claim.cases + claim.controls:
        cost = [-2, 1] if "between" in part.name else [-1, 2]
        np.testing.assert_allclose(by_condition(part, paths_and_error), cost / np.sqrt(2))


@pytest.mark.parametrize("idea", IDEAS[1:])
@pytest.mark.parametrize("net", ["relu", "dlgn"])
@pytest.mark.parametrize("rates", [FASHION_RATES, FASHION_RATES[::-1]])
def test_images_are_compared_at_the_learning_rate_that_fits_training_images_better(
    rates, idea, net
):
    one, other = rates
    # Training accuracy at the end, and test accuracy of two seeds on the complex images.
    runs = {
        ("none", one): (0.60, (0.9, 0.8)),
        ("none", other): (0.70, (0.5, 0.4)),
        (idea, one): (0.80, (0.55, 0.2)),
        (idea, other): (0.75, (0.1, 0.7)),
    }

    def made(name):
        (key,) = [k for k in runs if name == f"reallocation: fashion: {net}: {k[0]}: {k[1]}"]
        training, test = runs[key]
        accuracy = np.full((2, 2, 10), training)
        accuracy[0] = 1 - training  # at the start the other learning rate is ahead
        simple = np.tile([0.99, 0.3], (5, 1)).T * (1 if key[0] == "none" else 0.5)
        complex_ = np.array(test)[:, None] + 0.05 * np.array([2, -1, 0, 1, -2])
        arrays = {"accuracy": accuracy, "test_accuracy": np.concatenate([simple, complex_], 1)}
        return result(name, arrays | {"at": np.array([0, 10])})

    claim = BY_ID[f"reallocate-{idea.replace(' ', '-')}-2"]
    label = {"relu": "ReLU net", "dlgn": "DLGN"}[net]
    (part,) = [part for part in claim.controls if part.name == f"{label}, images"]
    np.testing.assert_allclose(by_condition(part, made), [0.55 - 0.5, 0.2 - 0.4])
