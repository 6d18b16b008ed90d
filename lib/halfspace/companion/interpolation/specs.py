"""Global minima that are built by hand: exactness, cost, and rates."""

import math
from functools import partial

import numpy as np
import torch
from pydantic import Field

from halfspace._checks import single_precision
from halfspace.companion.interpolation.data import (
    noisy_line,
    noisy_square,
    square_target,
)
from halfspace.companion.interpolation.measures import (
    fit_output,
    line_bumps,
    line_risk,
    linear_spline,
    nearest_label,
    pair_kernel,
)
from halfspace.companion.seeds import SeedStudy, weight_sum
from halfspace.companion.spec import Integer
from halfspace.gates import HardGate
from halfspace.interpolation import (
    box_cost,
    box_net,
    bump_cost,
    bump_net,
    least_gap,
    side_by_side,
)
from halfspace.nets import DLGN, ReLUNet
from halfspace.overlap import overlap_kernel

__all__ = ["BuiltMinima", "InterpolationRates", "bases"]

_BAD = -3.0  # the output of the bad base, far from all labels


@single_precision()
def bases(seed: int, width: int) -> dict[str, ReLUNet | DLGN]:
    """Return a random ReLU net of two layers and a random DLGN of four that reads ones, float64."""
    generator = torch.Generator().manual_seed(seed)
    sizes = dict(width=width, bias=True, generator=generator)
    return {
        "relu": ReLUNet(2, depth=2, **sizes).double(),
        "dlgn": DLGN(2, depth=4, gate=HardGate(), constant_input=True, **sizes).double(),
    }


def _constant(value: float) -> ReLUNet:
    """Return a ReLU net of two layers that ignores its input."""
    net = ReLUNet(2, width=1, depth=2, bias=True, generator=torch.Generator()).double()
    for parameter in net.parameters():
        parameter.data.zero_()
    net.value[-1].bias.data.fill_(value)
    return net


class BuiltMinima(SeedStudy):
    """Make global minima of random nets with fitted output weights, on the unit square.

    Three functions are corrected: the ReLU net (relu) and the constant -3 (bad) by bumps, a DLGN
    that reads ones (dlgn) by boxes.

    Attributes:
        side: there are side² points, one in each cell of a grid.
        noise: σ of the labels.
        width: units in each layer of the nets.
        radii: of bumps and boxes.
        test: uniform test points.

    The result's arrays, for each of the three: NAME_error (S,): largest training error over the
    largest label, at the largest radius; NAME_cost (S, R), R radii: mean square of the change at
    the test points, over its expectation; NAME_noise (S, R): standard deviation of that over draws
    of test points, in theory; NAME_risk (S, R): mean squared error without noise. Further (S,):
    base_error, base_risk: of the ReLU net without bumps; edge_error, wide_error: training error
    with bumps of 0.99 and 1.5 of the least gap; kernel_gap: largest difference between the identity
    and the number of paths with weight that two training points share in the boxes' part of the
    DLGN; shared: the same for all paths of that part; initial.
    """

    side: Integer = Field(8, ge=2)
    noise: float = Field(0.3, ge=0)
    width: Integer = Field(24, ge=1)
    radii: tuple[float, ...] = (0.03, 0.015, 0.0075)
    test: Integer = Field(20_000, ge=2)

    @torch.no_grad()
    def _measure(self, seed: int) -> dict[str, np.ndarray]:
        rng = np.random.default_rng(seed)
        x, y = (torch.from_numpy(part) for part in noisy_square(rng, self.side, self.noise))
        test = torch.from_numpy(rng.random((self.test, 2)))
        target = torch.from_numpy(square_target(test.numpy()))
        nets = bases(seed, self.width)
        row = {"initial": sum(weight_sum(net) for net in nets.values())}
        nets = {name: fit_output(net, x, y) for name, net in nets.items()} | {
            "bad": _constant(_BAD)
        }
        before = {name: net(test)[:, 0] for name, net in nets.items()}
        rest = {name: y - net(x)[:, 0] for name, net in nets.items()}

        def built(name, radius):
            make = box_net if name == "dlgn" else bump_net
            return side_by_side(nets[name], make(x, rest[name], radius))

        def error(net):
            return ((net(x)[:, 0] - y).abs().max() / y.abs().max()).item()

        def risk(outputs):
            return (outputs - target).square().mean().item()

        row |= {"base_error": error(nets["relu"]), "base_risk": risk(before["relu"])}
        gap = least_gap(x)
        for name, reach in {"edge": 0.99, "wide": 1.5}.items():
            row[f"{name}_error"] = error(built("relu", reach * gap))
        for name in nets:
            row[f"{name}_error"] = error(built(name, max(self.radii)))
            found = []
            for radius in self.radii:
                after = built(name, radius)(test)[:, 0]
                cost, deviation = _expected(rest[name], radius, name == "dlgn", self.test)
                change = (after - before[name]).square().mean().item()
                found.append((change / cost, deviation / cost, risk(after)))
            for kind, values in zip(
                ("cost", "noise", "risk"), zip(*found, strict=True), strict=True
            ):
                row[f"{name}_{kind}"] = np.array(values)
        own = box_net(x, rest["dlgn"], max(self.radii)).gates(x)[..., 2:]
        identity = torch.eye(len(x)).double()
        row["kernel_gap"] = (pair_kernel(own) - identity).abs().max().item()
        row["shared"] = (overlap_kernel(own) - identity).abs().max().item()
        return row


