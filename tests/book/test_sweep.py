"""Sweeps: points that are refused, and runs of a tiny chapter that fail, stop, resume and grow."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pandas as pd
import pytest
from halfspace.companion import experiments
from halfspace.companion.names import unknown
from nbformat import v4

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "book"))

import sweep as make_sweep  # noqa: E402
import sweep_points  # noqa: E402
import sweep_run  # noqa: E402
import sweep_table  # noqa: E402
from sweep_run import glued_numbers, number_of  # noqa: E402

PYTHON = {"display_name": "Python 3", "language": "python", "name": "python3"}
DECLARED = 'seed: int = 0\ngain: float = 1.0\nkind: str = "a"\nwidths: list[int] = [2, 4]'
CHECK = """\
from halfspace.companion import parameters

rule = {f"gain must not be 7; got {gain}": lambda: gain != 7}
parameters.check(rule, seed=(0, 9), gain=(0.0, 100.0), kind=("a", "b"), widths=(1, 64))
"""
WORK = """\
from IPython.display import display

def glue(name, value):
    about = {"scrapbook": {"name": name, "mime_prefix": "application/papermill.record/"}}
    display({"application/papermill.record/text/plain": repr(value)}, metadata=about, raw=True)

if gain == 3:
    raise RuntimeError("gain is three")
glue("effect", f"×{2 * gain} (1 to 3)")
glue("seed", seed)
glue("made", "today")
"""
SWEEP = """\
title: "Is <b> & more safe?"
chapter: tiny
base: {kind: b}
parameters: {gain: [1, 2.5]}
seeds: [0, 1]
"""


def write_chapter(folder, work=WORK):
    tagged = {"tags": ["parameters"]}
    cells = [v4.new_markdown_cell("# Tiny", id="title")]
    cells += [v4.new_code_cell(DECLARED, id="p", metadata=tagged)]
    cells += [v4.new_code_cell(code, id=f"c{i}") for i, code in enumerate([CHECK, work])]
    notebook = v4.new_notebook(cells=cells, metadata={"kernelspec": PYTHON})
    nbformat.write(notebook, folder / "chapters/tiny.ipynb")


@pytest.fixture
def project(tmp_path, monkeypatch):
    """One tiny chapter, the pipeline, and a package that loads no PyTorch."""
    (tmp_path / "chapters/parameters").mkdir(parents=True)
    (tmp_path / "chapters/parameters/default.yaml").write_text("tiny: {}\n")
    (tmp_path / "chapters/parameters/quick.yaml").write_text("tiny: {widths: [8]}\n")
    (tmp_path / "requirements.lock").touch()
    companion = tmp_path / "lib/halfspace/companion"
    companion.mkdir(parents=True)
    for name in ("names", "parameters", "sources"):
        shutil.copy(ROOT / f"lib/halfspace/companion/{name}.py", companion)
    (companion.parent / "__init__.py").touch()
    (companion / "__init__.py").touch()
    (tmp_path / "lib/torch.py").write_text("class cuda: is_available = lambda: False\n")
    shutil.copytree(ROOT / "book", tmp_path / "book")
    shutil.copytree(ROOT / "workflow", tmp_path / "workflow")
    (tmp_path / "sweeps").mkdir()
    (tmp_path / "sweeps/tiny.yaml").write_text(SWEEP)
    write_chapter(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def points(text):
    """Return a sweep's plan, made in this process with the package of the repository."""
    Path("sweeps/tiny.yaml").write_text(text)
    return sweep_points.plan(Path("sweeps/tiny.yaml"))


def varied(plan):
    return [[run.parameters[name] for name in plan.varied] for run in plan.runs]


# --- the points ---


def test_a_grid_and_seeds_become_runs(project):
    plan = points(SWEEP)
    assert plan.varied == ["gain", "seed"] and plan.seed == "seed"
    assert varied(plan) == [[1.0, 0], [1.0, 1], [2.5, 0], [2.5, 1]]
    assert all(run.injected["kind"] == "b" for run in plan.runs)
    assert plan.runs[0].parameters == {"seed": 0, "gain": 1.0, "kind": "b", "widths": [2, 4]}


