"""The empirical NTK against PyTorch's tutorial forms and against neural-tangents.

Reference: PyTorch tutorial "Neural Tangent Kernels"; Novak, Sohl-Dickstein and Schoenholz 2022,
Fast Finite Width Neural Tangent Kernel.
"""

import copy
import sys
from collections.abc import Callable, Iterator

import torch
from halfspace.datasets import circle_grid
from halfspace.nets import ReLUNet
from halfspace.ntk import empirical_ntk
from torch import Tensor, nn
from torch.func import functional_call, jacrev, jvp, vjp, vmap

from benchmarks.harness import Competitor, compare, fits
from benchmarks.peers import NeuralTangents, available

__all__ = ["FULL", "QUICK", "jacobian_contraction", "run", "vector_products"]

FULL = dict(
    points=(100, 200, 500, 1000, 2000),
    widths=(32, 64, 128, 256, 512),
    depths=(1, 2, 3, 5, 8),
    pairs=200**2,
    images=(50, 100, 200),
)
QUICK = dict(points=(10, 20, 40), widths=(4, 8, 16), depths=(1, 2, 3), pairs=20**2, images=(4,))
WIDTH, DEPTH = 128, 5
_SIDE, _CHANNELS, _CLASSES = 16, 32, 10  # of the images and the convolutional net
_STRUCTURED, _CONTRACTED = "structured derivatives", "Jacobian contraction"
_CHECKED = 48  # points of the float64 Jacobian that answers are compared with
_TOLERANCE = 1e-4  # relative to the largest entry; float32 sums of about ten thousand products


def run(
    quick: bool,
    *,
    points: tuple[int, ...],
    widths: tuple[int, ...],
    depths: tuple[int, ...],
    pairs: int,
    images: tuple[int, ...],
) -> dict:
    """Time the NTK of a ReLU net over numbers of points, widths and depths.

    All competitors run over numbers of points (the vector products only up to ``pairs``, because of
    their memory); over widths and depths only those that need no Jacobian. Over numbers of
    ``images``, a convolutional net against torch.func. Where neural-tangents has no environment its
    competitors are left out.
    """
    if not available():
        print("ntk: without neural-tangents, whose environment make bench makes", file=sys.stderr)
        rows, versions = list(_rows(quick, points, widths, depths, pairs, None)), {}
    else:
        with NeuralTangents() as peer:
            rows = list(_rows(quick, points, widths, depths, pairs, peer))
            versions = peer.versions
    rows += [_convolutional_row(n, quick) for n in images]
    laws = fits(rows, "points", "points")
    laws += fits(rows, "width", "width") + fits(rows, "depth", "depth")
    return {"rows": rows, "fits": laws, "facts": {"peers": versions}}


def _rows(quick, points, widths, depths, pairs, peer: NeuralTangents | None) -> Iterator[dict]:
    for n in points:
        yield _row("points", n, WIDTH, DEPTH, quick, peer, every=True, products=n**2 <= pairs)
    middle = points[len(points) // 2]
    for width in widths:
        yield _row("width", middle, width, DEPTH, quick, peer)
    for depth in depths:
        yield _row("depth", middle, WIDTH, depth, quick, peer)


def _row(group, n, width, depth, quick, peer, every=False, products=False) -> dict:
    net = ReLUNet(2, width=width, depth=depth, generator=torch.Generator().manual_seed(0))
    x = circle_grid(n)[1]
    limits = dict(tolerance=_TOLERANCE)
    competitors = [
        Competitor(
            name="ours",
            own=True,
            work=lambda: empirical_ntk(net, x),
            flops=_flops(net, n),
            **limits,
        )
    ]
    if peer:
        competitors.append(peer.competitor(_STRUCTURED, net, x, **limits))
    if peer and every:
        competitors.append(peer.competitor(_CONTRACTED, net, x, **limits))
    if every:
        work = _without_gradient(jacobian_contraction, net, x)
        competitors.append(Competitor(name="torch.func, Jacobian contraction", work=work, **limits))
    if products:
        work = _without_gradient(vector_products, net, x)
        competitors.append(Competitor(name="torch.func, vector products", work=work, **limits))
    sizes = dict(points=n, width=width, depth=depth)
    return compare(
        group, f"NTK, N = {n:,}, {width}×{depth}", sizes, competitors, _error(net, x), quick=quick
    )


def _convolutional_row(n: int, quick: bool) -> dict:
    torch.manual_seed(0)
    layers = [nn.Conv2d(3, _CHANNELS, 3, padding=1), nn.ReLU()]
    for _ in range(2):
        layers += [nn.Conv2d(_CHANNELS, _CHANNELS, 3, padding=1), nn.ReLU()]
    layers += [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(_CHANNELS, _CLASSES)]
    net, x = nn.Sequential(*layers), torch.randn(n, 3, _SIDE, _SIDE)
    competitors = [
        Competitor(name="ours", own=True, work=lambda: empirical_ntk(net, x), tolerance=_TOLERANCE),
        Competitor(
            name="torch.func, Jacobian contraction",
            work=_without_gradient(jacobian_contraction, net, x),
            tolerance=_TOLERANCE,
        ),
    ]
    sizes = dict(points=n, side=_SIDE, channels=_CHANNELS, depth=3, outputs=_CLASSES)
    return compare(
        "convolutional",
        f"NTK, N = {n:,}, convolutional",
        sizes,
        competitors,
        _error(net, x),
        quick=quick,
    )


def _error(net: nn.Module, x: Tensor) -> Callable[[Tensor], float]:
    """Return a kernel's largest distance from the float64 one, relative to the largest entry."""
    chosen = torch.linspace(0, len(x) - 1, min(len(x), _CHECKED)).long()
    exact = jacobian_contraction(copy.deepcopy(net).double(), x[chosen].double()).detach()
    return lambda kernel: (
        (kernel[chosen][:, chosen].double() - exact).abs().max() / exact.abs().max()
    ).item()


def _flops(net: ReLUNet, n: int) -> float:
    """Count the Gram identity's operations: two Gram matrices a layer, half of the pairs."""
    widths = sum(sum(layer.weight.shape) for layer in net.value)
    return float(n * n * widths)


def _without_gradient(form: Callable, net: nn.Module, x: Tensor) -> Callable[[], Tensor]:
    def work() -> Tensor:
        with torch.no_grad():
            return form(net, x)

    return work


def jacobian_contraction(net: nn.Module, x: Tensor) -> Tensor:
    """Form each point's Jacobian, then contract them layer by layer: shape (n, n)."""
    parameters = dict(net.named_parameters())

    def outputs(parameters, point):
        return functional_call(net, parameters, (point.unsqueeze(0),)).squeeze(0)

    jacobian = vmap(jacrev(outputs), (None, 0))(parameters, x)
    flat = [share.flatten(2) for share in jacobian.values()]
    return sum(torch.einsum("naf,maf->nm", share, share) for share in flat)


def vector_products(net: nn.Module, x: Tensor) -> Tensor:
    """Push each pair's identity through a vjp and a jvp, no Jacobian in memory: shape (n, n)."""
    parameters = dict(net.named_parameters())

    def outputs(parameters, point):
        return functional_call(net, parameters, (point.unsqueeze(0),)).squeeze(0)

    def entry(one, other):
        values, pull = vjp(lambda parameters: outputs(parameters, one), parameters)

        def column(vector):
            push = pull(vector)
            return jvp(lambda parameters: outputs(parameters, other), (parameters,), push)[1]

        return vmap(column)(torch.eye(len(values), dtype=values.dtype)).diagonal().sum()

    return vmap(vmap(entry, (None, 0)), (0, None))(x, x)
