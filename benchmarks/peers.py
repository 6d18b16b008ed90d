"""Competitors: airbench, and neural-tangents in a separate process and environment."""

import importlib.util
import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from functools import partial
from importlib.machinery import PathFinder
from pathlib import Path
from types import ModuleType, TracebackType

import numpy as np
import torch
from halfspace.nets import ReLUNet
from torch import Tensor

from benchmarks.harness import Competitor

__all__ = ["NeuralTangents", "airbench", "available"]

_ROOT = Path(__file__).resolve().parents[1]
_ENVIRONMENT = _ROOT / ".venv-peers"
_WORKER = Path(__file__).with_name("neural_tangents_worker.py")


def available() -> bool:
    """Return whether the peers' environment has been made."""
    return (_ENVIRONMENT / ".stamp").exists()


def airbench() -> ModuleType | None:
    """Return airbench if it is installed: from the peers' environment, run by our PyTorch.

    Loading it turns on cuDNN's search for the fastest kernels.
    """
    installed = [str(path) for path in _ENVIRONMENT.glob("lib/python*/site-packages")]
    spec = PathFinder.find_spec("airbench", [*sys.path, *installed])
    if spec is None:
        return None
    sys.modules["airbench"] = module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class NeuralTangents:
    """A worker process that holds one kernel at a time; use it in a ``with`` block.

    Attributes:
        versions: what runs in the worker, by name.

    Raises:
        FileNotFoundError: if the peers' environment has not been made.
        RuntimeError: if the worker ends too early.
    """

    def __init__(self):
        if not available():
            raise FileNotFoundError("neural-tangents has no environment yet: run make bench")
        self._folder = tempfile.TemporaryDirectory()
        self._process = subprocess.Popen(
            [_ENVIRONMENT / "bin" / "python", _WORKER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # Ctrl-C is for this process alone
        )
        self.versions = self._answer()["versions"]

    def __enter__(self) -> "NeuralTangents":
        return self

    def __exit__(self, kind: type, error: BaseException, trace: TracebackType) -> None:
        if kind:
            self._process.kill()  # it may be in the middle of a long computation
        self._process.stdin.close()
        self._process.wait()
        self._folder.cleanup()

    def ask(self, **order) -> dict:
        """Send an order and return the answer; see the worker for the orders."""
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def competitor(self, form: str, net: ReLUNet, x: Tensor, *, tolerance: float) -> Competitor:
        """Return neural-tangents' NTK of a ReLU net without biases as a competitor."""
        weights = {f"w{i}": layer.weight.detach().numpy() for i, layer in enumerate(net.value)}
        return self._loaded(form, tolerance, x=x.numpy(), **weights)

    def wide_competitor(self, x: Tensor, depth: int, *, tolerance: float) -> Competitor:
        """Return its NTK of infinitely wide convolutions with all gates open.

        Args:
            x: images, shape (n, C, h, w).
            depth: convolutions, with a border of zeros; a mean over pixels, a dense layer and one
                output follow.
            tolerance: see ``Competitor``.
        """
        images = x.float().movedim(1, -1).contiguous().numpy()
        return self._loaded("infinitely wide", tolerance, x=images, depth=np.array(depth))

    def _loaded(self, form: str, tolerance: float, **arrays: np.ndarray) -> Competitor:
        path = Path(self._folder.name) / "net.npz"
        np.savez(path, **arrays)
        self.ask(do="load", form=form, net=str(path))
        return _Remote(
            name=f"neural-tangents, {form}",
            work=partial(self.ask, do="time", form=form),
            tolerance=tolerance,
            worker=self,
            form=form,
        )

    def kernel(self) -> Tensor:
        """Return the kernel that was last computed, shape (n, n)."""
        path = Path(self._folder.name) / "kernel.npy"
        self.ask(do="keep", to=str(path))
        return torch.from_numpy(np.load(path))

    def _answer(self) -> dict:
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the neural-tangents worker ended; its message is above")
        return json.loads(line)


@dataclass(kw_only=True)
class _Remote(Competitor):
    """A competitor whose clock runs in the worker; sending the kernel here is not counted."""

    worker: NeuralTangents
    form: str

    def first(self) -> tuple[Tensor, float]:
        seconds = self.time()
        return self.worker.kernel(), seconds

    def time(self) -> float:
        return self.work()["seconds"]

    def memory(self) -> tuple[int | None, float]:
        answer = self.worker.ask(do="memory", form=self.form)
        return answer["bytes"], answer["seconds"]
