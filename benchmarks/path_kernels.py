"""Path kernels of convolutional and residual nets against the plain sums that define them.

neural-tangents has no kernel for gates that are given. Its closest one is the NTK of infinitely
wide convolutions with a mean over pixels, which takes the same array of pairs of pixels. Without a
nonlinearity, that is, with all gates open, both are the same kernel, up to a factor.

Reference: Novak, Xiao, Hron, Lee, Alemi, Sohl-Dickstein and Schoenholz 2020, Neural Tangents: Fast
and Easy Infinite Neural Networks in Python.
"""

import itertools
import sys
from collections.abc import Iterator

import torch
from halfspace.conv import ConvDLGN
from halfspace.gates import HardGate
from halfspace.path_kernels import conv_path_kernel, residual_tangent_kernel
from halfspace.residual import ResidualDLGN
from torch import Tensor
from torch.nn import functional

from benchmarks.harness import Competitor, compare
from benchmarks.peers import NeuralTangents, available

__all__ = ["FULL", "QUICK", "run"]

FULL = dict(images=(20, 50), side=7, filters=16, points=200, blocks=(4, 8))
QUICK = dict(images=(4,), side=3, filters=2, points=10, blocks=(2,))
DEPTH, WIDTH, LAYERS = 2, 128, 2
_UNITS = 8  # of the dense layer behind the convolutions
_ROUNDING = 1e-10  # relative to the largest entry
_SINGLE = 1e-5  # the same in float32


def run(
    quick: bool,
    *,
    images: tuple[int, ...],
    side: int,
    filters: int,
    points: int,
    blocks: tuple[int, ...],
) -> dict:
    """Time pooled kernels over numbers of images, and residual ones over numbers of blocks.

    Where neural-tangents has no environment, the rows with all gates open are left out.
    """
    rows, versions = list(_rows(quick, images, side, filters, points, blocks)), {}
    if not available():
        message = "path_kernels: without neural-tangents, whose environment make bench makes"
        print(message, file=sys.stderr)
    else:
        with NeuralTangents() as peer:
            rows += [_open_row(n, side, filters, quick, peer) for n in images]
            versions = peer.versions
    return {"rows": rows, "fits": [], "facts": {"peers": versions}}


def _rows(quick, images, side, filters, points, blocks) -> Iterator[dict]:
    for n in images:
        yield _pooled_row(n, side, filters, quick)
    for count in blocks:
        yield _residual_row(points, count, quick)


def _pooled_row(n: int, side: int, filters: int, quick: bool) -> dict:
    generator = torch.Generator().manual_seed(0)
    sizes = dict(channels=1, filters=filters, depth=DEPTH, units=_UNITS, border="circular")
    net = ConvDLGN(gate=HardGate(), **sizes, generator=generator).double()
    x = torch.rand(n, 1, side, side, dtype=torch.float64, generator=generator)
    with torch.no_grad():
        gates = net.gates(x)
    exact = shift_by_shift(x, gates)
    competitors = [
        Competitor(
            name="ours",
            own=True,
            work=lambda: conv_path_kernel(x, gates, border="circular"),
            tolerance=_ROUNDING,
        ),
        Competitor(
            name="sum over shifts", work=lambda: shift_by_shift(x, gates), tolerance=_ROUNDING
        ),
        Competitor(name="pair by pair", work=lambda: pair_by_pair(x, gates), tolerance=_ROUNDING),
    ]
    label = f"path kernel, {n:,} images of {side}×{side}, {filters}×{DEPTH}"
    sizes = dict(images=n, side=side, filters=filters)
    return compare("pooled", label, sizes, competitors, _error(exact), quick=quick)


def _open_row(n: int, side: int, filters: int, quick: bool, peer: NeuralTangents) -> dict:
    x = torch.rand(
        n, 1, side, side, dtype=torch.float64, generator=torch.Generator().manual_seed(0)
    )
    gates = [torch.ones(n, filters, side, side, dtype=x.dtype) for _ in range(DEPTH)]
    gates.append(torch.ones(n, _UNITS, dtype=x.dtype))
    exact = wide_linear(x, DEPTH)
    # Layers of variance 1 over a unit's inputs: the mean NTK of the path kernel.
    factor = (DEPTH + 2) / (9**DEPTH * x.shape[1] * filters**DEPTH * _UNITS)
    competitors = [
        Competitor(
            name="ours",
            own=True,
            work=lambda: factor * conv_path_kernel(x, gates),
            tolerance=_ROUNDING,
        ),
        peer.wide_competitor(x, DEPTH, tolerance=_SINGLE),
    ]
    label = f"path kernel, {n:,} images of {side}×{side}, all gates open"
    return compare(
        "open", label, dict(images=n, side=side, filters=filters), competitors, _error(exact),
        quick=quick,
    )  # fmt: skip


