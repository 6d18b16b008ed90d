"""Statistics of runs on Fashion-MNIST, on made-up runs with known answers."""

import math
from functools import partial

import numpy as np
import pytest
import torch
from halfspace.companion import records
from halfspace.companion.fashion import readings as fashion_readings
from halfspace.companion.fashion.specs import ModifiedFashionMNIST
from halfspace.companion.fashion.study import FashionStudy
from halfspace.companion.intervals import factor_text, interval_text, mean_interval
from halfspace.companion.records import keep
from halfspace.companion.spec import Result
from halfspace.companion.text import scientific
from halfspace.nets import ReLUNet
from halfspace.polygons import square
from halfspace.regions import partition, segments

SPEC = FashionStudy(model="relu", images="raw", labels="modified", first_seed=3, seeds=2)
SECOND_HALF = np.arange(10) >= 5


def made_up(complicated=SECOND_HALF, **arrays):
    arrays["complex"] = np.tile(complicated, (2, 1)) if np.ndim(complicated) == 1 else complicated
    return Result(SPEC, arrays, {}, source="recorded")


def counts(*rows, half=slice(0, 5)):
    """Values of two seeds that differ from zero on one half, a row for each record."""
    by_class = np.zeros((len(rows), 2, 10), dtype=np.float32)
    by_class[..., half] = np.array(rows)[..., None]
    return by_class


def text(*values):
    return interval_text(np.array(values, dtype=float))


def factor(*logarithms):
    return factor_text(np.array(logarithms, dtype=float))


def path_counts(*rows):
    """Mean path counts of two seeds, of which those of classes 0-4 are e to the power of a row."""
    return np.exp(counts(*rows).astype(np.float64))


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
        (again,) = [
            run
            for name, run in fashion_readings.runs_by_setting([result]).items()
            if name == f"relu: raw: {setting}"
        ]
        assert np.array_equal(again.log_paths, one.log_paths)
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
    result = made_up(np.zeros(10), accuracy=counts([3, 4]))
    assert fashion_readings.simple_ahead(result, "accuracy").tolist() == [[3, 4]]


def test_paths_are_compared_by_their_means():
    paths = np.ones((2, 2, 10))
    paths[1, 0, :5] = [0, 0, 0, 0, 20]  # a mean of 4, although most classes have none
    paths[1, 1, 5:] = 4
    result = made_up(paths=paths)
    expected = [[0, 0], [math.log(4), -math.log(4)]]
    np.testing.assert_allclose(fashion_readings.path_ratio(result), expected, atol=1e-12)
    np.testing.assert_allclose(fashion_readings.halves_ratio(result), expected, atol=1e-12)
    swapped = made_up(~SECOND_HALF, paths=paths)
    np.testing.assert_allclose(fashion_readings.path_ratio(swapped), np.negative(expected))
    np.testing.assert_allclose(fashion_readings.halves_ratio(swapped), expected, atol=1e-12)
    assert fashion_readings.ahead_throughout(result).tolist() == [True, False]
    np.testing.assert_allclose(fashion_readings.path_gain(result), expected[1])


def test_the_part_that_comes_to_72_percent_at_an_earlier_look_is_first():
    accuracy = np.zeros((3, 2, 10))
    accuracy[1, 0, :5] = accuracy[1, 1] = 0.72  # the second seed's parts come there together
    accuracy[2] = 1
    result = made_up(accuracy=accuracy, epochs=np.array([0, 1, 2]))
    assert fashion_readings.simple_first(result).tolist() == [True, False]
    np.testing.assert_allclose(fashion_readings.early_accuracy_gap(result), [0.72, 0])
    accuracy[2, :, 5:] = 0.7
    accuracy[1, 1, 5:] = 0.7  # never counts as later
    assert fashion_readings.simple_first(result).tolist() == [True, True]
    accuracy[:, :, :5] = 0
    assert fashion_readings.simple_first(result).tolist() == [False, False]


def test_the_label_effect_is_half_of_the_distance():
    modified = made_up(paths=path_counts([1, 1], [3, 5]))
    swapped = made_up(~SECOND_HALF, paths=path_counts([1, 1], [1, 3]))
    effect = fashion_readings.label_effect(modified, swapped)
    np.testing.assert_allclose(effect, [[0, 0], [1, 1]], atol=1e-12)
    of_images = fashion_readings.image_effect(modified, swapped)
    np.testing.assert_allclose(of_images, [[0, 0], [1, 3]], atol=1e-12)


