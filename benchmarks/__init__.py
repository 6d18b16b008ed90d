"""Side-by-side timings of the package and its peers, each answer checked in the same run.

``make bench`` makes the peers' environment and runs all of it (NAME=ntk for one benchmark);
it calls ``python -m benchmarks [NAME ...]``. Each benchmark writes
``benchmarks/results/NAME.json`` when it has ended, and the book's page "How fast, how exact" reads
these files. ``benchmarks.harness`` describes the method.
"""

from pathlib import Path

__all__ = ["NAMES", "RESULTS"]

NAMES = (
    "machine",
    "overlap",
    "ntk",
    "path_kernels",
    "partition",
    "slices",
    "paths",
    "training",
    "images",
    "overhead",
    "jobs",
)
RESULTS = Path(__file__).parent / "results"
