"""An interactive figure as one piece of HTML, which needs no other file and no network.

A still picture comes first. It stays where scripts do not run, and on paper.
"""

import io
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from urllib.parse import quote

import matplotlib as mpl
import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from halfspace.companion.widgets import source

__all__ = ["InteractiveFigure", "drawn"]

_COMMENT = re.compile(r"/\*.*?\*/|^\s*//.*?$", re.DOTALL | re.MULTILINE)
_EMPTY = re.compile(r"\n\s*\n+")
_SAFE = " !'()*+,/:;=?@[]|~"  # in an address inside a quoted attribute


@dataclass(frozen=True)
class InteractiveFigure:
    """A figure that a notebook, Colab and the book show from the same files.

    Attributes:
        name: what its script calls it, and its key in the page's address.
        scripts: the files of this folder that it needs, besides the kit, in order.
        data: what its script reads; written as JSON.
        still: a picture for readers without scripts, SVG.
        alt: a description of the picture.
    """

    name: str
    scripts: tuple[str, ...] = field(repr=False)
    data: Mapping[str, object] = field(repr=False)
    still: str = field(repr=False)
    alt: str

    def _repr_html_(self) -> str:
        data = json.dumps(self.data, separators=(",", ":"), allow_nan=False).replace("</", "<\\/")
        script = "".join(map(_short, ("kit.js", *self.scripts)))
        return (
            f'<div class="halfspaces" data-figure="{self.name}"><style>{_short("kit.css")}</style>'
            f'<img alt="{escape(self.alt)}" src="data:image/svg+xml,{quote(self.still, _SAFE)}">'
            f'<script type="application/json" class="hs-data">{data}</script>'
            f"<script>{script}</script></div>"
        )


def drawn(figure: Figure) -> str:
    """Return a figure as SVG, the same each time, and close it, so that no notebook shows it too.

    Example:
        >>> drawn(plt.figure()).startswith("<svg")
        True
    """
    text = io.StringIO()
    with mpl.rc_context({"svg.hashsalt": "halfspace"}):
        nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
        figure.savefig(text, format="svg", metadata=nothing)
    plt.close(figure)
    svg = text.getvalue()
    return _EMPTY.sub("\n", svg[svg.index("<svg") :])


def _short(name: str) -> str:
    """Return a file's text without comments."""
    return _EMPTY.sub("\n", _COMMENT.sub("", source(name)))
