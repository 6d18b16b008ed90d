"""Statistics of runs on CIFAR: percentages, and the tables beside the paper's."""

from types import SimpleNamespace

import numpy as np
import pytest
from halfspace.companion.cifar import conditions as cifar_conditions
from halfspace.companion.cifar import readings as cifar_readings
from halfspace.companion.spec import Result
from halfspace.image_training import Curves


def run(spec=None, **arrays):
    """A result of these arrays."""
    small = {name: np.array(values, np.float32) for name, values in arrays.items()}
    return Result(spec, small, {"when": "2026-01-31T10:00:00", "device": "CPU"}, "recorded")


FIRST = run(
    test_accuracy=[[0.5, 0.7], [0.8, 0.8]],
    test_hard_accuracy=[[0.5, 0.5], [0.8, 0.6]],
    train_accuracy=[[1.0, 0.9], [1.0, 1.0]],
)
ONE = run(test_accuracy=[[0.4, 0.4]], train_accuracy=[[0.5, 0.5]])


def test_percentages_and_differences():
    np.testing.assert_allclose(cifar_readings.percent(FIRST), [60, 80], rtol=1e-6)
    np.testing.assert_allclose(cifar_readings.percent(FIRST, part="train"), [95, 100], rtol=1e-6)
    np.testing.assert_allclose(cifar_readings.percent(FIRST, ONE), [60, 80, 40], rtol=1e-6)
    np.testing.assert_allclose(cifar_readings.gap(FIRST, ONE), [20, 40], rtol=1e-6)
    np.testing.assert_allclose(cifar_readings.gap(FIRST, ONE, part="train"), [45, 50], rtol=1e-6)
    np.testing.assert_allclose(cifar_readings.hard_cost(FIRST), [10, 10], rtol=1e-5)
    np.testing.assert_allclose(cifar_readings.train_gap(FIRST), [35, 20], rtol=1e-5)
    assert cifar_readings.joined("test_accuracy", FIRST, ONE).shape == (3, 2)


def test_the_second_half_of_runs_is_the_other_net():
    other = run(test_accuracy=[[0.1, 0.3]])
    runs = (ONE, other, other, ONE)  # seeds of one run each: 40, 20 and 20, 40
    np.testing.assert_allclose(cifar_readings.gap(*runs), [20, -20], rtol=1e-6)
    np.testing.assert_allclose(cifar_readings.recovered(*runs), [50, 200], rtol=1e-6)


def test_a_net_is_compared_with_the_mean_of_the_last_run():
    np.testing.assert_allclose(cifar_readings.above_mean(ONE, ONE, FIRST), [-30, -30], rtol=1e-6)


def test_table_rows_put_ours_beside_the_papers():
    relu, *_, pixels, before, _ = cifar_readings.table_rows(short_runs())
    assert relu == {
        "network": "ReLU net",
        "test images": "50.0 (50.0 to 50.0)",
        "paper: test": "72.17",
        "training images": "60.0 (60.0 to 60.0)",
        "paper: training": "96.3",
    }
    assert pixels["test images"] == "40.0 (−87.1 to 167.1)" and pixels["paper: test"] == "–"
    assert (before["network"], before["test images"]) == ("linear, NTK before", "55.0")


def test_test_rows_have_a_series_for_our_runs_and_the_papers():
    rows = cifar_readings.test_rows(short_runs())
    assert list(rows) == ["8 epochs", "paper"]
    assert rows["paper"]["DLN"] == (40.79,) * 3
    assert rows["8 epochs"]["DLGN-PWC"] == pytest.approx((70,) * 3)
    assert rows["8 epochs"]["linear, NTK after"] == pytest.approx((65,) * 3)


def test_live_nets_have_a_row_with_or_without_hard_gates():
    short = short_runs()
    live = {"ReLU net": short["conv: relu"], "DLGN": short["conv: dlgn"]}
    relu, dlgn = cifar_readings.live_rows(live)
    assert relu["test images, hard gates (%)"] == "–"
    assert list(dlgn.values()) == ["DLGN", "60.0", "35.0", "60.0", "76.5"]
    assert cifar_readings.live_rows({}) == []


def test_texts_have_true_minus_signs_and_no_negative_zero():
    short = short_runs() | {"conv: linear": short_runs()["conv: relu"]}
    numbers = cifar_readings.gate_numbers(short)
    assert numbers["hard over linear dlgn"] == exactly(-15)
    arrays = dict(test_accuracy=[[0.4999] * 10, [0.4998] * 10])
    short["conv: dlgn"] = run(None, **short["conv: dlgn"].arrays | arrays)
    assert cifar_readings.table_numbers(short)["over relu dlgn"] == "0.0 (−0.1 to 0.0)"


