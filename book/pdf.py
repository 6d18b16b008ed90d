"""Print the built book into one PDF, through Chromium: contents, page numbers, links within.

The pages are joined into one, in the order of the contents; what they link to in the book becomes
a place in the PDF. It is printed twice: the first copy tells on which pages the chapters begin.
"""

import mimetypes
import re
import shutil
import sys
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin

from bs4 import BeautifulSoup, NavigableString, Tag
from pages import HTML
from whole import write_whole

__all__ = ["PDF", "first_pages", "joined", "printed"]

PDF = Path("_build/book.pdf")
SITE = "http://book.invalid/"  # answered from the folder of the pages, without a network
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
LEFT_OUT = (
    "script, .headerlink, .prev-next-footer, .copybtn, details.fold, .claims, "
    "#claims-shown, .cell > details.hide, .cell_input details, "
    ".cell.tag_hide-input > .cell_input, "
    "[data-label=now] details"  # rules that the report prints
)


def contents(index: BeautifulSoup) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return the parts of the book, each with titles and addresses of its pages."""
    parts = [("", [])]
    for entry in index.select(".bd-docs-nav p.caption, .bd-docs-nav li.toctree-l1 > a"):
        text = " ".join(entry.get_text(" ", strip=True).split())
        if entry.name == "p":
            parts.append((text, []))
        else:
            address = entry["href"] if entry["href"] != "#" else "index.html"
            parts[-1][1].append((text, address))
    return parts


def joined(folder: Path) -> str:
    """Return the whole book as one page, with a list of contents that lacks the page numbers."""
    index = _read(folder / "index.html")
    parts = contents(index)
    addresses = [address for _, pages in parts for _, address in pages]
    book = BeautifulSoup("<!DOCTYPE html><html><head></head><body></body></html>", "html.parser")
    book.html["lang"], book.html["data-theme"] = "en", "light"
    heads = [_read(folder / address) for address in addresses]
    known = set()
    for address, page in zip(addresses, heads, strict=True):
        for part in page.select("head link[rel=stylesheet], head style, head script"):
            _from(part, "href", address), _from(part, "src", address)
            wanted = part.name != "script" or "mathjax" in str(part).lower()
            if wanted and str(part) not in known:
                known.add(str(part))
                book.head.append(part)
    book.head.append(_tag(book, "title", index.select_one(".navbar-brand img")["alt"]))
    book.head.title.string = book.head.title.string.removesuffix(" - Home")
    book.head.append(_tag(book, "style", STYLE))
    main = _tag(book, "main", "", id="main-content", attrs={"class": "bd-main"})
    content = _tag(book, "div", "", attrs={"class": "bd-content"})
    book.body.append(main)
    main.append(content)
    content.append(_contents(book, parts))
    titles = {address: title for _, pages in parts for title, address in pages}
    for address, page in zip(addresses, heads, strict=True):
        content.append(_article(page, address, addresses))
    running = "".join(map(_running_title, titles, titles.values()))
    book.head.append(_tag(book, "style", running))
    return book.decode(formatter="minimal")


def first_pages(pdf: bytes) -> dict[str, int]:
    """Return the page numbers of the places in a PDF of Chromium's that have a name."""
    objects = dict(re.findall(rb"(?m)^(\d+) 0 obj\s(.*?)endobj", pdf, re.DOTALL))
    pages = []

    def collect(number: bytes) -> None:
        kids = re.search(rb"/Kids \[([^]]*)\]", objects[number])
        if kids is None:
            pages.append(number)
        for kid in re.findall(rb"(\d+) 0 R", kids[1]) if kids else []:
            collect(kid)

    root = re.search(rb"/Type /Catalog.*?/Pages (\d+) 0 R", pdf, re.DOTALL)
    collect(root[1])
    places = re.findall(rb"/([^\s\[/]+) \[(\d+) 0 R /XYZ", pdf)
    return {name.decode(): pages.index(page) + 1 for name, page in places if page in pages}


def _read(path: Path) -> BeautifulSoup:
    return BeautifulSoup(path.read_text(encoding="utf8"), "html.parser")


def _tag(book: BeautifulSoup, name: str, text: str, **options) -> Tag:
    tag = book.new_tag(name, **options)
    tag.string = text
    return tag


def _from(part: Tag, attribute: str, address: str) -> None:
    if part.get(attribute):
        part[attribute] = urljoin(SITE + address, part[attribute])


def _slug(address: str) -> str:
    return re.sub(r"\W+", "-", address.removesuffix(".html"))


def _running_title(address: str, title: str) -> str:
    """Return the style that sets a page's title at the top of its sheets."""
    name, title = _slug(address), title.replace("\\", "").replace('"', "”")
    return f'#{name} {{page: {name}}} @page {name} {{@top-right {{content: "{title}"}}}} '


