"""A line for a figure's caption that says where its numbers come from."""

from halfspace.companion.spec import Result

__all__ = ["origin"]


def origin(*results: Result) -> str:
    """Say whether results are recorded or made in this build, when and on which device.

    Args:
        *results: those in the figure; a cached one counts as made in this build.

    Returns:
        ``Recorded on 2026-01-31 (CPU).``, ``Made in this build on 2026-02-01 (CPU).``, or both;
        several days or devices of one kind are listed.

    Raises:
        ValueError: if there is no result.
    """
    if not results:
        raise ValueError("origin needs at least one result; got none")
    kinds = {
        "Recorded": [result for result in results if result.source == "recorded"],
        "Made in this build": [result for result in results if result.source != "recorded"],
    }
    return " ".join(f"{how} on {_days_and_devices(made)}." for how, made in kinds.items() if made)


def _days_and_devices(results: list[Result]) -> str:
    days = sorted({result.provenance["when"][:10] for result in results})
    devices = sorted({result.provenance["device"] for result in results})
    return f"{', '.join(days)} ({', '.join(devices)})"
