"""Values that the text of a chapter quotes."""

import myst_nb
from halfspace.companion.text import glue_all, scientific, thousands


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
        "3 × 10⁻¹³",
        "1 × 10¹²",
        "−1 × 10⁻⁴",
    ]
