"""Statistics of regions for the claims, and the numbers of chapters 1 and 2."""

from collections.abc import Mapping, Sequence

import numpy as np

from halfspace import polygons
from halfspace.companion.circle.specs import trained_net
from halfspace.companion.claims import EXACT
from halfspace.companion.intervals import fit_power_law
from halfspace.companion.regions.figure1 import (
    DisconnectedSearch,
    shut_off,
    unit_norms,
    weight_distance,
)
from halfspace.companion.regions.statistics import (
    StrongestRegion,
    arrangement_bound,
    region_counts,
    relu_bound,
    union_identity,
)
from halfspace.companion.spec import Result
from halfspace.companion.text import raised, scientific, thousands
from halfspace.datasets import circle_grid
from halfspace.gates import HardGate
from halfspace.nets import DGN, DLGN, ReLUNet
from halfspace.overlap import active_path_counts
from halfspace.paths import enumerate_paths
from halfspace.regions import Partition

__all__ = [
    "GRID_ERROR",
    "all_convex",
    "before_and_after",
    "convex_share",
    "convexity_values",
    "count_rows",
    "counts_by_net",
    "degree_growth",
    "depth_values",
    "disconnected_percent",
    "face_difference",
    "face_values",
    "falls_apart",
    "falls_apart_trained",
    "gathering_values",
    "growth_in_deviations",
    "is_union",
    "jump_left",
    "jump_values",
    "jumps_further",
    "log_growth",
    "log_patterns_over_paths",
    "pattern_exponents",
    "rise_values",
    "search_rows",
    "search_text",
    "strongest_values",
    "trained_values",
    "training_rows",
    "training_values",
    "union_rows",
    "union_summary",
    "width_values",
]

GRID_ERROR = 0.005
"""Share of the window: 500 x 500 points miss a border by 0.001 at most; a few borders."""

_POINTS = 360  # inputs on the circle, one a degree
_CONVEX = 1 - 1e-9  # share of its hull above which a region counts as convex, in view of rounding
_NETS = {"DLGN": "dlgn", "ReLU net": "relu"}


# Statistics of recorded runs


def falls_apart(result: Result) -> np.ndarray:
    """Return which nets of ``PathShapes`` have a path region in pieces, bool, shape (S,).

    Pieces that all reach the origin count as one.
    """
    return result.apart > 0


def falls_apart_trained(result: Result) -> np.ndarray:
    """Return which nets of ``RegionsDuringTraining`` end with one in pieces, bool, shape (S,)."""
    return result.disconnected[-1] > 0


def all_convex(result: Result) -> np.ndarray:
    """Return for which nets of ``PathShapes`` all path regions are like a DLGN's, bool, shape (S,).

    Each is in one piece, has the area of an intersection of half-planes, and at most one side for
    each layer.
    """
    whole = (result.several == 0) & (result.clip_gap < EXACT)
    return whole & (result.faces <= result.spec.depth)


def is_union(result: Result) -> np.ndarray:
    """Return for which nets of ``PathShapes`` the union identity holds, bool, shape (S,)."""
    counted = result.union_patterns == 2 ** ((result.spec.width - 1) * result.spec.depth)
    return counted & (result.union_gap < GRID_ERROR)


def jumps_further(relu: Result, dlgn: Result) -> np.ndarray:
    """Return a ``RegionJump`` of the ReLU net minus that of the DLGN of the same seed, (S,)."""
    return relu.jump - dlgn.jump


def jump_left(wide: Result, narrow: Result) -> np.ndarray:
    """Return the share of a ``RegionJump`` that is left at a smaller step, shape (S,).

    It is the ratio of the steps if the jump is proportional to the step, 1 if the jump is the same
    for both, and 0 if the region does not change at the smaller step.

    Args:
        wide: the run with the larger step.
        narrow: the run with the smaller one, of the same seeds.
    """
    return np.divide(narrow.jump, wide.jump, out=np.zeros_like(narrow.jump), where=narrow.jump > 0)


def face_difference(result: Result) -> np.ndarray:
    """Return faces of the pattern region minus those of the path's, ``FaceNumbers``, (S,)."""
    return result.pattern - result.path


def log_patterns_over_paths(result: Result) -> np.ndarray:
    """Return ln of the number of pattern regions over path regions, ``RegionNumbers``, (S,)."""
    return np.log(result.patterns / result.paths)


