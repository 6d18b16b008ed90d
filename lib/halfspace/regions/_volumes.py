"""How much of a box of inputs a path's active region fills, estimated with an error."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from halfspace._checks import check_integer
from halfspace.nets import DLGN
from halfspace.regions._checks import check_path, check_single
from halfspace.regions._half_spaces import planes

__all__ = ["VolumeShare", "path_volume_share"]

_LEAST = 2  # groups of chains, without which there is no error


@dataclass(frozen=True)
class VolumeShare:
    """An estimate of the share of a box that a region fills.

    Attributes:
        value: the mean over groups of chains.
        error: its standard error, from the spread of the groups.
        groups: each group's estimate, float64, shape (G,).

    Example:
        >>> share = VolumeShare(value=0.25, error=0.01, groups=torch.tensor([0.24, 0.26]))
        >>> f"{share.value} ± {share.error}"
        '0.25 ± 0.01'
    """

    value: float
    error: float
    groups: Tensor


def path_volume_share(
    dlgn: DLGN,
    path: Sequence[int],
    *,
    half_side: float = 1.0,
    groups: int = 16,
    chains: int = 64,
    sweeps: int = 20,
    generator: torch.Generator | None = None,
) -> VolumeShare:
    """Estimate the share of the box ``[-half_side, half_side]^d`` in a path's active region.

    The region is an intersection of H half-spaces. The share is a product of conditional shares:
    of the first half-space in the box, of the second in what the first leaves, and so on. Each is
    counted on points that walk at random in what is left, one coordinate after the other, each
    drawn uniformly from the interval in which it may lie (coordinate hit-and-run). Points outside
    the next half-space then start again from points inside.

    Groups of chains share nothing, so that their spread gives the error. It does not contain a
    walk that is too short: double ``sweeps`` and compare.

    Args:
        dlgn: one DLGN of d inputs.
        path: a unit of each layer, numbered from 0, H numbers.
        half_side: half the length of the box's sides, positive.
        groups: G, at least 2.
        chains: points that walk in each group.
        sweeps: updates of all coordinates for each half-space; points are counted after each of the
            second half of them.
        generator: source of randomness; PyTorch's global one if ``None``.

    Raises:
        ValueError: if the net is not one DLGN with finite weights, the path does not fit it, or a
            number is out of range.

    Example:
        The region of a path is a quarter of the cube if the normals of its units are orthogonal.

        >>> from halfspace.gates import HardGate
        >>> dlgn = DLGN(3, width=1, depth=2, gate=HardGate(), shallow=True)
        >>> dlgn.gating[0].weight.data = torch.tensor([[1.0, 1.0, 0.0]])
        >>> dlgn.gating[1].weight.data = torch.tensor([[0.0, 0.0, 2.0]])
        >>> share = path_volume_share(dlgn, (0, 0), generator=torch.Generator().manual_seed(0))
        >>> abs(share.value - 0.25) < 4 * share.error < 0.03
        True

    References: Smith (1984) and Lovász (1999) for hit-and-run; Dyer, Frieze and Kannan (1991) for
    the product of shares.
    """
    dlgn = check_single(dlgn)
    path = check_path(path, dlgn.depth, dlgn.width)
    for name, value in (("groups", groups), ("chains", chains), ("sweeps", sweeps)):
        check_integer(name, value)
    if groups < _LEAST:
        raise ValueError(f"groups must be at least {_LEAST}; got {groups}")
    if not 0 < half_side < math.inf:
        raise ValueError(f"half_side must be a positive number; got {half_side}")
    normals, offsets = (torch.from_numpy(each[range(len(path)), path]) for each in planes(dlgn))
    offsets = offsets / half_side  # the box is the unit cube's from here on
    x = torch.rand(groups * chains, dlgn.d_in, generator=generator, dtype=torch.float64) * 2 - 1
    values = x @ normals.T + offsets
    shares = torch.ones(groups, dtype=torch.float64)
    for number in range(len(path)):
        inside = []
        for sweep in range(sweeps):
            _walk(x, values, normals, number, generator)
            if 2 * sweep >= sweeps - 1:
                inside.append(values[:, number] >= 0)
        shares *= torch.stack(inside).double().mean(0).view(groups, chains).mean(1)
        _start_inside(x, values, number, groups, generator)
    error = shares.std().item() / math.sqrt(groups)
    return VolumeShare(value=shares.mean().item(), error=error, groups=shares)


def _walk(
    x: Tensor, values: Tensor, normals: Tensor, count: int, generator: torch.Generator | None
) -> None:
    """Draw each coordinate anew in the cube and the first ``count`` half-spaces, in place.

    ``values`` are those of all half-spaces, kept up to date.
    """
    draws = torch.rand(x.shape, generator=generator, dtype=x.dtype)
    for axis in range(x.shape[1]):
        slopes = normals[:count, axis]
        # Moving by t, half-space k is left where values + slope * t < 0.
        bounds = -values[:, :count] / slopes
        place = x[:, axis, None]
        low = torch.cat([-1 - place, bounds.masked_fill(slopes <= 0, -torch.inf)], dim=1).amax(1)
        high = torch.cat([1 - place, bounds.masked_fill(slopes >= 0, torch.inf)], dim=1).amin(1)
        low, high = low.clamp(max=0), high.clamp(min=0)  # rounding may put 0 outside
        step = low + (high - low) * draws[:, axis]
        x[:, axis] += step
        values += step[:, None] * normals[:, axis]


def _start_inside(
    x: Tensor, values: Tensor, number: int, groups: int, generator: torch.Generator | None
) -> None:
    """Let the points outside a half-space start from points inside, of their own group."""
    for group in torch.arange(len(x)).view(groups, -1):
        within = group[values[group, number] >= 0]
        outside = group[values[group, number] < 0]
        if len(within):  # otherwise the group's estimate is small, or zero, whatever they do
            chosen = within[torch.randint(len(within), (len(outside),), generator=generator)]
            x[outside], values[outside] = x[chosen], values[chosen]
