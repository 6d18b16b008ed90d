"""Empirical neural tangent kernel of any net whose parameters belong to leaf modules.

``Θ(x, x') = Σ_c ⟨∇_θ y_c(x), ∇_θ y_c(x')⟩`` over the trained parameters θ. The kernel is a sum of
one share per layer. One forward pass gives each layer's input a, and one backward pass per output
gives the gradient δ of the layer's output: in closed form for the nets of ``halfspace.nets``,
recorded through hooks and autograd for any other net.

A dense layer has the per-sample weight gradient δ aᵀ, so its share is ``⟨δ, δ'⟩ ⟨a, a'⟩``, plus
``⟨δ, δ'⟩`` for its bias: two products of thin matrices, in tiles that stay in the processor's
cache, without any Jacobian. For any other layer, the per-sample Jacobian is computed from a and δ,
in blocks of samples, and its Gram matrix is added. ``gradient_features`` returns these Jacobians
themselves, for the scaled sum of all outputs.

Reference: Novak, Sohl-Dickstein and Schoenholz 2022, Fast Finite Width Neural Tangent Kernel
("structured derivatives").
"""

import itertools
import math

import torch
from torch import Tensor, nn

from halfspace._checks import (
    broken_copies,
    check_finite,
    check_integer,
    check_weights,
    exact,
    uncompiled,
)
from halfspace.ntk._closed_form import closed_form, has_closed_form
from halfspace.ntk._features import gradient_features
from halfspace.ntk._products import add_jacobians, factors, write_dense
from halfspace.ntk._recording import record, trained_leaves

__all__ = ["empirical_ntk", "gradient_features"]


@exact()
def empirical_ntk(
    net: nn.Module,
    x: Tensor,
    other: Tensor | None = None,
    *,
    outputs: str = "trace",
    memory: int = 2**28,
    out: Tensor | None = None,
) -> Tensor:
    """Compute the empirical NTK of a set of points, or between two sets.

    The net is called once per set, with its own gates (a hard gate passes no gradient to the gating
    network) and in its current mode. Each point's outputs must depend on that point alone, and on
    nothing random. Modules of PyTorch that draw at random are refused. A ``forward`` that calls
    ``torch.nn.functional.dropout`` in training cannot be detected, and gives a different kernel at
    each call: pass ``training=self.training`` to it and call the net's ``eval()``.

    Args:
        net: a network of ``halfspace.nets``, possibly stacked, or any module that maps (n, ...) to
            (n, c) and whose trained parameters belong to leaf modules, each called with one tensor
            that has the points along its first axis. Parameters that need no gradient (a frozen
            gating network) are left out.
        x: inputs, shape (n, ...), or (..., n, d) for a stacked net.
        other: inputs of a second set, shape (n', ...); the first set if ``None``, which halves the
            work.
        outputs: ``"trace"`` sums over outputs, ``"full"`` keeps each pair of outputs.
        memory: bytes of working memory in addition to the result and the recorded a and δ. One
            layer's Jacobian at one point (for the trace: of one output) is computed in any case,
            and a convolution holds patches of its input, about 16 MiB or those of one point.
        out: where to write the result, in the dtype and on the device of the net's outputs; a new
            tensor if ``None``.

    Returns:
        Shape (..., n, n') for the trace, (..., n, n', c, c) in full, in the dtype of the net;
        ``out`` if given. NaN for copies of a stacked net whose weights are not all finite.

    Raises:
        ValueError: if an argument is out of range, x or a single net's weights are not finite, no
            parameter needs a gradient, ``out`` does not fit, or a module mixes points, draws at
            random or hides how its parameters are used (the message names it).

    Example:
        For a linear net, the kernel is the inner product of the inputs, here plus 1 for the bias.

        >>> net = nn.Linear(2, 1)
        >>> x = torch.tensor([[1.0, 2.0], [3.0, -1.0]])
        >>> empirical_ntk(net, x).tolist()
        [[6.0, 2.0], [2.0, 11.0]]

    Reference: Jacot, Gabriel and Hongler 2018, Neural Tangent Kernel; for the method see this
    module's documentation.
    """
    if outputs not in ("trace", "full"):
        raise ValueError(f'outputs must be "trace" or "full"; got {outputs!r}')
    memory = check_integer("memory", memory, least=None)
    if memory < 1:
        raise ValueError(f"memory must be a positive number of bytes; got {memory}")
    net = uncompiled(net)
    for name, points in (("x", x), ("other", other)):
        if points is not None:
            check_finite(name, points)
    leaves = trained_leaves(net)
    run = closed_form if has_closed_form(net) else record
    first = run(net, leaves, x)
    second = first if other is None else run(net, leaves, other)
    if (first.lead, first.count) != (second.lead, second.count):
        raise ValueError(
            "x and other must give outputs that differ in n only; got "
            f"{(*first.lead, first.n, first.count)} and {(*second.lead, second.n, second.count)}"
        )
    broken = _broken(net, first.lead)
    full = outputs == "full"
    shape = (*first.lead, first.n, second.n, *(2 * (first.count,) if full else ()))
    like = first.outputs
    if out is None:
        out = torch.empty(shape, dtype=like.dtype, device=like.device)
    elif (out.shape, out.dtype, out.device) != (shape, like.dtype, like.device):
        raise ValueError(
            f"out must be {like.dtype} of shape {tuple(shape)} on {like.device}; "
            f"got {out.dtype} of shape {tuple(out.shape)} on {out.device}"
        )
    pairs = [
        (a, b) for a, b in zip(first.layers, second.layers, strict=True) if a.inputs and b.inputs
    ]
    dense = [pair for pair in pairs if pair[0].dense and pair[1].dense]
    for index in itertools.product(*map(range, first.lead)):
        shares = [factors(a, b, full, index) for a, b in dense]
        target = out[index] if full else out[index][..., None, None]
        write_dense(target, shares, memory, symmetric=other is None)
    for a, b in pairs:
        if not (a.dense and b.dense):
            add_jacobians(out if full else out[..., None, None], a, b, memory)
    if broken is not None:
        out[broken] = math.nan
    return out


def _broken(net: nn.Module, lead: tuple[int, ...]) -> Tensor | None:
    """Tell which copies of a stacked net have weights that are not finite; ``None`` if none has.

    A single net with such weights is refused.
    """
    try:
        check_weights(net)
        return None
    except ValueError:
        stacked = all(weight.shape[: len(lead)] == lead for weight in net.parameters())
        if lead and stacked:
            return broken_copies(net, len(lead))
        raise
