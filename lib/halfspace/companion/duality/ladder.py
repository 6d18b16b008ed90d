"""Gates that are random, learnt, shuffled or trained: how much of a net's accuracy they hold."""

from typing import ClassVar, Literal

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional

from halfspace.companion.cifar.synthetic import synthetic_checksums, synthetic_images
from halfspace.companion.duality.data import Problem, clothes, small_photographs, tree
from halfspace.companion.duality.measures import ridge_regression
from halfspace.companion.seeds import SeedStudy, order_seed, weight_sum
from halfspace.companion.spec import Integer, later
from halfspace.conv import ConvDeepLinearNet, ConvDGN, ConvDLGN, ConvReLUNet
from halfspace.datasets import cifar, cifar_checksums, fashion_checksums
from halfspace.gates import SoftGate
from halfspace.nets import DGN, DLGN, DeepLinearNet, Linear, ReLUNet
from halfspace.overlap import log_overlap_kernel

__all__ = ["CONV_NETS", "KERNELS", "NETS", "ConvLadder", "Ladder"]

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

CONV_NETS = tuple(net for net in NETS if net not in ("random gates, constant", "other gates"))
"""What is trained with convolutions."""

KERNELS = ("inner", "start", "start, overlap", "learnt", "learnt, overlap")
"""Kernels of the regressions: inner products; path and overlap kernel, gates before and after."""

