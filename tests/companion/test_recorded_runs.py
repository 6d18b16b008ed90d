"""The recorded runs that the repository keeps: each is whole, and none is left over."""

import json
from pathlib import Path

import numpy as np
import pytest
from halfspace.companion import records
from halfspace.companion.registry import CLAIMS, STUDIES, condition
from halfspace.companion.store import results_folder

FOLDER = Path(__file__).parents[2] / "data/results"
SPECS = {
    spec.record_path(): spec for conditions in STUDIES.values() for spec in conditions().values()
}


@pytest.fixture(autouse=True, scope="module")
def kept_runs():
    assert results_folder() == FOLDER, "unset HALFSPACE_RESULTS to test the repository's own runs"


def test_every_run_is_as_it_was_recorded():
    read = [path for path, spec in SPECS.items() if spec.recorded()]
    assert len(read) == len(list(FOLDER.glob("*/*.json")))


def test_a_run_has_two_files_and_a_spec():
    arrays, told = (
        {path.with_suffix("") for path in FOLDER.glob(f"*/*{suffix}")}
        for suffix in (".npz", ".json")
    )
    assert arrays == told and records.stale(SPECS.values()) == []


def test_every_recorded_run_keeps_its_key():
    """Whatever is added to specs, the spec in a file gives the file's name."""
    classes = {type(spec).recorded_as: type(spec) for spec in SPECS.values()}
    for path in sorted(FOLDER.glob("*/*.json")):
        told = json.loads(path.read_text(encoding="utf8"))
        key = classes[told["experiment"]](**told["spec"]).key()
        assert (path.parent.name, path.stem) == (told["experiment"], key[:16])
        assert told["key"] == key


def test_a_run_is_described_by_its_spec():
    for path, spec in SPECS.items():
        if path.with_suffix(".json").exists():
            told = json.loads(path.with_suffix(".json").read_text(encoding="utf8"))
            assert (told["experiment"], told["version"]) == (spec.recorded_as, spec.version)
            assert type(spec)(**told["spec"]) == spec
            assert len(told["provenance"]["commit"]) == 12


class Noted(dict):
    """Arrays that note which of them are read."""

    def __init__(self, arrays):
        super().__init__(arrays)
        self.read = set()

    def __getitem__(self, name):
        self.read.add(name)
        return super().__getitem__(name)


def read_by_claims():
    """The arrays that claims read of recorded runs, by the experiments' names."""
    results = {}
    for claim in CLAIMS:
        for part in claim.cases + claim.controls:
            for name in part.needs:
                result = results.setdefault(name, condition(name).recorded())
                if result is not None and not isinstance(result.arrays, Noted):
                    result.arrays = Noted(result.arrays)
            if all(results[name] for name in part.needs):
                part.judge(results)
    read = {}
    for result in filter(None, results.values()):
        read.setdefault(result.spec.recorded_as, set()).update(result.arrays.read)
    return read


def test_verify_compares_every_array_that_a_claim_reads():
    compared = {}
    for path, spec in SPECS.items():
        if spec.verifiable and path.with_suffix(".npz").exists():
            with np.load(path.with_suffix(".npz")) as arrays:
                compared.setdefault(spec.recorded_as, set()).update(
                    set(arrays.files) - {*spec.timings, *spec.unsettled}
                )
    read = read_by_claims()
    assert len(read) > 10
    missed = {name: sorted(arrays - compared.get(name, set())) for name, arrays in read.items()}
    assert {name: arrays for name, arrays in missed.items() if arrays} == {}
