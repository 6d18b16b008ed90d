"""Recorded runs: one command makes them, the repository keeps them, another command checks them.

``python -m halfspace.companion`` is the command: see ``halfspace.companion.__main__``.
"""

import json
import math
import os
from collections.abc import Iterable, Iterator, Mapping, Set
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from halfspace.companion.spec import Spec, resolve_device
from halfspace.companion.store import digest, results_folder
from halfspace.companion.workers import worker_pool
from halfspace.files import check_writable, write_whole
from halfspace.image_training import OutOfTime

__all__ = [
    "Check",
    "MAX_BYTES",
    "REMEDY",
    "available",
    "keep",
    "missing",
    "record",
    "stale",
    "verify",
]

MAX_BYTES = 100_000
"""Largest recorded file, in bytes: room for a condition's scalars, not for its functions."""

REMEDY = (
    "grant write access there, or set HALFSPACE_RESULTS to a copy of the folder that can be written"
)
_EXACT = ("at", "epochs")  # times of evaluation
# Sums of initial weights, as a share of the seeds' largest. One weight of a million changes more.
_INITIAL_TOLERANCE = 1e-5
_ROUNDING = 1e-9  # differences of quantities that are zero but for rounding
# Other instructions of the same processor, which round differently.
_OTHER_ROUNDING = {"MKL_CBWR": "COMPATIBLE", "ONEDNN_MAX_CPU_ISA": "SSE41"}
# Late in training. Chosen after recomputing one seed of each of 127 conditions: none is refused.
_MARGIN = 0.5  # beyond the seeds' spread, as a share of it
_LATE_TOLERANCE = 0.02  # beyond the seeds' spread, as a share of the largest value
_FORGIVEN = 0.1  # share of an array's entries that may be outside: some are by chance


@dataclass(frozen=True)
class Check:
    """The result of recomputing one seed of a recorded run, for one array: its worst entry.

    Attributes:
        name: of the array.
        recorded: the seed's recorded value.
        recomputed: the new value.
        low: smallest value that passes.
        high: largest.
        late: whether it is a value late in training, where float32 rounding decides.
    """

    name: str
    recorded: float
    recomputed: float
    low: float
    high: float
    late: bool = False

    @property
    def passed(self) -> bool:
        """Whether the new value is within the bounds, or the seed diverged both times."""
        diverged = math.isnan(self.recorded) and math.isnan(self.recomputed)
        return diverged or self.low <= self.recomputed <= self.high


def missing(conditions: Mapping[str, Spec]) -> dict[str, Spec]:
    """Return the conditions that have no recorded run."""
    return {name: spec for name, spec in conditions.items() if spec.recorded() is None}


def stale(conditions: Iterable[Spec]) -> list[Path]:
    """Return the files below the results folder that belong to none of the given specs.

    Their specs have changed since. They are reported and never read.
    """
    wanted = {spec.record_path() for spec in conditions}
    files = [path for path in results_folder().glob("*/*.*") if not path.name.startswith(".")]
    return sorted(path for path in files if path.with_suffix("") not in wanted)


def record(spec: Spec, device: torch.device, deadline: float = math.inf) -> Path | None:
    """Run a spec and keep the result.

    Args:
        spec: what to run.
        device: where.
        deadline: see ``Spec.run``.

    Returns:
        The path without suffix; ``None`` if the deadline came first, which leaves a checkpoint.

    Raises:
        ValueError: if the arrays take more than ``MAX_BYTES``.
        OSError: if the folder cannot be written.
    """
    check_writable(spec.record_path().parent, REMEDY)
    try:
        arrays, provenance = spec.run(device, deadline)
    except OutOfTime:
        return None
    keep(spec, arrays, provenance)
    spec.clear()
    return spec.record_path()


