"""Names that do not exist, and the nearest that do."""

from collections.abc import Iterable
from difflib import get_close_matches

__all__ = ["unknown"]


def unknown(what: str, name: str, known: Iterable[str]) -> str:
    """Say that there is no such thing, and which one is the nearest.

    Args:
        what: the kind of thing.
        name: the name that does not exist.
        known: the names that do.

    Example:
        >>> unknown("parameter", "betta", ["beta", "gain"])
        'there is no parameter betta; the nearest is beta'
    """
    near = get_close_matches(name, list(known), n=1, cutoff=0)
    return f"there is no {what} {name}" + (f"; the nearest is {near[0]}" if near else "")
