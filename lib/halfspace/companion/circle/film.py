"""One net on the circle, angle by angle, while it learns: data of the moving figure."""

from typing import ClassVar

import numpy as np
import torch
from pydantic import Field

from halfspace.companion.circle.measures import hard_gates
from halfspace.companion.circle.specs import CircleEvaluation
from halfspace.companion.spec import Integer
from halfspace.datasets import circle_grid
from halfspace.overlap import active_path_counts

__all__ = ["EPOCHS", "CircleFilm"]

EPOCHS = (*range(6), 6, 8, 10, 12, 15, 20, 25, 30, 40, 50, 60, 80, 100, 120, 150, 200, 250, 300)


class CircleFilm(CircleEvaluation):
    """Train as ``CircleTraining`` does and keep outputs and path counts along the circle.

    Attributes (besides those of ``CircleEvaluation``):
        grid: N, points of the circle.

    The result's arrays, K epochs, S seeds: at (K,); angles, target (N,); outputs (K, S, N); paths
    (K, S, N): numbers of active paths, hard gates; loss (K, S): mean squared error at the training
    points.
    """

    version: ClassVar[int] = 1

    at: tuple[Integer, ...] = EPOCHS
    grid: Integer = Field(128, ge=2)

    def _run(self, device: torch.device) -> dict[str, np.ndarray]:
        spec = self.training
        net, history = spec.train(device, snapshots=self.at)
        angles, points = circle_grid(self.grid)
        points = points.to(device)
        x, y = spec.target.points().to(device), spec.target.values().to(device)
        outputs, paths, loss = [], [], []
        for epoch in self.at:
            net.load_state_dict(history.snapshots[epoch])
            with torch.no_grad():
                outputs.append(net(points).squeeze(-1).cpu())
                paths.append(active_path_counts(hard_gates(net, points), bias=net.has_bias).cpu())
                loss.append((net(x) - y).square().mean((-2, -1)).cpu())
        return dict(
            at=np.array(self.at),
            angles=angles.numpy(),
            target=spec.target.target(angles).numpy(),
            outputs=torch.stack(outputs).numpy(),
            paths=torch.stack(paths).numpy(),
            loss=torch.stack(loss).numpy(),
        )
