"""The package on the Python versions that pyproject.toml names."""

import ast
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf8"))["project"]
NAMED = [
    line.rsplit(" ", 1)[1]
    for line in PROJECT["classifiers"]
    if line.startswith("Programming Language :: Python :: 3.")
]
SOURCES = sorted((ROOT / "lib").rglob("*.py"))

USE = """
import torch, halfspace
from halfspace import DLGN, ReLUNet, SoftGate, datasets, empirical_ntk, fit, overlap_kernel
from halfspace import polygons, regions, stack
from halfspace.companion import plots, registry, widgets
assert "HalfSpaces" in widgets.source("engine.js")
x, generator = torch.randn(12, 2), torch.Generator().manual_seed(0)
net = ReLUNet(2, width=4, depth=2, generator=generator)
assert overlap_kernel(net.gates(x)).shape == empirical_ntk(net, x).shape == (12, 12)
assert len(halfspace.partition(net, polygons.square(1.0)).cells) > 1
nets = stack([DLGN(2, width=4, depth=2, gate=SoftGate(4.0)) for _ in range(2)])
history = fit(nets, x, x[:, :1], seeds=[0, 1], epochs=3, learning_rate=0.1, batch_size=5)
assert history.batch_loss.shape == (3, 2) and not history.diverged.any()
print(halfspace.__file__)
"""


def interpreter(version):
    """Return a Python of that version, from PATH or pyenv, ``None`` if there is none."""
    folders = [Path(folder) for folder in os.environ["PATH"].split(os.pathsep) if folder]
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    folders += sorted(pyenv.glob(f"versions/{version}.*/bin"))
    for path in (folder / f"python{version}" for folder in folders):
        if path.is_file():  # pyenv has a shim for versions that are not active, too: try it
            call = [path, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
            found = subprocess.run(call, capture_output=True, text=True)
            if found.stdout.strip() == version:
                return path
    return None


def test_the_named_versions_are_those_that_may_install():
    least = PROJECT["requires-python"].removeprefix(">=")
    assert NAMED[0] == least
    first, last = (int(version.split(".")[1]) for version in (NAMED[0], NAMED[-1]))
    assert NAMED == [f"3.{minor}" for minor in range(first, last + 1)]
    assert f"{sys.version_info[0]}.{sys.version_info[1]}" in NAMED


@pytest.mark.parametrize("version", NAMED)
def test_the_sources_parse_as_each_version(version):
    feature = tuple(map(int, version.split(".")))
    for path in SOURCES:
        ast.parse(path.read_text(encoding="utf8"), str(path), feature_version=feature)


@pytest.mark.parametrize("version", NAMED)
def test_each_interpreter_found_compiles_the_sources(version):
    if (python := interpreter(version)) is None:
        pytest.skip(f"no python{version} on PATH or in pyenv")
    compile_all = (
        "import sys, warnings; warnings.simplefilter('error')\n"
        "for path in sys.argv[1:]:\n    compile(open(path, encoding='utf8').read(), path, 'exec')"
    )
    done = subprocess.run([python, "-c", compile_all, *SOURCES], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("version", NAMED)
def test_the_wheel_works_on_each_interpreter_found(version, tmp_path):
    """Installs PyTorch: some gigabytes and minutes a version."""
    if (python := interpreter(version)) is None:
        pytest.skip(f"no python{version} on PATH or in pyenv")
    source = tmp_path / "source"  # building leaves files beside the sources
    shutil.copytree(ROOT / "lib", source / "lib", ignore=shutil.ignore_patterns("*.egg-info"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "wheel"]
    options = ["--no-deps", "--no-build-isolation", "--wheel-dir", tmp_path / "wheel"]
    subprocess.run([*pip, *options, source], check=True)
    (made,) = (tmp_path / "wheel").glob("halfspace-*.whl")
    subprocess.run([python, "-m", "venv", tmp_path / "env"], check=True)
    inside = tmp_path / "env" / "bin" / "python"
    subprocess.run([inside, "-m", "pip", "--quiet", "install", made], check=True)
    done = subprocess.run([inside, "-c", USE], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.strip()).is_relative_to(tmp_path)
