"""Measurements of a net on images: outputs, shares classified right, shared paths."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from halfspace.conv_overlap import conv_overlap_kernel
from halfspace.gates import HardGate, is_active
from halfspace.kernels import alignment, block_means

__all__ = ["accuracies", "outputs", "path_overlaps", "shares_right", "stacked"]

_EPOCHS_FIRST = ("loss", "accuracy", "seconds", "test_curve", "overlap", "overlap_labels")
_EXACT = ("initial", "diverged")


@torch.no_grad()
def outputs(net: nn.Module, x: Tensor, portion: int) -> list[Tensor]:
    """Return the outputs under the net's own gates and, with a gating network, under hard ones.

    Args:
        net: a net that says whether it ``has_gating``.
        x: images, shape (n, channels, h, w).
        portion: images evaluated together.

    Returns:
        One tensor or two, shape (n, c) each.
    """
    rows = []
    for images in x.split(portion):
        if net.has_gating:
            etas = net.preactivations(images)
            gates = [[gate(eta) for eta in etas] for gate in (net.gate, HardGate())]
            rows.append([net(images, gates=under) for under in gates])
        else:
            rows.append([net(images)])
    return [torch.cat(column) for column in zip(*rows, strict=True)]


def shares_right(scores: Tensor, y: Tensor, classes: int) -> np.ndarray:
    """Return the share of each class classified right, float32, shape (c,).

    Args:
        scores: the highest one decides, shape (n, c).
        y: class numbers, shape (n,).
        classes: c.
    """
    right = y[scores.argmax(-1) == y]
    shares = right.bincount(minlength=classes) / y.bincount(minlength=classes)
    return shares.cpu().numpy()


def accuracies(
    part: str, net: nn.Module, x: Tensor, y: Tensor, *, classes: int, portion: int
) -> dict[str, np.ndarray]:
    """Return ``shares_right`` as ``{part}_accuracy``; with a gating network, also under hard gates.

    The latter is ``{part}_hard_accuracy``.

    Args:
        part: ``"train"`` or ``"test"``.
        net: as for ``outputs``.
        x: images, shape (n, channels, h, w).
        y: class numbers, shape (n,).
        classes: c.
        portion: images evaluated together.
    """
    names = (f"{part}_accuracy", f"{part}_hard_accuracy")
    shares = [shares_right(scores, y, classes) for scores in outputs(net, x, portion)]
    return dict(zip(names, shares, strict=False))


@torch.no_grad()
def path_overlaps(net: nn.Module, images: Tensor) -> dict[str, np.ndarray | float]:
    """Return the shares of paths that are active for both of two images, under hard gates.

    The share is Λ(x, x') / √(Λ(x, x) Λ(x', x')).

    Args:
        net: a convolutional net with gates.
        images: k of each of ten classes, shape (10, k, channels, h, w).

    Returns:
        overlap (10, 10): mean share over pairs of distinct images, by their classes;
        overlap_labels: alignment of the shares with the kernel of the labels.
    """
    classes, each = images.shape[:2]
    gates = [is_active(eta) for eta in net.preactivations(images.flatten(0, 1))]
    kernel = conv_overlap_kernel(gates)
    size = kernel.diagonal().sqrt()
    share = kernel / size.unsqueeze(0) / size.unsqueeze(1)
    labels = torch.arange(classes, device=images.device).repeat_interleave(each)
    same = (labels.unsqueeze(0) == labels.unsqueeze(1)).double()
    return dict(
        overlap=block_means(share.nan_to_num()).cpu().numpy(),
        overlap_labels=alignment(share.nan_to_num(), same).item(),
    )


def stacked(per_seed: Sequence[Mapping]) -> dict[str, np.ndarray]:
    """Join the measurements of all seeds, by name.

    S is the first axis; in arrays over epochs, or over start and end, it is the second one.
    All are float32 except ``diverged`` and ``initial``.
    """
    arrays = {}
    for name in per_seed[0]:
        axis = 1 if name in _EPOCHS_FIRST else 0
        joined = np.stack([measured[name] for measured in per_seed], axis=axis)
        arrays[name] = joined if name in _EXACT else joined.astype(np.float32)
    return arrays
