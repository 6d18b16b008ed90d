"""Make the pages from the executed chapters, and list them with their checksums.

Jupyter Book's output is shown only when the build fails for a reason that has no message here.
"""

import contextlib
import errno
import gc
import hashlib
import io
import json
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import kept_pages
import processes
from whole import write_whole

__all__ = ["HTML", "LIST", "damaged", "put_in_place", "remove_drafts", "write_list"]

HTML = Path("_build/html")
_DRAFT = Path("_build/draft")  # the pages are made there and moved when they are complete
_OLD = Path("_build/old")  # the pages of the build before, for a moment
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


def put_in_place() -> None:
    """Put the finished pages where the older ones are; these go."""
    if HTML.exists():
        os.replace(HTML, _OLD)
    os.replace(_DRAFT / HTML, HTML)
    shutil.rmtree(_OLD, ignore_errors=True)


def remove_drafts() -> None:
    """Remove what an interrupted build left; it must not be read again."""
    for folder in (_DRAFT, _OLD):
        shutil.rmtree(folder, ignore_errors=True)


def _checksum(path: Path) -> str | None:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return None


def main() -> None:
    """Build the pages again, all or those whose text has changed, and write the list."""
    processes.end_with_parent()
    said = io.StringIO()
    remove_drafts()
    if kept_pages.begin_with_kept(HTML, _DRAFT / HTML.parent):
        gc.disable()  # a quarter of the time of a few pages; they need little memory
    os.environ["HALFSPACE_EVIDENCE"] = kept_pages.evidence()
    try:
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            _jupyter_book(
                "build", ".", "--path-output", str(_DRAFT), "-W", "-n", "--keep-going", "-q"
            )
        put_in_place()
        write_list()
        kept_pages.keep(HTML, _DRAFT / HTML.parent)
        remove_drafts()
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
