"""CIFAR-10 and CIFAR-100, in the same order from every source."""

import hashlib
import zipfile
import zlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from halfspace.datasets._folders import download_folder, find

__all__ = ["CIFAR", "CIFAR_CLASSES", "cifar", "cifar_checksums"]

_SIZES = {"train": 50_000, "test": 10_000}
# In the order of the published label numbers, which is alphabetical.
CIFAR_CLASSES = {
    "cifar10": tuple("airplane automobile bird cat deer dog frog horse ship truck".split()),
    "cifar100": tuple(
        """
        apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus
        butterfly camel can castle caterpillar cattle chair chimpanzee clock cloud cockroach couch
        crab crocodile cup dinosaur dolphin elephant flatfish forest fox girl hamster house kangaroo
        keyboard lamp lawn_mower leopard lion lizard lobster man maple_tree motorcycle mountain
        mouse mushroom oak_tree orange orchid otter palm_tree pear pickup_truck pine_tree plain
        plate poppy porcupine possum rabbit raccoon ray road rocket rose sea seal shark shrew skunk
        skyscraper snail snake spider squirrel streetcar sunflower sweet_pepper table tank telephone
        television tiger tractor train trout tulip turtle wardrobe whale willow_tree wolf woman worm
        """.split()
    ),
}
# SHA-256 of each part as ``cifar`` returns it: the images' bytes, then the labels' as little-endian
# int64.
_SHA256 = {
    "cifar10": {
        "train": "8514b169b1c0591b5993f3957fd49fa51271b9cd3f4f9ca4114d1c3539c696e4",
        "test": "fbc5a1e0f6f4293fa5caa77e924de0cc1eb4e520f4a416dac0363e7bba145c52",
    },
    "cifar100": {
        "train": "58ae9faa7dc3e26dece2ced2f9f52142f2c87e16c2fffdb46bffe0986ada47fc",
        "test": "a995c5c01feedaec47988825019795a1e9c8cc7990538a89fd918f92afd78eb5",
    },
}
_KEYS = ("train_images", "train_labels", "test_images", "test_labels", "classes")


@dataclass(frozen=True, eq=False, kw_only=True)
class CIFAR:
    """CIFAR-10 or CIFAR-100, sorted by label and then by the SHA-256 of the image's bytes.

    Attributes:
        train_images: raw pixels, 0-255, uint8, shape (50000, 3, 32, 32).
        train_labels: class numbers, the positions in ``classes``, int64, shape (50000,).
        test_images: raw pixels, 0-255, uint8, shape (10000, 3, 32, 32).
        test_labels: class numbers, int64, shape (10000,).
        classes: the 10 or 100 names in alphabetical order; for CIFAR-100, the fine labels.

    Example:
        A synthetic data set of the same form, with two training images and one test image.

        >>> data = CIFAR(
        ...     train_images=torch.zeros(2, 3, 32, 32, dtype=torch.uint8),
        ...     train_labels=torch.tensor([3, 8]),
        ...     test_images=torch.zeros(1, 3, 32, 32, dtype=torch.uint8),
        ...     test_labels=torch.tensor([8]),
        ...     classes=CIFAR_CLASSES["cifar10"],
        ... )
        >>> [data.classes[label] for label in data.train_labels]
        ['cat', 'ship']
    """

    train_images: Tensor
    train_labels: Tensor
    test_images: Tensor
    test_labels: Tensor
    classes: tuple[str, ...]


@lru_cache(maxsize=1)
def cifar(name: str) -> CIFAR:
    """Load CIFAR-10 or CIFAR-100, verified by the checksums of its content.

    The data set is read from ``<name>.npz`` (data/README.md describes its format) in the folder
    ``HALFSPACE_DATA``. If that variable is not set, the file is looked for in the ``data`` folder
    of the current folder, of its parents, and of the repository that holds this package. If there
    is no file, the data set is downloaded once, through torchvision.

    The sources differ in the order of the images, but a seed must give the same run with each of
    them. So the images are sorted, by label and then by the SHA-256 of their bytes. If they were
    sorted by the bytes themselves, the first images of a class would be its darkest. The order of
    the SHA-256 is as good as random, so ``subset_by_class`` can take the first images.

    Args:
        name: ``"cifar10"`` or ``"cifar100"``. The last one loaded stays in memory (185 MB).

    Raises:
        ValueError: if the name is unknown, or the data are damaged or not CIFAR.
        FileNotFoundError: if there is no file and the download fails.

    Example:
        Skipped in tests, since the repository does not hold the data.

        >>> data = cifar("cifar10")  # doctest: +SKIP
        >>> data.train_images.shape, data.classes[data.train_labels[0]]  # doctest: +SKIP
        (torch.Size([50000, 3, 32, 32]), 'airplane')

    Reference: Krizhevsky 2009, Learning Multiple Layers of Features from Tiny Images.
    """
    checksums = cifar_checksums(name)
    path = find(f"{name}.npz")
    try:
        arrays = _read(path) if path else _download(name)
        if np.asarray(arrays["classes"]).tolist() != list(CIFAR_CLASSES[name]):
            first, *_, last = CIFAR_CLASSES[name]
            raise ValueError(f"classes must be {first}, ..., {last}, in alphabetical order")
        parts = {part: _sorted(arrays, part, checksums[part]) for part in _SIZES}
    except (ValueError, zipfile.BadZipFile, zlib.error) as error:
        raise ValueError(
            f"{path or download_folder()} does not hold {_title(name)}: {error}; delete it to "
            f"download {_title(name)}, or make it again as data/README.md describes"
        ) from error
    return CIFAR(
        train_images=parts["train"][0],
        train_labels=parts["train"][1],
        test_images=parts["test"][0],
        test_labels=parts["test"][1],
        classes=CIFAR_CLASSES[name],
    )


