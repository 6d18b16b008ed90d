"""Experiments on networks with learnable edges between all layers."""

import copy
from typing import ClassVar, Literal

import numpy as np
import torch
from pydantic import Field

from halfspace._checks import single_precision
from halfspace.companion.circle.target import Circle
from halfspace.companion.duality.measures import means_over_signs
from halfspace.companion.seeds import SeedStudy, order_seed
from halfspace.companion.short_views.measures import connected_output
from halfspace.companion.spec import Integer, Spec
from halfspace.companion.theory.measures import relative_gap
from halfspace.connectivity import ConnectedDLGN, passed_layers
from halfspace.gates import HardGate, SoftGate
from halfspace.training import fit, net_losses, weight_sums

__all__ = ["EdgeDepth", "SignedEdges"]

_POINTS = 3
_OPEN = 0.75  # share of gates that are open
_VARIANCES = (0.3, 0.7, 0.2, 0.5, 0.6)  # of the layers' weights, from the input on


class SignedEdges(SeedStudy):
    """Compare the exact mean of y y' of a net with weighted edges with the sum over its paths.

    Attributes:
        d_in: d.
        width: m.
        depth: H, at most 3.

    The result's arrays (S,), largest differences relative to the largest entry: gap: mean over all
    signs of the weights against the formula; product: sum over paths with all edges 1 against the
    product over layers; unsquared: the formula with |edges| in place of their squares; chain: with
    the paths alone that skip no layer, scaled to the mean's trace. initial: sum of the inputs.
    """

    d_in: Integer = Field(2, ge=1)
    width: Integer = Field(2, ge=1)
    depth: Integer = Field(2, ge=1, le=3)

    def _measure(self, seed: int) -> dict[str, float]:
        generator = torch.Generator().manual_seed(seed)
        x = torch.randn(_POINTS, self.d_in, generator=generator).double()
        shape = (_POINTS, self.depth, self.width)
        gates = (torch.rand(shape, generator=generator) < _OPEN).double()
        edges = torch.randn(self.depth, self.depth, generator=generator).double()
        outputs = torch.randn(self.depth + 1, generator=generator).double()
        inner = [(self.width, self.width)] * self.depth
        shapes = [(self.width, self.d_in), *inner, (1, self.width)]
        variances = _VARIANCES[: len(shapes)]
        mean, _ = means_over_signs(
            lambda weights: connected_output(weights, x, gates, edges, outputs), shapes, variances
        )
        first, *layers, last = variances
        scale = last * self.width * first * (x @ x.T)
        layers = torch.tensor(layers, dtype=torch.float64)
        passed = passed_layers(gates, edges, outputs, layers)
        unsquared = passed_layers(gates, edges.abs().sqrt(), outputs.abs().sqrt(), layers)
        chain = scale * passed[-1]
        chain = chain * (mean.trace() / chain.trace().clamp_min(1e-300))
        ones = torch.ones_like(edges), torch.ones_like(outputs)
        shared = torch.einsum("nhm,phm->hnp", gates, gates)
        return {
            "initial": x.sum().item(),
            "gap": relative_gap(scale * passed.sum(0), mean),
            "product": relative_gap(passed_layers(gates, *ones).sum(0), (1 + shared).prod(0)),
            "unsquared": relative_gap(scale * unsquared.sum(0), mean),
            "chain": relative_gap(chain, mean),
        }


class EdgeDepth(Spec):
    """Train DLGNs with edges between all layers on the circle, and ask how deep their paths are.

    Full-batch Adam; soft gates with β = 4, and hard ones wherever paths are weighed. Effective
    depth: mean over points of ``Σ_k k w_k / Σ_k w_k``, w_k the weight of the paths through k gated
    layers, with the trained edges and the mean square of each layer's weights (``passed_layers``).

    Attributes:
        edges: whether they are trained or stay at their start.
        start: value of all edges at the start.
        points: on the circle.
        width: m.
        depth: H.
        learning_rate: step size.
        steps: number of steps.
        first_seed: the nets' seeds are first_seed, first_seed + 1, ...
        seeds: S.

    The result's arrays: depth (2, S): effective depth at the start and at the end; shares (2, S,
    H + 1): of the paths by the number of layers passed, mean over points; loss (2, S): mean square
    of the error; edge_sizes (S, H, H), output_sizes (S, H + 1): |edges| at the end; initial (S,).
    """

    early: ClassVar[float] = 0
    late: ClassVar[tuple[str, ...]] = ("edge_sizes", "output_sizes")

    edges: Literal["learned", "fixed"] = "learned"
    start: float = Field(0.5, gt=0)
    points: Integer = Field(128, ge=4)
    width: Integer = Field(16, ge=1)
    depth: Integer = Field(5, ge=1)
    learning_rate: float = Field(3e-3, gt=0)
    steps: Integer = Field(1200, ge=1)
    first_seed: Integer = Field(0, ge=0)
    seeds: Integer = Field(10, ge=1)

    @single_precision()
    def nets(self) -> ConnectedDLGN:
        """Return the nets of all seeds at their start, as one stacked net on the CPU."""
        nets = [
            ConnectedDLGN(
                2,
                width=self.width,
                depth=self.depth,
                gate=SoftGate(4.0),
                edge=self.start,
                learn_edges=self.edges == "learned",
                generator=torch.Generator().manual_seed(seed),
            )
            for seed in range(self.first_seed, self.first_seed + self.seeds)
        ]
        joined = copy.deepcopy(nets[0])
        for name, parameter in joined.named_parameters():
            parameter.data = torch.stack([net.state_dict()[name] for net in nets])
        return joined

    def _run(self, device: torch.device) -> dict[str, np.ndarray]:
        circle = Circle(n=self.points)
        x, y = circle.points().to(device), circle.values().to(device)
        net = self.nets().to(device)
        initial = weight_sums({name: w.cpu() for name, w in net.state_dict().items()})

        def measure(net: ConnectedDLGN) -> dict[str, torch.Tensor]:
            shares = path_shares(net, x)
            layers = torch.arange(self.depth + 1, dtype=shares.dtype, device=shares.device)
            loss = net_losses(net(x), y, "mse")
            return {"depth": shares @ layers, "shares": shares, "loss": loss.double()}

        history = fit(
            net,
            x,
            y,
            seeds=[order_seed(self.first_seed + copy) for copy in range(self.seeds)],
            epochs=self.steps,
            learning_rate=self.learning_rate,
            measure=measure,
            record=(0, self.steps),
            description=f"edges {self.edges}",
        )
        sizes = {
            "edge_sizes": net.edges.detach().tril().abs().cpu().numpy(),
            "output_sizes": net.outputs.detach().abs().cpu().numpy(),
        }
        return {"initial": initial} | history.measures | sizes


@torch.no_grad()
def path_shares(net: ConnectedDLGN, x: torch.Tensor) -> torch.Tensor:
    """Return the shares of a stacked net's paths by the number of layers passed, (S, H + 1).

    Means over inputs x, shape (n, d), with hard gates and the mean square of each layer's weights.
    """
    gates = net.gates(x, HardGate())
    squares = [layer.weight.square().mean((-2, -1)) for layer in net.value[1:-1]]
    passed = passed_layers(gates, net.edges, net.outputs, torch.stack(squares, -1))
    own = passed.diagonal(dim1=-2, dim2=-1)  # (S, H + 1, n)
    return (own / own.sum(1, keepdim=True)).mean(-1)
