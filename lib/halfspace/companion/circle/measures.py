"""Measurements of nets on the circle: losses, path counts, functions, kernels."""

import numpy as np
import torch
from torch import Tensor

from halfspace._checks import check_shape
from halfspace.gates import is_active
from halfspace.nets import GatedNet
from halfspace.ntk import empirical_ntk
from halfspace.overlap import active_path_counts, overlap_kernel
from halfspace.training import State, check_targets

__all__ = ["hard_forward", "hard_gates", "losses", "path_statistics"]


def hard_forward(net: GatedNet, x: Tensor) -> Tensor:
    """Return the net's outputs under hard gates, whatever gate it was trained with.

    Args:
        net: a dense net, possibly stacked.
        x: inputs, shape (..., n, d).

    Returns:
        Shape (..., n, c).

    Raises:
        ValueError: if x is not finite or has the wrong shape.
    """
    return net(x, gates=hard_gates(net, x))


def hard_gates(net: GatedNet, x: Tensor) -> Tensor:
    """Return the net's hard gates, 0 or 1, shape (..., n, H, m).

    A copy that diverged has no active units: a study records it along with the others, and its
    losses and ``diverged`` show it.

    Raises:
        ValueError: if x is not finite or its shape is not (..., n, d).
    """
    return net.gates(x, is_active)


def losses(net: GatedNet, x: Tensor, y: Tensor, top: Tensor) -> dict[str, Tensor]:
    """Mean squared errors under the net's gate and under hard gates, over all and on each half.

    Args:
        net: a stacked net of S copies.
        x: inputs, shape (n, d).
        y: targets, shape (n, 1).
        top: which points lie on the top half, bool, shape (n,).

    Returns:
        ``loss`` and ``hard_loss``, alone and with ``_top`` and ``_bottom``, shape (S,) each.

    Raises:
        ValueError: if y or ``top`` has the wrong shape or type.
    """
    _check_half(x, top)
    errors = {}
    for name, outputs in dict(loss=net(x), hard_loss=hard_forward(net, x)).items():
        check_targets(outputs, y, "mse")
        squares = (outputs - y).square().squeeze(-1)
        errors[name] = squares.mean(-1)
        errors[f"{name}_top"] = squares[..., top].mean(-1)
        errors[f"{name}_bottom"] = squares[..., ~top].mean(-1)
    return errors


def path_statistics(net: GatedNet, x: Tensor, top: Tensor) -> dict[str, Tensor]:
    """Describe the numbers of active paths on each half (hard gates).

    Args:
        net: a stacked net of S copies.
        x: inputs, shape (n, d).
        top: which points lie on the top half, bool, shape (n,).

    Returns:
        ``log_paths`` (mean of ln(1 + number)), ``paths`` (mean number) and ``zero`` (share of
        points without one), each with ``_top`` and ``_bottom``, shape (S,).

    Raises:
        ValueError: if x is not finite or ``top`` has the wrong shape or type.
    """
    _check_half(x, top)
    counts = active_path_counts(hard_gates(net, x), bias=net.has_bias).double()
    statistics = {}
    for half, chosen in dict(top=top, bottom=~top).items():
        statistics[f"log_paths_{half}"] = counts[..., chosen].log1p().mean(-1)
        statistics[f"paths_{half}"] = counts[..., chosen].mean(-1)
        statistics[f"zero_{half}"] = (counts[..., chosen] == 0).double().mean(-1)
    return statistics


def _check_half(x: Tensor, top: Tensor) -> None:
    check_shape("top", top, x.shape[:1])
    if top.dtype != torch.bool:
        raise ValueError(f"top must be bool; got {top.dtype}")


def _functions(net: GatedNet, states: list[State], grid: Tensor) -> dict[str, np.ndarray]:
    """Return the functions of S nets at K states on a grid of N points, shape (K, S, N) each."""
    functions, hard = [], []
    with torch.no_grad():
        for state in states:
            net.load_state_dict(state)
            functions.append(net(grid).squeeze(-1).cpu().numpy())
            hard.append(hard_forward(net, grid).squeeze(-1).cpu().numpy())
    return {"functions": np.stack(functions), "hard_functions": np.stack(hard)}


def _kernels(net: GatedNet, states: list[State], grid: Tensor) -> dict[str, np.ndarray]:
    """Describe the kernels of S nets on a grid of N points, at the start and two later states.

    Returns:
        ``overlap`` and ``ntk`` of the first net, shape (3, N, N); of all nets ``overlap_alignment``
        and ``ntk_alignment`` with the start, ``ntk_top`` and ``ntk_bottom``, shape (3, S).
    """
    top = torch.arange(len(grid), device="cpu") < len(grid) // 2
    overlaps, tangents = [], []
    for state in states:
        net.load_state_dict(state)
        overlaps.append(overlap_kernel(hard_gates(net, grid), bias=net.has_bias).cpu())
        tangents.append(empirical_ntk(net, grid).cpu())
    diagonals = [kernel.diagonal(dim1=-2, dim2=-1) for kernel in tangents]
    return {
        "overlap": torch.stack([kernel[0] for kernel in overlaps]).numpy(),
        "ntk": torch.stack([kernel[0] for kernel in tangents]).numpy(),
        "overlap_alignment": _alignments(overlaps),
        "ntk_alignment": _alignments(tangents),
        "ntk_top": torch.stack([d[..., top].mean(-1) for d in diagonals]).numpy(),
        "ntk_bottom": torch.stack([d[..., ~top].mean(-1) for d in diagonals]).numpy(),
    }


def _alignments(kernels: list[Tensor]) -> np.ndarray:
    """Return the cosine of (S, N, N) kernels at K states with the first, shape (K, S)."""
    flat = [kernel.flatten(-2).double() for kernel in kernels]
    return torch.stack([torch.cosine_similarity(k, flat[0], dim=-1) for k in flat]).numpy()
