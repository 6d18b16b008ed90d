"""Experiments on path kernels: exact means over signs, bundles, shifts, skips, kernel descent."""

import itertools
import math

import numpy as np
import torch
from pydantic import Field
from torch import Tensor

from halfspace.companion.duality.data import halves_of_the_circle, small_clothes
from halfspace.companion.duality.measures import (
    bundle_features,
    conv_output,
    dense_output,
    kernel_descent,
    means_over_signs,
    residual_output,
    ridge_regression,
    tangent_kernels,
    trained_output,
)
from halfspace.companion.seeds import SeedStudy, weight_sum
from halfspace.companion.spec import Integer
from halfspace.companion.theory.measures import relative_gap
from halfspace.conv import ConvDGN, ConvDLGN
from halfspace.datasets import fashion_checksums
from halfspace.gates import HardGate
from halfspace.nets import DLGN
from halfspace.overlap import log_overlap_kernel, neural_path_kernel
from halfspace.path_kernels import (
    conv_path_kernel,
    residual_ensemble_weights,
    residual_tangent_kernel,
    tangent_factor,
)
from halfspace.residual import ResidualDLGN, ResidualReLUNet

__all__ = [
    "ANGLES",
    "SHIFTS",
    "BlocksUsed",
    "Bundles",
    "ConvSpread",
    "KernelDescent",
    "ShiftedRegression",
    "Shifts",
    "SignedConv",
    "SignedDense",
    "SignedResidual",
]

SHIFTS = ((1, 0), (0, 3), (2, 5), (6, 6))
"""Rows and columns by which images of 7 × 7 pixels are moved."""

ANGLES = (0, 15, 45, 90, 135, 180)
"""Angles between inputs, in degrees."""

_POINTS = 3
_OPEN = 0.75  # share of gates that are open
_VARIANCES = (0.3, 0.7, 0.2, 0.5)  # of the layers' weights, from the input on
_SKIP_VARIANCE = 0.4


def _gates(generator: torch.Generator, *shape: int) -> Tensor:
    return (torch.rand(shape, generator=generator) < _OPEN).double()


def _normal(generator: torch.Generator, *shape: int) -> Tensor:
    return torch.randn(shape, generator=generator).double()


class SignedDense(SeedStudy):
    """Compare the exact mean NTK of a dense net with fixed gates with its path kernel.

    Attributes:
        d_in: d.
        width: m.
        depth: H, at most 3.

    The result's arrays (S,), largest differences relative to the largest entry: gap: mean NTK;
    covariance: mean of y y'; other_gates: mean NTK with the gates of another input in each pair;
    one_variance: with one mean variance for all layers. initial: sum of the inputs.
    """

    d_in: Integer = Field(2, ge=1)
    width: Integer = Field(2, ge=1)
    depth: Integer = Field(2, ge=1, le=3)

    def _measure(self, seed: int) -> dict[str, float]:
        generator = torch.Generator().manual_seed(seed)
        x = _normal(generator, _POINTS, self.d_in)
        gates = _gates(generator, _POINTS, self.depth, self.width)
        variances = _VARIANCES[: self.depth + 1]
        sizes = [self.d_in] + [self.width] * self.depth + [1]
        shapes = [(b, a) for a, b in itertools.pairwise(sizes)]
        covariance, tangent = means_over_signs(
            lambda weights: dense_output(weights, x, gates), shapes, variances
        )
        kernel, factor = neural_path_kernel(x, gates), tangent_factor(variances)
        other = neural_path_kernel(x, gates, x, gates.roll(1, 0))
        even = tangent_factor([sum(variances) / len(variances)] * len(variances))
        return {
            "initial": x.sum().item(),
            "gap": relative_gap(factor * kernel, tangent),
            "covariance": relative_gap(math.prod(variances) * kernel, covariance),
            "other_gates": relative_gap(factor * other, tangent),
            "one_variance": relative_gap(even * kernel, tangent),
        }


