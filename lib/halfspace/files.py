"""Files that appear whole or not at all, and that one process writes at a time."""

import contextlib
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from filelock import FileLock, Timeout

__all__ = ["check_writable", "locked", "remove_drafts", "write_whole"]


def write_whole(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Write a file whole or not at all: first a hidden draft beside it, then a rename.

    Drafts that a killed process left in the folder are removed.

    Args:
        path: the file; its folder must exist.
        write: called with the open draft.

    Raises:
        OSError: if the file cannot be written; the message names it. The old file, if there is
            one, is then untouched.

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
    """Remove the drafts that processes of this machine left in a folder when they were killed."""
    for draft in folder.glob(f".*.{socket.gethostname()}.*.partial"):
        pid = draft.name.split(".")[-2]
        if pid.isdigit() and not _alive(int(pid)):
            draft.unlink(missing_ok=True)


def check_writable(folder: Path, remedy: str) -> None:
    """Make a folder and check that files can be written there.

    Args:
        folder: the folder.
        remedy: the way out, the end of the message.

    Raises:
        OSError: if files cannot be written; the message names the folder.
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
    """Hold a file's lock, so that two processes do not do the same work.

    The lock ends with the process, however it ends.

    Args:
        path: the lock file; its folder must exist. It is removed at the end.
        refusal: the message if another process holds the lock.

    Raises:
        BlockingIOError: if another process holds the lock.
    """
    try:
        with FileLock(path, timeout=0):
            yield
            path.unlink(missing_ok=True)
    except Timeout:
        raise BlockingIOError(refusal) from None


def _alive(pid: int) -> bool:
    if os.name == "nt":  # where signal 0 is no question
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # another user's
        return True
    return True
