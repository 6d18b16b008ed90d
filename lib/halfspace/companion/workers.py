"""Worker processes that run in parallel and end with the process that started them."""

import contextlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

import torch

__all__ = ["worker_pool"]


@contextlib.contextmanager
def worker_pool(workers: int, *, threads: int) -> Iterator[ProcessPoolExecutor]:
    """Start processes for the duration of a ``with`` block.

    If the block fails or is interrupted, or if this process is killed, the processes end at once.

    Args:
        workers: how many processes.
        threads: threads of PyTorch in each.

    Yields:
        The pool.

    Raises:
        ChildProcessError: if a process was killed.
    """
    others = set(multiprocessing.active_children())
    pool = ProcessPoolExecutor(
        workers,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_begin,
        initargs=(threads,),
    )
    try:
        yield pool
        pool.shutdown()
    except BaseException as error:
        pool.shutdown(wait=False, cancel_futures=True)
        for child in set(multiprocessing.active_children()) - others:
            child.terminate()
            child.join()
        if isinstance(error, BrokenProcessPool):
            raise ChildProcessError(
                "a process was killed, probably because memory ran out; run the command again "
                "with fewer processes (CORES=1)"
            ) from error
        raise


def _begin(threads: int) -> None:
    """Set a worker's threads, and make it end with its parent."""
    torch.set_num_threads(threads)
    # Ctrl-C reaches every process in the terminal; here the parent ends the workers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    multiprocessing.parent_process().join()
    os._exit(1)
