"""The networks of the paper, with an optional leading axis of independent copies.

Symbols: n points, d inputs, H gated (hidden) layers (``depth``), m units a layer (``width``), c
outputs.

Every weight may carry leading axes: ``stack`` turns S nets of one architecture into one net whose
weights have shape (S, out, in), and whose ``forward`` returns (S, n, c). The same code computes one
net or many.

Reference: Half-Space Feature Learning in Neural Networks, Section 2.
"""

import copy
import math
from collections.abc import Callable, Iterable, Sequence

import torch
from torch import Tensor, nn

from halfspace._checks import (
    check_finite,
    check_integer,
    check_points,
    check_shape,
    exact,
    uncompiled,
)
from halfspace.gates import Gate, HardGate, stack_gates, unstack_gate

__all__ = [
    "DGN",
    "DLGN",
    "DeepLinearNet",
    "GatedNet",
    "INITS",
    "Linear",
    "ReLUNet",
    "stack",
    "unstack",
]

INITS = ("default", "xavier", "he", "normal")

Activation = Callable[[Tensor], Tensor]
"""Function of a layer's pre-activations: maps a tensor to one of the same shape."""


class Linear(nn.Module):
    """Affine map ``h -> h Wᵀ + b`` whose weights may carry leading axes.

    Attributes:
        weight: shape (..., out, in).
        bias: shape (..., out), or ``None``.

    References: Glorot and Bengio (2010) for ``"xavier"``; He, Zhang, Ren and Sun (2015) for
    ``"he"``.

    Example:
        >>> layer = Linear(3, 2, bias=True, init="he", generator=torch.Generator().manual_seed(0))
        >>> layer(torch.ones(5, 3)).shape
        torch.Size([5, 2])
    """

    def __init__(
        self,
        d_in: int,
        d_out: int,
        *,
        bias: bool,
        init: str,
        std: float | None = None,
        gain: float = 1.0,
        generator: torch.Generator | None = None,
    ):
        """Draw the weights.

        Args:
            d_in: size of the input.
            d_out: size of the output.
            bias: whether there is a constant unit.
            init: ``"default"`` is PyTorch's (weights and biases uniform on ±1/√d_in); ``"xavier"``
                is uniform on ±√(6/(d_in + d_out)), ``"he"`` normal with variance 2/d_in,
                ``"normal"`` normal with standard deviation ``std``, all three with zero biases.
            std: standard deviation of the weights, for ``"normal"`` alone.
            gain: factor on the weights (not on the biases).
            generator: source of randomness; PyTorch's global one if ``None``.

        Raises:
            ValueError: if a size is not a positive integer, ``init`` is unknown, or ``std`` does
                not fit it.
        """
        super().__init__()
        d_in, d_out = check_integer("d_in", d_in), check_integer("d_out", d_out)
        _check_std(init, std)
        weight = torch.empty(d_out, d_in)
        offset = torch.zeros(d_out) if bias else None
        if init == "default":
            bound = 1 / math.sqrt(d_in)
            weight.uniform_(-bound, bound, generator=generator)
            if bias:
                offset.uniform_(-bound, bound, generator=generator)
        elif init == "xavier":
            bound = math.sqrt(6 / (d_in + d_out))
            weight.uniform_(-bound, bound, generator=generator)
        elif init == "he":
            weight.normal_(0, math.sqrt(2 / d_in), generator=generator)
        elif init == "normal":
            weight.normal_(0, std, generator=generator)
        else:
            raise ValueError(f"init must be one of {INITS}; got {init!r}")
        self.weight = nn.Parameter(weight * gain)
        self.bias = nn.Parameter(offset) if bias else None

    def forward(self, h: Tensor) -> Tensor:
        """Map (..., n, in) to (..., n, out)."""
        if h.shape[-2] > 1 and h.stride(-2) == 0:  # all rows are equal, as for a constant input
            out = self(h[..., :1, :])
            return out.expand(*out.shape[:-2], h.shape[-2], -1)
        out = h @ self.weight.mT
        return out if self.bias is None else out + self.bias.unsqueeze(-2)


def _check_std(init: str, std: float | None) -> None:
    """Refuse a standard deviation that ``init`` does not take, or its lack."""
    if init != "normal" and std is not None:
        raise ValueError(f"std is for init='normal' alone; got std={std!r} with init={init!r}")
    if init == "normal" and not (std is not None and 0 < std < math.inf):
        raise ValueError(f"init='normal' needs std, a positive number; got {std!r}")


