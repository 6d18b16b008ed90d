"""How competitors are timed side by side, checked and recorded.

All competitors of a row do the same work on one thread. Each is called once (this first call, with
any compilation, is timed separately and its answer checked), once more for its peak memory, and
then in rounds, every other round in reverse order, so that a drift of the machine affects all
equally. Fast work is called several times in a round, and the mean counts. A ratio is taken within
each round; the median of the rounds and their quartiles are reported.
"""

import json
import math
import os
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from halfspace.companion.commit import code_version
from halfspace.companion.intervals import power_law_interval
from halfspace.files import write_whole
from tqdm import tqdm

from benchmarks.memory import peak

__all__ = [
    "Competitor",
    "WrongResult",
    "compare",
    "describe",
    "fits",
    "gemm_rate",
    "power_law",
    "write",
]

_BENCHMARKS = (":/benchmarks", ":(top,exclude)benchmarks/results")  # to git: the code here
_GEMM_SIDE = 1024
_FEWEST_ROUNDS, _MOST_ROUNDS = 3, 15
_SECONDS = 30.0  # a row ends after its fewest rounds or this time, whichever is later
_SECONDS_OF_CALLS, _MOST_CALLS = 0.05, 20  # fast work is called several times in a round
_DIGITS = 5


class WrongResult(Exception):
    """A competitor's answer is further from the truth than it may be."""


@dataclass(kw_only=True)
class Competitor:
    """One way to do a row's work.

    Attributes:
        name: what the page calls it.
        work: does the work and returns the answer.
        tolerance: the largest error that its answer may have.
        own: whether it is ours; the others' times are taken over each of ours.
        flops: floating-point operations that the method needs, if they are counted.
        part: share of the whole work that one call does; its time is divided by it and the row
            says that it is extrapolated.
    """

    name: str
    work: Callable[[], object]
    tolerance: float
    own: bool = False
    flops: float | None = None
    part: float = 1.0

    def first(self) -> tuple[object, float]:
        """Return the answer of one call and the seconds it took."""
        started = time.perf_counter()
        answer = self.work()
        return answer, time.perf_counter() - started

    def time(self) -> float:
        """Return the seconds of one call."""
        return self.first()[1]

    def memory(self) -> tuple[int | None, float]:
        """Return the peak memory of one call, bytes, and its seconds."""
        (_, seconds), memory = peak(self.first)
        return memory, seconds


@dataclass
class _Record:
    """Measurements of one competitor."""

    first: float
    error: float
    memory: int | None
    calls: int
    seconds: list[float] = field(default_factory=list)


def compare(
    group: str,
    label: str,
    sizes: Mapping[str, int],
    competitors: Sequence[Competitor],
    error: Callable[[object], float],
    *,
    facts: Mapping[str, object] | None = None,
    quick: bool = False,
) -> dict:
    """Time competitors side by side.

    Args:
        group: rows of one group belong together in the page.
        label: what the page calls the work.
        sizes: the sizes of the work, by name.
        competitors: at least one; names differ.
        error: distance of an answer from the truth, computed in float64 or in whole numbers.
        facts: further numbers to keep with the row.
        quick: two rounds only.

    Returns:
        A row for the record: group, label, sizes, for each competitor its seconds and other
        measurements, the ratios of the others' times to each of ours, the rate of matrix products
        meanwhile (operations per second), facts.

    Raises:
        WrongResult: if an answer's error is over the competitor's tolerance, or not a number.
    """
    _settle_allocator()
    measured = {}
    for competitor in competitors:
        answer, first = competitor.first()
        wrong = error(answer)
        if not wrong <= competitor.tolerance:
            raise WrongResult(
                f"{label}: {competitor.name} is off by {wrong:.3g}; "
                f"at most {competitor.tolerance:.3g} is allowed"
            )
        del answer
        memory, warm = competitor.memory()
        calls = min(_MOST_CALLS, math.ceil(_SECONDS_OF_CALLS / warm))
        measured[competitor.name] = _Record(first, wrong, memory, calls)
    gemm = []
    started, order = time.perf_counter(), list(competitors)
    most, fewest = (2, 2) if quick else (_MOST_ROUNDS, _FEWEST_ROUNDS)
    for done in tqdm(range(most), desc=label, unit="round", leave=False):
        if done >= fewest and time.perf_counter() - started > _SECONDS:
            break
        gemm.append(gemm_rate(torch.float32))
        for competitor in order:
            record = measured[competitor.name]
            seconds = sum(competitor.time() for _ in range(record.calls)) / record.calls
            record.seconds.append(seconds / competitor.part)
        order.reverse()
    row = {"group": group, "label": label, "sizes": dict(sizes), "facts": dict(facts or {})}
    return row | _summary(competitors, measured, gemm)


