"""Docstrings: every example of the package runs, and every public name of the library has one."""

import doctest
import importlib
import inspect
from pathlib import Path

import halfspace
import pytest

ROOT = Path(halfspace.__file__).parent
MODULES = [
    ".".join(("halfspace", *path.relative_to(ROOT).with_suffix("").parts)).removesuffix(".__init__")
    for path in sorted(ROOT.rglob("*.py"))
    if path.name != "__main__.py"
]
LIBRARY = [
    name
    for name in MODULES
    if not name.startswith("halfspace.companion") and not name.split(".")[-1].startswith("_")
]


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name):
    failed, _ = doctest.testmod(importlib.import_module(name), optionflags=doctest.ELLIPSIS)
    assert not failed


def public_names():
    """Functions and classes that the library's modules export."""
    for name in LIBRARY:
        module = importlib.import_module(name)
        for public in module.__all__:
            value = getattr(module, public)
            if inspect.isfunction(value) or inspect.isclass(value):
                yield pytest.param(value, id=f"{name}.{public}")


@pytest.mark.parametrize("value", list(public_names()))
def test_a_public_name_has_an_example(value):
    text = inspect.cleandoc(value.__doc__ or "")
    assert "\nExample:\n" in text and "    >>> " in text.split("\nExample:\n")[1]


def test_the_package_itself_has_an_example():
    assert ">>> " in halfspace.__doc__
