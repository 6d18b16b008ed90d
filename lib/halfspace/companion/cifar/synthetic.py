"""Small images in CIFAR's form, made from a seed, on which ``make verify`` checks the code.

Training on CIFAR takes hours on a CPU. The same specs run on these images within seconds. Their
results are recorded and recomputed like any other run, and no claim reads them.
"""

import functools
import hashlib

import numpy as np
import torch

from halfspace.datasets import CIFAR

__all__ = ["SYNTHETIC_CLASSES", "synthetic_checksums", "synthetic_images"]

SYNTHETIC_CLASSES = tuple(f"class {number}" for number in range(10))
_PER_CLASS = {"train": 40, "test": 20}


@functools.cache
def synthetic_images() -> CIFAR:
    """Return 400 training and 200 test images of ten classes, sorted by class.

    Each class has a coarse pattern of 4 × 4 colours; an image is a fifth of its class's pattern and
    four fifths noise, so that a net learns something in two epochs, but not everything.
    """
    generator = np.random.default_rng(20240404)
    patterns = generator.integers(0, 256, (10, 3, 4, 4)).repeat(8, axis=2).repeat(8, axis=3)
    parts = {}
    for part, each in _PER_CLASS.items():
        noise = generator.integers(0, 256, (10, each, 3, 32, 32))
        images = ((patterns[:, None] + 4 * noise) // 5).astype(np.uint8)
        parts[f"{part}_images"] = torch.from_numpy(images.reshape(-1, 3, 32, 32))
        parts[f"{part}_labels"] = torch.arange(10, device="cpu").repeat_interleave(each)
    return CIFAR(classes=SYNTHETIC_CLASSES, **parts)


def synthetic_checksums() -> dict[str, str]:
    """Return the SHA-256 of the images, as ``halfspace.datasets.cifar_checksums`` does."""
    data = synthetic_images()
    return {
        f"synthetic-{part}": hashlib.sha256(
            getattr(data, f"{part}_images").numpy().tobytes()
        ).hexdigest()
        for part in _PER_CLASS
    }
