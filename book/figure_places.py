"""Addresses of the chapters' figures and sections, read from the notebooks."""

import re
from collections import Counter
from functools import cache
from pathlib import Path

import nbformat
from docutils.nodes import make_id

__all__ = ["places", "verdict_tables"]


@cache
def places(root: Path) -> dict[str, str]:
    """Return the address of each figure, by its name, and of each section, by its id.

    A section's id is its heading in small letters with hyphens. Ids that several sections share are
    left out.
    """
    found, counts = {}, Counter()
    for path in sorted((root / "chapters").glob("[!.]*.ipynb")):
        names = []
        for cell in nbformat.read(path, 4).cells:
            figure = cell.metadata.get("mystnb", {}).get("figure", {})
            names += [figure["name"]] if "name" in figure else []
            if cell.cell_type == "markdown":
                names += map(make_id, re.findall("^#{2,} +(.+)$", cell.source, flags=re.MULTILINE))
        counts.update(names)
        found |= {name: f"chapters/{path.stem}.html#{name}" for name in names}
    return {name: address for name, address in found.items() if counts[name] == 1}


def verdict_tables(executed: Path) -> dict[str, str]:
    """Return the address of each claim in the verdict table of an executed chapter, by its id."""
    found = {}
    for path in sorted(executed.glob("[!.]*.ipynb")):
        for id in re.findall(r'id=\\"verdict-([\w-]+)', path.read_text(encoding="utf8")):
            found[id] = f"chapters/{path.stem}.html#verdict-{id}"
    return found
