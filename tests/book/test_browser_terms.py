"""Definitions beside links to the glossary in Chromium, on the built book: `make test-browser`."""

import pytest
from test_browser import BOTH_WAYS, browser, sites, visit

__all__ = ["browser", "sites", "visit"]  # fixtures

pytestmark = pytest.mark.browser

CHAPTER = "chapters/01_mixture_of_experts.html"
TERM = "a.reference:has(.std-term)"


@BOTH_WAYS
def test_a_term_shows_its_definition_to_a_pointer_and_to_a_keyboard(visit):
    page = visit(CHAPTER)
    link = page.locator(TERM).first
    box = page.locator(f"#{link.get_attribute('aria-describedby')}")
    assert not box.is_visible()
    link.hover()
    assert box.is_visible() and "One unit of every hidden layer" in box.inner_text()
    assert box.locator("mjx-container").first.bounding_box()["height"] > 5
    place, width = box.bounding_box(), page.viewport_size["width"]
    assert place["x"] >= 0 and place["x"] + place["width"] <= width
    box.hover()
    page.wait_for_timeout(400)
    assert box.is_visible(), "a pointer may move onto it"
    page.keyboard.press("Escape")
    assert not box.is_visible()
    page.mouse.move(0, 0)
    link.focus()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")
    assert box.is_visible()
    page.keyboard.press("Tab")
    assert not box.is_visible()


def test_without_scripts_a_term_leads_to_the_glossary(browser, sites):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{sites['file']}/{CHAPTER}")
    assert not page.locator(".term-definition").first.is_visible()
    page.locator(TERM).first.click()
    assert page.url.endswith("glossary.html#term-path")
    context.close()
