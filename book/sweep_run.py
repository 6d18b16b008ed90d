"""Make runs of a sweep: execute the notebook of each, then write its row, also if it failed."""

import argparse
import ast
import json
import os
import re
import signal
import sys
import time
from pathlib import Path

import execute
import executed_copies
import nbformat
import processes
from whole import write_whole

__all__ = ["glued_numbers", "number_of"]

ENDED = "ended without a result: cancelled, over its time limit, or out of memory"
_RAISED = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
# What the chapters' texts write: ×31 (9 to 103), 12 %, −0.5, 1 048 576, 2.2 × 10⁻¹⁵, 2⁸⁰.
_NUMBER = re.compile(
    r"[×≈]?(?P<mantissa>-?\d[\d\u202f]*(?:\.\d+)?(?:e[-+]?\d+)?)"
    r"(?:[\u00a0 ]×[\u00a0 ]10(?P<power>[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)|(?P<exponent>[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+))?"
    r"(?:[\u00a0\u202f ]?%)?(?: \(.*\))?"
)


def number_of(value: object) -> float | int | None:
    """Return the number that a glued value is or begins with, ``None`` for other texts.

    An interval in brackets after the number is left out, and so is the sign of percent.

    Example:
        >>> number_of("×31 (9 to 103)"), number_of("2⁸⁰") == 2**80, number_of("made today")
        (31.0, True, None)
    """
    if isinstance(value, bool | int | float):
        return float(value) if isinstance(value, bool) else value
    if not isinstance(value, str) or not (found := _NUMBER.fullmatch(value.replace("−", "-"))):
        return None
    number = float(found["mantissa"].replace("\u202f", ""))
    if found["exponent"]:
        return number ** int(found["exponent"].translate(_RAISED))
    if found["power"]:
        return float(f"{number!r}e{found['power'].translate(_RAISED)}")
    return number


def glued_numbers(notebook: nbformat.NotebookNode) -> dict[str, float]:
    """Return the numbers that an executed notebook glued, by name; other texts are left out."""
    numbers = {}
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            glued = output.get("metadata", {}).get("scrapbook")
            if glued is None:
                continue
            texts = [t for kind, t in output["data"].items() if kind.endswith("text/plain")]
            number = number_of(_literal(texts[0])) if texts else None
            if number is not None:
                numbers[glued["name"]] = number
    return numbers


def _literal(text: str) -> object:
    """Return the value whose ``repr`` a text is: a text, a number, NumPy's number."""
    text = re.sub(r"^np\.\w+\((.*)\)$", r"\1", text)
    try:
        return float(text) if text in ("nan", "inf", "-inf") else ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return None


def make(folder: Path, plan: dict, run: str, call: str) -> None:
    """Make a run if it has no row, and write its row; a run that this call has begun has failed.

    Processes of a killed call may live a little longer and begin runs, too.
    """
    path, begun = folder / "rows" / f"{run}.json", folder / "rows" / f".{run}.{call}.begun"
    if path.exists():
        return
    if begun.exists():
        made = dict(status="failed", reason=ENDED, device="", numbers={}, seconds=None)
    else:
        begun.touch()
        made = row(folder, plan, run)
    write_whole(path, json.dumps({"run": run} | made, ensure_ascii=False) + "\n")
    begun.unlink(missing_ok=True)


def row(folder: Path, plan: dict, run: str) -> dict:
    """Execute a run's notebook and return its row; a failure is a row with a reason."""
    entry = next(entry for entry in plan["runs"] if entry["id"] == run)
    target, log = folder / "runs" / f"{run}.ipynb", folder / "logs" / f"{run}.ipynb"
    found = {"status": "done", "reason": "", "device": "", "numbers": {}}
    start = time.monotonic()
    try:
        notebook = Path(plan["notebook"])
        execute.execute(notebook, log, target, plan["threads"], entry["injected"])
        executed = executed_copies.read(target)
        found["device"] = executed.metadata["halfspace"]["device"]
        found["numbers"] = glued_numbers(executed)
    except SystemExit as error:
        print(error, file=sys.stderr, flush=True)
        first = str(error).splitlines()[0]
        found |= {"status": "failed", "reason": first.removeprefix(f"{plan['notebook']}: ")}
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)  # which execute ignores at its end
    return found | {"seconds": round(time.monotonic() - start, 2)}


def main() -> None:
    """Read the command line: the sweep's folder, a name of the call, and the runs' names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("call")
    parser.add_argument("runs", nargs="+")
    options = parser.parse_args()
    # A stop is no failure: no row is written, so that the next make sweep makes the run.
    signal.signal(signal.SIGINT, lambda *_: os._exit(130))
    processes.end_with_parent()
    plan = json.loads((options.folder / "plan.json").read_text(encoding="utf8"))
    for run in options.runs:
        make(options.folder, plan, run, options.call)
    os._exit(0)  # at once: cleaning up takes seconds


if __name__ == "__main__":
    main()
