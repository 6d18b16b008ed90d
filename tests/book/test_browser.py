"""Every page of the built book in Chromium: `make test-browser`, after `make book`."""

import functools
import gzip
import http.server
import os
import re
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from urllib.parse import unquote, urlsplit

import axe_playwright_python
import pytest
from bs4 import BeautifulSoup

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "book"))

import pdf  # noqa: E402

BOOK = ROOT / "_build" / "html"
PAGES = sorted(
    str(path.relative_to(BOOK))
    for path in BOOK.rglob("*.html")
    if not path.is_relative_to(BOOK / "_static")
)
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]
FLAGS += ["--disable-component-update", "--disable-quic", "--no-first-run"]
LOOKS = {
    "light": {"color_scheme": "light", "viewport": {"width": 1280, "height": 900}},
    "dark": {"color_scheme": "dark", "viewport": {"width": 1280, "height": 900}},
    "phone": {"color_scheme": "light", "viewport": {"width": 390, "height": 844}},
}


def skip_or_fail(reason):
    """Skip on a reader's machine; fail where CI promises a browser and a book."""
    (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)


@pytest.fixture(scope="module")
def browser():
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        skip_or_fail("no chromium on this machine: apt-get install chromium")
    if not (BOOK / "index.html").exists():
        skip_or_fail("no book at _build/html: run make book first")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def sites():
    """Both ways to open the book: its address on this machine by scheme."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    handler = functools.partial(Handler, directory=BOOK)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield {"file": BOOK.as_uri(), "http": f"http://127.0.0.1:{server.server_port}"}
    server.shutdown()


@pytest.fixture(
    params=[(scheme, look) for scheme in ("file", "http") for look in LOOKS], ids="-".join
)
def visit(request, browser, sites):
    """Open a page; when the test ends, hold the page to silence and to the site's own files."""
    scheme, look = request.param
    site, outside, said = sites[scheme], [], []
    context = browser.new_context(**LOOKS[look])
    context.on("request", lambda r: outside.append(r.url) if not inside(r.url, site) else None)
    page = context.new_page()
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("requestfailed", lambda r: said.append(r.url) if "ABORTED" not in r.failure else None)
    page.on("response", lambda r: said.append(f"{r.status}: {r.url}") if r.status >= 400 else None)

    def open_page(name):
        page.goto(f"{site}/{name}", wait_until="load")
        page.wait_for_function(
            "() => !window.MathJax?.startup?.promise || MathJax.startup.promise.then(() => true)"
        )
        return page

    open_page.look, open_page.page = look, page
    yield open_page
    context.close()
    assert outside == [], "requests outside the site"
    assert said == [], "console"


def inside(url, site):
    return url.startswith((site, "data:", "blob:"))


SIDEWAYS = """() => {
  const wide = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= wide) return [];
  const spill = [...document.querySelectorAll('main *')].filter(
    e => e.getBoundingClientRect().right > wide + 1);
  return ['page: ' + document.documentElement.scrollWidth,
          ...spill.slice(0, 5).map(e => e.tagName + '.' + e.className)];
}"""

LOAD_IMAGES = """async () => {
  const images = [...document.images];
  images.forEach(img => img.loading = 'eager');
  await Promise.all(images.map(img => img.decode().catch(() => null)));
}"""

FIGURES = """() => [...document.querySelectorAll('article img')].flatMap(img => {
  const wrong = [];
  if (!img.alt.trim() || /[.](png|svg)$/.test(img.alt)) wrong.push('no alt: ' + img.src);
  if (!img.complete || !img.naturalWidth) wrong.push('not loaded: ' + img.src);
  if (img.getBoundingClientRect().width > 641) wrong.push('wider than 640 px: ' + img.src);
  const style = getComputedStyle(img);
  if (style.filter !== 'none') wrong.push('filtered: ' + img.src);
  const ground = document.documentElement.dataset.theme === 'dark' ? 'rgb(0, 0, 0)'
    : 'rgb(255, 255, 255)';  // on which the figures' type has its contrast
  if (style.backgroundColor !== ground) wrong.push(style.backgroundColor + ': ' + img.src);
  const caption = img.closest('figure')?.querySelector('figcaption');
  if (!caption?.innerText.trim()) wrong.push('no caption: ' + img.src);
  return wrong;
})"""

