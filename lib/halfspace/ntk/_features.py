"""Features whose linear models are kernel models with the empirical NTK: per-sample gradients."""

import math

import torch
from torch import Tensor, nn

from halfspace._checks import check_finite, check_weights, exact, uncompiled
from halfspace.ntk._products import jacobian
from halfspace.ntk._recording import record, trained_leaves

__all__ = ["gradient_features"]


class _OneOutput(nn.Module):
    """The sum of a net's c outputs, divided by √c: (n, ...) to (n, 1)."""

    def __init__(self, net: nn.Module):
        super().__init__()
        self.net = net

    def forward(self, x: Tensor) -> Tensor:
        outputs = self.net(x)
        return outputs.sum(-1, keepdim=True) / math.sqrt(outputs.shape[-1])


@exact()
def gradient_features(net: nn.Module, x: Tensor) -> Tensor:
    """Compute the gradient of ``Σ_k y_k(x) / √c`` with respect to the trained parameters.

    The inner product of two points' features is the sum of the empirical NTK over all pairs of
    outputs, divided by c. This kernel (the "pseudo-NTK") has one number for each pair of points,
    where the NTK has a c × c block. A linear model with c outputs then needs one feature vector per
    point instead of c.

    Args:
        net: as for ``empirical_ntk``, but not stacked.
        x: inputs, shape (n, ...); the features of all of them are held in memory.

    Returns:
        Shape (n, P), in the dtype of the net, with the P trained parameters in the order of
        ``net.parameters()``; zero for parameters that no output depends on.

    Raises:
        ValueError: if the net is stacked, or for the reasons that ``empirical_ntk`` gives.

    Example:
        >>> net = nn.Linear(2, 1)
        >>> gradient_features(net, torch.tensor([[1.0, 2.0], [3.0, -1.0]])).tolist()
        [[1.0, 2.0, 1.0], [3.0, -1.0, 1.0]]

    Reference: Mohamadi, Bae and Sutherland 2023, A Fast, Well-Founded Approximation to the
    Empirical Neural Tangent Kernel.
    """
    net = uncompiled(net)
    check_finite("x", x)
    passes = record(_OneOutput(net), trained_leaves(net), x)
    if passes.lead:
        raise ValueError(f"net must be a single net; it maps x to {passes.lead} copies' outputs")
    check_weights(net)
    everything, parts = slice(None), []
    for layer in passes.layers:
        if layer.inputs:
            parts.append(jacobian(layer, everything, everything)[:, 0])
        else:
            width = sum(parameter.numel() for parameter in layer.trained().values())
            parts.append(passes.outputs.new_zeros(passes.n, width))
    return torch.cat(parts, dim=1)
