"""The environment that make makes, without making one, and what git does to files."""

import fcntl
import os
import re
import shutil
import signal
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

    def collect(*words, env=None):
        run.append([str(word) for word in words])
        if "venv" in words:
            Path(".venv", SITE).mkdir(parents=True, exist_ok=True)
        if "--target" in words:
            Path(".venv/.uv/bin").mkdir(parents=True)
        if "-e" in words:
            path = Path(".venv", SITE, "__editable__.halfspace-0.1.0.pth")
            path.write_text(f"{tmp_path}/Übung/lib\n")

    monkeypatch.setattr(environment, "run", collect)
    monkeypatch.setattr(environment, "uv_variables", lambda python: {})
    return run


def fail_at(place, error, monkeypatch):
    """Let the command that has this word raise an error; it leaves half a package."""
    collect = environment.run

    def run(*words, env=None):
        collect(*words)
        if any(str(word).endswith(place) for word in words):
            Path(".venv", SITE, "half").mkdir()
            raise error

    monkeypatch.setattr(environment, "run", run)


def make_environment():
    environment.make(Path(".venv"), Path("some.lock"), peers=False)


def test_the_environment_is_made_once_and_again_when_the_lock_changes(commands):
    for _ in range(2):
        make_environment()
        assert len(commands) == 4 and Path(".venv/.stamp").exists()
    os.utime("some.lock")
    os.utime(".venv/.stamp", (2000, 2000))
    kept = Path(".venv", SITE, "kept")
    kept.touch()
    make_environment()
    assert len(commands) == 8 and kept.exists()


def test_uv_is_fetched_by_its_hash_and_installs_the_lock(commands, capsys):
    make_environment()
    _, fetch, install, package = commands
    assert fetch[1:4] == ["-m", "pip", "install"] and "--require-hashes" in fetch
    assert fetch[-1] == str(ROOT / "book/installer.lock")
    assert install[:3] == [".venv/.uv/bin/uv", "pip", "install"] and "--require-hashes" in install
    assert install[-2:] == ["-r", "some.lock"] and package[-2:] == ["-e", "."]
    assert capsys.readouterr().out == "" and not Path(".venv/.uv").exists()
    assert not Path(".venv/.lock").exists()  # uv would wait for it


FAILED = [
    ("installer.lock", subprocess.CalledProcessError(1, "pip")),
    ("bin/uv", subprocess.CalledProcessError(2, "uv")),
    ("bin/uv", subprocess.CalledProcessError(-signal.SIGKILL, "uv")),
    ("bin/uv", OSError(8, "Exec format error", "uv")),
]


@pytest.mark.parametrize("place, error", FAILED)
def test_pip_does_what_uv_cannot(commands, monkeypatch, capsys, place, error):
    fail_at(place, error, monkeypatch)
    make_environment()
    venv, install, package = commands[-3:]
    assert venv[1:] == ["-m", "venv", ".venv"]
    assert install[1:4] == ["-m", "pip", "install"] and install[-2:] == ["-r", "some.lock"]
    assert package[-2:] == ["-e", "."] and Path(".venv/.stamp").exists()
    assert not Path(".venv/.uv").exists() and not Path(".venv", SITE, "half").exists()
    said = "uv cannot be used here; pip installs the same packages, in minutes.\n"
    assert capsys.readouterr().out == said


STOPPED = [subprocess.CalledProcessError(code, "uv") for code in (-2, -15, 130, 143)]


