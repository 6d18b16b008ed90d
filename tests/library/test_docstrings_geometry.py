"""Every public function and class of these modules has an example that runs."""

import doctest
import importlib

import pytest

MODULES = [
    "halfspace.kernels",
    "halfspace.conv_overlap",
    "halfspace.datasets._cifar",
    "halfspace.datasets._fashion",
    "halfspace.files",
    "halfspace.ntk",
    "halfspace.overlap",
    "halfspace.paths",
    "halfspace.polygons",
    "halfspace.regions",
]
PUBLIC = [
    (module, name)
    for module in map(importlib.import_module, MODULES)
    for name in module.__all__
    if callable(getattr(module, name))
]


@pytest.mark.parametrize(
    ("module", "name"), PUBLIC, ids=[f"{module.__name__}.{name}" for module, name in PUBLIC]
)
def test_the_example_runs(module, name):
    described = getattr(module, name)
    docstring = described.__doc__ or ""
    assert "\n    Example:\n" in docstring and ">>>" in docstring, (
        f"{name} needs an Example section"
    )
    defining = importlib.import_module(described.__module__)
    runner = doctest.DocTestRunner()
    for test in doctest.DocTestFinder().find(described, name, module=defining):
        runner.run(test)
    assert runner.summarize(verbose=False).failed == 0


def test_the_example_of_the_package_runs():
    results = doctest.testmod(importlib.import_module("halfspace"))
    assert results.failed == 0 and results.attempted > 0
