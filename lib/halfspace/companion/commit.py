"""The commit of the code that a process runs.

This module needs only Python, so that a process can read the commit before it loads the code.
"""

import functools
import os
import subprocess
from pathlib import Path

__all__ = ["code_version", "refusal"]

_PACKAGE = Path(__file__).resolve().parents[1]


@functools.cache
def code_version(*others: str) -> str:
    """Return the commit of the code that this process runs, ``-dirty`` where the code differs.

    It is ``unknown`` where git does not track the package: without git, without a clone, or in an
    environment inside another repository.

    Args:
        *others: git pathspecs of further files that count as code.
    """
    try:
        _git("ls-files", "--error-unmatch", "__init__.py")
        head = _git("rev-parse", "--short=12", "HEAD")
        changed = _git("status", "--porcelain", "--", ".", *others)
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return head.strip() + ("-dirty" if changed else "")


def refusal(version: str) -> str | None:
    """Return why code of this version may record no run, ``None`` if it may.

    Args:
        version: what ``code_version`` returned.

    Example:
        >>> refusal("0123456789ab") is None
        True
        >>> refusal("0123456789ab-dirty")
        'a recorded run needs committed code; commit the changes in lib first'
    """
    if version.endswith("-dirty"):
        return "a recorded run needs committed code; commit the changes in lib first"
    if version == "unknown":
        return (
            "a recorded run needs the commit of its code, and git finds none here; "
            "install git, or run in a clone of the repository"
        )
    return None


def _git(*command: str) -> str:
    """Run git in the package's folder, even if the environment names another repository."""
    environment = {name: v for name, v in os.environ.items() if not name.startswith("GIT_")}
    done = subprocess.run(
        ["git", "-C", str(_PACKAGE), *command],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
    )
    return done.stdout
