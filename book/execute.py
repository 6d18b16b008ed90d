"""Execute one chapter with papermill: first into a log, then, if all cells ran, into its file."""

import argparse
import importlib.util
import json
import os
import platform
import signal
import sys
import time
from importlib.metadata import version
from pathlib import Path

import executed_copies
import processes
import project_files
import whole

THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


def settle_environment(threads: int) -> None:
    """Give the kernel the same environment whatever the reader's settings are."""
    for variable in THREAD_VARIABLES:
        os.environ[variable] = str(threads)
    # The kernel chooses this backend only where none is named, and any other leaves no image.
    os.environ["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"
    # Matplotlib's own defaults, no start-up files of IPython, the kernel of this environment.
    matplotlib = Path(importlib.util.find_spec("matplotlib").origin).parent
    os.environ["MATPLOTLIBRC"] = str(matplotlib / "mpl-data/matplotlibrc")
    os.environ["IPYTHONDIR"] = str(Path("_build/ipython").resolve())
    os.environ["JUPYTER_PREFER_ENV_PATH"] = "1"


def processor() -> str:
    """Return the processor's model, or its architecture where the system does not tell."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf8").splitlines()
    except OSError:
        return platform.machine()
    return next((x.split(":")[1].strip() for x in lines if x.startswith("model name")), "CPU")


def machine(device: str, threads: int) -> dict:
    """Return facts about the machine for readers: versions and device, no names."""
    import torch  # only now: a chapter that fails early should fail fast

    cuda = device != "cpu" and torch.cuda.is_available()
    cores = "1 core" if threads == 1 else f"{threads} cores"
    return {
        "device": torch.cuda.get_device_name() if cuda else f"{processor()}, {cores}",
        "versions": {
            "Python": platform.python_version(),
            **{name: version(name) for name in ("torch", "numpy", "halfspace", "papermill")},
        },
    }


def messages(notebook) -> list[str]:
    """Return the lines that cells wrote to stderr, progress bars left out."""
    texts = [
        output.text
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if output.output_type == "stream" and output.name == "stderr"
    ]
    lines = "\n".join(texts).replace("\r", "\n").splitlines()
    return [line for line in lines if line.strip() and "%|" not in line and "it/s" not in line]


def execute(notebook: Path, log: Path, target: Path, threads: int, parameters: dict) -> None:
    """Run ``notebook`` in its folder; write ``log`` as it goes, then ``target`` in one step.

    Raises:
        SystemExit: If the chapter cannot be run to its end or leaves a figure without an image;
            ``log`` then holds what ran, and ``target`` is not touched.
    """
    settle_environment(threads)
    if problem := project_files.notebook_problem(notebook):
        sys.exit(problem)
    start = time.monotonic()
    try:
        with processes.own_folder():  # for the file that names the kernel's ports
            executed = run(notebook, log, parameters)
        empty = executed_copies.figures_without_image(executed)
        if empty:
            sys.exit(f"{notebook}: no image of {', '.join(empty)}; what ran is in {log}")
        for line in messages(executed):
            print(f"{notebook.stem}: {line}", file=sys.stderr)
        values = {**executed.metadata.papermill.get("default_parameters", {}), **parameters}
        executed.metadata["halfspace"] = machine(values.get("device", "auto"), threads)
        target.parent.mkdir(parents=True, exist_ok=True)
        # The chapter is finished: it is kept even if the build is stopped now.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        whole.write_whole(target, executed_copies.sealed(executed))
    except OSError as error:
        folder = Path(error.filename or log).parent
        sys.exit(
            f"{notebook}: {folder} cannot be written ({error.strerror}); make room there, or make "
            "it writable. The other chapters are kept."
        )
    print(f"{notebook.stem}: executed in {time.monotonic() - start:.0f} s", flush=True)


def run(notebook: Path, log: Path, parameters: dict):
    """Run ``notebook`` in its folder with papermill, and return what papermill wrote to ``log``."""
    import papermill
    from nbclient.exceptions import DeadKernelError

    log.parent.mkdir(parents=True, exist_ok=True)
    interval = 0.1 if sys.stderr.isatty() else 10
    try:
        return papermill.execute_notebook(
            notebook,
            log,
            parameters=parameters,
            cwd=notebook.parent,
            kernel_name="python3",
            language="python",
            progress_bar={"desc": notebook.stem, "mininterval": interval},
            extra_arguments=["--IPKernelApp.log_level=CRITICAL", "--HistoryManager.enabled=False"],
        )
    except KeyboardInterrupt:
        sys.exit(f"{notebook.stem}: stopped")
    except papermill.PapermillExecutionError as error:
        sys.exit(
            f"{notebook}: {error.ename}: {error.evalue}\n"
            f"The cells that ran, with the traceback, are in {log}"
        )
    except DeadKernelError:
        sys.exit(
            f"{notebook}: its kernel was killed, probably because memory ran out; close other "
            f"programs, or try CORES=1 or PARAMETERS=quick. The cells that ran are in {log}"
        )
    except RuntimeError as error:
        sys.exit(f"{notebook}: its kernel did not start ({error})")


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("notebook", type=Path)
    parser.add_argument("log", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--parameters", type=json.loads, default={}, help="JSON mapping")
    processes.end_with_parent()  # and the kernel with this process
    execute(**vars(parser.parse_args()))
    os._exit(0)  # at once: cleaning up takes seconds, and a kill then would undo all of it


if __name__ == "__main__":
    main()
