"""Base of all experiments: a frozen spec with a key, a cache, a result with provenance."""

import dataclasses
import functools
import hashlib
import json
import math
import time
from abc import abstractmethod
from collections.abc import Hashable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, ClassVar, Self

import numpy as np
import torch
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo

from halfspace._checks import check_integer, exact, single_precision
from halfspace.companion.commit import code_version
from halfspace.companion.store import (
    DIGEST,
    cache_folder,
    check_digest,
    digest,
    read_arrays,
    read_cached,
    results_folder,
    sources_digest,
)
from halfspace.companion.workers import worker_pool
from halfspace.files import check_writable, write_whole

__all__ = ["Integer", "Result", "Spec", "device_name", "later", "resolve_device", "results"]

_LATER = {"later": True}


def later(default: object, **constraints):
    """Return a field of a spec that was added after runs had been recorded.

    It is part of the key only where it differs from its default, so that earlier runs stay valid.
    With the default, the experiment must therefore do exactly what it did without the field.

    Args:
        default: the value that stands for the earlier behaviour; it may never change.
        **constraints: those of ``pydantic.Field``, such as ``gt=0``.
    """
    return Field(default, json_schema_extra=_LATER, **constraints)


def _whole(value: object, info: ValidationInfo) -> int:
    return check_integer(info.field_name, value, least=None)


Integer = Annotated[int, BeforeValidator(_whole)]
"""A spec's field for whole numbers, including numpy's, but not for bools."""


class Result:
    """Arrays that an experiment computed, readable as attributes, and where they come from.

    Attributes:
        spec: the experiment's spec.
        arrays: the arrays by name; each is also an attribute of the result.
        provenance: when, commit, versions, device, threads, seconds, data checksums.
        source: ``"recorded"`` for a run kept with the repository, ``"cached"`` for one read from
            the local cache, ``"computed"`` for one made just now.
    """

    def __init__(self, spec: "Spec", arrays: dict[str, np.ndarray], provenance: dict, source: str):
        self.spec, self.provenance, self.source = spec, provenance, source
        self.arrays = arrays

    def __getattr__(self, name: str) -> np.ndarray:
        """Return an array by its name."""
        try:
            return self.__dict__["arrays"][name]
        except KeyError:
            known = ", ".join(sorted(self.__dict__.get("arrays", ())))
            raise AttributeError(f"the result has no array {name!r}; it has {known}") from None


