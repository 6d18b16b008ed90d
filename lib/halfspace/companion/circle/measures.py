"""What is measured of nets on the circle: losses, path counts, functions, kernels."""

import numpy as np
import torch
from torch import Tensor

from halfspace._checks import check_shape, uncompiled
from halfspace.gates import is_active
from halfspace.nets import DLGN, ReLUNet
from halfspace.ntk import empirical_ntk
from halfspace.overlap import active_path_counts, overlap_kernel
from halfspace.training import State, check_targets

__all__ = ["hard_forward", "hard_gates", "losses", "path_statistics"]


def hard_forward(net: ReLUNet | DLGN, x: Tensor) -> Tensor:
    """Return the net's outputs under hard gates, whatever gate it was trained with."""
    net = uncompiled(net)
    if isinstance(net, DLGN):
        return net(x, gates=hard_gates(net, x))
    return net(x)


def hard_gates(net: ReLUNet | DLGN, x: Tensor) -> Tensor:
    """Return the net's hard gates, 0 or 1, shape (..., n, H, m).

    A copy that diverged has no active units: a study records it along with the others, and its
    losses and ``diverged`` tell.

    Raises:
        ValueError: if x is not finite or of another shape than (..., n, d).
    """
    return is_active(net.preactivations(x))


def losses(net: ReLUNet | DLGN, x: Tensor, y: Tensor, top: Tensor) -> dict[str, Tensor]:
    """Mean squared errors under the own gate and under hard ones, over all and on each half.

    Args:
        net: a stacked net of S copies.
        x: inputs, shape (n, d).
        y: targets, shape (n, 1).
        top: which points lie on the top half, bool, shape (n,).

    Returns:
        ``loss`` and ``hard_loss``, alone and with ``_top`` and ``_bottom``, shape (S,) each.

    Raises:
        ValueError: if y or ``top`` has another shape or kind.
    """
    _check_half(x, top)
    found = {}
    for name, forward in dict(loss=net, hard_loss=lambda x: hard_forward(net, x)).items():
        outputs = forward(x)
        check_targets(outputs, y, "mse")
        squares = (outputs - y).square().squeeze(-1)
        found[name] = squares.mean(-1)
        found[f"{name}_top"] = squares[..., top].mean(-1)
        found[f"{name}_bottom"] = squares[..., ~top].mean(-1)
    return found


def path_statistics(net: ReLUNet | DLGN, x: Tensor, top: Tensor) -> dict[str, Tensor]:
    """Describe the numbers of active paths on each half (hard gates).

    Args:
        net: a stacked net of S copies.
        x: inputs, shape (n, d).
        top: which points lie on the top half, bool, shape (n,).

    Returns:
        ``log_paths`` (mean of ln(1 + number)), ``paths`` (mean number) and ``zero`` (share of
        points without one), each with ``_top`` and ``_bottom``, shape (S,).

    Raises:
        ValueError: if x is not finite or ``top`` has another shape or kind.
    """
    _check_half(x, top)
    counts = active_path_counts(hard_gates(net, x), bias=net.has_bias).double()
    found = {}
    for half, chosen in dict(top=top, bottom=~top).items():
        found[f"log_paths_{half}"] = counts[..., chosen].log1p().mean(-1)
        found[f"paths_{half}"] = counts[..., chosen].mean(-1)
        found[f"zero_{half}"] = (counts[..., chosen] == 0).double().mean(-1)
    return found


def _check_half(x: Tensor, top: Tensor) -> None:
    check_shape("top", top, x.shape[:1])
    if top.dtype != torch.bool:
        raise ValueError(f"top must be bool; got {top.dtype}")


def _functions(net, states: list[State], grid: Tensor) -> dict[str, np.ndarray]:
    own, hard = [], []
    with torch.no_grad():
        for state in states:
            net.load_state_dict(state)
            own.append(net(grid).squeeze(-1).cpu().numpy())
            hard.append(hard_forward(net, grid).squeeze(-1).cpu().numpy())
    return {"functions": np.stack(own), "hard_functions": np.stack(hard)}


def _kernels(net, states: list[State], grid: Tensor) -> dict[str, np.ndarray]:
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
    flat = [kernel.flatten(-2).double() for kernel in kernels]
    return torch.stack([torch.cosine_similarity(k, flat[0], dim=-1) for k in flat]).numpy()
