"""Values that the text of a chapter quotes."""

import math

import myst_nb
import pytest
from halfspace.companion.text import factor, glue_all, scientific, significant, thousands


@pytest.mark.parametrize(
    ("mean", "low", "high", "text"),
    [
        (31, 9, 103, "×31 (9 to 103)"),
        (8.86, 7.88, 9.96, "×8.9 (7.9 to 10.0)"),
        (1.77, 1.62, 1.93, "×1.77 (1.62 to 1.93)"),
        (0.73, 0.643, 0.8, "×0.73 (0.64 to 0.80)"),
        (0.0362, 0.0284, 0.12, "×0.036 (0.028 to 0.12)"),
        (20, 0.14, 2921, "×20 (0.14 to 2\u202f900)"),
        (1, 0.5, 123.4, "×1.00 (0.50 to 123)"),
        (35_123, 9_876, 123_456, "×35\u202f000 (9\u202f900 to 120\u202f000)"),
    ],
)
def test_factors_have_as_many_digits_as_say_something(mean, low, high, text):
    assert factor(math.log(mean), math.log(low), math.log(high)) == text


def test_values_are_glued_under_their_names(monkeypatch):
    glued = {}
    monkeypatch.setattr(
        myst_nb, "glue", lambda name, value, display: glued.update({name: (value, display)})
    )
    glue_all({"seeds": 20})
    glue_all({"median": "0.5", "low": 1}, "loss")
    assert glued == {
        "seeds": (20, False),
        "loss-median": ("0.5", False),
        "loss-low": (1, False),
    }


def test_numbers_are_written_for_people():
    assert thousands(999) == "999" and thousands(1048576) == "1\u202f048\u202f576"
    assert [scientific(number) for number in (0, 2.6e-13, 1e12, -9.6e-5)] == [
        "0",
        "3\u00a0×\u00a010⁻¹³",
        "1\u00a0×\u00a010¹²",
        "−1\u00a0×\u00a010⁻⁴",
    ]


def test_digits_that_say_something_are_told_without_an_exponent():
    assert [significant(value, 2) for value in (0.0471, 1.0, -0.5, 0)] == [
        "0.047",
        "1",
        "−0.5",
        "0",
    ]
    assert significant(9.14e-5, 2) == "9.1\u00a0×\u00a010⁻⁵"
    assert significant(123_456, 3) == "1.23\u00a0×\u00a010⁵"
