"""Errors of a page, in a real browser, reach the tracker through the site."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from benchmarks.site import serving
from scripts.browser import chromium_path
from scripts.demo import free_ports, get, running
from tests.conftest import BIN, Bake, Site
from tests.test_servers import wait_for

OpenPage = Callable[..., Page]

pytestmark = [
    pytest.mark.skipif(
        chromium_path() is None, reason="Chromium is not installed: errors in a browser were not checked"
    ),
    pytest.mark.xdist_group("site"),
]
TEST_ERROR = "Error: Test error from the start page, in the browser"


@pytest.fixture
def open_page(browser: Browser) -> Iterator[OpenPage]:
    """Yield a function that opens a page of a site; afterwards, check that it requested nothing from other hosts."""
    asked: list[str] = []
    with browser.new_context() as context:

        def opened(site: str, script: str = "") -> Page:
            """Open the start page, with a script in place of its own if one is given."""
            page = context.new_page()
            page.on("request", lambda request: asked.append(request.url))
            if script:
                page.route("**/start.js", lambda route: script_in(route, script))
            page.goto(f"{site}/")
            sites.add(f"{site}/")
            return page

        sites: set[str] = set()
        yield opened
    assert asked
    assert not [url for url in asked if not url.startswith(tuple(sites))]


def script_in(route: Route, script: str) -> None:
    """Answer a browser's request with a script."""
    route.fulfill(body=script, content_type="text/javascript")


def arrived(tracker: str, title: str) -> list[dict[str, Any]]:
    """Return the tracker's events with a title, which is compared as a regular expression."""
    listed = json.loads(get(f"{tracker}/api/eventlist/")[1])["events"]
    return [
        json.loads(get(f"{tracker}/api/event/{event['event_id']}")[1])["payload"]["body"]
        for event in listed
        if re.fullmatch(title, event["summary"])
    ]


def the_event(tracker: str, title: str) -> dict[str, Any]:
    """Return the tracker's only event with a title, as soon as it has arrived."""
    wait_for(lambda: arrived(tracker, title))
    [event] = arrived(tracker, title)
    return event


def error_of(event: dict[str, Any]) -> dict[str, Any]:
    """Return the exception of an event."""
    error: dict[str, Any] = event["exception"]["values"][-1]
    return error


def trace_of(page: Page) -> str:
    """Return the trace ID that the page was given."""
    return page.locator("script[data-trace]").get_attribute("data-trace") or ""


def test_the_button_raises_an_error_that_the_tracker_shows(open_page: OpenPage, site: Site) -> None:
    page = open_page(site.url)
    page.get_by_role("button", name="Raise an error in the browser").click()
    link = page.get_by_role("status").get_by_role("link", name=TEST_ERROR)
    expect(link).to_be_visible()
    event_id = page.get_by_role("status").locator("code").inner_text()
    assert link.get_attribute("href") == f"{site.tracker}/events/{event_id}/"
    page.get_by_role("button", name="Raise an error in the browser").click()  # is not sent again
    expect(page.get_by_role("status").locator("code")).to_have_text(event_id)
    event = the_event(site.tracker, TEST_ERROR)
    assert event["platform"] == "javascript"
    assert event["environment"] == "development"
    assert event["release"] == page.locator("script[data-dsn]").get_attribute("data-release")
    frame = error_of(event)["stacktrace"]["frames"][-1]
    assert frame["filename"] == f"{site.url}/static/development/start.js"
    script = (site.project / "development" / "static" / "development" / "start.js").read_text().splitlines()
    assert "throw new Error(" in script[frame["lineno"] - 1]


def test_the_events_of_page_and_request_have_one_trace(open_page: OpenPage, site: Site) -> None:
    page = open_page(site.url)
    earlier = trace_of(page)
    answer = page.goto(f"{site.url}/")
    assert answer is not None
    assert earlier != trace_of(page) == answer.headers["x-request-id"]
    page.evaluate("setTimeout(() => { throw new Error('One trace') })")
    event = the_event(site.tracker, "Error: One trace")
    assert event["contexts"]["trace"]["trace_id"] == trace_of(page)