class Spec(BaseModel):
    """A frozen, keyword-only description of an experiment; subclasses add the fields and ``_run``.

    A field that is added when runs of the class are recorded is declared with ``later``.

    Class attributes:
        recorded_as: the name of the experiment in keys and of its folders; by default the class's
            name. A class that is renamed keeps its runs by naming the old one here.
        version: bumped by hand when the experiment's meaning changes.
        early: the epochs up to which a recomputed run agrees with the recorded one within
            ``tolerance``; infinite if nothing is trained, or only for few steps.
        late: arrays that depend on further training at every epoch.
        tolerance: largest such difference, as a share of the largest of a seed's values at that
            epoch.
        shares: arrays whose values are shares of few things, such as test images; for them the
            tolerance is a share of 1.
        timings: arrays of durations, which differ from run to run.
        unsettled: arrays that rounding decides; they are recorded, and not compared.
        resumes: whether runs leave checkpoints and can be done in pieces.
        threads: that a run uses on a CPU.
        memory: that a run takes at most, in MB.
        minutes: that a run takes if no run of the class is recorded yet.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    recorded_as: ClassVar[str]
    version: ClassVar[int] = 1
    early: ClassVar[float] = math.inf
    late: ClassVar[tuple[str, ...]] = ()
    # Rounding may switch one unit at one of 128 points, which changes a mean by less.
    tolerance: ClassVar[float] = 5e-3
    shares: ClassVar[tuple[str, ...]] = ()
    timings: ClassVar[tuple[str, ...]] = ()
    unsettled: ClassVar[tuple[str, ...]] = ()
    resumes: ClassVar[bool] = False
    threads: ClassVar[int] = 1
    memory: ClassVar[int] = 2000
    minutes: ClassVar[float] = 10.0

    @classmethod
    def __pydantic_init_subclass__(cls, **_) -> None:
        if "recorded_as" not in cls.__dict__:  # the name is a class's own, not its base's
            cls.recorded_as = cls.__name__

    def key(self) -> str:
        """Return the SHA-256 (hexadecimal) of the experiment's name, version and fields.

        Fields declared with ``later``, here or in a model that is a field, count only where they
        differ from their defaults.
        """
        named = {"experiment": self.recorded_as, "version": self.version}
        text = json.dumps(named | {"fields": _key_fields(self)}, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def result(self, *, device: str = "auto", recompute: bool = False) -> Result:
        """Return the experiment's result: recorded, or from the local cache, or by running it.

        Args:
            device: ``"auto"``, ``"cpu"`` or ``"cuda"``; ignored where a recorded run exists.
            recompute: run even if there is a recorded run or the cache has the result.

        Raises:
            ValueError: if the device is not available, or the recorded run is damaged.
            OSError: if the cache folder cannot be written; the message names it.
        """
        if not recompute and (recorded := self.recorded()) is not None:
            return recorded
        chosen = resolve_device(device)
        path = self._path(chosen)
        if not recompute and path.exists():
            loaded = read_cached(path)
            if loaded is not None:
                return Result(self, *loaded, source="cached")
        check_writable(path.parent, "set HALFSPACE_CACHE to a folder that can be written")
        arrays, provenance = self.run(chosen)
        description = {"provenance": provenance}
        description[DIGEST] = digest(arrays, description)
        stored = arrays | {"_description": np.array(json.dumps(description))}
        write_whole(path, lambda file: np.savez_compressed(file, **stored))
        self.clear()
        return Result(self, arrays, provenance, source="computed")

    def run(
        self, device: torch.device, deadline: float = math.inf
    ) -> tuple[dict[str, np.ndarray], dict]:
        """Compute the arrays, even if they are recorded or cached, and say where they come from.

        Args:
            device: where.
            deadline: ``time.monotonic()`` at which a spec that resumes stops with a checkpoint;
                other specs run to their end.

        Raises:
            OutOfTime: if the deadline came first.
        """
        started, _ = time.perf_counter(), code_version()  # looked up before the files can change
        # whatever the reader's session has set
        with single_precision(), exact(), torch.inference_mode(False), torch.enable_grad():
            if not self.resumes:
                arrays, pieces = self._run(device), {}
            else:
                arrays, made = self._run(device, deadline)
                pieces = {"pieces": made}
        provenance = _provenance(device, time.perf_counter() - started)
        return arrays, provenance | pieces | {"data": self.data_checksums()}

    def checkpoints(self) -> list[Path]:
        """Return the files that an unfinished run left."""
        return []

    def clear(self) -> None:
        """Delete the checkpoints, once the result is kept."""
        for path in self.checkpoints():
            path.unlink()

    def record_path(self) -> Path | None:
        """Return where a recorded run of this spec is kept, without suffix; ``None`` if nowhere.

        See ``results_folder``.
        """
        folder = results_folder()
        return folder and folder / self.recorded_as / self.key()[:16]

    def recorded(self) -> Result | None:
        """Return the recorded run of this spec, ``None`` if there is none.

        Raises:
            ValueError: if its files are damaged, disagree, or are not as they were recorded; the
                message names them.
        """
        path = self.record_path()
        if path is None or not path.with_suffix(".json").exists():
            return None
        try:
            description = json.loads(path.with_suffix(".json").read_text(encoding="utf8"))
            arrays = read_arrays(path.with_suffix(".npz"))
            if description["key"] != self.key():
                raise ValueError("its key is another spec's")
            check_digest(arrays, description)
            return Result(self, arrays, description["provenance"], source="recorded")
        except Exception as error:  # a damaged zip file raises errors of a dozen kinds
            raise ValueError(
                f"the recorded run {path}.npz is damaged ({error}); restore it with "
                "git checkout -- data/results, or delete its two files and run make results"
            ) from error

    def in_cache(self, device: str = "auto") -> bool:
        """Return whether the local cache has a result for this device."""
        return self._path(resolve_device(device)).exists()

    def _path(self, device: torch.device) -> Path:
        code = sources_digest(type(self).__module__)
        return cache_folder() / self.recorded_as / f"{self.key()[:16]}-{device.type}-{code}.npz"

    @abstractmethod
    def _run(self, device: torch.device) -> dict[str, np.ndarray]:
        """Compute the arrays; a spec that resumes takes a deadline and also returns its pieces."""

    def data_checksums(self) -> dict[str, str]:
        """Return the SHA-256 of each data file that the experiment reads, by name."""
        return {}

    @property
    def verifiable(self) -> bool:
        """Whether ``make verify`` can recompute the run in a CPU minute at most.

        A class with longer runs also has short recorded runs of the same code.
        """
        return True

    @property
    def gpus(self) -> int:
        """Return how many GPUs a run asks of a cluster."""
        return 0

    def one_seed(self, index: int) -> Self:
        """Return what ``make verify`` recomputes: the spec of one seed, or all of it.

        A spec with the fields ``first_seed`` and ``seeds`` has the seeds first_seed,
        first_seed + 1, ...

        Args:
            index: of the seed, counted from 0.
        """
        if not {"first_seed", "seeds"} <= type(self).model_fields.keys():
            return self
        return self.replace(first_seed=self.first_seed + index, seeds=1)

    def replace(self, **changes) -> Self:
        """Return a spec with some fields changed (and checked)."""
        return type(self)(**(self.model_dump() | changes))


def _key_fields(model: BaseModel) -> dict:
    """Return the fields that enter a key, as JSON values."""
    fields = model.model_dump(mode="json")
    for name, field in type(model).model_fields.items():
        value = getattr(model, name)
        if isinstance(value, BaseModel):
            fields[name] = _key_fields(value)
        elif dataclasses.is_dataclass(value):
            for part in dataclasses.fields(value):
                if part.metadata == _LATER and getattr(value, part.name) == part.default:
                    del fields[name][part.name]
        if field.json_schema_extra == _LATER and value == field.default:
            del fields[name]
    return fields


def results(
    specs: Mapping[Hashable, Spec], *, device: str = "auto", recompute: bool = False
) -> dict[Hashable, Result]:
    """Return the results of several experiments, by the specs' names.

    On a CPU, missing results are computed in parallel in separate processes of one thread each, as
    many as this process has threads. For nets of these sizes that is twice as fast as one
    experiment after the other with several threads. Each result is cached when it is finished, so
    an interruption loses only the unfinished ones.

    Args:
        specs: the specs by name.
        device: ``"auto"``, ``"cpu"`` or ``"cuda"``.
        recompute: run all of them, even if there are recorded runs or the cache has the results.

    Raises:
        ValueError: if the device is not available.
        OSError: if the cache folder cannot be written.
        ChildProcessError: if a process was killed, probably because memory ran out.
    """
    chosen = resolve_device(device)
    missing = {
        name: spec
        for name, spec in specs.items()
        if recompute or (spec.recorded() is None and not spec.in_cache(device))
    }
    workers = min(len(missing), torch.get_num_threads())
    made = {}
    if chosen.type == "cpu" and workers > 1:
        compute = functools.partial(Spec.result, device="cpu", recompute=recompute)
        with worker_pool(workers, threads=1) as pool:
            made = dict(zip(missing, pool.map(compute, missing.values()), strict=True))
    return {
        name: made.get(name) or spec.result(device=device, recompute=recompute)
        for name, spec in specs.items()
    }


def resolve_device(name: str = "auto") -> torch.device:
    """Turn a device's name into the device; ``"auto"`` takes CUDA where there is one.

    Raises:
        ValueError: if the name is unknown or CUDA is asked for and missing.
    """
    if name not in ("auto", "cpu", "cuda"):
        raise ValueError(f"device must be 'auto', 'cpu' or 'cuda'; got {name!r}")
    if name == "cuda" and not torch.cuda.is_available():
        raise ValueError("device 'cuda' is not available on this machine; use 'cpu' or 'auto'")
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(name)


def _provenance(device: torch.device, seconds: float) -> dict:
    return {
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": code_version(),
        "versions": {"torch": torch.__version__, "numpy": np.__version__},
        "device": device_name(device),
        "threads": torch.get_num_threads(),
        "seconds": round(seconds, 2),
    }


def device_name(device: torch.device) -> str:
    """Return what provenance calls a device."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU"
