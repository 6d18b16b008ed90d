"""Recorded runs: made, read, resumed, reported as stale, verified, refused when damaged."""

import json
import os

import numpy as np
import pytest
import torch
from halfspace import files
from halfspace.companion import __main__ as command
from halfspace.companion import jobs, making, records
from halfspace.companion.cifar.conditions import SHORT, cifar_conditions, short_conditions
from halfspace.companion.cifar.specs import APPENDIX, TABLE_1
from halfspace.companion.circle.conditions import circle_conditions
from halfspace.companion.conjectures.conditions import (
    freezing_conditions,
    surrogate_conditions,
    swap_conditions,
)
from halfspace.companion.fashion.conditions import fashion_conditions
from halfspace.companion.reallocation.conditions import reallocation_conditions
from halfspace.companion.regions.conditions import region_conditions
from halfspace.companion.regions.in_training import CountsDuringTraining
from halfspace.companion.registry import NEED_GPU, STUDIES, condition
from halfspace.companion.seeds import FIRST_SEED, FRESH_SEED
from halfspace.companion.theory.conditions import theory_conditions
from toy import Rounding, ToyStudy

CPU = torch.device("cpu")


def study(**changes):
    return ToyStudy(**changes)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HALFSPACE_RESULTS", str(tmp_path / "results"))
    monkeypatch.setenv("HALFSPACE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "results"


@pytest.fixture
def listed(monkeypatch):
    conditions = {"one": study(), "two": study(width=8)}
    monkeypatch.setattr(command, "STUDIES", {"toy": lambda: conditions})
    monkeypatch.setattr(command, "code_version", lambda: "0123456789ab")
    return conditions


def test_a_recorded_run_is_read_instead_of_training(folder):
    spec = study()
    assert spec.recorded() is None
    path = records.record(spec, CPU)
    assert sorted(file.name for file in path.parent.iterdir()) == [
        f"{path.name}.json", f"{path.name}.npz",
    ]  # fmt: skip
    told = json.loads(path.with_suffix(".json").read_text())
    assert told["experiment"] == "ToyStudy" and told["key"] == spec.key()
    assert ToyStudy(**told["spec"]) == spec
    assert {"when", "commit", "versions", "device", "seconds"} <= set(told["provenance"])
    result = spec.result(device="cpu")
    assert result.source == "recorded" and result.provenance == told["provenance"]
    assert result.loss_top.shape == (2, 3)
    assert spec.result(device="cpu", recompute=True).source == "computed"


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


def npz(spec):
    return spec.record_path().with_suffix(".npz")


@pytest.fixture
def two(folder):
    """Recorded runs of two specs, of made-up numbers."""
    specs = study(), study(width=8)
    for place, spec in enumerate(specs):
        arrays = {"loss": np.arange(6.0).reshape(2, 3) + place, "at": np.array([0, 1])}
        records.keep(spec, arrays, {"commit": "0123456789ab", "when": "2026-01-01"})
    return specs


def test_another_runs_arrays_are_refused(two):
    one, other = two
    npz(one).write_bytes(npz(other).read_bytes())
    with pytest.raises(ValueError, match=f"{npz(one).name} is damaged .*checksum.* git checkout"):
        one.recorded()


@pytest.mark.parametrize(
    "forge",
    [
        lambda arrays: arrays | {"loss": arrays["loss"] + 1e-15},
        lambda arrays: arrays | {"loss": arrays["loss"][:, ::-1]},
        lambda arrays: arrays | {"loss": arrays["loss"].astype(np.float32)},
        lambda arrays: arrays | {"loss": arrays["loss"].reshape(3, 2)},
        lambda arrays: {"loss": arrays["loss"]},
        lambda arrays: arrays | {"more": np.zeros(2)},
        lambda arrays: {"losses": arrays["loss"], "at": arrays["at"]},
        lambda arrays: {},
    ],
    ids=["number", "order", "type", "shape", "one less", "one more", "name", "none"],
)
def test_changed_arrays_are_refused(two, forge):
    spec = two[0]
    np.savez_compressed(npz(spec), **forge(spec.recorded().arrays))
    with pytest.raises(ValueError, match="is damaged .*checksum"):
        spec.recorded()


@pytest.mark.parametrize("name", ["provenance", "spec", "version", "experiment", "digest"])
def test_a_changed_description_is_refused(two, name):
    path = npz(two[0]).with_suffix(".json")
    told = json.loads(path.read_text())
    path.write_text(json.dumps(told | {name: "another"}))
    with pytest.raises(ValueError, match="is damaged .*checksum"):
        two[0].recorded()
    del told["digest"]
    path.write_text(json.dumps(told))
    with pytest.raises(ValueError, match="is damaged .*checksum"):
        two[0].recorded()


def test_a_flipped_bit_is_refused_or_changes_nothing(two):
    spec = two[0]
    arrays, whole = spec.recorded().arrays, npz(spec).read_bytes()
    for place in range(len(whole)):
        damaged = bytearray(whole)
        damaged[place] ^= 1 << (place % 8)
        npz(spec).write_bytes(damaged)
        try:
            read = spec.recorded().arrays
        except ValueError as error:
            assert f"{npz(spec).name} is damaged" in str(error)
        else:
            assert read.keys() == arrays.keys()
            assert all(np.array_equal(read[name], arrays[name]) for name in arrays)


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
    with pytest.raises(OSError, match="file.*set HALFSPACE_RESULTS to a copy of the folder"):
        records.record(study(), CPU)
    with pytest.raises(OSError, match="file.*set HALFSPACE_RESULTS to a copy of the folder"):
        making.make({"one": study()}, device="cpu")


def changed(spec, **changes):
    """Keep a recorded run again with some arrays changed, checksum and all."""
    old = spec.recorded()
    arrays = {name: changes.get(name, lambda x: x)(old.arrays[name]) for name in old.arrays}
    records.keep(spec, arrays, old.provenance)


def wrong(spec, index=2):
    return {check.name for check in records.verify(spec, index) if not check.passed}


def test_verify_compares_every_array():
    spec = study()
    with pytest.raises(ValueError, match="no recorded run .* make results"):
        records.verify(spec, 0)
    records.record(spec, CPU)
    checks = records.verify(spec, 2)
    assert {check.name for check in checks} == set(spec.recorded().arrays)
    assert all(check.passed for check in checks)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("initial", lambda x: x + 1e-4),
        ("loss_top", lambda x: x * 1.05),
        ("log_paths_top", lambda x: x[:, ::-1]),
        ("patterns_top", lambda x: x + 2),
        ("spectrum", lambda x: x * 2),
        ("at", lambda x: x + 1),
        ("ntk_start", lambda x: np.where(np.arange(3) == 2, np.nan, x)),
    ],
    ids=["weights", "factor", "order of seeds", "count", "spectrum", "epochs", "not a number"],
)
def test_verify_sees_a_changed_number(name, change):
    spec = study()
    records.record(spec, CPU)
    changed(spec, **{name: change})
    assert wrong(spec) == {name}


