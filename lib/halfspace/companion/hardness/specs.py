"""Nets on the circle at several hardnesses: where their paths go, and what moves first."""

import numpy as np
import torch
from torch import Tensor

from halfspace.companion.arrays import as_float32
from halfspace.companion.circle.measures import losses, path_statistics
from halfspace.companion.circle.specs import CircleEvaluation
from halfspace.companion.circle.study import layer_statistics
from halfspace.companion.hardness.measures import first_normals, rank_correlations, turned
from halfspace.companion.spec import Integer
from halfspace.hardening import hardness
from halfspace.nets import GatedNet
from halfspace.regions import half_spaces
from halfspace.training import weight_sums

__all__ = ["GateHardness"]

_HALVES = ("_top", "_bottom")


class GateHardness(CircleEvaluation):
    """Train nets on the circle and measure hardness, losses, paths and half-spaces.

    Attributes: those of ``CircleEvaluation``; ``at`` has epoch 1.

    The result's arrays, float32, K epochs, S seeds, H layers; *half* is ``top`` or ``bottom``:
        at (K,); diverged (S,); initial (S,): sum of the initial weights; hardness (K, S): mean of
        |2g − 1| over layers, units and training points, under the net's own gates. loss_{half},
        hard_loss_{half}, log_paths_{half}, paths_{half}, zero_{half} (K, S), and, at the start and
        at the end, active_{half}, prefer_{half}, resultant, facing_{half} (2, S, H): as in
        ``CircleStudy``. Of DLGNs without biases also, of the angles by which units' normals turn in
        the first epoch: predicted (S,): their rank correlation, over all units, with the angles
        that Adam's steps along the signs of the first gradients would give; turned (S, H): their
        root mean square, in radians. coherence (S,): length of the mean of the first layer's
        directions of displacement in the first epoch, opposite directions counted as one (1: all
        normals move along one axis).
    """

    at: tuple[Integer, ...] = (0, 1, 5, 10, 20, 40, 100, 200, 300)

    def _run(self, device: torch.device) -> dict[str, np.ndarray]:
        spec = self.training
        x, y = spec.target.points().to(device), spec.target.values().to(device)
        top = spec.target.top().to(device)
        net, history = spec.train(device, snapshots=self.at)
        evaluations, layers, nets = [], [], {}
        with torch.no_grad():
            for epoch in self.at:
                net.load_state_dict(history.snapshots[epoch])
                errors = losses(net, x, y, top)
                scalars = {name: errors[name] for name in errors if name.endswith(_HALVES)}
                scalars |= path_statistics(net, x, top) | {"hardness": hardness(net, x)}
                evaluations.append(scalars)
                if epoch in (self.at[0], self.at[-1]):
                    layers.append(layer_statistics(net, x, top))
                if epoch == 1:
                    nets["first"] = self._normals(net)
        arrays = {
            name: torch.stack([row[name] for row in rows])
            for rows in (evaluations, layers)
            for name in rows[0]
        }
        if net.has_gating and not net.has_bias:
            net.load_state_dict(history.snapshots[0])
            arrays |= self._first_epoch(net, x, y, nets["first"])
        return as_float32(arrays) | {
            "at": np.array(self.at),
            "initial": weight_sums(history.snapshots[0]),
            "diverged": history.diverged,
        }

    def _normals(self, net: GatedNet) -> Tensor | None:
        return half_spaces(net)[0] if net.has_gating else None

    @torch.no_grad()
    def _first_epoch(self, net: GatedNet, x: Tensor, y: Tensor, after: Tensor) -> dict[str, Tensor]:
        spec = self.training
        before = half_spaces(net)[0]
        steps = -(-spec.target.n // min(spec.batch_size, spec.target.n))
        predicted = first_normals(net, x, y, spec.learning_rate * steps)
        angles = turned(before, after).cpu()
        expected = turned(before, predicted).cpu()
        moved = torch.view_as_complex((after - before)[..., 0, :, :].double().contiguous())
        return {
            "predicted": rank_correlations(angles.flatten(1), expected.flatten(1)),
            "turned": angles.square().mean(-1).sqrt(),
            "coherence": ((moved / moved.abs()) ** 2).mean(-1).abs(),
        }