class SignedConv(SeedStudy):
    """Compare the exact mean NTK of circular convolutions with their path kernel.

    Attributes:
        size: rows and columns of the images; images of one row have windows of three pixels.
        channels: C.
        filters: F.
        depth: K.
        units: m, of a dense layer; none if 0.
        pooled: whether there is a mean over pixels.

    The result's arrays (S,), as those of ``SignedDense``: gap, covariance; unshifted: mean NTK from
    equal paths alone (a mean over pixels) or from all shifts (no mean). initial (S,).
    """

    size: tuple[Integer, Integer] = (1, 4)
    channels: Integer = Field(1, ge=1)
    filters: Integer = Field(1, ge=1)
    depth: Integer = Field(1, ge=1)
    units: Integer = Field(0, ge=0)
    pooled: bool = True

    def _measure(self, seed: int) -> dict[str, float]:
        generator = torch.Generator().manual_seed(seed)
        window, offsets = ("ring", 3) if self.size[0] == 1 else ("torus", 9)
        x = _normal(generator, _POINTS, self.channels, *self.size)
        gates = [
            _gates(generator, _POINTS, self.filters, *self.size) for _ in range(self.depth)
        ] + ([_gates(generator, _POINTS, self.units)] if self.units else [])
        ends = self.filters * (1 if self.pooled else math.prod(self.size))
        inputs = [self.channels] + [self.filters] * (self.depth - 1)
        shapes = [(self.filters, size, offsets) for size in inputs]
        shapes += [(self.units, ends), (1, self.units)] if self.units else [(1, ends)]
        variances = _VARIANCES[: len(shapes)]
        covariance, tangent = means_over_signs(
            lambda weights: conv_output(weights, x, gates, window, self.pooled), shapes, variances
        )
        both = gates if self.units else [*gates, torch.ones(_POINTS, 1)]
        # An image of one row: the window's three rows see the same pixels.
        repeats = 3**self.depth if window == "ring" else 1
        pooled, flat = (
            conv_path_kernel(x, both, border="circular", pooled=pooled) / repeats
            for pooled in (True, False)
        )
        pixels = math.prod(self.size)
        kernel, rival = (pooled, flat / pixels**2) if self.pooled else (flat, pooled * pixels**2)
        factor = tangent_factor(variances)
        return {
            "initial": x.sum().item(),
            "gap": relative_gap(factor * kernel, tangent),
            "covariance": relative_gap(math.prod(variances) * kernel, covariance),
            "unshifted": relative_gap(factor * rival, tangent),
        }


class SignedResidual(SeedStudy):
    """Compare the exact mean NTK of a residual net of two blocks with its kernel.

    Attributes:
        after: whether gates follow the sums of skip and block, too.

    The result's arrays (S,), as those of ``SignedDense``: gap; ensemble: sum over the sub-networks,
    each listed by itself; deepest, shallowest: that sub-network
    alone, its kernel scaled to the trace of the mean NTK. initial (S,).
    """

    after: bool = False

    def _measure(self, seed: int) -> dict[str, float]:
        generator = torch.Generator().manual_seed(seed)
        x, width, blocks = _normal(generator, _POINTS, 2), 2, 2
        gates = _gates(generator, _POINTS, 1 + blocks, width)
        sums = _gates(generator, _POINTS, blocks, width) if self.after else None
        _, tangent = means_over_signs(
            lambda weights: residual_output(weights, x, gates, 1, sums),
            [(width, 2), (width, width), (width, width), (1, width)],
            [_SKIP_VARIANCE] * 4,
        )
        options = dict(layers=1, variance=_SKIP_VARIANCE)
        kernel = residual_tangent_kernel(x, gates, sum_gates=sums, **options)
        listed = _sub_networks(x, gates, sums)
        scaled = [part * (tangent.trace() / part.trace().clamp_min(1e-300)) for part in listed]
        return {
            "initial": x.sum().item(),
            "gap": relative_gap(kernel, tangent),
            "ensemble": relative_gap(sum(listed), tangent),
            "deepest": relative_gap(scaled[-1], tangent),
            "shallowest": relative_gap(scaled[0], tangent),
        }