MATHS = """() => [...document.querySelectorAll('article .math')].filter(
  e => !e.querySelector('mjx-container') || e.querySelector('mjx-merror, [data-mml-node=merror]')
).map(e => e.textContent.slice(0, 80))"""


def fits(page, name, theme):
    """Hold a page that was opened to its place, its figures, its formulas and its theme."""
    assert page.evaluate(SIDEWAYS) == [], f"{name} scrolls sideways"
    page.evaluate(LOAD_IMAGES)
    assert page.evaluate(FIGURES) == [], name
    assert page.evaluate(MATHS) == [], f"{name}: mathematics not rendered"
    assert page.evaluate("document.documentElement.dataset.theme") == theme, name


def test_search_finds_a_word_of_the_book(visit):
    page = visit("search.html?q=path")
    page.wait_for_selector("#search-results li a", timeout=10_000)
    assert page.locator("#search-results li a").count() > 0


def test_one_search_field_is_reachable(visit):
    page = visit("index.html")
    assert page.locator(".bd-header").filter(visible=True).count() == 0


# What depends on the look is asked for in each: colours in both themes, the layout at both widths.
RULES = {
    "light": {"rules": {"label-content-name-mismatch": {"enabled": True}}},
    "dark": {"runOnly": ["color-contrast", "link-in-text-block"]},
    "phone": {"rules": {"color-contrast": {"enabled": False}}},
}


def axe_finds(page, look):
    """Return the violations of a page that was opened."""
    page.wait_for_timeout(300)  # boxes that scroll are marked when the last fonts have come
    page.wait_for_function("document.fonts.status === 'loaded'")
    page.add_script_tag(path=Path(axe_playwright_python.__file__).with_name("axe.min.js"))
    options = {"resultTypes": ["violations"], "preload": False} | RULES[look]
    found = page.evaluate("options => axe.run(options)", options)["violations"]
    return [f"{v['id']}: {node['html'][:200]}" for v in found for node in v["nodes"]]


@pytest.mark.parametrize("visit", [("http", look) for look in LOOKS], ids="-".join, indirect=True)
def test_axe_finds_no_violation_in_results_of_a_search(visit):
    assert axe_finds(visit("search.html?q=overlap"), visit.look) == []


# Tables that are wider than their place, and places that are wider than the page's column.
WIDE_TABLES = """() => [...document.querySelectorAll('article table')].filter(table => {
  const column = table.closest('article').getBoundingClientRect();
  const box = table.getBoundingClientRect();
  const scrolled = table.parentElement.scrollWidth > table.parentElement.clientWidth + 1;
  return table.checkVisibility() && (scrolled || box.right > column.right + 1);
}).map(table => table.innerText.slice(0, 60))"""

LONG_TABLES = """() => [...document.querySelectorAll('article table:not(.indextable)')].filter(
  table => !table.querySelector('tbody tr[id]') &&
  [...table.querySelectorAll('tbody tr')].filter(row => row.checkVisibility()).length > 10
).map(table => table.innerText.slice(0, 60))"""


@pytest.mark.parametrize("visit", [("http", "phone")], ids="-".join, indirect=True)
def test_a_table_becomes_cards_on_a_phone_and_unfolds_by_keyboard(visit):
    page = visit(CHAPTER)
    folds = page.locator("article details:not(.fold)")
    folds.evaluate_all("all => all.forEach(e => { e.open = true; })")
    table = page.locator("article .table-box table.stacked").first
    cell = table.locator("tbody tr").first.locator("[data-label]").last
    label = cell.evaluate("e => getComputedStyle(e, '::before').content")
    assert label == f'"{cell.get_attribute("data-label")}"'
    rows = table.locator("tbody tr")
    fold = page.locator("article details.fold").first
    assert rows.filter(visible=True).count() == 10 < rows.count()
    fold.locator("summary").focus()
    page.keyboard.press("Enter")
    assert rows.filter(visible=True).count() == rows.count()


