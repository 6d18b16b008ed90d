"""Statistics of hardness on made-up runs, by hand."""

import re
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest
from halfspace.companion.circle.readings import path_gain
from halfspace.companion.circle.specs import recipe
from halfspace.companion.hardness import conditions, plots, readings
from halfspace.companion.hardness import images as on_images
from halfspace.companion.hardness.claims import CLAIMS
from halfspace.companion.hardness.history import HardeningHistory
from halfspace.companion.hardness.images import HardImages
from halfspace.companion.hardness.specs import GateHardness
from halfspace.companion.intervals import interval_text
from halfspace.companion.plots import figure
from halfspace.companion.spec import Result

ROOT = Path(__file__).parents[3]


def run(gains, hard=(0.1, 0.1), **arrays):
    """Return a run of two nets with these final allocations."""
    spec = GateHardness(training=recipe("dlgn", seeds=2, epochs=1), at=(0, 1))
    paths = {
        "paths_top": np.stack([np.full(2, 8.0), 8 * np.exp(gains)]) - 1 / 128,
        "paths_bottom": np.full((2, 2), 8.0) - 1 / 128,
        "hardness": np.array([hard, [1.0, 1.0]]),
    }
    return Result(spec, paths | arrays, {}, "")


def test_the_order_is_within_each_seed():
    runs = [run([2.0, 0.0], (0.1, 0.3)), run([1.0, 1.0], (0.2, 0.2)), run([0.0, 3.0], (0.3, 0.1))]
    np.testing.assert_allclose(readings.order(*runs, statistic=path_gain), [1, 1], atol=1e-12)
    np.testing.assert_allclose(readings.order(*runs[::-1], statistic=path_gain), [1, 1])
    turned = [run([2.0, 0.0], (0.3, 0.3)), runs[1], run([0.0, 3.0], (0.1, 0.1))]
    np.testing.assert_allclose(readings.order(*turned, statistic=path_gain), [-1, 1])
    nothing = readings.order(*runs, statistic=lambda result: np.zeros(2))
    assert nothing.tolist() == [0, 0]


def test_hardness_is_set_against_the_scale():
    low, high = [run([2.0, 3.0]), run([4.0, 3.0])], [run([1.0, 1.0]), run([1.0, 0.0])]
    pair = run([5.0, 1.0]), run([1.0, 2.0])
    for sign, expected in ((1, [2 + 4, 2.5 - 1]), (-1, [2 - 4, 2.5 + 1])):
        found = readings.hardness_beats_scale(*low, *high, *pair, sign=sign)
        np.testing.assert_allclose(found, expected, atol=1e-9)


def test_clustering_is_of_the_last_layer():
    resultant = np.zeros((2, 2, 5))
    resultant[0, :, 4], resultant[1, :, 4] = 0.25, [0.5, 0.75]
    np.testing.assert_allclose(readings.clustering(run([0, 0], resultant=resultant)), [0.25, 0.5])


def test_coherence_is_compared():
    soft, hard = (run([0, 0], coherence=np.array(c)) for c in ([0.75, 0.5], [0.25, 0.75]))
    assert readings.more_coherent(soft, hard).tolist() == [0.5, -0.25]


def images(own=0.75, hard=0.5, **arrays):
    """Return a run of two nets on images with these accuracies in all classes."""
    spec = HardImages(model="dlgn", images="raw", labels="original", seeds=2)
    tests = {"test_accuracy": own, "test_hard_accuracy": hard}
    arrays |= {name: np.full((2, 10), value) for name, value in tests.items()}
    return Result(spec, arrays, {}, "")


def test_hard_gates_on_images_are_compared_in_points():
    soft, sharp = images(0.75, 0.5), images(0.75, 0.625)
    assert readings.cost_saved(soft, sharp).tolist() == [12.5, 12.5]
    assert readings.hard_images_gain(sharp, soft).tolist() == [-12.5, -12.5]


def test_the_effect_of_labels_is_compared_at_the_end():
    """Half of the difference of the settings, softer nets minus harder ones."""

    def run(ln_ratio):
        paths = np.ones((2, 2, 10))
        paths[1, :, :5] = np.exp(ln_ratio)
        return images(paths=paths)

    found = readings.label_effect_lost(run(1.0), run(-2.0), run(0.5), run(0.25))
    np.testing.assert_allclose(found, 1.5 - 0.125)


