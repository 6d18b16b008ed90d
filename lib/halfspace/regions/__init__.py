"""Where units and paths are active: half-spaces, active path regions, activation pattern regions.

A *path* picks one unit of each gated layer. Its *active path region* is the set of inputs at which
all these units are active. An *activation pattern region* is a set of inputs at which every unit
has the same gate. In the plane, both are computed exactly, in float64, inside a window: a convex
polygon as ``halfspace.polygons`` describes it.

Letters: d inputs, H gated layers (``depth``), m units in each (``width``), C cells, R paths.

Reference: Half-Space Feature Learning in Neural Networks, Sections 2.2 and 3.1.
"""

from halfspace.regions._half_spaces import (
    count_faces,
    half_spaces,
    in_path_region,
    path_polygons,
    path_region,
)
from halfspace.regions._partition import Partition, components, hull_share, partition
from halfspace.regions._paths import (
    MAX_PATHS,
    PathRegions,
    component_counts,
    count_active_somewhere,
    count_path_regions,
    path_region_cells,
    path_regions,
)
from halfspace.regions._slices import Plane, Segments, count_segment_regions, segments
from halfspace.regions._volumes import VolumeShare, path_volume_share

__all__ = [
    "MAX_PATHS",
    "Partition",
    "PathRegions",
    "Plane",
    "Segments",
    "VolumeShare",
    "component_counts",
    "components",
    "count_active_somewhere",
    "count_faces",
    "count_path_regions",
    "count_segment_regions",
    "half_spaces",
    "hull_share",
    "in_path_region",
    "partition",
    "path_polygons",
    "path_region",
    "path_region_cells",
    "path_regions",
    "path_volume_share",
    "segments",
]
