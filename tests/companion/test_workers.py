"""Signals and kills: no process outlives the command that started it, and nothing is half-done."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

COMMAND = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import toys
from halfspace.companion import __main__ as command
if __name__ == "__main__":
    command.STUDIES = {"toy": toys.conditions}
    command.code_version = lambda: "0123456789ab"
    command.listen()
    sys.exit(command.main(["make", "--workers", "2"]))
"""

TOYS = """
import os, pathlib, time
import numpy as np
from halfspace.companion.spec import Spec

class Slow(Spec):
    number: int

    def _run(self, device):
        pathlib.Path(os.environ["TOYS"], f"{self.number}-{os.getpid()}").touch()
        if self.number:
            time.sleep(600)
        return {"number": np.array(self.number)}

def conditions():
    return {str(number): Slow(number=number) for number in range(4)}
"""


@pytest.fixture
def running(tmp_path):
    """Start a command that has recorded one run and works on two others."""
    (tmp_path / "toys.py").write_text(TOYS)
    (tmp_path / "command.py").write_text(COMMAND)
    (tmp_path / "started").mkdir()
    environment = os.environ | {
        "HALFSPACE_RESULTS": str(tmp_path / "results"),
        "TOYS": str(tmp_path / "started"),
        "PYTHONPATH": str(tmp_path),
        "MAKELEVEL": "1",
    }
    started = subprocess.Popen(
        [sys.executable, tmp_path / "command.py", tmp_path],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )

    def at_work():
        assert started.poll() is None, started.communicate()
        done = list((tmp_path / "results").glob("*/*.json"))
        names = [path.name.split("-") for path in (tmp_path / "started").iterdir()]
        pids = {int(pid) for number, pid in names if number != "0"}
        return len(done) == 1 and len(pids) == 2 and pids

    pids = wait_for(at_work)
    yield started, pids, tmp_path
    for pid in {started.pid, *pids}:
        if alive(pid):
            os.kill(pid, signal.SIGKILL)


def wait_for(condition, seconds=90):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if value := condition():
            return value
        time.sleep(0.1)
    raise AssertionError(f"not within {seconds} s")


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def left_over(folder):
    """The files below the results folder, the one finished run's left out."""
    return [path.name for path in (folder / "results").rglob("*.partial")]


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_a_signal_to_the_command_alone_ends_all_in_a_sentence(running, name):
    command, pids, folder = running
    command.send_signal(getattr(signal, name))
    _, said = command.communicate(timeout=60)
    assert command.returncode == 130
    assert said.splitlines()[-1].startswith("Stopped. Finished runs are kept")
    assert "Traceback" not in said
    assert not any(map(alive, pids)) and not left_over(folder)


def test_a_killed_command_leaves_no_worker(running):
    command, pids, folder = running
    command.kill()
    command.wait()  # not for its output, which its workers could go on writing
    wait_for(lambda: not any(map(alive, pids)), 20)
    assert not left_over(folder)


def test_a_command_ends_with_the_make_that_started_it(running):
    _, pids, folder = running
    again = subprocess.Popen(
        ["sh", "-c", '"$@"; true', "sh", sys.executable, folder / "command.py", folder],
        env=os.environ
        | {"MAKELEVEL": "1", "PYTHONPATH": str(folder), "TOYS": str(folder)}
        | {"HALFSPACE_RESULTS": str(folder / "others")},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    wait_for(lambda: len(list(folder.glob("[12]-*"))) == 2)
    workers = [int(path.name.split("-")[1]) for path in folder.glob("[12]-*")]
    again.kill()
    wait_for(lambda: not any(map(alive, workers)), 20)
    assert all(map(alive, pids))


def test_a_killed_worker_ends_the_command_in_a_sentence(running):
    command, pids, folder = running
    os.kill(min(pids), signal.SIGKILL)
    _, said = command.communicate(timeout=60)
    assert command.returncode == 1 and "Traceback" not in said
    told = said.splitlines()[-1]
    assert "a process was killed" in told and "'toy: 1' or 'toy: 2'" in told
    assert not any(map(alive, pids)) and not left_over(folder)
