"""Statistics of the runs with ideas, on made-up runs with known answers."""

import math

import numpy as np
import pytest
from halfspace.companion.circle.specs import recipe
from halfspace.companion.intervals import factor_text, interval_text, mean_interval
from halfspace.companion.reallocation import readings
from halfspace.companion.reallocation.ideas import IDEAS, LABELS
from halfspace.companion.reallocation.specs import CircleReallocation, FashionReallocation
from halfspace.companion.spec import Result

PROVENANCE = {"when": "2026-01-02T03:04:05", "device": "CPU"}
TRIED = IDEAS[1:]


def circle_run(model, number, rate=None):
    """Return a run whose error falls by a factor e more at one seed for each idea before it."""
    rate = rate or round(0.002 + 0.001 * number, 3)
    training = recipe(model, seeds=2, first_seed=7, epochs=100, learning_rate=rate)
    spec = CircleReallocation(training=training, idea=IDEAS[max(number, 0)], at=(0, 100))
    log_error = np.array([[0.0, 0.0], [-2.0 - number, -3.0]]) - (model == "dlgn")
    arrays = {"at": np.array(spec.at), "fit_epoch": np.array([20.0 + number, math.nan])}
    for name, further in {"loss": 0, "between": 1}.items():
        error = np.exp(log_error * (1 + further))
        arrays |= {f"{name}_top": 0.5 * error, f"{name}_bottom": 1.5 * error}
    ratio = np.array([[0.5, -1.0], [2.5 + number, 3.0]])
    arrays["paths_top"] = 3 * np.exp(ratio) - 1 / 128
    arrays["paths_bottom"] = np.full((2, 2), 3 - 1 / 128)
    arrays["zero_top"] = np.array([[0.0, 0.0], [0.1, 0.3]])
    arrays["zero_bottom"] = np.array([[0.0, 0.0], [0.25, 0.5]])
    return Result(spec, arrays, PROVENANCE, "recorded")


@pytest.fixture
def circle():
    return readings.on_circle(
        {
            f"circle: {model}: {idea}": circle_run(model, number)
            for model in ("relu", "dlgn")
            for number, idea in enumerate(IDEAS)
        }
        | {
            f"circle: {model}: none: {rate}": circle_run(model, -1, rate)
            for model in ("relu", "dlgn")
            for rate in (0.003, 0.004, 0.005, 0.006)
        }
    )


def image_run(model, number, rate):
    """Return a run in which the ReLU nets fit better at rate 1, the DLGNs at rate 2."""
    spec = FashionReallocation(
        model=model, images="normalised", idea=IDEAS[number], n_train=1000, seeds=2, epochs=2
    )
    better = rate == (1 if model == "relu" else 2)
    over_classes = np.array([-2, -1, 0, 1, 2] * 2) / 100  # the mean of either part is zero
    test = np.array([0.5, 0.6]) + 0.01 * number if better else np.zeros(2)
    paths = np.ones((2, 2, 10))
    paths[1, :, :5], paths[:, 1, 5:] = math.exp(3), math.e
    arrays = {
        "accuracy": np.full((2, 2, 10), 0.9 if better else 0.8),
        "test_accuracy": test[:, None] + over_classes + np.repeat([0.1 * number, 0.0], 5),
        "paths": paths,
    }
    return Result(spec, arrays, PROVENANCE, "recorded")


@pytest.fixture
def images():
    results = {
        f"fashion: {model}: {idea}: {rate}": image_run(model, number, rate)
        for model in ("relu", "dlgn")
        for number, idea in enumerate(IDEAS)
        for rate in (1, 2)
    }
    return readings.on_images(results, (1, 2))


def test_runs_are_listed_by_net_and_idea(circle, images):
    plain_at = [f"{readings.PLAIN_AT} {idea}" for idea in IDEAS]
    both = [name for pair in zip(IDEAS, plain_at, strict=True) for name in pair]
    for runs, names in ((circle, both), (images, IDEAS)):
        assert [*runs] == [(net, idea) for net in ("ReLU net", "DLGN") for idea in names]
        for (_, idea), run in runs.items():
            assert run.spec.idea == ("none" if idea in plain_at else idea)
    assert {run.spec.training.model for (net, _), run in circle.items() if net == "DLGN"} == {
        "dlgn"
    }
    assert all((run.accuracy == 0.9).all() for run in images.values())


def test_learning_rates_of_each_idea(circle):
    rates = readings.learning_rates(circle)["DLGN"]
    assert [*rates] == [*LABELS.values()] and [*rates.values()] == [
        "0.002", "0.003", "0.004", "0.005", "0.006",
    ]  # fmt: skip


def test_a_gain_is_the_error_of_plain_descent_over_that_of_the_idea(circle):
    gains, controls = readings.error_gains(circle), readings.control_gains(circle)
    assert [*gains] == [*controls] == ["ReLU net", "DLGN"]
    assert len(gains["DLGN"]) == len(TRIED) and len(controls["DLGN"]) == 2 * len(TRIED)
    for number, idea in enumerate(TRIED, start=1):
        for net in gains:
            at_points = gains[net][LABELS[idea]]
            np.testing.assert_allclose(at_points, mean_interval(np.array([number, 0.0])))
            between = controls[net][f"{LABELS[idea]},\nbetween points"]
            np.testing.assert_allclose(between, mean_interval(np.array([2.0 * number, 0.0])))
            # Plain descent at another rate is worse by a factor e at the first seed.
            at_one_rate = controls[net][f"{LABELS[idea]},\nat one rate"]
            gained = np.array([number + 1.0, 0.0])
            np.testing.assert_allclose(at_one_rate, mean_interval(gained))


