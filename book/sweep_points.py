"""The points of a sweep: its YAML file, checked, and one run for each point.

A run is named by a hash of all that its numbers depend on: the notebook's code cells, the package's
files that it imports, the locked versions, recorded runs if it reads any, and every parameter's
value. A change of any of these gives the run another name, so that rows of different code never
mix.
"""

import ast
import hashlib
import itertools
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import parameter_sets
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

__all__ = ["ABOUT", "Plan", "Run", "plan"]

ABOUT = ("status", "reason", "seconds", "device", "run")
"""The table's columns about a run; a parameter with such a name gets ``(parameter)`` after it."""

EXPERIMENT = Path("workflow/experiment.ipynb")
ID_LENGTH = 16  # hexadecimal digits


class SweepFile(BaseModel):
    """What a sweep's YAML file says.

    Attributes:
        title: the question, in a line.
        chapter: the chapter to run, or
        experiment: the spec's class, or the name of a recorded study with ``condition`` among the
            parameters.
        set: the chapter's parameter set.
        base: values that all runs have.
        parameters: lists of values; every combination is run.
        rows: explicit runs, instead of ``parameters``.
        seeds: each combination or row is run with each of these seeds.
        numbers: of an experiment, the readings by the names of the numbers.
        threads: of each run.
        minutes: that a run may take on a cluster.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    title: str
    chapter: str | None = None
    experiment: str | None = None
    set: str | None = None
    base: dict[str, Any] = {}
    parameters: dict[str, list] = {}
    rows: list[dict[str, Any]] = []
    seeds: list[int] = []
    numbers: dict[str, str] = {}
    threads: int = Field(1, ge=1)
    minutes: int = Field(10, ge=1)


@dataclass(frozen=True)
class Run:
    """One run: its name, its row's parameters, and what papermill puts into the notebook."""

    id: str
    parameters: dict[str, Any]
    injected: dict[str, Any]


@dataclass(frozen=True)
class Plan:
    """All runs of a sweep.

    Attributes:
        name: of the sweep's file.
        title: the question.
        subject: the chapter or the experiment.
        notebook: that each run executes.
        varied: the parameters that differ between runs, in the file's order.
        seed: the parameter that ``seeds`` sets, empty if there are none.
        numbers: the names of the numbers that come first.
        threads: of each run.
        minutes: that a run may take on a cluster.
        runs: the runs, in the order of the grid or the rows.
    """

    name: str
    title: str
    subject: str
    notebook: str
    varied: list[str]
    seed: str
    numbers: list[str]
    threads: int
    minutes: int
    runs: list[Run] = field(default_factory=list)

    def as_json(self) -> str:
        """Return the plan as a text that ``json.loads`` reads."""
        return json.dumps(asdict(self), indent=1, ensure_ascii=False) + "\n"


def plan(path: Path) -> Plan:
    """Read a sweep's file and return its runs, each of them checked.

    Raises:
        ValueError: If the file or a point cannot be used; the message names the offender and the
            nearest thing that exists.
    """
    try:
        sweep = _read(path)
        subject = _Chapter(sweep) if sweep.chapter else _Experiment(sweep)
        points = list(_points(sweep, subject.seed))
        runs = [_run(subject, number, point) for number, point in enumerate(points, 1)]
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
    first = {}
    for number, run in enumerate(runs, 1):
        if run.id in first:
            raise ValueError(f"{path}: runs {first[run.id]} and {number} are the same; drop one")
        first[run.id] = number
    names = dict.fromkeys(_column(name) for point in points for name in point)
    differ = [n for n in names if len({_key(run.parameters.get(n)) for run in runs}) > 1]
    return Plan(
        name=path.stem,
        title=sweep.title,
        subject=sweep.chapter or sweep.experiment,
        notebook=str(subject.notebook),
        varied=differ,
        seed=subject.seed if sweep.seeds else "",
        numbers=list(sweep.numbers),
        threads=sweep.threads,
        minutes=sweep.minutes,
        runs=runs,
    )


def _key(value: object) -> str:
    return json.dumps(value, sort_keys=True)


