"""The report's filters and the search in Chromium, on the built book: `make test-browser`."""

import re

import pytest
from test_browser import BOOK, BOTH_WAYS, browser, sites, visit

__all__ = ["browser", "sites", "visit"]  # fixtures

pytestmark = pytest.mark.browser

REPORT = "reproduction.html"


def shown(page):
    return page.locator(".claim").filter(visible=True).count()


@BOTH_WAYS
def test_filters_hide_cards_count_them_and_stay_in_the_address(visit):
    page = visit(REPORT)
    total = shown(page)
    assert total > 100 and page.inner_text("#claims-shown") == f"{total} claims"
    page.click("label[for=verdict-not-reproduced]")
    page.click("label[for=whose-paper]")
    number = shown(page)
    assert 0 < number < total
    assert page.inner_text("#claims-shown") == f"{number} of {total} claims shown"
    assert page.locator("#claims-shown").get_attribute("role") == "status"
    assert page.url.endswith("#verdict=not-reproduced&whose=paper")
    topics = page.locator("section[id^=topic-]").filter(visible=True)
    assert all(topic.locator(".claim").filter(visible=True).count() for topic in topics.all())
    chosen = page.url.split("/")[-1]
    visit("index.html")
    page = visit(chosen)
    assert shown(page) == number, "a link takes the choice along"
    page.evaluate("location.hash = 'claim-theorem-1'")
    page.wait_for_function("document.querySelector('#claim-theorem-1').checkVisibility()")
    assert shown(page) == total


def test_filters_work_without_scripts(browser, sites):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{sites['file']}/{REPORT}")
    total = shown(page)
    page.click("label[for=verdict-pending]")
    assert 0 < shown(page) < total
    context.close()


@BOTH_WAYS
def test_links_between_claims_figures_and_files_lead_somewhere(visit):
    page = visit(REPORT)
    links = page.eval_on_selector_all(".claim a", "links => links.map(a => a.getAttribute('href'))")
    assert len(links) > 300
    for link in set(links):
        name, _, anchor = link.partition("#")
        target = BOOK / (name or REPORT)
        assert target.exists(), link
        if anchor:
            assert f'id="{anchor}"' in target.read_text(encoding="utf8"), link
    back = 0
    for path in (BOOK / "chapters").glob("*.html"):
        text = path.read_text(encoding="utf8")
        for anchor in re.findall(r'href="\.\./reproduction\.html#([\w-]+)"', text):
            assert page.locator(f"[id='{anchor}']").count() == 1, anchor
            back += 1
    assert back > 60


@BOTH_WAYS
def test_a_permalink_shows_its_card(visit):
    page = visit(f"{REPORT}#claim-paths-stay-2")
    box = page.locator("#claim-paths-stay-2").bounding_box()
    assert 0 <= box["y"] < 300
    assert page.locator("#claim-paths-stay-2 .permalink").is_visible()


@BOTH_WAYS
@pytest.mark.parametrize(
    ("query", "kind", "words"),
    [
        ("overlap kernel", "section", "overlap kernel"),
        ("error curves", "figure", "error"),
        ("paths-stay-2", "claim", "low-frequency half"),
        ("k-means", "", "k-means"),
        ("resultant", "", "resultant"),
        ("DLGN", "term", "DLGN"),
    ],
)
def test_search_finds_places_and_quotes_them(visit, query, kind, words):
    page = visit(f"search.html?q={query}")
    page.wait_for_selector("#search-results li a", timeout=10_000)
    found = page.locator("ul.found li")
    kinds = {text.split(",")[0] for text in found.locator("small").all_inner_texts()}
    assert not kind or kind in kinds
    assert words.lower() in " ".join(found.all_inner_texts()).lower()
    assert found.locator("mark").count() >= found.count()
    for link in found.locator("a").all()[:10]:
        name, _, anchor = link.get_attribute("href").partition("#")
        text = (BOOK / name).read_text(encoding="utf8")
        assert not anchor or f'id="{anchor}"' in text, (name, anchor)


@BOTH_WAYS
def test_a_title_comes_first(visit):
    page = visit("search.html?q=overlap kernel")
    page.wait_for_selector("#search-results li a", timeout=10_000)
    assert page.locator("ul.found li a").first.inner_text().lower().endswith("overlap kernel")


@BOTH_WAYS
def test_search_says_that_it_finds_nothing(visit):
    page = visit("search.html?q=xyzzy")
    page.wait_for_selector("#search-results [role=status]")
    assert "xyzzy" in page.inner_text("#search-results [role=status]")
