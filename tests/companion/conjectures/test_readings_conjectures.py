"""What is read off the runs on the conjectures, on runs made up so that the answer is known."""

import numpy as np
import pytest
from halfspace.companion.circle.specs import recipe
from halfspace.companion.conjectures import readings
from halfspace.companion.conjectures.freezing import CircleFreezing, FashionFreezing
from halfspace.companion.conjectures.surrogate import CircleSurrogate
from halfspace.companion.intervals import interval_text
from halfspace.companion.spec import Result

PROVENANCE = {"when": "2026-01-02T03:04:05", "device": "CPU"}
SMALL = dict(seeds=2, first_seed=7)


def circle_result(**logs):
    """Return a run whose errors' logarithms are given for each epoch and seed."""
    spec = CircleFreezing(training=recipe("relu", **SMALL), at=(0, 30, 100, 300))
    arrays = {"at": np.array(spec.at)}
    for name, values in logs.items():
        error = np.exp(np.array(values, dtype=float))
        arrays |= {f"{name}_top": 0.5 * error, f"{name}_bottom": 1.5 * error}
    return Result(spec, arrays, PROVENANCE, "recorded")


LOSS = [[0, -0.2], [-1, -3], [-5, -6], [-7, -9]]
FRESH = [[-1, -2], [-4, -3], [-5, -5], [-6, -10]]
CONTINUED = [[-2, -2], [-3, -4], [-6, -7], [-8, -8]]
KERNEL = [[0, -1], [-1, -1], [-1, -2], [-2, -4]]


def circle_run():
    return circle_result(loss=LOSS, fresh=FRESH, continued=CONTINUED, kernel=KERNEL)


def image_run():
    """Return a run with accuracies whose mean over classes are hundredths, for each epoch."""
    spec = FashionFreezing(model="relu", images="raw", at=(0, 0.5, 1, 20), n_train=1000, **SMALL)
    hundredths = {
        "accuracy": [[10, 11], [40, 41], [60, 62], [80, 90]],
        "fresh": [[40, 41], [50, 50], [55, 56], [70, 81]],
        "continued": [[41, 42], [51, 52], [77, 80], [82, 83]],
        "kernel": [[30, 30], [31, 31], [32, 32], [45, 35]],
    }
    over_classes = np.arange(10) - 4.5  # their mean is zero
    arrays = {
        name: (np.array(levels)[..., None] + over_classes) / 100
        for name, levels in hundredths.items()
    }
    return Result(spec, arrays | {"at": np.array(spec.at)}, PROVENANCE, "recorded")


def test_an_epoch_that_was_not_recorded_is_refused():
    assert readings.row_at(circle_run(), 100) == 2
    with pytest.raises(ValueError, match="7 is not in list"):
        readings.row_at(circle_run(), 7)


def test_errors_are_compared_between_the_epochs_that_their_names_say():
    run = circle_run()
    np.testing.assert_allclose(readings.error_removed(run, "fresh"), [5, 8])
    np.testing.assert_allclose(readings.error_removed(run, "kernel"), [2, 3])
    np.testing.assert_allclose(readings.error_removed_later(run), [2, 7])
    np.testing.assert_allclose(readings.cost_of_freezing(run), [-3 + 7, -4 + 9])


def test_numbers_of_frozen_gates_on_the_circle():
    assert readings.circle_freezing_numbers({"ReLU net": circle_run(), "DLGN": circle_run()}) == {
        "conjecture-seeds": 2,
        "conjecture-first": 7,
        "conjecture-last": 8,
        "from-freezing": "Recorded on 2026-01-02 (CPU).",
    } | {
        f"{what} {label}": text
        for label in ("ReLU net", "DLGN")
        for what, text in {
            "better": interval_text(np.array([5.0, 8.0])),
            "later": interval_text(np.array([2.0, 7.0])),
            "loss30": f"{np.exp(-2):.2f}",  # the geometric mean of exp(-1) and exp(-3)
        }.items()
    }


