"""Parameters of a chapter, checked in the cell after the parameters cell, before any training.

A chapter's parameters cell declares names, types and defaults (``seed: int = 0``); papermill may
put a cell with other values after it, and a reader may edit it. ``check`` compares the resulting
values with the declared types and the chapter's ranges.
"""

import ast
import difflib
import re
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import torch

__all__ = ["ParameterError", "check", "increasing", "problems"]

_TYPES = {"int": int, "float": float, "str": str, "bool": bool}
_NOUNS = {int: "an integer", float: "a number", str: "a text", bool: "True or False"}
_PLURALS = {int: "integers", float: "numbers", str: "texts", bool: "truth values"}
_INJECTED = "# Parameters"  # first line of the cell that papermill adds
_PATHS = ("PAPERMILL_INPUT_PATH", "PAPERMILL_OUTPUT_PATH")  # its --inject-paths adds these
# A number for people, but a text in YAML 1.1, which requires a point and a signed exponent.
_EXPONENT = re.compile(r"([-+]?\d+\.?\d*)[eE]([-+]?\d+)")

Range = tuple[float, float] | tuple[str, ...] | tuple[bool, ...]
Rules = Mapping[str, Callable[[], bool]]
_NO_RULES: Rules = MappingProxyType({})


class ParameterError(ValueError):
    """A chapter got a parameter that it cannot use."""

    def _render_traceback_(self) -> list[str]:
        # IPython shows this instead of a traceback through the package.
        return [f"ParameterError: {self}"]


def check(rules: Rules = _NO_RULES, /, **ranges: Range) -> None:
    """Check this notebook's parameters.

    Args:
        rules: what ranges cannot express, each as a sentence and a function that returns whether
            it holds: ``{f"n must be even; got {n}": lambda: n % 2 == 0}``. They are evaluated once
            every parameter has its type and is in its range.
        **ranges: for each parameter its smallest and largest value, ``seed=(0, 100)``, or its
            choices, ``device=("auto", "cpu", "cuda")``. For a list they hold for each entry.

    Raises:
        ParameterError: if a parameter is unknown, missing, of the wrong type, out of its range or
            not among its choices, if a rule does not hold, or if ``device`` asks for CUDA on a
            machine without it. The message lists all problems.
        RuntimeError: outside IPython.
    """
    from IPython import get_ipython

    shell = get_ipython()
    if shell is None:
        raise RuntimeError("parameters.check reads a notebook's cells; call it in a notebook")
    sentences = problems(shell.user_ns["In"], shell.user_ns, ranges, rules)
    if sentences:
        raise ParameterError("\n".join(sentences))


def increasing(values: Sequence[float], *, least: int = 1) -> bool:
    """Return whether each value is larger than the one before, and there are enough values."""
    return len(values) >= least and sorted(set(values)) == list(values)


def problems(
    cells: Sequence[str],
    values: Mapping[str, object],
    ranges: Mapping[str, Range],
    rules: Rules = _NO_RULES,
) -> list[str]:
    """List what is wrong with the parameters, one sentence each.

    Args:
        cells: source of the cells run so far. The last one with an annotated assignment to a name
            of ``ranges`` is the parameters cell.
        values: the values that hold now, by name.
        ranges: as for ``check``.
        rules: as for ``check``.

    Returns:
        The sentences; empty if all is well.
    """
    types, injected = _declarations(cells, ranges)
    sentences = [_unknown(name, ranges) for name in [*types, *injected] if name not in ranges]
    for name, allowed in ranges.items():
        if name not in types:
            sentences.append(
                f"The parameters cell must set {name} with its type: `{name}: int = 1`."
            )
        elif not _fits(values.get(name), types[name], allowed):
            said = _what(types[name], allowed)
            sentences.append(f"{name} takes {said}; got {_shown(values.get(name), types[name])}.")
    if not sentences:
        sentences = [f"{sentence}." for sentence, holds in rules.items() if not holds()]
    if not sentences and values.get("device") == "cuda" and not torch.cuda.is_available():
        sentences.append("device is 'cuda', but PyTorch finds no CUDA device; use 'auto' or 'cpu'.")
    return sentences


def _declarations(
    cells: Sequence[str], ranges: Mapping[str, Range]
) -> tuple[dict[str, str], list[str]]:
    """Return the parameters cell's annotations by name, and the names papermill's cell sets."""
    types, injected = {}, []
    for cell in cells:
        body = _statements(cell)
        annotated = {
            line.target.id: ast.unparse(line.annotation)
            for line in body
            if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name)
        }
        if annotated.keys() & ranges.keys():
            types, injected = annotated, []
        elif cell.startswith(_INJECTED):
            names = [line.targets[0].id for line in body if isinstance(line, ast.Assign)]
            injected = [name for name in names if name not in _PATHS]
    return types, injected


def _statements(cell: str) -> list[ast.stmt]:
    try:
        return ast.parse(cell).body
    except SyntaxError:  # a cell that failed
        return []


def _unknown(name: str, ranges: Mapping[str, Range]) -> str:
    near = difflib.get_close_matches(name, ranges, n=1, cutoff=0)
    return f"There is no parameter {name}; the nearest is {near[0]}, of {', '.join(ranges)}."


def _element(annotation: str) -> tuple[type, bool]:
    """Split an annotation into the type of an entry and whether it is a list of them."""
    container, bracket, inside = annotation.partition("[")
    name = inside.rstrip("]").removesuffix(", ...") if bracket else container
    return _TYPES[name], bool(bracket)


def _fits(value: object, annotation: str, allowed: Range) -> bool:
    kind, many = _element(annotation)
    if many:
        entries = isinstance(value, list | tuple) and len(value) > 0
        return entries and all(_fits(entry, kind.__name__, allowed) for entry in value)
    if isinstance(value, bool) and kind is not bool:
        return False
    if not isinstance(value, (int, float) if kind is float else kind):
        return False
    if kind in (int, float):
        return allowed[0] <= value <= allowed[1]
    return value in allowed


def _what(annotation: str, allowed: Range) -> str:
    kind, many = _element(annotation)
    noun = f"a list of {_PLURALS[kind]}" if many else _NOUNS[kind]
    if kind in (int, float):
        return f"{noun} from {allowed[0]} to {allowed[1]}"
    return noun if kind is bool else f"one of {', '.join(map(repr, allowed))}"


def _shown(value: object, annotation: str) -> str:
    """Return a refused value, and how to write it if it is a number that YAML read as a text."""
    number = _EXPONENT.fullmatch(value) if isinstance(value, str) else None
    if number is None or annotation != "float":
        return repr(value)
    return f"the text {value!r}; write {float(number[1])}e{int(number[2]):+d} in YAML"
