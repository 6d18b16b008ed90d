"""How exact the package's computations are: each is compared with its definition, written out.

The functions that return rows draw random networks from a seed; a page shows the rows as a table.
"""

import copy

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import functional_call, jacrev

from halfspace import polygons, regions
from halfspace.companion.seeds import random_net
from halfspace.companion.text import thousands
from halfspace.ntk import empirical_ntk
from halfspace.overlap import active_path_counts, overlap_kernel

__all__ = [
    "area_errors",
    "area_rows",
    "count_errors",
    "count_rows",
    "tangent_error",
    "tangent_rows",
]

_NETS = {"ReLU net": "relu", "DLGN": "dlgn"}
_COUNTED = ((16, 5), (128, 5), (512, 6))  # width and depth
_HALF_SIDE = 2.0  # of the window that is cut


def count_errors(gates: Tensor) -> dict[str, float]:
    """Return the share of wrong entries among the non-zero ones, by how shared paths are counted.

    The package's counts, and products of the layers' Gram matrices in single and double precision,
    are compared with products of 64-bit integers, which do not round.

    Args:
        gates: 0 or 1, float32, shape (n, H, m).
    """
    layers = gates.unbind(-2)
    exact = torch.stack([(layer @ layer.mT).to(torch.int64) for layer in layers]).prod(0)
    kernels = {"halfspace": overlap_kernel(gates)}
    kinds = {"single precision": torch.float32, "double precision": torch.float64}
    for name, kind in kinds.items():
        layers = gates.to(kind).unbind(-2)
        kernels[name] = torch.stack([layer @ layer.mT for layer in layers]).prod(0)
    return {
        name: (kernel.long() != exact)[exact > 0].double().mean().item()
        for name, kernel in kernels.items()
    }


def count_rows(x: Tensor, seed: int) -> list[dict[str, object]]:
    """Return ``count_errors`` of random gating networks of three sizes, as texts.

    Args:
        x: inputs, shape (n, 2).
        seed: of the networks.
    """
    rows = []
    for width, depth in _COUNTED:
        net = random_net("dlgn", seed, width=width, depth=depth, bias=False).float().to(x.device)
        errors = count_errors(net.gates(x))
        wrong = {f"wrong, {name}": f"{100 * error:.1f} %" for name, error in errors.items()}
        sizes = {"units × layers": f"{width} × {depth}"}
        rows.append(sizes | wrong | {"paths": thousands(width**depth)})
    return rows


def tangent_error(net: nn.Module, x: Tensor) -> float:
    """Return the layerwise tangent kernel's largest error, as a share of the largest entry.

    It is compared with the product of Jacobians in double precision.

    Args:
        net: a dense net with one output.
        x: inputs, shape (n, d).
    """
    theta = empirical_ntk(net, x)
    exact_net = copy.deepcopy(net).double()
    weights = dict(exact_net.named_parameters())
    jacobian = jacrev(functional_call, argnums=1)(exact_net, weights, x.double())
    exact = sum(share.flatten(1) @ share.flatten(1).T for share in jacobian.values())
    return ((theta - exact).abs().max() / exact.max()).item()


def tangent_rows(x: Tensor, seed: int) -> list[dict[str, object]]:
    """Return ``tangent_error`` of a random ReLU net and a random DLGN, float32.

    Args: as for ``count_rows``.
    """
    rows = []
    for name, kind in _NETS.items():
        net = random_net(kind, seed, width=64, depth=5, bias=False).float().to(x.device)
        rows.append({"network": name, "largest error": tangent_error(net, x)})
    return rows


def area_errors(net: nn.Module, window: np.ndarray) -> dict[str, float]:
    """Cut a window and return the numbers of regions and the relative errors of their areas' sums.

    The cells must fill the window. The regions of all paths overlap: their areas must add up to the
    integral of the number of active paths, which the cells give.

    Args:
        net: a planar net.
        window: a convex polygon, shape (k, 2).
    """
    cut = regions.partition(net, window)
    path_areas = regions.path_regions(cut).areas
    active_paths = active_path_counts(torch.from_numpy(cut.patterns).float()).numpy()
    return {
        "cells": len(cut.areas),
        "error of their areas": abs(cut.areas.sum() / polygons.area(window) - 1),
        "path regions": len(path_areas),
        "error of the path regions' areas": abs(path_areas.sum() / (cut.areas @ active_paths) - 1),
    }


def area_rows(seed: int) -> list[dict[str, object]]:
    """Return ``area_errors`` of a random ReLU net and a random DLGN with biases.

    Args:
        seed: of the networks.
    """
    window = polygons.square(_HALF_SIDE)
    return [
        {"network": name} | area_errors(random_net(kind, seed, width=16, depth=5), window)
        for name, kind in _NETS.items()
    ]
