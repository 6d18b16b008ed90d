"""What is read off runs on CIFAR: percentages, and the tables beside the paper's."""

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
    np.testing.assert_allclose(cifar_readings.gap_to_training(FIRST), [-35, -20], rtol=1e-5)
    assert cifar_readings.joined("test_accuracy", FIRST, ONE).shape == (3, 2)


def test_the_second_half_of_runs_is_the_other_net():
    other = run(test_accuracy=[[0.1, 0.3]])
    runs = (ONE, other, other, ONE)  # seeds of one run each: 40, 20 and 20, 40
    np.testing.assert_allclose(cifar_readings.gap(*runs), [20, -20], rtol=1e-6)
    np.testing.assert_allclose(cifar_readings.recovered(*runs), [50, 200], rtol=1e-6)


def test_a_net_is_compared_with_the_mean_of_the_last_run():
    np.testing.assert_allclose(cifar_readings.above_mean(ONE, ONE, FIRST), [-30, -30], rtol=1e-6)


def test_table_1_puts_ours_beside_the_papers():
    relu, dlgn, *_, last = cifar_readings.table_1({"conv: dlgn": ONE}, {"conv: relu": FIRST})
    assert relu == {
        "network": "ReLU net",
        "paper": "96.3 / 72.17",
        "ours": "waits for a GPU",
        "ours, few epochs": "97.5 (65.7 to 129.3) / 70.0 (-57.1 to 197.1)",
        "their gap": "-27.5 (-122.8 to 67.8)",
    }
    assert (dlgn["paper"], dlgn["ours"]) == ("85.3 / 73.2", "50.0 / 40.0")
    assert dlgn["ours, few epochs"] == "–" and last["paper"] == "–"


def test_test_rows_have_a_series_for_each_kind_of_run():
    rows = cifar_readings.test_rows({}, {"conv: dlgn-pwc": ONE})
    assert list(rows) == ["paper", "ours, few epochs"]
    assert rows["paper"]["DLN"] == (40.79,) * 3
    assert rows["ours, few epochs"]["DLGN-PWC"] == pytest.approx((40,) * 3)
    assert "ours" in cifar_readings.test_rows({"conv: relu": FIRST}, {})


def test_the_appendix_joins_the_seeds_of_a_net():
    name = "resnet-34: dlgn: cifar100"
    full = {f"{name}: 1000": ONE, f"{name}: 1001": FIRST, "resnet-34: relu: cifar100: 1000": FIRST}
    short = {"pixels: cifar10": ONE}
    rows = cifar_readings.appendix_rows(full, short)
    assert rows["paper"]["ResNet-110, ReLU, CIFAR-100"] == (73,) * 3
    assert rows["ours"]["ResNet-34, DLGN, CIFAR-100"][0] == pytest.approx(60)
    assert rows["ours"]["linear on pixels, CIFAR-10"] == pytest.approx((40,) * 3)
    table_rows = cifar_readings.appendix_table(full, short)
    table = {(row["network"], row["images"]): row for row in table_rows}
    assert len(table_rows) == len(table) == 14
    assert table["ResNet-34, DLGN", "CIFAR-100"]["ours"].startswith("60.0 (")
    assert table["ResNet-34, DLGN", "CIFAR-10"]["ours"] == "waits for a GPU"
    assert table["ResNet-34, ReLU", "CIFAR-100"]["paper"] == "56.68"
    assert table["linear on pixels", "CIFAR-10"]["ours"] == "40.0"
    assert table["linear on pixels", "CIFAR-100"]["ours"] == "–"


def test_every_row_names_runs_that_a_study_lists():
    full, short = cifar_conditions.cifar_conditions(), cifar_conditions.short_conditions()
    everything = cifar_readings.table_1(dict.fromkeys(full, ONE), dict.fromkeys(short, ONE))
    assert not any(row["ours"] == "waits for a GPU" for row in everything)
    table = cifar_readings.appendix_table(dict.fromkeys(full, ONE), dict.fromkeys(short, ONE))
    assert not any("waits for a GPU" in row.values() for row in table)


def test_shared_paths_put_vehicles_first():
    names = cifar_readings.CLASS_NAMES
    assert names[:4] == ("airplane", "automobile", "ship", "truck") and len(set(names)) == 10
    overlap = np.zeros((2, 3, 10, 10))
    overlap[1, :, 8, 2] = (1, 2, 3)  # ship and bird, at the end
    short = {f"conv: {model}": run(overlap=overlap) for model in ("relu", "dlgn", "dlgn-pwc")}
    by_net = cifar_readings.shared_paths(short)
    assert list(by_net) == ["ReLU net", "DLGN", "DLGN-PWC"]
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
        arrays = dict(test_accuracy=[[share] * 10], net_accuracy=[[0.45] * 10])
        results[name] = run(conditions[name], **arrays)
    pixels = run(conditions["pixels: cifar10"], test_accuracy=[[0.5] * 10, [0.3] * 10])
    return results | {"pixels: cifar10": pixels}


