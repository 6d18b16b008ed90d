"""Data: circle targets, Fashion-MNIST and its modified labels.

Letters: n points, d inputs, c outputs.
"""

import gzip
import hashlib
import math
import os
import zlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
from pydantic import BaseModel, ConfigDict, Field
from sklearn.cluster import KMeans
from torch import Tensor
from torch.nn import functional

__all__ = [
    "CLASSES",
    "Circle",
    "FashionMNIST",
    "circle_grid",
    "circle_points",
    "fashion_checksums",
    "fashion_mnist",
    "modified_labels",
    "normalise",
    "subset_by_class",
]

CLASSES = (
    "T-shirt",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)

_Finite = Annotated[float, Field(allow_inf_nan=False)]
_NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Circle(BaseModel):
    """A target on the unit circle, ``a sin(f θ + φ)``, with its own a, f and φ on each half.

    The top half is 0 < θ < π, the bottom half π < θ < 2π. Each half is sampled at equally spaced
    angles, half a step away from its ends, so that no point lies where the halves meet.

    Attributes:
        n: number of points.
        frequencies: f on the top and on the bottom half, periods per turn, at least zero.
        amplitudes: a on the top and on the bottom half, at least zero.
        phases: φ on the top and on the bottom half, radians; with f = 0 and φ = π/2 the target is
            constant there.
        top_share: share of the points that lie on the top half, between 0 and 1, both excluded.

    Raises:
        ValueError: if a field is out of range, or a half would have no point.

    Reference: Section 4; the numbers are ours, chosen to look like the paper's Figure 2.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    n: int = Field(256, ge=2, strict=True)
    frequencies: tuple[_NotNegative, _NotNegative] = (2.0, 8.0)
    amplitudes: tuple[_NotNegative, _NotNegative] = (1.0, 1.0)
    phases: tuple[_Finite, _Finite] = (0.0, 0.0)
    top_share: float = Field(0.5, gt=0, lt=1)

    def model_post_init(self, _context) -> None:
        """Refuse a half without points."""
        if not 0 < self._n_top < self.n:
            raise ValueError(
                "top_share must leave a point on each half; "
                f"got {self.top_share} of {self.n} points"
            )

    @property
    def _n_top(self) -> int:
        return round(self.n * self.top_share)

    def angles(self, dtype: torch.dtype = torch.float32) -> Tensor:
        """Return the points' angles θ in increasing order, radians, shape (n,)."""
        n_bottom = self.n - self._n_top
        halves = [_half_steps(self._n_top), math.pi + _half_steps(n_bottom)]
        return torch.cat(halves).to(dtype)

    def points(self, dtype: torch.dtype = torch.float32) -> Tensor:
        """Return the points (cos θ, sin θ), shape (n, 2)."""
        return circle_points(self.angles(torch.float64)).to(dtype)

    def values(self, dtype: torch.dtype = torch.float32) -> Tensor:
        """Return the target at the points, shape (n, 1)."""
        return self.target(self.angles(torch.float64)).unsqueeze(-1).to(dtype)

    def top(self) -> Tensor:
        """Return which points lie on the top half, boolean, shape (n,)."""
        return torch.arange(self.n) < self._n_top

    def target(self, angles: Tensor) -> Tensor:
        """Evaluate the target at any angles (radians); same shape as ``angles``."""
        on_top = angles.remainder(2 * math.pi) < math.pi
        top, bottom = (
            a * torch.sin(f * angles + phase)
            for a, f, phase in zip(self.amplitudes, self.frequencies, self.phases, strict=True)
        )
        return torch.where(on_top, top, bottom)


def circle_grid(n: int = 256, dtype: torch.dtype = torch.float32) -> tuple[Tensor, Tensor]:
    """Return n equally spaced angles and their points, shapes (n,) and (n, 2).

    The angles are half a step away from 0; for an even n none lies where the halves meet.
    """
    angles = 2 * _half_steps(n)
    return angles.to(dtype), circle_points(angles).to(dtype)


