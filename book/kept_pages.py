"""What lets the next build read only the pages whose text has changed.

Sphinx can read changed files alone, but does not know what our extensions take from other pages: a
heading, a figure's name, an opening box. So a build begins with the pages of the one before only
if all files but texts are the same, and if the texts differ in nothing that another page shows.
"""

import contextlib
import hashlib
import json
import os
import re
import shutil
from pathlib import Path

import executed_copies
from whole import write_whole

__all__ = ["begin_with_kept", "evidence", "keep", "outline"]

_KEPT = Path("_build/kept")
_STATE = _KEPT / "state.json"
_RUNS = Path("_build/html/data")
_INPUTS = Path("_build/inputs/pages.json")
_PARTS = (".doctrees", "jupyter_execute")  # what Sphinx needs besides the pages
_WHOLE = ("glossary.md", "index.md")  # shown by other pages, or checked against the report

_SHOWN_ELSEWHERE = re.compile(
    r"""
    ^\#+\ .*$                           # headings
    | ^\(.+\)=$                         # labels
    | ^[:`]{3,}\{opening\}(?:.|\n)*?^[:`]{3,}$  # what a chapter's card tells
    | ^[:`]{3,}.*$                      # directives
    | ^:[\w-]+:.*$                      # their options
    | ^\$\$.*$                          # labelled formulas
    | \{(?!glue:)[\w:-]+\}`[^`]*`       # roles: links, citations, terms
    | \]\([^)]*\)                       # links
    """,
    re.MULTILINE | re.VERBOSE,
)


def outline(path: Path) -> list[str]:
    """Return the parts of a page's text that other pages may show, or lead to."""
    text = path.read_text(encoding="utf8")
    if path.name in _WHOLE:
        return [text]
    if path.suffix == ".md":
        return _SHOWN_ELSEWHERE.findall(text)
    found = []
    for cell in json.loads(text)["cells"]:
        source, about = "".join(cell["source"]), cell["metadata"]
        if cell["cell_type"] == "markdown":
            found += _SHOWN_ELSEWHERE.findall(source)
            continue
        figure = about.get("mystnb", {}).get("figure", {})
        found += [cell["id"], source, str(about.get("tags")), figure.get("name", "")]
        found.append(about.get("mystnb", {}).get("image", {}).get("alt", ""))  # on a chapter's card
        found += _SHOWN_ELSEWHERE.findall(figure.get("caption", ""))
    return found


def _state(pages: Path) -> dict[str, object]:
    """Return what must be the same for kept pages to be used."""
    texts = sorted([*Path("chapters").glob("[!.]*.ipynb"), *Path().glob("[!.]*.md")])
    executed = sorted(executed_copies.EXECUTED.glob("[!.]*.ipynb"))
    papers = sorted(Path("_build/papers").glob("[!.]*.pdf"))
    return {
        "all but texts": evidence(),
        "made by the build": _digest([*executed, *papers]),
        "pages": _digest(sorted(path for path in pages.rglob("*") if path.is_file())),
        "outlines": {str(path): outline(path) for path in texts},
    }


def evidence() -> str:
    """Return a name for what the pages show besides texts: package, recorded runs, settings.

    Snakemake has taken it before this job.
    """
    return json.loads(_INPUTS.read_text(encoding="utf8"))["all but texts"]


def _digest(paths: list[Path]) -> str:
    lines = [f"{path.name} {hashlib.sha256(path.read_bytes()).hexdigest()}\n" for path in paths]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _copied(source: str, target: str) -> None:
    """Copy a page; link a recorded run, which no build changes: there are a thousand of them."""
    if Path(source).is_relative_to(_RUNS):
        os.link(source, target)
    else:
        shutil.copy2(source, target)


def begin_with_kept(pages: Path, draft: Path) -> bool:
    """Put the pages of the build before into the draft, if only texts have changed since.

    Args:
        pages: where they are.
        draft: the folder that Sphinx is given.
    """
    try:
        if json.loads(_STATE.read_text(encoding="utf8")) != _state(pages):
            return False
        shutil.copytree(pages, draft / "html", copy_function=_copied)
        for name in _PARTS:
            shutil.move(_KEPT / name, draft / name)
    except (OSError, ValueError, KeyError):  # no build before, or an interrupted one
        shutil.rmtree(draft, ignore_errors=True)
        return False
    finally:
        shutil.rmtree(_KEPT, ignore_errors=True)
    return True


def keep(pages: Path, draft: Path) -> None:
    """Keep what the next build may begin with.

    Args:
        pages: the finished pages, in their place.
        draft: the folder that Sphinx was given.
    """
    shutil.rmtree(_KEPT, ignore_errors=True)
    with contextlib.suppress(OSError):  # the pages are made; without this, the next build is longer
        _KEPT.mkdir()
        for name in _PARTS:
            shutil.move(draft / name, _KEPT / name)
        write_whole(_STATE, json.dumps(_state(pages)))
