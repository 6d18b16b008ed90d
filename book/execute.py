"""Execute one chapter with papermill: into a log first, and to its place when all of it ran."""

import argparse
import json
import os
import platform
import shutil
import sys
import threading
import time
from importlib.metadata import version
from pathlib import Path

THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


def end_with(pid: int) -> None:
    """End this process, and with it the kernel, soon after process ``pid`` is gone."""

    def watch():
        while True:
            time.sleep(1)
            try:
                os.kill(pid, 0)
            except ProcessLookupError:
                os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def processor() -> str:
    """Return the processor's model, or its architecture where the system does not tell."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf8").splitlines()
    except OSError:
        return platform.machine()
    return next((x.split(":")[1].strip() for x in lines if x.startswith("model name")), "CPU")


def machine(device: str, threads: int) -> dict:
    """Return what a reader wants to know of the machine: versions and device, no names."""
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
        SystemExit: If a cell fails; ``log`` then holds what ran, and ``target`` is not touched.
    """
    for variable in THREAD_VARIABLES:
        os.environ[variable] = str(threads)
    import nbformat
    import papermill

    log.parent.mkdir(parents=True, exist_ok=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    interval = 0.1 if sys.stderr.isatty() else 10
    start = time.monotonic()
    try:
        executed = papermill.execute_notebook(
            notebook,
            log,
            parameters=parameters,
            cwd=notebook.parent,
            progress_bar={"desc": notebook.stem, "mininterval": interval},
            extra_arguments=["--IPKernelApp.log_level=ERROR"],
        )
    except KeyboardInterrupt:
        sys.exit(f"{notebook.stem}: stopped")
    except papermill.PapermillExecutionError as error:
        sys.exit(
            f"{notebook}: {error.ename}: {error.evalue}\n"
            f"The cells that ran, with the traceback, are in {log}"
        )
    for line in messages(executed):
        print(f"{notebook.stem}: {line}", file=sys.stderr)
    values = {**executed.metadata.papermill.get("default_parameters", {}), **parameters}
    executed.metadata["halfspace"] = machine(values.get("device", "auto"), threads)
    nbformat.write(executed, log)
    part = target.with_suffix(".part")
    shutil.copyfile(log, part)
    part.replace(target)
    print(f"{notebook.stem}: executed in {time.monotonic() - start:.0f} s", flush=True)


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("notebook", type=Path)
    parser.add_argument("log", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--parameters", type=json.loads, default={}, help="JSON mapping")
    if "HALFSPACE_BUILD_PID" in os.environ:
        end_with(int(os.environ["HALFSPACE_BUILD_PID"]))
    execute(**vars(parser.parse_args()))


if __name__ == "__main__":
    main()
