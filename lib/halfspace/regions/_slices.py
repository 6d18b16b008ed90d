"""Planes and segments through the inputs of a net: exact regions beyond two inputs."""

import copy
import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor, nn

from halfspace import polygons
from halfspace._checks import check_finite
from halfspace.nets import DGN, DLGN, ReLUNet
from halfspace.regions._checks import check_single
from halfspace.regions._partition import gating_layers

__all__ = ["Plane", "Segments", "count_segment_regions", "segments"]

_FLAT = 1e-9  # sine of the angle below which two directions count as parallel


@dataclass(frozen=True)
class Plane:
    """A plane in the space of a net's inputs, with coordinates of its own.

    On a plane, a net of d inputs is a net of two inputs: ``restricted`` returns that net, and
    ``partition`` and the other functions of this package take it. Make a plane with ``through`` or
    ``spanned``.

    Attributes:
        origin: the point with coordinates (0, 0), float64, shape (d,).
        directions: two orthogonal unit vectors, float64, shape (2, d). So distances in the plane
            are distances between inputs.

    Example:
        >>> from halfspace.polygons import square
        >>> from halfspace.regions import partition
        >>> generator = torch.Generator().manual_seed(0)
        >>> net = ReLUNet(784, width=16, depth=2, generator=generator)
        >>> images = torch.rand(3, 784, generator=generator)
        >>> plane = Plane.through(images)
        >>> cut = partition(plane.restricted(net), square(20.0))
        >>> len(cut.cells) > 16
        True
    """

    origin: np.ndarray
    directions: np.ndarray

    @classmethod
    def spanned(cls, origin: ArrayLike | Tensor, directions: ArrayLike | Tensor) -> "Plane":
        """Return the plane of a point and two directions.

        Args:
            origin: shape (d,).
            directions: shape (2, d), of any length and at any angle but parallel. The first becomes
                the first axis; the second axis lies on the side of the second.

        Raises:
            ValueError: if a shape is wrong, a number is not finite, or the directions are parallel.

        Example:
            >>> Plane.spanned([0.0, 0.0, 1.0], [[2.0, 0.0, 0.0], [5.0, 3.0, 0.0]]).directions
            array([[1., 0., 0.],
                   [0., 1., 0.]])
        """
        start, given = _numbers("origin", origin), _numbers("directions", directions)
        if start.ndim != 1 or given.shape != (2, len(start)):
            raise ValueError(
                "origin must have shape (d,) and directions (2, d); "
                f"got {start.shape} and {given.shape}"
            )
        lengths = np.linalg.norm(given, axis=1)
        if lengths.all():
            first, second = given / lengths[:, None]
            second = second - (second @ first) * first
            height = np.linalg.norm(second)
            if height > _FLAT:
                second = second / height
                second -= (second @ first) * first  # once more: rounding is enlarged above
                return cls(start, np.stack([first, second / np.linalg.norm(second)]))
        raise ValueError("directions must not be parallel or zero: they span no plane")

    @classmethod
    def through(cls, points: ArrayLike | Tensor) -> "Plane":
        """Return the plane through three points; the first is the origin.

        Args:
            points: shape (3, d).

        Raises:
            ValueError: if the shape is wrong, a number is not finite, or the points lie on a line.

        Example:
            >>> x = np.array([[0.0, 0.0, 1.0], [2.0, 0.0, 1.0], [2.0, 4.0, 1.0]])
            >>> Plane.through(x).coordinates(x)
            array([[0., 0.],
                   [2., 0.],
                   [2., 4.]])
        """
        given = _numbers("points", points)
        if given.ndim != 2 or len(given) != 3:
            raise ValueError(f"points must have shape (3, d); got {given.shape}")
        try:
            return cls.spanned(given[0], given[1:] - given[0])
        except ValueError:
            raise ValueError("points must not lie on a line: they span no plane") from None

    def points(self, coordinates: ArrayLike) -> np.ndarray:
        """Return the inputs at some places of the plane, shape (n, d).

        Args:
            coordinates: shape (n, 2).
        """
        return self.origin + np.asarray(coordinates, dtype=np.float64) @ self.directions

    def coordinates(self, points: ArrayLike | Tensor) -> np.ndarray:
        """Return the places in the plane that are nearest to some inputs, shape (n, 2).

        Args:
            points: shape (n, d).
        """
        return (_numbers("points", points) - self.origin) @ self.directions.T

    def restricted(self, net: ReLUNet | DLGN | DGN) -> ReLUNet | DLGN | DGN:
        """Return the net of two inputs that is the given one on this plane.

        It has the same gates and outputs, at coordinates instead of inputs, in float64. Its layers
        have biases, since they say where the plane lies. Where paths are counted, pass the ``bias``
        of the given net.

        Args:
            net: one ReLU net, DLGN or DGN with d inputs; it is not changed.

        Raises:
            ValueError: if the net is of a different kind, stacked, or has another number of inputs,
                or its weights are not finite.
        """
        net = copy.deepcopy(check_single(net)).double().cpu()
        if net.d_in != len(self.origin):
            raise ValueError(
                f"net must have {len(self.origin)} inputs, as the plane has; got {net.d_in}"
            )
        origin, directions = map(torch.from_numpy, (self.origin, self.directions))
        gating = list(net.gating) if net.has_gating else []
        readers = gating if net.shallow else gating[:1]
        for layer in [*net.value, *gating]:
            if layer.bias is None:
                zeros = torch.zeros_like(layer.weight[:, 0])
                layer.bias = nn.Parameter(zeros, requires_grad=layer.weight.requires_grad)
        with torch.no_grad():
            for layer in readers if net.constant_input else [net.value[0], *readers]:
                layer.bias += layer.weight @ origin
                layer.weight.data = layer.weight @ directions.T
            if net.constant_input:  # two ones do what d ones did
                layer = net.value[0]
                layer.weight.data = layer.weight.sum(-1, keepdim=True).expand(-1, 2) / 2
        net.d_in = 2
        return net


