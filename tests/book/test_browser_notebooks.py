"""Interactive figures as notebooks show them: an executed cell's output alone in a frame.

Colab and Jupyter put an output's HTML into a frame with scripts and without an address of its own.
"""

from html import escape
from pathlib import Path

import nbformat
import pytest
from test_browser import browser, skip_or_fail
from test_browser_figures import PAGES, SEEN, SETTLED

__all__ = ["browser"]  # a fixture

pytestmark = pytest.mark.browser

EXECUTED = Path(__file__).parents[2] / "_build/executed"


def output_of(name):
    """Return the HTML that the executed chapter has for a figure."""
    path = (EXECUTED / PAGES[name]).with_suffix(".ipynb")
    if not path.exists():
        skip_or_fail(f"no executed copy at {path}: run make book first")
    pages = [
        output.data["text/html"]
        for cell in nbformat.read(path, as_version=4).cells
        for output in cell.get("outputs", [])
        if "text/html" in output.get("data", {})
    ]
    (found,) = [page for page in pages if f'data-figure="{name}"' in page]
    return found


@pytest.mark.parametrize("name", PAGES)
def test_a_cells_output_works_alone_in_a_frame(browser, tmp_path, name):
    frame = f'<iframe sandbox="allow-scripts" srcdoc="{escape(output_of(name))}"></iframe>'
    style = "<style>iframe { width: 760px; height: 1600px }</style>"
    notebook = tmp_path / "notebook.html"
    notebook.write_text(f"<!doctype html><meta charset='utf8'>{style}{frame}", encoding="utf8")
    said, asked = [], []
    context = browser.new_context()
    context.on("request", lambda request: asked.append(request.url))
    page = context.new_page()
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(notebook.as_uri())
    inside = page.frames[1]
    root = inside.locator(".hs-live")
    root.wait_for()
    for slider in root.locator("input[type=range]").all():
        inside.evaluate(SETTLED)
        before = root.evaluate(SEEN)
        slider.focus()
        at_start = slider.evaluate("e => e.value === e.min")
        page.keyboard.press("End" if at_start else "Home")
        inside.evaluate(SETTLED)
        assert root.evaluate(SEEN) != before, slider.evaluate("e => e.closest('label').innerText")
    page.wait_for_timeout(700)  # changes are gathered before they are written to the address
    context.close()
    others = [url for url in asked if not url.startswith(("data:", "about:", notebook.as_uri()))]
    assert said == [] and others == []