def keep(spec: Spec, arrays: Mapping[str, np.ndarray], provenance: dict) -> None:
    """Write a recorded run: first the arrays, then their description, each file atomically.

    Raises:
        ValueError: if the arrays take more than ``MAX_BYTES``.
        OSError: if a file cannot be written.
    """
    description = dict(experiment=spec.recorded_as, version=spec.version, key=spec.key())
    description |= dict(spec=spec.model_dump(mode="json"), provenance=provenance)
    description["digest"] = digest(arrays, description)
    text = json.dumps(description, indent=1, sort_keys=True) + "\n"

    def write_arrays(file) -> None:
        np.savez_compressed(file, **arrays)
        if (size := file.tell()) > MAX_BYTES:
            raise ValueError(f"a recorded run may take {MAX_BYTES} bytes; {spec!r} takes {size}")

    path = spec.record_path()
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path.with_suffix(".npz"), write_arrays)
    write_whole(path.with_suffix(".json"), lambda file: file.write(text.encode()))


def verify(spec: Spec, index: int, device: str = "auto") -> list[Check]:
    """Recompute one seed of a recorded run and compare each array but timings and unsettled ones.

    What is computed without training, or early in training, must agree with the recorded value
    within the spec's tolerance. Float32 runs diverge from each other during training: after dozens
    of epochs two runs of one seed may differ as much as two seeds do. Then nine in ten of the new
    values must lie within the spread of the recorded seeds, widened by half. The sum of the initial
    weights must be the same but for rounding.

    An array may differ because another processor rounds differently. So where one differs, the
    seed is computed once more on the CPU, with instructions that round differently. An array in
    which these two disagree counts as late in training from the start.

    Args:
        spec: a recorded spec that can be recomputed.
        index: which of its seeds, from 0.
        device: where to recompute it: ``"auto"``, ``"cpu"`` or ``"cuda"``.

    Returns:
        One check for each array, at the entry that agrees least.

    Raises:
        ValueError: if there is no recorded run, or the arrays are not those recorded.
        ChildProcessError: if the process that rounds differently was killed.
    """
    recorded = spec.recorded()
    if recorded is None:
        raise ValueError(f"there is no recorded run of {spec!r}; run make results")
    chosen, threads = resolve_device(device), recorded.provenance["threads"]
    with _threads(threads):  # sums depend on how they are divided
        arrays = _again(spec, index, chosen)
    if arrays.keys() != recorded.arrays.keys():
        differ = ", ".join(sorted(arrays.keys() ^ recorded.arrays.keys()))
        raise ValueError(f"the recorded run of {spec!r} has different arrays: {differ}")
    checks = _compared(recorded.arrays, arrays, index, spec)
    if chosen.type == "cpu" and any(not check.passed and not check.late for check in checks):
        with _environment(_OTHER_ROUNDING), worker_pool(1, threads=threads) as process:
            other = process.submit(_again, spec, index, chosen).result()
        unsure = {check.name for check in _compared(arrays, other, 0, spec) if not check.passed}
        checks = _compared(recorded.arrays, arrays, index, spec, late=unsure)
    return checks


