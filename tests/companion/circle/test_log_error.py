"""The error over both halves of the circle, which several subjects compare."""

import numpy as np
import pytest
from halfspace.companion.circle.readings import log_error
from halfspace.companion.circle.specs import recipe
from halfspace.companion.circle.target import Circle
from halfspace.companion.conjectures.freezing import CircleFreezing
from halfspace.companion.spec import Result


@pytest.mark.parametrize("name", ["loss", "fresh"])
def test_each_half_counts_by_its_share_of_the_points(name):
    spec = CircleFreezing(training=recipe("relu"))
    spec = spec.with_training(target=Circle(n=4, top_share=0.75))
    top, bottom = np.array([[1.0, 4.0]]), np.array([[7.0, 1.0]])
    arrays = {f"{name}_top": top, f"{name}_bottom": bottom}
    found = log_error(Result(spec, arrays, {}, "recorded"), name)
    np.testing.assert_allclose(found, np.log([[2.5, 3.25]]))