def test_rows_are_runs_and_a_set_gives_the_rest(project):
    plan = points("{title: t, chapter: tiny, set: quick, rows: [{gain: 2}, {kind: b, gain: 4}]}")
    assert plan.varied == ["gain", "kind"]
    assert varied(plan) == [[2.0, "a"], [4.0, "b"]]
    assert [run.injected for run in plan.runs] == [
        {"widths": [8], "gain": 2.0},
        {"widths": [8], "gain": 4.0, "kind": "b"},
    ]


def test_a_run_is_named_by_all_that_its_numbers_depend_on(project):
    def names(text=SWEEP):
        return {run.id for run in points(text).runs}

    first = names()
    assert len(first) == 4 and names() == first
    assert names(SWEEP.replace("[1, 2.5]", "[1.0, 2.5, 4]")) > first, "a point is added"
    assert names(SWEEP.replace("[1, 2.5]", "[1.0, 2.5], widths: [[2, 4], [3]]")) > first
    notebook = json.loads(Path("chapters/tiny.ipynb").read_text())
    notebook["cells"][0]["source"] = "# Only a text"
    Path("chapters/tiny.ipynb").write_text(json.dumps(notebook))
    assert names() == first, "a text changes no number"
    write_chapter(project, WORK + "glue('more', 1)\n")
    changed = names()
    assert not changed & first
    Path("requirements.lock").write_text("numpy==1\n")
    assert not names() & changed


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("gain:", "gian:", "There is no parameter gian; the nearest is gain"),
        ("2.5]", "200]", r"run 3 \(gain=200, seed=0\): gain takes a number from 0.0 to 100.0"),
        ("2.5]", "7]", "gain must not be 7"),
        ("2.5]", "1e-3]", "YAML reads gain: 1e-3 as a text; write 1.0e-3"),
        ("kind: b", "kind: c", "kind takes one of 'a', 'b'; got 'c'"),
        ("chapter: tiny", "chapter: tinny", "there is no chapter tinny; the nearest is tiny"),
        ("chapter:", "chaptre:", "there is no key chaptre; the nearest is chapter"),
        ("base:", "set: qick\nbase:", "set: qick: no such parameter set; there are default"),
        ("seeds: [0, 1]", "seeds: [0, x]", "seeds.1: input should be a valid integer; got 'x'"),
        ("seeds: [0, 1]", "seeds: [1, 1]", "runs 1 and 2 are the same"),
        ("gain: [1, 2.5]", "seed: [1]", "seed is set twice"),
        ("gain: [1, 2.5]", "gain: []", "gain has no value"),
        ("parameters:", "rows: [{gain: 2}]\nparameters:", "either parameters, a grid, or rows"),
        ("chapter: tiny", "threads: 2", "name either a chapter or an experiment"),
        (SWEEP, "title: [", "cannot be read"),
        (SWEEP, "12", "must be a mapping"),
        ('title: "Is <b> & more safe?"', "threads: 1", "the key title is missing"),
        ("seeds:", "numbers: {a: b}\nseeds:", "numbers are for experiments"),
    ],
)
def test_what_is_wrong_is_one_sentence_with_the_nearest_name(old, new, said, project):
    assert old in SWEEP
    with pytest.raises(ValueError, match=said) as caught:
        points(SWEEP.replace(old, new))
    assert str(caught.value).startswith("sweeps/tiny.yaml: ") and "\n" not in str(caught.value)


EXPERIMENT = """\
title: Two betas
experiment: CircleTraining
base: {model: dlgn, epochs: 1, function_epochs: [0], target.n: 32}
parameters: {beta: [2, 4.0]}
seeds: [5]
numbers: {allocation: circle.readings.path_gain}
"""


