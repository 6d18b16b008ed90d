"""Values that the text of a chapter quotes."""

from collections.abc import Mapping

__all__ = ["glue_all", "raised", "scientific", "thousands"]

_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


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


def scientific(value: float) -> str:
    """Write a number with one digit and a power of ten.

    Example:
        >>> scientific(2.2e-15), scientific(0)
        ('2 × 10⁻¹⁵', '0')
    """
    digit, power = f"{value:.0e}".split("e")
    return f"{digit} × 10{raised(int(power))}".replace("-", "−") if value else "0"


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
