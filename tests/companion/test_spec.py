"""Specs: keys, cache, provenance."""

import dataclasses
import os
import re
import signal
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import pytest
import torch
from halfspace.companion import commit, store
from halfspace.companion import spec as spec_module
from halfspace.companion.circle import specs as circle_specs
from halfspace.companion.commit import code_version
from halfspace.companion.records import keep
from halfspace.companion.spec import Spec, later, resolve_device, results
from halfspace.companion.store import cache_folder, results_folder
from pydantic import BaseModel, Field, ValidationError
from toy import ToyStudy

RUNS = []


class Toy(Spec):
    """Square some numbers."""

    n: int = Field(3, ge=1)
    factor: float = 1.0

    def _run(self, device):
        RUNS.append(self)
        return {"squares": self.factor * np.arange(self.n) ** 2}


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("HALFSPACE_CACHE", str(tmp_path / "cache"))
    RUNS.clear()
    return tmp_path / "cache"


def test_every_field_and_the_version_change_the_key(monkeypatch):
    keys = {Toy().key(), Toy(n=4).key(), Toy(factor=2.0).key()}
    monkeypatch.setattr(Toy, "version", 2)
    assert len(keys | {Toy().key()}) == 4
    monkeypatch.undo()
    assert Toy().key() == Toy(n=3).key()


class Target(BaseModel):
    """A field of a spec that is a model itself."""

    size: int = 2
    noise: float = later(0.0)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Optimiser:
    """A field of a spec that is a dataclass."""

    rate: float = 0.1
    momentum: float = dataclasses.field(default=0.0, metadata={"later": True})


def versions_of_a_spec():
    """The same experiment before and after it, and the models in it, gained fields."""

    class OldTarget(BaseModel):
        size: int = 2

    @dataclasses.dataclass(frozen=True)
    class OldOptimiser:
        rate: float = 0.1

    class Old(Toy):
        recorded_as = "Experiment"
        n: int = 3
        target: OldTarget = OldTarget()
        optimiser: OldOptimiser = OldOptimiser()

    class Renamed(Toy):
        recorded_as = "Experiment"
        n: int = 3
        target: Target = Target()
        optimiser: Optimiser = Optimiser()
        depth: int = later(5, ge=1)

    return Old, Renamed


def test_a_field_added_later_and_a_new_name_keep_the_key(tmp_path, monkeypatch):
    monkeypatch.setenv("HALFSPACE_RESULTS", str(tmp_path))
    old, renamed = versions_of_a_spec()
    assert renamed().key() == old().key()
    assert renamed().record_path() == old().record_path()
    assert renamed(depth=5, target=Target(noise=0.0)).key() == old().key()


def test_a_field_added_later_counts_where_it_differs():
    old, renamed = versions_of_a_spec()
    changed = [
        renamed(depth=6),
        renamed(target=Target(noise=0.1)),
        renamed(target=Target(size=3)),
        renamed(optimiser=Optimiser(momentum=0.9)),
        renamed(optimiser=Optimiser(rate=0.2)),
    ]
    assert len({spec.key() for spec in [old(), *changed]}) == 6


def test_a_subclass_has_a_separate_name():
    _, renamed = versions_of_a_spec()

    class Wider(renamed):
        width: int = 8

    assert Wider.recorded_as == "Wider" and Toy.recorded_as == "Toy"


def test_runs_once_then_reads_the_cache(cache):
    first = Toy(n=4).result(device="cpu")
    assert first.squares.tolist() == [0, 1, 4, 9] and first.source == "computed"
    again = Toy(n=4).result(device="cpu")
    assert again.source == "cached" and again.squares.tolist() == [0, 1, 4, 9] and len(RUNS) == 1
    assert again.provenance == first.provenance
    assert {"when", "commit", "versions", "device", "seconds", "data"} <= set(first.provenance)
    Toy(n=4).result(device="cpu", recompute=True)
    assert len(RUNS) == 2
    assert not list(cache.rglob("*.partial"))


