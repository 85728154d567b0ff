"""The pages of a generated project in a real browser, with the site and the embedded tracker running."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from scripts.browser import chromium_path
from scripts.demo import get
from tests.conftest import Site

OpenPage = Callable[..., Page]

pytestmark = [
    pytest.mark.skipif(
        chromium_path() is None, reason="Chromium is not installed: the pages were not checked in a browser"
    ),
    pytest.mark.xdist_group("site"),
]


@pytest.fixture
def open_page(browser: Browser, site: Site) -> Iterator[OpenPage]:
    """Yield a function that opens the start page; afterwards, check that no page requested another host."""
    asked: list[str] = []
    pages: list[Page] = []

    def start_page(**options: Any) -> Page:
        page = browser.new_page(**options)
        pages.append(page)
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"{site.url}/")
        return page

    yield start_page
    for page in pages:
        page.close()
    assert asked
    assert not [url for url in asked if not url.startswith((f"{site.url}/", f"{site.tracker}/"))]


def test_the_button_raises_an_error_that_the_tracker_shows(open_page: OpenPage, site: Site) -> None:
    page = open_page()
    expect(page.get_by_role("heading", level=1)).to_have_text("Corner Shop")
    expect(page.get_by_role("link", name=f"{site.tracker}/", exact=True)).to_be_visible()
    page.get_by_role("button", name="Raise an error", exact=True).click()
    link = page.get_by_role("status").get_by_role("link", name="ZeroDivisionError: division by zero")
    event_id = page.get_by_role("status").locator("code").inner_text()
    assert page.url == f"{site.url}/"  # the event appeared without a reload
    link.click()
    assert page.url == f"{site.tracker}/events/{event_id}/"
    expect(page.get_by_role("heading", level=1)).to_have_text("ZeroDivisionError: division by zero")
    own, library = page.locator("details[open]"), page.locator("details:not([open])")
    expect(own.first).to_contain_text("return HttpResponse(1 / 0)")
    expect(library.first).to_contain_text("library")
    expect(page.get_by_text("Local variables").first).to_be_visible()
    page.get_by_role("link", name="JSON").click()
    expect(page.locator("body")).to_contain_text(event_id)


@pytest.mark.parametrize(
    ("button", "said"),
    [
        ("Report a handled error", "is in the tracker"),
        ("Log an error", "Test error from the start page"),
        ("Make a slow request", "The request took one second"),
    ],
)
def test_the_other_buttons_say_what_they_did(open_page: OpenPage, button: str, said: str) -> None:
    page = open_page()
    page.get_by_role("button", name=button).click()
    expect(page.get_by_role("status")).to_contain_text(said)


def test_waiting_for_an_event_shows_progress_and_ends(open_page: OpenPage, site: Site) -> None:
    page = open_page()
    page.goto(f"{site.url}/?tried=error&event={'f' * 32}")
    expect(page.get_by_role("progressbar")).to_be_visible()
    page.add_init_script(
        "const after = setTimeout; window.setTimeout = (call, _, ...given) => after(call, 1, ...given)"
    )
    page.reload()
    expect(page.get_by_role("status")).to_contain_text("has not appeared in the tracker yet")
    expect(page.get_by_role("progressbar")).to_have_count(0)


def test_open_pages_show_an_event_that_arrives(open_page: OpenPage, site: Site) -> None:
    page, other = open_page(), open_page()
    page.get_by_role("button", name="Raise an error", exact=True).click()
    page.get_by_role("status").get_by_role("link").click()
    number = page.locator("#live").inner_text()
    other.goto(f"{site.tracker}/")
    counted = other.get_by_role("listitem").filter(has_text="ZeroDivisionError").inner_text()
    assert get(f"{site.url}/glitchtip-debug/")[0] == 500
    expect(page.locator("#live")).not_to_have_text(number)
    page.get_by_role("link", name="Newer").click()
    expect(other.get_by_role("listitem").filter(has_text="ZeroDivisionError")).not_to_have_text(counted)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_the_pages_can_be_read(open_page: OpenPage, site: Site, scheme: str, width: int) -> None:
    page = open_page(color_scheme=scheme, viewport={"width": width, "height": 800})
    page.get_by_role("button", name="Raise an error", exact=True).click()
    event = page.get_by_role("status").get_by_role("link")
    expect(event).to_be_visible()
    for address in (None, event.get_attribute("href"), f"{site.tracker}/"):
        if address:
            page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
        assert dark == (scheme == "dark")
        checked = Axe().run(page)  # contrast, names and order, as for a screen reader
        assert checked.violations_count == 0, checked.generate_report()


def test_the_keyboard_is_enough(open_page: OpenPage) -> None:
    page = open_page()
    button = page.get_by_role("button", name="Raise an error", exact=True)
    page.keyboard.press("Tab")
    expect(button).to_be_focused()
    expect(button).to_have_css("outline-style", "solid")
    page.keyboard.press("Enter")
    event = page.get_by_role("status").get_by_role("link")
    expect(event).to_be_visible()
    for _ in range(5):  # four buttons, then the event
        page.keyboard.press("Tab")
    expect(event).to_be_focused()
    page.keyboard.press("Enter")
    folded = page.locator("details:not([open])").first
    folded.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(page.locator("details:focus-within")).to_have_attribute("open", "")


def test_without_script_the_buttons_work(open_page: OpenPage) -> None:
    page = open_page(java_script_enabled=False)
    page.get_by_role("button", name="Log an error").click()
    expect(page.get_by_role("status")).to_contain_text("Event")
    page.get_by_role("button", name="Raise an error", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("ZeroDivisionError")
