"""Soft or hard? Trained DLGNs of the circle whose gates are made softer or harder afterwards."""

import base64
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import ArrayLike

from halfspace.companion.plots import COLORS, angle_axis, figure, legend_above
from halfspace.companion.widgets.kit import InteractiveFigure, drawn
from halfspace.datasets import circle_points
from halfspace.gates import Gate, HardGate, SoftGate, StraightThroughGate
from halfspace.nets import DLGN

__all__ = ["soft_or_hard"]

_BETAS = (1, 1.5, 2, 3, 4, 6, 8, 10, 15, 20, 30, 50, 70, 100, 150, 200, 300, 500, 700, 1000)
_ALT = (
    "Two panels of a wave against the angle, slow up to 180° and fast beyond. With the gates of "
    "the training the curve of the DLGN lies on the target. With hard gates it is made of steps "
    "that miss the target, on both halves."
)


def soft_or_hard(
    nets: Sequence[DLGN], angles: ArrayLike, targets: ArrayLike, *, start: int
) -> InteractiveFigure:
    """Show what trained DLGNs compute when their gates are made softer or harder afterwards.

    Args:
        nets: DLGNs of one size, each with a soft or a straight-through gate, without biases, with
            two inputs, one output, and a value network that is fed ones.
        angles: of the training points on the circle, radians, shape (n,).
        targets: there, shape (n,).
        start: which of the nets is shown first, and in the still picture.

    Raises:
        ValueError: if a net is of another kind or size, or ``start`` is none of them.

    Example:
        >>> net = DLGN(2, width=4, depth=3, gate=SoftGate(4.0), constant_input=True)
        >>> soft_or_hard([net], [0.0, 1.0], [1.0, 0.5], start=0).name
        'soft_or_hard'
    """
    if not nets:
        raise ValueError("the figure needs at least one net; got none")
    for net in nets:
        _check(net)
    first = nets[0]
    if len({(net.width, net.depth) for net in nets}) > 1:
        raise ValueError("nets must have one width and one depth")
    if not 0 <= start < len(nets):
        raise ValueError(f"start must be from 0 to {len(nets) - 1}; got {start}")
    own = [_sharpness(net.gate) for net in nets]
    betas = sorted({*_BETAS, *(beta for beta in own if beta is not None)})
    data = {
        "width": first.width,
        "depth": first.depth,
        "angles": _encoded(angles),
        "targets": _encoded(targets),
        "betas": [*betas, None],
        "nets": [
            {"beta": beta, "weights": _encoded(_weights(net))}
            for beta, net in zip(own, nets, strict=True)
        ],
        "start": start,
        "colors": {name: COLORS[name] for name in ("dlgn", "target")},
    }
    still = drawn(_still(nets[start], np.asarray(angles), np.asarray(targets)))
    return InteractiveFigure("soft_or_hard", ("soft_or_hard.js",), data, still, _ALT)


def _check(net: DLGN) -> None:
    """Refuse a net that the script cannot compute."""
    if not isinstance(net, DLGN) or net.shallow:
        raise ValueError(f"nets must be DLGNs that are gated layer by layer; got {net}")
    if not isinstance(net.gate, SoftGate | StraightThroughGate):
        raise ValueError(f"gates must be soft or straight-through; got {net.gate}")
    if net.value[0].weight.ndim != 2:
        raise ValueError("nets must be single; unstack a stacked net")
    if net.has_bias or not net.constant_input or (net.d_in, net.d_out) != (2, 1):
        raise ValueError(
            "nets must have two inputs, one output, constant input of the value network, and be "
            "without biases"
        )


def _sharpness(gate: Gate) -> float | None:
    """Return the β of a soft gate, ``None`` for a gate that is hard in the forward pass."""
    return gate.beta if isinstance(gate, SoftGate) else None


def _weights(net: DLGN) -> np.ndarray:
    """Return the weights of the gating layers, then of the value layers, row by row, in one row."""
    layers = [*net.gating, *net.value]
    return np.concatenate([layer.weight.detach().numpy().ravel() for layer in layers])


def _encoded(values: ArrayLike) -> str:
    """Return numbers as float32, little-endian, in base64."""
    return base64.b64encode(np.asarray(values, dtype="<f4").tobytes()).decode()


def _still(net: DLGN, angles: np.ndarray, targets: np.ndarray):
    fine = (torch.arange(1440) + 0.5) * (2 * torch.pi / 1440)
    x = circle_points(fine.double()).float()
    gates = {f"gates of the training ({_title(net.gate)})": net.gate, "hard gates": HardGate()}
    made, axes = figure(2, 1, height=1.9, sharex=True)
    for axis, (title, gate) in zip(axes.flat, gates.items(), strict=True):
        with torch.no_grad():
            outputs = net(x, gates=net.gates(x, gate)).squeeze(-1).numpy()
        axis.plot(np.degrees(angles), targets, color=COLORS["target"], lw=2.5, label="target")
        axis.plot(np.degrees(fine.numpy()), outputs, color=COLORS["dlgn"], lw=1.4, label="DLGN")
        axis.set(ylim=(-1.7, 1.7), ylabel="output", title=title)
        angle_axis(axis)
    axes[1, 0].set_xlabel("angle θ")
    legend_above(made, axes[0, 0], columns=2)
    return made


def _title(gate: Gate) -> str:
    return f"β = {gate.beta:g}" if isinstance(gate, SoftGate) else "hard"
