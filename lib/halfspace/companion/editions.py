"""What happened to the first edition's claims: which rule replaced which, and both verdicts."""

import json
from pathlib import Path

from halfspace.companion.store import results_folder

__all__ = ["changes", "first_edition"]


def first_edition() -> list[dict]:
    """Return the first edition's claims as in its report, one entry each.

    Keys: id, claim, where, paper, statistic, rule, verdict, findings, runs.

    Raises:
        FileNotFoundError: if the package is used without its repository.
    """
    folder = results_folder()
    path = (folder.parent if folder else Path()) / "editions" / "1.json"
    if not path.exists():
        raise FileNotFoundError(
            "the first edition's verdicts are in data/editions of the repository; run in a clone"
        )
    return json.loads(path.read_text(encoding="utf8"))


def changes(entries: list[dict]) -> list[dict]:
    """Return what replaces each claim of the first edition.

    Args:
        entries: of ``halfspace.companion.report.report``.

    Returns:
        For each old claim its entry, ``old``, and the entries that replace it, ``new``: those that
        name it, or the one with its id and rule; none if the claim was dropped. Claims whose rule
        is unchanged come last.
    """
    by_id = {entry["id"]: entry for entry in entries}
    replacing = {}
    for entry in entries:
        for id in entry["replaces"]:
            replacing.setdefault(id, []).append(entry)
    changed, unchanged = [], []
    for old in first_edition():
        kept = by_id.get(old["id"])
        same = [kept] if kept and kept["rule"] == old["rule"] else []
        row = {"old": old, "new": replacing.get(old["id"], same)}
        is_same = bool(same) and row["new"] == same
        (unchanged if is_same else changed).append(row)
    return changed + unchanged
