"""The cell that installs the package, in an environment that has nothing yet: `pytest -m slow`."""

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import nbformat
import pytest
import yaml

ROOT = Path(__file__).parents[2]
URL = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf8"))["repository"]["url"]
WHERE = """\
import halfspace
from halfspace.companion.registry import condition

print(halfspace.__file__)
print(condition("circle: dlgn: base").recorded().source)"""

pytestmark = pytest.mark.slow


class Machine:
    """A folder with an environment, where git maps the published address to another one."""

    def __init__(self, folder, address, *options):
        self.folder, self.python = folder, folder / "env/bin/python"
        mapped = {
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": f"url.{address}.insteadOf",
            "GIT_CONFIG_VALUE_0": URL,
        }
        self.environment = {**os.environ, **mapped, "HOME": str(folder)}
        for name in ("HALFSPACE_RESULTS", "HALFSPACE_DATA", "PYTHONPATH"):
            self.environment.pop(name, None)
        self.run(sys.executable, "-m", "venv", folder / "env", *options)

    def run(self, *command, status=0):
        done = subprocess.run(
            [*map(str, command)],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
        )
        assert (done.returncode == 0) == (status == 0), done.stdout + done.stderr
        return done.stdout + done.stderr

    def session(self, *last, status=0):
        """Run a chapter up to its check in a separate session, then more cells.

        Returns:
            What the last cell printed, or what a failed run printed.
        """
        notebook = nbformat.read(ROOT / "chapters/01_mixture_of_experts.ipynb", 4)
        tags = [cell.metadata.get("tags", []) for cell in notebook.cells]
        notebook.cells = notebook.cells[: 1 + next(i for i, t in enumerate(tags) if "check" in t)]
        for number, source in enumerate(last):
            notebook.cells.append(nbformat.v4.new_code_cell(source, id=f"last-{number}"))
        nbformat.write(notebook, self.folder / "chapter.ipynb")
        papermill = ["-m", "papermill", "chapter.ipynb", "out.ipynb"]
        said = self.run(self.python, *papermill, status=status)
        if status:
            return said
        return nbformat.read(self.folder / "out.ipynb", 4).cells[-1].outputs[0].text


def borrowing(folder, address, but=()):
    """Make a machine without a network that uses this environment's packages, but a few."""
    machine = Machine(folder, address, "--without-pip")
    lent = folder / "lent"
    lent.mkdir()
    for path in Path(sysconfig.get_path("purelib")).iterdir():
        if not any(name in path.name for name in ("halfspace", *but)):
            (lent / path.name).symlink_to(path)
    (site,) = folder.glob("env/lib/python*/site-packages")
    (site / "lent.pth").write_text(f"{lent}\n")
    # pip's own double negative: "false" is what switches the isolation off.
    machine.environment |= {"PIP_NO_INDEX": "1", "PIP_NO_BUILD_ISOLATION": "false"}
    return machine


def clone_of(folder):
    return f"{folder / 'halfspaces/lib/halfspace/__init__.py'}\nrecorded\n"


def test_a_chapter_installs_what_it_needs(tmp_path):
    """Only the notebook is there; git maps the published address to this checkout's last commit."""
    machine = Machine(tmp_path, ROOT.as_uri())
    machine.run(machine.python, "-m", "pip", "install", "--quiet", "ipykernel", "papermill")
    assert machine.session(WHERE) == clone_of(tmp_path)


def test_recorded_runs_stay_in_reach(tmp_path):
    """In the session that installs, in a later one, and from every folder."""
    machine = borrowing(tmp_path, ROOT.as_uri())
    away = "import os\nos.chdir('/')"
    assert machine.session(away, WHERE) == clone_of(tmp_path)
    assert machine.session(away, WHERE) == clone_of(tmp_path)


@pytest.mark.parametrize(("address", "but"), [("file:///nowhere", ()), (ROOT.as_uri(), ["pandas"])])
def test_a_failed_installation_stops_the_chapter(tmp_path, address, but):
    """Where the clone fails, and where a package that a chapter needs is not available."""
    said = borrowing(tmp_path, address, but).session(status=1)
    assert "SystemExit: halfspace was not installed: see above; it needs git and a network" in said
    assert "ModuleNotFoundError" not in said
