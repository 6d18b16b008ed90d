"""Gated networks whose units are joined to all layers before them, by edges of learnable weight.

Symbols: n points, d inputs, H gated layers (``depth``), m units in each (``width``), S copies.

``z_0 = U_0 x``, ``z_j = g_j ∘ U_j Σ_{i<j} c_ij z_i`` for the gated layers j = 1 ... H, and
``ŷ = u · Σ_i o_i z_i``. The layers are the nodes of a complete directed graph without cycles, the
c_ij and o_i weigh its edges. A path from the input to the output may skip any layers. The chain,
``c_{j-1,j} = o_H = 1`` and all others 0, is a net without skips.

With gates held fixed and weights that are independent and of mean zero (variances v_0 of U_0, v_j
of U_j, v of u), paths that differ in a layer or a unit are uncorrelated, so

``E ŷ(x) ŷ(x') = v m v_0 ⟨x, x'⟩ Σ_k w_k(x, x')``,

where w_k sums, over all ways to pass exactly k gated layers, the squares of the edges passed, times
``v_j ⟨g_j(x), g_j(x')⟩`` for each layer passed (``passed_layers``). Edges enter squared: an edge's
sign does not matter, and a small edge counts for little. With all edges and variances 1 the sum
over k is ``∏_j (1 + ⟨g_j, g_j'⟩)``, the number of active paths that two inputs share.

Reference: Yuan, Li, Shao and Yan, Learning Connectivity of Neural Networks from a Topological
Perspective (2020), for learnable edges of a complete graph. The kernel is derived anew.
"""

import math

import torch
from torch import Tensor, nn

from halfspace._checks import check_finite, check_hard, check_integer, check_points, check_shape
from halfspace.gates import Gate
from halfspace.nets import Linear

__all__ = ["ConnectedDLGN", "passed_layers"]


class ConnectedDLGN(nn.Module):
    """DLGN whose value network is a complete graph of layers; its gating network is a chain.

    Attributes:
        edges: c, shape (..., H, H); entry (j - 1, i) is the edge from layer i to gated layer j, for
            i < j. Entries above the diagonal are not used.
        outputs: o, shape (..., H + 1), from each layer to the output.
        gating: H linear layers.
        value: U_0, ..., U_H and u, H + 2 linear layers.

    Example:
        >>> from halfspace.gates import SoftGate
        >>> net = ConnectedDLGN(2, width=4, depth=3, gate=SoftGate(4.0))
        >>> x = torch.zeros(5, 2)
        >>> net(x).shape, net.gates(x).shape
        (torch.Size([5, 1]), torch.Size([5, 3, 4]))
    """

    def __init__(
        self,
        d_in: int,
        *,
        width: int,
        depth: int,
        gate: Gate,
        edge: float = 0.5,
        learn_edges: bool = True,
        generator: torch.Generator | None = None,
    ):
        """Draw the weights: normal with variance 1 (first layers) or 1/m (all others).

        Args:
            d_in: d.
            width: m.
            depth: H.
            gate: a gate of ``halfspace.gates``; training needs a soft or straight-through one.
            edge: initial value of all edges.
            learn_edges: whether edges are trained.
            generator: source of randomness; the gating network is drawn first.

        Raises:
            ValueError: if a size is not a positive integer or ``edge`` is not finite.
        """
        super().__init__()
        self.d_in, self.width = check_integer("d_in", d_in), check_integer("width", width)
        self.depth, self.gate = check_integer("depth", depth), gate
        if not math.isfinite(edge):
            raise ValueError(f"edge must be finite; got {edge}")

        def drawn(ins: int, outs: int, std: float) -> Linear:
            return Linear(ins, outs, bias=False, init="normal", std=std, generator=generator)

        std = self.width**-0.5
        inner = [(self.width, self.width, std)] * self.depth
        first = (self.d_in, self.width, 1.0)
        self.gating = nn.ModuleList(drawn(*sizes) for sizes in [first, *inner[1:]])
        self.value = nn.ModuleList(drawn(*s) for s in [first, *inner, (self.width, 1, std)])
        self.edges = nn.Parameter(torch.full((self.depth, self.depth), float(edge)).tril())
        self.outputs = nn.Parameter(torch.full((self.depth + 1,), float(edge)))
        self.edges.requires_grad_(learn_edges)
        self.outputs.requires_grad_(learn_edges)

    def gates(self, x: Tensor, gate: Gate | None = None) -> Tensor:
        """Return the gates of inputs (..., n, d), shape (..., n, H, m).

        Args:
            x: inputs.
            gate: the gate to apply; the net's own if ``None``.

        Raises:
            ValueError: if x is not finite or has the wrong shape.
        """
        check_points(x, self.d_in)
        check_finite("x", x)
        gates, h = [], x
        for layer in self.gating:
            h = layer(h)
            gates.append((self.gate if gate is None else gate)(h))
        return torch.stack(gates, -2)

    def forward(self, x: Tensor, gates: Tensor | None = None) -> Tensor:
        """Map inputs (..., n, d) to outputs (..., n, 1).

        Args:
            x: inputs.
            gates: gates to use, shape (..., n, H, m); the net's own if ``None``.

        Raises:
            ValueError: if x or ``gates`` has the wrong shape, or x is not finite.
        """
        gates = self.gates(x) if gates is None else gates
        check_points(x, self.d_in)
        own = (x.shape[-2], self.depth, self.width)
        check_shape("gates", gates, (*gates.shape[:-3], *own))
        layers = [self.value[0](x)]
        for j in range(self.depth):
            joined = torch.stack(layers, -1) @ self.edges[..., None, j, : j + 1, None]
            layers.append(gates[..., j, :] * self.value[j + 1](joined.squeeze(-1)))
        joined = torch.stack(layers, -1) @ self.outputs[..., None, :, None]
        return self.value[-1](joined.squeeze(-1))


