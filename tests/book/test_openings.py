"""The opening box of a chapter, and the badges that say where numbers come from."""

import re
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest
from sphinx.testing.util import SphinxTestApp

BOOK = Path(__file__).parents[2] / "book"
PAGE = """\
# Title

:::{opening} fig-x
:needs: {ref}`title`

**Question.** Why?

**Answer.** Because.
:::

(title)=
## Next

```{figure} x.png
:name: fig-x
:alt: A dot.

A dot. *Bands: Recorded on 2026-01-31, 2026-02-01 (CPU).
Dotted: Made in this build on 2026-03-01 (CPU).*
*Another emphasis.*
```

WORDS
"""


@pytest.fixture
def build(tmp_path):
    """Build one page; return its HTML and the warnings."""

    def built(page):
        (tmp_path / "conf.py").write_text(
            f"import sys\nsys.path.insert(0, {str(BOOK)!r})\n"
            "extensions = ['myst_parser', 'openings']\nnumfig = True\n"
            "source_suffix = {'.md': 'markdown'}\n"
            "myst_enable_extensions = ['colon_fence']\n"
        )
        (tmp_path / "index.md").write_text(page)
        plt.imsave(tmp_path / "x.png", np.zeros((2, 2)))
        app = SphinxTestApp("html", srcdir=tmp_path)
        app.build()
        warnings = app.warning.getvalue()
        app.cleanup()
        return (tmp_path / "_build/html/index.html").read_text(encoding="utf8"), warnings

    return built


def test_the_box_shows_the_figure_and_what_a_reader_needs(build):
    html, warnings = build(PAGE)
    assert warnings == ""
    box = html[html.index('class="opening ') : html.index("<h2>")]
    assert box.count('<img alt="A dot."') == 1 and html.count('<img alt="A dot."') == 2
    assert '<a class="reference internal" href="#fig-x">' in box and "Figure 1" in box
    assert "1 minute. You need: Next." in re.sub("<[^>]+>", "", box)
    assert html.count("Fig. 1") == 1 and "Fig. 2" not in html, "the box's figure has a number"


def test_minutes_grow_with_the_text(build):
    html, _ = build(PAGE.replace("WORDS", "word " * 2000))
    assert "11 minutes. You need:" in html


def test_a_figure_that_is_not_there_is_told(build):
    _, warnings = build(PAGE.replace("{opening} fig-x", "{opening} fig-y"))
    assert "the page has no figure fig-y" in warnings


def test_captions_say_live_or_recorded_in_a_badge(build):
    html, _ = build(PAGE)
    caption = html[html.index("<figcaption", html.index("<h2>")) :]
    assert 'title="Recorded on 2026-01-31, 2026-02-01 (CPU)."' in caption
    assert re.search(r'class="origin recorded" tabindex="0" title="[^"]+">recorded</abbr>', caption)
    assert re.search(r'class="origin live" tabindex="0" title="[^"]+">live</abbr>', caption)
    assert "Bands: " in caption and "Dotted: " in caption and "<em>Bands" not in caption