def test_where_rounding_decides_an_array_counts_as_late(monkeypatch):
    monkeypatch.delenv("MKL_CBWR", raising=False)
    spec = Rounding(seeds=5)
    records.record(spec, CPU)
    changed(spec, log_paths_top=lambda x: np.where(np.arange(5) == 1, np.flip(x, 1), x))
    assert wrong(spec, 1) == set()  # within the spread of the seeds
    changed(spec, loss_top=lambda x: x[:, ::-1])
    assert wrong(spec, 1) == {"loss_top"}  # rounding does not decide this one
    changed(spec, log_paths_top=lambda x: x + 9)
    assert wrong(spec, 1) == {"loss_top", "log_paths_top"}
    assert "MKL_CBWR" not in os.environ


def test_arrays_that_rounding_decides_are_not_compared(monkeypatch):
    spec = study()
    records.record(spec, CPU)
    changed(spec, loss_top=lambda x: x + 9, log_paths_top=lambda x: x + 9)
    assert wrong(spec, 1) == {"loss_top", "log_paths_top"}
    monkeypatch.setattr(ToyStudy, "unsettled", ("loss_top",))
    assert wrong(spec, 1) == {"log_paths_top"}


def test_verify_refuses_other_arrays():
    spec = study()
    records.record(spec, CPU)
    old = spec.recorded()
    records.keep(spec, old.arrays | {"more": np.zeros(3)}, old.provenance)
    with pytest.raises(ValueError, match="has different arrays: more"):
        records.verify(spec, 0)
    records.keep(spec, old.arrays | {"spectrum": np.zeros((2, 3, 5))}, old.provenance)
    with pytest.raises(ValueError, match=r"spectrum was recorded in shape \(2, 3, 5\)"):
        records.verify(spec, 0)


