"""``make results``: Snakemake records missing runs, with progress, and leaves nothing behind."""

import contextlib
import hashlib
import json
import math
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from tqdm import tqdm

from halfspace.companion import jobs, records
from halfspace.companion.spec import Spec, resolve_device
from halfspace.companion.store import repository, results_folder
from halfspace.files import check_writable, locked, remove_drafts

__all__ = ["Unfinished", "make"]

_GRACE = 5.0  # seconds in which processes here stop by themselves
_CLUSTER_GRACE = 60.0  # seconds in which Snakemake cancels a cluster's jobs
_LOOK = 0.5  # seconds between two looks at what is recorded
_TAIL = 15  # lines of Snakemake's log that are shown


class Unfinished(Exception):
    """Some runs could not be recorded; the message says which and why."""


def make(
    conditions: Mapping[str, Spec],
    *,
    device: str = "auto",
    workers: int = 2,
    minutes: float | None = None,
    need_gpu: tuple[str, ...] = (),
    profile: Path | None = None,
) -> None:
    """Record the runs that are missing, several at a time, with progress.

    Finished runs are kept, so an interrupted call loses only the unfinished ones, and the next call
    continues; runs with checkpoints continue from these.

    Args:
        conditions: specs by name.
        device: ``"auto"``, ``"cpu"`` or ``"cuda"``.
        workers: jobs at a time; on a GPU too, since small nets leave most of it to others.
        minutes: start no run after this many; runs that leave checkpoints stop then.
        need_gpu: prefixes of the names of runs that only CUDA can do in time.
        profile: folder of a Snakemake profile that sends jobs to a cluster.

    Raises:
        ValueError: if the device or the profile is not available, or this is not a clone of the
            repository.
        OSError: if a folder cannot be written.
        BlockingIOError: if another process is recording runs in the folder.
        Unfinished: if runs failed or were killed.
    """
    until = math.inf if minutes is None else time.time() + 60 * minutes
    root, results = repository(), results_folder()
    if root is None or results is None:
        raise ValueError("there is no folder for recorded runs; run in a clone of the repository")
    if profile is None:
        device = resolve_device(device).type
    elif not list(profile.glob("config*.yaml")):
        raise ValueError(
            "PROFILE must be a folder with a profile of Snakemake, such as profiles/slurm; "
            f"got {profile}"
        )
    check_writable(results, records.REMEDY)
    place = hashlib.sha256(str(results).encode()).hexdigest()[:8]
    # Processes of a call that was killed may live on for some seconds: each call has a folder.
    folder = root / "_build" / "results" / f"{place}-{os.getpid()}"
    with locked(
        results / ".lock",
        f"another process is recording runs in {results}; wait until it has finished",
    ):
        for below in results.glob("*/"):
            remove_drafts(below)
        _remove(folder.parent, place)
        conditions = records.missing(conditions)
        if conditions and time.time() < until:
            options = dict(workers=workers, device=device, until=until, need_gpu=need_gpu)
            plan = jobs.plan(conditions, cluster=profile is not None, **options)
            _prepare(folder, plan)
            _run(root, folder, conditions, workers, profile)
            _judge(folder, records.missing(conditions), until)
            _remove(folder.parent, place)  # a killed call's process may have lived until now


def _prepare(folder: Path, plan: dict) -> None:
    """Make the plan's folder."""
    check_writable(folder.parent, "grant write access there")
    (folder / "logs").mkdir(parents=True)
    text = json.dumps(plan | {"folder": str(folder)}, indent=1)
    (folder / "plan.json").write_text(text, encoding="utf8")


def _remove(folders: Path, place: str) -> None:
    """Remove the folders of all calls for one folder of results; the caller holds its lock."""
    for folder in folders.glob(f"{place}-*"):
        shutil.rmtree(folder, ignore_errors=True)


