"""The circle's points and targets."""

import math

import pytest
import torch
from halfspace.companion.circle.target import Circle
from halfspace.datasets import (
    circle_grid,
)
from hypothesis import given
from hypothesis import strategies as st


def test_circle_default_is_the_even_grid():
    circle = Circle()
    angles, points = circle_grid(256)
    assert torch.allclose(circle.angles(), angles)
    assert torch.allclose(circle.points(), points)
    assert circle.top().sum() == 128


@given(
    n=st.integers(2, 300),
    top_share=st.floats(0.05, 0.95),
    frequencies=st.tuples(st.floats(0, 20), st.floats(0, 20)),
    amplitudes=st.tuples(st.floats(0, 3), st.floats(0, 3)),
    phases=st.tuples(st.floats(-3, 3), st.floats(-3, 3)),
)
def test_circle_fields_do_what_they_say(n, top_share, frequencies, amplitudes, phases):
    if not 0 < round(n * top_share) < n:
        return
    waves = dict(frequencies=frequencies, amplitudes=amplitudes, phases=phases)
    circle = Circle(n=n, top_share=top_share, **waves)
    angles, points = circle.angles(torch.float64), circle.points(torch.float64)
    top = circle.top()
    assert points.shape == (n, 2) and circle.values().shape == (n, 1)
    assert top.sum() == round(n * top_share)
    assert torch.equal(points[:, 1] > 0, top)
    assert (angles.diff() > 0).all()
    for half, f, a, phase in zip((top, ~top), *waves.values(), strict=True):
        steps = angles[half].diff()
        assert torch.allclose(
            steps, torch.full_like(steps, math.pi / half.sum().item()), rtol=1e-10
        )
        expected = [a * math.sin(f * angle + phase) for angle in angles[half].tolist()]
        values = circle.values(torch.float64)[half, 0]
        assert torch.allclose(values, torch.tensor(expected, dtype=torch.float64), atol=1e-10)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"n": 1}, "n\n.*greater than or equal to 2"),
        ({"frequencies": (-1, 8)}, r"frequencies\.0\n.*greater than or equal to 0"),
        ({"amplitudes": (1, -1)}, r"amplitudes\.1\n.*greater than or equal to 0"),
        ({"top_share": 1.0}, "top_share\n.*less than 1"),
        ({"n": 3, "top_share": 0.1}, "top_share must leave a point on each half; got 0.1 of 3"),
        ({"points": 3}, "points\n.*not permitted"),
    ],
)
def test_circle_refuses(fields, message):
    with pytest.raises(ValueError, match=message):
        Circle(**fields)
