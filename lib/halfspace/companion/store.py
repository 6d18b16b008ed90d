"""Where results are kept: the local cache, the recorded runs, and the code that made them."""

import functools
import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch

from halfspace.companion.sources import PACKAGE, all_sources, module_sources

__all__ = [
    "DIGEST",
    "cache_folder",
    "check_digest",
    "digest",
    "read_arrays",
    "read_cached",
    "repository",
    "results_folder",
    "sources_digest",
]


_PACKAGE = PACKAGE


DIGEST = "digest"  # of arrays and description; a key of a recorded or cached description


def cache_folder() -> Path:
    """Return the local cache: ``HALFSPACE_CACHE``, or ``_build/cache`` of the repository.

    Outside the repository (an installed package) it is ``halfspace`` in the user's cache folder,
    or in the system's temporary folder where the user has no home.
    """
    if named := os.environ.get("HALFSPACE_CACHE"):
        return Path(named).absolute()
    if root := repository():
        return root / "_build" / "cache"
    try:
        home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    except RuntimeError:  # no home
        home = Path(tempfile.gettempdir())
    return home / "halfspace"


def results_folder() -> Path | None:
    """Return where recorded runs are kept, ``None`` if nowhere.

    It is ``HALFSPACE_RESULTS``, or ``data/results`` of the repository.
    """
    if named := os.environ.get("HALFSPACE_RESULTS"):
        return Path(named).absolute()
    root = repository()
    return root and root / "data" / "results"


def repository() -> Path | None:
    """Return the repository that holds this package, ``None`` for an installed package."""
    root = _PACKAGE.parents[1]
    return root if (root / "_toc.yml").exists() else None


@functools.cache
def sources_digest(module: str) -> str:
    """Digest the code that results of a module's specs depend on.

    That is the module and what it imports from the package. A change there makes cached results
    invalid; a change elsewhere does not.
    """
    digest = hashlib.sha256(torch.__version__.encode())
    file = getattr(sys.modules.get(module), "__file__", None)  # a notebook's cells have none
    paths = module_sources(Path(file)) if file else all_sources()
    for path in sorted(paths):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:12]


def digest(arrays: Mapping[str, np.ndarray], description: Mapping) -> str:
    """Return the SHA-256 (hexadecimal) of arrays and of their description.

    Args:
        arrays: by name; names, types, shapes and values count.
        description: JSON values; an entry ``digest`` is left out.
    """
    rest = {name: value for name, value in description.items() if name != DIGEST}
    summed = hashlib.sha256(json.dumps(rest, sort_keys=True).encode())
    for name in sorted(arrays):
        array = np.asarray(arrays[name])
        summed.update(f"\n{name} {array.dtype.str} {array.shape} ".encode() + array.tobytes())
    return summed.hexdigest()


def read_arrays(path: Path) -> dict[str, np.ndarray]:
    """Read the arrays of an ``.npz`` file, by name."""
    with np.load(path, allow_pickle=False) as stored:
        return {name: stored[name] for name in stored.files}


def check_digest(arrays: dict[str, np.ndarray], description: dict) -> None:
    """Refuse arrays whose digest differs from the one in their description.

    Raises:
        ValueError: if it differs.
    """
    if description.get(DIGEST) != digest(arrays, description):
        raise ValueError("its checksum does not match its content")


def read_cached(path: Path) -> tuple[dict[str, np.ndarray], dict] | None:
    """Read a cached result; a damaged file counts as absent, because it can be recomputed."""
    try:
        arrays = read_arrays(path)
        description = json.loads(str(arrays.pop("_description")))
        check_digest(arrays, description)
        return arrays, description["provenance"]
    except Exception:  # a damaged zip file raises errors of a dozen kinds
        return None