_Gates = Tensor | list[Tensor]
_TESTED = 2000  # test points of the kernel regressions
_SIZES = {
    "clothes": dict(depth=5, width=128),
    "tree": dict(depth=4, width=64),
    "photographs": dict(depth=4, filters=24, units=64),
}
_TRAINING = {
    "clothes": dict(rate=1e-3, batch=128),
    "tree": dict(rate=3e-3, batch=1000),
    "photographs": dict(rate=1e-3, batch=64),
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
    nets: ClassVar[tuple[str, ...]] = NETS

    data: Literal["clothes", "tree"] = "clothes"
    points: Integer = Field(10_000, ge=10)
    epochs: Integer = Field(15, ge=1)
    regression: Integer = Field(2000, ge=10)

    @property
    def chance(self) -> float:
        """The accuracy of guessing."""
        return 1 / 10 if self.data == "clothes" else 1 / 2

    @property
    def verifiable(self) -> bool:
        """Whether ``make verify`` can recompute a seed in a CPU minute."""
        return self.points * self.epochs <= 10_000

    def _measure(self, seed: int) -> dict[str, np.ndarray]:
        draw = clothes if self.data == "clothes" else tree
        problem = draw(seed, self.points)
        generator = torch.Generator().manual_seed(seed)
        ladder = _Ladder(problem, self.data, self.epochs, generator, order_seed(seed))
        accuracies = ladder.accuracies()
        return {
            "initial": ladder.initial,
            "accuracies": np.array([accuracies[name] for name in NETS]),
            "kernels": ladder.regressions(self.regression),
        }

    def data_checksums(self) -> dict[str, str]:
        """Return the checksums of Fashion-MNIST, if it is used."""
        return fashion_checksums() if self.data == "clothes" else {}


class ConvLadder(SeedStudy):
    """Train the nets of ``Ladder`` with convolutions, on photographs of 16 × 16 pixels.

    It differs from ``Ladder`` in this: nets are those of ``halfspace.conv``, with four convolutions
    of 24 filters, a mean over pixels, 64 dense units and Glorot's weights; Adam at 1e-3, batches of
    64; soft gates with β = 10. Reversed: the convolutions have their gates in reverse order, the
    dense layer keeps its own. The linear model reads the pixels.

    Attributes:
        points: training images.
        test: test images.
        epochs: of each net.
        data: ``"cifar10"``, or ``"synthetic"`` images, small runs that ``make verify`` recomputes.

    The result's arrays: accuracies (S, N), test accuracy of ``CONV_NETS``; initial (S,).
    """

    early: ClassVar[float] = 0
    late: ClassVar[tuple[str, ...]] = ("accuracies",)
    nets: ClassVar[tuple[str, ...]] = CONV_NETS
    chance: ClassVar[float] = 1 / 10

    points: Integer = Field(5000, ge=10)
    test: Integer = Field(10_000, ge=10)
    epochs: Integer = Field(15, ge=1)
    data: Literal["cifar10", "synthetic"] = later("cifar10")

    @property
    def verifiable(self) -> bool:
        """Whether ``make verify`` can recompute the run: in a CPU minute, and without CIFAR."""
        return self.data == "synthetic"

    def _measure(self, seed: int) -> dict[str, np.ndarray]:
        images = cifar(self.data) if self.data == "cifar10" else synthetic_images()
        problem = small_photographs(images, seed, self.points, self.test)
        generator = torch.Generator().manual_seed(seed)
        ladder = _ConvLadder(problem, "photographs", self.epochs, generator, order_seed(seed))
        accuracies = ladder.accuracies()
        return {
            "initial": ladder.initial,
            "accuracies": np.array([accuracies[name] for name in CONV_NETS]),
        }

    def data_checksums(self) -> dict[str, str]:
        """Return the checksums of the images."""
        return cifar_checksums(self.data) if self.data == "cifar10" else synthetic_checksums()


class _Ladder:
    """The nets of one seed: each is trained on the same points in the same order."""

    nets = NETS
    kinds = dict(relu=ReLUNet, linear=DeepLinearNet, dgn=DGN, dlgn=DLGN)
    soft = SoftGate(4.0)  # of nets that train their gates
    linear_gain = dict(gain=0.5**0.5)
    gating_gain = dict(gating_gain=0.5**0.5)

    def __init__(
        self, problem: Problem, data: str, epochs: int, generator: torch.Generator, order: int
    ):
        self.problem, self.data, self.epochs = problem, data, epochs
        self.generator, self.order = generator, order
        self.relu = self.new("relu")
        self.initial = weight_sum(self.relu)
        self.sets = (problem.x, problem.test_x)
        self.start = self.gates()

    def sizes(self) -> dict:
        """Return the nets' sizes and how their weights are drawn."""
        d_in, d_out = self.problem.x.shape[1], self.problem.classes
        return dict(d_in=d_in, d_out=d_out, init="he") | _SIZES[self.data]

    def new(self, kind: str, **options) -> nn.Module:
        """Draw a net."""
        return self.kinds[kind](**self.sizes(), generator=self.generator, **options)

    @torch.no_grad()
    def gates(self) -> list[_Gates]:
        """Return the ReLU net's gates of the training and the test points."""
        return [self.relu.gates(x) for x in self.sets]

    def backward(self, gates: _Gates) -> _Gates:
        """Return gates with the layers in reverse order."""
        return gates.flip(-2)

    def accuracies(self) -> dict[str, float]:
        """Train all nets and return their test accuracies, by name."""
        d_in, classes = self.problem.x[0].numel(), self.problem.classes
        linear = Linear(d_in, classes, bias=False, init="default", generator=self.generator)
        found = {
            "linear": self.train(nn.Sequential(nn.Flatten(), linear)),
            "deep linear": self.train(self.new("linear", **self.linear_gain)),
            "relu": self.train(self.relu),
        }
        self.learnt = self.gates()
        other = [
            _chosen(gates, torch.randperm(len(x), generator=self.generator))
            for x, gates in zip(self.sets, self.learnt, strict=True)
        ]
        for name, gates in {"random": self.start, "learnt": self.learnt, "other": other}.items():
            for net, constant in ((f"{name} gates", False), (f"{name} gates, constant", True)):
                if net in self.nets:
                    found[net] = self.train_behind(gates, constant=constant)
        backward = [self.backward(gates) for gates in self.learnt]
        found["learnt gates, reversed"] = self.train_behind(backward)
        soft = dict(gate=self.soft)
        linear_gating = soft | self.gating_gain
        found["dgn"] = self.train(self.new("dgn", **soft))
        found["dlgn"] = self.train(self.new("dlgn", **linear_gating))
        found["dlgn, constant"] = self.train(self.new("dlgn", constant_input=True, **linear_gating))
        found["dlgn, reversed"] = self.train(self.new("dlgn", **linear_gating), turned=True)
        return found

    def train_behind(self, gates: list[_Gates], *, constant: bool = False) -> float:
        """Train a new value network behind fixed gates of the training and test points."""
        return self.train(self.new("relu"), gates=gates, constant=constant)

    def train(
        self,
        net: nn.Module,
        *,
        gates: list[_Gates] | None = None,
        constant: bool = False,
        turned: bool = False,
    ) -> float:
        """Train a net by Adam on the cross-entropy and return its last test accuracy."""
        x, test_x = (torch.ones_like(z) if constant else z for z in self.sets)
        options, y = _TRAINING[self.data], self.problem.y
        adam = torch.optim.Adam(net.parameters(), options["rate"])
        generator = torch.Generator().manual_seed(self.order)

        def outputs(points: Tensor, own: _Gates | None) -> Tensor:
            if turned:
                own = self.backward(net.gates(points))
            return net(points) if own is None else net(points, gates=own)

        for _ in range(self.epochs):
            for batch in torch.randperm(len(x), generator=generator).split(options["batch"]):
                own = None if gates is None else _chosen(gates[0], batch)
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


def _chosen(gates: _Gates, points: Tensor) -> _Gates:
    """Return the gates of some points, of a dense net or of each layer of a convolutional one."""
    return gates[points] if isinstance(gates, Tensor) else [part[points] for part in gates]


class _ConvLadder(_Ladder):
    """The convolutional nets of one seed; gates that are kept take a byte each."""

    nets = CONV_NETS
    kinds = dict(relu=ConvReLUNet, linear=ConvDeepLinearNet, dgn=ConvDGN, dlgn=ConvDLGN)
    soft = SoftGate(10.0)
    linear_gain = gating_gain = {}

    def sizes(self) -> dict:
        return _SIZES[self.data]

    def new(self, kind: str, **options) -> nn.Module:
        return super().new(kind, **options).to(memory_format=torch.channels_last)

    def gates(self) -> list[list[Tensor]]:
        return [[part.bool() for part in gates] for gates in super().gates()]

    def backward(self, gates: list[Tensor]) -> list[Tensor]:
        *convolutions, dense = gates
        return [*reversed(convolutions), dense]
