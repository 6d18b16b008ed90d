"""Docstrings: every example in the library runs, and every documented module has examples."""

import doctest
import importlib
import inspect
import re
from pathlib import Path

import halfspace
import pytest

ROOT = Path(halfspace.__file__).parent
WITHOUT_EXAMPLES = {"experiments", "claims", "plots", "companion"}
WITHOUT_EXAMPLES |= {"reallocation", "parameters", "intervals"}
DOCUMENTED = ["conv", "gates", "image_training", "nets", "resnet", "training"]


def library_modules():
    """Names of the library's modules, without those that are particular to the book."""
    for path in sorted(ROOT.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        if parts[0] not in WITHOUT_EXAMPLES:
            yield ".".join(["halfspace", *(part for part in parts if part != "__init__")])


@pytest.mark.parametrize("name", list(library_modules()))
def test_examples_run(name):
    failed, _ = doctest.testmod(importlib.import_module(name), optionflags=doctest.ELLIPSIS)
    assert not failed


def public_names():
    """Functions and classes that the documented modules export."""
    for name in DOCUMENTED:
        module = importlib.import_module(f"halfspace.{name}")
        for public in module.__all__:
            value = getattr(module, public)
            if inspect.isfunction(value) or inspect.isclass(value):
                yield pytest.param(value, id=f"{name}.{public}")


@pytest.mark.parametrize("value", list(public_names()))
def test_public_names_have_a_docstring_with_an_example(value):
    text = inspect.cleandoc(value.__doc__ or "")
    assert re.search(r"^Example:\n    >>> ", text, re.MULTILINE)
