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

    The inner product of two points' features is the sum over all pairs of outputs of the empirical
    NTK, divided by c: a kernel of one output (the "pseudo-NTK") that stands for the c × c blocks. A
    linear model of c outputs on these features costs what one of a single output does.

    Args:
        net: as of ``empirical_ntk``, but not stacked.
        x: inputs, shape (n, ...); the features of all of them are held in memory.

    Returns:
        Shape (n, P), in the dtype of the net, parameters in the order of ``net.parameters()``; zero
        for those that no output depends on.

    Raises:
        ValueError: if the net is stacked, or for the reasons that ``empirical_ntk`` has.

    Reference: Mohamadi, Bae and Sutherland 2023, A Fast, Well-Founded Approximation to the
    Empirical Neural Tangent Kernel.
    """
    net = uncompiled(net)
    check_finite("x", x)
    found = record(_OneOutput(net), trained_leaves(net), x)
    if found.lead:
        raise ValueError(f"net must be a single net; it maps x to {found.lead} copies' outputs")
    check_weights(net)
    whole, parts = slice(None), []
    for layer in found.layers:
        if layer.inputs:
            parts.append(jacobian(layer, whole, whole)[0])
        else:
            width = sum(parameter.numel() for parameter in layer.trained().values())
            parts.append(found.outputs.new_zeros(found.n, width))
    return torch.cat(parts, dim=1)