def gemm_rate(dtype: torch.dtype, side: int = _GEMM_SIDE) -> float:
    """Measure the rate of one product of two square matrices, operations per second."""
    a = torch.full((side, side), 0.5, dtype=dtype)
    out = torch.mm(a, a)
    started = time.perf_counter()
    torch.mm(a, a, out=out)
    return 2 * side**3 / (time.perf_counter() - started)


def power_law(sizes: Sequence[float], seconds: Sequence[float]) -> dict:
    """Fit ``seconds = c · size^slope`` in logarithms; the interval of the slope is a 95 % one.

    Raises:
        ValueError: if there are fewer than three sizes.
    """
    slope, low, high, factor = power_law_interval(sizes, seconds)
    return {"slope": slope, "low": low, "high": high, "factor": factor}


def fits(rows: Sequence[dict], group: str, along: str) -> list[dict]:
    """Fit each competitor's median seconds in a group of rows against one of their sizes."""
    chosen = [row for row in rows if row["group"] == group]
    laws = []
    for name in chosen[0]["competitors"]:
        have = [row for row in chosen if name in row["competitors"]]
        if len(have) >= 3:
            sizes = [row["sizes"][along] for row in have]
            seconds = [row["competitors"][name]["median"] for row in have]
            law = power_law(sizes, seconds)
            laws.append({"group": group, "along": along, "competitor": name} | law)
    return laws


def describe() -> dict:
    """Describe the machine and the software, without the names of host and user."""
    names = ("torch", "numpy", "scipy", "halfspace")
    versions = {"Python": platform.python_version()} | {name: version(name) for name in names}
    return {
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": code_version(*_BENCHMARKS),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "load": round(os.getloadavg()[0], 2),
        "versions": versions,
    }


def write(path: Path, record: dict) -> None:
    """Write a record as JSON, whole or not at all; floats with five significant digits.

    Raises:
        ValueError: if a number is not finite.
        OSError: if the file cannot be written; the message names it.
    """
    text = json.dumps(_rounded(record), indent=1, allow_nan=False) + "\n"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, lambda file: file.write(text.encode()))


def _settle_allocator() -> None:
    """Bring glibc's allocator into the state of a longer session, whichever row comes first.

    Blocks over a threshold are given back to the system when freed; freeing one raises the
    threshold to its size, to 32 MiB at most.
    """
    torch.empty(31 << 20, dtype=torch.uint8)


def _summary(
    competitors: Sequence[Competitor], measured: dict[str, _Record], gemm: list[float]
) -> dict:
    """Return the part of a row that is measured; see ``compare``."""
    entries = {}
    for competitor in competitors:
        record = measured[competitor.name]
        entry = {
            "first": record.first / competitor.part,
            "seconds": record.seconds,
            "median": float(np.median(record.seconds)),
            "memory": record.memory,
            "error": float(record.error),
        }
        if competitor.flops:
            rates = competitor.flops / np.array(record.seconds)
            entry["gemm_share"] = _quartiles(rates / gemm)
        entries[competitor.name] = entry | {"extrapolated": competitor.part < 1}
    seconds = {name: np.array(record.seconds) for name, record in measured.items()}
    ratios = {
        own.name: {
            other.name: _quartiles(seconds[other.name] / seconds[own.name])
            for other in competitors
            if not other.own
        }
        for own in competitors
        if own.own
    }
    return {
        "competitors": entries,
        "ratios": ratios,
        "gemm": float(np.median(gemm)),
    }


def _quartiles(values: np.ndarray) -> dict[str, float]:
    low, median, high = np.quantile(values, [0.25, 0.5, 0.75])
    return {"low": float(low), "median": float(median), "high": float(high)}


def _rounded(value):
    if isinstance(value, dict):
        return {key: _rounded(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(entry) for entry in value]
    return float(f"{value:.{_DIGITS}g}") if isinstance(value, float) else value


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf8").splitlines()
    except OSError:
        return platform.machine()
    return next((x.split(":")[1].strip() for x in lines if x.startswith("model name")), "CPU")
