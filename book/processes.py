"""A process that ends when the one that started it is gone, however that one ended."""

import os
import threading
import time
from collections.abc import Callable

__all__ = ["end_with_parent"]


def end_with_parent(end: Callable[[], object] = lambda: os._exit(1)) -> None:
    """Call ``end`` within about a second of the parent process's end.

    The parent is asked for and not signalled: a dead process that nobody has waited for still takes
    signals, but is no parent any more.

    Args:
        end: What to do then; by default this process ends at once.
    """
    parent = os.getppid()

    def watch():
        while os.getppid() == parent:
            time.sleep(1)
        end()

    threading.Thread(target=watch, daemon=True).start()
