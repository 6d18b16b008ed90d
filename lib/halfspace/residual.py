"""Dense residual networks with gates inside their blocks: as ReLU net and as DLGN.

Symbols: n points, d inputs, b blocks (``blocks``) of q gated layers (``layers``), m units a layer
(``width``), c outputs. A gated layer maps the input to m units, ``z = g_0 ∘ (U_0 x)``; each block
adds its output to its input, ``z ← z + g_q ∘ U_q(... g_1 ∘ (U_1 z))``; a linear layer ends the net.
No layer has a bias, and no gate follows a sum, so a path may pass through any of the blocks and
skip the others.

Gates are one tensor of shape (n, 1 + b q, m): the first layer's, then those of the blocks in order.
``halfspace.resnet`` has the convolutional networks of the paper.

Reference: Veit, Wilber and Belongie, Residual Networks Behave Like Ensembles of Relatively Shallow
Networks (2016), for the view of a residual net as its sub-networks.
"""

import torch
from torch import Tensor, nn

from halfspace._checks import check_integer, check_points, check_shape
from halfspace.gates import Gate, HardGate
from halfspace.nets import Activation, GatedNet, Linear

__all__ = ["ResidualDLGN", "ResidualReLUNet"]


class _ResidualNet(GatedNet):
    """Base class of the dense residual nets: the value network's layers."""

    def __init__(
        self,
        d_in: int,
        *,
        width: int,
        blocks: int,
        layers: int = 2,
        d_out: int = 1,
        init: str = "default",
        std: float | None = None,
        generator: torch.Generator | None = None,
    ):
        super().__init__()
        self.d_in, self.width = check_integer("d_in", d_in), check_integer("width", width)
        self.blocks, self.layers = check_integer("blocks", blocks), check_integer("layers", layers)
        drawn = dict(init=init, std=std, generator=generator)
        self.value = _hidden_layers(d_in, width, blocks, layers, **drawn)
        self.value.append(Linear(width, d_out, bias=False, **drawn))

    def _check_inputs(self, x: Tensor) -> None:
        check_points(x, self.d_in)

    def _hidden(self, network: nn.Module, h: Tensor, activation: Activation) -> Tensor:
        h = activation(network[0](h))
        for block in range(self.blocks):
            inner = h
            for layer in network[1 + block * self.layers : 1 + (block + 1) * self.layers]:
                inner = activation(layer(inner))
            h = h + inner
        return h

    def _joined(self, etas: list[Tensor]) -> Tensor:
        return torch.stack(etas, dim=-2)

    def _separated(self, gates: Tensor, x: Tensor) -> tuple[Tensor, ...]:
        check_shape("gates", gates, (*x.shape[:-1], 1 + self.blocks * self.layers, self.width))
        return gates.unbind(-2)


class ResidualReLUNet(_ResidualNet):
    """Residual network with ReLUs inside its blocks.

    Args:
        d_in: inputs.
        width: m, units in each hidden layer.
        blocks: b.
        layers: q, gated layers of a block.
        d_out: c, outputs.
        init: see ``halfspace.nets.Linear``.
        std: standard deviation of all weights, for ``init="normal"`` alone.
        generator: source of randomness.

    Raises:
        ValueError: if a size is not a positive integer, ``init`` is unknown, or ``std`` does not
            fit it.

    Example:
        >>> net = ResidualReLUNet(2, width=4, blocks=3, layers=2)
        >>> x = torch.tensor([[1.0, 2.0], [3.0, -1.0]])
        >>> net(x).shape, net.gates(x).shape
        (torch.Size([2, 1]), torch.Size([2, 7, 4]))
        >>> torch.allclose(net(x, gates=net.gates(x)), net(x))
        True
    """

    gate = HardGate()
    _activation = staticmethod(torch.relu)


class ResidualDLGN(_ResidualNet):
    """Deep linearly gated residual network: a linear gating network, and a value network.

    It also takes the arguments of ``ResidualReLUNet``; both networks have its shape and are drawn
    alike, the gating network first.

    Args:
        gate: a gate of ``halfspace.gates``; training needs a soft or straight-through one.

    Example:
        >>> net = ResidualDLGN(2, gate=HardGate(), width=4, blocks=3, layers=2)
        >>> x = torch.tensor([[1.0, 2.0], [3.0, -1.0]])
        >>> torch.allclose(net.preactivations(2 * x), 2 * net.preactivations(x))
        True
        >>> torch.equal(net.gates(-x), 1 - net.gates(x))
        True
    """

    def __init__(
        self,
        d_in: int,
        *,
        gate: Gate,
        width: int,
        blocks: int,
        layers: int = 2,
        d_out: int = 1,
        init: str = "default",
        std: float | None = None,
        generator: torch.Generator | None = None,
    ):
        drawn = dict(init=init, std=std, generator=generator)
        gating = _hidden_layers(d_in, width, blocks, layers, **drawn)
        super().__init__(d_in, width=width, blocks=blocks, layers=layers, d_out=d_out, **drawn)
        self.gate, self.gating = gate, gating


def _hidden_layers(d_in: int, width: int, blocks: int, layers: int, **drawn) -> nn.ModuleList:
    width = check_integer("width", width)
    count = check_integer("blocks", blocks) * check_integer("layers", layers)
    return nn.ModuleList(
        Linear(size, width, bias=False, **drawn) for size in [d_in] + [width] * count
    )