def test_an_experiments_fields_are_parameters(project):
    plan = points(EXPERIMENT)
    assert plan.notebook == "workflow/experiment.ipynb" and plan.varied == ["beta"]
    assert plan.seed == "first_seed" and plan.numbers == ["allocation"]
    run = plan.runs[1]
    assert run.parameters["target.n"] == 32 and run.parameters["device (parameter)"] == "auto"
    assert run.injected["fields"]["target"]["n"] == 32 and run.injected["fields"]["beta"] == 4.0
    assert run.id in {run.id for run in points(EXPERIMENT.replace("[2, 4.0]", "[4, 8]")).runs}
    later = EXPERIMENT.replace("path_gain}", "path_gain, error: circle.readings.log_error}")
    assert run.id not in {run.id for run in points(later).runs}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("CircleTraining", "CircleTrainin", "no experiment CircleTrainin; the nearest is Circle"),
        ("beta:", "betta:", "there is no parameter betta; the nearest is beta"),
        ("target.n", "target.m", "there is no parameter target.m; the nearest is target.n"),
        ("[2, 4.0]", "[2, 0]", r"run 2 \(beta=0, first_seed=5\): beta: input should be greater"),
        ("model: dlgn, ", "", "model has no default and needs a value"),
        ("model: dlgn", "model: dlng", "model: input should be 'relu', 'dlgn', .*; got 'dlng'"),
        ("path_gain}", "path_gian}", "reading of one result circle.readings.path_gian; the neare"),
        ("circle.readings", "circel.readings", "write for example circle.readings.path_gain"),
        ("base:", "set: quick\nbase:", "set is for chapters"),
        ("numbers:", "threads: 1 #", "an experiment needs numbers"),
        ("{model:", "{device: gpu, model:", "device takes one of 'auto', 'cpu', 'cuda'"),
    ],
)
def test_what_is_wrong_with_an_experiment_is_one_sentence(old, new, said, project):
    assert old in EXPERIMENT
    with pytest.raises(ValueError, match=said):
        points(EXPERIMENT.replace(old, new))


def test_a_studys_conditions_are_a_parameter(project):
    text = """\
title: Conditions
experiment: circle
parameters: {condition: ["dlgn: base", "relu: base"], training.width: [8, 16]}
numbers: {allocation: circle.readings.path_gain}
"""
    plan = points(text)
    assert plan.varied == ["condition", "training.width"] and len(plan.runs) == 4
    assert [run.injected["fields"]["training"]["gain"] for run in plan.runs] == [1, 1, 0.6, 0.6]
    with pytest.raises(ValueError, match="there is no condition dlgn: bas; the nearest is dlgn: b"):
        points(text.replace("dlgn: base", "dlgn: bas"))


@pytest.mark.parametrize("path", sorted((ROOT / "sweeps").glob("*.yaml")), ids=lambda p: p.stem)
def test_the_example_sweeps_can_be_run(path, monkeypatch):
    monkeypatch.chdir(ROOT)
    plan = sweep_points.plan(path)
    assert len(plan.runs) >= 20 and len(plan.varied) >= 2


# --- numbers, table, page ---


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (3, 3),
        (True, 1.0),
        (0.25, 0.25),
        ("0.047", 0.047),
        ("×31 (9 to 103)", 31.0),
        ("−0.5", -0.5),
        ("12 %", 12.0),
        ("12\u00a0%", 12.0),
        ("1\u202f048\u202f576", 1048576.0),
        ("2.2\u00a0×\u00a010⁻¹⁵", 2.2e-15),
        ("2⁸⁰", 2.0**80),
        ("made on 2026-01-02", None),
        ("2026-01-02", None),
        ("86 of 100", None),
        ("not recorded yet", None),
        (None, None),
    ],
)
def test_the_number_of_a_glued_text(value, number):
    assert number_of(value) == number


def test_glued_values_are_read_from_a_notebooks_outputs():
    def glued(name, text):
        data = {"application/papermill.record/text/plain": text}
        return v4.new_output("display_data", data, metadata={"scrapbook": {"name": name}})

    outputs = [glued("a", "'×2.5 (1 to 3)'"), glued("b", "np.float64(0.5)"), glued("c", "'so'")]
    outputs += [glued("d", "nan"), v4.new_output("stream", text="7")]
    notebook = v4.new_notebook(cells=[v4.new_code_cell("", outputs=outputs)])
    found = glued_numbers(notebook)
    assert list(found) == ["a", "b", "d"] and (found["a"], found["b"]) == (2.5, 0.5)


def made_rows(plan, **changes):
    """Return rows for a plan's runs: what the tiny chapter would give."""
    return {
        entry["id"]: {
            "run": entry["id"],
            "status": "done",
            "reason": "",
            "device": "CPU",
            "seconds": 1.5,
            "numbers": {"effect": 2 * entry["parameters"]["gain"], "seed": 0},
        }
        | changes
        for entry in plan["runs"]
    }


