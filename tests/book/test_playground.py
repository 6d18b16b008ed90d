"""The playground's data: recorded bands by setting, presets and missions that the runs bear out."""

import json
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from halfspace.companion.circle import readings
from halfspace.companion.circle.conditions import circle_conditions

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "book"), str(ROOT / "tests/companion/widgets")]

import playground  # noqa: E402
from scripts import WIDGETS, type_errors  # noqa: E402

SCRIPT = (ROOT / "book/static/playground.js").read_text(encoding="utf8")
PAGE = (ROOT / "playground.md").read_text(encoding="utf8")
CONTENT = playground.CONTENT.read_text(encoding="utf8")


@pytest.fixture(scope="module")
def bands():
    return playground.bands()


@pytest.mark.parametrize(
    ("condition", "name"),
    [
        ("relu: base", "relu 2 8 1 1 5 16 0 0.6"),
        ("dlgn: base", "dlgn 2 8 1 1 5 16 0 1 4"),
        ("dlgn: gain 2.0", "dlgn 2 8 1 1 5 16 0 2 4"),
        ("dlgn: straight-through, biases", "dlgn 2 8 1 1 5 16 1 1 hard"),
        ("frozen: hard", "frozen 2 8 1 1 5 16 0 1 hard"),
        ("dlgn: amplitude of low half 0.3", "dlgn 2 8 0.3 1 5 16 0 1 4"),
        ("dlgn: beta 30, gating gain 0.6", None),
        ("dlgn: init he", None),
        ("dlgn: sgd", None),
        ("relu: constant low half", None),
        ("relu: share of points on low half 0.2", None),
        ("relu: width 64", None),
        ("relu: depth 8", None),
        ("dlgn: linear experts", None),
        ("linear: base", None),
    ],
)
def test_a_setting_names_exactly_what_the_page_can_set(condition, name):
    assert playground.setting(circle_conditions()[condition].training) == name


def test_bands_are_those_of_the_recorded_seeds(bands):
    assert len(bands) > 60
    run = circle_conditions()["dlgn: base"].recorded()
    found = bands["dlgn 2 8 1 1 5 16 0 1 4"]
    gains = readings.path_gain(run)
    assert found["at"][-1] == 300 and found["seeds"] == len(gains) == 100
    low, middle, high = found["allocation"][-1]
    assert low < middle < high and middle == pytest.approx(np.median(gains), abs=1e-3)
    assert np.mean((gains >= low - 1e-3) & (gains <= high + 1e-3)) == pytest.approx(0.9, abs=0.02)
    assert found["loss"][1] == pytest.approx(np.median(readings.loss_at(run)), rel=0.01)
    assert len(json.dumps(bands)) < 60_000


def number(name, text=SCRIPT):
    return int(re.search(rf"{name}: (\d+)", text)[1])


def test_the_first_seed_is_typical_and_the_stalled_one_stalls():
    run = circle_conditions()["dlgn: base"].recorded()
    first = run.spec.training.first_seed
    assert number("seed") == readings.median_seed(run)
    stalled = int(re.search(r"stalled: \{\s+change: \{ seed: (\d+)", SCRIPT)[1])
    assert not readings.fitted(run)[stalled - first]
    share = re.search(r"one of (\d+) in (\d+) that do not fit", SCRIPT)
    assert (int((~readings.fitted(run)).sum()), len(run.diverged)) == tuple(
        map(int, share.groups())
    )


def test_the_presets_do_what_their_hints_say(bands):
    def ends(net):
        return bands[net]["allocation"][-1]

    assert ends("dlgn 8 2 1 1 5 16 0 1 4")[0] > 0, "swapped: paths turn with the slow half"
    assert ends("dlgn 4 4 1 1 5 16 0 1 4")[0] < 0 < ends("dlgn 4 4 1 1 5 16 0 1 4")[2]
    for large in ("dlgn 2 8 1 1 5 16 0 2 4", "relu 2 8 1 1 5 16 0 2"):
        assert ends(large)[0] < 0 < ends(large)[2] and bands[large]["loss"][1] < readings.FIT_LEVEL
    assert ends("dlgn 2 8 0 1 5 16 0 1 4")[2] < 0, "low half zero: paths leave the zero half"
    assert bands["dlgn 2 8 1 1 5 16 0 1 hard"]["loss"][2] < readings.FIT_LEVEL


def test_controls_presets_and_missions_have_their_parts():
    for name in re.findall(r'data-preset="(\w+)"', CONTENT):
        assert re.search(rf"^    {name}: \{{\n      change", SCRIPT, re.M), name
    first = re.search(r"const FIRST = \{(.*?)\};", SCRIPT, re.S)[1]
    keys = set(re.findall(r"(\w+): ", first))
    assert set(re.findall(r'data-key="(\w+)"', CONTENT)) < keys
    missions = re.findall(r"^\d\. \*\*", PAGE, re.M)
    achieved = re.search(r"const ACHIEVED = \[\n(.*?)\n  \];", SCRIPT, re.S)[1]
    assert len(missions) == len(achieved.splitlines()) == 6


def slug(title):
    return re.sub(r"[^\w]+", "-", title.lower()).strip("-")


def test_missions_lead_to_sections_that_exist():
    links = re.findall(r'href="chapters/(\w+)\.html#([\w-]+)">', PAGE)
    assert len(links) == 6
    for chapter, anchor in links:
        cells = json.loads((ROOT / f"chapters/{chapter}.ipynb").read_text(encoding="utf8"))["cells"]
        text = "".join("".join(cell["source"]) + "\n" for cell in cells)
        assert anchor in {slug(title) for title in re.findall(r"^## (.*)$", text, re.M)}


def test_only_the_playground_loads_its_files():
    class App:
        def __init__(self):
            self.files = []

        def add_css_file(self, name):
            self.files.append(name)

        def add_js_file(self, name, **options):
            self.files.append(name)

    for page, files in {"index": 0, "playground": 3}.items():
        app = App()
        playground.add_files(app, page, "", {}, None)
        assert len(app.files) == files
    assert "fetch(" not in SCRIPT and "import(" not in SCRIPT


def test_the_scripts_types_fit():
    assert type_errors(WIDGETS / "engine.js", ROOT / "book/static/playground.js") == []
