"""Arrays in the format of recorded runs."""

import numpy as np
import torch
from halfspace.companion.arrays import as_float32


def test_tensors_and_arrays_become_single_precision_and_keep_their_values():
    kept = as_float32({"a": torch.tensor([[1.5, 2.0]]).double(), "b": np.array([True, False])})
    assert all(array.dtype == np.float32 for array in kept.values())
    assert kept["a"].tolist() == [[1.5, 2.0]] and kept["b"].tolist() == [1, 0]
