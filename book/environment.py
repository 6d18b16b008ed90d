"""Make an environment from a lock, one process at a time. It needs nothing but Python 3.11."""

import argparse
import fcntl
import os
import subprocess
import sys
from pathlib import Path

EDITABLE = "__editable__.halfspace-*.pth"


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
    try:
        make(options.folder, options.lock, options.peers)
    except subprocess.CalledProcessError as error:
        sys.exit(error.returncode)
    except OSError as error:
        sys.exit(f"{options.folder} cannot be made: {error.filename}: {error.strerror}")
    except KeyboardInterrupt:
        sys.exit(f"{options.folder}: stopped; it is not ready")


def make(folder: Path, lock: Path, peers: bool) -> None:
    """Install what ``lock`` lists, and the package, into ``folder``; leave ``.stamp`` at last."""
    folder.mkdir(exist_ok=True)
    python, stamp = folder / "bin/python", folder / ".stamp"
    sources = [lock] if peers else [lock, Path("pyproject.toml")]
    with open(folder / ".lock", "w", encoding="utf8") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"Another make is making {folder}; this one waits for it.", flush=True)
            fcntl.flock(held, fcntl.LOCK_EX)
        newest = max(path.stat().st_mtime for path in sources)
        if stamp.exists() and stamp.stat().st_mtime >= newest:
            return
        stamp.unlink(missing_ok=True)
        install = [python, "-m", "pip", "install", "--disable-pip-version-check"]
        run(sys.executable, "-m", "venv", folder)
        run(*install, *["--no-deps"] * peers, "-r", lock)
        if not peers:
            run(*install, "--quiet", "--no-deps", "--no-build-isolation", "-e", ".")
            point_to_neighbour(folder)
        stamp.touch()


def run(*command: object) -> None:
    """Run a command and show it."""
    print(*command, flush=True)
    subprocess.run([os.fspath(part) for part in command], check=True)


def point_to_neighbour(folder: Path) -> None:
    """Name the package's folder by its way from the environment.

    Python reads the file in the locale's encoding, so that with LC_ALL=C a project's folder with
    other letters would keep it from starting.
    """
    (site,) = folder.glob("lib/python*/site-packages")
    (path,) = site.glob(EDITABLE)
    path.write_text(os.path.relpath("lib", site) + "\n", encoding="ascii")


if __name__ == "__main__":
    main()
