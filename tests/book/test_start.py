"""The package's commands while they load: a stop or a failure is one sentence."""

import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LIST = [sys.executable, "book/start.py", "halfspace.companion", "list"]


def test_it_runs_the_module(tmp_path):
    environment = os.environ | {"HALFSPACE_RESULTS": str(tmp_path)}
    done = subprocess.run(LIST, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0 and " recorded\n" in done.stdout and not done.stderr


def handles_sigterm(pid):
    """Whether a process has set a handler, which Python by itself does not."""
    (mask,) = (
        line.split()[1]
        for line in Path(f"/proc/{pid}/status").read_text().splitlines()
        if line.startswith("SigCgt")
    )
    return int(mask, 16) >> (signal.SIGTERM - 1) & 1


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
@pytest.mark.parametrize("wait", [0, 1, 2])
def test_a_stop_in_the_first_moments_shows_no_traceback(name, wait):
    verify = [*LIST[:-1], "verify"]
    options = dict(stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    started = subprocess.Popen(verify, cwd=ROOT, **options)
    end = time.monotonic() + 60
    while not handles_sigterm(started.pid):
        assert started.poll() is None and time.monotonic() < end, "it sets no handler"
        time.sleep(0.01)
    time.sleep(wait)
    started.send_signal(getattr(signal, name))
    _, said = started.communicate(timeout=60)
    assert started.returncode == 130 and said.startswith("Stopped")
    if not wait:  # PyTorch alone takes longer to load
        assert said == "Stopped before anything had begun.\n"


def test_too_little_memory_for_pytorch_is_one_sentence():
    def cap():
        resource.setrlimit(resource.RLIMIT_AS, (1_500_000_000,) * 2)

    done = subprocess.run(LIST, cwd=ROOT, preexec_fn=cap, capture_output=True, text=True)
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert done.stderr.startswith("the package cannot be loaded (")