# How far each line of a card's values stands from the card's side.
VALUES = """cells => cells.filter(e => e.checkVisibility()).flatMap(e => {
  const range = document.createRange();
  range.selectNodeContents(e);
  return [...range.getClientRects()].map(line => line.x - e.getBoundingClientRect().x);
})"""


@pytest.mark.parametrize("visit", [("http", "phone")], ids="-".join, indirect=True)
def test_a_cards_values_do_not_run_under_their_labels(visit):
    page = visit("chapters/08_reallocating_paths.html")
    lines = page.locator("table.stacked td[data-label]:not(.sentence)").evaluate_all(VALUES)
    assert len(lines) > 20 and min(lines) > 140


# Boxes that scroll and are not reached, or the other way round.
# A row of buttons and fields is reached through them, and is no stop of its own.
SCROLLING = """() => [...document.querySelectorAll('article *')].filter(e => {
  if (!e.checkVisibility()) return false;
  const controls = e.childElementCount > 0 &&
    [...e.children].every(c => c.matches('button, label:has(input, select)'));
  const scrolls = e.clientWidth > 0 && e.scrollWidth > e.clientWidth + 1 &&
    ['auto', 'scroll'].includes(getComputedStyle(e).overflowX);
  const reached = e.hasAttribute('data-scrolls') && e.tabIndex === 0 && !!e.ariaLabel;
  return controls ? reached : scrolls !== reached;
}).map(e => e.outerHTML.slice(0, 120))"""


@pytest.mark.parametrize("visit", [("http", "phone")], ids="-".join, indirect=True)
def test_what_no_longer_scrolls_is_no_stop_of_the_keyboard(visit):
    page = visit(CHAPTER)
    page.wait_for_timeout(300)  # fonts of formulas arrive last
    before = page.locator("[data-scrolls]").count()
    page.set_viewport_size({"width": 2500, "height": 900})
    page.wait_for_timeout(300)
    assert page.locator("[data-scrolls]").count() < before


RAW, GZIPPED = 2_500_000, 950_000  # chapter 4 has two interactive figures


def sizes(urls):
    """Return the bytes of a site's files, as they are and gzipped."""
    paths = [unquote(url.path[1:]) for url in urls if url.scheme == "http"]  # not a worker's
    contents = [(BOOK / path).read_bytes() for path in paths if path]
    return sum(map(len, contents)), sum(len(gzip.compress(content, 6)) for content in contents)


CHAPTER = "chapters/how_fast_how_exact.html"
WIDTHS = (390, 800, 1440)
BOTH_WAYS = pytest.mark.parametrize(
    "visit", [("file", "light"), ("http", "dark")], ids="-".join, indirect=True
)
BUTTONS = ".bd-header-article button, .bd-sidebar-primary button:not(dialog *)"

# What the buttons of a page can change: one of these differs after a click on any of them.
STATE = """() => JSON.stringify([
  [...document.querySelectorAll('dialog[open]')].map(e => e.id),
  document.querySelectorAll('.dropdown-menu.show').length,
  document.documentElement.dataset.mode,
  document.fullscreenElement !== null,
  document.querySelector('.bd-sidebar-primary')?.checkVisibility({visibilityProperty: true}),
])"""

ON_TOP = "([x, y]) => document.elementFromPoint(x, y)?.closest('button')"

NAME = "e => (e.ariaLabel || e.title || e.textContent).trim()"


def at_widths(visit, name):
    """Yield a page anew at each width."""
    for width in WIDTHS:
        visit(name).set_viewport_size({"width": width, "height": 900})
        yield visit(name), width


def visible_buttons(page):
    return page.locator(BUTTONS).filter(visible=True)


def wait_for_state(page, state):
    """Wait until the page is in this state again."""
    page.wait_for_function(f"state => ({STATE})() === state", arg=state, timeout=5_000)


@BOTH_WAYS
def test_every_button_answers_and_can_be_undone(visit):
    for page, width in at_widths(visit, CHAPTER):
        buttons = visible_buttons(page).all()
        names = [button.evaluate(NAME) for button in buttons]
        assert len(buttons) >= 6 and all(names), names
        for name, button in zip(names, [b.element_handle() for b in buttons], strict=True):
            before = page.evaluate(STATE)
            button.click()
            page.wait_for_timeout(300)  # what opens or collapses is animated
            assert page.evaluate(STATE) != before, f"{name} is dead at {width} px"
            if name == "Color mode":  # a cycle of three modes
                button.click()
                button.click()
            elif page.locator("dialog[open], .dropdown-menu.show").count():
                page.keyboard.press("Escape")
            else:
                button.click()
            wait_for_state(page, before)