def test_the_tables_columns_and_types(project):
    plan = json.loads(points(SWEEP.replace("[0, 1]", "[0]")).as_json())
    rows = made_rows(plan)
    failed, missing = rows[plan["runs"][0]["id"]], plan["runs"][1]["id"]
    failed |= {"status": "failed", "reason": "no", "numbers": {}}
    table = sweep_table.write(project, plan, rows)
    assert list(table) == [
        *["gain", "seed", "kind", "widths", "effect", "seed (glued)"],
        *["status", "reason", "seconds", "device", "run"],
    ]
    types = {name: str(kind) for name, kind in table.dtypes.items()}
    assert types["gain"] == types["effect"] == types["seconds"] == "float64"
    assert types["seed"] == "Int64" and types["kind"] == types["status"] == "string"
    assert table["widths"][0] == "[2, 4]"
    assert table["effect"].isna().tolist() == [True, False]
    assert pd.read_parquet("table.parquet").equals(table)
    assert pd.read_csv("table.csv")["effect"][1] == 5.0
    del rows[missing]
    assert sweep_table.frame(plan, rows)["status"].tolist() == ["failed", "missing"]


class Outline(HTMLParser):
    """What a page holds: its tags with attributes, and the texts of cells."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.cells = [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_data(self, data):
        if self.tags and self.tags[-1][0] in ("td", "a"):
            self.cells.append(data)


def test_the_page_holds_the_table_and_needs_no_other_file(project):
    plan = json.loads(points(SWEEP).as_json())
    rows = made_rows(plan)
    rows[plan["runs"][0]["id"]] |= {"status": "failed", "reason": "</script><i>", "numbers": {}}
    sweep_table.write(project, plan, rows)
    text = Path("index.html").read_text()
    assert "<b>" not in text and "</script><i>" not in text and "@@" not in text
    assert "Is &lt;b&gt; &amp; more safe?" in text and "3 done, 1 failed" in text
    outline = Outline(text)
    loaded = [a for tag, a in outline.tags if tag in ("script", "link", "img") and "src" in a]
    assert not loaded and "http://www.w3.org/2000/svg" in text and "https://" not in text
    data = json.loads(re.search(r'id="data">(.*)</script>', text)[1])
    assert data["parameters"] == ["gain", "seed"] and data["seed"] == "seed"
    assert data["numbers"] == ["effect", "seed (glued)", "seconds"]
    assert data["values"]["effect"] == [None, 2, 5, 5] and data["values"]["gain"][3] == 2.5
    links = [a["href"] for tag, a in outline.tags if tag == "a" and a["href"].startswith("runs/")]
    assert links == [f"runs/{run['id']}.ipynb" for run in plan["runs"][1:]]
    assert "–" in outline.cells and "2.5" in outline.cells


# --- runs ---


def environment(project, **settings):
    kept = {k: v for k, v in os.environ.items() if k not in ("MAKELEVEL", "OUT", "PROFILE")}
    path = os.pathsep.join([str(project / "lib")])
    return kept | {"PYTHONPATH": path, "NAME": "tiny", "CORES": "2"} | settings


def sweep(project, **settings):
    return subprocess.run(
        [sys.executable, "book/sweep.py"],
        cwd=project,
        env=environment(project, **settings),
        capture_output=True,
        text=True,
    )


def times(project):
    """Return when each row was written, by its parameters' values."""
    plan = json.loads((project / "_build/sweeps/tiny/plan.json").read_text())
    found = {}
    for entry in plan["runs"]:
        path = project / f"_build/sweeps/tiny/rows/{entry['id']}.json"
        values = entry["parameters"]
        found[values["gain"], values["seed"]] = path.stat().st_mtime_ns if path.exists() else None
    return found