def _sub_networks(x: Tensor, gates: Tensor, sums: Tensor | None) -> list[Tensor]:
    """Return each sub-network's share of the mean NTK, shallowest first: blocks of one layer.

    Gates after a sum belong to every path, as further factors of unit it is at.
    """
    blocks, kernels = gates.shape[1] - 1, []
    for taken in sorted(itertools.product((False, True), repeat=blocks), key=sum):
        masks = [gates[:, 0]]
        for block, inside in enumerate(taken):
            if inside:
                masks.append(gates[:, 1 + block])
            if sums is not None:
                masks[-1] = masks[-1] * sums[:, block]
        layers = len(masks) + 1
        factor = layers * _SKIP_VARIANCE ** (layers - 1)
        kernels.append(factor * neural_path_kernel(x, torch.stack(masks, 1)))
    return kernels


class Bundles(SeedStudy):
    """Compare the recursion for convolutions with a list of all bundles of paths.

    Attributes:
        size: rows and columns of the images.
        filters: F.
        depth: K.

    The result's arrays (S,), largest differences relative to the largest entry, for two channels,
    three images and two dense units: pooled, flat: circular border, with and without a mean over
    pixels; zeros: border of zeros, with a mean; shifts: mean over all shifts of the second image of
    the kernel without a mean, against the pooled one. initial (S,).
    """

    size: tuple[Integer, Integer] = (3, 3)
    filters: Integer = Field(2, ge=1)
    depth: Integer = Field(2, ge=1)

    def _measure(self, seed: int) -> dict[str, float]:
        generator = torch.Generator().manual_seed(seed)
        x = _normal(generator, _POINTS, 2, *self.size)
        gates = [_gates(generator, _POINTS, self.filters, *self.size) for _ in range(self.depth)]
        gates.append(_gates(generator, _POINTS, 2))
        row = {"initial": x.sum().item()}
        for name, border, pooled in (
            ("pooled", "circular", True),
            ("flat", "circular", False),
            ("zeros", "zeros", True),
        ):
            features = bundle_features(x, gates, border=border)
            features = features.mean(2) if pooled else features.flatten(1)
            kernel = conv_path_kernel(x, gates, border=border, pooled=pooled)
            row[name] = relative_gap(kernel, features @ features.T)
        pooled = conv_path_kernel(x, gates, border="circular")
        places = list(itertools.product(*map(range, self.size)))
        moved = sum(
            conv_path_kernel(x, gates, *_moved(x, gates, place), border="circular", pooled=False)
            for place in places
        )
        return row | {"shifts": relative_gap(moved / len(places) ** 2, pooled)}


def _moved(x: Tensor, gates: list[Tensor], shift: tuple[int, int]) -> tuple[Tensor, list[Tensor]]:
    """Move images and the gates of convolutions around the torus."""
    *convolutions, dense = gates
    moved = [part.roll(shift, (2, 3)) for part in (x, *convolutions)]
    return moved[0], [*moved[1:], dense]


class ConvSpread(SeedStudy):
    """Compare the NTK of random circular convolutions on a ring with its mean, over the filters.

    Attributes:
        filters: F, increasing; two convolutions and a mean over pixels, weights of variance 1/F.
        draws: networks per seed and F.
        pixels: P.

    The result's arrays (S, W): errors, ratios: as those of ``TangentMean`` of the globally gated
    nets: relative spread, and the mean NTK along its expectation. initial (S,).
    """

    filters: tuple[Integer, ...] = (4, 8, 16, 32, 64)
    draws: Integer = Field(200, ge=2)
    pixels: Integer = Field(8, ge=3)

    def _measure(self, seed: int) -> dict[str, np.ndarray]:
        generator = torch.Generator().manual_seed(seed)
        x = _normal(generator, _POINTS, 1, 1, self.pixels)
        rows = {"initial": x.sum().item(), "errors": [], "ratios": []}
        for count in self.filters:
            gates = [_gates(generator, _POINTS, count, 1, self.pixels) for _ in range(2)]
            kernel = conv_path_kernel(x, [*gates, torch.ones(_POINTS, 1)], border="circular") / 9
            expected = tangent_factor([1 / count] * 3) * kernel
            kernels = []
            for _ in range(0, self.draws, 25):
                shapes = [(25, count, 1, 3), (25, count, count, 3), (25, 1, count)]
                weights = [_normal(generator, *shape) / math.sqrt(count) for shape in shapes]
                kernels.append(
                    tangent_kernels(
                        lambda one, g=gates: conv_output(one, x, g, "ring", True), weights
                    )
                )
            drawn, norm = torch.cat(kernels)[: self.draws], expected.square().sum()
            spread = (drawn - expected).square().sum((-1, -2)).mean()
            rows["errors"].append((spread / norm).sqrt().item())
            rows["ratios"].append(((drawn * expected).sum((-1, -2)).mean() / norm).item())
        return {name: np.array(row) for name, row in rows.items()}