def identity(preactivation: Tensor) -> Tensor:
    """Return the pre-activation: a linear network's activation."""
    return preactivation


class GatedNet(nn.Module):
    """Base class of all nets: pre-activations, gates, and outputs under their own or other gates.

    A net's gates follow from the pre-activations of its gating network or, if it has none, from
    those of the value network itself. Under given gates, the value network multiplies each
    pre-activation by its gate. So ``net(x, gates=net.gates(x, HardGate()))`` is the net's output
    under hard gates, whatever its own gate is.

    Pre-activations and gates are one tensor of shape (..., n, H, m) for a dense net, and a list of
    one tensor for each activation site for a net of images.

    Attributes:
        gate: the net's own gate; a deep linear net has none.
        constant_input: whether the value network receives ones instead of the input.
        shallow: whether every gating layer reads the input instead of the layer below it.

    Example:
        >>> from halfspace.gates import HardGate, SoftGate
        >>> net = DLGN(2, width=4, depth=3, gate=SoftGate(4.0))
        >>> isinstance(net, GatedNet)
        True
        >>> x = torch.zeros(5, 2)
        >>> hard = net.gates(x, HardGate())
        >>> hard.shape, net(x, gates=hard).shape
        (torch.Size([5, 3, 4]), torch.Size([5, 1]))
    """

    gate: Gate
    constant_input: bool = False
    shallow: bool = False
    _activation: Activation = staticmethod(identity)  # of the network that the gates follow from

    @property
    def has_gating(self) -> bool:
        """Whether a gating network with separate weights decides the gates."""
        return hasattr(self, "gating")

    @property
    def has_linear_gating(self) -> bool:
        """Whether the pre-activations are affine in the input, so that units have half-spaces."""
        return self._activation is identity

    @exact()
    def preactivations(self, x: Tensor) -> Tensor | list[Tensor]:
        """Return the pre-activations that the gates follow from.

        Args:
            x: inputs, shape (..., n, d), or images, shape (n, channels, h, w).

        Raises:
            ValueError: if x is not finite or has the wrong shape.
        """
        self._check_inputs(x)
        check_finite("x", x)
        return self._joined(self._etas(x))

    def gates(self, x: Tensor, gate: Gate | None = None) -> Tensor | list[Tensor]:
        """Return the gates of x, in the shape of the pre-activations.

        Args:
            x: inputs, shape (..., n, d), or images, shape (n, channels, h, w).
            gate: the gate to apply; the net's own if ``None``.

        Raises:
            ValueError: if x is not finite or has the wrong shape.
        """
        return _mapped(self.gate if gate is None else gate, self.preactivations(x))

    def forward(self, x: Tensor, gates: Tensor | list[Tensor] | None = None) -> Tensor:
        """Map inputs to outputs, without enumerating paths (Theorem 2).

        Args:
            x: inputs, shape (..., n, d), or images, shape (n, channels, h, w).
            gates: gates to use, in the shape of the pre-activations; the net's own if ``None``.

        Returns:
            Outputs, shape (..., n, c).

        Raises:
            ValueError: if x or ``gates`` has the wrong shape.
        """
        self._check_inputs(x)
        if gates is not None:
            activation = self._multiplication(self._separated(gates, x))
        elif self.has_gating:
            activation = self._multiplication(self.gate(eta) for eta in self._etas(x))
        else:
            activation = self._activation
        return self._output(self._hidden(self.value, self._value_input(x), activation))

    def _etas(self, x: Tensor) -> list[Tensor]:
        """Return the pre-activations of each activation site, in order."""
        etas = []

        def record(eta: Tensor) -> Tensor:
            etas.append(eta)
            return self._activation(eta)

        self._hidden(getattr(self, "gating", self.value), x, record)
        return etas

    def _multiplication(self, gates: Iterable[Tensor]) -> Activation:
        """Return the activation that multiplies each site's pre-activations by its gates."""
        following = iter(gates)
        return lambda preactivation: self._times(preactivation, next(following))

    # The methods below suit nets that run the layers of ``value`` in order and whose gates are a
    # list; other nets override them.

    def _check_inputs(self, x: Tensor) -> None:
        """Refuse inputs of the wrong shape."""
        raise NotImplementedError

    @property
    def _sites(self) -> int:
        """Number of activation sites."""
        return len(self.value) - 1

    def _hidden(self, network: nn.Module, h: Tensor, activation: Activation) -> Tensor:
        """Run the hidden layers of a network, with ``activation`` at each activation site."""
        for layer in network[: self._sites]:
            h = activation(layer(h))
        return h

    def _output(self, h: Tensor) -> Tensor:
        """Map the last hidden layer's activities to outputs."""
        return self.value[-1](h)

    def _value_input(self, x: Tensor) -> Tensor:
        """Return the value network's input."""
        return x

    def _joined(self, etas: list[Tensor]) -> Tensor | list[Tensor]:
        return etas

    def _separated(self, gates: list[Tensor], x: Tensor) -> Sequence[Tensor]:
        """Return the gates of each activation site."""
        if len(gates) != self._sites:
            raise ValueError(f"gates must be {self._sites} tensors; got {len(gates)}")
        return gates

    def _times(self, preactivation: Tensor, gates: Tensor) -> Tensor:
        check_shape("gates", gates, preactivation.shape)
        return preactivation * gates


