"""Section 4 in numbers: what changes during training on the circle, seed by seed, half by half."""

import math

import numpy as np
import torch
from pydantic import Field
from torch import Tensor

from halfspace.companion.circle.measures import hard_gates, losses, path_statistics
from halfspace.companion.circle.specs import CircleEvaluation
from halfspace.companion.spec import Integer
from halfspace.datasets import circle_grid
from halfspace.kernels import alignment, cosine
from halfspace.nets import GatedNet
from halfspace.ntk import empirical_ntk
from halfspace.overlap import overlap_kernel
from halfspace.regions import count_active_somewhere, half_spaces
from halfspace.training import weight_sums

__all__ = ["CircleStudy", "FREQUENCIES"]

FREQUENCIES = 17
"""The residual's spectrum holds the frequencies from 0 to 16 periods a turn."""

_ARC_POINTS = 1024  # grid points on each half at which activation patterns are collected
_MAX_PATHS = 2**21  # non-empty regions of nets with more paths are not counted
_HALVES = ("_top", "_bottom")


class CircleStudy(CircleEvaluation):
    """Train as ``CircleTraining`` does and measure scalars of every seed at some epochs.

    Attributes (besides those of ``CircleEvaluation``):
        grid: N, points of the circle at which kernels and the residual are taken.

    The result's arrays, float32, K epochs, S seeds, H layers; *half* is ``top`` or ``bottom``:
        at (K,); diverged (S,); initial (S,): sum of the initial weights, a fingerprint of them.
        loss_{half}, hard_loss_{half} (K, S): mean squared error at the training points under the
        net's gate and under hard gates.
        log_paths_{half} (K, S): mean of ln(1 + number of active paths), hard gates; paths_{half}
        (K, S): mean number; zero_{half} (K, S): share of points without one; soft_log_paths_{half}
        (K, S): mean logarithm of the sum of all paths' activities under the net's gate (DLGNs).
        patterns_{half}, regions_{half} (K, S): activation patterns that occur on the half, and
        paths that are active somewhere on it; NaN for nets with more than 2^21 paths.
        ntk_start, ntk_overlap (K, S): cosine of the NTK with itself at the start, and with the
        overlap kernel of the same epoch; overlap_start (K, S); ntk_{half} (K, S): mean diagonal.
        ntk_target, overlap_target (K, S): centred alignment of the kernels with the target's.
        spectrum (K, S, 17): power of the residual at each frequency.
        resultant (K, S, H): length of the mean of a layer's unit normals (0 for scattered, 1 for
        equal ones); facing_top (K, S, H): share of them within 45 degrees of the top half's middle
        (DLGNs without biases).
    """

    at: tuple[Integer, ...] = (0, 5, 10, 20, 40, 80, 150, 300)
    grid: Integer = Field(128, ge=32)

    def _run(self, device: torch.device) -> dict[str, np.ndarray]:
        spec = self.training
        x, y = spec.target.points().to(device), spec.target.values().to(device)
        top = spec.target.top().to(device)
        net, history = spec.train(device, snapshots=self.at)
        evaluations, start = [], None
        for epoch in self.at:
            net.load_state_dict(history.snapshots[epoch])
            with torch.no_grad():
                errors = losses(net, x, y, top)
                scalars = {name: errors[name] for name in errors if name.endswith(_HALVES)}
                scalars |= path_statistics(net, x, top) | _soft_paths(net, x, top) | _normals(net)
                scalars |= _regions(net, device) | self._residual(net, device)
            kernels = self._kernels(net, device)
            start = start or kernels
            evaluations.append(scalars | self._alignments(kernels, start, device))
        arrays = {
            name: np.stack([s[name].cpu().numpy() for s in evaluations]).astype(np.float32)
            for name in evaluations[0]
        }
        initial = weight_sums(history.snapshots[0])
        return dict(at=np.array(self.at), diverged=history.diverged, initial=initial) | arrays

    def _residual(self, net: GatedNet, device: torch.device) -> dict[str, Tensor]:
        angles, points = circle_grid(256)
        target = self.target.target(angles).to(device)
        residual = net(points.to(device)).squeeze(-1) - target
        power = (torch.fft.rfft(residual, norm="forward").abs() ** 2)[..., :FREQUENCIES]
        return {"spectrum": power}

    def _kernels(self, net: GatedNet, device: torch.device) -> dict[str, Tensor]:
        points = circle_grid(self.grid)[1].to(device)
        overlap = overlap_kernel(hard_gates(net, points), bias=net.has_bias)
        return {"ntk": empirical_ntk(net, points).double(), "overlap": overlap.double()}

    def _alignments(self, kernels, start, device: torch.device) -> dict[str, Tensor]:
        angles, _ = circle_grid(self.grid)
        target = self.target.target(angles).to(device).double()
        ideal = torch.outer(target, target)
        diagonal = kernels["ntk"].diagonal(dim1=-2, dim2=-1)
        half = self.grid // 2
        return {
            "ntk_start": cosine(kernels["ntk"], start["ntk"]),
            "overlap_start": cosine(kernels["overlap"], start["overlap"]),
            "ntk_overlap": cosine(kernels["ntk"], kernels["overlap"]),
            "ntk_target": alignment(kernels["ntk"], ideal),
            "overlap_target": alignment(kernels["overlap"], ideal),
            "ntk_top": diagonal[..., :half].mean(-1),
            "ntk_bottom": diagonal[..., half:].mean(-1),
        }


def _soft_paths(net: GatedNet, x: Tensor, top: Tensor) -> dict[str, Tensor]:
    """Mean logarithm of the sum of all paths' activities under the net's gate, on each half.

    Shape (S,) each; nothing for a net without a gating network.
    """
    if not net.has_gating:
        return {}
    activity = net.gates(x).double().sum(-1).log().sum(-1)
    return {
        f"soft_log_paths_{half}": activity[..., chosen].mean(-1)
        for half, chosen in dict(top=top, bottom=~top).items()
    }


def _regions(net: GatedNet, device: torch.device) -> dict[str, Tensor]:
    """Count activation patterns and non-empty path regions on each half, shape (S,) each."""
    _, points = circle_grid(2 * _ARC_POINTS)
    gates = hard_gates(net, points.to(device)).bool().cpu().numpy()
    countable = net.width**net.depth <= _MAX_PATHS
    counts = {}
    for half, arc in dict(top=slice(0, _ARC_POINTS), bottom=slice(_ARC_POINTS, None)).items():
        distinct = [np.unique(copy[arc], axis=0) for copy in gates]
        counts[f"patterns_{half}"] = torch.tensor([float(len(p)) for p in distinct])
        paths = [float(count_active_somewhere(p)) if countable else math.nan for p in distinct]
        counts[f"regions_{half}"] = torch.tensor(paths)
    return counts


def _normals(net: GatedNet) -> dict[str, Tensor]:
    """Describe each layer's half-spaces through the origin, if a net has such: shape (S, H)."""
    if not net.has_linear_gating or net.has_bias:
        return {}
    normals = half_spaces(net)[0]
    unit = normals / normals.norm(dim=-1, keepdim=True)
    return {
        "resultant": unit.mean(-2).norm(dim=-1),
        "facing_top": (unit[..., 1] >= math.cos(math.pi / 4)).double().mean(-1),
    }
