"""Can training work around the allocation of paths? Ideas against plain descent, equal budgets."""

import math
from typing import ClassVar

import numpy as np
import torch
from pydantic import Field, field_validator
from torch import nn

from halfspace._checks import single_precision
from halfspace.companion.arrays import as_float32
from halfspace.companion.circle.measures import hard_gates, losses, path_statistics
from halfspace.companion.circle.readings import FIT_LEVEL
from halfspace.companion.circle.specs import CircleEvaluation
from halfspace.companion.fashion.data import SETTINGS
from halfspace.companion.fashion.measures import statistics
from halfspace.companion.fashion.specs import FashionTraining
from halfspace.companion.reallocation.ideas import IDEAS, idea_options
from halfspace.companion.spec import Integer, resolve_device
from halfspace.datasets import circle_grid
from halfspace.nets import stack
from halfspace.overlap import active_path_counts
from halfspace.training import Crossing, History, fit, net_losses, weight_sums

__all__ = ["CircleReallocation", "FashionReallocation", "path_counts"]

_LATE_RECORDS = 7


def _known(idea: str) -> str:
    if idea not in IDEAS:
        raise ValueError(f"idea must be one of {IDEAS}; got {idea!r}")
    return idea


class CircleReallocation(CircleEvaluation):
    """Train nets on the circle with one of the ideas of ``IDEAS``.

    Attributes (besides those of ``CircleEvaluation``):
        idea: one of ``IDEAS``.
        grid: N, points of the circle between the training points at which the error is taken.

    The result's arrays, float32, K epochs, S seeds; *half* is ``top`` or ``bottom``: at (K,);
        loss_{half} (K, S): mean squared error at the training points under the own gate;
        paths_{half} (K, S): mean number of active paths, and zero_{half} (K, S): share of training
        points without one, hard gates; between_{half} (K, S): mean squared error between the
        training points; fit_epoch (S,): first epoch with an error below ``FIT_LEVEL``, NaN for
        none; diverged (S,); initial (S,): sum of the initial weights.
    """

    version: ClassVar[int] = 2  # numbers of paths, and points without one, instead of logarithms

    idea: str
    at: tuple[Integer, ...] = (0, 5, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100)
    grid: Integer = Field(512, ge=32)

    _idea_is_known = field_validator("idea")(_known)

    def _train(self, device: torch.device, **recording) -> tuple[nn.Module, History]:
        spec, target = self.training, self.target
        options = idea_options(
            self.idea,
            spec.net(spec.first_seed),
            target.points().to(device),
            target.values().to(device),
            seeds=range(spec.first_seed, spec.first_seed + spec.seeds),
            epochs=spec.epochs,
            loss="mse",
        )
        return spec.train(device, **recording, **options)

    def _run(self, device: torch.device) -> dict[str, np.ndarray]:
        spec, target = self.training, self.target
        x, y, top = (t.to(device) for t in (target.points(), target.values(), target.top()))
        angles, points = circle_grid(self.grid)
        points, wanted = points.to(device), target.target(angles).unsqueeze(-1).to(device)
        upper = torch.arange(self.grid, device=device) < self.grid // 2

        def measure(net):
            at_points = losses(net, x, y, top) | path_statistics(net, x, top)
            errors = losses(net, points, wanted, upper)
            kept = {}
            for half in ("top", "bottom"):
                kept[f"between_{half}"] = errors[f"loss_{half}"]
                for name in ("loss", "paths", "zero"):
                    kept[f"{name}_{half}"] = at_points[f"{name}_{half}"]
            return kept

        fitted = Crossing(
            name="fit",
            measure=lambda net: net_losses(net(x), y, "mse"),
            level=FIT_LEVEL,
            every=math.ceil(target.n / spec.batch_size),
        )
        _, history = self._train(
            device, measure=measure, record=self.at, snapshots=(0,), crossings=[fitted]
        )
        step = history.crossings["fit"].step.numpy()
        return as_float32(history.measures) | {
            "at": np.array(self.at),
            "fit_epoch": np.where(step >= 0, step // fitted.every, np.nan),
            "initial": weight_sums(history.snapshots[0]),
            "diverged": history.diverged,
        }


@single_precision()
def path_counts(spec: CircleReallocation, device: str = "auto") -> tuple[np.ndarray, np.ndarray]:
    """Train a net and count its active paths along the circle at the end (hard gates).

    Args:
        spec: of one seed.
        device: ``"auto"``, ``"cpu"`` or ``"cuda"``.

    Returns:
        Angles in radians and counts, shape (N,) each, N being the spec's grid.
    """
    net, _ = spec._train(resolve_device(device))
    angles, points = circle_grid(spec.grid)
    gates = hard_gates(net, points.to(next(net.parameters()).device))
    return angles.numpy(), active_path_counts(gates, bias=net.has_bias)[0].cpu().numpy()


class FashionReallocation(FashionTraining):
    """Train nets on modified Fashion-MNIST with one of the ideas of ``IDEAS``.

    Attributes (besides those of ``FashionTraining``):
        idea: one of ``IDEAS``.
        epochs: the budget, passes through the training images.
        seeds: S, number of seeds.
        sample: training images of each class at which accuracies and paths are recorded.

    The result's arrays (K records, S seeds, 10 original classes): at (K,), in epochs; accuracy,
        log_paths, paths, zero (K, S, 10), as in ``FashionStudy``; test_accuracy (S, 10) at the end;
        loss (epochs, S): mean (weighted) batch loss; diverged (S,); initial (S,): sum of the
        initial weights.
    """

    idea: str
    n_train: Integer = Field(20_000, ge=10, le=60_000)
    epochs: Integer = Field(10, ge=1)
    seeds: Integer = Field(5, ge=1)
    sample: Integer = Field(200, ge=1)

    _idea_is_known = field_validator("idea")(_known)

    def _run(self, device: torch.device) -> dict[str, np.ndarray]:
        seeds = self.all_seeds
        problem = self.problem([(seed, SETTINGS["modified"]) for seed in seeds], device)
        x, y, sample = problem.x, problem.y, problem.sample(self.sample)
        net = stack([self.net(seed) for seed in seeds]).to(device)
        idea = idea_options(
            self.idea, net, x, y, seeds=seeds, epochs=self.epochs, loss="cross_entropy"
        )
        history = fit(
            net,
            x,
            y,
            seeds=seeds,
            epochs=self.epochs,
            measure=lambda net: statistics(net, x[sample], y[:, sample]),
            record=self.record_times((0,), _LATE_RECORDS),
            snapshots=(0,),
            description=f"{self.model}, {self.idea}, {self.seeds} seeds",
            **self.fit_options,
            **idea,
        )
        with torch.no_grad():
            test = statistics(net, *problem.test(1000))
        names = ("accuracy", "log_paths", "paths", "zero")
        arrays = {name: history.measures[name] for name in names}
        arrays |= {"test_accuracy": test["accuracy"], "loss": history.batch_loss}
        return as_float32(arrays) | {
            "at": history.record,
            "initial": weight_sums(history.snapshots[0]),
            "diverged": history.diverged,
        }
