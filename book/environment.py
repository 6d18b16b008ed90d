"""Make an environment from a lock, one process at a time. It needs only Python 3.11.

uv installs the packages, three times as fast as pip. Where uv cannot be used, pip does it.
"""

import argparse
import ast
import fcntl
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

EDITABLE = "__editable__.halfspace-*.pth"
UV_LOCK = Path(__file__).with_name("installer.lock")
# What pip's configuration says about the network, and the variable that says the same to uv.
PIP_TO_UV = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "trusted-host": "UV_INSECURE_HOST",
    "timeout": "UV_HTTP_TIMEOUT",
    "default-timeout": "UV_HTTP_TIMEOUT",
    "cert": "SSL_CERT_FILE",
    "client-cert": "SSL_CLIENT_CERT",
    "proxy": "ALL_PROXY",
    "no-index": "UV_OFFLINE",
}
# The user's variables for uv that are kept; others could change the environment.
UV_KEPT = (
    "UV_CACHE_DIR UV_CONCURRENT UV_DEFAULT_INDEX UV_EXTRA_INDEX_URL UV_FIND_LINKS UV_HTTP UV_INDEX "
    "UV_INSECURE_HOST UV_KEYRING_PROVIDER UV_LINK_MODE UV_NATIVE_TLS UV_NO_CACHE UV_NO_PROGRESS "
    "UV_OFFLINE UV_SYSTEM_CERTS"
).split()
STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def main() -> None:
    """Make the environment unless another process has just made it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("lock", type=Path, help="requirements with their hashes")
    parser.add_argument("--peers", action="store_true", help="the lock alone, not the package")
    options = parser.parse_args()
    if sys.version_info[:2] != (3, 11):
        sys.exit(
            f"Python 3.11 is needed, but {sys.executable} is Python "
            f"{sys.version_info[0]}.{sys.version_info[1]}: name another one with "
            "make PYTHON=/path/to/python3.11"
        )
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        make(options.folder, options.lock, options.peers)
    except subprocess.CalledProcessError as error:
        sys.exit(error.returncode)
    except OSError as error:
        sys.exit(f"{options.folder} cannot be made: {error.filename}: {error.strerror}")
    except KeyboardInterrupt:
        sys.exit(f"{options.folder}: stopped; it is not ready")


def make(folder: Path, lock: Path, peers: bool) -> None:
    """Install what ``lock`` lists, and the package, into ``folder``; write ``.stamp`` last."""
    folder.mkdir(exist_ok=True)
    python, stamp = folder / "bin/python", folder / ".stamp"
    sources = [lock] if peers else [lock, Path("pyproject.toml")]
    with open(folder / ".make.lock", "w", encoding="utf8") as held:  # uv locks .lock
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"Another make is creating {folder}; waiting for it.", flush=True)
            fcntl.flock(held, fcntl.LOCK_EX)
        newest = max(path.stat().st_mtime for path in sources)
        if stamp.exists() and stamp.stat().st_mtime >= newest:
            return
        whole = stamp.exists()
        stamp.unlink(missing_ok=True)
        install = [python, "-m", "pip", "install", "--disable-pip-version-check"]
        begin(folder, anew=not whole)
        try:
            install_with_uv(folder, lock, install)
        except (subprocess.CalledProcessError, OSError) as error:
            if is_stop(error):
                raise KeyboardInterrupt from error
            print("uv cannot be used here; pip installs the same packages, in minutes.", flush=True)
            begin(folder, anew=True)
            run(*install, *["--no-deps"] * peers, "-r", lock)
        if not peers:
            run(*install, "--quiet", "--no-deps", "--no-build-isolation", "-e", ".")
            point_to_neighbour(folder)
        stamp.touch()


def begin(folder: Path, anew: bool) -> None:
    """Make the environment with only pip, or keep its packages unless ``anew``.

    A stop or a failure can leave half a package that looks like a whole one.
    """
    shutil.rmtree(folder / ".uv", ignore_errors=True)
    if anew and (folder / "lib").exists():
        shutil.rmtree(folder / "lib")
    run(sys.executable, "-m", "venv", folder)


def install_with_uv(folder: Path, lock: Path, install: list[object]) -> None:
    """Fetch uv with pip's command ``install`` and let it install what ``lock`` lists.

    Raises:
        subprocess.CalledProcessError: uv could not be fetched, or failed.
        OSError: uv does not run on this machine.
    """
    python, home = folder / "bin/python", folder / ".uv"
    fetch = ["--quiet", "--retries", "1", "--no-deps", "--only-binary", ":all:", "--target", home]
    run(*install, *fetch, "--require-hashes", "-r", UV_LOCK)
    words = ["pip", "install", "--no-config", "--python", python, "--no-deps", "--require-hashes"]
    # Compiled now, as pip does; otherwise every process compiles where Python cannot write.
    run(home / "bin/uv", *words, "--compile-bytecode", "-r", lock, env=uv_variables(python))
    shutil.rmtree(home, ignore_errors=True)


def uv_variables(python: Path) -> dict[str, str]:
    """Return the environment variables for uv: the user's, and what pip's configuration says."""
    command = [os.fspath(python), "-m", "pip", "config", "list"]
    loud = os.environ | {"PIP_QUIET": "0"}
    listed = subprocess.run(command, check=True, env=loud, stdout=subprocess.PIPE, text=True).stdout
    settings = dict(line.split("=", 1) for line in listed.splitlines() if "=" in line)
    # As with pip, any index may offer a file; the lock's hashes say which file it must be.
    variables = {"UV_INDEX_STRATEGY": "unsafe-best-match"}
    for section in ("global", "install", ":env:"):  # a later one counts
        for name, variable in PIP_TO_UV.items():
            if f"{section}.{name}" in settings:
                parts = ast.literal_eval(settings[f"{section}.{name}"]).split()
                variables[variable] = ("," if name == "find-links" else " ").join(parts)
    for name, value in os.environ.items():
        if not name.startswith("UV_") or name.startswith(tuple(UV_KEPT)):
            variables[name] = value
    return variables


def is_stop(error: Exception) -> bool:
    """Say whether a command ended by a signal that asks it to stop, as Ctrl-C does."""
    code = getattr(error, "returncode", 0)
    return any(code in (-number, 128 + number) for number in STOPS)


def run(*command: object, env: dict[str, str] | None = None) -> None:
    """Run a command and show it."""
    print(*command, flush=True)
    subprocess.run([os.fspath(part) for part in command], check=True, env=env)


def point_to_neighbour(folder: Path) -> None:
    """Name the package's folder by its path relative to the environment.

    Python reads the file in the locale's encoding. With LC_ALL=C, a project folder with non-ASCII
    letters would keep it from starting.
    """
    (site,) = folder.glob("lib/python*/site-packages")
    (path,) = site.glob(EDITABLE)
    path.write_text(os.path.relpath("lib", site) + "\n", encoding="ascii")


if __name__ == "__main__":
    main()
