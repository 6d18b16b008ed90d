"""A small clone of the project with a subject of its own: what `make results` does, in seconds."""

import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]

SPECS = '''
"""Runs that take no time, that wait, that fail, and that go on from a checkpoint."""

import math
import os
import time
from pathlib import Path
from typing import ClassVar

import numpy as np
from halfspace.companion.spec import Spec
from halfspace.companion.store import cache_folder
from halfspace.files import write_whole
from halfspace.image_training import OutOfTime


class Quick(Spec):
    minutes: ClassVar[float] = 0.1
    number: int

    def _run(self, device):
        mark(self.number)
        draws = np.random.default_rng(self.number).normal(size=5)
        return {"number": np.array(self.number), "draws": draws}


class Waiting(Quick):
    """Waits until the file ``go`` is there."""

    minutes: ClassVar[float] = 2.0

    def _run(self, device):
        mark(self.number)
        while not Path(os.environ["TOYS"], "go").exists():
            time.sleep(0.1)
        return super()._run(device)


class First(Quick):
    """Starts before the others: it is expected to take longest."""

    minutes: ClassVar[float] = 3.0


class Failing(Quick):
    why: str

    def _run(self, device):
        if self.why == "memory":
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory: ...")
        raise ValueError("this value is wrong")


class Steps(Spec):
    """A sum of draws, in steps with a checkpoint after each."""

    resumes: ClassVar[bool] = True
    minutes: ClassVar[float] = 2.0
    steps: int
    pause: float

    def checkpoint(self):
        return cache_folder() / "checkpoints" / f"{self.key()[:16]}.npz"

    def checkpoints(self):
        return [self.checkpoint()] if self.checkpoint().exists() else []

    def _run(self, device, deadline=math.inf):
        mark(self.steps)
        total, done, pieces = 0.0, 0, []
        if self.checkpoints():
            kept = np.load(self.checkpoint())
            total, done, pieces = float(kept["total"]), int(kept["done"]), kept["pieces"].tolist()
        pieces.append(done)
        while done < self.steps:
            if time.monotonic() > deadline:
                raise OutOfTime("not yet")
            time.sleep(self.pause)
            total, done = total + np.random.default_rng(done).normal(), done + 1
            self.checkpoint().parent.mkdir(parents=True, exist_ok=True)
            kept = dict(total=total, done=done, pieces=pieces)
            write_whole(self.checkpoint(), lambda file: np.savez(file, **kept))
        return {"total": np.array(total)}, pieces


def mark(number):
    Path(os.environ["TOYS"], f"{number}-{os.getpid()}").touch()
'''

CONDITIONS = '''
"""Studies of toys."""

from halfspace.companion.toy.specs import Failing, First, Quick, Steps, Waiting

STUDIES = {
    "quick": lambda: {name: Quick(number=n) for n, name in enumerate("abc")},
    "waiting": lambda: {"0": First(number=0)} | {str(n): Waiting(number=n) for n in (1, 2, 3)},
    "failing": lambda: {
        "fine": Quick(number=10),
        "memory": Failing(number=11, why="memory"),
        "value": Failing(number=12, why="value"),
    },
    "steps": lambda: {"some": Steps(steps=12, pause=0.5)},
    "long": lambda: {"steps": Steps(steps=150, pause=0.5)},
}
'''


class Project:
    """The clone, a folder for its results, and one in which toys leave marks when they start."""

    def __init__(self, folder: Path):
        self.folder, self.lib = folder / "clone", folder / "clone/lib"
        self.results, self.marks = folder / "results", folder / "marks"
        package, companion = ROOT / "lib/halfspace", self.lib / "halfspace/companion"
        copy(package, self.lib / "halfspace", "companion")
        subjects = {path.parent.name for path in package.glob("companion/*/__init__.py")}
        copy(package / "companion", companion, *(subjects - {"plots"}))
        registry = companion / "registry.py"
        listed = re.compile(r"SUBJECTS: .*?^}", flags=re.DOTALL | re.MULTILINE)
        registry.write_text(listed.sub('SUBJECTS = {"toy": set()}', registry.read_text()))
        toy = companion / "toy"
        toy.mkdir()
        (toy / "__init__.py").touch()
        (toy / "specs.py").write_text(SPECS)
        (toy / "conditions.py").write_text(CONDITIONS)
        for name in ("book", "workflow", "profiles"):
            copy(ROOT / name, self.folder / name, "static")
        (self.folder / "_toc.yml").touch()
        (self.folder / ".gitignore").write_text("_build\n__pycache__\n")
        self.marks.mkdir()
        self.git("init", "-q")
        self.commit("one")

    def git(self, *words: str) -> str:
        command = ["git", "-C", self.folder, "-c", "user.name=a", "-c", "user.email=a@b", *words]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def commit(self, message: str) -> str:
        """Commit everything and return the commit."""
        self.git("add", ".")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self.git("rev-parse", "--short=12", "HEAD")

    @property
    def environment(self) -> dict[str, str]:
        kept = {
            k: v for k, v in os.environ.items() if not k.startswith(("HALFSPACE_", "MAKE", "SLURM"))
        }
        settings = dict(results=self.results, cache=self.folder.parent / "cache")
        kept |= {f"HALFSPACE_{name.upper()}": str(path) for name, path in settings.items()}
        return kept | {"PYTHONPATH": str(self.lib), "TOYS": str(self.marks), "MAKELEVEL": "1"}

    def command(self, *words: str) -> list:
        return [sys.executable, "book/start.py", "halfspace.companion", *words]

    def start(self, *words: str, **options) -> subprocess.Popen:
        """Start a command, as `make results` does."""
        streams = dict(stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) | options
        return subprocess.Popen(
            self.command(*words), cwd=self.folder, env=self.environment,
            start_new_session=True, **streams,
        )  # fmt: skip

    def make(self, *words: str) -> tuple[int, str, str]:
        """Return the exit status of the command, and what it said."""
        started = self.start("make", *words)
        out, err = started.communicate(timeout=900)
        return started.returncode, out, err

    def recorded(self) -> list[str]:
        return sorted(path.name for path in self.results.glob("*/*.json"))

    def arrays(self) -> dict[str, bytes]:
        """Return the recorded arrays' files, by name."""
        return {path.name: path.read_bytes() for path in self.results.glob("*/*.npz")}

    def at_work(self) -> set[int]:
        """Return the ids of the processes of waiting toys."""
        names = [path.name.split("-") for path in self.marks.glob("[123]-*")]
        return {int(pid) for _, pid in names}

    def left_over(self) -> list[Path]:
        """Return drafts, locks and other files that nobody needs, and the folder of a call."""
        wanted = {".npz", ".json"}
        files = [p for p in self.results.rglob("*") if p.is_file() and p.suffix not in wanted]
        return files + list((self.folder / "_build/results").glob("*"))


def copy(source: Path, target: Path, *without: str) -> None:
    """Copy a folder without the named ones below it."""
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", *without))


def wait_for(condition, seconds=900):
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