class OpenGates:
    """Mixin of the deep linear nets: all gates are ones."""

    def gates(self, x: Tensor, gate: Gate | None = None) -> Tensor | list[Tensor]:
        """Return ones in the shape of the pre-activations, for any ``gate``.

        Raises:
            ValueError: if x is not finite or has the wrong shape.
        """
        return _mapped(torch.ones_like, self.preactivations(x))


def _mapped(function: Activation, tensors: Tensor | list[Tensor]) -> Tensor | list[Tensor]:
    return [*map(function, tensors)] if isinstance(tensors, list) else function(tensors)


class _DenseNet(GatedNet):
    """Base class of the dense nets: the value network's layers, and gates in one tensor."""

    def __init__(
        self,
        d_in: int,
        *,
        width: int,
        depth: int,
        d_out: int = 1,
        bias: bool = False,
        init: str = "default",
        std: float | None = None,
        gain: float = 1.0,
        generator: torch.Generator | None = None,
    ):
        super().__init__()
        self.d_in, self.d_out = check_integer("d_in", d_in), check_integer("d_out", d_out)
        self.width, self.depth = check_integer("width", width), check_integer("depth", depth)
        sizes = [self.d_in] + [self.width] * self.depth + [self.d_out]
        self.value = nn.ModuleList(
            Linear(
                sizes[layer],
                sizes[layer + 1],
                bias=bias,
                init=init,
                std=std,
                gain=gain if layer < self.depth else 1.0,
                generator=generator,
            )
            for layer in range(self.depth + 1)
        )

    @property
    def has_bias(self) -> bool:
        """Whether the layers have constant units."""
        return self.value[0].bias is not None

    @property
    def gate_layers(self) -> nn.ModuleList:
        """The H layers whose outputs are the pre-activations."""
        return self.gating if self.has_gating else self.value[: self.depth]

    def _check_inputs(self, x: Tensor) -> None:
        check_points(x, self.d_in)

    def _joined(self, etas: list[Tensor]) -> Tensor:
        return torch.stack(etas, dim=-2)

    def _separated(self, gates: Tensor, x: Tensor) -> Sequence[Tensor]:
        if gates.shape[-3:] != (x.shape[-2], self.depth, self.width):
            expected = f"(..., {x.shape[-2]}, {self.depth}, {self.width})"
            raise ValueError(
                f"gates must have shape {expected}, for x of {x.shape[-2]} points; "
                f"got {tuple(gates.shape)}"
            )
        return gates.unbind(-2)

    def _times(self, preactivation: Tensor, gates: Tensor) -> Tensor:
        return preactivation * gates  # leading axes may be broadcast


