"""The interactive figures in Chromium, on the built book: `make test-browser`."""

from contextlib import contextmanager
from pathlib import Path

import axe_playwright_python
import pytest
from test_browser import BOOK, LOOKS, WIDTHS, browser, inside, sites

__all__ = ["browser", "sites"]  # fixtures

pytestmark = pytest.mark.browser

AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js")

# Each figure's page, and what a pointer can move in it: number of the canvas, from where, to where
# (parts of its width and height).
FIGURES = {
    "one_path": (
        "chapters/01_mixture_of_experts.html",
        {0: ((0.5, 0.5), (0.3, 0.2)), 1: ((0.3, 0.8), (0.3, 0.8)), 2: ((0.7, 0.5), (0.7, 0.5))},
    ),
    "jumping_region": (
        "chapters/01_mixture_of_experts.html",
        {0: ((0.76, 0.42), (0.5, 0.1)), 1: ((0.76, 0.42), (0.5, 0.1)), 2: ((0.5, 0.5), (0.2, 0.5))},
    ),
    "shared_paths": (
        "chapters/03_overlap_kernel.html",
        {0: ((0.8, 0.24), (0.1, 0.5)), 2: ((0.7, 0.5), (0.3, 0.5))},
    ),
}
PAGES = {name: page for name, (page, _) in FIGURES.items()} | {
    "soft_or_hard": "chapters/04_feature_learning.html",
    "what_attracts_paths": "chapters/06_circle_conditions.html",
}
each_figure = pytest.mark.parametrize("name", FIGURES)
every_figure = pytest.mark.parametrize("name", PAGES)

# What a reader sees of a figure: controls, sentences, pictures.
SEEN = """root => JSON.stringify([
  [...root.querySelectorAll('input')].map(e => e.type === 'radio' ? e.checked : e.value),
  [...root.querySelectorAll('output, .hs-told')].map(e => e.textContent),
  [...root.querySelectorAll('canvas')].map(e => e.toDataURL()),
])"""
SETTLED = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"


@contextmanager
def opened(browser, sites, name, fragment="", *, scheme="http", **options):
    """Open a figure's page; at the end, hold it to silence and to the site's own files."""
    said, outside, site = [], [], sites[scheme]
    context = browser.new_context(**({"viewport": {"width": 1440, "height": 900}} | options))
    context.on("request", lambda r: outside.append(r.url) if not inside(r.url, site) else None)
    page = context.new_page()
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(f"{site}/{PAGES[name]}{fragment}", wait_until="load")
    page.wait_for_function(
        "() => !window.MathJax?.startup?.promise || MathJax.startup.promise.then(() => true)"
    )
    yield page
    context.close()
    assert outside == [] and said == []


def root_of(page, name):
    return page.locator(f".halfspaces[data-figure={name}]")


def seen(page, name):
    """Return what the figure shows now."""
    page.evaluate(SETTLED)
    return root_of(page, name).evaluate(SEEN)


def linked(page, name):
    """Wait until the address has the figure's state; return its fragment."""
    page.wait_for_function(f"location.hash.includes('{name}=')", timeout=3_000)
    page.wait_for_timeout(600)  # changes are gathered before they are written
    return page.evaluate("location.hash")


@every_figure
@pytest.mark.parametrize("look", ["light", "dark"])
def test_a_figure_fits_and_axe_finds_nothing(browser, sites, name, look):
    scheme = {"light": "file", "dark": "http"}[look]
    options = dict(scheme=scheme, color_scheme=look)
    with opened(browser, sites, name, **options) as page:
        page.add_script_tag(path=AXE)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            page.evaluate(SETTLED)
            root = root_of(page, name)
            assert root.get_attribute("data-live") == ""
            assert not root.locator("> img").is_visible()
            places = root.locator("canvas, input, button, p").evaluate_all(
                "all => all.map(e => e.getBoundingClientRect()).map(r => [r.left, r.right])"
            )
            column = root.bounding_box()
            for left, right in places:
                assert left >= column["x"] - 1 and right <= column["x"] + column["width"] + 1, width
            found = root.evaluate("root => axe.run(root, {preload: false})")["violations"]
            assert [(v["id"], v["nodes"][0]["html"][:200]) for v in found] == []


