"""The cell that installs the package, in an environment that has nothing yet: `pytest -m slow`."""

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
import yaml

ROOT = Path(__file__).parents[1]
URL = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf8"))["repository"]["url"]


@pytest.mark.slow
def test_a_chapter_installs_what_it_needs(tmp_path):
    """Only the notebook is there; git maps the published address to this checkout's last commit."""
    python = tmp_path / "env/bin/python"
    mapped = {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{ROOT.as_uri()}.insteadOf",
        "GIT_CONFIG_VALUE_0": URL,
    }
    environment = {**os.environ, **mapped, "HOME": str(tmp_path)}

    def run(*command):
        done = subprocess.run(
            [*map(str, command)], cwd=tmp_path, env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr

    run(sys.executable, "-m", "venv", tmp_path / "env")
    run(python, "-m", "pip", "install", "--quiet", "ipykernel", "nbconvert")
    notebook = nbformat.read(ROOT / "chapters/01_mixture_of_experts.ipynb", 4)
    tags = [cell.metadata.get("tags", []) for cell in notebook.cells]
    notebook.cells = notebook.cells[: 1 + next(i for i, t in enumerate(tags) if "check" in t)]
    read = "from halfspace.experiments.studies import condition"
    read += "\nprint(condition('circle: dlgn: base').recorded().source)"
    where = f"import halfspace\nprint(halfspace.__file__)\n{read}"
    notebook.cells.append(nbformat.v4.new_code_cell(where, id="where"))
    nbformat.write(notebook, tmp_path / "chapter.ipynb")
    convert = ["-m", "nbconvert", "--to", "notebook", "--execute", "--output", "out"]
    run(python, *convert, "chapter.ipynb")
    out = nbformat.read(tmp_path / "out.ipynb", 4)
    said = out.cells[-1].outputs[0].text
    assert said.startswith(str(tmp_path / "env")) and said.endswith("recorded\n")
