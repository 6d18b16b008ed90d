"""Costs of recorded runs, from small descriptions whose units are known."""

import json

import pytest
from halfspace.companion.registry import STUDIES
from halfspace.companion.speed import costs
from halfspace.companion.speed.costs import Cost


def put(folder, key, spec, seconds=6.0, device="CPU", experiment="SomeStudy"):
    path = folder / experiment / f"{key}.json"
    path.parent.mkdir(exist_ok=True)
    when = "2026-01-31T10:20:30+00:00"
    provenance = {"seconds": seconds, "device": device, "when": when}
    kept = {"experiment": experiment, "spec": spec, "provenance": provenance}
    path.write_text(json.dumps(kept))
    return path


@pytest.mark.parametrize(
    ("spec", "factors"),
    [
        ({"seeds": 3, "epochs": 5, "points": 7}, {"net": 3, "epoch": 5, "point": 7}),
        (
            {"training": {"seeds": 2, "epochs": 4, "target": {"n": 8}}},
            {"net": 2, "epoch": 4, "point": 8},
        ),
        (
            {"seeds": 2, "n_train": 50, "recipe": {"epochs": 3}, "first_seed": 1000},
            {"net": 2, "epoch": 3, "point": 50},
        ),
        ({"seeds": 2, "steps": 9, "training": {"seeds": 5}}, {"net": 2, "epoch": 9}),
        ({"seeds": 2, "points": [1, 2], "epochs": True}, {"net": 2}),
        ({"depth": 3}, {}),
    ],
)
def test_units_are_what_the_spec_names(spec, factors, tmp_path):
    put(tmp_path, "abc", spec)
    (found,) = costs.recorded_costs(tmp_path)
    assert found.factors == factors and list(found.factors) == list(factors)
    product = 1
    for factor in factors.values():
        product *= factor
    assert found.units == product
    assert (found.name, found.seconds, found.experiment) == ("SomeStudy/abc", 6.0, "SomeStudy")
    assert found.day == "2026-01-31"


def test_the_kind_is_that_of_net_and_data(tmp_path):
    spec = {"model": "relu", "data": "circle", "training": {"network": "conv"}, "images": "raw"}
    put(tmp_path, "abc", spec)
    (found,) = costs.recorded_costs(tmp_path)
    assert found.kind == ("relu", "circle", "conv")


def test_hidden_files_are_drafts(tmp_path):
    put(tmp_path, "abc", {})
    put(tmp_path, ".def", {})
    assert len(costs.recorded_costs(tmp_path)) == 1


def test_a_damaged_run_is_named_and_none_is_told(tmp_path):
    with pytest.raises(OSError, match="no recorded runs in"):
        costs.recorded_costs(tmp_path)
    put(tmp_path, "abc", {}).write_text("{")
    with pytest.raises(OSError, match=r"abc\.json cannot be read .* git checkout"):
        costs.recorded_costs(tmp_path)


def cost(name, seconds, nets, device="CPU", experiment="A", kind=()):
    return Cost(experiment, name, seconds, device, {"net": nets}, kind)


def test_groups_are_by_experiment_and_device_the_dearest_first():
    runs = [cost("a", 1, 1), cost("b", 9, 1, experiment="B"), cost("c", 2, 1, device="GPU")]
    runs.append(cost("d", 3, 1))
    found = costs.by_experiment(runs)
    assert list(found) == [("B", "CPU"), ("A", "CPU"), ("A", "GPU")]
    assert found["A", "CPU"] == [runs[0], runs[3]]
    assert [costs.is_gpu(run) for run in runs] == [False, False, True, False]


def test_a_run_is_predicted_from_the_others_of_its_kind():
    runs = [cost("a", 10, 10), cost("b", 40, 20), cost("c", 90, 30), cost("d", 5, 1, kind=("x",))]
    found = {run.name: guess for run, guess in costs.predicted(runs)}
    # Unit costs 1, 2, 3: the medians of the other two, times the own units.
    assert found == {"a": 25, "b": 40, "c": 45}
    pairs = [(runs[0], 20.0), (runs[1], 10.0)]
    assert costs.fit_errors(pairs) == [2, 4]


def test_the_runs_of_the_repository_are_all_read():
    found = {run.name: run for run in costs.recorded_costs()}
    spec = next(iter(STUDIES["circle"]().values()))
    run = found[f"CircleStudy/{spec.key()[:16]}"]
    training = spec.training
    assert run.units == training.seeds * training.epochs * training.target.n
    assert run.seconds == spec.recorded().provenance["seconds"]