@each_figure
def test_each_control_answers_the_keyboard(browser, sites, name):
    with opened(browser, sites, name) as page:
        root = root_of(page, name)
        start = seen(page, name)
        for slider in root.locator("input[type=range]").all():
            before = seen(page, name)
            slider.focus()
            page.keyboard.press("Home")
            assert seen(page, name) != before, slider.evaluate("e => e.closest('label').innerText")
            assert slider.get_attribute("aria-valuetext")
        for group in root.locator("fieldset").all():
            before = seen(page, name)
            group.locator("input:checked").focus()
            page.keyboard.press("ArrowRight")
            assert seen(page, name) != before, group.inner_text()
        page.wait_for_function(
            "root => root.querySelector('.hs-heard').textContent", arg=root.element_handle()
        )
        linked(page, name)
        root.get_by_role("button", name="Start again").focus()
        page.keyboard.press("Enter")
        assert seen(page, name) == start
        page.wait_for_function("!location.hash")


@each_figure
def test_each_control_answers_a_pointer(browser, sites, name):
    with opened(browser, sites, name) as page:
        root = root_of(page, name)
        for slider in root.locator("input[type=range]").all():
            before, box = seen(page, name), slider.bounding_box()
            slider.click(position={"x": 0.07 * box["width"], "y": box["height"] / 2})
            assert seen(page, name) != before
        for group in root.locator("fieldset").all():
            before = seen(page, name)
            group.locator("label:not(:has(:checked))").first.click()
            assert seen(page, name) != before, group.inner_text()
        for number, ends in FIGURES[name][1].items():
            root.get_by_role("button", name="Start again").click()
            before, canvas = seen(page, name), root.locator("canvas").nth(number)
            canvas.scroll_into_view_if_needed()
            box = canvas.bounding_box()
            start, end = (
                [box["x"] + x * box["width"], box["y"] + y * box["height"]] for x, y in ends
            )
            page.mouse.move(*start)
            page.mouse.down()
            page.mouse.move(*end, steps=4)
            page.mouse.up()
            assert seen(page, name) != before, f"canvas {number}"


@each_figure
def test_a_finger_moves_what_it_grabs_and_scrolls_elsewhere(browser, sites, name):
    phone = dict(has_touch=True, viewport={"width": 390, "height": 844})
    with opened(browser, sites, name, **phone) as page:
        canvas = root_of(page, name).locator("canvas").first
        canvas.scroll_into_view_if_needed()
        before, box = seen(page, name), canvas.bounding_box()
        session = page.context.new_cdp_session(page)
        (x, y), (far_x, far_y) = FIGURES[name][1][0]

        def touch(kind, *at):
            points = [
                dict(x=box["x"] + a * box["width"], y=box["y"] + b * box["height"]) for a, b in at
            ]
            session.send("Input.dispatchTouchEvent", dict(type=kind, touchPoints=points))

        scrolled = page.evaluate("scrollY")
        if name == "one_path":
            x, y = 0.75, 0.375  # where the dot is
        touch("touchStart", (x, y))
        touch("touchMove", (far_x, far_y))
        touch("touchEnd")
        assert seen(page, name) != before and page.evaluate("scrollY") == scrolled
        moved = seen(page, name)
        touch("touchStart", (0.95, 0.95))
        for height in (0.8, 0.6, 0.4):
            touch("touchMove", (0.95, height))
        touch("touchEnd")
        page.wait_for_function("before => scrollY > before + 20", arg=scrolled)
        assert seen(page, name) == moved