@pytest.mark.parametrize("place", ["installer.lock", "bin/uv"])
@pytest.mark.parametrize("error", [KeyboardInterrupt(), *STOPPED])
def test_a_stop_is_no_failure_of_uv(commands, monkeypatch, place, error):
    fail_at(place, error, monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        make_environment()
    assert any(word.endswith(place) for word in commands[-1])
    assert not Path(".venv/.stamp").exists()


def test_what_a_stop_left_is_installed_anew(commands):
    half = Path(".venv", SITE, "half")
    half.mkdir(parents=True)
    make_environment()
    assert not half.exists() and Path(".venv/.stamp").exists()


def test_a_signal_to_stop_stops_the_command_too(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def make(*_):
        code = "import os, signal, time; os.kill(os.getppid(), signal.SIGTERM); time.sleep(60)"
        environment.run(sys.executable, "-c", code)

    monkeypatch.setattr(environment, "make", make)
    monkeypatch.setattr(sys, "argv", ["environment.py", ".venv", "some.lock"])
    before = signal.getsignal(signal.SIGTERM)
    try:
        with pytest.raises(SystemExit, match="^.venv: stopped; it is not ready$"):
            environment.main()
    finally:
        signal.signal(signal.SIGTERM, before)


def test_uv_uses_what_pip_is_configured_to_use(tmp_path, monkeypatch):
    for name in list(os.environ):
        if name.startswith(("PIP_", "UV_")) or name in ("SSL_CERT_FILE", "ALL_PROXY"):
            monkeypatch.delenv(name)
    (tmp_path / "pip.conf").write_text(
        "[global]\nindex-url = https://one.invalid/simple\ncert = /some/cert.pem\n"
        "find-links =\n  /some/files\n  /other/files\n"
        "[install]\nextra-index-url = https://two.invalid/a https://two.invalid/b\n"
    )
    settings = {
        "PIP_CONFIG_FILE": tmp_path / "pip.conf",
        "PIP_QUIET": "2",
        "UV_TARGET": "/some/where",
        "UV_PYTHON": "3.12",
        "UV_CACHE_DIR": "/some/cache",
        "UV_INDEX_TWO_PASSWORD": "secret",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, str(value))
    expected = {
        "UV_CACHE_DIR": "/some/cache",
        "UV_DEFAULT_INDEX": "https://one.invalid/simple",
        "UV_FIND_LINKS": "/some/files,/other/files",
        "UV_INDEX": "https://two.invalid/a https://two.invalid/b",
        "UV_INDEX_STRATEGY": "unsafe-best-match",
        "UV_INDEX_TWO_PASSWORD": "secret",
    }

    def for_uv():
        variables = environment.uv_variables(Path(sys.executable))
        assert variables["SSL_CERT_FILE"] == "/some/cert.pem"
        assert variables["PATH"] == os.environ["PATH"]
        return {name: value for name, value in variables.items() if name.startswith("UV_")}

    assert for_uv() == expected
    monkeypatch.setenv("PIP_INDEX_URL", "https://three.invalid/simple")
    assert for_uv() == expected | {"UV_DEFAULT_INDEX": "https://three.invalid/simple"}
    monkeypatch.setenv("UV_DEFAULT_INDEX", "https://four.invalid/simple")
    assert for_uv() == expected | {"UV_DEFAULT_INDEX": "https://four.invalid/simple"}


def test_uv_is_pinned_once():
    (pin, *hashes) = (ROOT / "book/installer.lock").read_text().split(" \\\n    ")
    assert re.fullmatch(r"uv==[0-9.]+", pin) and len(hashes) > 10
    assert all(re.fullmatch(r"--hash=sha256:[0-9a-f]{64}\n?", text) for text in hashes)
    for name in ("Makefile", "pyproject.toml", "requirements.lock", ".ci/run", "CONTRIBUTING.md"):
        assert "uv==" not in (ROOT / name).read_text(encoding="utf8"), name
    assert "--require-hashes -r book/installer.lock" in (ROOT / "Makefile").read_text()


def test_an_environment_that_failed_has_no_stamp(commands, monkeypatch):
    def fail(*words, env=None):
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
    with open(".venv/.make.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        arguments = (Path(".venv"), Path("some.lock"))
        second = threading.Thread(target=environment.make, args=arguments, kwargs={"peers": False})
        second.start()
        second.join(0.5)
        assert second.is_alive() and commands == []
        Path(".venv/.stamp").touch()  # the first has ended
    second.join(10)
    assert not second.is_alive() and commands == []
    assert capsys.readouterr().out == "Another make is creating .venv; waiting for it.\n"


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


@pytest.mark.parametrize("status", [0, 7])
def test_ci_installs_chromium_beside_and_fails_with_it(tmp_path, status):
    (tmp_path / ".ci").mkdir()
    (tmp_path / ".ci/run").write_text((ROOT / ".ci/run").read_text())
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("bash", "cat", "dirname", "mktemp", "rm", "sleep"):
        (programs / name).symlink_to(shutil.which(name))
    stubs = {
        "apt-get": f"[ $1 = update ] || {{ sleep 1; echo the word of apt >&2; exit {status}; }}",
        "id": "echo 0",
        "make": 'echo "make $*"',
    }
    for name, body in stubs.items():
        (programs / name).write_text(f"#!{shutil.which('bash')}\n{body}\n")
        (programs / name).chmod(0o755)
    done = subprocess.run(
        ["bash", tmp_path / ".ci/run"],
        env={"PATH": str(programs), "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == status and done.stdout.count("the word of apt") == 1
    assert done.stdout.index("make .venv/.stamp") < done.stdout.index("the word of apt")
    assert ("make test\n" in done.stdout) == (status == 0)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".ci", "bin"]  # no log is left


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
