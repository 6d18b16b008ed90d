"""The gain of the low half's paths, which several subjects compare."""

import numpy as np
import pytest
from halfspace.companion.circle.readings import path_gain
from halfspace.companion.circle.specs import recipe
from halfspace.companion.circle.target import Circle
from halfspace.companion.spec import Result


def run(**target):
    spec = recipe("relu", target=Circle(n=4, top_share=0.75, **target))
    arrays = {
        "epochs": np.array([0, 20, 300]),
        "paths_top": np.array([[2, 0], [6, 0], [5, 1]], dtype=np.float32),
        "paths_bottom": np.array([[2, 0], [2, 9], [0, 1]], dtype=np.float32),
    }
    return Result(spec, arrays, {}, "recorded")


def test_a_path_at_one_of_a_halfs_points_is_added_to_its_mean():
    # Three points on the top half, one on the bottom half.
    third = 1 / 3
    start = np.log([(2 + third) / 3, third / 1])
    end = np.log([(5 + third) / 1, (1 + third) / 2])
    np.testing.assert_allclose(path_gain(run()), end - start)
    middle = np.log([(6 + third) / 3, third / 10])
    np.testing.assert_allclose(path_gain(run(), 20), middle - start)
    np.testing.assert_allclose(path_gain(run(), 0), 0)
    with pytest.raises(ValueError, match="epoch must be one of"):
        path_gain(run(), 7)


def test_the_low_half_is_the_one_of_the_lower_frequency():
    np.testing.assert_allclose(path_gain(run(frequencies=(8.0, 2.0))), -path_gain(run()))