@each_figure
def test_a_link_restores_the_state(browser, sites, name):
    with opened(browser, sites, name) as page:
        root = root_of(page, name)
        for slider in root.locator("input[type=range]").all()[:2]:
            slider.focus()
            page.keyboard.press("ArrowLeft")
            page.keyboard.press("ArrowLeft")
        root.locator("label:not(:has(:checked))").locator("input[type=radio]").first.click()
        state, fragment = seen(page, name), linked(page, name)
    with opened(browser, sites, name, fragment, scheme="file") as page:
        assert seen(page, name) == state
        root = root_of(page, name)
        box = root.bounding_box()
        assert -box["height"] < box["y"] < 900  # the page went there
        page.evaluate("location.hash = '#none'")  # as when another place of the page is chosen
        page.wait_for_timeout(700)
        assert page.evaluate("location.hash") == "#none" and seen(page, name) == state


def test_a_wrong_link_changes_nothing(browser, sites):
    with opened(browser, sites, "one_path") as page:
        start = seen(page, "one_path")
    for fragment in (
        "#one_path=",
        "#one_path=x:,net:none,layer1:9",
        "#one_path=x:y:z&%E0%A4%A",
        "#=",
    ):
        with opened(browser, sites, "one_path", fragment) as page:
            assert seen(page, "one_path") == start
    with opened(browser, sites, "one_path", "#one_path=x:99") as page:
        assert root_of(page, "one_path").locator("output").first.inner_text() == "2"


def test_two_figures_share_the_address(browser, sites):
    names = ["one_path", "jumping_region"]
    with opened(browser, sites, names[0]) as page:
        for name in names:
            root_of(page, name).locator("input[type=range]").first.focus()
            page.keyboard.press("End")
            fragment = linked(page, name)
        assert all(f"{name}=" in fragment for name in names)
        states = [seen(page, name) for name in names]
    with opened(browser, sites, names[0], fragment) as page:
        assert [seen(page, name) for name in names] == states


@every_figure
def test_the_theme_is_followed_and_nothing_moves_by_itself(browser, sites, name):
    with opened(browser, sites, name, color_scheme="light") as page:
        light = seen(page, name)
        page.evaluate("document.documentElement.dataset.theme = 'dark'")
        dark = seen(page, name)
        assert dark != light
        page.wait_for_timeout(500)
        assert seen(page, name) == dark


@every_figure
def test_without_scripts_and_on_paper_the_picture_stays(browser, sites, name):
    context = browser.new_context(java_script_enabled=False, **LOOKS["phone"])
    page = context.new_page()
    page.goto(f"{sites['file']}/{PAGES[name]}")
    picture = root_of(page, name).locator("> img")
    assert picture.is_visible() and picture.bounding_box()["height"] > 100
    assert len(picture.get_attribute("alt")) > 100
    context.close()
    with opened(browser, sites, name) as page:
        page.emulate_media(media="print")
        root = root_of(page, name)
        assert root.locator("> img").is_visible() and not root.locator(".hs-live").is_visible()


# As a notebook's output: alone in a frame that has no address of its own, twice on one page.
def test_a_figure_works_twice_in_a_notebooks_frame(browser):
    text = (BOOK / FIGURES["one_path"][0]).read_text(encoding="utf8")
    start = text.index('<div class="halfspaces" data-figure="one_path"')
    figure = text[start : text.index("</script></div>", start) + len("</script></div>")]
    said = []
    page = browser.new_page()
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.set_content("<iframe sandbox='allow-scripts' width='700' height='2000'></iframe>")
    page.evaluate("html => { document.querySelector('iframe').srcdoc = html; }", figure + figure)
    frame = page.frames[1]
    frame.locator(".hs-live").nth(1).wait_for()
    first, second = frame.locator(".hs-live").all()
    other = second.evaluate(SEEN)
    before = first.evaluate(SEEN)
    assert other == before
    first.locator("input[type=range]").first.focus()
    page.keyboard.press("End")
    page.wait_for_timeout(700)
    assert first.evaluate(SEEN) != before and second.evaluate(SEEN) == other
    assert said == []
    page.close()
