"""Imports inside the package go strictly downward, floor by floor."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

LIB = Path(__file__).parents[1] / "lib"
FLOORS = {
    "files": 0,
    "_checks": 0,
    "alignment": 1,
    "gates": 1,
    "datasets": 1,
    "intervals": 1,
    "parameters": 1,
    "plots": 1,
    "polygons": 1,
    "nets": 2,
    "conv": 3,
    "conv_overlap": 3,
    "image_training": 3,
    "resnet": 3,
    "paths": 3,
    "overlap": 3,
    "ntk": 3,
    "regions": 3,
    "training": 3,
    "reallocation": 4,
    "experiments": 5,
    "claims": 6,
}


def part(dotted):
    """The floor's name of ``halfspace.part.more``; ``halfspace`` itself has none."""
    return (dotted.split(".") + [""])[1]


def imported(source):
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (part(a.name) for a in node.names if a.name.startswith("halfspace"))
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports hide the floor: write them out"
            if node.module == "halfspace":
                yield from (alias.name for alias in node.names)
            elif node.module.startswith("halfspace."):
                yield part(node.module)


def climbs(name, source):
    """The imports of part ``name`` that do not go down; its own package is free to it."""
    others = {other for other in imported(source) if other != name}
    return sorted(o for o in others if FLOORS.get(o, 99) >= FLOORS[name])


MODULES = sorted((LIB / "halfspace").rglob("*.py"))


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(LIB)))
def test_imports_go_down(path):
    name = part(".".join(path.relative_to(LIB).with_suffix("").parts))
    if name == "__init__":  # the public face: it may name everything
        return
    assert name in FLOORS, f"give {name} a floor in tests/test_imports.py and say why"
    assert climbs(name, path.read_text(encoding="utf8")) == []


def test_a_climbing_import_is_seen():
    assert climbs("nets", "from halfspace.training import fit") == ["training"]
    assert climbs("nets", "from halfspace import overlap") == ["overlap"]
    assert climbs("experiments", "import halfspace.plots as p") == []
    assert climbs("overlap", "from halfspace.ntk import empirical_ntk") == ["ntk"]


SLOW_TO_IMPORT = {"matplotlib", "pandas", "scipy", "seaborn", "sklearn", "torchvision"}


def test_the_package_is_imported_without_slow_libraries():
    command = "import sys, halfspace; print(*sys.modules)"
    output = subprocess.run([sys.executable, "-c", command], capture_output=True, check=True)
    modules = output.stdout.decode().split()
    assert "halfspace" in modules
    assert SLOW_TO_IMPORT.isdisjoint(modules)


def test_experiments_and_plots_meet_only_in_chapters():
    for path in (LIB / "halfspace" / "experiments").glob("*.py"):
        assert "plots" not in set(imported(path.read_text(encoding="utf8"))), path
