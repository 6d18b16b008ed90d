"""The figure of what attracts paths shows the recorded conditions, as the readings have them."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from halfspace.companion.circle import readings
from halfspace.companion.circle.conditions import recorded_conditions
from halfspace.companion.circle.target import Circle
from halfspace.companion.widgets.what_attracts_paths import what_attracts_paths

HERE = Path(__file__).parent
START = "dlgn: amplitude of low half 0.1"


@pytest.fixture(scope="module")
def recorded():
    return recorded_conditions()


@pytest.fixture(scope="module")
def figure(recorded):
    return what_attracts_paths(readings.attractions(recorded), start=START)


def of_this_shape(training, base):
    """Whether a training differs from the base recipe in target, weights and kind of net alone."""
    weights = dict(gain=base.gain, gating_gain=base.gating_gain)
    kind = {name: getattr(base, name) for name in ("gate", "beta", "bias", "constant_input")}
    even = training.target.top_share == base.target.top_share
    return even and training.replace(target=base.target, **weights, **kind) == base


def test_every_recorded_condition_of_this_shape_is_there_with_its_seeds(recorded, figure):
    bases = {net: recorded[f"{net}: base"].spec.training for net in ("relu", "dlgn")}
    expected = {
        name: run
        for name, run in recorded.items()
        if (base := bases.get(name.split(":")[0])) and of_this_shape(run.spec.training, base)
    }
    conditions = figure.data["conditions"]
    assert len(conditions) == len(expected) > 70
    by_label = readings.seed_allocations(expected)
    for condition, (name, run) in zip(conditions, expected.items(), strict=True):
        training, choice = run.spec.training, condition["choice"]
        factors, fits, interval = by_label[name]
        np.testing.assert_allclose(condition["allocation"], factors, rtol=6e-4)
        np.testing.assert_allclose(condition["interval"], interval, rtol=6e-4)
        assert [each == "1" for each in condition["fitted"]] == fits.tolist()
        assert (choice["net"], condition["gain"]) == (training.model, training.gain)
        shown = [float(choice[f"{half}Frequency"]) for half in ("top", "bottom")]
        assert tuple(shown) == training.target.frequencies
        shown = [float(choice[f"{half}Amplitude"]) for half in ("top", "bottom")]
        assert tuple(shown) == training.target.amplitudes
        assert condition["phases"] == training.target.phases
        base = recorded[f"{training.model}: base"].spec.training
        assert (condition["variant"] == "") == (
            training.replace(target=Circle(), gain=1.0, gating_gain=1.0)
            == base.replace(gain=1.0, gating_gain=1.0)
            and (training.gating_gain in (1.0, training.gain))
        )
        usual = training.gain == base.gain
        assert choice["gain"] == ("usual" if usual else f"{training.gain:g}")
    assert list(expected)[figure.data["start"]] == START
    seeds = {run.spec.training.first_seed for run in expected.values()}
    assert seeds == {figure.data["firstSeed"]}
    assert {len(condition["allocation"]) for condition in conditions} == {100}


def test_arrows_are_the_table_of_the_chapter(recorded, figure):
    """Where nothing else is changed, each explanation says what the chapter's table has."""
    shown = {
        readings.condition_title(attraction["name"].split(": ")[1]): condition["explanations"]
        for attraction, condition in zip(
            readings.attractions(recorded), figure.data["conditions"], strict=True
        )
        if attraction["net"] == "dlgn"
    }
    rows = readings.design_rows(recorded)
    assert len(rows) == 9
    for row in rows:
        predicted = {name: told for name, (told, _) in shown[row["design"]].items()}
        assert predicted == {name: row[name] for name in predicted} and len(predicted) == 4


def test_ratios_to_the_usual_target_are_paired(recorded, figure):
    names = [each["name"] for each in readings.attractions(recorded)]
    at = names.index("dlgn: straight-through, amplitude of low half 0.3")
    gains = [readings.path_gain(recorded[name]) for name in (names[at], "dlgn: straight-through")]
    expected = np.exp(readings.mean_interval(gains[0] - gains[1]))
    np.testing.assert_allclose(figure.data["conditions"][at]["beside"], expected, rtol=6e-4)


def test_controls_step_through_what_exists(figure, tmp_path):
    node = shutil.which("node") or shutil.which("nodejs")
    if node is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("no node on this machine")
    path = tmp_path / "fixtures.json"
    path.write_text(json.dumps(figure.data), encoding="utf8")
    command = [node, "--test", str(HERE / "what_attracts_paths.test.js")]
    environment = os.environ | {"FIXTURES": str(path)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-6000:]
    assert "# pass 4" in done.stdout, done.stdout[-2000:]


def test_code_and_data_stay_small(figure):
    html = figure._repr_html_()
    assert len(json.dumps(figure.data)) < 150_000 and len(html) < 300_000
    code = html.rpartition("<script>")[2]
    assert "HalfSpaceKit.start" in code and len(code.encode()) < 30_000


def test_a_condition_to_start_with_must_be_there(recorded):
    with pytest.raises(ValueError, match="no condition 'dlgn: none'"):
        what_attracts_paths(readings.attractions(recorded), start="dlgn: none")
