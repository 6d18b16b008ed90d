"""Run the scripts' tests with node, and check their types."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
WIDGETS = ROOT / "lib/halfspace/companion/widgets"
_TYPESCRIPT = ROOT / "_build/node/node_modules/typescript/bin/tsc"


def skip_or_fail(reason):
    """Skip on a reader's machine; fail where CI promises node and TypeScript."""
    (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)


def node():
    """Return the path of node."""
    found = shutil.which("node") or shutil.which("nodejs")
    if found is None:
        skip_or_fail("no node on this machine: apt-get install nodejs")
    return found


def run_node_tests(name, **environment):
    """Run one file of tests with node's runner; what it prints is the failure's text."""
    command = [node(), "--test", "--test-reporter=spec", HERE / name]
    # Node's runner takes the name of this variable as a sign that another runner started it.
    own = {key: value for key, value in os.environ.items() if key != "NODE_TEST_CONTEXT"}
    done = subprocess.run(command, env=own | environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "tests 0" not in done.stdout, f"{name} holds no test"


def type_errors(*scripts):
    """Check the types of scripts that one page loads together, and return what is wrong."""
    program = node()
    if not _TYPESCRIPT.exists():
        skip_or_fail("no TypeScript in _build/node: make typescript")
    options = "--noEmit --allowJs --checkJs --strict --skipLibCheck --pretty false".split()
    library = ["--target", "es2022", "--lib", "es2022,dom,dom.iterable"]
    command = [program, _TYPESCRIPT, *options, *library, HERE / "globals.d.ts", *scripts]
    done = subprocess.run(command, capture_output=True, text=True)
    assert not done.stderr, done.stderr
    return done.stdout.splitlines()
