"""Sphinx extension: citations by author and year, with letters where two works share both.

The list of references carries the same labels as the text, so that a reader finds them there.
"""

from collections import Counter
from collections.abc import Iterable, Iterator

import pybtex.plugin
import sphinxcontrib.bibtex.plugin
from pybtex.database import Entry
from pybtex.richtext import Text
from pybtex.style.formatting.alpha import Style as AlphaStyle
from pybtex.style.labels import BaseLabelStyle
from pybtex.style.template import Node, join
from sphinx.application import Sphinx
from sphinxcontrib.bibtex.style.referencing.author_year import AuthorYearReferenceStyle
from sphinxcontrib.bibtex.style.referencing.basic_author_year import (
    BasicAuthorYearTextualReferenceStyle,
)
from sphinxcontrib.bibtex.style.referencing.basic_label import (
    BasicLabelParentheticalReferenceStyle,
)
from sphinxcontrib.bibtex.style.template import node, post_text, pre_text, reference

__all__ = [
    "AuthorYearLabels",
    "AuthorYearList",
    "LetteredReferences",
    "TextualReferences",
    "setup",
]


class AuthorYearLabels(BaseLabelStyle):
    """Labels such as "Hanin and Rolnick, 2019a"."""

    def format_labels(self, sorted_entries: Iterable[Entry]) -> Iterator[str]:
        """Return a label for each entry; letters follow the entries' order."""
        plain = [self._label(entry) for entry in sorted_entries]
        total, so_far = Counter(plain), Counter()
        for label in plain:
            letter = chr(ord("a") + so_far[label]) if total[label] > 1 else ""
            so_far[label] += 1
            yield label + letter

    def _label(self, entry: Entry) -> str:
        persons = entry.persons["author"]
        names = [" ".join(p.prelast_names + p.last_names) for p in persons]
        names = [str(Text.from_latex(name)) for name in names]
        authors = f"{names[0]} et al." if len(names) > 2 else " and ".join(names)
        return f"{authors}, {entry.fields['year']}"


class AuthorYearList(AlphaStyle):
    """The list of references: like pybtex's ``alpha``, with these labels."""

    default_label_style = AuthorYearLabels


@node
def lettered_year(children: list, data: dict) -> Text:
    """Return the year of a label, with its letter."""
    return Text(data["formatted_entry"].label.rsplit(", ", 1)[1])


class TextualReferences(BasicAuthorYearTextualReferenceStyle):
    """Citations in a sentence: Hanin and Rolnick [2019a]."""

    def inner(self, role_name: str) -> Node:
        """Return the template of one citation."""
        return join(sep=self.text_reference_sep)[
            self.person.author_or_editor_or_title(full="s" in role_name),
            join[
                self.bracket.left,
                pre_text,
                reference[lettered_year],
                post_text,
                self.bracket.right,
            ],
        ]


class LetteredReferences(AuthorYearReferenceStyle):
    """Like sphinxcontrib-bibtex's ``author_year``, with the letters of the labels."""

    def __post_init__(self):
        """Exchange the two styles that write years."""
        super().__post_init__()
        for style in (BasicLabelParentheticalReferenceStyle(), TextualReferences()):
            self.role_style |= dict.fromkeys(style.role_names(), style)


def setup(app: Sphinx) -> dict:
    """Make the styles known by the names that ``_config.yml`` uses."""
    register = pybtex.plugin.register_plugin
    register("pybtex.style.formatting", "author_year_list", AuthorYearList)
    sphinxcontrib.bibtex.plugin.register_plugin(
        "sphinxcontrib.bibtex.style.referencing", "lettered", LetteredReferences
    )
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