class ReLUNet(_DenseNet):
    """Fully connected ReLU network with H hidden layers and a linear output (Equations 2 and 3).

    Args:
        d_in: inputs.
        width: m, units in each hidden layer.
        depth: H, hidden layers.
        d_out: outputs.
        bias: whether each layer has a constant unit; the paper has none.
        init: see ``Linear``.
        std: standard deviation of all weights, for ``init="normal"`` alone.
        gain: factor on the weights of the hidden layers.
        generator: source of randomness.

    Raises:
        ValueError: if a size is not a positive integer, ``init`` is unknown, or ``std`` does not
            fit it.

    Example:
        >>> net = ReLUNet(2, width=4, depth=3, generator=torch.Generator().manual_seed(0))
        >>> x = torch.tensor([[1.0, 2.0], [3.0, -1.0]])
        >>> net(x).shape
        torch.Size([2, 1])
        >>> torch.allclose(net(x, gates=net.gates(x)), net(x))
        True
    """

    gate = HardGate()
    _activation = staticmethod(torch.relu)


class DeepLinearNet(OpenGates, _DenseNet):
    """Deep linear network (DLN): every gate is 1.

    Args: those of ``ReLUNet``.

    Example:
        >>> net = DeepLinearNet(2, width=4, depth=3, generator=torch.Generator().manual_seed(0))
        >>> x = torch.tensor([[1.0, 2.0], [3.0, -1.0]])
        >>> torch.allclose(net(3 * x), 3 * net(x))
        True
        >>> net.gates(x).unique()
        tensor([1.])
    """


class _GatingDenseNet(_DenseNet):
    """Base class of DLGN and DGN: the gating network's gates multiply the value network's units."""

    def __init__(
        self,
        d_in: int,
        *,
        width: int,
        depth: int,
        d_out: int = 1,
        gate: Gate,
        constant_input: bool = False,
        frozen_gating: bool = False,
        shallow: bool = False,
        bias: bool = False,
        init: str = "default",
        std: float | None = None,
        gain: float = 1.0,
        gating_gain: float = 1.0,
        generator: torch.Generator | None = None,
    ):
        d_in, depth = check_integer("d_in", d_in), check_integer("depth", depth)
        width = check_integer("width", width)
        gating = [
            Linear(
                d_in if shallow or layer == 0 else width,
                width,
                bias=bias,
                init=init,
                std=std,
                gain=gating_gain,
                generator=generator,
            )
            for layer in range(depth)
        ]
        super().__init__(
            d_in,
            width=width,
            depth=depth,
            d_out=d_out,
            bias=bias,
            init=init,
            std=std,
            gain=gain,
            generator=generator,
        )
        self.gate, self.constant_input, self.frozen_gating = gate, constant_input, frozen_gating
        self.shallow = shallow
        self.gating = nn.ModuleList(gating)
        self.gating.requires_grad_(not frozen_gating)

    def _etas(self, x: Tensor) -> list[Tensor]:
        return [layer(x) for layer in self.gating] if self.shallow else super()._etas(x)

    def _value_input(self, x: Tensor) -> Tensor:
        # Equal rows share their memory, so that ``Linear`` computes one of them.
        return x.new_ones(x.shape[-1]).expand(x.shape) if self.constant_input else x


class DLGN(_GatingDenseNet):
    """Deep linearly gated network (Equations 4 and 5).

    A deep *linear* gating network decides which units are active. A second set of weights, the
    value network, computes the output from the active units.

    Args:
        d_in: inputs.
        width: m, units in each hidden layer.
        depth: H, hidden layers.
        d_out: outputs.
        gate: a gate of ``halfspace.gates``; training needs a soft or straight-through one.
        constant_input: feed the value network the all-ones vector of the input's size instead of x:
            the piecewise constant variant (PWC).
        frozen_gating: keep the gating network at its initialisation.
        shallow: let every gating layer read the input, instead of the gating layer below it: the
            variant with shallow features (DLGN-SF). A unit's weights are then its half-space's
            normal, not one factor of it.
        bias: whether each layer of both networks has a constant unit; the paper has none.
        init: see ``Linear``; for both networks.
        std: standard deviation of both networks' weights, for ``init="normal"`` alone.
        gain: factor on the value network's hidden weights.
        gating_gain: factor on the gating network's weights.
        generator: source of randomness; the gating network is drawn first.

    Raises:
        ValueError: if a size is not a positive integer, ``init`` is unknown, or ``std`` does not
            fit it.

    Example:
        >>> from halfspace.gates import SoftGate
        >>> generator = torch.Generator().manual_seed(0)
        >>> net = DLGN(2, width=4, depth=3, gate=SoftGate(4.0), generator=generator)
        >>> x = torch.tensor([[1.0, 2.0], [3.0, -1.0]])
        >>> net(x).shape, net.gates(x).shape
        (torch.Size([2, 1]), torch.Size([2, 3, 4]))
        >>> torch.allclose(net.preactivations(2 * x), 2 * net.preactivations(x))
        True
        >>> shallow = DLGN(2, width=4, depth=3, gate=SoftGate(4.0), shallow=True)
        >>> [tuple(layer.weight.shape) for layer in shallow.gating]
        [(4, 2), (4, 2), (4, 2)]

    Reference of DLGN-SF: Banerjee, Ramaswamy, Yadav and Lakshminarayanan (2025).
    """


