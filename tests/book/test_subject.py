"""``make subject`` writes files that work, and never over others."""

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
import yaml

ROOT = Path(__file__).parents[2]
COMPANION = "lib/halfspace/companion"


@pytest.fixture
def project(tmp_path):
    """A copy of what the command reads."""
    for name in ("_toc.yml", f"{COMPANION}/registry.py", "chapters/06_circle_conditions.ipynb"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    shutil.copytree(ROOT / "lib/halfspace", tmp_path / "lib/halfspace", dirs_exist_ok=True)
    return tmp_path


def begin(project, name):
    command = [sys.executable, ROOT / "book/subject.py", name]
    return subprocess.run(command, cwd=project, capture_output=True, text=True)


def test_a_subject_is_registered_and_its_first_test_passes(project):
    assert begin(project, "convex_gates").returncode == 0
    notebook = nbformat.read(project / "chapters/convex_gates.ipynb", 4)
    nbformat.validate(notebook)
    assert "git clone" in notebook.cells[1].source
    toc = yaml.safe_load((project / "_toc.yml").read_text())
    files = [entry["file"] for part in toc["parts"] for entry in part["chapters"]]
    assert "chapters/convex_gates" in files
    check = (
        "from halfspace.companion.registry import SUBJECTS\n"
        "import pytest, sys\n"
        "assert 'convex_gates' in SUBJECTS\n"
        "sys.exit(pytest.main(['-q', '-p', 'no:cacheprovider', 'tests']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", check],
        cwd=project,
        env={"PYTHONPATH": str(project / "lib"), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    for path in (project / COMPANION / "convex_gates").glob("*.py"):
        assert ast.get_docstring(ast.parse(path.read_text()))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "Gated",
            "NAME must be lower-case letters and underscores, such as convex_gates; got 'Gated'",
        ),
        ("../x", "NAME must be lower-case"),
        ("", "NAME must be lower-case"),
        ("circle", "there is already a subject circle; choose another NAME"),
    ],
)
def test_a_name_that_will_not_do_changes_nothing(project, name, said):
    before = sorted(project.rglob("*"))
    done = begin(project, name)
    assert done.returncode == 1 and done.stderr.startswith(said)
    assert sorted(project.rglob("*")) == before


def test_a_chapter_of_that_name_stays(project):
    (project / "chapters/gated.ipynb").write_text("mine")
    done = begin(project, "gated")
    assert done.stderr == "there is already a subject gated; choose another NAME\n"
    assert (project / "chapters/gated.ipynb").read_text() == "mine"
