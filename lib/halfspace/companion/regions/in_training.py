"""Section 3.1: how a net's regions in the plane change while it learns."""

import math
from typing import ClassVar, Literal

import numpy as np
import torch
from pydantic import Field, model_validator

from halfspace import polygons, regions
from halfspace._checks import broken_copies
from halfspace.companion.circle.specs import CircleEvaluation, CircleTraining, recipe
from halfspace.companion.spec import Integer, Result, Spec
from halfspace.nets import DLGN, ReLUNet, unstack
from halfspace.training import History, net_losses, weight_sums

__all__ = ["CountsDuringTraining", "RegionsDuringTraining", "net_at"]


class RegionsDuringTraining(Spec):
    """Train nets with biases on the circle and count their regions at some epochs.

    Without biases all borders pass through the origin and the plane falls into sectors; with biases
    a window is cut as a net with more inputs is.

    Attributes:
        model: ``"relu"`` or ``"dlgn"`` (DLGN-PWC); otherwise the base recipe of chapter 4.
        at: epochs at which regions are counted; training ends with the last.
        half_side: the window is the square from ``-half_side`` to ``half_side``.
        first_seed: the nets' seeds are first_seed, first_seed + 1, ...
        seeds: S, number of seeds.

    The result's arrays (K epochs, S seeds): at (K,); patterns (K, S): activation pattern regions in
    the window; paths (K, S): active path regions; disconnected (K, S): those of them in several
    pieces, 0 for a DLGN by its convexity; all three NaN for a net that diverged; loss (K, S): mean
    squared error under the net's own gate. state.*: the first seed's weights at each epoch.
    """

    early: ClassVar[float] = 20.0

    model: Literal["relu", "dlgn"]
    at: tuple[Integer, ...] = (0, 20, 100, 300)
    half_side: float = Field(1.5, gt=0)
    first_seed: Integer = Field(0, ge=0)
    seeds: Integer = Field(3, ge=1)

    @model_validator(mode="after")
    def _increasing(self):
        if (
            not self.at
            or min(self.at) < 0
            or max(self.at) < 1
            or sorted(set(self.at)) != [*self.at]
        ):
            raise ValueError(f"at must be increasing epochs, the last at least 1; got {self.at}")
        return self

    @property
    def training(self) -> CircleTraining:
        """The training run."""
        return recipe(
            self.model,
            bias=True,
            epochs=self.at[-1],
            first_seed=self.first_seed,
            seeds=self.seeds,
        )

    @property
    def window(self) -> np.ndarray:
        """The window's corners, shape (4, 2)."""
        return polygons.square(self.half_side)

    def _run(self, device: torch.device) -> dict[str, np.ndarray]:
        net, history = _train(self.training, self.at, device)
        names = ("patterns", "paths", "disconnected")
        counts = {name: np.zeros((len(self.at), self.seeds), dtype=np.int64) for name in names}
        diverged = np.zeros((len(self.at), self.seeds), dtype=bool)
        for row, epoch in enumerate(self.at):
            net.load_state_dict(history.snapshots[epoch])
            diverged[row] = broken_copies(net).cpu().numpy()
            for column, single in enumerate(unstack(net)):
                if diverged[row, column]:
                    continue
                cut = regions.partition(single, self.window)
                paths = regions.path_regions(cut).paths
                counts["patterns"][row, column] = len(cut.cells)
                counts["paths"][row, column] = len(paths)
                if not single.has_linear_gating:
                    pieces = regions.component_counts(cut, paths)
                    counts["disconnected"][row, column] = np.count_nonzero(pieces > 1)
        if diverged.any():
            counts = {name: np.where(diverged, np.nan, values) for name, values in counts.items()}
        states = [history.snapshots[epoch] for epoch in self.at]
        first = {
            f"state.{name}": torch.stack([state[name][0] for state in states]).numpy()
            for name in states[0]
        }
        return dict(at=np.array(self.at), loss=history.measures["loss"], **counts, **first)


class CountsDuringTraining(CircleEvaluation):
    """Train as ``CircleTraining`` does and count pattern regions at some epochs.

    Attributes (besides those of ``CircleEvaluation``; the nets need biases):
        half_side: the window is the square from ``-half_side`` to ``half_side``.

    The result's arrays (K epochs, S seeds): at (K,); patterns (K, S): activation pattern regions in
    the window, NaN for a net that diverged; loss (K, S): mean squared error under the net's own
    gate; diverged (S,); initial (S,): sum of the initial weights.
    """

    early: ClassVar[float] = 20.0

    at: tuple[Integer, ...] = (0, 20, 100, 300)
    half_side: float = Field(1.5, gt=0)

    def _run(self, device: torch.device) -> dict[str, np.ndarray]:
        net, history = _train(self.training, self.at, device)
        window, patterns = polygons.square(self.half_side), []
        for epoch in self.at:
            net.load_state_dict(history.snapshots[epoch])
            broken = broken_copies(net).tolist()
            patterns.append(
                [
                    math.nan if diverged else len(regions.partition(single, window).cells)
                    for single, diverged in zip(unstack(net), broken, strict=True)
                ]
            )
        return {
            "at": np.array(self.at),
            "patterns": np.array(patterns),
            "loss": history.measures["loss"],
            "diverged": history.diverged,
            "initial": weight_sums(history.snapshots[0]),
        }


def _train(
    training: CircleTraining, at: tuple[int, ...], device: torch.device
) -> tuple[ReLUNet | DLGN, History]:
    """Train the nets; keep their weights, and the losses under their gates, at some epochs."""
    x, y = training.target.points().to(device), training.target.values().to(device)
    return training.train(
        device,
        measure=lambda net: {"loss": net_losses(net(x), y, "mse")},
        record=at,
        snapshots=at,
    )


def net_at(result: Result, epoch: int) -> ReLUNet | DLGN:
    """Return the first seed's net at one of a ``RegionsDuringTraining`` result's epochs.

    Raises:
        ValueError: if its weights were not kept at that epoch.
    """
    spec = result.spec
    if epoch not in spec.at:
        raise ValueError(f"epoch must be one of {spec.at}; got {epoch}")
    net, row = spec.training.net(spec.first_seed), spec.at.index(epoch)
    net.load_state_dict(
        {name: torch.from_numpy(result.arrays[f"state.{name}"][row]) for name in net.state_dict()}
    )
    return net