def circle_points(angles: Tensor) -> Tensor:
    """Map angles of shape (n,) to points of the unit circle, shape (n, 2)."""
    return torch.stack([angles.cos(), angles.sin()], dim=-1)


def _half_steps(n: int) -> Tensor:
    """Return n angles equally spaced in (0, π), half a step from its ends."""
    return (torch.arange(n, dtype=torch.float64) + 0.5) * (math.pi / n)


# SHA-256 of the files' uncompressed content; gzip headers differ from copy to copy.
_FASHION_FILES = {
    "train-images-idx3-ubyte": "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
    "train-labels-idx1-ubyte": "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
    "t10k-images-idx3-ubyte": "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
    "t10k-labels-idx1-ubyte": "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
}
_CLUSTERS = 5


@dataclass(frozen=True, eq=False, kw_only=True)
class FashionMNIST:
    """Fashion-MNIST, or a balanced part of its training set with the whole test set.

    Attributes:
        train_images: raw pixels, uint8, shape (n, 784).
        train_labels: class numbers 0-9 (``CLASSES``), int64, shape (n,).
        test_images: raw pixels, uint8, shape (10000, 784).
        test_labels: class numbers, int64, shape (10000,).
    """

    train_images: Tensor
    train_labels: Tensor
    test_images: Tensor
    test_labels: Tensor


