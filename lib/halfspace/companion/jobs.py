"""The jobs in which missing runs are recorded: which runs share one, what it needs, what it does.

``make results`` writes a plan of jobs into a folder, and Snakemake starts a process for each of
them (``workflow/results.smk``, ``workflow/record.py``), here or on a cluster.
"""

import contextlib
import functools
import heapq
import importlib
import json
import math
import os
import sys
import time
import traceback
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch

from halfspace.companion import records
from halfspace.companion.commit import code_version, refusal
from halfspace.companion.spec import Spec, resolve_device
from halfspace.companion.store import repository, results_folder
from halfspace.files import write_whole

__all__ = ["CUT", "Job", "expected_seconds", "failures", "plan", "planned", "run", "unfinished"]

CUT = os.EX_TEMPFAIL
"""Exit status of a job that a time limit cut; it can be started again."""

_SHORT = 60.0  # seconds of a run that may share a job
_SHARED = 180.0  # seconds of work in a job of short runs: it loads the code once, in three to six
_TRIES = 2  # of a job on a cluster that was cancelled, or whose machine failed
_PIECES = 20  # of a run with checkpoints, each as long as a job may be
_SPARE = 3.0  # a cluster's machines may be so much slower than the one that recorded
_LEAST = 5  # minutes that a cluster allows any job
_LAST = 120.0  # seconds before the end of a job's time in which no epoch begins,
_LAST_SHARE = 0.2  # or this share of its time, if that is less


def expected_seconds(spec: Spec) -> float:
    """Return how long a run takes: as recorded, or else as others of its class did (median).

    Where ``HALFSPACE_RESULTS`` names another folder, the repository's runs count too.

    Args:
        spec: of the run.
    """
    for folder in _folders():
        file = folder / spec.recorded_as / f"{spec.key()[:16]}.json"
        if file.exists():
            return _seconds(file)
    return _usual_seconds(spec.recorded_as, _folders()) or 60 * spec.minutes


def _folders() -> tuple[Path, ...]:
    root = repository()
    folders = (results_folder(), root and root / "data" / "results")
    return tuple(folder for folder in folders if folder)


@functools.cache
def _usual_seconds(experiment: str, folders: tuple[Path, ...]) -> float:
    times = [_seconds(file) for folder in folders for file in folder.glob(f"{experiment}/*.json")]
    return float(np.median(times)) if times else 0.0


def _seconds(file: Path) -> float:
    """Return what a recorded run took; a damaged one counts as short and is refused elsewhere."""
    try:
        return float(json.loads(file.read_text(encoding="utf8"))["provenance"]["seconds"])
    except (ValueError, KeyError, TypeError):
        return 0.0


