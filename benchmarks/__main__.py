"""Run benchmarks: ``python -m benchmarks [NAME ...] [--smoke --output FOLDER]``."""

import os

# One thread for every competitor, set before any of them is loaded.
for _variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[_variable] = "1"

import argparse  # noqa: E402
import sys  # noqa: E402
import time  # noqa: E402
from pathlib import Path  # noqa: E402

import torch  # noqa: E402

from benchmarks import machine, ntk, overlap, partition, paths, training  # noqa: E402
from benchmarks.harness import describe, write  # noqa: E402

BENCHMARKS = {
    "machine": machine,
    "overlap": overlap,
    "ntk": ntk,
    "partition": partition,
    "paths": paths,
    "training": training,
}
RESULTS = Path(__file__).parent / "results"


def main() -> None:
    """Read the command line and run what it names, one benchmark after the other."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument("--smoke", action="store_true", help="tiny sizes, to see that all runs")
    parser.add_argument("--output", type=Path, help="folder for the records")
    args = parser.parse_args()
    unknown = sorted(set(args.names) - set(BENCHMARKS))
    if unknown:
        parser.error(f"no benchmark {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")
    if args.smoke and args.output is None:
        parser.error("--smoke needs --output FOLDER: its timings are not for the record")
    use_one_core()
    for name in args.names or BENCHMARKS:
        run(name, args.output or RESULTS, args.smoke)


def use_one_core() -> None:
    """Keep this process, and the peers that it starts, on one core and one thread."""
    torch.set_num_threads(1)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def run(name: str, folder: Path, smoke: bool) -> None:
    """Run one benchmark and write its record."""
    benchmark = BENCHMARKS[name]
    about, started = describe(), time.perf_counter()
    found = benchmark.run(smoke, **(benchmark.QUICK if smoke else benchmark.FULL))
    about |= {"seconds": time.perf_counter() - started, "load_after": os.getloadavg()[0]}
    write(folder / f"{name}.json", {"name": name, "smoke": smoke, "machine": about, **found})
    print(f"{name}: {about['seconds']:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
