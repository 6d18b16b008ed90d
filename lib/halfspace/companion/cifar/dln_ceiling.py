"""The ceiling of Table 1's deep linear net: the best linear model on its visible features.

A pixel reaches the mean over all pixels along chains of positions, one for each convolution, each
at most one step from the previous one. Zeros beyond the border end the chains that leave the image.
Which chains leave depends on the pixel's row only through its distance to the border, if that is
less than the number of convolutions. The same holds for its column. So all pixels with the same
class of row and the same class of column have the same weight in each output, and the net, which
has no bias, is a linear function of the sums of pixels over these border classes, one for each
channel.

Without a border of zeros, a row has a separate weight if its distance is less than twice the number
of convolutions, since fewer outputs see it. Twice as many convolutions with zeros would distinguish
the same rows.

The linear model with the smallest cross-entropy on these sums therefore fits the training images at
least as well as any deep linear net of this shape.
"""

from typing import ClassVar, Literal

import numpy as np
import torch
from pydantic import Field
from sklearn.linear_model import LogisticRegression
from torch import Tensor

from halfspace._checks import check_integer
from halfspace.companion.cifar.synthetic import synthetic_checksums, synthetic_images
from halfspace.companion.spec import Integer, Spec, later
from halfspace.datasets import cifar, cifar_checksums
from halfspace.image_training import standardise

__all__ = ["DLNCeiling", "border_classes", "border_sums", "ceiling_conditions"]

_INVERSE_PENALTY = 1e3  # on the sum over images: its part in their mean loss is below rounding
_STEPS = 20_000


def border_classes(size: int, depth: int) -> np.ndarray:
    """Return the class of each row, or column, of an image under convolutions of 3 × 3.

    Args:
        size: rows, at least 2 · depth.
        depth: H, number of convolutions.

    Returns:
        int64, shape (size,), from 0 to 2H: distance to the first row, up to H; rows nearer to the
        last row than H continue to 2H.

    Raises:
        ValueError: if a row would be near to both borders.

    Example:
        >>> border_classes(7, 2).tolist()
        [0, 1, 2, 2, 2, 3, 4]
    """
    size, depth = check_integer("size", size), check_integer("depth", depth, least=0)
    if size < 2 * depth:
        raise ValueError(f"size must be at least 2 * depth, {2 * depth}; got {size}")
    rows = np.arange(size)
    return np.minimum(rows, depth) + np.maximum(rows - (size - 1 - depth), 0)


def border_sums(images: Tensor, depth: int) -> Tensor:
    """Sum the pixels of each border class and channel.

    Args:
        images: shape (n, channels, h, w).
        depth: H, number of convolutions.

    Returns:
        float64, shape (n, channels · (2H + 1)²): by channel, then class of the row, then of the
        column; zero where a class has no pixel.
    """
    rows, columns = (
        torch.nn.functional.one_hot(
            torch.from_numpy(border_classes(size, depth)), 2 * depth + 1
        ).double()
        for size in images.shape[-2:]
    )
    return torch.cat([(rows.T @ part.double() @ columns).flatten(1) for part in images.split(1000)])


class DLNCeiling(Spec):
    """Fit the best linear model, in cross-entropy, to the sums that a deep linear net can see.

    Attributes:
        depth: H, number of convolutions; with 0 the sums are each channel's mean.
        data: ``"cifar10"``, or ``"synthetic"`` (few images made from a seed, on which
            ``make verify`` checks the code).
        constant: whether the model also has a constant for each class, as nets with biases have.

    The result's arrays (n training images, t test images): train_right (n,), test_right (t,): which
        are classified right; loss (1,): mean cross-entropy of the training images, in nats;
        gradient (1,): largest entry of its gradient with respect to the weights of the whitened
        sums; steps (1,): of the optimiser.
    """

    # The optimum is unique; an image between two classes may flip.
    tolerance: ClassVar[float] = 0.05

    depth: Integer = Field(5, ge=0, le=16)
    data: Literal["cifar10", "synthetic"] = "cifar10"
    constant: bool = later(False)

    @property
    def verifiable(self) -> bool:
        """Whether ``make verify`` can recompute it: CIFAR is not in the repository."""
        return self.data == "synthetic"

    def data_checksums(self) -> dict[str, str]:
        """Return the SHA-256 of the images and labels."""
        return synthetic_checksums() if self.data == "synthetic" else cifar_checksums(self.data)

    def _run(self, device: torch.device) -> dict[str, np.ndarray]:
        data = synthetic_images() if self.data == "synthetic" else cifar(self.data)
        train, test = (
            self._features(standardise(images, data.train_images))
            for images in (data.train_images, data.test_images)
        )
        whitening = _whitening(train)
        train, test = train @ whitening, test @ whitening
        labels = data.train_labels.numpy()
        model = LogisticRegression(
            C=_INVERSE_PENALTY, fit_intercept=False, tol=1e-7, max_iter=_STEPS
        ).fit(train, labels)
        logs = model.predict_log_proba(train)
        excess = np.exp(logs) - (labels[:, np.newaxis] == model.classes_)
        return {
            "train_right": model.predict(train) == labels,
            "test_right": model.predict(test) == data.test_labels.numpy(),
            "loss": -logs[np.arange(len(labels)), labels].mean(keepdims=True),
            "gradient": np.abs(excess.T @ train / len(labels)).max(keepdims=True).reshape(1),
            "steps": model.n_iter_,
        }

    def _features(self, images: Tensor) -> np.ndarray:
        sums = border_sums(images, self.depth).numpy()
        return np.pad(sums, ((0, 0), (0, int(self.constant))), constant_values=1.0)


def _whitening(features: np.ndarray) -> np.ndarray:
    """Return a matrix (p, r) that whitens features (n, p) of rank r: second moments become 1.

    The linear models on the features stay the same, and an optimiser converges.
    """
    values, vectors = np.linalg.eigh(features.T @ features / len(features))
    kept = values > values.max() * 1e-12
    return vectors[:, kept] / np.sqrt(values[kept])


def ceiling_conditions() -> dict[str, Spec]:
    """Return the ceilings by number of convolutions; Table 1's net has five.

    Depth 10 stands for five convolutions without a border of zeros. For Table 1's net there is also
    the model with a constant.
    """
    conditions = {f"depth {depth}": DLNCeiling(depth=depth) for depth in (5, 0, 1, 2, 3, 4)}
    conditions["depth 5, constant"] = DLNCeiling(constant=True)
    conditions["depth 10"] = DLNCeiling(depth=10)
    return conditions | {"depth 10, constant": DLNCeiling(depth=10, constant=True)}
