"""Run a module of the package: ``start.py MODULE ARGUMENTS``.

A stop or a failure during loading, which takes seconds, prints one sentence.
"""

import os
import runpy
import signal
import sys


def stop(*_) -> None:
    """End at once: nothing has begun."""
    print("Stopped before anything had begun.", file=sys.stderr, flush=True)
    os._exit(130)


def main() -> None:
    """Load the package, then run the module as a script."""
    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) != signal.SIG_IGN:  # as a shell's background jobs are told
            signal.signal(number, stop)  # until the module sets its own
    del sys.argv[0]
    try:
        import halfspace  # noqa: F401
    except (ImportError, MemoryError, OSError) as error:
        sys.exit(
            f"the package cannot be loaded ({error}); free some memory, "
            "or make the environment again: rm -r .venv, then the same command"
        )
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
