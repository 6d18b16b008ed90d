"""Arrays as recorded runs keep them."""

from collections.abc import Mapping

import numpy as np
from torch import Tensor

__all__ = ["as_float32"]


def as_float32(arrays: Mapping[str, np.ndarray | Tensor]) -> dict[str, np.ndarray]:
    """Return tensors or arrays, by name, as NumPy arrays of single precision in their shapes."""
    return {
        name: (values.cpu().numpy() if isinstance(values, Tensor) else values).astype(np.float32)
        for name, values in arrays.items()
    }
