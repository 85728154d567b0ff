"""The start page of a generated project in a real browser, with the site and the embedded tracker running."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from scripts.browser import chromium, chromium_path
from tests.conftest import Site

OpenPage = Callable[..., Page]
expect.set_options(timeout=30_000)  # milliseconds: a busy machine takes longer than the 5 s that it would wait

pytestmark = [
    pytest.mark.skipif(
        chromium_path() is None, reason="there is no Chromium: that the start page works in a browser was not checked"
    ),
    pytest.mark.xdist_group("site"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Give a browser for all tests."""
    with chromium() as browser:
        yield browser


@pytest.fixture
def open_page(browser: Browser, site: Site) -> Iterator[OpenPage]:
    """Give a function that opens the start page; in the end no page has asked another host than this one."""
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
    expect(page.get_by_text(f"embedded tracker at {site.tracker}/")).to_be_visible()
    page.get_by_role("button", name="Raise an error").click()
    event_id = page.get_by_role("status").locator("code").inner_text()
    page.get_by_role("link", name="Look at it in the tracker").click()
    assert page.url.startswith(f"{site.tracker}/api/event/")
    expect(page.locator("body")).to_contain_text(event_id)
    expect(page.locator("body")).to_contain_text("division by zero")
    its_id = page.url.rpartition("/")[2]
    page.goto(f"{site.tracker}/")
    expect(page.get_by_role("row").filter(has_text=its_id)).to_contain_text("ZeroDivisionError: division by zero")


@pytest.mark.parametrize(
    ("button", "said"),
    [
        ("Report a handled error", "Sent as event"),
        ("Log an error", "Sent as event"),
        ("Make a slow request", "The request took a second"),
    ],
)
def test_the_other_buttons_say_what_they_did(open_page: OpenPage, button: str, said: str) -> None:
    page = open_page()
    page.get_by_role("button", name=button).click()
    expect(page.get_by_role("status")).to_contain_text(said)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_the_page_can_be_read(open_page: OpenPage, scheme: str, width: int) -> None:
    page = open_page(color_scheme=scheme, viewport={"width": width, "height": 800})
    page.get_by_role("button", name="Log an error").click()
    expect(page.get_by_role("status")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    assert dark == (scheme == "dark")
    page.add_style_tag(content=":root { background: Canvas }")  # axe takes the browser's own background for white
    checked = Axe().run(page)  # contrast, names and order, as a screen reader meets them
    assert checked.violations_count == 0, checked.generate_report()


def test_the_keyboard_is_enough(open_page: OpenPage) -> None:
    page = open_page()
    button = page.get_by_role("button", name="Raise an error")
    page.keyboard.press("Tab")
    expect(button).to_be_focused()
    expect(button).to_have_css("outline-style", "solid")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Sent as event")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Look at it in the tracker")).to_be_focused()


def test_without_script_the_button_shows_the_error_itself(open_page: OpenPage) -> None:
    page = open_page(java_script_enabled=False)
    page.get_by_role("button", name="Raise an error").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("ZeroDivisionError")
