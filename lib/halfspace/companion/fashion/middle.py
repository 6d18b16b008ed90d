"""Figure 7's middle point: paths and kernels where the simple part is almost learned."""

from typing import Literal

import numpy as np
import torch
from pydantic import Field
from torch import Tensor

from halfspace.companion.arrays import as_float32
from halfspace.companion.fashion.data import PARTS, SETTINGS
from halfspace.companion.fashion.measures import accuracy, kernels, statistics
from halfspace.companion.fashion.specs import FashionTraining
from halfspace.companion.spec import Integer
from halfspace.kernels import block_means, cosine
from halfspace.nets import stack
from halfspace.training import Crossing, fit, weight_sums

__all__ = ["FashionMiddle"]

_KERNEL_SAMPLE = 20  # training images of each class at which kernels are computed
_TWIN = 500  # added to a net's seed: the seed of the net that its kernels are compared with


class FashionMiddle(FashionTraining):
    """Train nets of one kind and describe them at the start, at a middle point, and at the end.

    Attributes (besides those of ``FashionTraining``):
        labels: whose labels are complicated: ``"modified"`` (classes 5-9) or ``"swapped"`` (0-4).
        epochs: passes through the training images.
        seeds: S, number of seeds; a seed decides initial weights, batches and the draw of the
            labels.
        sample: training images of each class at which paths and accuracies are measured.
        level: the middle point is where the simple part's training accuracy first reaches this.

    The result's arrays, float32 (3 points: start, middle, end; S seeds; 10 original classes):
        accuracy, hard_accuracy, log_paths, paths, zero (3, S, 10), as in ``ModifiedFashionMNIST``;
        middle_epoch (S,): NaN for never; the end then stands in for the middle; complex (S, 10): 1
        for the classes with complicated labels. Of kernels (hard gates for the overlap, own gates
        for the NTK): overlap_within, ntk_within (3, S, 10): mean value over pairs of distinct
        images of a class; overlap_start, ntk_start (3, S): cosine with the start's kernel;
        overlap_twin, ntk_twin (S,): cosine of the start's kernel with that of another seed's net.
        initial (S,): sum of the initial weights; diverged (S,).

    Reference: Figure 7 and appendix 5.1.
    """

    labels: Literal["modified", "swapped"]
    epochs: Integer = Field(10, ge=1)
    seeds: Integer = Field(10, ge=1)
    sample: Integer = Field(200, ge=1)
    level: float = Field(0.72, gt=0, le=1)  # appendix 5.1, as we read it

    def _run(self, device: torch.device) -> dict[str, np.ndarray]:
        hard = SETTINGS[self.labels]
        (simple,) = (list(part) for part in PARTS if part != hard)
        problem = self.problem([(seed, hard) for seed in self.all_seeds], device)
        sample, kernel_sample = problem.sample(self.sample), problem.sample(_KERNEL_SAMPLE)
        sample_x, sample_y = problem.x[sample], problem.y[:, sample]
        kernel_x = problem.x[kernel_sample]
        net, twin = (
            stack([self.net(seed + shift) for seed in self.all_seeds]).to(device)
            for shift in (0, _TWIN)
        )

        def simple_accuracy(net) -> Tensor:
            return accuracy(net, sample_x, sample_y)[:, simple].mean(-1)

        history = fit(
            net,
            problem.x,
            problem.y,
            seeds=self.all_seeds,
            epochs=self.epochs,
            snapshots=(0, self.epochs),
            crossings=[
                Crossing(
                    name="middle", measure=simple_accuracy, level=self.level, below=False, every=20
                )
            ],
            description=f"{self.model}, {self.images}, {self.labels}, {self.seeds} seeds",
            **self.fit_options,
        )
        middle = history.crossings["middle"]
        start = history.snapshots[0]
        points, described = [], []
        for state in (start, middle.state, history.snapshots[self.epochs]):
            net.load_state_dict(state)
            with torch.no_grad():
                points.append(statistics(net, sample_x, sample_y))
            described.append(kernels(net, kernel_x))
        arrays = {name: torch.stack([point[name] for point in points]) for name in points[0]}
        for name, other in kernels(twin, kernel_x).items():
            own = torch.stack([kernel[name] for kernel in described]).double()
            arrays[f"{name}_within"] = block_means(own).diagonal(dim1=-2, dim2=-1)
            arrays[f"{name}_start"] = cosine(own, own[0])
            arrays[f"{name}_twin"] = cosine(own[0], other.double())
        step = middle.step.numpy()
        arrays["middle_epoch"] = np.where(step >= 0, step / self.batches, np.nan)
        arrays["complex"] = np.tile(np.isin(np.arange(10), hard), (self.seeds, 1))
        return as_float32(arrays) | {
            "initial": weight_sums(start),
            "diverged": history.diverged,
        }
