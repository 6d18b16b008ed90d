"""``python -m halfspace.companion make | list | verify``: the command for recorded runs.

``make`` makes the runs that ``halfspace.companion.registry`` lists and ``data/results`` lacks,
``list`` shows which runs are recorded, ``verify`` recomputes one seed of some recorded runs and
compares.
"""

import argparse
import math
import os
import signal
import sys
import threading
import time
from pathlib import Path

import numpy as np
import torch

from halfspace.companion import making, records
from halfspace.companion.commit import code_version, refusal
from halfspace.companion.registry import NEED_GPU, STUDIES
from halfspace.companion.spec import Spec

_STRIDE = 7  # conditions between the starts of two consecutive turns


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns its exit status."""
    options = _parser().parse_args(arguments)
    studies = {options.experiment: STUDIES[options.experiment]} if options.experiment else STUDIES
    conditions = {
        f"{study}: {name}": spec
        for study, listed in studies.items()
        for name, spec in listed().items()
    }
    try:
        return options.run(conditions, options)
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(
            "Stopped. Finished runs are kept; run the command again to continue.", file=sys.stderr
        )
        return 130


def listen() -> None:
    """Let SIGTERM, and the end of the make that started this process, act like Ctrl-C."""
    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) != signal.SIG_IGN:  # as a shell sets it for background jobs
            signal.signal(number, _interrupt)
    if "MAKELEVEL" in os.environ:
        threading.Thread(target=_end_with_make, args=(os.getppid(),), daemon=True).start()


def _interrupt(*_) -> None:
    raise KeyboardInterrupt


def _end_with_make(parent: int) -> None:
    """Stop as on Ctrl-C when the make that started this process is gone."""
    while os.getppid() == parent:
        time.sleep(1)
    os.kill(os.getpid(), signal.SIGTERM)


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one sentence."""

    def error(self, message: str) -> None:
        self.exit(2, f"{message}\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m halfspace.companion", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="make | list | verify")
    for name, run in dict(make=_make, list=_list, verify=_verify).items():
        command = commands.add_parser(name, help=run.__doc__)
        command.set_defaults(run=run)
        command.add_argument("--experiment", choices=sorted(STUDIES), help="only this study")
        if name != "list":
            command.add_argument("--device", default="auto", choices=("auto", "cpu", "cuda"))
        if name == "make":
            text = "jobs at a time"
            command.add_argument("--workers", type=_whole_number, default=2, help=text)
            command.add_argument("--minutes", type=_minutes, help="start no run after these")
            text = "folder of a Snakemake profile, such as profiles/slurm"
            command.add_argument("--profile", type=Path, help=text)
        if name == "verify":
            text = "start no condition after these"
            command.add_argument("--minutes", type=_minutes, default=2.0, help=text)
            command.add_argument("--turn", type=int, help="which sample; today's by default")
    return parser


def _minutes(text: str) -> float:
    try:
        minutes = float(text)
    except ValueError:
        minutes = math.nan
    if not 0 <= minutes < math.inf:
        raise argparse.ArgumentTypeError(f"MINUTES must be a number, 0 or larger; got {text}")
    return minutes


def _whole_number(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"CORES must be a whole number, 1 or larger; got {text}")
    return int(text)


def _make(conditions: dict[str, Spec], options: argparse.Namespace) -> int:
    """Record the missing runs."""
    if problem := refusal(code_version()):
        raise ValueError(problem)
    left = records.missing(conditions)
    without_gpu = options.device == "auto" and not torch.cuda.is_available()
    here = options.profile is None
    waiting = [name for name in left if here and without_gpu and name.startswith(NEED_GPU)]
    asked = {name: spec for name, spec in left.items() if name not in waiting}
    problem = None
    try:
        making.make(
            asked,
            device=options.device,
            workers=options.workers,
            minutes=options.minutes,
            need_gpu=NEED_GPU,
            profile=options.profile,
        )
    except making.Unfinished as error:
        problem = error
    before, left = len(left), records.missing(left)
    _print_missing(left)
    print(f"{before - len(left)} recorded, {len(left)} missing")
    if waiting:
        reason = "wait for a GPU, and PyTorch finds none here (--device cpu takes days)"
        print(f"{len(waiting)} of the missing runs {reason}", file=sys.stderr)
    if problem:
        print(problem, file=sys.stderr)
    # The command failed if it was asked for these runs only.
    only_waiting = bool(waiting) and not asked and options.experiment is not None
    return int(only_waiting or problem is not None)


def _list(conditions: dict[str, Spec], options: argparse.Namespace) -> int:
    """Show which runs are recorded, missing and stale."""
    left = records.missing(conditions)
    _print_missing(left)
    for path in records.stale(spec for listed in STUDIES.values() for spec in listed().values()):
        print(f"stale    {path}")
    print(f"{len(conditions) - len(left)} of {len(conditions)} recorded")
    return 0


def _print_missing(left: dict[str, Spec]) -> None:
    for name, spec in left.items():
        unfinished = len(spec.checkpoints())
        note = f" ({unfinished} unfinished, will continue)" if unfinished else ""
        print(f"missing  {name}{note}")


def _verify(conditions: dict[str, Spec], options: argparse.Namespace) -> int:
    """Recompute one seed of some recorded runs."""
    verifiable = [name for name, spec in conditions.items() if spec.verifiable and spec.recorded()]
    if not verifiable:
        raise ValueError(
            f"nothing was verified: no run of {options.experiment or 'any experiment'} is both "
            "recorded and short enough to be recomputed"
        )
    turn = int(time.time() // 86_400) if options.turn is None else options.turn
    # Neighbouring turns begin with different conditions and seeds; over time, all have a turn.
    order = np.roll(np.random.default_rng(0).permutation(len(verifiable)), -turn * _STRIDE)
    limit = time.monotonic() + 60 * options.minutes
    failed, done = 0, 0
    for name in (verifiable[place] for place in order):
        if done and time.monotonic() > limit:
            break
        done += 1
        spec = conditions[name]
        seeds = len(spec.recorded().arrays.get("initial", [0]))
        agrees, by_chance = _agrees(name, spec, turn % seeds, options.device)
        # A late value beyond the other seeds' spread can be chance, but not in two seeds in a row.
        if not agrees and by_chance and seeds > 1:
            agrees, _ = _agrees(name, spec, (turn + 1) % seeds, options.device)
        failed += not agrees
    print(f"{done} conditions, {failed} failures")
    return int(failed > 0)


def _agrees(name: str, spec: Spec, index: int, device: str) -> tuple[bool, bool]:
    """Recompute a seed and print what differs.

    Returns:
        Whether all arrays agree, and whether all disagreements are late in training.
    """
    checks = records.verify(spec, index, device=device)
    wrong = [check for check in checks if not check.passed]
    verdict = "differs" if wrong else "ok"
    agreement = f"{len(checks) - len(wrong)} of {len(checks)} arrays agree"
    print(f"{verdict:7} {name}, seed {index}: {agreement}", flush=True)
    for check in wrong:
        print(
            f"        {check.name} is {check.recomputed:.6g}, was recorded as "
            f"{check.recorded:.6g}, and may be {check.low:.6g} to {check.high:.6g}",
            flush=True,
        )
    return not wrong, all(check.late for check in wrong)


if __name__ == "__main__":
    listen()
    sys.exit(main())
