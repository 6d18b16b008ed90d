"""Gates that are random, learnt, shuffled or trained: how much of a net's accuracy they hold."""

from typing import ClassVar, Literal

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional

from halfspace.companion.duality.data import Problem, clothes, tree
from halfspace.companion.duality.measures import ridge_regression
from halfspace.companion.seeds import SeedStudy, order_seed, weight_sum
from halfspace.companion.spec import Integer
from halfspace.datasets import fashion_checksums
from halfspace.gates import SoftGate
from halfspace.nets import DGN, DLGN, DeepLinearNet, Linear, ReLUNet
from halfspace.overlap import log_overlap_kernel

__all__ = ["KERNELS", "NETS", "Ladder"]

NETS = (
    "linear",
    "deep linear",
    "relu",
    "random gates",
    "random gates, constant",
    "learnt gates",
    "learnt gates, constant",
    "learnt gates, reversed",
    "other gates",
    "other gates, constant",
    "dgn",
    "dlgn",
    "dlgn, constant",
    "dlgn, reversed",
)
"""What is trained. Random and learnt gates are fixed; "other" ones are those of another point."""

KERNELS = ("inner", "start", "start, overlap", "learnt", "learnt, overlap")
"""Kernels of the regressions: inner products; path and overlap kernel, gates before and after."""

_BETA = 4.0  # sharpness of the soft gates of nets that train their gates
_TESTED = 2000  # test points of the kernel regressions
_SIZES = {
    "clothes": dict(depth=5, width=128),
    "tree": dict(depth=4, width=64),
}
_TRAINING = {
    "clothes": dict(rate=1e-3, batch=128),
    "tree": dict(rate=3e-3, batch=1000),
}


class Ladder(SeedStudy):
    """Train a ReLU net, then new value networks behind its gates and behind others.

    Weights are He normal; the DLGN's gating weights have half that variance. Random gates are those
    of the ReLU net before training, learnt gates those after; both are hard and fixed, and the
    value network's weights are drawn anew. DGN and DLGN train soft gates with β = 4, and are tested
    with them. Constant: the value network reads ones. Reversed: its layers have the gates in
    reverse order. Accuracies are those of the last epoch.

    Attributes:
        data: ``"clothes"``: Fashion-MNIST, five layers of 128 units, Adam at 1e-3, batches of 128;
            ``"tree"``: an oblique tree, four layers of 64 units, Adam at 3e-3, batches of 1,000.
        points: training points.
        epochs: of each net.
        regression: training points of the kernel regressions.

    The result's arrays: accuracies (S, N), test accuracy of ``NETS``; kernels (S, K), that of
    kernel regression with ``KERNELS`` at 2,000 test points; initial (S,).
    """

    early: ClassVar[float] = 0
    late: ClassVar[tuple[str, ...]] = ("accuracies", "kernels")

    data: Literal["clothes", "tree"] = "clothes"
    points: Integer = Field(10_000, ge=10)
    epochs: Integer = Field(15, ge=1)
    regression: Integer = Field(2000, ge=10)

    @property
    def verifiable(self) -> bool:
        """Whether ``make verify`` can recompute a seed in a CPU minute."""
        return self.points * self.epochs <= 10_000

    def _measure(self, seed: int) -> dict[str, np.ndarray]:
        draw = clothes if self.data == "clothes" else tree
        problem = draw(seed, self.points)
        generator = torch.Generator().manual_seed(seed)
        ladder = _Ladder(problem, self, generator, order_seed(seed))
        accuracies = ladder.accuracies()
        return {
            "initial": ladder.initial,
            "accuracies": np.array([accuracies[name] for name in NETS]),
            "kernels": ladder.regressions(self.regression),
        }

    def data_checksums(self) -> dict[str, str]:
        """Return the checksums of Fashion-MNIST, if it is used."""
        return fashion_checksums() if self.data == "clothes" else {}


