"""The tunnel forwards browsers' errors and feedback, and nothing else that a visitor might send."""

import itertools
import json

import pytest
from django.test import Client
from django.urls import include, path

from error_tracking import visitors
from spooling import closed_port, dsn_of, options_for, site

items = pytest.importorskip("browser_errors.items", reason="the answer browser_errors is no")

EVENT_ID = "0123456789abcdef0123456789abcdef"
TRACE = {"trace_id": "b" * 32, "span_id": "c" * 16}
FRAME = {"filename": "http://testserver/static/shop.js", "function": "pay", "lineno": 3, "colno": 7, "in_app": True}
ERROR = {
    "event_id": EVENT_ID,
    "timestamp": 1.0,
    "platform": "python",
    "level": "error",
    "environment": "elsewhere",
    "release": "none",
    "server_name": "forged",
    "exception": {"values": [{"type": "TypeError", "value": "burnt", "stacktrace": {"frames": [FRAME]}}]},
    "request": {"url": "http://testserver/admin/login/?next=/", "headers": {"User-Agent": "Tests", "Cookie": "a=b"}},
    "contexts": {"trace": {**TRACE, "op": "forged"}, "os": {"name": "Forged"}},
    "tags": {"shelf": "bread"},
    "extra": {"basket": {"items": 2, "password": "hunter2"}},
    "modules": {"django": "0.1"},
}

NUMBERS = itertools.count(1)
urlpatterns = [path("invite/<token>/", lambda _: None), path("", include("config.urls"))]


class Tunnel:
    """A visitor who posts envelopes, and the spool in which the items of the site wait."""

    def __init__(self, root, dsn):
        self.root, self.dsn, self.client = root, dsn, Client(REMOTE_ADDR=f"198.51.100.{next(NUMBERS)}")

    def post(self, body, **headers):
        """Post a body, and return the status; the response must have no body."""
        answer = self.client.post("/browser-errors/", body, content_type="text/plain", headers=headers)
        assert answer.content == b""
        return answer.status_code

    def send(self, *pairs, **header):
        """Post an envelope of types and items."""
        lines = [{"dsn": self.dsn, **header}]
        for item_type, item in pairs:
            lines += [{"type": item_type}, item]
        return self.post("\n".join(map(json.dumps, lines)))

    def waiting(self):
        """Return the types and contents of the items in the spool."""
        envelopes = [file.read_bytes().split(b"\n") for file in sorted(self.root.glob("*/*.envelope"))]
        return [(json.loads(lines[1])["type"], json.loads(lines[2])) for lines in envelopes]


@pytest.fixture
def tunnel(root, settings, monkeypatch):
    """Yield a visitor of the site."""
    monkeypatch.setattr(visitors, "ALL_CLIENTS", 1000)  # these tests send more than a process accepts in a minute
    port = closed_port()
    settings.ROOT_URLCONF = "test_tunnel"
    settings.SENTRY_OPTIONS = options_for(port, root)
    with site(port, root):
        yield Tunnel(root, dsn_of(port))


def test_an_error_is_sent_with_the_facts_of_the_site_and_without_private_data(tunnel):
    assert tunnel.send(("event", ERROR)) == 200
    [(item_type, event)] = tunnel.waiting()
    assert item_type == "event"
    assert event.pop("timestamp").startswith("20")
    assert event == {
        "event_id": EVENT_ID,
        "platform": "javascript",
        "level": "error",
        "environment": "tests",
        "release": "shop@1",
        "exception": ERROR["exception"],
        "request": {"url": ERROR["request"]["url"], "headers": {"User-Agent": "Tests"}},
        "contexts": {"trace": TRACE},
        "tags": {"shelf": "bread"},
        "extra": {"basket": {"items": 2, "password": "[Filtered]"}},
    }


def test_private_values_of_the_page_and_of_the_visitor_are_removed(tunnel):
    token = "cz3k1a-9f1c2b7d4e"
    tunnel.client.cookies["sessionid"] = "kq3vXm8ZpLw2"
    error = {"type": "Error", "value": f"GET /invite/{token}/ failed, session kq3vXm8ZpLw2"}
    page = {"url": f"http://testserver/invite/{token}/?code=1"}
    assert tunnel.send(("event", {**ERROR, "exception": {"values": [error]}, "request": page})) == 200
    [(_, event)] = tunnel.waiting()
    assert token not in json.dumps(event)
    assert "kq3vXm8ZpLw2" not in json.dumps(event)
    assert event["request"]["url"] == "http://testserver/invite/[Filtered]/?code=1"