def pattern_exponents(*results: Result) -> np.ndarray:
    """Return the exponent of the number of pattern regions against the number of units.

    Args:
        *results: of ``RegionNumbers``, each with a different number of units, all with equally many
            seeds.

    Returns:
        Shape (S,).
    """
    units = np.array([result.spec.width * result.spec.depth for result in results])
    return _exponents(units, np.array([result.patterns for result in results]))


def log_growth(result: Result) -> np.ndarray:
    """Return ln of the number of pattern regions at the last epoch over that at the first, (S,)."""
    return np.log(result.patterns[-1] / result.patterns[0])


def degree_growth(result: Result) -> np.ndarray:
    """Return ``log_growth`` over ln of the number of units, shape (S,).

    Where the number of regions is a power of the number of units: by how much the power grows.
    """
    net = result.spec.training
    return log_growth(result) / np.log(net.width * net.depth)


def growth_in_deviations(result: Result) -> np.ndarray:
    """Return ``log_growth`` in standard deviations of the nets' ln counts at the first epoch, (S,).

    The yardstick is the spread of random nets over seeds.
    """
    return log_growth(result) / np.log(result.patterns[0]).std(ddof=1)


def _exponents(units: np.ndarray, patterns: np.ndarray) -> np.ndarray:
    """Fit power laws to (k, S) numbers of pattern regions of nets with some numbers of units."""
    return fit_power_law(units, patterns.T)[0]


# Chapter 1: Figure 1


def search_rows(searches: Mapping[int, DisconnectedSearch]) -> list[dict[str, int | str]]:
    """Count the path regions in pieces, by the number of hidden layers.

    Args:
        searches: by the nets' depth.

    Returns:
        Rows of a table: hidden layers, regions in pieces, path regions, share in pieces.
    """
    return [
        {
            "hidden layers": depth,
            "regions in pieces": search.disconnected,
            "path regions": search.regions,
            "share in pieces": f"{100 * search.disconnected / search.regions:.1f} %",
        }
        for depth, search in searches.items()
    ]


def search_text(search: DisconnectedSearch) -> str:
    """Write what a search for disconnected path regions found, in sentences."""
    percent = f"{100 * search.min_share:g}\u00a0%"
    if search.largest is None:
        return (
            f"There is no active path region among {len(search.seeds)} nets that has several "
            f"components, each with more than {percent} of the window; try more nets, or a smaller "
            "min_share."
        )
    region = search.largest
    units = ", ".join(str(unit + 1) for unit in region.path)
    least = 100 * shut_off(region.cut, region.path).min()
    return (
        f"Of the {thousands(search.regions)} path regions that are not empty in the window, "
        f"{thousands(search.disconnected)} have more than one component, and "
        f"{thousands(search.all_large)} have components that each fill more than {percent} of the "
        f"window. The figures show one of these: the path through the units {units} of the net "
        f"with seed {region.seed}. It has {len(region.shares)} components, the smallest of "
        f"{100 * region.shares.min():.0f}\u00a0%, and each of its units matters: without it, the "
        f"region would be larger by at least {least:.0f}\u00a0% of the window. The smaller of "
        "these two numbers is the largest among all. So the effect is real and not rare among "
        "small random nets, but it is not typical."
    )


def jump_values(
    relu: Sequence[ReLUNet], relu_areas: Sequence[float], dlgn_areas: Sequence[float]
) -> dict[str, float | str]:
    """Return the text's numbers on two pairs of nets with nearly equal weights.

    Args:
        relu: the two ReLU nets.
        relu_areas: the areas of one path's regions in them, as shares of the window.
        dlgn_areas: the same of the two DLGNs.

    Returns:
        distance: of the ReLU nets' weights, written out; norm: the least of their hidden units'
        weight vectors; relu_change: difference of the areas in percent of the window; dlgn_change:
        as a share, written out.
    """
    return {
        "distance": scientific(weight_distance(*relu)),
        "norm": float(min(unit_norms(net).min() for net in relu)),
        "relu_change": 100 * float(abs(relu_areas[1] - relu_areas[0])),
        "dlgn_change": scientific(float(abs(dlgn_areas[1] - dlgn_areas[0]))),
    }


