"""Tables for a notebook's page."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Self

__all__ = ["Link", "html_table", "transposed"]

_SENTENCE = 40  # characters from which a cell is broken into lines


class Link(str):
    """A text that a table shows as a link, with a name that others can link to.

    Attributes:
        address: where it leads.
        name: the id of the link itself.
    """

    __slots__ = ("address", "name")

    def __new__(cls, text: str, address: str, name: str) -> Self:
        """Return the text, which is a ``str`` in every other respect."""
        link = super().__new__(cls, text)
        link.address, link.name = address, name
        return link


def html_table(rows: Sequence[Mapping[str, object]]) -> str:
    """Lay out rows as an HTML table that scrolls by itself where a screen is narrow.

    Args:
        rows: mappings with the same keys, which head the columns. Floats are written with three
            digits, whole numbers with thin spaces between thousands, a ``Link`` as a link, all else
            as it is.

    Raises:
        ValueError: if there is no row or the keys differ.
    """
    if not rows or any(list(row) != list(rows[0]) for row in rows):
        raise ValueError("rows must share their keys, and there must be at least one")
    head = "".join(f"<th>{escape(key)}</th>" for key in rows[0])
    body = "".join(
        "<tr>" + "".join(_cell(_written(value)) for value in row.values()) + "</tr>" for row in rows
    )
    # The theme knows the class "dataframe" and colours it for light and dark pages.
    return (
        '<div style="overflow-x: auto"><table class="table dataframe">'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def transposed(rows: Sequence[Mapping[str, object]]) -> list[dict[str, object]]:
    """Exchange rows and columns of a table: its first column heads the columns of the new one.

    Args:
        rows: mappings with the same keys, the first of which has a different value in each row.

    Example:
        >>> transposed([{"net": "ReLU", "seeds": 20}, {"net": "DLGN", "seeds": 10}])
        [{'': 'seeds', 'ReLU': 20, 'DLGN': 10}]
    """
    first, *names = rows[0]
    return [{"": name} | {str(row[first]): row[name] for row in rows} for name in names]


def _cell(text: str) -> str:
    # The theme keeps cells on one line: sentences would push the other columns out of sight.
    wrapped = ' style="white-space: normal; min-width: 11em; text-align: left"'
    shown = escape(text)
    if isinstance(text, Link):
        shown = f'<a id="{escape(text.name)}" href="{escape(text.address)}">{shown}</a>'
    return f"<td{wrapped if len(text) > _SENTENCE else ''}>{shown}</td>"


def _written(value: object) -> str:
    if isinstance(value, bool | str):
        return {True: "yes", False: "no"}.get(value, value)
    if value == int(value) and abs(value) < 1e9:
        return f"{int(value):,}".replace(",", "\u202f")
    return f"{value:.3g}"
