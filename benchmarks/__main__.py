"""Run benchmarks: ``python -m benchmarks [NAME ...] [--smoke --output FOLDER]``."""

import argparse
import importlib
import os
import signal
import sys
import time
from pathlib import Path

from benchmarks import NAMES, RESULTS

_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


def main() -> None:
    """Read the command line and run the benchmarks that it names, one after the other."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(NAMES))
    parser.add_argument(
        "--smoke", action="store_true", help="tiny sizes, to check that everything runs"
    )
    parser.add_argument("--output", type=Path, help="folder for the records")
    args = parser.parse_args()
    unknown = sorted(set(args.names) - set(NAMES))
    if unknown:
        parser.error(f"no benchmark {', '.join(unknown)}; there are {', '.join(NAMES)}")
    if args.smoke and args.output is None:
        parser.error("--smoke needs --output FOLDER: its timings are not for the record")
    use_one_thread(pinned=not args.smoke)
    folder = args.output or RESULTS
    for name in args.names or NAMES:
        run(name, folder, args.smoke)


def use_one_thread(*, pinned: bool) -> None:
    """Keep this process, and the peers that it starts, to one thread, and to one core if pinned.

    The variables are read when the libraries are loaded, so nothing here may load them earlier.
    """
    for variable in _THREADS:
        os.environ[variable] = "1"
    if pinned and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def run(name: str, folder: Path, smoke: bool) -> None:
    """Run one benchmark and write its record."""
    benchmark = importlib.import_module(f"benchmarks.{name}")
    harness = importlib.import_module("benchmarks.harness")
    about, started = harness.describe(), time.perf_counter()
    result = benchmark.run(smoke, **(benchmark.QUICK if smoke else benchmark.FULL))
    about |= {"seconds": time.perf_counter() - started, "load_after": os.getloadavg()[0]}
    record = {"name": name, "smoke": smoke, "machine": about, **result}
    harness.write(folder / f"{name}.json", record)
    print(f"{name}: {about['seconds']:.0f} s", file=sys.stderr)


def interrupt(*_) -> None:
    """Treat SIGTERM like Ctrl-C."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, interrupt)
    try:
        main()
    except KeyboardInterrupt:
        print("Stopped. Finished benchmarks are kept.", file=sys.stderr)
        sys.exit(130)
    except OSError as error:
        sys.exit(f"the benchmarks cannot go on: {error}")