@BOTH_WAYS
@pytest.mark.parametrize("side", ["primary", "secondary"])
def test_menus_open_and_close(visit, side):
    for page, width in at_widths(visit, CHAPTER):
        sidebar, dialog = page.locator(f"#pst-{side}-sidebar"), f"#pst-{side}-sidebar-modal"
        button = page.locator(f".{side}-toggle").filter(visible=True)
        if width == 1440:
            assert sidebar.locator("a").first.is_visible()
            if side == "secondary":  # always there, and no button
                assert button.count() == 0
                continue
            button.click()
            sidebar.locator("a").first.wait_for(state="hidden")
            button.click()
            sidebar.locator("a").first.wait_for(state="visible")
            continue
        for way in ("Escape", "backdrop"):
            page.evaluate("scrollTo({top: 900, behavior: 'instant'})")
            box = button.bounding_box()
            point = [box["x"] + 5, box["y"] + 5]
            page.wait_for_function(ON_TOP, arg=point)  # a dialog closes gradually
            page.mouse.click(*point)  # playwright's own click scrolls
            page.locator(f"{dialog}[open] a").first.wait_for(state="visible")
            if way == "Escape":
                page.keyboard.press("Escape")
            else:
                page.mouse.click(width - 5 if side == "primary" else 5, 880)
            page.wait_for_selector(f"{dialog}:not([open])", state="attached")
            page.wait_for_function(
                "side => document.activeElement.matches(`.${side}-toggle`)", arg=side
            )
            assert page.evaluate("scrollY") == 900, f"{way} scrolls at {width} px"


@BOTH_WAYS
def test_a_link_of_the_contents_leads_to_its_section(visit):
    page = visit(CHAPTER)
    page.set_viewport_size({"width": 390, "height": 900})
    page.locator(".secondary-toggle").filter(visible=True).click()
    link = page.locator("#pst-secondary-sidebar-modal[open] a").filter(visible=True).nth(1)
    section = page.locator(link.get_attribute("href"))
    link.click()
    page.wait_for_selector("#pst-secondary-sidebar-modal:not([open])", state="attached")
    page.wait_for_timeout(300)
    assert 0 <= section.bounding_box()["y"] < 200


@BOTH_WAYS
def test_the_search_button_leads_to_results(visit):
    for page, _ in at_widths(visit, CHAPTER):
        page.get_by_role("button", name="Search").filter(visible=True).click()
        page.keyboard.type("path")
        page.keyboard.press("Enter")
        page.wait_for_selector("#search-results li a", timeout=10_000)


@BOTH_WAYS
def test_the_keyboard_reaches_every_button_and_keeps_its_place(visit):
    for page, width in at_widths(visit, CHAPTER):
        wanted = {button.evaluate(NAME) for button in visible_buttons(page).all()}
        found = set()
        for _ in range(80):  # the sidebar's links come first
            page.keyboard.press("Tab")
            focused = page.evaluate_handle("document.activeElement").as_element()
            if not focused.evaluate(f"e => e.matches('{BUTTONS}')"):
                continue
            name = focused.evaluate(NAME)
            found.add(name)
            ring = focused.evaluate(
                "e => [getComputedStyle(e).outlineStyle, getComputedStyle(e).boxShadow]"
            )
            assert ring != ["none", "none"], f"{name} shows no focus at {width} px"
            page.keyboard.press("Enter")
            page.wait_for_timeout(300)
            page.keyboard.press("Escape")
            page.wait_for_timeout(300)
        assert found == wanted, f"at {width} px the focus starts anew after {name}"


# Assistive markup of formulas is invisible and has a width of its own.
CUT_OFF = """() => {
  const wide = document.documentElement.clientWidth;
  return [...document.querySelectorAll('main *')].filter(e => {
    if (!e.checkVisibility() || e.closest('mjx-assistive-mml, .visually-hidden')) return false;
    const box = e.matches('pre, table, th, td, .cell_output');
    return e.getBoundingClientRect().right > wide + 1 || box && e.scrollWidth > e.clientWidth + 1;
  }).slice(0, 5).map(e => e.tagName + '.' + e.className);
}"""

