"""Measurements of a net at some inputs: sums over all paths and counts of active paths."""

import torch
from torch import Tensor

from halfspace.nets import DGN, DLGN, ReLUNet
from halfspace.overlap import active_path_counts, overlap_kernel
from halfspace.paths import mixture_of_experts, path_gates

__all__ = [
    "count_gaps",
    "half_ratio",
    "kept_shares",
    "relative_gap",
    "sum_gap",
]


def relative_gap(values: Tensor, expected: Tensor) -> float:
    """Return the largest difference relative to the largest expected value; 0 if all are zero.

    Args:
        values: any shape.
        expected: the same shape.
    """
    scale = expected.abs().max().clamp_min(torch.finfo(expected.dtype).tiny)
    return ((values - expected).abs().max() / scale).item()


@torch.no_grad()
def sum_gap(net: ReLUNet | DLGN | DGN, x: Tensor) -> float:
    """Return the relative gap of a net's outputs and the sum over all its paths.

    Args:
        net: a net with few paths.
        x: inputs, shape (n, d).
    """
    return relative_gap(net(x), mixture_of_experts(net, x))


@torch.no_grad()
def count_gaps(net: ReLUNet | DLGN | DGN, x: Tensor) -> dict[str, float]:
    """Compare counts of active paths, as products over layers, with counts one by one.

    Args:
        net: a net with hard gates and few paths.
        x: inputs, shape (n, d).

    Returns:
        overlap_gap: largest difference of the overlap kernel and the number of shared active paths;
        count_gap: of the number of active paths; active: mean number of them.
    """
    active, gates, bias = path_gates(net, x).double(), net.gates(x), net.has_bias
    shared, counts = active @ active.mT, active.sum(-1)
    return {
        "overlap_gap": (overlap_kernel(gates, bias=bias) - shared).abs().max().item(),
        "count_gap": (active_path_counts(gates, bias=bias) - counts).abs().max().item(),
        "active": counts.mean().item(),
    }


def half_ratio(gates: Tensor) -> float:
    """Return the mean number of active paths on the circle's top half over that on the bottom half.

    Args:
        gates: hard gates at equispaced inputs, the top half first, shape (n, H, m).
    """
    top, bottom = active_path_counts(gates).double().chunk(2)
    return (top.mean() / bottom.mean()).item()


def kept_shares(gates: Tensor) -> Tensor:
    """Return the share of the first input's active paths that is active at each input, by depth.

    Args:
        gates: hard gates, shape (n, H, m).

    Returns:
        For the paths through the first h layers, shape (H, n), float64; not a number where the
        first input has no active path.
    """
    first = gates[0].double()
    shared = torch.einsum("hm,nhm->hn", first, gates.double())
    return (shared / first.sum(-1, keepdim=True)).cumprod(0)