def test_verify_computes_with_the_recorded_number_of_threads(monkeypatch):
    spec = study()
    records.record(spec, CPU)
    before, used = torch.get_num_threads(), []
    run = type(spec)._run
    monkeypatch.setattr(
        type(spec), "_run", lambda *args: used.append(torch.get_num_threads()) or run(*args)
    )
    records.keep(spec, spec.recorded().arrays, spec.recorded().provenance | {"threads": 3})
    records.verify(spec, 2)
    assert used == [3]
    assert torch.get_num_threads() == before


def test_a_share_of_few_images_may_differ_by_images():
    """A tenth of the largest share would be less than one image of twenty here."""
    spec = STUDIES["cifar-synthetic"]()["resnet-8: relu"]
    accuracy = np.full((2, 10), 0.2)
    for more, passed in ((0.05, True), (0.1, True), (0.15, False)):
        new = accuracy[:1] + more * (np.arange(10) == 3)
        check = records._compare("train_accuracy", accuracy, new, 0, None, spec)
        assert check.passed == passed
        assert not records._compare("loss", accuracy, new, 0, None, spec).passed


def test_early_values_must_agree_and_late_ones_lie_within_the_seeds_spread():
    """A made-up study: the first of two epochs counts as early, five seeds."""
    spec = study()
    old = np.array([[1.0, 2.0, 3.0, 4.0, 5.5]] * 2)
    times = np.array([0, 300])

    def check(early=2.0, late=2.0, **told):
        new = np.array([[early], [late]])
        return records._compare("loss", told.get("old", old), new, 1, times, spec)

    assert check().passed and check(early=2.009).passed
    seen = check(early=2.02)
    assert not seen.passed and (seen.recorded, seen.recomputed) == (2, 2.02)
    assert (seen.low, seen.high) == (pytest.approx(1.99), pytest.approx(2.01))
    assert check(late=4.5).passed and check(late=7.0).passed
    assert not check(late=7.9).passed and not check(late=float("nan")).passed
    diverged = np.where(np.arange(5) == 1, np.nan, old)
    assert check(old=diverged, early=np.nan, late=np.nan).passed
    assert not check(old=diverged, early=np.nan, late=7.9).passed
    assert not check(old=diverged, early=2.0, late=np.nan).passed


def test_a_count_may_differ_by_one_where_nets_are_trained(monkeypatch):
    old = np.array([[10.0, 20.0, 30.0]] * 2)
    again = dict(index=1, times=np.array([0, 300]), spec=study())
    for difference, passed in ((1, True), (2, False)):
        new = np.array([[20.0 + difference], [20.0]])
        assert records._compare("patterns", old, new, **again).passed == passed
    monkeypatch.setattr(ToyStudy, "early", float("inf"))
    assert not records._compare("patterns", old, np.array([[21.0], [20.0]]), **again).passed


def test_of_many_late_entries_one_in_ten_may_be_outside():
    spec, old = study(), np.tile(np.arange(5.0)[:, np.newaxis], 20)
    new = np.full((1, 20), 2.0)
    for changed in range(4):
        new[0, :changed] = 9
        told = records._compare("predicted", old, new, 1, None, spec)
        assert told.passed == (changed <= 2), changed


def test_arrays_after_further_training_count_as_late(monkeypatch):
    spec = study()
    old = np.array([[1.0, 2.0, 3.5]] * 2)
    again = dict(index=1, times=np.array([0, 300]), spec=spec, recomputed=np.full((2, 1), 2.5))
    assert not records._compare("fresh", old, **again).passed
    monkeypatch.setattr(ToyStudy, "late", ("fresh",))
    assert records._compare("fresh", old, **again).passed