def test_effects_are_read_at_epoch_1_and_at_the_end():
    epochs = np.array([0, 0.5, 1.1, 50])
    modified = made_up(paths=path_counts([0, 0], [4, 8], [2, 6], [-2, 4]), epochs=epochs)
    swapped = made_up(~SECOND_HALF, paths=path_counts(*[[0, 0]] * 4), epochs=epochs)
    assert fashion_readings.effects(modified, swapped) == {
        "epoch 1": factor(1, 3),
        "the end": factor(-1, 2),
        "seeds above ×1, epoch 1 / end": "2 / 1",
    }


def test_block_contrast_compares_the_halves():
    within = np.ones((2, 2, 10), dtype=np.float32)
    within[1, :, :5] = math.e
    contrast = fashion_readings.block_contrast(made_up(ntk_within=within), "ntk")
    np.testing.assert_allclose(contrast, [[0, 0], [1, 1]], atol=1e-6)


def test_what_training_adds_is_compared_with_the_start():
    within = np.ones((2, 2, 10))
    within[0, :, :5] = np.exp([[1], [-1]])
    within[1, :, :5] = math.e**3
    result = made_up(overlap_within=within)
    np.testing.assert_allclose(fashion_readings.contrast_from_training(result), [1, 3])
    swapped = made_up(~SECOND_HALF, overlap_within=within[::-1])
    np.testing.assert_allclose(fashion_readings.contrast_effect(result, swapped), [1, 2])


def test_the_middle_point_is_compared_with_the_start():
    values = path_counts([1, 2], [3, 4], [9, 9])
    arrays = dict(
        paths=values,
        ntk_within=values,
        accuracy=counts([0, 0], [0.2, 0.7], [1, 1], half=slice(5, 10)),
    )
    result = made_up(middle_epoch=np.array([0.5, 0.6]), **arrays)
    never = made_up(middle_epoch=np.array([0.5, np.nan]), **arrays)
    for read, expected in {
        fashion_readings.middle_gain: [2, 2],
        partial(fashion_readings.middle_contrast_gain, kernel="ntk"): [2, 2],
        fashion_readings.middle_not_learned: [0.3, -0.2],
    }.items():
        np.testing.assert_allclose(read(result), expected, rtol=1e-6)
        np.testing.assert_allclose(read(never), [expected[0], np.nan], rtol=1e-6)


def test_a_kernel_moves_further_than_another_draw_is_away():
    start = np.array([[1, 1], [0.9, 0.9], [0.5, 0.8]])
    result = made_up(ntk_start=start, ntk_twin=np.array([0.75, 0.75]))
    np.testing.assert_allclose(fashion_readings.moved_beyond_twin(result, "ntk"), [0.25, -0.05])


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
        "training, end (%)": "75.0 / 0.0",
        "training, epoch 1 (%)": "30.0 / 0.0",
        "test, end (%)": "55.0 / 0.0",
        "test, hard gates (%)": "10.0 / 0.0",
    }


def test_rows_of_allocations():
    # The first seed is ahead throughout and gains nothing, the second is behind until it gains.
    rows = counts([2, -3], [3, -2], [2, 1]).astype(np.float64)
    result = made_up(paths=np.exp(rows), epochs=np.array([0, 1, 50]))
    assert fashion_readings.allocations(result) == {
        "gained by the end": factor(0, 4),
        "seeds that gained": "1 of 2",
        "ahead throughout": "1 of 2",
    }
    assert fashion_readings.tally([result, result]) == {"nets": 4, "ahead": 2, "gained": 2}


def test_rows_of_alignments():
    names = ("overlap_labels", "ntk_labels")
    arrays = {name: np.array([[0.1, 0.2], [0.1, 0.2 + k]]) for k, name in enumerate(names)}
    assert fashion_readings.alignment_changes(made_up(**arrays)) == {
        label: interval_text(np.array([0.0, k]))
        for k, label in enumerate(("Λ and labels", "NTK and labels"))
    }


