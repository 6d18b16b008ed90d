"""The convolutional networks of Table 1: convolutions, a mean over pixels, one dense layer.

Symbols: n images, H convolutions (``depth``), F filters in each (``filters``), m units in the dense
layer (``units``), c classes. Every layer with a gate counts as hidden: the H convolutions and the
dense layer. No layer has a bias, so a gating network without nonlinearity is linear in the
image, and each unit (a filter at a pixel, or a unit of the dense layer) is active on a half-space.

Pre-activations and gates are a list of H + 1 tensors: H of shape (n, F, h, w), then one of shape
(n, m).

Convolutions are 3 × 3 with a border of zeros, so that images keep their size; with
``border="circular"`` they go on at the opposite side instead, so that they commute with circular
shifts of the image. The mean over pixels is a part of the dense layer's linear map. The initial
weights are drawn as in Glorot and Bengio (2010). The paper names no initialisation, but it
describes the layers in the terms of Keras, and this is Keras's default.

Reference: Half-Space Feature Learning in Neural Networks, Table 1 and appendix 3.1.
"""

import torch
from torch import Tensor, nn

from halfspace._checks import check_border, check_images, check_integer
from halfspace.gates import Gate, HardGate
from halfspace.nets import GatedNet, OpenGates

__all__ = ["ConvDGN", "ConvDLGN", "ConvDeepLinearNet", "ConvReLUNet"]


class _PooledLinear(nn.Linear):
    """Mean over pixels, then a linear map: (n, F, h, w) to (n, m)."""

    def forward(self, h: Tensor) -> Tensor:
        return super().forward(h.movedim(1, -1).mean((1, 2)))  # its gradient keeps h's layout


class _ConvNet(GatedNet):
    """Base class of the convolutional nets: the value network's layers."""

    def __init__(
        self,
        *,
        channels: int = 3,
        filters: int = 26,
        depth: int = 5,
        units: int = 64,
        classes: int = 10,
        border: str = "zeros",
        generator: torch.Generator | None = None,
    ):
        super().__init__()
        self.channels = check_integer("channels", channels)
        classes = check_integer("classes", classes)
        self.border = border
        self.value = _hidden_layers(channels, filters, depth, units, border, generator)
        self.value.append(_drawn(nn.Linear(units, classes, bias=False), generator))

    def _check_inputs(self, x: Tensor) -> None:
        check_images(x, self.channels)


class ConvReLUNet(_ConvNet):
    """ReLU network with H convolutions and a dense hidden layer.

    Args:
        channels: channels of the images.
        filters: F, filters in each convolution.
        depth: H, number of convolutions.
        units: m, units in the dense hidden layer.
        classes: c, outputs.
        border: what convolutions see beyond the image's border, ``"zeros"`` or ``"circular"``.
        generator: source of randomness; PyTorch's global one if ``None``.

    Raises:
        ValueError: if a size is not a positive integer, or ``border`` is unknown.

    Example:
        >>> net = ConvReLUNet(filters=4, depth=2, units=8)
        >>> x = torch.zeros(5, 3, 6, 6)
        >>> net(x).shape
        torch.Size([5, 10])
        >>> [tuple(gates.shape) for gates in net.gates(x)]
        [(5, 4, 6, 6), (5, 4, 6, 6), (5, 8)]
    """

    gate = HardGate()
    _activation = staticmethod(torch.relu)


class ConvDeepLinearNet(OpenGates, _ConvNet):
    """Deep linear network (DLN): every gate is 1.

    Args: those of ``ConvReLUNet``.

    Example:
        >>> net = ConvDeepLinearNet(filters=4, depth=2, units=8)
        >>> x = torch.zeros(5, 3, 6, 6)
        >>> net(x).shape
        torch.Size([5, 10])
        >>> all((gates == 1).all() for gates in net.gates(x))
        True
    """


class _GatingConvNet(_ConvNet):
    """Base class of ConvDLGN and ConvDGN: a gating network, drawn before the value network."""

    def __init__(
        self,
        *,
        gate: Gate,
        constant_input: bool = False,
        channels: int = 3,
        filters: int = 26,
        depth: int = 5,
        units: int = 64,
        classes: int = 10,
        border: str = "zeros",
        generator: torch.Generator | None = None,
    ):
        gating = _hidden_layers(channels, filters, depth, units, border, generator)
        super().__init__(
            channels=channels,
            filters=filters,
            depth=depth,
            units=units,
            classes=classes,
            border=border,
            generator=generator,
        )
        self.gate, self.constant_input = gate, constant_input
        self.gating = gating

    def _value_input(self, x: Tensor) -> Tensor:
        return torch.ones_like(x) if self.constant_input else x


class ConvDLGN(_GatingConvNet):
    """Deep linearly gated network: a linear gating network, and a value network of the same shape.

    It also takes the arguments of ``ConvReLUNet``.

    Args:
        gate: a gate of ``halfspace.gates``; training needs a soft or straight-through one.
        constant_input: feed the value network an image of ones instead of x: the piecewise constant
            variant (PWC).

    Example:
        >>> from halfspace.gates import SoftGate
        >>> net = ConvDLGN(gate=SoftGate(4.0), filters=4, depth=2, units=8)
        >>> x = torch.zeros(5, 3, 6, 6)
        >>> hard = net.gates(x, HardGate())
        >>> net(x, gates=hard).shape
        torch.Size([5, 10])
    """


class ConvDGN(_GatingConvNet):
    """Deep gated network: a ``ConvDLGN`` whose gating network is a ReLU network.

    Args: those of ``ConvDLGN``.

    Reference: Lakshminarayanan and Singh (2020).

    Example:
        >>> from halfspace.gates import SoftGate
        >>> net = ConvDGN(gate=SoftGate(4.0), filters=4, depth=2, units=8)
        >>> x = torch.zeros(5, 3, 6, 6)
        >>> hard = net.gates(x, HardGate())
        >>> net(x, gates=hard).shape
        torch.Size([5, 10])
    """

    _activation = staticmethod(torch.relu)


def _hidden_layers(
    channels: int,
    filters: int,
    depth: int,
    units: int,
    border: str,
    generator: torch.Generator | None,
) -> nn.ModuleList:
    check_border(border)
    channels, filters = check_integer("channels", channels), check_integer("filters", filters)
    depth, units = check_integer("depth", depth), check_integer("units", units)
    sizes = [channels] + [filters] * depth
    convolutions = [
        nn.Conv2d(sizes[layer], filters, 3, padding=1, padding_mode=border, bias=False)
        for layer in range(depth)
    ]
    layers = [*convolutions, _PooledLinear(filters, units, bias=False)]
    return nn.ModuleList(_drawn(layer, generator) for layer in layers)


def _drawn(layer: nn.Module, generator: torch.Generator | None) -> nn.Module:
    """Draw the weights uniformly on ±√(6 / (fan in + fan out)) (Glorot and Bengio, 2010)."""
    nn.init.xavier_uniform_(layer.weight, generator=generator)
    return layer
