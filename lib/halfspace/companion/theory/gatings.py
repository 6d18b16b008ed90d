"""Gates from six sources for one value network, for the chapter that compares them."""

from collections.abc import Iterable, Mapping

import numpy as np
import torch
from torch import Tensor

from halfspace.companion.text import significant
from halfspace.datasets import circle_grid
from halfspace.gates import HardGate
from halfspace.nets import DGN, DLGN, ReLUNet
from halfspace.overlap import neural_path_kernel, overlap_kernel
from halfspace.paths import enumerate_paths, path_experts

__all__ = [
    "CONTEXTS",
    "mean_shares",
    "path_sum",
    "random_gates",
    "shared_from_first",
    "source_rows",
    "source_values",
]

CONTEXTS = 3
"""Contexts of the gated linear net, thirds of the circle, and gates of the globally gated net."""


@torch.no_grad()
def random_gates(x: Tensor, *, width: int, depth: int, seed: int) -> dict[str, Tensor]:
    """Return hard gates at points of the circle, as six kinds of networks have before training.

    The gated linear net has three contexts, thirds of the circle; each of its units is on in two of
    them. The globally gated net has three gates with random half-spaces, each of which opens a
    third of every layer.

    Args:
        x: points of the circle, shape (n, 2).
        width: m, a multiple of 3.
        depth: H.
        seed: of all random weights.

    Returns:
        By the network's name, shape (n, H, m).

    Raises:
        ValueError: if the width is not a multiple of 3.
    """
    if width % CONTEXTS:
        raise ValueError(f"width must be a multiple of {CONTEXTS}; got {width}")
    generator = torch.Generator().manual_seed(seed)
    sizes = dict(width=width, depth=depth, generator=generator)
    thirds = torch.atan2(x[:, 1], x[:, 0]).rad2deg().remainder(360) // (360 // CONTEXTS)
    in_two = thirds[:, None] != torch.arange(CONTEXTS)
    half_spaces = x @ torch.randn(2, CONTEXTS, generator=generator) >= 0
    shared = {"gated linear net": in_two, "globally gated net": half_spaces}
    layers = {
        name: gates.repeat_interleave(width // CONTEXTS, 1).float()[:, None].repeat(1, depth, 1)
        for name, gates in shared.items()
    }
    return {
        "deep linear net": torch.ones(len(x), depth, width),
        **layers,
        "DLGN": DLGN(2, gate=HardGate(), **sizes).gates(x),
        "DGN": DGN(2, gate=HardGate(), **sizes).gates(x),
        "ReLU net": ReLUNet(2, **sizes).gates(x),
    }


@torch.no_grad()
def path_sum(net: DLGN, x: Tensor, gates: Tensor) -> Tensor:
    """Sum gate times expert over all paths of a value network under given gates (Equation 1).

    Args:
        net: whose experts are summed, without biases.
        x: inputs, shape (n, d).
        gates: of any network of its width and depth, shape (n, H, m).

    Returns:
        Outputs, shape (n, c).
    """
    paths = enumerate_paths(net.width, net.depth)
    on = gates[:, torch.arange(net.depth), paths].prod(-1)
    return (on.unsqueeze(-1) * path_experts(net, x)).sum(1)


def mean_shares(drawn: Iterable[Mapping[str, Tensor]]) -> dict[str, np.ndarray]:
    """Return which share of an input's active paths another input has, by the angle between them.

    Args:
        drawn: gates of ``random_gates`` at n points at equal distances, for each draw.

    Returns:
        By the network's name: means over inputs that have an active path, and over draws, shape
        (n,), from angle 0 on.
    """
    shares = [{name: _shares(gates).mean(0) for name, gates in nets.items()} for nets in drawn]
    return {
        name: torch.stack([nets[name] for nets in shares]).mean(0).numpy() for name in shares[0]
    }


def shared_from_first(gates: Tensor) -> np.ndarray:
    """Return the shares of the first input that has an active path, itself first, shape (n,)."""
    return _shares(gates)[0].numpy()


def _shares(gates: Tensor) -> Tensor:
    """Return the shares of each input that has an active path, turned so that it comes first."""
    kernel = overlap_kernel(gates).double()
    turned = torch.stack([row.roll(-place) for place, row in enumerate(kernel)])
    turned = turned[turned[:, 0] > 0]
    return turned / turned[:, :1]


def source_rows(
    seeds: Iterable[int], *, width: int, depth: int, points: int = 64
) -> list[dict[str, str]]:
    """Return what gates decide before anything is learned, as a table's rows, means over draws.

    Args:
        seeds: one for each draw.
        width: m, a multiple of 3.
        depth: H.
        points: at equal distances on the circle.
    """
    x = circle_grid(points)[1]
    drawn = [random_gates(x, width=width, depth=depth, seed=seed) for seed in seeds]
    shares = mean_shares(drawn)
    rows = []
    for name in shares:
        active = [overlap_kernel(nets[name]).diagonal() / width**depth for nets in drawn]
        kernels = torch.stack([neural_path_kernel(x, nets[name]) for nets in drawn])
        ranks = torch.linalg.matrix_rank(kernels, hermitian=True).double()
        rows.append(
            {
                "gates of a": name,
                "paths active": _percent(torch.stack(active).mean()),
                "still at 45°": _percent(shares[name][points // 8]),
                "still at 90°": _percent(shares[name][points // 4]),
                f"rank, {points} points": significant(ranks.mean().item(), 2),
            }
        )
    return rows


def _percent(share: float) -> str:
    return f"{100 * float(share):.0f} %"


def source_values(rows: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Return the text's numbers on ``source_rows``: shares at 90° and ranks, by network."""
    values = {}
    for row in rows:
        name, *_, quarter, rank = row.values()
        short = name.lower().replace(" ", "-")
        values |= {f"quarter-{short}": quarter, f"rank-{short}": rank}
    return values
