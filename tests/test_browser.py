"""Every page of the built book in Chromium: `make test-browser`, after `make book`."""

import functools
import http.server
import os
import re
import shutil
import threading
from pathlib import Path

import pytest

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[1]
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

    open_page.look = look
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

FIGURES = """() => [...document.querySelectorAll('article img')].flatMap(img => {
  const wrong = [];
  if (!img.alt.trim() || /[.](png|svg)$/.test(img.alt)) wrong.push('no alt: ' + img.src);
  if (!img.complete || !img.naturalWidth) wrong.push('not loaded: ' + img.src);
  if (img.getBoundingClientRect().width > 641) wrong.push('wider than 640 px: ' + img.src);
  const style = getComputedStyle(img);
  if (style.filter !== 'none') wrong.push('filtered: ' + img.src);
  if (style.backgroundColor !== 'rgba(0, 0, 0, 0)') wrong.push('own ground: ' + img.src);
  const caption = img.closest('figure')?.querySelector('figcaption');
  if (!caption?.innerText.trim()) wrong.push('no caption: ' + img.src);
  return wrong;
})"""

MATHS = """() => [...document.querySelectorAll('article .math')].filter(
  e => !e.querySelector('mjx-container') || e.querySelector('mjx-merror, [data-mml-node=merror]')
).map(e => e.textContent.slice(0, 80))"""


def test_every_page_is_quiet_and_fits(visit):
    for name in PAGES:
        page = visit(name)
        assert page.evaluate(SIDEWAYS) == [], f"{name} scrolls sideways"
        assert page.evaluate(FIGURES) == [], name
        assert page.evaluate(MATHS) == [], f"{name}: mathematics not rendered"
        if visit.look != "phone":
            theme = page.evaluate("document.documentElement.dataset.theme")
            assert theme == visit.look, name


def test_search_finds_a_word_of_the_book(visit):
    page = visit("search.html?q=path")
    page.wait_for_selector("#search-results li a", timeout=10_000)
    assert page.locator("#search-results li a").count() > 0


def test_one_search_field_is_reachable(visit):
    page = visit("index.html")
    assert page.locator(".bd-header").filter(visible=True).count() == 0


def test_pages_name_no_path_of_the_machine():
    assert PAGES, "no book at _build/html"
    for name in PAGES:
        text = (BOOK / name).read_text(encoding="utf8")
        assert str(ROOT) not in text, name
        assert not re.search(r"/(home|root|Users)/", text), name