def _read(path: Path) -> SweepFile:
    from halfspace.companion.names import unknown

    try:
        content = yaml.safe_load(path.read_text(encoding="utf8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ValueError(f"cannot be read: {' '.join(str(error).split())}") from None
    if not isinstance(content, dict):
        raise ValueError("must be a mapping with title, chapter or experiment, and parameters")
    for name in content:
        if name not in SweepFile.model_fields:
            raise ValueError(unknown("key", str(name), SweepFile.model_fields))
    try:
        sweep = SweepFile(**content)
    except ValidationError as error:
        part = error.errors()[0]
        name = ".".join(map(str, part["loc"]))
        if part["type"] == "missing":
            raise ValueError(f"the key {name} is missing") from None
        said = part["msg"][0].lower() + part["msg"][1:]
        raise ValueError(f"{name}: {said}; got {part['input']!r}") from None
    if (sweep.chapter is None) == (sweep.experiment is None):
        raise ValueError("name either a chapter or an experiment")
    if sweep.parameters and sweep.rows:
        raise ValueError("give either parameters, a grid, or rows, a list")
    if empty := [name for name, values in sweep.parameters.items() if not values]:
        raise ValueError(f"{empty[0]} has no value")
    return sweep


def _points(sweep: SweepFile, seed: str) -> Iterator[dict[str, Any]]:
    """Yield each run's own values, without those of ``base``."""
    grid = itertools.product(*sweep.parameters.values())
    points = sweep.rows or [dict(zip(sweep.parameters, values, strict=True)) for values in grid]
    if not sweep.seeds:
        yield from points
        return
    if not seed:
        raise ValueError("seeds: there is no parameter seed; drop seeds")
    if any(seed in point for point in points):
        raise ValueError(f"{seed} is set twice, by seeds and in the grid or the rows; drop one")
    for point in points:
        for value in sweep.seeds:
            yield point | {seed: value}


def _run(subject, number: int, point: dict[str, Any]) -> Run:
    try:
        parameters, injected, identity = subject.run(point)
    except ValueError as error:
        shown = ", ".join(f"{name}={value!r}" for name, value in point.items())
        sentence = str(error).rstrip(".").replace("\n", " ")
        raise ValueError(f"run {number} ({shown}): {sentence}") from None
    named = hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()
    shown = {_column(name): value for name, value in parameters.items()}
    return Run(named[:ID_LENGTH], shown, injected)


def _column(name: str) -> str:
    return f"{name} (parameter)" if name in ABOUT else name


def _code(notebook: Path) -> list[str]:
    cells = json.loads(notebook.read_text(encoding="utf8"))["cells"]
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]


def _digest(paths: list[Path]) -> str:
    """Digest files' names and contents."""
    digest = hashlib.sha256()
    for path in sorted(paths):
        content = path.read_bytes()
        digest.update(f"{path.name} {len(content)} ".encode() + content)
    return digest.hexdigest()


class _Chapter:
    """Runs of a chapter."""

    seed = "seed"

    def __init__(self, sweep: SweepFile):
        from halfspace.companion.names import unknown
        from halfspace.companion.sources import notebook_sources

        if sweep.numbers:
            raise ValueError("numbers are for experiments; a chapter's are those that it glues")
        chapters = parameter_sets.chapter_names()
        if sweep.chapter not in chapters:
            raise ValueError(unknown("chapter", sweep.chapter, chapters))
        self.notebook = Path(f"chapters/{sweep.chapter}.ipynb")
        try:
            own = parameter_sets.load(sweep.set or "default")[sweep.chapter]
        except ValueError as error:
            raise ValueError(str(error).replace("PARAMETERS=", "set: ")) from None
        self.base = own | sweep.base
        self.cells = _code(self.notebook)
        self.declarations = self._declarations()
        lines = [x for x in ast.parse(self.declarations).body if isinstance(x, ast.AnnAssign)]
        self.types = {line.target.id: ast.unparse(line.annotation) for line in lines}
        self.defaults = {line.target.id: ast.literal_eval(line.value) for line in lines}
        used = notebook_sources(self.notebook)
        files = [*used, Path("requirements.lock")]
        if any(path.name == "conditions.py" for path in used):  # it reads recorded runs
            files += [p for p in Path("data/results").glob("*/*") if p.suffix in (".json", ".npz")]
        if any(path.parent.name == "speed" for path in used):  # it reads recorded timings
            files += Path("benchmarks/results").glob("*.json")
        self.code = [self.cells, _digest(files)]

    def _declarations(self) -> str:
        for cell in json.loads(self.notebook.read_text(encoding="utf8"))["cells"]:
            if "parameters" in cell["metadata"].get("tags", []):
                return "".join(cell["source"])
        raise ValueError(f"{self.notebook} has no cell with the tag parameters")

    def run(self, point: dict[str, Any]) -> tuple[dict, dict, object]:
        """Return a run's parameters, what is injected, and what names the run."""
        injected = self.base | point
        for name, value in injected.items():
            if self.types.get(name) == "float" and type(value) is int:
                injected[name] = float(value)  # 4 and 4.0 are one run
        self._check(injected)
        parameters = self.defaults | injected
        return parameters, injected, ["chapter", self.code, parameters]

    def _check(self, injected: Mapping[str, Any]) -> None:
        """Run the chapter's own check on these values.

        The cells up to the one that calls ``parameters.check`` hold imports and declarations alone.
        """
        from halfspace.companion import parameters

        parameter_sets.check(injected)
        own_check, found = parameters.check, []
        values, cells = {}, []

        def check(rules=parameters._NO_RULES, /, **ranges):
            found.extend(parameters.problems(cells, values, ranges, rules))
            raise _Checked

        parameters.check = check
        try:
            for cell in self._checked_cells(injected):
                cells.append(cell)
                exec(cell, values)
        except _Checked:
            pass
        finally:
            parameters.check = own_check
        if found:
            raise ValueError(" ".join(found))

    def _checked_cells(self, injected: Mapping[str, Any]) -> Iterator[str]:
        checks = next((c for c in self.cells if "parameters.check(" in c), None)
        if checks is None:
            raise ValueError(f"{self.notebook} has no cell that calls parameters.check")
        yield self.declarations
        yield "\n".join(["# Parameters", *(f"{n} = {v!r}" for n, v in injected.items())])
        yield checks


class _Checked(Exception):
    """The check of a chapter's parameters has been done."""


class _Experiment:
    """Runs of a spec's class, or of a recorded study's conditions."""

    notebook = EXPERIMENT

    def __init__(self, sweep: SweepFile):
        from halfspace.companion import experiments
        from halfspace.companion.names import unknown
        from halfspace.companion.sources import notebook_sources
        from halfspace.companion.store import sources_digest

        if sweep.set is not None:
            raise ValueError("set is for chapters; write an experiment's values under base")
        if not sweep.numbers:
            raise ValueError(
                "an experiment needs numbers, readings by name, such as "
                "allocation: circle.readings.path_gain"
            )
        self.numbers, self.base = sweep.numbers, sweep.base
        readings = [experiments.reading(name) for name in sweep.numbers.values()]
        self.conditions = {}
        if sweep.experiment in experiments.spec_names():
            self.kind = experiments.spec_class(sweep.experiment)
        else:
            from halfspace.companion.registry import STUDIES

            if sweep.experiment not in STUDIES:
                known = [*experiments.spec_names(), *STUDIES]
                raise ValueError(unknown("experiment", sweep.experiment, known))
            self.conditions = STUDIES[sweep.experiment]()
            self.kind = type(next(iter(self.conditions.values())))
        self.names = experiments.field_names(self.kind)
        seeds = [name for name in self.names if name.split(".")[-1] == "first_seed"]
        self.seed = seeds[0] if seeds else ""
        sources = sorted({reading.__module__ for reading in readings})
        self.code = [_code(EXPERIMENT), _digest([*notebook_sources(EXPERIMENT)])]
        self.code += [sources_digest(module) for module in sources]

    def run(self, point: dict[str, Any]) -> tuple[dict, dict, object]:
        """Return a run's parameters, what is injected, and what names the run."""
        from halfspace.companion import experiments
        from halfspace.companion.names import unknown
        from halfspace.companion.store import sources_digest

        values = self.base | point
        fields, shown = None, {}
        if self.conditions:
            condition = values.pop("condition", "")
            if condition not in self.conditions:
                raise ValueError(unknown("condition", condition, self.conditions))
            self.kind = type(self.conditions[condition])
            fields, shown = self.conditions[condition].model_dump(), {"condition": condition}
        device = values.pop("device", "auto")
        if device not in ("auto", "cpu", "cuda"):
            raise ValueError(f"device takes one of 'auto', 'cpu', 'cuda'; got {device!r}")
        spec = experiments.build(self.kind, values, fields)
        dumped = spec.model_dump(mode="json")
        for name in experiments.field_names(self.kind):
            value = dumped
            for part in name.split("."):
                value = value[part]
            shown[name] = value
        injected = dict(spec=self.kind.__name__, fields=dumped, numbers=self.numbers, device=device)
        code = [*self.code, sources_digest(self.kind.__module__)]
        identity = ["experiment", code, spec.key(), self.numbers, device]
        return shown | {"device": device}, injected, identity
