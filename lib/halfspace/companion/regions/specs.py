"""Sections 2.2 and 3.1 seed by seed: shapes, numbers and jumps of random nets' regions."""

from typing import Literal

import numpy as np
import torch
from pydantic import Field

from halfspace import polygons, regions
from halfspace.companion.regions.figure1 import JUMP_PATH, path_areas
from halfspace.companion.regions.statistics import faces_by_dimension, region_counts, union_identity
from halfspace.companion.seeds import SeedStudy, random_net, weight_sum
from halfspace.companion.spec import Integer, later
from halfspace.nets import DLGN, ReLUNet
from halfspace.paths import enumerate_paths

__all__ = ["FaceNumbers", "PathShapes", "RegionJump", "RegionNumbers", "WHOLE_PLANE"]

WHOLE_PLANE = 100.0
"""Half a side of a window that holds nearly all crossings of borders: they begin around 1."""


class PathShapes(SeedStudy):
    """Measure every non-empty path region of small nets: pieces, faces, area.

    Attributes:
        model: ``"relu"`` or ``"dlgn"``.
        bias: whether the layers have constant units.
        width: m.
        depth: H.
        half_side: the window is the square from ``-half_side`` to ``half_side``.

    The result's arrays (S,): paths, patterns: non-empty regions. several: path regions whose
    interior has several pieces; apart: those of them whose pieces do not all reach the origin.
    union_patterns: bit patterns with the bits of one path on, the one with the largest region;
    union_gap: its area against theirs, as a share of the window (to about three digits for a ReLU
    net). DLGNs only: clip_gap: largest difference of the areas of any path's region and of its
    intersection of H half-planes, as a share of the window; faces: largest number of sides of any
    of them, without the window's sides.

    Reference: Sections 2.1, 2.2 and 3.1, Figure 1a.
    """

    model: Literal["relu", "dlgn"]
    bias: bool = True
    width: Integer = Field(4, ge=1)
    depth: Integer = Field(3, ge=1)
    half_side: float = Field(WHOLE_PLANE, gt=0)

    def _measure(self, seed: int) -> dict[str, float]:
        net = random_net(self.model, seed, width=self.width, depth=self.depth, bias=self.bias)
        window = polygons.square(self.half_side)
        cut = regions.partition(net, window)
        paths, areas = regions.path_regions(cut)
        several = paths[regions.component_counts(cut, paths) > 1]
        central = _holds_origin(cut)
        members = [regions.path_region_cells(cut, path) for path in several]
        largest = paths[areas.argmax()] if len(paths) else np.zeros(self.depth, dtype=np.int64)
        union = union_identity(net, tuple(largest), window)
        values = {
            "initial": weight_sum(net),
            "paths": len(paths),
            "patterns": len(cut.cells),
            "several": len(several),
            "apart": sum(not central[cells].all() for cells in members),
            "union_patterns": union["patterns"],
            "union_gap": abs(union["union"] - union["region"]) / polygons.area(window),
        }
        if net.has_linear_gating:
            values |= self._clipped(net, regions.PathRegions(paths, areas), window)
        return values

    def _clipped(
        self, net: DLGN, by_cells: regions.PathRegions, window: np.ndarray
    ) -> dict[str, float]:
        """Compare all regions with intersections of half-planes, computed without any cells."""
        every = enumerate_paths(self.width, self.depth).numpy()
        cells, clipped = np.zeros((2, len(every)))
        cells[np.ravel_multi_index(by_cells.paths.T, (self.width,) * self.depth)] = by_cells.areas
        occupied, pieces = regions.path_polygons(net, every, window)
        clipped[occupied] = pieces.areas
        return {
            "clip_gap": np.abs(cells - clipped).max() / polygons.area(window),
            "faces": max((polygons.free_edges(piece, window) for piece in pieces), default=0),
        }