def _again(spec: Spec, index: int, device: torch.device) -> dict[str, np.ndarray]:
    """Compute one seed's arrays anew."""
    again = spec.one_seed(index)
    again.clear()  # a finished run's checkpoint would be read, and nothing recomputed
    arrays, _ = again.run(device)
    again.clear()
    return arrays


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Set environment variables, for the processes that are started meanwhile."""
    before = dict(os.environ)
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _compared(
    recorded: Mapping[str, np.ndarray],
    arrays: Mapping[str, np.ndarray],
    index: int,
    spec: Spec,
    late: Set[str] = frozenset(),
) -> list[Check]:
    times = arrays.get("at", arrays.get("epochs"))
    return [
        _compare(name, recorded[name], arrays[name], index, times, spec, name in late)
        for name in arrays
        if name not in (*spec.timings, *spec.unsettled)
    ]


@contextmanager
def _threads(number: int) -> Iterator[None]:
    """Compute with so many threads of PyTorch."""
    before = torch.get_num_threads()
    torch.set_num_threads(number)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _compare(
    name: str,
    recorded: np.ndarray,
    recomputed: np.ndarray,
    index: int,
    times: np.ndarray | None,
    spec: Spec,
    always_late: bool = False,
) -> Check:
    """Compare one seed's part of an array."""
    all_seeds, (new,) = _by_seed(name, recorded, recomputed)
    old = all_seeds[min(index, len(all_seeds) - 1)]
    first = np.arange(len(old)) == 0
    if always_late or name in spec.late:
        early = np.zeros_like(first)
    elif name in _EXACT or name == "initial" or math.isinf(spec.early):
        early = np.ones_like(first)
    elif times is not None and len(times) == len(old):
        early = times <= spec.early
    else:
        early = first & (len(old) > 1)
    early = early[:, np.newaxis]
    # The spread of values: over several seeds, entry by entry. For a run recomputed as a whole,
    # over the entries of an epoch, or over the epochs if each has one entry.
    axis = next((axis for axis in (0, 2) if all_seeds.shape[axis] > 1), 1)
    low, high = (f.reduce(all_seeds, axis=axis, keepdims=True)[0] for f in (np.fmin, np.fmax))
    scale = np.fmax.reduce(np.abs(old), axis=1, keepdims=True, initial=0)
    slack = spec.tolerance * (1 if name in spec.shares else scale) + _ROUNDING
    if name in _EXACT:
        slack = 0
    elif name == "initial":
        slack = _INITIAL_TOLERANCE * np.abs(recorded).max()
    elif math.isfinite(spec.early) and np.array_equal(recorded, np.round(recorded)):
        slack = slack + 1  # rounding may move a border across a point, and a count by one
    margin = _MARGIN * (high - low) + _LATE_TOLERANCE * scale
    low = np.where(early, old - slack, low - margin)
    high = np.where(early, old + slack, high + margin)
    excess = np.nan_to_num(np.maximum(low - new, new - high), nan=np.inf)
    excess[np.isnan(old) & np.isnan(new)] = -np.inf
    late = np.flatnonzero(np.broadcast_to(~early, excess.shape))
    forgiven = late[np.argsort(excess.flat[late])][len(late) - int(_FORGIVEN * len(late)) :]
    excess.flat[forgiven] = -np.inf
    worst = np.unravel_index(excess.argmax(), excess.shape)
    numbers = (float(values[worst]) for values in (old, new, low, high))
    return Check(name, *numbers, late=bool(~early[worst[0], 0]))


def _by_seed(
    name: str, recorded: np.ndarray, recomputed: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Bring both arrays to the shape (seeds, evaluations, entries).

    The seeds' axis is the one in which they differ. An axis before it is that of evaluations; an
    array without seeds begins with that axis.
    """
    both = [np.atleast_1d(np.asarray(array, dtype=np.float64)) for array in (recorded, recomputed)]
    shapes = [array.shape for array in both]
    axes = [axis for axis, sizes in enumerate(zip(*shapes, strict=True)) if sizes[0] != sizes[1]]
    if len(axes) > 1 or (axes and shapes[1][axes[0]] != 1):
        raise ValueError(
            f"{name} was recorded in shape {shapes[0]} and is now of shape {shapes[1]}"
        )
    if not axes:
        return tuple(array.reshape(1, len(array), -1) for array in both)
    (axis,) = axes
    rows = recorded.shape[0] if axis else 1
    return tuple(np.moveaxis(array, axis, 0).reshape(array.shape[axis], rows, -1) for array in both)


def available(specs: Mapping[str, Spec], conditions: Mapping[str, Spec]) -> dict[str, Spec]:
    """Leave out the conditions that are to be recorded and have no recorded run yet.

    A spec that differs from the condition of its name stays, to be trained. All specs stay where
    there is no folder of recorded runs, as for an installed package.

    Args:
        specs: specs by name.
        conditions: the conditions that are recorded, by the same names.
    """
    return {
        name: spec
        for name, spec in specs.items()
        if spec != conditions[name] or spec.record_path() is None or spec.recorded() is not None
    }
