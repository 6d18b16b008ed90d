"""What is read off runs on CIFAR: percentages, and the tables beside the paper's."""

import numpy as np
import pytest
from halfspace.companion.cifar import conditions as cifar_conditions
from halfspace.companion.cifar import readings as cifar_readings
from halfspace.datasets import CIFAR_CLASSES


class Fake:
    def __init__(self, **arrays):
        self.arrays = {name: np.array(values, np.float32) for name, values in arrays.items()}

    def __getattr__(self, name):
        return self.__dict__["arrays"][name]


FIRST = Fake(
    test_accuracy=[[0.5, 0.7], [0.8, 0.8]],
    test_hard_accuracy=[[0.5, 0.5], [0.8, 0.6]],
    train_accuracy=[[1.0, 0.9], [1.0, 1.0]],
)
ONE = Fake(test_accuracy=[[0.4, 0.4]], train_accuracy=[[0.5, 0.5]])


def test_percentages_and_differences():
    np.testing.assert_allclose(cifar_readings.percent(FIRST), [60, 80], rtol=1e-6)
    np.testing.assert_allclose(cifar_readings.percent(FIRST, part="train"), [95, 100], rtol=1e-6)
    np.testing.assert_allclose(cifar_readings.percent(FIRST, ONE), [60, 80, 40], rtol=1e-6)
    np.testing.assert_allclose(cifar_readings.gap(FIRST, ONE), [20, 40], rtol=1e-6)
    np.testing.assert_allclose(cifar_readings.gap(FIRST, ONE, part="train"), [45, 50], rtol=1e-6)
    np.testing.assert_allclose(cifar_readings.hard_cost(FIRST), [10, 10], rtol=1e-5)
    np.testing.assert_allclose(cifar_readings.gap_to_training(FIRST), [-35, -20], rtol=1e-5)
    assert cifar_readings.joined("test_accuracy", FIRST, ONE).shape == (3, 2)


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
    found = cifar_readings.appendix_table(full, short)
    table = {(row["network"], row["images"]): row for row in found}
    assert len(found) == len(table) == 14
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
    names = [CIFAR_CLASSES["cifar10"][number] for number in cifar_readings.CLASS_ORDER]
    assert names[:4] == ["airplane", "automobile", "ship", "truck"] and len(set(names)) == 10
    overlap = np.zeros((2, 3, 10, 10))
    overlap[1, :, 8, 2] = (1, 2, 3)  # ship and bird, at the end
    shares = cifar_readings.shared_paths(Fake(overlap=overlap))
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
    np.testing.assert_allclose(cifar_readings.across_kinds(Fake(overlap=overlap)), expected)
    overlap[0, 0, 0, 9] += 4.2  # one of the 4 * 3 + 6 * 5 pairs within a kind
    expected[0, 0] = 0.5 / 0.6
    np.testing.assert_allclose(cifar_readings.across_kinds(Fake(overlap=overlap)), expected)
