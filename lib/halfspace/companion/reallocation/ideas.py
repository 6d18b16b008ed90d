"""Ideas that work around the allocation of paths, as options of ``halfspace.training.fit``.

Each idea gives options of ``halfspace.training.fit`` and leaves the number of steps as it is.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from halfspace._checks import check_shape, uncompiled
from halfspace.gates import is_active
from halfspace.nets import GatedNet
from halfspace.overlap import log_active_path_counts
from halfspace.training import check_targets

__all__ = [
    "IDEAS",
    "LABELS",
    "idea_options",
    "path_weights",
    "rebalanced_weights",
    "renew_half_spaces",
]

LABELS = {
    "none": "plain descent",
    "rebalanced loss": "rebalanced loss",
    "equal paths": "equal paths",
    "own step sizes": "separate learning rates",
    "new half-spaces": "reinitialised units",
}
"""What readers call the ideas; the keys are their names in specs and conditions."""

IDEAS = tuple(LABELS)

_CHUNK = 1000  # points evaluated together: bounds the memory of the gates
_LARGEST = 10.0  # largest weight of a point, and inverse of the smallest, before normalisation
_STEP_FACTOR = 3.0
_PERIOD = 20  # units are compared at multiples of this share of a run: a twentieth
_UNTIL = 0.6  # and not after this share of it
_SAME = 0.98  # units are twins if their gates agree at this share of the points


def idea_options(
    idea: str,
    net: GatedNet,
    x: Tensor,
    y: Tensor,
    *,
    seeds: Sequence[int],
    epochs: int,
    loss: str,
) -> dict:
    """Return the options of ``fit`` that an idea needs.

    - ``"rebalanced loss"``: half of a point's weight is its share of the last epoch's loss.
    - ``"equal paths"``: a point's weight falls with the square root of its number of active paths,
      to which the square of its gradient's norm is proportional on average over random weights.
    - ``"own step sizes"``: the learning rate of the gating network, or of the first layer of a net
      without one, is three times as large.
    - ``"new half-spaces"``: twelve times in the first 60 % of the run, units that switch like an
      earlier unit of their layer are merged with it and reinitialised. Units are compared at the
      first 1,000 points of ``x``, or at all if there are fewer.

    Args:
        idea: one of ``IDEAS``.
        net: a net of the kind that is trained.
        x: training inputs, shape (n, d).
        y: their targets, see ``halfspace.training.net_losses``.
        seeds: S seeds.
        epochs: passes through the data.
        loss: ``"mse"`` or ``"cross_entropy"``.

    Raises:
        ValueError: if the idea is unknown.
    """
    if idea == "none":
        return {}
    if idea == "rebalanced loss":
        return dict(between=lambda net: rebalanced_weights(net, x, y, loss))
    if idea == "equal paths":
        return dict(between=lambda net: path_weights(net, x))
    if idea == "own step sizes":
        return dict(factors={"gating" if net.has_gating else "value.0": _STEP_FACTOR})
    if idea == "new half-spaces":
        return dict(between=_Renewal(x, seeds, epochs))
    raise ValueError(f"idea must be one of {IDEAS}; got {idea!r}")


def rebalanced_weights(net: nn.Module, x: Tensor, y: Tensor, loss: str) -> Tensor:
    """Weigh each point by one half plus half its loss over the mean loss.

    Args:
        net: stacked, S copies.
        x: training inputs, shape (n, d).
        y: their targets, see ``halfspace.training.net_losses``.
        loss: ``"mse"`` or ``"cross_entropy"``.

    Returns:
        Shape (S, n), of mean 1.

    Raises:
        ValueError: if the targets have the wrong shape.
    """
    outputs = torch.cat([net(part) for part in x.split(_CHUNK)], dim=-2)
    check_targets(outputs, y, loss)
    if loss == "mse":
        losses = (outputs - y).square().mean(-1)
    else:
        classes = y.expand(outputs.shape[:-1])
        losses = functional.cross_entropy(outputs.mT, classes, reduction="none")
    return 0.5 + 0.5 * losses / losses.mean(-1, keepdim=True)


def path_weights(net: GatedNet, x: Tensor) -> Tensor:
    """Weigh each point by the inverse root of its number of active paths (hard gates).

    Relative to the median point, from 1/10 to 10 (a point without a path counts 10), then divided
    by the mean.

    Args:
        net: stacked, S copies.
        x: training inputs, shape (n, d).

    Returns:
        Shape (S, n), of mean 1.
    """
    logs = torch.cat(
        [
            log_active_path_counts(is_active(net.preactivations(part)), bias=net.has_bias)
            for part in x.split(_CHUNK)
        ],
        dim=-1,
    )
    relative = (logs - logs.median(-1, keepdim=True).values) / -2
    weights = relative.exp().clamp(1 / _LARGEST, _LARGEST).to(x.dtype)
    return weights / weights.mean(-1, keepdim=True)


class _Renewal:
    """Renews half-spaces at its epochs; called before each epoch."""

    def __init__(self, x: Tensor, seeds: Sequence[int], epochs: int):
        self.x, self.seeds, self.epoch = x, seeds, 0
        count = int(_PERIOD * _UNTIL)
        self.epochs = {round(epochs * (k + 1) / _PERIOD) for k in range(count)} - {0}

    def __call__(self, net: nn.Module) -> None:
        if self.epoch in self.epochs:
            renew_half_spaces(net, self.x[:_CHUNK], [(s, self.epoch) for s in self.seeds])
        self.epoch += 1


@torch.no_grad()
def renew_half_spaces(
    net: GatedNet, x: Tensor, entropies: Sequence[Sequence[int]]
) -> list[list[tuple[int, int]]]:
    """Reinitialise, in place, the half-spaces of units that switch like an earlier unit.

    The unit's outgoing weights are added to its twin's, in proportion to what both compute, and
    become zero; its half-space's normal gets a random direction and keeps its length. Where both
    compute proportional values the net's function stays as it is.

    Args:
        net: stacked, S copies, without biases in the layers that decide the gates.
        x: points at which the units are compared, shape (n, d).
        entropies: for each copy, the seed of its random numbers.

    Returns:
        For each copy the reinitialised units, as (layer, unit).

    Raises:
        ValueError: if the net is not a stack with one copy for each of the ``entropies``.
    """
    net = uncompiled(net)
    check_shape(
        "the net's first weight", net.value[0].weight, (len(entropies), net.width, net.d_in)
    )
    renewed = [[] for _ in entropies]
    for layer in range(net.depth):
        # Computed for each layer, since the layers before it may have changed.
        gates = is_active(net.preactivations(x))[:, :, layer]
        agreement = (gates.mT @ gates + (1 - gates).mT @ (1 - gates)) / len(x)
        networks = _computed(net, x, layer)
        for copy, entropy in enumerate(entropies):
            for unit, twin in _twins(agreement[copy]):
                for values, after in networks:
                    first, second = values[copy, :, unit], values[copy, :, twin]
                    share = (first @ second) / second.square().sum().clamp_min(1e-30)
                    after[copy, :, twin] += share * after[copy, :, unit]
                    after[copy, :, unit] = 0
                row = net.gate_layers[layer].weight[copy, unit]
                drawn = np.random.default_rng([*entropy, layer, unit]).standard_normal(len(row))
                direction = torch.from_numpy(drawn / np.linalg.norm(drawn)).to(row)
                row.copy_(direction * row.norm())
                renewed[copy].append((layer, unit))
    return renewed


def _computed(net: GatedNet, x: Tensor, layer: int) -> list[tuple[Tensor, Tensor]]:
    """Return the outputs of a layer's units, (S, n, m), and the weights that read them.

    They belong to the value network and to a gating network, whose last layer has no outputs.
    """
    etas = net.preactivations(x)
    passed = etas[:, :, layer] if net.has_linear_gating else etas[:, :, layer].relu()
    if not net.has_gating:
        return [(passed, net.value[layer + 1].weight.data)]
    gates = net.gate(etas)
    z = torch.ones_like(x) if net.constant_input else x
    for number in range(layer + 1):
        z = net.value[number](z) * gates[:, :, number]
    computed = [(z, net.value[layer + 1].weight.data)]
    if layer + 1 < net.depth:
        computed.append((passed, net.gating[layer + 1].weight.data))
    return computed


def _twins(agreement: Tensor) -> list[tuple[int, int]]:
    """Return (unit, twin) for units that agree with an earlier one that has no twin itself."""
    pairs, without = [], []
    for unit, row in enumerate((agreement >= _SAME).tolist()):
        twin = next((earlier for earlier in without if row[earlier]), None)
        if twin is None:
            without.append(unit)
        else:
            pairs.append((unit, twin))
    return pairs
