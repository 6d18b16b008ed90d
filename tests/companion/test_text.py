"""Values that the text of a chapter quotes."""

import myst_nb
from halfspace.companion.text import glue_all


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
