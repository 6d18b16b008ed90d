"""Read an oblique tree off a trained net: gates in clusters, and the one that matters at a node."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from sklearn.cluster import DBSCAN

from halfspace.companion.label_jumps.data import ObliqueTree, mirrored, routes
from halfspace.companion.label_jumps.measures import NEAR

__all__ = ["ReadTree", "cluster_gates", "net_influences", "places_found", "read_tree"]

Predict = Callable[[np.ndarray], np.ndarray]
"""Maps points, shape (n, d), to classes, shape (n,)."""

_MIRRORED, _LOOKED_AHEAD = 1000, 500  # points whose mirror images are compared
_RIVALS = 0.7  # candidates have at least this share of the largest influence
_LEAST_POINTS, _LEAST_INFLUENCE = 20, 0.05


@dataclass(frozen=True, eq=False)
class ReadTree:
    """A tree read off a net, in heap order; where a branch ended early, nodes below have none.

    Attributes:
        normals: unit normals; zeros of a node that does not split, shape (2^D - 1, d).
        leaves: labels of the leaves from left to right, shape (2^D,).
    """

    normals: np.ndarray
    leaves: np.ndarray

    def labels(self, x: np.ndarray) -> np.ndarray:
        """Return the labels of points (n, d), shape (n,)."""
        right = x @ self.normals.T > 0  # never at a node that does not split
        path, last = routes(right)
        leaf = 2 * path[:, -1] + 1 + (last > 0) - len(self.normals)
        return self.leaves[leaf]


def cluster_gates(normals: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Group gates whose hyperplanes are close, by DBSCAN with distance ``√(2 - 2 |cos|)``.

    Args:
        normals: unit normals, shape (U, d).

    Returns:
        The groups' unit normals, the largest group first, shape (C, d), and sizes, shape (C,).
    """
    cosines = normals @ normals.T
    apart = np.sqrt(np.clip(2 - 2 * np.abs(cosines), 0, None))
    label = DBSCAN(eps=NEAR, min_samples=1, metric="precomputed").fit_predict(apart)
    centres, sizes = [], np.bincount(label)
    for group in np.argsort(-sizes, kind="stable"):
        members = normals[label == group]
        centre = (members * np.sign(members @ members[0])[:, None]).sum(0)
        centres.append(centre / np.linalg.norm(centre))
    return np.array(centres), np.sort(sizes)[::-1]


def net_influences(
    centres: np.ndarray, sides: np.ndarray, x: np.ndarray, predict: Predict
) -> np.ndarray:
    """Return how often a net's class changes when x is mirrored and stays in its region.

    Args:
        centres: unit normals of the mirrors, shape (C, d).
        sides: normals whose positive sides make the region, shape (k, d).
        x: points of the region, shape (n, d), n at least 1.
        predict: the net's classes.

    Returns:
        Shares of the points, shape (C,).
    """
    images = np.stack([mirrored(x, centre) for centre in centres])
    changed = (images @ sides.T > 0).all(-1)
    changed[changed] = predict(images[changed]) != np.tile(predict(x), (len(centres), 1))[changed]
    return changed.mean(1)


def read_tree(
    centres: np.ndarray, predict: Predict, x: np.ndarray, y: np.ndarray, depth: int
) -> ReadTree:
    """Build a tree from a net's half-spaces, asking only the net how much each one matters.

    At a node, the candidates are the half-spaces with at least 0.7 of the largest influence. It
    takes the one after whose split least matters: the smallest mean over both halves of the sum of
    the roots of all influences. A branch ends at the given depth, or with fewer than 20 points, or
    where the largest influence is below 0.05.

    Args:
        centres: unit normals, shape (C, d).
        predict: the net's classes.
        x: points, shape (n, d).
        y: their labels, 1 and -1, for the majority at a leaf, shape (n,).
        depth: D.

    Returns:
        The tree, with at most D levels.
    """
    nodes, d_in = 2**depth - 1, x.shape[1]
    normals, leaves = np.zeros((nodes, d_in)), np.ones(2**depth, int)

    def left_over(sides: np.ndarray, points: np.ndarray, centre: np.ndarray) -> float:
        """Return how much still matters after a split, mean over both halves."""
        sums = []
        for sign in (-1, 1):
            inside = points[sign * (points @ centre) > 0][:_LOOKED_AHEAD]
            half = np.vstack([sides, sign * centre])
            matter = net_influences(centres, half, inside, predict) if len(inside) else 0.0
            sums.append(np.sqrt(matter).sum())
        return np.mean(sums)

    def grow(node: int, sides: np.ndarray, chosen: np.ndarray, majority: int) -> None:
        points = x[chosen]
        total = y[chosen].sum()
        majority = int(np.sign(total)) if total else majority
        split = None
        if node < nodes and len(points) >= _LEAST_POINTS:
            matter = net_influences(centres, sides, points[:_MIRRORED], predict)
            if matter.max() >= _LEAST_INFLUENCE:
                rivals = np.flatnonzero(matter >= _RIVALS * matter.max())
                after = [left_over(sides, points, centres[rival]) for rival in rivals]
                split = centres[rivals[np.argmin(after)]]
        if node >= nodes:
            leaves[node - nodes] = majority
            return
        if split is None:  # all points go left from here on
            while node < nodes:
                node = 2 * node + 1
            leaves[node - nodes] = majority
            return
        normals[node] = split
        right = points @ split > 0
        for child, sign, side in ((1, -1, ~right), (2, 1, right)):
            grow(2 * node + child, np.vstack([sides, sign * split]), chosen[side], majority)

    grow(0, np.zeros((0, d_in)), np.arange(len(x)), 1)
    return ReadTree(normals, leaves)


def places_found(read: ReadTree, tree: ObliqueTree) -> int:
    """Count the nodes of a tree that were read in their true place.

    A node counts if its normal is within 0.3 of the true one, up to its sign, and all its ancestors
    count. A node with the opposite sign has its children exchanged.
    """

    def count(found: int, true: int) -> int:
        if true >= len(tree.normals):
            return 0
        cosine = read.normals[found] @ tree.normals[true]
        if 2 - 2 * abs(cosine) >= NEAR**2:
            return 0
        left, right = (2 * found + 1, 2 * found + 2)[:: 1 if cosine > 0 else -1]
        return 1 + count(left, 2 * true + 1) + count(right, 2 * true + 2)

    return count(0, 0)
