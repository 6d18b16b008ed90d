"""How much memory a call takes beyond what the process held before it. Standard library only."""

import ctypes
import sys
import threading
from collections.abc import Callable
from pathlib import Path

__all__ = ["anonymous_peak", "peak"]

_STATUS = Path("/proc/self/status")
_RESET_PEAK = "5"  # what /proc/self/clear_refs takes to set the peak back to the present


def peak(work: Callable[[], object]) -> tuple[object, int | None]:
    """Run ``work``; return its result and by how many bytes resident memory rose at its peak.

    Memory that the C library keeps for later is returned first, so that its reuse is counted.
    On systems without Linux's ``/proc`` the number is ``None``.
    """
    if not sys.platform.startswith("linux"):
        return work(), None
    ctypes.CDLL(None).malloc_trim(0)
    before = _bytes("VmRSS")
    Path("/proc/self/clear_refs").write_text(_RESET_PEAK, encoding="ascii")
    result = work()
    return result, _bytes("VmHWM") - before


def anonymous_peak(work: Callable[[], object]) -> tuple[object, int | None]:
    """Do the same without pages of files: read every few milliseconds while ``work`` runs."""
    if not sys.platform.startswith("linux"):
        return work(), None
    before, seen, done = _bytes("RssAnon"), [0], threading.Event()

    def look():
        while not done.wait(0.002):
            seen[0] = max(seen[0], _bytes("RssAnon"))

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        result = work()
    finally:
        done.set()
        watcher.join()
    return result, max(seen[0] - before, 0)


def _bytes(field: str) -> int:
    lines = _STATUS.read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{field}:"))