def test_feedback_becomes_a_report_about_its_event(tunnel):
    given = {"message": "It burnt", "name": "Ada", "contact_email": "ada@example.com", "associated_event_id": EVENT_ID}
    assert tunnel.send(("feedback", {"event_id": "f" * 32, "contexts": {"feedback": given}})) == 200
    report = {"event_id": EVENT_ID, "comments": "It burnt", "name": "Ada", "email": "ada@example.com"}
    assert tunnel.waiting() == [("user_report", report)]


@pytest.mark.parametrize("contexts", ["abc", [1], {"feedback": 1}, {"feedback": {"message": ""}}, None])
def test_malformed_feedback_is_not_sent(tunnel, contexts):
    assert tunnel.send(("feedback", {"event_id": EVENT_ID, "contexts": contexts})) == 200
    assert tunnel.waiting() == []


def test_feedback_has_the_limits_of_the_form(tunnel):
    for wrong in ({"contact_email": "ada"}, {"name": "A" * 129}, {"message": "x" * 5001}):
        given = {"message": "It burnt", **wrong}
        assert tunnel.send(("feedback", {"event_id": EVENT_ID, "contexts": {"feedback": given}})) == 200
    assert tunnel.waiting() == []


def test_a_page_with_too_many_parameters_is_no_error_of_the_site(tunnel):
    assert tunnel.send(("event", {**ERROR, "request": {"url": "http://testserver/?" + "a&" * 1500}})) == 200
    assert len(tunnel.waiting()) == 1


def test_numbers_that_json_lacks_become_text(tunnel):
    body = json.dumps({"dsn": tunnel.dsn}) + '\n{"type": "event"}\n' + json.dumps({**ERROR, "extra": {"a": 0.5}})
    assert tunnel.post(body.replace("0.5", "1e999")) == 200
    [(_, event)] = tunnel.waiting()
    assert event["extra"] == {"a": "inf"}


def test_other_items_are_dropped(tunnel):
    others = ["transaction", "session", "attachment", "log", "raw_security", "user_report", "replay_event"]
    for item_type in others:
        assert tunnel.send((item_type, ERROR)) == 200
    assert tunnel.waiting() == []


@pytest.mark.parametrize("dsn", ["", None, "http://other@127.0.0.1:1/1", "http://key@127.0.0.1:1/2"])
def test_another_dsn_is_rejected(tunnel, dsn):
    assert tunnel.send(("event", ERROR), dsn=dsn) == 400
    assert tunnel.waiting() == []


def test_without_a_dsn_everything_is_rejected(tunnel, settings):
    settings.SENTRY_OPTIONS["dsn"] = ""
    assert tunnel.send(("event", ERROR), dsn="") == 400


DEEP = "[" * 50_000
INVALID = [b"", b"\xff", b"null", b"{}", b"[]\n[]\n[]", b'{"dsn": 1}', DEEP.encode()]


@pytest.mark.parametrize("body", INVALID, ids=range(len(INVALID)))
def test_what_is_not_an_envelope_is_rejected(tunnel, body):
    assert tunnel.post(body) == 400


@pytest.mark.parametrize("item", ["null", "1", '"text"', "[1]", '{"event_id": 1}', "{" + DEEP, '{"type": NaN}'])
def test_malformed_items_are_not_sent(tunnel, item):
    header = json.dumps({"dsn": tunnel.dsn})
    assert tunnel.post(f'{header}\n{{"type": "event"}}\n{item}') in (200, 400)
    assert tunnel.waiting() == []


NESTED = {"a": {"b": {"c": {"d": {"e": {"f": 1}}}}}}
ODD = [None, 1, "text", [], {}, [None], {"values": None}, {"values": [1, None, {}]}, "\0\ud800", 10**30, NESTED]


@pytest.mark.parametrize("odd", ODD, ids=range(len(ODD)))
def test_odd_parts_never_fail(tunnel, odd):
    for part in items.EVENT:
        assert tunnel.send(("event", {**ERROR, part: odd})) == 200
    assert {event["event_id"] for _, event in tunnel.waiting()} == {EVENT_ID}
    assert tunnel.send(("event", {**ERROR, "event_id": odd})) == 400
    assert len(tunnel.waiting()) == len(items.EVENT)


def test_a_large_body_is_rejected(tunnel):
    assert tunnel.post(b"x" * 200_001) == 413


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://testserver"}, 400),
        ({"Origin": "null", "Sec-Fetch-Site": "same-origin"}, 400),
    ],
)
def test_pages_of_other_sites_cannot_send(tunnel, headers, status):
    assert tunnel.post(b"{}", **headers) == status