@pytest.mark.parametrize(
    ("script", "title", "handled"),
    [
        ("nothingHasThisName()", "ReferenceError: nothingHasThisName is not defined", False),
        ("Promise.reject(new RangeError('A rejected promise'))", "RangeError: A rejected promise", False),
        ("Promise.reject('only a text')", "UnhandledRejection: Non-Error promise.*only a text", False),
        ("Sentry.captureException(new TypeError('A handled error'))", "TypeError: A handled error", True),
        ("throw new Error('outer', {cause: new Error('inner')})", "Error: outer", False),
    ],
)
def test_every_kind_of_error_arrives(
    open_page: OpenPage, site: Site, script: str, title: str, *, handled: bool
) -> None:
    open_page(site.url, script)  # runs before DOMContentLoaded
    event = the_event(site.tracker, title)
    assert error_of(event)["mechanism"]["handled"] is handled
    assert {error["value"] for error in event["exception"]["values"]} >= ({"inner"} if "inner" in script else set())
    assert event["request"]["url"] == f"{site.url}/"
    assert "cookies" not in event["request"]


def test_the_sites_code_can_report_and_tag(open_page: OpenPage, site: Site) -> None:
    page = open_page(
        site.url, "Sentry.setTag('cart', 'empty'); window.id = Sentry.captureMessage('A message of a page')"
    )
    event = the_event(site.tracker, "A message of a page")
    assert event["tags"]["cart"] == "empty"
    assert event["event_id"] == page.evaluate("window.id") == page.evaluate("Sentry.lastEventId()")


def test_a_flood_sends_few_events_and_the_page_works(open_page: OpenPage, site: Site) -> None:
    page = open_page(
        site.url,
        "let n = 0; const loop = setInterval(() => { if (++n > 500) clearInterval(loop); throw new Error(`Flood ${n}`) })",
    )
    wait_for(lambda: page.evaluate("n > 500"))
    assert page.evaluate("1 + 1") == 2
    expect(page.get_by_role("heading", level=1)).to_have_text("Corner Shop")
    wait_for(lambda: len(arrived(site.tracker, "Error: Flood .*")) == 10)
    page.evaluate("Sentry.captureMessage('not sent within this minute')")
    assert page.evaluate("Sentry.lastEventId()") in [
        event["event_id"] for event in arrived(site.tracker, "Error: Flood .*")
    ]


def test_if_events_cannot_be_sent_the_page_has_no_further_errors(open_page: OpenPage, site: Site) -> None:
    page = open_page(site.url)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.route("**/browser-errors/", lambda route: route.abort())
    with page.expect_event("requestfailed"):
        page.evaluate("setTimeout(() => { throw new Error('Cannot be sent') })")
    page.evaluate("new Promise(resolve => setTimeout(resolve))")  # a rejected promise would be reported by now
    assert errors == ["Cannot be sent"]


def test_noise_of_browsers_is_not_reported(open_page: OpenPage, site: Site) -> None:
    noise = "dispatchEvent(new ErrorEvent('error', {message: 'Script error.'}))"
    page = open_page(
        site.url, f"{noise}; window.before = Sentry.lastEventId(); Sentry.captureMessage('After the noise')"
    )
    the_event(site.tracker, "After the noise")
    assert page.evaluate("before") == ""


def test_during_an_outage_the_events_wait_in_the_spool(open_page: OpenPage, baked: Bake, tmp_path: Path) -> None:
    project = baked()
    port, tracker_port = free_ports(2)
    with running(
        project.path,
        port,
        command=[str(project.environment / BIN / "gunicorn"), "config.wsgi", "--bind", f"127.0.0.1:{port}"],
        DJANGO_ENV="development",
        SENTRY_DSN=f"http://0123456789abcdef@127.0.0.1:{tracker_port}/1",
        SENTRY_SPOOL_DIR=str(tmp_path / "spool"),
    ):
        page = open_page(f"http://localhost:{port}", "setTimeout(() => { throw new Error('During an outage') })")
        wait_for(lambda: page.evaluate("Sentry.lastEventId()"))
        event_id = page.evaluate("Sentry.lastEventId()")
        wait_for(lambda: [*(tmp_path / "spool").glob("*/*.envelope")])
        with serving(tracker_port) as tracker:
            wait_for(lambda: tracker.taken[event_id], seconds=90)


@pytest.mark.parametrize("variables", [{"SENTRY_DSN": ""}, {}], ids=["no DSN", "not asked for"])
def test_without_a_dsn_or_the_answer_no_script_is_loaded(
    open_page: OpenPage, baked: Bake, variables: dict[str, str]
) -> None:
    project = baked() if variables else baked(browser_errors="no")
    [port] = free_ports(1)
    server = [str(project.environment / BIN / "gunicorn"), "config.wsgi", "--bind", f"127.0.0.1:{port}"]
    with running(project.path, port, command=server, DJANGO_ENV="development", **variables):
        page = open_page(f"http://localhost:{port}")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        assert page.locator("script").count() == 1  # the start page's own
        assert page.evaluate("typeof Sentry") == "undefined"
