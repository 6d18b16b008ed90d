"""Measurements of nets on Fashion-MNIST, class by class."""

import torch
from torch import Tensor, nn

from halfspace._checks import check_shape, uncompiled
from halfspace.companion.fashion.data import PARTS, SETTINGS
from halfspace.gates import is_active
from halfspace.ntk import empirical_ntk
from halfspace.overlap import active_path_counts, overlap_kernel

__all__ = ["accuracy", "by_class", "kernels", "simple_classes", "statistics"]


_CHUNK = 1000  # images evaluated together: bounds the memory of the gates


def simple_classes(seeds: int) -> Tensor:
    """Return 1 for the classes that keep their labels, for each copy, shape (3 * seeds, 10).

    Under the original labels no class is complex; classes 0-4 count, as under the modified ones.
    """
    rows = torch.zeros(len(SETTINGS), 10)
    for row, setting in zip(rows, SETTINGS, strict=True):
        row[list(PARTS[1] if setting == "swapped" else PARTS[0])] = 1
    return rows.repeat_interleave(seeds, 0)


def accuracy(net: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    """Return the share of images classified correctly by original class, shape (copies, 10).

    Args:
        net: stacked.
        x: images sorted by class, equally many of each, shape (n, d).
        y: labels, shape (copies, n).
    """
    correct = [
        net(images).argmax(-1) == labels
        for images, labels in zip(x.split(_CHUNK), y.split(_CHUNK, dim=1), strict=True)
    ]
    return by_class(torch.cat(correct, dim=1))


def statistics(net: nn.Module, x: Tensor, y: Tensor) -> dict[str, Tensor]:
    """Return accuracies and path counts by original class.

    Args:
        net: stacked.
        x: images sorted by class, equally many of each, shape (n, d).
        y: labels, shape (copies, n).

    Returns:
        Shape (copies, 10) each: ``accuracy`` under the net's own gates and ``hard_accuracy`` under
        hard ones; of the numbers of active paths, under hard gates, ``paths`` (mean),
        ``log_paths`` (mean of ln(1 + number)) and ``zero`` (share of images without one).

    Raises:
        ValueError: if x is not finite or y has the wrong shape.
    """
    net = uncompiled(net)
    check_shape("y", y, (len(net.value[0].weight), len(x)))
    values = {"accuracy": [], "hard_accuracy": [], "paths": [], "log_paths": [], "zero": []}
    for images, labels in zip(x.split(_CHUNK), y.split(_CHUNK, dim=1), strict=True):
        hard_gates = is_active(net.preactivations(images))
        counts = active_path_counts(hard_gates)
        values["accuracy"].append(net(images).argmax(-1) == labels)
        values["hard_accuracy"].append(net(images, gates=hard_gates).argmax(-1) == labels)
        values["paths"].append(counts)
        values["log_paths"].append(counts.double().log1p())
        values["zero"].append(counts == 0)
    return {name: by_class(torch.cat(chunks, dim=1)) for name, chunks in values.items()}


def kernels(net: nn.Module, x: Tensor) -> dict[str, Tensor]:
    """Return the ``overlap`` kernel (hard gates) and the ``ntk`` (the net's own gates) on images.

    Args:
        net: stacked, S copies.
        x: images, shape (N, d).

    Returns:
        Shape (S, N, N) each: counts, int64, and the NTK in the net's precision.
    """
    with torch.no_grad():
        overlap = overlap_kernel(is_active(net.preactivations(x)))
    return {"overlap": overlap, "ntk": empirical_ntk(net, x).detach()}


def by_class(values: Tensor) -> Tensor:
    """Average (..., n) values over each of the 10 classes' consecutive images, shape (..., 10)."""
    return values.double().unflatten(-1, (10, -1)).mean(-1)
