"""Let a process end when its parent has ended, for whatever reason."""

import os
import threading
import time
from collections.abc import Callable

__all__ = ["end_with_parent"]


def end_with_parent(end: Callable[[], object] = lambda: os._exit(1)) -> None:
    """Call ``end`` within about a second of the parent process's end.

    It compares parent ids and sends no signal: a dead process that nobody has waited for still
    takes signals, but is no longer a parent.

    Args:
        end: What to do then; by default this process ends at once.
    """
    parent = os.getppid()

    def watch():
        while os.getppid() == parent:
            time.sleep(1)
        end()

    threading.Thread(target=watch, daemon=True).start()
