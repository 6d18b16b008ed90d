"""The environment that make makes, without making one, and what git does to files."""

import fcntl
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "book"))

import environment  # noqa: E402

SITE = "lib/python3.11/site-packages"


@pytest.fixture
def commands(tmp_path, monkeypatch):
    """Collect the commands instead of running them; installing the package leaves its file."""
    monkeypatch.chdir(tmp_path)
    for name in ("pyproject.toml", "some.lock"):
        Path(name).touch()
        os.utime(name, (1000, 1000))
    run = []

    def collect(*words):
        run.append([str(word) for word in words])
        if "-e" in words:
            Path(".venv", SITE).mkdir(parents=True)
            path = Path(".venv", SITE, "__editable__.halfspace-0.1.0.pth")
            path.write_text(f"{tmp_path}/Übung/lib\n")

    monkeypatch.setattr(environment, "run", collect)
    return run


def test_the_environment_is_made_once_and_again_when_the_lock_changes(commands):
    for expected in (3, 3):
        environment.make(Path(".venv"), Path("some.lock"), peers=False)
        assert len(commands) == expected and Path(".venv/.stamp").exists()
    os.utime("some.lock")
    os.utime(".venv/.stamp", (2000, 2000))
    Path(".venv", SITE, "__editable__.halfspace-0.1.0.pth").unlink()
    Path(".venv", SITE).rmdir()
    environment.make(Path(".venv"), Path("some.lock"), peers=False)
    assert len(commands) == 6


def test_an_environment_that_failed_has_no_stamp(commands, monkeypatch):
    def fail(*words):
        raise subprocess.CalledProcessError(1, words)

    monkeypatch.setattr(environment, "run", fail)
    Path(".venv").mkdir()
    Path(".venv/.stamp").touch()
    os.utime(".venv/.stamp", (1, 1))
    with pytest.raises(subprocess.CalledProcessError):
        environment.make(Path(".venv"), Path("some.lock"), peers=False)
    assert not Path(".venv/.stamp").exists()


def test_the_package_is_found_by_a_path_that_every_locale_can_read(commands):
    environment.make(Path(".venv"), Path("some.lock"), peers=False)
    (path,) = Path(".venv", SITE).glob("*.pth")
    assert path.read_text() == "../../../../lib\n"
    assert (path.parent / path.read_text().strip()).resolve() == Path("lib").resolve()


def test_a_second_make_waits_for_the_first_and_then_does_nothing(commands, capsys):
    Path(".venv").mkdir()
    with open(".venv/.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        arguments = (Path(".venv"), Path("some.lock"))
        second = threading.Thread(target=environment.make, args=arguments, kwargs={"peers": False})
        second.start()
        second.join(0.5)
        assert second.is_alive() and commands == []
        Path(".venv/.stamp").touch()  # the first has ended
    second.join(10)
    assert not second.is_alive() and commands == []
    assert capsys.readouterr().out == "Another make is making .venv; this one waits for it.\n"


def test_the_readers_pip_and_python_settings_stay_outside(tmp_path):
    hostile = {
        "PIP_USER": "1",
        "PIP_TARGET": str(tmp_path),
        "PIP_PREFIX": str(tmp_path),
        "PIP_REQUIRE_HASHES": "1",
        "PYTHONPATH": str(tmp_path),
        "PYTHONHOME": str(tmp_path),
        "PYTHONSAFEPATH": "1",
    }
    (tmp_path / "Makefile").write_text((ROOT / "Makefile").read_text() + "\nshow:\n\t@env\n")
    surroundings = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MAKELEVEL")}
    said = subprocess.check_output(
        ["make", "-s", "-f", tmp_path / "Makefile", "show"],
        cwd=tmp_path,
        env=surroundings | hostile,
        text=True,
    )
    seen = dict(line.split("=", 1) for line in said.splitlines() if "=" in line)
    assert {name: seen.get(name) for name in hostile} == dict.fromkeys(hostile) | {"PIP_USER": "0"}
    assert seen["PYTHONNOUSERSITE"] == "1"


def test_git_keeps_line_ends_and_marks_what_is_no_text():
    command = ["git", "ls-files", "--eol", "-z"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        pytest.skip("not a git checkout")
    for line in filter(None, done.stdout.split("\0")):
        about, name = line.split("\t")
        binary = Path(name).suffix in (".gz", ".npz", ".png", ".webp", ".jpg", ".woff2")
        rule = "attr/-text" if binary else "attr/text=auto eol=lf"
        assert rule in about and "crlf" not in about and "mixed" not in about, name
