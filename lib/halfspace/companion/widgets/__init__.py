"""Interactive figures and the engine that computes in the reader's browser: their files.

``engine.js`` computes what ``halfspace`` computes, for small nets, in JavaScript.

Example:
    >>> source("engine.js").startswith("/**")
    True
"""

from importlib.resources import files

__all__ = ["source"]


def source(name: str) -> str:
    """Return the text of one of this folder's files.

    Raises:
        FileNotFoundError: if there is no such file.

    Example:
        >>> "HalfSpaces" in source("engine.js")
        True
    """
    return files(__name__).joinpath(name).read_text(encoding="utf8")