def test_kernels_are_compared_with_pixels():
    arrays = {
        "overlap_labels": np.array([[0.0, 0.0], [0.5, 0.75]]),
        "pixels_with_labels": np.array([0.25, 0.25]),
    }
    assert readings.nearer_labels_than_pixels(images(**arrays)).tolist() == [0.25, 0.5]


def image_runs():
    """Return made-up runs of all conditions on images; each value tells its run."""
    runs = {}
    for number, (name, spec) in enumerate(conditions.image_conditions().items()):
        paths = np.ones((2, 2, 10))
        paths[1, :, :5] = np.exp(number)
        arrays = dict(
            paths=paths,
            overlap_labels=np.array([[0.25, 0.25], [0.25 + number, 0.25 + number]]),
            ntk_labels=np.array([[0.5, 0.5], [0.5 - number, 0.5 - number]]),
            pixels_with_labels=np.array([0.375, 0.375]),
            hardness=np.array([[0.125, 0.125], [1.0, 1.0]]),
        )
        run = images(own=number / 64, hard=number / 128, **arrays)
        runs[name] = Result(spec, run.arrays, {"when": "2026-01-01", "device": "CPU"}, "recorded")
    return runs, {name: number for number, name in enumerate(runs)}


def test_the_figure_of_images_shows_each_net_with_its_step_size_and_effects_with_one():
    runs, numbers = image_runs()
    panels = readings.image_panels(runs)
    own = [
        numbers[on_images.image_run(net, on_images.STEP_SIZES[net])]
        for net in readings.IMAGE_NETS.values()
    ]
    accuracy = panels["test accuracy (%)"]
    np.testing.assert_allclose(accuracy["own gates"][:, 0], [100 * n / 64 for n in own])
    np.testing.assert_allclose(accuracy["hard gates"][:, 0], [100 * n / 128 for n in own])
    aligned = panels["alignment with labels"]
    np.testing.assert_allclose(aligned["at the start"][:, 0], 0.25)
    np.testing.assert_allclose(aligned["at the end"][:, 0], [0.25 + n for n in own])
    np.testing.assert_allclose(aligned["of pixels"][:, 0], 0.375)
    effects = panels["label effect"]["at the end"]
    assert list(readings.IMAGE_NETS)[-1] == "ReLU" and np.isnan(effects[-1]).all()
    for net, found in zip(list(readings.IMAGE_NETS.values())[:-1], effects[:, 0], strict=False):
        modified, swapped = (
            numbers[on_images.image_run(net, on_images.COMMON_STEP, labels)]
            for labels in ("modified", "swapped")
        )
        assert found == pytest.approx((modified - swapped) / 2)
    figure, axes = plt.subplots(3)
    for axis, (label, rows) in zip(axes, panels.items(), strict=True):
        plots.over_ways(axis, rows, tuple(readings.IMAGE_NETS), label)
    plt.close(figure)


def test_the_numbers_of_images_name_each_net():
    runs, numbers = image_runs()
    found = readings.image_numbers(runs)
    assert found["rate-annealed"] == "0.0001" and found["hardness-100"] == "0.12"
    own = numbers[on_images.image_run("relu", 1e-3)]
    assert found["own-relu"] == f"{100 * own / 64:.1f}"
    assert found["hard-relu"] == f"{100 * own / 128:.1f}"
    assert "effect-relu" not in found and "cost-annealed" not in found
    noisy = numbers[on_images.image_run("soft, beta 100", 3e-4, "modified")]
    assert found["cost-modified-100"] == interval_text(np.full(2, 100 * noisy / 128))
    annealed, rival = (
        numbers[on_images.image_run(net, on_images.STEP_SIZES[net], "modified")]
        for net in ("annealed", "soft, beta 4")
    )
    lost = 100 * (rival / 64 - annealed / 128)
    assert found["loss-modified-annealed"] == interval_text(np.full(2, lost))
    soft = numbers[on_images.image_run("soft, beta 4", 3e-4)]
    assert found["ntk-moved-4"] == interval_text(np.full(2, -soft))
    assert found["loss-4"] == interval_text(np.full(2, 100 * soft / 128))


