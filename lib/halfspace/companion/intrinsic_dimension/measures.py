"""How far half-spaces are turned into the plane of the signal."""

from torch import Tensor

from halfspace.companion.label_jumps.measures import unit_normals
from halfspace.nets import GatedNet

__all__ = ["plane_shares", "turned_into"]


def plane_shares(net: GatedNet, planes: Tensor) -> Tensor:
    """Return each layer's mean squared length of its unit normals' projections on a plane.

    Args:
        net: stacked, S copies.
        planes: orthonormal columns, float64, shape (S, D, 2d).

    Returns:
        Shape (S, H); (S, 1) for a ReLU net, whose first layer alone looks at x. Random normals have
        2d/D.
    """
    normals = unit_normals(net)
    return (normals @ planes.to(normals.device).unsqueeze(1)).square().sum(-1).mean(-1)


def turned_into(weight: Tensor, plane: Tensor) -> Tensor:
    """Project rows on a plane, and lengthen them so that random ones keep their mean square.

    Args:
        weight: shape (m, D).
        plane: orthonormal columns, shape (D, 2d).
    """
    return weight @ plane @ plane.mT * (len(plane) / plane.shape[1]) ** 0.5
