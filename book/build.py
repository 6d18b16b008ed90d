"""Build the book: one run at a time, clear messages on failure, and no process left behind."""

import contextlib
import os
import signal
import sys
import time
from pathlib import Path

import processes


def interrupt(*_) -> None:
    """Treat SIGTERM like Ctrl-C, so that Snakemake and the chapters end too."""
    raise KeyboardInterrupt


def main() -> None:
    """Check the book's sources, then let Snakemake make everything missing or out of date."""
    signal.signal(signal.SIGTERM, interrupt)
    if "MAKELEVEL" in os.environ:  # started by make, which may be killed
        processes.end_with_parent(lambda: os.kill(os.getpid(), signal.SIGTERM))
    try:
        sys.exit(build(os.environ.get("PARAMETERS", "default"), os.environ.get("CORES", "2")))
    except KeyboardInterrupt:
        print("Stopped. Finished chapters are kept; make book continues from there.")
        sys.exit(130)
    except OSError as error:
        sys.exit(f"{error.filename} cannot be used ({error.strerror}); fix this and try again")


def build(parameters: str, cores: str) -> int | str:
    """Return the exit status, or sentences that say what is wrong."""
    import fcntl

    import project_files

    if not (cores.isascii() and cores.isdigit() and int(cores) > 0):
        return f"CORES must be a whole number from 1; got {cores!r}"
    if problems := project_files.problems(parameters):
        return "\n".join(problems)
    if problem := folder_problem():
        return problem
    with open("_build/.lock", "w", encoding="utf8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return "Another make book is running in this folder; wait until it has finished."
        clean()
        discard_damaged(parameters)
        return run(parameters, cores)


def folder_problem() -> str | None:
    """Create the output folders, and return the problem if one cannot be written."""
    import tempfile

    folders = ("_build", "_build/inputs", "_build/executed", "_build/html", "_build/logs")
    for folder in (*folders, ".snakemake"):
        try:
            Path(folder).mkdir(exist_ok=True)
            with tempfile.TemporaryFile(dir=folder) as file:
                file.write(bytes(4096))
        except (FileExistsError, NotADirectoryError):
            return f"{folder} is a file, and a folder is needed there: move it away or delete it"
        except OSError as error:
            return (
                f"The folder {folder} cannot be written ({error.strerror}); make room there, make "
                "it writable, or build a copy of the project elsewhere. Nothing was changed."
            )
    return None


def clean() -> None:
    """Remove drafts that a killed run left."""
    import pages

    pages.remove_drafts()
    drafts = ("_build", "_build/html", "_build/inputs", "_build/executed/chapters", "_build/papers")
    for folder in (*drafts, "_build/cache/light"):
        for draft in Path(folder).glob(".*.part"):
            draft.unlink()
    for draft in Path("_build/cache").rglob("*.partial"):
        with contextlib.suppress(FileNotFoundError):  # its writer has just ended
            # A younger one may be of a chapter that runs outside this build.
            if time.time() - draft.stat().st_mtime > 86_400:
                draft.unlink()


def discard_damaged(parameters: str) -> None:
    """Delete copies that cannot be shown, and the pages' list if a page is not as it was made.

    Snakemake makes missing files again, but assumes that existing files are complete. If a run was
    stopped just after a chapter ended, Snakemake has not noted the chapter's parameters, so they
    are compared here.
    """
    import executed_copies
    import pages
    import parameter_sets

    if pages.LIST.exists() and (name := pages.damaged()):
        print(f"{name} is missing or was changed: the pages are made again.", flush=True)
        pages.LIST.unlink()
    for name, wanted in parameter_sets.load(parameters).items():
        path = executed_copies.EXECUTED / f"{name}.ipynb"
        try:
            notebook = executed_copies.read(path)
            if notebook.metadata.papermill.parameters == wanted:
                continue
        except ValueError as error:
            if path.exists():
                print(f"{path} {error}: the chapter is executed again.", flush=True)
        path.unlink(missing_ok=True)
        pages.LIST.unlink(missing_ok=True)


def run(parameters: str, cores: str) -> int:
    """Run Snakemake and return its exit status.

    The lock above replaces Snakemake's own, which would remain after a killed run. Existing files
    are complete, even if Snakemake was killed before it noted that. Snakemake leads its own process
    group, so that Ctrl-C reaches only this process, which then ends the rest.
    """
    import subprocess

    start = time.monotonic()
    command = [sys.executable, "-m", "snakemake", "--cores", cores, "--nolock"]
    command += ["--ignore-incomplete", "--keep-going", "--scheduler", "greedy", "--quiet", "all"]
    with processes.own_folder() as folder:
        # By default Snakemake copies its Snakefile to the user's cache, where a kill leaves it.
        snakemake = subprocess.Popen(
            [*command, "--runtime-source-cache-path", folder],
            env={
                **processes.environment(),
                "HALFSPACE_PARAMETERS": parameters,
                "HALFSPACE_BUILD": "1",
            },
            start_new_session=True,
        )
        try:
            status = snakemake.wait()
        finally:
            end_group(snakemake)
    if status < 0:
        print(f"The book was not built: Snakemake was killed by signal {-status}.", file=sys.stderr)
    elif status:
        print("The book was not built; see above.", file=sys.stderr)
    else:
        print(f"The book is at _build/html/index.html ({time.monotonic() - start:.0f} s)")
    return abs(status)


def end_group(snakemake) -> None:
    """End Snakemake's process group, by force if necessary: its handler may never return.

    Then its marks of unfinished jobs are removed, also those that a killed run left: outputs are
    whole or not there, so that nobody reads the marks.
    """
    import subprocess

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # a second Ctrl-C must not leave the group behind
    try:
        os.killpg(snakemake.pid, signal.SIGTERM)
        snakemake.wait(3)
        os.killpg(snakemake.pid, signal.SIGKILL)
    except subprocess.TimeoutExpired:
        os.killpg(snakemake.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass  # the usual end: the group is empty
    for mark in Path(".snakemake/incomplete").glob("**/*"):
        with contextlib.suppress(OSError):  # a folder, or another Snakemake has removed it
            mark.unlink()


if __name__ == "__main__":
    main()