def test_a_run_without_seeds_is_recomputed_as_a_whole():
    spec = study()
    old = np.array([[1.0, 2.0, 3.0], [1.0, 2.0, 3.0]])
    again = dict(index=4, times=np.array([0, 300]), spec=spec)
    late = np.array([[1.0, 2.0, 3.0], [3.0, 2.0, 1.0]])
    assert records._compare("own", old, late, **again).passed
    assert not records._compare("own", old, old[:, ::-1], **again).passed
    bias, new = np.array([[0.05], [0.064]]), np.array([[0.05], [0.062]])
    assert records._compare("own", bias, new, **again).passed
    assert not records._compare("own", bias, 1.5 * bias, **again).passed


def test_the_command_verifies_in_turns(listed, capsys):
    for spec in listed.values():
        records.record(spec, CPU)
    assert command.main(["verify", "--minutes", "0", "--turn", "0"]) == 0
    first = capsys.readouterr().out
    assert first.count("arrays agree") == 1
    assert command.main(["verify", "--minutes", "0", "--turn", "1"]) == 0
    second = capsys.readouterr().out
    assert ("toy: one, seed 0" in first) != ("toy: one, seed 1" in second)
    assert first.endswith("1 conditions, 0 failures\n")
    changed(listed["one"], loss_top=lambda x: x + 1)
    changed(listed["two"], loss_top=lambda x: x + 1)
    assert command.main(["verify", "--turn", "0"]) == 1
    told = capsys.readouterr().out
    assert "loss_top is " in told and told.endswith("2 conditions, 2 failures\n")


def test_a_late_value_may_be_off_in_one_seed_but_not_in_two(listed, capsys, monkeypatch):
    monkeypatch.setattr(ToyStudy, "early", 0.0)  # the second of two epochs is late
    spec = listed["one"]
    command_line = ["verify", "--turn", "0"]

    def record(late, row=1):
        arrays, provenance = spec.run(CPU)
        losses = arrays["loss_top"].copy()
        losses[row] += late
        records.keep(spec, arrays | {"loss_top": losses}, provenance)

    record([0, 0, 0])
    assert command.main(command_line) == 0
    assert capsys.readouterr().out.count("seed") == 1
    recompute = ToyStudy._run

    def off(seeds, row):
        def run(self, device):
            arrays = recompute(self, device)
            if self.first_seed in seeds:
                arrays["loss_top"][row] += 50
            return arrays

        monkeypatch.setattr(ToyStudy, "_run", run)

    off({5}, row=1)
    assert command.main(command_line) == 0
    said = capsys.readouterr().out
    assert "differs toy: one, seed 0" in said and "ok      toy: one, seed 1" in said
    off({5, 6}, row=1)
    assert command.main(command_line) == 1
    assert capsys.readouterr().out.endswith("1 conditions, 1 failures\n")
    monkeypatch.setattr(ToyStudy, "_run", recompute)
    record([50, 0, 0], row=0)  # early: no second seed is asked
    assert command.main(command_line) == 1
    assert "seed 1" not in capsys.readouterr().out


def test_the_command_verifies_on_the_device_that_is_named(listed, capsys, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    records.record(listed["one"], CPU)
    assert command.main(["verify", "--device", "cuda"]) == 1
    assert "device 'cuda' is not available" in capsys.readouterr().err


def test_nothing_verified_is_a_failure(listed, capsys, monkeypatch):
    assert command.main(["verify"]) == 1
    assert capsys.readouterr().err.startswith("nothing was verified: no run of any experiment")
    records.record(listed["one"], CPU)
    monkeypatch.setattr(ToyStudy, "verifiable", False)
    assert command.main(["verify", "--experiment", "toy"]) == 1
    assert "nothing was verified: no run of toy is both recorded" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("version", "told"),
    [
        ("0123456789ab-dirty", "needs committed code; commit the changes in lib"),
        ("unknown", "git finds none here; install git, or run in a clone"),
    ],
)
def test_code_without_a_commit_records_nothing(listed, capsys, monkeypatch, version, told):
    monkeypatch.setattr(command, "code_version", lambda: version)
    assert command.main(["make"]) == 1
    assert told in capsys.readouterr().err
    assert set(records.missing(listed)) == {"one", "two"}


