"""Clusters of equal activation patterns: small ReLU nets that learn a switch."""

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import torch
from pydantic import Field
from torch import Tensor
from torch.nn import functional

from halfspace._checks import single_precision
from halfspace.companion.seeds import order_seed
from halfspace.companion.spec import Integer, Spec
from halfspace.nets import Linear

__all__ = ["SmallNets", "SwitchClusters", "all_bits", "cluster_rows", "decider", "switch"]

_INPUTS, _SELECTOR = 10, 2  # the third input selects the first or the second; seven are noise


def all_bits() -> Tensor:
    """Return all inputs of ten bits, float64, shape (1024, 10)."""
    numbers = torch.arange(2**_INPUTS)
    return ((numbers[:, None] >> torch.arange(_INPUTS)) & 1).double()


def decider(x: Tensor, middle: float) -> Tensor:
    """Return which input decides the class, 0 or 1, int64, shape (..., n).

    Args:
        x: inputs, shape (..., n, 10).
        middle: 0.5 for bits, 0 for inputs from -1 to 1.
    """
    return (x[..., _SELECTOR] <= middle).long()


def switch(x: Tensor, middle: float) -> Tensor:
    """Return the class: whether the deciding input is above the middle, in x's dtype, (..., n)."""
    decides = x.gather(-1, decider(x, middle).unsqueeze(-1)).squeeze(-1)
    return (decides > middle).to(x.dtype)


