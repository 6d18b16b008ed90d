"""Experiments by name, for sweeps: a spec from a class and values, numbers from its result.

A spec's fields are named with dots where one model holds another: ``target.frequencies``. Modules
are imported by name and only when needed: the package's subjects take seconds to import.
"""

import importlib
import inspect
import re
from collections.abc import Callable, Mapping
from difflib import get_close_matches

import numpy as np
from pydantic import BaseModel, ValidationError

from halfspace.companion.names import unknown
from halfspace.companion.sources import PACKAGE
from halfspace.companion.spec import Result, Spec

__all__ = ["build", "field_names", "numbers", "reading", "spec_class", "spec_names"]

_COMPANION = "halfspace.companion"
_CLASS = re.compile(r"^class (\w+)\(", re.MULTILINE)


def spec_names() -> dict[str, str]:
    """Return the modules of the subjects' classes by the class's name, without importing them.

    Example:
        >>> spec_names()["CircleTraining"]
        'circle.specs'
    """
    found = {}
    for path in sorted((PACKAGE / "companion").glob("*/*.py")):
        if path.stem not in ("plots", "claims", "readings", "conditions"):
            for name in _CLASS.findall(path.read_text(encoding="utf8")):
                found[name] = f"{path.parent.name}.{path.stem}"
    return found


def spec_class(name: str) -> type[Spec]:
    """Return a spec's class by its name.

    Raises:
        ValueError: if there is none; the message names the nearest.
    """
    modules = spec_names()
    if name in modules:
        kind = getattr(importlib.import_module(f"{_COMPANION}.{modules[name]}"), name)
        if isinstance(kind, type) and issubclass(kind, Spec) and not inspect.isabstract(kind):
            return kind
    raise ValueError(unknown("spec", name, modules))


def field_names(model: type[BaseModel]) -> list[str]:
    """Return the names of a model's fields, with dots for those of models inside it.

    Example:
        >>> names = field_names(spec_class("CircleTraining"))
        >>> "beta" in names, "target.frequencies" in names, "target" in names
        (True, True, False)
    """
    names = []
    for name, field in model.model_fields.items():
        inside = field.annotation
        if isinstance(inside, type) and issubclass(inside, BaseModel):
            names += [f"{name}.{part}" for part in field_names(inside)]
        else:
            names.append(name)
    return names


def build(
    kind: type[Spec], values: Mapping[str, object], fields: Mapping[str, object] | None = None
) -> Spec:
    """Return a spec with some fields by dotted name; the others have their defaults.

    Args:
        kind: the spec's class.
        values: the fields' values by dotted name.
        fields: what holds before ``values``, as ``model_dump`` returns it.

    Raises:
        ValueError: if a name or a value does not fit, in one sentence.

    Example:
        >>> spec = build(spec_class("CircleTraining"), {"model": "relu", "target.n": 64})
        >>> spec.model, spec.target.n, spec.target.frequencies
        ('relu', 64, (2.0, 8.0))
    """
    known = field_names(kind)
    for name in values:
        if name not in known:
            raise ValueError(unknown("parameter", name, known))
    found = {name: value for name, value in (fields or {}).items()}
    for name, value in values.items():
        *parents, last = name.split(".")
        level, model = found, kind
        for parent in parents:
            field = model.model_fields[parent]
            default = field.get_default(call_default_factory=True)
            start = default.model_dump() if isinstance(default, BaseModel) else {}
            level[parent] = dict(level.get(parent, start))
            level, model = level[parent], field.annotation
        level[last] = value
    try:
        return kind(**found)
    except ValidationError as error:
        raise ValueError("; ".join(_sentence(part) for part in error.errors())) from None


def _sentence(error: Mapping) -> str:
    name = ".".join(map(str, error["loc"]))
    said = error["msg"][0].lower() + error["msg"][1:]
    if error["type"] == "missing":
        return f"{name} has no default and needs a value"
    return f"{name}: {said}; got {error['input']!r}" if name else said


def reading(name: str) -> Callable[[Result], object]:
    """Return a reading, ``subject.readings.function``, that needs a result alone.

    Raises:
        ValueError: if there is none; the message names the nearest.

    Example:
        >>> reading("circle.readings.path_gain").__name__
        'path_gain'
    """
    folders = (PACKAGE / "companion").glob("*/readings.py")
    modules = sorted(f"{path.parent.name}.readings" for path in folders)
    module, _, function = name.rpartition(".")
    if module not in modules:
        near = get_close_matches(module, modules, n=1, cutoff=0)[0]
        raise ValueError(f"there is no reading {name}; write for example {near}.{function or name}")
    functions = vars(importlib.import_module(f"{_COMPANION}.{module}"))
    named = {
        known: found
        for known, found in functions.items()
        if inspect.isfunction(found)
        and found.__module__ == functions["__name__"]
        and known[0] != "_"
        and _takes_one(found)
    }
    if function not in named:
        raise ValueError(unknown("reading of one result", name, (f"{module}.{n}" for n in named)))
    return named[function]


def _takes_one(function: Callable) -> bool:
    try:
        inspect.signature(function).bind(None)
    except TypeError:
        return False
    first = next(iter(inspect.signature(function).parameters.values()))
    return first.annotation is Result


def numbers(result: Result, readings: Mapping[str, str]) -> dict[str, float]:
    """Return one number of a result for each reading: its mean over seeds, at the end.

    Args:
        result: the result.
        readings: for each number's name a reading, see ``reading``. Of values over time, shape
            (E, S), the last ones count.

    Raises:
        ValueError: if a reading is not a number for each seed, at the end or over time.
    """
    found = {}
    for name, wanted in readings.items():
        values = np.asarray(reading(wanted)(result))
        if values.dtype.kind not in "biuf" or values.ndim > 2:
            raise ValueError(f"{wanted} is not a number for each seed, so {name} cannot be one")
        found[name] = float(np.mean(values[-1] if values.ndim == 2 else values))
    return found
