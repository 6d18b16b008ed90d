"""The residual networks of the paper's appendix 2: as ReLU net, as DLGN and as deep linear net.

Symbols: n images, c classes, F filters of a stage. ``layers`` is the number in the nets' names: it
counts the 3 × 3 convolutions and the dense layer, but not the convolutions on skips.

**Structure.** There are two families for images of 32 × 32 pixels, both made of basic blocks (two
3 × 3 convolutions and a skip around them):

- ResNet-34: stages of 3, 4, 6 and 3 blocks with 64, 128, 256 and 512 filters. The first convolution
  is 3 × 3 with stride 1, and no pooling follows it, as is usual on small images; the rest is
  torchvision's ``resnet34``.
- ResNet-(6n + 2): three stages of n blocks with 16, 32 and 64 filters (He et al., Section 4.2):
  ResNet-110 has n = 18.

Each stage but the first begins with a convolution of stride 2. There the skip is a 1 × 1
convolution with batch normalisation, in both families (He et al.'s option B; they used zero padding
for the second family, which saves under 0.2 % of ResNet-110's parameters). A mean over pixels and a
dense layer end the net.

**Gates.** The ReLU net applies a ReLU at ``layers - 1`` activation sites: after the first
convolution, between a block's two convolutions, and after each sum of block and skip. The deep
linear net applies nothing at these sites. The DLGN's gating network applies nothing either; a
site's input is its pre-activation η. The DLGN's value network has the same structure and separate
weights. At each site it multiplies the input by the gate of the gating network's η.

Pre-activations and gates are a list of ``layers - 1`` tensors, one for each site in order, of shape
(n, F, h', w') with the filters and image size of the site's stage.

**Batch normalisation** follows each convolution, before the ReLU or the gate. Each network has
separate scales, shifts and statistics.

- At evaluation (``net.eval()``) its statistics are constants, and it maps each filter by
  ``h -> a h + b`` with fixed a and b. The gating network is then affine in the image: each unit, a
  filter at a pixel, is active on a half-space, whose border need not contain the origin. With fixed
  gates the value network is affine too; the shifts act as constant units.
- In training the statistics are those of the batch. They couple the images: whether a unit is
  active on one image depends on the others, and η is not affine in the image. Each pass also
  updates the running statistics. This includes the passes of ``preactivations`` and ``gates``, so
  call these at evaluation.

**Weights** of a convolution with F filters of k × k are He normal with variance 2 / (F k²)
(``fan_out``), as in torchvision, in every network: the normalisation that follows undoes the scale.
Normalisations start with scale 1 and shift 0; the dense layer's weights are PyTorch's default.

Reference: Half-Space Feature Learning in Neural Networks, appendix 2; He, Zhang, Ren and Sun, Deep
Residual Learning for Image Recognition (2016).
"""

import math
import operator

import torch
from torch import Tensor, nn

from halfspace._checks import check_images, check_integer
from halfspace.gates import Gate, HardGate
from halfspace.nets import Activation, GatedNet, OpenGates

__all__ = ["DLGNResNet", "LinearResNet", "ReLUResNet"]

_CHANNELS = 3


class _Block(nn.Module):
    """Two convolutions and the skip around them."""

    def __init__(self, before: int, filters: int, generator: torch.Generator | None):
        super().__init__()
        stride = 1 if before == filters else 2
        self.first = _convolution(before, filters, 3, stride, generator)
        self.second = _convolution(filters, filters, 3, 1, generator)
        same = stride == 1
        self.skip = nn.Identity() if same else _convolution(before, filters, 1, stride, generator)

    def forward(self, h: Tensor, activation: Activation) -> Tensor:
        inner = activation(self.first(h))
        return activation(self.second(inner) + self.skip(h))


class _Convolutions(nn.Module):
    """A residual network without its last layer, which runs with any activation."""

    def __init__(self, layers: int, generator: torch.Generator | None):
        super().__init__()
        stages = _stages(layers)
        before = stages[0][1]
        self.stem = _convolution(_CHANNELS, before, 3, 1, generator)
        self.blocks = nn.ModuleList()
        for count, filters in stages:
            for _ in range(count):
                self.blocks.append(_Block(before, filters, generator))
                before = filters
        self.filters = before

    def forward(self, x: Tensor, activation: Activation) -> Tensor:
        """Map images (n, 3, h, w) to features (n, F, h', w'); see ``GatedNet._hidden``."""
        h = activation(self.stem(x))
        for block in self.blocks:
            h = block(h, activation)
        return h