def test_shared_paths_put_vehicles_first():
    names = cifar_readings.CLASS_NAMES
    assert names[:4] == ("airplane", "automobile", "ship", "truck") and len(set(names)) == 10
    overlap = np.zeros((2, 3, 10, 10))
    overlap[1, :, 8, 2] = (1, 2, 3)  # ship and bird, at the end
    short = {f"conv: {model}": run(overlap=overlap) for model in ("relu", "dlgn")}
    by_net = cifar_readings.shared_paths(short)
    assert list(by_net) == ["ReLU net", "DLGN"]
    shares = by_net["DLGN"]
    assert shares.shape == (2, 10, 10) and shares.sum() == pytest.approx(2)
    assert shares[1, names.index("ship"), names.index("bird")] == pytest.approx(2)


def test_kinds_are_compared_by_pairs_of_different_classes():
    overlap = np.full((2, 3, 10, 10), 0.5)
    overlap[:, :, range(10), range(10)] = 99  # a class with itself does not count
    vehicles, animals = (0, 1, 8, 9), (2, 3, 4, 5, 6, 7)
    overlap[1, 2][np.ix_(vehicles, animals)] = 0.2
    overlap[1, 2][np.ix_(animals, vehicles)] = 0.3
    expected = np.ones((2, 3))
    expected[1, 2] = 0.25 / 0.5
    np.testing.assert_allclose(cifar_readings.across_kinds(run(overlap=overlap)), expected)
    overlap[0, 0, 0, 9] += 4.2  # one of the 4 * 3 + 6 * 5 pairs within a kind
    expected[0, 0] = 0.5 / 0.6
    np.testing.assert_allclose(cifar_readings.across_kinds(run(overlap=overlap)), expected)


def short_runs():
    """Runs of few epochs, two seeds each, whose numbers are easy to work out."""
    conditions = cifar_conditions.short_conditions()
    right = {"relu": 0.5, "dlgn": 0.6, "dlgn-pwc": 0.7, "linear": 0.4}
    results = {}
    for model, share in right.items():
        arrays = dict(
            train_accuracy=[[share + 0.1] * 10, [share + 0.1] * 10],
            test_accuracy=[[share] * 10, [share] * 10],
            loss=[[2.0, 1.0], [1.5, 0.5]],
            accuracy=[[share - 0.2, share], [share - 0.1, share + 0.1]],
            seconds=[[70, 90], [72, 74]],
        )
        if model in ("dlgn", "dlgn-pwc"):
            arrays["test_hard_accuracy"] = [[share - 0.25] * 10, [share - 0.25] * 10]
        if model != "linear":
            overlap = np.full((2, 2, 10, 10), 0.1)
            overlap[1] = 0.3  # at the end
            overlap[1, 1] = 0.5  # of the second seed
            vehicles, animals = (0, 1, 8, 9), (2, 3, 4, 5, 6, 7)
            overlap[0][:, *np.ix_(vehicles, animals)] = 0.05
            overlap[0][:, *np.ix_(animals, vehicles)] = 0.05
            arrays |= dict(overlap=overlap, overlap_labels=[[0.1, 0.3], [0.2, 0.6]])
        results[f"conv: {model}"] = run(conditions[f"conv: {model}"], **arrays)
    for state, share in {"initial": 0.55, "trained": 0.65}.items():
        name = f"conv: ntk, {state}"
        arrays = dict(
            test_accuracy=[[share] * 10], train_accuracy=[[0.9] * 10], net_accuracy=[[0.45] * 10]
        )
        results[name] = run(conditions[name], **arrays)
    pixels = run(
        conditions["pixels: cifar10"],
        test_accuracy=[[0.5] * 10, [0.3] * 10],
        train_accuracy=[[0.6] * 10, [0.4] * 10],
    )
    return results | {"pixels: cifar10": pixels}


def exactly(value, digits=1):
    number = f"{value:.{digits}f}".replace("-", "−")
    return f"{number} ({number} to {number})"


def test_numbers_of_table_1():
    numbers = cifar_readings.table_numbers(short_runs())
    assert numbers["over dln dlgn-pwc"] == exactly(30)
    assert numbers["over relu linear"] == exactly(-10)
    assert numbers["gap relu"] == exactly(10)  # training minus test
    assert numbers["ratio dlgn"] == "120"
    assert numbers["cost relu"] == "73"  # the median of 70, 90, 72 and 74
    assert (numbers["ntk initial"], numbers["ntk trained"]) == ("55.0", "65.0")
    assert (numbers["ntk net"], numbers["ntk images"]) == ("45.0", "18\u202f000")
    assert numbers["over ntk relu"] == exactly(-5) and numbers["over ntk dlgn-pwc"] == exactly(15)
    assert numbers["pixels"].startswith("40.0 (") and numbers["pixels epochs"] == 20
    assert numbers["pixels over dln"].startswith("0.0 (")


