"""Who may import whom: the library knows nothing of the evidence, and subjects form a graph."""

import ast
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest
from halfspace.companion.registry import SUBJECTS as USES

LIB = Path(__file__).parents[1] / "lib"
MODULES = sorted((LIB / "halfspace").rglob("*.py"))

# The library, layer by layer: a module imports from the layers below it.
FLOORS = {
    "files": 0,
    "_checks": 0,
    "kernels": 1,
    "gates": 1,
    "modes": 1,
    "datasets": 1,
    "polygons": 1,
    "nets": 2,
    "conv": 3,
    "resnet": 3,
    "connectivity": 3,
    "conv_overlap": 3,
    "path_kernels": 3,
    "residual": 3,
    "image_training": 3,
    "paths": 3,
    "overlap": 3,
    "ntk": 3,
    "regions": 3,
    "training": 3,
    "renormalisation": 1,
    "ranks": 3,
    "descent": 4,
    "hardening": 4,
    "interpolation": 3,
    "early_time": 3,
}
ELSEWHERE = {"pydantic", "sklearn", "matplotlib", "seaborn", "pandas", "myst_nb"}
# Packages that only the functions that need them import, not ``import halfspace``.
SLOW_TO_IMPORT = ELSEWHERE | {"scipy", "torchvision"}

# The evidence: its frame. Subjects, and those that each may use, are in the registry.
FRAME = {
    "arrays": 0,
    "commit": 0,
    "sources": 0,
    "intervals": 1,
    "names": 0,
    "parameters": 0,
    "text": 0,
    "workers": 0,
    "inference": 2,
    "editions": 2,
    "store": 1,
    "spec": 2,
    "origin": 3,
    "experiments": 3,
    "seeds": 3,
    "records": 3,
    "jobs": 4,
    "making": 5,
    "claims": 3,
    "registry": 4,
    "report": 5,
    "rules": 5,
    "__main__": 6,
}
# What shows the evidence.
FACES = {"plots", "widgets"}
# Inside a subject. Other names than these, such as ``freezing``, are those of specs.
ROOMS = {
    "target": 0,
    "data": 0,
    "synthetic": 0,
    "ideas": 0,
    "measures": 1,
    "statistics": 1,
    "figure1": 1,
    "specs": 2,
    "conditions": 4,
    "readings": 4,
    "claims": 5,
    "plots": 6,
}
SPECS = 3


def imported(source):
    """The modules and names that code imports, ``halfspace.a.name`` for a name of a."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports hide the floor: write them out"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def refused(name, source):
    """What module ``name`` (dotted, below halfspace) must not import."""
    return sorted(other for other in set(imported(source)) if not allowed(name, other))


def allowed(name, other):
    top, *parts = other.split(".")
    home = name.split(".")
    if home[0] != "companion":
        if top != "halfspace":
            return top not in ELSEWHERE
        # A package's modules are free to each other.
        return parts[0] == home[0] or FLOORS.get(parts[0], 99) < FLOORS[home[0]]
    if top != "halfspace" or parts[0] != "companion":
        return other != "halfspace" and (top != "halfspace" or parts[0] in FLOORS)
    parts = parts[1:]
    if home[1] in FACES:
        return parts[0] in {home[1], "plots", "text"}
    if home[1] not in USES:  # the frame
        return parts[0] == home[1] or FRAME.get(parts[0], 99) < FRAME[home[1]]
    if home[2] == "plots":
        return parts[0] in {"plots", "intervals", "text"}
    if parts[0] in USES:
        subject, room = parts[0], (parts + [""])[1]
        if subject == home[1]:
            return below(home[2], room)
        return subject in USES[home[1]] and room not in {"plots", "claims", "conditions"}
    return parts[0] in FRAME and FRAME[parts[0]] <= FRAME["claims"]


def below(room, other):
    """Whether a subject's room may import another one of the same subject."""
    both_specs = room not in ROOMS and other not in ROOMS
    return both_specs or ROOMS.get(other, SPECS) < ROOMS.get(room, SPECS)


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(LIB)))
def test_imports_go_down(path):
    parts = path.relative_to(LIB / "halfspace").with_suffix("").parts
    if parts == ("__init__",):  # the public face: it may name the whole library
        names = {name for name in imported(path.read_text(encoding="utf8"))}
        assert not any(name.startswith("halfspace.companion") for name in names)
        return
    known = FRAME.keys() | USES.keys() | FACES | {"__init__"} if parts[0] == "companion" else FLOORS
    part = parts[1] if parts[0] == "companion" else parts[0]
    assert part in known, f"give {part} a place in tests/test_imports.py"
    if parts[-1] != "__init__" or parts[0] != "companion" or parts[1] in FACES:
        assert refused(".".join(parts), path.read_text(encoding="utf8")) == []
    else:
        assert not list(imported(path.read_text(encoding="utf8")))