def rise_values(curves: Mapping[str, np.ndarray]) -> dict[str, float]:
    """Return the largest change of the area between two neighbouring weights of ``jump_sweep``.

    Args:
        curves: areas as shares of the window, shape (k,), of ``"ReLU net"``, ``"DLGN"`` and
            ``"DLGN, opposite normals"``.

    Returns:
        relu_rise, dlgn_rise, opposite_rise: in percent of the window.
    """
    names = {"relu": "ReLU net", "dlgn": "DLGN", "opposite": "DLGN, opposite normals"}
    return {
        f"{name}_rise": 100 * float(np.abs(np.diff(curves[label])).max())
        for name, label in names.items()
    }


# Chapter 2: random nets


def union_rows(
    nets: Mapping[str, ReLUNet | DLGN | DGN], window: np.ndarray
) -> list[dict[str, str | int | float]]:
    """Compare each path's region with the pattern regions that have its bits on.

    Args:
        nets: tiny nets by name.
        window: a convex polygon, shape (j, 2).

    Returns:
        Rows of a table: net, path, patterns with its bits, in window, area of union, area of
        region.
    """
    rows = []
    for name, net in nets.items():
        for path in enumerate_paths(net.width, net.depth).tolist():
            union = union_identity(net, path, window)
            rows.append(
                {
                    "net": name,
                    "path": ", ".join(str(unit + 1) for unit in path),
                    "patterns with its bits": union["patterns"],
                    "in window": union["occupied"],
                    "area of union": union["union"],
                    "area of region": union["region"],
                }
            )
    return rows


def union_summary(rows: Sequence[Mapping[str, str | int | float]]) -> list[dict[str, str | int]]:
    """Sum up ``union_rows``, a row for each net.

    Returns:
        Rows of a table: net, largest difference (of the two areas), paths, patterns with a path's
        bits, of these in the window (least to most).
    """
    summary = []
    for net in dict.fromkeys(row["net"] for row in rows):
        own = [row for row in rows if row["net"] == net]
        occupied = [row["in window"] for row in own]
        gap = max(abs(row["area of union"] - row["area of region"]) for row in own)
        summary.append(
            {
                "net": net,
                "largest difference of the areas": scientific(float(gap)),
                "paths": len(own),
                "patterns with a path's bits": own[0]["patterns with its bits"],
                "of these in the window": f"{min(occupied)} to {max(occupied)}",
            }
        )
    return summary


def counts_by_net(
    sizes: Sequence[tuple[int, int]], seeds: Sequence[int], window: np.ndarray
) -> dict[str, np.ndarray]:
    """Count the regions of random DLGNs and ReLU nets in a window.

    Args:
        sizes: k pairs of a width and a depth.
        seeds: S seeds; a net of each size is drawn with each.
        window: a convex polygon, shape (j, 2).

    Returns:
        ``"DLGN: paths"``, ``"DLGN: patterns"``, ``"ReLU net: paths"``, ``"ReLU net: patterns"``,
        int64, each of shape (k, S).
    """
    counts = {}
    for label, kind in _NETS.items():
        for name, numbers in region_counts(kind, sizes, seeds, window=window).items():
            counts[f"{label}: {name}"] = numbers
    return counts


def count_rows(
    sizes: Sequence[tuple[int, int]], counts: Mapping[str, np.ndarray]
) -> list[dict[str, str | int | float]]:
    """Put mean counts beside the possible ones.

    Args:
        sizes: k pairs of a width and a depth.
        counts: of ``counts_by_net``.

    Returns:
        Rows of a table: layers H, net, paths per pattern, paths in window, patterns in window,
        possible paths, possible patterns.
    """
    means = {label: numbers.mean(axis=1) for label, numbers in counts.items()}
    return [
        {
            "layers H": depth,
            "net": net,
            "paths per pattern": f"{(means[f'{net}: paths'] / means[f'{net}: patterns'])[row]:.2f}",
            "paths in window": thousands(means[f"{net}: paths"][row]),
            "patterns in window": thousands(means[f"{net}: patterns"][row]),
            "possible paths": thousands(width**depth),
            "possible patterns": f"2{raised(width * depth)}",
        }
        for row, (width, depth) in enumerate(sizes)
        for net in _NETS
    ]


