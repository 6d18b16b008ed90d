"""Ranks along depth: the Jacobian's on images of clothes, and how few questions gates ask."""

from typing import ClassVar, Literal

import numpy as np
import torch
from pydantic import Field
from torch import Tensor

from halfspace._checks import single_precision
from halfspace.companion.circle.target import Circle
from halfspace.companion.label_jumps.measures import (
    angle_agreement,
    direction_ranks,
    unit_normals,
)
from halfspace.companion.seeds import SeedStudy, order_seed, weight_sum
from halfspace.companion.spec import Integer, Spec
from halfspace.datasets import fashion_checksums, fashion_mnist
from halfspace.gates import HardGate, SoftGate
from halfspace.nets import DLGN, DeepLinearNet, GatedNet, ReLUNet, stack, unstack
from halfspace.ranks import effective_rank, jacobian_ranks, jacobian_singular_values
from halfspace.training import fit, weight_sums

__all__ = ["CircleChain", "FashionRanks"]

_KEPT = 0.95  # of the test accuracy


class FashionRanks(SeedStudy):
    """Train nets on Fashion-MNIST and measure ranks of their Jacobians under hard gates.

    Inputs are pixels minus the mean training image, over one standard deviation. He's weights; a
    DLGN's gating weights times √½, β = 4; Adam at 1e-3 in batches of 128.

    Attributes:
        model: ``"relu"``, ``"dlgn"`` or ``"linear"`` (a deep linear net).
        width: m.
        layers: H.
        points: training images, drawn by the seed.
        test: test images.
        measured: test images at which Jacobians are measured.
        epochs: passes through the data.

    The result's arrays (S seeds, 2: before and after training, H layers): ranks (S, 2, H): mean
    rank over images; effective (S, 2, H): mean effective rank; differ (S, 2): share of pairs
    (image, layer) whose rank is not min(d, least number of active units so far); rises (S, 2):
    share of images at which the rank rises somewhere; normals (S, 2, H): effective rank of a
    layer's unit normals (DLGN only); accuracy (S,): on test images, hard gates; class_dimension
    (S,): fewest principal components of the last layer's activities that keep 95 % of it; initial
    (S,).
    """

    early: ClassVar[float] = 0.0

    model: Literal["relu", "dlgn", "linear"]
    width: Integer = Field(64, ge=1)
    layers: Integer = Field(8, ge=1)
    points: Integer = Field(10_000, ge=1)
    test: Integer = Field(10_000, ge=1)
    measured: Integer = Field(100, ge=1)
    epochs: Integer = Field(10, ge=1)

    def data_checksums(self) -> dict[str, str]:
        """Return the SHA-256 of the images' and labels' files, uncompressed."""
        return fashion_checksums()

    @single_precision()
    def net(self, seed: int) -> GatedNet:
        """Return the net of one seed at its initialisation."""
        generator = torch.Generator().manual_seed(seed)
        sizes = dict(width=self.width, depth=self.layers, d_out=10, init="he", generator=generator)
        if self.model == "dlgn":
            return DLGN(784, gate=SoftGate(4.0), gating_gain=0.5**0.5, **sizes)
        return {"relu": ReLUNet, "linear": DeepLinearNet}[self.model](784, **sizes)

    def _measure(self, seed: int) -> dict[str, object]:
        data = fashion_mnist()
        order = np.random.default_rng(seed).permutation(len(data.train_images))[: self.points]
        train = data.train_images[order].float() / 255
        mean = train.mean(0)
        deviation = (train - mean).std()
        x = (train - mean) / deviation
        test_x = (data.test_images[: self.test].float() / 255 - mean) / deviation
        net = stack([self.net(seed)])
        initial = weight_sum(net)
        points = test_x[: self.measured]
        parts = [_ranks(unstack(net)[0], points)]
        fit(
            net,
            x,
            data.train_labels[order].long(),
            seeds=[order_seed(seed)],
            epochs=self.epochs,
            learning_rate=1e-3,
            batch_size=min(128, self.points),
            loss="cross_entropy",
            description=f"{self.model}, seed {seed}",
        )
        trained = unstack(net)[0]
        parts.append(_ranks(trained, points))
        row = {name: np.stack([part[name] for part in parts]) for name in parts[0]}
        labels = data.test_labels[: self.test].long()
        return {"initial": initial} | row | _class_dimension(trained, test_x, labels)