def test_subjects_form_no_cycle():
    assert set(TopologicalSorter(USES).static_order()) == USES.keys()
    folders = {path.parent.name for path in (LIB / "halfspace/companion").glob("*/__init__.py")}
    assert folders - FACES == USES.keys()


@pytest.mark.parametrize(
    ("name", "source", "wrong"),
    [
        ("nets", "from halfspace.training import fit", ["halfspace.training.fit"]),
        ("nets", "from halfspace import overlap", ["halfspace.overlap"]),
        ("overlap", "from halfspace.ntk import empirical_ntk", ["halfspace.ntk.empirical_ntk"]),
        ("ntk._products", "from halfspace.ntk._features import features", []),
        ("regions", "from halfspace.companion.spec import Spec", ["halfspace.companion.spec.Spec"]),
        ("gates", "import pydantic", ["pydantic"]),
        ("companion.spec", "from halfspace.companion.circle.specs import x", 1),
        ("companion.store", "from halfspace.companion.spec import Spec", 1),
        ("companion.registry", "from halfspace.companion.claims import Claim", 0),
        ("companion.circle.specs", "from halfspace.companion.fashion.data import x", 1),
        ("companion.conjectures.freezing", "from halfspace.companion.fashion.data import x", 0),
        ("companion.conjectures.freezing", "from halfspace.companion.fashion.claims import x", 1),
        ("companion.circle.measures", "from halfspace.companion.circle.specs import x", 1),
        ("companion.circle.readings", "from halfspace.companion.circle.claims import x", 1),
        ("companion.circle.readings", "from halfspace.companion.circle.conditions import x", 1),
        ("companion.circle.claims", "from halfspace.companion.circle.readings import x", 0),
        ("companion.circle.claims", "from halfspace.companion.circle.plots import x", 1),
        ("companion.circle.claims", "from halfspace.companion.plots import x", 1),
        ("companion.circle.plots", "from halfspace.companion.circle.readings import x", 1),
        ("companion.circle.plots", "from halfspace.companion.plots import style", 0),
        ("companion.widgets", "from importlib.resources import files", 0),
        ("companion.widgets", "from halfspace.companion.plots import style", 0),
        ("companion.widgets", "from halfspace.companion.circle.specs import x", 1),
        ("companion.plots", "from halfspace.companion.widgets import source", 1),
        ("companion.circle.specs", "from halfspace import regions, training", 0),
    ],
)
def test_a_forbidden_import_is_seen(name, source, wrong):
    found = refused(name, source)
    assert found == wrong if isinstance(wrong, list) else len(found) == wrong


def test_the_package_is_imported_without_slow_libraries():
    command = "import sys, halfspace; print(*sys.modules)"
    output = subprocess.run([sys.executable, "-c", command], capture_output=True, check=True)
    modules = output.stdout.decode().split()
    assert "halfspace" in modules
    assert SLOW_TO_IMPORT.isdisjoint(modules)