def exactly(value):
    return f"{value:.2f} ({value:.2f} to {value:.2f})"


def test_numbers_of_table_1():
    numbers = cifar_readings.table_numbers(short_runs())
    assert numbers["test dlgn"] == exactly(60) and numbers["test linear"] == exactly(40)
    assert numbers["over dln dlgn-pwc"] == exactly(30)
    assert numbers["over relu linear"] == exactly(-10)
    assert numbers["gap relu"] == exactly(10)  # training minus test
    assert numbers["ratio dlgn"] == exactly(120)
    assert numbers["cost relu"] == "73"  # the median of 70, 90, 72 and 74
    assert (numbers["ntk initial"], numbers["ntk trained"]) == ("55.0", "65.0")
    assert (numbers["ntk net"], numbers["ntk images"]) == ("45.0", "18,000")
    assert numbers["over ntk relu"] == exactly(-5) and numbers["over ntk dlgn-pwc"] == exactly(15)
    assert numbers["pixels"].startswith("40.00 (") and numbers["pixels epochs"] == 20
    assert numbers["pixels over dln"].startswith("0.00 (")


def test_numbers_of_runs():
    full = {"conv: relu": FIRST}
    numbers = cifar_readings.run_numbers(["conv: relu", "conv: dlgn", "other"], full, short_runs())
    assert numbers == {
        "short-epochs": 8,
        "short-seeds": 3,
        "first-seed": 1000,
        "last-seed": 1002,
        "from-short": "Recorded on 2026-01-31 (CPU).",
        "full-epochs": 100,
        "full-runs": 1,
        "waiting": 2,
    }


def test_what_hard_gates_leave():
    short = short_runs()
    numbers = cifar_readings.gate_numbers(short)
    assert numbers["beta"] == "4" and numbers["hard dlgn"] == exactly(25)
    assert numbers["hard over linear dlgn"] == exactly(-5)
    assert numbers["hard over relu dlgn-pwc"] == exactly(-5)
    rows = cifar_readings.gate_rows(short)
    assert list(rows) == ["soft gates", "hard gates"]
    assert rows["soft gates"]["DLGN"] == pytest.approx((60,) * 3)
    assert rows["hard gates"]["DLGN-PWC"] == pytest.approx((45,) * 3)


def test_numbers_of_paths():
    numbers = cifar_readings.path_numbers(short_runs())
    # 48 of 100 pairs are of a vehicle and an animal: their share at the start is half of 0.1.
    assert numbers["paths relu"] == "0.08" and numbers["kinds relu"] == "0.50"
    assert numbers["paths change relu"].startswith("0.32 (")  # 0.3 and 0.5, minus 0.076
    assert numbers["kinds change dlgn"] == exactly(0.5)  # at the end all pairs are alike
    assert numbers["labels start dlgn"].startswith("0.20 (")
    assert numbers["labels change dlgn"].startswith("0.20 (")  # 0.1 and 0.3


def test_curves_are_means_over_seeds_epoch_by_epoch():
    curves = cifar_readings.learning_curves(short_runs())
    assert {label: list(by_net) for label, by_net in curves.items()} == dict.fromkeys(
        ["loss (nats)", "right (%)"], ["ReLU net", "DLGN", "DLGN-PWC", "DLN"]
    )
    loss, right = curves["loss (nats)"]["DLN"], curves["right (%)"]["DLN"]
    np.testing.assert_allclose(loss[:, 0], [1.5, 1.0])
    np.testing.assert_allclose(right[:, 0], [30, 40], rtol=1e-6)
    # Two seeds half a nat from the mean; t(0.975, 1 degree of freedom) = 12.706.
    np.testing.assert_allclose(loss[:, 2] - loss[:, 0], 12.7062 * 0.5, rtol=1e-5)


def test_curves_of_the_first_seed():
    curves = cifar_readings.epoch_curves({"relu": short_runs()["conv: relu"]})
    assert list(curves) == [("relu", name) for name in ("loss", "accuracy", "seconds")]
    np.testing.assert_array_equal(curves["relu", "loss"], np.float32([2.0, 1.5]))


def test_conditions_without_a_recorded_run_are_left_out(monkeypatch, tmp_path):
    conditions = cifar_conditions.short_conditions()
    assert list(cifar_readings.recorded(conditions)) == list(conditions)
    monkeypatch.setenv("HALFSPACE_RESULTS", str(tmp_path))
    assert cifar_readings.recorded(conditions) == {}


def test_long_runs_are_told_as_far_as_they_got():
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
    row, _ = cifar_readings.long_rows(progress, 100)
    assert row == {
        "run": "ReLU net", "epochs": "2 of 100", "training images": "50.0", "test images": "37.5",
        "best epoch's test images": "50.0", "core-hours": "1.0",
    }  # fmt: skip
    levels = cifar_readings.paper_levels(list(progress))
    assert levels["training images"] == {"ReLU net": 96.3, "DLGN, hardening": 85.3}
    assert levels["test images"] == {"ReLU net": 72.17, "DLGN, hardening": 73.2}
