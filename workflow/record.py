"""One job of ``make results``: ``record.py FOLDER JOB [--minutes N]``.

It reads the commit before it loads the code, so that a run names the commit that it was made with.
"""

import argparse
import json
import os
import runpy
import signal
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "book"))

import processes  # noqa: E402

_GRACE = 3  # seconds that a process has to stop


def main() -> int:
    """Record the runs of the job; returns the exit status."""
    began = time.time()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="of the plan")
    parser.add_argument("job")
    parser.add_argument("--minutes", type=float, help="after which this process will be ended")
    options = parser.parse_args()
    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    processes.end_with_parent(end)
    until = json.loads((options.folder / "plan.json").read_text(encoding="utf8"))["until"]
    if until is not None and began > until:
        return os.EX_TEMPFAIL
    commit = runpy.run_path(str(ROOT / "lib/halfspace/companion/commit.py"))["code_version"]()
    from halfspace.companion import jobs

    return jobs.main(options.folder, options.job, commit, began, options.minutes)


def stop(*_) -> None:
    """Stop as on Ctrl-C: drafts of files are removed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise KeyboardInterrupt


def end() -> None:
    """Stop, by force if the process is deep in a computation."""
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_GRACE)
    os._exit(1)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        os._exit(130)