@pytest.mark.parametrize(("epoch", "row"), [(0, 0), (1, 2), (30, 3), (1000, 3)])
def test_the_nearest_record(epoch, row):
    assert fashion_readings.nearest_record(made_up(epochs=np.array([0, 0.3, 1, 50])), epoch) == row


PROVENANCE = {"when": "2026-01-02T03:04:05", "device": "CPU", "commit": "abc", "seconds": 1800}
EPOCHS = np.array([0, 0.5, 1, 50])
SHIFT = {"relu: raw": 0, "dlgn: raw": 1, "relu: normalised": 2, "dlgn: normalised": 3}


def whole_run(kind, labels, shift):
    """Return a run with every array, in which classes 0-4 alone differ from kind to kind.

    Ln of their mean count over that of the others is, for the two seeds, 1 and -1 at the start,
    then changed by: modified 4, 8; original 1, 2; swapped -1, -1; the shift is added after it.
    """
    model, images = kind.split(": ")
    spec = SPEC.replace(model=model.split(",")[0], images=images, labels=labels)
    change = {
        "modified": [4, 8],
        "original": [1, 2],
        "swapped": [-1, -1],
        "random": [0, 0],
    }[labels]
    start, late = np.array([1, -1]), np.array(change) + shift
    arrays = {
        "epochs": EPOCHS,
        "paths": path_counts(start, start, start + change, start + late),
        "accuracy": counts([0, 0], [0, 0], [0.3, 0.4], [0.6 + 0.1 * shift, 0.8]),
        "test_accuracy": counts([0.5, 0.6 + 0.01 * shift])[0],
        "test_hard_accuracy": counts([0.4, 0.6])[0],
    }
    for number, kernel in enumerate(("overlap", "ntk")):
        within = np.ones((2, 2, 10))
        within[0, :, :5], within[1, :, :5] = math.exp(0.1 + number), math.exp(change[0] + number)
        within[:, 1, :5] *= 2
        arrays[f"{kernel}_within"] = within
        for target in ("labels", "pixels"):
            begin = np.array([0.1, 0.2]) + 0.1 * number
            arrays[f"{kernel}_{target}"] = np.array([begin, begin + 0.1 * np.array(change)])
    complicated = {"modified": SECOND_HALF, "random": SECOND_HALF, "swapped": ~SECOND_HALF}
    arrays["complex"] = np.tile(complicated.get(labels, np.zeros(10)), (2, 1))
    return Result(spec, arrays, PROVENANCE, source="recorded")


@pytest.fixture(scope="module")
def runs():
    return {
        f"{kind}: {labels}": whole_run(kind, labels, shift)
        for kind, shift in SHIFT.items()
        for labels in ("modified", "swapped", "original", "random")
    } | {
        f"dlgn, linear experts: {images}: original": whole_run(f"dlgn: {images}", "original", 11)
        for images in ("raw", "normalised")
    }


def test_numbers_of_the_runs(runs):
    assert fashion_readings.run_numbers(runs) == {
        "depth": 5, "width": 128, "batch": 128, "seeds": 2, "study-epochs": 50, "first-seed": 3,
        "last-seed": 4, "conditions": 18, "hours": "9.0",
        "from-runs": "Recorded on 2026-01-02 (CPU).",
    }  # fmt: skip


def test_a_tables_rows_are_named_in_plain_words(runs):
    rows = fashion_readings.table(runs, fashion_readings.accuracies)
    assert len(rows) == len(runs)
    names = [tuple(row.values())[:2] for row in rows]
    assert [*rows[0]][:2] == ["net and images", "labels"]
    assert names[0] == ("ReLU net, raw", "modified")
    assert names[-1] == ("DLGN-PWL, normalised", "original")
    assert rows[names.index(("DLGN, raw", "modified"))]["training, end (%)"] == "75.0 / 0.0"
    effects = fashion_readings.effects_by_kind(runs)
    assert [row["net and images"] for row in effects] == [*fashion_readings.MODELS]
    assert effects[1]["epoch 1"] == factor(2.5, 4.5)


