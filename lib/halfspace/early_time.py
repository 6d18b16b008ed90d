"""The linear model that a net with one hidden layer resembles early in training.

Symbols: n points x with d entries, ``E x = 0``, covariance Σ with ``Tr Σ = d``; m units; v the
weights of the output, w the weights that gate a unit, u those of its value. In the parametrisation
of the neural tangent kernel (NTK), with all weights standard normal but v = ±1,

    ReLU net:   f(x) = m^(-1/2) Σ v relu(w·x/√d)
    DLGN:       f(x) = m^(-1/2) Σ v g(w·x/√d) u·x/√d,   "pwl"
    DLGN-PWC:   f(x) = m^(-1/2) Σ v g(w·x/√d) u·1/√d,   "pwc"

with gates g that are hard and frozen, or soft and trained. Two different inputs of a high dimension
are nearly orthogonal, so the NTK of a wide net is nearly affine in ``ρ = x·x'/d``. With
``e₁ = E[z g(z)]`` for a standard normal z, ``T = Tr(Σ²)/d``, and h = 1 if the gates are trained, 0
if not, the coefficients are

              constant               of ρ           of |x||x'|/d
    ReLU      (3/2d) T/(2π)          1/2            1/(2π)
    DLGN      (2 + h) e₁² T/d        1/2            0
    DLGN-PWC  1/2                    (2 + h) e₁²    0

Gradient descent with such a kernel is that of a linear model on 1, x and |x|. The row of the ReLU
net is Hu, Xiao, Adlam and Pennington's model, *The Surprising Simplicity of the Early-Time Learning
Dynamics of Neural Networks* (2020), here recalled and derived anew; the other rows are derived here
in the same way.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from halfspace._checks import check_finite, check_integer, check_shape, exact
from halfspace.gates import Gate, HardGate
from halfspace.nets import DLGN, ReLUNet

__all__ = [
    "NETS",
    "LinearModel",
    "kernel_descent",
    "linear_model",
    "mean_gate_slope",
    "mean_tangent_kernel",
    "symmetric_net",
    "tangent_factors",
]

NETS = ("relu", "pwl", "pwc")
"""The nets: ReLU net, DLGN (piecewise linear) and DLGN-PWC (piecewise constant)."""

_NODES = 200  # of the quadrature over a normal variable


def mean_gate_slope(gate: Gate) -> float:
    """Return ``e₁ = E[z g(z)]`` for a standard normal z: the linear part of a gate.

    Args:
        gate: a hard or a soft gate of one sharpness.

    Example:
        >>> from halfspace.gates import SoftGate
        >>> round(mean_gate_slope(HardGate()), 4), round(mean_gate_slope(SoftGate(4.0)), 4)
        (0.3989, 0.3647)
    """
    if isinstance(gate, HardGate):
        return 1 / math.sqrt(2 * math.pi)
    nodes, weights = np.polynomial.hermite_e.hermegauss(_NODES)
    gates = gate(torch.from_numpy(nodes)).numpy()
    return float((weights * nodes * gates).sum() / weights.sum())


@dataclass(frozen=True)
class LinearModel:
    """A linear model on 1, x and the norm of x, with a factor on the squared size of each feature.

    Attributes:
        constant: factor on 1.
        slope: factor on ``x·x'/d``.
        norm: factor on ``|x||x'|/d``.

    Example:
        >>> model = LinearModel(constant=0.5, slope=2.0, norm=0.0)
        >>> model.kernel(torch.eye(2).double()).round(decimals=9).tolist()
        [[1.5, 0.5], [0.5, 1.5]]
        >>> model.rates(2)
        (0.5, 1.0)
    """

    constant: float
    slope: float
    norm: float

    def __post_init__(self):
        if not all(0 <= factor < math.inf for factor in (self.constant, self.slope, self.norm)):
            raise ValueError(f"factors must be finite numbers of at least 0; got {self}")

    def features(self, x: Tensor) -> Tensor:
        """Return the model's features, shape (..., n, d + 2), whose inner product is its kernel.

        Args:
            x: inputs, shape (..., n, d).
        """
        d_in = x.shape[-1]
        ones = torch.ones_like(x[..., :1]) * math.sqrt(self.constant)
        norms = x.norm(dim=-1, keepdim=True) * math.sqrt(self.norm / d_in)
        return torch.cat([ones, x * math.sqrt(self.slope / d_in), norms], dim=-1)

    def kernel(self, x: Tensor, other: Tensor | None = None) -> Tensor:
        """Return the model's kernel, shape (n, n').

        Args:
            x: inputs, shape (n, d).
            other: a second set, shape (n', d); the first if ``None``.
        """
        return self.features(x) @ self.features(x if other is None else other).T

    def rates(self, d_in: int) -> tuple[float, float]:
        """Return how fast the model learns a constant and a linear function, per unit of time.

        The inputs have covariance 1 and norms near √d. Time is steps times their size, and the
        steps are on half the mean squared error.
        """
        return self.constant + self.norm, self.slope / d_in

    @exact()
    def descend(
        self, x: Tensor, y: Tensor, others: Sequence[Tensor], *, rate: float, steps: Sequence[int]
    ) -> list[Tensor]:
        """Return the model's outputs during gradient descent from 0 on half the mean squared error.

        Args:
            x: training inputs, shape (n, d).
            y: targets, shape (n,).
            others: E sets of inputs at which the outputs are wanted, shape (n', d) each.
            rate: size of the steps.
            steps: T numbers of steps.

        Returns:
            For each of ``others`` shape (T, n').

        Raises:
            ValueError: if y has the wrong shape, a number is out of range, or the steps are so
                large that descent diverges.

        Example:
            >>> x = torch.tensor([[1.0], [-1.0]], dtype=torch.float64)
            >>> model = LinearModel(constant=0.0, slope=1.0, norm=0.0)
            >>> model.descend(x, x[:, 0], [x], rate=0.5, steps=[0, 1, 2])[0][:, 0].tolist()
            [0.0, 0.5, 0.75]
        """
        check_shape("y", y, x.shape[:1])
        features = self.features(x)
        values, vectors = torch.linalg.eigh(features.T @ features / len(x))
        weights = _learned(values, rate, steps) * (vectors.T @ (features.T @ y / len(x)))
        return [weights @ (self.features(points) @ vectors).T for points in others]


@exact()
def kernel_descent(
    kernel: Tensor, y: Tensor, across: Sequence[Tensor], *, rate: float, steps: Sequence[int]
) -> list[Tensor]:
    """Return the outputs of gradient descent with a fixed kernel, from 0.

    The loss is half the mean squared error. A net that starts at 0 and keeps its NTK does the same.

    Args:
        kernel: of the training points, shape (n, n).
        y: targets, shape (n,).
        across: kernels of other points with the training points, shape (n', n) each.
        rate: size of the steps.
        steps: T numbers of steps.

    Returns:
        For each of ``across`` shape (T, n').

    Raises:
        ValueError: if a shape is wrong, a number is out of range, or the steps are so large that
            descent diverges.

    Example:
        >>> kernel = torch.eye(2, dtype=torch.float64)
        >>> kernel_descent(kernel, kernel[0], [kernel], rate=1.0, steps=[1, 2])[0].tolist()
        [[0.5, 0.0], [0.75, 0.0]]
    """
    check_shape("y", y, (len(kernel),))
    check_shape("kernel", kernel, (len(kernel), len(kernel)))
    values, vectors = torch.linalg.eigh(kernel / len(kernel))
    duals = _learned(values, rate, steps) * (vectors.T @ (y / len(kernel)))
    return [duals @ (other @ vectors).T for other in across]


def _learned(values: Tensor, rate: float, steps: Sequence[int]) -> Tensor:
    """Return ``(1 - (1 - rate λ)^t) / λ`` for each number of steps t and eigenvalue λ, (T, k)."""
    if not 0 < rate < math.inf:
        raise ValueError(f"rate must be a positive number; got {rate!r}")
    times = torch.tensor(
        [check_integer("steps", step, least=0) for step in steps], dtype=values.dtype
    )[:, None]
    top = rate * values[-1].item()
    if top > 2:
        raise ValueError(f"rate must be at most 2 over the largest eigenvalue; it is {top:.3g}")
    # Rounding makes zeros negative. Where rate λ is tiny, the result is rate t.
    values = values.clamp_min(1e-14 * values[-1])
    return (1 - (1 - rate * values) ** times) / values


def linear_model(
    kind: str, d_in: int, *, gate: Gate | None = None, trained: bool = False, spread: float = 1.0
) -> LinearModel:
    """Return the linear model that belongs to a net; see the module's documentation.

    Args:
        kind: one of ``NETS``.
        d_in: d.
        gate: a DLGN's gate, hard if ``None``.
        trained: whether the DLGN's gates are trained.
        spread: T, the trace of the inputs' squared covariance over d.

    Raises:
        ValueError: if ``kind`` is unknown, a number is out of range, or hard gates are trained.

    Example:
        >>> relu, dlgn = (linear_model(kind, 32) for kind in ("relu", "pwl"))
        >>> relu.slope, dlgn.slope, dlgn.norm
        (0.5, 0.5, 0.0)
        >>> relu.rates(32)[0] / dlgn.rates(32)[0] > 16  # a constant is fast in the ReLU net alone
        True
    """
    d_in, gate = check_integer("d_in", d_in), HardGate() if gate is None else gate
    if kind not in NETS:
        raise ValueError(f"kind must be one of {NETS}; got {kind!r}")
    if not 0 < spread < math.inf:
        raise ValueError(f"spread must be a positive number; got {spread!r}")
    if trained and isinstance(gate, HardGate):
        raise ValueError("hard gates have no gradient and cannot be trained")
    if kind == "relu":
        normal = 1 / (2 * math.pi)
        return LinearModel(constant=1.5 / d_in * normal * spread, slope=0.5, norm=normal)
    gated = (2 + trained) * mean_gate_slope(gate) ** 2
    if kind == "pwl":
        return LinearModel(constant=gated * spread / d_in, slope=0.5, norm=0.0)
    return LinearModel(constant=0.5, slope=gated, norm=0.0)


def mean_tangent_kernel(kind: str, x: Tensor, other: Tensor | None = None) -> Tensor:
    """Return the exact NTK of an infinitely wide net; a DLGN's gates are hard and frozen.

    Args:
        kind: one of ``NETS``.
        x: inputs, shape (n, d).
        other: a second set, shape (n', d); the first if ``None``.

    Returns:
        Shape (n, n'). With t the angle of two inputs: ``ρ (π - t)/π`` for the DLGN,
        ``(π - t)/π`` for DLGN-PWC, and for the ReLU net
        ``ρ (π - t)/(2π) + |x||x'| (sin t + (π - t) cos t)/(2π d)``.

    Raises:
        ValueError: if ``kind`` is unknown, or an input is not finite or 0.

    Example:
        >>> mean_tangent_kernel("pwc", torch.eye(2, dtype=torch.float64)).tolist()
        [[1.0, 0.5], [0.5, 1.0]]
    """
    other = x if other is None else other
    for name, points in (("x", x), ("other", other)):
        check_finite(name, points)
    if kind not in NETS:
        raise ValueError(f"kind must be one of {NETS}; got {kind!r}")
    norms = x.norm(dim=1)[:, None] * other.norm(dim=1)
    if not norms.all():
        raise ValueError("x and other must not hold the point 0, which has no angle")
    inner = x @ other.T
    cosine = (inner / norms).clamp(-1, 1)
    share = 1 - cosine.arccos() / math.pi
    if kind == "pwc":
        return share
    inner, norms = inner / x.shape[1], norms / x.shape[1]
    if kind == "pwl":
        return inner * share
    sine = (1 - cosine.square()).clamp_min(0).sqrt()
    return inner * share / 2 + norms * (sine / math.pi + cosine * share) / 2


@torch.no_grad()
def symmetric_net(
    kind: str,
    d_in: int,
    width: int,
    *,
    gate: Gate | None = None,
    trained: bool = False,
    generator: torch.Generator | None = None,
) -> ReLUNet | DLGN:
    """Draw a net with one hidden layer that computes 0: half its units are the others, negated.

    The weights are those of the package's nets, which contain the factors 1/√d and 1/√m. Steps on
    them agree with steps on w, u and v if they are multiplied by ``tangent_factors``.

    Args:
        kind: one of ``NETS``.
        d_in: d.
        width: m, an even number.
        gate: a DLGN's gate, hard if ``None``.
        trained: whether the DLGN's gates are trained.
        generator: source of randomness.

    Returns:
        The net, float64.

    Raises:
        ValueError: if ``kind`` is unknown, a number is out of range, or hard gates are trained.

    Example:
        >>> net = symmetric_net("pwl", 3, 8, generator=torch.Generator().manual_seed(0))
        >>> net(torch.ones(2, 3, dtype=torch.float64)).abs().max().item()
        0.0
    """
    linear_model(kind, d_in, gate=gate, trained=trained)  # checks
    width = check_integer("width", width)
    if width % 2:
        raise ValueError(f"width must be even; got {width}")
    sizes = dict(width=width, depth=1, generator=generator)
    if kind == "relu":
        net = ReLUNet(d_in, **sizes)
    else:
        gating = dict(gate=gate or HardGate(), frozen_gating=not trained)
        net = DLGN(d_in, constant_input=kind == "pwc", **gating, **sizes)
    net = net.double()
    for layer in (*net.gate_layers, net.value[0]):
        half = torch.randn(width // 2, d_in, generator=generator, dtype=torch.float64)
        layer.weight.copy_(half.repeat(2, 1) / math.sqrt(d_in))
    signs = torch.randint(2, (width // 2,), generator=generator).double() * 2 - 1
    net.value[1].weight.copy_(torch.cat([signs, -signs])[None] / math.sqrt(width))
    return net


def tangent_factors(net: ReLUNet | DLGN) -> dict[str, float]:
    """Return the factors on the steps of a net's weights that stand for the NTK parametrisation.

    They are 1 over the layer's number of inputs, by the beginnings of the trained weights' names,
    as ``halfspace.training.fit`` takes them.

    Example:
        >>> tangent_factors(ReLUNet(4, width=8, depth=1))
        {'value.0': 0.25, 'value.1': 0.125}
    """
    return {
        name.removesuffix(".weight"): 1 / weight.shape[-1]
        for name, weight in net.named_parameters()
        if weight.requires_grad
    }