class CircleChain(Spec):
    """Train DLGNs on the circle, and measure how much a layer's half-spaces agree.

    The net, data and recipe are those of ``CircleTraining``'s base recipe: DLGN-PWC of width 16 and
    depth 5, soft gates, Adam at 1e-3 in batches of 32.

    Attributes:
        shallow: whether each gating layer reads the input (DLGN-SF) and not the layer below.
        beta: sharpness of the gates.
        orthogonal: whether gating layers above the first start as orthogonal matrices over √3, the
            size of the default ones.
        epochs: passes through the data.
        first_seed: the nets' seeds are first_seed, first_seed + 1, ...
        seeds: S.

    The result's arrays: agreement (2, S, H): length of the mean of a layer's unit normals with
    their angles doubled, so that a half-space and its complement count as one: 1 if all are the
    same, near 0 if all angles occur; at the start and at the end; initial (S,).
    """

    early: ClassVar[float] = 0.0

    shallow: bool = False
    beta: float = Field(4.0, gt=0)
    orthogonal: bool = False
    epochs: Integer = Field(300, ge=1)
    first_seed: Integer = Field(0, ge=0)
    seeds: Integer = Field(20, ge=1)

    @single_precision()
    def net(self, seed: int) -> DLGN:
        """Return the net of one seed at its initialisation, on the CPU."""
        generator = torch.Generator().manual_seed(seed)
        options = dict(width=16, depth=5, constant_input=True, shallow=self.shallow)
        net = DLGN(2, gate=SoftGate(self.beta), **options, generator=generator)
        if self.orthogonal:
            with torch.no_grad():
                for layer in net.gating[1:]:
                    torch.nn.init.orthogonal_(layer.weight, 3**-0.5, generator=generator)
        return net

    def _run(self, device: torch.device) -> dict[str, np.ndarray]:
        seeds = range(self.first_seed, self.first_seed + self.seeds)
        net = stack([self.net(seed) for seed in seeds]).to(device)
        initial = weight_sums(net.state_dict())
        circle = Circle()
        history = fit(
            net,
            circle.points().to(device),
            circle.values().to(device),
            seeds=[order_seed(seed) for seed in seeds],
            epochs=self.epochs,
            learning_rate=1e-3,
            batch_size=32,
            measure=lambda net: {"agreement": angle_agreement(unit_normals(net))},
            record=(0, self.epochs),
            description="circle, shallow" if self.shallow else "circle, chain",
        )
        return {"agreement": history.measures["agreement"], "initial": initial}


@torch.no_grad()
def _ranks(net: GatedNet, x: Tensor) -> dict[str, np.ndarray]:
    """Return what ``FashionRanks`` records of a net before or after training."""
    ranks = jacobian_ranks(net, x)
    least = net.gates(x, HardGate()).sum(-1).long().cummin(1).values.clamp(max=net.d_in)
    row = {
        "ranks": ranks.double().mean(0),
        "effective": effective_rank(jacobian_singular_values(net, x)).mean(0),
        "differ": (ranks != least).double().mean(),
        "rises": (ranks.diff(dim=1) > 0).any(1).double().mean(),
    }
    if net.has_gating:
        row["normals"] = direction_ranks(unit_normals(stack([net])))[0]
    return {name: value.numpy() for name, value in row.items()}


@torch.no_grad()
def _class_dimension(net: GatedNet, x: Tensor, labels: Tensor) -> dict[str, float]:
    """Return the accuracy, and how many components of the last layer keep 95 % of it."""
    h = x
    for layer, gates in zip(net.value[:-1], net.gates(x, HardGate()).unbind(1), strict=True):
        h = layer(h) * gates

    def accuracy(activities: Tensor) -> float:
        return (net.value[-1](activities).argmax(-1) == labels).double().mean().item()

    full, mean = accuracy(h), h.mean(0)
    axes = torch.linalg.svd(h - mean, full_matrices=False).Vh
    for count in range(net.width + 1):
        kept = axes[:count]
        if accuracy(mean + (h - mean) @ kept.mT @ kept) >= _KEPT * full:
            break
    return {"accuracy": full, "class_dimension": count}
