"""Which directions of the input convolutional and dense nets learn to classify by."""

from collections.abc import Callable
from typing import ClassVar, Literal

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional

from halfspace._checks import single_precision
from halfspace.companion.seeds import SeedStudy, weight_sum
from halfspace.companion.short_views.data import SIDE, feature_images
from halfspace.companion.spec import Integer
from halfspace.conv import ConvDLGN, ConvReLUNet
from halfspace.gates import SoftGate
from halfspace.nets import DLGN, ReLUNet

__all__ = ["DIRECTIONS", "RATIOS", "TWO", "OneDirection", "TwoDirections"]

DIRECTIONS = ((0, 0), (0, 1), (0, 3), (1, 1), (0, 7), (2, 2), (4, 4), (7, 7))
"""Frequencies of the directions, in half periods along rows and columns."""

TWO = ((0, 1), (5, 5))
"""The two directions that both carry the label: a slow one and a fast one."""

RATIOS = ((1.0, 1.0), (1.0, 3.0), (3.0, 1.0))
"""Scales of the slow and of the fast direction."""

_BETA = 4.0
_BATCH = 100
_RATE = 1e-3


class _Classifier(SeedStudy):
    """Classify images of 8 × 8 pixels: Adam at 1e-3, batches of 100, logistic loss.

    Attributes:
        model: gates of a ReLU net, or of a DLGN (soft, β = 4).
        layers: ``"conv"``: two convolutions of 16 filters, a mean over pixels, 32 dense units;
            ``"dense"``: two layers of 64 units, He normal.
        points: training points.
        steps: number of steps.
        test: test points.
    """

    early: ClassVar[float] = 0

    model: Literal["relu", "dlgn"] = "relu"
    layers: Literal["conv", "dense"] = "conv"
    points: Integer = Field(1000, ge=1)
    steps: Integer = Field(500, ge=1)
    test: Integer = Field(2000, ge=1)

    def net(self, generator: torch.Generator) -> nn.Module:
        """Draw a net for images, or, if it is dense, for their pixels."""
        gated = {} if self.model == "relu" else {"gate": SoftGate(_BETA)}
        if self.layers == "conv":
            kind = ConvReLUNet if self.model == "relu" else ConvDLGN
            sizes = dict(channels=1, filters=16, depth=2, units=32, classes=1)
            return kind(**sizes, **gated, generator=generator)
        kind = ReLUNet if self.model == "relu" else DLGN
        return kind(SIDE**2, width=64, depth=2, init="he", **gated, generator=generator)

    def trained(
        self, draw: Callable[..., tuple[Tensor, Tensor]], generator: torch.Generator
    ) -> tuple[Callable[[Tensor, Tensor], float], float]:
        """Draw a net and images, and train.

        Returns:
            A function that maps test images and labels to the accuracy, and the sum of the initial
            weights.
        """
        x, y = draw(self.points, generator=generator)
        net = self.net(generator)
        initial = weight_sum(net)
        shaped = x if self.layers == "conv" else x.flatten(1)
        stepper = torch.optim.Adam(net.parameters(), lr=_RATE, fused=True)
        for _ in range(self.steps):
            chosen = torch.randint(self.points, (_BATCH,), generator=generator)
            loss = functional.softplus(-y[chosen] * net(shaped[chosen])).mean()
            stepper.zero_grad()
            loss.backward()
            stepper.step()

        @torch.no_grad()
        def accuracy(x: Tensor, y: Tensor) -> float:
            shaped = x if self.layers == "conv" else x.flatten(1)
            return ((net(shaped) > 0) == (y > 0)).double().mean().item()

        return accuracy, initial


class OneDirection(_Classifier):
    """Train a net for each of ``DIRECTIONS``, which alone carries the label.

    Attributes:
        scale: size of the label along the direction; noise has the standard deviation 1.

    The result's arrays: accuracy (S, D), on test points; initial (S,), of the first net.
    """

    late: ClassVar[tuple[str, ...]] = ("accuracy",)

    scale: float = Field(1.0, gt=0)

    @single_precision()
    def _measure(self, seed: int) -> dict[str, np.ndarray]:
        generator = torch.Generator().manual_seed(seed)
        found, sums = [], []
        for direction in DIRECTIONS:

            def draw(count: int, direction=direction, **options) -> tuple[Tensor, Tensor]:
                return feature_images(count, [direction], [self.scale], **options)

            accuracy, initial = self.trained(draw, generator)
            found.append(accuracy(*draw(self.test, generator=generator)))
            sums.append(initial)
        return {"initial": sums[0], "accuracy": np.array(found)}


class TwoDirections(_Classifier):
    """Train nets on images in which two directions carry the label, for each of ``RATIOS``.

    The result's arrays: accuracy (S, 3, 2), on test points where only the slow, or only the fast
    direction carries the label; initial (S,), of the first net.
    """

    late: ClassVar[tuple[str, ...]] = ("accuracy",)

    @single_precision()
    def _measure(self, seed: int) -> dict[str, np.ndarray]:
        generator = torch.Generator().manual_seed(seed)
        found, sums = [], []
        for scales in RATIOS:

            def draw(count: int, scales=scales, **options) -> tuple[Tensor, Tensor]:
                return feature_images(count, TWO, scales, **options)

            accuracy, initial = self.trained(draw, generator)
            sums.append(initial)
            found.append(
                [
                    accuracy(*draw(self.test, generator=generator, informative=told))
                    for told in ((True, False), (False, True))
                ]
            )
        return {"initial": sums[0], "accuracy": np.array(found)}