class Shifts(SeedStudy):
    """Move images of clothes, 7 × 7 pixels, and see which path kernels change; permute layers.

    Attributes:
        filters: F, in each of three convolutions; 8 dense units.

    The result's arrays (S,), largest change over ``SHIFTS`` relative to the largest entry, between
    four images and four others that are moved; gates follow the moved image. dlgn, dgn: circular
    border and mean, gates of random networks; zeros: border of zeros; flat: no mean; dense: dense
    DLGN of 3 × 64 units; still: the gates stay where they were; turned: images turned by 90°
    instead. order: largest change of the pooled kernel over the orders of the three convolutions'
    gates; dense_order: of the dense kernel over the orders of four layers. initial (S,).
    """

    filters: Integer = Field(16, ge=1)

    def _measure(self, seed: int) -> dict[str, float]:
        generator = torch.Generator().manual_seed(seed)
        x, _ = small_clothes(seed, 8)
        first, second = x.split(4)
        sizes = dict(channels=1, filters=self.filters, depth=3, units=8, generator=generator)
        hard = dict(gate=HardGate())
        dlgn = ConvDLGN(border="circular", **hard, **sizes).double()
        dgn = ConvDGN(border="circular", **hard, **sizes).double()
        zeros = ConvDLGN(**hard, **sizes).double()
        dense = DLGN(49, width=64, depth=3, **hard, generator=generator).double()

        def conv(net, moved, *, border="circular", pooled=True, gates=None):
            own = net.gates(moved) if gates is None else gates
            return conv_path_kernel(
                first, net.gates(first), moved, own, border=border, pooled=pooled
            )

        def overlap(moved):
            a, b = first.flatten(1), moved.flatten(1)
            return neural_path_kernel(a, dense.gates(a), b, dense.gates(b))

        kernels = {
            "dlgn": lambda moved: conv(dlgn, moved),
            "dgn": lambda moved: conv(dgn, moved),
            "zeros": lambda moved: conv(zeros, moved, border="zeros"),
            "flat": lambda moved: conv(dlgn, moved, pooled=False),
            "still": lambda moved: conv(dlgn, moved, gates=dlgn.gates(second)),
            "dense": overlap,
        }
        row = {"initial": weight_sum(dlgn) + weight_sum(dense)}
        with torch.no_grad():
            for name, kernel in kernels.items():
                still = kernel(second)
                moved = [kernel(second.roll(shift, (2, 3))) for shift in SHIFTS]
                row[name] = max(relative_gap(other, still) for other in moved)
            turned = conv(dlgn, second.rot90(1, (2, 3)))
            row["turned"] = relative_gap(turned, conv(dlgn, second))
            row["order"] = _order_change(first, dlgn.gates(first))
            row["dense_order"] = _dense_order_change(generator)
        return row

    def data_checksums(self) -> dict[str, str]:
        """Return the checksums of Fashion-MNIST."""
        return fashion_checksums()


def _order_change(x: Tensor, gates: list[Tensor]) -> float:
    *convolutions, dense = gates
    kernels = [
        conv_path_kernel(x, [*order, dense], border="circular")
        for order in itertools.permutations(convolutions)
    ]
    return max(relative_gap(kernel, kernels[0]) for kernel in kernels)