@dataclass(frozen=True)
class Segments:
    """A segment between two inputs, cut into a net's activation pattern regions.

    Attributes:
        ends: where pieces begin and end, from 0 at the first input to 1 at the second one,
            increasing, float64, shape (K + 1,).
        patterns: the pieces' gates, bool, shape (K, H, m).

    Example:
        >>> net = ReLUNet(2, width=1, depth=1)
        >>> net.value[0].weight.data = torch.tensor([[1.0, 0.0]])
        >>> segments(net, [-3.0, 0.0], [1.0, 0.0])
        Segments(ends=array([0.  , 0.75, 1.  ]), patterns=array([[[False]],
        <BLANKLINE>
               [[ True]]]))
    """

    ends: np.ndarray
    patterns: np.ndarray


def segments(net: ReLUNet | DLGN | DGN, first: ArrayLike, second: ArrayLike) -> Segments:
    """Cut the segment between two inputs into a net's activation pattern regions, exactly.

    On a piece, the pre-activations of the next layer are affine, so that each unit cuts it in one
    place or not at all. A unit that is constantly zero on a piece counts as active there.

    Args:
        net: one ReLU net, DLGN or DGN of any number of inputs; its weights are converted to
            float64.
        first: an input, shape (d,).
        second: another one.

    Raises:
        ValueError: if the net is of a different kind or stacked, its weights or an input are not
            finite, or a shape is wrong.

    Example:
        >>> net = ReLUNet(3, width=2, depth=1)
        >>> net.value[0].weight.data = torch.tensor([[1.0, 0.0, 0.0], [0.0, 2.0, 0.0]])
        >>> cut = segments(net, [-1.0, 1.0, 5.0], [1.0, -3.0, 5.0])
        >>> cut.ends.tolist(), cut.patterns[:, 0].astype(int).tolist()
        ([0.0, 0.25, 0.5, 1.0], [[0, 1], [0, 0], [1, 0]])
    """
    net = check_single(net)
    ends_of = [_numbers(name, x) for name, x in (("first", first), ("second", second))]
    for name, x in zip(("first", "second"), ends_of, strict=True):
        if x.shape != (net.d_in,):
            raise ValueError(f"{name} must have shape ({net.d_in},); got {x.shape}")
    # Each piece's affine map from (t, 1) to the layer below; at first, to the input.
    line = np.stack([ends_of[1] - ends_of[0], ends_of[0]])[None]
    maps, ends = line, np.array([0.0, 1.0])
    patterns = np.empty((1, 0, net.width), dtype=bool)
    for weight, bias in gating_layers(net):
        if net.shallow:
            maps = line.repeat(len(patterns), axis=0)
        elif patterns.shape[1] and not net.has_linear_gating:
            maps = maps * patterns[:, -1:]
        maps = maps @ weight.T
        maps[:, 1] += bias
        check_finite("the net's pre-activations", maps)
        cuts = _zeros(maps, ends)
        middles = (cuts[1:] + cuts[:-1]) / 2
        origin = np.searchsorted(ends, middles) - 1
        maps, ends = maps[origin], cuts
        active = maps[:, 0] * middles[:, None] + maps[:, 1] >= 0
        patterns = np.concatenate([patterns[origin], active[:, None]], axis=1)
    return Segments(ends, patterns)


def _zeros(maps: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Return the ends of the pieces that units' zeros cut off, those of before included."""
    slopes, constants = maps[:, 0], maps[:, 1]
    with np.errstate(divide="ignore", invalid="ignore"):
        zeros = -constants / slopes
    low, high = ends[:-1, None], ends[1:, None]
    inside = (zeros > low + polygons.TOLERANCE) & (zeros < high - polygons.TOLERANCE)
    found = np.sort(zeros[inside])
    apart = np.diff(found, prepend=-1.0) > polygons.TOLERANCE
    return np.sort(np.concatenate([ends, found[apart]]))


def count_segment_regions(cut: Segments) -> int:
    """Count the path regions along a segment: over all paths, the pieces on which each is active.

    No path is enumerated, so that nets may have any number of them. A DLGN's path regions are
    convex, and each path counts at most once. A ReLU net's path may come back.

    Args:
        cut: from ``segments``.

    Example:
        >>> on = np.array([[[1, 1], [1, 0]], [[0, 1], [1, 0]], [[1, 1], [1, 0]]], dtype=bool)
        >>> count_segment_regions(Segments(np.array([0, 0.2, 0.6, 1]), on))
        3
    """
    begun = _paths_of_all(cut.patterns)
    stayed = _paths_of_all(cut.patterns[1:] & cut.patterns[:-1])
    return begun - stayed


def _paths_of_all(patterns: np.ndarray) -> int:
    """Return the number of active paths, summed over patterns; Python's integers are exact."""
    return sum(map(math.prod, patterns.sum(axis=2).tolist()))


def _numbers(name: str, values: ArrayLike | Tensor) -> np.ndarray:
    if isinstance(values, Tensor):
        values = values.detach().cpu()
    numbers = np.asarray(values, dtype=np.float64)
    check_finite(name, numbers)
    return numbers