# Texts whose colour has a contrast of less than 4.5 : 1 with the ground, as WCAG defines it.
FAINT = """() => {
  const colour = text => {
    const parts = text.match(/[0-9.]+/g).map(Number);
    return parts.length < 4 ? [...parts, 1] : parts;
  };
  const over = (top, under) => top.map((v, i) => i < 3 ? v * top[3] + under[i] * (1 - top[3]) : 1);
  const ground = e => {
    const own = colour(getComputedStyle(e).backgroundColor);
    return over(own, e.parentElement ? ground(e.parentElement) : [255, 255, 255, 1]);
  };
  const luminance = rgb => rgb.slice(0, 3).map(v => v / 255)
    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const found = new Set();
  const texts = document.createTreeWalker(document.querySelector('main'), NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const e = texts.currentNode.parentElement;
    const shown = e.checkVisibility() && !e.closest('script, svg');
    if (!shown || !texts.currentNode.data.trim()) continue;
    const under = ground(e);
    const ink = luminance(over(colour(getComputedStyle(e).color), under));
    const paper = luminance(under);
    if ((paper + 0.05) / (ink + 0.05) < 4.5)
      found.add(`${e.tagName}.${e.className} ${getComputedStyle(e).color} on ${under}`);
  }
  return [...found];
}"""


# Figures wider or higher than on a book's page, and what paints across the edge of a page.
SPRAWLING = """() => {
  const cm = 96 / 2.54;
  const large = [...document.querySelectorAll('main figure img')].filter(e => {
    const box = e.getBoundingClientRect();
    return box.width > 9.5 * cm + 1 || box.height > 12 * cm + 1;
  });
  const shaded = [...document.querySelectorAll('main div.admonition')].filter(
    e => getComputedStyle(e).boxShadow !== 'none' || parseFloat(getComputedStyle(e).paddingTop) < 1
  );
  return [...large, ...shaded].slice(0, 5).map(e => e.outerHTML.slice(0, 200));
}"""


# Each page is opened four times: what can be asked for without opening it anew is asked for then.
each_page = pytest.mark.parametrize("name", PAGES)


@each_page
@pytest.mark.parametrize("visit", [("http", "light")], ids="-".join, indirect=True)
def test_a_page_is_small_and_fits_any_width(visit, name):
    page = visit.page
    loaded = {}
    page.on("response", lambda r: loaded.setdefault(urlsplit(r.url), None))
    visit(name)
    fits(page, name, "light")
    page.wait_for_load_state("networkidle")
    raw, gzipped = sizes(loaded)
    assert raw < RAW and gzipped < GZIPPED, f"{name}: {raw:,} bytes, {gzipped:,} gzipped"
    assert axe_finds(page, visit.look) == [], name
    assert page.evaluate(LONG_TABLES) == [], name
    for width in (1440, 390):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate(WIDE_TABLES) == [], f"{name} at {width} px"
    page.set_viewport_size({"width": 320, "height": 800})
    assert page.evaluate(SIDEWAYS) == [], f"{name} scrolls sideways at 320 px"


@each_page
@pytest.mark.parametrize("visit", [("http", "phone")], ids="-".join, indirect=True)
def test_a_page_fits_a_phone_and_the_keyboard_reaches_what_scrolls(visit, name):
    page = visit(name)
    fits(page, name, "light")
    assert axe_finds(page, visit.look) == [], name
    assert page.evaluate(SCROLLING) == [], name
    assert page.evaluate(LONG_TABLES) == [], name