def test_rows_of_verdicts_begin_with_the_verdict():
    rows = [
        {"claim": "a", "verdict": "✓ reproduced", "ours": "1", "measured": "long"},
        {"claim": "b", "verdict": "… pending", "ours": "no run yet", "measured": "long"},
    ]
    shown = fashion_readings.decided_first(rows)
    assert [*shown[0]] == ["verdict", "claim", "ours"]
    assert [tuple(row.values()) for row in shown] == [
        ("✓ reproduced", "a", "1"),
        ("… not recorded yet", "b", "–"),
    ]


def test_a_class_is_compared_with_itself_in_the_other_role():
    roles = np.array([SECOND_HALF, SECOND_HALF])
    roles[1, 0] = True  # complex in the second seed alone
    run = made_up(roles, paths=path_counts([0, 0], [4, 8]))
    gains = fashion_readings.gains_by_role(run)
    # Classes 0-4 gain 4 and 8, the others nothing: 2 and 4 beyond the mean class.
    np.testing.assert_allclose(gains["simple"][:2], [2, 3])
    np.testing.assert_allclose(gains["complex"][[0, 5]], [4, -3])
    assert np.isnan(gains["complex"][1]) and np.isnan(gains["simple"][5])


def test_arrows_lead_from_what_modified_labels_are_compared_with(runs):
    panels = fashion_readings.comparison_panels(runs)
    assert [*panels] == [
        f"{net}, {when}" for when in ("epoch 1", "the end") for net in ("ReLU net", "DLGN")
    ]
    # Two seeds: the interval of 4 and 8 holds 0, that of 5 and 5 does not.
    arrows = panels["DLGN, epoch 1"]
    assert [*arrows] == ["own start", "swapped labels", "original labels"]
    np.testing.assert_allclose(
        [arrow[:2] for arrow in arrows.values()], [[0, 6], [-1, 6], [1.5, 6]]
    )
    assert not any(decided for *_, decided in arrows.values())
    np.testing.assert_allclose(panels["DLGN, the end"]["swapped labels"][:2], [2, 9])
    moved = whole_run("relu: normalised", "modified", 2)
    moved.arrays["paths"] = path_counts(*[[1, -1]] * 2, [6, 4], [6, 4])
    alike = dict.fromkeys(("relu: normalised: modified", "relu: normalised: original"), moved)
    panels = fashion_readings.comparison_panels(runs | alike)
    assert not panels["ReLU net, epoch 1"]["original labels"][2]
    assert panels["ReLU net, epoch 1"]["own start"] == (0, pytest.approx(5), True)


def test_numbers_of_accuracies(runs):
    numbers = fashion_readings.accuracy_numbers(runs)
    # Means over the seeds of the simple part, in percent: 35 at epoch 1, 70 to 85 at the end.
    assert numbers["lead_least_early"] == numbers["lead_most_early"] == "35"
    assert (numbers["panels_ahead_late"], numbers["apart_late"]) == (4, "85.0")
    turned = whole_run("relu: raw", "modified", 0)
    turned.arrays["accuracy"] = counts([0, 0], [0, 0], [0, 0], [0.9, 0.9], half=slice(5, 10))
    behind = fashion_readings.accuracy_numbers(runs | {"relu: raw: modified": turned})
    assert (behind["panels_ahead_late"], behind["apart_late"]) == (3, "90.0")
    assert (numbers["original_first"], numbers["original_second"]) == ("55.0 %", "0.0 %")
    # Half of the classes count: hard gates cost 10 and 0 points on them, plus the shift.
    assert numbers["hard_raw"] == text(5, 0.5)
    assert numbers["hard_normalised"] == text(5, 1.5)
    assert numbers["difference nets raw"] == text(0, -0.5)
    assert numbers["difference experts raw"] == text(0, 5)
    assert numbers["difference experts normalised"] == text(0, 4)


def test_differences_of_missing_runs_are_left_out(runs):
    name = "dlgn, linear experts: raw: original"
    without_one = {other: run for other, run in runs.items() if other != name}
    table = fashion_readings.differences_on_test_images(without_one)
    assert [*table["raw"]] == ["ReLU net − DLGN"] and len(table["normalised"]) == 2
    assert "difference experts raw" not in fashion_readings.accuracy_numbers(without_one)
    nets, experts = fashion_readings.difference_rows(without_one)
    assert nets["nets"] == "ReLU net − DLGN" and nets["raw"] == text(0, -0.5)
    assert experts["raw"] == "not recorded yet" and experts["normalised"] == text(0, 4)


