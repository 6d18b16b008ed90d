"""Full-batch gradient descent in closed form, and a census of the gates that it leaves."""

from collections.abc import Callable, Iterable

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import one_hot

from halfspace.gates import HardGate
from halfspace.nets import DLGN, ReLUNet, stack

__all__ = ["census", "descend", "drawn", "pointwise_energy", "reach_times"]


def drawn(
    kind: str, seeds: Iterable[int], *, d_in: int, d_out: int, width: int, depth: int, std: float
) -> ReLUNet | DLGN:
    """Draw stacked nets without biases, all weights N(0, std²).

    Args:
        kind: ``"relu"``, or ``"dlgn"`` for nets with frozen gating networks, whose gates may be
            given instead.
        seeds: one net each.
        d_in: inputs.
        d_out: outputs.
        width: m.
        depth: H.
        std: standard deviation.
    """
    sizes = dict(width=width, depth=depth, d_out=d_out, init="normal", std=std)
    nets = []
    for seed in seeds:
        sizes["generator"] = torch.Generator().manual_seed(seed)
        gated = dict(gate=HardGate(), frozen_gating=True)
        nets.append(ReLUNet(d_in, **sizes) if kind == "relu" else DLGN(d_in, **gated, **sizes))
    return stack(nets)


@torch.no_grad()
def descend(
    net: ReLUNet | DLGN,
    x: Tensor,
    y: Tensor,
    *,
    learning_rate: float,
    steps: int,
    gates: Tensor | None = None,
    refresh: int = 1,
    watch: Callable[[int, Tensor], bool | None] | None = None,
) -> Tensor:
    """Train a stacked net's value network in place, on ``1/(2n) Σ |y - f(x)|²``.

    The gradient is written out, which takes a third of the time of PyTorch's. Gates have no
    gradient: they are given, or those of the weights that compute.

    Args:
        net: S copies without biases.
        x: inputs, shape (n, d) or (S, n, d).
        y: targets, shape (n, c) or (S, n, c).
        learning_rate: step size.
        steps: how many.
        gates: to be used throughout, (n, H, m) or (S, n, H, m); a ReLU net's own if ``None``.
        refresh: own gates are taken anew every so many steps.
        watch: called before each step and after the last with the number of steps done and the
            losses (S,); training ends where it returns true.

    Returns:
        Losses before each step and after the last, shape (steps + 1, S).
    """
    weights = [layer.weight.data for layer in net.value]
    held = None if gates is None else [each.to(x) for each in gates.unbind(-2)]
    n, losses = x.shape[-2], []
    for step in range(steps + 1):
        renewed = [] if gates is None and step % refresh == 0 else None
        hidden = [x]
        for layer, weight in enumerate(weights[:-1]):
            preactivation = hidden[-1] @ weight.mT
            if renewed is not None:
                renewed.append((preactivation > 0).to(x))
            hidden.append(preactivation * (held if renewed is None else renewed)[layer])
        held = held if renewed is None else renewed
        error = hidden[-1] @ weights[-1].mT - y
        losses.append(error.square().sum((-2, -1)) / (2 * n))
        if (watch is not None and watch(step, losses[-1])) or step == steps:
            break
        back = error * (learning_rate / n)
        for layer in range(len(weights) - 1, -1, -1):
            gradient = back.mT @ hidden[layer]
            if layer:
                back = (back @ weights[layer]) * held[layer - 1]
            weights[layer] -= gradient
    return torch.stack(losses)


def reach_times(losses: Tensor, levels: Iterable[float], learning_rate: float) -> np.ndarray:
    """Return the time, learning rate times steps, at which each loss is first below each level.

    Args:
        losses: shape (steps + 1, S).
        levels: L of them.
        learning_rate: step size.

    Returns:
        Shape (L, S); NaN where it never is.
    """
    rows = []
    for level in levels:
        below = losses < level
        step = below.to(torch.uint8).argmax(0).double()
        rows.append(torch.where(below.any(0), learning_rate * step, torch.nan))
    return torch.stack(rows).cpu().numpy()


@torch.no_grad()
def pointwise_energy(net: ReLUNet, x: Tensor) -> list[tuple[Tensor, Tensor]]:
    """Return for each layer which units are on at which points, and their energies there.

    The energy of a unit at a point is the squared length of what it sends to the next layer.

    Returns:
        One pair for each layer, shape (S, n, m) each.
    """
    layers, h = [], x
    for layer, following in zip(net.value, net.value[1:], strict=False):
        preactivation = h @ layer.weight.mT
        h = preactivation.clamp(min=0)
        outgoing = following.weight.square().sum(-2, keepdim=True)
        layers.append((preactivation > 0, h.square() * outgoing))
    return layers


def census(net: ReLUNet, x: Tensor, contexts: int) -> dict[str, Tensor]:
    """Say in which contexts a ReLU net's units are on, weighted by their energies.

    Args:
        net: S copies.
        x: inputs, contexts in the outer order, shape (n, d).
        contexts: C.

    Returns:
        on_share (H, S, C + 1): share of energy in units that are on, for more than half of the
        items, in 0, 1, ..., C contexts. effective (H, S): effective number of contexts of a unit,
        one over the sum of squares of its energy's shares. data_on (H, S): share of points for
        which a unit is on, times C. alone (H, S): share of energy in units whose gate depends on
        the context alone. index (H, S): mean entry of the units' energy-weighted overlap kernel for
        two items of one context, minus that for one item in two contexts, over the diagonal's mean.
    """
    found = {name: [] for name in ("on_share", "effective", "data_on", "alone", "index")}
    for on, energy in pointwise_energy(net, x):
        of_unit = energy.sum(-2)
        share = of_unit / of_unit.sum(-1, keepdim=True)  # (S, m)
        by_context = on.unflatten(-2, (contexts, -1))
        most = by_context.double().mean(-2) > 0.5
        count = one_hot(most.sum(-2), contexts + 1)
        in_context = energy.unflatten(-2, (contexts, -1)).sum(-2)
        effective = of_unit.square() / in_context.square().sum(-2)
        alike = (by_context.all(-2) | ~by_context.any(-2)).all(-2)
        found["on_share"].append((share.unsqueeze(-1) * count).sum(-2))
        found["effective"].append((share * effective.nan_to_num()).sum(-1))
        found["data_on"].append((share * on.double().mean(-2)).sum(-1) * contexts)
        found["alone"].append((share * alike).sum(-1))
        found["index"].append(_context_index(on.to(share), share, contexts))
    return {name: torch.stack(values).double() for name, values in found.items()}


def _context_index(on: Tensor, share: Tensor, contexts: int) -> Tensor:
    kernel = (on * share.unsqueeze(-2)) @ on.mT
    items = on.shape[-2] // contexts
    context = torch.arange(on.shape[-2]) // items
    item = torch.arange(on.shape[-2]) % items
    same_context = (context[:, None] == context) & (item[:, None] != item)
    same_item = (context[:, None] != context) & (item[:, None] == item)
    gap = kernel[..., same_context].mean(-1) - kernel[..., same_item].mean(-1)
    return gap / kernel.diagonal(dim1=-2, dim2=-1).mean(-1)