def _dense_order_change(generator: torch.Generator) -> float:
    net = DLGN(20, width=64, depth=4, gate=HardGate(), generator=generator).double()
    x = _normal(generator, 8, 20)
    gates = net.gates(x)
    kernels = [
        (x @ x.T) * log_overlap_kernel(gates[:, order]).exp()
        for order in itertools.permutations(range(4))
    ]
    return max(relative_gap(kernel, kernels[0]) for kernel in kernels)


class ShiftedRegression(SeedStudy):
    """Classify clothes by kernel regression, in place and randomly shifted on the torus.

    Attributes:
        count: training images of 7 × 7 pixels, and as many test images.
        filters: F, of two circular convolutions of a random DLGN, the gates; the dense kernel has
            two layers of 128 units.

    The result's arrays (S, 2), accuracies in place and shifted: pooled, flat, dense. initial (S,).
    """

    count: Integer = Field(200, ge=20)
    filters: Integer = Field(16, ge=1)

    @property
    def verifiable(self) -> bool:
        """Whether ``make verify`` can recompute a seed in a CPU minute."""
        return self.count <= 50

    def _measure(self, seed: int) -> dict[str, np.ndarray]:
        generator = torch.Generator().manual_seed(seed)
        images, labels = small_clothes(seed, 2 * self.count)
        (x, test), (y, asked) = images.split(self.count), labels.split(self.count)
        steps = torch.randint(7, (self.count, 2), generator=generator).tolist()
        moved = torch.stack([one.roll(step, (1, 2)) for one, step in zip(test, steps, strict=True)])
        sizes = dict(channels=1, filters=self.filters, depth=2, units=1, generator=generator)
        net = ConvDLGN(gate=HardGate(), border="circular", **sizes).double()
        dense = DLGN(49, width=128, depth=2, gate=HardGate(), generator=generator).double()

        def conv(pooled):
            def kernel(one, *other):
                pairs = [part for points in (one, *other) for part in (points, opened(points))]
                return conv_path_kernel(*pairs, border="circular", pooled=pooled)

            return kernel

        def opened(points):
            *convolutions, last = net.gates(points)
            return [*convolutions, torch.ones_like(last)]

        def overlap(*sets):
            flat = [points.flatten(1) for points in sets]
            return neural_path_kernel(*(part for z in flat for part in (z, dense.gates(z))))

        row = {"initial": weight_sum(net) + weight_sum(dense)}
        kernels = {"pooled": conv(True), "flat": conv(False), "dense": overlap}
        with torch.no_grad():
            for name, kernel in kernels.items():
                across = [kernel(points, x) for points in (test, moved)]
                found = ridge_regression(kernel(x), y, 10, *across)
                row[name] = np.array([(guess == asked).double().mean().item() for guess in found])
        return row

    def data_checksums(self) -> dict[str, str]:
        """Return the checksums of Fashion-MNIST."""
        return fashion_checksums()


