"""From soft gates to hard ones: how hard gates are, how they are annealed, what hardening costs.

Only under hard gates is a DLGN's unit active on a half-space. A net that was trained with soft
gates is another function once its gates are hard. ``Annealing`` makes the gates sharper during
training, so that little changes at the end; ``harden`` replaces the gates and reports what changed.
"""

import copy
import math
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from halfspace._checks import check_integer, uncompiled
from halfspace.gates import HardGate, SoftGate
from halfspace.nets import GatedNet
from halfspace.overlap import log_active_path_counts
from halfspace.training import check_targets

__all__ = ["Annealing", "Hardened", "harden", "hardened", "hardness"]


@dataclass(frozen=True, kw_only=True)
class Annealing:
    """Schedule of soft gates whose sharpness rises by the same factor each epoch.

    Reference: the slope annealing of Chung, Ahn and Bengio (2017), Hierarchical Multiscale
    Recurrent Neural Networks.

    It is called before each epoch: pass it as ``prepare`` to ``halfspace.training.fit`` or
    ``halfspace.image_training.train``.

    Attributes:
        first: β in the first epoch, positive.
        last: β in the last epoch, positive. Gates are nearly hard where it is some times larger
            than one over the size of most pre-activations; ``hardness`` tells.
        epochs: number of epochs, at least 1; in a single one β is ``first``.

    Raises:
        ValueError: if a number is out of range.

    Example:
        >>> from halfspace.nets import DLGN, stack
        >>> from halfspace.training import fit
        >>> schedule = Annealing(first=4.0, last=64.0, epochs=3)
        >>> [schedule.beta_at(epoch) for epoch in range(3)]
        [4.0, 16.0, 64.0]
        >>> net = stack([DLGN(2, width=4, depth=2, gate=SoftGate(4.0)) for _ in range(2)])
        >>> x = torch.randn(8, 2)
        >>> y = x.prod(1, keepdim=True)
        >>> options = dict(seeds=[0, 1], epochs=3, learning_rate=1e-2)
        >>> _ = fit(net, x, y, prepare=schedule, **options)
        >>> net.gate
        SoftGate(beta=64.0)
    """

    first: float
    last: float
    epochs: int

    def __post_init__(self):
        for name in ("first", "last"):
            if not 0 < getattr(self, name) < math.inf:
                raise ValueError(f"{name} must be a positive number; got {getattr(self, name)}")
        check_integer("epochs", self.epochs)

    def beta_at(self, epoch: int) -> float:
        """Return β in an epoch, counted from 0."""
        if self.epochs == 1:
            return self.first
        return self.first * (self.last / self.first) ** (epoch / (self.epochs - 1))

    def __call__(self, net: GatedNet, epoch: int) -> None:
        """Give a net the soft gate of an epoch, counted from 0.

        Raises:
            ValueError: if the net's gate is not soft.
        """
        gate = getattr(net, "gate", None)
        if not isinstance(gate, SoftGate):
            raise ValueError(f"only soft gates can be annealed; got {gate}")
        net.gate = SoftGate(self.beta_at(epoch))


@torch.no_grad()
def hardness(net: GatedNet, x: Tensor) -> Tensor:
    """Return how hard a net's own gates are: the mean of |2g − 1| over layers, units and inputs.

    For a soft gate ``g = σ(βη)`` it is 0 if all gates are halves, and tends to 1 as they become
    hard. It is 1 for hard and straight-through gates, for ReLU nets, whose gates are hard, and for
    deep linear nets, whose gates are ones. Each layer counts the same.

    Args:
        net: a net, possibly stacked.
        x: inputs, shape (..., n, d), or images, shape (n, channels, h, w).

    Returns:
        Shape (S,) for S stacked nets, otherwise a scalar.

    Raises:
        ValueError: if x is not finite or has the wrong shape.

    Example:
        >>> from halfspace.nets import DLGN, ReLUNet
        >>> x = torch.tensor([[1.0, 0.0]])
        >>> net = DLGN(2, width=4, depth=1, gate=SoftGate(2.0))
        >>> _ = net.gating[0].weight.data.fill_(0.5)
        >>> round(hardness(net, x).item(), 4) == round(math.tanh(0.5), 4)
        True
        >>> hardness(ReLUNet(2, width=4, depth=3), x)
        tensor(1.)
    """
    gates = net.gates(x)
    if isinstance(gates, list):
        return torch.stack([_distance(site).mean() for site in gates]).mean()
    return _distance(gates).mean((-3, -2, -1))