def _contents(book: BeautifulSoup, parts: list) -> Tag:
    front = _tag(book, "nav", "", attrs={"class": "pdf-contents"})
    front.append(_tag(book, "p", book.head.title.string, attrs={"class": "pdf-title"}))
    front.append(_tag(book, "h2", "Contents"))
    for caption, pages in parts:
        if caption:
            front.append(_tag(book, "p", caption, attrs={"class": "pdf-part"}))
        for title, address in pages:
            link = _tag(book, "a", "", href=f"#{_slug(address)}")
            link.append(_tag(book, "span", title))
            link.append(_tag(book, "span", ""))
            front.append(link)
    return front


def _article(page: BeautifulSoup, address: str, addresses: list[str]) -> Tag:
    article = page.select_one("article")
    for part in article.select(LEFT_OUT):
        part.decompose()
    for formula in article.select("span.math"):  # the mark that follows stays on its line
        text = formula.next_sibling
        mark = isinstance(text, NavigableString) and re.match(r"[.,;:!?)]+", text)
        if mark:
            text.replace_with(text[mark.end() :])
            formula.wrap(_tag(page, "span", "", attrs={"class": "whole"})).append(mark[0])
    for heading in article.select(".cards h3"):
        heading.name = "strong"  # the chapter has its heading, and its bookmark
    for fold in article.select("details"):
        fold["open"] = ""
    for image in article.select("img"):
        _from(image, "src", address)
        image.attrs.pop("loading", None)
    for part in article.select("[id]"):
        part["id"] = f"{_slug(address)}--{part['id']}"
    for link in article.select("a[href]"):
        target, place = urldefrag(urljoin(SITE + address, link["href"]))
        if not target.startswith(SITE):
            continue
        name = target.removeprefix(SITE)
        if name in addresses:
            link["href"] = f"#{_slug(name)}" + (f"--{place}" if place else "")
        else:  # a file beside the pages
            del link["href"]
    article["id"] = _slug(address)
    return article


def _answer(folder: Path, book: str):
    """Return what answers the requests of the page: files of the folder, nothing from outside."""

    def answer(route) -> None:
        path = unquote(urldefrag(route.request.url)[0].removeprefix(SITE)).partition("?")[0]
        if path == "book.html":
            return route.fulfill(body=book, content_type="text/html; charset=utf-8")
        file = folder / path
        if not route.request.url.startswith(SITE) or not file.is_file():
            return route.abort()
        kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        return route.fulfill(body=file.read_bytes(), content_type=kind)

    return answer


def _printed(page, **options) -> bytes:
    return page.pdf(prefer_css_page_size=True, print_background=True, **options)


def printed(browser, folder: Path) -> bytes:
    """Return the PDF of the pages in a folder."""
    page = browser.new_page()
    page.route("**/*", _answer(folder, joined(folder)))
    page.goto(f"{SITE}book.html", wait_until="load", timeout=120_000)
    page.wait_for_function("() => MathJax.startup.promise.then(() => true)", timeout=300_000)
    page.evaluate(NUMBER, first_pages(_printed(page)))
    pdf = _printed(page, outline=True, tagged=True)
    page.close()
    return pdf


NUMBER = """pages => document.querySelectorAll(".pdf-contents a").forEach(
  link => link.lastElementChild.textContent = pages[link.hash.slice(1)])"""
STYLE = """
@page {
  size: A4; margin: 19mm 20mm 18mm; color: #555; font-size: 8pt;
  font-family: helvetica, arial, "liberation sans", "dejavu sans condensed", sans-serif;
  @top-right {padding-bottom: 3mm; vertical-align: bottom}
  @bottom-center {content: counter(page)}
}
html, body {height: auto; background: #fff}
.bd-main, .bd-content {display: block !important; max-width: none !important; height: auto}
.bd-content > article {break-before: page; max-width: none; padding: 0}
.whole {white-space: nowrap}
.pdf-title {font-size: 2.5rem; font-weight: bold; margin: 6rem 0 3rem}
.pdf-part {font-weight: bold; margin: 1rem 0 0.25rem}
.pdf-contents a {color: inherit; display: flex; justify-content: space-between;
  text-decoration: none}
.bd-main .bd-content .bd-article h1:first-of-type {display: block}
"""


def main() -> None:
    """Write the PDF, or say in a sentence why not."""
    if not (HTML / "index.html").is_file():
        sys.exit("There is no book yet: run make book first.")
    chromium = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if chromium is None:
        sys.exit("The PDF is printed by Chromium, which is not on this machine: install chromium.")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu", "--font-render-hinting=none"]
        browser = playwright.chromium.launch(executable_path=chromium, args=flags)
        pdf = printed(browser, HTML)
        browser.close()
    write_whole(PDF, pdf)
    print(f"The book is at {PDF} ({len(pdf) / 1e6:.1f} MB)")


if __name__ == "__main__":
    main()
