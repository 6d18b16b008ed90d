"""Files that are written completely or not at all."""

import os
import shutil
from pathlib import Path

__all__ = ["write_whole"]


def write_whole(path: Path, content: str | bytes) -> None:
    """Write a file beside its place, then move it there in one step; text as UTF-8.

    The draft is hidden and ends in ``.part``. Its name is this process's own: a process of a killed
    build may still write the same file.

    Raises:
        OSError: If it cannot be written, with the file's name; what was there before is kept.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        draft.write_bytes(content.encode() if isinstance(content, str) else content)
        if path.exists():
            shutil.copymode(path, draft)
        os.replace(draft, path)
    except OSError as error:  # a full disk's names no file
        raise OSError(error.errno, error.strerror, str(path)) from error
    finally:
        draft.unlink(missing_ok=True)
