"""Fashion-MNIST, balanced subsets, and modified labels."""

import gzip
import hashlib
import os
import zlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from halfspace._checks import check_integer
from halfspace.datasets._folders import download_folder, find

__all__ = ["CLASSES", "FashionMNIST", "fashion_checksums", "fashion_mnist", "subset_by_class"]

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

# SHA-256 of the files' uncompressed content; gzip headers differ from copy to copy.
_FASHION_FILES = {
    "train-images-idx3-ubyte": "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
    "train-labels-idx1-ubyte": "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
    "t10k-images-idx3-ubyte": "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
    "t10k-labels-idx1-ubyte": "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
}


@dataclass(frozen=True, eq=False, kw_only=True)
class FashionMNIST:
    """Fashion-MNIST, or a balanced part of its training set with the whole test set.

    Attributes:
        train_images: raw pixels, 0-255, uint8, shape (n, 784).
        train_labels: class numbers, the positions in ``CLASSES``, int64, shape (n,).
        test_images: raw pixels, 0-255, uint8, shape (10000, 784).
        test_labels: class numbers, int64, shape (10000,).

    Example:
        >>> data = fashion_mnist(100)
        >>> data.train_images.shape, data.test_images.shape
        (torch.Size([100, 784]), torch.Size([10000, 784]))
    """

    train_images: Tensor
    train_labels: Tensor
    test_images: Tensor
    test_labels: Tensor


@lru_cache(maxsize=2)
def fashion_mnist(n_train: int = 60_000) -> FashionMNIST:
    """Load Fashion-MNIST, verified by the checksums of its content.

    The four files are read from the folder ``fashion-mnist`` in the folder ``HALFSPACE_DATA``. If
    that variable is not set, ``fashion-mnist`` is looked for in the ``data`` folder of the current
    folder, of its parents, and of the repository that holds this package. If there is none, the
    files are downloaded once, through torchvision.

    Args:
        n_train: training images to keep, a multiple of 10: the first ``n_train / 10`` of each
            class, in the original order.

    Returns:
        The data; the last two results stay in memory, so do not change their tensors in place.

    Raises:
        ValueError: if a file is damaged or ``n_train`` is out of range.
        FileNotFoundError: if a file is missing and cannot be downloaded.

    Example:
        >>> data = fashion_mnist(100)
        >>> [CLASSES[label] for label in data.train_labels[:3]]
        ['Ankle boot', 'T-shirt', 'T-shirt']

    Reference: Xiao, Rasul and Vollgraf 2017, Fashion-MNIST: a Novel Image Dataset for Benchmarking
    Machine Learning Algorithms.
    """
    check_integer("n_train", n_train, least=None)
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
        ValueError: if a class has fewer points, or there are no points.

    Example:
        >>> subset_by_class(torch.tensor([1, 0, 1, 0, 0]), 2).tolist()
        [1, 3, 0, 2]
    """
    per_class = check_integer("per_class", per_class)
    if labels.ndim != 1 or not len(labels):
        raise ValueError(f"labels must have shape (n,), n at least 1; got {tuple(labels.shape)}")
    counts = labels.bincount()
    if counts.min() < per_class:
        raise ValueError(f"per_class must be at most {counts.min()}; got {per_class}")
    return torch.cat([(labels == k).nonzero()[:per_class, 0] for k in range(len(counts))])


def fashion_checksums() -> dict[str, str]:
    """Return the SHA-256 of Fashion-MNIST's uncompressed files, which every load verifies.

    Returns:
        Hexadecimal digests by file name, without ``.gz``.

    Example:
        >>> fashion_checksums()["t10k-labels-idx1-ubyte"][:8]
        '0402a96d'
    """
    return dict(_FASHION_FILES)


def _fashion_folder() -> Path:
    if (folder := find("fashion-mnist")) is not None:
        return folder
    if named := os.environ.get("HALFSPACE_DATA"):
        raise FileNotFoundError(
            f"HALFSPACE_DATA must name a folder that holds fashion-mnist; got {named}"
        )
    return _download()


def _download() -> Path:
    """Download the files through torchvision into the user's cache and return their folder."""
    from torchvision.datasets import FashionMNIST as Torchvision

    folder = download_folder() / "FashionMNIST" / "raw"
    if all((folder / f"{name}.gz").is_file() for name in _FASHION_FILES):
        return folder
    try:
        Torchvision(str(download_folder()), download=True)
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
        raise ValueError(f"{path} is damaged (its content has a different SHA-256); {restore}")
    # The checksum covers the header (magic number and sizes), so there is no need to read it.
    images = "images" in path.name
    header = 16 if images else 8
    values = torch.from_numpy(np.frombuffer(content, np.uint8, offset=header).copy())
    return values.reshape(-1, 784) if images else values.long()
