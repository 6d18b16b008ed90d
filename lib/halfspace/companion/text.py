"""Values that the text of a chapter quotes."""

from collections.abc import Mapping

__all__ = ["glue_all"]


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
