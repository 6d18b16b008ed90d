"""Build the book: one run at a time, a clear word on what failed, and no process left behind."""

import argparse
import fcntl
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import parameter_sets


def interrupt(*_) -> None:
    """Treat SIGTERM like Ctrl-C, so that Snakemake and the chapters end too."""
    raise KeyboardInterrupt


def main() -> None:
    """Check the parameter set, then let Snakemake make what is missing or out of date."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parameters", default="default", help="name of a parameter set")
    parser.add_argument("--cores", type=int, default=2)
    args = parser.parse_args()
    try:
        parameter_sets.load(args.parameters)
    except ValueError as error:
        sys.exit(str(error))

    Path("_build").mkdir(exist_ok=True)
    with open("_build/.lock", "w", encoding="utf8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sys.exit("Another make book is running in this folder; wait until it has ended.")
        sys.exit(run(args.parameters, args.cores))


def run(parameters: str, cores: int) -> int:
    """Run Snakemake and return its exit status.

    The lock above replaces Snakemake's own, which would outlive a killed run.
    """
    signal.signal(signal.SIGTERM, interrupt)
    start = time.monotonic()
    snakemake = subprocess.Popen(
        [sys.executable, "-m", "snakemake", "--cores", str(cores), "--nolock"]
        + ["--rerun-incomplete", "--keep-going", "--scheduler", "greedy"]
        + ["--quiet", "all", "--config", f"parameters={parameters}"],
        env={**os.environ, "HALFSPACE_BUILD_PID": str(os.getpid())},
    )
    try:
        status = snakemake.wait()
    except KeyboardInterrupt:
        snakemake.terminate()
        try:
            snakemake.wait(5)
        except subprocess.TimeoutExpired:
            snakemake.kill()  # it waits for the chapters, which end with this process
        print("Stopped. The chapters that had ended are kept; make book goes on from there.")
        return 130
    if status:
        print("The book was not built; see above.", file=sys.stderr)
    else:
        print(f"The book is at _build/html/index.html ({time.monotonic() - start:.0f} s)")
    return status


if __name__ == "__main__":
    main()
