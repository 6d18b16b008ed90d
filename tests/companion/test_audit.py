"""The audit recomputes the report without the package, and notices what is changed."""

import ast
import copy
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from halfspace.companion.report import report
from halfspace.companion.store import results_folder

SCRIPT = Path(__file__).parents[2] / "audit" / "audit.py"


@pytest.fixture(scope="module")
def entries() -> list[dict]:
    return report()


@pytest.fixture(scope="module")
def regions(entries) -> list[dict]:
    """Return the entries of one subject: enough to see the audit fail."""
    return [entry for entry in entries if entry["subject"] == "regions"]


@pytest.fixture
def audit(tmp_path):
    """Return a function that runs the audit on entries: exit status and lines."""

    def run(entries, results=None):
        path = tmp_path / "report.json"
        path.write_text(json.dumps(entries))
        done = subprocess.run(
            [sys.executable, "-I", SCRIPT, path, "--results", results or results_folder()],
            capture_output=True,
            text=True,
        )
        assert done.stderr == ""
        return done.returncode, done.stdout.splitlines()

    return run


def finding(entries, id, case) -> dict:
    (entry,) = (entry for entry in entries if entry["id"] == id)
    return next(finding for finding in entry["findings"] if finding["case"] == case)


def test_report_is_what_the_audit_finds(entries, audit):
    status, lines = audit(entries)
    findings = sum(len(entry["findings"]) for entry in entries)
    claims = sum(bool(entry["findings"]) for entry in entries)
    assert lines == [f"{findings} findings of {claims} claims recomputed, 0 disagree"]
    assert status == 0


def test_audit_knows_nothing_of_the_package():
    imported = set()
    for node in ast.walk(ast.parse(SCRIPT.read_text())):
        if isinstance(node, ast.Import):
            imported |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add(node.module.split(".")[0])
    assert imported - set(sys.stdlib_module_names) == {"numpy", "scipy"}


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("effect", lambda x: x * (1 + 1e-7)),
        ("low", lambda x: x - 1e-3),
        ("median", lambda x: x + 1e-3),
        ("p", lambda x: x / 2 + 1e-9),
        ("holm", lambda x: x + 1e-3),
        ("seeds", lambda x: x - 1),
        ("interval", lambda x: "Wilson"),
        ("holds", lambda x: not x),
    ],
)
def test_changed_number_is_named(regions, audit, name, change):
    changed = copy.deepcopy(regions)
    one = finding(changed, "fewer-faces-2", "2 inputs")
    one[name] = change(one[name])
    status, lines = audit(changed)
    assert status == 1
    assert any(line.startswith("fewer-faces-2") and name in line for line in lines)
    assert lines[-1].endswith("1 disagree")


def test_changed_verdict_is_named(regions, audit):
    changed = copy.deepcopy(regions)
    (entry,) = (entry for entry in changed if entry["id"] == "fewer-faces-2")
    entry["verdict"] = "not reproduced"
    status, lines = audit(changed)
    assert (status, lines[-1][-10:]) == (1, "1 disagree")
    assert lines[0] == "fewer-faces-2: verdict is reproduced, reported not reproduced"


def test_changed_array_is_noticed(regions, audit, tmp_path):
    (entry,) = (entry for entry in regions if entry["id"] == "fewer-faces-2")
    results = tmp_path / "results"
    shutil.copytree(results_folder(), results)
    path = results / Path(entry["runs"][0]["file"]).relative_to("data/results")
    with np.load(path) as stored:
        arrays = dict(stored)
    arrays["pattern"][0] += 1
    np.savez(path, **arrays)
    status, lines = audit(regions, results)
    assert status == 1
    assert any(line.startswith("fewer-faces-2: case 2 inputs: effect is") for line in lines)


def test_claim_without_a_statistic_is_named(regions, audit):
    changed = copy.deepcopy(regions)
    (entry,) = (entry for entry in changed if entry["id"] == "fewer-faces-2")
    entry["id"] = "new-claim"
    status, lines = audit(changed)
    assert status == 1
    assert lines[0] == "new-claim: case 2 inputs: the audit has no statistic of this claim"


def test_runs_of_another_net_or_of_explored_seeds_are_named(regions, audit, tmp_path):
    (entry,) = (entry for entry in regions if entry["id"] == "fewer-path-regions-2")
    results = tmp_path / "results"
    shutil.copytree(results_folder(), results)
    run = entry["runs"][0]
    path = (results / Path(run["file"]).relative_to("data/results")).with_suffix(".json")
    described = json.loads(path.read_text())
    described["spec"] |= {"model": "dlgn", "first_seed": 0}
    path.write_text(json.dumps(described))
    status, lines = audit(regions, results)
    assert status == 1
    assert f"{run['name']}: its spec is of dlgn" in lines
    assert f"{run['name']}: seeds below 1000 were for exploration" in lines


@pytest.fixture(scope="module")
def stale(entries) -> list[dict]:
    """Return one entry that compares times to a loss."""
    return [entry for entry in entries if entry["id"] == "gated-stale"]


@pytest.mark.parametrize(
    ("changed", "line"),
    [
        ({"std": 0.01}, "its spec's std is 0.01"),
        ({"task": {"contexts": 4}}, "its spec's contexts is 4"),
        ({"refresh": 10}, "its spec's refresh is 10"),
    ],
)
def test_run_of_another_setting_is_named(stale, audit, tmp_path, changed, line):
    results = tmp_path / "results"
    shutil.copytree(results_folder(), results)
    (run,) = (run for run in stale[0]["runs"] if "gates every 5:" in run["name"])
    path = (results / Path(run["file"]).relative_to("data/results")).with_suffix(".json")
    described = json.loads(path.read_text())
    described["spec"] |= changed
    path.write_text(json.dumps(described))
    status, lines = audit(stale, results)
    assert status == 1
    assert f"{run['name']}: {line}" in lines


def test_times_that_do_not_fit_the_loss_curves_are_named(stale, audit, tmp_path):
    results = tmp_path / "results"
    shutil.copytree(results_folder(), results)
    path = results / Path(stale[0]["runs"][0]["file"]).relative_to("data/results")
    with np.load(path) as stored:
        arrays = dict(stored)
    arrays["times"] = np.roll(arrays["times"], 1, axis=0)  # the time to 0.5 instead
    np.savez(path, **arrays)
    status, lines = audit(stale, results)
    assert status == 1
    expected = "case every 5 steps: ValueError: times do not fit the loss curves"
    assert lines[0] == f"gated-stale: {expected}"