def test_ways_of_hardening_are_compared():
    spec = HardeningHistory(training=recipe("dlgn", seeds=1))
    gains = np.arange(6.0)[:, None]
    arrays = {
        "paths_top": 8 * np.exp(np.stack([0 * gains, gains, 2 * gains])) - 1 / 128,
        "paths_bottom": np.full((3, 6, 1), 8 - 1 / 128),
        "resultant": np.stack([0 * gains, gains, gains**2])[..., None] * [9.0, 0.1],
        "fresh": np.exp(-gains),
        "fresh_random": np.array([np.e]),
    }
    for half in ("top", "bottom"):
        arrays[f"loss_{half}"] = np.full((3, 6, 1), 0.02)
        arrays[f"hard_loss_{half}"] = np.full((3, 6, 1), 9.0)
        arrays[f"hard_loss_{half}"][2] = np.array([0.01, 0.2, 0.01, 0.2, 0.2, 0.04])[:, None]
    found = Result(spec, arrays, {}, "")
    assert readings.kept_allocation(found, "30") == pytest.approx(4)
    assert readings.kept_allocation(found, "annealed") == pytest.approx(10)
    assert readings.undone_allocation(found, "30") == pytest.approx(-2)
    assert readings.undone_clustering(found, "100") == pytest.approx(0.3 - 0.9)
    fitted = [readings.hard_fitted(found, way).item() for way in readings.WAYS]
    assert fitted == [True, False, True, False, False, True]
    assert readings.fit_ratio(found) == pytest.approx(-np.log(2))
    assert readings.fresh_ratio(found, "30") == pytest.approx(3)


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.id)
def test_a_claim_says_what_was_seen(claim):
    assert claim.kind == "ours" and not claim.quote
    assert "seeds 0 to" in claim.seen and "nothing of the recorded seeds" in claim.seen


def factorial(gain):
    """Return runs of three hardnesses and two scales, each net's allocation being of both."""
    runs = {}
    for scale in (0.6, 1.7):
        for hard in (0.9, 0.1, 0.5):
            made = run([gain(hard, scale), gain(hard, scale) + 1], (hard, hard))
            training = made.spec.training.replace(gating_gain=scale)
            spec = made.spec.replace(training=training)
            runs[f"5 layers, h {hard}, gain {scale}"] = Result(spec, made.arrays, {}, "")
    return runs


def test_effects_are_told_with_the_other_fixed():
    runs = factorial(lambda hard, scale: 3 - 2 * hard + 0.5 * np.log(scale))
    found = readings.partial_effects(runs, path_gain)
    np.testing.assert_allclose(found["hardness"], -1.6)
    np.testing.assert_allclose(found["scale"], 0.5 * np.log(1.7 / 0.6))


def test_curves_run_over_hardness_for_each_scale():
    runs = factorial(lambda hard, scale: scale - hard)
    runs["biases, h 0.1, gain 0.6"] = run([9.0, 9.0])
    curves = readings.hardness_curves(runs, path_gain)
    assert list(curves) == ["scale 0.6", "scale 1.7"]
    for (hard, rows), scale in zip(curves.values(), (0.6, 1.7), strict=True):
        np.testing.assert_allclose(hard, [0.1, 0.5, 0.9])
        np.testing.assert_allclose(rows[:, 0], scale + 0.5 - hard)


def test_the_figure_draws_dlgns_over_hardness_and_relu_nets_beside():
    axis = figure()[1][0, 0]
    curves = readings.hardness_curves(factorial(lambda hard, scale: scale - hard), path_gain)
    plots.over_hardness(axis, curves, {0.6: (1, 0.5, 1.5), 1.0: (2, 1.5, 2.5)}, "allocation")
    labels = axis.get_legend_handles_labels()[1]
    assert labels == ["DLGN, scale 0.6", "DLGN, scale 1.7", "ReLU nets"]
    assert axis.get_xlim()[1] > 1.06 and axis.get_ylabel() == "allocation"
    without = figure()[1][0, 0]
    plots.over_hardness(without, curves, {}, "clustering")
    assert len(without.get_legend_handles_labels()[1]) == 2


def test_the_scales_of_the_conditions_have_a_style():
    assert list(plots.STYLES) == [f"scale {gain:g}" for gain in conditions.GAINS]


@pytest.fixture(scope="module")
def recorded():
    """Return the recorded runs that the chapter reads."""
    listed = (
        conditions.factorial_conditions(),
        conditions.relu_conditions(),
        conditions.task_conditions(),
    )
    runs = [{name: spec.recorded() for name, spec in listing.items()} for listing in listed]
    return *runs, conditions.history_conditions()["dlgn"].recorded()


HALVES = ("top", "bottom")


def hard_errors(history):
    """Return the final errors under hard gates of each way, (P, S)."""
    return sum(history.arrays[f"hard_loss_{half}"][2] for half in HALVES) / 2


