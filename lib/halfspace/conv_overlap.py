"""Active paths of a convolutional net, counted for pairs of images.

A path of ``halfspace.conv``'s nets starts at a channel of a pixel, takes one filter at one pixel of
each convolution, each pixel among the nine around the one before, and ends in one dense unit. It is
active where all its units are. The *overlap* of two images is the number of paths active for both.

Between layers, paths spread to the neighbouring pixels, so that the overlap is no product over
layers as in dense nets (``halfspace.overlap``): at each pixel, the paths that arrive are those of
the 3 × 3 pixels before, times the number of filters active there for both images.
"""

import torch
from torch import Tensor
from torch.nn import functional

from halfspace._checks import check_integer, check_zero_one, exact

__all__ = ["conv_overlap_kernel"]

_ROWS = 8  # images whose overlaps with all others are counted at a time: bounds the memory


@exact()
@torch.no_grad()
def conv_overlap_kernel(gates: list[Tensor], channels: int = 3) -> Tensor:
    """Count the paths that are active for both of two images.

    Args:
        gates: hard gates of the convolutions, (n, F, h, w) each, and of the dense layer, (n, m).
        channels: of the image.

    Returns:
        float64, shape (n, n), on the gates' device; counts beyond 2⁵³ are rounded, with a relative
        error below 1e-14.

    Raises:
        ValueError: if the gates are not 0/1, or not those of convolutions and a dense layer for the
            same images.
    """
    channels = check_integer("channels", channels)
    shapes = [tuple(g.shape) for g in gates]
    if [len(shape) for shape in shapes] != [4] * max(1, len(gates) - 1) + [2]:
        raise ValueError(f"gates must be (n, F, h, w) tensors and one (n, m) tensor; got {shapes}")
    if len({shape[0] for shape in shapes}) > 1 or len({shape[2:] for shape in shapes[:-1]}) > 1:
        raise ValueError(f"gates must share n, and those of convolutions h and w; got {shapes}")
    for g in gates:
        check_zero_one(g)
    *convolutions, dense = gates
    dense_overlap = dense.double() @ dense.double().T
    by_pixel = [g.permute(2, 3, 0, 1).contiguous() for g in convolutions]  # (h, w, n, F)
    starts = dense_overlap.new_full((*by_pixel[0].shape[:2], 1, 1), channels)
    rows = []
    for few in torch.arange(len(dense), device=dense.device).split(_ROWS):
        arriving = starts
        for g in by_pixel:
            shared = g[:, :, few] @ g.mT  # at most F: exact in float32
            arriving = _spread(arriving) * shared
        rows.append(arriving.sum((0, 1)))
    return torch.cat(rows) * dense_overlap


def _spread(counts: Tensor) -> Tensor:
    """Sum over the 3 × 3 pixels around each pixel, zeros beyond the border: (h, w, a, b)."""
    high = functional.pad(counts, (0, 0, 0, 0, 0, 0, 1, 1))
    columns = high[:-2] + high[1:-1] + high[2:]
    wide = functional.pad(columns, (0, 0, 0, 0, 1, 1))
    return wide[:, :-2] + wide[:, 1:-1] + wide[:, 2:]
