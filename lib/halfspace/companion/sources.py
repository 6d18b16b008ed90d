"""Which files of the package a module or a chapter depends on, read from its imports.

The cache keys results by these files, and the build re-executes a chapter when one of its files
changes. This module needs only Python, so that the build can load it alone.
"""

import ast
import json
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

__all__ = ["PACKAGE", "all_sources", "module_sources", "notebook_sources"]

PACKAGE = Path(__file__).resolve().parents[1]
"""The folder of the package ``halfspace``."""

_SCRIPT = re.compile(r"[\w.-]+\.(css|js)")  # of an interactive figure


def all_sources() -> frozenset[Path]:
    """Return all files of the package."""
    return frozenset(PACKAGE.rglob("*.py"))


def module_sources(path: Path) -> frozenset[Path]:
    """Return a Python file and all files of the package that it imports, directly or indirectly.

    Example:
        >>> names = {path.name for path in module_sources(PACKAGE / "gates.py")}
        >>> "gates.py" in names, "training.py" in names
        (True, False)
    """
    return frozenset({path}) | _reached(path.read_text(encoding="utf8"))


def notebook_sources(path: Path) -> frozenset[Path]:
    """Return the files of the package that a notebook's code cells import.

    Lines for IPython, such as ``%pip``, count as empty.
    """
    cells = json.loads(path.read_text(encoding="utf8"))["cells"]
    code = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    return _reached(re.sub(r"^(\s*)[!%].*$", r"\1pass", code, flags=re.MULTILINE))


def _reached(code: str) -> frozenset[Path]:
    reached, waiting = set(), set(_imported(ast.walk(ast.parse(code))))
    while waiting:
        path = waiting.pop()
        if path not in reached:
            reached.add(path)
            waiting |= _direct(path)
    return frozenset(reached)


@cache
def _direct(path: Path) -> frozenset[Path]:
    """Return what a file of the package needs directly: imports, and scripts that it names."""
    if path.suffix != ".py":
        return frozenset()
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf8"))))
    needed = set(_imported(nodes))
    texts = [node.value for node in nodes if isinstance(node, ast.Constant)]
    named = {text for text in texts if isinstance(text, str) and _SCRIPT.fullmatch(text)}
    needed |= {near for name in named if (near := path.with_name(name)).exists()}
    if path.name == "claims.py":  # it names recorded runs, which the subject's conditions describe
        needed |= {near for near in [path.with_name("conditions.py")] if near.exists()}
    return frozenset(needed)


def _imported(nodes: Iterable[ast.AST]) -> Iterator[Path]:
    for node in nodes:
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            top, *parts = name.split(".")
            if top == "halfspace":
                yield from _files(parts)


def _files(parts: list[str]) -> Iterator[Path]:
    """Yield the files that hold ``halfspace.A.B.name``: of module A.B, and of the packages above.

    Every import also runs the package's own ``__init__.py``, but only names that it exports depend
    on it.
    """
    folder, exists = PACKAGE, False
    for part in parts:
        module, folder = folder / f"{part}.py", folder / part
        for path in (module, folder / "__init__.py"):
            if path.exists():
                exists = True
                yield path
        if module.exists():
            return
    if not exists:
        yield PACKAGE / "__init__.py"