class _Ladder:
    """The nets of one seed: each is trained on the same points in the same order."""

    def __init__(self, problem: Problem, spec: Ladder, generator: torch.Generator, order: int):
        self.problem, self.spec, self.generator, self.order = problem, spec, generator, order
        sizes = dict(d_out=problem.classes, init="he", generator=generator)
        self.sizes = sizes | _SIZES[spec.data]
        self.relu = self.new(ReLUNet)
        self.initial = weight_sum(self.relu)
        self.sets = (problem.x, problem.test_x)
        with torch.no_grad():
            self.start = [self.relu.gates(x) for x in self.sets]

    def new(self, kind: type[nn.Module], **options) -> nn.Module:
        """Draw a net."""
        return kind(self.problem.x.shape[1], **self.sizes, **options)

    def accuracies(self) -> dict[str, float]:
        """Train all nets and return their test accuracies, by name."""
        d_in, classes = self.problem.x.shape[1], self.problem.classes
        linear = Linear(d_in, classes, bias=False, init="default", generator=self.generator)
        found = {
            "linear": self.train(linear),
            "deep linear": self.train(self.new(DeepLinearNet, gain=0.5**0.5)),
            "relu": self.train(self.relu),
        }
        with torch.no_grad():
            self.learnt = [self.relu.gates(x) for x in self.sets]
        other = [
            gates[torch.randperm(len(gates), generator=self.generator)] for gates in self.learnt
        ]
        for name, gates in {"random": self.start, "learnt": self.learnt, "other": other}.items():
            found[f"{name} gates"] = self.train_behind(gates)
            found[f"{name} gates, constant"] = self.train_behind(gates, constant=True)
        backward = [gates.flip(-2) for gates in self.learnt]
        found["learnt gates, reversed"] = self.train_behind(backward)
        soft = dict(gate=SoftGate(_BETA))
        linear_gating = soft | dict(gating_gain=0.5**0.5)
        found["dgn"] = self.train(self.new(DGN, **soft))
        found["dlgn"] = self.train(self.new(DLGN, **linear_gating))
        found["dlgn, constant"] = self.train(self.new(DLGN, constant_input=True, **linear_gating))
        found["dlgn, reversed"] = self.train(self.new(DLGN, **linear_gating), turned=True)
        return found

    def train_behind(self, gates: list[Tensor], *, constant: bool = False) -> float:
        """Train a new value network behind fixed gates of the training and test points."""
        return self.train(self.new(ReLUNet), gates=gates, constant=constant)

    def train(
        self,
        net: nn.Module,
        *,
        gates: list[Tensor] | None = None,
        constant: bool = False,
        turned: bool = False,
    ) -> float:
        """Train a net by Adam on the cross-entropy and return its last test accuracy."""
        x, test_x = (torch.ones_like(z) if constant else z for z in self.sets)
        options, y = _TRAINING[self.spec.data], self.problem.y
        adam = torch.optim.Adam(net.parameters(), options["rate"])
        generator = torch.Generator().manual_seed(self.order)

        def outputs(points: Tensor, own: Tensor | None) -> Tensor:
            if turned:
                own = net.gates(points).flip(-2)
            return net(points) if own is None else net(points, gates=own)

        for _ in range(self.spec.epochs):
            for batch in torch.randperm(len(x), generator=generator).split(options["batch"]):
                own = None if gates is None else gates[0][batch]
                loss = functional.cross_entropy(outputs(x[batch], own), y[batch])
                adam.zero_grad()
                loss.backward()
                adam.step()
        with torch.no_grad():
            guess = outputs(test_x, None if gates is None else gates[1]).argmax(1)
        return (guess == self.problem.test_y).double().mean().item()

    def regressions(self, count: int) -> np.ndarray:
        """Return the test accuracy of kernel regression on the first points, by ``KERNELS``."""
        x, test_x = self.sets[0][:count].double(), self.sets[1][:_TESTED].double()
        inner = [points @ x.T for points in (x, test_x)]
        kernels = {"inner": inner}
        for name, gates in {"start": self.start, "learnt": self.learnt}.items():
            first, second = gates[0][:count], gates[1][:_TESTED]
            most = first.shape[-2] * np.log(first.shape[-1])
            overlap = [(log_overlap_kernel(part, first) - most).exp() for part in (first, second)]
            kernels[name] = [a * b for a, b in zip(inner, overlap, strict=True)]
            kernels[f"{name}, overlap"] = overlap
        labels, asked = self.problem.y[:count], self.problem.test_y[:_TESTED]
        found = []
        for name in KERNELS:
            own, across = kernels[name]
            (guess,) = ridge_regression(own, labels, self.problem.classes, across)
            found.append((guess == asked).double().mean().item())
        return np.array(found)