def test_numbers_of_runs():
    numbers = cifar_readings.run_numbers(short_runs(), {"depth 5": FIRST})
    assert numbers == {
        "short-epochs": 8,
        "short-seeds": 3,
        "first-seed": 1000,
        "last-seed": 1002,
        "rate": "0.0002",
        "batch": 32,
        "beta": "4",
        "from-short": "Recorded on 2026-01-31 (CPU).",
        "from-ceiling": "Recorded on 2026-01-31 (CPU).",
        "full-epochs": 100,
    }


def test_numbers_of_live_nets():
    numbers = cifar_readings.live_numbers(0, 10_000, 2)
    assert numbers == {"seed": 0, "n_train": "10\u202f000", "epochs": "2 epochs"}
    assert cifar_readings.live_numbers(0, 200, 1)["epochs"] == "1 epoch"


def long_run(share, hard):
    return run(test_accuracy=[[share] * 10], test_hard_accuracy=[[hard] * 10])


def test_numbers_of_hard_gates():
    short = short_runs()
    numbers = cifar_readings.gate_numbers(short)
    assert (numbers["own dlgn"], numbers["hard dlgn"]) == ("60", "35")
    assert numbers["own linear"] == "40" and "hard linear" not in numbers
    assert numbers["cost hard dlgn"] == exactly(25)
    assert numbers["hard over linear dlgn"] == exactly(-5)
    assert numbers["hard over relu dlgn-pwc"] == exactly(-5)
    rows = cifar_readings.gate_rows(short, {})
    assert {gates: list(by_net) for gates, by_net in rows.items()} == {
        "as trained": ["ReLU net", "DLGN", "DLGN-PWC", "DLN"], "hard gates": ["DLGN", "DLGN-PWC"]
    }  # fmt: skip
    assert rows["as trained"]["DLGN"] == pytest.approx((60,) * 3)
    assert rows["hard gates"]["DLGN-PWC"] == pytest.approx((45,) * 3)


def test_gates_after_a_hundred_epochs_are_compared_once_there_are_runs():
    assert cifar_readings.long_gates_text({}) == "No DLGN has been trained for that long yet"
    without = {"relu: 7": ONE, "ntk, initial: 7": ONE}
    assert cifar_readings.long_gates_text(without).startswith("No DLGN")
    long = {
        "dlgn: 7": long_run(0.7, 0.5), "dlgn, hardening: 7": long_run(0.75, 0.75),
        "dlgn: 8": long_run(0.7, 0.5),
    }  # fmt: skip
    assert cifar_readings.long_gates_text(without | long) == (
        "After 100 epochs the test accuracy is 50.0 (50.0 to 50.0) % with hard gates "
        "and 70.0 (70.0 to 70.0) % with soft ones (DLGN, 2 seeds), 75.0 % with hard gates and "
        "75.0 % with soft ones (DLGN, hardening, 1 seed)"
    )
    rows = cifar_readings.gate_rows(short_runs(), without | long)
    added = {"DLGN, 100 epochs": 50, "DLGN, hardening, 100 epochs": 75}
    assert {net: row[0] for net, row in rows["hard gates"].items() if "100" in net} == (
        pytest.approx(added)
    )


def test_classes_that_gain_or_lose_by_hard_gates():
    soft, hard = np.full((2, 10), 0.5), np.full((2, 10), 0.5)
    hard[:, 8] = (0.1, 0.2)  # ships
    rows = cifar_readings.class_rows(run(test_accuracy=soft, test_hard_accuracy=hard))
    assert rows[2] == {"class": "ship", "soft gates": "50", "hard gates": "15", "change": "−35"}
    assert [row["change"] for row in rows].count("+0") == 9


def test_classes_that_mean_colours_tell_apart():
    right = np.zeros(40, bool)
    right[32:35] = True  # of four ships
    rows = cifar_readings.color_rows(run(test_right=right))
    assert rows[2] == {"class": "ship", "right (%)": "75"} and rows[0]["right (%)"] == "0"


def test_what_is_missing_is_counted_by_study():
    there, not_there = (SimpleNamespace(recorded=lambda made=m: made) for m in (ONE, None))
    studies = {"A": {"1": there, "2": not_there}, "B": {"1": there}, "C": {"1": not_there}}
    assert cifar_readings.missing_text(studies) == "A (1 of 2 runs), C (1 of 1 run)"
    assert cifar_readings.missing_text({"B": studies["B"]}) == "none"


