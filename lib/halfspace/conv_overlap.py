"""Overlap kernel of a convolutional net: how many active paths two images share.

A path of the nets in ``halfspace.conv`` starts at one channel of a pixel. In each convolution it
takes one filter at one of the 3 × 3 pixels around the pixel before, and it ends in one dense unit.
It is active where all its units are. The *overlap* of two images is the number of paths that are
active for both.

Paths spread to neighbouring pixels between layers, so the overlap is not a product over layers as
in dense nets (``halfspace.overlap``). It is a recursion over layers: the number of shared paths
that reach a pixel is the sum over the 3 × 3 pixels of the layer before, times the number of filters
that are active at the pixel for both images. The dense layer comes after a mean over pixels, so
each of its units takes paths from every pixel.

The overlap pairs equal paths only. Behind a mean over pixels, paths that differ by a shift have the
same weights, so what such a net learns is governed by ``halfspace.path_kernels.conv_path_kernel``,
which pairs these, too.
"""

import torch
from torch import Tensor
from torch.nn import functional

from halfspace._checks import check_conv_gates, check_integer, exact

__all__ = ["conv_overlap_kernel"]

_ROWS = 8  # rows of the kernel computed at a time: bounds a tensor to 8 h w n numbers


@exact()
@torch.no_grad()
def conv_overlap_kernel(gates: list[Tensor], channels: int = 3) -> Tensor:
    """Count the paths that are active for both images of each pair.

    Args:
        gates: hard gates of the convolutions, shape (n, F, h, w) each, then those of the dense
            layer, shape (n, m), as ``gates`` of a net in ``halfspace.conv`` returns them.
        channels: channels of the images.

    Returns:
        Counts, float64, shape (n, n), on the gates' device; counts beyond 2⁵³ are rounded, with a
        relative error below 1e-14.

    Raises:
        ValueError: if the gates are not 0/1, or not those of convolutions and a dense layer for the
            same images.

    Example:
        An image of one pixel. The first image has 2 active filters and 3 active dense units, so
        2 · 3 active paths start at each of the 3 channels.

        >>> filters = torch.tensor([[1.0, 1.0], [1.0, 0.0]])
        >>> dense = torch.tensor([[1.0, 1.0, 1.0], [0.0, 1.0, 1.0]])
        >>> conv_overlap_kernel([filters.view(2, 2, 1, 1), dense]).tolist()
        [[18.0, 6.0], [6.0, 6.0]]
    """
    channels = check_integer("channels", channels)
    check_conv_gates(gates)
    *convolutions, dense = gates
    dense_overlap = dense.double() @ dense.double().T
    by_pixel = [g.permute(2, 3, 0, 1).contiguous() for g in convolutions]  # (h, w, n, F)
    starts = dense_overlap.new_full((*by_pixel[0].shape[:2], 1, 1), channels)
    rows = []
    for block in torch.arange(len(dense), device=dense.device).split(_ROWS):
        arriving = starts  # size 1 in both image axes, since all pairs start with the same counts
        for g in by_pixel:
            shared = g[:, :, block] @ g.mT  # at most F: exact in float32
            arriving = _spread(arriving) * shared  # float64 from ``starts``: exact up to 2⁵³
        rows.append(arriving.sum((0, 1)))
    return torch.cat(rows) * dense_overlap


def _spread(counts: Tensor) -> Tensor:
    """Sum over the 3 × 3 pixels around each pixel, with zeros beyond the border: (h, w, a, b).

    The sum goes over three rows first, then over three columns: four additions instead of eight.
    """
    high = functional.pad(counts, (0, 0, 0, 0, 0, 0, 1, 1))
    columns = high[:-2] + high[1:-1] + high[2:]
    wide = functional.pad(columns, (0, 0, 0, 0, 1, 1))
    return wide[:, :-2] + wide[:, 1:-1] + wide[:, 2:]
