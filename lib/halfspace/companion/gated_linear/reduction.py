"""The mode reduction against whole nets: where it is exact, and where it must not be."""

import math
from typing import ClassVar, Literal

import numpy as np
import torch
from pydantic import Field
from torch import Tensor

from halfspace.companion.gated_linear.data import ITEMS, ContextTask, pathway_gates, unit_gates
from halfspace.companion.gated_linear.measures import descend
from halfspace.companion.seeds import FRESH_SEED, SeedStudy
from halfspace.companion.spec import Integer, Spec
from halfspace.gates import HardGate
from halfspace.modes import aligned_weights, context_modes, haar_basis, mode_descent, sigmoid
from halfspace.nets import DLGN, stack

__all__ = ["AlignedReduction", "SigmoidFlow"]


class AlignedReduction(Spec):
    """Compare the reduced iteration with descent of whole nets that start aligned, in float64.

    Attributes:
        contexts: C.
        pathways: the set of pathways.
        units: of each pathway.
        start: amplitude of every mode at the start.
        learning_rate: of gradient descent.
        steps: how many.
        first_seed: the seeds of the hidden directions are first_seed, first_seed + 1, ...
        seeds: S, how many.

    The result's arrays (S,): largest difference of the whole net's losses and the reduced ones,
        relative to the net's: gap; gap_items: where the first pathway is off for one item in one
        context; gap_missing: where one item is missing in one context. initial: sum of weights.
    """

    early: ClassVar[float] = math.inf

    contexts: Integer = Field(3, ge=2)
    pathways: Literal["common only", "modular", "leave-one-out", "all six"] = "leave-one-out"
    units: Integer = Field(16, ge=1)
    start: float = Field(3e-3, gt=0)
    learning_rate: float = Field(0.2, gt=0)
    steps: Integer = Field(1000, ge=1)
    first_seed: Integer = Field(FRESH_SEED, ge=0)
    seeds: Integer = Field(40, ge=1)

    def _run(self, device: torch.device) -> dict[str, np.ndarray]:
        task = ContextTask(contexts=self.contexts)
        modes, gates = context_modes(task.targets, haar_basis(ITEMS)), self._gates
        start = torch.full((len(gates),), self.start, dtype=torch.float64)
        options = dict(learning_rate=self.learning_rate, steps=self.steps)
        reduced = mode_descent(modes, gates, start=start, **options).losses[:, None]
        x, y = task.inputs, task.targets.flatten(0, 1)
        of_units = unit_gates(gates, self.units * len(gates))
        of_items = of_units.clone()
        of_items[0, 0, : self.units] = 0
        gaps = {}
        for name, given, kept in (
            ("gap", of_units, slice(None)),
            ("gap_items", of_items, slice(None)),
            ("gap_missing", of_units, slice(1, None)),
        ):
            net = self._net(modes, start)
            initial = sum(w.sum((-2, -1)) for w in (layer.weight.data for layer in net.value))
            losses = descend(net, x[kept], y[kept], gates=given[kept], **options)
            gaps[name] = ((losses - reduced).abs() / losses).amax(0).numpy()
        return gaps | {"initial": initial.numpy()}

    @property
    def _gates(self) -> Tensor:
        return pathway_gates(self.pathways, self.contexts)

    def _net(self, modes, start: Tensor) -> DLGN:
        nets = []
        for seed in range(self.first_seed, self.first_seed + self.seeds):
            generator = torch.Generator().manual_seed(seed)
            weights = aligned_weights(
                modes, self._gates, start=start, units=self.units, generator=generator
            )
            d_in, d_out = weights[0].shape[1], weights[1].shape[0]
            net = DLGN(d_in, width=len(weights[0]), depth=1, d_out=d_out, gate=HardGate()).double()
            for layer, weight in zip(net.value, weights, strict=True):
                layer.weight.data = weight
            nets.append(net)
        return stack(nets)


class SigmoidFlow(SeedStudy):
    """Compare the sigmoid with its gradient flow, integrated in small steps, in float64.

    Each seed draws a strength s and a power D, uniform in 0.2 to 2, and an amplitude, 10^-1 to
    10^-4. The two layers' weights are integrated by Runge and Kutta's fourth order to the time at
    which the mode is learned.

    Attributes (besides those of ``SeedStudy``):
        steps: of the integration.

    The result's arrays (S,): gap: largest difference relative to s/D; initial: the amplitude.
    """

    seeds: Integer = Field(40, ge=1)
    first_seed: Integer = Field(FRESH_SEED, ge=0)
    steps: Integer = Field(4000, ge=1)

    def _measure(self, seed: int) -> dict[str, float]:
        rng = np.random.default_rng(seed)
        strength, power = rng.uniform(0.2, 2, 2)
        start = 10.0 ** -rng.uniform(1, 4)
        last = 2 * math.log(1 / start) / strength
        weights, width, path = np.array([start, start]), last / self.steps, [start**2]

        def slope(weights: np.ndarray) -> np.ndarray:
            return weights[::-1] * (strength - power * weights[0] * weights[1])

        for _ in range(self.steps):
            one = slope(weights)
            two = slope(weights + width / 2 * one)
            three = slope(weights + width / 2 * two)
            four = slope(weights + width * three)
            weights = weights + width / 6 * (one + 2 * two + 2 * three + four)
            path.append(weights[0] * weights[1])
        times = torch.linspace(0, last, self.steps + 1, dtype=torch.float64)
        known = sigmoid(times, strength=strength, power=power, start=start).numpy()
        gap = np.abs(np.array(path) - known).max() * power / strength
        return {"initial": start, "gap": float(gap)}
