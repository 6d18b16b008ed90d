"""Recorded runs: made, read, resumed, reported as stale, verified, refused when damaged."""

import json

import numpy as np
import pytest
import torch
from halfspace.experiments import __main__ as command
from halfspace.experiments import records
from halfspace.experiments.cifar import APPENDIX, TABLE_1
from halfspace.experiments.cifar_studies import SHORT, cifar_conditions, short_conditions
from halfspace.experiments.circle import recipe
from halfspace.experiments.circle_study import CircleStudy
from halfspace.experiments.conjecture_studies import (
    freezing_conditions,
    reallocation_conditions,
    step_size_conditions,
    surrogate_conditions,
)
from halfspace.experiments.regions_in_training import CountsDuringTraining
from halfspace.experiments.studies import (
    FIRST_SEED,
    STUDIES,
    circle_conditions,
    condition,
    fashion_conditions,
    region_conditions,
    theory_conditions,
)

CPU = torch.device("cpu")


def study(**changes):
    training = recipe("dlgn", epochs=1, seeds=3, first_seed=5, **changes)
    return CircleStudy(training=training, at=(0, 1), grid=32)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HALFSPACE_RESULTS", str(tmp_path / "results"))
    monkeypatch.setenv("HALFSPACE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "results"


@pytest.fixture
def listed(monkeypatch):
    conditions = {"one": study(), "two": study(width=8)}
    monkeypatch.setattr(command, "STUDIES", {"toy": lambda: conditions})
    return conditions


def test_a_recorded_run_is_read_instead_of_training(folder):
    spec = study()
    assert spec.recorded() is None
    path = records.record(spec, CPU)
    assert sorted(file.name for file in path.parent.iterdir()) == [
        f"{path.name}.json", f"{path.name}.npz",
    ]  # fmt: skip
    told = json.loads(path.with_suffix(".json").read_text())
    assert told["experiment"] == "CircleStudy" and told["key"] == spec.key()
    assert CircleStudy(**told["spec"]) == spec
    assert {"when", "commit", "versions", "device", "seconds"} <= set(told["provenance"])
    result = spec.result(device="cpu")
    assert result.source == "recorded" and result.provenance == told["provenance"]
    assert result.loss_top.shape == (2, 3)
    assert spec.result(device="cpu", recompute=True).source == "computed"


def test_make_goes_on_where_it_stopped(listed):
    assert set(records.missing(listed)) == {"one", "two"}
    assert records.make(listed, device="cpu", minutes=0) == []
    records.record(listed["one"], CPU)
    assert records.make(listed, device="cpu", workers=1) == ["two"]
    assert records.missing(listed) == {}
    assert records.make(listed, device="cpu") == []


def test_a_changed_spec_makes_a_record_stale(listed, folder, capsys):
    records.record(study(width=4), CPU)
    records.record(listed["one"], CPU)
    assert len(records.stale(listed.values())) == 2  # arrays and provenance of the first
    assert listed["two"].recorded() is None
    assert command.main(["list"]) == 0
    said = capsys.readouterr().out
    assert "missing  toy: two" in said and said.count("stale") == 2 and "1 of 2 recorded" in said


@pytest.mark.parametrize("suffix", [".npz", ".json"])
def test_a_damaged_record_is_refused_by_name(suffix):
    spec = study()
    path = records.record(spec, CPU).with_suffix(suffix)
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(ValueError, match=rf"{path.stem}.npz is damaged .* git checkout"):
        spec.result(device="cpu")


def test_a_record_under_another_specs_name_is_refused():
    path, other = records.record(study(), CPU), study(width=8)
    for suffix in (".npz", ".json"):
        path.with_suffix(suffix).rename(other.record_path().with_suffix(suffix))
    with pytest.raises(ValueError, match="its key is another spec's"):
        other.recorded()


def test_large_results_and_closed_folders_are_refused(monkeypatch, folder):
    monkeypatch.setattr(records, "MAX_BYTES", 100)
    with pytest.raises(ValueError, match="may take 100 bytes"):
        records.record(study(), CPU)
    assert not list(folder.rglob("*.npz")) and not list(folder.rglob("*.json"))
    folder.joinpath("file").write_text("")
    monkeypatch.setenv("HALFSPACE_RESULTS", str(folder / "file"))
    with pytest.raises(OSError, match="set HALFSPACE_RESULTS to a folder"):
        records.record(study(), CPU)


def test_verify_sees_other_weights_and_other_results(monkeypatch):
    spec = study()
    with pytest.raises(ValueError, match="no recorded run .* make results"):
        records.verify(spec, 0)
    path = records.record(spec, CPU)
    checks = records.verify(spec, 2)
    assert [check.name for check in checks] == ["initial", *CircleStudy.summaries]
    assert all(check.passed for check in checks)
    with np.load(path.with_suffix(".npz")) as stored:
        arrays = dict(stored)
    arrays["initial"] = arrays["initial"] + 1e-9
    arrays["loss_top"] = arrays["loss_top"] + 1
    np.savez_compressed(path.with_suffix(".npz"), **arrays)
    failed = [check.name for check in records.verify(spec, 2) if not check.passed]
    assert failed == ["initial", "loss_top"]


def test_the_seed_on_the_edge_of_the_spread_may_round_differently():
    told = dict(name="loss", recorded=1.0, low=1.0, high=2.0, exact=False)
    assert records.Check(recomputed=1 - 1e-3, **told).passed
    assert records.Check(recomputed=2.09, **told).passed
    assert not records.Check(recomputed=0.8, **told).passed
    assert not records.Check(recomputed=float("nan"), **told).passed
    assert not records.Check(recomputed=1 - 1e-9, **told | {"exact": True}).passed


def test_a_seed_that_diverged_may_do_so_again():
    told = dict(name="loss", recorded=float("nan"), low=1.0, high=2.0)
    assert records.Check(recomputed=float("nan"), exact=False, **told).passed
    assert records.Check(recomputed=1.5, exact=False, **told).passed
    assert not records.Check(recomputed=3.0, exact=False, **told).passed
    assert not records.Check(recomputed=float("nan"), exact=True, **told).passed


def test_the_command_verifies_in_turns(listed, capsys):
    for spec in listed.values():
        records.record(spec, CPU)
    assert command.main(["verify", "--minutes", "0", "--turn", "0"]) == 0
    first = capsys.readouterr().out
    assert command.main(["verify", "--minutes", "0", "--turn", "1"]) == 0
    second = capsys.readouterr().out
    assert ("toy: one, seed 0" in first) != ("toy: one, seed 1" in second)
    assert first.endswith("1 conditions, 0 failures\n")


def test_the_command_verifies_on_the_device_that_is_named(listed, capsys, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    records.record(listed["one"], CPU)
    assert command.main(["verify", "--device", "cuda"]) == 1
    assert "device 'cuda' is not to be had" in capsys.readouterr().err


def test_uncommitted_code_records_nothing(listed, capsys, monkeypatch):
    monkeypatch.setattr(command, "code_version", lambda: "0123456789ab-dirty")
    assert command.main(["make"]) == 1
    assert "needs committed code; commit the changes in lib" in capsys.readouterr().err
    assert set(records.missing(listed)) == {"one", "two"}


def test_the_studies_use_fresh_seeds_and_differ():
    conditions = circle_conditions()
    assert len({spec.key() for spec in conditions.values()}) == len(conditions)
    for name, spec in conditions.items():
        assert spec.training.first_seed == FIRST_SEED and spec.training.seeds >= 20
        assert name.split(":")[0] == spec.training.model
    images = fashion_conditions()
    assert len({spec.key() for spec in images.values()}) == len(images) == 18
    for name, spec in images.items():
        assert spec.first_seed == FIRST_SEED and spec.seeds >= 10 and spec.epochs == 50
        assert name.split(": ")[1:] == [spec.images, spec.labels]
        assert spec.constant_input == ("linear experts" not in name)
    for listed, least in ((theory_conditions(), 20), (region_conditions(), 10)):
        assert len({spec.key() for spec in listed.values()}) == len(listed)
        for spec in listed.values():
            seeded = spec.training if isinstance(spec, CountsDuringTraining) else spec
            assert seeded.first_seed == FIRST_SEED and seeded.seeds >= least
    for listed in (freezing_conditions(), surrogate_conditions(), reallocation_conditions()):
        assert len({spec.key() for spec in listed.values()}) == len(listed)
        for spec in listed.values():
            seeded = getattr(spec, "training", getattr(spec, "relu", spec))
            assert seeded.first_seed == 2 * FIRST_SEED and seeded.seeds >= 5
    assert STUDIES == {
        "circle": circle_conditions,
        "fashion": fashion_conditions,
        "theory": theory_conditions,
        "regions": region_conditions,
        "freezing": freezing_conditions,
        "surrogate": surrogate_conditions,
        "step sizes": step_size_conditions,
        "reallocation": reallocation_conditions,
        "cifar-short": short_conditions,
        "cifar": cifar_conditions,
    }


def test_the_runs_on_cifar():
    full, short = cifar_conditions(), short_conditions()
    specs = [*full.values(), *short.values()]
    assert len({spec.key() for spec in specs}) == len(specs)
    assert all(getattr(s, "training", s).first_seed >= FIRST_SEED for s in specs)
    for model in ("relu", "dlgn", "dlgn-pwc", "linear", "dgn"):
        spec = full[f"conv: {model}"]
        assert (spec.network, spec.model, spec.recipe) == ("conv", model, TABLE_1)
        assert spec.seeds >= 5 and spec.n_train == 50_000
    order = [name.split(": ")[0] for name in full]
    one_round = ["resnet-34"] * 6 + ["resnet-110"] * 6
    assert order == ["conv"] * 7 + 3 * one_round
    for name, spec in full.items():
        if name.startswith("resnet"):
            told = f"{spec.network}: {spec.model}: {spec.data}: {spec.first_seed}"
            assert name == told and (spec.recipe, spec.seeds) == (APPENDIX, 1)
    for name in ("conv: relu", "conv: dlgn", "conv: dlgn-pwc", "conv: linear"):
        assert short[name] == full[name].replace(recipe=SHORT, seeds=3)


def test_a_condition_is_found_by_its_study_and_name(monkeypatch):
    assert condition("circle: dlgn: base") == circle_conditions()["dlgn: base"]
    assert condition("circle: dlgn: base") is condition("circle: dlgn: base")
    for name in (
        "circle: dlgn: halves swap",
        "circel: dlgn: halves swapped",
        "dlgn halves swapped",
    ):
        with pytest.raises(ValueError, match=f"got '{name}', near 'circle: dlgn: halves swapped'"):
            condition(name)
    monkeypatch.setitem(STUDIES, "circle", lambda: {"dlgn: base": "another"})
    assert condition("circle: dlgn: base") == "another"


def test_what_needs_a_gpu_waits_for_one(listed, monkeypatch, capsys):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(command, "code_version", lambda: "0123456789ab")
    monkeypatch.setattr(command, "NEED_GPU", ("toy: two",))
    assert command.main(["make"]) == 0
    told = capsys.readouterr()
    assert "missing  toy: two\n1 recorded, 1 missing" in told.out
    assert "1 of the missing runs wait for a GPU, and PyTorch finds none here" in told.err
    assert listed["one"].recorded() and not listed["two"].recorded()
    assert command.main(["make", "--experiment", "toy"]) == 1
    assert command.main(["make", "--device", "cpu"]) == 0
    assert "1 recorded, 0 missing" in capsys.readouterr().out


def test_unfinished_runs_are_told(listed, monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(CircleStudy, "checkpoints", lambda self: [tmp_path / "a"])
    assert command.main(["list"]) == 0
    assert "missing  toy: one (1 unfinished, will go on)" in capsys.readouterr().out