class BlocksUsed(SeedStudy):
    """Weigh the sub-networks of a residual net by the angle between two inputs.

    Attributes:
        blocks: b.
        layers: q.
        width: m; value weights have the variance 2/m.
        d_in: d.
        pairs: of inputs at each angle.

    The result's arrays (S, A), means over the pairs, gates of a random linear gating network (dlgn,
    variance 1/m) or of a random residual ReLU net (dgn, variance 2/m): dlgn, dgn: mean number of
    blocks of a sub-network, weighed by its share of the mean NTK; dlgn_full, dgn_full: share of the
    sub-network with all blocks. initial (S,).
    """

    blocks: Integer = Field(10, ge=1)
    layers: Integer = Field(2, ge=1)
    width: Integer = Field(256, ge=1)
    d_in: Integer = Field(50, ge=2)
    pairs: Integer = Field(4, ge=1)

    def _measure(self, seed: int) -> dict[str, np.ndarray]:
        generator = torch.Generator().manual_seed(seed)
        sizes = dict(width=self.width, blocks=self.blocks, layers=self.layers, init="normal")
        sizes |= dict(generator=generator)
        dlgn = ResidualDLGN(self.d_in, gate=HardGate(), std=self.width**-0.5, **sizes).double()
        dgn = ResidualReLUNet(self.d_in, std=(2 / self.width) ** 0.5, **sizes).double()
        basis = [torch.linalg.qr(_normal(generator, self.d_in, 2)).Q.T for _ in range(self.pairs)]
        turns = torch.tensor(ANGLES).double().deg2rad()
        circle = torch.stack([turns.cos(), turns.sin()], 1)
        row = {"initial": weight_sum(dlgn) + weight_sum(dgn)}
        numbers = torch.arange(self.blocks + 1).double()
        for name, net in {"dlgn": dlgn, "dgn": dgn}.items():
            used, full = [], []
            for plane in basis:
                gates = net.gates(circle @ plane)
                weights = residual_ensemble_weights(
                    gates[:1], gates, layers=self.layers, variance=2 / self.width
                )[:, 0]
                shares = weights / weights.sum(0)
                used.append(numbers @ shares)
                full.append(shares[-1])
            row[name] = torch.stack(used).mean(0).numpy()
            row[f"{name}_full"] = torch.stack(full).mean(0).numpy()
        return row


class KernelDescent(SeedStudy):
    """Train value networks with fixed gates, and compare with gradient descent on the mean NTK.

    Attributes:
        widths: m, increasing; three layers, gates of a random linear chain.
        points: n, on the circle; the target is sin 2θ on the upper half and sin 4θ on the lower.
        steps: of full-batch gradient descent.

    The result's arrays (S, W), distances of the trained net's outputs at 200 other angles, relative
    to their norm: npk: to descent with the mean NTK; inner: with the kernel ⟨x, x'⟩, scaled to the
    same trace, instead. initial (S,).
    """

    widths: tuple[Integer, ...] = (16, 32, 64, 128, 256)
    points: Integer = Field(64, ge=4)
    steps: Integer = Field(300, ge=1)

    def _measure(self, seed: int) -> dict[str, np.ndarray]:
        generator = torch.Generator().manual_seed(seed)
        x, y = halves_of_the_circle(torch.arange(self.points) * 360 / self.points)
        asked, _ = halves_of_the_circle((torch.arange(200) + 0.5) * 360 / 200)
        rows = {"initial": 0.0, "npk": [], "inner": []}
        for width in self.widths:
            gating = _normal(generator, width, 2)
            chain = [gating] + [_normal(generator, width, width) / width**0.5 for _ in range(2)]
            gates, test_gates = (_chain_gates(chain, points) for points in (x, asked))
            variances = [1 / 2, 2 / width, 2 / width, 1 / width]
            shapes = [(width, 2), (width, width), (width, width), (1, width)]
            weights = [
                _normal(generator, *shape) * v**0.5
                for shape, v in zip(shapes, variances, strict=True)
            ]
            rows["initial"] += sum(weight.sum().item() for weight in weights)
            factor = tangent_factor(variances)
            kernel = factor * neural_path_kernel(x, gates)
            across = factor * neural_path_kernel(asked, test_gates, x, gates)
            rate = 0.5 * self.points / torch.linalg.eigvalsh(kernel)[-1].item()
            start, before, after = trained_output(
                weights, (x, gates, y), (asked, test_gates), rate, self.steps
            )
            scale = kernel.trace() / self.points
            for name, pair in {
                "npk": (kernel, across),
                "inner": (scale * x @ x.T, scale * asked @ x.T),
            }.items():
                predicted = before + kernel_descent(*pair, y - start, rate, self.steps)
                rows[name].append(((after - predicted).norm() / after.norm()).item())
        return {name: np.array(row) for name, row in rows.items()}


def _chain_gates(chain: list[Tensor], x: Tensor) -> Tensor:
    etas, eta = [], x
    for weight in chain:
        eta = eta @ weight.T
        etas.append(eta)
    return (torch.stack(etas, 1) >= 0).double()
