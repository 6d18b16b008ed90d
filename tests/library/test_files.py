"""Files appear whole or not at all; what a killed process left is cleaned; one writer at a time."""

import errno
import os
import socket
import stat
import subprocess
import sys

import pytest
from halfspace import files


def test_a_file_is_written_and_replaced(tmp_path):
    path = tmp_path / "a.json"
    files.write_whole(path, lambda file: file.write(b"one"))
    files.write_whole(path, lambda file: file.write(b"two"))
    assert path.read_bytes() == b"two" and list(tmp_path.iterdir()) == [path]


def test_others_may_read_it_as_the_mask_allows(tmp_path):
    old = os.umask(0o022)
    try:
        files.write_whole(tmp_path / "a", lambda file: file.write(b"one"))
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o644


@pytest.mark.parametrize("failure", [KeyboardInterrupt, ValueError])
def test_a_failure_keeps_the_old_file_and_leaves_no_draft(tmp_path, failure):
    path = tmp_path / "a"
    path.write_bytes(b"old")

    def fail(file):
        file.write(b"half")
        raise failure

    with pytest.raises(failure):
        files.write_whole(path, fail)
    assert path.read_bytes() == b"old" and list(tmp_path.iterdir()) == [path]


def test_a_full_disk_is_one_sentence(tmp_path):
    def fail(file):
        raise OSError(errno.ENOSPC, "No space left on device")

    told = r"a\.npz cannot be written \(No space left on device\); free space or grant access"
    with pytest.raises(OSError, match=told):
        files.write_whole(tmp_path / "a.npz", fail)
    assert not list(tmp_path.iterdir())


KILLED = """
import os, pathlib, sys
from halfspace.files import write_whole
def end(file):
    file.write(b"half")
    os._exit(1)
write_whole(pathlib.Path(sys.argv[1]), end)
"""


def test_a_killed_process_leaves_a_hidden_draft_that_the_next_write_removes(tmp_path):
    subprocess.run([sys.executable, "-c", KILLED, tmp_path / "a"])
    (draft,) = tmp_path.iterdir()
    assert draft.name.startswith(".a.") and draft.suffix == ".partial"
    living = tmp_path / f".b.{socket.gethostname()}.{os.getppid()}.partial"
    elsewhere = tmp_path / ".c.elsewhere.999999999.partial"
    living.touch()
    elsewhere.touch()
    files.write_whole(tmp_path / "d", lambda file: file.write(b"whole"))
    assert {path.name for path in tmp_path.iterdir()} == {"d", living.name, elsewhere.name}


def test_a_folder_is_made_or_refused_by_name(tmp_path):
    files.check_writable(tmp_path / "a" / "b", "choose another")
    assert not list((tmp_path / "a" / "b").iterdir())
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match=r"cannot be written to .*file.*; choose another"):
        files.check_writable(tmp_path / "file", "choose another")


LOCKED = """
import pathlib, sys
from halfspace.files import locked
with locked(pathlib.Path(sys.argv[1]), ""):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_lock_is_held_by_one_process_and_ends_with_it(tmp_path):
    path = tmp_path / ".lock"
    command = [sys.executable, "-c", LOCKED, path]
    other = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert other.stdout.readline() == b"held\n"
    with pytest.raises(BlockingIOError, match="busy"), files.locked(path, "busy"):
        pass
    other.kill()
    other.communicate()
    assert path.exists()
    with files.locked(path, "busy"):
        pass
    assert not path.exists()
