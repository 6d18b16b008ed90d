"""Deep networks as mixtures of experts on intersections of half-spaces.

The package behind the book *Half-Space Features*, an executable companion to the paper Half-Space
Feature Learning in Neural Networks (arXiv 2404.04312).

Example:
    A ReLU network is a mixture of one expert per path (Theorem 1).

    >>> import torch
    >>> import halfspace
    >>> net = halfspace.ReLUNet(2, width=4, depth=2)
    >>> x = torch.randn(5, 2)
    >>> halfspace.count_paths(width=4, depth=2)
    16
    >>> torch.allclose(halfspace.mixture_of_experts(net, x), net(x), atol=1e-6)
    True
"""

from halfspace.gates import HardGate, SoftGate, StraightThroughGate
from halfspace.nets import DGN, DLGN, DeepLinearNet, ReLUNet, stack, unstack
from halfspace.ntk import empirical_ntk
from halfspace.overlap import (
    active_path_counts,
    log_active_path_counts,
    log_overlap_kernel,
    neural_path_kernel,
    overlap_kernel,
)
from halfspace.paths import count_paths, mixture_of_experts, path_experts, path_gates
from halfspace.regions import half_spaces, partition, path_region
from halfspace.training import Crossing, fit

__all__ = [
    "Crossing",
    "DGN",
    "DLGN",
    "DeepLinearNet",
    "HardGate",
    "ReLUNet",
    "SoftGate",
    "StraightThroughGate",
    "active_path_counts",
    "count_paths",
    "empirical_ntk",
    "fit",
    "half_spaces",
    "log_active_path_counts",
    "log_overlap_kernel",
    "mixture_of_experts",
    "neural_path_kernel",
    "overlap_kernel",
    "partition",
    "path_experts",
    "path_gates",
    "path_region",
    "stack",
    "unstack",
]
