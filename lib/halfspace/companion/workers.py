"""Processes that compute side by side and never outlive the one that started them."""

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
    """Start processes for the length of a ``with`` block.

    If the block fails or is interrupted, the processes end at once. If this process is killed, they
    end too.

    Args:
        workers: how many processes.
        threads: threads of PyTorch in each.

    Yields:
        The pool.

    Raises:
        ChildProcessError: if a process was ended from outside.
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
                "a process was ended from outside, probably for lack of memory; run the command "
                "again with fewer processes (CORES=1)"
            ) from error
        raise


def _begin(threads: int) -> None:
    """Prepare a worker: its threads, and its end."""
    torch.set_num_threads(threads)
    # Ctrl-C reaches every process of the terminal; the parent ends the workers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    multiprocessing.parent_process().join()
    os._exit(1)