def test_a_sweep_fails_grows_and_makes_nothing_twice(project):
    file = project / "sweeps/tiny.yaml"
    file.write_text(SWEEP.replace("[1, 2.5]", "[1, 3]").replace("[0, 1]", "[0]"))
    done = sweep(project)
    assert done.returncode == 1, done.stderr
    assert "tiny: 2 runs, 2 to make" in done.stdout and "2 of 2 runs, 1 failed" in done.stdout
    assert "failed: gain=3.0: RuntimeError: gain is three" in done.stdout
    table = pd.read_parquet("_build/sweeps/tiny/table.parquet")
    assert table["status"].tolist() == ["done", "failed"]
    assert table["reason"].tolist() == ["", "RuntimeError: gain is three"]
    assert table["effect"][0] == 2.0 and pd.isna(table["effect"][1])
    assert "made" not in table and table["device"][0] and table["seconds"][0] > 0
    name = table["run"][0]
    executed = nbformat.read(project / f"_build/sweeps/tiny/runs/{name}.ipynb", 4)
    assert executed.metadata.papermill.parameters == {"kind": "b", "gain": 1.0, "seed": 0}

    before = times(project)
    file.write_text(SWEEP.replace("[0, 1]", "[0]"))
    done = sweep(project)
    assert done.returncode == 0 and "tiny: 2 runs, 1 to make" in done.stdout, done.stderr
    after = times(project)
    assert after[1.0, 0] == before[1.0, 0], "what is there is kept"
    table = pd.read_csv("_build/sweeps/tiny/table.csv")
    assert table["gain"].tolist() == [1.0, 2.5] and table["effect"].tolist() == [2.0, 5.0]

    folder = project / "_build/sweeps/tiny"
    plan = json.loads((folder / "plan.json").read_text())
    assert len(sweep_table.read_rows(folder, plan)) == 2
    (folder / f"runs/{name}.ipynb").unlink()
    assert name not in sweep_table.read_rows(folder, plan), "it is made again"


