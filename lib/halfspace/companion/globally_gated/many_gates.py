"""Many gates on images of clothes: globally gated kernels beside those of ReLU nets."""

import math

import numpy as np
import torch
from pydantic import Field
from sklearn.cluster import KMeans
from torch import Tensor

from halfspace.companion.seeds import SeedStudy
from halfspace.companion.spec import Integer
from halfspace.datasets import CLASSES, fashion_checksums, fashion_mnist

__all__ = ["ManyGates"]

_CLASSES = (CLASSES.index("Pullover"), CLASSES.index("Coat"))
_UNLABELLED = 2000
_CLUSTER_NOISE = 0.01


class ManyGates(SeedStudy):
    """Tell pullovers from coats at infinite width: gates at random, from clusters, and ReLU nets.

    One hidden layer, s = 1. Images have the training mean subtracted and norm √784; the first gate
    is always on, the others have random half-spaces through the origin. The rivals are the kernels
    of a ReLU net at infinite width: as Gaussian process and as tangent kernel; and the linear one.

    Attributes:
        counts: M of random gates, increasing.
        clusters: how many gates come from k-means centres of 2,000 unlabelled images of both
            classes, and as many random ones; one more is always on (T = 0.01).
        points: n, training images.
        test: test images.
        temperature: T.

    The result's arrays (S seeds, C counts, K cluster counts): errors (S, C), and limit, relu,
    relu_ntk, linear (S,): share of test images classified wrongly; distances (S, C), distance_limit
    (S,): distance of the predictor to that of the ReLU net's Gaussian process, relative to it,
    squared. kernel_distances (S, C): distance of the training kernel to the limit's, relative.
    clustered, unclustered (S, K): errors with gates from clusters and with random ones. initial
    (S,): sum of the first gate's direction.

    Reference of the ReLU kernels: Cho and Saul 2009; Jacot, Gabriel and Hongler 2018.
    """

    counts: tuple[Integer, ...] = (1, 3, 10, 30, 100, 300, 1000, 3000)
    clusters: tuple[Integer, ...] = (3, 10, 30)
    points: Integer = Field(200, ge=2)
    test: Integer = Field(2000, ge=2)
    temperature: float = Field(1e-3, gt=0)

    def data_checksums(self) -> dict[str, str]:
        """Return the SHA-256 of the images' and labels' files, uncompressed."""
        return fashion_checksums()

    def _measure(self, seed: int) -> dict[str, object]:
        rng = np.random.default_rng(seed)
        x, y, test_x, test_y, unlabelled = _images(rng, self.points, self.test)
        inner, cross = (a @ x.mT / x.shape[1] for a in (x, test_x))
        wanted = max(*self.counts, *self.clusters)
        directions = torch.from_numpy(rng.normal(size=(wanted, x.shape[1])))
        norms = x.square().sum(1) / x.shape[1], test_x.square().sum(1) / x.shape[1]

        def predict(shape: Tensor, other: Tensor, noise: float = self.temperature) -> Tensor:
            kernel = inner * shape + noise * torch.eye(len(x), dtype=x.dtype)
            return (cross * other) @ torch.linalg.solve(kernel, y)

        def wrong(mean: Tensor) -> float:
            return (mean.sign() != test_y).double().mean().item()

        def gated(vectors: Tensor, noise: float = self.temperature) -> tuple[Tensor, Tensor]:
            ours, theirs = _gates(x, vectors), _gates(test_x, vectors)
            shape = ours @ ours.mT / ours.shape[1]
            return shape, predict(shape, theirs @ ours.mT / ours.shape[1], noise)

        angles = (
            (inner / (norms[0][:, None] * norms[0]).sqrt()).clamp(-1, 1).arccos(),
            (cross / (norms[1][:, None] * norms[0]).sqrt()).clamp(-1, 1).arccos(),
        )
        shared = [(math.pi - angle) / math.pi / 2 for angle in angles]  # both units on
        relu = [
            (angle.sin() + (math.pi - angle) * angle.cos()) / (2 * math.pi) / angle.cos()
            for angle in angles
        ]
        gp = predict(*relu)
        row = {
            "initial": directions[0].sum().item(),
            "relu": wrong(gp),
            "relu_ntk": wrong(predict(*(a + b for a, b in zip(relu, shared, strict=True)))),
            "linear": wrong(predict(torch.ones_like(inner), torch.ones_like(cross))),
        }
        limit = predict(*shared)
        row |= {"limit": wrong(limit), "distance_limit": _squared(limit, gp)}
        lists = {"errors": [], "distances": [], "kernel_distances": []}
        for count in self.counts:
            shape, mean = gated(directions[: count - 1])
            lists["errors"].append(wrong(mean))
            lists["distances"].append(_squared(mean, gp))
            gap = inner * (shape - shared[0])
            lists["kernel_distances"].append((gap.norm() / (inner * shared[0]).norm()).item())
        lists |= {"clustered": [], "unclustered": []}
        for count in self.clusters:
            found = KMeans(count, n_init=1, random_state=seed).fit(unlabelled.numpy())
            centres = torch.from_numpy(found.cluster_centers_)
            sets = {"clustered": centres, "unclustered": directions[:count]}
            for name, vectors in sets.items():
                lists[name].append(wrong(gated(vectors, _CLUSTER_NOISE)[1]))
        return row | {name: np.array(values) for name, values in lists.items()}


def _gates(x: Tensor, vectors: Tensor) -> Tensor:
    """Return an open gate and one for each vector's half-space, shape (n, M)."""
    on = (x @ vectors.to(x.dtype).mT >= 0).to(x.dtype)
    return torch.cat([torch.ones(len(x), 1, dtype=x.dtype), on], 1)


def _squared(mean: Tensor, reference: Tensor) -> float:
    return ((mean - reference).square().sum() / reference.square().sum()).item()


def _images(
    rng: np.random.Generator, points: int, test: int
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """Return training images and targets ±1, test images and targets, unlabelled images."""
    data = fashion_mnist()
    chosen = np.flatnonzero(np.isin(data.train_labels.numpy(), _CLASSES))
    drawn = rng.permutation(chosen)[: points + _UNLABELLED]
    train, unlabelled = (data.train_images[part].double() for part in np.split(drawn, [points]))
    tested = np.flatnonzero(np.isin(data.test_labels.numpy(), _CLASSES))[:test]
    mean = train.mean(0)

    def scaled(images: Tensor) -> Tensor:
        centred = images - mean
        return centred * math.sqrt(centred.shape[1]) / centred.norm(dim=1, keepdim=True)

    def signs(labels: Tensor) -> Tensor:
        return 2 * (labels == _CLASSES[0]).double() - 1

    y, test_y = signs(data.train_labels[drawn[:points]]), signs(data.test_labels[tested])
    return scaled(train), y, scaled(data.test_images[tested].double()), test_y, scaled(unlabelled)