@dataclass(frozen=True)
class SmallNets:
    """S ReLU nets with biases, two hidden layers of different sizes and one output.

    Attributes:
        weights: three tensors, shape (S, out, in).
        biases: three tensors, shape (S, out).
    """

    weights: tuple[Tensor, Tensor, Tensor]
    biases: tuple[Tensor, Tensor, Tensor]

    def double(self) -> "SmallNets":
        """Return a copy in float64, without gradients."""
        parts = (self.weights, self.biases)
        return SmallNets(*(tuple(t.detach().double() for t in part) for part in parts))

    def __call__(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return both hidden layers' activities, (S, n, m), and the logits, (S, n).

        Args:
            x: inputs, shape (n, 10) or (S, n, 10).
        """
        h, layers = x, []
        for weight, bias in zip(self.weights, self.biases, strict=True):
            h = h @ weight.mT + bias.unsqueeze(-2)
            if len(layers) < 2:
                h = h.relu()
                layers.append(h)
        return *layers, h.squeeze(-1)

    def maps(self, first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
        """Return the affine map ``A x + c`` of each gate pattern, as a product of matrices.

        Args:
            first: gates of the first layer, shape (S, n, m_1).
            second: of the second layer, shape (S, n, m_2).

        Returns:
            A, shape (S, n, 10), and c, shape (S, n).
        """
        (w1, w2, w3), (b1, b2, b3) = self.weights, self.biases
        above = w3 * second  # (S, n, m_2)
        below = above @ w2 * first
        constant = b3 + (above * b2.unsqueeze(1)).sum(-1) + (below * b1.unsqueeze(1)).sum(-1)
        return below @ w1, constant

    def path_maps(self, first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
        """Return the same maps as sums over active paths, those that start at a bias included."""
        (w1, w2, w3), (b1, b2, b3) = self.weights, self.biases
        gates = (second.unsqueeze(-1) * first.unsqueeze(-2)).flatten(-2)  # of the pairs of units
        pairs = (w3.squeeze(1).unsqueeze(-1) * w2).unsqueeze(-1)
        from_inputs = (pairs * w1.unsqueeze(1)).flatten(1, 2)
        from_first = (pairs.squeeze(-1) * b1.unsqueeze(1)).flatten(1)
        from_second = w3.squeeze(1) * b2
        constant = b3 + (gates @ from_first.unsqueeze(-1)).squeeze(-1)
        return gates @ from_inputs, constant + (second @ from_second.unsqueeze(-1)).squeeze(-1)


class SwitchClusters(Spec):
    """Train small ReLU nets on a switch, and ask what the affine maps of their clusters say.

    A cluster is the set of inputs with one activation pattern. Ten inputs, ``y = x_1`` where x_3 is
    on, else ``y = x_2``; seven inputs are noise.

    Attributes:
        sizes: units of the two hidden layers.
        l1: factor on the sum of the first layer's activities (mean over the batch) in the loss.
        data: ``"bits"``: fair bits, read on all 1,024 inputs; ``"continuous"``: inputs uniform from
            -1 to 1, a class is a sign, read on ``points`` inputs.
        draws: training points.
        points: see ``data``.
        epochs: passes through the draws, in batches of 100, with Adam at 0.01.
        first_seed: the nets' seeds are first_seed, first_seed + 1, ...
        seeds: S; weights are Glorot uniform, biases zero.

    The result's arrays (S,): accuracy; clusters: number of clusters; right: share of inputs at
    which the deciding input has a larger weight |A| than the other data input; mute: share with
    A = 0; through: of the inputs whose class changes when the deciding input is flipped, the share
    that changes its cluster, too; noise: largest mean |A| of a noise input over the largest of all;
    gap: largest error of the maps, as a product and as a path sum, over the largest logit; other:
    mean error of the next cluster's map over the mean logit, NaN for a single cluster; initial.

    Reference: Picchiotti and Gori (2021); that this task is theirs is our guess.
    """

    early: ClassVar[float] = 0.0

    sizes: tuple[Integer, Integer] = (4, 2)
    l1: float = Field(0.02, ge=0)
    data: Literal["bits", "continuous"] = "bits"
    draws: Integer = Field(20_000, ge=100)
    points: Integer = Field(4000, ge=1)
    epochs: Integer = Field(20, ge=1)
    first_seed: Integer = Field(0, ge=0)
    seeds: Integer = Field(20, ge=1)

    @property
    def middle(self) -> float:
        """Above it, an input is on."""
        return 0.5 if self.data == "bits" else 0.0

    def inputs(self, seed: int, count: int) -> Tensor:
        """Draw inputs, shape (count, 10)."""
        uniform = np.random.default_rng(seed).random((count, _INPUTS))
        drawn = uniform > 0.5 if self.data == "bits" else 2 * uniform - 1
        return torch.from_numpy(drawn).float()

    def read_on(self) -> Tensor:
        """Return the inputs on which clusters are read, float64, shape (n, 10)."""
        if self.data == "bits":
            return all_bits()
        return self.inputs(0, self.points).double()

    @single_precision()
    def train(self) -> tuple[SmallNets, np.ndarray]:
        """Train all seeds' nets; return them and the sum of each one's initial weights, (S,)."""
        seeds = range(self.first_seed, self.first_seed + self.seeds)
        outs = (*self.sizes, 1)
        layers = []
        for seed in seeds:
            options = dict(bias=True, init="xavier", generator=torch.Generator().manual_seed(seed))
            ins = (_INPUTS, *self.sizes)
            layers.append([Linear(a, b, **options) for a, b in zip(ins, outs, strict=True)])
        nets = SmallNets(
            *(
                tuple(
                    torch.stack([getattr(layer, name).detach() for layer in column])
                    .clone()
                    .requires_grad_()
                    for column in zip(*layers, strict=True)
                )
                for name in ("weight", "bias")
            )
        )
        initial = sum(w.detach().double().flatten(1).sum(1) for w in nets.weights).numpy()
        x = torch.stack([self.inputs(seed, self.draws) for seed in seeds])
        y = switch(x, self.middle)
        generators = [torch.Generator().manual_seed(order_seed(seed)) for seed in seeds]
        stepper = torch.optim.Adam([*nets.weights, *nets.biases], lr=0.01, fused=True)
        rows = torch.arange(self.seeds).unsqueeze(1)
        for _ in range(self.epochs):
            order = torch.stack([torch.randperm(self.draws, generator=g) for g in generators])
            for chosen in order.split(100, dim=1):
                first, _, logits = nets(x[rows, chosen])
                target = y[rows, chosen]
                nats = functional.binary_cross_entropy_with_logits(logits, target, reduction="none")
                loss = nats.mean(-1) + self.l1 * first.sum(-1).mean(-1)
                stepper.zero_grad()
                loss.sum().backward()
                stepper.step()
        return nets, initial

    def _run(self, device: torch.device) -> dict[str, np.ndarray]:
        trained, initial = self.train()
        nets, x = trained.double(), self.read_on()
        first, second, logits = nets(x)
        gates = (first > 0).double(), (second > 0).double()
        weights, constants = nets.maps(*gates)
        by_path, path_constants = nets.path_maps(*gates)
        scale = logits.abs().amax(-1)
        affine = (weights * x).sum(-1) + constants
        summed = (by_path * x).sum(-1) + path_constants
        gap = torch.maximum((affine - logits).abs(), (summed - logits).abs()).amax(-1) / scale

        decides = decider(x, self.middle)
        flipped = x.clone()
        rows = torch.arange(len(x))
        flipped[rows, decides] = 2 * self.middle - flipped[rows, decides]
        first_flipped, second_flipped, other_logits = nets(flipped)
        pattern = torch.cat(gates, -1)
        moved = (torch.cat([first_flipped, second_flipped], -1) > 0) != (pattern > 0)
        changed = (logits > 0) != (other_logits > 0)
        sizes = weights.abs()
        ours = sizes[:, rows, decides] > sizes[:, rows, 1 - decides]
        mean = sizes.mean(1)
        names = [torch.unique(p, dim=0, return_inverse=True)[1] for p in pattern]
        arrays = {
            "initial": torch.from_numpy(initial),
            "accuracy": ((logits > 0) == (switch(x, self.middle) > 0)).double().mean(-1),
            "clusters": torch.stack([name.max() + 1 for name in names]),
            "right": ours.double().mean(-1),
            "mute": (weights == 0).all(-1).double().mean(-1),
            "through": (changed & moved.any(-1)).sum(-1) / changed.sum(-1),
            "noise": mean[:, _SELECTOR + 1 :].amax(-1) / mean.amax(-1),
            "gap": gap,
            "other": _next_errors(names, x, weights, constants, logits),
        }
        return {name: values.numpy() for name, values in arrays.items()}


def _next_errors(
    names: list[Tensor], x: Tensor, weights: Tensor, constants: Tensor, logits: Tensor
) -> Tensor:
    """Return the mean error of the next cluster's map over the mean logit, shape (S,)."""
    errors = []
    for name, a, c, logit in zip(names, weights, constants, logits, strict=True):
        count = int(name.max()) + 1
        one_of = torch.zeros(count, dtype=torch.long).scatter(0, name, torch.arange(len(name)))
        other = one_of[(name + 1) % count]
        wrong = ((a[other] * x).sum(-1) + c[other] - logit).abs().mean() / logit.abs().mean()
        errors.append(wrong if count > 1 else torch.full_like(wrong, torch.nan))
    return torch.stack(errors)


def cluster_rows(nets: SmallNets, x: Tensor, middle: float) -> list[dict[str, object]]:
    """Return the clusters of the first of some nets, the largest first, with their maps.

    Returns:
        By cluster: ``"share"`` of the inputs, ``"positive"`` share of class 1, A of the two data
        inputs and the selector, and c.
    """
    first, second, _ = nets(x)
    gates = (first > 0).double(), (second > 0).double()
    weights, constants = (part[0] for part in nets.maps(*gates))
    name = torch.unique(torch.cat(gates, -1)[0], dim=0, return_inverse=True)[1]
    y, rows = switch(x, middle), []
    for number in range(int(name.max()) + 1):
        inside = name == number
        a = weights[inside][0]
        rows.append(
            {
                "share": inside.double().mean().item(),
                "positive": y[inside].mean().item(),
                **{f"A{k + 1}": a[k].item() for k in range(3)},
                "c": constants[inside][0].item(),
            }
        )
    return sorted(rows, key=lambda row: -row["share"])