def test_a_change_of_the_package_outdates_the_cache(monkeypatch):
    Toy().result(device="cpu")
    monkeypatch.setattr(spec_module, "sources_digest", lambda module: "other")
    assert Toy().result(device="cpu").source == "computed"


@pytest.mark.parametrize("damage", [b"", b"PK not a zip", None])
def test_a_damaged_file_is_made_again(cache, damage):
    Toy().result(device="cpu")
    (path,) = cache.rglob("*.npz")
    path.write_bytes(path.read_bytes()[:-40] if damage is None else damage)
    assert Toy().result(device="cpu").squares.tolist() == [0, 1, 4]
    assert len(RUNS) == 2


def test_an_interrupted_run_leaves_nothing(cache, monkeypatch):
    def interrupt(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(np, "savez_compressed", interrupt)
    with pytest.raises(KeyboardInterrupt):
        Toy().result(device="cpu")
    assert not [path for path in cache.rglob("*") if path.is_file()]


def test_a_folder_that_cannot_be_written_is_named_before_the_run(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("HALFSPACE_CACHE", str(tmp_path / "file"))
    with pytest.raises(OSError, match="cannot be written to .*file.*set HALFSPACE_CACHE"):
        Toy().result(device="cpu")
    assert not RUNS


def test_several_run_side_by_side_and_are_kept(cache):
    # In processes of their own the specs must be importable: a real experiment, as small as can be.
    small = dict(width=3, depth=2, epochs=2, seeds=2, grid=8)
    specs = {seed: circle_specs.recipe("dlgn", **small, first_seed=seed) for seed in (1, 2, 3)}
    found = results(specs, device="cpu")
    assert list(found) == [1, 2, 3]
    assert all(found[seed].spec == specs[seed] for seed in specs)
    assert {result.source for result in found.values()} == {"computed"}
    assert len(list(cache.rglob("*.npz"))) == 3
    alone = specs[2].result(device="cpu", recompute=True)
    np.testing.assert_allclose(found[2].loss, alone.loss, rtol=1e-5)
    assert results({"toy": Toy()}, device="cpu")["toy"].squares.tolist() == [0, 1, 4]


@pytest.mark.parametrize("threads", [1, 2])
def test_recorded_runs_are_read_unless_all_is_to_be_recomputed(tmp_path, monkeypatch, threads):
    monkeypatch.setenv("HALFSPACE_RESULTS", str(tmp_path / "results"))
    monkeypatch.setattr(torch, "get_num_threads", lambda: threads)
    small = dict(width=3, depth=2, epochs=2, seeds=2, grid=8)
    specs = {seed: circle_specs.recipe("dlgn", **small, first_seed=seed) for seed in (1, 2)}
    for spec in specs.values():
        made = spec.result(device="cpu").arrays
        keep(spec, made | {"loss": np.full((1, 1), 7.0)}, {})
    read = results(specs, device="cpu")
    assert {(found.source, found.loss.item()) for found in read.values()} == {("recorded", 7.0)}
    anew = results(specs, device="cpu", recompute=True)
    for seed, found in anew.items():
        assert found.source == "computed" and found.spec == specs[seed]
        assert found.loss.shape == (3, 2)


class Ended(Spec):
    """End the process that runs it, as the system does when memory is short."""

    number: int

    def _run(self, device):
        os.kill(os.getpid(), signal.SIGKILL)


def test_a_killed_process_is_a_sentence_and_no_hang(monkeypatch):
    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)
    with pytest.raises(ChildProcessError, match="a process was killed, .*memory"):
        results({n: Ended(number=n) for n in (1, 2)}, device="cpu")


def test_specs_are_frozen_and_strict():
    with pytest.raises(ValidationError):
        Toy(m=3)
    with pytest.raises(ValidationError):
        Toy().n = 4
    with pytest.raises(ValidationError):
        Toy().replace(n=0)
    assert Toy().replace(n=5) == Toy(n=5)


def test_result_names_what_it_has():
    with pytest.raises(AttributeError, match="no array 'cubes'; it has squares"):
        Toy().result(device="cpu").cubes  # noqa: B018


def test_devices(monkeypatch):
    assert resolve_device("cpu").type == "cpu"
    with pytest.raises(ValueError, match="device must be 'auto', 'cpu' or 'cuda'; got 'gpu'"):
        resolve_device("gpu")
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    assert resolve_device("auto").type == "cpu"
    with pytest.raises(ValueError, match="'cuda' is not available"):
        resolve_device("cuda")


@pytest.mark.parametrize("value", ["", None])
def test_an_empty_variable_counts_as_unset(monkeypatch, value):
    for name in ("HALFSPACE_CACHE", "HALFSPACE_RESULTS"):
        monkeypatch.delenv(name, raising=False)
        if value is not None:
            monkeypatch.setenv(name, value)
    root = Path(__file__).parents[2]
    assert cache_folder() == root / "_build" / "cache"
    assert results_folder() == root / "data" / "results"


def test_folders_outside_the_repository(monkeypatch, tmp_path):
    monkeypatch.delenv("HALFSPACE_CACHE")
    monkeypatch.delenv("HALFSPACE_RESULTS", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(store, "_PACKAGE", tmp_path / "site-packages" / "halfspace")
    assert cache_folder() == tmp_path / "halfspace"
    assert results_folder() is None and Toy().recorded() is None

    def homeless():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setattr(store.Path, "home", homeless)
    assert cache_folder() == Path(tempfile.gettempdir()) / "halfspace"


class Defaults(Spec):
    """Tell how a run finds PyTorch."""

    def _run(self, device):
        weight = torch.zeros(3, requires_grad=True)
        (weight * 2).sum().backward()
        product = torch.ones(2, 2) @ torch.ones(2, 2)
        return {"type": np.array(str(product.dtype)), "device": np.array(str(product.device))}


def test_a_session_s_settings_change_no_run():
    before = torch.get_default_dtype(), torch.get_default_device()
    try:
        torch.set_default_dtype(torch.float64)
        torch.set_default_device("meta")
        with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16):
            arrays, _ = Defaults().run(torch.device("cpu"))
        after = torch.get_default_dtype(), torch.get_default_device().type
    finally:
        torch.set_default_dtype(before[0])
        torch.set_default_device(None)
    assert (str(arrays["type"]), str(arrays["device"])) == ("torch.float32", "cpu")
    assert after == (torch.float64, "meta")


@pytest.fixture
def clone(tmp_path, monkeypatch):
    """A repository with one committed package, which stands for this one."""
    package = tmp_path / "lib" / "halfspace"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    git = ["git", "-C", tmp_path, "-c", "user.name=a", "-c", "user.email=a@b"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "one"]):
        subprocess.run([*git, *command], check=True)
    monkeypatch.setattr(commit, "_PACKAGE", package)
    code_version.cache_clear()
    yield package
    code_version.cache_clear()


def test_the_commit_of_the_code(clone, monkeypatch):
    monkeypatch.setenv("GIT_DIR", str(clone / "nowhere"))
    assert re.fullmatch("[0-9a-f]{12}", code_version())
    code_version.cache_clear()
    (clone / "more.py").touch()
    assert re.fullmatch("[0-9a-f]{12}-dirty", code_version())


def test_a_package_inside_another_repository_has_no_commit(clone, monkeypatch):
    installed = clone.parent / "site-packages" / "halfspace"
    installed.mkdir(parents=True)
    (installed / "__init__.py").touch()
    (clone.parent.parent / ".gitignore").write_text("site-packages\n")
    monkeypatch.setattr(commit, "_PACKAGE", installed)
    assert code_version() == "unknown"


def test_without_git_there_is_no_commit(clone, monkeypatch):
    monkeypatch.setenv("PATH", str(clone))
    assert code_version() == "unknown"


def test_one_seed_is_the_run_of_that_seed_or_all_of_a_run_without_seeds():
    one = ToyStudy(first_seed=3, seeds=4, width=8).one_seed(2)
    assert (one.first_seed, one.seeds, one.width) == (5, 1, 8)
    assert Toy().one_seed(2) == Toy()
