"""Recorded runs: made by one command, kept with the repository, checked by another.

``python -m halfspace.experiments`` is the command: see ``halfspace.experiments.__main__``.
"""

import json
import math
import multiprocessing
import os
import tempfile
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from halfspace.experiments._base import Spec, check_writable, resolve_device, write_arrays
from halfspace.image_training import OutOfTime

__all__ = ["Check", "MAX_BYTES", "make", "missing", "record", "stale", "verify"]

MAX_BYTES = 50_000
"""Largest recorded file: a condition's scalars, not its pictures."""


@dataclass(frozen=True)
class Check:
    """What recomputing one seed of a recorded run found.

    Attributes:
        name: of the array compared.
        recorded: the seed's recorded value.
        recomputed: the value found now.
        low: smallest recorded value of any seed.
        high: largest.
        exact: whether the two must be equal.
    """

    name: str
    recorded: float
    recomputed: float
    low: float
    high: float
    exact: bool

    @property
    def passed(self) -> bool:
        """Whether the values are equal, or the new one is within the seeds' spread.

        The spread is widened by a tenth, since some seed lies on its edge. A seed that diverged may
        do so again.
        """
        if self.exact:
            return self.recorded == self.recomputed
        slack = 0.1 * (self.high - self.low) + 1e-6 * max(abs(self.low), abs(self.high))
        diverged = math.isnan(self.recorded) and math.isnan(self.recomputed)
        return diverged or self.low - slack <= self.recomputed <= self.high + slack


def missing(conditions: Mapping[str, Spec]) -> dict[str, Spec]:
    """Return the conditions that no recorded run serves."""
    return {name: spec for name, spec in conditions.items() if spec.recorded() is None}


def stale(conditions: Iterable[Spec]) -> list[Path]:
    """Return the files below the results folder that belong to none of the given specs.

    They come from specs that were changed since: they are reported, and never read.
    """
    conditions = list(conditions)
    wanted = {spec.record_path() for spec in conditions}
    folders = {path.parent.parent for path in wanted}
    found = [path for folder in folders for path in folder.glob("*/*.*")]
    return sorted(path for path in found if path.with_suffix("") not in wanted)


def record(spec: Spec, device: torch.device, deadline: float = math.inf) -> Path | None:
    """Run a spec and keep the result: arrays first, then what they are, each whole or not at all.

    Args:
        spec: what to run.
        device: where.
        deadline: see ``Spec.run``.

    Returns:
        The path without suffix; ``None`` if the deadline came first and a checkpoint is left.

    Raises:
        ValueError: if the arrays take more than ``MAX_BYTES``.
        OSError: if the folder cannot be written.
    """
    path = spec.record_path()
    check_writable(path.parent, "HALFSPACE_RESULTS")
    try:
        arrays, provenance = spec.run(device, deadline)
    except OutOfTime:
        return None
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        draft = Path(folder) / path.with_suffix(".npz").name
        write_arrays(draft, arrays)
        size = draft.stat().st_size
        if size > MAX_BYTES:
            raise ValueError(f"a recorded run may take {MAX_BYTES} bytes; {spec!r} takes {size}")
        told = dict(experiment=type(spec).__name__, version=spec.version, key=spec.key())
        told |= dict(spec=spec.model_dump(mode="json"), provenance=provenance)
        text = Path(folder) / path.with_suffix(".json").name
        text.write_text(json.dumps(told, indent=1, sort_keys=True) + "\n", encoding="utf8")
        os.replace(draft, path.with_suffix(".npz"))
        os.replace(text, path.with_suffix(".json"))
    spec.clear()
    return path


def make(
    conditions: Mapping[str, Spec],
    *,
    device: str = "auto",
    workers: int = 2,
    minutes: float | None = None,
) -> list[str]:
    """Record what is missing, several at a time, with progress.

    On a CPU each run has a process of one thread; on CUDA runs follow each other. What is finished
    is kept, so that an interrupted call loses the unfinished runs only, and the next one goes on;
    runs that leave checkpoints go on from these.

    Args:
        conditions: specs by name.
        device: ``"auto"``, ``"cpu"`` or ``"cuda"``.
        workers: runs at a time on a CPU.
        minutes: start no run after this many; runs that leave checkpoints stop then.

    Returns:
        The names recorded.
    """
    chosen = resolve_device(device)
    waiting = list(missing(conditions).items())
    limit = math.inf if minutes is None else time.monotonic() + 60 * minutes
    done = []
    processes = ProcessPoolExecutor(
        workers if chosen.type == "cpu" else 1,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=torch.set_num_threads,
        initargs=(1 if chosen.type == "cpu" else torch.get_num_threads(),),
    )
    running = {}
    try:
        with tqdm(total=len(waiting), desc="recorded runs", unit="run") as progress:
            while running or (waiting and time.monotonic() < limit):
                while waiting and len(running) < workers and time.monotonic() < limit:
                    name, spec = waiting.pop(0)
                    running[processes.submit(record, spec, chosen, limit)] = name
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    name = running.pop(future)
                    if future.result() is None:
                        continue
                    done.append(name)
                    progress.set_postfix_str(name)
                    progress.update()
    finally:
        # Also after Ctrl-C or a failure: what runs ends, what waits does not start.
        processes.shutdown(cancel_futures=True)
    return done


def verify(spec: Spec, index: int, device: str = "auto") -> list[Check]:
    """Recompute one seed of a recorded run and compare it.

    Args:
        spec: a recorded spec with ``one_seed`` and ``summaries``.
        index: which of its seeds, from 0.
        device: where to recompute it: ``"auto"``, ``"cpu"`` or ``"cuda"``.

    Returns:
        The initial weights' check, which must be exact, and one for each summary: the seed's value
        at the last epoch. Training in single precision parts from itself after some hundred epochs,
        so a summary must lie within the spread of the recorded seeds.

    Raises:
        ValueError: if there is no recorded run.
    """
    recorded = spec.recorded()
    if recorded is None:
        raise ValueError(f"there is no recorded run of {spec!r}; run make results")
    arrays, _ = spec.one_seed(index).run(resolve_device(device))
    checks = []
    for name in ("initial", *spec.summaries):
        old, new = np.atleast_2d(recorded.arrays[name])[-1], np.atleast_2d(arrays[name])[-1]
        low, high = float(np.nanmin(old)), float(np.nanmax(old))
        checks.append(
            Check(name, float(old[index]), float(new[0]), low, high, exact=name == "initial")
        )
    return checks
