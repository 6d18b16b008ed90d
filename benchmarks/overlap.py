"""The overlap kernel against the plain product of the layers' Gram matrices."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator

import torch
from halfspace.datasets import circle_grid
from halfspace.gates import HardGate
from halfspace.nets import DLGN
from halfspace.overlap import overlap_kernel
from torch import Tensor

from benchmarks.harness import Competitor, compare, fits
from benchmarks.memory import anonymous_peak

__all__ = ["FULL", "QUICK", "run"]

FULL = dict(
    points=(500, 1000, 2000, 4000),
    widths=(32, 64, 128, 256, 512),
    depths=(1, 2, 3, 5, 7),
    largest=(512, 6),
    file=10_000,
)
QUICK = dict(points=(20, 40, 80), widths=(4, 8, 16), depths=(1, 2, 3), largest=(512, 6), file=300)
WIDTH, DEPTH = 128, 5
_MIDDLE = 1  # of the numbers of points: the one at which width and depth are varied
_RELATIVE_ROUNDING = 1e-5  # far above float32's rounding of a few products, far below a mistake


def run(
    quick: bool,
    *,
    points: tuple[int, ...],
    widths: tuple[int, ...],
    depths: tuple[int, ...],
    largest: tuple[int, int],
    file: int,
) -> dict:
    """Time the kernel over numbers of points, widths and depths; fill one that lies in a file."""
    rows = list(_rows(quick, points, widths, depths, largest))
    laws = fits(rows, "points", "points")
    laws += fits(rows, "width", "width") + fits(rows, "depth", "depth")
    return {"rows": rows, "fits": laws, "facts": {"file": _in_a_process(file)}}


def _rows(quick, points, widths, depths, largest) -> Iterator[dict]:
    for n in points:
        yield _row("points", n, WIDTH, DEPTH, quick)
    for width in widths:
        yield _row("width", points[_MIDDLE], width, DEPTH, quick)
    for depth in depths:
        yield _row("depth", points[_MIDDLE], WIDTH, depth, quick)
    yield _row("largest counts", points[_MIDDLE], *largest, quick)


def _row(group: str, n: int, width: int, depth: int, quick: bool) -> dict:
    gates = _gates(n, width, depth)
    exact = torch.ones(n, n, dtype=torch.int64)
    for layer in gates.unbind(-2):
        exact *= (layer @ layer.mT).to(torch.int64)
    counted = exact > 0

    def wrong(kernel: Tensor) -> float:
        relative = (kernel.double() - exact).abs()[counted] / exact[counted]
        if (kernel[~counted] != 0).any() or relative.max() > _RELATIVE_ROUNDING:
            return float("inf")
        return (kernel.to(torch.int64) != exact)[counted].double().mean().item()

    out = torch.empty(n, n, dtype=torch.int64)
    flops = float(n * n * width * depth)  # a multiplication and an addition, half of the pairs
    competitors = [
        Competitor(
            name="ours", own=True, work=lambda: overlap_kernel(gates), tolerance=0, flops=flops
        ),
        Competitor(
            name="ours, out=",
            own=True,
            work=lambda: overlap_kernel(gates, out=out),
            tolerance=0,
            flops=flops,
        ),
        # The row shows the effect of rounding on these two.
        Competitor(
            name="product of Grams, float32", work=lambda: product_of_grams(gates), tolerance=1
        ),
        Competitor(
            name="product of Grams, float64",
            work=lambda: product_of_grams(gates.double()),
            tolerance=1,
        ),
    ]
    sizes = dict(points=n, width=width, depth=depth)
    return compare(
        group, f"overlap, N = {n:,}, {width}×{depth}", sizes, competitors, wrong, quick=quick
    )


def product_of_grams(gates: Tensor) -> Tensor:
    """Multiply the layers' Gram matrices, in the gates' own precision: shape (n, n)."""
    return torch.stack([layer @ layer.mT for layer in gates.unbind(-2)]).prod(0)


def _gates(n: int, width: int, depth: int) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    net = DLGN(2, width=width, depth=depth, gate=HardGate(), generator=generator)
    with torch.no_grad():
        return net.gates(circle_grid(n)[1])


def _in_a_process(n: int) -> dict:
    command = [sys.executable, "-m", "benchmarks.overlap", str(n)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def _into_a_file(n: int) -> dict:
    """Write the kernel of n points to a file mapped to memory; check some rows of it."""
    gates = _gates(n, WIDTH, DEPTH)
    with tempfile.NamedTemporaryFile() as file:
        out = torch.from_file(file.name, shared=True, size=n * n, dtype=torch.int64).view(n, n)
        competitor = Competitor(
            name="ours, out=", own=True, work=lambda: overlap_kernel(gates, out=out), tolerance=0
        )
        (_, seconds), memory = anonymous_peak(competitor.first)
        chosen = torch.linspace(0, n - 1, 32).long()
        exact = torch.ones(len(chosen), n, dtype=torch.int64)
        for layer in gates.unbind(-2):
            exact *= (layer[chosen] @ layer.mT).to(torch.int64)
        wrong = (out[chosen] != exact).sum().item()
    return {
        "points": n,
        "width": WIDTH,
        "depth": DEPTH,
        "seconds": seconds,
        "memory": memory,
        "file": 8 * n * n,
        "wrong": wrong,
    }


if __name__ == "__main__":
    print(json.dumps(_into_a_file(int(sys.argv[1]))))