class _ResNet(GatedNet):
    """Base class of the residual nets: the value network's layers."""

    def __init__(self, layers: int, *, classes: int = 10, generator: torch.Generator | None = None):
        super().__init__()
        classes = check_integer("classes", classes)
        self.value = _Convolutions(layers, generator)
        self.layers = int(layers)
        self.dense = nn.Linear(self.value.filters, classes)
        bound = 1 / math.sqrt(self.value.filters)
        for parameter in self.dense.parameters():
            nn.init.uniform_(parameter, -bound, bound, generator=generator)

    @property
    def _sites(self) -> int:
        return self.layers - 1

    def _check_inputs(self, x: Tensor) -> None:
        check_images(x, _CHANNELS)

    def _hidden(self, network: nn.Module, h: Tensor, activation: Activation) -> Tensor:
        return network(h, activation)

    def _output(self, h: Tensor) -> Tensor:
        return self.dense(h.mean((-2, -1)))


class ReLUResNet(_ResNet):
    """Residual network with ReLUs.

    Args:
        layers: 34, or 6n + 2 with n >= 1 (8, 14, 20, ..., 110).
        classes: c, outputs.
        generator: source of randomness; PyTorch's global one if ``None``.

    Raises:
        ValueError: if ``layers`` is not one of these numbers, or ``classes`` is not a positive
            integer.

    Example:
        >>> net = ReLUResNet(8).eval()
        >>> x = torch.zeros(2, 3, 8, 8)
        >>> net(x).shape
        torch.Size([2, 10])
        >>> len(net.gates(x))
        7
    """

    gate = HardGate()
    _activation = staticmethod(torch.relu)


class LinearResNet(OpenGates, _ResNet):
    """Deep linear residual network: every gate is 1.

    Args: those of ``ReLUResNet``.

    Example:
        >>> net = LinearResNet(8).eval()
        >>> x = torch.zeros(2, 3, 8, 8)
        >>> net(x).shape
        torch.Size([2, 10])
        >>> all((gates == 1).all() for gates in net.gates(x))
        True
    """


class DLGNResNet(_ResNet):
    """Deep linearly gated residual network: a linear gating network, and a value network.

    Args:
        layers: see ``ReLUResNet``.
        gate: a gate of ``halfspace.gates``; training needs a soft or straight-through one.
        classes: c, outputs.
        generator: source of randomness; the gating network is drawn first.

    Raises:
        ValueError: if ``layers`` is not one of these numbers, or ``classes`` is not a positive
            integer.

    Example:
        >>> from halfspace.gates import SoftGate
        >>> net = DLGNResNet(8, gate=SoftGate(4.0)).eval()
        >>> x = torch.zeros(2, 3, 8, 8)
        >>> hard = net.gates(x, HardGate())
        >>> net(x, gates=hard).shape
        torch.Size([2, 10])
    """

    def __init__(
        self,
        layers: int,
        *,
        gate: Gate,
        classes: int = 10,
        generator: torch.Generator | None = None,
    ):
        gating = _Convolutions(layers, generator)
        super().__init__(layers, classes=classes, generator=generator)
        self.gate, self.gating = gate, gating


def _stages(layers: int) -> list[tuple[int, int]]:
    """Return each stage's number of blocks and of filters."""
    number = operator.index(layers) if hasattr(layers, "__index__") else 0
    if number == 34:
        return [(3, 64), (4, 128), (6, 256), (3, 512)]
    if number >= 8 and number % 6 == 2:
        return [((number - 2) // 6, filters) for filters in (16, 32, 64)]
    raise ValueError(f"layers must be 34 or 6n + 2 with n >= 1 (8, 20, 110); got {layers!r}")


def _convolution(
    before: int, filters: int, size: int, stride: int, generator: torch.Generator | None
) -> nn.Sequential:
    """Return a convolution and its normalisation; only the stride shrinks images."""
    layer = nn.Conv2d(before, filters, size, stride, padding=size // 2, bias=False)
    nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu", generator=generator)
    return nn.Sequential(layer, nn.BatchNorm2d(filters))
