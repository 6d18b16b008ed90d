"""Tables for a notebook's page."""

import re
from collections.abc import Mapping, Sequence
from html import escape

from halfspace.companion.text import Link, significant, thousands

__all__ = ["SHOWN_ROWS", "html_table", "transposed", "typeset"]

SHOWN_ROWS = 10  # a page folds the rows after these
_COLUMNS = 7  # as many columns fit a page
_MINUS = re.compile(r"(?<![\w.,:/-])-(?=\.?\d)")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_NEGATIVE_ZERO = re.compile(r"(?<![\w.,])−(?=0(\.0+)?(?![\w.]))")


def html_table(rows: Sequence[Mapping[str, object]]) -> str:
    """Lay out rows as an HTML table.

    In a table of more than seven columns, those with a single value (except the first) are moved to
    the caption.

    Args:
        rows: mappings with the same keys, which head the columns. Floats are written with three
            digits, whole numbers with thin spaces between thousands, a ``Link`` as a link, text
            unchanged except for minus signs.

    Raises:
        ValueError: if there is no row or the keys differ.
    """
    if not rows or any(list(row) != list(rows[0]) for row in rows):
        raise ValueError("rows must share their keys, and there must be at least one")
    same = _same(rows)
    told = "; ".join(f"{key} {_written(value)}" for key, value in same.items())
    caption = f"<caption>In every row: {escape(told)}.</caption>" if told else ""
    keys = [key for key in rows[0] if key not in same]
    head = "".join(f"<th>{escape(key)}</th>" for key in keys)
    body = "".join("<tr>" + "".join(_cell(row[key]) for key in keys) + "</tr>" for row in rows)
    # The theme knows the class "dataframe" and colours it for light and dark pages.
    return (
        f'<div style="overflow-x: auto"><table class="table dataframe">{caption}'
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


def typeset(text: str) -> str:
    """Set the minus signs of the numbers in a text and the spaces between their thousands.

    A rounded zero has no minus sign.

    Example:
        >>> typeset("-1.5 (-0.00 to 1e-10)"), typeset("2,000 epochs")
        ('−1.5 (0.00 to 1e-10)', '2\u202f000 epochs')
    """
    return _NEGATIVE_ZERO.sub("", _MINUS.sub("−", _THOUSANDS.sub("\u202f", text)))


def _same(rows: Sequence[Mapping[str, object]]) -> dict[str, object]:
    """Return the columns whose value is the same in every row, where a table is wide."""
    first, *names = rows[0]
    if len(names) < _COLUMNS or len(rows) == 1:
        return {}
    return {name: rows[0][name] for name in names if len({row[name] for row in rows}) == 1}


def _cell(value: object) -> str:
    """Return the cell that shows a value."""
    shown = escape(_written(value))
    if isinstance(value, Link):
        shown = f'<a id="{escape(value.name)}" href="{escape(value.address)}">{shown}</a>'
    return f"<td>{shown}</td>"


def _written(value: object) -> str:
    if isinstance(value, bool | str):
        return typeset({True: "yes", False: "no"}.get(value, value))
    if value == int(value) and abs(value) < 1e9:
        return typeset(thousands(value))
    return significant(value, 3)