@torch.no_grad()
def passed_layers(
    gates: Tensor, edges: Tensor, outputs: Tensor, variances: Tensor | None = None
) -> Tensor:
    """Weigh all pairs of inputs by the paths they share, sorted by the gated layers passed.

    Args:
        gates: hard gates, shape (..., n, H, m).
        edges: c, shape (..., H, H), see ``ConnectedDLGN``.
        outputs: o, shape (..., H + 1).
        variances: v_j of the gated layers' weights, shape (..., H); 1 if ``None``.

    Returns:
        w_k for k = 0 ... H, float64, shape (..., H + 1, n, n). Exact below 2⁵³ where edges and
        variances are whole numbers.

    Raises:
        ValueError: if gates are not hard, or a shape does not fit them.

    Example:
        Two inputs that share one of two gates in each of two layers: 1 + 1 paths through one layer,
        1 through both, and the one that skips both.

        >>> gates = torch.tensor([[[1.0, 0.0], [1.0, 1.0]], [[1.0, 1.0], [0.0, 1.0]]])
        >>> passed_layers(gates, torch.ones(2, 2), torch.ones(3))[:, 0, 1]
        tensor([1., 2., 1.], dtype=torch.float64)
    """
    check_hard(gates)
    depth, gates = gates.shape[-2], gates.double()
    check_shape("edges", edges, (*edges.shape[:-2], depth, depth))
    check_shape("outputs", outputs, (*outputs.shape[:-1], depth + 1))
    if variances is not None:
        check_shape("variances", variances, (*variances.shape[:-1], depth))
    squares, ends = edges.double().square(), outputs.double().square()
    shared = torch.einsum("...nhm,...phm->...hnp", gates, gates)
    if variances is not None:
        shared = shared * variances.double()[..., None, None]
    first = shared.new_zeros(*shared.shape[:-3], depth + 1, *shared.shape[-2:])
    first[..., 0, :, :] = 1
    layers = [first]  # of each layer, w_k of the paths that end there
    for j in range(depth):
        before = sum(squares[..., j, i, None, None, None] * layers[i] for i in range(j + 1))
        # One layer more is passed: k moves up by one.
        layers.append((before * shared[..., j, None, :, :]).roll(1, -3))
    return sum(ends[..., i, None, None, None] * layers[i] for i in range(depth + 1))
