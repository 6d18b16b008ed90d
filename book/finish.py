"""Sphinx extension: the final changes to the built pages, which make them light and accessible."""

import re
import time
from pathlib import Path

from bs4 import BeautifulSoup
from markup import complete_tables, hold_together, list_verdicts, mend_roles
from sphinx.application import Sphinx
from weight import drop_unused_mathjax, lighten_icons, lighten_images, remove_unused_images
from whole import write_whole

__all__ = ["finished", "setup"]

START = time.time()  # this is imported when a build begins: older pages are finished
# The script replaces icons by drawings; the fonts, which the style names anyway, show them as well.
ICON_SCRIPT = re.compile(r"\s*<script [^>]*fontawesome\.js[^>]*></script>")


def finished(text: str, path: Path) -> str:
    """Return a page's text with complete tables, names and roles, and light images."""
    page = BeautifulSoup(ICON_SCRIPT.sub("", text), "html.parser")
    mend_roles(page)
    list_verdicts(page)
    complete_tables(page)
    hold_together(page)
    lighten_images(page, path)
    drop_unused_mathjax(page)
    return page.decode(formatter="minimal")


def finish(app: Sphinx, error: Exception | None) -> None:
    """Finish the pages that this build wrote, and the files that all pages share."""
    if error or app.builder.name != "html":
        return
    folder = Path(app.outdir)
    texts = []
    for path in sorted(folder.rglob("*.html")):
        if path.is_relative_to(folder / "_static"):
            continue
        text = path.read_text(encoding="utf8")
        if path.stat().st_mtime >= START:
            text = finished(text, path)
            write_whole(path, text)
        texts.append(text)
    remove_unused_images(folder, texts)
    lighten_icons(folder, texts)


def setup(app: Sphinx) -> dict:
    """Connect the extension."""
    app.set_html_assets_policy("always")  # a definition on hover may hold a page's only formula
    app.connect("build-finished", finish, priority=900)  # after all others have written
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