def _run(
    root: Path, folder: Path, conditions: Mapping[str, Spec], workers: int, profile: Path | None
) -> None:
    """Run Snakemake and show progress until it ends; if this is interrupted, end all of it.

    The lock of the results folder replaces Snakemake's own, which a killed process would leave.
    """
    command = [sys.executable, "-m", "snakemake", "--snakefile", root / "workflow/results.smk"]
    command += ["--configfile", folder / "plan.json", "--directory", folder, "--nolock"]
    command += ["--keep-going", "--keep-incomplete", "--scheduler", "greedy"]
    command += ["--drop-metadata"]
    command += ["--cores", str(workers)] if profile is None else ["--jobs", str(workers)]
    command += [] if profile is None else ["--profile", profile.absolute()]
    # By default in the user's cache, where a kill would leave it.
    command += ["--runtime-source-cache-path", folder / "sources"]
    with open(folder / "snakemake.log", "wb") as log:
        snakemake = subprocess.Popen(
            command,
            cwd=root,
            env={**os.environ, "HALFSPACE_PARENT": str(os.getpid())},  # see book/processes.py
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C reaches this process alone, which ends the others
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
    try:
        with _progress(conditions, workers) as show:
            while snakemake.poll() is None:
                time.sleep(_LOOK)
                show()
    finally:
        _end_group(snakemake, _GRACE if profile is None else _CLUSTER_GRACE)


@contextlib.contextmanager
def _progress(conditions: Mapping[str, Spec], workers: int) -> Iterator:
    """Show how many runs are recorded, and the time left by what such runs took before."""
    left = {
        name: (spec.record_path(), jobs.expected_seconds(spec)) for name, spec in conditions.items()
    }
    total = len(left)
    work = sum(seconds for _, seconds in left.values())
    runs = "1 run" if total == 1 else f"{total} runs"
    print(f"{runs} to record: about {_duration(work / workers)}", file=sys.stderr)
    form = "{desc} {percentage:3.0f}% |{bar:20}| {elapsed}, about {remaining} left{postfix}"
    with tqdm(total=work, desc=f"0 of {total} runs", bar_format=form) as bar:

        def show() -> None:
            for name, (path, seconds) in list(left.items()):
                if path.with_suffix(".json").exists():
                    del left[name]
                    bar.set_description_str(f"{total - len(left)} of {total} runs", refresh=False)
                    bar.set_postfix_str(name, refresh=False)
                    bar.update(min(seconds, bar.total - bar.n))  # sums of floats may exceed it
            if sys.stderr.isatty():
                bar.refresh()

        yield show
        show()


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _end_group(snakemake: subprocess.Popen, grace: float) -> None:
    """End Snakemake and all processes that it started, by force if they do not stop."""
    handlers = {
        number: signal.signal(number, signal.SIG_IGN)  # a second Ctrl-C must not leave the group
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        with contextlib.suppress(ProcessLookupError):  # the usual end: the group is empty
            os.killpg(snakemake.pid, signal.SIGINT)
            end = time.monotonic() + grace
            while time.monotonic() < end:
                snakemake.poll()
                os.killpg(snakemake.pid, 0)
                time.sleep(0.05)
            os.killpg(snakemake.pid, signal.SIGKILL)
    finally:
        snakemake.wait()
        for number, handler in handlers.items():
            signal.signal(number, handler)


def _judge(folder: Path, missing: Mapping[str, Spec], until: float) -> None:
    """Say what went wrong.

    Raises:
        Unfinished: if anything did.
    """
    failed = jobs.failures(folder)
    killed = [name for name in jobs.unfinished(folder) if name in missing]
    said = [f"{name}: {failed[name]}" for name in missing if name in failed]
    if killed:
        names = " or ".join(f"'{name}'" for name in killed)
        said.append(
            f"during {names}, a process was killed, probably because memory ran out; run the "
            "command again with fewer processes (CORES=1)"
        )
    other = missing.keys() - failed.keys() - set(killed)
    if other and not said and time.time() < until:
        lines = (folder / "snakemake.log").read_text(errors="replace").splitlines()
        said += [*lines[-_TAIL:], f"{len(other)} runs were not made; Snakemake says why above"]
    if said:
        raise Unfinished("\n".join([*said, f"The logs are in {folder}"]))