def cifar_checksums(name: str) -> dict[str, str]:
    """Return the SHA-256 of the training and of the test set, which every load verifies.

    Args:
        name: ``"cifar10"`` or ``"cifar100"``.

    Returns:
        Hexadecimal digests, by ``"train"`` and ``"test"``: of the images' bytes, then the labels'
        as little-endian int64, in the order of ``cifar``.

    Raises:
        ValueError: if the name is neither ``"cifar10"`` nor ``"cifar100"``.

    Example:
        >>> cifar_checksums("cifar10")["test"][:8]
        'fbc5a1e0'
    """
    if name not in _SHA256:
        raise ValueError(f"name must be 'cifar10' or 'cifar100'; got {name!r}")
    return dict(_SHA256[name])


def _title(name: str) -> str:
    return name.upper().replace("CIFAR", "CIFAR-")


def _read(path: Path) -> dict[str, np.ndarray]:
    """Read a user-supplied ``.npz`` file."""
    if not zipfile.is_zipfile(path):
        raise ValueError("it is not a complete .npz file")
    with np.load(path, allow_pickle=False) as stored:
        if missing := [key for key in _KEYS if key not in stored.files]:
            raise ValueError(f"it lacks {', '.join(missing)}")
        # NumPy returns a member that is not an .npy file as bytes.
        return {key: np.asarray(stored[key]) for key in _KEYS}


def _download(name: str) -> dict[str, np.ndarray]:
    """Fetch the data set through torchvision into the user's cache, if it is not there yet."""
    from torchvision import datasets as torchvision

    dataset, folder = getattr(torchvision, name.upper()), str(download_folder())
    try:
        train, test = (dataset(folder, train=train, download=True) for train in (True, False))
    except (OSError, RuntimeError) as error:  # URLError is an OSError
        raise FileNotFoundError(
            f"{name}.npz is in no data folder and the download of {_title(name)} failed ({error}); "
            f"try again with a network, or put {name}.npz (data/README.md describes its format) "
            "into data/ or the folder that HALFSPACE_DATA names"
        ) from error
    arrays = (train.data, np.array(train.targets), test.data, np.array(test.targets), train.classes)
    return dict(zip(_KEYS, arrays, strict=True))


def _sorted(arrays: dict[str, np.ndarray], part: str, checksum: str) -> tuple[Tensor, Tensor]:
    """Check the arrays of one part and sort them.

    Args:
        arrays: images of shape (n, 32, 32, 3), labels of shape (n,), by key.
        part: ``"train"`` or ``"test"``.
        checksum: SHA-256 that the part must have.

    Returns:
        Images, uint8, shape (n, 3, 32, 32); labels, int64, shape (n,).
    """
    images, labels = arrays[f"{part}_images"], arrays[f"{part}_labels"]
    n = _SIZES[part]
    if images.shape != (n, 32, 32, 3) or images.dtype != np.uint8:
        raise ValueError(
            f"{part}_images must be uint8 of shape {(n, 32, 32, 3)}; "
            f"got {images.dtype} of shape {images.shape}"
        )
    if labels.shape != (n,) or not np.issubdtype(labels.dtype, np.integer):
        raise ValueError(
            f"{part}_labels must be integers of shape {(n,)}; "
            f"got {labels.dtype} of shape {labels.shape}"
        )
    images = np.ascontiguousarray(images.transpose(0, 3, 1, 2))
    keys = [(k, hashlib.sha256(i).digest()) for k, i in zip(labels.tolist(), images, strict=True)]
    order = sorted(range(n), key=keys.__getitem__)
    images, labels = images[order], labels[order].astype("<i8")
    digest = hashlib.sha256(images)
    digest.update(labels)
    if digest.hexdigest() != checksum:
        raise ValueError(f"the content of its {part} set has a different SHA-256")
    return torch.from_numpy(images), torch.from_numpy(labels)