@pytest.mark.parametrize(
    ("gains", "word"),
    [([2, 2.1], "helps"), ([-2, -2.1], "does not help"), ([2, -2.1], "undecided")],
)
def test_an_idea_helps_where_the_interval_lies_above_zero(gains, word):
    assert readings.helps(np.array(gains)) == word


def test_rows_of_what_helps(circle):
    rows = readings.help_rows(circle)
    assert [row["idea"] for row in rows[::2]] == [LABELS[idea] for idea in TRIED]
    assert rows[3] == {
        "idea": "equal paths",
        "net": "DLGN",
        "does it help?": "undecided",
        "gain": factor_text(np.array([2.0, 0.0])),
        "at one rate": factor_text(np.array([3.0, 0.0])),
    }
    circle["DLGN", "equal paths"] = circle_run("dlgn", 2, rate=0.002)
    assert readings.help_rows(circle)[3]["at one rate"] == "same"


def test_error_curves_are_geometric_means(circle):
    curves = readings.error_curves(circle, "DLGN")
    assert [*curves] == [*IDEAS]
    np.testing.assert_allclose(np.log(curves["equal paths"][:, 0]), [-1, -(2 + 2 + 3) / 2 - 1])


def test_allocations_are_those_of_the_end(circle):
    rows = readings.allocations(circle)["ReLU net"]
    assert [*rows] == [*LABELS.values()]
    # Low minus high half, since the start: 2.5 - 0.5 + number and 3 + 1.
    np.testing.assert_allclose(rows["plain descent"], mean_interval(np.array([2.0, 4.0])))
    np.testing.assert_allclose(rows["rebalanced loss"], mean_interval(np.array([3.0, 4.0])))


def test_sooner_counts_seeds_whatever_the_distance():
    plain, idea = (
        Result(None, {"fit_epoch": np.array(epochs)}, {}, "computed")
        for epochs in (
            [30, 30, 30, 30, math.nan, math.nan],
            [20, 29, 30, math.nan, math.nan, 100],
        )
    )
    assert readings.sooner(plain, idea).tolist() == [1, 1, 0, -1, 0, 1]


def test_rows_of_when_nets_fit(circle):
    rows = readings.fit_rows(circle)
    assert [row["net"] for row in rows] == ["ReLU net"] * 5 + ["DLGN"] * 5
    assert rows[5]["sooner minus later (%)"] == "–"
    assert rows[6] == {
        "idea": "rebalanced loss",
        "net": "DLGN",
        "seeds that fit": "1 of 2",
        "sooner minus later (%)": interval_text(np.array([-100.0, 0.0]), 0),
        "half fitted by epoch": "21",
        "error, geometric mean": f"{math.exp(-4):.2g}",
    }
    circle["DLGN", "none"].arrays["fit_epoch"] = np.array([math.nan, math.nan])
    assert readings.fit_rows(circle)[5]["half fitted by epoch"] == "never"


def test_numbers_of_the_circle(circle):
    numbers = readings.circle_numbers(circle)
    described = {"budget": 100, "seeds": 2, "first-seed": 7, "last-seed": 8}
    assert described.items() <= numbers.items()
    assert numbers["from-circle"] == "Recorded on 2026-01-02 (CPU)."
    assert numbers["gain DLGN"] == factor_text(np.array([4.0, 0.0]))
    assert numbers["fit new half-spaces DLGN"] == "1 of 2"
    assert numbers["without low none DLGN"] == "20.0"
    assert numbers["without high none DLGN"] == "37.5"
    # Four factors of e at one of two seeds, whose logarithms differ by one under plain descent.
    assert numbers["cost DLGN"] == interval_text(np.array([-4.0, 0.0]) * math.sqrt(2))
    assert numbers["moved none ReLU net"] == factor_text(np.array([2.0, 4.0]))
    assert numbers["helps DLGN"] == "none of them"
    assert numbers["undecided DLGN"] == (
        "rebalanced loss, equal paths, separate learning rates and reinitialised units"
    )
    better = circle["DLGN", "equal paths"]
    for half in ("top", "bottom"):
        better.arrays[f"loss_{half}"] = circle["DLGN", "none"].arrays[f"loss_{half}"] / 2
    assert readings.circle_numbers(circle)["helps DLGN"] == "equal paths"


def test_accuracy_is_compared_part_by_part_in_points(images):
    gains = readings.accuracy_gains(images)
    for number, idea in enumerate(TRIED, start=1):
        for net in ("ReLU net", "DLGN"):
            simple, hard = (
                gains[net][f"{LABELS[idea]},\n{part} part"] for part in ("simple", "complex")
            )
            np.testing.assert_allclose(simple[0], 11 * number)
            np.testing.assert_allclose(hard[0], number)


def test_numbers_of_images(images):
    numbers = readings.image_numbers(images)
    described = {"image-depth": 5, "image-width": 128, "image-n": "1\u202f000", "image-epochs": 2}
    assert described.items() <= numbers.items() and numbers["image-seeds"] == 2
    assert numbers["from-images"] == "Recorded on 2026-01-02 (CPU)."
    assert numbers["complex none DLGN"] == "55.0"
    # The gain is the same at both seeds, so every idea helps.
    assert numbers["image helps ReLU net"].endswith("learning rates and reinitialised units")
    assert numbers["image does not help ReLU net"] == "none of them"
    # Simple minus complex part: from 0 and -1 to 3 and 2.
    assert numbers["gap DLGN"] == factor_text(np.array([3.0, 3.0]))


def test_the_better_rate_is_the_one_that_fits_training_images_better_at_the_end():
    results = [
        Result(None, {"accuracy": np.array([1 - level, level])[:, None, None]}, {}, "computed")
        for level in (0.5, 0.7, 0.6)
    ]
    assert readings.better_rate(*results) is results[1]
