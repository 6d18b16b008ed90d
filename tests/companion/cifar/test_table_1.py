import json

import numpy as np
import pytest
import torch
from halfspace import image_training
from halfspace.companion import records
from halfspace.companion.cifar.conditions import table_1_conditions
from halfspace.companion.cifar.table_1 import Table1Training
from halfspace.gates import SoftGate
from halfspace.image_training import OutOfTime, Recipe

CPU = torch.device("cpu")


def small(**changes):
    recipe = Recipe(epochs=3, batch_size=20, learning_rate=1e-3)
    fields = dict(network="conv", model="dlgn", recipe=recipe, n_train=100)
    return Table1Training(**(fields | changes))


def test_nets_of_one_seed_come_before_the_next():
    names = list(table_1_conditions())
    assert names[:5] == [
        f"{net}: 3000" for net in ("relu", "dlgn", "dlgn-pwc", "linear", "dlgn, hardening")
    ]
    assert names[5:8] == ["ntk, initial: 3000", "ntk, trained: 3000", "relu: 3001"]
    specs = [getattr(spec, "training", spec) for spec in table_1_conditions().values()]
    assert {spec.recipe.epochs for spec in specs} == {100}
    features = table_1_conditions()["ntk, trained: 3000"]
    assert (features.training.first_seed, features.training.n_train) == (3000, 50_000)


def test_the_curve_ends_with_the_final_accuracy(noise_cifar):
    arrays, _ = small().run(CPU)
    assert arrays["test_curve"].shape == arrays["accuracy"].shape == (3, 1)
    assert arrays["test_curve"][-1, 0] == pytest.approx(arrays["test_accuracy"].mean(), abs=1e-6)


def test_gates_harden_by_a_factor_an_epoch(noise_cifar, monkeypatch):
    spec = small(beta=2.0, final_beta=32.0)
    assert [spec.beta_at(epoch) for epoch in range(3)] == pytest.approx([2, 8, 32])
    assert small().beta_at(2) == 4.0
    seen = []
    make = SoftGate.__init__
    monkeypatch.setattr(
        SoftGate, "__init__", lambda self, beta: (seen.append(beta), make(self, beta))[1]
    )
    soft = spec.replace(final_beta=None).run(CPU)[0]
    seen.clear()
    hard = spec.run(CPU)[0]
    # Two nets are built, one to measure its start; then three epochs, and the end.
    assert seen == pytest.approx([2, 2, 2, 8, 32, 32])
    assert not np.array_equal(hard["loss"][1:], soft["loss"][1:])
    np.testing.assert_array_equal(hard["loss"][0], soft["loss"][0])


def test_gates_that_are_not_soft_cannot_harden():
    with pytest.raises(
        ValueError, match="final_beta is for nets with soft gates; got model 'relu'"
    ):
        small(model="relu", final_beta=8.0)


def test_a_run_continues_where_another_machine_stopped(noise_cifar, monkeypatch, tmp_path):
    spec = small(final_beta=32.0)
    whole, _ = spec.run(CPU)
    spec.clear()
    results = tmp_path / "data" / "results"
    results.mkdir(parents=True)
    monkeypatch.setenv("HALFSPACE_RESULTS", str(results))
    with pytest.raises(OutOfTime):
        spec.run(CPU, deadline=0.0)
    assert not spec.checkpoints()
    with monkeypatch.context() as clock:
        clock.setattr("halfspace.image_training.time.monotonic", iter([0, 1, 9]).__next__)
        with pytest.raises(OutOfTime):
            spec.run(CPU, deadline=5.0)
    (kept,) = spec.checkpoints()
    assert kept.parent == tmp_path / "data" / "checkpoints"
    assert records.record(spec, CPU) == spec.record_path()
    recorded = spec.recorded()
    for name in set(whole) - {"seconds"}:
        np.testing.assert_array_equal(recorded.arrays[name], whole[name])
    assert not kept.exists()
    assert json.loads(spec.record_path().with_suffix(".json").read_text())["provenance"]["pieces"]


def test_verify_trains_again_despite_a_checkpoint(noise_cifar, monkeypatch, tmp_path):
    monkeypatch.setenv("HALFSPACE_RESULTS", str(tmp_path / "data" / "results"))
    (tmp_path / "data" / "results").mkdir(parents=True)
    spec = small()
    records.record(spec, CPU)
    spec.run(CPU)  # leaves a checkpoint of all epochs
    assert spec.checkpoints()
    epochs = []
    train_epoch = image_training._epoch
    monkeypatch.setattr(
        image_training, "_epoch", lambda *args: (epochs.append(args[5]), train_epoch(*args))[1]
    )
    assert all(check.passed for check in records.verify(spec, 0, device="cpu"))
    assert epochs == [0, 1, 2] and not spec.checkpoints()


def test_a_runs_curves_are_read_before_and_after_it_is_recorded(noise_cifar, monkeypatch, tmp_path):
    (tmp_path / "data" / "results").mkdir(parents=True)
    monkeypatch.setenv("HALFSPACE_RESULTS", str(tmp_path / "data" / "results"))
    spec = small()
    assert spec.progress() is None
    arrays, _ = spec.run(CPU)
    unfinished = spec.progress()
    assert unfinished.measured == pytest.approx(arrays["test_curve"][:, 0].tolist())
    records.record(spec, CPU)
    finished = spec.progress()
    assert not spec.checkpoints() and len(finished.seconds) == 3
    assert finished.accuracy == pytest.approx(unfinished.accuracy, rel=1e-6)
