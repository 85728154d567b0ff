"""The embedded tracker shows the events that kent receives, and does not start if another tracker is running."""

import functools
import logging
from contextlib import ExitStack
from unittest import mock

import pytest
import sentry_sdk
from django.core.management import CommandError
from flask.testing import FlaskClient
from sentry_sdk.envelope import Envelope

from development.embedded_tracker import tracker
from development.ports import in_use
from servers import Tracker, line_server, serving
from spooling import wait_for

with mock.patch("logging.config.dictConfig"):  # keep kent from configuring the logging of this process
    from development.tracker.events import EVENTS_OF_A_KIND, Event, Events
    from development.tracker.pages import create_app

log = logging.getLogger("shop")


class Visitor:
    """A client that reads the tracker's pages and sends it events."""

    def __init__(self) -> None:
        self.announced: list[Event] = []
        self.events = Events(self.announced.append)
        self.client: FlaskClient = create_app(self.events, "Corner Shop").test_client()

    def send(self, event: dict) -> str:
        """Send an event in the SDK's format and return its ID."""
        envelope = Envelope(headers={"event_id": event["event_id"]})
        envelope.add_event(event)
        assert self.client.post("/api/1/envelope/", data=envelope.serialize()).status_code == 200
        return event["event_id"]

    def page(self, path: str = "/") -> str:
        """Return the text of a page."""
        answer = self.client.get(path)
        assert answer.status_code == 200
        return answer.get_data(as_text=True)


@pytest.fixture
def visitor() -> Visitor:
    return Visitor()


def event(number: int, **parts: object) -> dict:
    """Return a small event."""
    return {"event_id": f"{number:032x}", "timestamp": "2026-11-25T12:00:00Z", "level": "error", **parts}


def test_an_event_of_the_sdk_is_shown_with_all_its_parts(visitor, sentry_events):
    sentry_sdk.set_tag("shelf", "bread")
    sentry_sdk.set_user({"id": "7"})
    sentry_sdk.add_breadcrumb(category="oven", message="preheated")
    try:
        loaves, db_password = 12, "peony-basket-42"
        raise ValueError("burnt") from KeyError(loaves, db_password)
    except ValueError as error:
        sentry_sdk.capture_exception(error)
    page = visitor.page(f"/events/{visitor.send(sentry_events[0])}/")
    for part in ("ValueError: burnt", "Caused by KeyError", "loaves", "shelf", "bread", "oven", "preheated", "User"):
        assert part in page
    assert "raise ValueError(&#34;burnt&#34;) from KeyError(loaves, db_password)" in page
    assert "<mark>[Filtered]</mark>" in page
    assert "peony-basket-42" not in page
    assert f'/api/event/{sentry_events[0]["event_id"]}"' in page


def test_a_logged_error_has_its_message_as_title(visitor, sentry_events):
    log.error("order %s is late", 7)
    visitor.send(sentry_events[0])
    assert visitor.announced[0].summary == "order 7 is late"
    assert "order 7 is late" in visitor.page()


def test_events_are_listed_newest_first_and_grouped_by_kind(visitor):
    for number, text in enumerate(["late", "late", "burnt", "late"]):
        visitor.send(event(number, logentry={"message": text}))
    page = visitor.page()
    assert page.index("late") < page.index("burnt")
    assert page.count("<li ") == 2
    assert "3 events" in page
    newest = visitor.page(f"/events/{3:032x}/")
    assert "3 of 3" in newest
    assert f'href="/events/{1:032x}/">Older</a>' in newest


def test_the_page_of_an_event_lists_the_other_events_of_its_trace(visitor):
    mine, other = ({"trace": {"trace_id": digit * 32}} for digit in "ab")
    for number, trace in enumerate((mine, other, mine, {})):
        visitor.send(event(number, logentry={"message": f"loaf {number}"}, contexts=trace))
    page = visitor.page(f"/events/{0:032x}/")
    assert f"Trace <code>{'a' * 32}</code>" in page
    assert "loaf 2" in page
    assert not any(f"loaf {number}" in page for number in (1, 3))
    for number in (1, 3):
        assert "Same trace" not in visitor.page(f"/events/{number:032x}/")


def test_a_flood_does_not_push_out_other_events(visitor):
    visitor.send(event(0, logentry={"message": "rare"}))
    for number in range(1, 400):
        visitor.send(event(number, logentry={"message": "flood"}))
    assert "rare" in visitor.page()
    assert "399 events" in visitor.page()
    assert len(visitor.events.get_events()) == 1 + EVENTS_OF_A_KIND


def test_an_event_that_arrives_twice_is_listed_once(visitor):
    for _ in range(2):
        visitor.send(event(1, logentry={"message": "late"}))
    assert "1 event<" in visitor.page()
    assert len(visitor.announced) == 1


