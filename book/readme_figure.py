"""Take README's figure out of the executed chapter that makes it."""

import base64
import sys
from pathlib import Path

import executed_copies
from whole import write_whole

CHAPTER = executed_copies.EXECUTED / "04_feature_learning.ipynb"
FIGURE = "fig-circle-overlap-dlgn"
TARGET = Path("book/static/readme-figure.png")


def main() -> None:
    """Write the image of the cell that is named FIGURE."""
    try:
        notebook = executed_copies.read(CHAPTER)
    except ValueError as error:
        sys.exit(f"{CHAPTER} {error}; run make book first")
    for cell in notebook.cells:
        if cell.metadata.get("mystnb", {}).get("figure", {}).get("name") != FIGURE:
            continue
        images = [o.data["image/png"] for o in cell.outputs if "image/png" in o.get("data", {})]
        write_whole(TARGET, base64.b64decode(images[0]))
        print(f"wrote {TARGET}")
        return
    sys.exit(f"{CHAPTER} has no figure named {FIGURE}")


if __name__ == "__main__":
    main()