def _residual_row(n: int, blocks: int, quick: bool) -> dict:
    generator = torch.Generator().manual_seed(0)
    sizes = dict(width=WIDTH, blocks=blocks, layers=LAYERS)
    net = ResidualDLGN(20, gate=HardGate(), **sizes, generator=generator).double()
    x = torch.randn(n, 20, dtype=torch.float64, generator=generator)
    with torch.no_grad():
        gates = net.gates(x)
    options = dict(layers=LAYERS, variance=2 / WIDTH)
    exact = sub_network_by_sub_network(x, gates, **options)
    competitors = [
        Competitor(
            name="ours",
            own=True,
            work=lambda: residual_tangent_kernel(x, gates, **options),
            tolerance=_ROUNDING,
        ),
        Competitor(
            name="sum over sub-networks",
            work=lambda: sub_network_by_sub_network(x, gates, **options),
            tolerance=_ROUNDING,
        ),
    ]
    label = f"residual kernel, N = {n:,}, {blocks} blocks"
    sizes = dict(points=n, blocks=blocks)
    return compare("residual", label, sizes, competitors, _error(exact), quick=quick)


def _error(exact: Tensor):
    return lambda kernel: ((kernel - exact).abs().max() / exact.abs().max()).item()


def wide_linear(x: Tensor, depth: int) -> Tensor:
    """Return the NTK of infinitely wide convolutions with open gates, path by path: shape (n, n).

    Paths with the same weights are a sequence of places in the windows; their feature is the mean
    over pixels of the input that they start at.
    """
    for _ in range(depth):
        windows = functional.pad(x, (1, 1, 1, 1)).unfold(2, 3, 1).unfold(3, 3, 1)
        x = windows.movedim((4, 5), (2, 3)).flatten(1, 3)
    features = x.mean((2, 3))
    return (depth + 2) * (features @ features.T) / features.shape[1]


def shift_by_shift(x: Tensor, gates: list[Tensor]) -> Tensor:
    """Add the kernels of equal paths of all shifts of the second set, shape (n, n)."""
    *convolutions, dense = gates
    total = torch.zeros(len(x), len(x), dtype=x.dtype)
    pixels = x[0, 0].numel()
    for shift in itertools.product(*map(range, x.shape[2:])):
        moved = [part.roll(shift, (2, 3)) for part in (x, *convolutions)]
        pairs = torch.einsum("nchw,mchw->nmhw", x, moved[0])
        for mine, other in zip(convolutions, moved[1:], strict=True):
            steps = itertools.product((-1, 0, 1), repeat=2)
            arriving = sum(pairs.roll(step, (2, 3)) for step in steps)
            pairs = arriving * torch.einsum("nfhw,mfhw->nmhw", mine, other)
        total += pairs.sum((2, 3))
    return total * (dense @ dense.T) / pixels**2


def pair_by_pair(x: Tensor, gates: list[Tensor]) -> Tensor:
    """Run the recursion over pairs of pixels for one pair of images at a time, shape (n, n)."""
    *convolutions, dense = gates
    total = torch.zeros(len(x), len(x), dtype=x.dtype)
    for i, j in itertools.product(range(len(x)), repeat=2):
        pairs = torch.einsum("chw,cij->hwij", x[i], x[j])
        for g in convolutions:
            steps = itertools.product((-1, 0, 1), repeat=2)
            arriving = sum(pairs.roll((*step, *step), (0, 1, 2, 3)) for step in steps)
            pairs = arriving * torch.einsum("fhw,fij->hwij", g[i], g[j])
        total[i, j] = pairs.sum()
    return total * (dense @ dense.T) / x[0, 0].numel() ** 2


def sub_network_by_sub_network(x: Tensor, gates: Tensor, *, layers: int, variance: float) -> Tensor:
    """Add the kernels of all sub-networks of a residual net, one by one, shape (n, n)."""
    total = torch.zeros(len(x), len(x), dtype=x.dtype)
    blocks = (gates.shape[1] - 1) // layers
    for taken in itertools.product((False, True), repeat=blocks):
        kept = [0] + [
            1 + block * layers + layer
            for block, inside in enumerate(taken)
            if inside
            for layer in range(layers)
        ]
        factor = (len(kept) + 1) * variance ** len(kept)
        product = torch.ones_like(total)
        for layer in kept:
            product *= gates[:, layer] @ gates[:, layer].T
        total += factor * (x @ x.T) * product
    return total