def test_event_texts_are_escaped_in_pages_and_in_the_terminal(visitor):
    title = "<script>alert(1)</script>\x1b[2J\nsecond line"
    visitor.send(event(1, logentry={"message": title}, level=title, tags={"<b>": "<i>"}))
    for path in ("/", f"/events/{1:032x}/"):
        page = visitor.page(path)
        assert "&lt;script&gt;" in page
        assert "<script>alert" not in page
        assert "<i>" not in page
    [announced] = visitor.announced
    assert announced.summary.isprintable()
    assert announced.level.isprintable()


@pytest.mark.parametrize("event_id", ["..", "a/b", "\x1b[2J", "", None, 7, "\ud800"])
def test_an_invalid_event_id_is_replaced(visitor, event_id):
    visitor.send({"event_id": event_id, "message": "late"})
    assert visitor.page(f"/events/{visitor.announced[0].event_id}/")


@pytest.mark.parametrize(
    "parts",
    [
        {"exception": "nonsense", "breadcrumbs": 3, "tags": [["a", "b"]], "request": [], "logentry": "x"},
        {"exception": {"values": [{"stacktrace": {"frames": [{"context_line": "x"}]}}, None]}, "timestamp": "soon"},
        {"exception": {"values": [{"type": "E", "stacktrace": None}]}, "timestamp": 1e300, "user": None},
        {"exception": {"values": [{"stacktrace": {"frames": {"a": 1}}}]}},
        {"exception": {"values": [{"stacktrace": {"frames": [{"lineno": "x", "context_line": "y", "vars": [1]}]}}]}},
        {"extra": {"count": 0, "paid": False, "deep": functools.reduce(lambda inner, _: {"a": inner}, range(300))}},
        {"environment": "\ud800", "transaction": "\ud800", "level": "\ud800", "extra": {"\ud800": "\ud800"}},
        {"exception": {"values": [{"type": "A"}, {"type": "B", "stacktrace": {"frames": 7}}]}},
    ],
)
def test_unusual_events_of_other_sdks_are_shown(visitor, parts):
    assert f"{1:032x}" in visitor.page(f"/events/{visitor.send(event(1, **parts))}/")


def test_an_unknown_event_is_404(visitor):
    assert visitor.client.get(f"/events/{'a' * 32}/").status_code == 404


def test_open_pages_notice_new_events(visitor):
    before = visitor.page("/changes/")
    assert visitor.page("/changes/") == before
    visitor.send(event(1, logentry={"message": "late"}))
    assert visitor.page("/changes/") != before


def test_a_page_of_another_host_cannot_read_events(visitor):
    assert visitor.client.get("/", headers={"Host": "evil.example:8000"}).status_code == 400


@pytest.mark.parametrize(
    ("pages", "name"),
    [({"/api/settings/": {"version": "6.2.3"}}, "GlitchTip 6.2.3"), ({"/api/eventlist/": {}}, "embedded tracker")],
)
def test_it_does_not_start_beside_another_tracker(settings, pages, name):
    with serving(200) as server, ExitStack() as running:
        server.pages = pages
        address = f"http://127.0.0.1:{server.server_port}/"
        settings.SENTRY_OPTIONS = {**settings.SENTRY_OPTIONS, "dsn": address.replace("//", "//key@") + "1"}
        assert running.enter_context(tracker()) == (f"{address} ({name})", 0)


def test_a_port_that_another_program_uses_is_rejected(settings):
    with line_server(b"HTTP/1.0 404 Not Found\r\n\r\n") as port:
        settings.SENTRY_OPTIONS = {**settings.SENTRY_OPTIONS, "dsn": f"http://key@127.0.0.1:{port}/1"}
        with pytest.raises(CommandError, match=f"Port {port} is used by a program that is not a tracker"), tracker():
            pass


def test_another_tracker_is_recognized_by_its_envelope_endpoint(settings):
    with line_server(b"HTTP/1.0 401 Unauthorized\r\n\r\n") as port:
        settings.SENTRY_OPTIONS = {**settings.SENTRY_OPTIONS, "dsn": f"http://key@127.0.0.1:{port}/1"}
        with tracker() as started:
            assert started == (f"http://127.0.0.1:{port}/ (another server)", 0)


@pytest.mark.parametrize(
    ("dsn", "line"), [("", "none; set SENTRY_DSN"), ("https://key@example.com/1", "https://example.com/")]
)
def test_without_a_local_dsn_nothing_is_started(settings, dsn, line):
    settings.SENTRY_OPTIONS = {**settings.SENTRY_OPTIONS, "dsn": dsn}
    with tracker() as (shown, port):
        assert shown.startswith(line)
        assert not port


def test_it_ends_with_the_process_that_started_it(settings, capfd):
    with Tracker(200) as closed:
        port = closed.server_port
    settings.SENTRY_OPTIONS = {**settings.SENTRY_OPTIONS, "dsn": f"http://key@127.0.0.1:{port}/1"}
    with tracker() as started:
        assert started == (f"http://127.0.0.1:{port}/", port)
        wait_for(lambda: in_use("127.0.0.1", port))
    assert not in_use("127.0.0.1", port)
    assert capfd.readouterr() == ("", "")