def test_numbers_of_paths():
    numbers = cifar_readings.path_numbers(short_runs())
    # 48 of 100 pairs are of a vehicle and an animal: their share at the start is half of 0.1.
    assert numbers["paths relu"] == "0.08" and numbers["kinds relu"] == "0.50"
    assert numbers["paths change relu"].startswith("0.32 (")  # 0.3 and 0.5, minus 0.076
    assert numbers["kinds change dlgn"] == exactly(0.5, 2)  # at the end all pairs are alike
    assert numbers["labels dlgn"] == "0.20"
    assert numbers["labels change dlgn"].startswith("0.20 (")  # 0.1 and 0.3


def test_curves_are_means_over_seeds_epoch_by_epoch():
    curves = cifar_readings.short_curves(short_runs())
    assert {part: list(by_net) for part, by_net in curves.items()} == dict.fromkeys(
        ["training images", "test images"], ["ReLU net", "DLGN", "DLGN-PWC", "DLN"]
    )
    training, test = curves["training images"]["DLN"], curves["test images"]["DLN"]
    np.testing.assert_allclose(training[:, 0], [30, 40], rtol=1e-6)
    # Two seeds ten points from the mean; t(0.975, 1 degree of freedom) = 12.706.
    np.testing.assert_allclose(training[:, 2] - training[:, 0], 127.062, rtol=1e-5)
    np.testing.assert_allclose(test, [[40, 40, 40]], rtol=1e-6)


def test_conditions_without_a_recorded_run_are_left_out(monkeypatch, tmp_path):
    conditions = cifar_conditions.short_conditions()
    assert list(cifar_readings.recorded(conditions)) == list(conditions)
    monkeypatch.setenv("HALFSPACE_RESULTS", str(tmp_path))
    assert cifar_readings.recorded(conditions) == {}


def test_the_progress_of_long_runs_is_described():
    curves = Curves(
        loss=[2.0, 1.0], accuracy=[0.25, 0.5], seconds=[1800.0, 1800.0], measured=[0.5, 0.375]
    )
    begun = {"relu: 7": curves, "dlgn, hardening: 7": curves}
    names = [*cifar_readings.NETS, "dlgn, hardening"]
    specs = {
        f"{net}: 7": SimpleNamespace(progress=lambda net=net: begun.get(f"{net}: 7"))
        for net in names
    }
    progress = cifar_readings.long_progress(specs, 7)
    assert list(progress) == ["ReLU net", "DLGN, hardening"]
    shown = cifar_readings.long_curves(progress)
    assert shown["training images"]["ReLU net"].tolist() == [25, 50]
    assert shown["test images"]["DLGN, hardening"].tolist() == [50, 37.5]
    assert cifar_readings.hundred_epochs_text(progress, 100) == (
        "So far: ReLU net, 2 of 100 epochs, 37.5 % of the test images and 50.0 % of the training "
        "images right; DLGN, hardening, 2 of 100 epochs, 37.5 % of the test images and 50.0 % of "
        "the training images right"
    )
    assert cifar_readings.hundred_epochs_text({}, 100) == "No net has begun its first epoch yet"
    assert cifar_readings.long_curves({}) == {"training images": {}, "test images": {}}


def test_levels_beside_the_long_curves():
    levels = cifar_readings.paper_levels()
    assert levels["training images"]["ReLU net"] == 96.3
    assert levels["test images"]["DLN"] == 40.79
    assert cifar_readings.ntk_levels({"ntk, trained: 7": ONE, "relu: 7": ONE}, 7) == {
        "linear, NTK after": pytest.approx(40)
    }


def test_numbers_of_residual_nets():
    runs = {
        "relu: 7": run(test_accuracy=[[0.91] * 10]), "relu: 8": run(test_accuracy=[[0.93] * 10]),
        "dlgn: 7": long_run(0.86, 0.60), "dlgn: 8": long_run(0.88, 0.70),
        "dlgn, hardening: 7": long_run(0.85, 0.84), "dlgn, hardening: 8": long_run(0.87, 0.86),
    }  # fmt: skip
    rows = cifar_readings.residual_rows(runs)
    assert rows["as trained"]["ReLU net"] == pytest.approx((92, 91, 93))
    assert list(rows["hard gates"]) == ["DLGN", "DLGN, hardening"]
    assert rows["hard gates"]["DLGN"] == pytest.approx((65, 60, 70))
    for made in runs.values():
        made.spec = SimpleNamespace(recipe=SimpleNamespace(epochs=30))
    numbers = cifar_readings.residual_numbers(runs)
    assert numbers["residual hard DLGN, hardening"] == "85" and numbers["residual seeds"] == 2
    assert numbers["residual gap"] == exactly(5) and numbers["residual epochs"] == 30
