"""Set a chapter's short paper as PDF, with the numbers and figures of the executed chapter.

Its text is ``papers/NAME.typ``, for Typst. It finds what the chapter shows in ``shown.json``:
``numbers`` by the names that ``glue`` gives them, ``alt`` texts of figures by their names, and
``tables``, rows of texts, by the ids of their cells; the figures are ``NAME.png``.
"""

import ast
import base64
import json
import shutil
import sys
import tempfile
from pathlib import Path

import bs4
import executed_copies
import nbformat
import typst
from halfspace_book import swap
from whole import write_whole

__all__ = ["collect", "compiled"]

_REFERENCES = Path("references.bib")


def collect(notebook: nbformat.NotebookNode, folder: Path) -> None:
    """Write what an executed chapter shows into a folder, for its paper."""
    shown = {"numbers": {}, "alt": {}, "tables": {}}
    for cell in notebook.cells:
        name = cell.metadata.get("mystnb", {}).get("figure", {}).get("name")
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if "scrapbook" in output.get("metadata", {}):
                text = next(text for kind, text in data.items() if kind.endswith("text/plain"))
                glued = output["metadata"]["scrapbook"]["name"]
                shown["numbers"][glued] = str(ast.literal_eval(text))
            elif name and "image/png" in data:
                (folder / f"{name}.png").write_bytes(base64.b64decode(data["image/png"]))
                shown["alt"][name] = cell.metadata["mystnb"]["image"]["alt"]
            elif "<table" in data.get("text/html", ""):
                shown["tables"][cell.id] = _rows(data["text/html"])
    text = json.dumps(shown, ensure_ascii=False, indent=1)
    (folder / "shown.json").write_text(text, encoding="utf8")


def _rows(html: str) -> list[list[str]]:
    rows = bs4.BeautifulSoup(html, "html.parser").find_all("tr")
    return [[cell.get_text(" ", strip=True) for cell in row(["th", "td"])] for row in rows]


def compiled(paper: Path, notebook: nbformat.NotebookNode, **options: object) -> object:
    """Return a chapter's paper, as PDF or in the format that ``options`` name for Typst.

    Args:
        paper: its text.
        notebook: the chapter with its results.
        **options: of ``typst.compile``.

    Raises:
        ValueError: If the text cannot be set. It names a number that the chapter lacks, say.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        collect(notebook, folder)
        for path in (paper, _REFERENCES):
            shutil.copy(path, folder)
        try:
            # Without a date, and with the fonts that Typst brings, each build makes the same file.
            return typst.compile(folder / paper.name, ignore_system_fonts=True, **options)
        except typst.TypstError as error:
            raise ValueError(f"{paper} cannot be set: {error.diagnostic.strip()}") from error


def main(paper: str, chapter: str, executed: str, target: str) -> None:
    """Write one paper."""
    try:
        page = swap(nbformat.read(chapter, 4), executed_copies.read(Path(executed)))
    except ValueError as error:
        sys.exit(f"{executed} {error}")
    try:
        pdf = compiled(Path(paper), page)
    except ValueError as error:
        sys.exit(str(error))
    Path(target).parent.mkdir(parents=True, exist_ok=True)
    write_whole(Path(target), pdf)


if __name__ == "__main__":
    main(*sys.argv[1:])