def test_numbers_of_paths_count_nets(runs):
    numbers = fashion_readings.path_numbers(runs)
    # Modified: the first seed of each of four kinds is ahead throughout, both gain.
    assert (numbers["modified_nets"], numbers["modified_clean_nets"]) == (8, 4)
    assert (numbers["modified_ahead"], numbers["modified_gained"]) == (4, 8)
    # Swapped, simple is classes 5-9: their lead is -1 and 1, then 0 and 2, at the end less the
    # shift. The second seed of the kind without shift is ahead throughout, and with shift 1 too.
    assert (numbers["swapped_ahead"], numbers["swapped_clean_ahead"]) == (2, 0)
    assert (numbers["swapped_gained"], numbers["swapped_clean_gained"]) == (2, 0)
    assert numbers["random_gained"] == 6 and len(numbers) == 18


def test_numbers_of_label_effects(runs):
    numbers = fashion_readings.label_numbers(runs)
    for kind, shift in SHIFT.items():
        name = kind.replace(":", "")
        assert numbers[f"early {name}"] == factor(2.5, 4.5)
        assert numbers[f"late {name}"] == factor(2.5, 4.5)
        assert numbers[f"images {name}"] == factor(1.5 + shift, 3.5 + shift)
        assert numbers[f"original early {name}"] == factor(1, 2)
        assert numbers[f"original late {name}"] == factor(1 + shift, 2 + shift)
    assert numbers["original between"] == 4
    assert (numbers["early above"], numbers["late above"]) == (0, 0)  # two seeds are too few
    for label in ("modified", "swapped"):
        sure = whole_run("relu: raw", label, 0)
        sure.arrays["paths"] = path_counts(
            *[[1, -1]] * 3, [9, 7] if label == "modified" else [1, -1]
        )
        runs = runs | {f"relu: raw: {label}": sure}
    numbers = fashion_readings.label_numbers(runs)
    assert (numbers["early above"], numbers["late above"]) == (0, 1)
    turned = runs | {"relu: raw: original": runs["relu: raw: modified"]}
    assert fashion_readings.label_numbers(turned)["original between"] == 3


def test_numbers_of_kernels(runs):
    numbers = fashion_readings.kernel_numbers(runs)
    assert numbers["paths at start dlgn raw"] == factor(1, -1)
    assert numbers["overlap at start relu raw"] == factor(0.1, 0.1 + math.log(2))
    assert numbers["ntk at start relu raw"] == factor(1.1, 1.1 + math.log(2))
    assert numbers["ntk at end dlgn normalised modified"] == factor(5, 5 + math.log(2))
    assert numbers["overlap at end dlgn raw swapped"] == factor(-1, -1 + math.log(2))
    assert len(numbers) == 4 * (1 + 2 * 3)


def test_numbers_of_alignments(runs):
    numbers = fashion_readings.alignment_numbers(runs)
    assert numbers["pixels at start"] == text(0.2, 0.3)
    for name in ("overlap_labels", "ntk_labels", "ntk_pixels"):
        assert numbers[f"{name} dlgn normalised"] == text(0.4, 0.8)
    assert numbers["original labels relu raw"] == text(0.1, 0.2)


def test_panels_hold_what_their_titles_say(runs):
    titles = ["ReLU net, raw", "DLGN, raw", "ReLU net, normalised", "DLGN, normalised"]
    panels = fashion_readings.part_panels(runs, "accuracy")
    assert [*panels] == titles == [*fashion_readings.MODELS]
    epochs, curves = panels["DLGN, raw"]
    assert epochs is EPOCHS and [*curves] == ["simple part", "complex part"]
    np.testing.assert_allclose(curves["simple part"][-1], [0.7, 0.8], rtol=1e-6)
    live = {name: run for name, run in runs.items() if name.startswith("relu: raw")}
    assert [*fashion_readings.part_panels(live, "accuracy")] == titles[:1]
    assert [*fashion_readings.live_effect_panels(live)] == titles[:1]
    _, curves = fashion_readings.setting_panels(runs)["ReLU net, normalised"]
    ends = {setting: curve[-1] for setting, curve in curves.items()}
    for setting, values in dict(modified=[6, 10], original=[3, 4], swapped=[1, 1]).items():
        np.testing.assert_allclose(ends[setting], mean_interval(np.array(values, dtype=float)))
    _, curves = fashion_readings.effect_panels(runs)["DLGN, raw"]
    (effect,) = curves.values()
    np.testing.assert_allclose(effect[-1], mean_interval(np.array([2.5, 4.5])))


