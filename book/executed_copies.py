"""Executed chapters as files: sealed by a checksum when written, and checked when read."""

import hashlib
import json
from pathlib import Path

import nbformat

__all__ = ["EXECUTED", "figures_without_image", "read", "sealed"]

EXECUTED = Path("_build/executed/chapters")


def sealed(notebook: nbformat.NotebookNode) -> str:
    """Return the text of an executed chapter's file, including a checksum of its content."""
    content = json.loads(nbformat.writes(notebook))
    content["metadata"]["sha256"] = _checksum(content)
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def read(path: Path) -> nbformat.NotebookNode:
    """Return an executed chapter.

    Raises:
        ValueError: If it cannot be shown: it is not there, is damaged, was changed since it was
            written or lacks a figure. The message continues a sentence that begins with the file's
            name.
    """
    try:
        text = path.read_text(encoding="utf8")
        content = json.loads(text)
        kept = content["metadata"]["sha256"]
    except FileNotFoundError:
        raise ValueError("is not there") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ValueError(f"is damaged ({error!r})") from error
    if kept != _checksum(content):
        raise ValueError("was changed after it was written")
    notebook = nbformat.reads(text, 4)
    if empty := figures_without_image(notebook):
        raise ValueError(f"has no image of {', '.join(empty)}")
    return notebook


def figures_without_image(notebook: nbformat.NotebookNode) -> list[str]:
    """Return the names of the figures whose cells left no image."""
    return [
        cell.metadata["mystnb"]["figure"].get("name", cell.id)
        for cell in notebook.cells
        if "figure" in cell.metadata.get("mystnb", {}) and not _has_image(cell)
    ]


def _has_image(cell: nbformat.NotebookNode) -> bool:
    kinds = [kind for output in cell.get("outputs", []) for kind in output.get("data", {})]
    pages = [output.get("data", {}).get("text/html", "") for output in cell.get("outputs", [])]
    return any(kind.startswith("image/") for kind in kinds) or any("<img " in p for p in pages)


def _checksum(content: dict) -> str:
    unsealed = {name: value for name, value in content["metadata"].items() if name != "sha256"}
    text = json.dumps(content | {"metadata": unsealed}, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode("utf8", "surrogatepass")).hexdigest()
