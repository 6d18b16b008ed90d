"""Section 4 in numbers: what changes during training on the circle, seed by seed, half by half."""

import math
from typing import ClassVar

import numpy as np
import scipy.fft
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
from halfspace.regions import half_spaces
from halfspace.training import weight_sums

__all__ = ["CircleStudy", "layer_statistics", "power_from"]

_RESIDUAL_POINTS = 512  # on the circle, at which the residual's power is taken
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
        (K, S): mean number; zero_{half} (K, S): share of points without one.
        artefacts_{half}, overtones_{half} (K, S): power of the residual on the half, a mean square,
        at and above the half's own frequency in the target, and above it alone.
        ntk_start, ntk_overlap, ntk_overlap_start (K, S): cosine of the NTK with itself at the
        start, with the overlap kernel of the same epoch, and with that of the start; overlap_start
        (K, S): of the overlap kernel with itself at the start; ntk_{half} (K, S): mean diagonal.
        ntk_target, overlap_target (K, S): centred alignment of the kernels with the target's.
        At the start and at the end, (2, S, H): active_{half}: share of a layer's units that are
        active, mean over the half's points; prefer_{half}: share of a layer's units that are active
        at a larger share of the half's points than of the other half's. Of DLGNs without biases
        also resultant: length of the mean of a layer's unit normals (0 for scattered, 1 for equal
        ones); facing_{half}: share of them within 45 degrees of the half's middle.
    """

    version: ClassVar[int] = 2

    at: tuple[Integer, ...] = (0, 5, 10, 20, 40, 80, 100, 150, 200, 300)
    grid: Integer = Field(128, ge=32)

    def _run(self, device: torch.device) -> dict[str, np.ndarray]:
        spec = self.training
        x, y = spec.target.points().to(device), spec.target.values().to(device)
        top = spec.target.top().to(device)
        net, history = spec.train(device, snapshots=self.at)
        evaluations, layers, start = [], [], None
        for epoch in self.at:
            net.load_state_dict(history.snapshots[epoch])
            with torch.no_grad():
                errors = losses(net, x, y, top)
                scalars = {name: errors[name] for name in errors if name.endswith(_HALVES)}
                scalars |= path_statistics(net, x, top) | self._artefacts(net, device)
                if epoch in (self.at[0], self.at[-1]):
                    layers.append(layer_statistics(net, x, top))
            kernels = self._kernels(net, device)
            start = start or kernels
            evaluations.append(scalars | self._alignments(kernels, start, device))
        arrays = {
            name: np.stack([s[name].cpu().numpy() for s in measured]).astype(np.float32)
            for measured in (evaluations, layers)
            for name in measured[0]
        }
        initial = weight_sums(history.snapshots[0])
        return dict(at=np.array(self.at), diverged=history.diverged, initial=initial) | arrays

    def _artefacts(self, net: GatedNet, device: torch.device) -> dict[str, Tensor]:
        angles, points = circle_grid(_RESIDUAL_POINTS)
        target = self.target.target(angles).to(device)
        residual = (net(points.to(device)).squeeze(-1) - target).double().cpu().numpy()
        powers = {}
        for half, values, frequency in zip(
            ("top", "bottom"), np.split(residual, 2, axis=-1), self.target.frequencies, strict=True
        ):
            above = math.floor(frequency) + 1
            powers[f"artefacts_{half}"] = torch.from_numpy(power_from(values, frequency))
            powers[f"overtones_{half}"] = torch.from_numpy(power_from(values, above))
        return powers

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
            "ntk_overlap_start": cosine(kernels["ntk"], start["overlap"]),
            "ntk_target": alignment(kernels["ntk"], ideal),
            "overlap_target": alignment(kernels["overlap"], ideal),
            "ntk_top": diagonal[..., :half].mean(-1),
            "ntk_bottom": diagonal[..., half:].mean(-1),
        }


def power_from(values: np.ndarray, frequency: float) -> np.ndarray:
    """Return the power of functions on a half of the circle at and above a frequency.

    The half is expanded in sines of k half periods, that is, k periods per turn of the whole
    circle. A target with whole waves on the half is one of these sines.

    Args:
        values: at the midpoints of N equal arcs, shape (..., N).
        frequency: in periods per turn of the whole circle.

    Returns:
        Mean squares, shape (...); for frequency 0, the mean squares of the functions.
    """
    coefficients = scipy.fft.dst(values, norm="ortho", axis=-1)  # the first is of one half period
    first = max(math.ceil(frequency) - 1, 0)
    return np.square(coefficients[..., first:]).sum(-1) / values.shape[-1]


def layer_statistics(net: GatedNet, x: Tensor, top: Tensor) -> dict[str, Tensor]:
    """Describe each layer's units: where they are active, and how their normals lie, (S, H) each.

    Hard gates; normals of half-spaces through the origin, if the net has them.
    """
    gates = hard_gates(net, x).double()  # (S, n, H, m)
    active = {"top": gates[:, top].mean(1), "bottom": gates[:, ~top].mean(1)}
    described = {f"active_{half}": shares.mean(-1) for half, shares in active.items()}
    described["prefer_top"] = (active["top"] > active["bottom"]).double().mean(-1)
    described["prefer_bottom"] = (active["top"] < active["bottom"]).double().mean(-1)
    if net.has_gating and net.has_linear_gating and not net.has_bias:
        normals = half_spaces(net)[0]
        unit = normals / normals.norm(dim=-1, keepdim=True)
        described["resultant"] = unit.mean(-2).norm(dim=-1)
        for half, height in dict(top=unit[..., 1], bottom=-unit[..., 1]).items():
            described[f"facing_{half}"] = (height >= math.cos(math.pi / 4)).double().mean(-1)
    return described