def _distance(gates: Tensor) -> Tensor:
    return (2 * gates - 1).abs()


@dataclass(frozen=True, kw_only=True)
class Hardened:
    """What hardening did to S nets, or to one; each tensor has shape (S,), or none.

    Attributes:
        score: what ``own`` and ``hard`` are: ``"mse"``, the mean squared error, or ``"accuracy"``.
        own: the score under the net's own gates.
        hard: the score under hard gates.
        r2: share of the variance of the outputs under the own gates that those under hard gates
            explain: 1 if they are equal, negative if they are further away than a constant. For
            several outputs, of all together.
        starved: share of inputs without an active path under hard gates; the net's output is zero
            there. With biases there is none: the output layer's constant is a path by itself.
        hardness: of the own gates, see ``hardness``.

    Example:
        >>> from halfspace.nets import ReLUNet
        >>> x = torch.randn(8, 2)
        >>> _, report = harden(ReLUNet(2, width=4, depth=3), x, x.prod(1, keepdim=True))
        >>> report.r2.item(), torch.equal(report.own, report.hard)
        (1.0, True)
    """

    score: Literal["mse", "accuracy"]
    own: Tensor
    hard: Tensor
    r2: Tensor
    starved: Tensor
    hardness: Tensor


def hardened(net: GatedNet) -> GatedNet:
    """Return a copy of a net with hard gates; a ReLU net and a deep linear net have no others.

    Example:
        >>> from halfspace.nets import DLGN
        >>> hardened(DLGN(2, width=4, depth=2, gate=SoftGate(4.0))).gate
        HardGate()
    """
    hard = copy.deepcopy(uncompiled(net))
    if hard.has_gating:
        hard.gate = HardGate()
    return hard


@torch.no_grad()
def harden(
    net: GatedNet, x: Tensor, y: Tensor, *, score: Literal["mse", "accuracy"] = "mse"
) -> tuple[GatedNet, Hardened]:
    """Return a copy of a dense net with hard gates, and a report of what that changes.

    Args:
        net: a dense net, possibly stacked.
        x: inputs at which the report is made, shape (..., n, d).
        y: for ``"mse"`` the targets, shape (n, c) or (S, n, c); for ``"accuracy"`` the classes,
            integers, shape (n,) or (S, n).
        score: what is reported of both nets.

    Raises:
        ValueError: if ``score`` is unknown, the net is one of images, an input or a pre-activation
            is not finite, or a shape is wrong.

    Example:
        A soft gate of large β is nearly hard.

        >>> from halfspace.nets import DLGN
        >>> generator = torch.Generator().manual_seed(0)
        >>> net = DLGN(2, width=8, depth=2, gate=SoftGate(1e6), generator=generator)
        >>> x = torch.randn(16, 2, generator=generator)
        >>> hard, report = harden(net, x, x.prod(1, keepdim=True))
        >>> hard.gate, round(report.r2.item(), 3), round(report.hardness.item(), 3)
        (HardGate(), 1.0, 1.0)

    Reference: Half-Space Feature Learning in Neural Networks, Equations 4 and 5, for hard gates.
    """
    if score not in ("mse", "accuracy"):
        raise ValueError(f"score must be 'mse' or 'accuracy'; got {score!r}")
    hard = hardened(net)
    gates = hard.gates(x)
    if isinstance(gates, list):
        raise ValueError("harden reports on dense nets; use hardened for nets of images")
    own, now = net(x), hard(x)
    error = (now - own).square().sum((-2, -1))
    variance = (own - own.mean(-2, keepdim=True)).square().sum((-2, -1))
    paths = log_active_path_counts(gates, bias=hard.has_bias)
    report = Hardened(
        score=score,
        own=_score(own, y, score),
        hard=_score(now, y, score),
        r2=1 - error / variance,
        starved=paths.isneginf().double().mean(-1),
        hardness=hardness(net, x),
    )
    return hard, report


def _score(outputs: Tensor, y: Tensor, score: str) -> Tensor:
    """Return the mean squared error or the accuracy of outputs (..., n, c), shape (...)."""
    batched = outputs if outputs.ndim == 3 else outputs.unsqueeze(0)
    if score == "mse":
        check_targets(batched, y, "mse")
        return (outputs - y).square().mean((-2, -1))
    check_targets(batched, y, "cross_entropy")
    return (outputs.argmax(-1) == y).double().mean(-1)