@each_page
@pytest.mark.parametrize("visit", [("http", "dark")], ids="-".join, indirect=True)
def test_a_page_is_dark_and_paper_shows_it_dark_on_light(visit, name):
    page = visit(name)
    fits(page, name, "dark")
    assert axe_finds(page, visit.look) == [], name
    page.set_viewport_size({"width": 642, "height": 1000})  # A4 without its margins
    page.emulate_media(media="print", color_scheme="dark")
    page.wait_for_function("document.documentElement.dataset.theme === 'light'")
    assert page.evaluate(CUT_OFF) == [], f"{name} is cut off"
    assert page.evaluate(FAINT) == [], name
    assert page.evaluate(SPRAWLING) == [], name
    shown = page.locator("button, summary, dialog, .bd-sidebar, fieldset").filter(visible=True)
    assert shown.count() == 0, name


@each_page
@pytest.mark.parametrize("visit", [("file", "dark")], ids="-".join, indirect=True)
def test_a_page_works_without_a_server(visit, name):
    fits(visit(name), name, "dark")


@pytest.mark.parametrize("visit", [("file", "dark")], ids="-".join, indirect=True)
def test_printing_in_the_dark_mode_is_light_and_leaves_the_page_dark(visit):
    page = visit(CHAPTER)
    page.evaluate("""() => addEventListener('beforeprint', () => {
      window.printed = document.documentElement.dataset.theme;
    })""")
    page.pdf()
    assert page.evaluate("window.printed") == "light"
    page.wait_for_function("document.documentElement.dataset.theme === 'dark'")
    # Firefox tells by these events alone.
    for event, theme in (("beforeprint", "light"), ("afterprint", "dark")):
        page.evaluate("event => dispatchEvent(new Event(event))", event)
        assert page.evaluate("document.documentElement.dataset.theme") == theme
    page.emulate_media(media="print", color_scheme="dark")
    page.wait_for_function("document.documentElement.dataset.theme === 'light'")
    page.emulate_media(media="screen", color_scheme="dark")
    page.wait_for_function("document.documentElement.dataset.theme === 'dark'")


def test_the_pdf_has_its_chapters_links_and_page_numbers(browser, tmp_path):
    for name in ("_static", "_images", "chapters", "glossary.html"):
        (tmp_path / name).symlink_to(BOOK / name)
    index = BeautifulSoup((BOOK / "index.html").read_text(encoding="utf8"), "html.parser")
    kept = ("#", "chapters/01_mixture_of_experts.html", "glossary.html")
    for entry in index.select(".bd-docs-nav li.toctree-l1"):
        if entry.a["href"] not in kept:
            entry.decompose()
    (tmp_path / "index.html").write_text(str(index), encoding="utf8")
    printed = pdf.printed(browser, tmp_path)
    places = pdf.first_pages(printed)
    chapters = [places[name] for name in ("index", "chapters-01_mixture_of_experts", "glossary")]
    assert 1 < chapters[0] < chapters[1] < chapters[2]
    links = set(re.findall(rb"/Dest /([^\s>]+)", printed))
    assert len(links) > 20 and {link.decode() for link in links} <= set(places)
    one = BeautifulSoup(pdf.joined(tmp_path), "html.parser")
    headings = {" ".join(heading.text.split()) for heading in one.select("h1, h2, h3, h4")}
    bookmarks = re.findall(rb"/Title \(([ -~]*)\)", printed)  # those in plain letters
    assert bookmarks.pop(0) == b"Half-Space Features"  # the document's
    assert len(bookmarks) > 10 and {title.decode() for title in bookmarks} <= headings
    if shutil.which("pdftotext"):
        (tmp_path / "book.pdf").write_bytes(printed)
        command = ["pdftotext", "-layout", tmp_path / "book.pdf", "-"]
        text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        pages = text.split("\f")[:-1]
        for title, number in zip(("1. A network", "Glossary"), chapters[1:], strict=True):
            assert re.search(rf"{title}.* {number}\n", pages[0]), pages[0]
        for number, page in enumerate(pages, 1):
            assert page.split()[-1] == str(number)
        for page in pages[chapters[1] - 1 : chapters[2] - 1]:
            assert page.split("\n")[0].strip().startswith("1. A network"), page
        assert "$" not in pages[chapters[1]] and "Show code" not in text


def test_pages_name_no_path_of_the_machine():
    assert PAGES, "no book at _build/html"
    for name in PAGES:
        text = (BOOK / name).read_text(encoding="utf8")
        assert str(ROOT) not in text, name
        assert not re.search(r"/(home|root|Users)/", text), name