class FaceNumbers(SeedStudy):
    """Count the faces of a path region and of a pattern region around a random point of a DLGN.

    Attributes:
        d_in: inputs.
        width: m.
        depth: H.

    The result's arrays (S,): path, pattern: faces.

    Reference: Section 3.1; ``halfspace.companion.regions.statistics.faces_by_dimension``.
    """

    d_in: Integer = Field(ge=1)
    width: Integer = Field(8, ge=1)
    depth: Integer = Field(3, ge=1)

    def _measure(self, seed: int) -> dict[str, float]:
        sizes = dict(width=self.width, depth=self.depth)
        faces = faces_by_dimension((self.d_in,), (seed,), **sizes)
        initial = weight_sum(random_net("dlgn", seed, d_in=self.d_in, **sizes))
        return {"initial": initial} | {name: numbers.item() for name, numbers in faces.items()}


class RegionNumbers(SeedStudy):
    """Count the non-empty regions of random nets with biases in a window.

    Attributes:
        model: ``"relu"`` or ``"dlgn"``.
        width: m.
        depth: H.
        half_side: the window is the square from ``-half_side`` to ``half_side``.

    The result's arrays (S,): paths, patterns: how many path regions and pattern regions.

    Reference: Section 3.1; Hanin and Rolnick 2019.
    """

    model: Literal["relu", "dlgn"]
    width: Integer = Field(ge=1)
    depth: Integer = Field(ge=1)
    half_side: float = Field(WHOLE_PLANE, gt=0)

    def _measure(self, seed: int) -> dict[str, float]:
        window, size = polygons.square(self.half_side), (self.width, self.depth)
        counts = region_counts(self.model, [size], [seed], window=window)
        initial = weight_sum(random_net(self.model, seed, width=self.width, depth=self.depth))
        return {"initial": initial} | {name: numbers.item() for name, numbers in counts.items()}


class RegionJump(SeedStudy):
    """Let one weight of a random net pass through zero, and measure how a path's region changes.

    Two layers of two units A, B and C, D without biases; C's weight on A is ``step / 2`` in one net
    and ``-step / 2`` in the other, so that the two nets lie ``step`` apart. Where A alone is
    active in a ReLU net, that weight's sign decides whether C is. The path goes through A and C. A
    DLGN has the same weights in its gating network.

    Attributes:
        model: ``"relu"`` or ``"dlgn"``.
        step: distance of the two nets' weights.
        opposite: let B's normal be the opposite of A's, and let C's weight on A pass through that
            on B: a DLGN's effective normal of C then passes through zero.

    The result's arrays (S,): jump: difference of the areas of the path's regions, as a share of the
    window, a square around the origin.

    Reference: Section 2.1, Figure 1b.
    """

    model: Literal["relu", "dlgn"]
    step: float = Field(gt=0)
    opposite: bool = later(False)

    def _measure(self, seed: int) -> dict[str, float]:
        nets = [self._net(seed, sign * self.step / 2) for sign in (-1, 1)]
        below, above = path_areas(nets, JUMP_PATH, polygons.square(1.0))
        return {"initial": weight_sum(nets[0]), "jump": abs(above - below)}

    def _net(self, seed: int, weight: float) -> ReLUNet | DLGN:
        net = random_net(self.model, seed, width=2, depth=2, bias=False)
        first, second = (layer.weight for layer in net.gate_layers)
        with torch.no_grad():
            second[0, 0] = weight
            if self.opposite:
                first[1] = -first[0]
                second[0, 0] += second[0, 1]
        return net


def _holds_origin(cut: regions.Partition) -> np.ndarray:
    """Return which cells have the origin inside or on their border, bool, shape (C,)."""
    corners = cut.cells.corners  # anticlockwise; short rows repeat the last corner
    arms = np.roll(corners, -1, axis=1) - corners
    turns = corners[..., 0] * arms[..., 1] - corners[..., 1] * arms[..., 0]
    slack = 10 * polygons.TOLERANCE * np.abs(cut.window).max()
    return (turns >= -slack * np.linalg.norm(arms, axis=-1)).all(axis=1)