@lru_cache(maxsize=2)
def fashion_mnist(n_train: int = 60_000) -> FashionMNIST:
    """Load Fashion-MNIST, verified by the checksums of its content.

    The four files are looked for in ``fashion-mnist`` below the folder ``HALFSPACE_DATA``, or, if
    that is not set, below a ``data`` folder of the current folder, of its parents, or of the
    repository that holds this package. Without such a folder they are downloaded through
    torchvision, once.

    Args:
        n_train: training images to keep, a multiple of 10: the first ``n_train / 10`` of each
            class, in the original order.

    Raises:
        ValueError: if a file is damaged or ``n_train`` is out of range.
        FileNotFoundError: if a file is missing and cannot be downloaded.

    Reference: Xiao, Rasul and Vollgraf 2017.
    """
    if n_train % 10 or not 10 <= n_train <= 60_000:
        raise ValueError(f"n_train must be a multiple of 10 from 10 to 60000; got {n_train}")
    folder = _fashion_folder()
    train_images, train_labels, test_images, test_labels = (
        _read_idx(folder / f"{name}.gz", checksum) for name, checksum in _FASHION_FILES.items()
    )
    keep = subset_by_class(train_labels, n_train // 10).sort().values
    return FashionMNIST(
        train_images=train_images[keep],
        train_labels=train_labels[keep],
        test_images=test_images,
        test_labels=test_labels,
    )


def subset_by_class(labels: Tensor, per_class: int) -> Tensor:
    """Return the positions of the first ``per_class`` points of each class, sorted by class.

    Args:
        labels: class numbers, shape (n,).
        per_class: points to take of each class.

    Returns:
        int64, shape (classes * per_class,).

    Raises:
        ValueError: if a class has fewer points.
    """
    counts = labels.bincount()
    if counts.min() < per_class:
        raise ValueError(f"per_class must be at most {counts.min()}; got {per_class}")
    return torch.cat([(labels == k).nonzero()[:per_class, 0] for k in range(len(counts))])


def normalise(images: Tensor, reference: Tensor) -> Tensor:
    """Subtract the mean image of a reference set, then scale each image to unit norm.

    Args:
        images: shape (n, d), floating point.
        reference: the training images, shape (n', d), whatever part of them ``images`` is.

    Returns:
        Shape (n, d). Scaling alone cannot change a bias-free net's gates; subtracting the mean can.
    """
    return functional.normalize(images - reference.mean(0), dim=-1)


def modified_labels(
    data: FashionMNIST, *, seed: int, complex_classes: tuple[int, ...] = (5, 6, 7, 8, 9)
) -> tuple[Tensor, Tensor]:
    """Make the labels of some classes a complicated function of the image.

    Each complex class is split into five clusters by k-means on raw pixels. The 25 clusters get the
    complex classes' labels at random, five clusters each. The other classes keep their labels. Test
    images belong to their own class's cluster with the nearest centroid.

    Args:
        data: images and original labels.
        seed: decides which cluster gets which label; the clusters are the same for every seed.
        complex_classes: classes to be split.

    Returns:
        New labels of the training and of the test images, int64, shapes (n,) and (10000,).

    Reference: Section 5; the paper's "type of clustering" is not named, and k-means is our choice.
    """
    generator = np.random.default_rng(seed)
    drawn = generator.permutation(np.repeat(complex_classes, _CLUSTERS))
    new_labels = drawn.reshape(len(complex_classes), _CLUSTERS)
    train, test = data.train_labels.clone(), data.test_labels.clone()
    for number, of_clusters in zip(complex_classes, torch.from_numpy(new_labels), strict=True):
        train_clusters, test_clusters = _clusters(data, number)
        train[data.train_labels == number] = of_clusters[train_clusters]
        test[data.test_labels == number] = of_clusters[test_clusters]
    return train, test


@lru_cache(maxsize=20)
def _clusters(data: FashionMNIST, number: int) -> tuple[Tensor, Tensor]:
    """Split one class; return the clusters of its training and of its test images."""
    train = data.train_images[data.train_labels == number].float().numpy()
    test = data.test_images[data.test_labels == number].float().numpy()
    # Single starts differ by up to 2 % in inertia; the best of four is the same from draw to draw.
    means = KMeans(_CLUSTERS, n_init=4, random_state=0).fit(train)
    return torch.from_numpy(means.labels_).long(), torch.from_numpy(means.predict(test)).long()


def fashion_checksums() -> dict[str, str]:
    """Return the SHA-256 of Fashion-MNIST's files, uncompressed, which every load verifies."""
    return dict(_FASHION_FILES)


def _fashion_folder() -> Path:
    named = os.environ.get("HALFSPACE_DATA")
    here = Path.cwd()
    homes = [here, *here.parents, Path(__file__).resolve().parents[2]]
    candidates = [Path(named)] if named else [home / "data" for home in homes]
    for candidate in candidates:
        if (candidate / "fashion-mnist").is_dir():
            return candidate / "fashion-mnist"
    if named:
        raise FileNotFoundError(
            f"HALFSPACE_DATA must name a folder that holds fashion-mnist; got {named}"
        )
    return _download()


def _download() -> Path:
    """Fetch the files through torchvision into the user's cache and return their folder."""
    from torchvision.datasets import FashionMNIST as Torchvision

    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "halfspace"
    folder = cache / "FashionMNIST" / "raw"
    if all((folder / f"{name}.gz").is_file() for name in _FASHION_FILES):
        return folder
    try:
        Torchvision(str(cache), download=True)
    except (OSError, RuntimeError) as error:  # URLError is an OSError
        first = next(iter(_FASHION_FILES))
        raise FileNotFoundError(
            f"{first}.gz is in no data/fashion-mnist folder and its download failed ({error}); "
            "set HALFSPACE_DATA to the data folder of a clone of the repository, which holds it"
        ) from error
    return folder


def _read_idx(path: Path, checksum: str) -> Tensor:
    """Read an IDX file of bytes: images as uint8 (n, 784), labels as int64 (n,)."""
    restore = (
        f"restore it with: git checkout -- data/fashion-mnist/{path.name} "
        "(or delete it, if it was downloaded)"
    )
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing; {restore}")
    try:
        content = gzip.decompress(path.read_bytes())
    except (OSError, EOFError, zlib.error) as error:
        raise ValueError(f"{path} is damaged ({error}); {restore}") from error
    if hashlib.sha256(content).hexdigest() != checksum:
        raise ValueError(f"{path} is damaged (its content has another SHA-256); {restore}")
    # The checksum vouches for the header (magic number and sizes), so that it need not be read.
    images = "images" in path.name
    header = 16 if images else 8
    values = torch.from_numpy(np.frombuffer(content, np.uint8, offset=header).copy())
    return values.reshape(-1, 784) if images else values.long()
