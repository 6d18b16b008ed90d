"""Folders of the data sets and of downloads."""

import os
import tempfile
from pathlib import Path

__all__ = ["download_folder", "find"]


def find(name: str) -> Path | None:
    """Return the path of a data file or folder of this name, ``None`` if there is none.

    Looks in the folder ``HALFSPACE_DATA`` or, if that variable is not set, in the ``data`` folder
    of the current folder, of its parents, and of the repository that holds this package.
    """
    named = os.environ.get("HALFSPACE_DATA")
    here = Path.cwd()
    homes = [here, *here.parents, Path(__file__).resolve().parents[3]]
    candidates = [Path(named)] if named else [home / "data" for home in homes]
    return next((c / name for c in candidates if (c / name).exists()), None)


def download_folder() -> Path:
    """Return the folder in the user's cache that torchvision downloads into.

    For a user without a home folder, it is in the folder of temporary files.
    """
    if named := os.environ.get("XDG_CACHE_HOME"):
        return Path(named) / "halfspace"
    try:
        return Path.home() / ".cache" / "halfspace"
    except RuntimeError:
        return Path(tempfile.gettempdir()) / "halfspace"
