"""What is measured of nets on Fashion-MNIST, class by class."""

import torch
from torch import Tensor

from halfspace._checks import check_shape, uncompiled
from halfspace.companion.fashion.data import PARTS, SETTINGS
from halfspace.gates import is_active
from halfspace.nets import DLGN
from halfspace.overlap import active_path_counts

__all__ = ["statistics"]


_CHUNK = 1000  # images looked at together: bounds the memory of the gates


def _simple_classes(seeds: int) -> Tensor:
    """Return 1 for the classes that keep their labels, for each copy, shape (3S, 10).

    Under the original labels no class is complex; classes 0-4 count, as under the modified ones.
    """
    rows = torch.zeros(len(SETTINGS), 10)
    for row, setting in zip(rows, SETTINGS, strict=True):
        row[list(PARTS[1] if setting == "swapped" else PARTS[0])] = 1
    return rows.repeat_interleave(seeds, 0)


def _accuracy(net, x: Tensor, y: Tensor) -> Tensor:
    """Share of images classified right, by original class, shape (copies, 10).

    Args:
        net: stacked.
        x: images sorted by class, equally many of each, shape (n, d).
        y: labels, shape (copies, n).
    """
    right = [
        net(images).argmax(-1) == labels
        for images, labels in zip(x.split(_CHUNK), y.split(_CHUNK, dim=1), strict=True)
    ]
    return _by_class(torch.cat(right, dim=1))


def statistics(net, x: Tensor, y: Tensor) -> dict[str, Tensor]:
    """Accuracies and path counts by original class, shape (copies, 10) each; see ``_accuracy``.

    Raises:
        ValueError: if x is not finite or y has another shape.
    """
    net = uncompiled(net)
    check_shape("y", y, (len(net.value[0].weight), len(x)))
    found = {"accuracy": [], "hard_accuracy": [], "paths": [], "log_paths": [], "zero": []}
    for images, labels in zip(x.split(_CHUNK), y.split(_CHUNK, dim=1), strict=True):
        preactivations = net.preactivations(images)
        hard = is_active(preactivations)
        if isinstance(net, DLGN):
            own_outputs = net(images, gates=net.gate(preactivations))
            hard_outputs = net(images, gates=hard)
        else:
            own_outputs = hard_outputs = net(images)
        counts = active_path_counts(hard)
        found["accuracy"].append(own_outputs.argmax(-1) == labels)
        found["hard_accuracy"].append(hard_outputs.argmax(-1) == labels)
        found["paths"].append(counts)
        found["log_paths"].append(counts.double().log1p())
        found["zero"].append(counts == 0)
    return {name: _by_class(torch.cat(values, dim=1)) for name, values in found.items()}


def _by_class(values: Tensor) -> Tensor:
    """Average (copies, n) values over each of the 10 classes' consecutive images."""
    return values.double().unflatten(1, (10, -1)).mean(-1)
