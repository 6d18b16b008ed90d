"""The summary page of a sweep in Chromium, made from a small table: `make test-browser`."""

import itertools
import json
import math
import shutil
import sys
from pathlib import Path

import axe_playwright_python
import pytest
from test_browser import FLAGS, ROOT, skip_or_fail

sys.path.insert(0, str(ROOT / "book"))

import sweep_table  # noqa: E402

pytestmark = pytest.mark.browser

VARIED = ["gain", "kind", "seed"]


@pytest.fixture(scope="module")
def chromium():
    """Chromium alone: this page is no part of the book."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        skip_or_fail("no chromium on this machine: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def summary(tmp_path_factory):
    """Write the page of 24 runs: two parameters and two seeds, one failure."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        folder = tmp_path_factory.mktemp("sweep")
        grid = itertools.product((0.5, 1.0, 10.0), "abcd", (0, 1))
        runs = [
            {"id": f"{place:016x}", "parameters": dict(zip(VARIED, values, strict=True))}
            for place, values in enumerate(grid)
        ]
        plan = dict(name="tiny", title="A title", subject="tiny", seed="seed", numbers=[])
        plan |= dict(runs=runs, varied=VARIED)
        rows = {}
        for run in runs:
            gain, kind, seed = run["parameters"].values()
            numbers = {"effect": math.log(gain) + seed, "of kind": ord(kind)}
            rows[run["id"]] = dict(status="done", reason="", device="CPU", seconds=1.0)
            rows[run["id"]] |= {"numbers": numbers}
        rows[runs[3]["id"]] |= {"status": "failed", "reason": "no memory", "numbers": {}}
        sweep_table.write(folder, plan, rows)
        return folder / "index.html"


@pytest.fixture(params=[(390, "light"), (390, "dark"), (1200, "light"), (1200, "dark")], ids=str)
def page(request, chromium, summary):
    width, scheme = request.param
    context = chromium.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    opened, said, asked = context.new_page(), [], []
    opened.on("console", lambda message: said.append(message.text))
    opened.on("pageerror", lambda error: said.append(str(error)))
    opened.on("request", lambda found: asked.append(found.url))
    opened.goto(Path(summary).as_uri())
    yield opened
    assert said == [] and {url.split("#")[0] for url in asked} == {Path(summary).as_uri()}
    context.close()


def test_the_page_fits_and_axe_finds_nothing(page):
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.add_script_tag(path=Path(axe_playwright_python.__file__).with_name("axe.min.js"))
    found = page.evaluate("axe.run({preload: false})")["violations"]
    assert [f"{v['id']}: {node['html'][:200]}" for v in found for node in v["nodes"]] == []


def test_two_menus_choose_what_is_drawn(page):
    options = page.locator("#number option").all_inner_texts()
    assert options == ["effect", "of kind", "seconds"]
    assert page.locator("#parameter option").all_inner_texts() == ["gain", "kind", "seed"]
    panels = page.locator("#panels figure")
    assert panels.locator("figcaption").all_inner_texts() == [f"kind = {k}" for k in "abcd"]
    assert page.locator("circle.run").count() == 23, "all but the failed run"
    said = panels.first.locator("svg").get_attribute("aria-label")
    assert said == "effect against gain, kind = a: −0.193 at 0.5, 0.5 at 1, 2.8 at 10"
    page.select_option("#parameter", "kind")
    page.select_option("#number", "of kind")
    assert panels.count() == 3 and page.url.endswith("#number=of+kind&against=kind")
    page.reload()
    assert page.input_value("#parameter") == "kind" and panels.count() == 3
    page.select_option("#parameter", "seed")
    assert panels.count() == 12


def test_a_heading_sorts_by_numbers_and_what_is_missing_comes_last(page):
    button = page.locator("th button", has_text="effect")
    column = page.locator("th").all_inner_texts().index("effect") + 1
    texts = lambda: page.locator(f"tbody td:nth-child({column})").all_inner_texts()  # noqa: E731
    button.focus()
    page.keyboard.press("Enter")
    rising = texts()
    assert rising[0] == "−0.6931" and rising[-1] == "–" and rising[-2] == "3.303"
    button.click()
    assert texts()[0] == "3.303" and texts()[-1] == "–"
    heading = page.locator("th", has_text="effect")
    assert heading.get_attribute("aria-sort") == "descending"
    assert json.dumps(page.locator("tr.failed td").all_inner_texts()).count("no memory") == 1