def test_panels_of_kernels_hold_what_their_titles_say(runs):
    without_one = {name: run for name, run in runs.items() if name != "dlgn: raw: original"}
    panels = fashion_readings.contrast_panels(without_one)
    assert [*panels] == ["ReLU net, Λ", "DLGN, Λ", "ReLU net, NTK", "DLGN, NTK"]
    assert [*panels["DLGN, Λ"]["raw"]] == ["modified", "swapped"]
    contrast = panels["DLGN, NTK"]["normalised"]["original"]
    np.testing.assert_allclose(contrast[:, 0], [1.1, 2])
    alignments = fashion_readings.alignment_panels(runs)
    assert [*alignments] == ["Λ and labels", "Λ and pixels", "NTK and labels", "NTK and pixels"]
    np.testing.assert_allclose(alignments["NTK and pixels"]["DLGN, raw"][:, 1], [0.3, 1.1])


def test_nets_of_a_seed_are_compared_with_those_of_others():
    labels = np.array([[0, 1, 2, 3], [0, 1, 5, 5], [9, 1, 2, 9]], dtype=np.uint8)
    other = np.array([[0, 1, 2, 9], [0, 1, 9, 9], [9, 9, 9, 9]], dtype=np.uint8)
    relu, dlgn = (Result(SPEC, {"predicted": p}, {}, "recorded") for p in (labels, other))
    # Partners agree on 3, 2 and 2 of 4; the ReLU nets on 2, 2 and 1.
    spread = np.std([2 / 4, 2 / 4, 1 / 4], ddof=1)
    expected = np.array([3 / 4 - 2 / 4, 2 / 4 - 1.5 / 4, 2 / 4 - 1.5 / 4]) / spread
    np.testing.assert_allclose(fashion_readings.agreement(relu, dlgn), expected)


def test_path_gains_are_correlated_over_classes():
    generator = np.random.default_rng(0)
    starts, ends = generator.random((2, 2, 3, 10))
    relu, dlgn = (
        Result(SPEC, {"paths": np.exp(np.stack(pair))}, {}, "recorded")
        for pair in zip(starts, ends, strict=True)
    )
    gains = ends - starts
    pairs = np.arctanh(np.corrcoef(*gains)[:3, 3:])
    np.testing.assert_allclose(fashion_readings.path_correlation(relu, dlgn), pairs.diagonal())
    others = (pairs.sum(1) - pairs.diagonal()) / 2
    beyond = fashion_readings.path_correlation_beyond_chance(relu, dlgn)
    np.testing.assert_allclose(beyond, pairs.diagonal() - others)


def test_a_box_is_wider_than_its_points_on_each_side():
    corners = np.array([[0.0, 0.0], [10.0, 0.0], [4.0, 2.0]])
    found = fashion_readings.box_around(corners)
    np.testing.assert_allclose(found, [[-3, -3], [13, -3], [13, 5], [-3, 5]])


def test_the_numbers_of_a_slice_are_those_of_both_times():
    """One layer of two units: the square's diagonals, and a way through two of its regions."""
    net = ReLUNet(2, width=2, depth=1).double()
    net.value[0].weight.data = torch.tensor([[1.0, 1.0], [1.0, -1.0]], dtype=torch.float64)
    cut = partition(net, square(1.0))
    short = segments(net, [0.5, 0.25], [0.5, 0.0])  # both units are active
    long = segments(net, [0.5, 0.0], [0.0, 0.5])  # then one
    found = fashion_readings.slice_numbers([cut, cut], [short, long], [[2], [1]], ["boot"])
    assert found["cells start"] == found["cells end"] == "4"
    assert (found["pieces start"], found["pieces end"]) == ("1", "2")
    expected = {"regions start": 2, "regions end": 2, "boot start": 2, "boot end": 1, "all": 2}
    assert {name: found[name] for name in expected} == {
        name: scientific(value, 1) for name, value in expected.items()
    }
