"""Let a process end when its parent has ended, for whatever reason, and its temporary files go."""

import contextlib
import os
import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

__all__ = ["PARENT", "end_with_parent", "environment", "interrupt", "own_folder"]

PARENT = "HALFSPACE_PARENT"
"""Environment variable that tells a new process the id of the process that starts it."""

_TEMPORARY = Path("_build/tmp")


def environment() -> dict[str, str]:
    """Return the environment for a process that calls ``end_with_parent``.

    A parent can be killed while the new process still loads its code; then the id that the new
    process finds is another one's.
    """
    return {**os.environ, PARENT: str(os.getpid())}


def end_with_parent(end: Callable[[], object] = lambda: os._exit(1)) -> None:
    """Call ``end`` within about a second of the parent process's end.

    It compares parent ids and sends no signal: a dead process that nobody has waited for still
    takes signals, but is no longer a parent. The parent is the one that ``PARENT`` names, if the
    new process got the ``environment``; the name is taken out, since it is not the parent of this
    process's own children.

    Args:
        end: What to do then; by default this process ends at once.
    """
    parent = int(os.environ.pop(PARENT, os.getppid()))

    def watch():
        while os.getppid() == parent:
            time.sleep(1)
        end()

    threading.Thread(target=watch, daemon=True).start()


def interrupt(grace: float = 60) -> None:
    """Interrupt this process as Ctrl-C does; after ``grace`` seconds end it by force.

    Where the process was started in the background of a shell it ignores Ctrl-C.
    """
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(grace)
    os._exit(1)


@contextlib.contextmanager
def own_folder() -> Iterator[Path]:
    """Yield the path of a new folder; ``tempfile`` uses it until it is removed at the end.

    Those of killed processes are removed, too. In the system's folder they would stay.

    Raises:
        OSError: If the folder cannot be made.
    """
    folder = (_TEMPORARY / f"{os.uname().nodename}.{os.getpid()}").resolve()
    folder.mkdir(parents=True, exist_ok=True)
    _remove_left(folder)
    before, tempfile.tempdir = tempfile.tempdir, str(folder)
    try:
        yield folder
    finally:
        tempfile.tempdir = before
        shutil.rmtree(folder, ignore_errors=True)
        _remove_left(folder)  # a process of a killed run may have lived until now


def _remove_left(folder: Path) -> None:
    for other in folder.parent.glob(f"{folder.stem}.*"):
        if not _lives(int(other.suffix[1:])):
            shutil.rmtree(other, ignore_errors=True)


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # another user's
        pass
    return True
