"""The figures of gates and of what attracts paths in Chromium: their controls and their links."""

import re

import pytest
from test_browser_figures import browser, linked, opened, root_of, seen, sites

__all__ = ["browser", "sites"]  # fixtures

pytestmark = pytest.mark.browser

GATES, PATHS = "soft_or_hard", "what_attracts_paths"


def told(page, name):
    """Return the figure's sentences."""
    seen(page, name)  # after they have been written
    return " ".join(root_of(page, name).locator(".hs-told").all_inner_texts())


def heard(page, name):
    """Return what a screen reader is told, after it has been told something."""
    words = root_of(page, name).locator(".hs-heard")
    page.wait_for_function("e => e.textContent", arg=words.element_handle())
    return words.text_content()


def radio(page, key, value):
    return root_of(page, PATHS).locator(f"input[name$='-{key}'][value='{value}']")


def chosen(page, key):
    seen(page, PATHS)
    return root_of(page, PATHS).locator(f"input[name$='-{key}']:checked").get_attribute("value")


def test_gates_are_made_softer_by_keyboard_and_pointer(browser, sites):
    with opened(browser, sites, GATES) as page:
        root = root_of(page, GATES)
        gates, trained = root.locator("input[type=range]").all()
        start = seen(page, GATES)
        assert gates.get_attribute("aria-valuetext") == "∞ (hard)"
        hard = float(re.search(r"with hard gates: ([\d.]+)", told(page, GATES))[1])
        own = float(re.search(r"error ([\d.]+)\.", told(page, GATES))[1])
        assert hard > 2 * own
        gates.focus()
        page.keyboard.press("ArrowLeft")
        assert seen(page, GATES) != start and gates.get_attribute("aria-valuetext") == "1000"
        page.keyboard.press("Home")
        assert gates.get_attribute("aria-valuetext") == "1" and "β = 1 now" in told(page, GATES)
        root.get_by_role("button", name="Gates of the training").click()
        assert "the same" in told(page, GATES) and "β = 4 now" in heard(page, GATES)
        box = trained.bounding_box()
        trained.click(position={"x": box["width"] - 3, "y": box["height"] / 2})
        assert trained.get_attribute("aria-valuetext") == "∞ (hard)"
        assert told(page, GATES).startswith("Trained with hard gates (straight-through)")
        root.get_by_role("button", name="Start again").focus()
        page.keyboard.press("Enter")
        assert seen(page, GATES) == start


def test_conditions_are_chosen_by_keyboard_and_pointer(browser, sites):
    with opened(browser, sites, PATHS) as page:
        root = root_of(page, PATHS)
        start = seen(page, PATHS)
        assert "×0.73" in told(page, PATHS) and "100 seeds" in told(page, PATHS)
        radio(page, "topAmplitude", "0.1").focus()
        page.keyboard.press("ArrowLeft")
        assert chosen(page, "topAmplitude") == "0" and "×0.40" in told(page, PATHS)
        radio(page, "topAmplitude", "1").check()
        page.mouse.move(0, 0)
        radio(page, "bottomFrequency", "8").focus()
        page.keyboard.press("ArrowRight")
        assert chosen(page, "bottomFrequency") == "12"
        radio(page, "net", "relu").click()
        assert told(page, PATHS).count("ReLU net, initial weights × 0.6") == 1
        seed = root.locator("input[type=range]")
        seed.focus()
        before = seen(page, PATHS)
        page.keyboard.press("End")
        assert seen(page, PATHS) != before and "Seed 3099 alone" in told(page, PATHS)
        assert "ReLU net" in heard(page, PATHS)
        box = seed.bounding_box()
        seed.click(position={"x": box["width"] / 2, "y": box["height"] / 2})
        assert re.search(r"Seed 30[45]\d alone", told(page, PATHS))
        root.get_by_role("button", name="Start again").click()
        assert seen(page, PATHS) == start


def test_what_is_not_recorded_cannot_be_chosen_and_says_so(browser, sites):
    with opened(browser, sites, PATHS) as page:
        start = seen(page, PATHS)
        assert "not recorded" in told(page, PATHS)
        other = radio(page, "gain", "0.3")
        assert other.is_disabled()
        label = other.locator("xpath=..")
        assert label.get_attribute("title") == "not recorded with the other choices"
        label.click(force=True)
        assert seen(page, PATHS) == start
        radio(page, "topAmplitude", "1").click()
        seen(page, PATHS)
        assert other.is_enabled() and label.get_attribute("title") == ""
        other.click()
        assert chosen(page, "gain") == "0.3" and "100 stalled" in told(page, PATHS)
        assert radio(page, "topAmplitude", "0.1").is_disabled()
        # The keyboard passes over what is pale.
        radio(page, "gain", "0.3").focus()
        page.keyboard.press("ArrowRight")
        page.keyboard.press("ArrowRight")
        assert chosen(page, "gain") == "1.5"


@pytest.mark.parametrize(
    ("name", "fragment", "expected"),
    [
        (GATES, "gate:4,trained:2", "Trained with soft gates, β = 30"),
        (PATHS, "topAmplitude:1,bottomFrequency:16,net:relu,seed:3007", "Seed 3007 alone"),
        (PATHS, "topAmplitude:1,variant:straight-through-gates", "straight-through"),
    ],
)
def test_a_link_restores_a_figure(browser, sites, name, fragment, expected):
    with opened(browser, sites, name, f"#{name}={fragment}", scheme="file") as page:
        assert expected in told(page, name)
        state = seen(page, name)
        root_of(page, name).locator("input[type=range]").first.focus()
        page.keyboard.press("ArrowRight")
        assert seen(page, name) != state
        page.keyboard.press("ArrowLeft")
        assert seen(page, name) == state
        again = linked(page, name)
    with opened(browser, sites, name, again) as page:
        assert seen(page, name) == state


@pytest.mark.parametrize(
    "fragment",
    [
        "#what_attracts_paths=gain:0.3",  # not recorded with the amplitude of the start
        "#what_attracts_paths=topAmplitude:0.7,net:none,seed:x",
        "#what_attracts_paths=net",
    ],
)
def test_a_link_to_what_is_not_recorded_changes_nothing(browser, sites, fragment):
    with opened(browser, sites, PATHS) as page:
        start = seen(page, PATHS)
    with opened(browser, sites, PATHS, fragment) as page:
        seen(page, PATHS)
        assert seen(page, PATHS) == start


@pytest.mark.parametrize("name", [GATES, PATHS])
def test_a_finger_moves_a_slider(browser, sites, name):
    phone = dict(has_touch=True, viewport={"width": 390, "height": 844})
    with opened(browser, sites, name, **phone) as page:
        slider = root_of(page, name).locator("input[type=range]").first
        slider.scroll_into_view_if_needed()
        before, box = seen(page, name), slider.bounding_box()
        slider.tap(position={"x": 0.4 * box["width"], "y": box["height"] / 2})
        assert seen(page, name) != before
