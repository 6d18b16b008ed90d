"""What the runs with the ideas say."""

from halfspace.companion.spec import Result

__all__ = ["better_rate"]


def better_rate(*results: Result) -> Result:
    """Return the ``FashionReallocation`` result with the largest training accuracy at the end."""
    return max(results, key=lambda result: result.accuracy[-1].mean())