def depth_values(
    sizes: Sequence[tuple[int, int]], counts: Mapping[str, np.ndarray]
) -> dict[str, int | float | str]:
    """Return the text's numbers on the counts by depth: those of the deepest nets.

    Args:
        sizes: k pairs of a width and a depth.
        counts: of ``counts_by_net``.

    Returns:
        dlgn_paths, dlgn_patterns, relu_paths, relu_patterns: mean counts, written out; dlgn_ratio,
        relu_ratio: paths over patterns; path_share: percent of all paths that are not empty in
        DLGNs; possible_paths, possible_patterns: written out; width, max_depth: the nets' size.
    """
    width, depth = sizes[-1]
    values = {
        "width": width,
        "max_depth": depth,
        "path_share": 100 * float(counts["DLGN: paths"][-1].mean()) / width**depth,
        "possible_paths": thousands(width**depth),
        "possible_patterns": f"2{raised(width * depth)}",
    }
    for net, kind in _NETS.items():
        paths, patterns = (counts[f"{net}: {name}"][-1].mean() for name in ("paths", "patterns"))
        values[f"{kind}_paths"], values[f"{kind}_patterns"] = thousands(paths), thousands(patterns)
        values[f"{kind}_ratio"] = float(paths / patterns)
    return values


def width_values(
    sizes: Sequence[tuple[int, int]], counts: Mapping[str, np.ndarray]
) -> dict[str, int | float | str]:
    """Return the text's numbers on the counts by width.

    Args:
        sizes: k pairs of a width and a depth.
        counts: of ``counts_by_net``.

    Returns:
        dlgn_filled, relu_filled: mean percentage of the cells of as many lines as units, widest
        nets; relu_excess: the ReLU bound over the mean count, two digits, written out; widest:
        their m; dlgn_exponent, relu_exponent: of the counts against the number of units, three
        largest widths.
    """
    widest, depth = sizes[-1]
    units = np.array([width * depth for width, depth in sizes])
    patterns = {net: counts[f"{net}: patterns"] for net in _NETS}
    excess = relu_bound(widest, depth) / patterns["ReLU net"][-1].mean()
    values = {"widest": widest, "relu_excess": thousands(float(excess), digits=2)}
    for net, kind in _NETS.items():
        filled = patterns[net][-1] / arrangement_bound(widest * depth)
        values[f"{kind}_filled"] = 100 * float(filled.mean())
        values[f"{kind}_exponent"] = float(_exponents(units[-3:], patterns[net][-3:]).mean())
    return values


def face_values(
    faces: Mapping[str, np.ndarray], in_plane: Mapping[str, np.ndarray]
) -> dict[str, float]:
    """Return mean numbers of faces.

    Args:
        faces: of ``faces_by_dimension``.
        in_plane: of two dimensions alone.

    Returns:
        path_faces, pattern_faces: at the last dimension; path_faces_plane, pattern_faces_plane.
    """
    values = {f"{name}_faces": float(numbers[-1].mean()) for name, numbers in faces.items()}
    return values | {
        f"{name}_faces_plane": float(numbers.mean()) for name, numbers in in_plane.items()
    }


def convex_share(shares: np.ndarray) -> float:
    """Return the share of regions that fill their convex hulls.

    Args:
        shares: of ``hull_shares``, shape (k,).
    """
    return float((shares > _CONVEX).mean())


def convexity_values(shares: np.ndarray) -> dict[str, str | float]:
    """Return the text's numbers on the ReLU nets' ``hull_shares``, shape (k,).

    Returns:
        relu_convex: percentage of convex regions; relu_regions: number of regions, written out;
        relu_least: percentage of its hull that the least convex one fills.
    """
    return {
        "relu_convex": 100 * convex_share(shares),
        "relu_regions": thousands(len(shares)),
        "relu_least": 100 * float(shares.min()),
    }


# Chapter 2: regions of nets that learn


def disconnected_percent(result: Result) -> np.ndarray:
    """Return the percentage of path regions in pieces, ``RegionsDuringTraining``, shape (K, S)."""
    return 100 * result.disconnected / result.paths


def training_rows(relu: Result, dlgn: Result) -> list[dict[str, int | float | str]]:
    """Return a table of counts during training, means over seeds, one row an epoch.

    Args:
        relu: of ``RegionsDuringTraining``.
        dlgn: the same with the other model.

    Returns:
        Rows of a table: epoch; the ReLU nets' path regions in pieces, least to most; both nets'
        numbers of pattern regions and errors.
    """
    split = disconnected_percent(relu)
    return [
        {
            "epoch": epoch,
            "ReLU net: paths in pieces": f"{split[row].min():.1f} to {split[row].max():.1f} %",
            "ReLU net: patterns": thousands(relu.patterns[row].mean()),
            "DLGN: patterns": thousands(dlgn.patterns[row].mean()),
            "ReLU net: error": float(relu.loss[row].mean()),
            "DLGN: error": float(dlgn.loss[row].mean()),
        }
        for row, epoch in enumerate(relu.spec.at)
    ]


