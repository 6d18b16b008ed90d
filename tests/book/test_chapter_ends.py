"""Every value that a chapter accepts must run: each chapter at the ends of its stated ranges.

The complete sweep, a case an end: `pytest -m slow tests/test_chapter_ends.py`.
"""

import ast
import signal
import types
import warnings
from contextlib import contextmanager
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import nbformat
import pytest
import torch
from halfspace import datasets
from halfspace.companion.cifar import specs as cifar_specs
from halfspace.companion.circle import conditions as circle_conditions
from halfspace.companion.fashion import conditions as fashion_conditions
from halfspace.companion.parameters import ParameterError
from halfspace.datasets import CIFAR, CIFAR_CLASSES
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

CHAPTERS = sorted((Path(__file__).parents[2] / "chapters").glob("*.ipynb"))
# For their defaults of these, chapters 4, 5 and 7 have recorded runs; all else they train.
RECORDED = ["beta", "high_frequency", "learning_rate", "low_frequency", "seeds", "study_epochs"]
SECONDS = 30  # on the processor; what is still at work then has been accepted and runs


class Enough(BaseException):
    """A chapter has run long enough."""


def code(path, tag=None):
    cells = [cell for cell in nbformat.read(path, 4).cells if cell.cell_type == "code"]
    cells = [cell for cell in cells if "bootstrap" not in cell.metadata.get("tags", [])]
    return [c.source for c in cells if tag is None or tag in c.metadata.get("tags", [])]


def stated(path):
    """Return the ranges that the chapter's check cell gives, and the defaults, by name."""
    (parameters,), (check,) = code(path, "parameters"), code(path, "check")
    ranges, values = {}, {}
    exec(parameters, values)
    lines = [x for x in ast.parse(check).body if not isinstance(x, ast.Import | ast.ImportFrom)]
    values["parameters"] = types.SimpleNamespace(check=lambda *rules, **kw: ranges.update(kw))
    exec(ast.unparse(lines), values)
    return ranges, {name: values[name] for name in ranges}


def cheapest(path):
    """Return the smallest value of each number, and the defaults of choices and recorded runs."""
    ranges, defaults = stated(path)
    small = {
        name: ([low, low + 1] if isinstance(defaults[name], list) else low)
        for name, (low, *_) in ranges.items()
        if not isinstance(low, str | bool)
    }
    return defaults | small | {k: v for k, v in defaults.items() if k in RECORDED}


def ends(path):
    """Yield every end of every range, and every choice, as a case; the other values are cheap."""
    (ranges, _), base = stated(path), cheapest(path)
    for name, allowed in ranges.items():
        for value in allowed:
            several = sorted({value, *base[name]}) if isinstance(base[name], list) else None
            for case in ([value], several) if several else (value,):
                yield pytest.param(path, {name: case}, id=f"{path.stem[:9]}-{name}-{case}")


def make_studies_small(monkeypatch):
    """Let chapters 4, 5 and 7 train all nets that are not recorded to the end."""
    tiny = dict(width=4, epochs=60, function_epochs=(0,))
    brief = {
        name: spec.replace(training=spec.training.replace(**tiny), at=(0, 20, 60), grid=32)
        for name, spec in circle_conditions.circle_conditions().items()
    }
    few = {
        name: spec.replace(n_train=1000, sample=10, width=8)
        for name, spec in fashion_conditions.fashion_conditions().items()
    }
    monkeypatch.setattr(circle_conditions, "circle_conditions", lambda: brief)
    monkeypatch.setattr(fashion_conditions, "fashion_conditions", lambda: few)


@contextmanager
def at_most(seconds):
    def stop(*_):
        raise Enough

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


@pytest.fixture(scope="module")
def noise():
    """Stand in for CIFAR-10, as large but for the test images."""
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(10).repeat_interleave(5000)
    images = torch.randint(256, (50_000, 3, 32, 32), generator=generator, dtype=torch.uint8)
    return CIFAR(
        train_images=images,
        train_labels=labels,
        test_images=images[::500],
        test_labels=labels[::500],
        classes=CIFAR_CLASSES["cifar10"],
    )


@pytest.fixture
def shell(monkeypatch, noise, tmp_path_factory):
    for module in (datasets, cifar_specs):
        monkeypatch.setattr(module, "cifar", lambda name: noise)
    monkeypatch.setenv("HALFSPACE_CACHE", str(tmp_path_factory.getbasetemp() / "chapters"))
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # and no processes beside this one
    with mpl.rc_context({"backend": "agg"}):
        yield InteractiveShell.instance(config=Config(HistoryManager={"enabled": False}))
        InteractiveShell.clear_instance()
    torch.set_num_threads(threads)


def run(shell, cells, values):
    """Run a chapter's cells with these parameters; return what stopped it, if anything did.

    The first cell is the one with the parameters.
    """
    injected = "\n".join(["# Parameters", *(f"{name} = {v!r}" for name, v in values.items())])
    for cell in [cells[0], injected, *cells[1:]]:
        done = shell.run_cell(cell, store_history=True)
        plt.close("all")
        if not done.success:
            return done.error_in_exec or done.error_before_exec
    return None


def run_within(shell, path, values, seconds):
    with warnings.catch_warnings(), at_most(seconds):
        warnings.simplefilter("error", RuntimeWarning)  # numpy's: a fit or a mean means nothing
        return run(shell, code(path), values)


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_a_chapter_runs_at_its_smallest_values(shell, path):
    assert run_within(shell, path, cheapest(path), 120) is None


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_a_misspelt_parameter_stops_a_chapter(shell, path):
    error = run(shell, [*code(path, "parameters"), *code(path, "check")], {"sede": 3})
    assert isinstance(error, ParameterError)
    assert str(error).startswith("There is no parameter sede; the nearest is seed")


@pytest.mark.parametrize(
    ("name", "values", "sentence"),
    [
        ("02", {"widths": [4]}, "widths must be two or more that increase; got [4]."),
        ("02", {"widths": [4, 4]}, "widths must be two or more that increase; got [4, 4]."),
        ("02", {"dimensions": [3, 2]}, "dimensions must increase; got [3, 2]."),
        ("03", {"widths": [64, 128, 100]}, "widths must increase; got [64, 128, 100]."),
        (
            "03",
            {"widths": [4, 8], "fit_from": 8},
            "two of widths must be at least fit_from; got [4, 8] and 8.",
        ),
        ("07", {"n_train": 1005}, "n_train must be a multiple of 10; got 1005."),
        ("09", {"n_train": 150}, "n_train must be a multiple of 100; got 150."),
    ],
)
def test_what_ranges_cannot_say_is_refused_before_any_work(shell, name, values, sentence):
    (path,) = (path for path in CHAPTERS if path.stem.startswith(name))
    error = run(shell, [*code(path, "parameters"), *code(path, "check")], values)
    assert isinstance(error, ParameterError) and str(error) == sentence


@pytest.mark.slow
@pytest.mark.parametrize(("path", "values"), [case for path in CHAPTERS for case in ends(path)])
def test_a_chapter_runs_at_this_end_or_refuses_it(shell, monkeypatch, path, values):
    base = cheapest(path)
    if values.keys() & set(RECORDED):
        make_studies_small(monkeypatch)
        base |= {name: low for name, low in dict(seeds=2, study_epochs=1).items() if name in base}
    error = run_within(shell, path, base | values, SECONDS)
    assert error is None or isinstance(error, Enough | ParameterError), error
