"""What is read off runs on Fashion-MNIST, on runs made up so that the answer is known."""

import math

import numpy as np
import pytest
from halfspace.companion import records
from halfspace.companion.fashion import readings as fashion_readings
from halfspace.companion.fashion.specs import ModifiedFashionMNIST
from halfspace.companion.fashion.study import FashionStudy
from halfspace.companion.intervals import interval_text
from halfspace.companion.records import keep
from halfspace.companion.spec import Result

SPEC = FashionStudy(model="relu", images="raw", labels="modified", first_seed=3, seeds=2)
SECOND_HALF = np.arange(10) >= 5


def made_up(complicated=SECOND_HALF, **arrays):
    arrays["complex"] = np.tile(complicated, (2, 1)) if np.ndim(complicated) == 1 else complicated
    return Result(SPEC, arrays, {}, source="recorded")


def counts(*rows, half=slice(0, 5)):
    """Log path counts of two seeds that differ from zero on one half, a row for each record."""
    found = np.zeros((len(rows), 2, 10), dtype=np.float32)
    found[..., half] = np.array(rows)[..., None]
    return found


def test_conditions_without_a_run_are_left_out(tmp_path, monkeypatch):
    monkeypatch.setenv("HALFSPACE_RESULTS", str(tmp_path))
    conditions = {"done": SPEC, "to come": SPEC.replace(labels="random")}
    keep(SPEC, {"loss": np.zeros(1)}, {})
    assert records.available(conditions, conditions) == {"done": SPEC}
    changed = {name: spec.replace(beta=10.0) for name, spec in conditions.items()}
    assert records.available(changed, conditions) == changed


def test_nothing_is_left_out_where_no_run_is_kept(monkeypatch):
    monkeypatch.setattr(FashionStudy, "record_path", lambda spec: None)
    assert records.available({"a": SPEC}, {"a": SPEC}) == {"a": SPEC}


def test_one_setting_reads_like_a_study():
    values = np.random.default_rng(0).random((4, 3, 2, 10))
    arrays = dict.fromkeys(("accuracy", "hard_accuracy", "paths", "log_paths", "zero"), values)
    spec = ModifiedFashionMNIST(model="relu", images="raw", seeds=2)
    result = Result(spec, arrays | {"epochs": np.arange(4)}, {"device": "CPU"}, source="cached")
    for row, (setting, complicated) in enumerate(
        {"modified": SECOND_HALF, "swapped": ~SECOND_HALF, "original": np.zeros(10)}.items()
    ):
        one = fashion_readings.one_setting(result, setting)
        assert np.array_equal(one.log_paths, values[:, row])
        assert np.array_equal(one.complex, [complicated] * 2)
        assert (one.source, one.provenance) == ("cached", {"device": "CPU"})


def test_parts_follow_each_seeds_complex_classes():
    drawn = np.zeros((2, 10))
    drawn[0, [0, 2, 4, 6, 8]] = drawn[1, [0, 1, 2, 3, 9]] = 1
    values = np.arange(20.0).reshape(2, 10)
    simple, complicated = fashion_readings.parts(made_up(drawn, accuracy=values), "accuracy")
    assert simple.tolist() == [5, 16]
    assert complicated.tolist() == [4, 13]


def test_without_complex_classes_the_second_half_takes_their_place():
    result = made_up(np.zeros(10), log_paths=counts([3, 4]))
    assert fashion_readings.simple_ahead(result).tolist() == [[3, 4]]


def test_the_label_effect_is_half_of_the_distance():
    modified = made_up(log_paths=counts([1, 1], [3, 5]))
    swapped = made_up(~SECOND_HALF, log_paths=counts([1, 1], [1, 3]))
    assert fashion_readings.advantage(swapped).tolist() == [[1, 1], [1, 3]]
    assert fashion_readings.simple_ahead(swapped).tolist() == [[-1, -1], [-1, -3]]
    assert fashion_readings.label_effect(modified, swapped).tolist() == [[0, 0], [1, 1]]
    assert fashion_readings.image_effect(modified, swapped).tolist() == [[0, 0], [1, 3]]


