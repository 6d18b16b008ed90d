"""Write files completely or not at all, and from one process at a time."""

import contextlib
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from filelock import FileLock, Timeout

__all__ = ["check_writable", "locked", "remove_drafts", "write_whole"]


def write_whole(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Write a file completely or not at all: first a hidden draft beside it, then a rename.

    Drafts that a killed process left in the folder are removed.

    Args:
        path: the file; its folder must exist.
        write: called with the open draft, a binary file.

    Raises:
        OSError: if the file cannot be written; the message names it. An old file of this name then
            stays as it was. An error that ``write`` raises passes through, with the same effect.

    Example:
        >>> import pathlib, tempfile
        >>> path = pathlib.Path(tempfile.mkdtemp(), "numbers.txt")
        >>> write_whole(path, lambda file: file.write(b"1 2 3"))
        >>> path.read_text()
        '1 2 3'
    """
    remove_drafts(path.parent)
    draft = path.with_name(f".{path.name}.{socket.gethostname()}.{os.getpid()}.partial")
    try:
        with open(draft, "wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
    except BaseException as error:
        draft.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise OSError(
                f"{path} cannot be written ({error.strerror or error}); free space or grant "
                "access there, then run the command again"
            ) from error
        raise


def remove_drafts(folder: Path) -> None:
    """Remove the drafts that killed processes of this machine left in a folder.

    Drafts of running processes and of other machines stay.

    Args:
        folder: the folder.

    Example:
        >>> import pathlib, tempfile
        >>> folder = pathlib.Path(tempfile.mkdtemp())
        >>> left = folder / f".a.txt.{socket.gethostname()}.999999999.partial"
        >>> left.touch()
        >>> remove_drafts(folder)
        >>> left.exists()
        False
    """
    for draft in folder.glob(f".*.{socket.gethostname()}.*.partial"):
        pid = draft.name.split(".")[-2]
        if pid.isdigit() and not _alive(int(pid)):
            draft.unlink(missing_ok=True)


def check_writable(folder: Path, remedy: str) -> None:
    """Create a folder, if needed, and check that files can be written there.

    Args:
        folder: the folder.
        remedy: what the user can do about it; the end of the error message.

    Raises:
        OSError: if files cannot be written; the message names the folder.

    Example:
        >>> import pathlib, tempfile
        >>> folder = pathlib.Path(tempfile.mkdtemp(), "new")
        >>> check_writable(folder, "choose another folder")
        >>> folder.is_dir()
        True
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".probe.{socket.gethostname()}.{os.getpid()}.partial"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise OSError(
            f"files cannot be written to {folder} ({error.strerror}); {remedy}"
        ) from error


@contextlib.contextmanager
def locked(path: Path, refusal: str) -> Iterator[None]:
    """Hold the lock of a file, so that two processes do not do the same work.

    The lock is released when the context ends, and when the process ends for any reason.

    Args:
        path: the lock file; its folder must exist. It is removed at the end.
        refusal: the error message if another process holds the lock.

    Raises:
        BlockingIOError: if another process holds the lock.

    Example:
        >>> import pathlib, tempfile
        >>> path = pathlib.Path(tempfile.mkdtemp(), "work.lock")
        >>> with locked(path, "another process does this work"):
        ...     path.exists()
        True
        >>> path.exists()
        False
    """
    try:
        with FileLock(path, timeout=0):
            yield
            path.unlink(missing_ok=True)
    except Timeout:
        raise BlockingIOError(refusal) from None


def _alive(pid: int) -> bool:
    if os.name == "nt":  # Windows has no signal 0 that checks for a process
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # another user's
        return True
    return True
