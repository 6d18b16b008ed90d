"""Texts of a chapter: numbers written for people, links of a table, values to quote."""

import math
from collections.abc import Mapping
from typing import Self

__all__ = [
    "NOT_RECORDED",
    "Link",
    "factor",
    "glue_all",
    "plain_number",
    "raised",
    "rounded",
    "scientific",
    "significant",
    "thousands",
]

NOT_RECORDED = "not recorded yet"
"""The text in place of a missing run."""

_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


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


def factor(mean: float, *interval: float) -> str:
    """Write the factor that a logarithm and its interval stand for, ``×31 (9 to 103)``.

    Args:
        mean: the logarithm.
        *interval: its lower and upper end, if they are to be told.

    Example:
        >>> factor(math.log(0.73), math.log(0.643), math.log(0.8)), factor(math.log(31))
        ('×0.73 (0.64 to 0.80)', '×31')
    """
    digits = next((digits for size, digits in ((10, 0), (2, 1)) if math.exp(mean) >= size), 2)
    mean, *ends = (_short(math.exp(value), digits) for value in (mean, *interval))
    return f"×{mean} ({' to '.join(ends)})" if ends else f"×{mean}"


def _short(value: float, digits: int) -> str:
    """Write a positive number with some decimals, or as many as its size asks for."""
    if value < 1:
        return f"{value:.2f}" if value >= 0.095 else significant(value, 2)
    if value >= 100:
        value, digits = float(f"{value:.2g}") if value >= 1000 else value, 0
    return f"{value:,.{digits}f}".replace(",", "\u202f")


def glue_all(values: Mapping[str, object], prefix: str = "") -> None:
    """Glue values to an executed notebook, so that its text can quote them.

    Numbers should come from a subject's ``readings``, which claims call, too. Then text and verdict
    agree.

    Args:
        values: texts or numbers by name; ``{glue:text}`NAME``` in the text shows one.
        prefix: put before each name with a hyphen, if it is not empty.
    """
    from myst_nb import glue  # a notebook's dependency, not the package's

    for name, value in values.items():
        glue(f"{prefix}-{name}" if prefix else name, value, display=False)


def plain_number(value: float) -> str:
    """Write a number with up to six digits and a true minus; a zero has none.

    Example:
        >>> plain_number(-0.5), plain_number(3.0), plain_number(-0.0)
        ('−0.5', '3', '0')
    """
    return f"{value:g}".replace("-", "−") if value else "0"


def scientific(value: float, decimals: int = 0) -> str:
    """Write a number with one digit before the point and a power of ten, in one unbroken piece.

    Example:
        >>> scientific(2.2e-15) == "2\u00a0×\u00a010⁻¹⁵", scientific(0)
        (True, '0')
    """
    digit, power = f"{value:.{decimals}e}".split("e")
    digit = digit.replace("-", "−")
    return f"{digit}\u00a0×\u00a010{raised(int(power))}" if value else "0"


def rounded(value: float) -> str:
    """Write a number with two leading digits, hundreds to hundreds of thousands written out.

    Example:
        >>> rounded(0.0471), rounded(742), rounded(76543) == thousands(77000)
        ('0.047', '740', True)
    """
    return thousands(value, 2) if 100 <= abs(value) < 1e6 else significant(value, 2)


def significant(value: float, digits: int) -> str:
    """Write a number with some leading digits; of a very small or large one a power of ten.

    Example:
        >>> significant(0.0471, 2), significant(9.1e-5, 2) == scientific(9.1e-5, 1)
        ('0.047', True)
    """
    text = f"{value:.{digits}g}"
    return scientific(value, digits - 1) if "e" in text else text.replace("-", "−")


def raised(number: int) -> str:
    """Write a whole number as an exponent.

    Example:
        >>> "2" + raised(80)
        '2⁸⁰'
    """
    return str(number).translate(_RAISED)


def thousands(value: float, digits: int | None = None) -> str:
    """Write a number without decimals, with narrow spaces between thousands.

    Args:
        value: the number.
        digits: round to as many leading digits; all of them if ``None``.

    Example:
        >>> thousands(1048576.2), thousands(654321, digits=2)
        ('1\u202f048\u202f576', '650\u202f000')
    """
    rounded = value if digits is None else float(f"{value:.{digits}g}")
    return f"{rounded:,.0f}".replace(",", "\u202f")
