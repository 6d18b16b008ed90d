"""What every experiment shares: a frozen spec with a key, a cache, a result with provenance."""

import functools
import hashlib
import json
import math
import multiprocessing
import os
import subprocess
import tempfile
import time
import zipfile
import zlib
from abc import abstractmethod
from collections.abc import Hashable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar, Self

import numpy as np
import torch
from pydantic import BaseModel, ConfigDict

__all__ = [
    "Result",
    "Spec",
    "cache_folder",
    "check_writable",
    "code_version",
    "device_name",
    "resolve_device",
    "results",
    "write_arrays",
]

_PACKAGE = Path(__file__).resolve().parents[1]
# What reading a damaged file can raise.
_DAMAGE = (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error)


class Result:
    """Arrays that an experiment computed, read as attributes, and where they come from.

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

    Class attributes:
        version: bumped by hand when the experiment's meaning changes.
        summaries: the arrays (..., S) that ``make verify`` compares, besides ``initial``, when it
            recomputes ``one_seed(index)``, the spec of a single seed; empty where it cannot.
        resumes: whether runs leave checkpoints and can be done in pieces.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    version: ClassVar[int] = 1
    summaries: ClassVar[tuple[str, ...]] = ()
    resumes: ClassVar[bool] = False

    def key(self) -> str:
        """Return the SHA-256 (hexadecimal) of the experiment's name, version and fields."""
        named = {"experiment": type(self).__name__, "version": self.version}
        text = json.dumps(named | {"fields": self.model_dump(mode="json")}, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def result(self, *, device: str = "auto", recompute: bool = False) -> Result:
        """Return the experiment's result: recorded, or from the local cache, or by running it.

        Args:
            device: ``"auto"``, ``"cpu"`` or ``"cuda"``; of no meaning for a recorded run.
            recompute: run even if there is a recorded run or the cache has the result.

        Raises:
            ValueError: if the device is not to be had, or the recorded run is damaged.
            OSError: if the cache folder cannot be written; the message names it.
        """
        if not recompute and (recorded := self.recorded()) is not None:
            return recorded
        chosen = resolve_device(device)
        path = self._path(chosen)
        if not recompute and path.exists():
            loaded = _read(path)
            if loaded is not None:
                return Result(self, *loaded, source="cached")
        check_writable(path.parent, "HALFSPACE_CACHE")
        arrays, provenance = self.run(chosen)
        write_arrays(path, arrays | {"_provenance": json.dumps(provenance)})
        self.clear()
        return Result(self, arrays, provenance, source="computed")

    def run(
        self, device: torch.device, deadline: float = math.inf
    ) -> tuple[dict[str, np.ndarray], dict]:
        """Compute the arrays, whatever is recorded or cached, and say where they come from.

        Args:
            device: where.
            deadline: ``time.monotonic()`` at which a spec that resumes stops with a checkpoint;
                other specs run to their end.

        Raises:
            OutOfTime: if the deadline came first.
        """
        started, _ = time.perf_counter(), code_version()  # looked up before the files can change
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
        """Return where a recorded run of this spec is kept, without suffix; ``None`` for nowhere.

        Below ``HALFSPACE_RESULTS``, else below ``data/results`` of the repository.
        """
        root = _PACKAGE.parents[1]
        folder = Path(os.environ.get("HALFSPACE_RESULTS", root / "data" / "results"))
        if "HALFSPACE_RESULTS" not in os.environ and not (root / "_toc.yml").exists():
            return None
        return folder / type(self).__name__ / self.key()[:16]

    def recorded(self) -> Result | None:
        """Return the recorded run of this spec, ``None`` if there is none.

        Raises:
            ValueError: if its files are damaged or disagree; the message names them.
        """
        path = self.record_path()
        if path is None or not path.with_suffix(".json").exists():
            return None
        try:
            told = json.loads(path.with_suffix(".json").read_text(encoding="utf8"))
            with np.load(path.with_suffix(".npz"), allow_pickle=False) as stored:
                arrays = {name: stored[name] for name in stored.files}
            if told["key"] != self.key():
                raise ValueError("its key is another spec's")
            return Result(self, arrays, told["provenance"], source="recorded")
        except (*_DAMAGE, TypeError) as error:
            raise ValueError(
                f"the recorded run {path}.npz is damaged ({error}); restore it with "
                "git checkout -- data/results, or delete it and run make results"
            ) from error

    def in_cache(self, device: str = "auto") -> bool:
        """Return whether the local cache has a result for this device."""
        return self._path(resolve_device(device)).exists()

    def _path(self, device: torch.device) -> Path:
        return cache_folder() / type(self).__name__ / f"{self.key()[:16]}-{_stamp(device)}.npz"

    @abstractmethod
    def _run(self, device: torch.device) -> dict[str, np.ndarray]:
        """Compute the arrays; one that resumes takes a deadline and also returns its pieces."""

    def data_checksums(self) -> dict[str, str]:
        """Return the SHA-256 of each data file that the experiment reads, by name."""
        return {}

    def replace(self, **changes) -> Self:
        """Return a spec with some fields changed (and checked)."""
        return type(self)(**(self.model_dump() | changes))


def results(
    specs: Mapping[Hashable, Spec], *, device: str = "auto", recompute: bool = False
) -> dict[Hashable, Result]:
    """Return the results of several experiments, by the specs' names.

    On a CPU, those to be computed run side by side in processes of their own, one thread each and
    as many as this process has threads: for nets of these sizes that is twice as fast as several
    threads for one experiment after the other. Each enters the cache as it ends, so that an
    interruption loses the unfinished ones only.

    Args:
        specs: the specs by name.
        device: ``"auto"``, ``"cpu"`` or ``"cuda"``.
        recompute: run all of them, even if there are recorded runs or the cache has the results.

    Raises:
        ValueError: if the device is not to be had.
        OSError: if the cache folder cannot be written.
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
        processes = multiprocessing.get_context("spawn")
        # Leaving the block ends the processes, also after Ctrl-C.
        with processes.Pool(workers, initializer=torch.set_num_threads, initargs=(1,)) as pool:
            made = dict(zip(missing, pool.imap(compute, missing.values()), strict=True))
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
        raise ValueError("device 'cuda' is not to be had on this machine; take 'cpu' or 'auto'")
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(name)


def cache_folder() -> Path:
    """Return the local cache: ``HALFSPACE_CACHE``, or ``_build/cache`` of the repository.

    Outside the repository (Colab, an installed package) it is ``halfspace`` in the user's cache
    folder.
    """
    if "HALFSPACE_CACHE" in os.environ:
        return Path(os.environ["HALFSPACE_CACHE"])
    root = _PACKAGE.parents[1]
    if (root / "_toc.yml").exists():
        return root / "_build" / "cache"
    return Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "halfspace"


@functools.cache
def _sources_digest() -> str:
    """Digest the code that results depend on: the cache must not outlive a change of it."""
    digest = hashlib.sha256(torch.__version__.encode())
    for path in sorted(_PACKAGE.rglob("*.py")):
        if "plots" not in path.parts:
            digest.update(path.relative_to(_PACKAGE).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()[:12]


def _stamp(device: torch.device) -> str:
    return f"{device.type}-{_sources_digest()}"


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


@functools.cache
def code_version() -> str:
    """Return the commit of the code that this process runs, ``-dirty`` where the code differs."""
    git = ["git", "-C", str(_PACKAGE)]
    try:
        head, changed = (
            subprocess.run([*git, *command], capture_output=True, text=True, check=True).stdout
            for command in (
                ["rev-parse", "--short=12", "HEAD"],
                ["status", "--porcelain", "--", "."],
            )
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return head.strip() + ("-dirty" if changed else "")


def check_writable(folder: Path, variable: str) -> None:
    """Make a folder and see that files can be written there.

    Raises:
        OSError: if they cannot; the message names the folder and the environment variable that
            names another.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise OSError(
            f"results cannot be written to {folder} ({error.strerror}); "
            f"set {variable} to a folder that can be written"
        ) from error


def write_arrays(path: Path, arrays: dict[str, np.ndarray]) -> None:
    """Write arrays to a compressed file whole or not at all: to a neighbour first, then rename."""
    with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".partial", delete=False) as file:
        try:
            np.savez_compressed(file, **arrays)
        except BaseException:
            os.unlink(file.name)
            raise
    os.replace(file.name, path)


def _read(path: Path) -> tuple[dict[str, np.ndarray], dict] | None:
    """Read a cached result; a damaged file counts as absent, since it can be computed again."""
    try:
        with np.load(path, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
            return arrays, json.loads(str(arrays.pop("_provenance")))
    except _DAMAGE:
        return None
