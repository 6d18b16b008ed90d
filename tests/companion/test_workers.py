"""Signals and kills: no worker outlives the process that started it."""

import os
import signal
import subprocess
import sys

import pytest
from toy_project import alive, wait_for

COMMAND = """
import os, pathlib, sys, time
from halfspace.companion.workers import worker_pool

def work(number):
    pathlib.Path(sys.argv[1], f"{number}-{os.getpid()}").touch()
    time.sleep(600 * number)

if __name__ == "__main__":
    with worker_pool(2, threads=1) as pool:
        list(pool.map(work, range(4)))
"""


@pytest.fixture
def running(tmp_path):
    """Start a command whose workers have done one piece of work and are at two others."""
    (tmp_path / "command.py").write_text(COMMAND)
    (tmp_path / "started").mkdir()
    started = subprocess.Popen(
        [sys.executable, tmp_path / "command.py", tmp_path / "started"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )

    def at_work():
        assert started.poll() is None, started.communicate()
        names = [path.name.split("-") for path in (tmp_path / "started").iterdir()]
        pids = {int(pid) for number, pid in names if number != "0"}
        return len(pids) == 2 and pids

    pids = wait_for(at_work)
    yield started, pids
    for pid in {started.pid, *pids}:
        if alive(pid):
            os.kill(pid, signal.SIGKILL)


def test_ctrl_c_ends_the_workers(running):
    command, pids = running
    command.send_signal(signal.SIGINT)
    command.communicate(timeout=60)
    assert command.returncode != 0 and not any(map(alive, pids))


def test_a_killed_command_leaves_no_worker(running):
    command, pids = running
    command.kill()
    command.wait()  # not for its output, which its workers could go on writing
    wait_for(lambda: not any(map(alive, pids)), 20)


def test_a_killed_worker_ends_the_command_with_the_reason(running):
    command, pids = running
    os.kill(min(pids), signal.SIGKILL)
    _, said = command.communicate(timeout=60)
    assert command.returncode == 1 and not any(map(alive, pids))
    assert "ChildProcessError: a process was killed, probably because memory ran out" in said