class DGN(_GatingDenseNet):
    """Deep gated network: a DLGN whose gating network is a ReLU network.

    With hard gates and a ReLU net's weights in both networks, it computes the ReLU net's function.

    Args: those of ``DLGN``.

    Reference: Lakshminarayanan and Singh (2020).

    Example:
        >>> relu = ReLUNet(2, width=4, depth=3, generator=torch.Generator().manual_seed(0))
        >>> net = DGN(2, width=4, depth=3, gate=HardGate())
        >>> _ = net.value.load_state_dict(relu.value.state_dict())
        >>> _ = net.gating.load_state_dict(relu.value[:-1].state_dict())
        >>> x = torch.tensor([[1.0, 2.0], [3.0, -1.0]])
        >>> torch.allclose(net(x), relu(x))
        True
    """

    _activation = staticmethod(torch.relu)


def stack(nets: Sequence[_DenseNet]) -> _DenseNet:
    """Combine S nets of one architecture into one net whose weights have a leading axis of size S.

    The nets' tensors are copied. ``forward`` of the result maps (n, d) or (S, n, d) to (S, n, c).
    Gates may differ in ``beta``: the result's gate then has one beta for each copy.

    Raises:
        ValueError: if there is no net, or the architectures differ, or the gates differ in more
            than ``beta``.

    Example:
        >>> from halfspace.gates import SoftGate
        >>> nets = [DLGN(2, width=4, depth=3, gate=SoftGate(beta)) for beta in (1.0, 4.0)]
        >>> stacked = stack(nets)
        >>> stacked.gate
        SoftGate(beta=(1.0, 4.0))
        >>> stacked(torch.zeros(5, 2)).shape
        torch.Size([2, 5, 1])
    """
    nets = [uncompiled(net) for net in nets]
    if not nets:
        raise ValueError("stack needs at least one net; got none")
    states = [net.state_dict() for net in nets]
    joined = copy.deepcopy(nets[0])
    first, *others = map(_architecture, nets)
    for other in others:
        if other != first:
            raise ValueError(f"nets must share one architecture; got {first} and {other}")
    if isinstance(joined, _GatingDenseNet):
        joined.gate = stack_gates([net.gate for net in nets])
    for name, parameter in joined.named_parameters():
        parameter.data = torch.stack([state[name] for state in states])
    return joined


def unstack(net: _DenseNet) -> list[_DenseNet]:
    """Split a stacked net into its copies along the first axis: the inverse of ``stack``.

    Raises:
        ValueError: if the net is not stacked.

    Example:
        >>> nets = [ReLUNet(2, width=4, depth=3) for _ in range(3)]
        >>> copies = unstack(stack(nets))
        >>> len(copies), torch.equal(copies[2](torch.ones(5, 2)), nets[2](torch.ones(5, 2)))
        (3, True)
    """
    net = uncompiled(net)
    if net.value[0].weight.ndim < 3:
        raise ValueError("unstack needs a stacked net; got a single one")
    state = net.state_dict()
    count = next(iter(state.values())).shape[0]
    copies = [copy.deepcopy(net) for _ in range(count)]
    for index, single in enumerate(copies):
        for name, parameter in single.named_parameters():
            parameter.data = state[name][index].clone()
    if isinstance(net, _GatingDenseNet):
        for single, gate in zip(copies, unstack_gate(net.gate, count), strict=True):
            single.gate = gate
    return copies


def _architecture(net: _DenseNet) -> dict:
    """Return the properties that stacked nets must share, besides their gates."""
    names = ["d_in", "width", "depth", "d_out", "has_bias"]
    if isinstance(net, _GatingDenseNet):
        names += ["constant_input", "frozen_gating", "shallow"]
    return {"net": type(net).__name__} | {name: getattr(net, name) for name in names}
