"""Values that the text of a chapter quotes."""

from collections.abc import Mapping

__all__ = ["glue_all", "power_of_ten", "thousands"]

_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def glue_all(values: Mapping[str, object], prefix: str = "") -> None:
    """Glue values to an executed notebook, so that its text can quote them.

    Numbers should come from a subject's ``readings``, which claims call too: so text and verdict
    cannot disagree.

    Args:
        values: texts or numbers by name; ``{glue:text}`NAME``` in the text shows one.
        prefix: put before each name with a hyphen, if it is not empty.
    """
    from myst_nb import glue  # a notebook's dependency, not the package's

    for name, value in values.items():
        glue(f"{prefix}-{name}" if prefix else name, value, display=False)


def thousands(number: int) -> str:
    """Write a whole number with narrow spaces between thousands.

    Example:
        >>> thousands(1048576).split()
        ['1', '048', '576']
    """
    return f"{number:,}".replace(",", "\u202f")


def power_of_ten(number: float) -> str:
    """Write a small or large number with one digit and a power of ten; 0 as it is.

    Example:
        >>> power_of_ten(0.00021), power_of_ten(0.0)
        ('2·10⁻⁴', '0')
    """
    if number == 0:
        return "0"
    digit, exponent = f"{number:.0e}".split("e")
    digit = digit.replace("-", "−")
    return f"{digit}·10{str(int(exponent)).translate(_RAISED)}"