def test_the_text_tells_the_recorded_numbers(recorded):
    runs, relu, _, history = recorded
    found = readings.hardness_numbers(*recorded)
    assert found["seeds"] == 100
    soft = runs["5 layers, h 0.1, gain 1.0"]
    ratio = np.log((soft.paths_top[[0, -1]] + 1 / 128) / (soft.paths_bottom[[0, -1]] + 1 / 128))
    assert found["allocation-0.1"].startswith(f"×{np.exp((ratio[1] - ratio[0]).mean()):.1f}")
    zero = (soft.zero_top[-1] + soft.zero_bottom[-1]).mean() / 2
    assert found["starved-0.1"] == f"{100 * zero:.1f}"
    errors = (
        runs["5 layers, h 0.9, gain 1.0"].arrays[f"hard_loss_{h}"][-1] for h in ("top", "bottom")
    )
    assert found["hard-fitted-0.9"] == (sum(errors) / 2 < 0.05).sum()
    assert found["history-fitted-annealed"] == (hard_errors(history)[5] < 0.05).sum()
    fresh = np.log(history.fresh_random.astype(float) / history.fresh[2]).mean()
    assert found["fresh-30"].startswith(f"×{np.exp(fresh):.1f}")
    top, bottom = (relu["gain 0.6"].arrays[f"paths_{h}"][[0, -1]] + 1 / 128 for h in HALVES)
    gain = np.diff(np.log(top / bottom).mean(-1))
    assert found["relu"].startswith(f"×{np.exp(gain.item()):.2f}")
    lost = np.log(history.paths_top[1:] / history.paths_bottom[1:])[:, 2].mean(-1)
    assert found["undone-30"].startswith(f"{lost[0] - lost[1]:.2f}")
    soft = np.log(history.paths_top / history.paths_bottom)[2, 4].mean()
    assert found["undone-soft-30"].startswith(f"{lost[0] - soft:.2f}")
    assert found["error-0"] == f"{np.exp(np.log(hard_errors(history)[0]).mean()):.2g}"


def test_the_paper_names_numbers_that_there_are(recorded):
    text = (ROOT / "papers/20_hard_gates.typ").read_text(encoding="utf8")
    images = {name: spec.recorded() for name, spec in conditions.image_conditions().items()}
    shown = set(readings.hardness_numbers(*recorded))
    shown |= {f"images-{name}" for name in readings.image_numbers(images)}
    named = set(re.findall(r'#n\("([^"]+)"\)', text))
    assert len(named) > 40 and named <= shown


def test_a_row_has_a_target_at_low_and_at_high_hardness(recorded):
    rows = readings.task_rows(recorded[0], recorded[2])
    assert [row["target"] for row in rows] == ["base", *conditions.TASKS]
    hard = {0: recorded[0]["5 layers, h 0.9, gain 1.0"], 2: recorded[2]["low half zero, h 0.9"]}
    for place, run in hard.items():
        assert rows[place]["h = 0.9"].startswith(f"×{np.exp(path_gain(run).mean()):.2f}")


def test_nets_that_harden_are_shown_at_both_times(recorded):
    history = recorded[3]
    shown = readings.history_curves(history)
    gains = readings.path_gains(history).mean(-1)
    np.testing.assert_allclose(shown["allocation"]["when gates become hard"][:, 0], gains[1])
    np.testing.assert_allclose(shown["allocation"]["at the end"][:, 0], gains[2])
    fresh = np.exp(np.log(history.fresh.astype(float)).mean(-1))
    np.testing.assert_allclose(shown["error under hard gates"]["fresh value network"][:, 0], fresh)
    axes = figure(2, 1)[1][:, 0]
    for axis, (label, rows) in zip(axes, shown.items(), strict=True):
        plots.over_ways(axis, rows, readings.WAYS, label)
    assert axes[0].get_legend_handles_labels()[1] == ["when gates become hard", "at the end"]
    assert [label.get_text() for label in axes[0].get_xticklabels()] == list(readings.WAYS)


def test_the_turns_are_drawn_with_the_line_of_equality():
    axis = figure()[1][0, 0]
    plots.first_turns(axis, [-1, 2.0], [3.0, -4], "h = 0.1")
    line, marks = axis.get_lines()
    np.testing.assert_array_equal(*line.get_data())
    assert marks.get_xdata().tolist() == [-1, 2] and axis.get_xlim()[1] > 4


def test_changes_of_path_counts_make_the_allocation(recorded):
    for run in (recorded[0]["5 layers, h 0.1, gain 1.0"], recorded[2]["halves swapped, h 0.9"]):
        low, high = readings.path_changes(run)
        np.testing.assert_allclose(low - high, path_gain(run), rtol=1e-12)