def test_effects_are_read_at_epoch_1_and_at_the_end():
    epochs = np.array([0, 0.5, 1.1, 50])
    modified = made_up(log_paths=counts([0, 0], [4, 8], [2, 6], [-2, 4]), epochs=epochs)
    swapped = made_up(~SECOND_HALF, log_paths=counts(*[[0, 0]] * 4), epochs=epochs)
    assert fashion_readings.effects(modified, swapped) == {
        "epoch 1": interval_text(np.array([1, 3])),
        "positive, epoch 1": "2 of 2",
        "end": interval_text(np.array([-1, 2])),
        "positive, end": "1 of 2",
        "of the images, end": interval_text(np.array([-1, 2])),
        "greatest mean": "3.00 at epoch 0.5",
    }


def test_block_contrast_compares_the_halves():
    within = np.ones((2, 2, 10), dtype=np.float32)
    within[1, :, :5] = math.e
    contrast = fashion_readings.block_contrast(made_up(ntk_within=within), "ntk")
    np.testing.assert_allclose(contrast, [[0, 0], [1, 1]], atol=1e-6)


def test_test_accuracy_is_compared_in_points():
    arrays = dict(test_accuracy=np.full((2, 10), 0.75), test_hard_accuracy=np.full((2, 10), 0.5))
    first, second = made_up(**arrays), made_up(test_accuracy=np.full((2, 10), 0.5))
    assert fashion_readings.accuracy_difference(first, second).tolist() == [25, 25]
    assert fashion_readings.hard_cost(first).tolist() == [25, 25]


def test_rows_of_accuracies():
    result = made_up(
        epochs=np.array([0, 1, 9]),
        accuracy=counts([0, 0], [0.2, 0.4], [1, 0.5]),
        test_accuracy=counts([0.5, 0.6])[0],
        test_hard_accuracy=counts([0.1, 0.1])[0],
    )
    assert fashion_readings.accuracies(result) == {
        "training, epoch 1": "30.0% / 0.0%",
        "training, end": "75.0% / 0.0%",
        "test, end": "55.0% / 0.0%",
        "test, hard gates": "10.0% / 0.0%",
    }


def test_rows_of_allocations():
    # The first seed is ahead throughout and gains nothing, the second is behind until it gains.
    rows = counts([2, -3], [3, -2], [2, 1])
    result = made_up(log_paths=rows, epochs=np.array([0, 1, 50]))
    assert fashion_readings.allocations(result) == {
        "at the start": interval_text(np.array([2, -3])),
        "gained by epoch 1": interval_text(np.array([1, 1])),
        "gained by the end": interval_text(np.array([0, 4])),
        "ahead throughout": "1 of 2",
        "ahead at the end": "2 of 2",
        "gained": "1 of 2",
    }
    assert fashion_readings.tally([result, result]) == {"nets": 4, "ahead": 2, "gained": 2}


def test_rows_of_alignments():
    names = ("overlap_labels", "overlap_pixels", "ntk_labels", "ntk_pixels")
    arrays = {name: np.array([[0.1, 0.2], [0.1, 0.2 + k]]) for k, name in enumerate(names)}
    assert fashion_readings.alignment_changes(made_up(**arrays)) == {
        label: interval_text(np.array([0.0, k]))
        for k, label in enumerate(
            ("Λ and labels", "Λ and pixels", "NTK and labels", "NTK and pixels")
        )
    }


@pytest.mark.parametrize(("epoch", "row"), [(0, 0), (1, 2), (30, 3), (1000, 3)])
def test_the_nearest_look(epoch, row):
    assert fashion_readings.look(made_up(epochs=np.array([0, 0.3, 1, 50])), epoch) == row
