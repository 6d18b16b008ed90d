import json
import subprocess
import sys

import pytest
import torch
from halfspace.companion.parameters import increasing, problems

RANGES = {
    "seed": (0, 100),
    "beta": (0.5, 10.0),
    "device": ("auto", "cpu", "cuda"),
    "snapshots": (0, 50),
    "bias": (False, True),
}
IMPORT = "from halfspace.companion import parameters"
RULES = '{f"seed must not be 13; got {seed}": lambda: seed != 13}'
CELL = """\
seed: int = 0  # seed of everything random
beta: float = 4.0
snapshots: tuple[int, ...] = (0, 10)
bias: bool = False
device: str = "auto"
"""
DEFAULTS = {"seed": 0, "beta": 4.0, "snapshots": (0, 10), "bias": False, "device": "auto"}


def injected(**values):
    """Return what papermill adds: the cell, and the values after it."""
    lines = [f"{name} = {value!r}" for name, value in values.items()]
    return "\n".join(["# Parameters", *lines]), {**DEFAULTS, **values}


def found(rules=None, /, **values):
    cell, now = injected(**values)
    return problems(["", "%pip install x", CELL, cell], now, RANGES, rules or {})


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"seed": 100},
        {"beta": 2},
        {"beta": 0.5},
        {"snapshots": [1, 50]},
        {"device": "cpu"},
        {"bias": True},
    ],
)
def test_accepts_what_it_says(values):
    assert found(**values) == []


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"seed": 101}, "seed takes an integer from 0 to 100; got 101."),
        ({"seed": -1}, "seed takes an integer from 0 to 100; got -1."),
        ({"seed": True}, "seed takes an integer from 0 to 100; got True."),
        ({"seed": 1.0}, "seed takes an integer from 0 to 100; got 1.0."),
        ({"seed": "1"}, "seed takes an integer from 0 to 100; got '1'."),
        ({"seed": None}, "seed takes an integer from 0 to 100; got None."),
        ({"beta": float("nan")}, "beta takes a number from 0.5 to 10.0; got nan."),
        ({"beta": True}, "beta takes a number from 0.5 to 10.0; got True."),
        (
            {"beta": "1e-4"},
            "beta takes a number from 0.5 to 10.0; got the text '1e-4'; write 1.0e-4 in YAML.",
        ),
        (
            {"beta": "1.5E4"},
            "beta takes a number from 0.5 to 10.0; got the text '1.5E4'; write 1.5e+4 in YAML.",
        ),
        ({"beta": "4"}, "beta takes a number from 0.5 to 10.0; got '4'."),
        ({"seed": "1e4"}, "seed takes an integer from 0 to 100; got '1e4'."),
        ({"device": "gpu"}, "device takes one of 'auto', 'cpu', 'cuda'; got 'gpu'."),
        ({"snapshots": 3}, "snapshots takes a list of integers from 0 to 50; got 3."),
        ({"snapshots": []}, "snapshots takes a list of integers from 0 to 50; got []."),
        ({"snapshots": [0, 51]}, "snapshots takes a list of integers from 0 to 50; got [0, 51]."),
        ({"bias": 1}, "bias takes True or False; got 1."),
        (
            {"sede": 3},
            "There is no parameter sede; the nearest is seed, "
            "of seed, beta, device, snapshots, bias.",
        ),
    ],
)
def test_refuses_in_one_sentence(values, sentence):
    assert found(**values) == [sentence]


def test_names_all_problems_at_once():
    assert len(found(seed=-1, beta=0, bet=3)) == 3


def test_what_papermill_itself_injects_passes():
    assert found(PAPERMILL_INPUT_PATH="in.ipynb", PAPERMILL_OUTPUT_PATH="out.ipynb") == []
    (sentence,) = found(PAPERMILL_INPUT="in.ipynb")
    assert sentence.startswith("There is no parameter PAPERMILL_INPUT;")


def test_a_rule_holds_or_is_named():
    rules = {"seed must be even": lambda: True, "beta must exceed seed": lambda: False}
    assert found(rules) == ["beta must exceed seed."]


def test_rules_are_asked_only_of_values_in_range():
    rules = {"beta must exceed 1": lambda: "high" > 1}  # would be a TypeError
    assert found(rules, beta="high") == ["beta takes a number from 0.5 to 10.0; got 'high'."]


def test_cuda_needs_a_cuda_device(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    (sentence,) = found(device="cuda")
    assert sentence == "device is 'cuda', but PyTorch finds no CUDA device; use 'auto' or 'cpu'."
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert found(device="cuda") == []


def test_edited_cell_counts_from_its_last_run():
    cell, now = CELL.replace("seed:", "sede:"), {**DEFAULTS, "sede": 0}
    first = problems([cell], now, RANGES)
    assert [sentence.split(";")[0] for sentence in first] == [
        "There is no parameter sede",
        "The parameters cell must set seed with its type: `seed: int = 1`.",
    ]
    assert problems([cell, CELL], now, RANGES) == []


def test_increasing_counts_and_compares():
    assert increasing([4]) and increasing((1, 2), least=2)
    assert not any(increasing(values, least=2) for values in ([4], [4, 4], [2, 1], [1, 3, 2]))


@pytest.fixture
def notebook(tmp_path):
    ranges = ", ".join(f"{name}={allowed!r}" for name, allowed in RANGES.items())
    cells = [
        (["parameters"], CELL),
        (
            ["check"],
            f"{IMPORT}\nparameters.check({RULES}, {ranges})",
        ),
        ([], "print('trained with seed', seed)"),
    ]
    book = {
        "cells": [
            {
                "cell_type": "code",
                "id": f"c{number}",
                "metadata": {"tags": tags},
                "source": source,
                "outputs": [],
                "execution_count": None,
            }
            for number, (tags, source) in enumerate(cells)
        ],
        "metadata": {
            "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    path = tmp_path / "tiny.ipynb"
    path.write_text(json.dumps(book))
    return path


def papermill(notebook, *options):
    out = notebook.with_name("out.ipynb")
    command = [sys.executable, "-m", "papermill", str(notebook), str(out), *options]
    return subprocess.run(command, capture_output=True, text=True), out.read_text()


def test_papermill_accepts(notebook):
    run, out = papermill(notebook, "-p", "seed", "3", "--inject-paths")
    assert run.returncode == 0, run.stderr
    assert "trained with seed 3" in out


def test_papermill_stops_before_training(notebook):
    run, out = papermill(notebook, "-p", "sede", "3")
    assert run.returncode != 0
    # The sentence alone, without a traceback through the package.
    shown = run.stderr.split("Exception encountered")[1]
    assert "ParameterError: There is no parameter sede; the nearest is seed" in shown
    assert "problems(" not in shown
    assert out.count("trained with seed") == 1  # the source alone


def test_a_rule_stops_before_training(notebook):
    run, out = papermill(notebook, "-p", "seed", "13")
    assert run.returncode != 0
    assert "ParameterError: seed must not be 13; got 13." in run.stderr
    assert out.count("trained with seed") == 1
