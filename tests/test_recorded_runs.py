"""The recorded runs that the repository keeps: each is whole, and none is left over."""

import json
from pathlib import Path

import pytest
from halfspace.experiments import records
from halfspace.experiments._base import results_folder
from halfspace.experiments.studies import STUDIES

FOLDER = Path(__file__).parents[1] / "data/results"
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
    """Whatever is added to specs: from what a file tells of its spec follows the file's name."""
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
