"""Side-by-side timings of the package and its peers, each answer checked in the same run.

``make bench`` makes the peers' environment and runs all of it (NAME=ntk for one benchmark);
``python -m benchmarks [NAME ...]`` is what it calls. Each benchmark writes
``benchmarks/results/NAME.json`` when it has ended, and the book's page "How fast, how exact" reads
these files. How it is measured is in ``benchmarks.harness``.
"""

from pathlib import Path

__all__ = ["NAMES", "RESULTS"]

NAMES = ("machine", "overlap", "ntk", "partition", "paths", "training", "images")
RESULTS = Path(__file__).parent / "results"
