"""Ideas that work around the allocation of paths: what `fit` does besides descending.

Each idea gives options of ``halfspace.training.fit`` and leaves the number of steps as it is.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from halfspace._checks import check_shape, uncompiled
from halfspace.gates import is_active
from halfspace.nets import DLGN, ReLUNet
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

_CHUNK = 1000  # points looked at together: bounds the memory of the gates
_LARGEST = 10.0  # no point counts more than this, or less than its inverse, before normalisation
_STEP_FACTOR = 3.0
_PERIOD = 20  # half-spaces are renewed this often in a run
_UNTIL = 0.6  # and not after this share of it
_SAME = 0.98  # two half-spaces are one if this share of the points lies on the same side of both


def idea_options(
    idea: str,
    model: str,
    x: Tensor,
    y: Tensor,
    *,
    seeds: Sequence[int],
    epochs: int,
    loss: str,
) -> dict:
    """Return the options of ``fit`` that an idea asks for.

    - ``"rebalanced loss"``: half of a point's weight is its share of the last epoch's loss.
    - ``"equal paths"``: a point's weight falls with the square root of its number of active paths,
      to which the square of its gradient's norm is proportional.
    - ``"own step sizes"``: a DLGN's gating network, a ReLU net's first layer, takes steps three
      times as long.
    - ``"new half-spaces"``: twelve times in the first 60 % of the run, units that switch as an
      earlier unit of their layer does are merged with it and drawn anew. Units are compared at the
      first 1,000 points of ``x``, or at all if there are fewer.

    Args:
        idea: one of ``IDEAS``.
        model: ``"relu"`` or ``"dlgn"``.
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
        part = "gating" if model == "dlgn" else "value.0"
        return dict(factors={part: _STEP_FACTOR})
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
        ValueError: if the targets have another shape.
    """
    outputs = torch.cat([net(part) for part in x.split(_CHUNK)], dim=-2)
    check_targets(outputs, y, loss)
    if loss == "mse":
        losses = (outputs - y).square().mean(-1)
    else:
        classes = y.expand(outputs.shape[:-1])
        losses = functional.cross_entropy(outputs.mT, classes, reduction="none")
    return 0.5 + 0.5 * losses / losses.mean(-1, keepdim=True)


def path_weights(net: ReLUNet | DLGN, x: Tensor) -> Tensor:
    """Weigh each point by the inverse root of its number of active paths (hard gates).

    Relative to the median point, from 1/10 to 10 (a point without a path counts 10), then divided
    by the mean.

    Args:
        net: stacked, S copies.
        x: training inputs, shape (n, d).

    Returns:
        Shape (S, n), of mean 1.
    """
    found = []
    for part in x.split(_CHUNK):
        gates = is_active(net.preactivations(part))
        found.append(log_active_path_counts(gates, bias=net.has_bias))
    logs = torch.cat(found, dim=-1)
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
    net: ReLUNet | DLGN, x: Tensor, entropies: Sequence[Sequence[int]]
) -> list[list[tuple[int, int]]]:
    """Draw anew, in place, the half-spaces of units that switch as an earlier unit does.

    The unit's outgoing weights are added to its twin's, in proportion to what both compute, and
    become zero; its half-space's normal gets a random direction and keeps its length. Where both
    compute proportional values the net's function stays as it is.

    Args:
        net: stacked, S copies, without biases in the layers that are redrawn.
        x: points at which the units are compared, shape (n, d).
        entropies: for each copy, what seeds its draws.

    Returns:
        For each copy the redrawn units, as (layer, unit).

    Raises:
        ValueError: if the net is no stack of as many copies as there are ``entropies``.
    """
    net = uncompiled(net)
    check_shape(
        "the net's first weight", net.value[0].weight, (len(entropies), net.width, net.d_in)
    )
    renewed = [[] for _ in entropies]
    drawing = net.gating if isinstance(net, DLGN) else net.value
    for layer in range(net.depth):
        # Looked at anew in each layer, since the layers before may have changed.
        gates = is_active(net.preactivations(x))[:, :, layer]
        agreement = (gates.mT @ gates + (1 - gates).mT @ (1 - gates)) / len(x)
        networks = _computed(net, x, layer)
        for copy, entropy in enumerate(entropies):
            for unit, twin in _twins(agreement[copy]):
                for values, after in networks:
                    own, other = values[copy, :, unit], values[copy, :, twin]
                    share = (own @ other) / other.square().sum().clamp_min(1e-30)
                    after[copy, :, twin] += share * after[copy, :, unit]
                    after[copy, :, unit] = 0
                row = drawing[layer].weight[copy, unit]
                drawn = np.random.default_rng([*entropy, layer, unit]).standard_normal(len(row))
                direction = torch.from_numpy(drawn / np.linalg.norm(drawn)).to(row)
                row.copy_(direction * row.norm())
                renewed[copy].append((layer, unit))
    return renewed


def _computed(net: ReLUNet | DLGN, x: Tensor, layer: int) -> list[tuple[Tensor, Tensor]]:
    """Return what a layer's units pass on, (S, n, m), and the weights that take it up.

    Of the value network, and of a DLGN's gating network (whose last layer passes nothing on).
    """
    if isinstance(net, ReLUNet):
        return [(net.preactivations(x)[:, :, layer].relu(), net.value[layer + 1].weight.data)]
    etas = net.preactivations(x)
    gates = net.gate(etas)
    z = torch.ones_like(x) if net.constant_input else x
    for number in range(layer + 1):
        z = net.value[number](z) * gates[:, :, number]
    found = [(z, net.value[layer + 1].weight.data)]
    if layer + 1 < net.depth:
        found.append((etas[:, :, layer], net.gating[layer + 1].weight.data))
    return found


def _twins(agreement: Tensor) -> list[tuple[int, int]]:
    """Return (unit, twin) for units that agree with an earlier one that has no twin itself."""
    found, without = [], []
    for unit, row in enumerate((agreement >= _SAME).tolist()):
        twin = next((earlier for earlier in without if row[earlier]), None)
        if twin is None:
            without.append(unit)
        else:
            found.append((unit, twin))
    return found
