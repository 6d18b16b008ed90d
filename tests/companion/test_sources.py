"""What a module or a chapter depends on follows from its imports."""

import json
from pathlib import Path

import pytest
from halfspace.companion import sources, store
from halfspace.companion.circle.specs import CircleTraining
from halfspace.companion.fashion.study import FashionStudy
from halfspace.companion.sources import all_sources, module_sources, notebook_sources


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A small package: what each file imports."""
    files = {
        "__init__": "from halfspace.nets import Net",
        "nets": "import math",
        "kernels": "def kernel():\n    from halfspace.nets import Net",
        "regions/__init__": "from halfspace.regions._cells import cells",
        "regions/_cells": "",
        "a/__init__": "",
        "a/specs": "import halfspace.kernels",
        "a/conditions": "from halfspace.a import specs",
        "a/claims": "from halfspace.regions import cells",
        "a/plots": "",
        "a/kit": 'SCRIPTS = ("kit.js", "none.js")',
        "a/engine": '"""Example: source("kit.js")"""',
        "a/figure": "from halfspace.a.kit import SCRIPTS",
    }
    folder = tmp_path / "halfspace"
    for name, code in files.items():
        path = folder / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(code)
    Path(folder, "a/kit.js").write_text("from halfspace import nets")
    monkeypatch.setattr(sources, "PACKAGE", folder)
    sources._direct.cache_clear()
    yield folder
    sources._direct.cache_clear()


def names(paths, folder):
    found = {path.relative_to(folder).as_posix() for path in paths}
    return {name.removesuffix(".py") for name in found}


@pytest.mark.parametrize(
    ("code", "needs"),
    [
        ("import numpy", set()),
        ("from halfspace.a import specs", {"a/__init__", "a/specs", "kernels", "nets"}),
        ("from halfspace.a.engine import x", {"a/__init__", "a/engine"}),
        ("from halfspace.a.figure import x", {"a/__init__", "a/figure", "a/kit", "a/kit.js"}),
        ("import halfspace.a.plots as p", {"a/__init__", "a/plots"}),
        ("from halfspace import regions", {"regions/__init__", "regions/_cells"}),
        ("from halfspace import Net", {"__init__", "nets"}),
        ("import halfspace", {"__init__", "nets"}),
        (
            "from halfspace.a.claims import CLAIMS",
            {"a/__init__", "a/claims", "a/conditions", "a/specs", "kernels", "nets"}
            | {"regions/__init__", "regions/_cells"},
        ),
        ("if True:\n    %pip install x\n    from halfspace import nets", {"nets"}),
    ],
)
def test_a_notebook_needs_what_it_imports(package, tmp_path, code, needs):
    cells = [{"cell_type": "markdown", "source": "import halfspace"}]
    cells.append({"cell_type": "code", "source": code.splitlines(keepends=True)})
    path = tmp_path / "chapter.ipynb"
    path.write_text(json.dumps({"cells": cells}))
    assert names(notebook_sources(path), package) == needs


def test_a_module_needs_itself_too(package):
    specs = package / "a/specs.py"
    assert names(module_sources(specs), package) == {"a/specs", "kernels", "nets"}


def test_results_outlive_claims_readings_and_other_subjects():
    circle = names(module_sources(sources.PACKAGE / "companion/circle/specs.py"), sources.PACKAGE)
    assert {"companion/circle/target", "companion/spec", "nets", "training"} <= circle
    for name in ("claims", "readings", "plots", "conditions"):
        assert f"companion/circle/{name}" not in circle
    assert not any(name.startswith("companion/fashion") for name in circle)


def test_the_digest_follows_what_a_spec_needs(monkeypatch):
    changed = sources.PACKAGE / "companion/circle/target.py"
    modules = [CircleTraining.__module__, FashionStudy.__module__, "no.module"]
    store.sources_digest.cache_clear()
    before = [store.sources_digest(module) for module in modules]
    read = type(changed).read_bytes
    monkeypatch.setattr(
        type(changed), "read_bytes", lambda path: read(path) + b"#" * (path == changed)
    )
    store.sources_digest.cache_clear()
    after = [store.sources_digest(module) for module in modules]
    store.sources_digest.cache_clear()
    assert [a == b for a, b in zip(before, after, strict=True)] == [False, True, False]
    assert changed in all_sources()
