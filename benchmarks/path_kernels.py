"""Path kernels of convolutional and residual nets against the plain sums that define them."""

import itertools
from collections.abc import Iterator

import torch
from halfspace.conv import ConvDLGN
from halfspace.gates import HardGate
from halfspace.path_kernels import conv_path_kernel, residual_tangent_kernel
from halfspace.residual import ResidualDLGN
from torch import Tensor

from benchmarks.harness import Competitor, compare

__all__ = ["FULL", "QUICK", "run"]

FULL = dict(images=(20, 50), side=7, filters=16, points=200, blocks=(4, 8))
QUICK = dict(images=(4,), side=3, filters=2, points=10, blocks=(2,))
DEPTH, WIDTH, LAYERS = 2, 128, 2
_ROUNDING = 1e-10  # relative to the largest entry


def run(
    quick: bool,
    *,
    images: tuple[int, ...],
    side: int,
    filters: int,
    points: int,
    blocks: tuple[int, ...],
) -> dict:
    """Time pooled kernels over numbers of images, and residual ones over numbers of blocks."""
    rows = list(_rows(quick, images, side, filters, points, blocks))
    return {"rows": rows, "fits": [], "facts": {}}


def _rows(quick, images, side, filters, points, blocks) -> Iterator[dict]:
    for n in images:
        yield _pooled_row(n, side, filters, quick)
    for count in blocks:
        yield _residual_row(points, count, quick)


def _pooled_row(n: int, side: int, filters: int, quick: bool) -> dict:
    generator = torch.Generator().manual_seed(0)
    sizes = dict(channels=1, filters=filters, depth=DEPTH, units=8, border="circular")
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
