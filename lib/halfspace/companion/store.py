"""Where results lie: the local cache, the recorded runs, and the code that they come from."""

import functools
import hashlib
import json
import os
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch

__all__ = [
    "DIGEST",
    "cache_folder",
    "check_digest",
    "code_version",
    "digest",
    "read_arrays",
    "read_cached",
    "results_folder",
    "stamp",
]


_PACKAGE = Path(__file__).resolve().parents[1]


DIGEST = "digest"  # of arrays and description, in the description of a recorded or cached result


def cache_folder() -> Path:
    """Return the local cache: ``HALFSPACE_CACHE``, or ``_build/cache`` of the repository.

    Outside the repository (an installed package) it is ``halfspace`` in the user's cache folder,
    or in the system's temporary folder where the user has no home.
    """
    if named := os.environ.get("HALFSPACE_CACHE"):
        return Path(named).absolute()
    if root := _repository():
        return root / "_build" / "cache"
    try:
        home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    except RuntimeError:  # no home
        home = Path(tempfile.gettempdir())
    return home / "halfspace"


def results_folder() -> Path | None:
    """Return where recorded runs are kept, ``None`` for nowhere.

    It is ``HALFSPACE_RESULTS``, or ``data/results`` of the repository.
    """
    if named := os.environ.get("HALFSPACE_RESULTS"):
        return Path(named).absolute()
    root = _repository()
    return root and root / "data" / "results"


def _repository() -> Path | None:
    """Return the repository that this package lies in, ``None`` for an installed one."""
    root = _PACKAGE.parents[1]
    return root if (root / "_toc.yml").exists() else None


@functools.cache
def _sources_digest() -> str:
    """Digest the code that results depend on: the cache must not outlive a change of it."""
    digest = hashlib.sha256(torch.__version__.encode())
    for path in sorted(_PACKAGE.rglob("*.py")):
        if "plots" not in path.parts:
            digest.update(path.relative_to(_PACKAGE).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()[:12]


def stamp(device: torch.device) -> str:
    """Return what a cached file's name says of the device and the code."""
    return f"{device.type}-{_sources_digest()}"


@functools.cache
def code_version(*others: str) -> str:
    """Return the commit of the code that this process runs, ``-dirty`` where the code differs.

    It is ``unknown`` where git does not track the package: without git, without a clone, or in an
    environment inside another repository.

    Args:
        *others: git pathspecs of files that count as code, too, besides the package.
    """
    try:
        _git("ls-files", "--error-unmatch", "__init__.py")
        head = _git("rev-parse", "--short=12", "HEAD")
        changed = _git("status", "--porcelain", "--", ".", *others)
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return head.strip() + ("-dirty" if changed else "")


def _git(*command: str) -> str:
    """Run git in the package's folder, whichever repository the environment names."""
    environment = {name: v for name, v in os.environ.items() if not name.startswith("GIT_")}
    done = subprocess.run(
        ["git", "-C", str(_PACKAGE), *command],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
    )
    return done.stdout


def digest(arrays: Mapping[str, np.ndarray], told: Mapping) -> str:
    """Return the SHA-256 (hexadecimal) of arrays and of what is told about them.

    Args:
        arrays: by name; names, types, shapes and values count.
        told: JSON values; an entry ``digest`` is left out.
    """
    rest = {name: value for name, value in told.items() if name != DIGEST}
    summed = hashlib.sha256(json.dumps(rest, sort_keys=True).encode())
    for name in sorted(arrays):
        array = np.asarray(arrays[name])
        summed.update(f"\n{name} {array.dtype.str} {array.shape} ".encode() + array.tobytes())
    return summed.hexdigest()


def read_arrays(path: Path) -> dict[str, np.ndarray]:
    """Read the arrays of an ``.npz`` file, by name."""
    with np.load(path, allow_pickle=False) as stored:
        return {name: stored[name] for name in stored.files}


def check_digest(arrays: dict[str, np.ndarray], told: dict) -> None:
    """Refuse arrays whose digest is not that of their description.

    Raises:
        ValueError: if it differs.
    """
    if told.get(DIGEST) != digest(arrays, told):
        raise ValueError("its checksum says that it is not as it was written")


def read_cached(path: Path) -> tuple[dict[str, np.ndarray], dict] | None:
    """Read a cached result; a damaged file counts as absent, since it can be computed again."""
    try:
        arrays = read_arrays(path)
        told = json.loads(str(arrays.pop("_told")))
        check_digest(arrays, told)
        return arrays, told["provenance"]
    except Exception:  # a damaged zip file raises errors of a dozen kinds
        return None