def processes_of(project):
    """Return the processes that work in the project's folder."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            where = os.readlink(folder / "cwd")
        except OSError:
            continue
        if where.startswith(str(project)):
            found.append(int(folder.name))
    return found


def wait_for(condition, seconds=300):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if value := condition():
            return value
        time.sleep(0.2)
    raise AssertionError(f"not within {seconds} s")


@pytest.mark.skipif(not Path("/proc/self/cwd").exists(), reason="reads Linux's /proc")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_stopped_sweep_keeps_its_runs_and_leaves_no_process(number, project):
    write_chapter(project, WORK + "import time\ntime.sleep(1000 if gain == 2.5 else 0)\n")
    (project / "sweeps/tiny.yaml").write_text(SWEEP.replace("[0, 1]", "[0]"))
    making = subprocess.Popen(
        [sys.executable, "book/sweep.py"],
        cwd=project,
        env=environment(project),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    rows = project / "_build/sweeps/tiny/rows"
    wait_for(lambda: list(rows.glob("[!.]*.json")) and list(rows.glob(".*.begun")))
    making.send_signal(number)
    said = making.communicate()[0]
    wait_for(lambda: not set(processes_of(project)) - {os.getpid()})
    if number == signal.SIGINT:
        assert making.returncode == 130 and "Finished runs are kept" in said
        assert "Traceback" not in said
        table = pd.read_csv(rows.parent / "table.csv")
        assert table["status"].tolist() == ["done", "missing"]
        assert not list(project.rglob(".*.begun")) + list(project.rglob(".*.part"))
        return
    before = times(project)
    (project / "sweeps/tiny.yaml").write_text(SWEEP.replace("[1, 2.5]", "[1]"))
    done = sweep(project)
    assert done.returncode == 0 and "2 runs, 1 to make" in done.stdout, done.stderr
    assert times(project)[1.0, 0] == before[1.0, 0]
    assert not (rows.parent / "sources").exists()
    (rows.parent / "sources").mkdir()  # as of a call that was killed when all runs were made
    assert "2 runs, 0 to make" in sweep(project).stdout
    assert not (rows.parent / "sources").exists()


def test_a_run_that_is_killed_is_a_failure_and_the_others_go_on(project):
    killing = "if gain == 2.5:\n    import os, signal\n    os.kill(os.getppid(), signal.SIGKILL)\n"
    write_chapter(project, WORK + killing)
    (project / "sweeps/tiny.yaml").write_text(SWEEP.replace("[0, 1]", "[0]"))
    done = sweep(project)
    assert done.returncode == 1 and "1 of 2 runs failed or are missing" in done.stdout
    table = pd.read_csv("_build/sweeps/tiny/table.csv")
    assert table["status"].tolist() == ["done", "failed"]
    assert table["reason"][1].startswith("ended without a result")


def test_short_runs_share_a_job():
    runs = [str(number) for number in range(64)]
    jobs = make_sweep.batches(runs, 2, 2)
    assert [run for job in jobs.values() for run in job] == runs
    assert {len(job) for job in jobs.values()} == {5, 4}, "five runs of two minutes"
    assert len(make_sweep.batches(runs, 2, 8)) == 32, "each core has some jobs"
    assert len(make_sweep.batches(runs, 30, 2)) == 64
    assert make_sweep.batches(["a"], 1, 4) == {"job_1": ["a"]}


def test_nothing_runs_before_all_is_checked(project):
    (project / "sweeps/tiny.yaml").write_text(SWEEP.replace("2.5", "250"))
    done = sweep(project)
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr == (
        "sweeps/tiny.yaml: run 3 (gain=250, seed=0): gain takes a number from 0.0 to 100.0; "
        "got 250.0\n"
    )
    assert not (project / "_build").exists()


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"NAME": "tinny"}, "NAME=tinny: there is no sweep tinny; the nearest is tiny"),
        ({"NAME": ""}, "say which sweep, NAME=tiny"),
        ({"CORES": "0"}, "CORES must be a whole number from 1; got '0'"),
        ({"PROFILE": "none"}, "PROFILE=none is no folder with a profile, such as profiles/slurm"),
        ({"OUT": "chapters"}, "OUT=chapters holds other files; name a new folder"),
        ({"OUT": "a{b}"}, "OUT=a{b}: the folder's name must have no braces"),
        ({"OUT": "requirements.lock"}, "OUT=requirements.lock is a file; name a folder"),
    ],
)
def test_a_setting_that_cannot_be_used_is_one_sentence(settings, said, project):
    given = {"NAME": "tiny", "OUT": "", "CORES": "1", "PROFILE": ""} | settings
    assert make_sweep.sweep(*given.values()) == said


def test_an_experiments_row_holds_its_readings(tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("HALFSPACE_CACHE", str(tmp_path / "cache"))
    (tmp_path / "experiment.yaml").write_text(EXPERIMENT)
    plan = sweep_points.plan(tmp_path / "experiment.yaml")
    (tmp_path / "rows").mkdir()
    (tmp_path / "plan.json").write_text(plan.as_json())
    run = plan.runs[0]
    command = [sys.executable, "book/sweep_run.py", str(tmp_path), "call", run.id]
    subprocess.run(command, check=True, capture_output=True)
    row = json.loads((tmp_path / f"rows/{run.id}.json").read_text())
    spec = experiments.spec_class("CircleTraining")(**run.injected["fields"])
    assert row["status"] == "done", row["reason"]
    assert row["numbers"] == experiments.numbers(
        spec.result(device="auto"), run.injected["numbers"]
    )
    assert spec.result(device="auto").source == "cached", "the notebook ran this very spec"


def test_a_run_has_failed_if_this_call_began_it(tmp_path, monkeypatch):
    """Not if a process of a killed call, which still lives, began it."""
    monkeypatch.setattr(sweep_run, "row", lambda *_: {"status": "done"})
    rows = tmp_path / "rows"
    rows.mkdir()
    for run, begun in (("a", "this"), ("b", "killed")):
        (rows / f".{run}.{begun}.begun").touch()
        sweep_run.make(tmp_path, {}, run, "this")
    found = {run: json.loads((rows / f"{run}.json").read_text())["status"] for run in "ab"}
    assert found == {"a": "failed", "b": "done"}
    assert [path.name for path in rows.glob(".*")] == [".b.killed.begun"]


def test_one_sweep_at_a_time_in_a_folder(project):
    import fcntl

    folder = project / "elsewhere"
    folder.mkdir()
    with open(folder / ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        said = make_sweep.sweep("sweeps/tiny.yaml", "elsewhere", "1", "")
    assert said == "Another make sweep is running in elsewhere; wait until it has finished."


def test_the_time_left_is_estimated_from_the_runs_made(project):
    plan = {"varied": [], "runs": []}
    progress = make_sweep.Progress(project, plan, list("abcd"))
    progress.waiting = {"d"}
    assert progress.line(90) == "3 of 4 runs, 1 min 30 s, about 30 s left"
    assert make_sweep.spoken(7300) == "2 h 1 min" and unknown("x", "y", []) == "there is no x y"