def test_curves_are_means_over_seeds_of_each_way():
    curves = readings.error_curves(circle_run())
    middles = [curve[:, 0] for curve in curves.values()]
    for middle, logs in zip(middles, (LOSS, FRESH, CONTINUED, KERNEL), strict=True):
        np.testing.assert_allclose(np.log(middle), np.mean(logs, axis=1))
    percents = [curve[:, 0] for curve in readings.accuracy_curves(image_run()).values()]
    np.testing.assert_allclose(
        percents,
        [[10.5, 40.5, 61, 85], [40.5, 50, 55.5, 75.5], [41.5, 51.5, 78.5, 82.5], [30, 31, 32, 40]],
    )
    assert [*curves] == [*readings.accuracy_curves(image_run())]


def test_accuracies_are_compared_between_the_epochs_that_their_names_say():
    run = image_run()
    np.testing.assert_allclose(readings.accuracy_gained(run, "fresh"), [0.3, 0.4])
    np.testing.assert_allclose(readings.accuracy_gained(run, "kernel"), [0.15, 0.05])
    np.testing.assert_allclose(readings.accuracy_gained_later(run), [0.15, 0.25])
    np.testing.assert_allclose(readings.accuracy_cost_of_freezing(run), [0.03, 0.1])


def test_numbers_of_frozen_gates_on_images_are_in_points():
    assert readings.image_freezing_numbers([image_run()]) == {
        "freezing-n": "1,000",
        "freezing-seeds": 2,
        "freezing-first": 7,
        "freezing-epochs": 10,
        "freezing-sample": "2,000",
        "from-freezing": "Recorded on 2026-01-02 (CPU).",
        "fresh relu modified": interval_text(np.array([30.0, 40.0])),
        "kernel relu modified": interval_text(np.array([15.0, 5.0])),
        "cost relu modified": interval_text(np.array([3.0, 10.0])),
        "rest relu modified": interval_text(np.array([15.0, 25.0])),
    }


def surrogate_run():
    sizes = dict(seeds=3, epochs=20)
    spec = CircleSurrogate(relu=recipe("relu", **sizes), dlgn=recipe("dlgn", **sizes), at=(0, 20))
    arrays = {
        "gap_relu": np.array([[5.0, 1.0, 2.0], [6.0, 3.0, 5.0]]),
        "gap_dlgn": np.array([[1.0, 7.0, 0.0], [1.0, 7.0, 3.0]]),
    }
    for shift, name in enumerate(("function", "overlap", "ntk")):
        arrays |= {
            f"{name}_own": np.array([[0.9, 0.8, 0.7], [0.6, 0.5, 0.4]]) + shift,
            f"{name}_others": np.array([[0.5, 0.6, 0.7], [0.5, 0.3, 0.1]]) + shift,
            f"{name}_relu": np.array([[0.1, 0.2, 0.6], [0.3, 0.4, 0.2]]) + shift,
        }
    return Result(spec, arrays | {"at": np.array(spec.at)}, PROVENANCE, "recorded")


def test_numbers_of_pairs_at_the_start_and_at_the_end():
    numbers = readings.surrogate_numbers(surrogate_run())
    assert len(numbers) == 18
    assert numbers["ntk pair start"] == interval_text(np.array([0.4, 0.2, 0.0]))
    assert numbers["function pair end"] == interval_text(np.array([0.1, 0.2, 0.3]))
    assert numbers["overlap others end"] == interval_text(np.array([1.5, 1.3, 1.1]))
    assert numbers["overlap among start"] == interval_text(np.array([1.1, 1.2, 1.6]))


def test_similarities_are_listed_by_whose_they_are():
    curves = [
        curve[:, 0] for curve in readings.similarity_curves(surrogate_run(), "overlap").values()
    ]
    np.testing.assert_allclose(curves, [[1.8, 1.5], [1.6, 1.3], [1.3, 1.3]])


def test_paths_gained_are_those_since_the_start():
    assert readings.paths_gained(surrogate_run(), "relu").tolist() == [1, 2, 3]
    assert readings.paths_gained(surrogate_run(), "dlgn").tolist() == [0, 0, 3]


def test_the_mean_of_the_terms_is_the_correlation_of_the_gains():
    terms = readings.correlation_terms(surrogate_run())
    correlation = np.corrcoef([1, 2, 3], [0, 0, 3])[0, 1]
    assert terms.mean() == pytest.approx(correlation) and terms.shape == (3,)