def _expected(values: torch.Tensor, radius: float, boxes: bool, test: int) -> tuple[float, float]:
    """Return mean and standard deviation of the change's mean square over uniform test points."""
    if boxes:
        cost, fourth = box_cost(values, radius, 2), box_cost(values**2, radius, 2)
    else:  # the integral of a bump's k-th power is (2τ)^d k!/(d + k)!
        cost = bump_cost(values, radius, 2)
        fourth = (values**4).sum().item() * (2 * radius) ** 2 * 24 / math.factorial(6)
    return cost, math.sqrt((fourth - cost**2) / test)


class InterpolationRates(SeedStudy):
    """Follow the risk of interpolants on [0, 1] over the number of points.

    Attributes:
        points: n, increasing.
        noise: σ of the labels.

    The result's arrays (S, N), risks: spline: a least-squares linear spline on ⌈4 n^(1/5)⌉ cells;
    good: the same with bumps of radius min(0.49 gaps, n⁻³); bad: the spline plus 1, with such
    bumps; linear: straight lines from point to point; nearest: the label of the nearest point.
    misfit: largest training error of the four interpolants. initial (S,): sum of all labels.
    """

    points: tuple[Integer, ...] = (32, 64, 128, 256, 512, 1024, 2048, 4096)
    noise: float = Field(0.3, ge=0)

    def _measure(self, seed: int) -> dict[str, np.ndarray]:
        rows = []
        for count in self.points:
            x, y = noisy_line(seed, count, self.noise)
            spline = linear_spline(x, y, math.ceil(4 * count**0.2))
            radius = min(0.49 * np.diff(x).min(), count**-3)
            row = {"initial": y.sum(), "spline": line_risk(spline), "misfit": 0.0}
            for name, shift in {"good": 0.0, "bad": 1.0}.items():
                values = y - spline(x) - shift
                base = partial(_shifted, spline, shift)
                row[name] = line_risk(base, x, values, radius)
                fit = base(x) + line_bumps(x, x, values, radius)
                row["misfit"] = max(row["misfit"], np.abs(fit - y).max())
            for name, function in {
                "linear": lambda at, x=x, y=y: np.interp(at, x, y),
                "nearest": nearest_label(x, y),
            }.items():
                row[name] = line_risk(function)
                row["misfit"] = max(row["misfit"], np.abs(function(x) - y).max())
            rows.append(row)
        arrays = {name: np.array([row[name] for row in rows]) for name in rows[0]}
        return arrays | {"initial": arrays["initial"].sum()}


def _shifted(function, shift: float, at: np.ndarray) -> np.ndarray:
    return function(at) + shift