def test_the_studies_use_fresh_seeds_and_differ():
    conditions = circle_conditions()
    assert len({spec.key() for spec in conditions.values()}) == len(conditions)
    for name, spec in conditions.items():
        assert spec.training.first_seed == FRESH_SEED and spec.training.seeds >= 40
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
            assert seeded.first_seed in (FIRST_SEED, FRESH_SEED) and seeded.seeds >= least
    conjectures = (freezing_conditions(), surrogate_conditions(), swap_conditions())
    for listed in (*conjectures, reallocation_conditions()):
        assert len({spec.key() for spec in listed.values()}) == len(listed)
        for spec in listed.values():
            seeded = getattr(spec, "training", getattr(spec, "relu", spec))
            assert seeded.first_seed == FRESH_SEED and seeded.seeds >= 5


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
    def record(conditions, device, **options):
        for spec in conditions.values():
            records.record(spec, CPU)

    monkeypatch.setattr(command.making, "make", record)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(command, "NEED_GPU", ("toy: two",))
    assert command.main(["make"]) == 0
    told = capsys.readouterr()
    assert "missing  toy: two\n1 recorded, 1 missing" in told.out
    assert "1 of the missing runs wait for a GPU, and PyTorch finds none here" in told.err
    assert listed["one"].recorded() and not listed["two"].recorded()
    assert command.main(["make", "--experiment", "toy"]) == 1
    assert command.main(["make", "--device", "cpu"]) == 0
    assert "1 recorded, 0 missing" in capsys.readouterr().out


def test_a_spec_is_the_same_after_a_plan():
    listed = {f"{study}: {n}": s for study, f in STUDIES.items() for n, s in f().items()}
    planned = jobs.plan(listed, workers=2, device="cpu")
    for job in json.loads(json.dumps(planned))["jobs"].values():
        for run in job["runs"]:
            spec = listed[run["name"]]
            assert type(spec)(**run["fields"]).key() == spec.key()
            assert (run["module"], run["kind"]) == (type(spec).__module__, type(spec).__name__)


def test_runs_that_need_a_gpu_ask_a_cluster_for_one():
    for study, listing in STUDIES.items():
        for name, spec in listing().items():
            full_name = f"{study}: {name}"
            if full_name.startswith(NEED_GPU):
                assert spec.gpus == 1 and spec.memory > 2000, full_name
            elif "cifar" not in study and study not in ("table 1", "resnet-20"):
                assert spec.gpus == 0, full_name
    assert not any(spec.gpus for spec in STUDIES["cifar-short"]().values())


@pytest.mark.parametrize("value", ["-1", "nan", "inf", "ten", ""])
@pytest.mark.parametrize("name", ["make", "verify"])
def test_minutes_must_be_a_number(name, value, capsys):
    with pytest.raises(SystemExit) as ended:
        command.main([name, "--minutes", value])
    told = f"MINUTES must be a number, 0 or larger; got {value}"
    assert ended.value.code == 2 and capsys.readouterr().err == f"argument --minutes: {told}\n"


@pytest.mark.parametrize("value", ["0", "-2", "1.5", "two"])
def test_cores_must_be_a_whole_number(value, capsys):
    with pytest.raises(SystemExit) as ended:
        command.main(["make", "--workers", value])
    told = f"CORES must be a whole number, 1 or larger; got {value}"
    assert ended.value.code == 2 and capsys.readouterr().err == f"argument --workers: {told}\n"


def test_one_process_records_at_a_time(listed, folder, capsys):
    folder.mkdir()
    with files.locked(folder / ".lock", ""):
        assert command.main(["make"]) == 1
    assert "another process is recording runs in" in capsys.readouterr().err
    assert set(records.missing(listed)) == {"one", "two"}


def test_unfinished_runs_are_listed(listed, monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(ToyStudy, "checkpoints", lambda self: [tmp_path / "a"])
    assert command.main(["list"]) == 0
    assert "missing  toy: one (1 unfinished, will continue)" in capsys.readouterr().out
