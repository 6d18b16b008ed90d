"""Volumes of path regions: against exact areas in the plane and exact shares of boxes.

Seeds are fixed. The tolerance, 4.5 standard errors of 16 groups, is passed in more than 999 of
1,000 draws (t with 15 degrees of freedom); the errors themselves are held to what they should be.
"""

import numpy as np
import pytest
import torch
from halfspace import polygons
from halfspace.gates import HardGate
from halfspace.nets import DLGN, ReLUNet, stack
from halfspace.regions import half_spaces, path_region, path_volume_share
from halfspace.regions._volumes import _start_inside

WIDE = 4.5  # standard errors


def net_with(*normals):
    """Return a DLGN whose one path has these normals."""
    d = len(normals[0])
    net = DLGN(d, width=1, depth=len(normals), gate=HardGate(), shallow=True)
    for layer, normal in zip(net.gating, normals, strict=True):
        layer.weight.data = torch.from_numpy(np.array([normal], dtype=np.float64))
    return net


def near(share, exact):
    return abs(share.value - exact) <= WIDE * share.error + 1e-12


@pytest.mark.parametrize("half_side", [1.0, 2.5])
def test_shares_are_the_areas_in_the_plane(half_side, generator):
    dlgn = DLGN(2, width=3, depth=3, gate=HardGate(), bias=True, shallow=True, generator=generator)
    window, seen = polygons.square(half_side), []
    for path in ((0, 0, 0), (1, 2, 0), (2, 1, 1), (0, 1, 2)):
        exact = polygons.area(path_region(dlgn, path, window)) / polygons.area(window)
        share = path_volume_share(dlgn, path, half_side=half_side, generator=generator)
        assert near(share, exact), (path, share, exact)
        assert share.error < 0.02
        seen.append(exact)
    assert len({round(exact, 3) for exact in seen}) > 1 and max(seen) > 0.05


@pytest.mark.parametrize("d", [5, 60])
def test_orthants_of_a_cube(d, generator):
    share = path_volume_share(net_with(*np.eye(d)[:5]), (0,) * 5, generator=generator)
    assert near(share, 2**-5) and share.error < 0.004


def test_a_corner_of_a_cube_is_a_simplex(generator):
    """Coordinates add up to more than d - 1 on a share of 1 / (d! 2^d) of the cube."""
    net = DLGN(4, width=1, depth=1, gate=HardGate(), bias=True)
    net.gating[0].weight.data = torch.ones(1, 4)
    net.gating[0].bias.data = torch.tensor([-3.0])
    share = path_volume_share(net, (0,), chains=4000, generator=generator)
    assert near(share, 1 / (24 * 16))


def test_a_wedge_between_nearly_opposite_half_spaces(generator):
    """Two half-planes that leave an angle of 0.1: here walks are slow, and must have come along."""
    angle = 0.1
    normals = ([0.0, 1.0, 0.0], [np.sin(angle), -np.cos(angle), 0.0])
    exact = np.tan(angle) / 2 / 4  # a triangle in a square of area 4
    share = path_volume_share(net_with(*normals), (0, 0), chains=400, generator=generator)
    assert near(share, exact) and share.error < 0.1 * exact


def test_images_have_784_numbers(generator):
    """Against points drawn at random in the cube, as many as show a share of 1 in 8."""
    dlgn = DLGN(
        784, width=4, depth=3, gate=HardGate(), bias=True, shallow=True, generator=generator
    )
    normals, offsets = (each.detach().double() for each in half_spaces(dlgn))
    path = (0, 1, 2)
    x = torch.rand(40_000, 784, generator=generator, dtype=torch.float64) * 2 - 1
    chosen = range(3), path
    inside = (x @ normals[chosen].T + offsets[chosen] >= 0).all(-1).double()
    spread = (inside.var() / len(inside)).sqrt().item()
    share = path_volume_share(dlgn, path, chains=16, sweeps=8, generator=generator)
    assert abs(share.value - inside.mean()) < WIDE * np.hypot(share.error, spread)
    assert 0.02 < share.value < 0.5 and share.error < 0.05


def test_errors_are_those_of_repetitions():
    """Of 30 estimates, the spread is what each says it is.

    The bounds are the middle 99 % of the square root of F with 29 and 30 · 15 degrees of freedom.
    """
    net = net_with([1.0, 0.2], [-0.3, 1.0])
    shares = [
        path_volume_share(net, (0, 0), generator=torch.Generator().manual_seed(seed))
        for seed in range(30)
    ]
    spread = np.std([share.value for share in shares], ddof=1)
    told = np.sqrt(np.mean([share.error**2 for share in shares]))
    assert 0.67 < spread / told < 1.36


def test_points_outside_start_again_from_points_inside_of_their_group(generator):
    x = torch.rand(40, 2, generator=generator, dtype=torch.float64) * 2 - 1
    x[20:, 0].abs_().neg_()  # the second group has none inside
    values = x.clone()
    before = {tuple(row) for row in x[:20][x[:20, 0] >= 0].tolist()}
    left = x[20:].clone()
    _start_inside(x, values, 0, 2, generator)
    assert {tuple(row) for row in x[:20].tolist()} <= before and len(before) < 20
    assert torch.equal(values, x) and torch.equal(x[20:], left)


def test_an_empty_region_has_no_share(generator):
    share = path_volume_share(net_with([1.0, 0.0], [-1.0, 0.0]), (0, 0), generator=generator)
    assert share.value == share.error == 0


def test_what_does_not_fit_is_refused():
    net = net_with([1.0, 0.0], [0.0, 1.0])
    with pytest.raises(ValueError, match="path must name a unit"):
        path_volume_share(net, (0,))
    with pytest.raises(ValueError, match="half_side must be a positive number; got 0"):
        path_volume_share(net, (0, 0), half_side=0)
    with pytest.raises(ValueError, match="groups must be at least 2; got 1"):
        path_volume_share(net, (0, 0), groups=1)
    with pytest.raises(ValueError, match="half_spaces needs a DLGN; got ReLUNet"):
        path_volume_share(ReLUNet(2, width=1, depth=2), (0, 0))
    with pytest.raises(ValueError, match="use unstack"):
        path_volume_share(stack([net]), (0, 0))