def plan(
    conditions: Mapping[str, Spec],
    *,
    workers: int,
    device: str,
    until: float = math.inf,
    need_gpu: tuple[str, ...] = (),
    cluster: bool = False,
) -> dict:
    """Return what ``workflow/results.smk`` reads: the jobs, their files, and what each needs.

    Short runs share jobs of up to three minutes, so that loading the code does not dominate. The
    longest jobs come first, so that none of them is left over when the others have finished.

    Args:
        conditions: specs by name.
        workers: jobs at a time.
        device: ``"auto"``, ``"cpu"`` or ``"cuda"``.
        until: ``time.time()`` after which no run starts and runs with checkpoints stop.
        need_gpu: prefixes of the names of runs that only CUDA can do in time.
        cluster: whether jobs have time limits and are repeated when they were cut.
    """
    named = {spec.key(): name for name, spec in reversed(conditions.items())}  # two names, one run
    times = {name: expected_seconds(conditions[name]) for name in reversed(named.values())}
    shared = [(sum(map(times.get, names)), names) for names in _shared(times, conditions, workers)]
    shared.sort(key=lambda job: -job[0])
    jobs = {}
    for number, (seconds, names) in enumerate(shared):
        specs = [conditions[name] for name in names]
        resumes = any(spec.resumes for spec in specs)
        jobs[f"job_{number:04}"] = dict(
            runs=[_described(name, conditions[name], need_gpu, device) for name in names],
            threads=max(spec.threads for spec in specs),
            memory=max(spec.memory for spec in specs),
            gpus=max(spec.gpus for spec in specs),
            minutes=math.ceil(_LEAST + _SPARE * seconds / 60),
            retries=(_PIECES if resumes else _TRIES) if cluster else 0,
        )
    return dict(
        jobs=jobs,
        device=device,
        # Each process takes its share of the threads that prepare a GPU's work.
        threads=None if device != "cuda" else max(1, torch.get_num_threads() // workers),
        until=None if math.isinf(until) else until,
        cluster=cluster,
    )


def _shared(
    times: Mapping[str, float], conditions: Mapping[str, Spec], workers: int
) -> list[list[str]]:
    """Return which runs share a job: short ones, in jobs of about the same length."""
    short = [name for name in times if times[name] < _SHORT and not conditions[name].gpus]
    number = workers * math.ceil(sum(times[name] for name in short) / _SHARED / workers)
    bins = [(0.0, place, []) for place in range(min(number, len(short)))]
    for name in sorted(short, key=times.get, reverse=True):
        total, place, names = heapq.heappop(bins)
        heapq.heappush(bins, (total + times[name], place, [*names, name]))
    order = {name: place for place, name in enumerate(times)}
    shared = [sorted(names, key=order.get) for _, _, names in sorted(bins, key=lambda b: b[1])]
    return shared + [[name] for name in times if name not in set(short)]


def _described(name: str, spec: Spec, need_gpu: tuple[str, ...], device: str) -> dict:
    return dict(
        name=name,
        module=type(spec).__module__,
        kind=type(spec).__name__,
        fields=spec.model_dump(mode="json"),
        path=str(spec.record_path()),
        need_gpu=device == "auto" and name.startswith(need_gpu),
    )


def planned(folder: Path) -> dict:
    """Return the plan that lies in a folder."""
    return json.loads((folder / "plan.json").read_text(encoding="utf8"))


class Job:
    """One job of a plan, and the notes that it leaves in the plan's folder.

    Args:
        folder: the plan's.
        name: of the job.
    """

    def __init__(self, folder: Path, name: str):
        self.plan = planned(folder)
        self.runs = self.plan["jobs"][name]["runs"]
        self._running = folder / "running" / name
        self._failed = folder / "failed" / f"{name}.json"
        for path in (self._running, self._failed):
            path.parent.mkdir(exist_ok=True)

    def over(self) -> bool:
        """Return whether no run may start any more."""
        return self.plan["until"] is not None and time.time() > self.plan["until"]

    def failed(self) -> dict[str, str]:
        """Return why runs failed, by their names."""
        return json.loads(self._failed.read_text()) if self._failed.exists() else {}

    def fail(self, name: str, reason: str) -> None:
        """Note why a run failed: it is not tried again."""
        text = json.dumps(self.failed() | {name: reason})
        write_whole(self._failed, lambda file: file.write(text.encode()))

    @contextlib.contextmanager
    def at_work(self, name: str):
        """Note which run this process works on; the note stays if the process is killed."""
        self._running.write_text(name, encoding="utf8")
        yield
        self._running.unlink(missing_ok=True)  # a killed call's process may have removed it


def failures(folder: Path) -> dict[str, str]:
    """Return why runs of a plan failed, by their names."""
    files = sorted(folder.glob("failed/*.json"))
    return {name: why for file in files for name, why in json.loads(file.read_text()).items()}


def unfinished(folder: Path) -> list[str]:
    """Return the names of the runs whose processes were killed."""
    return [file.read_text(encoding="utf8") for file in sorted(folder.glob("running/job_*"))]


def run(folder: Path, name: str, commit: str, limit: float = math.inf) -> int:
    """Record a job's runs, one after the other, and return the exit status.

    A run that is recorded already is left as it is, and one that failed is not tried again.

    Args:
        folder: the plan's.
        name: of the job.
        commit: the version of the code when this process began to load it.
        limit: ``time.time()`` at which this process will be ended.

    Returns:
        0 if all runs are recorded, ``CUT`` if time was up, 1 if a run failed.
    """
    job = Job(folder, name)
    device = resolve_device(job.plan["device"])
    torch.set_num_threads(job.plan["threads"] or torch.get_num_threads())
    end = min(limit, math.inf if job.plan["until"] is None else job.plan["until"])
    deadline = time.monotonic() + end - time.time()
    cut = False
    for described in job.runs:
        if Path(described["path"]).with_suffix(".json").exists() or (
            described["name"] in job.failed()
        ):
            continue
        if time.monotonic() > deadline:
            cut = True
            break
        with job.at_work(described["name"]):
            try:
                cut |= _record(described, commit, device, deadline) is None
            except Exception as error:
                traceback.print_exc()
                job.fail(described["name"], _sentence(error))
    return 1 if job.failed() else CUT if cut else 0


def _record(described: dict, commit: str, device: torch.device, deadline: float) -> Path | None:
    """Record a run, if the code is still the one that was planned with."""
    if problem := refusal(commit):
        raise ValueError(problem)
    spec = getattr(importlib.import_module(described["module"]), described["kind"])
    spec = spec(**described["fields"])
    # What was read before loading is compared with what is read after it.
    if code_version() != commit or str(spec.record_path()) != described["path"]:
        raise ValueError("the code changed while it was loaded; run the command again")
    if described["need_gpu"] and device.type == "cpu":
        raise ValueError("the run needs a GPU, and PyTorch finds none on the job's machine")
    return records.record(spec, device, deadline)


def _sentence(error: Exception) -> str:
    """Return what is told about an error; what it names is in the job's log."""
    full = isinstance(error, RuntimeError) and "memory" in str(error)
    if full or isinstance(error, MemoryError):
        return "there is not enough memory; try CORES=1"
    if isinstance(error, ValueError | OSError):
        return str(error)
    return f"{type(error).__name__}: {error}"


def main(folder: Path, name: str, commit: str, began: float, minutes: float | None) -> int:
    """Run a job of a process that began at ``time.time() == began`` and may take ``minutes``."""
    limit = math.inf
    if minutes is not None:
        limit = began + 60 * minutes - min(_LAST, _LAST_SHARE * 60 * minutes)
    try:
        return run(folder, name, commit, limit)
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
