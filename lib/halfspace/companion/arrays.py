"""Arrays in the format of recorded runs."""

from collections.abc import Mapping

import numpy as np
from torch import Tensor

__all__ = ["as_float32"]


def as_float32(arrays: Mapping[str, np.ndarray | Tensor]) -> dict[str, np.ndarray]:
    """Convert tensors or arrays, by name, to single-precision NumPy arrays of the same shapes."""
    return {
        name: (values.cpu().numpy() if isinstance(values, Tensor) else values).astype(np.float32)
        for name, values in arrays.items()
    }
