"""Make the pages from the executed chapters, and list them with their checksums.

Jupyter Book's output is shown only when the build fails for a reason that has no message here.
"""

import contextlib
import errno
import hashlib
import io
import json
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import processes
from whole import write_whole

__all__ = ["HTML", "LIST", "damaged", "remove_older_pages", "write_list"]

HTML = Path("_build/html")
LIST = Path("_build/book.done")
_OF_THE_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO)


def damaged() -> str | None:
    """Return the first file of the pages, by name, that has changed since, if any."""
    try:
        listed = json.loads(LIST.read_text(encoding="utf8"))
        listed["index.html"]  # at least
        return next((name for name in listed if _checksum(HTML / name) != listed[name]), None)
    except (OSError, ValueError, KeyError, TypeError):
        return str(LIST)


def write_list() -> None:
    """List the files of the pages with their checksums."""
    files = sorted(path for path in HTML.rglob("*") if path.is_file())
    listed = {path.relative_to(HTML).as_posix(): _checksum(path) for path in files}
    write_whole(LIST, json.dumps(listed, indent=1) + "\n")


def remove_older_pages(than: float) -> None:
    """Delete pages that were written before a time: no build makes them any more."""
    for path in HTML.rglob("*.html"):
        if not path.is_relative_to(HTML / "_static") and path.stat().st_mtime < than:
            path.unlink()


def _checksum(path: Path) -> str | None:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return None


def main() -> None:
    """Build all pages again, and write the list."""
    processes.end_with_parent()
    # What an interrupted build left there must not be read again.
    shutil.rmtree("_build/.doctrees", ignore_errors=True)
    said, start = io.StringIO(), time.time()
    try:
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            _jupyter_book("build", ".", "-W", "-n", "--keep-going", "--all", "-q")
        remove_older_pages(start - 2)  # some file systems count in steps of two seconds
        write_list()
    except (Exception, SystemExit) as error:
        if full := next((e for e in _causes(error) if _is_of_the_disk(e)), None):
            sys.exit(
                f"The pages cannot be written to {HTML} ({full.strerror}); make room there, or "
                "make the folder writable. The executed chapters are kept."
            )
        sys.exit(f"{said.getvalue()}\nThe pages were not made: {_last_line(error)}")


def _jupyter_book(*arguments: str) -> None:
    from jupyter_book.cli.main import main as jupyter_book

    jupyter_book(arguments, standalone_mode=False)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _is_of_the_disk(error: BaseException) -> bool:
    return isinstance(error, OSError) and error.errno in _OF_THE_DISK


def _last_line(error: BaseException) -> str:
    root = list(_causes(error))[-1]
    return f"Jupyter Book ended with status {root.code}" if isinstance(root, SystemExit) else root


if __name__ == "__main__":
    main()