def training_values(relu: Result, dlgn: Result) -> dict[str, int | float]:
    """Return the text's numbers on counts during training.

    Args:
        relu: of ``RegionsDuringTraining``.
        dlgn: the same with the other model.

    Returns:
        relu_growth, dlgn_growth: mean number of pattern regions at the end over that at the start;
        split_start, split_end: mean percentage of a ReLU net's path regions in pieces;
        region_seeds: number of nets of each kind.
    """
    split = disconnected_percent(relu).mean(axis=1)
    return {
        "relu_growth": float(relu.patterns[-1].mean() / relu.patterns[0].mean()),
        "dlgn_growth": float(dlgn.patterns[-1].mean() / dlgn.patterns[0].mean()),
        "split_start": float(split[0]),
        "split_end": float(split[-1]),
        "region_seeds": relu.spec.seeds,
    }


def gathering_values(net: ReLUNet | DLGN) -> dict[str, float]:
    """Find where on the unit circle most paths from the input are active, and on which half.

    Args:
        net: a net with two inputs, in any precision.

    Returns:
        gather_angle: where most paths are active, in degrees from the right, counterclockwise;
        gather_factor: their number there over the mean along the circle; gather_top: percentage of
        all that is on the top half.
    """
    angles, x = circle_grid(_POINTS)
    gates = net.gates(x.to(net.value[0].weight.dtype), HardGate()).detach()
    paths = active_path_counts(gates).double().numpy()
    angles = np.degrees(angles.numpy())
    return {
        "gather_angle": float(angles[paths.argmax()]),
        "gather_factor": float(paths.max() / paths.mean()),
        "gather_top": 100 * float(paths[angles < 180].sum() / paths.sum()),
    }


def before_and_after(results: Mapping[str, Result]) -> dict[str, ReLUNet | DLGN]:
    """Return the first seed's net at the start and after training, ``"NAME, start"`` and so on.

    Args:
        results: of ``CircleTraining`` by name.
    """
    nets = {}
    for name, result in results.items():
        nets[f"{name}, start"] = result.spec.net(result.spec.first_seed)
        nets[f"{name}, trained"] = trained_net(result)
    return nets


def trained_values(
    plain: Result, biased: Result, cuts: Mapping[str, Partition]
) -> dict[str, int | float | str]:
    """Return the text's numbers on two DLGNs that were trained on the circle.

    Args:
        plain: of ``CircleTraining``, one net without biases.
        biased: of ``CircleTraining``, one net with biases.
        cuts: regions of the trained nets, ``"plain"`` and ``"biased"``.

    Returns:
        For each net NAME_cells: number of cells, written out; NAME_loss, NAME_hard_loss: last
        training error, under its soft gates and under hard ones. Of the net without biases
        top_start, top_end, bottom_start, bottom_end: mean number of active paths on a half of the
        circle, written out.
    """
    values = {}
    for name, result in (("plain", plain), ("biased", biased)):
        values[f"{name}_loss"] = float(result.loss[-1, 0])
        values[f"{name}_hard_loss"] = float(result.hard_loss[-1, 0])
        values[f"{name}_cells"] = thousands(len(cuts[name].cells))
    for half in ("top", "bottom"):
        paths = plain.arrays[f"paths_{half}"]
        values[f"{half}_start"] = thousands(paths[0, 0])
        values[f"{half}_end"] = thousands(paths[-1, 0])
    return values


def strongest_values(
    regions: Sequence[StrongestRegion], window: np.ndarray
) -> dict[str, str | int | float]:
    """Return the text's numbers on the regions of strongest paths.

    Args:
        regions: of ``strongest_regions``.
        window: the window, shape (j, 2).

    Returns:
        drawn_paths: number of inputs with an active path, "all" if each has one; share_low,
        share_high: percentage of the window that the smallest and the largest region fill; sides:
        largest number of a region's sides inside the window.
    """
    drawn = [region.polygon for region in regions if region.active]
    areas = [polygons.area(polygon) / polygons.area(window) for polygon in drawn]
    return {
        "drawn_paths": "all" if len(drawn) == len(regions) else len(drawn),
        "share_low": 100 * min(areas, default=0.0),
        "share_high": 100 * max(areas, default=0.0),
        "sides": max((polygons.free_edges(polygon, window) for polygon in drawn), default=0),
    }
