"""Complete oblique trees with orthonormal normals on the sphere, and three targets made of each."""

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from halfspace._checks import check_integer

__all__ = [
    "ObliqueTree",
    "TreeProblem",
    "draw_tree",
    "enumerated_influences",
    "hemisphere",
    "influences",
    "levels",
    "mirrored",
    "routes",
    "sphere",
    "tree_problem",
]


def levels(depth: int) -> np.ndarray:
    """Return each inner node's level, 0 for the root, in heap order, shape (2^D - 1,)."""
    return np.repeat(np.arange(depth), 2 ** np.arange(depth))


def influences(depth: int) -> np.ndarray:
    """Return each node's influence, in heap order, shape (2^D - 1,).

    It is the probability that the label changes when x is mirrored at the node's hyperplane. The
    node must lie on x's path (probability 2^-k at level k). At the last level the label then always
    changes, higher up with probability one half, since all else below is drawn anew.

    Example:
        >>> influences(3).tolist()
        [0.5, 0.25, 0.25, 0.25, 0.25, 0.25, 0.25]
    """
    level = levels(depth)
    return np.where(level == depth - 1, 1.0, 0.5) / 2.0**level


def enumerated_influences(depth: int) -> np.ndarray:
    """Return the influences by counting over all sides that a point can take, (2^D - 1,).

    On the sphere, orthogonal nodes' sides are independent and even, and a mirror image changes one
    of them: so all 2^(2^D - 1) combinations weigh the same.
    """
    nodes = 2**depth - 1
    sides = (np.arange(2**nodes)[:, None] >> np.arange(nodes)) & 1 == 1
    label = routes(sides)[1]
    changed = []
    for node in range(nodes):
        flipped = sides.copy()
        flipped[:, node] ^= True
        changed.append((routes(flipped)[1] != label).mean())
    return np.array(changed)


def routes(right: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Follow each point from the root to a leaf.

    Args:
        right: whether a point is on the right side of a node, bool, shape (n, 2^D - 1).

    Returns:
        The nodes on the path, shape (n, D), and the label, 1 at right leaves, else -1, shape (n,).
    """
    rows, node, path = np.arange(len(right)), np.zeros(len(right), int), []
    for _ in range((right.shape[1] + 1).bit_length() - 1):
        path.append(node)
        node = 2 * node + 1 + right[rows, node]
    return np.stack(path, 1), np.where(node % 2 == 0, 1, -1)


def sphere(points: int, d_in: int, rng: np.random.Generator) -> np.ndarray:
    """Draw points uniformly on the unit sphere, float64, shape (n, d)."""
    x = rng.normal(size=(points, d_in))
    return x / np.linalg.norm(x, axis=1, keepdims=True)


def hemisphere(size: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the points of a sphere in three dimensions that one sees from the diagonal.

    Args:
        size: pixels along each side of the image.

    Returns:
        Points, shape (size², 3), and which pixels show one, bool, shape (size, size).
    """
    side = np.linspace(-1, 1, size)
    right, up = np.meshgrid(side, side[::-1])
    seen = right**2 + up**2 <= 1
    toward = np.sqrt(np.clip(1 - right**2 - up**2, 0, None))
    axes = np.array([[1, -1, 0], [-1, -1, 2], [1, 1, 1]])
    axes = axes / np.linalg.norm(axes, axis=1, keepdims=True)
    return np.stack([right, up, toward], -1).reshape(-1, 3) @ axes, seen


def mirrored(x: np.ndarray, normal: np.ndarray) -> np.ndarray:
    """Return the mirror images of points (n, d) at the hyperplane with a unit normal (d,)."""
    return x - 2 * (x @ normal)[:, None] * normal


@dataclass(frozen=True, eq=False)
class ObliqueTree:
    """A complete tree whose node i sends x to the right child where ``normals[i] · x > 0``.

    Leaves are labelled 1 (right) and -1 (left), so siblings always differ. Nodes are in heap order:
    node i has the children 2i + 1 (left) and 2i + 2 (right).

    Attributes:
        normals: orthonormal, float64, shape (2^D - 1, d).
        unused: an orthonormal basis of the directions that no node looks at, shape (d - 2^D + 1,
            d): the placebo.

    Reference: data of this kind are Banerjee et al. (2025)'s; their generator draws unit normals
    that are not exactly orthogonal.

    Example:
        >>> tree = draw_tree(4, depth=2, rng=np.random.default_rng(0))
        >>> x = sphere(3, 4, np.random.default_rng(1))
        >>> tree.labels(x).shape, tree.depth
        ((3,), 2)
    """

    normals: np.ndarray
    unused: np.ndarray

    @property
    def depth(self) -> int:
        """The number D of levels of inner nodes."""
        return (len(self.normals) + 1).bit_length() - 1

    def labels(self, x: np.ndarray) -> np.ndarray:
        """Return the labels 1 and -1 of points (n, d), shape (n,)."""
        return routes(x @ self.normals.T > 0)[1]

    def margins(self, x: np.ndarray) -> np.ndarray:
        """Return labels times the distance to the nearest hyperplane on each point's path, (n,).

        This target is continuous everywhere: it is zero where the label jumps.
        """
        along = x @ self.normals.T
        path, label = routes(along > 0)
        return label * np.abs(np.take_along_axis(along, path, 1)).min(1)

    def smooth(self, x: np.ndarray, kappa: float) -> np.ndarray:
        """Return the tree with soft sides ``sigmoid(κ √d u · x)``, from -1 to 1, shape (n,).

        A leaf's weight is the product of the sides on its path.
        """
        side = expit(kappa * math.sqrt(x.shape[1]) * (x @ self.normals.T))
        value = 2 * side[:, len(self.normals) // 2 :] - 1
        for level in reversed(range(self.depth - 1)):
            right = side[:, 2**level - 1 : 2 ** (level + 1) - 1]
            value = right * value[:, 1::2] + (1 - right) * value[:, ::2]
        return value[:, 0]


def draw_tree(d_in: int, depth: int, rng: np.random.Generator) -> ObliqueTree:
    """Draw a tree: the first 2^D - 1 columns of a random rotation are its normals.

    Args:
        d_in: d.
        depth: D.
        rng: source of randomness.

    Raises:
        ValueError: if a size is not a positive integer, or d is smaller than the number of nodes.
    """
    d_in, nodes = check_integer("d_in", d_in), 2 ** check_integer("depth", depth) - 1
    if d_in < nodes:
        raise ValueError(f"{nodes} orthogonal normals need at least as many inputs; got {d_in}")
    q, r = np.linalg.qr(rng.normal(size=(d_in, d_in)))
    q = q * np.sign(np.diag(r))
    return ObliqueTree(q[:, :nodes].T.copy(), q[:, nodes:].T.copy())


@dataclass(frozen=True, eq=False)
class TreeProblem:
    """A tree with points on the sphere.

    Attributes:
        tree: the tree.
        x: training points, shape (n, d).
        test_x: test points, shape (n', d).
        shuffle: a random order of the training points, for the control with shuffled labels.
    """

    tree: ObliqueTree
    x: np.ndarray
    test_x: np.ndarray
    shuffle: np.ndarray


def tree_problem(seed: int, *, d_in: int, depth: int, points: int, test: int) -> TreeProblem:
    """Draw a tree and its training and test points from one seed."""
    rng = np.random.default_rng(seed)
    tree = draw_tree(d_in, depth, rng)
    x, test_x = sphere(points, d_in, rng), sphere(test, d_in, rng)
    return TreeProblem(tree, x, test_x, rng.permutation(points))
